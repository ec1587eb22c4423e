//! Slices: which one each repeat belongs to, how often each is there, and what may stand beside them.

use std::ops::Range;

use touchmark_document::{NodeId, NodeRef};

use crate::definition::SlicingRules;
use crate::graph::{Slice, Slicing, Step, Test};
use crate::issue::Also;
use crate::links::Resolution;
use crate::rule::rules;
use crate::rules::{binding, cardinality, extension, value};
use crate::walk::{At, Repeat, Walk};

rules! {
    MINIMUM = "slicing-minimum", Error, "required",
        says "the slice {detail} of {element} is missing: {found} found, at least {wanted} wanted",
        why "The profile requires a repeat of this kind.",
        mend "Add a repeat that has the value by which the slice is told apart.",
        at "profiling.html#slicing";
    MAXIMUM = "slicing-maximum", Error, "structure",
        says "the slice {detail} of {element} is there too often: {found} found, {most} allowed",
        why "The profile limits the repeats of this kind.",
        mend "Remove the surplus.",
        at "profiling.html#slicing";
    CLOSED = "slicing-closed", Error, "structure",
        says "{element} belongs to none of the slices {detail}, and no others are allowed",
        why "The profile closes the list of the kinds of repeats.",
        mend "Correct the value by which the slices are told apart, or remove the repeat.",
        at "profiling.html#slicing";
    ORDER = "slicing-order", Error, "structure",
        says "the slice {detail} of {element} is out of order",
        why "The profile fixes the order of the slices.",
        mend "Move the repeat to its place.",
        at "profiling.html#slicing";
    AT_END = "slicing-at-end", Error, "structure",
        says "{element} belongs to no slice and stands before one ({detail})",
        why "The profile lets others stand only at the end.",
        mend "Move the repeat behind those that belong to slices.",
        at "profiling.html#slicing";
}

/// Sorts the repeats of an element into its slices and checks each by the rules of its slice.
///
/// The repeats are those of `child` within `range` of the walk's stack, which elements below only push on and pop from.
pub(crate) fn check<'g, 'd>(walk: &mut Walk<'g, 'd>, parent: NodeRef<'d>, at: At<'g>, range: Range<usize>, child: u16) {
    let Some(slicing) = at.element().slicing.as_deref() else { return };
    let base = walk.counts.len();
    walk.counts.resize(base + slicing.slices.len(), 0);
    let mut last: Option<usize> = None;
    let mut stranger: Option<NodeRef<'d>> = None;
    for number in range.clone() {
        let Repeat { child: of_child, of_type, node } = walk.sliced[number];
        if of_child != child {
            continue;
        }
        let (repeat, of_type) = (walk.document.node(node), of_type as usize);
        let Some(found) = slice_of(walk, repeat, slicing) else {
            beside(walk, repeat, at, slicing, of_type);
            stranger = stranger.or(Some(repeat));
            continue;
        };
        walk.counts[base + found] += 1;
        let slice = &slicing.slices[found];
        if slicing.ordered && last.is_some_and(|l| found < l) {
            let detail = walk.detail(&*slice.name);
            walk.say_from(&ORDER, repeat, at).detail = detail;
        }
        if let Some(stranger) = stranger.filter(|_| slicing.rules == SlicingRules::OpenAtEnd && slicing.complete) {
            let detail = walk.detail(&*slice.name);
            walk.say_from(&AT_END, stranger, at).detail = detail;
        }
        last = Some(last.map_or(found, |l| l.max(found)));
        let inner = at.child(slice.element);
        if inner.element().slicing.is_some() {
            check(walk, parent, inner, number..number + 1, child);
        } else {
            let of_type = type_in_slice(at, inner, of_type);
            walk.element(repeat, inner, of_type);
        }
    }
    for (number, slice) in slicing.slices.iter().enumerate() {
        let count = walk.counts[base + number];
        let element = at.child(slice.element).element();
        if slice.tests.is_some() && (count < element.min || count > element.max) {
            let surplus = walk.sliced[range.clone()].iter().filter(|r| r.child == child).map(|r| r.node).collect();
            miscounted(walk, parent, at, slice, count, surplus);
        } else if count == 0 && element.must_support && slice.tests.is_some() && walk.unsupported.is_some() {
            // Where the element as a whole is not there and must be supported, that has been said.
            if !at.element().must_support || walk.sliced[range.clone()].iter().any(|r| r.child == child) {
                cardinality::unsupported(walk, parent, at.child(slice.element));
            }
        }
    }
    walk.counts.truncate(base);
}

/// A slice that is there too seldom, said at the parent, or too often, said at the first repeat that is too many.
#[cold]
fn miscounted<'g, 'd>(
    walk: &mut Walk<'g, 'd>,
    parent: NodeRef<'d>,
    at: At<'g>,
    slice: &'g Slice,
    count: u32,
    repeats: Vec<NodeId>,
) {
    let inner = at.child(slice.element);
    let element = inner.element();
    let (rule, wanted, place, also) = if count < element.min {
        (&MINIMUM, element.min, parent, Also::Nowhere)
    } else {
        let document = walk.document;
        let nodes = repeats.into_iter().map(|id| document.node(id));
        let surplus = nodes.filter(|r| belongs(walk, *r, slice)).nth(element.max as usize);
        // What is too much, and what has too much.
        (&MAXIMUM, element.max, surplus.unwrap_or(parent), surplus.map(|_| parent).into())
    };
    let detail = walk.detail(&*slice.name);
    let issue = walk.say_from(rule, place, inner);
    (issue.found, issue.wanted, issue.detail, issue.what) = (count, wanted, detail, element.name);
    issue.also = also;
}

/// A repeat that belongs to no slice.
fn beside<'g, 'd>(walk: &mut Walk<'g, 'd>, repeat: NodeRef<'d>, at: At<'g>, slicing: &Slicing, of_type: usize) {
    if slicing.rules == SlicingRules::Closed && slicing.complete {
        let names: Vec<String> = slicing.slices.iter().map(|s| s.name.to_string()).collect();
        let detail = walk.detail(names.join(", "));
        walk.say_from(&CLOSED, repeat, at).detail = detail;
    } else {
        extension::beside_slices(walk, repeat, at);
    }
    walk.element(repeat, at, of_type);
}

/// A slice of a choice has one type where the choice has several.
fn type_in_slice(at: At<'_>, slice: At<'_>, of_type: usize) -> usize {
    let code = at.element().types.get(of_type).map(|t| &t.code);
    slice.element().types.iter().position(|t| Some(&t.code) == code).unwrap_or(0)
}

/// The slice that a repeat belongs to: the first whose discriminators all say so.
fn slice_of<'d>(walk: &mut Walk<'_, 'd>, repeat: NodeRef<'d>, slicing: &Slicing) -> Option<usize> {
    let Some(by_value) = &slicing.by_value else {
        return slicing.slices.iter().position(|slice| belongs(walk, repeat, slice));
    };
    let mut found = None;
    any(walk, repeat, &by_value.path, &mut |_, node| {
        if let Some(value) = node.value().filter(|_| !node.has_children()) {
            found = by_value.find(value, found.unwrap_or(slicing.slices.len())).or(found);
        }
        found == Some(0)
    });
    found
}

/// Whether a repeat belongs to a slice: all its discriminators say so.
fn belongs<'d>(walk: &mut Walk<'_, 'd>, repeat: NodeRef<'d>, slice: &Slice) -> bool {
    slice.tests.as_ref().is_some_and(|tests| tests.iter().all(|test| passes(walk, repeat, test)))
}

fn passes<'d>(walk: &mut Walk<'_, 'd>, repeat: NodeRef<'d>, test: &Test) -> bool {
    match test {
        Test::Fixed(path, wanted) => any(walk, repeat, path, &mut |_, node| value::equals(node, wanted)),
        Test::Pattern(path, wanted) => any(walk, repeat, path, &mut |_, node| value::contains(node, wanted)),
        Test::ValueSet(path, canonical) => {
            any(walk, repeat, path, &mut |walk, node| binding::is_in(walk, node, canonical))
        }
        Test::Exists(path, wanted) => any(walk, repeat, path, &mut |_, _| true) == *wanted,
        Test::Type(path, types) => any(walk, repeat, path, &mut |_, node| {
            let name = node.name_text();
            types.iter().any(|t| {
                node.resource_text() == &**t
                    || name.len() > t.len()
                        && name.is_char_boundary(name.len() - t.len())
                        && name[name.len() - t.len()..].eq_ignore_ascii_case(t)
            })
        }),
        Test::Profile(path, profiles) => any(walk, repeat, path, &mut |walk, node| {
            profiles.iter().any(|p| {
                let profile = *p;
                walk.try_out(|w| {
                    if super::profile::fits(w, node, profile, None) {
                        w.against(node, profile);
                    }
                })
            })
        }),
    }
}

/// Whether anything at the path satisfies the question.
fn any<'g, 'd>(
    walk: &mut Walk<'g, 'd>,
    node: NodeRef<'d>,
    path: &[Step],
    question: &mut dyn FnMut(&mut Walk<'g, 'd>, NodeRef<'d>) -> bool,
) -> bool {
    let Some((step, rest)) = path.split_first() else { return question(walk, node) };
    match step {
        Step::Child(names) => {
            node.children().filter(|c| names.contains(&c.name())).any(|c| any(walk, c, rest, question))
        }
        Step::Extension(url) => {
            let known = &walk.graph.known;
            let of_url = |e: &NodeRef<'d>| e.child_named(known.url).and_then(NodeRef::value) == Some(url);
            node.children_named(known.extension).filter(of_url).any(|e| any(walk, e, rest, question))
        }
        Step::Resolve => {
            let reference = node.child_named(walk.graph.known.reference).and_then(NodeRef::value);
            match reference.map(|r| walk.links.resolve(node, r)) {
                Some(Resolution::Contained(target) | Resolution::Entry(target)) => any(walk, target, rest, question),
                _ => false,
            }
        }
    }
}
