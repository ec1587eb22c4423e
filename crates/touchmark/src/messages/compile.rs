//! Rule files compiled: the files of a set put together, every selector, condition and sentence parsed, every name looked up.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use touchmark_document::Names;
use touchmark_fhirpath::{Expression, ParseError};

use super::defect::{self, RuleFileError};
use super::file::{Level, Policy, RuleFile, Verdict, When};
use super::functions::{FUNCTIONS, Tables};
use super::pattern::Pattern;
use super::selector::Selector;
use super::sentence::Sentence;
use crate::rule::Rule as EngineRule;

/// A compiled rule set.
#[derive(Debug, Default)]
pub(crate) struct RuleSet {
    pub url: Arc<str>,
    pub version: Arc<str>,
    pub title: Arc<str>,
    pub recognise: Option<Expression>,
    pub constants: Constants,
    /// The rule that an unreadable document breaks, and what must stand in it.
    pub unreadable: Option<(u32, Vec<String>)>,
    pub places: Vec<(Box<str>, Expression)>,
    pub dimensions: Vec<Dimension>,
    /// The values of dimensions that something is limited to; a message is compared with them once.
    pub values: Vec<Box<str>>,
    /// The limits by the number of a [`Fitting`]: many parts have the same, and a message is compared with each once.
    pub limits: Vec<Vec<Limit>>,
    pub policies: Vec<Policy>,
    pub tables: Tables,
    pub conform: Vec<Conform>,
    /// What links and checks look at.
    pub selections: Vec<Selection>,
    pub links: Vec<Link>,
    pub rules: Vec<Rule>,
    /// The numbers of the rules in the order of their ids.
    pub by_id: Vec<u32>,
    /// All claims, in the order of the files.
    pub claims: Vec<Claim>,
    /// The numbers of the claims that take findings of a rule of the engine, by its code.
    pub claims_of: HashMap<&'static str, Vec<u32>, FixedState>,
    pub undecided: Vec<Undecided>,
    pub mutations: Vec<crate::vectors::Mutation>,
    pub acknowledgement: Option<serde_json::Value>,
    /// What could not be compiled, and was left out.
    pub errors: Vec<RuleFileError>,
}

/// Texts that conditions write as `%name`. They are made part of the conditions when these are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants(HashMap<Box<str>, Box<str>, FixedState>);

impl Constants {
    /// An expression with the constants in it.
    ///
    /// # Errors
    /// Where and why the text is none.
    pub fn read(&self, text: &str) -> Result<Expression, ParseError> {
        let mut expression = Expression::parse_with(text, FUNCTIONS)?;
        expression.bind_texts(&|name| self.0.get(name).cloned());
        Ok(expression)
    }
}

/// A rule that cannot be decided, and whether a report says so.
#[derive(Debug)]
pub(crate) struct Undecided {
    pub id: Box<str>,
    pub reason: Box<str>,
    pub when: Fitting,
    pub condition: Option<Expression>,
    pub said: bool,
}

#[derive(Debug)]
pub(crate) struct Dimension {
    pub name: Arc<str>,
    /// What a report calls it.
    pub title: Arc<str>,
    pub hidden: bool,
    pub values: Vec<(Sentence, Option<Expression>, Arc<str>)>,
}

#[derive(Debug)]
pub(crate) struct Conform {
    pub place: u32,
    pub profile: Box<str>,
    pub when: Fitting,
    pub condition: Option<Expression>,
}

/// The nodes that a selector finds from each node of a place, or the place itself. Many rules look at the same, which is
/// found once a message.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The place; `None` for the message.
    pub on: Option<u32>,
    pub select: Option<Selector>,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// The number of the selection.
    pub nodes: u32,
    pub types: Vec<Box<str>>,
    pub when: Fitting,
    pub unresolved: Option<Ruled>,
    pub elsewhere: Option<Ruled>,
    pub wrong_type: Option<Ruled>,
    pub form: Option<Ruled>,
}

/// A rule with the severity and the sentence that a link or a claim gives it.
#[derive(Debug)]
pub(crate) struct Ruled {
    pub rule: u32,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub title: Box<str>,
    pub severity: Level,
    pub authority: Box<str>,
    pub broken_officially: bool,
    pub when: Fitting,
    pub cases: Vec<(Fitting, Level)>,
    pub unless: Vec<Box<str>>,
    pub text: Option<Sentence>,
    pub mend: Box<str>,
    pub checks: Vec<Check>,
}

#[derive(Debug)]
pub(crate) struct Claim {
    /// `None` for a severity without a rule.
    pub rule: Option<u32>,
    /// The engine's rules whose findings it takes.
    pub of: Vec<&'static EngineRule>,
    pub profiles: Vec<String>,
    pub elements: Vec<Pattern>,
    pub keys: Vec<String>,
    pub places: Vec<u32>,
    pub condition: Option<Expression>,
    pub when: Fitting,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
}

#[derive(Debug)]
pub(crate) struct Check {
    /// The number of the selection.
    pub nodes: u32,
    pub condition: Option<Expression>,
    pub must: Expression,
    pub at: Option<Expression>,
    pub when: Fitting,
    pub severity: Option<Level>,
    pub text: Option<Sentence>,
    pub unless: Vec<Box<str>>,
    pub once: bool,
    /// The JSON pointer, for an error that only an evaluation shows.
    pub pointer: Box<str>,
}

/// Something that is there and cannot be read, which has been said.
struct Unread;

/// What a dimension must be: one of these values, and none of those, by their numbers in [`RuleSet::values`].
#[derive(Debug, PartialEq)]
pub(crate) struct Limit {
    pub dimension: u32,
    pub any: Vec<u32>,
    pub none: Vec<u32>,
}

/// To which messages something is limited: the number of its limits in [`RuleSet::limits`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitting(pub u32);

/// Puts files together by their `url` and compiles them; the sets are in the order of their first files.
pub(crate) fn compile(files: Vec<(String, RuleFile)>, names: &Names) -> Vec<RuleSet> {
    let mut groups: Vec<(String, Vec<(String, RuleFile)>)> = Vec::new();
    for (name, file) in files {
        match groups.iter_mut().find(|(url, _)| *url == file.url) {
            Some((_, group)) => group.push((name, file)),
            None => groups.push((file.url.clone(), vec![(name, file)])),
        }
    }
    groups.into_iter().map(|(url, group)| Compiler::new(names, &group).set(url, group)).collect()
}

/// The number of a dimension, its groups and its values.
type Known = (u32, HashMap<String, Vec<String>>, Vec<String>);

struct Compiler<'n> {
    names: &'n Names,
    constants: Constants,
    places: HashMap<String, u32>,
    dimensions: HashMap<String, Known>,
    rules: HashMap<String, u32>,
    /// The values that limits speak of, with their numbers.
    values: HashMap<String, u32>,
    /// The limits, with their numbers.
    limits: Vec<Vec<Limit>>,
    /// The selections by place and selector, with their numbers.
    selections: HashMap<(Option<u32>, Option<String>), u32>,
    file: String,
    errors: Vec<RuleFileError>,
}

impl<'n> Compiler<'n> {
    fn new(names: &'n Names, group: &[(String, RuleFile)]) -> Self {
        let mut compiler = Compiler {
            names,
            constants: Constants::default(),
            places: HashMap::new(),
            dimensions: HashMap::new(),
            rules: HashMap::new(),
            values: HashMap::new(),
            limits: Vec::new(),
            selections: HashMap::new(),
            file: String::new(),
            errors: Vec::new(),
        };
        for (name, file) in group {
            compiler.file.clone_from(name);
            for (name, text) in &file.constants {
                compiler.constants.0.entry(name.as_str().into()).or_insert_with(|| text.as_str().into());
            }
            for (at, place) in file.places.iter().enumerate() {
                let number = compiler.places.len() as u32;
                if compiler.places.insert(place.name.clone(), number).is_some() {
                    compiler.error(
                        &defect::REPEATED,
                        &format!("/places/{at}/name"),
                        format!("the place {} is there already", place.name),
                    );
                }
            }
            for (at, dimension) in file.dimensions.iter().enumerate() {
                let number = compiler.dimensions.len() as u32;
                let values = dimension.values.iter().map(|v| v.value.clone()).collect();
                let groups = dimension.groups.clone().into_iter().collect();
                if compiler.dimensions.insert(dimension.name.clone(), (number, groups, values)).is_some() {
                    compiler.error(
                        &defect::REPEATED,
                        &format!("/dimensions/{at}/name"),
                        format!("{} is there already", dimension.name),
                    );
                }
            }
            for (at, rule) in file.rules.iter().enumerate() {
                let number = compiler.rules.len() as u32;
                if compiler.rules.insert(rule.id.clone(), number).is_some() {
                    compiler.error(
                        &defect::REPEATED,
                        &format!("/rules/{at}/id"),
                        format!("the rule {} is there already", rule.id),
                    );
                }
            }
        }
        compiler
    }

    fn error(&mut self, rule: &'static EngineRule, pointer: &str, reason: String) {
        self.error_in(rule, pointer, None, reason);
    }

    fn error_in(&mut self, rule: &'static EngineRule, pointer: &str, within: Option<usize>, reason: String) {
        let (file, pointer) = (self.file.clone(), pointer.to_owned());
        self.errors.push(RuleFileError { file, pointer, within, position: None, rule, reason });
    }

    fn expression(&mut self, text: &str, pointer: &str) -> Option<Expression> {
        self.expression_at(text, pointer, 0)
    }

    /// As [`Compiler::expression`], `start` bytes into the text at the pointer.
    fn expression_at(&mut self, text: &str, pointer: &str, start: usize) -> Option<Expression> {
        match self.constants.read(text) {
            Ok(mut expression) => {
                expression.bind(self.names);
                Some(expression)
            }
            Err(e) => {
                self.error_in(&defect::CONDITION, pointer, Some(start + e.offset), e.reason);
                None
            }
        }
    }

    /// A condition that need not be there. Where it is there and cannot be read, what it limits must not go without it.
    fn optional(&mut self, text: Option<&String>, pointer: &str) -> Result<Option<Expression>, Unread> {
        text.map(|t| self.expression(t, pointer).ok_or(Unread)).transpose()
    }

    fn sentence(&mut self, text: &str, pointer: &str) -> Sentence {
        Sentence::parse(text, |part, start| self.expression_at(part, pointer, start))
    }

    fn optional_sentence(&mut self, text: Option<&String>, pointer: &str) -> Option<Sentence> {
        text.map(|t| self.sentence(t, pointer))
    }

    fn selector(&mut self, text: &str, pointer: &str) -> Option<Selector> {
        let parsed = Selector::parse(text, self.names);
        parsed.map_err(|e| self.error_in(&defect::SELECTOR, pointer, e.offset, e.reason)).ok()
    }

    /// The number of a selection, which is added to the set when it is new.
    fn selection(
        &mut self,
        set: &mut RuleSet,
        on: Option<&String>,
        select: Option<&String>,
        pointer: &str,
    ) -> Result<u32, Unread> {
        // Both are looked at, so that all that is wrong is said.
        let on = on.map(|on| self.place(on, &format!("{pointer}/on")).ok_or(Unread)).transpose();
        let key = (on.as_ref().ok().copied().flatten(), select.cloned());
        if on.is_ok()
            && let Some(known) = self.selections.get(&key)
        {
            return Ok(*known);
        }
        let select = select.map(|s| self.selector(s, &format!("{pointer}/select")).ok_or(Unread)).transpose();
        let number = set.selections.len() as u32;
        set.selections.push(Selection { on: on?, select: select? });
        self.selections.insert(key, number);
        Ok(number)
    }

    fn place(&mut self, name: &str, pointer: &str) -> Option<u32> {
        let found = self.places.get(name).copied();
        if found.is_none() {
            self.error(&defect::NAME, pointer, format!("there is no place {name}"));
        }
        found
    }

    fn when(&mut self, when: &When, pointer: &str) -> Fitting {
        let mut limits = Vec::new();
        for (name, wanted) in when {
            let Some((dimension, groups, known)) = self.dimensions.get(name) else {
                self.error(&defect::NAME, &format!("{pointer}/{name}"), format!("there is no dimension {name}"));
                continue;
            };
            let mut limit = Limit { dimension: *dimension, any: Vec::new(), none: Vec::new() };
            let is_open = known.iter().any(|v| v.contains('{'));
            let mut unknown: Vec<String> = Vec::new();
            for text in &wanted.0 {
                let (text, not) = text.strip_prefix('!').map_or((text.as_str(), false), |t| (t, true));
                let alone = [text.to_owned()];
                for value in groups.get(text).map_or(&alone[..], Vec::as_slice) {
                    if !is_open && !known.contains(value) {
                        unknown.push(value.clone());
                    }
                    let next = self.values.len() as u32;
                    let number = *self.values.entry(value.clone()).or_insert(next);
                    if not { &mut limit.none } else { &mut limit.any }.push(number);
                }
            }
            limits.push(limit);
            for value in unknown {
                let reason = format!("{value} is no value and no group of {name}");
                self.error(&defect::NAME, &format!("{pointer}/{name}"), reason);
            }
        }
        let known = self.limits.iter().position(|known| *known == limits);
        Fitting(known.unwrap_or_else(|| {
            self.limits.push(limits);
            self.limits.len() - 1
        }) as u32)
    }

    fn ruled(&mut self, verdict: Option<&Verdict>, pointer: &str) -> Option<Ruled> {
        let verdict = verdict?;
        let Some(rule) = self.rules.get(&verdict.rule).copied() else {
            self.error(&defect::NAME, &format!("{pointer}/rule"), format!("there is no rule {}", verdict.rule));
            return None;
        };
        let text = self.optional_sentence(verdict.text.as_ref(), &format!("{pointer}/text"));
        Some(Ruled { rule, severity: verdict.severity, text })
    }

    fn set(mut self, url: String, group: Vec<(String, RuleFile)>) -> RuleSet {
        let mut set = RuleSet { url: url.into(), ..RuleSet::default() };
        for (name, file) in group {
            self.file = name;
            self.head(&mut set, &file);
            for (at, conform) in file.conform.iter().enumerate() {
                let pointer = format!("/conform/{at}");
                let when = self.when(&conform.when, &format!("{pointer}/when"));
                let condition = self.optional(conform.condition.as_ref(), &format!("{pointer}/if"));
                let place = self.place(&conform.place, &format!("{pointer}/place"));
                let (Some(place), Ok(condition)) = (place, condition) else { continue };
                set.conform.push(Conform { place, profile: conform.profile.as_str().into(), when, condition });
            }
            for (at, link) in file.links.iter().enumerate() {
                self.link(&mut set, link, &format!("/links/{at}"));
            }
            for (at, rule) in file.rules.iter().enumerate() {
                self.rule(&mut set, rule, &format!("/rules/{at}"));
            }
            for (at, claim) in file.severities.iter().enumerate() {
                let pointer = format!("/severities/{at}");
                let claim = self.claim(claim, None, &pointer);
                set.claims.extend(claim);
            }
            for (at, undecided) in file.undecided.iter().enumerate() {
                let when = self.when(&undecided.when, &format!("/undecided/{at}/when"));
                let condition = self.optional(undecided.condition.as_ref(), &format!("/undecided/{at}/if"));
                let Ok(condition) = condition else { continue };
                let (id, reason) = (undecided.id.as_str().into(), undecided.reason.as_str().into());
                set.undecided.push(Undecided { id, reason, when, condition, said: undecided.said });
            }
        }
        let mut values: Vec<(String, u32)> = self.values.into_iter().collect();
        values.sort_unstable_by_key(|(_, number)| *number);
        set.values = values.into_iter().map(|(value, _)| value.into()).collect();
        set.limits = self.limits;
        set.constants = self.constants;
        set.by_id = (0..set.rules.len() as u32).collect();
        set.by_id.sort_by_key(|number| &set.rules[*number as usize].id);
        for (number, claim) in set.claims.iter().enumerate() {
            for rule in &claim.of {
                set.claims_of.entry(rule.code).or_default().push(number as u32);
            }
        }
        set.errors = self.errors;
        set
    }

    fn head(&mut self, set: &mut RuleSet, file: &RuleFile) {
        for (mine, theirs) in [(&mut set.version, &file.version), (&mut set.title, &file.title)] {
            if mine.is_empty() {
                *mine = theirs.as_str().into();
            }
        }
        if let Some(text) = &file.recognise {
            set.recognise = self.expression(text, "/recognise");
        }
        if let Some(unreadable) = &file.unreadable {
            match self.rules.get(&unreadable.rule) {
                Some(rule) => set.unreadable = Some((*rule, unreadable.markers.clone())),
                None => self.error(&defect::NAME, "/unreadable/rule", format!("there is no rule {}", unreadable.rule)),
            }
        }
        for (at, place) in file.places.iter().enumerate() {
            // A place that cannot be read is nowhere, and keeps its number.
            let expression =
                self.expression(&place.is, &format!("/places/{at}/is")).or_else(|| self.expression("{}", ""));
            set.places.extend(expression.map(|e| (place.name.as_str().into(), e)));
        }
        for (at, dimension) in file.dimensions.iter().enumerate() {
            let mut values = Vec::new();
            for (n, value) in dimension.values.iter().enumerate() {
                let pointer = format!("/dimensions/{at}/values/{n}");
                let sentence = self.sentence(&value.value, &format!("{pointer}/value"));
                let Ok(when) = self.optional(value.when.as_ref(), &format!("{pointer}/when")) else { continue };
                values.push((sentence, when, value.title.as_str().into()));
            }
            let title = if dimension.title.is_empty() { &dimension.name } else { &dimension.title };
            let (name, title) = (dimension.name.as_str().into(), title.as_str().into());
            set.dimensions.push(Dimension { name, title, hidden: dimension.hidden, values });
        }
        set.policies.extend(file.policies.iter().cloned());
        for (name, table) in &file.tables {
            if !set.tables.add(name, table.clone()) {
                self.error(&defect::REPEATED, &format!("/tables/{name}"), "this table is there already".into());
            }
        }
        set.mutations.extend(file.mutations.iter().cloned());
        if file.acknowledgement.is_some() {
            set.acknowledgement.clone_from(&file.acknowledgement);
        }
    }

    fn link(&mut self, set: &mut RuleSet, link: &super::file::Link, pointer: &str) {
        let nodes = self.selection(set, link.on.as_ref(), Some(&link.select), pointer);
        let when = self.when(&link.when, &format!("{pointer}/when"));
        let mut ruled = |verdict: Option<&Verdict>, part: &str| self.ruled(verdict, &format!("{pointer}/{part}"));
        let unresolved = ruled(link.unresolved.as_ref(), "unresolved");
        let elsewhere = ruled(link.elsewhere.as_ref(), "elsewhere");
        let wrong_type = ruled(link.wrong_type.as_ref(), "wrongType");
        let form = ruled(link.form.as_ref(), "form");
        let Ok(nodes) = nodes else { return };
        let types = link.types.iter().map(|t| t.as_str().into()).collect();
        set.links.push(Link { nodes, types, when, unresolved, elsewhere, wrong_type, form });
    }

    fn rule(&mut self, set: &mut RuleSet, rule: &super::file::Rule, pointer: &str) {
        let number = set.rules.len() as u32;
        for (at, claim) in rule.claims.iter().enumerate() {
            let claim = self.claim(claim, Some(number), &format!("{pointer}/claims/{at}"));
            set.claims.extend(claim);
        }
        let mut checks = Vec::new();
        for (at, check) in rule.checks.iter().enumerate() {
            checks.extend(self.check(set, check, &format!("{pointer}/checks/{at}")));
        }
        let mut cases = Vec::new();
        for (at, case) in rule.cases.iter().enumerate() {
            cases.push((self.when(&case.when, &format!("{pointer}/cases/{at}/when")), case.severity));
        }
        for id in &rule.unless {
            if !self.rules.contains_key(id) {
                self.error(&defect::NAME, &format!("{pointer}/unless"), format!("there is no rule {id}"));
            }
        }
        if rule.text.is_none() && rule.checks.iter().any(|c| c.text.is_none()) {
            self.error(&defect::SENTENCE, pointer, format!("{} has no sentence for what it checks", rule.id));
        }
        set.rules.push(Rule {
            id: rule.id.as_str().into(),
            title: rule.title.as_str().into(),
            severity: rule.severity,
            authority: rule.authority.as_str().into(),
            broken_officially: rule.broken_officially,
            when: self.when(&rule.when, &format!("{pointer}/when")),
            cases,
            unless: rule.unless.iter().map(|u| u.as_str().into()).collect(),
            text: self.optional_sentence(rule.text.as_ref(), &format!("{pointer}/text")),
            mend: rule.mend.as_deref().unwrap_or_default().into(),
            checks,
        });
    }

    fn claim(&mut self, claim: &super::file::Claim, rule: Option<u32>, pointer: &str) -> Option<Claim> {
        let mut elements = Vec::new();
        for text in &claim.element {
            match Pattern::read(text) {
                Ok(pattern) => elements.push(pattern),
                Err(reason) => {
                    self.error(&defect::CLAIM, &format!("{pointer}/element"), reason);
                    return None;
                }
            }
        }
        for code in &claim.code {
            if rules_of(code).next().is_none() {
                self.error(&defect::CLAIM, &format!("{pointer}/code"), format!("the engine has no rule {code}"));
            }
        }
        let places: Vec<u32> = claim.places.iter().filter_map(|p| self.place(p, &format!("{pointer}/in"))).collect();
        if places.len() != claim.places.len() {
            return None;
        }
        Some(Claim {
            rule,
            of: claim.code.iter().flat_map(|code| rules_of(code)).collect(),
            profiles: claim.profile.clone(),
            elements,
            keys: claim.key.clone(),
            places,
            condition: self.optional(claim.condition.as_ref(), &format!("{pointer}/if")).ok()?,
            when: self.when(&claim.when, &format!("{pointer}/when")),
            severity: claim.severity,
            text: self.optional_sentence(claim.text.as_ref(), &format!("{pointer}/text")),
        })
    }

    fn check(&mut self, set: &mut RuleSet, check: &super::file::Check, pointer: &str) -> Option<Check> {
        // All of it is looked at before it is left out, so that all that is wrong is said.
        let nodes = self.selection(set, check.on.as_ref(), check.select.as_ref(), pointer);
        let condition = self.optional(check.condition.as_ref(), &format!("{pointer}/if"));
        let must = self.expression(&check.must, &format!("{pointer}/must"));
        let at = self.optional(check.at.as_ref(), &format!("{pointer}/at"));
        Some(Check {
            nodes: nodes.ok()?,
            condition: condition.ok()?,
            must: must?,
            at: at.ok()?,
            when: self.when(&check.when, &format!("{pointer}/when")),
            severity: check.severity,
            text: self.optional_sentence(check.text.as_ref(), &format!("{pointer}/text")),
            unless: check.unless.iter().map(|u| u.as_str().into()).collect(),
            once: check.once,
            pointer: format!("{}#{pointer}", self.file).into(),
        })
    }
}

/// The engine's rules with this code; `kind-*` stands for all of a kind.
fn rules_of(code: &str) -> impl Iterator<Item = &'static EngineRule> {
    crate::rules::all().filter(move |rule| match code.strip_suffix('*') {
        Some(start) => rule.code.starts_with(start),
        None => rule.code == code,
    })
}
