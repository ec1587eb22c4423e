//! Faults of codes: one that is in no value set, or none at all.

use touchmark_document::Form;

use super::Work;
use crate::rule::Rule;
use crate::rules::binding::{self, coding};
use crate::vectors::generate::content::{self, EXAMPLES};
use crate::vectors::tree::Tree;

static CODES: &[&Rule] =
    &[&binding::REQUIRED, &binding::TEXT_REQUIRED, &binding::MAXIMUM, &coding::UNKNOWN_CODE, &coding::VALUE_SET];

impl Work<'_, '_> {
    pub(super) fn binding(&mut self) {
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let Some(before) = self.kept.tree.at(&way) else { return };
        if before.value.is_some() {
            for value in ["not-in-the-set", "en", "other"] {
                self.change(&way, node, &|tree| tree.value = Some(value.into()));
            }
            return;
        }
        let coding = |tree: &mut Tree, system: bool| {
            for child in &mut tree.children {
                if child.name == "code" {
                    child.value = Some("not-in-the-set".into());
                } else if system && child.name == "system" {
                    child.value = Some(format!("{EXAMPLES}/other"));
                }
            }
        };
        let codings = |tree: &mut Tree, system: bool| {
            coding(tree, system);
            for child in tree.children.iter_mut().filter(|c| c.name == "coding") {
                coding(child, system);
            }
        };
        let known = before.child("coding").unwrap_or(before).child("system").and_then(|s| s.value.as_deref());
        for sample in content::samples_of(known.unwrap_or("")) {
            self.change(&way, node, &|tree| {
                for child in tree.children.iter_mut().filter(|c| c.name == "code" || c.name == "coding") {
                    let place = if child.name == "code" {
                        Some(child)
                    } else {
                        child.children.iter_mut().find(|c| c.name == "code")
                    };
                    if let Some(place) = place {
                        place.value = Some((*sample).to_owned());
                    }
                }
            });
        }
        self.change(&way, node, &|tree| codings(tree, true));
        self.change(&way, node, &|tree| codings(tree, false));
        // Without a code there is only a text.
        self.change(&way, node, &|tree| {
            tree.children.retain(|c| c.name != "coding" && c.name != "text");
            tree.children.push(Tree::leaf("text", Some("example".into()), Form::String));
        });
        self.change(&way, node, &|tree| {
            tree.children.retain(|c| c.name != "coding" && c.name != "text");
            let mut other = Tree::empty("coding", Form::Object);
            other.in_array = true;
            other.children.push(Tree::leaf("system", Some(format!("{EXAMPLES}/other")), Form::String));
            other.children.push(Tree::leaf("code", Some("other".into()), Form::String));
            tree.children.push(other);
        });
        self.change(&way, node, &|tree| tree.children.retain(|c| c.name != "code"));
    }

    fn change(&mut self, way: &[usize], node: u32, change: &dyn Fn(&mut Tree)) {
        let mut tree = self.kept.tree.clone();
        if let Some(place) = tree.at_mut(way) {
            change(place);
        }
        self.add(tree, self.kept.builder.clone(), node, CODES);
    }
}
