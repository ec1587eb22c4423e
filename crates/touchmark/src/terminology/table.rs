//! A table that finds the place of a code in a list: one hash, one probe, one comparison; the codes stay where they are.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Places of codes by their hash. Open addressing, at most half full.
#[derive(Debug)]
pub(super) struct Table {
    slots: Box<[u32]>,
    hasher: FixedState,
    /// Whether codes that differ only in the case of ASCII letters are the same.
    folds: bool,
}

const FREE: u32 = u32::MAX;

impl Table {
    /// A table of the codes `code(0) … code(count - 1)`. Of two that are the same the first is found.
    pub fn new<'c>(count: usize, folds: bool, code: impl Fn(u32) -> &'c str) -> Self {
        let size = (count * 2).next_power_of_two().max(4);
        let mut table = Table { slots: vec![FREE; size].into(), hasher: FixedState::with_seed(0), folds };
        for at in 0..count as u32 {
            let mut slot = table.start(code(at));
            loop {
                match table.slots[slot] {
                    FREE => table.slots[slot] = at,
                    other if table.same(code(other), code(at)) => {}
                    _ => {
                        slot = (slot + 1) & (size - 1);
                        continue;
                    }
                }
                break;
            }
        }
        table
    }

    /// The place of a code.
    #[inline]
    pub fn find<'c>(&self, wanted: &str, code: impl Fn(u32) -> &'c str) -> Option<u32> {
        let mut slot = self.start(wanted);
        loop {
            match self.slots[slot] {
                FREE => return None,
                at if self.same(code(at), wanted) => return Some(at),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn start(&self, code: &str) -> usize {
        let hash = if self.folds && code.bytes().any(|b| b.is_ascii_uppercase()) {
            self.hasher.hash_one(code.to_ascii_lowercase().as_bytes())
        } else {
            self.hasher.hash_one(code.as_bytes())
        };
        hash as usize & (self.slots.len() - 1)
    }

    fn same(&self, a: &str, b: &str) -> bool {
        if self.folds { a.eq_ignore_ascii_case(b) } else { a == b }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_their_table() {
        let codes = ["M", "F", "unknown", "Ünder", ""];
        let at = |n: u32| codes[n as usize];
        let (exact, folded) = (Table::new(codes.len(), false, at), Table::new(codes.len(), true, at));
        for (wanted, place, place_folded) in [
            ("F", Some(1), Some(1)),
            ("f", None, Some(1)),
            ("", Some(4), Some(4)),
            ("UNKNOWN", None, Some(2)),
            ("x", None, None),
        ] {
            assert_eq!(exact.find(wanted, at), place, "{wanted}");
            assert_eq!(folded.find(wanted, at), place_folded, "{wanted}");
        }
        assert_eq!(Table::new(0, false, |_| "").find("x", |_| ""), None);
    }
}
