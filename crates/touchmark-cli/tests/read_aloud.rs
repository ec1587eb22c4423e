//! 25 named faults of messages, and what `touchmark check` says of each: to be read as a tester reads it.
//!
//! `TOUCHMARK_WRITE=1 cargo test -p touchmark-cli --test read_aloud` writes the texts again; read what has changed before you
//! commit it.

mod command;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use command::{folder, touchmark};
use touchmark::{Library, RuleGraph};

/// The faults: what they are called, the mutation of the rule files, and the valid message that it is made in.
const FAULTS: [(&str, &str, &str); 25] = [
    ("bundle-is-a-collection", "001", "V1-send-document"),
    ("header-comes-second", "014", "V1-send-document"),
    ("file-ends-too-early", "019", "V1-send-document"),
    ("no-handling-extension", "021", "V1-send-document"),
    ("timestamp-is-a-date", "033", "V1-send-document"),
    ("unknown-modifier-extension", "161", "V1-send-document"),
    ("event-display-of-another-event", "043", "V1-send-document"),
    ("recipient-type-fx", "051", "V1-send-document"),
    ("response-asks-for-a-response", "071", "V3-infrastructure-positive"),
    ("response-code-misprinted", "081", "V4-infrastructure-negative"),
    ("sender-leads-nowhere", "093", "V1-send-document"),
    ("sender-as-a-bare-uuid", "238", "V1-send-document"),
    ("id-is-not-that-of-the-full-url", "089", "V1-send-document"),
    ("header-organization-has-a-name", "102", "V1-send-document"),
    ("practitioner-without-sds-id", "335", "V3-infrastructure-positive"),
    ("practitioner-role-without-practitioner", "373", "V7-event"),
    ("composition-without-identifier", "111", "V1-send-document"),
    ("empty-section", "113", "V1-send-document"),
    ("section-unknown-to-the-profile", "192", "V2-discharge"),
    ("payload-header-comes-second", "305", "V7-event"),
    ("png-bytes-as-pdf", "194", "V1-send-document"),
    ("endpoint-is-no-mailbox", "197", "V1-send-document"),
    ("period-ends-before-it-begins", "346", "V1-send-document"),
    ("nhs-number-with-wrong-check-digit", "122", "V1-send-document"),
    ("first-edition-flag-as-a-string", "126", "W1-first-edition-payload"),
];

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/itk3")
}

#[test]
fn each_fault_reads_as_it_was_read_aloud() {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    let graph = RuleGraph::new(library);
    let (messages, texts) = (folder(), vectors().join("read-aloud"));
    let mut differ = Vec::new();
    for (name, id, base) in FAULTS {
        let mutation = graph.mutations().find(|m| m.id == id).unwrap_or_else(|| panic!("there is no mutation {id}"));
        let valid = fs::read_to_string(vectors().join(format!("valid/{base}.xml"))).expect("a valid message");
        let faulty = mutation.apply(&valid, &graph).expect("a message with the fault").text;
        let file = format!("{name}.xml");
        fs::write(messages.path().join(&file), faulty).expect("a file");
        let said = touchmark().within(messages.path()).args(["check", &file]).run().out;
        let text = format!("{} ({base}, mutation {id})\n\n{said}", mutation.title);
        assert_eq!(said.matches("\n  help: ").count(), 1, "{name} is one fault, and so one issue:\n{said}");
        let file = texts.join(format!("{name}.txt"));
        if std::env::var_os("TOUCHMARK_WRITE").is_some() {
            fs::create_dir_all(&texts).expect("a folder");
            fs::write(&file, &text).expect("the text can be written");
        }
        if fs::read_to_string(&file).unwrap_or_default() != text {
            differ.push(name);
        }
    }
    let names: BTreeSet<String> = FAULTS.iter().map(|(name, ..)| format!("{name}.txt")).collect();
    let files = fs::read_dir(texts).expect("the folder of the texts");
    let found: BTreeSet<String> =
        files.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, names, "each text is of a fault of the list");
    assert!(differ.is_empty(), "what is said has changed (see the head of this file): {differ:?}");
}
