//! Writes an image. Its form is that of `touchmark::image`, which reads it.

use std::collections::HashMap;

const MAGIC: &[u8; 16] = b"touchmark-packs3";
const WITHDRAWN: u32 = 1;
/// The strings of a row, and its bytes.
const STRINGS: usize = 8;
const ROW: usize = 4 * (2 + 2 * STRINGS + 2);

/// An image in the making.
#[derive(Default)]
pub struct Image {
    packs: Vec<u8>,
    rows: Vec<u8>,
    pool: String,
    /// Where each string of the pool is: most versions, statuses and bases occur many times.
    known: HashMap<String, u32>,
    texts: Vec<u8>,
}

impl Image {
    /// Begins a pack; the rows added next are its.
    pub fn add_pack(&mut self, name: &str, version: &str) {
        for text in [name, version] {
            let at = self.string(text);
            put(&mut self.packs, &at);
        }
    }

    /// Adds a rule file: resource type, url, version, name, status, type, base, places of extensions.
    pub fn add_row(&mut self, strings: [&str; STRINGS], withdrawn: bool, text: &str) {
        let pack = (self.packs.len() / 16) as u32 - 1;
        put(&mut self.rows, &[pack, if withdrawn { WITHDRAWN } else { 0 }]);
        for text in strings {
            let at = self.string(text);
            put(&mut self.rows, &at);
        }
        put(&mut self.rows, &[self.texts.len() as u32, text.len() as u32]);
        self.texts.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) -> [u32; 2] {
        let pool = &mut self.pool;
        let start = *self.known.entry(text.to_owned()).or_insert_with(|| {
            pool.push_str(text);
            (pool.len() - text.len()) as u32
        });
        [start, text.len() as u32]
    }

    /// The bytes of the image.
    pub fn write(self, names: &str) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let counts = [self.packs.len() / 16, self.rows.len() / ROW, names.len(), self.pool.len(), self.texts.len()];
        put(&mut out, &counts.map(|n| n as u32));
        for part in [&self.packs, &self.rows, names.as_bytes(), self.pool.as_bytes(), &self.texts] {
            out.extend_from_slice(part);
        }
        out
    }
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}
