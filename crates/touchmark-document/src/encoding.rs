//! Bytes to text: which encoding a file is in, and what it is when it is no FHIR at all.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::fault::{Unreadable, UnreadableKind, stop};

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The text of a file, borrowed when it is UTF-8.
///
/// JSON is UTF-8. XML is what its byte order mark says, else what its declaration says, else UTF-8.
/// A byte order mark is left in the text where the parsers have something to say about it: before JSON, and before XML
/// that was UTF-16 or whose declaration names another encoding than its mark.
/// Errors: [`UnreadableKind::Encoding`] with the place of the first byte that cannot be read,
/// [`UnreadableKind::Empty`], and [`UnreadableKind::NotFhir`] for files of other kinds.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let bare = bytes.strip_prefix(MARK).unwrap_or(bytes);
    match bare {
        [0, 0, 0xFE, 0xFF, ..] | [0xFF, 0xFE, 0, 0, ..] => Err(unreadable("this is UTF-32, which is not read")),
        [0xFE, 0xFF, ..] | [0, b'<' | b'{', ..] => utf16(bare, UTF_16BE),
        [0xFF, 0xFE, ..] | [b'<' | b'{', 0, ..] => utf16(bare, UTF_16LE),
        _ => match bare.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b'<') => xml(bytes, bare),
            Some(b'{') => utf8(bytes),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => Err(neither(&String::from_utf8_lossy(&bare[..bare.len().min(64)]))),
            },
        },
    }
}

fn xml<'b>(bytes: &'b [u8], bare: &'b [u8]) -> Result<Cow<'b, str>, Unreadable> {
    let declared = declared(bare);
    let label = declared.map(|d| String::from_utf8_lossy(d).to_ascii_lowercase());
    let encoding = match label.as_deref() {
        // UTF-16 it cannot be, as the declaration could be read: the parser says so.
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => UTF_8,
        Some(label) if label.starts_with("utf-16") || label.contains("ucs-2") => UTF_8,
        Some(_) if bare.len() != bytes.len() => return utf8(bytes),
        Some(label) => match Encoding::for_label(label.as_bytes()) {
            Some(encoding) => encoding,
            None => return Err(unreadable("the XML declaration names an encoding that is not known")),
        },
    };
    if encoding == UTF_8 {
        return utf8(if label.as_deref().is_some_and(|l| l.ends_with("ascii")) { bytes } else { bare });
    }
    let (text, has_errors) = encoding.decode_without_bom_handling(bare);
    if has_errors {
        let at = text.find('\u{fffd}').unwrap_or(0);
        let reason = format!("bytes that are not {}, which the XML declaration names", encoding.name());
        return Err(stop(&text, at, UnreadableKind::Encoding, reason).into());
    }
    Ok(text)
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let declaration = &rest[..memchr::memmem::find(&rest[..rest.len().min(400)], b"?>")?];
    let after = &declaration[memchr::memmem::find(declaration, b"encoding")? + 8..];
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let quote = *value.first().filter(|q| matches!(q, b'"' | b'\''))?;
    let value = &value[1..];
    Some(&value[..memchr::memchr(quote, value)?])
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let before = error.valid_up_to();
            let text = String::from_utf8_lossy(&bytes[..before]);
            let reason = format!("the byte 0x{:02X} is not UTF-8 here", bytes.get(before).copied().unwrap_or(0));
            Err(stop(text.trim_start_matches('\u{feff}'), before, UnreadableKind::Encoding, reason).into())
        }
    }
}

fn utf16<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> Result<Cow<'b, str>, Unreadable> {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    let bare = text.trim_start_matches('\u{feff}');
    if has_errors {
        let at = bare.find('\u{fffd}').unwrap_or(0);
        return Err(stop(bare, at, UnreadableKind::Encoding, format!("this is not sound {}", encoding.name())).into());
    }
    if bare.trim_ascii_start().starts_with('{') {
        return Err(unreadable("this is JSON in UTF-16; JSON is exchanged in UTF-8"));
    }
    Ok(Cow::Owned(format!("\u{feff}{bare}")))
}

fn unreadable(reason: &str) -> Unreadable {
    stop("", 0, UnreadableKind::Encoding, reason).into()
}

/// What a text is that begins neither like JSON nor like XML.
pub(crate) fn neither(source: &str) -> Unreadable {
    let text = source.trim_start_matches('\u{feff}');
    let bare = text.trim_ascii_start();
    let looks = |like: &str| format!("this looks like {like}, not FHIR");
    let reason = match bare.as_bytes() {
        [] => return stop(text, 0, UnreadableKind::Empty, "there is nothing in it").into(),
        [b'%', b'P', b'D', b'F', ..] => looks("a PDF"),
        [b'P', b'K', 3 | 5, ..] => looks("a ZIP archive"),
        [0x1F, ..] => looks("a gzip archive"),
        [b'M', b'S', b'H', b'|', ..] => looks("an HL7 version 2 message"),
        [b'[', ..] => "this is a JSON array; a FHIR resource is a JSON object".to_owned(),
        [b'"' | b'-' | b'0'..=b'9', ..] => "a FHIR resource is a JSON object or an XML element".to_owned(),
        [b'H', b'T', b'T', b'P', b'/', ..] => looks("an HTTP response with its header"),
        rest if rest.len() >= 13 && rest[..13].eq_ignore_ascii_case(b"content-type:") => looks("a MIME message"),
        rest if rest.starts_with(b"--") => looks("a MIME message"),
        rest if rest.starts_with("\u{fffd}PNG".as_bytes()) => looks("a PNG image"),
        rest if rest.starts_with("\u{fffd}\u{fffd}\u{fffd}".as_bytes()) => looks("a picture or another binary file"),
        rest if rest.contains(&0) => looks("a binary file"),
        _ => "this is neither JSON, which begins with `{`, nor XML, which begins with `<`".to_owned(),
    };
    stop(text, text.len() - bare.len(), UnreadableKind::NotFhir, reason).into()
}
