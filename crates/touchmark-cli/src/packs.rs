//! `touchmark packs`: what is loaded, and where a canonical is defined.

use serde_json::json;
use touchmark::library::Entry;

use crate::arguments::{Packs, PageFormat};
use crate::definitions;
use crate::{Failure, Status};

/// Runs the command. The exit status is 1 when nothing is found.
pub fn run(arguments: &Packs) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let library = graph.library();
    let package = |entry: &Entry| library.packages()[entry.package as usize].to_string();
    let Some(search) = &arguments.search else {
        let rows = library.packages().iter().enumerate().map(|(number, package)| {
            let count = library.entries().iter().filter(|e| e.package as usize == number).count();
            (package, count)
        });
        match arguments.format {
            PageFormat::Text => rows.for_each(|(package, count)| println!("{count:>6} definitions  {package}")),
            PageFormat::Json => {
                let rows: Vec<_> = rows
                    .map(|(package, count)| json!({"name": package.name, "version": package.version, "definitions": count}))
                    .collect();
                println!("{:#}", json!(rows));
            }
        }
        return Ok(Status::Fine);
    };
    let search = search.to_lowercase();
    let mut found: Vec<&Entry> = library
        .entries()
        .iter()
        .filter(|e| e.url.to_lowercase().contains(&search) || e.name.to_lowercase().contains(&search))
        .collect();
    found.sort_by(|a, b| (&a.url, &a.version, a.package).cmp(&(&b.url, &b.version, b.package)));
    match arguments.format {
        PageFormat::Text => {
            for entry in &found {
                let version = if entry.version.is_empty() { String::new() } else { format!("|{}", entry.version) };
                println!("{}{version}  {}, {}, {}", entry.url, entry.resource, entry.status, package(entry));
            }
        }
        PageFormat::Json => {
            let row = |e: &&Entry| {
                json!({"resource": e.resource, "url": e.url, "version": e.version, "name": e.name, "status": e.status,
                       "type": e.type_name, "base": e.base, "package": package(e)})
            };
            println!("{:#}", json!(found.iter().map(row).collect::<Vec<_>>()));
        }
    }
    Ok(if found.is_empty() { Status::Findings } else { Status::Fine })
}

/// The version of the program and of each pack that it carries.
pub fn version() -> String {
    let mut version = env!("CARGO_PKG_VERSION").to_owned();
    let image = touchmark::image::Image::open(definitions::image()).ok();
    for pack in image.iter().flat_map(|image| &image.packages) {
        version.push_str(&format!("\n{pack}"));
    }
    version
}
