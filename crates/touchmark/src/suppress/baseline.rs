//! A baseline: the findings of today as a suppression file, so that only new ones are said.

use std::collections::BTreeMap;
use std::fmt::Write;

use toml::Value;

use super::is_never_suppressed;
use crate::report::Report;

/// Findings gathered from reports, by document, rule and place. Indexes are left out: what is accepted is a rule at an element,
/// whichever repeat it is.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    rows: BTreeMap<Row, u32>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Row {
    source: String,
    path: String,
    rule: String,
}

impl Baseline {
    /// Adds what a report says of a document. What says that the document was not looked at is left out.
    pub fn add(&mut self, source: &str, report: &Report) {
        for finding in report.findings().filter(|f| !is_never_suppressed(f.rule)) {
            let Some(expression) = finding.expression else { continue };
            let row =
                Row { source: source.to_owned(), path: without_indexes(expression), rule: finding.code().to_owned() };
            *self.rows.entry(row).or_default() += 1;
        }
    }

    /// Adds what another has gathered.
    pub fn append(&mut self, other: Baseline) {
        for (row, count) in other.rows {
            *self.rows.entry(row).or_default() += count;
        }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to suppress.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The suppression file, each entry with this reason.
    pub fn write(&self, reason: &str) -> String {
        let mut out =
            String::from("# Findings that were there when this file was written; docs/suppressions.md describes it.\n");
        let text = |text: &str| Value::String(text.to_owned()).to_string();
        for (row, count) in &self.rows {
            let findings = if *count == 1 { "finding" } else { "findings" };
            // Writing to a String does not fail.
            let _ = write!(
                out,
                "\n# {count} {findings}\n[[suppress]]\nrule = {}\npath = {}\nsource = {}\nreason = {}\n",
                text(&row.rule),
                text(&row.path),
                text(&globset::escape(&row.source)),
                text(reason),
            );
        }
        out
    }
}

fn without_indexes(expression: &str) -> String {
    let step = |step: &str| step.split('[').next().unwrap_or("").to_owned();
    expression.split('.').map(step).collect::<Vec<_>>().join(".")
}
