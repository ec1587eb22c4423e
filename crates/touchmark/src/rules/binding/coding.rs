//! A Coding by itself, whatever it is bound to: its system, its code in that system, its display.

use touchmark_document::NodeRef;

use super::service;
use crate::graph::KnownNames;
use crate::issue::Detail;
use crate::rule::{Rule, rules};
use crate::rules::primitive::absolute_uri;
use crate::sentence::Quoted;
use crate::service::Membership;
use crate::terminology::form::{Form, SnomedFlaw, UCUM, snomed_flaw};
use crate::terminology::near::{Written, same_display};
use crate::terminology::snomed::SNOMED;
use crate::walk::Walk;

rules! {
    RELATIVE = "binding-system-absolute", Error, "value",
        says "the system of a Coding must be an absolute uri, not {detail}",
        why "Without it nobody knows which code system the code is from.",
        mend "Write the uri of the code system.",
        at "datatypes.html#Coding";
    NO_SYSTEM = "binding-system-missing", Warning, "incomplete",
        says "{detail} has no system",
        why "A code without its system has no defined meaning and cannot be checked.",
        mend "Add the uri of the code system; where there is none, leave the code out and use the text.",
        at "datatypes.html#Coding";
    VALUE_SET = "binding-system-value-set", Error, "code-invalid",
        says "the system of a Coding must be a code system; {detail}",
        why "A value set only chooses codes that code systems define.",
        mend "Write the uri of the code system that the value set takes the code from.",
        at "datatypes.html#Coding";
    UNKNOWN_CODE = "binding-code-unknown", Error, "code-invalid",
        says "there is no such code in its code system: {detail}",
        why "The code system is known in full and does not define the code, so it means nothing.",
        mend "Correct the code, or the system that it is said to be from.",
        at "datatypes.html#Coding";
    DISPLAY = "binding-display", Warning, "value",
        says "the display is not the one of the code: {detail}",
        why "Readers see the display and programs use the code: when they differ, one of them is wrong.",
        mend "Write the display that the code system has for the code, or correct the code.",
        at "datatypes.html#Coding";
    UNIT = "binding-unit-unknown", Error, "code-invalid",
        says "there is no such unit in UCUM: {detail}",
        why "The system says that the unit is a UCUM code; a program that converts or compares values cannot read this one.",
        mend "Write the UCUM code (ug for microgram, a count of anything in braces), or leave code and system out and keep the unit for people.",
        at "datatypes.html#Quantity";
    SNOMED_FORM = "binding-snomed-form", Warning, "code-invalid",
        says "this cannot be a SNOMED CT code: {detail}",
        why "Identifiers of SNOMED CT carry what they identify and a check digit, so that mistyped ones are noticed.",
        mend "Copy the identifier of the concept again from its source.",
        at "snomedct.html";
}

/// Those that make a code meaningless, so that it is in no value set either.
pub(super) static ERRORS: &[&Rule] = &[&RELATIVE, &VALUE_SET, &UNKNOWN_CODE];

/// Checks a Coding by itself.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let written = written(walk, node);
    let Written { system, code, display } = written;
    let Some(system) = system else {
        let known = &walk.graph.known;
        let found = Written { system: None, code, display };
        let detail = if code.is_some() { format!("the code {found}") } else { "a coding without a code".to_owned() };
        let detail = walk.detail(detail);
        let issue = walk.say(&NO_SYSTEM, node);
        (issue.detail, issue.also) = (detail, concept(node, known).into());
        return;
    };
    let graph = walk.graph;
    let Some(loaded) = graph.terminology.system(graph.library(), system) else {
        stranger(walk, node, written);
        return;
    };
    let Some(code) = code else { return };
    let Some(concept) = loaded.concept(code) else {
        if loaded.is_complete() {
            let found = Written { system: Some(system), code: Some(code), display };
            let (detail, hint) = (walk.detail(found.to_string()), walk.hints.in_system(loaded, found));
            say(walk, &UNKNOWN_CODE, node, detail, hint);
        } else if system == SNOMED {
            snomed(walk, node, written);
        } else {
            elsewhere(walk, node, written);
        }
        return;
    };
    if let Some(shown) = display
        && shown != &*concept.display
        && !concept.display.is_empty()
        && !same_display(shown, &concept.display)
        && !concept.designations.iter().any(|d| same_display(shown, d))
    {
        other_display(walk, node, written, &concept.display);
    }
}

/// The concept that a Coding stands in, which says no more than its Codings do.
pub(super) fn concept<'d>(node: NodeRef<'d>, known: &KnownNames) -> Option<NodeRef<'d>> {
    node.parent().filter(|_| node.name() == known.coding)
}

/// Says that a display is not what the code is called.
#[cold]
fn other_display<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, written: Written<'d>, right: &str) {
    let Written { system: Some(system), code: Some(code), display: Some(shown) } = written else { return };
    let detail = walk.detail(format!("{} found, '{right}' is that of '{code}' of {system}", Quoted(shown)));
    walk.say(&DISPLAY, node).detail = detail;
}

/// A code of which nothing is loaded: the caller's service may know it.
fn elsewhere<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, written: Written<'d>) {
    let Written { system: Some(system), code: Some(code), display } = written else { return };
    if walk.terminology.is_none() {
        return;
    }
    match service::of_system(walk, node, system, code) {
        Membership::Member(displays) => {
            if let (Some(shown), Some(right)) = (display, displays.first())
                && !displays.iter().any(|d| same_display(shown, d))
            {
                other_display(walk, node, written, right);
            }
        }
        Membership::NotMember => {
            let detail = walk.detail(written.to_string());
            walk.say(&UNKNOWN_CODE, node).detail = detail;
        }
        Membership::Unknown => {}
    }
}

/// Checks the unit of a Quantity that says it is a UCUM code, or a currency.
pub(crate) fn unit<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let Written { system: Some(system), code: Some(code), .. } = written(walk, node) else { return };
    let found = Written { code: Some(code), ..Written::default() };
    if system == UCUM {
        if !walk.graph.terminology.is_unit(code) {
            let detail = walk.detail(found.to_string());
            walk.say(&UNIT, node).detail = detail;
        }
    } else if Form::of_system(system) == Some(Form::Currency) {
        of_form(walk, node, Form::Currency, Written { system: Some(system), ..found });
    }
}

/// A system of which nothing is loaded.
#[cold]
fn stranger<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, written: Written<'d>) {
    let Some(system) = written.system else { return };
    if system == SNOMED {
        snomed(walk, node, written);
    } else if let Some(form) = Form::of_system(system) {
        of_form(walk, node, form, written);
    } else if !absolute_uri(system.trim()) {
        let detail = walk.detail(Quoted(system).to_string());
        walk.say(&RELATIVE, node).detail = detail;
    } else if names_value_set(walk, system) {
        let graph = walk.graph;
        let set = graph.find(system).and_then(|id| graph.terminology.set(graph.library(), id));
        let hint = set.and_then(|s| walk.hints.in_set(s, Written { display: None, ..written }));
        let detail = walk.detail(format!("{system} is a value set"));
        say(walk, &VALUE_SET, node, detail, hint);
    } else {
        elsewhere(walk, node, written);
    }
}

/// A code of a system that needs no definition.
fn of_form<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, form: Form, written: Written<'d>) {
    let Some(code) = written.code.filter(|code| !has(walk, form, code)) else { return };
    let hint = form.probable(code).map(|likely| format!("did you mean '{likely}'?"));
    let detail = walk.detail(Written { display: None, ..written }.to_string());
    say(walk, &UNKNOWN_CODE, node, detail, hint);
}

fn has(walk: &Walk<'_, '_>, form: Form, code: &str) -> bool {
    if form == Form::Unit { walk.graph.terminology.is_unit(code) } else { form.admits(code) }
}

fn names_value_set(walk: &Walk<'_, '_>, system: &str) -> bool {
    walk.graph.find(system).is_some_and(|id| walk.graph.library().entry(id).resource == "ValueSet")
}

fn snomed<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, written: Written<'d>) {
    let Some(code) = written.code else { return };
    // Blanks around a code are a fault of its form, which is said already.
    if let Some(flaw) = snomed_flaw(code.trim()) {
        let found = Written { code: Some(code), ..Written::default() };
        let detail = walk.detail(format!("{found}: {}", flaw.sentence()));
        walk.say(&SNOMED_FORM, node).detail = detail;
        return;
    }
    let index = walk.graph.library().snomed();
    let found = index.and_then(|index| Some((index, index.find(code.parse().ok()?)?)));
    let Some((index, concept)) = found else {
        if is_no_concept(walk, code) {
            let detail = walk.detail(written.to_string());
            walk.say(&UNKNOWN_CODE, node).detail = detail;
        } else {
            elsewhere(walk, node, written);
        }
        return;
    };
    if let Some(shown) = written.display
        && index.terms(concept).next().is_some()
        && !index.terms(concept).any(|term| same_display(shown, term) || same_display(shown, without_tag(term)))
    {
        other_display(walk, node, written, index.terms(concept).next().unwrap_or(""));
    }
}

/// A fully specified name without the bracket that says what kind of concept it is.
fn without_tag(term: &str) -> &str {
    term.strip_suffix(')').and_then(|t| t.rsplit_once(" (")).map_or(term, |(name, _)| name)
}

fn say<'d>(walk: &mut Walk<'_, 'd>, rule: &'static Rule, node: NodeRef<'d>, detail: Detail, hint: Option<String>) {
    let hint = hint.map_or(Detail::NONE, |hint| walk.detail(hint));
    let issue = walk.say(rule, node);
    (issue.detail, issue.hint) = (detail, hint);
}

/// Why a Coding of SNOMED CT has none of its codes, by the form.
pub(super) fn flaw<'d>(walk: &Walk<'_, 'd>, node: NodeRef<'d>) -> Option<SnomedFlaw> {
    let written = written(walk, node);
    written.code.filter(|_| written.system == Some(SNOMED)).and_then(|code| snomed_flaw(code.trim()))
}

/// Whether a Coding has an error by itself.
pub(in crate::rules) fn is_wrong<'d>(walk: &Walk<'_, 'd>, node: NodeRef<'d>) -> bool {
    let Written { system: Some(system), code, .. } = written(walk, node) else { return false };
    let graph = walk.graph;
    let Some(code) = code else {
        return graph.terminology.system(graph.library(), system).is_none()
            && system != SNOMED
            && Form::of_system(system).is_none()
            && (!absolute_uri(system.trim()) || names_value_set(walk, system));
    };
    let is_none_elsewhere = || walk.terminology.is_some() && service::is_no_code(walk, system, code);
    match graph.terminology.system(graph.library(), system) {
        Some(loaded) if loaded.concept(code).is_some() => false,
        Some(loaded) if loaded.is_complete() => true,
        _ if system == SNOMED => {
            snomed_flaw(code).is_none() && (is_no_concept(walk, code) || !is_concept(walk, code) && is_none_elsewhere())
        }
        Some(_) => is_none_elsewhere(),
        None => match Form::of_system(system) {
            Some(form) => !has(walk, form, code),
            None => !absolute_uri(system.trim()) || names_value_set(walk, system) || is_none_elsewhere(),
        },
    }
}

/// Whether the loaded release of SNOMED CT has a code.
fn is_concept(walk: &Walk<'_, '_>, code: &str) -> bool {
    let index = walk.graph.library().snomed();
    index.is_some_and(|i| code.parse().is_ok_and(|id| i.find(id).is_some()))
}

/// Whether the loaded release of SNOMED CT would have the code if there were such a one, and has it not.
fn is_no_concept(walk: &Walk<'_, '_>, code: &str) -> bool {
    let index = walk.graph.library().snomed();
    index.is_some_and(|i| code.parse().is_ok_and(|id| i.find(id).is_none()) && i.covers(code))
}

/// What a Coding, or a Quantity, says.
pub(super) fn written<'d>(walk: &Walk<'_, 'd>, node: NodeRef<'d>) -> Written<'d> {
    let known = &walk.graph.known;
    let mut written = Written::default();
    for child in node.children() {
        let value = child.value().filter(|v| !v.is_empty());
        if child.name() == known.system {
            written.system = value;
        } else if child.name() == known.code {
            written.code = value;
        } else if child.name() == known.display {
            written.display = value;
        }
    }
    written
}
