//! The faults: for each kind of rule what is done to a conforming instance so that this rule is broken and no other.

mod coded;
mod references;
mod values;

pub(super) use values::tells;

use touchmark_document::Form;

use super::builder::Wish;
use super::rules::{added, is_slice};
use super::verdict::{Expected, severity};
use super::{Added, Builder, Instance, Kind, content, host};
use crate::graph::{ElementId, Profile, RuleGraph};
use crate::library::choice_name;
use crate::rule::Rule;
use crate::rules::{cardinality, extension, slicing, types};
use crate::vectors::tree::Tree;
use crate::walk::At;

/// An instance with a fault, and what must be found in it.
pub(super) struct Mutant<'g> {
    pub tree: Tree,
    pub builder: Builder<'g>,
    pub expected: Vec<Expected>,
}

/// How many faults of a target are tried.
const MOST_FAULTS: usize = 24;

/// What a mutator works on.
struct Work<'a, 'g> {
    kept: &'a Instance<'g>,
    graph: &'g RuleGraph,
    profile: &'g Profile,
    rule: &'a Added,
    chain: &'a [ElementId],
    mutants: Vec<Mutant<'g>>,
}

/// The chain that leads to the node in which the element stands.
pub(super) fn parent<'c>(profile: &Profile, chain: &'c [ElementId]) -> &'c [ElementId] {
    let mut above = chain;
    loop {
        let slice = is_slice(profile, above);
        above = above.split_last().map_or(&[][..], |(_, above)| above);
        if !slice {
            return above;
        }
    }
}

/// The type that an element with a choice of types must have for the rule to speak of it.
pub(super) fn wish(profile: &Profile, rule: &Added) -> Option<Wish> {
    let last = *rule.chain.as_deref()?.last()?;
    let types = &profile.elements[last.0 as usize].types;
    let wanted = match rule.kind {
        Kind::Target | Kind::TargetProfile | Kind::Aggregation => types.iter().find(|t| &*t.code == "Reference"),
        Kind::Profile => types.iter().find(|t| !t.profiles.is_empty()),
        _ => None,
    };
    wanted.map(|t| (profile.id, last, t.code.clone()))
}

/// Makes the instance such that breaking the rule breaks nothing else. Returns whether it was changed.
pub(super) fn prepare(instance: &mut Instance<'_>, profile: &Profile, rule: &Added) -> bool {
    let Some(chain) = rule.chain.as_deref() else { return false };
    match rule.kind {
        Kind::Minimum | Kind::SliceMinimum => company(instance, profile, chain),
        _ => false,
    }
}

/// What loses its only child would be empty, which is another fault: it gets company.
fn company(instance: &mut Instance<'_>, profile: &Profile, chain: &[ElementId]) -> bool {
    let above = parent(profile, chain);
    let element = above.last().copied().unwrap_or(ElementId::ROOT);
    let Some(way) = instance.builder.node_of(profile, element).and_then(|n| instance.tree.way_to(n)) else {
        return false;
    };
    let Some(label) = chain.last().map(|id| profile.elements[id.0 as usize].label.to_string()) else { return false };
    let stem = label.trim_end_matches("[x]");
    let Some(node) = instance.tree.at_mut(&way) else { return false };
    let alone = node
        .children
        .iter()
        .all(|c| c.name == "id" || c.name == stem || label.ends_with("[x]") && c.name.starts_with(stem));
    if !node.resource.is_empty() || !alone || label == "extension" {
        return false;
    }
    let extension = content::extension("company", "valueString", "example");
    instance.builder.insert(node, extension);
    true
}

/// The instances that break a rule, the likeliest to break nothing else first.
pub(super) fn mutants<'g>(
    kept: &Instance<'g>,
    graph: &'g RuleGraph,
    profile: &'g Profile,
    rule: &Added,
) -> Vec<Mutant<'g>> {
    let chain = rule.chain.as_deref().unwrap_or(&[]);
    let mut work = Work { kept, graph, profile, rule, chain, mutants: Vec::new() };
    match rule.kind {
        Kind::Minimum => work.minimum(),
        Kind::Maximum => work.maximum(),
        Kind::SliceMinimum => work.slice_minimum(),
        Kind::SliceMaximum => work.slice_maximum(),
        Kind::Closed => work.closed(),
        Kind::AtEnd => work.at_end(),
        Kind::Order => work.order(),
        Kind::Type => work.of_type(),
        Kind::Profile => work.of_profile(),
        Kind::Context => work.context(),
        Kind::Fixed | Kind::Pattern => work.value(),
        Kind::Length | Kind::Least | Kind::Greatest => work.bounds(),
        Kind::Binding => work.binding(),
        Kind::Target => work.target(),
        Kind::TargetProfile => work.target_profile(),
        Kind::Aggregation => work.aggregation(),
        Kind::Invariant => {}
    }
    work.mutants
}

impl<'g> Work<'_, 'g> {
    /// The element that the rule speaks of.
    fn at(&self) -> At<'g> {
        At { profile: self.profile, id: self.chain.last().copied().unwrap_or(ElementId::ROOT) }
    }

    /// The node of the first element of a chain's end.
    fn node(&self, chain: &[ElementId]) -> Option<u32> {
        self.kept.builder.node_of(self.profile, chain.last().copied().unwrap_or(ElementId::ROOT))
    }

    fn way(&self, chain: &[ElementId]) -> Option<Vec<usize>> {
        self.kept.tree.way_to(self.node(chain)?)
    }

    /// Whether a child is a repeat of the element.
    fn names(&self, element: At<'_>) -> impl Fn(&Tree) -> bool + use<> {
        let label = element.element().label.to_string();
        move |child: &Tree| match label.strip_suffix("[x]") {
            Some(stem) => {
                child.name.strip_prefix(stem).is_some_and(|s| s.starts_with(|l: char| l.is_ascii_uppercase()))
            }
            None => child.name == label,
        }
    }

    /// Adds a mutant in which the rule is broken at a node.
    fn add(&mut self, tree: Tree, builder: Builder<'g>, node: u32, codes: &[&'static Rule]) {
        let element = Some(self.at().id);
        let expected =
            vec![Expected { node, codes: codes.to_vec(), element, severity: severity(self.rule.kind), below: false }];
        self.push(tree, builder, expected);
    }

    /// Adds a mutant. Where the fault takes a repeat out of its slice there is another with the slice made good, so that the
    /// stray repeat is the only fault.
    fn push(&mut self, tree: Tree, builder: Builder<'g>, mut expected: Vec<Expected>) {
        if matches!(self.rule.kind, Kind::Maximum | Kind::SliceMaximum) {
            return self.mutants.push(Mutant { tree, builder, expected });
        }
        let of_slices = self.of_slices();
        let alone = expected.clone();
        expected.extend(of_slices.iter().map(|(e, _)| e.clone()));
        for (_, (above, sliced, slice)) in of_slices.iter().filter(|(e, _)| e.codes == [&slicing::MINIMUM]) {
            let (mut tree, mut builder) = (tree.clone(), builder.clone());
            let repeat = builder.slice(*sliced, slice, &[]);
            if let Some(holder) = tree.way_to(*above).and_then(|way| tree.at_mut(&way)) {
                builder.insert_slice(holder, repeat);
                self.mutants.push(Mutant { tree, builder, expected: expected.clone() });
            }
        }
        if let Some(twin) = self.with_twin(&tree) {
            self.mutants.push(Mutant { tree: twin, builder: builder.clone(), expected: alone });
        }
        self.mutants.push(Mutant { tree, builder, expected });
    }

    /// The faulty tree with a repeat beside the faulty one that has no fault: what asks for one good repeat has it.
    fn with_twin(&self, tree: &Tree) -> Option<Tree> {
        let (_, above) = self.chain.split_last()?;
        above.iter().rev().find_map(|id| {
            let element = &self.profile.elements[id.0 as usize];
            let node = self.kept.builder.node_of(self.profile, *id).filter(|_| element.repeats && element.max > 1)?;
            let good = self.kept.tree.at(&self.kept.tree.way_to(node)?)?.clone().unnumbered();
            let mut tree = tree.clone();
            let way = tree.way_to(node)?;
            let (at, up) = way.split_last()?;
            let holder = tree.at_mut(up)?;
            let like = holder.children.iter().filter(|c| c.name == good.name).count();
            let room = like < element.max as usize && good.name != "entry";
            holder.children.insert(at + 1, good);
            room.then_some(tree)
        })
    }

    fn minimum(&mut self) {
        let (chain, at) = (self.chain, self.at());
        let above = parent(self.profile, chain);
        let (Some(node), Some(way)) = (self.node(above), self.way(above)) else { return };
        let is_it = self.names(at);
        let least = at.element().min as usize;
        let mut tree = self.kept.tree.clone();
        let Some(holder) = tree.at_mut(&way) else { return };
        let mut left = least.saturating_sub(1);
        holder.children.retain(|c| {
            let keep = !is_it(c) || left > 0;
            left -= usize::from(is_it(c) && keep);
            keep
        });
        self.add(tree, self.kept.builder.clone(), node, &[&cardinality::MINIMUM]);
    }

    fn maximum(&mut self) {
        let (chain, at) = (self.chain, self.at());
        let Some(way) = self.way(parent(self.profile, chain)) else { return };
        let is_it = self.names(at);
        let most = at.element().max as usize;
        if most > 50 {
            return;
        }
        let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
        let Some(holder) = tree.at_mut(&way) else { return };
        while holder.children.iter().filter(|c| is_it(c)).count() <= most {
            let extra = match at.element().slicing.as_deref() {
                Some(slicing) => builder.beside(at, slicing, &[]),
                None => builder.one(at, &[]),
            };
            let mut extra = extra;
            if let Some(first) = holder.children.iter().find(|c| is_it(c)).filter(|_| at.element().slicing.is_none()) {
                extra.name.clone_from(&first.name);
            }
            builder.insert(holder, extra);
        }
        let Some(node) = holder.children.iter().filter(|c| is_it(c)).nth(most).and_then(|c| c.node) else { return };
        builder_finish(&mut tree, &mut builder);
        self.add(tree.clone(), builder.clone(), node, &[&cardinality::MAXIMUM]);
        // An extension has a value or parts: one that gets what it must not have loses the other.
        if let Some(holder) = tree.at_mut(&way).filter(|h| h.name == "extension") {
            holder.children.retain(|c| c.name == "url" || is_it(c));
            self.add(tree, builder, node, &[&cardinality::MAXIMUM]);
        }
    }

    /// The slice that the rule speaks of: what it slices, and itself.
    fn slice(&self) -> Option<(At<'g>, &'g crate::graph::Slice)> {
        let [.., sliced, slice] = self.chain else { return None };
        let at = At { profile: self.profile, id: *sliced };
        let found = at.element().slicing.as_deref()?.slices.iter().find(|s| s.element == *slice)?;
        Some((at, found))
    }

    fn slice_minimum(&mut self) {
        let Some((sliced, slice)) = self.slice() else { return };
        let above = parent(self.profile, self.chain);
        let (Some(node), Some(way)) = (self.node(above), self.way(above)) else { return };
        for replace in [false, true] {
            let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
            let Some(holder) = tree.at_mut(&way) else { return };
            let before = holder.children.len();
            let mut left = (self.at().element().min as usize).saturating_sub(1);
            holder.children.retain(|c| {
                let of_slice = builder.is_of(c, slice.element);
                let keep = !of_slice || left > 0;
                left -= usize::from(of_slice && keep);
                keep
            });
            if replace {
                let Some(slicing) = sliced.element().slicing.as_deref() else { return };
                for _ in holder.children.len()..before {
                    let repeat = builder.stranger(sliced, slicing, &[]);
                    builder.insert(holder, repeat);
                }
            }
            self.add(tree, builder, node, &[&slicing::MINIMUM]);
        }
    }

    fn slice_maximum(&mut self) {
        let Some((sliced, slice)) = self.slice() else { return };
        let Some(way) = self.way(parent(self.profile, self.chain)) else { return };
        let most = self.at().element().max as usize;
        if most > 50 {
            return;
        }
        let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
        let Some(holder) = tree.at_mut(&way) else { return };
        while holder.children.iter().filter(|c| builder.is_of(c, slice.element)).count() <= most {
            let repeat = builder.slice(sliced, slice, &[]);
            if !builder.is_of(&repeat, slice.element) {
                return;
            }
            builder.insert_slice(holder, repeat);
        }
        let surplus = holder.children.iter().filter(|c| builder.is_of(c, slice.element)).nth(most);
        let Some(node) = surplus.and_then(|c| c.node) else { return };
        self.add(tree, builder, node, &[&slicing::MAXIMUM]);
    }

    fn closed(&mut self) {
        let at = self.at();
        let Some(way) = self.way(parent(self.profile, self.chain)) else { return };
        let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
        let Some(holder) = tree.at_mut(&way) else { return };
        let Some(slicing) = at.element().slicing.as_deref() else { return };
        let repeat = builder.stranger(at, slicing, &[]);
        let Some(node) = repeat.node else { return };
        builder.insert(holder, repeat);
        self.add(tree, builder, node, &[&slicing::CLOSED]);
    }

    fn at_end(&mut self) {
        let at = self.at();
        let Some(way) = self.way(parent(self.profile, self.chain)) else { return };
        let slices = at.element().slicing.iter().flat_map(|s| &s.slices);
        for slice in slices.filter(|s| at.child(s.element).element().max > 0) {
            let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
            let Some(holder) = tree.at_mut(&way) else { return };
            let (is_it, of_slice) = (self.names(at), builder.slice(at, slice, &[]));
            let Some(slicing) = at.element().slicing.as_deref() else { return };
            let stranger = builder.stranger(at, slicing, &[]);
            let Some(node) = stranger.node else { return };
            holder.children.retain(|c| !is_it(c) || builder.is_of_any(c) && !builder.is_of(c, slice.element));
            let index = builder.insert(holder, of_slice);
            holder.children.insert(index, stranger);
            self.add(tree, builder, node, &[&slicing::AT_END]);
        }
    }

    fn order(&mut self) {
        let at = self.at();
        let Some(way) = self.way(parent(self.profile, self.chain)) else { return };
        let slices: Vec<_> = at.element().slicing.iter().flat_map(|s| &s.slices).collect();
        for pair in slices.windows(2) {
            let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
            let Some(holder) = tree.at_mut(&way) else { return };
            let is_it = self.names(at);
            holder.children.retain(|c| !is_it(c));
            let (first, second) = (builder.slice(at, pair[0], &[]), builder.slice(at, pair[1], &[]));
            let Some(node) = first.node else { return };
            builder.insert(holder, second);
            builder.insert(holder, first);
            self.add(tree, builder, node, &[&slicing::ORDER]);
        }
    }

    fn of_type(&mut self) {
        let at = self.at();
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let allowed = |code: &str| at.element().types.iter().any(|t| *t.code == *code);
        let Some(stem) = at.element().label.strip_suffix("[x]") else { return self.of_resource(node, &way) };
        let (Some((_, up)), Some(above)) = (way.split_last(), self.node(parent(self.profile, self.chain))) else {
            return;
        };
        let value_of_extension = stem == "value"
            && self.kept.tree.at(up).is_some_and(|p| p.name == "extension" || p.name == "modifierExtension");
        for code in self.rule.others.iter().filter(|code| !allowed(code)) {
            let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
            let Some(place) = tree.at_mut(&way) else { return };
            let Some(mut made) = builder.sample(code, &choice_name(stem, code)) else { continue };
            made.node = Some(node);
            *place = made;
            self.add(tree, builder, if value_of_extension { above } else { node }, &[&types::CHOICE]);
        }
    }

    /// A place for a resource gets one of another type.
    fn of_resource(&mut self, node: u32, way: &[usize]) {
        for resource in ["Basic", "Patient", "Organization"] {
            if self.at().element().types.iter().any(|t| *t.code == *resource) {
                continue;
            }
            let (mut tree, mut builder) = (self.kept.tree.clone(), self.kept.builder.clone());
            let (Some(place), Some(profile)) = (tree.at_mut(way), content::of_type(self.graph, resource)) else {
                return;
            };
            let made = builder.resource(profile, &[]);
            *place = Tree { name: place.name.clone(), in_array: place.in_array, node: Some(node), ..made };
            self.add(tree, builder, node, &[&types::RESOURCE]);
        }
    }

    /// What must meet a profile is made to break one of its rules.
    fn of_profile(&mut self) {
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let profiles: Vec<_> = self.at().element().types.iter().flat_map(|t| t.profiles.iter().copied()).collect();
        for profile in profiles.into_iter().filter_map(|id| self.graph.profile(id)) {
            for (made, builder) in self.broken_by(profile) {
                let mut tree = self.kept.tree.clone();
                let Some(place) = tree.at_mut(&way) else { return };
                let builder = self.kept.builder.with_places_of(&builder);
                *place = Tree { name: place.name.clone(), in_array: place.in_array, node: Some(node), ..made };
                let severity = severity(self.rule.kind);
                let expected = vec![Expected { node, codes: Vec::new(), element: None, severity, below: true }];
                self.mutants.push(Mutant { tree, builder, expected });
            }
        }
    }

    /// Instances that break a rule of another profile, with numbers that go on from those of the instance.
    fn broken_by(&self, profile: &'g Profile) -> Vec<(Tree, Builder<'g>)> {
        let mut found = Vec::new();
        for rule in &added(self.graph, profile) {
            let Some(chain) = rule.chain.as_deref() else { continue };
            let known = matches!(
                rule.kind,
                Kind::Maximum | Kind::Minimum | Kind::Fixed | Kind::SliceMaximum | Kind::SliceMinimum | Kind::Target
            );
            if !known
                || found.len() >= MOST_FAULTS
                || chain.iter().rev().skip(1).any(|id| profile.elements[id.0 as usize].max == 0)
            {
                continue;
            }
            let way = if matches!(rule.kind, Kind::Fixed | Kind::Target) { chain } else { parent(profile, chain) };
            let mut builder = self.kept.builder.fresh();
            let mut tree = Tree::empty("", Form::Object);
            if &*profile.kind == "resource" {
                tree.resource = profile.type_name.to_string();
            }
            builder.root(&mut tree, profile, way);
            let kept = Instance::new(builder, tree);
            found.extend(mutants(&kept, self.graph, profile, rule).into_iter().take(2).map(|m| (m.tree, m.builder)));
        }
        found
    }

    fn context(&mut self) {
        for host in host::elsewhere() {
            let mut made = host.with_extension(self.graph, self.profile, &[], None);
            made.finish();
            let Some(node) = made.builder.node_of(self.profile, ElementId::ROOT) else { continue };
            self.add(made.tree, made.builder, node, &[&extension::CONTEXT]);
        }
    }
}

fn builder_finish(tree: &mut Tree, builder: &mut Builder<'_>) {
    for id in std::mem::take(&mut builder.contained) {
        let extension = content::extension("reference", "valueReference", &format!("#{id}"));
        builder.insert(tree, extension);
    }
}

impl Builder<'_> {
    /// An element of this type with a sample value.
    pub fn sample(&mut self, code: &str, name: &str) -> Option<Tree> {
        if let Some(primitive) = crate::rules::primitive::Primitive::of_type(code) {
            let value = content::sample(primitive, name, self.next());
            return Some(Tree::leaf(name, Some(value), super::builder::form(primitive)));
        }
        let profile = content::of_type(self.graph, code)?;
        let mut tree = Tree::empty(name, Form::Object);
        self.root(&mut tree, profile, &[]);
        if code == "Reference"
            && let Some(reference) = tree.children.iter_mut().find(|c| c.name == "reference")
        {
            reference.value = Some(format!("{}/Patient/example", content::EXAMPLES));
        }
        Some(tree)
    }
}
