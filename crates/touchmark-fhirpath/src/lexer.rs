//! The tokens of an expression.

use std::borrow::Cow;

use crate::decimal::Decimal;
use crate::error::ParseError;
use crate::moment::Moment;

/// A token and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub offset: usize,
    pub kind: TokenKind<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    /// A word: a name, a keyword, an operator in letters.
    Word(&'a str),
    /// A name in backticks, or in double quotes as STU3 writes it.
    Delimited(Cow<'a, str>),
    String(Cow<'a, str>),
    Integer(i64),
    /// With the suffix `L`.
    Long(i64),
    Decimal(Decimal),
    Moment(Moment),
    /// `$this`, `$index`, `$total`, without the sign.
    Special(&'static str),
    /// `%name`, without the sign.
    Variable(Cow<'a, str>),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

const SIGNS: &[&str] =
    &["<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "<", ">", "=", "~"];

/// Splits an expression; the last token is the end.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 3 + 2);
    loop {
        lexer.skip_blank()?;
        let offset = lexer.at;
        let kind = lexer.token()?;
        let end = kind == TokenKind::End;
        tokens.push(Token { offset, kind });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error<T>(&self, offset: usize, reason: impl Into<String>) -> Result<T, ParseError> {
        debug_assert!(offset <= self.text.len());
        Err(ParseError { offset, reason: reason.into() })
    }

    /// Blanks and comments.
    fn skip_blank(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            // A no-break space and a byte order mark come with expressions that were copied out of documents.
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{a0}', '\u{feff}']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(length) => self.at += length + 4,
                    None => return self.error(self.at, "a comment that is not closed"),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<TokenKind<'a>, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(TokenKind::End) };
        match first {
            'a'..='z' | 'A'..='Z' | '_' => Ok(TokenKind::Word(self.word())),
            '0'..='9' => self.number(),
            '\'' => self.quoted('\'').map(TokenKind::String),
            '`' | '"' => self.quoted(first).map(TokenKind::Delimited),
            '@' => {
                let Some((moment, length)) = Moment::scan_literal(&rest[1..]) else {
                    return self.error(self.at, "not a date or time");
                };
                self.at += length + 1;
                if self.rest().starts_with(|c: char| c.is_ascii_alphanumeric()) {
                    return self.error(self.at, "not the end of a date or time");
                }
                Ok(TokenKind::Moment(moment))
            }
            '$' => {
                for special in ["this", "index", "total"] {
                    if word_of(&rest[1..]) == special {
                        self.at += 1 + special.len();
                        return Ok(TokenKind::Special(special));
                    }
                }
                self.error(self.at, "after $ comes this, index or total")
            }
            '%' => self.variable(),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Ok(TokenKind::Sign(sign))
                }
                None => self.error(self.at, format!("'{}' has no meaning here", first.escape_debug())),
            },
        }
    }

    fn word(&mut self) -> &'a str {
        let word = word_of(self.rest());
        self.at += word.len();
        word
    }

    fn number(&mut self) -> Result<TokenKind<'a>, ParseError> {
        let offset = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        self.at = digits(self.at);
        let is_decimal = bytes.get(self.at) == Some(&b'.') && bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if is_decimal {
            self.at = digits(self.at + 1);
        }
        let number = &self.text[offset..self.at];
        let kind = if is_decimal {
            Decimal::parse(number).map(TokenKind::Decimal)
        } else {
            let is_long = bytes.get(self.at) == Some(&b'L') && word_of(self.rest()) == "L";
            self.at += usize::from(is_long);
            number.parse().ok().map(if is_long { TokenKind::Long } else { TokenKind::Integer })
        };
        match kind {
            Some(kind) => Ok(kind),
            None => self.error(offset, "a number of too many digits"),
        }
    }

    /// A text between two of the same quotation mark, with its escapes resolved.
    fn quoted(&mut self, mark: char) -> Result<Cow<'a, str>, ParseError> {
        let offset = self.at;
        let rest = &self.text[offset + 1..];
        if let Some(end) = rest.find([mark, '\\'])
            && rest[end..].starts_with(mark)
        {
            self.at = offset + 1 + end + 1;
            return Ok(Cow::Borrowed(&rest[..end]));
        }
        let mut text = String::new();
        let mut chars = self.text[offset + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            let place = offset + 1 + at;
            match c {
                c if c == mark => {
                    self.at = place + 1;
                    return Ok(Cow::Owned(text));
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('u') => {
                        let (unit, length) = self.unicode(place)?;
                        text.push(unit);
                        for _ in 0..length - 2 {
                            chars.next();
                        }
                    }
                    Some('f') => text.push('\u{c}'),
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(c @ ('\\' | '/' | '\'' | '"' | '`')) => text.push(c),
                    Some(_) => return self.error(place, "a backslash before a character that has no escape"),
                    None => break,
                },
                _ => text.push(c),
            }
        }
        self.error(offset, "a text that is not closed")
    }

    /// The character of `\uXXXX` (or of a surrogate pair) at `place`, and how many bytes were read.
    fn unicode(&self, place: usize) -> Result<(char, usize), ParseError> {
        let unit = |at: usize| {
            let text = self.text.as_bytes().get(at..at + 6)?;
            if !text.starts_with(b"\\u") || !text[2..].iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u16::from_str_radix(std::str::from_utf8(&text[2..]).ok()?, 16).ok()
        };
        let Some(first) = unit(place) else { return self.error(place, "\\u wants four hexadecimal digits") };
        if let Some(c) = char::from_u32(first.into()) {
            return Ok((c, 6));
        }
        let pair = unit(place + 6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
        match pair {
            Some(c) => Ok((c, 12)),
            None => self.error(place, "half a surrogate pair"),
        }
    }

    fn variable(&mut self) -> Result<TokenKind<'a>, ParseError> {
        let offset = self.at;
        self.at += 1;
        match self.rest().chars().next() {
            Some(mark @ ('\'' | '"' | '`')) => Ok(TokenKind::Variable(self.quoted(mark)?)),
            Some('a'..='z' | 'A'..='Z' | '_') => {
                let start = self.at;
                let name = self.word();
                // `%vs-name` and `%ext-name` are often written without their quotes.
                if matches!(name, "vs" | "ext") && self.rest().starts_with('-') {
                    let rest = self.rest();
                    let end =
                        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
                    self.at += end;
                }
                let name = Cow::Borrowed(&self.text[start..self.at]);
                Ok(TokenKind::Variable(name))
            }
            _ => self.error(offset, "after % comes the name of a variable"),
        }
    }
}

/// The word at the beginning of a text.
fn word_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[TokenKind<'_>]) {
        let tokens: Vec<_> = tokens(text).unwrap().into_iter().map(|t| t.kind).collect();
        assert_eq!(&tokens[..tokens.len() - 1], expected, "{text}");
    }

    #[test]
    fn splits() {
        let word = TokenKind::Word;
        check("a.b", &[word("a"), TokenKind::Sign("."), word("b")]);
        check("1.is", &[TokenKind::Integer(1), TokenKind::Sign("."), word("is")]);
        check("// c\n'\\'\\u0065\\uD83D\\uDD25' /* d */", &[TokenKind::String("'e🔥".into())]);
        check("%`a-b` %vs-c-d %\"e\"", &["a-b", "vs-c-d", "e"].map(|v| TokenKind::Variable(v.into())));
        check("$this!=$total", &[TokenKind::Special("this"), TokenKind::Sign("!="), TokenKind::Special("total")]);
    }

    #[test]
    fn says_where_it_fails() {
        for (text, offset) in [
            ("a 'b", 2),
            ("/* a", 0),
            ("'\\q'", 1),
            ("a ^ b", 2),
            ("@x", 0),
            ("$that", 0),
            ("%", 0),
            ("'\\uD83Dx'", 1),
            ("@T10Z", 4),
        ] {
            assert_eq!(tokens(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
