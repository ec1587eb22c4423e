//! The part of a source that a finding is about, cut to what a terminal shows: also of a message of 4 MB on one line.

use miette::{MietteError, SourceCode, SourceSpan, SpanContents};

/// What is shown of a line before the place, and from the place on, in characters.
const BEFORE: usize = 30;
const AFTER: usize = 70;
/// The longest part that is underlined.
const MARKED: usize = 48;

/// A window on one line of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snippet {
    name: String,
    text: String,
    span: SourceSpan,
    /// From 0, as miette counts.
    line: usize,
    column: usize,
}

impl Snippet {
    /// The window around a place: a byte offset with the line and column that it has, from 1.
    ///
    /// miette looks at all that it is given for each finding, and panics at columns beyond 65,535: it sees only the window.
    pub fn new(name: &str, source: &str, offset: usize, line: u32, column: u32) -> Snippet {
        let mut at = offset.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        let cut = |c: char| matches!(c, '\n' | '\r');
        let before: Vec<(usize, char)> =
            source[..at].char_indices().rev().take_while(|(_, c)| !cut(*c)).take(BEFORE + 1).collect();
        let after: Vec<(usize, char)> =
            source[at..].char_indices().take_while(|(_, c)| !cut(*c)).take(AFTER + 1).collect();
        let mut text = String::new();
        if before.len() > BEFORE {
            text.push('…');
        }
        text.extend(before.iter().take(BEFORE).rev().map(|(_, c)| shown(*c)));
        let start = text.len();
        text.extend(after.iter().take(AFTER).map(|(_, c)| shown(*c)));
        if after.len() > AFTER {
            text.push('…');
        }
        let marked: usize =
            text[start..].chars().take(token(&text[start..]).clamp(1, MARKED)).map(char::len_utf8).sum();
        Snippet {
            name: name.to_owned(),
            span: (start, marked).into(),
            text,
            line: line.saturating_sub(1) as usize,
            column: column.saturating_sub(1) as usize,
        }
    }

    /// What is to be underlined.
    pub fn span(&self) -> SourceSpan {
        self.span
    }
}

/// Tabs and control characters would move what is underlined.
fn shown(c: char) -> char {
    if c == '\t' || c.is_control() { ' ' } else { c }
}

/// How many characters the name, key or value has that begins a text.
fn token(text: &str) -> usize {
    let mut escaped = false;
    let ends = |(number, c): (usize, char)| {
        let end = match text.as_bytes().first() {
            Some(b'"') => {
                let end = number > 0 && c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                return if end { Some(number + 1) } else { None };
            }
            Some(b'<') => c.is_whitespace() || matches!(c, '>' | '/') && number > 1,
            _ => c.is_whitespace() || matches!(c, ',' | '}' | ']' | '<' | '>') && number > 0,
        };
        end.then_some(number)
    };
    text.chars().enumerate().find_map(ends).unwrap_or_else(|| text.chars().count())
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        Ok(Box::new(Window(self)))
    }
}

struct Window<'s>(&'s Snippet);

impl<'s> SpanContents<'s> for Window<'s> {
    fn data(&self) -> &'s [u8] {
        self.0.text.as_bytes()
    }

    fn span(&self) -> &SourceSpan {
        static START: std::sync::OnceLock<SourceSpan> = std::sync::OnceLock::new();
        START.get_or_init(|| (0, 0).into())
    }

    fn line(&self) -> usize {
        self.0.line
    }

    fn column(&self) -> usize {
        self.0.column
    }

    fn line_count(&self) -> usize {
        1
    }

    fn name(&self) -> Option<&str> {
        Some(&self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, mark: &str, shown: &str, marked: &str) {
        let offset = source.find(mark).unwrap();
        let snippet = Snippet::new("x", source, offset, 1, 1);
        assert_eq!(snippet.text, shown);
        assert_eq!(&snippet.text[snippet.span.offset()..][..snippet.span.len()], marked);
    }

    #[test]
    fn one_line_is_shown_and_one_token_marked() {
        check("<a>\n  <name value=\"x\"/>\n</a>", "<name", "  <name value=\"x\"/>", "<name");
        check("<a>\n<name/></a>", "<name", "<name/></a>", "<name");
        check("{\"a\": 1,\n\t\"b\\\"c\": [true]}", "\"b", " \"b\\\"c\": [true]}", "\"b\\\"c\"");
        check("{\"a\": [true]}", "true", "{\"a\": [true]}", "true");
        check("é", "é", "é", "é");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let source = format!("{}<name value=\"{}\"/>", "é".repeat(3_000_000), "x".repeat(1000));
        let snippet = Snippet::new("x", &source, 6_000_000, 1, 3_000_001);
        assert_eq!(snippet.text.chars().count(), BEFORE + AFTER + 2);
        assert_eq!(&snippet.text[snippet.span.offset()..][..snippet.span.len()], "<name");
        assert_eq!(snippet.column, 3_000_000);
    }
}
