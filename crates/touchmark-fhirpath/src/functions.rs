//! The functions, by group; here is the switch from a call to the group that answers it.

mod collections;
mod conversion;
mod encoding;
mod fhir;
mod math;
mod moments;
mod pathname;
mod projection;
mod strings;

use std::borrow::Cow;

use crate::ast::{Call, Kind, Part};
use crate::evaluate::{Evaluated, Evaluator, Scope};
use crate::function::Function as F;
use crate::item::{Collection, Item, Truth};
use crate::nodes::truth_of_item;

impl<'a> Evaluator<'a, '_> {
    pub(crate) fn call(&mut self, part: &'a Part, call: &'a Call, scope: Scope<'_, 'a>) -> Evaluated<Collection<'a>> {
        match call.function {
            // The input of these need not be collected.
            F::Exists | F::Empty | F::All => {
                if let Some(truth) = self.existence(call, scope)? {
                    return Ok(Collection::boolean(truth));
                }
            }
            F::Count => return Ok(Collection::integer(self.count(&call.input, scope)?)),
            F::Not => return Ok(self.truth(&call.input, scope)?.not().into()),
            _ if call.is_stream() => return self.gather(part, scope),
            _ => {}
        }
        let input = self.collection(&call.input, scope)?;
        match call.function {
            F::Outside => self.outside(call, &input, scope),
            F::Exists | F::Empty | F::Not | F::All | F::AllTrue | F::AnyTrue | F::AllFalse | F::AnyFalse => {
                Ok(Collection::boolean(self.truths(call, &input)))
            }
            F::Where
            | F::Select
            | F::Repeat
            | F::RepeatAll
            | F::Aggregate
            | F::Sort
            | F::Coalesce
            | F::Iif
            | F::Trace
            | F::DefineVariable => self.projection(part, call, input, scope),
            F::SubsetOf
            | F::SupersetOf
            | F::Count
            | F::Distinct
            | F::IsDistinct
            | F::Single
            | F::First
            | F::Last
            | F::Tail
            | F::Skip
            | F::Take
            | F::Intersect
            | F::Exclude
            | F::Union
            | F::Combine
            | F::Sum
            | F::Min
            | F::Max
            | F::Avg => self.collections(part, call, input, scope),
            F::ToBoolean
            | F::ToInteger
            | F::ToLong
            | F::ToDecimal
            | F::ToDate
            | F::ToDateTime
            | F::ToTime
            | F::ToString
            | F::ToQuantity
            | F::ConvertsToBoolean
            | F::ConvertsToInteger
            | F::ConvertsToLong
            | F::ConvertsToDecimal
            | F::ConvertsToDate
            | F::ConvertsToDateTime
            | F::ConvertsToTime
            | F::ConvertsToString
            | F::ConvertsToQuantity => self.conversion(part, call, &input, scope),
            F::IndexOf
            | F::LastIndexOf
            | F::Substring
            | F::StartsWith
            | F::EndsWith
            | F::Contains
            | F::Upper
            | F::Lower
            | F::Replace
            | F::Matches
            | F::MatchesFull
            | F::ReplaceMatches
            | F::Length
            | F::ToChars
            | F::Split
            | F::Join
            | F::Trim
            | F::Encode
            | F::Decode
            | F::Escape
            | F::Unescape => self.strings(part, call, &input, scope),
            F::Abs
            | F::Ceiling
            | F::Exp
            | F::Floor
            | F::Ln
            | F::Log
            | F::Power
            | F::Round
            | F::Sqrt
            | F::Truncate
            | F::LowBoundary
            | F::HighBoundary
            | F::Precision
            | F::Comparable => self.math(part, call, &input, scope),
            F::Now
            | F::Today
            | F::TimeOfDay
            | F::YearOf
            | F::MonthOf
            | F::DayOf
            | F::HourOf
            | F::MinuteOf
            | F::SecondOf
            | F::MillisecondOf
            | F::TimezoneOffsetOf
            | F::DateOf
            | F::TimeOf
            | F::Duration
            | F::Difference => self.moments(part, call, &input, scope),
            F::Pathname => self.pathname(part, call, &input, scope),
            F::OfType
            | F::Is
            | F::As
            | F::Type
            | F::Children
            | F::Descendants
            | F::Extension
            | F::HasExtension
            | F::HasValue
            | F::GetValue
            | F::Resolve
            | F::MemberOf
            | F::Subsumes
            | F::SubsumedBy
            | F::ConformsTo
            | F::HtmlChecks
            | F::ElementDefinition
            | F::Slice
            | F::CheckModifiers => self.fhir(part, call, input, scope),
        }
    }

    fn outside(&mut self, call: &'a Call, input: &Collection<'a>, scope: Scope<'_, 'a>) -> Evaluated<Collection<'a>> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.operand(argument, scope)?);
        }
        let name = call.outside.as_deref().unwrap_or_default();
        Ok(self.environment.functions.and_then(|f| f.call(name, input, &arguments)).unwrap_or_default())
    }

    /// An argument that is a single text; `None` when it is empty or missing.
    fn text_argument(
        &mut self,
        part: &Part,
        call: &'a Call,
        at: usize,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Option<Cow<'a, str>>> {
        let Some(argument) = call.arguments.get(at) else { return Ok(None) };
        if let Kind::String(text) = &argument.kind {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let value = self.operand(argument, scope)?;
        Ok(Self::text(part, &value)?.map(|text| Cow::Owned(text.to_owned())))
    }

    /// An argument that is a single whole number; `None` when it is empty or missing.
    fn integer_argument(
        &mut self,
        part: &Part,
        call: &'a Call,
        at: usize,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Option<i64>> {
        let Some(argument) = call.arguments.get(at) else { return Ok(None) };
        let value = self.operand(argument, scope)?;
        self.integer(part, &value)
    }

    /// A projection, evaluated for one item.
    pub(crate) fn for_item(
        &mut self,
        argument: &'a Part,
        item: Item<'a>,
        index: usize,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let this = Collection::One(item);
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.operand(argument, Scope { this: &this, index, total: scope.total })
    }

    /// A criterion, evaluated for one item.
    pub(crate) fn truth_for_item(
        &mut self,
        argument: &'a Part,
        item: &Collection<'a>,
        index: usize,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Truth> {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let defined = self.variables.len();
        let truth = self.truth(argument, Scope { this: item, index, total: scope.total });
        self.forget(defined);
        truth
    }

    /// `exists()`, `empty()` and `all(criterion)`, whose input need not be collected; `None` for all else.
    pub(crate) fn existence(&mut self, call: &'a Call, scope: Scope<'_, 'a>) -> Evaluated<Option<bool>> {
        Ok(Some(match (call.function, call.arguments.is_empty()) {
            (F::Exists, true) => self.any(&call.input, scope)?,
            (F::Exists, false) => self.any_with(call, Truth::True, true, scope)?,
            (F::Empty, _) => !self.any(&call.input, scope)?,
            (F::All, false) => !self.any_with(call, Truth::True, false, scope)?,
            _ => return Ok(None),
        }))
    }

    /// `allTrue()` and its like: by the rule for single items, what is no boolean is true.
    fn truths(&self, call: &Call, input: &Collection<'a>) -> bool {
        let wanted = matches!(call.function, F::All | F::AllTrue | F::AnyTrue);
        let any = matches!(call.function, F::AnyTrue | F::AnyFalse);
        let is_found = |item: &Item<'a>| ((truth_of_item(item, self.environment) == Truth::True) == wanted) == any;
        if input.iter().any(is_found) { any } else { !any }
    }
}
