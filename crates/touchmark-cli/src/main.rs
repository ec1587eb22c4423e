//! The touchmark command.

mod import;
mod sources;

use clap::Parser;

#[derive(Parser)]
enum Command {
    Import(import::ImportArgs),
}

use std::path::{Path, PathBuf};
fn files(path: &Path, out: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut list: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        list.sort();
        for p in list { files(&p, out); }
    } else if path.extension().is_some_and(|e| e == "xml" || e == "json") { out.push(path.into()); }
}
fn main() {
    if matches!(std::env::args().nth(1).as_deref(), Some("import" | "packs")) {
        let Command::Import(args) = Command::parse();
        std::process::exit(i32::from(import::run(&args)));
    }
    let mut args = std::env::args().skip(2);
    let (mut packages, mut paths): (Vec<PathBuf>, Vec<PathBuf>) = (vec![], vec![]);
    let mut packs = true;
    while let Some(a) = args.next() {
        match a.as_str() {
            "--package" => packages.push(args.next().unwrap().into()),
            "--no-packs" => packs = false,
            "--format" | "--level" => { args.next(); }
            _ => paths.push(PathBuf::from(a)),
        }
    }
    let t = std::time::Instant::now();
    let mut library = touchmark::Library::new();
    if packs {
        library.add_image(touchmark_packs::image(), |_| true).unwrap();
        eprintln!("packs {} in {:?}", library.entries().len(), t.elapsed());
    }
    let mut arena = touchmark::document::Arena::new();
    for p in packages {
        library.add_package(&p.display().to_string(), "");
        let mut f = vec![]; files(&p, &mut f);
        for f in f {
            let bytes = std::fs::read(&f).unwrap();
            let names = touchmark::document::Names::new();
            let Ok(text) = touchmark::document::decode(&bytes) else { eprintln!("{f:?}"); continue };
            match touchmark::document::parse(&text, &mut arena, &names, Default::default()) {
                Ok(d) => if let Some(d) = touchmark::definition::read(d) { library.add_definition(d) },
                Err(e) => eprintln!("{f:?} {e}"),
            }
        }
    }
    eprintln!("loaded {} in {:?}", library.entries().len(), t.elapsed());
    let graph = touchmark::RuleGraph::new(library);
    let mut checker = touchmark::Checker::new(&graph);
    let mut f = vec![]; for p in &paths { files(p, &mut f); }
    let t = std::time::Instant::now();
    for f in f {
        let bytes = std::fs::read(&f).unwrap();
        let r = checker.check(&bytes, &Default::default());
        let issues: Vec<_> = r.findings.iter().map(|i| serde_json::json!({"severity": i.severity.code(), "code": i.rule.kind, "details": {"coding":[{"code": i.rule.code}], "text": i.text}, "diagnostics": i.source, "expression": i.expression.iter().collect::<Vec<_>>()})).collect();
        println!("{}", serde_json::json!({"source": f.display().to_string(), "outcome": {"resourceType":"OperationOutcome","issue": issues}}));
    }
    eprintln!("checked in {:?}", t.elapsed());
}
