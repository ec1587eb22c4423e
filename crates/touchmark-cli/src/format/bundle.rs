//! OperationOutcomes in JSON and XML: one by itself, several in a Bundle of type `collection`, which is written as it comes.

use super::Checked;

/// What stands at the top.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// The OperationOutcome of the one document.
    Outcome,
    /// A Bundle with an entry for each document. Its link `via` is the path as given.
    Bundle,
}

pub fn begin_json(shape: Shape) -> &'static [u8] {
    match shape {
        Shape::Outcome => b"",
        Shape::Bundle => b"{\"resourceType\":\"Bundle\",\"type\":\"collection\"",
    }
}

pub fn json(shape: Shape, checked: &Checked<'_>, out: &mut Vec<u8>) {
    if shape == Shape::Outcome {
        checked.report.write_json_pretty(out);
        out.push(b'\n');
        return;
    }
    let (link, url) = (link(checked.source), full_url(checked));
    out.extend_from_slice(
        format!("{{\"link\":[{{\"relation\":\"via\",\"url\":\"{link}\"}}],\"fullUrl\":\"{url}\",\"resource\":")
            .as_bytes(),
    );
    checked.report.write_json(out);
    out.push(b'}');
}

pub fn end_json(shape: Shape, empty: bool) -> &'static [u8] {
    match shape {
        Shape::Outcome => b"",
        Shape::Bundle if empty => b"}\n",
        Shape::Bundle => b"\n]}\n",
    }
}

pub fn begin_xml(shape: Shape) -> &'static [u8] {
    match shape {
        Shape::Outcome => b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        Shape::Bundle => {
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\">\n<type value=\"collection\"/>\n"
        }
    }
}

pub fn xml(shape: Shape, checked: &Checked<'_>, out: &mut Vec<u8>) {
    if shape == Shape::Outcome {
        checked.report.write_xml(out);
        return;
    }
    let (link, url) = (link(checked.source), full_url(checked));
    let link = link.replace('&', "&amp;");
    out.extend_from_slice(
        format!(
            "<entry>\n<link>\n<relation value=\"via\"/>\n<url value=\"{link}\"/>\n</link>\n<fullUrl value=\"{url}\"/>\n<resource>\n"
        )
        .as_bytes(),
    );
    checked.report.write_xml(out);
    out.extend_from_slice(b"</resource>\n</entry>\n");
}

pub fn end_xml(shape: Shape) -> &'static [u8] {
    match shape {
        Shape::Outcome => b"",
        Shape::Bundle => b"</Bundle>\n",
    }
}

/// A path as a uri reference: what a uri cannot hold is percent-encoded.
fn link(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for byte in source.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@!$&()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A UUID of version 8 (RFC 9562) made of the number and name of the document, so that a run can be repeated byte by byte.
fn full_url(checked: &Checked<'_>) -> String {
    // FNV-1a, 128 bits.
    let mut hash = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D_u128;
    for byte in checked.number.to_le_bytes().iter().chain(checked.source.as_bytes()) {
        hash = (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
    }
    let hex = format!("{hash:032x}");
    format!("urn:uuid:{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
