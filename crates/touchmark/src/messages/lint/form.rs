//! Reads a rule file as far as it goes: what has a wrong form is said and taken out, so that all of it is said at once.

use serde_json::{Value, json};
use touchmark_document::Position;

use crate::messages::defect::{self, RuleFileError};
use crate::messages::file::{self, RuleFile};

/// How many faults of form are looked for in one file.
const MOST: usize = 200;

/// What was taken out, so that the places of what is left can be told as the file has them.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// The pointer of an array, and the index of an item that was taken out, as the file has them.
    taken: Vec<(String, usize)>,
    /// Items of which only the name is left, so that what refers to them is not wrong for that.
    substitutes: Vec<String>,
}

impl Gaps {
    /// The pointer as the file has it.
    pub fn original(&self, pointer: &str) -> String {
        let mut out = String::with_capacity(pointer.len());
        for part in pointer.split('/').skip(1) {
            let taken = self.taken.iter().filter(|(array, _)| *array == out);
            let mut before: Vec<usize> = taken.map(|(_, index)| *index).collect();
            before.sort_unstable();
            let index = part.parse::<usize>().ok();
            let index = index.map(|i| before.iter().fold(i, |i, taken| if *taken <= i { i + 1 } else { i }));
            out.push('/');
            out.push_str(&index.map_or_else(|| part.to_owned(), |i| i.to_string()));
        }
        out
    }

    /// Whether something of the item at a pointer was taken out.
    pub fn is_affected(&self, pointer: &str) -> bool {
        let inside = |array: &String| array.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
        self.substitutes.iter().any(|s| s == pointer) || self.taken.iter().any(|(array, _)| inside(array))
    }
}

/// Reads a file; what is wrong with its form is added to `found`. `None` where nothing of it can be used.
pub(super) fn read(name: &str, text: &str, found: &mut Vec<RuleFileError>) -> Option<(RuleFile, Gaps)> {
    let begin = found.len();
    let mut say = |pointer: String, position, reason| {
        let (file, rule) = (name.to_owned(), &defect::FORM);
        found.push(RuleFileError { file, pointer, within: None, position, rule, reason });
    };
    let mut value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(trouble) => {
            let position = Position { line: trouble.line() as u32, column: trouble.column() as u32 };
            say(String::new(), Some(position), file::reason(&trouble));
            return None;
        }
    };
    let mut gaps = Gaps::default();
    for _ in 0..MOST {
        let trouble = match serde_path_to_error::deserialize::<_, RuleFile>(&value) {
            Ok(file) => {
                // What is there twice does not show in what was read first.
                if found.len() == begin
                    && let Err(trouble) = RuleFile::read(name, text)
                {
                    found.push(trouble);
                }
                return Some((file, gaps));
            }
            Err(trouble) => trouble,
        };
        let pointer = file::pointer(trouble.path());
        let reason = file::reason(trouble.inner());
        say(gaps.original(&pointer), None, reason.clone());
        if !take_out(&mut value, &pointer, reason.starts_with("unknown field"), &mut gaps) {
            return None;
        }
    }
    None
}

/// Takes out what is wrong at a place. Returns whether the rest may be a rule file.
fn take_out(value: &mut Value, pointer: &str, is_unknown: bool, gaps: &mut Gaps) -> bool {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let parent = |length: usize| parts[..length].iter().fold(String::new(), |p, part| p + "/" + part);
    if is_unknown && let Some((last, _)) = parts.split_last() {
        return remove(value, &parent(parts.len() - 1), last);
    }
    // The innermost item of an array can be missed.
    let item = (1..=parts.len()).rev().find(|n| value.pointer(&parent(n - 1)).is_some_and(Value::is_array));
    let Some(item) = item else {
        return match parts[..] {
            [part @ ("tables" | "constants"), name, ..] => remove(value, &format!("/{part}"), name),
            [part, ..] if part != "url" => remove(value, "", part),
            _ => false,
        };
    };
    let (array, index) = (parent(item - 1), parts[item - 1].parse::<usize>().unwrap_or(0));
    let whole = format!("{array}/{index}");
    let array_in_file = gaps.original(&array);
    let index_in_file = gaps.original(&whole);
    if !gaps.substitutes.contains(&index_in_file)
        && let Some(item) = value.pointer_mut(&whole)
        && let Some(substitute) = substitute(&array, item)
    {
        gaps.substitutes.push(index_in_file);
        *item = substitute;
        return true;
    }
    let index_in_file = index_in_file.rsplit('/').next().and_then(|i| i.parse().ok()).unwrap_or(index);
    gaps.taken.push((array_in_file, index_in_file));
    match value.pointer_mut(&array) {
        Some(Value::Array(items)) if index < items.len() => {
            items.remove(index);
            true
        }
        _ => false,
    }
}

/// An item of the same name that says nothing.
fn substitute(array: &str, item: &Value) -> Option<Value> {
    let name = |key: &str| item[key].as_str().map(str::to_owned);
    Some(match array {
        "/rules" => json!({"id": name("id")?, "severity": "error"}),
        "/places" => json!({"name": name("name")?, "is": "{}"}),
        // Any value may come of it.
        "/dimensions" => json!({"name": name("name")?, "values": [{"value": "{''}"}]}),
        "/policies" => json!({"name": name("name")?}),
        _ => return None,
    })
}

fn remove(value: &mut Value, parent: &str, name: &str) -> bool {
    let name = name.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(&name).is_some(),
        _ => false,
    }
}
