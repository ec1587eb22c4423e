//! Markup of a narrative: well-formed XML whose root is one `div` of XHTML, handed out event by event.

use std::borrow::Cow;

use crate::Limits;
use crate::fault::{Stop, Unreadable, UnreadableKind, stop};
use crate::namespaces::{Namespace, Namespaces, OtherAttribute, shortened};
use crate::tree::{Form, NodeRef, Text};
use crate::xml_scan::{RawName, XmlScan};

/// A part of a narrative, in the order of the markup. Offsets count bytes of the markup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum XhtmlEvent<'m, 'v> {
    /// An element begins.
    Open {
        /// Its name without a prefix.
        name: &'m str,
        /// Whether it is in the XHTML namespace.
        is_xhtml: bool,
        /// Its attributes in the order of the tag, without namespace declarations.
        attributes: &'v [XhtmlAttribute<'m>],
        /// Where its tag begins.
        offset: u32,
    },
    /// Text, in as many pieces as references and CDATA sections make of it.
    Text {
        /// The text.
        text: XhtmlText<'m>,
        /// Where it begins.
        offset: u32,
    },
    /// The element opened last ends.
    Close {
        /// Where its closing tag begins; of an element that is empty, where its tag ends.
        offset: u32,
    },
}

/// Text of a narrative, which is decoded when asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XhtmlText<'m> {
    raw: &'m str,
    is_cdata: bool,
}

impl<'m> XhtmlText<'m> {
    /// The text, decoded.
    pub fn decoded(self) -> Cow<'m, str> {
        if self.is_cdata || memchr::memchr2(b'&', b'\r', self.raw.as_bytes()).is_none() {
            return Cow::Borrowed(self.raw);
        }
        // It has been read before it was shown, so its references are sound.
        decoded(self.raw).map_or(Cow::Borrowed(self.raw), Cow::Owned)
    }

    /// Whether it is nothing but blanks.
    pub fn is_blank(self) -> bool {
        self.raw.trim_ascii_start().is_empty() || self.decoded().trim().is_empty()
    }
}

/// An attribute of an element of a narrative.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XhtmlAttribute<'m> {
    /// The name as written, with its prefix.
    pub name: &'m str,
    /// The value, decoded.
    pub value: Cow<'m, str>,
    /// Where the name begins.
    pub offset: u32,
}

/// Reads the markup of a narrative, one `div` of XHTML with nothing but blanks around it, and shows it to `visit`.
///
/// Events are handed out while reading: when this returns an error, the ones before it were only a part.
/// The errors are those of well-formedness, [`UnreadableKind::Doctype`], [`UnreadableKind::TooDeep`], and
/// [`UnreadableKind::NotXhtml`] for a root that is no `div` or not in the XHTML namespace.
/// <https://hl7.org/fhir/STU3/narrative.html#xhtml>
pub fn xhtml<'m>(markup: &'m str, limits: Limits, visit: impl FnMut(XhtmlEvent<'m, '_>)) -> Result<(), Unreadable> {
    Ok(narrative(markup, limits, false, visit)?)
}

/// Reads the narrative of a node, as [`xhtml`] does; offsets count from the beginning of its value.
///
/// Markup that comes from XML was checked by the reader and may use prefixes that are declared around it,
/// so only its content is shown; a string that comes from JSON has to stand on its own.
pub fn xhtml_of<'m>(
    node: NodeRef<'m>,
    limits: Limits,
    visit: impl FnMut(XhtmlEvent<'m, '_>),
) -> Result<(), Unreadable> {
    Ok(narrative(node.value().unwrap_or(""), limits, node.form() == Form::Markup, visit)?)
}

fn narrative<'m>(
    markup: &'m str,
    limits: Limits,
    is_checked: bool,
    mut visit: impl FnMut(XhtmlEvent<'m, '_>),
) -> Result<(), Stop> {
    let mut scan = XmlScan::new(markup);
    scan.refuse_noncharacters()?;
    let mut spaces = Namespaces::new();
    spaces.lenient = is_checked;
    scan.skip_blanks();
    if scan.starts_with(b"<!DOCTYPE") {
        return Err(scan.doctype());
    }
    if scan.peek() != b'<' || matches!(scan.bytes.get(scan.at + 1), Some(b'!' | b'?' | b'/')) {
        return Err(stop(markup, scan.at, UnreadableKind::NotXhtml, "a narrative begins with `<div`"));
    }
    let start = scan.at;
    let root = element::<true>(&mut scan, &mut spaces, limits.depth, &mut visit)?;
    scan.skip_blanks();
    if !scan.at_end() {
        return Err(stop(markup, scan.at, UnreadableKind::NotXhtml, "there is more text after the narrative's `div`"));
    }
    if !is_checked && (root.name != "div" || root.namespace != Namespace::XHTML) {
        let reason = if root.name == "div" {
            "the narrative's `div` is not in the namespace http://www.w3.org/1999/xhtml".to_owned()
        } else {
            format!("a narrative is one `div`, not `{}`", shortened(root.name))
        };
        return Err(stop(markup, start, UnreadableKind::NotXhtml, reason));
    }
    Ok(())
}

/// The outermost element of markup.
pub(crate) struct Root<'m> {
    pub name: &'m str,
    pub namespace: Namespace,
}

struct OpenElement {
    name: RawName,
    mark: usize,
}

/// Reads one element with all that is in it, from its `<` to behind its end; shows it when `SHOWN`.
pub(crate) fn element<'m, const SHOWN: bool>(
    scan: &mut XmlScan<'m>,
    spaces: &mut Namespaces<'m>,
    depth: u32,
    visit: &mut impl FnMut(XhtmlEvent<'m, '_>),
) -> Result<Root<'m>, Stop> {
    let mut open: Vec<OpenElement> = Vec::with_capacity(16);
    let mut tag = Tag::default();
    let mut root = None;
    loop {
        // A tag begins here.
        match scan.bytes.get(scan.at + 1) {
            Some(b'/') => {
                let offset = scan.at as u32;
                if let Some(OpenElement { name, mark }) = open.pop() {
                    close_tag(scan, name)?;
                    spaces.restore(mark);
                }
                visit(XhtmlEvent::Close { offset });
            }
            Some(b'!' | b'?') => {
                if scan.starts_with(b"<![CDATA[") {
                    let offset = scan.at as u32;
                    let text = XhtmlText { raw: scan.cdata()?, is_cdata: true };
                    visit(XhtmlEvent::Text { text, offset });
                } else {
                    comment_or_instruction(scan)?;
                }
            }
            _ => {
                if open.len() as u32 >= depth {
                    return Err(scan.too_deep());
                }
                let offset = scan.at as u32;
                let mark = spaces.mark();
                let (namespace, is_empty) = tag.read::<SHOWN>(scan, spaces)?;
                let name = tag.name.local(scan.text);
                root.get_or_insert(Root { name, namespace });
                let is_xhtml = namespace == Namespace::XHTML;
                visit(XhtmlEvent::Open { name, is_xhtml, attributes: &tag.attributes, offset });
                if is_empty {
                    spaces.restore(mark);
                    visit(XhtmlEvent::Close { offset: scan.at as u32 });
                } else {
                    open.push(OpenElement { name: tag.name, mark });
                }
            }
        }
        let Some(innermost) = open.last() else { break };
        let offset = scan.at;
        scan.text()?;
        if SHOWN && scan.at != offset {
            let text = XhtmlText { raw: &scan.text[offset..scan.at], is_cdata: false };
            visit(XhtmlEvent::Text { text, offset: offset as u32 });
        }
        if scan.at_end() {
            return Err(unclosed(scan, innermost.name));
        }
    }
    root.ok_or_else(|| scan.unexpected("an element"))
}

#[cold]
fn decoded(raw: &str) -> Result<String, Stop> {
    let mut scan = XmlScan::new(raw);
    let mut text = String::with_capacity(raw.len());
    while let Some(length) = raw[scan.at..].find(['&', '\r']) {
        text.push_str(&raw[scan.at..scan.at + length]);
        scan.at += length;
        if scan.peek() == b'&' {
            text.push(scan.reference()?);
        } else {
            text.push('\n');
            scan.at += if scan.starts_with(b"\r\n") { 2 } else { 1 };
        }
    }
    text.push_str(&raw[scan.at..]);
    Ok(text)
}

/// The start tag read last; its memory is used again.
#[derive(Default)]
struct Tag<'m> {
    name: RawName,
    attributes: Vec<XhtmlAttribute<'m>>,
    names: Vec<OtherAttribute>,
    own: String,
}

impl<'m> Tag<'m> {
    /// Reads a start tag; returns its namespace and whether it ends its element at once.
    fn read<const SHOWN: bool>(
        &mut self,
        scan: &mut XmlScan<'m>,
        spaces: &mut Namespaces<'m>,
    ) -> Result<(Namespace, bool), Stop> {
        scan.at += 1;
        self.name = scan.name()?;
        self.attributes.clear();
        self.names.clear();
        let is_empty = loop {
            let blank = scan.skip_blanks();
            match scan.peek() {
                b'>' => {
                    scan.at += 1;
                    break false;
                }
                b'/' => {
                    scan.at += 1;
                    if scan.peek() != b'>' {
                        return Err(scan.unexpected("`>` after `/`"));
                    }
                    scan.at += 1;
                    break true;
                }
                _ if blank => self.attribute::<SHOWN>(scan, spaces)?,
                _ if scan.at_end() => return Err(unclosed(scan, self.name)),
                _ => return Err(scan.unexpected("a blank, `/>` or `>`")),
            }
        };
        spaces.no_duplicates(scan, &self.names)?;
        Ok((spaces.of_element(scan, self.name)?, is_empty))
    }

    fn attribute<const SHOWN: bool>(
        &mut self,
        scan: &mut XmlScan<'m>,
        spaces: &mut Namespaces<'m>,
    ) -> Result<(), Stop> {
        if scan.at_end() {
            return Err(unclosed(scan, self.name));
        }
        let name = scan.name()?;
        self.own.clear();
        let raw = scan.attribute_value(&mut self.own)?;
        let value = if raw.start & Text::OWN == 0 {
            Cow::Borrowed(&scan.text[raw.start as usize..(raw.start + raw.len) as usize])
        } else {
            Cow::Owned(self.own.clone())
        };
        Namespaces::not_too_many(scan, &self.names)?;
        self.names.push(OtherAttribute { name });
        if Namespaces::is_declaration(scan, name) {
            spaces.declare(scan, name, &value)?;
        } else if SHOWN {
            self.attributes.push(XhtmlAttribute { name: name.whole(scan.text), value, offset: name.start });
        }
        Ok(())
    }
}

/// Reads the closing tag that is here, which must be that of `name`.
#[inline]
pub(crate) fn close_tag(scan: &mut XmlScan<'_>, name: RawName) -> Result<(), Stop> {
    let (start, end) = (name.start as usize, name.end as usize);
    let after = scan.at + 2 + (end - start);
    if scan.bytes.get(scan.at + 2..after) == Some(&scan.bytes[start..end]) {
        if scan.bytes.get(after) == Some(&b'>') {
            scan.at = after + 1;
            return Ok(());
        }
        let before = scan.at;
        scan.at = after;
        scan.skip_blanks();
        if scan.peek() == b'>' {
            scan.at += 1;
            return Ok(());
        }
        scan.at = before;
    }
    Err(wrong_close_tag(scan, name))
}

#[cold]
fn wrong_close_tag(scan: &mut XmlScan<'_>, name: RawName) -> Stop {
    let start = scan.at;
    scan.at += 2;
    let closing = match scan.name() {
        Ok(closing) => closing.whole(scan.text),
        Err(stop) => return stop,
    };
    if closing == name.whole(scan.text) {
        scan.skip_blanks();
        return scan.unexpected("`>` at the end of the closing tag");
    }
    let opened = crate::position::position_in(scan.text, name.start - 1);
    let reason = format!(
        "`</{}>` closes `<{}>` opened at {}:{}",
        shortened(closing),
        shortened(name.whole(scan.text)),
        opened.line,
        opened.column
    );
    scan.malformed(start, reason)
}

#[cold]
pub(crate) fn unclosed(scan: &XmlScan<'_>, name: RawName) -> Stop {
    let opened = crate::position::position_in(scan.text, name.start - 1);
    let name = shortened(name.whole(scan.text));
    let reason = format!("the input ends inside `<{name}>` opened at {}:{}", opened.line, opened.column);
    scan.malformed(scan.text.len(), reason)
}

/// Steps over `<!--…-->` or `<?…?>`; refuses any other `<!`.
#[cold]
pub(crate) fn comment_or_instruction(scan: &mut XmlScan<'_>) -> Result<(), Stop> {
    if scan.starts_with(b"<?") {
        scan.instruction()
    } else if scan.starts_with(b"<!--") {
        scan.comment()
    } else if scan.starts_with(b"<!DOCTYPE") {
        Err(scan.doctype())
    } else {
        Err(scan.malformed(scan.at, "`<!` begins neither a comment nor anything else that is allowed here"))
    }
}
