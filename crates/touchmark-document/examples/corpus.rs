//! Reads every JSON and XML file below the given folders, beside `serde_json` and `roxmltree`, and prints where they
//! differ; then reads twins (`name.json` and `name.xml`) and prints where their trees differ.
//!
//! `cargo run --release -p touchmark-document --example corpus -- FOLDER…`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use touchmark_document::{Arena, Form, Limits, Names, NodeRef, decode, parse};

fn main() {
    let mut files = Vec::new();
    for folder in std::env::args().skip(1) {
        collect(Path::new(&folder), &mut files);
    }
    files.sort();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut trees: BTreeMap<PathBuf, Vec<(PathBuf, Vec<String>)>> = BTreeMap::new();
    let names = Names::new();
    let mut arena = Arena::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap_or_default();
        *counts.entry("files".into()).or_default() += 1;
        let text = decode(&bytes);
        let ours = match &text {
            Ok(text) => parse(text, &mut arena, &names, Limits::default()),
            Err(unreadable) => Err(unreadable.clone()),
        };
        let peer = peer(file, &bytes);
        match (&ours, &peer) {
            (Ok(document), peer) => {
                for fault in document.faults() {
                    *counts.entry(format!("fault {:?}", fault.kind)).or_default() += 1;
                }
                if let Err(reason) = peer {
                    println!("ours reads, peer does not: {}: {reason}", file.display());
                    *counts.entry("only ours".into()).or_default() += 1;
                }
                let mut lines = Vec::new();
                outline(document.root(), "", &mut lines);
                trees.entry(file.with_extension("")).or_default().push((file.clone(), lines));
                *counts.entry("read".into()).or_default() += 1;
                *counts.entry("nodes".into()).or_default() += document.len();
            }
            (Err(unreadable), Ok(())) => {
                println!("peer reads, ours does not: {}: {unreadable}", file.display());
                *counts.entry("only peer".into()).or_default() += 1;
            }
            (Err(unreadable), Err(reason)) => {
                println!("neither: {}: {unreadable} | {reason}", file.display());
                *counts.entry("neither".into()).or_default() += 1;
            }
        }
    }
    for twins in trees.values().filter(|t| t.len() == 2) {
        *counts.entry("twins".into()).or_default() += 1;
        let (left, right) = (&twins[0].1, &twins[1].1);
        if left != right {
            *counts.entry("twins that differ".into()).or_default() += 1;
            let first = left.iter().find(|l| !right.contains(l)).or(right.iter().find(|r| !left.contains(r)));
            println!("twins differ: {}: {first:?}", twins[0].0.display());
        }
    }
    println!("{counts:#?}");
}

/// A line for each node: its path without indexes, its resource type, its value; sorted, as JSON has no order.
fn outline(node: NodeRef<'_>, path: &str, lines: &mut Vec<String>) {
    let path = format!("{path}/{}", node.name_text());
    let value = match node.form() {
        Form::Markup => "…",
        _ if path.ends_with("/text/div") => "…",
        _ => node.value().unwrap_or("").trim(),
    };
    lines.push(format!("{path} {} {}", node.resource_text(), value));
    // The DSTU2 way of keeping XML comments in JSON, which some twins have.
    for child in node.children().filter(|c| c.name_text() != "fhir_comments") {
        outline(child, &path, lines);
    }
    if node.parent().is_none() {
        lines.sort();
    }
}

fn peer(file: &Path, bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    if file.extension().is_some_and(|e| e == "json") {
        let text = text.trim_start_matches('\u{feff}');
        serde_json::from_str::<serde_json::Value>(text).map(drop).map_err(|e| e.to_string())
    } else {
        roxmltree::Document::parse(text).map(drop).map_err(|e| e.to_string())
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "json" || e == "xml") {
            files.push(path);
        }
    }
}
