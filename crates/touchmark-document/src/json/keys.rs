//! Which keys the open JSON objects have had: for duplicates, and for a primitive and its `_name` sibling to meet.

use std::collections::HashMap;

use crate::names::Name;

/// From this many keys on, an object's keys are found by hash rather than one after the other.
const LARGE: usize = 32;

/// The keys of one open object. Objects close in the reverse of the order they open in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    /// One bit for the low six bits of each name seen: most keys are known to be new without a search.
    seen: u64,
    /// The number of an object with many keys, else 0.
    large: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    name: Name,
    plain: bool,
    sibling: bool,
    /// The first node of the property, when it has one at all.
    first: u32,
}

/// The keys of all open objects.
#[derive(Debug, Default)]
pub(super) struct Keys {
    entries: Vec<Entry>,
    large: HashMap<(u32, Name), u32, foldhash::fast::RandomState>,
    large_objects: u32,
}

/// What is known of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// It is new.
    No,
    /// Its sibling has been read; if that made any node, this is the first one.
    Sibling(u32),
    /// It is a duplicate.
    Twice,
}

impl Keys {
    /// Begins an object.
    #[inline]
    pub fn enter(&self) -> Span {
        Span { start: self.entries.len() as u32, seen: 0, large: 0 }
    }

    /// Ends the innermost object.
    #[inline]
    pub fn leave(&mut self, span: Span) {
        if span.large != 0 {
            self.forget_large(span);
        }
        self.entries.truncate(span.start as usize);
    }

    /// Keeps the table as small as what is open: a document may have a million large objects one after the other.
    #[cold]
    fn forget_large(&mut self, span: Span) {
        for entry in &self.entries[span.start as usize..] {
            self.large.remove(&(span.large, entry.name));
        }
    }

    /// How many different properties the innermost object has had; `name` and `_name` are one.
    #[inline]
    pub fn count(&self, span: Span) -> usize {
        self.entries.len() - span.start as usize
    }

    /// Notes a key of the innermost object, `sibling` when it is written with an underscore.
    #[inline]
    pub fn note(&mut self, span: &mut Span, name: Name, sibling: bool, next_node: u32) -> Seen {
        let bit = 1 << (name.number() & 63);
        if span.seen & bit != 0
            && let Some(at) = self.find(*span, name)
        {
            let entry = &mut self.entries[at];
            let twice = if sibling { &mut entry.sibling } else { &mut entry.plain };
            return if std::mem::replace(twice, true) { Seen::Twice } else { Seen::Sibling(entry.first) };
        }
        span.seen |= bit;
        self.entries.push(Entry { name, plain: !sibling, sibling, first: next_node });
        if self.count(*span) >= LARGE {
            self.note_large(span);
        }
        Seen::No
    }

    #[inline]
    fn find(&self, span: Span, name: Name) -> Option<usize> {
        if span.large != 0 {
            return self.large.get(&(span.large, name)).map(|at| *at as usize);
        }
        let start = span.start as usize;
        self.entries[start..].iter().position(|e| e.name == name).map(|at| start + at)
    }

    #[cold]
    fn note_large(&mut self, span: &mut Span) {
        let mut from = self.entries.len() - 1;
        if span.large == 0 {
            self.large_objects += 1;
            span.large = self.large_objects;
            from = span.start as usize;
        }
        for at in from..self.entries.len() {
            self.large.insert((span.large, self.entries[at].name), at as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;

    #[test]
    fn keys_are_found_again_however_many() {
        let mut names = Names::new();
        let names: Vec<Name> = (0..500).map(|n| names.intern(&format!("n{n}"))).collect();
        let mut keys = Keys::default();
        let mut outer = keys.enter();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(keys.note(&mut outer, *name, false, n as u32), Seen::No);
            let mut inner = keys.enter();
            assert_eq!(keys.note(&mut inner, *name, false, 7), Seen::No);
            assert_eq!(keys.note(&mut inner, *name, false, 7), Seen::Twice);
            keys.leave(inner);
        }
        let mut wide = keys.enter();
        for name in &names {
            assert_eq!(keys.note(&mut wide, *name, true, 7), Seen::No);
        }
        keys.leave(wide);
        for (n, name) in names.iter().enumerate() {
            assert_eq!(keys.note(&mut outer, *name, true, 0), Seen::Sibling(n as u32));
            assert_eq!(keys.note(&mut outer, *name, true, 0), Seen::Twice);
            assert_eq!(keys.note(&mut outer, *name, false, 0), Seen::Twice);
        }
        assert_eq!(keys.count(outer), 500);
    }
}
