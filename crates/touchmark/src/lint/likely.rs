//! Which definition is likely meant by a canonical that is not loaded.

use crate::library::Library;

/// How many letters may differ, case and hyphens left aside: with more of them another definition may well be meant.
const NEAR: usize = 2;

/// The canonical of a loaded definition of this kind that is nearest to the one written.
pub(super) fn likely(library: &Library, canonical: &str, resource: &str) -> Option<String> {
    let last = |url: &str| url.rsplit('/').next().unwrap_or(url).to_lowercase();
    let wanted = last(canonical);
    let entries = || library.entries().iter().filter(|e| e.resource == resource && e.url != canonical);
    if let Some(same) = entries().find(|e| last(&e.url) == wanted) {
        return Some(same.url.to_string());
    }
    let plain = |url: &str| url.replace('-', "").to_lowercase();
    let wanted = plain(canonical);
    let near = |url: &str| distance(&wanted, &plain(url), NEAR).map(|d| (d, url.to_owned()));
    entries().filter_map(|e| near(&e.url)).min().map(|(_, url)| url)
}

/// How many letters must be changed, added or removed to make one text of the other, when they are at most `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
        if row.iter().min().is_some_and(|m| *m > limit) {
            return None;
        }
    }
    row.last().copied().filter(|d| *d <= limit)
}
