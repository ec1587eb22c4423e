//! Takes out of the findings those that a suppression file accepts, and counts them by entry.

use std::collections::BTreeMap;

use super::order;
use crate::check::Options;
use crate::issue::Issue;
use crate::place::Expressions;
use crate::rule::Severity;
use crate::sentence::{self, Values};
use crate::suppress::{Suppressed, Suppression};
use crate::walk::Walk;

/// Of several entries for one finding the first counts that is not over. Those that are over are counted and suppress nothing.
pub(super) fn take(walk: &Walk<'_, '_>, options: &Options<'_>, issues: &mut Vec<Issue>) -> Vec<Suppressed> {
    let Some(suppressions) = options.suppressions else { return Vec::new() };
    let (all, entries) = (suppressions.entries(), suppressions.of(options.source));
    if entries.is_empty() {
        return Vec::new();
    }
    let (in_force, over): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, entry)| !entry.is_over(options.now));
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    let mut expressions = Expressions::default();
    issues.retain(|issue| {
        let mut first = |entries: &[(usize, &Suppression)]| {
            entries.iter().find(|(_, entry)| is_for(walk, entry, issue, &mut expressions)).map(|(number, _)| *number)
        };
        if issue.severity == Severity::Fatal {
            return true;
        }
        let found = first(&in_force);
        if let Some(number) = found.or_else(|| first(&over)) {
            *counts.entry(number).or_default() += 1;
        }
        found.is_none()
    });
    let used = counts.into_iter().map(|(entry, count)| Suppressed {
        entry,
        count,
        expired: all[entry].is_over(options.now),
        text: text(&all[entry]),
    });
    used.collect()
}

fn is_for<'w>(walk: &'w Walk<'_, '_>, entry: &Suppression, issue: &Issue, expressions: &mut Expressions<'w>) -> bool {
    entry.is_of(issue.rule.code, order::claim(walk, issue))
        && entry.is_from(issue.from.and_then(|(id, _)| walk.graph.profile(id)).map(|p| (&*p.url, &*p.version)))
        && entry.is_at(|| expressions.of(walk.graph, walk.document.node(issue.node)))
}

/// `file:12 (binding-*, until 2027-03-31): the reason`
fn text(entry: &Suppression) -> String {
    let mut out = String::new();
    let until = entry.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
    sentence::add(&mut out, &format!("{} ({}{until}): {}", entry.place(), entry.rule, entry.reason), Values::Show);
    out
}
