//! What the loaded definitions answer to FHIRPath: does a node conform to a profile, is a code in a value set, does one code
//! subsume another. Where they cannot say, the answer is none, and the expression comes to `{}`.

use touchmark_document::NodeRef;
use touchmark_fhirpath::{Checks, Coded, Model, Terminology};

use crate::check::Options;
use crate::graph::RuleGraph;
use crate::rule::Severity;
use crate::rules;
use crate::terminology::snomed::SNOMED;
use crate::terminology::{Answer, CodeSet, find_set};
use crate::walk::{Memory, Walk};

/// Answers by the definitions of a graph; see [`RuleGraph::answers`].
#[derive(Clone, Copy, Debug)]
pub struct Answers<'g> {
    pub(crate) graph: &'g RuleGraph,
}

impl Checks for Answers<'_> {
    /// Whether a check against the profile finds no error. Invariants of the profile that ask such a question themselves are
    /// open in it: a profile could ask about itself without end.
    fn conforms_to(&self, node: NodeRef<'_>, profile: &str) -> Option<bool> {
        let profile = self.graph.profile(self.graph.find(profile)?)?;
        let types = self.graph.types();
        let own = types.type_of(node)?;
        if own != &*profile.type_name && !types.is_subtype(own, &profile.type_name) {
            return Some(false);
        }
        // What every resource has is asked of the type itself, which has more.
        let asked = if profile.is_type { self.graph.library().find_type(own)? } else { profile.id };
        Some(self.finds_no_error(node, |walk, node| {
            walk.against(node, asked);
            rules::reference::targets(walk);
        }))
    }

    fn html_checks(&self, node: NodeRef<'_>) -> bool {
        self.finds_no_error(node, |walk, node| rules::narrative::check(walk, node))
    }
}

impl Answers<'_> {
    fn finds_no_error<'d>(self, node: NodeRef<'d>, check: impl FnOnce(&mut Walk<'_, 'd>, NodeRef<'d>)) -> bool {
        let mut memory = Memory::default();
        let mut walk = Walk::new(self.graph, node.document(), &Options::default(), &mut memory);
        walk.answers = false;
        check(&mut walk, node);
        walk.issues.iter().all(|issue| issue.severity < Severity::Error)
    }
}

impl Terminology for Answers<'_> {
    fn member_of(&self, coded: Coded<'_>, value_set: &str) -> Option<bool> {
        let terminology = &self.graph.terminology;
        let set = match terminology.by_form(value_set) {
            Some(set) => set,
            None => terminology.set(self.graph.library(), find_set(self.graph.library(), value_set)?)?,
        };
        let node = match coded {
            Coded::Text(code) => return holds(set, None, code),
            Coded::Node(node) => node,
        };
        if let Some(code) = node.value() {
            return holds(set, None, code);
        }
        if node.child("coding").is_none() {
            return holds(set, node.child_value("system"), node.child_value("code")?);
        }
        // Of a concept it is enough that one of its codes is in the set.
        let mut answer = Some(false);
        for coding in node.all("coding") {
            match coding.child_value("code").and_then(|code| holds(set, coding.child_value("system"), code)) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => answer = None,
            }
        }
        answer
    }

    fn subsumes(&self, general: Coded<'_>, special: Coded<'_>) -> Option<bool> {
        let (Coded::Node(general), Coded::Node(special)) = (general, special) else { return None };
        let url = general.child_value("system")?;
        if special.child_value("system")? != url {
            return Some(false);
        }
        if let Some(index) = self.graph.library().snomed().filter(|_| url == SNOMED) {
            let concept = |coding: NodeRef<'_>| index.find(coding.child_value("code")?.parse().ok()?);
            return Some(index.is_a(concept(special)?, concept(general)?));
        }
        let system = self.graph.terminology.system(self.graph.library(), url)?;
        let (general, special) =
            (system.find(general.child_value("code")?)?, system.find(special.child_value("code")?)?);
        let above = |at: &u32| system.concepts().get(*at as usize).and_then(|concept| concept.parent);
        // Parents come before their children, so that this ends.
        Some(std::iter::successors(Some(special), above).any(|at| at == general))
    }
}

fn holds(set: &CodeSet, system: Option<&str>, code: &str) -> Option<bool> {
    match set.holds(system, code) {
        Answer::In(_) => Some(true),
        Answer::NotIn => Some(false),
        Answer::Unknown(_) => None,
    }
}
