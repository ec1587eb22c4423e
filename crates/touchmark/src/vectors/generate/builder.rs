//! Builds the least instance of a profile that has the elements on the way to one of them: what must be there, and no more.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use touchmark_document::Form;

use super::content;
use crate::definition::{SlicingRules, Text, Value};
use crate::graph::{ElementId, Profile, RuleGraph, Slice, Slicing, Step, Test, Type, TypeKind};
use crate::library::choice_name;
use crate::rules::primitive::{JsonForm, Primitive};
use crate::snapshot::DefinitionId;
use crate::vectors::tree::Tree;
use crate::walk::At;

/// How deep an instance may become: definitions that require themselves have no instance.
const DEEPEST: usize = 24;

/// Makes trees whose nodes are numbered; each number stands for the place in the definitions where the children are.
#[derive(Clone)]
pub(super) struct Builder<'g> {
    pub graph: &'g RuleGraph,
    places: Vec<At<'g>>,
    depth: usize,
    /// The first node that was made for each element.
    marks: HashMap<(DefinitionId, ElementId), u32, FixedState>,
    /// The slice that each repeat was made for.
    slices: HashMap<u32, ElementId, FixedState>,
    /// Ids of contained resources that nothing refers to yet.
    pub contained: Vec<String>,
    /// The type that an element with a choice of types gets.
    wish: Option<Wish>,
    /// The chain that goes on where an element meets a profile of its type.
    inside: Option<(DefinitionId, Vec<ElementId>)>,
}

/// An element of a profile, and the type that it gets.
pub(super) type Wish = (DefinitionId, ElementId, Text);

impl<'g> Builder<'g> {
    pub fn new(graph: &'g RuleGraph) -> Self {
        Builder {
            graph,
            places: Vec::new(),
            depth: 0,
            marks: HashMap::default(),
            slices: HashMap::default(),
            contained: Vec::new(),
            wish: None,
            inside: None,
        }
    }

    /// Gives an element the type that is wished.
    pub fn wishing(self, wish: Option<Wish>) -> Self {
        Builder { wish, ..self }
    }

    /// Goes on with a chain in the profile of a type.
    pub fn going_on(self, profile: DefinitionId, chain: &[ElementId]) -> Self {
        Builder { inside: Some((profile, chain.to_vec())), ..self }
    }

    /// The node that was made first for an element of a profile.
    pub fn node_of(&self, profile: &Profile, element: ElementId) -> Option<u32> {
        self.marks.get(&(profile.id, element)).copied()
    }

    /// A builder whose numbers go on from here, and which has made nothing yet.
    pub fn fresh(&self) -> Self {
        Builder { marks: HashMap::default(), contained: Vec::new(), ..self.clone() }
    }

    /// This builder, which also knows the places of another that went on from it.
    pub fn with_places_of(&self, other: &Self) -> Self {
        Builder { places: other.places.clone(), ..self.clone() }
    }

    /// Whether a repeat was made for any slice.
    pub fn is_of_any(&self, tree: &Tree) -> bool {
        tree.node.is_some_and(|node| self.slices.contains_key(&node))
    }

    /// Whether a repeat was made for a slice.
    pub fn is_of(&self, tree: &Tree, slice: ElementId) -> bool {
        tree.node.is_some_and(|node| self.slices.get(&node) == Some(&slice))
    }

    /// The next node will be the first of an element, if there is none yet.
    fn mark(&mut self, at: At<'g>) {
        let next = self.places.len() as u32;
        self.marks.entry((at.profile.id, at.id)).or_insert(next);
    }

    /// The place in the definitions where the children of a node are.
    pub fn place(&self, tree: &Tree) -> Option<At<'g>> {
        self.places.get(tree.node? as usize).copied()
    }

    /// The number that the next node will have.
    pub fn next(&self) -> usize {
        self.places.len()
    }

    pub fn number(&mut self, at: At<'g>) -> u32 {
        self.places.push(at);
        self.places.len() as u32 - 1
    }

    /// A resource that meets a profile, with the elements of the chain.
    pub fn resource(&mut self, profile: &'g Profile, chain: &[ElementId]) -> Tree {
        let mut tree = Tree { resource: profile.type_name.to_string(), ..Tree::empty("", Form::Object) };
        self.root(&mut tree, profile, chain);
        tree
    }

    /// Makes a node meet a profile, with the elements of the chain.
    pub fn root(&mut self, tree: &mut Tree, profile: &'g Profile, chain: &[ElementId]) {
        self.mark(At::root(profile));
        self.fill(tree, At::root(profile), Some(chain));
    }

    /// Gives a node the children that it must have, those on the chain, and enough to be no empty element.
    fn fill(&mut self, tree: &mut Tree, at: At<'g>, chain: Option<&[ElementId]>) {
        tree.node = Some(self.number(at));
        let Some(children) = self.graph.own_children(at.profile, at.id) else { return };
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        let next = chain.and_then(<[ElementId]>::first);
        let asked = |id: &ElementId| next == Some(id) || least(at.child(*id)) > 0;
        let forced = content::forced(at, children, &asked);
        for id in &children.order {
            let on_chain = chain.filter(|c| c.first() == Some(id)).map(|c| &c[1..]);
            let repeats = match on_chain {
                None if forced.contains(id) => self.some(at.child(*id)),
                _ => self.repeats(at.child(*id), on_chain),
            };
            tree.children.extend(repeats);
        }
        self.depth -= 1;
    }

    /// The repeats of an element that there must be, or one.
    pub fn some(&mut self, at: At<'g>) -> Vec<Tree> {
        let repeats = self.repeats(at, None);
        if repeats.is_empty() { self.repeats(at, Some(&[])) } else { repeats }
    }

    /// The repeats of an element that there must be; where a chain leads through it one that belongs to no slice but those
    /// which the chain names.
    pub fn repeats(&mut self, at: At<'g>, chain: Option<&[ElementId]>) -> Vec<Tree> {
        let element = at.element();
        if element.max == 0 && chain.is_none() {
            return Vec::new();
        }
        let Some(slicing) = element.slicing.as_deref() else {
            let count = element.min.max(u32::from(chain.is_some()));
            return (0..count).map(|n| self.one(at, chain.filter(|_| n == 0).unwrap_or(&[]))).collect();
        };
        let mut out = Vec::new();
        for slice in &slicing.slices {
            let through = chain.filter(|c| c.first() == Some(&slice.element));
            let count = at.child(slice.element).element().min.max(u32::from(through.is_some()));
            for number in 0..count {
                let rest = through.filter(|_| number == 0).map_or(&[][..], |c| &c[1..]);
                out.push(self.slice(at, slice, rest));
            }
        }
        let through_slice =
            chain.and_then(<[ElementId]>::first).is_some_and(|f| slicing.slices.iter().any(|s| s.element == *f));
        if let Some(chain) = chain.filter(|_| !through_slice) {
            let repeat = self.beside(at, slicing, chain);
            out.push(repeat);
        }
        while out.len() < element.min as usize {
            let repeat = self.beside(at, slicing, &[]);
            out.push(repeat);
        }
        out
    }

    /// A repeat that belongs to no slice; where none may be, one of a slice.
    pub fn beside(&mut self, at: At<'g>, slicing: &'g Slicing, chain: &[ElementId]) -> Tree {
        let open = slicing.rules != SlicingRules::Closed;
        match slicing.slices.iter().find(|s| at.child(s.element).element().max > 0 && s.tests.is_some()) {
            Some(slice) if !open => self.slice(at, slice, &[]),
            _ => self.stranger(at, slicing, chain),
        }
    }

    /// A repeat that has not the value by which any slice is told.
    pub fn stranger(&mut self, at: At<'g>, slicing: &'g Slicing, chain: &[ElementId]) -> Tree {
        let mut tree = self.one(at, chain);
        for slice in &slicing.slices {
            let Some([Test::Fixed(path, value) | Test::Pattern(path, value)]) = slice.tests.as_deref() else {
                continue;
            };
            let Some((way, element)) = self.follow(&tree, path) else { continue };
            let Some(leaf) = tree
                .at_mut(&way)
                .filter(|leaf| leaf.value.is_some() && leaf.value == value.text.as_deref().map(str::to_owned))
            else {
                continue;
            };
            let taken: Vec<&str> = slicing
                .slices
                .iter()
                .flat_map(|s| s.tests.iter().flatten())
                .filter_map(|t| match t {
                    Test::Fixed(_, value) | Test::Pattern(_, value) => value.text.as_deref(),
                    _ => None,
                })
                .collect();
            if let Some(free) = element
                .element()
                .binding
                .as_deref()
                .and_then(|b| content::set(self.graph, b))
                .and_then(|s| content::code_beside(s, &taken))
            {
                leaf.value = Some(free);
            }
        }
        tree
    }

    /// The node at a discriminator's path, and its element.
    fn follow(&self, tree: &Tree, path: &[Step]) -> Option<(Vec<usize>, At<'g>)> {
        let (mut way, mut node, mut element) = (Vec::new(), tree, None);
        for step in path {
            let Step::Child(names) = step else { return None };
            let is_it = |c: &Tree| names.iter().any(|n| self.graph.names().text(*n) == c.name);
            let at = node.children.iter().position(is_it)?;
            element = self.child(self.place(node)?, &node.children[at].name).map(|(child, _)| child);
            way.push(at);
            node = &node.children[at];
        }
        Some((way, element?))
    }

    /// A repeat that belongs to a slice.
    pub fn slice(&mut self, at: At<'g>, slice: &'g Slice, chain: &[ElementId]) -> Tree {
        let inner = at.child(slice.element);
        let mut tree = match inner.element().slicing.as_deref() {
            Some(slicing) => {
                let nested = slicing.slices.iter().find(|s| chain.first() == Some(&s.element));
                match nested {
                    Some(nested) => self.slice(inner, nested, &chain[1..]),
                    None => self.one(inner, chain),
                }
            }
            None => self.one(inner, chain),
        };
        for test in slice.tests.iter().flatten() {
            self.satisfy(&mut tree, test);
        }
        if let Some(node) = tree.node {
            self.slices.entry(node).or_insert(slice.element);
        }
        tree
    }

    /// One element.
    pub fn one(&mut self, at: At<'g>, chain: &[ElementId]) -> Tree {
        let element = at.element();
        let Some(t) = self.choose_type(at, chain) else {
            // A contentReference, or an element without a type.
            let mut tree = self.empty(at, &element.label);
            self.mark(at);
            self.fill(&mut tree, at, Some(chain));
            return tree;
        };
        let name = self.name_of(at, t);
        self.of_type(at, t, &name, chain)
    }

    /// The name of an element with a type: `valueString`.
    pub fn name_of(&self, at: At<'g>, t: &Type) -> String {
        match at.element().label.strip_suffix("[x]") {
            Some(stem) => choice_name(stem, &t.code),
            None => at.element().label.to_string(),
        }
    }

    fn empty(&self, at: At<'g>, name: &str) -> Tree {
        Tree { in_array: at.element().repeats, ..Tree::empty(name, Form::Object) }
    }

    pub fn of_type(&mut self, at: At<'g>, t: &'g Type, name: &str, chain: &[ElementId]) -> Tree {
        let mut tree = self.empty(at, name);
        self.mark(at);
        match t.kind {
            TypeKind::Primitive(primitive) => {
                let value = content::primitive(self.graph, at, primitive, self.places.len());
                tree.value = Some(value);
                tree.form = form(primitive);
                tree.node = Some(self.number(self.inner(at, t).unwrap_or(at)));
                if let Some(first) = chain.first()
                    && let Some(children) = self.graph.own_children(at.profile, at.id)
                    && children.order.contains(first)
                {
                    let repeats = self.repeats(at.child(*first), Some(&chain[1..]));
                    tree.children.extend(repeats);
                }
            }
            TypeKind::Xhtml => {
                tree.form = Form::Markup;
                tree.value = Some(content::NARRATIVE.into());
                tree.node = Some(self.number(at));
            }
            TypeKind::Resource => {
                let profile = t.profiles.first().or(t.definition.as_ref()).and_then(|id| self.graph.profile(*id));
                let profile = profile.filter(|p| !p.is_abstract);
                let profile =
                    profile.or_else(|| content::entry(self.graph, at)).or_else(|| content::any_resource(self.graph));
                if let Some(profile) = profile {
                    let mut resource = self.resource(profile, &[]);
                    // The fullUrl of an entry says who it is.
                    resource.children.retain(|c| c.name != "id");
                    tree = Tree { name: tree.name, in_array: tree.in_array, ..resource };
                }
                if *at.element().label == *"contained" {
                    let id = format!("c{}", self.places.len());
                    tree.children.retain(|c| c.name != "id");
                    tree.children.insert(0, Tree::leaf("id", Some(id.clone()), Form::String));
                    self.contained.push(id);
                }
            }
            TypeKind::Complex | TypeKind::Reference | TypeKind::Extension => {
                let inner = self.inner(at, t).unwrap_or(at);
                match self
                    .inside
                    .clone()
                    .filter(|(profile, _)| inner.id == ElementId::ROOT && *profile == inner.profile.id)
                {
                    Some((_, chain)) => self.root(&mut tree, inner.profile, &chain),
                    None => self.fill(&mut tree, inner, Some(chain)),
                }
                content::refine(self, &mut tree, at, inner, t);
                let element = at.element();
                if let Some(fixed) = &element.fixed {
                    tree.children.clear();
                    self.impose(&mut tree, inner, fixed);
                } else if let Some(pattern) = &element.pattern {
                    self.impose(&mut tree, inner, pattern);
                }
            }
        }
        tree
    }

    /// Where the children of an element with this type are: its own, those of a profile of its type, or those of the type.
    pub fn inner(&self, at: At<'g>, t: &Type) -> Option<At<'g>> {
        if self.graph.own_children(at.profile, at.id).is_some() {
            return Some(at);
        }
        let profiled = (t.kind != TypeKind::Reference).then(|| t.profiles.first()).flatten();
        let profile = profiled.and_then(|id| self.graph.profile(*id));
        let profile = profile.or_else(|| t.definition.and_then(|id| self.graph.profile(id)))?;
        self.graph.own_children(profile, ElementId::ROOT).map(|_| At::root(profile))
    }

    /// The type that the element gets where it has a choice.
    fn choose_type(&self, at: At<'g>, chain: &[ElementId]) -> Option<&'g Type> {
        let element = at.element();
        let types = &element.types;
        let fixed = element.fixed.as_deref().or(element.pattern.as_deref());
        let named = |code: &str| types.iter().find(|t| *t.code == *code);
        if let Some(value) = fixed.and_then(|f| named(&f.name)) {
            return Some(value);
        }
        if types.len() < 2 || !chain.is_empty() {
            return types.first();
        }
        let wished = self.wish.iter().find(|(profile, id, _)| (*profile, *id) == (at.profile.id, at.id));
        if let Some(wished) = wished.and_then(|(_, _, code)| named(code)) {
            return Some(wished);
        }
        let sliced: Vec<&str> = element
            .slicing
            .iter()
            .flat_map(|s| &s.slices)
            .flat_map(|s| at.child(s.element).element().types.iter())
            .map(|t| &*t.code)
            .collect();
        let coded = element.binding.is_some();
        let wanted: &[&str] =
            if coded { &["CodeableConcept", "Coding", "code"] } else { &["string", "CodeableConcept", "dateTime"] };
        let free = |t: &&Type| !sliced.contains(&&*t.code);
        let preferred = wanted.iter().filter_map(|code| named(code)).find(free);
        preferred.or_else(|| types.iter().find(free)).or(types.first())
    }

    /// Makes what a discriminator looks at be there, with the value that it wants.
    fn satisfy(&mut self, tree: &mut Tree, test: &'g Test) {
        match test {
            Test::Fixed(path, value) => self.put(tree, path, Some(value), true),
            Test::Pattern(path, value) => self.put(tree, path, Some(value), false),
            Test::ValueSet(path, _) | Test::Type(path, _) | Test::Profile(path, _) | Test::Exists(path, true) => {
                self.put(tree, path, None, false);
            }
            Test::Exists(path, false) => {
                if let [Step::Child(names)] = &path[..] {
                    let names: Vec<&str> = names.iter().map(|n| self.graph.names().text(*n)).collect();
                    tree.children.retain(|c| !names.contains(&c.name.as_str()));
                }
            }
        }
    }

    fn put(&mut self, tree: &mut Tree, path: &'g [Step], value: Option<&Value>, whole: bool) {
        let Some((step, rest)) = path.split_first() else {
            if let Some(value) = value {
                if whole {
                    tree.children.clear();
                }
                let at = self.place(tree);
                self.impose_at(tree, at, value);
            }
            return;
        };
        match step {
            Step::Child(names) => {
                let name = names.iter().map(|n| self.graph.names().text(*n)).find(|n| !n.is_empty()).unwrap_or("");
                let any = |c: &Tree| names.iter().any(|n| self.graph.names().text(*n) == c.name);
                let known = tree.children.iter().position(any);
                if let Some(at) = known.or_else(|| self.ensure(tree, name)) {
                    self.put(&mut tree.children[at], rest, value, whole);
                }
            }
            Step::Extension(url) => {
                let of_url =
                    |c: &Tree| c.name == "extension" && c.child("url").and_then(|u| u.value.as_deref()) == Some(url);
                let known = tree.children.iter().position(of_url);
                if let Some(at) = known.or_else(|| self.extend(tree, url)) {
                    self.put(&mut tree.children[at], rest, value, whole);
                }
            }
            // What is resolved lies elsewhere.
            Step::Resolve => {}
        }
    }

    /// Adds the extension with this url. Returns where it is.
    pub fn extend(&mut self, tree: &mut Tree, url: &str) -> Option<usize> {
        let profile = self.graph.find(url).and_then(|id| self.graph.profile(id))?;
        let mut extension = Tree::empty("extension", Form::Object);
        extension.in_array = true;
        self.root(&mut extension, profile, &[]);
        Some(self.insert(tree, extension))
    }

    /// Makes a child be there; the name is that of the definition or of the document. Returns where it is.
    pub fn ensure(&mut self, tree: &mut Tree, name: &str) -> Option<usize> {
        if let Some(known) = tree.children.iter().position(|c| c.name == name) {
            return Some(known);
        }
        let at = self.place(tree)?;
        let (child, of_type) = self.child(at, name)?;
        let made = match of_type {
            Some(t) => vec![self.of_type(child, t, name, &[])],
            None => self.some(child),
        };
        let name = made.first()?.name.clone();
        for repeat in made {
            self.insert(tree, repeat);
        }
        tree.children.iter().position(|c| c.name == name)
    }

    /// The child with this name: the element, and its type where the name says which.
    pub fn child(&self, at: At<'g>, name: &str) -> Option<(At<'g>, Option<&'g Type>)> {
        let children = self.graph.own_children(at.profile, at.id)?;
        let elements = || children.order.iter().map(|id| at.child(*id));
        if let Some(found) =
            elements().find(|c| c.element().label.trim_end_matches("[x]") == name.trim_end_matches("[x]"))
        {
            return Some((found, None));
        }
        elements().find_map(|c| {
            let stem = c.element().label.strip_suffix("[x]")?;
            let t = c.element().types.iter().find(|t| choice_name(stem, &t.code) == name)?;
            Some((c, Some(t)))
        })
    }

    /// Puts a repeat that belongs to a slice before those of its like that belong to none. Returns where it is.
    pub fn insert_slice(&self, tree: &mut Tree, child: Tree) -> usize {
        let is_beside = |c: &Tree| c.name == child.name && c.node.is_none_or(|node| !self.slices.contains_key(&node));
        match tree.children.iter().position(is_beside) {
            Some(at) => {
                tree.children.insert(at, child);
                at
            }
            None => self.insert(tree, child),
        }
    }

    /// Puts a child where the definition of its parent wants it, behind its like. Returns where it is.
    pub fn insert(&self, tree: &mut Tree, child: Tree) -> usize {
        let rank = |name: &str| self.rank(tree, name).unwrap_or(usize::MAX);
        let mine = rank(&child.name);
        let at = tree.children.iter().position(|c| rank(&c.name) > mine).unwrap_or(tree.children.len());
        tree.children.insert(at, child);
        at
    }

    fn rank(&self, tree: &Tree, name: &str) -> Option<usize> {
        let at = self.place(tree)?;
        let children = self.graph.own_children(at.profile, at.id)?;
        children.order.iter().position(|id| {
            let label = &at.child(*id).element().label;
            match label.strip_suffix("[x]") {
                Some(stem) => name.strip_prefix(stem).is_some_and(|s| s.starts_with(|l: char| l.is_ascii_uppercase())),
                None => **label == *name,
            }
        })
    }

    fn impose(&mut self, tree: &mut Tree, inner: At<'g>, value: &Value) {
        self.impose_at(tree, Some(inner), value);
    }

    /// Makes a node have the parts of a value.
    fn impose_at(&mut self, tree: &mut Tree, at: Option<At<'g>>, value: &Value) {
        if let Some(text) = &value.text {
            tree.value = Some(text.to_string());
        }
        for part in &value.children {
            let found = at.and_then(|at| self.child(at, &part.name));
            let known = tree.children.iter().position(|c| c.name == *part.name);
            let index = known.unwrap_or_else(|| {
                let mut child = Tree::empty(&part.name, Form::Object);
                if let Some((child_at, of_type)) = found {
                    let t = of_type.or(child_at.element().types.first());
                    child.in_array = child_at.element().repeats;
                    child.node = t.and_then(|t| self.inner(child_at, t)).map(|inner| self.number(inner));
                    if let Some(TypeKind::Primitive(primitive)) = t.map(|t| t.kind) {
                        child.form = form(primitive);
                    }
                }
                if tree.node.is_none() {
                    tree.children.push(child);
                    return tree.children.len() - 1;
                }
                self.insert(tree, child)
            });
            let inner = found.and_then(|(child, t)| self.inner(child, t.or(child.element().types.first())?));
            self.impose_at(&mut tree.children[index], inner, part);
        }
    }
}

/// How often an element is there at least, its slices taken together.
pub(super) fn least(at: At<'_>) -> u32 {
    let element = at.element();
    if element.max == 0 {
        return 0;
    }
    let slices = element.slicing.iter().flat_map(|s| &s.slices);
    element.min.max(slices.map(|s| at.child(s.element).element().min).sum())
}

/// How JSON writes a primitive.
pub(super) fn form(primitive: Primitive) -> Form {
    match primitive.json_form() {
        JsonForm::Boolean => Form::Boolean,
        JsonForm::Number => Form::Number,
        JsonForm::String => Form::String,
    }
}
