//! `touchmark check`: documents in, what is wrong with them out.

use std::cell::Cell;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use touchmark::document::{Limits, Position, Unreadable, UnreadableKind};
use touchmark::suppress::Baseline;
use touchmark::{
    Advice, Budget, Checker, Judging, Options, Report, RuleGraph, Suppressed, Suppressions, Values, rules,
};

use crate::arguments::{Check, Format};
use crate::batch;
use crate::definitions;
use crate::format::{Checked, Summary, Tally, Writer};
use crate::inputs::{Inputs, Source, reason};
use crate::mesh::Mesh;
use crate::progress::Progress;
use crate::suppressions::{self, Account, Gathering};
use crate::{Failure, Status};

/// The walk goes as deep as `--max-depth` allows, in a few hundred bytes a level and profile.
const STACK: usize = 64 << 20;

/// Runs the command.
pub fn run(arguments: &Check) -> Result<Status, Failure> {
    if arguments.paths.iter().filter(|p| *p == "-").count() > 1 {
        return Err("standard input can be read only once: - is there twice".to_owned());
    }
    let jobs = arguments.jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).stack_size(STACK).build();
    let pool = pool.map_err(|error| format!("no threads: {error}"))?;
    pool.install(|| {
        // The process ends with the run: to take the graph apart element by element would be 4 % of it.
        let graph = Box::leak(Box::new(definitions::load(&arguments.definitions)?));
        arguments.severity.iter().try_for_each(|(code, _)| rules::known(graph, code))?;
        let suppressions = suppressions::read(&arguments.suppress, graph)?;
        let run = Run::new(arguments, graph, &suppressions)?;
        let gathering = arguments.write_suppressions.as_deref().map(Gathering::begin).transpose()?;
        quiet_panics();
        Ok(run.all(gathering))
    })
}

/// One run over all documents.
struct Run<'a> {
    arguments: &'a Check,
    graph: &'a RuleGraph,
    mesh: Option<Mesh>,
    options: Options<'a>,
    suppressions: &'a Suppressions,
    longest: Duration,
    writer: Writer,
    workers: Vec<Mutex<Worker<'a>>>,
}

/// What one thread keeps from document to document.
struct Worker<'a> {
    checker: Checker<'a>,
    bytes: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Check, graph: &'a RuleGraph, suppressions: &'a Suppressions) -> Result<Self, Failure> {
        let profiles = arguments.profile.iter().map(|url| {
            let id = graph
                .find(url)
                .ok_or_else(|| format!("the profile {url} is not loaded; `touchmark packs` searches them"))?;
            if graph.profile(id).is_none() {
                return Err(match &*graph.library().entry(id).resource {
                    "StructureDefinition" => format!("the profile {url} cannot be used: its base is not loaded"),
                    other => format!("{url} is no profile, it is of type {other}"),
                });
            }
            Ok(id)
        });
        let values = arguments.values.map(Values::from);
        let options = Options {
            profiles: profiles.collect::<Result<_, Failure>>()?,
            budget: Budget { findings: arguments.max_findings as usize, ..Budget::default() },
            limits: Limits { depth: arguments.max_depth, size: arguments.max_size << 20 },
            level: arguments.level.into(),
            severities: arguments.severity.as_slice().into(),
            judging: arguments.judging.judging(graph)?,
            advice: arguments.advice.map(Advice::from).unwrap_or_default(),
            must_support: arguments.must_support,
            suppressions: Some(suppressions),
            values: values.unwrap_or(if arguments.format == Format::Text { Values::Show } else { Values::Mask }),
            ..Options::default()
        };
        let mesh = arguments.mesh.as_ref().map(|named| Mesh::new(named, &arguments.paths)).transpose()?;
        let worker = || Mutex::new(Worker { checker: Checker::new(graph), bytes: Vec::new() });
        Ok(Run {
            arguments,
            graph,
            mesh,
            suppressions,
            writer: Writer::new(arguments.format, &arguments.paths, options.values),
            longest: Duration::from_secs(arguments.max_time),
            options,
            workers: (0..rayon::current_num_threads()).map(|_| worker()).collect(),
        })
    }

    fn all(&self, mut gathering: Option<Gathering>) -> Status {
        let now = instant(SystemTime::now());
        let options = Options { now: Some(&now), ..self.options.clone() };
        // An outcome is longer than the usual eight thousand bytes, and would be a call of the system, or two, by itself.
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout());
        let mut summary = Summary::default();
        let mut account = Account::new(self.suppressions);
        let mut failed = false;
        let progress = Progress::new();
        let mut write = out.write_all(self.writer.begin()).is_ok();
        // MESH calls the messages beside its control files NAME.dat.
        let mut inputs = Inputs::new(&self.arguments.paths).with(self.mesh.as_ref().map(|_| "dat"));
        batch::in_order(
            inputs.by_ref().enumerate(),
            |(number, input)| input.map(|source| self.one(number, &source, &options)),
            |done| {
                match done {
                    Err(trouble) => {
                        failed = true;
                        progress.step(|| eprintln!("error: {trouble}"));
                    }
                    Ok(done) => {
                        if let Some(trouble) = &done.trouble {
                            failed = true;
                            progress.step(|| eprintln!("error: {trouble}"));
                        }
                        let between = self.writer.between(summary.documents == 0);
                        let mut print = || out.write_all(between).and_then(|()| out.write_all(&done.written));
                        write = write && progress.step(|| print().is_ok());
                        summary.add(&done.tally);
                        account.add(&done.suppressed);
                        if let Some((gathering, baseline)) = gathering.as_mut().zip(done.baseline) {
                            gathering.append(baseline);
                        }
                    }
                }
                // A baseline is of all documents, whether anybody reads what is printed or not.
                write || gathering.is_some()
            },
        );
        progress.end();
        // A reader that has closed its end of the pipe wants no more.
        let written = write && out.write_all(&self.writer.end(&summary)).and_then(|()| out.flush()).is_ok();
        if let Some(note) = inputs.stepped_over() {
            eprintln!("{note}");
        }
        eprint!("{}", account.told());
        match gathering.map(|gathering| gathering.end(&now[..10])) {
            None => {}
            Some(Ok(sentence)) => eprintln!("{sentence}"),
            Some(Err(failure)) => {
                failed = true;
                eprintln!("error: {failure}");
            }
        }
        if failed || !written {
            Status::Failed
        } else if summary.from(self.arguments.fail_on.into()) > 0 {
            Status::Findings
        } else {
            Status::Fine
        }
    }

    /// Reads, checks and writes one document.
    fn one(&self, number: usize, source: &Source, options: &Options<'_>) -> Done {
        // Each thread has its own: nobody waits.
        let thread = rayon::current_thread_index().unwrap_or(0);
        let mut worker = self.workers[thread].lock().unwrap_or_else(PoisonError::into_inner);
        let Worker { checker, bytes } = &mut *worker;
        let (envelope, trouble) = match self.mesh.as_ref().map(|mesh| mesh.of(source)) {
            None => (None, None),
            Some(Ok(envelope)) => (Some(envelope), None),
            // The rules that need it stay undecided, and the rest is checked.
            Some(Err(trouble)) => (None, Some(format!("{}: {trouble}", source.name()))),
        };
        let name = source.name();
        let judging =
            Judging { envelope: envelope.or_else(|| options.judging.envelope.clone()), ..options.judging.clone() };
        let options = &Options { source: Some(&name), judging, ..options.clone() };
        let (report, bytes) = match source.read(bytes, u64::from(options.limits.size)) {
            Err(error) => (Report::unavailable(&reason(&error)), &[][..]),
            Ok(()) if bytes.len() > options.limits.size as usize => (too_large(self.arguments.max_size), &[][..]),
            Ok(()) => (self.check(checker, bytes, options), &bytes[..]),
        };
        let mut written = Vec::new();
        self.writer.document(&Checked { number, source: &name, bytes, report: &report }, &mut written);
        let baseline = self.arguments.write_suppressions.as_ref().map(|_| suppressions::of_document(&name, &report));
        Done { tally: self.writer.tally(&report), written, trouble, baseline, suppressed: report.suppressed }
    }

    fn check(&self, checker: &mut Checker<'a>, bytes: &[u8], options: &Options<'_>) -> Report {
        let started = Instant::now();
        let expired = || started.elapsed() > self.longest;
        let options = Options { budget: Budget { expired: Some(&expired), ..options.budget }, ..options.clone() };
        let checked = panic::catch_unwind(AssertUnwindSafe(|| checker.check(bytes, &options)));
        checked.unwrap_or_else(|_| {
            *checker = Checker::new(self.graph);
            Report::failed(&format!("it stopped at {}", PANICKED_AT.take()))
        })
    }
}

/// A document that has been checked and written.
struct Done {
    tally: Tally,
    written: Vec<u8>,
    /// What of its surroundings could not be read.
    trouble: Option<Failure>,
    suppressed: Vec<Suppressed>,
    /// What there is to accept, where that is asked for.
    baseline: Option<Baseline>,
}

/// What would not fit into memory is not read.
fn too_large(limit: u32) -> Report {
    Report::unreadable(&Unreadable {
        kind: UnreadableKind::TooLarge,
        offset: 0,
        position: Position { line: 1, column: 1 },
        reason: format!("it is larger than the limit of {limit} MiB (--max-size)"),
    })
}

thread_local! {
    /// Where the program last panicked on this thread.
    static PANICKED_AT: Cell<String> = const { Cell::new(String::new()) };
}

/// A panic becomes a finding of its document: its place is kept, and nothing is printed. Its message is not kept, as it may
/// quote the document.
fn quiet_panics() {
    panic::set_hook(Box::new(|panic| {
        PANICKED_AT.set(panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string));
    }));
}

/// A time of day as a FHIR `instant`, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
pub fn instant(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_an_instant() {
        let at = |seconds| instant(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(4_102_444_799), "2099-12-31T23:59:59Z");
    }
}
