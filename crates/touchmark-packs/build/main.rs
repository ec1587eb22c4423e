//! Makes the image of all packs from the folder `profiles/`.

mod image;
mod names;
mod places;

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

/// The packs in the order in which they stand: what comes later is more special, and stands before.
const ORDER: &str = "order.txt";

fn main() {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", profiles.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder")).join("packs.image");
    let image = match make(&profiles) {
        Ok(image) => image,
        Err(reason) => panic!("no image of packs: {reason}"),
    };
    fs::write(out, image).expect("the folder for build products can be written to");
}

fn make(profiles: &Path) -> Result<Vec<u8>, String> {
    let mut image = image::Image::default();
    let mut names = names::Names::default();
    for pack in read(&profiles.join(ORDER))?.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let folder = profiles.join(pack);
        let manifest = parse(&folder.join("package.json"))?.1;
        image.add_pack(word(&manifest, "name"), word(&manifest, "version"));
        let mut add = |row: &Value, places: &str, text: &str| {
            let [resource, url, version, name, status, of_type, base] =
                ["resource", "url", "version", "name", "status", "type", "base"].map(|name| word(row, name));
            let strings = [resource, url, version, name, status, of_type, base, places];
            image.add_row(strings, row["withdrawn"] == true, text);
        };
        for row in manifest["canonicals"].as_array().ok_or_else(|| format!("{pack}/package.json lists nothing"))? {
            let (text, definition) = parse(&folder.join(word(row, "file")))?;
            let mut places = String::new();
            if word(row, "resource") == "StructureDefinition" {
                names.add(&definition);
                places = places::of(&definition);
            }
            add(row, &places, &text);
        }
        // Operations and their like have no rules, but whoever names one names something that is known.
        for row in manifest["listed"].as_array().into_iter().flatten() {
            add(row, "", "");
        }
    }
    Ok(image.write(&names.finish()))
}

fn parse(path: &Path) -> Result<(String, Value), String> {
    let text = read(path)?;
    let value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok((text, value))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("")
}
