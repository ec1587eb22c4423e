//! What was found in a document, in words: made from the numbers of the walk when it has ended.

mod invariant;
mod order;
mod suppressed;

use touchmark_document::{Form, Name, NodeId, NodeRef, Position, Positions, Unreadable};

use crate::budget::Spent;
use crate::check::Options;
use crate::issue::{Also, Issue};
use crate::messages::{self, Judgement};
use crate::place::{self, Expressions};
use crate::rule::{Rule, Severity, rules};
use crate::rules::advice::Advice;
use crate::rules::{self as kinds, primitive::Primitive};
use crate::sentence::{self, Values};
use crate::suppress::Suppressed;
use crate::walk::Walk;

rules! {
    CUT_SHORT = "profile-cut-short", Error, "too-costly",
        says "the check ended early: {detail}",
        why "What comes after was not looked at, so nobody knows whether it conforms.",
        mend "Mend what was found and check again, or raise the bound.",
        at "operationoutcome.html";
    EXCEPTION = "syntax-exception", Fatal, "exception",
        says "touchmark failed at this document: {detail}",
        why "That is a fault of the program, not of the document; other documents are not concerned.",
        mend "Report it, with the document if you may share it.",
        at "operationoutcome.html";
}

/// What was found in a document.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the document, then by rule code; those from [`Options::level`] up.
    pub findings: Vec<Finding>,
    /// How many there are of each severity, those below the level among them.
    pub counts: Counts,
    /// By what a message was judged.
    pub judgements: Vec<Judgement>,
    /// The profiles that judged.
    pub judged: Vec<Judge>,
    /// How many invariants were met and not evaluated.
    pub invariants_unchecked: u64,
    /// How many bindings were met and not checked.
    pub bindings_unchecked: u64,
    /// The type of the root resource; empty when there is no tree.
    pub resource: String,
    /// How many findings were left out, or would have been, by which entry of [`Options::suppressions`].
    pub suppressed: Vec<Suppressed>,
    /// The mildest findings that were to be kept.
    pub level: Severity,
}

/// Numbers of findings by severity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    by_severity: [u32; 4],
}

impl Counts {
    /// How many findings of this severity there are.
    pub fn of(&self, severity: Severity) -> u32 {
        self.by_severity[severity as usize]
    }

    /// How many findings there are, of this severity or a worse one.
    pub fn from(&self, severity: Severity) -> u32 {
        self.by_severity[severity as usize..].iter().sum()
    }

    fn add(&mut self, severity: Severity) {
        self.by_severity[severity as usize] += 1;
    }
}

/// A profile that judged, and where it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judge {
    /// The canonical url.
    pub url: String,
    /// The version; may be empty.
    pub version: String,
    /// The pack or package.
    pub package: String,
}

impl std::fmt::Display for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)?;
        if !self.version.is_empty() {
            write!(f, "|{}", self.version)?;
        }
        write!(f, " ({})", self.package)
    }
}

/// One finding, ready to be shown. Values are shown or masked already, as [`Options::values`] said.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The rule of a rule pack that claims the finding.
    pub claimed: Option<Claim>,
    /// What is wrong, as a sentence.
    pub text: String,
    /// The value that was found, where the place has one.
    pub found: Option<String>,
    /// Where the rule comes from: profile, version and element id.
    pub source: Option<String>,
    /// The invariant that it speaks of.
    pub invariant: Option<NamedInvariant>,
    /// What the writer most likely meant.
    pub hint: Option<String>,
    /// The entry of a Bundle that holds the place, as a person would call it.
    pub entry: Option<String>,
    /// The FHIRPath of the place; `None` when there is no tree.
    pub expression: Option<String>,
    /// The FHIRPath of a second place, where two elements make the fault together.
    pub also: Option<String>,
    /// Where the place is in the text, in bytes after decoding and without a byte order mark.
    pub offset: u32,
    /// Where the place is in the text; `None` for what was never read.
    pub position: Option<Position>,
}

/// An invariant by its key, with its FHIRPath expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedInvariant {
    /// The key, such as `bdl-7`.
    pub key: String,
    /// The expression, as published.
    pub expression: String,
}

/// A rule of a rule pack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The catalogue that the id is from.
    pub system: String,
    /// The id of the rule.
    pub code: String,
}

impl Finding {
    fn without_tree(rule: &'static Rule, reason: &str) -> Finding {
        let mut text = String::new();
        fill(&mut text, rule, |out, _| sentence::add(out, reason, Values::Show));
        Finding {
            rule,
            severity: rule.severity,
            claimed: None,
            text,
            found: None,
            source: None,
            invariant: None,
            hint: None,
            entry: None,
            expression: None,
            also: None,
            offset: 0,
            position: None,
        }
    }

    /// The code that names what is broken: that of the rule, or the id of a rule that only a rule file has.
    pub fn code(&self) -> &str {
        let own = self.claimed.as_ref().filter(|_| *self.rule == messages::BROKEN);
        own.map_or(self.rule.code, |claim| &claim.code)
    }

    /// What is most likely to be done about it: the hint, or what the rule's page advises.
    pub fn mend(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.rule.mend)
    }
}

impl Report {
    /// The report on a document whose text could not be read as FHIR.
    pub fn unreadable(trouble: &Unreadable) -> Report {
        let finding = Finding::without_tree(&kinds::syntax::UNREADABLE, &trouble.reason);
        Report::only(Finding { offset: trouble.offset, position: Some(trouble.position), ..finding })
    }

    /// The report on a document whose bytes could not be had; the reason is a sentence.
    pub fn unavailable(reason: &str) -> Report {
        Report::only(Finding::without_tree(&kinds::syntax::UNREADABLE, reason))
    }

    /// The report on a document at which the program itself failed; the reason is a sentence.
    pub fn failed(reason: &str) -> Report {
        Report::only(Finding::without_tree(&EXCEPTION, reason))
    }

    fn only(finding: Finding) -> Report {
        let mut counts = Counts::default();
        counts.add(finding.severity);
        Report { findings: vec![finding], counts, ..Report::default() }
    }

    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        Severity::ALL.into_iter().rev().find(|s| self.counts.of(*s) > 0)
    }
}

/// Writes the report of a walk that has ended.
pub(crate) fn write(walk: &mut Walk<'_, '_>, options: &Options<'_>) -> Report {
    let document = walk.document;
    let spent = walk.budget.spent(walk.issues.len());
    let mut issues = std::mem::take(&mut walk.issues);
    for issue in &mut issues {
        let id = issue.claim.and_then(|mark| messages::id_of(walk, mark));
        // What the rule of a file claims is that rule's, whatever it was here.
        if id.is_none() {
            issue.severity = options.advice.severity(issue.rule, issue.severity);
        }
        let is_meant = |code: &str| code == issue.rule.code || id == Some(code);
        if let Some((_, severity)) = options.severities.iter().rev().find(|(code, _)| is_meant(code)) {
            issue.severity = *severity;
        }
    }
    if options.advice == Advice::Off {
        issues.retain(|issue| !issue.rule.advice || issue.claim.is_some());
    }
    order::sort(walk, &mut issues);
    let suppressed = suppressed::take(walk, options, &mut issues);
    let more = order::fold(walk, &mut issues);
    issues.truncate(walk.budget.findings);
    let mut report = Report {
        judged: walk.tally.judged.iter().map(|id| judge(walk, *id)).collect(),
        invariants_unchecked: walk.tally.invariants,
        bindings_unchecked: walk.tally.bindings,
        resource: named(document.root().resource_text()),
        suppressed,
        level: options.level,
        ..Report::default()
    };
    let mut writer = Writer::new(walk, options.values);
    for issue in &issues {
        report.counts.add(issue.severity);
        if issue.severity >= options.level {
            report.findings.push(writer.finding(issue, more.than(walk, issue)));
        }
    }
    drop((writer, more));
    walk.issues = issues;
    report.judgements = std::mem::take(&mut walk.judgements);
    if let Some(spent) = spent {
        let finding = cut_short(spent, walk.budget.findings);
        report.counts.add(finding.severity);
        report.findings.push(finding);
    }
    report
}

fn cut_short(spent: Spent, most: usize) -> Finding {
    let reason = match spent {
        Spent::Findings => format!("it has {most} findings, which is the bound"),
        Spent::Cancelled => "the caller asked for it".to_owned(),
        Spent::Time => "the time was up".to_owned(),
    };
    Finding::without_tree(&CUT_SHORT, &reason)
}

fn judge(walk: &Walk<'_, '_>, id: crate::snapshot::DefinitionId) -> Judge {
    let library = walk.graph.library();
    let entry = library.entry(id);
    let package = library.packages().get(entry.package as usize);
    Judge {
        url: entry.url.to_string(),
        version: entry.version.to_string(),
        package: package.map_or_else(String::new, ToString::to_string),
    }
}

/// A resource by its type, any other element by its name.
fn called(node: NodeRef<'_>) -> &str {
    if node.is_resource() { node.resource_text() } else { node.name_text() }
}

/// A name of the document, fit to be shown.
fn named(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    sentence::add(&mut out, name, Values::Show);
    out
}

/// Writes a rule's sentence; `place` fills in what stands in braces.
fn fill(out: &mut String, rule: &Rule, mut place: impl FnMut(&mut String, &str)) {
    let mut rest = rule.says;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        place(out, name);
        rest = after;
    }
    out.push_str(rest);
}

/// Makes findings of issues that come in document order.
struct Writer<'w, 'g, 'd> {
    walk: &'w Walk<'g, 'd>,
    values: Values,
    expressions: Expressions<'g>,
    positions: Positions<'d>,
    /// The entry last spoken of and its label.
    entry: Option<(NodeId, String)>,
}

impl<'w, 'g, 'd> Writer<'w, 'g, 'd> {
    fn new(walk: &'w Walk<'g, 'd>, values: Values) -> Self {
        let positions = walk.document.positions();
        Writer { walk, values, expressions: Expressions::default(), positions, entry: None }
    }

    fn finding(&mut self, issue: &Issue, more: u32) -> Finding {
        let walk = self.walk;
        let node = walk.document.node(issue.node);
        let mut text = String::with_capacity(issue.rule.says.len() + 40);
        fill(&mut text, issue.rule, |out, place| self.fill_place(out, place, issue, node));
        // That there is none, and that one is wanted, is what "missing" means.
        if let Some(said) = text.strip_suffix(": 0 found, at least 1 wanted") {
            text.truncate(said.len());
        }
        let claimed = issue.claim.and_then(|mark| messages::claim_of(walk, mark));
        if let Some(own) = claimed.as_ref().and_then(|c| walk.details.get(c.text.0 as usize)) {
            let mut out = String::new();
            sentence::add(&mut out, own, self.values);
            text = out.replace(messages::FINDING, &text);
        }
        let elsewhere = kinds::cardinality::elsewhere(walk, issue);
        if elsewhere > 0 {
            text.push_str(&sentence::nor_in(elsewhere, "place"));
        } else if more > 0 {
            text.push_str(&format!(" (and so in {more} more repeats of {})", named(node.name_text())));
        }
        // What a sentence begins with may begin with a blank, which no text of FHIR should.
        if text.trim().len() != text.len() {
            text = text.trim().to_owned();
        }
        let expression = self.expressions.of(walk.graph, node);
        Finding {
            rule: issue.rule,
            severity: issue.severity,
            claimed: claimed.as_ref().map(|c| c.claim.clone()),
            text,
            found: self.found(node),
            source: issue.from.and_then(|(id, element)| {
                let profile = walk.graph.profile(id)?;
                let element = profile.elements.get(element.0 as usize)?;
                Some(match &*profile.version {
                    "" => format!("{}#{}", profile.url, element.id),
                    version => format!("{}|{version}#{}", profile.url, element.id),
                })
            }),
            invariant: Some(issue)
                .filter(|issue| invariant::is_named(issue))
                .and_then(|issue| invariant::named(walk.details.get(issue.detail.0 as usize)?)),
            hint: walk
                .details
                .get(issue.hint.0 as usize)
                .map(|hint| {
                    let mut out = String::new();
                    sentence::add(&mut out, hint, self.values);
                    out
                })
                .or_else(|| claimed.and_then(|c| c.mend)),
            entry: self.entry(node),
            also: self.also(issue, &expression),
            expression: Some(expression),
            position: Some(self.positions.of(issue.start)),
            offset: issue.start,
        }
    }

    fn also(&mut self, issue: &Issue, expression: &str) -> Option<String> {
        let walk = self.walk;
        match issue.also {
            Also::Nowhere => None,
            Also::Node(node) => {
                Some(self.expressions.of(walk.graph, walk.document.node(node))).filter(|also| also != expression)
            }
            Also::Empty => {
                let name = walk.details.get(issue.detail.0 as usize)?;
                self.expressions.below(walk.graph, walk.document.node(issue.node), name)
            }
        }
    }

    fn fill_place(&self, out: &mut String, place: &str, issue: &Issue, node: NodeRef<'d>) {
        let detail = self.walk.details.get(issue.detail.0 as usize).map_or("", String::as_str);
        match place {
            "element" if issue.rule.code.starts_with("cardinality") => sentence::add(out, detail, self.values),
            "element" if issue.what != Name::NONE => {
                sentence::add(out, self.walk.document.name_text(issue.what), Values::Show);
            }
            "element" => sentence::add(out, node.name_text(), Values::Show),
            "subject" => sentence::add(out, called(node), Values::Show),
            "parent" => sentence::add(out, node.parent().map_or("", called), Values::Show),
            "found" => out.push_str(&issue.found.to_string()),
            "wanted" => out.push_str(&issue.wanted.to_string()),
            "most" if issue.wanted == 0 => out.push_str("none"),
            "most" => out.push_str(&format!("at most {}", issue.wanted)),
            "value" => sentence::add_value(out, node.value().unwrap_or(""), self.values),
            "detail" if invariant::is_named(issue) => invariant::say(self, out, issue, detail, node),
            "detail" => sentence::add(out, detail, self.values),
            "profile" => {
                let url = issue.from.map(|(id, _)| &*self.walk.graph.library().entry(id).url);
                out.push_str(url.unwrap_or(""));
            }
            _ => {}
        }
    }

    /// The value at the place. Codes, uris, numbers of bytes and the like name things; other values may be a patient's.
    fn found(&self, node: NodeRef<'d>) -> Option<String> {
        let value = node.value().filter(|v| !v.is_empty() && node.form() != Form::Markup)?;
        let mut out = String::new();
        let steps = if self.values == Values::Mask { place::way(self.walk.graph, node) } else { Vec::new() };
        let named = steps.last().and_then(|s| Primitive::of_type(s.type_name)).is_some_and(|t| {
            matches!(t, Primitive::Code | Primitive::Uri | Primitive::Oid | Primitive::Uuid | Primitive::Boolean)
        });
        sentence::add_value(&mut out, value, if named { Values::Show } else { self.values });
        Some(out)
    }

    /// `entry 3 (Organization, urn:uuid:…)`, of nested Bundles the outermost first.
    fn entry(&mut self, node: NodeRef<'d>) -> Option<String> {
        let known = &self.walk.graph.known;
        let innermost = std::iter::successors(Some(node), |n| n.parent())
            .find(|n| n.name() == known.entry && n.parent().is_some_and(|p| p.resource() == known.bundle))?;
        if let Some((id, label)) = &self.entry
            && *id == innermost.id()
        {
            return Some(label.clone());
        }
        let bundle = innermost.parent()?;
        let (index, _) = self.expressions.index(bundle, innermost);
        let mut label = match bundle.parent().and_then(|above| self.entry(above)) {
            Some(outer) => format!("{outer}, in it entry {index}"),
            None => format!("entry {index}"),
        };
        let resource = innermost.child_named(known.resource).map_or("", NodeRef::resource_text);
        let url = innermost.child_named(known.full_url).and_then(NodeRef::value).unwrap_or("");
        let parts: Vec<String> = [resource, url].into_iter().filter(|p| !p.is_empty()).map(named).collect();
        if !parts.is_empty() {
            label.push_str(&format!(" ({})", parts.join(", ")));
        }
        self.entry = Some((innermost.id(), label.clone()));
        Some(label)
    }
}
