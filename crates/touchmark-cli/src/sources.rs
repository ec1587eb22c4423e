//! Definitions from where users keep them: files, folders, FHIR packages (`.tgz`), and the package cache of the user.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is read from a package: as much as the document reader takes.
const LARGEST: u64 = 256 << 20;

/// Calls `each` with the name and the bytes of every file below `path`, in byte order of the paths: a file that is named
/// whatever its name, in folders `*.json` and `*.xml`, in archives `*.json` and `*.xml` too. Links to folders are not followed.
///
/// # Errors
/// When `path` itself cannot be read. What cannot be read below it is passed to `each` as an error.
pub fn read_all(path: &Path, each: &mut dyn FnMut(&str, Result<&[u8], String>)) -> Result<(), String> {
    let kind = fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    if kind.is_dir() {
        read_folder(path, each);
        return Ok(());
    }
    read_file(path, each);
    Ok(())
}

fn read_folder(folder: &Path, each: &mut dyn FnMut(&str, Result<&[u8], String>)) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return each(&folder.display().to_string(), Err(e.to_string())),
    };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_folder(&path, each),
            Ok(_) if is_definition(&path) || is_archive(&path) => read_file(&path, each),
            _ => {}
        }
    }
}

fn read_file(path: &Path, each: &mut dyn FnMut(&str, Result<&[u8], String>)) {
    let name = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) if bytes.starts_with(&[0x1f, 0x8b]) => read_archive(&name, &bytes, each),
        Ok(bytes) => each(&name, Ok(&bytes)),
        Err(e) => each(&name, Err(e.to_string())),
    }
}

/// A FHIR package: a gzip-compressed tar archive with everything below `package/`.
fn read_archive(name: &str, bytes: &[u8], each: &mut dyn FnMut(&str, Result<&[u8], String>)) {
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(bytes));
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(e) => return each(name, Err(e.to_string())),
    };
    let mut files = Vec::new();
    for entry in entries {
        let read = entry.and_then(|entry| {
            let path = entry.path()?.into_owned();
            let mut bytes = Vec::new();
            if entry.header().entry_type().is_file() && is_definition(&path) {
                entry.take(LARGEST).read_to_end(&mut bytes)?;
            }
            Ok((path, bytes))
        });
        match read {
            Ok((path, bytes)) if !bytes.is_empty() => files.push((path, bytes)),
            Ok(_) => {}
            // The rest of the archive cannot be found after this.
            Err(e) => {
                each(name, Err(e.to_string()));
                break;
            }
        }
    }
    files.sort();
    for (path, bytes) in files {
        each(&format!("{name}:{}", path.display()), Ok(&bytes));
    }
}

fn is_definition(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    matches!(extension.as_str(), "json" | "xml")
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_ascii_lowercase();
    name.ends_with(".tgz") || name.ends_with(".tar.gz")
}

/// Whether a file is the list of contents of a package rather than a definition.
pub fn is_manifest(name: &str) -> bool {
    matches!(name.rsplit(['/', '\\', ':']).next(), Some("package.json"))
}

/// Whether a file belongs to a package but is never a definition: its index and its tool's settings.
pub fn is_index(name: &str) -> bool {
    name.rsplit(['/', '\\', ':']).next().is_some_and(|n| n.starts_with('.') || n == "package-lock.json")
}

/// The folder `~/.fhir/packages/name#version`, if it is there.
pub fn cached_package(name: &str, version: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    let packages = Path::new(&home).join(".fhir").join("packages");
    let exact = packages.join(format!("{name}#{version}"));
    if exact.is_dir() {
        return Some(exact);
    }
    // `1.0.x` stands for the newest patch of 1.0.
    let stem = format!("{name}#{}", version.strip_suffix('x')?);
    let patches = fs::read_dir(&packages).ok()?.filter_map(Result::ok).map(|e| e.path());
    let fitting = patches.filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(&stem)));
    fitting.max_by_key(|p| p.to_string_lossy()[..].rsplit('.').next().and_then(|n| n.parse::<u32>().ok()))
}
