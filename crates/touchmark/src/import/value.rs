//! Copies a value of any type: what `fixed[x]`, `pattern[x]` and an extension's `value[x]` hold.

use touchmark_document::{Form, NodeRef};

use super::json::{Json, Object, raw};

/// The elements of data types that repeat, which XML does not show.
const REPEATING: &[&str] =
    &["coding", "extension", "modifierExtension", "given", "prefix", "suffix", "line", "telecom", "event"];

/// The numbers and booleans in data types, beside `Quantity.value`.
const RAW: &[&str] = &[
    "userSelected",
    "rank",
    "size",
    "count",
    "countMax",
    "duration",
    "durationMax",
    "frequency",
    "frequencyMax",
    "periodMax",
    "factor",
    "lowerLimit",
    "upperLimit",
    "dimensions",
];

/// What holds a `value` that is a number.
const QUANTITIES: &[&str] =
    &["Quantity", "Age", "Count", "Distance", "Duration", "Money", "low", "high", "numerator", "denominator", "origin"];

/// The value of a node called `name`.
pub(super) fn copy(node: NodeRef<'_>, name: &str) -> Json {
    if node.has_children() && node.value().is_none() {
        return Json::Object(object(node, name));
    }
    let value = node.value().unwrap_or("");
    if is_raw(node, name) { raw(value) } else { Json::Text(value.into()) }
}

/// The children of a node called `name`, each as its kind is written in JSON.
fn object(node: NodeRef<'_>, name: &str) -> Object {
    let mut out = Object::new();
    let mut done: Vec<&str> = Vec::new();
    for child in node.children() {
        let own = child.name_text();
        if done.contains(&own) {
            continue;
        }
        done.push(own);
        // In `value` of an Identifier there is text, in that of a Quantity a number: the parent's name tells.
        let label = if own == "value" && QUANTITIES.iter().any(|q| name.ends_with(q)) { "quantity value" } else { own };
        if child.in_array() || REPEATING.contains(&own) {
            out.array(own, node.all(own).map(|c| copy(c, label)).collect());
        } else {
            out.value(own, copy(child, label));
        }
    }
    out
}

fn is_raw(node: NodeRef<'_>, name: &str) -> bool {
    match node.form() {
        Form::Number | Form::Boolean => true,
        Form::String => false,
        _ => {
            name == "quantity value"
                || RAW.contains(&name)
                || ["Boolean", "Integer", "PositiveInt", "UnsignedInt", "Decimal"].iter().any(|t| name.ends_with(t))
        }
    }
}
