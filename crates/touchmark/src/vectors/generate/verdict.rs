//! Whether a fault was found where it is, by the rule that was broken, and nothing else; and why some rules cannot be broken alone.

use super::{Instance, Kind};
use crate::graph::{ElementId, Profile};
use crate::report::{Finding, Report};
use crate::rule::{Rule, Severity};
use crate::rules::invariant;
use crate::vectors::tree::Tree;

/// A finding that a broken rule must bring about.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// The number of the node where it is said.
    pub node: u32,
    /// Rules of the engine, of which it breaks one; any where none is named.
    pub codes: Vec<&'static Rule>,
    /// The element of the profile that it quotes; `None` for a finding that quotes none.
    pub element: Option<ElementId>,
    /// How severe it is.
    pub severity: Severity,
    /// Whether it may lie deeper than the node.
    pub below: bool,
}

/// The errors of a report, in words.
pub(super) fn errors(report: &Report) -> Option<String> {
    let errors: Vec<String> = report.findings().filter(|f| f.severity >= Severity::Error).map(describe).collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// The errors of a report, by code and place.
pub(super) fn said(report: &Report) -> Vec<String> {
    report.findings().filter(|f| f.severity >= Severity::Error).map(place).collect()
}

fn place(finding: Finding<'_>) -> String {
    format!("{} at {}", finding.rule.code, finding.expression.unwrap_or(""))
}

/// How far a report is from one without errors and, where that matters, without invariants that come to nothing.
pub(super) fn weight(report: &Report, doubts: bool) -> (u32, usize) {
    let unknown = || report.findings().filter(|f| *f.rule == invariant::UNKNOWN).count();
    (report.counts.from(Severity::Error), if doubts { unknown() } else { 0 })
}

fn describe(finding: Finding<'_>) -> String {
    let place = finding.expression.unwrap_or("");
    format!("{} at {place} ({})", finding.rule.code, finding.text)
}

/// Whether what was expected is among the findings.
pub(super) fn found(instance: &Instance<'_>, report: &Report, profile: &Profile, expected: &[Expected]) -> bool {
    report.findings().any(|f| expected.iter().any(|e| fits(instance, &f, profile, e)))
}

/// That a fault was found.
pub(super) struct Verdict {
    /// The code of the engine's rule.
    pub code: &'static str,
    /// Where it is said.
    pub expression: String,
    /// The errors beside it.
    pub also: Vec<String>,
}

/// Whether the fault is found; gives what is found instead where it is not.
pub(super) fn judge(
    instance: &Instance<'_>,
    report: &Report,
    profile: &Profile,
    expected: &[Expected],
) -> Result<Verdict, String> {
    let is_expected = |f: &Finding<'_>| expected.iter().any(|e| fits(instance, f, profile, e));
    let Some((number, found)) = report.findings().enumerate().find(|(_, f)| is_expected(f)) else {
        return Err(errors(report).map_or_else(|| "not found".into(), |errors| format!("found instead: {errors}")));
    };
    let others = report.findings().enumerate().filter(|(other, f)| *other != number && f.severity >= Severity::Error);
    let also = others.map(|(_, f)| place(f)).filter(|said| !instance.known.contains(said)).collect();
    Ok(Verdict { code: found.rule.code, expression: found.expression.unwrap_or_default().to_owned(), also })
}

fn fits(instance: &Instance<'_>, finding: &Finding<'_>, profile: &Profile, expected: &Expected) -> bool {
    if finding.severity != expected.severity || !expected.codes.contains(&finding.rule) && !expected.codes.is_empty() {
        return false;
    }
    if let Some(element) = expected.element {
        let element = &profile.elements[element.0 as usize].id;
        let quotes = finding.source.is_some_and(|source| {
            let (url, id) = source.split_once('#').unwrap_or((source, ""));
            *id == **element && url.split('|').next() == Some(&*profile.url)
        });
        if !quotes {
            return false;
        }
    }
    let Some(way) = finding.expression.and_then(|e| resolve(&instance.tree, e)) else { return false };
    let Some(wanted) = instance.tree.way_to(expected.node) else { return false };
    if expected.below { way.starts_with(&wanted) } else { way == wanted }
}

/// The way to the node that an expression of a finding names.
pub(super) fn resolve(tree: &Tree, expression: &str) -> Option<Vec<usize>> {
    let mut way = Vec::new();
    let mut node = tree;
    for segment in expression.split('.').skip(1) {
        let (name, index) = match segment.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse().ok()?),
            None => (segment, 0),
        };
        let of_choice = |c: &Tree| {
            c.name.strip_prefix(name).is_some_and(|s| s.is_empty() || s.starts_with(|l: char| l.is_ascii_uppercase()))
        };
        let exact = node.children.iter().any(|c| c.name == name);
        let fits = |c: &Tree| if exact { c.name == name } else { of_choice(c) };
        let (at, child) = node.children.iter().enumerate().filter(|(_, c)| fits(c)).nth(index)?;
        way.push(at);
        node = child;
    }
    Some(way)
}

impl Tree {
    /// The way to the node with a number.
    pub fn way_to(&self, node: u32) -> Option<Vec<usize>> {
        if self.node == Some(node) {
            return Some(Vec::new());
        }
        self.children.iter().enumerate().find_map(|(at, child)| {
            let mut way = child.way_to(node)?;
            way.insert(0, at);
            Some(way)
        })
    }

    /// The same without numbers: a copy is another node.
    pub fn unnumbered(mut self) -> Tree {
        self.node = None;
        self.children = self.children.into_iter().map(Tree::unnumbered).collect();
        self
    }

    /// The node at a way.
    pub fn at(&self, way: &[usize]) -> Option<&Tree> {
        way.iter().try_fold(self, |node, at| node.children.get(*at))
    }

    /// The node at a way.
    pub fn at_mut(&mut self, way: &[usize]) -> Option<&mut Tree> {
        way.iter().try_fold(self, |node, at| node.children.get_mut(*at))
    }
}

/// Whether a kind of rule is said as a warning.
pub(super) fn severity(kind: Kind) -> Severity {
    if kind == Kind::TargetProfile { Severity::Warning } else { Severity::Error }
}
