//! Where a node stands, in the terms of the base definitions: the types and labels on the way from the root to it.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use foldhash::fast::FixedState;
use touchmark_document::{Name, NodeRef};

use crate::definition::type_of_suffix;
use crate::graph::{ANY_TYPES, Element, ElementId, RuleGraph};
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

/// The way from the root of the document to a node; the root is first.
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

fn way_to<'g, 'd: 'g>(graph: &'g RuleGraph, node: NodeRef<'d>) -> (Vec<Step<'g, 'd>>, Option<At<'g>>) {
    let mut nodes = vec![node];
    while let Some(parent) = nodes[nodes.len() - 1].parent() {
        nodes.push(parent);
    }
    nodes.reverse();
    let mut steps: Vec<Step<'g, 'd>> = Vec::with_capacity(nodes.len());
    let mut at: Option<At<'g>> = None;
    for node in nodes {
        let parent = at.filter(|_| !steps.is_empty());
        let found = parent.and_then(|at| child(graph, at, node));
        let mut step = Step {
            node,
            label: node.name_text(),
            written: node.name_text(),
            choice: false,
            repeats: false,
            type_name: "",
        };
        if let Some((element, of_type)) = found {
            let rules = element.element();
            step.label = rules.label.trim_end_matches("[x]");
            step.choice = rules.label.len() != step.label.len();
            step.repeats = rules.repeats;
            let t = rules.types.get(of_type);
            step.type_name = t.map_or("", |t| &t.code);
            let own = graph.own_children(element.profile, element.id).is_some();
            at = if own {
                Some(element)
            } else {
                t.and_then(|t| t.definition).and_then(|d| graph.profile(d)).map(At::root)
            };
        } else if let Some((choice, of_type)) = parent.and_then(|at| wrong_choice(graph, at, node)) {
            (step.label, step.choice, step.type_name) = (choice.label.trim_end_matches("[x]"), true, of_type);
            at = graph.find_type(graph.names().find(of_type)).and_then(|d| graph.profile(d)).map(At::root);
        } else {
            at = None;
        }
        if node.is_resource() {
            at = graph.find_type(node.resource()).and_then(|d| graph.profile(d)).map(At::root);
            step.type_name = node.resource_text();
        }
        steps.push(step);
    }
    (steps, at)
}

fn child<'g>(graph: &'g RuleGraph, at: At<'g>, node: NodeRef<'_>) -> Option<(At<'g>, usize)> {
    let children = graph.own_children(at.profile, at.id)?;
    let found = children.find(node.name())?;
    let id: ElementId = children.order[found.child as usize];
    Some((at.child(id), found.of_type as usize))
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
    /// The index of a child among those of its name, and whether it is the only one.
    pub fn of(&mut self, parent: NodeRef<'_>, node: NodeRef<'_>) -> (u32, bool) {
        if parent.children().nth(FEW).is_none() {
            let alike = |c: &NodeRef<'_>| c.name() == node.name();
            let index = parent.children().filter(alike).position(|c| c == node).unwrap_or(0);
            return (index as u32, parent.children().filter(alike).nth(1).is_none());
        }
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

/// The FHIRPath of a node: indexes where the type repeats or the document does, no choice suffixes.
///
/// A name that FHIRPath cannot write is said at the parent.
pub(crate) fn expression(graph: &RuleGraph, repeats: &mut Repeats, node: NodeRef<'_>) -> String {
    let mut path = String::with_capacity(80);
    for step in way(graph, node) {
        let Some(parent) = step.node.parent() else {
            let name = step.node.resource_text();
            let is_type =
                step.node.is_resource() && is_identifier(name) && name.starts_with(|c: char| c.is_ascii_uppercase());
            path.push_str(if is_type { name } else { "Resource" });
            continue;
        };
        if !is_identifier(step.label) {
            break;
        }
        path.push('.');
        path.push_str(step.label);
        let (index, only) = if step.choice { among_choices(parent, &step) } else { repeats.of(parent, step.node) };
        if step.repeats || step.node.in_array() || !only {
            // Writing to a String does not fail.
            let _ = write!(path, "[{index}]");
        }
    }
    path
}

/// The index of a choice among those of its stem: in a path `valueString` and `valueBoolean` are both `value`.
fn among_choices(parent: NodeRef<'_>, step: &Step<'_, '_>) -> (u32, bool) {
    let of_stem = |c: &NodeRef<'_>| {
        c.name_text()
            .strip_prefix(step.label)
            .is_some_and(|suffix| suffix.starts_with(|l: char| l.is_ascii_uppercase()))
    };
    // In a long list the path names the first of them, which is better than to count it again each time.
    let choices = || parent.children().take(FEW).filter(of_stem);
    (choices().position(|c| c == step.node).unwrap_or(0) as u32, choices().nth(1).is_none())
}

/// An identifier of FHIRPath that needs no quotation.
fn is_identifier(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
