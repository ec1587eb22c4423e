//! Names that differ in so little that one is probably meant for the other.

/// Whether two texts are the same but for one letter at most, which was changed, left out or added.
pub(crate) fn one_edit(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    // Back to where a letter begins.
    let same = (0..=same).rev().find(|at| a.is_char_boundary(*at) && b.is_char_boundary(*at)).unwrap_or(0);
    let rest = |text: &str| {
        let mut letters = text.chars();
        letters.next();
        letters.as_str().len()
    };
    let (a, b) = (&a[same..], &b[same..]);
    let (a_rest, b_rest) = (&a[a.len() - rest(a)..], &b[b.len() - rest(b)..]);
    a_rest == b_rest || a_rest == b || a == b_rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_amiss() {
        assert!(one_edit("ods-organization-code", "ods-organisation-code"));
        assert!(one_edit("nhs-number", "nhsnumber"));
        assert!(!one_edit("nhs-number", "nhs-nomber2"));
    }
}
