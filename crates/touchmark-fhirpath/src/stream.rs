//! Paths and filters as a stream: each item goes on to whoever asked for it, so that nothing is collected on the way.

use touchmark_document::{Name, NodeRef};

use crate::ast::{Call, Kind, Member, Part, Variable};
use crate::evaluate::{Evaluated, Evaluator, Scope, unknown_variable};
use crate::function::Function as F;
use crate::item::{Collection, Item, Truth};
use crate::nodes::{extensions, is_of_type, type_is_known};

/// Receives the items of a part one after the other, and says whether it wants another.
pub(crate) type Take<'t, 'a, 's> = &'t mut dyn FnMut(&mut Evaluator<'a, 's>, Item<'a>) -> Evaluated<bool>;

impl<'a, 's> Evaluator<'a, 's> {
    /// Gives the items of a part to `take` until it wants no more; whether it wanted all of them. Whoever wants no more must
    /// see to it that nothing remains unsaid: see [`Part::may_stop`].
    pub(crate) fn each(&mut self, part: &'a Part, scope: Scope<'_, 'a>, take: Take<'_, 'a, 's>) -> Evaluated<bool> {
        match &part.kind {
            Kind::This => {
                self.spend(part, 1)?;
                self.each_of(scope.this, take)
            }
            Kind::Variable(Variable::Named(name)) if self.variables.is_empty() => {
                self.spend(part, 1)?;
                let environment = self.environment;
                match environment.variables.iter().find(|v| *v.0 == **name) {
                    Some((_, items)) => self.each_of(items, take),
                    None => unknown_variable(part, name),
                }
            }
            Kind::Head(member) => {
                self.spend(part, 1)?;
                self.head(part, member, scope.this, take)
            }
            Kind::Path(input, members) => {
                if let (Kind::This, Collection::One(Item::Node(node))) = (&input.kind, scope.this) {
                    return self.descend(part, *node, members, take);
                }
                self.each(input, scope, &mut |this, item| this.path(part, &item, members, take))
            }
            Kind::Call(call) if call.is_stream() => {
                self.spend(part, 1)?;
                self.each_of_call(part, call, scope, take)
            }
            _ => {
                for item in self.collection(part, scope)? {
                    if !take(self, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// The items of a stream.
    pub(crate) fn gather(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<Collection<'a>> {
        let mut found = Collection::Empty;
        self.each(part, scope, &mut |_, item| {
            found.push(item);
            Ok(true)
        })?;
        if let Collection::Many(items) = &found {
            self.spend(part, items.len() as u64)?;
        }
        Ok(found)
    }

    /// Whether a part gives anything.
    pub(crate) fn any(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<bool> {
        let defined = self.variables.len();
        let mut found = false;
        self.each(part, scope, &mut |_, _| {
            found = true;
            Ok(!part.may_stop)
        })?;
        // What a path has defined is known to what follows it.
        if !matches!(part.kind, Kind::Head(_) | Kind::Path(..)) {
            self.forget(defined);
        }
        Ok(found)
    }

    /// Whether the criterion has this truth (or, where `is` is false, has it not) for an item of the input.
    pub(crate) fn any_with(&mut self, call: &'a Call, truth: Truth, is: bool, scope: Scope<'_, 'a>) -> Evaluated<bool> {
        let criterion = &call.arguments[0];
        let mut found = false;
        let mut index = 0;
        self.each(&call.input, scope, &mut |this, item| {
            found = found || (this.truth_for_item(criterion, &Collection::One(item), index, scope)? == truth) == is;
            index += 1;
            Ok(!found || !call.input.may_stop)
        })?;
        Ok(found)
    }

    /// How many items a part gives.
    pub(crate) fn count(&mut self, part: &'a Part, scope: Scope<'_, 'a>) -> Evaluated<usize> {
        let mut count = 0;
        self.each(part, scope, &mut |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    fn each_of(&mut self, items: &Collection<'a>, take: Take<'_, 'a, 's>) -> Evaluated<bool> {
        for item in items {
            if !take(self, item.clone())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A name at the head of a path: the context itself when it is of that type, else its members.
    fn head(
        &mut self,
        part: &Part,
        member: &'a Member,
        this: &Collection<'a>,
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        if member.is_type_like {
            let model = self.environment.model;
            let is_named = |item: &&Item<'a>| match item {
                Item::Node(node) => {
                    node.resource_text() == &*member.text || {
                        let own = model.type_of(*node);
                        own.is_some_and(|own| own == &*member.text || model.is_subtype(own, &member.text))
                    }
                }
                _ => false,
            };
            if this.iter().any(|item| is_named(&item)) {
                return self.each_of(&this.iter().filter(is_named).cloned().collect(), take);
            }
        }
        for item in this {
            if !self.path(part, item, std::slice::from_ref(member), take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What names lead to from an item, one after the other.
    fn path(&mut self, part: &Part, item: &Item<'a>, members: &'a [Member], take: Take<'_, 'a, 's>) -> Evaluated<bool> {
        if let Item::Node(node) = item {
            return self.descend(part, *node, members, take);
        }
        match members.split_first() {
            None => take(self, item.clone()),
            Some((member, rest)) => match part_of_value(item, &member.text) {
                Some(found) => self.path(part, &found, rest, take),
                None => Ok(true),
            },
        }
    }

    fn descend(
        &mut self,
        part: &Part,
        node: NodeRef<'a>,
        members: &'a [Member],
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        self.spend(part, 1)?;
        let Some((member, rest)) = members.split_first() else { return take(self, Item::Node(node)) };
        if member.name == Name::NONE {
            return self.descend_by_text(part, node, member, rest, take);
        }
        match self.descend_from_each(part, node.children_named(member.name), rest, take)? {
            Some(wants_more) => Ok(wants_more),
            None if member.may_be_choice(node) => self.choice(part, node, member, rest, take),
            None => Ok(true),
        }
    }

    /// As [`Evaluator::descend`], from each of some nodes; `None` where there is none.
    #[inline]
    fn descend_from_each(
        &mut self,
        part: &Part,
        nodes: impl Iterator<Item = NodeRef<'a>>,
        members: &'a [Member],
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<Option<bool>> {
        let mut wants_more = None;
        for node in nodes {
            wants_more = Some(self.descend(part, node, members, take)?);
            if wants_more == Some(false) {
                break;
            }
        }
        Ok(wants_more)
    }

    /// As [`Evaluator::descend`], by a name that the table does not hold.
    #[inline(never)]
    fn descend_by_text(
        &mut self,
        part: &Part,
        node: NodeRef<'a>,
        member: &'a Member,
        rest: &'a [Member],
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        if !member.may_be_choice(node) {
            return Ok(true);
        }
        match self.descend_from_each(part, node.all(&member.text), rest, take)? {
            Some(wants_more) => Ok(wants_more),
            None => self.choice(part, node, member, rest, take),
        }
    }

    /// The children that a choice of types makes of a name, where there is none of the name itself.
    #[inline(never)]
    fn choice(
        &mut self,
        part: &Part,
        node: NodeRef<'a>,
        member: &'a Member,
        rest: &'a [Member],
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        let mut asked = false;
        for child in node.children().filter(|c| member.is_choice(*c)) {
            // The model is asked only where there is something to ask about.
            if !asked && !self.environment.model.is_choice(&member.text) {
                return Ok(true);
            }
            asked = true;
            if !self.descend(part, child, rest, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn each_node(
        &mut self,
        part: &Part,
        nodes: impl Iterator<Item = NodeRef<'a>>,
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        for node in nodes {
            self.spend(part, 1)?;
            if !take(self, Item::Node(node))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The functions that [`Call::is_stream`] names.
    fn each_of_call(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        scope: Scope<'_, 'a>,
        take: Take<'_, 'a, 's>,
    ) -> Evaluated<bool> {
        let mut index = 0;
        match (call.function, &call.type_name) {
            (F::Where, _) => self.each(&call.input, scope, &mut |this, item| {
                let item = Collection::One(item);
                let truth = this.truth_for_item(&call.arguments[0], &item, index, scope)?;
                index += 1;
                match item {
                    Collection::One(item) if truth == Truth::True => take(this, item),
                    _ => Ok(true),
                }
            }),
            (F::Select, _) => self.each(&call.input, scope, &mut |this, item| {
                let found = this.for_item(&call.arguments[0], item, index, scope)?;
                index += 1;
                for item in found {
                    if !take(this, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }),
            (F::OfType, Some(name)) => {
                let mut found = false;
                let wants_more = self.each(&call.input, scope, &mut |this, item| {
                    if is_of_type(&item, name, this.environment) != Some(true) {
                        return Ok(true);
                    }
                    found = true;
                    take(this, item)
                })?;
                if !found {
                    type_is_known(part, name, self.environment)?;
                }
                Ok(wants_more)
            }
            (F::First, _) => {
                let mut wants_more = true;
                self.each(&call.input, scope, &mut |this, item| {
                    wants_more = take(this, item)?;
                    Ok(false)
                })?;
                Ok(wants_more)
            }
            (F::Combine, _) => {
                if !self.each(&call.input, scope, take)? {
                    return Ok(false);
                }
                let other = self.operand(&call.arguments[0], scope)?;
                self.spend_items(part, other.len())?;
                self.each_of(&other, take)
            }
            (F::Children, _) => self.each(&call.input, scope, &mut |this, item| match item {
                Item::Node(node) => this.each_node(part, node.children(), take),
                _ => Ok(true),
            }),
            (F::Descendants, _) => self.each(&call.input, scope, &mut |this, item| match item {
                Item::Node(node) => this.each_node(part, node.descendants(), take),
                _ => Ok(true),
            }),
            (F::Extension, _) => {
                let Some(Kind::String(url)) = call.arguments.first().map(|a| &a.kind) else { return Ok(true) };
                self.each(&call.input, scope, &mut |this, item| {
                    let Item::Node(node) = item else { return Ok(true) };
                    this.spend(part, 1)?;
                    this.each_node(part, extensions(node, url), take)
                })
            }
            // resolve(): what the references point to; of a Reference its `reference`, of any primitive its text.
            _ => self.each(&call.input, scope, &mut |this, item| {
                let (reference, from) = match &item {
                    Item::Node(node) => (node.value().or_else(|| node.child_value("reference")), *node),
                    Item::String(text) => (Some(&**text), this.context),
                    _ => (None, this.context),
                };
                let Some(reference) = reference else { return Ok(true) };
                // A resolver may look through the whole document.
                this.spend(part, 20)?;
                match this.environment.resolver.resolve(reference, from) {
                    Some(resource) => take(this, Item::Node(resource)),
                    None => Ok(true),
                }
            }),
        }
    }
}

/// The part of a name that a value has which is no node.
fn part_of_value<'a>(value: &Item<'a>, name: &str) -> Option<Item<'a>> {
    match (value, name) {
        (Item::Type(info), "namespace") => Some(Item::String(info.namespace.into())),
        (Item::Type(info), "name") => Some(Item::String(info.name.to_string().into())),
        (Item::Quantity(quantity), "value") => Some(Item::Decimal(quantity.value)),
        (Item::Quantity(quantity), "unit" | "code") => {
            let text = quantity.to_string();
            let unit = text.split_once(' ').map_or("", |parts| parts.1).trim_matches('\'').to_owned();
            Some(Item::String(unit.into()))
        }
        _ => None,
    }
}

impl Call {
    /// Whether its items come one after the other out of those of its input.
    pub(crate) fn is_stream(&self) -> bool {
        match self.function {
            F::Where | F::Select | F::Combine | F::Children | F::Descendants | F::Resolve => true,
            F::OfType => self.type_name.is_some(),
            F::First => self.input.may_stop,
            F::Extension => matches!(self.arguments.first().map(|a| &a.kind), Some(Kind::String(_))),
            _ => false,
        }
    }
}
