//! What is known of the types of nodes: the trait that definitions implement, and what can be told without any.

use touchmark_document::{Form, NodeRef};

/// The types of nodes. The element tree has none; a graph of definitions knows them.
pub trait Model {
    /// The FHIR type of a node: `Patient`, `HumanName`, `boolean`, `BackboneElement`. `None` when it is not known.
    fn type_of<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str>;

    /// Whether FHIR has a type of this name; `None` where that is not known.
    fn has_type(&self, name: &str) -> Option<bool> {
        let _ = name;
        None
    }

    /// Whether `name` is derived from `ancestor`, at any distance. A type is no subtype of itself.
    fn is_subtype(&self, name: &str, ancestor: &str) -> bool {
        is_subtype(name, ancestor)
    }

    /// Whether an element `base[x]` exists, so that `valueQuantity` is found as `value` and `responseCode` not as `response`.
    fn is_choice(&self, base: &str) -> bool {
        CHOICES.binary_search(&base).is_ok()
    }
}

/// What can be told without definitions: resources bear their type, JSON has forms, and the name of a choice ends with its type.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithoutDefinitions;

impl Model for WithoutDefinitions {
    fn type_of<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str> {
        if node.is_resource() {
            return Some(node.resource_text());
        }
        match node.form() {
            Form::Markup => return Some("xhtml"),
            Form::Boolean => return Some("boolean"),
            _ => {}
        }
        let name = node.name_text();
        if matches!(name, "extension" | "modifierExtension") {
            return Some("Extension");
        }
        let (_, kind) = choice_of(name)?;
        // `reasonCode` is no code: a primitive has no children of its own.
        let is_primitive = kind.starts_with(|c: char| c.is_ascii_lowercase());
        (is_primitive == node.value().is_some() || (is_primitive && is_bare(node))).then_some(kind)
    }
}

fn is_bare(node: NodeRef<'_>) -> bool {
    node.children().all(|child| matches!(child.name_text(), "id" | "extension"))
}

/// The elements that are choices of types in STU3 and R4, by the name before `[x]`.
#[rustfmt::skip]
const CHOICES: &[&str] = &[
    "abatement", "additive", "age", "allowed", "amount", "answer", "asNeeded", "author", "born", "bounds",
    "chargeItem", "code", "collected", "content", "created", "deceased", "defaultValue", "definition", "detail",
    "diagnosis", "dose", "due", "effective", "entity", "event", "eventTiming", "example", "fixed", "identified",
    "indication", "initial", "instantiates", "item", "legallyBinding", "location", "maxValue", "measure",
    "medication", "minValue", "multipleBirth", "name", "notDoneReason", "occurrence", "offset", "onBehalfOf", "onset",
    "participantEffective", "pattern", "performed", "population", "probability", "procedure", "product", "quantity",
    "rate", "reason", "reported", "schedule", "scheduled", "series", "serviced", "source", "start", "studyEffective",
    "subject", "substance", "target", "time", "timing", "topic", "used", "value", "valueSet", "versionAlgorithm",
    "what", "when", "who",
];

/// The types that may end the name of a choice, as written there.
#[rustfmt::skip]
pub(crate) const CHOICE_SUFFIXES: &[&str] = &[
    "Address", "Age", "Annotation", "Attachment", "Base64Binary", "Boolean", "Canonical", "Code", "CodeableConcept", "CodeableReference",
    "Coding", "ContactDetail", "ContactPoint", "Contributor", "Count", "DataRequirement", "Date", "DateTime", "Decimal", "Distance",
    "Dosage", "Duration", "Expression", "HumanName", "Id", "Identifier", "Instant", "Integer", "Integer64", "Markdown", "Meta", "Money",
    "Oid", "ParameterDefinition", "Period", "PositiveInt", "Quantity", "Range", "Ratio", "RatioRange", "Reference", "RelatedArtifact",
    "SampledData", "Signature", "String", "Time", "Timing", "TriggerDefinition", "UnsignedInt", "Uri", "Url", "UsageContext", "Uuid",
];

/// The primitive types with the types that they are derived from.
const PRIMITIVES: &[(&str, &str)] = &[
    ("base64Binary", "Element"),
    ("boolean", "Element"),
    ("canonical", "uri"),
    ("code", "string"),
    ("date", "Element"),
    ("dateTime", "Element"),
    ("decimal", "Element"),
    ("id", "string"),
    ("instant", "Element"),
    ("integer", "Element"),
    ("integer64", "Element"),
    ("markdown", "string"),
    ("oid", "uri"),
    ("positiveInt", "integer"),
    ("string", "Element"),
    ("time", "Element"),
    ("unsignedInt", "integer"),
    ("uri", "Element"),
    ("url", "uri"),
    ("uuid", "uri"),
    ("xhtml", "Element"),
];

/// The choice that a name belongs to and its type, spelled as the type is: `valueDateTime` is `value` of `dateTime`.
pub(crate) fn choice_of(name: &str) -> Option<(&str, &'static str)> {
    // The longest type that the name may end with begins with the first capital that leaves the name of a choice before it.
    let capitals = name.bytes().enumerate().filter(|(_, b)| b.is_ascii_uppercase()).map(|(at, _)| at);
    capitals.map(|at| name.split_at(at)).find_map(|(base, suffix)| {
        CHOICES.binary_search(&base).ok()?;
        let suffix = CHOICE_SUFFIXES[CHOICE_SUFFIXES.binary_search(&suffix).ok()?];
        Some((base, type_of_suffix(suffix)))
    })
}

fn type_of_suffix(suffix: &'static str) -> &'static str {
    let primitive = PRIMITIVES.iter().find(|p| p.0.eq_ignore_ascii_case(suffix));
    primitive.map_or(suffix, |p| p.0)
}

/// The type that FHIR derives `name` from, for the types of FHIR itself.
fn parent_of(name: &str) -> Option<&'static str> {
    if let Some((_, parent)) = PRIMITIVES.iter().find(|p| p.0 == name) {
        return Some(parent);
    }
    Some(match name {
        "Element" | "Resource" => return None,
        "Age" | "Count" | "Distance" | "Duration" | "Money" | "SimpleQuantity" => "Quantity",
        "Bundle" | "Binary" | "Parameters" | "DomainResource" => "Resource",
        "BackboneElement" | "Extension" | "Narrative" | "ElementDefinition" => "Element",
        _ if CHOICE_SUFFIXES.contains(&name) => "Element",
        _ if name.starts_with(|c: char| c.is_ascii_uppercase()) => "DomainResource",
        _ => return None,
    })
}

/// The type hierarchy of FHIR STU3, for a [`Model`] that has no other.
pub fn is_subtype(name: &str, ancestor: &str) -> bool {
    // From no other is anything derived.
    if !matches!(ancestor, "Element" | "Resource" | "DomainResource" | "Quantity" | "string" | "uri" | "integer") {
        return false;
    }
    let mut at = parent_of(name);
    while let Some(parent) = at {
        if parent == ancestor {
            return true;
        }
        at = parent_of(parent);
    }
    false
}

/// Whether a name is that of a data type in some edition of FHIR: `url` is one, though STU3 has not got it.
pub(crate) fn is_data_type(name: &str) -> bool {
    PRIMITIVES.iter().any(|p| p.0 == name) || CHOICE_SUFFIXES.contains(&name)
}

/// The types of the language itself.
pub(crate) const SYSTEM: &[&str] =
    &["Any", "Boolean", "Date", "DateTime", "Decimal", "Integer", "Long", "Quantity", "String", "Time", "TypeInfo"];

/// Which `FHIRPath` type a FHIR primitive is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primitive {
    Boolean,
    Integer,
    Long,
    Decimal,
    Date,
    DateTime,
    Time,
    String,
}

pub(crate) fn primitive(name: &str) -> Option<Primitive> {
    Some(match name {
        "boolean" => Primitive::Boolean,
        "integer" | "positiveInt" | "unsignedInt" => Primitive::Integer,
        "integer64" => Primitive::Long,
        "decimal" => Primitive::Decimal,
        "date" => Primitive::Date,
        "dateTime" | "instant" => Primitive::DateTime,
        "time" => Primitive::Time,
        "string" | "uri" | "code" | "id" | "markdown" | "oid" | "uuid" | "url" | "canonical" | "base64Binary"
        | "xhtml" => Primitive::String,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_choices() {
        assert!(CHOICES.is_sorted() && CHOICE_SUFFIXES.is_sorted());
        assert_eq!(choice_of("valueDateTime"), Some(("value", "dateTime")));
        assert_eq!(choice_of("valueQuantity"), Some(("value", "Quantity")));
        assert_eq!(choice_of("deceasedBoolean"), Some(("deceased", "boolean")));
        assert_eq!(choice_of("birthDate"), None);
        assert_eq!(choice_of("value"), None);
    }

    #[test]
    fn the_hierarchy() {
        assert!(is_subtype("Patient", "Resource"));
        assert!(is_subtype("Age", "Quantity"));
        assert!(is_subtype("code", "string"));
        assert!(is_subtype("positiveInt", "Element"));
        assert!(!is_subtype("Bundle", "DomainResource"));
        assert!(!is_subtype("Quantity", "Quantity"));
        assert!(!is_subtype("string", "code"));
    }
}
