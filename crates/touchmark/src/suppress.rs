//! Suppressions: findings that somebody has looked at and lives with, each with a reason, perhaps until a day.
//!
//! A file of them is TOML, which people can write and comment by hand; `docs/suppressions.md` is its handbook.

mod baseline;
mod path;
mod read;

use globset::{Glob, GlobSet};

use crate::rule::{Rule, Severity};

pub use baseline::Baseline;
pub use path::PathPattern;
pub use read::SuppressionError;

/// The entries of one or more suppression files, in their order.
///
/// What a report leaves out because of them it counts ([`crate::Report::suppressed`]). What says that a document was not looked
/// at (it cannot be read, the check ended early) is never left out.
///
/// ```
/// use touchmark::{Library, RuleGraph, suppress::Suppressions};
///
/// let graph = RuleGraph::new(Library::new());
/// let mut suppressions = Suppressions::default();
/// let text = "[[suppress]]\nrule = 'reference-not-found'\nreason = 'the supplier mends it in March'\nexpires = 2027-03-31\n";
/// suppressions.add("accepted.toml", text, &graph).unwrap();
/// assert_eq!(suppressions.entries()[0].line, 1);
///
/// let wrong = suppressions.add("accepted.toml", "[[suppress]]\nrule = 'reference-lost'\nreason = 'none'\n", &graph);
/// assert_eq!(wrong.unwrap_err()[0].to_string(), "accepted.toml:2: there is no rule reference-lost");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    entries: Vec<Suppression>,
    /// The patterns of documents, to be matched at once, and the entries that they are of: a baseline has thousands, and each
    /// by itself would cost more than the check.
    sources: GlobSet,
    of_source: Vec<usize>,
    /// The entries that are for any document.
    of_any: Vec<usize>,
}

impl Suppressions {
    /// The entries, in the order of the files.
    pub fn entries(&self) -> &[Suppression] {
        &self.entries
    }

    /// The entries that are for a document of this name, with their numbers.
    pub(crate) fn of(&self, source: Option<&str>) -> Vec<(usize, &Suppression)> {
        let mut numbers: Vec<usize> = match source {
            Some(source) => self.sources.matches(source).into_iter().map(|pattern| self.of_source[pattern]).collect(),
            None => Vec::new(),
        };
        numbers.extend(&self.of_any);
        numbers.sort_unstable();
        numbers.into_iter().map(|number| (number, &self.entries[number])).collect()
    }
}

/// One entry: which findings, and why.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The name of the file that it stands in.
    pub file: String,
    /// The line at which it begins there.
    pub line: u32,
    /// A rule code, the id of a rule of a rule file, or the beginning of such with `*` behind.
    pub rule: String,
    /// Why the findings are accepted.
    pub reason: String,
    /// The last day on which it holds, as `YYYY-MM-DD`.
    pub expires: Option<String>,
    path: Option<PathPattern>,
    profile: Option<Profile>,
    source: Option<Glob>,
}

/// A canonical url, perhaps with a version.
#[derive(Clone, Debug)]
struct Profile {
    url: String,
    version: Option<String>,
}

impl Suppression {
    /// Where it stands: `file:line`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Whether its last day is over; never where no time is given. The day is that of the time as it is written.
    pub(crate) fn is_over(&self, now: Option<&str>) -> bool {
        let today = now.and_then(|now| now.get(..10));
        matches!((&self.expires, today), (Some(last), Some(today)) if today > last.as_str())
    }

    /// Whether it is for a rule, by its own code or by the id of the rule of a file that claims the finding.
    pub(crate) fn is_of(&self, code: &str, claim: Option<&str>) -> bool {
        let fits = |code: &str| match self.rule.strip_suffix('*') {
            Some(begin) => code.starts_with(begin),
            None => code == self.rule,
        };
        fits(code) || claim.is_some_and(fits)
    }

    /// Whether it is for a rule that comes from this profile.
    pub(crate) fn is_from(&self, profile: Option<(&str, &str)>) -> bool {
        self.profile.as_ref().is_none_or(|wanted| {
            profile.is_some_and(|(url, version)| {
                url == wanted.url && wanted.version.as_deref().is_none_or(|wanted| wanted == version)
            })
        })
    }

    /// Whether it is for a place; the place is asked for only where that matters.
    pub(crate) fn is_at<'e>(&self, expression: impl FnOnce() -> &'e str) -> bool {
        self.path.as_ref().is_none_or(|pattern| pattern.matches(expression()))
    }
}

/// How many findings of a document an entry is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suppressed {
    /// The number of the entry in [`Suppressions::entries`].
    pub entry: usize,
    /// How many findings.
    pub count: u32,
    /// Whether its day is over, so that the findings are said all the same.
    pub expired: bool,
    /// What a report says of it: where it stands, for which rule it is, and the reason.
    pub text: String,
}

/// What says that a document, or a part of it, was not looked at; nobody can accept what nobody has seen.
pub(crate) fn is_never_suppressed(rule: &Rule) -> bool {
    rule.severity == Severity::Fatal || *rule == crate::report::CUT_SHORT
}
