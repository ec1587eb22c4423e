//! The check of one document: bytes in, a report out. It does not fail; what cannot be read is a finding too.

use std::borrow::Cow;

use touchmark_document::{Arena, Document, Limits, Unreadable};

use crate::budget::Budget;
use crate::graph::RuleGraph;
use crate::messages::{self, Judging};
use crate::outside::Resolver;
use crate::report::{self, Report};
use crate::rule::Severity;
use crate::rules;
use crate::rules::advice::Advice;
use crate::sentence::Values;
use crate::service::Consultation;
use crate::snapshot::DefinitionId;
use crate::suppress::Suppressions;
use crate::walk::{Memory, Walk};

/// What the caller asks of a check.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Profiles that the root resource must meet beside those it claims; all of them.
    pub profiles: Vec<DefinitionId>,
    /// How messages are judged by the rule files that are loaded.
    pub judging: Judging,
    /// How much a document may find, and how long the check may take.
    pub budget: Budget<'a>,
    /// How large and deep a document may be.
    pub limits: Limits,
    /// The mildest findings that the report holds; milder ones are only counted. Default: all.
    pub level: Severity,
    /// Severities that the caller changes, by rule code. The last one for a code counts.
    pub severities: Cow<'a, [(String, Severity)]>,
    /// How advice is said.
    pub advice: Advice,
    /// Whether elements that a profile marks as mustSupport and that are not there are told, at level information.
    pub must_support: bool,
    /// What of the findings is accepted and left out.
    pub suppressions: Option<&'a Suppressions>,
    /// The name of the document, for suppressions that are for some documents only.
    pub source: Option<&'a str>,
    /// Whether findings quote the content of the message.
    pub values: Values,
    /// The time of day, as a FHIR `instant`. Rules that compare with it are silent where it is not given,
    /// and no suppression is over.
    pub now: Option<&'a str>,
    /// Knows resources outside the document.
    pub resolver: Option<&'a dyn Resolver>,
    /// A terminology service, for codes that the loaded definitions cannot judge: one consultation for a run, whatever its
    /// threads.
    pub terminology: Option<&'a Consultation<'a>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            profiles: Vec::new(),
            judging: Judging::default(),
            budget: Budget::default(),
            limits: Limits::default(),
            level: Severity::Information,
            severities: Cow::Borrowed(&[]),
            advice: Advice::Usual,
            must_support: false,
            suppressions: None,
            source: None,
            values: Values::Show,
            now: None,
            resolver: None,
            terminology: None,
        }
    }
}

/// Checks documents, one after the other, in memory that it keeps. One for each thread; the graph is shared.
#[derive(Debug)]
pub struct Checker<'g> {
    graph: &'g RuleGraph,
    arena: Arena,
    memory: Memory,
}

impl<'g> Checker<'g> {
    /// A checker over a graph.
    pub fn new(graph: &'g RuleGraph) -> Self {
        Checker { graph, arena: Arena::new(), memory: Memory::default() }
    }

    /// Checks a document: FHIR JSON or FHIR XML, recognised from its content.
    pub fn check(&mut self, bytes: &[u8], options: &Options<'_>) -> Report {
        let source: Cow<'_, str> = match touchmark_document::decode(bytes) {
            Ok(source) => source,
            Err(trouble) => return unreadable(self.graph, &trouble, bytes),
        };
        match touchmark_document::parse(&source, &mut self.arena, self.graph.names(), options.limits) {
            Ok(document) => check_document(self.graph, &document, options, &mut self.memory),
            Err(trouble) => unreadable(self.graph, &trouble, bytes),
        }
    }

    /// Checks a document that has been parsed already, with the names of the graph ([`RuleGraph::names`]).
    pub fn check_document(&mut self, document: &Document<'_>, options: &Options<'_>) -> Report {
        check_document(self.graph, document, options, &mut self.memory)
    }
}

fn unreadable(graph: &RuleGraph, trouble: &Unreadable, bytes: &[u8]) -> Report {
    let report = Report::unreadable(trouble);
    match messages::rule_of_unreadable(graph, bytes) {
        Some(claim) => report.claimed_by(claim),
        None => report,
    }
}

fn check_document<'g>(
    graph: &'g RuleGraph,
    document: &Document<'_>,
    options: &Options<'g>,
    memory: &mut Memory,
) -> Report {
    let mut walk = Walk::new(graph, document, options, memory);
    rules::syntax::faults(&mut walk);
    walk.resource(document.root(), &options.profiles);
    rules::reference::targets(&mut walk);
    rules::element::finish(&mut walk);
    rules::binding::finish(&mut walk);
    rules::invariant::finish(&mut walk);
    rules::advice::check(&mut walk, options.advice);
    messages::judge(&mut walk, &options.judging);
    let report = report::write(&mut walk, options);
    walk.release(memory);
    report
}
