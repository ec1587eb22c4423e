//! The template of a response: whether it has the form of one, whether what stands in it can be read, and what it names.

use serde_json::{Map, Value};
use touchmark_fhirpath::Expression;

use super::expressions::{Text, each, look};
use super::names::Known;
use super::{Set, segment};
use crate::acknowledge::Template;
use crate::messages::FUNCTIONS;
use crate::messages::defect::{CONDITION, FORM, NAME};
use crate::messages::file;

/// What a template may name beside what the set has.
const VARIABLES: &[&str] =
    &["errors", "faults", "unreadable", "diagnostics", "id", "timestamp", "business", "from", "code"];

/// Looks at the templates of the set.
pub(super) fn check(set: &mut Set<'_>, known: &Known<'_>) {
    for file in set.files {
        let Some(template) = &file.content.acknowledgement else { continue };
        if let Err(trouble) = serde_path_to_error::deserialize::<_, Template>(template) {
            let pointer = format!("/acknowledgement{}", file::pointer(trouble.path()));
            set.say(file.name, &FORM, pointer, file::reason(trouble.inner()));
            continue;
        }
        let mut texts = Vec::new();
        for (pointer, value) in parts(template) {
            collect(&pointer, value, &mut texts);
        }
        let named = template["values"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
        let more: Vec<&str> = VARIABLES.iter().copied().chain(named).collect();
        for text in texts {
            each(set, file.name, &text, &mut |set, start, expression| {
                if let Err(trouble) = Expression::parse_with(expression, FUNCTIONS) {
                    let within = Some(start + trouble.offset);
                    set.say_in(file.name, &CONDITION, text.pointer.clone(), within, trouble.reason);
                }
                look(set, known, file.name, &text.pointer, start, expression, &more, None);
            });
        }
        for (at, response) in template["responses"].as_array().into_iter().flatten().enumerate() {
            for (dimension, wanted) in response["when"].as_object().into_iter().flatten() {
                let pointer = format!("/acknowledgement/responses/{at}/when/{}", segment(dimension));
                let Some(values) = known.dimensions.get(dimension.as_str()) else {
                    set.say(file.name, &NAME, pointer, format!("there is no dimension {dimension}"));
                    continue;
                };
                let wanted = wanted.as_array().map_or_else(|| vec![wanted], |several| several.iter().collect());
                for value in wanted.into_iter().filter_map(Value::as_str).filter(|v| !values.has(v)) {
                    let text = format!("{value} is no value of {dimension}: {}", values.list());
                    set.say(file.name, &NAME, pointer.clone(), text);
                }
            }
        }
    }
}

/// The parts of a template: whole conditions, and what is written.
fn parts(template: &Value) -> Vec<(String, &Value)> {
    let mut found = vec![("/acknowledgement/none".to_owned(), &template["none"])];
    let values = template["values"].as_object().into_iter().flatten();
    found.extend(values.map(|(name, value)| (format!("/acknowledgement/values/{}", segment(name)), value)));
    for (list, part) in [("situations", "if"), ("responses", "if"), ("responses", "response")] {
        let items = template[list].as_array().into_iter().flatten().enumerate();
        let items = items.filter_map(|(at, item)| Some((at, item.get(part)?)));
        found.extend(items.map(|(at, value)| (format!("/acknowledgement/{list}/{at}/{part}"), value)));
    }
    found
}

fn collect<'t>(pointer: &str, value: &'t Value, texts: &mut Vec<Text<'t>>) {
    match value {
        Value::String(text) => {
            let last = pointer.rsplit('/').next().unwrap_or("");
            let is_written = pointer.contains("/response/") && !matches!(last, "$if" | "$copy");
            texts.push(Text::new(pointer.to_owned(), text, is_written));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(&format!("{pointer}/{at}"), item, texts));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(&format!("{pointer}/{}", segment(name)), value, texts);
            }
        }
        _ => {}
    }
}
