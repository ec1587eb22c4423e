//! Definitions and rule files in the form they were published in, for commands that look at more than what is loaded of them.

use std::path::Path;

use touchmark::definition;
use touchmark::document::{self, Arena, Document, Limits, Names};
use touchmark::{DefinitionId, Library, RuleFile};

use crate::{Failure, sources};

/// What stands in a file.
pub enum Found<'d> {
    /// A definition, which has been added to the library.
    Definition(DefinitionId, &'d Document<'d>),
    /// A rule file: its name and its text.
    RuleFile(String, String),
}

/// Adds the definitions of a path to the library, as a package of their own, and lets each be looked at as it stands. What
/// cannot be read is said on standard error; the rest is loaded.
pub fn load(library: &mut Library, path: &Path, look: &mut dyn FnMut(Found<'_>)) -> Result<(), Failure> {
    let (mut arena, mut buffer) = (Arena::new(), Vec::new());
    library.add_package(&path.display().to_string(), "");
    for item in sources::list(path)? {
        let name = item.name();
        let outcome = item.bytes(&mut buffer).and_then(|bytes| {
            let text = document::decode(bytes).map_err(|e| e.to_string())?;
            if RuleFile::is_meant(&text) {
                look(Found::RuleFile(name.clone(), text.into_owned()));
                return Ok(());
            }
            let names = Names::new();
            let document = document::parse(&text, &mut arena, &names, Limits::default()).map_err(|e| e.to_string())?;
            if let Some(definition) = definition::read(&document) {
                let id = DefinitionId(u32::try_from(library.entries().len()).unwrap_or(u32::MAX));
                library.add_definition(definition);
                look(Found::Definition(id, &document));
            }
            Ok(())
        });
        if let Err(reason) = outcome {
            eprintln!("warning: {name} was not read: {reason}");
        }
    }
    Ok(())
}
