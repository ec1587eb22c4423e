//! Every rule that a profile adds to its base is broken by an instance made for it, and found there: only it, and in its place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rayon::prelude::*;
use touchmark::document::Format;
use touchmark::vectors::generate::{Generator, Outcome, added};
use touchmark::{DefinitionId, Library, RuleGraph};

fn graph() -> RuleGraph {
    let mut library = Library::new();
    // Profiles alone: what rule files say of messages is no matter of a profile's instance.
    let wanted = |pack: &touchmark::Package| !pack.name.ends_with("-rules");
    library.add_image(touchmark_packs::image(), wanted).expect("an image of this version");
    RuleGraph::new(library)
}

fn profiles(graph: &RuleGraph) -> Vec<DefinitionId> {
    let library = graph.library();
    let packs = ["itk", "careconnect"];
    let entries = library.entries().iter().enumerate();
    let of_packs = entries.filter(|(_, e)| {
        e.resource == "StructureDefinition" && packs.contains(&&*library.packages()[e.package as usize].name)
    });
    let ids = of_packs.map(|(number, _)| DefinitionId(number as u32));
    // Of each canonical the definition that stands for it.
    ids.filter(|id| library.find(&library.entry(*id).url) == Some(*id)).collect()
}

#[test]
fn each_rule_of_a_differential_has_a_mutant_that_is_killed() {
    let graph = graph();
    let rows: Vec<(String, String, String, String)> = profiles(&graph)
        .par_iter()
        .flat_map_iter(|id| {
            let mut generator = Generator::new(&graph);
            let Some(profile) = graph.profile(*id) else { return Vec::new() };
            let name = format!("{}|{}", profile.url, profile.version);
            let rules = added(&graph, profile);
            rules.iter().map(|rule| {
                let what = format!("{}\t{}\t{}", rule.id, rule.kind.name(), rule.detail);
                let (state, reason) = match generator.kill(*id, rule, Format::Xml) {
                    Outcome::Killed(pair) if pair.also.is_empty() => ("killed", pair.code.to_owned()),
                    Outcome::Killed(pair) => ("together", format!("{} and {}", pair.code, pair.also.join(", "))),
                    Outcome::Excused(reason) => ("excused", reason),
                    Outcome::Alive(found) => ("alive", found),
                };
                (name.clone(), what, state.to_owned(), reason)
            }).collect()
        })
        .collect();
    let mut out = String::new();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (name, what, state, reason) in &rows {
        *counts.entry(state.clone()).or_default() += 1;
        let _ = writeln!(out, "{state}\t{name}\t{what}\t{reason}");
    }
    std::fs::write("/tmp/mutants.tsv", &out).unwrap();
    println!("{counts:?}");
}
