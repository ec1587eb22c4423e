//! A SNOMED CT release as an index: one run of bytes with sorted tables, read where it lies.

mod build;
mod expression;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use sha1::{Digest, Sha1};

pub use build::{SnomedBuilder, SnomedFile};
pub(crate) use expression::Expression;

/// The code system.
pub(crate) const SNOMED: &str = "http://snomed.info/sct";

/// Its last two digits are the version of the format.
const MAGIC: &[u8; 16] = b"touchmark-sct-02";

/// What the maker of an index says of its source: a hash, say.
pub type Source = [u8; 24];

/// The header: magic, source, length of the whole, rows of each table, checksum of all that.
const HEADER: usize = 16 + 24 + 8 + Table::COUNT * 8 + 8;

/// The bytes of an index, however they are held: a vector, a mapped file.
type Bytes = dyn AsRef<[u8]> + Send + Sync;

/// A SNOMED CT release, indexed: its concepts, what they are called, what they are kinds of, and its simple reference sets.
///
/// Made once by [`SnomedBuilder`]; opening it reads nothing but its header.
pub struct SnomedIndex {
    bytes: Box<Bytes>,
    tables: [Range<usize>; Table::COUNT],
}

/// The tables, in their order.
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
    /// For each reference set where its members begin; one row more than sets.
    MemberStarts,
    /// Members, by number of concept, sorted within each set.
    Members,
    /// For each concept where its terms begin; one row more than concepts.
    TermStarts,
    /// For each term where its text begins; one row more than terms.
    TextStarts,
    /// All texts.
    Texts,
    /// The namespaces of long-format identifiers, sorted.
    Namespaces,
}

impl Table {
    const COUNT: usize = 10;

    /// How many bytes one row of each takes.
    const WIDTHS: [usize; Table::COUNT] = [8, 4, 4, 8, 4, 4, 4, 4, 1, 4];
}

/// No concept is a kind of so many others: a line of parents that is longer is none.
const MOST_ANCESTORS: usize = 5000;

impl SnomedIndex {
    /// Opens an index. The header is checked, and that the tables fit each other and the length. The rows are not read: those of
    /// an index that somebody damaged behind its header give wrong answers at worst.
    ///
    /// # Errors
    /// When the bytes are no index of this version, or damaged or cut short.
    pub fn open(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, String> {
        let all = bytes.as_ref();
        let Some((magic, _)) = all.split_first_chunk::<16>() else { return Err("the index is cut short".into()) };
        if magic != MAGIC {
            return Err("this is no SNOMED CT index of this version of touchmark".into());
        }
        let Some((header, _)) = all.split_first_chunk::<HEADER>() else { return Err("the index is cut short".into()) };
        let (said, sum) = header.split_at(HEADER - 8);
        if checksum(said) != *sum {
            return Err("the header of the index is damaged".into());
        }
        let (_, numbers) = said.split_at(MAGIC.len() + size_of::<Source>());
        let mut numbers = numbers.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number));
        if numbers.next() != Some(all.len() as u64) {
            return Err("the index is cut short, or too long".into());
        }
        let mut at = HEADER;
        let mut tables: [Range<usize>; Table::COUNT] = std::array::from_fn(|_| 0..0);
        for ((table, count), width) in tables.iter_mut().zip(numbers).zip(Table::WIDTHS) {
            let size = u32::try_from(count).ok().and_then(|count| (count as usize).checked_mul(width));
            let end = size.and_then(|size| at.checked_add(size)).filter(|end| *end <= all.len());
            *table = at..end.ok_or("a table of the index is too large")?;
            at = table.end;
        }
        let index = SnomedIndex { bytes: Box::new(bytes), tables };
        if at != index.bytes().len() || !index.fits() {
            return Err("the tables of the index do not fit each other".into());
        }
        Ok(index)
    }

    /// Whether each table of starts has a row for all that it is about, and ends where the rows end that it divides.
    fn fits(&self) -> bool {
        let whole = |starts: Table, of: usize, divided: Table| {
            self.rows(starts) == of + 1 && self.short(starts, of) as usize == self.rows(divided)
        };
        let terms = self.rows(Table::TextStarts).wrapping_sub(1);
        whole(Table::ParentStarts, self.len(), Table::Parents)
            && whole(Table::MemberStarts, self.rows(Table::Sets), Table::Members)
            && whole(Table::TextStarts, terms, Table::Texts)
            && self.rows(Table::TermStarts) == self.len() + 1
            && self.short(Table::TermStarts, self.len()) as usize == terms
    }

    /// What its maker said of the source of the index.
    pub fn source(&self) -> Source {
        let source = self.bytes().get(MAGIC.len()..).and_then(|rest| rest.first_chunk());
        source.copied().unwrap_or_default()
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
                if seen.len() < MOST_ANCESTORS && !seen.contains(&parent) {
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
        match code.parse().ok().and_then(namespace_of) {
            None => !self.is_empty(),
            Some(namespace) => {
                let rows = 0..self.rows(Table::Namespaces);
                Self::search(rows, &namespace, |at| self.short(Table::Namespaces, at)).is_some()
            }
        }
    }

    fn parents(&self, concept: u32) -> impl Iterator<Item = u32> {
        self.range(Table::ParentStarts, Table::Parents, concept as usize).map(|at| self.short(Table::Parents, at))
    }

    fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    fn rows(&self, table: Table) -> usize {
        self.tables[table as usize].len() / Table::WIDTHS[table as usize]
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

/// The namespace of a long-format identifier (<http://snomed.org/rel>, 'SCTID'): seven digits before partition and check digit;
/// `None` for one of the short format, which is international.
fn namespace_of(identifier: u64) -> Option<u32> {
    let long = identifier >= 10_000_000_000 && identifier / 100 % 10 == 1;
    long.then_some((identifier / 1000 % 10_000_000) as u32)
}

/// The first bytes of the SHA-1 of a header: against damage, not against malice.
fn checksum(header: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&Sha1::digest(header)[..8]);
    sum
}

impl fmt::Debug for SnomedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnomedIndex").field("concepts", &self.len()).finish_non_exhaustive()
    }
}
