//! The JSON of rule files: objects in FHIR's order, a row a line where a difference is looked at by row.

use touchmark_document::NodeRef;

/// A JSON value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// A string, as it is to be read.
    Text(String),
    /// A number, `true` or `false`, as it is to be written.
    Raw(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// A JSON object; what is added last stands last, and empty arrays and objects are not added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object(Vec<(String, Json)>);

/// The arrays whose items stand on a line each.
const BY_LINE: &[&str] = &["element", "concept", "include", "exclude", "contains", "focus", "uniqueId", "canonicals"];
/// Other arrays of objects do so from this length on.
const LONG: usize = 5;

impl Object {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn string(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), Json::Text(value.into())));
    }

    pub fn array(&mut self, name: &str, items: Vec<Json>) {
        if !items.is_empty() {
            self.0.push((name.into(), Json::Array(items)));
        }
    }

    pub fn object(&mut self, name: &str, value: Object) {
        if !value.is_empty() {
            self.0.push((name.into(), Json::Object(value)));
        }
    }

    pub fn value(&mut self, name: &str, value: Json) {
        self.0.push((name.into(), value));
    }

    /// Copies a primitive that is a JSON string, as published.
    pub fn text(&mut self, node: NodeRef<'_>, name: &str) {
        if let Some(value) = node.child_value(name).filter(|v| !v.is_empty()) {
            self.string(name, value);
        }
    }

    /// Copies a primitive that is a number or a boolean in JSON; what is neither stays a string, for the reader to see.
    pub fn raw(&mut self, node: NodeRef<'_>, name: &str) {
        if let Some(value) = node.child_value(name).filter(|v| !v.is_empty()) {
            self.value(name, raw(value));
        }
    }

    /// Copies a primitive that STU3 has once; where it is written as a list, as later versions have it, it stays one.
    pub fn text_or_texts(&mut self, node: NodeRef<'_>, name: &str) {
        if node.all(name).count() > 1 { self.texts(node, name) } else { self.text(node, name) }
    }

    /// Copies a list of primitives that are JSON strings.
    pub fn texts(&mut self, node: NodeRef<'_>, name: &str) {
        let values = node.all(name).filter_map(NodeRef::value).filter(|v| !v.is_empty());
        self.array(name, values.map(|v| Json::Text(v.into())).collect());
    }

    /// The rule file with this object as its resource.
    pub fn into_text(self) -> String {
        let mut out = String::from("{\n");
        for (at, (name, value)) in self.0.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ",\n" });
            string(&mut out, name);
            out.push(':');
            write(&mut out, name, value, 0);
        }
        out.push_str("\n}\n");
        out
    }
}

/// `true`, `false` or a number as JSON writes it; anything else is a string.
pub(super) fn raw(value: &str) -> Json {
    let trimmed = value.trim();
    let number = || trimmed.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    if matches!(trimmed, "true" | "false") || (number() && trimmed.parse::<serde_json::Number>().is_ok()) {
        Json::Raw(trimmed.into())
    } else {
        Json::Text(value.into())
    }
}

fn write(out: &mut String, name: &str, value: &Json, depth: usize) {
    match value {
        Json::Text(text) => string(out, text),
        Json::Raw(text) => out.push_str(text),
        Json::Array(items) => {
            let by_line = (BY_LINE.contains(&name) || items.len() >= LONG) && matches!(items[0], Json::Object(_));
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                if by_line {
                    line(out, depth + 1);
                }
                write(out, "", item, depth + usize::from(by_line));
            }
            if by_line {
                line(out, depth);
            }
            out.push(']');
        }
        Json::Object(object) => {
            out.push('{');
            for (at, (name, value)) in object.0.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                string(out, name);
                out.push(':');
                write(out, name, value, depth);
            }
            out.push('}');
        }
    }
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', depth));
}

fn string(out: &mut String, text: &str) {
    // A string can always be written.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_stays_a_string() {
        for text in ["0", "-1.50", "1e3", "true"] {
            assert_eq!(raw(text), Json::Raw(text.into()));
        }
        for text in ["", "01", "+1", "*", "True", ".5", "NaN"] {
            assert_eq!(raw(text), Json::Text(text.into()));
        }
    }

    #[test]
    fn rows_stand_on_a_line_each() {
        let mut row = Object::new();
        row.string("id", "a\"b");
        let mut inner = Object::new();
        inner.array("element", vec![Json::Object(row.clone()), Json::Object(row)]);
        let mut object = Object::new();
        object.string("url", "u");
        object.object("differential", inner);
        object.array("none", Vec::new());
        let wanted =
            "{\n\"url\":\"u\",\n\"differential\":{\"element\":[\n {\"id\":\"a\\\"b\"},\n {\"id\":\"a\\\"b\"}\n]}\n}\n";
        assert_eq!(object.into_text(), wanted);
    }
}
