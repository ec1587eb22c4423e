//! The facts of a StructureDefinition: what it is, and its differential.

use touchmark_document::NodeRef;

use super::json::{Json, Object};
use super::value;
use crate::definition::rows;

const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
/// What the type of a primitive's value carries in extensions and a check can use.
const TYPE_FACTS: &[&str] = &[
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-json-type",
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-regex",
];

pub(super) fn facts(root: NodeRef<'_>, out: &mut Object) {
    out.text(root, "fhirVersion");
    out.text(root, "kind");
    out.raw(root, "abstract");
    out.text(root, "contextType");
    out.texts(root, "context");
    out.texts(root, "contextInvariant");
    for name in ["type", "baseDefinition", "derivation"] {
        out.text(root, name);
    }
    let (rows, _) = rows(root);
    let mut differential = Object::new();
    differential.array("element", rows.into_iter().map(|row| Json::Object(element(row))).collect());
    out.object("differential", differential);
}

fn element(row: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.text(row, "id");
    out.text(row, "path");
    out.text(row, "sliceName");
    if let Some(slicing) = row.child("slicing") {
        out.object("slicing", self::slicing(slicing));
    }
    out.raw(row, "min");
    out.text(row, "max");
    out.text(row, "contentReference");
    out.array("type", row.all("type").map(|t| Json::Object(type_of(t))).filter(|t| !is_empty(t)).collect());
    for prefix in ["fixed", "pattern", "minValue", "maxValue"] {
        for child in row.children() {
            let name = child.name_text();
            if name.strip_prefix(prefix).is_some_and(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase())) {
                out.value(name, value::copy(child, name));
            }
        }
    }
    out.raw(row, "maxLength");
    out.array(
        "constraint",
        row.all("constraint").map(|c| Json::Object(constraint(c))).filter(|c| !is_empty(c)).collect(),
    );
    out.raw(row, "mustSupport");
    out.raw(row, "isModifier");
    if let Some(binding) = row.child("binding") {
        out.object("binding", self::binding(binding));
    }
    out
}

fn is_empty(value: &Json) -> bool {
    matches!(value, Json::Object(object) if object.is_empty())
}

fn slicing(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    let discriminators = node.all("discriminator").map(|d| {
        let mut object = Object::new();
        object.text(d, "type");
        object.text(d, "path");
        Json::Object(object)
    });
    out.array("discriminator", discriminators.filter(|d| !is_empty(d)).collect());
    out.raw(node, "ordered");
    out.text(node, "rules");
    out
}

fn type_of(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.text(node, "code");
    if let Some(code) = node.child("code") {
        let kept = code.all("extension").filter(|e| e.child_value("url").is_some_and(|u| TYPE_FACTS.contains(&u)));
        let mut facts = Object::new();
        facts.array("extension", kept.map(|e| value::copy(e, "extension")).collect());
        out.object("_code", facts);
    }
    out.text_or_texts(node, "profile");
    out.text_or_texts(node, "targetProfile");
    out.texts(node, "aggregation");
    out.text(node, "versioning");
    out
}

fn constraint(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    for name in ["key", "severity", "expression"] {
        out.text(node, name);
    }
    out
}

fn binding(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    let maximum = node.all("extension").filter(|e| e.child_value("url").map(str::trim) == Some(MAX_VALUE_SET));
    out.array("extension", maximum.map(|e| Json::Object(extension(e))).collect());
    out.text(node, "strength");
    out.text(node, "valueSetUri");
    if let Some(named) = node.child("valueSetReference") {
        let mut object = Object::new();
        object.text(named, "reference");
        out.object("valueSetReference", object);
    }
    out
}

/// An extension whose value is a uri or a Reference, without the reference's display.
fn extension(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.text(node, "url");
    out.text(node, "valueUri");
    if let Some(named) = node.child("valueReference") {
        let mut object = Object::new();
        object.text(named, "reference");
        out.object("valueReference", object);
    }
    out
}
