//! What is taken from a Questionnaire: its questions, and what of their answers can be checked.

use std::collections::{HashMap, HashSet};

use touchmark_document::NodeRef;

use crate::read::{text, type_of_suffix, value_of};
use crate::terminology::{self, ValueSet};
use crate::{Canonical, Text, Value};

/// The content of a Questionnaire (<http://hl7.org/fhir/STU3/questionnaire.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questionnaire {
    /// `Questionnaire/id`, where it has an id: responses refer to it so, whatever its url.
    pub by_id: Option<Text>,
    /// Its questions.
    pub questions: Questions,
}

/// The questions of a Questionnaire, or those below one of its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    all: Vec<Question>,
    /// The first with each linkId.
    by_link: HashMap<Text, usize>,
}

/// An item of a Questionnaire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its linkId; empty when it has none.
    pub link: Text,
    /// Its type: `group`, `display`, `boolean`, `choice` …
    pub kind: Text,
    /// Whether it must be answered.
    pub is_required: bool,
    /// Whether it may be answered more than once.
    pub repeats: bool,
    /// The most characters of an answer.
    pub longest: Option<u32>,
    /// The answers that are allowed, where that is said.
    pub options: Option<Options>,
    /// When it is asked at all: when one of these holds; always where there is none.
    pub conditions: Vec<Condition>,
    /// The items below it.
    pub below: Questions,
}

/// The answers that a question allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Options {
    /// These, each as [`answer_key`] has it.
    Listed(HashSet<String>),
    /// The codes of a value set that came with the questionnaire.
    Own(ValueSet),
    /// The codes of a value set that others publish.
    Named(Canonical),
}

/// An `enableWhen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The linkId of the question whose answer it is about.
    pub question: Text,
    /// Whether that must have an answer.
    pub has_answer: Option<bool>,
    /// The answer that it must have, or a part of it; named by its type.
    pub answer: Option<Value>,
}

impl Questions {
    /// Reads the items below a Questionnaire or an item. `resource` finds what a reference of the Questionnaire leads to
    /// in its surroundings. The depth is that of the document, which its reader has bounded.
    pub fn read<'d>(above: NodeRef<'d>, resource: &dyn Fn(&str) -> Option<NodeRef<'d>>) -> Self {
        let mut questions = Questions::default();
        for item in above.all("item") {
            let question = Question::read(item, resource);
            let number = questions.all.len();
            questions.by_link.entry(question.link.clone()).or_insert(number);
            questions.all.push(question);
        }
        questions
    }

    /// The first question with this linkId.
    pub fn find(&self, link: &str) -> Option<&Question> {
        self.by_link.get(link).map(|number| &self.all[*number])
    }

    /// All, in the order of the questionnaire.
    pub fn iter(&self) -> impl Iterator<Item = &Question> {
        self.all.iter()
    }
}

impl Question {
    fn read<'d>(item: NodeRef<'d>, resource: &dyn Fn(&str) -> Option<NodeRef<'d>>) -> Self {
        let is_true = |name| item.child_value(name) == Some("true");
        let listed = || {
            let values = item.all("option").flat_map(NodeRef::children).filter(|c| c.name_text().starts_with("value"));
            Options::Listed(values.map(answer_key).collect())
        };
        let of_set = || {
            let reference = item.child("options")?.child_value("reference")?.trim();
            match resource(reference).filter(|found| found.resource_text() == "ValueSet") {
                Some(set) => Some(Options::Own(terminology::value_set(set))),
                None => Some(Options::Named(reference.into())),
            }
        };
        Question {
            link: item.child_value("linkId").unwrap_or("").into(),
            kind: text(item, "type"),
            is_required: is_true("required"),
            repeats: is_true("repeats"),
            longest: item.child_value("maxLength").and_then(|m| m.parse().ok()),
            options: item.child("option").map(|_| listed()).or_else(of_set),
            conditions: item.all("enableWhen").map(Condition::read).collect(),
            below: Questions::read(item, resource),
        }
    }

    /// Whether it has answers of its own.
    pub fn is_answered(&self) -> bool {
        !matches!(&*self.kind, "group" | "display")
    }
}

impl Condition {
    fn read(node: NodeRef<'_>) -> Self {
        let answer = node.children().find_map(|c| Some((c, c.name_text().strip_prefix("answer")?)));
        Condition {
            question: node.child_value("question").unwrap_or("").into(),
            has_answer: node.child_value("hasAnswer").and_then(|has| has.parse().ok()),
            answer: answer.map(|(answer, suffix)| {
                let mut value = value_of(answer, &type_of_suffix(suffix));
                // What a code is called does not tell it from others.
                value.children.retain(|part| !matches!(&*part.name, "id" | "extension" | "display"));
                value
            }),
        }
    }
}

/// What makes two answers the same: of a Coding system and code, of all else the value.
pub fn answer_key(answer: NodeRef<'_>) -> String {
    let part = |name| answer.child_value(name);
    let parts = [answer.value(), part("system"), part("code"), part("value"), part("reference")];
    parts.map(Option::unwrap_or_default).join("\n")
}
