//! Functions on whole collections: subsets, sets, counting and sums.

use crate::arithmetic;
use crate::ast::{Call, Operator, Part};
use crate::decimal::Decimal;
use crate::equality::Distinct;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure};
use crate::function::Function as F;
use crate::item::{Collection, Item};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn collections(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let length = input.len();
        match call.function {
            F::Count => Ok(Collection::integer(length)),
            F::Single if length > 1 => {
                failure(part, EvaluationErrorKind::NotSingle, format!("{length} items where one is wanted"))
            }
            F::Single => Ok(input),
            F::First => Ok(Collection::option(input.into_iter().next())),
            F::Last => Ok(Collection::option(input.into_iter().last())),
            F::Tail => Ok(input.into_iter().skip(1).collect()),
            F::Skip | F::Take => {
                let Some(number) = self.integer_argument(part, call, 0, scope)? else { return Ok(Collection::Empty) };
                let number = usize::try_from(number.max(0)).unwrap_or(usize::MAX);
                let items = input.into_iter();
                Ok(if call.function == F::Skip { items.skip(number).collect() } else { items.take(number).collect() })
            }
            F::Distinct => self.union(part, input, Collection::Empty),
            F::IsDistinct => {
                let mut seen = Distinct::new();
                for item in input {
                    self.spend(part, 1)?;
                    if !seen.insert(item, &mut self.comparer()) {
                        return Ok(Collection::boolean(false));
                    }
                }
                Ok(Collection::boolean(true))
            }
            F::Sum | F::Min | F::Max | F::Avg => self.aggregated(part, call.function, &input),
            _ => {
                let other = self.operand(&call.arguments[0], scope)?;
                match call.function {
                    F::SubsetOf => self.is_subset(part, &input, &other),
                    F::SupersetOf => self.is_subset(part, &other, &input),
                    F::Union => self.union(part, input, other),
                    F::Intersect => {
                        let mut both = Distinct::new();
                        for item in input {
                            self.spend(part, 1)?;
                            if self.comparer().contains(other.as_slice(), &item) {
                                both.insert(item, &mut self.comparer());
                            }
                        }
                        Ok(both.into_collection())
                    }
                    _ => {
                        let mut rest = Collection::Empty;
                        for item in input {
                            self.spend(part, 1)?;
                            if !self.comparer().contains(other.as_slice(), &item) {
                                rest.push(item);
                            }
                        }
                        Ok(rest)
                    }
                }
            }
        }
    }

    fn is_subset(&mut self, part: &Part, small: &Collection<'a>, large: &Collection<'a>) -> Evaluated<Collection<'a>> {
        for item in small {
            self.spend(part, 1)?;
            if !self.comparer().contains(large.as_slice(), item) {
                return Ok(Collection::boolean(false));
            }
        }
        Ok(Collection::boolean(true))
    }

    fn aggregated(&mut self, part: &Part, function: F, input: &Collection<'a>) -> Evaluated<Collection<'a>> {
        let model = self.environment.model;
        let mut items = input.iter();
        let Some(first) = items.next() else { return Ok(Collection::Empty) };
        let mut result = Collection::One(first.clone());
        for item in items {
            self.spend(part, 1)?;
            if matches!(function, F::Sum | F::Avg) {
                result = arithmetic::binary(part, Operator::Add, &result, &Collection::One(item.clone()), model)?;
            } else if let Some(best) = result.first()
                && let Some(order) = self.order(part, item, best)?
                && (if function == F::Min { order.is_lt() } else { order.is_gt() })
            {
                result = Collection::One(item.clone());
            }
        }
        if function == F::Avg {
            let count = Decimal::from(i64::try_from(input.len()).unwrap_or(i64::MAX));
            result =
                arithmetic::binary(part, Operator::Divide, &result, &Collection::One(Item::Decimal(count)), model)?;
        }
        Ok(result)
    }
}
