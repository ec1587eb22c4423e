//! What a report is made of: rows that hold numbers, one text for all their words, and findings as a reader sees them.
//!
//! A finding has up to twelve texts and a message some twenty findings: as strings of their own, each would be an allocation.

use touchmark_document::Position;

use crate::messages;
use crate::rule::{Rule, Severity};

/// One finding of a report, ready to be shown. Values are shown or masked already, as [`crate::Options::values`] said.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'r> {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The rule of a rule pack that claims the finding.
    pub claimed: Option<Claim<'r>>,
    /// What is wrong, as a sentence.
    pub text: &'r str,
    /// The value that was found, where the place has one.
    pub found: Option<&'r str>,
    /// Where the rule comes from: profile, version and element id.
    pub source: Option<&'r str>,
    /// The invariant that it speaks of.
    pub invariant: Option<NamedInvariant<'r>>,
    /// What the writer most likely meant.
    pub hint: Option<&'r str>,
    /// The entry of a Bundle that holds the place, as a person would call it.
    pub entry: Option<&'r str>,
    /// The FHIRPath of the place; `None` when there is no tree.
    pub expression: Option<&'r str>,
    /// The FHIRPath of a second place, where two elements make the fault together.
    pub also: Option<&'r str>,
    /// Where the place is in the text, in bytes after decoding and without a byte order mark.
    pub offset: u32,
    /// Where the place is in the text; `None` for what was never read.
    pub position: Option<Position>,
}

/// An invariant by its key, with its FHIRPath expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NamedInvariant<'r> {
    /// The key, such as `bdl-7`.
    pub key: &'r str,
    /// The expression, as published.
    pub expression: &'r str,
}

/// A rule of a rule pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim<'r> {
    /// The catalogue that the id is from.
    pub system: &'r str,
    /// The id of the rule.
    pub code: &'r str,
}

/// A profile that judged, and where it came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judge<'r> {
    /// The canonical url.
    pub url: &'r str,
    /// The version; may be empty.
    pub version: &'r str,
    /// The pack or package.
    pub package: &'r str,
}

impl std::fmt::Display for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.url)?;
        if !self.version.is_empty() {
            write!(f, "|{}", self.version)?;
        }
        write!(f, " ({})", self.package)
    }
}

impl<'r> Finding<'r> {
    /// The code that names what is broken: that of the rule, or the id of a rule that only a rule file has.
    pub fn code(&self) -> &'r str {
        let own = self.claimed.filter(|_| *self.rule == messages::BROKEN);
        own.map_or(self.rule.code, |claim| claim.code)
    }

    /// What is most likely to be done about it: the hint, or what the rule's page advises.
    pub fn mend(&self) -> &'r str {
        self.hint.unwrap_or(self.rule.mend)
    }
}

/// The words of a report, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(String);

/// A run of the words of a report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// No words.
    pub const NONE: Span = Span { start: usize::MAX, end: usize::MAX };
    pub const NEITHER: [Span; 2] = [Span::NONE, Span::NONE];
}

impl Words {
    /// Room for so many findings.
    pub fn for_findings(count: usize) -> Words {
        Words(String::with_capacity(count * 512))
    }

    /// Adds what is written.
    pub fn write(&mut self, write: impl FnOnce(&mut String)) -> Span {
        let start = self.0.len();
        write(&mut self.0);
        Span { start, end: self.0.len() }
    }

    pub fn add(&mut self, text: &str) -> Span {
        self.write(|out| out.push_str(text))
    }

    pub fn add_pair(&mut self, pair: [&str; 2]) -> [Span; 2] {
        pair.map(|text| self.add(text))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, span: Span) -> Option<&str> {
        self.0.get(span.start..span.end)
    }

    pub fn pair(&self, [one, other]: [Span; 2]) -> Option<(&str, &str)> {
        self.get(one).zip(self.get(other))
    }
}

/// A finding whose words are elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub claimed: [Span; 2],
    pub text: Span,
    pub found: Span,
    pub source: Span,
    pub invariant: [Span; 2],
    pub hint: Span,
    pub entry: Span,
    pub expression: Span,
    pub also: Span,
    pub offset: u32,
    pub position: Option<Position>,
}

impl Row {
    /// With a sentence only.
    pub fn new(rule: &'static Rule, severity: Severity, text: Span) -> Row {
        Row {
            rule,
            severity,
            claimed: Span::NEITHER,
            text,
            found: Span::NONE,
            source: Span::NONE,
            invariant: Span::NEITHER,
            hint: Span::NONE,
            entry: Span::NONE,
            expression: Span::NONE,
            also: Span::NONE,
            offset: 0,
            position: None,
        }
    }

    /// With its words.
    pub fn finding<'r>(&self, words: &'r Words) -> Finding<'r> {
        Finding {
            rule: self.rule,
            severity: self.severity,
            claimed: words.pair(self.claimed).map(|(system, code)| Claim { system, code }),
            text: words.get(self.text).unwrap_or(""),
            found: words.get(self.found),
            source: words.get(self.source),
            invariant: words.pair(self.invariant).map(|(key, expression)| NamedInvariant { key, expression }),
            hint: words.get(self.hint),
            entry: words.get(self.entry),
            expression: words.get(self.expression),
            also: words.get(self.also),
            offset: self.offset,
            position: self.position,
        }
    }
}
