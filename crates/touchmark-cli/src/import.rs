//! `touchmark import`: published definitions become a pack of lean rule files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use touchmark::document::{Arena, Limits, Names, decode, parse};
use touchmark::import::{Dropped, Import, Lean, Manifest, Package, lean};

use crate::definitions::split_version;
use crate::sources::{self, Item};
use crate::{Failure, Status, print};

/// Make a pack of rule files from published definitions
///
/// Reads StructureDefinitions, ValueSets, CodeSystems, MessageDefinitions and NamingSystems, JSON or XML, from files,
/// folders and FHIR packages, and writes one lean JSON file each: facts only, no prose. Operations, concept maps,
/// capability statements and search parameters are only listed in package.json.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchmark import ./published --out ./our-pack --name our-pack
  touchmark import our.package.tgz ./drafts --out ./our-pack --depends hl7.fhir.core@3.0.1")]
pub struct ImportArgs {
    /// Files, folders and packages (.tgz)
    #[arg(required = true)]
    source: Vec<PathBuf>,
    /// The folder to write to; files of an earlier import there are replaced
    #[arg(long)]
    out: PathBuf,
    /// The name of the pack; by default that of the folder
    #[arg(long)]
    name: Option<String>,
    /// The version of the pack; by default the date of its newest definition
    #[arg(long, default_value = "")]
    pkg_version: String,
    /// Where the definitions come from, for package.json
    #[arg(long, default_value = "")]
    origin: String,
    /// The licence of the definitions, for package.json
    #[arg(long, default_value = "")]
    licence: String,
    /// A file or folder of definitions that were withdrawn; may be part of a SOURCE
    #[arg(long, value_name = "PATH")]
    withdrawn: Vec<PathBuf>,
    /// A file or folder of further versions: they stand behind those of SOURCE, whatever their number
    #[arg(long, value_name = "PATH")]
    further: Vec<PathBuf>,
    /// A pack that this one needs
    #[arg(long, value_name = "NAME@VERSION")]
    depends: Vec<String>,
}

/// Runs the command. It fails when nothing could be read or written.
pub fn run(args: &ImportArgs) -> Result<Status, Failure> {
    print(&import(args)?);
    Ok(Status::Fine)
}

fn import(args: &ImportArgs) -> Result<String, String> {
    let mut reader = Reader::default();
    let inside = |paths: &[PathBuf], name: &str| paths.iter().any(|p| Path::new(name).starts_with(p));
    let marked = args.withdrawn.iter().chain(&args.further);
    let apart: Vec<_> = marked.filter(|m| !args.source.iter().any(|s| m.starts_with(s))).collect();
    for path in args.source.iter().chain(apart) {
        for item in sources::list(path)? {
            let name = item.name();
            reader.read(&item, &name, inside(&args.withdrawn, &name), inside(&args.further, &name));
        }
    }
    let folder = args.out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let manifest = Manifest {
        name: args.name.clone().unwrap_or(folder),
        version: args.pkg_version.clone(),
        source: args.origin.clone(),
        license: args.licence.clone(),
        dependencies: args.depends.iter().map(|d| split_version(d)).collect(),
        ..Manifest::default()
    };
    let (files, dropped) = reader.package.files(manifest);
    write_files(&args.out, &files)?;
    let mut report = String::new();
    let counts: Vec<String> = reader.counts.iter().map(|(resource, n)| format!("{n} {resource}")).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(report, "{}: {} files from {}", args.out.display(), files.len(), counts.join(", "));
    for (name, reason) in &reader.skipped {
        let _ = writeln!(report, "skipped {name}: {reason}");
    }
    for Dropped { canonical, kept, dropped, differs } in &dropped {
        let how = if *differs { "with other content, kept" } else { "the same as" };
        let _ = writeln!(report, "dropped {dropped}: {canonical} again, {how} {kept}");
    }
    Ok(report)
}

#[derive(Default)]
struct Reader {
    arena: Arena,
    names: Names,
    bytes: Vec<u8>,
    package: Package,
    counts: BTreeMap<String, usize>,
    skipped: Vec<(String, String)>,
}

impl Reader {
    fn read(&mut self, item: &Item, name: &str, withdrawn: bool, further: bool) {
        // The list of contents of a package, its index, a tool's settings.
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        if last.starts_with('.') || matches!(last, "package.json" | "package-lock.json") {
            return;
        }
        let (lean, listed) = match self.lean(item) {
            Import::Rules(lean) => (lean, false),
            Import::Listed(lean) => (lean, true),
            Import::Skipped(reason) => return self.skipped.push((name.into(), reason)),
        };
        *self.counts.entry(lean.resource.clone()).or_default() += 1;
        let lean = Lean { withdrawn, further, ..lean };
        if listed { self.package.add_listed(lean, name) } else { self.package.add_rules(lean, name) }
    }

    fn lean(&mut self, item: &Item) -> Import {
        let text = item.bytes(&mut self.bytes).and_then(|bytes| decode(bytes).map_err(|e| e.to_string()));
        match text {
            Ok(text) => match parse(&text, &mut self.arena, &self.names, Limits::default()) {
                Ok(document) => lean(&document),
                Err(unreadable) => Import::Skipped(unreadable.to_string()),
            },
            Err(reason) => Import::Skipped(reason),
        }
    }
}

/// Writes the files of a pack, and removes those of an earlier import that are not in it.
fn write_files(folder: &Path, files: &[(String, String)]) -> Result<(), String> {
    let at = |path: &Path, e: &std::io::Error| format!("{}: {e}", path.display());
    fs::create_dir_all(folder).map_err(|e| at(folder, &e))?;
    let earlier = fs::read_to_string(folder.join("package.json")).ok().and_then(|text| Manifest::read(&text).ok());
    for (_, file) in earlier.into_iter().flat_map(|m| m.canonicals) {
        let plain = Path::new(&file).file_name().is_some_and(|n| n == Path::new(&file));
        if plain && !files.iter().any(|(name, _)| *name == file) {
            // A file that is gone already is as good as removed.
            drop(fs::remove_file(folder.join(&file)));
        }
    }
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            fs::write(&path, text).map_err(|e| at(&path, &e))?;
        }
    }
    Ok(())
}
