//! Constraints over SNOMED CT concepts: filters of value sets, and as much of the Expression Constraint Language as they use.

use super::SnomedIndex;
use crate::definition::terminology::Filter;

/// Which concepts are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Any,
    Concept(u64),
    /// Kinds of a concept, it included or not.
    Below(u64, bool),
    /// What a concept is a kind of, it included or not.
    Above(u64, bool),
    /// Members of a reference set.
    Members(u64),
    All(Vec<Expression>),
    Either(Vec<Expression>),
    Not(Box<Expression>),
}

impl Expression {
    /// What the filters of a value set mean together (<http://hl7.org/fhir/STU3/snomedct.html#filter>).
    ///
    /// # Errors
    /// The filter that is not understood.
    pub fn of_filters(filters: &[Filter]) -> Result<Expression, &Filter> {
        let all = filters.iter().map(|f| Expression::of_filter(f).ok_or(f)).collect::<Result<Vec<_>, _>>()?;
        Ok(if all.is_empty() { Expression::Any } else { Expression::All(all) })
    }

    fn of_filter(filter: &Filter) -> Option<Expression> {
        let concept = || filter.value.split('|').next().and_then(|v| v.trim().parse().ok());
        match (&*filter.property, &*filter.op) {
            ("concept", "is-a") => concept().map(|c| Expression::Below(c, true)),
            ("concept", "descendent-of" | "descendant-of") => concept().map(|c| Expression::Below(c, false)),
            ("concept", "is-not-a") => concept().map(|c| Expression::Not(Box::new(Expression::Below(c, true)))),
            ("concept", "generalizes") => concept().map(|c| Expression::Above(c, true)),
            ("concept", "in") => concept().map(Expression::Members),
            ("concept", "=") => concept().map(Expression::Concept),
            ("constraint" | "expression", "=") => Expression::parse(&filter.value),
            _ => None,
        }
    }

    /// Reads a constraint: `<`, `<<`, `>`, `>>`, `^`, `*`, concepts with or without terms, AND, OR, MINUS, brackets. What it
    /// cannot read, refinements say, is `None`: better not checked than checked wrongly.
    pub fn parse(text: &str) -> Option<Expression> {
        let mut reader = Reader { rest: text, depth: 0 };
        let expression = reader.compound()?;
        reader.skip();
        reader.rest.is_empty().then_some(expression)
    }

    /// Whether a concept is meant; `None` when a reference set is not in the release.
    pub fn holds(&self, index: &SnomedIndex, concept: u32) -> Option<bool> {
        let is = |identifier: u64| index.find(identifier) == Some(concept);
        Some(match self {
            Expression::Any => true,
            Expression::Concept(identifier) => is(*identifier),
            Expression::Below(identifier, itself) => {
                (*itself || !is(*identifier)) && index.find(*identifier).is_some_and(|a| index.is_a(concept, a))
            }
            Expression::Above(identifier, itself) => {
                (*itself || !is(*identifier)) && index.find(*identifier).is_some_and(|c| index.is_a(c, concept))
            }
            Expression::Members(set) => return index.is_member(*set, concept),
            Expression::Not(inner) => return inner.holds(index, concept).map(|h| !h),
            Expression::All(parts) => return together(parts, index, concept, false),
            Expression::Either(parts) => return together(parts, index, concept, true),
        })
    }
}

/// One part that says `decisive` decides; otherwise one that cannot say leaves it open.
fn together(parts: &[Expression], index: &SnomedIndex, concept: u32, decisive: bool) -> Option<bool> {
    let mut open = false;
    for part in parts {
        match part.holds(index, concept) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => open = true,
        }
    }
    (!open).then_some(!decisive)
}

struct Reader<'t> {
    rest: &'t str,
    depth: u32,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip();
        let found = self.rest.get(..token.len()).is_some_and(|t| t.eq_ignore_ascii_case(token));
        if found {
            self.rest = &self.rest[token.len()..];
        }
        found
    }

    fn compound(&mut self) -> Option<Expression> {
        let first = self.part()?;
        if self.take("MINUS") {
            return Some(Expression::All(vec![first, Expression::Not(Box::new(self.part()?))]));
        }
        let either = self.take("OR");
        if !either && !self.take("AND") && !self.take(",") {
            return Some(first);
        }
        let mut parts = vec![first, self.part()?];
        loop {
            // Without brackets the two may not be mixed: nobody knows which binds more.
            match (self.take("OR"), either) {
                (true, true) => parts.push(self.part()?),
                (true, false) => return None,
                (false, true) => return Some(Expression::Either(parts)),
                (false, false) if self.take("AND") || self.take(",") => parts.push(self.part()?),
                (false, false) => return Some(Expression::All(parts)),
            }
        }
    }

    fn part(&mut self) -> Option<Expression> {
        if self.take("(") {
            self.depth += 1;
            let inner = (self.depth < 100).then(|| self.compound()).flatten()?;
            self.depth -= 1;
            return self.take(")").then_some(inner);
        }
        if self.take("*") {
            return Some(Expression::Any);
        }
        let make: fn(u64) -> Expression = if self.take("<<") {
            |c| Expression::Below(c, true)
        } else if self.take("<") {
            |c| Expression::Below(c, false)
        } else if self.take(">>") {
            |c| Expression::Above(c, true)
        } else if self.take(">") {
            |c| Expression::Above(c, false)
        } else if self.take("^") || self.take("memberOf") {
            Expression::Members
        } else {
            Expression::Concept
        };
        self.concept().map(make)
    }

    /// An identifier and, in bars, its term.
    fn concept(&mut self) -> Option<u64> {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (identifier, rest) = self.rest.split_at(end);
        self.rest = rest;
        if self.take("|") {
            self.rest = self.rest.split_once('|')?.1;
        }
        identifier.parse().ok()
    }
}
