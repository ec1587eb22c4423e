//! What the loaded definitions answer to FHIRPath, in expressions of a caller's and in invariants of profiles.

use touchmark::document::{self, Arena, Limits, Names};
use touchmark::fhirpath::{Environment, Expression, Item, Scratch};
use touchmark::{Checker, Library, Options, RuleGraph, SnomedBuilder, SnomedIndex, definition};

const PATIENT: &str = r#"{"resourceType": "Patient", "gender": "male", "name": [{"family": "Bloggs"}],
    "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Joe <form/></div>"},
    "maritalStatus": {"coding": [{"system": "https://example.org/other", "code": "x"},
        {"system": "http://hl7.org/fhir/v3/MaritalStatus", "code": "M"}]},
    "contact": [{"relationship": [{"coding": [{"system": "http://snomed.info/sct", "code": "394738000"}]}]}],
    "managingOrganization": {"reference": "nothing\u0020known"}}"#;

/// The packs, and profiles of Patient with one invariant each.
fn graph(profiles: &[(&str, &str)]) -> RuleGraph {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    library.add_package("answers", "");
    for (name, expression) in profiles {
        let text = format!(
            r#"{{"resourceType": "StructureDefinition", "url": "https://example.org/{name}", "name": "{name}",
                "status": "draft", "fhirVersion": "3.0.1", "kind": "resource", "abstract": false, "type": "Patient",
                "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
                "differential": {{"element": [{{"id": "Patient", "path": "Patient", "constraint": [
                    {{"key": "ask-1", "severity": "error", "expression": "{expression}"}}]}}]}}}}"#
        );
        let (mut arena, names) = (Arena::new(), Names::new());
        let parsed = document::parse(&text, &mut arena, &names, Limits::default()).expect("a definition");
        library.add_definition(definition::read(&parsed).expect("a profile"));
    }
    RuleGraph::new(library)
}

fn check(graph: &RuleGraph, source: &str, expectations: &[(&str, &str)]) {
    let mut arena = Arena::new();
    let read = document::parse(source, &mut arena, graph.names(), Limits::default()).expect("a resource");
    let (types, answers) = (graph.types(), graph.answers());
    let environment =
        Environment { model: &types, checks: Some(&answers), terminology: Some(&answers), ..Environment::default() };
    for (text, expected) in expectations {
        let mut expression = Expression::parse(text).expect("an expression");
        expression.bind(graph.names());
        let found = expression.evaluate(read.root(), &environment, &mut Scratch::new());
        let found = found.map(|items| items.iter().map(Item::to_string).collect::<Vec<_>>().join("|"));
        assert_eq!(found.as_deref().unwrap_or("error"), *expected, "{text}");
    }
}

#[test]
fn nodes_conform_or_do_not() {
    let graph = graph(&[("Named", "name.family.exists()"), ("Born", "birthDate.exists()")]);
    let sound = r#"{"resourceType": "Patient", "name": [{"family": "Bloggs"}, {"use": "nonsense"}]}"#;
    check(
        &graph,
        sound,
        &[
            ("conformsTo('https://example.org/Born')", "false"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Person')", "false"),
            // A code outside the required value set.
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "false"),
            ("name[0].conformsTo('http://hl7.org/fhir/StructureDefinition/HumanName')", "true"),
            ("name[1].conformsTo('http://hl7.org/fhir/StructureDefinition/HumanName')", "false"),
            ("name[0].conformsTo('http://hl7.org/fhir/StructureDefinition/Period')", "false"),
            ("conformsTo('https://example.org/Nothing')", "error"),
        ],
    );
    check(
        &graph,
        r#"{"resourceType": "Patient", "name": [{"family": "Bloggs"}]}"#,
        &[
            ("conformsTo('https://example.org/Named')", "true"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", "true"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "true"),
        ],
    );
}

#[test]
fn codes_are_looked_up() {
    check(
        &graph(&[]),
        PATIENT,
        &[
            ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "true"),
            ("'man'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "false"),
            ("maritalStatus.memberOf('http://hl7.org/fhir/ValueSet/marital-status')", "true"),
            ("maritalStatus.coding[0].memberOf('http://hl7.org/fhir/ValueSet/marital-status')", "false"),
            ("maritalStatus.coding[1].memberOf('http://hl7.org/fhir/ValueSet/marital-status')", "true"),
            // The concepts of SNOMED CT are not loaded.
            ("contact.relationship.memberOf('http://hl7.org/fhir/ValueSet/condition-code')", ""),
            ("gender.memberOf('https://example.org/ValueSet/nothing')", ""),
            ("'text/plain'.memberOf('http://www.rfc-editor.org/bcp/bcp13.txt')", "true"),
            ("text.div.htmlChecks()", "false"),
        ],
    );
    let source = r#"{"resourceType": "Basic", "code": {"coding": [
        {"system": "http://hl7.org/fhir/issue-type", "code": "invalid"},
        {"system": "http://hl7.org/fhir/issue-type", "code": "structure"},
        {"system": "http://hl7.org/fhir/issue-type", "code": "nothing"},
        {"system": "https://example.org/none", "code": "structure"}]}}"#;
    check(
        &graph(&[]),
        source,
        &[
            ("code.coding[0].subsumes(code.coding[1])", "true"),
            ("code.coding[1].subsumes(code.coding[0])", "false"),
            ("code.coding[1].subsumedBy(code.coding[0])", "true"),
            ("code.coding[0].subsumes(code.coding[0])", "true"),
            ("code.coding[0].subsumes(code.coding[2])", ""),
            ("code.coding[0].subsumes(code.coding[3])", "false"),
        ],
    );
}

#[test]
fn codes_of_a_release_subsume_each_other() {
    let mut release = SnomedBuilder::new();
    let mut concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n".to_owned();
    for code in ["404684003", "22298006", "138875005"] {
        concepts.push_str(&format!("{code}\t20260101\t1\t0\t0\n"));
    }
    let is_a = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n\
        1\t20260101\t1\t0\t22298006\t404684003\t0\t116680003\t0\t0\n";
    assert!(release.add(&concepts).is_some() && release.add(is_a).is_some());
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    library.add_snomed(SnomedIndex::open(release.build([0; 24]).expect("a small release")).expect("an index"));
    let source = r#"{"resourceType": "Basic", "code": {"coding": [
        {"system": "http://snomed.info/sct", "code": "404684003"},
        {"system": "http://snomed.info/sct", "code": "22298006"},
        {"system": "http://snomed.info/sct", "code": "195967001"}]}}"#;
    check(
        &RuleGraph::new(library),
        source,
        &[
            ("code.coding[0].subsumes(code.coding[1])", "true"),
            ("code.coding[1].subsumes(code.coding[0])", "false"),
            ("code.coding[1].subsumedBy(code.coding[0])", "true"),
            ("code.coding[0].subsumes(code.coding[2])", ""),
            ("code.memberOf('http://hl7.org/fhir/ValueSet/condition-code')", "true"),
        ],
    );
    // Without the release nobody knows.
    check(&graph(&[]), source, &[("code.coding[0].subsumes(code.coding[1])", "")]);
}

#[test]
fn a_type_that_is_nowhere_is_a_defect_of_the_definition() {
    let graph = graph(&[("Typo", "name.exists() and (managingOrganization.resolve() is Organisation)")]);
    let profile = graph.find("https://example.org/Typo").expect("a profile");
    let defects = graph.defects(profile);
    assert_eq!(defects.len(), 1, "{defects:?}");
    assert_eq!(&*defects[0].detail, "ask-1: there is no type Organisation");
    let options = Options { profiles: vec![profile], ..Options::default() };
    let report = Checker::new(&graph).check(br#"{"resourceType": "Patient", "active": true}"#, &options);
    // Said once, at the definition; the document is told that something was left out.
    assert!(report.findings().len() == 0, "{:?}", report.findings().collect::<Vec<_>>());
    assert_eq!(report.invariants_unchecked, 1);
}

#[test]
fn invariants_may_ask() {
    let graph = graph(&[
        ("Person", "conformsTo('http://hl7.org/fhir/StructureDefinition/Person')"),
        ("Gender", "gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender').not()"),
        ("Self", "conformsTo('https://example.org/Self').not()"),
        ("Other", "conformsTo('https://example.org/Nobody')"),
    ]);
    let mut checker = Checker::new(&graph);
    let mut codes = |name: &str| {
        let profile = graph.find(&format!("https://example.org/{name}")).expect("a profile");
        let options = Options { profiles: vec![profile], ..Options::default() };
        let document = br#"{"resourceType": "Patient", "gender": "male", "name": [{"family": "Bloggs"}]}"#;
        let report = checker.check(document, &options);
        report.findings().map(|f| f.rule.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("Person"), ["invariant-failed"]);
    assert_eq!(codes("Gender"), ["invariant-failed"]);
    // Inside the question the profile does not ask again, so that nothing there is false.
    assert_eq!(codes("Self"), ["invariant-failed"]);
    assert_eq!(codes("Other"), ["invariant-failed-to-run"]);
}
