//! Faults of values: another one than is fixed, one that is too long, too small or too great.

use super::{Kind, Work, parent};
use crate::definition::Value;
use crate::graph::{ElementId, Profile, RuleGraph, Slice, Step, Test};
use crate::rule::{Rule, Severity};
use crate::rules::{extension, slicing, value};
use crate::vectors::generate::content;
use crate::vectors::generate::verdict::Expected;
use crate::vectors::tree::Tree;
use crate::walk::At;
use touchmark_document::Form;

/// How many codes of a set are tried in place of the fixed one.
const MOST_CODES: usize = 6;

impl<'g> Work<'_, 'g> {
    /// Another value than the one that is fixed.
    pub(super) fn value(&mut self) {
        let at = self.at();
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let Some(wanted) = at.element().fixed.clone().or_else(|| at.element().pattern.clone()) else { return };
        let expected = vec![Expected {
            node,
            codes: vec![if self.rule.kind == Kind::Fixed { &value::FIXED } else { &value::PATTERN }],
            element: Some(at.id),
            severity: Severity::Error,
            below: false,
        }];
        let mut leaves = Vec::new();
        leaves_of(&wanted, &mut Vec::new(), &mut leaves);
        for (names, text) in leaves {
            let Some(leaf) = names.iter().try_fold(way.clone(), |mut way, name| {
                let at = self.kept.tree.at(&way)?.children.iter().position(|c| c.name == *name)?;
                way.push(at);
                Some(way)
            }) else {
                continue;
            };
            let Some(before) = self.kept.tree.at(&leaf) else { continue };
            let mut values = others(&text, before);
            let system = leaf.split_last().and_then(|(_, up)| self.kept.tree.at(up)?.child("system")?.value.as_deref());
            if let Some(code) =
                system.and_then(|s| content::other_code(self.graph, s, &text)).filter(|_| before.name == "code")
            {
                values.insert(0, code);
            }
            if let Some(set) = at.element().binding.as_deref().and_then(|b| content::set(self.graph, b)) {
                let mut taken = vec![text.clone()];
                while let Some(code) = content::code_beside(set, &taken).filter(|_| taken.len() < MOST_CODES) {
                    taken.push(code);
                }
                values.splice(0..0, taken.into_iter().skip(1));
            }
            for other in values {
                let mut tree = self.kept.tree.clone();
                if let Some(place) = tree.at_mut(&leaf) {
                    place.value = Some(other);
                }
                self.push(tree, self.kept.builder.clone(), expected.clone());
            }
        }
    }

    /// Where the element is what a slice is told by, its repeat belongs to the slice no more: that is how it is found. With each
    /// finding come the node of the parent, what is sliced, and the slice.
    pub(super) fn of_slices(&self) -> Vec<(Expected, (u32, At<'g>, &'g Slice))> {
        let mut found = Vec::new();
        for (depth, pair) in self.chain.windows(2).enumerate() {
            let sliced = At { profile: self.profile, id: pair[0] };
            let Some(slicing) = sliced.element().slicing.as_deref() else { continue };
            let Some(slice) = slicing.slices.iter().find(|s| s.element == pair[1]) else { continue };
            let (tests, rest) = (slice.tests.as_deref().unwrap_or(&[]), &self.chain[depth + 2..]);
            if rest.is_empty() || !tells(self.graph, self.profile, tests, rest) {
                continue;
            }
            let Some(above) = self.node(parent(self.profile, &self.chain[..depth + 2])) else { continue };
            let Some(repeat) = self.kept.builder.node_of(self.profile, pair[1]) else { continue };
            let error = |node, codes: &[&'static Rule], element| {
                let codes = codes.to_vec();
                Expected { node, codes, element, severity: Severity::Error, below: false }
            };
            found.push((error(above, &[&slicing::MINIMUM], Some(pair[1])), (above, sliced, slice)));
            found.push((
                error(repeat, &[&slicing::CLOSED, &extension::UNKNOWN_PART], Some(pair[0])),
                (above, sliced, slice),
            ));
        }
        found
    }

    pub(super) fn bounds(&mut self) {
        let at = self.at();
        let (Some(node), Some(way)) = (self.node(self.chain), self.way(self.chain)) else { return };
        let element = at.element();
        let (code, value): (&'static Rule, String) = match self.rule.kind {
            Kind::Length => (&value::LENGTH, "x".repeat(element.max_length.unwrap_or(0) as usize + 1)),
            Kind::Least => (&value::BELOW, beyond(element.min_value.as_deref(), -1)),
            _ => (&value::ABOVE, beyond(element.max_value.as_deref(), 1)),
        };
        let mut tree = self.kept.tree.clone();
        if let Some(place) = tree.at_mut(&way) {
            place.value = Some(value);
        }
        self.add(tree, self.kept.builder.clone(), node, &[code]);
    }
}

fn beyond(bound: Option<&Value>, by: i64) -> String {
    let text = bound.and_then(|b| b.text.as_deref()).unwrap_or("");
    text.parse::<i64>()
        .map_or_else(|_| if by < 0 { "1850-01-01".into() } else { "2999-01-01".into() }, |n| (n + by).to_string())
}

/// Whether a discriminator looks at the element at the end of a chain, or at one that it stands in.
pub(in crate::vectors::generate) fn tells(
    graph: &RuleGraph,
    profile: &Profile,
    tests: &[Test],
    chain: &[ElementId],
) -> bool {
    let labels = chain.iter().map(|id| &*profile.elements[id.0 as usize].label);
    // A slice of what a discriminator looks at is the same step as what it slices.
    let mut steps: Vec<&str> = labels.collect();
    steps.dedup();
    tests.iter().any(|test| {
        let (Test::Fixed(path, _) | Test::Pattern(path, _) | Test::ValueSet(path, _)) = test else { return false };
        let is_step = |(step, label): (&Step, &&str)| match step {
            Step::Child(names) => names.iter().any(|n| graph.names().text(*n) == *label),
            _ => false,
        };
        path.iter().zip(&steps).all(is_step)
    })
}

/// The primitive parts of a value, by the names on the way.
fn leaves_of(value: &Value, names: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, String)>) {
    if let Some(text) = &value.text {
        leaves.push((names.clone(), text.to_string()));
    }
    for child in &value.children {
        names.push(child.name.to_string());
        leaves_of(child, names, leaves);
        names.pop();
    }
}

/// Other values of the same form.
pub(super) fn others(text: &str, node: &Tree) -> Vec<String> {
    match text {
        "true" => return vec!["false".into()],
        "false" => return vec!["true".into()],
        _ => {}
    }
    if node.form == Form::Number {
        return vec!["7".into(), "8".into()];
    }
    if text.starts_with("urn:uuid:") {
        return vec!["urn:uuid:00000000-0000-4000-8000-00000000000f".into()];
    }
    if text.contains(':') {
        return vec![format!("{}/other", content::EXAMPLES)];
    }
    vec!["other".into(), "entered-in-error".into(), "2001-02-03".into()]
}
