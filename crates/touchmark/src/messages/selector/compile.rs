//! What `jsonpath-rust` has parsed, as steps of a walk with their names looked up.

use std::cmp::Ordering;

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Literal, Segment, Selector as Part, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use regex::Regex;
use touchmark_document::Names;

use super::{Condition, Field, From, Operand, Pick, Step};

pub(super) fn steps(segments: &[Segment], names: &Names) -> Result<Vec<Step>, String> {
    segments.iter().map(|s| step(s, names)).collect()
}

fn step(segment: &Segment, names: &Names) -> Result<Step, String> {
    Ok(match segment {
        Segment::Descendant(inner) => Step { below: true, ..step(inner, names)? },
        Segment::Selector(part) => Step { below: false, picks: vec![pick(part, names)?] },
        Segment::Selectors(parts) => {
            Step { below: false, picks: parts.iter().map(|p| pick(p, names)).collect::<Result<_, _>>()? }
        }
    })
}

fn pick(part: &Part, names: &Names) -> Result<Pick, String> {
    Ok(match part {
        Part::Name(name) => Pick::Name(Field::new(name, names)),
        Part::Wildcard => Pick::Any,
        Part::Index(index) => Pick::Index(*index),
        Part::Slice(start, end, step) => Pick::Slice(*start, *end, step.unwrap_or(1)),
        Part::Filter(filter) => Pick::Filter(condition(filter, names)?),
    })
}

fn condition(filter: &Filter, names: &Names) -> Result<Condition, String> {
    let several = |filters: &[Filter]| filters.iter().map(|f| condition(f, names)).collect::<Result<Vec<_>, _>>();
    let negated = |c: Condition, not: bool| if not { Condition::Not(Box::new(c)) } else { c };
    Ok(match filter {
        Filter::Or(filters) => Condition::Or(several(filters)?),
        Filter::And(filters) => Condition::And(several(filters)?),
        Filter::Atom(FilterAtom::Filter { expr, not }) => negated(condition(expr, names)?, *not),
        Filter::Atom(FilterAtom::Test { expr, not }) => negated(test(expr, names)?, *not),
        Filter::Atom(FilterAtom::Comparison(comparison)) => compare(comparison, names)?,
    })
}

fn test(test: &Test, names: &Names) -> Result<Condition, String> {
    match test {
        Test::RelQuery(segments) => Ok(Condition::Exists(From::Here, steps(segments, names)?)),
        Test::AbsQuery(query) => Ok(Condition::Exists(From::Root, steps(&query.segments, names)?)),
        Test::Function(function) => match &**function {
            TestFunction::Match(a, b) => matches(a, b, true, names),
            TestFunction::Search(a, b) => matches(a, b, false, names),
            other => Err(format!("the function {other} gives no truth value here")),
        },
    }
}

fn matches(a: &FnArg, b: &FnArg, whole: bool, names: &Names) -> Result<Condition, String> {
    let FnArg::Literal(Literal::String(pattern)) = b else {
        return Err("a pattern must be a literal".into());
    };
    let pattern = pattern.trim_matches(['"', '\'']);
    let pattern = if whole { format!("^(?:{pattern})$") } else { pattern.to_owned() };
    let regex = Regex::new(&pattern).map_err(|e| e.to_string())?;
    Ok(Condition::Matches(argument(a, names)?, regex))
}

fn compare(comparison: &Comparison, names: &Names) -> Result<Condition, String> {
    let (left, right) = comparison.vals();
    let (a, b) = (operand(left, names)?, operand(right, names)?);
    Ok(match comparison {
        Comparison::Eq(..) => Condition::Equal(a, b, true),
        Comparison::Ne(..) => Condition::Equal(a, b, false),
        Comparison::Gt(..) => Condition::Compare(a, Ordering::is_gt, b),
        Comparison::Gte(..) => Condition::Compare(a, Ordering::is_ge, b),
        Comparison::Lt(..) => Condition::Compare(a, Ordering::is_lt, b),
        Comparison::Lte(..) => Condition::Compare(a, Ordering::is_le, b),
    })
}

fn operand(comparable: &Comparable, names: &Names) -> Result<Operand, String> {
    match comparable {
        Comparable::Literal(literal) => Ok(of_literal(literal)),
        Comparable::Function(function) => function_operand(function, names),
        Comparable::SingularQuery(SingularQuery::Current(parts)) => Ok(singular(From::Here, parts, names)),
        Comparable::SingularQuery(SingularQuery::Root(parts)) => Ok(singular(From::Root, parts, names)),
    }
}

fn singular(from: From, parts: &[SingularQuerySegment], names: &Names) -> Operand {
    let is_type =
        matches!(parts.last(), Some(SingularQuerySegment::Name(n)) if n.trim_matches(['"', '\'']) == "resourceType");
    let parts = if is_type { &parts[..parts.len() - 1] } else { parts };
    let steps = parts
        .iter()
        .map(|part| {
            let pick = match part {
                SingularQuerySegment::Index(index) => Pick::Index(*index),
                SingularQuerySegment::Name(name) => Pick::Name(Field::new(name, names)),
            };
            Step { below: false, picks: vec![pick] }
        })
        .collect();
    if is_type { Operand::ResourceType(from, steps) } else { Operand::Query(from, steps) }
}

fn function_operand(function: &TestFunction, names: &Names) -> Result<Operand, String> {
    match function {
        TestFunction::Length(a) => Ok(Operand::Length(Box::new(argument(a, names)?))),
        TestFunction::Value(a) => argument(a, names),
        TestFunction::Count(a) => match argument(a, names)? {
            Operand::Query(from, steps) => Ok(Operand::Count(from, steps)),
            _ => Err("count() counts what a query finds".into()),
        },
        other => Err(format!("the function {other} gives nothing to compare")),
    }
}

fn argument(argument: &FnArg, names: &Names) -> Result<Operand, String> {
    match argument {
        FnArg::Literal(literal) => Ok(of_literal(literal)),
        FnArg::Test(test) => match &**test {
            Test::RelQuery(segments) => Ok(Operand::Query(From::Here, steps(segments, names)?)),
            Test::AbsQuery(query) => Ok(Operand::Query(From::Root, steps(&query.segments, names)?)),
            Test::Function(function) => function_operand(function, names),
        },
        FnArg::Filter(_) => Err("a condition is no argument".into()),
    }
}

fn of_literal(literal: &Literal) -> Operand {
    match literal {
        #[expect(clippy::cast_precision_loss, reason = "JSON numbers are compared as such: RFC 9535 has no others")]
        Literal::Int(number) => Operand::Number(*number as f64),
        Literal::Float(number) => Operand::Number(*number),
        Literal::String(text) => Operand::Text(text.trim_matches(['"', '\'']).into()),
        Literal::Bool(value) => Operand::Boolean(*value),
        Literal::Null => Operand::Null,
    }
}
