//! The table of names: element and resource type names become numbers, so that the walk compares `u16`s.

use std::hash::BuildHasher;

/// The number of an element name or of a resource type name.
///
/// Numbers below [`Name::FIRST_LOCAL`] belong to a [`Names`] table; those from there on to one document only
/// (a name that the table does not hold). [`Name::NONE`] stands for "no name".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Name(pub(crate) u16);

impl Name {
    /// No name: the resource type of an element that is no resource.
    pub const NONE: Name = Name(0);
    /// The first number that is given out by a document rather than by the table.
    pub const FIRST_LOCAL: u16 = 0x8000;

    /// Whether the table of names does not hold this name, so that no rule can speak of it.
    pub const fn is_unknown(self) -> bool {
        self.0 >= Self::FIRST_LOCAL
    }

    /// The number itself, for tables that are indexed by it.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// All names that the loaded definitions use. It grows while packs are loaded and is shared unchanged afterwards.
///
/// An open-addressing table: a look-up is one hash of at most 40 bytes, one probe and one comparison.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Box<str>>,
    slots: Vec<u16>,
    hasher: foldhash::fast::FixedState,
}

impl Default for Names {
    fn default() -> Self {
        Names { texts: vec![Box::from("")], slots: vec![0; 64], hasher: foldhash::fast::FixedState::with_seed(0) }
    }
}

impl Names {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of `text`, which is added when it is not there yet.
    ///
    /// A table holds 32,767 names; past that [`Name::NONE`] is returned, and what bears that name is unknown.
    pub fn intern(&mut self, text: &str) -> Name {
        let found = self.find(text);
        if found != Name::NONE || text.is_empty() {
            return found;
        }
        if self.texts.len() >= Name::FIRST_LOCAL as usize {
            return Name::NONE;
        }
        let number = self.texts.len() as u16;
        self.texts.push(text.into());
        if self.texts.len() * 4 > self.slots.len() {
            self.grow();
        } else {
            let slot = self.free_slot(text);
            self.slots[slot] = number;
        }
        Name(number)
    }

    /// The number of `text`, or [`Name::NONE`] when the table does not hold it.
    #[inline]
    pub fn find(&self, text: &str) -> Name {
        let mask = self.slots.len() - 1;
        let mut at = self.hasher.hash_one(text.as_bytes()) as usize & mask;
        loop {
            let number = self.slots[at];
            if number == 0 || *self.texts[number as usize] == *text {
                return Name(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// The text of a name of this table; empty for [`Name::NONE`] and for names of a document.
    pub fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", |t| t)
    }

    /// All names of the table, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().skip(1).map(|text| &**text)
    }

    /// How many names the table holds.
    pub fn len(&self) -> usize {
        self.texts.len() - 1
    }

    /// Whether no name has been added.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn free_slot(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.hasher.hash_one(text.as_bytes()) as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        for number in 1..self.texts.len() {
            let slot = self.free_slot(&self.texts[number]);
            self.slots[slot] = number as u16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::new();
        let numbers: Vec<Name> = (0..2000).map(|n| names.intern(&format!("name{n}"))).collect();
        for (n, name) in numbers.iter().enumerate() {
            assert_eq!(names.find(&format!("name{n}")), *name);
            assert_eq!(names.text(*name), format!("name{n}"));
        }
        assert_eq!(names.find("other"), Name::NONE);
        assert_eq!(names.len(), 2000);
    }
}
