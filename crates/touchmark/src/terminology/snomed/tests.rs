//! A made-up release: an index is built of it, and filters and constraints are asked of the index.

use std::fmt::Write;

use super::{Expression, SnomedBuilder, SnomedIndex};
use crate::terminology::form::snomed_flaw;

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
    SnomedIndex::open(builder.build()).expect("an index")
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

#[test]
fn a_damaged_index_is_refused_or_says_nothing() {
    let mut builder = SnomedBuilder::new();
    for file in release(50) {
        builder.add(&file);
    }
    let bytes = builder.build();
    for cut in [0, 5, 16, 40, 87, 88, bytes.len() / 2, bytes.len() - 1] {
        assert!(SnomedIndex::open(bytes[..cut].to_vec()).is_err(), "cut to {cut}");
    }
    // Every byte of the tables may be wrong: nothing but answers may come of it.
    for at in (88..bytes.len()).step_by(7) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xFF;
        let index = SnomedIndex::open(bytes).expect("its sizes are right");
        for n in 1..=50 {
            if let Some(concept) = index.find(code(n).parse().expect("a number")) {
                index.is_a(concept, 3);
                index.is_member(code(1).parse().expect("a number"), concept);
                index.terms(concept).for_each(drop);
            }
        }
    }
}

#[test]
#[ignore = "measures: cargo test --release -p touchmark --lib full_size -- --ignored --nocapture"]
fn a_release_of_full_size() {
    let start = std::time::Instant::now();
    let files = release(700_000);
    println!("made {} MB in {:?}", files.iter().map(String::len).sum::<usize>() / 1_000_000, start.elapsed());
    let start = std::time::Instant::now();
    let mut builder = SnomedBuilder::new();
    for file in &files {
        assert!(builder.add(file).is_some());
    }
    let bytes = builder.build();
    println!("built {} MB in {:?}", bytes.len() / 1_000_000, start.elapsed());
    let start = std::time::Instant::now();
    let index = SnomedIndex::open(bytes).expect("an index");
    println!("opened in {:?}", start.elapsed());
    let codes: Vec<u64> = (1..=700_000).step_by(7).map(|n| code(n).parse().expect("a number")).collect();
    for text in [format!("<< {}", code(5)), format!("^ {}", code(1)), format!("< {} AND ^ {}", code(3), code(1))] {
        let expression = Expression::parse(&text).expect("a constraint");
        let start = std::time::Instant::now();
        let held =
            codes.iter().filter_map(|c| index.find(*c)).filter(|c| expression.holds(&index, *c) == Some(true)).count();
        println!("{text}: {held} of {}, {:?} each", codes.len(), start.elapsed() / codes.len() as u32);
    }
}
