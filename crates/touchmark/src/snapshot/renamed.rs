//! STU3's renamed choices: a row at `valueCoding` restricts `value[x]` to Coding rather than slicing it.

use std::sync::Arc;

use super::Tree;
use crate::definition::SlicingRules;

/// Folds what the renamed rows of each choice say into the choice, unless the profile slices the choice openly.
pub(super) fn settle(tree: &mut Tree) {
    for at in 0..tree.elements.len() {
        if !std::mem::take(&mut tree.elements[at].renamed)
            || tree.elements[at].slice.is_some() && is_type_slice(tree, at)
        {
            continue;
        }
        let slices: Vec<usize> = tree.elements[at].slices.iter().copied().filter(|s| is_type_slice(tree, *s)).collect();
        match (&tree.elements[at].slicing, &slices[..]) {
            // `value[x]` itself is sliced by the profile, and may have other types beside the slices.
            (Some(slicing), _) if slicing.rules != SlicingRules::Closed => {}
            (_, [only]) => fold(tree, at, *only),
            (_, several) => restrict(tree, at, several),
        }
    }
}

fn is_type_slice(tree: &Tree, at: usize) -> bool {
    let element = &tree.elements[at];
    element.name.ends_with("[x]") && element.types.len() == 1
}

/// One type is left: the slice *is* the element.
fn fold(tree: &mut Tree, at: usize, only: usize) {
    let slice = tree.elements[only].clone();
    let choice = &mut tree.elements[at];
    let (name, own, min, base_max) = (choice.name.clone(), choice.slice.clone(), choice.min, choice.base_max);
    *choice = slice;
    choice.name = name;
    choice.slice = own;
    choice.min = choice.min.max(min);
    choice.base_max = base_max;
    choice.slicing = None;
    choice.slices.clear();
    choice.renamed = false;
}

/// Several types are left: they are the only ones, each with its own rules.
fn restrict(tree: &mut Tree, at: usize, several: &[usize]) {
    let types = several.iter().flat_map(|s| tree.elements[*s].types.iter().cloned()).collect();
    let choice = &mut tree.elements[at];
    choice.types = Arc::new(types);
    choice.slices = several.to_vec();
}
