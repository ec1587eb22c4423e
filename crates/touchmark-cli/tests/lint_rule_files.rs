//! `touchmark lint` over rule files: recognised beside definitions, as text and for machines, with the place of each defect.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{folder, touchmark};
use serde_json::Value;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/rule-files")
}

#[test]
fn text_and_json_say_the_same() {
    let file = vectors().join("selector.broken.json");
    let text = touchmark().arg("lint").arg(&file).run();
    assert_eq!(text.status, 1, "{text:?}");
    let line = text.out.lines().find(|l| l.contains("/links/0/select")).unwrap();
    assert!(line.starts_with("  error: ") && line.ends_with("[definition-rule-selector]"), "{line}");
    assert!(
        text.out.contains("      instead: The part is left out") && text.out.contains("1 rule file, 1 with defects")
    );
    for format in ["json", "ndjson"] {
        let answer = touchmark().arg("lint").arg(&file).args(["--format", format]).run();
        assert_eq!(answer.status, 1);
        let read: Value = serde_json::from_str(&answer.out).unwrap();
        let row = if format == "json" { &read[0] } else { &read };
        assert_eq!(row["resourceType"], "RuleFile");
        let defect = &row["defects"][0];
        assert_eq!(defect["pointer"], "/links/0/select");
        // The bracket that is not closed is behind `$.receiver`.
        let place = format!("  error: {}:{} ", defect["line"], defect["column"]);
        assert!(line.starts_with(&place), "{line} {place}");
    }
    let markdown = touchmark().arg("lint").arg(&file).args(["--format", "markdown"]).run();
    assert!(markdown.out.contains("/links/0/select | this is no JSONPath"), "{markdown:?}");
}

#[test]
fn a_warning_is_no_failure_and_can_be_hidden() {
    let file = vectors().join("never.broken.json");
    let answer = touchmark().arg("lint").arg(&file).run();
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("[definition-rule-never]"), "{answer:?}");
    let hidden = touchmark().arg("lint").arg(&file).args(["--level", "error"]).run();
    assert_eq!((hidden.status, &*hidden.out), (0, "1 rule file, 0 with defects\n"));
}

#[test]
fn what_is_no_json_is_told_so_and_where() {
    let answer = touchmark().arg("lint").arg(vectors().join("syntax.broken.json")).run();
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.out.contains("error: 3:29: expected `,` or `}` [definition-rule-form]"), "{answer:?}");
    // What is neither is no subject.
    let folder = folder();
    let other = folder.path().join("other.json");
    fs::write(&other, "{\"name\": \"x\"}").unwrap();
    let answer = touchmark().arg("lint").arg(&other).run();
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("no path with definitions or rule files"), "{answer:?}");
}

#[test]
fn packs_of_rules_are_linted_by_name_and_as_a_folder_in_the_order_of_their_manifest() {
    let answer = touchmark().args(["lint", "fhir-rules"]).run();
    assert_eq!((answer.status, &*answer.out), (0, "1 rule file, 0 with defects\n"));
    let folder = folder();
    // By their names the second file would come first, and use a place that is not known yet.
    let (first, second) = (
        r#"{"url":"https://touchmark.example/r","recognise":"id.exists()","places":[{"name":"a","is":"id"}]}"#,
        r#"{"url":"https://touchmark.example/r","places":[{"name":"b","is":"%a"}]}"#,
    );
    fs::write(folder.path().join("z.json"), first).unwrap();
    fs::write(folder.path().join("y.json"), second).unwrap();
    let answer = touchmark().arg("lint").arg(folder.path()).run();
    assert_eq!(answer.status, 1, "{answer:?}");
    let manifest = r#"{"name":"r","version":"1","canonicals":[{"resource":"RuleFile","file":"z.json"},{"resource":"RuleFile","file":"y.json"},{"resource":"RuleFile","file":"y.json"}]}"#;
    fs::write(folder.path().join("package.json"), manifest).unwrap();
    let answer = touchmark().arg("lint").arg(folder.path()).run();
    assert_eq!((answer.status, &*answer.out), (0, "2 rule files, 0 with defects\n"));
}
