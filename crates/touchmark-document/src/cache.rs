//! A small direct-mapped cache before the table of names, for names of at most sixteen bytes.

use crate::names::Name;
use crate::words::word_at;

/// A name of at most sixteen bytes as two words, which compare in two instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ShortName {
    head: u64,
    tail: u64,
    length: u32,
}

impl ShortName {
    /// The name in `bytes[start..end]`; `None` when it is empty, longer, or too near to the end of the source.
    #[inline]
    pub fn read(bytes: &[u8], start: usize, end: usize) -> Option<ShortName> {
        let length = end - start;
        let head = word_at(bytes, start)?;
        match length {
            1..8 => Some(ShortName { head: head & ((1 << (length * 8)) - 1), tail: 0, length: length as u32 }),
            8..=16 => Some(ShortName { head, tail: word_at(bytes, end - 8)?, length: length as u32 }),
            _ => None,
        }
    }

    #[inline]
    const fn slot(&self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(23)).wrapping_add(self.length as u64);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize
    }
}

/// Two hundred and fifty-six names seen in this document, with their numbers.
#[derive(Clone, Debug)]
pub(crate) struct NameCache {
    entries: Box<[(ShortName, Name); 256]>,
}

impl Default for NameCache {
    fn default() -> Self {
        NameCache { entries: Box::new([(ShortName::default(), Name::NONE); 256]) }
    }
}

impl NameCache {
    /// Forgets everything: the next document may come with another table of names.
    pub fn clear(&mut self) {
        self.entries.fill((ShortName::default(), Name::NONE));
    }

    #[inline]
    pub fn get(&self, short: &ShortName) -> Option<Name> {
        let (held, name) = &self.entries[short.slot()];
        (held == short).then_some(*name)
    }

    #[inline]
    pub fn put(&mut self, short: ShortName, name: Name) {
        self.entries[short.slot()] = (short, name);
    }
}
