//! What is taken from a published definition: facts only, in the field's words.
//!
//! They are read from what was published ([`read()`]), or from an image that a program carries ([`image`]); the library and
//! the build script that makes the image share this crate, so that both hold the same facts.
#![forbid(unsafe_code)]

mod compact;
pub mod image;
pub mod questionnaire;
mod read;
pub mod terminology;
mod text;

use std::sync::Arc;

pub use read::{read, read_snapshot, rows, type_of_suffix};
pub use text::Text;

/// A canonical url, perhaps with a version behind `|`.
pub type Canonical = Text;

/// A conformance resource as loaded: what kind it is, what it is called and, for a profile, its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `StructureDefinition`, `ValueSet`, `CodeSystem` …
    pub resource: Text,
    /// The canonical url, trimmed.
    pub url: Canonical,
    /// The version; empty when none is stated.
    pub version: Text,
    /// The computer-friendly name.
    pub name: Text,
    /// `draft`, `active`, `retired` …
    pub status: Text,
    /// The FHIR version it states; empty when none is stated.
    pub fhir_version: Text,
    /// The rules, when it is a StructureDefinition.
    pub structure: Option<StructureDefinition>,
    /// The codes, when it is a ValueSet.
    pub value_set: Option<terminology::ValueSet>,
    /// The concepts, when it is a CodeSystem.
    pub code_system: Option<terminology::CodeSystem>,
    /// The questions, when it is a Questionnaire.
    pub questionnaire: Option<questionnaire::Questionnaire>,
}

/// The rules of a StructureDefinition (<http://hl7.org/fhir/STU3/structuredefinition.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StructureDefinition {
    /// `primitive-type`, `complex-type`, `resource` or `logical`.
    pub kind: Text,
    /// Whether no instance is of exactly this type.
    pub is_abstract: bool,
    /// The type that it defines or constrains.
    pub type_name: Text,
    /// What it derives from; empty for `Element` and `Resource`.
    pub base: Canonical,
    /// Whether it constrains its base, rather than making a new type from it.
    pub constraint: bool,
    /// For an extension: what its contexts are (`resource`, `datatype`, `extension`); empty when not stated.
    pub context_type: Text,
    /// For an extension: where it may stand.
    pub contexts: Vec<Text>,
    /// The differential; where none was published, the snapshot, which says the same at greater length.
    pub elements: Vec<ElementDefinition>,
    /// Whether [`StructureDefinition::elements`] came from a snapshot.
    pub from_snapshot: bool,
}

/// One row of a differential. What is `None` or empty is not said by it. Its parts are shared by the snapshots that it goes
/// into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementDefinition {
    /// `ElementDefinition.id`.
    pub id: Text,
    /// The path, without slice names.
    pub path: Text,
    /// The name of the slice it makes or constrains.
    pub slice_name: Option<Text>,
    /// The least number of repeats.
    pub min: Option<u32>,
    /// The greatest number of repeats; [`u32::MAX`] for `*`.
    pub max: Option<u32>,
    /// The types, one entry a code.
    pub types: Arc<Vec<TypeRef>>,
    /// `#Path` of the element whose children stand here.
    pub content_reference: Option<Text>,
    /// `fixed[x]`.
    pub fixed: Option<Arc<Value>>,
    /// `pattern[x]`.
    pub pattern: Option<Arc<Value>>,
    /// `minValue[x]`.
    pub min_value: Option<Arc<Value>>,
    /// `maxValue[x]`.
    pub max_value: Option<Arc<Value>>,
    /// The longest string, in characters.
    pub max_length: Option<u32>,
    /// The value set.
    pub binding: Option<Arc<Binding>>,
    /// The invariants.
    pub constraints: Vec<Arc<Constraint>>,
    /// Whether the element changes the meaning of others.
    pub is_modifier: Option<bool>,
    /// Whether implementations must support it.
    pub must_support: Option<bool>,
    /// How repeats are told apart.
    pub slicing: Option<Arc<Slicing>>,
}

/// A type that an element may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRef {
    /// The type name: `Coding`, `Reference`, `Patient`; empty for the value of a primitive.
    pub code: Text,
    /// Profiles of which one must be met by the element itself.
    pub profiles: Vec<Canonical>,
    /// For a Reference: profiles (or types) of which the target must meet one.
    pub target_profiles: Vec<Canonical>,
    /// For a Reference: `contained`, `referenced`, `bundled`.
    pub aggregation: Vec<Text>,
    /// For a Reference: `either`, `independent`, `specific`.
    pub versioning: Option<Text>,
}

/// A value that an element must have or contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The element name; for the value itself the type (`CodeableConcept`, `uri`).
    pub name: Text,
    /// The primitive value.
    pub text: Option<Text>,
    /// The parts of a complex value.
    pub children: Vec<Value>,
}

/// A binding to a value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// How binding it is.
    pub strength: Strength,
    /// The value set, when one is named.
    pub value_set: Option<Canonical>,
    /// The maximum value set (extension `elementdefinition-maxValueSet`).
    pub maximum: Option<Canonical>,
}

/// The strength of a binding, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// For illustration.
    Example,
    /// Encouraged.
    Preferred,
    /// Required where a code of the set applies.
    Extensible,
    /// Always required.
    Required,
}

/// An invariant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraint {
    /// Its key, such as `bdl-7`.
    pub key: Text,
    /// Whether breaking it is only a warning.
    pub warning: bool,
    /// The FHIRPath expression; empty when the definition has none.
    pub expression: Text,
    /// What must hold, in the words of its publisher; empty in packs, which hold no prose.
    pub human: Text,
}

/// How the repeats of an element are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slicing {
    /// What tells them apart; all together.
    pub discriminators: Vec<Discriminator>,
    /// Whether the slices must come in the order of the profile.
    pub ordered: bool,
    /// What may stand beside the slices.
    pub rules: SlicingRules,
}

/// A discriminator: its type (`value`, `exists`, `pattern`, `type`, `profile`) and its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discriminator {
    /// The type.
    pub kind: Text,
    /// The path, in the restricted FHIRPath of discriminators.
    pub path: Text,
}

/// What may stand beside the slices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlicingRules {
    /// Nothing.
    Closed,
    /// Anything, anywhere.
    #[default]
    Open,
    /// Anything, at the end.
    OpenAtEnd,
}

impl SlicingRules {
    /// The code of the value set `resource-slicing-rules`.
    pub const fn code(self) -> &'static str {
        match self {
            SlicingRules::Closed => "closed",
            SlicingRules::Open => "open",
            SlicingRules::OpenAtEnd => "openAtEnd",
        }
    }
}

impl Strength {
    /// The code of the value set `binding-strength`.
    pub const fn code(self) -> &'static str {
        match self {
            Strength::Example => "example",
            Strength::Preferred => "preferred",
            Strength::Extensible => "extensible",
            Strength::Required => "required",
        }
    }
}

impl std::fmt::Display for Value {
    /// The value itself; a complex one as `{system = a, code = b}`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(text) = &self.text {
            out.write_str(text)?;
        }
        if self.children.is_empty() {
            return Ok(());
        }
        for (number, child) in self.children.iter().enumerate() {
            write!(out, "{}{} = {child}", if number == 0 { "{" } else { ", " }, child.name)?;
        }
        out.write_str("}")
    }
}
