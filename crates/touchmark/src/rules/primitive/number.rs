//! The forms of `integer`, `positiveInt`, `unsignedInt` and `decimal`, and the order of two numbers, digit by digit.
//!
//! <https://hl7.org/fhir/STU3/datatypes.html#decimal>. Nothing is converted to floating point.

use std::cmp::Ordering;

use super::Flaw;

/// An integer of 32 bits, no smaller than `least`: `-?(0|[1-9][0-9]*)`.
pub(super) fn integer(bytes: &[u8], least: i64) -> Result<(), Flaw> {
    let (negative, digits) = sign(bytes);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Flaw::NotAnInteger);
    }
    if let [b'0', _, ..] = digits {
        return Err(Flaw::LeadingZero);
    }
    // Ten digits fit an i64, and an i32 has no more.
    if digits.len() > 10 {
        return Err(Flaw::OutOfRange);
    }
    let size = digits.iter().fold(0_i64, |size, digit| size * 10 + i64::from(digit - b'0'));
    let value = if negative { -size } else { size };
    // The patterns of positiveInt and unsignedInt have no sign, so "-0" is not one of theirs.
    if value < least || value > i64::from(i32::MAX) || (negative && least >= 0) {
        return Err(Flaw::OutOfRange);
    }
    Ok(())
}

/// A decimal: `-?(0|[1-9][0-9]*)(\.[0-9]+)?`. STU3 has no exponent (R4 does), in JSON either.
pub(super) fn decimal(bytes: &[u8]) -> Result<(), Flaw> {
    let number = Number::of(bytes).ok_or(Flaw::NotADecimal)?;
    if let [b'0', _, ..] = number.whole {
        return Err(Flaw::LeadingZero);
    }
    if number.exponent.is_some() { Err(Flaw::Exponent) } else { Ok(()) }
}

/// Orders two numbers of any length; an exponent is understood though STU3 forbids it, since JSON writers emit it.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let (a, b) = (Number::of(a)?, Number::of(b)?);
    // Zero has no sign: -0 equals 0.
    let rank = |number: &Number| if number.is_zero() { 0 } else { 1 - 2 * i8::from(number.negative) };
    let (a_rank, b_rank) = (rank(&a), rank(&b));
    if a_rank != b_rank || a_rank == 0 {
        return Some(a_rank.cmp(&b_rank));
    }
    let order = a.magnitude()?.cmp(&b.magnitude()?).then_with(|| a.compare_digits(&b));
    Some(if a.negative { order.reverse() } else { order })
}

/// The parts of a number as it is written.
pub(super) struct Number<'a> {
    pub(super) negative: bool,
    pub(super) whole: &'a [u8],
    pub(super) fraction: &'a [u8],
    /// The digits behind the `e`, with their sign.
    pub(super) exponent: Option<&'a [u8]>,
}

impl<'a> Number<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (negative, rest) = sign(bytes);
        let (whole, rest) = digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => match digits(rest) {
                ([], _) => return None,
                parts => parts,
            },
            _ => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => None,
            [b'e' | b'E', rest @ ..] => {
                let unsigned = rest.strip_prefix(b"+").unwrap_or(sign(rest).1);
                let ([_, ..], []) = digits(unsigned) else { return None };
                Some(rest)
            }
            _ => return None,
        };
        (!whole.is_empty()).then_some(Number { negative, whole, fraction, exponent })
    }

    /// The exponent as a number; `None` where it is absurdly large.
    pub(super) fn power(&self) -> Option<i64> {
        let Some(written) = self.exponent else { return Some(0) };
        let (negative, unsigned) = sign(written.strip_prefix(b"+").unwrap_or(written));
        let significant = &unsigned[leading_zeros(unsigned.iter())..];
        if significant.len() > 15 {
            return None;
        }
        let size = significant.iter().fold(0_i64, |size, digit| size * 10 + i64::from(digit - b'0'));
        Some(if negative { -size } else { size })
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|&digit| digit == b'0')
    }

    /// The power of ten of the first digit that is not zero.
    fn magnitude(&self) -> Option<i64> {
        let whole = i64::try_from(self.whole.len()).ok()?;
        let zeros = i64::try_from(leading_zeros(self.digits())).ok()?;
        Some(whole - zeros + self.power()?)
    }

    /// Of two numbers of one magnitude: their digits from the first that is not zero.
    fn compare_digits(&self, other: &Self) -> Ordering {
        let mut ours = self.digits().skip_while(|&&digit| digit == b'0');
        let mut theirs = other.digits().skip_while(|&&digit| digit == b'0');
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (ours, theirs) => match ours.unwrap_or(&b'0').cmp(theirs.unwrap_or(&b'0')) {
                    Ordering::Equal => {}
                    order => return order,
                },
            }
        }
    }

    fn digits(&self) -> impl Iterator<Item = &'a u8> {
        self.whole.iter().chain(self.fraction)
    }
}

fn leading_zeros<'a>(digits: impl Iterator<Item = &'a u8>) -> usize {
    digits.take_while(|&&digit| digit == b'0').count()
}

fn sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    }
}

fn digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len()))
}
