//! What lint says of rule files: nothing of those that are shipped, and of each broken one of `test-vectors/rule-files` all that
//! `lint.json` lists, at its place.

mod cases;
#[path = "../../touchmark-document/tests/mutation/mod.rs"]
mod mutation;

use std::collections::BTreeSet;
use std::fs;

use mutation::{Dice, JSON_TOKENS, damaged};
use serde_json::Value;
use touchmark::{Library, RuleFile, RuleGraph, messages, rules};

/// A rule about definitions, whose code begins alike.
const UNREACHABLE: &str = "definition-rule-unreachable";

fn graph() -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    RuleGraph::new(library)
}

/// What lint says of one file: `code line:column pointer: reason`.
fn said(graph: &RuleGraph, name: &str) -> Vec<String> {
    let path = cases::folder().join("rule-files").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(RuleFile::is_meant(&text), "{name} is meant to be a rule file");
    let found = messages::lint(&[(name.to_owned(), text)], graph);
    let place =
        |d: &touchmark::RuleFileError| d.position.map_or_else(String::new, |p| format!("{}:{}", p.line, p.column));
    // What else could stand there changes with the format.
    let reason = |d: &touchmark::RuleFileError| d.reason.split(", expected one of").next().unwrap_or("").to_owned();
    found.iter().map(|d| format!("{} {} {}: {}", d.rule.code, place(d), d.pointer, reason(d))).collect()
}

#[test]
fn each_broken_file_is_told_what_is_wrong_and_where() {
    let graph = graph();
    let folder = cases::folder().join("rule-files");
    let list = fs::read_to_string(folder.join("lint.json")).expect("a list");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let mut wrong = String::new();
    for file in cases::files(&folder) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name == "lint.json" {
            continue;
        }
        let expected: Vec<&str> = list[&*name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let found = said(&graph, &name);
        if found != expected || found.is_empty() == name.contains(".broken.") {
            wrong.push_str(&format!("{name}: {}\n", serde_json::to_string_pretty(&found).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "lint.json should have\n{wrong}");
}

#[test]
fn each_kind_of_defect_has_a_file() {
    let list = fs::read_to_string(cases::folder().join("rule-files/lint.json")).expect("a list");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let lines = list.as_object().expect("an object").values().filter_map(Value::as_array).flatten();
    let there: BTreeSet<&str> = lines.filter_map(|l| l.as_str()?.split(' ').next()).collect();
    let kinds: BTreeSet<&str> = rules::all().map(|r| r.code).filter(|c| c.starts_with("definition-rule-")).collect();
    assert_eq!(there, kinds.into_iter().filter(|k| *k != UNREACHABLE).collect());
}

#[test]
fn the_shipped_rule_files_have_no_defect() {
    let graph = graph();
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let files: Vec<_> = graph.library().rule_files().map(own).collect();
    assert!(files.len() > 10, "the packs carry rule files");
    let found = messages::lint(&files, &graph);
    assert_eq!(found, [], "{}", found.iter().map(|d| format!("{d}\n")).collect::<String>());
}

#[test]
fn a_file_alone_is_read_within_the_loaded_set() {
    let graph = graph();
    let (name, text) =
        graph.library().rule_files().find(|(name, _)| name.ends_with("/header.json")).expect("it is shipped");
    assert!(
        text.contains("\"on\": \"header\"") && !text.contains("\"name\": \"header\""),
        "its place is in another file"
    );
    assert_eq!(messages::lint(&[(format!("mine/{name}"), text.to_owned())], &graph), []);
    // What is wrong in it is said, and of it only.
    let broken = text.replacen("\"on\": \"header\"", "\"on\": \"haeder\"", 1);
    let found = messages::lint(&[("mine/header.json".to_owned(), broken)], &graph);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&*found[0].file, &*found[0].reason), ("mine/header.json", "there is no place haeder"));
}

#[test]
fn damaged_rule_files_are_told_what_is_wrong_and_nothing_panics() {
    let folder = cases::folder().join("rule-files");
    let texts: Vec<String> = cases::files(&folder).iter().map(|f| fs::read_to_string(f).expect("a text")).collect();
    // Without definitions every claim is looked at as well, and fast; with them some.
    let (bare, whole) = (RuleGraph::new(Library::new()), graph());
    let rounds = std::env::var("TOUCHMARK_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(1_500);
    let mut dice = Dice::new(11);
    let mut with_defects = 0;
    for round in 0..rounds {
        let mut text = texts[dice.roll(texts.len())].clone();
        for _ in 0..=dice.roll(2) {
            text = damaged(&text, &JSON_TOKENS, &mut dice);
        }
        let graph = if round % 100 == 0 { &whole } else { &bare };
        let files = [("damaged.json".to_owned(), text.clone())];
        let found = messages::lint(&files, graph);
        assert_eq!(found, messages::lint(&files, graph), "the same file gives the same defects: {text}");
        let lines = text.lines().count() as u32 + 1;
        for defect in &found {
            let place = defect.position.unwrap_or_else(|| panic!("{defect} has no place in {text}"));
            assert!(place.line <= lines, "{defect}");
        }
        with_defects += usize::from(!found.is_empty());
        // What is not used at all is told why.
        if let Err(trouble) = RuleFile::read("damaged.json", &text) {
            assert!(found.iter().any(|d| d.rule.code == "definition-rule-form"), "{trouble}: {found:?}");
        }
    }
    assert!(with_defects > rounds / 2, "most damage is seen: {with_defects} of {rounds}");
}
