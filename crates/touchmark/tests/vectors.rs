//! The vectors of `test-vectors/`: each is checked as a user would, and each rule is broken by one and kept by another.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cases::{Case, Expected};
use serde_json::Value;
use touchmark::document::{self, Arena, Limits};
use touchmark::{
    Budget, Checker, Consultation, Membership, Options, Outside, Question, Resolver, RuleGraph, Suppressions,
    Terminology, rules,
};
use touchmark_fhirpath::{Environment, Expression, Scratch};

/// Rules that no document can break, by the beginning of their codes, with the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("definition-", "said of definitions, by lint, and never of a document"),
    ("syntax-exception", "a fault of the program; the command's tests make one"),
    ("syntax-other", "stands for faults that a later reader may name"),
];

#[test]
fn each_vector_finds_what_it_names() {
    let graph = cases::graph();
    let mut checker = Checker::new(&graph);
    let mut wrong = Vec::new();
    for case in cases::all() {
        let found = outcome(&graph, &mut checker, &case);
        if found != case.expected {
            wrong.push(format!("{}\n  expected {:?}\n  found    {found:?}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A row of the table: how many vectors break a rule, and how many keep it.
#[derive(Default)]
struct Row {
    broken: u32,
    kept: u32,
}

#[test]
fn each_rule_has_a_vector_that_breaks_it_and_one_that_keeps_it() {
    let mut rows: BTreeMap<String, Row> = rules::all().map(|r| (r.code.to_owned(), Row::default())).collect();
    for case in cases::all() {
        let row = rows.get_mut(&case.rule).unwrap_or_else(|| panic!("{}: no rule {}", case.name, case.rule));
        if case.expected.is_empty() {
            row.kept += 1;
        } else {
            row.broken += 1;
        }
    }
    for (code, row) in &rows {
        println!("{code:28} {:3} broken {:3} kept", row.broken, row.kept);
    }
    let lacking: Vec<&str> =
        rows.iter().filter(|(_, r)| r.broken == 0 || r.kept == 0).map(|(code, _)| &**code).collect();
    let reason = |code: &str| WITHOUT.iter().any(|(begin, _)| code.starts_with(begin));
    let unexplained: Vec<&str> = lacking.iter().copied().filter(|code| !reason(code)).collect();
    let sum = |count: fn(&Row) -> u32| rows.values().map(count).sum::<u32>();
    println!(
        "{} rules, {} with both: {} vectors that break one, {} that keep one",
        rows.len(),
        rows.len() - lacking.len(),
        sum(|r| r.broken),
        sum(|r| r.kept)
    );
    assert!(unexplained.is_empty(), "no vector for {unexplained:?}");
    let covered: Vec<&str> = rows.keys().map(|code| &**code).filter(|c| reason(c) && !lacking.contains(c)).collect();
    assert!(covered.is_empty(), "{covered:?} have vectors after all");
}

#[test]
fn each_vector_breaks_one_rule_and_stands_in_the_folder_of_its_kind() {
    for case in cases::all() {
        let kind = case.rule.split('-').next();
        assert_eq!(case.name.split('/').next(), kind, "{}", case.name);
        // The finding of a message rule bears the rule's own id.
        let own = |e: &Expected| e.code == case.rule || case.rule == "message-rule";
        assert!(case.expected.iter().all(own), "{} names other rules", case.name);
        let says = if case.expected.is_empty() { ".kept." } else { ".broken." };
        assert!(case.name.contains(says), "{} is not named {says}", case.name);
    }
}

#[test]
fn each_expression_leads_to_one_node() {
    let graph = cases::graph();
    let (mut checker, mut arena, mut scratch) = (Checker::new(&graph), Arena::new(), Scratch::new());
    for case in cases::all() {
        let report = checker.check(&case.bytes, &Options::default());
        let Ok(text) = document::decode(&case.bytes) else { continue };
        let Ok(read) = document::parse(&text, &mut arena, graph.names(), Limits::default()) else { continue };
        // Where no type is given there is no name to begin an expression with.
        for finding in report.findings().filter(|f| f.expression != Some("Resource")) {
            for (place, second) in [(finding.expression, false), (finding.also, true)] {
                let Some(place) = place else { continue };
                let expression = Expression::parse(place).expect("an expression");
                let found = expression.evaluate(read.root(), &Environment::default(), &mut scratch);
                // An empty array has a place and is no node.
                let nodes = usize::from(!second || finding.rule.code != "syntax-empty-array");
                assert_eq!(found.map(|found| found.len()).ok(), Some(nodes), "{}: {place}", case.name);
            }
        }
    }
}

#[test]
fn each_file_is_a_vector() {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for case in cases::all() {
        named.extend(case.suppress.map(|file| file.strip_prefix(cases::folder()).unwrap().display().to_string()));
        named.insert(case.name);
    }
    for folder in cases::folders() {
        // The folders in it have lists and tests of their own.
        for file in cases::files(&folder).into_iter().filter(|file| file.is_file()) {
            let name = format!("{}/{}", folder.file_name().unwrap().display(), file.file_name().unwrap().display());
            assert!(name.ends_with("/cases.json") || named.contains(&name), "{name} is in no list");
        }
    }
}

/// What the outcome says, as the vectors write it: all from warnings up, and of the milder ones those of the rule.
fn outcome<'g>(graph: &'g RuleGraph, checker: &mut Checker<'g>, case: &Case) -> Vec<Expected> {
    let absent = Absent(&case.absent);
    let findings = case.findings.unwrap_or(Budget::default().findings);
    let service = case.service.map(Service);
    let consultation = service.as_ref().map(|service| Consultation::new(service));
    let mut suppressions = Suppressions::default();
    if let Some(file) = &case.suppress {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        suppressions.add(&file.display().to_string(), &text, graph).expect("a suppression file");
    }
    let options = Options {
        budget: Budget { findings, ..Budget::default() },
        resolver: Some(&absent),
        suppressions: Some(&suppressions),
        source: Some(&case.name),
        must_support: case.must_support,
        advice: case.advice,
        terminology: consultation.as_ref(),
        ..Options::default()
    };
    let mut written = Vec::new();
    checker.check(&case.bytes, &options).write_json(&mut written);
    let outcome: Value = serde_json::from_slice(&written).expect("an outcome");
    let issues = outcome["issue"].as_array().expect("issues").iter().map(|issue| Expected {
        code: issue["details"]["coding"][0]["code"].as_str().expect("a code").to_owned(),
        severity: issue["severity"].as_str().expect("a severity").to_owned(),
        expression: issue["expression"][0].as_str().map(str::to_owned),
        also: issue["expression"][1].as_str().map(str::to_owned),
        line: issue["extension"][0]["valueInteger"].as_u64(),
    });
    let named = |issue: &Expected| issue.code == case.rule;
    let mut found: Vec<Expected> = issues.filter(|issue| issue.severity != "information" || named(issue)).collect();
    for (found, expected) in found.iter_mut().zip(&case.expected) {
        found.line = found.line.filter(|_| expected.line.is_some());
    }
    found
}

/// A resolver that knows of some references that they lead to nothing.
struct Absent<'c>(&'c [String]);

impl Resolver for Absent<'_> {
    fn resolve(&self, reference: &str) -> Outside {
        if self.0.iter().any(|absent| absent == reference) { Outside::Absent } else { Outside::Unknown }
    }
}

/// A terminology service that knows every code, or fails at every question.
struct Service(bool);

impl Terminology for Service {
    fn ask(&self, _: Question<'_>) -> Result<Membership, String> {
        if self.0 { Ok(Membership::Member(Vec::new())) } else { Err("no route to host".to_owned()) }
    }
}
