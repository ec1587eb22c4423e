//! `touchmark lint`: what is wrong with definitions and rule files, what it means for instances, and what touchmark does instead.

mod rule_files;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use touchmark::lint::{lint, lint_source};
use touchmark::{Defect, DefinitionId, Library, RuleGraph, Severity};

use crate::arguments::{Definitions, Level};
use crate::published::Found;
use crate::{Failure, Status, definitions, print, published};
use rule_files::Linted;

/// Say what is wrong with definitions and rule files: files, folders, FHIR packages, packs by name, or definitions by url.
///
/// Exit status: 0 no errors, 1 a definition or rule file has errors, 2 could not run.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark lint my-profiles/
  touchmark lint my-rules/ --format json")]
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
    /// One line a definition or rule file: {"url": …, "defects": […]}
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
    let (mut subjects, mut rule_files) = (Vec::new(), Vec::new());
    for subject in &arguments.subjects {
        let found = subjects.len() + rule_files.len();
        if Path::new(subject).exists() {
            published::load(&mut library, Path::new(subject), &mut |file| match file {
                Found::Definition(id, document) => subjects.push(Subject { id, defects: lint_source(document) }),
                Found::RuleFile(name, text) => rule_files.push((name, text)),
            })?;
        } else {
            subjects.extend(loaded(&library, subject).into_iter().map(|id| Subject { id, defects: Vec::new() }));
            let of_pack = library.rule_files().filter(|(name, _)| name.split('/').next() == Some(subject));
            rule_files.extend(of_pack.map(|(name, text)| (name.to_owned(), text.to_owned())));
        }
        if subjects.len() + rule_files.len() == found {
            return Err(format!(
                "{subject} is no path with definitions or rule files, no pack and no loaded definition"
            ));
        }
    }
    let graph = RuleGraph::new(library);
    let mut rule_files = rule_files::lint(&graph, &rule_files);
    let mut errors = rule_files.iter().any(|f| f.worst() >= Some(Severity::Error));
    for file in &mut rule_files {
        file.hide_below(arguments.level.into());
    }
    for subject in &mut subjects {
        subject.defects.extend(lint(&graph, subject.id));
        errors |= subject.defects.iter().any(|d| d.kind.rule().severity >= Severity::Error);
        subject.defects.retain(|d| d.kind.rule().severity >= arguments.level.into());
    }
    subjects.sort_by_key(|s| (graph.library().entry(s.id).url.to_string(), s.id));
    print(&match arguments.format {
        LintFormat::Text => text(&graph, &subjects, &rule_files),
        LintFormat::Json => format!("{:#}\n", rows(&graph, &subjects, &rule_files).collect::<Value>()),
        LintFormat::Ndjson => rows(&graph, &subjects, &rule_files).fold(String::new(), |mut out, row| {
            let _ = writeln!(out, "{row}");
            out
        }),
        LintFormat::Markdown => markdown(&graph, &subjects) + &rule_files::markdown(&rule_files),
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

/// The definitions, and behind them the rule files.
fn rows<'r>(graph: &'r RuleGraph, subjects: &'r [Subject], files: &'r [Linted]) -> impl Iterator<Item = Value> + 'r {
    subjects.iter().map(|s| row(graph, s)).chain(files.iter().map(rule_files::row))
}

fn text(graph: &RuleGraph, subjects: &[Subject], files: &[Linted]) -> String {
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
    out.push_str(&rule_files::text(files, &mut counts));
    if !subjects.is_empty() {
        let faulty = subjects.iter().filter(|s| !s.defects.is_empty()).count();
        let _ = writeln!(out, "{} definitions, {faulty} with defects", subjects.len());
    }
    if !files.is_empty() {
        let _ = writeln!(out, "{}", rule_files::summary(files));
    }
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
