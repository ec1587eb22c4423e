//! `touchmark packs`: what is loaded, which version of a canonical judges, and what is shadowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use touchmark::import::{Manifest, list, table};
use touchmark::library::Entry;
use touchmark::{DefinitionId, Library};

use crate::arguments::{Packs, PageFormat};
use crate::definitions;
use crate::inputs::reason;
use crate::{Failure, Status, print};

/// Runs the command. The exit status is 1 when nothing is found.
pub fn run(arguments: &Packs) -> Result<Status, Failure> {
    if let Some(folder) = &arguments.markdown {
        print(&markdown(folder)?);
        return Ok(Status::Fine);
    }
    let library = definitions::library(&arguments.definitions)?;
    match &arguments.search {
        None => {
            print(&summary(&library, arguments.format));
            Ok(Status::Fine)
        }
        Some(text) => {
            let (found, status) = search(&library, text, arguments.format);
            print(&found);
            Ok(status)
        }
    }
}

fn summary(library: &Library, format: PageFormat) -> String {
    let shadowed = shadowed(library);
    if format == PageFormat::Json {
        let packs: Vec<Value> = (0..library.packages().len()).map(|number| pack_row(library, number)).collect();
        let shadowed: Vec<Value> = shadowed.iter().map(|(below, above)| shadow_row(library, *below, *above)).collect();
        let snomed = library.snomed().map(|index| json!({"concepts": index.len()}));
        return format!("{:#}\n", json!({"packs": packs, "shadowed": shadowed, "snomed": snomed}));
    }
    let mut lines = Vec::new();
    for (number, pack) in library.packages().iter().enumerate() {
        let of = Counts::new(library, number);
        let kinds: Vec<String> = of.kinds.iter().map(|(resource, count)| format!("{count} {resource}")).collect();
        lines.push(pack.to_string());
        lines.push(format!("  {} canonicals: {}", of.canonicals, kinds.join(", ")));
        lines.push(format!("  {} of them withdrawn, {} further versions", of.withdrawn, of.further));
    }
    if let Some(index) = library.snomed() {
        lines.push(format!("SNOMED CT\n  {} concepts", index.len()));
    }
    if !shadowed.is_empty() {
        lines.push(format!("{} canonicals are in several packs; the pack that stands last judges:", shadowed.len()));
    }
    for (below, above) in &shadowed {
        let (below, above) = (library.entry(*below), library.entry(*above));
        lines.push(format!("  {}: {} before {}", below.url, owner(library, above), owner(library, below)));
    }
    lines.join("\n") + "\n"
}

/// How many definitions a pack has.
struct Counts {
    kinds: BTreeMap<String, usize>,
    canonicals: usize,
    withdrawn: usize,
    further: usize,
}

impl Counts {
    fn new(library: &Library, number: usize) -> Counts {
        let mut first: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut counts = Counts { kinds: BTreeMap::new(), canonicals: 0, withdrawn: 0, further: 0 };
        for entry in library.entries().iter().filter(|e| e.package as usize == number) {
            // Files of message rules share a url and a version, and count each.
            let version = first.entry((&entry.resource, &entry.url)).or_insert(&entry.version);
            if **version == *entry.version {
                *counts.kinds.entry(entry.resource.to_string()).or_default() += 1;
                counts.canonicals += 1;
                counts.withdrawn += usize::from(entry.withdrawn);
            } else {
                counts.further += 1;
            }
        }
        counts
    }
}

fn pack_row(library: &Library, number: usize) -> Value {
    let pack = &library.packages()[number];
    let of = Counts::new(library, number);
    json!({"name": pack.name, "version": pack.version, "canonicals": of.canonicals, "kinds": of.kinds,
           "withdrawn": of.withdrawn, "furtherVersions": of.further})
}

/// The canonicals that stand in several packs: of each the definition that judges, and those of earlier packs behind it.
fn shadowed(library: &Library) -> Vec<(DefinitionId, DefinitionId)> {
    let mut out: Vec<(DefinitionId, DefinitionId)> = Vec::new();
    for number in 0..library.entries().len() as u32 {
        let below = DefinitionId(number);
        let entry = library.entry(below);
        let Some(above) = library.find(&entry.url) else { continue };
        let is_known = |(other, _): &(DefinitionId, DefinitionId)| {
            let other = library.entry(*other);
            (&other.url, other.package) == (&entry.url, entry.package)
        };
        if library.entry(above).package != entry.package && !out.iter().any(is_known) {
            out.push((below, above));
        }
    }
    out
}

fn shadow_row(library: &Library, below: DefinitionId, above: DefinitionId) -> Value {
    let (below, above) = (library.entry(below), library.entry(above));
    json!({"url": below.url, "judges": owner(library, above), "shadowed": owner(library, below)})
}

/// The pack of a definition, and its version there.
fn owner(library: &Library, entry: &Entry) -> String {
    let pack = &library.packages()[entry.package as usize].name;
    if entry.version.is_empty() { pack.to_string() } else { format!("{pack} (version {})", entry.version) }
}

fn search(library: &Library, text: &str, format: PageFormat) -> (String, Status) {
    let text = text.to_lowercase();
    let (text, version) = text.split_once('|').map_or((&*text, None), |(text, version)| (text, Some(version)));
    let fits = |entry: &&Entry| {
        (entry.url.to_lowercase().contains(text) || entry.name.to_lowercase().contains(text))
            && version.is_none_or(|v| entry.version == v)
    };
    let urls: BTreeSet<&str> = library.entries().iter().filter(fits).map(|entry| &*entry.url).collect();
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for url in &urls {
        let judge = library.find(url);
        let mut versions: Vec<DefinitionId> = library.versions(url).collect();
        versions.sort_by_key(|id| (Some(*id) != judge, std::cmp::Reverse(library.entry(*id).package), *id));
        if format == PageFormat::Text {
            lines.extend(canonical_lines(library, url, &versions, judge));
        }
        rows.extend(versions.iter().map(|id| version_row(library, *id, Some(*id) == judge)));
    }
    let status = if urls.is_empty() { Status::Findings } else { Status::Fine };
    let text = if format == PageFormat::Json { format!("{:#}\n", json!(rows)) } else { lines.concat() };
    (text, status)
}

fn canonical_lines(
    library: &Library,
    url: &str,
    versions: &[DefinitionId],
    judge: Option<DefinitionId>,
) -> Vec<String> {
    let first = library.entry(versions[0]);
    let of = if first.type_name.is_empty() { String::new() } else { format!(" of {}", first.type_name) };
    let version_line = |id: &DefinitionId| {
        let entry = library.entry(*id);
        let mark = if Some(*id) == judge { "*" } else { " " };
        let version = if entry.version.is_empty() { "no version" } else { &*entry.version };
        let withdrawn = if entry.withdrawn { ", withdrawn" } else { "" };
        format!("  {mark} {version}  {}{withdrawn}, {}\n", entry.status, library.packages()[entry.package as usize])
    };
    let head = format!("{url}  {}{of}\n", first.resource);
    std::iter::once(head).chain(versions.iter().map(version_line)).collect()
}

fn version_row(library: &Library, id: DefinitionId, judges: bool) -> Value {
    let e = library.entry(id);
    json!({"resource": e.resource, "url": e.url, "version": e.version, "name": e.name, "status": e.status,
           "withdrawn": e.withdrawn, "type": e.type_name, "base": e.base, "judges": judges,
           "package": library.packages()[e.package as usize].to_string()})
}

/// The packs of a folder, from their lists of contents: a table, and every canonical.
fn markdown(folder: &Path) -> Result<String, Failure> {
    let unread = |path: &Path, why: String| format!("{}: {why}", path.display());
    let order = folder.join("order.txt");
    let order = fs::read_to_string(&order).map_err(|e| unread(&order, reason(&e)))?;
    let names = order.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let paths: Vec<PathBuf> = names.map(|name| folder.join(name).join("package.json")).collect();
    let mut packs = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).map_err(|e| unread(path, reason(&e)))?;
        packs.push(Manifest::read(&text).map_err(|why| unread(path, why))?);
    }
    let mut out = table(&packs);
    for pack in &packs {
        out.push('\n');
        out.push_str(&list(pack));
    }
    Ok(out)
}

/// The version of the program and of each pack that it carries.
pub fn version() -> String {
    let mut version = env!("CARGO_PKG_VERSION").to_owned();
    let image = touchmark::image::Image::open(definitions::image()).ok();
    for pack in image.iter().flat_map(touchmark::image::Image::packages) {
        version.push('\n');
        version.push_str(&pack.to_string());
    }
    version
}
