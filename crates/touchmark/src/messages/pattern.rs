//! What claims compare elements with: the exact id or path, or a regular expression for it.

use std::sync::OnceLock;

use regex::{Regex, bytes};

/// What the id or path of an element must be.
#[derive(Debug)]
pub(crate) enum Pattern {
    Exact(String),
    /// A regular expression for the whole text.
    Regex(String, Made),
}

/// A regular expression, made when a finding is first compared with it: a run meets few of them. Ids and paths are ASCII but for
/// rare names of slices, and there a `.` or `\w` that need not know of Unicode matches the same and is made in a tenth of the time.
#[derive(Debug, Default)]
pub(crate) struct Made {
    of_ascii: OnceLock<Option<bytes::Regex>>,
    of_unicode: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern of an element, a regular expression where it stands between slashes.
    ///
    /// # Errors
    /// Why it is no regular expression.
    pub fn read(text: &str) -> Result<Pattern, String> {
        let Some(pattern) = text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) else {
            return Ok(Pattern::Exact(text.to_owned()));
        };
        let whole = format!("^(?:{pattern})$");
        let unreadable = |e: &dyn std::fmt::Display| {
            let text = e.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("{pattern} is no regular expression: {why}")
        };
        if !is_plain(&whole) {
            regex_syntax::parse(&whole).map_err(|e| unreadable(&e))?;
        }
        let made = Made::default();
        // Counted repeats may make it too large, which only shows when it is made.
        if pattern.contains('{') {
            let _ = made.of_unicode.set(Some(Regex::new(&whole).map_err(|e| unreadable(&e))?));
        }
        Ok(Pattern::Regex(whole, made))
    }

    pub fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Exact(exact) => exact == text,
            Pattern::Regex(whole, made) => made.matches(whole, text),
        }
    }
}

/// Whether a text is a regular expression at first sight: one of ASCII without flags, which is the same without Unicode, whose
/// tables are large. That takes a fifth of the time.
fn is_plain(whole: &str) -> bool {
    let has_flags = whole.matches("(?").count() > whole.matches("(?:").count();
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    whole.is_ascii() && !has_flags && parser.parse(whole).is_ok()
}

impl Made {
    fn matches(&self, whole: &str, text: &str) -> bool {
        if text.is_ascii() {
            let of_ascii = || bytes::RegexBuilder::new(whole).unicode(false).build().ok();
            if let Some(regex) = self.of_ascii.get_or_init(of_ascii) {
                return regex.is_match(text.as_bytes());
            }
        }
        let of_unicode = || Regex::new(whole).ok();
        self.of_unicode.get_or_init(of_unicode).as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_text() {
        for (pattern, text, wanted) in [
            ("Patient.name", "Patient.name", true),
            ("Patient.name", "Patient.names", false),
            (r"/Patient\.identifier(:\w+)?/", "Patient.identifier:nhs", true),
            (r"/Patient\.identifier(:\w+)?/", "Patient.identifier:é", true),
            (r"/Patient\.identifier(:.)?/", "Patient.identifier:é", true),
            (r"/Patient\.identifier(:\w+)?/", "Patient.identifier:nhs.value", false),
            (r"/Patient\.\p{L}+/", "Patient.name", true),
        ] {
            assert_eq!(Pattern::read(pattern).unwrap().matches(text), wanted, "{pattern} {text}");
        }
        assert!(Pattern::read("/(/").is_err());
    }
}
