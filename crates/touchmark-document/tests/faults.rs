//! What the readers find amiss and read past: one case a kind and more where a kind has several forms.

use std::borrow::Cow;
use std::fmt::Write as _;

use touchmark_document::{Arena, Form, Limits, Names, NodeRef, UnreadableKind, decode, parse, parse_json, parse_xml};

/// Reads `input` and compares its faults, each as `Kind line:column name-of-node detail`.
#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (mut arena, names) = (Arena::new(), Names::new());
    let document = parse(input, &mut arena, &names, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    let faults: Vec<String> = document
        .faults()
        .iter()
        .map(|f| {
            let position = document.position(f.offset);
            let node = document.node(f.node).name_text();
            format!("{:?} {}:{} {node} {}", f.kind, position.line, position.column, f.detail)
        })
        .collect();
    assert_eq!(faults, expected, "{input}");
}

/// Reads `input`, which must be unreadable, and compares kind, place and reason.
#[track_caller]
fn check_unreadable(input: &str, kind: UnreadableKind, place_and_reason: &str) {
    let (mut arena, names) = (Arena::new(), Names::new());
    let unreadable = parse(input, &mut arena, &names, Limits::default()).expect_err(input);
    assert_eq!((unreadable.kind, unreadable.to_string().as_str()), (kind, place_and_reason), "{input}");
}

/// A node and all below it, one line each.
fn outline(input: &str) -> String {
    fn write(node: NodeRef<'_>, depth: usize, text: &mut String) {
        let resource = if node.is_resource() { format!("({})", node.resource_text()) } else { String::new() };
        let array = if node.in_array() { "[]" } else { "" };
        let value = node.value().map_or(String::new(), |v| format!("={v}"));
        let position = node.position();
        let _ = writeln!(
            text,
            "{}{}{resource}{array} {:?}{value} @{}:{}",
            "  ".repeat(depth),
            node.name_text(),
            node.form(),
            position.line,
            position.column
        );
        node.children().for_each(|child| write(child, depth + 1, text));
    }
    let (mut arena, names) = (Arena::new(), Names::new());
    let document = parse(input, &mut arena, &names, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut text = String::new();
    write(document.root(), 0, &mut text);
    text
}

/// A Patient in JSON with these further properties.
fn patient(properties: &str) -> String {
    format!("{{\"resourceType\":\"Patient\",\n{properties}}}")
}

/// A Patient in XML with this content.
fn patient_xml(content: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">\n{content}</Patient>")
}

#[test]
fn duplicate_keys() {
    check(&patient(r#""id":"a","id":{"x":[1,{"y":null}]}"#), &["DuplicateKey 2:10 Patient id"]);
    check(&patient(r#""id":"a","_id":{"id":"x"},"_id":{"id":"y"}"#), &["DuplicateKey 2:27 Patient _id"]);
    check(r#"{"resourceType":"A","id":"1","resourceType":"B"}"#, &["DuplicateKey 1:30 A resourceType"]);
    check(&patient(r#""i\u0064":"a","id":"b""#), &["DuplicateKey 2:15 Patient id"]);
    check(
        &patient(r#""name":[{"family":"a","family":"b"}],"name":[]"#),
        &["DuplicateKey 2:23 name family", "DuplicateKey 2:38 Patient name"],
    );
    assert_eq!(outline(&patient(r#""id":"a","id":"b""#)), "Patient(Patient) Object @1:1\n  id String=a @2:1\n");
}

#[test]
fn empty_things_in_json() {
    check(&patient(r#""name":[]"#), &["EmptyArray 2:1 Patient name"]);
    check(&patient(r#""name":{},"contact":[{}]"#), &["EmptyObject 2:1 name name", "EmptyObject 2:22 contact contact"]);
    check(r#"{"resourceType":"Patient"}"#, &[]);
    check("{}", &["EmptyObject 1:1  ", "ResourceType 1:1  missing"]);
    check(&patient(r#""id":"""#), &["EmptyString 2:1 id id"]);
    check(&patient(r#""_id":{}"#), &["EmptyObject 2:1 id id"]);
}

#[test]
fn nulls() {
    check(&patient(r#""id":null"#), &["NullValue 2:1 id id"]);
    check(&patient(r#""given":["a",null]"#), &["NullValue 2:14 given given"]);
    check(&patient(r#""given":["a",null],"_given":[null,{"id":"x"}]"#), &[]);
    check(&patient(r#""_given":[null,{"id":"x"}],"given":["a",null]"#), &[]);
    check(&patient(r#""_given":[null,{"id":"x"}]"#), &["NullValue 2:11 given given"]);
    check(&patient(r#""_id":null"#), &["NullValue 2:1 Patient _id"]);
    check(&patient(r#""a":[null],"b":{"a":[null],"_a":[{"id":"x"}]}"#), &["NullValue 2:6 a a"]);
}

#[test]
fn siblings() {
    let mismatch = "ArrayLengths 2:15 Patient _given";
    check(&patient(r#""given":["a"],"_given":[null,{"id":"x"}]"#), &[mismatch]);
    check(&patient(r#""_given":[null,{"id":"x"}],"given":["a"]"#), &["ArrayLengths 2:28 Patient given"]);
    check(&patient(r#""given":["a"],"_given":[]"#), &[mismatch]);
    check(&patient(r#""given":["a"],"_given":{"id":"x"}"#), &["SiblingForm 2:15 given _given"]);
    check(&patient(r#""id":"a","_id":[{"id":"x"}]"#), &["SiblingForm 2:10 id _id"]);
    check(&patient(r#""_id":[{"id":"x"}],"id":"a""#), &["SiblingForm 2:20 id _id"]);
    check(&patient(r#""id":"a","_id":"b""#), &["SiblingForm 2:10 id _id"]);
    check(&patient(r#""given":["a"],"_given":["b"]"#), &["SiblingForm 2:25 given _given"]);
    check(&patient(r#""name":{"id":"a"},"_name":{"id":"b"}"#), &["SiblingForm 2:19 name _name"]);
    check(&patient(r#""a":1,"_b":{"id":"b"},"_a":{"id":"a"},"b":2"#), &[]);
    check(&patient(r#""_":1"#), &[]);
}

#[test]
fn other_faults_of_json() {
    check(&patient(r#""a":[[1],2,[]]"#), &["NestedArray 2:6 Patient a", "NestedArray 2:12 Patient a"]);
    check(&patient(r#""a":"x\ud800y""#), &["LoneSurrogate 2:7 a a"]);
    check(&patient(r#""a":"\ud83d\ude00 \udc00""#), &["LoneSurrogate 2:19 a a"]);
    check(&patient(r#""a":"\ud800\ud83d\ude00""#), &["LoneSurrogate 2:6 a a"]);
    check(r#"{"id":"a"}"#, &["ResourceType 1:1  missing"]);
    check(r#"{"id":"a","resourceType":["A"]}"#, &["ResourceType 1:11  not a string"]);
    check(r#"{"id":"a","resourceType":""}"#, &["ResourceType 1:11  empty"]);
    check(&patient(r#""a":[1,],"b":{"c":2,}"#), &["TrailingComma 2:8 Patient ]", "TrailingComma 2:21 b }"]);
    check("\u{feff}{\"resourceType\":\"A\",\"id\":\"1\"}", &["ByteOrderMark 1:1 A "]);
}

#[test]
fn faults_of_xml() {
    check(&patient_xml("a <id value=\"1\"/> b"), &["StrayText 2:1 Patient a"]);
    check(
        &patient_xml("<name>x<family value='y'/></name>&#32;"),
        &["StrayText 2:7 name x", "StrayText 2:34 Patient &#32;"],
    );
    check(&patient_xml("<id value='1'/><![CDATA[x]]>"), &["StrayText 2:16 Patient <![CDATA[x]]>"]);
    check(
        &patient_xml("<id value='1' lang='en' xml:lang='de'/>"),
        &["StrayAttribute 2:15 id lang", "StrayAttribute 2:25 id xml:lang"],
    );
    check(&patient_xml("<id value=''/>"), &["EmptyString 2:1 id id"]);
    check(&patient_xml("<extension url=''><valueCode value='x'/></extension>"), &["EmptyString 2:12 url url"]);
    check(
        &patient_xml("<id/><name> </name><given id='a'/>"),
        &["EmptyElement 2:1 id id", "EmptyElement 2:6 name name"],
    );
    check("<Patient xmlns='http://hl7.org/fhir'/>", &["EmptyElement 1:1 Patient Patient"]);
    check(&patient_xml("<contained><Basic/></contained>"), &["EmptyElement 2:1 contained Basic"]);
}

#[test]
fn namespaces() {
    check("<Patient><id value='1'/></Patient>", &["Namespace 1:1 Patient no namespace"]);
    check("<Patient xmlns='urn:x'><id value='1'/></Patient>", &["Namespace 1:1 Patient urn:x"]);
    check("<f:Patient xmlns:f='http://hl7.org/fhir'><f:id value='1'/></f:Patient>", &[]);
    check("<f:Patient xmlns:f='http://hl7.org/fhir'><id value='1'/></f:Patient>", &["Namespace 1:42 id no namespace"]);
    check("<f:Patient xmlns:f='http://hl7.org/&#102;hir'><f:id value='1'/></f:Patient>", &[]);
    check(
        &patient_xml("<x:id xmlns:x='urn:x' value='1'/><id xmlns='' value='2'/>"),
        &["Namespace 2:1 id urn:x", "Namespace 2:34 id no namespace"],
    );
    check(&patient_xml("<text><div>a</div></text>"), &["Namespace 2:7 div http://hl7.org/fhir"]);
    check(&patient_xml("<text><div xmlns='urn:x'>a</div></text>"), &["Namespace 2:7 div urn:x"]);
    check(&patient_xml("<text><div xmlns='http://www.w3.org/1999/xhtml'>a</div></text>"), &[]);
    let schema = "<Patient xmlns='http://hl7.org/fhir' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
                  xsi:schemaLocation='http://hl7.org/fhir x'><id value='1'/></Patient>";
    check(schema, &[]);
}

#[test]
fn several_resources() {
    let two =
        patient_xml("<contained><Basic><id value='1'/></Basic><List><id value='2'/></List></contained><id value='3'/>");
    check(&two, &["SeveralResources 2:42 contained List"]);
    assert_eq!(
        outline(&two),
        "Patient(Patient) Element @1:1\n  contained(Basic) Element @2:1\n    id Element=1 @2:19\n  \
         contained(List) Element @2:42\n    id Element=2 @2:48\n  id Element=3 @2:82\n"
    );
    check(
        &patient_xml("<contained><Basic><id value='1'/></Basic><id value='2'/></contained>"),
        &["SeveralResources 2:42 contained id"],
    );
    check(
        &patient_xml("<contained><id value='2'/><Basic><id value='1'/></Basic></contained>"),
        &["SeveralResources 2:27 contained Basic"],
    );
}

#[test]
fn encodings_that_are_not_what_they_say() {
    let xml = |encoding: &str, text: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\"?><A xmlns=\"http://hl7.org/fhir\"><id value=\"{text}\"/></A>"
        )
    };
    check(&xml("utf-16", "a"), &["Encoding 1:21 A utf-16"]);
    check(&xml("US-ASCII", "é"), &["Encoding 1:21 A US-ASCII"]);
    check(&xml("US-ASCII", "e"), &[]);
    check(&xml("UTF-8", "é"), &[]);
    check(&format!("\u{feff}{}", xml("UTF-16", "é")), &[]);
    check(&format!("\u{feff}{}", xml("UTF-8", "é")), &["Encoding 1:21 A UTF-8"]);
}

#[test]
fn the_tree_of_json() {
    let input = patient(concat!(
        r#""active":true,"multipleBirthInteger":-2.50,"_birthDate":{"id":"b"},"#,
        r#""contained":[{"id":"c","resourceType":"List"}],"birthDate":"1970","#,
        r#""name":[{"given":["a\tb",null],"_given":[null,{"id":"g"}]}]"#
    ));
    assert_eq!(
        outline(&input),
        "Patient(Patient) Object @1:1\n  active Boolean=true @2:1\n  multipleBirthInteger Number=-2.50 @2:15\n  \
         birthDate String=1970 @2:115\n    id String=b @2:58\n  contained(List)[] Object @2:81\n    \
         id String=c @2:82\n  name[] Object @2:142\n    given[] String=a\tb @2:152\n    given[] Null @2:159\n      \
         id String=g @2:181\n"
    );
}

#[test]
fn the_tree_of_xml() {
    let input = patient_xml(
        "<!-- c --><extension url='u'  id=\"e\"><valueString value='&lt;a&#10;b\tc&#x9;'/></extension>\n<text><div \
         xmlns='http://www.w3.org/1999/xhtml'>x<br/></div></text><contact><resource><List><id value='l'/></List></resource></contact>",
    );
    assert_eq!(
        outline(&input),
        "Patient(Patient) Element @1:1\n  extension Element @2:11\n    url Attribute=u @2:22\n    id Attribute=e @2:31\n    \
         valueString Element=<a\nb c\t @2:38\n  text Element @3:1\n    \
         div Markup=<div xmlns='http://www.w3.org/1999/xhtml'>x<br/></div> @3:7\n  contact Element @3:68\n    \
         resource(List) Element @3:77\n      id Element=l @3:93\n"
    );
}

#[test]
fn what_is_malformed_is_said_in_place() {
    use UnreadableKind::Malformed;
    check_unreadable("{\"a\":[,1]}", Malformed, "1:7: a value is wanted, not `,`");
    check_unreadable("{,\"a\":1}", Malformed, "1:2: a key in quotes is wanted, not `,`");
    check_unreadable("{\"a\":1,,}", Malformed, "1:8: a key in quotes is wanted, not `,`");
    check_unreadable("{\"a\":1} x", Malformed, "1:9: there is more text after the end of the JSON object");
    check_unreadable("{\"a\":\"b", Malformed, "1:8: the input ends inside a string");
    check_unreadable("{\"a\":\n\"b", Malformed, "2:3: the input ends inside a string");
    check_unreadable("{\"a\":01}", Malformed, "1:6: a number with a leading zero");
    check_unreadable("{\"a\":\"\t\"}", Malformed, "1:7: a control character (U+0009) stands unescaped inside a string");
    check_unreadable("{'a':1}", Malformed, "1:2: a key in quotes is wanted, not `'`: JSON quotes with `\"`");
    check_unreadable("{\"a\" 1}", Malformed, "1:6: `:` is wanted after the key, not `1`");
    check_unreadable("{\"a\":tru}", Malformed, "1:6: `true` is misspelt or cut off");
    check_unreadable("{\"a\":[{\"b\":2", Malformed, "1:13: `,` or `}` is wanted, but the input ends here");
    check_unreadable(
        "<a>\n <family value='x'>\n </given></a>",
        Malformed,
        "3:2: `</given>` closes `<family>` opened at 2:2",
    );
    check_unreadable("<a><b>", Malformed, "1:7: the input ends inside `<b>` opened at 1:4");
    check_unreadable("<a b='1' b='2'/>", Malformed, "1:10: the attribute `b` twice in one tag");
    check_unreadable("<a value='1' value='2'/>", Malformed, "1:14: the attribute `value` twice in one tag");
    check_unreadable(
        "<a id='&nbsp;'/>",
        Malformed,
        "1:8: `&nbsp;` is no entity of XML; write the character itself or its number, such as `&#160;`",
    );
    check_unreadable(
        "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>",
        UnreadableKind::Doctype,
        "1:1: a DOCTYPE is not allowed in FHIR",
    );
}

#[test]
fn what_is_no_fhir_is_named() {
    use UnreadableKind::{Empty, NotFhir};
    check_unreadable("", Empty, "1:1: there is nothing in it");
    check_unreadable(" \r\n\t", Empty, "1:1: there is nothing in it");
    check_unreadable("%PDF-1.7", NotFhir, "1:1: this looks like a PDF, not FHIR");
    check_unreadable("PK\u{3}\u{4}", NotFhir, "1:1: this looks like a ZIP archive, not FHIR");
    check_unreadable("MSH|^~\\&|", NotFhir, "1:1: this looks like an HL7 version 2 message, not FHIR");
    check_unreadable("[{}]", NotFhir, "1:1: this is a JSON array; a FHIR resource is a JSON object");
    check_unreadable("<!DOCTYPE html><html>", NotFhir, "1:1: this looks like an HTML page, not FHIR");
    check_unreadable("<html><body>", NotFhir, "1:1: this looks like an HTML page, not FHIR");
    check_unreadable(
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
        NotFhir,
        "1:1: this is a SOAP envelope; the FHIR message is inside its Body",
    );
    check_unreadable(
        "hello",
        NotFhir,
        "1:1: this is neither JSON, which begins with `{`, nor XML, which begins with `<`",
    );
}

#[test]
fn limits() {
    let (mut arena, names) = (Arena::new(), Names::new());
    let small = Limits { depth: 3, size: 60 };
    let mut kind = |text: &str| parse(text, &mut arena, &names, small).err().map(|e| e.kind);
    assert_eq!(kind("{\"a\":{\"b\":{}}}"), None);
    assert_eq!(kind("{\"a\":{\"b\":{\"c\":{}}}}"), Some(UnreadableKind::TooDeep));
    assert_eq!(kind("{\"a\":1,\"a\":{\"b\":{\"c\":{}}}}"), Some(UnreadableKind::TooDeep));
    assert_eq!(kind("{\"a\":[[[[1]]]]}"), Some(UnreadableKind::TooDeep));
    assert_eq!(kind("<a><b><c/></b></a>"), None);
    assert_eq!(kind("<a><b><c><d/></c></b></a>"), Some(UnreadableKind::TooDeep));
    assert_eq!(kind("<a><div><c><d/></c></div></a>"), Some(UnreadableKind::TooDeep));
    assert_eq!(kind(&format!("{{\"a\":\"{}\"}}", "x".repeat(60))), Some(UnreadableKind::TooLarge));
}

#[test]
fn names_of_the_table_and_others() {
    let mut names = Names::new();
    let id = names.intern("id");
    let patient = names.intern("Patient");
    let mut arena = Arena::new();
    let text = r#"{"resourceType":"Patient","id":"1","colour":"x","valueCodeableConceptOfSomeKind":1}"#;
    let document = parse_json(text, &mut arena, &names, Limits::default()).unwrap();
    let found: Vec<_> =
        document.root().children().map(|c| (c.name() == id, c.name().is_unknown(), c.name_text())).collect();
    assert_eq!(document.root().resource(), patient);
    assert_eq!(found, [(true, false, "id"), (false, true, "colour"), (false, true, "valueCodeableConceptOfSomeKind"),]);
    let document = parse_xml("<colour><id value='1'/></colour>", &mut arena, &names, Limits::default()).unwrap();
    assert!(document.root().name().is_unknown());
    assert_eq!(document.root().child_named(id).and_then(NodeRef::value), Some("1"));
    assert_eq!(document.root().form(), Form::Element);
}

#[test]
fn bytes_become_text() {
    let xml = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><A><id value=\"é\"/></A>");
    let latin = |text: String| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let utf16 = |text: String, swap: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if swap { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let read = |bytes: &[u8]| decode(bytes).map(Cow::into_owned).map_err(|e| (e.kind, e.to_string()));

    assert_eq!(read(xml("UTF-8").as_bytes()), Ok(xml("UTF-8")));
    assert_eq!(read(format!("\u{feff}{}", xml("UTF-8")).as_bytes()), Ok(xml("UTF-8")));
    assert_eq!(read(&latin(xml("ISO-8859-1"))), Ok(xml("ISO-8859-1")));
    assert_eq!(read(&latin(xml("windows-1252"))), Ok(xml("windows-1252")));
    for swap in [false, true] {
        let (marked, bare) = (format!("\u{feff}{}", xml("UTF-16")), xml("UTF-16"));
        assert_eq!(read(&utf16(marked.clone(), swap)), Ok(marked.clone()));
        assert_eq!(read(&utf16(bare, swap)), Ok(marked));
    }
    assert_eq!(read(b"\xEF\xBB\xBF{}"), Ok("\u{feff}{}".to_owned()));

    let encoding = |reason: &str| Err((UnreadableKind::Encoding, reason.to_owned()));
    assert_eq!(read(&latin(xml("UTF-8"))), encoding("1:53: the byte 0xE9 is not UTF-8 here"));
    assert_eq!(read(b"{\"a\":\n\"\xE9\"}"), encoding("2:2: the byte 0xE9 is not UTF-8 here"));
    assert_eq!(
        read(&utf16("{}".to_owned(), false)),
        encoding("1:1: this is JSON in UTF-16; JSON is exchanged in UTF-8")
    );
    assert_eq!(
        read(&xml("klingon").into_bytes()),
        encoding("1:1: the XML declaration names an encoding that is not known")
    );
    assert_eq!(read(b"\xFF\xFE\0\0<\0\0\0"), encoding("1:1: this is UTF-32, which is not read"));
    assert_eq!(read(b"\xFF\xFE<\0\x00\xD8a\0"), encoding("1:2: this is not sound UTF-16LE"));

    let picture = read(b"\x89PNG\r\n\x1a\n").map_err(|e| e.1);
    assert_eq!(picture, Err("1:1: this looks like a PNG image, not FHIR".to_owned()));
    assert_eq!(read(b"%PDF-1.7\n%\xE2\xE3").map_err(|e| e.1), Err("1:1: this looks like a PDF, not FHIR".to_owned()));
    assert_eq!(read(b"\x1f\x8b\x08").map_err(|e| e.1), Err("1:1: this looks like a gzip archive, not FHIR".to_owned()));
}
