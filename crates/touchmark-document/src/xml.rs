//! FHIR XML read into the element tree.
//!
//! <https://hl7.org/fhir/STU3/xml.html> is the format: `value` is an attribute, so are `id` of any element and `url` of
//! an extension; a resource stands as one element in the element that has a place for it; the narrative is XHTML.

mod prolog;

use crate::Limits;
use crate::fault::{FaultKind, Stop, UnreadableKind, stop};
use crate::names::{Name, Names};
use crate::namespaces::{Namespace, Namespaces, OtherAttribute, shortened};
use crate::short_name::ShortName;
use crate::tree::{Arena, Form, Node, NodeId, Text, text_of};
use crate::xhtml::{close_tag, comment_or_instruction, element, unclosed};
use crate::xml_scan::{RawName, XmlScan};

const NONE: u32 = NodeId::NONE;

/// What an element is as to resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// No resource; it may have a place for one.
    Element,
    /// The root, a resource with a node of its own.
    Root,
    /// A resource that shares its node with the element around it.
    Held,
}

/// An element that is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    /// The last child so far.
    last: u32,
    name: RawName,
    /// Where its namespace declarations begin.
    mark: u32,
    namespace: Namespace,
    kind: Kind,
    /// It is the element around such a resource.
    wraps: bool,
    has_stray_text: bool,
}

struct Reader<'r> {
    scan: XmlScan<'r>,
    arena: &'r mut Arena,
    names: &'r Names,
    limits: Limits,
    spaces: Namespaces<'r>,
    frame: Frame,
    stack: Vec<Frame>,
    attributes: Vec<OtherAttribute>,
}

/// Reads XML into a cleared arena; `has_mark` says that the text began with a byte order mark (see `encoding.rs`).
pub(crate) fn read(source: &str, has_mark: bool, arena: &mut Arena, names: &Names, limits: Limits) -> Result<(), Stop> {
    let outside = Frame {
        node: NONE,
        last: NONE,
        name: RawName::default(),
        mark: 0,
        namespace: Namespace::FHIR,
        kind: Kind::Element,
        wraps: false,
        has_stray_text: false,
    };
    let reader = Reader {
        scan: XmlScan::new(source),
        arena,
        names,
        limits,
        spaces: Namespaces::new(),
        frame: outside,
        stack: Vec::with_capacity(32),
        attributes: Vec::new(),
    };
    reader.document(has_mark)
}

impl Reader<'_> {
    fn document(mut self, has_mark: bool) -> Result<(), Stop> {
        self.scan.refuse_noncharacters()?;
        self.prolog(has_mark)?;
        self.open()?;
        while !self.stack.is_empty() {
            self.content()?;
        }
        self.epilog()
    }

    /// Reads on to the end of the next tag.
    #[inline]
    fn content(&mut self) -> Result<(), Stop> {
        self.scan.skip_blanks();
        if self.scan.peek() != b'<' {
            return self.stray_text();
        }
        match self.scan.bytes.get(self.scan.at + 1) {
            Some(b'/') => self.close(),
            Some(b'!' | b'?') => {
                if self.scan.starts_with(b"<![CDATA[") {
                    let start = self.scan.at;
                    self.scan.cdata()?;
                    self.stray_text_fault(start);
                    return Ok(());
                }
                comment_or_instruction(&mut self.scan)
            }
            _ => self.open(),
        }
    }

    #[cold]
    fn stray_text(&mut self) -> Result<(), Stop> {
        if self.scan.at_end() {
            return Err(unclosed(&self.scan, self.frame.name));
        }
        let start = self.scan.at;
        self.scan.text()?;
        self.stray_text_fault(start);
        Ok(())
    }

    #[cold]
    fn stray_text_fault(&mut self, start: usize) {
        if !self.frame.has_stray_text {
            self.frame.has_stray_text = true;
            let text = self.scan.text[start..self.scan.at].trim_end();
            self.arena.fault(FaultKind::StrayText, start, self.frame.node, text);
        }
    }

    /// Reads the start tag that is here.
    #[inline]
    fn open(&mut self) -> Result<(), Stop> {
        let start = self.scan.at;
        self.scan.at += 1;
        let (tag, name) = self.name()?;
        if self.stack.len() as u32 >= self.limits.depth {
            return Err(self.scan.too_deep());
        }
        if self.stack.is_empty() || self.scan.bytes[tag.local as usize].is_ascii_uppercase() {
            let frame = self.resource(name, start)?;
            return self.enter(Frame { name: tag, wraps: false, has_stray_text: false, ..frame }, start);
        }
        if tag.end - tag.local == 3 && tag.local(self.scan.text) == "div" {
            return self.markup(start, name);
        }
        let mut value = Text::ABSENT;
        if self.scan.starts_with(b" value=\"") {
            self.scan.at += 8;
            value = self.scan.quoted(b'"', &mut self.arena.own)?;
        }
        let node = self.child(Node::new(name, Form::Element, self.frame.node, start, value))?;
        if value.len == 0 {
            self.fault(FaultKind::EmptyString, start as u32, node, name);
        }
        // Half of all elements end here, and need no frame.
        if value != Text::ABSENT
            && self.scan.starts_with(b"/>")
            && self.frame.namespace == Namespace::FHIR
            && self.spaces.of_element(&self.scan, tag)? == Namespace::FHIR
        {
            self.scan.at += 2;
            return Ok(());
        }
        let (kind, namespace) = (Kind::Element, self.frame.namespace);
        let (last, mark, wraps, has_stray_text) = (NONE, 0, false, false);
        self.enter(Frame { node, last, name: tag, mark, namespace, kind, wraps, has_stray_text }, start)
    }

    /// Reads the name of a tag. One of the table is known by its bytes, without a look at each.
    #[inline]
    fn name(&mut self) -> Result<(RawName, Name), Stop> {
        let start = self.scan.at;
        if let Some((short, length)) = ShortName::of_tag(self.scan.bytes, start)
            && let name @ Name(1..) = self.names.find_short(&short)
        {
            self.scan.at += length;
            let (start, end) = (start as u32, self.scan.at as u32);
            return Ok((RawName { start, local: start, end }, name));
        }
        self.other_name()
    }

    #[cold]
    fn other_name(&mut self) -> Result<(RawName, Name), Stop> {
        let tag = self.scan.name()?;
        match self.arena.name_at(self.names, self.scan.text, tag.local as usize, tag.end as usize) {
            Some(name) => Ok((tag, name)),
            None => Err(self.too_many_names()),
        }
    }

    /// Reads the rest of a start tag, and its element is the one that is being read.
    fn enter(&mut self, mut frame: Frame, start: usize) -> Result<(), Stop> {
        frame.mark = self.spaces.mark() as u32;
        let is_empty = self.attributes(&mut frame)?;
        let namespace = self.spaces.of_element(&self.scan, frame.name)?;
        if namespace != Namespace::FHIR {
            self.foreign(frame.node, start, namespace, frame.name)?;
        }
        frame.namespace = namespace;
        self.stack.push(self.frame);
        self.frame = frame;
        if is_empty {
            self.end();
        }
        Ok(())
    }

    /// Adds a node to the element that is being read.
    #[inline]
    fn child(&mut self, node: Node) -> Result<u32, Stop> {
        if self.frame.wraps {
            self.fault(FaultKind::SeveralResources, node.start, self.frame.node, node.name);
        }
        let id = self.push(node)?;
        link(self.arena, self.frame.node, self.frame.last, id);
        self.frame.last = id;
        Ok(id)
    }

    #[inline]
    fn push(&mut self, node: Node) -> Result<u32, Stop> {
        match self.arena.push(node) {
            Some(id) => Ok(id),
            None => Err(stop(
                self.scan.text,
                self.scan.at,
                UnreadableKind::TooLarge,
                "more elements than a document may have",
            )),
        }
    }

    /// The frame of an element that is named like a type: the root, or a resource in the element that holds it.
    #[cold]
    fn resource(&mut self, name: Name, start: usize) -> Result<Frame, Stop> {
        let mut node = Node::new(name, Form::Element, self.frame.node, start, Text::ABSENT);
        if self.frame.kind != Kind::Element {
            let node = self.child(node)?;
            return Ok(Frame { node, last: NONE, kind: Kind::Element, ..self.frame });
        }
        node.resource = name;
        if self.stack.is_empty() {
            let node = self.push(node)?;
            return Ok(Frame { node, last: NONE, kind: Kind::Root, ..self.frame });
        }
        if self.frame.wraps {
            self.fault(FaultKind::SeveralResources, start as u32, self.frame.node, name);
            self.second_resource(node)?;
        } else {
            if self.frame.last != NONE && self.arena.nodes[self.frame.last as usize].form != Form::Attribute {
                self.fault(FaultKind::SeveralResources, start as u32, self.frame.node, name);
            }
            self.frame.wraps = true;
            self.arena.nodes[self.frame.node as usize].resource = name;
        }
        Ok(Frame { kind: Kind::Held, ..self.frame })
    }

    /// Makes a node beside the one that has its resource already, as if each had an element of its own around it.
    fn second_resource(&mut self, mut node: Node) -> Result<(), Stop> {
        let wrapper = self.arena.nodes[self.frame.node as usize];
        (node.name, node.parent) = (wrapper.name, wrapper.parent);
        let id = self.push(node)?;
        if let Some(around) = self.stack.last_mut() {
            link(self.arena, around.node, around.last, id);
            around.last = id;
        }
        (self.frame.node, self.frame.last) = (id, NONE);
        Ok(())
    }

    /// Reads the attributes and the end of a start tag; whether it ends its element at once.
    #[inline]
    fn attributes(&mut self, frame: &mut Frame) -> Result<bool, Stop> {
        if self.scan.peek() == b'>' {
            self.scan.at += 1;
            return Ok(false);
        }
        self.more_attributes(frame)
    }

    fn more_attributes(&mut self, frame: &mut Frame) -> Result<bool, Stop> {
        // A `value` that stands first has been read already.
        let (mut has_value, mut has_id, mut has_url) =
            (self.arena.nodes[frame.node as usize].value != Text::ABSENT, false, false);
        self.attributes.clear();
        let is_empty = loop {
            let blank = self.scan.skip_blanks();
            match self.scan.peek() {
                b'>' => {
                    self.scan.at += 1;
                    break false;
                }
                b'/' => {
                    self.scan.at += 1;
                    if self.scan.peek() != b'>' {
                        return Err(self.scan.unexpected("`>` after `/`"));
                    }
                    self.scan.at += 1;
                    break true;
                }
                _ if self.scan.at_end() => return Err(unclosed(&self.scan, frame.name)),
                _ if !blank => return Err(self.scan.unexpected("a blank, `/>` or `>`")),
                _ => {}
            }
            let name = self.scan.name()?;
            let seen = match name.whole(self.scan.text) {
                "value" => &mut has_value,
                "id" => &mut has_id,
                "url" => &mut has_url,
                _ => {
                    self.other_attribute(frame.node, name)?;
                    continue;
                }
            };
            if std::mem::replace(seen, true) {
                let reason = format!("the attribute `{}` twice in one tag", name.whole(self.scan.text));
                return Err(self.scan.malformed(name.start as usize, reason));
            }
            let value = self.scan.attribute_value(&mut self.arena.own)?;
            if name.end - name.start == 5 {
                self.arena.nodes[frame.node as usize].value = value;
                if value.len == 0 {
                    let Node { start, name, .. } = self.arena.nodes[frame.node as usize];
                    self.fault(FaultKind::EmptyString, start, frame.node, name);
                }
                continue;
            }
            self.attribute_child(frame, name, value)?;
        };
        if !self.attributes.is_empty() {
            self.spaces.no_duplicates(&self.scan, &self.attributes)?;
        }
        Ok(is_empty)
    }

    /// `id` and `url` become children.
    fn attribute_child(&mut self, frame: &mut Frame, attribute: RawName, value: Text) -> Result<(), Stop> {
        let (start, end) = (attribute.start as usize, attribute.end as usize);
        let Some(name) = self.arena.name_at(self.names, self.scan.text, start, end) else {
            return Err(self.too_many_names());
        };
        let id = self.push(Node::new(name, Form::Attribute, frame.node, start, value))?;
        link(self.arena, frame.node, frame.last, id);
        frame.last = id;
        if value.len == 0 {
            self.fault(FaultKind::EmptyString, attribute.start, id, name);
        }
        Ok(())
    }

    /// An attribute that declares a namespace or that FHIR does not have.
    #[cold]
    fn other_attribute(&mut self, node: u32, name: RawName) -> Result<(), Stop> {
        let own_length = self.arena.own.len();
        let value = self.scan.attribute_value(&mut self.arena.own)?;
        if Namespaces::is_declaration(&self.scan, name) {
            self.spaces.declare(&self.scan, name, text_of(value, self.scan.text, &self.arena.own))?;
        } else if name.whole(self.scan.text) != "xsi:schemaLocation" {
            self.arena.fault(FaultKind::StrayAttribute, name.start as usize, node, name.whole(self.scan.text));
        }
        self.arena.own.truncate(own_length);
        Namespaces::not_too_many(&self.scan, &self.attributes)?;
        self.attributes.push(OtherAttribute { name });
        Ok(())
    }

    /// An element outside the FHIR namespace: said once for those inside each other.
    #[cold]
    fn foreign(&mut self, node: u32, start: usize, namespace: Namespace, tag: RawName) -> Result<(), Stop> {
        let uri = self.spaces.text(namespace);
        if self.stack.is_empty()
            && let Some(reason) = prolog::looks_like(uri, tag.local(self.scan.text))
        {
            return Err(stop(self.scan.text, start, UnreadableKind::NotFhir, reason));
        }
        if namespace != self.frame.namespace {
            let detail = if uri.is_empty() { "no namespace" } else { uri };
            self.arena.fault(FaultKind::Namespace, start, node, detail);
        }
        Ok(())
    }

    /// Reads a narrative's `div`, which stays as it is written.
    #[cold]
    fn markup(&mut self, start: usize, name: Name) -> Result<(), Stop> {
        self.scan.at = start;
        let depth = self.limits.depth.saturating_sub(self.stack.len() as u32);
        let root = element(&mut self.scan, &mut self.spaces, depth, &mut self.arena.pieces, &mut self.arena.own)?;
        let value = Text::of_source(start, self.scan.at);
        let node = self.child(Node::new(name, Form::Markup, self.frame.node, start, value))?;
        if root.namespace != Namespace::XHTML {
            let uri = self.spaces.text(root.namespace);
            self.arena.fault(FaultKind::Namespace, start, node, if uri.is_empty() { "no namespace" } else { uri });
        }
        Ok(())
    }

    /// Reads the closing tag that is here.
    #[inline]
    fn close(&mut self) -> Result<(), Stop> {
        close_tag(&mut self.scan, self.frame.name)?;
        self.end();
        Ok(())
    }

    /// Leaves the element that is being read.
    #[inline]
    fn end(&mut self) {
        let Frame { node, last, mark, kind, wraps, .. } = self.frame;
        if last == NONE && !wraps && self.arena.nodes[node as usize].value == Text::ABSENT {
            let Node { start, name, resource, .. } = self.arena.nodes[node as usize];
            let name = if resource == Name::NONE { name } else { resource };
            self.fault(FaultKind::EmptyElement, start, node, name);
        }
        self.spaces.restore(mark as usize);
        if let Some(around) = self.stack.pop() {
            self.frame = around;
            if kind == Kind::Held {
                self.frame.last = last;
            }
        }
    }

    #[cold]
    fn fault(&mut self, kind: FaultKind, offset: u32, node: u32, name: Name) {
        let detail = shortened(self.arena.name_text(self.names, name));
        self.arena.fault(kind, offset as usize, node, &detail);
    }

    #[cold]
    fn too_many_names(&self) -> Stop {
        stop(self.scan.text, self.scan.at, UnreadableKind::TooManyNames, "more than 32,768 unknown names")
    }
}

/// Makes a node the next child of another.
#[inline]
fn link(arena: &mut Arena, parent: u32, last: u32, id: u32) {
    if last == NONE {
        arena.nodes[parent as usize].first_child = id;
    } else {
        arena.nodes[last as usize].next = id;
    }
}
