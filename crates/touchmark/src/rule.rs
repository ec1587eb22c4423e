//! A rule: its stable code, its severity, its sentence and its page. Each is declared once, beside the code that checks it.

/// How bad a finding is (<http://hl7.org/fhir/STU3/valueset-issue-severity.html>), mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Information,
    /// Probably a fault, or one that the specification only advises against.
    Warning,
    /// The document does not conform.
    Error,
    /// The document could not be read.
    Fatal,
}

impl Severity {
    /// All of them, mildest first.
    pub const ALL: [Severity; 4] = [Severity::Information, Severity::Warning, Severity::Error, Severity::Fatal];

    /// The code of the value set `issue-severity`.
    pub const fn code(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }

    /// The severity with this code.
    pub fn of_code(code: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// A rule that a document can break.
///
/// Sentences have places: `{element}` the element concerned, `{subject}` the node (a resource by its type),
/// `{parent}` where it stands, `{found}` and `{wanted}` numbers,
/// `{value}` the value of the node (masked on request), `{detail}` names, urls and codes, `{profile}` where the rule comes from.
#[derive(Debug)]
pub struct Rule {
    /// The stable code; its first word is the kind.
    pub code: &'static str,
    /// The severity, unless a rule file or the caller changes it.
    pub severity: Severity,
    /// The code of the value set `issue-type`.
    pub kind: &'static str,
    /// Whether it is advice: what breaks it conforms, and could be better.
    pub advice: bool,
    /// What is wrong, in one sentence.
    pub says: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// What breaks it. Empty for rules of documents: of those the vectors are the examples.
    pub example: &'static str,
    /// Where the specification says so.
    pub specification: &'static str,
    /// The source file that checks it.
    pub file: &'static str,
    /// The line of its declaration there.
    pub line: u32,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

/// Declares the rules of a file: `NAME = "code", Severity, "issue-type", says …, why …, mend …, at …;` (and `as "advice"` behind
/// the type where it is that), on five lines each, since `line!()` only knows where the macro begins (a test looks every line up).
macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $kind:literal $(as $advice:literal)?,
        says $says:literal, why $why:literal, mend $mend:literal, at $at:literal;)+) => {
        const CODES: &[&str] = &[$($code),+];
        $(pub(crate) static $name: $crate::rule::Rule = $crate::rule::Rule {
            code: $code,
            severity: $crate::rule::Severity::$severity,
            kind: $kind,
            advice: !concat!($($advice)?).is_empty(),
            says: $says,
            why: $why,
            mend: $mend,
            example: "",
            specification: concat!("http://hl7.org/fhir/STU3/", $at),
            file: file!(),
            line: line!() + 1 + 5 * $crate::rule::place(CODES, $code),
        };)+
        /// The rules that this file checks.
        pub(crate) static RULES: &[&$crate::rule::Rule] = &[$(&$name),+];
    };
}
pub(crate) use rules;

/// The place of a code among those of its file.
pub(crate) const fn place(codes: &[&str], code: &str) -> u32 {
    let mut at = 0;
    while at < codes.len() && !alike(codes[at].as_bytes(), code.as_bytes()) {
        at += 1;
    }
    at as u32
}

const fn alike(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
