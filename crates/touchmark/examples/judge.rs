//! Judges message files by the rule files of a folder, for those who write rules: `judge RULES [--named D=V] [--policy P] FILE…`.
#![allow(clippy::all, clippy::pedantic)]
use std::path::{Path, PathBuf};

fn files(path: &Path, out: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut list: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        list.sort();
        list.iter().for_each(|p| files(p, out));
    } else if path.extension().is_some_and(|e| e == "xml" || e == "json") {
        out.push(path.into());
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let rules = PathBuf::from(args.next().unwrap());
    let mut judging = touchmark::Judging::default();
    let (mut paths, mut level, mut quiet) = (Vec::new(), touchmark::Severity::Warning, false);
    while let Some(a) = args.next() {
        match a.as_str() {
            "--named" => {
                let text = args.next().unwrap();
                let (d, v) = text.split_once('=').unwrap();
                judging.named.push((d.into(), v.into()));
            }
            "--policy" => judging.policy = args.next(),
            "--info" => level = touchmark::Severity::Information,
            "--brief" => quiet = true,
            _ => paths.push(PathBuf::from(a)),
        }
    }
    let mut library = touchmark::Library::new();
    let mut arena = touchmark::document::Arena::new();
    for p in ["/tmp/td/hl7.fhir.core-3.0.1/package", "/tmp/td/nhs-stu3/conformance"] {
        library.add_package(p, "");
        let mut f = vec![];
        files(Path::new(p), &mut f);
        for f in f {
            let bytes = std::fs::read(&f).unwrap();
            let names = touchmark::document::Names::new();
            let Ok(text) = touchmark::document::decode(&bytes) else { continue };
            if let Ok(d) = touchmark::document::parse(&text, &mut arena, &names, Default::default()) {
                if let Some(d) = touchmark::definition::read(d) {
                    library.add_definition(d);
                }
            }
        }
    }
    let package: serde_json::Value =
        serde_json::from_slice(&std::fs::read(rules.join("package.json")).unwrap()).unwrap();
    for row in package["canonicals"].as_array().unwrap() {
        let f = row["file"].as_str().unwrap();
        library.add_rule_file(f, std::fs::read_to_string(rules.join(f)).unwrap());
    }
    let graph = touchmark::RuleGraph::new(library);
    for e in graph.rule_file_errors() {
        eprintln!("{e}");
    }
    let mut checker = touchmark::Checker::new(&graph);
    let mut f = vec![];
    paths.iter().for_each(|p| files(p, &mut f));
    let options = touchmark::Options { judging, now: Some("2026-11-25T00:00:00Z"), ..Default::default() };
    for f in f {
        let r = checker.check(&std::fs::read(&f).unwrap(), &options);
        for j in &r.judgements {
            let r: Vec<String> = j.recognised.iter().map(|r| format!("{}={}", r.dimension, r.value)).collect();
            println!("## {}: {} [{}] {} exercised", f.display(), r.join(" "), j.policy, j.exercised.len());
        }
        for i in r.findings.iter().filter(|i| i.severity >= level) {
            let id = i.claimed.as_ref().map_or("", |r| &r.code);
            if quiet && id.is_empty() && i.severity < touchmark::Severity::Error {
                continue;
            }
            println!(
                "  {:11} {:11} {:26} {} @ {} {}",
                i.severity.code(),
                id,
                i.rule.code,
                i.text,
                i.expression.as_deref().unwrap_or(""),
                i.source.as_deref().unwrap_or("")
            );
        }
    }
}
