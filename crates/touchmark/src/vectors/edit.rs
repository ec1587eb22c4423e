//! The edits: each reads the message, changes its tree, and writes it again.

use touchmark_document::{Arena, Document, Limits, NodeRef};

use super::Edit;
use super::tree::Tree;
use crate::graph::RuleGraph;
use crate::messages::Selector;
use crate::place;

/// Applies one edit.
pub(crate) fn apply(edit: &Edit, text: &str, graph: &RuleGraph) -> Result<String, String> {
    if let Edit::CutBehind(mark) = edit {
        let at = text.find(mark.as_str()).ok_or_else(|| format!("the message has no {mark}"))?;
        return Ok(text[..at + mark.len()].to_owned());
    }
    let mut arena = Arena::new();
    let document =
        touchmark_document::parse(text, &mut arena, graph.names(), Limits::default()).map_err(|e| e.to_string())?;
    let mut tree = Tree::of(document.root());
    let found = |path: &str| nodes(&document, graph, path);
    match edit {
        // Neither is of the tree.
        Edit::CutBehind(_) | Edit::Envelope { .. } => {}
        Edit::Remove(at) => {
            let found = found(at)?;
            tree.change(&found, &mut |_| Vec::new());
        }
        Edit::Set { at, value, from, before } => {
            let value = match from {
                None => value.clone(),
                Some(from) => {
                    let node = document.node(touchmark_document::NodeId(found(from)?[0]));
                    format!("{before}{}{value}", node.value().unwrap_or(""))
                }
            };
            for node in found(at)? {
                if let Some(tree) = tree.find(node) {
                    tree.value = Some(value.clone());
                }
            }
        }
        Edit::Add { to, name, value, first } => {
            for node in found(to)? {
                let order = order(graph, document.node(touchmark_document::NodeId(node)));
                if let Some(parent) = tree.find(node) {
                    insert(parent, name, Tree::from_json(name, value), *first, &order);
                }
            }
        }
        Edit::Replace { at, value, name } => {
            let found = found(at)?;
            tree.change(&found, &mut |old| {
                let new = Tree::from_json(name.as_deref().unwrap_or(&old.name), value);
                new.into_iter().map(|tree| Tree { in_array: old.in_array || tree.in_array, ..tree }).collect()
            });
        }
        Edit::Repeat(at) => {
            let found = found(at)?;
            tree.change(&found[..1], &mut |old| vec![old.clone(), old]);
        }
        Edit::Copy { at, to, name } => {
            let node = document.node(touchmark_document::NodeId(found(at)?[0]));
            let mut copy = Tree::of(node);
            if let Some(name) = name {
                copy.name.clone_from(name);
            }
            let parent = found(to)?[0];
            let order = order(graph, document.node(touchmark_document::NodeId(parent)));
            if let Some(parent) = tree.find(parent) {
                let name = copy.name.clone();
                insert(parent, &name, vec![copy], false, &order);
            }
        }
        Edit::Move { at, to } => {
            let node = document.node(touchmark_document::NodeId(found(at)?[0]));
            let parent = node.parent().ok_or("the root cannot be moved")?.id().0;
            let mut moved = None;
            tree.change(&[node.id().0], &mut |old| {
                moved = Some(old);
                Vec::new()
            });
            if let (Some(moved), Some(parent)) = (moved, tree.find(parent)) {
                let mut like =
                    parent.children.iter().enumerate().filter(|(_, c)| c.name == moved.name).map(|(at, _)| at);
                let at = if to == "first" { like.next() } else { like.next_back().map(|at| at + 1) };
                parent.children.insert(at.unwrap_or(parent.children.len()), moved);
            }
        }
        Edit::Pad { at, with, to } => {
            let node = found(at)?[0];
            if let Some(tree) = tree.find(node) {
                let missing = to.saturating_sub(text.len()) / with.len() + 1;
                // Before the padding of base64, which ends the value.
                let value = tree.value.get_or_insert_default();
                let end = value.trim_end_matches('=').len() / 4 * 4;
                value.truncate(end);
                value.push_str(&with.repeat(missing));
            }
        }
    }
    Ok(tree.write(document.format()))
}

fn nodes(document: &Document<'_>, graph: &RuleGraph, path: &str) -> Result<Vec<u32>, String> {
    let found: Vec<u32> = Selector::parse(path, graph.names())
        .map_err(|e| format!("{path}: {}", e.reason))?
        .select(document.root())
        .into_iter()
        .map(|n| n.id().0)
        .collect();
    if found.is_empty() { Err(format!("the message has no {path}")) } else { Ok(found) }
}

/// The names of the children that an element may have, in the order of its definition.
fn order(graph: &RuleGraph, parent: NodeRef<'_>) -> Vec<String> {
    place::labels(graph, parent)
}

fn insert(parent: &mut Tree, name: &str, new: Vec<Tree>, first: bool, order: &[String]) {
    let mut like = parent.children.iter().enumerate().filter(|(_, c)| c.name == name).map(|(at, _)| at);
    let at = if first { like.next() } else { like.next_back().map(|at| at + 1) };
    let rank = |name: &str| {
        order.iter().position(|o| o == name || (o.ends_with("[x]") && name.starts_with(o.trim_end_matches("[x]"))))
    };
    let at = at.unwrap_or_else(|| {
        let mine = rank(name).unwrap_or(usize::MAX);
        parent.children.iter().position(|c| rank(&c.name).unwrap_or(0) > mine).unwrap_or(parent.children.len())
    });
    for (offset, mut tree) in new.into_iter().enumerate() {
        if parent.children.get(at.saturating_sub(1)).is_some_and(|c| c.name == name && c.in_array) {
            tree.in_array = true;
        }
        parent.children.insert(at + offset, tree);
    }
}
