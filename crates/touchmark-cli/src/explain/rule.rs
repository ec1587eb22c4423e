//! The page of a rule of a rule file: what it asks, what it says, and single faults that break it.

use std::collections::HashSet;
use std::fmt::Write;

use serde_json::{Value, json};
use touchmark::messages::file::{Level, Rule};
use touchmark::{RuleFile, RuleGraph};

/// A rule, and what its files say around it.
pub struct Page {
    id: String,
    /// None where nobody can decide it.
    rule: Option<Rule>,
    /// The name of its file.
    file: String,
    url: String,
    title: String,
    /// Why nobody can decide it, where that is so.
    undecided: Option<String>,
    /// Faults that it must find, by their titles.
    faults: Vec<String>,
}

/// So many faults are shown.
const MOST_FAULTS: usize = 5;

impl Page {
    /// The page of the rule with this id.
    pub fn find(graph: &RuleGraph, id: &str) -> Option<Page> {
        let files: Vec<(&str, RuleFile)> = graph
            .library()
            .rule_files()
            .filter_map(|(name, text)| Some((name, RuleFile::read(name, text).ok()?)))
            .collect();
        let undecided = |file: &RuleFile| file.undecided.iter().find(|u| u.id == id).map(|u| u.reason.clone());
        let rule = |file: &RuleFile| file.rules.iter().find(|rule| rule.id == id).cloned();
        let (name, file) = files.iter().find(|(_, file)| rule(file).is_some() || undecided(file).is_some())?;
        let of_set = || files.iter().map(|(_, other)| other).filter(|other| other.url == file.url);
        let faults = of_set().flat_map(|file| &file.mutations).filter(|m| m.fires.iter().any(|fired| fired == id));
        Some(Page {
            id: id.to_owned(),
            rule: rule(file),
            file: (*name).to_owned(),
            url: file.url.clone(),
            title: of_set().map(|file| &file.title).find(|title| !title.is_empty()).cloned().unwrap_or_default(),
            undecided: of_set().find_map(undecided),
            faults: faults.map(|m| m.title.clone()).collect(),
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let Page { id, rule, file, url, title, .. } = self;
        let severity = rule.as_ref().map_or("not decided", |rule| severity(rule.severity));
        let mut out = format!("{id}  ({severity}; {title})\n\n");
        if let Some(rule) = rule {
            out.push_str(&format!("{}\n\n", rule.title));
            let mut lines = lines(rule);
            // Several claims and checks may differ in nothing but the messages that they are for.
            let mut seen = HashSet::new();
            lines.retain(|line| seen.insert(line.clone()));
            out.extend(lines.iter().flat_map(|line| [line.as_str(), "\n"]));
        }
        if let Some(reason) = &self.undecided {
            // Writing to a String does not fail.
            let _ = writeln!(out, "Open:  {reason}");
        }
        if !self.faults.is_empty() {
            out.push_str("\nExamples of what breaks it:\n");
            self.faults.iter().take(MOST_FAULTS).for_each(|fault| out.push_str(&format!("  {fault}\n")));
            if self.faults.len() > MOST_FAULTS {
                let _ = writeln!(out, "  and {} more", self.faults.len() - MOST_FAULTS);
            }
            out.push('\n');
        }
        let _ = writeln!(out, "Set:   {url}\nFile:  {file}");
        out
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let Page { id, rule, file, url, title, undecided, faults } = self;
        let rule = rule.as_ref();
        json!({"code": id, "title": rule.map(|r| &r.title), "severity": rule.map(|r| severity(r.severity)),
               "says": rule.map(|r| &r.text), "mend": rule.map(|r| &r.mend),
               "asks": rule.map(|r| r.checks.iter().map(|c| &c.must).collect::<Vec<_>>()),
               "takes": rule.map(|r| r.claims.iter().flat_map(|c| &c.code).collect::<Vec<_>>()),
               "undecided": undecided, "examples": faults, "set": {"url": url, "title": title}, "file": file})
    }
}

/// What a rule says, asks, and takes of the engine's findings.
fn lines(rule: &Rule) -> Vec<String> {
    let mut lines = Vec::new();
    let texts = rule.text.iter().chain(rule.checks.iter().filter_map(|c| c.text.as_ref()));
    lines.extend(texts.chain(rule.claims.iter().filter_map(|c| c.text.as_ref())).map(|text| format!("Says:  {text}")));
    lines.extend(rule.mend.iter().map(|mend| format!("Mend:  {mend}")));
    for check in &rule.checks {
        let on = [check.on.as_deref(), check.select.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let on = if on.is_empty() { String::new() } else { format!(" (at {on})") };
        let only = check.condition.as_ref().map_or_else(String::new, |c| format!("; only where {c}"));
        lines.push(format!("Asks:  {}{on}{only}", check.must));
    }
    for claim in &rule.claims {
        let of =
            [("of", &claim.profile), ("at", &claim.element), ("beginning with", &claim.key), ("in", &claim.places)];
        let of = of.into_iter().filter(|(_, list)| !list.is_empty());
        let of: String = of.map(|(word, list)| format!(" {word} {}", list.join(", "))).collect();
        lines.push(format!("Takes: {}{of}", claim.code.join(", ")));
    }
    lines
        .extend(rule.when.iter().map(|(dimension, values)| format!("When:  {dimension} is {}", values.0.join(" or "))));
    lines
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Information => "information",
        Level::Silent => "not said",
        Level::Found => "as found",
    }
}
