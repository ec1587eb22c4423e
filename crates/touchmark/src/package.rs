//! A FHIR package of the user's: its files, as bytes, become definitions in a library.
//!
//! Finding and opening the files is for the caller. What could not be used is told, once for the package where it can be.

use touchmark_document::{Arena, Limits, Names, decode, parse};

use crate::definition::{self, Definition};
use crate::edition::{is_base_package, other_fhir_version};
use crate::import::Manifest;
use crate::library::Library;
use crate::messages::RuleFile;

/// What a file of a package holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A definition.
    Definition(Box<Definition>),
    /// The `package.json`.
    Manifest(Box<Manifest>),
    /// A rule file about messages.
    RuleFile(String),
    /// Something else: an example, an index, a tool's settings.
    Other,
}

/// Reads one file of a package. `name` is its path; only the last segment counts.
///
/// # Errors
/// When it is neither FHIR nor anything that may stand in a package; the text says why.
pub fn read(name: &str, bytes: &[u8], arena: &mut Arena) -> Result<Content, String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if last == "package.json" {
        let text = decode(bytes).map_err(|e| e.to_string())?;
        return Manifest::read(&text).map(|manifest| Content::Manifest(Box::new(manifest)));
    }
    if last.starts_with('.') || last == "package-lock.json" {
        return Ok(Content::Other);
    }
    let text = decode(bytes).map_err(|e| e.to_string())?;
    if last.to_ascii_lowercase().ends_with(".json") && RuleFile::is_meant(&text) {
        return Ok(Content::RuleFile(text.into_owned()));
    }
    let names = Names::new();
    let document = parse(&text, arena, &names, Limits::default()).map_err(|e| e.to_string())?;
    Ok(definition::read(&document).map_or(Content::Other, |definition| Content::Definition(Box::new(definition))))
}

/// What is to be said about a package after it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A file could not be read: its name, and why.
    Unread(String, String),
    /// Definitions of another FHIR version were left out: how many, and which version.
    OtherVersion(usize, String),
    /// The package needs another one, which is not loaded: its name and version.
    Missing(String, String),
    /// There is no definition in it.
    Empty,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Unread(file, reason) => write!(f, "{file} was not loaded: {reason}"),
            Trouble::OtherVersion(1, version) => {
                write!(f, "one definition of FHIR {version} was left out: this is STU3")
            }
            Trouble::OtherVersion(count, version) => {
                write!(f, "{count} definitions of FHIR {version} were left out: this is STU3")
            }
            Trouble::Missing(name, version) => write!(f, "it needs {name} {version}, which is not loaded"),
            Trouble::Empty => f.write_str("there is no definition in it"),
        }
    }
}

/// Adds the files of a package to a library, in the order given. `name` is what it is called when no `package.json` tells.
pub fn add(
    library: &mut Library,
    name: &str,
    files: impl IntoIterator<Item = (String, Result<Content, String>)>,
) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut manifest: Option<Box<Manifest>> = None;
    let mut definitions = Vec::new();
    let mut has_rules = false;
    for (file, content) in files {
        match content {
            Ok(Content::Definition(definition)) => definitions.push(definition),
            Ok(Content::Manifest(read)) => drop(manifest.get_or_insert(read)),
            Ok(Content::RuleFile(text)) => {
                has_rules = true;
                match RuleFile::read(&file, &text) {
                    Ok(_) => library.add_rule_file(&file, text),
                    Err(e) => troubles.push(Trouble::Unread(file, format!("{}: {}", e.pointer, e.reason))),
                }
            }
            Ok(Content::Other) => {}
            Err(reason) => troubles.push(Trouble::Unread(file, reason)),
        }
    }
    if definitions.is_empty() {
        if !has_rules {
            troubles.push(Trouble::Empty);
        }
        return troubles;
    }
    let stated = manifest.as_ref().map_or(&[][..], |m| &m.fhir_versions);
    if let [first, ..] = stated
        && stated.iter().all(|version| other_fhir_version(version).is_some())
    {
        troubles.push(Trouble::OtherVersion(definitions.len(), first.clone()));
        return troubles;
    }
    let (mut others, mut other) = (0, String::new());
    let own = manifest.as_ref().filter(|m| !m.name.is_empty());
    library.add_package(own.map_or(name, |m| &m.name), own.map_or("", |m| &m.version));
    for definition in definitions {
        match other_fhir_version(&definition.fhir_version) {
            Some(version) => {
                others += 1;
                version.clone_into(&mut other);
            }
            None => library.add_definition(*definition),
        }
    }
    if others > 0 {
        troubles.push(Trouble::OtherVersion(others, other));
    }
    troubles.extend(manifest.iter().flat_map(|manifest| missing(library, manifest)));
    troubles
}

/// What a package needs and a library does not hold.
pub fn missing(library: &Library, manifest: &Manifest) -> Vec<Trouble> {
    let held = |name: &str, version: &str| {
        library
            .packages()
            .iter()
            .any(|p| p.name == name || is_base_package(&p.name, &p.version) && is_base_package(name, version))
    };
    let needed = manifest.dependencies.iter().filter(|(name, version)| **name != manifest.name && !held(name, version));
    needed.map(|(name, version)| Trouble::Missing(name.clone(), version.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (String, Result<Content, String>) {
        (name.into(), read(name, text.as_bytes(), &mut Arena::new()))
    }

    fn profile(url: &str, version: &str) -> String {
        format!(
            r#"{{"resourceType": "StructureDefinition", "url": "{url}", "fhirVersion": "{version}", "type": "Patient"}}"#
        )
    }

    #[test]
    fn a_package_is_called_what_it_calls_itself() {
        let mut library = Library::new();
        let manifest = r#"{"name": "x.y", "version": "1.2", "dependencies": {"hl7.fhir.core": "3.0.1", "a.b": "2.0"}}"#;
        let files = [
            file("package.json", manifest),
            file("p.json", &profile("http://x/p", "3.0.1")),
            file(".index.json", "{}"),
            file("q.xml", "<Patient"),
        ];
        let troubles = add(&mut library, "./folder", files);
        assert_eq!(library.packages()[0].to_string(), "x.y 1.2");
        assert!(library.has_url("http://x/p"));
        assert!(matches!(&troubles[0], Trouble::Unread(file, _) if file == "q.xml"), "{troubles:?}");
        assert_eq!(troubles[1], Trouble::Missing("a.b".into(), "2.0".into()));
        assert_eq!(troubles[2], Trouble::Missing("hl7.fhir.core".into(), "3.0.1".into()));
    }

    #[test]
    fn another_fhir_version_is_said_once() {
        let mut library = Library::new();
        let files = [
            file("package.json", r#"{"name": "x.y", "fhirVersions": ["4.0.1"]}"#),
            file("p.json", &profile("http://x/p", "")),
            file("q.json", &profile("http://x/q", "4.0.1")),
        ];
        assert_eq!(add(&mut library, "x", files), [Trouble::OtherVersion(2, "4.0.1".into())]);
        let files = [file("p.json", &profile("http://x/p", "3.0.2")), file("q.json", &profile("http://x/q", "4.0.1"))];
        assert_eq!(add(&mut library, "x", files), [Trouble::OtherVersion(1, "4.0.1".into())]);
        assert!(library.has_url("http://x/p") && !library.has_url("http://x/q"));
    }

    #[test]
    fn a_folder_without_definitions_is_said() {
        assert_eq!(add(&mut Library::new(), "x", [file("p.json", r#"{"resourceType": "Patient"}"#)]), [Trouble::Empty]);
    }
}
