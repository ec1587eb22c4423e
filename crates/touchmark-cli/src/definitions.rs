//! The definitions to check by: the packs that the program carries, and the user's packages before them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use touchmark::definition::{self, Definition};
use touchmark::document::{self, Arena, Limits, Names};
use touchmark::{Library, RuleGraph};

use crate::Failure;
use crate::arguments::Definitions;
use crate::inputs::{Inputs, Source, reason, shown};

/// The image of packs in this program.
pub fn image() -> &'static [u8] {
    touchmark_packs::image()
}

/// Loads what the arguments name. What of a package cannot be read is said on standard error; the rest is loaded.
pub fn load(arguments: &Definitions) -> Result<RuleGraph, Failure> {
    let mut library = Library::new();
    add_packs(&mut library, arguments.packs.as_deref())?;
    for path in &arguments.package {
        add_package(&mut library, path)?;
    }
    if library.entries().is_empty() {
        return Err("there are no definitions to check by; name a package with --package".to_owned());
    }
    Ok(RuleGraph::new(library))
}

fn add_packs(library: &mut Library, list: Option<&str>) -> Result<(), Failure> {
    let wanted: Option<Vec<&str>> = list.map(|l| l.split(',').map(str::trim).filter(|n| !n.is_empty() && *n != "none").collect());
    library.add_image(image(), |pack| wanted.as_ref().is_none_or(|names| names.contains(&&*pack.name)))?;
    let held = |name: &str| library.packages().iter().any(|p| p.name == name);
    match wanted.iter().flatten().find(|name| !held(name)) {
        Some(name) => Err(format!("there is no pack named {name}; `touchmark packs` lists them")),
        None => Ok(()),
    }
}

/// Adds the definitions of a folder, or of one file.
fn add_package(library: &mut Library, path: &Path) -> Result<(), Failure> {
    let paths = [OsString::from(path)];
    let mut files = Vec::new();
    for input in Inputs::new(&paths) {
        if let Source::File(file) = input.map_err(|trouble| format!("the package {trouble}"))? {
            files.push(file);
        }
    }
    let (name, version) = name_of(path);
    library.add_package(&name, &version);
    let read: Vec<Result<Option<Definition>, String>> =
        files.par_iter().map_init(|| (Arena::new(), Vec::new()), |(arena, bytes), file| read(file, arena, bytes)).collect();
    for (file, definition) in files.iter().zip(read) {
        match definition {
            Ok(Some(definition)) => library.add_definition(definition),
            // Examples and lists of contents stand beside definitions.
            Ok(None) => {}
            Err(reason) => eprintln!("warning: {} was not loaded: {reason}", shown(file)),
        }
    }
    Ok(())
}

fn read(file: &PathBuf, arena: &mut Arena, bytes: &mut Vec<u8>) -> Result<Option<Definition>, String> {
    Source::File(file.clone()).read(bytes, u64::from(Limits::default().size)).map_err(|error| reason(&error))?;
    let text = document::decode(bytes).map_err(|trouble| trouble.to_string())?;
    let names = Names::new();
    match document::parse(&text, arena, &names, Limits::default()) {
        Ok(document) => Ok(definition::read(document)),
        Err(trouble) => Err(trouble.to_string()),
    }
}

/// Name and version of a package: those of its `package.json`, or the path as given.
fn name_of(path: &Path) -> (String, String) {
    let manifest = [path.join("package.json"), path.join("package/package.json")]
        .iter()
        .find_map(|file| serde_json::from_slice::<serde_json::Value>(&fs::read(file).ok()?).ok());
    let part = |key: &str| manifest.as_ref().and_then(|m| m[key].as_str()).map(str::to_owned);
    (part("name").unwrap_or_else(|| shown(path)), part("version").unwrap_or_default())
}
