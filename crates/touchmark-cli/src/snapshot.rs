//! `touchmark snapshot`: the snapshot that touchmark makes of a profile, and how it compares with the published one.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use touchmark::definition::{self, ElementDefinition};
use touchmark::snapshot::compare::{Comparison, Difference, Field};
use touchmark::{DefinitionId, RuleGraph};

use crate::arguments::{Definitions, PageFormat};
use crate::{Failure, Status, definitions, print, published};

/// Compare the snapshots that touchmark makes with those that profiles were published with, field by field.
///
/// Exit status: 0 every difference is explained, 1 there are others, 2 could not run.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark snapshot --compare conformance/
  touchmark snapshot --compare conformance/ --field type.code --profile Observation")]
pub struct Snapshot {
    /// Files, folders or packages of StructureDefinitions that have a snapshot
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub compare: Vec<PathBuf>,
    /// List the differences in this field (id, min, type.code …)
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// List the differences in profiles whose url holds this
    #[arg(long, value_name = "TEXT")]
    pub profile: Option<String>,
    /// List every difference that is not explained
    #[arg(long)]
    pub unexplained: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    #[command(flatten)]
    pub definitions: Definitions,
}

/// Known differences: profile, field, element, ours, published (with `*` for anything), and the reason.
const EXPLAINED: &str = include_str!("../../../docs/snapshot-differences.tsv");

/// A definition that was published with a snapshot.
struct Published {
    id: DefinitionId,
    rows: Vec<ElementDefinition>,
}

/// Runs the command.
pub fn run(arguments: &Snapshot) -> Result<Status, Failure> {
    let mut library = definitions::library(&arguments.definitions)?;
    let mut published = Vec::new();
    for path in &arguments.compare {
        published::load(&mut library, path, &mut |file| {
            if let published::Found::Definition(id, document) = file {
                published.extend(definition::read_snapshot(document).map(|rows| Published { id, rows }));
            }
        })?;
    }
    let graph = RuleGraph::new(library);
    let reasons = reasons(EXPLAINED);
    let mut sum = Comparison::default();
    let mut explained = [0; Field::ALL.len()];
    let mut differing = [0; Field::ALL.len()];
    let mut listed = Vec::new();
    let mut without = 0;
    for one in &published {
        let url = &*graph.library().entry(one.id).url;
        let Some(comparison) = graph.compare_snapshot(one.id, &one.rows) else {
            without += 1;
            continue;
        };
        for (all, own) in sum.agreed.iter_mut().zip(comparison.agreed) {
            *all += own;
        }
        for difference in comparison.differences {
            let reason = reasons.iter().find(|r| r.fits(url, &difference)).map(|r| r.text);
            differing[difference.field as usize] += 1;
            explained[difference.field as usize] += usize::from(reason.is_some());
            let asked = arguments.field.as_deref().is_some_and(|f| f == difference.field.name())
                || arguments.field.is_none() && arguments.profile.is_some();
            let asked = asked && arguments.profile.as_deref().is_none_or(|p| url.contains(p));
            if asked || arguments.unexplained && reason.is_none() {
                listed.push((url.to_owned(), difference, reason));
            }
        }
    }
    let count = published.len() - without;
    print(&match arguments.format {
        PageFormat::Text => text(count, &sum, &differing, &explained, &listed),
        PageFormat::Json => json(count, &sum, &differing, &explained, &listed),
    });
    if without > 0 {
        eprintln!("warning: {without} definitions could not be used; `touchmark lint` says why");
    }
    let open = differing.iter().sum::<usize>() > explained.iter().sum::<usize>();
    Ok(if open { Status::Findings } else { Status::Fine })
}

type Listed = (String, Difference, Option<&'static str>);
type Counts = [usize; Field::ALL.len()];

fn text(count: usize, sum: &Comparison, differing: &Counts, explained: &Counts, listed: &[Listed]) -> String {
    let mut out = format!("{count} snapshots compared; what neither snapshot says is not counted\n\n");
    let _ = writeln!(out, "{:<24}{:>10}{:>11}{:>11}{:>10}", "field", "agreed", "differing", "explained", "agreed %");
    let mut row = |name: &str, agreed: usize, differing: usize, explained: usize| {
        let _ = writeln!(out, "{name:<24}{agreed:>10}{differing:>11}{explained:>11}{:>10}", percent(agreed, differing));
    };
    for field in Field::ALL {
        let at = field as usize;
        row(field.name(), sum.agreed[at], differing[at], explained[at]);
    }
    row("all", sum.agreed.iter().sum(), differing.iter().sum(), explained.iter().sum());
    for (number, (url, difference, reason)) in listed.iter().enumerate() {
        out.push_str(if number == 0 { "\nprofile\tfield\telement\tours\tpublished\treason\n" } else { "" });
        let Difference { element, field, ours, published } = difference;
        let _ = writeln!(out, "{url}\t{}\t{element}\t{ours}\t{published}\t{}", field.name(), reason.unwrap_or("-"));
    }
    out
}

fn json(count: usize, sum: &Comparison, differing: &Counts, explained: &Counts, listed: &[Listed]) -> String {
    let fields: Vec<_> = Field::ALL
        .iter()
        .map(|f| {
            let at = *f as usize;
            json!({"field": f.name(), "agreed": sum.agreed[at], "differing": differing[at], "explained": explained[at]})
        })
        .collect();
    let differences: Vec<_> = listed
        .iter()
        .map(|(url, d, reason)| {
            json!({"profile": url, "field": d.field.name(), "element": d.element, "ours": d.ours,
                   "published": d.published, "reason": reason})
        })
        .collect();
    format!("{:#}\n", json!({"snapshots": count, "fields": fields, "differences": differences}))
}

/// Percent with two digits, cut rather than rounded: 99.999 is not all.
fn percent(agreed: usize, differing: usize) -> String {
    match (agreed + differing, agreed * 10_000) {
        (0, _) => "-".to_owned(),
        (all, agreed) => format!("{}.{:02}", agreed / all / 100, agreed / all % 100),
    }
}

/// A class of differences that is understood.
struct Reason {
    columns: [&'static str; 5],
    text: &'static str,
}

fn reasons(table: &'static str) -> Vec<Reason> {
    let rows = table.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let (columns, [text]) = columns.split_first_chunk::<5>()? else { return None };
        Some(Reason { columns: *columns, text })
    })
    .collect()
}

impl Reason {
    fn fits(&self, url: &str, difference: &Difference) -> bool {
        let [profile, field, element, ours, published] = self.columns;
        matches(field, difference.field.name())
            && matches(element, &difference.element)
            && matches(ours, &difference.ours)
            && matches(published, &difference.published)
            && matches(profile, url.rsplit('/').next().unwrap_or(url))
    }
}

/// Whether a text goes with a pattern in which `*` is anything; `|` parts alternatives.
fn matches(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| {
        let mut parts = pattern.split('*');
        let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or("")) else { return false };
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            let Some(found) = rest.find(part) else { return false };
            rest = &rest[found + part.len()..];
        }
        rest.ends_with(last)
    })
}
