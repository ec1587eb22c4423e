//! Conversions between the types of `FHIRPath` (<https://hl7.org/fhirpath/N1/#conversion>).

use crate::ast::{Call, Part};
use crate::decimal::Decimal;
use crate::evaluate::{Evaluated, Evaluator, Scope, single};
use crate::function::Function as F;
use crate::item::{Collection, Item};
use crate::moment::{Moment, MomentKind};
use crate::moment_arithmetic::CalendarUnit;
use crate::quantity::{Quantity, Unit};
use crate::scalar::{Scalar, scalar};

use super::moments::parse_formatted;

impl<'a> Evaluator<'a, '_> {
    pub(super) fn conversion(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let argument = self.text_argument(part, call, 0, scope)?;
        let Some(item) = single(part, input)? else { return Ok(Collection::Empty) };
        if !call.arguments.is_empty() && argument.is_none() {
            return Ok(Collection::Empty);
        }
        let value = scalar(item, self.environment.model);
        let (result, question) = match call.function {
            F::ToBoolean => (to_boolean(&value), false),
            F::ConvertsToBoolean => (to_boolean(&value), true),
            F::ToInteger => (to_integer(&value), false),
            F::ConvertsToInteger => (to_integer(&value), true),
            F::ToLong => (to_whole(&value).map(Item::Long), false),
            F::ConvertsToLong => (to_whole(&value).map(Item::Long), true),
            F::ToDecimal => (to_decimal(&value), false),
            F::ConvertsToDecimal => (to_decimal(&value), true),
            F::ToDate => (to_date(&value, argument.as_deref()), false),
            F::ConvertsToDate => (to_date(&value, argument.as_deref()), true),
            F::ToDateTime => (to_date_time(&value, argument.as_deref()), false),
            F::ConvertsToDateTime => (to_date_time(&value, argument.as_deref()), true),
            F::ToTime => (to_time(&value), false),
            F::ConvertsToTime => (to_time(&value), true),
            F::ToString => (to_string(item, &value), false),
            F::ConvertsToString => (to_string(item, &value), true),
            F::ToQuantity => (to_quantity(&value, argument.as_deref()), false),
            _ => (to_quantity(&value, argument.as_deref()), true),
        };
        Ok(if question { Collection::boolean(result.is_some()) } else { Collection::option(result) })
    }
}

fn to_boolean(value: &Scalar<'_>) -> Option<Item<'static>> {
    let truth = match value {
        Scalar::Boolean(value) => *value,
        Scalar::Integer(1) | Scalar::Long(1) => true,
        Scalar::Integer(0) | Scalar::Long(0) => false,
        Scalar::Decimal(number) if *number == Decimal::ONE => true,
        Scalar::Decimal(number) if number.is_zero() => false,
        Scalar::String(text) | Scalar::Untyped(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => true,
            "false" | "f" | "no" | "n" | "0" | "0.0" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Item::Boolean(truth))
}

fn to_integer(value: &Scalar<'_>) -> Option<Item<'static>> {
    to_whole(value).filter(|number| i32::try_from(*number).is_ok()).map(Item::Integer)
}

fn to_whole(value: &Scalar<'_>) -> Option<i64> {
    match value {
        Scalar::Integer(value) | Scalar::Long(value) => Some(*value),
        Scalar::Boolean(value) => Some(i64::from(*value)),
        Scalar::String(text) | Scalar::Untyped(text) => text.parse().ok(),
        _ => None,
    }
}

fn to_decimal(value: &Scalar<'_>) -> Option<Item<'static>> {
    let number = match value {
        Scalar::Integer(value) | Scalar::Long(value) => Decimal::from(*value),
        Scalar::Decimal(value) => *value,
        Scalar::Boolean(value) => Decimal::new(if *value { 10 } else { 0 }, 1)?,
        Scalar::String(text) | Scalar::Untyped(text) if !text.contains(['e', 'E']) => Decimal::parse(text)?,
        _ => return None,
    };
    Some(Item::Decimal(number))
}

fn to_date(value: &Scalar<'_>, format: Option<&str>) -> Option<Item<'static>> {
    let date = match value {
        Scalar::Moment(moment) if moment.kind() != MomentKind::Time => moment.date(),
        Scalar::String(text) | Scalar::Untyped(text) => match format {
            Some(format) => parse_formatted(text, format)?.date(),
            None => Moment::parse_date(text).or_else(|| Moment::parse_date_time(text))?.date(),
        },
        _ => return None,
    };
    Some(Item::Moment(date))
}

fn to_date_time(value: &Scalar<'_>, format: Option<&str>) -> Option<Item<'static>> {
    let moment = match value {
        Scalar::Moment(moment) if moment.kind() != MomentKind::Time => moment.as_date_time(),
        Scalar::String(text) | Scalar::Untyped(text) => match format {
            Some(format) => parse_formatted(text, format)?.as_date_time(),
            None => Moment::parse_date_time(text)?,
        },
        _ => return None,
    };
    Some(Item::Moment(moment))
}

fn to_time(value: &Scalar<'_>) -> Option<Item<'static>> {
    let time = match value {
        Scalar::Moment(moment) if moment.kind() == MomentKind::Time => *moment,
        Scalar::String(text) | Scalar::Untyped(text) => Moment::parse_time(text.strip_prefix('T').unwrap_or(text))?,
        _ => return None,
    };
    Some(Item::Moment(time))
}

fn to_string<'a>(item: &Item<'a>, value: &Scalar<'_>) -> Option<Item<'a>> {
    match item {
        Item::String(_) => Some(item.clone()),
        // A node's text as it was written.
        Item::Node(node) if node.value().is_some() => Some(Item::String(node.value()?.into())),
        Item::Node(_) => match value {
            Scalar::Quantity(quantity) => Some(Item::String(quantity.to_string().into())),
            _ => None,
        },
        Item::Type(_) => None,
        _ => Some(Item::String(item.to_string().into())),
    }
}

fn to_quantity(value: &Scalar<'_>, unit: Option<&str>) -> Option<Item<'static>> {
    let quantity = match value {
        Scalar::Quantity(quantity) => quantity.clone(),
        Scalar::Integer(value) | Scalar::Long(value) => Quantity::of_number(Decimal::from(*value)),
        Scalar::Decimal(value) => Quantity::of_number(*value),
        Scalar::Boolean(value) => Quantity::of_number(Decimal::new(if *value { 10 } else { 0 }, 1)?),
        Scalar::String(text) | Scalar::Untyped(text) => Quantity::parse(text)?,
        _ => return None,
    };
    let quantity = match unit {
        Some(unit) => quantity
            .in_unit(&CalendarUnit::from_keyword(unit).map_or_else(|| Unit::Code(unit.into()), Unit::Calendar))?,
        None => quantity,
    };
    Some(Item::Quantity(Box::new(quantity)))
}
