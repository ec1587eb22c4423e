//! How much a check may find and how long it may take.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bounds of one check. The default has room for any real message.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// The most findings a document may have; past that the walk ends and the report says so. Default 10,000.
    pub findings: usize,
    /// Set by another thread to end the walk early; the report says so.
    pub cancel: Option<&'a AtomicBool>,
    /// Asked now and then whether time is up. The library has no clock: the caller's is asked.
    pub expired: Option<&'a (dyn Fn() -> bool + Sync)>,
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Budget { findings: 10_000, cancel: None, expired: None }
    }
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("findings", &self.findings)
            .field("cancel", &self.cancel)
            .field("expired", &self.expired.map(|_| "…"))
            .finish()
    }
}

/// Why a walk ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spent {
    /// As many findings as allowed.
    Findings,
    /// The caller asked for it.
    Cancelled,
    /// The time was up.
    Time,
    /// More conditions than are compared with more answers.
    Comparisons,
}

impl Budget<'_> {
    /// Whether the walk must end.
    pub(crate) fn is_spent(&self, findings: usize) -> bool {
        self.spent(findings).is_some()
    }

    /// Why the walk must end.
    pub(crate) fn spent(&self, findings: usize) -> Option<Spent> {
        if findings >= self.findings {
            Some(Spent::Findings)
        } else if self.cancel.is_some_and(|c| c.load(Ordering::Relaxed)) {
            Some(Spent::Cancelled)
        } else if self.expired.is_some_and(|expired| expired()) {
            Some(Spent::Time)
        } else {
            None
        }
    }
}
