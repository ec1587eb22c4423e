//! Whether the time of a check grows with the document: `scaling [SIZE] [NAME…]` checks documents of many shapes, each with some
//! part repeated `SIZE` times (20,000 unless told) and twice as often, and names those that take more than 3.4 times as long.
//!
//! What is quadratic takes four times as long; what is not may too, where memory or caches give out: look with a larger size.
//! The shapes are in `benches/shapes.json`. In their parts `@n` is the number of a repeat, `@m` the next one, `@x` and `@y` the
//! same in twelve hexadecimal digits.

use std::time::{Duration, Instant};

use serde::Deserialize;
use touchmark::{Budget, Checker, Library, Options, RuleGraph};

/// Repeats of the smaller document, unless the caller says.
const SIZE: usize = 20_000;
/// How often each document is checked; the least time counts.
const ROUNDS: usize = 5;
/// More than this is worth a look.
const STEEP: f64 = 3.4;

#[derive(Deserialize)]
struct Shape {
    name: String,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Once(String),
    Repeated { each: String, between: String },
}

impl Shape {
    fn document(&self, size: usize) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Once(text) => out.push_str(text),
                Part::Repeated { each, between } => {
                    for number in 0..size {
                        out.push_str(if number == 0 { "" } else { between });
                        out.push_str(&filled(each, number));
                    }
                }
            }
        }
        out
    }
}

fn filled(part: &str, number: usize) -> String {
    let (this, next) = (number.to_string(), (number + 1).to_string());
    let filled = part.replace("@n", &this).replace("@m", &next);
    filled.replace("@x", &format!("{number:012x}")).replace("@y", &format!("{:012x}", number + 1))
}

fn main() {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let size = names.first().and_then(|first| first.parse().ok());
    names.drain(..usize::from(size.is_some()));
    let size = size.unwrap_or(SIZE);
    let shapes: Vec<Shape> = serde_json::from_str(include_str!("../../shapes.json")).expect("shapes");
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("the packs are of this version");
    let graph = RuleGraph::new(library);
    let wanted = |shape: &&Shape| names.is_empty() || names.contains(&shape.name);
    let mut steep = Vec::new();
    for shape in shapes.iter().filter(wanted) {
        let [small, large] = [size, 2 * size].map(|size| {
            let document = shape.document(size);
            (least(&graph, &document), document.len())
        });
        let times = large.0.as_secs_f64() / small.0.as_secs_f64();
        let nanoseconds = large.0.as_nanos() / large.1 as u128;
        println!(
            "{:<32} {:>9.2?} {:>9.2?}  x {times:.1}  {nanoseconds:>5} ns a byte of {} kB",
            shape.name,
            small.0,
            large.0,
            large.1 / 1000
        );
        if times > STEEP {
            steep.push(&*shape.name);
        }
    }
    println!("steep: {}", if steep.is_empty() { "none".to_owned() } else { steep.join(", ") });
}

fn least(graph: &RuleGraph, document: &str) -> Duration {
    let options = Options { budget: Budget { findings: 1_000_000, ..Budget::default() }, ..Options::default() };
    let mut checker = Checker::new(graph);
    let time = |checker: &mut Checker<'_>| {
        let started = Instant::now();
        let report = checker.check(document.as_bytes(), &options);
        let time = started.elapsed();
        drop(report);
        time
    };
    (0..ROUNDS).map(|_| time(&mut checker)).min().unwrap_or_default()
}
