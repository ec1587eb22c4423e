//! Findings in the order of the document; what says the same twice is one, and many of a kind are one with a count.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use touchmark_document::{Name, NodeId, NodeRef};

use crate::issue::Issue;
use crate::messages;
use crate::rule::Rule;
use crate::walk::Walk;

/// Into document order, then by rule code. What several profiles say of one place is one fault.
pub(super) fn sort(walk: &Walk<'_, '_>, issues: &mut Vec<Issue>) {
    let alike = |a: &Issue, b: &Issue| {
        (code(walk, a), a.what).cmp(&(code(walk, b), b.what)).then_with(|| detail(walk, a).cmp(detail(walk, b)))
    };
    // Of two that say the same, the one that a rule file claims comes first and stays.
    let unclaimed = |i: &Issue| claim(walk, i).is_none();
    issues.sort_by(|a, b| {
        (a.start, a.node)
            .cmp(&(b.start, b.node))
            .then_with(|| alike(a, b))
            .then_with(|| unclaimed(a).cmp(&unclaimed(b)))
    });
    issues.dedup_by(|a, b| (a.start, a.node) == (b.start, b.node) && alike(a, b).is_eq());
}

pub(super) fn claim<'w>(walk: &'w Walk<'_, '_>, issue: &Issue) -> Option<&'w str> {
    issue.claim.and_then(|mark| messages::id_of(walk, mark))
}

fn code<'w>(walk: &'w Walk<'_, '_>, issue: &Issue) -> &'w str {
    if issue.rule == &messages::BROKEN { claim(walk, issue).unwrap_or("") } else { issue.rule.code }
}

fn detail<'w>(walk: &'w Walk<'_, '_>, issue: &Issue) -> &'w str {
    walk.details.get(issue.detail.0 as usize).map_or("", String::as_str)
}

/// This many repeats of an element may have the same fault each by itself; more of them are one finding with a count.
const MOST_ALIKE: u32 = 10;

/// How many more repeats have the fault of a finding.
pub(super) struct More<'w> {
    counts: HashMap<Alike<'w>, u32, FixedState>,
}

/// What makes findings at repeats of one element the same.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'w> {
    parent: NodeId,
    name: Name,
    code: &'w str,
    claim: Option<&'w str>,
    what: Name,
    numbers: (u32, u32),
    detail: &'w str,
}

impl<'w> Alike<'w> {
    fn of(walk: &'w Walk<'_, '_>, issue: &Issue) -> Self {
        let node = walk.document.node(issue.node);
        Alike {
            parent: node.parent().map_or(issue.node, NodeRef::id),
            name: node.name(),
            code: code(walk, issue),
            claim: claim(walk, issue),
            what: issue.what,
            numbers: (issue.found, issue.wanted),
            detail: detail(walk, issue),
        }
    }
}

/// Leaves the first of many repeats with the same fault.
pub(super) fn fold<'w>(walk: &'w Walk<'_, '_>, issues: &mut Vec<Issue>) -> More<'w> {
    let mut counts = HashMap::with_capacity_and_hasher(issues.len(), FixedState::default());
    for issue in of_many(issues) {
        *counts.entry(Alike::of(walk, issue)).or_insert(0) += 1;
    }
    counts.retain(|_, count| *count > MOST_ALIKE);
    if !counts.is_empty() {
        let mut seen = HashSet::with_hasher(FixedState::default());
        issues.retain(|issue| {
            let alike = Alike::of(walk, issue);
            !counts.contains_key(&alike) || seen.insert(alike)
        });
    }
    More { counts }
}

/// The findings of rules that have more than [`MOST_ALIKE`]; most documents have none, and others need no comparing.
fn of_many(issues: &[Issue]) -> impl Iterator<Item = &Issue> {
    let mut rules: Vec<(&Rule, u32)> = Vec::new();
    for issue in issues.iter().filter(|_| issues.len() > MOST_ALIKE as usize) {
        match rules.iter_mut().find(|(rule, _)| std::ptr::eq(*rule, issue.rule)) {
            Some((_, count)) => *count += 1,
            None => rules.push((issue.rule, 1)),
        }
    }
    rules.retain(|(_, count)| *count > MOST_ALIKE);
    issues.iter().filter(move |issue| rules.iter().any(|(rule, _)| std::ptr::eq(*rule, issue.rule)))
}

impl<'w> More<'w> {
    /// How many more repeats have the fault of this finding.
    pub fn than(&self, walk: &'w Walk<'_, '_>, issue: &Issue) -> u32 {
        if self.counts.is_empty() { 0 } else { self.counts.get(&Alike::of(walk, issue)).map_or(0, |count| count - 1) }
    }
}
