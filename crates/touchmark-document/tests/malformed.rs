//! What is not well formed, kind by kind: refused here, by `serde_json` and by `roxmltree`.

use touchmark_document::{Arena, Fault, FaultKind, Limits, Names, parse_json, parse_xml};

#[test]
fn xml() {
    let (mut arena, names) = (Arena::new(), Names::new());
    // Seventeen kinds that quick-xml lets pass or leaves to its caller, and more.
    for text in [
        "<a><b></b>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a>&</a>",
        "<a b='&'/>",
        "<a>&unknown;</a>",
        "<a b='&unknown;'/>",
        "<a>\u{1}</a>",
        "<a b='\u{1}'/>",
        "<a>&#1;</a>",
        "<a b='&#xFFFE;'/>",
        "<a>\u{ffff}</a>",
        "<!DOCTYPE a><a/>",
        "<a b='1' b='2'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<1a/>",
        "<a 1b='2'/>",
        "<a:b:c xmlns:a='u'/>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!-- x --->\n</a>",
        "<a><!-- x </a>",
        "<a><?xml version='1.0'?></a>",
        " <?xml version='1.0'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        "<a><b></a></b>",
        "<a b='<'/>",
        "<a b='1'c='2'/>",
        "<a b=1/>",
        "<a b/>",
        "<a b='1/>",
        "<a b='1\"/>",
        "<a / >",
        "< a/>",
        "<a></ a>",
        "<a></a b='1'>",
        "<a><![CDATA[x]]</a>",
        "<a><?x</a>",
        "<a",
        "<",
        "<>",
        "</a>",
        "<![CDATA[x]]><a/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a><div><b></div></a>",
        "<a><div>&nbsp;</div></a>",
    ] {
        assert!(parse_xml(text, &mut arena, &names, Limits::default()).is_err(), "{text}");
        assert!(roxmltree::Document::parse(text).is_err(), "{text}");
    }
}

#[test]
fn json() {
    let (mut arena, names) = (Arena::new(), Names::new());
    for value in [
        "",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "1_0",
        "'a'",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\U0041\"",
        "\"\u{1}\"",
        "\"\n\"",
        "[",
        "[1",
        "[1,",
        "[,1]",
        "[1,]",
        "[1 2]",
        "[1;2]",
        "{",
        "{\"b\"}",
        "{\"b\":}",
        "{\"b\":1,}",
        "{\"b\":1 \"c\":2}",
        "{,}",
        "{1:2}",
        "{b:1}",
        "1 /* x */",
        "1 // x",
        "1}",
        "1,",
        "[}",
        "{]",
        "\u{a0}1",
        "1\u{c}",
    ] {
        // The value of a property, one that is stepped over, an item of an array, and in a `_name` sibling.
        for text in [
            format!("{{\"a\":{value}}}"),
            format!("{{\"a\":1,\"a\":{value}}}"),
            format!("{{\"a\":[{value}"),
            format!("{{\"_a\":[{{\"id\":{value}}}]}}"),
            format!("{{\"_a\":{value}}}"),
        ] {
            // A comma too many at the end is read past, and said to be an error.
            let is_said = |f: &Fault| f.kind == FaultKind::TrailingComma;
            let read = parse_json(&text, &mut arena, &names, Limits::default());
            assert!(read.is_err() || read.is_ok_and(|d| d.faults().iter().any(is_said)), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_err(), "{text}");
        }
    }
}
