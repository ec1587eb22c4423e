//! What conditions and sentences name: variables, tables and their columns, values of dimensions. Whether they can be read at all
//! is found when they are compiled.

use std::sync::LazyLock;

use regex::Regex;

use super::Set;
use super::names::{Known, no_policy};
use crate::messages::defect::{CONDITION, NAME, NEVER};
use crate::messages::file::{Claim, RuleFile, Verdict};
use crate::messages::sentence;

/// A text of a rule file that holds FHIRPath.
pub(super) struct Text<'f> {
    pub pointer: String,
    pub written: &'f str,
    /// Whether FHIRPath stands in brackets only.
    pub is_sentence: bool,
    /// The number of the place that it is, counted over the set.
    place: Option<usize>,
}

/// Calls that look into a table, with its name and perhaps a column's.
static TABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:lookup|keys|probable)\('([^']*)'(?:\s*,\s*'([^']*)')?").expect("a pattern of ours")
});

/// A variable that is compared with a text.
static COMPARED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"%([A-Za-z_]\w*)\s*(=|!=)\s*'([^']*)'").expect("a pattern of ours"));

/// Looks at everything that is named in conditions and sentences.
pub(super) fn check(set: &mut Set<'_>, known: &Known<'_>) {
    let mut places = 0;
    for file in set.files {
        for text in texts(&file.content, &mut places) {
            each(set, file.name, &text, &mut |set, start, expression| {
                let place = text.place;
                look(set, known, file.name, &text.pointer, start, expression, &[], place);
            });
        }
    }
}

/// Calls with each expression of a text, and how far in it that is. A bracket that is not closed is said.
pub(super) fn each(set: &mut Set<'_>, file: &str, text: &Text<'_>, look: &mut dyn FnMut(&mut Set<'_>, usize, &str)) {
    if !text.is_sentence {
        return look(set, 0, text.written);
    }
    for place in sentence::places(text.written) {
        match place {
            Err(at) => {
                set.say_in(file, &CONDITION, text.pointer.clone(), Some(at), "this bracket is not closed");
            }
            Ok(place) if &text.written[place.clone()] == "finding" => {}
            Ok(place) => {
                let inside = &text.written[place.clone()];
                let expression = inside.strip_prefix('~').unwrap_or(inside);
                look(set, place.end - expression.len(), expression);
            }
        }
    }
}

/// Looks at what one expression names; `more` are variables that it may use beside those of the set.
#[expect(clippy::too_many_arguments, reason = "one call passes on where it is")]
pub(super) fn look(
    set: &mut Set<'_>,
    known: &Known<'_>,
    file: &str,
    pointer: &str,
    start: usize,
    expression: &str,
    more: &[&str],
    place: Option<usize>,
) {
    let mut say = |rule, at: usize, text: String| set.say_in(file, rule, pointer, Some(start + at), text);
    for (at, name) in variables(expression) {
        if !known.has_variable(name) && !more.contains(&name) {
            say(&NAME, at, format!("nothing is called %{name}"));
        } else if let (Some(here), Some(other)) = (place, known.places.get(name))
            && *other >= here
        {
            say(&NAME, at, format!("the place {name} is not known yet: it stands behind this one"));
        } else if place.is_some() && known.dimensions.contains_key(name) && !known.constants.contains(name) {
            say(&NAME, at, format!("{name} is not known yet: places are found before messages are told apart"));
        }
    }
    for found in TABLE.captures_iter(expression) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        let Some(table) = known.tables.get(name.as_str()) else {
            say(&NAME, name.start(), format!("there is no table {}", name.as_str()));
            continue;
        };
        if let Some(column) = found.get(2).filter(|_| !whole.as_str().starts_with("probable"))
            && !table.columns.iter().any(|c| c == column.as_str())
        {
            let text = format!("the table {} has no column {}", name.as_str(), column.as_str());
            say(&NAME, column.start(), format!("{text}; it has {}", table.columns.join(", ")));
        }
    }
    for found in COMPARED.captures_iter(expression) {
        let (Some(name), Some(value)) = (found.get(1), found.get(3)) else { continue };
        if let Some(values) = known.dimensions.get(name.as_str()).filter(|v| !v.has(value.as_str())) {
            let text = format!("{} is never {}; it is one of {}", name.as_str(), value.as_str(), values.list());
            say(&NEVER, value.start(), text);
        }
        if name.as_str() == "policy" && !known.policies.contains(&value.as_str()) {
            say(&NAME, value.start(), no_policy(known, value.as_str()));
        }
    }
}

/// The variables of an expression, each with its place.
fn variables(expression: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut letters = expression.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            // Texts and names in quotation marks hold no variables.
            '\'' | '`' | '"' => {
                while let Some((_, inside)) = letters.next() {
                    match inside {
                        '\\' => drop(letters.next()),
                        end if end == letter => break,
                        _ => {}
                    }
                }
            }
            '%' => {
                let rest = &expression[at + 1..];
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                if length > 0 {
                    found.push((at, &rest[..length]));
                }
            }
            _ => {}
        }
    }
    found
}

/// All texts of a file that hold FHIRPath; `places` counts the places of the set.
fn texts<'f>(file: &'f RuleFile, places: &mut usize) -> Vec<Text<'f>> {
    let mut found = Texts { found: Vec::new() };
    found.condition("/recognise".to_owned(), file.recognise.as_ref());
    for (at, place) in file.places.iter().enumerate() {
        found.add(format!("/places/{at}/is"), &place.is, false, Some(*places));
        *places += 1;
    }
    for (at, dimension) in file.dimensions.iter().enumerate() {
        for (n, value) in dimension.values.iter().enumerate() {
            let pointer = format!("/dimensions/{at}/values/{n}");
            found.add(format!("{pointer}/value"), &value.value, true, None);
            found.condition(format!("{pointer}/when"), value.when.as_ref());
        }
    }
    for (at, conform) in file.conform.iter().enumerate() {
        found.condition(format!("/conform/{at}/if"), conform.condition.as_ref());
    }
    for (at, link) in file.links.iter().enumerate() {
        let verdicts: [(&str, &'f Option<Verdict>); 4] = [
            ("unresolved", &link.unresolved),
            ("elsewhere", &link.elsewhere),
            ("wrongType", &link.wrong_type),
            ("form", &link.form),
        ];
        for (part, verdict) in verdicts {
            let text = verdict.as_ref().and_then(|v| v.text.as_ref());
            found.sentence(format!("/links/{at}/{part}/text"), text);
        }
    }
    for (at, rule) in file.rules.iter().enumerate() {
        found.sentence(format!("/rules/{at}/text"), rule.text.as_ref());
        for (n, claim) in rule.claims.iter().enumerate() {
            found.claim(&format!("/rules/{at}/claims/{n}"), claim);
        }
        for (n, check) in rule.checks.iter().enumerate() {
            let pointer = format!("/rules/{at}/checks/{n}");
            found.condition(format!("{pointer}/if"), check.condition.as_ref());
            found.condition(format!("{pointer}/must"), Some(&check.must));
            found.condition(format!("{pointer}/at"), check.at.as_ref());
            found.sentence(format!("{pointer}/text"), check.text.as_ref());
        }
    }
    for (at, claim) in file.severities.iter().enumerate() {
        found.claim(&format!("/severities/{at}"), claim);
    }
    for (at, undecided) in file.undecided.iter().enumerate() {
        found.condition(format!("/undecided/{at}/if"), undecided.condition.as_ref());
    }
    found.found
}

struct Texts<'f> {
    found: Vec<Text<'f>>,
}

impl<'f> Texts<'f> {
    fn add(&mut self, pointer: String, text: &'f str, is_sentence: bool, place: Option<usize>) {
        self.found.push(Text { pointer, written: text, is_sentence, place });
    }

    fn condition(&mut self, pointer: String, text: Option<&'f String>) {
        if let Some(text) = text {
            self.add(pointer, text, false, None);
        }
    }

    fn sentence(&mut self, pointer: String, text: Option<&'f String>) {
        if let Some(text) = text {
            self.add(pointer, text, true, None);
        }
    }

    fn claim(&mut self, pointer: &str, claim: &'f Claim) {
        self.condition(format!("{pointer}/if"), claim.condition.as_ref());
        self.sentence(format!("{pointer}/text"), claim.text.as_ref());
    }
}

impl<'f> Text<'f> {
    /// A text outside of the parts that [`texts`] knows.
    pub fn new(pointer: String, text: &'f str, is_sentence: bool) -> Self {
        Text { pointer, written: text, is_sentence, place: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_outside_of_texts() {
        assert_eq!(variables("%a.b = '%c \\' %d' and `%e`.x & %f_1"), [(0, "a"), (31, "f_1")]);
        assert_eq!(variables("% "), []);
    }
}
