//! Cases for the order of values and for the mending of flaws, and a run over values made at random.

use std::cmp::Ordering::{self, Equal, Greater, Less};

use super::super::{advice, compare, flaw};
use super::{
    Base64Binary, Boolean, Code, Date, DateTime, Decimal, Id, Instant, Integer, Oid, PositiveInt, String, TYPES, Time,
    UnsignedInt, Uri, Uuid, check,
};

#[test]
fn order() {
    let check = |primitive, a, b, expected: Option<Ordering>| {
        assert_eq!(compare(primitive, a, b), expected, "{primitive:?} {a} {b}");
        assert_eq!(compare(primitive, b, a), expected.map(Ordering::reverse), "{primitive:?} {b} {a}");
    };
    check(Integer, "-5", "3", Some(Less));
    check(Integer, "10", "9", Some(Greater));
    check(UnsignedInt, "0", "0", Some(Equal));
    check(Decimal, "1.50", "1.5", Some(Equal));
    check(Decimal, "-0", "0.00", Some(Equal));
    check(Decimal, "0.1", "0.09999999999999999999999999", Some(Greater));
    check(Decimal, "-10", "-9.5", Some(Less));
    check(Decimal, "-1", "0", Some(Less));
    check(Decimal, "1e3", "999.9", Some(Greater));
    check(Decimal, "1E+1", "10.0", Some(Equal));
    check(Decimal, "1e-400", "0", Some(Greater));
    check(Decimal, "1e99999999999999999999", "1", None);
    check(Decimal, "a", "1", None);
    check(PositiveInt, "0", "1", None);
    check(Date, "2019", "2020", Some(Less));
    check(Date, "2019-05", "2019-05", Some(Equal));
    check(Date, "2019", "2019-05", None);
    check(Date, "2019", "2020-01-01", Some(Less));
    check(Date, "2019-12", "2020", Some(Less));
    check(Date, "-0001", "0001", Some(Less));
    check(Date, "-0001-12-31", "0001-01-01", Some(Less));
    check(Date, "2019-02-30", "2020", None);
    check(DateTime, "2019-05-01T10:00:00Z", "2019-05-01T11:00:00+01:00", Some(Equal));
    check(DateTime, "2019-05-01T10:00:00Z", "2019-05-01T10:00:00.5Z", Some(Less));
    check(DateTime, "2019-05-01T10:00:00.50Z", "2019-05-01T10:00:00.5Z", Some(Equal));
    check(DateTime, "2019-05-01T10:00:00.09Z", "2019-05-01T10:00:00.1Z", Some(Less));
    check(DateTime, "2019-05-01", "2019-05-01T10:00:00Z", None);
    check(DateTime, "2019-05-01", "2019-05-02T13:59:59Z", None);
    check(DateTime, "2019-05-01", "2019-05-02T14:00:00Z", Some(Less));
    check(DateTime, "2019-05-01", "2019-04-30T10:00:00Z", None);
    check(DateTime, "2019-05-01", "2019-04-30T09:59:59.9Z", Some(Greater));
    check(DateTime, "2019", "2020-05-01T00:00:00Z", Some(Less));
    check(Instant, "2019-12-31T23:00:00-02:00", "2020-01-01T00:59:59Z", Some(Greater));
    check(Time, "09:00:00", "10:00:00", Some(Less));
    check(Time, "09:00:00.10", "09:00:00.1", Some(Equal));
    check(String, "a", "b", None);
    check(Boolean, "true", "false", None);
}

#[test]
fn hints() {
    let check = |primitive, value, expected: &str| {
        let found = flaw(primitive, value).or_else(|| advice(primitive, value)).expect(value);
        assert_eq!(
            found.hint(primitive, value).as_deref().unwrap_or("-"),
            expected,
            "{primitive:?} {value:?} {found:?}"
        );
    };
    check(DateTime, "2019-02-28T10:00:00", "add Z or the offset, such as +00:00");
    check(DateTime, "2019-02-28T10:00Z", "write 2019-02-28T10:00:00Z");
    check(DateTime, "2019-02-28 9:05", "write 2019-02-28T09:05:00Z");
    check(DateTime, "2019-02-28T10:00:00+0100", "write 2019-02-28T10:00:00+01:00");
    check(DateTime, "20190228100000.5+0100", "write 2019-02-28T10:00:00.5+01:00");
    check(DateTime, "28/02/2019 10:00", "write 2019-02-28T10:00:00Z");
    check(Date, "28/02/2019", "write 2019-02-28");
    check(Date, "1.2.2019", "write 2019-02-01");
    check(Date, "02/2019", "write 2019-02");
    check(Date, "20190228", "write 2019-02-28");
    check(Date, "2019-02-28T10:00:00Z", "write 2019-02-28");
    check(Date, "28/02/19", "-");
    check(Date, "30/02/2019", "-");
    check(Date, "2019-02-29", "-");
    check(Date, "0000", "leave the element out if the year is not known");
    check(Time, "9:00", "write 09:00:00");
    check(Instant, "2019-02-28", "add a time and a zone, such as T00:00:00Z");
    check(DateTime, "2016-12-31T23:59:60Z", "write 2016-12-31T23:59:59Z");
    check(Boolean, "TRUE", "write true");
    check(Boolean, "maybe", "-");
    check(Integer, "007", "write 7");
    check(Integer, "3.0", "write 3");
    check(Integer, "3.5", "-");
    check(Integer, "", "leave the element out if there is nothing to say");
    check(Decimal, "1,5", "write 1.5");
    check(Decimal, "1,500", "-");
    check(Decimal, "-.5", "write -0.5");
    check(Decimal, "1E+1", "write 10");
    check(Decimal, "-1.25e-3", "write -0.00125");
    check(Decimal, "12.5e1", "write 125");
    check(Decimal, "0.5e1", "write 5");
    check(Decimal, "1e999999999", "-");
    check(Id, "urn:uuid:53FEFA32-FCBB-4FF8-8A92-55EE120877B7", "write 53fefa32-fcbb-4ff8-8a92-55ee120877b7");
    check(Id, "Patient/a_b", "write a-b");
    check(Id, "[OrganizationID]", "this looks like a placeholder that was not filled in");
    check(Uuid, "{53FEFA32-FCBB-4FF8-8A92-55EE120877B7}", "write urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7");
    check(Uuid, "53fefa32fcbb4ff88a9255ee120877b7", "write urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7");
    check(
        Uri,
        "urn:uuid:53FEFA32-FCBB-4FF8-8A92-55EE120877B7#A",
        "write urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7#A",
    );
    check(Uri, "uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "write urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7");
    check(Uri, " http://a", "write http://a");
    check(Uri, "http://a b", "write http://a%20b");
    check(Oid, "1.2.3", "write urn:oid:1.2.3");
    check(Uri, "urn:oid:1.02.3.", "write urn:oid:1.2.3");
    check(Code, " a  b ", "write a b");
    check(Base64Binary, "QQ-_", "write QQ+/");
    check(Base64Binary, "data:text/plain;base64,QQ==", "leave out the data: prefix up to and with the comma");
    check(String, "a ", "write a");
}

/// No value makes a judgement, a hint or a comparison panic, and a hint's "write …" is always legal.
#[test]
fn any_value() {
    const PIECES: [&str; 30] = [
        "2019",
        "-",
        "02",
        "29",
        "T",
        "10:00:00",
        ":",
        ".",
        "Z",
        "+01:00",
        " ",
        "urn:uuid:",
        "urn:oid:",
        "1",
        "0",
        "e",
        "E-5",
        "é",
        "\u{0}",
        "=",
        "QUFB",
        "/",
        "[",
        "}",
        "true",
        "#",
        ",",
        "53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        "\t",
        "+",
    ];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or(0)
    };
    let mut earlier = std::string::String::new();
    for _ in 0..20_000 {
        let value: std::string::String = (0..=next(6)).map(|_| PIECES[next(PIECES.len())]).collect();
        for primitive in TYPES {
            let order = compare(primitive, &value, &earlier);
            assert_eq!(compare(primitive, &earlier, &value), order.map(Ordering::reverse), "{value:?} {earlier:?}");
            let Some(found) = flaw(primitive, &value).or_else(|| advice(primitive, &value)) else { continue };
            assert!(found.sentence().split(' ').count() <= 12);
            if let Some(mended) = found.hint(primitive, &value).as_deref().and_then(|hint| hint.strip_prefix("write "))
            {
                check(primitive, mended, None);
            }
        }
        earlier = value;
    }
}
