//! What a user leaves out of a check and what more he asks of it: suppressions, baselines, advice, mustSupport.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{Answer, folder, touchmark};

const BAD: &str = r#"{"resourceType":"Basic","created":"28/02/2019","code":{"text":"c"}}"#;
const GOOD: &str = r#"{"resourceType":"Basic","code":{"text":"c"}}"#;

/// A folder of documents and a suppression file beside it.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(documents: &[(&str, &str)]) -> Case {
        let case = Case { folder: folder() };
        for (name, text) in documents {
            case.write(&format!("in/{name}"), text);
        }
        case
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Checks the documents, with this text as a suppression file.
    fn suppress(&self, text: &str, arguments: &[&str]) -> Answer {
        let file = self.write("accepted.toml", text);
        self.check(arguments, &["--suppress".as_ref(), &file])
    }

    fn check(&self, arguments: &[&str], more: &[&Path]) -> Answer {
        touchmark().arg("check").args(arguments).args(more).arg(self.path("in")).run()
    }
}

#[test]
fn what_is_accepted_counts_for_nothing_and_is_told() {
    let case = Case::new(&[("a.json", BAD), ("b.json", BAD), ("c.json", GOOD)]);
    assert_eq!(case.check(&[], &[]).status, 1);
    let text = "[[suppress]]\nrule = 'primitive-*'\npath = 'Basic.created'\nreason = 'known'\nexpires = 2999-12-31\n";
    let answer = case.suppress(text, &["--format", "ndjson"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let codes = |number: usize| answer.lines()[number].issues().map(|i| i.code().to_owned()).collect::<Vec<_>>();
    assert_eq!(codes(0), ["profile-no-fault", "profile-suppressed"]);
    assert_eq!(codes(2), ["profile-no-fault"]);
    let line = &answer.lines()[0];
    let said = line.issues().nth(1).unwrap().text();
    assert!(
        said.starts_with("1 finding is suppressed by ") && said.ends_with("(primitive-*, until 2999-12-31): known")
    );
    assert!(answer.err.starts_with("suppressed: 2 findings\n       2  "), "{answer:?}");
    let text = case.suppress(text, &[]);
    assert!(text.out.contains("a.json: no fault found, 1 suppressed\n"), "{text:?}");
}

#[test]
fn an_entry_is_for_its_rule_place_profile_and_document_only() {
    let base = "http://hl7.org/fhir/StructureDefinition/Basic";
    let case = Case::new(&[("a.json", BAD), ("deep/b.json", BAD)]);
    let left = |entry: &str| {
        let answer = case.suppress(&format!("[[suppress]]\nrule = 'primitive-form'\nreason = 'known'\n{entry}"), &[]);
        (answer.out.matches("primitive-form: ").count(), answer.status)
    };
    assert_eq!(left(""), (0, 0));
    assert_eq!(left("path = '**.created'"), (0, 0));
    assert_eq!(left("path = 'Basic.author'"), (2, 1));
    assert_eq!(left(&format!("profile = '{base}'")), (0, 0));
    assert_eq!(left(&format!("profile = '{base}|9'")), (2, 1));
    assert_eq!(left("source = '**/deep/*.json'"), (1, 1));
    assert_eq!(left("source = '*.json'"), (2, 1));
    // Definitions of STU3 itself are without a version in the packs; this one has 1.0.0.
    let claims = r#"{"resourceType":"Patient","meta":{"profile":["https://touchmark.example/StructureDefinition/patient-named"]}}"#;
    let case = Case::new(&[("a.json", claims)]);
    let definitions = definitions("patient-named.json");
    for (version, status) in [("1.0.0", 0), ("1.0.1", 1)] {
        let profile = format!("profile = 'https://touchmark.example/StructureDefinition/patient-named|{version}'");
        let text = format!("[[suppress]]\nrule = 'cardinality-minimum'\nreason = 'known'\n{profile}\n");
        let answer = case.suppress(&text, &["--package", &definitions]);
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

/// A definition of the vectors.
fn definitions(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/definitions").join(name).display().to_string()
}

#[test]
fn entries_that_are_over_or_for_nothing_are_named() {
    let case = Case::new(&[("a.json", BAD)]);
    let over = "[[suppress]]\nrule = 'primitive-form'\nreason = 'old'\nexpires = 2020-02-29\n";
    let unused = "[[suppress]]\nrule = 'bundle-orphan'\nreason = 'none'\n";
    let answer = case.suppress(&format!("{over}{unused}"), &["--format", "json"]);
    assert_eq!(answer.status, 1);
    assert!(!answer.out.contains("profile-suppressed"), "{answer:?}");
    let place = case.path("accepted.toml").display().to_string();
    let told = format!(
        "expired, so that their findings are said again:\n       1  {place}:1  primitive-form, until 2020-02-29: old\n\
         suppressions for which there was no finding:\n       0  {place}:5  bundle-orphan: none\n"
    );
    assert_eq!(answer.err, told);
    // Of an entry that is over and one that holds, the one that holds counts.
    let holds = "[[suppress]]\nrule = 'primitive-*'\nreason = 'new'\n";
    assert_eq!(case.suppress(&format!("{over}{holds}"), &[]).status, 0);
}

#[test]
fn what_was_not_looked_at_is_never_suppressed() {
    let case = Case::new(&[("a.json", "{"), ("b.json", BAD)]);
    let all = "[[suppress]]\nrule = 'syntax-*'\nreason = 'r'\n[[suppress]]\nrule = 'profile-*'\nreason = 'r'\n";
    let answer = case.suppress(all, &["--format", "ndjson", "--max-findings", "1"]);
    let codes: Vec<_> =
        answer.lines().iter().flat_map(|l| l.issues().map(|i| i.code().to_owned()).collect::<Vec<_>>()).collect();
    assert_eq!(
        (answer.status, &*codes),
        (1, &["syntax-unreadable", "primitive-form", "profile-cut-short"].map(String::from)[..])
    );
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_line() {
    let case = Case::new(&[("a.json", GOOD)]);
    let entry = |rest: &str| format!("# ours\n[[suppress]]\nrule = 'bundle-orphan'\nreason = 'r'\n{rest}\n");
    for (text, line, reason) in [
        (entry("expires = 2027-02-30"), 5, "invalid date, expected day between 01 and 28"),
        (entry("expires = '2027-02-28'"), 5, "expires is a day, written without quotation marks, as in 2027-03-31"),
        (entry("expires = 2027-02-28T10:00:00Z"), 5, "expires is a day, without a time"),
        (entry("path = 'Bundle.entry[x]'"), 5, "Bundle.entry[x] is no path: entry[x]: an index is a number or *"),
        (entry("source = 'a[b'"), 5, "a[b is no pattern of names: unclosed character class; missing ']'"),
        (entry("profile = 'Patient'"), 5, "Patient is no canonical url of a profile"),
        (
            entry("until = 2027-02-28"),
            5,
            "unknown field `until`, expected one of `rule`, `path`, `profile`, `source`, `reason`, `expires`",
        ),
        ("[[suppress]]\nrule = 'bundle-orphan'\n".to_owned(), 1, "the entry gives no reason"),
        ("[[suppress]]\nrule = 'bundle-orphan'\nreason = ' '".to_owned(), 3, "the reason is empty"),
        ("[[suppress]]\nreason = 'r'\n".to_owned(), 1, "the entry names no rule"),
        (
            "[[suppress]]\nrule = 'orphan'\nreason = 'r'\n".to_owned(),
            2,
            "there is no rule orphan; did you mean bundle-orphan or contained-orphan?",
        ),
        ("[[suppress]]\nrule = 'bungle-*'\nreason = 'r'\n".to_owned(), 2, "no rule begins with bungle-"),
        (
            "[[suppress]]\nrule = '*'\nreason = 'r'\n".to_owned(),
            2,
            "* alone would suppress everything: name a kind, as in binding-*",
        ),
        (
            "[[suppress]]\nrule = 'syntax-unreadable'\nreason = 'r'\n".to_owned(),
            2,
            "syntax-unreadable cannot be suppressed: it says that a document was not looked at",
        ),
        (
            "[[suppress]]\nrule = 'definition-*'\nreason = 'r'\n".to_owned(),
            2,
            "definition-* is no finding of a check: there is nothing to suppress",
        ),
        ("[[suppress]\n".to_owned(), 1, "unclosed array table, expected `]`"),
        ("[[supress]]\n".to_owned(), 1, "unknown field `supress`, expected `suppress`"),
    ] {
        let answer = case.suppress(&text, &[]);
        let told = format!("error: {}:{line}: {reason}\n", case.path("accepted.toml").display());
        assert_eq!((answer.status, answer.err), (2, told), "{text}");
    }
    // All that is wrong is told at once, in the order of the lines.
    let answer = case.suppress("[[suppress]]\nrule = 'xyz'\n[[suppress]]\nreason = 'r'\n", &[]);
    let lines: Vec<&str> = answer.err.lines().filter_map(|l| l.split("accepted.toml:").nth(1)).collect();
    assert_eq!(
        lines,
        ["1: the entry gives no reason", "2: there is no rule xyz", "3: the entry names no rule"],
        "{answer:?}"
    );
    assert_eq!(case.check(&["--suppress", "nowhere.toml"], &[]).status, 2);
}

#[test]
fn a_baseline_accepts_what_is_there_and_nothing_else() {
    let case = Case::new(&[("a [1].json", BAD), ("b.json", BAD)]);
    let baseline = case.path("baseline.toml");
    let first = case.check(&[], &["--write-suppressions".as_ref(), &baseline]);
    assert_eq!((first.status, first.err), (1, format!("{}: 2 suppressions written\n", baseline.display())));
    assert_eq!(case.check(&[], &["--suppress".as_ref(), &baseline]).status, 0);
    // A fault of another document is new.
    case.write("in/c.json", BAD);
    let later = case.check(&["--format", "ndjson"], &["--suppress".as_ref(), &baseline]);
    assert_eq!(later.status, 1);
    assert!(later.lines()[2].issues().any(|i| i.code() == "primitive-form"), "{later:?}");
    // The file may have reasons by now.
    let again = case.check(&[], &["--write-suppressions".as_ref(), &baseline]);
    assert_eq!(again.status, 2);
    assert!(again.err.contains("baseline.toml is there already"), "{again:?}");
}

#[test]
fn the_number_of_threads_changes_no_count() {
    let case = Case { folder: folder() };
    for number in 0..120 {
        case.write(&format!("in/{number:03}.json"), if number % 3 == 0 { GOOD } else { BAD });
    }
    let text = "[[suppress]]\nrule = 'primitive-form'\nsource = '**/*[02468].json'\nreason = 'even'\n";
    let run = |jobs: &str, name: &str| {
        let written = case.path(name);
        let file = case.write("accepted.toml", text);
        let arguments = ["--jobs", jobs, "--format", "ndjson"];
        let answer = case.check(&arguments, &["--suppress".as_ref(), &file, "--write-suppressions".as_ref(), &written]);
        (answer.status, answer.out, answer.err.replace(name, ""), fs::read_to_string(written).unwrap())
    };
    let one = run("1", "one.toml");
    assert!(one.2.starts_with("suppressed: 40 findings\n"), "{}", one.2);
    assert_eq!(one.3.matches("[[suppress]]").count(), 40);
    for jobs in ["2", "7"] {
        assert!(run(jobs, &format!("{jobs}.toml")) == one, "--jobs {jobs}");
    }
}

/// An Observation without performer or narrative; the blank behind the text is advice at any level.
const ADVISED: &str = r#"{"resourceType":"Observation","status":"final","code":{"text":"c "},"effectiveDateTime":"2019",
    "subject":{"display":"s"}}"#;

#[test]
fn advice_is_said_at_the_level_that_is_asked_for() {
    let case = Case::new(&[("a.json", ADVISED)]);
    let said = |arguments: &[&str]| {
        let answer = case.check(&[&["--format", "ndjson", "--level", "information"], arguments].concat(), &[]);
        let line = &answer.lines()[0];
        let advice = line.issues().filter(|i| i.0["details"]["coding"][1]["code"] == "advice");
        let said: Vec<String> = advice.map(|i| format!("{} {}", i.code(), i.severity())).collect();
        (said.join(", "), answer.status)
    };
    assert_eq!(said(&[]), ("primitive-advice warning".to_owned(), 0));
    assert_eq!(said(&["--advice", "off"]), (String::new(), 0));
    let all = |level: &str| format!("advice-narrative {level}, advice-observation {level}, primitive-advice {level}");
    assert_eq!(said(&["--advice", "information"]), (all("information"), 0));
    assert_eq!(said(&["--advice", "warning", "--fail-on", "warning"]), (all("warning"), 1));
    // What is said of one rule counts before what is said of all.
    let one = ["--advice", "information", "--severity", "primitive-advice=error"];
    assert!(said(&one).0.ends_with("primitive-advice error") && said(&one).1 == 1);
}

#[test]
fn elements_that_must_be_supported_are_told_on_request_and_once() {
    let patient = |id: u32| {
        format!(
            r#"{{"resource":{{"resourceType":"Patient","id":"p{id}","meta":{{"profile":
                ["https://touchmark.example/StructureDefinition/patient-supported"]}}}}}}"#
        )
    };
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{},{}]}}"#,
        patient(1),
        patient(2),
        patient(3)
    );
    let case = Case::new(&[("a.json", &bundle)]);
    let definitions = definitions("patient-supported.json");
    let said = |arguments: &[&str]| {
        let answer = case.check(
            &[&["--format", "ndjson", "--level", "information"], arguments].concat(),
            &["--package".as_ref(), definitions.as_ref()],
        );
        let line = &answer.lines()[0];
        let of = |i: &command::Issue<'_>| i.code() == "cardinality-must-support";
        line.issues().filter(of).map(|i| i.text().to_owned()).collect::<Vec<_>>()
    };
    assert!(said(&[]).is_empty());
    let rest = "which must be supported, is not here (nor in 2 more places)";
    assert_eq!(
        said(&["--must-support"]),
        [format!("Patient.identifier:hospital, {rest}"), format!("Patient.telecom, {rest}")]
    );
}

#[test]
fn many_findings_that_say_the_same_are_shown_as_one() {
    let entry = |n: u32, created: &str| {
        format!(
            "{{\"fullUrl\":\"http://example.org/fhir/Basic/{n}\",\"resource\":\n{{\"resourceType\":\"Basic\",\"id\":\"{n}\",\"code\":{{\"text\":\"c\"}},\"created\":\"{created}\"}}}}"
        )
    };
    let check = |created: &[&str], expected: &[&str]| {
        let entries: Vec<String> = created.iter().enumerate().map(|(n, c)| entry(n as u32, c)).collect();
        let bundle =
            format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n{}]}}", entries.join(",\n"));
        let answer = Case::new(&[("a.json", &bundle)]).check(&[], &[]);
        let said = |line: &&str| line.contains("primitive-form: ") || line.contains("more alike");
        let said: Vec<&str> = answer.out.lines().filter(said).map(str::trim).collect();
        assert_eq!(said, expected, "{answer:?}");
        // All are counted all the same.
        let wrong = created.iter().filter(|c| **c != "2019").count();
        assert!(answer.out.contains(&format!("{wrong:>8}  primitive-form  error")), "{answer:?}");
    };
    let no_day = "× primitive-form: created is not a valid date: there is no such day in that month";
    let no_month = "× primitive-form: created is not a valid date: there is no such month";
    check(&["2019-02-29", "2019", "2019-02-30"], &[no_day, no_day]);
    let alike = "3 more alike, in lines 7, 9, 11";
    check(&["2019-13-01", "2019-02-29", "2019-02-29", "2019-02-29", "2019-02-29"], &[no_month, no_day, alike]);
}
