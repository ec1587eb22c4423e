//! What a rule set has names for, and the parts that name something it has not.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{File, Set, segment};
use crate::messages::defect::{CLAIM, FORM, NAME, REPEATED, SELECTOR};
use crate::messages::file::{Policy, Table};
use crate::messages::selector::Selector;
use crate::rule::Severity;
use crate::vectors::{Edit, Mutation};

/// What conditions may name beside what the set itself makes.
pub(super) const VARIABLES: &[&str] =
    &["policy", "asked", "size", "form", "resource", "rootResource", "context", "ucum", "sct", "loinc"];

/// The names that a set has.
pub(super) struct Known<'s> {
    pub constants: HashSet<&'s str>,
    /// Places with their order: one may use those before it.
    pub places: HashMap<&'s str, usize>,
    pub dimensions: HashMap<&'s str, Values<'s>>,
    pub policies: Vec<&'s str>,
    pub tables: HashMap<&'s str, &'s Table>,
    pub rules: HashSet<&'s str>,
}

/// The values of a dimension, and the names for several.
pub(super) struct Values<'s> {
    values: Vec<&'s str>,
    pub groups: &'s BTreeMap<String, Vec<String>>,
}

impl<'s> Values<'s> {
    /// Whether values are made of the message, so that any may come.
    pub fn is_open(&self) -> bool {
        self.values.iter().any(|v| v.contains('{'))
    }

    pub fn has(&self, value: &str) -> bool {
        self.is_open() || self.values.contains(&value)
    }

    pub fn list(&self) -> String {
        let first = |at: &usize| !self.values[..*at].contains(&self.values[*at]);
        (0..self.values.len()).filter(first).map(|at| self.values[at]).collect::<Vec<_>>().join(", ")
    }

    /// The values that a name stands for.
    pub fn expanded<'v>(&'v self, name: &'v str) -> Vec<&'v str> {
        self.groups.get(name).map_or_else(|| vec![name], |group| group.iter().map(String::as_str).collect())
    }

    pub fn all(&self) -> &[&'s str] {
        &self.values
    }
}

impl<'s> Known<'s> {
    pub fn of(files: &'s [File<'_>]) -> Self {
        let files = || files.iter().map(|f| &f.content);
        let places = files().flat_map(|f| &f.places).enumerate().map(|(at, place)| (&*place.name, at));
        let dimensions = files().flat_map(|f| &f.dimensions).map(|d| {
            let values = d.values.iter().map(|v| &*v.value).collect();
            (&*d.name, Values { values, groups: &d.groups })
        });
        Known {
            constants: files().flat_map(|f| f.constants.keys()).map(String::as_str).collect(),
            places: places.collect(),
            dimensions: dimensions.collect(),
            policies: files().flat_map(|f| &f.policies).map(|p| &*p.name).collect(),
            tables: files().flat_map(|f| &f.tables).map(|(name, table)| (&**name, table)).collect(),
            rules: files().flat_map(|f| &f.rules).map(|r| &*r.id).collect(),
        }
    }

    /// Whether conditions may write `%name`.
    pub fn has_variable(&self, name: &str) -> bool {
        self.constants.contains(name)
            || self.places.contains_key(name)
            || self.dimensions.contains_key(name)
            || VARIABLES.contains(&name)
            || name.starts_with("vs-")
            || name.starts_with("ext-")
    }
}

/// Looks at everything that is named outside of conditions.
pub(super) fn check(set: &mut Set<'_>, known: &Known<'_>) {
    let mut taken: HashSet<&str> = VARIABLES.iter().copied().collect();
    let mut mutations: HashSet<&str> = HashSet::new();
    let mut policies: HashSet<&str> = HashSet::new();
    for file in set.files {
        let (name, file) = (file.name, &file.content);
        let mut variables: Vec<(String, &str)> =
            file.constants.keys().map(|c| (format!("/constants/{}", segment(c)), c.as_str())).collect();
        variables.extend(file.places.iter().enumerate().map(|(at, p)| (format!("/places/{at}/name"), p.name.as_str())));
        variables.extend(
            file.dimensions.iter().enumerate().map(|(at, d)| (format!("/dimensions/{at}/name"), d.name.as_str())),
        );
        for (pointer, variable) in variables {
            // Two places and two dimensions of one name are said when they are compiled.
            let again = known.places.contains_key(variable) && known.dimensions.contains_key(variable)
                || known.constants.contains(variable)
                || VARIABLES.contains(&variable);
            if !taken.insert(variable) && again {
                set.say(name, &REPEATED, pointer, format!("%{variable} is something else already"));
            }
        }
        for (at, dimension) in file.dimensions.iter().enumerate() {
            for (group, value) in dimension.groups.iter().flat_map(|(g, values)| values.iter().map(move |v| (g, v))) {
                if !known.dimensions[&*dimension.name].has(value) {
                    let pointer = format!("/dimensions/{at}/groups/{}", segment(group));
                    set.say(name, &NAME, pointer, format!("{value} is no value of {}", dimension.name));
                }
            }
        }
        for (at, policy) in file.policies.iter().enumerate() {
            let pointer = format!("/policies/{at}");
            if !policies.insert(&policy.name) {
                set.say(
                    name,
                    &REPEATED,
                    format!("{pointer}/name"),
                    format!("the policy {} is there already", policy.name),
                );
            }
            authorities(set, name, &pointer, policy);
        }
        for (table, content) in &file.tables {
            cells(set, name, &format!("/tables/{}", segment(table)), content);
        }
        for (at, conform) in file.conform.iter().enumerate() {
            if set.graph.find(&conform.profile).is_none() {
                let text = format!("no loaded pack has the profile {}", conform.profile);
                set.say(name, &CLAIM, format!("/conform/{at}/profile"), text);
            }
        }
        for (at, link) in file.links.iter().enumerate() {
            for (n, wanted) in link.types.iter().enumerate() {
                if set.graph.library().find_type(wanted).is_none() {
                    set.say(name, &CLAIM, format!("/links/{at}/types/{n}"), format!("there is no type {wanted}"));
                }
            }
        }
        for (at, rule) in file.rules.iter().enumerate() {
            for (n, check) in rule.checks.iter().enumerate() {
                for (k, id) in check.unless.iter().enumerate() {
                    if !known.rules.contains(&**id) {
                        let pointer = format!("/rules/{at}/checks/{n}/unless/{k}");
                        set.say(name, &NAME, pointer, format!("there is no rule {id}"));
                    }
                }
            }
        }
        for (at, mutation) in file.mutations.iter().enumerate() {
            let pointer = format!("/mutations/{at}");
            if !mutations.insert(&mutation.id) {
                let text = format!("the mutation {} is there already", mutation.id);
                set.say(name, &REPEATED, format!("{pointer}/id"), text);
            }
            fault(set, known, name, &pointer, mutation);
        }
    }
}

/// The authorities that a policy speaks of.
fn authorities(set: &mut Set<'_>, file: &str, pointer: &str, policy: &Policy) {
    for (n, change) in policy.changes.iter().enumerate() {
        for authority in &change.authority {
            let rules = set.files.iter().flat_map(|f| &f.content.rules);
            if !rules.clone().any(|r| r.authority == *authority) {
                let pointer = format!("{pointer}/changes/{n}/authority");
                set.say(file, &NAME, pointer, format!("no rule has the authority {authority}"));
            }
        }
    }
}

/// Rows and other spellings of a table.
fn cells(set: &mut Set<'_>, file: &str, pointer: &str, table: &Table) {
    for (key, row) in &table.rows {
        if row.len() > table.columns.len() {
            let text = format!("the row has {} cells, and the table {} columns", row.len(), table.columns.len());
            set.say(file, &FORM, format!("{pointer}/rows/{}", segment(key)), text);
        }
    }
    for (alias, key) in &table.aliases {
        if !table.rows.contains_key(key) {
            let pointer = format!("{pointer}/aliases/{}", segment(alias));
            set.say(file, &NAME, pointer, format!("the table has no key {key}"));
        }
    }
}

/// What a fault for test messages names.
fn fault(set: &mut Set<'_>, known: &Known<'_>, file: &str, pointer: &str, mutation: &Mutation) {
    let others: HashSet<&str> = set.graph.rules_of_files().map(|(id, _)| id).collect();
    for (part, ids) in [("fires", &mutation.fires), ("may", &mutation.may)] {
        for (n, id) in ids.iter().enumerate() {
            if !known.rules.contains(&**id) && crate::rules::find(id).is_none() && !others.contains(&**id) {
                set.say(file, &NAME, format!("{pointer}/{part}/{n}"), format!("there is no rule {id}"));
            }
        }
    }
    if let Some(policy) = mutation.policy.as_ref().filter(|p| !known.policies.contains(&&***p)) {
        set.say(file, &NAME, format!("{pointer}/policy"), no_policy(known, policy));
    }
    if let Some(severity) = mutation.severity.as_ref().filter(|s| Severity::of_code(s).is_none()) {
        let text = format!("there is no severity {severity}; write error, warning or information");
        set.say(file, &FORM, format!("{pointer}/severity"), text);
    }
    for (dimension, value) in &mutation.named {
        let pointer = format!("{pointer}/named/{}", segment(dimension));
        match known.dimensions.get(&**dimension) {
            None => set.say(file, &NAME, pointer, format!("there is no dimension {dimension}")),
            Some(values) if !values.has(value) => {
                set.say(file, &NAME, pointer, format!("{value} is no value of {dimension}: {}", values.list()));
            }
            Some(_) => {}
        }
    }
    for (dimension, wanted) in &mutation.when {
        let pointer = format!("{pointer}/when/{}", segment(dimension));
        let Some(values) = known.dimensions.get(&**dimension) else {
            set.say(file, &NAME, pointer, format!("there is no dimension {dimension}"));
            continue;
        };
        for value in wanted.0.iter().filter(|v| !values.has(v)) {
            set.say(file, &NAME, pointer.clone(), format!("{value} is no value of {dimension}: {}", values.list()));
        }
    }
    for (n, edit) in mutation.edits.iter().enumerate() {
        for (part, selector) in selectors(edit) {
            if let Err(trouble) = Selector::parse(selector, set.graph.names()) {
                let pointer = format!("{pointer}/edits/{n}/{part}");
                set.say_in(file, &SELECTOR, pointer, trouble.offset, trouble.reason);
            }
        }
    }
}

pub(super) fn no_policy(known: &Known<'_>, policy: &str) -> String {
    format!("there is no policy {policy}; the set has {}", known.policies.join(", "))
}

/// The selectors of an edit, with where they stand in it.
fn selectors(edit: &Edit) -> Vec<(&'static str, &str)> {
    match edit {
        Edit::Remove(at) => vec![("remove", at)],
        Edit::Repeat(at) => vec![("repeat", at)],
        Edit::Set { at, from, .. } => {
            let mut found = vec![("set/at", at.as_str())];
            found.extend(from.as_ref().map(|from| ("set/from", from.as_str())));
            found
        }
        Edit::Add { to, .. } => vec![("add/to", to)],
        Edit::Replace { at, .. } => vec![("replace/at", at)],
        Edit::Copy { at, to, .. } => vec![("copy/at", at), ("copy/to", to)],
        Edit::Move { at, .. } => vec![("move/at", at)],
        Edit::Pad { at, .. } => vec![("pad/at", at)],
        Edit::CutBehind(_) | Edit::Envelope { .. } => Vec::new(),
    }
}
