//! Every constraint of STU3 is parsed, and evaluated on real resources without an error.

mod definitions;

use std::collections::{BTreeMap, HashMap};

use definitions::{Definitions, archive};
use touchmark_document::{Arena, Limits, Names, NodeRef, decode, parse};
use touchmark_fhirpath::{Environment, EvaluationErrorKind, Expression, Model, Moment, Scratch, Truth};

#[test]
fn all_are_parsed() {
    let Some(definitions) = Definitions::published() else { return };
    let constraints = definitions.all_constraints();
    assert_eq!(constraints.len(), 185);
    for (expression, key) in constraints {
        if let Err(error) = Expression::parse(expression) {
            panic!("{key}: {expression}: {error}");
        }
    }
}

#[derive(Default)]
struct Tally {
    truths: [usize; 3],
    errors: BTreeMap<String, usize>,
}

/// A twentieth of the examples, or as many as `FHIRPATH_EXAMPLES` says one of how many.
#[test]
fn all_are_evaluated() {
    let Some(definitions) = Definitions::published() else { return };
    let share: usize = option_env!("FHIRPATH_EXAMPLES").and_then(|n| n.parse().ok()).unwrap_or(20);
    let Some(files) = archive("examples-train.tar.xz", |path| !path.ends_with("INDEX.tsv")) else {
        return;
    };
    let mut names = Names::new();
    for name in definitions.element_names() {
        names.intern(name);
    }
    let mut expressions: HashMap<&str, Expression> = HashMap::new();
    for expression in definitions.all_constraints().into_keys() {
        let mut parsed = Expression::parse(expression).unwrap();
        parsed.bind(&names);
        expressions.insert(expression, parsed);
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut arena = Arena::new();
    let mut scratch = Scratch::new();
    let mut resources = 0;
    for (path, bytes) in files.iter().step_by(share) {
        let Ok(source) = decode(bytes) else { continue };
        let Ok(document) = parse(&source, &mut arena, &names, Limits::default()) else { continue };
        resources += 1;
        let environment = Environment {
            model: &definitions,
            now: Moment::parse_date_time("2026-06-01T12:00:00Z"),
            ..Environment::default()
        };
        let mut open: Vec<NodeRef<'_>> = vec![document.root()];
        while let Some(node) = open.pop() {
            open.extend(node.children());
            for constraint in definitions.constraints(node) {
                let expression = &expressions[constraint.expression.as_str()];
                let tally = tallies.entry(constraint.expression.clone()).or_default();
                match expression.evaluate_boolean(node, &environment, &mut scratch) {
                    Ok(Truth::True) => tally.truths[0] += 1,
                    Ok(Truth::False) => {
                        tally.truths[1] += 1;
                        println!("false\t{path}\t{}\t{}", constraint.key, node.position().line);
                    }
                    Ok(Truth::Unknown) => tally.truths[2] += 1,
                    Err(error) => {
                        assert_ne!(error.kind, EvaluationErrorKind::Budget, "{path}: {}", constraint.key);
                        let kind = definitions.type_of(node).unwrap_or_default();
                        let line = node.position().line;
                        *tally
                            .errors
                            .entry(format!("{path}:{line} {kind} {}: {error}", constraint.key))
                            .or_default() += 1;
                    }
                }
            }
        }
    }
    let mut totals = [0; 3];
    let mut errors = Vec::new();
    for (expression, tally) in &tallies {
        (0..3).for_each(|at| totals[at] += tally.truths[at]);
        errors.extend(tally.errors.keys().map(|error| format!("{error}  in  {expression}")));
        if tally.truths[1] + tally.truths[2] > 0 {
            println!("{:?} {expression}", tally.truths);
        }
    }
    println!(
        "{resources} resources, {} of {} expressions met; true, false and unknown: {totals:?}; errors: {}",
        tallies.len(),
        expressions.len(),
        errors.len()
    );
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
