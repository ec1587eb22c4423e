//! Selectors: JSONPath (RFC 9535), parsed by `jsonpath-rust` and compiled to a walk over the element tree.
//!
//! The tree has no arrays: repeats are siblings of one name. A bracket behind a name (`entry[0]`, `entry[*]`, `entry[?…]`)
//! therefore picks among the repeats of that name; a name behind a name goes on from each of them.

mod compile;

use std::cmp::Ordering;
use std::collections::HashSet;

use foldhash::fast::FixedState;
use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::parse_json_path;
use pest::error::InputLocation;
use regex::Regex;
use touchmark_document::{Document, Name, Names, NodeId, NodeRef};

/// A compiled selector.
#[derive(Debug)]
pub(crate) struct Selector {
    steps: Vec<Step>,
}

/// Why a text is no selector.
#[derive(Clone, Debug)]
pub(crate) struct SelectorError {
    /// Where in the text, in bytes, where the parser knows.
    pub offset: Option<usize>,
    pub reason: String,
}

impl SelectorError {
    fn of(trouble: &JsonPathError) -> Self {
        let JsonPathError::PestError(trouble) = trouble else {
            return SelectorError { offset: None, reason: trouble.to_string() };
        };
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = trouble.location;
        SelectorError { offset: Some(offset), reason: "this is no JSONPath from here on".to_owned() }
    }
}

#[derive(Debug)]
struct Step {
    /// Whether it looks at everything below rather than at the children.
    below: bool,
    picks: Vec<Pick>,
}

#[derive(Debug)]
enum Pick {
    Name(Field),
    Any,
    Index(i64),
    Slice(Option<i64>, Option<i64>, i64),
    Filter(Condition),
}

/// A name with its number; names that the table does not hold are found by their text.
#[derive(Debug)]
struct Field {
    name: Name,
    text: Box<str>,
}

#[derive(Debug)]
enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    Exists(From, Vec<Step>),
    Compare(Operand, fn(Ordering) -> bool, Operand),
    Equal(Operand, Operand, bool),
    Matches(Operand, Regex),
}

#[derive(Clone, Copy, Debug)]
enum From {
    Here,
    Root,
}

#[derive(Debug)]
enum Operand {
    Text(Box<str>),
    Number(f64),
    Boolean(bool),
    Null,
    Query(From, Vec<Step>),
    Count(From, Vec<Step>),
    Length(Box<Operand>),
    /// The type of the resource, which JSON writes as a property.
    ResourceType(From, Vec<Step>),
}

#[derive(Debug, PartialEq)]
enum Value<'d> {
    Text(&'d str),
    Number(f64),
    Boolean(bool),
    Null,
    /// Something with parts, which equals nothing.
    Object,
    Nothing,
}

/// Receives the nodes that are found one after the other, and says whether it wants another.
type Take<'t, 'd> = &'t mut dyn FnMut(NodeRef<'d>) -> bool;

impl Selector {
    /// Parses a selector and looks up its names.
    ///
    /// # Errors
    /// The parser's reason, or the part that has no meaning over an element tree.
    pub fn parse(text: &str, names: &Names) -> Result<Selector, SelectorError> {
        let query = parse_json_path(text).map_err(|e| SelectorError::of(&e))?;
        let steps = compile::steps(&query.segments, names).map_err(|reason| SelectorError { offset: None, reason })?;
        Ok(Selector { steps })
    }

    /// The nodes that the selector finds from `root`, which `$` stands for; in the order of the document, each once.
    pub fn select<'d>(&self, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
        let mut found = Vec::new();
        self.select_with(root, &mut Everywhere::default(), &mut found);
        found
    }

    /// As [`Selector::select`], for one of several of the same document; adds the nodes to `found`.
    pub fn select_with<'d>(&self, root: NodeRef<'d>, everywhere: &mut Everywhere<'d>, found: &mut Vec<NodeRef<'d>>) {
        let before = found.len();
        let mut take = |node| {
            found.push(node);
            true
        };
        match self.steps.split_first() {
            Some((first, rest)) if let Some(field) = first.everywhere(root) => {
                for parent in everywhere.of(field, root.document()) {
                    go_from_repeats(rest, *parent, field, root, &mut take);
                }
            }
            _ => {
                go(&self.steps, root, root, &mut take);
            }
        }
        let new = &mut found[before..];
        if !new.is_sorted_by(|a, b| a.id() < b.id()) {
            let mut sorted = found.split_off(before);
            sorted.sort_by_key(|n| n.id());
            sorted.dedup();
            found.extend(sorted);
        }
    }
}

/// Goes the steps from a node; whether another node is wanted. Before a step the nodes are single ones, or in runs of the repeats
/// of one name below one parent, among which a bracket picks.
fn go<'d>(steps: &[Step], node: NodeRef<'d>, root: NodeRef<'d>, take: Take<'_, 'd>) -> bool {
    let Some((step, rest)) = steps.split_first() else { return take(node) };
    let mut pick = |node| step.picks.iter().all(|p| p.pick(node, rest, root, take));
    if step.below { below(node).all(pick) } else { pick(node) }
}

/// Goes the steps from the repeats of a name below a node.
fn go_from_repeats<'d>(
    steps: &[Step],
    parent: NodeRef<'d>,
    field: &Field,
    root: NodeRef<'d>,
    take: Take<'_, 'd>,
) -> bool {
    let mut repeats = parent.children().filter(|c| field.is(*c));
    match steps.split_first() {
        Some((step, rest)) if !step.below => {
            step.picks.iter().all(|pick| pick.among(repeats.clone(), rest, root, take))
        }
        _ => repeats.all(|node| go(steps, node, root, take)),
    }
}

/// A node and all below it that have children.
fn below(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    std::iter::once(node).chain(node.descendants().filter(|n| n.has_children()))
}

/// The first node that steps lead to.
fn first<'d>(steps: &[Step], from: NodeRef<'d>, root: NodeRef<'d>) -> Option<NodeRef<'d>> {
    let mut found = None;
    go(steps, from, root, &mut |node| {
        found = Some(node);
        false
    });
    found
}

/// How many nodes steps lead to.
fn count<'d>(steps: &[Step], from: NodeRef<'d>, root: NodeRef<'d>) -> usize {
    let mut count = 0;
    go(steps, from, root, &mut |_| {
        count += 1;
        true
    });
    count
}

/// The parents of the nodes of names that selectors look for in the whole document (`$..identifier`), each name looked for once.
#[derive(Default)]
pub(crate) struct Everywhere<'d> {
    known: Vec<(Name, Vec<NodeRef<'d>>)>,
}

impl<'d> Everywhere<'d> {
    fn of(&mut self, field: &Field, document: &'d Document<'d>) -> &[NodeRef<'d>] {
        let known = self.known.iter().position(|(name, _)| *name == field.name).unwrap_or_else(|| {
            self.known.push((field.name, field.everywhere(document)));
            self.known.len() - 1
        });
        &self.known[known].1
    }
}

impl Step {
    /// The name that the step looks for in the whole document, if that is what it does from this node.
    fn everywhere(&self, from: NodeRef<'_>) -> Option<&Field> {
        match &*self.picks {
            [Pick::Name(field)] if self.below && from.parent().is_none() && field.name != Name::NONE => Some(field),
            _ => None,
        }
    }
}

impl Field {
    fn new(text: &str, names: &Names) -> Field {
        let text = text.trim_matches(['"', '\'']);
        Field { name: names.find(text), text: text.into() }
    }

    #[inline]
    fn is(&self, node: NodeRef<'_>) -> bool {
        if self.name == Name::NONE { node.name_text() == &*self.text } else { node.name() == self.name }
    }
}

impl Field {
    /// The parents of all nodes of the name in a document: its nodes lie side by side, so that a look at each is cheaper than
    /// a walk.
    fn everywhere<'d>(&self, document: &'d Document<'d>) -> Vec<NodeRef<'d>> {
        let nodes = (1..document.len() as u32).map(|id| document.node(NodeId(id))).filter(|n| n.name() == self.name);
        // The first of its repeats brings the others with it. Whether it is the first its parent is not asked, which may have
        // a hundred thousand other children before it.
        let mut seen: HashSet<NodeId, FixedState> = HashSet::default();
        nodes.filter_map(NodeRef::parent).filter(|parent| seen.insert(parent.id())).collect()
    }
}

impl Pick {
    /// Goes on from what it picks of a node.
    fn pick<'d>(&self, node: NodeRef<'d>, rest: &[Step], root: NodeRef<'d>, take: Take<'_, 'd>) -> bool {
        match self {
            Pick::Name(field) => go_from_repeats(rest, node, field, root, take),
            _ => self.among(node.children(), rest, root, take),
        }
    }

    /// Goes on from what it picks among nodes; a name picks of each of them.
    fn among<'d>(
        &self,
        mut nodes: impl Iterator<Item = NodeRef<'d>>,
        rest: &[Step],
        root: NodeRef<'d>,
        take: Take<'_, 'd>,
    ) -> bool {
        let go = |node| go(rest, node, root, take);
        match self {
            Pick::Name(field) => nodes.all(|node| go_from_repeats(rest, node, field, root, take)),
            Pick::Any => nodes.all(go),
            Pick::Index(index) => nth(nodes, *index).is_none_or(go),
            Pick::Slice(start, end, step) => {
                let nodes: Vec<NodeRef<'d>> = nodes.collect();
                slice(&nodes, *start, *end, *step).into_iter().all(go)
            }
            Pick::Filter(condition) => nodes.filter(|n| condition.holds(*n, root)).all(go),
        }
    }
}

fn nth<'d>(mut nodes: impl Iterator<Item = NodeRef<'d>>, index: i64) -> Option<NodeRef<'d>> {
    let distance = index.unsigned_abs() as usize;
    if index >= 0 {
        return nodes.nth(distance);
    }
    let nodes: Vec<NodeRef<'d>> = nodes.collect();
    nodes.get(nodes.len().checked_sub(distance)?).copied()
}

/// RFC 9535, section 2.3.4.2.2.
fn slice<'d>(nodes: &[NodeRef<'d>], start: Option<i64>, end: Option<i64>, step: i64) -> Vec<NodeRef<'d>> {
    let length = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
    let normal = |i: i64| if i < 0 { length + i } else { i };
    let node = |at: i64| usize::try_from(at).ok().and_then(|at| nodes.get(at));
    let mut found = Vec::new();
    match step.cmp(&0) {
        Ordering::Equal => {}
        Ordering::Greater => {
            let mut at = normal(start.unwrap_or(0)).clamp(0, length);
            let last = normal(end.unwrap_or(length)).clamp(0, length);
            while at < last {
                found.extend(node(at));
                at = at.saturating_add(step);
            }
        }
        Ordering::Less => {
            let mut at = normal(start.unwrap_or(length - 1)).clamp(-1, length - 1);
            let last = end.map_or(-1, |e| normal(e).clamp(-1, length - 1));
            while at > last {
                found.extend(node(at));
                at = at.saturating_add(step);
            }
        }
    }
    found
}

impl Condition {
    fn holds<'d>(&self, here: NodeRef<'d>, root: NodeRef<'d>) -> bool {
        match self {
            Condition::Or(parts) => parts.iter().any(|p| p.holds(here, root)),
            Condition::And(parts) => parts.iter().all(|p| p.holds(here, root)),
            Condition::Not(part) => !part.holds(here, root),
            Condition::Exists(from, steps) => first(steps, from.node(here, root), root).is_some(),
            Condition::Equal(a, b, wanted) => (a.value(here, root) == b.value(here, root)) == *wanted,
            Condition::Compare(a, holds, b) => order(&a.value(here, root), &b.value(here, root)).is_some_and(holds),
            Condition::Matches(operand, regex) => {
                matches!(operand.value(here, root), Value::Text(text) if regex.is_match(text))
            }
        }
    }
}

fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        _ if a == b => Some(Ordering::Equal),
        _ => None,
    }
}

impl From {
    fn node<'d>(self, here: NodeRef<'d>, root: NodeRef<'d>) -> NodeRef<'d> {
        match self {
            From::Here => here,
            From::Root => root,
        }
    }
}

impl Operand {
    fn value<'d: 's, 's>(&'s self, here: NodeRef<'d>, root: NodeRef<'d>) -> Value<'s> {
        match self {
            Operand::Text(text) => Value::Text(text),
            Operand::Number(number) => Value::Number(*number),
            Operand::Boolean(value) => Value::Boolean(*value),
            Operand::Null => Value::Null,
            Operand::Query(from, steps) => first(steps, from.node(here, root), root)
                .map_or(Value::Nothing, |n| n.value().map_or(Value::Object, Value::Text)),
            Operand::ResourceType(from, steps) => first(steps, from.node(here, root), root)
                .filter(|n| n.is_resource())
                .map_or(Value::Nothing, |n| Value::Text(n.resource_text())),
            Operand::Count(from, steps) => Value::Number(number(count(steps, from.node(here, root), root))),
            Operand::Length(operand) => match operand.value(here, root) {
                Value::Text(text) => Value::Number(number(text.chars().count())),
                _ => Value::Nothing,
            },
        }
    }
}

/// A count as JSON has it.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use touchmark_document::{Arena, Limits};

    use super::*;

    const SOURCE: &str = r#"{"resourceType": "Bundle", "type": "message", "entry": [
        {"fullUrl": "urn:a", "resource": {"resourceType": "Patient", "id": "1", "active": true}},
        {"fullUrl": "urn:b", "resource": {"resourceType": "Organization", "id": "2", "identifier": [
            {"system": "s", "value": "10"}, {"system": "t", "value": "x"}]}},
        {"fullUrl": "urn:c"}]}"#;

    fn check(selector: &str, wanted: &[&str]) {
        let names = Names::new();
        let mut arena = Arena::new();
        let document = touchmark_document::parse(SOURCE, &mut arena, &names, Limits::default()).unwrap();
        let selector = Selector::parse(selector, &names).unwrap();
        let found = selector.select(document.root()).into_iter();
        let found: Vec<&str> = found.map(|n| n.value().unwrap_or(n.resource_text())).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn names_and_brackets() {
        check("$.type", &["message"]);
        check("$.entry.fullUrl", &["urn:a", "urn:b", "urn:c"]);
        check("$.entry[1].fullUrl", &["urn:b"]);
        check("$.entry[-1].fullUrl", &["urn:c"]);
        check("$.entry[1:].fullUrl", &["urn:b", "urn:c"]);
        check("$.entry[::2].fullUrl", &["urn:a", "urn:c"]);
        check("$.entry[0, 2].fullUrl", &["urn:a", "urn:c"]);
        check("$['type', 'none']", &["message"]);
        check("$.none", &[]);
    }

    #[test]
    fn descendants() {
        check("$..id", &["1", "2"]);
        check("$..identifier[*].value", &["10", "x"]);
        check("$..resource", &["Patient", "Organization"]);
    }

    #[test]
    fn filters() {
        check("$.entry[?@.resource].fullUrl", &["urn:a", "urn:b"]);
        check("$.entry[?!@.resource].fullUrl", &["urn:c"]);
        check("$.entry[?@.resource.resourceType=='Patient'].fullUrl", &["urn:a"]);
        check("$..identifier[?@.system=='s' || @.system=='u'].value", &["10"]);
        check("$.entry[?@.resource.id=='2' && $.type=='message'].fullUrl", &["urn:b"]);
        check("$.entry[?match(@.fullUrl, 'urn:[ac]')].fullUrl", &["urn:a", "urn:c"]);
        check("$.entry[?count(@.resource.identifier)>1].fullUrl", &["urn:b"]);
        check("$.entry[?length(@.fullUrl)!=5].fullUrl", &[]);
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        let names = Names::new();
        for text in ["", "entry", "$.", "$[", "$.entry[?]", "$.a[?match(@.b, @.c)]"] {
            assert!(Selector::parse(text, &names).is_err(), "{text}");
        }
    }
}
