//! Codes that the loaded definitions cannot judge: the terminology service of the caller is asked, where there is one.

use touchmark_document::{NodeId, NodeRef};

use super::{Kind, coding};
use crate::rule::rules;
use crate::service::{Membership, Question};
use crate::terminology::{Answer, CodeSet};
use crate::walk::Walk;

rules! {
    FAILED = "binding-service-failed", Warning, "transient",
        says "the terminology service did not answer {detail}",
        why "It was asked because nothing that is loaded can judge the code: that has not been checked, and may be wrong.",
        mend "See to the service and check again.",
        at "terminology-service.html#validation";
}

/// Questions of this document that the service did not answer.
#[derive(Debug)]
pub(crate) struct Failed {
    reason: String,
    count: u32,
    first: NodeId,
}

/// What the service and the library together say of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    In,
    NotIn,
    /// There is nothing that could be in a set.
    NoCode,
    /// Neither of them knows.
    Unknown,
    /// The service did not answer.
    Failed,
}

/// Whether an element has a code of a value set of which the library cannot tell. Codes that it can judge are not asked about.
#[cold]
pub(super) fn verdict<'d>(
    walk: &mut Walk<'_, 'd>,
    node: NodeRef<'d>,
    canonical: &str,
    set: Option<&CodeSet>,
    kind: Kind,
) -> Said {
    let mut of_code = |system: Option<&str>, code: &str, coding: NodeRef<'d>| {
        match set.map(|set| set.holds(system, code)) {
            Some(Answer::In(_)) => return Said::In,
            Some(Answer::NotIn) => return Said::NotIn,
            Some(Answer::Unknown(_)) | None => {}
        }
        // What does not exist is in no value set.
        if kind != Kind::Value && coding::is_wrong(walk, coding) {
            return Said::NotIn;
        }
        match ask(walk, node, Question { value_set: Some(canonical), system, code }) {
            Ok(Membership::Member(_)) => Said::In,
            Ok(Membership::NotMember) => Said::NotIn,
            Ok(Membership::Unknown) => Said::Unknown,
            Err(()) => Said::Failed,
        }
    };
    let codings: Vec<NodeRef<'d>> = match kind {
        // An element without a value has an extension that says why.
        Kind::Value => {
            return node.value().filter(|v| !v.is_empty()).map_or(Said::In, |code| of_code(None, code, node));
        }
        Kind::Concept if !node.has_children() => return Said::In,
        Kind::Concept => node.all("coding").collect(),
        Kind::Coding | Kind::Quantity => vec![node],
    };
    let mut said = Said::NoCode;
    for coding in codings {
        let part = |name| coding.child_value(name).filter(|v| !v.is_empty());
        let now = match (part("system"), part("code")) {
            // A quantity may have a unit for people only.
            (_, None) if kind == Kind::Quantity => Said::In,
            (_, None) => continue,
            // A code without a system is in no set: sets hold pairs.
            (None, Some(_)) => Said::NotIn,
            (system, Some(code)) => of_code(system, code, coding),
        };
        said = match (said, now) {
            (_, Said::In) => return Said::In,
            (Said::Unknown | Said::Failed, Said::NotIn | Said::NoCode) => said,
            (_, now) => now,
        };
    }
    said
}

/// What the service says of a code within its system; [`Membership::Unknown`] where there is no service, or no answer.
pub(super) fn of_system<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, system: &str, code: &str) -> Membership {
    let question = Question { value_set: None, system: Some(system), code };
    ask(walk, node, question).unwrap_or(Membership::Unknown)
}

/// Whether the service says that a code system has no such code. It has been asked before.
pub(super) fn is_no_code(walk: &Walk<'_, '_>, system: &str, code: &str) -> bool {
    let question = Question { value_set: None, system: Some(system), code };
    walk.terminology.is_some_and(|service| service.ask(question) == Ok(Membership::NotMember))
}

/// Asks the service, and notes where it does not answer.
fn ask<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, question: Question<'_>) -> Result<Membership, ()> {
    // A service may be slow, and what a spent check would find is not reported.
    let Some(service) = walk.terminology.filter(|_| !walk.budget.is_spent(walk.issues.len())) else {
        return Ok(Membership::Unknown);
    };
    service.ask(question).map_err(|reason| match &mut walk.failed_questions {
        Some(failed) => failed.count += 1,
        None => walk.failed_questions = Some(Failed { reason, count: 1, first: node.id() }),
    })
}

/// Says once that the service did not answer.
pub(super) fn finish(walk: &mut Walk<'_, '_>) {
    let Some(Failed { reason, count, first }) = walk.failed_questions.take() else { return };
    let times = if count == 1 { "here".to_owned() } else { format!("here and to {} further questions", count - 1) };
    let detail = walk.detail(format!("{times}: {reason}"));
    let node = walk.document.node(first);
    let issue = walk.say(&FAILED, node);
    (issue.detail, issue.found) = (detail, count);
}
