//! Nodes into the tree: children after each other, objects entered and left, arrays closed.

use super::{Frame, NONE, Next, Open, Reader};
use crate::fault::{FaultKind, Stop, UnreadableKind, stop};
use crate::names::Name;
use crate::tree::{Form, Node, Text};

impl Reader<'_> {
    /// The node of a value: a new child, or the one that the sibling property made already.
    #[inline]
    pub(super) fn place(
        &mut self,
        name: Name,
        start: usize,
        in_array: bool,
        form: Form,
        value: Text,
    ) -> Result<u32, Stop> {
        if self.frame.cursor != NONE {
            let id = self.advance();
            let node = &mut self.arena.nodes[id as usize];
            (node.form, node.value, node.start, node.in_array) = (form, value, start as u32, in_array);
            return Ok(id);
        }
        let mut node = Node::new(name, form, self.frame.node, start, value);
        node.in_array = in_array;
        self.append(node)
    }

    /// Adds a child: after the group of its sibling property when there is one, else as the last one.
    #[inline]
    pub(super) fn append(&mut self, mut node: Node) -> Result<u32, Stop> {
        let previous = self.frame.previous;
        let before = if previous == NONE { self.frame.last } else { previous };
        if previous != NONE {
            node.next = self.arena.nodes[previous as usize].next;
        }
        let id = self.push(node)?;
        if before == NONE {
            self.arena.nodes[self.frame.node as usize].first_child = id;
        } else {
            self.arena.nodes[before as usize].next = id;
        }
        if before == self.frame.last {
            self.frame.last = id;
        }
        if previous != NONE {
            self.frame.previous = id;
        }
        Ok(id)
    }

    #[inline]
    pub(super) fn push(&mut self, node: Node) -> Result<u32, Stop> {
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

    /// Enters an object whose brace has been read.
    #[inline]
    pub(super) fn enter(&mut self, node: u32) -> Result<Next, Stop> {
        self.deeper()?;
        let mut last = self.arena.nodes[node as usize].first_child;
        // Only an object that was begun by a sibling property has children already.
        while last != NONE && self.arena.nodes[last as usize].next != NONE {
            last = self.arena.nodes[last as usize].next;
        }
        self.stack.push(self.frame);
        self.frame = Frame::new(node, last, self.keys.enter());
        Ok(Next::Key { first: true })
    }

    #[inline]
    pub(super) fn deeper(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > self.limits.depth { Err(self.scan.too_deep()) } else { Ok(()) }
    }

    /// Leaves the object whose closing brace is here; true when it was the root.
    #[inline]
    pub(super) fn close(&mut self) -> bool {
        self.scan.at += 1;
        let node = self.arena.nodes[self.frame.node as usize];
        // A resource with nothing but its type has a property, and is complete: Parameters without parameters, say.
        if self.keys.count(self.frame.keys) == 0 {
            self.fault(FaultKind::EmptyObject, node.start as usize, self.frame.node, "", node.name);
        }
        if self.frame.has_nulls {
            self.unfilled_nulls(node.first_child);
        }
        self.keys.leave(self.frame.keys);
        self.depth -= 1;
        match self.stack.pop() {
            Some(frame) => {
                self.frame = frame;
                false
            }
            None => true,
        }
    }

    #[cold]
    fn unfilled_nulls(&mut self, first_child: u32) {
        let mut at = first_child;
        while at != NONE {
            let node = self.arena.nodes[at as usize];
            if node.form == Form::Null && node.in_array && node.first_child == NONE {
                self.fault(FaultKind::NullValue, node.start as usize, at, "", node.name);
            }
            at = node.next;
        }
    }

    #[inline]
    pub(super) fn close_array(&mut self) {
        if self.frame.nested > 0 {
            self.frame.nested -= 1;
            self.depth -= 1;
            return;
        }
        let frame = &self.frame;
        let kind = if frame.items == 0 && frame.group == 0 {
            FaultKind::EmptyArray
        } else if frame.group != 0 && frame.group != frame.items && !frame.lengths_said {
            FaultKind::ArrayLengths
        } else {
            self.frame.open = Open::Nothing;
            return;
        };
        let underscore = if frame.open == Open::Siblings { "_" } else { "" };
        self.fault(kind, frame.key_start as usize, frame.node, underscore, frame.name);
        self.frame.open = Open::Nothing;
    }
}
