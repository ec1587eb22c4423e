//! Functions that evaluate an expression for each item: filters, projections, aggregation, and what is like them.

use std::cmp::Ordering;

use crate::ast::{Call, Part};
use crate::equality::Distinct;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure, single};
use crate::function::Function as F;
use crate::item::{Collection, Item, Truth};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn projection(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        match call.function {
            F::Repeat | F::RepeatAll => {
                self.repeated(part, &call.arguments[0], input, call.function == F::Repeat, scope)
            }
            F::Aggregate => {
                let mut total = match call.arguments.get(1) {
                    Some(initial) => self.operand(initial, scope)?,
                    None => Collection::Empty,
                };
                for (index, item) in input.into_iter().enumerate() {
                    let this = Collection::One(item);
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    total = self.operand(&call.arguments[0], Scope { this: &this, index, total: Some(&total) })?;
                }
                Ok(total)
            }
            F::Sort => self.sorted(part, call, input, scope),
            F::Coalesce => {
                for argument in &call.arguments {
                    let value = self.operand(argument, Scope { this: &input, ..scope })?;
                    if !value.is_empty() {
                        return Ok(value);
                    }
                }
                Ok(Collection::Empty)
            }
            F::Iif => {
                if input.len() > 1 {
                    return failure(part, EvaluationErrorKind::NotSingle, "iif() is for one item");
                }
                let inner = Scope { this: &input, ..scope };
                let defined = self.variables.len();
                let criterion = self.truth(&call.arguments[0], inner)?;
                self.forget(defined);
                match (criterion, call.arguments.get(2)) {
                    (Truth::True, _) => self.operand(&call.arguments[1], inner),
                    (_, Some(otherwise)) => self.operand(otherwise, inner),
                    (_, None) => Ok(Collection::Empty),
                }
            }
            F::Trace => self.traced(part, call, input, scope),
            _ => self.define(part, call, input, scope),
        }
    }

    /// `repeat` and `repeatAll`: the projection of the input, of what that gives, and so on.
    fn repeated(
        &mut self,
        part: &Part,
        projection: &'a Part,
        input: Collection<'a>,
        unique: bool,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let mut seen = Distinct::new();
        let mut found = Collection::Empty;
        let mut queue: std::collections::VecDeque<Item<'a>> = input.into_iter().collect();
        while let Some(item) = queue.pop_front() {
            for new in self.for_item(projection, item, 0, scope)? {
                // Each item is kept until the end: the budget bounds the memory as well.
                self.spend_items(part, 1)?;
                if unique {
                    if seen.insert(new.clone(), &mut self.comparer()) {
                        queue.push_back(new);
                    }
                } else {
                    found.push(new.clone());
                    queue.push_back(new);
                }
            }
        }
        Ok(if unique { seen.into_collection() } else { found })
    }

    fn sorted(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let mut keyed: Vec<(Vec<Option<Item<'a>>>, Item<'a>)> = Vec::new();
        for (index, item) in input.into_iter().enumerate() {
            let mut keys = Vec::new();
            if call.arguments.is_empty() {
                keys.push(Some(item.clone()));
            }
            for argument in &call.arguments {
                let key = self.for_item(argument, item.clone(), index, scope)?;
                keys.push(single(part, &key)?.cloned());
            }
            keyed.push((keys, item));
        }
        let mut error = None;
        let mut compared = 0u64;
        keyed.sort_by(|a, b| {
            compared += 1;
            for (at, (left, right)) in a.0.iter().zip(&b.0).enumerate() {
                let order = match (left, right) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => Ordering::Less,
                    (Some(_), None) => Ordering::Greater,
                    (Some(left), Some(right)) => match self.order(part, left, right) {
                        Ok(order) => order.unwrap_or(Ordering::Equal),
                        Err(e) => {
                            error.get_or_insert(e);
                            Ordering::Equal
                        }
                    },
                };
                let downwards = call.descending.get(at).copied().unwrap_or(false);
                let order = if downwards { order.reverse() } else { order };
                if order != Ordering::Equal {
                    return order;
                }
            }
            Ordering::Equal
        });
        self.spend(part, compared)?;
        match error {
            Some(error) => Err(error),
            None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
        }
    }

    fn traced(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let name = self.text_argument(part, call, 0, scope)?.unwrap_or_default();
        let projected = match call.arguments.get(1) {
            Some(projection) => {
                let mut projected = Collection::Empty;
                for (index, item) in input.iter().enumerate() {
                    projected.append(self.for_item(projection, item.clone(), index, scope)?);
                }
                Some(projected)
            }
            None => None,
        };
        if let Some(tracer) = self.environment.tracer {
            tracer(&name, projected.as_ref().unwrap_or(&input).as_slice());
        }
        Ok(input)
    }

    /// `defineVariable`: the name is known to what follows in the same chain.
    fn define(
        &mut self,
        part: &Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let Some(name) = self.text_argument(part, call, 0, scope)? else {
            return failure(part, EvaluationErrorKind::Type, "a variable needs a name");
        };
        let value = if let Some(projection) = call.arguments.get(1) {
            self.operand(projection, Scope { this: &input, ..scope })?
        } else {
            self.spend_items(part, input.len())?;
            input.clone()
        };
        let reserved = ["context", "resource", "rootResource", "sct", "loinc", "ucum"].contains(&&*name);
        let taken =
            self.variables.iter().any(|v| v.0 == name) || self.environment.variables.iter().any(|v| *v.0 == *name);
        if reserved || taken || name.starts_with("vs-") || name.starts_with("ext-") {
            return failure(part, EvaluationErrorKind::UnknownVariable, format!("%{name} is defined already"));
        }
        if self.variables.len() > 100 {
            return failure(part, EvaluationErrorKind::Budget, "more than 100 variables");
        }
        self.variables.push((name, value));
        Ok(input)
    }
}
