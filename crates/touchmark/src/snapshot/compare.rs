//! Compares the snapshot made here with a published one, element by element and field by field.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::path::{self, Segment};
use super::place::Place;
use super::{DefinitionId, Element, Tree, Trees, ids};
use crate::definition::{Binding, ElementDefinition, Slicing, Text, TypeRef, Value};

/// A field of an element that is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Field {
    Id,
    Min,
    Max,
    Type,
    Profile,
    TargetProfile,
    Aggregation,
    Fixed,
    Pattern,
    Strength,
    ValueSet,
    Discriminator,
    Rules,
    Ordered,
    Constraint,
    MustSupport,
}

impl Field {
    /// All fields, in the order in which they are written.
    pub const ALL: [Field; 16] = [
        Field::Id,
        Field::Min,
        Field::Max,
        Field::Type,
        Field::Profile,
        Field::TargetProfile,
        Field::Aggregation,
        Field::Fixed,
        Field::Pattern,
        Field::Strength,
        Field::ValueSet,
        Field::Discriminator,
        Field::Rules,
        Field::Ordered,
        Field::Constraint,
        Field::MustSupport,
    ];

    /// Its name, as FHIR writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Id => "id",
            Field::Min => "min",
            Field::Max => "max",
            Field::Type => "type.code",
            Field::Profile => "type.profile",
            Field::TargetProfile => "type.targetProfile",
            Field::Aggregation => "type.aggregation",
            Field::Fixed => "fixed",
            Field::Pattern => "pattern",
            Field::Strength => "binding.strength",
            Field::ValueSet => "binding.valueSet",
            Field::Discriminator => "slicing.discriminator",
            Field::Rules => "slicing.rules",
            Field::Ordered => "slicing.ordered",
            Field::Constraint => "constraint.key",
            Field::MustSupport => "mustSupport",
        }
    }
}

/// A field in which the snapshots differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The id of the element.
    pub element: Box<str>,
    /// The field.
    pub field: Field,
    /// What the snapshot made here has; `-` for nothing.
    pub ours: Box<str>,
    /// What the published snapshot has.
    pub published: Box<str>,
}

/// What came out of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// For each of [`Field::ALL`] the number of elements in which it agrees. What neither snapshot says is not counted.
    pub agreed: [usize; 16],
    /// The differences, in the order of the published rows.
    pub differences: Vec<Difference>,
}

/// Compares a profile's tree with the rows of its published snapshot.
///
/// How deep a snapshot goes into the types of elements is its author's choice: of what is missing there only that counts
/// which one of `chain`, the profile and what it derives from, speaks of.
pub(crate) fn compare(
    tree: &Arc<Tree>,
    published: &[ElementDefinition],
    chain: &[DefinitionId],
    trees: &mut dyn Trees,
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut context = path::Context::new(published);
    let mut seen = vec![false; tree.elements.len()];
    for row in published {
        let segments = context.segments(row);
        let Some((place, id)) = locate(tree, segments, trees) else {
            comparison.compare(Field::Id, &written(row), "-", &written(row));
            continue;
        };
        if place.own {
            seen[place.at] = true;
        }
        comparison.compare(Field::Id, &id, &id, &normal_id(row, &id));
        let anyway = of_type(&place.tree.elements[place.at], trees);
        comparison.element(&id, &place.tree.elements[place.at], row, &anyway);
    }
    for (at, id) in ids(tree) {
        if !seen[at] && tree.elements[at].origin.is_some_and(|o| chain.contains(&o)) {
            comparison.compare(Field::Id, &id, &id, "-");
        }
    }
    comparison
}

fn locate(tree: &Arc<Tree>, segments: &[Segment<'_>], trees: &mut dyn Trees) -> Option<(Place, String)> {
    let mut place = Place::root(tree.clone());
    let mut id = tree.elements[0].name.to_string();
    for segment in segments.iter().skip(1) {
        let (next, part) = place.step(segment, trees)?;
        (place, id) = (next, format!("{id}.{part}"));
    }
    Some((place, id))
}

fn written(row: &ElementDefinition) -> String {
    match (row.id.is_empty(), &row.slice_name) {
        (false, _) => row.id.to_string(),
        (true, Some(slice)) => format!("{}:{slice}", row.path),
        (true, None) => row.path.to_string(),
    }
}

/// The published id, with `valueCoding:valueCoding` (and `valueCoding`) read as `value[x]:valueCoding`.
fn normal_id(row: &ElementDefinition, ours: &str) -> String {
    if row.id.is_empty() {
        return ours.into();
    }
    let mut parts: Vec<String> = Vec::new();
    for (depth, (part, own)) in row.id.split('.').zip(ours.split('.')).enumerate() {
        let (name, slice) = part.split_once(':').map_or((part, None), |(n, s)| (n, Some(s)));
        // `Quantity:simplequantity.value`: the root has no slices.
        let slice = slice.filter(|_| depth > 0);
        let choice = own.split(':').next().unwrap_or(own);
        let renamed = choice.strip_suffix("[x]").is_some_and(|stem| name.starts_with(stem) && name != choice);
        parts.push(match (renamed, slice) {
            (true, slice) => format!("{choice}:{}", slice.unwrap_or(name)),
            (false, Some(slice)) => format!("{name}:{slice}"),
            (false, None) => name.to_owned(),
        });
    }
    let id = parts.join(".");
    // HL7's own definitions write the slices in ids in lower case.
    if id.eq_ignore_ascii_case(ours) { ours.into() } else { id }
}

/// The keys of the invariants that hold for an element because of its type.
fn of_type(element: &Element, trees: &mut dyn Trees) -> BTreeSet<Text> {
    let mut keys: BTreeSet<Text> = BTreeSet::from(["ele-1".into()]);
    for t in element.types.iter() {
        let code: &str = if *t.code == *"*" { "Element" } else { &t.code };
        let profiles = t.profiles.iter().filter_map(|p| trees.tree(p)).collect::<Vec<_>>();
        for tree in trees.type_tree(code).into_iter().chain(profiles) {
            keys.extend(tree.elements[0].constraints.iter().map(|(c, _)| c.key.clone()));
        }
    }
    keys
}

impl Comparison {
    fn compare(&mut self, field: Field, element: &str, ours: &str, published: &str) {
        let neither = |v: &str| v.is_empty() || v == "-";
        if neither(ours) && neither(published) {
            return;
        }
        if ours == published {
            self.agreed[field as usize] += 1;
        } else {
            let shown = |v: &str| if v.is_empty() { "-".into() } else { v.into() };
            let (ours, published) = (shown(ours), shown(published));
            self.differences.push(Difference { element: element.into(), field, ours, published });
        }
    }

    fn element(&mut self, id: &str, ours: &Element, row: &ElementDefinition, anyway: &BTreeSet<Text>) {
        if let Some(min) = row.min {
            self.compare(Field::Min, id, &ours.min.to_string(), &min.to_string());
        }
        if let Some(max) = row.max {
            self.compare(Field::Max, id, &maximum(ours.max), &maximum(max));
        }
        self.types(id, &ours.types, &row.types);
        let shown = |v: Option<&Value>| v.map(ToString::to_string).unwrap_or_default();
        self.compare(Field::Fixed, id, &shown(ours.fixed.as_deref()), &shown(row.fixed.as_deref()));
        self.compare(Field::Pattern, id, &shown(ours.pattern.as_deref()), &shown(row.pattern.as_deref()));
        let (own, theirs) = (ours.binding.as_deref(), row.binding.as_deref());
        let strength = |b: Option<&Binding>| b.map_or("", |b| b.strength.code()).to_owned();
        self.compare(Field::Strength, id, &strength(own), &strength(theirs));
        let set = |b: Option<&Binding>| b.and_then(|b| b.value_set.clone()).unwrap_or_default();
        self.compare(Field::ValueSet, id, &set(own), &set(theirs));
        self.slicing(id, ours, row);
        let own: BTreeSet<Text> = ours.constraints.iter().map(|(c, _)| c.key.clone()).collect();
        let theirs: BTreeSet<Text> = row.constraints.iter().map(|c| c.key.clone()).collect();
        for key in own.union(&theirs) {
            let has = |set: &BTreeSet<Text>| if set.contains(key) || anyway.contains(key) { &**key } else { "" };
            self.compare(Field::Constraint, id, has(&own), has(&theirs));
        }
        let flag = |v: bool| if v { "true" } else { "" };
        self.compare(Field::MustSupport, id, flag(ours.must_support), flag(row.must_support == Some(true)));
    }

    fn types(&mut self, id: &str, ours: &[TypeRef], published: &[TypeRef]) {
        if ours.is_empty() && published.is_empty() {
            return;
        }
        let codes = |types: &[TypeRef]| joined(types.iter().map(|t| &*t.code));
        self.compare(Field::Type, id, &codes(ours), &codes(published));
        let profiles = |types: &[TypeRef]| {
            joined(types.iter().filter(|t| *t.code != *"Reference").flat_map(|t| &t.profiles).map(|p| &**p))
        };
        self.compare(Field::Profile, id, &profiles(ours), &profiles(published));
        // `type.profile` of a Reference is read as `targetProfile`.
        let targets = |types: &[TypeRef]| {
            let references = types.iter().filter(|t| *t.code == *"Reference");
            joined(references.flat_map(|t| t.target_profiles.iter().chain(&t.profiles)).map(|p| &**p))
        };
        self.compare(Field::TargetProfile, id, &targets(ours), &targets(published));
        let aggregation = |types: &[TypeRef]| joined(types.iter().flat_map(|t| &t.aggregation).map(|p| &**p));
        self.compare(Field::Aggregation, id, &aggregation(ours), &aggregation(published));
    }

    /// Extensions are always sliced by url, and a choice by its type: whether a snapshot says so makes no difference.
    fn slicing(&mut self, id: &str, ours: &Element, row: &ElementDefinition) {
        let implied = if ours.name.ends_with("xtension") {
            "value:url"
        } else if ours.name.ends_with("[x]") {
            "type:$this"
        } else {
            ""
        };
        let parts = |s: Option<&Slicing>| {
            let Some(s) = s else { return (implied.to_owned(), "open", "") };
            let list = joined(s.discriminators.iter().map(|d| format!("{}:{}", d.kind, d.path)));
            let list = if list.is_empty() { implied.to_owned() } else { list };
            (list, s.rules.code(), if s.ordered { "true" } else { "" })
        };
        if ours.slicing.is_none() && row.slicing.is_none() {
            return;
        }
        let (own, theirs) = (parts(ours.slicing.as_deref()), parts(row.slicing.as_deref()));
        self.compare(Field::Discriminator, id, &own.0, &theirs.0);
        self.compare(Field::Rules, id, own.1, theirs.1);
        self.compare(Field::Ordered, id, own.2, theirs.2);
    }
}

fn maximum(max: u32) -> String {
    if max == u32::MAX { "*".into() } else { max.to_string() }
}

fn joined<T: Into<String>>(parts: impl Iterator<Item = T>) -> String {
    let set: BTreeSet<String> = parts.map(Into::into).collect();
    set.into_iter().collect::<Vec<_>>().join(", ")
}
