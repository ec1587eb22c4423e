//! `touchmark coverage`: which rules of the rule files a set of messages exercised, passed and failed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::SystemTime;

use clap::Args;
use touchmark::{Checker, Options, Severity};

use crate::arguments::{Definitions, Judging};
use crate::check::instant;
use crate::definitions;
use crate::inputs::{Inputs, reason};
use crate::vectors::{ids, rules};
use crate::{Failure, Status, print};

/// Say which rules about messages a set of messages exercised, passed and failed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark coverage test-messages/
  touchmark coverage archive/ --policy archive")]
pub struct Coverage {
    /// Files or folders of messages
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<OsString>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    definitions: Definitions,
}

/// How often a rule was looked at, and how often it found something.
#[derive(Default)]
struct Count {
    exercised: u32,
    failed: u32,
}

/// Runs the command.
pub fn run(arguments: &Coverage) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let now = instant(SystemTime::now());
    let options = Options { judging: arguments.judging.judging(&graph)?, now: Some(&now), ..Options::default() };
    let mut checker = Checker::new(&graph);
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let (mut messages, mut bytes) = (0, Vec::new());
    let mut inputs = Inputs::new(&arguments.paths);
    for input in inputs.by_ref() {
        let source = input?;
        source.read(&mut bytes, 256 << 20).map_err(|e| format!("{}: {}", source.name(), reason(&e)))?;
        let report = checker.check(&bytes, &options);
        let found = ids(&report, Severity::Information);
        messages += u32::from(!report.judgements.is_empty());
        for id in report.judgements.iter().flat_map(|j| &j.exercised) {
            counts.entry(id.to_string()).or_default().exercised += 1;
        }
        for id in found {
            counts.entry(id).or_default().failed += 1;
        }
    }
    if let Some(note) = inputs.stepped_over() {
        eprintln!("{note}");
    }
    let rules = rules(&graph);
    let mut out = String::new();
    let width = rules.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let (mut exercised, mut failed) = (0, 0);
    let _ = writeln!(out, "{:<width$}  {:>9}  {:>6}  {:>6}  rule", "id", "exercised", "passed", "failed");
    for (id, title) in &rules {
        let none = Count::default();
        let count = counts.get(id).unwrap_or(&none);
        exercised += u32::from(count.exercised + count.failed > 0);
        failed += u32::from(count.failed > 0);
        let looked = count.exercised.max(count.failed);
        let _ = writeln!(out, "{id:<width$}  {looked:>9}  {:>6}  {:>6}  {title}", looked - count.failed, count.failed);
    }
    let _ = writeln!(
        out,
        "\n{messages} messages: {exercised} of {} rules exercised, {failed} failed at least once",
        rules.len()
    );
    print(&out);
    Ok(Status::Fine)
}
