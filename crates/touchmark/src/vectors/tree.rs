//! A tree of one's own: a document taken apart so that it can be changed, and written again in either format.

use std::fmt::Write as _;

use serde_json::Value;
use touchmark_document::{Form, Format, NodeRef};

/// A node with its content.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub name: String,
    /// The resource type; empty for what is no resource.
    pub resource: String,
    pub value: Option<String>,
    pub form: Form,
    pub in_array: bool,
    pub children: Vec<Tree>,
    /// The node of the document it was made of.
    pub node: Option<u32>,
}

impl Tree {
    /// The tree below a node.
    pub fn of(node: NodeRef<'_>) -> Tree {
        Tree {
            name: node.name_text().to_owned(),
            resource: node.resource_text().to_owned(),
            value: node.value().map(str::to_owned),
            form: node.form(),
            in_array: node.in_array(),
            children: node.children().map(Tree::of).collect(),
            node: Some(node.id().0),
        }
    }

    /// What FHIR JSON writes, as nodes of this name: an array is several.
    pub fn from_json(name: &str, value: &Value) -> Vec<Tree> {
        match value {
            Value::Array(items) => items
                .iter()
                .flat_map(|item| Tree::from_json(name, item))
                .map(|tree| Tree { in_array: true, ..tree })
                .collect(),
            Value::Object(fields) => {
                let resource = fields.get("resourceType").and_then(Value::as_str).unwrap_or("").to_owned();
                let children = fields
                    .iter()
                    .filter(|(key, _)| *key != "resourceType")
                    .flat_map(|(key, value)| Tree::from_json(key, value))
                    .collect();
                vec![Tree { resource, form: Form::Object, ..Tree::leaf(name, None, Form::Object) }.with(children)]
            }
            Value::String(text) if text.starts_with("<div") => vec![Tree::leaf(name, Some(text.clone()), Form::Markup)],
            Value::String(text) => vec![Tree::leaf(name, Some(text.clone()), Form::String)],
            Value::Number(number) => vec![Tree::leaf(name, Some(number.to_string()), Form::Number)],
            Value::Bool(truth) => vec![Tree::leaf(name, Some(truth.to_string()), Form::Boolean)],
            Value::Null => Vec::new(),
        }
    }

    /// A node without content.
    pub fn empty(name: &str, form: Form) -> Tree {
        Tree::leaf(name, None, form)
    }

    /// The first child with this name.
    pub fn child(&self, name: &str) -> Option<&Tree> {
        self.children.iter().find(|c| c.name == name)
    }

    /// A node with a value.
    pub fn leaf(name: &str, value: Option<String>, form: Form) -> Tree {
        let (name, resource) = (name.to_owned(), String::new());
        Tree { name, resource, value, form, in_array: false, children: Vec::new(), node: None }
    }

    fn with(mut self, children: Vec<Tree>) -> Tree {
        self.children = children;
        self
    }

    /// Calls `change` for the tree that was made of each of these nodes; it says what stands in its place.
    pub fn change(&mut self, nodes: &[u32], change: &mut dyn FnMut(Tree) -> Vec<Tree>) {
        let children = std::mem::take(&mut self.children);
        for mut child in children {
            child.change(nodes, change);
            if child.node.is_some_and(|n| nodes.contains(&n)) {
                self.children.extend(change(child));
            } else {
                self.children.push(child);
            }
        }
    }

    /// The tree that was made of a node.
    pub fn find(&mut self, node: u32) -> Option<&mut Tree> {
        if self.node == Some(node) {
            return Some(self);
        }
        self.children.iter_mut().find_map(|c| c.find(node))
    }

    /// The text in a format.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Xml => {
                let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
                self.xml(&mut out, 0, true);
                out
            }
            Format::Json => {
                let mut text = serde_json::to_string_pretty(&self.json()).unwrap_or_default();
                text.push('\n');
                text
            }
        }
    }

    fn is_attribute(&self, parent: &Tree) -> bool {
        match self.form {
            Form::Attribute => true,
            Form::Element | Form::Object | Form::Markup => false,
            _ => {
                (self.name == "id" && parent.resource.is_empty())
                    || (self.name == "url" && matches!(parent.name.as_str(), "extension" | "modifierExtension"))
            }
        }
    }

    fn xml(&self, out: &mut String, depth: usize, root: bool) {
        let indent = "  ".repeat(depth);
        if self.form == Form::Markup {
            let _ = writeln!(out, "{indent}{}", self.value.as_deref().unwrap_or(""));
            return;
        }
        let (name, inner) = match (root, self.resource.is_empty()) {
            (true, _) => (self.resource.as_str(), false),
            (false, true) => (self.name.as_str(), false),
            (false, false) => (self.name.as_str(), true),
        };
        let _ = write!(out, "{indent}<{name}");
        if root {
            out.push_str(" xmlns=\"http://hl7.org/fhir\"");
        }
        if inner {
            let _ = write!(out, ">\n{indent}  <{}", self.resource);
        }
        for child in self.children.iter().filter(|c| c.is_attribute(self)) {
            let _ = write!(out, " {}=\"{}\"", child.name, escaped(child.value.as_deref().unwrap_or("")));
        }
        if let Some(value) = &self.value {
            let _ = write!(out, " value=\"{}\"", escaped(value));
        }
        let below: Vec<&Tree> = self.children.iter().filter(|c| !c.is_attribute(self)).collect();
        if below.is_empty() {
            out.push_str("/>\n");
        } else {
            out.push_str(">\n");
            for child in below {
                child.xml(out, depth + 1 + usize::from(inner), false);
            }
            if inner {
                let _ = writeln!(out, "{indent}  </{}>\n{indent}</{name}>", self.resource);
            } else {
                let _ = writeln!(out, "{indent}</{name}>");
            }
            return;
        }
        if inner {
            let _ = writeln!(out, "{indent}</{name}>");
        }
    }

    /// The content as FHIR JSON writes it.
    pub fn json(&self) -> Value {
        if self.value.is_some() && self.resource.is_empty() && self.children.is_empty() {
            return self.primitive();
        }
        self.object()
    }

    fn object(&self) -> Value {
        let mut fields = serde_json::Map::new();
        if !self.resource.is_empty() {
            fields.insert("resourceType".into(), self.resource.clone().into());
        }
        let mut done: Vec<&str> = Vec::new();
        for child in &self.children {
            if done.contains(&child.name.as_str()) {
                continue;
            }
            done.push(&child.name);
            let like: Vec<&Tree> = self.children.iter().filter(|c| c.name == child.name).collect();
            let array = like.len() > 1 || child.in_array;
            let primitive = like.iter().any(|c| c.value.is_some() || c.form == Form::Null);
            let values: Vec<Value> = like.iter().map(|c| if primitive { c.primitive() } else { c.json() }).collect();
            let parts: Vec<Value> = like
                .iter()
                .map(|c| if primitive && !c.children.is_empty() { c.object() } else { Value::Null })
                .collect();
            if values.iter().any(|v| !v.is_null()) {
                fields.insert(child.name.clone(), one_or_array(values, array));
            }
            if parts.iter().any(|p| !p.is_null()) {
                fields.insert(format!("_{}", child.name), one_or_array(parts, array));
            }
        }
        Value::Object(fields)
    }

    fn primitive(&self) -> Value {
        let Some(value) = &self.value else { return Value::Null };
        match self.form {
            Form::Boolean if value == "true" || value == "false" => Value::Bool(value == "true"),
            Form::Number => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.clone())),
            _ => Value::String(value.clone()),
        }
    }
}

fn one_or_array(mut values: Vec<Value>, array: bool) -> Value {
    if array { Value::Array(values) } else { values.pop().unwrap_or(Value::Null) }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            _ => out.push(letter),
        }
    }
    out
}
