//! A made-up release: an index is built of it, and filters and constraints are asked of the index.

use std::fmt::Write;

use super::{Expression, HEADER, MAGIC, SnomedBuilder, SnomedIndex, Table, checksum};
use crate::terminology::form::snomed_flaw;

const SOURCE: super::Source = *b"made for the tests here.";

/// Appends the check digit: the one that leaves no flaw.
pub(crate) fn with_check_digit(stem: &str) -> String {
    (0..10).map(|d| format!("{stem}{d}")).find(|code| snomed_flaw(code).is_none()).expect("a check digit")
}

fn code(number: u64) -> String {
    with_check_digit(&format!("{}00", 1_000_000 + number))
}

/// A tree of `count` concepts in which n stands under n / 2, and also under n / 3 when 3 divides it.
fn release(count: u64) -> [String; 4] {
    let mut concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n".to_owned();
    let mut descriptions =
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n".to_owned();
    let mut relationships = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n".to_owned();
    let mut sets = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\n".to_owned();
    for n in 1..=count {
        let _ = writeln!(concepts, "{}\t20260101\t1\t0\t0", code(n));
        let _ =
            write!(descriptions, "{n}1\t20260101\t1\t0\t{}\ten\t900000000000003001\tThing {n} (thing)\t0\r\n", code(n));
        let _ = write!(descriptions, "{n}2\t20260101\t1\t0\t{}\ten\t900000000000013009\tThing {n}\t0\r\n", code(n));
        let _ = write!(descriptions, "{n}3\t20260101\t0\t0\t{}\ten\t900000000000013009\tOld {n}\t0\r\n", code(n));
        for parent in [n / 2, if n % 3 == 0 { n / 3 } else { 0 }] {
            if parent > 0 {
                let pair = format!("{}\t{}", code(n), code(parent));
                let _ = writeln!(relationships, "{n}\t20260101\t1\t0\t{pair}\t0\t116680003\t0\t0");
            }
        }
        if n % 5 == 0 {
            let _ = writeln!(sets, "x\t20260101\t1\t0\t{}\t{}", code(1), code(n));
        }
    }
    [relationships, concepts, sets, descriptions]
}

fn index(count: u64) -> SnomedIndex {
    let mut builder = SnomedBuilder::new();
    for file in release(count) {
        assert!(builder.add(&file).is_some());
    }
    assert_eq!(builder.add("id\teffectiveTime\tsomething else\n1\t2\t3"), None);
    SnomedIndex::open(builder.build(SOURCE).expect("a small release")).expect("an index")
}

fn check(index: &SnomedIndex, constraint: &str, n: u64, wanted: Option<bool>) {
    let text = constraint.split_whitespace().map(|word| match word.split_once('#') {
        Some((before, number)) => format!("{before}{}", code(number.parse().expect("a number"))),
        None => word.to_owned(),
    });
    let text = text.collect::<Vec<_>>().join(" ");
    let expression = Expression::parse(&text).unwrap_or_else(|| panic!("{text}"));
    let concept = index.find(code(n).parse().expect("a number")).expect("a concept");
    assert_eq!(expression.holds(index, concept), wanted, "{constraint} of {n}");
}

#[test]
fn constraints_over_a_release() {
    let index = index(1000);
    assert_eq!(index.len(), 1000);
    for (constraint, n, wanted) in [
        ("*", 7, Some(true)),
        ("#7 |Thing|", 7, Some(true)),
        ("#7", 8, Some(false)),
        ("<< #3 | Thing OR not |", 3, Some(true)),
        ("< #3", 3, Some(false)),
        ("< #3", 13, Some(true)),
        ("< #3", 9, Some(true)),
        ("< #3", 16, Some(false)),
        ("< #5", 15, Some(true)),
        ("> #13", 3, Some(true)),
        (">> #13", 13, Some(true)),
        ("> #13", 13, Some(false)),
        ("^ #1", 10, Some(true)),
        ("^ #1", 11, Some(false)),
        ("memberOf #1", 10, Some(true)),
        ("^ #2", 10, None),
        ("^ #2 OR *", 10, Some(true)),
        ("^ #2 AND #11", 10, Some(false)),
        ("( << #3 OR << #4 ) AND ^ #1", 15, Some(true)),
        ("<< #2 MINUS << #4", 8, Some(false)),
        ("<< #2 MINUS << #4", 10, Some(true)),
        ("#1 OR #2 OR #3", 3, Some(true)),
    ] {
        check(&index, constraint, n, wanted);
    }
    for text in ["", "<<", "1 OR", "(1", "1 2", "1 AND 2 OR 3", "<< 1 : 2 = 3", "<<1 |a|<<2 |b|", "x"] {
        assert_eq!(Expression::parse(text), None, "{text}");
    }
}

#[test]
fn terms_and_namespaces() {
    let index = index(20);
    let concept = index.find(code(7).parse().expect("a number")).expect("a concept");
    assert_eq!(index.terms(concept).collect::<Vec<_>>(), ["Thing 7 (thing)", "Thing 7"]);
    assert!(index.find(12345).is_none());
    assert!(index.covers(&code(900)), "the international namespace");
    assert!(!index.covers("999000041000000102"), "a namespace of which nothing is loaded");
}

/// Asks an index everything that can be asked, of codes that it has or not.
fn ask_everything(index: &SnomedIndex) {
    let set: u64 = code(1).parse().expect("a number");
    for n in 1..=60 {
        let identifier = code(n);
        if let Some(concept) = index.find(identifier.parse().expect("a number")) {
            index.is_a(concept, 3);
            index.is_member(set, concept);
            index.terms(concept).for_each(drop);
        }
        index.covers(&identifier);
    }
    index.covers("999000041000000102");
}

#[test]
fn a_damaged_index_is_refused_or_says_nothing() {
    let mut builder = SnomedBuilder::new();
    for file in release(50) {
        builder.add(&file);
    }
    let whole = builder.build(SOURCE).expect("a small release");
    assert_eq!(SnomedIndex::open(whole.clone()).expect("an index").source(), SOURCE);
    for cut in [0, 5, 16, 40, HEADER - 1, HEADER, whole.len() / 2, whole.len() - 1] {
        assert!(SnomedIndex::open(whole[..cut].to_vec()).is_err(), "cut to {cut}");
    }
    assert!(SnomedIndex::open([&whole[..], &[0]].concat()).is_err(), "one byte too many");
    for at in 0..HEADER {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(SnomedIndex::open(bytes).is_err(), "byte {at} of the header");
    }
    // Every byte of the tables may be wrong: nothing but answers may come of it.
    for at in HEADER..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        if let Ok(index) = SnomedIndex::open(bytes) {
            ask_everything(&index);
        }
    }
}

/// A header that somebody wrote on purpose has the right checksum: its numbers may be anything.
#[test]
fn a_forged_header_is_refused_or_harmless() {
    let mut builder = SnomedBuilder::new();
    for file in release(50) {
        builder.add(&file);
    }
    let whole = builder.build(SOURCE).expect("a small release");
    let forged = |number: usize, value: u64| {
        let mut bytes = whole.clone();
        let at = MAGIC.len() + size_of::<super::Source>() + number * 8;
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let sum = checksum(&bytes[..HEADER - 8]);
        bytes[HEADER - 8..HEADER].copy_from_slice(&sum);
        SnomedIndex::open(bytes)
    };
    let mut opened = 0;
    for number in 0..=Table::COUNT {
        for value in [0, 1, 2, 49, 50, 51, 100, u64::from(u32::MAX), u64::MAX / 8, u64::MAX - 7, u64::MAX] {
            if let Ok(index) = forged(number, value) {
                ask_everything(&index);
                opened += 1;
            }
        }
    }
    // Fifty concepts, and their starts, are what they are said to be.
    assert!((1..20).contains(&opened), "{opened} opened");
}

#[test]
fn a_line_of_parents_without_end_comes_to_one() {
    let mut concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n".to_owned();
    let mut relationships = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n".to_owned();
    for n in 1..=20_000 {
        let _ = writeln!(concepts, "{}\t20260101\t1\t0\t0", code(n));
        // Each stands under the next, and the last under the first.
        let _ =
            writeln!(relationships, "{n}\t20260101\t1\t0\t{}\t{}\t0\t116680003\t0\t0", code(n), code(n % 20_000 + 1));
    }
    let mut builder = SnomedBuilder::new();
    assert!(builder.add(&concepts).is_some() && builder.add(&relationships).is_some());
    let index = SnomedIndex::open(builder.build(SOURCE).expect("a small release")).expect("an index");
    let concept = |n| index.find(code(n).parse().expect("a number")).expect("a concept");
    assert!(index.is_a(concept(1), concept(100)));
    assert!(!index.is_a(concept(1), concept(20_000)), "too far away to be true");
}

#[test]
fn what_says_what_a_concept_is_does_not_name_it() {
    let mut builder = SnomedBuilder::new();
    for file in release(2) {
        builder.add(&file);
    }
    let text = format!(
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n\
         1\t20260101\t1\t0\t{}\ten\t900000000000550004\tSomething that is there.\t0\n",
        code(2)
    );
    assert!(builder.add(&text).is_some());
    let index = SnomedIndex::open(builder.build(SOURCE).expect("a small release")).expect("an index");
    let concept = index.find(code(2).parse().expect("a number")).expect("a concept");
    assert_eq!(index.terms(concept).collect::<Vec<_>>(), ["Thing 2 (thing)", "Thing 2"]);
}
