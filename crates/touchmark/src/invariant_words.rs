//! What invariants ask, in words: a sentence and an example for each key, from files of the packs.
//!
//! Definitions of packs hold facts only, so that their invariants have expressions and no sentences. The sentences are data
//! of their own, in words of our own: `profiles/touchmark/invariants.json`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The words of all invariants that have some.
#[derive(Clone, Debug, Default)]
pub struct InvariantWords {
    /// Sorted by key and expression.
    rows: Vec<Words>,
}

/// What one invariant asks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Words {
    /// The key; several invariants of different types may share one.
    pub key: String,
    /// What must hold, in one sentence without its end.
    pub holds: String,
    /// The parts of the element whose values a finding shows, as names with dots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<String>,
    /// The code of the rule that finds it, where that is a rule of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_by: Option<String>,
    /// What else is to be known: why nothing breaks it, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The expression, as published.
    pub expression: String,
    /// An element that keeps it and one that breaks it, as text: a check, which has no use for it, need not build it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    example: Option<Box<RawValue>>,
}

impl Words {
    /// An element that keeps the invariant and one that breaks it.
    pub fn example(&self) -> Option<Example> {
        // A test holds that those of the packs have this form.
        serde_json::from_str(self.example.as_ref()?.get()).ok()
    }
}

/// Elements that keep or break an invariant, as JSON writes them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Where they stand.
    pub at: String,
    /// Keeps it; none where nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<serde_json::Value>,
    /// Breaks it; none where nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the file is about; for its readers.
    #[serde(rename = "title")]
    _title: String,
    invariants: Vec<Words>,
}

impl InvariantWords {
    /// Reads one file of words.
    ///
    /// # Errors
    /// When it is not JSON of this form; the text says where and why.
    pub fn read(text: &str) -> Result<InvariantWords, String> {
        let file: File = serde_json::from_str(text).map_err(|trouble| trouble.to_string())?;
        let mut rows = file.invariants;
        rows.sort_by(|a, b| (&a.key, &a.expression).cmp(&(&b.key, &b.expression)));
        Ok(InvariantWords { rows })
    }

    /// The words of several files. One that cannot be read is left out: those of packs can, as a test holds, and the finding
    /// then shows its expression.
    pub(crate) fn of(files: &[&str]) -> InvariantWords {
        let mut rows: Vec<Words> =
            files.iter().filter_map(|f| Self::read(f).ok()).flat_map(|words| words.rows).collect();
        rows.sort_by(|a, b| (&a.key, &a.expression).cmp(&(&b.key, &b.expression)));
        InvariantWords { rows }
    }

    /// The words of the invariant with this key and this expression: another expression under the same key is another
    /// invariant.
    pub fn find(&self, key: &str, expression: &str) -> Option<&Words> {
        let at = self.rows.binary_search_by(|row| (&*row.key, &*row.expression).cmp(&(key, expression))).ok()?;
        self.rows.get(at)
    }

    /// The words of all invariants with this key.
    pub fn of_key<'w>(&'w self, key: &'w str) -> impl Iterator<Item = &'w Words> {
        self.all().filter(move |row| row.key == key)
    }

    /// All of them, by key and expression.
    pub fn all(&self) -> impl Iterator<Item = &Words> {
        self.rows.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_another_expression_is_another_invariant() {
        let text = r#"{"title": "", "invariants": [
            {"key": "b-1", "holds": "second", "expression": "b"},
            {"key": "a-1", "holds": "first", "expression": "a"},
            {"key": "a-1", "holds": "other", "expression": "c", "shows": ["d.e"]}]}"#;
        let words = InvariantWords::read(text).expect("a file of words");
        let holds = |key, expression| words.find(key, expression).map(|w| &*w.holds);
        assert_eq!(holds("a-1", "a"), Some("first"));
        assert_eq!(holds("a-1", "c"), Some("other"));
        assert_eq!(holds("a-1", "b"), None);
        assert_eq!(words.of_key("a-1").count(), 2);
    }

    #[test]
    fn what_is_no_file_of_words_says_why() {
        for (text, why) in [("{", "EOF"), (r#"{"title": "", "invariants": [{"key": "a"}]}"#, "missing field `holds`")] {
            let trouble = InvariantWords::read(text).expect_err("it is wrong");
            assert!(trouble.contains(why), "{trouble}");
        }
    }
}
