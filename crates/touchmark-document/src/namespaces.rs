//! Which prefix stands for which namespace at a place in XML (Namespaces in XML 1.0).

use std::collections::{HashMap, HashSet};

use crate::fault::{Stop, UnreadableKind, stop};
use crate::xml_scan::{RawName, XmlScan};

/// The number of a namespace in one document.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Namespace(u32);

impl Namespace {
    pub const NONE: Namespace = Namespace(0);
    pub const FHIR: Namespace = Namespace(1);
    pub const XHTML: Namespace = Namespace(2);
    pub const XML: Namespace = Namespace(3);
}

const FHIR: &str = "http://hl7.org/fhir";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// More attributes in one tag are refused.
const MOST_ATTRIBUTES: usize = 1 << 17;
/// More different namespaces in a document are refused.
const MOST_NAMESPACES: usize = 1 << 17;
/// More declarations in force at one place are refused.
const MOST_DECLARATIONS: usize = 1 << 20;
/// What stands for nothing yet.
const NO_BINDING: Binding = Binding { namespace: Namespace::NONE, since: 0 };
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An attribute other than those that the tree wants, until its tag has been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherAttribute {
    pub name: RawName,
}

/// What a prefix stands for.
#[derive(Clone, Copy, Debug)]
struct Binding {
    namespace: Namespace,
    /// How many bindings had been replaced before it was made.
    since: usize,
}

/// A binding that an element has replaced.
#[derive(Debug)]
struct Replaced<'s> {
    prefix: &'s str,
    before: Option<Binding>,
}

/// The bindings in force, and those to come back when elements end.
#[derive(Debug)]
pub(crate) struct Namespaces<'s> {
    default: Binding,
    prefixes: HashMap<&'s str, Binding, foldhash::fast::RandomState>,
    replaced: Vec<Replaced<'s>>,
    uris: HashMap<Box<str>, Namespace, foldhash::fast::RandomState>,
    texts: Vec<Box<str>>,
}

impl<'s> Namespaces<'s> {
    pub fn new() -> Self {
        Namespaces {
            default: NO_BINDING,
            prefixes: HashMap::default(),
            replaced: Vec::new(),
            uris: HashMap::default(),
            texts: Vec::new(),
        }
    }

    /// How many bindings have been replaced: to be handed to [`Namespaces::restore`] when the element ends.
    #[inline]
    pub fn mark(&self) -> usize {
        self.replaced.len()
    }

    /// Takes back what was declared since `mark`.
    #[inline]
    pub fn restore(&mut self, mark: usize) {
        while self.replaced.len() > mark {
            self.restore_one();
        }
    }

    #[cold]
    fn restore_one(&mut self) {
        let Some(Replaced { prefix, before }) = self.replaced.pop() else { return };
        match before {
            _ if prefix.is_empty() => self.default = before.unwrap_or(NO_BINDING),
            Some(before) => drop(self.prefixes.insert(prefix, before)),
            None => drop(self.prefixes.remove(prefix)),
        }
    }

    /// The namespace of an element.
    #[inline]
    pub fn of_element(&self, scan: &XmlScan<'_>, name: RawName) -> Result<Namespace, Stop> {
        if name.has_prefix() { self.of_prefix(scan, name) } else { Ok(self.default.namespace) }
    }

    /// Whether the namespace of an element was declared since `mark`.
    #[inline]
    pub fn is_since(&self, mark: usize, scan: &XmlScan<'_>, name: RawName) -> bool {
        let binding = if name.has_prefix() { self.prefixes.get(name.prefix(scan.text)) } else { Some(&self.default) };
        binding.is_some_and(|binding| binding.since >= mark)
    }

    #[cold]
    fn of_prefix(&self, scan: &XmlScan<'_>, name: RawName) -> Result<Namespace, Stop> {
        let prefix = name.prefix(scan.text);
        match self.prefixes.get(prefix) {
            Some(binding) => Ok(binding.namespace),
            None if prefix == "xml" => Ok(Namespace::XML),
            None if prefix == "xmlns" => {
                Err(scan.malformed(name.start as usize, "the prefix `xmlns` is only for namespace declarations"))
            }
            None => {
                let reason = format!("no namespace is declared for the prefix `{}`", shortened(prefix));
                Err(scan.malformed(name.start as usize, reason))
            }
        }
    }

    /// The text of a namespace.
    pub fn text(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::NONE => "",
            Namespace::FHIR => FHIR,
            Namespace::XHTML => XHTML,
            Namespace::XML => XML,
            Namespace(number) => self.texts.get(number as usize - 4).map_or("", |t| t),
        }
    }

    /// Whether an attribute declares a namespace.
    pub fn is_declaration(scan: &XmlScan<'_>, name: RawName) -> bool {
        name.whole(scan.text) == "xmlns" || name.prefix(scan.text) == "xmlns"
    }

    /// Takes up a declaration.
    #[cold]
    pub fn declare(&mut self, scan: &XmlScan<'s>, name: RawName, uri: &str) -> Result<(), Stop> {
        let prefix = if name.has_prefix() { name.local(scan.text) } else { "" };
        let namespace = self.number(uri);
        let start = name.start as usize;
        if (prefix == "xml") != (namespace == Namespace::XML) {
            return Err(scan.malformed(start, "the prefix `xml` and its namespace belong to each other only"));
        }
        if prefix == "xmlns" || uri == XMLNS {
            return Err(scan.malformed(start, "the prefix `xmlns` and its namespace cannot be declared"));
        }
        if !prefix.is_empty() && uri.is_empty() {
            return Err(scan.malformed(start, "a prefix cannot be declared for no namespace"));
        }
        if self.texts.len() > MOST_NAMESPACES || self.replaced.len() >= MOST_DECLARATIONS {
            let reason = "more namespaces than a document may have";
            return Err(stop(scan.text, start, UnreadableKind::TooManyNames, reason));
        }
        let binding = Binding { namespace, since: self.replaced.len() };
        let before = if prefix.is_empty() {
            Some(std::mem::replace(&mut self.default, binding))
        } else {
            self.prefixes.insert(prefix, binding)
        };
        self.replaced.push(Replaced { prefix, before });
        Ok(())
    }

    fn number(&mut self, uri: &str) -> Namespace {
        match uri {
            "" => Namespace::NONE,
            FHIR => Namespace::FHIR,
            XHTML => Namespace::XHTML,
            XML => Namespace::XML,
            _ => {
                if let Some(namespace) = self.uris.get(uri) {
                    return *namespace;
                }
                let namespace = Namespace(self.texts.len() as u32 + 4);
                self.texts.push(uri.into());
                self.uris.insert(uri.into(), namespace);
                namespace
            }
        }
    }

    /// Refuses an attribute past the most that a tag may have.
    #[inline]
    pub fn not_too_many(scan: &XmlScan<'_>, attributes: &[OtherAttribute]) -> Result<(), Stop> {
        if attributes.len() < MOST_ATTRIBUTES {
            return Ok(());
        }
        Err(stop(scan.text, scan.at, UnreadableKind::TooManyNames, "more attributes than a tag may have"))
    }

    /// Refuses attributes of one element that are the same: as written, or once their prefixes are resolved.
    ///
    /// Few are compared with each other, many by hash: a hundred thousand of them must not take a minute.
    pub fn no_duplicates(&self, scan: &XmlScan<'s>, attributes: &[OtherAttribute]) -> Result<(), Stop> {
        if attributes.len() < 2 {
            return match attributes.first() {
                Some(only) if only.name.has_prefix() && !Self::is_declaration(scan, only.name) => {
                    self.of_prefix(scan, only.name).map(drop)
                }
                _ => Ok(()),
            };
        }
        let mut resolved: Vec<(Namespace, &str)> = Vec::with_capacity(attributes.len());
        let mut seen: HashSet<(Namespace, &str), foldhash::fast::RandomState> = HashSet::default();
        for attribute in attributes {
            let name = attribute.name;
            let namespace = if Self::is_declaration(scan, name) {
                Namespace(u32::MAX - u32::from(name.has_prefix()))
            } else if name.has_prefix() {
                self.of_prefix(scan, name)?
            } else {
                Namespace::NONE
            };
            let key = (namespace, name.local(scan.text));
            let is_new = if attributes.len() <= 8 {
                let is_new = !resolved.contains(&key);
                resolved.push(key);
                is_new
            } else {
                seen.insert(key)
            };
            if !is_new {
                let reason = format!("the attribute `{}` twice in one tag", shortened(name.whole(scan.text)));
                return Err(scan.malformed(name.start as usize, reason));
            }
        }
        Ok(())
    }
}

/// A name cut to what a message can hold.
pub(crate) fn shortened(name: &str) -> String {
    let mut characters = name.chars();
    let mut text: String = characters.by_ref().take(60).collect();
    if characters.next().is_some() {
        text.push('…');
    }
    text
}
