//! What lies outside the document and the loaded definitions, as the caller knows it. The library itself asks nobody.

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

/// Knows code systems and value sets that no loaded definition holds in full: SNOMED CT, dm+d, LOINC.
pub trait Terminology: Sync {
    /// Whether a value set holds a code; `None` where that is not known.
    fn has_code(&self, value_set: &str, system: &str, code: &str) -> Option<bool>;
}

impl fmt::Debug for dyn Terminology + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminology")
    }
}
