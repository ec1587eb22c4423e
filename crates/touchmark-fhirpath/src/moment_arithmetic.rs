//! Calendar arithmetic: adding durations to dates and times, and the boundaries of what is known of them.

use crate::decimal::Decimal;
use crate::moment::{Moment, MomentKind, Precision, days_in_month};

/// A unit of the calendar, as in `4 days` (<https://hl7.org/fhirpath/N1/#time-valued-quantities>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl CalendarUnit {
    /// The unit of a keyword, in the singular or the plural.
    pub fn from_keyword(word: &str) -> Option<CalendarUnit> {
        Some(match word.strip_suffix('s').unwrap_or(word) {
            "year" => CalendarUnit::Year,
            "month" => CalendarUnit::Month,
            "week" => CalendarUnit::Week,
            "day" => CalendarUnit::Day,
            "hour" => CalendarUnit::Hour,
            "minute" => CalendarUnit::Minute,
            "second" => CalendarUnit::Second,
            "millisecond" => CalendarUnit::Millisecond,
            _ => return None,
        })
    }

    /// The unit of the calendar for a UCUM code. Years and months of UCUM are lengths of time rather than pages of a calendar.
    pub fn from_ucum(code: &str) -> Option<CalendarUnit> {
        Some(match code {
            "a" => CalendarUnit::Year,
            "mo" => CalendarUnit::Month,
            "wk" => CalendarUnit::Week,
            "d" => CalendarUnit::Day,
            "h" => CalendarUnit::Hour,
            "min" => CalendarUnit::Minute,
            "s" => CalendarUnit::Second,
            "ms" => CalendarUnit::Millisecond,
            _ => return None,
        })
    }

    /// The UCUM code of the same length; for years and months the nearest.
    pub fn ucum(self) -> &'static str {
        match self {
            CalendarUnit::Year => "a",
            CalendarUnit::Month => "mo",
            CalendarUnit::Week => "wk",
            CalendarUnit::Day => "d",
            CalendarUnit::Hour => "h",
            CalendarUnit::Minute => "min",
            CalendarUnit::Second => "s",
            CalendarUnit::Millisecond => "ms",
        }
    }

    /// The keyword in the singular.
    pub fn keyword(self) -> &'static str {
        match self {
            CalendarUnit::Year => "year",
            CalendarUnit::Month => "month",
            CalendarUnit::Week => "week",
            CalendarUnit::Day => "day",
            CalendarUnit::Hour => "hour",
            CalendarUnit::Minute => "minute",
            CalendarUnit::Second => "second",
            CalendarUnit::Millisecond => "millisecond",
        }
    }

    /// How many milliseconds it has; a month has 30 days and a year 365 where a calendar is not at hand.
    pub(crate) fn milliseconds(self) -> i64 {
        match self {
            CalendarUnit::Year => 365 * 86_400_000,
            CalendarUnit::Month => 30 * 86_400_000,
            CalendarUnit::Week => 7 * 86_400_000,
            CalendarUnit::Day => 86_400_000,
            CalendarUnit::Hour => 3_600_000,
            CalendarUnit::Minute => 60_000,
            CalendarUnit::Second => 1000,
            CalendarUnit::Millisecond => 1,
        }
    }

    fn precision(self) -> Precision {
        match self {
            CalendarUnit::Year => Precision::Year,
            CalendarUnit::Month => Precision::Month,
            CalendarUnit::Week | CalendarUnit::Day => Precision::Day,
            CalendarUnit::Hour => Precision::Hour,
            CalendarUnit::Minute => Precision::Minute,
            CalendarUnit::Second | CalendarUnit::Millisecond => Precision::Second,
        }
    }
}

const NANOS_A_SECOND: i128 = 1_000_000_000;
const NANOS_A_DAY: i128 = 86_400 * NANOS_A_SECOND;

impl Moment {
    /// The moment `amount` units later (earlier when it is below nought), by the calendar: a day that the month reached does
    /// not have becomes its last. `None` beyond the years 1 to 9999, and for a time of day with a unit longer than an hour.
    pub fn plus(&self, amount: Decimal, unit: CalendarUnit) -> Option<Moment> {
        if self.kind == MomentKind::Time && unit < CalendarUnit::Hour {
            return None;
        }
        let (amount, unit) = self.in_own_precision(amount, unit)?;
        match unit {
            CalendarUnit::Year => self.plus_months(whole(amount)?.checked_mul(12)?),
            CalendarUnit::Month => self.plus_months(whole(amount)?),
            CalendarUnit::Week => self.with_days(self.days().checked_add(whole(amount)?.checked_mul(7)?)?),
            CalendarUnit::Day => self.with_days(self.days().checked_add(whole(amount)?)?),
            CalendarUnit::Hour => self.plus_nanos(i128::from(whole(amount)?) * 3600 * NANOS_A_SECOND, 0),
            CalendarUnit::Minute => self.plus_nanos(i128::from(whole(amount)?) * 60 * NANOS_A_SECOND, 0),
            CalendarUnit::Second => {
                let nanos = amount.times(Decimal::from(1_000_000_000))?.truncated();
                self.plus_nanos(nanos, amount.scale().min(9))
            }
            CalendarUnit::Millisecond => {
                let nanos = amount.times(Decimal::from(1_000_000))?.truncated();
                self.plus_nanos(nanos, if nanos % NANOS_A_SECOND == 0 { 0 } else { 3 })
            }
        }
    }

    /// The amount in the finest unit that this moment has, when the given one is finer. Fractions of that are lost.
    fn in_own_precision(&self, amount: Decimal, unit: CalendarUnit) -> Option<(Decimal, CalendarUnit)> {
        if unit.precision() <= self.precision {
            return Some((amount, unit));
        }
        let own = match self.precision {
            Precision::Year if unit == CalendarUnit::Month => {
                return Some((Decimal::from(whole(amount)? / 12), CalendarUnit::Year));
            }
            Precision::Year => CalendarUnit::Year,
            Precision::Month => CalendarUnit::Month,
            Precision::Day => CalendarUnit::Day,
            Precision::Hour => CalendarUnit::Hour,
            Precision::Minute => CalendarUnit::Minute,
            Precision::Second => CalendarUnit::Second,
        };
        let milliseconds = amount.times(Decimal::from(unit.milliseconds()))?;
        let converted = milliseconds.divide_whole(Decimal::from(own.milliseconds()))?;
        Some((Decimal::from(i64::try_from(converted).ok()?), own))
    }

    fn plus_months(&self, months: i64) -> Option<Moment> {
        let total = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let year = i32::try_from(total.div_euclid(12)).ok()?;
        if !(1..=9999).contains(&year) {
            return None;
        }
        let month = u8::try_from(total.rem_euclid(12)).ok()? + 1;
        Some(Moment { year, month, day: self.day.min(days_in_month(year, month)), ..*self })
    }

    fn plus_nanos(&self, nanos: i128, digits: u8) -> Option<Moment> {
        let total = self.nanos_of_day().checked_add(nanos)?;
        let mut moment = *self;
        // A time of day goes round.
        if self.kind != MomentKind::Time {
            moment = self.with_days(self.days().checked_add(i64::try_from(total.div_euclid(NANOS_A_DAY)).ok()?)?)?;
        }
        let rest = total.rem_euclid(NANOS_A_DAY);
        let seconds = u32::try_from(rest / NANOS_A_SECOND).ok()?;
        moment.hour = u8::try_from(seconds / 3600).ok()?;
        moment.minute = u8::try_from(seconds / 60 % 60).ok()?;
        moment.second = u8::try_from(seconds % 60).ok()?;
        moment.nanos = u32::try_from(rest % NANOS_A_SECOND).ok()?;
        moment.fraction_digits = self.fraction_digits.max(digits);
        Some(moment)
    }

    fn nanos_of_day(&self) -> i128 {
        let seconds = i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second);
        seconds * NANOS_A_SECOND + i128::from(self.nanos)
    }

    /// How many digits the value has: `@2014` 4, `@T10:30` 4, to the millisecond 17 and 9.
    pub fn digits(&self) -> u8 {
        let date = if self.kind == MomentKind::Time { 8 } else { 0 };
        let base = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14 + self.fraction_digits,
        };
        base - date
    }

    /// The earliest (or the latest) moment that this may stand for, to `digits` digits; `None` for a number of digits that no
    /// such value has.
    pub fn boundary(&self, digits: Option<i64>, latest: bool) -> Option<Moment> {
        let (offset, most) = match self.kind {
            MomentKind::Date => (0, 8),
            MomentKind::DateTime => (0, 17),
            MomentKind::Time => (8, 17),
        };
        let digits = digits.map_or(most, |digits| digits.saturating_add(offset));
        let (precision, fraction_digits) = match digits {
            4 => (Precision::Year, 0),
            6 => (Precision::Month, 0),
            8 => (Precision::Day, 0),
            10 => (Precision::Hour, 0),
            12 => (Precision::Minute, 0),
            14 => (Precision::Second, 0),
            17 => (Precision::Second, 3),
            _ => return None,
        };
        if digits > most || (self.kind == MomentKind::Time && precision < Precision::Hour) {
            return None;
        }
        let mut moment = Moment { precision, fraction_digits, ..*self };
        if latest {
            if self.precision < Precision::Month {
                moment.month = 12;
            }
            if self.precision < Precision::Day {
                moment.day = days_in_month(moment.year, moment.month);
            }
            if self.precision < Precision::Hour {
                moment.hour = 23;
            }
            if self.precision < Precision::Minute {
                moment.minute = 59;
            }
            if self.precision < Precision::Second {
                moment.second = 59;
            }
            if self.fraction_digits == 0 {
                moment.nanos = 999_000_000;
            }
        }
        if precision < Precision::Hour {
            moment.zone = None;
        }
        Some(moment.cut())
    }

    /// The same with all parts beyond its precision at their least.
    fn cut(mut self) -> Moment {
        if self.precision < Precision::Month {
            self.month = 1;
        }
        if self.precision < Precision::Day {
            self.day = 1;
        }
        if self.precision < Precision::Hour {
            self.hour = 0;
        }
        if self.precision < Precision::Minute {
            self.minute = 0;
        }
        if self.precision < Precision::Second {
            (self.second, self.nanos) = (0, 0);
        }
        let step = 10u32.pow(9 - u32::from(self.fraction_digits.min(9)));
        self.nanos -= self.nanos % step;
        self
    }

    /// The number of whole units from this moment to `later`; with `boundaries`, of the unit's boundaries crossed on the way.
    /// `None` when either is less precise than the unit.
    pub fn until(&self, later: &Moment, unit: CalendarUnit, boundaries: bool) -> Option<i64> {
        let needed = unit.precision();
        let clock = self.kind == MomentKind::Time;
        if self.precision < needed || later.precision < needed || clock != (later.kind == MomentKind::Time) {
            return None;
        }
        if clock && needed < Precision::Hour {
            return None;
        }
        let (from, to) = if needed >= Precision::Hour && self.zone.is_some() && later.zone.is_some() {
            (self.at_utc(), later.at_utc())
        } else {
            (*self, *later)
        };
        let months = |m: &Moment| i64::from(m.year) * 12 + i64::from(m.month);
        let instant = |m: &Moment| {
            let days = if clock { 0 } else { i128::from(m.days()) };
            days * NANOS_A_DAY + m.nanos_of_day()
        };
        let exact = instant(&to) - instant(&from);
        let length = i128::from(unit.milliseconds()) * 1_000_000;
        let number = match (unit, boundaries) {
            (CalendarUnit::Year, true) => i128::from(to.year - from.year),
            (CalendarUnit::Month, true) => i128::from(months(&to) - months(&from)),
            (CalendarUnit::Year | CalendarUnit::Month, false) => {
                let months = whole_months(&from, &to, months(&to) - months(&from));
                i128::from(if unit == CalendarUnit::Year { months / 12 } else { months })
            }
            (CalendarUnit::Week, true) => {
                let week = |m: &Moment| (m.days() - SUNDAY).div_euclid(7);
                i128::from(week(&to) - week(&from))
            }
            (_, true) => instant(&to).div_euclid(length) - instant(&from).div_euclid(length),
            (_, false) => exact / length,
        };
        i64::try_from(number).ok()
    }
}

/// The count of days (see [`Moment::days`]) of a Sunday, 1970-01-04.
const SUNDAY: i64 = 719_471;

fn whole_months(from: &Moment, to: &Moment, months: i64) -> i64 {
    let within = |m: &Moment| (m.day, m.nanos_of_day());
    match months {
        1.. if within(to) < within(from) => months - 1,
        ..=-1 if within(to) > within(from) => months + 1,
        _ => months,
    }
}

fn whole(amount: Decimal) -> Option<i64> {
    i64::try_from(amount.truncated()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::scan_literal(text).unwrap().0
    }

    #[test]
    fn adds_by_the_calendar() {
        let check = |from: &str, amount: &str, unit: &str, expected: &str| {
            let unit = CalendarUnit::from_keyword(unit).unwrap();
            let sum = moment(from).plus(Decimal::parse(amount).unwrap(), unit);
            assert_eq!(sum.map(|m| m.to_string()).unwrap_or_default(), expected, "{from} + {amount} {unit:?}");
        };
        check("1973-12-25", "7", "days", "1974-01-01");
        check("1973-12-25", "7.9", "days", "1974-01-01");
        check("2019-03-01", "24", "months", "2021-03-01");
        check("2026-01-31", "1", "month", "2026-02-28");
        check("2014", "23", "months", "2015");
        check("2016", "365", "days", "2017");
        check("2026-02", "5", "weeks", "2026-03");
        check("2014", "-1", "month", "2014");
        check("1973-12-25T00:00:00.000+10:00", "42.53", "seconds", "1973-12-25T00:00:42.530+10:00");
        check("T23:30:00", "1", "hour", "00:30:00");
        check("T01:00:00", "-2", "hours", "23:00:00");
        check("T01:00:00", "1", "day", "");
        check("9999-12-31", "1", "day", "");
        check("2016-02-29", "1", "year", "2017-02-28");
        check("2020-01-01T00:00:00", "-1", "millisecond", "2019-12-31T23:59:59.999");
    }

    #[test]
    fn knows_its_boundaries() {
        let check = |from: &str, digits: Option<i64>, low: &str, high: &str| {
            let text = |latest| moment(from).boundary(digits, latest).map(|m| m.to_string()).unwrap_or_default();
            assert_eq!((text(false).as_str(), text(true).as_str()), (low, high), "{from}");
        };
        check("2014", Some(6), "2014-01", "2014-12");
        check("2014-02", None, "2014-02-01", "2014-02-28");
        check("2014-01-01T08", Some(17), "2014-01-01T08:00:00.000", "2014-01-01T08:59:59.999");
        check("T10:30", Some(9), "10:30:00.000", "10:30:59.999");
        check("2014", Some(5), "", "");
    }

    #[test]
    fn counts_between() {
        let check = |a: &str, b: &str, unit: &str, whole: i64, boundaries: i64| {
            let unit = CalendarUnit::from_keyword(unit).unwrap();
            assert_eq!(moment(a).until(&moment(b), unit, false), Some(whole), "{a} {b}");
            assert_eq!(moment(a).until(&moment(b), unit, true), Some(boundaries), "{a} {b}");
        };
        check("2025-01-02", "2025-01-07", "week", 0, 1);
        check("2025-01-01", "2025-09-01", "year", 0, 0);
        check("2024-12-01", "2025-09-01", "year", 0, 1);
        check("2025-01-04", "2025-01-05", "week", 0, 1);
        check("2025-01-05", "2025-01-11", "week", 0, 0);
        check("T10:30", "T09:15", "hour", -1, -1);
    }
}
