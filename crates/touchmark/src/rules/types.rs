//! What type an element has: the choice of types, resource types, unknown elements, and profiles on types.

use touchmark_document::{Name, NodeRef};

use crate::graph::{Children, Type};
use crate::issue::Detail;
use crate::rule::rules;
use crate::snapshot::DefinitionId;
use crate::spelling::one_edit;
use crate::walk::{At, Walk};

rules! {
    UNKNOWN_ELEMENT = "syntax-unknown-element", Error, "structure",
        says "{element} is not an element of {parent}",
        why "STU3 does not define the element here, so no receiver knows what it means.",
        mend "Correct the name (elements are case-sensitive), move it to where it belongs, or use an extension.",
        at "conformance-rules.html#conformance";
    CHOICE = "type-choice", Error, "structure",
        says "a value of this type is not allowed here: {detail}",
        why "The profile restricts the types that this element may have.",
        mend "Write the value with an allowed type; the type is part of the element's name.",
        at "formats.html#choice";
    RESOURCE = "type-resource", Error, "structure",
        says "a resource of this type is not allowed here: {detail}",
        why "The profile says which type of resource stands in this place.",
        mend "Put a resource of the right type here.",
        at "resource.html";
    UNKNOWN_RESOURCE = "type-unknown-resource", Error, "structure",
        says "{detail} is not a resource type of FHIR STU3",
        why "Nothing is known of a resource with this name; its content was not checked.",
        mend "Check the name, and that the message is of FHIR version 3.0.",
        at "resourcelist.html";
    ABSTRACT = "type-abstract", Error, "structure",
        says "{detail} is abstract: no instance is of exactly this type",
        why "Abstract types only hold what other types have in common.",
        mend "Use one of the resource types that derive from it.",
        at "resource.html";
    PROFILES = "type-profile", Error, "structure",
        says "{element} meets none of the profiles that it may have: {detail}",
        why "The element's type is restricted to values that meet one of several profiles.",
        mend "Choose one of the profiles and meet it.",
        at "elementdefinition.html#ElementDefinition.type.profile";
}

/// The definition of a resource's type; says so where there is none.
pub(crate) fn resource_type<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) -> Option<DefinitionId> {
    let found = walk.graph.find_type(node.resource());
    match found.and_then(|id| walk.graph.profile(id)).filter(|p| &*p.kind == "resource" || &*p.kind == "logical") {
        Some(profile) if profile.is_abstract => {
            let detail = walk.detail(node.resource_text());
            walk.say(&ABSTRACT, node).detail = detail;
            None
        }
        Some(profile) => Some(profile.id),
        None => {
            // A resource without any type has been reported by the reader.
            if node.resource() != Name::NONE {
                let detail = walk.detail(node.resource_text());
                walk.say(&UNKNOWN_RESOURCE, node).detail = detail;
            }
            None
        }
    }
}

/// A child that the element does not have. Returns which choice it is, when it is one of a type that is not allowed.
#[cold]
pub(crate) fn unexpected<'d>(
    walk: &mut Walk<'_, 'd>,
    child: NodeRef<'d>,
    at: At<'_>,
    children: &Children,
) -> Option<usize> {
    let name = child.name_text();
    for (slot, id) in children.order.iter().enumerate() {
        let element = at.child(*id).element();
        let Some(stem) = element.label.strip_suffix("[x]") else { continue };
        let Some(suffix) = name.strip_prefix(stem).filter(|s| s.starts_with(|l: char| l.is_ascii_uppercase())) else {
            continue;
        };
        if element.max == 0 {
            // Said by its cardinality.
            return None;
        }
        let known = crate::graph::ANY_TYPES.contains(&crate::definition::type_of_suffix(suffix).as_str());
        if known {
            let wanted: Vec<String> =
                element.types.iter().map(|t| crate::library::choice_name(stem, &t.code)).collect();
            let detail = walk.detail(format!("{name} found, {} wanted", list(&wanted)));
            // The value of an extension is the extension's own affair: it lacks the value that is wanted.
            let of_extension = at.element().label.ends_with("xtension") || &*at.profile.type_name == "Extension";
            let place = child.parent().filter(|_| of_extension && stem == "value").unwrap_or(child);
            // The value has the type, the element that holds it wants another.
            let other = if place == child { child.parent() } else { Some(child) };
            let issue = walk.say_from(&CHOICE, place, at.child(*id));
            (issue.detail, issue.also) = (detail, other.into());
            return Some(slot);
        }
    }
    if child.name() == walk.graph.known.resource && at.element().types.is_empty() {
        // Written by the reader for what is no element at all.
        return None;
    }
    let hint = likely(at, children, name).map(|hint| walk.detail(hint));
    let issue = walk.say_from(&UNKNOWN_ELEMENT, child, at);
    // A program that resolves the path by the definitions finds the parent only.
    (issue.hint, issue.also) = (hint.unwrap_or(Detail::NONE), child.parent().into());
    None
}

/// Of an element with more children than this nobody wants to read all their names.
const FEW: usize = 12;

/// What the writer of an unknown element most likely meant: one with nearly the same name, or one of the few that there are.
fn likely(at: At<'_>, children: &Children, name: &str) -> Option<String> {
    // DSTU2 wrote comments so; some tools still do.
    if name == "fhir_comments" {
        return Some("remove it: STU3 has no comments in JSON".to_owned());
    }
    let elements = children.order.iter().map(|id| at.child(*id).element()).filter(|element| element.max > 0);
    let labels: Vec<&str> = elements.map(|element| &*element.label).collect();
    if let Some(near) = labels.iter().find(|label| is_near(label, name)) {
        return Some(format!("did you mean {near}?"));
    }
    let own: Vec<String> = labels
        .iter()
        .filter(|label| !matches!(**label, "id" | "extension" | "modifierExtension"))
        .map(ToString::to_string)
        .collect();
    let parent = at.element().label.trim_end_matches("[x]");
    (1..=FEW).contains(&own.len()).then(|| format!("{parent} has {}", list(&own).replacen(" or ", " and ", 1)))
}

/// Whether two names differ in case or, unless they are very short, in one letter.
fn is_near(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || one.len().min(other.len()) > 3 && one_edit(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

/// A place for a resource: what stands there is checked as a resource of its own.
pub(crate) fn place<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, t: &Type) {
    if !node.is_resource() {
        super::syntax::no_resource(walk, node);
        return;
    }
    let open = matches!(&*t.code, "Resource" | "DomainResource");
    let allowed = open
        || at
            .element()
            .types
            .iter()
            .any(|t| matches!(&*t.code, "Resource" | "DomainResource") || *t.code == *node.resource_text());
    if !allowed {
        let wanted: Vec<String> = at.element().types.iter().map(|t| t.code.to_string()).collect();
        let detail = walk.detail(format!("{} found, {} wanted", node.resource_text(), list(&wanted)));
        walk.say_from(&RESOURCE, node, at).detail = detail;
    }
    let fitting = at.element().types.iter().filter(|t| open || *t.code == *node.resource_text());
    let mut profiles = fitting.flat_map(|t| t.profiles.iter().copied());
    match (profiles.next(), profiles.next()) {
        (only, None) => walk.resource(node, only.as_slice()),
        (first, second) => {
            walk.resource(node, &[]);
            let several: Vec<DefinitionId> = first.into_iter().chain(second).chain(profiles).collect();
            one_of(walk, node, at, &several);
        }
    }
}

/// Profiles that the type of an element must meet (an extension's own is found by its url).
#[inline]
pub(crate) fn profiles<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, t: &Type) {
    match &t.profiles[..] {
        [] => {}
        [only] => {
            let extension = t.kind == crate::graph::TypeKind::Extension;
            if !extension || at.element().slicing.is_none() {
                walk.against(node, *only);
            }
        }
        several => one_of(walk, node, at, several),
    }
}

fn one_of<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, several: &[DefinitionId]) {
    let met = several.iter().any(|profile| walk.try_out(|w| w.against(node, *profile)));
    if !met {
        let names: Vec<String> = several.iter().map(|p| walk.graph.library().entry(*p).url.to_string()).collect();
        let detail = walk.detail(list(&names));
        walk.say_from(&PROFILES, node, at).detail = detail;
    }
}

/// `a, b or c`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_near() {
        let check = |one: &str, other: &str, expected: bool| assert_eq!(is_near(one, other), expected, "{one} {other}");
        check("birthDate", "birthdate", true);
        check("versionId", "versionID", true);
        check("comment", "comments", true);
        check("comments", "comment", true);
        check("idnetifier", "identifier", false);
        check("identifer", "identifier", true);
        check("gendre", "gender", false);
        check("gendar", "gender", true);
        check("use", "user", false);
        check("use", "Use", true);
        check("text", "é", false);
    }
}
