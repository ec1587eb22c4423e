//! What a reader can say about its input: faults it reads past, and the one that makes a document unreadable.

use crate::position::{Position, position_in};
use crate::tree::NodeId;

/// Something amiss that the reader could read past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What is amiss.
    pub kind: FaultKind,
    /// Where, in bytes of the source.
    pub offset: u32,
    /// The node it is said at: the offending one, or its parent when it became no node.
    pub node: NodeId,
    /// The name, attribute or text concerned, cut to a sensible length.
    pub detail: Box<str>,
}

/// The kinds of [`Fault`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// JSON: the same key twice in an object; the first counts.
    DuplicateKey,
    /// JSON: `[]`.
    EmptyArray,
    /// JSON: `{}`.
    EmptyObject,
    /// JSON: `""`; XML: `value=""`.
    EmptyString,
    /// JSON: `null` where only a primitive array may hold one, or with no `_name` sibling to fill it.
    NullValue,
    /// JSON: an array and its `_name` sibling differ in length.
    ArrayLengths,
    /// JSON: an array in an array.
    NestedArray,
    /// JSON: `_name` holds something else than objects (or nulls).
    SiblingForm,
    /// JSON: a surrogate escape without its other half; it is read as U+FFFD.
    LoneSurrogate,
    /// JSON: `resourceType` is not a string, or empty.
    ResourceType,
    /// JSON: a comma before the bracket that closes an object or an array.
    TrailingComma,
    /// JSON: the file begins with a byte order mark.
    ByteOrderMark,
    /// XML: text between elements.
    StrayText,
    /// XML: an attribute other than `value`, `id`, `url` and namespace declarations.
    StrayAttribute,
    /// XML: an element outside the FHIR namespace (or outside XHTML for `div`).
    Namespace,
    /// XML: an element with neither value nor content.
    EmptyElement,
    /// XML: a place for one resource holds several, or a resource beside other elements.
    SeveralResources,
    /// XML: a declared encoding that is not the one used.
    Encoding,
}

/// Why a document could not be read at all. The rest of it was not looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// What kind of trouble.
    pub kind: UnreadableKind,
    /// Where, in bytes of the decoded source.
    pub offset: u32,
    /// Where, as line and column.
    pub position: Position,
    /// What was found and what was wanted, in words; without quoting values.
    pub reason: String,
}

/// The kinds of [`Unreadable`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum UnreadableKind {
    /// Nothing in it.
    Empty,
    /// Neither JSON nor XML (a PDF, an archive, an HTML page …); the reason says what it looks like.
    NotFhir,
    /// Not UTF-8, or not the encoding it declares.
    Encoding,
    /// Not well formed.
    Malformed,
    /// XML with a DOCTYPE: refused.
    Doctype,
    /// Deeper than [`crate::Limits::depth`].
    TooDeep,
    /// Larger than [`crate::Limits::size`].
    TooLarge,
    /// More distinct unknown names than a document may have.
    TooManyNames,
    /// A narrative that is well formed, yet not one `div` of XHTML.
    NotXhtml,
}

/// An [`Unreadable`] on its way up: boxed, so that results of the hot path stay small.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stop(Box<Unreadable>);

impl From<Stop> for Unreadable {
    fn from(stop: Stop) -> Unreadable {
        *stop.0
    }
}

/// Ends the reading of `source`.
#[cold]
pub(crate) fn stop(source: &str, offset: usize, kind: UnreadableKind, reason: impl Into<String>) -> Stop {
    let offset = offset.min(source.len()) as u32;
    Stop(Box::new(Unreadable { kind, offset, position: position_in(source, offset), reason: reason.into() }))
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.position.line, self.position.column, self.reason)
    }
}

impl std::error::Error for Unreadable {}
