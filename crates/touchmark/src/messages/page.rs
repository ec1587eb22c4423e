//! The page of a rule of a rule file: all that the files of its set say of it, and where it stands.

use std::collections::BTreeMap;

use super::file::{Link, Policy, Rule, RuleFile, Undecided, Verdict};
use super::lint::position::Places;
use crate::library::Library;

/// All that a rule set says of one rule.
#[derive(Clone, Debug)]
pub struct Page {
    /// The id of the rule.
    pub id: String,
    /// The url of the set.
    pub set: String,
    /// What the set is called.
    pub set_title: String,
    /// The file that has it, as it is named among the loaded ones.
    pub file: String,
    /// The line where it begins there.
    pub line: u32,
    /// The rule; `None` where it is only listed as one that cannot be decided.
    pub rule: Option<Rule>,
    /// The links that speak of it, each with what makes them do so (`unresolved`) and what they say then.
    pub links: Vec<(Link, &'static str, Verdict)>,
    /// Why it cannot be decided, for some messages or for all.
    pub undecided: Vec<Undecided>,
    /// Whether a document breaks it that cannot be read at all.
    pub is_of_unreadable: bool,
    /// The faults for test messages that it must find, with their titles.
    pub faults: Vec<(String, String)>,
    /// The policies of the set; the first is the default.
    pub policies: Vec<Policy>,
    /// The names that stand for several values, by dimension.
    pub groups: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// The page of the rule with this id, in any case of letters, from the loaded rule files.
pub fn page(library: &Library, id: &str) -> Option<Page> {
    let read = |(name, text): (&str, &str)| Some((name.to_owned(), text.to_owned(), RuleFile::read(name, text).ok()?));
    let files: Vec<(String, String, RuleFile)> = library.rule_files().filter_map(read).collect();
    let ids = |file: &'_ RuleFile| {
        let rules = file.rules.iter().map(|r| r.id.clone());
        rules.chain(file.undecided.iter().map(|u| u.id.clone())).find(|known| known.eq_ignore_ascii_case(id))
    };
    let id = &*files.iter().find_map(|(_, _, file)| ids(file))?;
    let place = |file: &RuleFile| {
        let rule = file.rules.iter().position(|r| r.id == id).map(|at| format!("/rules/{at}"));
        rule.or_else(|| file.undecided.iter().position(|u| u.id == id).map(|at| format!("/undecided/{at}")))
    };
    // Where one file has the rule and another only says when it is not decided, the first is meant.
    let has_rule = |file: &RuleFile| file.rules.iter().any(|r| r.id == id);
    let found =
        files.iter().find(|(_, _, f)| has_rule(f)).or_else(|| files.iter().find(|(_, _, f)| place(f).is_some()))?;
    let (name, text, file) = found;
    let of_set = || files.iter().map(|(_, _, f)| f).filter(|f| f.url == file.url);
    let links = of_set().flat_map(|f| &f.links).flat_map(|link| {
        let verdicts = [
            ("unresolved", &link.unresolved),
            ("elsewhere", &link.elsewhere),
            ("wrongType", &link.wrong_type),
            ("form", &link.form),
        ];
        verdicts.map(|(why, verdict)| Some((link.clone(), why, verdict.clone().filter(|v| v.rule == id)?)))
    });
    let faults = of_set().flat_map(|f| &f.mutations).filter(|m| m.fires.iter().any(|f| f == id));
    let groups = of_set().flat_map(|f| &f.dimensions).map(|d| (d.name.clone(), d.groups.clone()));
    Some(Page {
        id: id.to_owned(),
        set: file.url.clone(),
        set_title: of_set().map(|f| &f.title).find(|t| !t.is_empty()).cloned().unwrap_or_default(),
        file: name.clone(),
        line: Places::new(text).of(&place(file)?, None).map_or(1, |p| p.line),
        rule: file.rules.iter().find(|r| r.id == id).cloned(),
        links: links.flatten().collect(),
        undecided: of_set().flat_map(|f| &f.undecided).filter(|u| u.id == id).cloned().collect(),
        is_of_unreadable: of_set().any(|f| f.unreadable.as_ref().is_some_and(|u| u.rule == id)),
        faults: faults.map(|m| (m.id.clone(), m.title.clone())).collect(),
        policies: of_set().flat_map(|f| &f.policies).cloned().collect(),
        groups: groups.collect(),
    })
}
