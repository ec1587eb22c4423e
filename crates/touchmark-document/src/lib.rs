//! FHIR JSON and FHIR XML read into one element tree, borrowed from the input, with a position for every node.
//!
//! This crate knows no profile: what a name may hold, how often and of what type is for others to say.
#![forbid(unsafe_code)]

mod encoding;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod json;
mod json_scan;
mod names;
mod namespaces;
mod position;
mod short_name;
mod tree;
mod words;
mod xhtml;
mod xml;
mod xml_scan;

pub use encoding::decode;
pub use fault::{Fault, FaultKind, Unreadable, UnreadableKind};
pub use names::{Name, Names};
pub use position::{Position, Positions};
pub use tree::{Arena, Children, ChildrenNamed, Descendants, Document, Form, Format, NodeId, NodeRef};
pub use xhtml::{XhtmlAttribute, XhtmlEvent, XhtmlText, xhtml, xhtml_of};

/// How much a reader takes on before it gives up. The defaults are far beyond any real message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of elements. Default 200.
    pub depth: u32,
    /// The largest input in bytes. Default 256 MiB; never more than 2 GiB − 1.
    pub size: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 200, size: 256 << 20 }
    }
}

/// Reads FHIR in either format, which is recognised from the first character.
///
/// `source` comes from [`decode`]. The arena's memory is used again; what it held is gone.
/// Errors: [`UnreadableKind::Empty`] and [`UnreadableKind::NotFhir`] for what is neither JSON nor XML, those of
/// well-formedness, and those of the limits.
///
/// ```
/// use touchmark_document::{Arena, Limits, Names, decode, parse};
///
/// let names = Names::new();
/// let mut arena = Arena::new();
/// let bytes = br#"<Patient xmlns="http://hl7.org/fhir"><birthDate value="1970-01-01"/></Patient>"#;
/// let text = decode(bytes)?;
/// let document = parse(&text, &mut arena, &names, Limits::default())?;
/// assert_eq!(document.root().resource_text(), "Patient");
/// assert_eq!(document.root().child_value("birthDate"), Some("1970-01-01"));
/// # Ok::<(), touchmark_document::Unreadable>(())
/// ```
pub fn parse<'a>(
    source: &'a str,
    arena: &'a mut Arena,
    names: &'a Names,
    limits: Limits,
) -> Result<Document<'a>, Unreadable> {
    match source.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).bytes().next() {
        Some(b'{') => parse_json(source, arena, names, limits),
        Some(b'<') => parse_xml(source, arena, names, limits),
        _ => Err(encoding::neither(source)),
    }
}

/// Reads FHIR XML.
pub fn parse_xml<'a>(
    source: &'a str,
    arena: &'a mut Arena,
    names: &'a Names,
    limits: Limits,
) -> Result<Document<'a>, Unreadable> {
    let (source, has_mark) = admit(source, limits)?;
    arena.clear();
    xml::read(source, has_mark, arena, names, limits)?;
    arena.sort_faults();
    Ok(Document { source, arena, names, format: Format::Xml })
}

/// Reads FHIR JSON.
pub fn parse_json<'a>(
    source: &'a str,
    arena: &'a mut Arena,
    names: &'a Names,
    limits: Limits,
) -> Result<Document<'a>, Unreadable> {
    let (source, has_mark) = admit(source, limits)?;
    arena.clear();
    if has_mark {
        arena.fault(FaultKind::ByteOrderMark, 0, 0, "");
    }
    json::read(source, arena, names, limits)?;
    arena.sort_faults();
    Ok(Document { source, arena, names, format: Format::Json })
}

/// The source without its byte order mark, unless it is too large.
fn admit(source: &str, limits: Limits) -> Result<(&str, bool), Unreadable> {
    let largest = limits.size.min(i32::MAX as u32);
    let bare = source.strip_prefix('\u{feff}');
    let text = bare.unwrap_or(source);
    if text.len() as u64 > u64::from(largest) {
        let reason = format!("{} bytes are more than the limit of {largest}", text.len());
        return Err(fault::stop("", 0, UnreadableKind::TooLarge, reason).into());
    }
    Ok((text, bare.is_some()))
}
