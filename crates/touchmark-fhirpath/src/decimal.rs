//! Exact decimals: a whole number of up to 38 digits and the number of its digits after the point, kept as written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A decimal as written: `1.10` has three digits and a scale of two, and is equal to `1.1`.
///
/// Results that would not fit are `None`; `FHIRPath` makes of an overflow an empty collection
/// (<https://hl7.org/fhirpath/N1/#math>).
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// The finest scale that is kept. Two such numbers of one digit can still be multiplied.
const MAX_SCALE: u8 = 34;
/// The scale of a quotient that does not come out even, unless the operands are finer.
const QUOTIENT_SCALE: u8 = 8;

const fn power_of_ten(exponent: u8) -> Option<i128> {
    if exponent > 38 { None } else { Some(10i128.pow(exponent as u32)) }
}

impl Decimal {
    /// Nought.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { mantissa: 1, scale: 0 };

    /// The number `mantissa / 10^scale`; `None` when the scale is finer than 34 digits.
    pub fn new(mantissa: i128, scale: u8) -> Option<Decimal> {
        (scale <= MAX_SCALE).then_some(Decimal { mantissa, scale })
    }

    /// A decimal as FHIR writes it: sign, digits, a point and digits, an exponent. `None` for anything else and for numbers
    /// of more than 38 digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let negative = match bytes.first() {
            Some(b'-') => {
                at = 1;
                true
            }
            Some(b'+') => {
                at = 1;
                false
            }
            _ => false,
        };
        let mut mantissa: i128 = 0;
        let mut scale: u32 = 0;
        let mut digits = 0;
        let mut point = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                    digits += 1;
                    scale += u32::from(point);
                }
                b'.' if !point && digits > 0 => point = true,
                _ => break,
            }
            at += 1;
        }
        if digits == 0 || (point && scale == 0) {
            return None;
        }
        let mut exponent: i32 = 0;
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            exponent = text.get(at + 1..)?.parse::<i16>().ok()?.into();
            at = bytes.len();
        }
        if at != bytes.len() {
            return None;
        }
        if negative {
            mantissa = -mantissa;
        }
        let scale = i32::try_from(scale).ok()? - exponent;
        if scale < 0 {
            let factor = power_of_ten(u8::try_from(-scale).ok()?)?;
            return Some(Decimal { mantissa: mantissa.checked_mul(factor)?, scale: 0 });
        }
        Decimal::new(mantissa, u8::try_from(scale).ok()?)
    }

    /// The digits without the point.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many digits stand after the point.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is nought.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is below nought.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// The same number without noughts at its end.
    #[must_use]
    pub fn normalized(self) -> Decimal {
        let mut number = self;
        while number.scale > 0 && number.mantissa % 10 == 0 {
            number.mantissa /= 10;
            number.scale -= 1;
        }
        number
    }

    /// The whole number that this is, when it is one and fits.
    pub fn to_integer(self) -> Option<i64> {
        let number = self.normalized();
        if number.scale == 0 { i64::try_from(number.mantissa).ok() } else { None }
    }

    /// The nearest binary number.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// A decimal of a binary number, to fifteen digits, without noughts at its end.
    pub fn from_f64(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        // Fifteen digits are what a binary number holds without noise: 0.1 + 0.2 gives 0.3 and not 0.30000000000000004.
        Decimal::parse(&format!("{number:.14e}")).map(Decimal::normalized)
    }

    /// The same number with `scale` digits after the point; `None` when that overflows or would lose digits.
    fn at_scale(self, scale: u8) -> Option<i128> {
        let factor = power_of_ten(scale.checked_sub(self.scale)?)?;
        self.mantissa.checked_mul(factor)
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u8)> {
        let scale = self.scale.max(other.scale);
        if let (Some(a), Some(b)) = (self.at_scale(scale), other.at_scale(scale)) {
            return Some((a, b, scale));
        }
        let (a, b) = (self.normalized(), other.normalized());
        let scale = a.scale.max(b.scale);
        Some((a.at_scale(scale)?, b.at_scale(scale)?, scale))
    }

    /// The sum.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        Decimal::new(a.checked_add(b)?, scale)
    }

    /// The difference.
    pub fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(other.negated()?)
    }

    /// The number with the other sign.
    pub fn negated(self) -> Option<Decimal> {
        Some(Decimal { mantissa: self.mantissa.checked_neg()?, scale: self.scale })
    }

    /// The number without its sign.
    pub fn absolute(self) -> Option<Decimal> {
        Some(Decimal { mantissa: self.mantissa.checked_abs()?, scale: self.scale })
    }

    /// The product.
    pub fn times(self, other: Decimal) -> Option<Decimal> {
        if let (Some(mantissa), scale) = (self.mantissa.checked_mul(other.mantissa), self.scale + other.scale)
            && let Some(product) = Decimal::new(mantissa, scale)
        {
            return Some(product);
        }
        let (a, b) = (self.normalized(), other.normalized());
        Decimal::new(a.mantissa.checked_mul(b.mantissa)?, a.scale + b.scale)
    }

    /// The quotient, rounded half away from nought to eight digits after the point (or as many as the finer operand has);
    /// `None` for a division by nought.
    pub fn divide(self, other: Decimal) -> Option<Decimal> {
        self.divide_to(other, QUOTIENT_SCALE.max(self.scale).max(other.scale))
    }

    /// The quotient rounded half away from nought to `scale` digits after the point.
    pub fn divide_to(self, other: Decimal, scale: u8) -> Option<Decimal> {
        let (a, b) = (self.normalized(), other.normalized());
        if b.mantissa == 0 {
            return None;
        }
        let shift = i32::from(scale) + i32::from(b.scale) - i32::from(a.scale);
        let (numerator, denominator) = if shift >= 0 {
            (a.mantissa.checked_mul(power_of_ten(u8::try_from(shift).ok()?)?)?, b.mantissa)
        } else {
            (a.mantissa, b.mantissa.checked_mul(power_of_ten(u8::try_from(-shift).ok()?)?)?)
        };
        Some(Decimal::new(divide_half_away(numerator, denominator)?, scale)?.normalized())
    }

    /// The quotient without its fraction, as `div` gives it.
    pub fn divide_whole(self, other: Decimal) -> Option<i128> {
        let (a, b, _) = self.aligned(other)?;
        a.checked_div(b)
    }

    /// What `divide_whole` leaves over, with the sign of `self`, as `mod` gives it.
    pub fn remainder(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        Decimal::new(a.checked_rem(b)?, scale)
    }

    /// Rounded half away from nought to `scale` digits after the point.
    pub fn rounded(self, scale: u8) -> Option<Decimal> {
        if scale >= self.scale {
            return Some(self);
        }
        let factor = power_of_ten(self.scale - scale)?;
        Decimal::new(divide_half_away(self.mantissa, factor)?, scale)
    }

    /// The greatest whole number that is not greater.
    pub fn floor(self) -> i128 {
        power_of_ten(self.scale).map_or(0, |factor| self.mantissa.div_euclid(factor))
    }

    /// The least whole number that is not less.
    pub fn ceiling(self) -> i128 {
        power_of_ten(self.scale)
            .map_or(0, |factor| self.mantissa.div_euclid(factor) + i128::from(self.mantissa.rem_euclid(factor) != 0))
    }

    /// The number without its fraction.
    pub fn truncated(self) -> i128 {
        power_of_ten(self.scale).map_or(0, |factor| self.mantissa / factor)
    }

    /// The number with exactly `scale` digits after the point, cut off or filled up with noughts towards `up`.
    pub(crate) fn bounded(self, scale: u8, up: bool) -> Option<Decimal> {
        if scale >= self.scale {
            return Decimal::new(self.at_scale(scale)?, scale);
        }
        let factor = power_of_ten(self.scale - scale)?;
        let low = self.mantissa.div_euclid(factor);
        let high = low + i128::from(self.mantissa.rem_euclid(factor) != 0);
        Decimal::new(if up { high } else { low }, scale)
    }
}

/// `numerator / denominator`, a half rounded away from nought.
fn divide_half_away(numerator: i128, denominator: i128) -> Option<i128> {
    let quotient = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?;
    let rounds_up = rest.unsigned_abs() >= denominator.unsigned_abs() - rest.unsigned_abs();
    if rest != 0 && rounds_up {
        quotient.checked_add(if (numerator < 0) == (denominator < 0) { 1 } else { -1 })
    } else {
        Some(quotient)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Decimal { mantissa: number.into(), scale: 0 }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        match self.aligned(*other) {
            Some((a, b, _)) => a.cmp(&b),
            // Too far apart for one scale: the whole parts differ.
            None => self.truncated().cmp(&other.truncated()),
        }
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let number = self.normalized();
        (number.mantissa, number.scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.mantissa);
        }
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if digits.len() > scale {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            write!(f, "{sign}{whole}.{fraction}")
        } else {
            write!(f, "{sign}0.{digits:0>scale$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn is_kept_as_written() {
        for text in ["0", "1.10", "-0.05", "0.00000001", "1234567890987654321.0", "-12"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1.5e3").to_string(), "1500");
        assert_eq!(decimal("1.5e-3").to_string(), "0.0015");
        for text in ["", "-", ".5", "1.", "1.2.3", "1e", "1e999", "a", "1 ", &"9".repeat(40)] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn compares_by_value() {
        assert_eq!(decimal("1.10"), decimal("1.1"));
        assert!(decimal("-2") < decimal("-1.99"));
        assert!(decimal("0.0000000000000000000000000000000001") < decimal("99999999999999999999999999999999999999"));
    }

    #[test]
    fn computes_exactly() {
        assert_eq!(decimal("1.2").plus(decimal("1.8")), Some(decimal("3.0")));
        assert_eq!(decimal("1.8").minus(decimal("1.2")), Some(decimal("0.6")));
        assert_eq!(decimal("1.2").times(decimal("1.8")), Some(decimal("2.16")));
        assert_eq!(decimal("1.2").divide(decimal("1.8")).unwrap().to_string(), "0.66666667");
        assert_eq!(decimal("1").divide(decimal("0")), None);
        assert_eq!(decimal("2.2").divide_whole(decimal("1.8")), Some(1));
        assert_eq!(decimal("2.2").remainder(decimal("1.8")), Some(decimal("0.4")));
        assert_eq!(decimal("-5").remainder(decimal("3")), Some(decimal("-2")));
        assert_eq!(decimal("-2.1").floor(), -3);
        assert_eq!(decimal("-1.1").ceiling(), -1);
        assert_eq!(decimal("-1.56").truncated(), -1);
        assert_eq!(decimal("2.345").rounded(2), Some(decimal("2.35")));
        assert_eq!(decimal("-2.345").rounded(2), Some(decimal("-2.35")));
        assert_eq!(Decimal { mantissa: i128::MIN, scale: 0 }.negated(), None);
        assert_eq!(Decimal { mantissa: i128::MAX, scale: 0 }.plus(Decimal::ONE), None);
    }
}
