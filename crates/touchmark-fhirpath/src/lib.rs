//! `FHIRPath` over the element tree of `touchmark-document`: an expression is parsed once and evaluated many times.
//!
//! The language is `FHIRPath` N1 (<https://hl7.org/fhirpath/N1/>) with the functions that its later drafts add, read as FHIR
//! STU3 writes it: `"quoted"` names, `descendents()`, `htmlchecks()`, `all()`, `deceased is Boolean`. Where STU3's own test
//! suite records an earlier reading (`{} = {}` true, `1.10 = 1.1` false), the normative text is followed; each such test is
//! listed with its reason in `tests/hl7_exceptions.tsv`.
//!
//! ```
//! use touchmark_document::{Arena, Limits, Names, parse};
//! use touchmark_fhirpath::{Environment, Expression, Scratch, Truth};
//!
//! let names = Names::new();
//! let mut arena = Arena::new();
//! let source = r#"{"resourceType": "Patient", "birthDate": "1974-12-25"}"#;
//! let document = parse(source, &mut arena, &names, Limits::default()).unwrap();
//!
//! let mut expression = Expression::parse("birthDate.exists() and birthDate < @2000").unwrap();
//! expression.bind(&names);
//! let truth = expression.evaluate_boolean(document.root(), &Environment::default(), &mut Scratch::new());
//! assert_eq!(truth, Ok(Truth::True));
//! ```
#![forbid(unsafe_code)]

mod arithmetic;
mod ast;
mod decimal;
mod environment;
mod equality;
mod error;
mod evaluate;
mod function;
mod functions;
#[doc(hidden)]
pub mod fuzz;
mod item;
mod lexer;
mod model;
mod moment;
mod moment_arithmetic;
mod nodes;
mod parser;
mod patterns;
mod quantity;
mod scalar;
mod stream;
mod units;

use touchmark_document::{Names, NodeRef};

pub use decimal::Decimal;
pub use environment::{
    Checks, Coded, Environment, Functions, Resolver, Terminology, Tracer, WithinDocument, resource_of,
};
pub use error::{EvaluationError, EvaluationErrorKind, ParseError};
pub use evaluate::Scratch;
pub use item::{Collection, IntoItems, Item, Truth, TypeInfo};
pub use model::{Model, WithoutDefinitions, is_subtype};
pub use moment::{Moment, MomentKind, Precision};
pub use moment_arithmetic::CalendarUnit;
pub use quantity::{Quantity, Unit};

use evaluate::{Evaluated, Evaluator, Scope};
use nodes::{is_known_type, truth_of_item};

/// A parsed expression. It is immutable once bound and shared between threads.
#[derive(Clone, Debug)]
pub struct Expression {
    root: ast::Part,
}

impl Expression {
    /// Reads an expression.
    ///
    /// Fails with the place and the reason when the text is not `FHIRPath`, calls a function that does not exist or with a
    /// number of arguments that it does not take, has a literal pattern that is no regular expression, or is nested more
    /// than 120 deep.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        Expression::parse_with(text, &[])
    }

    /// Reads an expression that may also call the functions named here, each with the number of arguments that it takes;
    /// [`Environment::functions`] answers them. A function of the language cannot be replaced.
    pub fn parse_with(
        text: &str,
        functions: &[(&str, std::ops::RangeInclusive<usize>)],
    ) -> Result<Expression, ParseError> {
        parser::parse(text, functions).map(|root| Expression { root })
    }

    /// Looks up all names of the expression in the table, so that evaluation compares numbers. It must be the table that
    /// the documents are parsed with, and hold `value[x]` where `value` is a choice of types. An expression that is not bound
    /// works on any document, comparing texts.
    pub fn bind(&mut self, names: &Names) {
        self.root.bind(names);
    }

    /// Makes literals of those `%name` variables that are always the same text, so that no environment need hold them.
    pub fn bind_texts(&mut self, text_of: &dyn Fn(&str) -> Option<Box<str>>) {
        self.root.bind_texts(text_of);
    }

    /// A type that the expression asks for and that nobody has: to evaluate it there is an error.
    pub fn unknown_type(&self, model: &dyn Model) -> Option<&str> {
        let mut unknown = None;
        self.root.each_type(&mut |name| {
            if unknown.is_none() && !is_known_type(name, model) {
                unknown = Some(&*name.name);
            }
        });
        unknown
    }

    /// Evaluates the expression on a node.
    ///
    /// Fails when the data has several items where one is wanted or values of a type that an operator does not take, for
    /// unknown variables, and when the budget of steps is used up.
    pub fn evaluate<'a>(
        &'a self,
        context: NodeRef<'a>,
        environment: &Environment<'a>,
        scratch: &mut Scratch,
    ) -> Result<Collection<'a>, EvaluationError> {
        let this = Collection::One(Item::Node(context));
        let scope = Scope { this: &this, index: 0, total: None };
        evaluator(context, environment, scratch).operand(&self.root, scope).map_err(|trouble| *trouble)
    }

    /// Evaluates the expression as an invariant of a node.
    ///
    /// `{}` is [`Truth::Unknown`]; a boolean is its value; any other single item is true. Several items are true as well, as
    /// the reference implementation has it at the top of an invariant (within an expression they are an error): STU3's `ele-1`,
    /// `hasValue() | (children().count() > id.count())`, is a union, `{false, true}` for an element with children.
    pub fn evaluate_boolean<'a>(
        &'a self,
        context: NodeRef<'a>,
        environment: &Environment<'a>,
        scratch: &mut Scratch,
    ) -> Result<Truth, EvaluationError> {
        self.truth(context, environment, scratch).map_err(|trouble| *trouble)
    }

    fn truth<'a>(
        &'a self,
        context: NodeRef<'a>,
        environment: &Environment<'a>,
        scratch: &mut Scratch,
    ) -> Evaluated<Truth> {
        let this = Collection::One(Item::Node(context));
        let scope = Scope { this: &this, index: 0, total: None };
        let mut evaluator = evaluator(context, environment, scratch);
        if self.root.is_logic() {
            return evaluator.truth(&self.root, scope);
        }
        if let Some(truth) = evaluator.truth_of_union(&self.root, scope)? {
            return Ok(truth);
        }
        let collection = evaluator.operand(&self.root, scope)?;
        Ok(match collection.as_slice() {
            [] => Truth::Unknown,
            [item] => truth_of_item(item, environment),
            _ => Truth::True,
        })
    }
}

fn evaluator<'a, 's>(
    context: NodeRef<'a>,
    environment: &'s Environment<'a>,
    scratch: &'s mut Scratch,
) -> Evaluator<'a, 's> {
    Evaluator { environment, context, scratch, steps: environment.steps, variables: Vec::new() }
}
