//! Every rule that a profile adds to its base is broken by an instance made for it, and found there: only it, and in its place.
//! What is not so stands in `docs/rule-mutants.tsv`, with the reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use touchmark::document::Format;
use touchmark::vectors::generate::{Generator, Kind, Outcome, added};
use touchmark::{DefinitionId, Library, RuleGraph};

/// The packs whose rules are broken.
const PACKS: [&str; 2] = ["itk", "careconnect"];

/// What may come of a rule, as the list has it; `alone` is not listed.
const STATES: [(&str, &str); 5] = [
    ("alone", "the fault is found in its place, and nothing else"),
    ("together", "the fault is found in its place, and with it what asks for the same"),
    ("beside", "as alone, but the definition contradicts itself: every instance has the error that is named"),
    ("spared", "no instance is wrong by the rule, or none can be said to be"),
    ("alive", "the fault is not found: never in this list"),
];

/// A rule and what came of it.
struct Row {
    profile: String,
    rule: String,
    kind: Kind,
    state: &'static str,
    reason: String,
}

fn graph() -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    RuleGraph::new(library)
}

/// The profiles of the packs: of each canonical the definition that stands for it, or every version of those that an instance
/// can be checked by (an extension is always judged by the one that its url stands for).
fn profiles(graph: &RuleGraph, all_versions: bool) -> Vec<DefinitionId> {
    let library = graph.library();
    let entries = library.entries().iter().enumerate();
    let of_packs = entries.filter(|(_, e)| {
        e.resource == "StructureDefinition" && PACKS.contains(&&*library.packages()[e.package as usize].name)
    });
    let ids = of_packs.map(|(number, entry)| (DefinitionId(number as u32), entry));
    let stands = |id: DefinitionId, url: &str| library.find(url) == Some(id);
    ids.filter(|(id, e)| stands(*id, &e.url) || all_versions && e.type_name != "Extension").map(|(id, _)| id).collect()
}

fn break_each_rule(graph: &RuleGraph, profiles: &[DefinitionId]) -> Vec<Row> {
    let of_profile = |id: &DefinitionId| {
        let mut generator = Generator::new(graph);
        let Some(profile) = graph.profile(*id) else { return Vec::new() };
        let name = format!("{}|{}", profile.url, profile.version);
        let row = |rule| {
            let (state, reason) = match generator.kill(*id, &rule, Format::Xml) {
                Outcome::Killed(pair) if !pair.known.is_empty() => ("beside", pair.known.join(", ")),
                Outcome::Killed(pair) if !pair.also.is_empty() => ("together", pair.also.join(", ")),
                Outcome::Killed(_) => ("alone", String::new()),
                Outcome::Spared(reason) => ("spared", reason),
                Outcome::Alive(found) => ("alive", found),
            };
            Row { profile: name.clone(), rule: rule.id, kind: rule.kind, state, reason }
        };
        added(graph, profile).into_iter().map(row).collect()
    };
    profiles.par_iter().flat_map_iter(of_profile).collect()
}

/// The list: how many rules of each kind came to what, and which are not broken alone, profile by profile and reason by reason.
fn list(rows: &[Row]) -> String {
    let mut out =
        String::from("# Written by a test (tests/rule_mutants.rs of touchmark); not to be changed by hand.\n");
    for (state, meaning) in STATES {
        let count = rows.iter().filter(|r| r.state == state).count();
        let _ = writeln!(out, "# {state}: {count} of {} rules; {meaning}", rows.len());
    }
    let mut kinds: BTreeMap<Kind, [usize; STATES.len()]> = BTreeMap::new();
    for row in rows {
        let at = STATES.iter().position(|(state, _)| *state == row.state).expect("a state of the list");
        kinds.entry(row.kind).or_default()[at] += 1;
    }
    let _ = writeln!(out, "# kind {}", STATES.map(|(state, _)| state).join(" "));
    for (kind, counts) in kinds {
        let _ = writeln!(out, "# {} {}", kind.name(), counts.map(|c| c.to_string()).join(" "));
    }
    out.push_str("profile\tstate\treason\trules\n");
    let mut groups: BTreeMap<(&str, &str, &str), Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.state != "alone") {
        let group = groups.entry((&row.profile, row.state, &row.reason)).or_default();
        group.push(format!("{} {}", row.rule, row.kind.name()));
    }
    for ((profile, state, reason), rules) in groups {
        let _ = writeln!(out, "{profile}\t{state}\t{reason}\t{}", rules.join(", "));
    }
    out
}

fn alive(rows: &[Row]) -> String {
    let alive = rows.iter().filter(|r| r.state == "alive");
    alive.map(|r| format!("{} {} {}: {}\n", r.profile, r.rule, r.kind.name(), r.reason)).collect()
}

#[test]
fn each_rule_is_broken_alone_or_listed_with_the_reason() {
    let graph = graph();
    let rows = break_each_rule(&graph, &profiles(&graph, false));
    assert_eq!(alive(&rows), "", "faults that nobody finds");
    let list = list(&rows);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rule-mutants.tsv");
    if std::env::var_os("TOUCHMARK_WRITE").is_some() {
        fs::write(&file, &list).expect("the list can be written");
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    let differs = list.lines().zip(known.lines()).find(|(now, listed)| now != listed);
    assert!(
        list == known,
        "docs/rule-mutants.tsv differs (TOUCHMARK_WRITE=1 cargo test -p touchmark --test rule_mutants writes it): {differs:?}"
    );
}

#[test]
fn each_rule_of_every_version_is_broken_alone_or_has_a_reason() {
    let graph = graph();
    let rows = break_each_rule(&graph, &profiles(&graph, true));
    println!("{}", list(&rows).lines().take_while(|l| l.starts_with('#')).collect::<Vec<_>>().join("\n"));
    assert_eq!(alive(&rows), "", "faults that nobody finds");
}
