//! Fixed values that the element's own binding does not allow.

use super::{Defect, DefectKind, push};
use crate::definition::{Strength, Value};
use crate::graph::{Element, ElementId, Profile, RuleGraph};
use crate::terminology::{Answer, CodeSet};

/// A code that no set has: it tells whether a set has any code of a system.
const NO_CODE: &str = "\u{1}";

/// Checks every element of the profile that has a required binding.
pub(super) fn check(graph: &RuleGraph, profile: &Profile, defects: &mut Vec<Defect>) {
    for element in profile.elements.iter().filter(|e| chosen_here(profile, e)) {
        let Some(binding) = element.binding.as_deref().filter(|b| b.strength == Strength::Required) else { continue };
        let Some(set) = binding.set.and_then(|id| graph.terminology.set(graph.library(), id)) else { continue };
        let name = binding.value_set.as_deref().unwrap_or("");
        let mut say = |at: &Element, what: String| {
            push(
                defects,
                &at.id,
                DefectKind::FixedOutsideBinding,
                format!("{what} the value set {name}, which the element is bound to"),
            );
        };
        for value in element.fixed.iter().chain(&element.pattern) {
            for (system, code) in codes(value) {
                if is_outside(set, system, code) {
                    say(element, format!("{} is not in", shown(system, code)));
                }
            }
        }
        let codings = match children(profile, element, "coding") {
            // One coding of several must be in the set: the others may be of any system.
            Some(coding) => [coding].into_iter().filter(|c| c.max == 1 || c.slicing.is_none()).collect(),
            None => vec![element],
        };
        for coding in codings {
            let part =
                |name| children(profile, coding, name).and_then(|e| Some((e, e.fixed.as_ref()?.text.as_deref()?)));
            match (part("system"), part("code")) {
                (system, Some((at, code))) if is_outside(set, system.map(|s| s.1), code) => {
                    say(at, format!("{} is not in", shown(system.map(|s| s.1), code)));
                }
                (Some((at, system)), None) if is_outside(set, Some(system), NO_CODE) && !has_system(set, system) => {
                    say(at, format!("{system} is a system of which no code is in"));
                }
                _ => {}
            }
        }
    }
}

/// Whether the profile itself speaks of the element, or of something in it.
fn chosen_here(profile: &Profile, element: &Element) -> bool {
    element.origin == profile.id
        || element.children.iter().flat_map(|c| &c.order).any(|c| chosen_here(profile, &profile.elements[c.0 as usize]))
}

fn children<'g>(profile: &'g Profile, element: &Element, name: &str) -> Option<&'g Element> {
    let order = &element.children.as_ref()?.order;
    order.iter().map(|ElementId(at)| &profile.elements[*at as usize]).find(|e| *e.label == *name)
}

/// The codes in a fixed value: a code, a Coding, a CodeableConcept.
fn codes(value: &Value) -> Vec<(Option<&str>, &str)> {
    match &*value.name {
        "code" => value.text.as_deref().map(|code| (None, code)).into_iter().collect(),
        "Coding" => text(value, "code").map(|code| (text(value, "system"), code)).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn text<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    of.children.iter().find(|c| *c.name == *name)?.text.as_deref()
}

fn is_outside(set: &CodeSet, system: Option<&str>, code: &str) -> bool {
    matches!(set.holds(system, code), Answer::NotIn)
}

fn has_system(set: &CodeSet, system: &str) -> bool {
    set.systems().contains(&system)
}

fn shown(system: Option<&str>, code: &str) -> String {
    system.map_or_else(|| code.to_owned(), |system| format!("{system}#{code}"))
}
