//! Snapshots of small definitions composed here: slices inherited, re-sliced and typed, references to content, constraints from
//! outside, and what holds for slices when it is said of the unsliced element.

use std::fmt::Write;

use touchmark_document::{Arena, Limits, Names, parse};

use crate::definition;
use crate::graph::{Element, RuleGraph};
use crate::library::Library;
use crate::lint::{DefectKind, lint};

/// The types that the profiles below constrain.
const TYPES: &[(&str, &str)] = &[
    (
        "Element",
        r#"{"path":"Element","min":0,"max":"*"},{"path":"Element.id","min":0,"max":"1","type":[{"code":"string"}]},
        {"path":"Element.extension","min":0,"max":"*","type":[{"code":"Extension"}]}"#,
    ),
    (
        "Extension",
        r#"{"path":"Extension","min":0,"max":"*"},{"path":"Extension.url","min":1,"max":"1","type":[{"code":"uri"}]},
        {"path":"Extension.value[x]","min":0,"max":"1","type":[{"code":"string"},{"code":"Token"}]}"#,
    ),
    ("string", r#"{"path":"string","min":0,"max":"*"}"#),
    ("uri", r#"{"path":"uri","min":0,"max":"*"}"#),
    ("code", r#"{"path":"code","min":0,"max":"*"}"#),
    (
        "Token",
        r#"{"path":"Token","min":0,"max":"*"},{"path":"Token.use","min":0,"max":"1","type":[{"code":"code"}]},
        {"path":"Token.system","min":0,"max":"1","type":[{"code":"uri"}]},
        {"path":"Token.value","min":0,"max":"1","type":[{"code":"string"}]}"#,
    ),
    (
        "Thing",
        r#"{"path":"Thing","min":0,"max":"*"},{"path":"Thing.implicitRules","min":0,"max":"1","type":[{"code":"uri"}]},
        {"path":"Thing.token","min":0,"max":"*","type":[{"code":"Token"}]},
        {"path":"Thing.extension","min":0,"max":"*","type":[{"code":"Extension"}]},
        {"path":"Thing.value[x]","min":0,"max":"1","type":[{"code":"string"},{"code":"uri"},{"code":"Token"}]},
        {"path":"Thing.owner","min":0,"max":"1","type":[{"code":"Reference",
            "targetProfile":"http://hl7.org/fhir/StructureDefinition/Thing"}]},
        {"path":"Thing.part","min":0,"max":"*","type":[{"code":"Element"}]},
        {"path":"Thing.part.name","min":0,"max":"1","type":[{"code":"string"}]},
        {"path":"Thing.part.part","min":0,"max":"*","contentReference":"\#Thing.part"}"#,
    ),
];

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

const BY_SYSTEM: &str = r#"{"id":"Thing.token","path":"Thing.token",
    "slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
    {"id":"Thing.token:a","path":"Thing.token","sliceName":"a","min":1,"max":"2"},
    {"id":"Thing.token:a.system","path":"Thing.token.system","min":1,"fixedUri":"http://example.org/a"}"#;

/// A graph over the types and these profiles: name, type, base, rows.
fn graph(profiles: &[(&str, &str, &str, &str)]) -> RuleGraph {
    let mut library = Library::new();
    library.add_package("types", "1");
    for (name, rows) in TYPES {
        let base = if matches!(*name, "Element" | "Thing") { "" } else { "Element" };
        add(&mut library, name, name, base, "specialization", &rows.replace("\\#", "#"));
    }
    library.add_package("profiles", "1");
    for (name, type_name, base, rows) in profiles {
        add(&mut library, name, type_name, base, "constraint", rows);
    }
    RuleGraph::new(library)
}

fn add(library: &mut Library, name: &str, type_name: &str, base: &str, derivation: &str, rows: &str) {
    let mut text =
        format!(r#"{{"resourceType":"StructureDefinition","url":"{BASE}{name}","name":"{name}","status":"active","#);
    let kind = if type_name == "Thing" { "resource" } else { "complex-type" };
    let _ = write!(text, r#""kind":"{kind}","abstract":false,"type":"{type_name}","derivation":"{derivation}","#);
    if !base.is_empty() {
        let _ = write!(text, r#""baseDefinition":"{BASE}{base}","#);
    }
    let _ = write!(text, r#""differential":{{"element":[{rows}]}}}}"#);
    let mut arena = Arena::new();
    let names = Names::new();
    let document = parse(&text, &mut arena, &names, Limits::default()).expect("a definition");
    library.add_definition(definition::read(&document).expect("a definition"));
}

fn element<'g>(graph: &'g RuleGraph, profile: &str, id: &str) -> &'g Element {
    let profile = graph.find(&format!("{BASE}{profile}")).and_then(|p| graph.profile(p)).expect("a profile");
    let ids: Vec<&str> = profile.elements.iter().map(|e| &*e.id).collect();
    profile.elements.iter().find(|e| *e.id == *id).unwrap_or_else(|| panic!("no {id} among {ids:?}"))
}

fn fixed(element: &Element) -> Option<&str> {
    element.fixed.as_ref()?.text.as_deref()
}

fn kinds(graph: &RuleGraph, profile: &str) -> Vec<DefectKind> {
    let id = graph.find(&format!("{BASE}{profile}")).expect("a profile");
    lint(graph, id).iter().map(|d| d.kind).collect()
}

#[test]
fn slices_are_inherited_through_three_profiles() {
    let graph = graph(&[
        ("One", "Thing", "Thing", BY_SYSTEM),
        ("Two", "Thing", "One", r#"{"id":"Thing.token:a.value","path":"Thing.token.value","min":1}"#),
        (
            "Three",
            "Thing",
            "Two",
            r#"{"id":"Thing.token:a","path":"Thing.token","sliceName":"a","max":"1"},
            {"id":"Thing.token:b","path":"Thing.token","sliceName":"b"},
            {"id":"Thing.token:b.system","path":"Thing.token.system","fixedUri":"http://example.org/b"}"#,
        ),
    ]);
    let slice = element(&graph, "Three", "Thing.token:a");
    assert_eq!((slice.min, slice.max), (1, 1));
    assert_eq!(fixed(element(&graph, "Three", "Thing.token:a.system")), Some("http://example.org/a"));
    assert_eq!(element(&graph, "Three", "Thing.token:a.value").min, 1);
    assert_eq!(fixed(element(&graph, "Three", "Thing.token:b.system")), Some("http://example.org/b"));
    assert_eq!(element(&graph, "Three", "Thing.token:b.value").min, 0);
    assert!(
        element(&graph, "Three", "Thing.token").slicing.as_ref().is_some_and(|s| s.complete && s.slices.len() == 2)
    );
}

#[test]
fn a_slice_is_sliced_again() {
    let rows = r#"{"id":"Thing.token:a","path":"Thing.token","sliceName":"a",
            "slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"closed"}},
        {"id":"Thing.token:a/old","path":"Thing.token","sliceName":"a/old","max":"1"},
        {"id":"Thing.token:a/old.use","path":"Thing.token.use","fixedCode":"old"}"#;
    let graph = graph(&[("One", "Thing", "Thing", BY_SYSTEM), ("Two", "Thing", "One", rows)]);
    let again = element(&graph, "Two", "Thing.token:a").slicing.as_ref().expect("sliced again");
    assert_eq!(again.slices.len(), 1);
    assert_eq!(fixed(element(&graph, "Two", "Thing.token:a/old.use")), Some("old"));
    assert_eq!(fixed(element(&graph, "Two", "Thing.token:a/old.system")), Some("http://example.org/a"));
}

#[test]
fn a_choice_is_restricted_under_the_name_of_a_type() {
    for (path, slice) in [("Thing.valueToken", ""), ("Thing.value[x]", r#""sliceName":"valueToken","#)] {
        let row = format!(
            r#"{{"path":"{path}",{slice}"min":1,"type":[{{"code":"Token"}}]}},{{"path":"Thing.valueToken.value","min":1}}"#
        );
        let graph = graph(&[("One", "Thing", "Thing", &row)]);
        let choice = element(&graph, "One", "Thing.value[x]");
        assert_eq!(choice.types.iter().map(|t| &*t.code).collect::<Vec<_>>(), ["Token"]);
        assert_eq!(choice.min, 1);
        assert_eq!(element(&graph, "One", "Thing.value[x].value").min, 1);
    }
}

#[test]
fn slices_of_a_choice_by_type_leave_the_other_types() {
    let rows = r#"{"id":"Thing.value[x]","path":"Thing.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"open"}},
        {"id":"Thing.value[x]:valueToken","path":"Thing.value[x]","sliceName":"valueToken","type":[{"code":"Token"}]},
        {"id":"Thing.value[x]:valueToken.value","path":"Thing.value[x].value","min":1}"#;
    let graph = graph(&[("One", "Thing", "Thing", rows)]);
    assert_eq!(element(&graph, "One", "Thing.value[x]").types.len(), 3);
    assert_eq!(element(&graph, "One", "Thing.value[x]:valueToken").types.len(), 1);
    assert_eq!(element(&graph, "One", "Thing.value[x]:valueToken.value").min, 1);
}

#[test]
fn content_that_is_referred_to_is_constrained_in_its_place_only() {
    let graph = graph(&[("One", "Thing", "Thing", r#"{"path":"Thing.part.part.name","min":1}"#)]);
    assert_eq!(element(&graph, "One", "Thing.part.part.name").min, 1);
    assert_eq!(element(&graph, "One", "Thing.part.name").min, 0);
    assert!(element(&graph, "One", "Thing.part.part.part").same_as.is_some());
}

#[test]
fn an_extension_is_constrained_from_outside_and_brings_its_cardinality() {
    let definition = r#"{"path":"Extension","min":1,"max":"1"},{"path":"Extension.url","fixedUri":"http://hl7.org/fhir/StructureDefinition/ext"},
        {"path":"Extension.valueToken","min":1,"type":[{"code":"Token"}]}"#;
    let rows = r#"{"path":"Thing.extension","sliceName":"ext","type":[{"code":"Extension","profile":"http://hl7.org/fhir/StructureDefinition/ext"}]},
        {"path":"Thing.extension.valueToken.system","fixedUri":"http://example.org/a"}"#;
    let graph = graph(&[("ext", "Extension", "Extension", definition), ("One", "Thing", "Thing", rows)]);
    let slice = element(&graph, "One", "Thing.extension:ext");
    assert_eq!((slice.min, slice.max), (1, 1));
    assert_eq!(element(&graph, "One", "Thing.extension:ext.value[x]").min, 1);
    assert_eq!(fixed(element(&graph, "One", "Thing.extension:ext.value[x].system")), Some("http://example.org/a"));
}

#[test]
fn what_is_said_of_the_unsliced_element_holds_for_its_slices() {
    let after = format!(r#"{BY_SYSTEM},{{"id":"Thing.token.value","path":"Thing.token.value","min":1}}"#);
    let graph = graph(&[
        ("Same", "Thing", "Thing", &after),
        ("One", "Thing", "Thing", BY_SYSTEM),
        ("Later", "Thing", "One", r#"{"id":"Thing.token.use","path":"Thing.token.use","min":1,"fixedCode":"old"}"#),
    ]);
    assert_eq!(element(&graph, "Same", "Thing.token:a.value").min, 1);
    assert_eq!(element(&graph, "Later", "Thing.token:a.use").min, 1);
    assert_eq!(fixed(element(&graph, "Later", "Thing.token:a.use")), Some("old"));
    assert_eq!(element(&graph, "One", "Thing.token:a.use").min, 0);
}

#[test]
fn ids_that_differ_from_slice_names_or_repeat_do_not_lead_astray() {
    let rows = r#"{"id":"Thing.token:first","path":"Thing.token","sliceName":"a"},
        {"id":"Thing.token:first.value","path":"Thing.token.value","min":1},
        {"id":"Thing.token.use","path":"Thing.token.use","fixedCode":"x"},
        {"id":"Thing.token:b","path":"Thing.token","sliceName":"b"},
        {"id":"Thing.token.use","path":"Thing.token.use","fixedCode":"y"}"#;
    let graph = graph(&[("One", "Thing", "Thing", rows)]);
    assert_eq!(element(&graph, "One", "Thing.token:a.value").min, 1);
    assert_eq!(fixed(element(&graph, "One", "Thing.token:a.use")), Some("x"));
    assert_eq!(fixed(element(&graph, "One", "Thing.token:b.use")), Some("y"));
}

#[test]
fn what_would_widen_is_dropped_and_said() {
    let graph = graph(&[
        ("One", "Thing", "Thing", r#"{"path":"Thing.token","min":1,"max":"2"}"#),
        ("Two", "Thing", "One", r#"{"path":"Thing.token","min":0,"max":"*"},{"path":"Thing.nothing","min":1}"#),
        (
            "Three",
            "Thing",
            "One",
            r#"{"path":"Thing.token","min":3},{"path":"Thing.value[x]","type":[{"code":"code"},{"code":"uri"}]}"#,
        ),
    ]);
    let two = element(&graph, "Two", "Thing.token");
    assert_eq!((two.min, two.max), (1, 2));
    assert_eq!(kinds(&graph, "Two"), [DefectKind::Widened, DefectKind::PathUnknown]);
    assert_eq!(element(&graph, "Three", "Thing.token").min, 2);
    assert_eq!(kinds(&graph, "Three"), [DefectKind::MinimumAboveMaximum, DefectKind::TypeWidened]);
}

#[test]
fn slices_that_recognise_the_same_are_said() {
    let rows = format!(
        r#"{BY_SYSTEM},{{"id":"Thing.token:b","path":"Thing.token","sliceName":"b"}},
        {{"id":"Thing.token:b.system","path":"Thing.token.system","fixedUri":"http://example.org/a"}},
        {{"id":"Thing.token:c","path":"Thing.token","sliceName":"c"}}"#
    );
    let graph = graph(&[("One", "Thing", "Thing", &rows)]);
    assert_eq!(kinds(&graph, "One"), [DefectKind::DiscriminatorValueMissing, DefectKind::SlicesAlike]);
}

#[test]
fn versions_are_narrower_wider_or_neither() {
    use crate::differences::{Direction, differences, summary};
    let graph = graph(&[
        ("One", "Thing", "Thing", BY_SYSTEM),
        (
            "Two",
            "Thing",
            "One",
            r#"{"path":"Thing.token","min":1},{"path":"Thing.valueToken","type":[{"code":"Token"}]},
            {"path":"Thing.owner","type":[{"code":"Reference","targetProfile":"http://hl7.org/fhir/StructureDefinition/One"}]}"#,
        ),
    ]);
    let profile =
        |name: &str| graph.find(&format!("{BASE}{name}")).and_then(|id| graph.profile(id)).expect("a profile");
    let narrower = differences(profile("One"), profile("Two"));
    let told: Vec<(&str, &str)> = narrower.iter().map(|c| (&*c.element, c.what)).collect();
    assert_eq!(told, [("Thing.token", "min"), ("Thing.value[x]", "type"), ("Thing.owner", "target")]);
    assert_eq!(summary(&narrower), Some(Direction::Narrower));
    assert_eq!(summary(&differences(profile("Two"), profile("One"))), Some(Direction::Wider));
    assert_eq!(summary(&differences(profile("One"), profile("One"))), None);
}
