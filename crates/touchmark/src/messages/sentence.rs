//! Sentences with places: FHIRPath in `{}` is evaluated where the finding is; behind `~` it gives content, which may be masked.

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
    /// Cuts a sentence; `parse` reads what stands in a place. `{{` and `}}` are the brackets themselves.
    pub fn parse(text: &str, mut parse: impl FnMut(&str) -> Option<Expression>) -> Sentence {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            parts.push(Part::Text(rest[..at].into()));
            let inside = &rest[at + 1..];
            let Some(end) = inside.find('}') else { break };
            match &inside[..end] {
                "finding" => parts.push(Part::Finding),
                expression => {
                    let (expression, content) = expression.strip_prefix('~').map_or((expression, false), |e| (e, true));
                    parts.extend(parse(expression).map(|e| Part::Value(e, content)));
                }
            }
            rest = &inside[end + 1..];
        }
        parts.push(Part::Text(rest.into()));
        Sentence { parts }
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

/// A quoted value stays readable.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 120 {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(117).collect::<String>())
    }
}
