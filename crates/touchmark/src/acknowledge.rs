//! The response that a receiver owes: the template of a rule file, filled from the message and from what was found in it.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, Value};
use touchmark_document::{Arena, Document, Format, Limits};
use touchmark_fhirpath::{Collection, Environment, Expression, Item, Truth};

use crate::check::{Checker, Options};
use crate::graph::RuleGraph;
use crate::links::Links;
use crate::messages::file::When;
use crate::messages::{Asked, Constants, Message, RuleSet};
use crate::report::Report;
use crate::rule::Severity;
use crate::sentence::Values;
use crate::vectors::tree::Tree;

/// What the caller says of the response.
#[derive(Clone, Debug, Default)]
pub struct Response<'a> {
    /// The business code; without it the infrastructure response is written.
    pub business: Option<&'a str>,
    /// A UUID for the response; those of its parts are made from it.
    pub id: &'a str,
    /// The time of the response, as a FHIR `instant`.
    pub timestamp: &'a str,
    /// Who answers, as a code of the organisation, where the message does not name its receiver.
    pub from: Option<&'a str>,
    /// The format; without it that of the message.
    pub format: Option<Format>,
}

/// How a rule file says that a response is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// Nothing is written where this holds.
    none: String,
    /// Named values, each FHIRPath that may use the ones before.
    #[serde(default)]
    values: Map<String, Value>,
    /// What is answered: the first whose condition holds.
    situations: Vec<Situation>,
    /// The responses; the first that is for the message.
    responses: Vec<Written>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    code: String,
    #[serde(rename = "if")]
    condition: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    when: When,
    #[serde(rename = "if", default)]
    condition: Option<String>,
    response: Value,
}

/// Writes the response to a message; `None` where the message asks for none.
///
/// # Errors
/// When no rule file is loaded that knows how to answer such a message, or its template is at fault.
pub fn acknowledge(
    graph: &RuleGraph,
    bytes: &[u8],
    options: &Options<'_>,
    response: &Response<'_>,
) -> Result<Option<String>, String> {
    // What is quoted goes to another party: values are masked.
    let options = Options { values: Values::Mask, level: Severity::Error, ..options.clone() };
    let report = Checker::new(graph).check(bytes, &options);
    let set =
        graph.rule_sets().iter().find(|s| s.acknowledgement.is_some()).ok_or("no rule file says how to answer")?;
    let template: Template = serde_json::from_value(set.acknowledgement.clone().unwrap_or_default())
        .map_err(|e| format!("the template of the response: {e}"))?;
    let mut arena = Arena::new();
    let text = touchmark_document::decode(bytes).unwrap_or_default();
    let unreadable = touchmark_document::parse(&text, &mut arena, graph.names(), options.limits).is_err();
    let stub = r#"{"resourceType":"Bundle","type":"message"}"#;
    let source = if unreadable { stub } else { &*text };
    let document =
        touchmark_document::parse(source, &mut arena, graph.names(), Limits::default()).map_err(|e| e.to_string())?;
    let format =
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') { Format::Json } else { Format::Xml };
    Filling { graph, set, document: &document, options: &options, report: &report, unreadable, format, response }
        .write(&template)
}

struct Filling<'a> {
    graph: &'a RuleGraph,
    set: &'a RuleSet,
    document: &'a Document<'a>,
    options: &'a Options<'a>,
    report: &'a Report,
    unreadable: bool,
    /// The format of the message, also when it cannot be read.
    format: Format,
    response: &'a Response<'a>,
}

impl Filling<'_> {
    fn write(&self, template: &Template) -> Result<Option<String>, String> {
        let links = Links::new(self.graph, self.document);
        let judging = &self.options.judging;
        let functions = Asked { tables: &self.set.tables, envelope: judging.envelope.as_deref() };
        let environment = Environment { resolver: &links, functions: Some(&functions), ..Environment::default() };
        let known = self.unreadable.then_some(());
        let message = Message::of(self.set, self.document.root(), environment, judging, known.is_some());
        let mut message = message.ok_or("the message is of none of the kinds that the rule files know")?;
        let text = |t: &str| Collection::One(Item::String(t.to_owned().into()));
        let errors = self.report.findings().filter_map(|f| f.claimed);
        message.variable("errors", errors.map(|c| Item::String(c.code.into())).collect());
        message.variable("faults", Collection::One(Item::Integer(self.report.counts.from(Severity::Error).into())));
        message.variable("unreadable", Collection::One(Item::Boolean(self.unreadable)));
        message.variable("diagnostics", text(&self.diagnostics()));
        message.variable("id", text(self.response.id));
        message.variable("timestamp", text(self.response.timestamp));
        message.variable("business", self.response.business.map_or(Collection::Empty, text));
        message.variable("from", self.response.from.map_or(Collection::Empty, text));
        // Expressions live here while the message borrows them.
        let mut expressions = Expressions { constants: &self.set.constants, parsed: Vec::new() };
        for (name, value) in &template.values {
            let value = value.as_str().unwrap_or("{}");
            expressions.add(value)?;
            let _ = name;
        }
        collect(
            &serde_json::to_value(template.responses.iter().map(|r| &r.response).collect::<Vec<_>>())
                .unwrap_or_default(),
            &mut expressions,
        )?;
        let conditions = template
            .situations
            .iter()
            .map(|s| &s.condition)
            .chain(template.responses.iter().filter_map(|r| r.condition.as_ref()));
        for condition in conditions.chain([&template.none]) {
            expressions.add(condition)?;
        }
        fill(template, &expressions, message, self)
    }

    /// The first faults, in words, without anything that could be a number of a patient.
    fn diagnostics(&self) -> String {
        let mut out = String::new();
        for finding in self.report.findings().take(3) {
            let id = finding.claimed.map_or(finding.rule.code, |c| c.code);
            let place = finding.expression.unwrap_or("the document");
            if !out.is_empty() {
                out.push_str("; ");
            }
            let _ = write!(out, "{id} at {place}: {}", finding.text);
        }
        without_numbers(&out)
    }
}

/// Runs of nine digits and more stand for people: what is quoted of them is their length.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            run.push(letter);
            continue;
        }
        out.push_str(&if run.len() >= 9 { "9".repeat(run.len()) } else { std::mem::take(&mut run) });
        run.clear();
        if letter != '\0' {
            out.push(letter);
        }
    }
    out
}

/// The expressions of a template, by their text.
struct Expressions<'c> {
    constants: &'c Constants,
    parsed: Vec<(String, Expression)>,
}

impl Expressions<'_> {
    fn add(&mut self, text: &str) -> Result<(), String> {
        if self.get(text).is_none() {
            let parsed = self.constants.read(text).map_err(|e| format!("the template of the response: {text}: {e}"))?;
            self.parsed.push((text.to_owned(), parsed));
        }
        Ok(())
    }

    fn get(&self, text: &str) -> Option<&Expression> {
        self.parsed.iter().find(|(t, _)| t == text).map(|(_, e)| e)
    }
}

/// Finds the expressions of a template's response.
fn collect(value: &Value, expressions: &mut Expressions<'_>) -> Result<(), String> {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("$if" | "$copy", Value::String(text)) => expressions.add(text)?,
                    _ => collect(value, expressions)?,
                }
            }
        }
        Value::Array(items) => items.iter().try_for_each(|i| collect(i, expressions))?,
        Value::String(text) => {
            let mut rest = text.as_str();
            while let Some((_, after)) = rest.split_once('{') {
                let (inside, after) = after.split_once('}').ok_or_else(|| format!("{text}: a bracket is open"))?;
                expressions.add(inside)?;
                rest = after;
            }
        }
        _ => {}
    }
    Ok(())
}

fn fill<'e>(
    template: &Template,
    expressions: &'e Expressions<'e>,
    message: Message<'e>,
    filling: &Filling<'_>,
) -> Result<Option<String>, String> {
    let mut pen = Pen { expressions, message };
    for (name, value) in &template.values {
        let value = pen.value(value.as_str().unwrap_or("{}"))?;
        pen.message.variable(name, value);
    }
    if pen.holds(&template.none)? {
        return Ok(None);
    }
    let mut code = None;
    for situation in &template.situations {
        if pen.holds(&situation.condition)? {
            code = Some(situation.code.clone());
            break;
        }
    }
    let code = filling.response.business.map(str::to_owned).or(code).ok_or("no situation of the template fits")?;
    pen.message.variable("code", Collection::One(Item::String(code.into())));
    for written in &template.responses {
        let fits =
            pen.message.is_for(&written.when) && written.condition.as_ref().map_or(Ok(true), |c| pen.holds(c))?;
        if fits {
            let value = pen.fill(&written.response)?.pop().ok_or("the template of the response is empty")?;
            let format = filling.response.format.unwrap_or(filling.format);
            return Ok(Some(match format {
                Format::Json => serde_json::to_string_pretty(&value).map_err(|e| e.to_string())? + "\n",
                Format::Xml => {
                    Tree::from_json("Bundle", &value).first().map_or_else(String::new, |t| t.write(Format::Xml))
                }
            }));
        }
    }
    Err("no response of the template is for this message".to_owned())
}

struct Pen<'e> {
    expressions: &'e Expressions<'e>,
    message: Message<'e>,
}

impl<'e> Pen<'e> {
    fn value(&mut self, text: &str) -> Result<Collection<'e>, String> {
        let expression = self.expressions.get(text).ok_or_else(|| format!("{text} was not read"))?;
        let root = self.message.root;
        self.message.evaluate(expression, root).map_err(|e| format!("the template of the response: {text}: {e}"))
    }

    fn holds(&mut self, text: &str) -> Result<bool, String> {
        let expression = self.expressions.get(text).ok_or_else(|| format!("{text} was not read"))?;
        let root = self.message.root;
        let truth =
            self.message.truth(expression, root).map_err(|e| format!("the template of the response: {text}: {e}"))?;
        Ok(truth == Truth::True)
    }

    /// A part of the template filled in: nothing, one value, or several where nodes are copied.
    fn fill(&mut self, value: &Value) -> Result<Vec<Value>, String> {
        Ok(match value {
            Value::Object(fields) => {
                if let Some(condition) = fields.get("$if").and_then(Value::as_str)
                    && !self.holds(condition)?
                {
                    return Ok(Vec::new());
                }
                if let Some(copied) = fields.get("$copy").and_then(Value::as_str) {
                    let nodes = self.value(copied)?;
                    return Ok(nodes
                        .iter()
                        .filter_map(|i| if let Item::Node(n) = i { Some(Tree::of(*n).json()) } else { None })
                        .collect());
                }
                let mut out = Map::new();
                for (key, value) in fields.iter().filter(|(key, _)| !key.starts_with('$')) {
                    if let Some(value) = self.fill(value)?.pop() {
                        out.insert(key.clone(), value);
                    }
                }
                if out.is_empty() { Vec::new() } else { vec![Value::Object(out)] }
            }
            Value::Array(items) => {
                let mut out = Vec::new();
                for item in items {
                    out.extend(self.fill(item)?);
                }
                if out.is_empty() { Vec::new() } else { vec![Value::Array(out)] }
            }
            Value::String(text) => self.text(text)?.into_iter().collect(),
            other => vec![other.clone()],
        })
    }

    fn text(&mut self, text: &str) -> Result<Option<Value>, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').unwrap_or((after, ""));
            let value = self.value(inside)?;
            match value.first() {
                None => return Ok(None),
                Some(Item::Boolean(truth)) if before.is_empty() && after.is_empty() && out.is_empty() => {
                    return Ok(Some(Value::Bool(*truth)));
                }
                Some(item) => {
                    out.push_str(before);
                    out.push_str(&item.to_string());
                }
            }
            rest = after;
        }
        out.push_str(rest);
        Ok((!out.is_empty()).then_some(Value::String(out)))
    }
}
