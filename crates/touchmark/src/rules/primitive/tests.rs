//! Cases for every primitive type: what is legal, what is not and why, and what is advised.

mod order_and_hints;

use super::Primitive::{
    Base64Binary, Boolean, Code, Date, DateTime, Decimal, Id, Instant, Integer, Markdown, Oid, PositiveInt, String,
    Time, UnsignedInt, Uri, Uuid, Xhtml,
};
use super::{Flaw, JsonForm, Primitive, absolute_uri, advice, flaw, uuid};

const TYPES: [Primitive; 18] = [
    Boolean,
    Integer,
    PositiveInt,
    UnsignedInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    Uri,
    Oid,
    Uuid,
    Base64Binary,
    Instant,
    Date,
    DateTime,
    Time,
    Xhtml,
];

fn check(primitive: Primitive, value: &str, expected: Option<Flaw>) {
    assert_eq!(flaw(primitive, value), expected, "{primitive:?} {value:?}");
}

fn legal(primitive: Primitive, values: &[&str]) {
    for value in values {
        check(primitive, value, None);
    }
}

fn flawed(primitive: Primitive, cases: &[(Flaw, &[&str])]) {
    for (flaw, values) in cases {
        for value in *values {
            check(primitive, value, Some(*flaw));
        }
    }
}

#[test]
fn names_and_forms() {
    for primitive in TYPES {
        assert_eq!(Primitive::of_type(primitive.type_name()), Some(primitive));
    }
    for name in ["", "Boolean", "canonical", "url", "integer64", "Quantity", "datetime"] {
        assert_eq!(Primitive::of_type(name), None, "{name}");
    }
    assert_eq!(Boolean.json_form(), JsonForm::Boolean);
    assert_eq!(PositiveInt.json_form(), JsonForm::Number);
    assert_eq!(Decimal.json_form(), JsonForm::Number);
    assert_eq!(Xhtml.json_form(), JsonForm::String);
    assert!(size_of::<Flaw>() <= 4);
}

#[test]
fn nothing_is_empty() {
    for primitive in TYPES {
        check(primitive, "", Some(Flaw::Empty));
        assert_eq!(advice(primitive, ""), None);
    }
    for primitive in [Boolean, Integer, Decimal, Code, Id, Uri, Oid, Uuid, Base64Binary, Instant, Date, DateTime, Time]
    {
        check(primitive, " ", Some(Flaw::Blank));
        check(primitive, "\n\t ", Some(Flaw::Blank));
    }
}

#[test]
fn space_around() {
    for (primitive, value) in [
        (Boolean, " true"),
        (Boolean, "false\n"),
        (Integer, " 1"),
        (Decimal, "1.5 "),
        (Date, "2019 "),
        (DateTime, "\t2019-02-28"),
        (Instant, " 2019-02-28T10:00:00Z"),
        (Time, "10:00:00 "),
        (Id, " a"),
        (Id, "a\u{a0}"),
        (Oid, " urn:oid:1.2"),
    ] {
        check(primitive, value, Some(Flaw::SpaceAround));
    }
    check(Date, " 2019-02-29 ", Some(Flaw::DateForm));
}

#[test]
fn booleans() {
    legal(Boolean, &["true", "false"]);
    flawed(Boolean, &[(Flaw::NotABoolean, &["TRUE", "True", "1", "0", "yes", "truefalse", "tru"])]);
}

#[test]
fn integers() {
    legal(Integer, &["0", "-0", "1", "-1", "2147483647", "-2147483648"]);
    legal(PositiveInt, &["1", "10", "2147483647"]);
    legal(UnsignedInt, &["0", "1", "2147483647"]);
    flawed(
        Integer,
        &[
            (Flaw::OutOfRange, &["2147483648", "-2147483649", "9999999999", "99999999999999999999999999"]),
            (Flaw::LeadingZero, &["01", "-01", "00", "0000000000000001"]),
            (Flaw::NotAnInteger, &["+1", "1.0", "1e2", "-", "--1", "1-", "٣", "0x1", "1 000", "1,000", "a"]),
        ],
    );
    flawed(PositiveInt, &[(Flaw::OutOfRange, &["0", "-1", "-0", "2147483648"]), (Flaw::LeadingZero, &["01"])]);
    flawed(UnsignedInt, &[(Flaw::OutOfRange, &["-1", "-0", "4294967295"]), (Flaw::NotAnInteger, &["+0", "1.5"])]);
}

#[test]
fn decimals() {
    legal(Decimal, &["0", "-0", "0.0", "-0.00", "1", "1.50", "100000000000000000000000000.000000000000000000000001"]);
    flawed(
        Decimal,
        &[
            (Flaw::Exponent, &["1e3", "1E+1", "1.5E-10", "-0e0", "1e400"]),
            (Flaw::LeadingZero, &["01", "-01.5", "00", "00.1", "01e1"]),
            (
                Flaw::NotADecimal,
                &["+1", ".5", "5.", "-", ".", "1,5", "NaN", "INF", "1.2.3", "1e", "1e+", "1e1.5", "1f", "½"],
            ),
        ],
    );
}

#[test]
fn strings() {
    legal(
        String,
        &["a", " ", " a ", "a\tb\r\nc", "\u{7f}", "\u{85}", "😀", "\u{feff}", "a string of more than 16 bytes"],
    );
    legal(Markdown, &["# a", "    code\n"]);
    legal(Xhtml, &["<div/>", " ", "\u{1}"]);
    flawed(
        String,
        &[(
            Flaw::ControlCharacter,
            &["\0", "a\u{1}b", "\u{b}", "\u{1f}", "0123456789abcdef\u{c}", "\u{8}0123456789abcdef"],
        )],
    );
    flawed(Markdown, &[(Flaw::ControlCharacter, &["\u{1b}[31m"])]);
    let most = "a".repeat(1024 * 1024);
    legal(String, &[&most, &"é".repeat(1024 * 1024)]);
    for primitive in [String, Markdown] {
        check(primitive, &format!("{most}a"), Some(Flaw::TooLong));
    }
}

#[test]
fn codes() {
    legal(Code, &["a", "a b", "a b c", "ä", "a-b.c|d", "active", "a code that is longer than sixteen", "é è"]);
    flawed(
        Code,
        &[
            (
                Flaw::CodeBlanks,
                &[" a", "a ", "a  b", "a\tb", "a\nb", "\u{a0}a", "a\u{a0}b", "a\u{2003}b", "0123456789abcdef "],
            ),
            (Flaw::ControlCharacter, &["a\u{1}b", "\0"]),
        ],
    );
}

#[test]
fn ids() {
    let longest = "a".repeat(64);
    legal(Id, &["a", "A-b.9", "-", ".", "53fefa32-fcbb-4ff8-8a92-55ee120877b7", &longest]);
    flawed(
        Id,
        &[
            (
                Flaw::IdCharacters,
                &["a_b", "a/b", "a b", "ü", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "[Id]", "a\u{0}"],
            ),
            (Flaw::IdLength, &[&format!("{longest}a"), &format!("{longest}="), &"é".repeat(65)]),
        ],
    );
    check(Id, &"é".repeat(33), Some(Flaw::IdCharacters));
}

#[test]
fn uris() {
    legal(
        Uri,
        &[
            "a",
            "#p1",
            "Patient/1",
            "https://fhir.example.org/Id/number?a=b#c",
            "http://ü",
            "http://{a}|<b>",
            "http://a/%zz",
            "urn:ietf:rfc:3986",
            "URN:UUID:53FEFA32-FCBB-4FF8-8A92-55EE120877B7",
            "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
            "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7#a",
            "urn:oid:2.16.840.1.113883",
            "urn:oid:1.2#a",
            "urn:oidx",
            "oid:1.2.3",
        ],
    );
    flawed(
        Uri,
        &[
            (Flaw::UriBlank, &[" http://a", "http://a ", "http://a b", "http://a\tb", "http://a\u{a0}b", "\u{2003}x"]),
            (Flaw::ControlCharacter, &["http://a\u{1}b", "http://a\u{7f}"]),
            (Flaw::UuidForm, &["urn:uuid:", "urn:uuid:x", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7?a"]),
            (Flaw::UuidUpperCase, &["urn:uuid:53FEFA32-FCBB-4FF8-8A92-55EE120877B7"]),
            (Flaw::OidForm, &["urn:oid:", "urn:oid:3.2", "urn:oid:1.02", "urn:oid:1.", "urn:oid:1..2", "urn:oid:1.a"]),
        ],
    );
}

#[test]
fn oids_and_uuids() {
    legal(Oid, &["urn:oid:1.2.3.4", "urn:oid:0", "urn:oid:2.999.1", "urn:oid:1.0.0", "urn:oid:2.16.840.1.113883.2.1"]);
    flawed(
        Oid,
        &[
            (Flaw::OidPrefix, &["1.2.3.4", "2.16.840.1"]),
            (
                Flaw::OidForm,
                &[
                    "urn:oid:",
                    "urn:oid:3.2",
                    "urn:oid:01.2",
                    "urn:oid:1.05",
                    "urn:oid:.1",
                    "urn:oid:1.2.",
                    "x",
                    "urn:oid:12",
                    "1.2 ",
                ],
            ),
        ],
    );
    legal(Uuid, &["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "urn:uuid:00000000-0000-0000-0000-000000000000"]);
    flawed(
        Uuid,
        &[
            (Flaw::UuidPrefix, &["53fefa32-fcbb-4ff8-8a92-55ee120877b7", "53FEFA32-FCBB-4FF8-8A92-55EE120877B7"]),
            (Flaw::UuidUpperCase, &["urn:uuid:53FEFA32-fcbb-4ff8-8a92-55ee120877b7"]),
            (
                Flaw::UuidForm,
                &[
                    "x",
                    "urn:uuid:",
                    "urn:uuid:53fefa32fcbb4ff88a9255ee120877b7",
                    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b",
                    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b77",
                    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877bg",
                    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7#a",
                ],
            ),
        ],
    );
    assert!(uuid("53FEFA32-fcbb-4ff8-8a92-55ee120877b7"));
    for value in ["", "53fefa32", "53fefa32-fcbb-4ff8-8a92_55ee120877b7", "é3fefa32-fcbb-4ff8-8a92-55ee120877b"] {
        assert!(!uuid(value), "{value}");
    }
    for value in ["http://a", "urn:x", "mailto:a@b", "a+b-c.1:", "X:y"] {
        assert!(absolute_uri(value), "{value}");
    }
    for value in ["", "a", ":a", "1a:b", "Patient/a:b", "#a:b", "?a:b", "é:b", " a:b", "a b:c", "//a:b"] {
        assert!(!absolute_uri(value), "{value}");
    }
}

#[test]
fn base64() {
    let long = "QUFB".repeat(1000);
    let lines = format!("{}\r\n", "QUFB".repeat(19)).repeat(50);
    legal(
        Base64Binary,
        &[
            "QQ==",
            "QUI=",
            "QUFB",
            "+/+/",
            "QQ =\n=",
            "Q Q = =",
            " QUFB\n\tQUFB\r\n",
            "Q\nUFB",
            &long,
            &lines,
            &format!("{long}QQ=="),
        ],
    );
    flawed(
        Base64Binary,
        &[
            (
                Flaw::Base64Characters,
                &["QQ-_", "QUF!", "QUFé", "QUFB\u{c}QUFB", "data:text/plain;base64,QQ==", &format!("{long}*{long}")],
            ),
            (Flaw::Base64Length, &["Q", "QU", "QUF", "QQ=", "QUFBQ", "QUI==", "Q==", "Q= =", &format!("{long}Q")]),
            (
                Flaw::Base64Padding,
                &["====", "=", "QQ==QQ==", "Q=Q=", "=QQQ", "Q===", "QUFB====", &format!("{long}={long}QQQ")],
            ),
            (Flaw::Base64Bits, &["QR==", "QUJ=", "QUFBQUF="]),
        ],
    );
}

#[test]
fn dates() {
    legal(
        Date,
        &[
            "2019",
            "2019-02",
            "2019-02-28",
            "2020-02-29",
            "2000-02-29",
            "1900-02-28",
            "-2019",
            "-0001-02-29",
            "9999-12-31",
            "0001",
        ],
    );
    flawed(
        Date,
        &[
            (Flaw::NoSuchDay, &["2019-02-29", "1900-02-29", "2019-04-31", "2019-01-32", "2019-01-00", "-0004-02-29"]),
            (Flaw::NoSuchMonth, &["2019-13", "2019-00-10", "2019-99"]),
            (Flaw::NoSuchYear, &["0000", "0000-01-01", "-0000"]),
            (Flaw::YearRange, &["19", "019", "02019", "12019-01-01", "-19", "2", "-20190-01"]),
            (Flaw::TimeNotAllowed, &["2019-02-28T10:00:00Z", "2019-02-28T10:00", "2019-02-28 10:00"]),
            (Flaw::ZoneNotAllowed, &["2019-02-28Z", "2019-02-28+01:00"]),
            (
                Flaw::DateForm,
                &[
                    "2019-1-1",
                    "20190228",
                    "28/02/2019",
                    "28-02-2019",
                    "2019/02/28",
                    "2019-02-",
                    "2019-",
                    "2019Z",
                    "-",
                    "--2019",
                    "+2019",
                    "2019-02-280",
                    "2019-020",
                    "2019-02-2",
                    "20a9",
                    "２０１９",
                    "2019-02-28T",
                    "2019-02-28-",
                    "unknown",
                ],
            ),
        ],
    );
}

#[test]
fn date_times() {
    legal(
        DateTime,
        &[
            "2019",
            "2019-02",
            "2019-02-28",
            "2019-02-28T10:00:00Z",
            "2019-02-28T10:00:00+00:00",
            "2019-02-28T10:00:00-00:00",
            "2019-02-28T23:59:59.1234567890123Z",
            "2019-02-28T10:00:00+14:00",
            "2019-02-28T10:00:00-14:00",
            "2019-02-28T10:00:00+13:59",
            "-2019-02-28T10:00:00Z",
        ],
    );
    flawed(
        DateTime,
        &[
            (Flaw::TimeWithoutZone, &["2019-02-28T10:00:00", "2019-02-28T10:00:00.000"]),
            (Flaw::SecondsMissing, &["2019-02-28T10:00Z", "2019-02-28T10:00", "2019-02-28T10:00+01:00"]),
            (
                Flaw::NoSuchTime,
                &["2019-02-28T24:00:00Z", "2019-02-28T25:00:00Z", "2019-02-28T10:60:00Z", "2019-02-28T10:00:61Z"],
            ),
            (Flaw::LeapSecond, &["2016-12-31T23:59:60Z"]),
            (
                Flaw::NoSuchZone,
                &["2019-02-28T10:00:00+14:01", "2019-02-28T10:00:00+58:00", "2019-02-28T10:00:00+13:60"],
            ),
            (
                Flaw::ZoneForm,
                &[
                    "2019-02-28T10:00:00+0100",
                    "2019-02-28T10:00:00z",
                    "2019-02-28T10:00:00+01",
                    "2019-02-28T10:00:00ZZ",
                ],
            ),
            (Flaw::ZoneForm, &["2019-02-28T10:00:00 +01:00", "2019-02-28T10:00:00+1a:00", "2019-02-28T10:00:00 GMT"]),
            (
                Flaw::TimeForm,
                &[
                    "2019-02-28T10:00:00.Z",
                    "2019-02-28T10:00:0Z",
                    "2019-02-28T1:00:00Z",
                    "2019-02-28T",
                    "2019-02-28T10",
                ],
            ),
            (Flaw::TimeForm, &["2019-02-28T10-00-00Z", "2019-02-28T10:00.5Z", "2019-02-28T:::", "2019-02-28Tnoon"]),
            (Flaw::TimeMark, &["2019-02-28 10:00:00Z", "2019-02-28t10:00:00Z"]),
            (Flaw::NoSuchDay, &["2019-02-30T10:00:00Z", "2019-02-00"]),
            (Flaw::NoSuchMonth, &["2019-13-01T10:00:00Z"]),
            (
                Flaw::DateForm,
                &["2019-02T10:00:00Z", "2019T10:00:00Z", "2019-02-28Z", "20190228100000", "28/02/2019 10:00"],
            ),
            (Flaw::YearRange, &["19"]),
        ],
    );
}

#[test]
fn instants_and_times() {
    legal(Instant, &["2019-02-28T10:00:00Z", "2019-02-28T10:00:00.1+01:00"]);
    flawed(
        Instant,
        &[
            (Flaw::TimeMissing, &["2019-02-28", "2019-02", "2019"]),
            (Flaw::TimeWithoutZone, &["2017-08-14T02:47:12"]),
            (Flaw::SecondsMissing, &["2019-02-28T10:00Z"]),
            (Flaw::NoSuchZone, &["2017-11-01T16:02:04+58:00"]),
            (Flaw::NoSuchTime, &["2019-02-28T24:00:00Z"]),
            (Flaw::NoSuchDay, &["2019-02-29T10:00:00Z"]),
        ],
    );
    legal(Time, &["10:00:00", "00:00:00", "23:59:59", "10:00:00.5", "10:00:00.000"]);
    flawed(
        Time,
        &[
            (Flaw::SecondsMissing, &["10:00", "10:00Z"]),
            (Flaw::NoSuchTime, &["24:00:00", "10:60:00", "10:00:99"]),
            (Flaw::LeapSecond, &["23:59:60"]),
            (Flaw::ZoneNotAllowed, &["10:00:00Z", "10:00:00+01:00"]),
            (
                Flaw::TimeForm,
                &[
                    "10",
                    "1:00:00",
                    "10:00:00.",
                    "10:00:00.5s",
                    "10:00:00 am",
                    "T10:00:00",
                    "100000",
                    "2019-02-28T10:00:00Z",
                ],
            ),
        ],
    );
}

#[test]
fn advised() {
    let check = |primitive, value, expected| assert_eq!(advice(primitive, value), expected, "{primitive:?} {value:?}");
    check(String, "DO6 7PL ", Some(Flaw::SpaceAround));
    check(String, "\u{a0}a", Some(Flaw::SpaceAround));
    check(String, " \n", Some(Flaw::Blank));
    check(String, "a b", None);
    check(String, " a\u{1}", None);
    check(Markdown, " a", None);
    check(Markdown, "\t", Some(Flaw::Blank));
    check(Uri, "oid:1.2", Some(Flaw::OidPrefix));
    check(Uri, "uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", Some(Flaw::UuidPrefix));
    check(Uri, " a", None);
    check(Code, " a", None);
}
