//! Inputs for the tests that need many: messages that are composed here, and damaged ones made of them.

#![allow(dead_code, reason = "each test file uses a part of this")]

/// A source of numbers that gives the same ones in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides.max(1)
    }
}

/// The text with one to four pieces of damage, most of them made of the tokens of its format.
pub fn damaged(text: &str, tokens: &[&str], dice: &mut Dice) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(characters.len() + 1);
        let end = (at + 1 + dice.roll(12)).min(characters.len());
        match dice.roll(10) {
            0 => drop(characters.drain(at.min(end)..end)),
            1 if at < characters.len() => drop(characters.remove(at)),
            2 => {
                let piece: Vec<char> = characters[at.min(end)..end].to_vec();
                characters.splice(at..at, piece);
            }
            3 if dice.roll(8) == 0 => characters.truncate(at),
            4 if at + 1 < characters.len() => characters.swap(at, at + 1),
            5 if at < characters.len() => characters[at] = ODD[dice.roll(ODD.len())],
            _ => {
                let token = tokens[dice.roll(tokens.len())];
                characters.splice(at..at, token.chars());
            }
        }
    }
    characters.into_iter().collect()
}

const ODD: [char; 16] = [
    '\0',
    '\u{1}',
    '\t',
    '\u{b}',
    '\r',
    '\u{1f}',
    '\u{7f}',
    '\u{85}',
    '\u{a0}',
    'é',
    '\u{d7}',
    '\u{2028}',
    '\u{feff}',
    '\u{fffe}',
    '\u{ffff}',
    '\u{1f600}',
];

pub const JSON_TOKENS: [&str; 38] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "false",
    "0",
    "-",
    "1.",
    "1e5",
    "-0",
    "01",
    "1E+",
    "\"\"",
    "\"a\"",
    "{}",
    "[]",
    "\\u0041",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\ude00",
    "\\x",
    "\\n",
    " ",
    "\n",
    "\"_given\":",
    "\"given\":",
    "\"resourceType\":",
    "\"id\":1,",
    "[null]",
    "'",
    "//",
    "1.5E-3",
];

pub const JSON: [&str; 3] = [
    r#"{ "resourceType": "Patient", "id": "p1", "active": true, "_active": {"id": "a"}, "multipleBirthInteger": 2,
 "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann &amp; Ben<br/></p></div>"},
 "name": [{"family": "O'Neill", "given": ["Ann", null, "Mé"], "_given": [null, {"extension": [{"url": "http://x", "valueString": "y\ud83d\ude00"}]}, null]}],
 "extension": [{"url": "http://example.org", "valueDecimal": -1.50e+10}], "contact": [{"telecom": [{"value": "a\\\"\/\b\f\n\r\t"}]}]}"#,
    r#"{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","status":"final","valueQuantity":{"value":0.10,"unit":"mg"}}},{"resource":{"id":"x","contained":[{"resourceType":"Patient","_birthDate":{"id":"b"},"birthDate":"1970-01-01"}],"resourceType":"Condition"}}]}"#,
    "\n\t {\r\n  \"resourceType\" : \"List\" ,\r\n  \"entry\" : [ { \"deleted\" : false } , { \"item\" : { \"reference\" : \"#1\" } } ]\r\n}\r\n",
];

pub const XML_TOKENS: [&str; 52] = [
    "<",
    ">",
    "/",
    "=",
    "\"",
    "'",
    "&",
    ";",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#x41;",
    "&#0;",
    "&#xFFFF;",
    "&nbsp;",
    "&#+1;",
    "<!--",
    "-->",
    "--",
    "<!-- c -->",
    "<?pi x?>",
    "<?",
    "?>",
    "<?xml version=\"1.0\"?>",
    "<![CDATA[",
    "]]>",
    "<![CDATA[x]]>",
    "<!DOCTYPE a>",
    "</",
    "/>",
    "<a/>",
    "<a>",
    "</a>",
    " a=\"b\"",
    " value=\"v\"",
    " id='i'",
    " xmlns=\"\"",
    " xmlns:a=\"urn:a\"",
    " a:b=\"c\"",
    "a:",
    "xmlns:",
    "xml:",
    " xml:lang=\"en\"",
    "x",
    " ",
    "\n",
    "\r\n",
    "<Patient/>",
    "text",
    ":",
    " xmlns:a=\"\"",
    " xmlns:xml=\"urn:x\"",
];

pub const XML: [&str; 4] = [
    r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- a comment --><?go on?>
<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd">
  <id value="p1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p class="a" title='b"'>Ann &amp; Ben<br/>&#233;<![CDATA[<x>]]></p></div></text>
  <extension url="http://example.org"><valueString value="a&quot;b&#10;&lt;&#x1F600;"/></extension>
  <name id="n"><family value='O&apos;Neill'/><given value="Ann"  id = "g" ></given><!-- in --><given value="line
break	tab"/></name>
</Patient>
<!-- after -->
"#,
    r#"<f:Bundle xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:type value="message"/><f:entry><f:fullUrl value="urn:uuid:1"/><f:resource><f:Observation><f:text><h:div>x<h:b>y</h:b></h:div></f:text><f:status value="final"/></f:Observation></f:resource></f:entry><f:entry><f:resource><f:Patient><f:contained><f:Organization><f:id value="o"/></f:Organization></f:contained></f:Patient></f:resource></f:entry></f:Bundle>"#,
    "<List xmlns=\"http://hl7.org/fhir\">\r\n\t<entry>\r\n\t\t<deleted value=\"false\"/>\r\n\t</entry>\r\n\t<é:x xmlns:é=\"urn:é\" é:y=\"1\" z=\"2\"/>\r\n</List>",
    r#"<a xmlns="urn:a" xmlns:p="urn:a" xmlns:q="urn:b" p:x="1" q:x="2" x="3"><p:b xmlns:p="urn:c" p:x="1"><q:c/></p:b>]]&gt; text ] ]] <b xmlns=""/></a>"#,
];
