//! The documents that were asked for, one after the other: paths as given, folders in byte order of the path.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A document to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Source {
    /// The path as given; a byte that is no UTF-8 is written `\xE9`.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => shown(path),
            Source::Stdin => "-".to_owned(),
        }
    }

    /// Reads it into `bytes`, at most one byte more than `limit`, so that what is too long can be told.
    pub fn read(&self, bytes: &mut Vec<u8>, limit: u64) -> io::Result<()> {
        bytes.clear();
        match self {
            Source::Stdin => io::stdin().lock().take(limit + 1).read_to_end(bytes)?,
            Source::File(path) => {
                let file = fs::File::open(path)?;
                let length = file.metadata()?.len().min(limit + 1);
                bytes.reserve(usize::try_from(length).unwrap_or(0));
                // A file that tells its length is not asked for more; one that does not, a pipe say, is read to its end.
                file.take(if length > 0 { length } else { limit + 1 }).read_to_end(bytes)?
            }
        };
        Ok(())
    }
}

/// A path for people and for machines: what is not UTF-8 in it is written `\xE9`.
pub fn shown(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02X}")));
    }
    out
}

/// The documents of some paths, or for each path that is of no use the reason.
pub struct Inputs<'p> {
    paths: std::slice::Iter<'p, OsString>,
    /// Open folders, innermost last: what is still to come of each, in reverse.
    open: Vec<Vec<(PathBuf, bool)>>,
    /// The folder that was named, and whether anything has been found in it.
    folder: Option<(&'p Path, bool)>,
    /// Another extension of documents in folders.
    also: Option<&'static str>,
    /// Links in folders that would have been documents or folders: the first, and how many.
    links: Option<(PathBuf, usize)>,
}

impl<'p> Inputs<'p> {
    /// Of these paths; `-` is standard input.
    pub fn new(paths: &'p [OsString]) -> Self {
        Inputs { paths: paths.iter(), open: Vec::new(), folder: None, also: None, links: None }
    }

    /// Takes documents with this extension too, in folders.
    pub fn with(self, extension: Option<&'static str>) -> Self {
        Inputs { also: extension, ..self }
    }

    /// What is next in the open folders.
    fn next_in_folder(&mut self) -> Option<Result<Source, String>> {
        while let Some(level) = self.open.last_mut() {
            match level.pop() {
                None => drop(self.open.pop()),
                Some((path, true)) => match self.list(&path) {
                    Ok(names) => self.open.push(names),
                    Err(error) => return Some(Err(format!("{}: {error}", shown(&path)))),
                },
                Some((path, false)) => {
                    self.folder = self.folder.map(|(folder, _)| (folder, true));
                    return Some(Ok(Source::File(path)));
                }
            }
        }
        match self.folder.take() {
            Some((folder, false)) => Some(Err(format!("{}: no *.xml or *.json in this folder", shown(folder)))),
            _ => None,
        }
    }

    /// The folders and documents of a folder, in reverse byte order of their paths. Links are not followed, but counted.
    fn list(&mut self, folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            let is_wanted = is_document(&name) || self.also.is_some_and(|also| has(&name, also));
            if kind.is_symlink() && (is_wanted || entry.path().is_dir()) {
                self.links.get_or_insert_with(|| (entry.path(), 0)).1 += 1;
            } else if kind.is_dir() || kind.is_file() && is_wanted {
                found.push((name, kind.is_dir()));
            }
        }
        // As a whole path is compared: a folder's name goes on with a slash.
        let key = |(name, is_folder): &(OsString, bool)| {
            let mut key = name.as_encoded_bytes().to_vec();
            key.extend(is_folder.then_some(b'/'));
            key
        };
        found.sort_by_cached_key(key);
        Ok(found.into_iter().rev().map(|(name, is_folder)| (folder.join(name), is_folder)).collect())
    }

    /// What was stepped over, when all has been asked for: nothing is left out in silence.
    pub fn stepped_over(&self) -> Option<String> {
        let (first, count) = self.links.as_ref()?;
        Some(match count {
            1 => format!("note: the link {} was not followed", shown(first)),
            more => format!("note: {more} links in folders were not followed; one is {}", shown(first)),
        })
    }
}

impl Iterator for Inputs<'_> {
    type Item = Result<Source, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.next_in_folder() {
                return Some(next);
            }
            let name = self.paths.next()?;
            if name == "-" {
                return Some(Ok(Source::Stdin));
            }
            let path = Path::new(name);
            match fs::metadata(path) {
                Ok(found) if found.is_dir() => {
                    self.folder = Some((path, false));
                    self.open.push(vec![(path.to_owned(), true)]);
                }
                Ok(_) => return Some(Ok(Source::File(path.to_owned()))),
                Err(error) => return Some(Err(format!("{}: {}", shown(path), reason(&error)))),
            }
        }
    }
}

/// Why a path is of no use, without the number of the operating system.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// `*.xml` and `*.json`, in any case.
pub fn is_document(name: &OsStr) -> bool {
    has(name, "xml") || has(name, "json")
}

fn has(name: &OsStr, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}
