//! Quantities: a number with a unit of UCUM or of the calendar.

use std::cmp::Ordering;
use std::fmt;

use crate::decimal::Decimal;
use crate::moment_arithmetic::CalendarUnit;
use crate::units::Product;

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// What it counts.
    pub unit: Unit,
}

/// The unit of a [`Quantity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A code of UCUM, `1` where there is none; also any other text that a resource gives.
    Code(Box<str>),
    /// A duration by the calendar: `4 days`.
    Calendar(CalendarUnit),
}

impl Unit {
    /// The unit of a mere number.
    pub fn one() -> Unit {
        Unit::Code("1".into())
    }

    fn is_one(&self) -> bool {
        matches!(self, Unit::Code(code) if &**code == "1")
    }

    /// The unit of the calendar that date arithmetic may take this for.
    pub(crate) fn calendar(&self) -> Option<CalendarUnit> {
        match self {
            Unit::Calendar(unit) => Some(*unit),
            Unit::Code(code) => CalendarUnit::from_ucum(code),
        }
    }

    /// The unit in which this may be added to a date or time: UCUM's `a` and `mo` are lengths of time, not pages of a calendar.
    pub(crate) fn date_arithmetic(&self) -> Option<CalendarUnit> {
        match self {
            Unit::Calendar(unit) => Some(*unit),
            // A keyword in quotes is no UCUM, and nothing else can be meant.
            Unit::Code(code) => CalendarUnit::from_ucum(code)
                .filter(|unit| !is_inexact(*unit))
                .or_else(|| CalendarUnit::from_keyword(code)),
        }
    }

    fn code(&self) -> &str {
        match self {
            Unit::Code(code) => code,
            Unit::Calendar(unit) => unit.ucum(),
        }
    }
}

fn is_inexact(unit: CalendarUnit) -> bool {
    matches!(unit, CalendarUnit::Year | CalendarUnit::Month)
}

impl Quantity {
    /// A number without a unit.
    pub fn of_number(value: Decimal) -> Quantity {
        Quantity { value, unit: Unit::one() }
    }

    /// A quantity as text: a number, and behind it a unit in quotes or a word of the calendar.
    pub fn parse(text: &str) -> Option<Quantity> {
        let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | '.')).unwrap_or(text.len());
        let value = Decimal::parse(&text[..end])?;
        let rest = text[end..].trim_matches([' ', '\t', '\r', '\n']);
        if rest.is_empty() {
            return Some(Quantity::of_number(value));
        }
        let unit = match rest.strip_prefix('\'') {
            Some(quoted) => {
                let code = quoted.strip_suffix('\'')?;
                if code.is_empty() || code.contains('\'') {
                    return None;
                }
                Unit::Code(code.into())
            }
            None => Unit::Calendar(CalendarUnit::from_keyword(rest)?),
        };
        Some(Quantity { value, unit })
    }

    /// Both numbers at one common (unnamed) unit. `None` when they are not of one dimension or when that cannot be known.
    ///
    /// With `loosely`, years and months of the calendar count as those of UCUM.
    fn aligned(&self, other: &Quantity, loosely: bool) -> Option<(Decimal, Decimal)> {
        let (numerator, denominator) = self.factor_to(&other.unit, loosely)?;
        Some((self.value.times(numerator)?, other.value.times(denominator)?))
    }

    /// The factor, as a fraction, that turns a number of this unit into one of `target`.
    fn factor_to(&self, target: &Unit, loosely: bool) -> Option<(Decimal, Decimal)> {
        if self.unit == *target {
            return Some((Decimal::ONE, Decimal::ONE));
        }
        if let (Unit::Calendar(a), Unit::Calendar(b)) = (&self.unit, target) {
            let months = |unit: CalendarUnit| if unit == CalendarUnit::Year { 12 } else { 1 };
            let (a, b) = if is_inexact(*a) && is_inexact(*b) {
                (months(*a), months(*b))
            } else {
                (a.milliseconds(), b.milliseconds())
            };
            return Some((Decimal::from(a), Decimal::from(b)));
        }
        let mixed = matches!(self.unit, Unit::Calendar(_)) != matches!(target, Unit::Calendar(_));
        let inexact = |unit: &Unit| unit.calendar().is_some_and(is_inexact);
        if mixed && !loosely && (inexact(&self.unit) || inexact(target)) {
            return None;
        }
        let (from, to) = (self.unit.code(), target.code());
        if from == to {
            return Some((Decimal::ONE, Decimal::ONE));
        }
        let (a, b) = (Product::parse(from)?.resolve()?, Product::parse(to)?.resolve()?);
        if !a.is_commensurable(&b) {
            return None;
        }
        a.over(&b)
    }

    /// The order of two quantities of one dimension; `None` when they are not.
    pub fn compare(&self, other: &Quantity) -> Option<Ordering> {
        let (a, b) = self.aligned(other, false)?;
        Some(a.cmp(&b))
    }

    /// Equivalence: equal at the precision of the less precise of the two, in the coarser of the two units.
    pub fn is_equivalent(&self, other: &Quantity) -> Option<bool> {
        let (numerator, denominator) = self.factor_to(&other.unit, true)?;
        let (left, right) = if numerator <= denominator {
            (self.value.times(numerator)?.divide_to(denominator, 20)?, other.value)
        } else {
            (self.value, other.value.times(denominator)?.divide_to(numerator, 20)?)
        };
        let (left, right) = (left.normalized(), right.normalized());
        let scale = left.scale().min(right.scale());
        Some(left.rounded(scale)? == right.rounded(scale)?)
    }

    /// The same quantity in another unit; `None` when there is no way there.
    pub fn in_unit(&self, unit: &Unit) -> Option<Quantity> {
        if self.unit.is_one() {
            return Some(Quantity { value: self.value, unit: unit.clone() });
        }
        // An explicit conversion between calendar and UCUM goes by the calendar's own factors, then changes the name.
        let target = match (&self.unit, unit) {
            (Unit::Calendar(_), Unit::Code(code)) => CalendarUnit::from_ucum(code).map(Unit::Calendar),
            _ => None,
        };
        let (numerator, denominator) = self.factor_to(target.as_ref().unwrap_or(unit), true)?;
        let value = self.value.times(numerator)?.divide_to(denominator, 16)?;
        Some(Quantity { value, unit: unit.clone() })
    }

    /// The sum in this quantity's unit. Years and months add only to their own kind.
    pub fn plus(&self, other: &Quantity) -> Option<Quantity> {
        if self.unit == other.unit {
            return Some(Quantity { value: self.value.plus(other.value)?, unit: self.unit.clone() });
        }
        if self.unit.is_one() || other.unit.is_one() {
            let unit = if self.unit.is_one() { &other.unit } else { &self.unit };
            return Some(Quantity { value: self.value.plus(other.value)?, unit: unit.clone() });
        }
        let calendar = matches!(self.unit, Unit::Calendar(_)) || matches!(other.unit, Unit::Calendar(_));
        let inexact = |unit: &Unit| unit.calendar().is_some_and(is_inexact);
        if calendar && (inexact(&self.unit) || inexact(&other.unit)) {
            return None;
        }
        let (numerator, denominator) = other.factor_to(&self.unit, false)?;
        let value = other.value.times(numerator)?.divide_to(denominator, 16)?;
        Some(Quantity { value: self.value.plus(value)?, unit: self.unit.clone() })
    }

    /// The product, in the product of the units.
    pub fn times(&self, other: &Quantity) -> Option<Quantity> {
        Some(Quantity { value: self.value.times(other.value)?, unit: self.unit_product(other, false)? })
    }

    /// The quotient, in the quotient of the units.
    pub fn over(&self, other: &Quantity) -> Option<Quantity> {
        Some(Quantity { value: self.value.divide(other.value)?, unit: self.unit_product(other, true)? })
    }

    fn unit_product(&self, other: &Quantity, invert: bool) -> Option<Unit> {
        if other.unit.is_one() {
            return Some(self.unit.clone());
        }
        if self.unit.is_one() && !invert {
            return Some(other.unit.clone());
        }
        match (&self.unit, &other.unit) {
            (Unit::Code(a), Unit::Code(b)) => {
                let product = Product::parse(a)?.times(&Product::parse(b)?, invert)?;
                Some(Unit::Code(product.code().into()))
            }
            (a, b) if a == b && invert => Some(Unit::one()),
            _ => None,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Code(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(unit) => {
                let plural = if self.value == Decimal::ONE { "" } else { "s" };
                write!(f, "{} {}{plural}", self.value, unit.keyword())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn compares_across_units() {
        let check = |a: &str, b: &str, expected| assert_eq!(quantity(a).compare(&quantity(b)), expected, "{a} {b}");
        check("4.0000 'g'", "4000.0 'mg'", Some(Ordering::Equal));
        check("1 'cm'", "1 'm'", Some(Ordering::Less));
        check("1 'cm'", "1 's'", None);
        check("23 'Cel'", "73.4 '[degF]'", None);
        check("1 hour", "3600 's'", Some(Ordering::Equal));
        check("1 year", "1 'a'", None);
        check("1 year", "12 months", Some(Ordering::Equal));
        check("7 days", "1 'wk'", Some(Ordering::Equal));
        check("6 months", "1 year", Some(Ordering::Less));
        check("0.040 'm2'", "4.00 'cm.m'", Some(Ordering::Equal));
        check("1 'mmol/L'", "1000 'umol/L'", Some(Ordering::Equal));
        check("185 '[lb_av]'", "83.9145 'kg'", Some(Ordering::Greater));
    }

    #[test]
    fn is_equivalent_at_the_coarser_precision() {
        let check =
            |a: &str, b: &str, expected| assert_eq!(quantity(a).is_equivalent(&quantity(b)), expected, "{a} {b}");
        check("4 'g'", "4040 'mg'", Some(true));
        check("21 'mm'", "2 'cm'", Some(true));
        check("4 'g'", "5 'g'", Some(false));
        check("1 year", "1 'a'", Some(true));
        check("1 year", "11 months", Some(true));
        check("23 'Cel'", "73.4 '[degF]'", None);
    }

    #[test]
    fn computes_with_units() {
        let check = |result: Option<Quantity>, expected: &str| {
            assert_eq!(result.map(|q| q.to_string()).unwrap_or_default(), expected);
        };
        check(quantity("3 'm'").plus(&quantity("3 'cm'")), "3.03 'm'");
        check(quantity("3 'cm'").plus(&quantity("-3 'm'")), "-297 'cm'");
        check(quantity("1 week").plus(&quantity("14 days")), "3 weeks");
        check(quantity("1 year").plus(&quantity("12 months")), "");
        check(quantity("12 'cm'").times(&quantity("3 'cm'")), "36 'cm2'");
        check(quantity("12 'cm2'").over(&quantity("3 'cm'")), "4 'cm'");
        check(quantity("52 'cm'").in_unit(&Unit::Code("m".into())), "0.52 'm'");
        check(quantity("1 'a'").in_unit(&Unit::Code("d".into())), "365.25 'd'");
        check(quantity("182.5 days").in_unit(&Unit::Code("a".into())), "0.5 'a'");
        check(quantity("24 'm'").in_unit(&Unit::Code("kg".into())), "");
    }
}
