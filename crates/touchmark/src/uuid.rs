//! UUIDs made of what is at hand: the same for the same, without a clock and without chance.

/// A UUID of version 8 (<https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8>) from two FNV-1a hashes of the parts.
pub fn made_of(parts: &[&[u8]]) -> String {
    let hash = |start: u64| {
        // A zero byte keeps `ab` and `c` apart from `a` and `bc`.
        let bytes = parts.iter().enumerate().flat_map(|(at, part)| (at > 0).then_some(&0).into_iter().chain(*part));
        bytes.fold(start, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
    };
    let (high, low) = (hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4));
    let (high, low) = ((high & !0xf000) | 0x8000, (low & !(3 << 62)) | 1 << 63);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::made_of;
    use crate::rules::primitive;

    #[test]
    fn they_are_uuids_that_differ_where_the_parts_do() {
        let parts: [&[&[u8]]; 5] = [&[], &[b"a"], &[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"]];
        let made: Vec<String> = parts.into_iter().map(made_of).collect();
        for (at, uuid) in made.iter().enumerate() {
            assert!(primitive::uuid(uuid), "{uuid}");
            assert!(!made[..at].contains(uuid), "{uuid}");
            assert_eq!((&uuid[14..15], "89ab".contains(&uuid[19..20])), ("8", true), "{uuid}");
        }
    }
}
