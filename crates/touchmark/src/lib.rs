//! Checks FHIR STU3 messages against profiles.
//!
//! Definitions become a [`RuleGraph`], once; a [`Checker`] for each thread walks documents over it and returns a [`Report`].
#![forbid(unsafe_code)]

mod budget;
mod check;
mod compile;
pub mod definition;
pub mod graph;
pub mod image;
pub mod import;
mod issue;
pub mod library;
mod links;
pub mod messages;
mod place;
mod rule;
pub mod rules;
mod snapshot;
mod walk;

pub use budget::Budget;
pub use check::{Checker, Finding, Options, Report};
pub use graph::RuleGraph;
pub use issue::{Detail, Issue};
pub use library::{Library, Package};
pub use rule::{Rule, Severity};
pub use touchmark_fhirpath::Moment;
pub use messages::{Judgement, Judging, RuleFileError, RuleOfFile};
pub use snapshot::{Defect, DefectKind, DefinitionId};
pub use touchmark_document as document;
