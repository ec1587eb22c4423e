//! The evaluator: one recursive walk over the parsed form.

use std::borrow::Cow;

use touchmark_document::NodeRef;

use crate::ast::{Call, Kind, Operator, Part, TypeName, Variable};
use crate::environment::{Environment, resource_of};
use crate::equality::{Comparer, Distinct};
use crate::error::{EvaluationError, EvaluationErrorKind};
use crate::function::Function;
use crate::item::{Collection, Item, Truth};
use crate::nodes::{is_of_type, truth_of_item, type_is_known};
use crate::scalar::{self, Scalar, scalar};
use crate::{arithmetic, patterns};

/// The error is boxed: results are handed from part to part, and hardly one of them is an error.
pub(crate) type Evaluated<T> = Result<T, Box<EvaluationError>>;

/// Memory that is kept between evaluations: the patterns that expressions build at run time.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) patterns: Vec<(String, regex::Regex)>,
    /// Steps of all evaluations with it, so that a caller of many can bound them together.
    pub spent: u64,
}

impl Scratch {
    /// Scratch memory without anything in it.
    pub fn new() -> Self {
        Self::default()
    }
}

/// What `$this`, `$index` and `$total` are at a place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'x, 'a> {
    pub this: &'x Collection<'a>,
    pub index: i64,
    pub total: Option<&'x Collection<'a>>,
}

pub(crate) struct Evaluator<'a, 's> {
    pub environment: &'s Environment<'a>,
    pub context: NodeRef<'a>,
    pub scratch: &'s mut Scratch,
    pub steps: u64,
    /// What `defineVariable` has defined so far and on the way here.
    pub variables: Vec<(Cow<'a, str>, Collection<'a>)>,
}

impl Drop for Evaluator<'_, '_> {
    fn drop(&mut self) {
        self.scratch.spent += self.environment.steps - self.steps;
    }
}

#[cold]
pub(crate) fn failure<T>(part: &Part, kind: EvaluationErrorKind, reason: impl Into<String>) -> Evaluated<T> {
    Err(Box::new(EvaluationError { offset: part.offset as usize, kind, reason: reason.into() }))
}

#[cold]
pub(crate) fn unknown_variable<T>(part: &Part, name: &str) -> Evaluated<T> {
    failure(part, EvaluationErrorKind::UnknownVariable, format!("there is no variable %{name}"))
}

impl<'a> Evaluator<'a, '_> {
    #[inline]
    pub(crate) fn comparer(&mut self) -> Comparer<'_> {
        Comparer { model: self.environment.model, steps: &mut self.steps }
    }

    /// Takes steps from the budget.
    #[inline]
    pub(crate) fn spend(&mut self, part: &Part, steps: u64) -> Evaluated<()> {
        if self.steps <= steps {
            self.steps = 0;
            return failure(part, EvaluationErrorKind::Budget, "the budget of steps is used up");
        }
        self.steps -= steps;
        Ok(())
    }

    /// Takes the cost of a text of so many bytes. Memory is bounded by the budget of steps, so what is made costs too.
    pub(crate) fn spend_text(&mut self, part: &Part, bytes: usize) -> Evaluated<()> {
        self.spend(part, 1 + bytes as u64 / 4)
    }

    /// Takes the cost of so many items that may be kept.
    pub(crate) fn spend_items(&mut self, part: &Part, items: usize) -> Evaluated<()> {
        self.spend(part, 10 * items as u64)
    }

    pub(crate) fn collection(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Collection<'a>> {
        self.spend(part, 1)?;
        match &part.kind {
            Kind::Empty => Ok(Collection::Empty),
            Kind::Boolean(value) => Ok(Collection::boolean(*value)),
            Kind::Integer(value) => Ok(Collection::One(Item::Integer(*value))),
            Kind::Long(value) => Ok(Collection::One(Item::Long(*value))),
            Kind::Decimal(value) => Ok(Collection::One(Item::Decimal(*value))),
            Kind::String(text) => Ok(Collection::text(&**text)),
            Kind::Moment(moment) => Ok(Collection::One(Item::Moment(*moment))),
            Kind::Quantity(quantity) => Ok(Collection::One(Item::Quantity(quantity.clone()))),
            Kind::This => {
                self.spend_items(part, scope.this.len() - usize::from(!scope.this.is_empty()))?;
                Ok(scope.this.clone())
            }
            Kind::Index => Ok(Collection::One(Item::Integer(scope.index))),
            Kind::Total => match scope.total {
                Some(total) => {
                    self.spend_items(part, total.len())?;
                    Ok(total.clone())
                }
                None => failure(part, EvaluationErrorKind::UnknownVariable, "$total is known in aggregate() only"),
            },
            Kind::Variable(variable) => self.variable(part, variable),
            Kind::Head(_) | Kind::Path(..) => self.gather(part, scope),
            Kind::Item(input, index) => self.indexed(part, input, index, scope),
            Kind::Call(call) => self.call(part, call, scope),
            Kind::Negated(operand) | Kind::Kept(operand) => {
                let operand = self.operand(operand, scope)?;
                arithmetic::signed(part, &operand, matches!(part.kind, Kind::Negated(_)), self.environment.model)
            }
            Kind::Binary(operator, operands) => self.binary(part, *operator, operands, scope),
            Kind::Is(operand, name) => {
                let operand = self.operand(operand, scope)?;
                self.is(part, &operand, name)
            }
            Kind::As(operand, name) => {
                let operand = self.operand(operand, scope)?;
                self.cast(part, operand, name)
            }
        }
    }

    /// An operand or argument: variables defined within it end with it.
    #[inline]
    pub(crate) fn operand(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Collection<'a>> {
        let defined = self.variables.len();
        let result = self.collection(part, scope);
        self.forget(defined);
        result
    }

    /// Forgets the variables that have been defined since there were so many.
    #[inline]
    pub(crate) fn forget(&mut self, defined: usize) {
        if self.variables.len() > defined {
            self.variables.truncate(defined);
        }
    }

    fn variable(&mut self, part: &Part, variable: &'a Variable) -> Evaluated<Collection<'a>> {
        let node = |node: NodeRef<'a>| Ok(Collection::One(Item::Node(node)));
        let resource = || self.environment.resource.unwrap_or_else(|| resource_of(self.context));
        match variable {
            Variable::Context => node(self.environment.context.unwrap_or(self.context)),
            Variable::Resource => node(resource()),
            Variable::RootResource => node(self.environment.root_resource.unwrap_or_else(|| resource_of(resource()))),
            Variable::Text(text) => Ok(Collection::text(&**text)),
            Variable::Named(name) => {
                let defined = self.variables.iter().rev().find(|v| v.0 == **name).map(|v| &v.1);
                let given = || self.environment.variables.iter().find(|v| *v.0 == **name).map(|v| &v.1);
                match defined.or_else(given).cloned() {
                    Some(value) => {
                        self.spend_items(part, value.len())?;
                        Ok(value)
                    }
                    None => unknown_variable(part, name),
                }
            }
        }
    }

    fn indexed(
        &mut self,
        part: &'a Part,
        input: &'a Part,
        index: &'a Part,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let input = self.collection(input, scope)?;
        let index = self.operand(index, scope)?;
        let Some(at) = self.integer(part, &index)? else { return Ok(Collection::Empty) };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        Ok(Collection::option(input.as_slice().get(at).cloned()))
    }

    /// The truth of a part, by the rules for a single boolean (<https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections>).
    pub(crate) fn truth(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Truth> {
        match &part.kind {
            Kind::Boolean(value) => Ok(Truth::from(*value)),
            Kind::Binary(operator, operands) => match operator {
                Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
                    self.logic(*operator, operands, scope)
                }
                Operator::Equal | Operator::NotEqual => self.equality(part, *operator, operands, scope),
                _ => self.truth_of_collection(part, scope),
            },
            Kind::Call(call) => match call.function {
                Function::Not => Ok(self.truth(&call.input, scope)?.not()),
                _ => match self.existence(call, scope)? {
                    Some(truth) => Ok(Truth::from(truth)),
                    None => self.truth_of_collection(part, scope),
                },
            },
            _ => self.truth_of_collection(part, scope),
        }
    }

    fn truth_of_collection(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Truth> {
        let collection = self.operand(part, scope)?;
        self.as_truth(part, &collection)
    }

    pub(crate) fn as_truth(&self, part: &Part, collection: &Collection<'a>) -> Evaluated<Truth> {
        match collection.as_slice() {
            [] => Ok(Truth::Unknown),
            [item] => Ok(truth_of_item(item, self.environment)),
            items => failure(
                part,
                EvaluationErrorKind::NotSingle,
                format!("{} items where one truth value is wanted", items.len()),
            ),
        }
    }

    fn logic(&mut self, operator: Operator, operands: &'a (Part, Part), scope: Scope<'_, 'a>) -> Evaluated<Truth> {
        let defined = self.variables.len();
        let left = self.truth(&operands.0, scope)?;
        self.forget(defined);
        match (operator, left) {
            (Operator::And, Truth::False) => return Ok(Truth::False),
            (Operator::Or, Truth::True) | (Operator::Implies, Truth::False) => return Ok(Truth::True),
            (Operator::Xor, Truth::Unknown) => return Ok(Truth::Unknown),
            _ => {}
        }
        let right = self.truth(&operands.1, scope)?;
        self.forget(defined);
        Ok(match operator {
            Operator::And => left.and(right),
            Operator::Or => left.or(right),
            Operator::Xor => left.xor(right),
            _ => left.implies(right),
        })
    }

    fn equality(
        &mut self,
        part: &Part,
        operator: Operator,
        operands: &'a (Part, Part),
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Truth> {
        // `extension.exists() != value.exists()`: two truth values need not become collections.
        if operands.0.is_logic() && operands.1.is_logic() && matches!(operator, Operator::Equal | Operator::NotEqual) {
            let defined = self.variables.len();
            let left = self.truth(&operands.0, scope)?;
            self.forget(defined);
            let right = self.truth(&operands.1, scope)?;
            self.forget(defined);
            let differ = left.xor(right);
            return Ok(if operator == Operator::Equal { differ.not() } else { differ });
        }
        let left = self.operand(&operands.0, scope)?;
        let right = self.operand(&operands.1, scope)?;
        let truth = match operator {
            Operator::Equal => Truth::from(self.comparer().equal_collections(&left, &right)),
            Operator::NotEqual => Truth::from(self.comparer().equal_collections(&left, &right)).not(),
            Operator::Equivalent => Truth::from(self.comparer().equivalent_collections(&left, &right)),
            _ => Truth::from(self.comparer().equivalent_collections(&left, &right)).not(),
        };
        self.spend(part, 0)?;
        Ok(truth)
    }

    fn binary(
        &mut self,
        part: &'a Part,
        operator: Operator,
        operands: &'a (Part, Part),
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        match operator {
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
                Ok(self.logic(operator, operands, scope)?.into())
            }
            Operator::Equal | Operator::NotEqual | Operator::Equivalent | Operator::NotEquivalent => {
                Ok(self.equality(part, operator, operands, scope)?.into())
            }
            _ => {
                if operator == Operator::In {
                    return self.membership(part, &operands.0, &operands.1, scope);
                }
                let left = self.operand(&operands.0, scope)?;
                let right = self.operand(&operands.1, scope)?;
                match operator {
                    Operator::Union => self.union(part, left, right),
                    Operator::Contains => self.is_member(part, &right, &left),
                    Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                        self.comparison(part, operator, &left, &right)
                    }
                    _ => {
                        for item in left.iter().chain(&right) {
                            match item {
                                Item::String(text) => self.spend_text(part, text.len())?,
                                Item::Node(node) => self.spend_text(part, node.value().map_or(0, str::len))?,
                                _ => {}
                            }
                        }
                        arithmetic::binary(part, operator, &left, &right, self.environment.model)
                    }
                }
            }
        }
    }

    pub(crate) fn union(
        &mut self,
        part: &Part,
        left: Collection<'a>,
        right: Collection<'a>,
    ) -> Evaluated<Collection<'a>> {
        let mut distinct = Distinct::new();
        for item in left.into_iter().chain(right) {
            self.spend(part, 1)?;
            distinct.insert(item, &mut self.comparer());
        }
        Ok(distinct.into_collection())
    }

    /// The truth of a union of two items at most, as an invariant has it; `None` for all else. `ele-1` is such a union, and the
    /// most frequent of all invariants.
    pub(crate) fn truth_of_union(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Option<Truth>> {
        let Kind::Binary(Operator::Union, operands) = &part.kind else { return Ok(None) };
        if !operands.0.is_logic() || !operands.1.is_single_boolean() {
            return Ok(None);
        }
        let left = self.truth(&operands.0, scope)?;
        let right = self.truth(&operands.1, scope)?;
        Ok(Some(match (left, right) {
            (Truth::Unknown, other) | (other, Truth::Unknown) => other,
            (left, right) if left == right => left,
            _ => Truth::True,
        }))
    }

    /// `in`: a single item is looked for as the others come.
    fn membership(
        &mut self,
        part: &Part,
        item: &'a Part,
        among: &'a Part,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let item = self.operand(item, scope)?;
        let Collection::One(item) = &item else {
            let among = self.operand(among, scope)?;
            return self.is_member(part, &item, &among);
        };
        let defined = self.variables.len();
        let mut found = false;
        self.each(among, scope, &mut |this, other| {
            found = found || this.comparer().equal(item, &other) == Some(true);
            Ok(!found || !among.may_stop)
        })?;
        self.forget(defined);
        self.spend(part, 0)?;
        Ok(Collection::boolean(found))
    }

    fn is_member(
        &mut self,
        part: &Part,
        item: &Collection<'a>,
        collection: &Collection<'a>,
    ) -> Evaluated<Collection<'a>> {
        match item.as_slice() {
            [] => Ok(Collection::Empty),
            [item] => {
                let found = self.comparer().contains(collection.as_slice(), item);
                self.spend(part, 0)?;
                Ok(Collection::boolean(found))
            }
            items => {
                failure(part, EvaluationErrorKind::NotSingle, format!("{} items where one is looked for", items.len()))
            }
        }
    }

    fn comparison(
        &mut self,
        part: &Part,
        operator: Operator,
        left: &Collection<'a>,
        right: &Collection<'a>,
    ) -> Evaluated<Collection<'a>> {
        let (Some(left), Some(right)) = (single(part, left)?, single(part, right)?) else {
            return Ok(Collection::Empty);
        };
        let order = self.order(part, left, right)?;
        Ok(Truth::from(order.map(|order| match operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
        .into())
    }

    /// The order of two items; `None` when it cannot be said.
    pub(crate) fn order(
        &self,
        part: &Part,
        left: &Item<'a>,
        right: &Item<'a>,
    ) -> Evaluated<Option<std::cmp::Ordering>> {
        let model = self.environment.model;
        match scalar::order(scalar(left, model), scalar(right, model)) {
            Ok(order) => Ok(order),
            Err(()) => failure(part, EvaluationErrorKind::Type, "values that have no order"),
        }
    }

    /// A single whole number; `None` for an empty collection.
    pub(crate) fn integer(&self, part: &Part, collection: &Collection<'a>) -> Evaluated<Option<i64>> {
        let Some(item) = single(part, collection)? else { return Ok(None) };
        match scalar(item, self.environment.model) {
            Scalar::Integer(value) | Scalar::Long(value) => Ok(Some(value)),
            Scalar::Untyped(text) => match scalar::integer(text) {
                Some(value) => Ok(Some(value)),
                None => failure(part, EvaluationErrorKind::Type, "a whole number is wanted"),
            },
            _ => failure(part, EvaluationErrorKind::Type, "a whole number is wanted"),
        }
    }

    /// A single text; `None` for an empty collection. Any primitive of a resource has a text.
    pub(crate) fn text<'c>(part: &Part, collection: &'c Collection<'a>) -> Evaluated<Option<&'c str>> {
        let Some(item) = single(part, collection)? else { return Ok(None) };
        match item {
            Item::String(text) => Ok(Some(text)),
            Item::Node(node) if node.value().is_some() => Ok(node.value()),
            // An element that only has extensions has no text.
            Item::Node(node) if node.children().all(|c| matches!(c.name_text(), "id" | "extension")) => Ok(None),
            _ => failure(part, EvaluationErrorKind::Type, "a text is wanted"),
        }
    }

    /// `is`: `{}` for nothing and for a node whose type is not known.
    pub(crate) fn is(&mut self, part: &Part, operand: &Collection<'a>, name: &TypeName) -> Evaluated<Collection<'a>> {
        let Some(item) = single(part, operand)? else { return Ok(Collection::Empty) };
        let truth = is_of_type(item, name, self.environment);
        if truth != Some(true) {
            type_is_known(part, name, self.environment)?;
        }
        Ok(Truth::from(truth).into())
    }

    pub(crate) fn cast(&mut self, part: &Part, operand: Collection<'a>, name: &TypeName) -> Evaluated<Collection<'a>> {
        let Some(item) = single(part, &operand)? else { return Ok(Collection::Empty) };
        if is_of_type(item, name, self.environment) == Some(true) {
            return Ok(operand);
        }
        type_is_known(part, name, self.environment)?;
        Ok(Collection::Empty)
    }

    pub(crate) fn pattern(
        &mut self,
        call: &'a Call,
        part: &Part,
        pattern: &str,
        flags: &str,
    ) -> Evaluated<Cow<'a, regex::Regex>> {
        // A clone of a regular expression starts without its memory, and making that costs more than a match.
        if let Some(held) = &call.regex {
            return match held.regex() {
                Ok(regex) => Ok(Cow::Borrowed(regex)),
                Err(reason) => failure(part, EvaluationErrorKind::Type, reason.to_owned()),
            };
        }
        let full = call.function == Function::MatchesFull;
        let key = format!("{full}{flags}/{pattern}");
        if let Some((_, regex)) = self.scratch.patterns.iter().find(|p| p.0 == key) {
            return Ok(Cow::Owned(regex.clone()));
        }
        // Compiling is the dear part of a pattern that is made at run time.
        self.spend(part, 1000 + pattern.len() as u64)?;
        match patterns::compile(pattern, flags, full) {
            Ok(regex) => {
                if self.scratch.patterns.len() == 16 {
                    self.scratch.patterns.remove(0);
                }
                self.scratch.patterns.push((key, regex.clone()));
                Ok(Cow::Owned(regex))
            }
            Err(reason) => failure(part, EvaluationErrorKind::Type, reason),
        }
    }
}

/// The single item of a collection, `None` when it is empty.
pub(crate) fn single<'c, 'a>(part: &Part, collection: &'c Collection<'a>) -> Evaluated<Option<&'c Item<'a>>> {
    match collection.as_slice() {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        items => failure(part, EvaluationErrorKind::NotSingle, format!("{} items where one is wanted", items.len())),
    }
}
