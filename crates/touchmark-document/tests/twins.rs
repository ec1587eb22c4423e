//! One tree from both formats: pairs written by hand, and generated trees written as JSON and as XML and read again.

use std::fmt::Write as _;

use proptest::prelude::*;
use touchmark_document::{Arena, Form, Limits, Names, NodeRef, parse_json, parse_xml};

/// Reads both and compares what is left when the traces of the format are taken away.
#[track_caller]
fn check(json: &str, xml: &str) {
    let names = Names::new();
    let (mut left, mut right) = (Arena::new(), Arena::new());
    let json = parse_json(json, &mut left, &names, Limits::default()).unwrap_or_else(|e| panic!("{e}: {json}"));
    let xml = parse_xml(xml, &mut right, &names, Limits::default()).unwrap_or_else(|e| panic!("{e}: {xml}"));
    assert_eq!((json.faults(), xml.faults()), (&[][..], &[][..]));
    assert_eq!(tree(json.root()), tree(xml.root()));
}

/// An element without the traces of its format. Repeats keep their order; different names have none in JSON.
#[derive(Clone, Debug, PartialEq)]
struct Element {
    name: String,
    resource: Option<String>,
    value: Option<String>,
    children: Vec<Element>,
}

fn tree(node: NodeRef<'_>) -> Element {
    let mut children: Vec<Element> = node.children().map(tree).collect();
    children.sort_by(|a, b| a.name.cmp(&b.name));
    Element {
        name: node.name_text().to_owned(),
        resource: node.is_resource().then(|| node.resource_text().to_owned()),
        value: node.value().map(str::to_owned),
        children,
    }
}

#[test]
fn primitives_with_extensions() {
    check(
        r#"{"resourceType":"Patient","id":"p","birthDate":"1970-01-01","_birthDate":{"id":"b","extension":[
            {"url":"http://example.org/time","valueTime":"10:00:00"}]},"_gender":{"extension":[{"url":"u","valueCode":"x"}]},
            "name":[{"given":["Ann",null,"M\u00e9"],"_given":[null,{"extension":[{"url":"u","valueBoolean":true}]},{"id":"g"}]}]}"#,
        r#"<Patient xmlns="http://hl7.org/fhir"><id value="p"/><name><given value="Ann"/><given><extension url="u"><valueBoolean
            value="true"/></extension></given><given id="g" value="Mé"/></name><gender><extension url="u"><valueCode value="x"/>
            </extension></gender><birthDate id="b" value="1970-01-01"><extension url="http://example.org/time"><valueTime
            value="10:00:00"/></extension></birthDate></Patient>"#,
    );
}

#[test]
fn resources_in_their_places() {
    check(
        r#"{"entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","contained":[{"id":"a","resourceType":"Patient"},
            {"resourceType":"Device","id":"b"}],"valueQuantity":{"value":0.10}}},{"resource":{"resourceType":"Parameters","parameter":[{
            "name":"x","resource":{"resourceType":"Basic","id":"c"}}]}}],"type":"message","resourceType":"Bundle"}"#,
        r#"<?xml version="1.0"?><!-- c --><f:Bundle xmlns:f="http://hl7.org/fhir"><f:type value="message"/><f:entry><f:fullUrl
            value="urn:uuid:1"/><f:resource><f:Observation><f:contained><f:Patient><f:id value="a"/></f:Patient></f:contained>
            <f:contained><f:Device><f:id value="b"/></f:Device></f:contained><f:valueQuantity><f:value value="0.10"/></f:valueQuantity>
            </f:Observation></f:resource></f:entry><f:entry><f:resource><f:Parameters><f:parameter><f:name value="x"/><f:resource><f:Basic>
            <f:id value="c"/></f:Basic></f:resource></f:parameter></f:Parameters></f:resource></f:entry></f:Bundle>"#,
    );
}

#[test]
fn narratives() {
    check(
        r#"{"resourceType":"Basic","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b<br/></p></div>"}}"#,
        r#"<Basic xmlns="http://hl7.org/fhir"><text><status value="generated"/>
            <div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b<br/></p></div></text></Basic>"#,
    );
}

/// A tree as both formats can hold it: an element has a value, children or both; a resource stands in its place.
fn elements() -> impl Strategy<Value = Vec<Element>> {
    let leaf = (name(), value()).prop_map(|(name, value)| Element {
        name,
        resource: None,
        value: Some(value),
        children: Vec::new(),
    });
    let element = leaf.prop_recursive(4, 40, 5, |inner| {
        let children = prop::collection::vec(inner, 1..5).boxed();
        let resource =
            (prop::sample::select(vec!["Patient", "List"]), children.clone()).prop_map(|(resource, children)| {
                Element { name: "resource".into(), resource: Some(resource.into()), value: None, children }
            });
        let other = (name(), prop::option::of(value()), children).prop_map(|(name, value, children)| Element {
            name,
            resource: None,
            value,
            children,
        });
        prop_oneof![1 => resource, 4 => other]
    });
    prop::collection::vec(element, 1..6)
}

fn name() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(vec!["id", "url", "given", "value", "codeableConceptOfALongName", "a", "name", "extension"])
        .prop_map(str::to_owned)
}

/// Any text but what XML cannot hold, and never empty.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~\t\n\r]{1,20}", "\\PC{1,12}", "-?[1-9][0-9]{0,5}(\\.[0-9]{1,4})?"]
}

/// Where one of a name has a value, all are written as primitives, with what is in them under `_name`.
fn write_json(children: &[Element], text: &mut String) {
    let mut names: Vec<&str> = Vec::new();
    for child in children {
        if !names.contains(&child.name.as_str()) {
            names.push(&child.name);
        }
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for name in names {
        let items: Vec<&Element> = children.iter().filter(|c| c.name == name).collect();
        let is_primitive = items.iter().any(|i| i.value.is_some());
        let values = items.iter().map(|i| match &i.value {
            Some(value) => quoted(value),
            None if is_primitive => "null".to_owned(),
            None => object(i),
        });
        let siblings = items.iter().map(|i| if i.children.is_empty() { "null".to_owned() } else { object(i) });
        first.push(format!("{}:{}", quoted(name), array(&values.collect::<Vec<_>>())));
        if is_primitive && items.iter().any(|i| !i.children.is_empty()) {
            let sibling = format!("{}:{}", quoted(&format!("_{name}")), array(&siblings.collect::<Vec<_>>()));
            // Before the values, right after them, or after everything else.
            match (name.len() + items.len()) % 3 {
                0 => first.insert(0, sibling),
                1 => first.push(sibling),
                _ => second.push(sibling),
            }
        }
    }
    first.append(&mut second);
    *text += &first.join(" , ");
}

fn array(items: &[String]) -> String {
    if items.len() == 1 && items[0] != "null" { items.concat() } else { format!("[{}]", items.join(",\n")) }
}

fn object(element: &Element) -> String {
    let mut text = String::from("{");
    if let Some(resource) = &element.resource {
        let _ = writeln!(text, "\"resourceType\":{},", quoted(resource));
    }
    write_json(&element.children, &mut text);
    text + "}"
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn write_xml(children: &[Element], text: &mut String) {
    for Element { name, resource, value, children } in children {
        let _ = write!(text, "<{name}");
        if let Some(value) = value {
            let _ = write!(text, " value=\"{}\"", escaped(value));
        }
        *text += ">";
        if let Some(resource) = resource {
            let _ = write!(text, "\n<{resource}>");
        }
        write_xml(children, text);
        if let Some(resource) = resource {
            let _ = write!(text, "</{resource} >");
        }
        let _ = writeln!(text, "</{name}>");
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' | '&' | '"' | '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", character as u32);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// `sort_by` is stable, so repeats keep their order.
fn sorted(mut children: Vec<Element>) -> Vec<Element> {
    children.sort_by(|a, b| a.name.cmp(&b.name));
    for child in &mut children {
        child.children = sorted(std::mem::take(&mut child.children));
    }
    children
}

proptest! {
    #[test]
    fn generated_trees_come_back_from_both_formats(children in elements()) {
        let (mut json, mut xml) = (String::new(), String::new());
        write_json(&children, &mut json);
        write_xml(&children, &mut xml);
        let json = format!("{{\"resourceType\":\"Basic\",{json}}}");
        let xml = format!("<Basic xmlns=\"http://hl7.org/fhir\">{xml}</Basic>");
        let wanted = Element {
            name: "Basic".into(),
            resource: Some("Basic".into()),
            value: None,
            children: sorted(children),
        };
        let names = Names::new();
        let (mut left, mut right) = (Arena::new(), Arena::new());
        let json = parse_json(&json, &mut left, &names, Limits::default()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let xml = parse_xml(&xml, &mut right, &names, Limits::default()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(json.faults(), &[]);
        prop_assert_eq!(xml.faults(), &[]);
        prop_assert!(json.root().children().all(|c| matches!(c.form(), Form::String | Form::Object | Form::Null)));
        prop_assert_eq!(&tree(json.root()), &wanted);
        prop_assert_eq!(&tree(xml.root()), &wanted);
    }
}
