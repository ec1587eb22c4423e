//! Code systems known by the form of their codes: language tags, media types, units of measure, SNOMED CT identifiers.

/// A code system whose codes cannot be listed but have a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Language tags, BCP 47 (<https://www.rfc-editor.org/rfc/rfc5646#section-2.1>).
    Language,
    /// Media types, BCP 13 (<https://www.rfc-editor.org/rfc/rfc6838#section-4.2>).
    Media,
    /// Units of measure, UCUM (<https://ucum.org/ucum>).
    Unit,
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
            _ => None,
        }
    }

    /// Whether a code has the form.
    pub fn admits(self, code: &str) -> bool {
        match self {
            Form::Language => is_language_tag(code),
            Form::Media => is_media_type(code),
            Form::Unit => octofhir_ucum::validate(code).is_ok(),
        }
    }
}

/// Whether a text is a well-formed language tag. Whether its parts are registered is not looked at.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let letters = |p: &str| p.bytes().all(|b| b.is_ascii_alphabetic());
    let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
    let plain = |p: &str, most: usize| !p.is_empty() && p.len() <= most && p.bytes().all(|b| b.is_ascii_alphanumeric());
    let Some(first) = parts.next() else { return false };
    if !letters(first) {
        return false;
    }
    match first.len() {
        1 if matches!(first, "x" | "X" | "i" | "I") => return parts.peek().is_some() && parts.all(|p| plain(p, 8)),
        2 | 3 => {
            for _ in 0..3 {
                parts.next_if(|p| p.len() == 3 && letters(p));
            }
        }
        4..=8 => {}
        _ => return false,
    }
    parts.next_if(|p| p.len() == 4 && letters(p));
    parts.next_if(|p| p.len() == 2 && letters(p) || p.len() == 3 && digits(p));
    while parts.next_if(|p| plain(p, 8) && (p.len() >= 5 || p.len() == 4 && p.as_bytes()[0].is_ascii_digit())).is_some()
    {
    }
    while let Some(singleton) = parts.next() {
        let private = singleton.eq_ignore_ascii_case("x");
        let mut count = 0;
        while parts.next_if(|p| plain(p, 8) && (private || p.len() > 1)).is_some() {
            count += 1;
        }
        if singleton.len() != 1 || !plain(singleton, 1) || count == 0 || private && parts.peek().is_some() {
            return false;
        }
    }
    true
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
    fn language_tags() {
        for (tag, wanted) in [
            ("en", true),
            ("en-GB", true),
            ("zh-Hant-TW", true),
            ("sl-rozaj-biske", true),
            ("de-CH-1901", true),
            ("es-419", true),
            ("zh-cmn-Hans-CN", true),
            ("en-u-ca-gregory", true),
            ("x-private", true),
            ("i-klingon", true),
            ("en-x-a-b", true),
            ("", false),
            ("e", false),
            ("en_GB", false),
            ("en-", false),
            ("english language", false),
            ("en-u", false),
            ("en-GB-oxford!", false),
            ("12", false),
        ] {
            assert_eq!(is_language_tag(tag), wanted, "{tag}");
        }
    }

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
