//! All definitions that are loaded: where each came from, which stands for a canonical, and their trees on demand.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use touchmark_document::{Name, Names};

use crate::compile::Shared;
use crate::definition::{Constraint, Definition, ElementDefinition, StructureDefinition, Text};
use crate::image::Image;
pub use crate::image::{INVARIANT_WORDS, Package, RULE_FILE};
use crate::import::version_key;
use crate::lint::{Defect, DefectKind};
use crate::rules::invariant::Expressions;
use crate::snapshot::{DefinitionId, Root, Tree, Trees};
use crate::terminology::snomed::SnomedIndex;

/// Where HL7's own definitions live; a type `Coding` is defined by this and `Coding`.
pub(crate) const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What is known of a loaded definition without reading it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `StructureDefinition`, `ValueSet`, `CodeSystem` …
    pub resource: Text,
    /// The canonical url.
    pub url: Text,
    /// The version; empty when none is stated.
    pub version: Text,
    /// The name.
    pub name: Text,
    /// `draft`, `active`, `retired` …
    pub status: Text,
    /// For a profile the type that it defines or constrains.
    pub type_name: Text,
    /// For a profile what it derives from.
    pub base: Text,
    /// Whether its publisher has withdrawn it, whatever its status says.
    pub withdrawn: bool,
    /// The number of the package in [`Library::packages`].
    pub package: u32,
    source: Source,
    /// The place among the versions of its canonical that its pack gives it; the highest stands first.
    place: u32,
    /// Whether it belongs to the line of versions that the user asked for.
    preferred: bool,
    /// The definition of the same canonical that was added before it.
    before: Option<u32>,
}

impl Entry {
    /// Whether it is only listed: an operation, a concept map and the like, whose pack holds no rules of it.
    pub fn is_listed(&self) -> bool {
        matches!(self.source, Source::Image(InImage { facts: [], .. }))
    }
}

#[derive(Clone, Debug)]
enum Source {
    /// In an image, read when it is asked for.
    Image(InImage),
    /// A definition that was read when it was added.
    Read(Arc<Definition>),
}

/// Where an image holds a definition.
#[derive(Clone, Copy, Debug)]
struct InImage {
    /// The number in [`Library::images`].
    image: u32,
    facts: &'static [u8],
    /// The extensions that it places.
    places: &'static str,
}

/// The definitions from packs and packages.
///
/// What is added later stands before what was added earlier: base first, then the more special, then the user's own.
#[derive(Clone, Debug, Default)]
pub struct Library {
    entries: Vec<Entry>,
    /// The definition of each canonical that was added last.
    by_url: HashMap<Text, u32, FixedState>,
    /// Questionnaires by type and id.
    questionnaires: HashMap<Text, DefinitionId, FixedState>,
    packages: Vec<Package>,
    /// Rule files about messages: name and text.
    pub(crate) rule_files: Vec<(String, Cow<'static, str>)>,
    /// Files of words for invariants.
    pub(crate) invariant_words: Vec<&'static str>,
    images: Vec<Image>,
    snomed: Option<Arc<SnomedIndex>>,
    /// Where profiles place each extension, once it was asked.
    placed: OnceLock<HashMap<Text, Vec<Text>, FixedState>>,
    pub(crate) names: Names,
}

impl Library {
    /// A library without any definition. Nothing can be checked by it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the packs of an image that are wanted, in the order of the image. Takes under a millisecond: definitions are read
    /// when a message asks for them.
    ///
    /// # Errors
    /// When the bytes are not an image of this version.
    pub fn add_image(
        &mut self,
        image: (&'static str, &'static [u8]),
        wanted: impl Fn(&Package) -> bool,
    ) -> Result<(), String> {
        let image = Image::open(image)?;
        for name in image.names() {
            self.names.intern(name);
        }
        let mut numbers = Vec::new();
        for package in image.packages() {
            numbers.push(wanted(&package).then_some(self.packages.len() as u32));
            if wanted(&package) {
                self.packages.push(package);
            }
        }
        let number = self.images.len() as u32;
        self.images.push(image);
        self.entries.reserve(image.len());
        self.by_url.reserve(image.len());
        for (at, row) in image.rows().enumerate() {
            let Some(package) = numbers.get(row.package as usize).copied().flatten() else { continue };
            if row.resource == RULE_FILE {
                self.rule_files.push((row.name.to_owned(), Cow::Borrowed(row.text)));
                continue;
            }
            if row.resource == INVARIANT_WORDS {
                self.invariant_words.push(row.text);
                continue;
            }
            self.add_entry(Entry {
                resource: Text::of(row.resource),
                url: Text::of(row.url),
                version: Text::of(row.version),
                name: Text::of(row.name),
                status: Text::of(row.status),
                type_name: Text::of(row.type_name),
                base: Text::of(row.base),
                withdrawn: row.withdrawn,
                package,
                source: Source::Image(InImage { image: number, facts: row.facts, places: row.places }),
                place: u32::MAX - at as u32,
                preferred: false,
                before: None,
            });
        }
        Ok(())
    }

    /// Lets the versions of one line (`1.0` is 1.0 and every 1.0.x) stand before the others of their canonicals in the
    /// packs of this name. Returns how many there are.
    pub fn prefer(&mut self, package: &str, line: &str) -> usize {
        let mut count = 0;
        for entry in &mut self.entries {
            let of_line = entry.version.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            if of_line && self.packages[entry.package as usize].name == package {
                entry.preferred = true;
                count += 1;
            }
        }
        count
    }

    /// Adds a SNOMED CT release: codes of SNOMED CT, and filters over them, are looked up there.
    pub fn add_snomed(&mut self, index: SnomedIndex) {
        self.snomed = Some(Arc::new(index));
    }

    /// The SNOMED CT release, where one was added.
    pub fn snomed(&self) -> Option<&Arc<SnomedIndex>> {
        self.snomed.as_ref()
    }

    /// Begins a package; the definitions added next belong to it.
    pub fn add_package(&mut self, name: &str, version: &str) {
        self.packages.push(Package { name: name.into(), version: version.into() });
    }

    /// Adds a definition to the package begun last.
    pub fn add_definition(&mut self, definition: Definition) {
        if self.packages.is_empty() {
            self.add_package("definitions", "");
        }
        if let Some(structure) = &definition.structure {
            intern_names(&mut self.names, structure);
        }
        if let Some(by_id) = definition.questionnaire.as_ref().and_then(|q| q.by_id.clone()) {
            self.questionnaires.insert(by_id, DefinitionId(self.entries.len() as u32));
        }
        let part =
            |f: fn(&StructureDefinition) -> &Text| definition.structure.as_ref().map(f).cloned().unwrap_or_default();
        self.add_entry(Entry {
            resource: definition.resource.clone(),
            url: definition.url.clone(),
            version: definition.version.clone(),
            name: definition.name.clone(),
            status: definition.status.clone(),
            type_name: part(|s| &s.type_name),
            base: part(|s| &s.base),
            withdrawn: false,
            package: self.packages.len() as u32 - 1,
            source: Source::Read(Arc::new(definition)),
            place: 0,
            preferred: false,
            before: None,
        });
    }

    /// Adds a rule file about messages; see `docs/rule-files.md`. What is wrong with it is in
    /// [`RuleGraph::rule_file_errors`](crate::RuleGraph::rule_file_errors).
    pub fn add_rule_file(&mut self, name: &str, text: impl Into<Cow<'static, str>>) {
        self.rule_files.push((name.to_owned(), text.into()));
    }

    /// The rule files, with their names.
    pub fn rule_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rule_files.iter().map(|(name, text)| (name.as_str(), &**text))
    }

    fn add_entry(&mut self, mut entry: Entry) {
        let id = self.entries.len() as u32;
        self.placed = OnceLock::new();
        entry.before = self.by_url.insert(entry.url.clone(), id);
        self.entries.push(entry);
    }

    /// All packs and packages, in the order in which they were added.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// All definitions, in the order in which they were added.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The definition with this number.
    pub fn entry(&self, id: DefinitionId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// The definition that stands for `url` or `url|version`: of the package added last, and there the first in the order
    /// of the pack (the newest version that is not withdrawn), unless another line was preferred.
    pub fn find(&self, canonical: &str) -> Option<DefinitionId> {
        // Most have neither a version nor a fragment, which one look at the bytes shows.
        let (mut url, mut version) = (canonical, None);
        if memchr::memchr2(b'|', b'#', canonical.as_bytes()).is_some() {
            (url, version) = canonical.split_once('|').map_or((canonical, None), |(u, v)| (u, Some(v)));
            url = url.split_once('#').map_or(url, |(u, _)| u);
        }
        let fitting = self.versions(url).filter(|id| version.is_none_or(|v| self.entry(*id).version == v));
        fitting.max_by(|a, b| self.rank(*a).cmp(&self.rank(*b)))
    }

    /// All definitions of a canonical, in every version, the one added last first.
    pub fn versions(&self, url: &str) -> impl Iterator<Item = DefinitionId> {
        let mut next = self.by_url.get(url).copied();
        std::iter::from_fn(move || {
            let id = next?;
            next = self.entries[id as usize].before;
            Some(DefinitionId(id))
        })
    }

    /// The Questionnaire that a response names: by its canonical, or by its type and id on whatever server.
    pub(crate) fn questionnaire(&self, reference: &str) -> Option<Arc<Definition>> {
        let by_id = || {
            let (before, _) = reference.rsplit_once('/')?;
            let last = before.rfind('/').map_or(0, |at| at + 1);
            self.questionnaires.get(&reference[last..]).copied()
        };
        let is_one = |id: &DefinitionId| self.entry(*id).resource == "Questionnaire";
        self.read(self.find(reference).filter(is_one).or_else(by_id)?)
    }

    /// Whether any version of the canonical is loaded.
    pub fn has_url(&self, url: &str) -> bool {
        self.by_url.contains_key(url)
    }

    fn rank(&self, id: DefinitionId) -> impl Ord + use<> {
        let entry = self.entry(id);
        // Only packs have an order of their own; versions are compared where there is none.
        let version = if entry.place == 0 { version_key(&entry.version) } else { Vec::new() };
        (entry.package, entry.preferred, entry.place, entry.status != "retired", version, id)
    }

    /// Every name that the definitions use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    /// The definition that a type name stands for.
    pub fn find_type(&self, name: &str) -> Option<DefinitionId> {
        self.find(&format!("{HL7}{name}"))
    }

    /// A definition and what it derives from, itself first; ends where a base is not loaded or comes again.
    pub fn chain(&self, id: DefinitionId) -> Vec<DefinitionId> {
        let mut chain = vec![id];
        while let Some(base) =
            chain.last().and_then(|id| self.find(&self.entry(*id).base)).filter(|b| !chain.contains(b))
        {
            chain.push(base);
        }
        chain
    }

    /// Reads a definition in full. `None` where it is only listed.
    pub fn read(&self, id: DefinitionId) -> Option<Arc<Definition>> {
        match &self.entry(id).source {
            Source::Read(definition) => Some(definition.clone()),
            Source::Image(held) => self.images[held.image as usize].read(held.facts).map(Arc::new),
        }
    }
}

impl Library {
    /// The paths at which profiles place an extension by its url.
    pub(crate) fn placements(&self, url: &str) -> &[Text] {
        self.placed.get_or_init(|| self.all_placements()).get(url).map_or(&[], Vec::as_slice)
    }

    fn all_placements(&self) -> HashMap<Text, Vec<Text>, FixedState> {
        let mut placed: HashMap<Text, Vec<Text>, FixedState> = HashMap::default();
        let mut add = |url: Text, path: Text| {
            let paths = placed.entry(url).or_default();
            if !paths.contains(&path) {
                paths.push(path);
            }
        };
        for entry in self.entries.iter().filter(|entry| entry.resource == "StructureDefinition") {
            match &entry.source {
                Source::Image(held) => {
                    let places = held.places.lines().filter_map(|line| line.split_once('\t'));
                    places.for_each(|(url, path)| add(Text::of(url), Text::of(path)));
                }
                Source::Read(definition) => {
                    for row in definition.structure.iter().flat_map(|s| &s.elements) {
                        let Some((parent, _)) = row.path.rsplit_once('.') else { continue };
                        row.types.iter().flat_map(|t| &t.profiles).for_each(|url| add(url.clone(), parent.into()));
                    }
                }
            }
        }
        #[expect(clippy::iter_over_hash_type, reason = "each list is put in order by itself")]
        for paths in placed.values_mut() {
            paths.sort();
        }
        placed
    }

    /// The invariants with this key: each with the definition and the path of the element that have it, in the order of the
    /// library.
    pub fn constraints(&self, key: &str) -> Vec<(DefinitionId, Text, Arc<Constraint>)> {
        let mut found = Vec::new();
        for (id, definition) in self.mentioning(key) {
            for row in definition.structure.iter().flat_map(|s| &s.elements) {
                let of_key = row.constraints.iter().filter(|c| *c.key == *key);
                found.extend(of_key.map(|c| (id, row.path.clone(), c.clone())));
            }
        }
        found
    }

    /// The profiles and types whose definitions hold a text, and all that did not come from a pack.
    pub(crate) fn mentioning(&self, text: &str) -> impl Iterator<Item = (DefinitionId, Arc<Definition>)> {
        let found: Vec<_> = self.images.iter().map(|image| image.mentioning(text)).collect();
        let ids = (0_u32..).map(DefinitionId).zip(&self.entries);
        let structures = ids.filter(|(_, entry)| entry.resource == "StructureDefinition");
        structures
            .filter(move |(_, entry)| !matches!(entry.source, Source::Image(held) if !found[held.image as usize](held.facts)))
            .filter_map(|(id, _)| Some((id, self.read(id)?)))
    }
}

/// Adds the element and type names that a StructureDefinition uses.
pub(crate) fn intern_names(names: &mut Names, structure: &StructureDefinition) {
    names.intern(&structure.type_name);
    for row in &structure.elements {
        let Some(last) = row.path.rsplit('.').next() else { continue };
        match last.strip_suffix("[x]") {
            None => drop(names.intern(last)),
            Some(stem) => {
                // No document has a name with brackets: it says that the choice exists.
                names.intern(last);
                intern_choice(names, stem, row);
            }
        }
    }
}

fn intern_choice(names: &mut Names, stem: &str, row: &ElementDefinition) {
    for t in row.types.iter() {
        let suffixes: &[&str] = if *t.code == *"*" { crate::graph::ANY_TYPES } else { &[&t.code] };
        for code in suffixes {
            names.intern(&choice_name(stem, code));
        }
    }
}

/// The name of a choice element with a type: `value` and `dateTime` make `valueDateTime`.
pub(crate) fn choice_name(stem: &str, code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    stem.chars().chain(first).chain(letters).collect()
}

/// Trees of definitions, made when they are asked for and kept.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    trees: HashMap<DefinitionId, Option<Arc<Tree>>, FixedState>,
    defects: HashMap<DefinitionId, Vec<Defect>, FixedState>,
    /// The definition whose tree was made last: whoever asked for the tree compiles it next.
    last: Option<(DefinitionId, Arc<Definition>)>,
    /// The expressions of invariants.
    pub expressions: Expressions,
    /// The types of elements.
    pub shared: Shared,
    /// The definitions of types by their names.
    types: HashMap<Text, Option<DefinitionId>, FixedState>,
    /// The roots of definitions whose trees may never be wanted.
    roots: HashMap<DefinitionId, Option<Root>, FixedState>,
    /// The definitions being made, innermost last: one that asks for itself is a loop.
    making: Vec<DefinitionId>,
}

impl Forest {
    /// The tree of a definition with the defects found in its rows.
    pub fn tree(&mut self, library: &Library, id: DefinitionId) -> Option<Arc<Tree>> {
        if let Some(known) = self.trees.get(&id) {
            return known.clone();
        }
        if self.making.contains(&id) || self.making.len() > 60 {
            return None;
        }
        self.making.push(id);
        let mut defects = Vec::new();
        let tree = self.make(library, id, &mut defects).map(Arc::new);
        self.making.pop();
        self.defects.insert(id, defects);
        self.trees.insert(id, tree.clone());
        tree
    }

    fn root(&mut self, library: &Library, id: DefinitionId) -> Option<Root> {
        let type_name = library.entry(id).type_name.clone();
        // The roots of types are 0..*; only what derives from a profile needs its tree.
        if !self.trees.contains_key(&id) && library.entry(id).base.strip_prefix(HL7) == Some(&*type_name) {
            let definition = library.read(id)?;
            let row = definition.structure.as_ref()?.elements.first().filter(|row| !row.path.contains('.'));
            let (min, max) = (row.and_then(|r| r.min).unwrap_or(0), row.and_then(|r| r.max).unwrap_or(u32::MAX));
            return Some(Root { type_name, min, max });
        }
        let tree = self.tree(library, id)?;
        let root = &tree.elements[0];
        Some(Root { type_name: root.name.clone(), min: root.min, max: root.max })
    }

    /// Lets the tree of a profile go that has been compiled: few ask for it again, and then it is made again.
    pub fn forget(&mut self, id: DefinitionId) {
        self.trees.remove(&id);
    }

    /// What was wrong with a definition whose tree has been made.
    pub fn defects(&self, id: DefinitionId) -> &[Defect] {
        self.defects.get(&id).map_or(&[], Vec::as_slice)
    }

    fn make(&mut self, library: &Library, id: DefinitionId, defects: &mut Vec<Defect>) -> Option<Tree> {
        let definition = library.read(id)?;
        let made = self.derive(library, id, &definition, defects);
        self.last = Some((id, definition));
        made
    }

    /// The definition behind a tree.
    pub fn definition(&mut self, library: &Library, id: DefinitionId) -> Option<Arc<Definition>> {
        match self.last.take() {
            Some((last, definition)) if last == id => Some(definition),
            _ => library.read(id),
        }
    }

    fn derive(
        &mut self,
        library: &Library,
        id: DefinitionId,
        definition: &Definition,
        defects: &mut Vec<Defect>,
    ) -> Option<Tree> {
        let structure = definition.structure.as_ref()?;
        let root = structure.elements.first().map_or_else(|| structure.type_name.clone(), |e| e.path.clone());
        let base = if structure.base.is_empty() {
            None
        } else {
            let missing = |kind| Defect { element: root.clone(), kind, detail: structure.base.clone() };
            let Some(base) = library.find(&structure.base).filter(|b| *b != id) else {
                defects.push(missing(DefectKind::BaseMissing));
                return None;
            };
            let looped = self.making.contains(&base);
            let Some(tree) = self.tree(library, base) else {
                defects.push(missing(if looped { DefectKind::BaseLoop } else { DefectKind::BaseMissing }));
                return None;
            };
            Some(tree)
        };
        Some(Tree::derive(structure, base.as_deref(), id, &mut Within { library, forest: self }, defects))
    }
}

/// The forest together with its library.
pub(crate) struct Within<'l> {
    pub library: &'l Library,
    pub forest: &'l mut Forest,
}

impl Trees for Within<'_> {
    fn tree(&mut self, canonical: &str) -> Option<Arc<Tree>> {
        let id = self.library.find(canonical)?;
        self.forest.tree(self.library, id)
    }

    fn type_tree(&mut self, name: &str) -> Option<Arc<Tree>> {
        let id = match self.forest.types.get(name) {
            Some(known) => *known,
            None => *self.forest.types.entry(name.into()).or_insert(self.library.find_type(name)),
        }?;
        self.forest.tree(self.library, id)
    }

    fn number(&self, name: &str) -> Name {
        self.library.names.find(name)
    }

    fn type_of(&mut self, canonical: &str) -> Option<Text> {
        let id = self.library.find(canonical)?;
        Some(self.library.entry(id).type_name.clone())
    }

    fn root(&mut self, canonical: &str) -> Option<Root> {
        let id = self.library.find(canonical)?;
        if let Some(known) = self.forest.roots.get(&id) {
            return known.clone();
        }
        let root = self.forest.root(self.library, id);
        self.forest.roots.insert(id, root.clone());
        root
    }
}
