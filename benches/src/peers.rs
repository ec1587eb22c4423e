//! What touchmark is measured against: the libraries that only parse, and library routes into an arena, `jiter` and `quick-xml`.
//!
//! The arenas do the least that would serve: a node an element with name, parent, links, start and value. They look for no
//! duplicate key and refuse nothing that their library lets pass.

#![expect(clippy::single_match_else, reason = "two ways on, side by side")]

use jiter::{Jiter, Peek};
use quick_xml::events::{BytesStart, Event};
use touchmark_document::{Name, Names};

/// Parses a document as the library of its format has it: `serde_json::Value` or `roxmltree`. Whether it could be.
pub fn only_parse(text: &str) -> bool {
    if text.trim_start().starts_with(['{', '[']) {
        serde_json::from_str::<serde_json::Value>(text).is_ok()
    } else {
        roxmltree::Document::parse(text).is_ok()
    }
}

/// The memory of a peer.
#[derive(Default, Debug)]
pub struct PeerArena {
    nodes: Vec<PeerNode>,
    own: String,
    stack: Vec<Level>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "written as a reader has to write it; only the time counts")]
struct PeerNode {
    name: Name,
    kind: u8,
    parent: u32,
    first_child: u32,
    next: u32,
    start: u32,
    value: (u32, u32),
}

#[derive(Debug, Clone, Copy)]
struct Level {
    node: u32,
    last: u32,
    /// In JSON: the array that is open, by the name of its property.
    array: Option<Name>,
}

const NONE: u32 = u32::MAX;
const OWN: u32 = 1 << 31;

impl PeerArena {
    /// How many nodes the last message made.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing has been read.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.own.clear();
        self.stack.clear();
    }

    fn push(&mut self, level: &mut Level, name: Name, kind: u8, start: usize, value: (u32, u32)) -> u32 {
        let id = self.nodes.len() as u32;
        let parent = level.node;
        self.nodes.push(PeerNode { name, kind, parent, first_child: NONE, next: NONE, start: start as u32, value });
        if level.last != NONE {
            self.nodes[level.last as usize].next = id;
        } else if parent != NONE {
            self.nodes[parent as usize].first_child = id;
        }
        level.last = id;
        id
    }
}

/// Reads JSON with `jiter`, pulled into the arena. None when it is not well formed.
pub fn jiter_arena(text: &str, names: &Names, arena: &mut PeerArena) -> Option<()> {
    arena.clear();
    let mut jiter = Jiter::new(text.as_bytes());
    let mut level = Level { node: NONE, last: NONE, array: None };
    let root = arena.push(&mut level, Name::NONE, 0, 0, (0, 0));
    arena.stack.push(level);
    level = Level { node: root, last: NONE, array: None };
    let mut key = jiter.next_object().ok()?.map(|k| names.find(k));
    loop {
        // A value of `name` comes next, or the end of the array or object that is open.
        let (name, peek) = match (level.array, key) {
            (None, Some(name)) => (name, jiter.peek().ok()?),
            (None, None) => {
                level = arena.stack.pop()?;
                if arena.stack.is_empty() {
                    return jiter.finish().ok();
                }
                if level.array.is_none() {
                    key = jiter.next_key().ok()?.map(|k| names.find(k));
                    continue;
                }
                match jiter.array_step().ok()? {
                    Some(peek) => (level.array?, peek),
                    None => {
                        level.array = None;
                        key = jiter.next_key().ok()?.map(|k| names.find(k));
                        continue;
                    }
                }
            }
            (Some(_), _) => unreachable!("an open array is left where its items are read"),
        };
        let mut peek = peek;
        if peek == Peek::Array {
            match jiter.known_array().ok()? {
                Some(first) => {
                    level.array = Some(name);
                    peek = first;
                }
                None => {
                    key = jiter.next_key().ok()?.map(|k| names.find(k));
                    continue;
                }
            }
        }
        // The items of an array of leaves are read here, one after the other.
        loop {
            let start = jiter.current_index();
            if peek == Peek::Object {
                let node = arena.push(&mut level, name, 0, start, (0, 0));
                arena.stack.push(level);
                level = Level { node, last: NONE, array: None };
                key = jiter.known_object().ok()?.map(|k| names.find(k));
                break;
            }
            let (kind, value) = leaf(text, &mut jiter, peek, start, &mut arena.own)?;
            arena.push(&mut level, name, kind, start, value);
            if level.array.is_some() {
                match jiter.array_step().ok()? {
                    Some(next) => {
                        peek = next;
                        continue;
                    }
                    None => level.array = None,
                }
            }
            key = jiter.next_key().ok()?.map(|k| names.find(k));
            break;
        }
    }
}

fn leaf(text: &str, jiter: &mut Jiter<'_>, peek: Peek, start: usize, own: &mut String) -> Option<(u8, (u32, u32))> {
    match peek {
        Peek::String => {
            let value = jiter.known_str().ok()?;
            // A string without escapes stands in the source, and its address says where.
            let at = (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
            if at < text.len() {
                return Some((1, (at as u32, value.len() as u32)));
            }
            let own_start = own.len();
            own.push_str(value);
            Some((1, (own_start as u32 | OWN, value.len() as u32)))
        }
        Peek::True | Peek::False => jiter.known_bool(peek).ok().map(|_| (2, (start as u32, 4))),
        Peek::Null => jiter.known_null().ok().map(|()| (3, (start as u32, 4))),
        _ => {
            let bytes = jiter.known_number_bytes(peek).ok()?;
            Some((4, (start as u32, bytes.len() as u32)))
        }
    }
}

/// Reads XML with `quick-xml`, its events put into the arena. None when it is not well formed, as far as that looks.
pub fn quick_xml_arena(text: &str, names: &Names, arena: &mut PeerArena) -> Option<()> {
    arena.clear();
    let mut reader = quick_xml::Reader::from_str(text);
    let mut level = Level { node: NONE, last: NONE, array: None };
    // Markup of a narrative stays as it is written: where it began, and how deep it is.
    let mut markup: Option<(u32, u32)> = None;
    loop {
        let start = reader.buffer_position() as usize;
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if let Some((_, depth)) = &mut markup {
                    *depth += 1;
                    continue;
                }
                let node = element(text, &tag, names, arena, &mut level, start)?;
                if tag.name().as_ref() == "div" {
                    markup = Some((node, 0));
                } else {
                    arena.stack.push(level);
                    level = Level { node, last: NONE, array: None };
                }
            }
            Event::Empty(tag) if markup.is_none() => {
                element(text, &tag, names, arena, &mut level, start)?;
            }
            Event::End(_) => match &mut markup {
                Some((node, 0)) => {
                    let node = &mut arena.nodes[*node as usize];
                    node.value = (node.start, reader.buffer_position() as u32 - node.start);
                    markup = None;
                }
                Some((_, depth)) => *depth -= 1,
                None => level = arena.stack.pop()?,
            },
            Event::Eof => return Some(()),
            _ => {}
        }
    }
}

fn element(
    text: &str,
    tag: &BytesStart<'_>,
    names: &Names,
    arena: &mut PeerArena,
    level: &mut Level,
    start: usize,
) -> Option<u32> {
    let name = names.find(tag.local_name().into_inner());
    let node = arena.push(level, name, 0, start, (0, 0));
    let mut inner = Level { node, last: NONE, array: None };
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let key = attribute.key.as_ref();
        if !matches!(key, "value" | "id" | "url") {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
        let range = match &value {
            std::borrow::Cow::Borrowed(value) => {
                // Where it stands in the source follows from the addresses.
                let at = (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
                (at as u32, value.len() as u32)
            }
            std::borrow::Cow::Owned(value) => {
                let at = arena.own.len() as u32 | OWN;
                arena.own.push_str(value);
                (at, value.len() as u32)
            }
        };
        if key == "value" {
            arena.nodes[node as usize].value = range;
        } else {
            let name = names.find(key);
            arena.push(&mut inner, name, 1, start, range);
        }
    }
    // The link from attribute children to element children is left out, in favour of the peer.
    Some(node)
}
