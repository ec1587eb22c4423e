//! Claims that no finding can ever fit: profiles, elements and invariants that no loaded pack has, and claims behind another one
//! that has all of theirs.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::Set;
use crate::definition::Text;
use crate::graph::{ElementId, Profile, RuleGraph};
use crate::messages::defect::{CLAIM, NEVER};
use crate::messages::file::{Claim, When};
use crate::messages::pattern::Pattern;
use crate::snapshot::DefinitionId;

/// How deep into types paths are written out for patterns: `issue.details.coding.code` goes two types deep.
const DEPTH: usize = 3;

/// Looks at the claims of the set.
pub(super) fn check(set: &mut Set<'_>) {
    let keys = OnceLock::new();
    let mut before: Vec<(String, &When, &Claim)> = Vec::new();
    let none = When::new();
    for file in set.files {
        let rules = file.content.rules.iter().enumerate().flat_map(|(at, rule)| {
            let claims = rule.claims.iter().enumerate();
            claims.map(move |(n, claim)| (format!("/rules/{at}/claims/{n}"), rule.id.clone(), &rule.when, claim))
        });
        let severities = file.content.severities.iter().enumerate();
        let severities = severities.map(|(at, claim)| (format!("/severities/{at}"), String::new(), &none, claim));
        for (pointer, id, when, claim) in rules.chain(severities) {
            claimed(set, file.name, &pointer, claim, &keys);
            // The first claim that fits has the finding.
            let shadow = before.iter().find(|(_, earlier_when, earlier)| covers(earlier_when, earlier, when, claim));
            if let Some((owner, _, _)) = shadow {
                let text = format!("an earlier claim of {owner} has all that this one would have");
                set.say(file.name, &NEVER, pointer, text);
            } else {
                before.push((if id.is_empty() { "no rule".to_owned() } else { id }, when, claim));
            }
        }
    }
}

/// Whether every finding that fits the later claim fits the earlier one.
fn covers(earlier_when: &When, earlier: &Claim, when: &When, claim: &Claim) -> bool {
    let same = |a: &When, b: &When| a.iter().all(|(name, wanted)| b.get(name).is_some_and(|other| other.0 == wanted.0));
    let all = |a: &[String], b: &[String]| a.is_empty() || (!b.is_empty() && b.iter().all(|x| a.contains(x)));
    let code = |wanted: &String| {
        earlier.code.iter().any(|c| c == wanted || c.strip_suffix('*').is_some_and(|start| wanted.starts_with(start)))
    };
    earlier.condition.is_none()
        && claim.code.iter().all(code)
        && all(&earlier.profile, &claim.profile)
        && all(&earlier.element, &claim.element)
        && all(&earlier.key, &claim.key)
        && all(&earlier.places, &claim.places)
        && same(earlier_when, when)
        && same(&earlier.when, &claim.when)
}

fn claimed(set: &mut Set<'_>, file: &str, pointer: &str, claim: &Claim, keys: &OnceLock<HashSet<Text>>) {
    let graph = set.graph;
    let place = |part: &str, at: usize, of: usize| {
        if of > 1 { format!("{pointer}/{part}/{at}") } else { format!("{pointer}/{part}") }
    };
    let mut profiles = Vec::new();
    for (at, url) in claim.profile.iter().enumerate() {
        match graph.find(url).and_then(|id| graph.profile(id)) {
            Some(profile) => profiles.push(profile),
            None => {
                let pointer = place("profile", at, claim.profile.len());
                set.say(file, &CLAIM, pointer, format!("no loaded pack has the profile {url}"));
            }
        }
    }
    if profiles.len() == claim.profile.len() {
        for (at, element) in claim.element.iter().enumerate() {
            if !is_element(graph, &profiles, element) {
                let pointer = place("element", at, claim.element.len());
                let of =
                    if profiles.is_empty() { "any loaded definition".to_owned() } else { claim.profile.join(", ") };
                let what = if element.starts_with('/') { "fits no element" } else { "is no element" };
                set.say(file, &CLAIM, pointer, format!("{element} {what} of {of}"));
            }
        }
    }
    let of_invariants = claim.code.iter().all(|c| c.starts_with("invariant-"));
    for (at, key) in claim.key.iter().enumerate().filter(|_| of_invariants) {
        if !keys.get_or_init(|| constraints(graph)).contains(&**key) {
            let pointer = place("key", at, claim.key.len());
            set.say(file, &CLAIM, pointer, format!("no loaded definition has an invariant {key}"));
        }
    }
}

/// The keys of all invariants.
fn constraints(graph: &RuleGraph) -> HashSet<Text> {
    let library = graph.library();
    let profiles = (0..library.entries().len() as u32).map(DefinitionId).filter(|id| is_profile(graph, *id));
    let read = profiles.filter_map(|id| library.read(id));
    let structures = read.filter_map(|definition| definition.structure.as_ref().map(|s| s.elements.clone()));
    structures.flatten().flat_map(|row| row.constraints).map(|c| c.key.clone()).collect()
}

fn is_profile(graph: &RuleGraph, id: DefinitionId) -> bool {
    let entry = graph.library().entry(id);
    entry.resource == "StructureDefinition" && !entry.is_listed()
}

/// Whether an element is there: by its id in one of the profiles, or by its path. Without a profile any of its type may have it.
fn is_element(graph: &RuleGraph, profiles: &[&Profile], text: &str) -> bool {
    // A pattern that cannot be read is said when it is compiled.
    let Ok(pattern) = Pattern::read(text) else { return true };
    let is_exact = matches!(pattern, Pattern::Exact(_));
    let fits = |id: &str| pattern.matches(id);
    let begin = text.strip_prefix('/').filter(|_| !is_exact).unwrap_or(text);
    let head: String = begin.chars().take_while(char::is_ascii_alphanumeric).collect();
    let of_type = graph.library().find_type(&head);
    let has_path = |profile: &Profile| {
        if is_exact {
            return text.split_once('.').is_none_or(|(_, rest)| leads_on(graph, profile, ElementId::ROOT, rest));
        }
        let mut paths = Vec::new();
        write_out(graph, profile, ElementId::ROOT, &profile.type_name, DEPTH, &mut paths);
        paths.iter().any(|p| fits(p))
    };
    if !profiles.is_empty() {
        let in_profile = |p: &&&Profile| p.elements.iter().any(|e| fits(&e.id)) || has_path(p);
        return profiles.iter().any(|p| in_profile(&p));
    }
    if let Some(own) = of_type.and_then(|id| graph.profile(id)) {
        if has_path(own) {
            return true;
        }
        let library = graph.library();
        let derived = (0..library.entries().len() as u32).map(DefinitionId);
        let derived = derived.filter(|id| is_profile(graph, *id) && *library.entry(*id).type_name == *head);
        return derived.filter_map(|id| graph.profile(id)).any(|p| p.elements.iter().any(|e| fits(&e.id)));
    }
    // The pattern does not begin with a type: that of any resource may fit.
    let library = graph.library();
    let types = (0..library.entries().len() as u32).map(DefinitionId).filter(|id| is_profile(graph, *id));
    !is_exact
        && types
            .filter_map(|id| graph.profile(id))
            .filter(|p| p.is_type)
            .any(|p| p.elements.iter().any(|e| fits(&e.id)))
}

/// The elements below one, of its own or of its types.
fn below<'g>(graph: &'g RuleGraph, profile: &'g Profile, at: ElementId) -> Vec<(&'g Profile, ElementId)> {
    if let Some(children) = graph.own_children(profile, at) {
        return children.order.iter().map(|id| (profile, *id)).collect();
    }
    let types = profile.elements[at.0 as usize].types.iter().filter_map(|t| graph.profile(t.definition?));
    let children = types.filter_map(|inner| Some((inner, graph.own_children(inner, ElementId::ROOT)?)));
    children.flat_map(|(inner, children)| children.order.iter().map(move |id| (inner, *id))).collect()
}

fn label(profile: &Profile, at: ElementId) -> &str {
    profile.elements[at.0 as usize].label.trim_end_matches("[x]")
}

/// Whether a path of names leads on from an element, through the types of elements.
fn leads_on(graph: &RuleGraph, profile: &Profile, at: ElementId, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    below(graph, profile, at).into_iter().any(|(holder, child)| {
        label(holder, child) == name && rest.is_none_or(|rest| leads_on(graph, holder, child, rest))
    })
}

/// Writes out the paths below an element, so many types deep.
fn write_out(graph: &RuleGraph, profile: &Profile, at: ElementId, path: &str, depth: usize, paths: &mut Vec<String>) {
    paths.push(path.to_owned());
    // Those of another element (contentReference) may lead back here.
    let own = profile.elements[at.0 as usize].children.is_some();
    // A choice of many types has too many parts to be written out, and extensions hold extensions.
    let is_wide = profile.elements[at.0 as usize].types.len() > 3;
    if !own && (depth == 0 || is_wide) {
        return;
    }
    for (holder, child) in below(graph, profile, at) {
        let path = format!("{path}.{}", label(holder, child));
        write_out(graph, holder, child, &path, if own { depth } else { depth - 1 }, paths);
    }
}
