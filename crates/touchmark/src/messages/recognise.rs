//! What a message is: the places of a rule set found in it, and its value in each dimension.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use foldhash::fast::FixedState;
use touchmark_document::{NodeId, NodeRef};
use touchmark_fhirpath::{Collection, Environment, EvaluationError, Expression, Item, Scratch, Truth};

use super::selector::Everywhere;
use super::set::{Fitting, Limit, RuleSet};
use super::{Judging, Recognised};

/// Steps that all conditions of a message may take together, and more for each of its nodes: far beyond what real messages
/// take, and about a second. What is asked of each entry about all entries must not be asked of a hundred thousand.
const STEPS: u64 = 50_000_000;
const STEPS_A_NODE: u64 = 200;

/// Places of up to so many nodes are looked through.
const FEW: usize = 16;

/// A message with all that conditions may ask about it.
pub(crate) struct Message<'e> {
    pub set: &'e RuleSet,
    pub root: NodeRef<'e>,
    pub environment: Environment<'e>,
    pub scratch: Scratch,
    /// The nodes of the places and of the selections.
    nodes: Vec<NodeRef<'e>>,
    /// Where the nodes of each place are.
    places: Vec<Range<usize>>,
    /// The nodes of large places that have been asked for.
    members: HashMap<u32, HashSet<NodeId, FixedState>, FixedState>,
    /// Where those of each selection are that has been looked at.
    selected: Vec<Option<Range<usize>>>,
    everywhere: Everywhere<'e>,
    /// The value of each dimension; empty where none fits.
    pub values: Vec<String>,
    /// Its number in [`RuleSet::values`], where something is limited to it.
    numbers: Vec<Option<u32>>,
    /// Whether the message is within the limits, by their number in [`RuleSet::limits`].
    fitting: Vec<bool>,
    pub recognised: Vec<Recognised>,
    pub policy: usize,
}

impl<'e> Message<'e> {
    /// The message as a rule set sees it; `None` when it is not for this set.
    pub fn recognise(set: &'e RuleSet, root: NodeRef<'e>, environment: Environment<'e>, how: &Judging) -> Option<Self> {
        Self::of(set, root, environment, how, false)
    }

    /// As [`Message::recognise`], but whatever it is when the caller knows that it is for this set.
    pub fn of(
        set: &'e RuleSet,
        root: NodeRef<'e>,
        environment: Environment<'e>,
        how: &Judging,
        is_known: bool,
    ) -> Option<Self> {
        let policy =
            how.policy.as_ref().and_then(|p| set.policies.iter().position(|known| known.name == *p)).unwrap_or(0);
        let mut message = Message {
            set,
            root,
            environment,
            scratch: Scratch::new(),
            nodes: Vec::new(),
            places: Vec::with_capacity(set.places.len()),
            members: HashMap::default(),
            selected: Vec::new(),
            everywhere: Everywhere::default(),
            values: Vec::with_capacity(set.dimensions.len()),
            numbers: Vec::with_capacity(set.dimensions.len()),
            fitting: Vec::new(),
            recognised: Vec::new(),
            policy,
        };
        if !is_known && message.truth(set.recognise.as_ref()?, root) != Ok(Truth::True) {
            return None;
        }
        message.environment.variables.reserve(4 + set.places.len() + set.dimensions.len());
        let asked = how.named.iter().map(|(name, _)| text(name)).collect();
        message.variable("asked", asked);
        let policy_name = set.policies.get(policy).map_or("", |p| &p.name);
        message.variable("policy", Collection::One(Item::String(Cow::Borrowed(policy_name))));
        let size = i64::try_from(root.document().source().len()).unwrap_or(i64::MAX);
        message.variable("size", Collection::One(Item::Integer(size)));
        let form = if crate::walk::is_xml(root) { "xml" } else { "json" };
        message.variable("form", Collection::One(Item::String(Cow::Borrowed(form))));
        for (name, expression) in &set.places {
            let found = message.evaluate(expression, root).unwrap_or_default();
            let before = message.nodes.len();
            message.nodes.extend(found.iter().filter_map(|item| match item {
                Item::Node(node) => Some(*node),
                _ => None,
            }));
            message.places.push(before..message.nodes.len());
            message.variable(name, found);
        }
        message.selected.resize(set.selections.len(), None);
        for dimension in &set.dimensions {
            message.dimension(dimension, how);
        }
        message.fitting = set.limits.iter().map(|limits| message.is_within(limits)).collect();
        Some(message)
    }

    fn dimension(&mut self, dimension: &'e super::set::Dimension, how: &Judging) {
        let named = how.named.iter().find(|(name, _)| **name == *dimension.name).map(|(_, value)| value.clone());
        let mut title = None;
        let value = named.or_else(|| {
            for (sentence, when, value_title) in &dimension.values {
                let holds = when.as_ref().is_none_or(|w| self.truth(w, self.root) == Ok(Truth::True));
                if holds {
                    title = Some(value_title);
                    return Some(sentence.write("", |e| self.evaluate(e, self.root).unwrap_or_default()));
                }
            }
            None
        });
        let value = value.unwrap_or_default();
        if !dimension.hidden && !value.is_empty() {
            let known = || dimension.values.iter().find(|(s, _, _)| s.write("", |_| Collection::Empty) == value);
            let title = title.filter(|t| !t.is_empty()).or_else(|| known().map(|(_, _, title)| title));
            self.recognised.push(Recognised {
                dimension: dimension.name.clone(),
                title: dimension.title.clone(),
                value: value.clone(),
                value_title: title.cloned().unwrap_or_default(),
            });
        }
        let item = if value.is_empty() { Collection::Empty } else { Collection::One(text(&value)) };
        self.variable(&dimension.name, item);
        self.numbers.push(self.set.values.iter().position(|v| **v == *value).map(|at| at as u32));
        self.values.push(value);
    }

    /// Whether something is for this message, by the names of dimensions and values.
    pub fn is_for(&self, when: &super::file::When) -> bool {
        when.iter().all(|(name, wanted)| {
            let at = self.set.dimensions.iter().position(|d| *d.name == **name);
            let value = at.and_then(|at| self.values.get(at)).map_or("", String::as_str);
            wanted.0.iter().any(|w| w == value)
        })
    }

    /// Where the nodes of a selection are, by its number in [`RuleSet::selections`].
    pub fn select(&mut self, number: u32) -> Range<usize> {
        let number = number as usize;
        if let Some(known) = &self.selected[number] {
            return known.clone();
        }
        let selection = &self.set.selections[number];
        let place = selection.on.map(|place| self.places[place as usize].clone());
        let before = self.nodes.len();
        match (&selection.select, place) {
            (None, Some(place)) => return place,
            (None, None) => self.nodes.push(self.root),
            (Some(select), None) => select.select_with(self.root, &mut self.everywhere, &mut self.nodes),
            (Some(select), Some(place)) => {
                for at in place {
                    select.select_with(self.nodes[at], &mut self.everywhere, &mut self.nodes);
                }
            }
        }
        let found = before..self.nodes.len();
        self.selected[number] = Some(found.clone());
        found
    }

    /// A node of a place or of a selection.
    pub fn node(&self, at: usize) -> NodeRef<'e> {
        self.nodes[at]
    }

    /// Where the nodes of a place are.
    pub fn place(&self, number: u32) -> Range<usize> {
        self.places[number as usize].clone()
    }

    /// Whether a node is one of a place.
    pub fn is_in_place(&mut self, number: u32, node: NodeId) -> bool {
        let nodes = &self.nodes[self.place(number)];
        if nodes.len() <= FEW {
            return nodes.iter().any(|n| n.id() == node);
        }
        let members = self.members.entry(number);
        members.or_insert_with(|| nodes.iter().map(|n| n.id()).collect()).contains(&node)
    }

    /// Adds a value that conditions write as `%name`.
    pub fn variable(&mut self, name: &'e str, value: Collection<'e>) {
        self.environment.variables.push((name.into(), value));
    }

    /// Evaluates an expression on a node.
    pub fn evaluate(
        &mut self,
        expression: &'e Expression,
        node: NodeRef<'e>,
    ) -> Result<Collection<'e>, EvaluationError> {
        self.environment.steps = self.steps_left();
        expression.evaluate(node, &self.environment, &mut self.scratch)
    }

    /// Evaluates a condition on a node.
    pub fn truth(&mut self, expression: &'e Expression, node: NodeRef<'e>) -> Result<Truth, EvaluationError> {
        self.environment.steps = self.steps_left();
        expression.evaluate_boolean(node, &self.environment, &mut self.scratch)
    }

    fn steps_left(&self) -> u64 {
        let all = STEPS + STEPS_A_NODE * self.root.document().len() as u64;
        all.saturating_sub(self.scratch.spent)
    }

    /// Whether something is for this message.
    pub fn fits(&self, when: Fitting) -> bool {
        self.fitting[when.0 as usize]
    }

    fn is_within(&self, limits: &[Limit]) -> bool {
        limits.iter().all(|limit| {
            let is = |numbers: &[u32]| {
                let own = self.numbers.get(limit.dimension as usize).copied().flatten();
                own.is_some_and(|own| numbers.contains(&own))
            };
            (limit.any.is_empty() || is(&limit.any)) && !is(&limit.none)
        })
    }
}

fn text<'e>(value: &str) -> Item<'e> {
    Item::String(Cow::Owned(value.to_owned()))
}
