//! `touchmark vectors generate`, and what `touchmark vectors run` says of its folders.

mod command;

use std::fs;

use command::{folder, touchmark};
use serde_json::Value;

const PATIENT: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Patient-1";

#[test]
fn what_is_generated_runs_as_expected_in_both_formats() {
    for format in ["xml", "json"] {
        let out = folder();
        let profiles = [
            PATIENT,
            "Extension-ITK-MessageHandling-2",
            "https://fhir.nhs.uk/STU3/StructureDefinition/ITK-Document-Bundle-1",
        ];
        let made =
            touchmark().args(["vectors", "generate", "--format", format, "--out"]).arg(out.path()).args(profiles).run();
        assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
        let ran = touchmark().args(["vectors", "run"]).arg(out.path()).run();
        assert_eq!(ran.status, 0, "{ran:?}");
        let count = ran.out.lines().filter(|line| line.starts_with("as expected")).count();
        assert!(count > 100, "{count} instances");
    }
}

#[test]
fn each_fault_stands_in_the_list_with_its_rule_and_its_place() {
    let out = folder();
    let made = touchmark().args(["vectors", "generate", PATIENT, "--out"]).arg(out.path()).run();
    assert_eq!(made.status, 0, "{made:?}");
    let list = fs::read_to_string(out.path().join("CareConnect-Patient-1/vectors.json")).unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let fault = list.iter().find(|v| v["title"].as_str().unwrap().starts_with("Patient.name:official slice-minimum"));
    let fault = fault.expect("a patient without an official name");
    assert_eq!(fault["fires"], serde_json::json!(["slicing-minimum"]));
    assert!(fault["title"].as_str().unwrap().contains(" at Patient;"), "{fault}");
}

#[test]
fn a_profile_that_is_not_there_is_an_error() {
    let out = folder();
    let made = touchmark().args(["vectors", "generate", "No-Such-Profile", "--out"]).arg(out.path()).run();
    assert_eq!(made.status, 2);
    assert!(made.err.contains("no profile No-Such-Profile"), "{made:?}");
}
