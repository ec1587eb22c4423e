//! The touchmark command: reads what it is told to, lets the library check it, prints, and exits.

mod acknowledge;
mod arguments;
mod batch;
mod check;
mod coverage;
mod definitions;
mod diff;
mod explain;
mod fhirpath;
mod format;
mod import;
mod inputs;
mod lint;
mod mesh;
mod packs;
mod progress;
mod published;
mod snapshot;
mod snippet;
mod snomed;
mod sources;
mod suppressions;
mod terminology;
mod vectors;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// A run compiles some hundred profiles and makes a report of each message: over 1,500 Bundles this allocator takes 13 % less
/// processor time than glibc's, for 20 to 50 MB more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a run ended; the number is the exit status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Status {
    /// Nothing to complain of.
    Fine = 0,
    /// There are findings.
    Findings = 1,
    /// Something could not be run.
    Failed = 2,
}

/// Why a command could not be run, in a sentence for people.
pub type Failure = String;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.command {
        Some(Command::Check(check)) => check::run(check),
        Some(Command::Explain(explain)) => explain::run(explain),
        Some(Command::Packs(packs)) => packs::run(packs),
        Some(Command::Import(import)) => import::run(import),
        Some(Command::Diff(diff)) => diff::run(diff),
        Some(Command::Fhirpath(fhirpath)) => fhirpath::run(fhirpath),
        Some(Command::Lint(lint)) => lint::run(lint),
        Some(Command::Snapshot(snapshot)) => snapshot::run(snapshot),
        Some(Command::Vectors(vectors)) => vectors::run(vectors),
        Some(Command::Coverage(coverage)) => coverage::run(coverage),
        Some(Command::Acknowledge(acknowledge)) => acknowledge::run(acknowledge),
        None => {
            print(&format!("touchmark {}\n", packs::version()));
            Ok(Status::Fine)
        }
    };
    let status = result.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        Status::Failed
    });
    ExitCode::from(status as u8)
}

/// Writes to standard output. A reader that has closed its end of the pipe wants no more, and that is no error.
pub fn print(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}
