//! Value sets and code systems as sets of codes: compiled when a message first asks, kept for all threads.

mod code_set;
mod code_system;
mod filter;
pub(crate) mod form;
mod language;
pub(crate) mod near;
mod registered;
pub mod snomed;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use foldhash::fast::FixedState;

pub(crate) use code_set::{Answer, CodeSet, Missing};
pub(crate) use code_system::CodeSystem;

use crate::definition::Text;
use crate::definition::terminology::ValueSet;
use crate::library::Library;
use crate::snapshot::DefinitionId;

/// How some definitions of HL7 name the value set of all media types.
const MEDIA_TYPES: &str = "http://www.rfc-editor.org/bcp/bcp13.txt";

/// Where HL7's own value sets live.
const HL7_VALUE_SETS: &str = "http://hl7.org/fhir/ValueSet/";

/// How many units are remembered.
const MOST_UNITS: usize = 10_000;

/// How deep value sets may be built on others.
const DEEPEST: usize = 40;

/// The compiled value sets and code systems of a library.
#[derive(Debug, Default)]
pub(crate) struct Terminology {
    sets: Box<[OnceLock<Option<Arc<CodeSet>>>]>,
    systems: Box<[OnceLock<Option<Arc<CodeSystem>>>]>,
    by_url: OnceLock<HashMap<Text, DefinitionId, FixedState>>,
    /// All media types.
    media: CodeSet,
    /// Units that were met, and whether they are such: to read one takes 6 µs.
    units: RwLock<HashMap<Box<str>, bool, FixedState>>,
    /// One thread compiles at a time: sets ask for other sets, and must not wait for each other.
    compiling: Mutex<()>,
}

impl Terminology {
    /// Room for every definition of a library. Nothing is compiled yet.
    pub fn new(library: &Library) -> Self {
        let count = library.entries().len();
        Terminology {
            sets: (0..count).map(|_| OnceLock::new()).collect(),
            systems: (0..count).map(|_| OnceLock::new()).collect(),
            by_url: OnceLock::new(),
            media: CodeSet::of_form("urn:ietf:bcp:13", form::Form::Media),
            units: RwLock::default(),
            compiling: Mutex::default(),
        }
    }

    /// Whether a code is a unit of measure.
    pub fn is_unit(&self, code: &str) -> bool {
        if let Some(known) = self.units.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            return *known;
        }
        let is_unit = form::Form::Unit.admits(code);
        let mut units = self.units.write().unwrap_or_else(PoisonError::into_inner);
        if units.len() < MOST_UNITS {
            units.insert(code.into(), is_unit);
        }
        is_unit
    }

    /// The value set that is known by the form of its codes, without a definition.
    pub fn by_form(&self, canonical: &str) -> Option<&CodeSet> {
        is_known_by_form(canonical).then_some(&self.media)
    }

    /// The value set with this number; `None` for what is none.
    pub fn set<'t>(&'t self, library: &Library, id: DefinitionId) -> Option<&'t CodeSet> {
        let slot = &self.sets[id.0 as usize];
        if slot.get().is_none() {
            let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
            let mut compiler = Compiler { terminology: self, library, making: Vec::new(), looped: false };
            compiler.set(id);
        }
        slot.get().and_then(Option::as_deref)
    }

    /// Compiles a value set that is no definition of the library, such as a contained one.
    pub fn compile(&self, library: &Library, source: &ValueSet) -> Arc<CodeSet> {
        let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut compiler = Compiler { terminology: self, library, making: Vec::new(), looped: false };
        Arc::new(CodeSet::compile(source, &mut compiler))
    }

    /// The code system with this url; `None` when nothing of that name is loaded, or it is no code system.
    pub fn system<'t>(&'t self, library: &Library, url: &str) -> Option<&'t CodeSystem> {
        // Several versions of a code system may be loaded: which one stands is found out once, not at every code.
        let systems = self.by_url.get_or_init(|| {
            let entries = library.entries().iter().filter(|e| e.resource == "CodeSystem");
            entries.filter_map(|e| Some((e.url.clone(), library.find(&e.url)?))).collect()
        });
        self.system_of(library, *systems.get(url)?).map(|s| &**s)
    }

    fn system_of<'t>(&'t self, library: &Library, id: DefinitionId) -> Option<&'t Arc<CodeSystem>> {
        self.systems[id.0 as usize]
            .get_or_init(|| {
                // A code system asks for no other, so that two threads cannot wait for each other here.
                let definition = Some(id).filter(|id| library.entry(*id).resource == "CodeSystem")?;
                library.read(definition).and_then(CodeSystem::new).map(Arc::new)
            })
            .as_ref()
    }
}

/// Whether a canonical stands for a value set that needs no definition.
pub(crate) fn is_known_by_form(canonical: &str) -> bool {
    canonical == MEDIA_TYPES
}

/// The value set that a profile names by its canonical, or by the page that HL7 publishes of it.
pub(crate) fn find_set(library: &Library, canonical: &str) -> Option<DefinitionId> {
    let found = library.find(canonical).or_else(|| {
        let page = canonical.rsplit_once('/')?.1.strip_prefix("valueset-")?.strip_suffix(".html")?;
        library.find(&format!("{HL7_VALUE_SETS}{page}"))
    })?;
    (library.entry(found).resource == "ValueSet").then_some(found)
}

/// Compiles a value set with those that it is built on.
struct Compiler<'t> {
    terminology: &'t Terminology,
    library: &'t Library,
    /// The value sets being made, innermost last.
    making: Vec<DefinitionId>,
    /// Whether a value set was met inside itself.
    looped: bool,
}

impl Compiler<'_> {
    fn set(&mut self, id: DefinitionId) -> Option<Arc<CodeSet>> {
        let slot = &self.terminology.sets[id.0 as usize];
        if let Some(known) = slot.get() {
            return known.clone();
        }
        if self.making.contains(&id) || self.making.len() >= DEEPEST {
            // What a set adds to itself is nothing new.
            self.looped = true;
            return Some(Arc::new(CodeSet::default()));
        }
        self.making.push(id);
        let made = self.library.read(id).and_then(|definition| {
            definition.value_set.as_ref().map(|source| Arc::new(CodeSet::compile(source, self)))
        });
        self.making.pop();
        // Inside a loop a set is seen without the one it was asked by: that is true only there.
        if !self.looped || self.making.is_empty() {
            return slot.get_or_init(|| made).clone();
        }
        made
    }

    fn value_set(&mut self, canonical: &str) -> Option<Arc<CodeSet>> {
        let id = self.library.find(canonical)?;
        self.set(id)
    }

    fn code_system(&self, url: &str, version: &str) -> Option<Arc<CodeSystem>> {
        let canonical = if version.is_empty() { url.to_owned() } else { format!("{url}|{version}") };
        let id = self.library.find(&canonical)?;
        self.terminology.system_of(self.library, id).cloned()
    }
}
