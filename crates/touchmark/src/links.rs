//! Where references lead: the entries of each Bundle by url and by type and id, and contained resources.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry as HashEntry;
use std::rc::Rc;

use foldhash::fast::{FixedState, RandomState};
use touchmark_document::{Document, Name, NodeRef};
use touchmark_fhirpath::Resolver;

use crate::graph::RuleGraph;

/// Of so many entries with one type and id the full urls are looked at; of more none is meant in particular.
const FEW: usize = 20;

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolution<'d> {
    /// To a contained resource.
    Contained(NodeRef<'d>),
    /// To the resource of an entry of the innermost Bundle.
    Entry(NodeRef<'d>),
    /// To an entry with this type and id, though its `fullUrl` says otherwise.
    Likely(NodeRef<'d>),
    /// To several entries alike: this many.
    Several(u32),
    /// Nowhere in the document.
    Nowhere,
}

/// An entry of a Bundle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'d> {
    pub node: NodeRef<'d>,
    pub full_url: Option<&'d str>,
    pub resource: Option<NodeRef<'d>>,
    pub id: Option<&'d str>,
}

/// The entries of one Bundle.
#[derive(Debug, Default)]
pub(crate) struct Index<'d> {
    pub entries: Vec<Entry<'d>>,
    by_url: HashMap<&'d str, Alike, RandomState>,
    by_id: HashMap<(Name, &'d str), Alike, RandomState>,
    /// The first entry with an id, whatever its type; made when a reference that is none asks.
    by_plain_id: OnceCell<HashMap<&'d str, u32, RandomState>>,
}

/// Entries with the same url, or the same type and id: nearly always one.
#[derive(Debug)]
pub(crate) struct Alike {
    first: u32,
    others: Vec<u32>,
}

impl Alike {
    fn new(first: u32) -> Self {
        Alike { first, others: Vec::new() }
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

impl<'d> Index<'d> {
    fn new(graph: &RuleGraph, bundle: NodeRef<'d>) -> Self {
        let known = &graph.known;
        let mut index = Index::default();
        for node in bundle.children_named(known.entry) {
            let resource = node.child_named(known.resource).filter(|r| r.is_resource());
            let full_url = node.child_named(known.full_url).and_then(NodeRef::value);
            let id = resource.and_then(|r| r.child_named(known.id)).and_then(NodeRef::value);
            index.entries.push(Entry { node, full_url, resource, id });
        }
        index.by_url.reserve(index.entries.len());
        index.by_id.reserve(index.entries.len());
        for (number, entry) in index.entries.iter().enumerate() {
            let number = number as u32;
            if let Some(url) = entry.full_url {
                note(index.by_url.entry(url), number);
            }
            if let (Some(resource), Some(id)) = (entry.resource, entry.id) {
                note(index.by_id.entry((resource.resource(), id)), number);
            }
        }
        index
    }

    /// The entries with this `fullUrl`.
    fn with_url(&self, url: &str) -> Option<&Alike> {
        self.by_url.get(url)
    }

    /// Whether two entries have the same `fullUrl`.
    pub fn repeats_a_url(&self) -> bool {
        self.by_url.len() < self.entries.iter().filter(|entry| entry.full_url.is_some()).count()
    }

    /// The entry that a bare id or UUID, which is no reference, is probably meant to lead to.
    pub fn with_plain_id(&self, id: &str) -> Option<u32> {
        let by_id = self.by_plain_id.get_or_init(|| {
            let mut first = HashMap::default();
            for (number, entry) in self.entries.iter().enumerate() {
                if let Some(id) = entry.id {
                    first.entry(id).or_insert(number as u32);
                }
            }
            first
        });
        let by_id = by_id.get(id).copied();
        by_id.or_else(|| self.with_url(&format!("urn:uuid:{id}")).map(|found| found.first))
    }

    /// The entry that holds a node, if the Bundle itself is its innermost.
    pub fn entry_of(&self, node: NodeRef<'d>) -> Option<u32> {
        let mut at = Some(node);
        while let Some(node) = at {
            if let Ok(found) = self.entries.binary_search_by_key(&node.id(), |e| e.node.id()) {
                return Some(found as u32);
            }
            at = node.parent();
        }
        None
    }

    /// Where a reference from the given entry leads.
    pub fn resolve(&self, graph: &RuleGraph, from: Option<u32>, reference: &str) -> Resolution<'d> {
        // A version behind the id picks none of a Bundle's entries in particular.
        let reference = without_version(reference);
        if let Some(found) = self.with_url(reference) {
            return self.one_of(found);
        }
        if reference.contains(':') {
            return Resolution::Nowhere;
        }
        let Some((resource, id)) = reference.rsplit_once('/') else { return Resolution::Nowhere };
        let base = from.and_then(|f| self.entries[f as usize].full_url).and_then(service_base);
        if let Some(base) = base
            && let Some(found) = self.with_url(&format!("{base}{resource}/{id}"))
        {
            return self.one_of(found);
        }
        let Some(found) = self.by_id.get(&(graph.names().find(resource), id)) else { return Resolution::Nowhere };
        let first = &self.entries[found.first as usize];
        let rooted = |e: u32| self.entries[e as usize].full_url.is_some_and(|u| u.ends_with(reference));
        if base.is_none() && from.is_some() && (found.all().take(FEW).any(rooted) || first.full_url.is_none()) {
            return self.one_of(found);
        }
        first.resource.map_or(Resolution::Nowhere, Resolution::Likely)
    }

    fn one_of(&self, found: &Alike) -> Resolution<'d> {
        match found.others.len() {
            0 => self.entries[found.first as usize].resource.map_or(Resolution::Nowhere, Resolution::Entry),
            // Versions of one resource may share a url (bdl-7): a reference then means the resource.
            more => Resolution::Several(more as u32 + 1),
        }
    }
}

fn note<K: std::hash::Hash + Eq>(place: HashEntry<'_, K, Alike>, number: u32) {
    place.and_modify(|alike| alike.others.push(number)).or_insert_with(|| Alike::new(number));
}

/// A url without the version of the resource that it may name; the same where it names none.
pub(crate) fn without_version(url: &str) -> &str {
    // Hardly any url has the letter: to look for a word takes far longer than to look for it.
    if !url.as_bytes().contains(&b'_') {
        return url;
    }
    url.split_once("/_history/").map_or(url, |(before, _)| before)
}

/// The base of a RESTful url: `https://server/fhir/` of `https://server/fhir/Patient/1`.
pub(crate) fn service_base(url: &str) -> Option<&str> {
    if !url.starts_with("http") {
        return None;
    }
    let (rest, _id) = url.rsplit_once('/')?;
    let (base, resource) = rest.rsplit_once('/')?;
    resource.starts_with(|c: char| c.is_ascii_uppercase()).then(|| &url[..=base.len()])
}

/// The Bundles of a document, indexed when a reference first asks.
#[derive(Debug)]
pub(crate) struct Links<'g, 'd> {
    graph: &'g RuleGraph,
    document: &'d Document<'d>,
    /// Filled while the walk reads: whoever asks shares what is there.
    indexes: RefCell<HashMap<u32, Rc<Index<'d>>, FixedState>>,
    /// Where the resource stands that was asked for last: most references are asked for one resource after the other.
    last: RefCell<Option<Standing<'d>>>,
    /// What each resource contains, by id.
    contained: RefCell<HashMap<u32, Contained<'d>, FixedState>>,
}

/// Where a resource stands: the innermost Bundle around it and the entry there.
#[derive(Clone, Debug)]
struct Standing<'d> {
    resource: NodeRef<'d>,
    bundle: Option<(Rc<Index<'d>>, Option<u32>)>,
}

/// The contained resources of one resource, by id.
type Contained<'d> = HashMap<&'d str, NodeRef<'d>, FixedState>;

impl<'g, 'd> Links<'g, 'd> {
    pub fn new(graph: &'g RuleGraph, document: &'d Document<'d>) -> Self {
        Links { graph, document, indexes: RefCell::default(), last: RefCell::default(), contained: RefCell::default() }
    }

    /// The innermost Bundle around a node, not counting the node itself.
    pub fn bundle_around(&self, node: NodeRef<'d>) -> Option<NodeRef<'d>> {
        let mut at = node.parent();
        while let Some(node) = at {
            if node.resource() == self.graph.known.bundle {
                return Some(node);
            }
            at = node.parent();
        }
        None
    }

    /// The entries of a Bundle.
    pub fn index(&self, bundle: NodeRef<'d>) -> Rc<Index<'d>> {
        if let Some(known) = self.indexes.borrow().get(&bundle.id().0) {
            return known.clone();
        }
        let index = Rc::new(Index::new(self.graph, bundle));
        self.indexes.borrow_mut().insert(bundle.id().0, index.clone());
        index
    }

    /// The resource that contains the resource around a node, or that resource itself when it is not contained.
    pub fn container(&self, node: NodeRef<'d>) -> NodeRef<'d> {
        let mut at = node.innermost_resource();
        while at.name() == self.graph.known.contained {
            match at.parent() {
                Some(parent) => at = parent.innermost_resource(),
                None => break,
            }
        }
        at
    }

    /// The contained resource with this id.
    pub fn contained(&self, container: NodeRef<'d>, id: &str) -> Option<NodeRef<'d>> {
        let known = &self.graph.known;
        let mut held = self.contained.borrow_mut();
        let of_container = held.entry(container.id().0).or_insert_with(|| {
            let mut by_id = Contained::default();
            for contained in container.children_named(known.contained) {
                if let Some(id) = contained.child_named(known.id).and_then(NodeRef::value) {
                    by_id.entry(id).or_insert(contained);
                }
            }
            by_id
        });
        of_container.get(id).copied()
    }

    /// Where a reference at a node leads.
    pub fn resolve(&self, node: NodeRef<'d>, reference: &str) -> Resolution<'d> {
        if let Some(id) = reference.strip_prefix('#') {
            let container = self.container(node);
            if id.is_empty() {
                let inside = node.innermost_resource().name() == self.graph.known.contained;
                return if inside { Resolution::Contained(container) } else { Resolution::Nowhere };
            }
            return self.contained(container, id).map_or(Resolution::Nowhere, Resolution::Contained);
        }
        let resource = self.container(node);
        let mut last = self.last.borrow_mut();
        if last.as_ref().is_none_or(|last| last.resource != resource) {
            let bundle = self.bundle_around(resource).map(|bundle| self.index(bundle));
            let bundle = bundle.map(|index| (index.clone(), index.entry_of(resource)));
            *last = Some(Standing { resource, bundle });
        }
        match last.as_ref().and_then(|last| last.bundle.as_ref()) {
            Some((index, from)) => index.resolve(self.graph, *from, reference),
            None => Resolution::Nowhere,
        }
    }
}

impl Resolver for Links<'_, '_> {
    fn resolve<'n>(&self, reference: &str, from: NodeRef<'n>) -> Option<NodeRef<'n>> {
        // The expression's nodes are of the same document; their lifetime is only shorter.
        let here = self.document.node(from.id());
        let found = match self.resolve(here, reference) {
            Resolution::Contained(node) | Resolution::Entry(node) | Resolution::Likely(node) => node,
            Resolution::Several(_) | Resolution::Nowhere => return None,
        };
        Some(from.document().node(found.id()))
    }
}
