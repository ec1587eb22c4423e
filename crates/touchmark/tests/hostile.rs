//! Documents made to be expensive or misleading, at the library: each is answered in time linear in its size, within its
//! budget, and cancelled when asked. Broken bytes and encodings are tested in touchmark-document and at the command.

mod cases;

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use touchmark::{Budget, Checker, Options, Report, RuleGraph, Severity};

/// How wide the documents are: a search of each member for each other would take minutes here.
const MANY: usize = 20_000;

fn checked(graph: &RuleGraph, json: &str) -> Report {
    Checker::new(graph).check(json.as_bytes(), &Options::default())
}

/// Checks whether a rule is broken: by many a member, which may be one finding with a number.
fn check(json: &str, rule: &str, expected: bool) {
    let report = checked(&cases::graph(), json);
    assert_eq!(report.findings().any(|f| f.rule.code == rule), expected, "{rule}; {:?}", report.findings().next());
}

/// `each` of the numbers below `count`, with commas between.
fn list(count: usize, each: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for number in 0..count {
        let _ = write!(out, "{}{}", if number == 0 { "" } else { "," }, each(number));
    }
    out
}

fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A Bundle whose first entry is a MessageHeader and each other an Organization, part of what `reference` says.
fn message(count: usize, reference: impl Fn(usize) -> String) -> String {
    let head = format!(
        r#"{{"fullUrl":"urn:uuid:{0}","resource":{{"resourceType":"MessageHeader","id":"{0}","event":{{"system":"http://example.org/e",
           "code":"c"}},"timestamp":"2020-01-01T00:00:00Z","source":{{"endpoint":"http://example.org"}}}}}}"#,
        uuid(0)
    );
    let rest = list(count, |number| {
        let (id, part_of) = (uuid(number + 1), reference(number + 1));
        format!(
            r#"{{"fullUrl":"urn:uuid:{id}","resource":{{"resourceType":"Organization","id":"{id}","name":"n","partOf":{{"reference":"{part_of}"}}}}}}"#
        )
    });
    format!(r#"{{"resourceType":"Bundle","type":"message","entry":[{head},{rest}]}}"#)
}

#[test]
fn chains_of_references() {
    // Against the direction of the references, along it in a loop, and to what is not there.
    check(&message(MANY, |n| format!("urn:uuid:{}", uuid(n - 1))), "bundle-orphan", false);
    check(&message(4_000, |n| format!("urn:uuid:{}", uuid(n % 4_000 + 1))), "bundle-orphan", true);
    check(&message(4_000, |n| uuid(MANY + n)), "reference-form", true);
    check(&message(4_000, uuid), "reference-form", true);
}

#[test]
fn contained_resources_that_refer_to_each_other() {
    let contained = list(MANY, |n| {
        let next = (n + 1) % MANY;
        format!(r##"{{"resourceType":"Organization","id":"o{n}","name":"n","partOf":{{"reference":"#o{next}"}}}}"##)
    });
    let patient = format!(r#"{{"resourceType":"Patient","contained":[{contained}],"active":true}}"#);
    check(&patient, "contained-orphan", false);
}

#[test]
fn questionnaires_with_many_questions() {
    let response = |questions: String, answers: String| {
        format!(
            r##"{{"resourceType":"QuestionnaireResponse","contained":[{{"resourceType":"Questionnaire","id":"q","status":"active",
               "item":[{questions}]}}],"questionnaire":{{"reference":"#q"}},"status":"completed","item":[{answers}]}}"##
        )
    };
    let same = response(
        list(MANY, |n| format!(r#"{{"linkId":"l{n}","type":"string"}}"#)),
        list(MANY, |n| format!(r#"{{"linkId":"l{n}","answer":[{{"valueString":"x"}}]}}"#)),
    );
    check(&same, "questionnaire-link", false);
    let coding = |n: usize| format!(r#"{{"valueCoding":{{"system":"http://example.org/s","code":"c{n}"}}}}"#);
    let options = response(
        format!(r#"{{"linkId":"a","type":"choice","repeats":true,"option":[{}]}}"#, list(MANY, coding)),
        format!(r#"{{"linkId":"a","answer":[{}]}}"#, list(MANY, coding)),
    );
    check(&options, "questionnaire-option", false);
    let conditions = response(
        list(MANY, |n| {
            format!(
                r#"{{"linkId":"l{n}","type":"string","required":true,"enableWhen":[{{"question":"m{n}","hasAnswer":true}}]}}"#
            )
        }),
        list(MANY, |n| format!(r#"{{"linkId":"l{n}","answer":[{{"valueString":"x"}}]}}"#)),
    );
    check(&conditions, "questionnaire-required", false);
}

#[test]
fn conditions_and_answers_without_number() {
    let conditions = list(20_000, |n| format!(r#"{{"question":"a","answerInteger":{}}}"#, 1_000_000 + n));
    let answers = list(20_000, |n| format!(r#"{{"valueInteger":{n}}}"#));
    let json = format!(
        r##"{{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":{{"reference":"#q"}},"contained":[
        {{"resourceType":"Questionnaire","id":"q","status":"active","item":[{{"linkId":"a","type":"integer","repeats":true}},
        {{"linkId":"b","type":"boolean","required":true,"enableWhen":[{conditions}]}}]}}],
        "item":[{{"linkId":"a","answer":[{answers}]}}]}}"##
    );
    check(&json, "questionnaire-required", false);
    check(&json, "profile-cut-short", true);
}

#[test]
fn narratives_and_claims_without_number() {
    let sections = list(MANY, |_| {
        r#"{"title":"a","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><a href='#b'>x</a></div>"}}"#.into()
    });
    let composition = format!(
        r#"{{"resourceType":"Composition","status":"final","type":{{"text":"x"}},"subject":{{"reference":"Patient/1"}},
           "date":"2020","author":[{{"reference":"Practitioner/1"}}],"title":"t","section":[{sections}]}}"#
    );
    check(&composition, "profile-cut-short", true);
    let profiles = list(9_000, |n| format!("\"http://example.org/StructureDefinition/Patient{n}\""));
    check(&format!(r#"{{"resourceType":"Patient","meta":{{"profile":[{profiles}]}}}}"#), "profile-unknown", true);
    let extensions = list(9_000, |_| {
        r#"{"url":"https://touchmark.example/StructureDefinition/extension-refuted","valueBoolean":true}"#.into()
    });
    check(&format!(r#"{{"resourceType":"Patient","extension":[{extensions}]}}"#), "extension-context", true);
}

#[test]
fn a_long_value_is_not_read_again_for_each_finding() {
    let links = list(MANY, |n| format!(r##"<a href=\"#a{n}\">x</a>"##)).replace("</a>,", "</a>");
    let div = format!(r#"<div xmlns=\"http://www.w3.org/1999/xhtml\">{links}</div>"#);
    let patient = format!(r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"{div}"}}}}"#);
    let graph = cases::graph();
    let options = Options { values: touchmark::Values::Mask, ..Options::default() };
    let report = Checker::new(&graph).check(patient.as_bytes(), &options);
    assert_eq!(report.counts.of(Severity::Warning), 10_000);
}

/// As many findings as the budget allows, and one more that says so.
#[test]
fn the_budget_of_findings_holds() {
    let graph = cases::graph();
    for bound in [0, 1, 100] {
        let names = list(MANY, |_| r#"{"surname":" x","period":{"start":"2020-02-30"}}"#.into());
        let json = format!(r#"{{"resourceType":"Patient","name":[{names}]}}"#);
        let options = Options { budget: Budget { findings: bound, ..Budget::default() }, ..Options::default() };
        let report = Checker::new(&graph).check(json.as_bytes(), &options);
        let last = report.findings().next_back().map(|f| f.rule.code);
        assert_eq!((report.findings().len(), last), (bound + 1, Some("profile-cut-short")));
    }
}

#[test]
fn a_check_ends_when_it_is_cancelled_or_its_time_is_up() {
    let graph = cases::graph();
    let json = message(1_000, |n| format!("urn:uuid:{}", uuid(n - 1)));
    let cancelled = AtomicBool::new(true);
    let asked = AtomicUsize::new(0);
    let expired = || asked.fetch_add(1, Ordering::Relaxed) > 100;
    for budget in [
        Budget { cancel: Some(&cancelled), ..Budget::default() },
        Budget { expired: Some(&expired), ..Budget::default() },
    ] {
        let report = Checker::new(&graph).check(json.as_bytes(), &Options { budget, ..Options::default() });
        assert!(report.findings().any(|f| f.rule.code == "profile-cut-short"));
    }
}

/// Content of the document is data wherever it is quoted: it ends no sentence, no attribute and no string of the outcome.
#[test]
fn content_cannot_break_out_of_the_outcome() {
    let graph = cases::graph();
    for value in
        ["\\\"}]}", "</issue>", "\\u0000", "\\u001b[31m", "\\ufdd1", "{detail}", "\\ud800", "'", "%s", "\\u202e"]
    {
        let json = format!(
            r#"{{"resourceType":"Patient{value}","id":"{value}","{value}":1,"meta":{{"profile":["http://e.org/{value}"]}},
               "birthDate":"{value}","managingOrganization":{{"reference":"{value}"}}}}"#
        );
        touchmark::fuzz::check_anything(json.as_bytes(), &graph, &mut Checker::new(&graph));
        let json = json.replace(&format!("\"Patient{value}\""), "\"Patient\"");
        touchmark::fuzz::check_anything(json.as_bytes(), &graph, &mut Checker::new(&graph));
    }
}
