//! The page of an invariant: what it asks, where it stands, and an element that keeps it beside one that breaks it.

use std::fmt::Write;

use serde_json::{Value, json};
use touchmark::definition::Text;
use touchmark::invariant_words::{Example, Words};
use touchmark::{DefinitionId, RuleGraph, rules};

use super::{canonical, package};

/// A page names this many places.
const MOST_PLACES: usize = 8;

/// How wide an example is written.
const WIDTH: usize = 100;

/// An invariant of the loaded definitions.
pub struct Page<'g> {
    key: String,
    expression: Text,
    warning: bool,
    /// What must hold, in the words of the first definition that says it.
    human: Text,
    words: Option<&'g Words>,
    /// Where it stands: definitions and paths.
    places: Vec<(DefinitionId, Text)>,
}

/// The invariants with a key: one for each expression.
pub fn find<'g>(graph: &'g RuleGraph, key: &str) -> Vec<Page<'g>> {
    let mut pages: Vec<Page<'_>> = Vec::new();
    for (id, path, constraint) in graph.library().constraints(key) {
        match pages.iter_mut().find(|page| page.expression == constraint.expression) {
            Some(page) if page.places.last().is_some_and(|last| (last.0, &last.1) == (id, &path)) => {}
            Some(page) => page.places.push((id, path)),
            None => pages.push(Page {
                key: key.to_owned(),
                warning: constraint.warning,
                human: constraint.human.trim().into(),
                words: graph.invariant_words().find(key, &constraint.expression),
                expression: constraint.expression.clone(),
                places: vec![(id, path)],
            }),
        }
    }
    pages
}

impl Page<'_> {
    fn severity(&self) -> &'static str {
        if self.warning { "warning" } else { "error" }
    }

    fn holds(&self) -> Option<&str> {
        self.words.map(|words| &*words.holds).or(Some(&*self.human).filter(|human| !human.is_empty()))
    }

    fn found_by(&self) -> &str {
        self.words.and_then(|words| words.found_by.as_deref()).unwrap_or(rules::of_invariants().code)
    }

    fn example(&self) -> Option<Example> {
        self.words.and_then(Words::example)
    }
}

/// The pages for people.
pub fn text(graph: &RuleGraph, pages: &[Page<'_>]) -> String {
    pages.iter().map(|page| page_text(graph, page)).collect::<Vec<_>>().join("\n")
}

fn page_text(graph: &RuleGraph, page: &Page<'_>) -> String {
    let mut out = format!("{}  (an invariant, {})\n\n", page.key, page.severity());
    let holds = page.holds().unwrap_or("No sentence says what must hold; read the expression");
    let mut letters = holds.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let end = if holds.ends_with('.') { "" } else { "." };
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}{}{end}\n", first.collect::<String>(), letters.as_str());
    let _ = writeln!(out, "FHIRPath:  {}", page.expression);
    let _ = writeln!(out, "Found by:  {}", page.found_by());
    if let Some(note) = page.words.and_then(|words| words.note.as_deref()) {
        let _ = writeln!(out, "Note:      {note}");
    }
    let definitions: Vec<&[(DefinitionId, Text)]> = page.places.chunk_by(|a, b| a.0 == b.0).collect();
    for (number, places) in definitions.iter().take(MOST_PLACES).enumerate() {
        let label = if number == 0 { "Stands at:" } else { "" };
        let (id, path) = &places[0];
        let more = if places.len() > 1 { format!(" and {} more", places.len() - 1) } else { String::new() };
        let _ = writeln!(out, "{label:<10} {path}{more}, of {} ({})", canonical(graph, *id), package(graph, *id));
    }
    if definitions.len() > MOST_PLACES {
        let _ = writeln!(out, "{:<10} and in {} more definitions", "", definitions.len() - MOST_PLACES);
    }
    if let Some(example) = page.example() {
        for (label, element) in [("kept", &example.kept), ("broken", &example.broken)] {
            let Some(element) = element else { continue };
            let _ = write!(out, "\nExample, {label}, at {}:\n  ", example.at);
            write_json(&mut out, element, 2);
            out.push('\n');
        }
    }
    out
}

/// JSON with what is short on one line.
fn write_json(out: &mut String, value: &Value, indent: usize) {
    let line = value.to_string();
    let inner = indent + 2;
    match value {
        Value::Object(parts) if indent + line.len() > WIDTH => {
            out.push('{');
            for (number, (name, part)) in parts.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{:inner$}{}: ", "", json!(name));
                write_json(out, part, inner);
            }
            let _ = write!(out, "\n{:indent$}}}", "");
        }
        Value::Array(items) if indent + line.len() > WIDTH => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{:inner$}", "");
                write_json(out, item, inner);
            }
            let _ = write!(out, "\n{:indent$}]", "");
        }
        _ => out.push_str(&line),
    }
}

/// The pages for machines.
pub fn json(graph: &RuleGraph, pages: &[Page<'_>]) -> Value {
    pages.iter().map(|page| page_json(graph, page)).collect()
}

fn page_json(graph: &RuleGraph, page: &Page<'_>) -> Value {
    let places: Vec<Value> = page
        .places
        .iter()
        .map(|(id, path)| json!({"definition": canonical(graph, *id), "package": package(graph, *id), "path": path}))
        .collect();
    json!({"key": page.key, "severity": page.severity(), "holds": page.holds(), "expression": page.expression,
           "foundBy": page.found_by(), "places": places,
           "example": page.example()})
}
