//! JSON values in few bytes.
//!
//! A workspace keeps millions of objects that are much alike: the same few hundred names of
//! fields, the same few hundred texts, numbers and ids. Packed, each of those takes one to a dozen
//! bytes, so an object takes about a fourth of its JSON text, and a field is found by skipping
//! bytes instead of parsing text. Packing keeps the order of fields; writing gives back the text,
//! byte for byte, if that was compact.
//!
//! A value is a tag and what belongs to it; a list is its values, an object its names and values,
//! each followed by `END`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::json;
use crate::workspace::packing::{self, Object, Pack};
use crate::workspace::phrases::{self, NAMES};

pub(super) const END: u8 = 0;
/// A name that is spelled out; every known one has a byte of its own above it.
pub(super) const NAME: u8 = 1;
pub(super) const FIRST_NAME: u8 = 2;

pub(super) const NULL: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const TRUE: u8 = 3;
pub(super) const WHOLE: u8 = 4;
/// A number below zero, as what is missing to -1.
pub(super) const NEGATIVE: u8 = 5;
/// Any other number, as its text.
pub(super) const NUMBER: u8 = 6;
pub(super) const TEXT: u8 = 7;
/// A text of decimal digits without a zero in front.
pub(super) const DIGITS: u8 = 8;
/// A text of pairs of hexadecimal digits in lower case.
pub(super) const HEXADECIMAL: u8 = 9;
pub(super) const LIST: u8 = 10;
pub(super) const OBJECT: u8 = 11;
/// A known text, by its place beyond those that have a tag of their own.
pub(super) const PHRASE: u8 = 12;
pub(super) const FIRST_PHRASE: usize = 13;
pub(super) const SHORT_PHRASES: usize = 256 - FIRST_PHRASE;

/// A JSON value in few bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    /// Packs an object whose fields `fill` writes.
    pub(crate) fn object(fill: impl FnOnce(&mut Object<'_>)) -> Self {
        let mut out = Vec::with_capacity(1_024);
        packing::object(&mut out, fill);
        Self::copied(&out)
    }

    /// Packs a value.
    pub(crate) fn of<T: Pack + ?Sized>(value: &T) -> Self {
        let mut out = Vec::with_capacity(1_024);
        value.pack(&mut out);
        Self::copied(&out)
    }

    /// A list of entries that are packed already.
    pub(crate) fn list_of(entries: &[u8]) -> Self {
        Self([&[LIST], entries, &[END]].concat().into())
    }

    /// What [`packing`] wrote, in a box of its size: a box that is cut to size leaves holes
    /// between millions of others.
    pub(crate) fn copied(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The value.
    pub(crate) fn to_value(&self) -> Value {
        Reader(&self.0).value()
    }

    /// The fields of an object; none for anything else.
    pub(crate) fn to_map(&self) -> Map<String, Value> {
        match self.to_value() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// The objects in a list; none for anything else.
    pub(crate) fn to_maps(&self) -> Vec<Map<String, Value>> {
        let Value::Array(entries) = self.to_value() else { return Vec::new() };
        let objects = entries.into_iter().filter_map(|entry| match entry {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        objects.collect()
    }

    /// The value at a path; `None` when there is none.
    pub(crate) fn pick(&self, path: &[&str]) -> Option<Value> {
        let mut reader = Reader(&self.0);
        for step in path {
            if reader.byte() != OBJECT {
                return None;
            }
            let code = phrases::name_code(step);
            while !reader.is_next(step, code)? {
                reader.skip();
            }
        }
        Some(reader.value())
    }

    /// The names of an object's fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let mut reader = Reader(&self.0);
        let is_object = reader.byte() == OBJECT;
        std::iter::from_fn(move || {
            let name = reader.name().filter(|_| is_object)?;
            reader.skip();
            Some(name)
        })
    }

    /// The JSON text.
    pub(crate) fn to_text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Reader(&self.0).write(&mut out);
        out
    }

    /// Writes the fields of an object into another one.
    pub(crate) fn splice(&self, object: &mut json::Object<'_>) {
        let mut reader = Reader(&self.0);
        if reader.byte() == OBJECT {
            while let Some(name) = reader.name() {
                reader.write(object.key(name));
            }
        }
    }
}

/// Packed bytes that this module wrote, read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return END };
        self.0 = rest;
        first
    }

    fn whole(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = self.whole();
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The name of the next field; `None` behind the last.
    fn name(&mut self) -> Option<&'a str> {
        match self.byte() {
            END => None,
            NAME => Some(self.text()),
            code => Some(NAMES.get(usize::from(code - FIRST_NAME)).copied().unwrap_or_default()),
        }
    }

    /// Whether the next field has this name; `None` behind the last.
    fn is_next(&mut self, name: &str, code: Option<u8>) -> Option<bool> {
        match self.byte() {
            END => None,
            NAME => Some(self.text() == name),
            found => Some(Some(found) == code),
        }
    }

    fn skip(&mut self) {
        match self.byte() {
            LIST => {
                while self.has_entry() {
                    self.skip();
                }
                self.byte();
            }
            OBJECT => {
                while self.name().is_some() {
                    self.skip();
                }
            }
            WHOLE | NEGATIVE | DIGITS => {
                self.whole();
            }
            NUMBER | TEXT | HEXADECIMAL => {
                self.bytes();
            }
            PHRASE => {
                self.byte();
            }
            _ => {}
        }
    }

    /// Whether the list that is being read goes on.
    fn has_entry(&self) -> bool {
        self.0.first().is_some_and(|tag| *tag != END)
    }

    fn value(&mut self) -> Value {
        let tag = self.byte();
        match tag {
            LIST => {
                let mut entries = Vec::new();
                while self.has_entry() {
                    entries.push(self.value());
                }
                self.byte();
                Value::Array(entries)
            }
            OBJECT => {
                let mut fields = Map::new();
                while let Some(name) = self.name() {
                    let value = self.value();
                    fields.insert(name.to_owned(), value);
                }
                Value::Object(fields)
            }
            END | NULL => Value::Null,
            FALSE | TRUE => Value::Bool(tag == TRUE),
            WHOLE => self.whole().into(),
            NEGATIVE => self.negative().into(),
            NUMBER => serde_json::from_slice(self.bytes()).unwrap_or_default(),
            tag => Value::String(self.spelled(tag).into_owned()),
        }
    }

    fn negative(&mut self) -> i64 {
        -1 - i64::try_from(self.whole()).unwrap_or(i64::MAX)
    }

    /// A text whose tag was read.
    fn spelled(&mut self, tag: u8) -> Cow<'a, str> {
        let phrase = |place: usize| Cow::Borrowed(phrases::phrase(place));
        match tag {
            TEXT => Cow::Borrowed(self.text()),
            DIGITS => Cow::Owned(self.whole().to_string()),
            HEXADECIMAL => {
                let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
                let pairs = self.bytes().iter();
                Cow::Owned(pairs.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
            }
            PHRASE => phrase(SHORT_PHRASES + usize::from(self.byte())),
            tag => phrase(usize::from(tag) - FIRST_PHRASE),
        }
    }

    /// Appends the JSON text of the next value.
    fn write(&mut self, out: &mut Vec<u8>) {
        let tag = self.byte();
        match tag {
            LIST => {
                out.push(b'[');
                let mut is_first = true;
                while self.has_entry() {
                    if !std::mem::take(&mut is_first) {
                        out.push(b',');
                    }
                    self.write(out);
                }
                self.byte();
                out.push(b']');
            }
            OBJECT => json::object(out, |object| {
                while let Some(name) = self.name() {
                    self.write(object.key(name));
                }
            }),
            END | NULL => out.extend_from_slice(b"null"),
            FALSE => out.extend_from_slice(b"false"),
            TRUE => out.extend_from_slice(b"true"),
            WHOLE => json::value(out, &self.whole()),
            NEGATIVE => json::value(out, &self.negative()),
            NUMBER => out.extend_from_slice(self.bytes()),
            tag => json::value(out, &*self.spelled(tag)),
        }
    }
}
