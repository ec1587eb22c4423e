//! The importer: what was published becomes a lean rule file, which holds the facts of a definition and none of its prose.
//!
//! [`lean`] looks at one resource, [`Package`] puts many in order and names their files. Neither opens a file: bytes come
//! in as a [`Document`], texts go out.

mod json;
mod listing;
mod message;
mod package;
mod structure;
mod terms;
mod value;

pub use listing::{list, table};
pub(crate) use package::version_key;
pub use package::{Dropped, Manifest, Package};

use touchmark_document::{Document, NodeRef};

use crate::edition::other_fhir_version;
use json::Object;

/// What becomes of a published resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import {
    /// A rule file.
    Rules(Lean),
    /// A definition that gives no rules and is only listed: operations, concept maps, capability statements, search
    /// parameters.
    Listed(Lean),
    /// Not taken, and why.
    Skipped(String),
}

/// A rule file and what a list of the package says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lean {
    /// `StructureDefinition`, `ValueSet` …
    pub resource: String,
    /// The canonical url, trimmed; for a NamingSystem, which has none, its name.
    pub url: String,
    /// The version; empty when none is stated.
    pub version: String,
    /// The name.
    pub name: String,
    /// `draft`, `active`, `retired` …
    pub status: String,
    /// When it was last changed, as stated.
    pub date: String,
    /// For a StructureDefinition the type that it defines or constrains.
    pub type_name: String,
    /// For a StructureDefinition what it derives from.
    pub base: String,
    /// Whether its publisher has withdrawn it, whatever its status says.
    pub withdrawn: bool,
    /// Whether it stands behind the other definitions of its canonical whatever its version: an older edition, a draft.
    pub further: bool,
    /// The rule file; empty for what is only listed.
    pub text: String,
}

const LISTED: &[&str] = &[
    "OperationDefinition",
    "ConceptMap",
    "CapabilityStatement",
    "SearchParameter",
    "GraphDefinition",
    "ImplementationGuide",
    "CompartmentDefinition",
    "StructureMap",
    "DataElement",
];

/// Makes the rule file of a published resource.
pub fn lean(document: &Document<'_>) -> Import {
    let root = document.root();
    let resource = root.resource_text();
    let facts: fn(NodeRef<'_>, &mut Object) = match resource {
        "StructureDefinition" => structure::facts,
        "ValueSet" => terms::value_set,
        "CodeSystem" => terms::code_system,
        "MessageDefinition" => message::message_definition,
        "NamingSystem" => message::naming_system,
        other if LISTED.contains(&other) => |_, _| (),
        "" => return Import::Skipped("no resource".into()),
        other => return Import::Skipped(format!("{other} is no definition")),
    };
    let text = |name: &str| root.child_value(name).unwrap_or("").trim().to_owned();
    let url = match text("url") {
        url if url.is_empty() && resource == "NamingSystem" => text("name"),
        url => url,
    };
    if url.is_empty() {
        return Import::Skipped(format!("{resource} without a url"));
    }
    if let Some(version) = other_fhir_version(&text("fhirVersion")) {
        return Import::Skipped(format!("{url} is of FHIR {version}, and STU3 is wanted"));
    }
    let mut lean = Lean {
        resource: resource.into(),
        url,
        version: text("version"),
        name: text("name"),
        status: text("status"),
        date: text("date"),
        type_name: if resource == "StructureDefinition" { text("type") } else { String::new() },
        base: text("baseDefinition"),
        withdrawn: false,
        further: false,
        text: String::new(),
    };
    if LISTED.contains(&resource) {
        return Import::Listed(lean);
    }
    let mut object = Object::new();
    object.string("resourceType", resource);
    for name in ["url", "version", "name", "status"] {
        object.text(root, name);
    }
    facts(root, &mut object);
    lean.text = object.into_text();
    Import::Rules(lean)
}
