//! What can go wrong: an expression that cannot be read, and one that cannot be evaluated.

use std::fmt;

/// An expression that is not `FHIRPath`, or that calls a function this library does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where in the expression, in bytes.
    pub offset: usize,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {})", self.reason, self.offset)
    }
}

impl std::error::Error for ParseError {}

/// An expression that could not be evaluated over this data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    /// The part of the expression that failed, as an offset in bytes.
    pub offset: usize,
    /// What kind of failure.
    pub kind: EvaluationErrorKind,
    /// Why, in words.
    pub reason: String,
}

/// The kinds of [`EvaluationError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationErrorKind {
    /// Several items where the language wants one at most.
    NotSingle,
    /// An operand or argument of a type that the operator or function does not take.
    Type,
    /// An environment variable that nobody has defined.
    UnknownVariable,
    /// Something outside of the expression (terminology, profiles) that is not at hand.
    NotSupported,
    /// The budget of steps is used up: the expression is too much work for this data.
    Budget,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {})", self.reason, self.offset)
    }
}

impl std::error::Error for EvaluationError {}
