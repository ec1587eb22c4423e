//! Every constraint of the packs: a document that keeps it, one that breaks it, words for it, and the table of all.

mod constraints;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use constraints::{Case, Expected, cases, document, folder, repository};
use serde_json::Value;
use touchmark::document::{self, Arena, Limits};
use touchmark::fhirpath::{Environment, Expression, Scratch, Truth, resource_of};
use touchmark::{Checker, Library, Options, RuleGraph};

/// The generated table.
const TABLE: &str = "docs/constraint-keys.tsv";

/// Constraints of what messages carry that are not met both ways; `cases.json` has the reasons.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("ele-1", "@value|f:*|h:div"),
    (
        "eld-11",
        "binding.empty() or type.code.empty() or type.select((code = 'code') or (code = 'Coding') or (code='CodeableConcept') or (code = 'Quantity') or (code = 'Extension') or (code = 'string') or (code = 'uri')).exists()",
    ),
    ("inv-1", "substanceExposureRisk.exists() and code.empty()"),
    ("vs-2", "(component.empty() and related.empty()) implies (dataAbsentReason or value)"),
];

/// The function that FHIRPath leaves to its surroundings: here rules of their own judge the narrative.
const OUTSIDE: &str = "htmlchecks()";

/// A broken document differs from the kept one in this many values at most.
const MOST_DIFFERENT: usize = 4;

fn graph() -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    RuleGraph::new(library)
}

/// What the expression of a case comes to at its place in a document.
fn truth(graph: &RuleGraph, case: &Case, name: &str) -> Result<Truth, String> {
    let source = document(name);
    let (mut arena, mut scratch) = (Arena::new(), Scratch::new());
    let read = document::parse(&source, &mut arena, graph.names(), Limits::default()).map_err(|e| e.to_string())?;
    let types = graph.types();
    let parse = |text: &str| -> Result<Expression, String> {
        let mut expression = Expression::parse(text).map_err(|e| e.to_string())?;
        expression.bind(graph.names());
        Ok(expression)
    };
    let place = case.place.as_deref().ok_or("no place")?;
    let environment = Environment { model: &types, ..Environment::default() };
    let place_of = parse(place)?;
    let found = place_of.evaluate(read.root(), &environment, &mut scratch).map_err(|e| e.to_string())?;
    let node = match found.iter().next() {
        Some(touchmark::fhirpath::Item::Node(node)) if found.len() == 1 => *node,
        _ => return Err(format!("{place} is {} nodes of {name}", found.len())),
    };
    let environment = Environment { resource: Some(resource_of(node)), ..environment };
    let expression = parse(&case.expression)?;
    expression.evaluate_boolean(node, &environment, &mut scratch).map_err(|e| e.to_string())
}

/// Whether the expression of a constraint can be read at all.
fn evaluates(expression: &str) -> bool {
    Expression::parse(expression).is_ok()
}

/// What a check finds from warnings up, and the keys of the invariants that are broken or cannot be decided.
fn found(checker: &mut Checker<'_>, name: &str) -> (Vec<Expected>, Vec<String>) {
    let report = checker.check(document(name).as_bytes(), &Options::default());
    let keys = report.findings().filter_map(|f| Some(f.invariant?.key.to_owned())).collect();
    let findings = report.findings().filter(|f| f.severity >= touchmark::Severity::Warning);
    let findings = findings.map(|f| Expected {
        code: f.rule.code.to_owned(),
        severity: f.severity.code().to_owned(),
        expression: f.expression.unwrap_or_default().to_owned(),
    });
    (findings.collect(), keys)
}

#[test]
fn each_constraint_is_kept_by_one_document_and_broken_by_its_twin() {
    let graph = graph();
    let mut checker = Checker::new(&graph);
    let mut wrong = Vec::new();
    let mut say = |case: &Case, name: &str, what: String| wrong.push(format!("{} in {name}: {what}", case.key));
    for case in cases() {
        let inside = case.expression != OUTSIDE;
        if let Some(kept) = &case.kept {
            let truth = truth(&graph, &case, kept);
            if inside && truth != Ok(Truth::True) {
                say(&case, kept, format!("the expression is {truth:?}, not true"));
            }
            // Others may be undecided: `obs-7` is of every value without components.
            let (findings, keys) = found(&mut checker, kept);
            if !findings.is_empty() || keys.contains(&case.key) {
                say(&case, kept, format!("{findings:?} and the keys {keys:?} are found"));
            }
        }
        if let Some(broken) = &case.broken {
            let truth = truth(&graph, &case, broken);
            if inside && truth != Ok(Truth::False) {
                say(&case, broken, format!("the expression is {truth:?}, not false"));
            }
            let (findings, keys) = found(&mut checker, broken);
            if findings != case.expected {
                say(&case, broken, format!("found {findings:?}"));
            }
            let by_itself = case.expected.iter().any(|e| e.code == "invariant-failed");
            if by_itself && !keys.contains(&case.key) {
                say(&case, broken, format!("the keys {keys:?} are found"));
            }
            if case.expected.len() > 1 && case.note.is_none() {
                say(&case, broken, "several findings, and no note says why".into());
            }
        }
        if let Some(tried) = &case.tried {
            let truth = truth(&graph, &case, tried);
            if !matches!(truth, Ok(Truth::True | Truth::Unknown)) {
                say(&case, tried, format!("the expression is {truth:?}: it can be broken after all"));
            }
            let (findings, _) = found(&mut checker, tried);
            if !findings.is_empty() {
                say(&case, tried, format!("found {findings:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn twins_differ_in_little() {
    for case in cases() {
        let (Some(kept), Some(broken)) = (&case.kept, &case.broken) else { continue };
        let values = |name: &str| {
            let mut out = BTreeSet::new();
            let document: Value = serde_json::from_str(&document(name)).expect("JSON");
            leaves(&document, "", &mut out);
            out
        };
        let (kept, broken) = (values(kept), values(broken));
        let most = kept.difference(&broken).count().max(broken.difference(&kept).count());
        assert!((1..=MOST_DIFFERENT).contains(&most), "{}: {most} values differ", case.key);
    }
}

fn leaves(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(parts) => parts.iter().for_each(|(name, part)| leaves(part, &format!("{path}.{name}"), out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| leaves(item, &format!("{path}[{number}]"), out));
        }
        _ => drop(out.insert(format!("{path} = {value}"))),
    }
}

#[test]
fn each_file_is_named_by_one_case() {
    let cases = cases();
    let named: Vec<&String> = cases.iter().flat_map(Case::files).collect();
    let unique: BTreeSet<&String> = named.iter().copied().collect();
    assert_eq!(unique.len(), named.len(), "a file is named twice");
    for entry in fs::read_dir(folder()).expect("the folder of the vectors") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        assert!(name == "cases.json" || unique.contains(&name), "{name} is in no case");
    }
}

#[test]
fn what_messages_carry_is_kept_and_broken() {
    let graph = graph();
    let constraints = constraints::all(graph.library());
    let cases = cases();
    let mut lacking = BTreeSet::new();
    let mut both = 0;
    for constraint in constraints.iter().filter(|(_, c)| c.carried).map(|(constraint, _)| constraint) {
        let of: Vec<&Case> = cases.iter().filter(|case| case.constraint() == *constraint).collect();
        assert!(!of.is_empty(), "{}: {} has no case", constraint.0, constraint.1);
        if of.iter().any(|case| case.kept.is_some()) && of.iter().any(|case| case.broken.is_some()) {
            both += 1;
        } else {
            assert!(of.iter().all(|case| case.reason.is_some()), "{} has no reason", constraint.0);
            lacking.insert((&*constraint.0, &*constraint.1));
        }
    }
    println!("{both} constraints of what messages carry are kept and broken, {} are not", lacking.len());
    assert!(both > 100);
    assert_eq!(lacking, BTreeSet::from(EXCEPTIONS));
}

#[test]
fn the_words_are_those_of_the_constraints() {
    let graph = graph();
    let constraints = constraints::all(graph.library());
    let words = graph.invariant_words();
    for ((key, expression), _) in constraints.iter().filter(|((_, expression), _)| evaluates(expression)) {
        assert!(words.find(key, expression).is_some(), "no words for {key}: {expression}");
    }
    let cases = cases();
    for words in words.all() {
        let (key, expression) = (&words.key, &words.expression);
        assert!(constraints.contains_key(&(key.clone(), expression.clone())), "no constraint {key}: {expression}");
        let letters = words.holds.chars().count();
        assert!((15..=140).contains(&letters) && !words.holds.ends_with('.'), "{key}: {}", words.holds);
        let demands = ["must", "may", "should"].iter().any(|word| words.holds.split(' ').any(|w| w == *word));
        assert!(demands, "{key}: a sentence that demands nothing: {}", words.holds);
        let of = |c: &&Case| c.key == *key && c.expression == *expression;
        let Some(case) = cases.iter().find(of) else { panic!("no case for {key}") };
        let rule = case.expected.first().map_or("invariant-failed", |e| &*e.code);
        assert_eq!(words.found_by.as_deref().unwrap_or("invariant-failed"), rule, "{key}");
        assert_eq!(words.note.as_ref(), case.reason.as_ref().or(case.note.as_ref()), "{key}");
        // The example is what stands at the place in the vectors.
        let example = words.example();
        assert_eq!(example.as_ref().map(|e| &e.at), case.place.as_ref(), "{key}");
        for (name, shown) in [
            (&case.kept, example.as_ref().and_then(|e| e.kept.as_ref())),
            (&case.broken, example.as_ref().and_then(|e| e.broken.as_ref())),
        ] {
            let whole = name.as_ref().map(|name| serde_json::from_str::<Value>(&document(name)).expect("JSON"));
            let at = whole.as_ref().map(|whole| part(whole, case.place.as_deref().unwrap_or("")));
            assert_eq!(at, shown, "{key}");
        }
    }
}

/// What stands in JSON at a place such as `Observation.value` or `Patient.name[0]`.
fn part<'v>(document: &'v Value, place: &str) -> &'v Value {
    place.split('.').skip(1).fold(document, |at, step| {
        let (name, index) = step.split_once('[').map_or((step, None), |(name, index)| (name, Some(index)));
        let parts = at.as_object().unwrap_or_else(|| panic!("{step} of {at}"));
        let is_meant = |key: &str| {
            let choice = key.strip_prefix(name).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            choice || key.strip_prefix('_') == Some(name)
        };
        let found = parts.get(name).or_else(|| parts.iter().find(|(key, _)| is_meant(key)).map(|(_, part)| part));
        let found = found.unwrap_or_else(|| panic!("{step} of {at}"));
        match index {
            Some(index) => &found[index.trim_end_matches(']').parse::<usize>().expect("an index")],
            None => found,
        }
    })
}

#[test]
fn a_finding_says_what_must_hold_and_shows_the_values() {
    let graph = graph();
    let mut checker = Checker::new(&graph);
    let mut said = |document: &str, values| {
        let report = checker.check(document.as_bytes(), &Options { values, ..Options::default() });
        let failed = report.findings().find(|f| f.rule.code == "invariant-failed");
        failed.map_or_else(String::new, |f| f.text.to_owned())
    };
    // What an entry holds is called by its type.
    let bundle = r#"{"resourceType": "Bundle", "type": "collection", "entry": [{
        "fullUrl": "urn:uuid:6f1a0c52-90d4-4f3e-a7b1-000000000001",
        "resource": {"resourceType": "Organization", "active": true}}]}"#;
    assert_eq!(
        said(bundle, touchmark::Values::Show),
        "Organization breaks the invariant org-1: an organization must have an identifier or a name"
    );
    let mut text = |name: &str, values| said(&document(name), values);
    assert_eq!(
        text("per-1.broken.json", touchmark::Values::Show),
        "period breaks the invariant per-1: a period must not end before it starts (start: '2019-01-01', end: '2018-01-01')"
    );
    assert_eq!(
        text("per-1.broken.json", touchmark::Values::Mask),
        "period breaks the invariant per-1: a period must not end before it starts (start: a value of the form 9999-99-99, \
         end: a value of the form 9999-99-99)"
    );
    assert_eq!(
        text("rng-2.broken.json", touchmark::Values::Show),
        "valueRange breaks the invariant rng-2: the low end of a range must not be above its high end (low.value: '60', \
         high.value: '50')"
    );
}

#[test]
fn the_table_is_that_of_the_constraints() {
    let table = table(&graph());
    let path = repository(TABLE);
    if std::env::var_os("TOUCHMARK_BLESS").is_some() {
        fs::write(&path, &table).expect("the table can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = table.lines().zip(committed.lines()).find(|(made, there)| made != there);
    assert!(
        table == committed,
        "{TABLE} is not what the packs and vectors give; the first line that differs: {differs:?}\n\
         TOUCHMARK_BLESS=1 cargo test -p touchmark-packs --test constraint_keys makes it anew"
    );
}

fn table(graph: &RuleGraph) -> String {
    let constraints = constraints::all(graph.library());
    let mut of: BTreeMap<(String, String), Vec<Case>> = BTreeMap::new();
    for case in cases() {
        of.entry(case.constraint()).or_default().push(case);
    }
    for constraint in of.keys() {
        assert!(constraints.contains_key(constraint), "no definition has {}: {}", constraint.0, constraint.1);
    }
    let mut out = String::from(
        "key\tseverity\tstands at\tmessages\tevaluates\tkept by\tbroken by\tfound by\twhy not, or what else\texpression\n",
    );
    for (constraint, known) in &constraints {
        let (key, expression) = constraint;
        let cases = of.get(constraint).map_or(&[][..], Vec::as_slice);
        assert!(!cases.is_empty(), "{key}: {expression} has no case in test-vectors/invariant/keys/cases.json");
        let names = |file: fn(&Case) -> &Option<String>| {
            let names: Vec<&str> = cases.iter().filter_map(|case| file(case).as_deref()).collect();
            if names.is_empty() { "-".to_owned() } else { names.join(", ") }
        };
        let found_by: BTreeSet<&str> =
            cases.iter().filter(|c| c.broken.is_some()).map(|c| &*c.expected[0].code).collect();
        let notes: Vec<&str> = cases.iter().filter_map(|c| c.reason.as_deref().or(c.note.as_deref())).collect();
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "{key}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{expression}",
            join(&known.severities),
            stands(known),
            if known.carried { "yes" } else { "no" },
            if evaluates(expression) { "yes" } else { "no" },
            names(|case| &case.kept),
            names(|case| &case.broken),
            if found_by.is_empty() { "-".to_owned() } else { join(&found_by) },
            notes.join("; "),
        );
    }
    out
}

fn join(words: &BTreeSet<&str>) -> String {
    words.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The types that have a constraint, and how many profiles say it again; where no type has it, the profiles.
fn stands(known: &constraints::Constraint) -> String {
    let paths: Vec<&str> = known.paths.iter().map(String::as_str).collect();
    let profiles: Vec<&str> = known.profiles.iter().map(String::as_str).collect();
    match (paths.is_empty(), profiles.len()) {
        (true, _) => profiles.join(", "),
        (false, 0) => paths.join(", "),
        (false, 1) => format!("{}, and again in one place of a profile", paths.join(", ")),
        (false, count) => format!("{}, and again in {count} places of profiles", paths.join(", ")),
    }
}
