//! Reports as FHIR STU3 OperationOutcomes (<http://hl7.org/fhir/STU3/operationoutcome.html>), in JSON and in XML.

mod json;
mod xml;

use std::borrow::Cow;

use touchmark_document::Position;

use crate::messages;
use crate::report::{Finding, Report};
use crate::rule::{Rule, Severity, rules};

rules! {
    NO_FAULT = "profile-no-fault", Information, "informational",
        says "no fault found",
        why "Silence could also mean that nothing was looked at.",
        mend "Nothing.",
        at "operationoutcome.html";
    JUDGED = "profile-judged", Information, "informational",
        says "judged by {detail}",
        why "A profile has versions, and several packs may hold it: this is what was used.",
        mend "Nothing; --packs and --package choose other definitions.",
        at "resource.html#Meta.profile";
    SUPPRESSED = "profile-suppressed", Information, "informational",
        says "{found} suppressed by {detail}",
        why "Somebody has accepted the findings, with a reason: they do not count, and are not gone.",
        mend "Nothing; take the entry out of the suppression file when what it accepts has been mended.",
        at "operationoutcome.html";
    INVARIANTS_UNCHECKED = "invariant-unchecked", Information, "informational",
        says "{found} invariants were not evaluated",
        why "A definition has invariants without an expression, or with one that cannot be read: whether they are met is open.",
        mend "Nothing at the document; touchmark lint says which definitions have such invariants.",
        at "conformance-rules.html#constraints";
}

/// The system of touchmark's rule codes in `details.coding`.
pub const RULE_SYSTEM: &str = "https://touchmark.github.io/fhir/CodeSystem/rule";
/// The system of what `details.coding` says of a finding beside its rules: `advice`, where the document conforms and could be
/// better.
pub const CATEGORY_SYSTEM: &str = "https://touchmark.github.io/fhir/CodeSystem/category";
/// Says the line of an issue, as later editions of FHIR do; STU3 has no element for it.
pub const LINE_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";
/// Says the column of an issue.
pub const COLUMN_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col";

impl Report {
    /// Writes the report as OperationOutcome in JSON, on one line.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        json::write(self, out);
    }

    /// Writes the report as OperationOutcome in JSON, indented for people.
    pub fn write_json_pretty(&self, out: &mut Vec<u8>) {
        json::write_pretty(self, out);
    }

    /// Writes the report as OperationOutcome in XML, without an XML declaration.
    pub fn write_xml(&self, out: &mut Vec<u8>) {
        xml::write(self, out);
    }
}

/// One issue as both formats write it.
struct Issue<'r> {
    severity: Severity,
    rule: &'static Rule,
    claimed: Option<(&'r str, &'r str)>,
    text: Cow<'r, str>,
    diagnostics: Diagnostics<'r>,
    expression: Option<&'r str>,
    also: Option<&'r str>,
    position: Option<Position>,
}

/// What an issue says beside its text.
enum Diagnostics<'r> {
    Nothing,
    /// By what a document without findings was judged.
    Basis(String),
    Of(Finding<'r>),
}

impl<'r> Issue<'r> {
    /// The places, the main one first.
    fn expressions(&self) -> impl Iterator<Item = &'r str> + use<'r> {
        self.expression.into_iter().chain(self.also)
    }

    /// The engine's code, and behind it that of a rule file which claims the finding, or that it is advice. What only a rule
    /// file finds has its code alone.
    fn codings(&self) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
        let own = (self.claimed.is_none() || *self.rule != messages::BROKEN).then_some((RULE_SYSTEM, self.rule.code));
        let advice = (self.claimed.is_none() && self.rule.advice).then_some((CATEGORY_SYSTEM, "advice"));
        own.into_iter().chain(self.claimed).chain(advice)
    }
}

/// All issues of a report; never none. What was not checked is said where information is wanted, and where nothing else is.
fn issues(report: &Report) -> impl Iterator<Item = Issue<'_>> {
    let clean = report.findings().len() == 0;
    let notes = report.level == Severity::Information && !clean;
    let found = report.findings().map(of_finding);
    let no_fault = clean.then(|| Issue {
        diagnostics: Diagnostics::Basis(report.basis()),
        ..note(report, &NO_FAULT, "no fault found")
    });
    let judged = report.judged().filter(move |_| notes).map(|j| note(report, &JUDGED, format!("judged by {j}")));
    let messages = report.judgements.iter().filter(move |_| notes).flat_map(|j| {
        let undecided = j.undecided.iter().map(|(id, reason)| Issue {
            claimed: Some((&*j.set, &**id)),
            ..note(report, &messages::UNDECIDED, format!("the rule {id} was not decided: {reason}"))
        });
        std::iter::once(note(report, &JUDGED, format!("judged as {j}"))).chain(undecided)
    });
    let suppressed = report.suppressed.iter().filter(|s| !s.expired).map(|s| {
        let found = format!("{} {}", s.count, if s.count == 1 { "finding is" } else { "findings are" });
        note(report, &SUPPRESSED, SUPPRESSED.says.replace("{found}", &found).replace("{detail}", &s.text))
    });
    let unchecked = (notes && report.invariants_unchecked > 0).then(|| {
        let text = INVARIANTS_UNCHECKED.says.replace("{found}", &report.invariants_unchecked.to_string());
        note(report, &INVARIANTS_UNCHECKED, text)
    });
    found.chain(no_fault).chain(suppressed).chain(messages).chain(judged).chain(unchecked)
}

fn of_finding(finding: Finding<'_>) -> Issue<'_> {
    Issue {
        severity: finding.severity,
        rule: finding.rule,
        claimed: finding.claimed.map(|c| (c.system, c.code)),
        text: Cow::Borrowed(finding.text),
        diagnostics: Diagnostics::Of(finding),
        expression: finding.expression,
        also: finding.also,
        position: finding.position,
    }
}

/// Something to know about the document as a whole.
fn note<'r>(report: &'r Report, rule: &'static Rule, text: impl Into<Cow<'r, str>>) -> Issue<'r> {
    Issue {
        severity: rule.severity,
        rule,
        claimed: None,
        text: text.into(),
        diagnostics: Diagnostics::Nothing,
        expression: Some(&*report.resource).filter(|r| !r.is_empty()),
        also: None,
        position: None,
    }
}

impl Diagnostics<'_> {
    /// In full sentences, piece by piece, each with words of ours before it that need no escape: the pieces need not stand
    /// together before they are written.
    fn write(&self, mut piece: impl FnMut(&'static str, &str)) {
        match self {
            Diagnostics::Nothing => {}
            Diagnostics::Basis(text) => piece("", text),
            Diagnostics::Of(finding) => of_place(finding, piece),
        }
    }
}

/// What was found, where, by which rule, and what is to be done about it.
fn of_place(finding: &Finding<'_>, mut piece: impl FnMut(&'static str, &str)) {
    if let Some(found) = finding.found {
        piece("Found: ", found);
        piece(". ", "");
    }
    if let Some(invariant) = finding.invariant.filter(|i| !finding.text.contains(i.expression)) {
        piece("", invariant.key);
        piece(" in FHIRPath: ", invariant.expression);
        piece(". ", "");
    }
    match finding.hint {
        Some(hint) => {
            piece("Likely fix: ", hint);
            piece(if hint.ends_with(['?', '.']) { "" } else { "." }, "");
        }
        None => piece("To mend: ", finding.rule.mend),
    }
    if let Some(source) = finding.source {
        piece(" Rule of ", source);
        piece(".", "");
    }
    if let Some(entry) = finding.entry {
        piece(" In ", entry);
        piece(".", "");
    }
}

impl Report {
    /// What the document was judged by, and what of it was not looked at or is not shown, in full sentences.
    pub fn basis(&self) -> String {
        let mut sentences: Vec<String> = self.judgements.iter().map(|j| format!("Judged as {j}.")).collect();
        let undecided = self.judgements.iter().flat_map(|j| &j.undecided);
        sentences.extend(undecided.map(|(id, reason)| format!("Not decided: {id}, as {reason}.")));
        if self.judged().len() > 0 {
            let judges: Vec<String> = self.judged().map(|judge| judge.to_string()).collect();
            sentences.push(format!("Judged by {}.", judges.join(", ")));
        }
        sentences.extend(self.unsaid());
        if sentences.is_empty() { "No definition was asked.".to_owned() } else { sentences.join(" ") }
    }

    /// What was not looked at, and how many findings the report leaves out: a sentence each.
    pub fn unsaid(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let unchecked = [(self.invariants_unchecked, "invariant"), (self.bindings_unchecked, "binding")];
        let counted = |(count, what): &(u64, &str)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" });
        let unchecked: Vec<String> = unchecked.iter().filter(|(count, _)| *count > 0).map(counted).collect();
        if !unchecked.is_empty() {
            sentences.push(format!("Not checked: {}.", unchecked.join(" and ")));
        }
        let shown = |s: Severity| self.findings().filter(|f| f.severity == s).count() as u32;
        let hidden: Vec<String> = Severity::ALL
            .into_iter()
            .map(|s| (s, self.counts.of(s).saturating_sub(shown(s))))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} of severity {}", severity.code()))
            .collect();
        if !hidden.is_empty() {
            sentences.push(format!("Not shown: {}.", hidden.join(", ")));
        }
        sentences
    }
}
