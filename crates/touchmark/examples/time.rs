//! Times parsing and checking over a folder of examples (development only).
use std::path::{Path, PathBuf};
fn files(path: &Path, out: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut list: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        list.sort();
        for p in list { files(&p, out); }
    } else if path.extension().is_some_and(|e| e == "xml" || e == "json") { out.push(path.into()); }
}
fn main() {
    let mut library = touchmark::Library::new();
    let mut arena = touchmark::document::Arena::new();
    for p in ["/tmp/td/hl7.fhir.core-3.0.1/package", "/tmp/td/nhs-stu3/conformance"] {
        library.add_package(p, "");
        let mut f = vec![]; files(Path::new(p), &mut f);
        for f in f {
            let bytes = std::fs::read(&f).unwrap();
            let names = touchmark::document::Names::new();
            let Ok(text) = touchmark::document::decode(&bytes) else { continue };
            if let Ok(d) = touchmark::document::parse(&text, &mut arena, &names, Default::default()) {
                if let Some(d) = touchmark::definition::read(d) { library.add_definition(d) }
            }
        }
    }
    let graph = touchmark::RuleGraph::new(library);
    let mut f = vec![]; for p in std::env::args().skip(1) { files(Path::new(&p), &mut f); }
    let all: Vec<(bool, Vec<u8>)> = f.iter().map(|f| (f.extension().unwrap() == "xml", std::fs::read(f).unwrap())).collect();
    for xml in [false, true] {
        let set: Vec<&Vec<u8>> = all.iter().filter(|a| a.0 == xml).map(|a| &a.1).collect();
        let mb = set.iter().map(|b| b.len()).sum::<usize>() as f64 / 1e6;
        let mut checker = touchmark::Checker::new(&graph);
        let options = touchmark::Options::default();
        for b in &set { checker.check(b, &options); }
        for _ in 0..2 {
            let t = std::time::Instant::now();
            for b in &set { if let Ok(s) = touchmark::document::decode(b) { let _ = touchmark::document::parse(&s, &mut arena, graph.names(), Default::default()); } }
            let p = t.elapsed();
            let t = std::time::Instant::now();
            let mut n = 0;
            for b in &set { n += checker.check(b, &options).findings.len(); }
            let c = t.elapsed();
            println!("xml {xml}: {} files {mb:.1} MB; parse {p:?} {:.0} MB/s; check {c:?} {:.0} MB/s; {n} findings", set.len(), mb / p.as_secs_f64(), mb / c.as_secs_f64());
        }
    }
}
