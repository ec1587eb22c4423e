//! The names that documents are read with: all that the definitions can speak of.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::word;

/// Names in the making.
#[derive(Default)]
pub struct Names {
    fixed: BTreeSet<String>,
    /// Choices of any type: their stems.
    any: BTreeSet<String>,
    /// The data types that a choice of any type may have.
    types: BTreeSet<String>,
}

impl Names {
    /// Adds what a StructureDefinition names: its type, its elements, and a name for each type of a choice.
    pub fn add(&mut self, definition: &Value) {
        let type_name = word(definition, "type");
        self.fixed.insert(type_name.into());
        if matches!(word(definition, "kind"), "primitive-type" | "complex-type") {
            self.types.insert(type_name.into());
        }
        for row in definition["differential"]["element"].as_array().into_iter().flatten() {
            let last = word(row, "path").rsplit('.').next().unwrap_or("");
            // No document has a name with brackets: it says that the choice exists.
            self.fixed.insert(last.into());
            let Some(stem) = last.strip_suffix("[x]") else { continue };
            for code in row["type"].as_array().into_iter().flatten().map(|t| word(t, "code")) {
                if code == "*" {
                    self.any.insert(stem.into());
                } else {
                    self.fixed.insert(choice(stem, code));
                }
            }
        }
    }

    /// All names, with a line feed between two.
    pub fn finish(mut self) -> String {
        for stem in &self.any {
            self.fixed.extend(self.types.iter().map(|code| choice(stem, code)));
        }
        self.fixed.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// `value` and `dateTime` make `valueDateTime`.
fn choice(stem: &str, code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    stem.chars().chain(first).chain(letters).collect()
}
