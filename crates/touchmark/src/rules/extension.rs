//! Extensions: found by their url, checked by their own definition, and allowed only in its contexts.

use touchmark_document::NodeRef;

use super::primitive::absolute_uri;
use crate::graph::{ElementId, Profile};
use crate::issue::Also;
use crate::place::{self, Step};
use crate::rule::rules;
use crate::walk::{At, Walk};

rules! {
    UNKNOWN = "extension-unknown", Information, "informational",
        says "the extension {detail} was not checked: no definition of it is loaded",
        why "Extensions are open: what is not known may be ignored, and its content is not judged.",
        mend "Nothing, if the extension is agreed; load its definition with --package to have it checked.",
        at "extensibility.html";
    UNKNOWN_MODIFIER = "extension-modifier-unknown", Error, "extension",
        says "the modifier extension {detail} is not known",
        why "A modifier extension changes the meaning of what it stands in: a receiver must not process what it does not know.",
        mend "Remove it, or load its definition with --package.",
        at "extensibility.html#modifierExtension";
    UNKNOWN_PART = "extension-part-unknown", Error, "extension",
        says "{detail} is not a part of the extension {profile}",
        why "The parts of a complex extension are named by its definition; a receiver knows no others.",
        mend "Correct the url of the part (it is case-sensitive).",
        at "extensibility.html#Extension";
    URL = "extension-url", Error, "value",
        says "the url of an extension must be absolute, not {detail}",
        why "The url is what identifies an extension; only the parts of a complex extension have relative ones.",
        mend "Write the canonical url of the extension's definition.",
        at "extensibility.html#Extension.url";
    CONTEXT = "extension-context", Error, "structure",
        says "the extension {detail}",
        why "The definition says on which elements the extension has a meaning.",
        mend "Move the extension to an element that its definition names.",
        at "defining-extensions.html#context";
    NOT_AN_EXTENSION = "extension-definition", Error, "structure",
        says "{detail} is the url of something that is no extension",
        why "The url of an extension is that of its definition.",
        mend "Write the canonical url of the extension's definition.",
        at "extensibility.html#Extension.url";
}

/// Checks an extension by the definition that its url names.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>) {
    let known = &walk.graph.known;
    // A missing url is said by its cardinality.
    let Some(url) = node.child_named(known.url).and_then(NodeRef::value).filter(|u| !u.is_empty()) else { return };
    let modifier = node.name() == known.modifier_extension;
    if !absolute_uri(url) {
        let inside = node.parent().is_some_and(|p| p.name() == known.extension || p.name() == known.modifier_extension);
        if !inside {
            let detail = walk.detail(url);
            walk.say(&URL, node).detail = detail;
        }
        return;
    }
    let Some(id) = walk.find(url) else {
        if at.element().types.first().is_some_and(|t| !t.profiles.is_empty()) {
            return;
        }
        let detail = walk.detail(url);
        walk.say(if modifier { &UNKNOWN_MODIFIER } else { &UNKNOWN }, node).detail = detail;
        return;
    };
    let Some(profile) = walk.graph.profile(id) else { return };
    if &*profile.type_name != "Extension" {
        let detail = walk.detail(url);
        walk.say(&NOT_AN_EXTENSION, node).detail = detail;
        return;
    }
    let first_time = !walk.done.contains(&(node.id().0, id));
    walk.against(node, id);
    if first_time {
        context(walk, node, profile);
    }
}

/// A part of a complex extension that belongs to none of the parts that its definition names.
pub(crate) fn beside_slices<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>) {
    let known = &walk.graph.known;
    if at.profile.is_type || &*at.profile.type_name != "Extension" || node.name() != known.extension {
        return;
    }
    let Some(url) = node.child_named(known.url).and_then(NodeRef::value).filter(|u| !u.is_empty()) else { return };
    if !absolute_uri(url) {
        let detail = walk.detail(url);
        walk.say_from(&UNKNOWN_PART, node, at).detail = detail;
    }
}

/// Whether a path leads to the end of the way: from any step that has a type, which begins the path (`Observation.code.coding`,
/// `CodeableConcept.coding`, `Coding`).
fn ends_with(way: &[Step<'_, '_>], path: &str) -> bool {
    (0..way.len()).rev().any(|start| {
        let begin = way[start].type_name;
        let Some(mut rest) = path.strip_prefix(begin).filter(|_| !begin.is_empty()) else { return false };
        for (above, below) in way[start..].iter().zip(&way[start + 1..]) {
            // An element that holds itself (contentReference, which has no type) is the same element at every depth.
            if below.type_name.is_empty() && below.label == above.label {
                continue;
            }
            let Some(behind) = rest.strip_prefix('.') else { return false };
            // A choice may be written `value`, `value[x]` or, at the end, `valueQuantity`.
            if below.choice && behind == below.written {
                return std::ptr::eq(below, &raw const way[way.len() - 1]);
            }
            let Some(behind) = behind.strip_prefix(below.label) else { return false };
            rest = behind.strip_prefix("[x]").filter(|_| below.choice).unwrap_or(behind);
        }
        rest.is_empty()
    })
}

/// Whether the way leads through a value that a definition gives: it is one of the element that is defined, and so are its
/// extensions, of which their contexts speak.
fn is_in_given_value(way: &[Step<'_, '_>]) -> bool {
    const GIVEN: &[&str] = &["defaultValue", "fixed", "pattern", "minValue", "maxValue"];
    let of_row = |at: usize| way[at].type_name == "ElementDefinition";
    (1..way.len()).filter(|at| way[*at].choice).any(|at| match way[at].label {
        "value" => at > 1 && way[at - 1].label == "example" && of_row(at - 2),
        label => GIVEN.contains(&label) && of_row(at - 1),
    })
}

/// Whether the definition allows the extension where it stands.
fn context<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, profile: &Profile) {
    if profile.contexts.is_empty() {
        return;
    }
    let Some(parent) = node.parent() else { return };
    // Most extensions stand on a resource, and need no look at the types on the way there.
    if parent.is_resource() && profile.contexts.iter().any(|c| c.trim() == parent.resource_text()) {
        return;
    }
    let way = place::way(walk.graph, parent);
    let resource = parent.is_resource();
    let known = &walk.graph.known;
    // Asked of extensions only: elsewhere it would be a search through all children for each of them.
    let inside = parent.name() == known.extension || parent.name() == known.modifier_extension;
    let url = if inside { parent.child_named(known.url).and_then(NodeRef::value) } else { None };
    let allowed = profile.contexts.iter().any(|context| {
        let context = context.trim();
        match context {
            "*" | "Element" | "Any" => true,
            "Resource" | "DomainResource" => resource,
            _ if context.starts_with("http") => url == Some(context.split('#').next().unwrap_or(context)),
            _ => ends_with(&way, context),
        }
    });
    // An extension whose contexts are paths, though it says that they are extensions: its definition is wrong.
    let wrong_definition =
        &*profile.context_type == "extension" && profile.contexts.iter().any(|c| !c.starts_with("http"));
    // Where its contexts exclude every place where a profile puts it, these are what its author meant.
    let place = |place: &str| {
        let last = place.rsplit_once('.').map_or("", |(_, last)| last);
        ends_with(&way, place) || way.last().is_some_and(|step| step.label == last)
    };
    let meant = || walk.graph.places_beside_contexts(profile).iter().any(|p| place(p));
    if !allowed && !wrong_definition && !is_in_given_value(&way) && !meant() {
        let labels: Vec<&str> = std::iter::once(way[0].type_name).chain(way[1..].iter().map(|s| s.label)).collect();
        let here = labels.join(".");
        let contexts: Vec<String> = profile.contexts.iter().map(ToString::to_string).collect();
        let detail =
            walk.detail(format!("{} is not allowed on {here}, only on {}", profile.url, super::types::list(&contexts)));
        let issue = walk.say(&CONTEXT, node);
        // What does not belong there, and what it does not belong on.
        (issue.detail, issue.also) = (detail, Also::Node(parent.id()));
        issue.from = Some((profile.id, ElementId::ROOT));
    }
}
