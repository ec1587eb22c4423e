//! The contexts of extensions: whether they are places that there are, and whether profiles put the extension there.

use super::{Defect, DefectKind, push};
use crate::graph::{Profile, RuleGraph};
use crate::library::Within;
use crate::snapshot::Trees;
use crate::snapshot::place::Place;

/// Contexts that stand for more than one type.
const ANYWHERE: &[&str] = &["*", "Element", "Any", "Resource", "DomainResource", "BackboneElement"];

/// Checks the contexts of an extension.
pub(super) fn check(graph: &RuleGraph, profile: &Profile, defects: &mut Vec<Defect>) {
    if profile.is_type || &*profile.type_name != "Extension" || profile.contexts.is_empty() {
        return;
    }
    let by_url = &*profile.context_type == "extension";
    for context in &profile.contexts {
        let url = context.split('#').next().unwrap_or(context);
        if by_url && !context.starts_with("http") {
            let detail = format!("{context} (contextType says that it is the url of an extension)");
            push(defects, "", DefectKind::ContextUnknown, detail);
        } else if by_url && graph.find(url).is_none() || !by_url && !exists(graph, context) {
            push(defects, "", DefectKind::ContextUnknown, context.clone());
        }
    }
    if by_url || profile.contexts.iter().any(|c| ANYWHERE.contains(&&**c)) {
        return;
    }
    let placements = graph.library().placements(&profile.url);
    let places: Vec<Vec<String>> = placements.iter().map(|p| names(graph, p)).collect();
    let allowed = |place: &Vec<String>| profile.contexts.iter().any(|c| place.iter().any(|n| **n == **c));
    if !placements.is_empty() && !places.iter().any(allowed) {
        push(defects, "", DefectKind::ContextsExclude, placements.join(", "));
    }
}

fn exists(graph: &RuleGraph, context: &str) -> bool {
    ANYWHERE.contains(&context) || graph.with_trees(|trees| walk(trees, context).is_some())
}

/// The places on the way along a path, the root first.
fn walk(trees: &mut Within<'_>, path: &str) -> Option<Vec<Place>> {
    let mut parts = path.split('.');
    let mut way = vec![Place::root(trees.type_tree(parts.next()?)?)];
    for name in parts {
        let here = way.last()?;
        let next = here.child(name, trees).or_else(|| here.child(&format!("{name}[x]"), trees))?;
        way.push(next.0);
    }
    Some(way)
}

/// Every name that a place has: its path, and what is left of it behind each element's type.
fn names(graph: &RuleGraph, path: &str) -> Vec<String> {
    let mut names = vec![path.to_owned()];
    let Some(way) = graph.with_trees(|trees| walk(trees, path)) else { return names };
    for (depth, place) in way.iter().enumerate() {
        let rest: Vec<&str> = path.split('.').skip(depth + 1).collect();
        for t in place.tree.elements[place.at].types.iter() {
            let name = [&[&*t.code], &rest[..]].concat().join(".");
            names.push(name);
        }
    }
    names
}
