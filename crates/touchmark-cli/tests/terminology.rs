//! `--terminology` with a SNOMED CT release: its index is made once, kept, and made again when it must be.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{Answer, touchmark};
use tempfile::TempDir;

/// The root, clinical findings, and a heart attack below them.
const CONCEPTS: [&str; 3] = ["138875005", "404684003", "22298006"];

/// A release, a cache, and a message with a code.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        place.write("release/Snapshot/Terminology/sct2_Concept_Snapshot_INT_20260101.txt", &concepts(&CONCEPTS));
        let mut descriptions =
            "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n"
                .to_owned();
        descriptions
            .push_str("1\t20260101\t1\t0\t22298006\ten\t900000000000003001\tMyocardial infarction (disorder)\t0\n");
        place.write("release/Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20260101.txt", &descriptions);
        let kinds = "22298006\t404684003\t0\t116680003\t900000000000011006\t900000000000451002";
        let relationships = format!(
            "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n\
             1\t20260101\t1\t0\t{kinds}\n"
        );
        place.write("release/Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20260101.txt", &relationships);
        // A full file beside the snapshot is left alone.
        place.write("release/Full/Terminology/sct2_Concept_Full_INT_20260101.txt", &concepts(&["195967001"]));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// The rule codes found in a Condition with this code, and what was said on standard error.
    fn check(&self, code: &str, display: &str) -> (Vec<String>, String) {
        let text = format!(
            r#"{{"resourceType":"Condition","clinicalStatus":"active","verificationStatus":"confirmed",
                "subject":{{"reference":"Patient/1"}},
                "code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}","display":"{display}"}}]}}}}"#
        );
        self.write("message.json", &text);
        let answer = self.run(&["check", "message.json", "--format", "json", "--terminology", "release"]);
        let outcome: serde_json::Value =
            serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
        let codes = outcome["issue"].as_array().expect("issues").iter();
        let codes = codes.filter_map(|issue| issue["details"]["coding"][0]["code"].as_str());
        (codes.filter(|c| c.starts_with("binding")).map(str::to_owned).collect(), answer.err)
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        touchmark().within(self.folder.path()).args(arguments).args(["--terminology-cache", "cache"]).run()
    }

    /// The files in the cache.
    fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache")).expect("a cache");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }
}

fn concepts(codes: &[&str]) -> String {
    let rows: Vec<String> =
        codes.iter().map(|code| format!("{code}\t20260101\t1\t900000000000207008\t900000000000074008\r\n")).collect();
    format!("id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\r\n{}", rows.concat())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("an index");
    bytes[at] ^= 0xFF;
    fs::write(path, bytes).expect("a file that can be written");
}

#[test]
fn an_index_is_made_once_and_used_by_later_runs() {
    let place = Place::new();
    let (found, said) = place.check("22298006", "Myocardial infarction");
    assert!(found.is_empty(), "{found:?}");
    assert!(said.contains("indexed, once, into cache"), "{said}");
    let (found, said) = place.check("195967001", "Asthma");
    assert_eq!((&found[..], &*said), (&["binding-code-unknown".to_owned()][..], ""));
    assert_eq!(place.check("22298006", "Asthma"), (vec!["binding-display".to_owned()], String::new()));
    assert_eq!(place.kept().len(), 1, "nothing else is left there");
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&place.kept()[0]).expect("an index").permissions());
        let plain = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(place.path("message.json")).expect("a file").permissions(),
        );
        assert_eq!(mode, plain, "as any other file of the user's");
    }
    let packs = place.run(&["packs", "--terminology", "release"]);
    assert!(packs.out.contains("SNOMED CT\n  3 concepts"), "{packs:?}");
}

#[test]
fn value_sets_over_the_release_are_decided() {
    let place = Place::new();
    let check = |code: &str, terminology: &[&str]| {
        let text = format!(
            r#"{{"resourceType":"Condition",
                "meta":{{"profile":["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Condition-1"]}},
                "code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}"}}]}}}}"#
        );
        place.write("message.json", &text);
        let arguments = ["check", "message.json", "--format", "ndjson", "--level", "information"];
        let answer = place.run(&[&arguments[..], terminology].concat());
        let lines = answer.lines();
        let of_binding = lines[0].issues().map(|i| i.code().to_owned()).filter(|c| c.starts_with("binding"));
        of_binding.collect::<Vec<_>>()
    };
    let release = &["--terminology", "release"][..];
    assert_eq!(check("22298006", release), [""; 0], "a kind of finding");
    assert_eq!(check("138875005", release), ["binding-required"], "the root is no finding");
    assert_eq!(check("22298006", &[]), ["binding-unchecked"], "without a release nobody knows");
}

#[test]
fn the_cache_of_the_user_is_where_it_is_kept() {
    let place = Place::new();
    let run = |name| {
        let answer = touchmark().within(place.folder.path()).variable(name, place.path("user"));
        answer.variable(if name == "HOME" { "XDG_CACHE_HOME" } else { "HOME" }, PathBuf::new()).args(["packs"])
    };
    for (name, folder) in [("XDG_CACHE_HOME", "user/touchmark"), ("HOME", "user/.cache/touchmark")] {
        let answer = run(name).args(["--terminology", "release"]).run();
        assert!(answer.out.contains("SNOMED CT\n  3 concepts"), "{answer:?}");
        let kept = fs::read_dir(place.path(folder)).map(Iterator::count);
        assert_eq!(kept.ok(), Some(1), "{name}");
    }
}

#[test]
fn a_release_that_has_changed_is_indexed_again() {
    let place = Place::new();
    place.check("22298006", "Myocardial infarction");
    let more = concepts(&[&CONCEPTS[..], &["195967001"]].concat());
    place.write("release/Snapshot/Terminology/sct2_Concept_Snapshot_INT_20260101.txt", &more);
    let (found, said) = place.check("195967001", "Asthma");
    assert!(found.is_empty() && said.contains("has changed"), "{found:?} {said}");
    // A second folder, as a national edition is, belongs to the same release, and has an index of its own.
    place.write("national/sct2_Concept_Snapshot_GB_20260101.txt", &concepts(&["999000041000000102"]));
    let packs = place.run(&["packs", "--terminology", "release", "--terminology", "national"]);
    assert!(packs.out.contains("SNOMED CT\n  5 concepts"), "{packs:?}");
    assert_eq!(place.kept().len(), 2);
}

#[test]
fn a_damaged_index_is_made_again_and_that_is_said() {
    let place = Place::new();
    place.check("22298006", "Myocardial infarction");
    let index = place.kept().remove(0);
    let damage: [(&str, &dyn Fn()); 5] = [
        ("another version", &|| flip(&index, 15)),
        ("damaged", &|| flip(&index, 60)),
        ("cut short", &|| fs::write(&index, &fs::read(&index).expect("an index")[..200]).expect("a file")),
        ("empty", &|| fs::write(&index, "").expect("a file")),
        ("something else", &|| fs::write(&index, "not an index at all, but text").expect("a file")),
    ];
    for (what, harm) in damage {
        harm();
        let (found, said) = place.check("195967001", "Asthma");
        assert_eq!(found, ["binding-code-unknown"], "{what}");
        assert!(said.starts_with("warning: ") && said.contains("it is made again"), "{what}: {said}");
        let (_, said) = place.check("195967001", "Asthma");
        assert_eq!(said, "", "{what}: it is whole again");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_said_and_no_hindrance() {
    let place = Place::new();
    place.write("cache", "a file where a folder is wanted");
    let (found, said) = place.check("195967001", "Asthma");
    assert_eq!(found, ["binding-code-unknown"]);
    assert!(said.contains("cannot be kept"), "{said}");
}

#[test]
fn a_release_that_cannot_be_read_is_an_error() {
    let place = Place::new();
    let bytes = [concepts(&CONCEPTS).as_bytes(), b"\xFF\n"].concat();
    fs::write(place.path("release/Snapshot/sct2_Concept_Snapshot_XX_20260101.txt"), bytes).expect("a file");
    let answer = place.run(&["packs", "--terminology", "release"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("sct2_Concept_Snapshot_XX_20260101.txt cannot be read"), "{answer:?}");
}

#[test]
fn runs_at_the_same_time_do_not_disturb_each_other() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let packs = place.run(&["packs", "--terminology", "release"]);
                assert!(packs.out.contains("SNOMED CT\n  3 concepts"), "{packs:?}");
            });
        }
    });
    assert_eq!(place.kept().len(), 1);
}
