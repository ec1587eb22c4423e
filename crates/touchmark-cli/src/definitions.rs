//! The definitions to check by: the packs that the program carries, and the user's packages before them.

use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use touchmark::document::Arena;
use touchmark::image::Image;
use touchmark::package::{self, Content, Trouble};
use touchmark::{DefinitionId, Library, Package, RuleGraph, lint};

use crate::Failure;
use crate::arguments::Definitions;
use crate::inputs::shown;
use crate::{snomed, sources, terminology};

/// The image of packs in this program.
pub fn image() -> (&'static str, &'static [u8]) {
    touchmark_packs::image()
}

/// Loads what the arguments name. What of a package cannot be read is said on standard error; the rest is loaded.
pub fn load(arguments: &Definitions) -> Result<RuleGraph, Failure> {
    let library = library(arguments)?;
    if library.entries().is_empty() {
        return Err("there are no definitions to check by; name a package with --package".to_owned());
    }
    let graph = RuleGraph::new(library);
    // The rule files of the packs are known to be right.
    if !arguments.package.is_empty() {
        for trouble in graph.rule_file_errors() {
            eprintln!("warning: {trouble}");
        }
    }
    if arguments.strict {
        refuse_defects(&graph)?;
    }
    Ok(graph)
}

/// Fails where a definition of the user's packages has a rule that cannot be honoured. Those of the packs are listed in
/// `profiles/DEFECTS.md`, and no user can mend them.
fn refuse_defects(graph: &RuleGraph) -> Result<(), Failure> {
    let library = graph.library();
    let carried: Vec<Package> = Image::open(image())?.packages().collect();
    let users = (0_u32..)
        .map(DefinitionId)
        .zip(library.entries())
        .filter(|(_, entry)| !carried.contains(&library.packages()[entry.package as usize]));
    let mut refused = Vec::new();
    for (id, entry) in users {
        let dropped = lint::lint(graph, id).into_iter().filter(|defect| defect.kind.drops_a_rule());
        refused.extend(dropped.map(|defect| format!("{}: {}", entry.url, defect.sentence())));
    }
    match refused.len() {
        0 => Ok(()),
        count => {
            let more = if count > 20 {
                format!("\n  and {} more; `touchmark lint` lists them", count - 20)
            } else {
                String::new()
            };
            refused.truncate(20);
            Err(format!(
                "definitions are refused, as rules of theirs cannot be honoured:\n  {}{more}",
                refused.join("\n  ")
            ))
        }
    }
}

/// The definitions that the arguments name, as they were read.
pub fn library(arguments: &Definitions) -> Result<Library, Failure> {
    let mut library = Library::new();
    add_packs(&mut library, arguments.packs.as_deref())?;
    for path in &arguments.package {
        let path = find(path)?;
        add_package(&mut library, &path, &mut Vec::new())?;
    }
    let mut release = Vec::new();
    for path in &arguments.terminology {
        if terminology::add(&mut library, path, &mut release)? {
            add_package(&mut library, path, &mut Vec::new())?;
        }
    }
    if !release.is_empty() {
        release.sort();
        release.dedup();
        library.add_snomed(snomed::index(&release, arguments.terminology_cache.as_deref())?);
    }
    Ok(library)
}

/// Adds the packs of a list such as `base,regional@1.0`; what stands behind `@` is the version of the pack, or the line of
/// versions of its definitions that is to stand before the others. A list of nothing but such lines leaves no pack out.
fn add_packs(library: &mut Library, list: Option<&str>) -> Result<(), Failure> {
    let names = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !matches!(*name, "" | "none"));
    let wanted: Vec<(String, String)> = names.map(split_version).collect();
    let only_lines = !wanted.is_empty() && wanted.iter().all(|(_, version)| !version.is_empty());
    let all = list.is_none() || only_lines;
    library.add_image(image(), |pack| all || wanted.iter().any(|(name, _)| **name == *pack.name))?;
    for (name, version) in &wanted {
        let Some(pack) = library.packages().iter().find(|pack| *pack.name == **name) else {
            return Err(format!("there is no pack named {name}; `touchmark packs` lists them"));
        };
        let whole = version.is_empty() || *pack.version == **version;
        if !whole && library.prefer(name, version) == 0 {
            return Err(format!("no definition of the pack {name} has the version {version} or {version}.x"));
        }
    }
    Ok(())
}

/// Splits `name@version`, or `name#version` as the package cache writes it.
pub fn split_version(text: &str) -> (String, String) {
    text.split_once(['@', '#']).map_or_else(|| (text.into(), String::new()), |(n, v)| (n.into(), v.into()))
}

/// The folder or file that `--package` means: a path, or a package of the user's cache.
fn find(path: &Path) -> Result<PathBuf, Failure> {
    if path.exists() {
        return Ok(path.to_owned());
    }
    let (name, version) = split_version(&shown(path));
    sources::cached(&name, &version).ok_or_else(|| {
        format!("the package {}: there is no such file or folder, and none in ~/.fhir/packages", shown(path))
    })
}

/// Adds a package, and before it what it depends on. `open` are the packages whose dependencies are being added.
fn add_package(library: &mut Library, path: &Path, open: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let items = sources::list(path).map_err(|trouble| format!("the package {trouble}"))?;
    let read = |(arena, buffer): &mut (Arena, Vec<u8>), item: &sources::Item| {
        let name = item.name();
        let content = item.bytes(buffer).and_then(|bytes| package::read(&name, bytes, arena));
        (name, content)
    };
    let files: Vec<_> = items.par_iter().map_init(Default::default, read).collect();
    drop(items);
    open.push(path.to_owned());
    let manifest = files.iter().find_map(|(_, content)| match content {
        Ok(Content::Manifest(manifest)) => Some(manifest.clone()),
        _ => None,
    });
    let missing = manifest.as_ref().map_or_else(Vec::new, |manifest| package::missing(library, manifest));
    for needed in missing {
        if let Trouble::Missing(name, version) = needed
            && let Some(path) = sources::cached(&name, &version)
            && !open.contains(&path)
        {
            add_package(library, &path, open)?;
        }
    }
    open.pop();
    let is_open = |trouble: &Trouble| match trouble {
        Trouble::Missing(name, version) => sources::cached(name, version).is_some_and(|path| open.contains(&path)),
        _ => false,
    };
    for trouble in package::add(library, &shown(path), files).iter().filter(|trouble| !is_open(trouble)) {
        eprintln!("warning: package {}: {trouble}", shown(path));
    }
    Ok(())
}
