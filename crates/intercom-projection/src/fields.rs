//! Lists of objects within an attribute, and the fields of those objects.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::names::{Names, Reader};
use crate::oddity::Oddities;
use crate::scalar::Scalar;
use crate::{Oddity, OddityCode};

/// The most entries of a list that are named because they cannot be read.
const NAMED: usize = 10;

/// An object and where it was found.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    path: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(crate) fn read<T>(&self, key: &str, read: Scalar<T>, oddities: &mut Oddities) -> Option<T> {
        oddities.accept(format_args!("{}.{key}", self.path), read(self.object.get(key)))
    }

    /// The first of these fields that has a value.
    pub(crate) fn read_first<T>(
        &self,
        keys: &[&str],
        read: Scalar<T>,
        oddities: &mut Oddities,
    ) -> Option<T> {
        keys.iter().find_map(|key| self.read(key, read, oddities))
    }

    /// The value as it is, unless it is null.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn object(&self, key: &str) -> Option<Fields<'a>> {
        let object = self.object.get(key)?.as_object()?;
        Some(Fields { path: format!("{}.{key}", self.path), object })
    }

    /// Remarks on what was read from a field.
    pub(crate) fn remark(&self, key: &str, code: OddityCode, oddities: &mut Oddities) {
        oddities.add(format_args!("{}.{key}", self.path), code);
    }

    /// Remarks that something else stands where an object belongs.
    pub(crate) fn expect_object(&self, key: &str, oddities: &mut Oddities) {
        if self.raw(key).is_some_and(|value| !value.is_object()) {
            oddities.add(format_args!("{}.{key}", self.path), OddityCode::WrongType);
        }
    }

    pub(crate) fn objects(&self, key: &str, oddities: &mut Oddities) -> Option<Vec<Fields<'a>>> {
        objects(self.raw(key)?, &format!("{}.{key}", self.path), oddities)
    }

    /// Whether this is that very object.
    pub(crate) fn is_same(&self, other: &Fields<'_>) -> bool {
        std::ptr::eq(self.object, other.object)
    }

    /// The object at a place in a list that was got by [`Fields::raw`].
    pub(crate) fn entry(&self, key: &str, index: usize, value: &'a Value) -> Option<Fields<'a>> {
        let object = value.as_object()?;
        Some(Fields { path: format!("{}.{key}[{index}]", self.path), object })
    }
}

/// What a list attribute holds.
pub(crate) enum Rows<T> {
    /// Nothing was written.
    Absent,
    /// Something was written that is no list, or one without a single object.
    Unreadable,
    /// The rows, and the paths of the entries that are none or do not say what they bring.
    Read(Vec<T>, Vec<String>),
}

/// How the entries of a list are read.
pub(crate) struct Row<T> {
    pub(crate) read: fn(&Fields<'_>, &mut Oddities) -> T,
    /// Whether what was read, with what was odd about it, says what the entry brings.
    pub(crate) is_told: fn(&Fields<'_>, &T, &[Oddity]) -> bool,
}

impl<T> Rows<T> {
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable)
    }

    /// The rows, and the paths of the entries that cannot be read.
    pub(crate) fn read(self) -> (Option<Vec<T>>, Vec<String>) {
        match self {
            Self::Read(rows, unreadable) => (Some(rows), unreadable),
            Self::Absent | Self::Unreadable => (None, Vec::new()),
        }
    }
}

/// The rows of a list attribute.
pub(crate) fn rows<T>(reader: &mut Reader<'_>, names: &Names, row: &Row<T>) -> Rows<T> {
    let Some(found) = names.find(reader.attributes) else { return Rows::Absent };
    let path = found.path();
    let Some(list) = unwrapped(found.value, &path, reader.oddities) else {
        return Rows::Unreadable;
    };
    // JSON in a text can say that there is nothing, as an attribute can.
    if list.is_null() {
        return Rows::Absent;
    }
    let n_before = reader.oddities.count();
    let Some(objects) = objects(&list, &path, reader.oddities) else { return Rows::Unreadable };
    let no_objects = reader.oddities.after(n_before).iter().map(|oddity| oddity.field.clone());
    let mut unreadable: Vec<String> = no_objects.collect();
    if objects.is_empty() && entries(&list).is_some_and(|entries| !entries.is_empty()) {
        reader.oddities.add(format_args!("{path}"), OddityCode::WrongType);
        return Rows::Unreadable;
    }
    let read = objects.iter().map(|fields| {
        let n_before = reader.oddities.count();
        let value = (row.read)(fields, reader.oddities);
        if !(row.is_told)(fields, &value, reader.oddities.after(n_before)) {
            unreadable.push(fields.path.clone());
        }
        value
    });
    let read = read.collect();
    unreadable.truncate(NAMED);
    Rows::Read(read, unreadable)
}

/// The entries of an array or of a list object's `data`.
pub(crate) fn entries(list: &Value) -> Option<&[Value]> {
    let items = list.as_array().or_else(|| list.get("data")?.as_array());
    items.map(Vec::as_slice)
}

/// The value itself, or what a text says in JSON.
fn unwrapped<'a>(value: &'a Value, path: &str, oddities: &mut Oddities) -> Option<Cow<'a, Value>> {
    let Value::String(text) = value else { return Some(Cow::Borrowed(value)) };
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let code = match parsed {
        Some(_) => OddityCode::JsonInText,
        None => OddityCode::UnreadableJson,
    };
    oddities.add(format_args!("{path}"), code);
    parsed.map(Cow::Owned)
}

/// The objects of an array or of a list object's `data`; anything else in it is left out.
fn objects<'a>(list: &'a Value, path: &str, oddities: &mut Oddities) -> Option<Vec<Fields<'a>>> {
    let Some(items) = entries(list) else {
        oddities.add(format_args!("{path}"), OddityCode::WrongType);
        return None;
    };
    let mut objects = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.as_object() {
            Some(object) => objects.push(Fields { path: format!("{path}[{index}]"), object }),
            None => oddities.add(format_args!("{path}[{index}]"), OddityCode::WrongType),
        }
    }
    Some(objects)
}
