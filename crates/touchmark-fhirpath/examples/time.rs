//! How long it takes to parse an expression and to evaluate it, in nanoseconds: `cargo run --release --example time`.

use std::hint::black_box;
use std::time::Instant;

use touchmark_document::{Arena, Limits, Names, NodeRef, parse};
use touchmark_fhirpath::{Environment, Expression, Scratch};

const RESOURCE: &str = r##"{"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "#p"},
    "contained": [{"resourceType": "Patient", "id": "p", "name": [{"given": ["A"], "family": "B"}]}],
    "extension": [{"url": "u", "valueString": "v"}], "effectivePeriod": {"start": "2016-03-28T10:00:00Z", "end": "2016-03-29T10:00:00Z"},
    "valueQuantity": {"value": 185, "unit": "lbs", "system": "http://unitsofmeasure.org", "code": "[lb_av]"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}, {"system": "http://snomed.info/sct", "code": "27113001"}]}}"##;

fn nanoseconds(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..5_000 {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() / 5_000.0);
    }
    best * 1e9
}

fn main() {
    let mut names = Names::new();
    for name in "Observation Patient id status subject reference contained name given family extension url valueString value \
        effectivePeriod effective start end valueQuantity unit system code coding component dataAbsentReason text meta versionId \
        lastUpdated"
        .split_whitespace()
    {
        names.intern(name);
    }
    let mut arena = Arena::new();
    let document = parse(RESOURCE, &mut arena, &names, Limits::default()).expect("a resource");
    let root = document.root();
    let at = |path: &str| {
        path.split('.').filter(|p| !p.is_empty()).fold(root, |node: NodeRef<'_>, name| node.child(name).expect(name))
    };
    let mut scratch = Scratch::new();
    println!("{:>8} {:>8}  expression", "parse", "evaluate");
    for (path, text) in [
        ("code", "hasValue() | (children().count() > id.count())"),
        ("extension", "extension.exists() != value.exists()"),
        (
            "subject",
            "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %resource.contained.id.trace('ids'))",
        ),
        ("effectivePeriod", "start.empty() or end.empty() or (start <= end)"),
        ("valueQuantity", "code.empty() or system.exists()"),
        ("", "contained.contained.empty()"),
        ("", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"),
        ("", "contained.where(('#'+id in %resource.descendants().reference).not()).empty()"),
        ("", "dataAbsentReason.empty() or value.empty()"),
        ("", "value.empty() or code!=component.code"),
        ("", "code.coding.where(system = 'http://loinc.org').exists()"),
    ] {
        let node = at(path);
        let parsing = nanoseconds(|| drop(black_box(Expression::parse(black_box(text)))));
        let mut expression = Expression::parse(text).expect(text);
        expression.bind(&names);
        let environment = Environment::default();
        let evaluating = nanoseconds(|| {
            let _ = black_box(expression.evaluate_boolean(black_box(node), &environment, &mut scratch));
        });
        println!("{parsing:>8.0} {evaluating:>8.0}  {text}");
    }
}
