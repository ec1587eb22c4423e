//! The names that documents are read with: all that the definitions can speak of.

use std::collections::BTreeSet;

use touchmark_definition::StructureDefinition;

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
    pub fn add(&mut self, structure: &StructureDefinition) {
        self.fixed.insert(structure.type_name.to_string());
        if matches!(&*structure.kind, "primitive-type" | "complex-type") {
            self.types.insert(structure.type_name.to_string());
        }
        for row in &structure.elements {
            let last = row.path.rsplit('.').next().unwrap_or("");
            // No document has a name with brackets: it says that the choice exists.
            self.fixed.insert(last.into());
            let Some(stem) = last.strip_suffix("[x]") else { continue };
            for of_type in row.types.iter() {
                if *of_type.code == *"*" {
                    self.any.insert(stem.into());
                } else {
                    self.fixed.insert(choice(stem, &of_type.code));
                }
            }
        }
    }

    /// All names.
    pub fn finish(mut self) -> BTreeSet<String> {
        for stem in &self.any {
            self.fixed.extend(self.types.iter().map(|code| choice(stem, code)));
        }
        self.fixed.remove("");
        self.fixed
    }
}

/// `value` and `dateTime` make `valueDateTime`.
fn choice(stem: &str, code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    stem.chars().chain(first).chain(letters).collect()
}
