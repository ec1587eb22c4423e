//! The value of an item as operators see it: a node's text becomes the value that its FHIR type says.

use std::cmp::Ordering;

use touchmark_document::{Form, NodeRef};

use crate::decimal::Decimal;
use crate::item::Item;
use crate::model::{Model, Primitive, primitive};
use crate::moment::{Moment, MomentKind};
use crate::quantity::{Quantity, Unit};

/// A single value.
#[derive(Clone, Debug)]
pub(crate) enum Scalar<'x> {
    Boolean(bool),
    Integer(i64),
    Long(i64),
    Decimal(Decimal),
    String(&'x str),
    Moment(Moment),
    Quantity(Quantity),
    /// The text of a node whose type is not known; it is read as whatever it is compared with.
    Untyped(&'x str),
    /// A node without a value, or a type.
    Complex,
}

/// The value of an item.
pub(crate) fn scalar<'x>(item: &'x Item<'_>, model: &'x dyn Model) -> Scalar<'x> {
    match item {
        Item::Node(node) => match node.value() {
            Some(text) => of_node(*node, text, model),
            None => quantity_of(*node, model).map_or(Scalar::Complex, Scalar::Quantity),
        },
        Item::Boolean(value) => Scalar::Boolean(*value),
        Item::Integer(value) => Scalar::Integer(*value),
        Item::Long(value) => Scalar::Long(*value),
        Item::Decimal(value) => Scalar::Decimal(*value),
        Item::String(value) => Scalar::String(value),
        Item::Moment(value) => Scalar::Moment(*value),
        Item::Quantity(value) => Scalar::Quantity((**value).clone()),
        Item::Type(_) => Scalar::Complex,
    }
}

fn of_node<'x>(node: NodeRef<'x>, text: &'x str, model: &'x dyn Model) -> Scalar<'x> {
    // A text that is no value of its type stays text: that it is wrong is for others to say.
    let known = match model.type_of(node).and_then(primitive) {
        Some(Primitive::Boolean) => boolean(text).map(Scalar::Boolean),
        Some(Primitive::Integer) => integer(text).map(Scalar::Integer),
        Some(Primitive::Long) => integer(text).map(Scalar::Long),
        Some(Primitive::Decimal) => Decimal::parse(text).map(Scalar::Decimal),
        Some(Primitive::Date) => Moment::parse_date(text).map(Scalar::Moment),
        Some(Primitive::DateTime) => Moment::parse_date_time(text).map(Scalar::Moment),
        Some(Primitive::Time) => Moment::parse_time(text).map(Scalar::Moment),
        Some(Primitive::String) => Some(Scalar::String(text)),
        None => match node.form() {
            Form::Number => integer(text).map(Scalar::Integer).or_else(|| Decimal::parse(text).map(Scalar::Decimal)),
            Form::Boolean => boolean(text).map(Scalar::Boolean),
            _ => None,
        },
    };
    known.unwrap_or(Scalar::Untyped(text))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(crate) fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A FHIR Quantity as `FHIRPath`'s: its code, or its unit where there is no code.
pub(crate) fn quantity_of(node: NodeRef<'_>, model: &dyn Model) -> Option<Quantity> {
    // Most nodes have no value beside their parts, and to ask for the type costs more.
    let value = node.child_value("value")?;
    match model.type_of(node) {
        Some("Quantity") => {}
        Some(other) if model.is_subtype(other, "Quantity") => {}
        Some(_) => return None,
        // Without definitions: a number beside a unit or a code.
        None if node.child("unit").is_none() && node.child("code").is_none() => return None,
        None => {}
    }
    let value = Decimal::parse(value)?;
    let unit = node.child_value("code").or_else(|| node.child_value("unit")).unwrap_or("1");
    Some(Quantity { value, unit: Unit::Code(unit.into()) })
}

/// The text of a value read as a moment of any kind.
pub(crate) fn any_moment(text: &str) -> Option<Moment> {
    Moment::parse_date(text).or_else(|| Moment::parse_date_time(text)).or_else(|| Moment::parse_time(text))
}

impl<'x> Scalar<'x> {
    /// The value as a number.
    pub(crate) fn number(&self) -> Option<Decimal> {
        match self {
            Scalar::Integer(value) | Scalar::Long(value) => Some(Decimal::from(*value)),
            Scalar::Decimal(value) => Some(*value),
            Scalar::Untyped(text) => Decimal::parse(text),
            _ => None,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Scalar::Integer(_) | Scalar::Long(_) | Scalar::Decimal(_))
    }

    /// An untyped text read as the type of `pattern`; other values, and texts that cannot be read so, as they are.
    fn like(self, pattern: &Scalar<'_>) -> Scalar<'x> {
        let Scalar::Untyped(text) = self else { return self };
        let read = match pattern {
            Scalar::Boolean(_) => boolean(text).map(Scalar::Boolean),
            Scalar::Long(_) => integer(text).map(Scalar::Long).or_else(|| Decimal::parse(text).map(Scalar::Decimal)),
            Scalar::Integer(_) | Scalar::Decimal(_) | Scalar::Quantity(_) => {
                integer(text).map(Scalar::Integer).or_else(|| Decimal::parse(text).map(Scalar::Decimal))
            }
            Scalar::String(_) => Some(Scalar::String(text)),
            Scalar::Moment(moment) if moment.kind() == MomentKind::Time => Moment::parse_time(text).map(Scalar::Moment),
            Scalar::Moment(_) => any_moment(text).map(Scalar::Moment),
            Scalar::Untyped(_) | Scalar::Complex => None,
        };
        read.unwrap_or(Scalar::Untyped(text))
    }

    fn quantity(&self) -> Option<Quantity> {
        match self {
            Scalar::Quantity(quantity) => Some(quantity.clone()),
            _ => self.number().map(Quantity::of_number),
        }
    }
}

/// Both values, an untyped one read as the other's type, and numbers and quantities made alike.
pub(crate) fn alike<'x>(a: Scalar<'x>, b: Scalar<'x>) -> (Scalar<'x>, Scalar<'x>) {
    let (a, b) = (a.like(&b), b);
    let b = b.like(&a);
    match (&a, &b) {
        (Scalar::Integer(short), Scalar::Long(_)) => (Scalar::Long(*short), b),
        (Scalar::Long(_), Scalar::Integer(short)) => {
            let short = *short;
            (a, Scalar::Long(short))
        }
        (Scalar::Quantity(_), _) if b.is_number() => {
            let quantity = b.quantity();
            (a, quantity.map_or(b, Scalar::Quantity))
        }
        (_, Scalar::Quantity(_)) if a.is_number() => {
            let quantity = a.quantity();
            (quantity.map_or(a, Scalar::Quantity), b)
        }
        _ => (a, b),
    }
}

/// Equality of two values: `None` is `{}`.
pub(crate) fn equal(a: Scalar<'_>, b: Scalar<'_>) -> Option<bool> {
    match alike(a, b) {
        (Scalar::Boolean(a), Scalar::Boolean(b)) => Some(a == b),
        (Scalar::Integer(a), Scalar::Integer(b)) | (Scalar::Long(a), Scalar::Long(b)) => Some(a == b),
        (Scalar::String(a) | Scalar::Untyped(a), Scalar::String(b) | Scalar::Untyped(b)) => Some(a == b),
        (Scalar::Moment(a), Scalar::Moment(b)) => {
            if (a.kind() == MomentKind::Time) != (b.kind() == MomentKind::Time) {
                return Some(false);
            }
            a.compare(&b).map(|order| order == Ordering::Equal)
        }
        (Scalar::Quantity(a), Scalar::Quantity(b)) => a.compare(&b).map(|order| order == Ordering::Equal),
        (a, b) if a.is_number() && b.is_number() => Some(a.number() == b.number()),
        _ => Some(false),
    }
}

/// The order of two values: `Ok(None)` is `{}`, `Err(())` that such values have no order.
pub(crate) fn order(a: Scalar<'_>, b: Scalar<'_>) -> Result<Option<Ordering>, ()> {
    match alike(a, b) {
        (Scalar::Integer(a), Scalar::Integer(b)) | (Scalar::Long(a), Scalar::Long(b)) => Ok(Some(a.cmp(&b))),
        (Scalar::String(a), Scalar::String(b)) => Ok(Some(a.cmp(b))),
        (Scalar::Untyped(a), Scalar::Untyped(b)) => {
            if let (Some(a), Some(b)) = (Decimal::parse(a), Decimal::parse(b)) {
                return Ok(Some(a.cmp(&b)));
            }
            match (any_moment(a), any_moment(b)) {
                (Some(a), Some(b)) => Ok(a.compare(&b)),
                _ => Ok(Some(a.cmp(b))),
            }
        }
        (Scalar::Moment(a), Scalar::Moment(b)) => {
            if (a.kind() == MomentKind::Time) == (b.kind() == MomentKind::Time) {
                Ok(a.compare(&b))
            } else {
                Err(())
            }
        }
        (Scalar::Quantity(a), Scalar::Quantity(b)) => Ok(a.compare(&b)),
        (a, b) if a.is_number() && b.is_number() => Ok(a.number().zip(b.number()).map(|(a, b)| a.cmp(&b))),
        _ => Err(()),
    }
}

/// Equivalence of two values; `None` only for quantities that cannot be converted.
pub(crate) fn equivalent(a: Scalar<'_>, b: Scalar<'_>) -> Option<bool> {
    match alike(a, b) {
        (Scalar::Boolean(a), Scalar::Boolean(b)) => Some(a == b),
        (Scalar::Integer(a), Scalar::Integer(b)) | (Scalar::Long(a), Scalar::Long(b)) => Some(a == b),
        (Scalar::String(a) | Scalar::Untyped(a), Scalar::String(b) | Scalar::Untyped(b)) => {
            Some(folded(a).eq(folded(b)))
        }
        (Scalar::Moment(a), Scalar::Moment(b)) => Some(a.is_equivalent(&b)),
        (Scalar::Quantity(a), Scalar::Quantity(b)) => a.is_equivalent(&b),
        (a, b) if a.is_number() && b.is_number() => {
            let (Some(a), Some(b)) = (a.number().map(Decimal::normalized), b.number().map(Decimal::normalized)) else {
                return Some(false);
            };
            let scale = a.scale().min(b.scale());
            Some(a.rounded(scale) == b.rounded(scale))
        }
        _ => Some(false),
    }
}

/// The characters without regard to case, every white space a blank.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase).map(|c| if c.is_whitespace() { ' ' } else { c })
}
