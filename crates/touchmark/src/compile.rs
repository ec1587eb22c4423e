//! Compiles a profile: its tree becomes a flat list of elements whose edges are numbers.

mod slicing;
mod types;

pub(crate) use types::Shared;

use std::sync::Arc;

use touchmark_document::Name;

use crate::definition::Binding;
use crate::graph::{Asked, Bound, Children, Draft, Element, ElementId, Profile};
use crate::library::{Forest, HL7, Library};
use crate::lint::{Defect, DefectKind};
use crate::rules::invariant::Invariant;
use crate::snapshot::{DefinitionId, Tree, slice_id};
use crate::terminology;

/// Compiles one definition. `None` when it is no profile or cannot be used; its defects are in the forest.
pub(crate) fn profile(library: &Library, forest: &mut Forest, id: DefinitionId) -> Option<Profile> {
    let tree = forest.tree(library, id)?;
    let definition = forest.definition(library, id)?;
    let structure = definition.structure.as_ref()?;
    let mut defects = forest.defects(id).to_vec();
    let mut compiler = Compiler {
        library,
        forest,
        id,
        tree: &tree,
        elements: Vec::with_capacity(tree.elements.len()),
        at: Vec::with_capacity(tree.elements.len()),
        draft: Draft::default(),
        defects: &mut defects,
    };
    compiler.add(0, (&structure.type_name).into());
    compiler.link();
    let elements = compiler.elements;
    if structure.constraint {
        forest.forget(id);
    }
    Some(Profile {
        id,
        url: definition.url.clone(),
        version: definition.version.clone(),
        type_name: structure.type_name.clone(),
        type_atom: library.names.find(&structure.type_name),
        is_type: !structure.constraint,
        is_abstract: structure.is_abstract,
        kind: structure.kind.clone(),
        context_type: structure.context_type.clone(),
        contexts: structure.contexts.clone().into(),
        elements: elements.into(),
        defects: defects.into(),
    })
}

struct Compiler<'c> {
    library: &'c Library,
    forest: &'c mut Forest,
    id: DefinitionId,
    tree: &'c Arc<Tree>,
    elements: Vec<Element>,
    /// For each compiled element its place in the tree.
    at: Vec<usize>,
    draft: Draft,
    defects: &'c mut Vec<Defect>,
}

impl Compiler<'_> {
    /// Compiles an element of the tree with all below it.
    fn add(&mut self, at: usize, own_id: Box<str>) -> ElementId {
        let id = &*own_id;
        let source = &self.tree.elements[at];
        let number = ElementId(self.elements.len() as u32);
        let constraints = self.invariants(at, id);
        let binding = source.binding.as_ref().map(|b| Box::new(self.bound(id, b)));
        self.elements.push(Element {
            id: Box::default(),
            label: source.name.clone(),
            name: source.number,
            min: source.min,
            max: source.max,
            repeats: source.base_max > 1,
            types: Arc::default(),
            children: None,
            same_as: None,
            slicing: None,
            fixed: source.fixed.clone(),
            pattern: source.pattern.clone(),
            min_value: source.min_value.clone(),
            max_value: source.max_value.clone(),
            max_length: source.max_length,
            binding,
            constraints,
            asked: Asked::default(),
            is_modifier: source.is_modifier,
            must_support: source.must_support,
            origin: source.origin.unwrap_or(self.id),
        });
        self.at.push(at);
        if source.fixed.as_ref().and_then(|v| v.text.as_ref()).is_some_and(|v| v.starts_with('<') && v.ends_with('>')) {
            let text = source.fixed.as_ref().and_then(|v| v.text.clone()).unwrap_or_default();
            self.defects.push(Defect { element: id.into(), kind: DefectKind::FixedInBrackets, detail: text });
            self.elements[number.0 as usize].fixed = None;
        }
        self.extension_url(number, id);
        let types = self.types(at, id);
        let mut order = Vec::with_capacity(source.children.len());
        for child in &source.children {
            let label = &self.tree.elements[*child].name;
            let child_id = child_id(id, label);
            order.push(self.add(*child, child_id));
        }
        if !order.is_empty() {
            self.elements[number.0 as usize].children = Some(self.children(order));
        }
        self.elements[number.0 as usize].types = types;
        if source.slicing.is_some() || !source.slices.is_empty() {
            let mut slices = Vec::with_capacity(source.slices.len());
            for slice in &source.slices {
                let name = self.tree.elements[*slice].slice.clone().unwrap_or_else(|| "".into());
                let slice_id = slice_id(id, source.slice.is_some(), Some(&name));
                slices.push((self.add(*slice, slice_id.into()), *slice, name));
            }
            let slicing = self.slicing(at, id, slices);
            self.elements[number.0 as usize].slicing = slicing.map(Box::new);
        }
        let element = &mut self.elements[number.0 as usize];
        (element.id, element.asked) = (own_id, element.asked());
        number
    }

    /// The url that an extension's own definition fixes: it is the definition's, whatever its author copied there.
    fn extension_url(&mut self, number: ElementId, id: &str) {
        let entry = self.library.entry(self.id);
        if id != "Extension.url" || entry.type_name != "Extension" {
            return;
        }
        let element = &mut self.elements[number.0 as usize];
        let Some(fixed) = element.fixed.as_ref().and_then(|f| f.text.clone()) else { return };
        if *fixed != *entry.url {
            element.fixed = None;
            if fixed.trim() != &*entry.url {
                self.defects.push(Defect { element: id.into(), kind: DefectKind::FixedUrlDiffers, detail: fixed });
            }
        }
    }

    /// Edges of `contentReference`, which may point at an element that comes later.
    fn link(&mut self) {
        for number in 0..self.elements.len() {
            let source = &self.tree.elements[self.at[number]];
            if !source.children.is_empty() {
                continue;
            }
            let Some(reference) = &source.content_reference else { continue };
            let target = self.tree.by_path(reference.trim_start_matches('#'));
            self.elements[number].same_as =
                target.and_then(|t| self.at.iter().position(|a| *a == t)).map(|n| ElementId(n as u32));
        }
    }

    fn children(&mut self, order: Vec<ElementId>) -> Children {
        Children::new(order, &self.elements, &mut self.draft, |element, names| {
            // A choice has no name of its own.
            let stem = if element.name == Name::NONE { element.label.strip_suffix("[x]") } else { None };
            match stem {
                Some(stem) => names.extend(&*self.forest.shared.choices(self.library, stem, &element.types)),
                None => names.push(element.name),
            }
        })
    }

    fn invariants(&mut self, at: usize, id: &str) -> Box<[Invariant]> {
        let mut invariants = Vec::new();
        for (constraint, origin) in self.tree.elements[at].constraints.iter() {
            let (how, trouble) = self.forest.expressions.compile(self.library, constraint);
            if let Some(trouble) = trouble
                && *origin == self.id
            {
                let detail = format!("{}: {trouble}", constraint.key);
                self.defects.push(Defect { element: id.into(), kind: DefectKind::Invariant, detail: detail.into() });
            }
            let entry = self.library.entry(*origin);
            let of_type = entry.url.strip_prefix(HL7) == Some(&entry.type_name);
            invariants.push(Invariant { constraint: constraint.clone(), origin: *origin, of_type, how });
        }
        invariants.into()
    }

    fn bound(&mut self, id: &str, binding: &Binding) -> Bound {
        let bound = Bound::new(self.library, binding);
        for (canonical, set) in [(&bound.value_set, bound.set), (&bound.maximum, bound.maximum_set)] {
            let Some(canonical) = canonical.as_ref().filter(|c| set.is_none() && !terminology::is_known_by_form(c))
            else {
                continue;
            };
            let kind = match self.library.find(canonical) {
                Some(_) => DefectKind::BindingToNoValueSet,
                None => DefectKind::CanonicalMissing,
            };
            self.defects.push(Defect { element: id.into(), kind, detail: canonical.clone() });
        }
        bound
    }

    fn missing(&mut self, id: &str, canonical: &str) {
        self.defects.push(Defect { element: id.into(), kind: DefectKind::CanonicalMissing, detail: canonical.into() });
    }
}

/// The id of a child. Without `format!`: there are tens of thousands.
fn child_id(parent: &str, label: &str) -> Box<str> {
    let mut id = String::with_capacity(parent.len() + 1 + label.len());
    id.push_str(parent);
    id.push('.');
    id.push_str(label);
    id.into()
}
