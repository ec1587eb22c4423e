//! `--terminology`: code systems and value sets of the user's, plain lists of codes, and SNOMED CT releases.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use touchmark::Library;
use touchmark::definition::terminology::list;

use crate::Failure;
use crate::inputs::shown;

/// Adds what a path holds to the library: lists of codes (`.txt`, `.tsv`: code, tab, display), and FHIR resources, which the
/// caller reads as it reads packages. Files of a SNOMED CT release (RF2 snapshot) are added to `release`, since several
/// editions are one release. Returns whether there may be FHIR resources.
pub fn add(library: &mut Library, path: &Path, release: &mut Vec<PathBuf>) -> Result<bool, Failure> {
    let mut files = Vec::new();
    let mut fhir = false;
    texts(path, &mut files, &mut fhir).map_err(|trouble| format!("the terminology {}: {trouble}", shown(path)))?;
    files.sort();
    let (of_release, lists): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|file| is_release_file(file));
    let nothing = of_release.is_empty();
    release.extend(of_release);
    if nothing && !lists.is_empty() {
        library.add_package(&shown(path), "");
        for file in &lists {
            let name = file.file_stem().map(OsStr::to_string_lossy).unwrap_or_default();
            library.add_definition(list(&read(file)?, &name));
        }
    }
    // A folder of nothing else holds no FHIR; one that is empty is told so where it is read.
    Ok(fhir || lists.is_empty() && nothing)
}

/// The files that are no FHIR: lists and files of releases; and whether there are others that may be.
fn texts(path: &Path, files: &mut Vec<PathBuf>, fhir: &mut bool) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_type()?.is_symlink() {
                texts(&entry.path(), files, fhir)?;
            }
        }
    } else if !path.exists() {
        return Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt") || e.eq_ignore_ascii_case("tsv")) {
        files.push(path.to_owned());
    } else {
        *fhir |= path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xml") || e.eq_ignore_ascii_case("json"));
    }
    Ok(())
}

/// Snapshot files of RF2; full and delta files beside them are left alone.
fn is_release_file(file: &Path) -> bool {
    let name = file.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    (name.starts_with("sct2_") || name.starts_with("der2_")) && name.contains("Snapshot")
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|trouble| format!("{} cannot be read: {trouble}", shown(file)))
}
