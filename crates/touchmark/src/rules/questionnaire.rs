//! Questionnaires and their responses: what is answered is asked, in the type that is asked for, and what is required is there.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use touchmark_document::{NodeId, NodeRef};

use super::binding;
use super::primitive::{self, Primitive};
use crate::budget::Spent;
use crate::definition::questionnaire::{Condition, Options, Question, Questions, answer_key};
use crate::definition::{Value, type_of_suffix};
use crate::links::{Links, Resolution};
use crate::rule::{Rule, rules};
use crate::terminology::{CodeSet, find_set};
use crate::walk::Walk;

rules! {
    NOT_FOUND = "questionnaire-unknown", Warning, "not-found",
        says "the questionnaire {detail} is neither in the document nor loaded: the answers were not checked against it",
        why "Only the questionnaire says what may be answered, and how.",
        mend "Contain the Questionnaire, add it to the Bundle, or load it with the definitions.",
        at "questionnaireresponse.html";
    LINK = "questionnaire-link", Error, "structure",
        says "the questionnaire has no item {detail} at this place",
        why "An answer is understood by the question that its linkId names.",
        mend "Correct the linkId, or move the item below the one that it belongs to.",
        at "questionnaireresponse.html#link";
    REQUIRED = "questionnaire-required", Error, "required",
        says "the item {detail} must be answered",
        why "The questionnaire requires an answer in a response that is completed.",
        mend "Answer it, or do not call the response completed.",
        at "questionnaire-definitions.html#Questionnaire.item.required";
    REPEATS = "questionnaire-repeats", Error, "structure",
        says "the item {detail} may be answered only once",
        why "The questionnaire does not let it repeat.",
        mend "Keep one answer.",
        at "questionnaire-definitions.html#Questionnaire.item.repeats";
    TYPE = "questionnaire-type", Error, "structure",
        says "the answer is of the wrong type: {detail}",
        why "The question says of what type its answer is.",
        mend "Write the answer in that type.",
        at "questionnaire-definitions.html#Questionnaire.item.type";
    GROUP = "questionnaire-group", Error, "structure",
        says "the item {detail} is a group or a text for display, and is answered",
        why "Groups have items below them and no answers; a text for display has neither.",
        mend "Move the answer to the question that it is for.",
        at "questionnaire-definitions.html#Questionnaire.item.type";
    NESTING = "questionnaire-nesting", Error, "structure",
        says "items stand below the question {detail} instead of below its answer",
        why "Questions below a question are asked again for each of its answers; beside them they belong to none.",
        mend "Move the items into the answer that they follow from.",
        at "questionnaireresponse-definitions.html#QuestionnaireResponse.item.answer.item";
    DISABLED = "questionnaire-disabled", Error, "business-rule",
        says "the item {detail} is answered, and by the other answers it is not asked",
        why "The questionnaire asks it only after certain answers; without them nobody expects it, or looks for it.",
        mend "Remove the item, or correct the answer that it depends on.",
        at "questionnaire-definitions.html#Questionnaire.item.enableWhen";
    OPTION = "questionnaire-option", Error, "code-invalid",
        says "the answer is none of the options of {detail}",
        why "The question lists the answers that it allows, or names a value set of them.",
        mend "Choose one of them.",
        at "questionnaire-definitions.html#Questionnaire.item.option";
    LENGTH = "questionnaire-length", Error, "too-long",
        says "the answer to {detail} has {found} characters, at most {wanted} allowed",
        why "The question limits the length of its answer.",
        mend "Shorten the answer.",
        at "questionnaire-definitions.html#Questionnaire.item.maxLength";
    DUPLICATE = "questionnaire-duplicate", Error, "duplicate",
        says "two items have the linkId {detail}",
        why "Answers could not be told apart (que-2).",
        mend "Give each item a linkId of its own.",
        at "questionnaire.html#que-2";
}

/// Checks a response against its questionnaire, or a questionnaire by itself; other resources have no such rules.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    match node.resource_text() {
        "Questionnaire" => {
            unique(walk, node, &mut HashMap::new());
        }
        "QuestionnaireResponse" => response(walk, node),
        _ => {}
    }
}

/// Says it of each item whose linkId an item before it has. The depth is that of the document, which its reader has bounded.
fn unique<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, seen: &mut HashMap<&'d str, NodeId>) {
    for item in node.all("item") {
        if let Some(link) = item.child_value("linkId") {
            super::unique(walk, &DUPLICATE, seen, link, item, link);
        }
        unique(walk, item, seen);
    }
}

fn response<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let Some(reference) = node.child("questionnaire").and_then(|q| q.child_value("reference")) else { return };
    let complete = matches!(node.child_value("status"), Some("completed" | "amended"));
    let compared = &Cell::new(0);
    let questionnaire = resource(&walk.links, node, reference);
    let is_here = questionnaire.is_some();
    let answers = Answers { by_link: &by_link(node), sets: &RefCell::default(), compared, is_here, complete };
    if let Some(questionnaire) = questionnaire {
        // Another resource has been said to be a reference to the wrong type.
        if questionnaire.resource_text() == "Questionnaire" {
            let links = walk.links.clone();
            let questions = Questions::read(questionnaire, &|reference| resource(&links, questionnaire, reference));
            answers.level(walk, &questions, node);
        }
    } else if let Some(loaded) = walk.graph.library().questionnaire(reference) {
        loaded.questionnaire.iter().for_each(|q| answers.level(walk, &q.questions, node));
    } else {
        say(walk, &NOT_FOUND, node, reference);
    }
    if compared.get() > MOST_COMPARED {
        walk.overrun = Some(Spent::Comparisons);
    }
}

/// The resource of the document that a reference leads to.
fn resource<'d>(links: &Links<'_, 'd>, from: NodeRef<'d>, reference: &str) -> Option<NodeRef<'d>> {
    match links.resolve(from, reference) {
        Resolution::Contained(found) | Resolution::Entry(found) | Resolution::Likely(found) => Some(found),
        Resolution::Several(_) | Resolution::Nowhere => None,
    }
}

/// What a response answers, by linkId.
fn by_link(response: NodeRef<'_>) -> HashMap<&str, Vec<NodeRef<'_>>> {
    let mut found: HashMap<&str, Vec<NodeRef<'_>>> = HashMap::new();
    let mut open: Vec<NodeRef<'_>> = response.all("item").collect();
    while let Some(item) = open.pop() {
        open.extend(item.all("item"));
        for answer in item.all("answer") {
            open.extend(answer.all("item"));
            if let Some(link) = item.child_value("linkId") {
                let values = answer.children().filter(|c| c.name_text().starts_with("value"));
                found.entry(link).or_default().extend(values);
            }
        }
    }
    found
}

/// A response and how strictly it is read.
#[derive(Clone, Copy)]
struct Answers<'a, 'd> {
    by_link: &'a HashMap<&'d str, Vec<NodeRef<'d>>>,
    /// The value sets that came with the questionnaire, by the address of their question: a group may be answered many times.
    sets: &'a RefCell<HashMap<*const Question, Arc<CodeSet>>>,
    /// How many answers have been compared with those that conditions want.
    compared: &'a Cell<u32>,
    /// Whether the questionnaire is in the document, where its own faults are said.
    is_here: bool,
    /// Only what is completed must have all that is required.
    complete: bool,
}

/// Far more than real responses take, and a tenth of a second; beyond it conditions count as undecided.
const MOST_COMPARED: u32 = 2_000_000;

impl<'d> Answers<'_, 'd> {
    /// Compares the items below a question (or the questionnaire) with those below its answer (or the response).
    ///
    /// The depth is that of the document, which its reader has bounded.
    fn level(self, walk: &mut Walk<'_, 'd>, asked: &Questions, answered: NodeRef<'d>) {
        if walk.budget.is_spent(walk.issues.len()) {
            return;
        }
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for item in answered.all("item") {
            // What has no linkId is said to have none.
            let Some(link) = item.child_value("linkId") else { continue };
            let Some(question) = asked.find(link) else {
                say(walk, &LINK, item, link);
                continue;
            };
            let count = counts.entry(link).or_default();
            *count += 1;
            if *count == 2 && !question.repeats && *question.kind != *"group" {
                say(walk, &REPEATS, answered, link);
            }
            self.item(walk, question, item);
        }
        for question in asked.iter().filter(|q| self.complete && q.is_required && *q.kind != *"display") {
            if !counts.contains_key(&*question.link) && self.enabled(question) == Some(true) {
                say(walk, &REQUIRED, answered, &question.link);
            }
        }
    }

    fn item(self, walk: &mut Walk<'_, 'd>, question: &Question, item: NodeRef<'d>) {
        let (answers, link) = (item.all("answer").count(), &*question.link);
        let enabled = self.enabled(question);
        if enabled == Some(false) && (answers > 0 || item.child("item").is_some()) {
            return say(walk, &DISABLED, item, link);
        }
        if !question.is_answered() {
            if answers > 0 {
                say(walk, &GROUP, item, link);
            }
            return self.level(walk, &question.below, item);
        }
        if answers > 1 && !question.repeats {
            say(walk, &REPEATS, item, link);
        }
        if answers == 0 && question.is_required && self.complete && enabled == Some(true) {
            say(walk, &REQUIRED, item, link);
        }
        let misplaced = item.child("item").is_some();
        // Beside answers they break an invariant (qrs-1).
        if misplaced && answers == 0 {
            say(walk, &NESTING, item, link);
        }
        for answer in item.all("answer") {
            self.answer(walk, question, answer);
            // What is missing there may be what is misplaced.
            if !misplaced {
                self.level(walk, &question.below, answer);
            }
        }
    }

    fn answer(self, walk: &mut Walk<'_, 'd>, question: &Question, answer: NodeRef<'d>) {
        let Some(value) = answer.children().find(|c| c.name_text().starts_with("value")) else { return };
        let wanted: &[&str] = match &*question.kind {
            "boolean" => &["valueBoolean"],
            "decimal" => &["valueDecimal"],
            "integer" => &["valueInteger"],
            "date" => &["valueDate"],
            "dateTime" => &["valueDateTime"],
            "time" => &["valueTime"],
            "string" | "text" => &["valueString"],
            "url" => &["valueUri"],
            "choice" => &["valueCoding"],
            "open-choice" => &["valueCoding", "valueString"],
            "attachment" => &["valueAttachment"],
            "reference" => &["valueReference"],
            "quantity" => &["valueQuantity"],
            "" if !self.is_here => {
                let detail = format!("{} found, and the questionnaire gives the question no type", value.name_text());
                return say(walk, &TYPE, answer, &detail);
            }
            _ => return,
        };
        if !wanted.contains(&value.name_text()) {
            let detail = format!("{} found, {} wanted", value.name_text(), wanted.join(" or "));
            return say(walk, &TYPE, answer, &detail);
        }
        if let (Some(text), Some(most)) = (value.value(), question.longest) {
            let length = text.chars().count() as u32;
            if length > most {
                let detail = walk.detail(&*question.link);
                let issue = walk.say(&LENGTH, answer);
                (issue.found, issue.wanted, issue.detail) = (length, most, detail);
            }
        }
        let free_text = *question.kind == *"open-choice" && value.name_text() == "valueString";
        // Of a code that is wrong by itself it only follows.
        if !free_text && self.is_option(walk, question, value) == Some(false) && !binding::coding::is_wrong(walk, value)
        {
            let of_set = match &question.options {
                Some(Options::Named(canonical)) => format!("{} ({canonical})", question.link),
                _ => question.link.to_string(),
            };
            say(walk, &OPTION, answer, &of_set);
        }
    }

    /// Whether an answer is among those that the question allows; `None` where that cannot be told.
    fn is_option(self, walk: &mut Walk<'_, 'd>, question: &Question, value: NodeRef<'d>) -> Option<bool> {
        let graph = walk.graph;
        match question.options.as_ref()? {
            Options::Listed(options) => Some(options.contains(&answer_key(value))),
            // Only codes are in a value set.
            _ if value.name_text() != "valueCoding" => None,
            Options::Named(canonical) => {
                let set = find_set(graph.library(), canonical);
                let set = set.and_then(|set| graph.terminology.set(graph.library(), set));
                binding::coding_is_in(walk, value, canonical, set)
            }
            Options::Own(source) => {
                let mut sets = self.sets.borrow_mut();
                let set = sets.entry(question).or_insert_with(|| graph.terminology.compile(graph.library(), source));
                binding::coding_is_in(walk, value, &question.link, Some(set))
            }
        }
    }

    /// Whether a question is asked at all: with one condition that holds. `None` where that cannot be told.
    fn enabled(self, question: &Question) -> Option<bool> {
        let mut enabled = Some(question.conditions.is_empty());
        for condition in &question.conditions {
            match self.holds(condition) {
                Some(false) => {}
                Some(true) => return Some(true),
                None => enabled = None,
            }
        }
        enabled
    }

    fn holds(self, condition: &Condition) -> Option<bool> {
        let answers = self.by_link.get(&*condition.question).map_or(&[][..], Vec::as_slice);
        match (condition.has_answer, &condition.answer) {
            (Some(wanted), None) => Some(wanted != answers.is_empty()),
            (None, Some(wanted)) => {
                let mut holds = Some(false);
                let compared = self.compared.get();
                if compared > MOST_COMPARED {
                    return None;
                }
                self.compared.set(compared + answers.len() as u32);
                for answer in answers {
                    match matches(*answer, wanted) {
                        Some(false) => {}
                        Some(true) => return Some(true),
                        None => holds = None,
                    }
                }
                holds
            }
            // It asks for both, or for nothing (que-7): a fault of the questionnaire.
            _ => None,
        }
    }
}

/// Whether an answer has at least the parts of the one that is wanted; `None` where that cannot be told, as of a day within a
/// month.
fn matches(answer: NodeRef<'_>, wanted: &Value) -> Option<bool> {
    let is_of_type =
        answer.name_text().strip_prefix("value").is_some_and(|suffix| type_of_suffix(suffix) == *wanted.name);
    if !is_of_type {
        return Some(false);
    }
    match (answer.value(), wanted.text.as_deref()) {
        (Some(found), Some(text)) => return same(&wanted.name, found, text),
        (_, Some(_)) => return Some(false),
        (_, None) => {}
    }
    let part_matches = |part: &Value| {
        let of_part = if *part.name == *"value" { "decimal" } else { "string" };
        match (answer.child_value(&part.name), part.text.as_deref()) {
            (Some(found), Some(text)) => same(of_part, found, text) == Some(true),
            (None, Some(_)) => false,
            (_, None) => true,
        }
    };
    Some(wanted.children.iter().all(part_matches))
}

/// Whether two values of a primitive type are the same.
fn same(type_name: &str, a: &str, b: &str) -> Option<bool> {
    let primitive = Primitive::of_type(type_name);
    match primitive {
        _ if a == b => Some(true),
        Some(Primitive::Decimal | Primitive::Date | Primitive::DateTime | Primitive::Time) => {
            primitive::compare(primitive?, a, b).map(Ordering::is_eq)
        }
        _ => Some(false),
    }
}

#[cold]
fn say<'d>(walk: &mut Walk<'_, 'd>, rule: &'static Rule, node: NodeRef<'d>, detail: &str) {
    let detail = walk.detail(detail);
    walk.say(rule, node).detail = detail;
}
