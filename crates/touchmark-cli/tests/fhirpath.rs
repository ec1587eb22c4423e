//! `touchmark fhirpath`.

mod command;

use command::touchmark;
use serde_json::{Value, json};

const PATIENT: &str = r#"{"resourceType": "Patient", "birthDate": "1974-12-25", "multipleBirthInteger": 2,
    "name": [{"family": "Bloggs", "given": ["Joe", "James"]}]}"#;

fn evaluate(expression: &str, options: &[&str]) -> command::Answer {
    let folder = command::folder();
    let file = folder.path().join("patient.json");
    std::fs::write(&file, PATIENT).unwrap();
    touchmark().args(["fhirpath", expression]).arg(&file).args(options).run()
}

#[test]
fn items_stand_on_a_line_each_with_their_types() {
    let answer = evaluate("name.given | birthDate | multipleBirth + 1", &[]);
    assert_eq!(
        (answer.status, &*answer.out),
        (0, "string  \"Joe\"\nstring  \"James\"\ndate  \"1974-12-25\"\ninteger  3\n")
    );
    assert_eq!(evaluate("photo", &[]).out, "");
}

#[test]
fn json_is_an_array_of_types_and_values() {
    let answer = evaluate("name | 1.50 | 2L", &["--format", "json"]);
    let items: Value = serde_json::from_str(&answer.out).unwrap();
    let name = json!({"type": "HumanName", "value": {"family": "Bloggs", "given": ["Joe", "James"]}});
    assert_eq!(items, json!([name, {"type": "decimal", "value": 1.50}, {"type": "integer64", "value": 2}]));
    assert!(answer.out.contains("1.50"), "{answer:?}");
}

#[test]
fn an_expression_may_begin_with_a_minus() {
    let answer = evaluate("-1 + 3", &["--format", "json"]);
    assert_eq!((answer.status, &*answer.out), (0, "[{\"type\": \"integer\", \"value\": 2}]\n"));
}

#[test]
fn a_mistake_has_its_place_and_the_status_2() {
    let answer = evaluate("name.given.frist()", &[]);
    assert_eq!((answer.status, &*answer.out), (2, ""));
    assert!(answer.err.contains("invalid at column 12"), "{answer:?}");
    let answer = evaluate("name is Organisation", &[]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("there is no type Organisation"), "{answer:?}");
}
