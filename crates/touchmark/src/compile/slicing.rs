//! Compiles a slicing: what the discriminators must find in a repeat for it to belong to each slice.

use std::sync::Arc;

use touchmark_document::Name;

use super::Compiler;
use crate::definition::{Discriminator, Strength, Text, Value};
use crate::graph::{ByValue, ElementId, Slice, Slicing, Step, Test};
use crate::library::{Within, choice_name};
use crate::lint::{Defect, DefectKind};
use crate::snapshot::{Tree, Trees};

/// What tells extensions apart where nothing is said.
static BY_URL: [Discriminator; 1] = [Discriminator { kind: Text::of("value"), path: Text::of("url") }];

/// What tells the slices of a choice apart where nothing is said.
static BY_TYPE: [Discriminator; 1] = [Discriminator { kind: Text::of("type"), path: Text::of("$this") }];

/// A place in some tree: discriminators lead from a profile into the trees of types and extensions.
struct Place {
    tree: Arc<Tree>,
    at: usize,
}

impl Compiler<'_> {
    pub(super) fn slicing(&mut self, at: usize, id: &str, slices: Vec<(ElementId, usize, Text)>) -> Option<Slicing> {
        let source = &self.tree.elements[at];
        let by_type = source.name.ends_with("[x]");
        let (mut discriminators, rules, ordered) = match &source.slicing {
            Some(s) => (&s.discriminators[..], s.rules, s.ordered),
            None => (&[][..], crate::definition::SlicingRules::Open, false),
        };
        if discriminators.is_empty() {
            match &*source.name {
                "extension" | "modifierExtension" => discriminators = &BY_URL,
                _ if by_type => discriminators = &BY_TYPE,
                _ if slices.is_empty() => return None,
                _ => {
                    self.defect(id, DefectKind::DiscriminatorMissing, "");
                    return None;
                }
            }
        }
        let tree = self.tree.clone();
        let slices: Box<[Slice]> = slices
            .into_iter()
            .map(|(element, slice, name)| {
                let tests = self.tests(&tree, slice, id, &name, discriminators);
                Slice { element, name, tests }
            })
            .collect();
        let recognised = |tests: &[Test]| !tests.iter().any(|t| matches!(t, Test::ValueSet(..)));
        let complete = slices.iter().all(|s| s.tests.as_deref().is_some_and(recognised));
        let by_value = ByValue::of(&slices);
        Some(Slicing { rules, ordered, slices, complete, by_value })
    }

    fn defect(&mut self, id: &str, kind: DefectKind, detail: &str) {
        self.defects.push(Defect { element: id.into(), kind, detail: detail.into() });
    }

    fn tests(
        &mut self,
        tree: &Arc<Tree>,
        slice: usize,
        id: &str,
        name: &str,
        discriminators: &[Discriminator],
    ) -> Option<Box<[Test]>> {
        let mut tests = Vec::with_capacity(discriminators.len());
        for discriminator in discriminators {
            let Some((steps, place)) = self.follow(Place { tree: tree.clone(), at: slice }, &discriminator.path) else {
                self.defect(&format!("{id}:{name}"), DefectKind::DiscriminatorPath, &discriminator.path);
                return None;
            };
            let steps: Box<[Step]> = steps.into();
            let element = &place.tree.elements[place.at];
            let test = match &*discriminator.kind {
                "exists" => Some(Test::Exists(steps, element.max > 0 && element.min > 0)),
                "type" => Some(Test::Type(steps, element.types.iter().map(|t| t.code.clone()).collect())),
                "profile" => {
                    let canonicals: Vec<_> = element.types.iter().flat_map(|t| t.profiles.clone()).collect();
                    let profiles: Box<[_]> = canonicals.iter().filter_map(|c| self.library.find(c)).collect();
                    (!profiles.is_empty()).then_some(Test::Profile(steps, profiles))
                }
                _ => value_test(steps, &place),
            };
            match test {
                Some(test) => tests.push(test),
                // A slice that says nothing at one of several discriminators is told apart by the others.
                None if discriminators.len() > 1 => {}
                None => {
                    self.defect(&format!("{id}:{name}"), DefectKind::DiscriminatorValueMissing, &discriminator.path);
                    return None;
                }
            }
        }
        if tests.is_empty() {
            self.defect(&format!("{id}:{name}"), DefectKind::DiscriminatorValueMissing, "");
            return None;
        }
        Some(tests.into())
    }

    /// Follows a discriminator's path from a slice; returns the steps in a document and the place in the definitions.
    fn follow(&mut self, from: Place, path: &str) -> Option<(Vec<Step>, Place)> {
        let mut place = from;
        let mut steps = Vec::new();
        let parts = split(path);
        for (number, part) in parts.iter().copied().enumerate() {
            match part {
                // The reference of a Reference is what is resolved.
                "reference" if parts.get(number + 1) == Some(&"resolve()") => {}
                "$this" | "" => {}
                "resolve()" => {
                    steps.push(Step::Resolve);
                    let element = &place.tree.elements[place.at];
                    let target = element.types.iter().flat_map(|t| &t.target_profiles).next()?.clone();
                    place = Place { tree: self.trees().tree(&target)?, at: 0 };
                }
                _ if part.starts_with("extension(") => {
                    let url = part.trim_start_matches("extension(").trim_end_matches(')').trim_matches(['\'', '"']);
                    steps.push(Step::Extension(url.into()));
                    place = self.extension(&place, url)?;
                }
                _ if part.starts_with("ofType(") || part.starts_with("as(") => {}
                name => {
                    let (step, next) = self.child(&place, name)?;
                    steps.push(step);
                    place = next;
                }
            }
        }
        Some((steps, place))
    }

    fn trees(&mut self) -> Within<'_> {
        Within { library: self.library, forest: self.forest }
    }

    fn child(&mut self, place: &Place, name: &str) -> Option<(Step, Place)> {
        let own = inside(&place.tree, place.at, name);
        let (tree, at) = match own {
            Some(at) => (place.tree.clone(), at),
            None => {
                let types = place.tree.elements[place.at].types.clone();
                let t = types.first()?;
                let profiled = t.profiles.first().and_then(|p| self.trees().tree(p));
                let in_profile = profiled.and_then(|tree| inside(&tree, 0, name).map(|at| (tree, at)));
                match in_profile {
                    Some(found) => found,
                    None => {
                        let tree = self.trees().type_tree(&t.code)?;
                        let at = inside(&tree, 0, name)?;
                        (tree, at)
                    }
                }
            }
        };
        let element = &tree.elements[at];
        let names: Box<[Name]> = match element.name.strip_suffix("[x]") {
            Some(stem) => element.types.iter().map(|t| self.library.names.find(&choice_name(stem, &t.code))).collect(),
            None => Box::new([self.library.names.find(&element.name)]),
        };
        Some((Step::Child(names), Place { tree, at }))
    }

    fn extension(&mut self, place: &Place, url: &str) -> Option<Place> {
        let own = inside(&place.tree, place.at, "extension").and_then(|at| {
            let slices = &place.tree.elements[at].slices;
            slices.iter().copied().find(|s| {
                let types = &place.tree.elements[*s].types;
                types.iter().any(|t| t.profiles.iter().any(|p| **p == *url))
            })
        });
        match own {
            Some(at) => Some(Place { tree: place.tree.clone(), at }),
            None => Some(Place { tree: self.trees().tree(url)?, at: 0 }),
        }
    }
}

/// The child of an element by the name that a discriminator uses: `value` means `value[x]`.
fn inside(tree: &Tree, at: usize, name: &str) -> Option<usize> {
    tree.child(at, name)
        .or_else(|| tree.child(at, &format!("{name}[x]")))
        .or_else(|| tree.choice(at, name).map(|(child, _)| child))
}

/// The parts of a path: `code.coding.code`, `extension('url').value`.
fn split(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in path.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '.' if depth == 0 => {
                parts.push(path[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(path[start..].trim());
    parts
}

fn value_test(steps: Box<[Step]>, place: &Place) -> Option<Test> {
    let element = &place.tree.elements[place.at];
    if let Some(fixed) = element.fixed.as_ref().filter(|f| !in_brackets(f)) {
        return Some(Test::Fixed(steps, fixed.clone()));
    }
    if let Some(pattern) = &element.pattern {
        return Some(Test::Pattern(steps, pattern.clone()));
    }
    if let Some(value) = parts(&place.tree, place.at) {
        return Some(Test::Pattern(steps, Arc::new(value)));
    }
    match &element.binding {
        Some(binding) if binding.strength == Strength::Required => {
            binding.value_set.as_ref().map(|set| Test::ValueSet(steps, set.clone()))
        }
        _ => None,
    }
}

/// What the fixed values below an element make of it, taken together.
fn parts(tree: &Tree, at: usize) -> Option<Value> {
    let element = &tree.elements[at];
    let children: Vec<Value> = element
        .children
        .iter()
        .filter_map(|child| {
            let source = &tree.elements[*child];
            let fixed = source.fixed.as_ref().or(source.pattern.as_ref()).filter(|f| !in_brackets(f));
            match fixed {
                Some(fixed) => Some(Value { name: (*source.name).into(), ..(**fixed).clone() }),
                None => parts(tree, *child),
            }
        })
        .collect();
    (!children.is_empty()).then(|| Value { name: (*element.name).into(), text: None, children })
}

/// Whether a fixed value stands in angle brackets, as no value does that is meant.
pub(super) fn in_brackets(value: &Value) -> bool {
    value.text.as_ref().is_some_and(|text| text.starts_with('<') && text.ends_with('>'))
}
