//! The vectors of `test-vectors/`: what stands in its `cases.json` files, and the rule graph that they are checked by.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use touchmark::document::{self, Arena, Limits, Names};
use touchmark::{Advice, Library, RuleGraph, Severity, definition};

/// A document and what must be found in it.
pub struct Case {
    /// The file, as `cardinality/minimum.broken.xml`.
    pub name: String,
    /// The rule that it keeps or breaks.
    pub rule: String,
    /// What is found in it; nothing in a document that keeps the rule.
    pub expected: Vec<Expected>,
    /// The most findings of a check.
    pub findings: Option<usize>,
    /// References that a resolver knows to lead to nothing.
    pub absent: Vec<String>,
    /// A suppression file beside the document.
    pub suppress: Option<PathBuf>,
    /// Whether absent elements that must be supported are told.
    pub must_support: bool,
    /// How advice is said.
    pub advice: Advice,
    /// Whether there is a terminology service: one that answers each question, or one that fails.
    pub service: Option<bool>,
    /// The document.
    pub bytes: Vec<u8>,
}

/// One issue of the outcome.
#[derive(PartialEq, Eq, Debug)]
pub struct Expected {
    pub code: String,
    pub severity: String,
    /// Where there is no tree there is none.
    pub expression: Option<String>,
    /// The second place, where two elements make the fault together.
    pub also: Option<String>,
    /// The line in the source, where a vector names it.
    pub line: Option<u64>,
}

/// The folder of the vectors.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors")
}

/// All packs, and over them the definitions that were composed for the vectors.
pub fn graph() -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    library.add_package("test-vectors", "");
    let mut arena = Arena::new();
    for file in files(&folder().join("definitions")).into_iter().filter(|file| file.is_file()) {
        let text = fs::read_to_string(&file).expect("a definition");
        let names = Names::new();
        let parsed =
            document::parse(&text, &mut arena, &names, Limits::default()).expect("a definition that can be read");
        library.add_definition(definition::read(&parsed).expect("a conformance resource"));
    }
    for file in files(&folder().join("definitions/rules")) {
        library.add_rule_file(&file.display().to_string(), fs::read_to_string(&file).expect("a rule file"));
    }
    let graph = RuleGraph::new(library);
    assert!(graph.rule_file_errors().is_empty(), "{:?}", graph.rule_file_errors());
    graph
}

/// All cases, folder by folder.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for list in folders().iter().map(|folder| folder.join("cases.json")) {
        let text = fs::read_to_string(&list).expect("a list of cases");
        let read: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", list.display()));
        cases.extend(read.as_array().expect("a list").iter().map(|case| read_case(&list, case)));
    }
    cases
}

/// The folders that have cases, in order.
pub fn folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder of the vectors")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("cases.json").exists())
        .collect();
    found.sort();
    found
}

/// The files of a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn read_case(list: &Path, case: &Value) -> Case {
    let text =
        |value: &Value, key: &str| value[key].as_str().unwrap_or_else(|| panic!("no {key} in {case}")).to_owned();
    let texts =
        |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let folder = list.parent().expect("a folder");
    let file = text(case, "file");
    Case {
        name: format!("{}/{file}", folder.file_name().expect("a name").display()),
        rule: text(case, "rule"),
        expected: case["expected"]
            .as_array()
            .expect("what is expected")
            .iter()
            .map(|issue| Expected {
                code: text(issue, "code"),
                severity: text(issue, "severity"),
                expression: issue["expression"].as_str().map(str::to_owned),
                also: issue["also"].as_str().map(str::to_owned),
                line: issue["line"].as_u64(),
            })
            .collect(),
        findings: case["options"]["findings"].as_u64().map(|n| usize::try_from(n).expect("a number")),
        absent: texts(&case["options"]["absent"]),
        suppress: case["options"]["suppress"].as_str().map(|file| folder.join(file)),
        must_support: case["options"]["mustSupport"] == true,
        advice: match case["options"]["advice"].as_str() {
            None => Advice::Usual,
            Some("off") => Advice::Off,
            Some(level) => Advice::At(Severity::of_code(level).expect("a severity")),
        },
        service: case["options"]["service"].as_str().map(|service| service == "answers"),
        bytes: fs::read(folder.join(&file)).unwrap_or_else(|e| panic!("{file}: {e}")),
    }
}
