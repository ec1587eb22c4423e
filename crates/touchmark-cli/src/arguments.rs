//! What the command understands: subcommands, options, their help and their examples.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use touchmark::{Advice, RuleGraph, Severity, Values};

use crate::Failure;
use crate::acknowledge::Acknowledge;
use crate::coverage::Coverage;
use crate::import::ImportArgs;
use crate::vectors::Vectors;

/// Checks FHIR STU3 messages against profiles, exactly and fast.
#[derive(Parser, Debug)]
#[command(
    name = "touchmark",
    arg_required_else_help = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
Examples:
  touchmark check message.xml
  touchmark explain cardinality-minimum"
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Print the versions of the program and of its packs
    #[arg(short = 'V', long)]
    pub version: bool,
    /// Print this page
    // One page, short enough for a screen, for -h and --help alike.
    #[arg(short, long, global = true, display_order = 1000, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Check(Check),
    Explain(Explain),
    Packs(Packs),
    Import(ImportArgs),
    Diff(crate::diff::Diff),
    Fhirpath(crate::fhirpath::Fhirpath),
    Lint(crate::lint::Lint),
    Snapshot(crate::snapshot::Snapshot),
    #[command(subcommand)]
    Vectors(Vectors),
    Coverage(Coverage),
    Acknowledge(Acknowledge),
}

/// Check documents: files, folders of *.xml and *.json, or - for standard input.
///
/// In folders, links are not followed; how many there were is said at the end.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status: 0 no errors, 1 errors found, 2 something could not be run; the rest is checked.

Examples:
  touchmark check message.xml --profile https://example.org/StructureDefinition/Message
  touchmark check archive/ --format ndjson --jobs 4 > outcomes.ndjson")]
pub struct Check {
    /// Files, folders, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<OsString>,
    /// A profile that the root must meet beside its own; may be repeated
    #[arg(long, value_name = "URL")]
    pub profile: Vec<String>,
    #[command(flatten)]
    pub definitions: Definitions,
    #[command(flatten)]
    pub judging: Judging,
    /// A MESH control file, or Mex- headers; beside: each message's NAME.ctl
    #[arg(long, value_name = "FILE|beside")]
    pub mesh: Option<PathBuf>,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The mildest findings to show; the exit status stays
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    pub level: Level,
    /// The mildest finding that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub fail_on: FailOn,
    /// Say advice, and best practice, at this level
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub advice: Option<AdviceLevel>,
    /// Tell which mustSupport elements are absent, at level information
    #[arg(long)]
    pub must_support: bool,
    /// Change a severity: reference-not-found=error; may be repeated
    #[arg(long, value_name = "RULE=LEVEL", value_parser = severity)]
    pub severity: Vec<(String, Severity)>,
    /// Leave out the findings that this file accepts; may be repeated
    #[arg(long, value_name = "FILE")]
    pub suppress: Vec<PathBuf>,
    /// Write the findings that are shown into a new file of suppressions
    #[arg(long, value_name = "FILE")]
    pub write_suppressions: Option<PathBuf>,
    /// Quote values or tell their form only [default: show in text, mask in other formats]
    #[arg(long, value_enum)]
    pub values: Option<Quote>,
    /// Documents checked at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// The deepest nesting that is read
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub max_depth: u32,
    /// The largest document that is read, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=2047))]
    pub max_size: u32,
    /// The most findings that a document may have
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_findings: u32,
    /// The longest that one document may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_time: u64,
}

/// How messages are judged by the rule files.
#[derive(Args, Clone, Debug, Default)]
pub struct Judging {
    /// How severe the rules about messages are: default, strict, archive
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,
    /// The edition of messages, instead of the one that they show
    #[arg(long, value_name = "NAME")]
    pub edition: Option<String>,
    /// The domain of messages, instead of the one that they show
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
}

impl Judging {
    /// As the library wants it, if the rule files know what is named.
    pub fn judging(&self, graph: &RuleGraph) -> Result<touchmark::Judging, Failure> {
        let named = [("edition", &self.edition), ("domain", &self.domain)];
        let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        let judging =
            touchmark::Judging { policy: self.policy.clone(), named: named.collect(), envelope: None, off: false };
        judging.check(graph)?;
        Ok(judging)
    }
}

/// The definitions to check by.
#[derive(Args, Debug)]
pub struct Definitions {
    /// Definitions that stand before all packs: a folder, a file, a .tgz, or name@version; may be repeated
    #[arg(long, value_name = "PACKAGE")]
    pub package: Vec<PathBuf>,
    /// The packs to use, with commas, or none [default: all]; name@1.0 lets its versions 1.0 and 1.0.x judge
    #[arg(long, value_name = "LIST")]
    pub packs: Option<String>,
    /// Codes to check by: ValueSets, CodeSystems, lists (code, tab, display), a SNOMED CT RF2 folder; may be repeated
    #[arg(long, value_name = "PATH")]
    pub terminology: Vec<PathBuf>,
    /// Where indexes of SNOMED CT are kept [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    pub terminology_cache: Option<PathBuf>,
    /// Refuse packages with a definition of which a rule would have to be dropped, instead of checking by the rest
    #[arg(long = "strict-definitions")]
    pub strict: bool,
}

/// Explain a rule by its code, an invariant by its key, or a profile by its url, name or id: what it requires, and where each
/// rule comes from.
///
/// Of a rule about messages: how severe it is under each policy, how it is found, what it says, and where its file has it.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark explain per-1
  touchmark explain Patient Patient.name")]
pub struct Explain {
    /// A rule code, the id of a rule about messages, the key of an invariant, or the url or name of a profile
    #[arg(value_name = "CODE|KEY|PROFILE")]
    pub subject: String,
    /// An element of the profile, by its id (Patient.name.family); what is below it is shown too
    pub element: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    #[command(flatten)]
    pub definitions: Definitions,
}

/// List the packs and packages that are loaded, or search them for a canonical: the version marked * judges.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  touchmark packs allergy --package my-profiles/
  touchmark packs --terminology SnomedCT_Release/     # makes the index of a release beforehand")]
pub struct Packs {
    /// Part of a canonical url or of a name, in any case, perhaps with |version
    pub search: Option<String>,
    /// Write the packs of a folder as Markdown: a table of them, and every canonical
    #[arg(long, value_name = "DIR", conflicts_with = "search")]
    pub markdown: Option<PathBuf>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    #[command(flatten)]
    pub definitions: Definitions,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Format {
    /// For people, with the place in the source
    #[default]
    Text,
    /// An OperationOutcome; a Bundle of them for several documents
    Json,
    /// The same in XML
    Xml,
    /// One line a document: {"source": …, "outcome": …}
    Ndjson,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PageFormat {
    #[default]
    Text,
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    Error,
    Warning,
    Information,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Severity {
        match level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Information => Severity::Information,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    Error,
    Warning,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Severity {
        match fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdviceLevel {
    Off,
    Information,
    Warning,
}

impl From<AdviceLevel> for Advice {
    fn from(level: AdviceLevel) -> Advice {
        match level {
            AdviceLevel::Off => Advice::Off,
            AdviceLevel::Information => Advice::At(Severity::Information),
            AdviceLevel::Warning => Advice::At(Severity::Warning),
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quote {
    Show,
    Mask,
}

impl From<Quote> for Values {
    fn from(quote: Quote) -> Values {
        match quote {
            Quote::Show => Values::Show,
            Quote::Mask => Values::Mask,
        }
    }
}

/// Reads `RULE=LEVEL`.
fn severity(text: &str) -> Result<(String, Severity), String> {
    let (rule, level) = text.split_once('=').ok_or("write RULE=LEVEL, as in reference-not-found=error")?;
    let level = Severity::of_code(level).filter(|level| *level != Severity::Fatal);
    Ok((rule.to_owned(), level.ok_or("the level is error, warning or information")?))
}
