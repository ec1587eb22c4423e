//! What a finding says of an invariant: the sentence of its key, and the values that it speaks of.

use touchmark_document::NodeRef;

use super::{Writer, shown};
use crate::issue::Issue;
use crate::rules::invariant;
use crate::sentence;

/// A finding shows this many values, and of each part the first ones.
const MOST_VALUES: usize = 4;

/// Whether a finding is of a rule that speaks of one invariant, as `key: expression`.
pub(super) fn is_named(issue: &Issue) -> bool {
    *issue.rule == invariant::FAILED || *issue.rule == invariant::UNKNOWN
}

/// The key and the expression of the invariant that a detail names.
pub(super) fn named(detail: &str) -> Option<[&str; 2]> {
    detail.split_once(": ").map(|(key, expression)| [key, expression])
}

/// Writes the key and what must hold: in words of ours, else of the publisher, else the expression itself.
pub(super) fn say<'d>(
    writer: &mut Writer<'_, '_, 'd>,
    out: &mut String,
    issue: &Issue,
    detail: &str,
    node: NodeRef<'d>,
) {
    let Some((key, expression)) = detail.split_once(": ") else {
        return sentence::add(out, detail, writer.values);
    };
    let Some(words) = writer.walk.graph.invariant_words().find(key, expression) else {
        let human = published(writer, issue, key, expression).filter(|human| !human.is_empty());
        sentence::add(out, &human.map_or_else(|| detail.to_owned(), |human| format!("{key}: {human}")), writer.values);
        return;
    };
    sentence::add(out, key, writer.values);
    out.push_str(": ");
    out.push_str(&words.holds);
    let mut count = 0;
    for part in &words.shows {
        for found in parts(node, part) {
            let Some(value) = shown(found).filter(|_| count < MOST_VALUES) else { continue };
            out.push_str(if count == 0 { " (" } else { ", " });
            count += 1;
            let name = part.rsplit('.').next().unwrap_or(part);
            // The last name says enough, but for two parts that end alike.
            let alike = words.shows.iter().filter(|other| other.rsplit('.').next() == Some(name)).count() > 1;
            out.push_str(if alike { part } else { name });
            out.push_str(": ");
            sentence::add_value(out, value, writer.values_at(found));
        }
    }
    if count > 0 {
        out.push(')');
    }
}

/// What the publisher of the definition says must hold.
fn published<'w>(writer: &'w Writer<'_, '_, '_>, issue: &Issue, key: &str, expression: &str) -> Option<&'w str> {
    let (id, element) = issue.from?;
    let element = writer.walk.graph.profile(id)?.elements.get(element.0 as usize)?;
    let constraints = element.constraints.iter().map(|invariant| &invariant.constraint);
    constraints.into_iter().find(|c| *c.key == *key && *c.expression == *expression).map(|c| c.human.trim())
}

/// The nodes below a node at a path of names.
fn parts<'d>(node: NodeRef<'d>, path: &str) -> Vec<NodeRef<'d>> {
    path.split('.').fold(vec![node], |at, name| at.into_iter().flat_map(|node| node.all(name)).collect())
}
