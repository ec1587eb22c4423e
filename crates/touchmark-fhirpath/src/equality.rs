//! Equality and equivalence of items and collections, and the sets that rest on them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, FoldHasher, RandomState};

use touchmark_document::NodeRef;

use crate::decimal::Decimal;
use crate::item::{Collection, Item};
use crate::model::Model;
use crate::scalar::{self, Scalar, scalar};

/// Counts the comparisons of an evaluation, so that a budget holds for them too.
pub(crate) struct Comparer<'e> {
    pub model: &'e dyn Model,
    /// What is left of the budget; comparing goes on (and says unequal) when it is used up, and the evaluator then stops.
    pub steps: &'e mut u64,
}

impl Comparer<'_> {
    fn spend(&mut self) -> bool {
        *self.steps = self.steps.saturating_sub(1);
        *self.steps > 0
    }

    /// `a = b` for two items; `None` is `{}`.
    pub(crate) fn equal(&mut self, a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
        if !self.spend() {
            return Some(false);
        }
        match (a, b) {
            (Item::Node(a), Item::Node(b)) => self.equal_nodes(*a, *b),
            // Any primitive beside a text is its own text: STU3's `mad-3` compares a boolean with 'false'.
            (Item::Node(node), Item::String(text)) | (Item::String(text), Item::Node(node)) => {
                Some(node.value() == Some(text))
            }
            (Item::Type(a), Item::Type(b)) => Some(a == b),
            _ => scalar::equal(scalar(a, self.model), scalar(b, self.model)),
        }
    }

    fn equal_nodes(&mut self, a: NodeRef<'_>, b: NodeRef<'_>) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        if a.value().is_some() || b.value().is_some() {
            let (left, right) = (Item::Node(a), Item::Node(b));
            if a.value() == b.value() {
                return Some(true);
            }
            // Of two texts that differ only numbers and moments may still be equal: for others nobody need ask for the types.
            if is_plain_text(a) || is_plain_text(b) {
                return Some(false);
            }
            return scalar::equal(scalar(&left, self.model), scalar(&right, self.model));
        }
        if let (Some(a), Some(b)) = (scalar::quantity_of(a, self.model), scalar::quantity_of(b, self.model)) {
            return a.compare(&b).map(std::cmp::Ordering::is_eq);
        }
        self.equal_children(a, b)
    }

    /// All children equal, those of one name in order; of different names in any order.
    fn equal_children(&mut self, a: NodeRef<'_>, b: NodeRef<'_>) -> Option<bool> {
        if a.resource_text() != b.resource_text() || a.children().count() != b.children().count() {
            return Some(false);
        }
        let mut known = true;
        for (at, child) in a.children().enumerate() {
            let name = child.name_text();
            let before = a.children().take(at).filter(|c| c.name_text() == name).count();
            let Some(other) = b.all(name).nth(before) else { return Some(false) };
            if !self.spend() {
                return Some(false);
            }
            match self.equal_nodes(child, other) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => known = false,
            }
        }
        known.then_some(true)
    }

    /// `a ~ b` for two items; `None` for quantities of which that cannot be said.
    pub(crate) fn equivalent(&mut self, a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
        if !self.spend() {
            return Some(false);
        }
        match (a, b) {
            (Item::Node(a), Item::Node(b)) => self.equivalent_nodes(*a, *b),
            (Item::Type(a), Item::Type(b)) => Some(a == b),
            (Item::Node(node), Item::String(text)) | (Item::String(text), Item::Node(node)) => Some(
                node.value()
                    .is_some_and(|value| scalar::equivalent(Scalar::String(value), Scalar::String(text)) == Some(true)),
            ),
            _ => scalar::equivalent(scalar(a, self.model), scalar(b, self.model)),
        }
    }

    fn equivalent_nodes(&mut self, a: NodeRef<'_>, b: NodeRef<'_>) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        if a.value().is_some() || b.value().is_some() {
            let (left, right) = (Item::Node(a), Item::Node(b));
            return scalar::equivalent(scalar(&left, self.model), scalar(&right, self.model));
        }
        if let (Some(a), Some(b)) = (scalar::quantity_of(a, self.model), scalar::quantity_of(b, self.model)) {
            return a.is_equivalent(&b);
        }
        let mut taken: Vec<NodeRef<'_>> = Vec::new();
        for child in a.children() {
            let mut found = false;
            for other in b.all(child.name_text()) {
                if !self.spend() {
                    return Some(false);
                }
                if !taken.contains(&other) && self.equivalent_nodes(child, other) == Some(true) {
                    taken.push(other);
                    found = true;
                    break;
                }
            }
            if !found {
                return Some(false);
            }
        }
        Some(taken.len() == b.children().count())
    }

    /// `a = b` for two collections (<https://hl7.org/fhirpath/N1/#equals>).
    pub(crate) fn equal_collections(&mut self, a: &Collection<'_>, b: &Collection<'_>) -> Option<bool> {
        if a.is_empty() || b.is_empty() {
            return None;
        }
        if a.len() != b.len() {
            return Some(false);
        }
        let mut known = true;
        for (a, b) in a.iter().zip(b) {
            match self.equal(a, b) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => known = false,
            }
        }
        known.then_some(true)
    }

    /// `a ~ b` for two collections, in any order (<https://hl7.org/fhirpath/N1/#equivalent>).
    pub(crate) fn equivalent_collections(&mut self, a: &Collection<'_>, b: &Collection<'_>) -> Option<bool> {
        if a.len() != b.len() {
            return Some(false);
        }
        if let (Collection::One(a), Collection::One(b)) = (a, b) {
            return self.equivalent(a, b);
        }
        let mut taken = vec![false; b.len()];
        for item in a {
            let mut matching = None;
            for (at, other) in b.iter().enumerate() {
                if !taken[at] && self.equivalent(item, other) == Some(true) {
                    matching = Some(at);
                    break;
                }
            }
            match matching {
                Some(at) => taken[at] = true,
                None => return Some(false),
            }
        }
        Some(true)
    }

    /// Whether the collection holds an item that is equal to this one.
    pub(crate) fn contains(&mut self, collection: &[Item<'_>], item: &Item<'_>) -> bool {
        collection.iter().any(|other| self.equal(item, other) == Some(true))
    }
}

/// Whether a node has a value that is no number and no moment, whatever its type.
fn is_plain_text(node: NodeRef<'_>) -> bool {
    node.value().is_some_and(|text| text.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// A set of items by equality, in the order of their coming.
pub(crate) struct Distinct<'a> {
    items: Vec<Item<'a>>,
    /// Places in `items` by [`coarse`] hash, once there are many.
    places: HashMap<u64, Vec<usize>, RandomState>,
}

/// Up to so many items, comparing with each is faster than hashing.
const FEW: usize = 8;

impl<'a> Distinct<'a> {
    pub(crate) fn new() -> Self {
        Distinct { items: Vec::new(), places: HashMap::default() }
    }

    /// Adds an item unless an equal one is there; whether it was added.
    pub(crate) fn insert(&mut self, item: Item<'a>, comparer: &mut Comparer<'_>) -> bool {
        if self.items.len() < FEW {
            if comparer.contains(&self.items, &item) {
                return false;
            }
            self.items.push(item);
            if self.items.len() == FEW {
                for (at, item) in self.items.iter().enumerate() {
                    self.places.entry(coarse(item)).or_default().push(at);
                }
            }
            return true;
        }
        let places = self.places.entry(coarse(&item)).or_default();
        if places.iter().any(|at| comparer.equal(&self.items[*at], &item) == Some(true)) {
            return false;
        }
        places.push(self.items.len());
        self.items.push(item);
        true
    }

    pub(crate) fn into_collection(mut self) -> Collection<'a> {
        match self.items.len() {
            0 => Collection::Empty,
            1 => Collection::option(self.items.pop()),
            _ => Collection::Many(self.items),
        }
    }
}

/// A hash that is the same for items that are equal.
fn coarse(item: &Item<'_>) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    match item {
        Item::Node(node) => match node.value() {
            Some(text) => coarse_text(text, &mut hasher),
            None if node.child("value").is_some() => 2u8.hash(&mut hasher),
            None => coarse_children(*node, &mut hasher),
        },
        Item::Boolean(value) => coarse_text(if *value { "true" } else { "false" }, &mut hasher),
        Item::Integer(value) | Item::Long(value) => Decimal::from(*value).hash(&mut hasher),
        Item::Decimal(value) => value.hash(&mut hasher),
        Item::String(text) => coarse_text(text, &mut hasher),
        Item::Moment(_) => 1u8.hash(&mut hasher),
        Item::Quantity(_) => 2u8.hash(&mut hasher),
        Item::Type(info) => info.name.hash(&mut hasher),
    }
    hasher.finish()
}

fn coarse_text(text: &str, hasher: &mut FoldHasher<'_>) {
    // The same moment may be written in many ways, so all that begin like one have one hash.
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if bytes.len() <= 40
        && ((digits == 4 && matches!(bytes.get(4), None | Some(b'-'))) || (digits == 2 && bytes.get(2) == Some(&b':')))
    {
        1u8.hash(hasher);
    } else if let Some(number) = Decimal::parse(text) {
        number.hash(hasher);
    } else {
        text.hash(hasher);
    }
}

fn coarse_children(node: NodeRef<'_>, hasher: &mut FoldHasher<'_>) {
    let mut count = 0u32;
    let mut sum = 0u64;
    for child in node.children() {
        count += 1;
        let mut own = FixedState::default().build_hasher();
        child.name_text().hash(&mut own);
        if let Some(text) = child.value() {
            coarse_text(text, &mut own);
        }
        // Added up, since the order of names does not count.
        sum = sum.wrapping_add(own.finish());
    }
    (count, sum).hash(hasher);
}
