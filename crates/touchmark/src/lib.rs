//! Checks FHIR STU3 messages against profiles.
//!
//! Definitions become a [`RuleGraph`], once; a [`Checker`] for each thread walks documents over it and returns a [`Report`],
//! which writes itself as an OperationOutcome. Nothing here opens a file, reads a clock or starts a thread.
//!
//! ```
//! use touchmark::{Checker, Library, Options, RuleGraph, Severity, definition, document};
//!
//! // Definitions come from an image of packs (Library::add_image), or one by one from wherever the caller keeps them.
//! let mut library = Library::new();
//! library.add_package("example", "1.0.0");
//! for text in [
//!     r#"{"resourceType": "StructureDefinition", "url": "http://hl7.org/fhir/StructureDefinition/string", "name": "string",
//!         "status": "active", "kind": "primitive-type", "abstract": false, "type": "string",
//!         "differential": {"element": [{"id": "string", "path": "string"}]}}"#,
//!     r#"{"resourceType": "StructureDefinition", "url": "http://hl7.org/fhir/StructureDefinition/Basic", "name": "Basic",
//!         "status": "active", "kind": "resource", "abstract": false, "type": "Basic",
//!         "differential": {"element": [
//!             {"id": "Basic", "path": "Basic"},
//!             {"id": "Basic.author", "path": "Basic.author", "min": 1, "max": "1", "type": [{"code": "string"}]}]}}"#,
//! ] {
//!     let mut arena = document::Arena::new();
//!     let names = document::Names::new();
//!     let parsed = document::parse(text, &mut arena, &names, document::Limits::default()).unwrap();
//!     library.add_definition(definition::read(&parsed).unwrap());
//! }
//! let graph = RuleGraph::new(library);
//!
//! let mut checker = Checker::new(&graph);
//! let report = checker.check(br#"{"resourceType": "Basic", "autor": "me"}"#, &Options::default());
//!
//! assert_eq!(report.worst(), Some(Severity::Error));
//! let said: Vec<(&str, &str)> = report.findings().map(|f| (f.rule.code, f.text)).collect();
//! assert_eq!(
//!     said,
//!     [
//!         ("cardinality-minimum", "author is missing"),
//!         ("syntax-unknown-element", "autor is not an element of Basic"),
//!     ]
//! );
//! let mut outcome = Vec::new();
//! report.write_json(&mut outcome);
//! assert!(outcome.starts_with(br#"{"resourceType":"OperationOutcome","issue":["#));
//! ```
#![forbid(unsafe_code)]

pub mod acknowledge;
mod answers;
mod budget;
mod check;
mod compile;
pub mod differences;
pub mod edition;
#[doc(hidden)]
pub mod fuzz;
pub mod graph;
pub mod import;
pub mod invariant_words;
mod issue;
pub mod library;
mod links;
pub mod lint;
pub mod messages;
pub mod outcome;
pub mod outside;
pub mod package;
mod place;
pub mod report;
mod rule;
pub mod rules;
mod sentence;
pub mod service;
pub mod snapshot;
mod spelling;
pub mod suppress;
mod terminology;
pub mod uuid;
pub mod vectors;
mod walk;

pub use answers::Answers;
pub use budget::{Budget, Spent};
pub use check::{Checker, Options};
pub use graph::RuleGraph;
pub use issue::{Also, Detail, Issue};
pub use library::{Library, Package};
pub use lint::{Defect, DefectKind};
pub use messages::{Judgement, Judging, RuleFile, RuleFileError};
pub use outside::{Outside, Resolver};
pub use report::{Claim, Counts, Finding, Judge, NamedInvariant, Report};
pub use rule::{Rule, Severity};
pub use rules::advice::Advice;
pub use sentence::Values;
pub use service::{Consultation, Membership, Question, Terminology};
pub use snapshot::DefinitionId;
pub use suppress::{Suppressed, Suppressions};
pub use terminology::snomed::{SnomedBuilder, SnomedFile, SnomedIndex};
pub use touchmark_definition as definition;
pub use touchmark_definition::image;
pub use touchmark_document as document;
pub use touchmark_fhirpath as fhirpath;
