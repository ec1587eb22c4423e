//! The files of definitions: folders, single files, FHIR packages (`.tgz`), and the package cache of the user.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use touchmark::document::Limits;
use touchmark::library::RULE_FILE;

use crate::Failure;
use crate::inputs::{self, Inputs, Source, shown};

/// A file of definitions.
pub enum Item {
    /// On the disk.
    File(PathBuf),
    /// In an archive: the name of the archive and the path in it, and the bytes.
    Member(String, Vec<u8>),
}

impl Item {
    /// Where it is, for people.
    pub fn name(&self) -> String {
        match self {
            Item::File(path) => shown(path),
            Item::Member(name, _) => name.clone(),
        }
    }

    /// Its bytes; `buffer` is used for what must be read first.
    pub fn bytes<'b>(&'b self, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], String> {
        match self {
            Item::Member(_, bytes) => Ok(bytes),
            Item::File(path) => {
                let source = Source::File(path.clone());
                source.read(buffer, u64::from(Limits::default().size)).map_err(|error| inputs::reason(&error))?;
                Ok(buffer)
            }
        }
    }
}

/// The files of a folder, an archive or a single file, in byte order of their paths.
///
/// Where there is a `package/package.json`, the files beside it are meant, as FHIR packages have it, and no others: examples
/// and other material stand in folders of their own.
pub fn list(path: &Path) -> Result<Vec<Item>, Failure> {
    if is_archive(path) {
        return members(path).map_err(|error| format!("{}: {}", shown(path), inputs::reason(&error)));
    }
    let package = path.join("package");
    if package.join("package.json").is_file() {
        let files = files(&package)?.into_iter().filter(|file| file.parent() == Some(&package));
        return Ok(in_order(files.collect()));
    }
    Ok(in_order(files(path)?))
}

/// Files as they come, but those that the `package.json` of their folder lists as rule files in its order: the parts of a rule
/// set speak in the order of their files.
fn in_order(mut files: Vec<PathBuf>) -> Vec<Item> {
    let manifests: Vec<PathBuf> =
        files.iter().filter(|f| f.file_name().is_some_and(|n| n == "package.json")).cloned().collect();
    for manifest in manifests {
        let read: Option<Value> = fs::read(&manifest).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let rows = read.as_ref().and_then(|m| m["canonicals"].as_array()).into_iter().flatten();
        let listed = rows.filter(|row| row["resource"] == RULE_FILE).filter_map(|row| row["file"].as_str());
        let listed: Vec<PathBuf> = listed.map(|file| manifest.with_file_name(file)).collect();
        let slots: Vec<usize> = (0..files.len()).filter(|at| listed.contains(&files[*at])).collect();
        let mut there: Vec<PathBuf> = Vec::with_capacity(slots.len());
        for file in listed {
            if files.contains(&file) && !there.contains(&file) {
                there.push(file);
            }
        }
        slots.into_iter().zip(there).for_each(|(slot, file)| files[slot] = file);
    }
    files.into_iter().map(Item::File).collect()
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let paths = [OsString::from(path)];
    let mut files = Vec::new();
    for input in Inputs::new(&paths) {
        if let Source::File(file) = input? {
            files.push(file);
        }
    }
    Ok(files)
}

fn is_archive(path: &Path) -> bool {
    let mut head = [0; 2];
    fs::metadata(path).is_ok_and(|m| m.is_file())
        && fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == [0x1f, 0x8b]
}

/// The files of a gzip-compressed tar archive.
fn members(path: &Path) -> io::Result<Vec<Item>> {
    let file = io::BufReader::new(fs::File::open(path)?);
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(file));
    let mut members = Vec::new();
    for entry in archive.entries()? {
        let entry = entry?;
        let inner = entry.path()?.into_owned();
        if entry.header().entry_type().is_file() && inner.file_name().is_some_and(inputs::is_document) {
            let mut bytes = Vec::new();
            // Past this the reader refuses it anyway.
            entry.take(u64::from(Limits::default().size) + 1).read_to_end(&mut bytes)?;
            members.push((inner, bytes));
        }
    }
    let package = Path::new("package");
    if members.iter().any(|(inner, _)| *inner == package.join("package.json")) {
        members.retain(|(inner, _)| inner.parent() == Some(package));
    }
    members.sort_by(|a, b| a.0.as_os_str().as_encoded_bytes().cmp(b.0.as_os_str().as_encoded_bytes()));
    let name = |inner: &Path| format!("{}:{}", shown(path), shown(inner));
    Ok(members.into_iter().map(|(inner, bytes)| Item::Member(name(&inner), bytes)).collect())
}

/// The folder of a package in the user's cache, `~/.fhir/packages/name#version`; without a version the newest one there.
pub fn cached(name: &str, version: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    let packages = Path::new(&home).join(".fhir").join("packages");
    let exact = packages.join(format!("{name}#{version}"));
    if exact.is_dir() {
        return Some(exact);
    }
    // `1.0.x` stands for the newest patch of 1.0.
    let stem = match version.strip_suffix('x') {
        Some(stem) => format!("{name}#{stem}"),
        None if version.is_empty() => format!("{name}#"),
        None => return None,
    };
    let entries = fs::read_dir(&packages).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let version = |path: &PathBuf| {
        let version = path.file_name()?.to_str()?.strip_prefix(&stem)?;
        Some(version.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>())
    };
    entries.filter(|path| version(path).is_some()).max_by_key(version)
}
