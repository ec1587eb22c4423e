//! The body that fuzzers and `cargo test` drive: any bytes at all are checked, and what is said about them is sound.

use touchmark_document::{Arena, Document, Limits, decode, parse};
use touchmark_fhirpath::Expression;

use crate::{Checker, Options, Report, RuleGraph, Severity};

/// Checks any bytes with a used checker and a fresh one: both say the same, in both formats, and the outcome that they
/// write is one of FHIR, as far as this library can tell. What cannot be read is said; what is said has a place.
///
/// # Panics
///
/// When anything is not as it has to be: that is what a fuzzer looks for.
pub fn check_anything(bytes: &[u8], graph: &RuleGraph, used: &mut Checker<'_>) {
    let options = Options::default();
    let report = used.check(bytes, &options);
    let again = Checker::new(graph).check(bytes, &options);
    let [json, xml] = written(&report);
    assert_eq!([&json, &xml], written(&again).each_ref(), "a used checker makes a difference");

    serde_json::from_slice::<serde_json::Value>(&json).expect("an outcome in JSON");
    for outcome in [&json, &xml] {
        let own = used.check(outcome, &options);
        assert_eq!(own.resource, "OperationOutcome");
        let faults: Vec<_> = own.findings().filter(|f| f.severity > Severity::Information).collect();
        assert!(faults.is_empty(), "{faults:#?} in {}", String::from_utf8_lossy(outcome));
    }

    let mut arena = Arena::new();
    let text = decode(bytes);
    match text.as_deref().map_err(Clone::clone).and_then(|t| parse(t, &mut arena, graph.names(), Limits::default())) {
        Ok(document) => sound_places(&report, &document),
        Err(_) => {
            let fatal = report.findings().next().expect("a finding for what cannot be read");
            assert!(fatal.severity == Severity::Fatal && fatal.position.is_some() && fatal.expression.is_none());
        }
    }
}

fn written(report: &Report) -> [Vec<u8>; 2] {
    let (mut json, mut xml) = (Vec::new(), Vec::new());
    report.write_json(&mut json);
    report.write_xml(&mut xml);
    [json, xml]
}

/// Findings come in the order of the document, and each has a place that can be named.
fn sound_places(report: &Report, document: &Document<'_>) {
    assert!(report.findings().is_sorted_by_key(|f| f.offset));
    for finding in report.findings().filter(|f| f.position.is_some()) {
        assert!(finding.offset as usize <= document.source().len());
        assert!(finding.expression.is_some() && finding.expression != finding.also, "a place in the tree");
        for text in finding.expression.iter().chain(&finding.also) {
            // The parser of expressions goes less deep than that of documents.
            let read = Expression::parse(text);
            assert!(read.is_ok() || text.matches('.').count() > 50, "{text}: {read:?}");
        }
    }
}
