//! `touchmark explain`, `packs`, `--help` and `--version`.

mod command;

use command::touchmark;
use serde_json::Value;

#[test]
fn every_rule_has_a_page_that_names_its_source() {
    for rule in touchmark::rules::all() {
        let answer = touchmark().args(["explain", rule.code]).run();
        assert_eq!(answer.status, 0);
        assert!(answer.out.contains(&format!("{}:{}", rule.file, rule.line)), "{answer:?}");
        let page: Value =
            serde_json::from_str(&touchmark().args(["explain", rule.code, "--format", "json"]).run().out).unwrap();
        assert_eq!(page["code"], rule.code);
        // A fault of the program and one that no reader has yet can be shown by no document.
        let without = ["syntax-exception", "syntax-other"].contains(&rule.code);
        assert_eq!(page["example"]["text"].as_str().is_none_or(str::is_empty), without, "{page}");
        assert_eq!(answer.out.contains("\nExample"), !without, "{answer:?}");
    }
}

#[test]
fn every_rule_of_the_rule_files_has_a_page_with_its_place() {
    let mut library = touchmark::Library::new();
    library.add_image(touchmark_packs::image(), |_| true).unwrap();
    let files: Vec<(&str, &str)> = library.rule_files().collect();
    for (name, text) in &files {
        for (at, rule) in touchmark::RuleFile::read(name, text).unwrap().rules.iter().enumerate() {
            let page = touchmark::messages::page(&library, &rule.id).unwrap();
            assert_eq!((page.id.as_str(), page.file.as_str()), (&*rule.id, *name));
            // The line holds the id, or is the one before it.
            let lines: Vec<&str> = text.lines().collect();
            let line = page.line as usize - 1;
            assert!(
                lines[line..line + 2].iter().any(|l| l.contains(&format!("\"{}\"", rule.id))),
                "{name} {at} {}",
                page.line
            );
        }
    }
}

#[test]
fn the_page_of_a_rule_of_a_file_says_how_severe_and_how_found() {
    let page = touchmark().args(["explain", "itk-knd-04"]).run();
    assert_eq!(page.status, 0, "{page:?}");
    for wanted in [
        "ITK-KND-04  (a rule of ITK3 Messaging Distribution, FHIR STU3)",
        "edition E1.5  information  information  information",
        "all others    warning      error        warning",
        "kind response (IA+ IA- BA+ BA- R)",
        "1 check  on header, each $.focus[*]",
        "Says:     a response has no focus",
        "Sources:  Profiles and guides differ",
        "File:     itk3-rules/kind.json:",
    ] {
        assert!(page.out.contains(wanted), "{wanted}\n{page:?}");
    }
    let json: Value =
        serde_json::from_str(&touchmark().args(["explain", "ITK-HDR-21", "--format", "json"]).run().out).unwrap();
    assert_eq!(json["severities"][0]["policies"]["strict"], "error");
    assert_eq!(json["foundBy"][0]["kind"], "claim");
    assert_eq!(json["foundBy"][1]["severity"], "warning");
    assert_eq!(json["file"], "itk3-rules/header.json");
    // One that is only listed as not decidable says why; one that a link finds says so.
    assert!(touchmark().args(["explain", "ITK-DOM-10"]).run().out.contains("Not decided: "));
    assert!(touchmark().args(["explain", "FHIR-MSG-02"]).run().out.contains("link   on headers"));
}

#[test]
fn what_a_profile_cannot_have_honoured_is_told_in_words() {
    let page = touchmark().args(["explain", "CareConnect-GPC-ProblemHeader-Condition-1"]).run();
    assert!(page.out.contains("Not honoured, as the definition is wrong:"), "{page:?}");
    assert!(page.out.contains("[definition-type-widened]") && page.out.contains("the base does not allow"), "{page:?}");
}

#[test]
fn an_example_is_the_difference_between_two_vectors() {
    let answer = touchmark().args(["explain", "binding-system-missing"]).run();
    let example = "Example (test-vectors/binding/system-missing.broken.json):\n    {\n  +   \"system\": \"http://loinc.org\",\n      \"code\": \"8867-4\"\n";
    assert!(answer.out.contains(example), "{answer:?}");
}

#[test]
fn a_profile_is_explained_with_the_origin_of_each_rule() {
    let page = touchmark().args(["explain", "Patient"]).run();
    assert_eq!(page.status, 0);
    assert!(page.out.contains("birthDate") && page.out.contains("(DomainResource)"), "{page:?}");
    let element = touchmark().args(["explain", "Patient", "Patient.contact.name.family"]).run();
    assert!(element.out.starts_with("HumanName.family"), "{element:?}");
    let contact = touchmark().args(["explain", "Patient", "Patient.contact"]).run();
    assert!(contact.out.contains("pat-1 (error, from Patient): a contact of the patient must have"), "{contact:?}");
    let json: Value =
        serde_json::from_str(&touchmark().args(["explain", "Patient", "gender", "--format", "json"]).run().out)
            .unwrap();
    assert_eq!(json["elements"][0]["id"], "Patient.gender");
    assert_eq!(json["elements"][0]["from"]["url"], "http://hl7.org/fhir/StructureDefinition/Patient");
}

#[test]
fn an_invariant_is_explained_in_words_with_an_example() {
    let page = touchmark().args(["explain", "per-1"]).run();
    assert_eq!(page.status, 0);
    for line in [
        "per-1  (an invariant, error)",
        "A period must not end before it starts.",
        "FHIRPath:  start.empty() or end.empty() or (start <= end)",
        "Found by:  invariant-failed",
        "Stands at: Period, of http://hl7.org/fhir/StructureDefinition/Period (hl7.fhir.core 3.0.1)",
        "Example, broken, at Patient.name[0].period:",
        r#"  {"start":"2019-01-01","end":"2018-01-01"}"#,
    ] {
        assert!(page.out.lines().any(|l| l == line), "{line}: {page:?}");
    }
    let several = touchmark().args(["explain", "inv-1", "--format", "json"]).run();
    let several: Value = serde_json::from_str(&several.out).unwrap();
    let tasks = several.as_array().unwrap().iter().find(|page| page["places"][0]["path"] == "Task").unwrap();
    assert_eq!(tasks["holds"], "a task must not have been changed before it was made");
    assert_eq!(several.as_array().unwrap().len(), 6);
    let own = touchmark().args(["explain", "bdl-7", "--format", "json"]).run();
    let own: Value = serde_json::from_str(&own.out).unwrap();
    assert_eq!(own[0]["foundBy"], "bundle-full-url-duplicate");
}

#[test]
fn the_words_of_a_publisher_are_shown_where_there_are_none_of_ours() {
    let folder = command::folder();
    let profile = r#"{"resourceType": "StructureDefinition", "url": "https://example.org/StructureDefinition/Sure",
        "name": "Sure", "status": "draft", "fhirVersion": "3.0.1", "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [{"id": "Patient", "path": "Patient", "constraint": [
            {"key": "sur-1", "severity": "error", "human": "Somebody is named.", "expression": "name.exists()"},
            {"key": "sur-2", "severity": "error", "expression": "birthDate.exists()"}]}]}}"#;
    let path = folder.path().join("profile.json");
    std::fs::write(&path, profile).unwrap();
    let page = touchmark().args(["explain", "sur-1", "--package"]).arg(&path).run();
    assert!(page.out.contains("\nSomebody is named.\n") && page.out.contains("name.exists()"), "{page:?}");
    let document = folder.path().join("patient.json");
    std::fs::write(&document, r#"{"resourceType": "Patient", "active": true}"#).unwrap();
    let checked = touchmark()
        .args(["check", "--format", "json", "--profile", "https://example.org/StructureDefinition/Sure", "--package"])
        .arg(&path)
        .arg(&document)
        .run();
    let outcome: Value = serde_json::from_str(&checked.out).unwrap();
    let issue =
        |number: usize| (&outcome["issue"][number]["details"]["text"], &outcome["issue"][number]["diagnostics"]);
    assert_eq!(issue(0).0, "Patient breaks the invariant sur-1: Somebody is named.");
    assert!(issue(0).1.as_str().unwrap().starts_with("sur-1 in FHIRPath: name.exists(). "), "{outcome}");
    assert_eq!(issue(1).0, "Patient breaks the invariant sur-2: birthDate.exists()");
    assert!(!issue(1).1.as_str().unwrap().contains("FHIRPath"), "{outcome}");
}

#[test]
fn what_is_not_there_is_answered_with_what_is_near() {
    let answer = touchmark().args(["explain", "Patien"]).run();
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("StructureDefinition/Patient"), "{answer:?}");
    let answer = touchmark().args(["explain", "Patient", "Patient.nme"]).run();
    assert!(answer.err.contains("it has id, meta"), "{answer:?}");
}

#[test]
fn packs_are_listed_and_searched() {
    let answer = touchmark().args(["packs"]).run();
    assert!(answer.out.contains("hl7.fhir.core 3.0.1"), "{answer:?}");
    let found = touchmark().args(["packs", "operationoutcome-ISSUE-line"]).run();
    assert_eq!(found.status, 0);
    assert!(found.out.starts_with("http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"), "{found:?}");
    assert_eq!(touchmark().args(["packs", "no such canonical"]).run().status, 1);
}

#[test]
fn help_fits_a_screen_and_ends_with_two_examples() {
    for command in ["check", "explain", "packs"] {
        let answer = touchmark().args([command, "--help"]).run();
        assert_eq!(answer.status, 0);
        assert!(answer.out.lines().count() <= 50, "{answer:?}");
        let examples = answer.out.split("Examples:\n").nth(1).unwrap();
        assert_eq!(
            examples.lines().filter(|l| l.starts_with(&format!("  touchmark {command}"))).count(),
            2,
            "{answer:?}"
        );
        assert_eq!(touchmark().args([command, "-h"]).run().out, answer.out);
    }
}

#[test]
fn the_version_names_the_packs() {
    let answer = touchmark().arg("--version").run();
    assert!(answer.out.starts_with(&format!("touchmark {}\n", env!("CARGO_PKG_VERSION"))), "{answer:?}");
    assert!(answer.out.contains("hl7.fhir.core 3.0.1"));
}
