//! Single-fault variants of a message: named edits from rule files, applied to any message and written in its own format.

mod edit;
pub mod generate;
pub(crate) mod tree;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use touchmark_document::{Arena, Limits};

use crate::graph::RuleGraph;
use crate::messages::file::When;

/// A named fault, and the rules that must find it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mutation {
    /// Its name.
    pub id: String,
    /// What is done to the message.
    pub title: String,
    /// The valid messages that it is tried on, by name.
    #[serde(default)]
    pub base: Vec<String>,
    /// For which messages it makes sense; all when nothing is said.
    #[serde(default)]
    pub when: When,
    /// The edits, one after the other.
    pub edits: Vec<Edit>,
    /// The rules that must find the fault.
    pub fires: Vec<String>,
    /// Rules that may find a consequence of it.
    #[serde(default)]
    pub may: Vec<String>,
    /// What the caller says of the message, by dimension.
    #[serde(default)]
    pub named: BTreeMap<String, String>,
    /// The policy that it is judged by.
    #[serde(default)]
    pub policy: Option<String>,
    /// What the transport says of the valid message, by name.
    #[serde(default)]
    pub envelope: BTreeMap<String, String>,
    /// The least severity that the findings must have.
    #[serde(default)]
    pub severity: Option<String>,
}

/// One edit. Places are JSONPath.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Edit {
    /// Removes the nodes.
    Remove(String),
    /// Gives the nodes another value: a text, or that of another place with a text before it.
    Set {
        /// The nodes.
        at: String,
        /// The value; behind the other place's, if there is one.
        #[serde(default)]
        value: String,
        /// The place to take the value from.
        #[serde(default)]
        from: Option<String>,
        /// What stands before that value.
        #[serde(default)]
        before: String,
    },
    /// Adds a child where the definition of the parent wants it.
    Add {
        /// The parents.
        to: String,
        /// The name of the child.
        name: String,
        /// Its content, as FHIR JSON writes it.
        value: Value,
        /// Whether it comes before its like.
        #[serde(default)]
        first: bool,
    },
    /// Puts other content in place of the nodes.
    Replace {
        /// The nodes.
        at: String,
        /// The content, as FHIR JSON writes it.
        value: Value,
        /// Another name for the element.
        #[serde(default)]
        name: Option<String>,
    },
    /// Repeats a node behind itself.
    Repeat(String),
    /// Copies a node to the end of its like below another parent.
    Copy {
        /// The node.
        at: String,
        /// The parent.
        to: String,
        /// The name there.
        #[serde(default)]
        name: Option<String>,
    },
    /// Moves a node before the others of its name, or behind them.
    Move {
        /// The node.
        at: String,
        /// `first` or `last`.
        to: String,
    },
    /// Cuts the text behind the first place where this text ends.
    CutBehind(String),
    /// Makes a value longer, by repeating these letters until the document has so many bytes.
    Pad {
        /// The node.
        at: String,
        /// The letters.
        with: String,
        /// The size of the document.
        to: usize,
    },
    /// Makes the transport say something else of the message.
    Envelope {
        /// The name.
        name: String,
        /// What it says.
        value: String,
    },
}

/// A variant of a message.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The mutation's id.
    pub id: String,
    /// The text of the message with the fault.
    pub text: String,
    /// What the transport says of it, by name.
    pub envelope: BTreeMap<String, String>,
}

/// A message with what a checker must find in it; folders of vectors list them in `vectors.json`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Vector {
    /// The file, from the folder.
    pub file: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The rules that must find something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fires: Vec<String>,
    /// Rules that may find something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<String>,
    /// What the caller says of the message, by dimension.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<String, String>,
    /// The policy that it is judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the transport says of it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub envelope: BTreeMap<String, String>,
}

impl Mutation {
    /// Applies the edits to a message.
    ///
    /// # Errors
    /// When a place is not there, so that the mutation makes no sense for this message, or is no JSONPath.
    pub fn apply(&self, text: &str, graph: &RuleGraph) -> Result<Variant, String> {
        let (mut text, mut envelope) = (text.to_owned(), self.envelope.clone());
        for edit in &self.edits {
            match edit {
                Edit::Envelope { name, value } => drop(envelope.insert(name.clone(), value.clone())),
                edit => text = edit::apply(edit, &text, graph)?,
            }
        }
        Ok(Variant { id: self.id.clone(), text, envelope })
    }
}

/// Reads a message and writes it again, for those who want to see that nothing is lost.
pub fn rewrite(text: &str, graph: &RuleGraph) -> Result<String, String> {
    let mut arena = Arena::new();
    let document =
        touchmark_document::parse(text, &mut arena, graph.names(), Limits::default()).map_err(|e| e.to_string())?;
    Ok(tree::Tree::of(document.root()).write(document.format()))
}
