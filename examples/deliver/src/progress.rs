//! Progress on standard error; it stays away when nobody looks.

use indicatif::{ProgressBar, ProgressStyle};

/// How many lines are done, in one line that vanishes at the end.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{human_pos} lines  {per_sec}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        Self { bar }
    }

    pub(crate) fn show(&self, n_lines: u64, n_rejected: u64) {
        self.bar.set_position(n_lines);
        if n_rejected > 0 {
            self.bar.set_message(format!("{n_rejected} rejected"));
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A number with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
