//! Sentences with places: FHIRPath in `{}` is evaluated where the finding is; behind `~` it gives content, which may be masked.

use std::ops::Range;

use touchmark_fhirpath::{Collection, Expression};

use crate::sentence::Quoted;

/// A sentence, cut at its places.
#[derive(Debug, Default)]
pub(crate) struct Sentence {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    /// An expression, and whether its value is content of the message rather than a name or code.
    Value(Expression, bool),
    /// What the engine itself said.
    Finding,
}

impl Sentence {
    /// Cuts a sentence; `parse` reads what stands in a place, and is told how far in the sentence that is.
    pub fn parse(text: &str, mut parse: impl FnMut(&str, usize) -> Option<Expression>) -> Sentence {
        let mut parts = Vec::new();
        let mut done = 0;
        for place in places(text).map_while(Result::ok) {
            parts.push(Part::Text(text[done..place.start - 1].into()));
            done = place.end + 1;
            match &text[place.clone()] {
                "finding" => parts.push(Part::Finding),
                inside => {
                    let (expression, content) = inside.strip_prefix('~').map_or((inside, false), |e| (e, true));
                    let expression = parse(expression, place.start + usize::from(content));
                    parts.extend(expression.map(|e| Part::Value(e, content)));
                }
            }
        }
        parts.push(Part::Text(text[done..].into()));
        Sentence { parts }
    }

    /// The sentence, where it has no places.
    pub fn plain(&self) -> Option<String> {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.to_string()),
            Part::Value(..) | Part::Finding => None,
        };
        self.parts.iter().map(text).collect()
    }

    /// The sentence with its places filled in.
    pub fn write<'a>(&'a self, finding: &str, mut value: impl FnMut(&'a Expression) -> Collection<'a>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Finding => out.push_str(finding),
                Part::Value(expression, content) => {
                    let values: Vec<String> =
                        value(expression)
                            .iter()
                            .map(|item| {
                                if *content {
                                    Quoted(&item.to_string()).to_string()
                                } else {
                                    shorten(&item.to_string())
                                }
                            })
                            .collect();
                    out.push_str(&if values.is_empty() { "nothing".to_owned() } else { values.join(", ") });
                }
            }
        }
        out
    }
}

/// What stands between the brackets of a text, one after the other; the place of one that is not closed is an error.
pub(crate) fn places(text: &str) -> impl Iterator<Item = Result<Range<usize>, usize>> {
    let mut done = Some(0);
    std::iter::from_fn(move || {
        let start = done? + text[done?..].find('{')? + 1;
        let end = text[start..].find('}').map(|length| start + length);
        done = end.map(|end| end + 1);
        Some(end.map(|end| start..end).ok_or(start - 1))
    })
}

/// A quoted value stays readable.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 120 {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(117).collect::<String>())
    }
}
