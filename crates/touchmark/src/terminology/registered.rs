//! Codes that registries list: subtags of languages, countries, currencies. `registered/make.py` makes the lists.
//!
//! Sources: the IANA Language Subtag Registry of 2025-08-25 (<https://www.iana.org/assignments/language-subtag-registry>, by way of
//! npm language-subtag-registry 0.4.2); ISO 3166 parts 1 and 3 (by way of rust_iso3166 0.2.0, compared with i18n-iso-countries
//! 7.14.0); ISO 4217 as its maintenance agency published it on 2024-06-25 (by way of npm currency-codes 2.2.0), and the currencies
//! of the past from Unicode CLDR 48.2 (npm cldr-core). Codes that were withdrawn are in the lists: messages speak of the past.

use std::cmp::Ordering;

/// A list of codes in small letters, one a line, sorted by bytes.
#[derive(Clone, Copy)]
pub(super) struct List(&'static str);

/// Languages of two or three letters, those for private use (`qaa` to `qtz`) included.
pub(super) const LANGUAGES: List = List(include_str!("registered/languages.txt"));
/// Languages that stand behind the one that they belong to.
pub(super) const EXTENDED: List = List(include_str!("registered/extlangs.txt"));
/// Scripts.
pub(super) const SCRIPTS: List = List(include_str!("registered/scripts.txt"));
/// Regions: countries, and numbers of larger ones.
pub(super) const REGIONS: List = List(include_str!("registered/regions.txt"));
/// Variants of languages.
pub(super) const VARIANTS: List = List(include_str!("registered/variants.txt"));
/// Whole tags from before there was a grammar.
pub(super) const IRREGULAR: List = List(include_str!("registered/irregular.txt"));
const COUNTRIES: List = List(include_str!("registered/countries.txt"));
const CURRENCIES: List = List(include_str!("registered/currencies.txt"));

impl List {
    /// Whether a code is in the list, in capital or small letters.
    pub fn has(self, code: &str) -> bool {
        let text = self.0.as_bytes();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            // The line around the middle.
            let middle = low.midpoint(high);
            let start = text[low..middle].iter().rposition(|b| *b == b'\n').map_or(low, |at| low + at + 1);
            let end = text[middle..high].iter().position(|b| *b == b'\n').map_or(high, |at| middle + at);
            let wanted = code.bytes().map(|b| b.to_ascii_lowercase());
            match wanted.cmp(text[start..end].iter().copied()) {
                Ordering::Equal => return true,
                Ordering::Less => high = start,
                Ordering::Greater => low = end + 1,
            }
        }
        false
    }
}

/// Whether ISO 3166-1 has a code: of two letters, three letters or three digits, those for private use included (AA, QM to QZ,
/// XA to XZ, ZZ; AAA to AAZ, QMA to QZZ, XAA to XZZ, ZZA to ZZZ; 900 to 999).
pub(super) fn is_country(code: &str) -> bool {
    let upper = code.to_ascii_uppercase();
    let private = match upper.as_bytes() {
        [b'9', rest @ ..] => rest.len() == 2 && rest.iter().all(u8::is_ascii_digit),
        [first @ (b'A' | b'Z'), second] | [first @ (b'A' | b'Z'), second, b'A'..=b'Z'] => first == second,
        [b'Q', b'M'..=b'Z'] | [b'Q', b'M'..=b'Z', b'A'..=b'Z'] => true,
        [b'X', b'A'..=b'Z'] | [b'X', b'A'..=b'Z', b'A'..=b'Z'] => true,
        _ => false,
    };
    private || COUNTRIES.has(code)
}

/// Whether ISO 4217 has, or had, a code of three letters.
pub(super) fn is_currency(code: &str) -> bool {
    CURRENCIES.has(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_each_list_is_found_and_nothing_between() {
        for List(text) in [LANGUAGES, EXTENDED, SCRIPTS, REGIONS, VARIANTS, IRREGULAR, COUNTRIES, CURRENCIES] {
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.len() > 20 && lines.is_sorted(), "{}", lines[0]);
            for line in &lines {
                assert!(
                    !line.is_empty() && line.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                );
                assert!(List(text).has(line) && List(text).has(&line.to_ascii_uppercase()), "{line}");
                for other in [format!("{line}!"), line[1..].to_owned(), format!("{line}\n"), format!("!{line}")] {
                    assert_eq!(List(text).has(&other), lines.contains(&&*other), "{other}");
                }
            }
            assert!(!List(text).has(""));
        }
    }

    #[test]
    fn countries() {
        for (code, wanted) in [
            ("GB", true),
            ("gbr", true),
            ("826", true),
            ("SUN", true),
            ("XK", true),
            ("ZZZ", true),
            ("999", true),
            ("UK", false),
            ("ENG", false),
            ("827", false),
            ("AB", false),
            ("ZA", true),
            ("AZ", true),
            ("AAÄ", false),
            ("England", false),
            ("", false),
        ] {
            assert_eq!(is_country(code), wanted, "{code}");
        }
    }

    #[test]
    fn currencies() {
        for (code, wanted) in [("GBP", true), ("usd", true), ("DEM", true), ("XXX", true), ("£", false), ("UKP", false)]
        {
            assert_eq!(is_currency(code), wanted, "{code}");
        }
    }
}
