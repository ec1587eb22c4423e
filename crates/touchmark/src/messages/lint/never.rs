//! Parts that look as if they were checked, and that no message can ever come to.

use std::collections::HashSet;

use super::Set;
use super::names::Known;
use crate::messages::defect::{IDLE, NEVER};
use crate::messages::file::{Link, Verdict, When};

/// Looks at the conditions of the set.
pub(super) fn check(set: &mut Set<'_>, known: &Known<'_>) {
    let linked = linked(set);
    for file in set.files {
        let (name, file) = (file.name, &file.content);
        for (at, dimension) in file.dimensions.iter().enumerate() {
            let values = &dimension.values;
            if let Some(last) = values.iter().position(|v| v.when.is_none()).filter(|last| last + 1 < values.len()) {
                let text = format!("{} is taken before it whatever the message is", values[last].value);
                set.say(name, &NEVER, format!("/dimensions/{at}/values/{}", last + 1), text);
            }
        }
        for (at, policy) in file.policies.iter().enumerate() {
            for (n, change) in policy.changes.iter().enumerate() {
                let all = |c: &&crate::messages::file::Change| {
                    c.from == change.from && c.authority.is_empty() && !c.broken_officially
                };
                if policy.changes[..n].iter().any(|c| all(&c)) {
                    let text = "an earlier change is made of every rule of this severity";
                    set.say(name, &NEVER, format!("/policies/{at}/changes/{n}"), text);
                }
            }
        }
        for (at, conform) in file.conform.iter().enumerate() {
            limits(set, known, name, &format!("/conform/{at}/when"), &[&conform.when]);
            constant(set, name, &format!("/conform/{at}/if"), conform.condition.as_deref(), "false");
        }
        for (at, link) in file.links.iter().enumerate() {
            limits(set, known, name, &format!("/links/{at}/when"), &[&link.when]);
        }
        for (at, rule) in file.rules.iter().enumerate() {
            let pointer = format!("/rules/{at}");
            if !limits(set, known, name, &format!("{pointer}/when"), &[&rule.when]) {
                continue;
            }
            if rule.unless.contains(&rule.id) {
                let text = format!("{} is silent where it has spoken itself", rule.id);
                set.say(name, &NEVER, format!("{pointer}/unless"), text);
            }
            if rule.claims.is_empty() && rule.checks.is_empty() && !linked.contains(&rule.id) {
                set.say(name, &IDLE, pointer.clone(), format!("nothing can find that {} is broken", rule.id));
            }
            for (n, case) in rule.cases.iter().enumerate() {
                limits(set, known, name, &format!("{pointer}/cases/{n}/when"), &[&rule.when, &case.when]);
            }
            for (n, claim) in rule.claims.iter().enumerate() {
                let pointer = format!("{pointer}/claims/{n}");
                limits(set, known, name, &format!("{pointer}/when"), &[&rule.when, &claim.when]);
                constant(set, name, &format!("{pointer}/if"), claim.condition.as_deref(), "false");
            }
            for (n, check) in rule.checks.iter().enumerate() {
                let pointer = format!("{pointer}/checks/{n}");
                limits(set, known, name, &format!("{pointer}/when"), &[&rule.when, &check.when]);
                constant(set, name, &format!("{pointer}/if"), check.condition.as_deref(), "false");
                constant(set, name, &format!("{pointer}/must"), Some(&check.must), "true");
            }
        }
        for (at, claim) in file.severities.iter().enumerate() {
            limits(set, known, name, &format!("/severities/{at}/when"), &[&claim.when]);
            constant(set, name, &format!("/severities/{at}/if"), claim.condition.as_deref(), "false");
        }
        for (at, undecided) in file.undecided.iter().enumerate() {
            limits(set, known, name, &format!("/undecided/{at}/when"), &[&undecided.when]);
        }
    }
}

/// The rules that links speak of, and what cannot be read breaks.
fn linked(set: &Set<'_>) -> HashSet<String> {
    let links = set.files.iter().flat_map(|f| &f.content.links);
    let verdicts = links.flat_map(|link: &Link| {
        [&link.unresolved, &link.elsewhere, &link.wrong_type, &link.form].into_iter().flatten()
    });
    let unreadable = set.files.iter().filter_map(|f| f.content.unreadable.as_ref()).map(|u| u.rule.clone());
    verdicts.map(|verdict: &Verdict| verdict.rule.clone()).chain(unreadable).collect()
}

/// Says where no message can be what all of these want. Returns whether one can.
fn limits(set: &mut Set<'_>, known: &Known<'_>, file: &str, pointer: &str, whens: &[&When]) -> bool {
    let names: HashSet<&String> = whens.iter().flat_map(|when| when.keys()).collect();
    let mut names: Vec<&String> = names.into_iter().collect();
    names.sort();
    for name in names {
        let Some(values) = known.dimensions.get(name.as_str()).filter(|v| !v.is_open()) else { continue };
        // A message that has no value of the dimension is met by what only excludes.
        let mut left: Vec<&str> = values.all().to_vec();
        let mut none_is_left = true;
        for wanted in whens.iter().filter_map(|when| when.get(name)) {
            let named = |excluded: bool| -> Vec<&str> {
                let of_kind = wanted.0.iter().filter(|v| v.starts_with('!') == excluded);
                of_kind.flat_map(|v| values.expanded(v.trim_start_matches('!'))).collect()
            };
            let (any, none) = (named(false), named(true));
            // What is named wrongly is said for itself.
            if any.iter().chain(&none).any(|v| !values.has(v)) {
                return true;
            }
            left.retain(|v| (any.is_empty() || any.contains(v)) && !none.contains(v));
            none_is_left &= any.is_empty();
        }
        if left.is_empty() && !none_is_left {
            set.say(file, &NEVER, pointer, format!("no message can be of such a {name}"));
            return false;
        }
    }
    true
}

/// Says where a condition has one answer whatever the message is.
fn constant(set: &mut Set<'_>, file: &str, pointer: &str, condition: Option<&str>, dead: &str) {
    if condition.is_some_and(|c| c.trim() == dead) {
        let text = if dead == "true" { "this is never false: nothing is ever found" } else { "this is never true" };
        set.say(file, &NEVER, pointer, text);
    }
}
