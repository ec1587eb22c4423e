//! The rule kinds, one file each: what it checks, its codes and their pages.

pub(crate) mod binding;
pub(crate) mod bundle;
pub(crate) mod cardinality;
pub(crate) mod contained;
pub(crate) mod extension;
pub(crate) mod identifier;
pub(crate) mod invariant;
pub(crate) mod narrative;
pub mod primitive;
pub(crate) mod profile;
pub(crate) mod questionnaire;
pub(crate) mod reference;
pub(crate) mod slicing;
pub(crate) mod syntax;
pub(crate) mod types;
pub(crate) mod value;

use crate::rule::Rule;

/// All rules, in the order of their kinds.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        syntax::RULES,
        cardinality::RULES,
        types::RULES,
        value::RULES,
        identifier::RULES,
        slicing::RULES,
        extension::RULES,
        reference::RULES,
        bundle::RULES,
        contained::RULES,
        profile::RULES,
        binding::RULES,
        binding::coding::RULES,
        crate::messages::RULES,
        invariant::RULES,
        narrative::RULES,
        questionnaire::RULES,
        crate::report::RULES,
        crate::lint::RULES,
        crate::messages::DEFECTS,
        crate::outcome::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|r| r.code == code)
}

/// The rule that a broken invariant breaks, unless a rule of its own says so.
pub fn of_invariants() -> &'static Rule {
    &invariant::FAILED
}
