//! Markup of a narrative: well-formed XML whose root is one `div` of XHTML, read once and handed out event by event.

use std::borrow::Cow;

use crate::Limits;
use crate::fault::{Stop, Unreadable, UnreadableKind, stop};
use crate::namespaces::{Namespace, Namespaces, OtherAttribute, shortened};
use crate::tree::{Form, NodeRef, Text, text_of};
use crate::xml_scan::{RawName, XmlScan};

/// A part of a narrative, in the order of the markup. Offsets count bytes of the markup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum XhtmlEvent<'m> {
    /// An element begins.
    Open {
        /// Its name without a prefix.
        name: &'m str,
        /// Whether it is in the XHTML namespace.
        is_xhtml: bool,
        /// Its attributes in the order of the tag, without namespace declarations.
        attributes: &'m [XhtmlAttribute<'m>],
        /// Where its tag begins.
        offset: u32,
    },
    /// Text, in as many pieces as CDATA sections make of it.
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
        // It has been read before it is shown, so its references are sound.
        decoded(self.raw).map_or(Cow::Borrowed(self.raw), Cow::Owned)
    }

    /// Whether it is nothing but white space, which in XML a no-break space is not.
    pub fn is_blank(self) -> bool {
        self.raw.trim_ascii_start().is_empty() || self.decoded().trim_matches([' ', '\t', '\n', '\r']).is_empty()
    }
}

/// An attribute of an element of a narrative.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XhtmlAttribute<'m> {
    /// The name as written, with its prefix.
    pub name: &'m str,
    /// The value, decoded.
    pub value: &'m str,
    /// Where the name begins.
    pub offset: u32,
}

/// Reads the markup of a narrative, one `div` of XHTML with nothing but blanks around it, and shows it to `visit`.
///
/// The errors are those of well-formedness, [`UnreadableKind::Doctype`], [`UnreadableKind::TooDeep`],
/// [`UnreadableKind::TooLarge`], and [`UnreadableKind::NotXhtml`] for a root that is no `div` or not in the XHTML namespace.
/// <https://hl7.org/fhir/STU3/narrative.html#xhtml>
pub fn xhtml(markup: &str, limits: Limits, visit: impl FnMut(XhtmlEvent<'_>)) -> Result<(), Unreadable> {
    let (mut pieces, mut own) = (Vec::new(), String::new());
    narrative(markup, limits, &mut pieces, &mut own)?;
    show(&pieces, 0, markup, &own, visit);
    Ok(())
}

/// Shows the narrative of a node, as [`xhtml`] does; offsets count from the beginning of its value.
///
/// Markup that comes from XML was read with its document and may use prefixes that are declared around it; a string that
/// comes from JSON has to stand on its own.
pub fn xhtml_of(node: NodeRef<'_>, limits: Limits, visit: impl FnMut(XhtmlEvent<'_>)) -> Result<(), Unreadable> {
    let markup = node.value().unwrap_or("");
    if node.form() != Form::Markup {
        return xhtml(markup, limits, visit);
    }
    let (document, start) = (node.document(), node.start());
    let all = &document.arena.pieces;
    // An element without a closing tag closes where it ends, which may be where the next one begins.
    let up_to =
        |end| all.partition_point(|piece| piece.offset < end || piece.offset == end && piece.kind == PieceKind::Close);
    let (from, to) = (up_to(start), up_to(start + markup.len() as u32));
    show(&all[from..to], start, document.source, &document.arena.own, visit);
    Ok(())
}

/// Reads a narrative that stands on its own.
fn narrative(markup: &str, limits: Limits, pieces: &mut Vec<Piece>, own: &mut String) -> Result<(), Stop> {
    let mut scan = XmlScan::new(markup);
    scan.refuse_noncharacters()?;
    scan.skip_blanks();
    if scan.starts_with(b"<!DOCTYPE") {
        return Err(scan.doctype());
    }
    if scan.peek() != b'<' || matches!(scan.bytes.get(scan.at + 1), Some(b'!' | b'?' | b'/')) {
        return Err(stop(markup, scan.at, UnreadableKind::NotXhtml, "a narrative begins with `<div`"));
    }
    let start = scan.at;
    let root = element(&mut scan, &mut Namespaces::new(), limits.depth, pieces, own)?;
    scan.skip_blanks();
    if !scan.at_end() {
        return Err(stop(markup, scan.at, UnreadableKind::NotXhtml, "there is more text after the narrative's `div`"));
    }
    if root.name != "div" || root.namespace != Namespace::XHTML {
        let reason = if root.name == "div" {
            "the narrative's `div` is not in the namespace http://www.w3.org/1999/xhtml".to_owned()
        } else {
            format!("a narrative is one `div`, not `{}`", shortened(root.name))
        };
        return Err(stop(markup, start, UnreadableKind::NotXhtml, reason));
    }
    Ok(())
}

/// A piece of markup that has been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    kind: PieceKind,
    /// Where it begins: a tag, a text, the name of an attribute, the closing of an element.
    offset: u32,
    /// The name of an element or attribute, or the text as written.
    text: Text,
    /// The value of an attribute.
    value: Text,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PieceKind {
    /// An element begins; whether it is in the XHTML namespace.
    Open(bool),
    /// An attribute of the element that has begun.
    Attribute,
    Text,
    Cdata,
    Close,
}

/// More pieces than this are refused, as more nodes are.
const MOST_PIECES: usize = 1 << 24;

/// Shows pieces of markup whose offsets begin at `start`.
fn show(pieces: &[Piece], start: u32, source: &str, own: &str, mut visit: impl FnMut(XhtmlEvent<'_>)) {
    let mut attributes = Vec::new();
    let mut rest = pieces.iter();
    while let Some(piece) = rest.next() {
        let (offset, text) = (piece.offset - start, text_of(piece.text, source, own));
        match piece.kind {
            PieceKind::Open(is_xhtml) => {
                let count = rest.as_slice().iter().take_while(|piece| piece.kind == PieceKind::Attribute).count();
                attributes.clear();
                attributes.extend(rest.by_ref().take(count).map(|piece| XhtmlAttribute {
                    name: text_of(piece.text, source, own),
                    value: text_of(piece.value, source, own),
                    offset: piece.offset - start,
                }));
                visit(XhtmlEvent::Open { name: text, is_xhtml, attributes: &attributes, offset });
            }
            PieceKind::Text => visit(XhtmlEvent::Text { text: XhtmlText { raw: text, is_cdata: false }, offset }),
            PieceKind::Cdata => visit(XhtmlEvent::Text { text: XhtmlText { raw: text, is_cdata: true }, offset }),
            PieceKind::Close => visit(XhtmlEvent::Close { offset }),
            PieceKind::Attribute => {}
        }
    }
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

/// Reads one element with all that is in it, from its `<` to behind its end. Its pieces go to the end of `pieces`, decoded
/// values to the end of `own`.
pub(crate) fn element<'m>(
    scan: &mut XmlScan<'m>,
    spaces: &mut Namespaces<'m>,
    depth: u32,
    pieces: &mut Vec<Piece>,
    own: &mut String,
) -> Result<Root<'m>, Stop> {
    let outside = spaces.mark();
    let mut open: Vec<OpenElement> = Vec::with_capacity(16);
    let mut names = Vec::new();
    let mut root = None;
    let piece = |kind, start: usize, end: usize| {
        let text = Text::of_source(start, end);
        Piece { kind, offset: start as u32, text, value: Text::ABSENT }
    };
    loop {
        let start = scan.at;
        // A tag begins here.
        match scan.bytes.get(start + 1) {
            Some(b'/') => {
                if let Some(OpenElement { name, mark }) = open.pop() {
                    close_tag(scan, name)?;
                    spaces.restore(mark);
                }
                pieces.push(piece(PieceKind::Close, start, start));
            }
            Some(b'!' | b'?') => {
                if scan.starts_with(b"<![CDATA[") {
                    let length = scan.cdata()?.len();
                    let end = scan.at - "]]>".len();
                    pieces.push(Piece { offset: start as u32, ..piece(PieceKind::Cdata, end - length, end) });
                } else {
                    comment_or_instruction(scan)?;
                }
            }
            _ => {
                if open.len() as u32 >= depth {
                    return Err(scan.too_deep());
                }
                if pieces.len() >= MOST_PIECES {
                    let reason = "more elements than a document may have";
                    return Err(stop(scan.text, scan.at, UnreadableKind::TooLarge, reason));
                }
                let (mark, first) = (spaces.mark(), pieces.len());
                scan.at += 1;
                let name = scan.name()?;
                pieces.push(Piece {
                    offset: start as u32,
                    ..piece(PieceKind::Open(false), name.local as usize, name.end as usize)
                });
                let is_empty = attributes(scan, spaces, name, &mut names, pieces, own)?;
                let namespace = spaces.of_element(scan, name)?;
                // In a namespace that is declared around the markup it cannot be shown without what is around it.
                let is_xhtml = namespace == Namespace::XHTML && spaces.is_since(outside, scan, name);
                pieces[first].kind = PieceKind::Open(is_xhtml);
                root.get_or_insert(Root { name: name.local(scan.text), namespace });
                if is_empty {
                    spaces.restore(mark);
                    pieces.push(piece(PieceKind::Close, scan.at, scan.at));
                } else {
                    open.push(OpenElement { name, mark });
                }
            }
        }
        let Some(innermost) = open.last() else { break };
        let start = scan.at;
        scan.text()?;
        if scan.at != start {
            pieces.push(piece(PieceKind::Text, start, scan.at));
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

/// Reads the attributes and the end of a start tag; whether it ends its element at once.
#[inline]
fn attributes<'m>(
    scan: &mut XmlScan<'m>,
    spaces: &mut Namespaces<'m>,
    tag: RawName,
    names: &mut Vec<OtherAttribute>,
    pieces: &mut Vec<Piece>,
    own: &mut String,
) -> Result<bool, Stop> {
    names.clear();
    loop {
        let blank = scan.skip_blanks();
        match scan.peek() {
            b'>' => {
                scan.at += 1;
                spaces.no_duplicates(scan, names)?;
                return Ok(false);
            }
            b'/' => {
                scan.at += 1;
                if scan.peek() != b'>' {
                    return Err(scan.unexpected("`>` after `/`"));
                }
                scan.at += 1;
                spaces.no_duplicates(scan, names)?;
                return Ok(true);
            }
            _ if scan.at_end() => return Err(unclosed(scan, tag)),
            _ if !blank => return Err(scan.unexpected("a blank, `/>` or `>`")),
            _ => {}
        }
        let name = scan.name()?;
        let own_length = own.len();
        let value = scan.attribute_value(own)?;
        Namespaces::not_too_many(scan, names)?;
        names.push(OtherAttribute { name });
        if Namespaces::is_declaration(scan, name) {
            spaces.declare(scan, name, text_of(value, scan.text, own))?;
            own.truncate(own_length);
        } else {
            let text = Text::of_source(name.start as usize, name.end as usize);
            pieces.push(Piece { kind: PieceKind::Attribute, offset: name.start, text, value });
        }
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
