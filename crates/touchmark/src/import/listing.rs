//! Packages as Markdown: a table of them, and a list of every canonical with its versions, status and base.

use std::fmt::Write;

use super::{Lean, Manifest};
use crate::library::{INVARIANT_WORDS, RULE_FILE};

/// A table of packages: where each comes from, how old it is, under which licence, and how much there is.
pub fn table(packages: &[Manifest]) -> String {
    let mut out = String::from(
        "| pack | version | newest definition | source | licence | StructureDefinition | ValueSet | CodeSystem | MessageDefinition | NamingSystem | message rules | invariant words | only listed | canonicals | withdrawn | further versions |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for pack in packages {
        let canonicals = by_canonical(pack);
        let count = |resource: &str| canonicals.iter().filter(|versions| versions[0].resource == resource).count();
        let kinds = [
            "StructureDefinition",
            "ValueSet",
            "CodeSystem",
            "MessageDefinition",
            "NamingSystem",
            RULE_FILE,
            INVARIANT_WORDS,
        ]
        .map(count);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            pack.name,
            pack.version,
            pack.date,
            cell(&pack.source),
            cell(&pack.license),
            kinds[0],
            kinds[1],
            kinds[2],
            kinds[3],
            kinds[4],
            kinds[5],
            kinds[6],
            canonicals.len() - kinds.iter().sum::<usize>(),
            canonicals.len(),
            canonicals.iter().filter(|versions| versions[0].withdrawn).count(),
            pack.canonicals.len() + pack.listed.len() - canonicals.len(),
        );
    }
    out
}

/// Every canonical of a package: the version that stands for it first, then the others.
pub fn list(pack: &Manifest) -> String {
    let mut out = format!("### {}\n", pack.name);
    let mut resource = "";
    for versions in by_canonical(pack) {
        let first = versions[0];
        if first.resource != resource {
            resource = &first.resource;
            let heading = if resource == "StructureDefinition" { ("| type | base ", "|---|---") } else { ("", "") };
            let _ = write!(
                out,
                "\n#### {resource}\n\n| canonical | versions | status {}|\n|---|---|---{}|\n",
                heading.0, heading.1
            );
        }
        let numbers: Vec<&str> =
            versions.iter().map(|v| if v.version.is_empty() { "none" } else { &*v.version }).collect();
        let withdrawn = if first.withdrawn { ", withdrawn" } else { "" };
        let _ = write!(
            out,
            "| {} | {} | {}{withdrawn} |",
            cell(&first.url),
            cell(&numbers.join(", ")),
            cell(&first.status)
        );
        if resource == "StructureDefinition" {
            let base = first.base.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(&first.base);
            let _ = write!(out, " {} | {} |", cell(&first.type_name), cell(base));
        }
        out.push('\n');
    }
    out
}

fn by_canonical(pack: &Manifest) -> Vec<Vec<&Lean>> {
    let mut out: Vec<Vec<&Lean>> = Vec::new();
    for lean in pack.canonicals.iter().map(|(lean, _)| lean).chain(&pack.listed) {
        match out.last_mut() {
            // Files of message rules share a url and a version; each is listed.
            Some(versions)
                if (&versions[0].resource, &versions[0].url) == (&lean.resource, &lean.url)
                    && versions[0].version != lean.version =>
            {
                versions.push(lean);
            }
            _ => out.push(vec![lean]),
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
