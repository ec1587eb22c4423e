//! `--suppress` and `--write-suppressions`: what is accepted and left out, what that came to at the end of a run, and a baseline.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use touchmark::suppress::{Baseline, Suppressed, Suppression, Suppressions};
use touchmark::{Report, RuleGraph};

use crate::Failure;
use crate::inputs::{reason, shown};

/// Reads the files.
pub fn read(files: &[PathBuf], graph: &RuleGraph) -> Result<Suppressions, Failure> {
    let mut suppressions = Suppressions::default();
    for file in files {
        let name = shown(file);
        let text = fs::read_to_string(file).map_err(|error| format!("the suppressions {name}: {}", reason(&error)))?;
        suppressions.add(&name, &text, graph).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            lines.join("\nerror: ")
        })?;
    }
    Ok(suppressions)
}

/// How many findings each entry was for in a whole run.
#[derive(Debug)]
pub struct Account<'s> {
    entries: &'s [Suppression],
    counts: Vec<u64>,
    expired: Vec<bool>,
}

impl<'s> Account<'s> {
    pub fn new(suppressions: &'s Suppressions) -> Self {
        let entries = suppressions.entries();
        Account { entries, counts: vec![0; entries.len()], expired: vec![false; entries.len()] }
    }

    /// Adds those of a document.
    pub fn add(&mut self, suppressed: &[Suppressed]) {
        for of in suppressed {
            self.counts[of.entry] += u64::from(of.count);
            self.expired[of.entry] |= of.expired;
        }
    }

    /// What was suppressed by which entry, which are over, and which were for nothing; empty where there are no entries.
    pub fn told(&self) -> String {
        let mut out = String::new();
        let sum: u64 = self.counts.iter().zip(&self.expired).filter(|(_, expired)| !**expired).map(|(n, _)| n).sum();
        let (mut used, mut over, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        for ((entry, count), expired) in self.entries.iter().zip(&self.counts).zip(&self.expired) {
            match (count, expired) {
                (0, _) => unused.push((count, entry)),
                (_, false) => used.push((count, entry)),
                (_, true) => over.push((count, entry)),
            }
        }
        let findings = if sum == 1 { "finding" } else { "findings" };
        for (title, rows) in [
            (format!("suppressed: {sum} {findings}"), used),
            ("expired, so that their findings are said again:".to_owned(), over),
            ("suppressions for which there was no finding:".to_owned(), unused),
        ] {
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(out, "{title}");
            for (count, entry) in rows {
                let until = entry.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
                let _ = writeln!(out, "{count:>8}  {}  {}{until}: {}", entry.place(), entry.rule, entry.reason);
            }
        }
        out
    }
}

/// A baseline that is being gathered, and the new file that it goes to.
#[derive(Debug)]
pub struct Gathering {
    path: PathBuf,
    file: fs::File,
    baseline: Baseline,
}

impl Gathering {
    /// Makes the file. One that is there may hold reasons that nobody has elsewhere, and is left alone.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let file = fs::File::create_new(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!("{} is there already; name another file", shown(path)),
            _ => format!("{} cannot be written: {}", shown(path), reason(&error)),
        })?;
        Ok(Gathering { path: path.to_owned(), file, baseline: Baseline::default() })
    }

    /// Adds what was found in a document.
    pub fn append(&mut self, of: Baseline) {
        self.baseline.append(of);
    }

    /// Writes the file; returns how many entries it has, in a sentence.
    pub fn end(mut self, today: &str) -> Result<String, Failure> {
        let text = self.baseline.write(&format!("found on {today}, not judged yet"));
        let name = shown(&self.path);
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| format!("{name} cannot be written: {}", reason(&error)))?;
        let entries = self.baseline.len();
        Ok(format!("{name}: {entries} {} written", if entries == 1 { "suppression" } else { "suppressions" }))
    }
}

/// What a baseline holds of one document.
pub fn of_document(source: &str, report: &Report) -> Baseline {
    let mut baseline = Baseline::default();
    baseline.add(source, report);
    baseline
}
