//! Where a node stands, in the terms of the base definitions: the types and labels on the way from the root to it.

use touchmark_document::NodeRef;

use crate::graph::{ElementId, RuleGraph};
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
    let mut nodes = vec![node];
    while let Some(parent) = nodes[nodes.len() - 1].parent() {
        nodes.push(parent);
    }
    nodes.reverse();
    let mut steps: Vec<Step<'g, 'd>> = Vec::with_capacity(nodes.len());
    let mut at: Option<At<'g>> = None;
    for node in nodes {
        let found = at.filter(|_| !steps.is_empty()).and_then(|at| child(graph, at, node));
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
            at = if own { Some(element) } else { t.and_then(|t| t.definition).and_then(|d| graph.profile(d)).map(At::root) };
        } else {
            at = None;
        }
        if node.is_resource() {
            at = graph.find_type(node.resource()).and_then(|d| graph.profile(d)).map(At::root);
            step.type_name = node.resource_text();
        }
        steps.push(step);
    }
    steps
}

fn child<'g>(graph: &'g RuleGraph, at: At<'g>, node: NodeRef<'_>) -> Option<(At<'g>, usize)> {
    let children = graph.own_children(at.profile, at.id)?;
    let found = children.find(node.name())?;
    let id: ElementId = children.order[found.child as usize];
    Some((at.child(id), found.of_type as usize))
}

/// The FHIRPath of a node: indexes where the type repeats or the document does, no choice suffixes.
pub(crate) fn expression(graph: &RuleGraph, node: NodeRef<'_>) -> String {
    let mut path = String::new();
    for step in way(graph, node) {
        let Some(parent) = step.node.parent() else {
            path.push_str(step.node.resource_text());
            continue;
        };
        if path.is_empty() {
            path.push_str("Resource");
        }
        path.push('.');
        path.push_str(step.label);
        let alike = |n: &NodeRef<'_>| n.name() == step.node.name();
        if step.repeats || step.node.in_array() || parent.children().filter(alike).nth(1).is_some() {
            let index = parent.children().filter(alike).position(|n| n == step.node).unwrap_or(0);
            path.push_str(&format!("[{index}]"));
        }
    }
    path
}
