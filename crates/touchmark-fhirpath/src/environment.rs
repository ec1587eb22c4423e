//! What surrounds an expression: the resource, the time, definitions, terminology, and what it may cost.

use std::borrow::Cow;

use touchmark_document::NodeRef;

use crate::item::{Collection, Item};
use crate::model::{Model, WithoutDefinitions};
use crate::moment::Moment;

/// Finds what a reference points to.
pub trait Resolver {
    /// The resource that `reference`, written in (or below) `from`, points to.
    fn resolve<'d>(&self, reference: &str, from: NodeRef<'d>) -> Option<NodeRef<'d>>;
}

/// A code to look up: a Coding or `CodeableConcept`, or the bare text of a code.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Coded<'a> {
    Node(NodeRef<'a>),
    Text(&'a str),
}

/// Answers questions about code systems and value sets. `None`: it cannot be said.
pub trait Terminology {
    /// Whether a code is in a value set.
    fn member_of(&self, coded: Coded<'_>, value_set: &str) -> Option<bool>;

    /// Whether one code subsumes another.
    fn subsumes(&self, general: Coded<'_>, special: Coded<'_>) -> Option<bool> {
        let _ = (general, special);
        None
    }
}

/// Checks that go beyond the language. `None`: it cannot be said.
pub trait Checks {
    /// Whether a node conforms to a profile.
    fn conforms_to(&self, node: NodeRef<'_>, profile: &str) -> Option<bool>;

    /// Whether the markup of a narrative is as FHIR allows.
    fn html_checks(&self, node: NodeRef<'_>) -> bool {
        let _ = node;
        true
    }
}

/// Functions beyond the language, which whoever evaluates brings along; see [`Expression::parse_with`](crate::Expression::parse_with).
pub trait Functions {
    /// Calls a function on its whole input. `None` where it has no answer, which is `{}`.
    fn call<'d>(&'d self, name: &str, input: &Collection<'d>, arguments: &[Collection<'d>]) -> Option<Collection<'d>>;
}

/// What receives the items of `trace()`.
pub type Tracer<'a> = &'a dyn Fn(&str, &[Item<'_>]);

/// Everything an expression is evaluated in.
#[derive(Clone)]
pub struct Environment<'a> {
    /// `%resource`. When it is `None`, see [`resource_of`].
    pub resource: Option<NodeRef<'a>>,
    /// `%rootResource`. When it is `None`, the same as `%resource` unless that is contained, and then what contains it.
    pub root_resource: Option<NodeRef<'a>>,
    /// `%context`. When it is `None`, the node that the expression is evaluated on.
    pub context: Option<NodeRef<'a>>,
    /// The time that `now()`, `today()` and `timeOfDay()` give: a `DateTime` with its offset. Without it they are an error.
    pub now: Option<Moment>,
    /// The types of nodes.
    pub model: &'a dyn Model,
    /// Finds what `resolve()` is asked for.
    pub resolver: &'a dyn Resolver,
    /// Answers `memberOf()`, `subsumes()` and `subsumedBy()`; without it they are `{}`.
    pub terminology: Option<&'a dyn Terminology>,
    /// Answers `conformsTo()` (`{}` without it) and `htmlChecks()` (true without it).
    pub checks: Option<&'a dyn Checks>,
    /// Answers the functions that the expression was told of when it was parsed.
    pub functions: Option<&'a dyn Functions>,
    /// Receives what `trace()` is given.
    pub tracer: Option<Tracer<'a>>,
    /// Further `%name` variables.
    pub variables: Vec<(Cow<'a, str>, Collection<'a>)>,
    /// How many steps an evaluation may take: a step is a part evaluated or a node looked at. Default 50 million, which is
    /// about half a second.
    pub steps: u64,
}

impl Default for Environment<'_> {
    fn default() -> Self {
        Environment {
            resource: None,
            root_resource: None,
            context: None,
            now: None,
            model: &WithoutDefinitions,
            resolver: &WithinDocument,
            terminology: None,
            checks: None,
            functions: None,
            tracer: None,
            variables: Vec::new(),
            steps: 50_000_000,
        }
    }
}

impl std::fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("resource", &self.resource)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// What `%resource` means for a node: the innermost resource around it, and when that is contained, the resource that
/// contains it (but never the Bundle or the Parameters around that).
///
/// STU3 says so (<https://hl7.org/fhir/STU3/fhirpath.html#variables>), and `ref-1` needs it: a reference `#a` in a contained
/// resource points to a sibling, which only the container lists. R4 and later have `%rootResource` for that and let
/// `%resource` be the contained resource; for them set [`Environment::resource`].
pub fn resource_of(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut resource = node.innermost_resource();
    while resource.name_text() == "contained" {
        match resource.parent() {
            Some(parent) => resource = parent.innermost_resource(),
            None => break,
        }
    }
    resource
}

/// A [`Resolver`] that looks in the document alone: `#id` among the contained resources, else the entry of the Bundle with
/// that `fullUrl`, or with that type and id at the end of it.
///
/// It searches from the front each time; a walk over a large Bundle has an index and brings its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithinDocument;

impl Resolver for WithinDocument {
    fn resolve<'d>(&self, reference: &str, from: NodeRef<'d>) -> Option<NodeRef<'d>> {
        let container = resource_of(from);
        if let Some(id) = reference.strip_prefix('#') {
            if id.is_empty() {
                return Some(container);
            }
            return container.all("contained").find(|contained| contained.child_value("id") == Some(id));
        }
        let mut at = container;
        while let Some(parent) = at.parent() {
            at = parent.innermost_resource();
            if at.resource_text() != "Bundle" {
                continue;
            }
            // A version-specific reference finds the entry, whatever version it holds.
            let unversioned = reference.split_once("/_history/").map_or(reference, |parts| parts.0);
            let found = at.all("entry").find(|entry| {
                entry.child_value("fullUrl").is_some_and(|url| {
                    url == unversioned || url.strip_suffix(unversioned).is_some_and(|base| base.ends_with('/'))
                })
            });
            if let Some(entry) = found {
                return entry.child("resource");
            }
        }
        None
    }
}
