//! What lies outside the document, as the caller knows it. The library itself asks nobody.

use std::fmt;

/// Knows resources that a document refers to and does not hold.
pub trait Resolver: Sync {
    /// What is known of the resource behind a reference: an absolute url, or a relative one of type and id.
    fn resolve(&self, reference: &str) -> Outside;
}

/// What a [`Resolver`] knows of a reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outside {
    /// Nothing.
    Unknown,
    /// There is no such resource.
    Absent,
    /// There is one, of this type.
    Resource(String),
}

impl fmt::Debug for dyn Resolver + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}
