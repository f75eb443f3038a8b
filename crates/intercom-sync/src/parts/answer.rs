//! An answer with parts, read as far as a mirror needs it: no network, no store.

use bytes::Bytes;
use intercom_api::{Id, JsonError, Timestamp};
use intercom_store::{FetchedParts, Part, Quarantined};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::fetch::Answer;
use crate::record::{digest, text_of_id};

/// What an answer says.
pub(super) struct Reading {
    /// The parts, or the answer put aside with the reason.
    pub(super) fetched: Result<FetchedParts, Quarantined>,
    /// Whether there is nothing more to ask for: every part could be read, and a later change would
    /// show in the conversation's `updated_at`, which counts seconds.
    pub(super) is_settled: bool,
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    updated_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    statistics: Option<&'a RawValue>,
    #[serde(borrow)]
    conversation_parts: Parts<'a>,
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    conversation_parts: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    total_count: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WithStatistics<'a> {
    #[serde(borrow, default)]
    statistics: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    count_conversation_parts: Option<i64>,
}

/// What a mirror needs of a part; everything else stays text.
#[derive(Deserialize)]
struct PartFields<'a> {
    #[serde(deserialize_with = "text_of_id")]
    id: String,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    updated_at: Option<Timestamp>,
    #[serde(borrow, default)]
    part_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    author: Option<&'a RawValue>,
    #[serde(borrow, default)]
    redacted: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// How many parts a stored conversation counts, when it says so.
pub(super) fn count_of(conversation: &[u8]) -> Option<i64> {
    let read = serde_json::from_slice::<WithStatistics<'_>>(conversation).ok()?;
    count_in(read.statistics)
}

fn count_in(statistics: Option<&RawValue>) -> Option<i64> {
    lenient::<Statistics>(statistics)?.count_conversation_parts
}

/// What is odd counts as absent.
fn lenient<T: DeserializeOwned>(text: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(text?.get()).ok()
}

/// Reads the answer for a conversation. A part that cannot be read costs only itself.
pub(super) fn read(conversation_id: &str, answer: &Answer) -> Reading {
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    match serde_path_to_error::deserialize::<_, Conversation<'_>>(&mut json) {
        Ok(conversation) => read_parts(conversation_id, answer, &conversation),
        Err(error) => {
            let path = error.path().to_string();
            let fault = JsonError::from(error.into_inner());
            let reason = format!("its parts are not mirrored: at `{path}` {fault}");
            let entry = put_aside(conversation_id, reason, &answer.body);
            Reading { fetched: Err(entry), is_settled: false }
        }
    }
}

fn put_aside(conversation_id: &str, reason: String, body: &Bytes) -> Quarantined {
    let (record_id, hash) = (Some(conversation_id.to_owned()), digest(body));
    Quarantined { record_id, reason, hash, body: body.clone() }
}

fn read_parts(conversation_id: &str, answer: &Answer, conversation: &Conversation<'_>) -> Reading {
    let Parts { conversation_parts, total_count } = &conversation.conversation_parts;
    let mut fetched = FetchedParts::default();
    for text in conversation_parts {
        let body = answer.body.slice_ref(text.get().as_bytes());
        match part(text.get(), &body) {
            Ok(part) => fetched.parts.push(part),
            Err(fault) => {
                let reason = format!("one of its parts is not mirrored: {fault}");
                fetched.quarantined.push(put_aside(conversation_id, reason, &body));
            }
        }
    }
    let n_shown = i64::try_from(conversation_parts.len()).unwrap_or(i64::MAX);
    let n_counted = count_in(conversation.statistics);
    let total = lenient::<i64>(*total_count);
    // What the list itself says of its length counts more than a figure that may lag.
    fetched.is_whole = n_shown >= total.or(n_counted).unwrap_or(n_shown);
    fetched.n_counted = n_counted.or(total);
    let updated_at = lenient::<Timestamp>(conversation.updated_at).map(Timestamp::as_unix);
    let shows_changes = match (updated_at, answer.given_at) {
        (Some(updated_at), Some(given_at)) => updated_at < given_at,
        _ => true,
    };
    // What could not be read may be readable the next time.
    let is_settled = shows_changes && fetched.quarantined.is_empty();
    // Another change of the same second does not move `updated_at`: as long as one is possible, or
    // something is missing, the answer counts as one of the second before.
    fetched.updated_at = updated_at.map(|at| if is_settled { at } else { at - 1 });
    Reading { fetched: Ok(fetched), is_settled }
}

fn part(text: &str, body: &Bytes) -> Result<Part, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fields: PartFields<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        format!("at `{path}` {}", JsonError::from(error.into_inner()))
    })?;
    let author = fields.author.and_then(|text| serde_json::from_str::<Author<'_>>(text.get()).ok());
    let (author_type, author_id) = author.map_or((None, None), |author| {
        let id = lenient::<Id>(author.id).map(|id| id.as_str().to_owned());
        (lenient::<String>(author.kind), id)
    });
    Ok(Part {
        id: fields.id,
        created_at: fields.created_at.map(Timestamp::as_unix),
        updated_at: fields.updated_at.map(Timestamp::as_unix),
        part_type: lenient(fields.part_type),
        author_type,
        author_id,
        is_redacted: lenient(fields.redacted).unwrap_or(false),
        hash: digest(text.as_bytes()),
        body: body.clone(),
    })
}
