//! The commonest invariants are code of our own: over all vectors, and over damaged ones, they say what their expressions say.

mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use touchmark::document::{self, Arena, Document, Limits, NodeId, NodeRef};
use touchmark::fhirpath::{Environment, Expression, Item, Model, Scratch, Truth, is_subtype};
use touchmark::graph::RuleGraph;
use touchmark::{Checker, Finding, Options, Report};

/// The invariants with the type that has each.
const NATIVE: [(&str, &str, &str); 3] = [
    ("ele-1", "Element", "hasValue() | (children().count() > id.count())"),
    ("ext-1", "Extension", "extension.exists() != value.exists()"),
    ("per-1", "Period", "start.empty() or end.empty() or (start <= end)"),
];

/// What the invariants came to at a node.
type Said = BTreeSet<(u32, &'static str)>;

#[test]
fn code_says_what_expressions_say() {
    let graph = cases::graph();
    let mut expressions = NATIVE.map(|(key, kind, text)| (key, kind, Expression::parse(text).expect("an expression")));
    for (_, _, expression) in &mut expressions {
        expression.bind(graph.names());
    }
    let mut checker = Checker::new(&graph);
    let mut counts = [[0; 3]; 3];
    for (name, text) in documents() {
        let mut arena = Arena::new();
        let Ok(read) = document::parse(&text, &mut arena, graph.names(), Limits::default()) else { continue };
        let report = checker.check_document(&read, &Options::default());
        // Where the reader found fault, the tree is not what was written; where a type is wrong or there is too much, nothing
        // below is judged.
        let fault = |code: &str| {
            ["syntax", "primitive-empty", "cardinality-maximum", "type", "extension-part", "extension-modifier"]
                .iter()
                .any(|k| code.starts_with(k))
        };
        if report.findings().any(|f| fault(f.rule.code)) {
            continue;
        }
        let mut nodes = Vec::new();
        collect(read.root(), &mut nodes);
        let said_by_profiles = missing_or_too_much(&report, &read, &graph);
        for (number, (key, kind, expression)) in expressions.iter().enumerate() {
            // Where a profile says that the value or the parts are missing, ext-1 would say it again.
            let minimum = |code: &str| code == "cardinality-minimum" || code == "slicing-minimum";
            if *key == "ext-1" && report.findings().any(|f| minimum(f.rule.code)) {
                continue;
            }
            let of_key = report.findings().filter(|f| f.invariant.is_some_and(|i| i.key == *key));
            let said: Said =
                of_key.map(|f| (node_at(read.root(), f.expression.expect("a place"), &graph), f.rule.code)).collect();
            let mut meant = Said::new();
            for node in nodes.iter().filter(|node| !node.is_resource() && is_a(**node, kind, &graph)) {
                match truth(expression, *node, &graph) {
                    Truth::True => counts[number][0] += 1,
                    Truth::False => drop(meant.insert((node.id().0, "invariant-failed"))),
                    Truth::Unknown => drop(meant.insert((node.id().0, "invariant-unknown"))),
                }
            }
            // Where a profile says which of value and parts is missing or too much, that it is neither or both is no finding.
            if *key == "ext-1" {
                meant.retain(|(node, _)| !said_by_profiles.contains(node));
            }
            counts[number][1] += meant.iter().filter(|(_, code)| *code == "invariant-failed").count();
            counts[number][2] += meant.iter().filter(|(_, code)| *code == "invariant-unknown").count();
            assert_eq!(said, meant, "{name}: {key}: by the code, and by the expression\n{text}");
        }
    }
    println!("true, false and open, of each: {counts:?}");
    assert!(counts.iter().all(|[kept, failed, _]| *kept > 100 && *failed > 100) && counts[2][2] > 20, "{counts:?}");
}

/// The nodes of which a profile says that something in them is missing, or there too often.
fn missing_or_too_much(report: &Report, read: &Document<'_>, graph: &RuleGraph) -> BTreeSet<u32> {
    let place = |finding: Finding<'_>| {
        let inside = match finding.rule.code {
            "cardinality-minimum" | "slicing-minimum" => false,
            "cardinality-maximum" => true,
            _ => return None,
        };
        let node = node_at(read.root(), finding.expression?, graph);
        if inside { read.node(NodeId(node)).parent().map(|parent| parent.id().0) } else { Some(node) }
    };
    report.findings().filter_map(place).collect()
}

fn collect<'d>(node: NodeRef<'d>, nodes: &mut Vec<NodeRef<'d>>) {
    nodes.push(node);
    node.children().for_each(|child| collect(child, nodes));
}

fn is_a(node: NodeRef<'_>, kind: &str, graph: &RuleGraph) -> bool {
    graph.types().type_of(node).is_some_and(|own| own == kind || is_subtype(own, kind))
}

fn truth(expression: &Expression, node: NodeRef<'_>, graph: &RuleGraph) -> Truth {
    let types = graph.types();
    let environment = Environment { model: &types, ..Environment::default() };
    expression.evaluate_boolean(node, &environment, &mut Scratch::new()).expect("a truth")
}

fn node_at(root: NodeRef<'_>, place: &str, graph: &RuleGraph) -> u32 {
    let types = graph.types();
    let environment = Environment { model: &types, ..Environment::default() };
    let expression = Expression::parse(place).expect("an expression");
    let found = expression.evaluate(root, &environment, &mut Scratch::new()).expect("a node");
    match found.as_slice() {
        [Item::Node(node)] => node.id().0,
        _ => panic!("{place} is {} nodes", found.len()),
    }
}

/// The vectors of one rule and of one key each, and damaged forms of those in JSON.
fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let folders: Vec<PathBuf> = cases::folders().into_iter().chain([cases::folder().join("invariant/keys")]).collect();
    for path in folders.iter().flat_map(|folder| cases::files(folder)).filter(|path| is_document(path)) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            for pointer in pointers(&document) {
                found.extend(damaged(&document, &pointer).map(|text| (format!("{} {pointer}", path.display()), text)));
            }
        }
        found.push((path.display().to_string(), text));
    }
    found
}

fn is_document(path: &Path) -> bool {
    path.is_file() && !path.ends_with("cases.json")
}

/// Where objects stand, some of them.
fn pointers(document: &Value) -> Vec<String> {
    fn below(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(parts) => {
                parts.iter().for_each(|(name, part)| below(part, format!("{at}/{name}"), found));
                found.push(at);
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(number, item)| below(item, format!("{at}/{number}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    below(document, String::new(), &mut found);
    let step = 1 + found.len() / 6;
    found.into_iter().filter(|at| !at.is_empty()).step_by(step).collect()
}

/// The document with an object emptied, with extensions of all kinds in it, and with a period that may be turned about.
fn damaged(document: &Value, pointer: &str) -> impl Iterator<Item = String> {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(document.pointer_mut(pointer).expect("an object"));
        document.to_string()
    };
    let url = "https://touchmark.dev/example/extension";
    let period = |start: &str, end: &str| json!({"url": url, "valuePeriod": {"start": start, "end": end}});
    let extensions = json!([
        {"url": url, "valueString": "a"},
        {"url": url},
        {"url": url, "valueString": "a", "extension": [{"url": "b", "valueString": "b"}]},
        {"url": url, "id": "c", "extension": [{"url": "b", "valueCode": "b"}]},
        period("2020-01-01", "2019-12-31"),
        period("2019", "2019-12-31"),
        period("2020-01-01T10:00:00Z", "2020-01-01T11:00:00+02:00"),
        period("2020-01-01", "2020-01-01"),
        {"url": url, "valuePeriod": {"id": "e"}},
        {"url": url, "_valueDate": {"id": "d"}},
        {"url": url, "_valueDate": {"extension": [{"url": url, "valueString": "a"}]}}
    ]);
    let whole = |value: &Value| value.get("resourceType").is_some();
    [
        changed(&|value| {
            if !whole(value) {
                *value = json!({"id": "a1"});
            }
        }),
        changed(&|value| value["extension"] = extensions.clone()),
    ]
    .into_iter()
}
