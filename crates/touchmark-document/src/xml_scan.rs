//! The lexical part of XML 1.0 (fifth edition): names, attribute values, text, references, comments, instructions.

use crate::fault::{Stop, UnreadableKind, stop};
use crate::tree::Text;
use crate::words::{below, equal, first, skip_blanks, word_at};

/// A place in XML text.
#[derive(Debug)]
pub(crate) struct XmlScan<'s> {
    pub text: &'s str,
    pub bytes: &'s [u8],
    pub at: usize,
}

/// A qualified name: `text[start..end]`, its local part from `local` on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawName {
    pub start: u32,
    pub local: u32,
    pub end: u32,
}

impl RawName {
    pub fn has_prefix(self) -> bool {
        self.local != self.start
    }

    pub fn whole(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    pub fn local(self, text: &str) -> &str {
        &text[self.local as usize..self.end as usize]
    }

    /// The prefix without its colon; empty when there is none.
    pub fn prefix(self, text: &str) -> &str {
        if self.has_prefix() { &text[self.start as usize..self.local as usize - 1] } else { "" }
    }
}

/// The bytes that names are made of; above ASCII the character decides.
const NAME: u8 = 1;
const NAME_START: u8 = 2;
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME | NAME_START,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Whether it is a name without a colon and of ASCII only.
pub(crate) fn is_plain_name(text: &str) -> bool {
    let is = |byte: &u8, class| CLASSES[*byte as usize] & class != 0;
    text.as_bytes().first().is_some_and(|byte| is(byte, NAME_START))
        && text.as_bytes().iter().all(|byte| is(byte, NAME))
}

impl<'s> XmlScan<'s> {
    pub fn new(text: &'s str) -> Self {
        XmlScan { text, bytes: text.as_bytes(), at: 0 }
    }

    /// The byte here; zero at the end, which XML does not allow anywhere.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    pub fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub fn starts_with(&self, text: &[u8]) -> bool {
        self.bytes.get(self.at..self.at + text.len()) == Some(text)
    }

    /// Steps over blanks; whether there were any.
    #[inline]
    pub fn skip_blanks(&mut self) -> bool {
        let start = self.at;
        self.at = skip_blanks(self.bytes, start);
        self.at != start
    }

    /// U+FFFE and U+FFFF are no characters of XML. They are looked for once, as no text ever has them.
    pub fn refuse_noncharacters(&self) -> Result<(), Stop> {
        for at in memchr::memchr_iter(0xEF, self.bytes) {
            if matches!(self.bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])) {
                return Err(self.malformed(at, "a character that XML does not allow"));
            }
        }
        Ok(())
    }

    /// Reads a qualified name.
    #[inline]
    pub fn name(&mut self) -> Result<RawName, Stop> {
        let start = self.at;
        let mut end = start;
        while let Some(&byte) = self.bytes.get(end)
            && CLASSES[byte as usize] & NAME != 0
        {
            end += 1;
        }
        let ends_plainly = self.bytes.get(end).is_none_or(|byte| *byte < 0x80 && *byte != b':');
        if ends_plainly && end > start && CLASSES[self.bytes[start] as usize] & NAME_START != 0 {
            self.at = end;
            return Ok(RawName { start: start as u32, local: start as u32, end: end as u32 });
        }
        self.unusual_name()
    }

    /// Reads a name with a colon or with characters beyond ASCII, or says why it is none.
    #[cold]
    fn unusual_name(&mut self) -> Result<RawName, Stop> {
        let start = self.at;
        let mut local = start;
        let mut part_is_empty = true;
        for (offset, character) in self.text[start..].char_indices() {
            if character == ':' {
                if part_is_empty || local != start {
                    return Err(
                        self.malformed(start, "a name may have one colon, between its prefix and its local part")
                    );
                }
                local = start + offset + 1;
                part_is_empty = true;
                continue;
            }
            if !is_name_character(character, part_is_empty) {
                break;
            }
            part_is_empty = false;
            self.at = start + offset + character.len_utf8();
        }
        if self.at == start || (part_is_empty && local != start) {
            return Err(self.unexpected("a name"));
        }
        Ok(RawName { start: start as u32, local: local as u32, end: self.at as u32 })
    }

    /// Reads `="value"` after an attribute's name. A value with references goes, decoded, to the end of `own`.
    #[inline]
    pub fn attribute_value(&mut self, own: &mut String) -> Result<Text, Stop> {
        if self.peek() != b'=' {
            self.skip_blanks();
            if self.peek() != b'=' {
                return Err(self.unexpected("`=` after the attribute's name"));
            }
        }
        self.at += 1;
        if !matches!(self.peek(), b'"' | b'\'') {
            self.skip_blanks();
            if !matches!(self.peek(), b'"' | b'\'') {
                return Err(self.unexpected("the attribute's value in quotes"));
            }
        }
        let quote = self.peek();
        self.at += 1;
        self.quoted(quote, own)
    }

    /// Reads the rest of an attribute value whose opening quote has been read.
    #[inline]
    pub fn quoted(&mut self, quote: u8, own: &mut String) -> Result<Text, Stop> {
        let start = self.at;
        self.at = end_of_plain_value(self.bytes, start, quote);
        if self.peek() == quote {
            let text = Text::of_source(start, self.at);
            self.at += 1;
            return Ok(text);
        }
        self.decoded_value(start, quote, own)
    }

    /// <https://www.w3.org/TR/xml/#AVNormalize>: literal blanks become spaces, references what they stand for.
    #[cold]
    fn decoded_value(&mut self, start: usize, quote: u8, own: &mut String) -> Result<Text, Stop> {
        let own_start = own.len();
        let mut from = start;
        loop {
            own.push_str(&self.text[from..self.at]);
            match self.bytes.get(self.at) {
                Some(b'&') => {
                    let read = self.reference()?;
                    own.push(read);
                }
                Some(b'\r') => {
                    own.push(' ');
                    self.at += if self.bytes.get(self.at + 1) == Some(&b'\n') { 2 } else { 1 };
                }
                Some(b'\n' | b'\t') => {
                    own.push(' ');
                    self.at += 1;
                }
                Some(b'<') => return Err(self.malformed(self.at, "`<` in an attribute value is written `&lt;`")),
                Some(byte) if *byte == quote => {
                    self.at += 1;
                    return Ok(Text::of_own(own_start, own.len()));
                }
                Some(_) => return Err(self.control_character()),
                None => {
                    return Err(self.malformed(start - 1, "the input ends inside the attribute value that begins here"));
                }
            }
            from = self.at;
            self.at = end_of_plain_value(self.bytes, from, quote);
        }
    }

    /// Reads `&…;`: one of the five entities of XML, or a character by its number.
    #[cold]
    pub fn reference(&mut self) -> Result<char, Stop> {
        let start = self.at;
        let rest = &self.bytes[start + 1..];
        // The longest reference is `&#x` with any number of zeros; past 32 there is no good reason for more.
        let Some(length) = memchr::memchr(b';', &rest[..rest.len().min(32)]) else {
            return Err(self.malformed(start, "`&` begins no reference here; on its own it is written `&amp;`"));
        };
        let name = &self.text[start + 1..start + 1 + length];
        let read = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => self.character_reference(name)?,
        };
        self.at = start + length + 2;
        Ok(read)
    }

    fn character_reference(&self, name: &str) -> Result<char, Stop> {
        let Some(number) = name.strip_prefix('#') else {
            let is_name = name.chars().enumerate().all(|(n, c)| is_name_character(c, n == 0));
            let reason = if is_name && !name.is_empty() {
                format!("`&{name};` is no entity of XML; write the character itself or its number, such as `&#160;`")
            } else {
                "`&` begins no reference here; on its own it is written `&amp;`".to_owned()
            };
            return Err(self.malformed(self.at, reason));
        };
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
        // `from_str_radix` would take a sign.
        let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        let character = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        match character.filter(|c| is_number && is_xml_character(*c)) {
            Some(character) => Ok(character),
            None => Err(self.malformed(self.at, "a character reference to no character of XML")),
        }
    }

    /// Steps over character data up to the next `<`; whether there was anything but blanks.
    #[inline]
    pub fn text(&mut self) -> Result<bool, Stop> {
        self.skip_blanks();
        if self.peek() == b'<' || self.at_end() {
            return Ok(false);
        }
        loop {
            self.at = end_of_plain_text(self.bytes, self.at);
            match self.bytes.get(self.at) {
                None | Some(b'<') => return Ok(true),
                Some(b'&') => {
                    self.reference()?;
                }
                Some(b']') if self.starts_with(b"]]>") => {
                    return Err(self.malformed(self.at, "`]]>` in text is written `]]&gt;`"));
                }
                Some(b']' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(_) => return Err(self.control_character()),
            }
        }
    }

    /// Steps over a comment that begins here.
    #[cold]
    pub fn comment(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 4;
        let mut end = self.at;
        // Comments are short: to search for `--` would be to prepare for it longer than to look at each `-`.
        while let Some(more) = memchr::memchr(b'-', &self.bytes[end..]) {
            end += more + 1;
            if self.bytes.get(end) == Some(&b'-') {
                self.no_control_characters(self.at, end - 1)?;
                self.at = end + 1;
                if self.peek() != b'>' {
                    return Err(self.malformed(self.at - 2, "`--` is not allowed inside a comment"));
                }
                self.at += 1;
                return Ok(());
            }
        }
        Err(self.malformed(start, "the comment that begins here has no end"))
    }

    /// Steps over a processing instruction that begins here.
    #[cold]
    pub fn instruction(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 2;
        let name = self.name()?;
        if name.whole(self.text).eq_ignore_ascii_case("xml") {
            return Err(self.malformed(start, "an XML declaration is only allowed at the very start"));
        }
        if name.has_prefix() {
            return Err(self.malformed(start, "the target of a processing instruction has no colon"));
        }
        if !self.starts_with(b"?>") && !self.skip_blanks() {
            return Err(self.unexpected("a blank after the target"));
        }
        let Some(length) = memchr::memmem::find(&self.bytes[self.at..], b"?>") else {
            return Err(self.malformed(start, "the processing instruction that begins here has no end"));
        };
        self.no_control_characters(self.at, self.at + length)?;
        self.at += length + 2;
        Ok(())
    }

    /// Steps over a CDATA section that begins here; returns its text.
    #[cold]
    pub fn cdata(&mut self) -> Result<&'s str, Stop> {
        let start = self.at;
        self.at += b"<![CDATA[".len();
        let Some(length) = memchr::memmem::find(&self.bytes[self.at..], b"]]>") else {
            return Err(self.malformed(start, "the CDATA section that begins here has no end"));
        };
        let text = &self.text[self.at..self.at + length];
        self.no_control_characters(self.at, self.at + length)?;
        self.at += length + 3;
        Ok(text)
    }

    fn no_control_characters(&mut self, start: usize, end: usize) -> Result<(), Stop> {
        let words = self.bytes[start..end].as_chunks::<8>().0;
        let plain = words.iter().take_while(|word| below(u64::from_le_bytes(**word), 0x20) == 0).count() * 8;
        let mut bytes = self.bytes[start + plain..end].iter();
        if let Some(index) = bytes.position(|b| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) {
            self.at = start + plain + index;
            return Err(self.control_character());
        }
        Ok(())
    }

    #[cold]
    fn control_character(&self) -> Stop {
        self.malformed(self.at, format!("a control character (U+{:04X}), which XML does not allow", self.peek()))
    }

    #[cold]
    pub fn unexpected(&self, wanted: &str) -> Stop {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "but the input ends here".to_owned(),
            Some(found) if found.is_control() => format!("not the character U+{:04X}", found as u32),
            Some(found) => format!("not `{found}`"),
        };
        self.malformed(self.at, format!("{wanted} is wanted, {found}"))
    }

    #[cold]
    pub fn malformed(&self, offset: usize, reason: impl Into<String>) -> Stop {
        stop(self.text, offset, UnreadableKind::Malformed, reason)
    }

    #[cold]
    pub fn too_deep(&self) -> Stop {
        stop(self.text, self.at, UnreadableKind::TooDeep, "nested more deeply than the limit allows")
    }

    #[cold]
    pub fn doctype(&self) -> Stop {
        stop(self.text, self.at, UnreadableKind::Doctype, "a DOCTYPE is not allowed in FHIR")
    }
}

/// The first place from `at` on that ends an attribute value or has to be decoded or refused.
#[inline]
fn end_of_plain_value(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let ends = equal(word, quote) | equal(word, b'&') | equal(word, b'<') | below(word, 0x20);
        if ends != 0 {
            return at + first(ends);
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == quote || byte == b'&' || byte == b'<' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// The first place from `at` on that ends text or has to be looked at more closely.
#[inline]
fn end_of_plain_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let ends = equal(word, b'<') | equal(word, b'&') | equal(word, b']') | below(word, 0x20);
        if ends != 0 {
            return at + first(ends);
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'<' || byte == b'&' || byte == b']' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// <https://www.w3.org/TR/xml/#NT-Char>
fn is_xml_character(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        _ => character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'),
    }
}

/// <https://www.w3.org/TR/xml/#NT-NameStartChar>, without the colon.
fn is_name_character(character: char, is_first: bool) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '_')
        || matches!(character, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}')
        || matches!(character, '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}')
        || matches!(character, '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}')
        || matches!(character, '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
        || (!is_first
            && matches!(character, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}'))
}
