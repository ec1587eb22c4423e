//! The fuzz body over damaged bytes, encodings included: nothing panics, and what is read is sound.

mod mutation;

use mutation::{Dice, JSON, XML};
use touchmark_document::{Arena, Names, fuzz};

#[test]
fn any_bytes_are_answered() {
    let (mut arena, mut names) = (Arena::new(), Names::new());
    for name in ["Patient", "id", "name", "given", "resourceType", "div", "text"] {
        names.intern(name);
    }
    let mut dice = Dice::new(3);
    let rounds = std::env::var("TOUCHMARK_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(20_000);
    for round in 0..rounds {
        let text = if round % 2 == 0 { JSON[dice.roll(JSON.len())] } else { XML[dice.roll(XML.len())] };
        let mut bytes: Vec<u8> = match dice.roll(6) {
            0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            1 => [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
            2 => text.replace("UTF-8", "ISO-8859-1").chars().map(|c| c as u8).collect(),
            3 => format!("\u{feff}{text}").into_bytes(),
            _ => text.as_bytes().to_vec(),
        };
        for _ in 0..dice.roll(5) {
            let at = dice.roll(bytes.len());
            match dice.roll(5) {
                0 => bytes[at] = dice.roll(256) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, dice.roll(256) as u8),
                3 => bytes[at] ^= 1 << dice.roll(8),
                _ => bytes.truncate(bytes.len() - dice.roll(bytes.len().min(40))),
            }
            if bytes.is_empty() {
                break;
            }
        }
        fuzz::read_anything(&bytes, &mut arena, &names);
    }
}
