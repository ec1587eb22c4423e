//! Encodings and escapes of texts: hexadecimal, Base64, HTML and JSON.

use std::fmt::Write as _;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text in a format; `None` for one that is not known.
pub(super) fn encode(text: &str, format: &str) -> Option<String> {
    match format {
        "hex" => Some(text.bytes().fold(String::with_capacity(text.len() * 2), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })),
        "base64" => Some(to_base64(text.as_bytes(), STANDARD)),
        "urlbase64" => Some(to_base64(text.as_bytes(), URL)),
        "ascii" => Some(text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()),
        _ => None,
    }
}

/// The text that was encoded; `None` when it was not, or not in UTF-8.
pub(super) fn decode(text: &str, format: &str) -> Option<String> {
    let bytes = match format {
        "hex" => from_hex(text)?,
        "base64" => from_base64(text, STANDARD)?,
        "urlbase64" => from_base64(text, URL)?,
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

fn to_base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            if at <= group.len() {
                text.push(char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

fn from_base64(text: &str, alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in digits.bytes() {
        let value = alphabet.iter().position(|a| *a == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
    }
    (digits.len() % 4 != 1 && text.len() - digits.len() <= 2).then_some(bytes)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

/// The text with what has a meaning in `target` escaped; `None` for a target that is not known.
pub(super) fn escape(text: &str, target: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len() + 8);
    match target {
        "html" => {
            for c in text.chars() {
                match c {
                    '<' => escaped.push_str("&lt;"),
                    '>' => escaped.push_str("&gt;"),
                    '&' => escaped.push_str("&amp;"),
                    '"' => escaped.push_str("&quot;"),
                    '\'' => escaped.push_str("&#39;"),
                    _ => escaped.push(c),
                }
            }
        }
        "json" => {
            for c in text.chars() {
                match c {
                    '"' => escaped.push_str("\\\""),
                    '\\' => escaped.push_str("\\\\"),
                    '\n' => escaped.push_str("\\n"),
                    '\r' => escaped.push_str("\\r"),
                    '\t' => escaped.push_str("\\t"),
                    '\u{8}' => escaped.push_str("\\b"),
                    '\u{c}' => escaped.push_str("\\f"),
                    c if c < ' ' => {
                        let _ = write!(escaped, "\\u{:04x}", u32::from(c));
                    }
                    _ => escaped.push(c),
                }
            }
        }
        _ => return None,
    }
    Some(escaped)
}

/// The text with its escapes resolved; what is no escape stays.
pub(super) fn unescape(text: &str, target: &str) -> Option<String> {
    match target {
        "html" => Some(unescape_html(text)),
        "json" => unescape_json(text),
        _ => None,
    }
}

fn unescape_html(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        let c = end.and_then(|end| match &rest[1..end] {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{a0}'),
            name => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)
            }
        });
        if let (Some(c), Some(end)) = (c, end) {
            result.push(c);
            rest = &rest[end + 1..];
        } else {
            result.push('&');
            rest = &rest[1..];
        }
    }
    result.push_str(rest);
    result
}

fn unescape_json(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        match chars.next()? {
            'n' => result.push('\n'),
            'r' => result.push('\r'),
            't' => result.push('\t'),
            'b' => result.push('\u{8}'),
            'f' => result.push('\u{c}'),
            'u' => {
                let mut unit = || {
                    let mut unit = 0;
                    for _ in 0..4 {
                        unit = unit * 16 + chars.next()?.to_digit(16)?;
                    }
                    u16::try_from(unit).ok()
                };
                let first = unit()?;
                let c = if let Some(c) = char::from_u32(first.into()) {
                    c
                } else {
                    if (chars.next(), chars.next()) != (Some('\\'), Some('u')) {
                        return None;
                    }
                    let mut second = 0;
                    for _ in 0..4 {
                        second = second * 16 + chars.next()?.to_digit(16)?;
                    }
                    char::decode_utf16([first, u16::try_from(second).ok()?]).next()?.ok()?
                };
                result.push(c);
            }
            c => result.push(c),
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for text in ["", "t", "te", "tes", "test", "a🔥<b & \"c'\n\u{1}"] {
            for format in ["hex", "base64", "urlbase64"] {
                assert_eq!(decode(&encode(text, format).unwrap(), format).as_deref(), Some(text));
            }
            for target in ["html", "json"] {
                assert_eq!(unescape(&escape(text, target).unwrap(), target).as_deref(), Some(text));
            }
        }
        assert_eq!(encode("test", "base64").as_deref(), Some("dGVzdA=="));
        assert_eq!(encode("aé", "ascii").as_deref(), Some("a?"));
        assert_eq!(unescape("\\ud83d\\udd25", "json").as_deref(), Some("🔥"));
        assert_eq!(unescape("&#x41;&#66;&x;&", "html").as_deref(), Some("AB&x;&"));
        assert_eq!(decode("ff", "hex"), None);
        assert_eq!(decode("é", "hex"), None);
        assert_eq!(decode("A", "base64"), None);
    }
}
