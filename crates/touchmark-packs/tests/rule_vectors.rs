//! Every fault that the rule files of the packs know, made in a valid message, and found by the rules that must find it: each
//! rule has one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use touchmark::vectors::Mutation;
use touchmark::{Checker, Judging, Library, Options, Report, RuleGraph, Severity};

/// The packs of rule files, the general one first.
const PACKS: [&str; 2] = ["fhir-rules", "itk3-rules"];

fn graph() -> RuleGraph {
    let mut library = Library::new();
    library
        .add_image(touchmark_packs::image(), |pack| !PACKS.contains(&&*pack.name))
        .expect("an image of this version");
    assert_eq!(library.rule_files().count(), 0, "each pack of rules is tried");
    // The rule files as they lie there: who changes one need not build the image first.
    for pack in PACKS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(pack);
        let package = fs::read(folder.join("package.json")).expect("the pack has a manifest");
        let package: serde_json::Value = serde_json::from_slice(&package).expect("the manifest is JSON");
        for row in package["canonicals"].as_array().expect("the manifest lists files") {
            let file = row["file"].as_str().expect("a file has a name");
            library.add_rule_file(&format!("{pack}/{file}"), fs::read_to_string(folder.join(file)).expect("a text"));
        }
    }
    let graph = RuleGraph::new(library);
    assert_eq!(graph.rule_file_errors(), [], "the rule files compile");
    graph
}

/// The valid messages, in the order of their names.
fn valid() -> Vec<PathBuf> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors");
    let folders =
        ["fhir-rules/valid", "itk3/valid"].map(|folder| fs::read_dir(vectors.join(folder)).expect("a folder"));
    let mut files: Vec<PathBuf> = folders.into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// A valid message by the beginning of its name: `V1`, or `V1.json` for the JSON form.
fn base(name: &str) -> String {
    let (name, form) = name.split_once('.').unwrap_or((name, "xml"));
    let file = valid().into_iter().find(|p| {
        p.extension().is_some_and(|e| e == form)
            && p.file_name().is_some_and(|f| f.to_string_lossy().starts_with(&format!("{name}-")))
    });
    fs::read_to_string(file.unwrap_or_else(|| panic!("there is no valid message {name}"))).expect("a text")
}

type Named = BTreeMap<String, String>;

fn check(
    checker: &mut Checker<'_>,
    text: &str,
    named: &Named,
    policy: Option<&String>,
    envelope: Option<&Named>,
) -> Report {
    let pairs = |named: &Named| named.iter().map(|(d, v)| (d.clone(), v.clone())).collect();
    let judging = Judging { policy: policy.cloned(), named: pairs(named), envelope: envelope.map(pairs), off: false };
    checker.check(text.as_bytes(), &Options { judging, now: Some("2026-11-25T00:00:00Z"), ..Options::default() })
}

/// The rule ids found, each with its worst severity; findings that no rule claims by their own code.
fn found(report: &Report) -> BTreeMap<String, Severity> {
    let mut found = BTreeMap::new();
    for finding in report.findings() {
        let id = finding.claimed.map_or(finding.rule.code, |c| c.code).to_owned();
        let worst = found.entry(id).or_insert(finding.severity);
        *worst = (*worst).max(finding.severity);
    }
    found
}

fn trouble(mutation: &Mutation, found: &BTreeMap<String, Severity>, before: &BTreeMap<String, Severity>) -> String {
    let mut out = String::new();
    // What the valid message breaks too is not found by the rule.
    for id in mutation.fires.iter().filter(|id| !mutation.edits.is_empty() && before.contains_key(*id)) {
        let _ = write!(out, " {id} is there without the fault;");
    }
    for id in &mutation.fires {
        match (found.get(id), mutation.severity.as_deref()) {
            (None, _) => {
                let _ = write!(out, " lacks {id};");
            }
            (Some(severity), Some(wanted)) if severity.code() != wanted && *severity != Severity::Fatal => {
                let _ = write!(out, " {id} is {severity:?};");
            }
            _ => {}
        }
    }
    for (id, severity) in found {
        if *severity >= Severity::Warning
            && !mutation.fires.contains(id)
            && !mutation.may.contains(id)
            && !before.contains_key(id)
        {
            let _ = write!(out, " also {id} ({severity:?});");
        }
    }
    out
}

#[test]
fn valid_messages_have_no_fault() {
    let graph = graph();
    let mut checker = Checker::new(&graph);
    let mut wrong = String::new();
    for file in valid() {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a text");
        let named = if name.starts_with('Y') {
            BTreeMap::from([("edition".to_owned(), "E2.3".to_owned())])
        } else {
            BTreeMap::new()
        };
        for (id, severity) in found(&check(&mut checker, &text, &named, None, None)) {
            // No definition of these two events is published; the payload of D1 is not complete; receivers read XML.
            let known = matches!(
                (&name[..2], &*id),
                ("P1" | "U1", "ITK-HND-10") | ("D1", "reference-target-profile") | (_, "ITK-BND-21")
            );
            if severity >= Severity::Warning && !known {
                let _ = writeln!(wrong, "{name}: {id} ({severity:?})");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_fault_is_found() {
    let graph = graph();
    let mut checker = Checker::new(&graph);
    let mut wrong = String::new();
    let mut killed = BTreeSet::new();
    let mut count = 0;
    for mutation in graph.mutations() {
        for name in &mutation.base {
            count += 1;
            let valid = base(name);
            let mut judged = |text: &str, envelope: &Named| {
                let envelope = (!envelope.is_empty()).then_some(envelope);
                found(&check(&mut checker, text, &mutation.named, mutation.policy.as_ref(), envelope))
            };
            let before = judged(&valid, &mutation.envelope);
            let variant = match mutation.apply(&valid, &graph) {
                Ok(variant) => variant,
                Err(reason) => {
                    let _ = writeln!(wrong, "{} {} on {name}: {reason}", mutation.id, mutation.title);
                    continue;
                }
            };
            let after = judged(&variant.text, &variant.envelope);
            let trouble = trouble(mutation, &after, &before);
            if trouble.is_empty() {
                killed.extend(mutation.fires.iter().cloned());
            } else {
                let _ = writeln!(wrong, "{} {} on {name}:{trouble}", mutation.id, mutation.title);
            }
        }
    }
    let alive: Vec<&str> = graph.rules_of_files().map(|(id, _)| id).filter(|id| !killed.contains(*id)).collect();
    let rules = graph.rules_of_files().count();
    println!("{count} faults; {} of {rules} rules are killed", killed.len());
    assert!(wrong.is_empty(), "{wrong}");
    assert!(alive.is_empty(), "no fault shows that these rules find anything: {}", alive.join(" "));
}

#[test]
fn json_and_xml_are_judged_alike() {
    let graph = graph();
    let mut checker = Checker::new(&graph);
    for file in valid() {
        if file.extension().is_some_and(|e| e == "xml") && file.with_extension("json").exists() {
            let mut reports = [file.clone(), file.with_extension("json")].map(|f| {
                let text = fs::read_to_string(f).expect("a text");
                let mut ids: Vec<_> =
                    found(&check(&mut checker, &text, &BTreeMap::new(), None, None)).into_keys().collect();
                ids.retain(|id| id != "ITK-BND-21");
                ids
            });
            reports[0].dedup();
            assert_eq!(reports[0], reports[1], "{}", file.display());
        }
    }
}
