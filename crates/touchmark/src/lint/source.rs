//! What only the published form of a definition shows: versions, dates, spaces, ids, and the published snapshot.

use touchmark_document::{Document, NodeRef};

use super::{Defect, DefectKind, push};
use crate::definition;
use crate::rules::primitive::{self, Primitive};

/// Elements that hold canonicals and other uris, in which no space may be.
const URIS: &[&str] = &[
    "url",
    "baseDefinition",
    "profile",
    "targetProfile",
    "valueSetUri",
    "system",
    "fixedUri",
    "reference",
    "valueSet",
];

/// The children that some snapshots list below an element for any resource, and no others.
const OF_RESOURCE: &[&str] = &["id", "meta", "implicitRules", "language"];

/// The defects of a definition in the form it was published in; none for what is no definition.
pub fn lint_source(document: &Document<'_>) -> Vec<Defect> {
    let mut defects = Vec::new();
    let root = document.root();
    let Some(definition) = definition::read(document) else { return defects };
    if !definition.fhir_version.is_empty() && !definition.fhir_version.starts_with("3.0") {
        push(&mut defects, "", DefectKind::FhirVersion, definition.fhir_version.clone());
    }
    for name in ["date", "approvalDate", "lastReviewDate"] {
        let value = root.child_value(name).filter(|v| primitive::flaw(Primitive::DateTime, v).is_some());
        if let Some(value) = value {
            push(&mut defects, name, DefectKind::Date, value);
        }
    }
    spaces(root, root.resource_text(), &mut defects);
    if definition.structure.is_some() {
        structure(document, root, &mut defects);
    }
    defects
}

fn structure(document: &Document<'_>, root: NodeRef<'_>, defects: &mut Vec<Defect>) {
    if root.child("derivation").is_none() && root.child("baseDefinition").is_some() {
        push(defects, "", DefectKind::DerivationMissing, "");
    }
    let rows = root.child("differential");
    if rows.is_none_or(|r| !r.has_children()) && root.child("snapshot").is_some() {
        push(defects, "", DefectKind::SnapshotOnly, "");
    }
    let mut ids: Vec<&str> = rows.iter().flat_map(|r| r.all("element")).filter_map(|e| e.child_value("id")).collect();
    ids.sort_unstable();
    for same in ids.chunk_by(|a, b| a == b).filter(|same| same.len() > 1) {
        push(defects, same[0], DefectKind::IdRepeated, same.len().to_string());
    }
    snapshot(document, defects);
}

/// Elements of type Resource in the published snapshot whose children are only those that every resource has.
fn snapshot(document: &Document<'_>, defects: &mut Vec<Defect>) {
    let Some(rows) = definition::read_snapshot(document) else { return };
    for (at, row) in rows.iter().enumerate() {
        let any = row.types.len() == 1 && &*row.types[0].code == "Resource";
        let inside = rows[at + 1..].iter().map_while(|r| r.path.strip_prefix(&*row.path)?.strip_prefix('.'));
        let children: Vec<&str> = inside.filter(|rest| !rest.contains('.')).collect();
        if any && !children.is_empty() && children.iter().all(|c| OF_RESOURCE.contains(c)) {
            let id = if row.id.is_empty() { &row.path } else { &row.id };
            push(defects, id, DefectKind::SnapshotOfResource, children.join(", "));
        }
    }
}

fn spaces(node: NodeRef<'_>, path: &str, defects: &mut Vec<Defect>) {
    for child in node.children() {
        let name = child.name_text();
        // What stands in a snapshot stands in the differential, or in the base.
        if matches!(name, "snapshot" | "text" | "contact") {
            continue;
        }
        let here = format!("{path}.{name}");
        if let Some(value) = child.value() {
            let uri = URIS.contains(&name)
                && value.contains(char::is_whitespace)
                && (name != "reference" || value.starts_with("http"));
            let code = name == "code"
                && primitive::flaw(Primitive::Code, value).is_some()
                && value.contains(char::is_whitespace);
            if uri || code {
                push(defects, &here, DefectKind::Spaces, format!("'{value}'"));
            }
        }
        spaces(child, &here, defects);
    }
}
