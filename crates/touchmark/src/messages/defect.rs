//! The kinds of defects that rule files have: what each means for messages, and where in the file it is.

use std::fmt;

use touchmark_document::Position;

use crate::rule::{Rule, rules};

rules! {
    FORM = "definition-rule-form", Error, "processing",
        says "{detail}",
        why "A rule file with a property or a type that it cannot have is not used at all, so that none of its rules is checked.",
        mend "Write what docs/rule-file.schema.json allows there; an editor that knows the schema offers it.",
        at "profiling.html";
    REPEATED = "definition-rule-repeated", Error, "processing",
        says "{detail}",
        why "Two things of one name cannot be told apart: findings and references mean either.",
        mend "Give one of them another name, or remove it.",
        at "profiling.html";
    SELECTOR = "definition-rule-selector", Error, "processing",
        says "{detail}",
        why "Nothing is selected, so that the check or link never looks at anything.",
        mend "Write JSONPath (RFC 9535): $.entry[*].resource.",
        at "profiling.html";
    CONDITION = "definition-rule-condition", Error, "processing",
        says "{detail}",
        why "What cannot be read cannot be asked: the check, claim or value is left out.",
        mend "Write FHIRPath; docs/rule-files.md lists the functions beyond it.",
        at "fhirpath.html";
    NAME = "definition-rule-name", Error, "processing",
        says "{detail}",
        why "What is named is in no file of the rule set, so that the part that names it never applies.",
        mend "Correct the name, or lint all files of the rule set together.",
        at "profiling.html";
    CLAIM = "definition-rule-claim", Error, "processing",
        says "{detail}",
        why "No finding can ever fit, so that what the rule was written for is said under another rule or not at all.",
        mend "Name what touchmark explain lists, or load the package that has the definition with --package.",
        at "profiling.html";
    SENTENCE = "definition-rule-sentence", Error, "processing",
        says "{detail}",
        why "Whoever reads the finding is told the title of the rule, and not what is wrong.",
        mend "Write text at the check or at the rule.",
        at "profiling.html";
    NEVER = "definition-rule-never", Warning, "processing",
        says "{detail}",
        why "The part looks as if it were checked, and no message can ever come to it.",
        mend "Correct the condition, or remove the part.",
        at "profiling.html";
    IDLE = "definition-rule-idle", Warning, "processing",
        says "{detail}",
        why "The rule stands in lists of what is checked, and nothing can break it.",
        mend "Give it a claim, a check or a link, or list it under undecided with the reason.",
        at "profiling.html";
}

/// What is wrong with a rule file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFileError {
    /// The file's name, as given.
    pub file: String,
    /// The JSON pointer of the place; empty for the file as a whole.
    pub pointer: String,
    /// How far in the text at that place, in bytes, where a part of it is meant.
    pub within: Option<usize>,
    /// The line and column, where the text of the file has been looked at again.
    pub position: Option<Position>,
    /// The kind of defect.
    pub rule: &'static Rule,
    /// What is wrong.
    pub reason: String,
}

impl RuleFileError {
    /// What is done with the file as it is.
    pub fn instead(&self) -> &'static str {
        match self.rule {
            rule if *rule == FORM => "The file is not used.",
            rule if *rule == REPEATED => "The last one is meant by its name.",
            rule if *rule == NEVER || *rule == IDLE => "It is carried along.",
            rule if *rule == SENTENCE => "The title is said.",
            _ => "The part is left out, and the rest is used.",
        }
    }
}

impl fmt::Display for RuleFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.pointer.is_empty() {
            write!(f, "{}{}", if self.position.is_some() { " " } else { "#" }, self.pointer)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for RuleFileError {}
