//! Packages of definitions, from import to check: folders, archives, the user's cache and what depends on what.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("touchmark-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the file");
        fs::write(&path, text).expect("a file that can be written");
        path
    }

    /// Runs the program with this folder as the user's home.
    fn run(&self, arguments: &[&str]) -> (Output, String, String) {
        let program = env!("CARGO_BIN_EXE_touchmark");
        let output = Command::new(program).args(arguments).env("HOME", &self.0).output().expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        (output, out, err)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn profile(name: &str, version: &str) -> String {
    format!(
        r#"{{"resourceType": "StructureDefinition", "url": "https://example.org/StructureDefinition/{name}",
            "version": "{version}", "name": "{name}", "status": "active", "description": "Prose", "kind": "resource",
            "abstract": false, "type": "Basic", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Basic",
            "derivation": "constraint", "differential": {{"element": [
                {{"id": "Basic.author", "path": "Basic.author", "definition": "Prose", "min": 1}}]}}}}"#
    )
}

fn archive(path: &Path, files: &[(&str, &str)]) {
    let file = fs::File::create(path).expect("a file that can be written");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).expect("a member");
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive");
}

const BASIC: &str = r#"{"resourceType": "Basic", "meta": {"profile": ["https://example.org/StructureDefinition/Marked"]},
    "code": {"text": "x"}}"#;

#[test]
fn a_folder_an_archive_and_a_cached_package_judge_alike() {
    let folder = Folder::new("sources");
    let message = folder.write("message/basic.json", BASIC);
    folder.write("plain/marked.json", &profile("Marked", "1.0.0"));
    let manifest = r#"{"name": "org.example", "version": "1.0.0", "dependencies": {"hl7.fhir.r3.core": "3.0.2"}}"#;
    folder.write(".fhir/packages/org.example#1.0.0/package/package.json", manifest);
    folder.write(".fhir/packages/org.example#1.0.0/package/marked.json", &profile("Marked", "1.0.0"));
    folder.write(".fhir/packages/org.example#1.0.0/package/example/other.json", &profile("Other", "1.0.0"));
    let tgz = folder.0.join("org.example.tgz");
    let files = [("package/package.json", manifest), ("package/marked.json", &*profile("Marked", "1.0.0"))];
    archive(&tgz, &[files[0], files[1], ("package/example/basic.json", "not read")]);
    let plain = folder.0.join("plain");
    let message = message.to_str().expect("a path in UTF-8");
    for source in
        [plain.to_str().expect("a path"), tgz.to_str().expect("a path"), "org.example#1.0.0", "org.example@1.0.x"]
    {
        let (output, out, err) = folder.run(&["check", message, "--package", source, "--format", "ndjson"]);
        assert_eq!(output.status.code(), Some(1), "{source}: {err}");
        assert!(out.contains("cardinality-minimum"), "{source}: {out}");
        assert_eq!(err, "", "{source}");
    }
    let (_, out, _) = folder.run(&["packs", "example.org", "--package", "org.example#1.0.0"]);
    assert!(out.contains("* 1.0.0  active, org.example 1.0.0") && !out.contains("Other"), "{out}");
}

#[test]
fn what_a_package_needs_is_loaded_or_named() {
    let folder = Folder::new("needs");
    let manifest =
        |name: &str, needs: &str| format!(r#"{{"name": "{name}", "version": "1.0.0", "dependencies": {{{needs}}}}}"#);
    folder.write(".fhir/packages/a#1.0.0/package/package.json", &manifest("a", r#""b": "1.0.x", "gone": "2.0.0""#));
    folder.write(".fhir/packages/a#1.0.0/package/p.json", &profile("A", "1.0.0"));
    folder.write(".fhir/packages/b#1.0.9/package/package.json", &manifest("b", r#""a": "1.0.0""#));
    folder.write(".fhir/packages/b#1.0.9/package/p.json", &profile("Marked", "0.9.0"));
    let (output, out, err) = folder.run(&["packs", "Marked", "--package", "a#1.0.0"]);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.contains("* 0.9.0  active, b 1.0.0"), "{out}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("it needs gone 2.0.0, which is not loaded"), "{err}");
    let (output, _, err) = folder.run(&["packs", "--package", "nowhere#1.0.0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("nowhere#1.0.0"), "{err}");
}

#[test]
fn an_import_can_be_imported_again_and_replaces_what_was_there() {
    let folder = Folder::new("import");
    folder.write("published/p.json", &profile("Marked", "1.0.0"));
    folder.write("published/old.json", &profile("Old", "1.0.0"));
    folder.write("published/broken.xml", "<ValueSet");
    let (published, pack) = (folder.0.join("published"), folder.0.join("pack"));
    let arguments = ["import", published.to_str().expect("a path"), "--out", pack.to_str().expect("a path")];
    let (output, out, err) = folder.run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.contains("3 files from 2 StructureDefinition") && out.contains("broken.xml"), "{out}");
    let lean = fs::read_to_string(pack.join("StructureDefinition-Marked.json")).expect("a rule file");
    assert!(lean.contains("Basic.author") && !lean.contains("Prose"), "{lean}");

    fs::remove_file(published.join("old.json")).expect("a file to remove");
    folder.run(&arguments);
    assert!(!pack.join("StructureDefinition-Old.json").exists());
    assert_eq!(fs::read_to_string(pack.join("StructureDefinition-Marked.json")).expect("a rule file"), lean);

    let again = folder.0.join("again");
    folder.run(&["import", pack.to_str().expect("a path"), "--out", again.to_str().expect("a path")]);
    assert_eq!(fs::read_to_string(again.join("StructureDefinition-Marked.json")).expect("a rule file"), lean);
}
