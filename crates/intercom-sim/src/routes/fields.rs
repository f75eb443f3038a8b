//! What the fields of a body hold: each is checked before it is written.
//!
//! Numbers and flags may be written as texts, and texts as numbers. Null clears a field.

use serde_json::{Map, Number, Value};

use crate::answer::Refusal;
use crate::workspace::misfit;

/// What a field takes besides null.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    Text,
    Flag,
    Whole,
    Amount,
    /// Unix seconds.
    Instant,
}

impl Takes {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "a boolean",
            Self::Whole => "an integer",
            Self::Amount => "a number",
            Self::Instant => "a unix timestamp",
        }
    }

    /// The value as it is stored, null as what it leaves behind; `None` when the field cannot hold it.
    fn stored(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Flag, Value::Null) => Some(Value::Bool(false)),
            (Self::Amount, Value::Null) => Some(Value::from(0)),
            (_, Value::Null) => Some(Value::Null),
            (Self::Text, Value::String(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::Amount, Value::Number(_)) => Some(value.clone()),
            (Self::Text, Value::Number(number)) => Some(number.to_string().into()),
            (Self::Flag, Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
            (Self::Whole | Self::Instant, value) => misfit::whole(value).map(Value::from),
            (Self::Amount, Value::String(text)) => {
                text.parse().ok().and_then(Number::from_f64).map(Value::Number)
            }
            _ => None,
        }
    }
}

/// Brings fields into the form in which they are stored, and refuses what a field cannot hold by
/// the field's name.
pub(super) fn check(
    body: &mut Map<String, Value>,
    fields: &[(&str, Takes)],
) -> Result<(), Refusal> {
    for (name, takes) in fields {
        let Some(value) = body.get_mut(*name) else { continue };
        *value = match takes.stored(value) {
            Some(stored) => stored,
            None => {
                let message = format!("{name} must be {}", takes.name());
                return Err(Refusal::invalid(message).field(*name));
            }
        };
    }
    Ok(())
}
