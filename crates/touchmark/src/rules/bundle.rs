//! Bundles: full urls, what comes first, and which entries can be reached.

use std::collections::HashMap;
use std::rc::Rc;

use touchmark_document::{NodeId, NodeRef};

use super::primitive::absolute_uri;
use crate::links::{self, Index, Resolution, service_base};
use crate::rule::rules;
use crate::walk::Walk;

rules! {
    NO_FULL_URL = "bundle-full-url-missing", Error, "required",
        says "an entry has no fullUrl{detail}",
        why "The fullUrl is the identity of the resource: references between entries are resolved by it.",
        mend "Give every entry a fullUrl; urn:uuid: and the id where there is no server.",
        at "bundle.html#bundle-unique";
    RELATIVE = "bundle-full-url-absolute", Error, "value",
        says "the fullUrl must be an absolute url{detail}",
        why "Only an absolute url identifies a resource.",
        mend "Write urn:uuid: before a UUID, or the url of the resource on its server.",
        at "bundle-definitions.html#Bundle.entry.fullUrl";
    DISAGREES = "bundle-full-url-id", Error, "value",
        says "the fullUrl and the resource disagree: {detail}",
        why "A RESTful url ends in the type and id of the resource it identifies.",
        mend "Make the end of the fullUrl the type and id of the resource.",
        at "bundle-definitions.html#Bundle.entry.fullUrl";
    UUID_DISAGREES = "bundle-full-url-uuid", Information, "value" as "advice",
        says "the id of the resource is not the UUID of its fullUrl: {detail}",
        why "Both identify the resource; readers that go by the id miss references to the fullUrl.",
        mend "Use one UUID for both.",
        at "bundle-definitions.html#Bundle.entry.fullUrl";
    DUPLICATE = "bundle-full-url-duplicate", Error, "duplicate",
        says "the fullUrl {detail} is there twice, with the same version",
        why "A fullUrl identifies one resource (bdl-7).",
        mend "Give each entry a fullUrl of its own, or remove the repeat.",
        at "bundle.html#bdl-7";
    VERSIONED = "bundle-full-url-version", Error, "value",
        says "the fullUrl names a version: {detail}",
        why "It identifies the resource, not one version of it (bdl-8).",
        mend "Remove /_history/ and what follows.",
        at "bundle.html#bdl-8";
    FIRST = "bundle-first-entry", Error, "structure",
        says "the first entry must be a {detail}",
        why "Receivers begin to read there.",
        mend "Put it first.",
        at "bundle.html#document";
    SEVERAL_HEADERS = "bundle-several-headers", Error, "structure",
        says "a message has one MessageHeader, this is another",
        why "The header says what the message is; two say two things.",
        mend "Send two messages.",
        at "messaging.html";
    ORPHAN = "bundle-orphan", Warning, "structure",
        says "no reference leads from the {detail} to this entry, nor from this entry to one that is reached",
        why "A receiver that follows the links never sees it.",
        mend "Refer to it, or leave it out.",
        at "bundle.html#document";
    REVERSE = "bundle-reverse", Information, "informational" as "advice",
        says "this entry is reached only against the direction of a reference, from the {detail}",
        why "It points at what is reached, but nothing points at it.",
        mend "Nothing, if it is meant to be there.",
        at "bundle.html#document";
}

/// Checks a Bundle as a whole.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, bundle: NodeRef<'d>) {
    let index = walk.links.index(bundle);
    let kind = bundle.child_named(walk.graph.known.kind).and_then(NodeRef::value).unwrap_or("");
    if !matches!(kind, "transaction" | "batch" | "transaction-response" | "batch-response") {
        missing_urls(walk, &index);
    }
    urls(walk, &index);
    let first = match kind {
        "document" => "Composition",
        "message" => "MessageHeader",
        _ => return,
    };
    let Some(entry) = index.entries.first() else {
        // A profile may have said that there must be entries.
        let entry = walk.graph.known.entry;
        if !walk.found_since(bundle).any(|(_, i)| i.node == bundle.id() && i.what == entry) {
            let detail = walk.detail(first);
            walk.say(&FIRST, bundle).detail = detail;
        }
        return;
    };
    if entry.resource.is_none_or(|r| r.resource_text() != first) {
        let detail = walk.detail(first);
        walk.say(&FIRST, entry.resource.unwrap_or(entry.node)).detail = detail;
        return;
    }
    if first == "MessageHeader" {
        let header = entry.resource;
        for other in index.entries.iter().skip(1).filter_map(|e| e.resource) {
            if other.resource_text() == first {
                walk.say(&SEVERAL_HEADERS, other).also = header.into();
            }
        }
    }
    reach(walk, bundle, &index, first);
}

/// Said once a Bundle, at the first such entry, with the number of them.
fn missing_urls(walk: &mut Walk<'_, '_>, index: &Index<'_>) {
    let mut without = index.entries.iter().filter(|e| e.full_url.is_none());
    let Some(first) = without.next().map(|e| e.node.id()) else { return };
    let more = without.count();
    let text = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    let detail = walk.detail(text);
    let node = walk.document.node(first);
    walk.say(&NO_FULL_URL, node).detail = detail;
}

/// The first entry with a full url, for each version of the resource that stands in it.
type Seen<'d> = HashMap<(&'d str, Option<&'d str>), NodeId, foldhash::fast::RandomState>;

fn urls<'d>(walk: &mut Walk<'_, 'd>, index: &Rc<Index<'d>>) {
    let mut seen: Option<Seen<'_>> = index.repeats_a_url().then(HashMap::default);
    for entry in &index.entries {
        let Some(url) = entry.full_url.filter(|u| !u.is_empty()) else { continue };
        let place = entry.node.child_named(walk.graph.known.full_url).unwrap_or(entry.node);
        if !absolute_uri(url) {
            let hint = if super::primitive::uuid(url) {
                format!("; did you mean urn:uuid:{}?", url.to_ascii_lowercase())
            } else {
                String::new()
            };
            let detail = walk.detail(hint);
            walk.say(&RELATIVE, place).detail = detail;
        } else if links::without_version(url).len() < url.len() {
            let detail = walk.detail(url);
            walk.say(&VERSIONED, place).detail = detail;
        } else if let (Some(resource), Some(id)) = (entry.resource, entry.id) {
            let agrees = || {
                let before = url.strip_suffix(id)?.strip_suffix('/')?.strip_suffix(resource.resource_text())?;
                before.strip_suffix('/')
            };
            if service_base(url).is_some() && agrees().is_none() {
                let detail = walk.detail(format!("{url} does not end in {}/{id}", resource.resource_text()));
                walk.say(&DISAGREES, place).detail = detail;
            } else if let Some(uuid) = url.strip_prefix("urn:uuid:")
                && super::primitive::uuid(id)
                && !uuid.eq_ignore_ascii_case(id)
            {
                let detail = walk.detail(format!("{id}, where the fullUrl has {uuid}"));
                walk.say(&UUID_DISAGREES, place).detail = detail;
            }
        }
        let Some(seen) = &mut seen else { continue };
        let meta = entry.resource.and_then(|r| r.child_named(walk.graph.known.meta));
        let version = meta.and_then(|m| m.child_named(walk.graph.known.version_id)).and_then(NodeRef::value);
        // That it is there twice is a fault of the two entries, not of what is written in one of them.
        super::unique(walk, &DUPLICATE, seen, (url, version), entry.node, url);
    }
}

/// Tells entries apart that are reached from the first, reached only against a reference, or not at all.
fn reach<'d>(walk: &mut Walk<'_, 'd>, bundle: NodeRef<'d>, index: &Rc<Index<'d>>, first: &str) {
    let mut edges = Vec::new();
    for (number, entry) in index.entries.iter().enumerate() {
        if let Some(resource) = entry.resource {
            targets(walk, index, number as u32, resource, &mut edges);
        }
    }
    let mut open = Vec::new();
    // The Bundle's own identifier may name who assigned it.
    for node in bundle.children().filter(|c| c.name() != walk.graph.known.entry) {
        targets(walk, index, 0, node, &mut open);
    }
    let mut reached = vec![false; index.entries.len()];
    spread(&edges, &mut reached, open.into_iter().map(|(_, to)| to).chain([0]).collect());
    if reached.iter().all(|entry| *entry) {
        return;
    }
    // Against the direction of references, and from there on along it.
    edges.extend_from_within(..);
    let half = edges.len() / 2;
    for edge in &mut edges[half..] {
        *edge = (edge.1, edge.0);
    }
    edges.sort_unstable();
    edges.dedup();
    let mut near = vec![false; index.entries.len()];
    let open = (0..index.entries.len() as u32).filter(|entry| reached[*entry as usize]).collect();
    spread(&edges, &mut near, open);
    for (number, entry) in index.entries.iter().enumerate() {
        if reached[number] || entry.resource.is_none() {
            continue;
        }
        let detail = walk.detail(first);
        walk.say(if near[number] { &REVERSE } else { &ORPHAN }, entry.node).detail = detail;
    }
}

/// Marks what is reached from `open` along edges, each from one entry to another, in the order of the entries that they
/// come from.
fn spread(edges: &[(u32, u32)], reached: &mut [bool], mut open: Vec<u32>) {
    while let Some(next) = open.pop() {
        if !std::mem::replace(&mut reached[next as usize], true) {
            let first = edges.partition_point(|(from, _)| *from < next);
            open.extend(edges[first..].iter().take_while(|(from, _)| *from == next).map(|(_, to)| *to));
        }
    }
}

/// Adds the entries that anything in a resource points at.
fn targets<'d>(walk: &Walk<'_, 'd>, index: &Index<'d>, from: u32, resource: NodeRef<'d>, edges: &mut Vec<(u32, u32)>) {
    let known = &walk.graph.known;
    for node in std::iter::once(resource).chain(resource.descendants()) {
        // The url of an extension names its definition, and leads nowhere.
        let of_extension =
            || node.parent().is_some_and(|p| [known.extension, known.modifier_extension].contains(&p.name()));
        if (node.name() == known.reference || node.name() == known.url && !of_extension())
            && let Some(value) = node.value()
        {
            let target = match index.resolve(walk.graph, Some(from), value) {
                Resolution::Entry(target) | Resolution::Likely(target) => index.entry_of(target),
                // What a bare UUID is meant to lead to is no orphan besides: the reference is the fault.
                _ if !value.contains([':', '/', '#']) => index.with_plain_id(value),
                _ => None,
            };
            edges.extend(target.map(|target| (from, target)));
        }
    }
}
