//! The table of names: element and resource type names become numbers, so that the walk compares `u16`s.

use std::hash::BuildHasher;

use crate::short_name::ShortName;
use crate::xml_scan::is_plain_name;

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
/// An open-addressing table: a look-up is one hash, one probe and one comparison; nearly all names are two words then.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Box<str>>,
    /// Those that are plain and short, and zeros for others.
    shorts: Vec<ShortName>,
    slots: Vec<u16>,
    hasher: foldhash::fast::FixedState,
}

impl Default for Names {
    fn default() -> Self {
        let hasher = foldhash::fast::FixedState::with_seed(0);
        Names { texts: vec![Box::from("")], shorts: vec![ShortName::default()], slots: vec![0; 64], hasher }
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
        self.shorts.push(short(text).unwrap_or_default());
        if self.texts.len() * 4 > self.slots.len() {
            self.grow();
        } else {
            self.place(number);
        }
        Name(number)
    }

    /// The number of `text`, or [`Name::NONE`] when the table does not hold it.
    pub fn find(&self, text: &str) -> Name {
        match short(text) {
            Some(short) => self.find_short(&short),
            None => self.find_at(self.hash(text), |number| *self.texts[number] == *text),
        }
    }

    /// The number of what may be a name, or [`Name::NONE`]. What is found is a name of plain letters.
    #[inline]
    pub(crate) fn find_short(&self, short: &ShortName) -> Name {
        self.find_at(short.hash(), |number| self.shorts[number] == *short)
    }

    #[inline]
    fn find_at(&self, hash: usize, is_it: impl Fn(usize) -> bool) -> Name {
        let mask = self.slots.len() - 1;
        let mut at = hash & mask;
        loop {
            let number = self.slots[at];
            if number == 0 || is_it(number as usize) {
                return Name(number);
            }
            at = (at + 1) & mask;
        }
    }

    fn hash(&self, text: &str) -> usize {
        self.hasher.hash_one(text.as_bytes()) as usize
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

    /// Puts a name into the first free slot from its place on.
    fn place(&mut self, number: u16) {
        let text = &self.texts[number as usize];
        let mask = self.slots.len() - 1;
        let mut at = short(text).map_or_else(|| self.hash(text), |short| short.hash()) & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = number;
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        (1..self.texts.len()).for_each(|number| self.place(number as u16));
    }
}

/// A name that is short and plain, as two words.
fn short(text: &str) -> Option<ShortName> {
    ShortName::of(text).filter(|_| is_plain_name(text))
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
        for unusual in ["a:b", "0", "é", "of sixteen bytes", "more than sixteen bytes"] {
            assert_eq!(names.find(unusual), Name::NONE);
            let name = names.intern(unusual);
            assert_eq!((names.find(unusual), names.text(name)), (name, unusual));
        }
        assert_eq!((names.find("other"), names.find("")), (Name::NONE, Name::NONE));
        assert_eq!(names.len(), 2005);
    }
}
