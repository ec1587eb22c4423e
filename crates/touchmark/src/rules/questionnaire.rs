//! Questionnaires and their responses: what is answered is asked, in the type that is asked for, and what is required is there.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use touchmark_document::{NodeId, NodeRef};

use crate::links::Resolution;
use crate::rule::{Rule, rules};
use crate::walk::Walk;

rules! {
    NOT_FOUND = "questionnaire-unknown", Warning, "not-found",
        says "the questionnaire {detail} is not in the document: the answers were not checked against it",
        why "Only the questionnaire says what may be answered, and how.",
        mend "Contain the Questionnaire, or add it to the Bundle.",
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
    OPTION = "questionnaire-option", Error, "code-invalid",
        says "the answer is none of the options of {detail}",
        why "The question lists the answers that it allows.",
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
    let found = walk.links.resolve(node, reference);
    let (Resolution::Contained(questionnaire) | Resolution::Entry(questionnaire) | Resolution::Likely(questionnaire)) =
        found
    else {
        return say(walk, &NOT_FOUND, node, reference);
    };
    if questionnaire.resource_text() != "Questionnaire" {
        // Said as a reference to the wrong type.
        return;
    }
    let complete = matches!(node.child_value("status"), Some("completed" | "amended"));
    let answers = Answers { by_link: &by_link(node), read: &RefCell::default(), complete };
    answers.level(walk, &answers.question(questionnaire), node);
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
    /// The questions that have been read, by node: a group may be answered many times.
    read: &'a RefCell<HashMap<u32, Rc<Question<'d>>>>,
    /// Only what is completed must have all that is required.
    complete: bool,
}

/// A question (or the questionnaire) as its answers are compared with it.
struct Question<'d> {
    kind: &'d str,
    is_required: bool,
    repeats: bool,
    longest: Option<u32>,
    options: Option<HashSet<Content<'d>>>,
    conditions: Vec<NodeRef<'d>>,
    /// The questions below it, by linkId.
    below: HashMap<&'d str, NodeRef<'d>>,
    /// Those of them that must be answered.
    required: Vec<(&'d str, NodeRef<'d>)>,
}

impl<'d> Question<'d> {
    fn read(node: NodeRef<'d>) -> Self {
        let is_true = |node: NodeRef<'d>, name: &str| node.child_value(name) == Some("true");
        let (mut below, mut required) = (HashMap::new(), Vec::new());
        for question in node.all("item") {
            let link = question.child_value("linkId").unwrap_or("");
            if let Entry::Vacant(place) = below.entry(link) {
                place.insert(question);
            }
            if is_true(question, "required") && question.child_value("type") != Some("display") {
                required.push((link, question));
            }
        }
        let values = node.all("option").flat_map(NodeRef::children).filter(|c| c.name_text().starts_with("value"));
        Question {
            kind: node.child_value("type").unwrap_or(""),
            is_required: is_true(node, "required"),
            repeats: is_true(node, "repeats"),
            longest: node.child_value("maxLength").and_then(|m| m.parse().ok()),
            options: node.child("option").map(|_| values.map(content).collect()),
            conditions: node.all("enableWhen").collect(),
            below,
            required,
        }
    }
}

impl<'d> Answers<'_, 'd> {
    fn question(self, node: NodeRef<'d>) -> Rc<Question<'d>> {
        self.read.borrow_mut().entry(node.id().0).or_insert_with(|| Rc::new(Question::read(node))).clone()
    }

    /// Compares the items below a question (or the questionnaire) with those below its answer (or the response).
    ///
    /// The depth is that of the document, which its reader has bounded.
    fn level(self, walk: &mut Walk<'_, 'd>, asked: &Question<'d>, answered: NodeRef<'d>) {
        if walk.is_full() {
            return;
        }
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for item in answered.all("item") {
            let link = item.child_value("linkId").unwrap_or("");
            let Some(question) = asked.below.get(link) else {
                say(walk, &LINK, item, link);
                continue;
            };
            let question = self.question(*question);
            let count = counts.entry(link).or_default();
            *count += 1;
            if *count == 2 && !question.repeats && question.kind != "group" {
                say(walk, &REPEATS, answered, link);
            }
            self.item(walk, &question, item, link);
        }
        for (link, question) in &asked.required {
            if self.complete && !counts.contains_key(link) && self.enabled(&self.question(*question)) {
                say(walk, &REQUIRED, answered, link);
            }
        }
    }

    fn item(self, walk: &mut Walk<'_, 'd>, question: &Question<'d>, item: NodeRef<'d>, link: &'d str) {
        let count = item.all("answer").count();
        if matches!(question.kind, "group" | "display") {
            if count > 0 {
                say(walk, &GROUP, item, link);
            }
        } else {
            if count > 1 && !question.repeats {
                say(walk, &REPEATS, item, link);
            }
            if count == 0 && question.is_required && self.complete && self.enabled(question) {
                say(walk, &REQUIRED, item, link);
            }
            for answer in item.all("answer") {
                Self::answer(walk, question, answer, link);
                self.level(walk, question, answer);
            }
        }
        self.level(walk, question, item);
    }

    fn answer(walk: &mut Walk<'_, 'd>, question: &Question<'d>, answer: NodeRef<'d>, link: &str) {
        let Some(value) = answer.children().find(|c| c.name_text().starts_with("value")) else { return };
        let wanted: &[&str] = match question.kind {
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
            _ => return,
        };
        if !wanted.contains(&value.name_text()) {
            let detail = format!("{} found, {} wanted", value.name_text(), wanted.join(" or "));
            return say(walk, &TYPE, answer, &detail);
        }
        if let (Some(text), Some(most)) = (value.value(), question.longest) {
            let length = text.chars().count() as u32;
            if length > most {
                let detail = walk.detail(link);
                let issue = walk.say(&LENGTH, answer);
                (issue.found, issue.wanted, issue.detail) = (length, most, detail);
            }
        }
        let free_text = question.kind == "open-choice" && value.name_text() == "valueString";
        if !free_text && question.options.as_ref().is_some_and(|options| !options.contains(&content(value))) {
            say(walk, &OPTION, answer, link);
        }
    }

    /// Whether a question is asked at all. What cannot be told counts as not asked: then nothing is required.
    fn enabled(self, question: &Question<'d>) -> bool {
        question.conditions.is_empty()
            || question.conditions.iter().any(|condition| {
                let link = condition.child_value("question").unwrap_or("");
                let answers = self.by_link.get(link).map_or(&[][..], Vec::as_slice);
                if let Some(has) = condition.child_value("hasAnswer") {
                    return (has == "true") != answers.is_empty();
                }
                let wanted = condition.children().find(|c| c.name_text().starts_with("answer"));
                wanted.is_some_and(|wanted| answers.iter().any(|a| content(wanted) == content(*a)))
            })
    }
}

/// What makes two answers the same: of a coding system and code, of all else the value.
type Content<'d> = [Option<&'d str>; 5];

fn content(node: NodeRef<'_>) -> Content<'_> {
    let part = |name| node.child_value(name);
    [node.value(), part("system"), part("code"), part("value"), part("reference")]
}

#[cold]
fn say<'d>(walk: &mut Walk<'_, 'd>, rule: &'static Rule, node: NodeRef<'d>, detail: &str) {
    let detail = walk.detail(detail);
    walk.say(rule, node).detail = detail;
}
