//! Functions that conditions may call beyond FHIRPath: tables, check digits, bytes, and the neighbourhood of a node.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use foldhash::fast::FixedState;
use touchmark_document::NodeRef;
use touchmark_fhirpath::{Collection, Functions, Item};

use super::file::{Cell, Table};
use crate::rules::primitive::{decoded_length, first_bytes, uuid};
use crate::spelling::one_edit;

/// The functions with the number of their arguments.
pub(crate) const FUNCTIONS: &[(&str, RangeInclusive<usize>)] = &[
    // Of a key: the key as the table writes it, or what stands in a column. {} where the table has no such key.
    ("lookup", 1..=2),
    // The keys of a table, or those that have a value in a column.
    ("keys", 1..=3),
    // The key of a table that a text probably means: another case, scheme, host, a slash too many, one letter amiss.
    ("probable", 1..=1),
    // Whether two texts are the same but for dashes, quotes and blanks.
    ("sameText", 1..=1),
    // Whether the last of the digits is the check digit of the others by modulus 11 (weights from the number of digits down to 2).
    ("checkDigitMod11", 0..=0),
    // The runs of that many digits in a text, blanks and hyphens between them allowed, whose check digit is right.
    ("numbersMod11", 1..=1),
    // The media type that the first bytes of base64 text show. {} where they show none.
    ("mediaType", 0..=0),
    // How many bytes base64 text stands for; {} where it is none.
    ("decodedLength", 0..=0),
    // Whether a text is a UUID, in any case of letters.
    ("isUuid", 0..=0),
    // A UUID made of a UUID and a name: the same for the same two.
    ("derivedUuid", 1..=1),
    // The node around a node.
    ("parent", 0..=0),
    // The innermost resource around a node.
    ("holder", 0..=0),
    // Those nodes that repeat an earlier one in all but the named children.
    ("repeated", 0..=1),
    // What the transport says of the message under a name, in any case of letters; without a name, the names. {} where the
    // caller has no envelope.
    ("envelope", 0..=1),
];

/// What functions may ask beside their input: the tables of the rule set, and the envelope of the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub tables: &'a Tables,
    pub envelope: Option<&'a [(String, String)]>,
}

impl Functions for Asked<'_> {
    fn call<'d>(&'d self, name: &str, input: &Collection<'d>, arguments: &[Collection<'d>]) -> Option<Collection<'d>> {
        if name != "envelope" {
            return self.tables.call(name, input, arguments);
        }
        let facts = self.envelope?;
        let own = |text: &'d String| Item::String(Cow::Borrowed(text));
        Some(match arguments.first() {
            None => facts.iter().map(|(name, _)| own(name)).collect(),
            Some(wanted) => {
                let wanted = text_of(wanted.first()?);
                facts
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case(&wanted))
                    .map(|(_, value)| own(value))
                    .collect()
            }
        })
    }
}

/// The tables of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    tables: HashMap<String, Table, FixedState>,
    /// For each table its keys by their last part, for `probable`.
    tails: HashMap<String, Vec<(String, String)>, FixedState>,
}

impl Tables {
    /// Adds a table. Returns whether there was none of that name.
    pub fn add(&mut self, name: &str, table: Table) -> bool {
        let tails = table.rows.keys().map(|key| (tail(key), key.clone())).filter(|(tail, _)| !tail.is_empty());
        self.tails.insert(name.to_owned(), tails.collect());
        self.tables.insert(name.to_owned(), table).is_none()
    }

    fn lookup<'d>(&'d self, key: &str, table: &str, column: Option<&str>) -> Option<Collection<'d>> {
        let table = self.tables.get(table)?;
        let key = table.aliases.get(key).map_or(key, String::as_str);
        let (key, row) = table.rows.get_key_value(key)?;
        let Some(column) = column else { return Some(text(key)) };
        let at = table.columns.iter().position(|c| c == column)?;
        Some(match row.get(at)? {
            Cell::One(one) if one.is_empty() => Collection::Empty,
            Cell::One(one) => text(one),
            Cell::Several(several) => several.iter().map(|s| Item::String(Cow::Borrowed(s))).collect(),
        })
    }

    fn keys<'d>(&'d self, table: &str, column: Option<&str>, wanted: Option<&str>) -> Option<Collection<'d>> {
        let table = self.tables.get(table)?;
        let at = match column {
            Some(column) => Some(table.columns.iter().position(|c| c == column)?),
            None => None,
        };
        let fits = |row: &Vec<Cell>| {
            let Some(at) = at else { return true };
            match (row.get(at), wanted) {
                (Some(Cell::One(one)), Some(wanted)) => one == wanted,
                (Some(Cell::Several(several)), Some(wanted)) => several.iter().any(|s| s == wanted),
                (Some(Cell::One(one)), None) => !one.is_empty(),
                (Some(Cell::Several(_)), None) => true,
                (None, _) => false,
            }
        };
        Some(table.rows.iter().filter(|(_, row)| fits(row)).map(|(key, _)| Item::String(Cow::Borrowed(key))).collect())
    }

    fn probable<'d>(&'d self, written: &str, table: &str) -> Option<Collection<'d>> {
        let (tails, table) = (self.tails.get(table)?, self.tables.get(table)?);
        if table.rows.contains_key(written) {
            return None;
        }
        if let Some(meant) = table.aliases.get(written) {
            return Some(text(meant));
        }
        let last = tail(written);
        let near = |wanted: &str| wanted == last || (wanted.len() > 6 && one_edit(wanted, &last));
        tails.iter().find(|(wanted, _)| near(wanted)).map(|(_, key)| text(key))
    }
}

/// The last part of a url, without case.
fn tail(url: &str) -> String {
    url.trim_end_matches('/').rsplit(['/', '#']).next().unwrap_or(url).to_lowercase()
}

impl Tables {
    fn call<'d>(&'d self, name: &str, input: &Collection<'d>, arguments: &[Collection<'d>]) -> Option<Collection<'d>> {
        let argument = |at: usize| arguments.get(at).and_then(Collection::first).map(text_of);
        match name {
            "keys" => return self.keys(&argument(0)?, argument(1).as_deref(), argument(2).as_deref()),
            "repeated" => {
                return Some(repeated(
                    input,
                    &arguments.first().map(|names| names.iter().map(text_of).collect::<Vec<_>>()).unwrap_or_default(),
                ));
            }
            "parent" => return Some(input.iter().filter_map(|i| node(i)?.parent()).map(Item::Node).collect()),
            "holder" => {
                return Some(input.iter().filter_map(node).map(|n| Item::Node(n.innermost_resource())).collect());
            }
            _ => {}
        }
        let first = input.first()?;
        let value = text_of(first);
        match name {
            "lookup" => self.lookup(&value, &argument(0)?, argument(1).as_deref()),
            "probable" => self.probable(&value, &argument(0)?),
            "sameText" => {
                let wanted = plain(&value);
                Some(truth(arguments.first()?.iter().any(|other| plain(&text_of(other)) == wanted)))
            }
            "checkDigitMod11" => Some(truth(check_digit(&value))),
            "numbersMod11" => {
                let length = argument(0)?.parse().ok()?;
                Some(numbers(&value, length).into_iter().map(|n| Item::String(Cow::Owned(n))).collect())
            }
            "isUuid" => Some(truth(uuid(&value))),
            "derivedUuid" => {
                let made = crate::uuid::made_of(&[value.as_bytes(), argument(0)?.as_bytes()]);
                Some(Collection::One(Item::String(Cow::Owned(made))))
            }
            "mediaType" => media_type(&first_bytes(&value, LONGEST_SIGNATURE)?).map(text),
            "decodedLength" => Some(Collection::One(Item::Integer(i64::try_from(decoded_length(&value)?).ok()?))),
            _ => None,
        }
    }
}

fn node<'d>(item: &Item<'d>) -> Option<NodeRef<'d>> {
    match item {
        Item::Node(node) => Some(*node),
        _ => None,
    }
}

/// The text of an item, as its `Display` has it.
fn text_of<'i>(item: &'i Item<'_>) -> Cow<'i, str> {
    match item {
        Item::String(text) => Cow::Borrowed(text),
        Item::Node(node) => Cow::Borrowed(node.value().unwrap_or_default()),
        other => Cow::Owned(other.to_string()),
    }
}

fn text(value: &str) -> Collection<'_> {
    Collection::One(Item::String(Cow::Borrowed(value)))
}

fn truth<'d>(value: bool) -> Collection<'d> {
    Collection::One(Item::Boolean(value))
}

/// The nodes that have the content of an earlier one, but for children of these names.
fn repeated<'d>(input: &Collection<'d>, but: &[Cow<'_, str>]) -> Collection<'d> {
    // Most differ in shape already.
    let shapes = input.iter().filter_map(node).map(|node| (shape(node, but), node));
    let mut shapes: Vec<((usize, u64), NodeRef<'d>)> = shapes.collect();
    shapes.sort_by_key(|(shape, _)| *shape);
    let mut seen = HashSet::new();
    let mut again = Vec::new();
    let alike = shapes.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1);
    for (_, node) in alike.flatten() {
        let mut hasher = foldhash::quality::FixedState::default().build_hasher();
        content(*node, but, &mut hasher);
        if !seen.insert(hasher.finish()) {
            again.push(*node);
        }
    }
    again.sort_unstable_by_key(|node| node.id());
    again.into_iter().map(Item::Node).collect()
}

fn parts<'d>(node: NodeRef<'d>, but: &[Cow<'_, str>]) -> impl Iterator<Item = NodeRef<'d>> {
    node.children().filter(|c| !but.iter().any(|b| b == c.name_text()))
}

/// How many parts a node has, and how many their parts and which resources these are.
fn shape(node: NodeRef<'_>, but: &[Cow<'_, str>]) -> (usize, u64) {
    parts(node, but).fold((0, 0), |(count, inner), part| {
        let own = parts(part, but).count() as u64 + u64::from(part.resource().number()) * 1_000;
        (count + 1, inner + own)
    })
}

fn content(node: NodeRef<'_>, but: &[Cow<'_, str>], hasher: &mut impl Hasher) {
    node.value().hash(hasher);
    node.resource_text().hash(hasher);
    for child in parts(node, but) {
        child.name_text().hash(hasher);
        content(child, but, hasher);
        0xff_u8.hash(hasher);
    }
}

/// Dashes, quotes and runs of blanks made alike, without case.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let letter = match letter {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{2018}' | '\u{2019}' | '\u{201B}' => '\'',
            '\u{201C}' | '\u{201D}' => '"',
            _ if letter.is_whitespace() => ' ',
            _ => letter,
        };
        if letter != ' ' || !out.ends_with(' ') {
            out.push(letter);
        }
    }
    out.trim().to_owned()
}

/// The check digit by modulus 11: the sum of each digit times its weight, the weights falling from the
/// number of digits to 2; 11 less the remainder of the division by 11, 11 counting as 0 and 10 as never right.
fn check_digit(digits: &str) -> bool {
    let length = digits.len() as u32;
    if length < 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let values: Vec<u32> = digits.bytes().map(|b| u32::from(b - b'0')).collect();
    let sum: u32 = values[..values.len() - 1].iter().zip(0..).map(|(digit, at)| digit * (length - at)).sum();
    match 11 - sum % 11 {
        11 => values[values.len() - 1] == 0,
        10 => false,
        digit => values[values.len() - 1] == digit,
    }
}

fn numbers(text: &str, length: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    let mut gap = false;
    for letter in text.chars().chain(['.']) {
        match letter {
            '0'..='9' => {
                run.push(letter);
                gap = false;
            }
            ' ' | '-' if !run.is_empty() && !gap => gap = true,
            _ => {
                if run.len() == length && check_digit(&run) {
                    found.push(std::mem::take(&mut run));
                }
                run.clear();
                gap = false;
            }
        }
    }
    found
}

/// Signatures of the types that messages carry.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "application/pdf"),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"{\\rtf", "text/rtf"),
    (b"\xd0\xcf\x11\xe0", "application/msword"),
    (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-msdownload"),
    (b"<?xml", "application/xml"),
    (b"<!DOCTYPE html", "text/html"),
    (b"<html", "text/html"),
];

const LONGEST_SIGNATURE: usize = 16;

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, media)| *media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        for right in ["9912003888", "9223344867", "9990000018", "9434765919", "4505577104", "9990000050", "1111111111"]
        {
            assert!(check_digit(right), "{right}");
        }
        for wrong in
            ["4857773456", "2378954317", "9989453456", "1234567890", "9990000017", "999000001", "", "999000001x"]
        {
            assert!(!check_digit(wrong), "{wrong}");
        }
        assert!(!(0..10).any(|d| check_digit(&format!("999000000{d}"))));
        assert_eq!(numbers("call 999 000 0018 or 01234 567890", 10), ["9990000018"]);
    }

    #[test]
    fn what_was_meant() {
        assert_eq!(plain("Message  Definition Value \u{2013} x "), plain("Message Definition Value - x"));
    }

    #[test]
    fn bytes() {
        assert_eq!(media_type(&first_bytes("JVBERi0xLjQ=", LONGEST_SIGNATURE).unwrap()), Some("application/pdf"));
        assert!(SIGNATURES.iter().all(|(start, _)| start.len() <= LONGEST_SIGNATURE));
        assert_eq!(first_bytes("JV BE", 2), Some(b"%P".to_vec()));
        assert_eq!(first_bytes("J!BE", 2), None);
        let lengths = [("JVBERi0xLjQ=", Some(8)), ("", Some(0)), ("QQ==", Some(1)), ("Q Q = =\n", Some(1))];
        for (text, length) in lengths.into_iter().chain(["JVBERi0xLjQ", "Q=Q=", "J!BE"].map(|t| (t, None))) {
            assert_eq!(decoded_length(text), length, "{text}");
        }
    }
}
