//! A rule set as it was compiled: what messages are judged by.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use touchmark_fhirpath::{Expression, ParseError};

use super::defect::RuleFileError;
use super::file::{Level, Policy};
use super::functions::{FUNCTIONS, Tables};
use super::pattern::Pattern;
use super::selector::Selector;
use super::sentence::Sentence;
use crate::rule::Rule as EngineRule;

/// A compiled rule set.
#[derive(Debug, Default)]
pub(crate) struct RuleSet {
    pub url: Arc<str>,
    pub version: Arc<str>,
    pub title: Arc<str>,
    pub recognise: Option<Expression>,
    pub constants: Constants,
    /// The rule that an unreadable document breaks, and what must stand in it.
    pub unreadable: Option<(u32, Vec<String>)>,
    pub places: Vec<(Box<str>, Expression)>,
    pub dimensions: Vec<Dimension>,
    /// The values of dimensions that something is limited to; a message is compared with them once.
    pub values: Vec<Box<str>>,
    /// The limits by the number of a [`Fitting`]: many parts have the same, and a message is compared with each once.
    pub limits: Vec<Vec<Limit>>,
    pub policies: Vec<Policy>,
    pub tables: Tables,
    pub conform: Vec<Conform>,
    /// What links and checks look at.
    pub selections: Vec<Selection>,
    pub links: Vec<Link>,
    pub rules: Vec<Rule>,
    /// The numbers of the rules in the order of their ids.
    pub by_id: Vec<u32>,
    /// All claims, in the order of the files.
    pub claims: Vec<Claim>,
    /// The numbers of the claims that take findings of a rule of the engine, by its code.
    pub claims_of: HashMap<&'static str, Vec<u32>, FixedState>,
    pub undecided: Vec<Undecided>,
    pub mutations: Vec<crate::vectors::Mutation>,
    pub acknowledgement: Option<serde_json::Value>,
    /// What could not be compiled, and was left out.
    pub errors: Vec<RuleFileError>,
}

/// Texts that conditions write as `%name`. They are made part of the conditions when these are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants(HashMap<Box<str>, Box<str>, FixedState>);

impl Constants {
    /// Adds a constant; the first of its name stays.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.entry(name.into()).or_insert_with(|| text.into());
    }

    /// An expression with the constants in it.
    ///
    /// # Errors
    /// Where and why the text is none.
    pub fn read(&self, text: &str) -> Result<Expression, ParseError> {
        let mut expression = Expression::parse_with(text, FUNCTIONS)?;
        expression.bind_texts(&|name| self.0.get(name).cloned());
        Ok(expression)
    }
}

/// A rule that cannot be decided, and whether a report says so.
#[derive(Debug)]
pub(crate) struct Undecided {
    pub id: Box<str>,
    pub reason: Box<str>,
    pub when: Fitting,
    pub condition: Option<Expression>,
    pub said: bool,
}

#[derive(Debug)]
pub(crate) struct Dimension {
    pub name: Arc<str>,
    /// What a report calls it.
    pub title: Arc<str>,
    pub hidden: bool,
    pub values: Vec<(Sentence, Option<Expression>, Arc<str>)>,
}

#[derive(Debug)]
pub(crate) struct Conform {
    pub place: u32,
    pub profile: Box<str>,
    pub when: Fitting,
    pub condition: Option<Expression>,
}

/// The nodes that a selector finds from each node of a place, or the place itself. Many rules look at the same, which is
/// found once a message.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The place; `None` for the message.
    pub on: Option<u32>,
    pub select: Option<Selector>,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// The number of the selection.
    pub nodes: u32,
    pub types: Vec<Box<str>>,
    pub when: Fitting,
    pub unresolved: Option<Ruled>,
    pub elsewhere: Option<Ruled>,
    pub wrong_type: Option<Ruled>,
    pub form: Option<Ruled>,
}

/// A rule with the severity and the sentence that a link or a claim gives it.
#[derive(Debug)]
pub(crate) struct Ruled {
    pub rule: u32,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub title: Box<str>,
    pub severity: Level,
    pub authority: Box<str>,
    pub broken_officially: bool,
    pub when: Fitting,
    pub cases: Vec<(Fitting, Level)>,
    pub unless: Vec<Box<str>>,
    pub text: Option<Sentence>,
    pub mend: Box<str>,
    pub checks: Vec<Check>,
}

#[derive(Debug)]
pub(crate) struct Claim {
    /// `None` for a severity without a rule.
    pub rule: Option<u32>,
    /// The engine's rules whose findings it takes.
    pub of: Vec<&'static EngineRule>,
    pub profiles: Vec<String>,
    pub elements: Vec<Pattern>,
    pub keys: Vec<String>,
    pub places: Vec<u32>,
    pub condition: Option<Expression>,
    pub when: Fitting,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
}

#[derive(Debug)]
pub(crate) struct Check {
    /// The number of the selection.
    pub nodes: u32,
    pub condition: Option<Expression>,
    pub must: Expression,
    pub at: Option<Expression>,
    pub when: Fitting,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
    pub unless: Vec<Box<str>>,
    pub once: bool,
    /// The JSON pointer, for an error that only an evaluation shows.
    pub pointer: Box<str>,
}

/// What a dimension must be: one of these values, and none of those, by their numbers in [`RuleSet::values`].
#[derive(Debug, PartialEq)]
pub(crate) struct Limit {
    pub dimension: u32,
    pub any: Vec<u32>,
    pub none: Vec<u32>,
}

/// To which messages something is limited: the number of its limits in [`RuleSet::limits`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitting(pub u32);
