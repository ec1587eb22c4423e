//! `touchmark check --mesh`: control files beside messages, and what becomes of bad ones.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{folder, touchmark};

const RIGHT: &str = "<DTSControl><To_DTS>GPPROVIDER_9990000018_03021971_Testpatient</To_DTS><WorkflowId>GPFED_CONSULT_REPORT</WorkflowId></DTSControl>";

fn message() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/itk3/valid/V1-send-document.xml")
}

/// The exit status, and all that was written, of a check with this control file.
fn checked(control: &str) -> (i32, String) {
    let folder = folder();
    let file = folder.path().join("m.ctl");
    fs::write(&file, control).unwrap();
    let answer = touchmark().arg("check").arg(message()).arg("--mesh").arg(&file).run();
    (answer.status, answer.out + &answer.err)
}

#[test]
fn the_sample_is_right_and_its_control_file_too() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/samples");
    let answer = touchmark().arg("check").arg(samples.join("send-document.xml")).arg("--mesh");
    let answer = answer.arg(samples.join("send-document.ctl")).run();
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("no fault found") && !answer.out.contains("not decided"), "{answer:?}");
}

#[test]
fn a_control_file_decides_what_a_message_alone_does_not() {
    let without = touchmark().arg("check").arg(message()).run();
    assert_eq!(without.status, 0, "{without:?}");
    for id in ["ITK-DOM-07", "ITK-DOM-12"] {
        assert!(without.out.contains(&format!("not decided: {id}, as ")), "{without:?}");
    }
    let judged = without.out.lines().find(|l| l.contains("judged as ITK3")).unwrap();
    assert!(!judged.contains("decided"), "{judged}");
    let (status, text) = checked(RIGHT);
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains("not decided"), "{text}");
    let (status, text) = checked(&RIGHT.replace("Testpatient", "Other"));
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("(ITK-DOM-07)") && text.contains("name[0].family"), "{text}");
    let (status, text) = checked(&RIGHT.replace("REPORT", "REPORT_ACK"));
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("(ITK-DOM-12)"), "{text}");
    // MESH puts the mailbox in place of the patient's details.
    let (status, text) = checked("Mex-To: X26OT134\nMex-WorkflowID: GPFED_CONSULT_REPORT\n");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("not decided: ITK-DOM-07, as To_DTS of the control file is a mailbox"), "{text}");
    assert!(!text.contains("DOM-12"), "{text}");
}

#[test]
fn names_and_spellings_that_mean_the_same_are_no_fault() {
    for to in ["GPPROVIDER_9990000018_03021971_TESTPATIENT", "GPPROVIDER_9990000018_19710203_Testpatient"] {
        let (status, text) =
            checked(&format!("{{\"mex-to\":\"{to}\",\"mex-workflowid\":\"GPCONNECT_SEND_DOCUMENT\"}}"));
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("no fault found"), "{text}");
    }
}

#[test]
fn a_bad_control_file_is_refused_with_its_name_and_the_reason() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><DTSControl><To_DTS>&c;</To_DTS></DTSControl>";
    let huge = format!("<DTSControl><Subject>{}</Subject></DTSControl>", "x".repeat(70_000));
    let bad = [
        ("<DTSControl><To_DTS>", "m.ctl"),
        (bomb, "DTD"),
        (&huge, "64 KiB"),
        ("", "empty"),
        ("PK\u{3}\u{4}", "line 1"),
    ];
    for (control, reason) in bad {
        let (status, text) = checked(control);
        assert_eq!(status, 2, "{text}");
        assert!(text.starts_with("error: the control file ") && text.contains(reason), "{text}");
        // Whose message it is is not printed.
        assert!(!text.contains("9990000018"), "{text}");
    }
    let answer = touchmark().arg("check").arg(message()).args(["--mesh", "nowhere.ctl"]).run();
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("nowhere.ctl: there is no such file"), "{answer:?}");
}

#[test]
fn in_a_folder_each_message_has_its_own() {
    let folder = folder();
    let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let text = fs::read(message()).unwrap();
    for name in ["a.xml", "b.dat", "c.xml", "d.xml"] {
        put(name, &text);
    }
    put("a.ctl", RIGHT.as_bytes());
    put("b.CTL", RIGHT.replace("0018", "0050").as_bytes());
    put("c.ctl", b"<DTSControl>");
    let answer = touchmark().arg("check").arg(folder.path()).args(["--mesh", "beside", "--format", "ndjson"]).run();
    assert_eq!(answer.status, 2, "{answer:?}");
    let lines: Vec<&str> = answer.out.lines().collect();
    assert_eq!(lines.len(), 4, "a bad control file leaves the message to be checked: {answer:?}");
    let is_wrong = |line: &str| line.contains("\"severity\":\"error\"") && line.contains("ITK-DOM-07");
    assert_eq!(lines.iter().map(|line| is_wrong(line)).collect::<Vec<_>>(), [false, true, false, false]);
    let errors: Vec<&str> = answer.err.lines().collect();
    assert!(
        errors[0].contains("c.xml: the control file") && errors[1].contains("d.xml: the control file"),
        "{errors:?}"
    );
    // One control file is not for many messages, and a folder is none.
    for mesh in [folder.path().join("a.ctl"), folder.path().to_owned()] {
        let answer = touchmark().arg("check").arg(folder.path()).arg("--mesh").arg(mesh).run();
        assert_eq!(answer.status, 2);
        assert!(answer.err.contains("--mesh beside"), "{answer:?}");
    }
}
