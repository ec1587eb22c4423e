//! A terminology service of the caller's: what it is asked, what it answers, and the answers that it has given in a run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use foldhash::fast::FixedState;

/// Knows codes that no loaded definition holds: SNOMED CT, dm+d, LOINC, a local value set. The library asks nobody itself; what
/// answers here may be a table, a database, or a server that the caller has chosen to ask.
///
/// It is asked only where what is loaded cannot decide, and through a [`Consultation`], which asks the same question once. It
/// is asked from all threads that check.
///
/// ```
/// use touchmark::{Checker, Consultation, Library, Membership, Options, Question, RuleGraph, Terminology};
///
/// /// Knows two findings, by the codes of SNOMED CT, and the value set of all of them.
/// struct Findings;
///
/// impl Terminology for Findings {
///     fn ask(&self, question: Question<'_>) -> Result<Membership, String> {
///         if question.system != Some("http://snomed.info/sct") {
///             return Ok(Membership::Unknown);
///         }
///         let terms: &[&str] = match question.code {
///             "22298006" => &["Myocardial infarction", "Heart attack"],
///             "195967001" => &["Asthma"],
///             _ => return Ok(Membership::NotMember),
///         };
///         match question.value_set {
///             None | Some("http://hl7.org/fhir/ValueSet/condition-code") => {
///                 Ok(Membership::Member(terms.iter().map(ToString::to_string).collect()))
///             }
///             Some(_) => Ok(Membership::Unknown),
///         }
///     }
/// }
///
/// let mut library = Library::new();
/// library.add_image(touchmark_packs::image(), |pack| pack.name == "hl7.fhir.core").unwrap();
/// let graph = RuleGraph::new(library);
/// let consultation = Consultation::new(&Findings);
/// let options = Options { terminology: Some(&consultation), ..Options::default() };
///
/// let mut said = Vec::new();
/// for (code, display) in [("22298006", "Heart attack"), ("195967001", "Eczema"), ("138875005", "Anything")] {
///     let condition = format!(
///         r#"{{"resourceType": "Condition", "subject": {{"reference": "Patient/1"}}, "verificationStatus": "confirmed",
///             "clinicalStatus": "active",
///             "code": {{"coding": [{{"system": "http://snomed.info/sct", "code": "{code}", "display": "{display}"}}]}}}}"#
///     );
///     let report = Checker::new(&graph).check(condition.as_bytes(), &options);
///     said.extend(report.findings().map(|f| f.rule.code).filter(|code| code.starts_with("binding")));
/// }
/// assert_eq!(said, ["binding-display", "binding-code-unknown"]);
/// ```
pub trait Terminology: Sync {
    /// Whether a code is in a value set, or in its code system.
    ///
    /// # Errors
    /// Why that could not be found out, as a sentence. It is said in the report of every document that asked; the question is
    /// not asked again in the run.
    fn ask(&self, question: Question<'_>) -> Result<Membership, String>;
}

impl fmt::Debug for dyn Terminology + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminology")
    }
}

/// What a [`Terminology`] is asked of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question<'q> {
    /// The value set in which the code should be, as the profile names it; `None` where the question is whether the code system
    /// has the code.
    pub value_set: Option<&'q str>,
    /// The code system; `None` for a `code`, `string` or `uri`, which has none: then that is meant from which the value set takes
    /// the code.
    pub system: Option<&'q str>,
    /// The code.
    pub code: &'q str,
}

/// What a [`Terminology`] says of a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Membership {
    /// It is in the value set, or the code system has it. What it is called, the usual name first; empty where the service does
    /// not say. A display that is none of these is a finding.
    Member(Vec<String>),
    /// It is not.
    NotMember,
    /// The service does not know the value set, or the code system.
    Unknown,
}

/// What a service said, or why it did not.
pub(crate) type Said = Result<Membership, String>;

/// The longest code that is asked about: what is longer is none.
const LONGEST: usize = 1000;

/// How many answers are kept. What is beyond is asked again each time.
const MOST: usize = 200_000;

/// A terminology service with the answers that it has given. One for a run: all checkers share it, and no question is put
/// twice, also where two threads come upon it at once.
pub struct Consultation<'s> {
    service: &'s dyn Terminology,
    answers: RwLock<HashMap<Key, Arc<OnceLock<Said>>, FixedState>>,
}

/// A question that was asked.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    value_set: Option<Box<str>>,
    system: Option<Box<str>>,
    code: Box<str>,
}

impl<'s> Consultation<'s> {
    /// Nothing has been asked yet.
    pub fn new(service: &'s dyn Terminology) -> Self {
        Consultation { service, answers: RwLock::default() }
    }

    /// How many different questions have been asked, up to the bound of 200,000 that are kept.
    pub fn questions(&self) -> usize {
        self.answers.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The answer to a question, from memory where it is there.
    pub(crate) fn ask(&self, question: Question<'_>) -> Said {
        if question.code.len() > LONGEST {
            return Ok(Membership::Unknown);
        }
        let key = Key {
            value_set: question.value_set.map(Into::into),
            system: question.system.map(Into::into),
            code: question.code.into(),
        };
        let known = self.answers.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let slot = known.unwrap_or_else(|| {
            let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
            if answers.len() < MOST || answers.contains_key(&key) {
                answers.entry(key).or_default().clone()
            } else {
                Arc::default()
            }
        });
        // Outside of the lock: whoever asks something else need not wait for the answer to this.
        slot.get_or_init(|| self.service.ask(question)).clone()
    }
}

impl fmt::Debug for Consultation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consultation").field("questions", &self.questions()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what it is asked; it fails at one code.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Terminology for Counting {
        fn ask(&self, question: Question<'_>) -> Said {
            self.0.fetch_add(1, Ordering::Relaxed);
            match question.code {
                "down" => Err("no answer".to_owned()),
                code => Ok(Membership::Member(vec![code.to_uppercase()])),
            }
        }
    }

    #[test]
    fn a_question_is_asked_once_whoever_asks() {
        let service = Counting::default();
        let consultation = Consultation::new(&service);
        let codes = ["a", "b", "down"];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..300 {
                        let code = codes[round % 3];
                        let said = consultation.ask(Question { value_set: None, system: Some("s"), code });
                        let wanted = match code {
                            "down" => Err("no answer".to_owned()),
                            code => Ok(Membership::Member(vec![code.to_uppercase()])),
                        };
                        assert_eq!(said, wanted);
                    }
                });
            }
        });
        assert_eq!((service.0.load(Ordering::Relaxed), consultation.questions()), (3, 3));
    }

    #[test]
    fn questions_that_differ_in_one_part_are_different() {
        let service = Counting::default();
        let consultation = Consultation::new(&service);
        let ask = |value_set, system, code| consultation.ask(Question { value_set, system, code });
        for (value_set, system, code) in [
            (None, None, "a"),
            (None, Some("a"), "a"),
            (Some("a"), None, "a"),
            (Some("a"), Some("a"), "a"),
            (Some("a"), Some("a"), "aa"),
            (Some("aa"), Some(""), "a"),
            (Some("a"), Some("a"), "a"),
        ] {
            assert!(ask(value_set, system, code).is_ok());
        }
        assert_eq!(service.0.load(Ordering::Relaxed), 6);
        assert_eq!(ask(None, None, &"x".repeat(LONGEST + 1)), Ok(Membership::Unknown));
        assert_eq!(service.0.load(Ordering::Relaxed), 6, "what is no code is not asked about");
    }
}
