//! Where the time of a check goes, by stage: `stages FOLDER` checks the documents of a folder in one thread, several times over,
//! and tells the least time of each stage beside that of only parsing the same documents with a library.
//!
//! Stages that cannot be timed by themselves are differences: rule files, of a check with them and one without; the report, of
//! one that holds warnings and one that holds nothing. Profiles are compiled in the first round, which is not counted, and the
//! allocator is the system's: `whole.sh` times the command as it is.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use touchmark::{Checker, Library, Options, RuleGraph, Severity, Values};
use touchmark_document::{Arena, Limits, decode, parse};

/// How often each stage is timed; the least counts.
const ROUNDS: usize = 7;

/// What is timed. A check is the walk; with rule files; and with a report.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Peer,
    Reading,
    Walk,
    Rules,
    Report,
    Outcome,
}

const STAGES: [Stage; 6] = [Stage::Peer, Stage::Reading, Stage::Walk, Stage::Rules, Stage::Report, Stage::Outcome];

fn main() {
    let files = touchmark_benches::documents(std::env::args_os().skip(1));
    let bytes: Vec<Vec<u8>> = files.iter().filter_map(|file| std::fs::read(file).ok()).collect();
    let texts: Vec<_> = bytes.iter().filter_map(|bytes| decode(bytes).ok()).collect();
    let (with, without) = (graph(true), graph(false));
    // One stage after the other, so that none finds the caches filled by another one's work on the same document; and all of
    // them in each round, so that a slow moment of the machine is no stage's own.
    let mut best = [Duration::MAX; STAGES.len()];
    for round in 0..=ROUNDS {
        for (stage, best) in STAGES.into_iter().zip(&mut best) {
            let graph = if stage == Stage::Walk { &without } else { &with };
            let spent = pass(stage, graph, &texts);
            if round > 0 {
                *best = spent.min(*best);
            }
        }
    }
    let count = texts.len().max(1);
    let [peer, reading, walk, rules, report, outcome] = best.map(|time| (time / count as u32).as_secs_f64() * 1e6);
    let stages = [
        ("reading", reading),
        ("structure, invariants, terminology, links", walk),
        ("rule files", rules - walk),
        ("report", report - rules),
        ("outcome", outcome),
    ];
    let whole = reading + report + outcome;
    println!("{count} documents of {} bytes on average", texts.iter().map(|t| t.len()).sum::<usize>() / count);
    for (stage, time) in stages {
        println!("{stage:<42} {time:>7.1} µs a document {:>5.1} %", 100.0 * time / whole);
    }
    println!(
        "{:<42} {whole:>7.1} µs a document, {:.2} times {peer:.1} µs of only parsing",
        "the whole check",
        whole / peer
    );
}

/// The time of one stage over all documents.
fn pass(stage: Stage, graph: &RuleGraph, texts: &[Cow<'_, str>]) -> Duration {
    let level = if matches!(stage, Stage::Report | Stage::Outcome) { Severity::Warning } else { Severity::Fatal };
    let options = Options { level, values: Values::Mask, ..Options::default() };
    let (mut arena, mut checker, mut out) = (Arena::new(), Checker::new(graph), Vec::new());
    let mut spent = Duration::ZERO;
    for text in texts {
        if stage == Stage::Peer {
            timed(&mut spent, || touchmark_benches::only_parse(text));
            continue;
        }
        let mut reading = Duration::ZERO;
        let read = timed(&mut reading, || parse(text, &mut arena, graph.names(), Limits::default()));
        let Ok(document) = read else { continue };
        if stage == Stage::Reading {
            spent += reading;
            continue;
        }
        let mut checking = Duration::ZERO;
        let report = timed(&mut checking, || checker.check_document(&document, &options));
        if stage == Stage::Outcome {
            out.clear();
            timed(&mut spent, || report.write_json(&mut out));
        } else {
            spent += checking;
        }
    }
    spent
}

/// The rules of all packs, with those about messages or without.
fn graph(with_rule_files: bool) -> RuleGraph {
    let mut library = Library::new();
    let wanted = |package: &touchmark::Package| with_rule_files || !package.name.ends_with("-rules");
    library.add_image(touchmark_packs::image(), wanted).expect("the packs are of this version");
    RuleGraph::new(library)
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *spent += started.elapsed();
    done
}
