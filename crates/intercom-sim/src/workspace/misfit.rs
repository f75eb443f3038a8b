//! Reading fields that have a column of their own, and merging patches.

use serde_json::{Map, Value};

/// A field holds something else than it must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {expected}")]
pub struct Misfit {
    /// The field.
    pub field: &'static str,
    /// What it must hold.
    pub expected: &'static str,
}

impl Misfit {
    pub(crate) const fn new(field: &'static str, expected: &'static str) -> Self {
        Self { field, expected }
    }
}

/// A whole number, or null; digits in a text and numbers with a zero fraction count as one.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
        }),
        Value::String(text) => {
            text.parse().ok().or_else(|| whole(&Value::from(text.parse::<f64>().ok()?)))
        }
        _ => None,
    }
}

/// Unix seconds or another whole number; null is none.
pub(crate) fn instant(field: &'static str, value: &Value) -> Result<Option<i64>, Misfit> {
    match value {
        Value::Null => Ok(None),
        value => whole(value).map(Some).ok_or(Misfit::new(field, "a whole number or null")),
    }
}

/// A text; null and the empty text are none, a number is its digits.
pub(crate) fn text(field: &'static str, value: Value) -> Result<Option<Box<str>>, Misfit> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.into_boxed_str()).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string().into())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(Misfit::new(field, "a text or null"))
        }
    }
}

/// The text of an id, whichever way it is spelled.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Replaces fields by those of `patch`; custom attributes are merged by name.
pub(crate) fn merge(fields: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (name.as_str(), fields.get_mut(&name), value) {
            ("custom_attributes", Some(Value::Object(known)), Value::Object(attributes)) => {
                known.extend(attributes);
            }
            (_, _, value) => {
                fields.insert(name, value);
            }
        }
    }
}
