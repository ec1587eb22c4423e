//! Reads a definition from its element tree, whether it was published as JSON or as XML, lean or in full.

use std::sync::Arc;

use touchmark_document::{Document, NodeRef};

use super::{
    Binding, Constraint, Definition, Discriminator, ElementDefinition, Slicing, SlicingRules, Strength,
    StructureDefinition, Text, TypeRef, Value, terminology,
};
use crate::questionnaire::{Questionnaire, Questions};

const CONFORMANCE: &[&str] = &[
    "StructureDefinition",
    "ValueSet",
    "CodeSystem",
    "MessageDefinition",
    "NamingSystem",
    "OperationDefinition",
    "ConceptMap",
    "CapabilityStatement",
    "SearchParameter",
    "GraphDefinition",
    "ImplementationGuide",
    "CompartmentDefinition",
    "Questionnaire",
];

const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

/// Reads a conformance resource. Returns `None` for any other resource, and for one without a url.
pub fn read(document: &Document<'_>) -> Option<Definition> {
    let root = document.root();
    let resource = root.resource_text();
    if !CONFORMANCE.contains(&resource) {
        return None;
    }
    let name = text(root, "name");
    let url = match text(root, "url") {
        url if url.is_empty() && resource == "NamingSystem" => name.clone(),
        url if url.is_empty() && resource == "Questionnaire" => by_id(root).unwrap_or_default(),
        url => url,
    };
    if url.is_empty() {
        return None;
    }
    Some(Definition {
        resource: resource.into(),
        url,
        version: text(root, "version"),
        name,
        status: text(root, "status"),
        fhir_version: text(root, "fhirVersion"),
        structure: (resource == "StructureDefinition").then(|| structure(root)),
        value_set: (resource == "ValueSet").then(|| terminology::value_set(root)),
        code_system: (resource == "CodeSystem").then(|| terminology::code_system(root)),
        questionnaire: (resource == "Questionnaire").then(|| Questionnaire {
            by_id: by_id(root),
            questions: Questions::read(root, &|reference| contained(root, reference)),
        }),
    })
}

/// `Type/id`, by which other resources refer to it.
fn by_id(root: NodeRef<'_>) -> Option<Text> {
    Some(format!("{}/{}", root.resource_text(), root.child_value("id")?).into())
}

/// The contained resource that a reference such as `#id` leads to.
fn contained<'d>(root: NodeRef<'d>, reference: &str) -> Option<NodeRef<'d>> {
    let id = reference.strip_prefix('#')?;
    root.all("contained").find(|resource| resource.child_value("id") == Some(id))
}

/// The rows of the snapshot that a StructureDefinition was published with; `None` where it has none.
pub fn read_snapshot(document: &Document<'_>) -> Option<Vec<ElementDefinition>> {
    let root = document.root();
    let rows = root.child("snapshot").filter(|_| root.resource_text() == "StructureDefinition")?;
    Some(rows.all("element").map(element).collect())
}

fn structure(root: NodeRef<'_>) -> StructureDefinition {
    let base = text(root, "baseDefinition");
    let (rows, from_snapshot) = rows(root);
    StructureDefinition {
        kind: text(root, "kind"),
        is_abstract: root.child_value("abstract") == Some("true"),
        type_name: text(root, "type"),
        // Six NHS definitions lack `derivation`: what names a base and no derivation constrains it.
        constraint: match root.child_value("derivation") {
            Some(derivation) => derivation == "constraint",
            None => !base.is_empty(),
        },
        base,
        context_type: text(root, "contextType"),
        contexts: root.all("context").filter_map(NodeRef::value).map(|c| c.trim().into()).collect(),
        elements: rows.into_iter().map(element).collect(),
        from_snapshot,
    }
}

/// The rows of a StructureDefinition that say what it requires: its differential, or the snapshot where there is none (then
/// the second part is true).
pub fn rows(root: NodeRef<'_>) -> (Vec<NodeRef<'_>>, bool) {
    let differential: Vec<_> = root.child("differential").into_iter().flat_map(|d| d.all("element")).collect();
    match root.child("snapshot") {
        Some(snapshot) if differential.is_empty() => (snapshot_rows(snapshot), true),
        _ => (differential, false),
    }
}

/// The rows of a snapshot that stands for a differential.
///
/// Below an element of type Resource (`Bundle.entry.resource`) snapshots list `id`, `meta`, `implicitRules` and `language`
/// and nothing else, an artefact of the tool that made them: as rules they would refuse every other child.
fn snapshot_rows(snapshot: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let path = |row: NodeRef<'_>| row.child_value("path").unwrap_or("").trim().to_owned();
    let holders: Vec<String> = snapshot
        .all("element")
        .filter(|row| row.all("type").any(|t| t.child_value("code") == Some("Resource")))
        .map(path)
        .collect();
    snapshot
        .all("element")
        .filter(|row| {
            let path = path(*row);
            !path.rsplit_once('.').is_some_and(|(parent, last)| {
                matches!(last, "id" | "meta" | "implicitRules" | "language") && holders.iter().any(|h| h == parent)
            })
        })
        .collect()
}

fn element(node: NodeRef<'_>) -> ElementDefinition {
    let mut row = ElementDefinition::default();
    let mut types = Vec::new();
    for child in node.children() {
        let value = child.value().map(str::trim);
        match child.name_text() {
            "id" => row.id = value.unwrap_or("").into(),
            "path" => row.path = value.unwrap_or("").into(),
            "sliceName" => row.slice_name = value.map(Into::into),
            "min" => row.min = value.and_then(|v| v.parse().ok()),
            "max" => row.max = value.and_then(|v| if v == "*" { Some(u32::MAX) } else { v.parse().ok() }),
            "maxLength" => row.max_length = value.and_then(|v| v.parse().ok()),
            "type" => add_type(&mut types, child),
            "contentReference" => row.content_reference = value.map(Into::into),
            "isModifier" => row.is_modifier = value.map(|v| v == "true"),
            "mustSupport" => row.must_support = value.map(|v| v == "true"),
            "binding" => row.binding = binding(child).map(Arc::new),
            "constraint" => row.constraints.push(Arc::new(Constraint {
                key: text(child, "key"),
                warning: child.child_value("severity") == Some("warning"),
                expression: text(child, "expression"),
                human: text(child, "human"),
            })),
            "slicing" => row.slicing = Some(Arc::new(slicing(child))),
            name => {
                for (prefix, place) in [
                    ("fixed", &mut row.fixed),
                    ("pattern", &mut row.pattern),
                    ("minValue", &mut row.min_value),
                    ("maxValue", &mut row.max_value),
                ] {
                    if let Some(kind) = name.strip_prefix(prefix)
                        && kind.starts_with(|c: char| c.is_ascii_uppercase())
                    {
                        *place = Some(Arc::new(value_of(child, &type_of_suffix(kind))));
                    }
                }
            }
        }
    }
    row.types = Arc::new(types);
    row
}

/// The type that a choice's suffix names: `CodeableConcept` is itself, `Uri` is the primitive `uri`.
pub fn type_of_suffix(suffix: &str) -> String {
    const PRIMITIVES: &[&str] = &[
        "Boolean",
        "Integer",
        "PositiveInt",
        "UnsignedInt",
        "Decimal",
        "String",
        "Markdown",
        "Code",
        "Id",
        "Uri",
        "Oid",
        "Uuid",
        "Base64Binary",
        "Instant",
        "Date",
        "DateTime",
        "Time",
    ];
    if PRIMITIVES.contains(&suffix) {
        let mut letters = suffix.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
    } else {
        suffix.into()
    }
}

pub(super) fn value_of(node: NodeRef<'_>, name: &str) -> Value {
    Value {
        name: name.into(),
        text: node.value().map(Into::into),
        children: node.children().map(|c| value_of(c, c.name_text())).collect(),
    }
}

fn add_type(types: &mut Vec<TypeRef>, node: NodeRef<'_>) {
    let code = text(node, "code");
    // STU3 writes one row for each pair of code and profile; rows of one code are one type here.
    let at = types.iter().position(|t| t.code == code).unwrap_or_else(|| {
        types.push(TypeRef { code, ..TypeRef::default() });
        types.len() - 1
    });
    let entry = &mut types[at];
    for child in node.children() {
        let Some(value) = child.value().map(str::trim).filter(|v| !v.is_empty()) else { continue };
        let list = match child.name_text() {
            "profile" => &mut entry.profiles,
            "targetProfile" => &mut entry.target_profiles,
            "aggregation" => &mut entry.aggregation,
            "versioning" => {
                entry.versioning = Some(value.into());
                continue;
            }
            _ => continue,
        };
        if !list.iter().any(|v| **v == *value) {
            list.push(value.into());
        }
    }
}

fn binding(node: NodeRef<'_>) -> Option<Binding> {
    let strength = match node.child_value("strength")?.trim() {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        _ => Strength::Example,
    };
    let named = |at: NodeRef<'_>, uri: &str, reference: &str| {
        at.child_value(uri)
            .or_else(|| at.child(reference).and_then(|r| r.child_value("reference")))
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .map(Into::into)
    };
    let maximum = node
        .all("extension")
        .find(|e| e.child_value("url") == Some(MAX_VALUE_SET))
        .and_then(|e| named(e, "valueUri", "valueReference"));
    Some(Binding { strength, value_set: named(node, "valueSetUri", "valueSetReference"), maximum })
}

fn slicing(node: NodeRef<'_>) -> Slicing {
    Slicing {
        discriminators: node
            .all("discriminator")
            .map(|d| Discriminator { kind: text(d, "type"), path: text(d, "path") })
            .collect(),
        ordered: node.child_value("ordered") == Some("true"),
        rules: match node.child_value("rules").map(str::trim) {
            Some("closed") => SlicingRules::Closed,
            Some("openAtEnd") => SlicingRules::OpenAtEnd,
            _ => SlicingRules::Open,
        },
    }
}

pub(crate) fn text(node: NodeRef<'_>, name: &str) -> Text {
    node.child_value(name).unwrap_or("").trim().into()
}
