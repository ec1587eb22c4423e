//! Narratives: well-formed XHTML, only the elements and attributes that FHIR allows, not empty, links that lead somewhere.

pub(crate) mod nesting;

use std::collections::BTreeSet;

use touchmark_document::{FaultKind, Form, Limits, NodeRef, XhtmlAttribute, XhtmlEvent, xhtml_of};

use crate::rule::rules;
use crate::walk::Walk;

rules! {
    MARKUP = "narrative-markup", Error, "structure",
        says "the narrative is not well-formed XHTML: {detail}",
        why "Receivers show the narrative as it is; what is not well formed cannot be shown.",
        mend "Write one div in the namespace http://www.w3.org/1999/xhtml, well formed.",
        at "narrative.html#xhtml";
    EMPTY = "narrative-empty", Error, "required",
        says "the narrative shows nothing",
        why "It must have some text or an image (txt-2): it is what a person reads when nothing else can be shown.",
        mend "Write the text, or leave the narrative out.",
        at "narrative.html#txt-2";
    ELEMENT = "narrative-element", Error, "structure",
        says "the narrative uses what FHIR does not allow in it: {detail}",
        why "Only plain formatting is safe to show in any system; scripts, forms and frames are not (txt-1).",
        mend "Use the formatting elements of XHTML only.",
        at "narrative.html#txt-1";
    IMAGE = "narrative-image", Error, "not-found",
        says "an image of the narrative is not there: {detail}",
        why "A source that begins with # is a contained resource.",
        mend "Contain the image, or correct the source.",
        at "narrative.html#id";
    LINK = "narrative-link", Warning, "not-found",
        says "a link of the narrative leads nowhere: {detail}",
        why "A link that begins with # leads to a place in the narrative or to a contained resource.",
        mend "Give the place an id, or correct the link.",
        at "narrative.html#id";
}

/// Formatting elements of HTML 4.0 chapters 7 to 11 and 15, links and images. Sorted.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// The same as numbers, in the same order: to search texts takes four times as long, and a narrative has a hundred.
static PACKED: [u128; ELEMENTS.len()] = {
    let (mut all, mut at) = ([0; ELEMENTS.len()], 0);
    while at < all.len() {
        all[at] = packed(ELEMENTS[at]);
        at += 1;
    }
    all
};

/// A short name as a number, so that numbers sort as names do.
const fn packed(name: &str) -> u128 {
    let (name, mut number, mut at) = (name.as_bytes(), 0, 0);
    while at < name.len() {
        if at == 16 {
            return u128::MAX;
        }
        number |= (name[at] as u128) << (120 - 8 * at);
        at += 1;
    }
    number
}

/// Attributes that any of them may have. Sorted.
const ATTRIBUTES: &[&str] = &["accesskey", "class", "dir", "id", "lang", "style", "tabindex", "title", "xml:lang"];

/// Attributes that single elements may have besides.
const OWN_ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["charset", "coords", "href", "hreflang", "name", "rel", "rev", "shape", "type"]),
    ("area", &["alt", "coords", "href", "nohref", "shape"]),
    ("blockquote", &["cite"]),
    ("caption", &["align"]),
    ("col", &["align", "char", "charoff", "span", "valign", "width"]),
    ("colgroup", &["align", "char", "charoff", "span", "valign", "width"]),
    ("div", &["align"]),
    ("h1", &["align"]),
    ("h2", &["align"]),
    ("h3", &["align"]),
    ("h4", &["align"]),
    ("h5", &["align"]),
    ("h6", &["align"]),
    ("hr", &["align", "size", "width"]),
    ("img", &["align", "alt", "border", "height", "ismap", "longdesc", "src", "usemap", "width"]),
    ("li", &["value"]),
    ("map", &["name"]),
    ("ol", &["start", "type"]),
    ("p", &["align"]),
    ("pre", &["xml:space"]),
    ("q", &["cite"]),
    ("table", &["align", "border", "cellpadding", "cellspacing", "frame", "rules", "summary", "width"]),
    ("tbody", &["align", "char", "charoff", "valign"]),
    (
        "td",
        &[
            "abbr", "align", "axis", "char", "charoff", "colspan", "headers", "height", "nowrap", "rowspan", "scope",
            "valign", "width",
        ],
    ),
    ("tfoot", &["align", "char", "charoff", "valign"]),
    (
        "th",
        &[
            "abbr", "align", "axis", "char", "charoff", "colspan", "headers", "height", "nowrap", "rowspan", "scope",
            "valign", "width",
        ],
    ),
    ("thead", &["align", "char", "charoff", "valign"]),
    ("tr", &["align", "char", "charoff", "valign"]),
];

/// What a look at the markup brings together.
#[derive(Default)]
struct Seen {
    /// Whether the whole is in another namespace than XHTML.
    is_foreign: bool,
    shows_something: bool,
    not_allowed: BTreeSet<String>,
    nesting: nesting::Nesting,
    places: BTreeSet<String>,
    links: BTreeSet<String>,
    images: BTreeSet<String>,
}

/// Checks the markup of a narrative.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    if !matches!(node.form(), Form::String | Form::Markup) || node.value().is_none_or(str::is_empty) {
        return;
    }
    // A div in another namespace has been said to be (syntax-namespace); what it holds is there for the same reason.
    let is_foreign = walk.document.faults_of(node).any(|fault| fault.kind == FaultKind::Namespace);
    let mut seen = Seen { is_foreign, ..Seen::default() };
    if let Err(trouble) = xhtml_of(node, Limits::default(), |event| seen.look(&event)) {
        let detail = walk.detail(trouble.reason);
        walk.say(&MARKUP, node).detail = detail;
        return;
    }
    if !seen.shows_something {
        walk.say(&EMPTY, node);
    }
    if !seen.not_allowed.is_empty() {
        let names: Vec<String> = seen.not_allowed.into_iter().collect();
        let detail = walk.detail(names.join(", "));
        walk.say(&ELEMENT, node).detail = detail;
    }
    seen.nesting.say(walk, node);
    let container = walk.links.container(node);
    for (rule, local) in seen.images.iter().map(|i| (&IMAGE, i)).chain(seen.links.iter().map(|l| (&LINK, l))) {
        let is_place = *rule == LINK && seen.places.contains(local);
        if !is_place && walk.links.contained(container, local).is_none() {
            let detail = walk.detail(format!("#{local}"));
            walk.say(rule, node).detail = detail;
        }
    }
}

impl Seen {
    fn look(&mut self, event: &XhtmlEvent<'_>) {
        match event {
            XhtmlEvent::Text { text, .. } => {
                self.shows_something = self.shows_something || !text.is_blank();
                self.nesting.text(*text);
            }
            XhtmlEvent::Open { name, is_xhtml, attributes, .. } => {
                let is_xhtml = *is_xhtml || self.is_foreign;
                let element = PACKED.binary_search(&packed(name)).ok().filter(|_| is_xhtml);
                if element.is_none() {
                    self.not_allowed.insert(format!("<{name}>"));
                }
                self.nesting.begin(element);
                self.shows_something |= *name == "img";
                for attribute in *attributes {
                    self.attribute(name, attribute);
                }
            }
            XhtmlEvent::Close { .. } => self.nesting.end(),
        }
    }

    fn attribute(&mut self, element: &str, attribute: &XhtmlAttribute<'_>) {
        let own = || OWN_ATTRIBUTES.iter().find(|(name, _)| *name == element).map_or(&[][..], |(_, own)| own);
        if ATTRIBUTES.binary_search(&attribute.name).is_err() && !own().contains(&attribute.name) {
            self.not_allowed.insert(format!("{}= on <{element}>", attribute.name));
        }
        if attribute.name == "href" {
            self.link(element, attribute.value);
        }
        let local = attribute.value.strip_prefix('#').filter(|l| !l.is_empty());
        match (element, attribute.name, local) {
            (_, "id", _) | ("a" | "map", "name", _) => drop(self.places.insert(attribute.value.to_owned())),
            ("a" | "area", "href", Some(local)) => drop(self.links.insert(local.into())),
            ("img", "src", Some(local)) => drop(self.images.insert(local.into())),
            _ => {}
        }
    }

    /// A link leads somewhere: it is no script, and a URI.
    fn link(&mut self, element: &str, value: &str) {
        if is_script(value) {
            self.not_allowed.insert(format!("a script as href= of <{element}>"));
        }
        if let Some(other) = value.trim().chars().find(|c| NOT_IN_URIS.contains(c)) {
            self.not_allowed.insert(format!("'{other}' in href= of <{element}>"));
        }
    }
}

/// What no URI has (RFC 3986, section 2): it is written as `%7B` and the like.
const NOT_IN_URIS: &[char] = &[' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'];

/// Whether a link runs something instead of leading somewhere: active content.
fn is_script(link: &str) -> bool {
    let scheme = link.trim_start().split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("javascript") || scheme.eq_ignore_ascii_case("vbscript")
}
