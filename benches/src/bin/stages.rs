//! Where the time of a check goes, by stage: `stages FOLDER` checks the documents of a folder in one thread, several times over,
//! and tells the least time of each stage beside that of only parsing the same documents with a library.
//!
//! Stages that cannot be timed by themselves are differences: rule files, of a check with them and one without; the report, of
//! one that holds warnings and one that holds nothing. Profiles are compiled in the first round, which is not counted, and the
//! allocator is the system's: `whole.sh` times the command as it is.

use std::time::{Duration, Instant};

use touchmark::{Checker, Library, Options, RuleGraph, Severity, Values};
use touchmark_document::{Arena, Document, Limits, decode, parse};

/// How often each stage is timed; the least counts.
const ROUNDS: usize = 5;

fn main() {
    let files = touchmark_benches::documents(std::env::args_os().skip(1));
    let graphs = [graph(true), graph(false)];
    let level = |level| Options { level, values: Values::Mask, ..Options::default() };
    let (nothing, usual) = (level(Severity::Fatal), level(Severity::Warning));
    let mut arena = Arena::new();
    let mut best = [Duration::MAX; 6];
    let (mut bytes, mut count) = (0, 0_u32);
    for round in 0..=ROUNDS {
        let [mut with, mut without] = [&graphs[0], &graphs[1]].map(Checker::new);
        let mut spent = [Duration::ZERO; 6];
        (bytes, count) = (0, 0);
        for file in &files {
            let Ok(read) = std::fs::read(file) else { continue };
            let Ok(text) = decode(&read) else { continue };
            (bytes, count) = (bytes + text.len(), count + 1);
            timed(&mut spent[0], || peer(&text));
            let mut out = Vec::new();
            // A document is read with the names of the graph that judges it.
            let Ok(document) = parse(&text, &mut arena, graphs[1].names(), Limits::default()) else { continue };
            timed(&mut spent[2], || without.check_document(&document, &nothing));
            let read = timed(&mut spent[1], || parse(&text, &mut arena, graphs[0].names(), Limits::default()));
            let Ok(document) = read else { continue };
            let document: &Document<'_> = &document;
            timed(&mut spent[3], || with.check_document(document, &nothing));
            let report = timed(&mut spent[4], || with.check_document(document, &usual));
            timed(&mut spent[5], || report.write_json(&mut out));
        }
        if round > 0 {
            best = std::array::from_fn(|stage| best[stage].min(spent[stage]));
        }
    }
    let [peer, reading, walk, rules, report, outcome] =
        best.map(|time| time.as_secs_f64() * 1e6 / f64::from(count.max(1)));
    let stages = [
        ("reading", reading),
        ("structure, invariants, terminology, links", walk),
        ("rule files", rules - walk),
        ("report", report - rules),
        ("outcome", outcome),
    ];
    let whole = reading + report + outcome;
    println!("{count} documents of {} bytes on average", bytes / (count as usize).max(1));
    for (stage, time) in stages {
        println!("{stage:<42} {time:>7.1} µs a document {:>5.1} %", 100.0 * time / whole);
    }
    println!(
        "{:<42} {whole:>7.1} µs a document, {:.2} times {peer:.1} µs of only parsing",
        "the whole check",
        whole / peer
    );
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

fn peer(text: &str) -> bool {
    if text.starts_with(['{', '[']) {
        serde_json::from_str::<serde_json::Value>(text).is_ok()
    } else {
        roxmltree::Document::parse(text).is_ok()
    }
}
