//! The readers beside `serde_json` and `roxmltree`: they accept the same inputs and find the same in them.

mod mutation;

use mutation::{Dice, JSON, JSON_TOKENS, XML, XML_TOKENS, damaged};
use touchmark_document::{
    Arena, Document, FaultKind, Form, Limits, Names, NodeRef, Unreadable, UnreadableKind, fuzz, parse_json, parse_xml,
};

/// How many damaged inputs of each format are tried. With 5,000,000 by hand no other difference was found.
fn rounds() -> usize {
    std::env::var("TOUCHMARK_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(20_000)
}

#[test]
fn json_is_accepted_as_by_serde_json() {
    let (mut arena, names) = (Arena::new(), Names::new());
    let mut dice = Dice::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..rounds() {
        let whole = JSON[round % JSON.len()];
        let text = if round < JSON.len() { whole.to_owned() } else { damaged(whole, &JSON_TOKENS, &mut dice) };
        fuzz::read_anything(text.as_bytes(), &mut arena, &names);
        if !text.trim_ascii_start().starts_with('{') {
            continue;
        }
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        match (parse_json(&text, &mut arena, &names, Limits::default()), theirs) {
            (Ok(document), Ok(_)) => {
                accepted += 1;
                same_json(&document, &text);
            }
            (Err(_), Err(_)) => refused += 1,
            // Read past, and said to be an error.
            (Ok(document), Err(_)) if document.faults().iter().any(|f| f.kind == FaultKind::TrailingComma) => {
                refused += 1;
            }
            (Ok(_), Err(theirs)) => panic!("only ours reads, serde_json says {theirs}: {text}"),
            (Err(ours), Ok(_)) => panic!("only serde_json reads, ours says {ours}: {text}"),
        }
    }
    assert!(accepted > rounds() / 50 && refused > rounds() / 4, "{accepted} accepted, {refused} refused");
}

#[test]
fn xml_is_accepted_as_by_roxmltree() {
    let (mut arena, names) = (Arena::new(), Names::new());
    let mut dice = Dice::new(2);
    let (mut accepted, mut refused, mut stricter) = (0, 0, 0);
    for round in 0..rounds() {
        let whole = XML[round % XML.len()];
        let text = if round < XML.len() { whole.to_owned() } else { damaged(whole, &XML_TOKENS, &mut dice) };
        fuzz::read_anything(text.as_bytes(), &mut arena, &names);
        let theirs = roxmltree::Document::parse(&text);
        match (parse_xml(&text, &mut arena, &names, Limits::default()), theirs) {
            (Ok(document), Ok(theirs)) => {
                accepted += 1;
                same_xml(&document, &theirs);
            }
            (Err(_), Err(_)) => refused += 1,
            // The prefix `xml` needs no declaration, on an element either.
            (Ok(_), Err(roxmltree::Error::UnknownNamespace(prefix, _))) if prefix == "xml" => {}
            (Ok(_), Err(theirs)) => panic!("only ours reads, roxmltree says {theirs}: {text}"),
            (Err(ours), Ok(_)) if ours.kind == UnreadableKind::NotFhir || is_stricter(&ours, &text) => stricter += 1,
            (Err(ours), Ok(_)) => panic!("only roxmltree reads, ours says {ours}: {text}"),
        }
    }
    assert!(accepted > rounds() / 50 && refused > rounds() / 4, "{accepted} accepted, {refused} refused");
    assert!(stricter < rounds() / 50, "{stricter} refused by ours only");
}

/// Where `roxmltree` is more lenient than XML 1.0 and its namespaces are.
fn is_stricter(ours: &Unreadable, text: &str) -> bool {
    let (reason, rest) = (ours.reason.as_str(), &text[ours.offset as usize..]);
    let in_declaration = text.starts_with("<?xml") && text.find("?>").is_some_and(|end| (ours.offset as usize) < end);
    in_declaration
        || reason.contains("one colon")
        || reason.contains("a name is wanted, not `:`")
        || reason.contains("a blank after the target")
        || reason.contains("the target of a processing instruction has no colon")
        || reason.contains("cannot be declared for no namespace")
        || reason.contains("the prefix `xmlns`")
        || reason.contains("only allowed at the very start")
        || (reason.contains("twice in one tag") && rest.starts_with("xmlns"))
        || (reason.contains("no namespace is declared")
            && rest.split('=').next().is_some_and(|n| n.ends_with(":xmlns")))
        || (reason.contains("to no character of XML") && rest.find(';').is_some_and(|length| length > 7))
}

/// Every property of the JSON is a node with its value, in order; only where the reader has no fault to tell of.
fn same_json(document: &Document<'_>, text: &str) {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let mut said = document.faults().iter().filter(|f| f.kind != FaultKind::EmptyString);
    if said.next().is_some() || text.contains("\"_") || text.contains("\\u005f") {
        return;
    }
    let mut wanted = Vec::new();
    let root = value["resourceType"].as_str().unwrap_or("").to_owned();
    json_lines(&root, &value, &mut wanted);
    let mut found = Vec::new();
    our_lines(document.root(), &mut found);
    assert_eq!(found, wanted, "{text}");
}

fn json_lines(name: &str, value: &serde_json::Value, lines: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| json_lines(name, item, lines)),
        serde_json::Value::Object(properties) => {
            let resource = properties.get("resourceType").and_then(|r| r.as_str()).unwrap_or("");
            lines.push(format!("{name} {resource} Object -"));
            for (key, value) in properties.iter().filter(|p| p.0 != "resourceType") {
                json_lines(key, value, lines);
            }
        }
        serde_json::Value::String(text) => lines.push(format!("{name}  String {text}")),
        serde_json::Value::Number(number) => {
            lines.push(format!("{name}  Number {:?}", number.as_f64().unwrap_or(f64::NAN)));
        }
        serde_json::Value::Bool(truth) => lines.push(format!("{name}  Boolean {truth}")),
        serde_json::Value::Null => lines.push(format!("{name}  Null -")),
    }
}

fn our_lines(node: NodeRef<'_>, lines: &mut Vec<String>) {
    let value = match node.value() {
        Some(value) if node.form() == Form::Number => format!("{:?}", value.parse::<f64>().unwrap_or(f64::NAN)),
        value => value.unwrap_or("-").to_owned(),
    };
    lines.push(format!("{} {} {:?} {value}", node.name_text(), node.resource_text(), node.form()));
    for child in node.children() {
        our_lines(child, lines);
    }
}

/// The tree rules once more, over `roxmltree`; only where a resource stands alone in its place.
fn same_xml(document: &Document<'_>, theirs: &roxmltree::Document<'_>) {
    if document.faults().iter().any(|f| f.kind == FaultKind::SeveralResources) {
        return;
    }
    let mut wanted = Vec::new();
    let root = theirs.root_element();
    wanted.push(format!("{0} {0} Element {1}", root.tag_name().name(), value_of(root).unwrap_or("-")));
    xml_children(root, true, &mut wanted);
    let mut found = Vec::new();
    our_lines(document.root(), &mut found);
    assert_eq!(found, wanted, "{}", theirs.input_text());
}

fn xml_children(node: roxmltree::Node<'_, '_>, is_resource: bool, lines: &mut Vec<String>) {
    for attribute in node.attributes().filter(|a| a.namespace().is_none()) {
        if matches!(attribute.name(), "id" | "url") {
            lines.push(format!("{}  Attribute {}", attribute.name(), attribute.value()));
        }
    }
    for child in node.children().filter(roxmltree::Node::is_element) {
        let name = child.tag_name().name();
        if name == "div" {
            lines.push(format!("div  Markup {}", &node.document().input_text()[child.range()]));
            continue;
        }
        let inner = child.first_element_child().filter(|c| {
            let name = c.tag_name().name();
            name.starts_with(|c: char| c.is_ascii_uppercase())
        });
        let is_type = name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_type && !is_resource {
            // The element around it has been written already, with this one's type.
            xml_children(child, true, lines);
            continue;
        }
        let inner = inner.filter(|_| !(is_type && is_resource));
        let value = inner.and_then(value_of).or(value_of(child)).unwrap_or("-");
        lines.push(format!("{name} {} Element {value}", inner.map_or("", |i| i.tag_name().name())));
        xml_children(child, false, lines);
    }
}

fn value_of<'n>(node: roxmltree::Node<'n, '_>) -> Option<&'n str> {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == "value").map(|a| a.value())
}
