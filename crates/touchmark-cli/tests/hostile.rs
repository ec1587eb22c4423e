//! Inputs that mean harm, or are no messages at all: each gets an answer with a reason, in bounded time and memory.
#![cfg(unix)]

mod command;

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use command::{Answer, folder, touchmark};

/// Address space of a run: what is read at most, some copies of it, and the stacks.
const MEMORY_KIB: u32 = 1_500_000;
/// A program that hangs is ended by the one who waits. How fast it is, benches say: a busy machine and a debug build are slow.
const LONGEST: Duration = Duration::from_secs(120);

/// Runs the program on a file in bounded memory and time.
fn answer(path: &Path) -> Answer {
    let started = Instant::now();
    let answer = touchmark().memory(MEMORY_KIB).args(["check", "--format", "ndjson", "--jobs", "1"]).arg(path).run();
    assert!(started.elapsed() < LONGEST, "{} took {:?}", path.display(), started.elapsed());
    answer
}

/// Checks that a document has an error, that its first one is of this rule, and that its place is told.
fn check(name: &str, content: impl AsRef<[u8]>, rule: &str) {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let answer = answer(&path);
    assert_eq!(answer.status, 1, "{name}: {answer:?}");
    let [line] = &answer.lines()[..] else { panic!("{name}: {answer:?}") };
    let errors: Vec<_> = line.issues().filter(|i| matches!(i.severity(), "fatal" | "error")).collect();
    assert!(!errors.is_empty(), "{name}: no error in {answer:?}");
    assert!(
        errors.iter().any(|e| e.code() == rule),
        "{name}: {rule} wanted, {:?} found",
        errors.iter().map(command::Issue::code).collect::<Vec<_>>()
    );
    assert!(
        errors.iter().all(|e| e.line().is_some() || e.code() == "profile-cut-short"),
        "{name}: an error without a place in {answer:?}"
    );
}

#[test]
fn what_is_no_fhir() {
    check("empty.xml", "", "syntax-unreadable");
    check("blank.json", " \n\t ", "syntax-unreadable");
    check("page.html", "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><br></body></html>", "syntax-unreadable");
    check(
        "page.xml",
        "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Error</p></body></html>",
        "syntax-unreadable",
    );
    check("letter.xml", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj", "syntax-unreadable");
    check("archive.json", b"PK\x03\x04\x14\x00\x00\x00", "syntax-unreadable");
    check("noise.json", (0..=255_u8).cycle().take(100_000).collect::<Vec<u8>>(), "syntax-unreadable");
    check("v2.xml", "MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.4\r", "syntax-unreadable");
    check("array.json", "[{\"resourceType\":\"Patient\"}]", "syntax-unreadable");
    check("text.json", "\"resourceType\"", "syntax-unreadable");
    check("other.json", "{\"hello\":\"world\"}", "syntax-resource-type");
    check(
        "soap.xml",
        "<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'><soap:Body>\
         <Bundle xmlns='http://hl7.org/fhir'><type value='message'/></Bundle></soap:Body></soap:Envelope>",
        "syntax-unreadable",
    );
}

#[test]
fn what_is_cut_short_or_malformed() {
    let xml = "<Patient xmlns='http://hl7.org/fhir'><name><family value='A'/></name></Patient>";
    let json = r#"{"resourceType":"Patient","name":[{"family":"A"}]}"#;
    for cut in 1..xml.len() {
        check("cut.xml", &xml[..cut], "syntax-unreadable");
    }
    for cut in (1..json.len()).step_by(3) {
        check("cut.json", &json[..cut], "syntax-unreadable");
    }
    check("behind.json", format!("{json} x"), "syntax-unreadable");
    check("twice.xml", format!("{xml}{xml}"), "syntax-unreadable");
    check("ampersand.xml", xml.replace("'A'", "'A & B'"), "syntax-unreadable");
    check("utf8.json", b"{\"resourceType\":\"Patient\",\"id\":\"\xC3\x28\"}", "syntax-unreadable");
    check("null.json", "{\"resourceType\":\"Patient\",\"id\":\"a\0b\"}", "syntax-unreadable");
}

#[test]
fn what_is_deep() {
    check("brackets.json", "[".repeat(1_000_000), "syntax-unreadable");
    check(
        "inside.json",
        format!("{{\"resourceType\":\"Patient\",\"name\":{}", "[".repeat(1_000_000)),
        "syntax-unreadable",
    );
    check(
        "objects.json",
        format!("{{\"resourceType\":\"Patient\",\"a\":{}1", "{\"a\":".repeat(500_000)),
        "syntax-unreadable",
    );
    check(
        "elements.xml",
        format!("<Patient xmlns='http://hl7.org/fhir'>{}", "<a>".repeat(1_000_000)),
        "syntax-unreadable",
    );
    let extension = "<extension url='http://example.org/e'>";
    let nested = format!(
        "<Patient xmlns='http://hl7.org/fhir'>{}<valueString value='x'/>{}</Patient>",
        extension.repeat(190),
        "</extension>".repeat(190)
    );
    let folder = folder();
    let path = folder.path().join("nested.xml");
    std::fs::write(&path, nested).unwrap();
    let answer = touchmark().memory(MEMORY_KIB).args(["check", "--format", "ndjson"]).arg(&path).run();
    assert!(answer.status < 2, "{answer:?}");
    let deep = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":".repeat(900);
    let deep = format!("{deep}{{\"resourceType\":\"Patient\"}}{}", "}]}".repeat(900));
    std::fs::write(&path, deep).unwrap();
    let answer =
        touchmark().memory(MEMORY_KIB).args(["check", "--max-depth", "2000", "--format", "ndjson"]).arg(&path).run();
    assert_eq!(answer.status, 1, "{answer:?}");
}

#[test]
fn what_is_wide() {
    let entry = r#"{"fullUrl":"http://example.org/Patient/1","resource":{"resourceType":"Patient","id":"1","nme":1}}"#;
    let entries = vec![entry; 100_000].join(",");
    check(
        "entries.json",
        format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#),
        "bundle-full-url-duplicate",
    );
    let keys = vec!["\"active\":true"; 100_000].join(",");
    check("keys.json", format!("{{\"resourceType\":\"Patient\",{keys}}}"), "syntax-duplicate-key");
    let mut names = String::new();
    for number in 0..100_000 {
        let _ = write!(names, ",\"name{number}\":1");
    }
    check("names.json", format!("{{\"resourceType\":\"Patient\"{names}}}"), "syntax-unreadable");
    let mut attributes = String::new();
    for number in 0..100_000 {
        let _ = write!(attributes, " a{number}='1'");
    }
    check(
        "attributes.xml",
        format!("<Patient xmlns='http://hl7.org/fhir'><active value='true'{attributes}/></Patient>"),
        "syntax-stray-attribute",
    );
    let same = " value='true'".repeat(100_000);
    check("same.xml", format!("<Patient xmlns='http://hl7.org/fhir'><active{same}/></Patient>"), "syntax-unreadable");
    check(
        "unknown.xml",
        format!("<Patient xmlns='http://hl7.org/fhir'>{}</Patient>", "<nme value='x'/>".repeat(1_000_000)),
        "syntax-unknown-element",
    );
}

#[test]
fn what_rules_look_for_behind_many_others() {
    let system = "https://fhir.nhs.uk/STU3/CodeSystem/ITK-MessageEvent-2";
    let (others, wanted) = ("<author value='a'/>".repeat(200_000), "<identifier value='b'/>".repeat(200_000));
    check(
        "behind.xml",
        format!(
            "<Bundle xmlns='http://hl7.org/fhir'><type value='message'/><entry>
             <fullUrl value='urn:uuid:9d2e2cd9-ffe1-49c7-be43-f36e30564d3f'/><resource><MessageHeader>
             <event><system value='{system}'/><code value='ITK006D'/></event>{others}{wanted}</MessageHeader></resource>
             </entry></Bundle>"
        ),
        "syntax-object-wanted",
    );
}

#[test]
fn what_rules_ask_of_each_of_many() {
    let url = "urn:uuid:9d2e2cd9-ffe1-49c7-be43-f36e30564d3f";
    let message = |focus: &str, entries: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"message","entry":[{{"fullUrl":"{url}","resource":
            {{"resourceType":"MessageHeader","focus":[{focus}],"event":{{"code":"ITK006D","system":
            "https://fhir.nhs.uk/STU3/CodeSystem/ITK-MessageEvent-2"}}}}}}{entries}]}}"#
        )
    };
    let nowhere = vec![r#"{"reference":"urn:uuid:9d2e2cd9-ffe1-49c7-be43-f36e30564d30"}"#; 200_000].join(",");
    check("nowhere.json", message(&nowhere, ""), "cardinality-minimum");
    let mut orphans = String::new();
    for number in 0..200_000 {
        let _ = write!(
            orphans,
            r#",{{"fullUrl":"urn:uuid:9d2e2cd9-ffe1-49c7-be43-{number:012x}","resource":{{"resourceType":"Patient"}}}}"#
        );
    }
    check("orphans.json", message("", &orphans), "syntax-empty-array");
}

#[test]
fn what_is_huge() {
    let long = "x".repeat(50_000_000);
    check("value.json", format!(r#"{{"resourceType":"Patient","birthDate":"{long}"}}"#), "primitive-form");
    check(
        "value.xml",
        format!("<Patient xmlns='http://hl7.org/fhir'><birthDate value='{long}'/></Patient>"),
        "primitive-form",
    );
    check("key.json", format!(r#"{{"resourceType":"Patient","{long}":1}}"#), "syntax-unknown-element");
    check("type.json", format!(r#"{{"resourceType":"{long}"}}"#), "type-unknown-resource");
    check(
        "digits.json",
        format!(r#"{{"resourceType":"Patient","multipleBirthInteger":{}}}"#, "9".repeat(50_000_000)),
        "primitive-form",
    );
    check(
        "reference.json",
        format!(r#"{{"resourceType":"Patient","managingOrganization":{{"reference":"{long}"}}}}"#),
        "reference-form",
    );
    check(
        "profile.json",
        format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{long} "]}}}}"#),
        "primitive-form",
    );
    let sparse = folder();
    let path = sparse.path().join("sparse.json");
    std::fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
    let answer = answer(&path);
    assert_eq!((answer.status, answer.first_code()), (1, "syntax-unreadable".into()));
}

#[test]
fn what_expands_or_reaches_out() {
    let mut bomb = String::from("<?xml version='1.0'?><!DOCTYPE Patient [<!ENTITY a0 'ha'>");
    for number in 1..30 {
        let _ = write!(bomb, "<!ENTITY a{number} '&a{};&a{};'>", number - 1, number - 1);
    }
    bomb.push_str("]><Patient xmlns='http://hl7.org/fhir'><language value='&a29;'/></Patient>");
    check("bomb.xml", bomb, "syntax-unreadable");
    check(
        "outside.xml",
        "<!DOCTYPE Patient [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Patient xmlns='http://hl7.org/fhir'><language value='&x;'/></Patient>",
        "syntax-unreadable",
    );
    check(
        "dtd.xml",
        "<!DOCTYPE Patient SYSTEM 'http://example.org/x.dtd'><Patient xmlns='http://hl7.org/fhir'/>",
        "syntax-unreadable",
    );
    check(
        "div.json",
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"<!DOCTYPE div [<!ENTITY a 'b'>]><div xmlns=\"http://www.w3.org/1999/xhtml\">&a;</div>"}}"#,
        "narrative-markup",
    );
}

#[test]
fn what_is_encoded_otherwise() {
    let text =
        "<?xml version='1.0' encoding='UTF-16'?><Patient xmlns='http://hl7.org/fhir'><gendr value='x'/></Patient>";
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    check("utf16.xml", &little, "syntax-unknown-element");
    check("odd.xml", &little[..little.len() - 1], "syntax-unreadable");
    let latin: Vec<u8> = b"<?xml version='1.0' encoding='ISO-8859-1'?><Patient xmlns='http://hl7.org/fhir'><nam value='\xE9'/></Patient>".to_vec();
    check("latin.xml", latin, "syntax-unknown-element");
    check(
        "liar.xml",
        b"<?xml version='1.0' encoding='UTF-8'?><Patient xmlns='http://hl7.org/fhir'><id value='\xE9'/></Patient>",
        "syntax-unreadable",
    );
    let json: Vec<u8> = "{\"resourceType\":\"Patient\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check("utf16.json", json, "syntax-unreadable");
    check("surrogate.json", r#"{"resourceType":"Patient","name":[{"family":"\ud800"}]}"#, "syntax-surrogate");
}

#[test]
fn what_refers_in_chains_and_loops() {
    let mut chain = String::from(r#"{"resourceType":"Bundle","type":"collection","entry":["#);
    for number in 0..50_000 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            chain,
            r#"{comma}{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-{number:012}","resource":{{"resourceType":"Organization","name":"n","partOf":{{"reference":"urn:uuid:00000000-0000-4000-8000-{:012}"}}}}}}"#,
            number + 1
        );
    }
    let folder = folder();
    let path = folder.path().join("chain.json");
    std::fs::write(&path, format!("{chain}]}}")).unwrap();
    let answer = answer(&path);
    assert!(answer.status < 2, "{answer:?}");
    let contained: Vec<String> = (0..20_000)
        .map(|n| {
            format!(
                r##"{{"resourceType":"Organization","id":"o{n}","name":"n","partOf":{{"reference":"#o{}"}}}}"##,
                (n + 1) % 20_000
            )
        })
        .collect();
    let container = format!(
        r##"{{"resourceType":"Patient","contained":[{}],"managingOrganization":{{"reference":"#o0"}},"nme":1}}"##,
        contained.join(",")
    );
    check("loop.json", container, "syntax-unknown-element");
}

#[test]
fn what_makes_patterns_backtrack() {
    for value in [
        "0".repeat(200_000),
        "1.".repeat(100_000),
        " ".repeat(200_000),
        "-".repeat(200_000),
        "aaaa".repeat(50_000) + "!",
    ] {
        for (element, rule) in [("birthDate", "primitive-form"), ("deceasedDateTime", "primitive-form")] {
            check("pattern.json", format!(r#"{{"resourceType":"Patient","{element}":"{value}"}}"#), rule);
        }
        check(
            "base64.json",
            format!(r#"{{"resourceType":"Binary","contentType":"a/b","content":"{value}="}}"#),
            "primitive-form",
        );
    }
}

#[test]
fn a_message_of_another_edition() {
    let r4 = r#"{"resourceType":"Bundle","type":"message","timestamp":"2024-01-01T00:00:00Z","entry":[
        {"fullUrl":"urn:uuid:9d2e2cd9-ffe1-49c7-be43-f36e30564d3f","resource":{"resourceType":"MessageHeader",
         "eventUri":"http://example.org/event","source":{"endpoint":"http://example.org/"}}}]}"#;
    check("r4.json", r4, "syntax-unknown-element");
}

#[test]
fn folders_that_loop_and_names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let patient = r#"{"resourceType":"Patient","nme":1}"#;
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere.json", folder.path().join("broken.json")).unwrap();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xE9.json")), patient).unwrap();
    std::fs::write(folder.path().join("line\nbreak.JSON"), patient).unwrap();
    let answer = answer(folder.path());
    assert_eq!(answer.status, 1, "{answer:?}");
    let sources: Vec<String> =
        answer.lines().iter().map(|l| l.source().rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(sources, ["caf\\xE9.json", "line\nbreak.JSON"]);
    assert!(answer.err.contains("note: 2 links in folders were not followed"), "{answer:?}");
}

#[test]
fn devices_are_read_no_further_than_the_limit() {
    let started = Instant::now();
    let answer =
        touchmark().memory(MEMORY_KIB).args(["check", "--format", "ndjson", "--max-size", "16", "/dev/zero"]).run();
    assert_eq!((answer.status, answer.first_code()), (1, "syntax-unreadable".into()), "{answer:?}");
    assert!(started.elapsed() < LONGEST);
}
