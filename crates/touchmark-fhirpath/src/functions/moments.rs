//! Functions on dates and times: now, their parts, and what lies between them.

use std::fmt::Write as _;

use crate::ast::{Call, Part};
use crate::decimal::Decimal;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure, single};
use crate::function::Function as F;
use crate::item::{Collection, Item};
use crate::moment::{Moment, MomentKind, Precision};
use crate::moment_arithmetic::CalendarUnit;
use crate::scalar::{Scalar, scalar};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn moments(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        if matches!(call.function, F::Now | F::Today | F::TimeOfDay) {
            let Some(now) = self.environment.now else {
                return failure(part, EvaluationErrorKind::NotSupported, "what time it is was not given");
            };
            return Ok(Collection::option(match call.function {
                F::Now => Some(Item::Moment(now)),
                F::Today => Some(Item::Moment(now.date())),
                _ => now.time_of_day().map(Item::Moment),
            }));
        }
        let Some(moment) = self.moment(part, input)? else { return Ok(Collection::Empty) };
        if matches!(call.function, F::Duration | F::Difference) {
            let other = self.operand(&call.arguments[0], scope)?;
            let precision = self.text_argument(part, call, 1, scope)?;
            let (Some(other), Some(precision)) = (self.moment(part, &other)?, precision) else {
                return Ok(Collection::Empty);
            };
            let Some(unit) = CalendarUnit::from_keyword(&precision) else {
                return failure(part, EvaluationErrorKind::Type, format!("'{precision}' is no unit of the calendar"));
            };
            let number = moment.until(&other, unit, call.function == F::Difference);
            return Ok(Collection::option(number.map(Item::Integer)));
        }
        Ok(Collection::option(part_of(call.function, moment)))
    }

    fn moment(&self, part: &Part, collection: &Collection<'a>) -> Evaluated<Option<Moment>> {
        let Some(item) = single(part, collection)? else { return Ok(None) };
        Ok(match scalar(item, self.environment.model) {
            Scalar::Moment(moment) => Some(moment),
            Scalar::Untyped(text) => Moment::parse_date(text).or_else(|| Moment::parse_date_time(text)),
            _ => None,
        })
    }
}

fn part_of(function: F, moment: Moment) -> Option<Item<'static>> {
    let has_date = moment.kind() != MomentKind::Time;
    let when = |there: bool, value: i64| there.then_some(Item::Integer(value));
    let known = moment.precision();
    match function {
        F::YearOf => when(has_date, moment.year.into()),
        F::MonthOf => when(has_date && known >= Precision::Month, moment.month.into()),
        F::DayOf => when(has_date && known >= Precision::Day, moment.day.into()),
        F::HourOf => when(known >= Precision::Hour, moment.hour.into()),
        F::MinuteOf => when(known >= Precision::Minute, moment.minute.into()),
        F::SecondOf => when(known >= Precision::Second, moment.second.into()),
        F::MillisecondOf => when(moment.fraction_digits > 0, i64::from(moment.nanos / 1_000_000)),
        F::TimezoneOffsetOf => {
            let hours = Decimal::from(i64::from(moment.zone?)).divide_to(Decimal::from(60), 4)?;
            Some(Item::Decimal(if hours.scale() == 0 { Decimal::new(hours.mantissa() * 10, 1)? } else { hours }))
        }
        F::DateOf => has_date.then(|| Item::Moment(moment.date())),
        _ => if has_date { moment.time_of_day() } else { None }.map(Item::Moment),
    }
}

/// Reads a date or date-time by a format such as `dd-MM-yyyy`
/// (<https://build.fhir.org/ig/HL7/FHIRPath/#datedatetime-string-format-codes>); names of months are not read.
pub(super) fn parse_formatted(text: &str, format: &str) -> Option<Moment> {
    let mut iso: [Option<u32>; 6] = [None; 6];
    let mut fraction = String::new();
    let mut zone = String::new();
    let mut afternoon = None;
    let mut rest = text;
    let mut codes = format;
    while let Some(code) = codes.chars().next() {
        let run = codes.len() - codes.trim_start_matches(code).len();
        let digits = |rest: &str| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let place = match code {
            'y' => 0,
            'M' => 1,
            'd' => 2,
            'h' | 'H' => 3,
            'm' => 4,
            's' => 5,
            'S' => {
                let (value, after) = rest.split_at_checked(run)?;
                fraction.push_str(value);
                (rest, codes) = (after, &codes[run..]);
                continue;
            }
            'a' => {
                let length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                afternoon = Some(rest[..length].to_ascii_lowercase().starts_with('p'));
                (rest, codes) = (&rest[length..], &codes[run..]);
                continue;
            }
            'Z' => {
                if let Some(after) = rest.strip_prefix('Z') {
                    zone.push('Z');
                    rest = after;
                } else {
                    let (sign, after) = rest.split_at_checked(1)?;
                    let (hours, after) = after.split_at_checked(2)?;
                    let (minutes, after) = after.strip_prefix(':').unwrap_or(after).split_at_checked(2)?;
                    zone = format!("{sign}{hours}:{minutes}");
                    rest = after;
                }
                codes = &codes[run..];
                continue;
            }
            literal => {
                rest = rest.strip_prefix(literal)?;
                codes = &codes[literal.len_utf8()..];
                continue;
            }
        };
        if run > 4 || (code == 'M' && run > 2) {
            return None;
        }
        let length = if run == 1 { digits(rest).min(2) } else { run };
        if length == 0 || digits(rest) < length {
            return None;
        }
        let mut value: u32 = rest[..length].parse().ok()?;
        if code == 'y' && run == 2 {
            value += if value < 50 { 2000 } else { 1900 };
        }
        iso[place] = Some(value);
        (rest, codes) = (&rest[length..], &codes[run..]);
    }
    if !rest.is_empty() {
        return None;
    }
    if let (Some(hour), Some(afternoon)) = (iso[3], afternoon) {
        iso[3] = Some(hour % 12 + if afternoon { 12 } else { 0 });
    }
    let [year, month, day, hour, minute, second] = iso;
    let mut written = format!("{:04}", year?);
    for (sign, value) in [("-", month), ("-", day), ("T", hour), (":", minute), (":", second)] {
        let Some(value) = value else { break };
        let _ = write!(written, "{sign}{value:02}");
    }
    if second.is_some() && !fraction.is_empty() {
        written.push('.');
        written.push_str(&fraction);
    }
    written.push_str(&zone);
    Moment::parse_date_time(&written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let check = |text, format, expected: &str| {
            let moment = parse_formatted(text, format).map(|m| m.to_string()).unwrap_or_default();
            assert_eq!(moment, expected, "{text} {format}");
        };
        check("150124", "ddMMyy", "2024-01-15");
        check("15-01-2024", "dd-MM-yyyy", "2024-01-15");
        check("12-27", "MM-yy", "2027-12");
        check("2024-01-15 03:04 pm", "yyyy-MM-dd hh:mm a", "2024-01-15T15:04");
        check("20240115T030405.678+0200", "yyyyMMddTHHmmss.SSSZ", "2024-01-15T03:04:05.678+02:00");
        check("15é", "ddMM", "");
        check("2024", "yyyyMM", "");
    }
}
