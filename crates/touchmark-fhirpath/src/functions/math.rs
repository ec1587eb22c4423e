//! Functions on numbers and quantities, and the boundaries of what a value's precision leaves open.

use crate::ast::{Call, Part};
use crate::decimal::Decimal;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure, single};
use crate::function::Function as F;
use crate::item::{Collection, Item};
use crate::quantity::Quantity;
use crate::scalar::{Scalar, any_moment, scalar};

/// The most digits after the point that a boundary may be asked for.
const FINEST: i64 = 28;

impl<'a> Evaluator<'a, '_> {
    pub(super) fn math(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        if call.function == F::Comparable {
            return self.comparable(part, call, input, scope);
        }
        let argument = match call.arguments.first() {
            Some(argument) => Some(self.operand(argument, scope)?),
            None => None,
        };
        let Some(item) = single(part, input)? else { return Ok(Collection::Empty) };
        let value = match scalar(item, self.environment.model) {
            Scalar::Untyped(text) => match Decimal::parse(text) {
                Some(number)
                    if number.scale() == 0 && call.function != F::LowBoundary && call.function != F::HighBoundary =>
                {
                    number.to_integer().map_or(Scalar::Decimal(number), Scalar::Integer)
                }
                Some(number) => Scalar::Decimal(number),
                None => any_moment(text).map_or(Scalar::Untyped(text), Scalar::Moment),
            },
            value => value,
        };
        if matches!(call.function, F::LowBoundary | F::HighBoundary | F::Precision) {
            let digits = match &argument {
                Some(argument) => match self.integer(part, argument)? {
                    Some(digits) => Some(digits),
                    None => return Ok(Collection::Empty),
                },
                None => None,
            };
            return boundary(part, call.function, &value, digits);
        }
        let number = match argument {
            Some(argument) => {
                let Some(item) = single(part, &argument)? else { return Ok(Collection::Empty) };
                match scalar(item, self.environment.model).number() {
                    Some(number) => Some(number),
                    None => return failure(part, EvaluationErrorKind::Type, "a number is wanted"),
                }
            }
            None => None,
        };
        let result = match &value {
            Scalar::Quantity(quantity) => of_quantity(part, call.function, quantity, number)?,
            Scalar::Integer(value) if call.function == F::Abs => value.checked_abs().map(Item::Integer),
            Scalar::Long(value) => match call.function {
                F::Abs => value.checked_abs().map(Item::Long),
                F::Ceiling | F::Floor | F::Truncate => Some(Item::Long(*value)),
                function => of_number(part, function, Decimal::from(*value), number)?,
            },
            _ => match value.number() {
                Some(value) => of_number(part, call.function, value, number)?,
                None => return failure(part, EvaluationErrorKind::Type, "a number is wanted"),
            },
        };
        Ok(Collection::option(result))
    }

    fn comparable(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let other = self.operand(&call.arguments[0], scope)?;
        let (Some(left), Some(right)) = (single(part, input)?, single(part, &other)?) else {
            return Ok(Collection::Empty);
        };
        let model = self.environment.model;
        match (scalar(left, model), scalar(right, model)) {
            (Scalar::Quantity(left), Scalar::Quantity(right)) => {
                Ok(Collection::boolean(left.compare(&right).is_some()))
            }
            _ => failure(part, EvaluationErrorKind::Type, "quantities are wanted"),
        }
    }
}

fn places(part: &Part, number: Option<Decimal>) -> Evaluated<u8> {
    match number {
        None => Ok(0),
        Some(number) => match number.to_integer().map(u8::try_from) {
            Some(Ok(places)) => Ok(places),
            _ => failure(part, EvaluationErrorKind::Type, "the number of digits is a whole number from 0 on"),
        },
    }
}

fn of_number(part: &Part, function: F, value: Decimal, argument: Option<Decimal>) -> Evaluated<Option<Item<'static>>> {
    let whole = |value: i128| i64::try_from(value).ok().map(Item::Integer);
    let binary = |value: f64| Decimal::from_f64(value).map(Item::Decimal);
    Ok(match function {
        F::Abs => value.absolute().map(Item::Decimal),
        F::Ceiling => whole(value.ceiling()),
        F::Floor => whole(value.floor()),
        F::Truncate => whole(value.truncated()),
        F::Round => value.rounded(places(part, argument)?).map(Item::Decimal),
        F::Exp => binary(value.to_f64().exp()),
        F::Ln => binary(value.to_f64().ln()),
        F::Sqrt => binary(value.to_f64().sqrt()),
        F::Log => {
            let base = argument.unwrap_or(Decimal::ONE);
            if value.is_negative() || value.is_zero() || base.is_negative() || base.is_zero() {
                return failure(part, EvaluationErrorKind::Type, "logarithms are of numbers above nought");
            }
            binary(logarithm(value.to_f64(), base))
        }
        F::Power => power(value, argument.unwrap_or(Decimal::ONE)).map(Item::Decimal),
        _ => None,
    })
}

/// The logarithms of base 2 and 10 are exact where the number is a power of the base.
fn logarithm(value: f64, base: Decimal) -> f64 {
    match base.to_integer() {
        Some(2) => value.log2(),
        Some(10) => value.log10(),
        _ => value.ln() / base.to_f64().ln(),
    }
}

/// Exact for whole exponents as long as the digits suffice, else as a binary number.
fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    if let Some(times) = exponent.to_integer()
        && times.unsigned_abs() <= 200
    {
        let mut product = Some(Decimal::ONE);
        for _ in 0..times.unsigned_abs() {
            product = product.and_then(|product| product.times(base));
        }
        if let Some(product) = product {
            return if times < 0 { Decimal::ONE.divide_to(product, 20) } else { Some(product) };
        }
    }
    Decimal::from_f64(base.to_f64().powf(exponent.to_f64()))
}

fn of_quantity(
    part: &Part,
    function: F,
    quantity: &Quantity,
    argument: Option<Decimal>,
) -> Evaluated<Option<Item<'static>>> {
    let value = match function {
        F::Abs => quantity.value.absolute(),
        F::Ceiling => Decimal::new(quantity.value.ceiling(), 0),
        F::Floor => Decimal::new(quantity.value.floor(), 0),
        F::Truncate => Decimal::new(quantity.value.truncated(), 0),
        F::Round => quantity.value.rounded(places(part, argument)?),
        _ => return failure(part, EvaluationErrorKind::Type, "a number without a unit is wanted"),
    };
    Ok(value.map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit.clone() }))))
}

fn boundary<'a>(part: &Part, function: F, value: &Scalar<'_>, digits: Option<i64>) -> Evaluated<Collection<'a>> {
    let high = function == F::HighBoundary;
    let of_decimal = |number: Decimal| {
        let digits = digits.unwrap_or(8.max(i64::from(number.scale()) + 1));
        if !(0..=FINEST).contains(&digits) {
            return None;
        }
        // Half of the last digit's worth on either side.
        let half = Decimal::new(if high { 5 } else { -5 }, number.scale().checked_add(1)?)?;
        number.plus(half)?.bounded(u8::try_from(digits).ok()?, high)
    };
    let result = match (function, value) {
        (F::Precision, Scalar::Integer(_) | Scalar::Long(_)) => Some(Item::Integer(0)),
        (F::Precision, Scalar::Decimal(number)) => Some(Item::Integer(number.scale().into())),
        (F::Precision, Scalar::Moment(moment)) => Some(Item::Integer(moment.digits().into())),
        (F::Precision, _) => return failure(part, EvaluationErrorKind::Type, "a number, date or time is wanted"),
        (_, Scalar::Integer(value) | Scalar::Long(value)) => of_decimal(Decimal::from(*value)).map(Item::Decimal),
        (_, Scalar::Decimal(value)) => of_decimal(*value).map(Item::Decimal),
        (_, Scalar::Moment(moment)) => moment.boundary(digits, high).map(Item::Moment),
        (_, Scalar::Quantity(quantity)) => of_decimal(quantity.value)
            .map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit.clone() }))),
        _ => return failure(part, EvaluationErrorKind::Type, "a number, date or time is wanted"),
    };
    Ok(Collection::option(result))
}
