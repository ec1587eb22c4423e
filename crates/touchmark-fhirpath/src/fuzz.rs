//! The bodies of the fuzz targets; `cargo test` drives them with a fixed number of inputs, `fuzz/` without end.

use touchmark_document::{Arena, Limits, Names, parse};

use crate::{Environment, Expression, Moment, Scratch};

const RESOURCE: &str = r##"{"resourceType": "Observation", "id": "a", "status": "final", "contained": [{"resourceType": "Patient",
    "id": "p", "name": [{"given": ["A", "B"], "family": "C"}], "birthDate": "1974-12"}], "subject": {"reference": "#p"},
    "valueQuantity": {"value": 1.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    "effectiveDateTime": "2012-04-15T15:00:00Z", "_status": {"extension": [{"url": "u", "valueBoolean": true}]}}"##;

/// Parses and evaluates any text over a small resource: no panic, and an end within the budget.
pub fn evaluate(text: &str) {
    let Ok(expression) = Expression::parse(text) else { return };
    let mut names = Names::new();
    for name in ["Observation", "id", "value", "value[x]", "valueQuantity", "contained", "name", "given"] {
        names.intern(name);
    }
    let mut arena = Arena::new();
    let Ok(document) = parse(RESOURCE, &mut arena, &names, Limits::default()) else { return };
    let mut bound = expression.clone();
    bound.bind(&names);
    let environment = Environment {
        now: Moment::parse_date_time("2026-06-01T12:00:00.000Z"),
        steps: 20_000,
        ..Environment::default()
    };
    let mut scratch = Scratch::new();
    let unbound = expression.evaluate(document.root(), &environment, &mut scratch);
    let result = bound.evaluate(document.root(), &environment, &mut scratch);
    // Names bound or not make no difference.
    assert_eq!(format!("{unbound:?}"), format!("{result:?}"), "{text}");
    let _ = bound.evaluate_boolean(document.root(), &environment, &mut scratch);
    if let Ok(items) = result {
        items.iter().for_each(|item| drop(item.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: &[&str] = &[
        "name",
        "given",
        "value",
        "id",
        "contained",
        "$this",
        "$index",
        "%resource",
        "%context",
        "Observation",
        "Quantity",
        "(",
        ")",
        "[",
        "]",
        "{}",
        ".",
        ",",
        "+",
        "-",
        "*",
        "/",
        "|",
        "&",
        "=",
        "!=",
        "~",
        "!~",
        "<",
        ">=",
        " and ",
        " or ",
        " xor ",
        " implies ",
        " is ",
        " as ",
        " in ",
        " contains ",
        " div ",
        " mod ",
        "1",
        "0",
        "2147483647",
        "9223372036854775807",
        "9223372036854775807L",
        "2L",
        "1.5",
        "0.00000001",
        "'a'",
        "''",
        "'\\u00e9🔥'",
        "'kg'",
        "'[0-9]+(a|b)*'",
        "@2012",
        "@2012-02-29T10:00:00.5+14:00",
        "@T23:59",
        " days",
        " year",
        "where(",
        "select(",
        "repeat(",
        "repeatAll(",
        "all(",
        "exists(",
        "descendants()",
        "children()",
        "iif(",
        "substring(",
        "replace(",
        "matches(",
        "split(",
        "toQuantity(",
        "toDateTime()",
        "power(",
        "pathname(",
        "toLong()",
        "round(",
        "lowBoundary(",
        "ofType(",
        "aggregate(",
        "$total",
        "sort(",
        "distinct()",
        "combine(",
        "union(",
        "defineVariable(",
        "join(",
        "encode('base64')",
        "resolve()",
        "extension('u')",
        "count()",
        "not()",
        "today()",
        "duration(",
        "\"",
        "`",
        "//",
        "/*",
        "*/",
        "\\",
        "\u{0}",
        "é",
    ];

    fn next(seed: &mut u64) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    }

    #[test]
    fn random_pieces() {
        let mut seed = 7;
        for _ in 0..4_000 {
            let length = next(&mut seed) % 14;
            let text: String = (0..length).map(|_| PIECES[next(&mut seed) % PIECES.len()]).collect();
            evaluate(&text);
        }
    }

    /// Expressions that are right, so that more than the parser is reached: a chain of calls closed where it is open.
    #[test]
    fn random_chains() {
        let mut seed = 11;
        for _ in 0..4_000 {
            let mut text = String::from("descendants()");
            let mut open = 0;
            for _ in 0..next(&mut seed) % 6 {
                let piece = PIECES[next(&mut seed) % PIECES.len()];
                text.push('.');
                text.push_str(piece);
                if piece.ends_with('(') {
                    open += 1;
                    text.push_str(["$this", "1", "'a'", "given", "children()", "'day'"][next(&mut seed) % 6]);
                }
                if open > 0 && next(&mut seed).is_multiple_of(2) {
                    text.push(')');
                    open -= 1;
                }
            }
            text.push_str(&")".repeat(open));
            evaluate(&text);
        }
    }

    #[test]
    fn hostile_expressions_end() {
        let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        for text in [
            deep("(", ")", 100_000),
            deep("-", "", 100_000),
            deep("not(", ")", 50_000),
            deep("iif(true, ", ")", 110),
            deep("(", ")", 110),
            deep("1 + (", ")", 55),
            format!("id{}", ".first()".repeat(5_000)),
            format!("id{}", ".first()".repeat(110)),
            format!("1{}", "+1".repeat(10_000)),
            "'a'.repeatAll($this & $this)".to_owned(),
            "'a'.repeat($this & $this)".to_owned(),
            "repeatAll($this)".to_owned(),
            "descendants().select(%resource.descendants()).select(%resource.descendants()).count()".to_owned(),
            "'a'.replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbbb')".to_owned(),
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')".to_owned(),
            "'a'.matches('((a{100}){100}){100}')".to_owned(),
            "2.power(200).power(200) * 9.9.power(60)".to_owned(),
            "1.aggregate($total.combine($this), descendants()).descendants()".to_owned(),
            "descendants().aggregate($total.combine($total).combine($this), 1)".to_owned(),
        ] {
            evaluate(&text);
        }
    }
}
