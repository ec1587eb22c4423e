//! What changed in what is required between two versions of a profile: narrower, wider or neither, element by element.

use std::collections::BTreeSet;
use std::fmt;

use crate::definition::Text;
use crate::graph::{Element, Profile, Slicing, Target, Type};

/// What a change does to the instances that conform.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// Whatever conforms to the new version conformed to the old one, not the other way round.
    Narrower,
    /// Whatever conformed to the old version conforms to the new one, not the other way round.
    Wider,
    /// Some instances gain and some lose, or none does.
    Neither,
}

impl Direction {
    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Direction::Narrower => "narrower",
            Direction::Wider => "wider",
            Direction::Neither => "neither",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The id of the element.
    pub element: Box<str>,
    /// What of it: `min`, `max`, `type` …
    pub what: &'static str,
    /// What the old version requires; `-` for nothing.
    pub from: Box<str>,
    /// What the new one requires.
    pub to: Box<str>,
    /// Narrower, wider or neither.
    pub direction: Direction,
}

/// The changes from one version of a profile to another, in the order of the new one's elements, then of those that it lost.
pub fn differences(old: &Profile, new: &Profile) -> Vec<Change> {
    let mut changes = Vec::new();
    let before = |id: &str| old.elements.iter().find(|e| *e.id == *id);
    if old.type_name != new.type_name {
        push(&mut changes, "", "type", &old.type_name, &new.type_name, Direction::Neither);
    }
    set(&mut changes, "", "context", names(old.contexts.iter()), names(new.contexts.iter()));
    let mut absent: Vec<&str> = Vec::new();
    for element in &new.elements {
        match before(&element.id) {
            Some(old) => compare(&mut changes, old, element),
            None if inside(&absent, &element.id) => {}
            None => {
                absent.push(&element.id);
                appeared(&mut changes, new, element, Direction::Narrower);
            }
        }
    }
    absent.clear();
    for element in &old.elements {
        let kept = new.elements.iter().any(|e| e.id == element.id);
        if !kept && !inside(&absent, &element.id) {
            absent.push(&element.id);
            appeared(&mut changes, old, element, Direction::Wider);
        }
    }
    changes
}

/// The sum of changes: narrower where all are, wider where all are; `None` where there are none.
pub fn summary(changes: &[Change]) -> Option<Direction> {
    let first = changes.first()?.direction;
    Some(if changes.iter().all(|c| c.direction == first) { first } else { Direction::Neither })
}

/// Whether an element stands in one of those that were told.
fn inside(told: &[&str], id: &str) -> bool {
    told.iter().any(|above| id.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', ':', '/'])))
}

/// An element or slice that only one of the versions speaks of.
fn appeared(changes: &mut Vec<Change>, profile: &Profile, element: &Element, direction: Direction) {
    let slice = element.id.rsplit('.').next().is_some_and(|last| last.contains(':'));
    // What only shows the parts of a type says nothing that the type does not say.
    if !slice
        && !profile
            .elements
            .iter()
            .any(|e| e.origin == profile.id && (e.id == element.id || inside(&[&element.id], &e.id)))
    {
        return;
    }
    let what = if slice { "slice" } else { "element" };
    let shown = cardinality(element);
    match direction {
        Direction::Narrower => push(changes, &element.id, what, "-", &shown, direction),
        _ => push(changes, &element.id, what, &shown, "-", direction),
    }
}

fn compare(changes: &mut Vec<Change>, old: &Element, new: &Element) {
    let id = &*new.id;
    number(changes, id, "min", old.min, new.min, new.min > old.min);
    number(changes, id, "max", old.max, new.max, new.max < old.max);
    types(changes, id, &old.types, &new.types);
    for (what, a, b) in [
        ("fixed", &old.fixed, &new.fixed),
        ("pattern", &old.pattern, &new.pattern),
        ("minimum value", &old.min_value, &new.min_value),
        ("maximum value", &old.max_value, &new.max_value),
    ] {
        text(changes, id, what, a.as_ref(), b.as_ref());
    }
    let longest = |e: &Element| e.max_length.unwrap_or(u32::MAX);
    number(changes, id, "maximum length", longest(old), longest(new), longest(new) < longest(old));
    let strength = |e: &Element| e.binding.as_ref().map(|b| b.strength);
    if strength(old) != strength(new) {
        let shown = |e: &Element| strength(e).map_or("-", crate::definition::Strength::code);
        let direction = if strength(new) > strength(old) { Direction::Narrower } else { Direction::Wider };
        push(changes, id, "binding strength", shown(old), shown(new), direction);
    }
    let value_set = |e: &Element| e.binding.as_ref().and_then(|b| b.value_set.clone()).unwrap_or_default();
    if value_set(old) != value_set(new) && strength(old).is_some() && strength(new).is_some() {
        push(changes, id, "value set", &value_set(old), &value_set(new), Direction::Neither);
    }
    slicing(changes, id, old.slicing.as_deref(), new.slicing.as_deref());
    invariants(changes, id, old, new);
    if old.must_support != new.must_support {
        let shown = |v: bool| if v { "true" } else { "false" };
        push(changes, id, "must support", shown(old.must_support), shown(new.must_support), Direction::Neither);
    }
}

fn types(changes: &mut Vec<Change>, id: &str, old: &[Type], new: &[Type]) {
    if old.is_empty() || new.is_empty() {
        return;
    }
    set(changes, id, "type", names(old.iter().map(|t| &t.code)), names(new.iter().map(|t| &t.code)));
    for b in new {
        let Some(a) = old.iter().find(|t| t.code == b.code) else { continue };
        targets(changes, id, a, b);
        let numbers = |t: &Type| t.profiles.iter().map(|p| format!("#{}", p.0)).collect();
        let (a_profiles, b_profiles): (BTreeSet<String>, BTreeSet<String>) = (numbers(a), numbers(b));
        if a_profiles != b_profiles {
            set(changes, id, "profile of the type", a_profiles, b_profiles);
        }
        set(changes, id, "aggregation", names(a.aggregation.iter()), names(b.aggregation.iter()));
    }
}

/// What a Reference may point at. A profile on a type is less than the type, which is less than any resource.
fn targets(changes: &mut Vec<Change>, id: &str, old: &Type, new: &Type) {
    let shown = |t: &Type| names(t.targets.iter().map(|t| &t.canonical));
    let (from, to) = (shown(old), shown(new));
    if from == to {
        return;
    }
    let covered = |by: &Type, t: &Target| {
        let any = |of: &Target| of.is_type && matches!(name_of(of), "Resource" | "DomainResource");
        by.targets.iter().any(|of| of.canonical == t.canonical || of.is_type && of.type_atom == t.type_atom || any(of))
    };
    let within = |inner: &Type, outer: &Type| {
        outer.targets.is_empty() || !inner.targets.is_empty() && inner.targets.iter().all(|t| covered(outer, t))
    };
    let direction = match (within(new, old), within(old, new)) {
        (true, false) => Direction::Narrower,
        (false, true) => Direction::Wider,
        _ => Direction::Neither,
    };
    let list = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
    push(changes, id, "target", &list(from), &list(to), direction);
}

/// The last part of a target's url.
fn name_of(target: &Target) -> &str {
    target.canonical.rsplit('/').next().unwrap_or("")
}

fn slicing(changes: &mut Vec<Change>, id: &str, old: Option<&Slicing>, new: Option<&Slicing>) {
    let (Some(old), Some(new)) = (old, new) else { return };
    if old.rules != new.rules {
        let closed = new.rules == crate::definition::SlicingRules::Closed;
        let direction = if closed { Direction::Narrower } else { Direction::Wider };
        push(changes, id, "slicing", old.rules.code(), new.rules.code(), direction);
    }
    if old.ordered != new.ordered {
        let (from, to) = if new.ordered { ("any order", "ordered") } else { ("ordered", "any order") };
        push(changes, id, "slicing", from, to, if new.ordered { Direction::Narrower } else { Direction::Wider });
    }
}

fn invariants(changes: &mut Vec<Change>, id: &str, old: &Element, new: &Element) {
    for b in &new.constraints {
        match old.constraints.iter().find(|a| a.constraint.key == b.constraint.key) {
            None => push(changes, id, "invariant", "-", &b.constraint.key, Direction::Narrower),
            Some(a) if a.constraint.expression != b.constraint.expression => {
                push(changes, id, "invariant", &a.constraint.expression, &b.constraint.expression, Direction::Neither);
            }
            Some(_) => {}
        }
    }
    for a in old.constraints.iter().filter(|a| !new.constraints.iter().any(|b| a.constraint.key == b.constraint.key)) {
        push(changes, id, "invariant", &a.constraint.key, "-", Direction::Wider);
    }
}

fn names<'t>(list: impl Iterator<Item = &'t Text>) -> BTreeSet<String> {
    list.map(ToString::to_string).collect()
}

/// A list of what is allowed; an empty one allows anything.
fn set(changes: &mut Vec<Change>, id: &str, what: &'static str, old: BTreeSet<String>, new: BTreeSet<String>) {
    if old == new {
        return;
    }
    let direction = if old.is_empty() || !new.is_empty() && new.is_subset(&old) {
        Direction::Narrower
    } else if new.is_empty() || old.is_subset(&new) {
        Direction::Wider
    } else {
        Direction::Neither
    };
    let shown = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
    push(changes, id, what, &shown(old), &shown(new), direction);
}

fn number(changes: &mut Vec<Change>, id: &str, what: &'static str, old: u32, new: u32, narrower: bool) {
    if old != new {
        let shown = |n: u32| if n == u32::MAX { "*".to_owned() } else { n.to_string() };
        let direction = if narrower { Direction::Narrower } else { Direction::Wider };
        push(changes, id, what, &shown(old), &shown(new), direction);
    }
}

fn text<T: fmt::Display + PartialEq>(
    changes: &mut Vec<Change>,
    id: &str,
    what: &'static str,
    old: Option<&T>,
    new: Option<&T>,
) {
    if old == new {
        return;
    }
    let direction = match (old, new) {
        (None, _) => Direction::Narrower,
        (_, None) => Direction::Wider,
        _ => Direction::Neither,
    };
    let shown = |v: Option<&T>| v.map(ToString::to_string).unwrap_or_default();
    push(changes, id, what, &shown(old), &shown(new), direction);
}

fn cardinality(element: &Element) -> String {
    match element.max {
        u32::MAX => format!("{}..*", element.min),
        max => format!("{}..{max}", element.min),
    }
}

fn push(changes: &mut Vec<Change>, element: &str, what: &'static str, from: &str, to: &str, direction: Direction) {
    let shown = |text: &str| if text.is_empty() { "-".into() } else { text.into() };
    changes.push(Change { element: element.into(), what, from: shown(from), to: shown(to), direction });
}
