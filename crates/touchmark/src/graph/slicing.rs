//! Slices: how the repeats of an element are told apart.

use std::sync::Arc;

use touchmark_document::Name;

use super::ElementId;
use crate::definition::{SlicingRules, Text, Value};
use crate::snapshot::DefinitionId;

/// How repeats are told apart.
#[derive(Debug)]
pub struct Slicing {
    /// What may stand beside the slices.
    pub rules: SlicingRules,
    /// Whether slices come in order.
    pub ordered: bool,
    /// The slices, in the order of the profile.
    pub slices: Box<[Slice]>,
    /// Whether every slice can be recognised; where not, nothing is said of repeats that match none.
    pub complete: bool,
    /// The values that tell the slices apart, where that is all that does.
    pub(crate) by_value: Option<ByValue>,
}

/// Slices that differ in the primitive value at one path, as nearly all do: it is looked up once for all of them.
#[derive(Debug)]
pub(crate) struct ByValue {
    pub path: Box<[Step]>,
    /// The value of each slice; `None` for one that cannot be recognised.
    values: Box<[Option<Text>]>,
}

impl ByValue {
    /// For these slices, unless they are told apart in another way.
    pub fn of(slices: &[Slice]) -> Option<Self> {
        let mut path: Option<&Box<[Step]>> = None;
        let mut values = Vec::with_capacity(slices.len());
        for slice in slices {
            values.push(match slice.tests.as_deref() {
                None => None,
                Some([Test::Fixed(own, value)]) if value.children.is_empty() && path.is_none_or(|path| path == own) => {
                    path = Some(own);
                    Some(value.text.clone()?)
                }
                Some(_) => return None,
            });
        }
        Some(ByValue { path: path?.clone(), values: values.into() })
    }

    /// The first of the slices before `limit` that has this value.
    pub fn find(&self, value: &str, limit: usize) -> Option<usize> {
        self.values.iter().take(limit).position(|v| v.as_deref() == Some(value))
    }
}

/// One slice.
#[derive(Debug)]
pub struct Slice {
    /// What holds for the repeats in it.
    pub element: ElementId,
    /// Its name.
    pub name: Text,
    /// What makes a repeat belong to it, all together; `None` where that cannot be told.
    pub tests: Option<Box<[Test]>>,
}

/// A discriminator of one slice.
#[derive(Debug)]
pub enum Test {
    /// The value at the path equals this one.
    Fixed(Box<[Step]>, Arc<Value>),
    /// The value at the path contains this one.
    Pattern(Box<[Step]>, Arc<Value>),
    /// The code at the path is in this value set.
    ValueSet(Box<[Step]>, Text),
    /// There is something at the path, or there is not.
    Exists(Box<[Step]>, bool),
    /// What is at the path has one of these types.
    Type(Box<[Step]>, Box<[Text]>),
    /// What is at the path meets one of these profiles.
    Profile(Box<[Step]>, Box<[DefinitionId]>),
}

/// One step of a discriminator's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the children with one of these names.
    Child(Box<[Name]>),
    /// To the extension with this url.
    Extension(Text),
    /// To what a reference points at.
    Resolve,
}
