//! Rules about whole messages, from files: what kind of message it is, what must hold for that kind, which of the engine's own
//! findings are whose, and how severe each is.
//!
//! Nothing here knows any message: recognition, places, tables, links and conditions are data. `docs/rule-files.md` describes them.

mod apply;
mod compile;
mod defect;
pub mod file;
mod functions;
mod lint;
mod page;
mod pattern;
mod recognise;
mod selector;
mod sentence;
mod set;

use std::sync::Arc;

pub use defect::RuleFileError;
pub use file::RuleFile;
pub use lint::lint;
pub(crate) use lint::locate;
pub use page::{Page, page};

pub(crate) use defect::RULES as DEFECTS;
pub(crate) use functions::{Asked, FUNCTIONS};
pub(crate) use recognise::Message;
pub(crate) use selector::Selector;
pub(crate) use set::{Constants, RuleSet};

use crate::graph::RuleGraph;
use crate::issue::Detail;
use crate::report::Claim;
use crate::rule::rules;
use crate::walk::Walk;

rules! {
    BROKEN = "message-rule", Error, "business-rule",
        says "{detail}",
        why "A programme requires it of its messages, in a rule file; the finding bears the id that the rule has there.",
        mend "Do what the finding says; touchmark explain ID has the title of the rule.",
        at "messaging.html";
    UNDECIDED = "message-rule-undecided", Information, "informational",
        says "the rule {detail}",
        why "A condition of a rule file could not be evaluated over this message.",
        mend "Mend the condition in the rule file; docs/rule-files.md says what it may ask.",
        at "messaging.html";
}

/// How messages are judged.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// The policy by name; without it the first of the rule set.
    pub policy: Option<String>,
    /// What the caller says of the message: dimension and value (`edition` is `2`). It stands before what is recognised.
    pub named: Vec<(String, String)>,
    /// What the transport says of the message, by name (`WorkflowId` is `X`), where the caller has its envelope. Rules ask for it
    /// by `envelope(name)`; those that need one are undecided without.
    pub envelope: Option<Vec<(String, String)>>,
    /// Leaves the rule files aside, so that profiles alone judge.
    pub off: bool,
}

impl Judging {
    /// Checks that the loaded rule files know the policy, the dimensions and the values that are named.
    ///
    /// # Errors
    /// What they do not know, with what they do.
    pub fn check(&self, graph: &RuleGraph) -> Result<(), String> {
        let sets = graph.rule_sets();
        let known = |what: &str, name: &str, names: Vec<String>| {
            if names.iter().any(|n| n == name) {
                Ok(())
            } else if names.is_empty() {
                Err(format!("no loaded rule file knows a {what}"))
            } else {
                Err(format!("there is no {what} {name}; there is {}", names.join(", ")))
            }
        };
        if let Some(policy) = &self.policy {
            known("policy", policy, sets.iter().flat_map(|s| &s.policies).map(|p| p.name.clone()).collect())?;
        }
        for (name, value) in &self.named {
            let dimensions = sets.iter().flat_map(|s| &s.dimensions).filter(|d| *d.name == **name);
            let sentences: Vec<_> =
                dimensions.flat_map(|d| &d.values).map(|(sentence, _, _)| sentence.plain()).collect();
            // Where values are made of the message any may be meant.
            if sentences.is_empty() || sentences.iter().all(Option::is_some) {
                let mut values: Vec<String> = Vec::new();
                for value in sentences.into_iter().flatten() {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                known(name, value, values)?;
            }
        }
        Ok(())
    }
}

/// By what a message was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The rule set's url.
    pub set: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// The policy.
    pub policy: String,
    /// What the message was recognised as.
    pub recognised: Vec<Recognised>,
    /// Rules that could not be decided, with the reason.
    pub undecided: Vec<(String, String)>,
    /// Rules that looked at the message, by id.
    pub exercised: Vec<Arc<str>>,
}

/// A dimension and what the message is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The dimension: `kind`, `edition` …
    pub dimension: Arc<str>,
    /// What a report calls it.
    pub title: Arc<str>,
    /// The value.
    pub value: String,
    /// What a report calls the value.
    pub value_title: Arc<str>,
}

impl std::fmt::Display for Judgement {
    /// What it was judged as.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.basis())
    }
}

impl Judgement {
    /// `Title: kind report (a report), edition 2 (of 2021), policy default`
    pub fn basis(&self) -> String {
        let mut out = self.title.to_string();
        let mut before = ": ";
        for found in &self.recognised {
            out.push_str(&format!("{before}{} {}", found.title, found.value));
            if !found.value_title.is_empty() {
                out.push_str(&format!(" ({})", found.value_title));
            }
            before = ", ";
        }
        if !self.policy.is_empty() {
            out.push_str(&format!("{before}policy {}", self.policy));
        }
        out
    }

    /// What the message is in a dimension.
    pub fn value(&self, dimension: &str) -> Option<&str> {
        self.recognised.iter().find(|r| &*r.dimension == dimension).map(|r| r.value.as_str())
    }
}

/// What a rule file makes of a finding; the walk keeps them, findings have their number.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub set: u32,
    pub rule: u32,
    /// The sentence, where it is not the engine's own.
    pub text: Detail,
}

/// Stands in a claimed sentence for what the engine itself says.
pub(crate) const FINDING: &str = "\u{E000}";

/// A claimed finding's rule, for the report.
pub(crate) struct ClaimOf<'g> {
    pub claim: Claim<'g>,
    pub text: Detail,
    pub mend: Option<&'g str>,
}

/// The id of the rule that a finding belongs to.
pub(crate) fn id_of<'g>(walk: &Walk<'g, '_>, mark: Mark) -> Option<&'g str> {
    let claimed = walk.claimed.get(mark.0 as usize)?;
    let set = walk.graph.rule_sets().get(claimed.set as usize)?;
    Some(&set.rules.get(claimed.rule as usize)?.id)
}

/// The rule that a finding belongs to.
pub(crate) fn claim_of<'g>(walk: &Walk<'g, '_>, mark: Mark) -> Option<ClaimOf<'g>> {
    let claimed = walk.claimed.get(mark.0 as usize)?;
    let set = walk.graph.rule_sets().get(claimed.set as usize)?;
    let rule = set.rules.get(claimed.rule as usize)?;
    let mend = (!rule.mend.is_empty()).then_some(&*rule.mend);
    Some(ClaimOf { claim: Claim { system: &set.url, code: &rule.id }, text: claimed.text, mend })
}

/// The number of a `Claimed`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark(pub(crate) u32);

/// Judges a message by the rule sets that recognise it.
pub(crate) fn judge(walk: &mut Walk<'_, '_>, how: &Judging) {
    let graph = walk.graph;
    let root = walk.document.root();
    if how.off || root.resource() != graph.known.bundle || graph.rule_sets().is_empty() {
        return;
    }
    for (number, set) in graph.rule_sets().iter().enumerate() {
        if let Some(judgement) = apply::apply(walk, number as u32, set, how) {
            walk.judgements.push(judgement);
        }
    }
}

/// The rule sets of the files that are loaded.
pub(crate) fn rule_sets(graph: &RuleGraph) -> Vec<RuleSet> {
    let files = graph.library().rule_files();
    let (read, errors) = read_files(files);
    let mut sets = compile::compile(read, graph.names());
    // Packs come from the general to the special: the special ones speak first.
    sets.reverse();
    if !errors.is_empty() {
        // A set that recognises nothing bears the errors of files that belong to none.
        sets.push(RuleSet { errors, ..RuleSet::default() });
    }
    sets
}

/// Reads rule files: those that can be read, with their names, and what is wrong with the others.
fn read_files<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> (Vec<(String, RuleFile)>, Vec<RuleFileError>) {
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for (name, text) in files {
        match RuleFile::read(name, text) {
            Ok(file) => read.push((name.to_owned(), file)),
            Err(trouble) => errors.push(trouble),
        }
    }
    (read, errors)
}

/// The rule that a document breaks which cannot be read, where it shows whose it is.
pub(crate) fn rule_of_unreadable<'g>(graph: &'g RuleGraph, bytes: &[u8]) -> Option<Claim<'g>> {
    let text = String::from_utf8_lossy(bytes);
    graph.rule_sets().iter().find_map(|set| {
        let (rule, markers) = set.unreadable.as_ref()?;
        let code = &set.rules.get(*rule as usize)?.id;
        markers.iter().any(|m| text.contains(m)).then_some(Claim { system: &set.url, code })
    })
}
