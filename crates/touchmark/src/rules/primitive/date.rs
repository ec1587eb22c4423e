//! The forms of `date`, `dateTime`, `instant` and `time`, calendar included, and the order of two such values.
//!
//! <https://hl7.org/fhir/STU3/datatypes.html#dateTime>. One pass over the bytes, no allocation.

use std::cmp::Ordering;

use super::Flaw;

/// A `date`: year, year and month, or a day of the calendar; neither time nor zone.
pub(super) fn date(bytes: &[u8]) -> Result<(), Flaw> {
    match day(bytes)? {
        (_, []) => Ok(()),
        (Calendar { day: Some(_), .. }, rest) => Err(after_date(rest)),
        _ => Err(date_form(bytes)),
    }
}

/// A `dateTime`: a `date`, or a day with a time to the second and a zone.
pub(super) fn date_time(bytes: &[u8]) -> Result<(), Flaw> {
    parse(bytes).map(|_| ())
}

/// An `instant`: a `dateTime` that goes down to the second.
pub(super) fn instant(bytes: &[u8]) -> Result<(), Flaw> {
    match parse(bytes)? {
        (_, Some(_)) => Ok(()),
        (_, None) => Err(Flaw::TimeMissing),
    }
}

/// A `time`: hours, minutes and seconds, without a zone.
pub(super) fn time(bytes: &[u8]) -> Result<(), Flaw> {
    match clock(bytes)? {
        (_, []) => Ok(()),
        (_, [b'Z' | b'z' | b'+' | b'-', ..]) => Err(Flaw::ZoneNotAllowed),
        _ => Err(Flaw::TimeForm),
    }
}

/// Orders two legal values of `date`, `dateTime` or `instant`; `None` where precision or a missing zone leaves it open.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let (a, b) = (Span::of(a)?, Span::of(b)?);
    match (a.fraction, b.fraction) {
        (Some(a_fraction), Some(b_fraction)) => Some(a.start.cmp(&b.start).then_with(|| a_fraction.cmp(b_fraction))),
        (None, None) if a.end <= b.start => Some(Ordering::Less),
        (None, None) if b.end <= a.start => Some(Ordering::Greater),
        (None, None) => (a.start == b.start && a.end == b.end).then_some(Ordering::Equal),
        (Some(_), None) => b.against(a.start).map(Ordering::reverse),
        (None, Some(_)) => a.against(b.start),
    }
}

/// Orders two legal values of `time`.
pub(super) fn compare_times(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let ((a, _), (b, _)) = (clock(a).ok()?, clock(b).ok()?);
    Some(a.seconds.cmp(&b.seconds).then_with(|| a.fraction.cmp(b.fraction)))
}

#[derive(Clone, Copy)]
struct Calendar {
    /// 0 is 1 BC.
    year: i32,
    month: Option<u8>,
    day: Option<u8>,
}

#[derive(Clone, Copy)]
struct Clock<'a> {
    seconds: i64,
    /// The digits after the point without trailing zeros, so that their byte order is their order as numbers.
    fraction: &'a [u8],
    /// Minutes east of UTC; 0 for a `time`.
    offset: i64,
}

/// The seconds a value stands for: a moment, or from `start` up to and without `end` in a place that is not said.
struct Span<'a> {
    start: i64,
    end: i64,
    /// Present for a moment.
    fraction: Option<&'a [u8]>,
}

/// No zone is further from UTC than this, so a day without a zone may begin that much earlier and end that much later.
const WIDEST_ZONE: i64 = 14 * 3600;

impl<'a> Span<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (first, clock) = parse(bytes).ok()?;
        let start = 86_400 * days(first.year, first.month.unwrap_or(1), first.day.unwrap_or(1));
        if let Some(clock) = clock {
            let moment = start + clock.seconds - 60 * clock.offset;
            return Some(Span { start: moment, end: moment, fraction: Some(clock.fraction) });
        }
        let end = match (first.month, first.day) {
            (_, Some(_)) => start + 86_400,
            (Some(month @ ..12), None) => 86_400 * days(first.year, month + 1, 1),
            _ => 86_400 * days(first.year + 1, 1, 1),
        };
        Some(Span { start, end, fraction: None })
    }

    /// This day, month or year against a moment.
    fn against(&self, moment: i64) -> Option<Ordering> {
        if moment < self.start - WIDEST_ZONE {
            Some(Ordering::Greater)
        } else if moment >= self.end + WIDEST_ZONE {
            Some(Ordering::Less)
        } else {
            None
        }
    }
}

fn parse(bytes: &[u8]) -> Result<(Calendar, Option<Clock<'_>>), Flaw> {
    let (first, rest) = day(bytes)?;
    match rest {
        [] => Ok((first, None)),
        [b'T', rest @ ..] if first.day.is_some() => {
            let (mut clock, rest) = clock(rest)?;
            clock.offset = zone(rest)?;
            Ok((first, Some(clock)))
        }
        [b't' | b' ', b'0'..=b'9', ..] if first.day.is_some() => Err(Flaw::TimeMark),
        _ => Err(date_form(bytes)),
    }
}

/// Reads `-?YYYY(-MM(-DD)?)?` and returns what follows.
fn day(bytes: &[u8]) -> Result<(Calendar, &[u8]), Flaw> {
    let (before_christ, unsigned) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let [a, b, c, d, rest @ ..] = unsigned else { return Err(date_form(bytes)) };
    let (Some(century), Some(year)) = (two(*a, *b), two(*c, *d)) else { return Err(date_form(bytes)) };
    let year = i32::from(century) * 100 + i32::from(year);
    if year == 0 {
        return Err(Flaw::NoSuchYear);
    }
    // The pattern lets 0000 pass, but dates are also those of XML Schema 1.0, which has no year 0: -0001 is 1 BC, a
    // leap year. From here on years are numbered without that gap.
    let year = if before_christ { 1 - year } else { year };
    let [b'-', a, b, rest @ ..] = rest else { return Ok((Calendar { year, month: None, day: None }, rest)) };
    let Some(month) = two(*a, *b) else { return Err(date_form(bytes)) };
    if let [b'0'..=b'9', ..] = rest {
        return Err(date_form(bytes));
    }
    if !(1..=12).contains(&month) {
        return Err(Flaw::NoSuchMonth);
    }
    let [b'-', a, b, rest @ ..] = rest else { return Ok((Calendar { year, month: Some(month), day: None }, rest)) };
    let Some(day) = two(*a, *b) else { return Err(date_form(bytes)) };
    if let [b'0'..=b'9', ..] = rest {
        return Err(date_form(bytes));
    }
    if day == 0 || day > days_in(year, month) {
        return Err(Flaw::NoSuchDay);
    }
    Ok((Calendar { year, month: Some(month), day: Some(day) }, rest))
}

/// Reads `hh:mm:ss(.f+)?` and returns what follows.
fn clock(bytes: &[u8]) -> Result<(Clock<'_>, &[u8]), Flaw> {
    let [a, b, b':', c, d, rest @ ..] = bytes else { return Err(Flaw::TimeForm) };
    let (Some(hour), Some(minute)) = (two(*a, *b), two(*c, *d)) else { return Err(Flaw::TimeForm) };
    let [b':', a, b, rest @ ..] = rest else {
        return Err(match rest {
            [] | [b'Z' | b'z' | b'+' | b'-', ..] => Flaw::SecondsMissing,
            _ => Flaw::TimeForm,
        });
    };
    let Some(second) = two(*a, *b) else { return Err(Flaw::TimeForm) };
    if hour > 23 || minute > 59 || second > 60 {
        return Err(Flaw::NoSuchTime);
    }
    if second == 60 {
        return Err(Flaw::LeapSecond);
    }
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())),
        _ => (&rest[..0], rest),
    };
    // A point needs a digit behind it; the point, if there is one, stands at index 8.
    if fraction.is_empty() && bytes.get(8) == Some(&b'.') {
        return Err(Flaw::TimeForm);
    }
    let significant = fraction.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Ok((Clock { seconds, fraction: &fraction[..significant], offset: 0 }, rest))
}

/// Reads `Z` or `±hh:mm`, no further from UTC than 14 hours, as minutes east of UTC.
fn zone(bytes: &[u8]) -> Result<i64, Flaw> {
    match bytes {
        b"Z" => Ok(0),
        [] => Err(Flaw::TimeWithoutZone),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let (Some(hour), Some(minute)) = (two(*a, *b), two(*c, *d)) else { return Err(Flaw::ZoneForm) };
            if minute > 59 || i64::from(hour) * 60 + i64::from(minute) > 14 * 60 {
                return Err(Flaw::NoSuchZone);
            }
            let offset = i64::from(hour) * 60 + i64::from(minute);
            Ok(if *sign == b'-' { -offset } else { offset })
        }
        _ => Err(Flaw::ZoneForm),
    }
}

/// What follows a whole day in a `date`, where nothing may.
fn after_date(rest: &[u8]) -> Flaw {
    match rest {
        [b'T' | b't' | b' ', b'0'..=b'9', ..] => Flaw::TimeNotAllowed,
        [b'Z' | b'z' | b'+', ..] => Flaw::ZoneNotAllowed,
        _ => Flaw::DateForm,
    }
}

#[cold]
fn date_form(bytes: &[u8]) -> Flaw {
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let digits = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // "19" and "12019-01" are years of the wrong length; "28-02-2019" and "20190228" are other notations.
    let lone = digits == unsigned.len() && matches!(digits, 1..=3 | 5);
    let long = digits > 4 && unsigned.get(digits) == Some(&b'-');
    if lone || long { Flaw::YearRange } else { Flaw::DateForm }
}

fn two(tens: u8, units: u8) -> Option<u8> {
    let (tens, units) = (tens.wrapping_sub(b'0'), units.wrapping_sub(b'0'));
    (tens <= 9 && units <= 9).then(|| tens * 10 + units)
}

fn days_in(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i32, month: u8, day: u8) -> i64 {
    // Counted from March, so that the leap day is the last of its year (Howard Hinnant's `days_from_civil`).
    let year = i64::from(if month <= 2 { year - 1 } else { year });
    let from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}
