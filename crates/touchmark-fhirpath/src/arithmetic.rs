//! The operators of arithmetic and concatenation. An overflow is `{}`.

use std::fmt::Write as _;

use crate::ast::{Operator, Part};
use crate::decimal::Decimal;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, failure, single};
use crate::item::{Collection, Item};
use crate::model::Model;
use crate::moment::{Moment, MomentKind};
use crate::moment_arithmetic::CalendarUnit;
use crate::quantity::Quantity;
use crate::scalar::{Scalar, alike, any_moment, scalar};

/// `+`, `-`, `*`, `/`, `div`, `mod` and `&`.
pub(crate) fn binary<'a>(
    part: &Part,
    operator: Operator,
    left: &Collection<'a>,
    right: &Collection<'a>,
    model: &dyn Model,
) -> Evaluated<Collection<'a>> {
    if operator == Operator::Concatenate {
        return concatenate(part, left, right);
    }
    let (Some(left), Some(right)) = (single(part, left)?, single(part, right)?) else { return Ok(Collection::Empty) };
    let (a, b) = (scalar(left, model), scalar(right, model));
    let a = match a {
        // A text of unknown type beside a duration can only be a date or time.
        Scalar::Untyped(text) if matches!(&b, Scalar::Quantity(duration) if duration.unit.date_arithmetic().is_some()) => {
            any_moment(text).map_or(a, Scalar::Moment)
        }
        a => a,
    };
    if let (Scalar::Moment(moment), Scalar::Quantity(quantity)) = (&a, &b) {
        return shifted(part, operator, moment, quantity);
    }
    let (a, b) = match alike(a, b) {
        // Two texts of unknown type: numbers when both can be read so, else words.
        (Scalar::Untyped(a), Scalar::Untyped(b)) => match (Decimal::parse(a), Decimal::parse(b)) {
            (Some(a), Some(b)) => (number(a), number(b)),
            _ => (Scalar::String(a), Scalar::String(b)),
        },
        pair => pair,
    };
    match (a, b) {
        (Scalar::Integer(a), Scalar::Integer(b)) => Ok(Collection::option(integers(operator, a, b))),
        (Scalar::Long(a), Scalar::Long(b)) => Ok(Collection::option(match operator {
            Operator::Divide => decimals(operator, Decimal::from(a), Decimal::from(b)),
            _ => whole(operator, a, b).map(Item::Long),
        })),
        (Scalar::Quantity(a), Scalar::Quantity(b)) => {
            let result = match operator {
                Operator::Add => a.plus(&b),
                Operator::Subtract => b.value.negated().and_then(|value| a.plus(&Quantity { value, unit: b.unit })),
                Operator::Multiply => a.times(&b),
                Operator::Divide => a.over(&b),
                _ => return failure(part, EvaluationErrorKind::Type, "quantities have no div and no mod"),
            };
            Ok(Collection::option(result.map(|q| Item::Quantity(Box::new(q)))))
        }
        (Scalar::String(a), Scalar::String(b)) if operator == Operator::Add => Ok(Collection::text(format!("{a}{b}"))),
        (a, b) if a.is_number() && b.is_number() => {
            let result = a.number().zip(b.number()).and_then(|(a, b)| decimals(operator, a, b));
            Ok(Collection::option(result))
        }
        _ => failure(part, EvaluationErrorKind::Type, "values that cannot be computed with"),
    }
}

fn number<'x>(value: Decimal) -> Scalar<'x> {
    if value.scale() == 0 {
        value.to_integer().map_or(Scalar::Decimal(value), Scalar::Integer)
    } else {
        Scalar::Decimal(value)
    }
}

fn integers(operator: Operator, a: i64, b: i64) -> Option<Item<'static>> {
    if operator == Operator::Divide {
        return decimals(operator, Decimal::from(a), Decimal::from(b));
    }
    let result = whole(operator, a, b)?;
    // Integers have 32 bits; what leaves them has overflowed, unless a document had begun with more.
    let short = |n: i64| i32::try_from(n).is_ok();
    (short(result) || !short(a) || !short(b)).then_some(Item::Integer(result))
}

/// `None` where the result needs more than 64 bits, or there is none.
fn whole(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::DivideWhole => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => None,
    }
}

fn decimals(operator: Operator, a: Decimal, b: Decimal) -> Option<Item<'static>> {
    let result = match operator {
        Operator::Add => a.plus(b)?,
        Operator::Subtract => a.minus(b)?,
        Operator::Multiply => a.times(b)?,
        Operator::Divide => a.divide(b)?,
        Operator::DivideWhole => return Some(Item::Integer(i64::try_from(a.divide_whole(b)?).ok()?)),
        _ => a.remainder(b)?,
    };
    Some(Item::Decimal(result))
}

/// A date or time with a duration added or taken off.
fn shifted<'a>(part: &Part, operator: Operator, moment: &Moment, quantity: &Quantity) -> Evaluated<Collection<'a>> {
    let amount = match operator {
        Operator::Add => Some(quantity.value),
        Operator::Subtract => quantity.value.negated(),
        _ => return failure(part, EvaluationErrorKind::Type, "dates can only be added to and subtracted from"),
    };
    let Some(unit) = quantity.unit.date_arithmetic() else {
        return failure(part, EvaluationErrorKind::Type, "only durations can be added to dates and times");
    };
    if moment.kind() == MomentKind::Time && unit < CalendarUnit::Hour {
        return failure(
            part,
            EvaluationErrorKind::Type,
            "days, weeks, months and years cannot be added to a time of day",
        );
    }
    Ok(Collection::option(amount.and_then(|amount| moment.plus(amount, unit)).map(Item::Moment)))
}

/// `&`: an empty operand counts as an empty text.
fn concatenate<'a>(part: &Part, left: &Collection<'a>, right: &Collection<'a>) -> Evaluated<Collection<'a>> {
    let mut text = String::new();
    for operand in [left, right] {
        if let Some(item) = single(part, operand)? {
            match item {
                Item::Node(node) if node.value().is_none() => {
                    return failure(part, EvaluationErrorKind::Type, "& joins texts, not elements with children");
                }
                Item::Type(_) => return failure(part, EvaluationErrorKind::Type, "& joins texts, not types"),
                // Numbers and dates as toString() has them: STU3's engines take them, and later ones do.
                item => {
                    let _ = write!(text, "{item}");
                }
            }
        }
    }
    Ok(Collection::text(text))
}

/// Unary `+` and `-`.
pub(crate) fn signed<'a>(
    part: &Part,
    operand: &Collection<'a>,
    negated: bool,
    model: &dyn Model,
) -> Evaluated<Collection<'a>> {
    let Some(item) = single(part, operand)? else { return Ok(Collection::Empty) };
    let value = match scalar(item, model) {
        Scalar::Untyped(text) => Decimal::parse(text).map_or(Scalar::Untyped(text), number),
        value => value,
    };
    let result = match value {
        Scalar::Integer(value) => (if negated { value.checked_neg() } else { Some(value) }).map(Item::Integer),
        Scalar::Long(value) => (if negated { value.checked_neg() } else { Some(value) }).map(Item::Long),
        Scalar::Decimal(value) => (if negated { value.negated() } else { Some(value) }).map(Item::Decimal),
        Scalar::Quantity(quantity) => {
            let value = if negated { quantity.value.negated() } else { Some(quantity.value) };
            value.map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit })))
        }
        _ => return failure(part, EvaluationErrorKind::Type, "only numbers have a sign"),
    };
    Ok(Collection::option(result))
}
