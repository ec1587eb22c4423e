//! The likely mending of a value that is not of its type: what its writer most probably meant.

use super::number::Number;
use super::{Flaw, Primitive, flaw, uuid};

impl Flaw {
    /// What the writer of `value` most likely meant, as a short piece of advice; `None` where it would be a guess.
    ///
    /// Most hints quote the mended value; where values must not be shown, leave the hint out. A value quoted after
    /// "write" is legal: it has been judged again.
    pub fn hint(self, primitive: Primitive, value: &str) -> Option<String> {
        if value.len() > LONGEST {
            return None;
        }
        if let Some(placeholder) = placeholder(value) {
            return Some(placeholder.to_owned());
        }
        let mended = match self {
            Flaw::TimeWithoutZone => {
                let advice = "add Z or the offset, such as +00:00";
                return flaw(primitive, &format!("{value}Z")).is_none().then(|| advice.to_owned());
            }
            Flaw::TimeMissing => return Some("add a time and a zone, such as T00:00:00Z".to_owned()),
            Flaw::Empty | Flaw::Blank => return Some("leave the element out if there is nothing to say".to_owned()),
            Flaw::NoSuchYear => return Some("leave the element out if the year is not known".to_owned()),
            Flaw::LeapSecond => value.replace(":60", ":59"),
            Flaw::SpaceAround | Flaw::UriBlank if value.trim() != value => value.trim().to_owned(),
            Flaw::UriBlank => value.replace(' ', "%20"),
            Flaw::CodeBlanks => value.split_whitespace().collect::<Vec<_>>().join(" "),
            Flaw::NotABoolean => boolean(value)?.to_owned(),
            Flaw::NotAnInteger | Flaw::NotADecimal | Flaw::LeadingZero => number(primitive, value)?,
            Flaw::Exponent => plain(value)?,
            Flaw::IdCharacters => id(value)?,
            Flaw::OidPrefix => format!("urn:oid:{}", value.strip_prefix("oid:").unwrap_or(value)),
            Flaw::OidForm => oid(value),
            Flaw::UuidPrefix => format!("urn:uuid:{}", bare_uuid(value)?),
            Flaw::UuidForm | Flaw::UuidUpperCase => {
                let fragment = value.find('#').map_or("", |at| &value[at..]);
                format!("urn:uuid:{}{fragment}", bare_uuid(&value[..value.len() - fragment.len()])?)
            }
            Flaw::Base64Characters if value.starts_with("data:") => {
                return Some("leave out the data: prefix up to and with the comma".to_owned());
            }
            Flaw::Base64Characters if value.contains(['-', '_']) => value.replace('-', "+").replace('_', "/"),
            Flaw::DateForm
            | Flaw::YearRange
            | Flaw::TimeNotAllowed
            | Flaw::ZoneNotAllowed
            | Flaw::TimeMark
            | Flaw::TimeForm
            | Flaw::SecondsMissing
            | Flaw::ZoneForm
            | Flaw::NoSuchMonth => date(primitive, value)?,
            _ => return None,
        };
        flaw(primitive, &mended).is_none().then(|| format!("write {mended}"))
    }
}

/// Longer values are not mended: nobody reads such a hint, and hostile input should not be copied about.
const LONGEST: usize = 256;

/// Templates that were never filled in: `[OrganizationID]`, `{id}`, `${date}`, `<value>`, `%NAME%`.
fn placeholder(value: &str) -> Option<&'static str> {
    let braces = value.starts_with(['[', '{', '$', '<', '%']) && value.ends_with([']', '}', '>', '%']);
    let named = braces && value.len() > 2 && bare_uuid(value).is_none();
    named.then_some("this looks like a placeholder that was not filled in")
}

fn boolean(value: &str) -> Option<&'static str> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "t" => Some("true"),
        "false" | "0" | "no" | "n" | "f" => Some("false"),
        _ => None,
    }
}

/// `+5`, `007`, `.5`, `5.`, `1,5`, `3.0` where an integer is wanted.
fn number(primitive: Primitive, value: &str) -> Option<String> {
    let value = value.trim();
    let (minus, digits) = match value.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (whole, fraction) = match digits.split_once(['.', ',']) {
        // "1,500" may be either 1.5 or 1500.
        Some((_, fraction)) if digits.contains(',') && fraction.len() == 3 => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let whole = match whole.trim_start_matches('0') {
        "" if whole.is_empty() && fraction.is_empty() => return None,
        "" => "0",
        significant => significant,
    };
    let integer = primitive != Primitive::Decimal && fraction.bytes().all(|digit| digit == b'0');
    Some(if fraction.is_empty() || integer { format!("{minus}{whole}") } else { format!("{minus}{whole}.{fraction}") })
}

/// A number with an exponent, written out.
fn plain(value: &str) -> Option<String> {
    let number = Number::of(value.as_bytes())?;
    let power = number.power().filter(|power| power.abs() <= 30)?;
    let digits = String::from_utf8([number.whole, number.fraction].concat()).ok()?;
    let point = i64::try_from(number.whole.len()).ok()? + power;
    let digits = match usize::try_from(point) {
        Ok(0) => format!("0.{digits}"),
        Ok(point) if point >= digits.len() => format!("{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) => format!("{}.{}", &digits[..point], &digits[point..]),
        Err(_) => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?)),
    };
    let whole = digits.find('.').unwrap_or(digits.len());
    let zeros = digits[..whole - 1].bytes().take_while(|&digit| digit == b'0').count();
    Some(format!("{}{}", if number.negative { "-" } else { "" }, &digits[zeros..]))
}

/// An id that is a whole reference, a URN, or has underscores.
fn id(value: &str) -> Option<String> {
    let value = value.trim();
    if let Some(uuid) = bare_uuid(value) {
        return Some(uuid);
    }
    let last = value.rsplit(['/', ':', '#']).next()?;
    (!last.is_empty()).then(|| last.replace(['_', ' '], "-"))
}

fn oid(value: &str) -> String {
    let arcs = value.trim();
    let arcs = arcs.strip_prefix("urn:oid:").or_else(|| arcs.strip_prefix("oid:")).unwrap_or(arcs);
    let arcs: Vec<&str> = arcs
        .trim_matches('.')
        .split('.')
        .map(|arc| match arc.trim_start_matches('0') {
            "" if !arc.is_empty() => "0",
            arc => arc,
        })
        .collect();
    format!("urn:oid:{}", arcs.join("."))
}

/// The UUID, in lower case, inside `urn:uuid:…`, `uuid:…`, `{…}`, or 32 digits without hyphens.
fn bare_uuid(value: &str) -> Option<String> {
    let lower = value.trim().to_ascii_lowercase();
    let rest = lower.as_str();
    let rest = rest.strip_prefix("urn:").unwrap_or(rest);
    let rest = rest.strip_prefix("uuid:").unwrap_or(rest).trim();
    let rest = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(rest);
    if uuid(rest) {
        return Some(rest.to_owned());
    }
    let digits = rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| [&rest[..8], &rest[8..12], &rest[12..16], &rest[16..20], &rest[20..]].join("-"))
}

/// Other notations of a date or time, brought to ISO 8601: days first, slashes, no separators at all, `T` or colons
/// or seconds missing. What the type has no place for is left off.
fn date(primitive: Primitive, value: &str) -> Option<String> {
    let value = value.trim();
    if !value.is_ascii() {
        return None;
    }
    if primitive == Primitive::Time {
        return time_of_day(value).map(|(time, _)| time);
    }
    let separator = value.find(['T', 't', ' ']);
    let (day, rest) = match separator {
        Some(at) => (&value[..at], value[at + 1..].trim()),
        // HL7 version 2: 20190228, 201902281000, 20190228100000.5+0100
        None if value.len() > 8 && value[..8].bytes().all(|byte| byte.is_ascii_digit()) => (&value[..8], &value[8..]),
        None => (value.trim_end_matches(['Z', 'z']), ""),
    };
    let day = calendar_day(day)?;
    if rest.is_empty() || primitive == Primitive::Date {
        return Some(day);
    }
    let (time, zone) = time_of_day(rest)?;
    // A zone that is missing is a flaw of its own; any other hint may show it as if it were UTC.
    let zone = if zone.is_empty() { "Z".to_owned() } else { zone };
    Some(format!("{day}T{time}{zone}"))
}

/// `28/02/2019`, `28-2-2019`, `2019/02/28`, `20190228`, `2019-2`; days come before months, as the NHS writes them.
fn calendar_day(value: &str) -> Option<String> {
    let parts: Vec<&str> = value.split(['-', '/', '.']).collect();
    if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    match parts[..] {
        [whole] if whole.len() == 8 => Some(format!("{}-{}-{}", &whole[..4], &whole[4..6], &whole[6..])),
        [year] if year.len() == 4 => Some(year.to_owned()),
        [year, month] if year.len() == 4 => Some(format!("{year}-{month:0>2}")),
        [month, year] if year.len() == 4 => Some(format!("{year}-{month:0>2}")),
        [year, month, day] if year.len() == 4 => Some(format!("{year}-{month:0>2}-{day:0>2}")),
        [day, month, year] if year.len() == 4 => Some(format!("{year}-{month:0>2}-{day:0>2}")),
        _ => None,
    }
}

/// Time and zone of `10:00`, `1000`, `100000.5`, `9:05:00z`, `10:00:00+0100`, `10:00:00+1`.
fn time_of_day(value: &str) -> Option<(String, String)> {
    let (time, zone) = value.split_at(value.find(['Z', 'z', '+', '-']).unwrap_or(value.len()));
    let (time, fraction) = time.trim().split_once(['.', ',']).unwrap_or((time.trim(), ""));
    let (hour, minute, second) = match time.split(':').collect::<Vec<_>>()[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        [whole] if whole.len() == 4 => (&whole[..2], &whole[2..], "00"),
        [whole] if whole.len() == 6 => (&whole[..2], &whole[2..4], &whole[4..]),
        _ => return None,
    };
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let zone = match zone.as_bytes() {
        [] => String::new(),
        [b'Z' | b'z'] => "Z".to_owned(),
        [sign, rest @ ..] => {
            let digits: String =
                rest.iter().filter(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte)).collect();
            let digits = match digits.len() {
                1 => format!("0{digits}00"),
                2 => format!("{digits}00"),
                4 => digits,
                _ => return None,
            };
            format!("{}{}:{}", char::from(*sign), &digits[..2], &digits[2..])
        }
    };
    Some((format!("{hour:0>2}:{minute:0>2}:{second:0>2}{fraction}"), zone))
}
