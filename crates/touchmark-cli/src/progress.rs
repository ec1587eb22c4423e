//! Progress on a terminal, and only there: how many documents are done.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A count on standard error that stays out of the way of what is printed.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to count; nothing is drawn where standard error is no terminal.
    pub fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {pos} documents, {per_sec}, {elapsed}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())))
    }

    /// One more is done; `print` runs while nothing is drawn.
    pub fn step<R>(&self, print: impl FnOnce() -> R) -> R {
        self.0.inc(1);
        self.0.suspend(print)
    }

    /// Takes the count off the terminal.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
