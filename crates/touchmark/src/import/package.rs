//! A package of rule files: what stands first among the versions of a canonical, what each file is called, and the list of
//! them all in `package.json`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::edition::FHIR_VERSION;

use super::Lean;
use super::json::{Json, Object};

/// What a package says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The name.
    pub name: String,
    /// The version; when empty, [`Package::files`] takes the date of the newest definition.
    pub version: String,
    /// Where the definitions come from.
    pub source: String,
    /// The licence of the definitions.
    pub license: String,
    /// The date of the newest definition.
    pub date: String,
    /// The FHIR versions that it states; [`Package::files`] writes ours.
    pub fhir_versions: Vec<String>,
    /// Name and version of the packages that it needs.
    pub dependencies: BTreeMap<String, String>,
    /// The rule files, the first of a canonical being the one that stands for it; [`Lean::text`] is empty.
    pub canonicals: Vec<(Lean, String)>,
    /// Definitions that give no rules.
    pub listed: Vec<Lean>,
}

/// Definitions on their way into a package.
#[derive(Clone, Debug, Default)]
pub struct Package {
    rules: Vec<(Lean, String)>,
    listed: Vec<(Lean, String)>,
}

/// A definition that another one of the same canonical and version made superfluous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The url, with the version behind `|` where there is one.
    pub canonical: String,
    /// The source of the one that was kept.
    pub kept: String,
    /// The source of the one that was dropped.
    pub dropped: String,
    /// Whether the two say different things.
    pub differs: bool,
}

impl Package {
    /// A package without definitions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule file; `source` names what it was made from.
    pub fn add_rules(&mut self, lean: Lean, source: &str) {
        self.rules.push((lean, source.into()));
    }

    /// Adds a definition that is only listed.
    pub fn add_listed(&mut self, lean: Lean, source: &str) {
        self.listed.push((lean, source.into()));
    }

    /// The files of the package, `package.json` last, and what was dropped as a duplicate. Input in another order gives the
    /// same files, except where two definitions of one canonical, version and date differ: the one added first is kept.
    pub fn files(self, mut manifest: Manifest) -> (Vec<(String, String)>, Vec<Dropped>) {
        let mut dropped = Vec::new();
        let rules = in_order(self.rules, &mut dropped);
        manifest.listed = in_order(self.listed, &mut dropped);
        let dates = rules.iter().chain(&manifest.listed).filter_map(|lean| day(&lean.date));
        manifest.date = dates.max().unwrap_or("").to_owned();
        if manifest.version.is_empty() {
            manifest.version = if manifest.date.is_empty() { "0".into() } else { manifest.date.replace('-', ".") };
        }
        let mut files = Vec::new();
        // File systems that ignore case must hold the package too.
        let mut taken = HashSet::new();
        let mut last = (String::new(), String::new());
        for mut lean in rules {
            let canonical = (lean.resource.clone(), lean.url.clone());
            let version = if canonical == last { Some(&lean.version) } else { None };
            let stem = file_stem(&lean.resource, &lean.url, version);
            last = canonical;
            let mut name = format!("{stem}.json");
            for number in 2.. {
                if taken.insert(name.to_ascii_lowercase()) {
                    break;
                }
                name = format!("{stem}~{number}.json");
            }
            files.push((name.clone(), std::mem::take(&mut lean.text)));
            manifest.canonicals.push((lean, name));
        }
        files.push(("package.json".into(), manifest.write()));
        (files, dropped)
    }
}

/// Sorted by type and url, the version that stands for a canonical first: further ones last, not withdrawn before withdrawn,
/// newer before older; without duplicates. What follows a withdrawn one is withdrawn with it.
fn in_order(mut all: Vec<(Lean, String)>, dropped: &mut Vec<Dropped>) -> Vec<Lean> {
    all.sort_by_cached_key(|(lean, _)| {
        (
            lean.resource.clone(),
            lean.url.clone(),
            lean.further,
            lean.withdrawn || lean.status == "retired",
            Reverse(version_key(&lean.version)),
            Reverse(lean.date.clone()),
        )
    });
    let mut kept: Vec<(Lean, String)> = Vec::with_capacity(all.len());
    for (mut lean, source) in all {
        let before: Vec<&(Lean, String)> =
            kept.iter().rev().take_while(|k| (&k.0.resource, &k.0.url) == (&lean.resource, &lean.url)).collect();
        lean.withdrawn |= before.last().is_some_and(|k| k.0.withdrawn);
        match before.iter().find(|k| k.0.version == lean.version) {
            Some((first, kept)) => dropped.push(Dropped {
                canonical: canonical(&lean),
                kept: kept.clone(),
                dropped: source,
                differs: first.text != lean.text,
            }),
            None => kept.push((lean, source)),
        }
    }
    kept.into_iter().map(|(lean, _)| lean).collect()
}

fn canonical(lean: &Lean) -> String {
    if lean.version.is_empty() { lean.url.clone() } else { format!("{}|{}", lean.url, lean.version) }
}

/// What versions are compared by: their numbers, and a word before the lack of one (`1.0.0-beta` before `1.0.0`).
pub(crate) fn version_key(version: &str) -> Vec<u32> {
    version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().map_or(0, |n| n.saturating_add(1)))
        .chain(std::iter::once(1))
        .collect()
}

/// The day of a date, if it is one.
fn day(date: &str) -> Option<&str> {
    let day = date.get(..10)?;
    let form = day.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    form.then_some(day)
}

/// `StructureDefinition-Name`, and `@version` for what does not stand for its canonical.
fn file_stem(resource: &str, url: &str, version: Option<&String>) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(url, |(_, path)| path);
    let mark = format!("{resource}/");
    let name = match path.rsplit_once(&mark) {
        Some((_, name)) => name,
        None => path.strip_prefix("fhir/").or_else(|| path.strip_prefix("STU3/")).unwrap_or(path),
    };
    let mut stem = format!("{resource}-{name}");
    if let Some(version) = version {
        stem.push('@');
        stem.push_str(if version.is_empty() { "none" } else { version });
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@') { c } else { '-' };
    stem.chars().map(plain).take(150).collect()
}

impl Manifest {
    fn write(&self) -> String {
        let mut out = Object::new();
        out.string("name", &self.name);
        out.string("version", &self.version);
        out.array("fhirVersions", vec![Json::Text(FHIR_VERSION.into())]);
        for (name, value) in [("date", &self.date), ("source", &self.source), ("license", &self.license)] {
            if !value.is_empty() {
                out.string(name, value);
            }
        }
        let mut dependencies = Object::new();
        for (name, version) in &self.dependencies {
            dependencies.string(name, version);
        }
        out.object("dependencies", dependencies);
        out.array("canonicals", self.canonicals.iter().map(|(lean, file)| row(lean, file)).collect());
        out.array("listed", self.listed.iter().map(|lean| row(lean, "")).collect());
        out.into_text()
    }

    /// Reads a `package.json`, one that [`Package::files`] wrote or any other of a FHIR package.
    ///
    /// # Errors
    /// When it is not JSON or not an object; the text says why.
    pub fn read(text: &str) -> Result<Manifest, String> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| e.to_string())?;
        if !value.is_object() {
            return Err("package.json is no object".into());
        }
        let word = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
        let lean = |value: &Value| Lean {
            resource: word(value, "resource"),
            url: word(value, "url"),
            version: word(value, "version"),
            name: word(value, "name"),
            status: word(value, "status"),
            date: String::new(),
            type_name: word(value, "type"),
            base: word(value, "base"),
            withdrawn: value["withdrawn"].as_bool().unwrap_or(false),
            further: false,
            text: String::new(),
        };
        let rows = |name: &str| value[name].as_array().cloned().unwrap_or_default();
        let mut versions = rows("fhirVersions");
        versions.extend(rows("fhir-version-list"));
        let pairs = value["dependencies"].as_object().into_iter().flatten();
        Ok(Manifest {
            name: word(&value, "name"),
            version: word(&value, "version"),
            source: word(&value, "source"),
            license: word(&value, "license"),
            date: word(&value, "date"),
            fhir_versions: versions.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            dependencies: pairs.filter_map(|(n, v)| Some((n.clone(), v.as_str()?.to_owned()))).collect(),
            canonicals: rows("canonicals").iter().map(|row| (lean(row), word(row, "file"))).collect(),
            listed: rows("listed").iter().map(lean).collect(),
        })
    }
}

fn row(lean: &Lean, file: &str) -> Json {
    let mut out = Object::new();
    for (name, value) in [
        ("resource", lean.resource.as_str()),
        ("url", &lean.url),
        ("version", &lean.version),
        ("name", &lean.name),
        ("status", &lean.status),
        ("type", &lean.type_name),
        ("base", &lean.base),
    ] {
        if !value.is_empty() {
            out.string(name, value);
        }
    }
    if lean.withdrawn {
        out.value("withdrawn", Json::Raw("true".into()));
    }
    if !file.is_empty() {
        out.string("file", file);
    }
    Json::Object(out)
}
