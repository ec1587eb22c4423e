//! OperationOutcome in JSON, written as it is made.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{COLUMN_EXTENSION, Issue, LINE_EXTENSION, issues};
use crate::report::Report;

pub(super) fn write(report: &Report, out: &mut Vec<u8>) {
    // Neither writing to memory nor these types can fail.
    let _ = serde_json::to_writer(out, &Outcome(report));
}

pub(super) fn write_pretty(report: &Report, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer_pretty(out, &Outcome(report));
}

struct Outcome<'r>(&'r Report);

impl Serialize for Outcome<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("resourceType", "OperationOutcome")?;
        map.serialize_entry("issue", &Issues(self.0))?;
        map.end()
    }
}

struct Issues<'r>(&'r Report);

impl Serialize for Issues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(issues(self.0))
    }
}

impl Serialize for Issue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(at) = self.position {
            let number = |url, value| Extension { url, value };
            map.serialize_entry("extension", &[number(LINE_EXTENSION, at.line), number(COLUMN_EXTENSION, at.column)])?;
        }
        map.serialize_entry("severity", self.severity.code())?;
        map.serialize_entry("code", self.rule.kind)?;
        map.serialize_entry("details", &Details(self))?;
        if let Some(diagnostics) = &self.diagnostics {
            map.serialize_entry("diagnostics", diagnostics)?;
        }
        if self.expression.is_some() {
            map.serialize_entry("location", &Places(self))?;
            map.serialize_entry("expression", &Places(self))?;
        }
        map.end()
    }
}

struct Places<'r>(&'r Issue<'r>);

impl Serialize for Places<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.expressions())
    }
}

struct Extension {
    url: &'static str,
    value: u32,
}

impl Serialize for Extension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("url", self.url)?;
        map.serialize_entry("valueInteger", &self.value)?;
        map.end()
    }
}

struct Details<'r>(&'r Issue<'r>);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("coding", &Codings(self.0))?;
        map.serialize_entry("text", &self.0.text)?;
        map.end()
    }
}

struct Codings<'r>(&'r Issue<'r>);

impl Serialize for Codings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (system, code) in self.0.codings() {
            list.serialize_element(&Coding { system, code })?;
        }
        list.end()
    }
}

struct Coding<'r> {
    system: &'r str,
    code: &'r str,
}

impl Serialize for Coding<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("system", self.system)?;
        map.serialize_entry("code", self.code)?;
        map.end()
    }
}
