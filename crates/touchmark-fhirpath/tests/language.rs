//! The language, function by function: an expression over a small resource and what it gives.

use touchmark_document::{Arena, Limits, Names, NodeRef, parse};
use touchmark_fhirpath::{
    Coded, Environment, EvaluationErrorKind, Expression, Item, Model, Moment, Resolver, Scratch, Terminology, Truth,
    WithoutDefinitions, resource_of,
};

const PATIENT: &str = r##"{"resourceType": "Patient", "id": "p", "active": true, "multipleBirthInteger": 2, "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "u", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "name": [{"use": "official", "given": ["Peter", "James"], "family": "Chalmers"}, {"use": "usual", "given": ["Jim"]}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "ACME", "partOf": {"reference": "#o2"}},
        {"resourceType": "Organization", "id": "o2"}],
    "managingOrganization": {"reference": "#o"}, "deceasedBoolean": false}"##;

const OBSERVATION: &str = r#"<Observation xmlns="http://hl7.org/fhir"><id value="o"/><status value="final"/>
    <effectiveDateTime value="2016-03-28"/><valueQuantity><value value="185.0"/><unit value="lbs"/>
    <system value="http://unitsofmeasure.org"/><code value="[lb_av]"/></valueQuantity>
    <component><code><coding><code value="a"/></coding></code><valueString value="x"/></component>
    <component><code><coding><code value="b"/></coding></code></component></Observation>"#;

struct Colours;

impl Terminology for Colours {
    fn member_of(&self, coded: Coded<'_>, value_set: &str) -> Option<bool> {
        match (coded, value_set) {
            (Coded::Text(code), "colours") => Some(code == "red"),
            _ => None,
        }
    }
}

fn with(source: &str, test: impl FnOnce(NodeRef<'_>, &Names)) {
    let mut names = Names::new();
    for name in [
        "Patient",
        "Observation",
        "name",
        "given",
        "value",
        "value[x]",
        "valueQuantity",
        "status",
        "effective",
        "effective[x]",
    ] {
        names.intern(name);
    }
    let mut arena = Arena::new();
    let document = parse(source, &mut arena, &names, Limits::default()).unwrap();
    test(document.root(), &names);
}

/// What an expression gives: its items joined by `|`, `error` for an error.
fn result(expression: &str, node: NodeRef<'_>, names: &Names) -> String {
    let mut parsed = match Expression::parse(expression) {
        Ok(parsed) => parsed,
        Err(error) => return format!("no expression: {error}"),
    };
    parsed.bind(names);
    let environment = Environment {
        now: Moment::parse_date_time("2026-06-01T12:30:00.000+01:00"),
        terminology: Some(&Colours),
        ..Environment::default()
    };
    match parsed.evaluate(node, &environment, &mut Scratch::new()) {
        Ok(items) => items.iter().map(Item::to_string).collect::<Vec<_>>().join("|"),
        Err(_) => "error".to_owned(),
    }
}

fn check(resource: &str, expectations: &[(&str, &str)]) {
    with(resource, |root, names| {
        for (expression, expected) in expectations {
            assert_eq!(result(expression, root, names), *expected, "{expression}");
        }
    });
}

#[test]
fn paths() {
    check(
        PATIENT,
        &[
            ("name.given", "Peter|James|Jim"),
            ("Patient.name[1].given", "Jim"),
            ("DomainResource.name.family", "Chalmers"),
            ("Encounter.name", ""),
            ("name.`given`[0]", "Peter"),
            ("name.\"given\"[2]", "Jim"),
            ("name[5]", ""),
            ("multipleBirth + 1", "3"),
            ("birthDate.extension('u').value", "1974-12-25T14:35:45-05:00"),
            ("birthDate.hasExtension('v')", "false"),
            ("deceased", "false"),
            ("name.family.length()", "8"),
        ],
    );
    check(
        OBSERVATION,
        &[
            ("value.unit", "lbs"),
            ("valueQuantity.unit", "lbs"),
            ("(value as Quantity).code", "[lb_av]"),
            ("value.as(Period)", ""),
            ("value.ofType(Quantity).value > 180", "true"),
            ("value is Quantity", "true"),
            ("value is FHIR.Quantity", "true"),
            ("value is System.Quantity", "false"),
            ("value = 185 '[lb_av]'", "true"),
            ("value < 200 'kg'", "true"),
            ("effective > @2016-03-27", "true"),
            ("component.value", "x"),
            ("statu", ""),
        ],
    );
}

#[test]
fn existence_and_filters() {
    check(
        PATIENT,
        &[
            ("name.exists()", "true"),
            ("name.exists(use = 'nickname')", "false"),
            ("name.all(given.exists())", "true"),
            ("name.select(family.exists()).allTrue()", "false"),
            ("name.select(family.exists()).anyFalse()", "true"),
            ("photo.all(false)", "true"),
            ("name.where(use = 'usual').given", "Jim"),
            ("name.select($index)", "0|1"),
            ("name.given.where($this.startsWith('J'))", "James|Jim"),
            ("name.given.count()", "3"),
            ("(1 | 1 | 2).count()", "2"),
            ("1.combine(1).isDistinct()", "false"),
            ("(1 | 2).subsetOf(1 | 2 | 3)", "true"),
            ("(1 | 2).supersetOf(3)", "false"),
            ("name.first().single().family", "Chalmers"),
            ("name.single()", "error"),
            ("(1 | 2 | 3).tail().skip(1)", "3"),
            ("(1 | 2 | 3).take(2).last()", "2"),
            ("(1 | 2 | 3).intersect(2 | 4)", "2"),
            ("(1 | 2 | 3).exclude(2)", "1|3"),
            ("repeat(name | given)", "||Peter|James|Jim"),
            ("(3 | 1 | 2).sort()", "1|2|3"),
            ("name.given.sort($this desc)", "Peter|Jim|James"),
            ("name.sort(-use).given", "Jim|Peter|James"),
            ("(true | 'a').allTrue()", "true"),
            ("defineVariable('a').exists() or defineVariable('a').exists()", "true"),
            ("defineVariable('a').active and %a.exists()", "error"),
            ("(1 | 2 | 3).aggregate($this + $total, 0)", "6"),
            ("(1 | 2 | 3).sum() & (1 | 3).avg() & (4 | 2).min()", "622"),
            ("coalesce(photo, name.family)", "Chalmers"),
            ("name.defineVariable('n').given.where(%n.count() = 2).count()", "3"),
            ("name.first().defineVariable('n').given.select(%n.family & $this)", "ChalmersPeter|ChalmersJames"),
            ("name.where(given)", "error"),
            ("name.where(given | family)", "error"),
            ("iif(name.empty(), 1/0, 'named')", "named"),
            ("trace('t').id", "p"),
        ],
    );
}

#[test]
fn logic_has_three_values() {
    check(
        PATIENT,
        &[
            ("true and {}", ""),
            ("{} and false", "false"),
            ("{} or true", "true"),
            ("{} xor true", ""),
            ("{} implies true", "true"),
            ("false implies {}", "true"),
            ("{}.not()", ""),
            ("active and name", "error"),
            ("active and id", "true"),
            ("(0).not()", "false"),
        ],
    );
}

#[test]
fn equality_and_order() {
    check(
        PATIENT,
        &[
            ("{} = {}", ""),
            ("{} ~ {}", "true"),
            ("1.10 = 1.1", "true"),
            ("1 = 1.0", "true"),
            ("'a' ~ 'A'", "true"),
            ("'a b' ~ 'a\\tB'", "true"),
            ("1.2 / 1.8 ~ 0.67", "true"),
            ("name = name", "true"),
            ("name[0] = name[1]", "false"),
            ("(1 | 2) = (2 | 1)", "false"),
            ("(1 | 2) ~ (2 | 1)", "true"),
            ("@2012 = @2012-01", ""),
            ("@2012 ~ @2012-01", "false"),
            ("birthDate < @1980", "true"),
            ("birthDate = '1974-12-25'", "true"),
            ("active = 'true'", "true"),
            ("1 < 'a'", "error"),
            ("'Peter' in name.given", "true"),
            ("name.given contains 'X'", "false"),
            ("{} in name", ""),
            ("1 in {}", "false"),
            ("1 year = 1 'a'", ""),
            ("1 'cm' = 1 's'", ""),
            ("1.toQuantity() = 1 '1'", "true"),
            ("id < 'q'", "true"),
        ],
    );
}

#[test]
fn arithmetic() {
    check(
        PATIENT,
        &[
            ("1 + 2 * 3", "7"),
            ("7 div 2 & 7 mod 2", "31"),
            ("1 / 0", ""),
            ("1 / 2", "0.5"),
            ("2147483647 + 1", ""),
            ("'a' + {}", ""),
            ("'a' & {} & 'b'", "ab"),
            ("-1.abs()", "-1"),
            ("(-1.5).floor()", "-2"),
            ("2.power(-1)", "0.5"),
            ("(-1).power(0.5)", ""),
            ("2.sqrt()", "1.4142135623731"),
            ("3.14159.round(3)", "3.142"),
            ("3.round(-1)", "error"),
            ("100.log(10)", "2"),
            ("0.log(10)", "error"),
            ("1.587.lowBoundary(2)", "1.58"),
            ("1.587.highBoundary()", "1.58750000"),
            ("1.58700.precision()", "5"),
            ("@1973-12-25 + 7 days", "1974-01-01"),
            ("birthDate + 1 month", "1975-01-25"),
            ("@T23:30 + 1 hour", "00:30"),
            ("@2020 + 1 'kg'", "error"),
            ("@2020 + 1 'a'", "error"),
            ("@2020-01-01 + 1 'd'", "2020-01-02"),
            ("today() - 1 day", "2026-05-31"),
            ("now().timezoneOffsetOf()", "1.0"),
            ("timeOfDay()", "12:30:00.000"),
            ("birthDate.yearOf()", "1974"),
            ("@2025-01-02.difference(@2025-01-07, 'week')", "1"),
            ("1 'cm' * 2 'cm'", "2 'cm2'"),
            ("1 > 2 is Boolean", "error"),
        ],
    );
}

#[test]
fn long_numbers() {
    check(
        PATIENT,
        &[
            ("2147483647L + 1", "2147483648"),
            ("2147483647 + 1", ""),
            ("9223372036854775807L + 1", ""),
            ("(1L).type().name & 1.type().name", "LongInteger"),
            ("(5L * 3) is Long and (5 * 3L) is Long and (5L div 2) is Long and (5L mod 2) is Long", "true"),
            ("5L / 2", "2.5"),
            ("(1L + 1.5) is Decimal", "true"),
            ("1L = 1 and 1 ~ 1L and 1L = 1.0 and 2L > 1 and 1 < 2L", "true"),
            ("(1 | 1L | 2L).count()", "2"),
            ("-(5L) is Long", "true"),
            ("(-5L).abs()", "5"),
            ("(5L).abs() is Long and (5L).floor() is Long", "true"),
            ("(5L).sqrt()", "2.23606797749979"),
            ("'9223372036854775807'.toLong() is Long", "true"),
            ("'9223372036854775808'.convertsToLong()", "false"),
            ("multipleBirth.toLong() + 2147483647", "2147483649"),
            ("(3000000000L).convertsToInteger() or (3L).convertsToInteger().not()", "false"),
            ("(3L).toString() & (3L).toDecimal() & (3L).toQuantity()", "333 '1'"),
            ("1L.toBoolean()", "true"),
            ("name[0L].family", "Chalmers"),
            ("2L * 3 'cm' = 6 'cm'", "true"),
            ("9223372036854775808L", "no expression: a number of too many digits (at offset 0)"),
        ],
    );
}

#[test]
fn a_type_that_nobody_knows_is_an_error() {
    struct Few;
    impl Model for Few {
        fn type_of<'d>(&'d self, node: NodeRef<'d>) -> Option<&'d str> {
            WithoutDefinitions.type_of(node)
        }

        fn has_type(&self, name: &str) -> Option<bool> {
            Some(matches!(name, "Patient" | "Organization" | "DomainResource" | "boolean"))
        }
    }
    with(PATIENT, |root, _| {
        let environment = Environment { model: &Few, ..Environment::default() };
        for (expression, expected) in [
            ("Patient is Organization", Some("false")),
            ("Patient is Organisation", None),
            ("Patient as Organization", Some("")),
            ("Patient.as(Organisation)", None),
            ("contained.ofType(Organization).id", Some("o|o2")),
            ("contained.ofType(Patient).id", Some("")),
            ("contained.ofType(Organisation).id", None),
            ("Patient.is(FHIR.Organisation)", None),
            ("Patient.is(System.Patient)", Some("false")),
            ("id is Integer", Some("")),
            ("1 is Decimal", Some("false")),
            ("1 is Number", None),
            // A later edition of FHIR has this type.
            ("birthDate is url", Some("")),
            // Nothing is of no type.
            ("photo is Organisation", Some("")),
        ] {
            let parsed = Expression::parse(expression).unwrap();
            let found = parsed.evaluate(root, &environment, &mut Scratch::new());
            let found = found.map(|items| items.iter().map(Item::to_string).collect::<Vec<_>>().join("|"));
            assert_eq!(found.as_deref().ok(), expected, "{expression}");
            let is_named = expression.contains("Organisation") || expression.contains("Number");
            assert_eq!(parsed.unknown_type(&Few).is_some(), is_named, "{expression}");
        }
    });
}

#[test]
fn texts() {
    check(
        PATIENT,
        &[
            ("'a🔥b'.indexOf('b')", "2"),
            ("'a🔥b'.substring(1, 1)", "🔥"),
            ("'abc'.substring(3)", ""),
            ("'abc'.substring(1, -1).length()", "0"),
            ("'abc'.lastIndexOf('')", "3"),
            ("name.given.join(', ')", "Peter, James, Jim"),
            ("'a,b'.split(',').count()", "2"),
            ("'abc'.replace('', 'x')", "xaxbxcx"),
            ("'11/30/1972'.replaceMatches('(?<m>\\\\d+)/(?<d>\\\\d+)', '${d}-$1')", "30-11/1972"),
            ("'N8000'.matches('^N[0-9]{4}$')", "true"),
            ("'a\\nb'.matches('a.b')", "true"),
            ("'N80001'.matchesFull('N[0-9]{4}')", "false"),
            ("'X'.matches('x', 'i')", "true"),
            (
                "id.matches('(?=p)')",
                "no expression: not a regular expression that can be run in linear time: look-around, \
                including look-ahead and look-behind, is not supported (at offset 3)",
            ),
            ("'a' & 1.toString() & true", "a1true"),
            ("' a '.trim().upper()", "A"),
            ("'test'.encode('base64')", "dGVzdA=="),
            ("'abc'.toChars()[1]", "b"),
            ("1.startsWith('1')", "error"),
            ("birthDate.substring(0, 4)", "1974"),
        ],
    );
}

#[test]
fn conversions() {
    check(
        PATIENT,
        &[
            ("'1'.toInteger() + 1", "2"),
            ("'1.0'.toInteger()", ""),
            ("true.toDecimal()", "1.0"),
            ("'yes'.toBoolean()", "true"),
            ("'2015-02-04T14:34Z'.toDateTime()", "2015-02-04T14:34Z"),
            ("birthDate.toDateTime().convertsToDate()", "true"),
            ("'15-01-2024'.toDate('dd-MM-yyyy')", "2024-01-15"),
            ("'25:00'.convertsToTime()", "false"),
            ("'4 days'.toQuantity()", "4 days"),
            ("'1 wk'.convertsToQuantity()", "false"),
            ("52 'cm'.toQuantity('m')", "0.52 'm'"),
            ("name.convertsToString()", "error"),
            ("name[0].convertsToString()", "false"),
            ("1.is(Integer) and 1.is(System.Integer) and 1.is(Decimal).not()", "true"),
            ("1.type().name & active.type().namespace", "IntegerFHIR"),
            ("active.is(boolean) and active.is(Boolean).not()", "true"),
            ("deceased is Boolean and deceased is boolean", "true"),
            ("Patient.ofType(Resource).id", "p"),
            ("is(DomainResource)", "true"),
        ],
    );
}

#[test]
fn what_fhir_adds() {
    check(
        PATIENT,
        &[
            ("managingOrganization.resolve().name", "ACME"),
            ("managingOrganization.resolve() is Organization", "true"),
            ("contained[0].partOf.resolve().id", "o2"),
            ("birthDate.hasValue() and name[0].hasValue().not()", "true"),
            ("multipleBirth.getValue() + 1", "3"),
            ("name[0].children().count()", "4"),
            ("descendants().where($this = 'Jim').count()", "1"),
            ("'red'.memberOf('colours') and 'blue'.memberOf('colours').not()", "true"),
            ("id.memberOf('unknown')", ""),
            ("conformsTo('x')", ""),
            ("htmlchecks()", "true"),
            ("elementDefinition()", "error"),
            ("%ucum & %`vs-a`", "http://unitsofmeasure.orghttp://hl7.org/fhir/ValueSet/a"),
            ("%ext-b.length()", "41"),
            ("%nothing", "error"),
            ("contained.select(%resource.id & %context.id)", "pp|pp"),
        ],
    );
}

#[test]
fn paths_lead_back() {
    check(
        PATIENT,
        &[
            ("name.given.pathname()", "Patient.name[0].given[0]|Patient.name[0].given[1]|Patient.name[1].given[0]"),
            ("name.first().family.pathname()", "Patient.name[0].family[0]"),
            ("(name.first().family | birthDate).pathname(true)", "Patient.name[0].family|Patient.birthDate"),
            (
                "deceased.pathname(true) & birthDate.extension.value.pathname()",
                "Patient.deceasedPatient.birthDate[0].extension[0].value[0]",
            ),
            ("managingOrganization.resolve().name.pathname(true)", "Patient.contained[0].name"),
            ("(1 | name.given.first() & 'x').pathname()", ""),
            ("pathname()", "Patient"),
            ("photo.pathname()", ""),
        ],
    );
    with(PATIENT, |root, names| {
        let paths = result("descendants().pathname()", root, names);
        for path in paths.split('|') {
            assert_eq!(result(&format!("({path}).pathname()"), root, names), path);
        }
        assert!(paths.split('|').count() > 20);
    });
}

#[test]
fn resource_is_what_contains_a_contained_resource() {
    with(PATIENT, |root, names| {
        let reference = root.child("contained").and_then(|c| c.child("partOf")).unwrap();
        assert_eq!(resource_of(reference), root);
        let ref_1 = "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %resource.contained.id.trace('ids'))";
        assert_eq!(result(ref_1, reference, names), "true");
        assert_eq!(result("%rootResource.id & %context.reference", reference, names), "p#o2");
    });
}

#[test]
fn invariants() {
    let truth = |expression: &str, path: &str| {
        let mut truth = None;
        with(PATIENT, |root, names| {
            let node = path.split('.').filter(|p| !p.is_empty()).fold(root, |node, name| node.child(name).unwrap());
            let mut parsed = Expression::parse(expression).unwrap();
            parsed.bind(names);
            truth = parsed.evaluate_boolean(node, &Environment::default(), &mut Scratch::new()).ok();
        });
        truth
    };
    let ele_1 = "hasValue() | (children().count() > id.count())";
    assert_eq!(truth(ele_1, "name"), Some(Truth::True));
    assert_eq!(truth(ele_1, "birthDate"), Some(Truth::True));
    assert_eq!(truth("name.exists() and photo.exists()", ""), Some(Truth::False));
    assert_eq!(truth("photo", ""), Some(Truth::Unknown));
    assert_eq!(truth("name", ""), Some(Truth::True));
    assert_eq!(truth("name[0]", ""), Some(Truth::True));
    assert_eq!(truth("deceased", ""), Some(Truth::False));
    assert_eq!(truth("name and true", ""), None);
}

#[test]
fn a_resolver_of_ones_own() {
    struct Root;
    impl Resolver for Root {
        fn resolve<'d>(&self, _: &str, from: NodeRef<'d>) -> Option<NodeRef<'d>> {
            Some(from.document().root())
        }
    }
    with(PATIENT, |root, _| {
        let expression = Expression::parse("managingOrganization.resolve().id").unwrap();
        let environment = Environment { resolver: &Root, ..Environment::default() };
        let found = expression.evaluate(root, &environment, &mut Scratch::new()).unwrap();
        assert_eq!(found.first().map(Item::to_string).as_deref(), Some("p"));
    });
}

#[test]
fn the_budget_holds() {
    with(PATIENT, |root, _| {
        for text in [
            "repeatAll($this)",
            "'a'.repeatAll($this & $this)",
            "descendants().repeat(%resource.descendants()).count()",
        ] {
            let expression = Expression::parse(text).unwrap();
            let environment = Environment { steps: 2_000, ..Environment::default() };
            let error = expression.evaluate(root, &environment, &mut Scratch::new()).unwrap_err();
            assert_eq!(error.kind, EvaluationErrorKind::Budget, "{text}");
        }
    });
}

/// The deepest expression over the deepest document, on a thread of two megabytes as a pool's workers have.
#[test]
fn depth_is_bounded() {
    let deep = |n: usize| format!("{}{{}}{}", r#"{"url": "u", "extension": ["#.repeat(n), "]}".repeat(n));
    let source = format!(r#"{{"resourceType": "Patient", "extension": [{}, {}]}}"#, deep(95), deep(95));
    let text = format!(
        "{}descendants().where(extension[0] ~ extension[0] and $this = $this){}",
        "iif(true, ".repeat(110),
        ")".repeat(110)
    );
    let run = move || {
        with(&source, |root, names| {
            assert_ne!(result(&text, root, names), "error");
            assert_eq!(result("extension[0] = extension[1] and extension[0] ~ extension[1]", root, names), "true");
        });
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn mistakes_have_a_place() {
    for (text, offset) in [
        ("a and", 5),
        ("a.b(", 2),
        ("a.exist()", 2),
        ("name.first(1)", 5),
        ("(a", 2),
        ("a b", 2),
        ("a.is(1)", 2),
        ("and", 0),
        ("a.", 2),
        ("@T10:00Z", 7),
        ("", 0),
        ("id.matches('(')", 3),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
}
