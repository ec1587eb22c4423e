//! Eight bytes of the source at a time: where a string ends, where blanks end.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The eight bytes from `at` on, the first one lowest; `None` when fewer are left.
#[inline]
pub(crate) fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(eight.try_into().ok()?))
}

/// The high bit of each byte that equals `byte`. Above the lowest true hit there may be false ones.
#[inline]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (LOW * byte as u64);
    differing.wrapping_sub(LOW) & !differing & HIGH
}

/// The high bit of each byte below `limit` (at most 0x80). Above the lowest true hit there may be false ones.
#[inline]
pub(crate) const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOW * limit as u64) & !word & HIGH
}

/// The index of the first byte whose high bit is set in a mask that is not zero.
#[inline]
pub(crate) const fn first(mask: u64) -> usize {
    (mask.trailing_zeros() / 8) as usize
}

/// The first place from `at` on that is no space, tab, carriage return or line feed.
#[inline]
pub(crate) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    // Minified input has none, `": "` one, and an indented line its break and then a run of one kind of blank.
    match bytes.get(at) {
        Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
        _ => return at,
    }
    loop {
        match bytes.get(at) {
            Some(&blank @ (b' ' | b'\t')) => {
                at += 1;
                while let Some(word) = word_at(bytes, at) {
                    let differing = word ^ (LOW * u64::from(blank));
                    if differing != 0 {
                        at += first(differing);
                        break;
                    }
                    at += 8;
                }
            }
            Some(b'\n' | b'\r') => at += 1,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hit_is_true() {
        for at in 0..8 {
            let mut bytes = *b"\x21\x23\x80\xff\x1f\x30zz";
            bytes[at] = b'"';
            let word = u64::from_le_bytes(bytes);
            assert_eq!(first(equal(word, b'"')), at);
        }
        assert_eq!(first(below(u64::from_le_bytes(*b"\xff\x80 \x1fabcd"), 0x20)), 3);
        assert_eq!(below(u64::from_le_bytes(*b"\xff\x80 \x7fabcd"), 0x20), 0);
    }

    #[test]
    fn blanks_are_skipped() {
        for (text, wanted) in [("", 0), ("x", 0), (" ", 1), ("\r\n\t\t  \t x", 8), ("          x", 10), ("\u{a0}", 0)] {
            assert_eq!(skip_blanks(text.as_bytes(), 0), wanted, "{text:?}");
        }
    }
}
