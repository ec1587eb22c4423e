//! What is wrong with single rows of a differential, and with what they name.

use super::{Defect, DefectKind, likely::likely, push};
use crate::definition::terminology::ValueSet;
use crate::definition::{ElementDefinition, Strength, StructureDefinition};
use crate::graph::{Profile, RuleGraph};
use crate::rules::primitive::Primitive;
use crate::terminology;

/// Checks each row by itself. `ids` are those made from paths and slice names.
pub(super) fn check(graph: &RuleGraph, structure: &StructureDefinition, ids: &[String], defects: &mut Vec<Defect>) {
    for (row, id) in structure.elements.iter().zip(ids) {
        let shown: &str = if row.id.is_empty() { id } else { &row.id };
        types(graph, row, shown, defects);
        binding(graph, row, shown, defects);
        fixed(graph, row, shown, defects);
        for constraint in row.constraints.iter().filter(|c| c.expression.is_empty()) {
            push(defects, shown, DefectKind::InvariantWithoutExpression, constraint.key.clone());
        }
        if !row.id.is_empty() && !same_id(&row.id, id) {
            push(defects, shown, DefectKind::IdDiffers, format!("{id} by path and slice name"));
        }
    }
    let mut named: Vec<&str> =
        structure.elements.iter().zip(ids).filter(|(row, _)| row.slice_name.is_some()).map(|(_, id)| &**id).collect();
    named.sort_unstable();
    for same in named.chunk_by(|a, b| a == b).filter(|same| same.len() > 1) {
        push(defects, same[0], DefectKind::SliceRepeated, same.len().to_string());
    }
    let is_extension = &*structure.type_name == "Extension" && structure.constraint;
    let fixes_url = structure.elements.iter().any(|r| &*r.path == "Extension.url" && r.fixed.is_some());
    if is_extension && !fixes_url {
        push(defects, "Extension.url", DefectKind::ExtensionUrlMissing, "");
    }
}

fn types(graph: &RuleGraph, row: &ElementDefinition, id: &str, defects: &mut Vec<Defect>) {
    let library = graph.library();
    for t in row.types.iter() {
        let known = t.code.is_empty() || matches!(&*t.code, "*" | "xhtml") || library.find_type(&t.code).is_some();
        if !known && !t.code.contains(':') {
            push(defects, id, DefectKind::TypeUnknown, t.code.clone());
        }
        for canonical in t.profiles.iter().chain(&t.target_profiles) {
            // A part of the definition itself, or of another one.
            let url = canonical.split('#').next().unwrap_or(canonical);
            if url.is_empty() {
                continue;
            }
            match library.find(url) {
                Some(found) if library.entry(found).resource != "StructureDefinition" => {
                    let what = &library.entry(found).resource;
                    push(
                        defects,
                        id,
                        DefectKind::CanonicalKind,
                        format!("{canonical} is a {what}, where a profile belongs"),
                    );
                }
                Some(_) => {}
                None => missing(graph, id, canonical, "StructureDefinition", defects),
            }
        }
    }
}

fn missing(graph: &RuleGraph, id: &str, canonical: &str, resource: &str, defects: &mut Vec<Defect>) {
    let hint =
        likely(graph.library(), canonical, resource).map(|l| format!(" (did you mean {l}?)")).unwrap_or_default();
    push(defects, id, DefectKind::CanonicalMissing, format!("{canonical}{hint}"));
}

fn binding(graph: &RuleGraph, row: &ElementDefinition, id: &str, defects: &mut Vec<Defect>) {
    let Some(binding) = &row.binding else { return };
    let library = graph.library();
    let Some(canonical) = &binding.value_set else {
        if binding.strength >= Strength::Extensible {
            push(defects, id, DefectKind::BindingWithoutValueSet, binding.strength.code());
        }
        return;
    };
    if terminology::find_set(library, canonical).is_some()
        || terminology::is_known_by_form(canonical)
        || is_implicit(canonical)
    {
        return;
    }
    match library.find(canonical) {
        Some(found) => {
            let detail = format!("{canonical}, a {}", library.entry(found).resource);
            push(defects, id, DefectKind::BindingToNoValueSet, detail);
        }
        None => missing(graph, id, canonical, "ValueSet", defects),
    }
}

/// Value sets that their publishers define by their url, outside FHIR.
fn is_implicit(canonical: &str) -> bool {
    canonical.contains("?fhir_vs") || canonical.contains("ietf.org/") || canonical.starts_with("http://loinc.org/vs")
}

fn fixed(graph: &RuleGraph, row: &ElementDefinition, id: &str, defects: &mut Vec<Defect>) {
    for value in row.fixed.iter().chain(&row.pattern) {
        if let Some(text) = value.text.as_deref().filter(|t| t.trim() != *t) {
            push(defects, id, DefectKind::FixedSpaces, text);
        }
        let fits = |code: &str| {
            let text = matches!(code, "" | "*" | "Element")
                || Primitive::of_type(code).is_some() == Primitive::of_type(&value.name).is_some();
            *code == *value.name || text && value.children.is_empty() && Primitive::of_type(&value.name).is_some()
        };
        if !row.types.is_empty()
            && !row.types.iter().any(|t| fits(&t.code))
            && graph.library().find_type(&value.name).is_some()
        {
            let codes: Vec<&str> = row.types.iter().map(|t| &*t.code).collect();
            push(defects, id, DefectKind::FixedType, format!("a {}, the element a {}", value.name, codes.join(" or ")));
        }
    }
}

/// Whether a published id goes with the one made from path and slice names; choices may be named either way.
fn same_id(published: &str, made: &str) -> bool {
    let (a, b) = (published.split('.'), made.split('.'));
    a.clone().count() == b.clone().count()
        && a.zip(b).all(|(a, b)| {
            let (label, slice) = a.split_once(':').unwrap_or((a, ""));
            let (name, own) = b.split_once(':').unwrap_or((b, ""));
            let renamed = label.strip_suffix("[x]").is_some_and(|stem| name.starts_with(stem));
            (label == name || renamed) && (slice == own || slice == name || renamed && own.is_empty())
        })
}

/// Rows below an element that can never be there, told once for each such element.
pub(super) fn unreachable(profile: &Profile, ids: &[String], defects: &mut Vec<Defect>) {
    let prohibited: Vec<&str> = profile.elements.iter().filter(|e| e.max == 0).map(|e| &*e.id).collect();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for id in ids {
        let mut above = id.match_indices('.').map(|(at, _)| &id[..at]);
        let Some(above) = above.find(|above| prohibited.contains(above)) else { continue };
        match counts.iter_mut().find(|(known, _)| *known == above) {
            Some((_, count)) => *count += 1,
            None => counts.push((above, 1)),
        }
    }
    for (above, count) in counts {
        let rows = if count == 1 { "a row".to_owned() } else { format!("{count} rows") };
        push(defects, above, DefectKind::Unreachable, rows);
    }
}

/// What a value set names that is not loaded, or is something else.
pub(super) fn value_set(graph: &RuleGraph, set: &ValueSet, defects: &mut Vec<Defect>) {
    let library = graph.library();
    for choice in set.includes.iter().chain(&set.excludes) {
        let found = library.find(&choice.system).filter(|_| !choice.system.is_empty());
        if let Some(found) = found.filter(|f| library.entry(*f).resource == "ValueSet") {
            let what = &library.entry(found).resource;
            let detail = format!("{} is a {what}, where a code system belongs", choice.system);
            push(defects, "ValueSet.compose.include.system", DefectKind::CanonicalKind, detail);
        }
        for canonical in choice.value_sets.iter().filter(|c| !is_implicit(c)) {
            match library.find(canonical) {
                None => missing(graph, "ValueSet.compose.include.valueSet", canonical, "ValueSet", defects),
                Some(found) if library.entry(found).resource != "ValueSet" => {
                    let detail =
                        format!("{canonical} is a {}, where a value set belongs", library.entry(found).resource);
                    push(defects, "ValueSet.compose.include.valueSet", DefectKind::CanonicalKind, detail);
                }
                Some(_) => {}
            }
        }
    }
}
