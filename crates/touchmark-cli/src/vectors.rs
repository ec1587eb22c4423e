//! `touchmark vectors`: runs folders of test messages, and makes the single faults of a message or a profile.

mod generate;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use touchmark::vectors::{Mutation, Vector};
use touchmark::{Checker, Judging, Options, Report, RuleGraph, Severity};

use crate::arguments::Definitions;
use crate::check::instant;
use crate::definitions;
use crate::inputs::{is_document, reason, shown};
use crate::{Failure, Status, print};

/// The list of a folder of vectors.
const LIST: &str = "vectors.json";

/// Test messages: run a folder of them, or make the single faults of a valid one or of a profile.
#[derive(Subcommand, Debug)]
#[command(disable_help_subcommand = true)]
pub enum Vectors {
    Run(Run),
    Mutate(Mutate),
    Generate(generate::Generate),
}

/// Check the messages of a folder and compare what is found with what its vectors.json expects.
///
/// A message that the list does not name must have no error.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status: 0 all as expected, 1 some are not, 2 something could not be run.

Examples:
  touchmark vectors run faults/
  touchmark vectors run faults/ --with 'java -jar validator.jar {} -version 3.0'")]
pub struct Run {
    /// A folder of messages, with vectors.json in it or in its folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Another validator to run beside: {} is the file; an exit status other than 0 means that it found a fault
    #[arg(long, value_name = "CMD {}")]
    with: Option<String>,
    #[command(flatten)]
    definitions: Definitions,
}

/// Write the single-fault variants of a valid message, each with the rule that must find it, as a folder of vectors.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark vectors mutate message.xml --out faults/
  touchmark vectors mutate message.xml --out faults/ --rule RULE-07")]
pub struct Mutate {
    /// A message without faults
    #[arg(value_name = "MESSAGE")]
    message: PathBuf,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only faults that this rule must find; may be repeated
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    #[command(flatten)]
    definitions: Definitions,
}

/// Runs the command.
pub fn run(vectors: &Vectors) -> Result<Status, Failure> {
    match vectors {
        Vectors::Run(arguments) => run_folder(arguments),
        Vectors::Mutate(arguments) => mutate(arguments),
        Vectors::Generate(arguments) => generate::run(arguments),
    }
}

fn run_folder(arguments: &Run) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let vectors = list(&arguments.folder)?;
    let now = instant(SystemTime::now());
    let mut checker = Checker::new(&graph);
    let (mut wrong, mut other, mut expected) = (0, 0, 0);
    let mut out = String::new();
    for (folder, vector) in &vectors {
        let file = folder.join(&vector.file);
        let bytes = fs::read(&file).map_err(|e| format!("{}: {}", shown(&file), reason(&e)))?;
        let judging = judging(vector);
        judging.check(&graph).map_err(|trouble| format!("{}: {trouble}", shown(&folder.join(LIST))))?;
        let report = judged(&mut checker, &bytes, judging, &now);
        let trouble = trouble(vector, &report);
        wrong += usize::from(!trouble.is_empty());
        expected += usize::from(!vector.fires.is_empty());
        let verdict = if trouble.is_empty() { "as expected" } else { "NOT as expected" };
        let _ = write!(out, "{verdict:<16}{:<40} {}", vector.file, vector.fires.join(" "));
        if let Some(command) = &arguments.with {
            let found = finds_fault(command, &file)?;
            other += usize::from(found && !vector.fires.is_empty());
            let _ = write!(out, "  [other: {}]", if found { "found" } else { "missed" });
        }
        let _ = writeln!(out, "{trouble}");
    }
    let _ = writeln!(out, "\n{} messages, {} as expected, {wrong} not", vectors.len(), vectors.len() - wrong);
    if arguments.with.is_some() {
        let _ = writeln!(out, "the other validator found {other} of {expected} faults");
    }
    print(&out);
    Ok(if wrong == 0 { Status::Fine } else { Status::Findings })
}

/// How a vector says that its message is judged.
fn judging(vector: &Vector) -> Judging {
    let named = vector.named.iter().map(|(d, v)| (d.clone(), v.clone())).collect();
    let envelope = (!vector.envelope.is_empty()).then(|| vector.envelope.clone().into_iter().collect());
    Judging { policy: vector.policy.clone(), named, envelope, off: false }
}

/// Checks a message as is said.
fn judged(checker: &mut Checker<'_>, bytes: &[u8], judging: Judging, now: &str) -> Report {
    checker.check(bytes, &Options { judging, now: Some(now), ..Options::default() })
}

/// The ids of what was found: that of the rule file, or else the code of the engine.
pub fn ids(report: &Report, least: Severity) -> BTreeSet<String> {
    let found = report.findings().filter(|f| f.severity >= least);
    found.map(|f| f.claimed.map_or(f.rule.code, |c| c.code).to_owned()).collect()
}

fn trouble(vector: &Vector, report: &Report) -> String {
    let mut out = String::new();
    let (all, errors) = (ids(report, Severity::Information), ids(report, Severity::Error));
    for id in vector.fires.iter().filter(|id| !all.contains(*id)) {
        let _ = write!(out, "\n    {id} was not found");
    }
    for id in errors.iter().filter(|id| !vector.fires.contains(id) && !vector.may.contains(id)) {
        let _ = write!(out, "\n    {id} was found as well");
    }
    out
}

fn finds_fault(command: &str, file: &Path) -> Result<bool, Failure> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("--with names no program")?;
    let file = file.as_os_str();
    let words =
        words.map(|w| if w == "{}" { file.to_owned() } else { w.replace("{}", &file.to_string_lossy()).into() });
    let output = Process::new(program).args(words).output().map_err(|e| format!("{program}: {}", reason(&e)))?;
    Ok(!output.status.success())
}

/// The vectors of a folder and of the folders in it.
fn list(folder: &Path) -> Result<Vec<(PathBuf, Vector)>, Failure> {
    let trouble = |path: &Path, why: String| format!("{}: {why}", shown(path));
    let mut found = Vec::new();
    let listed: Vec<Vector> = match fs::read(folder.join(LIST)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| trouble(&folder.join(LIST), e.to_string()))?,
        Err(_) => Vec::new(),
    };
    let mut names: Vec<_> = fs::read_dir(folder)
        .map_err(|e| trouble(folder, reason(&e)))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            found.extend(list(&path)?);
        } else if is_document(name) && name != LIST {
            let file = name.to_string_lossy().into_owned();
            let vector = listed.iter().find(|v| v.file == file).cloned();
            found.push((folder.to_owned(), vector.unwrap_or_else(|| Vector { file, ..Vector::default() })));
        }
    }
    Ok(found)
}

fn mutate(arguments: &Mutate) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let bytes = fs::read(&arguments.message).map_err(|e| format!("{}: {}", shown(&arguments.message), reason(&e)))?;
    let text = touchmark::document::decode(&bytes).map_err(|e| format!("{}: {e}", shown(&arguments.message)))?;
    let now = instant(SystemTime::now());
    let mut checker = Checker::new(&graph);
    let before = ids(&judged(&mut checker, &bytes, Judging::default(), &now), Severity::Information);
    let extension = arguments.message.extension().map_or("xml".into(), |e| e.to_string_lossy().into_owned());
    fs::create_dir_all(&arguments.out).map_err(|e| format!("{}: {}", shown(&arguments.out), reason(&e)))?;
    let (mut vectors, mut left_out) = (Vec::new(), Vec::new());
    for mutation in graph.mutations().filter(|m| wanted(m, &arguments.rule)) {
        let Ok(variant) = mutation.apply(&text, &graph) else { continue };
        let mut vector = Vector {
            file: format!("{}-{}.{extension}", mutation.id, mutation.fires.join("-")),
            title: mutation.title.clone(),
            fires: mutation.fires.clone(),
            may: mutation.may.iter().chain(&before).cloned().collect(),
            named: mutation.named.clone(),
            policy: mutation.policy.clone(),
            envelope: variant.envelope,
        };
        // What is said of the valid message of another patient may be wrong for this one.
        let judged_so = Vector { envelope: mutation.envelope.clone(), ..vector.clone() };
        let before = if mutation.envelope.is_empty() {
            before.clone()
        } else {
            ids(&judged(&mut checker, &bytes, judging(&judged_so), &now), Severity::Information)
        };
        let after = ids(&judged(&mut checker, variant.text.as_bytes(), judging(&vector), &now), Severity::Information);
        // A fault that another kind of message has is none here.
        vector.fires.retain(|id| after.contains(id) && !before.contains(id));
        if vector.fires.is_empty() {
            left_out.push(mutation.id.as_str());
            continue;
        }
        vector.may.extend(after.iter().filter(|id| !vector.fires.contains(id)).cloned());
        vector.may.sort_unstable();
        vector.may.dedup();
        write(&arguments.out.join(&vector.file), &variant.text)?;
        vectors.push(vector);
    }
    let list = serde_json::to_string_pretty(&vectors).map_err(|e| e.to_string())?;
    write(&arguments.out.join(LIST), &(list + "\n"))?;
    let rules: BTreeSet<&String> = vectors.iter().flat_map(|v| &v.fires).collect();
    let mut out =
        format!("{} faults that {} rules must find, in {}\n", vectors.len(), rules.len(), shown(&arguments.out));
    if !left_out.is_empty() {
        let _ = writeln!(
            out,
            "left out: {} that could be made, but whose rules say nothing new of this message ({})",
            left_out.len(),
            left_out.join(" ")
        );
    }
    print(&out);
    Ok(Status::Fine)
}

fn wanted(mutation: &Mutation, rules: &[String]) -> bool {
    !mutation.edits.is_empty() && (rules.is_empty() || mutation.fires.iter().any(|id| rules.contains(id)))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|e| format!("{}: {}", shown(path), reason(&e)))
}

/// The ids of all rules that the rule files make.
pub fn rules(graph: &RuleGraph) -> Vec<(String, String)> {
    graph.rules_of_files().map(|(id, title)| (id.to_owned(), title.to_owned())).collect()
}
