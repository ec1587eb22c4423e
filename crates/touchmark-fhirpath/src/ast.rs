//! The parsed form of an expression: immutable, with every name, literal and pattern ready for use.

use regex::Regex;
use touchmark_document::{Name, Names};

use crate::decimal::Decimal;
use crate::function::Function;
use crate::model::CHOICE_SUFFIXES;
use crate::moment::Moment;
use crate::quantity::Quantity;

/// A part of an expression and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub offset: u32,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Empty,
    Boolean(bool),
    Integer(i64),
    Long(i64),
    Decimal(Decimal),
    String(Box<str>),
    Moment(Moment),
    Quantity(Box<Quantity>),
    /// `$this`, also where nothing is written: `name` is `$this.name`.
    This,
    Index,
    Total,
    Variable(Variable),
    /// A name at the head of a path: a type name of the context, or a member of it.
    Head(Box<Member>),
    /// `input.name`
    Member(Box<Part>, Box<Member>),
    /// `input[index]`
    Item(Box<Part>, Box<Part>),
    Call(Box<Call>),
    Negated(Box<Part>),
    /// Unary plus: its operand, which must be a number.
    Kept(Box<Part>),
    Binary(Operator, Box<(Part, Part)>),
    Is(Box<Part>, Box<TypeName>),
    As(Box<Part>, Box<TypeName>),
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub function: Function,
    /// The name of a function that the environment answers.
    pub outside: Option<Box<str>>,
    /// What it is called on; `$this` when nothing is written.
    pub input: Part,
    pub arguments: Vec<Part>,
    /// The argument of `is`, `as` and `ofType`.
    pub type_name: Option<TypeName>,
    /// The pattern of `matches` and its like, when it is a literal.
    pub regex: Option<Regex>,
    /// For each argument of `sort`: whether it sorts downwards.
    pub descending: Vec<bool>,
}

/// The environment's values (<https://hl7.org/fhirpath/N1/#environment-variables>).
#[derive(Clone, Debug)]
pub(crate) enum Variable {
    Context,
    Resource,
    RootResource,
    /// One that is always the same text: `%ucum`, `%vs-…`, `%ext-…`.
    Text(Box<str>),
    Named(Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Multiply,
    Divide,
    DivideWhole,
    Remainder,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

/// A name in a path.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub text: Box<str>,
    /// Its number, once bound; [`Name::NONE`] also when the table does not hold it.
    pub name: Name,
    pub bound: bool,
    /// The numbers of the names that a choice of types makes of it (`valueQuantity` of `value`).
    pub choices: Box<[Name]>,
    /// Whether it may be the name of a type, at the head of a path.
    pub is_type_like: bool,
}

/// A type as an expression names it.
#[derive(Clone, Debug)]
pub(crate) struct TypeName {
    pub namespace: Option<Box<str>>,
    pub name: Box<str>,
}

impl Member {
    pub(crate) fn new(text: &str) -> Member {
        Member {
            text: text.into(),
            name: Name::NONE,
            bound: false,
            choices: Box::default(),
            is_type_like: text.starts_with(|c: char| c.is_ascii_uppercase()),
        }
    }

    fn bind(&mut self, names: &Names) {
        self.name = names.find(&self.text);
        self.bound = true;
        let mut choice = String::with_capacity(self.text.len() + 24);
        self.choices = CHOICE_SUFFIXES
            .iter()
            .filter_map(|suffix| {
                choice.clear();
                choice.push_str(&self.text);
                choice.push_str(suffix);
                let found = names.find(&choice);
                (found != Name::NONE && is_choice(&choice, &self.text)).then_some(found)
            })
            .collect();
    }
}

/// Whether `name` is `base` with the name of a type behind it, and that type the longest that ends the name
/// (`valueDateTime` belongs to `value` and not to `valueDate`).
pub(crate) fn is_choice(name: &str, base: &str) -> bool {
    let Some(suffix) = name.strip_prefix(base) else { return false };
    suffix.starts_with(|c: char| c.is_ascii_uppercase())
        && CHOICE_SUFFIXES.contains(&suffix)
        && !CHOICE_SUFFIXES
            .iter()
            .any(|other| other.len() > suffix.len() && name.ends_with(other) && name.len() > other.len())
}

impl Part {
    /// Looks up all names of this part in the table.
    pub(crate) fn bind(&mut self, names: &Names) {
        match &mut self.kind {
            Kind::Head(member) => member.bind(names),
            Kind::Member(input, member) => {
                member.bind(names);
                input.bind(names);
            }
            Kind::Item(a, b) => {
                a.bind(names);
                b.bind(names);
            }
            Kind::Call(call) => {
                call.input.bind(names);
                for argument in &mut call.arguments {
                    argument.bind(names);
                }
            }
            Kind::Negated(operand) | Kind::Kept(operand) | Kind::Is(operand, _) | Kind::As(operand, _) => {
                operand.bind(names);
            }
            Kind::Binary(_, operands) => {
                operands.0.bind(names);
                operands.1.bind(names);
            }
            Kind::Empty
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Long(_)
            | Kind::Decimal(_)
            | Kind::String(_)
            | Kind::Moment(_)
            | Kind::Quantity(_)
            | Kind::This
            | Kind::Index
            | Kind::Total
            | Kind::Variable(_) => {}
        }
    }

    /// Shows the types that this part and those in it name.
    pub(crate) fn each_type<'p>(&'p self, show: &mut dyn FnMut(&'p TypeName)) {
        match &self.kind {
            Kind::Member(input, _) | Kind::Negated(input) | Kind::Kept(input) => input.each_type(show),
            Kind::Item(a, b) => {
                a.each_type(show);
                b.each_type(show);
            }
            Kind::Binary(_, operands) => {
                operands.0.each_type(show);
                operands.1.each_type(show);
            }
            Kind::Is(operand, name) | Kind::As(operand, name) => {
                operand.each_type(show);
                show(name);
            }
            Kind::Call(call) => {
                call.input.each_type(show);
                call.arguments.iter().for_each(|argument| argument.each_type(show));
                call.type_name.iter().for_each(show);
            }
            _ => {}
        }
    }

    /// Whether this part gives one truth value at most, so that it need not be collected.
    pub(crate) fn is_logic(&self) -> bool {
        match &self.kind {
            Kind::Binary(operator, _) => matches!(
                operator,
                Operator::And | Operator::Or | Operator::Xor | Operator::Implies | Operator::Equal | Operator::NotEqual
            ),
            Kind::Call(call) => {
                matches!(call.function, Function::Exists | Function::Empty | Function::Not | Function::HasValue)
            }
            _ => false,
        }
    }

    /// Whether this part gives a boolean or nothing.
    pub(crate) fn is_single_boolean(&self) -> bool {
        let is_comparison = matches!(
            &self.kind,
            Kind::Binary(Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual, _)
        );
        is_comparison || self.is_logic()
    }

    /// The type that this part names, when it is nothing but a (qualified) name.
    pub(crate) fn as_type_name(&self) -> Option<TypeName> {
        match &self.kind {
            Kind::Head(member) => Some(TypeName { namespace: None, name: member.text.clone() }),
            Kind::Member(input, member) => match &input.kind {
                Kind::Head(namespace) => {
                    Some(TypeName { namespace: Some(namespace.text.clone()), name: member.text.clone() })
                }
                _ => None,
            },
            _ => None,
        }
    }
}
