//! Names of at most sixteen bytes as two words, read from the source without a look at each byte.

use crate::words::{below, equal, first, word_at};

/// A name of at most sixteen bytes as two words, which compare in two instructions; zeros fill them up, which no name has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ShortName {
    head: u64,
    tail: u64,
}

impl ShortName {
    /// The name in `bytes[start..end]`; `None` when it is empty, longer, or too near to the end of the source.
    #[inline]
    pub fn read(bytes: &[u8], start: usize, end: usize) -> Option<ShortName> {
        let head = word_at(bytes, start)?;
        match end - start {
            length @ 1..8 => Some(ShortName { head: head & low(length), tail: 0 }),
            8 => Some(ShortName { head, tail: 0 }),
            16 => Some(ShortName { head, tail: word_at(bytes, start + 8)? }),
            length @ 9..16 => Some(ShortName { head, tail: word_at(bytes, start + 8)? & low(length - 8) }),
            _ => None,
        }
    }

    /// What begins at `start` and goes on to a blank, `/` or `>`, and how long it is: it may be a name or not.
    #[inline]
    pub fn of_tag(bytes: &[u8], start: usize) -> Option<(ShortName, usize)> {
        let (head, tail) = (word_at(bytes, start)?, word_at(bytes, start + 8)?);
        let ends = |word| below(word, b' ' + 1) | equal(word, b'/') | equal(word, b'>');
        match (ends(head), ends(tail)) {
            (0, 0) => None,
            (0, ends) => Some((ShortName { head, tail: tail & low(first(ends)) }, 8 + first(ends))),
            (ends, _) => Some((ShortName { head: head & low(first(ends)), tail: 0 }, first(ends))),
        }
    }

    /// The name itself; `None` when it is empty or longer.
    pub fn of(name: &str) -> Option<ShortName> {
        let mut bytes = [0; 16];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        ShortName::read(&bytes, 0, name.len())
    }

    /// Its place in a table, before it is cut to the size of the table.
    #[inline]
    pub const fn hash(&self) -> usize {
        let mixed = self.head ^ self.tail.rotate_left(23);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
    }
}

/// The first bytes of a word, fewer than eight.
#[inline]
const fn low(bytes: usize) -> u64 {
    (1 << (bytes * 8)) - 1
}
