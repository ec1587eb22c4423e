//! A rule set applied to a message: profiles that places must meet, links, claims, checks.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use touchmark_document::{NodeId, NodeRef};
use touchmark_fhirpath::{Environment, EvaluationError, EvaluationErrorKind, Expression, Item, Moment, Truth};

use super::file::Level;
use super::functions::Asked;
use super::recognise::Message;
use super::sentence::Sentence;
use super::set::{Check, Claim, Link, Rule, RuleSet, Ruled, Undecided};
use super::{BROKEN, Claimed, Judgement, Judging, UNDECIDED};
use crate::graph::RuleGraph;
use crate::issue::{Detail, Issue};
use crate::links::Resolution;
use crate::place;
use crate::rule::Severity;
use crate::rules::{self, reference};
use crate::walk::Walk;

/// Judges the message by a set, if it is for it.
pub(crate) fn apply<'g>(walk: &mut Walk<'g, '_>, number: u32, set: &'g RuleSet, how: &Judging) -> Option<Judgement> {
    let root = walk.document.root();
    let resolver = walk.links.clone();
    let functions = Asked { tables: &set.tables, envelope: how.envelope.as_deref() };
    let environment = Environment {
        now: walk.now.and_then(Moment::parse_date_time),
        resolver: &*resolver,
        functions: Some(&functions),
        resource: None,
        ..Environment::default()
    };
    let message = Message::recognise(set, root, environment, how)?;
    let mut run = Run {
        walk,
        number,
        message,
        spoken: HashSet::default(),
        speakers: HashSet::default(),
        findings: Vec::new(),
        exercised: vec![false; set.rules.len()],
        failed: HashSet::new(),
    };
    run.conform();
    run.links();
    run.claims();
    run.checks();
    Some(run.judgement())
}

/// One set over one message.
struct Run<'w, 'g, 'd, 'e> {
    walk: &'w mut Walk<'g, 'd>,
    number: u32,
    message: Message<'e>,
    /// The rules that have found something, with the place.
    spoken: HashSet<(u32, NodeId), FixedState>,
    /// Their ids.
    speakers: HashSet<&'e str, FixedState>,
    /// The engine's findings, by their nodes, as links ask for them.
    findings: Vec<(NodeId, usize)>,
    /// Whether each rule has looked at the message.
    exercised: Vec<bool>,
    /// Conditions that could not be evaluated: each is said once.
    failed: HashSet<usize>,
}

impl<'g, 'd: 'e, 'e> Run<'_, 'g, 'd, 'e>
where
    'g: 'e,
{
    /// Checks places against the profiles that they must meet.
    fn conform(&mut self) {
        let set = self.message.set;
        for conform in &set.conform {
            if !self.message.fits(conform.when) {
                continue;
            }
            let Some(profile) = self.walk.graph.find(&conform.profile) else { continue };
            for at in self.message.place(conform.place) {
                let node = self.message.node(at);
                let holds = conform.condition.as_ref().is_none_or(|c| self.message.truth(c, node) == Ok(Truth::True));
                let node = self.walk.document.node(node.id());
                let Some(wanted) = self.walk.graph.profile(profile).map(|p| p.type_atom) else { continue };
                if holds && node.resource() == wanted {
                    self.walk.against(node, profile);
                }
            }
        }
        reference::targets(self.walk);
    }

    /// Follows the references that the set speaks of.
    fn links(&mut self) {
        let set = self.message.set;
        self.findings.extend(self.walk.issues.iter().enumerate().map(|(at, issue)| (issue.node, at)));
        self.findings.sort_unstable();
        for link in &set.links {
            if !self.message.fits(link.when) {
                continue;
            }
            for at in self.message.select(link.nodes) {
                self.follow(link, self.walk.document.node(self.message.node(at).id()));
            }
        }
    }

    fn follow(&mut self, link: &'e Link, node: NodeRef<'d>) {
        let Some(value) = node.child_value("reference").filter(|v| !v.is_empty()) else { return };
        let resolution = self.walk.links.resolve(node, value);
        let (verdict, codes, text) = match resolution {
            Resolution::Entry(target) | Resolution::Contained(target) | Resolution::Likely(target) => {
                if matches!(resolution, Resolution::Likely(_)) && link.form.is_some() {
                    self.rule_on(link.form.as_ref(), node, &[reference::FULL_URL.code], String::new());
                }
                let found = target.resource_text();
                if link.types.is_empty() || link.types.iter().any(|t| **t == *found) {
                    return;
                }
                let wanted: Vec<String> = link.types.iter().map(ToString::to_string).collect();
                let text =
                    format!("{} leads to a {found}, where {} is wanted", node.name_text(), rules::types::list(&wanted));
                (link.wrong_type.as_ref(), vec![reference::TARGET_TYPE.code], text)
            }
            Resolution::Several(_) => return,
            Resolution::Nowhere => {
                let bare = !value.contains(':') && self.names_an_entry(node, value);
                let absolute = value.contains(':') && !value.starts_with("urn:");
                if bare && link.form.is_some() {
                    (
                        link.form.as_ref(),
                        // An entry that holds no resource: to the engine its id leads elsewhere.
                        vec![
                            reference::FORM.code,
                            reference::FULL_URL.code,
                            reference::NOT_IN_BUNDLE.code,
                            reference::ELSEWHERE.code,
                        ],
                        format!("{value} is the id of an entry, not its fullUrl"),
                    )
                } else {
                    let verdict = if absolute {
                        link.elsewhere.as_ref().or(link.unresolved.as_ref())
                    } else {
                        link.unresolved.as_ref()
                    };
                    let text = format!("{} leads to no entry of the message: {value}", node.name_text());
                    (
                        verdict,
                        vec![reference::NOT_IN_BUNDLE.code, reference::ELSEWHERE.code, reference::FORM.code],
                        text,
                    )
                }
            }
        };
        self.rule_on(verdict, node, &codes, text);
    }

    /// Whether an entry of the innermost Bundle has this bare text as its id, or in its `urn:uuid:`.
    fn names_an_entry(&mut self, node: NodeRef<'d>, value: &str) -> bool {
        let Some(bundle) = self.walk.links.bundle_around(node) else { return false };
        let index = self.walk.links.index(bundle);
        let bare = value.rsplit('/').next().unwrap_or(value);
        index.with_plain_id(bare).is_some()
    }

    /// Gives the engine's finding at a node to a rule, or makes one.
    fn rule_on(&mut self, ruled: Option<&'e Ruled>, node: NodeRef<'d>, codes: &[&str], text: String) {
        let Some(ruled) = ruled else { return };
        let rule = &self.message.set.rules[ruled.rule as usize];
        self.exercised[ruled.rule as usize] = true;
        if !self.message.fits(rule.when) || self.is_unless(&rule.unless) {
            return;
        }
        let severity = self.severity(rule, ruled.severity);
        let first = self.findings.partition_point(|(at, _)| *at < node.id());
        let of_node = self.findings[first..].iter().take_while(|(at, _)| *at == node.id());
        let mut own = None;
        for (_, at) in of_node.filter(|(_, at)| codes.contains(&self.walk.issues[*at].rule.code)) {
            // A rule set that stands before this one has spoken of the link.
            if self.walk.issues[*at].claim.is_some() {
                return;
            }
            own = own.or(Some(*at));
        }
        let sentence = ruled.text.as_ref().map(|s| self.write(s, node, &text));
        match own {
            Some(at) => self.give(at, ruled.rule, severity, sentence),
            None => self.say(ruled.rule, severity, node, sentence.unwrap_or(text)),
        }
    }

    /// Gives the engine's findings to the rules that claim them.
    fn claims(&mut self) {
        let set = self.message.set;
        // For each claim, the findings that are of a rule of its; those beyond the last bit share it.
        let mut found = vec![0_u64; set.claims.len()];
        for (at, issue) in self.walk.issues.iter().enumerate().filter(|(_, issue)| issue.claim.is_none()) {
            for claim in set.claims_of.get(issue.rule.code).into_iter().flatten() {
                found[*claim as usize] |= 1 << at.min(LAST_BIT);
            }
        }
        let mut ways: Vec<Option<(String, String)>> = vec![None; self.walk.issues.len()];
        for (claim, found) in set.claims.iter().zip(found).filter(|(_, found)| *found > 0) {
            let rule = claim.rule.map(|r| &set.rules[r as usize]);
            if !self.message.fits(claim.when) || rule.is_some_and(|r| !self.message.fits(r.when)) {
                continue;
            }
            for (at, way) in ways.iter_mut().enumerate() {
                if found & 1 << at.min(LAST_BIT) != 0 {
                    self.claim(claim, at, way);
                }
            }
        }
        for claim in set.claims.iter().filter_map(|c| c.rule) {
            self.exercised[claim as usize] = true;
        }
        let silent = u32::MAX - 1;
        self.walk.issues.retain(|i| i.claim.is_none_or(|c| c.0 != silent));
    }

    /// Gives a finding to the rule of a claim, where it fits; `way` is where the finding is, once that has been asked.
    fn claim(&mut self, claim: &'e Claim, at: usize, way: &mut Option<(String, String)>) {
        let graph = self.walk.graph;
        let issue = self.walk.issues[at];
        if issue.claim.is_some() || !claim.of.contains(&issue.rule) {
            return;
        }
        if !claim.profiles.is_empty() {
            let url = issue.from.map_or("", |(id, _)| &*graph.library().entry(id).url);
            if !claim.profiles.iter().any(|p| p == url) {
                return;
            }
        }
        if !claim.keys.is_empty() {
            let detail = self.walk.details.get(issue.detail.0 as usize).map_or("", String::as_str);
            if !claim
                .keys
                .iter()
                .any(|k| detail.strip_prefix(k.as_str()).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
            {
                return;
            }
        }
        let node = self.walk.document.node(issue.node);
        if !claim.places.is_empty() {
            let holder = node.innermost_resource().id();
            if !claim.places.iter().any(|place| self.message.is_in_place(*place, holder)) {
                return;
            }
        }
        if !claim.elements.is_empty() {
            let (id, path) = way.get_or_insert_with(|| way_of(self.walk, &issue));
            if !claim.elements.iter().any(|e| e.matches(id) || e.matches(path)) {
                return;
            }
        }
        if let Some(condition) = &claim.condition
            && self.message.truth(condition, node) != Ok(Truth::True)
        {
            return;
        }
        let Some(number) = claim.rule else {
            match claim.severity {
                Some(Level::Silent) => self.walk.issues[at].claim = Some(super::Mark(u32::MAX - 1)),
                Some(level) => {
                    self.walk.issues[at].severity = level_of(level, issue.severity).unwrap_or(issue.severity);
                }
                None => {}
            }
            return;
        };
        let rule = &self.message.set.rules[number as usize];
        if self.is_unless(&rule.unless) {
            return;
        }
        let severity = self.severity(rule, claim.severity);
        let text = claim.text.as_ref().map(|s| self.write(s, node, super::FINDING));
        self.give(at, number, severity, text);
    }

    /// Asks the conditions of the rules.
    fn checks(&mut self) {
        let set = self.message.set;
        for (number, rule) in set.rules.iter().enumerate() {
            if rule.checks.is_empty() || !self.message.fits(rule.when) {
                continue;
            }
            for check in &rule.checks {
                if !self.message.fits(check.when) || self.is_unless(&rule.unless) || self.is_unless(&check.unless) {
                    continue;
                }
                self.check(number as u32, rule, check);
            }
        }
    }

    fn check(&mut self, number: u32, rule: &'e Rule, check: &'e Check) {
        for at in self.message.select(check.nodes) {
            let node = self.message.node(at);
            if let Some(condition) = &check.condition
                && self.ask(condition, node, check) != Some(true)
            {
                continue;
            }
            self.exercised[number as usize] = true;
            if self.ask(&check.must, node, check) != Some(false) {
                continue;
            }
            let at = match &check.at {
                None => node,
                Some(at) => match self.message.evaluate(at, node).unwrap_or_default().first() {
                    Some(Item::Node(found)) => *found,
                    _ => node,
                },
            };
            let severity = self.severity(rule, check.severity);
            let sentence = check.text.as_ref().or(rule.text.as_ref());
            let text = sentence.map_or_else(|| rule.title.to_string(), |s| self.write(s, node, ""));
            self.say(number, severity, self.walk.document.node(at.id()), text);
            if check.once {
                return;
            }
        }
    }

    /// The answer of a condition; `None` for `{}` and for what could not be evaluated, which is said once.
    fn ask(&mut self, condition: &'e Expression, node: NodeRef<'e>, check: &'e Check) -> Option<bool> {
        match self.message.truth(condition, node) {
            Ok(Truth::True) => Some(true),
            Ok(Truth::False) => Some(false),
            Ok(Truth::Unknown) => None,
            // Without a time of day there is no now().
            Err(trouble) if trouble.kind == EvaluationErrorKind::NotSupported => None,
            Err(trouble) => {
                self.not_decided(&trouble, check);
                None
            }
        }
    }

    fn not_decided(&mut self, trouble: &EvaluationError, check: &'e Check) {
        if self.failed.insert(std::ptr::from_ref(check) as usize) {
            let detail = self.walk.detail(format!("{} could not be decided: {trouble}", check.pointer));
            let root = self.walk.document.root();
            self.walk.say(&UNDECIDED, root).detail = detail;
        }
    }

    fn is_unless(&self, ids: &[Box<str>]) -> bool {
        ids.iter().any(|id| self.speakers.contains(&**id))
    }

    fn write(&mut self, sentence: &'e Sentence, node: NodeRef<'e>, finding: &str) -> String {
        let message = &mut self.message;
        sentence.write(finding, |e| message.evaluate(e, node).unwrap_or_default())
    }

    fn severity(&self, rule: &Rule, here: Option<Level>) -> Level {
        let message = &self.message;
        let case = rule.cases.iter().find(|(when, _)| message.fits(*when)).map(|(_, level)| *level);
        // A severity that a single check or claim states is meant, whatever the message; cases speak of the rule's own.
        let level = here.or(case).unwrap_or(rule.severity);
        let policy = message.set.policies.get(message.policy);
        policy.map_or(level, |p| p.applied(level, &rule.authority, rule.broken_officially))
    }

    fn give(&mut self, at: usize, rule: u32, level: Level, text: Option<String>) {
        let text = text.map_or(Detail::NONE, |t| self.walk.detail(t));
        let mark = self.walk.claimed(Claimed { set: self.number, rule, text });
        let issue = &mut self.walk.issues[at];
        match level_of(level, issue.severity) {
            Some(severity) => {
                issue.severity = severity;
                issue.claim = Some(mark);
                let node = issue.node;
                self.spoke(rule, node);
            }
            None => issue.claim = Some(super::Mark(u32::MAX - 1)),
        }
    }

    fn say(&mut self, rule: u32, level: Level, node: NodeRef<'d>, text: String) {
        let Some(severity) = level_of(level, Severity::Error) else { return };
        // What the rule has claimed at this place it does not say again.
        if !self.spoke(rule, node.id()) {
            return;
        }
        let mark = self.walk.claimed(Claimed { set: self.number, rule, text: Detail::NONE });
        let detail = self.walk.detail(text);
        let issue = self.walk.say(&BROKEN, node);
        (issue.severity, issue.detail, issue.claim) = (severity, detail, Some(mark));
    }

    /// Notes that a rule has found something at a node; whether it is the first time there.
    fn spoke(&mut self, rule: u32, node: NodeId) -> bool {
        let set = self.message.set;
        self.speakers.insert(&set.rules[rule as usize].id);
        self.spoken.insert((rule, node))
    }

    fn judgement(self) -> Judgement {
        let (mut message, set) = (self.message, self.walk.graph.rule_sets());
        let set = &set[self.number as usize];
        let root = message.root;
        let mut is_said = |undecided: &&'g Undecided| {
            let condition = undecided.condition.as_ref();
            undecided.said
                && message.fits(undecided.when)
                && condition.is_none_or(|c| message.truth(c, root) == Ok(Truth::True))
        };
        let undecided =
            set.undecided.iter().filter(|u| is_said(u)).map(|u| (u.id.to_string(), u.reason.to_string())).collect();
        let looked = set.by_id.iter().filter(|number| self.exercised[**number as usize]);
        let exercised = looked.map(|number| &set.rules[*number as usize]).filter(|rule| message.fits(rule.when));
        Judgement {
            set: set.url.clone(),
            version: set.version.clone(),
            title: set.title.clone(),
            policy: set.policies.get(message.policy).map_or_else(String::new, |p| p.name.clone()),
            exercised: exercised.map(|rule| rule.id.clone()).collect(),
            undecided,
            recognised: message.recognised,
        }
    }
}

/// The last of the bits that stand for findings.
const LAST_BIT: usize = u64::BITS as usize - 1;

/// The severity; `None` for silence.
fn level_of(level: Level, found: Severity) -> Option<Severity> {
    match level {
        Level::Error => Some(Severity::Error),
        Level::Warning => Some(Severity::Warning),
        Level::Information => Some(Severity::Information),
        Level::Silent => None,
        Level::Found => Some(found),
    }
}

/// The element of a finding: its id in the profile, and its path in the resource.
fn way_of(walk: &Walk<'_, '_>, issue: &Issue) -> (String, String) {
    let graph: &RuleGraph = walk.graph;
    let id = issue
        .from
        .and_then(|(id, element)| graph.profile(id)?.elements.get(element.0 as usize).map(|e| e.id.to_string()))
        .unwrap_or_default();
    let node = walk.document.node(issue.node);
    let way = place::way(graph, node);
    let mut path = way[0].type_name.to_owned();
    for step in &way[1..] {
        path.push('.');
        path.push_str(step.label);
    }
    if issue.rule.code.starts_with("cardinality") || *issue.rule == rules::slicing::MINIMUM {
        // What is missing is said at its parent.
        if let Some(last) = id.rsplit('.').next().filter(|l| !l.is_empty()) {
            path.push('.');
            path.push_str(last.split(':').next().unwrap_or(last).trim_end_matches("[x]"));
        }
    }
    (id, path)
}
