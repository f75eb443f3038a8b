//! What was produced, as a file for other programs to compare.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::value::RawValue;

use super::drive::Produced;

/// What one case gave.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    id: String,
    calls: Vec<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Message>,
    /// How it ended.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Written {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    /// As it was written, its keys in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct Message {
    message: String,
}

impl Entry {
    pub(super) fn new(id: &str, produced: &Produced) -> Self {
        let calls = produced.calls.iter().map(|made| Written {
            method: made.call.method.clone(),
            url: made.call.url.clone(),
            headers: made.call.headers.clone(),
            body: made.body.clone().and_then(|body| RawValue::from_string(body).ok()),
        });
        Self {
            id: id.to_owned(),
            calls: calls.collect(),
            error: produced.error.clone().map(|message| Message { message }),
            outcome: produced.outcome,
            class: produced.class,
        }
    }
}

/// Writes the entries as one JSON array.
pub(super) fn write(path: &Path, entries: &[Entry]) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(entries)?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
