//! The rule file: what a programme says of its messages, as data. `docs/rule-files.md` is its handbook.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use touchmark_document::Position;

use super::defect::{self, RuleFileError};

/// A rule file, or one of several that make up a rule set: those with the same `url`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleFile {
    /// The schema that editors check the file by.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// The rule set that the file belongs to.
    pub url: String,
    /// The version of the rule set.
    #[serde(default)]
    pub version: String,
    /// What the file is about.
    #[serde(default)]
    pub title: String,
    /// Whether a document is for this rule set, as FHIRPath on its root. One file of a set says it.
    #[serde(default)]
    pub recognise: Option<String>,
    /// Texts that conditions write as `%name`: urls and the like.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// What stands for a document that cannot be read.
    #[serde(default)]
    pub unreadable: Option<Unreadable>,
    /// Places of the message that rules speak of: each a FHIRPath on the root that may use the ones before.
    #[serde(default)]
    pub places: Vec<Place>,
    /// What a message is told apart by, in the order in which it is told.
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
    /// What severities become under a policy.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// Tables of codes, by name.
    #[serde(default)]
    pub tables: BTreeMap<String, Table>,
    /// Profiles that places must meet, whether they claim them or not.
    #[serde(default)]
    pub conform: Vec<Conform>,
    /// Where references must lead.
    #[serde(default)]
    pub links: Vec<Link>,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Severities of the engine's own findings, without a rule of the set.
    #[serde(default)]
    pub severities: Vec<Claim>,
    /// Rules that cannot be decided from a message, with the reason.
    #[serde(default)]
    pub undecided: Vec<Undecided>,
    /// Faults for test messages, each with the rules that must find it.
    #[serde(default)]
    pub mutations: Vec<crate::vectors::Mutation>,
    /// How a response to a message is written.
    #[serde(default)]
    pub acknowledgement: Option<serde_json::Value>,
}

/// Declares a part of a rule file that is for some messages and some places only: each has the same two conditions.
macro_rules! conditional {
    ($(#[$attribute:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $(#[$attribute])*
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub struct $name {
            $($fields)*
            /// For which messages.
            #[serde(default)]
            pub when: When,
            /// Only where this FHIRPath holds: on the node that the part looks at, or on the root where it looks at none.
            #[serde(default, rename = "if")]
            pub condition: Option<String>,
        }
    };
}

/// The rule that a document breaks which cannot be read at all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Unreadable {
    /// The rule.
    pub rule: String,
    /// Texts of which one must stand in the document, so that it is one of these messages.
    pub markers: Vec<String>,
}

/// A named place of the message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Place {
    /// Its name; conditions write `%name`.
    pub name: String,
    /// Where it is: FHIRPath on the root of the document.
    pub is: String,
}

/// Something that messages are told apart by: a kind, an edition, a domain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Dimension {
    /// Its name; conditions write `%name`, `when` uses it as a key.
    pub name: String,
    /// What a report calls it.
    #[serde(default)]
    pub title: String,
    /// The values, the first whose condition holds is taken.
    pub values: Vec<DimensionValue>,
    /// Names for several values together.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Whether a report names it.
    #[serde(default)]
    pub hidden: bool,
}

/// One value of a dimension.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DimensionValue {
    /// The value. FHIRPath in `{}` is evaluated.
    pub value: String,
    /// When it is this one; without a condition always.
    #[serde(default)]
    pub when: Option<String>,
    /// What a report calls it.
    #[serde(default)]
    pub title: String,
}

/// A policy and what it makes of severities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The changes; the first that fits is made.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// A change of severity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Change {
    /// From this severity.
    pub from: Level,
    /// To this one.
    pub to: Level,
    /// Only rules of these authorities.
    #[serde(default)]
    pub authority: Vec<String>,
    /// Only rules that official examples break.
    #[serde(default)]
    pub broken_officially: bool,
}

impl Policy {
    /// The severity of a rule under the policy, which had this one.
    pub fn applied(&self, level: Level, rule_authority: &str, is_broken_officially: bool) -> Level {
        let fits = |change: &&Change| {
            change.from == level
                && (change.authority.is_empty() || change.authority.iter().any(|a| a == rule_authority))
                && (!change.broken_officially || is_broken_officially)
        };
        self.changes.iter().find(fits).map_or(level, |change| change.to)
    }
}

/// A table of codes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Table {
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// The names of the columns behind the key.
    pub columns: Vec<String>,
    /// The rows: the key, then the columns; shorter rows leave the last ones empty. Several values in a column are an array.
    pub rows: BTreeMap<String, Vec<Cell>>,
    /// Other spellings of keys, each with the key that is meant.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

/// One cell of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or an array of texts is wanted")]
pub enum Cell {
    /// One text.
    One(String),
    /// Several.
    Several(Vec<String>),
}

conditional! {
    /// A profile that places must meet.
    #[derive(Clone, Debug, Deserialize)]
    pub struct Conform {
        /// The place.
        pub place: String,
        /// The profile.
        pub profile: String,
    }
}

/// Where a reference must lead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Link {
    /// The place that the selector starts from; without it the root.
    #[serde(default)]
    pub on: Option<String>,
    /// The references, as JSONPath.
    pub select: String,
    /// The types that it may lead to; none for any.
    #[serde(default)]
    pub types: Vec<String>,
    /// When.
    #[serde(default)]
    pub when: When,
    /// What is said where it leads nowhere.
    #[serde(default)]
    pub unresolved: Option<Verdict>,
    /// What is said where it is the absolute url of something that is not in the Bundle; without it as `unresolved`.
    #[serde(default)]
    pub elsewhere: Option<Verdict>,
    /// What is said where it leads to another type.
    #[serde(default)]
    pub wrong_type: Option<Verdict>,
    /// What is said where it only leads there if read kindly: a bare id, `Type/id` beside `urn:uuid:`.
    #[serde(default)]
    pub form: Option<Verdict>,
}

/// A rule with the severity that it has here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verdict {
    /// The rule.
    pub rule: String,
    /// Its severity here; without it the rule's own.
    #[serde(default)]
    pub severity: Option<Level>,
    /// Its sentence here.
    #[serde(default)]
    pub text: Option<String>,
}

/// A rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// Its id: the code of what it finds.
    pub id: String,
    /// What must hold, in a few words.
    #[serde(default)]
    pub title: String,
    /// How bad it is when it does not.
    pub severity: Level,
    /// On whose authority: a letter that policies speak of.
    #[serde(default)]
    pub authority: String,
    /// Whether official examples break it.
    #[serde(default)]
    pub broken_officially: bool,
    /// For which messages.
    #[serde(default)]
    pub when: When,
    /// Other severities for some messages; the first that fits.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// Silent where one of these rules has spoken.
    #[serde(default)]
    pub unless: Vec<String>,
    /// The sentence; FHIRPath in `{}` is evaluated where the finding is.
    #[serde(default)]
    pub text: Option<String>,
    /// How to mend it.
    #[serde(default)]
    pub mend: Option<String>,
    /// Where the sources contradict each other: what is done about it.
    #[serde(default)]
    pub contradiction: Option<String>,
    /// Findings of the engine that are this rule's.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// What it looks at itself.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// Another severity for some messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Case {
    /// For which messages.
    pub when: When,
    /// The severity there.
    pub severity: Level,
}

conditional! {
    /// A finding of the engine that a rule takes as its own.
    #[derive(Clone, Debug, Default, Deserialize)]
    pub struct Claim {
        /// The codes of the engine.
        #[serde(deserialize_with = "one_or_several")]
        pub code: Vec<String>,
        /// The profile that is broken; any when none is given.
        #[serde(default, deserialize_with = "one_or_several")]
        pub profile: Vec<String>,
        /// The element: its id in the profile or its path in the resource; a regular expression between slashes; any when none is
        /// given.
        #[serde(default, deserialize_with = "one_or_several")]
        pub element: Vec<String>,
        /// What the detail of the finding begins with: the key of an invariant, a name.
        #[serde(default, deserialize_with = "one_or_several")]
        pub key: Vec<String>,
        /// The places in whose resource it must lie; any when none is given.
        #[serde(default, rename = "in", deserialize_with = "one_or_several")]
        pub places: Vec<String>,
        /// The severity here; without it the rule's.
        #[serde(default)]
        pub severity: Option<Level>,
        /// The sentence here; `{finding}` is the engine's own.
        #[serde(default)]
        pub text: Option<String>,
    }
}

conditional! {
    /// Something that a rule looks at.
    #[derive(Clone, Debug, Deserialize)]
    pub struct Check {
        /// The place that the selector starts from; without it the root.
        #[serde(default)]
        pub on: Option<String>,
        /// The nodes that the condition is asked of, as JSONPath; without it the place itself.
        #[serde(default)]
        pub select: Option<String>,
        /// What must hold there, as FHIRPath; where it is false there is a finding. Empty says nothing.
        pub must: String,
        /// Where the finding is: FHIRPath from the node; without it the node itself.
        #[serde(default)]
        pub at: Option<String>,
        /// The severity here; without it the rule's.
        #[serde(default)]
        pub severity: Option<Level>,
        /// The sentence here.
        #[serde(default)]
        pub text: Option<String>,
        /// Silent where one of these rules has spoken.
        #[serde(default)]
        pub unless: Vec<String>,
        /// Whether one finding is enough.
        #[serde(default)]
        pub once: bool,
    }
}

conditional! {
    /// A rule that nobody can decide from a message alone.
    #[derive(Clone, Debug, Deserialize)]
    pub struct Undecided {
        /// The rule.
        pub id: String,
        /// Why.
        pub reason: String,
        /// Whether a report says so at all, or only the documentation.
        #[serde(default)]
        pub said: bool,
    }
}

/// For which messages: values or groups by dimension; all dimensions must fit. `!value` excludes.
pub type When = BTreeMap<String, Strings>;

/// One text or several.
#[derive(Clone, Debug, Default)]
pub struct Strings(pub Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_several(deserializer).map(Strings)
    }
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or an array of texts is wanted")]
    enum Either {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::One(one) => vec![one],
        Either::Several(several) => several,
    })
}

/// A severity as rule files write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Does not conform.
    Error,
    /// Probably a fault.
    Warning,
    /// Worth knowing.
    Information,
    /// Not said at all.
    Silent,
    /// As the engine found it.
    Found,
}

impl Level {
    /// The word for it in rule files.
    pub const fn code(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Information => "information",
            Level::Silent => "silent",
            Level::Found => "found",
        }
    }
}

impl RuleFile {
    /// Whether a text is meant to be a rule file: a JSON object with a `url` and a part of a rule file, and no FHIR resource.
    pub fn is_meant(text: &str) -> bool {
        // Definitions are many and large, and say early what they are.
        let begin: String = text.chars().take(200).collect();
        if begin.contains("\"resourceType\"") {
            return false;
        }
        let parts = ["recognise", "places", "dimensions", "tables", "links", "rules", "mutations", "acknowledgement"];
        let has = |name: &str| text.contains(&format!("\"{name}\""));
        match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(fields)) => {
                fields.contains_key("url")
                    && !fields.contains_key("resourceType")
                    && parts.iter().any(|p| fields.contains_key(*p))
            }
            Ok(_) => false,
            // What is no JSON is told by its words, so that somebody hears what is wrong with it.
            Err(_) => begin.trim_start().starts_with('{') && has("url") && parts.iter().any(|p| has(p)),
        }
    }

    /// Reads a rule file.
    ///
    /// # Errors
    /// What is no JSON, has unknown or misses needed properties; with the place.
    pub fn read(name: &str, text: &str) -> Result<RuleFile, RuleFileError> {
        if let Ok(file) = serde_json::from_str(text) {
            return Ok(file);
        }
        // Once more for the place of the error: to keep account of it doubles the time.
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|e| RuleFileError {
            file: name.to_owned(),
            pointer: pointer(e.path()),
            within: None,
            position: (e.inner().line() > 0)
                .then(|| Position { line: e.inner().line() as u32, column: e.inner().column() as u32 }),
            rule: &defect::FORM,
            reason: reason(e.inner()),
        })
    }
}

/// What a reader of JSON complains of; the place is said apart.
pub(crate) fn reason(trouble: &serde_json::Error) -> String {
    let text = trouble.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}
