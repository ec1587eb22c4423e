//! The markup of narratives, read on its own.

use std::fmt::Write as _;

use touchmark_document::{Arena, Limits, Names, UnreadableKind, XhtmlEvent, parse, xhtml, xhtml_of};

/// What is in a narrative, or why it is none.
fn read(markup: &str) -> Result<String, String> {
    let mut shown = String::new();
    xhtml(markup, Limits::default(), |event| show(&event, &mut shown)).map_err(|e| format!("{:?} {e}", e.kind))?;
    Ok(shown)
}

fn show(event: &XhtmlEvent<'_>, shown: &mut String) {
    let _ = match *event {
        XhtmlEvent::Open { name, is_xhtml, attributes, offset } => {
            let _ = write!(shown, "<{name}{}", if is_xhtml { "" } else { "!" });
            for attribute in attributes {
                let _ = write!(shown, " {}={}@{}", attribute.name, attribute.value, attribute.offset);
            }
            write!(shown, "@{offset}>")
        }
        XhtmlEvent::Text { text, offset } => write!(shown, "{}@{offset}", text.decoded()),
        XhtmlEvent::Close { offset } => write!(shown, "</@{offset}>"),
    };
}

const DIV: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\"";

#[test]
fn events() {
    assert_eq!(
        read(&format!(" {DIV} class='a&amp;b'>\r\nx &lt; y<br/><![CDATA[<z>]]><!-- c --><?p i?></div > ")),
        Ok("<div class=a&b@43@1>\nx < y@59<br@69></@74><z>@74</@106>".to_owned())
    );
    assert_eq!(read(&format!("{DIV}/>")), Ok("<div@0></@43>".to_owned()));
    assert_eq!(
        read("<h:div xmlns:h='http://www.w3.org/1999/xhtml'><b h:c='1'/></h:div>"),
        Ok("<div@0><b! h:c=1@49@46></@58></@58>".to_owned())
    );
}

#[test]
fn what_is_no_narrative() {
    let check = |markup: &str, expected: &str| assert_eq!(read(markup), Err(expected.to_owned()), "{markup}");
    check("", "NotXhtml 1:1: a narrative begins with `<div`");
    check("text", "NotXhtml 1:1: a narrative begins with `<div`");
    check("<!-- c --><div/>", "NotXhtml 1:1: a narrative begins with `<div`");
    check("<div>x</div>", "NotXhtml 1:1: the narrative's `div` is not in the namespace http://www.w3.org/1999/xhtml");
    check("<p xmlns='http://www.w3.org/1999/xhtml'/>", "NotXhtml 1:1: a narrative is one `div`, not `p`");
    check(&format!("{DIV}/>{DIV}/>"), "NotXhtml 1:44: there is more text after the narrative's `div`");
    check(&format!("<!DOCTYPE div>{DIV}/>"), "Doctype 1:1: a DOCTYPE is not allowed in FHIR");
    check(&format!("{DIV}><p></div>"), "Malformed 1:46: `</div>` closes `<p>` opened at 1:43");
    check(&format!("{DIV}><br></div>"), "Malformed 1:47: `</div>` closes `<br>` opened at 1:43");
    check(
        &format!("{DIV}>a & b</div>"),
        "Malformed 1:45: `&` begins no reference here; on its own it is written `&amp;`",
    );
    check(&format!("{DIV}>"), "Malformed 1:43: the input ends inside `<div>` opened at 1:1");
    check(&format!("{DIV} a=1/>"), "Malformed 1:45: the attribute's value in quotes is wanted, not `1`");
    check(&format!("{DIV} a/>"), "Malformed 1:44: `=` after the attribute's name is wanted, not `/`");
    check(&format!("{DIV}><x:b/></div>"), "Malformed 1:44: no namespace is declared for the prefix `x`");
    check(
        &format!("{DIV}>&nbsp;</div>"),
        "Malformed 1:43: `&nbsp;` is no entity of XML; write the character itself or its number, such as `&#160;`",
    );
}

#[test]
fn markup_of_a_document_may_use_prefixes_declared_around_it() {
    let text = "<f:A xmlns:f='http://hl7.org/fhir' xmlns:h='http://www.w3.org/1999/xhtml'><f:text><h:div>x</h:div></f:text></f:A>";
    let (mut arena, names) = (Arena::new(), Names::new());
    let document = parse(text, &mut arena, &names, Limits::default()).unwrap();
    assert!(document.faults().is_empty());
    let div = document.root().child("text").and_then(|t| t.child("div")).unwrap();
    let mut shown = String::new();
    assert_eq!(xhtml_of(div, Limits::default(), |e| show(&e, &mut shown)), Ok(()));
    assert_eq!(shown, "<div!@0>x@7</@8>");
    assert_eq!(
        xhtml(div.value().unwrap(), Limits::default(), |_| {}).map_err(|e| e.kind),
        Err(UnreadableKind::Malformed)
    );
}

#[test]
fn markup_of_a_document_is_shown_as_on_its_own() {
    let markup = [
        format!("{DIV}/>"),
        format!("{DIV} class='a&amp;b' id=\"i\">\r\nx &lt; y<br/><![CDATA[<z>]]><!-- c --><?p i?></div >"),
        format!("{DIV}><h:b xmlns:h='http://www.w3.org/1999/xhtml' h:a='&#65;'/><c xmlns='u'><d/></c></div>"),
    ];
    let text = format!("<A xmlns='http://hl7.org/fhir'><text>{}</text></A>", markup.concat());
    let (mut arena, names) = (Arena::new(), Names::new());
    let document = parse(&text, &mut arena, &names, Limits::default()).unwrap();
    let text = document.root().child("text").unwrap();
    for (node, markup) in text.children().zip(&markup) {
        let mut shown = String::new();
        assert_eq!(xhtml_of(node, Limits::default(), |event| show(&event, &mut shown)), Ok(()));
        assert_eq!(Ok(shown), read(markup));
    }
    assert_eq!(text.children().count(), markup.len());
}
