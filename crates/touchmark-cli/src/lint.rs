//! `touchmark lint`: what is wrong with definitions, what it means for instances, and what touchmark does instead.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use touchmark::lint::{lint, lint_source};
use touchmark::{Defect, DefinitionId, Library, RuleGraph, Severity};

use crate::arguments::{Definitions, Level};
use crate::{Failure, Status, definitions, print, published};

/// Say what is wrong with definitions: files, folders, FHIR packages, packs by name, or single definitions by url.
///
/// Exit status: 0 no errors, 1 a definition has errors, 2 could not run.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark lint my-profiles/
  touchmark lint https://example.org/StructureDefinition/Patient --format json")]
pub struct Lint {
    /// Files, folders, packages, names of packs, or canonical urls
    #[arg(value_name = "PATH|PACK|URL", required = true)]
    pub subjects: Vec<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: LintFormat,
    /// The mildest defects to show; hides, and never changes the exit status
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    pub level: Level,
    #[command(flatten)]
    pub definitions: Definitions,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LintFormat {
    /// For people
    #[default]
    Text,
    /// One list
    Json,
    /// One line a definition: {"url": …, "defects": […]}
    Ndjson,
    /// A table a definition, for its authors
    Markdown,
}

/// A definition to look at.
struct Subject {
    id: DefinitionId,
    /// What its published form shows.
    defects: Vec<Defect>,
}

/// Runs the command.
pub fn run(arguments: &Lint) -> Result<Status, Failure> {
    let mut library = definitions::library(&arguments.definitions)?;
    let mut subjects = Vec::new();
    for subject in &arguments.subjects {
        let found = subjects.len();
        if Path::new(subject).exists() {
            published::load(&mut library, Path::new(subject), &mut |id, document| {
                subjects.push(Subject { id, defects: lint_source(document) });
            })?;
        } else {
            subjects.extend(loaded(&library, subject).into_iter().map(|id| Subject { id, defects: Vec::new() }));
        }
        if subjects.len() == found {
            return Err(format!("{subject} is no path with definitions, no pack and no loaded definition"));
        }
    }
    let graph = RuleGraph::new(library);
    let mut errors = false;
    for subject in &mut subjects {
        subject.defects.extend(lint(&graph, subject.id));
        errors |= subject.defects.iter().any(|d| d.kind.rule().severity >= Severity::Error);
        subject.defects.retain(|d| d.kind.rule().severity >= arguments.level.into());
    }
    subjects.sort_by_key(|s| (graph.library().entry(s.id).url.to_string(), s.id));
    print(&match arguments.format {
        LintFormat::Text => text(&graph, &subjects),
        LintFormat::Json => format!("{:#}\n", subjects.iter().map(|s| row(&graph, s)).collect::<Value>()),
        LintFormat::Ndjson => subjects.iter().fold(String::new(), |mut out, subject| {
            let _ = writeln!(out, "{}", row(&graph, subject));
            out
        }),
        LintFormat::Markdown => markdown(&graph, &subjects),
    });
    Ok(if errors { Status::Findings } else { Status::Fine })
}

/// The definitions of a pack, or the one with a url.
fn loaded(library: &Library, name: &str) -> Vec<DefinitionId> {
    let numbered = || (0_u32..).map(DefinitionId).zip(library.entries());
    let of_pack = numbered().filter(|(_, e)| library.packages()[e.package as usize].name == name).map(|(id, _)| id);
    let found: Vec<DefinitionId> = of_pack.collect();
    if found.is_empty() { library.find(name).into_iter().collect() } else { found }
}

fn title(graph: &RuleGraph, subject: &Subject) -> String {
    let entry = graph.library().entry(subject.id);
    if entry.version.is_empty() { entry.url.to_string() } else { format!("{}|{}", entry.url, entry.version) }
}

fn text(graph: &RuleGraph, subjects: &[Subject]) -> String {
    let mut out = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for subject in subjects.iter().filter(|s| !s.defects.is_empty()) {
        let _ = writeln!(out, "{}", title(graph, subject));
        for defect in &subject.defects {
            let rule = defect.kind.rule();
            *counts.entry(rule.code).or_default() += 1;
            let place = if defect.element.is_empty() { String::new() } else { format!("{}: ", defect.element) };
            let _ = writeln!(out, "  {}: {place}{} [{}]", rule.severity.code(), defect.sentence(), rule.code);
            let _ = writeln!(
                out,
                "      means: {}\n      instead: {}\n      mend: {}",
                rule.why,
                defect.kind.instead(),
                rule.mend
            );
        }
        out.push('\n');
    }
    let faulty = subjects.iter().filter(|s| !s.defects.is_empty()).count();
    let _ = writeln!(out, "{} definitions, {faulty} with defects", subjects.len());
    for (code, count) in counts {
        let _ = writeln!(out, "{count:>7}  {code}");
    }
    out
}

fn row(graph: &RuleGraph, subject: &Subject) -> Value {
    let entry = graph.library().entry(subject.id);
    let defects: Vec<Value> = subject
        .defects
        .iter()
        .map(|d| {
            let rule = d.kind.rule();
            json!({"code": rule.code, "severity": rule.severity.code(), "element": d.element, "text": d.sentence(),
                   "detail": d.detail, "means": rule.why, "instead": d.kind.instead(), "mend": rule.mend,
                   "dropped": d.kind.drops_a_rule()})
        })
        .collect();
    json!({"url": entry.url, "version": entry.version, "resourceType": entry.resource, "defects": defects})
}

/// The kinds with their meaning first, then the definitions, each with a table of its rows.
fn markdown(graph: &RuleGraph, subjects: &[Subject]) -> String {
    let faulty: Vec<&Subject> = subjects.iter().filter(|s| !s.defects.is_empty()).collect();
    let mut kinds: BTreeMap<&str, (touchmark::DefectKind, usize)> = BTreeMap::new();
    for defect in faulty.iter().flat_map(|s| &s.defects) {
        kinds.entry(defect.kind.code()).or_insert((defect.kind, 0)).1 += 1;
    }
    let mut out = format!(
        "# Defects of published definitions\n\nWritten by `touchmark lint --format markdown`; not to be changed by hand. \
         {} of {} definitions have defects.\n\n## What they mean\n\n\
         | code | how many | what it means for instances | what touchmark does instead | how to mend it |\n|---|---|---|---|---|\n",
        faulty.len(),
        subjects.len()
    );
    for (code, (kind, count)) in &kinds {
        let rule = kind.rule();
        let _ = writeln!(out, "| `{code}` | {count} | {} | {} | {} |", rule.why, kind.instead(), rule.mend);
    }
    for subject in faulty {
        let _ = writeln!(out, "\n## {}\n\n| element | defect | code |\n|---|---|---|", title(graph, subject));
        for defect in &subject.defects {
            let element = if defect.element.is_empty() { String::new() } else { format!("`{}`", defect.element) };
            let sentence = defect.sentence().replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ");
            let _ = writeln!(out, "| {element} | {sentence} | `{}` |", defect.kind.code());
        }
    }
    out
}
