//! What a document or a message is about is in it: the resources that the first entry of a Bundle refers to become entries.

use touchmark_document::Form;

use super::{Instance, content};
use crate::vectors::tree::Tree;

/// Puts a resource into the Bundle for each reference of its first entry that leads to an example outside.
pub(super) fn complete(instance: &mut Instance<'_>) {
    if instance.tree.resource != "Bundle" {
        return;
    }
    let Some(entry) = instance.tree.children.iter().position(|c| c.name == "entry") else { return };
    let mut ways = Vec::new();
    references(&instance.tree.children[entry], &mut vec![entry], &mut ways);
    for (way, target) in ways {
        let Some(profile) = content::of_type(instance.builder.graph, &target) else { continue };
        let mut resource = instance.builder.resource(profile, &[]);
        let full_url = full_url(instance.builder.next());
        resource.name = "resource".into();
        resource.children.retain(|c| c.name != "id");
        let id = full_url.trim_start_matches("urn:uuid:").to_owned();
        resource.children.insert(0, Tree::leaf("id", Some(id), Form::String));
        let mut entry = Tree { in_array: true, ..Tree::empty("entry", Form::Object) };
        entry.children = vec![Tree::leaf("fullUrl", Some(full_url.clone()), Form::String), resource];
        if let Some(reference) = instance.tree.at_mut(&way) {
            reference.value = Some(full_url);
        }
        instance.builder.insert(&mut instance.tree, entry);
    }
}

/// A fullUrl of a number.
pub(super) fn full_url(number: usize) -> String {
    format!("urn:uuid:00000000-0000-4000-8000-{number:012}")
}

/// The references to examples, and the type of resource that each leads to.
fn references(tree: &Tree, way: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, String)>) {
    let target =
        tree.value.as_deref().filter(|_| tree.name == "reference").and_then(|v| v.strip_prefix(content::EXAMPLES));
    if let Some(target) = target.and_then(|t| t.trim_start_matches('/').split('/').next()) {
        found.push((way.clone(), target.to_owned()));
    }
    for (at, child) in tree.children.iter().enumerate() {
        way.push(at);
        references(child, way, found);
        way.pop();
    }
}
