//! Where an extension is put so that it can be checked: a resource that has a place which its contexts allow.

use touchmark_document::Form;

use super::builder::Wish;
use super::{Builder, Instance, content};
use crate::graph::{ElementId, Profile, RuleGraph};
use crate::snapshot::DefinitionId;
use crate::vectors::tree::Tree;

/// A place for an extension: a resource type, the labels on the way, and the extensions around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    resource: String,
    way: Vec<String>,
    /// Urls of extensions that it stands in, outermost first.
    within: Vec<String>,
}

/// Resources that have elements of most types, the simplest first.
const RESOURCES: &[&str] = &[
    "Patient",
    "Observation",
    "Encounter",
    "Condition",
    "MedicationRequest",
    "Organization",
    "Practitioner",
    "DiagnosticReport",
    "Questionnaire",
    "DocumentReference",
    "List",
    "Composition",
    "Location",
    "Immunization",
    "MedicationStatement",
    "MedicationDispense",
    "CarePlan",
    "Procedure",
    "Appointment",
    "Schedule",
    "Slot",
    "MessageHeader",
    "ProcedureRequest",
    "ReferralRequest",
    "Specimen",
    "AllergyIntolerance",
    "Communication",
    "EpisodeOfCare",
    "FamilyMemberHistory",
    "HealthcareService",
    "RelatedPerson",
    "Task",
    "Basic",
    "MessageDefinition",
    "Device",
];

/// Where an extension stands that changes the meaning of what it stands in.
const MODIFIER: &str = "modifierExtension";

/// Places that the contexts of an extension may mean.
pub(super) fn candidates(graph: &RuleGraph, profile: &Profile) -> Vec<Host> {
    let mut hosts = Vec::new();
    for context in &profile.contexts {
        of_context(graph, context.trim(), 0, &mut hosts);
    }
    for resource in RESOURCES.iter().take(2) {
        hosts.push(Host::on(resource));
    }
    hosts
}

/// Places that no context may mean, for those who want the extension to be out of place.
pub(super) fn elsewhere() -> Vec<Host> {
    let mut hosts: Vec<Host> = RESOURCES.iter().map(|r| Host::on(r)).collect();
    hosts.push(Host { way: vec!["name".into()], ..Host::on("Patient") });
    hosts
}

fn of_context(graph: &RuleGraph, context: &str, depth: usize, hosts: &mut Vec<Host>) {
    if context.starts_with("http") {
        let url = context.split('#').next().unwrap_or(context);
        let Some(around) = graph.find(url).and_then(|id| graph.profile(id)).filter(|_| depth < 4) else { return };
        let mut outer = Vec::new();
        for context in &around.contexts {
            of_context(graph, context.trim(), depth + 1, &mut outer);
        }
        outer.push(Host::on("Patient"));
        hosts.extend(outer.into_iter().map(|mut host| {
            host.within.push(url.to_owned());
            host
        }));
        return;
    }
    let mut parts = context.split('.');
    let first = parts.next().unwrap_or("");
    let rest: Vec<String> = parts.map(str::to_owned).collect();
    if content::of_type(graph, first).is_some_and(|p| &*p.kind == "resource" && !p.is_abstract) {
        hosts.push(Host { way: rest, ..Host::on(first) });
        return;
    }
    for resource in RESOURCES {
        let Some(profile) = content::of_type(graph, resource) else { continue };
        for element in &profile.elements[1..] {
            let depth = element.id.split('.').count();
            if depth > 4 || !element.types.iter().any(|t| *t.code == *first) || element.id.contains(".contained") {
                continue;
            }
            let mut way: Vec<String> = element.id.split('.').skip(1).map(str::to_owned).collect();
            if let Some(last) = way.last_mut().filter(|l| l.ends_with("[x]")) {
                *last = crate::library::choice_name(last.trim_end_matches("[x]"), first);
            }
            way.extend(rest.iter().cloned());
            hosts.push(Host { way, ..Host::on(resource) });
            break;
        }
    }
}

impl Host {
    fn on(resource: &str) -> Host {
        Host { resource: resource.to_owned(), way: Vec::new(), within: Vec::new() }
    }

    /// The least resource of this type with the extension in its place.
    pub fn with_extension<'g>(
        &self,
        graph: &'g RuleGraph,
        profile: &'g Profile,
        chain: &[ElementId],
        wish: Option<Wish>,
    ) -> Instance<'g> {
        let mut builder = Builder::new(graph).wishing(wish);
        let mut tree = match content::of_type(graph, &self.resource) {
            Some(host) => builder.resource(host, &[]),
            None => Tree { resource: self.resource.clone(), ..Tree::empty("", Form::Object) },
        };
        let mut extension = Tree::empty("extension", Form::Object);
        extension.in_array = true;
        builder.root(&mut extension, profile, chain);
        let mut holder = &mut tree;
        for name in &self.way {
            let Some(at) = builder.ensure(holder, name) else { break };
            holder = &mut holder.children[at];
        }
        for url in &self.within {
            let Some(at) = builder.extend(holder, url) else { break };
            holder = &mut holder.children[at];
            // An extension has parts or a value.
            holder.children.retain(|c| !c.name.starts_with("value"));
        }
        if profile.elements[0].is_modifier
            && builder.place(holder).is_some_and(|at| builder.child(at, MODIFIER).is_some())
        {
            extension.name = MODIFIER.into();
        }
        builder.insert(holder, extension);
        Instance::new(builder, tree)
    }
}

/// The first profile of a resource with an element that must meet a profile of its type, and the way to that element.
pub(super) fn user<'g>(graph: &'g RuleGraph, profile: &Profile) -> Option<(&'g Profile, Vec<ElementId>)> {
    let users = graph.library().mentioning(&profile.url).filter_map(|(id, _)| graph.profile(id));
    users.filter(|user| &*user.kind == "resource").find_map(|user| {
        let mut chain = Vec::new();
        leads(user, ElementId::ROOT, profile.id, &mut chain).then_some((user, chain))
    })
}

fn leads(user: &Profile, at: ElementId, wanted: DefinitionId, chain: &mut Vec<ElementId>) -> bool {
    let element = &user.elements[at.0 as usize];
    if element.max == 0 {
        return false;
    }
    if element.children.is_none() && element.types.iter().any(|t| t.profiles.first() == Some(&wanted)) {
        return true;
    }
    let children = element.children.iter().flat_map(|c| c.order.iter().copied());
    let slices = element.slicing.iter().flat_map(|s| s.slices.iter().map(|s| s.element));
    children.chain(slices).any(|next| {
        chain.push(next);
        let found = leads(user, next, wanted, chain);
        if !found {
            chain.pop();
        }
        found
    })
}
