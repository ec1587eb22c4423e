//! Makes an index of the files of a SNOMED CT release, format 2 (RF2), snapshot.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{HEADER, MAGIC, Source, Table, checksum, namespace_of};

const IS_A: u64 = 116_680_003;

/// The type of a description that says what a concept is, and not how it is called.
const DEFINITION: u64 = 900_000_000_000_550_004;

/// Collects the files of a release, in any order and of any number of editions, and makes an index of them.
#[derive(Debug, Default)]
pub struct SnomedBuilder {
    concepts: Vec<u64>,
    /// Child and parent.
    parents: Vec<(u64, u64)>,
    /// Reference set and member.
    members: Vec<(u64, u64)>,
    /// Concept, and where its term is in `texts`.
    terms: Vec<(u64, Range<usize>)>,
    texts: String,
}

/// What a file of a release holds, told from its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SnomedFile {
    /// Concepts.
    Concepts,
    /// Descriptions: what concepts are called.
    Descriptions,
    /// Relationships, of which `is a` is taken.
    Relationships,
    /// Simple reference sets.
    ReferenceSets,
}

impl SnomedFile {
    /// What a file with this first line holds; `None` for what an index has no use for.
    pub fn of_header(line: &str) -> Option<SnomedFile> {
        let columns: Vec<&str> = line.trim_start_matches('\u{feff}').trim_end().split('\t').collect();
        let has = |name: &str| columns.contains(&name);
        match columns.len() {
            5 if has("definitionStatusId") => Some(SnomedFile::Concepts),
            9 if has("languageCode") && has("term") && has("typeId") => Some(SnomedFile::Descriptions),
            10 if has("destinationId") && has("characteristicTypeId") => Some(SnomedFile::Relationships),
            6 if has("refsetId") && has("referencedComponentId") => Some(SnomedFile::ReferenceSets),
            _ => None,
        }
    }
}

impl SnomedBuilder {
    /// An index of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a file holds. Returns what kind of file it is; `None` where it is of no use.
    pub fn add(&mut self, text: &str) -> Option<SnomedFile> {
        let (header, rows) = text.split_once('\n').unwrap_or((text, ""));
        let file = SnomedFile::of_header(header)?;
        self.add_rows(file, rows);
        Some(file)
    }

    /// Takes whole lines of a file of this kind, behind its header: a file of a release need not be held in one piece.
    pub fn add_rows(&mut self, file: SnomedFile, rows: &str) {
        for line in rows.lines() {
            let mut columns = line.split('\t');
            let mut column = |skip: usize| columns.nth(skip);
            let number = |text: Option<&str>| text.and_then(|t| t.parse::<u64>().ok());
            let id = number(column(0));
            let active = column(1) == Some("1");
            match file {
                // An inactive concept is still a code of the system, only of no hierarchy.
                SnomedFile::Concepts => self.concepts.extend(id),
                SnomedFile::Descriptions if active => {
                    let (concept, kind, term) = (number(column(1)), number(column(1)), column(0));
                    if let (Some(concept), Some(term)) = (concept, term)
                        && kind != Some(DEFINITION)
                    {
                        let start = self.texts.len();
                        self.texts.push_str(term);
                        self.terms.push((concept, start..self.texts.len()));
                    }
                }
                SnomedFile::Relationships if active => {
                    let (child, parent, kind) = (number(column(1)), number(column(0)), number(column(1)));
                    if let (Some(child), Some(parent), Some(IS_A)) = (child, parent, kind) {
                        self.parents.push((child, parent));
                    }
                }
                SnomedFile::ReferenceSets if active => {
                    if let (Some(set), Some(member)) = (number(column(1)), number(column(0))) {
                        self.members.push((set, member));
                    }
                }
                _ => {}
            }
        }
    }

    /// Makes the index. `source` is kept in it as it is, for the caller to tell by what the index was made of.
    ///
    /// # Errors
    /// When the release is larger than an index can be: 4 GiB of terms, or as many concepts.
    pub fn build(mut self, source: Source) -> Result<Vec<u8>, String> {
        self.concepts.sort_unstable();
        self.concepts.dedup();
        let number = |id: u64| self.concepts.binary_search(&id).ok().map(|n| n as u32);
        let largest = [self.concepts.len(), self.parents.len(), self.members.len(), self.terms.len(), self.texts.len()];
        if largest.into_iter().any(|count| u32::try_from(count).is_err()) {
            return Err("the release is too large for an index".into());
        }
        let mut parents: Vec<(u32, u32)> =
            self.parents.iter().filter_map(|(child, parent)| Some((number(*child)?, number(*parent)?))).collect();
        self.parents = Vec::new();
        parents.sort_unstable();
        parents.dedup();
        let mut terms: Vec<(u32, Range<usize>)> =
            self.terms.drain(..).filter_map(|(concept, term)| Some((number(concept)?, term))).collect();
        self.terms = Vec::new();
        // A stable sort: the first description of a concept stays its first.
        terms.sort_by_key(|(concept, _)| *concept);
        let mut sets: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (set, member) in &self.members {
            sets.entry(*set).or_default().extend(number(*member));
        }
        for rows in sets.values_mut() {
            rows.sort_unstable();
            rows.dedup();
        }
        let mut namespaces: Vec<u32> = self.concepts.iter().filter_map(|id| namespace_of(*id)).collect();
        namespaces.sort_unstable();
        namespaces.dedup();

        let count = self.concepts.len();
        let size = count * 16 + parents.len() * 4 + self.members.len() * 4 + terms.len() * 4 + self.texts.len();
        let mut out = Writer::new(size);
        out.table(Table::Concepts, self.concepts.iter().map(|id| id.to_le_bytes()));
        out.starts(Table::ParentStarts, count, parents.iter().map(|(child, _)| *child));
        out.table(Table::Parents, parents.iter().map(|(_, parent)| parent.to_le_bytes()));
        out.table(Table::Sets, sets.keys().map(|set| set.to_le_bytes()));
        out.table(Table::MemberStarts, running(sets.values().map(Vec::len)));
        out.table(Table::Members, sets.values().flatten().map(|row| row.to_le_bytes()));
        out.starts(Table::TermStarts, count, terms.iter().map(|(concept, _)| *concept));
        out.table(Table::TextStarts, running(terms.iter().map(|(_, term)| term.len())));
        let texts = self.texts.as_bytes();
        out.texts(terms.iter().map(|(_, term)| &texts[term.clone()]));
        out.table(Table::Namespaces, namespaces.iter().map(|namespace| namespace.to_le_bytes()));
        Ok(out.finish(source))
    }
}

/// Where each part begins when they stand one behind the other; and where the last one ends.
fn running(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = [u8; 4]> {
    let mut end = 0_u32;
    let ends = lengths.map(move |length| {
        end += length as u32;
        end.to_le_bytes()
    });
    std::iter::once(0_u32.to_le_bytes()).chain(ends)
}

/// Writes the tables of an index, in their order, behind room for the header.
struct Writer {
    out: Vec<u8>,
    counts: [u64; Table::COUNT],
}

impl Writer {
    fn new(size: usize) -> Self {
        let mut out = Vec::with_capacity(HEADER + size);
        out.resize(HEADER, 0);
        Writer { out, counts: [0; Table::COUNT] }
    }

    fn table<const WIDTH: usize>(&mut self, table: Table, rows: impl Iterator<Item = [u8; WIDTH]>) {
        for row in rows {
            self.out.extend_from_slice(&row);
            self.counts[table as usize] += 1;
        }
    }

    fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t [u8]>) {
        for text in texts {
            self.out.extend_from_slice(text);
            self.counts[Table::Texts as usize] += text.len() as u64;
        }
    }

    /// For each of `count` rows where those begin that belong to it, of a list sorted by owner.
    fn starts(&mut self, table: Table, count: usize, owners: impl Iterator<Item = u32>) {
        let mut row = 0;
        let mut number = 0_u32;
        for owner in owners {
            while row <= owner as usize {
                self.out.extend(number.to_le_bytes());
                row += 1;
            }
            number += 1;
        }
        while row <= count {
            self.out.extend(number.to_le_bytes());
            row += 1;
        }
        self.counts[table as usize] = row as u64;
    }

    fn finish(mut self, source: Source) -> Vec<u8> {
        let mut header = MAGIC.to_vec();
        header.extend(source);
        header.extend((self.out.len() as u64).to_le_bytes());
        for count in self.counts {
            header.extend(count.to_le_bytes());
        }
        let sum = checksum(&header);
        header.extend(sum);
        self.out[..HEADER].copy_from_slice(&header);
        self.out
    }
}
