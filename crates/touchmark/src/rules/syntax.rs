//! How a document is written: what its reader found, the order of XML elements, arrays and objects in JSON, markup.

use touchmark_document::{FaultKind, Form, NodeRef};

use crate::graph::KnownNames;
use crate::issue::Also;
use crate::rule::{Rule, rules};
use crate::sentence::Quoted;
use crate::walk::{At, Walk, is_xml};

rules! {
    UNREADABLE = "syntax-unreadable", Fatal, "structure",
        says "the document cannot be read: {detail}",
        why "What cannot be read cannot be checked; nothing behind this place was looked at.",
        mend "Repair the place named, or send the document in FHIR JSON or FHIR XML.",
        at "formats.html";
    DUPLICATE_KEY = "syntax-duplicate-key", Error, "structure",
        says "the property {detail} is there twice in one object",
        why "Readers disagree about which of the two counts.",
        mend "Keep one; values that repeat are one array.",
        at "json.html";
    EMPTY_ARRAY = "syntax-empty-array", Error, "structure",
        says "{detail} is an empty array",
        why "FHIR JSON has no empty arrays: what has no repeats is left out.",
        mend "Leave the property out.",
        at "json.html";
    EMPTY_OBJECT = "syntax-empty-object", Error, "structure",
        says "{detail} is an empty object",
        why "An element has content or is not there.",
        mend "Leave the property out.",
        at "json.html";
    EMPTY_VALUE = "primitive-empty", Error, "value",
        says "{detail} is empty",
        why "A value has at least one character, or is not there.",
        mend "Give it a value, or leave the element out.",
        at "datatypes.html#string";
    NULL = "syntax-null", Error, "structure",
        says "{detail} is null",
        why "FHIR JSON writes null only in arrays of primitives, to keep values and extensions in step.",
        mend "Leave the property out.",
        at "json.html#null";
    ARRAY_LENGTHS = "syntax-array-lengths", Error, "structure",
        says "{detail} and its extensions are arrays of different length",
        why "Values and extensions belong together by their place in the arrays.",
        mend "Fill the shorter array with null.",
        at "json.html#primitive";
    NESTED_ARRAY = "syntax-nested-array", Error, "structure",
        says "{detail} is an array in an array",
        why "FHIR has no lists of lists.",
        mend "Write one array.",
        at "json.html";
    SIBLING = "syntax-extension-sibling", Error, "structure",
        says "{detail} must hold objects with an id or extensions",
        why "The property with the underscore holds what belongs to a primitive beside its value.",
        mend "Write an object, or null in an array.",
        at "json.html#primitive";
    TRAILING_COMMA = "syntax-trailing-comma", Error, "structure",
        says "a comma stands before the closing {detail}",
        why "JSON has no such comma (RFC 8259): most readers refuse the whole document for it.",
        mend "Remove the comma.",
        at "json.html";
    SURROGATE = "syntax-surrogate", Error, "structure",
        says "{detail} holds half of a surrogate pair",
        why "It stands for no character, and the text is damaged.",
        mend "Write the character itself, in UTF-8.",
        at "json.html";
    RESOURCE_TYPE = "syntax-resource-type", Error, "structure",
        says "no resource type is given: {detail}",
        why "Without its type nothing is known of a resource.",
        mend "Begin the resource with its resourceType.",
        at "json.html#resources";
    BYTE_ORDER_MARK = "syntax-byte-order-mark", Warning, "structure",
        says "the document begins with a byte order mark",
        why "JSON is UTF-8 without one, and some readers stop at it.",
        mend "Write the file without it.",
        at "json.html";
    STRAY_TEXT = "syntax-stray-text", Error, "structure",
        says "there is text between the elements: {detail}",
        why "FHIR XML keeps values in attributes; such text is lost.",
        mend "Move the text to the value attribute of its element, or remove it.",
        at "xml.html";
    STRAY_ATTRIBUTE = "syntax-stray-attribute", Error, "structure",
        says "{detail} is not an attribute of FHIR XML",
        why "Elements have the attributes value, id and url only.",
        mend "Remove the attribute.",
        at "xml.html";
    NAMESPACE = "syntax-namespace", Error, "structure",
        says "{element} is in the wrong namespace: {detail}",
        why "FHIR elements are in http://hl7.org/fhir, narrative in http://www.w3.org/1999/xhtml.",
        mend "Declare the namespace on the root element, and on the div.",
        at "xml.html";
    EMPTY_ELEMENT = "syntax-empty-element", Error, "structure",
        says "{detail} has neither a value nor content",
        why "An element has content or is not there.",
        mend "Give it a value, or leave it out.",
        at "xml.html";
    SEVERAL_RESOURCES = "syntax-several-resources", Error, "structure",
        says "{detail} holds more than one resource",
        why "The place has room for one.",
        mend "Repeat the element for each resource.",
        at "xml.html";
    ENCODING = "syntax-encoding", Warning, "structure",
        says "the declared encoding is not the one that is used: {detail}",
        why "A reader that believes the declaration misreads the text.",
        mend "Declare the encoding that is used; UTF-8 is what FHIR wants.",
        at "xml.html";
    OTHER = "syntax-other", Error, "structure",
        says "the document is not written as FHIR prescribes: {detail}",
        why "Readers may refuse it.",
        mend "Repair the place named.",
        at "formats.html";
    ORDER = "syntax-order", Error, "structure",
        says "{element} is out of order",
        why "FHIR XML fixes the order of elements, and schema validation refuses another.",
        mend "Move the element to its place in the order of the definition.",
        at "xml.html";
    ARRAY_WANTED = "syntax-array-wanted", Error, "structure",
        says "{element} must be a JSON array",
        why "What may repeat is always an array in FHIR JSON, even when there is one.",
        mend "Put the value in square brackets.",
        at "json.html#repeating";
    ARRAY_UNWANTED = "syntax-array-unwanted", Error, "structure",
        says "{element} must not be a JSON array",
        why "What cannot repeat is never an array in FHIR JSON.",
        mend "Remove the square brackets.",
        at "json.html#repeating";
    OBJECT_WANTED = "syntax-object-wanted", Error, "structure",
        says "{element} is of a complex type: it has parts, and no value of its own",
        why "It is read by its parts; a value beside them, or in their place, is lost.",
        mend "Write the parts that the type defines.",
        at "datatypes.html#complex";
    RESOURCE_WANTED = "syntax-resource-wanted", Error, "structure",
        says "{element} must hold a resource",
        why "What stands here has no resource type.",
        mend "Begin it with its resourceType (JSON), or with an element of that name (XML).",
        at "resource.html";
}

/// Turns what the reader found into findings.
pub(crate) fn faults(walk: &mut Walk<'_, '_>) {
    let document = walk.document;
    for fault in document.faults() {
        let rule: &'static Rule = match fault.kind {
            FaultKind::DuplicateKey => &DUPLICATE_KEY,
            FaultKind::EmptyArray => &EMPTY_ARRAY,
            FaultKind::EmptyObject => &EMPTY_OBJECT,
            FaultKind::EmptyString => &EMPTY_VALUE,
            FaultKind::NullValue => &NULL,
            FaultKind::ArrayLengths => &ARRAY_LENGTHS,
            FaultKind::NestedArray => &NESTED_ARRAY,
            FaultKind::SiblingForm => &SIBLING,
            FaultKind::LoneSurrogate => &SURROGATE,
            FaultKind::ResourceType => &RESOURCE_TYPE,
            FaultKind::TrailingComma => &TRAILING_COMMA,
            FaultKind::ByteOrderMark => &BYTE_ORDER_MARK,
            FaultKind::StrayText => &STRAY_TEXT,
            FaultKind::StrayAttribute => &STRAY_ATTRIBUTE,
            FaultKind::Namespace => &NAMESPACE,
            FaultKind::EmptyElement => &EMPTY_ELEMENT,
            FaultKind::SeveralResources => &SEVERAL_RESOURCES,
            FaultKind::Encoding => &ENCODING,
            _ => &OTHER,
        };
        if walk.budget.is_spent(walk.issues.len()) {
            break;
        }
        let detail = match fault.kind {
            FaultKind::StrayText => walk.detail(Quoted(&fault.detail).to_string()),
            FaultKind::ArrayLengths => walk.detail(fault.detail.trim_start_matches('_')),
            _ => walk.detail(&*fault.detail),
        };
        let node = document.node(fault.node);
        let also = match fault.kind {
            FaultKind::EmptyArray => Also::Empty,
            FaultKind::EmptyString | FaultKind::EmptyObject | FaultKind::EmptyElement | FaultKind::NullValue => {
                meaningless(node, &walk.graph.known)
            }
            _ => Also::Nowhere,
        };
        let issue = walk.say(rule, node);
        (issue.detail, issue.start, issue.also) = (detail, fault.offset, also);
    }
}

/// What is without a meaning as something in it is empty: the Identifier or Coding of a system, the extension of a url or value.
fn meaningless(node: NodeRef<'_>, known: &KnownNames) -> Also {
    let extension = |parent: NodeRef<'_>| [known.extension, known.modifier_extension].contains(&parent.name());
    node.parent().filter(|parent| node.name() == known.system || extension(*parent) && !extension(node)).into()
}

/// An XML element that comes after one that should follow it.
#[inline]
pub(crate) fn order<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, at: At<'_>) {
    if node.form() == Form::Element || node.form() == Form::Markup {
        walk.say_from(&ORDER, node, at);
    }
}

/// Whether JSON wrote an array where, and only where, the element may repeat.
#[inline]
pub(crate) fn array_form<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, repeats: bool) {
    if is_xml(node) || node.in_array() == repeats {
        return;
    }
    // A property that is only filled by its `_name` sibling takes its form from that.
    if node.form() != Form::Null {
        walk.say(if repeats { &ARRAY_WANTED } else { &ARRAY_UNWANTED }, node);
    }
}

/// Whether a rule is that an element which cannot repeat was written as an array.
pub(super) fn is_array_unwanted(rule: &'static Rule) -> bool {
    *rule == ARRAY_UNWANTED
}

/// Whether an element of a complex type has parts rather than a value.
#[inline]
pub(crate) fn complex_form<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) -> bool {
    if node.value().is_none() && !matches!(node.form(), Form::Markup) {
        return true;
    }
    walk.say(&OBJECT_WANTED, node);
    is_xml(node)
}

/// A place for a resource that holds none.
#[cold]
pub(crate) fn no_resource<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    // What is empty has been said to be, and holds no resource for that reason.
    let mut faults = walk.document.faults_of(node);
    let is_empty = faults.any(|fault| matches!(fault.kind, FaultKind::EmptyElement | FaultKind::EmptyObject));
    if node.has_children() || !is_empty {
        walk.say(&RESOURCE_WANTED, node);
    }
}
