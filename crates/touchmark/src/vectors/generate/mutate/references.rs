//! Faults of references: a target of the wrong type, one that does not meet its profile, one in the wrong place.

use touchmark_document::Form;

use super::{Mutant, Work, builder_finish};
use crate::rules::reference;
use crate::vectors::generate::Builder;
use crate::vectors::generate::bundle::full_url;
use crate::vectors::generate::content::{self, EXAMPLES};
use crate::vectors::generate::verdict::{Expected, severity};
use crate::vectors::tree::Tree;

/// Types of resources of which hardly any reference allows all.
const TYPES: &[&str] = &["Basic", "Patient", "Organization", "Location", "Binary", "Observation", "Device"];

impl<'g> Work<'_, 'g> {
    pub(super) fn target(&mut self) {
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        for resource in TYPES {
            let mut tree = self.kept.tree.clone();
            let Some(reference) = tree.at_mut(&way).and_then(link) else { return };
            reference.value = Some(format!("{EXAMPLES}/{resource}/other"));
            self.add(tree, self.kept.builder.clone(), node, &[&reference::TARGET_TYPE]);
        }
    }

    /// A contained resource of the right type that meets none of the profiles.
    pub(super) fn target_profile(&mut self) {
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let targets: Vec<_> =
            self.at().element().types.iter().flat_map(|t| &t.targets).filter(|t| !t.is_type).collect();
        for target in targets {
            let Some(profile) = content::of_type(self.graph, self.graph.names().text(target.type_atom)) else {
                continue;
            };
            let Some(wanted) = target.profile.and_then(|id| self.graph.profile(id)) else { continue };
            // The least resource of the type may meet the profile: then it must break one of its rules.
            let mut builder = self.kept.builder.fresh();
            let mut faulty = vec![(builder.resource(profile, &[]), builder)];
            faulty.extend(self.broken_by(wanted));
            for (resource, inner) in faulty {
                let mut tree = self.kept.tree.clone();
                let mut builder = self.kept.builder.with_places_of(&inner);
                let id = contain(&mut tree, &mut builder, resource);
                let way = tree.way_to(node).unwrap_or_else(|| way.clone());
                let Some(place) = tree.at_mut(&way).and_then(link) else { return };
                place.value = Some(id);
                self.mutant(tree, builder, node);
            }
        }
    }

    fn mutant(&mut self, tree: Tree, builder: Builder<'g>, node: u32) {
        let severity = severity(self.rule.kind);
        let expected =
            vec![Expected { node, codes: vec![&reference::TARGET_PROFILE], element: None, severity, below: false }];
        self.mutants.push(Mutant { tree, builder, expected });
    }

    /// A target that is neither contained nor in the Bundle, or one that is contained.
    pub(super) fn aggregation(&mut self) {
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let mut tree = self.kept.tree.clone();
        if let Some(place) = tree.at_mut(&way).and_then(link) {
            place.value = Some(format!("{EXAMPLES}/Patient/other"));
        }
        self.add(tree, self.kept.builder.clone(), node, &[&reference::AGGREGATION]);
    }
}

fn link(tree: &mut Tree) -> Option<&mut Tree> {
    tree.children.iter_mut().find(|c| c.name == "reference")
}

/// Puts a resource into the `contained` of the root, or into an entry of its own. Returns the reference to it.
fn contain(tree: &mut Tree, builder: &mut Builder<'_>, mut resource: Tree) -> String {
    let id = format!("t{}", builder.next());
    if tree.resource == "Bundle" {
        let full_url = full_url(builder.next());
        let mut entry = Tree::empty("entry", Form::Object);
        entry.in_array = true;
        entry.children.push(Tree::leaf("fullUrl", Some(full_url.clone()), Form::String));
        resource.name = "resource".into();
        resource.children.retain(|c| c.name != "id");
        entry.children.push(resource);
        builder.insert(tree, entry);
        return full_url;
    }
    resource.name = "contained".into();
    resource.in_array = true;
    resource.children.retain(|c| c.name != "id");
    resource.children.insert(0, Tree::leaf("id", Some(id.clone()), Form::String));
    builder.insert(tree, resource);
    builder_finish(tree, builder);
    format!("#{id}")
}
