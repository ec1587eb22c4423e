//! From tokens to the parsed form: precedence climbing over the grammar of `FHIRPath` N1
//! (<https://hl7.org/fhirpath/N1/grammar.html>), with what STU3 writes otherwise.

use std::borrow::Cow;

use crate::ast::{Call, Kind, Member, Operator, Part, TypeName, Variable};
use crate::decimal::Decimal;
use crate::error::ParseError;
use crate::function::Function;
use crate::lexer::{Token, TokenKind, tokens};
use crate::moment_arithmetic::CalendarUnit;
use crate::patterns::Pattern;
use crate::quantity::{Quantity, Unit};

/// How deep an expression may be nested, in brackets as in chains. The deepest of STU3's constraints reach 15.
const MAX_DEPTH: u32 = 120;
/// The longest expression, in bytes.
const MAX_LENGTH: usize = 64 << 10;

/// A function that the environment answers, with the number of its arguments.
pub(crate) type Outside<'o> = (&'o str, std::ops::RangeInclusive<usize>);

/// Reads a whole expression.
pub(crate) fn parse<'a>(text: &'a str, outside: &'a [Outside<'a>]) -> Result<Part, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError { offset: MAX_LENGTH, reason: "an expression of more than 64 KiB".to_owned() });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, outside };
    let whole = parser.expression(1)?;
    parser.expect_end()?;
    Ok(whole.part)
}

/// A part and its height, so that no later walk over it recurses too deep.
struct Tall {
    part: Part,
    height: u32,
}

struct Parser<'a> {
    outside: &'a [Outside<'a>],
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: u32,
}

type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn peek(&self) -> &TokenKind<'a> {
        &self.tokens[self.at].kind
    }

    fn peek_second(&self) -> &TokenKind<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    fn offset(&self) -> usize {
        self.tokens[self.at].offset
    }

    fn advance(&mut self) -> TokenKind<'a> {
        let kind = self.tokens[self.at].kind.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        kind
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        let found = *self.peek() == TokenKind::Sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { self.fail(&format!("'{sign}' is missing")) }
    }

    fn expect_end(&mut self) -> Parsed<()> {
        if *self.peek() == TokenKind::End { Ok(()) } else { self.fail("the expression should end here") }
    }

    fn fail<T>(&self, reason: &str) -> Parsed<T> {
        Err(ParseError { offset: self.offset(), reason: reason.to_owned() })
    }

    fn tall(offset: usize, kind: Kind, below: u32) -> Parsed<Tall> {
        if below >= MAX_DEPTH {
            return Err(ParseError { offset, reason: format!("nested more than {MAX_DEPTH} deep") });
        }
        Ok(Tall { part: Part::new(offset, kind), height: below + 1 })
    }

    /// An expression of operators that bind at least as strongly as `least`.
    fn expression(&mut self, least: u8) -> Parsed<Tall> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(&format!("nested more than {MAX_DEPTH} deep"));
        }
        let mut left = self.unary()?;
        loop {
            let offset = self.offset();
            let Some((strength, operator)) = self.binary_operator() else { break };
            if strength < least {
                break;
            }
            self.advance();
            let Some(operator) = operator else {
                let is = self.tokens[self.at - 1].kind == TokenKind::Word("is");
                let name = Box::new(self.type_specifier()?);
                let height = left.height;
                let operand = Box::new(left.part);
                left = Self::tall(offset, if is { Kind::Is(operand, name) } else { Kind::As(operand, name) }, height)?;
                continue;
            };
            let right = self.expression(strength + 1)?;
            let height = left.height.max(right.height);
            left = Self::tall(offset, Kind::Binary(operator, Box::new((left.part, right.part))), height)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The binary operator that comes next and how strongly it binds; `is` and `as` have no [`Operator`].
    fn binary_operator(&self) -> Option<(u8, Option<Operator>)> {
        use Operator as O;
        let (strength, operator) = match self.peek() {
            TokenKind::Sign(sign) => match *sign {
                "*" => (10, O::Multiply),
                "/" => (10, O::Divide),
                "+" => (9, O::Add),
                "-" => (9, O::Subtract),
                "&" => (9, O::Concatenate),
                "|" => (7, O::Union),
                "<" => (6, O::Less),
                "<=" => (6, O::LessOrEqual),
                ">" => (6, O::Greater),
                ">=" => (6, O::GreaterOrEqual),
                "=" => (5, O::Equal),
                "~" => (5, O::Equivalent),
                "!=" => (5, O::NotEqual),
                "!~" => (5, O::NotEquivalent),
                _ => return None,
            },
            TokenKind::Word(word) => match *word {
                "div" => (10, O::DivideWhole),
                "mod" => (10, O::Remainder),
                "is" | "as" => return Some((8, None)),
                "in" => (4, O::In),
                "contains" => (4, O::Contains),
                "and" => (3, O::And),
                "or" => (2, O::Or),
                "xor" => (2, O::Xor),
                "implies" => (1, O::Implies),
                _ => return None,
            },
            _ => return None,
        };
        Some((strength, Some(operator)))
    }

    fn type_specifier(&mut self) -> Parsed<TypeName> {
        let first = self.identifier("the name of a type")?;
        let called = matches!(self.tokens.get(self.at + 2).map(|t| &t.kind), Some(TokenKind::Sign("(")));
        if *self.peek() == TokenKind::Sign(".") && !called {
            self.advance();
            let name = self.identifier("the name of a type")?;
            return Ok(TypeName::new(Some(&first), &name));
        }
        Ok(TypeName::new(None, &first))
    }

    fn identifier(&mut self, wanted: &str) -> Parsed<Cow<'a, str>> {
        let name = match self.peek() {
            TokenKind::Word(word) => Cow::Borrowed(*word),
            TokenKind::Delimited(name) => name.clone(),
            _ => return self.fail(&format!("{wanted} is missing")),
        };
        self.advance();
        Ok(name)
    }

    fn unary(&mut self) -> Parsed<Tall> {
        let offset = self.offset();
        let negated = *self.peek() == TokenKind::Sign("-");
        if !negated && *self.peek() != TokenKind::Sign("+") {
            return self.chain();
        }
        self.advance();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(&format!("nested more than {MAX_DEPTH} deep"));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        let (part, height) = (Box::new(operand.part), operand.height);
        Self::tall(offset, if negated { Kind::Negated(part) } else { Kind::Kept(part) }, height)
    }

    /// A term with its invocations and indexes.
    fn chain(&mut self) -> Parsed<Tall> {
        let mut chain = self.term()?;
        loop {
            let offset = self.offset();
            if self.takes(".") {
                if let TokenKind::Special(special) = self.peek() {
                    // `a.$this` is `a`; an index or total has no place behind a point.
                    if *special != "this" {
                        return self.fail("$index and $total stand alone");
                    }
                    self.advance();
                    continue;
                }
                let place = self.offset();
                let name = self.identifier("a name behind the point")?;
                if *self.peek() == TokenKind::Sign("(") {
                    chain = self.call(place, &name, Some(chain))?;
                } else {
                    let height = chain.height;
                    let member = Member::new(&name);
                    chain = match chain.part.kind {
                        Kind::Path(input, mut members) => {
                            members.push(member);
                            Self::tall(place, Kind::Path(input, members), height)?
                        }
                        Kind::Head(head) if !head.is_type_like => {
                            let this = Box::new(Part::new(place, Kind::This));
                            Self::tall(place, Kind::Path(this, vec![*head, member]), height)?
                        }
                        _ => Self::tall(place, Kind::Path(Box::new(chain.part), vec![member]), height)?,
                    };
                }
            } else if self.takes("[") {
                let index = self.expression(1)?;
                self.expect("]")?;
                let height = chain.height.max(index.height);
                chain = Self::tall(offset, Kind::Item(Box::new(chain.part), Box::new(index.part)), height)?;
            } else {
                return Ok(chain);
            }
        }
    }

    fn term(&mut self) -> Parsed<Tall> {
        let offset = self.offset();
        let kind = match self.peek().clone() {
            TokenKind::Sign("(") => {
                self.advance();
                let inner = self.expression(1)?;
                self.expect(")")?;
                return Ok(inner);
            }
            TokenKind::Sign("{") => {
                self.advance();
                self.expect("}")?;
                Kind::Empty
            }
            TokenKind::Integer(number) => {
                self.advance();
                match self.unit() {
                    Some(unit) => Kind::Quantity(Box::new(Quantity { value: Decimal::from(number), unit })),
                    None => Kind::Integer(number),
                }
            }
            TokenKind::Long(number) => {
                self.advance();
                Kind::Long(number)
            }
            TokenKind::Decimal(number) => {
                self.advance();
                match self.unit() {
                    Some(unit) => Kind::Quantity(Box::new(Quantity { value: number, unit })),
                    None => Kind::Decimal(number),
                }
            }
            TokenKind::String(text) => {
                self.advance();
                Kind::String(text.into())
            }
            TokenKind::Moment(moment) => {
                self.advance();
                Kind::Moment(moment)
            }
            TokenKind::Special(special) => {
                self.advance();
                match special {
                    "this" => Kind::This,
                    "index" => Kind::Index,
                    _ => Kind::Total,
                }
            }
            TokenKind::Variable(name) => {
                self.advance();
                Kind::Variable(variable(&name))
            }
            TokenKind::Word(word @ ("true" | "false")) => {
                self.advance();
                Kind::Boolean(word == "true")
            }
            TokenKind::Word(word @ ("and" | "or" | "xor" | "implies" | "div" | "mod")) => {
                return self.fail(&format!("'{word}' wants something on its left"));
            }
            TokenKind::Word(_) | TokenKind::Delimited(_) => {
                let name = self.identifier("a name")?;
                if *self.peek() == TokenKind::Sign("(") {
                    return self.call(offset, &name, None);
                }
                Kind::Head(Box::new(Member::new(&name)))
            }
            TokenKind::End => return self.fail("the expression ends too early"),
            TokenKind::Sign(sign) => return self.fail(&format!("'{sign}' has no meaning here")),
        };
        Self::tall(offset, kind, 0)
    }

    /// The unit behind a number.
    fn unit(&mut self) -> Option<Unit> {
        let unit = match self.peek() {
            TokenKind::String(code) => Unit::Code((&**code).into()),
            TokenKind::Word(word) => Unit::Calendar(CalendarUnit::from_keyword(word)?),
            _ => return None,
        };
        self.advance();
        Some(unit)
    }

    fn call(&mut self, offset: usize, name: &str, input: Option<Tall>) -> Parsed<Tall> {
        let error = |offset: usize, reason: String| Err(ParseError { offset, reason });
        let outside =
            || self.outside.iter().find(|f| f.0 == name).map(|f| (Function::Outside, *f.1.start(), *f.1.end()));
        let Some((function, least, most)) = Function::find(name).or_else(outside) else {
            return error(offset, format!("there is no function {name}()"));
        };
        self.expect("(")?;
        let mut height = input.as_ref().map_or(0, |i| i.height);
        let mut arguments = Vec::new();
        let mut descending = Vec::new();
        if !self.takes(")") {
            loop {
                let argument = self.expression(1)?;
                height = height.max(argument.height);
                let mut argument = argument.part;
                if function == Function::Sort {
                    // `-name` was the way to sort downwards, also by texts, before `desc` was.
                    let mut downwards = self.sort_direction();
                    if let Kind::Negated(inner) = argument.kind {
                        downwards = !downwards;
                        argument = *inner;
                    }
                    descending.push(downwards);
                }
                arguments.push(argument);
                if self.takes(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        if arguments.len() < least || arguments.len() > most {
            return error(offset, format!("{name}() does not take {} arguments", arguments.len()));
        }
        let mut type_name = None;
        if function.takes_type() {
            type_name = arguments.first().and_then(Part::as_type_name);
            if type_name.is_none() {
                return error(offset, format!("{name}() wants the name of a type"));
            }
        }
        let mut regex = None;
        if function.takes_pattern()
            && let Some(Kind::String(pattern)) = arguments.first().map(|a| &a.kind)
        {
            let flags_at = if function == Function::ReplaceMatches { 2 } else { 1 };
            let flags = match arguments.get(flags_at).map(|a| &a.kind) {
                None => Some(""),
                Some(Kind::String(flags)) => Some(&**flags),
                Some(_) => None,
            };
            if let Some(flags) = flags {
                match Pattern::read(pattern, flags, function == Function::MatchesFull) {
                    Ok(pattern) => regex = Some(pattern),
                    Err(reason) => return error(offset, reason),
                }
            }
        }
        let input = input.map_or(Part::new(offset, Kind::This), |input| input.part);
        let call = Call {
            function,
            outside: (function == Function::Outside).then(|| name.into()),
            input,
            arguments,
            type_name,
            regex,
            descending,
        };
        Self::tall(offset, Kind::Call(Box::new(call)), height)
    }

    fn sort_direction(&mut self) -> bool {
        let direction = match self.peek() {
            TokenKind::Word("desc") => Some(true),
            TokenKind::Word("asc") => Some(false),
            _ => None,
        };
        if direction.is_some() && matches!(self.peek_second(), TokenKind::Sign("," | ")")) {
            self.advance();
        }
        direction.unwrap_or(false)
    }
}

fn variable(name: &str) -> Variable {
    match name {
        "context" => Variable::Context,
        "resource" => Variable::Resource,
        "rootResource" => Variable::RootResource,
        "sct" => Variable::Text("http://snomed.info/sct".into()),
        "loinc" => Variable::Text("http://loinc.org".into()),
        "ucum" => Variable::Text("http://unitsofmeasure.org".into()),
        _ => {
            if let Some(value_set) = name.strip_prefix("vs-") {
                Variable::Text(format!("http://hl7.org/fhir/ValueSet/{value_set}").into())
            } else if let Some(extension) = name.strip_prefix("ext-") {
                Variable::Text(format!("http://hl7.org/fhir/StructureDefinition/{extension}").into())
            } else {
                Variable::Named(name.into())
            }
        }
    }
}
