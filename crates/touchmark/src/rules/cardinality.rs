//! How often an element is there: not less than its minimum, not more than its maximum.

use touchmark_document::NodeRef;

use crate::rule::rules;
use crate::walk::{At, Walk};

rules! {
    MINIMUM = "cardinality-minimum", Error, "required",
        says "{element} is missing: {found} found, at least {wanted} wanted",
        why "The profile requires the element, so a receiver may rely on it being there.",
        mend "Add the element at the place named, with a value that is true; do not invent one.",
        at "profiling.html#cardinality";
    MAXIMUM = "cardinality-maximum", Error, "structure",
        says "{element} is there too often: {found} found, {most} allowed",
        why "A receiver that follows the profile reads no more than the maximum, and 0 means that it must not be there.",
        mend "Remove the surplus; where the maximum is 0, find the element that the profile uses instead.",
        at "profiling.html#cardinality";
}

/// Checks how many repeats a node has of one child element.
#[inline]
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, parent: NodeRef<'d>, at: At<'_>, count: u32) {
    let element = at.element();
    if count < element.min {
        minimum(walk, parent, at, count);
    } else if count > element.max {
        maximum(walk, parent, at, count);
    }
}

#[cold]
fn minimum<'d>(walk: &mut Walk<'_, 'd>, parent: NodeRef<'d>, at: At<'_>, count: u32) {
    let element = at.element();
    let label = walk.detail(element.label.trim_end_matches("[x]"));
    let issue = walk.say(&MINIMUM, parent);
    issue.from = Some((at.profile.id, at.id));
    (issue.found, issue.wanted, issue.what, issue.detail) = (count, element.min, element.name, label);
}

/// Said at the first repeat that is too many.
#[cold]
fn maximum<'d>(walk: &mut Walk<'_, 'd>, parent: NodeRef<'d>, at: At<'_>, count: u32) {
    let element = at.element();
    let of_element = |c: &NodeRef<'d>| match element.label.strip_suffix("[x]") {
        Some(stem) => c.name_text().strip_prefix(stem).is_some_and(|s| s.starts_with(|l: char| l.is_ascii_uppercase())),
        None => c.name() == element.name,
    };
    let surplus = parent.children().filter(of_element).nth(element.max as usize).unwrap_or(parent);
    let label = walk.detail(element.label.trim_end_matches("[x]"));
    let issue = walk.say(&MAXIMUM, surplus);
    issue.from = Some((at.profile.id, at.id));
    (issue.found, issue.wanted, issue.detail) = (count, element.max, label);
}
