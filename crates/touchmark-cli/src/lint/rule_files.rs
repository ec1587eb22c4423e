//! What is wrong with rule files, as `touchmark lint` writes it.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use touchmark::{RuleFile, RuleFileError, RuleGraph, Severity, messages};

/// A rule file that was looked at.
pub struct Linted {
    name: String,
    url: String,
    version: String,
    defects: Vec<RuleFileError>,
}

impl Linted {
    /// The severity of the worst defect.
    pub fn worst(&self) -> Option<Severity> {
        self.defects.iter().map(|d| d.rule.severity).max()
    }

    /// Leaves out what is milder.
    pub fn hide_below(&mut self, level: Severity) {
        self.defects.retain(|d| d.rule.severity >= level);
    }
}

/// Looks at rule files, given with their names; those of one set together.
pub fn lint(graph: &RuleGraph, files: &[(String, String)]) -> Vec<Linted> {
    let mut defects = messages::lint(files, graph);
    let file = |(name, text): &(String, String)| {
        let read = RuleFile::read(name, text).ok();
        let (own, others) = std::mem::take(&mut defects).into_iter().partition(|d| d.file == *name);
        defects = others;
        let (url, version) = read.map(|r| (r.url, r.version)).unwrap_or_default();
        Linted { name: name.clone(), url, version, defects: own }
    };
    files.iter().map(file).collect()
}

/// For people; `counts` are of all defects of the run, by code.
pub fn text(files: &[Linted], counts: &mut BTreeMap<&'static str, usize>) -> String {
    let mut out = String::new();
    for file in files.iter().filter(|f| !f.defects.is_empty()) {
        let _ = writeln!(out, "{}", file.name);
        for defect in &file.defects {
            let rule = defect.rule;
            *counts.entry(rule.code).or_default() += 1;
            let _ = writeln!(out, "  {}: {}{} [{}]", rule.severity.code(), place(defect), defect.reason, rule.code);
            let _ = writeln!(
                out,
                "      means: {}\n      instead: {}\n      mend: {}",
                rule.why,
                defect.instead(),
                rule.mend
            );
        }
        out.push('\n');
    }
    out
}

/// `12:5 /rules/3/checks/0/must: `
fn place(defect: &RuleFileError) -> String {
    let position = defect.position.map_or_else(String::new, |p| format!("{}:{}", p.line, p.column));
    let parts: Vec<&str> = [&*position, &*defect.pointer].into_iter().filter(|p| !p.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(" ")) }
}

/// `3 rule files, 1 with defects`
pub fn summary(files: &[Linted]) -> String {
    let faulty = files.iter().filter(|f| !f.defects.is_empty()).count();
    format!("{} rule file{}, {faulty} with defects", files.len(), if files.len() == 1 { "" } else { "s" })
}

/// For machines, like the row of a definition; the element of a rule file is a JSON pointer.
pub fn row(file: &Linted) -> Value {
    let defects: Vec<Value> = file
        .defects
        .iter()
        .map(|d| {
            json!({"code": d.rule.code, "severity": d.rule.severity.code(), "pointer": d.pointer,
                   "line": d.position.map(|p| p.line), "column": d.position.map(|p| p.column), "text": d.reason,
                   "means": d.rule.why, "instead": d.instead(), "mend": d.rule.mend})
        })
        .collect();
    json!({"file": file.name, "url": file.url, "version": file.version, "resourceType": "RuleFile", "defects": defects})
}

/// A table a file.
pub fn markdown(files: &[Linted]) -> String {
    let mut out = String::new();
    for file in files.iter().filter(|f| !f.defects.is_empty()) {
        let _ = writeln!(out, "\n## {}\n\n| place | defect | code |\n|---|---|---|", file.name);
        for defect in &file.defects {
            let reason = defect.reason.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ");
            let place = place(defect);
            let _ = writeln!(out, "| {} | {reason} | `{}` |", place.trim_end_matches(": "), defect.rule.code);
        }
    }
    out
}
