//! Bindings: codes are of the value sets that profiles name. What cannot be looked up is said to be unchecked, once for each set.

pub(crate) mod coding;
pub(crate) mod service;

use touchmark_document::{NodeId, NodeRef};

use crate::definition::Strength;
use crate::graph::{Bound, Role, Type, TypeKind};
use crate::issue::{Also, Detail, Issue};
use crate::rule::{Rule, Severity, rules};
use crate::rules::primitive::Primitive;
use crate::rules::value;
use crate::snapshot::DefinitionId;
use crate::terminology::near::Written;
use crate::terminology::{self, Answer, CodeSet, Missing};
use crate::walk::{At, Walk};

use service::Said;

rules! {
    REQUIRED = "binding-required", Error, "code-invalid",
        says "{element} must have a code of the value set {detail}",
        why "The binding is required: receivers know these codes and no others.",
        mend "Choose a code of the value set, with the system that the set takes it from.",
        at "terminologies.html#required";
    MAXIMUM = "binding-maximum", Error, "code-invalid",
        says "{element} must have a code of the maximum value set {detail}",
        why "Beyond the recommended codes only those of the maximum value set are allowed.",
        mend "Choose a code of one of the two value sets.",
        at "extension-elementdefinition-maxvalueset.html";
    EXTENSIBLE = "binding-extensible", Warning, "code-invalid",
        says "{element} should have a code of the value set {detail}",
        why "The binding is extensible: another code is right only where none of the set says what is meant, which no program can judge.",
        mend "Look for a code of the set that says the same.",
        at "terminologies.html#extensible";
    PREFERRED = "binding-preferred", Information, "code-invalid" as "advice",
        says "{element} has no code of the preferred value set {detail}",
        why "The binding is preferred: other codes are allowed, but fewer receivers will know them.",
        mend "Use a code of the set where one says the same.",
        at "terminologies.html#preferred";
    TEXT_REQUIRED = "binding-code-missing", Error, "code-invalid",
        says "{element} has no code; one of the value set {detail} is required",
        why "The binding is required: a text alone cannot be processed.",
        mend "Add a coding with a code of the value set.",
        at "terminologies.html#required";
    TEXT_EXTENSIBLE = "binding-code-advised", Warning, "code-invalid" as "advice",
        says "{element} has no code; one of the value set {detail} should be given",
        why "The binding is extensible: text alone is right only where no code of the set says what is meant.",
        mend "Add a coding with a code of the value set where one fits.",
        at "terminologies.html#extensible";
    UNCHECKED = "binding-unchecked", Information, "incomplete",
        says "the value set {detail}",
        why "What was not checked may be wrong; only somebody who has the codes can tell.",
        mend "Load the code system or value set that is named, with --terminology or --package.",
        at "terminologies.html";
}

/// A value set that could not be asked, and how often in this document.
#[derive(Debug)]
pub(crate) struct Unchecked {
    set: Box<str>,
    reason: String,
    count: u32,
    first: NodeId,
}

/// Checks a node that is a Coding or is bound to a value set.
#[inline]
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, t: &Type) {
    match t.role {
        Role::Coding => coding::check(walk, node),
        Role::Quantity => coding::unit(walk, node),
        _ => {}
    }
    if let Some(bound) = at.element().binding.as_deref()
        && (bound.strength != Strength::Example || bound.maximum.is_some())
    {
        let kind = match (t.kind, t.role) {
            (TypeKind::Primitive(Primitive::Code | Primitive::String | Primitive::Uri), _) => Kind::Value,
            (TypeKind::Complex, Role::Coding) => Kind::Coding,
            (TypeKind::Complex, Role::Concept) => Kind::Concept,
            (TypeKind::Complex, Role::Quantity) => Kind::Quantity,
            _ => return,
        };
        binding(walk, node, at, bound, kind);
    }
}

/// Whether a node certainly has a code of a value set. Used to tell slices apart.
pub(crate) fn is_in<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, canonical: &str) -> bool {
    let graph = walk.graph;
    let id = terminology::find_set(graph.library(), canonical);
    let set = id.and_then(|id| graph.terminology.set(graph.library(), id));
    let known = &graph.known;
    let kind = match node.value() {
        Some(_) => Kind::Value,
        None if node.child_named(known.coding).is_some() => Kind::Concept,
        None => Kind::Coding,
    };
    match set.map(|set| verdict(walk, node, set, kind)) {
        Some(Verdict::In) => true,
        None | Some(Verdict::Unknown(_)) if walk.terminology.is_some() => {
            service::verdict(walk, node, canonical, set, kind) == Said::In
        }
        _ => false,
    }
}

/// Where an element has its codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// It is one.
    Value,
    Coding,
    Concept,
    Quantity,
}

fn binding<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, bound: &Bound, kind: Kind) {
    if let Some(canonical) = &bound.maximum {
        let text_rule = (bound.strength == Strength::Extensible).then_some(&TEXT_REQUIRED);
        let asked = Asked { canonical, set: bound.maximum_set, rule: &MAXIMUM, text_rule };
        // What is not even in the maximum need not be sought in a part of it.
        if against(walk, node, at, &asked, kind) && bound.strength != Strength::Required {
            return;
        }
    }
    if let Some(canonical) = &bound.value_set
        && bound.strength != Strength::Example
    {
        let (rule, text_rule): (&'static Rule, Option<&'static Rule>) = match bound.strength {
            Strength::Required => (&REQUIRED, Some(&TEXT_REQUIRED)),
            // Where there is a maximum, that says whether the code is wrong.
            Strength::Extensible => (&EXTENSIBLE, bound.maximum.is_none().then_some(&TEXT_EXTENSIBLE)),
            _ => (&PREFERRED, None),
        };
        against(walk, node, at, &Asked { canonical, set: bound.set, rule, text_rule }, kind);
    }
}

/// A value set and what is said of an element without a code of it.
struct Asked<'b> {
    canonical: &'b str,
    set: Option<DefinitionId>,
    rule: &'static Rule,
    /// What is said of an element without any code.
    text_rule: Option<&'static Rule>,
}

/// Asks a value set. Returns whether something is wrong with the element.
fn against<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, asked: &Asked<'_>, kind: Kind) -> bool {
    let graph = walk.graph;
    let terminology = &graph.terminology;
    let set = match asked.set {
        Some(id) => terminology.set(graph.library(), id),
        None => terminology.by_form(asked.canonical),
    };
    match with_service(walk, node, asked.canonical, set, kind) {
        Verdict::In => {
            if walk
                .issues
                .last()
                .is_some_and(|i| i.from.is_none() && std::ptr::eq(i.rule, &raw const coding::UNKNOWN_CODE))
            {
                listed(walk, node);
            }
        }
        Verdict::NoCode => {
            if let Some(rule) = asked.text_rule {
                let also = without_system(walk, node, kind);
                let detail = walk.detail(named(walk, asked));
                let issue = walk.say_from(rule, node, at);
                (issue.detail, issue.also) = (detail, also);
                return true;
            }
        }
        Verdict::NotIn => match set.and_then(|set| fixed_elsewhere(walk, at, set)) {
            Some(system) => {
                let reason =
                    || format!("the profile fixes the system {system}, from which the value set takes no codes");
                unchecked(walk, node, asked.canonical, reason);
            }
            None => {
                not_in(walk, node, at, asked, set, kind);
                return true;
            }
        },
        Verdict::Unknown(missing) => unchecked(walk, node, asked.canonical, || missing.sentence()),
        Verdict::Failed => {}
        Verdict::NoSet => {
            let reason = match graph.find(asked.canonical) {
                Some(id) if graph.library().entry(id).resource == "CodeSystem" => {
                    "the profile names a code system where a value set belongs"
                }
                Some(_) => "it is no value set",
                None => "it is not loaded",
            };
            unchecked(walk, node, asked.canonical, || reason.to_owned());
        }
    }
    false
}

enum Verdict<'t> {
    In,
    NotIn,
    /// There is nothing that could be in a set.
    NoCode,
    Unknown(&'t Missing),
    /// The value set is not loaded.
    NoSet,
    /// The terminology service did not answer, which has been noted.
    Failed,
}

impl<'t> From<Answer<'t>> for Verdict<'t> {
    fn from(answer: Answer<'t>) -> Self {
        match answer {
            Answer::In(_) => Verdict::In,
            Answer::NotIn => Verdict::NotIn,
            Answer::Unknown(missing) => Verdict::Unknown(missing),
        }
    }
}

/// What a value set says of an element, or the terminology service where the set cannot say.
#[inline]
fn with_service<'t, 'd>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    canonical: &str,
    set: Option<&'t CodeSet>,
    kind: Kind,
) -> Verdict<'t> {
    let verdict = set.map_or(Verdict::NoSet, |set| verdict(walk, node, set, kind));
    if walk.terminology.is_none() || !matches!(verdict, Verdict::Unknown(_) | Verdict::NoSet) {
        return verdict;
    }
    match service::verdict(walk, node, canonical, set, kind) {
        Said::In => Verdict::In,
        Said::NotIn => Verdict::NotIn,
        Said::NoCode => Verdict::NoCode,
        Said::Unknown => verdict,
        Said::Failed => {
            unchecked(walk, node, canonical, || "the terminology service did not answer".to_owned());
            Verdict::Failed
        }
    }
}

/// Whether a Coding is in a value set; `None` where that cannot be told, which is noted. `canonical` names the set.
pub(crate) fn coding_is_in<'d>(
    walk: &mut Walk<'_, 'd>,
    coding: NodeRef<'d>,
    canonical: &str,
    set: Option<&CodeSet>,
) -> Option<bool> {
    match with_service(walk, coding, canonical, set, Kind::Coding) {
        Verdict::In => return Some(true),
        Verdict::NotIn | Verdict::NoCode => return Some(false),
        Verdict::Unknown(missing) => unchecked(walk, coding, canonical, || missing.sentence()),
        Verdict::NoSet => unchecked(walk, coding, canonical, || "it is not loaded".to_owned()),
        Verdict::Failed => {}
    }
    None
}

#[inline]
fn verdict<'t, 'd>(walk: &Walk<'_, 'd>, node: NodeRef<'d>, set: &'t CodeSet, kind: Kind) -> Verdict<'t> {
    let known = &walk.graph.known;
    match kind {
        // An element without a value has an extension that says why.
        Kind::Value => node.value().filter(|v| !v.is_empty()).map_or(Verdict::In, |code| set.holds(None, code).into()),
        Kind::Coding => of_coding(walk, node, set),
        // A quantity may have a unit for people only.
        Kind::Quantity => match (node.child_named(known.system), node.child_named(known.code)) {
            (_, None) => Verdict::In,
            (system, Some(code)) => holds(set, system, code),
        },
        // What has nothing in it, or a value of its own, has been reported as such.
        Kind::Concept if !node.has_children() => Verdict::In,
        Kind::Concept => {
            let mut verdict = Verdict::NoCode;
            for coding in node.children_named(known.coding) {
                match of_coding(walk, coding, set) {
                    Verdict::In => return Verdict::In,
                    unknown @ Verdict::Unknown(_) => verdict = unknown,
                    _ if matches!(verdict, Verdict::Unknown(_)) => {}
                    _ => verdict = Verdict::NotIn,
                }
            }
            verdict
        }
    }
}

#[inline]
fn of_coding<'t, 'd>(walk: &Walk<'_, 'd>, coding: NodeRef<'d>, set: &'t CodeSet) -> Verdict<'t> {
    let known = &walk.graph.known;
    let (mut system, mut code) = (None, None);
    for child in coding.children() {
        if child.name() == known.system {
            system = Some(child);
        } else if child.name() == known.code {
            code = Some(child);
        }
    }
    code.map_or(Verdict::NoCode, |code| holds(set, system, code))
}

#[inline]
fn holds<'t>(set: &'t CodeSet, system: Option<NodeRef<'_>>, code: NodeRef<'_>) -> Verdict<'t> {
    // A code without a system is in no set: sets hold pairs.
    match (system.and_then(NodeRef::value), code.value().filter(|c| !c.is_empty())) {
        (_, None) => Verdict::NoCode,
        (None, Some(_)) => Verdict::NotIn,
        (Some(system), Some(code)) => set.holds(Some(system), code).into(),
    }
}

/// A value set that lists a code vouches for it, even where the definition of the code system lacks it: that is a fault of the
/// definition, not of the message.
#[cold]
fn listed<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    while let Some(last) = walk.issues.last() {
        let at = walk.document.node(last.node);
        let of_node = at == node || at.parent() == Some(node);
        if !of_node || last.from.is_some() || !std::ptr::eq(last.rule, &raw const coding::UNKNOWN_CODE) {
            return;
        }
        walk.issues.pop();
    }
}

/// The system that a profile fixes for an element although its value set takes no code from there: no message can meet both.
#[cold]
fn fixed_elsewhere<'g>(walk: &Walk<'g, '_>, at: At<'g>, set: &CodeSet) -> Option<&'g str> {
    let known = &walk.graph.known;
    let child = |at: At<'g>, name| {
        let children = walk.graph.own_children(at.profile, at.id)?;
        Some(at.child(children.find(name)?.element))
    };
    let coding = child(at, known.coding).unwrap_or(at);
    let fixed = child(coding, known.system)?.element().fixed.as_deref()?.text.as_deref()?;
    (!set.systems().contains(&fixed)).then_some(fixed)
}

#[cold]
fn not_in<'d>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    at: At<'_>,
    asked: &Asked<'_>,
    set: Option<&CodeSet>,
    kind: Kind,
) {
    let known = &walk.graph.known;
    let codings: Vec<NodeRef<'d>> = match kind {
        Kind::Concept => node.children_named(known.coding).collect(),
        Kind::Coding => vec![node],
        _ => Vec::new(),
    };
    // A code that is wrong by itself has been reported: that it is in no set only follows.
    if !codings.is_empty() && codings.iter().all(|c| coding::is_wrong(walk, *c)) && claim(walk, node, at, &codings) {
        return;
    }
    // A system that the profile has refused is an error: that the code is beside what is recommended only follows.
    if asked.rule.severity < Severity::Error
        && !codings.is_empty()
        && codings.iter().all(|c| refused_system(walk, node, *c, at).is_some())
    {
        // It names what is bound besides, where that is warned of otherwise.
        if asked.rule.severity == Severity::Warning {
            for coding in codings {
                if let Some(number) = refused_system(walk, node, coding, at) {
                    walk.issues[number].also = Also::Node(node.id());
                }
            }
        }
        return;
    }
    let flaw = codings.iter().map(|c| coding::flaw(walk, *c)).reduce(Option::and).flatten();
    let mut also = Also::Nowhere;
    if asked.rule.severity >= Severity::Warning {
        // The finding here names code and system: what is amiss with them is its reason, and no finding of its own.
        if flaw.is_some() {
            take_back(walk, &codings, &coding::SNOMED_FORM);
        }
        also = without_system(walk, node, kind);
    } else if flaw.is_some() {
        return;
    }
    let written: Vec<Written<'d>> = match kind {
        Kind::Value => vec![Written { code: node.value(), ..Written::default() }],
        Kind::Quantity => vec![coding::written(walk, node)],
        _ => codings.iter().map(|c| coding::written(walk, *c)).collect(),
    };
    let found: Vec<String> = written.iter().map(ToString::to_string).collect();
    let hint = set.and_then(|set| {
        written.iter().find_map(|w| walk.hints.in_set(set, *w)).or_else(|| match set.systems()[..] {
            [only] if written.iter().all(|w| w.system.is_some_and(|s| s != only)) => {
                Some(format!("the codes of the value set are of {only}"))
            }
            _ => None,
        })
    });
    let hint = hint.or_else(|| flaw.map(|flaw| format!("this cannot be a SNOMED CT code: {}", flaw.sentence())));
    let detail = format!("{}, not {}", named(walk, asked), super::types::list(&found));
    let (detail, hint) = (walk.detail(detail), hint.map_or(Detail::NONE, |hint| walk.detail(hint)));
    let issue = walk.say_from(asked.rule, node, at);
    (issue.detail, issue.hint, issue.also) = (detail, hint, also);
}

/// Takes back that a Coding has no system, where the binding says it with more words, and has its second place.
fn without_system<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, kind: Kind) -> Also {
    let said = kind == Kind::Coding && take_back(walk, &[node], &coding::NO_SYSTEM);
    coding::concept(node, &walk.graph.known).filter(|_| said).into()
}

/// Takes back what has just been said of codings by themselves, where the binding says it with more words. Returns whether
/// there was something.
fn take_back<'d>(walk: &mut Walk<'_, 'd>, codings: &[NodeRef<'d>], rule: &'static Rule) -> bool {
    // The codings were looked at just now: their findings are the last.
    let before = walk.issues.len();
    let mut at = walk.issues.len().saturating_sub(codings.len() * 4);
    while let Some(issue) = walk.issues.get(at) {
        let of_coding = issue.from.is_none() && codings.binary_search_by_key(&issue.node, |c| c.id()).is_ok();
        if of_coding && issue.rule == rule {
            walk.issues.remove(at);
        } else {
            at += 1;
        }
    }
    walk.issues.len() < before
}

/// The finding, made just now, that the profile fixes another system for a coding than it has.
fn refused_system<'d>(walk: &Walk<'_, 'd>, node: NodeRef<'d>, coding: NodeRef<'d>, at: At<'_>) -> Option<usize> {
    let system = coding.child_named(walk.graph.known.system)?;
    let of_profile = |issue: &Issue| issue.from.is_some_and(|(profile, _)| profile == at.profile.id);
    walk.found_since(node)
        .filter(|(_, issue)| issue.node == system.id() && of_profile(issue))
        .find_map(|(number, issue)| (*issue.rule == value::FIXED).then_some(number))
}

/// What is wrong with all codings of a concept is wrong with the concept: it is said there, as what the binding asks for.
/// Returns whether it has been said.
fn claim<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>, codings: &[NodeRef<'d>]) -> bool {
    let mut said = false;
    // The codings were looked at just now: their findings are the last.
    let recent = walk.issues.len().saturating_sub(codings.len() * 4);
    for issue in &mut walk.issues[recent..] {
        // They stand in the order of the document.
        let of_coding = issue.from.is_none() && codings.binary_search_by_key(&issue.node, |c| c.id()).is_ok();
        if of_coding && coding::ERRORS.contains(&issue.rule) {
            (issue.node, issue.from, said) = (node.id(), Some((at.profile.id, at.id)), true);
        }
    }
    said
}

/// A value set by its name and canonical.
fn named(walk: &Walk<'_, '_>, asked: &Asked<'_>) -> String {
    let name = asked.set.map_or("", |id| &walk.graph.library().entry(id).name);
    if name.is_empty() { asked.canonical.to_owned() } else { format!("{name} ({})", asked.canonical) }
}

/// Notes that a value set could not be asked.
#[cold]
fn unchecked<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, set: &str, reason: impl FnOnce() -> String) {
    if walk.trying > 0 {
        return;
    }
    walk.tally.bindings += 1;
    match walk.unchecked.iter_mut().find(|u| *u.set == *set) {
        Some(known) => known.count += 1,
        None => walk.unchecked.push(Unchecked { set: set.into(), reason: reason(), count: 1, first: node.id() }),
    }
}

/// Says which value sets could not be asked, each once, and that the terminology service did not answer.
pub(crate) fn finish(walk: &mut Walk<'_, '_>) {
    service::finish(walk);
    for unchecked in std::mem::take(&mut walk.unchecked) {
        let Unchecked { set, reason, count, first } = unchecked;
        let times = if count == 1 { "here".to_owned() } else { format!("here and at {} further places", count - 1) };
        let detail = walk.detail(format!("{set} could not be checked {times}: {reason}"));
        let node = walk.document.node(first);
        let issue = walk.say(&UNCHECKED, node);
        (issue.detail, issue.found) = (detail, count);
    }
}
