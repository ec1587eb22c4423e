//! What is taken from a published ValueSet or CodeSystem: codes and how they are chosen, with what they are called.

use touchmark_document::NodeRef;

use super::{Canonical, Text};

/// The content of a ValueSet (<http://hl7.org/fhir/STU3/valueset.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSet {
    /// What is chosen; all of them together.
    pub includes: Vec<Choice>,
    /// What is taken out again.
    pub excludes: Vec<Choice>,
    /// The codes as somebody worked them out.
    pub expansion: Option<Expansion>,
}

/// One include or exclude: codes that meet everything it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The code system; empty where only value sets are named.
    pub system: Canonical,
    /// The version of the code system; empty when none is stated.
    pub version: Text,
    /// The codes, one by one; empty where all, or those that pass the filters, are meant.
    pub concepts: Vec<Listed>,
    /// Conditions on concepts of the code system; all of them.
    pub filters: Vec<Filter>,
    /// Value sets in which the codes must be; all of them.
    pub value_sets: Vec<Canonical>,
}

/// A code with what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The code.
    pub code: Text,
    /// What it is called here; empty when not stated.
    pub display: Text,
}

/// A condition on the concepts of a code system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The property that it looks at; `concept` is the code itself and its place in the hierarchy.
    pub property: Text,
    /// `=`, `is-a`, `descendent-of`, `is-not-a`, `regex`, `in`, `not-in`, `generalizes` or `exists`.
    pub op: Text,
    /// The value that it compares with.
    pub value: Text,
}

/// The codes of a value set, worked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// System and code, in the order of the expansion; without those that are only headings.
    pub codes: Vec<(Canonical, Listed)>,
    /// Whether these are all.
    pub complete: bool,
}

/// The content of a CodeSystem (<http://hl7.org/fhir/STU3/codesystem.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSystem {
    /// How much of the code system is here.
    pub content: Content,
    /// Whether codes that differ in case are different codes; `None` when not stated.
    pub case_sensitive: Option<bool>,
    /// The concepts; parents before their children.
    pub concepts: Vec<Concept>,
}

/// How much of a code system its definition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    #[default]
    NotPresent,
    /// Some examples.
    Example,
    /// A part.
    Fragment,
    /// All.
    Complete,
}

/// A concept of a code system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    /// The code.
    pub code: Text,
    /// What it is called; empty when not stated.
    pub display: Text,
    /// What else it is called.
    pub designations: Vec<Text>,
    /// The place of the concept that it stands under.
    pub parent: Option<u32>,
    /// Properties with their values.
    pub properties: Vec<(Text, Text)>,
}

/// Reads a plain list of codes as a code system: a line a code, with its display behind a tab. Lines that begin with `#` say
/// more: `# system URL`, `# version V`, `# part` for a list that is not complete. Without the first, `name` is the url.
pub fn list(text: &str, name: &str) -> super::Definition {
    let mut system = CodeSystem { content: Content::Complete, case_sensitive: Some(true), concepts: Vec::new() };
    let (mut url, mut version) = (name, "");
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim_end) {
        match line.strip_prefix('#').map(str::trim) {
            Some("part") => system.content = Content::Fragment,
            Some(head) => match head.split_once(' ') {
                Some(("system", value)) => url = value.trim(),
                Some(("version", value)) => version = value.trim(),
                _ => {}
            },
            None => {
                let (code, display) = line.split_once('\t').unwrap_or((line, ""));
                if !code.trim().is_empty() {
                    let (code, display) = (code.trim().into(), display.trim().into());
                    system.concepts.push(Concept { code, display, ..Concept::default() });
                }
            }
        }
    }
    super::Definition {
        resource: "CodeSystem".into(),
        url: url.into(),
        version: version.into(),
        name: name.into(),
        status: "active".into(),
        fhir_version: Text::default(),
        structure: None,
        questionnaire: None,
        value_set: None,
        code_system: Some(system),
    }
}

/// An extension of an expansion that is too large to be listed.
const UNCLOSED: &str = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed";

pub(crate) fn value_set(root: NodeRef<'_>) -> ValueSet {
    let mut set = ValueSet { expansion: root.child("expansion").map(expansion), ..ValueSet::default() };
    if let Some(compose) = root.child("compose") {
        set.includes = compose.all("include").map(choice).collect();
        set.excludes = compose.all("exclude").map(choice).collect();
    }
    set
}

fn choice(node: NodeRef<'_>) -> Choice {
    Choice {
        system: text(node, "system"),
        version: text(node, "version"),
        concepts: node.all("concept").map(listed).collect(),
        filters: node
            .all("filter")
            .map(|f| Filter { property: text(f, "property"), op: text(f, "op"), value: text(f, "value") })
            .collect(),
        value_sets: node.all("valueSet").filter_map(NodeRef::value).map(|v| v.trim().into()).collect(),
    }
}

fn listed(node: NodeRef<'_>) -> Listed {
    Listed { code: text(node, "code"), display: text(node, "display") }
}

fn expansion(node: NodeRef<'_>) -> Expansion {
    let mut expansion = Expansion::default();
    let mut seen = 0_usize;
    contained(node, &mut expansion, &mut seen);
    let total = node.child_value("total").and_then(|t| t.trim().parse::<usize>().ok());
    let unclosed = node.all("extension").any(|e| e.child_value("url") == Some(UNCLOSED));
    expansion.complete = !unclosed && total.is_none_or(|total| total <= seen);
    expansion
}

fn contained(node: NodeRef<'_>, expansion: &mut Expansion, seen: &mut usize) {
    // The reader bounds the depth of documents, so this recursion is bounded too.
    for entry in node.all("contains") {
        *seen += 1;
        let heading = entry.child_value("abstract") == Some("true");
        let code = listed(entry);
        if !heading && !code.code.is_empty() {
            expansion.codes.push((text(entry, "system"), code));
        }
        contained(entry, expansion, seen);
    }
}

pub(crate) fn code_system(root: NodeRef<'_>) -> CodeSystem {
    let mut system = CodeSystem {
        content: match root.child_value("content").map(str::trim) {
            Some("complete") => Content::Complete,
            Some("fragment") => Content::Fragment,
            Some("example") => Content::Example,
            _ => Content::NotPresent,
        },
        case_sensitive: root.child_value("caseSensitive").map(|v| v.trim() == "true"),
        concepts: Vec::new(),
    };
    concepts(root, None, &mut system.concepts);
    system
}

fn concepts(node: NodeRef<'_>, parent: Option<u32>, out: &mut Vec<Concept>) {
    for child in node.all("concept") {
        let at = out.len() as u32;
        out.push(Concept {
            code: text(child, "code"),
            display: text(child, "display"),
            designations: child.all("designation").map(|d| text(d, "value")).filter(|d| !d.is_empty()).collect(),
            parent,
            properties: child.all("property").filter_map(property).collect(),
        });
        concepts(child, Some(at), out);
    }
}

fn property(node: NodeRef<'_>) -> Option<(Text, Text)> {
    let value = node.children().find(|c| c.name_text().starts_with("value"))?;
    // A Coding stands for its code here, as filters compare codes.
    let value = value.value().or_else(|| value.child_value("code"))?;
    Some((text(node, "code"), value.trim().into()))
}

fn text(node: NodeRef<'_>, name: &str) -> Text {
    node.child_value(name).unwrap_or("").trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_list_is_a_code_system() {
        let check = |text: &str, url: &str, content: Content, codes: &[(&str, &str)]| {
            let read = list(text, "codes");
            let system = read.code_system.expect("a code system");
            let found: Vec<(&str, &str)> = system.concepts.iter().map(|c| (&*c.code, &*c.display)).collect();
            assert_eq!((&*read.url, system.content, &found[..]), (url, content, codes), "{text}");
        };
        check("a\tOne\r\nb\n\n", "codes", Content::Complete, &[("a", "One"), ("b", "")]);
        check("# system http://e.org/s\n# part\nx\tX y\n", "http://e.org/s", Content::Fragment, &[("x", "X y")]);
    }
}
