//! The part of an object that is kept as text.
//!
//! Most fields of most objects hold their default, usually null. A [`Body`] keeps only what
//! differs; rendering appends the defaults of the fields that are absent, so a stored contact
//! takes about a third of the bytes it is sent as.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::json::{self, Object};

/// Fields that every object of a kind is sent with: name and JSON text of the default, ordered
/// by name, at most 64.
#[derive(Debug)]
pub(crate) struct Defaults(pub(crate) &'static [(&'static str, &'static str)]);

impl Defaults {
    fn bit(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by_key(&name, |(known, _)| known).ok()
    }

    fn is_default(&self, name: &str, value: &Value) -> bool {
        let default = self.bit(name).and_then(|bit| self.0.get(bit));
        default
            .is_some_and(|(_, text)| serde_json::from_str(text).is_ok_and(|v: Value| v == *value))
    }
}

/// An object's fields as compact JSON text, without those that hold their default.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    text: Box<[u8]>,
    /// Which of the defaults are replaced by a field of `text`.
    present: u64,
}

impl Body {
    /// A body from the text of an object.
    pub(crate) fn from_text(text: Vec<u8>, defaults: &Defaults) -> Self {
        let keys: BTreeMap<String, IgnoredAny> = serde_json::from_slice(&text).unwrap_or_default();
        let present =
            keys.keys().filter_map(|name| defaults.bit(name)).fold(0, |bits, bit| bits | 1 << bit);
        Self { text: text.into(), present }
    }

    /// A body from fields; those that hold their default are dropped.
    pub(crate) fn from_map(mut fields: Map<String, Value>, defaults: &Defaults) -> Self {
        fields.retain(|name, value| !defaults.is_default(name, value));
        let mut text = Vec::new();
        json::value(&mut text, &fields);
        Self::from_text(text, defaults)
    }

    /// The fields that differ from their default.
    pub(crate) fn to_map(&self) -> Map<String, Value> {
        json::read_object(&self.text)
    }

    /// Writes all fields, defaults included.
    pub(crate) fn render(&self, object: &mut Object<'_>, defaults: &Defaults) {
        object.splice(&self.text);
        for (bit, (name, default)) in defaults.0.iter().enumerate() {
            if self.present & (1 << bit) == 0 {
                object.raw(name, default.as_bytes());
            }
        }
    }

    /// The value at a path; `None` when the field holds its default.
    pub(crate) fn pick(&self, path: &[&str]) -> Option<Value> {
        json::pick(&self.text, path)
    }
}
