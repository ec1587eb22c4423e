//! The forms of `uri`, `oid` and `uuid`: a `uri` that begins like one of the other two must go on like it.
//!
//! <https://hl7.org/fhir/STU3/datatypes.html#uri>, RFC 3986, RFC 3061 (`urn:oid:`), RFC 4122 (`urn:uuid:`).

use super::{Flaw, every};

/// Whether the value has a scheme (RFC 3986 section 3.1), so that it means the same everywhere.
///
/// `urn:uuid:…`, `https://…` and `mailto:…` have one; `Patient/1`, `#p1` and an empty string have none. What follows
/// the scheme is not looked at.
pub fn absolute_uri(value: &str) -> bool {
    let scheme = match value.as_bytes() {
        [b'a'..=b'z' | b'A'..=b'Z', ..] => value.bytes().position(|byte| !scheme_byte(byte)),
        _ => None,
    };
    scheme.is_some_and(|end| value.as_bytes()[end] == b':')
}

/// Whether the value is a bare UUID: hexadecimal digits of either case in groups of 8-4-4-4-12 (RFC 4122 section 3).
pub fn uuid(value: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(value.as_bytes()) else { return false };
    // Four hyphens in their places leave 32 bytes, so 32 hexadecimal digits are all the rest. Counting them without a
    // branch lets the compiler take many at once: 11 ns instead of 36.
    let digits: u8 = bytes.iter().map(|byte| u8::from(byte.is_ascii_hexdigit())).sum();
    digits == 32 && [8, 13, 18, 23].iter().all(|&at| bytes[at] == b'-')
}

/// A URI reference, absolute or relative. Of RFC 3986 only what no writer can mean is refused: white space and control
/// characters. `xs:anyURI`, which FHIR names for XML, lets `{`, `|` or `ü` stand, to be escaped before use.
pub(super) fn uri(value: &str) -> Result<(), Flaw> {
    if !every(value.as_bytes(), |byte| byte.is_ascii_graphic()) {
        unusual(value)?;
    }
    // A fragment is no part of the name; a query has no place in a URN (RFC 2141 section 2.3.2).
    let name = |rest: &str| rest.find('#').unwrap_or(rest.len());
    if let Some(rest) = value.strip_prefix("urn:uuid:") {
        lower_case_uuid(&rest[..name(rest)])?;
    } else if let Some(rest) = value.strip_prefix("urn:oid:") {
        arcs(&rest.as_bytes()[..name(rest)])?;
    }
    Ok(())
}

/// An `oid`: `urn:oid:` and arcs without leading zeros, the first 0, 1 or 2 (X.660).
pub(super) fn oid(value: &str) -> Result<(), Flaw> {
    let Some(rest) = value.strip_prefix("urn:oid:") else {
        return Err(if arcs(value.as_bytes()).is_ok() { Flaw::OidPrefix } else { Flaw::OidForm });
    };
    arcs(rest.as_bytes())
}

/// A `uuid`: `urn:uuid:` and a UUID in lower case.
pub(super) fn prefixed_uuid(value: &str) -> Result<(), Flaw> {
    let Some(rest) = value.strip_prefix("urn:uuid:") else {
        return Err(if uuid(value) { Flaw::UuidPrefix } else { Flaw::UuidForm });
    };
    lower_case_uuid(rest)
}

fn lower_case_uuid(value: &str) -> Result<(), Flaw> {
    if !uuid(value) {
        Err(Flaw::UuidForm)
    } else if !every(value.as_bytes(), |byte| !byte.is_ascii_uppercase()) {
        Err(Flaw::UuidUpperCase)
    } else {
        Ok(())
    }
}

fn arcs(bytes: &[u8]) -> Result<(), Flaw> {
    let well_formed = bytes
        .split(|&byte| byte == b'.')
        .all(|arc| matches!(arc, [b'0'] | [b'1'..=b'9', ..]) && arc.iter().all(u8::is_ascii_digit));
    match bytes {
        [b'0'..=b'2'] | [b'0'..=b'2', b'.', ..] if well_formed => Ok(()),
        _ => Err(Flaw::OidForm),
    }
}

/// A URI with a byte outside the printable ASCII range: fine if it is a letter of some other script.
#[cold]
fn unusual(value: &str) -> Result<(), Flaw> {
    for character in value.chars() {
        if character.is_whitespace() {
            return Err(Flaw::UriBlank);
        }
        if character.is_control() {
            return Err(Flaw::ControlCharacter);
        }
    }
    Ok(())
}

fn scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
