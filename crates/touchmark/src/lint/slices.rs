//! Slices that cannot be told apart, and slices that no repeat, or every repeat, belongs to.

use super::{Defect, DefectKind, is_own, push};
use crate::definition::StructureDefinition;
use crate::graph::{Element, Profile, RuleGraph, Slice, Step, Test};
use crate::terminology::{self, Answer};

/// Checks the slicings of a profile that it speaks of itself.
pub(super) fn check(graph: &RuleGraph, profile: &Profile, structure: &StructureDefinition, defects: &mut Vec<Defect>) {
    let mut found = Vec::new();
    for element in &profile.elements {
        let Some(slicing) = element.slicing.as_deref() else { continue };
        for (number, slice) in slicing.slices.iter().enumerate() {
            let Some(tests) = slice.tests.as_deref() else { continue };
            let sliced = &profile.elements[slice.element.0 as usize];
            if sliced.max == 0 {
                continue;
            }
            let earlier = slicing.slices[..number].iter().filter(|s| profile.elements[s.element.0 as usize].max > 0);
            if let Some(alike) = earlier.filter(|s| covers(graph, s, tests)).last() {
                push(&mut found, &sliced.id, DefectKind::SlicesAlike, &*alike.name);
            }
            never_or_always(profile, element, sliced, tests, &mut found);
        }
    }
    defects.extend(found.into_iter().filter(|d| is_own(structure, d)));
}

/// Whether whatever passes `tests` passes those of the slice, or the other way round where one of them is a value set.
fn covers(graph: &RuleGraph, slice: &Slice, tests: &[Test]) -> bool {
    let Some(own) = slice.tests.as_deref().filter(|own| !own.is_empty()) else { return false };
    own.iter().all(|a| tests.iter().any(|b| same(a, b) || in_set(graph, a, b)))
}

/// Whether the one is a value set that holds the code which the other wants.
fn in_set(graph: &RuleGraph, a: &Test, b: &Test) -> bool {
    let ((Test::Fixed(p, code), Test::ValueSet(q, canonical)) | (Test::ValueSet(q, canonical), Test::Fixed(p, code))) =
        (a, b)
    else {
        return false;
    };
    let set =
        terminology::find_set(graph.library(), canonical).and_then(|id| graph.terminology.set(graph.library(), id));
    let holds = |code: &str| set.is_some_and(|set| matches!(set.holds(None, code), Answer::In(_)));
    p == q && code.text.as_deref().is_some_and(holds)
}

fn same(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Fixed(path, a) | Test::Pattern(path, a), Test::Fixed(there, b) | Test::Pattern(there, b)) => {
            path == there && a == b
        }
        (Test::Exists(path, a), Test::Exists(there, b)) => path == there && a == b,
        (Test::Type(path, a), Test::Type(there, b)) => path == there && a == b,
        (Test::Profile(path, a), Test::Profile(there, b)) => path == there && a == b,
        _ => false,
    }
}

fn never_or_always(profile: &Profile, element: &Element, slice: &Element, tests: &[Test], found: &mut Vec<Defect>) {
    let mut always = !tests.is_empty() && element.label.strip_suffix("xtension").is_none();
    for test in tests {
        let (Test::Fixed(path, wanted) | Test::Pattern(path, wanted)) = test else {
            always = false;
            continue;
        };
        if let Some(at) = follow(profile, slice, path).filter(|e| e.max == 0) {
            return push(
                found,
                &slice.id,
                DefectKind::SliceNever,
                format!("it is recognised by {}, which it does not allow", at.id),
            );
        }
        match follow(profile, element, path).and_then(|e| Some((e, e.fixed.as_ref()?))) {
            Some((_, fixed)) if fixed == wanted => {}
            Some((at, fixed)) if fixed.text.is_some() && wanted.text.is_some() => {
                let detail = format!("{} is fixed to {fixed} for every repeat, and to {wanted} in the slice", at.id);
                return push(found, &slice.id, DefectKind::SliceNever, detail);
            }
            _ => always = false,
        }
    }
    if always {
        push(found, &slice.id, DefectKind::SliceAlways, "the value that makes a slice is fixed for all");
    }
}

/// The element at a path of children in the profile itself.
fn follow<'g>(profile: &'g Profile, from: &'g Element, path: &[Step]) -> Option<&'g Element> {
    path.iter().try_fold(from, |at, step| {
        let Step::Child(names) = step else { return None };
        let children = at.children.as_ref()?;
        let child = children.find(*names.first()?)?;
        Some(&profile.elements[child.element.0 as usize])
    })
}
