//! What the program tells while a large workspace is being made.

use std::time::Duration;

use intercom_sim::{Progress, Stage};
use tokio::time::Instant;

/// Who waits less than this is told nothing.
const EVERY: Duration = Duration::from_secs(3);

/// Tells every few seconds how far the workspace is.
pub(crate) fn teller() -> impl FnMut(Progress) {
    let mut told_at = Instant::now();
    move |Progress { of, done, total }| {
        if told_at.elapsed() < EVERY {
            return;
        }
        told_at = Instant::now();
        match of {
            Stage::Contacts => tracing::info!(done, total, "Contacts are being invented."),
            Stage::Conversations => {
                tracing::info!(done, total, "Conversations are being invented.");
            }
            Stage::Searches => tracing::info!(done, total, "Searches are being prepared."),
        }
    }
}
