//! Makes the image of all packs from the folder `profiles/`.

mod names;
mod places;

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use touchmark_definition::Definition;
use touchmark_definition::image::{Builder, INVARIANT_WORDS, RULE_FILE, Row};
use touchmark_document::{Arena, Limits, Names, parse};

/// The packs in the order in which they stand: what comes later is more special, and stands before.
const ORDER: &str = "order.txt";

fn main() {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", profiles.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    let (texts, bytes) = match make(&profiles) {
        Ok(image) => image,
        Err(reason) => panic!("no image of packs: {reason}"),
    };
    fs::write(out.join("packs.texts"), texts).expect("the folder for build products can be written to");
    fs::write(out.join("packs.image"), bytes).expect("the folder for build products can be written to");
}

fn make(profiles: &Path) -> Result<(String, Vec<u8>), String> {
    let mut image = Builder::default();
    let mut names = names::Names::default();
    let mut arena = Arena::new();
    for pack in read(&profiles.join(ORDER))?.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let folder = profiles.join(pack);
        let manifest: Value = serde_json::from_str(&read(&folder.join("package.json"))?)
            .map_err(|e| format!("{pack}/package.json: {e}"))?;
        image.add_package(word(&manifest, "name"), word(&manifest, "version"));
        for row in manifest["canonicals"].as_array().ok_or_else(|| format!("{pack}/package.json lists nothing"))? {
            let path = folder.join(word(row, "file"));
            let text = read(&path)?;
            let row = described(row);
            if [RULE_FILE, INVARIANT_WORDS].contains(&row.resource) {
                image.add(&Row { text: &text, ..row }, None);
                continue;
            }
            let definition = definition(&text, &mut arena).map_err(|e| format!("{}: {e}", path.display()))?;
            let mut places = String::new();
            if let Some(structure) = &definition.structure {
                names.add(structure);
                places = places::of(structure);
            }
            image.add(&Row { places: &places, ..row }, Some(&definition));
        }
        // Operations and their like have no rules, but whoever names one names something that is known.
        for row in manifest["listed"].as_array().into_iter().flatten() {
            image.add(&described(row), None);
        }
    }
    Ok(image.finish(names.finish().iter().map(String::as_str)))
}

/// What the list of a pack says of a rule file.
fn described(row: &Value) -> Row<'_> {
    Row {
        withdrawn: row["withdrawn"] == true,
        resource: word(row, "resource"),
        url: word(row, "url"),
        version: word(row, "version"),
        name: word(row, "name"),
        status: word(row, "status"),
        type_name: word(row, "type"),
        base: word(row, "base"),
        ..Row::default()
    }
}

fn definition(text: &str, arena: &mut Arena) -> Result<Definition, String> {
    let names = Names::new();
    let document = parse(text, arena, &names, Limits::default()).map_err(|e| e.to_string())?;
    touchmark_definition::read(&document).ok_or_else(|| "this is no definition".to_owned())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("")
}
