//! Inputs made to exhaust a reader: each is answered in time that is linear in its length.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use touchmark_document::{Arena, Document, FaultKind, Limits, Names, Unreadable, UnreadableKind, decode, parse, xhtml};

/// Reads `bytes`, in less time than a quadratic reader would need, and hands over what came of it.
fn check(bytes: &[u8], judge: impl FnOnce(Result<Document<'_>, Unreadable>)) {
    let (mut arena, names) = (Arena::new(), Names::new());
    let start = Instant::now();
    match decode(bytes) {
        Ok(text) => judge(parse(&text, &mut arena, &names, Limits::default())),
        Err(unreadable) => judge(Err(unreadable)),
    }
    // Some milliseconds in fact; a slow machine and an unoptimised build get all this.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?} for {} bytes", start.elapsed(), bytes.len());
}

fn check_kind(bytes: &[u8], kind: UnreadableKind) {
    check(bytes, |read| assert_eq!(read.err().map(|e| e.kind), Some(kind)));
}

#[test]
fn deep() {
    check_kind("[".repeat(1_000_000).as_bytes(), UnreadableKind::NotFhir);
    check_kind(format!("{{\"a\":{}", "[".repeat(1_000_000)).as_bytes(), UnreadableKind::TooDeep);
    check_kind("{\"a\":".repeat(1_000_000).as_bytes(), UnreadableKind::TooDeep);
    check_kind(format!("{{\"a\":1,\"a\":{}", "[{\"b\":".repeat(500_000)).as_bytes(), UnreadableKind::TooDeep);
    check_kind("<a>".repeat(1_000_000).as_bytes(), UnreadableKind::TooDeep);
    check_kind(format!("<a>{}", "<div>".repeat(1_000_000)).as_bytes(), UnreadableKind::TooDeep);
    let deep = "<div xmlns='http://www.w3.org/1999/xhtml'>".repeat(100_000);
    assert_eq!(xhtml(&deep, Limits::default(), |_| {}).map_err(|e| e.kind), Err(UnreadableKind::TooDeep));
}

#[test]
fn depth_may_be_lifted() {
    let limits = Limits { depth: u32::MAX, ..Limits::default() };
    let (mut arena, names) = (Arena::new(), Names::new());
    let json = format!("{}1{}", "{\"a\":[".repeat(200_000), "]}".repeat(200_000));
    assert_eq!(parse(&json, &mut arena, &names, limits).map(|read| read.len()).ok(), Some(200_001));
    let xml = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    assert_eq!(parse(&xml, &mut arena, &names, limits).map(|read| read.len()).ok(), Some(200_000));
}

#[test]
fn wide() {
    let items = "{\"fullUrl\":\"urn:x\"},".repeat(100_000);
    let json = format!("{{\"resourceType\":\"Bundle\",\"entry\":[{}]}}", items.trim_end_matches(','));
    check(json.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(200_001)));
    let xml = format!(
        "<Bundle xmlns='http://hl7.org/fhir'>{}</Bundle>",
        "<entry><fullUrl value='u'/></entry>".repeat(100_000)
    );
    check(xml.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(200_001)));
}

#[test]
fn many_keys() {
    let mut distinct = String::from("{\"resourceType\":\"A\"");
    for n in 0..100_000 {
        let _ = write!(distinct, ",\"k{n}\":1");
    }
    distinct.push('}');
    check_kind(distinct.as_bytes(), UnreadableKind::TooManyNames);

    let mut known = String::from("{\"resourceType\":\"A\"");
    for n in 0..30_000 {
        let _ = write!(known, ",\"k{n}\":1,\"_k{n}\":{{\"id\":\"x\"}}");
    }
    known.push('}');
    check(known.as_bytes(), |read| assert_eq!(read.map(|d| (d.len(), d.faults().len())).ok(), Some((60_001, 0))));

    let same = format!("{{\"resourceType\":\"A\"{}}}", ",\"k\":{\"x\":[1,2]}".repeat(100_000));
    check(same.as_bytes(), |read| {
        let document = read.unwrap();
        assert_eq!((document.len(), document.faults().len()), (4, Document::MOST_FAULTS));
        assert!(document.faults().iter().all(|f| f.kind == FaultKind::DuplicateKey));
    });

    // Each `_name` goes through the nodes of its own name only.
    let array = format!("{{\"a\":[{}0],\"_a\":[{}null]}}", "1,".repeat(100_000), "null,".repeat(100_000));
    check(array.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(100_002)));
    let after = format!("{{\"_a\":[{}null],\"a\":[{}0]}}", "null,".repeat(100_000), "1,".repeat(100_000));
    check(after.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(100_002)));
}

#[test]
fn many_attributes_and_namespaces() {
    let mut distinct = String::from("<a");
    for n in 0..100_000 {
        let _ = write!(distinct, " k{n}='1'");
    }
    distinct.push_str("/>");
    check(distinct.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(1)));
    check_kind(format!("<a{}/>", " k='1'".repeat(100_000)).as_bytes(), UnreadableKind::Malformed);
    check_kind(format!("<a{}/>", " id='1'".repeat(100_000)).as_bytes(), UnreadableKind::Malformed);

    let mut spaces = String::from("<a");
    for n in 0..100_000 {
        let _ = write!(spaces, " xmlns:p{n}='urn:{n}'");
    }
    spaces.push('>');
    for n in 0..100_000 {
        let _ = write!(spaces, "<p{n}:b p{n}:c='1'/>");
    }
    spaces.push_str("</a>");
    check(spaces.as_bytes(), |read| assert_eq!(read.map(|read| read.len()).ok(), Some(100_001)));
    let nested = format!("{}{}", "<a xmlns:p='urn:p' xmlns='urn:x'>".repeat(190), "<p:b/>".repeat(100_000));
    check_kind(nested.as_bytes(), UnreadableKind::Malformed);
}

#[test]
fn too_many_of_them() {
    let (mut attributes, mut spaces) = (String::new(), String::new());
    for n in 0..140_000 {
        let _ = write!(attributes, " k{n:x}=''");
        let _ = write!(spaces, "<b xmlns='{n:x}'/>");
    }
    check_kind(format!("<a{attributes}/>").as_bytes(), UnreadableKind::TooManyNames);
    check_kind(format!("<a><div{attributes}/></a>").as_bytes(), UnreadableKind::TooManyNames);
    check_kind(format!("<a>{spaces}</a>").as_bytes(), UnreadableKind::TooManyNames);
}

#[test]
fn huge_values() {
    let text = "x".repeat(50 << 20);
    let json = format!("{{\"resourceType\":\"A\",\"a\":\"{text}\"}}");
    check(json.as_bytes(), |read| assert_eq!(read.unwrap().root().child_value("a").map(str::len), Some(50 << 20)));
    let escaped = format!("{{\"resourceType\":\"A\",\"a\":\"{}\"}}", "\\n".repeat(5 << 20));
    check(escaped.as_bytes(), |read| assert_eq!(read.unwrap().root().child_value("a").map(str::len), Some(5 << 20)));
    let xml = format!("<A xmlns='http://hl7.org/fhir'><a value='{text}'/></A>");
    check(xml.as_bytes(), |read| assert_eq!(read.unwrap().root().child_value("a").map(str::len), Some(50 << 20)));
    let references = format!("<A xmlns='http://hl7.org/fhir'><a value='{}'/></A>", "&amp;&#65;".repeat(1 << 20));
    check(references.as_bytes(), |read| assert_eq!(read.unwrap().root().child_value("a").map(str::len), Some(2 << 20)));
    check(format!("{{\"a\":{}}}", "1".repeat(5 << 20)).as_bytes(), |read| assert!(read.is_ok()));
    check(format!("<{0}>x</{0}>", "a".repeat(5 << 20)).as_bytes(), |read| assert!(read.is_ok()));
    check_kind(format!("<a value='{}'/>", "&".repeat(1 << 20)).as_bytes(), UnreadableKind::Malformed);
}

#[test]
fn entity_bombs_and_external_entities() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;\">]><a value=\"&y;\"/>";
    check_kind(bomb.as_bytes(), UnreadableKind::Doctype);
    check_kind(b"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", UnreadableKind::Doctype);
    check_kind(b"<?xml version='1.0'?><!-- c --><!DOCTYPE a><a/>", UnreadableKind::Doctype);
    check_kind(b"<a><!DOCTYPE a></a>", UnreadableKind::Doctype);
    check_kind(b"<a><div><!DOCTYPE a></div></a>", UnreadableKind::Doctype);
}

#[test]
fn too_many_elements_are_refused() {
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(17 << 20));
    check_kind(many.as_bytes(), UnreadableKind::TooLarge);
}

#[test]
fn truncated_anywhere() {
    let json = r#"{"resourceType":"Patient","_id":{"id":"é"},"name":[{"given":["a\u00e9",null,-1.5e3,true]}]}"#;
    let xml = "<?xml version='1.0'?><!-- c --><A xmlns='http://hl7.org/fhir'><id value='&#233;é'/><text><div><![CDATA[x]]></div></text></A>";
    for whole in [json, xml] {
        for length in 0..whole.len() {
            check(&whole.as_bytes()[..length], |read| assert!(read.is_err(), "{}", &whole[..length]));
        }
        check(whole.as_bytes(), |read| assert!(read.is_ok()));
    }
}
