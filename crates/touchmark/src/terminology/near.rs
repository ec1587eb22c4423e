//! What was probably meant: the code of a set that a wrong one comes close to, and displays that say the same.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::code_set::CodeSet;
use super::code_system::CodeSystem;
use crate::sentence::Quoted;

/// How many codes of a set are looked at for one that is near.
const MOST: usize = 20_000;

/// A code as a message has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written<'d> {
    /// The code system.
    pub system: Option<&'d str>,
    /// The code.
    pub code: Option<&'d str>,
    /// The display.
    pub display: Option<&'d str>,
}

impl std::fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code, self.system) {
            // What has blanks in it is no code but somebody's words.
            (Some(code), system) if code.contains(char::is_whitespace) => {
                write!(f, "{}", Quoted(code))?;
                system.map_or(Ok(()), |system| write!(f, " of {system}"))
            }
            (Some(code), Some(system)) => write!(f, "'{code}' of {system}"),
            (Some(code), None) => write!(f, "'{code}'"),
            (None, Some(system)) => write!(f, "no code of {system}"),
            (None, None) => f.write_str("no code"),
        }
    }
}

/// The ways in which a code can come close, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    System,
    Case,
    Swapped,
    Display,
}

/// Hints that were looked for: messages of one sender make the same mistake in every one of them.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    known: HashMap<String, Option<String>, FixedState>,
}

/// So many hints are kept.
const MOST_HINTS: usize = 2000;

impl Hints {
    /// What was probably meant by a code that is not in the set, as a question; `None` where nothing is near.
    pub fn in_set(&mut self, set: &CodeSet, written: Written<'_>) -> Option<String> {
        self.look_up(std::ptr::from_ref(set).addr(), written, || in_set(set, written))
    }

    /// What was probably meant by a code that its code system does not have.
    pub fn in_system(&mut self, system: &CodeSystem, written: Written<'_>) -> Option<String> {
        self.look_up(std::ptr::from_ref(system).addr(), written, || in_system(system, written))
    }

    /// Looks for a hint once for each set or system, which is known by its address, and code.
    fn look_up(
        &mut self,
        place: usize,
        Written { system, code, display }: Written<'_>,
        look: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        let part = |text: Option<&'_ str>| text.unwrap_or("\0").to_owned();
        let key = [part(system), part(code), part(display), format!("{place:x}")].join("\n");
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let hint = look();
        if self.known.len() < MOST_HINTS && key.len() < 1000 {
            self.known.insert(key, hint.clone());
        }
        hint
    }
}

fn in_set(set: &CodeSet, written: Written<'_>) -> Option<String> {
    let meant = Meant::of(written)?;
    let mut best: Option<(Way, String)> = None;
    let mut left = MOST;
    set.each(&mut |system, code, display| {
        if let Some(way) = meant.near(system, code, display)
            && best.as_ref().is_none_or(|(b, _)| way < *b)
        {
            best = Some((way, question(way, written, system, code, display)));
        }
        left -= 1;
        left == 0
    });
    best.map(|(_, text)| text).or_else(|| {
        let likely = set.probable(written.system, written.code?)?;
        Some(format!("did you mean '{likely}'?"))
    })
}

fn in_system(system: &CodeSystem, written: Written<'_>) -> Option<String> {
    let meant = Meant::of(written)?;
    let mut best: Option<(Way, String)> = None;
    for concept in system.concepts().iter().take(MOST) {
        if let Some(way) = meant.near(system.url(), &concept.code, &concept.display)
            && best.as_ref().is_none_or(|(b, _)| way < *b)
        {
            best = Some((way, question(way, written, system.url(), &concept.code, &concept.display)));
        }
    }
    best.map(|(_, text)| text)
}

/// What is compared with all codes of a set.
struct Meant<'d> {
    system: Option<&'d str>,
    code: Said<'d>,
    display: Option<Said<'d>>,
}

impl<'d> Meant<'d> {
    fn of(written: Written<'d>) -> Option<Meant<'d>> {
        let display = written.display.filter(|display| !display.is_empty()).map(Said::of);
        Some(Meant { system: written.system, code: Said::of(written.code?), display })
    }

    fn near(&self, system: &str, code: &str, display: &str) -> Option<Way> {
        // Another system, or none.
        if self.code.text == code && self.system != Some(system) {
            return Some(Way::System);
        }
        if self.code.is(code) {
            return Some(Way::Case);
        }
        if !display.is_empty() && self.code.is(display) {
            return Some(Way::Swapped);
        }
        let shown = self.display.as_ref()?;
        (shown.is(display) || shown.is(code)).then_some(Way::Display)
    }
}

fn question(way: Way, written: Written<'_>, system: &str, code: &str, display: &str) -> String {
    let other = written.system.is_some_and(|s| s != system);
    let of = if other { format!(" of {system}") } else { String::new() };
    match way {
        Way::System => format!("did you mean the system {system}?"),
        Way::Case => format!("did you mean '{code}'{of}? Codes are exact"),
        Way::Swapped => format!("did you mean '{code}'{of}? '{display}' is its display"),
        Way::Display => format!("did you mean '{code}'{of} ({display})?"),
    }
}

/// Whether two displays say the same: case, dashes, quotation marks and blanks do not matter.
pub(crate) fn same_display(a: &str, b: &str) -> bool {
    Said::of(a).is(b)
}

/// A text that is compared with many: most show with their first letter that they say something else.
struct Said<'d> {
    text: &'d str,
    /// The first letter, where it needs no folding but of case.
    first: Option<u8>,
}

impl<'d> Said<'d> {
    fn of(text: &'d str) -> Said<'d> {
        Said { text, first: Said::first(text) }
    }

    fn first(text: &str) -> Option<u8> {
        text.bytes().find(|b| *b != b' ').filter(u8::is_ascii_alphanumeric)
    }

    /// Whether another text says the same.
    fn is(&self, other: &str) -> bool {
        let may_be = match (self.first, Said::first(other)) {
            (Some(own), Some(other)) => own.eq_ignore_ascii_case(&other),
            _ => true,
        };
        may_be && (self.text == other || folded(self.text).eq(folded(other)))
    }
}

/// The letters of a display without what does not matter.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let plain = text.chars().map(|c| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '`' | '\u{b4}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => '"',
        c if c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}') => ' ',
        c => c,
    });
    plain.flat_map(char::to_lowercase).filter(|c| *c != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_that_say_the_same() {
        for (a, b, wanted) in [
            ("Not known", "not  known ", true),
            ("Non–smoker", "Non-smoker", true),
            ("Patient’s choice", "Patient's choice", true),
            ("“Do not resuscitate”", "\"Do not resuscitate\"", true),
            ("X-ray", "Xray", false),
            ("Male", "Female", false),
        ] {
            assert_eq!(same_display(a, b), wanted, "{a} / {b}");
        }
    }
}
