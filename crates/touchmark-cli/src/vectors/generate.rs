//! `touchmark vectors generate`: instances of profiles, one that conforms and, for each rule of a profile, one that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use touchmark::document::Format;
use touchmark::vectors::Vector;
use touchmark::vectors::generate::{Added, Generator, Outcome, Pair, added};
use touchmark::{Checker, DefinitionId, Options, RuleGraph, Severity};

use super::{LIST, ids, write};
use crate::arguments::Definitions;
use crate::definitions;
use crate::explain;
use crate::inputs::{reason, shown};
use crate::{Failure, Status, print};

/// Write instances of profiles: one that conforms and, for each rule that the profile adds to its base, one that breaks it.
///
/// Each profile gets a folder with a vectors.json that `touchmark vectors run` reads. An extension stands in a resource that
/// has a place for it. Rules that no instance can break alone are listed with the reason.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status: 0 all faults are found, 1 some are not, 2 something could not be run.

Examples:
  touchmark vectors generate My-Patient-1 --package profiles/ --out patient/
  touchmark vectors generate https://example.org/StructureDefinition/hen --package hens/ --out hens/ --format json")]
pub struct Generate {
    /// Profiles, by canonical url (with |version where another than the newest is meant) or by name
    #[arg(value_name = "PROFILE", required = true)]
    profiles: Vec<String>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How the instances are written
    #[arg(long, value_enum, default_value_t = Written::Xml)]
    format: Written,
    #[command(flatten)]
    definitions: Definitions,
}

/// The formats of FHIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Written {
    Xml,
    Json,
}

impl Written {
    fn format(self) -> Format {
        match self {
            Written::Xml => Format::Xml,
            Written::Json => Format::Json,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Written::Xml => "xml",
            Written::Json => "json",
        }
    }
}

/// Runs the command.
pub fn run(arguments: &Generate) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let mut found = Vec::new();
    for name in &arguments.profiles {
        found.push(explain::find_profile(&graph, name)?);
    }
    let (mut status, mut taken) = (Status::Fine, BTreeSet::new());
    for id in found {
        if Folder::new(&graph, id, arguments, &mut taken)?.fill()? > 0 {
            status = Status::Findings;
        }
    }
    Ok(status)
}

/// The folder of one profile while it is filled.
struct Folder<'g> {
    graph: &'g RuleGraph,
    profile: DefinitionId,
    path: PathBuf,
    written: Written,
    checker: Checker<'g>,
    vectors: Vec<Vector>,
    /// The files of the instances that conform, by their text.
    kept: BTreeMap<String, String>,
}

impl<'g> Folder<'g> {
    fn new(
        graph: &'g RuleGraph,
        profile: DefinitionId,
        arguments: &Generate,
        taken: &mut BTreeSet<String>,
    ) -> Result<Self, Failure> {
        let url = &graph.library().entry(profile).url;
        let name = safe(url.rsplit('/').next().unwrap_or(url));
        // Two profiles may have one name, at different urls.
        let mut folder = name.clone();
        for number in 2.. {
            if taken.insert(folder.clone()) {
                break;
            }
            folder = format!("{name}-{number}");
        }
        let path = arguments.out.join(folder);
        fs::create_dir_all(&path).map_err(|e| format!("{}: {}", shown(&path), reason(&e)))?;
        let (checker, written) = (Checker::new(graph), arguments.format);
        Ok(Folder { graph, profile, path, written, checker, vectors: Vec::new(), kept: BTreeMap::new() })
    }

    /// Writes the instances and their list; returns how many faults nobody finds.
    fn fill(&mut self) -> Result<usize, Failure> {
        let mut generator = Generator::new(self.graph);
        let Some(profile) = self.graph.profile(self.profile) else {
            let url = &self.graph.library().entry(self.profile).url;
            return Err(format!("{url} is no profile that can be used; touchmark lint says why"));
        };
        let rules = added(self.graph, profile);
        let mut out = String::new();
        let (mut broken, mut spared, mut alive) = (0, 0, 0);
        match generator.conforming(self.profile, self.written.format()) {
            Ok(text) => drop(self.keep("conforming", text)?),
            Err(found) => drop(writeln!(out, "no instance that conforms was made: {found}")),
        }
        for (number, rule) in rules.iter().enumerate() {
            match generator.kill(self.profile, rule, self.written.format()) {
                Outcome::Killed(pair) => {
                    broken += 1;
                    self.pair(number + 1, rule, *pair)?;
                }
                Outcome::Spared(reason) => {
                    spared += 1;
                    let _ = writeln!(out, "spared      {} {}: {reason}", rule.id, rule.kind.name());
                }
                Outcome::Alive(found) => {
                    alive += 1;
                    let _ = writeln!(out, "NOT FOUND   {} {}: {found}", rule.id, rule.kind.name());
                }
            }
        }
        let list = serde_json::to_string_pretty(&self.vectors).map_err(|e| e.to_string())?;
        write(&self.path.join(LIST), &(list + "\n"))?;
        let name = &self.graph.library().entry(self.profile).url;
        let _ = writeln!(
            out,
            "{name}: {broken} of {} rules broken, {spared} spared, {alive} not found; {} instances in {}",
            rules.len(),
            self.vectors.len(),
            shown(&self.path)
        );
        print(&out);
        Ok(alive)
    }

    /// Writes an instance that conforms, unless there is one with this text. Returns its file.
    fn keep(&mut self, name: &str, text: String) -> Result<String, Failure> {
        if let Some(known) = self.kept.get(&text) {
            return Ok(known.clone());
        }
        let file = format!("{name}.{}", self.written.extension());
        let may = self.found(&text, Severity::Error).into_iter().collect();
        write(&self.path.join(&file), &text)?;
        self.vectors.push(Vector { file: file.clone(), title: "conforms".into(), may, ..Vector::default() });
        self.kept.insert(text, file.clone());
        Ok(file)
    }

    fn pair(&mut self, number: usize, rule: &Added, pair: Pair) -> Result<(), Failure> {
        let before = self.found(&pair.kept, Severity::Information);
        let kept = self.keep(&format!("{number:03}-kept"), pair.kept)?;
        let after = self.found(&pair.broken, Severity::Information);
        let mut fires: Vec<String> = after.difference(&before).cloned().collect();
        if fires.is_empty() {
            // The same rule is broken elsewhere already, since the definition contradicts itself.
            fires.push(pair.code.to_owned());
        }
        let file = format!("{number:03}-{}-{}.{}", rule.kind.name(), safe(&rule.id), self.written.extension());
        write(&self.path.join(&file), &pair.broken)?;
        self.vectors.push(Vector {
            file,
            title: format!(
                "{} {} {} at {}; otherwise as {kept}",
                rule.id,
                rule.kind.name(),
                rule.detail,
                pair.expression
            ),
            may: after.into_iter().filter(|id| !fires.contains(id)).collect(),
            fires,
            ..Vector::default()
        });
        Ok(())
    }

    /// What a check as the user makes it finds.
    fn found(&mut self, text: &str, least: Severity) -> BTreeSet<String> {
        ids(&self.checker.check(text.as_bytes(), &Options::default()), least)
    }
}

/// A name that can be that of a file.
fn safe(name: &str) -> String {
    let letter = |l: char| if l.is_ascii_alphanumeric() || matches!(l, '-' | '.' | '_') { l } else { '_' };
    name.chars().map(letter).take(120).collect()
}
