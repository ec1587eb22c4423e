//! How much a check may find and how long it may take.

use std::sync::atomic::{AtomicBool, Ordering};

/// Bounds of one check. The default has room for any real message.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// The most findings a document may have; past that the walk ends and the report says so. Default 10,000.
    pub findings: usize,
    /// Set by another thread to end the walk early; the report says so.
    pub cancel: Option<&'a AtomicBool>,
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Budget { findings: 10_000, cancel: None }
    }
}

impl Budget<'_> {
    /// Whether the walk must end.
    pub(crate) fn is_spent(&self, findings: usize) -> bool {
        findings >= self.findings || self.cancel.is_some_and(|c| c.load(Ordering::Relaxed))
    }
}
