//! `touchmark fhirpath`: evaluates one expression on a document, for people who write profiles.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use touchmark::document::{self, Arena, Form, Limits, NodeRef};
use touchmark::fhirpath::{Collection, Environment, Expression, Item, Model, Moment, MomentKind, Scratch};

use crate::arguments::{Definitions, PageFormat};
use crate::check::instant;
use crate::{Failure, Status, definitions, print};

/// Evaluate a FHIRPath expression on a document and print what it comes to, one item a line.
///
/// Exit status: 0 it was evaluated, whatever it came to; 2 the expression or the document cannot be read, or the evaluation
/// fails.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark fhirpath 'Bundle.entry.resource.ofType(Patient).name.family' message.xml
  touchmark fhirpath 'name.given.count() > 1' patient.json --format json")]
pub struct Fhirpath {
    /// The expression
    // It may begin with a minus.
    #[arg(allow_hyphen_values = true)]
    pub expression: String,
    /// The document that it is evaluated on, at its root
    pub file: PathBuf,
    /// How to write it; json is an array of {"type": …, "value": …}
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    #[command(flatten)]
    pub definitions: Definitions,
}

/// Runs the command.
pub fn run(arguments: &Fhirpath) -> Result<Status, Failure> {
    let text = &arguments.expression;
    let mut expression = Expression::parse(text).map_err(|trouble| {
        let column = text.get(..trouble.offset).map_or(trouble.offset, |before| before.chars().count()) + 1;
        format!("the expression is invalid at column {column}: {}\n  {text}\n  {:>column$}", trouble.reason, "^")
    })?;
    let graph = definitions::load(&arguments.definitions)?;
    let file = arguments.file.display();
    let bytes = std::fs::read(&arguments.file).map_err(|trouble| format!("{file} cannot be read: {trouble}"))?;
    let source = document::decode(&bytes).map_err(|trouble| format!("{file}:{trouble}"))?;
    let mut arena = Arena::new();
    let document = document::parse(&source, &mut arena, graph.names(), Limits::default())
        .map_err(|trouble| format!("{file}:{trouble}"))?;
    expression.bind(graph.names());
    let types = graph.types();
    let now = Moment::parse_date_time(&instant(std::time::SystemTime::now()));
    let answers = graph.answers();
    let environment = Environment {
        now,
        model: &types,
        checks: Some(&answers),
        terminology: Some(&answers),
        ..Environment::default()
    };
    let result = expression
        .evaluate(document.root(), &environment, &mut Scratch::new())
        .map_err(|trouble| format!("the expression cannot be evaluated: {trouble}"))?;
    print(&match arguments.format {
        PageFormat::Text => lines(&result, &types),
        PageFormat::Json => array(&result, &types),
    });
    Ok(Status::Fine)
}

fn lines(result: &Collection<'_>, types: &impl Model) -> String {
    result.iter().map(|item| format!("{}  {}\n", type_of(item, types), scalar_or_tree(item, types))).collect()
}

/// Numbers stand as they were written: a decimal keeps its zeros.
fn array(result: &Collection<'_>, types: &impl Model) -> String {
    let row = |item: &Item<'_>| {
        format!("{{\"type\": {}, \"value\": {}}}", json!(type_of(item, types)), scalar_or_tree(item, types))
    };
    format!("[{}]\n", result.iter().map(row).collect::<Vec<_>>().join(", "))
}

/// The type by the name that FHIR gives it.
fn type_of(item: &Item<'_>, types: &impl Model) -> String {
    match item {
        Item::Node(node) => types.type_of(*node).unwrap_or("Element").to_owned(),
        Item::Boolean(_) => "boolean".into(),
        Item::Integer(_) => "integer".into(),
        Item::Long(_) => "integer64".into(),
        Item::Decimal(_) => "decimal".into(),
        Item::String(_) => "string".into(),
        Item::Moment(moment) => match moment.kind() {
            MomentKind::Date => "date",
            MomentKind::DateTime => "dateTime",
            MomentKind::Time => "time",
        }
        .into(),
        Item::Quantity(_) => "Quantity".into(),
        Item::Type(_) => "TypeInfo".into(),
    }
}

fn scalar_or_tree(item: &Item<'_>, types: &impl Model) -> String {
    let number_or_word = |type_name: &str, text: &str| match type_name {
        "boolean" | "integer" | "integer64" | "decimal" | "positiveInt" | "unsignedInt"
            if serde_json::from_str::<Value>(text).is_ok_and(|v| v.is_number() || v.is_boolean()) =>
        {
            text.to_owned()
        }
        _ => json!(text).to_string(),
    };
    match item {
        Item::Node(node) if node.value().is_none() => tree(*node).to_string(),
        Item::Node(node) => number_or_word(types.type_of(*node).unwrap_or(""), node.value().unwrap_or("")),
        _ => number_or_word(&type_of(item, types), &item.to_string()),
    }
}

/// The parts of a complex value, as JSON writes them.
fn tree(node: NodeRef<'_>) -> Value {
    let mut object = Map::new();
    if node.is_resource() {
        object.insert("resourceType".into(), json!(node.resource_text()));
    }
    for child in node.children() {
        let value = match child.value() {
            Some(text) if matches!(child.form(), Form::Number | Form::Boolean) => {
                serde_json::from_str(text).unwrap_or_else(|_| json!(text))
            }
            Some(text) => json!(text),
            None => tree(child),
        };
        match object.get_mut(child.name_text()) {
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = json!([one.take(), value]),
            None => {
                let value = if child.in_array() { json!([value]) } else { value };
                object.insert(child.name_text().into(), value);
            }
        }
    }
    Value::Object(object)
}
