//! What stands before and after the root element of XML: the declaration, comments, instructions.

use super::Reader;
use crate::fault::{FaultKind, Stop, UnreadableKind, stop};
use crate::xhtml::comment_or_instruction;

impl Reader<'_> {
    /// Reads up to the root element.
    pub(super) fn prolog(&mut self, has_mark: bool) -> Result<(), Stop> {
        let scan = &self.scan;
        if scan.starts_with(b"<?xml") && matches!(scan.bytes.get(5), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.declaration(has_mark)?;
        }
        loop {
            self.scan.skip_blanks();
            match (self.scan.peek(), self.scan.bytes.get(self.scan.at + 1)) {
                (b'<', Some(b'!' | b'?')) => {
                    let rest = &self.scan.bytes[self.scan.at..];
                    if rest.len() >= 14 && rest[..14].eq_ignore_ascii_case(b"<!doctype html") {
                        return Err(stop(self.scan.text, self.scan.at, UnreadableKind::NotFhir, HTML));
                    }
                    comment_or_instruction(&mut self.scan)?;
                }
                (b'<', _) => return Ok(()),
                _ => return Err(self.scan.unexpected("the root element")),
            }
        }
    }

    /// Reads what may follow the root element.
    pub(super) fn epilog(&mut self) -> Result<(), Stop> {
        loop {
            self.scan.skip_blanks();
            if self.scan.at_end() {
                return Ok(());
            }
            match (self.scan.peek(), self.scan.bytes.get(self.scan.at + 1)) {
                (b'<', Some(b'!' | b'?')) => comment_or_instruction(&mut self.scan)?,
                (b'<', _) => return Err(self.scan.malformed(self.scan.at, "a second root element")),
                _ => {
                    return Err(self
                        .scan
                        .malformed(self.scan.at, "there is more text after the end of the root element"));
                }
            }
        }
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`: the parts in this order, the last two optional.
    fn declaration(&mut self, has_mark: bool) -> Result<(), Stop> {
        self.scan.at += 5;
        let mut parts = ["version", "encoding", "standalone"].into_iter();
        let mut is_first = true;
        loop {
            let blank = self.scan.skip_blanks();
            if self.scan.starts_with(b"?>") && !is_first {
                self.scan.at += 2;
                return Ok(());
            }
            let start = self.scan.at;
            let name = self.scan.name()?.whole(self.scan.text);
            if !blank || !parts.any(|part| part == name) || (is_first && name != "version") {
                let reason = "an XML declaration has version, then encoding, then standalone";
                return Err(self.scan.malformed(start, reason));
            }
            is_first = false;
            let own_length = self.arena.own.len();
            let value = self.scan.attribute_value(&mut self.arena.own)?;
            let text = self.scan.text.get(value.start as usize..(value.start.wrapping_add(value.len)) as usize);
            let is_plain = self.arena.own.len() == own_length;
            self.arena.own.truncate(own_length);
            let text = text.filter(|_| is_plain).unwrap_or("");
            let is_right = match name {
                "version" => {
                    text.strip_prefix("1.").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
                }
                "encoding" => is_encoding_name(text),
                _ => matches!(text, "yes" | "no"),
            };
            if !is_right {
                return Err(self.scan.malformed(start, format!("the {name} of an XML declaration has not this form")));
            }
            if name == "encoding" {
                self.encoding(text, start, has_mark);
            }
        }
    }

    /// Compares the declared encoding with what is known of the one used: `encoding.rs` leaves a byte order mark where
    /// the text was UTF-16, or where the mark of UTF-8 contradicts the declaration.
    fn encoding(&mut self, declared: &str, start: usize, has_mark: bool) {
        let lower = declared.to_ascii_lowercase();
        let says_utf16 = lower.starts_with("utf-16") || lower.contains("ucs-2");
        let says_ascii = matches!(lower.as_str(), "us-ascii" | "ascii");
        if says_utf16 != has_mark || (says_ascii && !self.scan.text.is_ascii()) {
            self.arena.fault(FaultKind::Encoding, start, 0, declared);
        }
    }
}

const HTML: &str = "this looks like an HTML page, not FHIR";

/// What a document with this root is, when it is known to be no FHIR.
pub(super) fn looks_like(namespace: &str, local: &str) -> Option<&'static str> {
    match namespace {
        "http://schemas.xmlsoap.org/soap/envelope/" | "http://www.w3.org/2003/05/soap-envelope" => {
            Some("this is a SOAP envelope; the FHIR message is inside its Body")
        }
        "urn:hl7-org:v3" => Some("this is an HL7 version 3 or CDA document, not FHIR"),
        "http://www.w3.org/1999/xhtml" => Some(HTML),
        "" if local.eq_ignore_ascii_case("html") => Some(HTML),
        _ => None,
    }
}

/// <https://www.w3.org/TR/xml/#NT-EncName>
fn is_encoding_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
