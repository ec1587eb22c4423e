//! How often an element is there: not less than its minimum, not more than its maximum.

use touchmark_document::NodeRef;

use crate::issue::{Also, Issue};
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
    SUPPORT = "cardinality-must-support", Information, "informational",
        says "{element}, which must be supported, is not here",
        why "Whoever implements the profile must be able to fill the element; that one message lacks it is no fault.",
        mend "Nothing, where there is nothing to say; look for a message that has it before you claim to support the profile.",
        at "elementdefinition-definitions.html#ElementDefinition.mustSupport";
}

/// Checks how many repeats a node has of one child element.
#[inline]
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, parent: NodeRef<'d>, at: At<'_>, count: u32) {
    let element = at.element();
    if count < element.min {
        minimum(walk, parent, at, count);
    } else if count > element.max {
        maximum(walk, parent, at, count);
    } else if count == 0 && element.must_support && walk.unsupported.is_some() {
        unsupported(walk, parent, at);
    }
}

/// An element, or a slice, that must be supported and is not there. Said at the first place without it; the others are counted.
#[cold]
pub(crate) fn unsupported<'d>(walk: &mut Walk<'_, 'd>, parent: NodeRef<'d>, at: At<'_>) {
    let element = at.element();
    if walk.trying > 0 || element.max == 0 {
        return;
    }
    let Some(counts) = &mut walk.unsupported else { return };
    let count = counts.entry((at.profile.id, at.id)).or_insert(0);
    *count += 1;
    if *count > 1 {
        return;
    }
    // In full, since it is said of all places at once; a slice has its name behind the element's.
    let label = walk.detail(element.id.replace("[x]", ""));
    let issue = walk.say_from(&SUPPORT, parent, at);
    (issue.what, issue.detail) = (element.name, label);
}

/// In how many more places an element is not there that must be supported.
pub(crate) fn elsewhere(walk: &Walk<'_, '_>, issue: &Issue) -> u32 {
    let counts = walk.unsupported.as_ref().filter(|_| *issue.rule == SUPPORT);
    counts.zip(issue.from).and_then(|(counts, from)| counts.get(&from)).map_or(0, |count| count - 1)
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
    // What cannot repeat was written as an array: that has been said, and the count only follows.
    let unwanted = |i: &Issue| i.node == surplus.id() && super::syntax::is_array_unwanted(i.rule);
    if surplus.in_array() && element.max > 0 && walk.found_since(parent).any(|(_, i)| unwanted(i)) {
        return;
    }
    let label = walk.detail(element.label.trim_end_matches("[x]"));
    let issue = walk.say(&MAXIMUM, surplus);
    // What is too much, and what has too much.
    (issue.from, issue.also) = (Some((at.profile.id, at.id)), Also::Node(parent.id()));
    (issue.found, issue.wanted, issue.detail) = (count, element.max, label);
}
