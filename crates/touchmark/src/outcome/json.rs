//! OperationOutcome in JSON, written as it is made.

use super::{COLUMN_EXTENSION, Diagnostics, Issue, LINE_EXTENSION, issues};
use crate::report::Report;
use crate::rules::primitive::every;

pub(super) fn write(report: &Report, out: &mut Vec<u8>) {
    out.reserve(report.length());
    out.extend_from_slice(b"{\"resourceType\":\"OperationOutcome\",\"issue\":[");
    for (number, issue) in issues(report).enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write_issue(&issue, out);
    }
    out.extend_from_slice(b"]}");
}

pub(super) fn write_pretty(report: &Report, out: &mut Vec<u8>) {
    let mut line = Vec::new();
    write(report, &mut line);
    // It is JSON, and memory can be written to.
    let read = serde_json::from_slice::<serde_json::Value>(&line);
    let _ = read.and_then(|outcome| serde_json::to_writer_pretty(out, &outcome));
}

/// Member by member with its punctuation: a general serializer took two and a half times as long, and each finding has one.
fn write_issue(issue: &Issue<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    if let Some(at) = issue.position {
        raw(out, &["\"extension\":[{\"url\":\"", LINE_EXTENSION, "\",\"valueInteger\":"]);
        out.extend_from_slice(itoa::Buffer::new().format(at.line).as_bytes());
        raw(out, &["},{\"url\":\"", COLUMN_EXTENSION, "\",\"valueInteger\":"]);
        out.extend_from_slice(itoa::Buffer::new().format(at.column).as_bytes());
        raw(out, &["}],"]);
    }
    let (severity, kind) = (issue.severity.code(), issue.rule.kind);
    raw(out, &["\"severity\":\"", severity, "\",\"code\":\"", kind, "\",\"details\":{\"coding\":["]);
    for (number, (system, code)) in issue.codings().enumerate() {
        raw(out, &[if number > 0 { "," } else { "" }, "{\"system\":\""]);
        escaped(out, system);
        raw(out, &["\",\"code\":\""]);
        escaped(out, code);
        raw(out, &["\"}"]);
    }
    raw(out, &["],\"text\":\""]);
    escaped(out, &issue.text);
    raw(out, &["\"}"]);
    if !matches!(issue.diagnostics, Diagnostics::Nothing) {
        raw(out, &[",\"diagnostics\":\""]);
        issue.diagnostics.write(|ours, text| {
            raw(out, &[ours]);
            escaped(out, text);
        });
        out.push(b'"');
    }
    if issue.expression.is_some() {
        raw(out, &[",\"location\":"]);
        let start = out.len();
        for (number, expression) in issue.expressions().enumerate() {
            raw(out, &[if number > 0 { ",\"" } else { "[\"" }]);
            escaped(out, expression);
            out.push(b'"');
        }
        out.push(b']');
        // STU3 has the place twice, under two names.
        let end = out.len();
        raw(out, &[",\"expression\":"]);
        out.extend_from_within(start..end);
    }
    out.push(b'}');
}

fn raw(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// What stands between quotation marks (RFC 8259, section 7). An outcome is one line also to readers that take U+0085, U+2028
/// and U+2029 for the end of one.
fn escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while !(every(rest, is_plain) && rest.is_ascii()) {
        let Some(place) = rest.iter().position(|byte| !is_clean(*byte)) else { break };
        out.extend_from_slice(&rest[..place]);
        match rest[place] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            lead @ (0xC2 | 0xE2) => {
                let (bytes, written): (usize, &[u8]) = match &rest[place..] {
                    [0xC2, 0x85, ..] => (2, b"\\u0085"),
                    [0xE2, 0x80, 0xA8, ..] => (3, b"\\u2028"),
                    [0xE2, 0x80, 0xA9, ..] => (3, b"\\u2029"),
                    _ => (1, &[lead]),
                };
                out.extend_from_slice(written);
                rest = &rest[place + bytes..];
                continue;
            }
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
}

/// Whether a byte of ASCII stands for itself. Simple enough that the compiler asks it of sixteen bytes at once.
fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// Whether any byte does, also as a part of a letter.
fn is_clean(byte: u8) -> bool {
    is_plain(byte) && byte != 0xC2 && byte != 0xE2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_wants_it() {
        let mut texts: Vec<String> = (0..=0x7F).map(|byte| format!("before it {}", char::from(byte))).collect();
        texts.push("\"\\\"\\ é 😀 and more than sixteen letters, then \"\n\r\t\u{8}\u{c}\u{1f}\u{7f}".to_owned());
        for at in 0..40 {
            texts.push(format!("{}\"{}", "a".repeat(at), "é".repeat(at)));
        }
        texts.push("£5 \u{85} – \u{2027} \u{2028} \u{2029}".to_owned());
        for text in texts {
            let mut out = vec![b'"'];
            escaped(&mut out, &text);
            out.push(b'"');
            assert_eq!(std::str::from_utf8(&out).unwrap().find(['\u{85}', '\u{2028}', '\u{2029}']), None);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn what_is_indented_for_people_says_the_same() {
        let report = Report::unavailable("the file \"a\\\" has {no}, [way]: \\\" out");
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        write(&report, &mut line);
        write_pretty(&report, &mut lines);
        let read = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&line), read(&lines));
        assert!(
            lines.starts_with(
                b"{\n  \"resourceType\": \"OperationOutcome\",\n  \"issue\": [\n    {\n      \"severity\""
            )
        );
        assert!(lines.ends_with(b"\n    }\n  ]\n}"));
    }
}
