//! The kinds of defects that definitions have: what each means for instances, and what is done instead.

use crate::definition::Text;
use crate::rule::{Rule, Severity};

/// Something wrong with a definition, said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The `ElementDefinition.id`, or the path where it has none; empty for the definition as a whole.
    pub element: Text,
    /// What is wrong, and what is done instead.
    pub kind: DefectKind,
    /// The name, url or number concerned.
    pub detail: Text,
}

impl Defect {
    /// What is wrong, in one sentence.
    pub fn sentence(&self) -> String {
        self.kind.rule().says.replace("{element}", &self.element).replace("{detail}", &self.detail)
    }
}

// Seven lines each, since `line!()` only knows where the macro begins (a test looks every line up).
macro_rules! defects {
    ($($kind:ident = $code:literal, $severity:ident, $dropped:literal,
        says $says:literal, means $means:literal, instead $instead:literal, mend $mend:literal, like $like:literal, at $at:literal;)+) => {
        /// The kinds of [`Defect`].
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum DefectKind {
            $(#[doc = $says] $kind,)+
        }

        const CODES: &[&str] = &[$($code),+];

        /// The pages of all kinds, in their order.
        pub(crate) static RULES: &[&Rule] = &[$(&Rule {
            code: $code,
            severity: Severity::$severity,
            kind: "processing",
            advice: false,
            says: $says,
            why: $means,
            mend: $mend,
            example: $like,
            specification: concat!("http://hl7.org/fhir/STU3/", $at),
            file: file!(),
            line: line!() + 1 + 7 * crate::rule::place(CODES, $code),
        },)+];

        static INSTEAD: &[(&str, bool)] = &[$(($instead, $dropped),)+];
    };
}

defects! {
    BaseMissing = "definition-base-missing", Error, true,
        says "the base {detail} is not loaded",
        means "Nothing can be checked by this definition.",
        instead "The definition is not used.",
        mend "Load the package that has the base, or correct baseDefinition.",
        like r#""baseDefinition": "https://example.org/StructureDefinition/patient-base", and no package has that"#,
        at "structuredefinition.html";
    BaseLoop = "definition-base-loop", Error, true,
        says "the chain of bases comes back to itself by {detail}",
        means "Nothing can be checked by this definition.",
        instead "The definition is not used.",
        mend "Correct baseDefinition.",
        like "patient-a has the base patient-b, and patient-b has the base patient-a",
        at "structuredefinition.html";
    PathUnknown = "definition-path-unknown", Error, true,
        says "the path {detail} leads nowhere in what the definition derives from",
        means "The rule has no element to hold for.",
        instead "The row is dropped.",
        mend "Correct the path.",
        like r#""path": "Patient.nickname""#,
        at "elementdefinition.html";
    Widened = "definition-cardinality-widened", Error, true,
        says "the cardinality is wider than that of the base: {detail}",
        means "Instances that use the wider cardinality do not conform to the base.",
        instead "The narrower cardinality holds.",
        mend "Narrow the cardinality, or derive from another base.",
        like r#""path": "Observation.code", "min": 0, and in the base min is 1"#,
        at "profiling.html#cardinality";
    MinimumAboveMaximum = "definition-minimum-above-maximum", Error, true,
        says "the minimum is above the maximum: {detail}",
        means "No instance could meet both.",
        instead "The maximum holds for both.",
        mend "Correct one of the two.",
        like r#""path": "Patient.name", "min": 2, "max": "1""#,
        at "profiling.html#cardinality";
    SlicesOfProhibited = "definition-slices-prohibited", Warning, false,
        says "max 0 is said of the sliced element itself, and then slices of it are named",
        means "Read to the letter no slice could ever be there.",
        instead "The slices hold, and no other repeats.",
        mend "Close the slicing, and leave the maximum of the sliced element.",
        like r#""path": "Patient.identifier", "max": "0", and below it "sliceName": "nhsNumber", "min": 1"#,
        at "profiling.html#slicing";
    TypeWidened = "definition-type-widened", Error, true,
        says "the base does not allow these types here: {detail}",
        means "Instances with this type do not conform to the base.",
        instead "These types are dropped; the types of the base hold where none is left.",
        mend "Choose among the types of the base.",
        like r#""path": "Patient.birthDate", "type": [{"code": "dateTime"}], and in the base it is date"#,
        at "profiling.html#types";
    TypeUnknown = "definition-type-unknown", Error, true,
        says "there is no type {detail}",
        means "What is in the element cannot be checked.",
        instead "The content is not checked.",
        mend "Correct the type's code: it is case-sensitive.",
        like r#""type": [{"code": "Codeableconcept"}]"#,
        at "datatypes.html";
    BindingWeakened = "definition-binding-weakened", Warning, true,
        says "the binding is weaker than that of the base: {detail}",
        means "Codes outside the base's value set do not conform to the base, whatever the profile says.",
        instead "The base's strength holds.",
        mend "Keep the strength, or make it stricter.",
        like r#""path": "Patient.gender", "binding": {"strength": "extensible"}, and in the base it is required"#,
        at "terminologies.html#strength";
    ProfileOnReference = "definition-profile-on-reference", Warning, false,
        says "type.profile of a Reference names a profile of the resource that it points at: {detail}",
        means "To the letter the Reference itself would have to be that resource, which it cannot.",
        instead "It is read as type.targetProfile.",
        mend "Write type.targetProfile instead of type.profile.",
        like r#""type": [{"code": "Reference", "profile": "https://example.org/StructureDefinition/my-patient"}]"#,
        at "elementdefinition-definitions.html#ElementDefinition.type.targetProfile";
    CanonicalMissing = "definition-canonical-missing", Warning, true,
        says "{detail} is not among the loaded definitions",
        means "What it requires is not checked.",
        instead "The rest is checked; of a target only the type, where it is known.",
        mend "Correct the url, or publish and load the definition.",
        like r#""targetProfile": "https://example.org/StructureDefinition/my-practitioner", and no package has that"#,
        at "references.html#canonical";
    CanonicalKind = "definition-canonical-kind", Error, true,
        says "{detail}",
        means "What is meant cannot be looked up here.",
        instead "The rule is not checked.",
        mend "Name a definition of the right kind.",
        like r#""type": [{"code": "Extension", "profile": "http://hl7.org/fhir/ValueSet/administrative-gender"}]"#,
        at "references.html#canonical";
    BindingToNoValueSet = "definition-binding-target", Error, true,
        says "the binding names {detail}, which is no value set",
        means "No code can be said to be in it or not.",
        instead "The binding is not checked.",
        mend "Name the value set that has the codes of the code system.",
        like r#""valueSetUri": "http://hl7.org/fhir/administrative-gender", which is a code system"#,
        at "terminologies.html#binding";
    BindingWithoutValueSet = "definition-binding-empty", Warning, true,
        says "a {detail} binding names no value set",
        means "No code can be said to be right or wrong.",
        instead "The binding is not checked.",
        mend "Name the value set.",
        like r#""binding": {"strength": "required"}"#,
        at "terminologies.html#binding";
    DiscriminatorMissing = "definition-discriminator-missing", Error, true,
        says "nothing tells the slices apart: the slicing has no discriminator",
        means "It cannot be said which repeat belongs to which slice.",
        instead "The slices are not checked, the element itself is.",
        mend "Add a discriminator, and a fixed value at its path in each slice.",
        like r#""slicing": {"rules": "open"}"#,
        at "profiling.html#discriminator";
    DiscriminatorValueMissing = "definition-discriminator-value", Error, true,
        says "the slice has no value at the path by which slices are told apart ({detail})",
        means "It cannot be said whether a repeat belongs to the slice.",
        instead "The slice is not checked; a closed slicing is not enforced.",
        mend "Fix the value at that path in the slice.",
        like r#""discriminator": [{"type": "value", "path": "system"}], and the slice says nothing of system"#,
        at "profiling.html#discriminator";
    DiscriminatorPath = "definition-discriminator-path", Error, true,
        says "the path by which slices are told apart leads nowhere: {detail}",
        means "It cannot be said whether a repeat belongs to the slice.",
        instead "The slice is not checked; a closed slicing is not enforced.",
        mend "Correct the path of the discriminator.",
        like r#""discriminator": [{"type": "value", "path": "sytem"}]"#,
        at "profiling.html#discriminator";
    SlicesAlike = "definition-slices-alike", Error, false,
        says "a repeat may belong to this slice and to the slice {detail} at once: what recognises the one recognises the other",
        means "It cannot be said which slice's rules hold for such a repeat.",
        instead "The slice that is named first has it.",
        mend "Fix different values at the path of the discriminator.",
        like r#"slices home and work, both with "path": "Patient.telecom.use", "fixedCode": "home""#,
        at "profiling.html#slicing";
    SliceNever = "definition-slice-never", Error, false,
        says "no valid repeat can belong to the slice: {detail}",
        means "What the slice says is never checked; a required slice makes every instance invalid.",
        instead "The rules hold as they are written.",
        mend "Let the sliced element allow what its slice requires.",
        like r#""path": "Patient.telecom.use", "fixedCode": "home", and in a slice of telecom "fixedCode": "work""#,
        at "profiling.html#slicing";
    SliceAlways = "definition-slice-always", Warning, false,
        says "every valid repeat belongs to the slice: {detail}",
        means "The slicing separates nothing.",
        instead "The rules hold as they are written.",
        mend "Constrain the element without slices.",
        like r#""path": "Patient.telecom.use", "fixedCode": "home", and in a slice of telecom the same"#,
        at "profiling.html#slicing";
    Unreachable = "definition-rule-unreachable", Information, false,
        says "{detail} speak of what is in this element, which is never there (max 0)",
        means "These rules say nothing of any instance.",
        instead "They are never asked.",
        mend "Remove the rows, or the maximum of 0.",
        like r#""path": "Patient.contact", "max": "0", and below it "path": "Patient.contact.name", "min": 1"#,
        at "profiling.html#cardinality";
    FixedInBrackets = "definition-fixed-brackets", Error, true,
        says "the fixed value stands in angle brackets: {detail}",
        means "Instances with the value that is meant would be wrong.",
        instead "The fixed value is not checked.",
        mend "Remove the brackets.",
        like r#""fixedUri": "<https://example.org/Id/hospital>""#,
        at "elementdefinition-definitions.html#ElementDefinition.fixed_x_";
    FixedSpaces = "definition-fixed-spaces", Warning, false,
        says "the fixed value begins or ends with a space: '{detail}'",
        means "Instances must have the space too, which their writers cannot see.",
        instead "The value is compared as it stands.",
        mend "Remove the space.",
        like r#""fixedString": "hospital ""#,
        at "elementdefinition-definitions.html#ElementDefinition.fixed_x_";
    FixedType = "definition-fixed-type", Error, false,
        says "the fixed or pattern value is {detail}",
        means "No instance has a value of that type here.",
        instead "The value is compared by its text and parts.",
        mend "Write the value with the element's type.",
        like r#""path": "Patient.birthDate", "fixedString": "1961-04-03""#,
        at "elementdefinition-definitions.html#ElementDefinition.fixed_x_";
    FixedOutsideBinding = "definition-fixed-outside-binding", Error, false,
        says "the fixed value {detail}",
        means "No instance can meet both the fixed value and the binding.",
        instead "Both are checked.",
        mend "Add the code to the value set, or correct the fixed value.",
        like r#""path": "Patient.gender", "fixedCode": "F""#,
        at "terminologies.html#binding";
    Invariant = "definition-invariant", Error, true,
        says "the invariant cannot be used: {detail}",
        means "The invariant is not checked.",
        instead "The invariant is left out.",
        mend "Correct the FHIRPath expression.",
        like r#""constraint": [{"key": "my-1", "severity": "error", "expression": "name.exists( and"}]"#,
        at "fhirpath.html";
    InvariantWithoutExpression = "definition-invariant-empty", Information, true,
        says "the invariant {detail} has no expression",
        means "No program can check it.",
        instead "The invariant is left out.",
        mend "Add a FHIRPath expression.",
        like r#""constraint": [{"key": "my-1", "severity": "error", "human": "There must be a name"}]"#,
        at "elementdefinition-definitions.html#ElementDefinition.constraint.expression";
    FixedUrlDiffers = "definition-extension-url", Error, true,
        says "the extension's definition fixes the url {detail}, which is not its own",
        means "An extension with the url of the definition would be wrong by it.",
        instead "The definition's own url holds.",
        mend "Fix the url of the definition.",
        like r#"in the definition of extension-pets: "path": "Extension.url", "fixedUri": "https://example.org/extension-hens""#,
        at "defining-extensions.html";
    ExtensionUrlMissing = "definition-extension-url-missing", Warning, false,
        says "the extension's definition does not fix its url",
        means "Nothing: extensions are found by their url all the same.",
        instead "The definition's own url holds.",
        mend "Fix Extension.url to the url of the definition.",
        like "a definition of an extension without a row for Extension.url",
        at "defining-extensions.html";
    ContextUnknown = "definition-context-unknown", Warning, true,
        says "the context {detail} is no element that there is",
        means "The extension is allowed in no such place.",
        instead "The context allows nothing; the other contexts hold.",
        mend "Correct the path: it begins with a type, and is case-sensitive.",
        like r#""contextType": "resource", "context": ["Patient.nickname"]"#,
        at "defining-extensions.html#context";
    ContextsExclude = "definition-context-excludes", Error, true,
        says "the contexts of the extension exclude every place where a profile puts it: {detail}",
        means "Every instance that uses the extension as its profile says would be wrong.",
        instead "These places are allowed besides the contexts.",
        mend "Add these places to the contexts.",
        like r#""context": ["Practitioner"], and a profile of Patient has the extension"#,
        at "defining-extensions.html#context";
    SnapshotOfResource = "definition-snapshot-resource", Error, true,
        says "the snapshot lists only {detail} below an element for any resource",
        means "Validators that trust the snapshot refuse every other child of the resource.",
        instead "Snapshots are made from the differential; these rows are not used.",
        mend "Make the snapshot again without children of Resource.",
        like "in the snapshot Bundle.entry.resource.id, .meta, .implicitRules and .language, and nothing else",
        at "profiling.html#snapshot";
    SnapshotOnly = "definition-snapshot-only", Information, false,
        says "there is no differential",
        means "Where each rule comes from cannot be told.",
        instead "The snapshot is read as a differential.",
        mend "Publish the differential.",
        like r#"a StructureDefinition with "snapshot" and without "differential""#,
        at "structuredefinition.html#StructureDefinition.differential";
    FhirVersion = "definition-fhir-version", Warning, false,
        says "fhirVersion is {detail}",
        means "A definition of another version of FHIR may name elements that STU3 does not have.",
        instead "It is read as STU3 (3.0).",
        mend "Write 3.0.1 or 3.0.2, or move the definition to a package of its version.",
        like r#""fhirVersion": "4.0.1""#,
        at "structuredefinition.html#StructureDefinition.fhirVersion";
    DerivationMissing = "definition-derivation-missing", Warning, false,
        says "derivation is missing",
        means "It is not said whether the definition constrains its base or makes a new type.",
        instead "With a base it is read as a constraint.",
        mend "Write derivation: constraint.",
        like r#"a StructureDefinition with "baseDefinition" and without "derivation""#,
        at "structuredefinition.html#StructureDefinition.derivation";
    Spaces = "definition-spaces", Warning, false,
        says "there is a space in {detail}",
        means "Who compares it to the letter does not find what is meant.",
        instead "Spaces around it are not counted; one within makes another url or code.",
        mend "Remove the space.",
        like r#""url": "https://example.org/StructureDefinition/my patient""#,
        at "datatypes.html#uri";
    Date = "definition-date", Warning, false,
        says "{detail} is no valid date",
        means "Nothing for instances: the definition itself is invalid.",
        instead "The date is not used.",
        mend "Write YYYY-MM-DD.",
        like r#""date": "26/04/2018""#,
        at "datatypes.html#dateTime";
    IdRepeated = "definition-id-repeated", Warning, false,
        says "{detail} rows have this id",
        means "It cannot be said by the id which of them is meant.",
        instead "The place of each row says which element it is about.",
        mend "Give each row the id of its own element and slice.",
        like r#"two rows with "id": "Patient.name.family""#,
        at "elementdefinition.html#id";
    IdDiffers = "definition-id-differs", Information, false,
        says "the id does not go with the path and the slice name: {detail}",
        means "Tools that follow ids find another element than those that follow paths.",
        instead "The path and the slice name count.",
        mend "Make the id from the path and the slice names.",
        like r#""id": "Patient.identifier:nhs", "path": "Patient.identifier", "sliceName": "nhsNumber""#,
        at "elementdefinition.html#id";
    SliceRepeated = "definition-slice-repeated", Warning, false,
        says "the slice is named {detail} times",
        means "What the rows say is one slice's.",
        instead "All rows hold for the one slice.",
        mend "Give each slice a name of its own.",
        like r#"two rows with "path": "Patient.identifier", "sliceName": "nhsNumber""#,
        at "profiling.html#slicing";
}

impl DefectKind {
    /// Its page.
    pub fn rule(self) -> &'static Rule {
        RULES[self as usize]
    }

    /// Its stable code.
    pub fn code(self) -> &'static str {
        self.rule().code
    }

    /// What touchmark does instead.
    pub fn instead(self) -> &'static str {
        INSTEAD[self as usize].0
    }

    /// Whether a rule is left out because of it. Such a definition is refused where definitions must be honoured in full.
    pub fn drops_a_rule(self) -> bool {
        INSTEAD[self as usize].1
    }
}
