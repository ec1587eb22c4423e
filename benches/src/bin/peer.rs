//! The floor that a whole check is measured against: reads the documents of a folder one by one and only parses them,
//! JSON into `serde_json::Value`, XML with `roxmltree`. `benches/whole.sh` times it beside `touchmark check`.

use std::path::{Path, PathBuf};

fn main() {
    let mut files = Vec::new();
    for folder in std::env::args_os().skip(1) {
        list(Path::new(&folder), &mut files);
    }
    files.sort();
    let (mut bytes, mut refused) = (0_usize, 0_usize);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            refused += 1;
            continue;
        };
        bytes += text.len();
        let parsed = if file.extension().is_some_and(|e| e == "json") {
            serde_json::from_str::<serde_json::Value>(&text).is_ok()
        } else {
            roxmltree::Document::parse(&text).is_ok()
        };
        refused += usize::from(!parsed);
    }
    println!("{} documents, {bytes} bytes, {refused} refused", files.len());
}

fn list(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|e| e == "json" || e == "xml") {
            files.push(path);
        }
    }
}
