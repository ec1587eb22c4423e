//! Finds elements in the trees of definitions, through the trees of types, extensions and references as far as a path leads.

use std::sync::Arc;

use super::path::Segment;
use super::{Tree, Trees};
use crate::definition::Text;

/// A place in some tree: a path leads from a profile into the trees of the types and extensions that it uses.
#[derive(Clone)]
pub(crate) struct Place {
    pub tree: Arc<Tree>,
    pub at: usize,
    /// Whether the place is in the profile's own tree.
    pub own: bool,
}

impl Place {
    /// The root of a tree.
    pub fn root(tree: Arc<Tree>) -> Self {
        Place { tree, at: 0, own: true }
    }

    /// The child that a segment names, and its id there.
    pub fn step(&self, segment: &Segment<'_>, trees: &mut dyn Trees) -> Option<(Place, String)> {
        let (child, chosen) = self.child(segment.name, trees)?;
        let element = &child.tree.elements[child.at];
        let name = element.name.to_string();
        match segment.slice.or(chosen.is_some().then_some(segment.name)) {
            None => Some((child, name)),
            Some(slice) => {
                let found = child.slice(slice, chosen.as_deref())?;
                Some((found, format!("{name}:{slice}")))
            }
        }
    }

    /// The child with this name, or the choice that has a type of this name, and the type.
    pub fn child(&self, name: &str, trees: &mut dyn Trees) -> Option<(Place, Option<Text>)> {
        let inside = |tree: &Arc<Tree>, at: usize, own: bool| {
            let place = |at| Place { tree: tree.clone(), at, own };
            match tree.child(at, name) {
                Some(child) => Some((place(child), None)),
                None => tree.choice(at, name).map(|(child, code)| (place(child), Some(code))),
            }
        };
        let element = &self.tree.elements[self.at];
        if let Some(found) = inside(&self.tree, self.at, self.own) {
            return Some(found);
        }
        if let Some(reference) = &element.content_reference {
            let target = self.tree.by_path(reference.trim_start_matches('#'))?;
            return inside(&self.tree, target, false);
        }
        let of_type = element.types.first()?;
        if let Some(profile) = of_type.profiles.first().filter(|_| *of_type.code != *"Reference")
            && let Some(tree) = trees.tree(profile)
            && let Some(found) = inside(&tree, 0, false)
        {
            return Some(found);
        }
        let tree = trees.type_tree(&of_type.code)?;
        inside(&tree, 0, false)
    }

    fn slice(&self, name: &str, of_type: Option<&str>) -> Option<Place> {
        let element = &self.tree.elements[self.at];
        let mut owner = self.at;
        let mut found = None;
        let mut part = String::new();
        for piece in name.split_inclusive('/') {
            part.push_str(piece);
            let wanted = part.trim_end_matches('/');
            let slices = &self.tree.elements[owner].slices;
            found = slices.iter().copied().find(|s| self.tree.elements[*s].slice.as_deref() == Some(wanted));
            owner = found.unwrap_or(owner);
        }
        if let Some(at) = found {
            return Some(Place { at, ..self.clone() });
        }
        // A choice that has one type left *is* the slice of that type; one whose types have no slices holds them all.
        let stem = element.name.strip_suffix("[x]")?;
        let suffix = name.strip_prefix(stem).map(crate::definition::type_of_suffix);
        let code = of_type.or(suffix.as_deref())?;
        (element.types.len() == 1 && *element.types[0].code == *code).then(|| self.clone())
    }
}
