//! Progress bars on standard error; they vanish when done and stay away when nobody looks.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use intercom_store::Stream;
use intercom_sync::Progress;

/// One bar per large stream, one for the small ones and one per later step.
pub(crate) struct Bars {
    catalogue: ProgressBar,
    admins: ProgressBar,
    contacts: ProgressBar,
    conversations: ProgressBar,
    projected: ProgressBar,
    customers: ProgressBar,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let all = MultiProgress::new();
        let bar = |name: &'static str| {
            let bar = all.add(ProgressBar::no_length());
            bar.set_style(style());
            bar.set_prefix(name);
            bar
        };
        Self {
            catalogue: bar("catalogue"),
            admins: bar("admins"),
            contacts: bar("contacts"),
            conversations: bar("conversations"),
            projected: bar("projecting"),
            customers: bar("customers"),
        }
    }

    fn of(&self, stream: Stream) -> &ProgressBar {
        match stream {
            Stream::Admins => &self.admins,
            Stream::Contacts => &self.contacts,
            Stream::Conversations | Stream::Parts => &self.conversations,
            Stream::Companies
            | Stream::Teams
            | Stream::Tags
            | Stream::Segments
            | Stream::DataAttributes => &self.catalogue,
        }
    }

    /// Takes the bars off the screen.
    pub(crate) fn clear(&self) {
        for bar in [
            &self.catalogue,
            &self.admins,
            &self.contacts,
            &self.conversations,
            &self.projected,
            &self.customers,
        ] {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn pulled(&self, stream: Stream, fetched: u64, total: Option<u64>) {
        let bar = self.of(stream);
        if let Some(total) = total {
            bar.set_length(total.max(fetched));
        }
        bar.set_position(fetched);
    }

    fn finished(&self, stream: Stream, fetched: u64) {
        let bar = self.of(stream);
        bar.set_length(fetched);
        bar.set_position(fetched);
        bar.abandon();
    }

    fn projected(&self, _: Stream, done: u64) {
        self.projected.enable_steady_tick(Duration::from_millis(100));
        self.projected.set_position(done);
    }

    fn customers(&self, done: u64) {
        self.projected.abandon();
        self.customers.set_position(done);
    }
}

/// Whole rows a second.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar of which a part cannot be written is drawn without it.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:>14} {bar:30} {human_pos:>8}/{human_len:<8} {rate}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", rate)
}
