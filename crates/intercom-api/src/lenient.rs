//! Values that the API spells more than one way.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::timestamp::{DateTimeText, Timestamp};
use crate::version::ApiVersion;

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A list.
    Many(Vec<T>),
    /// One value.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The values.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(values) => values,
            Self::One(value) => std::slice::from_ref(value),
        }
    }
}

impl<T> From<T> for OneOrMany<T> {
    fn from(value: T) -> Self {
        Self::One(value)
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Many(values)
    }
}

/// A bare text, or an object that says more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOr<T> {
    /// The text.
    Text(String),
    /// The object.
    Object(T),
}

impl TextOr<Timestamp> {
    /// The instant; `None` when the text is not RFC 3339.
    pub fn to_datetime(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(text) => DateTimeText(text.clone()).to_datetime(),
            Self::Object(seconds) => seconds.to_datetime(),
        }
    }
}

/// One choice of a data attribute: a text up to 2.13, an object since 2.14.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DataAttributeOption {
    /// The choice itself.
    Text(String),
    /// The choice in an object.
    Object {
        /// The choice.
        value: String,
    },
}

impl DataAttributeOption {
    /// The choice.
    pub fn value(&self) -> &str {
        match self {
            Self::Text(value) | Self::Object { value } => value,
        }
    }
}

impl From<&str> for DataAttributeOption {
    fn from(value: &str) -> Self {
        Self::Object { value: value.to_owned() }
    }
}

/// Gives options the shape that a version wants.
pub(crate) fn adapt_options(options: &mut Option<Vec<DataAttributeOption>>, version: ApiVersion) {
    for option in options.iter_mut().flatten() {
        let value = option.value().to_owned();
        *option = if version <= ApiVersion::V2_13 {
            DataAttributeOption::Text(value)
        } else {
            DataAttributeOption::Object { value }
        };
    }
}

/// A text, borrowed where the input allows.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
    }

    deserializer.deserialize_str(Visitor)
}

/// A list whose items may be null; those are left out.
pub(crate) fn without_nulls<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
    Ok(items.map(|items| items.into_iter().flatten().collect()))
}
