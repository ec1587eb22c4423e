//! Value sets over small code systems: what is in them, what is not, and what cannot be said.

use touchmark_document::{Arena, Limits, Names};

use super::{Answer, Terminology, find_set};
use crate::library::Library;

const COLOURS: &str = r#"{"resourceType":"CodeSystem","url":"http://e.org/colours","version":"1","caseSensitive":true,"content":"complete",
  "concept":[{"code":"warm","concept":[
      {"code":"red","display":"Red","concept":[{"code":"crimson","property":[{"code":"shade","valueCode":"dark"}]}]},
      {"code":"orange","property":[{"code":"shade","valueString":"light"},{"code":"fruit","valueBoolean":true}]}]},
    {"code":"cold","concept":[{"code":"blue"},{"code":"blue-1"}]}]}"#;
const SIZES: &str = r#"{"resourceType":"CodeSystem","url":"http://e.org/sizes","caseSensitive":false,"content":"complete",
  "concept":[{"code":"S"},{"code":"M"}]}"#;
const PART: &str =
    r#"{"resourceType":"CodeSystem","url":"http://e.org/part","content":"fragment","concept":[{"code":"a"}]}"#;

fn library(more: &[String]) -> Library {
    let mut library = Library::new();
    let (mut arena, names) = (Arena::new(), Names::new());
    library.add_package("test", "1");
    for text in [COLOURS, SIZES, PART].into_iter().map(str::to_owned).chain(more.iter().cloned()) {
        let document = touchmark_document::parse(&text, &mut arena, &names, Limits::default()).expect("a document");
        library.add_definition(crate::definition::read(&document).expect("a definition"));
    }
    library
}

fn value_set(name: &str, compose: &str) -> String {
    format!(r#"{{"resourceType":"ValueSet","url":"http://e.org/{name}","compose":{{{compose}}}}}"#)
}

/// Asks the set `v`, made of `compose`, for codes written `system|code` (or `|code` where the system is not told).
fn check(compose: &str, more: &[String], expected: &[(&str, &str)]) {
    let mut sets = vec![value_set("v", compose)];
    sets.extend_from_slice(more);
    let library = library(&sets);
    let terminology = Terminology::new(&library);
    let id = find_set(&library, "http://e.org/v").expect("the set");
    let set = terminology.set(&library, id).expect("a set");
    for (written, wanted) in expected {
        let (system, code) = written.split_once('|').expect("a bar");
        let system = (!system.is_empty()).then(|| format!("http://e.org/{system}"));
        let found = match set.holds(system.as_deref(), code) {
            Answer::In(_) => "in",
            Answer::NotIn => "not in",
            Answer::Unknown(_) => "unknown",
        };
        assert_eq!(found, *wanted, "{written} of {compose}");
    }
}

fn filtered(property: &str, op: &str, value: &str) -> String {
    format!(
        r#""include":[{{"system":"http://e.org/colours","filter":[{{"property":"{property}","op":"{op}","value":"{value}"}}]}}]"#
    )
}

#[test]
fn whole_systems_and_lists() {
    check(
        r#""include":[{"system":"http://e.org/colours"},{"system":"http://e.org/sizes","concept":[{"code":"S"}]}]"#,
        &[],
        &[
            ("colours|crimson", "in"),
            ("colours|Crimson", "not in"),
            ("colours|S", "not in"),
            ("sizes|S", "in"),
            ("sizes|s", "in"),
            ("sizes|M", "not in"),
            ("other|S", "not in"),
            ("|S", "in"),
            ("|blue", "in"),
            ("|x", "not in"),
        ],
    );
}

#[test]
fn what_is_not_here_is_unknown() {
    check(
        r#""include":[{"system":"http://e.org/absent"},{"system":"http://e.org/part"},
           {"system":"http://e.org/elsewhere","concept":[{"code":"listed"}]}]"#,
        &[],
        &[
            ("absent|x", "unknown"),
            ("part|a", "in"),
            ("part|b", "unknown"),
            ("elsewhere|listed", "in"),
            ("elsewhere|other", "not in"),
            ("sizes|S", "not in"),
            ("|a", "in"),
            ("|b", "unknown"),
        ],
    );
}

#[test]
fn filters() {
    for (property, op, value, expected) in [
        ("concept", "is-a", "red", &[("colours|red", "in"), ("colours|crimson", "in"), ("colours|warm", "not in")][..]),
        ("concept", "descendent-of", "red", &[("colours|red", "not in"), ("colours|crimson", "in")]),
        ("concept", "is-not-a", "warm", &[("colours|crimson", "not in"), ("colours|blue", "in")]),
        ("concept", "generalizes", "crimson", &[("colours|warm", "in"), ("colours|orange", "not in")]),
        ("code", "regex", "blue|warm", &[("colours|blue", "in"), ("colours|blue-1", "not in"), ("colours|warm", "in")]),
        ("concept", "in", "red, blue", &[("colours|blue", "in"), ("colours|crimson", "not in")]),
        ("concept", "not-in", "red,blue", &[("colours|blue", "not in"), ("colours|crimson", "in")]),
        ("concept", "=", "red", &[("colours|red", "in"), ("colours|crimson", "not in")]),
        ("shade", "=", "dark", &[("colours|crimson", "in"), ("colours|orange", "not in"), ("colours|red", "not in")]),
        ("fruit", "exists", "true", &[("colours|orange", "in"), ("colours|red", "not in")]),
        ("fruit", "exists", "false", &[("colours|orange", "not in"), ("colours|red", "in")]),
        ("concept", "is-a", "nothing", &[("colours|red", "not in")]),
        ("concept", "smells-of", "red", &[("colours|red", "unknown")]),
        ("code", "regex", "(", &[("colours|red", "unknown")]),
    ] {
        check(&filtered(property, op, value), &[], expected);
    }
}

#[test]
fn systems_that_need_no_definition() {
    let of = |system: &str, rest: &str| format!(r#""include":[{{"system":"{system}"{rest}}}]"#);
    for (system, rest, expected) in [
        ("urn:ietf:bcp:47", "", &[("|en-GB", "in"), ("|en_GB", "not in")][..]),
        ("urn:ietf:bcp:47", r#","concept":[{"code":"en-GB"}]"#, &[("|EN-gb", "in"), ("|en", "not in")]),
        ("urn:ietf:bcp:13", "", &[("|text/plain", "in"), ("|plain", "not in")]),
        ("urn:iso:std:iso:3166", "", &[("|GB", "in"), ("|GBR", "in"), ("|826", "in"), ("|UK", "not in")]),
        (
            "urn:iso:std:iso:3166",
            r#","filter":[{"property":"code","op":"regex","value":"[A-Z]{3}"}]"#,
            &[("|GB", "not in"), ("|GBR", "in"), ("|UKK", "not in")],
        ),
        ("urn:iso:std:iso:3166", r#","filter":[{"property":"code","op":"is-a","value":"GB"}]"#, &[("|GB", "unknown")]),
        ("urn:iso:std:iso:4217", "", &[("|GBP", "in"), ("|PND", "not in")]),
        ("http://unitsofmeasure.org", "", &[("|mg", "in"), ("|milligram", "not in")]),
    ] {
        check(&of(system, rest), &[], expected);
    }
}

#[test]
fn excludes_and_imports() {
    let w =
        value_set("w", r#""include":[{"system":"http://e.org/colours","concept":[{"code":"red"},{"code":"blue"}]}]"#);
    let more = [w];
    check(
        r#""include":[{"system":"http://e.org/colours"}],"exclude":[{"valueSet":["http://e.org/w"]}]"#,
        &more,
        &[("colours|red", "not in"), ("colours|crimson", "in"), ("|blue", "not in")],
    );
    check(
        r#""include":[{"system":"http://e.org/colours","filter":[{"property":"concept","op":"is-a","value":"warm"}],
           "valueSet":["http://e.org/w"]}]"#,
        &more,
        &[("colours|red", "in"), ("colours|crimson", "not in"), ("colours|blue", "not in"), ("|red", "in")],
    );
    check(
        r#""include":[{"valueSet":["http://e.org/w","http://e.org/absent"]}]"#,
        &more,
        &[("colours|red", "unknown"), ("colours|crimson", "not in")],
    );
    check(
        r#""include":[{"system":"http://e.org/absent"}],"exclude":[{"system":"http://e.org/absent","concept":[{"code":"x"}]}]"#,
        &[],
        &[("absent|x", "not in"), ("absent|y", "unknown")],
    );
}

#[test]
fn sets_that_hold_each_other() {
    let more = [value_set("w", r#""include":[{"valueSet":["http://e.org/v"]},{"system":"http://e.org/sizes"}]"#)];
    let expected = [("colours|red", "in"), ("sizes|M", "in"), ("sizes|L", "not in")];
    check(r#""include":[{"valueSet":["http://e.org/w"]},{"system":"http://e.org/colours"}]"#, &more, &expected);
    check(r#""include":[{"valueSet":["http://e.org/v"]},{"system":"http://e.org/colours"}]"#, &[], &expected[..1]);
}

#[test]
fn an_expansion_helps_where_the_definition_cannot_say() {
    let expansion = |total: u32| {
        format!(
            r#""include":[{{"system":"http://e.org/absent"}}]}},"expansion":{{"total":{total},"contains":[
               {{"system":"http://e.org/absent","code":"x","contains":[{{"system":"http://e.org/absent","code":"y"}}]}},
               {{"abstract":true,"system":"http://e.org/absent","code":"h"}}]"#
        )
    };
    check(
        &expansion(3),
        &[],
        &[("absent|x", "in"), ("absent|y", "in"), ("absent|z", "not in"), ("absent|h", "not in")],
    );
    check(&expansion(9), &[], &[("absent|x", "in"), ("absent|z", "unknown")]);
    check("", &[], &[("sizes|S", "unknown")]);
}

#[test]
fn versions() {
    let more = [COLOURS.replace(r#""version":"1""#, r#""version":"2""#).replace("crimson", "scarlet")];
    let of = |version: &str| format!(r#""include":[{{"system":"http://e.org/colours","version":"{version}"}}]"#);
    check(&of("1"), &more, &[("colours|crimson", "in"), ("colours|scarlet", "not in")]);
    check(&of("2"), &more, &[("colours|crimson", "not in"), ("colours|scarlet", "in")]);
    check(&of("3"), &more, &[("colours|crimson", "unknown")]);
}
