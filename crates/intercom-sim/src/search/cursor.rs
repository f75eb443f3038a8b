//! Cursors: base64 of the JSON list `[sort value, id, next page]`.
//!
//! A cursor names the last row of a page, not a distance from the start, so rows that appear or
//! vanish before it shift nothing. Instants are in milliseconds; ids of digits are numbers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::search::filter::SortKey;
use crate::workspace::misfit;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    /// The sort value of the last row of the page before; seconds if the field is an instant.
    pub(crate) after: SortKey,
    /// The id of that row.
    pub(crate) id: String,
    /// The number of the page that begins here.
    pub(crate) page: u64,
}

/// What the sort value of a cursor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortUnit {
    Instant,
    Plain,
}

impl Cursor {
    pub(crate) fn encode(&self, unit: SortUnit) -> String {
        let after = match (&self.after, unit) {
            (SortKey::Number(seconds), SortUnit::Instant) => json!(seconds.saturating_mul(1_000)),
            (SortKey::Number(number), SortUnit::Plain) => json!(number),
            // As text in a list: JSON numbers may lose the last digit on their way back.
            (SortKey::Fraction(number), _) => json!([number.to_string()]),
            (SortKey::Text(text), _) => json!(text),
            (SortKey::Missing, _) => Value::Null,
        };
        // Numbers beyond 64 bits would lose digits; ids with a leading zero would lose it.
        let id = match self.id.parse::<u64>() {
            Ok(number) if !self.id.starts_with('0') => json!(number),
            _ => json!(self.id),
        };
        STANDARD.encode(json!([after, id, self.page]).to_string())
    }

    /// `None` for a text that no page ended with.
    pub(crate) fn decode(text: &str, unit: SortUnit) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let (after, id, page): (Value, Value, u64) = serde_json::from_slice(&bytes).ok()?;
        let after = match (after, unit) {
            (Value::Null, _) => SortKey::Missing,
            (Value::String(text), SortUnit::Plain) => SortKey::Text(text.into()),
            (Value::Array(fraction), _) => {
                let [Value::String(text)] = fraction.as_slice() else { return None };
                SortKey::of_float(text.parse().ok().filter(|number: &f64| number.is_finite())?)
            }
            (value, SortUnit::Instant) => SortKey::Number(value.as_i64()?.div_euclid(1_000)),
            (value, SortUnit::Plain) => SortKey::Number(value.as_i64()?),
        };
        let id = misfit::id(&id)?;
        (page > 1).then_some(Self { after, id, page })
    }
}
