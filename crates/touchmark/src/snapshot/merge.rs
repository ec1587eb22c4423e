//! Lays the facts of a row over an element: what would widen it is dropped and said.

use std::borrow::Cow;
use std::sync::Arc;

use super::Builder;
use crate::definition::{Binding, Canonical, ElementDefinition, SlicingRules, Strength, Text, TypeRef};
use crate::lint::DefectKind;

impl Builder<'_> {
    /// Lays the facts of a row over an element. What would widen it is dropped and said.
    pub(super) fn merge(&mut self, at: usize, row: &ElementDefinition) {
        let first = self.tree.elements[at].base_max == 0;
        self.merge_cardinality(at, row, first);
        self.merge_types(at, row);
        self.extension_cardinality(at, row);
        let origin = self.origin;
        let element = &mut self.tree.elements[at];
        if first {
            element.base_max = element.max;
        }
        if let Some(reference) = &row.content_reference {
            element.content_reference = Some(reference.clone());
        }
        for (place, value) in [
            (&mut element.fixed, &row.fixed),
            (&mut element.pattern, &row.pattern),
            (&mut element.min_value, &row.min_value),
            (&mut element.max_value, &row.max_value),
        ] {
            if let Some(value) = value {
                *place = Some(value.clone());
            }
        }
        element.max_length = row.max_length.or(element.max_length);
        self.merge_binding(at, row);
        let element = &mut self.tree.elements[at];
        for constraint in &row.constraints {
            if !element.constraints.iter().any(|(c, _)| c.key == constraint.key) {
                Arc::make_mut(&mut element.constraints).push((constraint.clone(), origin));
            }
        }
        element.is_modifier = row.is_modifier.unwrap_or(element.is_modifier);
        element.must_support = row.must_support.unwrap_or(element.must_support);
        if let Some(slicing) = &row.slicing {
            match &mut element.slicing {
                // A later profile may close or order a slicing; it tells the slices apart as before.
                Some(known) if slicing.discriminators.is_empty() || known.discriminators == slicing.discriminators => {
                    let known = Arc::make_mut(known);
                    known.ordered |= slicing.ordered;
                    if slicing.rules == SlicingRules::Closed {
                        known.rules = SlicingRules::Closed;
                    }
                }
                place => *place = Some(slicing.clone()),
            }
        }
        element.origin = Some(origin);
    }

    fn merge_cardinality(&mut self, at: usize, row: &ElementDefinition, first: bool) {
        let element = &mut self.tree.elements[at];
        let mut widened = None;
        if let Some(min) = row.min {
            if min >= element.min || first || element.slice.is_some() {
                element.min = min;
            } else {
                widened = Some(format!("min {min} below {}", element.min));
            }
        }
        if let Some(max) = row.max {
            if max <= element.max || first {
                element.max = max;
            } else {
                widened = Some(format!("max above {}", element.max));
            }
        }
        let above = (element.min > element.max).then(|| format!("min {} max {}", element.min, element.max));
        if above.is_some() {
            element.min = element.max;
        }
        if let Some(detail) = widened {
            self.defect(row, DefectKind::Widened, &detail);
        }
        if let Some(detail) = above {
            self.defect(row, DefectKind::MinimumAboveMaximum, &detail);
        }
    }

    /// A row may change the strength alone: the value set stays. What the base requires it cannot loosen.
    fn merge_binding(&mut self, at: usize, row: &ElementDefinition) {
        let Some(binding) = &row.binding else { return };
        let element = &mut self.tree.elements[at];
        let known = element.binding.take();
        let weaker = known.as_ref().filter(|k| k.strength == Strength::Required && binding.strength < k.strength);
        let weakened = weaker.filter(|k| k.value_set.is_some()).map(|k| (k.clone(), k.strength));
        let inherited = known.and_then(|k| k.value_set.clone()).filter(|_| binding.value_set.is_none());
        element.binding = Some(match inherited {
            Some(value_set) => Arc::new(Binding { value_set: Some(value_set), ..(**binding).clone() }),
            None => binding.clone(),
        });
        if let Some((stronger, strength)) = weakened {
            element.binding = Some(stronger);
            let detail = format!("{} here, {} there", binding.strength.code(), strength.code());
            self.defect(row, DefectKind::BindingWeakened, &detail);
        }
    }

    /// Where a row puts an extension without a cardinality, that of the extension's definition holds: how often it may stand
    /// in one place.
    fn extension_cardinality(&mut self, at: usize, row: &ElementDefinition) {
        let ([of_type], true) = (&row.types[..], self.tree.elements[at].slice.is_some()) else { return };
        let ("Extension", [profile]) = (&*of_type.code, &of_type.profiles[..]) else { return };
        let Some(root) = self.trees.root(profile).filter(|root| *root.type_name == *"Extension") else { return };
        let element = &mut self.tree.elements[at];
        if row.max.is_none() {
            element.max = element.max.min(root.max);
        }
        if row.min.is_none() && element.min < root.min && root.min <= element.max {
            element.min = root.min;
        }
    }

    fn merge_types(&mut self, at: usize, row: &ElementDefinition) {
        if row.types.is_empty() {
            return;
        }
        let choice = self.tree.elements[at].name.ends_with("[x]");
        let known = std::mem::take(&mut self.tree.elements[at].types);
        let mut types: Vec<Cow<'_, TypeRef>> = Vec::with_capacity(row.types.len());
        let mut foreign = Vec::new();
        for wanted in row.types.iter() {
            let mut wanted = Cow::Borrowed(wanted);
            if *wanted.code == *"Reference" && !wanted.profiles.is_empty() {
                let (references, targets): (Vec<Canonical>, Vec<Canonical>) = wanted
                    .profiles
                    .iter()
                    .cloned()
                    .partition(|p| self.trees.type_of(p).is_some_and(|t| *t == *"Reference"));
                if !targets.is_empty() {
                    let detail = targets.join(", ");
                    let wanted = wanted.to_mut();
                    wanted.profiles = references;
                    wanted.target_profiles.extend(targets);
                    self.defect(row, DefectKind::ProfileOnReference, &detail);
                }
            }
            foreign.extend(self.foreign_targets(&known, &mut wanted));
            // The type is part of a choice's name: `valueCode` is no `valueString`.
            let exact = choice && !matches!(&*wanted.code, "SimpleQuantity" | "");
            let of = |builder: &mut Self, k: &TypeRef| {
                if exact {
                    k.code == wanted.code || *k.code == *"*"
                } else {
                    builder.specialises(&wanted.code, &k.code)
                }
            };
            let fits = known.is_empty() || known.iter().any(|k| of(self, k));
            if fits {
                types.push(wanted);
            } else {
                foreign.push(wanted.code.clone());
            }
        }
        let as_written = types.len() == row.types.len() && types.iter().all(|t| matches!(t, Cow::Borrowed(_)));
        self.tree.elements[at].types = if types.is_empty() {
            known
        } else if as_written {
            row.types.clone()
        } else {
            Arc::new(types.into_iter().map(Cow::into_owned).collect())
        };
        if !foreign.is_empty() {
            self.defect(row, DefectKind::TypeWidened, &foreign.join(", "));
        }
    }

    /// Drops the targets of a Reference that the base does not allow; where none is left, those of the base stay.
    fn foreign_targets(&mut self, known: &[TypeRef], wanted: &mut Cow<'_, TypeRef>) -> Vec<Text> {
        if wanted.target_profiles.is_empty() {
            return Vec::new();
        }
        let of_base: Vec<&TypeRef> = known.iter().filter(|k| k.code == wanted.code).collect();
        if of_base.is_empty() || of_base.iter().any(|k| k.target_profiles.is_empty()) {
            return Vec::new();
        }
        let targets = || of_base.iter().flat_map(|k| &k.target_profiles);
        if wanted.target_profiles.iter().all(|t| targets().any(|of_base| of_base == t)) {
            return Vec::new();
        }
        let types: Vec<Text> = targets().filter_map(|t| self.trees.type_of(t)).collect();
        if types.iter().any(|t| matches!(&**t, "Resource" | "DomainResource")) || types.len() < targets().count() {
            return Vec::new();
        }
        // A target whose definition is not loaded may be of any type.
        let allowed = |t: &Canonical| self.trees.type_of(t).is_none_or(|t| types.contains(&t));
        let (own, foreign): (Vec<_>, Vec<_>) = wanted.target_profiles.iter().cloned().partition(allowed);
        if !foreign.is_empty() {
            wanted.to_mut().target_profiles = if own.is_empty() { targets().cloned().collect() } else { own };
        }
        foreign
    }

    /// Whether `code` is `base` or derives from it, as far as a profile may narrow a type.
    fn specialises(&mut self, code: &str, base: &str) -> bool {
        if code == base || matches!(base, "*" | "Element" | "Resource" | "") || code.is_empty() {
            return true;
        }
        if code == "DomainResource" {
            return base == "Resource";
        }
        // Age, Money, SimpleQuantity … derive from Quantity; code, id, markdown from string; oid, uuid from uri.
        matches!(
            (code, base),
            ("Age" | "Count" | "Distance" | "Duration" | "Money" | "SimpleQuantity", "Quantity")
                | ("code" | "id" | "markdown", "string")
                | ("oid" | "uuid", "uri")
                | ("positiveInt" | "unsignedInt", "integer")
        ) || (base == "DomainResource" && self.trees.type_tree(code).is_some())
    }
}
