//! Where a profile places extensions, so that the question needs no look into the definitions.

use std::collections::BTreeSet;

use touchmark_definition::StructureDefinition;

/// The extensions that a StructureDefinition places: a line each, the url and the path of the element that has it, with a
/// tabulator between them.
pub fn of(structure: &StructureDefinition) -> String {
    let mut places = BTreeSet::new();
    for row in &structure.elements {
        let Some((parent, _)) = row.path.rsplit_once('.') else { continue };
        for of_type in row.types.iter().filter(|t| *t.code == *"Extension") {
            places.extend(of_type.profiles.iter().map(|url| format!("{url}\t{parent}")));
        }
    }
    places.into_iter().collect::<Vec<_>>().join("\n")
}
