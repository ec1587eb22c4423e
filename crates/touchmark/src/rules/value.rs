//! Values: the form of primitives, fixed values, patterns, lengths and bounds.

use std::cmp::Ordering;

use touchmark_document::{Form, NodeRef};

use super::primitive::{self, Flaw, JsonForm, Primitive};
use crate::definition::Value;
use crate::issue::Detail;
use crate::rule::{Rule, rules};
use crate::sentence::Quoted;
use crate::walk::{At, Walk};

rules! {
    FORM = "primitive-form", Error, "value",
        says "{element} is not a valid {detail}",
        why "Receivers read the value by its type and may refuse, or misread, one of another form.",
        mend "Write the value in the form that its type prescribes.",
        at "datatypes.html#primitive";
    BLANKS = "primitive-advice", Warning, "value" as "advice",
        says "{element} is a doubtful {detail}",
        why "The value is legal, but is hardly what was meant; blanks around a text make equal values differ.",
        mend "Write the value without what the sentence names.",
        at "datatypes.html#string";
    JSON_FORM = "syntax-json-type", Error, "structure",
        says "{element} has the wrong JSON type: {detail}",
        why "FHIR JSON writes each type in one way; a reader that follows it cannot read another.",
        mend "Booleans and numbers stand without quotation marks, all other primitives with them.",
        at "json.html#primitive";
    FIXED = "fixed-value", Error, "value",
        says "{element} must be {detail}",
        why "The profile fixes the value, so that receivers can rely on it.",
        mend "Write exactly the fixed value.",
        at "elementdefinition.html#ElementDefinition.fixed";
    PATTERN = "pattern-value", Error, "value",
        says "{element} must contain {detail}",
        why "The profile requires at least these parts of the value.",
        mend "Add the parts that the pattern names; others may stand beside them.",
        at "elementdefinition.html#ElementDefinition.pattern";
    LENGTH = "primitive-length", Error, "too-long",
        says "{element} has {found} characters, at most {wanted} allowed",
        why "Receivers may cut or refuse what is longer.",
        mend "Shorten the value.",
        at "elementdefinition.html#ElementDefinition.maxLength";
    BELOW = "primitive-minimum", Error, "value",
        says "{element} is less than {detail}",
        why "The profile sets a least value.",
        mend "Check the value and its unit.",
        at "elementdefinition.html#ElementDefinition.minValue";
    ABOVE = "primitive-maximum", Error, "value",
        says "{element} is more than {detail}",
        why "The profile sets a greatest value.",
        mend "Check the value and its unit.",
        at "elementdefinition.html#ElementDefinition.maxValue";
}

/// Checks the form of a primitive. Returns whether its children are worth a look.
#[inline]
pub(crate) fn primitive<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, kind: Primitive) -> bool {
    match node.form() {
        Form::Element | Form::Attribute => {}
        Form::Null if node.value().is_none() => {}
        form => {
            let right = matches!(
                (kind.json_form(), form),
                (JsonForm::Boolean, Form::Boolean)
                    | (JsonForm::Number, Form::Number)
                    | (JsonForm::String, Form::String)
            );
            if !right {
                return wrong_json(walk, node, kind, form);
            }
        }
    }
    match node.value() {
        // The reader reports an empty value.
        Some("") => {}
        Some(value) => {
            if let Some(flaw) = primitive::flaw(kind, value) {
                flawed(walk, node, at, kind, flaw, &FORM);
            } else if let Some(flaw) = primitive::advice(kind, value) {
                flawed(walk, node, at, kind, flaw, &BLANKS);
            }
        }
        // The reader reports an element without any content; one that has only an id breaks an invariant (ele-1).
        None => {}
    }
    true
}

#[cold]
fn wrong_json<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, kind: Primitive, form: Form) -> bool {
    let found = match form {
        Form::Object => "an object",
        Form::Number => "a number",
        Form::Boolean => "true or false",
        Form::String => "a string",
        _ => "null",
    };
    let wanted = match kind.json_form() {
        JsonForm::Boolean => "true or false, without quotation marks",
        JsonForm::Number => "a number, without quotation marks",
        JsonForm::String => "a string",
    };
    let detail = walk.detail(format!("{found}, where {} is written as {wanted}", kind.type_name()));
    walk.say(&JSON_FORM, node).detail = detail;
    false
}

#[cold]
fn flawed<'d>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    at: At<'_>,
    kind: Primitive,
    flaw: Flaw,
    rule: &'static Rule,
) {
    let detail = walk.detail(format!("{}: {}", kind.type_name(), flaw.sentence()));
    let hint = node.value().and_then(|value| flaw.hint(kind, value)).map(|hint| {
        // Uris and codes name things; other values may be a patient's.
        let named = matches!(kind, Primitive::Code | Primitive::Uri | Primitive::Oid | Primitive::Uuid);
        match hint.strip_prefix("write ").filter(|_| !named) {
            Some(value) => walk.detail(format!("write {}", Quoted(value))),
            None => walk.detail(hint),
        }
    });
    let issue = walk.say_from(rule, node, at);
    (issue.detail, issue.hint) = (detail, hint.unwrap_or(Detail::NONE));
}

/// The value rules of one element.
#[inline]
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>) {
    let element = at.element();
    if !element.asked.value {
        return;
    }
    if let Some(fixed) = &element.fixed
        && !equals(node, fixed)
    {
        let detail = walk.detail(written(fixed));
        walk.say_from(&FIXED, node, at).detail = detail;
    }
    if let Some(pattern) = &element.pattern
        && !contains(node, pattern)
    {
        let detail = walk.detail(written(pattern));
        walk.say_from(&PATTERN, node, at).detail = detail;
    }
    if let Some(most) = element.max_length
        && let Some(value) = node.value()
        && value.len() > most as usize
    {
        let length = value.chars().count() as u32;
        if length > most {
            let issue = walk.say_from(&LENGTH, node, at);
            (issue.found, issue.wanted) = (length, most);
        }
    }
    if element.min_value.is_some() || element.max_value.is_some() {
        bounds(walk, node, at);
    }
}

#[cold]
fn bounds<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>) {
    let element = at.element();
    for (bound, beyond, rule) in
        [(&element.min_value, Ordering::Less, &BELOW), (&element.max_value, Ordering::Greater, &ABOVE)]
    {
        let Some(bound) = bound else { continue };
        let (kind, value) = (Primitive::of_type(&bound.name), node.value());
        if let (Some(kind), Some(limit), Some(value)) = (kind, bound.text.as_deref(), value)
            && primitive::compare(kind, value, limit) == Some(beyond)
        {
            let detail = walk.detail(limit);
            walk.say_from(rule, node, at).detail = detail;
        }
    }
}

/// Whether a node is exactly the value: the same parts, no others, in the same order.
pub(crate) fn equals(node: NodeRef<'_>, value: &Value) -> bool {
    if node.value() != value.text.as_deref() {
        return false;
    }
    if !node.has_children() {
        return value.children.is_empty();
    }
    let mut wanted = value.children.iter();
    let mut all = true;
    for child in node.children() {
        // Order between differently named parts is the format's affair (JSON has none).
        all &= value.children.iter().any(|w| *w.name == *child.name_text() && equals(child, w));
        wanted.next();
    }
    all && wanted.next().is_none() && node.children().count() == value.children.len()
}

/// Whether a node has at least the parts of the value.
pub(crate) fn contains(node: NodeRef<'_>, value: &Value) -> bool {
    if value.text.is_some() && node.value() != value.text.as_deref() {
        return false;
    }
    value.children.iter().all(|wanted| node.all(&wanted.name).any(|child| contains(child, wanted)))
}

/// A value as a reader of a finding should see it: `system https://…, code 123`.
pub(crate) fn written(value: &Value) -> String {
    let mut parts = Vec::new();
    write_parts(value, "", &mut parts);
    parts.join(", ")
}

fn write_parts(value: &Value, path: &str, parts: &mut Vec<String>) {
    if let Some(text) = &value.text {
        parts.push(if path.is_empty() { format!("'{text}'") } else { format!("{path} '{text}'") });
    }
    for child in &value.children {
        let path = if path.is_empty() { child.name.to_string() } else { format!("{path}.{}", child.name) };
        write_parts(child, &path, parts);
    }
}
