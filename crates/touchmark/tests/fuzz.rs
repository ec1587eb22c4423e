//! The fuzz body over damaged vectors: nothing panics, and what is said about any bytes is sound.

mod cases;
#[path = "../../touchmark-document/tests/mutation/mod.rs"]
mod mutation;

use std::fmt::Write as _;

use mutation::{Dice, JSON_TOKENS, XML_TOKENS, damaged};
use touchmark::{Checker, fuzz};

#[test]
fn the_vectors_themselves_are_answered_soundly() {
    let graph = cases::graph();
    let mut checker = Checker::new(&graph);
    for bytes in documents() {
        fuzz::check_anything(&bytes, &graph, &mut checker);
    }
}

#[test]
fn damaged_vectors_are_answered_soundly() {
    let graph = cases::graph();
    let mut checker = Checker::new(&graph);
    let documents = documents();
    let rounds = std::env::var("TOUCHMARK_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(3_000);
    let mut dice = Dice::new(7);
    for _ in 0..rounds {
        let whole = &documents[dice.roll(documents.len())];
        let other = &documents[dice.roll(documents.len())];
        let bytes = mutated(whole, other, &mut dice);
        fuzz::check_anything(&bytes, &graph, &mut checker);
    }
}

/// The vectors and the samples.
fn documents() -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = cases::all().into_iter().map(|case| case.bytes).collect();
    for sample in cases::files(&cases::folder().join("samples")) {
        found.push(std::fs::read(sample).expect("a sample"));
    }
    found
}

/// A document with one kind of damage.
fn mutated(whole: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let span = |dice: &mut Dice, length: usize| {
        let start = dice.roll(length);
        start..(start + 1 + dice.roll(60)).min(length)
    };
    match dice.roll(8) {
        0 => {
            for _ in 0..=dice.roll(4) {
                let at = dice.roll(bytes.len());
                bytes[at] ^= 1 << dice.roll(8);
            }
        }
        1 => bytes.truncate(dice.roll(bytes.len())),
        2 => drop(bytes.drain(span(dice, whole.len()))),
        3 => {
            let piece = whole[span(dice, whole.len())].to_vec();
            let at = dice.roll(whole.len());
            bytes.splice(at..at, piece);
        }
        4 => {
            let piece = other[span(dice, other.len())].to_vec();
            bytes.splice(span(dice, whole.len()), piece);
        }
        5 => return swapped(whole, other, dice),
        6 => return nested(whole, dice),
        _ => {
            let text = String::from_utf8_lossy(whole);
            let tokens: &[&str] = if text.contains('<') { &XML_TOKENS } else { &JSON_TOKENS };
            return damaged(&text, tokens, dice).into_bytes();
        }
    }
    bytes
}

/// Replaces what stands in quotation marks by what stands so elsewhere: documents that are well formed and wrong.
fn swapped(whole: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (text, other) = (String::from_utf8_lossy(whole), String::from_utf8_lossy(other));
    let mut parts: Vec<&str> = text.split('"').collect();
    let others: Vec<&str> = other.split('"').collect();
    for _ in 0..=dice.roll(3) {
        let (at, from) = (dice.roll(parts.len() / 2) * 2 + 1, dice.roll(others.len() / 2) * 2 + 1);
        if let (Some(part), Some(other)) = (parts.get_mut(at), others.get(from)) {
            *part = other;
        }
    }
    parts.join("\"").into_bytes()
}

/// Puts a chain of elements into a document, some of them deeper than a reader goes.
fn nested(whole: &[u8], dice: &mut Dice) -> Vec<u8> {
    let text = String::from_utf8_lossy(whole);
    let depth = dice.roll(260);
    let (before, after, open, close) = match (text.find("\"id\""), text.find("<id ")) {
        (Some(at), _) => (&text[..at], &text[at..], "\"extension\":[{\"url\":\"a\",", "\"id\":\"x\"}],"),
        (None, Some(at)) => (&text[..at], &text[at..], "<extension url=\"a\">", "</extension>"),
        (None, None) => return whole.to_vec(),
    };
    let mut out = String::from(before);
    for _ in 0..depth {
        out.push_str(open);
    }
    for level in 0..depth {
        // Only the outermost is followed by a sibling.
        let close = if level + 1 == depth { close } else { close.trim_end_matches(',') };
        let _ = write!(out, "{close}");
        if level + 1 < depth && close.ends_with(']') {
            out.push(',');
        }
    }
    out.push_str(after);
    out.into_bytes()
}
