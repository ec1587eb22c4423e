//! What MESH says of a message: its control file (`DTSControl` in XML), or the `Mex-` headers of its API as JSON or as lines.
//! Both become names and values, under the names of the control file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use touchmark::document;

use crate::Failure;
use crate::inputs::{Source, reason, shown};

/// The largest control file that is read. Real ones have a few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// What `--mesh` is where each message has a control file of its own.
const BESIDE: &str = "beside";

/// What MESH says of a message, by name.
pub type Envelope = Vec<(String, String)>;

/// What `--mesh` asks for.
#[derive(Debug)]
pub enum Mesh {
    /// This, of the one message.
    One(Envelope),
    /// For each message the file of its name with the extension `ctl`, in its folder.
    Beside,
}

impl Mesh {
    /// Reads what `--mesh` names; `paths` are the messages.
    pub fn new(named: &Path, paths: &[std::ffi::OsString]) -> Result<Mesh, Failure> {
        if named == Path::new(BESIDE) {
            return Ok(Mesh::Beside);
        }
        let is_one = matches!(paths, [only] if !Path::new(only).is_dir());
        if named.is_dir() {
            return Err(format!(
                "--mesh {}: this is a folder; --mesh {BESIDE} takes for each message the NAME.ctl beside it",
                shown(named)
            ));
        }
        if !is_one {
            return Err(format!(
                "--mesh {}: one control file is for one message; --mesh {BESIDE} takes for each its own NAME.ctl",
                shown(named)
            ));
        }
        read(named).map(Mesh::One)
    }

    /// What is said of this message.
    pub fn of(&self, message: &Source) -> Result<Envelope, Failure> {
        match (self, message) {
            (Mesh::One(envelope), _) => Ok(envelope.clone()),
            (Mesh::Beside, Source::File(path)) => read(&beside(path)),
            (Mesh::Beside, Source::Stdin) => Err("-: standard input has no control file beside it".to_owned()),
        }
    }
}

/// `NAME.ctl` beside a message; `NAME.CTL` where only that is there.
fn beside(message: &Path) -> PathBuf {
    let upper = message.with_extension("CTL");
    let lower = message.with_extension("ctl");
    if !lower.exists() && upper.exists() { upper } else { lower }
}

/// Reads a control file.
fn read(path: &Path) -> Result<Envelope, Failure> {
    let trouble = |why: &str| format!("the control file {}: {why}", shown(path));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| trouble(&reason(&e)))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| trouble(&reason(&e)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(trouble(&format!("it is larger than {} KiB, which no control file is", LARGEST >> 10)));
    }
    let text = document::decode(&bytes).map_err(|e| trouble(&e.to_string()))?;
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(|why| trouble(&why))
}

/// Reads the text of a control file, in the form that it shows.
fn parse(text: &str) -> Result<Envelope, String> {
    let found = match text.trim_start().chars().next() {
        None => return Err("it is empty".to_owned()),
        Some('<') => control(text)?,
        Some('{') => headers_in_json(text)?,
        Some(_) => headers(text)?,
    };
    let mut envelope = Envelope::new();
    for (name, value) in found {
        // Status records may be several.
        if !name.contains('/') && envelope.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            return Err(format!("{name} is there twice"));
        }
        // `<LocalId></LocalId>` says nothing.
        if !value.trim().is_empty() {
            envelope.push((name, value.trim().to_owned()));
        }
    }
    Ok(envelope)
}

/// `<DTSControl>`: the elements with text, what is in others under their names: `StatusRecord/Status`.
fn control(text: &str) -> Result<Envelope, String> {
    // A document type is refused unless it is asked for, so that no entity can grow.
    let options = roxmltree::ParsingOptions { nodes_limit: 4096, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|e| e.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "DTSControl" {
        return Err(format!("its root is {}, not DTSControl", root.tag_name().name()));
    }
    let mut found = Envelope::new();
    for element in root.descendants().skip(1).filter(roxmltree::Node::is_element) {
        if element.children().any(|child| child.is_element()) {
            continue;
        }
        let mut names: Vec<&str> =
            element.ancestors().take_while(|a| *a != root).map(|a| a.tag_name().name()).collect();
        names.reverse();
        let value: String = element.children().filter_map(|child| child.text()).collect();
        found.push((names.join("/"), value));
    }
    Ok(found)
}

/// `{"Mex-To": "…", "Mex-WorkflowID": "…"}`.
fn headers_in_json(text: &str) -> Result<Envelope, String> {
    use serde_json::Value;
    let Value::Object(fields) = serde_json::from_str(text).map_err(|e| e.to_string())? else {
        return Err("it is no JSON object".to_owned());
    };
    let mut found = Envelope::new();
    for (name, value) in fields.into_iter().filter(|(name, _)| is_header(name)) {
        let value = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => String::new(),
            Value::Array(_) | Value::Object(_) => return Err(format!("{name} is no text")),
        };
        found.push((own_name(&name), value));
    }
    some_headers(found)
}

/// `Mex-To: …`, a header a line, perhaps behind the first line of a request or response.
fn headers(text: &str) -> Result<Envelope, String> {
    let mut found = Envelope::new();
    for (number, line) in text.lines().enumerate() {
        let is_first_line = number == 0 && (line.starts_with("HTTP/") || line.trim_end().contains(" HTTP/"));
        if line.trim().is_empty() || is_first_line {
            continue;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| {
            format!("line {} is no header; it is neither DTSControl in XML nor Mex- headers", number + 1)
        })?;
        if is_header(name.trim()) {
            found.push((own_name(name.trim()), value.to_owned()));
        }
    }
    some_headers(found)
}

/// Refuses what has no header of MESH at all.
fn some_headers(found: Envelope) -> Result<Envelope, String> {
    if found.is_empty() { Err("it has no Mex- header".to_owned()) } else { Ok(found) }
}

fn is_header(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("mex-"))
}

/// The headers of the API, with the elements of the control file that say the same.
const HEADERS: &[(&str, &str)] = &[
    ("mex-version", "Version"),
    ("mex-addresstype", "AddressType"),
    ("mex-messagetype", "MessageType"),
    ("mex-from", "From_DTS"),
    ("mex-to", "To_DTS"),
    ("mex-fromsmtp", "From_ESMTP"),
    ("mex-tosmtp", "To_ESMTP"),
    ("mex-subject", "Subject"),
    ("mex-localid", "LocalId"),
    ("mex-messageid", "DTSId"),
    ("mex-partnerid", "PartnerId"),
    ("mex-processid", "ProcessId"),
    ("mex-workflowid", "WorkflowId"),
    ("mex-content-compress", "Compress"),
    ("mex-content-compressed", "IsCompressed"),
    ("mex-content-encrypted", "Encrypted"),
    ("mex-content-checksum", "DataChecksum"),
];

/// The name in the control file for a header; another stays as it is.
fn own_name(header: &str) -> String {
    let own = HEADERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(header));
    own.map_or(header, |(_, own)| own).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'e>(envelope: &'e Envelope, name: &str) -> Option<&'e str> {
        envelope.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let forms = [
            "<?xml version='1.0'?><DTSControl><WorkflowId> A_B </WorkflowId><To_DTS>GP&amp;1</To_DTS><LocalId/></DTSControl>",
            r#"{"mex-workflowid": "A_B", "Mex-To": "GP&1", "Mex-LocalID": ""}"#,
            "HTTP/1.1 200 OK\r\nContent-Type: x\r\nMEX-WorkflowID: A_B\r\nMex-To: GP&1\r\nMex-LocalID:\r\n",
        ];
        for form in forms {
            let envelope = parse(form).unwrap();
            assert_eq!(value(&envelope, "WorkflowId"), Some("A_B"), "{form}");
            assert_eq!(value(&envelope, "To_DTS"), Some("GP&1"), "{form}");
            assert_eq!(value(&envelope, "LocalId"), None, "{form}");
        }
    }

    #[test]
    fn what_is_in_a_status_record_has_its_name_before_it() {
        let envelope = parse("<DTSControl><StatusRecord><Status>SUCCESS</Status></StatusRecord></DTSControl>").unwrap();
        assert_eq!(envelope, [("StatusRecord/Status".to_owned(), "SUCCESS".to_owned())]);
    }

    #[test]
    fn bad_ones_say_what_is_wrong() {
        let deep = format!("<DTSControl>{}", "<a>".repeat(20_000));
        let wide = format!("<DTSControl>{}</DTSControl>", "<a/>".repeat(5_000));
        for (text, wanted) in [
            ("", "empty"),
            (" \n ", "empty"),
            ("<DTSControl><To_DTS>x</DTSControl>", "expected 'To_DTS' tag"),
            ("<Bundle/>", "root is Bundle"),
            ("<DTSControl><To_DTS>a</To_DTS><To_DTS>b</To_DTS></DTSControl>", "To_DTS is there twice"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><DTSControl><To_DTS>&b;</To_DTS></DTSControl>", "DTD"),
            (&deep, "nodes"),
            (&wide, "nodes"),
            ("{\"Mex-To\": ", "EOF"),
            ("{\"Mex-To\": [\"a\"]}", "Mex-To is no text"),
            ("{\"Mex-To\": \"a\", \"mex-to\": \"b\"}", "To_DTS is there twice"),
            ("{\"to\": \"a\"}", "no Mex- header"),
            ("Mex-To: a\nnothing", "line 2 is no header"),
            ("To: a", "no Mex- header"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(wanted), "{}: {found}", &text[..text.len().min(60)]);
        }
    }
}
