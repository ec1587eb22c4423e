//! `touchmark explain`: the page of a rule, or what a profile requires and where each rule comes from.

use touchmark::{Rule, rules};
use serde_json::json;

use crate::arguments::{Explain, PageFormat};
use crate::{Failure, Status};

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<Status, Failure> {
    if let Some(rule) = rules::find(&arguments.subject) {
        match arguments.format {
            PageFormat::Text => print!("{}", page(rule)),
            PageFormat::Json => println!("{:#}", row(rule)),
        }
        return Ok(Status::Fine);
    }
    Err(String::new())
}

fn page(rule: &Rule) -> String {
    format!(
        "{}  ({}, {})\n\n{}\n\nWhy:   {}\nMend:  {}\nSpec:  {}\nCode:  {}:{}\n",
        rule.code,
        rule.severity.code(),
        rule.kind,
        rule.says,
        rule.why,
        rule.mend,
        rule.specification,
        rule.file,
        rule.line
    )
}

fn row(rule: &Rule) -> serde_json::Value {
    json!({"code": rule.code, "severity": rule.severity.code(), "issueType": rule.kind, "says": rule.says, "why": rule.why,
           "mend": rule.mend, "specification": rule.specification, "file": rule.file, "line": rule.line})
}
