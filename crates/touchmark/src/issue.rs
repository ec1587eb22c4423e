//! A finding as the walk makes it: numbers only, so that a message with thousands of them stays cheap.

use touchmark_document::{Name, NodeId, NodeRef};

use crate::graph::ElementId;
use crate::messages::Mark;
use crate::rule::{Rule, Severity};
use crate::snapshot::DefinitionId;

/// A finding. What it says in words is made from it when a report is written.
#[derive(Clone, Copy, Debug)]
pub struct Issue {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Where: a missing element is said at its parent, an unknown one at itself.
    pub node: NodeId,
    /// A second place.
    pub also: Also,
    /// Where in the source, in bytes: the start of the node, or a place that is no node (a repeated key).
    pub start: u32,
    /// The element concerned, where it is not the node itself.
    pub what: Name,
    /// The profile and the element whose rule it is.
    pub from: Option<(DefinitionId, ElementId)>,
    /// What was counted or measured.
    pub found: u32,
    /// What was wanted.
    pub wanted: u32,
    /// Names, urls and codes that the sentence quotes, by number in the report.
    pub detail: Detail,
    /// What its writer most likely meant, as a piece of advice, by number in the report.
    pub hint: Detail,
    /// The rule of a file that the finding belongs to.
    pub claim: Option<Mark>,
}

/// The second place of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Also {
    /// There is none.
    Nowhere,
    /// The other of two elements that make the fault together.
    Node(NodeId),
    /// What the node has under the name that the detail gives, and which holds nothing: it is no node.
    Empty,
}

impl From<Option<NodeRef<'_>>> for Also {
    fn from(node: Option<NodeRef<'_>>) -> Also {
        node.map_or(Also::Nowhere, |node| Also::Node(node.id()))
    }
}

/// The number of a text in its report; see [`Issue::detail`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Detail(pub u32);

impl Detail {
    /// No text.
    pub const NONE: Detail = Detail(u32::MAX);
}
