//! The element tree: what FHIR JSON and FHIR XML both become, as nodes in one reusable arena.

use std::collections::HashMap;
use std::fmt;

use crate::fault::{Fault, FaultKind};
use crate::names::{Name, Names};
use crate::position::{Position, Positions};
use crate::short_name::ShortName;
use crate::xhtml::Piece;

/// The number of a node in its document; the root is 0 and parents come before their children.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The root of every document.
    pub const ROOT: NodeId = NodeId(0);
    pub(crate) const NONE: u32 = u32::MAX;
}

/// How a node was written, so that a rule can say that the wrong JSON type was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// An XML element, which has no JSON type.
    Element,
    /// An XML attribute: `id` of any element and `url` of an extension.
    Attribute,
    /// XHTML markup: the value is the markup itself, from `<div` to `</div>`.
    Markup,
    /// A JSON object.
    Object,
    /// A JSON string.
    String,
    /// A JSON number; the value is as written.
    Number,
    /// JSON `true` or `false`.
    Boolean,
    /// JSON `null`, or a place in a primitive array that only its `_name` sibling fills.
    Null,
}

/// A run of text: in the source, or (unescaped) in the arena's own buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    pub start: u32,
    pub len: u32,
}

impl Text {
    /// Marks a start that counts in the arena's buffer rather than in the source.
    pub const OWN: u32 = 0x8000_0000;
    /// A node without a value.
    pub const ABSENT: Text = Text { start: u32::MAX, len: u32::MAX };

    /// A run of the source.
    #[inline]
    pub const fn of_source(start: usize, end: usize) -> Text {
        Text { start: start as u32, len: (end - start) as u32 }
    }

    /// What was added to the arena's buffer since it was `start` long.
    pub const fn of_own(start: usize, end: usize) -> Text {
        Text { start: start as u32 | Text::OWN, len: (end - start) as u32 }
    }
}

/// A node: 32 bytes, two in a cache line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub name: Name,
    pub resource: Name,
    pub form: Form,
    /// In JSON: the node was an item of an array.
    pub in_array: bool,
    pub parent: u32,
    pub first_child: u32,
    pub next: u32,
    /// Where the node begins in the source, in bytes: the `<` of its tag, the key of its property, the item of its array.
    pub start: u32,
    pub value: Text,
}

impl Node {
    /// A node without children and siblings yet.
    #[inline]
    pub(crate) const fn new(name: Name, form: Form, parent: u32, start: usize, value: Text) -> Node {
        Node {
            name,
            resource: Name::NONE,
            form,
            in_array: false,
            parent,
            first_child: NodeId::NONE,
            next: NodeId::NONE,
            start: start as u32,
            value,
        }
    }
}

/// More nodes than this are refused: 512 MiB of them. The largest real message has some hundred thousand.
const MOST_NODES: usize = 1 << 24;

/// The memory of a document: cleared and filled again for the next one, so that a worker allocates once.
#[derive(Default, Debug)]
pub struct Arena {
    pub(crate) nodes: Vec<Node>,
    /// Unescaped values.
    pub(crate) own: String,
    pub(crate) faults: Vec<Fault>,
    /// What is in markup, in the order of the source.
    pub(crate) pieces: Vec<Piece>,
    /// Names that the table does not hold.
    pub(crate) local_names: Vec<Box<str>>,
    pub(crate) local_numbers: HashMap<Box<str>, u16, foldhash::fast::RandomState>,
}

impl Arena {
    /// An arena without memory of its own yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.own.clear();
        self.faults.clear();
        self.pieces.clear();
        self.local_names.clear();
        self.local_numbers.clear();
    }

    /// The name written in `text[start..end]`: the table's, or one of this document.
    #[inline]
    pub(crate) fn name_at(&mut self, names: &Names, text: &str, start: usize, end: usize) -> Option<Name> {
        let short = ShortName::read(text.as_bytes(), start, end);
        match short.map_or(Name::NONE, |short| names.find_short(&short)) {
            Name::NONE => self.name(names, &text[start..end]),
            name => Some(name),
        }
    }

    /// The text of a name of this document.
    pub(crate) fn name_text<'t>(&'t self, names: &'t Names, name: Name) -> &'t str {
        if name.is_unknown() {
            self.local_names.get((name.0 - Name::FIRST_LOCAL) as usize).map_or("", |t| t)
        } else {
            names.text(name)
        }
    }

    /// Adds a node; the caller links it to its siblings. `None` when there are too many.
    #[inline]
    pub(crate) fn push(&mut self, node: Node) -> Option<u32> {
        let id = self.nodes.len();
        if id >= MOST_NODES {
            return None;
        }
        self.nodes.push(node);
        Some(id as u32)
    }

    /// Notes a fault, unless there are too many already.
    #[cold]
    pub(crate) fn fault(&mut self, kind: FaultKind, offset: usize, node: u32, detail: &str) {
        if self.faults.len() < Document::MOST_FAULTS {
            let detail = detail.chars().take(80).collect::<String>().into_boxed_str();
            self.faults.push(Fault { kind, offset: offset as u32, node: NodeId(node), detail });
        }
    }

    /// Puts the faults into the order of the source: some are known only at the end of an object.
    pub(crate) fn sort_faults(&mut self) {
        if !self.faults.is_sorted_by_key(|f| f.offset) {
            self.faults.sort_by_key(|f| f.offset);
        }
    }

    /// The name of `text`: the table's, or one of this document. `None` when 32,768 unknown names are used up.
    pub(crate) fn name(&mut self, names: &Names, text: &str) -> Option<Name> {
        let found = names.find(text);
        if found == Name::NONE { self.local_name(text) } else { Some(found) }
    }

    #[cold]
    fn local_name(&mut self, text: &str) -> Option<Name> {
        if let Some(&number) = self.local_numbers.get(text) {
            return Some(Name(number));
        }
        let number = Name::FIRST_LOCAL as usize + self.local_names.len();
        let number = u16::try_from(number).ok()?;
        self.local_names.push(text.into());
        self.local_numbers.insert(text.into(), number);
        Some(Name(number))
    }
}

/// A parsed document: the tree, read-only, borrowed from the source and from the arena it was read into.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    pub(crate) source: &'a str,
    pub(crate) arena: &'a Arena,
    pub(crate) names: &'a Names,
    pub(crate) format: Format,
}

/// The two wire formats of FHIR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// FHIR JSON.
    Json,
    /// FHIR XML.
    Xml,
}

impl<'a> Document<'a> {
    /// The root element. A document always has one.
    pub fn root(&self) -> NodeRef<'_> {
        self.node(NodeId::ROOT)
    }

    /// The node with this number.
    #[inline]
    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { document: self, node: &self.arena.nodes[id.0 as usize] }
    }

    /// How many nodes there are; they are numbered from 0 without gaps.
    pub fn len(&self) -> usize {
        self.arena.nodes.len()
    }

    /// Never true: a document has a root.
    pub fn is_empty(&self) -> bool {
        self.arena.nodes.is_empty()
    }

    /// Whether a name occurs in it that the table does not hold.
    pub fn has_unknown_names(&self) -> bool {
        !self.arena.local_names.is_empty()
    }

    /// JSON or XML.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The text that was read (decoded to UTF-8, without a byte order mark).
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// How many faults a reader notes at most; more would say nothing new.
    pub const MOST_FAULTS: usize = 10_000;

    /// What the reader found amiss and could read past, in the order of the source; the first
    /// [`Document::MOST_FAULTS`] of them.
    pub fn faults(&self) -> &'a [Fault] {
        &self.arena.faults
    }

    /// What is wrong with a node itself, among what the reader has found: it is said where the node begins.
    pub fn faults_of(&self, node: NodeRef<'_>) -> impl Iterator<Item = &'a Fault> {
        let (id, start) = (node.id(), node.start());
        let first = self.faults().partition_point(|fault| fault.offset < start);
        let here = self.faults()[first..].iter().take_while(move |fault| fault.offset == start);
        here.filter(move |fault| fault.node == id)
    }

    /// The text of a name that occurs in this document or in its table.
    pub fn name_text(&self, name: Name) -> &'a str {
        self.arena.name_text(self.names, name)
    }

    /// The line and column of a byte offset of the source. For many of them, see [`Document::positions`].
    pub fn position(&self, offset: u32) -> Position {
        self.positions().of(offset)
    }

    /// Finds the lines and columns of many offsets: in one pass over the source when they come in ascending order.
    pub fn positions(&self) -> Positions<'a> {
        Positions::new(self.source)
    }

    #[inline]
    pub(crate) fn text(&self, text: Text) -> &'a str {
        text_of(text, self.source, &self.arena.own)
    }
}

/// The text of a run: in the source, or in the buffer of what had to be unescaped.
pub(crate) fn text_of<'t>(text: Text, source: &'t str, own: &'t str) -> &'t str {
    if text.start & Text::OWN != 0 {
        let start = (text.start & !Text::OWN) as usize;
        own.get(start..start + text.len as usize).unwrap_or("")
    } else {
        source.get(text.start as usize..(text.start + text.len) as usize).unwrap_or("")
    }
}

/// A node together with its document. It leads to the node itself, since nearly all that is asked of it stands there.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    document: &'a Document<'a>,
    node: &'a Node,
}

impl PartialEq for NodeRef<'_> {
    /// Two nodes are equal when they are the same node.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.node, other.node)
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeRef").field("id", &self.id()).field("name", &self.name_text()).finish()
    }
}

impl<'a> NodeRef<'a> {
    /// The document.
    pub fn document(self) -> &'a Document<'a> {
        self.document
    }

    /// The number of the node.
    #[inline]
    pub fn id(self) -> NodeId {
        // How far the node is from the first one.
        let first = std::ptr::from_ref(&*self.document.arena.nodes).cast::<Node>();
        NodeId(((std::ptr::from_ref(self.node).addr() - first.addr()) / size_of::<Node>()) as u32)
    }

    /// The element name; for the root its resource type.
    #[inline]
    pub fn name(self) -> Name {
        self.node.name
    }

    /// The element name as text.
    pub fn name_text(self) -> &'a str {
        self.document.name_text(self.node.name)
    }

    /// The resource type of a node that is a resource (the root, a Bundle entry's `resource`, `contained`, a Parameters
    /// parameter's `resource`), else [`Name::NONE`].
    #[inline]
    pub fn resource(self) -> Name {
        self.node.resource
    }

    /// The resource type as text; empty for a node that is no resource.
    pub fn resource_text(self) -> &'a str {
        self.document.name_text(self.node.resource)
    }

    /// Whether this node is a resource.
    #[inline]
    pub fn is_resource(self) -> bool {
        self.node.resource != Name::NONE
    }

    /// How it was written.
    #[inline]
    pub fn form(self) -> Form {
        self.node.form
    }

    /// In JSON: whether it was an item of an array.
    #[inline]
    pub fn in_array(self) -> bool {
        self.node.in_array
    }

    /// The primitive value, unescaped, decimals as written; `None` where there is none.
    #[inline]
    pub fn value(self) -> Option<&'a str> {
        let text = self.node.value;
        if text == Text::ABSENT { None } else { Some(self.document.text(text)) }
    }

    /// Whether there is a primitive value.
    #[inline]
    pub fn has_value(self) -> bool {
        self.node.value != Text::ABSENT
    }

    /// The parent; `None` for the root.
    #[inline]
    pub fn parent(self) -> Option<NodeRef<'a>> {
        let parent = self.node.parent;
        (parent != NodeId::NONE).then(|| self.document.node(NodeId(parent)))
    }

    /// The children in the order of the source; in JSON a primitive's `id` and `extension` from its `_name` sibling.
    #[inline]
    pub fn children(self) -> Children<'a> {
        Children { document: self.document, next: self.node.first_child }
    }

    /// The siblings behind the node, in order.
    #[inline]
    pub fn following(self) -> Children<'a> {
        Children { document: self.document, next: self.node.next }
    }

    /// Everything below the node, in the order of the tree: each node before its children.
    #[inline]
    pub fn descendants(self) -> Descendants<'a> {
        Descendants { root: self, next: self.node.first_child }
    }

    /// Whether there is any child.
    #[inline]
    pub fn has_children(self) -> bool {
        self.node.first_child != NodeId::NONE
    }

    /// The children of this name, in order.
    #[inline]
    pub fn children_named(self, name: Name) -> ChildrenNamed<'a> {
        ChildrenNamed { document: self.document, next: self.node.first_child, name }
    }

    /// The first child of this name.
    pub fn child_named(self, name: Name) -> Option<NodeRef<'a>> {
        self.children_named(name).next()
    }

    /// The first child whose name is this text. For code off the hot path; elsewhere compare [`Name`]s.
    pub fn child(self, name: &str) -> Option<NodeRef<'a>> {
        self.children().find(|c| c.name_text() == name)
    }

    /// All children whose name is this text.
    pub fn all<'n>(self, name: &'n str) -> impl Iterator<Item = NodeRef<'a>> + use<'a, 'n> {
        self.children().filter(move |c| c.name_text() == name)
    }

    /// The value of the first child whose name is this text.
    pub fn child_value(self, name: &str) -> Option<&'a str> {
        self.child(name).and_then(NodeRef::value)
    }

    /// Where the node begins in the source, in bytes.
    #[inline]
    pub fn start(self) -> u32 {
        self.node.start
    }

    /// Where the node begins, as line and column.
    pub fn position(self) -> Position {
        self.document.position(self.node.start)
    }

    /// The innermost resource that holds this node (itself, when it is a resource).
    #[must_use]
    pub fn innermost_resource(self) -> NodeRef<'a> {
        let mut at = self;
        while !at.is_resource() {
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }
}

/// What is below a node, each node before its children.
#[derive(Clone, Debug)]
pub struct Descendants<'a> {
    root: NodeRef<'a>,
    next: u32,
}

impl<'a> Iterator for Descendants<'a> {
    type Item = NodeRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<NodeRef<'a>> {
        if self.next == NodeId::NONE {
            return None;
        }
        let nodes = &self.root.document.arena.nodes;
        let found = self.next;
        let mut at = &nodes[found as usize];
        self.next = at.first_child;
        // Without children: to what comes after it, or after the nearest of those around it.
        while self.next == NodeId::NONE {
            self.next = at.next;
            if self.next == NodeId::NONE {
                if at.parent == self.root.id().0 {
                    break;
                }
                at = &nodes[at.parent as usize];
            }
        }
        Some(self.root.document.node(NodeId(found)))
    }
}

/// The children of a node that have a name, in order.
#[derive(Clone, Debug)]
pub struct ChildrenNamed<'a> {
    document: &'a Document<'a>,
    next: u32,
    name: Name,
}

impl<'a> Iterator for ChildrenNamed<'a> {
    type Item = NodeRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<NodeRef<'a>> {
        // Behind the last child is no node.
        while let Some(node) = self.document.arena.nodes.get(self.next as usize) {
            let id = NodeId(self.next);
            self.next = node.next;
            if node.name == self.name {
                return Some(self.document.node(id));
            }
        }
        None
    }
}

/// The children of a node, in order.
#[derive(Clone, Debug)]
pub struct Children<'a> {
    document: &'a Document<'a>,
    next: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = NodeRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<NodeRef<'a>> {
        if self.next == NodeId::NONE {
            return None;
        }
        let child = self.document.node(NodeId(self.next));
        self.next = child.node.next;
        Some(child)
    }
}
