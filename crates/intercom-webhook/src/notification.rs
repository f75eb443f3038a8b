//! The envelope of a notification.

use std::fmt;

use intercom_api::{Id, JsonError, Timestamp, WorkspaceId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::item::{Item, ItemError};
use crate::topic::Topic;

/// Something that happened in a workspace.
///
/// `Debug` shows the envelope, never the item.
#[derive(Clone)]
pub struct Notification {
    /// The notification's id, the same each time it is delivered; pings have none.
    pub id: Option<Id>,
    /// What happened.
    pub topic: Topic,
    /// The workspace.
    pub app_id: Option<WorkspaceId>,
    /// When it happened.
    pub created_at: Option<Timestamp>,
    /// When it was first delivered.
    pub first_sent_at: Option<Timestamp>,
    /// Which attempt at delivering it this is, from 1.
    pub delivery_attempts: Option<u32>,
    item: Box<RawValue>,
}

/// A signed body that is no notification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// The body is no JSON, or its envelope has values of other types.
    #[error("the notification does not decode at `{path}`")]
    Json {
        /// The path to the value that does not fit.
        path: String,
        /// Kind and position of the misfit.
        source: JsonError,
    },
    /// The body is JSON without a topic or an item.
    #[error("the notification has no {field}")]
    Missing {
        /// The field that is missing.
        field: &'static str,
    },
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "if_readable")]
    id: Option<Id>,
    #[serde(default)]
    topic: Option<Topic>,
    #[serde(default, deserialize_with = "if_readable")]
    app_id: Option<WorkspaceId>,
    #[serde(default, deserialize_with = "if_readable")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    first_sent_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    delivery_attempts: Option<u32>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    item: Option<Box<RawValue>>,
}

/// A value beside the point, which may be anything without losing the notification.
fn if_readable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

impl Notification {
    /// Reads a body whose signature has been verified.
    ///
    /// # Errors
    /// [`NotificationError`] when the envelope is not one; the item may be anything.
    pub fn read(body: &[u8]) -> Result<Self, NotificationError> {
        let misfit = |path: String, error: serde_json::Error| NotificationError::Json {
            path,
            source: error.into(),
        };
        let mut json = serde_json::Deserializer::from_slice(body);
        let envelope: Envelope = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            misfit(path, error.into_inner())
        })?;
        json.end().map_err(|error| misfit(".".to_owned(), error))?;
        let missing = |field| NotificationError::Missing { field };
        let item = envelope.data.and_then(|data| data.item);
        Ok(Self {
            id: envelope.id,
            topic: envelope.topic.ok_or_else(|| missing("topic"))?,
            app_id: envelope.app_id,
            created_at: envelope.created_at,
            first_sent_at: envelope.first_sent_at,
            delivery_attempts: envelope.delivery_attempts,
            item: item.ok_or_else(|| missing("data.item"))?,
        })
    }

    /// Whether the sender has tried to deliver it before.
    pub fn is_repeated(&self) -> bool {
        self.delivery_attempts.is_some_and(|attempts| attempts > 1)
    }

    /// What it happened to, decoded by topic.
    ///
    /// # Errors
    /// [`ItemError`] names the topic, the notification and the path to what does not fit; the text
    /// is still there as [`item_text`](Self::item_text).
    pub fn item(&self) -> Result<Item, ItemError> {
        Item::read(self)
    }

    /// The item as it came.
    pub fn item_text(&self) -> &str {
        self.item.get()
    }

    /// When the item was last changed, for items that say so. Notifications overtake each other: an
    /// item older than the one that is known is to be ignored.
    pub fn item_updated_at(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Dated {
            #[serde(default, deserialize_with = "if_readable")]
            updated_at: Option<Timestamp>,
        }

        serde_json::from_str::<Dated>(self.item.get()).ok()?.updated_at
    }
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("app_id", &self.app_id)
            .field("created_at", &self.created_at)
            .field("delivery_attempts", &self.delivery_attempts)
            .finish_non_exhaustive()
    }
}
