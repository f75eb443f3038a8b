//! JSON straight into bytes.

use crate::event::Value;

/// Writes one object behind what `out` already holds.
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Object<'o> {
    /// Begins an object.
    pub(crate) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out }
    }

    /// Ends it.
    pub(crate) fn close(self) {
        self.out.push(b'}');
    }

    /// A field whose value is written into the bytes by the caller. The name is a plain one.
    pub(crate) fn field(&mut self, name: &str) -> &mut Vec<u8> {
        self.spelled_field(name.as_bytes())
    }

    /// A field whose name is spelled as JSON has it.
    pub(crate) fn spelled_field(&mut self, name: &[u8]) -> &mut Vec<u8> {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A value as it was sent.
    pub(crate) fn value(&mut self, name: &str, value: Value<'_>) {
        self.field(name).extend_from_slice(value.source().as_bytes());
    }

    /// A value as it was sent, if there is one.
    pub(crate) fn optional(&mut self, name: &str, value: Option<Value<'_>>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        push_text(self.field(name), text);
    }

    pub(crate) fn number(&mut self, name: &str, number: i64) {
        push_number(self.field(name), number);
    }

    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.field(name).extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.field(name).extend_from_slice(b"null");
    }
}

/// A whole number in decimal digits.
pub(crate) fn push_number(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// A string with its quotes.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// The characters of a string as they stand between its quotes.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let needs_escape = |byte: u8| byte < 0x20 || matches!(byte, b'"' | b'\\');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| needs_escape(byte)) {
        out.extend_from_slice(&rest[..at]);
        push_escape(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'\\');
    match byte {
        b'"' | b'\\' => out.push(byte),
        b'\n' => out.push(b'n'),
        b'\r' => out.push(b'r'),
        b'\t' => out.push(b't'),
        0x08 => out.push(b'b'),
        0x0C => out.push(b'f'),
        _ => {
            out.extend_from_slice(b"u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

/// The characters of a string as JSON spells them.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    push_escaped(&mut out, text);
    // Only whole characters were copied and ASCII was added.
    String::from_utf8(out).unwrap_or_default()
}

/// A value without the white space between its parts, as JavaScript prints it.
pub(crate) fn push_compact(out: &mut Vec<u8>, value: Value<'_>) {
    if value.is_object() {
        let mut object = Object::open(out);
        for field in value.fields() {
            push_compact(object.spelled_field(field.spelled().as_bytes()), field.value);
        }
        object.close();
    } else if value.is_list() {
        out.push(b'[');
        for (index, element) in value.elements().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_compact(out, element);
        }
        out.push(b']');
    } else {
        out.extend_from_slice(value.source().as_bytes());
    }
}
