//! JSON text written straight into a buffer, and single fields read out of one.
//!
//! Objects are kept as text, so a page of search results is mostly copied bytes.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// An open JSON object at the end of a buffer.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

/// Appends an object whose fields `fill` writes.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    let mut object = Object { out, is_empty: true };
    fill(&mut object);
    object.out.push(b'}');
}

/// The text of an object whose fields `fill` writes.
pub(crate) fn object_text(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, fill);
    out
}

/// Appends a list; `write` appends one entry.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Appends any value.
pub(crate) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("scalars, texts and JSON values always encode");
}

impl Object<'_> {
    /// Begins a field; what is appended to the buffer becomes its value.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        value(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A field of any kind; `None` becomes null.
    pub(crate) fn field<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> &mut Self {
        value(self.key(name), content);
        self
    }

    /// A field whose JSON text exists already.
    pub(crate) fn raw(&mut self, name: &str, text: &[u8]) -> &mut Self {
        self.key(name).extend_from_slice(text);
        self
    }

    /// A field that holds an object.
    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        object(self.key(name), fill);
        self
    }

    /// A field that holds a list.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Vec<u8>, T),
    ) -> &mut Self {
        list(self.key(name), items, write);
        self
    }

    /// All fields of another object, given as its text with braces.
    pub(crate) fn splice(&mut self, object: &[u8]) -> &mut Self {
        let fields = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        self.fields_text(fields.unwrap_or_default())
    }

    /// Fields given as text without braces.
    pub(crate) fn fields_text(&mut self, fields: &[u8]) -> &mut Self {
        if !fields.is_empty() {
            if !std::mem::take(&mut self.is_empty) {
                self.out.push(b',');
            }
            self.out.extend_from_slice(fields);
        }
        self
    }
}

/// The object in a text that this crate wrote.
pub(crate) fn read_object(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).unwrap_or_default()
}

/// The value at a path inside an object's text; `None` when there is none.
pub(crate) fn pick(text: &[u8], path: &[&str]) -> Option<Value> {
    let mut json = serde_json::Deserializer::from_slice(text);
    Pick { path }.deserialize(&mut json).ok().flatten()
}

struct Pick<'p> {
    path: &'p [&'p str],
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            return serde::Deserialize::deserialize(json).map(Some);
        }
        json.deserialize_any(self)
    }
}

/// A scalar has no fields.
macro_rules! no_fields {
    ($($visit:ident($kind:ty)),+ $(,)?) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(None)
        })+
    };
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Ok(None) };
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == *first {
                found = map.next_value_seed(Pick { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    no_fields!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}
