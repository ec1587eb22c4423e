//! What was found in a document, in words: made from the numbers of the walk when it has ended.

mod finding;
mod invariant;
mod order;
mod suppressed;

use touchmark_document::{Form, Name, NodeId, NodeRef, Positions, Unreadable};

use crate::budget::Spent;
use crate::check::Options;
use crate::issue::{Also, Detail, Issue};
use crate::messages::{self, Judgement};
use crate::place::Expressions;
use crate::rule::{Rule, Severity, rules};
use crate::rules::advice::Advice;
use crate::rules::{self as kinds, primitive::Primitive};
use crate::sentence::{self, Values};
use crate::suppress::Suppressed;
use crate::walk::Walk;

use finding::{Row, Span, Words};

pub use finding::{Claim, Finding, Judge, NamedInvariant};

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
    rows: Vec<Row>,
    words: Words,
    /// How many there are of each severity, those below the level among them.
    pub counts: Counts,
    /// By what a message was judged.
    pub judgements: Vec<Judgement>,
    judged: Vec<[Span; 3]>,
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

impl Report {
    /// In the order of the document, then by rule code; those from [`Options::level`] up.
    pub fn findings(&self) -> impl DoubleEndedIterator<Item = Finding<'_>> + ExactSizeIterator + Clone {
        self.rows.iter().map(|row| row.finding(&self.words))
    }

    /// The profiles that judged.
    pub fn judged(&self) -> impl ExactSizeIterator<Item = Judge<'_>> {
        let words = |span| self.words.get(span).unwrap_or("");
        self.judged.iter().map(move |judge| {
            let [url, version, package] = judge.map(words);
            Judge { url, version, package }
        })
    }

    /// The report on a document whose text could not be read as FHIR.
    pub fn unreadable(trouble: &Unreadable) -> Report {
        let mut report = Report::only(&kinds::syntax::UNREADABLE, &trouble.reason);
        for row in &mut report.rows {
            (row.offset, row.position) = (trouble.offset, Some(trouble.position));
        }
        report
    }

    /// The report on a document whose bytes could not be had; the reason is a sentence.
    pub fn unavailable(reason: &str) -> Report {
        Report::only(&kinds::syntax::UNREADABLE, reason)
    }

    /// The report on a document at which the program itself failed; the reason is a sentence.
    pub fn failed(reason: &str) -> Report {
        Report::only(&EXCEPTION, reason)
    }

    fn only(rule: &'static Rule, reason: &str) -> Report {
        let mut report = Report::default();
        report.add(rule, reason);
        report
    }

    /// Adds a finding that has no place.
    fn add(&mut self, rule: &'static Rule, reason: &str) {
        let text = self.words.write(|out| fill(out, rule, |out, _| sentence::add(out, reason, Values::Show)));
        self.rows.push(Row::new(rule, rule.severity, text));
        self.counts.add(rule.severity);
    }

    /// With this rule as the one that claims the findings.
    pub(crate) fn claimed_by(mut self, claim: Claim<'_>) -> Report {
        let claimed = self.words.add_pair([claim.system, claim.code]);
        self.rows.iter_mut().for_each(|row| row.claimed = claimed);
        self
    }

    /// About how long an outcome is, in bytes.
    pub(crate) fn length(&self) -> usize {
        256 + self.words.len() + self.rows.len() * 512
    }

    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        Severity::ALL.into_iter().rev().find(|s| self.counts.of(*s) > 0)
    }
}

/// Writes the report of a walk that has ended.
pub(crate) fn write(walk: &mut Walk<'_, '_>, options: &Options<'_>) -> Report {
    let document = walk.document;
    let spent = walk.budget.spent(walk.issues.len()).or(walk.overrun);
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
        invariants_unchecked: walk.tally.invariants,
        bindings_unchecked: walk.tally.bindings,
        resource: named(document.root().resource_text()),
        suppressed,
        level: options.level,
        ..Report::default()
    };
    for issue in &issues {
        report.counts.add(issue.severity);
    }
    let shown = || issues.iter().filter(|issue| issue.severity >= options.level);
    let count = shown().count();
    report.rows.reserve_exact(count);
    let mut writer = Writer::new(walk, options.values, Words::for_findings(count));
    report.rows.extend(shown().map(|issue| writer.row(issue, more.than(walk, issue))));
    report.judged = writer.judged();
    report.words = writer.words;
    drop(more);
    walk.issues = issues;
    report.judgements = std::mem::take(&mut walk.judgements);
    if let Some(spent) = spent {
        report.add(&CUT_SHORT, &cut_short(spent, walk.budget.findings));
    }
    report
}

fn cut_short(spent: Spent, most: usize) -> String {
    match spent {
        Spent::Findings => format!("it has {most} findings, which is the bound"),
        Spent::Cancelled => "the caller asked for it".to_owned(),
        Spent::Time => "the time was up".to_owned(),
        Spent::Comparisons => "the conditions of a questionnaire ask for more answers than are compared".to_owned(),
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
    while let Some(open) = memchr::memchr(b'{', rest.as_bytes()) {
        out.push_str(&rest[..open]);
        rest = &rest[open + 1..];
        let close = memchr::memchr(b'}', rest.as_bytes()).unwrap_or(rest.len());
        place(out, &rest[..close]);
        rest = rest.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
}

/// Makes findings of issues that come in document order.
struct Writer<'w, 'g, 'd> {
    walk: &'w Walk<'g, 'd>,
    values: Values,
    words: Words,
    /// Memory for the sentence that is being made.
    sentence: String,
    expressions: Expressions<'w>,
    positions: Positions<'d>,
    /// The node last spoken of and its expression.
    place: Option<(NodeId, Span)>,
    /// The entry last spoken of and its label.
    entry: Option<(NodeId, Span)>,
}

impl<'w, 'g, 'd> Writer<'w, 'g, 'd> {
    fn new(walk: &'w Walk<'g, 'd>, values: Values, words: Words) -> Self {
        let positions = walk.document.positions();
        let (sentence, expressions) = (String::new(), Expressions::default());
        Writer { walk, values, words, sentence, expressions, positions, place: None, entry: None }
    }

    fn row(&mut self, issue: &Issue, more: u32) -> Row {
        let walk = self.walk;
        let node = walk.document.node(issue.node);
        let detail = |number: Detail| walk.details.get(number.0 as usize).map(String::as_str);
        let claim = issue.claim.and_then(|mark| messages::claim_of(walk, mark));
        let text = self.text(issue, node, claim.as_ref().and_then(|c| detail(c.text)), more);
        let expression = self.expression(node);
        Row {
            claimed: claim.as_ref().map_or(Span::NEITHER, |c| self.words.add_pair([c.claim.system, c.claim.code])),
            found: self.found(node),
            source: self.source(issue),
            invariant: Some(issue)
                .filter(|issue| invariant::is_named(issue))
                .and_then(|issue| invariant::named(detail(issue.detail)?))
                .map_or(Span::NEITHER, |named| self.words.add_pair(named)),
            hint: match (detail(issue.hint), claim.and_then(|c| c.mend)) {
                (Some(hint), _) => self.words.write(|out| sentence::add(out, hint, self.values)),
                (None, Some(mend)) => self.words.add(mend),
                (None, None) => Span::NONE,
            },
            entry: self.entry(node),
            expression,
            also: self.also(issue, expression),
            position: Some(self.positions.of(issue.start)),
            offset: issue.start,
            ..Row::new(issue.rule, issue.severity, text)
        }
    }

    /// The sentence of the rule, or that of the rule file that claims the finding.
    fn text(&mut self, issue: &Issue, node: NodeRef<'d>, own: Option<&str>, more: u32) -> Span {
        let mut text = std::mem::take(&mut self.sentence);
        text.clear();
        fill(&mut text, issue.rule, |out, place| self.fill_place(out, place, issue, node));
        // That there is none, and that one is wanted, is what "missing" means.
        if let Some(said) = text.strip_suffix(": 0 found, at least 1 wanted") {
            text.truncate(said.len());
        }
        if let Some(own) = own {
            let mut out = String::new();
            sentence::add(&mut out, own, self.values);
            text = out.replace(messages::FINDING, &text);
        }
        let elsewhere = kinds::cardinality::elsewhere(self.walk, issue);
        if elsewhere > 0 {
            text.push_str(&sentence::nor_in(elsewhere, "place"));
        } else if more > 0 {
            text.push_str(&format!(" (and so in {more} more repeats of {})", named(node.name_text())));
        }
        // What a sentence begins with may begin with a blank, which no text of FHIR should.
        let span = self.words.add(text.trim());
        self.sentence = text;
        span
    }

    fn fill_place(&mut self, out: &mut String, place: &str, issue: &Issue, node: NodeRef<'d>) {
        let detail = self.walk.details.get(issue.detail.0 as usize).map_or("", String::as_str);
        match place {
            "element" if issue.rule.code.starts_with("cardinality") => sentence::add(out, detail, self.values),
            "element" if issue.what != Name::NONE => {
                sentence::add(out, self.walk.document.name_text(issue.what), Values::Show);
            }
            "element" => sentence::add(out, node.name_text(), Values::Show),
            "subject" => sentence::add(out, called(node), Values::Show),
            "parent" => sentence::add(out, node.parent().map_or("", called), Values::Show),
            "found" => sentence::add_number(out, issue.found),
            "wanted" => sentence::add_number(out, issue.wanted),
            "most" if issue.wanted == 0 => out.push_str("none"),
            "most" => {
                out.push_str("at most ");
                sentence::add_number(out, issue.wanted);
            }
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

    fn found(&mut self, node: NodeRef<'d>) -> Span {
        let Some(value) = shown(node) else { return Span::NONE };
        let values = self.values_at(node);
        self.words.write(|out| sentence::add_value(out, value, values))
    }

    /// Whether the value at a place is shown. Codes, uris, numbers of bytes and the like name things; other values may be a
    /// patient's.
    fn values_at(&mut self, node: NodeRef<'d>) -> Values {
        if self.values == Values::Show {
            return Values::Show;
        }
        match Primitive::of_type(self.expressions.type_of(self.walk.graph, node)) {
            Some(Primitive::Code | Primitive::Uri | Primitive::Oid | Primitive::Uuid | Primitive::Boolean) => {
                Values::Show
            }
            _ => self.values,
        }
    }

    /// `url|version#element`
    fn source(&mut self, issue: &Issue) -> Span {
        let profile = issue.from.and_then(|(id, element)| Some((self.walk.graph.profile(id)?, element)));
        let found = profile.and_then(|(profile, element)| Some((profile, profile.elements.get(element.0 as usize)?)));
        let Some((profile, element)) = found else { return Span::NONE };
        self.words.write(|out| {
            out.push_str(&profile.url);
            if !profile.version.is_empty() {
                out.push('|');
                out.push_str(&profile.version);
            }
            out.push('#');
            out.push_str(&element.id);
        })
    }

    fn expression(&mut self, node: NodeRef<'d>) -> Span {
        match self.place {
            Some((id, span)) if id == node.id() => span,
            _ => {
                let span = self.words.add(self.expressions.of(self.walk.graph, node));
                self.place = Some((node.id(), span));
                span
            }
        }
    }

    /// The second place of a finding, unless it is the same as the first.
    fn also(&mut self, issue: &Issue, first: Span) -> Span {
        let walk = self.walk;
        match issue.also {
            Also::Nowhere => Span::NONE,
            Also::Node(node) => {
                let path = self.expressions.of(walk.graph, walk.document.node(node));
                if self.words.get(first) == Some(path) { Span::NONE } else { self.words.add(path) }
            }
            Also::Empty => {
                let name = walk.details.get(issue.detail.0 as usize);
                let node = walk.document.node(issue.node);
                let path = name.and_then(|name| self.expressions.below(walk.graph, node, name));
                path.map_or(Span::NONE, |path| self.words.add(&path))
            }
        }
    }

    /// `entry 3 (Organization, urn:uuid:…)`, of nested Bundles the outermost first.
    fn entry(&mut self, node: NodeRef<'d>) -> Span {
        let known = &self.walk.graph.known;
        let innermost = std::iter::successors(Some(node), |n| n.parent()).find_map(|n| {
            n.parent().filter(|p| n.name() == known.entry && p.resource() == known.bundle).map(|p| (n, p))
        });
        let Some((entry, bundle)) = innermost else { return Span::NONE };
        if let Some((id, label)) = self.entry
            && id == entry.id()
        {
            return label;
        }
        let outer = bundle.parent().map_or(Span::NONE, |above| self.entry(above));
        let outer = self.words.get(outer).map(|outer| format!("{outer}, in it "));
        let index = self.expressions.index(bundle, entry);
        let resource = entry.child_named(known.resource).map_or("", NodeRef::resource_text);
        let url = entry.child_named(known.full_url).and_then(NodeRef::value).unwrap_or("");
        let label = self.words.write(|out| {
            out.push_str(outer.as_deref().unwrap_or(""));
            out.push_str("entry ");
            sentence::add_number(out, index);
            let mut before = " (";
            for part in [resource, url].into_iter().filter(|part| !part.is_empty()) {
                out.push_str(before);
                sentence::add(out, part, Values::Show);
                before = ", ";
            }
            if before == ", " {
                out.push(')');
            }
        });
        self.entry = Some((entry.id(), label));
        label
    }

    /// The profiles that judged.
    fn judged(&mut self) -> Vec<[Span; 3]> {
        let library = self.walk.graph.library();
        let mut last: Option<(u32, Span)> = None;
        let judges = self.walk.tally.judged.iter().map(|id| {
            let entry = library.entry(*id);
            let package = match last {
                Some((number, package)) if number == entry.package => package,
                _ => {
                    let package = library.packages().get(entry.package as usize);
                    self.words.add(&package.map_or_else(String::new, ToString::to_string))
                }
            };
            last = Some((entry.package, package));
            [self.words.add(&entry.url), self.words.add(&entry.version), package]
        });
        judges.collect()
    }
}

/// The value at a place, where it is one that can be shown.
fn shown(node: NodeRef<'_>) -> Option<&str> {
    node.value().filter(|value| !value.is_empty() && node.form() != Form::Markup)
}
