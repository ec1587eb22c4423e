//! Language tags, BCP 47: their grammar, and whether their parts are registered (<https://www.rfc-editor.org/rfc/rfc5646>).

use std::iter::Peekable;
use std::str::Split;

use super::registered::{EXTENDED, IRREGULAR, LANGUAGES, REGIONS, SCRIPTS, VARIANTS};

/// Whether a text is a language tag that is valid (section 2.2.9): it has the form, every part that the registry lists is in it, and
/// no variant and no singleton stands there twice. What extensions say is their own affair.
pub(super) fn is_tag(tag: &str) -> bool {
    if IRREGULAR.has(tag) {
        return true;
    }
    let mut parts = tag.split('-').peekable();
    if !parts.peek().is_some_and(|first| first.eq_ignore_ascii_case("x")) {
        let Some(first) = parts.next() else { return false };
        // Languages of four to eight letters may be registered one day; today there is none.
        if !(2..=3).contains(&first.len()) || !LANGUAGES.has(first) {
            return false;
        }
        for _ in 0..3 {
            parts.next_if(|part| part.len() == 3 && EXTENDED.has(part));
        }
        parts.next_if(|part| part.len() == 4 && SCRIPTS.has(part));
        parts.next_if(|part| REGIONS.has(part));
        let mut seen: Vec<&str> = Vec::new();
        while let Some(variant) = parts.next_if(|part| VARIANTS.has(part)) {
            seen.push(variant);
        }
        while let Some(singleton) = parts.next_if(|part| part.len() == 1 && !part.eq_ignore_ascii_case("x")) {
            if !singleton.as_bytes()[0].is_ascii_alphanumeric() || !several(&mut parts, 2) {
                return false;
            }
            seen.push(singleton);
        }
        // Parts are few, and these are all that may not stand there twice.
        if (1..seen.len()).any(|at| seen[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(seen[at]))) {
            return false;
        }
    }
    match parts.next() {
        None => true,
        Some(private) => private.eq_ignore_ascii_case("x") && several(&mut parts, 1) && parts.next().is_none(),
    }
}

/// Takes all parts of at least so many letters and digits, up to eight. Returns whether there is one.
fn several(parts: &mut Peekable<Split<'_, char>>, least: usize) -> bool {
    let fits = |part: &&str| (least..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut any = false;
    while parts.next_if(fits).is_some() {
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags() {
        for (tag, wanted) in [
            ("en", true),
            ("EN-gb", true),
            ("en-GB", true),
            ("zh-Hant-TW", true),
            ("sl-rozaj-biske", true),
            ("de-CH-1901", true),
            ("de-DE-u-co-phonebk", true),
            ("es-419", true),
            ("zh-cmn-Hans-CN", true),
            ("yue", true),
            ("en-u-ca-gregory", true),
            ("en-a-bbb-x-a-ccc", true),
            ("en-x-a-b", true),
            ("x-private", true),
            ("x-a-b", true),
            ("i-klingon", true),
            ("en-GB-oed", true),
            ("qaa-Qaaa-QM-x-southern", true),
            ("ar-Latn-EG", true),
            ("", false),
            ("e", false),
            ("x", false),
            ("en_GB", false),
            ("en-", false),
            ("-en", false),
            ("english language", false),
            ("english", false),
            ("eng", false),
            ("xx", false),
            ("en-UK", false),
            ("en-Latn-Latn", false),
            ("en-abcde", false),
            ("de-DE-1901-1901", false),
            ("en-a-bbb-a-ccc", false),
            ("en-u", false),
            ("en-u-x-a", false),
            ("en-x", false),
            ("en-GB-oxford!", false),
            ("i-unknown", false),
            ("12", false),
            ("ar-a-aaa-b-bbb-a-ccc", false),
        ] {
            assert_eq!(is_tag(tag), wanted, "{tag}");
        }
    }
}
