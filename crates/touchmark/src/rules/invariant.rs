//! Invariants: FHIRPath expressions that must hold for an element, the commonest of them as code of our own.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use touchmark_document::{NodeId, NodeRef};
use touchmark_fhirpath::{Environment, Expression, Model, Truth};

use super::primitive::{self, Primitive};
use super::{cardinality, slicing};
use crate::answers::Answers;
use crate::definition::Constraint;
use crate::graph::RuleGraph;
use crate::issue::Issue;
use crate::library::Library;
use crate::place;
use crate::rule::{Severity, rules};
use crate::snapshot::DefinitionId;
use crate::walk::{At, Walk};

rules! {
    FAILED = "invariant-failed", Error, "invariant",
        says "{subject} breaks the invariant {detail}",
        why "The definition requires the expression to be true of the element.",
        mend "Read what must hold, and mend the part of the element that does not go with the others.",
        at "conformance-rules.html#constraints";
    UNKNOWN = "invariant-unknown", Information, "incomplete",
        says "it cannot be said whether {subject} meets the invariant {detail}",
        why "The expression comes to nothing: dates of different precision, or elements that it compares and that are not there.",
        mend "Nothing; where a date is less precise than another, the order of the two is open.",
        at "conformance-rules.html#constraints";
    TOO_COSTLY = "invariant-failed-to-run", Warning, "processing",
        says "the invariant {detail}",
        why "The expression asks for something that this document does not have in that form, or takes too long.",
        mend "Look at the element; if nothing is wrong with it, the definition's author should mend the expression.",
        at "conformance-rules.html#constraints";
}

/// What the detail of [`FAILED`] begins with where it is about [`How::Extension`].
const EXTENSION_KEY: &str = "ext-1:";

/// An invariant, compiled.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// The key, severity and expression as published.
    pub constraint: Arc<Constraint>,
    /// The definition that makes it.
    pub origin: DefinitionId,
    /// Whether that definition is a type rather than a profile: then the type's own check covers it.
    pub(crate) of_type: bool,
    pub(crate) how: How,
}

/// How an invariant is judged.
#[derive(Clone, Debug)]
pub(crate) enum How {
    /// `ele-1`: a value or children.
    Content,
    /// `ext-1`: a value or parts, not both.
    Extension,
    /// `per-1`: the start is not after the end.
    Period,
    /// Said by a rule of its own, which knows the place better: `ref-1`, `dom-1` to `dom-4`, `bdl-7`, `bdl-8`, `que-2`, `txt-1`, `txt-2`.
    Elsewhere,
    /// By its expression.
    Path(Arc<Expression>),
    /// Its expression cannot be read: a defect of the definition.
    Unreadable,
}

/// The expressions that have been read, each once.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    read: HashMap<Box<str>, How, FixedState>,
}

impl Expressions {
    /// Compiles an invariant; the error says where its expression cannot be read, or which type it asks for in vain.
    pub fn compile(&mut self, library: &Library, constraint: &Constraint) -> (How, Option<String>) {
        // Only these 96.6 % of all rows are code; they are known by their expression, so another one of the same key is read.
        let how = match &*constraint.expression {
            "hasValue() | (children().count() > id.count())" => How::Content,
            "extension.exists() != value.exists()" => How::Extension,
            "start.empty() or end.empty() or (start <= end)" => How::Period,
            "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %resource.contained.id.trace('ids'))"
            | "contained.contained.empty()"
            | "contained.text.empty()"
            | "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"
            | "contained.where(('#'+id in %resource.descendants().reference).not()).empty()"
            | "entry.where(fullUrl).select(fullUrl&resource.meta.versionId).isDistinct()"
            | "fullUrl.contains('/_history/').not()"
            | "descendants().linkId.isDistinct()"
            | "htmlchecks()" => How::Elsewhere,
            "" => return (How::Unreadable, Some("no expression".into())),
            text => {
                if let Some(known) = self.read.get(text) {
                    return (known.clone(), None);
                }
                match Expression::parse(text) {
                    Ok(mut expression) => {
                        if let Some(unknown) = expression.unknown_type(&Loaded(library)) {
                            return (How::Unreadable, Some(format!("there is no type {unknown}")));
                        }
                        expression.bind(&library.names);
                        let how = How::Path(Arc::new(expression));
                        self.read.insert(text.into(), how.clone());
                        how
                    }
                    Err(trouble) => return (How::Unreadable, Some(trouble.to_string())),
                }
            }
        };
        (how, None)
    }
}

/// Judges the invariants of an element on a node. Those of types are left out where the type itself is checked.
#[inline]
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, with_types: bool) {
    let asked = at.element().asked;
    // Most elements have no other than ele-1, and hardly any breaks it.
    if asked.invariants || asked.content && content(walk, node) != Truth::True {
        judge(walk, node, at, with_types);
    }
}

fn judge<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, with_types: bool) {
    for invariant in &at.element().constraints {
        if invariant.of_type && !with_types {
            continue;
        }
        let truth = match &invariant.how {
            How::Content => content(walk, node),
            How::Extension => extension(walk, node),
            How::Period => period(node),
            How::Elsewhere => Truth::True,
            How::Path(expression) => by_path(walk, node, at, expression, invariant),
            How::Unreadable => {
                walk.tally.invariants += 1;
                Truth::True
            }
        };
        match truth {
            Truth::True => {}
            Truth::False => failed(walk, node, at, invariant),
            Truth::Unknown => unknown(walk, node, at, invariant),
        }
    }
}

#[cold]
fn failed<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, invariant: &Invariant) {
    let constraint = &invariant.constraint;
    let detail = walk.detail(format!("{}: {}", constraint.key, constraint.expression));
    let issue = walk.say_from(&FAILED, node, at);
    issue.detail = detail;
    if constraint.warning {
        issue.severity = Severity::Warning;
    }
}

/// Leaves out that an extension has neither or both of value and parts where a profile says which of them is missing or too
/// much: that is one fault, and the profile says more.
pub(crate) fn finish(walk: &mut Walk<'_, '_>) {
    let of_extension = |walk: &Walk<'_, '_>, issue: &Issue| {
        let detail = walk.details.get(issue.detail.0 as usize);
        *issue.rule == FAILED && detail.is_some_and(|d| d.starts_with(EXTENSION_KEY))
    };
    let failed: HashSet<NodeId, FixedState> =
        walk.issues.iter().filter(|i| of_extension(walk, i)).map(|i| i.node).collect();
    if failed.is_empty() {
        return;
    }
    let place = |issue: &Issue| match issue.rule {
        rule if *rule == cardinality::MINIMUM || *rule == slicing::MINIMUM => Some(issue.node),
        rule if *rule == cardinality::MAXIMUM => walk.document.node(issue.node).parent().map(NodeRef::id),
        _ => None,
    };
    let said: HashSet<NodeId, FixedState> =
        walk.issues.iter().filter_map(place).filter(|node| failed.contains(node)).collect();
    let mut issues = std::mem::take(&mut walk.issues);
    issues.retain(|issue| !(said.contains(&issue.node) && of_extension(walk, issue)));
    walk.issues = issues;
}

#[cold]
fn unknown<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, invariant: &Invariant) {
    if walk.trying == 0 {
        walk.tally.undecided += 1;
    }
    let constraint = &invariant.constraint;
    let detail = walk.detail(format!("{}: {}", constraint.key, constraint.expression));
    walk.say_from(&UNKNOWN, node, at).detail = detail;
}

/// An element that has nothing at all has been reported by the reader.
#[inline]
fn content(walk: &Walk<'_, '_>, node: NodeRef<'_>) -> Truth {
    if node.has_value() || !node.has_children() {
        return Truth::True;
    }
    let id = walk.graph.known.id;
    if node.children().any(|c| c.name() != id) || node.is_resource() { Truth::True } else { Truth::False }
}

fn extension(walk: &Walk<'_, '_>, node: NodeRef<'_>) -> Truth {
    let known = &walk.graph.known;
    let mut parts = false;
    let mut value = false;
    for child in node.children().filter(|child| child.name() != known.url) {
        parts |= child.name() == known.extension;
        value |= child.name_text().starts_with("value");
    }
    if parts == value { Truth::False } else { Truth::True }
}

fn period(node: NodeRef<'_>) -> Truth {
    let (Some(start), Some(end)) = (node.child_value("start"), node.child_value("end")) else { return Truth::True };
    match primitive::compare(Primitive::DateTime, start, end) {
        Some(Ordering::Greater) => Truth::False,
        Some(_) => Truth::True,
        None => Truth::Unknown,
    }
}

#[inline(never)]
fn by_path<'d>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    at: At<'_>,
    expression: &Expression,
    invariant: &Invariant,
) -> Truth {
    let graph = walk.graph;
    let answers = &Answers { graph };
    let environment = Environment {
        model: &Typed { graph },
        resolver: &*walk.links,
        checks: walk.answers.then_some(answers),
        terminology: walk.answers.then_some(answers),
        steps: 5_000_000,
        ..Environment::default()
    };
    match expression.evaluate_boolean(node, &environment, &mut walk.scratch) {
        Ok(truth) => truth,
        Err(trouble) => {
            let detail = walk.detail(format!("{} could not be evaluated: {trouble}", invariant.constraint.key));
            walk.say_from(&TOO_COSTLY, node, at).detail = detail;
            Truth::True
        }
    }
}

/// The names of types, by the definitions.
struct Loaded<'l>(&'l Library);

impl Model for Loaded<'_> {
    fn type_of<'d>(&'d self, _: NodeRef<'d>) -> Option<&'d str> {
        None
    }

    fn has_type(&self, name: &str) -> Option<bool> {
        let is_there = |name| self.0.find_type(name).is_some();
        // Without the base definitions nobody knows.
        if is_there(name) { Some(true) } else { is_there("Element").then_some(false) }
    }
}

/// The types of nodes, by the definitions.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'g> {
    pub(crate) graph: &'g RuleGraph,
}

impl Model for Typed<'_> {
    fn type_of<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str> {
        if node.is_resource() {
            return Some(node.resource_text());
        }
        place::way(self.graph, node).last().map(|step| step.type_name).filter(|name| !name.is_empty())
    }

    fn has_type(&self, name: &str) -> Option<bool> {
        Loaded(self.graph.library()).has_type(name)
    }

    fn is_choice(&self, base: &str) -> bool {
        self.graph.is_choice(base)
    }
}
