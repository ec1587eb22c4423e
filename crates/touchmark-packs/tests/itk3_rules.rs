//! Holds the tables of `docs/itk3-rules.md` to the rule files: each rule, how it is found, and the faults that it finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use touchmark::RuleFile;
use touchmark::messages::file::{Level, Rule, When};

/// The groups of ids, in the order of the catalogue.
const GROUPS: &[&str] = &[
    "BND", "HDR", "EVT", "KND", "HND", "REF", "ORG", "PRA", "PRR", "OO", "DOC", "PAY", "ATT", "DOM", "E1", "FHIR", "ID",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rule files of the pack, in the order of its manifest.
fn files() -> Vec<(String, RuleFile)> {
    let folder = root().join("profiles/itk3-rules");
    let manifest = fs::read(folder.join("package.json")).expect("the pack has a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let rows = manifest["canonicals"].as_array().expect("the manifest lists files");
    let names = rows.iter().map(|row| row["file"].as_str().expect("a file has a name").to_owned());
    let read = |name: String| {
        let text = fs::read_to_string(folder.join(&name)).expect("a text");
        let file = RuleFile::read(&name, &text).expect("a rule file");
        (name, file)
    };
    names.map(read).collect()
}

/// `ITK-HDR-21` as the place of its group and its number.
fn order(id: &str) -> (usize, u32, String) {
    let (group, number) = id.trim_start_matches("ITK-").rsplit_once('-').expect("an id has a number");
    let group = GROUPS.iter().position(|g| *g == group).unwrap_or_else(|| panic!("{id} is of no known group"));
    (group, number.trim_end_matches(char::is_alphabetic).parse().expect("a number"), id.to_owned())
}

/// The severity under the first policy, for the latest edition.
fn severity(rule: &Rule) -> &'static str {
    let latest = |when: &When| {
        when.len() == 1 && when.get("edition").is_some_and(|e| e.0.iter().any(|e| e == "E2" || e == "E2.5+"))
    };
    match rule.cases.iter().find(|case| latest(&case.when)).map_or(rule.severity, |case| case.severity) {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Information => "information",
        Level::Silent => "silent",
        Level::Found => "as found",
    }
}

#[test]
fn the_table_of_the_handbook_is_that_of_the_rule_files() {
    let files = files();
    let mut faults: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mutation in files.iter().flat_map(|(_, file)| &file.mutations) {
        mutation.fires.iter().for_each(|id| faults.entry(id).or_default().push(&mutation.id));
    }
    let mut rows: BTreeMap<_, String> = BTreeMap::new();
    for (name, file) in &files {
        for rule in &file.rules {
            let mut ways: Vec<&str> = Vec::new();
            ways.extend((!rule.claims.is_empty()).then_some("claims"));
            ways.extend((!rule.checks.is_empty()).then_some("checks"));
            if ways.is_empty() {
                ways.push("links");
            }
            let broken = if rule.broken_officially { "†" } else { "" };
            let mut found = faults.get(&*rule.id).cloned().unwrap_or_default();
            found.sort_unstable();
            let row = format!(
                "| {} | {} | {}{broken} | {} in {name} | {} |",
                rule.id,
                rule.title,
                severity(rule),
                ways.join(", "),
                found.join(" ")
            );
            rows.insert(order(&rule.id), row.replace("  ", " "));
        }
    }
    let mut undecided: BTreeMap<_, String> = BTreeMap::new();
    for row in files.iter().flat_map(|(_, file)| &file.undecided) {
        let key = order(&row.id);
        if !rows.contains_key(&key) {
            undecided.insert(key, format!("| {} | {} |", row.id, row.reason));
        }
    }
    let mut wanted = String::new();
    let _ = writeln!(
        wanted,
        "{} rules are implemented; {} ids of the catalogue are listed below as not decidable from one message, or said under another id.",
        rows.len(),
        undecided.len()
    );
    for row in rows.values().chain(undecided.values()) {
        let _ = writeln!(wanted, "{row}");
    }
    let handbook = fs::read_to_string(root().join("docs/itk3-rules.md")).expect("the handbook");
    let lines = handbook.lines().filter(|l| l.starts_with("| ITK-") || l.contains(" rules are implemented; "));
    let there: String = lines.map(|l| format!("{l}\n")).collect();
    let missing: Vec<&str> = wanted.lines().filter(|l| !there.lines().any(|t| t == *l)).collect();
    let surplus: Vec<&str> = there.lines().filter(|l| !wanted.lines().any(|w| w == *l)).collect();
    assert!(
        there == wanted,
        "docs/itk3-rules.md should have these lines:\n{}\nand not these:\n{}\n(or the order differs)",
        missing.join("\n"),
        surplus.join("\n")
    );
}
