//! The facts of a definition as a few bytes, which are read without being parsed.
//!
//! A definition is the number of its texts, the number of each in the image, and then its fields in the order in which they
//! are listed here. A text is its place among those of the definition. Numbers have seven bits a byte, low ones first.

use std::collections::HashMap;
use std::sync::Arc;

use crate::terminology::{Choice, CodeSystem, Concept, Content, Expansion, Filter, Listed, ValueSet};
use crate::{
    Binding, Constraint, Definition, Discriminator, ElementDefinition, Slicing, SlicingRules, Strength,
    StructureDefinition, Text, TypeRef, Value,
};

/// Writes a definition; `number` gives each text its number in the image.
pub(crate) fn write(definition: &Definition, number: &mut dyn FnMut(&str) -> u32) -> Vec<u8> {
    let mut writer = Writer { out: Vec::new(), texts: Vec::new(), known: HashMap::new(), number };
    definition.write(&mut writer);
    let mut out = (writer.texts.len() as u32).to_le_bytes().to_vec();
    out.extend(writer.texts.iter().flat_map(|number| number.to_le_bytes()));
    out.extend_from_slice(&writer.out);
    out
}

/// The numbers of the texts of a definition, and its fields.
fn split(facts: &'static [u8]) -> Option<(&'static [[u8; 4]], &'static [u8])> {
    let (count, rest) = facts.split_first_chunk::<4>()?;
    let (texts, fields) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(4)?)?;
    Some((texts.as_chunks().0, fields))
}

/// The numbers in the image of the texts of a definition.
pub(crate) fn texts(facts: &'static [u8]) -> impl Iterator<Item = u32> {
    split(facts).into_iter().flat_map(|(texts, _)| texts).map(|number| u32::from_le_bytes(*number))
}

/// Reads a definition; `text` gives the texts of the image by their numbers. `None` where the bytes are not what was written.
pub(crate) fn read(facts: &'static [u8], text: impl Fn(u32) -> &'static str) -> Option<Definition> {
    let (numbers, fields) = split(facts)?;
    let texts = numbers.iter().map(|number| text(u32::from_le_bytes(*number))).collect();
    let mut reader = Reader { fields, texts, failed: false };
    let definition = Definition::read(&mut reader);
    (!reader.failed && reader.fields.is_empty()).then_some(definition)
}

struct Writer<'n> {
    out: Vec<u8>,
    texts: Vec<u32>,
    known: HashMap<u32, u32>,
    number: &'n mut dyn FnMut(&str) -> u32,
}

struct Reader {
    fields: &'static [u8],
    texts: Vec<&'static str>,
    /// Whether the fields ended too early, or said what cannot be.
    failed: bool,
}

/// What has a place in the bytes.
trait Compact: Sized {
    fn write(&self, out: &mut Writer<'_>);
    fn read(from: &mut Reader) -> Self;
}

/// Structures: their fields one after the other, without the one behind the semicolon, which no pack has.
macro_rules! fields {
    ($($structure:ident { $($field:ident),* $(,)? $(; $none:ident)? })*) => {$(
        impl Compact for $structure {
            fn write(&self, out: &mut Writer<'_>) {
                $(self.$field.write(out);)*
            }

            fn read(from: &mut Reader) -> Self {
                $structure { $($field: Compact::read(from),)* $($none: None)? }
            }
        }
    )*};
}

/// Codes: the place in the list. What is no place is the first.
macro_rules! codes {
    ($($list:ident { $first:ident $(, $code:ident)* })*) => {$(
        impl Compact for $list {
            fn write(&self, out: &mut Writer<'_>) {
                out.out.push(*self as u8);
            }

            fn read(from: &mut Reader) -> Self {
                let code = from.byte();
                $(if code == $list::$code as u8 {
                    return $list::$code;
                })*
                $list::$first
            }
        }
    )*};
}

fields! {
    Definition { resource, url, version, name, status, fhir_version, structure, value_set, code_system; questionnaire }
    StructureDefinition { kind, is_abstract, type_name, base, constraint, context_type, contexts, elements, from_snapshot }
    ElementDefinition {
        id, path, slice_name, min, max, types, content_reference, fixed, pattern, min_value, max_value, max_length, binding,
        constraints, is_modifier, must_support, slicing,
    }
    TypeRef { code, profiles, target_profiles, aggregation, versioning }
    Value { name, text, children }
    Binding { strength, value_set, maximum }
    Constraint { key, warning, expression, human }
    Slicing { discriminators, ordered, rules }
    Discriminator { kind, path }
    ValueSet { includes, excludes, expansion }
    Choice { system, version, concepts, filters, value_sets }
    Listed { code, display }
    Filter { property, op, value }
    Expansion { codes, complete }
    CodeSystem { content, case_sensitive, concepts }
    Concept { code, display, designations, parent, properties }
}

codes! {
    Strength { Example, Preferred, Extensible, Required }
    SlicingRules { Closed, Open, OpenAtEnd }
    Content { NotPresent, Example, Fragment, Complete }
}

impl Compact for Text {
    fn write(&self, out: &mut Writer<'_>) {
        let number = (out.number)(self);
        let place = *out.known.entry(number).or_insert_with(|| {
            out.texts.push(number);
            out.texts.len() as u32 - 1
        });
        place.write(out);
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        let place = u32::read(from) as usize;
        match from.texts.get(place) {
            Some(text) => Text::of(text),
            None => from.fail(),
        }
    }
}

impl Compact for u32 {
    fn write(&self, out: &mut Writer<'_>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.out.push(rest as u8);
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        let mut byte = from.byte();
        let mut number = u32::from(byte & 0x7f);
        let mut shift = 7;
        while byte >= 0x80 && shift < 32 {
            byte = from.byte();
            number |= u32::from(byte & 0x7f) << shift;
            shift += 7;
        }
        number
    }
}

impl Compact for bool {
    fn write(&self, out: &mut Writer<'_>) {
        out.out.push(u8::from(*self));
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        from.byte() != 0
    }
}

impl<T: Compact> Compact for Option<T> {
    fn write(&self, out: &mut Writer<'_>) {
        self.is_some().write(out);
        if let Some(held) = self {
            held.write(out);
        }
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        bool::read(from).then(|| T::read(from))
    }
}

impl<T: Compact> Compact for Vec<T> {
    fn write(&self, out: &mut Writer<'_>) {
        (self.len() as u32).write(out);
        for item in self {
            item.write(out);
        }
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        let count = u32::read(from) as usize;
        if count == 0 {
            return Vec::new();
        }
        // Each item takes a byte or more: what announces more than there is cannot make this grow.
        if count > from.fields.len() {
            return from.fail();
        }
        (0..count).map(|_| T::read(from)).collect()
    }
}

impl<T: Compact> Compact for Arc<T> {
    fn write(&self, out: &mut Writer<'_>) {
        (**self).write(out);
    }

    #[inline]
    fn read(from: &mut Reader) -> Self {
        Arc::new(T::read(from))
    }
}

impl<A: Compact, B: Compact> Compact for (A, B) {
    fn write(&self, out: &mut Writer<'_>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(from: &mut Reader) -> Self {
        (A::read(from), B::read(from))
    }
}

impl Reader {
    #[inline]
    fn byte(&mut self) -> u8 {
        match self.fields.split_first() {
            Some((byte, rest)) => {
                self.fields = rest;
                *byte
            }
            None => self.fail(),
        }
    }

    #[cold]
    fn fail<T: Default>(&mut self) -> T {
        self.failed = true;
        self.fields = &[];
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_read_as_written() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 123_456_789, u32::MAX] {
            let mut writer = Writer { out: Vec::new(), texts: Vec::new(), known: HashMap::new(), number: &mut |_| 0 };
            number.write(&mut writer);
            let mut reader = Reader { fields: writer.out.leak(), texts: Vec::new(), failed: false };
            assert_eq!((u32::read(&mut reader), reader.fields.len(), reader.failed), (number, 0, false));
        }
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let constraint = Constraint { key: "k-1".into(), expression: "true".into(), ..Constraint::default() };
        let row = ElementDefinition {
            path: "Patient".into(),
            max: Some(u32::MAX),
            constraints: vec![Arc::new(constraint)],
            ..ElementDefinition::default()
        };
        let structure = StructureDefinition { elements: vec![row], ..StructureDefinition::default() };
        let definition = Definition { structure: Some(structure), ..Definition::default() };
        let mut texts: Vec<String> = Vec::new();
        let written = write(&definition, &mut |text| {
            texts.push(text.to_owned());
            texts.len() as u32 - 1
        });
        let texts: Vec<&'static str> = texts.into_iter().map(|text| &*text.leak()).collect();
        let written: &'static [u8] = written.leak();
        let read = |facts| read(facts, |number| texts[number as usize]);
        assert_eq!(read(written), Some(definition));
        for end in 0..written.len() {
            assert_eq!(read(&written[..end]), None, "{end}");
        }
    }
}
