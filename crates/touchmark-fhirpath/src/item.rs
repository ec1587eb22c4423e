//! What an expression gives: items, and collections of them that allocate from two items on.

use std::borrow::Cow;
use std::fmt;

use touchmark_document::NodeRef;

use crate::decimal::Decimal;
use crate::moment::{Moment, MomentKind};
use crate::quantity::Quantity;

/// One thing in a collection: a node of the document or a value of `FHIRPath`'s own.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Item<'a> {
    Node(NodeRef<'a>),
    Boolean(bool),
    /// A whole number of 32 bits; one that a document has may be longer.
    Integer(i64),
    /// A whole number of 64 bits.
    Long(i64),
    Decimal(Decimal),
    String(Cow<'a, str>),
    /// A Date, a `DateTime` or a Time.
    Moment(Moment),
    Quantity(Box<Quantity>),
    /// What `type()` gives.
    Type(Box<TypeInfo>),
}

/// The namespace and the name of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeInfo {
    /// `System` or `FHIR`.
    pub namespace: &'static str,
    /// The name without its namespace.
    pub name: Box<str>,
}

impl Item<'_> {
    /// The name of a value's type in the namespace `System`; `None` for nodes.
    pub fn system_type(&self) -> Option<&'static str> {
        Some(match self {
            Item::Node(_) => return None,
            Item::Boolean(_) => "Boolean",
            Item::Integer(_) => "Integer",
            Item::Long(_) => "Long",
            Item::Decimal(_) => "Decimal",
            Item::String(_) => "String",
            Item::Moment(moment) => match moment.kind() {
                MomentKind::Date => "Date",
                MomentKind::DateTime => "DateTime",
                MomentKind::Time => "Time",
            },
            Item::Quantity(_) => "Quantity",
            Item::Type(_) => "TypeInfo",
        })
    }
}

impl fmt::Display for Item<'_> {
    /// The value as text; for a node its value, or nothing when it has none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Node(node) => f.write_str(node.value().unwrap_or_default()),
            Item::Boolean(value) => write!(f, "{value}"),
            Item::Integer(value) | Item::Long(value) => write!(f, "{value}"),
            Item::Decimal(value) => write!(f, "{value}"),
            Item::String(value) => f.write_str(value),
            Item::Moment(value) => write!(f, "{value}"),
            Item::Quantity(value) => write!(f, "{value}"),
            Item::Type(value) => write!(f, "{}.{}", value.namespace, value.name),
        }
    }
}

/// Where there are two items, there are often some more.
const FIRST_CAPACITY: usize = 8;

/// An ordered collection of items.
#[derive(Clone, Debug, Default)]
pub enum Collection<'a> {
    /// `{}`
    #[default]
    Empty,
    /// A single item.
    One(Item<'a>),
    /// Any number of items, though usually two at least.
    Many(Vec<Item<'a>>),
}

impl<'a> Collection<'a> {
    /// The items.
    #[inline]
    pub fn as_slice(&self) -> &[Item<'a>] {
        match self {
            Collection::Empty => &[],
            Collection::One(item) => std::slice::from_ref(item),
            Collection::Many(items) => items,
        }
    }

    /// The items in order.
    #[inline]
    pub fn iter(&self) -> std::slice::Iter<'_, Item<'a>> {
        self.as_slice().iter()
    }

    /// How many items there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The first item.
    #[inline]
    pub fn first(&self) -> Option<&Item<'a>> {
        self.as_slice().first()
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: Item<'a>) {
        match self {
            Collection::Empty => *self = Collection::One(item),
            Collection::Many(items) => items.push(item),
            Collection::One(_) => {
                let mut items = Vec::with_capacity(FIRST_CAPACITY);
                items.extend(std::mem::take(self));
                items.push(item);
                *self = Collection::Many(items);
            }
        }
    }

    /// Adds all items of another collection at the end.
    pub fn append(&mut self, other: Collection<'a>) {
        match other {
            Collection::Empty => {}
            Collection::One(item) => self.push(item),
            Collection::Many(items) if self.is_empty() => *self = Collection::Many(items),
            Collection::Many(items) => items.into_iter().for_each(|item| self.push(item)),
        }
    }

    #[inline]
    pub(crate) fn boolean(value: bool) -> Self {
        Collection::One(Item::Boolean(value))
    }

    pub(crate) fn integer(value: usize) -> Self {
        Collection::One(Item::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    #[inline]
    pub(crate) fn text(value: impl Into<Cow<'a, str>>) -> Self {
        Collection::One(Item::String(value.into()))
    }

    pub(crate) fn option(item: Option<Item<'a>>) -> Self {
        item.map_or(Collection::Empty, Collection::One)
    }
}

impl<'a> From<Truth> for Collection<'a> {
    fn from(truth: Truth) -> Collection<'a> {
        match truth {
            Truth::True => Collection::boolean(true),
            Truth::False => Collection::boolean(false),
            Truth::Unknown => Collection::Empty,
        }
    }
}

impl<'a> IntoIterator for Collection<'a> {
    type Item = Item<'a>;
    type IntoIter = IntoItems<'a>;

    fn into_iter(self) -> IntoItems<'a> {
        match self {
            Collection::Empty => IntoItems::One(None),
            Collection::One(item) => IntoItems::One(Some(item)),
            Collection::Many(items) => IntoItems::Many(items.into_iter()),
        }
    }
}

impl<'c, 'a> IntoIterator for &'c Collection<'a> {
    type Item = &'c Item<'a>;
    type IntoIter = std::slice::Iter<'c, Item<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> FromIterator<Item<'a>> for Collection<'a> {
    fn from_iter<T: IntoIterator<Item = Item<'a>>>(items: T) -> Self {
        let mut collection = Collection::Empty;
        for item in items {
            collection.push(item);
        }
        collection
    }
}

/// The items of a collection, one after the other.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum IntoItems<'a> {
    One(Option<Item<'a>>),
    Many(std::vec::IntoIter<Item<'a>>),
}

impl<'a> Iterator for IntoItems<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        match self {
            IntoItems::One(item) => item.take(),
            IntoItems::Many(items) => items.next(),
        }
    }
}

/// A truth value of three-valued logic; `Unknown` is the empty collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Truth::True } else { Truth::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Truth::Unknown, Truth::from)
    }
}

impl Truth {
    pub(crate) fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }

    pub(crate) fn xor(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
            (a, b) => Truth::from(a != b),
        }
    }

    pub(crate) fn implies(self, other: Truth) -> Truth {
        self.not().or(other)
    }

    pub(crate) fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}
