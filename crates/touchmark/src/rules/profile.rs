//! The profiles that a resource claims in `meta.profile`: known, and for its type.

use touchmark_document::NodeRef;

use crate::issue::Detail;
use crate::rule::rules;
use crate::snapshot::DefinitionId;
use crate::walk::Walk;

rules! {
    UNKNOWN = "profile-unknown", Warning, "not-found",
        says "the profile {detail} is not loaded: nothing was checked by it",
        why "The resource claims to meet it; nobody here can tell.",
        mend "Correct the url, or load the definition with --package.",
        at "resource.html#Meta.profile";
    WRONG_TYPE = "profile-type", Error, "structure",
        says "the profile is for another type: {detail}",
        why "A profile constrains one type; a resource of another cannot meet it.",
        mend "Claim a profile of the resource's own type.",
        at "resource.html#Meta.profile";
    UNUSABLE = "profile-unusable", Warning, "processing",
        says "{detail}: nothing was checked by it",
        why "A profile is a StructureDefinition, and its rules stand on those of its base.",
        mend "Name a profile; where its base is missing, load that with --package.",
        at "structuredefinition.html#StructureDefinition.baseDefinition";
}

/// Adds the profiles of `meta.profile` that can judge the resource to those of the walk.
pub(crate) fn claimed<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, base: DefinitionId) {
    let known = &walk.graph.known;
    let first = walk.profiles.len();
    let Some(meta) = node.child_named(known.meta) else { return };
    for claim in meta.children_named(known.profile) {
        let Some(canonical) = claim.value().map(str::trim).filter(|c| !c.is_empty()) else { continue };
        match walk.find(canonical) {
            None => {
                let hint = likely(walk, canonical).map(|likely| walk.detail(format!("did you mean {likely}?")));
                let detail = walk.detail(canonical);
                let issue = walk.say(&UNKNOWN, claim);
                (issue.detail, issue.hint) = (detail, hint.unwrap_or(Detail::NONE));
            }
            Some(id) => {
                if fits(walk, node, id, Some(claim)) && id != base && !walk.profiles[first..].contains(&id) {
                    walk.profiles.push(id);
                }
            }
        }
    }
}

/// Whether a profile can judge the resource; says at the resource why it cannot. What is claimed and no profile is said at the
/// claim too.
pub(crate) fn fits<'d>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    id: DefinitionId,
    claim: Option<NodeRef<'d>>,
) -> bool {
    let Some(profile) = walk.graph.profile(id) else {
        let entry = walk.graph.library().entry(id);
        let text = match &*entry.resource {
            "StructureDefinition" => {
                format!("the profile {} cannot be used, as what it derives from is not loaded", entry.url)
            }
            other => format!("{} is no profile, it is of type {other}", entry.url),
        };
        let detail = walk.detail(text);
        let issue = walk.say(&UNUSABLE, node);
        (issue.detail, issue.also) = (detail, claim.into());
        return false;
    };
    let abstract_base = matches!(&*profile.type_name, "Resource" | "DomainResource");
    if profile.type_atom == node.resource() || abstract_base {
        return true;
    }
    let text = format!("{} is for {}, the resource is {}", profile.url, profile.type_name, node.resource_text());
    let detail = walk.detail(text);
    walk.say(&WRONG_TYPE, node).detail = detail;
    false
}

/// The loaded profile that an unknown url probably means: another host, a missing part, another case.
fn likely(walk: &Walk<'_, '_>, canonical: &str) -> Option<String> {
    let last = canonical.rsplit('/').next()?.split('|').next()?;
    walk.graph.of_last_part(last).map(|id| walk.graph.library().entry(id).url.to_string())
}
