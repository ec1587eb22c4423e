//! The definitions to check by: the packs that the program carries, and the user's packages before them.

use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use touchmark::definition::{self, Definition};
use touchmark::document::{self, Arena, Limits, Names};
use touchmark::{Library, RuleGraph};

use crate::Failure;
use crate::arguments::Definitions;
use crate::import::split_version;
use crate::inputs::shown;
use crate::sources;

/// The image of packs in this program.
pub fn image() -> &'static [u8] {
    touchmark_packs::image()
}

/// Loads what the arguments name. What of a package cannot be read is said on standard error; the rest is loaded.
pub fn load(arguments: &Definitions) -> Result<RuleGraph, Failure> {
    let library = library(arguments)?;
    if library.entries().is_empty() {
        return Err("there are no definitions to check by; name a package with --package".to_owned());
    }
    Ok(RuleGraph::new(library))
}

/// The definitions that the arguments name, as they were read.
pub fn library(arguments: &Definitions) -> Result<Library, Failure> {
    let mut library = Library::new();
    add_packs(&mut library, arguments.packs.as_deref())?;
    for path in &arguments.package {
        add_package(&mut library, path)?;
    }
    Ok(library)
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

/// How many files are held in memory until they are read into definitions together.
const AT_ONCE: usize = 512;

/// Adds the definitions of a folder, a FHIR package (`.tgz`), one file, or `name@version` in the user's package cache.
fn add_package(library: &mut Library, path: &Path) -> Result<(), Failure> {
    let mut package = Package { name: shown(path), version: String::new(), definitions: Vec::new(), waiting: Vec::new() };
    let cached = path.to_str().filter(|_| !path.exists()).and_then(|name| {
        let (name, version) = split_version(name);
        sources::cached_package(&name, &version)
    });
    sources::read_all(cached.as_deref().unwrap_or(path), &mut |file, bytes| package.add(file, bytes)).map_err(|reason| format!("the package {reason}"))?;
    package.read();
    library.add_package(&package.name, &package.version);
    package.definitions.into_iter().for_each(|definition| library.add_definition(definition));
    Ok(())
}

/// A package as it is read, many files at once.
struct Package {
    name: String,
    version: String,
    definitions: Vec<Definition>,
    waiting: Vec<(String, Vec<u8>)>,
}

impl Package {
    fn add(&mut self, file: &str, bytes: Result<&[u8], String>) {
        match bytes {
            Err(reason) => not_loaded(file, &reason),
            Ok(bytes) if sources::is_manifest(file) => {
                let manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
                let part = |key: &str| manifest[key].as_str().map(str::to_owned);
                self.name = part("name").unwrap_or_else(|| self.name.clone());
                self.version = part("version").unwrap_or_default();
            }
            Ok(_) if sources::is_index(file) => {}
            Ok(bytes) => self.waiting.push((file.to_owned(), bytes.to_vec())),
        }
        if self.waiting.len() == AT_ONCE {
            self.read();
        }
    }

    fn read(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let read: Vec<Result<Option<Definition>, String>> =
            waiting.par_iter().map_init(Arena::new, |arena, (_, bytes)| read(bytes, arena)).collect();
        for ((file, _), definition) in waiting.iter().zip(read) {
            match definition {
                // Examples stand beside definitions.
                Ok(definition) => self.definitions.extend(definition),
                Err(reason) => not_loaded(file, &reason),
            }
        }
    }
}

fn not_loaded(file: &str, reason: &str) {
    eprintln!("warning: {file} was not loaded: {reason}");
}

fn read(bytes: &[u8], arena: &mut Arena) -> Result<Option<Definition>, String> {
    let text = document::decode(bytes).map_err(|trouble| trouble.to_string())?;
    match document::parse(&text, arena, &Names::new(), Limits::default()) {
        Ok(document) => Ok(definition::read(document)),
        Err(trouble) => Err(trouble.to_string()),
    }
}
