//! Notifications as a source of what vanishes: a search shows none of it.
//!
//! The store is told of contacts, companies and conversations that are deleted, archived or merged,
//! and of parts that change without the conversation showing it. Bodies are not taken from
//! notifications, which write them differently: the next run fetches what has changed.

use intercom_api::Timestamp;
use intercom_store::{
    Fate, MirrorNotification, NotificationOutcome, NotifiedChange, Store, StoreError, Stream,
    Workspace,
};
use intercom_webhook::{Item, Notification, Topic};

use crate::forget::Blocked;

/// What a notification means for the mirror; `None` when the next run learns of it by itself, or
/// when the notification does not say what it is about.
///
/// A pure function: the same notification always means the same. One without a time is taken for
/// the oldest, so that whatever else is known of the record counts more.
pub fn mirror_notification(notification: &Notification) -> Option<MirrorNotification> {
    let (stream, record_id, change) = match &notification.topic {
        Topic::ContactDeleted => (Stream::Contacts, deleted(notification)?, gone(Fate::Deleted)),
        Topic::CompanyDeleted => (Stream::Companies, deleted(notification)?, gone(Fate::Deleted)),
        Topic::ConversationDeleted => {
            (Stream::Conversations, deleted(notification)?, gone(Fate::Deleted))
        }
        Topic::ContactArchived => (Stream::Contacts, contact(notification)?, gone(Fate::Archived)),
        Topic::ContactUnarchive => {
            (Stream::Contacts, contact(notification)?, NotifiedChange::Unarchived)
        }
        Topic::ContactMerged => {
            let Ok(Item::MergedContact(merged)) = notification.item() else { return None };
            let source = merged.merged_from.as_ref()?.id.as_ref()?.as_str().to_owned();
            let survivor = merged.contact.id.as_ref()?.as_str().to_owned();
            (Stream::Contacts, source, gone(Fate::MergedInto(survivor)))
        }
        Topic::ConversationPartRedacted => {
            let Ok(Item::Conversation(talk)) = notification.item() else { return None };
            let id = talk.id.as_ref()?.as_str().to_owned();
            (Stream::Conversations, id, NotifiedChange::PartsChanged)
        }
        _ => return None,
    };
    let happened_at = notification.created_at.map_or(0, Timestamp::as_unix);
    // Without an id, a repetition is told by what it says.
    let notification_id = notification.id.as_ref().map_or_else(
        || format!("{} {record_id} {happened_at}", notification.topic),
        |id| id.as_str().to_owned(),
    );
    Some(MirrorNotification { notification_id, stream, record_id, change, happened_at })
}

/// Tells the store what a notification means; `None` when it means nothing for the mirror.
///
/// Each notification counts once, and they may come in any order. The workspace is not leased: a
/// run may be under way. Of somebody who was forgotten nothing is written: neither a tombstone, nor
/// an alias that leads to them.
///
/// # Errors
/// [`StoreError`]; the same notification may be applied again.
pub async fn apply_notification(
    store: &dyn Store,
    workspace: &Workspace,
    notification: &Notification,
    now: i64,
) -> Result<Option<NotificationOutcome>, StoreError> {
    let Some(mut told) = mirror_notification(notification) else { return Ok(None) };
    let blocked = Blocked::read(store, workspace).await?;
    if blocked.names(told.stream, &told.record_id) {
        return Ok(None);
    }
    if let NotifiedChange::Gone(Fate::MergedInto(survivor)) = &told.change
        && blocked.names(told.stream, survivor)
    {
        told.change = gone(Fate::Deleted);
    }
    store.apply_notification(workspace, &told, now).await.map(Some)
}

fn gone(fate: Fate) -> NotifiedChange {
    NotifiedChange::Gone(fate)
}

fn deleted(notification: &Notification) -> Option<String> {
    let Ok(Item::Deleted(deleted)) = notification.item() else { return None };
    deleted.id.map(|id| id.as_str().to_owned())
}

fn contact(notification: &Notification) -> Option<String> {
    let Ok(Item::Contact(contact)) = notification.item() else { return None };
    contact.id.map(|id| id.as_str().to_owned())
}
