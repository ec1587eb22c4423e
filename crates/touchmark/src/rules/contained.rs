//! Contained resources: each with an id of its own, none nested, none with a version or a narrative, each referred to.

use std::collections::{HashMap, HashSet};

use touchmark_document::NodeRef;

use crate::issue::Also;
use crate::rule::rules;
use crate::walk::Walk;

rules! {
    NO_ID = "contained-id", Error, "required",
        says "a contained resource has no id",
        why "Nothing can refer to it.",
        mend "Give it an id, and refer to it by # and the id.",
        at "references.html#contained";
    DUPLICATE = "contained-duplicate", Error, "duplicate",
        says "two contained resources have the id {detail}",
        why "Nobody can tell which of them a reference means.",
        mend "Give each an id of its own.",
        at "references.html#contained";
    NESTED = "contained-nested", Error, "structure",
        says "a contained resource contains another",
        why "Contained resources do not nest (dom-2).",
        mend "Contain both in the outer resource.",
        at "domainresource.html#dom-2";
    VERSION = "contained-meta", Error, "structure",
        says "contained resources have {detail}",
        why "It has no version of its own (dom-4).",
        mend "Remove the element.",
        at "domainresource.html#dom-4";
    NARRATIVE = "contained-narrative", Error, "structure",
        says "a contained resource has a narrative",
        why "The narrative of the outer resource covers it (dom-1).",
        mend "Remove the narrative.",
        at "domainresource.html#dom-1";
    ORPHAN = "contained-orphan", Error, "structure",
        says "nothing refers to the contained resource {detail}",
        why "A contained resource has a meaning only through the reference to it (dom-3).",
        mend "Refer to it, or remove it.",
        at "domainresource.html#dom-3";
}

/// Checks what a resource contains.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let known = &walk.graph.known;
    if node.name() == known.contained {
        if node.child_named(known.contained).is_some() {
            // The rule is the container's, and broken by what it contains.
            walk.say(&NESTED, node).also = node.parent().into();
        }
        return;
    }
    if node.child_named(known.contained).is_none() {
        return;
    }
    let references = references(walk, node);
    let targets: HashSet<&str> = references.iter().filter_map(|(_, to)| to.strip_prefix('#')).collect();
    // What points back at its container (`#`) is reached that way round: a Provenance, say.
    let pointing_back: HashSet<u32> =
        references.iter().filter(|(_, to)| *to == "#").map(|(from, _)| from.innermost_resource().id().0).collect();
    let mut ids = HashMap::new();
    let mut versions: Vec<String> = Vec::new();
    for (number, contained) in node.children_named(known.contained).enumerate() {
        if let Some(meta) = contained.child_named(known.meta) {
            let versioned = [known.version_id, known.last_updated].into_iter().filter_map(|n| meta.child_named(n));
            versions.extend(versioned.map(|v| format!("contained[{number}].meta.{}", v.name_text())));
        }
        if contained.child_named(known.text).is_some() {
            walk.say(&NARRATIVE, contained).also = Also::Node(node.id());
        }
        let Some(id) = contained.child_named(known.id).and_then(NodeRef::value).filter(|i| !i.is_empty()) else {
            walk.say(&NO_ID, contained);
            continue;
        };
        super::unique(walk, &DUPLICATE, &mut ids, id, contained, id);
        if !targets.contains(id) && !pointing_back.contains(&contained.id().0) {
            let detail = walk.detail(id);
            walk.say(&ORPHAN, contained).detail = detail;
        }
    }
    // The rule is the container's, and said once of all that it contains.
    if !versions.is_empty() {
        let detail = walk.detail(versions.join(", "));
        walk.say(&VERSION, node).detail = detail;
    }
}

/// All local references below a node, each with where it stands.
fn references<'d>(walk: &Walk<'_, 'd>, node: NodeRef<'d>) -> Vec<(NodeRef<'d>, &'d str)> {
    let known = &walk.graph.known;
    let mut found = Vec::new();
    let mut open: Vec<NodeRef<'d>> = node.children().collect();
    while let Some(next) = open.pop() {
        // Any uri may point at a contained resource: a valueUri or an Attachment's url does so too.
        if let Some(value) = next.value().filter(|v| v.starts_with('#') && v.len() < 100)
            && (next.name() == known.reference || uri_like(next))
        {
            found.push((next, value));
        }
        open.extend(next.children());
    }
    found
}

fn uri_like(node: NodeRef<'_>) -> bool {
    let name = node.name_text();
    name == "url" || name.ends_with("Uri") || name.ends_with("Url")
}
