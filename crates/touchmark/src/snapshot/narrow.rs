//! Lays what a row says of an element over one of its slices: it may narrow what the slice says, never widen it.

use std::sync::Arc;

use super::{DefinitionId, Element, Tree};
use crate::definition::ElementDefinition;

/// Narrows the element `at`, a slice or something in one, by a row that speaks of the unsliced element.
pub(super) fn narrow(tree: &mut Tree, at: usize, row: &ElementDefinition, origin: DefinitionId) {
    let element = &mut tree.elements[at];
    if element.slice.is_none() {
        // The number of repeats of the sliced element itself is that of all its slices together.
        if let Some(max) = row.max {
            element.max = element.max.min(max);
        }
        if let Some(min) = row.min {
            element.min = element.min.max(min).min(element.max);
        }
    }
    types(element, row);
    for (place, value) in [
        (&mut element.fixed, &row.fixed),
        (&mut element.pattern, &row.pattern),
        (&mut element.min_value, &row.min_value),
        (&mut element.max_value, &row.max_value),
    ] {
        if let (None, Some(value)) = (&place, value) {
            *place = Some(value.clone());
        }
    }
    element.max_length = match (element.max_length, row.max_length) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if let Some(binding) = &row.binding
        && element.binding.as_ref().is_none_or(|b| b.strength < binding.strength)
    {
        element.binding = Some(binding.clone());
    }
    for constraint in &row.constraints {
        if !element.constraints.iter().any(|(c, _)| c.key == constraint.key) {
            Arc::make_mut(&mut element.constraints).push((constraint.clone(), origin));
        }
    }
}

fn types(element: &mut Element, row: &ElementDefinition) {
    if row.types.is_empty() || !element.types.iter().any(|t| row.types.iter().any(|r| r.code == t.code)) {
        return;
    }
    let types = Arc::make_mut(&mut element.types);
    types.retain(|t| row.types.iter().any(|r| r.code == t.code));
    for own in types {
        let Some(wanted) = row.types.iter().find(|r| r.code == own.code) else { continue };
        if own.profiles.is_empty() && *own.code != *"Reference" {
            own.profiles.clone_from(&wanted.profiles);
        }
        if own.target_profiles.is_empty() {
            own.target_profiles.clone_from(&wanted.target_profiles);
        }
    }
}
