//! What generated elements hold: sample values by type, codes of value sets, targets of references.

use touchmark_document::Form;

use crate::definition::Strength;
use crate::graph::{Bound, Children, ElementId, Profile, RuleGraph, Type, TypeKind};
use crate::rules::primitive::Primitive;
use crate::terminology::{Answer, CodeSet};
use crate::vectors::tree::Tree;
use crate::walk::At;

use super::builder::Builder;
use super::bundle::full_url;

/// A narrative that says something.
pub(super) const NARRATIVE: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Generated example.</p></div>";

/// Where generated resources, codes and extensions are said to be from: a domain that is kept for examples.
pub(super) const EXAMPLES: &str = "https://example.org/fhir";

/// What makes an otherwise empty element of a type say something; the first group of which all may be there.
const CONTENT: &[(&str, &[&[&str]])] = &[
    ("CodeableConcept", &[&["text"], &["coding"]]),
    ("Coding", &[&["system", "code"], &["code"], &["display"]]),
    ("Identifier", &[&["system", "value"], &["value"], &["type"], &["assigner"]]),
    ("HumanName", &[&["family"], &["text"], &["given"]]),
    ("Address", &[&["line"], &["text"], &["city"]]),
    ("ContactPoint", &[&["system", "value"], &["system"], &["use"]]),
    ("Period", &[&["start"], &["end"]]),
    ("Quantity", &[&["value"], &["unit"]]),
    ("Age", &[&["value"], &["unit"]]),
    ("Range", &[&["low"], &["high"]]),
    ("Ratio", &[&["numerator", "denominator"]]),
    ("Attachment", &[&["url"], &["contentType"], &["title"]]),
    ("Reference", &[&["reference"], &["display"], &["identifier"]]),
    ("Extension", &[&["value[x]"], &["extension"]]),
    ("Timing", &[&["event"], &["code"]]),
    ("Meta", &[&["lastUpdated"], &["profile"], &["tag"]]),
];

/// Children that an element has always, where they may be there: others only mean something beside them.
const ALWAYS: &[(&str, &[&str])] = &[("Reference", &["reference"]), ("Bundle.entry", &["fullUrl", "resource"])];

/// The children that an element gets so that it is not empty; none where some are asked for anyway.
pub(super) fn forced(at: At<'_>, children: &Children, asked: &dyn Fn(&ElementId) -> bool) -> Vec<ElementId> {
    let element = at.element();
    let is_root = at.id == ElementId::ROOT;
    let of_type = if is_root { &*at.profile.type_name } else { element.types.first().map_or("", |t| &*t.code) };
    let find = |label: &str| {
        let found = children.order.iter().find(|id| *at.child(**id).element().label == *label);
        found.copied().filter(|id| at.child(*id).element().max > 0)
    };
    let mut forced: Vec<ElementId> = Vec::new();
    if let Some((_, always)) = ALWAYS.iter().find(|(code, _)| *code == of_type || *code == &*element.id) {
        forced.extend(always.iter().filter_map(|label| find(label)));
    }
    let says = |id: &&ElementId| !matches!(&*at.child(**id).element().label, "id" | "url") && asked(id);
    let is_resource = is_root && &*at.profile.kind == "resource";
    if is_resource {
        // A resource that needs nothing has an id at least.
        forced.extend(find("id"));
        return forced;
    }
    if !forced.is_empty() || children.order.iter().any(|id| says(&id)) {
        return forced;
    }
    let groups = CONTENT.iter().find(|(code, _)| *code == of_type).map_or(&[][..], |(_, groups)| groups);
    for group in groups {
        let all: Vec<ElementId> = group.iter().filter_map(|label| find(label)).collect();
        if all.len() == group.len() {
            return all;
        }
    }
    let simple = |id: &&ElementId| {
        let child = at.child(**id).element();
        child.max > 0 && !matches!(&*child.label, "id" | "extension" | "modifierExtension")
    };
    let primitive = |id: &&ElementId| {
        simple(id) && at.child(**id).element().types.iter().all(|t| matches!(t.kind, TypeKind::Primitive(_)))
    };
    children.order.iter().find(primitive).or_else(|| children.order.iter().find(simple)).copied().into_iter().collect()
}

/// A value of a primitive type that the element may have.
pub(super) fn primitive(graph: &RuleGraph, at: At<'_>, primitive: Primitive, number: usize) -> String {
    let element = at.element();
    for value in [&element.fixed, &element.pattern, &element.min_value, &element.max_value].into_iter().flatten() {
        if let Some(text) = &value.text {
            return text.to_string();
        }
    }
    if let Some(set) = element.binding.as_deref().and_then(|b| set(graph, b)) {
        if *element.id == *"Bundle.type" && matches!(set.holds(None, "collection"), Answer::In(_)) {
            return "collection".into();
        }
        if let Some((_, code, _)) = code_of(set, None, "") {
            return code;
        }
    }
    let value = sample(primitive, &element.label, number);
    match element.max_length {
        Some(most) => value.chars().take(most as usize).collect(),
        None => value,
    }
}

/// A legal value of a primitive type.
pub(super) fn sample(primitive: Primitive, label: &str, number: usize) -> String {
    match primitive {
        Primitive::Boolean => "true".into(),
        Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal => "1".into(),
        Primitive::Uri if label == "fullUrl" => full_url(number),
        Primitive::Uri => format!("{EXAMPLES}/{label}"),
        Primitive::Oid => "urn:oid:2.16.840.1".into(),
        Primitive::Uuid => "urn:uuid:00000000-0000-4000-8000-000000000000".into(),
        Primitive::Base64Binary => "ZXhhbXBsZQ==".into(),
        Primitive::Instant => "2020-01-02T03:04:05Z".into(),
        Primitive::Date | Primitive::DateTime => "2020-01-02".into(),
        Primitive::Time => "03:04:05".into(),
        // The greatest number of repeats, which definitions write as a text.
        Primitive::String if label == "max" => "1".into(),
        Primitive::String | Primitive::Markdown | Primitive::Code | Primitive::Id => "example".into(),
        Primitive::Xhtml => NARRATIVE.into(),
    }
}

/// A resource type for places that take any.
pub(super) fn any_resource(graph: &RuleGraph) -> Option<&Profile> {
    of_type(graph, "Basic").or_else(|| of_type(graph, "Patient"))
}

/// What the first entry of a Bundle must be, by the type of the Bundle that its profile fixes.
pub(super) fn entry<'g>(graph: &'g RuleGraph, at: At<'_>) -> Option<&'g Profile> {
    if &*at.profile.type_name != "Bundle" || *at.element().label != *"resource" {
        return None;
    }
    let kind = at.profile.elements.iter().find(|e| *e.id == *"Bundle.type")?;
    match kind.fixed.as_deref()?.text.as_deref()? {
        "document" => of_type(graph, "Composition"),
        "message" => of_type(graph, "MessageHeader"),
        _ => None,
    }
}

/// The definition of a type.
pub(super) fn of_type<'g>(graph: &'g RuleGraph, name: &str) -> Option<&'g Profile> {
    graph.find_type(graph.names().find(name)).and_then(|id| graph.profile(id))
}

/// The value set of a binding, where it is loaded.
pub(super) fn set<'g>(graph: &'g RuleGraph, bound: &Bound) -> Option<&'g CodeSet> {
    if bound.strength == Strength::Example && bound.maximum_set.is_none() {
        return None;
    }
    let canonical = bound.value_set.as_deref().unwrap_or("");
    let id = if bound.strength == Strength::Example { bound.maximum_set } else { bound.set };
    match id {
        Some(id) => graph.terminology.set(graph.library(), id),
        None => graph.terminology.by_form(canonical),
    }
}

/// A code of a set: of this system, and another than this one.
pub(super) fn code_of(set: &CodeSet, system: Option<&str>, not: &str) -> Option<(String, String, String)> {
    let mut found = None;
    set.each(&mut |of, code, display| {
        let fits = system.is_none_or(|s| s == of) && code != not;
        if fits && matches!(set.holds(Some(of), code), Answer::In(_)) {
            found = Some((of.to_owned(), code.to_owned(), display.to_owned()));
        }
        found.is_some()
    });
    found.or_else(|| {
        let systems = set.systems();
        let of = systems.iter().find(|of| system.is_none_or(|s| s == **of))?;
        let codes = SAMPLES.iter().find(|(system, _)| system == of).map_or(&["1", "2"][..], |(_, codes)| codes);
        let code = codes.iter().find(|c| **c != not && !matches!(set.holds(Some(of), c), Answer::NotIn))?;
        Some(((*of).to_owned(), (*code).to_owned(), String::new()))
    })
}

/// A code of a set that is none of these.
pub(super) fn code_beside<S: AsRef<str>>(set: &CodeSet, taken: &[S]) -> Option<String> {
    let mut found = None;
    set.each(&mut |of, code, _| {
        if !taken.iter().any(|t| t.as_ref() == code) && matches!(set.holds(Some(of), code), Answer::In(_)) {
            found = Some(code.to_owned());
        }
        found.is_some()
    });
    found
}

/// Codes of a system that is known by its form only.
pub(super) fn samples_of(system: &str) -> &'static [&'static str] {
    SAMPLES.iter().find(|(of, _)| *of == system).map_or(&[], |(_, codes)| codes)
}

/// A code of a code system that is loaded, another than this one.
pub(super) fn other_code(graph: &RuleGraph, system: &str, not: &str) -> Option<String> {
    let system = graph.terminology.system(graph.library(), system)?;
    system.concepts().iter().map(|c| &*c.code).find(|code| *code != not).map(str::to_owned)
}

/// Codes of systems that are known by their form only.
const SAMPLES: &[(&str, &[&str])] = &[
    ("http://snomed.info/sct", &["138875005", "404684003"]),
    ("http://loinc.org", &["8867-4", "8310-5"]),
    ("http://unitsofmeasure.org", &["mg", "mL"]),
    ("urn:ietf:bcp:13", &["text/plain", "application/pdf"]),
    ("urn:ietf:bcp:47", &["en-GB", "cy"]),
];

/// Gives a generated element the codes of its value set, or a target of its type.
pub(super) fn refine<'g>(builder: &mut Builder<'g>, tree: &mut Tree, at: At<'g>, inner: At<'g>, t: &'g Type) {
    if t.kind == TypeKind::Reference {
        if let Some(reference) = tree.children.iter_mut().find(|c| c.name == "reference") {
            reference.value = Some(reference_to(builder, t));
        }
        return;
    }
    if &*t.code == "Coding" {
        of_system(builder, tree, inner);
    }
    let Some(set) = at.element().binding.as_deref().and_then(|b| set(builder.graph, b)) else { return };
    match &*t.code {
        "Coding" => {
            code(builder, tree, set, None);
        }
        "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "Money" if tree.child("code").is_some() => {
            code(builder, tree, set, None);
        }
        "CodeableConcept" => concept(builder, tree, at, inner, set),
        _ => {}
    }
}

/// Gives a Coding whose system is fixed a code of that system, where it is loaded.
fn of_system(builder: &Builder<'_>, tree: &mut Tree, inner: At<'_>) {
    let fixed = |name: &str| builder.child(inner, name).is_some_and(|(c, _)| c.element().fixed.is_some());
    let Some(system) = tree.child("system").and_then(|s| s.value.clone()).filter(|_| fixed("system")) else { return };
    if let Some(code) = other_code(builder.graph, &system, "")
        && !fixed("code")
        && let Some(place) = tree.children.iter_mut().find(|c| c.name == "code")
    {
        place.value = Some(code);
    }
}

/// Gives a concept a code of a set, where one must be or codings are there.
fn concept<'g>(builder: &mut Builder<'g>, tree: &mut Tree, at: At<'g>, inner: At<'g>, set: &CodeSet) {
    let required =
        at.element().binding.as_deref().is_some_and(|b| b.strength == Strength::Required || b.maximum.is_some());
    for coding in tree.children.iter_mut().filter(|c| c.name == "coding") {
        if code(builder, coding, set, None) {
            return;
        }
    }
    if !required {
        return;
    }
    let codings = tree.children.iter().filter(|c| c.name == "coding").count();
    let room = |(c, _): &(At<'_>, _)| c.element().max as usize > codings;
    let Some((coding, _)) = builder.child(inner, "coding").filter(room) else { return };
    for slice in coding.element().slicing.iter().flat_map(|s| &s.slices) {
        let mut repeat = builder.slice(coding, slice, &[]);
        if code(builder, &mut repeat, set, None) {
            builder.insert(tree, repeat);
            return;
        }
    }
    let mut repeat = builder.one(coding, &[]);
    code(builder, &mut repeat, set, None);
    builder.insert(tree, repeat);
}

/// Gives a Coding or a Quantity a code of a set that goes with what is fixed in it. Returns whether it has one.
pub(super) fn code(builder: &mut Builder<'_>, tree: &mut Tree, set: &CodeSet, not: Option<&str>) -> bool {
    let Some(at) = builder.place(tree) else { return false };
    let fixed = |name: &str| {
        let (child, _) = builder.child(at, name)?;
        let value = child.element().fixed.as_deref().or(child.element().pattern.as_deref())?;
        value.text.as_deref().map(str::to_owned)
    };
    let own = at.element().fixed.is_some() || at.element().pattern.is_some();
    let whole = |name: &str| tree.child(name).and_then(|c| c.value.clone()).filter(|_| own).or_else(|| fixed(name));
    if let (system, Some(code)) = (whole("system"), whole("code")) {
        return matches!(set.holds(system.as_deref(), &code), Answer::In(_) | Answer::Unknown(_));
    }
    let Some((system, code, display)) = code_of(set, whole("system").as_deref(), not.unwrap_or("")) else {
        return false;
    };
    for (name, value) in [("system", system), ("code", code)] {
        if let Some(at) = builder.ensure(tree, name) {
            tree.children[at].value = Some(value);
        }
    }
    if let Some(shown) = tree.children.iter_mut().find(|c| c.name == "display") {
        shown.value = Some(if display.is_empty() { "example".into() } else { display });
    }
    true
}

/// An extension that no definition is known of.
pub(super) fn extension(name: &str, value: &str, text: &str) -> Tree {
    let mut tree = Tree::empty("extension", Form::Object);
    tree.in_array = true;
    tree.children.push(Tree::leaf("url", Some(format!("{EXAMPLES}/{name}")), Form::String));
    if value == "valueReference" {
        let mut reference = Tree::empty(value, Form::Object);
        reference.children.push(Tree::leaf("reference", Some(text.to_owned()), Form::String));
        tree.children.push(reference);
    } else {
        tree.children.push(Tree::leaf(value, Some(text.to_owned()), Form::String));
    }
    tree
}

/// The url of something outside the document that a Reference may point at.
pub(super) fn reference_to(builder: &Builder<'_>, t: &Type) -> String {
    let names = builder.graph.names();
    let type_of = |target: &crate::graph::Target| names.text(target.type_atom).to_owned();
    let found = t.targets.iter().map(type_of).find(|n| !n.is_empty()).unwrap_or_default();
    let resource = if matches!(&*found, "" | "Resource" | "DomainResource") { "Patient" } else { &found };
    format!("{EXAMPLES}/{resource}/example")
}
