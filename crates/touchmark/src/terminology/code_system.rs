//! A code system: its concepts by code, with what they are called and where they stand.

use std::sync::Arc;

use super::table::Table;
use crate::definition::Definition;
use crate::definition::terminology::{Concept, Content};

/// A code system as loaded.
#[derive(Debug)]
pub(crate) struct CodeSystem {
    definition: Arc<Definition>,
    table: Table,
    folds: bool,
}

impl CodeSystem {
    /// `None` when the definition is no code system.
    pub fn new(definition: Arc<Definition>) -> Option<Self> {
        let content = definition.code_system.as_ref()?;
        // Where nobody says that case matters, a code is not refused for its case.
        let folds = content.case_sensitive != Some(true);
        let table = Table::new(content.concepts.len(), folds, |at| &content.concepts[at as usize].code);
        Some(CodeSystem { definition, table, folds })
    }

    /// The canonical url.
    pub fn url(&self) -> &str {
        &self.definition.url
    }

    /// Whether codes that differ only in case are the same.
    pub fn folds(&self) -> bool {
        self.folds
    }

    /// Whether all codes are here, so that one that is not found does not exist.
    pub fn is_complete(&self) -> bool {
        self.content().is_some_and(|c| c.content == Content::Complete && !c.concepts.is_empty())
    }

    /// All concepts, parents before their children.
    pub fn concepts(&self) -> &[Concept] {
        self.content().map_or(&[], |c| &c.concepts)
    }

    /// The place of a code among the concepts.
    #[inline]
    pub fn find(&self, code: &str) -> Option<u32> {
        let concepts = self.concepts();
        self.table.find(code, |at| &concepts[at as usize].code)
    }

    /// The concept with this code.
    pub fn concept(&self, code: &str) -> Option<&Concept> {
        self.find(code).map(|at| &self.concepts()[at as usize])
    }

    fn content(&self) -> Option<&crate::definition::terminology::CodeSystem> {
        self.definition.code_system.as_ref()
    }
}
