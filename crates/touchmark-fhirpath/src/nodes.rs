//! Questions to single items: their truth, their type, their members.

use touchmark_document::NodeRef;

use crate::ast::{Member, Part, TypeName, is_choice};
use crate::environment::Environment;
use crate::error::EvaluationErrorKind;
use crate::evaluate::{Evaluated, failure};
use crate::item::{Item, Truth};
use crate::model::Model;

/// A boolean is its value; any other single item is true.
pub(crate) fn truth_of_item(item: &Item<'_>, environment: &Environment<'_>) -> Truth {
    match item {
        Item::Boolean(value) => Truth::from(*value),
        Item::Node(node) => match node.value() {
            // Only these texts can be a boolean; for any other there is no need to ask for the type.
            Some(text @ ("true" | "false")) => match environment.model.type_of(*node) {
                None | Some("boolean") => Truth::from(text == "true"),
                Some(_) => Truth::True,
            },
            _ => Truth::True,
        },
        _ => Truth::True,
    }
}

/// Whether an item is of a type or of one derived from it; `None` when the item's type is not known.
pub(crate) fn is_of_type(item: &Item<'_>, name: &TypeName, environment: &Environment<'_>) -> Option<bool> {
    let namespace = name.namespace.as_deref();
    if let Some(system) = item.system_type() {
        return Some(namespace.is_none_or(|n| n == "System") && (system == &*name.name || &*name.name == "Any"));
    }
    let Item::Node(node) = item else { return Some(false) };
    if namespace.is_some_and(|n| n != "FHIR") {
        return Some(false);
    }
    // STU3's authors also write the type as the element's name has it: `deceased is Boolean`.
    if namespace.is_none() {
        let text = node.name_text();
        if text.len() > name.name.len()
            && text.ends_with(&*name.name)
            && is_choice(text, &text[..text.len() - name.name.len()])
        {
            return Some(true);
        }
    }
    let own = environment.model.type_of(*node)?;
    Some(own == &*name.name || environment.model.is_subtype(own, &name.name))
}

/// A name that no type has is an error (<https://hl7.org/fhirpath/N1/#is-type-specifier>). To be asked where nothing was of the
/// type, since what is of it proves that there is one.
///
/// HL7's suite holds that a name of another namespace is none: `Patient.is(System.Patient)` is false.
pub(crate) fn type_is_known(part: &Part, name: &TypeName, environment: &Environment<'_>) -> Evaluated<()> {
    if is_known_type(name, environment.model) {
        return Ok(());
    }
    failure(part, EvaluationErrorKind::Type, format!("there is no type {}", name.name))
}

/// Whether there may be a type of this name.
pub(crate) fn is_known_type(name: &TypeName, model: &dyn Model) -> bool {
    name.is_of_language || model.has_type(&name.name) != Some(false)
}

/// The extensions of a node that have this url.
pub(crate) fn extensions<'a, 'u>(node: NodeRef<'a>, url: &'u str) -> impl Iterator<Item = NodeRef<'a>> + use<'a, 'u> {
    node.all("extension").filter(move |extension| extension.child_value("url") == Some(url))
}

impl Member {
    /// Whether a node may have children that a choice makes of the name.
    #[inline]
    pub(crate) fn may_be_choice(&self, node: NodeRef<'_>) -> bool {
        !self.bound || !self.choices.is_empty() || node.document().has_unknown_names()
    }

    #[inline]
    pub(crate) fn is_choice(&self, child: NodeRef<'_>) -> bool {
        let name = child.name();
        if self.bound && !name.is_unknown() {
            self.choice_bits >> (name.number() % 64) & 1 != 0 && self.choices.contains(&name)
        } else {
            is_choice(child.name_text(), &self.text)
        }
    }
}
