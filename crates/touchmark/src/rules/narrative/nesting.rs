//! What the elements of a narrative hold: no blocks in a paragraph, items in lists only, rows in tables and cells in rows.

use std::collections::BTreeSet;

use touchmark_document::{NodeRef, XhtmlText};

use super::{ELEMENTS, packed};
use crate::rule::rules;
use crate::walk::Walk;

rules! {
    NESTING = "narrative-nesting", Error, "structure",
        says "the narrative has what XHTML does not let stand there: {detail}",
        why "Browsers mend such markup, each in its own way: text may be shown elsewhere than it was meant to be.",
        mend "End a paragraph before a list or table begins; put items into lists, rows into tables, cells into rows.",
        at "narrative.html#xhtml";
}

// Of what the DTD of HTML 4.0 forbids, that is said which no reader takes for harmless. Not said are paragraphs and headings in
// a span or a b (some narratives have them), and lists and tables that are empty.

/// Elements that hold others only, which stand nowhere else. An element is on the left once at most.
const BELONGS: &[(u64, u64)] = &[
    (set(&["ol", "ul"]), set(&["li"])),
    (set(&["dl"]), set(&["dd", "dt"])),
    (set(&["table"]), set(&["caption", "col", "colgroup", "tbody", "tfoot", "thead", "tr"])),
    (set(&["colgroup"]), set(&["col"])),
    (set(&["tbody", "tfoot", "thead"]), set(&["tr"])),
    (set(&["tr"]), set(&["td", "th"])),
    (set(&["area", "br", "col", "hr", "img"]), 0),
];
const PARAGRAPH: u64 = set(&["p"]);
const LINK: u64 = set(&["a"]);
/// What makes text look different; it holds text, wherever it stands.
const PHRASES: u64 = set(&[
    "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "dfn", "em", "i", "kbd", "q", "samp", "small", "span",
    "strong", "sub", "sup", "tt", "var",
]);
/// What else holds text only.
const LINES: u64 = set(&["address", "caption", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "pre"]);
const BLOCKS: u64 = set(&[
    "address",
    "blockquote",
    "div",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
]);
/// The blocks that are no part of a line of text, whatever they stand in.
const LARGE: u64 = set(&["div", "ol", "pre", "table", "ul"]);

/// The number of an element that is not among [`ELEMENTS`]: that it is there is a fault of its own.
const OTHER: u8 = 63;
const _: () = assert!(ELEMENTS.len() <= OTHER as usize);

/// What each element may hold.
static HOLDS: [u64; 64] = {
    let (mut holds, mut at) = ([u64::MAX; 64], 0);
    while at < ELEMENTS.len() {
        let (this, mut row) = (1 << at, 0);
        let (mut only, mut all) = (None, u64::MAX);
        while row < BELONGS.len() {
            let (holder, held) = BELONGS[row];
            if holder & this != 0 {
                only = Some(held);
            }
            all &= !held;
            row += 1;
        }
        holds[at] = match only {
            Some(held) => held,
            None if this & PARAGRAPH != 0 => all & !BLOCKS,
            None if this & (PHRASES | LINES) != 0 => all & !LARGE,
            None => all,
        };
        at += 1;
    }
    holds
};

/// Elements that hold no text of their own.
static TEXTLESS: u64 = {
    let (mut textless, mut row) = (0, 0);
    while row < BELONGS.len() {
        textless |= BELONGS[row].0;
        row += 1;
    }
    textless
};

/// A bit for each of some elements.
const fn set(names: &[&str]) -> u64 {
    let (mut bits, mut at) = (0, 0);
    while at < names.len() {
        let mut number = 0;
        while packed(ELEMENTS[number]) != packed(names[at]) {
            number += 1;
        }
        bits |= 1 << number;
        at += 1;
    }
    bits
}

/// The elements that are open, and what stood where it may not.
#[derive(Default)]
pub(super) struct Nesting {
    open: Vec<u8>,
    wrong: BTreeSet<String>,
}

impl Nesting {
    /// An element begins: one of [`ELEMENTS`] by its number, or another.
    pub fn begin(&mut self, element: Option<usize>) {
        let element = element.map_or(OTHER, |number| number as u8);
        if element != OTHER
            && let Some(holder) = self.forbidden_by(1 << element)
        {
            self.wrong.insert(format!("<{}> in <{}>", ELEMENTS[element as usize], ELEMENTS[holder as usize]));
        }
        self.open.push(element);
    }

    /// There is text.
    pub fn text(&mut self, text: XhtmlText<'_>) {
        if let Some(holder) = self.open.last()
            && TEXTLESS & (1 << holder) != 0
            && !text.is_blank()
        {
            self.wrong.insert(format!("text in <{}>", ELEMENTS[*holder as usize]));
        }
    }

    /// The element that began last ends.
    pub fn end(&mut self) {
        self.open.pop();
    }

    /// The open element that may not hold this one.
    fn forbidden_by(&self, element: u64) -> Option<u8> {
        let holder = *self.open.last()?;
        if HOLDS[holder as usize] & element == 0 {
            return Some(holder);
        }
        let mut around = self.open.iter().rev().copied();
        if element & LINK != 0 {
            // No link is in another, at whatever depth (HTML 4.0, 12.2.2).
            return around.find(|open| LINK & 1 << open != 0);
        }
        // What makes text of a paragraph look different holds no more than the paragraph may.
        let block = element & BLOCKS != 0;
        around.find(|open| PHRASES & 1 << open == 0).filter(|open| block && PARAGRAPH & 1 << open != 0)
    }

    pub fn say<'d>(self, walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
        if !self.wrong.is_empty() {
            let places: Vec<String> = self.wrong.into_iter().collect();
            let detail = walk.detail(places.join(", "));
            walk.say(&NESTING, node).detail = detail;
        }
    }
}

#[cfg(test)]
mod tests {
    use touchmark_document::{Limits, XhtmlEvent, xhtml};

    use super::*;

    #[track_caller]
    fn check(content: &str, expected: &[&str]) {
        let mut nesting = Nesting::default();
        let markup = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{content}</div>");
        let looked = xhtml(&markup, Limits::default(), |event| match event {
            XhtmlEvent::Open { name, .. } => nesting.begin(ELEMENTS.iter().position(|element| *element == name)),
            XhtmlEvent::Text { text, .. } => nesting.text(text),
            XhtmlEvent::Close { .. } => nesting.end(),
        });
        assert_eq!(looked, Ok(()), "{content}");
        assert!(nesting.wrong.iter().eq(expected), "{content}: {:?}", nesting.wrong);
    }

    #[test]
    fn what_may_stand_where_it_does() {
        check("a<p>b <b>c <i>d</i></b><br/><img src=\"e.png\" alt=\"f\"/></p><h1>g</h1><hr/>", &[]);
        check("<ul>\n<li>a<p>b</p><ol><li><table><tr><td>c</td></tr></table></li></ol></li>\n</ul>", &[]);
        check(
            "<table><caption>a</caption><colgroup><col/></colgroup><col/><tr><th>b</th><td><p>c</p></td></tr></table>",
            &[],
        );
        check(
            "<table>\n<thead><tr><th>a</th></tr></thead><!-- b -->\n<tbody><tr><td>c</td></tr></tbody>\n</table>",
            &[],
        );
        check("<dl><dt>a</dt><dd>b<ul><li>c</li></ul></dd></dl><blockquote>d<div>e</div></blockquote>", &[]);
        check("<b>a<b>b</b></b><span>c<p>d</p></span><h2><span>e</span></h2><ul></ul><table/>", &[]);
        check("<map name=\"a\"><p>b</p></map><p><a href=\"c\">d</a><a href=\"e\">f</a></p>", &[]);
        check("<form><li>a</li></form><ul><form/></ul>", &[]);
    }

    #[test]
    fn what_may_not() {
        check("<p>a<p>b</p></p>", &["<p> in <p>"]);
        check("<p><b>a<i><h1>b</h1></i></b></p>", &["<h1> in <p>"]);
        check("<p><span>a<ul><li>b</li></ul></span></p>", &["<ul> in <span>"]);
        check("<p>a<hr/><table><tr><td><p>b</p></td></tr></table></p>", &["<hr> in <p>", "<table> in <p>"]);
        check("<h1>a<div>b</div></h1><pre><ol><li>c</li></ol></pre>", &["<div> in <h1>", "<ol> in <pre>"]);
        check("<a href=\"a\">b<b><a href=\"c\">d</a></b></a>", &["<a> in <a>"]);
        check("<li>a</li><tr><td>b</td></tr><dt>c</dt>", &["<dt> in <div>", "<li> in <div>", "<tr> in <div>"]);
        check("<ul>a<p>b</p><ul><li>c</li></ul></ul>", &["<p> in <ul>", "<ul> in <ul>", "text in <ul>"]);
        check("<dl><li>a</li></dl><table><td>b</td></table>", &["<li> in <dl>", "<td> in <table>"]);
        check("<table>a<tr>b<tr><td>c</td></tr></tr></table>", &["<tr> in <tr>", "text in <table>", "text in <tr>"]);
        check("<br>a</br><hr><b>c</b></hr>", &["<b> in <hr>", "text in <br>"]);
    }
}
