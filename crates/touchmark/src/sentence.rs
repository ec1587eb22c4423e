//! Sentences: the words of a rule filled with what was found. Content of the message is quoted, or only its form is told.

use std::fmt::{self, Display, Write as _};

use crate::rules::primitive::{every, uuid};

/// Whether findings quote the content of the message, which may be a patient's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Values {
    /// Values are quoted.
    #[default]
    Show,
    /// Values are replaced by their form (`10 digits`, `a UUID`, `text of 23 characters`); codes, urls and names stay.
    Mask,
}

/// Content of the message inside a detail, written into it with [`Display`]. Names, codes and urls need no such mark.
///
/// The mark is a pair of noncharacters (<https://www.unicode.org/faq/private_use.html#noncharacters>), which stand for nothing
/// in any text and are taken out of the value.
pub(crate) struct Quoted<'v>(pub &'v str);

const OPEN: char = '\u{FDD0}';
const CLOSE: char = '\u{FDD1}';

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(OPEN)?;
        // Longer than what is shown, so that its length can be told, and bounded.
        self.0.chars().take(MOST_KEPT).filter(|c| !matches!(*c, OPEN | CLOSE)).try_for_each(|c| f.write_char(c))?;
        f.write_char(CLOSE)
    }
}

/// ` (nor in 2 more places)`; nothing where there are no more.
pub(crate) fn nor_in(more: u32, what: &str) -> String {
    match more {
        0 => String::new(),
        1 => format!(" (nor in 1 more {what})"),
        _ => format!(" (nor in {more} more {what}s)"),
    }
}

/// A quoted value shows this many characters.
const MOST_SHOWN: usize = 80;
/// What is kept of a value to tell its length by; a longer one is "more than".
const MOST_KEPT: usize = 1000;
/// A name, url or list in a sentence is cut after this many characters.
const MOST_NAMED: usize = 600;

/// Adds a detail to a sentence: marked values shown or masked, control characters made visible, cut to a sensible length.
pub(crate) fn add(out: &mut String, detail: &str, values: Values) {
    if plain(detail) {
        out.push_str(detail);
        return;
    }
    let mut rest = detail;
    while let Some((name, after)) = rest.split_once(OPEN) {
        let (value, after) = after.split_once(CLOSE).unwrap_or((after, ""));
        add_name(out, name);
        add_value(out, value, values);
        rest = after;
    }
    add_name(out, rest);
}

/// Adds a number, without the machinery of formatting: nearly each place has one.
pub(crate) fn add_number(out: &mut String, number: u32) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Adds a value, quoted or as its form.
pub(crate) fn add_value(out: &mut String, value: &str, values: Values) {
    if values == Values::Mask && !is_url(value) {
        add_form(out, value);
    } else {
        out.push('\'');
        add_cut(out, value, MOST_SHOWN);
        out.push('\'');
    }
}

fn plain(text: &str) -> bool {
    // Both marks begin with this byte, as do other characters of that block, which then go the longer way.
    text.len() <= MOST_NAMED && every(text.as_bytes(), |byte| byte >= b' ' && byte != 0x7F && byte != 0xEF)
}

fn add_name(out: &mut String, name: &str) {
    if plain(name) { out.push_str(name) } else { add_cut(out, name, MOST_NAMED) }
}

/// Nothing but what every format can carry: control characters and noncharacters become U+FFFD.
fn add_cut(out: &mut String, text: &str, most: usize) {
    if text.len() <= most && every(text.as_bytes(), |byte| matches!(byte, b' '..=b'~')) {
        out.push_str(text);
        return;
    }
    for (number, c) in text.chars().enumerate() {
        if number == most {
            out.push('…');
            return;
        }
        let carried = !c.is_control() && !matches!(c, '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}');
        out.push(if carried { c } else { '\u{FFFD}' });
    }
}

/// Urls stay when values are masked: they name systems, not people.
fn is_url(value: &str) -> bool {
    ["http://", "https://", "urn:"].iter().any(|scheme| value.starts_with(scheme))
        && !value.contains(char::is_whitespace)
}

fn add_form(out: &mut String, value: &str) {
    // A value of megabytes is not read through for each finding that speaks of it.
    let end = if value.len() > MOST_KEPT { value.char_indices().nth(MOST_KEPT).map(|(end, _)| end) } else { None };
    let value = end.map_or(value, |end| &value[..end]);
    let count = value.chars().count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let mut add_count = |before: &str, what: &str| {
        out.push_str(before);
        out.push_str(if count == MOST_KEPT { "more than " } else { "" });
        add_number(out, count as u32);
        out.push_str(what);
    };
    match count {
        0 => out.push_str("nothing"),
        // A bare UUID where a urn:uuid: belongs, or capital letters in one: the form is the fault.
        36 if uuid(value) && value.bytes().any(|b| b.is_ascii_uppercase()) => out.push_str("a UUID in capital letters"),
        36 if uuid(value) => out.push_str("a UUID"),
        1 if digits == 1 => out.push_str("1 digit"),
        _ if digits == count => add_count("", " digits"),
        // Dates and numbers of whatever notation: the notation is what matters.
        _ if count <= 40
            && digits * 2 >= count
            && value.bytes().all(|b| b.is_ascii_digit() || b"-/.:+TZ, ".contains(&b)) =>
        {
            out.push_str("a value of the form ");
            out.extend(value.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }));
        }
        1 => out.push_str("1 character"),
        _ => add_count("text of ", " characters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(detail: &str, values: Values) -> String {
        let mut out = String::new();
        add(&mut out, detail, values);
        out
    }

    #[test]
    fn values_are_shown_or_masked_and_names_stay() {
        let detail = format!("{} of Patient.name", Quoted("Bloggs, Joe"));
        assert_eq!(written(&detail, Values::Show), "'Bloggs, Joe' of Patient.name");
        assert_eq!(written(&detail, Values::Mask), "text of 11 characters of Patient.name");
        let form = |value: &str| written(&Quoted(value).to_string(), Values::Mask);
        assert_eq!(form("9990000123"), "10 digits");
        assert_eq!(form("28/02/2019"), "a value of the form 99/99/9999");
        assert_eq!(form("4f0d1c5a-8e2b-4c3d-9f61-7a5be02c1402"), "a UUID");
        assert_eq!(form("4F0D1C5A-8E2B-4C3D-9F61-7A5BE02C1402"), "a UUID in capital letters");
        assert_eq!(form("4f0d1c5a-8e2b-4c3d-9f61-7a5be02c140"), "text of 35 characters");
        assert_eq!(form("https://fhir.nhs.uk/Id/nhs-number"), "'https://fhir.nhs.uk/Id/nhs-number'");
        assert_eq!(form(&"x".repeat(5000)), "text of more than 1000 characters");
    }

    #[test]
    fn numbers_are_written_in_decimals() {
        for number in [0, 9, 10, 105, u32::MAX] {
            let mut out = String::new();
            add_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn a_value_cannot_end_its_own_quotation() {
        let detail = Quoted("a\u{FDD1}9990000123").to_string();
        assert_eq!(written(&detail, Values::Mask), "text of 11 characters");
    }

    #[test]
    fn what_a_format_cannot_carry_is_replaced() {
        assert_eq!(written("a\u{1}b", Values::Show), "a\u{FFFD}b");
        assert_eq!(written(&Quoted("a\u{FFFF}\n").to_string(), Values::Show), "'a\u{FFFD}\u{FFFD}'");
    }
}
