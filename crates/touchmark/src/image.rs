//! The image of packs: all rule files in one run of bytes that a program carries and opens without reading it through.
//!
//! What is looked at when an image is opened (names, packs, a row a rule file) stands apart from the texts: a text is
//! neither paged in nor checked to be UTF-8 before its definition is asked for.
//!
//! | part | content |
//! |---|---|
//! | head | [`MAGIC`], then the number of packs, of rows, and the lengths of names, pool and texts, five `u32` |
//! | packs | for each the name and the version, each as offset and length in the pool |
//! | rows | for each twenty `u32`: pack, flags, [`STRINGS`] strings as offset and length in the pool, offset and length of the text |
//! | names | every name that the definitions use, with a line feed between two |
//! | pool | the strings |
//! | texts | the rule files |
//!
//! All numbers are little-endian. The writer is the build script of the crate that carries the image.

use crate::library::Package;

/// How an image begins: its form has a version of its own.
pub const MAGIC: &[u8; 16] = b"touchmark-packs3";

/// The strings of a row: resource type, url, version, name, status, type, base, places of extensions.
pub const STRINGS: usize = 8;

/// The bytes of a row.
const ROW: usize = 4 * (2 + 2 * STRINGS + 2);

/// The flag of a row whose definition was withdrawn.
pub const WITHDRAWN: u32 = 1;

/// An opened image.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    packages: &'a [u8],
    rows: &'a [u8],
    names: &'a str,
    pool: &'a str,
    texts: &'a [u8],
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
    /// The rule file, in UTF-8.
    pub text: &'a [u8],
}

impl<'a> Image<'a> {
    /// Opens an image.
    ///
    /// # Errors
    /// When the bytes are cut short or not an image of this version, or the strings are not UTF-8.
    pub fn open(bytes: &'a [u8]) -> Result<Image<'a>, String> {
        let short = || "the image is cut short".to_owned();
        let (magic, rest) = bytes.split_first_chunk::<16>().ok_or_else(short)?;
        if magic != MAGIC {
            return Err("not a touchmark image of this version".into());
        }
        let mut rest = rest;
        let mut number = || {
            let (bytes, behind) = rest.split_first_chunk::<4>().ok_or_else(short)?;
            rest = behind;
            Ok::<usize, String>(u32::from_le_bytes(*bytes) as usize)
        };
        let (packages, rows, names, pool, texts) = (number()?, number()?, number()?, number()?, number()?);
        let mut part = |len: Option<usize>| {
            let (bytes, behind) = len.and_then(|len| rest.split_at_checked(len)).ok_or_else(short)?;
            rest = behind;
            Ok::<&[u8], String>(bytes)
        };
        let packages = part(packages.checked_mul(16))?;
        let rows = part(rows.checked_mul(ROW))?;
        let utf8 = |bytes| str::from_utf8(bytes).map_err(|_| "the image is not UTF-8".to_owned());
        let names = utf8(part(Some(names))?)?;
        let pool = utf8(part(Some(pool))?)?;
        Ok(Image { packages, rows, names, pool, texts: part(Some(texts))? })
    }

    /// Every element and type name that the definitions use.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names.split('\n').filter(|name| !name.is_empty())
    }

    /// The packs, base first.
    pub fn packages(&self) -> impl Iterator<Item = Package> {
        let text = |bytes| self.string(bytes).to_owned();
        self.packages.chunks_exact(16).map(move |p| Package { name: text(&p[..8]), version: text(&p[8..]) })
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
    pub fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        self.rows.chunks_exact(ROW).map(|row| {
            let (head, strings) = row.split_at(8);
            let string = |at: usize| self.string(&strings[8 * at..8 * at + 8]);
            let (start, len) = run(&strings[8 * STRINGS..]);
            Row {
                package: word(head, 0),
                withdrawn: word(head, 4) & WITHDRAWN != 0,
                resource: string(0),
                url: string(1),
                version: string(2),
                name: string(3),
                status: string(4),
                type_name: string(5),
                base: string(6),
                places: string(7),
                text: self.texts.get(start..start.saturating_add(len)).unwrap_or(&[]),
            }
        })
    }

    fn string(&self, at: &[u8]) -> &'a str {
        let (start, len) = run(at);
        self.pool.get(start..start.saturating_add(len)).unwrap_or("")
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn run(bytes: &[u8]) -> (usize, usize) {
    (word(bytes, 0) as usize, word(bytes, 4) as usize)
}
