//! The constraints of all packs, each key with its expressions, and the vectors of `test-vectors/invariant/keys/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use touchmark::{DefinitionId, Library};

/// What the packs say under one key with one expression.
#[derive(Default)]
pub struct Constraint {
    pub severities: BTreeSet<&'static str>,
    /// Types of the base definitions: paths of elements.
    pub paths: BTreeSet<String>,
    /// Profiles that say it again or add it: `name: path`.
    pub profiles: BTreeSet<String>,
    /// Whether it is of a resource or a datatype that messages carry.
    pub carried: bool,
}

/// The packs whose profiles say which resources messages carry.
const MESSAGE_PACKS: [&str; 2] = ["itk", "careconnect"];
/// What carries the others, whether a profile of these packs speaks of it or not.
const CARRIERS: [&str; 4] = ["Bundle", "MessageHeader", "OperationOutcome", "Composition"];
/// The pack of the base definitions.
const BASE: &str = "hl7.fhir.core";

/// All constraints of the packs, by key and expression.
pub fn all(library: &Library) -> BTreeMap<(String, String), Constraint> {
    let carried = carried_types(library);
    let mut found: BTreeMap<(String, String), Constraint> = BTreeMap::new();
    for (number, entry) in library.entries().iter().enumerate() {
        let Some(definition) = library.read(DefinitionId(number as u32)) else { continue };
        let Some(structure) = &definition.structure else { continue };
        let is_type = library.packages()[entry.package as usize].name == BASE && !structure.constraint;
        for (row, constraint) in structure.elements.iter().flat_map(|e| e.constraints.iter().map(move |c| (e, c))) {
            let of = found.entry((constraint.key.to_string(), constraint.expression.to_string())).or_default();
            of.severities.insert(if constraint.warning { "warning" } else { "error" });
            of.carried |= carried.contains(&*structure.type_name);
            if is_type {
                of.paths.insert(row.path.to_string());
            } else {
                of.profiles.insert(format!("{}: {}", entry.name, row.path));
            }
        }
    }
    found
}

/// The types of resources that profiles of messages constrain, what carries them, what they derive from, and all datatypes.
pub fn carried_types(library: &Library) -> BTreeSet<String> {
    let mut types: BTreeSet<String> = CARRIERS.iter().map(|name| (*name).to_owned()).collect();
    for (number, entry) in library.entries().iter().enumerate().filter(|(_, e)| e.resource == "StructureDefinition") {
        let package = &*library.packages()[entry.package as usize].name;
        let Some(definition) = library.read(DefinitionId(number as u32)) else { continue };
        let Some(structure) = &definition.structure else { continue };
        let is_abstract = package == BASE && structure.is_abstract && &*structure.kind != "logical";
        let is_datatype = package == BASE && structure.kind.ends_with("-type");
        if MESSAGE_PACKS.contains(&package) || is_abstract || is_datatype {
            types.insert(structure.type_name.to_string());
        }
    }
    types
}

/// A row of `cases.json`: what is known of one constraint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub key: String,
    pub expression: String,
    /// Where the constraint stands in the documents.
    pub place: Option<String>,
    /// The document that keeps it.
    pub kept: Option<String>,
    /// The document that breaks it, and nothing else but what cannot be helped, as `note` says.
    pub broken: Option<String>,
    /// What a check finds in the broken one.
    #[serde(default)]
    pub expected: Vec<Expected>,
    /// The document that would break it if anything could.
    pub tried: Option<String>,
    /// Why it cannot be kept or broken.
    pub reason: Option<String>,
    pub note: Option<String>,
}

/// A finding that is expected.
#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub code: String,
    pub severity: String,
    pub expression: String,
}

impl Case {
    /// The constraint that it is about.
    pub fn constraint(&self) -> (String, String) {
        (self.key.clone(), self.expression.clone())
    }

    /// Its documents.
    pub fn files(&self) -> impl Iterator<Item = &String> {
        [&self.kept, &self.broken, &self.tried].into_iter().flatten()
    }
}

/// A folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The folder of the vectors.
pub fn folder() -> PathBuf {
    repository("test-vectors/invariant/keys")
}

/// All rows of `cases.json`.
pub fn cases() -> Vec<Case> {
    let path = folder().join("cases.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A document of the folder.
pub fn document(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}
