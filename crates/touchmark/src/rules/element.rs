//! Ids of elements: each is there once in its resource.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use touchmark_document::{NodeId, NodeRef};

use crate::rule::rules;
use crate::walk::Walk;

rules! {
    DUPLICATE = "element-id-duplicate", Error, "duplicate",
        says "two elements of the resource have the id {detail}",
        why "References within a resource go by the ids of its elements: nobody can tell which of the two is meant.",
        mend "Give each an id of its own, or leave out those that nothing refers to.",
        at "element.html#id";
}

/// Notes the id of an element. Few elements have one, and those that have none pay nothing for the rule.
#[cold]
pub(crate) fn id<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    // A resource's own id is of another kind. An element is met once for each profile that it must meet.
    if node.parent().is_some_and(|element| !element.is_resource()) {
        walk.ids.push(node.id());
    }
}

/// Compares the ids that the walk has met. What is contained, or stands in an entry, is a resource of its own; the ids in
/// a narrative are those of XHTML.
pub(crate) fn finish(walk: &mut Walk<'_, '_>) {
    if walk.ids.is_empty() {
        return;
    }
    let mut ids = std::mem::take(&mut walk.ids);
    ids.sort_unstable();
    ids.dedup();
    let mut seen: HashMap<(NodeId, &str), NodeId, FixedState> = HashMap::default();
    for id in ids {
        if walk.is_full() {
            break;
        }
        let node = walk.document.node(id);
        let Some((element, value)) = node.parent().zip(node.value().filter(|value| !value.is_empty())) else {
            continue;
        };
        if !is_row(element) {
            super::unique(walk, &DUPLICATE, &mut seen, (element.innermost_resource().id(), value), element, value);
        }
    }
}

/// Whether an element is a row of a definition: snapshot and differential have the same ids, and that each has them once
/// is asked by invariants (sdf-16, sdf-17).
fn is_row(element: NodeRef<'_>) -> bool {
    element.name_text() == "element"
        && element.parent().is_some_and(|list| {
            ["snapshot", "differential"].contains(&list.name_text())
                && list.parent().is_some_and(|around| around.resource_text() == "StructureDefinition")
        })
}
