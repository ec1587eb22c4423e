//! What the house keeps to: one place for each rule, short files, no names of profiles in code, facts in rule files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use touchmark::{Rule, rules};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below the given folders of the repository whose names end so, in order, by their path in it.
fn files(folders: &[&str], ending: &str) -> Vec<(String, PathBuf)> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder that can be read");
            open.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|p| !p.ends_with("target")));
        } else if path.to_str().is_some_and(|p| p.ends_with(ending)) {
            let name = path.strip_prefix(root()).expect("a path below the root").to_str().expect("UTF-8");
            found.push((name.replace('\\', "/"), path.clone()));
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    let found = files(&["crates", "benches", "fuzz"], ".rs");
    found.into_iter().map(|(name, path)| (name, fs::read_to_string(path).expect("a source"))).collect()
}

/// The sources without their tests: those in folders of that name, and modules at the end of a file.
fn without_tests() -> Vec<(String, String)> {
    let beside = |name: &str| name.contains("/tests/") || name.ends_with("/tests.rs");
    let inside = |text: &str| match text.split_once("#[cfg(test)]\nmod ") {
        Some((before, after)) if after.lines().next().is_some_and(|l| l.ends_with('{')) => before.to_owned(),
        _ => text.to_owned(),
    };
    sources().into_iter().filter(|(name, _)| !beside(name)).map(|(name, text)| (name, inside(&text))).collect()
}

#[test]
fn each_rule_code_stands_in_one_source_file_at_the_line_that_the_rule_names() {
    let sources = without_tests();
    for rule in rules::all() {
        let literal = format!("\"{}\"", rule.code);
        let code = |line: &&str| !line.trim_start().starts_with("//") && line.contains(&literal);
        let found: Vec<&str> =
            sources.iter().filter(|(_, text)| text.lines().any(|l| code(&l))).map(|(name, _)| &**name).collect();
        assert_eq!(found, [file(rule)], "{}", rule.code);
        let source = sources.iter().find(|(name, _)| *name == file(rule)).map_or("", |(_, text)| text);
        let line = source.lines().nth(rule.line as usize - 1).unwrap_or("");
        assert!(code(&line), "{}:{} does not declare {}: {line}", rule.file, rule.line, rule.code);
    }
}

#[test]
fn each_rule_code_is_there_once_and_begins_with_its_kind() {
    const KINDS: &[&str] = &[
        "syntax",
        "cardinality",
        "type",
        "primitive",
        "fixed",
        "pattern",
        "identifier",
        "attachment",
        "slicing",
        "extension",
        "reference",
        "bundle",
        "contained",
        "element",
        "profile",
        "binding",
        "invariant",
        "narrative",
        "questionnaire",
        "advice",
        "message",
        "definition",
    ];
    let mut seen = BTreeMap::new();
    for rule in rules::all() {
        assert!(KINDS.contains(&rule.code.split('-').next().unwrap_or("")), "{}", rule.code);
        assert!(seen.insert(rule.code, rule.line).is_none(), "{} is declared twice", rule.code);
    }
}

/// The path of a rule's source in the repository.
fn file(rule: &Rule) -> &str {
    rule.file.find("crates/").map_or(rule.file, |at| &rule.file[at..])
}

/// Prints the table that ARCHITECTURE.md holds when it holds another:
/// `cargo test -p touchmark --test house architecture`
#[test]
fn architecture_has_the_table_of_rules() {
    let mut table = String::from("| file | severity | codes |\n|---|---|---|\n");
    let mut open = (String::new(), "");
    for rule in rules::all() {
        let here = (file(rule).trim_start_matches("crates/touchmark/src/").to_owned(), rule.severity.code());
        if here == open {
            table.truncate(table.len() - " |\n".len());
            let _ = writeln!(table, ", `{}` |", rule.code);
        } else {
            let _ = writeln!(table, "| {} | {} | `{}` |", here.0, here.1, rule.code);
            open = here;
        }
    }
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(architecture.replace('\r', "").contains(&table), "ARCHITECTURE.md lacks this table:\n\n{table}");
}

#[test]
fn files_are_short_and_begin_with_what_lives_in_them() {
    for (name, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 600, "{name} has {lines} lines");
        assert!(text.starts_with("//! "), "{name} does not begin with a sentence about it");
    }
}

#[test]
fn no_code_names_a_message_kind_or_a_profile() {
    const NAMES: &[&str] = &["ITK", "CareConnect", "fhir.nhs.uk", "fhir.hl7.org.uk", "GPConnect", "GP Connect"];
    for (file, text) in without_tests() {
        for (number, line) in text.lines().enumerate() {
            let named = NAMES.iter().find(|name| line.contains(*name));
            assert!(named.is_none(), "{file}:{}: {line}", number + 1);
        }
    }
}

#[test]
fn no_file_is_named_for_what_it_might_hold() {
    for (name, _) in files(&["crates", "benches", "fuzz"], "") {
        for part in name.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            let vague = ["util", "utils", "helper", "helpers", "common", "manager", "misc"].contains(&stem);
            assert!(!vague, "{name}");
        }
    }
}

#[test]
fn rule_files_carry_facts_and_no_prose() {
    let mut count = 0;
    for (name, path) in files(&["profiles"], ".json") {
        let text = fs::read(&path).expect("a rule file");
        let read: Value = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        // The files of rules about messages have sentences of our own.
        if read["resourceType"].is_string() {
            no_prose(&name, &read);
        }
        count += 1;
    }
    assert!(count > 4000, "{count} rule files");
}

fn no_prose(file: &str, value: &Value) {
    const PROSE: &[&str] = &[
        "definition",
        "comment",
        "comments",
        "requirements",
        "short",
        "copyright",
        "purpose",
        "div",
        "description",
        "text",
        "mapping",
        "contact",
        "publisher",
        "example",
    ];
    match value {
        Value::Object(parts) => {
            for (key, part) in parts {
                assert!(!PROSE.contains(&key.as_str()), "{file}: {key}");
                no_prose(file, part);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| no_prose(file, part)),
        _ => {}
    }
}
