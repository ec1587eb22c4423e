//! The rule graph: profiles compiled to elements whose edges are numbers. Immutable for those who check; shared by all threads.

mod children;
mod slicing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;
use touchmark_document::{Name, Names};

use crate::answers::Answers;
use crate::compile;
use crate::definition::{Binding, Canonical, Constraint, ElementDefinition, Strength, Text, Value};
use crate::invariant_words::InvariantWords;
use crate::library::{Forest, HL7, Library, Within};
use crate::lint::Defect;
use crate::messages::{self, RuleFileError, RuleSet};
use crate::rules::invariant::{Invariant, Typed};
use crate::rules::primitive::Primitive;
use crate::snapshot::DefinitionId;
use crate::snapshot::compare::{Comparison, compare};
use crate::terminology::{self, Terminology};

pub(crate) use children::{Asked, Draft};
pub use children::{Children, Edge, Watched};
pub(crate) use slicing::ByValue;
pub use slicing::{Slice, Slicing, Step, Test};

/// The types that `*` stands for (<http://hl7.org/fhir/STU3/datatypes.html#open>).
pub(crate) const ANY_TYPES: &[&str] = &[
    "base64Binary",
    "boolean",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "CodeableConcept",
    "Coding",
    "ContactPoint",
    "Count",
    "Distance",
    "Duration",
    "HumanName",
    "Identifier",
    "Money",
    "Period",
    "Quantity",
    "Range",
    "Ratio",
    "Reference",
    "SampledData",
    "Signature",
    "Timing",
    "Meta",
];

/// The number of an element in its profile; the root is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ElementId(pub u32);

impl ElementId {
    /// The root of a profile.
    pub const ROOT: ElementId = ElementId(0);
}

/// A profile or a type, compiled.
#[derive(Debug)]
pub struct Profile {
    /// Its number in the library.
    pub id: DefinitionId,
    /// The canonical url.
    pub url: Text,
    /// The version; may be empty.
    pub version: Text,
    /// The type that it is or constrains.
    pub type_name: Text,
    /// The type's name in the table.
    pub type_atom: Name,
    /// Whether it makes the type (rather than constraining it).
    pub is_type: bool,
    /// Whether instances are never of exactly this type.
    pub is_abstract: bool,
    /// `resource`, `complex-type`, `primitive-type` or `logical`.
    pub kind: Text,
    /// For an extension: what its contexts are.
    pub context_type: Text,
    /// For an extension: where it may stand.
    pub contexts: Box<[Text]>,
    /// The elements; the root first, parents before children.
    pub elements: Box<[Element]>,
    /// What could not be honoured.
    pub defects: Box<[Defect]>,
}

/// All that is required of one element.
#[derive(Debug)]
pub struct Element {
    /// The `ElementDefinition.id`: path with slice names.
    pub id: Box<str>,
    /// The last segment of the path.
    pub label: Text,
    /// Its name in the table; [`Name::NONE`] for a choice, which has one for each type.
    pub name: Name,
    /// The least number of repeats.
    pub min: u32,
    /// The greatest; [`u32::MAX`] for no limit.
    pub max: u32,
    /// Whether the type lets it repeat, so that JSON writes an array.
    pub repeats: bool,
    /// The types it may have; none for the root and for elements whose children stand elsewhere.
    pub types: Arc<[Type]>,
    /// Its own children; `None` where those of its type hold.
    pub children: Option<Children>,
    /// The element whose children stand here.
    pub same_as: Option<ElementId>,
    /// How its repeats are told apart.
    pub slicing: Option<Box<Slicing>>,
    /// The value it must have.
    pub fixed: Option<Arc<Value>>,
    /// The value it must contain.
    pub pattern: Option<Arc<Value>>,
    /// The least value.
    pub min_value: Option<Arc<Value>>,
    /// The greatest value.
    pub max_value: Option<Arc<Value>>,
    /// The longest text, in characters.
    pub max_length: Option<u32>,
    /// The value set.
    pub binding: Option<Box<Bound>>,
    /// The invariants.
    pub constraints: Box<[Invariant]>,
    /// What the walk must look at.
    pub(crate) asked: Asked,
    /// Whether it changes the meaning of others.
    pub is_modifier: bool,
    /// Whether implementations must support it.
    pub must_support: bool,
    /// The definition that last spoke of it.
    pub origin: DefinitionId,
}

/// A binding whose value sets have been looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How binding it is.
    pub strength: Strength,
    /// The value set, when one is named.
    pub value_set: Option<Canonical>,
    /// Its definition; `None` where it is not loaded, or no value set.
    pub set: Option<DefinitionId>,
    /// The maximum value set.
    pub maximum: Option<Canonical>,
    /// Its definition.
    pub maximum_set: Option<DefinitionId>,
}

impl Bound {
    /// Looks up the value sets of a binding.
    pub(crate) fn new(library: &Library, binding: &Binding) -> Self {
        let set = |canonical: &Option<Canonical>| canonical.as_deref().and_then(|c| terminology::find_set(library, c));
        Bound {
            strength: binding.strength,
            set: set(&binding.value_set),
            value_set: binding.value_set.clone(),
            maximum_set: set(&binding.maximum),
            maximum: binding.maximum.clone(),
        }
    }
}

/// A type that an element may have.
#[derive(Debug)]
pub struct Type {
    /// The type name.
    pub code: Text,
    /// What kind of type it is.
    pub kind: TypeKind,
    /// What it is to rules that know single types.
    pub role: Role,
    /// The definition of the type, where its children are.
    pub definition: Option<DefinitionId>,
    /// Profiles of which the element must meet one.
    pub profiles: Box<[DefinitionId]>,
    /// For a Reference: what it may point at; empty for anything.
    pub targets: Box<[Target]>,
    /// For a Reference: `contained`, `referenced`, `bundled`; empty for any.
    pub aggregation: Box<[Text]>,
}

/// The kinds of types that the walk tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A primitive, with a value.
    Primitive(Primitive),
    /// A narrative's markup.
    Xhtml,
    /// A complex type.
    Complex,
    /// A Reference.
    Reference,
    /// An extension.
    Extension,
    /// A place for a resource.
    Resource,
}

/// The data types that have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// None of them.
    Other,
    /// A Coding.
    Coding,
    /// A CodeableConcept.
    Concept,
    /// A Quantity or a type made from it.
    Quantity,
    /// An Identifier.
    Identifier,
    /// An Attachment.
    Attachment,
}

impl Role {
    /// The role of the type with this name.
    pub fn of_type(code: &str) -> Role {
        match code {
            "Coding" => Role::Coding,
            "CodeableConcept" => Role::Concept,
            "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "Money" => Role::Quantity,
            "Identifier" => Role::Identifier,
            "Attachment" => Role::Attachment,
            _ => Role::Other,
        }
    }
}

/// What a Reference may point at.
#[derive(Debug)]
pub struct Target {
    /// The canonical as written.
    pub canonical: Text,
    /// The profile, when it is loaded.
    pub profile: Option<DefinitionId>,
    /// The resource type; [`Name::NONE`] where that is not known.
    pub type_atom: Name,
    /// Whether it is the type itself rather than a profile on it.
    pub is_type: bool,
}

/// Paths of elements.
pub(crate) type Places = Arc<[Text]>;

/// The names that rules need by themselves.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct KnownNames {
    pub id: Name,
    pub extension: Name,
    pub modifier_extension: Name,
    pub url: Name,
    pub reference: Name,
    pub meta: Name,
    pub profile: Name,
    pub contained: Name,
    pub entry: Name,
    pub resource: Name,
    pub full_url: Name,
    pub bundle: Name,
    pub kind: Name,
    pub version_id: Name,
    pub last_updated: Name,
    pub text: Name,
    pub system: Name,
    pub value: Name,
    pub coding: Name,
    pub code: Name,
    pub display: Name,
    pub div: Name,
}

/// The compiled rules of all loaded definitions.
///
/// A profile is compiled the first time a message asks for it; from outside nothing ever changes.
#[derive(Debug)]
pub struct RuleGraph {
    library: Library,
    slots: Box<[OnceLock<Option<Box<Profile>>>]>,
    forest: Mutex<Forest>,
    /// The definition of the type with each name.
    types: Box<[Option<DefinitionId>]>,
    /// Names that rules need by themselves.
    pub known: KnownNames,
    /// Value sets and code systems.
    pub(crate) terminology: Terminology,
    /// The rule sets about messages, compiled when a Bundle first asks.
    rule_sets: OnceLock<Vec<RuleSet>>,
    /// The places where profiles put extensions whose contexts exclude all of them; looked up when one is out of place.
    misplaced: Mutex<HashMap<DefinitionId, Places, FixedState>>,
    /// Profiles by the last part of their url in small letters; made when a message claims one that is not loaded.
    last_parts: OnceLock<HashMap<String, DefinitionId, FixedState>>,
    /// What invariants ask, in words; read when one is broken.
    invariant_words: OnceLock<InvariantWords>,
}

impl RuleGraph {
    /// A graph over the definitions of `library`. Nothing is compiled yet.
    pub fn new(mut library: Library) -> Self {
        let mut name = |text: &str| library.names.intern(text);
        let known = KnownNames {
            id: name("id"),
            extension: name("extension"),
            modifier_extension: name("modifierExtension"),
            url: name("url"),
            reference: name("reference"),
            meta: name("meta"),
            profile: name("profile"),
            contained: name("contained"),
            entry: name("entry"),
            resource: name("resource"),
            full_url: name("fullUrl"),
            bundle: name("Bundle"),
            kind: name("type"),
            version_id: name("versionId"),
            last_updated: name("lastUpdated"),
            text: name("text"),
            system: name("system"),
            value: name("value"),
            coding: name("coding"),
            code: name("code"),
            display: name("display"),
            div: name("div"),
        };
        let mut types = vec![None; library.names.len() + 1];
        for entry in library.entries() {
            if entry.resource == "StructureDefinition"
                && entry.url.strip_prefix(HL7) == Some(&entry.type_name)
                && let Some(slot) = types.get_mut(library.names.find(&entry.type_name).number() as usize)
            {
                *slot = library.find(&entry.url);
            }
        }
        let terminology = Terminology::new(&library);
        let slots = library.entries().iter().map(|_| OnceLock::new()).collect();
        RuleGraph {
            library,
            slots,
            forest: Mutex::default(),
            types: types.into(),
            known,
            terminology,
            misplaced: Mutex::default(),
            last_parts: OnceLock::new(),
            rule_sets: OnceLock::new(),
            invariant_words: OnceLock::new(),
        }
    }

    /// The definitions behind the graph.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The names that documents are read with.
    pub fn names(&self) -> &Names {
        &self.library.names
    }

    /// The definition that stands for a canonical.
    pub fn find(&self, canonical: &str) -> Option<DefinitionId> {
        self.library.find(canonical)
    }

    /// The definition of the type with this name.
    #[inline]
    pub fn find_type(&self, name: Name) -> Option<DefinitionId> {
        self.types.get(name.number() as usize).copied().flatten()
    }

    /// The compiled profile; `None` for what is no profile, or cannot be used (its base is not loaded).
    #[inline]
    pub fn profile(&self, id: DefinitionId) -> Option<&Profile> {
        let slot = &self.slots[id.0 as usize];
        match slot.get() {
            Some(profile) => profile.as_deref(),
            None => self.compile(id),
        }
    }

    #[cold]
    fn compile(&self, id: DefinitionId) -> Option<&Profile> {
        // One thread compiles at a time; whoever comes second finds the slot filled.
        let mut forest = self.forest.lock().unwrap_or_else(PoisonError::into_inner);
        self.slots[id.0 as usize]
            .get_or_init(|| compile::profile(&self.library, &mut forest, id).map(Box::new))
            .as_deref()
    }

    /// The children that hold at an element when it has the given type: its own, or those of the element it refers to.
    /// `None` where those of the type hold.
    #[inline]
    pub fn own_children<'g>(&'g self, profile: &'g Profile, element: ElementId) -> Option<&'g Children> {
        let element = &profile.elements[element.0 as usize];
        match (&element.children, element.same_as) {
            (Some(children), _) => Some(children),
            (None, Some(other)) => profile.elements[other.0 as usize].children.as_ref(),
            (None, None) => None,
        }
    }

    /// The types of nodes, as FHIRPath asks for them.
    pub fn types(&self) -> Typed<'_> {
        Typed { graph: self }
    }

    /// What the definitions answer, as FHIRPath asks it.
    pub fn answers(&self) -> Answers<'_> {
        Answers { graph: self }
    }

    /// Whether any type has a choice element of this name (without `[x]`).
    pub(crate) fn is_choice(&self, base: &str) -> bool {
        self.library.names.find(&format!("{base}[x]")) != Name::NONE
    }

    /// What invariants ask, in words.
    pub fn invariant_words(&self) -> &InvariantWords {
        self.invariant_words.get_or_init(|| InvariantWords::of(&self.library.invariant_words))
    }

    /// What must hold by an invariant, in one sentence: in words of ours, else in those of its publisher.
    pub fn holds<'g>(&'g self, invariant: &'g Constraint) -> Option<&'g str> {
        let ours = self.invariant_words().find(&invariant.key, &invariant.expression).map(|words| &*words.holds);
        ours.or(Some(invariant.human.trim()).filter(|human| !human.is_empty()))
    }

    /// The rule sets about messages.
    pub(crate) fn rule_sets(&self) -> &[RuleSet] {
        self.rule_sets.get_or_init(|| messages::rule_sets(self))
    }

    /// The faults that the rule files know, for test messages.
    pub fn mutations(&self) -> impl Iterator<Item = &crate::vectors::Mutation> {
        self.rule_sets().iter().flat_map(|s| &s.mutations)
    }

    /// The ids of all rules of the rule files, with their titles.
    pub fn rules_of_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rule_sets().iter().flat_map(|s| s.rules.iter().map(|r| (&*r.id, &*r.title)))
    }

    /// What was wrong with the rule files that are loaded.
    pub fn rule_file_errors(&self) -> Vec<RuleFileError> {
        let mut errors: Vec<RuleFileError> = self.rule_sets().iter().flat_map(|s| s.errors.clone()).collect();
        messages::locate(&mut errors, self.library.rule_files());
        errors
    }

    /// The first profile whose url ends in this part, in capital or small letters.
    pub(crate) fn of_last_part(&self, last: &str) -> Option<DefinitionId> {
        let parts = self.last_parts.get_or_init(|| {
            let mut parts = HashMap::default();
            for (number, entry) in self.library.entries().iter().enumerate() {
                if entry.resource == "StructureDefinition" {
                    let last = entry.url.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
                    parts.entry(last).or_insert(DefinitionId(number as u32));
                }
            }
            parts
        });
        parts.get(&last.to_ascii_lowercase()).copied()
    }

    /// The places where profiles put an extension, where its contexts exclude all of them: the definition is wrong, and no
    /// message can be judged by the contexts alone. None where they allow one.
    pub(crate) fn places_beside_contexts(&self, extension: &Profile) -> Places {
        let mut known = self.misplaced.lock().unwrap_or_else(PoisonError::into_inner);
        let places = known.entry(extension.id).or_insert_with(|| {
            let placements = self.library.placements(&extension.url);
            let allowed = placements.iter().any(|p| extension.contexts.iter().any(|c| **c == **p));
            if allowed { [].into() } else { placements.into() }
        });
        places.clone()
    }

    /// The published snapshot of a definition compared with the one made here; `None` where none could be made.
    pub fn compare_snapshot(&self, id: DefinitionId, published: &[ElementDefinition]) -> Option<Comparison> {
        self.with_trees(|trees| {
            let tree = trees.forest.tree(trees.library, id)?;
            let chain = trees.library.chain(id);
            Some(compare(&tree, published, &chain, trees))
        })
    }

    /// Lets the trees of definitions be looked at.
    pub(crate) fn with_trees<R>(&self, look: impl FnOnce(&mut Within<'_>) -> R) -> R {
        let mut forest = self.forest.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut Within { library: &self.library, forest: &mut forest })
    }

    /// What was wrong with a definition, found while it was laid over its base.
    pub fn defects(&self, id: DefinitionId) -> Vec<Defect> {
        if let Some(profile) = self.profile(id) {
            return profile.defects.to_vec();
        }
        self.forest.lock().unwrap_or_else(PoisonError::into_inner).defects(id).to_vec()
    }
}
