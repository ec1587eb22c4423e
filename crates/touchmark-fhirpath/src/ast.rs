//! The parsed form of an expression: immutable, with every name, literal and pattern ready for use.

use touchmark_document::{Name, Names};

use crate::decimal::Decimal;
use crate::function::Function;
use crate::model::{CHOICE_SUFFIXES, SYSTEM, is_data_type};
use crate::moment::Moment;
use crate::patterns::Pattern;
use crate::quantity::Quantity;

/// A part of an expression and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub offset: u32,
    /// Whether its evaluation cannot fail, but for the budget.
    pub sure: bool,
    /// Whether it cannot fail any more, but for the budget, when it has given an item: who has seen enough of its items need not
    /// look at the others.
    pub may_stop: bool,
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
    /// `input.name.name`
    Path(Box<Part>, Vec<Member>),
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

impl Kind {
    /// As [`Part::sure`].
    fn is_sure(&self) -> bool {
        match self {
            Kind::Variable(variable) => !matches!(variable, Variable::Named(_)),
            Kind::Path(input, _) => input.sure,
            Kind::Call(call) => {
                let criterion = call.arguments.iter().all(|a| a.sure && a.is_single_boolean());
                call.input.sure
                    && match call.function {
                        Function::Exists | Function::Empty | Function::Where => criterion,
                        Function::Not => call.input.is_single_boolean(),
                        Function::Count | Function::First | Function::HasValue => true,
                        _ => false,
                    }
            }
            Kind::Binary(operator, operands) => {
                let single = || operands.0.is_single_boolean() && operands.1.is_single_boolean();
                operands.0.sure
                    && operands.1.sure
                    && match operator {
                        Operator::Equal | Operator::NotEqual => true,
                        Operator::And | Operator::Or | Operator::Xor | Operator::Implies => single(),
                        _ => false,
                    }
            }
            Kind::Item(..) | Kind::Total | Kind::Negated(_) | Kind::Kept(_) | Kind::Is(..) | Kind::As(..) => false,
            _ => true,
        }
    }

    /// As [`Part::may_stop`]. All else than these gives its first item when it has all of them.
    fn may_stop(&self) -> bool {
        match self {
            Kind::Path(input, _) => input.may_stop,
            Kind::Call(call) => match call.function {
                Function::Where => {
                    call.input.may_stop && call.arguments.iter().all(|a| a.sure && a.is_single_boolean())
                }
                Function::Select | Function::Combine => call.input.may_stop && call.arguments.iter().all(|a| a.sure),
                Function::OfType
                | Function::Children
                | Function::Descendants
                | Function::Resolve
                | Function::Extension => call.input.may_stop,
                _ => true,
            },
            _ => true,
        }
    }
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
    pub regex: Option<Pattern>,
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
    /// For each of these the bit of its number, modulo 64: most other names show at once that they are none of them.
    pub choice_bits: u64,
    /// Whether it may be the name of a type, at the head of a path.
    pub is_type_like: bool,
}

/// A type as an expression names it.
#[derive(Clone, Debug)]
pub(crate) struct TypeName {
    pub namespace: Option<Box<str>>,
    pub name: Box<str>,
    /// Whether there is such a type whatever definitions say: a type of the language, a data type, one of another namespace.
    pub is_of_language: bool,
}

impl TypeName {
    pub(crate) fn new(namespace: Option<&str>, name: &str) -> TypeName {
        let is_system = namespace.is_none() && SYSTEM.contains(&name);
        let is_of_language = is_system || namespace.is_some_and(|n| n != "FHIR") || is_data_type(name);
        TypeName { namespace: namespace.map(Into::into), name: name.into(), is_of_language }
    }
}

impl Member {
    pub(crate) fn new(text: &str) -> Member {
        Member {
            text: text.into(),
            name: Name::NONE,
            bound: false,
            choices: Box::default(),
            choice_bits: 0,
            is_type_like: text.starts_with(|c: char| c.is_ascii_uppercase()),
        }
    }

    fn bind(&mut self, names: &Names) {
        self.name = names.find(&self.text);
        self.bound = true;
        let mut choice = String::with_capacity(self.text.len() + 24);
        choice.push_str(&self.text);
        choice.push_str("[x]");
        if names.find(&choice) == Name::NONE {
            self.choices = Box::default();
            self.choice_bits = 0;
            return;
        }
        self.choices = CHOICE_SUFFIXES
            .iter()
            .filter_map(|suffix| {
                choice.clear();
                choice.push_str(&self.text);
                choice.push_str(suffix);
                let found = names.find(&choice);
                (found != Name::NONE && !ends_with_longer(&choice, suffix)).then_some(found)
            })
            .collect();
        self.choice_bits = self.choices.iter().fold(0, |bits, name| bits | 1 << (name.number() % 64));
    }
}

/// Whether `name` is `base` with the name of a type behind it, and that type the longest that ends the name
/// (`valueDateTime` belongs to `value` and not to `valueDate`).
pub(crate) fn is_choice(name: &str, base: &str) -> bool {
    let Some(suffix) = name.strip_prefix(base) else { return false };
    suffix.starts_with(|c: char| c.is_ascii_uppercase())
        && CHOICE_SUFFIXES.contains(&suffix)
        && !ends_with_longer(name, suffix)
}

/// Whether a longer name of a type than this one ends the name.
fn ends_with_longer(name: &str, suffix: &str) -> bool {
    let longer = |other: &&str| other.len() > suffix.len() && name.len() > other.len() && name.ends_with(*other);
    CHOICE_SUFFIXES.iter().any(longer)
}

impl Part {
    pub(crate) fn new(offset: usize, kind: Kind) -> Part {
        let (sure, may_stop) = (kind.is_sure(), kind.may_stop());
        Part { offset: offset as u32, sure, may_stop, kind }
    }

    /// Looks up all names of this part in the table.
    pub(crate) fn bind(&mut self, names: &Names) {
        match &mut self.kind {
            Kind::Head(member) => member.bind(names),
            Kind::Path(input, members) => {
                for member in members {
                    member.bind(names);
                }
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
            _ => {}
        }
    }

    /// Makes literals of the variables that are always the same text.
    pub(crate) fn bind_texts(&mut self, text_of: &dyn Fn(&str) -> Option<Box<str>>) {
        match &mut self.kind {
            Kind::Variable(Variable::Named(name)) => {
                if let Some(text) = text_of(name) {
                    self.kind = Kind::String(text);
                }
            }
            Kind::Path(input, _) => input.bind_texts(text_of),
            Kind::Item(a, b) => {
                a.bind_texts(text_of);
                b.bind_texts(text_of);
            }
            Kind::Call(call) => {
                call.input.bind_texts(text_of);
                call.arguments.iter_mut().for_each(|argument| argument.bind_texts(text_of));
            }
            Kind::Negated(operand) | Kind::Kept(operand) | Kind::Is(operand, _) | Kind::As(operand, _) => {
                operand.bind_texts(text_of);
            }
            Kind::Binary(_, operands) => {
                operands.0.bind_texts(text_of);
                operands.1.bind_texts(text_of);
            }
            _ => return,
        }
        (self.sure, self.may_stop) = (self.kind.is_sure(), self.kind.may_stop());
    }

    /// Shows the types that this part and those in it name.
    pub(crate) fn each_type<'p>(&'p self, show: &mut dyn FnMut(&'p TypeName)) {
        match &self.kind {
            Kind::Path(input, _) | Kind::Negated(input) | Kind::Kept(input) => input.each_type(show),
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
            Kind::Head(member) => Some(TypeName::new(None, &member.text)),
            Kind::Path(input, members) => match (&input.kind, &**members) {
                (Kind::Head(namespace), [name]) => Some(TypeName::new(Some(&namespace.text), &name.text)),
                (Kind::This, [namespace, name]) => Some(TypeName::new(Some(&namespace.text), &name.text)),
                _ => None,
            },
            _ => None,
        }
    }
}
