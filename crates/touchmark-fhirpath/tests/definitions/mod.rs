//! The published data beside the checkout, and a `Model` made of HL7's STU3 definitions, for the tests that use them.
#![allow(dead_code)]

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::PathBuf;

use touchmark_document::{Arena, Limits, Names, NodeRef, parse};
use touchmark_fhirpath::Model;

/// The files of an archive in `shared/data` that `wanted` wants, by path; `None` when the archive is absent.
pub fn archive(name: &str, wanted: impl Fn(&str) -> bool) -> Option<BTreeMap<String, Vec<u8>>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let Ok(file) = std::fs::File::open(path) else {
        println!("skipped: shared/data is absent");
        return None;
    };
    let mut archive = tar::Archive::new(liblzma::read::XzDecoder::new(file));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() && wanted(&path) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(path, bytes);
        }
    }
    Some(files)
}

/// A constraint of an element.
pub struct Constraint {
    pub key: String,
    pub expression: String,
}

#[derive(Default)]
struct Element {
    types: Vec<String>,
    content_reference: Option<String>,
    has_children: bool,
    constraints: Vec<Constraint>,
}

/// HL7's definitions: the elements by path, the types with what they are derived from.
#[derive(Default)]
pub struct Definitions {
    elements: HashMap<String, Element>,
    parents: HashMap<String, String>,
    /// The constraints of profiles.
    further: Vec<Constraint>,
}

impl Definitions {
    /// Reads all definitions of types of `hl7.fhir.core` 3.0.1.
    pub fn published() -> Option<Definitions> {
        let files = archive("hl7.fhir.core-3.0.1.tar.xz", |path| path.contains("/StructureDefinition-"))?;
        let mut definitions = Definitions::default();
        let names = Names::new();
        let mut arena = Arena::new();
        for bytes in files.values() {
            let source = std::str::from_utf8(bytes).unwrap();
            let document = parse(source, &mut arena, &names, Limits::default()).unwrap();
            definitions.add(document.root());
        }
        let paths: Vec<String> = definitions.elements.keys().cloned().collect();
        for path in paths {
            if let Some((parent, _)) = path.rsplit_once('.')
                && let Some(element) = definitions.elements.get_mut(parent)
            {
                element.has_children = true;
            }
        }
        Some(definitions)
    }

    fn add(&mut self, definition: NodeRef<'_>) {
        let is_profile = definition.child_value("derivation") == Some("constraint");
        let name = definition.child_value("id").unwrap_or_default().to_owned();
        if let Some(base) = definition.child_value("baseDefinition")
            && !is_profile
        {
            self.parents.insert(name, base.rsplit('/').next().unwrap_or_default().to_owned());
        }
        for element in definition.child("snapshot").into_iter().flat_map(|s| s.all("element")) {
            let path = element.child_value("path").unwrap_or_default().to_owned();
            let mut types: Vec<String> =
                element.all("type").filter_map(|t| t.child_value("code")).map(str::to_owned).collect();
            // STU3 lists Reference once for each target.
            types.dedup();
            let content_reference =
                element.child_value("contentReference").map(|r| r.trim_start_matches('#').to_owned());
            let constraints: Vec<Constraint> = element
                .all("constraint")
                .filter_map(|c| {
                    let expression = c.child_value("expression")?.to_owned();
                    Some(Constraint { key: c.child_value("key")?.to_owned(), expression })
                })
                .collect();
            if is_profile {
                self.further.extend(constraints);
                continue;
            }
            self.elements.insert(path, Element { types, content_reference, has_children: false, constraints });
        }
    }

    /// The type of a node, or the path of the element that defines its children.
    pub fn key<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str> {
        if node.is_resource() {
            return Some(node.resource_text());
        }
        let path = self.path(node)?;
        let (path, element) = self.elements.get_key_value(&path)?;
        if let Some(reference) = &element.content_reference {
            return Some(reference);
        }
        match element.types.as_slice() {
            [kind] if element.has_children && matches!(kind.as_str(), "BackboneElement" | "Element") => Some(path),
            [kind] => Some(kind),
            kinds => {
                let base = path.rsplit('.').next()?.trim_end_matches("[x]");
                let suffix = node.name_text().strip_prefix(base)?;
                // `*` in the definitions stands for all types, listed there one by one.
                kinds.iter().map(String::as_str).find(|kind| kind.eq_ignore_ascii_case(suffix))
            }
        }
    }

    /// The path of the element that defines a node: `Patient.contact.name`, `Observation.value[x]`.
    pub fn path(&self, node: NodeRef<'_>) -> Option<String> {
        let parent = node.parent()?;
        let above = self.key(parent)?;
        let name = node.name_text();
        let path = format!("{above}.{name}");
        if self.elements.contains_key(&path) {
            return Some(path);
        }
        let ends = name.char_indices().filter(|(at, c)| *at > 0 && c.is_ascii_uppercase());
        ends.map(|(at, _)| format!("{above}.{}[x]", &name[..at])).find(|path| self.elements.contains_key(path))
    }

    /// The constraints that hold for a node: those of its element and those of its type, each once.
    pub fn constraints(&self, node: NodeRef<'_>) -> Vec<&Constraint> {
        let of = |path: &str| self.elements.get(path).map_or(&[][..], |element| &element.constraints);
        let mut all: Vec<&Constraint> = self.path(node).map_or(Vec::new(), |path| of(&path).iter().collect());
        for constraint in self.key(node).into_iter().flat_map(of) {
            if !all.iter().any(|c| c.key == constraint.key) {
                all.push(constraint);
            }
        }
        all
    }

    /// All constraints there are, each expression once.
    pub fn all_constraints(&self) -> BTreeMap<&str, &str> {
        let constraints = self.elements.values().flat_map(|element| &element.constraints);
        constraints.chain(&self.further).map(|c| (c.expression.as_str(), c.key.as_str())).collect()
    }

    /// The names of all elements and types, choices spelled out and as they are.
    pub fn element_names(&self) -> std::collections::BTreeSet<&str> {
        self.elements.keys().flat_map(|path| path.split('.')).collect()
    }

    /// Whether there is such a type.
    pub fn is_known(&self, name: &str) -> bool {
        self.elements.contains_key(name)
    }
}

impl Model for Definitions {
    fn has_type(&self, name: &str) -> Option<bool> {
        Some(self.is_known(name))
    }

    fn type_of<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str> {
        let key = self.key(node)?;
        if key.contains('.') { Some("BackboneElement") } else { Some(key) }
    }

    fn is_subtype(&self, name: &str, ancestor: &str) -> bool {
        let mut at = name;
        while let Some(parent) = self.parents.get(at) {
            if parent == ancestor {
                return true;
            }
            at = parent;
        }
        false
    }
}
