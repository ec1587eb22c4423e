//! Messages to measure with: real bundles when a folder of them is at hand, else composed ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use touchmark_document::{Arena, Limits, Names, decode, parse};

/// Messages in both formats, as text.
#[derive(Debug)]
pub struct Corpus {
    /// Where they come from.
    pub origin: String,
    /// JSON messages.
    pub json: Vec<String>,
    /// XML messages.
    pub xml: Vec<String>,
}

/// How many messages of a format are taken: the largest ones.
const TAKEN: usize = 100;

impl Corpus {
    /// The largest bundles below the folder that `TOUCHMARK_CORPUS` names, or else composed ones.
    pub fn load() -> Corpus {
        let Ok(folder) = std::env::var("TOUCHMARK_CORPUS") else { return Corpus::composed() };
        let mut files = Vec::new();
        collect(Path::new(&folder), &mut files);
        files.sort();
        let (mut json, mut xml) = (Vec::new(), Vec::new());
        let (mut arena, names) = (Arena::new(), Names::new());
        for file in files {
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let Ok(text) = decode(&bytes) else { continue };
            let Ok(document) = parse(&text, &mut arena, &names, Limits::default()) else { continue };
            // The peers are more particular, or less: only what all of them read is compared.
            if document.root().name_text() != "Bundle" || text.starts_with('\u{feff}') || !document.faults().is_empty()
            {
                continue;
            }
            if text.trim_start().starts_with('{') { &mut json } else { &mut xml }.push(text.into_owned());
        }
        for texts in [&mut json, &mut xml] {
            texts.sort_by_key(|t| std::cmp::Reverse(t.len()));
            texts.truncate(TAKEN);
        }
        Corpus { origin: folder, json, xml }
    }

    /// Bundles of made-up patients, forty of each format.
    pub fn composed() -> Corpus {
        let (json, xml) = (0..40).map(|n| (composed_json(20 + n), composed_xml(20 + n))).unzip();
        Corpus { origin: "composed messages".to_owned(), json, xml }
    }
}

/// A table of the names that occur in the messages, as a rule graph would have it.
pub fn names(corpus: &Corpus) -> Names {
    let (mut arena, mut names) = (Arena::new(), Names::new());
    let empty = Names::new();
    for text in corpus.json.iter().chain(&corpus.xml) {
        let Ok(document) = parse(text, &mut arena, &empty, Limits::default()) else { continue };
        for id in 0..document.len() as u32 {
            let node = document.node(touchmark_document::NodeId(id));
            names.intern(node.name_text());
            names.intern(node.resource_text());
        }
    }
    names
}

fn composed_json(patients: usize) -> String {
    let mut text = String::from("{\n  \"resourceType\": \"Bundle\",\n  \"type\": \"message\",\n  \"entry\": [\n");
    for n in 0..patients {
        let comma = if n + 1 == patients { "" } else { "," };
        let _ = write!(
            text,
            "    {{\n      \"fullUrl\": \"urn:uuid:6f4c4b1e-0000-4000-8000-{n:012}\",\n      \"resource\": {{\n        \
             \"resourceType\": \"Patient\",\n        \"id\": \"6f4c4b1e-0000-4000-8000-{n:012}\",\n        \
             \"active\": true,\n        \"identifier\": [\n          {{\n            \"system\": \
             \"https://example.org/id/number\",\n            \"value\": \"{n:010}\"\n          }}\n        ],\n        \
             \"name\": [\n          {{\n            \"use\": \"official\",\n            \"family\": \"Smith\",\n            \
             \"given\": [\n              \"Ann\",\n              \"Mary\"\n            ]\n          }}\n        ],\n        \
             \"birthDate\": \"1970-01-{:02}\",\n        \"multipleBirthInteger\": {n}\n      }}\n    }}{comma}\n",
            n % 28 + 1
        );
    }
    text + "  ]\n}\n"
}

fn composed_xml(patients: usize) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\">\n  <type value=\"message\"/>\n",
    );
    for n in 0..patients {
        let _ = write!(
            text,
            "  <entry>\n    <fullUrl value=\"urn:uuid:6f4c4b1e-0000-4000-8000-{n:012}\"/>\n    <resource>\n      \
             <Patient>\n        <id value=\"6f4c4b1e-0000-4000-8000-{n:012}\"/>\n        <active value=\"true\"/>\n        \
             <identifier>\n          <system value=\"https://example.org/id/number\"/>\n          <value \
             value=\"{n:010}\"/>\n        </identifier>\n        <name>\n          <use value=\"official\"/>\n          \
             <family value=\"Smith\"/>\n          <given value=\"Ann\"/>\n          <given value=\"Mary\"/>\n        \
             </name>\n        <birthDate value=\"1970-01-{:02}\"/>\n        <multipleBirthInteger value=\"{n}\"/>\n      \
             </Patient>\n    </resource>\n  </entry>\n",
            n % 28 + 1
        );
    }
    text + "</Bundle>\n"
}

/// The JSON and XML files below some folders, in the order of their paths.
pub fn documents(folders: impl IntoIterator<Item = impl AsRef<Path>>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder.as_ref(), &mut files);
    }
    files.retain(|file| file.extension().is_some_and(|e| e == "json" || e == "xml"));
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
