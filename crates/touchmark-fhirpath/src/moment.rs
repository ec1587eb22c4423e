//! Dates, date-times and times of day, each as precise as it was written.

use std::cmp::Ordering;
use std::fmt;

/// What a [`Moment`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MomentKind {
    /// A date.
    Date,
    /// A date that may have a time and an offset from UTC.
    DateTime,
    /// A time of day.
    Time,
}

/// How far a [`Moment`] is known. Seconds and their fraction are one precision
/// (<https://hl7.org/fhirpath/N1/#datetime-equality>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A date, a date-time or a time of day. Parts beyond its precision are at their least value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    pub(crate) kind: MomentKind,
    pub(crate) precision: Precision,
    pub(crate) year: i32,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) nanos: u32,
    /// How many digits of the second's fraction were written (nine at most are kept).
    pub(crate) fraction_digits: u8,
    /// The offset from UTC in minutes.
    pub(crate) zone: Option<i16>,
}

const LEAST: Moment = Moment {
    kind: MomentKind::DateTime,
    precision: Precision::Year,
    year: 1,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    fraction_digits: 0,
    zone: None,
};

/// The widest offset from UTC that is in use, in minutes: what a value without an offset may be away from UTC.
const WIDEST_ZONE: i64 = 14 * 60;

impl Moment {
    /// A date of the form `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub fn parse_date(text: &str) -> Option<Moment> {
        let (date, length) = scan_date(text.as_bytes())?;
        (length == text.len()).then_some(date)
    }

    /// A date-time: a date, or a date, `T` and a time to any precision with or without an offset.
    pub fn parse_date_time(text: &str) -> Option<Moment> {
        let (moment, length) = scan_date_time(text.as_bytes())?;
        (length == text.len() && !text.ends_with('T')).then_some(Moment { kind: MomentKind::DateTime, ..moment })
    }

    /// A time of day of the form `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`.
    pub fn parse_time(text: &str) -> Option<Moment> {
        let (time, length) = scan_time(text.as_bytes(), LEAST)?;
        (length == text.len()).then_some(Moment { kind: MomentKind::Time, ..time })
    }

    /// The literal at the beginning of `text` (behind the `@`) and its length.
    pub(crate) fn scan_literal(text: &str) -> Option<(Moment, usize)> {
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b'T') {
            let (time, length) = scan_time(&bytes[1..], LEAST)?;
            return Some((Moment { kind: MomentKind::Time, ..time }, length + 1));
        }
        scan_date_time(bytes)
    }

    /// What it is.
    pub fn kind(&self) -> MomentKind {
        self.kind
    }

    /// How far it is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The calendar date of a date-time, as precise as it is known.
    #[must_use]
    pub fn date(self) -> Moment {
        Moment {
            kind: MomentKind::Date,
            precision: self.precision.min(Precision::Day),
            year: self.year,
            month: self.month,
            day: self.day,
            ..LEAST
        }
    }

    /// The time of day of a date-time, when it has one.
    pub fn time_of_day(self) -> Option<Moment> {
        (self.precision >= Precision::Hour).then_some(Moment {
            kind: MomentKind::Time,
            year: LEAST.year,
            month: 1,
            day: 1,
            zone: None,
            ..self
        })
    }

    /// The date as a date-time of the same precision.
    #[must_use]
    pub fn as_date_time(self) -> Moment {
        Moment { kind: MomentKind::DateTime, ..self }
    }

    /// Which comes first. `None` when the precisions differ before the values do, when one has an offset from UTC and the
    /// other has none and the difference is less than an offset can make, and for a date beside a time of day.
    pub fn compare(&self, other: &Moment) -> Option<Ordering> {
        if (self.kind == MomentKind::Time) != (other.kind == MomentKind::Time) {
            return None;
        }
        match (self.zone, other.zone) {
            (None, None) => self.compare_parts(other),
            (Some(_), Some(_)) => self.in_zone(0).compare_parts(&other.in_zone(0)),
            (Some(_), None) => self.compare_anywhere(other),
            (None, Some(_)) => other.compare_anywhere(self).map(Ordering::reverse),
        }
    }

    /// Compares a value that has an offset with one that has none: decided only when it is so wherever the other was written.
    fn compare_anywhere(&self, unplaced: &Moment) -> Option<Ordering> {
        let west = self.in_zone(-WIDEST_ZONE).compare_parts(unplaced)?;
        let east = self.in_zone(WIDEST_ZONE).compare_parts(unplaced)?;
        (west == east && west != Ordering::Equal).then_some(west)
    }

    fn compare_parts(&self, other: &Moment) -> Option<Ordering> {
        let shared = self.precision.min(other.precision);
        let (mine, others) = (self.parts(), other.parts());
        for at in 0..=shared as usize {
            if mine[at] != others[at] {
                return Some(mine[at].cmp(&others[at]));
            }
        }
        (self.precision == other.precision).then_some(Ordering::Equal)
    }

    fn parts(&self) -> [i64; 6] {
        [
            self.year.into(),
            self.month.into(),
            self.day.into(),
            self.hour.into(),
            self.minute.into(),
            i64::from(self.second) * 1_000_000_000 + i64::from(self.nanos),
        ]
    }

    /// Equivalence: equal, and of one precision.
    pub fn is_equivalent(&self, other: &Moment) -> bool {
        self.precision == other.precision && self.compare(other) == Some(Ordering::Equal)
    }

    /// The same moment as a clock `minutes` east of UTC shows it; unchanged when there is no offset.
    fn in_zone(&self, minutes: i64) -> Moment {
        let Some(zone) = self.zone else { return *self };
        let shift = minutes - i64::from(zone);
        let mut moment = self.plus_minutes(shift).unwrap_or(*self);
        moment.zone = i16::try_from(minutes).ok();
        moment
    }

    /// The number of days since 0000-03-01, in the proleptic Gregorian calendar.
    pub(crate) fn days(&self) -> i64 {
        days_from_civil(self.year, self.month, self.day)
    }

    pub(crate) fn with_days(&self, days: i64) -> Option<Moment> {
        let (year, month, day) = civil_from_days(days)?;
        Some(Moment { year, month, day, ..*self })
    }

    pub(crate) fn plus_minutes(&self, minutes: i64) -> Option<Moment> {
        let total = i64::from(self.hour) * 60 + i64::from(self.minute) + minutes;
        let mut moment = self.with_days(self.days() + total.div_euclid(1440))?;
        let rest = total.rem_euclid(1440);
        moment.hour = u8::try_from(rest / 60).ok()?;
        moment.minute = u8::try_from(rest % 60).ok()?;
        Some(moment)
    }

    /// The same moment at UTC, when it has an offset.
    #[must_use]
    pub(crate) fn at_utc(&self) -> Moment {
        self.in_zone(0)
    }
}

/// How many days a month has.
pub(crate) fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    // Years begin in March here, so that a leap day is the last of its year.
    let (year, month) = (i64::from(year), i64::from(month));
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
}

fn civil_from_days(days: i64) -> Option<(i32, u8, u8)> {
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // FHIR has years of four digits.
    if !(1..=9999).contains(&year) {
        return None;
    }
    Some((i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<u16> {
    let run = bytes.get(at..at + count)?;
    run.iter().try_fold(0u16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0')))
}

fn two(bytes: &[u8], at: usize) -> Option<u8> {
    digits(bytes, at, 2).and_then(|n| u8::try_from(n).ok())
}

/// A date at the beginning of `bytes`, and its length.
fn scan_date(bytes: &[u8]) -> Option<(Moment, usize)> {
    let mut date = Moment { kind: MomentKind::Date, year: digits(bytes, 0, 4)?.into(), ..LEAST };
    if date.year == 0 {
        return None;
    }
    if bytes.get(4) != Some(&b'-') {
        return Some((date, 4));
    }
    let Some(month) = two(bytes, 5) else { return Some((date, 4)) };
    if !(1..=12).contains(&month) {
        return None;
    }
    date.month = month;
    date.precision = Precision::Month;
    if bytes.get(7) != Some(&b'-') {
        return Some((date, 7));
    }
    let Some(day) = two(bytes, 8) else { return Some((date, 7)) };
    if day == 0 || day > days_in_month(date.year, month) {
        return None;
    }
    date.day = day;
    date.precision = Precision::Day;
    Some((date, 10))
}

/// A date and, behind a `T`, a time and an offset, each where there is one.
fn scan_date_time(bytes: &[u8]) -> Option<(Moment, usize)> {
    let (date, mut at) = scan_date(bytes)?;
    if bytes.get(at) != Some(&b'T') {
        return Some((date, at));
    }
    at += 1;
    let date = Moment { kind: MomentKind::DateTime, ..date };
    if date.precision != Precision::Day || !bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return Some((date, at));
    }
    let (mut moment, length) = scan_time(&bytes[at..], date)?;
    at += length;
    match bytes.get(at) {
        Some(b'Z') => {
            moment.zone = Some(0);
            at += 1;
        }
        Some(sign @ (b'+' | b'-')) if bytes.get(at + 3) == Some(&b':') => {
            let (hours, minutes) = (i16::from(two(bytes, at + 1)?), i16::from(two(bytes, at + 4)?));
            let offset = hours * 60 + minutes;
            if minutes > 59 || i64::from(offset) > WIDEST_ZONE {
                return None;
            }
            moment.zone = Some(if *sign == b'-' { -offset } else { offset });
            at += 6;
        }
        _ => {}
    }
    Some((moment, at))
}

/// A time at the beginning of `bytes`, put into `base`, and its length.
fn scan_time(bytes: &[u8], base: Moment) -> Option<(Moment, usize)> {
    let mut time = Moment { precision: Precision::Hour, hour: two(bytes, 0)?, ..base };
    if time.hour > 23 {
        return None;
    }
    let part = |at: usize| if bytes.get(at) == Some(&b':') { two(bytes, at + 1) } else { None };
    let Some(minute) = part(2) else { return Some((time, 2)) };
    time.minute = minute;
    time.precision = Precision::Minute;
    if minute > 59 {
        return None;
    }
    let Some(second) = part(5) else { return Some((time, 5)) };
    time.second = second;
    time.precision = Precision::Second;
    // 60 is a leap second, which FHIR allows.
    if second > 60 {
        return None;
    }
    let mut at = 8;
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
            if time.fraction_digits < 9 {
                time.nanos = time.nanos * 10 + u32::from(digit - b'0');
                time.fraction_digits += 1;
            }
            at += 1;
        }
        time.nanos *= 10u32.pow(9 - u32::from(time.fraction_digits));
    }
    Some((time, at))
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != MomentKind::Time {
            write!(f, "{:04}", self.year)?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.month)?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.day)?;
            }
            if self.precision >= Precision::Hour {
                f.write_str("T")?;
            }
        }
        if self.precision >= Precision::Hour {
            write!(f, "{:02}", self.hour)?;
        }
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second)?;
        }
        if self.fraction_digits > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", &digits[..usize::from(self.fraction_digits)])?;
        }
        match self.zone {
            Some(0) => f.write_str("Z"),
            Some(zone) => {
                let sign = if zone < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        let (moment, length) = Moment::scan_literal(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(length, text.len(), "{text}");
        moment
    }

    #[test]
    fn is_kept_as_written() {
        for text in
            ["2015", "2015-02", "2015-02-04", "2015-02-04T14", "2015-02-04T14:34:28.123Z", "2015-02-04T14:34:28-05:30"]
        {
            assert_eq!(moment(text).to_string(), text);
        }
        assert_eq!(moment("T14:34").to_string(), "14:34");
        assert_eq!(moment("2015T").kind(), MomentKind::DateTime);
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        for text in ["2015-13", "2015-02-30", "2015-02-04T25", "2015-02-04T10:61", "0000", "abc", "2015-00", "T24", ""]
        {
            assert_eq!(Moment::scan_literal(text).map(|m| m.1), None, "{text}");
        }
        assert_eq!(Moment::parse_date("2015-2"), None);
        assert_eq!(Moment::parse_date_time("2015-02-04T"), None);
        assert_eq!(Moment::parse_time("14:34Z"), None);
    }

    #[test]
    fn days_go_there_and_back() {
        let mut day = moment("1600-01-01");
        let first = day.days();
        for n in 0..200_000 {
            assert_eq!(day.days(), first + n);
            day = day.with_days(first + n + 1).unwrap();
        }
        assert_eq!(day.to_string(), "2147-08-01");
    }

    #[test]
    fn compares_as_far_as_both_are_known() {
        let check = |a: &str, b: &str, expected| assert_eq!(moment(a).compare(&moment(b)), expected, "{a} {b}");
        check("2012", "2013", Some(Ordering::Less));
        check("2012-01", "2012", None);
        check("2012-02", "2011", Some(Ordering::Greater));
        check("2012-04-15T15:30:31", "2012-04-15T15:30:31.0", Some(Ordering::Equal));
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00", Some(Ordering::Equal));
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", Some(Ordering::Less));
        // Without an offset it may be anywhere between fourteen hours before and after.
        check("2012-04-15T15:00:00Z", "2012-04-15T10:00:00", None);
        check("2012-04-15T15:00:00Z", "2012-04-17T10:00:00", Some(Ordering::Less));
        check("2012-04-20", "2012-04-15T10:00:00Z", Some(Ordering::Greater));
        check("T10", "T10:30", None);
        check("2012", "T10", None);
    }
}
