//! Judges whether a text is a legal value of a FHIR STU3 primitive type, and says what is wrong with it when it is not.
//!
//! The forms are those of <https://hl7.org/fhir/STU3/datatypes.html#primitive> and of the `regex` in the published
//! definitions; where the prose is narrower than the pattern ("dates SHALL be valid dates") the prose holds.
//! Everything is written by hand: a date takes a few nanoseconds, where a regular expression takes tens.

mod base64;
mod date;
mod flaw;
mod hint;
mod number;
#[cfg(test)]
mod tests;
mod uri;

use std::cmp::Ordering;

pub(crate) use base64::{decoded_length, first_bytes, in_pieces};
pub use flaw::Flaw;
pub use uri::{absolute_uri, uuid};

/// A primitive type of FHIR STU3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// An integer from 1.
    PositiveInt,
    /// An integer from 0.
    UnsignedInt,
    /// A decimal number of any precision.
    Decimal,
    /// Text.
    String,
    /// Text with markup.
    Markdown,
    /// A symbol: text without stray white space.
    Code,
    /// A resource's or element's id.
    Id,
    /// A URI reference.
    Uri,
    /// An OID as a URI.
    Oid,
    /// A UUID as a URI.
    Uuid,
    /// Bytes.
    Base64Binary,
    /// A moment, known to the second.
    Instant,
    /// A year, a month or a day.
    Date,
    /// A year, a month, a day or a moment.
    DateTime,
    /// A time of day.
    Time,
    /// The markup of a narrative.
    Xhtml,
}

/// How JSON writes a primitive type (<https://hl7.org/fhir/STU3/json.html#primitive>).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum JsonForm {
    /// `true` or `false` without quotes.
    Boolean,
    /// A number without quotes.
    Number,
    /// Text in quotes.
    String,
}

impl Primitive {
    /// Finds a type by the name FHIR gives it, such as `dateTime`; `None` if STU3 has no primitive type of that name.
    pub fn of_type(name: &str) -> Option<Primitive> {
        Some(match name {
            "boolean" => Primitive::Boolean,
            "integer" => Primitive::Integer,
            "positiveInt" => Primitive::PositiveInt,
            "unsignedInt" => Primitive::UnsignedInt,
            "decimal" => Primitive::Decimal,
            "string" => Primitive::String,
            "markdown" => Primitive::Markdown,
            "code" => Primitive::Code,
            "id" => Primitive::Id,
            "uri" => Primitive::Uri,
            "oid" => Primitive::Oid,
            "uuid" => Primitive::Uuid,
            "base64Binary" => Primitive::Base64Binary,
            "instant" => Primitive::Instant,
            "date" => Primitive::Date,
            "dateTime" => Primitive::DateTime,
            "time" => Primitive::Time,
            "xhtml" => Primitive::Xhtml,
            _ => return None,
        })
    }

    /// The name FHIR gives the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Primitive::Boolean => "boolean",
            Primitive::Integer => "integer",
            Primitive::PositiveInt => "positiveInt",
            Primitive::UnsignedInt => "unsignedInt",
            Primitive::Decimal => "decimal",
            Primitive::String => "string",
            Primitive::Markdown => "markdown",
            Primitive::Code => "code",
            Primitive::Id => "id",
            Primitive::Uri => "uri",
            Primitive::Oid => "oid",
            Primitive::Uuid => "uuid",
            Primitive::Base64Binary => "base64Binary",
            Primitive::Instant => "instant",
            Primitive::Date => "date",
            Primitive::DateTime => "dateTime",
            Primitive::Time => "time",
            Primitive::Xhtml => "xhtml",
        }
    }

    /// How JSON writes values of the type.
    pub fn json_form(self) -> JsonForm {
        match self {
            Primitive::Boolean => JsonForm::Boolean,
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal => {
                JsonForm::Number
            }
            _ => JsonForm::String,
        }
    }
}

/// Judges a value, without the quotes and escapes of JSON or XML; `None` means it is legal.
///
/// Of `xhtml` only its presence is judged here: its markup is the narrative's.
/// Specification: <https://hl7.org/fhir/STU3/datatypes.html#primitive>.
pub fn flaw(primitive: Primitive, value: &str) -> Option<Flaw> {
    let bytes = value.as_bytes();
    let judgement = match primitive {
        Primitive::Boolean => boolean(value),
        Primitive::Integer => number::integer(bytes, i64::from(i32::MIN)),
        Primitive::PositiveInt => number::integer(bytes, 1),
        Primitive::UnsignedInt => number::integer(bytes, 0),
        Primitive::Decimal => number::decimal(bytes),
        Primitive::String | Primitive::Markdown => string(value),
        Primitive::Code => code(value),
        Primitive::Id => id(value),
        Primitive::Uri => uri::uri(value),
        Primitive::Oid => uri::oid(value),
        Primitive::Uuid => uri::prefixed_uuid(value),
        Primitive::Base64Binary => base64::base64(bytes),
        Primitive::Instant => date::instant(bytes),
        Primitive::Date => date::date(bytes),
        Primitive::DateTime => date::date_time(bytes),
        Primitive::Time => date::time(bytes),
        Primitive::Xhtml => Ok(()),
    };
    match judgement {
        // No type has an empty value, whatever its form says (<https://hl7.org/fhir/STU3/json.html>).
        Ok(()) if bytes.is_empty() => Some(Flaw::Empty),
        Ok(()) => None,
        Err(flaw) => Some(underlying(primitive, value, flaw)),
    }
}

/// What is legal and yet discouraged ("SHOULD"), for a warning at most; `None` if there is nothing, or if [`flaw()`]
/// already speaks.
///
/// White space around a `string` and text of nothing but white space, which XML may trim away
/// (<https://hl7.org/fhir/STU3/datatypes.html#string>); and the made-up schemes `oid:` and `uuid:`, where `urn:oid:`
/// and `urn:uuid:` are meant.
pub fn advice(primitive: Primitive, value: &str) -> Option<Flaw> {
    match primitive {
        Primitive::String | Primitive::Markdown if surrounded_by_space(value) => {
            if flaw(primitive, value).is_some() {
                None
            } else if value.trim().is_empty() {
                Some(Flaw::Blank)
            } else {
                // Markdown has a use for white space at the ends: four spaces begin code.
                (primitive == Primitive::String).then_some(Flaw::SpaceAround)
            }
        }
        Primitive::Uri if value.starts_with("oid:") => Some(Flaw::OidPrefix),
        Primitive::Uri if value.starts_with("uuid:") => Some(Flaw::UuidPrefix),
        _ => None,
    }
}

/// Orders two values of one type, as `minValue[x]` and `maxValue[x]` need it
/// (<https://hl7.org/fhir/STU3/elementdefinition.html>; both bounds are inclusive).
///
/// `None` where it cannot be said: for types without an order, for values that are not legal, and for dates that
/// overlap (2019 and 2019-05) or would need a time zone to be told apart. Decimals are compared exactly; an exponent
/// is understood.
pub fn compare(primitive: Primitive, a: &str, b: &str) -> Option<Ordering> {
    let legal = |value| flaw(primitive, value).is_none_or(|flaw| flaw == Flaw::Exponent);
    if !legal(a) || !legal(b) {
        return None;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match primitive {
        Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal => {
            number::compare(a, b)
        }
        Primitive::Date | Primitive::DateTime | Primitive::Instant => date::compare(a, b),
        Primitive::Time => date::compare_times(a, b),
        _ => None,
    }
}

fn boolean(value: &str) -> Result<(), Flaw> {
    // XML Schema's "1" and "0" are not FHIR's: "Value of true or false".
    if matches!(value, "true" | "false") { Ok(()) } else { Err(Flaw::NotABoolean) }
}

/// `[A-Za-z0-9\-\.]{1,64}`
fn id(value: &str) -> Result<(), Flaw> {
    let bytes = value.as_bytes();
    // Length first: an id that is too long is most often some text in base64, and its "=" is not the point.
    if bytes.len() > 64 && value.chars().count() > 64 {
        return Err(Flaw::IdLength);
    }
    if every(bytes, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.') {
        Ok(())
    } else {
        Err(Flaw::IdCharacters)
    }
}

/// `[^\s]+([\s]?[^\s]+)*`, narrowed by the prose: no white space other than single spaces, and those inside.
fn code(value: &str) -> Result<(), Flaw> {
    let bytes = value.as_bytes();
    if every(bytes, |byte| byte.is_ascii_graphic()) {
        return text_length(value);
    }
    // Most codes with spaces are plain words.
    if every(bytes, |byte| byte.is_ascii_graphic() || byte == b' ') {
        let spaced = bytes.starts_with(b" ") || bytes.ends_with(b" ") || bytes.windows(2).any(|pair| pair == b"  ");
        return if spaced { Err(Flaw::CodeBlanks) } else { text_length(value) };
    }
    // At the start one counts as after a space, so that a leading space is a second one.
    let mut after_space = true;
    for character in value.chars() {
        match character {
            ' ' if after_space => return Err(Flaw::CodeBlanks),
            ' ' => after_space = true,
            _ if character.is_whitespace() => return Err(Flaw::CodeBlanks),
            _ if u32::from(character) < 0x20 => return Err(Flaw::ControlCharacter),
            _ => after_space = false,
        }
    }
    if after_space { Err(Flaw::CodeBlanks) } else { text_length(value) }
}

/// Unicode text without control characters other than tab, line feed and carriage return, of at most 1 MB.
fn string(value: &str) -> Result<(), Flaw> {
    let printable = |byte| byte >= 0x20 || byte == b'\t' || byte == b'\n' || byte == b'\r';
    if every(value.as_bytes(), printable) { text_length(value) } else { Err(Flaw::ControlCharacter) }
}

/// "Strings SHALL NOT exceed 1MB in size"; the definition's `maxLength` of 1048576 counts characters.
fn text_length(value: &str) -> Result<(), Flaw> {
    const MOST: usize = 1024 * 1024;
    if value.len() > MOST && value.chars().count() > MOST { Err(Flaw::TooLong) } else { Ok(()) }
}

/// What lies behind a flaw of form: nothing there at all, or a good value with white space around it.
#[cold]
fn underlying(primitive: Primitive, value: &str, found: Flaw) -> Flaw {
    if value.is_empty() {
        return Flaw::Empty;
    }
    match primitive {
        // A string may be blank; its flaw lies elsewhere.
        Primitive::String | Primitive::Markdown => found,
        _ if value.trim().is_empty() => Flaw::Blank,
        // These say it in their own words.
        Primitive::Code | Primitive::Uri => found,
        _ if surrounded_by_space(value) && flaw(primitive, value.trim()).is_none() => Flaw::SpaceAround,
        _ => found,
    }
}

fn surrounded_by_space(value: &str) -> bool {
    // Nearly all begin and end with a plain character: no need to read it as one of Unicode's.
    if let [first, .., last] = value.as_bytes()
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return false;
    }
    value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace)
}

/// Whether every byte is legal, sixteen at a time: without a branch inside a block the compiler makes vectors of it.
#[inline]
pub(crate) fn every(bytes: &[u8], legal: impl Fn(u8) -> bool + Copy) -> bool {
    let block = |block: &[u8; 16]| !block.iter().fold(false, |bad, &byte| bad | !legal(byte));
    let Some(last) = bytes.last_chunk::<16>() else { return bytes.iter().all(|&byte| legal(byte)) };
    // The last block may overlap the one before it; looking twice at a byte costs less than a loop over the rest.
    bytes.as_chunks::<16>().0.iter().all(block) && block(last)
}
