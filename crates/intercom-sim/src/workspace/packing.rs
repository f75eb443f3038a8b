//! Writing values as [`Packed`](super::packed::Packed) keeps them.

use serde_json::{Map, Number, Value};

use crate::workspace::packed::{
    DIGITS, END, FALSE, FIRST_PHRASE, HEXADECIMAL, LIST, NAME, NEGATIVE, NULL, NUMBER, OBJECT,
    PHRASE, SHORT_PHRASES, TEXT, TRUE, WHOLE,
};
use crate::workspace::phrases;

/// An open object at the end of a buffer.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
}

/// Appends an object whose fields `fill` writes.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(OBJECT);
    fill(&mut Object { out });
    out.push(END);
}

/// Appends a list; `write` appends one entry.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(LIST);
    items.into_iter().for_each(|item| write(out, item));
    out.push(END);
}

impl Object<'_> {
    fn key(&mut self, name: &str) -> &mut Vec<u8> {
        match phrases::name_code(name) {
            Some(code) => self.out.push(code),
            None => {
                self.out.push(NAME);
                pack_bytes(self.out, name.as_bytes());
            }
        }
        self.out
    }

    /// A field of any kind; `None` becomes null.
    pub(crate) fn field<T: Pack + ?Sized>(&mut self, name: &str, value: &T) -> &mut Self {
        value.pack(self.key(name));
        self
    }

    /// A field that is packed already.
    pub(crate) fn packed(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.key(name).extend_from_slice(value);
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
}

/// A value that can be packed.
pub(crate) trait Pack {
    /// Appends the value.
    fn pack(&self, out: &mut Vec<u8>);
}

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(if *self { TRUE } else { FALSE });
    }
}

impl Pack for u64 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(WHOLE);
        pack_whole(out, *self);
    }
}

impl Pack for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        match u64::try_from(*self) {
            Ok(whole) => whole.pack(out),
            Err(_) => {
                out.push(NEGATIVE);
                pack_whole(out, self.unsigned_abs() - 1);
            }
        }
    }
}

impl Pack for Number {
    fn pack(&self, out: &mut Vec<u8>) {
        if let Some(whole) = self.as_u64() {
            whole.pack(out);
        } else if let Some(negative) = self.as_i64() {
            negative.pack(out);
        } else {
            out.push(NUMBER);
            pack_bytes(out, self.to_string().as_bytes());
        }
    }
}

impl Pack for str {
    fn pack(&self, out: &mut Vec<u8>) {
        if let Some(number) = digits(self) {
            out.push(DIGITS);
            pack_whole(out, number);
        } else if is_hexadecimal(self) {
            out.push(HEXADECIMAL);
            pack_whole(out, self.len() as u64 / 2);
            let pairs = self.as_bytes().chunks_exact(2);
            out.extend(pairs.map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])));
        } else if let Some(place) = phrases::place(self) {
            match u8::try_from(place + FIRST_PHRASE) {
                Ok(tag) => out.push(tag),
                Err(_) => out.extend([PHRASE, (place - SHORT_PHRASES).to_le_bytes()[0]]),
            }
        } else {
            out.push(TEXT);
            pack_bytes(out, self.as_bytes());
        }
    }
}

impl Pack for String {
    fn pack(&self, out: &mut Vec<u8>) {
        self.as_str().pack(out);
    }
}

impl Pack for Box<str> {
    fn pack(&self, out: &mut Vec<u8>) {
        (**self).pack(out);
    }
}

impl<T: Pack + ?Sized> Pack for &T {
    fn pack(&self, out: &mut Vec<u8>) {
        (**self).pack(out);
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.pack(out),
            None => out.push(NULL),
        }
    }
}

impl<T: Pack> Pack for [T] {
    fn pack(&self, out: &mut Vec<u8>) {
        list(out, self, |out, entry| entry.pack(out));
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.as_slice().pack(out);
    }
}

impl Pack for Map<String, Value> {
    fn pack(&self, out: &mut Vec<u8>) {
        object(out, |object| {
            for (name, value) in self {
                object.field(name, value);
            }
        });
    }
}

impl Pack for Value {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(NULL),
            Self::Bool(value) => value.pack(out),
            Self::Number(number) => number.pack(out),
            Self::String(text) => text.pack(out),
            Self::Array(entries) => entries.pack(out),
            Self::Object(fields) => fields.pack(out),
        }
    }
}

/// Seven bits a byte, the lowest first.
fn pack_whole(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn pack_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    pack_whole(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn digits(text: &str) -> Option<u64> {
    let is_plain = matches!(text.as_bytes(), [b'0'] | [b'1'..=b'9', ..]);
    text.parse().ok().filter(|_| is_plain)
}

/// Whether a text is long enough and even enough to be packed by pairs of digits.
fn is_hexadecimal(text: &str) -> bool {
    text.len() >= 8
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

const fn nibble(digit: u8) -> u8 {
    if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 }
}
