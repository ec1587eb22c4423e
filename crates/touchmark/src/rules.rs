//! The rule kinds, one file each: what it checks, its codes and their pages.

pub mod advice;
pub(crate) mod attachment;
pub(crate) mod binding;
pub(crate) mod bundle;
pub(crate) mod cardinality;
pub(crate) mod contained;
pub(crate) mod element;
pub(crate) mod extension;
pub(crate) mod identifier;
pub(crate) mod invariant;
pub(crate) mod narrative;
pub mod primitive;
pub(crate) mod profile;
pub(crate) mod questionnaire;
pub(crate) mod reference;
pub(crate) mod slicing;
pub(crate) mod syntax;
pub(crate) mod types;
pub(crate) mod value;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};

use touchmark_document::{NodeId, NodeRef};

use crate::graph::RuleGraph;
use crate::issue::Also;
use crate::rule::Rule;
use crate::walk::Walk;

/// All rules, in the order of their kinds.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        syntax::RULES,
        cardinality::RULES,
        types::RULES,
        value::RULES,
        identifier::RULES,
        attachment::RULES,
        slicing::RULES,
        extension::RULES,
        reference::RULES,
        bundle::RULES,
        contained::RULES,
        element::RULES,
        profile::RULES,
        binding::RULES,
        binding::coding::RULES,
        binding::service::RULES,
        crate::messages::RULES,
        invariant::RULES,
        narrative::RULES,
        narrative::nesting::RULES,
        questionnaire::RULES,
        advice::RULES,
        crate::report::RULES,
        crate::lint::RULES,
        crate::messages::DEFECTS,
        crate::outcome::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Whether there is a rule with this code, ours or one of a rule file by its id; if not, what is near, in a sentence.
pub fn known(graph: &RuleGraph, code: &str) -> Result<(), String> {
    if find(code).is_some() || graph.rules_of_files().any(|(id, _)| id == code) {
        return Ok(());
    }
    let likely: Vec<&str> = all().map(|r| r.code).filter(|c| c.contains(code)).take(5).collect();
    let hint = if likely.is_empty() { String::new() } else { format!("; did you mean {}?", likely.join(" or ")) };
    Err(format!("there is no rule {code}{hint}"))
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|r| r.code == code)
}

/// The rule that a broken invariant breaks, unless a rule of its own says so.
pub fn of_invariants() -> &'static Rule {
    &invariant::FAILED
}

/// Says it of a node whose key a node before it has, and names both.
fn unique<'d, K: Hash + Eq, S: BuildHasher>(
    walk: &mut Walk<'_, 'd>,
    rule: &'static Rule,
    seen: &mut HashMap<K, NodeId, S>,
    key: K,
    node: NodeRef<'d>,
    name: &str,
) {
    match seen.entry(key) {
        Entry::Vacant(place) => drop(place.insert(node.id())),
        Entry::Occupied(first) => {
            let detail = walk.detail(name);
            let issue = walk.say(rule, node);
            (issue.detail, issue.also) = (detail, Also::Node(*first.get()));
        }
    }
}
