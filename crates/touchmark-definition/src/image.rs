//! The image of packs: all rule files in one run of texts and one of bytes, which a program carries and opens without
//! reading them through.
//!
//! Texts are UTF-8 that the compiler has checked. In the bytes a text is a number; all numbers are little-endian `u32`.
//!
//! | part of the bytes | content |
//! |---|---|
//! | head | [`MAGIC`], then the number of texts, packs and rows, the length of the facts, and the text with all names |
//! | texts | where each begins in the run of texts; it ends where the next begins |
//! | packs | for each the texts of its name and its version |
//! | rows | for each rule file: pack, flags, [`STRINGS`] texts, offset and length in the facts |
//! | facts | the definitions, as the module `compact` writes them |

use std::collections::HashMap;

use crate::{Definition, Text, compact};

/// What a pack calls a rule file about messages, which is no FHIR resource.
pub const RULE_FILE: &str = "RuleFile";

/// What a pack calls a file that says in words what invariants ask; it is no FHIR resource either.
pub const INVARIANT_WORDS: &str = "InvariantWords";

/// How an image begins: its form has a version of its own.
pub const MAGIC: &[u8; 16] = b"touchmark-packs4";

/// The texts of a row: resource type, url, version, name, status, type, base, places of extensions, the file itself.
pub const STRINGS: usize = 9;

/// The bytes of a row.
const ROW: usize = 4 * (2 + STRINGS + 2);

/// The flag of a row whose definition was withdrawn.
const WITHDRAWN: u32 = 1;

/// A pack or a package of definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: Text,
    /// Its version.
    pub version: Text,
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.version.is_empty() { Ok(()) } else { write!(f, " {}", self.version) }
    }
}

/// An opened image.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    pool: &'static str,
    starts: &'static [u8],
    packages: &'static [u8],
    rows: &'static [u8],
    facts: &'static [u8],
    names: u32,
}

/// One rule file of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The number of its pack.
    pub package: u32,
    /// Whether its publisher has withdrawn it.
    pub withdrawn: bool,
    /// The resource type.
    pub resource: &'a str,
    /// The canonical url.
    pub url: &'a str,
    /// The version.
    pub version: &'a str,
    /// The name.
    pub name: &'a str,
    /// The status.
    pub status: &'a str,
    /// The type of a StructureDefinition.
    pub type_name: &'a str,
    /// The base of a StructureDefinition.
    pub base: &'a str,
    /// The extensions that a StructureDefinition places: a line each, url and path of the element with a tabulator between.
    pub places: &'a str,
    /// The file itself, where it is no definition.
    pub text: &'a str,
    /// The facts of a definition, for [`Image::read`]; empty where it is only listed.
    pub facts: &'a [u8],
}

impl Image {
    /// Opens an image.
    ///
    /// # Errors
    /// When the bytes are cut short or not an image of this version.
    pub fn open((pool, bytes): (&'static str, &'static [u8])) -> Result<Image, String> {
        let short = || "the image is cut short".to_owned();
        let (magic, rest) = bytes.split_first_chunk::<16>().ok_or_else(short)?;
        if magic != MAGIC {
            return Err("not a touchmark image of this version".into());
        }
        let (head, mut rest) = rest.split_at_checked(20).ok_or_else(short)?;
        let mut part = |number: usize, size: usize| {
            let len = (word(head, 4 * number) as usize).checked_mul(size);
            let (bytes, behind) = len.and_then(|len| rest.split_at_checked(len)).ok_or_else(short)?;
            rest = behind;
            Ok::<_, String>(bytes)
        };
        let (starts, packages, rows, facts) = (part(0, 4)?, part(1, 8)?, part(2, ROW)?, part(3, 1)?);
        if !rest.is_empty() {
            return Err("something stands behind the image".into());
        }
        Ok(Image { pool, starts, packages, rows, facts, names: word(head, 16) })
    }

    /// Every element and type name that the definitions use.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.text(self.names).split('\n').filter(|name| !name.is_empty())
    }

    /// The packs, base first.
    pub fn packages(&self) -> impl Iterator<Item = Package> {
        let text = |pack, at| Text::of(self.text(word(pack, at)));
        self.packages.chunks_exact(8).map(move |pack| Package { name: text(pack, 0), version: text(pack, 4) })
    }

    /// How many rule files there are.
    pub fn len(&self) -> usize {
        self.rows.len() / ROW
    }

    /// Whether there is no rule file.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rule files: pack by pack, and in each the one that stands for a canonical before its other versions.
    pub fn rows(&self) -> impl Iterator<Item = Row<'static>> {
        self.rows.as_chunks::<ROW>().0.iter().map(|row| {
            let text = |at: usize| self.text(word(row, 8 + 4 * at));
            let start = word(row, ROW - 8) as usize;
            Row {
                package: word(row, 0),
                withdrawn: word(row, 4) & WITHDRAWN != 0,
                resource: text(0),
                url: text(1),
                version: text(2),
                name: text(3),
                status: text(4),
                type_name: text(5),
                base: text(6),
                places: text(7),
                text: text(8),
                facts: self.facts.get(start..start.saturating_add(word(row, ROW - 4) as usize)).unwrap_or(&[]),
            }
        })
    }

    /// The definition with these facts, whose texts stay in the image. `None` where they are none of this image.
    pub fn read(&self, facts: &'static [u8]) -> Option<Definition> {
        compact::read(facts, |number| self.text(number))
    }

    /// Finds which definitions mention a text: have it, or one that holds it. What comes back is asked with their facts.
    pub fn mentioning(&self, text: &str) -> impl Fn(&'static [u8]) -> bool + use<> {
        let starts = self.starts.as_chunks::<4>().0;
        let mut found = vec![false; starts.len()];
        let finder = memchr::memmem::Finder::new(text);
        let mut from = 0;
        while let Some(at) = self.pool.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
            from += at + 1;
            // What was found may also lie across the end of a text.
            let holder = starts.partition_point(|start| (u32::from_le_bytes(*start) as usize) < from).saturating_sub(1);
            match found.get_mut(holder) {
                Some(known) if !*known => *known = self.text(holder as u32).contains(text),
                _ => {}
            }
        }
        move |facts| compact::texts(facts).any(|number| found.get(number as usize) == Some(&true))
    }

    #[inline]
    fn text(&self, number: u32) -> &'static str {
        let starts = self.starts.as_chunks::<4>().0;
        let at =
            |number: usize| starts.get(number).map_or(self.pool.len(), |start| u32::from_le_bytes(*start) as usize);
        self.pool.get(at(number as usize)..at(number as usize + 1)).unwrap_or("")
    }
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// An image in the making.
#[derive(Default)]
pub struct Builder {
    packages: Vec<u32>,
    rows: Vec<u32>,
    facts: Vec<u8>,
    texts: Texts,
}

/// The texts of an image: each once.
#[derive(Default)]
struct Texts {
    pool: String,
    starts: Vec<u32>,
    known: HashMap<String, u32>,
}

impl Builder {
    /// Begins a pack; the rows added next are its.
    pub fn add_package(&mut self, name: &str, version: &str) {
        let texts = [name, version].map(|text| self.texts.number(text));
        self.packages.extend(texts);
    }

    /// Adds a rule file, and the facts of a definition.
    pub fn add(&mut self, row: &Row<'_>, definition: Option<&Definition>) {
        let package = (self.packages.len() / 2) as u32 - 1;
        self.rows.extend([package, if row.withdrawn { WITHDRAWN } else { 0 }]);
        let strings: [&str; STRINGS] =
            [row.resource, row.url, row.version, row.name, row.status, row.type_name, row.base, row.places, row.text];
        self.rows.extend(strings.map(|text| self.texts.number(text)));
        let facts = definition.map_or_else(Vec::new, |d| compact::write(d, &mut |text| self.texts.number(text)));
        self.rows.extend([self.facts.len() as u32, facts.len() as u32]);
        self.facts.extend(facts);
    }

    /// The texts and the bytes of the image, with the names that documents are read with.
    pub fn finish<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> (String, Vec<u8>) {
        let names: Vec<&str> = names.into_iter().collect();
        let names = self.texts.number(&names.join("\n"));
        let rows = self.rows.len() * 4 / ROW;
        let counts = [self.texts.starts.len(), self.packages.len() / 2, rows, self.facts.len()].map(|n| n as u32);
        let mut bytes = MAGIC.to_vec();
        for numbers in [&counts[..], &[names], &self.texts.starts, &self.packages, &self.rows] {
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes.extend(self.facts);
        (self.texts.pool, bytes)
    }
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let number = self.starts.len() as u32;
        self.starts.push(self.pool.len() as u32);
        self.pool.push_str(text);
        self.known.insert(text.to_owned(), number);
        number
    }
}
