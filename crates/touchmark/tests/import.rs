//! The importer over `test-vectors/import`: published definitions become the lean ones beside them.

use std::fs;
use std::path::{Path, PathBuf};

use touchmark::document::{Arena, Limits, Names, decode, parse};
use touchmark::import::{Import, Lean, Manifest, Package, lean};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/import")
}

fn import(bytes: &[u8]) -> Import {
    let (mut arena, names) = (Arena::new(), Names::new());
    let text = decode(bytes).expect("a known encoding");
    lean(&parse(&text, &mut arena, &names, Limits::default()).expect("well-formed input"))
}

/// The vectors whose names hold this word, with what stands before it.
fn vectors(word: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).expect("a folder of vectors") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name in UTF-8").to_owned();
        if let Some((stem, _)) = name.split_once(&format!(".{word}.")) {
            found.push((stem.to_owned(), fs::read(&path).expect("a file")));
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn published_definitions_become_lean() {
    for (stem, bytes) in vectors("published") {
        let Import::Rules(lean) = import(&bytes) else { panic!("{stem} gives rules") };
        let path = folder().join(format!("{stem}.lean.json"));
        if std::env::var_os("TOUCHMARK_BLESS").is_some() {
            fs::write(&path, &lean.text).expect("a file that can be written");
        }
        let wanted = fs::read_to_string(&path).expect("the lean form");
        assert_eq!(lean.text, wanted, "{stem}");
        assert!(!lean.text.contains("Prose") && !lean.text.contains("Theirs"), "{stem}: prose was kept");
    }
}

#[test]
fn the_lean_form_of_a_lean_file_is_itself() {
    for (stem, bytes) in vectors("lean") {
        let Import::Rules(lean) = import(&bytes) else { panic!("{stem} gives rules") };
        assert_eq!(lean.text.as_bytes(), bytes, "{stem}");
    }
}

#[test]
fn what_gives_no_rules_is_listed_or_skipped() {
    for (stem, bytes) in vectors("listed") {
        assert!(matches!(import(&bytes), Import::Listed(lean) if lean.text.is_empty()), "{stem}");
    }
    let reasons: Vec<String> = vectors("skipped")
        .into_iter()
        .map(|(stem, bytes)| match import(&bytes) {
            Import::Skipped(reason) => reason,
            other => panic!("{stem} is skipped, not {other:?}"),
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "https://example.org/StructureDefinition/l is of FHIR 4.0.1, and STU3 is wanted",
            "ValueSet without a url",
            "Patient is no definition",
        ]
    );
}

fn definition(url: &str, version: &str) -> Lean {
    Lean {
        resource: "ValueSet".into(),
        url: format!("https://example.org/ValueSet/{url}"),
        version: version.into(),
        status: "active".into(),
        date: "2019-01-02T00:00:00Z".into(),
        text: format!("{url} {version}"),
        ..Lean::default()
    }
}

#[test]
fn a_package_puts_the_version_that_stands_first() {
    let mut package = Package::new();
    package.add_rules(definition("a", "1.9.0"), "1");
    package.add_rules(definition("a", "1.10.0"), "2");
    package.add_rules(Lean { withdrawn: true, ..definition("a", "2.0.0") }, "3");
    package.add_rules(Lean { further: true, ..definition("a", "3.0.0") }, "4");
    package.add_rules(definition("a", "1.9.0"), "5");
    package.add_rules(Lean { text: "other".into(), ..definition("a", "1.10.0") }, "6");
    package.add_rules(definition("A", "1.0.0"), "7");
    let (files, dropped) = package.files(Manifest { name: "p".into(), ..Manifest::default() });
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    let wanted = [
        "ValueSet-A.json",
        "ValueSet-a~2.json",
        "ValueSet-a@1.9.0.json",
        "ValueSet-a@2.0.0.json",
        "ValueSet-a@3.0.0.json",
        "package.json",
    ];
    assert_eq!(names, wanted);
    let dropped: Vec<(&str, &str, bool)> = dropped.iter().map(|d| (&*d.dropped, &*d.kept, d.differs)).collect();
    assert_eq!(dropped, [("6", "2", true), ("5", "1", false)]);

    let manifest = Manifest::read(&files[5].1).expect("a manifest");
    assert_eq!((&*manifest.name, &*manifest.version, &*manifest.date), ("p", "2019.01.02", "2019-01-02"));
    let listed: Vec<(&str, bool)> = manifest.canonicals.iter().map(|(l, _)| (&*l.version, l.withdrawn)).collect();
    assert_eq!(listed, [("1.0.0", false), ("1.10.0", false), ("1.9.0", false), ("2.0.0", true), ("3.0.0", false)]);
}
