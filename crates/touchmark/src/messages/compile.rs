//! Rule files compiled: the files of a set put together, every selector, condition and sentence parsed, every name looked up.

use std::collections::HashMap;
use std::fmt::Arguments;

use touchmark_document::Names;
use touchmark_fhirpath::Expression;

use super::defect::{self, RuleFileError};
use super::file::{RuleFile, Verdict, When};
use super::pattern::Pattern;
use super::selector::Selector;
use super::sentence::Sentence;
use super::set::{
    Check, Claim, Conform, Constants, Dimension, Fitting, Limit, Link, Rule, RuleSet, Ruled, Selection, Undecided,
};
use crate::rule::Rule as EngineRule;

/// Something that is there and cannot be read, which has been said.
struct Unread;

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
    /// The engine's rules by the codes of claims.
    codes: HashMap<String, Vec<&'static EngineRule>>,
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
            codes: HashMap::new(),
            file: String::new(),
            errors: Vec::new(),
        };
        for (name, file) in group {
            compiler.file.clone_from(name);
            for (name, text) in &file.constants {
                compiler.constants.add(name, text);
            }
            for (at, place) in file.places.iter().enumerate() {
                let number = compiler.places.len() as u32;
                if compiler.places.insert(place.name.clone(), number).is_some() {
                    compiler.error(
                        &defect::REPEATED,
                        format_args!("/places/{at}/name"),
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
                        format_args!("/dimensions/{at}/name"),
                        format!("{} is there already", dimension.name),
                    );
                }
            }
            for (at, rule) in file.rules.iter().enumerate() {
                let number = compiler.rules.len() as u32;
                if compiler.rules.insert(rule.id.clone(), number).is_some() {
                    compiler.error(
                        &defect::REPEATED,
                        format_args!("/rules/{at}/id"),
                        format!("the rule {} is there already", rule.id),
                    );
                }
            }
        }
        compiler
    }

    fn error(&mut self, rule: &'static EngineRule, pointer: Arguments<'_>, reason: String) {
        self.error_in(rule, pointer, None, reason);
    }

    fn error_in(&mut self, rule: &'static EngineRule, pointer: Arguments<'_>, within: Option<usize>, reason: String) {
        let (file, pointer) = (self.file.clone(), pointer.to_string());
        self.errors.push(RuleFileError { file, pointer, within, position: None, rule, reason });
    }

    fn expression(&mut self, text: &str, pointer: Arguments<'_>) -> Option<Expression> {
        self.expression_at(text, pointer, 0)
    }

    /// As [`Compiler::expression`], `start` bytes into the text at the pointer.
    fn expression_at(&mut self, text: &str, pointer: Arguments<'_>, start: usize) -> Option<Expression> {
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
    fn optional(&mut self, text: Option<&String>, pointer: Arguments<'_>) -> Result<Option<Expression>, Unread> {
        text.map(|t| self.expression(t, pointer).ok_or(Unread)).transpose()
    }

    fn sentence(&mut self, text: &str, pointer: Arguments<'_>) -> Sentence {
        Sentence::parse(text, |part, start| self.expression_at(part, pointer, start))
    }

    fn optional_sentence(&mut self, text: Option<&String>, pointer: Arguments<'_>) -> Option<Sentence> {
        text.map(|t| self.sentence(t, pointer))
    }

    fn selector(&mut self, text: &str, pointer: Arguments<'_>) -> Option<Selector> {
        let parsed = Selector::parse(text, self.names);
        parsed.map_err(|e| self.error_in(&defect::SELECTOR, pointer, e.offset, e.reason)).ok()
    }

    /// The number of a selection, which is added to the set when it is new.
    fn selection(
        &mut self,
        set: &mut RuleSet,
        on: Option<&String>,
        select: Option<&String>,
        pointer: Arguments<'_>,
    ) -> Result<u32, Unread> {
        // Both are looked at, so that all that is wrong is said.
        let on = on.map(|on| self.place(on, format_args!("{pointer}/on")).ok_or(Unread)).transpose();
        let key = (on.as_ref().ok().copied().flatten(), select.cloned());
        if on.is_ok()
            && let Some(known) = self.selections.get(&key)
        {
            return Ok(*known);
        }
        let select = select.map(|s| self.selector(s, format_args!("{pointer}/select")).ok_or(Unread)).transpose();
        let number = set.selections.len() as u32;
        set.selections.push(Selection { on: on?, select: select? });
        self.selections.insert(key, number);
        Ok(number)
    }

    fn place(&mut self, name: &str, pointer: Arguments<'_>) -> Option<u32> {
        let found = self.places.get(name).copied();
        if found.is_none() {
            self.error(&defect::NAME, pointer, format!("there is no place {name}"));
        }
        found
    }

    fn when(&mut self, when: &When, pointer: Arguments<'_>) -> Fitting {
        let mut limits = Vec::new();
        for (name, wanted) in when {
            let Some((dimension, groups, known)) = self.dimensions.get(name) else {
                self.error(&defect::NAME, format_args!("{pointer}/{name}"), format!("there is no dimension {name}"));
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
                self.error(&defect::NAME, format_args!("{pointer}/{name}"), reason);
            }
        }
        let known = self.limits.iter().position(|known| *known == limits);
        Fitting(known.unwrap_or_else(|| {
            self.limits.push(limits);
            self.limits.len() - 1
        }) as u32)
    }

    fn ruled(&mut self, verdict: Option<&Verdict>, pointer: Arguments<'_>) -> Option<Ruled> {
        let verdict = verdict?;
        let Some(rule) = self.rules.get(&verdict.rule).copied() else {
            self.error(&defect::NAME, format_args!("{pointer}/rule"), format!("there is no rule {}", verdict.rule));
            return None;
        };
        let text = self.optional_sentence(verdict.text.as_ref(), format_args!("{pointer}/text"));
        Some(Ruled { rule, severity: verdict.severity, text })
    }

    fn set(mut self, url: String, group: Vec<(String, RuleFile)>) -> RuleSet {
        let mut set = RuleSet { url: url.into(), ..RuleSet::default() };
        for (name, mut file) in group {
            self.file = name;
            self.head(&mut set, &mut file);
            for (at, conform) in file.conform.iter().enumerate() {
                let pointer = format!("/conform/{at}");
                let when = self.when(&conform.when, format_args!("{pointer}/when"));
                let condition = self.optional(conform.condition.as_ref(), format_args!("{pointer}/if"));
                let place = self.place(&conform.place, format_args!("{pointer}/place"));
                let (Some(place), Ok(condition)) = (place, condition) else { continue };
                set.conform.push(Conform { place, profile: conform.profile.as_str().into(), when, condition });
            }
            for (at, link) in file.links.iter().enumerate() {
                self.link(&mut set, link, format_args!("/links/{at}"));
            }
            for (at, rule) in file.rules.iter().enumerate() {
                self.rule(&mut set, rule, format_args!("/rules/{at}"));
            }
            for (at, claim) in file.severities.iter().enumerate() {
                let pointer = format!("/severities/{at}");
                let claim = self.claim(claim, None, format_args!("{pointer}"));
                set.claims.extend(claim);
            }
            for (at, undecided) in file.undecided.iter().enumerate() {
                let when = self.when(&undecided.when, format_args!("/undecided/{at}/when"));
                let condition = self.optional(undecided.condition.as_ref(), format_args!("/undecided/{at}/if"));
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

    fn head(&mut self, set: &mut RuleSet, file: &mut RuleFile) {
        for (mine, theirs) in [(&mut set.version, &file.version), (&mut set.title, &file.title)] {
            if mine.is_empty() {
                *mine = theirs.as_str().into();
            }
        }
        if let Some(text) = &file.recognise {
            set.recognise = self.expression(text, format_args!("/recognise"));
        }
        if let Some(unreadable) = &file.unreadable {
            match self.rules.get(&unreadable.rule) {
                Some(rule) => set.unreadable = Some((*rule, unreadable.markers.clone())),
                None => self.error(
                    &defect::NAME,
                    format_args!("/unreadable/rule"),
                    format!("there is no rule {}", unreadable.rule),
                ),
            }
        }
        for (at, place) in file.places.iter().enumerate() {
            // A place that cannot be read is nowhere, and keeps its number.
            let expression = self
                .expression(&place.is, format_args!("/places/{at}/is"))
                .or_else(|| self.expression("{}", format_args!("")));
            set.places.extend(expression.map(|e| (place.name.as_str().into(), e)));
        }
        for (at, dimension) in file.dimensions.iter().enumerate() {
            let mut values = Vec::new();
            for (n, value) in dimension.values.iter().enumerate() {
                let pointer = format!("/dimensions/{at}/values/{n}");
                let sentence = self.sentence(&value.value, format_args!("{pointer}/value"));
                let Ok(when) = self.optional(value.when.as_ref(), format_args!("{pointer}/when")) else { continue };
                values.push((sentence, when, value.title.as_str().into()));
            }
            let title = if dimension.title.is_empty() { &dimension.name } else { &dimension.title };
            let (name, title) = (dimension.name.as_str().into(), title.as_str().into());
            set.dimensions.push(Dimension { name, title, hidden: dimension.hidden, values });
        }
        set.policies.append(&mut file.policies);
        for (name, table) in std::mem::take(&mut file.tables) {
            if !set.tables.add(&name, table) {
                self.error(&defect::REPEATED, format_args!("/tables/{name}"), "this table is there already".into());
            }
        }
        set.mutations.append(&mut file.mutations);
        set.acknowledgement = file.acknowledgement.take().or(set.acknowledgement.take());
    }

    fn link(&mut self, set: &mut RuleSet, link: &super::file::Link, pointer: Arguments<'_>) {
        let nodes = self.selection(set, link.on.as_ref(), Some(&link.select), pointer);
        let when = self.when(&link.when, format_args!("{pointer}/when"));
        let mut ruled = |verdict: Option<&Verdict>, part: &str| self.ruled(verdict, format_args!("{pointer}/{part}"));
        let unresolved = ruled(link.unresolved.as_ref(), "unresolved");
        let elsewhere = ruled(link.elsewhere.as_ref(), "elsewhere");
        let wrong_type = ruled(link.wrong_type.as_ref(), "wrongType");
        let form = ruled(link.form.as_ref(), "form");
        let Ok(nodes) = nodes else { return };
        let types = link.types.iter().map(|t| t.as_str().into()).collect();
        set.links.push(Link { nodes, types, when, unresolved, elsewhere, wrong_type, form });
    }

    fn rule(&mut self, set: &mut RuleSet, rule: &super::file::Rule, pointer: Arguments<'_>) {
        let number = set.rules.len() as u32;
        for (at, claim) in rule.claims.iter().enumerate() {
            let claim = self.claim(claim, Some(number), format_args!("{pointer}/claims/{at}"));
            set.claims.extend(claim);
        }
        let mut checks = Vec::new();
        for (at, check) in rule.checks.iter().enumerate() {
            checks.extend(self.check(set, check, format_args!("{pointer}/checks/{at}")));
        }
        let mut cases = Vec::new();
        for (at, case) in rule.cases.iter().enumerate() {
            cases.push((self.when(&case.when, format_args!("{pointer}/cases/{at}/when")), case.severity));
        }
        for id in &rule.unless {
            if !self.rules.contains_key(id) {
                self.error(&defect::NAME, format_args!("{pointer}/unless"), format!("there is no rule {id}"));
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
            when: self.when(&rule.when, format_args!("{pointer}/when")),
            cases,
            unless: rule.unless.iter().map(|u| u.as_str().into()).collect(),
            text: self.optional_sentence(rule.text.as_ref(), format_args!("{pointer}/text")),
            mend: rule.mend.as_deref().unwrap_or_default().into(),
            checks,
        });
    }

    fn claim(&mut self, claim: &super::file::Claim, rule: Option<u32>, pointer: Arguments<'_>) -> Option<Claim> {
        let mut elements = Vec::new();
        for text in &claim.element {
            match Pattern::read(text) {
                Ok(pattern) => elements.push(pattern),
                Err(reason) => {
                    self.error(&defect::CLAIM, format_args!("{pointer}/element"), reason);
                    return None;
                }
            }
        }
        let mut of = Vec::new();
        for code in &claim.code {
            let known = self.codes.entry(code.clone()).or_insert_with(|| rules_of(code).collect());
            of.extend_from_slice(known);
            if known.is_empty() {
                self.error(&defect::CLAIM, format_args!("{pointer}/code"), format!("the engine has no rule {code}"));
            }
        }
        let places: Vec<u32> =
            claim.places.iter().filter_map(|p| self.place(p, format_args!("{pointer}/in"))).collect();
        if places.len() != claim.places.len() {
            return None;
        }
        Some(Claim {
            rule,
            of,
            profiles: claim.profile.clone(),
            elements,
            keys: claim.key.clone(),
            places,
            condition: self.optional(claim.condition.as_ref(), format_args!("{pointer}/if")).ok()?,
            when: self.when(&claim.when, format_args!("{pointer}/when")),
            severity: claim.severity,
            text: self.optional_sentence(claim.text.as_ref(), format_args!("{pointer}/text")),
        })
    }

    fn check(&mut self, set: &mut RuleSet, check: &super::file::Check, pointer: Arguments<'_>) -> Option<Check> {
        // All of it is looked at before it is left out, so that all that is wrong is said.
        let nodes = self.selection(set, check.on.as_ref(), check.select.as_ref(), pointer);
        let condition = self.optional(check.condition.as_ref(), format_args!("{pointer}/if"));
        let must = self.expression(&check.must, format_args!("{pointer}/must"));
        let at = self.optional(check.at.as_ref(), format_args!("{pointer}/at"));
        Some(Check {
            nodes: nodes.ok()?,
            condition: condition.ok()?,
            must: must?,
            at: at.ok()?,
            when: self.when(&check.when, format_args!("{pointer}/when")),
            severity: check.severity,
            text: self.optional_sentence(check.text.as_ref(), format_args!("{pointer}/text")),
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
