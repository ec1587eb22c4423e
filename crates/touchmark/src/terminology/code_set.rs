//! A value set, compiled: is this code in it, is it not, or can that not be said with what is loaded?

use std::sync::Arc;

use regex::Regex;

use super::Compiler;
use super::code_system::CodeSystem;
use super::filter::{self, Chosen};
use super::form::Form;
use super::snomed::{Expression, SNOMED, SnomedIndex};
use super::table::Table;
use crate::definition::Text;
use crate::definition::terminology::{Choice, Expansion, Filter, Listed, ValueSet};

/// A value set.
#[derive(Debug, Default)]
pub(crate) struct CodeSet {
    includes: Box<[Part]>,
    excludes: Box<[Part]>,
    /// The codes as somebody else worked them out; asked where the rest cannot say.
    expansion: Option<Expanded>,
    /// What stands for the set when it says nothing of its codes.
    empty: Option<Missing>,
}

/// What a set says of a code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer<'t> {
    /// It is in the set.
    In(Found<'t>),
    /// It is not.
    NotIn,
    /// It may be: something is not loaded.
    Unknown(&'t Missing),
}

/// A code of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'t> {
    /// The code system.
    pub system: &'t str,
    /// What the set calls it; empty when it does not say.
    pub display: &'t str,
}

/// What would have to be loaded to say more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The codes of this code system.
    System(Text),
    /// This value set.
    ValueSet(Text),
    /// Nothing: a filter of this code system that is not understood.
    Filter(Text, Text),
    /// The rest of a value set of which only a part is here.
    Rest,
}

impl Missing {
    /// What is missing, in words.
    pub fn sentence(&self) -> String {
        match self {
            Missing::System(url) => format!("the codes of {url} are not loaded"),
            Missing::ValueSet(url) => format!("the value set {url} is not loaded"),
            Missing::Filter(url, filter) => format!("the filter '{filter}' over {url} cannot be applied"),
            Missing::Rest => "only a part of its codes is here".into(),
        }
    }
}

/// One include or exclude: codes that are in all that it names.
#[derive(Debug)]
struct Part {
    /// The code system; `None` where only value sets are named.
    own: Option<(Text, Codes)>,
    imports: Box<[Import]>,
}

#[derive(Debug)]
enum Import {
    Set(Arc<CodeSet>),
    Missing(Missing),
}

/// The chosen codes of one code system.
#[derive(Debug)]
enum Codes {
    Listed(Box<[Listed]>, Table),
    Whole(Arc<CodeSystem>, Missing),
    Chosen(Arc<CodeSystem>, Chosen, Missing),
    /// Those of a code system that needs no definition, which look like all of these.
    Form(Form, Box<[Regex]>),
    /// Concepts of a SNOMED CT release.
    Snomed(Arc<SnomedIndex>, Expression, Missing),
    Unknown(Missing),
}

#[derive(Debug)]
struct Expanded {
    codes: Box<[(Text, Listed)]>,
    table: Table,
    complete: bool,
}

impl CodeSet {
    pub(super) fn compile(source: &ValueSet, compiler: &mut Compiler<'_>) -> CodeSet {
        let mut parts =
            |choices: &[Choice]| choices.iter().map(|c| Part::compile(c, compiler)).collect::<Box<[Part]>>();
        let (includes, excludes) = (parts(&source.includes), parts(&source.excludes));
        let expansion = source.expansion.as_ref().map(Expanded::new);
        let empty = (includes.is_empty() && !expansion.as_ref().is_some_and(|e| e.complete)).then_some(Missing::Rest);
        CodeSet { includes, excludes, expansion, empty }
    }

    /// All codes of one code system that have its form.
    pub(super) fn of_form(system: &str, form: Form) -> CodeSet {
        let part = Part { own: Some((system.into(), Codes::Form(form, Box::default()))), imports: Box::default() };
        CodeSet { includes: Box::new([part]), ..CodeSet::default() }
    }

    /// Whether a code is in the set; without a system, whether the set has it from any.
    pub fn holds(&self, system: Option<&str>, code: &str) -> Answer<'_> {
        let mut unknown = self.empty.as_ref();
        for part in &self.includes {
            match part.holds(system, code) {
                Answer::NotIn => {}
                Answer::In(found) => match self.excluded(Some(found.system), code) {
                    Answer::In(_) => {}
                    Answer::NotIn => return Answer::In(found),
                    Answer::Unknown(missing) => unknown = unknown.or(Some(missing)),
                },
                Answer::Unknown(missing) => {
                    let system = system.or(part.own.as_ref().map(|(s, _)| &**s));
                    if !matches!(self.excluded(system, code), Answer::In(_)) {
                        unknown = unknown.or(Some(missing));
                    }
                }
            }
        }
        match (&self.expansion, unknown) {
            (Some(expansion), _) if unknown.is_some() || self.includes.is_empty() => {
                expansion.holds(system, code, unknown)
            }
            (_, Some(missing)) => Answer::Unknown(missing),
            _ => Answer::NotIn,
        }
    }

    fn excluded(&self, system: Option<&str>, code: &str) -> Answer<'_> {
        let mut unknown = None;
        for part in &self.excludes {
            match part.holds(system, code) {
                Answer::NotIn => {}
                Answer::In(found) => return Answer::In(found),
                Answer::Unknown(missing) => unknown = unknown.or(Some(missing)),
            }
        }
        unknown.map_or(Answer::NotIn, Answer::Unknown)
    }

    /// Shows the codes of the set (system, code, display) one by one, those that are known, until `stop` says so. Excluded ones
    /// may be among them.
    pub fn each(&self, stop: &mut dyn FnMut(&str, &str, &str) -> bool) -> bool {
        self.includes.iter().any(|part| part.each(stop))
            || self.expansion.as_ref().is_some_and(|e| e.codes.iter().any(|(s, l)| stop(s, &l.code, &l.display)))
    }

    /// What was probably meant by a code of a system that needs no definition.
    pub fn probable(&self, system: Option<&str>, code: &str) -> Option<String> {
        self.includes.iter().find_map(|part| match &part.own {
            Some((own, Codes::Form(form, patterns))) if system.is_none_or(|s| s == &**own) => {
                form.probable(code).filter(|likely| patterns.iter().all(|p| p.is_match(likely)))
            }
            Some(_) => None,
            None => part.imports.iter().find_map(|import| match import {
                Import::Set(set) => set.probable(system, code),
                Import::Missing(_) => None,
            }),
        })
    }

    /// The code systems from which the set takes codes, in its order.
    pub fn systems(&self) -> Vec<&str> {
        let mut systems: Vec<&str> = Vec::new();
        self.add_systems(&mut systems);
        systems
    }

    fn add_systems<'s>(&'s self, systems: &mut Vec<&'s str>) {
        for part in &self.includes {
            match &part.own {
                Some((system, _)) if !systems.contains(&&**system) => systems.push(system),
                Some(_) => {}
                None => part.imports.iter().for_each(|i| {
                    if let Import::Set(set) = i {
                        set.add_systems(systems);
                    }
                }),
            }
        }
    }
}

impl Part {
    fn compile(choice: &Choice, compiler: &mut Compiler<'_>) -> Part {
        let imports = choice
            .value_sets
            .iter()
            .map(|canonical| match compiler.value_set(canonical) {
                Some(set) => Import::Set(set),
                None => Import::Missing(Missing::ValueSet(canonical.clone())),
            })
            .collect();
        let own = (!choice.system.is_empty()).then(|| (choice.system.clone(), Codes::compile(choice, compiler)));
        Part { own, imports }
    }

    #[inline]
    fn holds(&self, system: Option<&str>, code: &str) -> Answer<'_> {
        let mut answer = match &self.own {
            Some((own, _)) if system.is_some_and(|s| s != &**own) => return Answer::NotIn,
            Some((own, codes)) => codes.holds(own, code),
            None => match self.imports.first() {
                Some(first) => first.holds(system, code),
                None => return Answer::NotIn,
            },
        };
        for import in self.imports.iter().skip(usize::from(self.own.is_none())) {
            let system = match (&self.own, &answer) {
                (_, Answer::NotIn) => return Answer::NotIn,
                (Some((own, _)), _) => Some(&**own),
                (None, Answer::In(found)) => Some(found.system),
                (None, Answer::Unknown(_)) => system,
            };
            match import.holds(system, code) {
                Answer::NotIn => return Answer::NotIn,
                Answer::In(_) => {}
                unknown @ Answer::Unknown(_) => answer = unknown,
            }
        }
        answer
    }

    fn each(&self, stop: &mut dyn FnMut(&str, &str, &str) -> bool) -> bool {
        match &self.own {
            Some((system, Codes::Listed(codes, _))) => codes.iter().any(|l| stop(system, &l.code, &l.display)),
            Some((system, Codes::Whole(all, _))) => all.concepts().iter().any(|c| stop(system, &c.code, &c.display)),
            Some((system, Codes::Chosen(all, chosen, _))) => {
                let concepts = all.concepts().iter().zip(0..);
                concepts.filter(|(_, at)| chosen.has(*at)).any(|(c, _)| stop(system, &c.code, &c.display))
            }
            Some(_) => false,
            None => self.imports.iter().any(|i| match i {
                Import::Set(set) => set.each(stop),
                Import::Missing(_) => false,
            }),
        }
    }
}

impl Import {
    fn holds(&self, system: Option<&str>, code: &str) -> Answer<'_> {
        match self {
            Import::Set(set) => set.holds(system, code),
            Import::Missing(missing) => Answer::Unknown(missing),
        }
    }
}

impl Codes {
    fn compile(choice: &Choice, compiler: &Compiler<'_>) -> Codes {
        let system = compiler.code_system(&choice.system, &choice.version);
        let missing = Missing::System(choice.system.clone());
        if !choice.concepts.is_empty() {
            let folds = match system {
                Some(system) => system.folds(),
                None => Form::of_system(&choice.system).is_some_and(Form::folds),
            };
            let table = Table::new(choice.concepts.len(), folds, |at| &choice.concepts[at as usize].code);
            return Codes::Listed(choice.concepts.clone().into(), table);
        }
        if let Some(index) = compiler.library.snomed().filter(|_| *choice.system == *SNOMED) {
            return match Expression::of_filters(&choice.filters) {
                Ok(expression) => Codes::Snomed(index.clone(), expression, missing),
                Err(filter) => Codes::not_understood(choice, filter),
            };
        }
        let Some(system) = system.filter(|s| !s.concepts().is_empty()) else {
            let Some(form) = Form::of_system(&choice.system) else { return Codes::Unknown(missing) };
            return match filter::patterns(&choice.filters) {
                Ok(patterns) => Codes::Form(form, patterns),
                Err(filter) => Codes::not_understood(choice, filter),
            };
        };
        if choice.filters.is_empty() {
            return Codes::Whole(system, missing);
        }
        match filter::choose(&system, &choice.filters) {
            Ok(chosen) => Codes::Chosen(system, chosen, missing),
            Err(filter) => Codes::not_understood(choice, filter),
        }
    }

    fn not_understood(choice: &Choice, filter: &Filter) -> Codes {
        let text = format!("{} {} {}", filter.property, filter.op, filter.value);
        Codes::Unknown(Missing::Filter(choice.system.clone(), text.into()))
    }

    #[inline]
    fn holds<'t>(&'t self, own: &'t str, code: &str) -> Answer<'t> {
        let found = |display: &'t str| Answer::In(Found { system: own, display });
        match self {
            Codes::Listed(codes, table) => match table.find(code, |at| &codes[at as usize].code) {
                Some(at) => found(&codes[at as usize].display),
                None => Answer::NotIn,
            },
            Codes::Whole(system, missing) => match system.find(code) {
                Some(at) => found(&system.concepts()[at as usize].display),
                None if system.is_complete() => Answer::NotIn,
                None => Answer::Unknown(missing),
            },
            Codes::Chosen(system, chosen, missing) => match system.find(code) {
                Some(at) if chosen.has(at) => found(&system.concepts()[at as usize].display),
                None if !system.is_complete() => Answer::Unknown(missing),
                _ => Answer::NotIn,
            },
            Codes::Form(form, patterns) if form.admits(code) && patterns.iter().all(|p| p.is_match(code)) => found(""),
            Codes::Form(..) => Answer::NotIn,
            Codes::Snomed(index, expression, missing) => {
                match code.parse().ok().map(|identifier| index.find(identifier)) {
                    Some(Some(concept)) => match expression.holds(index, concept) {
                        Some(true) => found(""),
                        Some(false) => Answer::NotIn,
                        None => Answer::Unknown(missing),
                    },
                    Some(None) if index.covers(code) => Answer::NotIn,
                    // A code of an edition that is not loaded, or an expression.
                    _ => Answer::Unknown(missing),
                }
            }
            Codes::Unknown(missing) => Answer::Unknown(missing),
        }
    }
}

impl Expanded {
    fn new(source: &Expansion) -> Self {
        let codes: Box<[(Text, Listed)]> = source.codes.clone().into();
        let table = Table::new(codes.len(), false, |at| &codes[at as usize].1.code);
        Expanded { codes, table, complete: source.complete }
    }

    fn holds<'t>(&'t self, system: Option<&str>, code: &str, unknown: Option<&'t Missing>) -> Answer<'t> {
        let fits = |(s, l): &&(Text, Listed)| *l.code == *code && system.is_none_or(|wanted| wanted == &**s);
        let first = self.table.find(code, |at| &self.codes[at as usize].1.code);
        match first.and_then(|at| self.codes[at as usize..].iter().find(fits)) {
            Some((system, listed)) => Answer::In(Found { system, display: &listed.display }),
            None if self.complete => Answer::NotIn,
            None => unknown.map_or(Answer::NotIn, Answer::Unknown),
        }
    }
}
