//! The envelope that errors come in, read however it is spelled.
//!
//! Nothing in an error may hide its status: what does not fit is left out, whatever is too long is
//! cut.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::code::ErrorCode;
use crate::error::mask::mask;

/// The most bytes kept of a message.
const MAX_MESSAGE: usize = 4096;
/// The most entries kept of an envelope.
const MAX_ITEMS: usize = 50;
/// The most bytes of a request id and of a field's name.
const MAX_NAME: usize = 200;

/// One entry of the error envelope.
///
/// `Debug` masks what looks like an e-mail address, a URL, a token or a phone number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorItem {
    /// The machine-readable code.
    pub code: ErrorCode,
    /// The API's sentence about it, when there is one; at most 4096 bytes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The request field it is about, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl fmt::Debug for ErrorItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorItem")
            .field("code", &self.code)
            .field("message", &self.message.as_deref().map(mask))
            .field("field", &self.field.as_deref().map(mask))
            .finish()
    }
}

/// What an error's body says.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) request_id: Option<String>,
    pub(super) errors: Vec<ErrorItem>,
}

type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl Envelope {
    /// Reads a body; one of another shape is an empty envelope.
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Ok(fields) = serde_json::from_str::<Fields<'_>>(&text) else {
            return Self::default();
        };
        let errors = fields.get("errors").map_or_else(Vec::new, |errors| read_errors(errors));
        let errors = if errors.is_empty() { read_bare(&fields) } else { errors };
        Self { request_id: name(fields.get("request_id")).filter(|id| is_visible(id)), errors }
    }
}

/// Nearly always a list of entries; some endpoints send messages by field.
fn read_errors(errors: &RawValue) -> Vec<ErrorItem> {
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(errors.get()) {
        return items.into_iter().take(MAX_ITEMS).filter_map(read_item).collect();
    }
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(errors.get()) else {
        return Vec::new();
    };
    let by_field = fields.into_iter().take(MAX_ITEMS).map(|(field, said)| ErrorItem {
        code: ErrorCode::unnamed(),
        message: message(Some(&said)),
        field: Some(cut(&field, MAX_NAME)),
    });
    by_field.collect()
}

fn read_item(item: &RawValue) -> Option<ErrorItem> {
    let fields: Fields<'_> = serde_json::from_str(item.get()).ok()?;
    let code = name(fields.get("code"));
    Some(ErrorItem {
        code: code.map_or_else(ErrorCode::unnamed, |code| ErrorCode::from(&*code)),
        message: message(fields.get("message")),
        field: name(fields.get("field")),
    })
}

/// An error that stands in the body itself: a bare message, or a key.
fn read_bare(fields: &Fields<'_>) -> Vec<ErrorItem> {
    let code = name(fields.get("error_key"));
    let message = message(fields.get("message"));
    if code.is_none() && message.is_none() {
        return Vec::new();
    }
    let code = code.map_or_else(ErrorCode::unnamed, |code| ErrorCode::from(&*code));
    vec![ErrorItem { code, message, field: None }]
}

fn message(raw: Option<&&RawValue>) -> Option<String> {
    text(raw).map(|text| cut(&text, MAX_MESSAGE))
}

fn name(raw: Option<&&RawValue>) -> Option<String> {
    text(raw).map(|text| cut(&text, MAX_NAME)).filter(|text| !text.is_empty())
}

/// A text, or a list of texts in one.
fn text(raw: Option<&&RawValue>) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        One(String),
        Number(serde_json::Number),
        Many(Vec<String>),
    }

    match serde_json::from_str(raw?.get()).ok()? {
        Text::One(text) => Some(text),
        Text::Number(number) => Some(number.to_string()),
        Text::Many(texts) => Some(texts.join("; ")),
    }
}

fn cut(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

/// Whether a text can be an id of an exchange: it is shown as it is.
pub(super) fn is_visible(id: &str) -> bool {
    id.len() < MAX_NAME && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@')
}
