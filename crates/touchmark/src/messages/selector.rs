//! Selectors: JSONPath (RFC 9535), parsed by `jsonpath-rust` and compiled to a walk over the element tree.
//!
//! The tree has no arrays: repeats are siblings of one name. A bracket behind a name (`entry[0]`, `entry[*]`, `entry[?…]`)
//! therefore picks among the repeats of that name; a name behind a name goes on from each of them.

mod compile;

use std::cmp::Ordering;

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

/// Nodes in runs: the repeats of one name below one parent, among which a bracket that follows picks, or a single node.
#[derive(Default)]
struct Runs<'d> {
    nodes: Vec<NodeRef<'d>>,
    /// Where each run ends, and whether it is one of repeats.
    ends: Vec<(usize, bool)>,
}

impl<'d> Runs<'d> {
    fn of(node: NodeRef<'d>) -> Self {
        Runs { nodes: vec![node], ends: vec![(1, false)] }
    }

    /// Adds each node as a run of its own.
    fn singles(&mut self, nodes: impl IntoIterator<Item = NodeRef<'d>>) {
        for node in nodes {
            self.nodes.push(node);
            self.ends.push((self.nodes.len(), false));
        }
    }

    /// Adds the repeats of one name.
    fn repeats(&mut self, nodes: impl IntoIterator<Item = NodeRef<'d>>) {
        let before = self.nodes.len();
        self.nodes.extend(nodes);
        if self.nodes.len() > before {
            self.ends.push((self.nodes.len(), true));
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&[NodeRef<'d>], bool)> {
        let mut start = 0;
        self.ends.iter().map(move |(end, repeats)| {
            let run = &self.nodes[start..*end];
            start = *end;
            (run, *repeats)
        })
    }
}

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
        self.select_with(root, &mut Everywhere::default())
    }

    /// As [`Selector::select`], for one of several of the same document.
    pub fn select_with<'d>(&self, root: NodeRef<'d>, everywhere: &mut Everywhere<'d>) -> Vec<NodeRef<'d>> {
        let mut found = match self.steps.split_first() {
            Some((first, rest)) if let Some(field) = first.everywhere(root) => {
                go(rest, everywhere.of(field, root.document()), root)
            }
            _ => walk(&self.steps, root, root),
        };
        if !found.is_sorted_by(|a, b| a.id() < b.id()) {
            found.sort_by_key(|n| n.id());
            found.dedup();
        }
        found
    }
}

fn walk<'d>(steps: &[Step], from: NodeRef<'d>, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    go(steps, &Runs::of(from), root)
}

fn go<'d>(steps: &[Step], from: &Runs<'d>, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    let Some((first, rest)) = steps.split_first() else { return from.nodes.clone() };
    let mut runs = first.go(from, root);
    for step in rest {
        runs = step.go(&runs, root);
    }
    runs.nodes
}

/// The first node that a walk finds; without collecting the others where each step is a name.
fn first<'d>(steps: &[Step], from: NodeRef<'d>, root: NodeRef<'d>) -> Option<NodeRef<'d>> {
    let Some((step, rest)) = steps.split_first() else { return Some(from) };
    match &*step.picks {
        [Pick::Name(field)] if !step.below => {
            // A bracket that follows picks among all repeats of the name.
            if rest.first().is_some_and(|s| s.below || !matches!(*s.picks, [Pick::Name(_)])) {
                return walk(steps, from, root).first().copied();
            }
            from.children().filter(|c| field.is(*c)).find_map(|c| first(rest, c, root))
        }
        _ => walk(steps, from, root).first().copied(),
    }
}

/// The nodes of names that selectors look for in the whole document (`$..identifier`), each name looked for once.
#[derive(Default)]
pub(crate) struct Everywhere<'d> {
    known: Vec<(Name, Runs<'d>)>,
}

impl<'d> Everywhere<'d> {
    fn of(&mut self, field: &Field, document: &'d Document<'d>) -> &Runs<'d> {
        let known = self.known.iter().position(|(name, _)| *name == field.name).unwrap_or_else(|| {
            self.known.push((field.name, field.everywhere(document)));
            self.known.len() - 1
        });
        &self.known[known].1
    }
}

impl Step {
    /// What the step leads to from runs.
    fn go<'d>(&self, from: &Runs<'d>, root: NodeRef<'d>) -> Runs<'d> {
        let mut next = Runs::default();
        for (run, repeats) in from.iter() {
            if self.below {
                for node in run {
                    self.below(*node, root, &mut next);
                }
            } else {
                for pick in &self.picks {
                    pick.pick_of_run(run, repeats, root, &mut next);
                }
            }
        }
        next
    }

    /// The name that the step looks for in the whole document, if that is what it does from this node.
    fn everywhere(&self, from: NodeRef<'_>) -> Option<&Field> {
        match &*self.picks {
            [Pick::Name(field)] if self.below && from.parent().is_none() && field.name != Name::NONE => Some(field),
            _ => None,
        }
    }

    /// What the step picks of a node and of everything below it.
    fn below<'d>(&self, node: NodeRef<'d>, root: NodeRef<'d>, next: &mut Runs<'d>) {
        for node in std::iter::once(node).chain(node.descendants().filter(|n| n.has_children())) {
            for pick in &self.picks {
                pick.pick_of_node(node, root, next);
            }
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
    /// All nodes of the name in a document: its nodes lie side by side, so that a look at each is cheaper than a walk.
    fn everywhere<'d>(&self, document: &'d Document<'d>) -> Runs<'d> {
        let mut found = Runs::default();
        for id in 1..document.len() as u32 {
            let node = document.node(NodeId(id));
            if node.name() != self.name {
                continue;
            }
            let Some(parent) = node.parent() else { continue };
            // The first of its repeats brings the others with it.
            let mut alike = parent.children().filter(|c| c.name() == self.name);
            if alike.next() == Some(node) {
                found.repeats(std::iter::once(node).chain(alike));
            }
        }
        found
    }
}

impl Pick {
    fn pick_of_run<'d>(&self, run: &[NodeRef<'d>], repeats: bool, root: NodeRef<'d>, next: &mut Runs<'d>) {
        match self {
            _ if !repeats => {
                for node in run {
                    self.pick_of_node(*node, root, next);
                }
            }
            Pick::Name(_) => {
                for node in run {
                    self.pick_of_node(*node, root, next);
                }
            }
            Pick::Any => next.singles(run.iter().copied()),
            Pick::Index(index) => next.singles(nth(run, *index)),
            Pick::Slice(start, end, step) => next.singles(slice(run, *start, *end, *step)),
            Pick::Filter(condition) => next.singles(run.iter().copied().filter(|n| condition.holds(*n, root))),
        }
    }

    fn pick_of_node<'d>(&self, node: NodeRef<'d>, root: NodeRef<'d>, next: &mut Runs<'d>) {
        let children = || node.children().collect::<Vec<_>>();
        match self {
            Pick::Name(field) => next.repeats(node.children().filter(|c| field.is(*c))),
            Pick::Any => next.singles(node.children()),
            Pick::Index(index) => next.singles(nth(&children(), *index)),
            Pick::Slice(start, end, step) => next.singles(slice(&children(), *start, *end, *step)),
            Pick::Filter(condition) => next.singles(node.children().filter(|n| condition.holds(*n, root))),
        }
    }
}

fn nth<'d>(nodes: &[NodeRef<'d>], index: i64) -> Option<NodeRef<'d>> {
    let from_end = index.unsigned_abs() as usize;
    let at = if index < 0 { nodes.len().checked_sub(from_end)? } else { from_end };
    nodes.get(at).copied()
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
            Operand::Count(from, steps) => Value::Number(number(walk(steps, from.node(here, root), root).len())),
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
