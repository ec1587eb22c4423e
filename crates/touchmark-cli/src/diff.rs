//! `touchmark diff`: what changed in what is required between two versions of a profile.

use std::fmt::Write;
use std::path::Path;

use clap::Args;
use serde_json::json;
use touchmark::differences::{Change, differences, summary};
use touchmark::{DefinitionId, Library, RuleGraph};

use crate::arguments::{Definitions, PageFormat};
use crate::{Failure, Status, definitions, print, published};

/// Say what changed in what is required between two versions of a profile: narrower, wider or neither, by element.
///
/// Exit status: 0 nothing changed, 1 something did, 2 could not run.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark diff old/patient.xml new/patient.xml
  touchmark diff 'https://example.org/StructureDefinition/Patient|1.0.0' https://example.org/StructureDefinition/Patient")]
pub struct Diff {
    /// The old version: a file, or a canonical url, perhaps with |version
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The new version
    #[arg(value_name = "NEW")]
    pub new: String,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    #[command(flatten)]
    pub definitions: Definitions,
}

/// Runs the command.
pub fn run(arguments: &Diff) -> Result<Status, Failure> {
    let mut library = definitions::library(&arguments.definitions)?;
    let (old, new) = (find(&mut library, &arguments.old)?, find(&mut library, &arguments.new)?);
    let graph = RuleGraph::new(library);
    let profile = |id, name: &str| graph.profile(id).ok_or_else(|| format!("{name} is no profile that can be used"));
    let (a, b) = (profile(old, &arguments.old)?, profile(new, &arguments.new)?);
    let changes = differences(a, b);
    print(&match arguments.format {
        PageFormat::Text => text(&changes, &title(&graph, old), &title(&graph, new)),
        PageFormat::Json => {
            let rows: Vec<_> = changes
                .iter()
                .map(|c| {
                    json!({"element": c.element, "what": c.what, "from": c.from, "to": c.to, "direction": c.direction.code()})
                })
                .collect();
            let sum = summary(&changes).map_or("same", |s| s.code());
            let whole = json!({"old": title(&graph, old), "new": title(&graph, new), "summary": sum, "changes": rows});
            format!("{whole:#}\n")
        }
    });
    Ok(if changes.is_empty() { Status::Fine } else { Status::Findings })
}

/// The definition in a file, or the one that is loaded.
fn find(library: &mut Library, subject: &str) -> Result<DefinitionId, Failure> {
    let mut found = None;
    if Path::new(subject).exists() {
        published::load(library, Path::new(subject), &mut |file| {
            if let published::Found::Definition(id, _) = file {
                found = found.or(Some(id));
            }
        })?;
    } else {
        found = library.find(subject);
    }
    found.ok_or_else(|| format!("{subject} is no file of a definition and no loaded definition"))
}

fn title(graph: &RuleGraph, id: DefinitionId) -> String {
    let entry = graph.library().entry(id);
    if entry.version.is_empty() { entry.url.to_string() } else { format!("{}|{}", entry.url, entry.version) }
}

fn text(changes: &[Change], old: &str, new: &str) -> String {
    let mut out = format!("from  {old}\nto    {new}\n\n");
    let Some(sum) = summary(changes) else {
        out.push_str("nothing changed in what is required\n");
        return out;
    };
    let width = changes.iter().map(|c| c.element.chars().count()).max().unwrap_or(0).min(60);
    for change in changes {
        let Change { element, what, from, to, direction } = change;
        let _ = writeln!(out, "{:<9} {element:<width$}  {what}: {from} → {to}", direction.code());
    }
    let _ = writeln!(out, "\n{} changes; as a whole: {}", changes.len(), sum.code());
    out
}
