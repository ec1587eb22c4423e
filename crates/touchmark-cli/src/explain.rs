//! `touchmark explain`: the page of a rule or an invariant, or what a profile requires and where each rule comes from.

mod element;
mod invariant;
mod rule_of_file;

use std::fmt::Write;

use serde_json::{Value, json};
use touchmark::graph::{ElementId, Profile};
use touchmark::{Defect, DefinitionId, Rule, RuleGraph, messages, rules};

use crate::arguments::{Explain, PageFormat};
use crate::definitions;
use crate::{Failure, Status, print};
use element::Described;

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<Status, Failure> {
    if let Some(rule) = rules::find(&arguments.subject) {
        print(&match arguments.format {
            PageFormat::Text => page(rule),
            PageFormat::Json => format!("{:#}\n", row(rule)),
        });
        return Ok(Status::Fine);
    }
    let graph = definitions::load(&arguments.definitions)?;
    if let Some(page) = messages::page(graph.library(), &arguments.subject) {
        print(&match arguments.format {
            PageFormat::Text => rule_of_file::text(&page),
            PageFormat::Json => format!("{:#}\n", rule_of_file::json(&page)),
        });
        return Ok(Status::Fine);
    }
    let invariants = invariant::find(&graph, &arguments.subject);
    if !invariants.is_empty() {
        print(&match arguments.format {
            PageFormat::Text => invariant::text(&graph, &invariants),
            PageFormat::Json => format!("{:#}\n", invariant::json(&graph, &invariants)),
        });
        return Ok(Status::Fine);
    }
    let id = find_profile(&graph, &arguments.subject)?;
    let Some(profile) = graph.profile(id) else {
        return Err(format!(
            "{} is no profile that can be used: {}",
            arguments.subject,
            defects(&graph, id).join("; ")
        ));
    };
    let (profile, element) = match &arguments.element {
        None => (profile, ElementId::ROOT),
        Some(path) => element::find(&graph, profile, path)?,
    };
    print(&match arguments.format {
        PageFormat::Text if arguments.element.is_some() => element_text(&graph, profile, element),
        PageFormat::Text => profile_text(&graph, profile),
        PageFormat::Json => format!("{:#}\n", json(&graph, profile, element)),
    });
    Ok(Status::Fine)
}

/// Of each rule the vector that shows it, and how.
static EXAMPLES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// An example of a rule: where it is from, and its lines; `-` stands before those that break the rule, `+` before those that
/// keep it.
fn example(rule: &Rule) -> Option<(&'static str, String)> {
    if !rule.example.is_empty() {
        return Some(("", format!("  {}\n", rule.example)));
    }
    EXAMPLES.iter().find(|(code, ..)| *code == rule.code).map(|(_, source, text)| (*source, (*text).to_owned()))
}

fn page(rule: &Rule) -> String {
    let example = example(rule).map_or_else(String::new, |(source, lines)| {
        let from = if source.is_empty() { String::new() } else { format!(" ({source})") };
        let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
        format!("\nExample{from}:\n{lines}\n")
    });
    format!(
        "{}  ({}, {}{})\n\n{}\n\nWhy:   {}\nMend:  {}\n{example}Spec:  {}\nCode:  {}:{}\n",
        rule.code,
        rule.severity.code(),
        rule.kind,
        if rule.advice { ", advice" } else { "" },
        rule.says.replace('{', "<").replace('}', ">"),
        rule.why,
        rule.mend,
        rule.specification,
        rule.file,
        rule.line
    )
}

fn row(rule: &Rule) -> Value {
    json!({"code": rule.code, "severity": rule.severity.code(), "issueType": rule.kind, "advice": rule.advice, "says": rule.says, "why": rule.why,
           "mend": rule.mend,
           "example": example(rule).map(|(source, text)| json!({"source": source, "text": text})),
           "specification": rule.specification, "file": rule.file, "line": rule.line})
}

/// The profile with this url, or the one with this name, or whose url ends so.
pub fn find_profile(graph: &RuleGraph, subject: &str) -> Result<DefinitionId, Failure> {
    let library = graph.library();
    if let Some(id) = library.find(subject).or_else(|| library.find_type(subject)) {
        return Ok(id);
    }
    let profiles = || library.entries().iter().filter(|e| e.resource == "StructureDefinition");
    let last = |url: &str| url.rsplit('/').next().unwrap_or("").to_lowercase();
    let wanted = subject.to_lowercase();
    let urls = |fits: &dyn Fn(&touchmark::library::Entry) -> bool| {
        let mut urls: Vec<&str> = profiles().filter(|e| fits(e)).map(|e| &*e.url).collect();
        urls.sort_unstable();
        urls.dedup();
        urls
    };
    let found = urls(&|e| last(&e.url) == wanted || e.name.to_lowercase() == wanted);
    match found[..] {
        [only] => library.find(only).ok_or_else(String::new),
        [] => {
            let near = urls(&|e| last(&e.url).contains(&wanted));
            let near: Vec<&str> = near.into_iter().take(5).collect();
            let hint = if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) };
            Err(format!("there is no rule, no invariant and no profile {subject}{hint}"))
        }
        ref several => Err(format!("{subject} may be any of {}", several.join(", "))),
    }
}

/// `url|version (pack)`.
fn canonical(graph: &RuleGraph, id: DefinitionId) -> String {
    let entry = graph.library().entry(id);
    let version = if entry.version.is_empty() { String::new() } else { format!("|{}", entry.version) };
    format!("{}{version}", entry.url)
}

fn package(graph: &RuleGraph, id: DefinitionId) -> String {
    let library = graph.library();
    library.packages()[library.entry(id).package as usize].to_string()
}

fn defects(graph: &RuleGraph, id: DefinitionId) -> Vec<String> {
    let place = |d: &Defect| if d.element.is_empty() { String::new() } else { format!("{}: ", d.element) };
    graph.defects(id).iter().map(|d| format!("{}{} [{}]", place(d), d.sentence(), d.kind.code())).collect()
}

fn profile_text(graph: &RuleGraph, profile: &Profile) -> String {
    let mut out = format!("{}\n", canonical(graph, profile.id));
    let what = if profile.is_type { "defines" } else { "constrains" };
    let _ = writeln!(out, "{what} {} ({}); from {}\n", profile.type_name, profile.kind, package(graph, profile.id));
    tree(graph, profile, ElementId::ROOT, &mut out);
    for (number, defect) in defects(graph, profile.id).iter().enumerate() {
        out.push_str(if number == 0 { "\nNot honoured, as the definition is wrong:\n" } else { "" });
        let _ = writeln!(out, "  {defect}");
    }
    out
}

/// The element and what is below it: a line each, with the definition that last spoke of it where that is another than the first.
fn tree(graph: &RuleGraph, profile: &Profile, from: ElementId, out: &mut String) {
    let rows = element::below(graph, profile, from);
    let first = profile.elements[from.0 as usize].origin;
    let label = |r: &Described<'_>| 2 * r.depth + r.label().chars().count();
    let width = rows.iter().map(label).max().unwrap_or(0).min(46);
    for row in &rows {
        let name = format!("{}{}", "  ".repeat(row.depth), row.label());
        let mut facts = vec![row.types(graph)];
        // Slices have lines of their own, and invariants are named at the end.
        facts.extend(row.facts(graph).into_iter().filter_map(|(what, text)| match what {
            "invariant" | "slice" => None,
            "modifier" | "support" => Some(text),
            _ => Some(format!("{what} {text}")),
        }));
        let keys = row.invariants();
        if !keys.is_empty() {
            facts.push(format!("invariants {}", keys.join(" ")));
        }
        if row.element.origin != first {
            facts.push(format!("({})", graph.library().entry(row.element.origin).name));
        }
        facts.retain(|f| !f.is_empty());
        let _ =
            writeln!(out, "{}", format!("{name:<width$}  {:>5}  {}", row.cardinality(), facts.join("; ")).trim_end());
    }
}

fn element_text(graph: &RuleGraph, profile: &Profile, element: ElementId) -> String {
    let row = Described::of(profile, element);
    let mut out = format!("{}  {}  {}\n", row.element.id, row.cardinality(), row.types(graph));
    let _ = writeln!(out, "{:<12}{}", "of", canonical(graph, profile.id));
    let origin = row.element.origin;
    let _ = writeln!(out, "{:<12}{} ({})", "rules from", canonical(graph, origin), package(graph, origin));
    for (what, text) in row.facts(graph) {
        let _ = writeln!(out, "{what:<12}{text}");
    }
    out.push('\n');
    let below = element::below(graph, profile, element);
    if below.len() > 1 {
        tree(graph, profile, element, &mut out);
    } else if let Some(inner) = row.type_profile(graph) {
        let _ = writeln!(out, "Its parts are those of {}:\n", canonical(graph, inner.id));
        tree(graph, inner, ElementId::ROOT, &mut out);
    }
    out
}

fn json(graph: &RuleGraph, profile: &Profile, from: ElementId) -> Value {
    let elements: Vec<Value> = element::below(graph, profile, from).iter().map(|row| row.json(graph)).collect();
    json!({"url": profile.url, "version": profile.version, "type": profile.type_name, "kind": profile.kind,
           "package": package(graph, profile.id), "constrains": !profile.is_type,
           "defects": defects(graph, profile.id), "elements": elements})
}
