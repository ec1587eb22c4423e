//! The check of one document: bytes in, a report out. It does not fail; what cannot be read is a finding too.

use std::borrow::Cow;

use touchmark_document::{Arena, Limits, NodeRef, Position, Unreadable};

use crate::budget::Budget;
use crate::graph::RuleGraph;
use crate::issue::{Detail, Issue};
use crate::messages::{self, Judgement, Judging, RuleOfFile};
use crate::place;
use crate::rule::{Rule, Severity};
use crate::rules;
use crate::snapshot::DefinitionId;
use crate::walk::Walk;

/// What the caller asks of a check.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Profiles that the root resource must meet beside those it claims; all of them.
    pub profiles: Vec<DefinitionId>,
    /// How messages are judged.
    pub judging: Judging,
    /// How much a document may find.
    pub budget: Budget<'a>,
    /// How large and deep a document may be.
    pub limits: Limits,
}

/// Checks documents, one after the other, in memory that it keeps. One for each thread; the graph is shared.
#[derive(Debug)]
pub struct Checker<'g> {
    graph: &'g RuleGraph,
    arena: Arena,
}

/// What was found in a document.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of the document, then by rule code.
    pub findings: Vec<Finding>,
    /// By what a message was judged.
    pub judgements: Vec<Judgement>,
    /// The profiles that judged.
    pub judged: Vec<DefinitionId>,
    /// How many invariants were met and not evaluated.
    pub invariants_unchecked: u64,
    /// How many bindings were met and not checked.
    pub bindings_unchecked: u64,
    /// The type of the root resource.
    pub resource: String,
    /// Whether the walk ended early, at the bound of findings or on request.
    pub cut_short: bool,
}

/// One finding, ready to be shown.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The rule of a file that the finding belongs to.
    pub rule_of_file: Option<RuleOfFile>,
    /// What is wrong, as a sentence.
    pub text: String,
    /// Where the rule comes from: profile, version and element id.
    pub source: Option<String>,
    /// The FHIRPath of the place; `None` when there is no tree.
    pub expression: Option<String>,
    /// Where the place is in the text.
    pub position: Position,
    /// Where the place is in the text, in bytes.
    pub offset: u32,
}

impl<'g> Checker<'g> {
    /// A checker over a graph.
    pub fn new(graph: &'g RuleGraph) -> Self {
        Checker { graph, arena: Arena::new() }
    }

    /// Checks a document: FHIR JSON or FHIR XML, recognised from its content.
    pub fn check(&mut self, bytes: &[u8], options: &Options<'_>) -> Report {
        let source: Cow<'_, str> = match touchmark_document::decode(bytes) {
            Ok(source) => source,
            Err(trouble) => return unreadable(self.graph, &trouble, bytes),
        };
        let document = match touchmark_document::parse(&source, &mut self.arena, self.graph.names(), options.limits) {
            Ok(document) => document,
            Err(trouble) => return unreadable(self.graph, &trouble, bytes),
        };
        let mut walk = Walk::new(self.graph, document, options.budget);
        rules::syntax::faults(&mut walk);
        walk.resource(document.root(), &options.profiles);
        rules::reference::targets(&mut walk);
        messages::judge(&mut walk, &options.judging);
        report(walk)
    }
}

fn unreadable(graph: &RuleGraph, trouble: &Unreadable, bytes: &[u8]) -> Report {
    let rule = &rules::syntax::UNREADABLE;
    Report {
        findings: vec![Finding {
            rule,
            severity: rule.severity,
            rule_of_file: messages::rule_of_unreadable(graph, bytes),
            text: rule.says.replace("{detail}", &trouble.reason),
            source: None,
            expression: None,
            position: trouble.position,
            offset: trouble.offset,
        }],
        ..Report::default()
    }
}

fn report(mut walk: Walk<'_, '_>) -> Report {
    let document = walk.document;
    let mut issues = std::mem::take(&mut walk.issues);
    let key = |i: &Issue| (document.node(i.node).start(), i.node, i.rule.code, i.what);
    let text = |d: Detail| walk.details.get(d.0 as usize).map_or("", String::as_str);
    issues.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| text(a.detail).cmp(text(b.detail))).then_with(|| a.claim.is_none().cmp(&b.claim.is_none())));
    // Several profiles say the same of one place: that is one fault.
    issues.dedup_by(|a, b| key(a) == key(b) && text(a.detail) == text(b.detail));
    let cut_short = walk.budget.is_spent(issues.len());
    issues.truncate(walk.budget.findings);
    let findings = issues.iter().map(|issue| finding(&walk, issue)).collect();
    Report {
        findings,
        judgements: std::mem::take(&mut walk.judgements),
        judged: walk.tally.judged.clone(),
        invariants_unchecked: walk.tally.invariants,
        bindings_unchecked: walk.tally.bindings,
        resource: document.root().resource_text().to_owned(),
        cut_short,
    }
}

fn finding(walk: &Walk<'_, '_>, issue: &Issue) -> Finding {
    let node = walk.document.node(issue.node);
    let claimed = issue.claim.and_then(|m| walk.claimed.get(m.0 as usize));
    Finding {
        rule: issue.rule,
        severity: issue.severity,
        rule_of_file: claimed.and_then(|c| messages::rule_of(walk.graph, c)),
        text: claimed.and_then(|c| c.text.clone()).unwrap_or_else(|| sentence(walk, issue, node)),
        source: issue.from.and_then(|(id, element)| {
            let profile = walk.graph.profile(id)?;
            let element = profile.elements.get(element.0 as usize)?;
            Some(format!("{}|{}#{}", profile.url, profile.version, element.id))
        }),
        expression: Some(place::expression(walk.graph, node)),
        position: node.position(),
        offset: node.start(),
    }
}

pub(crate) fn sentence(walk: &Walk<'_, '_>, issue: &Issue, node: NodeRef<'_>) -> String {
    let detail = walk.details.get(issue.detail.0 as usize).map_or("", String::as_str);
    let mut text = String::with_capacity(issue.rule.says.len() + 40);
    let mut rest = issue.rule.says;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        match place {
            "element" if issue.rule.code.starts_with("cardinality") => text.push_str(detail),
            "element" => text.push_str(node.name_text()),
            "parent" => text.push_str(node.parent().map_or("", |p| if p.is_resource() { p.resource_text() } else { p.name_text() })),
            "found" => text.push_str(&issue.found.to_string()),
            "wanted" => text.push_str(&issue.wanted.to_string()),
            "detail" => text.push_str(detail),
            "profile" => {
                let url = issue.from.map(|(id, _)| &*walk.graph.library().entry(id).url);
                text.push_str(url.unwrap_or(""));
            }
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    text
}
