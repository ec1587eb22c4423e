//! Functions that look at the tree and at what FHIR puts around it: types, children, extensions, references, terminology.

use touchmark_document::NodeRef;

use crate::ast::{Call, Part};
use crate::environment::Coded;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, Evaluator, Scope, failure, single};
use crate::function::Function as F;
use crate::item::{Collection, Item, Truth, TypeInfo};
use crate::nodes::extensions;
use crate::scalar::{Scalar, scalar};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn fhir(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        input: Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        match (call.function, &call.type_name) {
            (F::Is, Some(name)) => self.is(part, &input, name),
            (F::As, Some(name)) => self.cast(part, input, name),
            (F::Type, _) => Ok(input.iter().filter_map(|item| self.type_info(item)).collect()),
            (F::Extension | F::HasExtension, _) => {
                let Some(url) = self.text_argument(part, call, 0, scope)? else { return Ok(Collection::Empty) };
                let mut found = Collection::Empty;
                for node in nodes(&input) {
                    self.spend(part, 1)?;
                    extensions(node, &url).for_each(|extension| found.push(Item::Node(extension)));
                }
                Ok(if call.function == F::Extension { found } else { Collection::boolean(!found.is_empty()) })
            }
            (F::HasValue, _) => Ok(Collection::boolean(match input.as_slice() {
                [Item::Node(node)] => node.value().is_some_and(|value| !value.is_empty()),
                [Item::Type(_)] => false,
                [_] => true,
                _ => false,
            })),
            (F::GetValue, _) => Ok(self.value(&input)),
            (F::MemberOf, _) => {
                let Some(value_set) = self.text_argument(part, call, 0, scope)? else { return Ok(Collection::Empty) };
                let (Some(item), Some(terminology)) = (single(part, &input)?, self.environment.terminology) else {
                    return Ok(Collection::Empty);
                };
                Ok(Truth::from(coded(item).and_then(|code| terminology.member_of(code, &value_set))).into())
            }
            (F::Subsumes | F::SubsumedBy, _) => {
                let other = self.operand(&call.arguments[0], scope)?;
                let (Some(item), Some(other)) = (single(part, &input)?, single(part, &other)?) else {
                    return Ok(Collection::Empty);
                };
                let (Some(terminology), Some(item), Some(other)) =
                    (self.environment.terminology, coded(item), coded(other))
                else {
                    return Ok(Collection::Empty);
                };
                let (general, special) = if call.function == F::Subsumes { (item, other) } else { (other, item) };
                Ok(Truth::from(terminology.subsumes(general, special)).into())
            }
            (F::ConformsTo, _) => {
                let Some(profile) = self.text_argument(part, call, 0, scope)? else { return Ok(Collection::Empty) };
                // Whoever answers looks through all of it.
                let below: usize = nodes(&input).map(|node| node.descendants().count()).sum();
                self.spend(part, 100 * (1 + below as u64))?;
                match (single(part, &input)?, self.environment.checks) {
                    (Some(Item::Node(node)), Some(checks)) => match checks.conforms_to(*node, &profile) {
                        Some(conforms) => Ok(Collection::boolean(conforms)),
                        None => failure(
                            part,
                            EvaluationErrorKind::NotSupported,
                            format!("the profile {profile} is not known"),
                        ),
                    },
                    _ => Ok(Collection::Empty),
                }
            }
            (F::HtmlChecks, _) => {
                let checks = self.environment.checks;
                Ok(Collection::boolean(nodes(&input).all(|node| checks.is_none_or(|checks| checks.html_checks(node)))))
            }
            _ => {
                failure(part, EvaluationErrorKind::NotSupported, "a function that needs the definition of its context")
            }
        }
    }

    fn type_info(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let info = match item {
            Item::Node(node) => TypeInfo { namespace: "FHIR", name: self.environment.model.type_of(*node)?.into() },
            _ => TypeInfo { namespace: "System", name: item.system_type()?.into() },
        };
        Some(Item::Type(Box::new(info)))
    }

    /// The values of primitives as `FHIRPath`'s own.
    fn value(&self, input: &Collection<'a>) -> Collection<'a> {
        let Some(item @ Item::Node(node)) = input.first().filter(|_| input.len() == 1) else {
            return Collection::Empty;
        };
        let Some(text) = node.value() else { return Collection::Empty };
        Collection::One(match scalar(item, self.environment.model) {
            Scalar::Boolean(value) => Item::Boolean(value),
            Scalar::Integer(value) => Item::Integer(value),
            Scalar::Long(value) => Item::Long(value),
            Scalar::Decimal(value) => Item::Decimal(value),
            Scalar::Moment(value) => Item::Moment(value),
            _ => Item::String(text.into()),
        })
    }
}

fn nodes<'c, 'a>(collection: &'c Collection<'a>) -> impl Iterator<Item = NodeRef<'a>> + 'c {
    collection.iter().filter_map(|item| match item {
        Item::Node(node) => Some(*node),
        _ => None,
    })
}

fn coded<'c>(item: &'c Item<'_>) -> Option<Coded<'c>> {
    match item {
        Item::Node(node) => Some(node.value().map_or(Coded::Node(*node), Coded::Text)),
        Item::String(text) => Some(Coded::Text(text)),
        _ => None,
    }
}
