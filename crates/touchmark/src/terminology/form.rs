//! Code systems known without a definition: by the form of their codes, or by a list that the library carries.

use super::{language, registered};

/// A code system that needs no definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Language tags, BCP 47 (<https://www.rfc-editor.org/rfc/rfc5646#section-2.1>).
    Language,
    /// Media types, BCP 13 (<https://www.rfc-editor.org/rfc/rfc6838#section-4.2>).
    Media,
    /// Units of measure, UCUM (<https://ucum.org/ucum>).
    Unit,
    /// Countries, ISO 3166-1 (<https://www.iso.org/iso-3166-country-codes.html>): of two or three letters, or numeric.
    Country,
    /// Currencies, ISO 4217 (<https://www.iso.org/iso-4217-currency-codes.html>).
    Currency,
}

/// The code system of units of measure.
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";

impl Form {
    /// The form of the codes of a code system.
    pub fn of_system(url: &str) -> Option<Form> {
        match url {
            "urn:ietf:bcp:47" => Some(Form::Language),
            "urn:ietf:bcp:13" => Some(Form::Media),
            UCUM => Some(Form::Unit),
            "urn:iso:std:iso:3166" => Some(Form::Country),
            "urn:iso:std:iso:4217" => Some(Form::Currency),
            _ => None,
        }
    }

    /// Whether codes that differ only in the case of their letters are the same.
    pub fn folds(self) -> bool {
        self != Form::Unit
    }

    /// What was probably meant by what is no code: another way to join the parts of a language tag, or the country that half the
    /// world knows by other letters than ISO does.
    pub fn probable(self, code: &str) -> Option<String> {
        let british = |part: &str| if part.eq_ignore_ascii_case("uk") { "GB".to_owned() } else { part.to_owned() };
        let likely = match self {
            Form::Language => {
                let mut parts = code.trim().split(['-', '_']);
                let language = parts.next().map(str::to_owned);
                language.into_iter().chain(parts.map(british)).collect::<Vec<_>>().join("-")
            }
            Form::Country => british(code.trim()),
            Form::Media | Form::Unit | Form::Currency => code.trim().to_owned(),
        };
        (likely != code && self.admits(&likely)).then_some(likely)
    }

    /// Whether there is such a code.
    pub fn admits(self, code: &str) -> bool {
        match self {
            Form::Language => language::is_tag(code),
            Form::Media => is_media_type(code),
            Form::Unit => octofhir_ucum::validate(code).is_ok(),
            Form::Country => registered::is_country(code),
            Form::Currency => registered::is_currency(code),
        }
    }
}

/// Whether a text is a media type, with or without parameters, or one of the short names that FHIR allows for its own formats.
fn is_media_type(text: &str) -> bool {
    if matches!(text, "xml" | "json" | "ttl") {
        return true;
    }
    let (name, parameters) = text.split_once(';').map_or((text, None), |(n, p)| (n.trim_end(), Some(p)));
    let token = |t: &str| {
        t.len() <= 127
            && t.starts_with(|c: char| c.is_ascii_alphanumeric())
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let named = name.split_once('/').is_some_and(|(t, s)| token(t) && token(s));
    named
        && parameters.is_none_or(|p| {
            p.split(';').all(|p| p.trim().split_once('=').is_some_and(|(n, v)| token(n) && !v.is_empty()))
        })
}

/// What is wrong with a SNOMED CT code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnomedFlaw {
    /// Neither a number of 6 to 18 digits nor an expression.
    Form,
    /// The last digit does not fit the others: one was mistyped.
    CheckDigit,
    /// The identifier of a description.
    Description,
    /// The identifier of a relationship.
    Relationship,
    /// The digits that say what it identifies say nothing known.
    Partition,
}

impl SnomedFlaw {
    /// What is wrong, in words.
    pub fn sentence(self) -> &'static str {
        match self {
            SnomedFlaw::Form => "a concept identifier is a number of 6 to 18 digits that does not begin with 0",
            SnomedFlaw::CheckDigit => "its check digit is wrong, so at least one digit is",
            SnomedFlaw::Description => "it identifies a description; a code is the identifier of a concept",
            SnomedFlaw::Relationship => "it identifies a relationship; a code is the identifier of a concept",
            SnomedFlaw::Partition => "the second and third digit from the end must be 00 or 10 for a concept",
        }
    }
}

/// Looks at the form of a SNOMED CT code: concept identifiers (<http://snomed.org/rel>, 'SCTID'), and expressions, which are left alone.
pub(crate) fn snomed_flaw(code: &str) -> Option<SnomedFlaw> {
    let digits = code.as_bytes();
    if !digits.iter().all(u8::is_ascii_digit) {
        // A post-coordinated expression: concepts with terms in bars, refinements behind a colon.
        let expression = code.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '(' | '=' | '<'))
            && code.contains(['|', ':', '+', '=', '(', '{', '<']);
        return (!expression).then_some(SnomedFlaw::Form);
    }
    if !(6..=18).contains(&digits.len()) || digits[0] == b'0' {
        return Some(SnomedFlaw::Form);
    }
    if !verhoeff(digits) {
        return Some(SnomedFlaw::CheckDigit);
    }
    match &digits[digits.len() - 3..digits.len() - 1] {
        b"00" | b"10" => None,
        b"01" | b"11" => Some(SnomedFlaw::Description),
        b"02" | b"12" => Some(SnomedFlaw::Relationship),
        _ => Some(SnomedFlaw::Partition),
    }
}

/// The dihedral group of ten elements; the check digit makes the product of all permuted digits its unit.
fn verhoeff(digits: &[u8]) -> bool {
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 10 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let permuted = digits.iter().rev().zip(PERMUTATIONS.iter().cycle()).map(|(digit, p)| p[(digit - b'0') as usize]);
    permuted.fold(0, times) == 0
}

/// The permutations for the digits from the last one on; the ninth is the first again.
const PERMUTATIONS: [[u8; 10]; 8] = {
    const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut permutations = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; 8];
    let mut power = 1;
    while power < 8 {
        let mut digit = 0;
        while digit < 10 {
            permutations[power][digit] = STEP[permutations[power - 1][digit] as usize];
            digit += 1;
        }
        power += 1;
    }
    permutations
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (text, wanted) in [
            ("text/plain", true),
            ("application/fhir+xml", true),
            ("text/plain; charset=UTF-8", true),
            ("application/hl7-sda+xml", true),
            ("json", true),
            ("text", false),
            ("text/", false),
            ("/plain", false),
            ("text/pl ain", false),
            ("text/plain;", false),
            ("pdf", false),
        ] {
            assert_eq!(is_media_type(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_was_probably_meant() {
        for (form, code, wanted) in [
            (Form::Language, "en_GB", Some("en-GB")),
            (Form::Language, "en-UK", Some("en-GB")),
            (Form::Language, "uk_UA", Some("uk-UA")),
            (Form::Language, "english", None),
            (Form::Country, "UK", Some("GB")),
            (Form::Country, " GB", Some("GB")),
            (Form::Country, "England", None),
            (Form::Currency, "GBP ", Some("GBP")),
            (Form::Media, "pdf", None),
        ] {
            assert_eq!(form.probable(code).as_deref(), wanted, "{code}");
        }
    }

    #[test]
    fn units() {
        for (code, wanted) in [
            ("mm[Hg]", true),
            ("10*9/L", true),
            ("{score}", true),
            ("kg/m2", true),
            ("/min", true),
            ("1", true),
            ("score", false),
            ("mcg", false),
            ("mmHg", false),
            ("kg/", false),
            ("", false),
        ] {
            assert_eq!(Form::Unit.admits(code), wanted, "{code}");
        }
    }

    #[test]
    fn snomed_codes() {
        for (code, wanted) in [
            ("22298006", None),
            ("999000041000000102", None),
            ("138875005", None),
            ("22298007", Some(SnomedFlaw::CheckDigit)),
            ("22289006", Some(SnomedFlaw::CheckDigit)),
            ("12345", Some(SnomedFlaw::Form)),
            ("022298006", Some(SnomedFlaw::Form)),
            ("1234567890123456789", Some(SnomedFlaw::Form)),
            ("heart attack", Some(SnomedFlaw::Form)),
            ("37436014", Some(SnomedFlaw::Description)),
            ("394595002 ", Some(SnomedFlaw::Form)),
            ("373873005 |Pharmaceutical| : 411116001 = 385268001", None),
        ] {
            assert_eq!(snomed_flaw(code), wanted, "{code}");
        }
    }
}
