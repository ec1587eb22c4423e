//! Makes an index of the files of a SNOMED CT release, format 2 (RF2), snapshot.

use std::collections::BTreeMap;

use super::{MAGIC, WIDTHS};

const IS_A: u64 = 116_680_003;

/// Collects the files of a release, in any order and of any number of editions, and makes an index of them.
#[derive(Debug, Default)]
pub struct SnomedBuilder {
    concepts: Vec<u64>,
    /// Child and parent.
    parents: Vec<(u64, u64)>,
    /// Reference set and member.
    members: Vec<(u64, u64)>,
    /// Concept and term.
    terms: Vec<(u64, Box<str>)>,
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
        let mut lines = text.lines();
        let file = SnomedFile::of_header(lines.next()?)?;
        for line in lines {
            let mut columns = line.split('\t');
            let mut column = |skip: usize| columns.nth(skip);
            let number = |text: Option<&str>| text.and_then(|t| t.parse::<u64>().ok());
            let id = number(column(0));
            let active = column(1) == Some("1");
            match file {
                // An inactive concept is still a code of the system, only of no hierarchy.
                SnomedFile::Concepts => self.concepts.extend(id),
                SnomedFile::Descriptions if active => {
                    if let (Some(concept), Some(term)) = (number(column(1)), column(2)) {
                        self.terms.push((concept, term.into()));
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
        Some(file)
    }

    /// Makes the index.
    pub fn build(mut self) -> Vec<u8> {
        self.concepts.sort_unstable();
        self.concepts.dedup();
        let number = |id: u64| self.concepts.binary_search(&id).ok().map(|n| n as u32);
        let mut parents: Vec<(u32, u32)> =
            self.parents.iter().filter_map(|(child, parent)| Some((number(*child)?, number(*parent)?))).collect();
        sort(&mut parents);
        let mut terms: Vec<(u32, &str)> =
            self.terms.iter().filter_map(|(concept, term)| Some((number(*concept)?, &**term))).collect();
        // A stable sort: the first description of a concept stays its first.
        terms.sort_by_key(|(concept, _)| *concept);
        let mut sets: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (set, member) in &self.members {
            sets.entry(*set).or_default().extend(number(*member));
        }
        let count = self.concepts.len();
        let mut tables: [Vec<u8>; WIDTHS.len()] = std::array::from_fn(|_| Vec::new());
        let [concepts, parent_starts, parent_rows, set_ids, member_starts, members, term_starts, text_starts, texts] =
            &mut tables;
        for id in &self.concepts {
            concepts.extend(id.to_le_bytes());
        }
        starts(parent_starts, count, parents.iter().map(|(child, _)| *child));
        for (_, parent) in &parents {
            parent_rows.extend(parent.to_le_bytes());
        }
        let mut start = 0_u32;
        for (set, rows) in &mut sets {
            rows.sort_unstable();
            rows.dedup();
            set_ids.extend(set.to_le_bytes());
            member_starts.extend(start.to_le_bytes());
            start += rows.len() as u32;
            for row in &*rows {
                members.extend(row.to_le_bytes());
            }
        }
        member_starts.extend(start.to_le_bytes());
        starts(term_starts, count, terms.iter().map(|(concept, _)| *concept));
        for (_, term) in &terms {
            text_starts.extend((texts.len() as u32).to_le_bytes());
            texts.extend(term.as_bytes());
        }
        text_starts.extend((texts.len() as u32).to_le_bytes());
        let mut out = MAGIC.to_vec();
        for (table, width) in tables.iter().zip(WIDTHS) {
            out.extend(((table.len() / width) as u64).to_le_bytes());
        }
        for table in &tables {
            out.extend(table);
        }
        out
    }
}

fn sort(pairs: &mut Vec<(u32, u32)>) {
    pairs.sort_unstable();
    pairs.dedup();
}

/// For each of `count` rows where those begin that belong to it, of a list sorted by owner.
fn starts(out: &mut Vec<u8>, count: usize, owners: impl Iterator<Item = u32>) {
    let mut row = 0;
    let mut number = 0_u32;
    for owner in owners {
        while row <= owner as usize {
            out.extend(number.to_le_bytes());
            row += 1;
        }
        number += 1;
    }
    while row <= count {
        out.extend(number.to_le_bytes());
        row += 1;
    }
}
