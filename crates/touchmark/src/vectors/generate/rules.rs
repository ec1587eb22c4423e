//! The rules that a differential adds: what its rows say beyond what the base says of the same element.

use crate::definition::{ElementDefinition, SlicingRules, Strength, StructureDefinition};
use crate::graph::{ElementId, Profile, RuleGraph, Type, TypeKind};
use crate::library::HL7;
use crate::snapshot::path::{Context, Segment};
use crate::walk::At;

/// What a rule asks of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It must be there.
    Minimum,
    /// It must not be there so often, or not at all.
    Maximum,
    /// It has this value.
    Fixed,
    /// It has these parts.
    Pattern,
    /// It has a code of this value set.
    Binding,
    /// It has one of these types, where the base allows others.
    Type,
    /// It meets this profile of its type.
    Profile,
    /// It refers to one of these types of resources.
    Target,
    /// It refers to a resource that meets one of these profiles.
    TargetProfile,
    /// Its target is in this place: contained, in the Bundle, outside.
    Aggregation,
    /// A slice of it must be there.
    SliceMinimum,
    /// A slice of it must not be there so often, or not at all.
    SliceMaximum,
    /// It has no repeats beside its slices.
    Closed,
    /// Repeats beside its slices come last.
    AtEnd,
    /// Its slices come in order.
    Order,
    /// It is not longer than this.
    Length,
    /// It is not less than this.
    Least,
    /// It is not more than this.
    Greatest,
    /// The extension stands in these places only.
    Context,
    /// An invariant.
    Invariant,
}

impl Kind {
    /// Its name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Minimum => "minimum",
            Kind::Maximum => "maximum",
            Kind::Fixed => "fixed",
            Kind::Pattern => "pattern",
            Kind::Binding => "binding",
            Kind::Type => "type",
            Kind::Profile => "profile",
            Kind::Target => "target",
            Kind::TargetProfile => "target-profile",
            Kind::Aggregation => "aggregation",
            Kind::SliceMinimum => "slice-minimum",
            Kind::SliceMaximum => "slice-maximum",
            Kind::Closed => "slices-closed",
            Kind::AtEnd => "slices-at-end",
            Kind::Order => "slices-in-order",
            Kind::Length => "length",
            Kind::Least => "least",
            Kind::Greatest => "greatest",
            Kind::Context => "context",
            Kind::Invariant => "invariant",
        }
    }
}

/// A rule that a differential adds.
#[derive(Clone, Debug)]
pub struct Added {
    /// The element, as the row's path and slices call it.
    pub id: String,
    /// What is asked of it.
    pub kind: Kind,
    /// What exactly: `1`, a value, a url.
    pub detail: String,
    /// The compiled elements that lead to it from the root, slices after what they slice; `None` where there is none.
    pub(super) chain: Option<Vec<ElementId>>,
    /// For a choice of types those that the base has beside.
    pub(super) others: Vec<String>,
}

/// The rules that the rows of a definition add, in their order.
pub fn added(graph: &RuleGraph, profile: &Profile) -> Vec<Added> {
    let Some(definition) = graph.library().read(profile.id) else { return Vec::new() };
    let Some(structure) = definition.structure.as_ref().filter(|s| s.constraint) else { return Vec::new() };
    let base = graph.find(&structure.base).and_then(|id| graph.profile(id));
    let mut context = Context::new(&structure.elements);
    let mut rules = Vec::new();
    for row in &structure.elements {
        let segments = context.segments(row);
        let id = row_id(segments);
        let chain = locate(graph, profile, segments);
        let of_base = chain.as_deref().and_then(|chain| in_base(graph, profile, base, chain));
        let mut add = |kind, detail: String| {
            let others = match (kind, of_base) {
                (Kind::Type, Some(base)) => base.element().types.iter().map(|t| t.code.to_string()).collect(),
                _ => Vec::new(),
            };
            rules.push(Added { id: id.clone(), kind, detail, chain: chain.clone(), others });
        };
        of_row(graph, profile, row, segments, chain.as_deref(), of_base, &mut add);
    }
    contexts(structure, &mut rules);
    rules
}

/// Where an extension may stand is said of its root.
fn contexts(structure: &StructureDefinition, rules: &mut Vec<Added>) {
    let open = |c: &str| matches!(c, "*" | "Element" | "Any");
    if &*structure.type_name == "Extension"
        && !structure.contexts.is_empty()
        && !structure.contexts.iter().any(|c| open(c.trim()))
    {
        let detail = structure.contexts.join(", ");
        rules.push(Added {
            id: "Extension".into(),
            kind: Kind::Context,
            detail,
            chain: Some(Vec::new()),
            others: Vec::new(),
        });
    }
}

fn row_id(segments: &[Segment<'_>]) -> String {
    let part = |s: &Segment<'_>| s.slice.map_or_else(|| s.name.to_owned(), |slice| format!("{}:{slice}", s.name));
    segments.iter().map(part).collect::<Vec<_>>().join(".")
}

fn of_row(
    graph: &RuleGraph,
    profile: &Profile,
    row: &ElementDefinition,
    segments: &[Segment<'_>],
    chain: Option<&[ElementId]>,
    base: Option<At<'_>>,
    add: &mut dyn FnMut(Kind, String),
) {
    let is_slice = chain.map_or(segments.last().is_some_and(|s| s.slice.is_some()), |c| is_slice(profile, c));
    let same_slice = |at: At<'_>| !is_slice || at.element().id.rsplit('.').next().is_some_and(|l| l.contains(':'));
    let base = base.map(|at| (at.element(), same_slice(at)));
    // The root is there once: its cardinality is said where a profile uses it.
    if segments.len() > 1 {
        let least = base.filter(|(_, same)| *same).map_or(0, |(b, _)| b.min);
        if let Some(min) = row.min.filter(|min| *min > least) {
            add(if is_slice { Kind::SliceMinimum } else { Kind::Minimum }, min.to_string());
        }
        if let Some(max) = row.max.filter(|max| base.map_or(*max < u32::MAX, |(b, _)| *max < b.max)) {
            add(if is_slice { Kind::SliceMaximum } else { Kind::Maximum }, max.to_string());
        }
    }
    let base = base.map(|(b, _)| b);
    if let Some(fixed) = row.fixed.as_ref().filter(|f| base.and_then(|b| b.fixed.as_deref()) != Some(*f)) {
        add(Kind::Fixed, fixed.to_string());
    }
    if let Some(pattern) = row.pattern.as_ref().filter(|f| base.and_then(|b| b.pattern.as_deref()) != Some(*f)) {
        add(Kind::Pattern, pattern.to_string());
    }
    if let Some(length) = row.max_length.filter(|l| base.and_then(|b| b.max_length) != Some(*l)) {
        add(Kind::Length, length.to_string());
    }
    if let Some(value) = row.min_value.as_ref().filter(|v| base.and_then(|b| b.min_value.as_deref()) != Some(*v)) {
        add(Kind::Least, value.to_string());
    }
    if let Some(value) = row.max_value.as_ref().filter(|v| base.and_then(|b| b.max_value.as_deref()) != Some(*v)) {
        add(Kind::Greatest, value.to_string());
    }
    if let Some(binding) = &row.binding {
        let known = base.and_then(|b| b.binding.as_deref());
        let set = binding.value_set.as_deref();
        let same = known.is_some_and(|k| k.strength == Strength::Required && k.value_set.as_deref() == set);
        let same_maximum = known.is_some_and(|k| k.maximum == binding.maximum);
        if binding.strength == Strength::Required && !same {
            add(Kind::Binding, set.unwrap_or("").to_owned());
        }
        if let Some(maximum) = binding.maximum.as_deref().filter(|_| !same_maximum) {
            add(Kind::Binding, maximum.to_owned());
        }
    }
    of_types(graph, row, segments, base.map(|b| &b.types[..]), add);
    if let Some(slicing) = &row.slicing {
        let known = base.and_then(|b| b.slicing.as_deref());
        if slicing.rules == SlicingRules::Closed && known.is_none_or(|k| k.rules != SlicingRules::Closed) {
            add(Kind::Closed, String::new());
        }
        if slicing.rules == SlicingRules::OpenAtEnd && known.is_none_or(|k| k.rules != SlicingRules::OpenAtEnd) {
            add(Kind::AtEnd, String::new());
        }
        if slicing.ordered && known.is_none_or(|k| !k.ordered) {
            add(Kind::Order, String::new());
        }
    }
    for constraint in &row.constraints {
        let known = base.is_some_and(|b| b.constraints.iter().any(|c| c.constraint.key == constraint.key));
        if !known && !constraint.warning && chain.is_none_or(|chain| !of_type(graph, profile, chain, &constraint.key)) {
            add(Kind::Invariant, constraint.key.to_string());
        }
    }
}

/// Whether the type of an element has the invariant already.
fn of_type(graph: &RuleGraph, profile: &Profile, chain: &[ElementId], key: &str) -> bool {
    let Some(last) = chain.last() else { return false };
    let has = |t: &Type| {
        let root = t.definition.and_then(|id| graph.profile(id)).and_then(|p| p.elements.first());
        root.is_some_and(|root| root.constraints.iter().any(|c| *c.constraint.key == *key))
    };
    profile.elements[last.0 as usize].types.iter().any(has)
}

fn of_types(
    graph: &RuleGraph,
    row: &ElementDefinition,
    segments: &[Segment<'_>],
    base: Option<&[Type]>,
    add: &mut dyn FnMut(Kind, String),
) {
    if row.types.is_empty() || segments.len() < 2 {
        return;
    }
    let Some(base) = base else { return };
    let list = |codes: Vec<&str>| codes.join(", ");
    let codes: Vec<&str> = row.types.iter().map(|t| &*t.code).collect();
    let choice = base.len() > 1 || base.iter().any(|t| matches!(&*t.code, "Resource" | "DomainResource"));
    if choice && base.iter().any(|b| !codes.contains(&&*b.code)) {
        add(Kind::Type, list(codes));
    }
    for t in row.types.iter() {
        let known = base.iter().find(|b| *b.code == *t.code);
        if &*t.code == "Reference" {
            let wanted: Vec<&str> = t.target_profiles.iter().chain(&t.profiles).map(|p| &**p).collect();
            let known_targets: Vec<&str> =
                known.map_or_else(Vec::new, |k| k.targets.iter().map(|t| &*t.canonical).collect());
            let types = |canonicals: &[&str]| -> Vec<String> {
                let of = |c: &&str| {
                    graph.find(c).map_or(String::new(), |id| graph.library().entry(id).type_name.to_string())
                };
                canonicals.iter().map(of).collect()
            };
            let (new, old) = (types(&wanted), types(&known_targets));
            let any = old.is_empty() || old.iter().any(|t| matches!(t.as_str(), "Resource" | "DomainResource"));
            let narrower = any || old.iter().any(|t| !new.contains(t));
            let is_type =
                |w: &str| w.strip_prefix(HL7).is_some_and(|t| graph.find_type(graph.names().find(t)).is_some());
            let open = |t: &String| matches!(t.as_str(), "Resource" | "DomainResource");
            // Where the type itself will do, a profile of it asks for nothing.
            let asks =
                |w: &&str| !is_type(w) && !wanted.iter().zip(&new).any(|(o, t)| is_type(o) && *t == types(&[w])[0]);
            let profiled = wanted.iter().any(asks);
            if !wanted.is_empty() && wanted != known_targets && !new.iter().any(open) {
                if narrower {
                    add(Kind::Target, list(wanted.clone()));
                }
                if profiled {
                    add(Kind::TargetProfile, list(wanted));
                }
            }
            if !t.aggregation.is_empty() && known.is_none_or(|k| *k.aggregation != *t.aggregation) {
                add(Kind::Aggregation, t.aggregation.join(", "));
            }
        } else if !t.profiles.is_empty() {
            let extension = known.is_some_and(|k| k.kind == TypeKind::Extension) || &*t.code == "Extension";
            // An extension is known by its url: which definition it has is no rule but what it is.
            if !extension {
                add(Kind::Profile, t.profiles.join(", "));
            }
        }
    }
}

/// Whether the last of a chain is a slice: it stands behind the element that it slices.
pub(super) fn is_slice(profile: &Profile, chain: &[ElementId]) -> bool {
    let [.., before, last] = chain else { return false };
    slices_of(profile, *before).any(|s| s == *last)
}

fn slices_of(profile: &Profile, element: ElementId) -> impl Iterator<Item = ElementId> {
    let slicing = profile.elements[element.0 as usize].slicing.as_deref();
    slicing.into_iter().flat_map(|s| s.slices.iter().map(|s| s.element))
}

/// The compiled elements that lead to a row's element.
fn locate(graph: &RuleGraph, profile: &Profile, segments: &[Segment<'_>]) -> Option<Vec<ElementId>> {
    let mut chain = Vec::new();
    let mut at = ElementId::ROOT;
    for segment in segments.iter().skip(1) {
        let children = graph.own_children(profile, at)?;
        let labelled = |id: &&ElementId| *profile.elements[id.0 as usize].label == *segment.name;
        let choice = |id: &&ElementId| {
            let stem = profile.elements[id.0 as usize].label.strip_suffix("[x]");
            let suffix = stem.and_then(|stem| segment.name.strip_prefix(stem));
            suffix.is_some_and(|s| s.starts_with(|l: char| l.is_ascii_uppercase()))
        };
        at = *children.order.iter().find(labelled).or_else(|| children.order.iter().find(choice))?;
        chain.push(at);
        let element = &profile.elements[at.0 as usize];
        let renamed = element.label.ends_with("[x]") && *element.label != *segment.name;
        let names = segment.slice.or(renamed.then_some(segment.name));
        let Some(name) = names else { continue };
        let mut whole = String::new();
        for part in name.split_inclusive('/') {
            whole.push_str(part);
            let wanted = whole.trim_end_matches('/');
            let slicing = profile.elements[at.0 as usize].slicing.as_deref();
            match slicing.and_then(|s| s.slices.iter().find(|s| *s.name == *wanted)) {
                Some(slice) => {
                    at = slice.element;
                    chain.push(at);
                }
                // A choice of one type that a row calls by that type is no slice but the element.
                None if element.label.ends_with("[x]") => {}
                None => return None,
            }
        }
    }
    Some(chain)
}

/// What the base says of an element: itself, or what its type says where the base leaves it to that.
fn in_base<'g>(
    graph: &'g RuleGraph,
    profile: &'g Profile,
    base: Option<&'g Profile>,
    chain: &[ElementId],
) -> Option<At<'g>> {
    let mut here = At::root(profile);
    let mut there = At::root(base?);
    for id in chain {
        let next = here.child(*id);
        if slices_of(profile, here.id).any(|s| s == *id) {
            let name = here.element().slicing.as_deref()?.slices.iter().find(|s| s.element == *id).map(|s| &s.name)?;
            let slicing = there.element().slicing.as_deref();
            if let Some(known) = slicing.and_then(|s| s.slices.iter().find(|s| s.name == *name)) {
                there = there.child(known.element);
            }
            here = next;
            continue;
        }
        let mut holder = there;
        if graph.own_children(holder.profile, holder.id).is_none() {
            let t = here.element().types.first()?;
            let profiled = (t.kind != TypeKind::Reference).then(|| t.profiles.first()).flatten();
            holder = At::root(graph.profile(*profiled.or(t.definition.as_ref())?)?);
        }
        let children = graph.own_children(holder.profile, holder.id)?;
        let label = &next.element().label;
        let found = children.order.iter().find(|c| holder.child(**c).element().label == *label)?;
        (here, there) = (next, holder.child(*found));
    }
    Some(there)
}
