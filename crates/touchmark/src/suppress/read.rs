//! Reads a suppression file; what is wrong in it is told with the line.

use std::fmt;

use globset::{GlobBuilder, GlobSet};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Profile, Suppression, Suppressions, is_never_suppressed};
use crate::graph::RuleGraph;
use crate::rules::{self, primitive};
use crate::{lint, outcome};

/// What is wrong with a suppression file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuppressionError {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, as a sentence.
    pub reason: String,
}

impl fmt::Display for SuppressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

impl std::error::Error for SuppressionError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    profile: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
    reason: Option<Spanned<String>>,
    expires: Option<Spanned<Value>>,
}

impl Suppressions {
    /// Adds the entries of a file; the graph knows the rules of rule files. Where anything is wrong, all that is wrong is told
    /// and nothing is added.
    pub fn add(&mut self, file: &str, text: &str, graph: &RuleGraph) -> Result<(), Vec<SuppressionError>> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let line = |at: usize| 1 + ends.partition_point(|end| *end < at) as u32;
        let wrong = |at, reason| SuppressionError { file: file.to_owned(), line: line(at), reason };
        let read: File = toml::from_str(text).map_err(|trouble| {
            let at = trouble.span().map_or(0, |span| span.start);
            vec![wrong(at, trouble.message().lines().collect::<Vec<_>>().join(", "))]
        })?;
        let (mut entries, mut errors) = (Vec::new(), Vec::new());
        for row in &read.suppress {
            let at = row.span().start;
            let mut troubles = Vec::new();
            let entry = entry(row.get_ref(), graph, &mut troubles);
            entries.push(Suppression { file: file.to_owned(), line: line(at), ..entry });
            errors.extend(troubles.into_iter().map(|(place, reason)| wrong(place.unwrap_or(at), reason)));
        }
        errors.sort_by_key(|error: &SuppressionError| error.line);
        if !errors.is_empty() {
            return Err(errors);
        }
        let before = self.entries.len();
        self.entries.append(&mut entries);
        let (of_any, of_source): (Vec<usize>, Vec<usize>) =
            (0..self.entries.len()).partition(|number| self.entries[*number].source.is_none());
        match GlobSet::new(of_source.iter().filter_map(|number| self.entries[*number].source.as_ref())) {
            Ok(sources) => {
                (self.sources, self.of_source, self.of_any) = (sources, of_source, of_any);
                Ok(())
            }
            Err(trouble) => {
                self.entries.truncate(before);
                Err(vec![wrong(0, format!("the patterns of names are too large together: {}", trouble.kind()))])
            }
        }
    }
}

/// What is wrong with an entry: where, unless it is the entry as a whole, and why.
type Troubles = Vec<(Option<usize>, String)>;

fn entry(row: &Row, graph: &RuleGraph, troubles: &mut Troubles) -> Suppression {
    let mut entry = Suppression {
        file: String::new(),
        line: 0,
        rule: String::new(),
        reason: String::new(),
        expires: None,
        path: None,
        profile: None,
        source: None,
    };
    let mut read = |value: &Option<Spanned<String>>, part: &mut dyn FnMut(&str) -> Result<(), String>| {
        if let Some(value) = value
            && let Err(reason) = part(value.get_ref())
        {
            troubles.push((Some(value.span().start), reason));
        }
    };
    read(&row.rule, &mut |rule| {
        entry.rule = rule.to_owned();
        known(rule, graph)
    });
    read(&row.path, &mut |path| {
        entry.path = Some(path.parse().map_err(|reason| format!("{path} is no path: {reason}"))?);
        Ok(())
    });
    read(&row.profile, &mut |canonical| {
        let (url, version) = canonical.split_once('|').map_or((canonical, None), |(url, v)| (url, Some(v.to_owned())));
        entry.profile = Some(Profile { url: url.to_owned(), version });
        let reason = || format!("{canonical} is no canonical url of a profile");
        primitive::absolute_uri(url).then_some(()).ok_or_else(reason)
    });
    read(&row.source, &mut |source| {
        let glob = GlobBuilder::new(source).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|trouble| format!("{source} is no pattern of names: {}", trouble.kind()))?;
        entry.source = Some(glob);
        Ok(())
    });
    read(&row.reason, &mut |reason| {
        entry.reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if entry.reason.is_empty() { Err("the reason is empty".to_owned()) } else { Ok(()) }
    });
    if let Some(expires) = &row.expires {
        match day(expires.get_ref()) {
            Ok(day) => entry.expires = Some(day),
            Err(reason) => troubles.push((Some(expires.span().start), reason.to_owned())),
        }
    }
    for (there, what) in [(row.rule.is_some(), "names no rule"), (row.reason.is_some(), "gives no reason")] {
        if !there {
            troubles.push((None, format!("the entry {what}")));
        }
    }
    entry
}

fn day(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::Datetime(day) if day.time.is_none() && day.offset.is_none() => Ok(day.to_string()),
        Value::Datetime(_) => Err("expires is a day, without a time"),
        _ => Err("expires is a day, written without quotation marks, as in 2027-03-31"),
    }
}

/// Whether there are rules of this code, or with this beginning, that a document can break and a reader can accept.
fn known(rule: &str, graph: &RuleGraph) -> Result<(), String> {
    let begin = rule.strip_suffix('*');
    if begin == Some("") {
        return Err("* alone would suppress everything: name a kind, as in binding-*".to_owned());
    }
    let begin = match begin {
        None => {
            rules::known(graph, rule)?;
            rule
        }
        Some(begin) => begin,
    };
    let fits = |code: &str| if begin.len() < rule.len() { code.starts_with(begin) } else { code == rule };
    let engine: Vec<_> = rules::all().filter(|r| fits(r.code)).collect();
    let any = !engine.is_empty() || graph.rules_of_files().any(|(id, _)| fits(id));
    let said_elsewhere = |code: &str| lint::RULES.iter().chain(outcome::RULES).any(|r| r.code == code);
    if !any {
        Err(format!("no rule begins with {begin}"))
    } else if engine.is_empty() || !engine.iter().all(|r| is_never_suppressed(r) || said_elsewhere(r.code)) {
        Ok(())
    } else if engine.iter().any(|r| is_never_suppressed(r)) {
        Err(format!("{rule} cannot be suppressed: it says that a document was not looked at"))
    } else {
        Err(format!("{rule} is no finding of a check: there is nothing to suppress"))
    }
}
