//! Values of a parsed text: borrowed, in the order sent.

use std::borrow::Cow;

use super::path::Path;
use super::tape::{Kind, Node};
use crate::write::escaped;

/// A text and its tape.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    text: &'a str,
    nodes: &'a [Node],
}

impl<'a> Document<'a> {
    /// A text that has been parsed into these nodes.
    pub(crate) fn new(text: &'a str, nodes: &'a [Node]) -> Self {
        Self { text, nodes }
    }

    /// The value that the text consists of.
    pub(crate) fn root(&self) -> Value<'_> {
        self.at(0)
    }

    /// The path to the value at a [`Value::position`].
    pub(crate) fn path_to(&self, position: u32) -> String {
        let mut path = Path::default();
        let mut at = 0;
        while at != position {
            let (mut child, end) = self.at(at).inside();
            let is_object = self.at(at).is_object();
            let mut index = 0;
            while child < end {
                let value = child + u32::from(is_object);
                let next = self.nodes[value as usize].next;
                if position < next {
                    break;
                }
                (child, index) = (next, index + 1);
            }
            if child >= end {
                break;
            }
            if is_object {
                path.push_name(self.at(child).raw());
            } else {
                path.push_index(index);
            }
            at = child + u32::from(is_object);
        }
        path.0
    }

    /// The value at a [`Value::position`].
    pub(crate) fn at(&self, index: u32) -> Value<'_> {
        Value { document: self, index }
    }
}

/// One value of a text, with everything in it.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    document: &'a Document<'a>,
    index: u32,
}

/// A field of an object. Names may repeat; the last one counts.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    name: Value<'a>,
    pub(crate) value: Value<'a>,
}

impl<'a> Value<'a> {
    #[inline]
    fn node(self) -> Node {
        self.document.nodes[self.index as usize]
    }

    #[inline]
    fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// Where the value stands in its document.
    pub(crate) fn position(self) -> u32 {
        self.index
    }

    /// The path to the value from the beginning of its document.
    pub(crate) fn path(self) -> String {
        self.document.path_to(self.index)
    }

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// The text as it was sent; of a string without its quotes.
    #[inline]
    pub(crate) fn raw(self) -> &'a str {
        let Node { start, end, .. } = self.node();
        &self.document.text[start as usize..end as usize]
    }

    /// The whole value as it was sent, a string with its quotes.
    #[inline]
    pub(crate) fn source(self) -> &'a str {
        let Node { start, end, kind, .. } = self.node();
        match kind {
            Kind::Text | Kind::EscapedText => {
                &self.document.text[start as usize - 1..end as usize + 1]
            }
            _ => &self.document.text[start as usize..end as usize],
        }
    }

    #[inline]
    pub(crate) fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    pub(crate) fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    pub(crate) fn is_list(self) -> bool {
        self.kind() == Kind::List
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::EscapedText)
    }

    /// Neither an object nor a list.
    #[inline]
    pub(crate) fn is_scalar(self) -> bool {
        !matches!(self.kind(), Kind::List | Kind::Object)
    }

    /// An object or list without entries.
    pub(crate) fn is_empty(self) -> bool {
        !self.is_scalar() && self.node().next == self.index + 1
    }

    /// What JavaScript calls truthy.
    pub(crate) fn is_truthy(self) -> bool {
        match self.kind() {
            Kind::Null | Kind::False => false,
            Kind::True | Kind::EscapedText | Kind::List | Kind::Object => true,
            Kind::Text => !self.raw().is_empty(),
            Kind::Number => !self.is_zero(),
        }
    }

    /// A number that is zero, however it is written.
    pub(crate) fn is_zero(self) -> bool {
        let mantissa = || self.raw().bytes().take_while(|byte| !matches!(byte, b'e' | b'E'));
        self.kind() == Kind::Number && !mantissa().any(|byte| matches!(byte, b'1'..=b'9'))
    }

    /// The characters of a string.
    pub(crate) fn as_text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text => Some(Cow::Borrowed(self.raw())),
            Kind::EscapedText => Some(Cow::Owned(unescape(self.raw()))),
            _ => None,
        }
    }

    /// The characters of a string, the digits of a number, or `true` and `false`.
    pub(crate) fn to_plain(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text | Kind::EscapedText => self.as_text(),
            Kind::Number | Kind::True | Kind::False => Some(Cow::Borrowed(self.raw())),
            Kind::Null | Kind::List | Kind::Object => None,
        }
    }

    /// The number as a float, if it fits one.
    pub(crate) fn as_number(self) -> Option<f64> {
        let number = || self.raw().parse::<f64>().ok().filter(|number| number.is_finite());
        if self.kind() == Kind::Number { number() } else { None }
    }

    /// The fields of an object, in the order sent.
    #[inline]
    pub(crate) fn fields(self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let (mut at, end) = if self.is_object() { self.inside() } else { (0, 0) };
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let (name, value) = (self.at(at), self.at(at + 1));
            at = value.node().next;
            Some(Field { name, value })
        })
    }

    /// The elements of a list.
    #[inline]
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        let (mut at, end) = if self.is_list() { self.inside() } else { (0, 0) };
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let value = self.at(at);
            at = value.node().next;
            Some(value)
        })
    }

    fn inside(self) -> (u32, u32) {
        (self.index + 1, self.node().next)
    }

    /// The field of an object that has this name; the last one, if several have it.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.fields().filter(|field| field.is(name)).map(|field| field.value).last()
    }

    /// The value, unless it is null.
    pub(crate) fn present(self) -> Option<Self> {
        if self.is_null() { None } else { Some(self) }
    }
}

impl<'a> Field<'a> {
    /// What stands between the name's quotes, and whether there are escapes in it.
    #[inline]
    fn raw_name(self) -> (&'a str, bool) {
        let Node { start, end, kind, .. } = self.name.node();
        let raw = &self.name.document.text[start as usize..end as usize];
        (raw, kind == Kind::EscapedText)
    }

    /// Whether this is the field's name.
    #[inline]
    pub(crate) fn is(self, name: &str) -> bool {
        let (raw, is_escaped) = self.raw_name();
        if is_escaped { *unescaped(raw) == *name } else { raw == name }
    }

    /// The name's characters.
    #[inline]
    pub(crate) fn name(self) -> Cow<'a, str> {
        let (raw, is_escaped) = self.raw_name();
        if is_escaped { unescaped(raw) } else { Cow::Borrowed(raw) }
    }

    /// The name's characters where they stand for themselves in JSON: the same name is always
    /// spelled the same.
    #[inline]
    pub(crate) fn spelled(self) -> Cow<'a, str> {
        let (raw, is_escaped) = self.raw_name();
        if is_escaped { Cow::Owned(escaped(&unescaped(raw))) } else { Cow::Borrowed(raw) }
    }
}

#[cold]
fn unescaped(raw: &str) -> Cow<'_, str> {
    Cow::Owned(unescape(raw))
}

/// The characters behind escapes that the parser has checked.
pub(crate) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escaped = rest[at + 1..].chars().next().unwrap_or('\\');
        rest = &rest[(at + 2).min(rest.len())..];
        match escaped {
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => rest = push_unit(rest, &mut text),
            other => text.push(other),
        }
    }
    text.push_str(rest);
    text
}

/// Pushes the character whose hexadecimal digits come next; what follows them.
fn push_unit<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let unit = |from: usize| {
        let digits = rest.get(from..from + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(0).unwrap_or(0xFFFD);
    if !(0xD800..0xDC00).contains(&first) {
        text.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        return rest.get(4..).unwrap_or_default();
    }
    let second = unit(6).unwrap_or(0xDC00);
    let joined = 0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF);
    text.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest.get(10..).unwrap_or_default()
}
