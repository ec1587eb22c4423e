//! The formats of `touchmark check`, one file each: what is written before, for, between and after documents.

mod bundle;
mod ndjson;
mod text;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use touchmark::{Report, Severity, Values};

use crate::arguments::Format;

/// A document that has been checked.
pub struct Checked<'c> {
    /// Its number in the run, from 0.
    pub number: usize,
    /// The path as given.
    pub source: &'c str,
    /// What was read; empty when nothing could be.
    pub bytes: &'c [u8],
    pub report: &'c Report,
}

/// What is kept of a document after it has been written.
#[derive(Debug)]
pub struct Tally {
    by_severity: [u32; 4],
    /// Only where the end of a run tells the rules.
    by_rule: BTreeMap<(Severity, String), u32>,
}

impl Tally {
    fn of(report: &Report, rules: bool) -> Tally {
        let mut by_rule = BTreeMap::new();
        if rules {
            for finding in report.findings() {
                *by_rule.entry((finding.severity, finding.code().to_owned())).or_default() += 1;
            }
        }
        Tally { by_severity: Severity::ALL.map(|s| report.counts.of(s)), by_rule }
    }
}

/// The sum of all documents of a run.
#[derive(Debug, Default)]
pub struct Summary {
    pub documents: u64,
    /// Documents by their worst finding.
    pub by_worst: [u64; 4],
    pub by_severity: [u64; 4],
    pub by_rule: BTreeMap<(Severity, String), u64>,
}

impl Summary {
    pub fn add(&mut self, tally: &Tally) {
        self.documents += 1;
        if let Some(worst) = tally.by_severity.iter().rposition(|count| *count > 0) {
            self.by_worst[worst] += 1;
        }
        for (sum, count) in self.by_severity.iter_mut().zip(tally.by_severity) {
            *sum += u64::from(count);
        }
        for (rule, count) in &tally.by_rule {
            *self.by_rule.entry(rule.clone()).or_default() += u64::from(*count);
        }
    }

    /// How many findings there are of this severity or a worse one.
    pub fn from(&self, severity: Severity) -> u64 {
        self.by_severity[severity as usize..].iter().sum()
    }
}

/// Writes what was found, in one of the formats. Documents are written by many threads at once.
pub enum Writer {
    Text(text::Text),
    Json(bundle::Shape),
    Xml(bundle::Shape),
    Ndjson,
}

impl Writer {
    pub fn new(format: Format, paths: &[OsString], values: Values) -> Writer {
        let single = matches!(paths, [only] if !Path::new(only).is_dir());
        let shape = if single { bundle::Shape::Outcome } else { bundle::Shape::Bundle };
        match format {
            Format::Text => Writer::Text(text::Text::new(values, single)),
            Format::Json => Writer::Json(shape),
            Format::Xml => Writer::Xml(shape),
            Format::Ndjson => Writer::Ndjson,
        }
    }

    /// What stands before all documents.
    pub fn begin(&self) -> &'static [u8] {
        match self {
            Writer::Json(shape) => bundle::begin_json(*shape),
            Writer::Xml(shape) => bundle::begin_xml(*shape),
            Writer::Text(_) | Writer::Ndjson => b"",
        }
    }

    /// What stands before the first document, or between it and the one before.
    pub fn between(&self, first: bool) -> &'static [u8] {
        match self {
            Writer::Json(bundle::Shape::Bundle) if first => b",\"entry\":[\n",
            Writer::Json(bundle::Shape::Bundle) => b",\n",
            _ => b"",
        }
    }

    /// One document.
    pub fn document(&self, checked: &Checked<'_>, out: &mut Vec<u8>) {
        match self {
            Writer::Text(text) => text.document(checked, out),
            Writer::Json(shape) => bundle::json(*shape, checked, out),
            Writer::Xml(shape) => bundle::xml(*shape, checked, out),
            Writer::Ndjson => ndjson::document(checked, out),
        }
    }

    /// What is kept of a document for the end.
    pub fn tally(&self, report: &Report) -> Tally {
        Tally::of(report, matches!(self, Writer::Text(_)))
    }

    /// What stands behind all documents.
    pub fn end(&self, summary: &Summary) -> Vec<u8> {
        match self {
            Writer::Text(text) => text.summary(summary),
            Writer::Json(shape) => bundle::end_json(*shape, summary.documents == 0).to_vec(),
            Writer::Xml(shape) => bundle::end_xml(*shape).to_vec(),
            Writer::Ndjson => Vec::new(),
        }
    }
}
