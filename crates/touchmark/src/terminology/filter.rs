//! Filters of a value set over the concepts of a loaded code system (<http://hl7.org/fhir/STU3/valueset-filter-operator.html>).

use regex::Regex;

use super::code_system::CodeSystem;
use crate::definition::terminology::{Concept, Filter};

/// Which concepts of a code system are chosen, one bit each.
#[derive(Debug)]
pub(super) struct Chosen(Box<[u64]>);

impl Chosen {
    /// Whether the concept at this place is chosen.
    #[inline]
    pub fn has(&self, at: u32) -> bool {
        self.0[at as usize / 64] >> (at % 64) & 1 == 1
    }
}

/// The concepts that pass all filters.
///
/// # Errors
/// The filter that cannot be applied.
pub(super) fn choose<'f>(system: &CodeSystem, filters: &'f [Filter]) -> Result<Chosen, &'f Filter> {
    let concepts = system.concepts();
    let mut bits = vec![0_u64; concepts.len().div_ceil(64).max(1)];
    let tests = filters.iter().map(|f| Test::new(system, f).ok_or(f)).collect::<Result<Vec<_>, _>>()?;
    for at in 0..concepts.len() as u32 {
        if tests.iter().all(|t| t.passes(concepts, at)) {
            bits[at as usize / 64] |= 1 << (at % 64);
        }
    }
    Ok(Chosen(bits.into()))
}

/// What the codes of a code system without a definition must look like: the filters on the code that are patterns.
///
/// # Errors
/// The filter that cannot be applied.
pub(super) fn patterns(filters: &[Filter]) -> Result<Box<[Regex]>, &Filter> {
    let pattern =
        |f: &Filter| (matches!(&*f.property, "code" | "concept") && &*f.op == "regex").then(|| whole(&f.value));
    filters.iter().map(|f| pattern(f).flatten().ok_or(f)).collect()
}

/// A pattern for a whole value.
fn whole(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build().ok()
}

enum Test<'f> {
    /// At or (when the second says so) only below one of these places.
    Below(Vec<u32>, bool),
    NotBelow(Vec<u32>),
    /// At or above one of these.
    Above(Vec<u32>),
    /// The property matches.
    Matches(&'f str, Regex),
    /// The property has one of the values, or (when the last says so) none of them.
    OneOf(&'f str, Vec<&'f str>, bool),
    /// The property is there, or is not.
    Exists(&'f str, bool),
}

impl<'f> Test<'f> {
    fn new(system: &CodeSystem, filter: &'f Filter) -> Option<Test<'f>> {
        let (property, value) = (&*filter.property, &*filter.value);
        // A concept that the system does not have has nothing below it; that of a system in parts may have.
        let places = || {
            let found: Vec<u32> = value.split(',').filter_map(|code| system.find(code.trim())).collect();
            (!found.is_empty() || system.is_complete()).then_some(found)
        };
        Some(match &*filter.op {
            "is-a" => Test::Below(places()?, false),
            "descendent-of" | "descendant-of" => Test::Below(places()?, true),
            "is-not-a" => Test::NotBelow(places()?),
            "generalizes" => Test::Above(places()?),
            "regex" => Test::Matches(property, whole(value)?),
            "=" => Test::OneOf(property, vec![value], false),
            "in" => Test::OneOf(property, value.split(',').map(str::trim).collect(), false),
            "not-in" => Test::OneOf(property, value.split(',').map(str::trim).collect(), true),
            "exists" => Test::Exists(property, value == "true"),
            _ => return None,
        })
    }

    fn passes(&self, concepts: &[Concept], at: u32) -> bool {
        match self {
            Test::Below(roots, strictly) => {
                !(*strictly && roots.contains(&at)) && line(concepts, at).any(|c| roots.contains(&c))
            }
            Test::NotBelow(roots) => !line(concepts, at).any(|c| roots.contains(&c)),
            Test::Above(leaves) => leaves.iter().any(|leaf| line(concepts, *leaf).any(|c| c == at)),
            Test::Matches(property, regex) => values(concepts, at, property).iter().any(|v| regex.is_match(v)),
            Test::OneOf(property, wanted, not) => {
                values(concepts, at, property).iter().any(|v| wanted.contains(v)) != *not
            }
            Test::Exists(property, wanted) => values(concepts, at, property).is_empty() != *wanted,
        }
    }
}

/// A concept and all that it stands under.
fn line(concepts: &[Concept], at: u32) -> impl Iterator<Item = u32> {
    // Parents come before their children, so that this ends.
    std::iter::successors(Some(at), |at| concepts[*at as usize].parent)
}

/// What a concept says of a property. The code, the display and the hierarchy are properties that all concepts have.
fn values<'c>(concepts: &'c [Concept], at: u32, property: &str) -> Vec<&'c str> {
    let concept = &concepts[at as usize];
    match property {
        "concept" | "code" => vec![&concept.code],
        "display" if !concept.display.is_empty() => vec![&concept.display],
        "parent" => concept.parent.iter().map(|p| &*concepts[*p as usize].code).collect(),
        "child" => concepts.iter().filter(|c| c.parent == Some(at)).map(|c| &*c.code).collect(),
        _ => concept.properties.iter().filter(|(name, _)| **name == *property).map(|(_, value)| &**value).collect(),
    }
}
