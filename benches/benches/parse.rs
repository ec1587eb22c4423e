//! How fast messages become trees, beside the peers: `TOUCHMARK_CORPUS=FOLDER cargo bench -p touchmark-benches`.
#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    reason = "criterion writes undocumented functions; megabytes are few"
)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use touchmark_benches::{Corpus, PeerArena, jiter_arena, names, quick_xml_arena};
use touchmark_document::{Arena, Limits, Names, parse_json, parse_xml};

/// A way to read one message; returns how many nodes it made, or zero when it failed.
type Route<'r> = (&'static str, Box<dyn FnMut(&str) -> usize + 'r>);

fn json_routes(names: &Names) -> Vec<Route<'_>> {
    let (mut arena, mut peer) = (Arena::new(), PeerArena::default());
    vec![
        (
            "touchmark",
            Box::new(move |t| parse_json(t, &mut arena, names, Limits::default()).map_or(0, |read| read.len())),
        ),
        ("jiter into an arena", Box::new(move |t| jiter_arena(t, names, &mut peer).map_or(0, |()| peer.len()))),
        (
            "serde_json::Value",
            Box::new(|t| {
                serde_json::from_str::<serde_json::Value>(t).map_or(0, |v| {
                    black_box(v);
                    1
                })
            }),
        ),
    ]
}

fn xml_routes(names: &Names) -> Vec<Route<'_>> {
    let (mut arena, mut peer) = (Arena::new(), PeerArena::default());
    vec![
        (
            "touchmark",
            Box::new(move |t| parse_xml(t, &mut arena, names, Limits::default()).map_or(0, |read| read.len())),
        ),
        ("quick-xml into an arena", Box::new(move |t| quick_xml_arena(t, names, &mut peer).map_or(0, |()| peer.len()))),
        ("roxmltree", Box::new(|t| roxmltree::Document::parse(t).map_or(0, |d| d.descendants().count().min(1)))),
    ]
}

fn parse(criterion: &mut Criterion) {
    let corpus = Corpus::load();
    let names = names(&corpus);
    println!("{}: {} JSON and {} XML messages", corpus.origin, corpus.json.len(), corpus.xml.len());
    for (format, texts, mut routes) in
        [("json", &corpus.json, json_routes(&names)), ("xml", &corpus.xml, xml_routes(&names))]
    {
        if texts.is_empty() {
            continue;
        }
        ratios(format, texts, &mut routes);
        let bytes: usize = texts.iter().map(String::len).sum();
        let mut group = criterion.benchmark_group(format);
        group.throughput(Throughput::Bytes(bytes as u64));
        for (name, route) in &mut routes {
            group.bench_function(*name, |b| b.iter(|| texts.iter().map(|t| route(black_box(t))).sum::<usize>()));
        }
        group.finish();
    }
}

/// The best of many rounds in which the routes take turns, so that a slow moment of the machine meets all of them.
fn ratios(format: &str, texts: &[String], routes: &mut [Route<'_>]) {
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let mut best = vec![f64::INFINITY; routes.len()];
    for _ in 0..30 {
        for ((name, route), best) in routes.iter_mut().zip(&mut best) {
            let start = Instant::now();
            for text in texts {
                assert!(route(black_box(text)) > 0, "{name} failed");
            }
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    for ((name, _), seconds) in routes.iter().zip(&best) {
        let (speed, ratio) = (megabytes / seconds, best[0] / seconds);
        println!("{format:5} {name:24} {speed:7.0} MB/s   touchmark's time is {ratio:.2} of its");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = parse
}
criterion_main!(benches);
