//! The image is what the library reads, and holds what `profiles/` holds.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use touchmark::Library;
use touchmark::definition;
use touchmark::document::{Arena, Limits, Names, parse};
use touchmark::image::Image;
use touchmark::import::{Import, lean};
use touchmark::invariant_words::InvariantWords;
use touchmark::library::{Entry, INVARIANT_WORDS, RULE_FILE};

fn is_published(entry: &Entry) -> bool {
    !entry.is_listed()
}

/// The definitions in `profiles/` with their paths, in the order of the image.
fn rule_files() -> Vec<(PathBuf, String)> {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let read = |path: &Path| fs::read_to_string(path).expect("a file of profiles/");
    let mut files = Vec::new();
    for pack in read(&profiles.join("order.txt")).lines().filter(|line| !line.starts_with('#')) {
        let manifest: Value = serde_json::from_str(&read(&profiles.join(pack).join("package.json"))).expect("JSON");
        for row in manifest["canonicals"].as_array().expect("a list") {
            if ![RULE_FILE, INVARIANT_WORDS].contains(&row["resource"].as_str().expect("a resource type")) {
                let path = profiles.join(pack).join(row["file"].as_str().expect("the name of a file"));
                files.push((path.clone(), read(&path)));
            }
        }
    }
    files
}

fn library() -> Library {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    library
}

#[test]
fn every_definition_of_the_image_can_be_read() {
    let library = library();
    assert!(library.packages().len() >= 5 && library.entries().len() > 4000);
    for (number, entry) in library.entries().iter().enumerate().filter(|(_, entry)| is_published(entry)) {
        let definition = library.read(touchmark::DefinitionId(number as u32)).expect("a rule file");
        assert_eq!((&*entry.url, &*entry.version), (&*definition.url, &*definition.version));
        assert_eq!((&*entry.name, &*entry.status), (&*definition.name, &*definition.status));
    }
}

#[test]
fn the_names_of_the_image_are_those_of_its_definitions() {
    let image = Image::open(touchmark_packs::image()).expect("an image of this version");
    let held: HashSet<&str> = image.names().collect();
    let read = library();
    let mut own = Library::new();
    for number in 0..read.entries().len() {
        let Some(definition) = read.read(touchmark::DefinitionId(number as u32)) else { continue };
        own.add_definition((*definition).clone());
    }
    let missing: Vec<&str> = own.names().filter(|name| !held.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_places_of_extensions_are_those_of_the_definitions() {
    let image = Image::open(touchmark_packs::image()).expect("an image of this version");
    let read = library();
    let numbers = (0_u32..).map(touchmark::DefinitionId).zip(read.entries()).filter(|(_, entry)| is_published(entry));
    let rows = image.rows().filter(|row| !row.facts.is_empty());
    let mut placed = 0;
    for ((id, entry), row) in numbers.zip(rows) {
        assert_eq!((&*entry.url, &*entry.version), (row.url, row.version));
        let definition = read.read(id).expect("a rule file");
        let mut wanted: Vec<String> = Vec::new();
        for element in definition.structure.iter().flat_map(|s| &s.elements) {
            let Some((parent, _)) = element.path.rsplit_once('.') else { continue };
            let extensions = element.types.iter().filter(|t| &*t.code == "Extension");
            wanted.extend(extensions.flat_map(|t| &t.profiles).map(|url| format!("{url}\t{parent}")));
        }
        wanted.sort();
        wanted.dedup();
        assert_eq!(row.places.lines().collect::<Vec<_>>(), wanted, "{} {}", row.url, row.version);
        placed += wanted.len();
    }
    assert!(placed > 1000);
}

#[test]
fn every_rule_file_is_as_the_importer_writes_it() {
    let (mut arena, names) = (Arena::new(), Names::new());
    for (path, text) in rule_files() {
        let document = parse(&text, &mut arena, &names, Limits::default()).expect("a resource");
        // What was prose would be left out now, and the text differ.
        let Import::Rules(lean) = lean(&document) else { panic!("{} gives rules", path.display()) };
        assert_eq!(lean.text, text, "{}", path.display());
    }
}

#[test]
fn every_definition_of_the_image_is_what_its_rule_file_says() {
    let image = Image::open(touchmark_packs::image()).expect("an image of this version");
    let (mut arena, names) = (Arena::new(), Names::new());
    let mut rows = image.rows().filter(|row| !row.facts.is_empty());
    for (path, text) in rule_files() {
        let document = parse(&text, &mut arena, &names, Limits::default()).expect("a resource");
        let facts = rows.next().expect("a row for each rule file").facts;
        assert_eq!(image.read(facts), definition::read(&document), "{}", path.display());
    }
    assert!(rows.next().is_none());
}

#[test]
fn every_file_of_words_can_be_read() {
    let image = Image::open(touchmark_packs::image()).expect("an image of this version");
    let mut files = 0;
    for row in image.rows().filter(|row| row.resource == INVARIANT_WORDS) {
        let words = InvariantWords::read(row.text).unwrap_or_else(|trouble| panic!("{}: {trouble}", row.name));
        assert!(words.all().count() > 100);
        files += 1;
    }
    assert_eq!(files, 1);
}

#[test]
fn what_is_no_image_is_refused() {
    let (texts, bytes) = touchmark_packs::image();
    for part in [&bytes[..bytes.len() - 1], &bytes[..30], b"PK"] {
        assert!(Image::open((texts, part)).is_err());
    }
}
