//! The walk: one pass over a resource for each profile that it must meet.
//!
//! Two shapes only: a rule looks at the *repeats* of an element (cardinality, slicing) or at *one* element (all others).

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::FixedState;
use touchmark_document::{Document, Form, Name, NodeId, NodeRef};
use touchmark_fhirpath::Scratch;

use crate::budget::{Budget, Spent};
use crate::check::Options;
use crate::graph::{Children, Element, ElementId, Profile, Role, RuleGraph, Type, TypeKind};
use crate::issue::{Also, Detail, Issue};
use crate::links::Links;
use crate::messages::{Claimed, Judgement, Mark};
use crate::outside::Resolver;
use crate::rule::{Rule, Severity};
use crate::rules;
use crate::service::Consultation;
use crate::snapshot::DefinitionId;
use crate::terminology::near::Hints;

/// An element of a profile.
#[derive(Clone, Copy)]
pub(crate) struct At<'g> {
    pub profile: &'g Profile,
    pub id: ElementId,
}

impl<'g> At<'g> {
    pub fn root(profile: &'g Profile) -> Self {
        At { profile, id: ElementId::ROOT }
    }

    #[inline]
    pub fn element(self) -> &'g Element {
        &self.profile.elements[self.id.0 as usize]
    }

    #[inline]
    pub fn child(self, id: ElementId) -> Self {
        At { profile: self.profile, id }
    }
}

/// What a walk has found and what it still means to look at.
pub(crate) struct Walk<'g, 'd> {
    pub graph: &'g RuleGraph,
    pub document: &'d Document<'d>,
    pub links: Rc<Links<'g, 'd>>,
    pub issues: Vec<Issue>,
    pub details: Vec<String>,
    /// What rule files make of findings.
    pub claimed: Vec<Claimed>,
    /// By what the message was judged.
    pub judgements: Vec<Judgement>,
    pub budget: Budget<'g>,
    /// Why a part of the check ended early, where the rest went on.
    pub overrun: Option<Spent>,
    /// Knows resources outside the document.
    pub resolver: Option<&'g dyn Resolver>,
    /// Knows codes that no loaded definition holds.
    pub terminology: Option<&'g Consultation<'g>>,
    /// How often it failed.
    pub failed_questions: Option<rules::binding::service::Failed>,
    /// The time of day, as an `instant`.
    pub now: Option<&'g str>,
    /// Pairs of a node and a profile that have been, or are being, checked.
    pub done: HashSet<(u32, DefinitionId), FixedState>,
    /// Reference targets that must meet a profile; looked at when the resource is done.
    pub targets: Vec<rules::reference::Wanted>,
    /// The ids of elements, as often as they have been met.
    pub ids: Vec<NodeId>,
    pub tally: Tally,
    /// Elements that must be supported and are not there, with the number of places; `None` where nobody asks.
    pub unsupported: Option<HashMap<(DefinitionId, ElementId), u32, FixedState>>,
    /// Value sets that could not be asked.
    pub unchecked: Vec<rules::binding::Unchecked>,
    /// Memory of the evaluation of invariants.
    pub scratch: Scratch,
    /// The definitions that urls have been found to stand for.
    canonicals: Canonicals,
    /// What was meant by codes that are in no set.
    pub hints: Hints,
    /// Repeat counts of the elements and slices that are open, innermost last.
    pub counts: Vec<u32>,
    /// The repeats of sliced elements that are open, innermost last.
    pub sliced: Vec<Repeat>,
    /// The profiles that the resources around the node must meet, innermost last.
    pub profiles: Vec<DefinitionId>,
    /// While a slice or a choice of profiles is tried, what it finds is not for the report.
    pub trying: u32,
    /// Whether invariants may ask the definitions: not in a check that is itself the answer to one.
    pub answers: bool,
    /// What was marked as done while trying, to be undone.
    tried: Vec<(u32, DefinitionId)>,
}

/// One repeat of a sliced element: which child it is, the node, and which of the child's types it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    pub child: u16,
    pub of_type: u16,
    pub node: NodeId,
}

/// What a checker keeps from one document to the next, so that it allocates once.
#[derive(Default, Debug)]
pub(crate) struct Memory {
    issues: Vec<Issue>,
    details: Vec<String>,
    done: HashSet<(u32, DefinitionId), FixedState>,
    counts: Vec<u32>,
    sliced: Vec<Repeat>,
    profiles: Vec<DefinitionId>,
    scratch: Scratch,
    canonicals: Canonicals,
    hints: Hints,
}

/// Urls met so far and the definitions that they stand for; bounded, since a document may name any number of urls.
type Canonicals = HashMap<Box<str>, Option<DefinitionId>, FixedState>;
const MOST_CANONICALS: usize = 10_000;

/// What was looked at and what was not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Profiles that judged, in the order in which they were first met.
    pub judged: Vec<DefinitionId>,
    /// Invariants that were not evaluated.
    pub invariants: u64,
    /// Invariants that came to nothing.
    pub undecided: u64,
    /// Bindings that were not checked.
    pub bindings: u64,
}

impl<'g, 'd> Walk<'g, 'd> {
    pub fn new(graph: &'g RuleGraph, document: &'d Document<'d>, options: &Options<'g>, memory: &mut Memory) -> Self {
        let Memory { mut issues, mut details, mut done, counts, sliced, profiles, scratch, canonicals, hints } =
            std::mem::take(memory);
        issues.clear();
        details.clear();
        // Clearing walks the whole table: after one huge document that would cost every small one.
        if done.capacity() > 100_000 {
            done = HashSet::default();
        }
        done.clear();
        Walk {
            graph,
            document,
            links: Rc::new(Links::new(graph, document)),
            issues,
            details,
            claimed: Vec::new(),
            judgements: Vec::new(),
            budget: options.budget,
            overrun: None,
            resolver: options.resolver,
            terminology: options.terminology,
            failed_questions: None,
            now: options.now,
            done,
            targets: Vec::new(),
            ids: Vec::new(),
            tally: Tally::default(),
            unsupported: options.must_support.then(HashMap::default),
            unchecked: Vec::new(),
            scratch,
            canonicals,
            hints,
            counts,
            sliced,
            profiles,
            trying: 0,
            answers: true,
            tried: Vec::new(),
        }
    }

    /// Gives the memory back to the checker.
    pub fn release(self, memory: &mut Memory) {
        let Walk { issues, details, done, mut counts, mut sliced, mut profiles, scratch, canonicals, hints, .. } = self;
        counts.clear();
        sliced.clear();
        profiles.clear();
        *memory = Memory { issues, details, done, counts, sliced, profiles, scratch, canonicals, hints };
    }

    /// The definition that stands for a canonical, as [`RuleGraph::find`], looked up once a checker.
    pub fn find(&mut self, canonical: &str) -> Option<DefinitionId> {
        if let Some(known) = self.canonicals.get(canonical) {
            return *known;
        }
        let found = self.graph.find(canonical);
        if self.canonicals.len() < MOST_CANONICALS && canonical.len() < 500 {
            self.canonicals.insert(canonical.into(), found);
        }
        found
    }

    /// Checks a resource against the profiles that it claims, those that are asked for, and its type.
    pub fn resource(&mut self, node: NodeRef<'d>, asked: &[DefinitionId]) {
        let Some(base) = rules::types::resource_type(self, node) else { return };
        let first_time = self.done.insert((node.id().0, VISITED));
        let first = self.profiles.len();
        rules::profile::claimed(self, node, base);
        let mut met = self.profiles.len() > first;
        for profile in asked {
            if rules::profile::fits(self, node, *profile, None) {
                met |= !self.graph.profile(*profile).is_none_or(|p| p.is_type);
                self.profiles.push(*profile);
            }
        }
        if !met {
            self.profiles.push(base);
        }
        for number in first..self.profiles.len() {
            self.against(node, self.profiles[number]);
        }
        self.profiles.truncate(first);
        if first_time {
            rules::contained::check(self, node);
            rules::questionnaire::check(self, node);
            if node.resource() == self.graph.known.bundle {
                rules::bundle::check(self, node);
            }
        }
    }

    /// Checks a node against the root of a profile, once.
    pub fn against(&mut self, node: NodeRef<'d>, profile: DefinitionId) {
        let pair = (node.id().0, profile);
        if !self.done.insert(pair) || self.budget.is_spent(self.issues.len()) {
            return;
        }
        if self.trying > 0 {
            self.tried.push(pair);
        }
        let Some(profile) = self.graph.profile(profile) else { return };
        if self.trying == 0 && !self.tally.judged.contains(&profile.id) {
            self.tally.judged.push(profile.id);
        }
        let at = At::root(profile);
        if let Some(children) = self.graph.own_children(profile, ElementId::ROOT) {
            self.children(node, at, children);
        }
        self.one(node, at, node.is_resource());
    }

    /// Checks the children of a node against those of an element.
    pub fn children(&mut self, node: NodeRef<'d>, at: At<'g>, children: &'g Children) {
        // What is found beyond the bound is not kept, and would only cost.
        if self.is_full() {
            return;
        }
        let base = self.counts.len();
        self.counts.resize(base + children.order.len(), 0);
        let first_repeat = self.sliced.len();
        let (mut last, mut place) = (0, 0);
        // Whether all children are to be looked at again, not only those that are watched.
        let mut closer = self.unsupported.is_some();
        for child in node.children() {
            let Some((found_at, found)) = children.find_from(place, child.name()) else {
                if let Some(wrong) = rules::types::unexpected(self, child, at, children) {
                    // The element is there, only of another type: that is one fault, not two.
                    self.counts[base + wrong] |= PRESENT;
                }
                continue;
            };
            place = found_at;
            if child.form() != Form::Attribute {
                if found.child < last {
                    rules::syntax::order(self, child, at);
                }
                // Each is compared with the one before it: one that was moved is one fault.
                last = found.child;
            }
            let count = &mut self.counts[base + found.child as usize];
            *count += 1;
            closer |= *count > found.max;
            rules::syntax::array_form(self, child, found.repeats);
            match found.plain.filter(|_| !child.has_children()) {
                Some(primitive) => {
                    rules::value::primitive(self, child, at.child(found.element), primitive);
                }
                None if found.sliced => {
                    self.sliced.push(Repeat { child: found.child, of_type: found.of_type, node: child.id() });
                }
                None => self.element(child, at.child(found.element), found.of_type as usize),
            }
        }
        if closer {
            for slot in 0..children.order.len() {
                self.repeats(node, at.child(children.order[slot]), base, first_repeat, slot);
            }
        } else {
            for watched in &children.watched {
                let slot = watched.child as usize;
                if watched.is_doubtful(self.counts[base + slot]) {
                    self.repeats(node, at.child(children.order[slot]), base, first_repeat, slot);
                }
            }
        }
        self.counts.truncate(base);
        self.sliced.truncate(first_repeat);
    }

    /// Checks the repeats of a child together: how many there are, and of which slices.
    fn repeats(&mut self, node: NodeRef<'d>, child: At<'g>, base: usize, first_repeat: usize, slot: usize) {
        let count = self.counts[base + slot];
        if count & PRESENT == 0 {
            rules::cardinality::check(self, node, child, count);
        }
        if child.element().slicing.is_some() {
            let repeats = first_repeat..self.sliced.len();
            if count & PRESENT == 0 || self.sliced[repeats.clone()].iter().any(|r| r.child as usize == slot) {
                rules::slicing::check(self, node, child, repeats, slot as u16);
            }
        }
    }

    /// Checks one element: its form and type, its children, and the rules that hold for its value.
    pub fn element(&mut self, node: NodeRef<'d>, at: At<'g>, of_type: usize) {
        let element = at.element();
        let Some(t) = element.types.get(of_type).or(element.types.first()) else {
            if let Some(children) = self.graph.own_children(at.profile, at.id) {
                if rules::syntax::complex_form(self, node) {
                    self.children(node, at, children);
                }
                self.one(node, at, true);
                if let Some(other) = at.element().same_as {
                    self.one(node, at.child(other), true);
                }
            }
            return;
        };
        match t.kind {
            TypeKind::Primitive(primitive) => {
                if !rules::value::primitive(self, node, at, primitive) {
                    return;
                }
                if node.has_children() || element.wants_child() {
                    self.inside(node, at, t);
                }
                if node.name() == self.graph.known.id {
                    rules::element::id(self, node);
                }
            }
            TypeKind::Xhtml => rules::narrative::check(self, node),
            TypeKind::Resource => {
                rules::types::place(self, node, at, t);
                return;
            }
            TypeKind::Complex | TypeKind::Reference | TypeKind::Extension => {
                if !rules::syntax::complex_form(self, node) {
                    return;
                }
                self.inside(node, at, t);
            }
        }
        self.one(node, at, true);
        rules::binding::check(self, node, at, t);
        match t.kind {
            TypeKind::Reference => rules::reference::check(self, node, at, t),
            TypeKind::Extension => rules::extension::check(self, node, at),
            TypeKind::Complex => match t.role {
                Role::Identifier => rules::identifier::check(self, node),
                Role::Attachment => rules::attachment::check(self, node),
                _ => {}
            },
            _ => {}
        }
        rules::types::profiles(self, node, at, t);
    }

    /// The children of an element: its own, or those of its type.
    fn inside(&mut self, node: NodeRef<'d>, at: At<'g>, t: &'g Type) {
        let Some(profile) = t.definition.and_then(|d| self.graph.profile(d)) else { return };
        let root = At::root(profile);
        if let Some(children) = self.graph.own_children(at.profile, at.id) {
            self.children(node, at, children);
        } else if let Some(children) = self.graph.own_children(profile, ElementId::ROOT) {
            self.children(node, root, children);
        }
        // What the type itself requires, beside what the element does.
        rules::invariant::check(self, node, root, true);
    }

    /// The rules that look at one element.
    fn one(&mut self, node: NodeRef<'d>, at: At<'g>, with_types: bool) {
        rules::value::check(self, node, at);
        rules::invariant::check(self, node, at, with_types);
    }

    /// Whether there are as many findings as are allowed.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.issues.len() >= self.budget.findings
    }

    /// What has been found since the walk came to a node, the last first and with its number: it is of the node or of what
    /// the node holds.
    pub fn found_since(&self, node: NodeRef<'d>) -> impl Iterator<Item = (usize, &Issue)> {
        let numbered = self.issues.iter().enumerate().rev();
        numbered.take_while(move |(_, issue)| issue.node >= node.id())
    }

    /// Makes a finding at a node.
    pub fn say(&mut self, rule: &'static Rule, node: NodeRef<'d>) -> &mut Issue {
        self.issues.push(Issue {
            rule,
            severity: rule.severity,
            node: node.id(),
            also: Also::Nowhere,
            start: node.start(),
            what: Name::NONE,
            from: None,
            found: 0,
            wanted: 0,
            detail: Detail::NONE,
            hint: Detail::NONE,
            claim: None,
        });
        let last = self.issues.len() - 1;
        &mut self.issues[last]
    }

    /// Makes a finding at a node that breaks what a profile says of an element.
    pub fn say_from(&mut self, rule: &'static Rule, node: NodeRef<'d>, at: At<'_>) -> &mut Issue {
        let issue = self.say(rule, node);
        issue.from = Some((at.profile.id, at.id));
        issue
    }

    /// Keeps a text that a finding quotes.
    pub fn detail(&mut self, text: impl Into<String>) -> Detail {
        self.details.push(text.into());
        Detail(self.details.len() as u32 - 1)
    }

    /// Keeps what a rule file makes of a finding.
    pub fn claimed(&mut self, claimed: Claimed) -> Mark {
        self.claimed.push(claimed);
        Mark(self.claimed.len() as u32 - 1)
    }

    /// Runs a part of the walk for its verdict only: whether it finds no error. What it finds is forgotten.
    pub fn try_out(&mut self, part: impl FnOnce(&mut Self)) -> bool {
        let (issues, details, targets) = (self.issues.len(), self.details.len(), self.targets.len());
        let tried = self.tried.len();
        self.trying += 1;
        part(self);
        self.trying -= 1;
        for pair in self.tried.drain(tried..) {
            self.done.remove(&pair);
        }
        let passed = self.issues[issues..].iter().all(|i| i.severity < Severity::Error);
        self.issues.truncate(issues);
        self.details.truncate(details);
        self.targets.truncate(targets);
        passed
    }
}

/// Marks a resource that has been looked at, by whatever profile.
const VISITED: DefinitionId = DefinitionId(u32::MAX);

/// Marks a count: the element is there in a form that has been reported already.
const PRESENT: u32 = 1 << 31;

/// Whether a node is written in XML.
pub(crate) fn is_xml(node: NodeRef<'_>) -> bool {
    matches!(node.form(), Form::Element | Form::Attribute | Form::Markup)
}
