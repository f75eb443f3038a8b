//! One entry of a page: who it is, what it is, and what changed in it.

use std::collections::BTreeMap;

use bytes::Bytes;
use intercom_api::{Id, JsonError, Timestamp};
use intercom_store::{AttributeChange, ContentHash, Quarantined, Record, Stream};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// How the reason of an entry begins that never became a record.
pub(crate) const NOT_MIRRORED: &str = "not mirrored";

/// What is wrong with an entry that no answer can hold.
pub(crate) const TOO_LONG: &str = "its JSON is longer than";

/// The fields a mirror needs; everything else stays text.
#[derive(Deserialize)]
struct Identity {
    #[serde(deserialize_with = "text_of_id")]
    id: String,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    updated_at: Option<Timestamp>,
}

pub(crate) fn text_of_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Id::deserialize(from).map(|id| id.as_str().to_owned())
}

/// The attributes that come with Intercom have no id; a model has one of each name.
#[derive(Deserialize)]
struct AttributeName {
    model: String,
    full_name: String,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    updated_at: Option<Timestamp>,
}

impl From<AttributeName> for Identity {
    fn from(attribute: AttributeName) -> Self {
        let AttributeName { model, full_name, created_at, updated_at } = attribute;
        Self { id: format!("{model}:{full_name}"), created_at, updated_at }
    }
}

/// The same, when an entry is too odd for [`Identity`]: its id is enough to name it.
#[derive(Deserialize)]
struct IdOnly {
    id: Id,
}

/// A record of the entry, or the entry put aside with the reason.
///
/// `text` is a part of the page; the record shares its memory.
pub(crate) fn read(stream: Stream, page: &Bytes, text: &str) -> Result<Record, Quarantined> {
    let body = page.slice_ref(text.as_bytes());
    let hash = digest(text.as_bytes());
    let mut json = serde_json::Deserializer::from_str(text);
    let read = match stream {
        Stream::DataAttributes => {
            serde_path_to_error::deserialize::<_, AttributeName>(&mut json).map(Identity::from)
        }
        _ => serde_path_to_error::deserialize::<_, Identity>(&mut json),
    };
    match read {
        Ok(identity) => Ok(Record {
            id: identity.id,
            created_at: identity.created_at.map(Timestamp::as_unix),
            updated_at: identity.updated_at.map(Timestamp::as_unix),
            hash,
            body,
            attribute_changes: Vec::new(),
        }),
        Err(error) => {
            let id = serde_json::from_str::<IdOnly>(text).ok();
            let path = error.path().to_string();
            let fault = JsonError::from(error.into_inner());
            Err(Quarantined {
                record_id: id.map(|entry| entry.id.as_str().to_owned()),
                reason: format!("{NOT_MIRRORED}: at `{path}` {fault}"),
                hash,
                body,
            })
        }
    }
}

/// The first half of a SHA-256: 128 bits tell bodies apart, and nobody forges them here.
pub(crate) fn digest(body: &[u8]) -> ContentHash {
    let full: [u8; 32] = Sha256::digest(body).into();
    let mut half = ContentHash::default();
    half.copy_from_slice(&full[..16]);
    half
}

/// The custom attributes of a body, each as the JSON text that was received.
#[derive(Deserialize)]
struct WithAttributes<'a> {
    #[serde(borrow, default)]
    custom_attributes: Option<BTreeMap<String, &'a RawValue>>,
}

/// What differs between the custom attributes of two bodies, by name.
///
/// A body that does not read as an object has no attributes: the record itself is kept either way.
pub(crate) fn attribute_changes(old: &[u8], new: &[u8]) -> Vec<AttributeChange> {
    let (old, new) = (attributes(old), attributes(new));
    let mut changes = Vec::new();
    for (name, before) in &old {
        let after = new.get(name).copied();
        if !after.is_some_and(|after| is_same(before, after)) {
            changes.push(change(name, Some(before), after));
        }
    }
    for (name, after) in &new {
        if !old.contains_key(name) {
            changes.push(change(name, None, Some(after)));
        }
    }
    changes.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    changes
}

fn attributes(body: &[u8]) -> BTreeMap<String, &str> {
    let read = serde_json::from_slice::<WithAttributes<'_>>(body);
    let attributes = read.ok().and_then(|body| body.custom_attributes).unwrap_or_default();
    attributes.into_iter().map(|(name, value)| (name, value.get())).collect()
}

/// Whether two JSON texts say the same: the members of an object have no order.
///
/// Texts of different length never do, so that numbers too long for a machine stay different.
fn is_same(one: &str, other: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    let is_nested = |text: &str| text.starts_with(['{', '[']);
    one == other
        || (one.len() == other.len() && is_nested(one) && is_nested(other))
            && read(one).is_some_and(|one| read(other) == Some(one))
}

fn change(name: &str, old: Option<&str>, new: Option<&str>) -> AttributeChange {
    AttributeChange {
        attribute: name.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    }
}
