//! The part of an object that has no columns.
//!
//! Most fields of most objects hold their default, usually null. A [`Body`] keeps only what
//! differs; rendering appends the defaults of the fields that are absent, and what is
//! left is [`Packed`].

use serde_json::{Map, Value};

use crate::json::Object;
use crate::workspace::packed::Packed;

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

/// An object's fields without those that hold their default.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    fields: Packed,
    /// Which of the defaults are replaced by a field.
    present: u64,
}

impl Body {
    /// A body without fields.
    pub(crate) fn empty() -> Self {
        Self { fields: Packed::object(|_| {}), present: 0 }
    }

    /// A body of fields that differ from their defaults.
    pub(crate) fn of(fields: Packed, defaults: &Defaults) -> Self {
        let bits = fields.names().filter_map(|name| defaults.bit(name));
        let present = bits.fold(0, |present, bit| present | 1 << bit);
        Self { fields, present }
    }

    /// A body from fields; those that hold their default are dropped.
    pub(crate) fn from_map(mut fields: Map<String, Value>, defaults: &Defaults) -> Self {
        fields.retain(|name, value| !defaults.is_default(name, value));
        Self::of(Packed::of(&fields), defaults)
    }

    /// The fields that differ from their default.
    pub(crate) fn to_map(&self) -> Map<String, Value> {
        self.fields.to_map()
    }

    /// Writes all fields, defaults included.
    pub(crate) fn render(&self, object: &mut Object<'_>, defaults: &Defaults) {
        self.fields.splice(object);
        for (bit, (name, default)) in defaults.0.iter().enumerate() {
            if self.present & (1 << bit) == 0 {
                object.raw(name, default.as_bytes());
            }
        }
    }

    /// The value at a path; `None` when the field holds its default.
    pub(crate) fn pick(&self, path: &[&str]) -> Option<Value> {
        self.fields.pick(path)
    }
}
