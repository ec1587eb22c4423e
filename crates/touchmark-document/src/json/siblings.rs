//! `_name` properties: the `id` and `extension` of primitives, wherever they stand in their object.

use super::{NONE, Next, Open, Reader, keys::Seen};
use crate::fault::{FaultKind, Stop};
use crate::names::Name;
use crate::tree::{Form, Node, Text};

impl Reader<'_> {
    /// Reads the value of a property whose key has an underscore before `name`.
    #[cold]
    pub(super) fn sibling(&mut self, name: Name, key_start: usize) -> Result<Next, Stop> {
        let next_node = self.arena.nodes.len() as u32;
        self.begin_group();
        match self.keys.note(&mut self.frame.keys, name, true, next_node) {
            Seen::No => {}
            Seen::Sibling(first) => self.join_group(first, name),
            Seen::Twice => return self.duplicate("_", name, key_start),
        }
        let target = self.frame.cursor;
        match self.scan.peek() {
            b'{' => {
                self.scan.at += 1;
                if target != NONE && self.arena.nodes[target as usize].in_array {
                    self.fault(FaultKind::SiblingForm, key_start, target, "_", name);
                }
                let node = self.target(name, key_start, key_start, false)?;
                self.enter(node)
            }
            b'[' => {
                if target != NONE && !self.arena.nodes[target as usize].in_array {
                    self.fault(FaultKind::SiblingForm, key_start, target, "_", name);
                    self.frame.lengths_said = true;
                }
                self.open_array(name, key_start, Open::Siblings);
                Ok(Next::Item { first: true })
            }
            b'n' => {
                self.scan.literal("null")?;
                let node = if target == NONE { self.frame.node } else { target };
                self.fault(FaultKind::NullValue, key_start, node, "_", name);
                Ok(Next::After)
            }
            _ => {
                let node = if target == NONE { self.frame.node } else { target };
                self.fault(FaultKind::SiblingForm, key_start, node, "_", name);
                self.skip_value()?;
                Ok(Next::After)
            }
        }
    }

    /// Reads an item of the array of a `_name` property.
    #[cold]
    pub(super) fn sibling_item(&mut self) -> Result<Next, Stop> {
        let (name, start) = (self.frame.name, self.scan.at);
        self.frame.items += 1;
        if self.scan.peek() == b'{' {
            self.scan.at += 1;
            let node = self.target(name, self.frame.key_start as usize, start, true)?;
            return self.enter(node);
        }
        if self.scan.peek() == b'n' {
            self.scan.literal("null")?;
        } else {
            let node = if self.frame.cursor == NONE { self.frame.node } else { self.frame.cursor };
            self.fault(FaultKind::SiblingForm, start, node, "_", name);
            self.skip_value()?;
        }
        if self.frame.cursor != NONE {
            self.advance();
        } else if self.frame.group == 0 {
            // The primitives may still come: this keeps the place of one.
            self.frame.has_nulls = true;
            let mut node = Node::new(name, Form::Null, self.frame.node, start, Text::ABSENT);
            node.in_array = true;
            self.append(node)?;
        }
        Ok(Next::After)
    }

    /// The node that a `_name` object belongs to: its primitive, or one without a value that is made here.
    fn target(&mut self, name: Name, key_start: usize, start: usize, in_array: bool) -> Result<u32, Stop> {
        if self.frame.cursor != NONE {
            let id = self.advance();
            if self.arena.nodes[id as usize].form == Form::Object {
                self.fault(FaultKind::SiblingForm, key_start, id, "_", name);
            }
            return Ok(id);
        }
        let mut node = Node::new(name, Form::Null, self.frame.node, start, Text::ABSENT);
        node.in_array = in_array;
        self.append(node)
    }

    /// Forgets the group of the property before.
    #[inline]
    pub(super) fn begin_group(&mut self) {
        self.frame.cursor = NONE;
        self.frame.previous = NONE;
        self.frame.group = 0;
        self.frame.lengths_said = false;
    }

    /// Goes to the nodes that the other half of a property and its sibling has made, if it made any.
    #[cold]
    pub(super) fn join_group(&mut self, first: u32, name: Name) {
        let Some(node) = self.arena.nodes.get(first as usize) else { return };
        if node.name != name || node.parent != self.frame.node {
            return;
        }
        self.frame.cursor = first;
        let mut at = first;
        while at != NONE {
            self.frame.group += 1;
            at = self.next_of_group(at);
        }
    }

    fn next_of_group(&self, id: u32) -> u32 {
        let node = &self.arena.nodes[id as usize];
        match self.arena.nodes.get(node.next as usize) {
            Some(next) if next.name == node.name => node.next,
            _ => NONE,
        }
    }

    /// Takes the next node of the group.
    pub(super) fn advance(&mut self) -> u32 {
        let id = self.frame.cursor;
        self.frame.previous = id;
        self.frame.cursor = self.next_of_group(id);
        id
    }
}
