//! Identifiers: a system is an absolute uri, and a uri as identifier is one.

use touchmark_document::NodeRef;

use super::primitive::{absolute_uri, uuid};
use crate::issue::Also;
use crate::rule::rules;
use crate::sentence::Quoted;
use crate::walk::Walk;

rules! {
    SYSTEM = "identifier-system", Error, "value",
        says "the system of an Identifier must be an absolute uri, not {detail}",
        why "Two identifiers are the same only when system and value are; a relative system means nothing elsewhere.",
        mend "Write the uri of the identifier's namespace.",
        at "datatypes.html#Identifier";
    URI_VALUE = "identifier-uri", Error, "value",
        says "the identifier is said to be a uri, and its value is none{detail}",
        why "The system urn:ietf:rfc:3986 means that the value is a uri in full.",
        mend "Write the value as a uri, or name the namespace that it is from.",
        at "datatypes.html#Identifier";
}

/// Checks an Identifier.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let Some(place) = node.child_named(walk.graph.known.system) else { return };
    let Some(system) = place.value().filter(|s| !s.is_empty()) else { return };
    if !absolute_uri(system.trim()) {
        let detail = walk.detail(Quoted(system).to_string());
        let issue = walk.say(&SYSTEM, place);
        (issue.detail, issue.also) = (detail, Also::Node(node.id()));
    } else if system == "urn:ietf:rfc:3986" {
        let Some(place) = node.child_named(walk.graph.known.value) else { return };
        let value = place.value().unwrap_or("");
        if !value.is_empty() && !absolute_uri(value) {
            let hint = if uuid(value) {
                format!(": a bare UUID; did you mean urn:uuid:{}?", value.to_ascii_lowercase())
            } else {
                String::new()
            };
            let detail = walk.detail(hint);
            walk.say(&URI_VALUE, place).detail = detail;
        }
    }
}
