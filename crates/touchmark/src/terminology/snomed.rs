//! A SNOMED CT release as an index: one run of bytes with sorted tables, read where it lies.

mod build;
mod expression;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

pub use build::SnomedBuilder;
pub(crate) use expression::Expression;

/// The code system.
pub(crate) const SNOMED: &str = "http://snomed.info/sct";

const MAGIC: &[u8; 16] = b"touchmark-sct-01";

/// The tables of an index, in their order: how many bytes one row takes.
const WIDTHS: [usize; 9] = [8, 4, 4, 8, 4, 4, 4, 4, 1];

/// The bytes of an index, however they are held: a vector, a mapped file.
type Bytes = dyn AsRef<[u8]> + Send + Sync;

/// A SNOMED CT release, indexed: its concepts, what they are called, what they are kinds of, and its simple reference sets.
///
/// Made once by [`SnomedBuilder`]; opening it reads nothing but the sizes of its tables.
pub struct SnomedIndex {
    bytes: Box<Bytes>,
    tables: [Range<usize>; 9],
}

/// The tables.
#[derive(Clone, Copy)]
enum Table {
    /// Concept identifiers, sorted.
    Concepts,
    /// For each concept where its parents begin; one row more than concepts.
    ParentStarts,
    /// Parents, by number of concept.
    Parents,
    /// Reference set identifiers, sorted.
    Sets,
    /// For each reference set where its members begin.
    MemberStarts,
    /// Members, by number of concept, sorted within each set.
    Members,
    /// For each concept where its terms begin.
    TermStarts,
    /// For each term where its text begins.
    TextStarts,
    /// All texts.
    Texts,
}

impl SnomedIndex {
    /// Opens an index.
    ///
    /// # Errors
    /// When the bytes are no index of this version, or cut short.
    pub fn open(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, String> {
        let (head, rest) = bytes.as_ref().split_at_checked(MAGIC.len()).ok_or("the index is cut short")?;
        if head != MAGIC {
            return Err("this is no SNOMED CT index of this version of touchmark".into());
        }
        let mut at = MAGIC.len() + WIDTHS.len() * 8;
        let mut tables: [Range<usize>; 9] = std::array::from_fn(|_| 0..0);
        for (number, width) in WIDTHS.into_iter().enumerate() {
            let count = rest.get(number * 8..number * 8 + 8).ok_or("the index is cut short")?;
            let count = count.try_into().map(u64::from_le_bytes).map_err(|_| "the index is cut short")?;
            let size = usize::try_from(count).ok().and_then(|c| c.checked_mul(width)).ok_or("a table is too large")?;
            let end = at.checked_add(size).filter(|e| *e <= bytes.as_ref().len()).ok_or("the index is cut short")?;
            tables[number] = at..end;
            at = end;
        }
        Ok(SnomedIndex { bytes: Box::new(bytes), tables })
    }

    /// How many concepts there are, inactive ones included.
    pub fn len(&self) -> usize {
        self.rows(Table::Concepts)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a concept by its identifier.
    pub(crate) fn find(&self, identifier: u64) -> Option<u32> {
        Self::search(0..self.len(), &identifier, |at| self.long(Table::Concepts, at)).map(|n| n as u32)
    }

    /// Whether a concept is, or is a kind of, another.
    pub(crate) fn is_a(&self, concept: u32, ancestor: u32) -> bool {
        if concept == ancestor {
            return true;
        }
        let mut seen = vec![concept];
        let mut next = 0;
        while let Some(at) = seen.get(next).copied() {
            for parent in self.parents(at) {
                if parent == ancestor {
                    return true;
                }
                // Lists are short: a concept has some dozens of ancestors.
                if !seen.contains(&parent) {
                    seen.push(parent);
                }
            }
            next += 1;
        }
        false
    }

    /// Whether a concept is a member of a simple reference set; `None` when the set is not in the release.
    pub(crate) fn is_member(&self, set: u64, concept: u32) -> Option<bool> {
        let set = Self::search(0..self.rows(Table::Sets), &set, |at| self.long(Table::Sets, at))?;
        let members = self.range(Table::MemberStarts, Table::Members, set);
        Some(Self::search(members, &concept, |at| self.short(Table::Members, at)).is_some())
    }

    /// What a concept is called.
    pub(crate) fn terms(&self, concept: u32) -> impl Iterator<Item = &str> {
        self.range(Table::TermStarts, Table::TextStarts, concept as usize).map(|term| {
            let text = self.range(Table::TextStarts, Table::Texts, term);
            let texts = &self.bytes()[self.tables[Table::Texts as usize].clone()];
            texts.get(text).and_then(|t| str::from_utf8(t).ok()).unwrap_or("")
        })
    }

    /// Whether codes with the namespace of this one are in the release at all, so that one that is not found does not exist.
    pub(crate) fn covers(&self, code: &str) -> bool {
        let Some(namespace) = namespace(code) else { return !self.is_empty() };
        // Identifiers of one namespace are scattered; releases have few namespaces, and this is asked of missing codes only.
        let mut codes = (0..self.len()).map(|at| self.long(Table::Concepts, at));
        codes.any(|identifier| identifier >= 10_000_000_000 && identifier / 1000 % 10_000_000 == namespace)
    }

    fn parents(&self, concept: u32) -> impl Iterator<Item = u32> {
        self.range(Table::ParentStarts, Table::Parents, concept as usize).map(|at| self.short(Table::Parents, at))
    }

    fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    fn rows(&self, table: Table) -> usize {
        self.tables[table as usize].len() / WIDTHS[table as usize]
    }

    /// A row of a table; 0 for one that is not there, as in an index that somebody damaged.
    fn short(&self, table: Table, row: usize) -> u32 {
        let start = self.tables[table as usize].start + row * 4;
        self.bytes().get(start..start + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    fn long(&self, table: Table, row: usize) -> u64 {
        let start = self.tables[table as usize].start + row * 8;
        self.bytes().get(start..start + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
    }

    /// The rows of a table that belong to one row of another.
    fn range(&self, starts: Table, of: Table, row: usize) -> Range<usize> {
        if row + 1 >= self.rows(starts) {
            return 0..0;
        }
        let (from, to) = (self.short(starts, row) as usize, self.short(starts, row + 1) as usize);
        from..to.clamp(from, self.rows(of).max(from))
    }

    fn search<T: Ord>(rows: Range<usize>, wanted: &T, row: impl Fn(usize) -> T) -> Option<usize> {
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low.midpoint(high);
            match row(middle).cmp(wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// The namespace of a long-format identifier (<http://snomed.org/rel>, 'SCTID'): seven digits before partition and check digit.
fn namespace(code: &str) -> Option<u64> {
    let partition = code.len().checked_sub(3)?;
    (code.as_bytes().get(partition) == Some(&b'1'))
        .then(|| code.get(partition.checked_sub(7)?..partition)?.parse().ok())?
}

impl fmt::Debug for SnomedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnomedIndex").field("concepts", &self.len()).finish_non_exhaustive()
    }
}
