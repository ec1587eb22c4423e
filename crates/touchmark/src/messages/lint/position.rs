//! The lines and columns of places in a JSON text that pointers name.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use touchmark_document::{Position, Positions};

/// A name as it stands there, or without its escapes where it has some.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

/// What has parts, as it stands in the text.
enum Parts<'t> {
    Object(HashMap<Key<'t>, &'t RawValue>),
    Array(Vec<&'t RawValue>),
    None,
}

/// The places of one text; each part of it is read once, however many places are asked for.
pub(crate) struct Places<'t> {
    text: &'t str,
    /// The whole, where the text is JSON.
    whole: Option<&'t RawValue>,
    /// The parts that have been read, by their pointers.
    read: HashMap<String, Parts<'t>>,
    positions: Positions<'t>,
}

impl<'t> Places<'t> {
    pub fn new(text: &'t str) -> Self {
        let whole = serde_json::from_str(text).ok();
        Places { text, whole, read: HashMap::new(), positions: Positions::new(text) }
    }

    /// The position of the value at a pointer, or of what is nearest above it; `within` is how far in its text is meant.
    pub fn of(&mut self, pointer: &str, within: Option<usize>) -> Option<Position> {
        let mut at = self.whole?.get();
        let mut above = String::new();
        for part in pointer.split('/').skip(1) {
            let inner = match self.read.entry(above.clone()).or_insert_with(|| parts(at)) {
                Parts::Object(fields) => fields.get(&Key(part.replace("~1", "/").replace("~0", "~").into())).copied(),
                Parts::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index).copied()),
                Parts::None => None,
            };
            // Where a list may be a single text, its only item is the text itself.
            let Some(inner) = inner else { break };
            at = inner.get();
            above.push('/');
            above.push_str(part);
        }
        // The part is a slice of the text.
        let start = at.as_ptr().addr() - self.text.as_ptr().addr();
        let offset = start + within.map_or(0, |within| in_string(at, within));
        Some(self.positions.of(u32::try_from(offset).ok()?))
    }
}

fn parts(text: &str) -> Parts<'_> {
    match text.as_bytes().first() {
        Some(b'{') => serde_json::from_str(text).map_or(Parts::None, Parts::Object),
        Some(b'[') => serde_json::from_str(text).map_or(Parts::None, Parts::Array),
        _ => Parts::None,
    }
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
        let mut places = Places::new(text);
        let mut at = |pointer: &str, within| places.of(pointer, within).map(|p| (p.line, p.column));
        assert_eq!(at("", None), Some((1, 1)));
        assert_eq!(at("/a/0", None), Some((2, 9)));
        assert_eq!(at("/a/1/b~1c", None), Some((2, 20)));
        // x, quotation mark, e with accent (two bytes), blank: then the y.
        assert_eq!(at("/a/1/b~1c", Some(5)), Some((2, 31)));
        assert_eq!(at("/d/0", None), Some((3, 8)));
        assert_eq!(at("/nowhere/0", None), Some((1, 1)));
        assert_eq!(Places::new("no JSON").of("", None), None);
    }
}
