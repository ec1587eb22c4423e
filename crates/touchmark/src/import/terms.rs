//! The facts of value sets and code systems: which codes, of which system.

use touchmark_document::NodeRef;

use super::json::{Json, Object, raw};
use super::value;

/// Whose displays are kept: HL7's own systems and the NHS's own. Those of SNOMED CT, dm+d, LOINC and everyone else belong to
/// their publishers and stay out.
fn keeps_displays(system: &str) -> bool {
    let Some((_, rest)) = system.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let of = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'));
    // `hl7.org/fhir/sid/` holds the systems of others: ICD-10, NDC, CVX.
    (of("hl7.org") && !rest.contains("/fhir/sid/")) || of("hl7.org.uk") || (of("nhs.uk") && host != "dmd.nhs.uk")
}

pub(super) fn value_set(root: NodeRef<'_>, out: &mut Object) {
    if let Some(compose) = root.child("compose") {
        let mut object = Object::new();
        object.raw(compose, "inactive");
        for name in ["include", "exclude"] {
            object.array(name, compose.all(name).map(|i| Json::Object(include(i))).collect());
        }
        out.object("compose", object);
    } else if let Some(expansion) = root.child("expansion") {
        let mut object = Object::new();
        object.text(expansion, "identifier");
        object.text(expansion, "timestamp");
        object.array("contains", expansion.all("contains").map(|c| Json::Object(contains(c))).collect());
        out.object("expansion", object);
    }
}

fn include(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.text(node, "system");
    out.text(node, "version");
    let displays = keeps_displays(node.child_value("system").unwrap_or("").trim());
    let concepts = node.all("concept").map(|c| {
        let mut object = Object::new();
        object.text(c, "code");
        if displays {
            object.text(c, "display");
        }
        Json::Object(object)
    });
    out.array("concept", concepts.collect());
    let filters = node.all("filter").map(|f| {
        let mut object = Object::new();
        for name in ["property", "op", "value"] {
            object.text(f, name);
        }
        Json::Object(object)
    });
    out.array("filter", filters.collect());
    out.texts(node, "valueSet");
    out
}

fn contains(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.text(node, "system");
    out.raw(node, "abstract");
    out.raw(node, "inactive");
    out.text(node, "version");
    out.text(node, "code");
    if keeps_displays(node.child_value("system").unwrap_or("").trim()) {
        out.text(node, "display");
    }
    out.array("contains", node.all("contains").map(|c| Json::Object(contains(c))).collect());
    out
}

/// What a concept's place under a second parent is said by in STU3.
const SUBSUMES: &str = "http://hl7.org/fhir/StructureDefinition/codesystem-subsumes";

pub(super) fn code_system(root: NodeRef<'_>, out: &mut Object) {
    out.raw(root, "caseSensitive");
    out.text(root, "valueSet");
    out.text(root, "hierarchyMeaning");
    out.raw(root, "compositional");
    out.text(root, "content");
    let used = used_properties(root);
    let definitions =
        root.all("property").filter(|p| p.child_value("code").is_some_and(|c| used.contains(&c))).map(|p| {
            let mut object = Object::new();
            for name in ["code", "uri", "type"] {
                object.text(p, name);
            }
            Json::Object(object)
        });
    out.array("property", definitions.collect());
    let displays = keeps_displays(root.child_value("url").unwrap_or("").trim());
    out.array("concept", root.all("concept").map(|c| Json::Object(concept(c, displays))).collect());
}

/// The properties that some concept has. The others define nothing that a filter could find.
fn used_properties(root: NodeRef<'_>) -> Vec<&str> {
    let mut used = Vec::new();
    let mut open: Vec<NodeRef<'_>> = root.all("concept").collect();
    while let Some(node) = open.pop() {
        open.extend(node.all("concept"));
        for code in node.all("property").filter_map(|p| p.child_value("code")) {
            if !used.contains(&code) {
                used.push(code);
            }
        }
    }
    used
}

fn concept(node: NodeRef<'_>, displays: bool) -> Object {
    let mut out = Object::new();
    let subsumes = node.all("modifierExtension").filter(|e| e.child_value("url") == Some(SUBSUMES));
    out.array("modifierExtension", subsumes.map(|e| value::copy(e, "modifierExtension")).collect());
    out.text(node, "code");
    if displays {
        out.text(node, "display");
    }
    out.array("property", node.all("property").filter_map(property).map(Json::Object).collect());
    out.array("concept", node.all("concept").map(|c| Json::Object(concept(c, displays))).collect());
    out
}

/// A property by which a filter can choose; a string is prose.
fn property(node: NodeRef<'_>) -> Option<Object> {
    let mut out = Object::new();
    out.text(node, "code");
    let child = node.children().find(|c| c.name_text().starts_with("value"))?;
    let name = child.name_text();
    match name {
        "valueCode" | "valueDateTime" => out.text(node, name),
        "valueBoolean" | "valueInteger" => out.value(name, raw(child.value()?)),
        "valueCoding" => {
            let mut coding = Object::new();
            coding.text(child, "system");
            coding.text(child, "code");
            out.object(name, coding);
        }
        _ => return None,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::keeps_displays;

    #[test]
    fn displays_of_others_stay_out() {
        for own in [
            "http://hl7.org/fhir/v3/ActCode",
            "https://fhir.nhs.uk/STU3/CodeSystem/X",
            "https://fhir.hl7.org.uk/x",
            "http://www.hl7.org/x",
            "http://terminology.hl7.org/CodeSystem/v2-0078",
        ] {
            assert!(keeps_displays(own), "{own}");
        }
        for other in [
            "http://snomed.info/sct",
            "http://loinc.org",
            "https://dmd.nhs.uk",
            "http://hl7.org/fhir/sid/icd-10",
            "urn:oid:1.2",
            "",
            "http://nothl7.org/x",
        ] {
            assert!(!keeps_displays(other), "{other}");
        }
    }
}
