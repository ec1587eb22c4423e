//! Where a node stands, in the terms of the base definitions: the types and labels on the way from the root to it.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use touchmark_document::{Name, NodeId, NodeRef};

use crate::definition::type_of_suffix;
use crate::graph::{ANY_TYPES, Element, ElementId, RuleGraph};
use crate::sentence;
use crate::walk::At;

/// One node on the way, as the base definitions see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'g, 'd> {
    pub node: NodeRef<'d>,
    /// The element name as a path writes it: `value` for `valueQuantity`. Where no definition knows it, as written.
    pub label: &'g str,
    pub written: &'d str,
    /// Whether it is a choice.
    pub choice: bool,
    /// Whether the type lets it repeat.
    pub repeats: bool,
    /// The type of the element; of a resource its resource type; empty where it is not known.
    pub type_name: &'g str,
}

/// The way from the innermost resource around a node to the node; the resource is first.
pub(crate) fn way<'g, 'd: 'g>(graph: &'g RuleGraph, node: NodeRef<'d>) -> Vec<Step<'g, 'd>> {
    way_to(graph, node).0
}

/// The names of the children that a node may have, as its base definition lists them.
pub(crate) fn labels(graph: &RuleGraph, node: NodeRef<'_>) -> Vec<String> {
    let Some(at) = way_to(graph, node).1 else { return Vec::new() };
    let children = graph.own_children(at.profile, at.id);
    let label = |id: &ElementId| at.profile.elements[id.0 as usize].label.to_string();
    children.map_or_else(Vec::new, |c| c.order.iter().map(label).collect())
}

/// The way to a node, and where its children stand.
fn way_to<'g, 'd: 'g>(graph: &'g RuleGraph, node: NodeRef<'d>) -> (Vec<Step<'g, 'd>>, Option<At<'g>>) {
    let mut steps = Vec::with_capacity(8);
    let inside = go(graph, node, &mut steps);
    (steps, inside)
}

fn go<'g, 'd: 'g>(graph: &'g RuleGraph, node: NodeRef<'d>, steps: &mut Vec<Step<'g, 'd>>) -> Option<At<'g>> {
    // As deep as the document at most, which its reader bounds.
    let above = node.parent().filter(|_| !node.is_resource());
    let parent = above.and_then(|above| go(graph, above, steps));
    let (step, inside) = step(graph, parent, node);
    steps.push(step);
    inside
}

/// What a node is, and where its children stand; `parent` is where it stands itself.
fn step<'s, 'g: 's, 'd: 's>(
    graph: &'g RuleGraph,
    parent: Option<At<'g>>,
    node: NodeRef<'d>,
) -> (Step<'s, 'd>, Option<At<'g>>) {
    let written = node.name_text();
    let mut step = Step { node, label: written, written, choice: false, repeats: false, type_name: "" };
    let mut inside = None;
    if let Some((element, of_type)) = parent.and_then(|at| child(graph, at, node)) {
        let rules = element.element();
        (step.label, step.choice) = stem(&rules.label);
        step.repeats = rules.repeats;
        let t = rules.types.get(of_type);
        step.type_name = t.map_or("", |t| &t.code);
        inside = if graph.own_children(element.profile, element.id).is_some() {
            Some(element)
        } else {
            t.and_then(|t| t.definition).and_then(|d| graph.profile(d)).map(At::root)
        };
    } else if let Some((choice, of_type)) = parent.and_then(|at| wrong_choice(graph, at, node)) {
        (step.label, step.choice, step.type_name) = (stem(&choice.label).0, true, of_type);
        inside = graph.find_type(graph.names().find(of_type)).and_then(|d| graph.profile(d)).map(At::root);
    }
    if node.is_resource() {
        inside = graph.find_type(node.resource()).and_then(|d| graph.profile(d)).map(At::root);
        step.type_name = node.resource_text();
    }
    (step, inside)
}

/// A label without `[x]`, and whether it had it.
fn stem(label: &str) -> (&str, bool) {
    label.strip_suffix("[x]").map_or((label, false), |stem| (stem, true))
}

fn child<'g>(graph: &'g RuleGraph, at: At<'g>, node: NodeRef<'_>) -> Option<(At<'g>, usize)> {
    let children = graph.own_children(at.profile, at.id)?;
    let found = children.find(node.name())?;
    Some((at.child(found.element), found.of_type as usize))
}

/// The choice that a child is, though of a type that it may not have.
#[cold]
fn wrong_choice<'g>(graph: &'g RuleGraph, at: At<'g>, node: NodeRef<'_>) -> Option<(&'g Element, &'static str)> {
    let children = graph.own_children(at.profile, at.id)?;
    children.order.iter().map(|id| at.child(*id).element()).find_map(|element| {
        let suffix = node.name_text().strip_prefix(element.label.strip_suffix("[x]")?)?;
        let of_type = type_of_suffix(suffix);
        Some((element, *ANY_TYPES.iter().find(|t| **t == of_type)?))
    })
}

/// The places of repeats among their siblings, counted once for each long list of children.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    counted: HashSet<u32, FixedState>,
    /// The index of a node among its siblings of the same name, and whether it is the only one.
    index: HashMap<u32, (u32, bool), FixedState>,
}

/// Children up to this many are counted again each time, which is cheaper than to remember them.
const FEW: usize = 24;

impl Repeats {
    /// The index of a child among those of its name, and whether it is the only one. `before` is another child with its index,
    /// which it may come after: then only those between the two are counted.
    pub fn of<'d>(
        &mut self,
        parent: NodeRef<'d>,
        node: NodeRef<'d>,
        before: Option<(NodeRef<'d>, u32)>,
    ) -> (u32, bool) {
        if let Some((before, index)) = before.filter(|(before, _)| before.name() == node.name()) {
            let mut alike = before.following().take(FEW).filter(|child| child.name() == node.name());
            if let Some(more) = alike.position(|child| child == node) {
                return (index + 1 + more as u32, false);
            }
        }
        let (mut index, mut alike) = (0, 0);
        for (place, child) in parent.children().enumerate() {
            if place == FEW {
                return self.among_many(parent, node);
            }
            if child.name() == node.name() {
                if child == node {
                    index = alike;
                }
                alike += 1;
            }
        }
        (index, alike < 2)
    }

    fn among_many(&mut self, parent: NodeRef<'_>, node: NodeRef<'_>) -> (u32, bool) {
        if self.counted.insert(parent.id().0) {
            let mut counts: HashMap<Name, u32, FixedState> = HashMap::default();
            for child in parent.children() {
                let count = counts.entry(child.name()).or_default();
                self.index.insert(child.id().0, (*count, true));
                *count += 1;
            }
            for child in parent.children() {
                if let Some((_, only)) = self.index.get_mut(&child.id().0) {
                    *only = counts.get(&child.name()) == Some(&1);
                }
            }
        }
        self.index.get(&node.id().0).copied().unwrap_or((0, true))
    }
}

/// Makes the FHIRPaths of nodes of one document. It goes on from the node that was asked for last: findings come in the order of
/// the document, so that most of the way to one has been gone for the one before.
#[derive(Default)]
pub(crate) struct Expressions<'g> {
    repeats: Repeats,
    /// The path of the last node of the way.
    path: String,
    way: Vec<Stop<'g>>,
    /// Nodes that are still to be gone to, the next one last.
    ahead: Vec<NodeRef<'g>>,
}

/// A node on the way, the root first.
#[derive(Clone, Copy)]
struct Stop<'g> {
    node: NodeId,
    /// Where its path ends.
    end: usize,
    /// Whether all names on the way could be written.
    whole: bool,
    /// Where its children stand.
    inside: Option<At<'g>>,
    type_name: &'g str,
    /// The child that was on the way last, with its index among those of its name.
    child: Option<(NodeRef<'g>, u32)>,
}

impl<'g> Expressions<'g> {
    /// The index of a child among those of its name.
    pub fn index(&mut self, parent: NodeRef<'g>, node: NodeRef<'g>) -> u32 {
        let above = self.way.iter().find(|stop| stop.node == parent.id());
        match above.and_then(|stop| stop.child) {
            Some((child, index)) if child == node => index,
            before => self.repeats.of(parent, node, before).0,
        }
    }

    /// The FHIRPath of a node: indexes where the type repeats or the document does, no choice suffixes.
    ///
    /// A name that FHIRPath cannot write is said at the parent.
    pub fn of(&mut self, graph: &'g RuleGraph, node: NodeRef<'g>) -> &str {
        self.go(graph, node);
        &self.path
    }

    /// The FHIRPath of what a node has under a name, and which is no node; `None` where FHIRPath cannot write it.
    pub fn below(&mut self, graph: &'g RuleGraph, node: NodeRef<'g>, name: &str) -> Option<String> {
        self.go(graph, node);
        let whole = self.way.last().is_some_and(|stop| stop.whole);
        (whole && is_identifier(name)).then(|| format!("{}.{name}", self.path))
    }

    /// The type of a node as the base definitions have it; of a resource its resource type; empty where it is not known.
    pub fn type_of(&mut self, graph: &'g RuleGraph, node: NodeRef<'g>) -> &'g str {
        self.go(graph, node);
        self.way.last().map_or("", |stop| stop.type_name)
    }

    /// Goes to a node. The way is as long as the document is deep.
    fn go(&mut self, graph: &'g RuleGraph, node: NodeRef<'g>) {
        self.ahead.clear();
        let mut next = Some(node);
        while let Some(at) = next {
            // Parents are numbered before their children: what has a higher number does not hold this node.
            while self.way.last().is_some_and(|stop| stop.node > at.id()) {
                self.way.pop();
            }
            if self.way.last().is_some_and(|stop| stop.node == at.id()) {
                break;
            }
            self.ahead.push(at);
            next = at.parent();
        }
        self.path.truncate(self.way.last().map_or(0, |stop| stop.end));
        while let Some(node) = self.ahead.pop() {
            let stop = self.stop(graph, node);
            self.way.push(stop);
        }
    }

    /// Adds the last step to a node to the path.
    fn stop(&mut self, graph: &'g RuleGraph, node: NodeRef<'g>) -> Stop<'g> {
        let Some((above, parent)) = self.way.last_mut().zip(node.parent()) else {
            root_expression(&mut self.path, node);
            let inside = graph.find_type(node.resource()).and_then(|d| graph.profile(d)).map(At::root);
            let type_name = node.resource_text();
            return Stop { node: node.id(), end: self.path.len(), whole: true, inside, type_name, child: None };
        };
        let (step, inside) = step(graph, above.inside, node);
        let whole = above.whole && is_identifier(step.label);
        if whole {
            self.path.push('.');
            self.path.push_str(step.label);
            let (index, only) = if step.choice {
                among_choices(parent, &step)
            } else {
                let (index, only) = self.repeats.of(parent, node, above.child);
                above.child = Some((node, index));
                (index, only)
            };
            if step.repeats || node.in_array() || !only {
                self.path.push('[');
                sentence::add_number(&mut self.path, index);
                self.path.push(']');
            }
        }
        Stop { node: node.id(), end: self.path.len(), whole, inside, type_name: step.type_name, child: None }
    }
}

fn root_expression(out: &mut String, node: NodeRef<'_>) {
    let name = node.resource_text();
    let is_type = node.is_resource() && is_identifier(name) && name.starts_with(|c: char| c.is_ascii_uppercase());
    out.push_str(if is_type { name } else { "Resource" });
}

/// The index of a choice among those of its stem: in a path `valueString` and `valueBoolean` are both `value`.
fn among_choices(parent: NodeRef<'_>, step: &Step<'_, '_>) -> (u32, bool) {
    let of_stem = |c: &NodeRef<'_>| {
        c.name_text()
            .strip_prefix(step.label)
            .is_some_and(|suffix| suffix.starts_with(|l: char| l.is_ascii_uppercase()))
    };
    // In a long list the path names the first of them, which is better than to count it again each time.
    let (mut index, mut alike) = (0, 0);
    for choice in parent.children().take(FEW).filter(of_stem) {
        if choice == step.node {
            index = alike;
        }
        alike += 1;
    }
    (index, alike < 2)
}

/// An identifier of FHIRPath that needs no quotation.
fn is_identifier(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use touchmark_document::{Arena, Limits, parse};

    use super::*;
    use crate::library::Library;

    #[test]
    fn places_are_the_same_in_any_order() {
        let graph = RuleGraph::new(Library::new());
        let names = "<name><given value=\"a\"/><given value=\"b\"/></name>".repeat(FEW + 6);
        let contact = "<contact><name><family value=\"c\"/></name></contact>";
        let text = format!("<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/>{names}{contact}</Patient>");
        let mut arena = Arena::new();
        let document = parse(&text, &mut arena, graph.names(), Limits::default()).expect("a document");
        let root = document.root();
        let nodes: Vec<NodeRef<'_>> = std::iter::once(root).chain(root.descendants()).collect();
        let alone: Vec<String> = nodes.iter().map(|node| Expressions::default().of(&graph, *node).to_owned()).collect();
        for place in ["Patient", "Patient.active", "Patient.name[29].given[1]", "Patient.contact.name.family"] {
            assert!(alone.iter().any(|path| path == place), "{place} of {alone:?}");
        }
        let count = nodes.len();
        let orders: [Box<dyn Fn(usize) -> usize>; 3] =
            [Box::new(|at| at), Box::new(|at| count - 1 - at), Box::new(|at| at * 37 % count)];
        for order in orders {
            let mut expressions = Expressions::default();
            for at in (0..count).map(order) {
                assert_eq!(expressions.of(&graph, nodes[at]), alone[at]);
            }
        }
    }
}
