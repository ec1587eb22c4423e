//! Makes the examples of the pages of rules from `test-vectors/`: what a vector that breaks a rule has and its twin has not. They
//! cannot grow old, since the vectors are tested.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// An example of more lines than this is cut.
const MOST_LINES: usize = 16;

fn main() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", vectors.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder")).join("examples.rs");
    let examples = match examples(&vectors) {
        Ok(examples) => examples,
        Err(reason) => panic!("no examples: {reason}"),
    };
    let mut text = String::from("&[\n");
    for (rule, source, example) in examples {
        // Writing to a String does not fail.
        let _ = writeln!(text, "    ({rule:?}, {source:?}, {example:?}),");
    }
    text.push(']');
    fs::write(out, text).expect("the folder for build products can be written to");
}

/// For each rule the first case that shows it: its code, the file, the lines.
fn examples(vectors: &Path) -> Result<Vec<(String, String, String)>, String> {
    let mut found: Vec<(String, String, String)> = Vec::new();
    let entries = fs::read_dir(vectors).map_err(|e| format!("{}: {e}", vectors.display()))?;
    let mut lists: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path().join("cases.json"))).collect();
    lists.retain(|list| list.exists());
    lists.sort();
    for list in lists {
        let text = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
        let cases: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", list.display()))?;
        for case in cases.as_array().into_iter().flatten() {
            let (Some(file), Some(rule)) = (case["file"].as_str(), case["rule"].as_str()) else { continue };
            if !file.contains(".broken.") || found.iter().any(|(code, ..)| code == rule) {
                continue;
            }
            let broken = list.with_file_name(file);
            let folder =
                broken.parent().and_then(Path::file_name).map_or_else(String::new, |f| f.display().to_string());
            let example = match case["example"].as_str() {
                Some(written) => Some(format!("  {written}\n")),
                None => between(&broken, &list.with_file_name(file.replace(".broken.", ".kept."))),
            };
            if let Some(example) = example {
                found.push((rule.to_owned(), format!("test-vectors/{folder}/{file}"), example));
            }
        }
    }
    Ok(found)
}

/// The lines in which a vector and its twin differ, with the line before and behind; `None` where there is no twin.
fn between(broken: &Path, kept: &Path) -> Option<String> {
    let (broken, kept) = (fs::read_to_string(broken).ok()?, fs::read_to_string(kept).ok()?);
    let difference = TextDiff::from_lines(&broken, &kept);
    let mut lines: Vec<(char, &str)> = Vec::new();
    for (number, group) in difference.grouped_ops(1).iter().enumerate() {
        if number > 0 {
            lines.push((' ', "…"));
        }
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push((sign, change.value().trim_end()));
        }
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = lines.iter().filter(|(_, line)| *line != "…").map(|(_, line)| indent(line)).min().unwrap_or(0);
    let mut out = String::new();
    for (sign, line) in lines.iter().take(MOST_LINES) {
        let _ = writeln!(out, "{sign} {}", line.get(least..).unwrap_or(line));
    }
    if lines.len() > MOST_LINES {
        out.push_str("  …\n");
    }
    (!lines.is_empty()).then_some(out)
}
