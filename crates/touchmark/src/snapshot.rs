//! Snapshots made from the differential chain, as trees: a profile's rows laid over the tree of what it derives from.

pub mod compare;
mod merge;
mod narrow;
pub(crate) mod path;
pub(crate) mod place;
mod renamed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use touchmark_document::Name;

use crate::definition::{
    Binding, Constraint, ElementDefinition, Slicing, SlicingRules, StructureDefinition, Text, TypeRef, Value,
};
use crate::lint::{Defect, DefectKind};
use path::Segment;

/// The number of a definition in its library.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DefinitionId(pub u32);

/// The elements of a profile as a tree; the root is element 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub elements: Vec<Element>,
}

/// One element of the tree, with all that holds for it. It is copied often and changed seldom, so its parts are shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    /// The last segment of the path: `identifier`, `value[x]`; the root's is the type name.
    pub name: Text,
    /// The number of the name; [`Name::NONE`] for a choice.
    pub number: Name,
    /// The slice that this element is, if it is one.
    pub slice: Option<Text>,
    pub min: u32,
    pub max: u32,
    /// The greatest number of repeats in the type itself: whether JSON writes an array.
    pub base_max: u32,
    pub types: Arc<Vec<TypeRef>>,
    pub content_reference: Option<Text>,
    pub fixed: Option<Arc<Value>>,
    pub pattern: Option<Arc<Value>>,
    pub min_value: Option<Arc<Value>>,
    pub max_value: Option<Arc<Value>>,
    pub max_length: Option<u32>,
    pub binding: Option<Arc<Binding>>,
    /// Invariants with the definition that each comes from.
    pub constraints: Arc<Vec<(Arc<Constraint>, DefinitionId)>>,
    pub is_modifier: bool,
    pub must_support: bool,
    pub slicing: Option<Arc<Slicing>>,
    pub children: Vec<usize>,
    /// The slices of this element, in the order of the profile.
    pub slices: Vec<usize>,
    /// Whether a row named this choice by one of its types (`valueCoding`), which makes a slice of that type.
    pub renamed: bool,
    /// Which definition last spoke of this element.
    pub origin: Option<DefinitionId>,
}

/// What a snapshot is built from: the trees of other definitions.
pub(crate) trait Trees {
    /// The tree of the type or profile with this canonical url.
    fn tree(&mut self, canonical: &str) -> Option<Arc<Tree>>;
    /// The tree of the type with this name.
    fn type_tree(&mut self, name: &str) -> Option<Arc<Tree>>;
    /// The number of a name.
    fn number(&self, name: &str) -> Name;
    /// The type that the definition with this canonical url makes or constrains.
    fn type_of(&mut self, canonical: &str) -> Option<Text>;
    /// What the definition with this canonical url says of its root, which takes no tree where it derives from a type.
    fn root(&mut self, canonical: &str) -> Option<Root>;
}

/// The root of a definition.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub type_name: Text,
    pub min: u32,
    pub max: u32,
}

impl Tree {
    /// Lays the rows of `structure` over `base`, the tree of what it derives from (`None` for the roots of all types).
    pub fn derive(
        structure: &StructureDefinition,
        base: Option<&Tree>,
        origin: DefinitionId,
        trees: &mut dyn Trees,
        defects: &mut Vec<Defect>,
    ) -> Tree {
        let mut tree = Tree::default();
        // Most rows speak of an element that the base has; one in a few opens a type or makes a slice.
        let inherited = base.map_or(&[][..], |base| &base.elements);
        tree.elements.reserve(inherited.len() + 3 * structure.elements.len());
        tree.elements.extend_from_slice(inherited);
        if tree.elements.is_empty() {
            tree.elements.push(Element { min: 0, max: u32::MAX, base_max: 1, ..Element::default() });
        }
        // Logical models have no type: their paths begin with their name.
        let root = structure.elements.first().filter(|_| structure.type_name.is_empty());
        tree.elements[0].name =
            root.map_or(&*structure.type_name, |row| row.path.split('.').next().unwrap_or("")).into();
        tree.elements[0].number = trees.number(&tree.elements[0].name);
        tree.elements[0].origin = Some(origin);
        let mut builder = Builder { tree, origin, constraint: structure.constraint, trees, defects, trail: Vec::new() };
        let mut context = path::Context::new(&structure.elements);
        for row in &structure.elements {
            context.segments(row);
            builder.trail.truncate(context.repeated().saturating_sub(1));
            builder.lay(row, context.open());
        }
        renamed::settle(&mut builder.tree);
        builder.tree
    }

    /// The child of `at` with this name, no matter which slice of it.
    pub fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.elements[at].children.iter().copied().find(|c| *self.elements[*c].name == *name)
    }

    /// The choice child of `at` that has a type with this suffix: `valueCoding` finds `value[x]`.
    pub fn choice(&self, at: usize, name: &str) -> Option<(usize, Text)> {
        self.elements[at].children.iter().copied().find_map(|c| {
            let stem = self.elements[c].name.strip_suffix("[x]")?;
            let suffix = name.strip_prefix(stem).filter(|s| s.starts_with(|l: char| l.is_ascii_uppercase()))?;
            Some((c, crate::definition::type_of_suffix(suffix).into()))
        })
    }

    /// Copies the element `from` of `source`, with all below it, into this tree. Returns the copy.
    fn graft(&mut self, source: &Tree, from: usize) -> usize {
        let Element { children, slices, .. } = &source.elements[from];
        let at = self.elements.len();
        self.elements.push(source.elements[from].clone());
        // The numbers of the source give way to those of the copies.
        for (number, child) in children.iter().enumerate() {
            self.elements[at].children[number] = self.graft(source, *child);
        }
        for (number, slice) in slices.iter().enumerate() {
            self.elements[at].slices[number] = self.graft(source, *slice);
        }
        at
    }

    /// Copies an element within the tree, with all below it.
    fn copy(&mut self, from: usize) -> usize {
        let at = self.copy_unsliced(from);
        for number in 0..self.elements[from].slices.len() {
            let slice = self.copy(self.elements[from].slices[number]);
            self.elements[at].slices.push(slice);
        }
        at
    }

    /// Copies an element within the tree, with all below it but its own slices.
    fn copy_unsliced(&mut self, from: usize) -> usize {
        let source = &mut self.elements[from];
        let (children, slices) = (std::mem::take(&mut source.children), std::mem::take(&mut source.slices));
        let copy = source.clone();
        source.slices = slices;
        let at = self.elements.len();
        self.elements.push(copy);
        let copies = children.iter().map(|child| self.copy(*child)).collect();
        self.elements[from].children = children;
        self.elements[at].children = copies;
        at
    }
}

struct Builder<'t> {
    tree: Tree,
    origin: DefinitionId,
    constraint: bool,
    trees: &'t mut dyn Trees,
    defects: &'t mut Vec<Defect>,
    /// Where the segments behind the first led in the row before, as far as the next row has them too.
    trail: Vec<usize>,
}

impl Builder<'_> {
    /// Finds or makes the element that a row speaks of, and lays the row over it.
    fn lay(&mut self, row: &ElementDefinition, segments: &[Segment<'_>]) {
        let mut at = 0;
        let mut sliced = Vec::new();
        // The last segment is always looked at: a row may make what it speaks of.
        self.trail.truncate(segments.len().saturating_sub(2));
        for (depth, segment) in segments.iter().enumerate().skip(1) {
            at = match self.trail.get(depth - 1) {
                Some(known) => *known,
                None => {
                    let Some(next) = self.step(at, segment, depth + 1 == segments.len(), row) else {
                        return self.defect(row, DefectKind::PathUnknown, &row.path);
                    };
                    self.trail.push(next);
                    next
                }
            };
            sliced = self.slices_besides(at, sliced, segment);
        }
        self.merge(at, row);
        for slice in sliced {
            narrow::narrow(&mut self.tree, slice, row, self.origin);
        }
    }

    /// What a row says of an element without naming a slice holds for the slices that are there already.
    fn slices_besides(&mut self, at: usize, sliced: Vec<usize>, segment: &Segment<'_>) -> Vec<usize> {
        let mut next = Vec::new();
        for parent in sliced {
            self.expand(parent);
            let Some(child) = self.tree.child(parent, segment.name) else { continue };
            let slices = &self.tree.elements[child].slices;
            match segment.slice {
                None => next.push(child),
                Some(name) => {
                    next.extend(slices.iter().copied().find(|s| self.tree.elements[*s].slice.as_deref() == Some(name)));
                }
            }
        }
        if segment.slice.is_none() {
            next.extend_from_slice(&self.tree.elements[at].slices);
        }
        next
    }

    fn step(&mut self, at: usize, segment: &Segment<'_>, last: bool, row: &ElementDefinition) -> Option<usize> {
        self.expand(at);
        let mut found = self.tree.child(at, segment.name);
        if found.is_none()
            && let Some((choice, type_name)) = self.tree.choice(at, segment.name)
        {
            let known = |s: &str| {
                self.tree.elements[choice].slices.iter().any(|of| self.tree.elements[*of].slice.as_deref() == Some(s))
            };
            let named = segment.slice.filter(|s| known(s) || last && row.slice_name.is_some());
            if named.is_some_and(|s| s != segment.name) {
                // A named slice of a choice that is written with its type: the slice of the choice.
                found = Some(choice);
            } else {
                return self.type_slice(choice, segment.name, &type_name, row);
            }
        }
        if found.is_none() && last && !self.constraint {
            found = Some(self.add_child(at, segment.name));
        }
        let child = found?;
        let Some(slice) = segment.slice else { return Some(child) };
        // `value[x]` with the slice name `valueCoding`: written either way it restricts the choice.
        if self.tree.elements[child].name.ends_with("[x]")
            && self.tree.elements[child].slicing.is_none()
            && let Some((choice, type_name)) = self.tree.choice(at, slice).filter(|(c, _)| *c == child)
        {
            return self.type_slice(choice, slice, &type_name, row);
        }
        // `identifier:nhs/temporary` is a slice of the slice `nhs`.
        let mut owner = child;
        let slice = slice.trim_end_matches('/');
        let ends = slice.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(end, _)| end);
        for end in ends.chain([slice.len()]) {
            let wanted = slice[..end].trim_end_matches('/');
            let known = self.tree.elements[owner].slices.iter().copied();
            owner = match known.into_iter().find(|s| self.tree.elements[*s].slice.as_deref() == Some(wanted)) {
                Some(known) => known,
                None if !last && row.slice_name.is_some() && self.tree.elements[owner].slices.is_empty() => {
                    return None;
                }
                None => self.add_slice(owner, wanted, row),
            };
        }
        Some(owner)
    }

    fn add_child(&mut self, at: usize, name: &str) -> usize {
        let child = self.tree.elements.len();
        self.tree.elements.push(Element {
            name: name.into(),
            number: if name.ends_with("[x]") { Name::NONE } else { self.trees.number(name) },
            max: u32::MAX,
            origin: Some(self.origin),
            ..Element::default()
        });
        self.tree.elements[at].children.push(child);
        child
    }

    fn add_slice(&mut self, of: usize, name: &str, row: &ElementDefinition) -> usize {
        let sliced = &mut self.tree.elements[of];
        if sliced.max == 0 && sliced.origin == Some(self.origin) && sliced.base_max > 0 {
            sliced.max = sliced.base_max;
            if let Some(slicing) = &mut sliced.slicing {
                Arc::make_mut(slicing).rules = SlicingRules::Closed;
            }
            self.defect(row, DefectKind::SlicesOfProhibited, name);
        }
        let slice = self.tree.copy_unsliced(of);
        let element = &mut self.tree.elements[slice];
        element.slicing = None;
        element.slice = Some(name.into());
        // A slice must be there only where its own row says so.
        element.min = 0;
        element.origin = Some(self.origin);
        self.tree.elements[of].slices.push(slice);
        slice
    }

    /// The slice of a choice that has one type: what a row named `valueCoding` speaks of.
    fn type_slice(&mut self, choice: usize, name: &str, type_name: &str, row: &ElementDefinition) -> Option<usize> {
        let slices = &self.tree.elements[choice].slices;
        let known = slices.iter().copied().find(|s| {
            let slice = &self.tree.elements[*s];
            slice.slice.as_deref() == Some(name)
                || (slice.types.len() == 1 && *slice.types[0].code == *type_name && slice.renamed)
        });
        if let Some(known) = known {
            return Some(known);
        }
        let allowed = self.tree.elements[choice].types.iter().find(|t| *t.code == *type_name).cloned();
        // `SimpleQuantity` and the like: a profile of Quantity that an element names by its type.
        let allowed = allowed.or_else(|| self.tree.elements[choice].types.first().filter(|t| *t.code == *"*").cloned());
        let mut allowed = allowed?;
        allowed.code = type_name.into();
        let slice = self.add_slice(choice, name, row);
        let element = &mut self.tree.elements[slice];
        element.types = Arc::new(vec![allowed]);
        element.renamed = true;
        self.tree.elements[choice].renamed = true;
        Some(slice)
    }

    /// Gives an element the children of its type, or of the element it refers to, when it has none of its own.
    fn expand(&mut self, at: usize) {
        let element = &self.tree.elements[at];
        if !element.children.is_empty() {
            return;
        }
        if let Some(reference) = element.content_reference.clone() {
            let source = Arc::new(self.tree.clone());
            if let Some(target) = self.tree.by_path(reference.trim_start_matches('#')) {
                self.adopt(at, &source, target);
            }
            return;
        }
        let mut codes = element.types.iter().map(|t| &t.code);
        let (Some(code), None) = (codes.next(), codes.next()) else { return };
        let code = code.clone();
        let profile = match &element.types[0].profiles[..] {
            // An extension's own definition says more of its children than the type does.
            [profile] if *code != *"Reference" => Some(profile.clone()),
            _ => None,
        };
        let source = profile
            .and_then(|p| self.trees.tree(&p))
            .filter(|tree| *tree.elements[0].name == *code)
            .or_else(|| self.trees.type_tree(&code));
        if let Some(source) = source {
            self.adopt(at, &source, 0);
        }
    }

    fn adopt(&mut self, at: usize, source: &Tree, from: usize) {
        let children = &source.elements[from].children;
        self.tree.elements[at].children = children.iter().map(|child| self.tree.graft(source, *child)).collect();
    }

    fn defect(&mut self, row: &ElementDefinition, kind: DefectKind, detail: &str) {
        let element = if row.id.is_empty() { row.path.clone() } else { row.id.clone() };
        self.defects.push(Defect { element, kind, detail: detail.into() });
    }
}

impl Tree {
    /// The element at a path such as `Bundle.link`, slices left aside.
    pub fn by_path(&self, path: &str) -> Option<usize> {
        path.split('.').skip(1).try_fold(0, |at, name| self.child(at, name))
    }
}

/// The elements of a tree with their ids, parents before children and the unsliced before its slices.
pub(crate) fn ids(tree: &Tree) -> Vec<(usize, String)> {
    fn add(tree: &Tree, at: usize, id: String, out: &mut Vec<(usize, String)>) {
        let element = &tree.elements[at];
        out.push((at, id));
        let own = out.len() - 1;
        for child in &element.children {
            let id = format!("{}.{}", out[own].1, tree.elements[*child].name);
            add(tree, *child, id, out);
        }
        for slice in &element.slices {
            let id = slice_id(&out[own].1, element.slice.is_some(), tree.elements[*slice].slice.as_deref());
            add(tree, *slice, id, out);
        }
    }
    let mut out = Vec::with_capacity(tree.elements.len());
    if let Some(root) = tree.elements.first() {
        add(tree, 0, root.name.to_string(), &mut out);
    }
    out
}

/// The id of a slice of an element. A slice of a slice is `identifier:nhs/temporary`: its name holds both.
pub(crate) fn slice_id(of: &str, is_slice: bool, name: Option<&str>) -> String {
    let stem = if is_slice { of.rsplit_once(':').map_or(of, |(stem, _)| stem) } else { of };
    format!("{stem}:{}", name.unwrap_or_default())
}

/// The id of each row, made from its path and the names of slices.
pub(crate) fn row_ids(rows: &[ElementDefinition]) -> Vec<String> {
    let mut context = path::Context::new(rows);
    let id = |row| {
        let parts = context.segments(row).iter();
        let parts = parts.map(|s| s.slice.map_or_else(|| s.name.to_owned(), |slice| format!("{}:{slice}", s.name)));
        parts.collect::<Vec<_>>().join(".")
    };
    rows.iter().map(id).collect()
}
