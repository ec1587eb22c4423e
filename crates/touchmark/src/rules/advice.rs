//! Best practice: what STU3 recommends for resources and does not require. Looked for only where the caller asks for advice.

use touchmark_document::{NodeId, NodeRef};

use crate::rule::{Rule, Severity, rules};
use crate::sentence;
use crate::walk::Walk;

rules! {
    NARRATIVE = "advice-narrative", Information, "informational" as "advice",
        says "there is no narrative{detail}",
        why "A resource should have one, so that a person can read it where a system does not know the type or the profile.",
        mend "Add text with a status and a div, where a person may have to read the resource.",
        at "narrative.html";
    OBSERVATION = "advice-observation", Information, "informational" as "advice",
        says "an Observation should have what this has not: {detail}",
        why "What was observed means little without whom it is about, when it was, and who answers for it.",
        mend "Add what is known; leave it out where nobody knows.",
        at "observation.html#notes";
}

/// How advice is said: findings of documents that conform, and could be better.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Advice {
    /// Each piece at its own severity; best practice is not looked for.
    #[default]
    Usual,
    /// Not at all.
    Off,
    /// All at this severity, best practice too.
    At(Severity),
}

impl Advice {
    /// The severity at which a rule is said that has this one of its own.
    pub(crate) fn severity(self, rule: &Rule, own: Severity) -> Severity {
        match self {
            Advice::At(level) if rule.advice => level,
            _ => own,
        }
    }
}

/// What an Observation should have, by the elements that say it.
const OF_AN_OBSERVATION: &[(&str, &[&str])] = &[
    ("a subject", &["subject"]),
    ("a time or period for which it is true", &["effectiveDateTime", "effectivePeriod"]),
    ("a performer", &["performer"]),
];

/// Looks at every resource of the document. What many lack is said once, at the first of them.
pub(crate) fn check(walk: &mut Walk<'_, '_>, advice: Advice) {
    if !matches!(advice, Advice::At(_)) {
        return;
    }
    let mut narrative = Lacking::default();
    let mut parts = [Lacking::default(); OF_AN_OBSERVATION.len()];
    for number in 0..walk.document.len() as u32 {
        let node = walk.document.node(NodeId(number));
        if !node.is_resource() {
            continue;
        }
        if lacks_narrative(walk, node) {
            narrative.add(node);
        }
        if node.resource_text() == "Observation" {
            for ((_, elements), lacking) in OF_AN_OBSERVATION.iter().zip(&mut parts) {
                if !node.children().any(|child| elements.contains(&child.name_text())) {
                    lacking.add(node);
                }
            }
        }
    }
    narrative.say(walk, &NARRATIVE, "");
    for ((what, _), lacking) in OF_AN_OBSERVATION.iter().zip(parts) {
        lacking.say(walk, &OBSERVATION, what);
    }
}

/// Resources that lack the same.
#[derive(Clone, Copy, Default)]
struct Lacking {
    first: Option<NodeId>,
    more: u32,
}

impl Lacking {
    fn add(&mut self, node: NodeRef<'_>) {
        match self.first {
            None => self.first = Some(node.id()),
            Some(_) => self.more += 1,
        }
    }

    fn say(self, walk: &mut Walk<'_, '_>, rule: &'static Rule, what: &str) {
        let Some(first) = self.first.filter(|_| !walk.is_full()) else { return };
        let detail = walk.detail(format!("{what}{}", sentence::nor_in(self.more, "resource")));
        let node = walk.document.node(first);
        walk.say(rule, node).detail = detail;
    }
}

/// Whether a resource may have a narrative and has none. What is contained is covered by the narrative around it.
fn lacks_narrative(walk: &Walk<'_, '_>, node: NodeRef<'_>) -> bool {
    let known = &walk.graph.known;
    let may = || {
        let type_definition = walk.graph.find_type(node.resource()).and_then(|id| walk.graph.profile(id));
        let elements = type_definition.map_or(&[][..], |profile| &profile.elements);
        elements.iter().any(|e| e.name == known.text && e.id.matches('.').count() == 1)
    };
    node.name() != known.contained && node.child_named(known.text).is_none() && may()
}
