//! HL7's test suites for `FHIRPath`: every test passes that `hl7_exceptions.tsv` does not name with a reason.

mod definitions;

use std::collections::BTreeMap;

use definitions::{Definitions, archive};
use touchmark_document::{Arena, Limits, Names, NodeRef, parse};
use touchmark_fhirpath::{Checks, Collection, Environment, Expression, Item, Model, Moment, Scratch, Truth};

/// The tests that do not pass: suite, number, expression, reason.
const EXCEPTIONS: &str = include_str!("hl7_exceptions.tsv");

struct Test {
    name: String,
    input: Option<String>,
    expression: String,
    invalid: bool,
    predicate: bool,
    ordered: bool,
    outputs: Vec<(String, String)>,
}

/// Reads a suite as text: neither file is well-formed XML (a declaration in the middle, a bare `<`, a doubled attribute, and
/// at the end of STU3's a commented-out page of Java with half a test before it).
fn tests_of(suite: &str) -> Vec<Test> {
    let mut text = String::new();
    let mut rest = suite;
    while let Some(start) = rest.find("<!--") {
        text.push_str(&rest[..start]);
        rest = rest[start..].find("-->").map_or("", |end| &rest[start + end + 3..]);
    }
    text.push_str(rest);
    let mut group = String::new();
    let mut tests = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|n| at + n) {
        at = start + 1;
        if text[at..].starts_with("group ") {
            group = attribute(&text[at..], "name").unwrap_or_default();
        }
        if !text[at..].starts_with("test ") && !text[at..].starts_with("test\n") && !text[at..].starts_with("test\r") {
            continue;
        }
        let own = &text[at..];
        let own = &own[..own.find("</test>").unwrap_or(own.len())];
        let Some(body) = own.find("<expression").map(|n| &own[n..]) else { continue };
        let open = &body[..body.find('>').unwrap_or(0)];
        let expression = &body[open.len() + 1..];
        let expression = unescape(&expression[..expression.find("</expression>").unwrap_or(expression.len())]);
        let outputs = body.split("<output").skip(1).map(|output| {
            let close = output.find('>').unwrap_or(0);
            let value = &output[close + 1..];
            let kind = attribute(output, "type").unwrap_or_default();
            (kind, unescape(&value[..value.find("</output>").unwrap_or(0)]))
        });
        let outputs: Vec<_> = outputs.collect();
        let head = &own[..own.find('>').unwrap_or(0)];
        tests.push(Test {
            name: format!("{group}/{}", attribute(head, "name").unwrap_or_default()),
            input: attribute(head, "inputfile"),
            expression,
            invalid: open.contains("invalid=") || head.contains("invalid="),
            predicate: head.contains("predicate=\"true\""),
            ordered: !head.contains("ordered=\"false\""),
            outputs,
        });
    }
    tests
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let text = &text[..text.find('>').unwrap_or(text.len())];
    let start = text.find(&format!("{name}=\""))? + name.len() + 2;
    Some(text[start..start + text[start..].find('"')?].to_owned())
}

fn unescape(text: &str) -> String {
    let text = text.trim();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

struct CoreProfiles<'d>(&'d Definitions);

impl Checks for CoreProfiles<'_> {
    fn conforms_to(&self, node: NodeRef<'_>, profile: &str) -> Option<bool> {
        let name = profile.strip_prefix("http://hl7.org/fhir/StructureDefinition/")?;
        let own = self.0.type_of(node)?;
        self.0.is_known(name).then(|| own == name || self.0.is_subtype(own, name))
    }
}

/// What is wrong with the outcome of a test; `None` when nothing is.
fn fault(test: &Test, input: NodeRef<'_>, model: &Definitions, names: &Names) -> Option<String> {
    let mut expression = match Expression::parse(&test.expression) {
        Ok(expression) => expression,
        Err(error) => return (!test.invalid).then(|| error.to_string()),
    };
    expression.bind(names);
    let checks = CoreProfiles(model);
    let environment = Environment {
        model,
        checks: Some(&checks),
        now: Moment::parse_date_time("2026-06-01T12:30:00.000+01:00"),
        ..Environment::default()
    };
    let mut scratch = Scratch::new();
    if test.predicate {
        let wanted = if test.outputs.first().is_some_and(|o| o.1 == "true") { Truth::True } else { Truth::False };
        let truth = expression.evaluate_boolean(input, &environment, &mut scratch);
        return (truth != Ok(wanted)).then(|| format!("{truth:?}"));
    }
    let result = match expression.evaluate(input, &environment, &mut scratch) {
        Ok(result) => result,
        Err(error) => return (!test.invalid).then(|| error.to_string()),
    };
    if test.invalid {
        return Some(format!("no error but {}", shown(&result)));
    }
    let mut found: Vec<(String, String)> = result.iter().map(|item| (kind_of(item, model), item.to_string())).collect();
    let mut wanted = test.outputs.clone();
    if !test.ordered {
        found.sort_by(|a, b| a.1.cmp(&b.1));
        wanted.sort_by(|a, b| a.1.cmp(&b.1));
    }
    let alike = found.len() == wanted.len()
        && found.iter().zip(&wanted).all(|(found, wanted)| {
            let value = wanted.1.trim_start_matches('@');
            let value = if wanted.0 == "time" { value.trim_start_matches('T') } else { value };
            found.0.eq_ignore_ascii_case(&wanted.0) && (value.is_empty() || found.1 == value)
        });
    (!alike).then(|| format!("{} but wanted {wanted:?}", shown(&result)))
}

fn kind_of(item: &Item<'_>, model: &Definitions) -> String {
    match item {
        Item::Node(node) => model.type_of(*node).unwrap_or_default().to_owned(),
        _ => item.system_type().unwrap_or_default().to_owned(),
    }
}

fn shown(result: &Collection<'_>) -> String {
    let items: Vec<String> = result.iter().map(|item| format!("{item}")).collect();
    format!("{{{}}}", items.join(", "))
}

fn run(suite: &str, directory: &str, file: &str, expected: usize) {
    let Some(files) = archive("fhirpath-tests.tar.xz", |_| true) else { return };
    let Some(model) = Definitions::published() else { return };
    let text = String::from_utf8_lossy(&files[&format!("fhirpath-tests/{directory}/{file}")]);
    let tests = tests_of(&text);
    assert_eq!(tests.len(), expected, "tests in {file}");
    let exceptions: BTreeMap<usize, (&str, &str)> = EXCEPTIONS
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|columns| columns[0] == suite)
        .map(|columns| (columns[1].parse().unwrap(), (columns[2], columns[3])))
        .collect();
    let mut passed = 0;
    let mut faults = Vec::new();
    for (at, test) in tests.iter().enumerate() {
        let number = at + 1;
        let path =
            format!("fhirpath-tests/{directory}/input/{}", test.input.as_deref().unwrap_or("patient-example.xml"));
        let source = std::str::from_utf8(&files[&path]).unwrap();
        let mut names = Names::new();
        for name in ["Patient", "name", "given", "value", "value[x]", "valueQuantity", "birthDate"] {
            names.intern(name);
        }
        let mut arena = Arena::new();
        let document = parse(source, &mut arena, &names, Limits::default()).unwrap();
        let fault = fault(test, document.root(), &model, &names);
        match (fault, exceptions.get(&number)) {
            (None, None) => passed += 1,
            (Some(_), Some((expression, reason))) if *expression == test.expression && !reason.is_empty() => {}
            (Some(fault), _) => faults.push(format!("{suite}\t{number}\t{}\t{}: {fault}", test.expression, test.name)),
            (None, Some(_)) => {
                faults.push(format!("{suite}\t{number}\t{}\tpasses although it is listed", test.expression));
            }
        }
    }
    println!("{suite}: {passed} of {} pass, {} are listed with their reasons", tests.len(), exceptions.len());
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn stu3() {
    run("stu3", "stu3", "tests-fhir-r3.xml", 387);
}

#[test]
fn n1() {
    run("n1", "n1", "tests-fhir-r4.xml", 686);
}
