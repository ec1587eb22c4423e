//! `touchmark check` as a user meets it: exit statuses, paths, formats, levels, and the same bytes whatever the threads.

mod command;

use std::fs;

use command::{folder, touchmark};

const GOOD: &str = r#"<Basic xmlns="http://hl7.org/fhir"><code><coding><system value="http://example.org/s"/><code value="a"/></coding></code></Basic>"#;
const BAD: &str = r#"{"resourceType":"Basic","created":"28/02/2019","author":{"display":"Bloggs, Joe"}}"#;
/// Only a warning: the profile is not known.
const DOUBTFUL: &str =
    r#"{"resourceType":"Basic","meta":{"profile":["http://example.org/nowhere"]},"code":{"text":"c"}}"#;

#[test]
fn the_exit_status_says_how_it_ended() {
    let folder = folder();
    let path = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let (good, bad, doubtful) = (path("good.xml", GOOD), path("bad.json", BAD), path("doubtful.json", DOUBTFUL));
    let status = |arguments: &[&str], path: &std::path::Path| {
        let answer = touchmark().arg("check").args(arguments).arg(path).run();
        assert!(answer.status != 2 || answer.err.starts_with("error"), "{answer:?}");
        answer.status
    };
    assert_eq!(status(&[], &good), 0);
    assert_eq!(status(&[], &bad), 1);
    assert_eq!(status(&[], &doubtful), 0);
    assert_eq!(status(&["--fail-on", "warning"], &doubtful), 1);
    assert_eq!(status(&["--severity", "profile-unknown=error"], &doubtful), 1);
    assert_eq!(
        status(&["--severity", "cardinality-minimum=warning", "--severity", "primitive-form=information"], &bad),
        0
    );
    // A level hides; it changes no status.
    assert_eq!(status(&["--level", "error", "--fail-on", "warning"], &doubtful), 1);
    assert_eq!(status(&["--severity", "no-such-rule=error"], &good), 2);
    assert_eq!(status(&["--severity", "profile-unknown"], &good), 2);
    assert_eq!(status(&["--profile", "http://example.org/nowhere"], &good), 2);
    assert_eq!(status(&["--packs", "none"], &good), 2);
    assert_eq!(status(&["--packs", "nowhere"], &good), 2);
    assert_eq!(status(&["--package", "nowhere"], &good), 2);
    // A misspelt policy, edition or domain would be judged by another one, or by none.
    assert_eq!(status(&["--policy", "strict", "--edition", "E2.3", "--domain", "toc"], &good), 0);
    assert_eq!(status(&["--policy", "strikt"], &good), 2);
    assert_eq!(status(&["--edition", "E9"], &good), 2);
    assert_eq!(status(&["--domain", "nowhere"], &good), 2);
    assert_eq!(status(&["--policy", "strict", "--packs", "hl7.fhir.core"], &good), 2);
}

#[test]
fn a_path_that_is_not_there_is_named_and_the_rest_is_checked() {
    let folder = folder();
    let bad = folder.path().join("bad.json");
    fs::write(&bad, BAD).unwrap();
    let answer = touchmark().args(["check", "--format", "ndjson", "nowhere.xml"]).arg(&bad).run();
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("nowhere.xml"), "{answer:?}");
    assert_eq!(answer.lines().len(), 1);
}

#[test]
fn an_empty_folder_is_no_success() {
    let folder = folder();
    fs::write(folder.path().join("read.me"), GOOD).unwrap();
    let answer = touchmark().arg("check").arg(folder.path()).run();
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(answer.err.contains("no *.xml or *.json"));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_a_fatal_finding_of_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let (closed, good) = (folder.path().join("closed.json"), folder.path().join("good.xml"));
    fs::write(&closed, BAD).unwrap();
    fs::write(&good, GOOD).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&closed).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let answer = touchmark().args(["check", "--format", "ndjson"]).arg(folder.path()).run();
    assert_eq!(answer.status, 1);
    let lines = answer.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].issues().next().map(|i| i.severity().to_owned()), Some("fatal".into()));
}

#[test]
fn folders_are_read_in_byte_order_and_names_as_given() {
    let folder = folder();
    let at = folder.path().join("in");
    for name in ["b.json", "a/z.XML", "a/deep/er.json", "a-b.json", "a.json", "C.Json", "skipped.txt"] {
        let path = at.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, GOOD).unwrap();
    }
    let answer = touchmark().args(["check", "--format", "ndjson"]).arg(&at).run();
    let prefix = format!("{}/", at.display());
    let sources: Vec<String> =
        answer.lines().iter().map(|l| l.source().strip_prefix(&prefix).unwrap().to_owned()).collect();
    assert_eq!(sources, ["C.Json", "a-b.json", "a.json", "a/deep/er.json", "a/z.XML", "b.json"]);
    // What is named is taken whatever its name.
    let named = touchmark().args(["check", "--format", "ndjson"]).arg(at.join("skipped.txt")).run();
    assert_eq!((named.status, named.lines().len()), (0, 1));
}

#[test]
fn standard_input_is_a_document() {
    let answer = touchmark().args(["check", "--format", "ndjson", "-"]).input(BAD).run();
    assert_eq!(answer.status, 1);
    assert_eq!(answer.lines()[0].source(), "-");
    assert_eq!(touchmark().args(["check", "-", "-"]).input(BAD).run().status, 2);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = folder();
    for number in 0..200 {
        let content = [GOOD, BAD, DOUBTFUL][number % 3].repeat(if number == 17 { 2 } else { 1 });
        fs::write(folder.path().join(format!("{number:03}.json")), content).unwrap();
    }
    for format in ["ndjson", "json", "xml", "text"] {
        let run = |jobs: &str| {
            touchmark()
                .args(["check", "--level", "information", "--format", format, "--jobs", jobs])
                .arg(folder.path())
                .run()
        };
        let one = run("1");
        assert_eq!(one.status, 1, "{one:?}");
        for jobs in ["2", "7"] {
            assert!(run(jobs).out == one.out, "{format} differs with --jobs {jobs}");
        }
    }
}

#[test]
fn values_are_masked_in_machine_formats_and_shown_in_text_unless_asked() {
    let check = |arguments: &[&str]| touchmark().arg("check").args(arguments).arg("-").input(BAD).run().out;
    for format in ["json", "xml", "ndjson"] {
        assert!(!check(&["--format", format]).contains("28/02/2019"));
        assert!(check(&["--format", format]).contains("a value of the form 99/99/9999"));
        assert!(check(&["--format", format, "--values", "show"]).contains("28/02/2019"));
    }
    assert!(check(&[]).contains("28/02/2019"));
    let masked = check(&["--values", "mask"]);
    assert!(!masked.contains("28/02/2019") && !masked.contains("Bloggs"), "{masked}");
}

#[test]
fn levels_hide_and_what_is_clean_says_so() {
    let check = |level: &str, input: &str| {
        let answer = touchmark().args(["check", "--format", "ndjson", "--level", level, "-"]).input(input).run();
        let lines = answer.lines();
        lines[0].issues().map(|i| i.code().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(check("warning", DOUBTFUL), ["profile-unknown"]);
    assert_eq!(check("error", DOUBTFUL), ["profile-no-fault"]);
    assert_eq!(check("error", GOOD), ["profile-no-fault"]);
    assert!(check("information", DOUBTFUL).iter().any(|c| c == "profile-judged"));
}

#[test]
fn limits_are_options() {
    let many = format!(
        r#"{{"resourceType":"Basic","code":{{"text":"c"}}{}}}"#,
        (0..50).map(|n| format!(",\"x{n}\":1")).collect::<String>()
    );
    let answer = touchmark().args(["check", "--format", "ndjson", "--max-findings", "5", "-"]).input(&many).run();
    let lines = answer.lines();
    let codes: Vec<&str> = lines[0].issues().map(|i| i.code()).collect();
    assert_eq!(codes.len(), 6);
    assert_eq!(codes[5], "profile-cut-short");
    let deep = touchmark().args(["check", "--format", "ndjson", "--max-depth", "2", "-"]).input(GOOD).run();
    assert_eq!(deep.first_code(), "syntax-unreadable");
}

#[test]
fn our_own_outcomes_have_no_fault() {
    let folder = folder();
    for (number, content) in
        [GOOD, BAD, DOUBTFUL, "<x", "{\"resourceType\":\"Basic\",\"\\u0001\":\"\\u0002\u{FDD0}\"}"].iter().enumerate()
    {
        fs::write(folder.path().join(format!("{number} &ü.xml")), content).unwrap();
    }
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/samples");
    for sample in fs::read_dir(samples).unwrap().map(Result::unwrap) {
        fs::copy(sample.path(), folder.path().join(sample.file_name())).unwrap();
    }
    for format in ["json", "xml"] {
        for values in ["show", "mask"] {
            let arguments = ["check", "--format", format, "--level", "information", "--values", values];
            let several = touchmark().args(arguments).arg(folder.path()).run();
            let one = touchmark().args(arguments).arg("-").input(BAD).run();
            for outcome in [several.out, one.out] {
                let again = touchmark()
                    .args(["check", "--format", "ndjson", "--level", "information", "-"])
                    .input(&outcome)
                    .run();
                assert_eq!(again.first_code(), "profile-no-fault", "{again:?}\n{outcome}");
                assert_eq!(again.lines()[0].issues().count(), 1);
            }
        }
    }
}

#[test]
fn a_fault_that_two_elements_make_together_names_both() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/type/choice-of-extension.broken.xml");
    let definitions = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/definitions");
    let said = |format: &str| {
        touchmark()
            .args(["check", "--format", format, "--package", definitions, file])
            .run()
            .out
            .replace(['\n', ' '], "")
    };
    let (first, second) = ("Patient.extension[0]", "Patient.extension[0].value");
    let places = format!(r#""location":["{first}","{second}"],"expression":["{first}","{second}"]"#);
    assert!(said("ndjson").contains(&places), "{}", said("ndjson"));
    assert!(said("json").contains(&places), "{}", said("json"));
    let list = |name: &str| format!(r#"<{name}value="{first}"/><{name}value="{second}"/>"#);
    assert!(said("xml").contains(&(list("location") + &list("expression"))), "{}", said("xml"));
    assert!(said("text").contains(&format!("togetherwith{second}")), "{}", said("text"));
}

#[test]
fn text_shows_the_place_even_in_a_message_on_one_long_line() {
    let long =
        format!(r#"{{"resourceType":"Basic","code":{{"text":"{}"}},"created":"28/02/2019"}}"#, "y".repeat(4_000_000));
    let answer = touchmark().args(["check", "-"]).input(&long).run();
    assert_eq!(answer.status, 1);
    assert!(answer.out.contains("primitive-form") && answer.out.contains("write '2019-02-28'"), "{answer:?}");
    assert!(answer.out.contains("Basic.created") && answer.out.contains("-:1:4000"), "{answer:?}");
    assert!(answer.out.len() < 3000 && !answer.out.contains('\u{1b}'), "{answer:?}");
}

#[test]
fn a_package_stands_before_the_packs() {
    let folder = folder();
    let profile = r#"{"resourceType":"StructureDefinition","url":"http://example.org/Strict","version":"2.0","name":"Strict",
        "status":"active","fhirVersion":"3.0.1","kind":"resource","abstract":false,"type":"Basic",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Basic","derivation":"constraint",
        "differential":{"element":[{"id":"Basic.created","path":"Basic.created","min":1}]}}"#;
    fs::write(folder.path().join("Strict.json"), profile).unwrap();
    fs::write(folder.path().join("package.json"), r#"{"name":"strict","version":"2.0.0"}"#).unwrap();
    let strict = |arguments: &[&str]| {
        touchmark()
            .args(["check", "--format", "ndjson", "--level", "information", "--package"])
            .arg(folder.path())
            .args(arguments)
            .arg("-")
            .input(GOOD)
            .run()
    };
    assert_eq!(strict(&[]).status, 0);
    let answer = strict(&["--profile", "http://example.org/Strict"]);
    assert_eq!((answer.status, answer.first_code()), (1, "cardinality-minimum".into()), "{answer:?}");
    assert!(answer.out.contains("http://example.org/Strict|2.0#Basic.created"));
    assert!(answer.out.contains("judged by http://example.org/Strict|2.0 (strict 2.0.0)"), "{answer:?}");
    let explained = touchmark().args(["explain", "Strict", "Basic.created", "--package"]).arg(folder.path()).run();
    assert!(explained.out.contains("1..1") && explained.out.contains("(strict 2.0.0)"), "{explained:?}");
}
