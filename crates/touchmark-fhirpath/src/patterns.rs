//! Regular expressions: linear in time whatever the pattern, and bounded in memory.

use regex::{Regex, RegexBuilder};

/// The largest compiled pattern, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

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
    builder.dot_matches_new_line(true).size_limit(SIZE_LIMIT).nest_limit(60);
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
