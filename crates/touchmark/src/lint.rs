//! Says what is wrong with definitions: which rule, at which element, what it means for instances, and what is done instead.

mod context;
mod defect;
mod likely;
mod row;
mod slices;
mod source;
mod value;

use crate::definition::{StructureDefinition, Text};
use crate::graph::RuleGraph;
use crate::snapshot::{DefinitionId, row_ids};

pub(crate) use defect::RULES;
pub use defect::{Defect, DefectKind};
pub use source::lint_source;

/// The defects of a loaded definition, in the order of its elements. What only its published form shows (dates, versions of
/// FHIR, published snapshots) is found by [`lint_source`].
pub fn lint(graph: &RuleGraph, id: DefinitionId) -> Vec<Defect> {
    let Some(definition) = graph.library().read(id) else { return Vec::new() };
    let mut defects = Vec::new();
    if let Some(structure) = &definition.structure {
        let ids = row_ids(&structure.elements);
        // Canonicals are looked up row by row below; what was inherited is said where it was written.
        let own = |d: &Defect| {
            !matches!(d.kind, DefectKind::CanonicalMissing | DefectKind::BindingToNoValueSet) && is_own(structure, d)
        };
        defects.extend(graph.defects(id).into_iter().filter(own));
        row::check(graph, structure, &ids, &mut defects);
        if let Some(profile) = graph.profile(id) {
            row::unreachable(profile, &ids, &mut defects);
            value::check(graph, profile, &mut defects);
            slices::check(graph, profile, structure, &mut defects);
            context::check(graph, profile, &mut defects);
        }
    }
    if let Some(set) = &definition.value_set {
        row::value_set(graph, set, &mut defects);
    }
    let mut seen = Vec::new();
    defects.retain(|d| {
        let new = !seen.contains(d);
        seen.push(d.clone());
        new
    });
    defects
}

/// Whether a definition has a rule that cannot be honoured: with strict definitions it is not used.
pub fn is_refused(graph: &RuleGraph, id: DefinitionId) -> bool {
    lint(graph, id).iter().any(|defect| defect.kind.drops_a_rule())
}

/// Whether the definition itself speaks of the element, or of something in it.
fn is_own(structure: &StructureDefinition, defect: &Defect) -> bool {
    let path = path_of(&defect.element);
    let inside = |row: &str| row.strip_prefix(&*path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    path.is_empty()
        || !path.contains('.')
        || structure.elements.iter().any(|row| inside(&row.path) || choice(&row.path, &path))
}

/// Whether a row's path speaks of a choice by one of its types.
fn choice(row: &str, path: &str) -> bool {
    let mut parts = row.split('.');
    path.split('.')
        .all(|p| parts.next().is_some_and(|r| r == p || p.strip_suffix("[x]").is_some_and(|stem| r.starts_with(stem))))
}

/// An id without the names of slices.
pub(crate) fn path_of(id: &str) -> String {
    id.split('.').map(|part| part.split(':').next().unwrap_or(part)).collect::<Vec<_>>().join(".")
}

fn push(defects: &mut Vec<Defect>, element: &str, kind: DefectKind, detail: impl Into<Text>) {
    defects.push(Defect { element: element.into(), kind, detail: detail.into() });
}
