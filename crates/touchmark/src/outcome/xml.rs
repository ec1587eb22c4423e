//! OperationOutcome in XML, in the order of the schema.

use super::{COLUMN_EXTENSION, Issue, LINE_EXTENSION, issues};
use crate::report::Report;

pub(super) fn write(report: &Report, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<OperationOutcome xmlns=\"http://hl7.org/fhir\">\n");
    for issue in issues(report) {
        write_issue(&issue, out);
    }
    out.extend_from_slice(b"</OperationOutcome>\n");
}

fn write_issue(issue: &Issue<'_>, out: &mut Vec<u8>) {
    line(out, 1, "<issue>");
    if let Some(at) = issue.position {
        for (url, number) in [(LINE_EXTENSION, at.line), (COLUMN_EXTENSION, at.column)] {
            line(out, 2, &format!("<extension url=\"{url}\">"));
            element(out, 3, "valueInteger", &number.to_string());
            line(out, 2, "</extension>");
        }
    }
    element(out, 2, "severity", issue.severity.code());
    element(out, 2, "code", issue.rule.kind);
    line(out, 2, "<details>");
    for (system, code) in issue.codings() {
        line(out, 3, "<coding>");
        element(out, 4, "system", system);
        element(out, 4, "code", code);
        line(out, 3, "</coding>");
    }
    element(out, 3, "text", &issue.text);
    line(out, 2, "</details>");
    let mut diagnostics = String::new();
    issue.diagnostics.write(|ours, text| diagnostics.extend([ours, text]));
    if !diagnostics.is_empty() {
        element(out, 2, "diagnostics", &diagnostics);
    }
    for name in ["location", "expression"] {
        for expression in issue.expressions() {
            element(out, 2, name, expression);
        }
    }
    line(out, 1, "</issue>");
}

fn element(out: &mut Vec<u8>, depth: usize, name: &str, value: &str) {
    indent(out, depth);
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b" value=\"");
    for byte in value.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            // Sentences hold no other control characters.
            b'\t' | b'\n' | b'\r' => out.extend_from_slice(format!("&#{byte};").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.extend_from_slice(b"\"/>\n");
}

fn line(out: &mut Vec<u8>, depth: usize, text: &str) {
    indent(out, depth);
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn indent(out: &mut Vec<u8>, depth: usize) {
    out.extend(std::iter::repeat_n(b' ', depth * 2));
}
