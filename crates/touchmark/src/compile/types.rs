//! The types of elements. Most profiles copy those of their base, so what was made of a list of types is kept and shared.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use touchmark_document::Name;

use super::Compiler;
use crate::definition::{Text, TypeRef};
use crate::graph::{ANY_TYPES, Role, Target, Type, TypeKind};
use crate::library::{HL7, Library, choice_name};
use crate::rules::primitive::Primitive;
use crate::snapshot::DefinitionId;

/// The types of an element as its definition has them.
type Sources = Arc<Vec<TypeRef>>;

/// The types of an element, compiled.
type Types = Arc<[Type]>;

/// The names of a choice, one for each type.
type Choices = Arc<[Name]>;

/// What was made of types for one profile and holds for all others.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// By the address of the list that they were made of, which is kept so that no other has it.
    lists: HashMap<usize, (Sources, Types), FixedState>,
    /// By the type's code.
    kinds: HashMap<Text, (TypeKind, Option<DefinitionId>), FixedState>,
    /// The names of a choice, by its stem and the address of its types, which are kept.
    choices: HashMap<(Text, usize), (Types, Choices), FixedState>,
}

impl Shared {
    /// The names that a choice has, one for each type.
    pub fn choices(&mut self, library: &Library, stem: &str, types: &Types) -> Choices {
        let make = || types.iter().map(|t| library.names.find(&choice_name(stem, &t.code))).collect();
        let key = (stem.into(), types.as_ptr() as usize);
        self.choices.entry(key).or_insert_with(|| (types.clone(), make())).1.clone()
    }
}

impl Compiler<'_> {
    pub(super) fn types(&mut self, at: usize, id: &str) -> Types {
        let sources = &self.tree.elements[at].types;
        let key = Arc::as_ptr(sources) as usize;
        if let Some((_, types)) = self.forest.shared.lists.get(&key) {
            return types.clone();
        }
        let sound = self.defects.len();
        let types: Types = self.make_types(sources, id).into();
        // What is wrong with a list is said of each profile that has it.
        if self.defects.len() == sound {
            self.forest.shared.lists.insert(key, (sources.clone(), types.clone()));
        }
        types
    }

    fn make_types(&mut self, sources: &[TypeRef], id: &str) -> Vec<Type> {
        let mut types = Vec::new();
        for source in sources {
            let codes: &[&str] = if *source.code == *"*" { ANY_TYPES } else { &[&source.code] };
            for code in codes {
                let mut profiles = Vec::new();
                for canonical in &source.profiles {
                    match self.library.find(canonical) {
                        Some(profile) => profiles.push(profile),
                        None => self.missing(id, canonical),
                    }
                }
                let targets = source.target_profiles.iter().map(|t| self.target(id, t)).collect();
                let (kind, definition) = self.kind(code);
                types.push(Type {
                    code: (*code).into(),
                    kind,
                    role: if definition.is_some() { Role::of_type(code) } else { Role::Other },
                    definition,
                    profiles: profiles.into(),
                    targets,
                    aggregation: source.aggregation.clone().into(),
                });
            }
        }
        types
    }

    /// The kind of a type and its definition.
    fn kind(&mut self, code: &str) -> (TypeKind, Option<DefinitionId>) {
        if let Some(known) = self.forest.shared.kinds.get(code) {
            return *known;
        }
        let found = (self.type_kind(code), self.library.find_type(code));
        self.forest.shared.kinds.insert(code.into(), found);
        found
    }

    fn type_kind(&mut self, code: &str) -> TypeKind {
        if code == "xhtml" {
            return TypeKind::Xhtml;
        }
        if let Some(primitive) = Primitive::of_type(code) {
            return TypeKind::Primitive(primitive);
        }
        match code {
            "Reference" => TypeKind::Reference,
            "Extension" => TypeKind::Extension,
            "Resource" | "DomainResource" => TypeKind::Resource,
            _ => {
                let is_resource = self
                    .library
                    .find_type(code)
                    .and_then(|id| self.forest.tree(self.library, id))
                    .is_some_and(|tree| tree.child(0, "implicitRules").is_some());
                if is_resource { TypeKind::Resource } else { TypeKind::Complex }
            }
        }
    }

    fn target(&mut self, id: &str, canonical: &str) -> Target {
        let profile = self.library.find(canonical);
        if profile.is_none() {
            self.missing(id, canonical);
        }
        let type_name = match profile {
            Some(profile) => self.library.entry(profile).type_name.to_string(),
            None => canonical.strip_prefix(HL7).unwrap_or("").to_owned(),
        };
        Target {
            canonical: canonical.into(),
            profile,
            type_atom: self.library.names.find(&type_name),
            is_type: canonical.strip_prefix(HL7) == Some(&type_name),
        }
    }
}
