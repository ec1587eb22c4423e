//! Lets an instance claim the profile that it is made for, so that whoever checks it knows what to check it by.

use touchmark_document::Form;

use super::Instance;
use crate::graph::RuleGraph;
use crate::snapshot::DefinitionId;
use crate::vectors::tree::Tree;

/// The tree of an instance with `meta.profile`, where the profile allows one and the instance has none.
pub(super) fn claiming(graph: &RuleGraph, instance: &Instance<'_>, mut tree: Tree) -> Tree {
    let Some(profile) = instance.judges.first().and_then(|id| graph.profile(*id)) else { return tree };
    let may = |label: &str| profile.elements.iter().find(|e| *e.id == *label).is_none_or(|e| e.max > 0);
    let meta = format!("{}.meta", profile.type_name);
    if !may(&meta) || !may(&format!("{meta}.profile")) {
        return tree;
    }
    let claim = Tree { in_array: true, ..Tree::leaf("profile", Some(canonical(graph, profile.id)), Form::String) };
    match tree.children.iter_mut().find(|c| c.name == "meta") {
        Some(meta) if meta.child("profile").is_some() => {}
        Some(meta) => drop(instance.builder.insert(meta, claim)),
        None => {
            let mut meta = Tree::empty("meta", Form::Object);
            meta.children.push(claim);
            instance.builder.insert(&mut tree, meta);
        }
    }
    tree
}

/// The canonical url of a definition, with its version where another version stands for the url.
fn canonical(graph: &RuleGraph, id: DefinitionId) -> String {
    let entry = graph.library().entry(id);
    match graph.find(&entry.url) {
        Some(standing) if standing == id => entry.url.to_string(),
        _ => format!("{}|{}", entry.url, entry.version),
    }
}
