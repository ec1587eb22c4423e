//! Instances made from a profile alone: one that conforms for each rule that its differential adds, and one that breaks that rule
//! and no other.

mod builder;
mod bundle;
mod claim;
mod content;
mod host;
mod mutate;
mod reason;
mod repair;
mod rules;
mod verdict;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use touchmark_document::Format;

pub use rules::{Added, Kind, added};

use crate::check::{Checker, Options};
use crate::graph::{ElementId, Profile, RuleGraph};
use crate::messages::Judging;
use crate::report::Report;
use crate::rules::extension;
use crate::snapshot::DefinitionId;
use builder::{Builder, Wish};
use host::Host;
use repair::Remedies;
use verdict::{Expected, Verdict};

use super::tree::Tree;

/// Makes instances of profiles, and breaks them.
#[derive(Debug)]
pub struct Generator<'g> {
    graph: &'g RuleGraph,
    checker: Checker<'g>,
    remedies: Remedies,
    hosts: HashMap<DefinitionId, Option<Host>, FixedState>,
}

/// What came of a rule.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An instance that keeps it and one that breaks it and nothing else.
    Killed(Box<Pair>),
    /// No instance can break it alone, for this reason.
    Spared(String),
    /// No such pair was found: what was found instead.
    Alive(String),
}

/// Two instances that differ in one rule.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The instance that conforms.
    pub kept: String,
    /// The instance that breaks the rule.
    pub broken: String,
    /// The code of the rule of the engine that finds the fault.
    pub code: &'static str,
    /// The FHIRPath of the place where it is found.
    pub expression: String,
    /// What is found with it, because it asks for the same: no instance was found that breaks the one without the other.
    pub also: Vec<String>,
    /// Errors that no instance can be without, since the definition contradicts itself: both have them.
    pub known: Vec<String>,
}

/// An instance while it is made.
struct Instance<'g> {
    builder: Builder<'g>,
    tree: Tree,
    /// The node that the instance is made for.
    focus: Option<u32>,
    /// The profiles that it is checked by beside those that it claims.
    judges: Vec<DefinitionId>,
    /// Errors that no instance can be without, since the definition contradicts itself.
    known: Vec<String>,
}

impl<'g> Generator<'g> {
    /// A generator over a graph.
    pub fn new(graph: &'g RuleGraph) -> Self {
        Generator { graph, checker: Checker::new(graph), remedies: Remedies::default(), hosts: HashMap::default() }
    }

    /// An instance of a profile with no more than it requires.
    ///
    /// # Errors
    /// What is found in the best one, where none was made that conforms.
    pub fn conforming(&mut self, profile: DefinitionId, format: Format) -> Result<String, String> {
        let profile = self.graph.profile(profile).ok_or("the definition cannot be used")?;
        let instance = self.instance(profile, &[])?;
        Ok(claim::claiming(self.graph, &instance, instance.tree.clone()).write(format))
    }

    /// Breaks one rule of a profile.
    pub fn kill(&mut self, profile: DefinitionId, rule: &Added, format: Format) -> Outcome {
        let Some(profile) = self.graph.profile(profile) else {
            return Outcome::Spared("the definition cannot be used".into());
        };
        if let Some(reason) = reason::beforehand(self.graph, profile, rule) {
            return Outcome::Spared(reason);
        }
        let alone = &*profile.kind == "resource" || &*profile.type_name == "Extension";
        if !alone && host::user(self.graph, profile).is_none() {
            return Outcome::Spared("unused: no profile of a resource names this profile of a type".into());
        }
        let chain = rule.chain.as_deref().unwrap_or(&[]);
        let kept = match self.kept(profile, rule, chain) {
            Ok(kept) => kept,
            Err(found) => {
                let found = format!("no conforming instance: {found}");
                return reason::impossible(self.graph, profile, rule).map_or(Outcome::Alive(found), Outcome::Spared);
            }
        };
        let mut last = String::from("nothing to break");
        let mut best: Option<Box<Pair>> = None;
        for mutant in mutate::mutants(&kept, self.graph, profile, rule) {
            let mut broken = Instance {
                builder: mutant.builder,
                tree: mutant.tree,
                focus: kept.focus,
                judges: kept.judges.clone(),
                known: kept.known.clone(),
            };
            let report = self.repaired(profile, &mut broken, Some(&mutant.expected));
            match verdict::judge(&broken, &report, profile, &mutant.expected) {
                Ok(verdict) if best.as_ref().is_none_or(|b| b.also.len() > verdict.also.len()) => {
                    let written = |of: &Instance<'_>| claim::claiming(self.graph, of, of.tree.clone()).write(format);
                    let (text, faulty) = (written(&kept), written(&broken));
                    let Verdict { code, expression, also } = verdict;
                    let pair = Box::new(Pair {
                        kept: text,
                        broken: faulty,
                        code,
                        expression,
                        also,
                        known: kept.known.clone(),
                    });
                    if pair.also.is_empty() {
                        return Outcome::Killed(pair);
                    }
                    best = Some(pair);
                }
                Ok(_) => {}
                Err(found) => last = found,
            }
        }
        if let Some(best) = best {
            return Outcome::Killed(best);
        }
        reason::afterwards(self.graph, profile, rule).map_or(Outcome::Alive(last), Outcome::Spared)
    }

    /// An instance that conforms and has what the rule speaks of.
    fn kept(&mut self, profile: &'g Profile, rule: &Added, chain: &[ElementId]) -> Result<Instance<'g>, String> {
        // What must be there is there; what must not be, or must not be any more, needs its parent.
        let absent = matches!(rule.kind, Kind::Maximum | Kind::SliceMaximum | Kind::Closed | Kind::AtEnd | Kind::Order)
            || matches!(rule.kind, Kind::Minimum | Kind::SliceMinimum);
        let way = if absent { mutate::parent(profile, chain) } else { chain };
        let mut instance = self.instance_with(profile, way, mutate::wish(profile, rule))?;
        if mutate::prepare(&mut instance, profile, rule) {
            let report = self.repaired(profile, &mut instance, None);
            if let Some(found) = verdict::errors(&report).filter(|_| verdict::said(&report) != instance.known) {
                return Err(found);
            }
        }
        Ok(instance)
    }

    /// An instance that conforms, with the elements of a chain.
    fn instance(&mut self, profile: &'g Profile, chain: &[ElementId]) -> Result<Instance<'g>, String> {
        self.instance_with(profile, chain, None)
    }

    fn instance_with(
        &mut self,
        profile: &'g Profile,
        chain: &[ElementId],
        wish: Option<Wish>,
    ) -> Result<Instance<'g>, String> {
        let mut instance = if &*profile.type_name == "Extension" {
            let host = self.host(profile).ok_or("no resource has a place for the extension")?;
            host.with_extension(self.graph, profile, chain, wish)
        } else if &*profile.kind == "resource" {
            let mut builder = Builder::new(self.graph).wishing(wish);
            let tree = builder.resource(profile, chain);
            Instance { judges: vec![profile.id], ..Instance::new(builder, tree) }
        } else {
            let (user, way) = host::user(self.graph, profile).ok_or("no profile of a resource uses the profile")?;
            let here = way.last().map(|last| (user.id, *last, profile.type_name.clone()));
            let mut builder = Builder::new(self.graph).wishing(here).going_on(profile.id, chain);
            let tree = builder.resource(user, &way);
            Instance { judges: vec![user.id], ..Instance::new(builder, tree) }
        };
        instance.finish();
        let focus = chain.last().copied().unwrap_or(ElementId::ROOT);
        instance.focus = instance.builder.node_of(profile, focus);
        let report = self.repaired(profile, &mut instance, None);
        let Some(found) = verdict::errors(&report) else { return Ok(instance) };
        if reason::contradicts(self.graph, profile, &report) {
            instance.known = verdict::said(&report);
            return Ok(instance);
        }
        Err(found)
    }

    fn host(&mut self, profile: &'g Profile) -> Option<Host> {
        if let Some(known) = self.hosts.get(&profile.id) {
            return known.clone();
        }
        let found = host::candidates(self.graph, profile).into_iter().find(|host| {
            let mut instance = host.with_extension(self.graph, profile, &[], None);
            instance.finish();
            let report = self.repaired(profile, &mut instance, None);
            !report.findings().any(|f| *f.rule == extension::CONTEXT)
        });
        self.hosts.insert(profile.id, found.clone());
        found
    }

    fn check(&mut self, judges: &[DefinitionId], tree: &Tree) -> Report {
        let judging = Judging { off: true, ..Judging::default() };
        let options = Options { profiles: judges.to_vec(), judging, ..Options::default() };
        self.checker.check(tree.write(Format::Xml).as_bytes(), &options)
    }

    /// Checks an instance and mends broken invariants by adding what they ask for.
    fn repaired(&mut self, profile: &'g Profile, instance: &mut Instance<'g>, expected: Option<&[Expected]>) -> Report {
        let mut report = self.check(&instance.judges, &instance.tree);
        for _ in 0..repair::MOST {
            // A fault is looked at as it is; an instance that conforms should do so beyond doubt.
            let doubts = expected.is_none();
            let Some(broken) = repair::broken(instance, &report, &self.remedies, doubts) else { break };
            let key = broken.key.clone();
            let before = verdict::weight(&report, doubts);
            let mut better = None;
            for remedy in repair::remedies(instance, &broken, &self.remedies) {
                let Some(tree) = repair::apply(instance, &broken, &remedy) else { continue };
                let tried = self.check(&instance.judges, &tree);
                let still = expected.is_none_or(|e| {
                    let probe = Instance::new(instance.builder.clone(), tree.clone());
                    verdict::found(&probe, &tried, profile, e)
                });
                if verdict::weight(&tried, doubts) < before && still {
                    better = Some((remedy, tree, tried));
                    break;
                }
            }
            let Some((remedy, tree, tried)) = better else {
                self.remedies.give_up(key);
                if broken.error {
                    break;
                }
                continue;
            };
            self.remedies.learn(key, remedy);
            (instance.tree, report) = (tree, tried);
        }
        report
    }
}

impl<'g> Instance<'g> {
    fn new(builder: Builder<'g>, tree: Tree) -> Self {
        Instance { builder, tree, focus: None, judges: Vec::new(), known: Vec::new() }
    }

    /// Refers to what is contained, so that it is no orphan, and puts into a Bundle what its first entry refers to.
    fn finish(&mut self) {
        bundle::complete(self);
        for id in std::mem::take(&mut self.builder.contained) {
            let extension = content::extension("reference", "valueReference", &format!("#{id}"));
            self.builder.insert(&mut self.tree, extension);
        }
    }
}
