//! A terminology service of the caller's: it is asked what the library cannot decide, and only that, and it is heard.

use std::sync::Mutex;

use touchmark::document::{self, Arena, Limits, Names};
use touchmark::{Checker, Consultation, Library, Membership, Options, Question, RuleGraph, Terminology, definition};

const SNOMED: &str = "http://snomed.info/sct";
const MINE: &str = "http://example.org/mine";

/// Value sets of each kind: chosen by a filter over content that is not here, listed, and not loaded at all.
const DEFINITIONS: &[&str] = &[
    r#"{"resourceType":"ValueSet","url":"http://example.org/findings","name":"Findings","status":"active","compose":{"include":[
        {"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"404684003"}]},
        {"system":"http://example.org/mine","concept":[{"code":"listed"}]}]}}"#,
    r#"{"resourceType":"StructureDefinition","url":"http://example.org/profile","name":"Profile","status":"active",
        "kind":"resource","abstract":false,"type":"Basic","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Basic",
        "derivation":"constraint","differential":{"element":[
          {"id":"Basic.code","path":"Basic.code","binding":{"strength":"required",
            "valueSetReference":{"reference":"http://example.org/findings"}}},
          {"id":"Basic.identifier","path":"Basic.identifier","slicing":{
            "discriminator":[{"type":"value","path":"type"}],"rules":"open"}},
          {"id":"Basic.identifier:known","path":"Basic.identifier","sliceName":"known","max":"1"},
          {"id":"Basic.identifier:known.type","path":"Basic.identifier.type","min":1,"binding":{"strength":"required",
            "valueSetReference":{"reference":"http://example.org/elsewhere"}}},
          {"id":"Basic.identifier:known.system","path":"Basic.identifier.system","min":1},
          {"id":"Basic.language","path":"Basic.language","binding":{"strength":"extensible",
            "valueSetReference":{"reference":"http://example.org/tongues"}}}]}}"#,
];

fn graph() -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |pack| pack.name == "hl7.fhir.core").expect("an image");
    library.add_package("test", "1");
    let (mut arena, names) = (Arena::new(), Names::new());
    for text in DEFINITIONS {
        let parsed = document::parse(text, &mut arena, &names, Limits::default()).expect("a definition");
        library.add_definition(definition::read(&parsed).expect("a definition"));
    }
    RuleGraph::new(library)
}

/// Answers from a list of `value set|system|code`, where the value set or the system may be empty; it fails at the code `down`.
struct Service {
    members: &'static [&'static str],
    known: &'static [&'static str],
    asked: Mutex<Vec<String>>,
}

impl Terminology for Service {
    fn ask(&self, question: Question<'_>) -> Result<Membership, String> {
        let of = question.value_set.or(question.system).unwrap_or("");
        let text = format!("{}|{}|{}", question.value_set.unwrap_or(""), question.system.unwrap_or(""), question.code);
        self.asked.lock().expect("no panic").push(text.clone());
        if question.code == "down" {
            return Err("no route to host".to_owned());
        }
        Ok(if self.members.contains(&&*text) {
            Membership::Member(vec!["Right".to_owned(), "Also right".to_owned()])
        } else if self.known.contains(&of) {
            Membership::NotMember
        } else {
            Membership::Unknown
        })
    }
}

/// Checks a resource with these parts, and a code that nobody need be asked about where they have none; gives what was found of
/// bindings, and what was asked.
fn ask(parts: &str, members: &'static [&'static str], known: &'static [&'static str]) -> (Vec<String>, Vec<String>) {
    let graph = graph();
    let service = Service { members, known, asked: Mutex::default() };
    let consultation = Consultation::new(&service);
    let options = Options { terminology: Some(&consultation), ..Options::default() };
    let plain = if parts.starts_with("\"code\"") { "" } else { r#""code":{"text":"x","id":"plain"},"# };
    let head = r#""resourceType":"Basic","meta":{"profile":["http://example.org/profile"]}"#;
    let text = format!("{{{head},{plain}{parts}}}");
    let report = Checker::new(&graph).check(text.as_bytes(), &options);
    let of_binding =
        |f: &touchmark::Finding<'_>| f.rule.code.starts_with("binding") && f.rule.code != "binding-code-missing";
    let found = report.findings().filter(of_binding);
    let found = found.map(|f| format!("{} {}", f.rule.code, f.expression.unwrap_or(""))).collect();
    (found, service.asked.into_inner().expect("no panic"))
}

fn check(
    parts: &str,
    members: &'static [&'static str],
    known: &'static [&'static str],
    found: &[&str],
    asked: &[&str],
) {
    assert_eq!(ask(parts, members, known), (to_owned(found), to_owned(asked)), "{parts}");
}

fn to_owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn code(system: &str, code: &str) -> String {
    format!(r#""code":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#)
}

#[test]
fn what_the_library_decides_is_not_asked() {
    check(&code(MINE, "listed"), &[], &[], &[], &["|http://example.org/mine|listed"]);
    let wrong = &["binding-required Basic.code"];
    check(&code("http://hl7.org/fhir/basic-resource-type", "consent"), &[], &[], wrong, &[]);
}

#[test]
fn what_it_cannot_decide_is_asked_and_the_answer_is_heard() {
    const SYSTEM: &str = "|http://snomed.info/sct|22298006";
    const SET: &str = "http://example.org/findings|http://snomed.info/sct|22298006";
    let parts = code(SNOMED, "22298006");
    check(&parts, &[SYSTEM, SET], &[], &[], &[SYSTEM, SET]);
    check(&parts, &[SYSTEM], &["http://example.org/findings"], &["binding-required Basic.code"], &[SYSTEM, SET]);
    check(&parts, &[SYSTEM], &[], &["binding-unchecked Basic.code"], &[SYSTEM, SET]);
    // What does not exist is in no value set: that is one fault, and is not asked again.
    check(&parts, &[], &[SNOMED], &["binding-code-unknown Basic.code"], &[SYSTEM]);
}

#[test]
fn displays_are_compared_with_those_of_the_service() {
    const MEMBER: &[&str] = &["|http://example.org/other|a"];
    let parts = |display: &str| {
        format!(
            r#""subject":{{"display":"x"}},"extension":[{{"url":"http://example.org/e","valueCoding":
            {{"system":"http://example.org/other","code":"a","display":"{display}"}}}}]"#
        )
    };
    check(&parts("also RIGHT"), MEMBER, &[], &[], MEMBER);
    check(&parts("Wrong"), MEMBER, &[], &["binding-display Basic.extension[0].value"], MEMBER);
    check(&parts("Wrong"), &[], &[], &[], MEMBER);
    let unknown = &["binding-code-unknown Basic.extension[0].value"];
    check(&parts("Wrong"), &[], &["http://example.org/other"], unknown, MEMBER);
}

#[test]
fn a_value_set_that_is_not_loaded_is_asked_about() {
    const TONGUES: &[&str] = &["http://example.org/tongues||en"];
    check(r#""language":"en""#, TONGUES, &[], &[], TONGUES);
    let asked = &["http://example.org/tongues||cy"];
    let found = &["binding-extensible Basic.language"];
    check(r#""language":"cy""#, TONGUES, &["http://example.org/tongues"], found, asked);
    check(r#""language":"cy""#, TONGUES, &[], &["binding-unchecked Basic.language"], asked);
}

#[test]
fn slices_are_told_apart_by_it() {
    const TYPE: &str = r#"{"coding":[{"system":"http://example.org/other","code":"a"}]}"#;
    const MEMBER: &str = "http://example.org/elsewhere|http://example.org/other|a";
    let graph = graph();
    let in_slice = |members: &'static [&'static str]| {
        let service = Service { members, known: &[], asked: Mutex::default() };
        let consultation = Consultation::new(&service);
        let options = Options { terminology: Some(&consultation), ..Options::default() };
        let text = format!(
            r#"{{"resourceType":"Basic","meta":{{"profile":["http://example.org/profile"]}},"identifier":[{{"type":{TYPE}}}]}}"#
        );
        let report = Checker::new(&graph).check(text.as_bytes(), &options);
        // Only in the slice a system is wanted.
        report.findings().any(|f| f.rule.code == "cardinality-minimum" && f.text.starts_with("system"))
    };
    assert!(in_slice(&[MEMBER]), "it is in the slice");
    assert!(!in_slice(&[]), "nobody knows");
}

#[test]
fn a_service_that_fails_is_said_once_and_nothing_passes_for_checked() {
    let parts = r#""code":{"coding":[{"system":"http://snomed.info/sct","code":"down"}]},
        "identifier":[{"type":{"coding":[{"system":"http://example.org/other","code":"down"}]}}]"#;
    let (found, asked) = ask(parts, &[], &[]);
    let times = |code: &str| found.iter().filter(|f| f.starts_with(code)).count();
    assert_eq!((times("binding-service-failed"), times("binding-required")), (1, 0), "{found:?}");
    assert!(times("binding-unchecked") >= 1, "{found:?}");
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "{asked:?}");
}

#[test]
fn threads_share_what_was_answered_and_say_the_same() {
    const MEMBERS: &[&str] = &["|http://snomed.info/sct|22298006"];
    let graph = graph();
    let check = |consultation: &Consultation<'_>| {
        let options = Options { terminology: Some(consultation), ..Options::default() };
        let mut checker = Checker::new(&graph);
        let mut written = Vec::new();
        for code in ["22298006", "195967001", "down", "22298006"] {
            let text = format!(
                r#"{{"resourceType":"Basic","meta":{{"profile":["http://example.org/profile"]}},
                    "code":{{"coding":[{{"system":"{SNOMED}","code":"{code}"}}]}}}}"#
            );
            checker.check(text.as_bytes(), &options).write_json(&mut written);
        }
        written
    };
    let service = || Service { members: MEMBERS, known: &["http://example.org/findings"], asked: Mutex::default() };
    let (alone, shared) = (service(), service());
    let wanted = check(&Consultation::new(&alone));
    let consultation = Consultation::new(&shared);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| check(&consultation))).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), wanted);
        }
    });
    let sorted = |service: Service| {
        let mut asked = service.asked.into_inner().expect("no panic");
        asked.sort();
        asked
    };
    // What is no SNOMED CT code by its form is not asked about as such, only of the value set.
    assert_eq!(consultation.questions(), 5);
    assert_eq!(sorted(shared), sorted(alone));
}
