//! Functions on texts. Positions and lengths count Unicode scalar values.

use crate::ast::{Call, Part};
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure};
use crate::function::Function as F;
use crate::item::{Collection, Item};
use crate::patterns;

use super::encoding;

impl<'a> Evaluator<'a, '_> {
    pub(super) fn strings(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        if call.function == F::Join {
            return self.joined(part, call, input, scope);
        }
        let text = Self::text(part, input)?;
        match call.function {
            F::Length => return Ok(text.map_or(Collection::Empty, |text| Collection::integer(text.chars().count()))),
            F::Upper => return Ok(text.map_or(Collection::Empty, |text| Collection::text(text.to_uppercase()))),
            F::Lower => return Ok(text.map_or(Collection::Empty, |text| Collection::text(text.to_lowercase()))),
            F::Trim => {
                return Ok(text.map_or(Collection::Empty, |text| {
                    Collection::text(text.trim_matches([' ', '\t', '\r', '\n']).to_owned())
                }));
            }
            F::ToChars => {
                let Some(text) = text else { return Ok(Collection::Empty) };
                self.spend_items(part, text.len())?;
                return Ok(text.chars().map(|c| Item::String(c.to_string().into())).collect());
            }
            F::Substring => {
                let start = self.integer_argument(part, call, 0, scope)?;
                let length = self.integer_argument(part, call, 1, scope)?;
                let (Some(text), Some(start)) = (text, start) else { return Ok(Collection::Empty) };
                // The text of a node lives as long as its document.
                if let Some(Item::Node(node)) = input.first() {
                    let found = node.value().and_then(|text| substring(text, start, length));
                    return Ok(found.map_or(Collection::Empty, Collection::text));
                }
                let found = substring(text, start, length);
                return Ok(found.map_or(Collection::Empty, |found| Collection::text(found.to_owned())));
            }
            _ => {}
        }
        let first = self.text_argument(part, call, 0, scope)?;
        let second = self.text_argument(part, call, 1, scope)?;
        let third = self.text_argument(part, call, 2, scope)?;
        let (Some(text), Some(first)) = (text, first) else { return Ok(Collection::Empty) };
        self.spend_text(part, text.len())?;
        match call.function {
            F::StartsWith => Ok(Collection::boolean(text.starts_with(&*first))),
            F::EndsWith => Ok(Collection::boolean(text.ends_with(&*first))),
            F::Contains => Ok(Collection::boolean(text.contains(&*first))),
            F::IndexOf => Ok(position(text, text.find(&*first))),
            F::LastIndexOf => Ok(position(text, text.rfind(&*first))),
            F::Split => {
                // As many pieces as there are bytes, at the most.
                self.spend_items(part, text.len())?;
                Ok(split(text, &first))
            }
            F::Matches | F::MatchesFull => {
                let regex = self.pattern(call, part, &first, second.as_deref().unwrap_or(""))?;
                Ok(Collection::boolean(regex.is_match(text)))
            }
            F::Replace => {
                let Some(second) = second else { return Ok(Collection::Empty) };
                self.bounded(part, text, &second)?;
                Ok(Collection::text(text.replace(&*first, &second)))
            }
            F::ReplaceMatches => {
                let Some(second) = second else { return Ok(Collection::Empty) };
                self.bounded(part, text, &second)?;
                if first.is_empty() {
                    return Ok(Collection::text(text.to_owned()));
                }
                let regex = self.pattern(call, part, &first, third.as_deref().unwrap_or(""))?;
                Ok(Collection::text(regex.replace_all(text, patterns::substitution(&second).as_str()).into_owned()))
            }
            F::Encode => Ok(optional(encoding::encode(text, &first))),
            F::Decode => Ok(optional(encoding::decode(text, &first))),
            F::Escape => Ok(optional(encoding::escape(text, &first))),
            _ => Ok(optional(encoding::unescape(text, &first))),
        }
    }

    /// Refuses replacements whose result might be huge, and takes their cost from the budget.
    fn bounded(&mut self, part: &Part, text: &str, substitution: &str) -> Evaluated<()> {
        let most = (text.len() as u64 + 1).saturating_mul(substitution.len() as u64 + 1);
        if most > 1 << 26 {
            return failure(part, EvaluationErrorKind::Budget, "the result of a replacement may be too long");
        }
        self.spend(part, most / 4)
    }

    fn joined(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let separator = self.text_argument(part, call, 0, scope)?.unwrap_or_default();
        if input.is_empty() {
            return Ok(Collection::Empty);
        }
        let mut joined = String::new();
        for (at, item) in input.iter().enumerate() {
            let text = match item {
                Item::String(text) => Some(&**text),
                Item::Node(node) => node.value(),
                _ => None,
            };
            let Some(text) = text else { return failure(part, EvaluationErrorKind::Type, "only texts can be joined") };
            self.spend_text(part, text.len() + separator.len())?;
            if at > 0 {
                joined.push_str(&separator);
            }
            joined.push_str(text);
        }
        Ok(Collection::text(joined))
    }
}

fn optional<'a>(text: Option<String>) -> Collection<'a> {
    text.map_or(Collection::Empty, Collection::text)
}

fn substring(text: &str, start: i64, length: Option<i64>) -> Option<&str> {
    let start = usize::try_from(start).ok()?;
    let (begin, _) = text.char_indices().nth(start)?;
    let rest = &text[begin..];
    let Some(length) = length else { return Some(rest) };
    let length = usize::try_from(length).unwrap_or(0);
    let end = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    Some(&rest[..end])
}

/// A position in bytes as one in characters; −1 for none.
fn position<'a>(text: &str, at: Option<usize>) -> Collection<'a> {
    match at {
        Some(at) => Collection::integer(text[..at].chars().count()),
        None => Collection::One(Item::Integer(-1)),
    }
}

fn split<'a>(text: &str, separator: &str) -> Collection<'a> {
    if separator.is_empty() {
        return text.chars().map(|c| Item::String(c.to_string().into())).collect();
    }
    text.split(separator).map(|piece| Item::String(piece.to_owned().into())).collect()
}
