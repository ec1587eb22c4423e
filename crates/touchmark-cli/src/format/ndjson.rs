//! `{"source": …, "outcome": {…}}`, one line a document.

use super::Checked;

pub fn document(checked: &Checked<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"source\":");
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(&mut *out, checked.source);
    out.extend_from_slice(b",\"outcome\":");
    checked.report.write_json(out);
    out.extend_from_slice(b"}\n");
}
