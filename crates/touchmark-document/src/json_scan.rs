//! The lexical part of JSON (RFC 8259): strings, numbers, literals, and values that are only stepped over.

use crate::fault::{Stop, UnreadableKind, stop};
use crate::tree::Text;
use crate::words::{below, equal, first, skip_blanks, word_at};

/// A place in JSON text.
pub(crate) struct JsonScan<'s> {
    pub text: &'s str,
    pub bytes: &'s [u8],
    pub at: usize,
}

/// A string: where its text is, and the first lone surrogate in it.
pub(crate) struct JsonString {
    pub text: Text,
    pub lone_surrogate: Option<u32>,
}

impl<'s> JsonScan<'s> {
    pub fn new(text: &'s str) -> Self {
        JsonScan { text, bytes: text.as_bytes(), at: 0 }
    }

    /// The byte here; zero at the end, which no part of the grammar begins with.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    pub fn skip_blanks(&mut self) {
        self.at = skip_blanks(self.bytes, self.at);
    }

    /// Reads a string whose opening quote has been read. Text with escapes goes, unescaped, to the end of `own`.
    #[inline]
    pub fn string(&mut self, own: &mut String) -> Result<JsonString, Stop> {
        let start = self.at;
        self.at = end_of_plain(self.bytes, start);
        if self.peek() == b'"' {
            let text = Text::of_source(start, self.at);
            self.at += 1;
            return Ok(JsonString { text, lone_surrogate: None });
        }
        self.escaped_string(start, own)
    }

    #[cold]
    fn escaped_string(&mut self, start: usize, own: &mut String) -> Result<JsonString, Stop> {
        let own_start = own.len();
        let mut lone_surrogate = None;
        let mut from = start;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    own.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(JsonString { text: Text::of_own(own_start, own.len()), lone_surrogate });
                }
                Some(b'\\') => {
                    own.push_str(&self.text[from..self.at]);
                    let escape = self.at;
                    let (read, lone) = self.escape()?;
                    own.push(read);
                    if lone && lone_surrogate.is_none() {
                        lone_surrogate = Some(escape as u32);
                    }
                    from = self.at;
                }
                Some(control) => {
                    let reason = format!("a control character (U+{control:04X}) stands unescaped inside a string");
                    return Err(self.malformed(self.at, reason));
                }
                None => return Err(self.malformed(self.at, "the input ends inside a string")),
            }
            self.at = end_of_plain(self.bytes, self.at);
        }
    }

    /// Reads one escape. The flag says that it is half of a surrogate pair, which is read as U+FFFD.
    fn escape(&mut self) -> Result<(char, bool), Stop> {
        let start = self.at;
        self.at += 2;
        let plain = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            Some(_) => return Err(self.malformed(start, "an escape that JSON does not have")),
            None => return Err(self.malformed(self.bytes.len(), "the input ends inside a string")),
        };
        Ok((plain, false))
    }

    fn unicode_escape(&mut self, start: usize) -> Result<(char, bool), Stop> {
        let unit = self.four_digits(start)?;
        if let Some(read) = char::from_u32(unit) {
            return Ok((read, false));
        }
        if unit < 0xDC00 && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let after_first = self.at;
            self.at += 2;
            let low = self.four_digits(after_first)?;
            if (0xDC00..0xE000).contains(&low) {
                let read = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok((char::from_u32(read).unwrap_or(char::REPLACEMENT_CHARACTER), false));
            }
            self.at = after_first;
        }
        Ok((char::REPLACEMENT_CHARACTER, true))
    }

    fn four_digits(&mut self, escape: usize) -> Result<u32, Stop> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or(&[]);
        let mut value = 0;
        for digit in digits {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                return Err(self.malformed(escape, "`\\u` wants four hexadecimal digits"));
            };
            value = value * 16 + digit;
        }
        if digits.is_empty() {
            return Err(self.malformed(self.bytes.len(), "the input ends inside a string"));
        }
        self.at += 4;
        Ok(value)
    }

    /// Reads a number that begins here with a digit or a minus sign.
    #[inline]
    pub fn number(&mut self) -> Result<Text, Stop> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => {
                self.at += 1;
                if self.peek().is_ascii_digit() {
                    return Err(self.malformed(start, "a number with a leading zero"));
                }
            }
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.malformed(self.at, "a digit is wanted after the minus sign")),
        }
        if self.peek() == b'.' {
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(self.malformed(self.at, "a digit is wanted after the decimal point"));
            }
            self.digits();
        }
        if self.peek() | 0x20 == b'e' {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            if !self.peek().is_ascii_digit() {
                return Err(self.malformed(self.at, "a digit is wanted in the exponent"));
            }
            self.digits();
        }
        Ok(Text::of_source(start, self.at))
    }

    #[inline]
    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }

    /// Reads `true`, `false` or `null`.
    #[inline]
    pub fn literal(&mut self, word: &'static str) -> Result<Text, Stop> {
        let start = self.at;
        if self.bytes[start..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(Text::of_source(start, self.at));
        }
        Err(self.malformed(start, format!("`{word}` is misspelt or cut off")))
    }

    /// Steps over a whole value, which must be well formed and no deeper than `depth`.
    pub fn skip_value(&mut self, depth: u32, unused: &mut String) -> Result<(), Stop> {
        // One byte a level says what closes it.
        let mut open: Vec<u8> = Vec::new();
        let mut wants_key = false;
        loop {
            self.skip_blanks();
            if wants_key {
                self.expect(b'"', "a key in quotes is wanted")?;
                self.skip_string(unused)?;
                self.skip_blanks();
                self.expect(b':', "`:` is wanted after the key")?;
                self.skip_blanks();
            }
            match self.peek() {
                byte @ (b'{' | b'[') => {
                    if open.len() as u32 >= depth {
                        return Err(self.too_deep());
                    }
                    self.at += 1;
                    // The closing bracket stands two after the opening one in ASCII, for both kinds.
                    open.push(byte + 2);
                    self.skip_blanks();
                    wants_key = byte == b'{';
                    if self.peek() != byte + 2 {
                        continue;
                    }
                }
                b'"' => {
                    self.at += 1;
                    self.skip_string(unused)?;
                }
                _ => self.scalar()?,
            }
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                self.skip_blanks();
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        wants_key = close == b'}';
                        break;
                    }
                    byte if byte == close => {
                        self.at += 1;
                        open.pop();
                    }
                    _ => return Err(self.unexpected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" })),
                }
            }
        }
    }

    fn skip_string(&mut self, unused: &mut String) -> Result<(), Stop> {
        let length = unused.len();
        self.string(unused)?;
        unused.truncate(length);
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Stop> {
        match self.peek() {
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b't' => self.literal("true").map(drop),
            b'f' => self.literal("false").map(drop),
            b'n' => self.literal("null").map(drop),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Reads one byte that must be there; `wanted` is the reason when it is not.
    #[inline]
    pub fn expect(&mut self, byte: u8, wanted: &str) -> Result<(), Stop> {
        if self.peek() == byte {
            self.at += 1;
            return Ok(());
        }
        Err(self.wanted(wanted))
    }

    #[cold]
    fn wanted(&self, wanted: &str) -> Stop {
        self.malformed(self.at, format!("{wanted}, {}", self.found()))
    }

    #[cold]
    pub fn unexpected(&self, wanted: &str) -> Stop {
        self.malformed(self.at, format!("{wanted} is wanted, {}", self.found()))
    }

    fn found(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "but the input ends here".to_owned(),
            Some(found) if found.is_control() => format!("not the character U+{:04X}", found as u32),
            Some('\'') => "not `'`: JSON quotes with `\"`".to_owned(),
            Some('/') => "not `/`: JSON has no comments".to_owned(),
            Some(found) => format!("not `{found}`"),
        }
    }

    #[cold]
    pub fn malformed(&self, offset: usize, reason: impl Into<String>) -> Stop {
        stop(self.text, offset, UnreadableKind::Malformed, reason)
    }

    #[cold]
    pub fn too_deep(&self) -> Stop {
        stop(self.text, self.at, UnreadableKind::TooDeep, "nested more deeply than the limit allows")
    }
}

/// The first place from `at` on that holds a quote, a backslash or a control character, or the end.
#[inline]
fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let ends = equal(word, b'"') | equal(word, b'\\') | below(word, 0x20);
        if ends != 0 {
            return at + first(ends);
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}
