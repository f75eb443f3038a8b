//! Which of several places a value is taken from, and of which type it has to be.

use std::borrow::Cow;

use crate::event::{Event, Kind, Value};
use crate::rejection::{Reason, Rejection};
use crate::settings::{Destination, EmptyTexts, Settings, Typing, Zeros};
use crate::write::{Object, push_text};

/// Which values do not count. Nulls never do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    Null,
    /// Also empty texts.
    Empty,
    /// Also `0` and `false`.
    Falsy,
}

impl Skip {
    /// For the ids and addresses of a person.
    pub(crate) fn identity(settings: &Settings) -> Self {
        match (settings.empty_texts, settings.destination) {
            (EmptyTexts::Skip, _) | (_, Destination::IntercomV2) => Self::Empty,
            (EmptyTexts::Stop, Destination::Intercom) => Self::Null,
        }
    }

    /// For what else is known of a person or company.
    pub(crate) fn details(settings: &Settings) -> Self {
        match settings.zeros {
            Zeros::Keep => Self::Empty,
            Zeros::Drop => Self::Falsy,
        }
    }

    fn accepts(self, value: Value<'_>) -> bool {
        match self {
            Self::Null => true,
            Self::Empty => !(value.is_text() && value.raw().is_empty()),
            Self::Falsy => value.is_truthy(),
        }
    }
}

/// The first value that counts.
pub(crate) fn first<'e>(
    places: impl IntoIterator<Item = Option<Value<'e>>>,
    skip: Skip,
) -> Option<Value<'e>> {
    places.into_iter().flatten().find(|value| skip.accepts(*value))
}

/// What kinds of values a field can have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A text; a number is sent as one.
    Id,
    /// A text.
    Text,
    Object,
    ObjectOrText,
}

impl Expected {
    const fn words(self) -> &'static str {
        match self {
            Self::Id => "a text or a number",
            Self::Text => "a text",
            Self::Object => "an object",
            Self::ObjectOrText => "an object or a text",
        }
    }

    fn accepts(self, kind: Kind) -> bool {
        let is_text = matches!(kind, Kind::Text | Kind::EscapedText);
        match self {
            Self::Id => is_text || kind == Kind::Number,
            Self::Text => is_text,
            Self::Object => kind == Kind::Object,
            Self::ObjectOrText => is_text || kind == Kind::Object,
        }
    }
}

/// What a value is, in words.
pub(crate) const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::False | Kind::True => "a boolean",
        Kind::Number => "a number",
        Kind::Text | Kind::EscapedText => "a text",
        Kind::List => "a list",
        Kind::Object => "an object",
    }
}

/// Checks types and knows where values stand.
#[derive(Clone, Copy)]
pub(crate) struct Checker<'e> {
    event: &'e Event<'e>,
    typing: Typing,
}

impl<'e> Checker<'e> {
    pub(crate) fn new(event: &'e Event<'e>, settings: &Settings) -> Self {
        Self { event, typing: settings.typing }
    }

    /// Refuses a value of another kind, unless types are not checked.
    pub(crate) fn check(
        self,
        value: Option<Value<'e>>,
        expected: Expected,
    ) -> Result<Option<Value<'e>>, Rejection> {
        match value {
            Some(wrong) if self.typing == Typing::Checked && !expected.accepts(wrong.kind()) => {
                let (expected, found) = (expected.words(), kind_words(wrong.kind()));
                let reason = Reason::WrongType { expected, found };
                Err(Rejection::new(self.event.document().path_to(wrong.position()), reason))
            }
            value => Ok(value),
        }
    }

    /// Writes a text or an id, a number as text where types are checked.
    pub(crate) fn write_id(self, object: &mut Object<'_>, name: &str, value: Option<Value<'e>>) {
        match value {
            Some(value) if self.typing == Typing::Checked && !value.is_text() => {
                push_text(object.field(name), value.raw());
            }
            value => object.optional(name, value),
        }
    }
}

/// A number, or a text that is one, spelled as JSON spells numbers.
pub(crate) fn number_text(value: Value<'_>) -> Option<Cow<'_, str>> {
    let text = match value.kind() {
        Kind::Number => return Some(Cow::Borrowed(value.raw())),
        Kind::Text => value.raw().trim(),
        _ => return None,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_json =
        are_digits(whole) && are_digits(fraction) && (whole.len() == 1 || !whole.starts_with('0'));
    if is_json {
        return Some(Cow::Borrowed(text));
    }
    let starts_well =
        text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number: f64 = text.parse().ok().filter(|number: &f64| starts_well && number.is_finite())?;
    Some(Cow::Owned(number.to_string()))
}
