//! The facts of MessageDefinition (which event carries what and is answered by what) and of NamingSystem.

use touchmark_document::NodeRef;

use super::json::{Json, Object};
use super::value;

pub(super) fn message_definition(root: NodeRef<'_>, out: &mut Object) {
    out.text(root, "date");
    if let Some(event) = root.child("event") {
        let mut coding = Object::new();
        for name in ["system", "version", "code", "display"] {
            coding.text(event, name);
        }
        out.object("event", coding);
    }
    out.text(root, "category");
    let focus = root.all("focus").map(|f| {
        let mut object = Object::new();
        object.text(f, "code");
        if let Some(profile) = f.child("profile") {
            object.object("profile", reference(profile));
        }
        object.raw(f, "min");
        object.text(f, "max");
        Json::Object(object)
    });
    out.array("focus", focus.collect());
    out.raw(root, "responseRequired");
    let responses = root.all("allowedResponse").filter_map(|r| {
        let mut object = Object::new();
        object.object("message", reference(r.child("message")?));
        Some(Json::Object(object))
    });
    out.array("allowedResponse", responses.collect());
}

/// A Reference with its extensions (the assets that a message is made of are listed in one) and without its display.
fn reference(node: NodeRef<'_>) -> Object {
    let mut out = Object::new();
    out.array("extension", node.all("extension").map(|e| value::copy(e, "extension")).collect());
    out.text(node, "reference");
    out
}

pub(super) fn naming_system(root: NodeRef<'_>, out: &mut Object) {
    out.text(root, "kind");
    out.text(root, "date");
    let identifiers = root.all("uniqueId").map(|u| {
        let mut object = Object::new();
        object.text(u, "type");
        object.text(u, "value");
        object.raw(u, "preferred");
        Json::Object(object)
    });
    out.array("uniqueId", identifiers.collect());
}
