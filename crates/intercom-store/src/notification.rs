//! What notifications tell of records that vanish.

use async_trait::async_trait;

use crate::{Fate, StoreError, Stream, Workspace};

/// One thing that a notification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorNotification {
    /// The notification: the same one counts once, however often it is delivered.
    pub notification_id: String,
    /// Where the record is mirrored.
    pub stream: Stream,
    /// The record.
    pub record_id: String,
    /// What happened to it.
    pub change: NotifiedChange,
    /// When, by the sender's clock (Unix seconds).
    pub happened_at: i64,
}

/// What happened to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifiedChange {
    /// It is gone.
    Gone(Fate),
    /// The contact is no longer archived.
    Unarchived,
    /// The parts of the conversation have changed in a way that the conversation may not show.
    PartsChanged,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationOutcome {
    /// The mirror knows it.
    Applied,
    /// The notification was received before.
    Repeated,
    /// Something later is known of the record.
    Outdated,
}

/// What a [`Store`](crate::Store) does with notifications.
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Applies a notification, unless it was received before, or a later one about the same record.
    ///
    /// Notifications are compared by the sender's clock only. What is deleted or merged stays so,
    /// whatever order they arrive in. They are remembered for a week after `now`.
    async fn apply_notification(
        &self,
        workspace: &Workspace,
        told: &MirrorNotification,
        now: i64,
    ) -> Result<NotificationOutcome, StoreError>;
}
