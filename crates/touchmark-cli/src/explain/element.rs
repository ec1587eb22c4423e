//! One element of a profile in words: how often, of what type, and every rule with the definition it comes from.

use serde_json::{Value as Json, json};
use touchmark::RuleGraph;
use touchmark::definition::{SlicingRules, Strength, Value};
use touchmark::graph::{Element, ElementId, Profile, Step, Test, Type};

use crate::Failure;

/// An element where it stands in its profile.
pub struct Described<'g> {
    pub element: &'g Element,
    pub depth: usize,
}

/// The element at a path of names, into the types of elements where they have no parts of their own.
pub fn find<'g>(graph: &'g RuleGraph, profile: &'g Profile, path: &str) -> Result<(&'g Profile, ElementId), Failure> {
    if let Some(found) = profile.elements.iter().position(|e| *e.id == *path) {
        return Ok((profile, ElementId(found as u32)));
    }
    let mut segments = path.split('.').peekable();
    if segments.peek() == Some(&&*profile.type_name) {
        segments.next();
    }
    let (mut profile, mut at) = (profile, ElementId::ROOT);
    for segment in segments {
        let (name, slice) = segment.split_once(':').map_or((segment, None), |(name, slice)| (name, Some(slice)));
        let inner = Described::of(profile, at).type_profile(graph);
        let (holder, children) = match graph.own_children(profile, at) {
            Some(children) => (profile, Some(children)),
            None => match inner {
                Some(inner) => (inner, graph.own_children(inner, ElementId::ROOT)),
                None => (profile, None),
            },
        };
        let label = |id: &&ElementId| holder.elements[id.0 as usize].label.trim_end_matches("[x]");
        let order = children.map_or(&[][..], |c| &c.order[..]);
        let Some(found) = order.iter().find(|id| label(id) == name.trim_end_matches("[x]")) else {
            let names: Vec<&str> = order.iter().map(|id| label(&id)).collect();
            let above = &profile.elements[at.0 as usize].id;
            return Err(format!("{above} has no element {name}; it has {}", names.join(", ")));
        };
        (profile, at) = (holder, *found);
        if let Some(slice) = slice {
            let slices = profile.elements[at.0 as usize].slicing.as_ref().map_or(&[][..], |s| &s.slices[..]);
            let found = slices.iter().find(|s| *s.name == *slice).ok_or_else(|| {
                let names: Vec<&str> = slices.iter().map(|s| &*s.name).collect();
                format!("{} has no slice {slice}; it has {}", profile.elements[at.0 as usize].id, names.join(", "))
            })?;
            at = found.element;
        }
    }
    Ok((profile, at))
}

/// An element and all below it in its own profile, in the order of the definition, slices behind what they slice.
pub fn below<'g>(graph: &'g RuleGraph, profile: &'g Profile, from: ElementId) -> Vec<Described<'g>> {
    let mut rows = Vec::new();
    add(graph, profile, from, 0, &mut rows);
    rows
}

fn add<'g>(graph: &'g RuleGraph, profile: &'g Profile, at: ElementId, depth: usize, rows: &mut Vec<Described<'g>>) {
    let element = &profile.elements[at.0 as usize];
    rows.push(Described { element, depth });
    // Not those of another element (contentReference), which may lead back here.
    for child in element.children.iter().flat_map(|c| &c.order) {
        add(graph, profile, *child, depth + 1, rows);
    }
    for slice in element.slicing.iter().flat_map(|s| &s.slices) {
        add(graph, profile, slice.element, depth, rows);
    }
}

impl<'g> Described<'g> {
    pub fn of(profile: &'g Profile, id: ElementId) -> Self {
        Described { element: &profile.elements[id.0 as usize], depth: 0 }
    }

    /// `name`, and `:slice` where it is one.
    pub fn label(&self) -> &'g str {
        self.element.id.rsplit('.').next().unwrap_or("")
    }

    /// `1..*`
    pub fn cardinality(&self) -> String {
        match self.element.max {
            u32::MAX => format!("{}..*", self.element.min),
            max => format!("{}..{max}", self.element.min),
        }
    }

    /// The profile that holds the parts of the element's only type.
    pub fn type_profile(&self, graph: &'g RuleGraph) -> Option<&'g Profile> {
        let [only] = &self.element.types[..] else { return None };
        let id = match only.profiles[..] {
            [profile] => profile,
            _ => only.definition?,
        };
        graph.profile(id)
    }

    /// `CodeableConcept or Reference(Patient)`; nothing where the name of the type is that of the element.
    pub fn types(&self, graph: &RuleGraph) -> String {
        let mut types: Vec<String> = self.element.types.iter().map(|t| type_text(graph, t)).collect();
        if types.len() > 12 {
            let more = types.len() - 8;
            types.truncate(8);
            types.push(format!("{more} more"));
        }
        types.join(" or ")
    }

    /// Every rule beside type and cardinality: what it is, and its text.
    pub fn facts(&self, graph: &RuleGraph) -> Vec<(&'static str, String)> {
        let element = self.element;
        let mut facts = Vec::new();
        let values = [
            ("fixed", &element.fixed),
            ("pattern", &element.pattern),
            ("at least", &element.min_value),
            ("at most", &element.max_value),
        ];
        for (what, value) in values {
            if let Some(value) = value {
                facts.push((what, written(value)));
            }
        }
        if let Some(length) = element.max_length {
            facts.push(("at most", format!("{length} characters")));
        }
        if let Some(binding) = &element.binding {
            let set = binding.value_set.as_ref().map_or("no value set", |s| s);
            facts.push(("binding", format!("{} {set}", strength(binding.strength))));
        }
        if let Some(slicing) = &element.slicing {
            let rules = match slicing.rules {
                SlicingRules::Closed => "closed",
                SlicingRules::Open => "open",
                SlicingRules::OpenAtEnd => "open at the end",
            };
            let order = if slicing.ordered { ", ordered" } else { "" };
            facts.push(("sliced", format!("{rules}{order}")));
            for slice in &slicing.slices {
                let tests = slice.tests.as_ref().map_or_else(
                    || "cannot be told apart".to_owned(),
                    |tests| tests.iter().map(|t| test_text(graph, t)).collect::<Vec<_>>().join(" and "),
                );
                facts.push(("slice", format!("{}: {tests}", slice.name)));
            }
        }
        if let Some(other) = element.same_as {
            facts.push(("parts", format!("as element {}", other.0)));
        }
        if element.is_modifier {
            facts.push(("modifier", "changes the meaning".to_owned()));
        }
        if element.must_support {
            facts.push(("support", "must be supported".to_owned()));
        }
        for invariant in &element.constraints {
            let constraint = &invariant.constraint;
            let level = if constraint.warning { "warning" } else { "error" };
            let from = &graph.library().entry(invariant.origin).name;
            let holds = graph.holds(constraint).map_or_else(String::new, |holds| format!("{holds}; "));
            let text = format!("{} ({level}, from {from}): {holds}{}", constraint.key, constraint.expression);
            facts.push(("invariant", text));
        }
        facts
    }

    /// The keys of the invariants but those that hold everywhere.
    pub fn invariants(&self) -> Vec<&'g str> {
        let keys = self.element.constraints.iter().map(|i| &*i.constraint.key);
        keys.filter(|k| !matches!(*k, "ele-1" | "ext-1")).collect()
    }

    pub fn json(&self, graph: &RuleGraph) -> Json {
        let element = self.element;
        let library = graph.library();
        let origin = library.entry(element.origin);
        let types: Vec<Json> = element
            .types
            .iter()
            .map(|t| {
                let profiles: Vec<&str> = t.profiles.iter().map(|p| &*library.entry(*p).url).collect();
                let targets: Vec<&str> = t.targets.iter().map(|t| &*t.canonical).collect();
                json!({"code": t.code, "profile": profiles, "targetProfile": targets, "aggregation": t.aggregation})
            })
            .collect();
        let invariants: Vec<Json> = element
            .constraints
            .iter()
            .map(|i| {
                json!({"key": i.constraint.key, "severity": if i.constraint.warning { "warning" } else { "error" },
                       "holds": graph.holds(&i.constraint), "expression": i.constraint.expression, "from": library.entry(i.origin).url})
            })
            .collect();
        let rules: Vec<Json> = self
            .facts(graph)
            .into_iter()
            .filter(|(what, _)| *what != "invariant")
            .map(|(what, text)| json!({"rule": what, "text": text}))
            .collect();
        let max = if element.max == u32::MAX { "*".to_owned() } else { element.max.to_string() };
        json!({"id": element.id, "min": element.min, "max": max, "type": types, "rules": rules, "invariants": invariants,
               "from": {"url": origin.url, "version": origin.version}})
    }
}

fn type_text(graph: &RuleGraph, t: &Type) -> String {
    let last = |url: &str| url.rsplit('/').next().unwrap_or("").to_owned();
    let mut inside: Vec<String> = t.profiles.iter().map(|p| last(&graph.library().entry(*p).url)).collect();
    inside.extend(t.targets.iter().map(|t| last(&t.canonical)));
    let aggregation = if t.aggregation.is_empty() { String::new() } else { format!(" {}", t.aggregation.join(" or ")) };
    if inside.is_empty() {
        format!("{}{aggregation}", t.code)
    } else {
        format!("{}({}){aggregation}", t.code, inside.join(" | "))
    }
}

fn test_text(graph: &RuleGraph, test: &Test) -> String {
    let path = |steps: &[Step]| {
        let steps: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Child(names) => names.iter().map(|n| graph.names().text(*n)).collect::<Vec<_>>().join("|"),
                Step::Extension(url) => format!("extension({url})"),
                Step::Resolve => "resolve()".to_owned(),
            })
            .collect();
        if steps.is_empty() { "it".to_owned() } else { steps.join(".") }
    };
    match test {
        Test::Fixed(steps, value) => format!("{} is {}", path(steps), written(value)),
        Test::Pattern(steps, value) => format!("{} contains {}", path(steps), written(value)),
        Test::ValueSet(steps, set) => format!("{} is a code of {set}", path(steps)),
        Test::Exists(steps, true) => format!("{} is there", path(steps)),
        Test::Exists(steps, false) => format!("{} is not there", path(steps)),
        Test::Type(steps, types) => format!("{} is of type {}", path(steps), types.join(" or ")),
        Test::Profile(steps, profiles) => {
            let urls: Vec<&str> = profiles.iter().map(|p| &*graph.library().entry(*p).url).collect();
            format!("{} meets {}", path(steps), urls.join(" or "))
        }
    }
}

fn strength(strength: Strength) -> &'static str {
    match strength {
        Strength::Example => "example",
        Strength::Preferred => "preferred",
        Strength::Extensible => "extensible",
        Strength::Required => "required",
    }
}

/// `'text'`, or the parts of a complex value.
fn written(value: &Value) -> String {
    let parts: Vec<String> = value.children.iter().map(|c| format!("{} {}", c.name, written(c))).collect();
    match &value.text {
        Some(text) => format!("'{text}'"),
        None => parts.join(", "),
    }
}
