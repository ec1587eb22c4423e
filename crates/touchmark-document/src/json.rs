//! FHIR JSON read into the element tree.
//!
//! <https://hl7.org/fhir/STU3/json.html> is the format: `resourceType` is no child, an array is its items, and a
//! primitive's `id` and `extension` come from the property of its name with an underscore before it.

mod keys;
mod placing;
mod siblings;

use crate::Limits;
use crate::fault::{FaultKind, Stop, UnreadableKind, stop};
use crate::json_scan::{JsonScan, JsonString};
use crate::names::{Name, Names};
use crate::tree::{Arena, Form, Node, NodeId, Text};
use keys::{Keys, Seen, Span};

const NONE: u32 = NodeId::NONE;

/// What is open in an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    /// Nothing: between two properties.
    Nothing,
    /// The array of a property; the arrays in it are read as if they were not there.
    Array,
    /// The array of a `_name` property.
    Siblings,
}

/// An object that is being read. At most one of its properties is an open array, so that needs no frame of its own.
#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    /// The last child so far.
    last: u32,
    keys: Span,
    open: Open,
    /// A primitive array of this object holds a null, whose sibling has to fill it.
    has_nulls: bool,
    /// The group's two halves were found to differ already.
    lengths_said: bool,
    /// Arrays open inside the open array.
    nested: u32,
    /// The open array: its name, where its key begins, its items so far.
    name: Name,
    key_start: u32,
    items: u32,
    /// The property's other half has been read: its next node to fill, the last one filled, and how many it has.
    cursor: u32,
    previous: u32,
    group: u32,
}

impl Frame {
    #[inline]
    fn new(node: u32, last: u32, keys: Span) -> Frame {
        Frame {
            node,
            last,
            keys,
            open: Open::Nothing,
            has_nulls: false,
            lengths_said: false,
            nested: 0,
            name: Name::NONE,
            key_start: 0,
            items: 0,
            cursor: NONE,
            previous: NONE,
            group: 0,
        }
    }
}

struct Reader<'r> {
    scan: JsonScan<'r>,
    arena: &'r mut Arena,
    names: &'r Names,
    limits: Limits,
    frame: Frame,
    stack: Vec<Frame>,
    keys: Keys,
    /// Elements and nested arrays open.
    depth: u32,
}

/// What the grammar allows next.
enum Next {
    Key { first: bool },
    Item { first: bool },
    After,
}

/// Reads JSON into a cleared arena.
pub(crate) fn read(source: &str, arena: &mut Arena, names: &Names, limits: Limits) -> Result<(), Stop> {
    let keys = Keys::default();
    let frame = Frame::new(0, NONE, keys.enter());
    let scan = JsonScan::new(source);
    Reader { scan, arena, names, limits, frame, stack: Vec::with_capacity(32), keys, depth: 1 }.document()
}

impl Reader<'_> {
    fn document(mut self) -> Result<(), Stop> {
        self.scan.skip_blanks();
        let start = self.scan.at;
        if self.scan.peek() != b'{' {
            return Err(self.scan.unexpected("`{`"));
        }
        self.scan.at += 1;
        self.push(Node::new(Name::NONE, Form::Object, NONE, start, Text::ABSENT))?;
        self.properties()?;
        self.scan.skip_blanks();
        if self.scan.at < self.scan.bytes.len() {
            return Err(self.scan.malformed(self.scan.at, "there is more text after the end of the JSON object"));
        }
        let root = &mut self.arena.nodes[0];
        root.name = root.resource;
        if root.resource == Name::NONE && !self.arena.faults.iter().any(|f| f.kind == FaultKind::ResourceType) {
            self.arena.fault(FaultKind::ResourceType, start, 0, "missing");
        }
        Ok(())
    }

    /// Reads to the end of the root object.
    fn properties(&mut self) -> Result<(), Stop> {
        let mut next = Next::Key { first: true };
        loop {
            self.scan.skip_blanks();
            next = match next {
                Next::Key { first } => match self.scan.peek() {
                    b'"' => self.property()?,
                    b'}' => {
                        if !first {
                            self.trailing_comma();
                        }
                        if self.close() {
                            return Ok(());
                        }
                        Next::After
                    }
                    _ => return Err(self.scan.unexpected("a key in quotes")),
                },
                Next::Item { first } => match self.scan.peek() {
                    b']' => {
                        if !first {
                            self.trailing_comma();
                        }
                        self.scan.at += 1;
                        self.close_array();
                        Next::After
                    }
                    _ => self.item()?,
                },
                Next::After => match (self.scan.peek(), self.frame.open) {
                    (b',', Open::Nothing) => {
                        self.scan.at += 1;
                        Next::Key { first: false }
                    }
                    (b',', _) => {
                        self.scan.at += 1;
                        Next::Item { first: false }
                    }
                    (b'}', Open::Nothing) => {
                        if self.close() {
                            return Ok(());
                        }
                        Next::After
                    }
                    (b']', Open::Array | Open::Siblings) => {
                        self.scan.at += 1;
                        self.close_array();
                        Next::After
                    }
                    (_, Open::Nothing) => return Err(self.scan.unexpected("`,` or `}`")),
                    _ => return Err(self.scan.unexpected("`,` or `]`")),
                },
            };
        }
    }

    /// A comma before the bracket that closes: no JSON, but it is plain what was meant, and the rest can be looked at.
    #[cold]
    fn trailing_comma(&mut self) {
        let bracket = if self.scan.peek() == b']' { "]" } else { "}" };
        self.arena.fault(FaultKind::TrailingComma, self.scan.at, self.frame.node, bracket);
    }

    /// Reads a property, or as far into it as its first bracket.
    #[inline]
    fn property(&mut self) -> Result<Next, Stop> {
        let key_start = self.scan.at;
        self.scan.at += 1;
        let own_length = self.arena.own.len();
        let key = self.scan.string(&mut self.arena.own)?;
        self.scan.skip_blanks();
        self.scan.expect(b':', "`:` is wanted after the key")?;
        self.scan.skip_blanks();

        let (start, len) = (key.text.start as usize, key.text.len as usize);
        if key.text.start & Text::OWN != 0 {
            return self.escaped_key(own_length, key_start, &key);
        }
        if self.scan.bytes[start] == b'_' && len > 1 {
            let name = self.name(start + 1, start + len)?;
            return self.sibling(name, key_start);
        }
        if len == 12 && &self.scan.bytes[start..start + len] == b"resourceType" {
            return self.resource_type(key_start);
        }
        let name = self.name(start, start + len)?;
        self.plain(name, key_start)
    }

    /// The rare key with escapes in it, which has been unescaped to the end of the arena's buffer.
    #[cold]
    fn escaped_key(&mut self, own_length: usize, key_start: usize, key: &JsonString) -> Result<Next, Stop> {
        let text = self.arena.own[own_length..].to_owned();
        self.arena.own.truncate(own_length);
        if let Some(offset) = key.lone_surrogate {
            self.arena.fault(FaultKind::LoneSurrogate, offset as usize, self.frame.node, &text);
        }
        if text == "resourceType" {
            return self.resource_type(key_start);
        }
        let sibling = text.strip_prefix('_').filter(|rest| !rest.is_empty());
        let Some(name) = self.arena.name(self.names, sibling.unwrap_or(&text)) else {
            return Err(self.too_many_names());
        };
        if sibling.is_some() { self.sibling(name, key_start) } else { self.plain(name, key_start) }
    }

    /// Reads the value of a property.
    #[inline]
    fn plain(&mut self, name: Name, key_start: usize) -> Result<Next, Stop> {
        let next_node = self.arena.nodes.len() as u32;
        self.begin_group();
        match self.keys.note(&mut self.frame.keys, name, false, next_node) {
            Seen::No => {}
            Seen::Sibling(first) => self.join_siblings(first, name, key_start),
            Seen::Twice => return self.duplicate("", name, key_start),
        }
        if self.scan.peek() == b'[' {
            self.open_array(name, key_start, Open::Array);
            return Ok(Next::Item { first: true });
        }
        self.value(name, key_start, false)
    }

    #[cold]
    fn join_siblings(&mut self, first: u32, name: Name, key_start: usize) {
        self.join_group(first, name);
        let is_array = self.scan.peek() == b'[';
        if self.frame.cursor != NONE && self.arena.nodes[first as usize].in_array != is_array {
            self.fault(FaultKind::SiblingForm, key_start, first, "_", name);
            self.frame.lengths_said = true;
        }
    }

    /// A key that its object has had already: the value must be well formed and is otherwise left out.
    #[cold]
    fn duplicate(&mut self, underscore: &str, name: Name, key_start: usize) -> Result<Next, Stop> {
        self.fault(FaultKind::DuplicateKey, key_start, self.frame.node, underscore, name);
        self.skip_value()?;
        Ok(Next::After)
    }

    #[cold]
    fn skip_value(&mut self) -> Result<(), Stop> {
        self.scan.skip_value(self.limits.depth.saturating_sub(self.depth), &mut self.arena.own)
    }

    fn resource_type(&mut self, key_start: usize) -> Result<Next, Stop> {
        let node = self.frame.node;
        // No property has the name NONE, so it can stand for this one.
        if self.keys.note(&mut self.frame.keys, Name::NONE, false, 0) != Seen::No {
            self.arena.fault(FaultKind::DuplicateKey, key_start, node, "resourceType");
            self.skip_value()?;
            return Ok(Next::After);
        }
        if self.scan.peek() != b'"' {
            self.arena.fault(FaultKind::ResourceType, key_start, node, "not a string");
            self.skip_value()?;
            return Ok(Next::After);
        }
        self.scan.at += 1;
        let string = self.scan.string(&mut self.arena.own)?;
        if string.text.len == 0 {
            self.arena.fault(FaultKind::ResourceType, key_start, node, "empty");
            return Ok(Next::After);
        }
        if let Some(offset) = string.lone_surrogate {
            self.arena.fault(FaultKind::LoneSurrogate, offset as usize, node, "resourceType");
        }
        let start = string.text.start as usize;
        let name = if string.text.start & Text::OWN == 0 {
            self.name(start, start + string.text.len as usize)?
        } else {
            let text = self.arena.own[start & !(Text::OWN as usize)..].to_owned();
            self.arena.name(self.names, &text).ok_or_else(|| self.too_many_names())?
        };
        self.arena.nodes[node as usize].resource = name;
        Ok(Next::After)
    }

    /// The name written between two offsets of the source.
    #[inline]
    fn name(&mut self, start: usize, end: usize) -> Result<Name, Stop> {
        match self.arena.name_at(self.names, self.scan.text, start, end) {
            Some(name) => Ok(name),
            None => Err(self.too_many_names()),
        }
    }

    #[cold]
    fn too_many_names(&self) -> Stop {
        stop(self.scan.text, self.scan.at, UnreadableKind::TooManyNames, "more than 32,768 unknown names")
    }

    #[cold]
    fn fault(&mut self, kind: FaultKind, offset: usize, node: u32, underscore: &str, name: Name) {
        let detail = format!("{underscore}{}", self.arena.name_text(self.names, name));
        self.arena.fault(kind, offset, node, &detail);
    }

    #[inline]
    fn open_array(&mut self, name: Name, key_start: usize, open: Open) {
        self.scan.at += 1;
        self.frame.open = open;
        self.frame.name = name;
        self.frame.key_start = key_start as u32;
        self.frame.items = 0;
        self.frame.nested = 0;
    }

    /// Reads an item of the open array.
    #[inline]
    fn item(&mut self) -> Result<Next, Stop> {
        if self.scan.peek() == b'[' {
            return self.nested_array();
        }
        if self.frame.open == Open::Siblings {
            return self.sibling_item();
        }
        self.frame.items += 1;
        self.value(self.frame.name, self.scan.at, true)
    }

    /// An array in an array, whose items are read as those of the outer one.
    #[cold]
    fn nested_array(&mut self) -> Result<Next, Stop> {
        self.fault(FaultKind::NestedArray, self.scan.at, self.frame.node, "", self.frame.name);
        self.deeper()?;
        self.frame.nested += 1;
        self.scan.at += 1;
        Ok(Next::Item { first: true })
    }

    /// Reads a value that is no array: a leaf, or an object, which is entered.
    #[inline]
    fn value(&mut self, name: Name, start: usize, in_array: bool) -> Result<Next, Stop> {
        let (form, text) = match self.scan.peek() {
            b'"' => {
                self.scan.at += 1;
                let string = self.scan.string(&mut self.arena.own)?;
                let node = self.place(name, start, in_array, Form::String, string.text)?;
                if string.text.len == 0 || string.lone_surrogate.is_some() {
                    self.odd_string(name, node, start, &string);
                }
                return Ok(Next::After);
            }
            b'{' => {
                self.scan.at += 1;
                let node = self.place(name, start, in_array, Form::Object, Text::ABSENT)?;
                return self.enter(node);
            }
            b'-' | b'0'..=b'9' => (Form::Number, self.scan.number()?),
            b't' => (Form::Boolean, self.scan.literal("true")?),
            b'f' => (Form::Boolean, self.scan.literal("false")?),
            b'n' => {
                self.scan.literal("null")?;
                (Form::Null, Text::ABSENT)
            }
            _ => return Err(self.scan.unexpected("a value")),
        };
        let node = self.place(name, start, in_array, form, text)?;
        if form == Form::Null {
            if in_array {
                self.frame.has_nulls = true;
            } else {
                self.fault(FaultKind::NullValue, start, node, "", name);
            }
        }
        Ok(Next::After)
    }

    #[cold]
    fn odd_string(&mut self, name: Name, node: u32, start: usize, string: &JsonString) {
        if string.text.len == 0 {
            self.fault(FaultKind::EmptyString, start, node, "", name);
        }
        if let Some(offset) = string.lone_surrogate {
            self.fault(FaultKind::LoneSurrogate, offset as usize, node, "", name);
        }
    }
}
