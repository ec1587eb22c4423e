//! `pathname()`: where items stand in the resource, as an expression that leads to each.

use touchmark_document::NodeRef;

use crate::ast::{Call, Part};
use crate::environment::resource_of;
use crate::evaluate::{Evaluated, Evaluator, Scope};
use crate::item::{Collection, Item, Truth};
use crate::model::choice_of;

impl<'a> Evaluator<'a, '_> {
    /// The paths of the items that are nodes of `%rootResource`. With the argument true, an index is left out where there is
    /// one element of the name.
    pub(super) fn pathname(
        &mut self,
        part: &'a Part,
        call: &'a Call,
        input: &Collection<'a>,
        scope: Scope<'_, 'a>,
    ) -> Evaluated<Collection<'a>> {
        let short = match call.arguments.first() {
            Some(argument) => self.truth(argument, scope)? == Truth::True,
            None => false,
        };
        let resource = self.environment.resource.unwrap_or_else(|| resource_of(self.context));
        let root = self.environment.root_resource.unwrap_or_else(|| resource_of(resource));
        let mut paths = Collection::Empty;
        for item in input {
            let Item::Node(node) = item else { continue };
            let mut steps = Vec::new();
            let mut at = *node;
            while at != root {
                let Some(parent) = at.parent() else { break };
                let (mut index, mut count) = (0_u32, 0_u32);
                let name = self.element_name(at);
                for sibling in parent.children() {
                    self.spend(part, 1)?;
                    if sibling == at {
                        index = count;
                    }
                    count += u32::from(self.element_name(sibling) == name);
                }
                steps.push(if short && count == 1 { name.to_owned() } else { format!("{name}[{index}]") });
                at = parent;
            }
            if at != root {
                continue;
            }
            steps.push(root.resource_text().to_owned());
            steps.reverse();
            let path = steps.join(".");
            self.spend_text(part, path.len())?;
            paths.push(Item::String(path.into()));
        }
        Ok(paths)
    }

    /// The name that FHIRPath has for an element: of a choice without its type.
    fn element_name(&self, node: NodeRef<'a>) -> &'a str {
        let name = node.name_text();
        match choice_of(name) {
            Some((base, _)) if self.environment.model.is_choice(base) => base,
            _ => name,
        }
    }
}
