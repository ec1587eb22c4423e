//! References: their form, where they lead, and whether what is there may be there.

use touchmark_document::{Name, NodeRef};

use super::primitive::{self, Primitive};
use crate::graph::{Target, Type};
use crate::links::{self, Resolution};
use crate::outside::Outside;
use crate::rule::{Rule, rules};
use crate::sentence::Quoted;
use crate::snapshot::DefinitionId;
use crate::walk::{At, Walk};

rules! {
    FORM = "reference-form", Error, "value",
        says "the reference is of no form that FHIR knows: {detail}",
        why "A reference is an absolute url, a relative one of type and id, urn:uuid: or urn:oid:, or # and the id of a contained resource.",
        mend "Write the fullUrl of the entry that is meant, or Type/id.",
        at "references.html#literal";
    RELATIVE = "reference-relative", Warning, "value",
        says "the reference is relative, and not of the form Type/id: {detail}",
        why "Receivers resolve relative references as type and id on the server; of any other path they can make nothing.",
        mend "Write Type/id with a type of STU3, or an absolute url with its scheme.",
        at "references.html#literal";
    CONTAINED = "reference-contained", Error, "not-found",
        says "no contained resource has the id that the reference names: {detail}",
        why "A reference that begins with # points into the resource that it stands in.",
        mend "Contain the resource, or correct the id.",
        at "references.html#contained";
    NOT_IN_BUNDLE = "reference-not-found", Warning, "not-found",
        says "no entry of the Bundle has the fullUrl {detail}",
        why "A urn:uuid: has no meaning outside the Bundle: nobody can follow it.",
        mend "Add the entry, or correct the reference; fullUrl and reference must be the same text.",
        at "bundle.html#references";
    ELSEWHERE = "reference-elsewhere", Information, "informational",
        says "the reference leads outside the document: {detail}",
        why "What it points at was not looked at.",
        mend "Nothing, if the receiver can reach it; else add the resource to the Bundle.",
        at "references.html#literal";
    ABSENT = "reference-absent", Warning, "not-found",
        says "there is no resource behind the reference {detail}",
        why "The resolver that was asked knows of none, so nobody can follow the reference.",
        mend "Correct the reference, or add the resource to the Bundle.",
        at "references.html#literal";
    SEVERAL = "reference-several", Error, "duplicate",
        says "{found} entries of the Bundle match the reference {detail}",
        why "Nobody can tell which of them is meant.",
        mend "Give each entry a fullUrl of its own.",
        at "bundle.html#references";
    FULL_URL = "reference-full-url", Warning, "not-found",
        says "an entry has the type and id that the reference names, but another fullUrl: {detail}",
        why "References within a Bundle are resolved by fullUrl: strictly read, this one leads elsewhere.",
        mend "Refer to the entry by its fullUrl.",
        at "bundle.html#references";
    TARGET_TYPE = "reference-target-type", Error, "structure",
        says "the reference leads to the wrong type of resource: {detail}",
        why "The element says which types it may point at.",
        mend "Point at a resource of the right type.",
        at "references.html#Reference";
    TARGET_PROFILE = "reference-target-profile", Warning, "structure",
        says "what the reference leads to meets none of the profiles that it must: {detail}",
        why "The profile requires the target to conform to a profile of its own.",
        mend "Check the target against the profile (touchmark check --profile) and mend what is found.",
        at "references.html#Reference";
    AGGREGATION = "reference-aggregation", Error, "structure",
        says "the reference is {detail}",
        why "The profile says whether the target is contained, in the same Bundle, or elsewhere.",
        mend "Put the target where the profile wants it.",
        at "elementdefinition.html#ElementDefinition.type.aggregation";
}

/// A target that must meet one of some profiles.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    reference: u32,
    target: u32,
    profiles: Vec<DefinitionId>,
}

/// Checks one Reference.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, t: &Type) {
    let Some(reference) = node.child_named(walk.graph.known.reference) else { return };
    let Some(value) = reference.value().filter(|v| !v.is_empty()) else { return };
    let resolution = walk.links.resolve(node, value);
    // What leads to an entry has a right form, unless the entry's own fullUrl is a bare id.
    let formed = matches!(resolution, Resolution::Entry(_) | Resolution::Likely(_))
        && value.contains([':', '/'])
        && !value.ends_with(' ');
    if !formed && let Some(rule) = malformed(walk, value) {
        let hint = hint(walk, node, value);
        let detail = walk.detail(hint);
        walk.say(rule, node).detail = detail;
        return;
    }
    let (target, kind) = match resolution {
        Resolution::Contained(target) => (Some(target), "contained"),
        Resolution::Entry(target) => (Some(target), "bundled"),
        Resolution::Likely(target) => {
            let detail = walk.detail(value);
            walk.say(&FULL_URL, node).detail = detail;
            (Some(target), "bundled")
        }
        Resolution::Several(count) => {
            let detail = walk.detail(value);
            let issue = walk.say(&SEVERAL, node);
            (issue.found, issue.detail) = (count, detail);
            return;
        }
        Resolution::Nowhere => {
            nowhere(walk, node, value);
            if value.starts_with('#') {
                return;
            }
            (None, "referenced")
        }
    };
    let found = target.map_or_else(|| type_outside(walk, value), NodeRef::resource);
    if found == Name::NONE || t.targets.is_empty() {
        return aggregation(walk, node, at, t, kind);
    }
    if !t.targets.iter().any(|target| fits(walk, target, found)) {
        let wanted: Vec<String> = t.targets.iter().map(|t| short(&t.canonical).to_owned()).collect();
        // Of what is not in the document only the url can be looked at.
        let seen = if target.is_some() { "found" } else { "by its url" };
        let text = format!("{} {seen}, {} wanted", walk.document.name_text(found), super::types::list(&wanted));
        let detail = walk.detail(text);
        walk.say_from(&TARGET_TYPE, node, at).detail = detail;
        return;
    }
    aggregation(walk, node, at, t, kind);
    if let Some(target) = target {
        want_profile(walk, node, target, t, found);
    }
}

fn want_profile<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, target: NodeRef<'d>, t: &Type, found: Name) {
    let wanted = || t.targets.iter().filter(|wanted| fits(walk, wanted, found));
    // The type itself, or a profile that cannot be checked, is met; so is one that the target has been checked against.
    let is_met = |wanted: &Target| {
        wanted.is_type || wanted.profile.is_none_or(|profile| walk.done.contains(&(target.id().0, profile)))
    };
    if walk.trying > 0 || wanted().any(is_met) {
        return;
    }
    let profiles = wanted().filter_map(|wanted| wanted.profile).collect();
    walk.targets.push(Wanted { reference: node.id().0, target: target.id().0, profiles });
}

/// Looks at the targets that must meet a profile which they do not claim.
pub(crate) fn targets(walk: &mut Walk<'_, '_>) {
    let mut seen = std::collections::HashSet::new();
    while let Some(wanted) = walk.targets.pop() {
        let target = walk.document.node(touchmark_document::NodeId(wanted.target));
        // Checked already, under its own claim: what is wrong with it has been said there.
        if wanted.profiles.iter().any(|p| walk.done.contains(&(wanted.target, *p)))
            || !seen.insert((wanted.target, wanted.profiles.clone()))
            || walk.budget.is_spent(walk.issues.len())
        {
            continue;
        }
        let met = wanted.profiles.iter().any(|p| walk.try_out(|w| w.against(target, *p)));
        if !met {
            let names: Vec<String> =
                wanted.profiles.iter().map(|p| walk.graph.library().entry(*p).url.to_string()).collect();
            let detail = walk.detail(super::types::list(&names));
            let node = walk.document.node(touchmark_document::NodeId(wanted.reference));
            walk.say(&TARGET_PROFILE, node).detail = detail;
        }
    }
}

fn fits(walk: &Walk<'_, '_>, target: &Target, found: Name) -> bool {
    if target.type_atom == found || target.type_atom == Name::NONE {
        return true;
    }
    matches!(walk.graph.names().text(target.type_atom), "Resource" | "DomainResource")
}

/// The rule that a reference breaks when it has none of the forms that FHIR knows.
fn malformed(walk: &Walk<'_, '_>, value: &str) -> Option<&'static Rule> {
    if value.starts_with('#') {
        return None;
    }
    if value.contains(char::is_whitespace) {
        return Some(&FORM);
    }
    // A UUID in another form than the specification's is said of the fullUrl, or is found nowhere.
    if primitive::absolute_uri(value) || type_in_url(walk, value) != Name::NONE {
        return None;
    }
    Some(if value.contains('/') { &RELATIVE } else { &FORM })
}

/// A reference that leads nowhere in the document.
fn nowhere<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, value: &str) {
    let rule = if value.starts_with('#') {
        &CONTAINED
    } else {
        let urn = value.starts_with("urn:uuid:") || value.starts_with("urn:oid:");
        let bundle = walk.links.bundle_around(walk.links.container(node));
        match walk.resolver.map(|resolver| resolver.resolve(value)) {
            _ if urn && bundle.is_some() => &NOT_IN_BUNDLE,
            Some(Outside::Resource(_)) => return,
            Some(Outside::Absent) => &ABSENT,
            Some(Outside::Unknown) | None => &ELSEWHERE,
        }
    };
    let detail = walk.detail(value);
    walk.say(rule, node).detail = detail;
}

/// The type of a resource outside the document: as the caller's resolver knows it, else as the url says.
fn type_outside(walk: &Walk<'_, '_>, value: &str) -> Name {
    match walk.resolver.map(|resolver| resolver.resolve(value)) {
        Some(Outside::Resource(name)) => walk.graph.names().find(&name),
        _ => type_in_url(walk, value),
    }
}

/// The resource type that a relative or RESTful url names.
fn type_in_url(walk: &Walk<'_, '_>, value: &str) -> Name {
    let value = links::without_version(value);
    let Some((rest, id)) = value.rsplit_once('/') else { return Name::NONE };
    if primitive::flaw(Primitive::Id, id).is_some() {
        return Name::NONE;
    }
    let resource = rest.rsplit('/').next().unwrap_or(rest);
    // A path before the type only belongs to an absolute url.
    if resource.len() != rest.len() && links::service_base(value).is_none() {
        return Name::NONE;
    }
    let name = walk.graph.names().find(resource);
    match walk.graph.find_type(name).and_then(|id| walk.graph.profile(id)) {
        Some(profile) if &*profile.kind == "resource" => name,
        _ => Name::NONE,
    }
}

fn aggregation<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, t: &Type, kind: &str) {
    let is_bundled_reference = kind == "bundled" && t.aggregation.iter().any(|a| **a == *"referenced");
    if t.aggregation.is_empty() || t.aggregation.iter().any(|a| **a == *kind) || is_bundled_reference {
        return;
    }
    let wanted: Vec<String> = t.aggregation.iter().map(ToString::to_string).collect();
    let detail = walk.detail(format!("{kind}, where it must be {}", super::types::list(&wanted)));
    walk.say_from(&AGGREGATION, node, at).detail = detail;
}

/// What the author probably meant.
fn hint<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, value: &str) -> String {
    let quoted = Quoted(value);
    let bundle = walk.links.bundle_around(walk.links.container(node));
    let index = bundle.map(|b| walk.links.index(b));
    let by_id = index.as_ref().and_then(|index| {
        let at = index.with_plain_id(value)? as usize;
        Some((at, index.entries[at]))
    });
    if let Some((at, entry)) = by_id {
        let wanted = entry.full_url.unwrap_or("its fullUrl");
        let resource = entry.resource.map_or("", |r| r.resource_text());
        return format!("{quoted}; did you mean {wanted}, which is entry {at}, {resource}?");
    }
    if primitive::uuid(value) {
        return format!("{quoted} is a bare UUID; did you mean urn:uuid:{}?", value.to_ascii_lowercase());
    }
    quoted.to_string()
}

/// The last part of a canonical.
fn short(canonical: &str) -> &str {
    canonical.rsplit('/').next().unwrap_or(canonical)
}
