//! The children of an element, laid out for the walk: what must be known of each child lies together, away from all that is
//! asked of few of them.

use touchmark_document::Name;

use super::{Bound, Element, ElementId, TypeKind};
use crate::definition::Strength;
use crate::rules::invariant::How;
use crate::rules::primitive::Primitive;

/// The children of an element, by order and by name.
#[derive(Debug, Default)]
pub struct Children {
    /// In the order of the definition.
    pub order: Box<[ElementId]>,
    /// The names that they may have, in the same order; a choice has one for each type.
    names: Box<[Name]>,
    /// What stands behind each name.
    edges: Box<[Edge]>,
    /// Those whose number of repeats is to be looked at even where none of them has too many.
    pub watched: Box<[Watched]>,
}

/// Memory for the children of one element after the other, whose number shows when they are laid out.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    names: Vec<Name>,
    edges: Vec<Edge>,
    watched: Vec<Watched>,
}

/// The way to a child by one of its names, with what the walk must know before it looks at the element itself.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The element.
    pub element: ElementId,
    /// Which child, counted in [`Children::order`].
    pub child: u16,
    /// Which of the child's types.
    pub of_type: u16,
    /// The greatest number of repeats.
    pub max: u32,
    /// Whether JSON writes an array.
    pub repeats: bool,
    /// Whether its repeats belong to slices.
    pub sliced: bool,
    /// The form of its value, where nothing else is asked of an element that has only a value.
    pub plain: Option<Primitive>,
}

/// A child whose absence is a fault, or that has slices.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Which child, counted in [`Children::order`].
    pub child: u16,
    /// Whether it has slices.
    sliced: bool,
    /// The least number of repeats; of a child with a slice that must be there, at least one.
    min: u32,
}

impl Watched {
    /// Whether so many repeats are worth a closer look.
    #[inline]
    pub fn is_doubtful(self, count: u32) -> bool {
        count < self.min || self.sliced && count > 0
    }
}

impl Children {
    /// Lays out the children that stand, in this order, among `elements`. `names` adds the names of each of them, one for each
    /// of its types where it is a choice.
    pub(crate) fn new(
        order: Vec<ElementId>,
        elements: &[Element],
        Draft { names, edges, watched }: &mut Draft,
        mut names_of: impl FnMut(&Element, &mut Vec<Name>),
    ) -> Self {
        names.clear();
        edges.clear();
        watched.clear();
        for (child, id) in order.iter().enumerate() {
            let (element, child) = (&elements[id.0 as usize], child as u16);
            let slices = element.slicing.as_ref().map_or(&[][..], |slicing| &slicing.slices);
            let wanted = slices.iter().any(|s| elements[s.element.0 as usize].min > 0);
            let (sliced, min) = (element.slicing.is_some(), element.min.max(wanted.into()));
            if sliced || min > 0 {
                watched.push(Watched { child, sliced, min });
            }
            let first = names.len();
            names_of(element, names);
            for of_type in 0..names.len() - first {
                edges.push(Edge {
                    element: *id,
                    child,
                    of_type: of_type as u16,
                    max: element.max,
                    repeats: element.repeats,
                    sliced,
                    plain: element.plain(of_type),
                });
            }
        }
        Children {
            order: order.into(),
            names: names.as_slice().into(),
            edges: edges.as_slice().into(),
            watched: watched.as_slice().into(),
        }
    }

    /// The child with this name.
    pub fn find(&self, name: Name) -> Option<&Edge> {
        self.find_from(0, name).map(|(_, edge)| edge)
    }

    /// The child with this name, and where its name stands, by which to go on from: what is written in the order of the
    /// definition is found in a few steps.
    #[inline]
    pub fn find_from(&self, from: usize, name: Name) -> Option<(usize, &Edge)> {
        let (before, behind) = self.names.split_at_checked(from)?;
        let at = match behind.iter().position(|n| *n == name) {
            Some(at) => from + at,
            None => before.iter().position(|n| *n == name)?,
        };
        self.edges.get(at).map(|edge| (at, edge))
    }
}

/// What of an element the walk need not look at, since the definition asks nothing there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Whether anything is asked of its value by itself: a fixed one, a pattern, a length or bounds.
    pub value: bool,
    /// Whether it must have content (`ele-1`).
    pub content: bool,
    /// Whether it has any other invariant that is evaluated.
    pub invariants: bool,
}

impl Element {
    /// What is asked of it, worked out when it is compiled.
    pub(crate) fn asked(&self) -> Asked {
        let value = self.fixed.is_some()
            || self.pattern.is_some()
            || self.max_length.is_some()
            || self.min_value.is_some()
            || self.max_value.is_some();
        let content = self.constraints.iter().any(|c| matches!(c.how, How::Content));
        let invariants = !self.constraints.iter().all(|c| matches!(c.how, How::Content | How::Elsewhere));
        Asked { value, content, invariants }
    }

    /// Whether it must have a child of its own: a value, an extension beside it.
    pub(crate) fn wants_child(&self) -> bool {
        self.children.as_ref().is_some_and(|children| children.watched.iter().any(|watched| watched.min > 0))
    }

    /// The form that a value of the element must have when it is of one of its types, where that is all that is asked of an
    /// element with a value and no children.
    fn plain(&self, of_type: usize) -> Option<Primitive> {
        let t = self.types.get(of_type)?;
        let TypeKind::Primitive(primitive) = t.kind else { return None };
        let Asked { value, invariants, .. } = self.asked;
        // Ids of elements are compared with each other; those of resources are of a type of their own.
        let id = primitive == Primitive::String && &*self.label == "id";
        let bound = |b: &Bound| b.strength != Strength::Example || b.maximum.is_some();
        let more = id
            || value
            || invariants
            || self.wants_child()
            || !t.profiles.is_empty()
            || self.slicing.is_some()
            || self.binding.as_deref().is_some_and(bound);
        (!more).then_some(primitive)
    }
}
