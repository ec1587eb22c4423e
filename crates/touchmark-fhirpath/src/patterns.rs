//! Regular expressions: linear in time whatever the pattern, and bounded in memory.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// The largest compiled pattern, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// How deep the groups of a pattern may stand in each other.
const DEEPEST: u32 = 60;

/// A pattern of less weight is never as large as [`SIZE_LIMIT`].
const LIGHT: u64 = 4000;

/// A pattern that an expression holds as it is read. Most expressions of a run are never evaluated, and making a regular
/// expression takes twenty times as long as reading the expression: it is made when it is first wanted.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: Box<str>,
    flags: Box<str>,
    full: bool,
    made: OnceLock<Result<Regex, String>>,
}

impl Pattern {
    /// Reads a pattern, as [`compile`] does.
    pub fn read(pattern: &str, flags: &str, full: bool) -> Result<Pattern, String> {
        let made = OnceLock::new();
        let mut parser = ParserBuilder::new();
        parser.dot_matches_new_line(true).nest_limit(DEEPEST).case_insensitive(flags.contains('i'));
        let read = parser.multi_line(flags.contains('m')).build().parse(pattern);
        // What is none, or is perhaps too large, is made at once, as it may be refused.
        if !flags.chars().all(|flag| matches!(flag, 'i' | 'm')) || !read.is_ok_and(|hir| weight(&hir) < LIGHT) {
            let _ = made.set(Ok(compile(pattern, flags, full)?));
        }
        Ok(Pattern { source: pattern.into(), flags: flags.into(), full, made })
    }

    /// The regular expression.
    pub fn regex(&self) -> Result<&Regex, &str> {
        let made = self.made.get_or_init(|| compile(&self.source, &self.flags, self.full));
        made.as_ref().map_err(|reason| &**reason)
    }
}

/// How much there is in a pattern, with counted repeats written out.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => 4 * class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min.saturating_add(1)));
            weight(&repetition.sub).saturating_mul(times.max(1))
        }
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum, part| weight(part).saturating_add(sum))
        }
    }
}

/// Compiles a pattern. It matches a part of the text unless `full`; the point matches line ends ("single line" mode, as
/// <https://hl7.org/fhirpath/#matchesregex--string-flags--string--boolean> wants it).
pub(crate) fn compile(pattern: &str, flags: &str, full: bool) -> Result<Regex, String> {
    let whole;
    let source = if full {
        whole = format!(r"\A(?:{pattern})\z");
        &whole
    } else {
        pattern
    };
    let mut builder = RegexBuilder::new(source);
    builder.dot_matches_new_line(true).size_limit(SIZE_LIMIT).nest_limit(DEEPEST);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            _ => return Err(format!("'{flag}' is no flag of a regular expression")),
        };
    }
    builder.build().map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("not a regular expression that can be run in linear time: {last}")
    })
}

/// A substitution in the way of the `regex` crate: `$1a` means group 1 followed by an `a`.
pub(crate) fn substitution(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            result.push('{');
            result.push_str(&rest[..digits]);
            result.push('}');
            rest = &rest[digits..];
        }
    }
    result.push_str(rest);
    result
}
