//! Mends instances that break an invariant: which sibling or child an expression asks for is found by trying, and remembered.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::verdict::resolve;
use super::{Instance, content};
use crate::graph::Element;
use crate::report::{Finding, Report};
use crate::rule::{Rule, Severity};
use crate::rules::invariant;
use crate::vectors::tree::Tree;

/// How many invariants of one instance are mended.
pub(super) const MOST: usize = 6;

/// How many codes of a value set are tried.
const MOST_CODES: usize = 8;

/// What helped before, by invariant.
#[derive(Debug, Default)]
pub(super) struct Remedies {
    known: HashMap<String, Remedy, FixedState>,
    hopeless: HashSet<String, FixedState>,
}

/// What may mend a broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// This child is missing.
    Add(String),
    /// This child, a boolean, is to say the opposite.
    Flip(String),
    /// This child is to have this code.
    Code(String, String),
    /// This child is too much.
    Remove(String),
    /// A child lacks this child.
    AddBelow(String, String),
}

/// A broken invariant.
pub(super) struct Broken {
    /// The way to the element that breaks it.
    pub way: Vec<usize>,
    /// Its key, and the type of element.
    pub key: String,
    /// Whether it is an error; else the invariant comes to nothing.
    pub error: bool,
}

impl Remedies {
    pub fn learn(&mut self, key: String, remedy: Remedy) {
        self.known.insert(key, remedy);
    }

    /// Nothing helps against an invariant that comes to nothing.
    pub fn give_up(&mut self, key: String) {
        self.hopeless.insert(key);
    }
}

/// The first broken invariant of an instance; where there is none, and doubts matter, the first that comes to nothing.
pub(super) fn broken(instance: &Instance<'_>, report: &Report, known: &Remedies, doubts: bool) -> Option<Broken> {
    let find = |rule: &Rule, error: bool| {
        let findings = report.findings().filter(|f| f.rule == rule && (f.severity >= Severity::Error) == error);
        let open = |f: &Finding<'_>| error || !known.hopeless.contains(f.text);
        findings.filter(open).find_map(|finding| {
            let way = resolve(&instance.tree, finding.expression?)?;
            Some(Broken { way, key: finding.text.to_owned(), error })
        })
    };
    find(&invariant::FAILED, true).or_else(|| find(&invariant::UNKNOWN, false).filter(|_| doubts))
}

/// What may help, the likeliest first.
pub(super) fn remedies(instance: &Instance<'_>, broken: &Broken, known: &Remedies) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = known.known.get(&broken.key).cloned().into_iter().collect();
    let Some(node) = instance.tree.at(&broken.way) else { return remedies };
    let Some(at) = instance.builder.place(node) else { return remedies };
    let Some(children) = instance.builder.graph.own_children(at.profile, at.id) else { return remedies };
    let elements: Vec<&Element> = children.order.iter().map(|id| at.child(*id).element()).collect();
    let has = |label: &str| {
        let stem = label.trim_end_matches("[x]");
        node.children.iter().any(|c| c.name == stem || label.ends_with("[x]") && c.name.starts_with(stem))
    };
    let passive =
        |label: &str| matches!(label, "id" | "meta" | "implicitRules" | "language" | "contained" | "modifierExtension");
    let add = elements.iter().filter(|e| e.max > 0 && !has(&e.label) && !passive(&e.label));
    remedies.extend(add.map(|e| Remedy::Add(e.label.to_string())));
    let fixed = |name: &str| elements.iter().any(|e| *e.label == *name && e.fixed.is_some());
    let truth = |c: &&Tree| matches!(c.value.as_deref(), Some("true" | "false")) && !fixed(&c.name);
    remedies.extend(node.children.iter().filter(truth).map(|c| Remedy::Flip(c.name.clone())));
    for child in elements.iter().filter(|e| has(&e.label) && e.fixed.is_none()) {
        let Some(set) = child.binding.as_deref().and_then(|b| content::set(instance.builder.graph, b)) else {
            continue;
        };
        let Some(now) = node.child(&child.label).and_then(|c| c.value.clone()) else { continue };
        let mut taken = vec![now];
        while let Some(code) = content::code_beside(set, &taken).filter(|_| taken.len() < MOST_CODES) {
            remedies.push(Remedy::Code(child.label.to_string(), code.clone()));
            taken.push(code);
        }
    }
    let remove = elements.iter().filter(|e| e.min == 0 && has(&e.label) && !passive(&e.label));
    remedies.extend(remove.map(|e| Remedy::Remove(e.label.to_string())));
    for child in node.children.iter().filter(|c| c.resource.is_empty() && !c.children.is_empty()) {
        let Some(inner) = instance.builder.place(child) else { continue };
        let Some(below) = instance.builder.graph.own_children(inner.profile, inner.id) else { continue };
        let elements = below.order.iter().map(|id| inner.child(*id).element());
        let lacks = elements.filter(|e| e.max > 0 && !passive(&e.label) && child.child(&e.label).is_none());
        remedies.extend(lacks.map(|e| Remedy::AddBelow(child.name.clone(), e.label.to_string())));
    }
    remedies
}

/// The tree with a remedy.
pub(super) fn apply(instance: &mut Instance<'_>, broken: &Broken, remedy: &Remedy) -> Option<Tree> {
    let mut tree = instance.tree.clone();
    let node = tree.at_mut(&broken.way)?;
    match remedy {
        Remedy::Add(label) => {
            instance.builder.ensure(node, label)?;
        }
        Remedy::Flip(label) => {
            let child = node.children.iter_mut().find(|c| c.name == *label)?;
            child.value = Some(if child.value.as_deref() == Some("true") { "false" } else { "true" }.into());
        }
        Remedy::Code(label, code) => {
            node.children.iter_mut().find(|c| c.name == *label)?.value = Some(code.clone());
        }
        Remedy::AddBelow(child, label) => {
            let child = node.children.iter_mut().find(|c| c.name == *child)?;
            instance.builder.ensure(child, label)?;
        }
        Remedy::Remove(label) => {
            let stem = label.trim_end_matches("[x]");
            let is_it = |c: &Tree| c.name == stem || label.ends_with("[x]") && c.name.starts_with(stem);
            // What the instance is made for stays.
            let focus = |c: &Tree| instance.focus.is_some_and(|focus| c.way_to(focus).is_some());
            if node.children.iter().any(|c| is_it(c) && focus(c)) {
                return None;
            }
            node.children.retain(|c| !is_it(c));
        }
    }
    Some(tree)
}
