//! The line and column of a place in a JSON text that a pointer names.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use touchmark_document::{Position, Positions};

/// A name as it stands there, or without its escapes where it has some.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

/// The position of the value at a pointer, or of what is nearest above it; `within` is how far in its text is meant.
pub(crate) fn of(text: &str, pointer: &str, within: Option<usize>) -> Option<Position> {
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    let mut at = whole.get();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let inner = match at.as_bytes().first()? {
            b'{' => {
                let fields: HashMap<Key<'_>, &RawValue> = serde_json::from_str(at).ok()?;
                fields.get(&Key(part.into())).copied()
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(at).ok()?;
                part.parse::<usize>().ok().and_then(|index| items.get(index).copied())
            }
            _ => None,
        };
        // Where a list may be a single text, its only item is the text itself.
        let Some(inner) = inner else { break };
        at = inner.get();
    }
    // The part is a slice of the text.
    let start = at.as_ptr().addr() - text.as_ptr().addr();
    let offset = start + within.map_or(0, |within| in_string(at, within));
    Some(Positions::new(text).of(u32::try_from(offset).ok()?))
}

/// How far in a JSON string, quotation mark included, a byte of its value is written.
fn in_string(written: &str, within: usize) -> usize {
    let Some(inside) = written.strip_prefix('"') else { return 0 };
    let (mut value, mut at) = (0, 0);
    while value < within {
        let rest = &inside[at..];
        let Some(letter) = rest.chars().next() else { break };
        let (length, bytes) = match letter {
            '\\' if rest[1..].starts_with('u') => {
                let code = rest.get(2..6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                (6, code.and_then(char::from_u32).map_or(2, char::len_utf8))
            }
            '\\' => (2, 1),
            '"' => break,
            letter => (letter.len_utf8(), letter.len_utf8()),
        };
        value += bytes;
        at = (at + length).min(inside.len());
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found() {
        let text = "{\n  \"a\": [1, {\"b/c\": \"x\\\"\\u00e9 yz\"}],\n  \"d\": \"one\"\n}";
        let at = |pointer: &str, within| of(text, pointer, within).map(|p| (p.line, p.column));
        assert_eq!(at("", None), Some((1, 1)));
        assert_eq!(at("/a/0", None), Some((2, 9)));
        assert_eq!(at("/a/1/b~1c", None), Some((2, 20)));
        // x, quotation mark, e with accent (two bytes), blank: then the y.
        assert_eq!(at("/a/1/b~1c", Some(5)), Some((2, 31)));
        assert_eq!(at("/d/0", None), Some((3, 8)));
        assert_eq!(at("/nowhere/0", None), Some((1, 1)));
        assert_eq!(of("no JSON", "", None), None);
    }
}
