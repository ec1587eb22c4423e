//! Why no instance can break some rules: what the definition itself says against it.

use super::{Added, Kind, added, content, mutate};
use crate::definition::{SlicingRules, Strength};
use crate::graph::{Element, ElementId, Profile, RuleGraph, Test};
use crate::lint::{Defect, DefectKind, lint, path_of};
use crate::report::Report;
use crate::rule::Severity;
use crate::terminology::{Answer, find_set};
use crate::walk::At;

/// Why a rule cannot be broken, as far as that shows before anything is tried.
pub(super) fn beforehand(graph: &RuleGraph, profile: &Profile, rule: &Added) -> Option<String> {
    let Some(chain) = rule.chain.as_deref() else {
        return Some(defect(graph, profile, &rule.id).unwrap_or_else(|| "the row speaks of no element".into()));
    };
    let way = match (rule.kind, chain.split_last()) {
        (Kind::Maximum | Kind::SliceMaximum, Some((_, above))) => above,
        _ => chain,
    };
    let prohibited = way.iter().map(|id| element(profile, *id)).find(|e| e.max == 0)?;
    Some(format!("unreachable: {} is prohibited", prohibited.id))
}

/// The element beside whose slices there is no room, where the rule speaks of repeats beside them: the slices have the rule too.
fn crowded(profile: &Profile, rule: &Added) -> Option<String> {
    let chain = rule.chain.as_deref()?;
    let counts = matches!(
        rule.kind,
        Kind::Minimum
            | Kind::Maximum
            | Kind::SliceMinimum
            | Kind::SliceMaximum
            | Kind::Closed
            | Kind::AtEnd
            | Kind::Order
    );
    let way = if counts { mutate::parent(profile, chain) } else { chain };
    let full = way.iter().enumerate().find_map(|(depth, id)| {
        let at = At { profile, id: *id };
        let slicing = at.element().slicing.as_deref()?;
        let next = way.get(depth + 1);
        let beside = next.is_none_or(|next| !slicing.slices.iter().any(|s| s.element == *next));
        let least: u32 = slicing.slices.iter().map(|s| element(profile, s.element).min).sum();
        (beside && (slicing.rules == SlicingRules::Closed && slicing.complete || least >= at.element().max))
            .then_some(at.element())
    })?;
    Some(format!("no room: {} has no repeats beside its slices, for which the rule is made again", full.id))
}

/// Whether the errors of an instance are there because the definition contradicts itself: a fixed value is none of its value set,
/// a slice is told by what it does not allow.
pub(super) fn contradicts(graph: &RuleGraph, profile: &Profile, report: &Report) -> bool {
    let contradictions = || {
        lint(graph, profile.id).into_iter().filter(|d| {
            matches!(d.kind, DefectKind::FixedOutsideBinding | DefectKind::SliceNever | DefectKind::FixedType)
        })
    };
    let errors = report.findings().filter(|f| f.severity >= Severity::Error);
    let mut explained = errors.map(|finding| {
        let place = path_of(&plain(finding.expression.unwrap_or("")));
        // A code outside its value set is said at the code or at what holds it.
        contradictions().any(|d| {
            let at = path_of(&d.element).replace("[x]", "");
            at.starts_with(&place) || place.starts_with(&at)
        })
    });
    explained.all(|explained| explained)
}

/// An expression without indexes.
fn plain(expression: &str) -> String {
    let parts = expression.split('.').map(|part| part.split('[').next().unwrap_or(part));
    parts.collect::<Vec<_>>().join(".")
}

/// Why no instance conforms.
pub(super) fn impossible(graph: &RuleGraph, profile: &Profile, rule: &Added) -> Option<String> {
    crowded(profile, rule).or_else(|| defect(graph, profile, &rule.id))
}

/// Why a rule that no fault broke cannot be broken.
pub(super) fn afterwards(graph: &RuleGraph, profile: &Profile, rule: &Added) -> Option<String> {
    let chain = rule.chain.as_deref()?;
    if rule.kind == Kind::Fixed && rule.id == "Extension.url" {
        return Some("identity: an extension with another url is another extension".into());
    }
    if let Some(slice) = untold(graph, profile, chain) {
        let unloaded = || format!("unknown codes: the value set by which {} is told is not loaded", slice.id);
        return Some(
            defect(graph, profile, &slice.id)
                .filter(|d| d.starts_with("definition-discriminator"))
                .unwrap_or_else(unloaded),
        );
    }
    if let Some(reason) = crowded(profile, rule) {
        return Some(reason);
    }
    if rule.kind == Kind::Binding
        && let Some(reason) = unknown(graph, profile, chain)
    {
        return Some(reason);
    }
    if let Some(reason) = optional(graph, profile, chain) {
        return Some(reason);
    }
    let at = element(profile, chain.last().copied().unwrap_or(ElementId::ROOT));
    if matches!(rule.kind, Kind::Closed | Kind::AtEnd) && at.slicing.as_deref().is_some_and(|s| !s.complete) {
        return Some(format!("not enforced: a slice of {} is told by a value set, or not at all", at.id));
    }
    if rule.kind == Kind::TargetProfile {
        if &*profile.type_name == "Bundle" && chain.len() < 3 {
            return Some("nowhere: a Bundle contains no resources, and its own references lead to no entry".into());
        }
        if let Some(reason) = toothless(graph, at) {
            return Some(reason);
        }
    }
    let sliced = |d: &&Defect| {
        let around =
            |id: &ElementId| d.element.strip_prefix(&*element(profile, *id).id).is_some_and(|r| r.starts_with(':'));
        d.kind == DefectKind::SliceAlways && chain.iter().any(around)
    };
    if let Some(always) = lint(graph, profile.id).iter().find(sliced) {
        return Some(said(always));
    }
    if rule.kind == Kind::Binding {
        // What is fixed in the element may be of another system than the value set takes codes from: then it is not asked.
        let inside = |d: &&Defect| d.kind == DefectKind::FixedOutsideBinding && d.element.starts_with(&rule.id);
        return lint(graph, profile.id).iter().find(inside).map(said).or_else(|| defect(graph, profile, &rule.id));
    }
    let dropped: &[DefectKind] = match rule.kind {
        Kind::Type | Kind::Target | Kind::TargetProfile | Kind::Profile => {
            &[DefectKind::CanonicalMissing, DefectKind::TypeWidened]
        }
        _ => &[DefectKind::FixedInBrackets],
    };
    lint(graph, profile.id).iter().find(|d| *d.element == *rule.id && dropped.contains(&d.kind)).map(said)
}

/// A target profile that only says which profiles what it refers to meets: no resource of the type breaks it.
fn toothless(graph: &RuleGraph, at: &Element) -> Option<String> {
    let mut targets = at.types.iter().flat_map(|t| &t.targets).filter(|t| !t.is_type);
    let toothless = |target: &crate::graph::Target| {
        let profile = target.profile.and_then(|id| graph.profile(id));
        profile.is_some_and(|p| added(graph, p).iter().all(|rule| rule.kind == Kind::TargetProfile))
    };
    let found = targets.find(|target| toothless(target))?;
    Some(format!("met by all: {} only asks for profiles of what it refers to", found.canonical))
}

/// The slice on the way to an element that no value tells from other repeats.
fn untold<'g>(graph: &RuleGraph, profile: &'g Profile, chain: &[ElementId]) -> Option<&'g Element> {
    let unloaded = |t: &Test| matches!(t, Test::ValueSet(_, set) if find_set(graph.library(), set).is_none());
    let untold = |s: &crate::graph::Slice| s.tests.as_deref().is_none_or(|tests| tests.iter().any(unloaded));
    slices(profile, chain).find(|(_, slice, _)| untold(slice)).map(|(_, slice, _)| element(profile, slice.element))
}

fn element(profile: &Profile, id: ElementId) -> &Element {
    &profile.elements[id.0 as usize]
}

/// The slices on the way to an element, each with what it slices and the rest of the way.
fn slices<'g, 'c>(
    profile: &'g Profile,
    chain: &'c [ElementId],
) -> impl Iterator<Item = (At<'g>, &'g crate::graph::Slice, &'c [ElementId])> {
    chain.windows(2).enumerate().filter_map(move |(depth, pair)| {
        let sliced = At { profile, id: pair[0] };
        let slice = sliced.element().slicing.as_deref()?.slices.iter().find(|s| s.element == pair[1])?;
        Some((sliced, slice, &chain[depth + 2..]))
    })
}

/// Where an element is what an optional slice of an open slicing is told by, no value of it is wrong: with another one the repeat
/// is one beside the slice.
fn optional(graph: &RuleGraph, profile: &Profile, chain: &[ElementId]) -> Option<String> {
    let told = slices(profile, chain).find(|(_, slice, rest)| {
        let tests = slice.tests.as_deref().unwrap_or(&[]);
        // The codes that are bound may be what tells the slice itself.
        let by_codes = rest.is_empty() && tests.iter().any(|t| matches!(t, Test::ValueSet(..)));
        by_codes || !rest.is_empty() && mutate::tells(graph, profile, tests, rest)
    });
    let (_, slice, _) = told?;
    Some(format!("discriminator: another value, or none, makes a repeat beside {}", element(profile, slice.element).id))
}

/// Why no code can be said to be outside a value set.
fn unknown(graph: &RuleGraph, profile: &Profile, chain: &[ElementId]) -> Option<String> {
    let element = element(profile, *chain.last()?);
    let bound = element.binding.as_deref()?;
    let name = bound.value_set.as_deref().unwrap_or("");
    if bound.strength != Strength::Required && bound.maximum.is_none() {
        return Some(DefectKind::BindingWeakened.code().into());
    }
    let coded = element
        .types
        .iter()
        .any(|t| matches!(&*t.code, "code" | "string" | "uri" | "Coding" | "CodeableConcept" | "Quantity"));
    if !coded {
        return Some("nothing to bind: the element has no type that holds codes".into());
    }
    let Some(set) = content::set(graph, bound) else {
        return Some(format!("unknown codes: the value set {name} is not loaded"));
    };
    match set.holds(set.systems().first().copied(), "not-in-the-set") {
        Answer::Unknown(missing) => Some(format!("unknown codes: {}", missing.sentence())),
        _ => None,
    }
}

/// A defect of the definition at an element or around it, as `profiles/DEFECTS.md` has it.
fn defect(graph: &RuleGraph, profile: &Profile, id: &str) -> Option<String> {
    let around = |d: &&Defect| {
        id.strip_prefix(&*d.element).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
            && d.element.contains('.')
    };
    lint(graph, profile.id).iter().filter(around).max_by_key(|d| d.element.len()).map(said)
}

fn said(defect: &Defect) -> String {
    format!("{} at {}", defect.kind.code(), defect.element)
}
