//! Where a profile places extensions, so that the question needs no look into the definitions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::word;

/// The extensions that a StructureDefinition places: a line each, the url and the path of the element that has it, with a
/// tabulator between them.
pub fn of(definition: &Value) -> String {
    let mut places = BTreeSet::new();
    for row in definition["differential"]["element"].as_array().into_iter().flatten() {
        let Some((parent, _)) = word(row, "path").rsplit_once('.') else { continue };
        for t in row["type"].as_array().into_iter().flatten().filter(|t| word(t, "code") == "Extension") {
            let url = word(t, "profile").trim();
            if !url.is_empty() {
                places.insert(format!("{url}\t{parent}"));
            }
        }
    }
    places.into_iter().collect::<Vec<_>>().join("\n")
}
