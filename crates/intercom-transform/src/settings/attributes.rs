//! What becomes of custom attributes and of an event's properties.

use serde::{Deserialize, Serialize};

/// What becomes of custom attributes. The default leaves out what Intercom refuses, for one
/// attribute that is refused costs the whole request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeSettings {
    /// Lists with elements.
    pub lists: ListRule,
    /// Lists and objects without anything in them.
    pub empty: Forbidden,
    /// Nulls.
    pub nulls: NullRule,
    /// Texts of more than 255 characters.
    pub long_texts: LongTextRule,
    /// Names with a dot, a dollar sign or a control character.
    pub names: Forbidden,
    /// Dates in attributes whose names end in `_at`.
    pub dates: AttributeDates,
    /// Dates in attributes with other names.
    pub misnamed_dates: MisnamedDates,
}

impl Default for AttributeSettings {
    fn default() -> Self {
        Self {
            lists: ListRule::Drop,
            empty: Forbidden::Drop,
            nulls: NullRule::Keep,
            long_texts: LongTextRule::Cut,
            names: Forbidden::AsText,
            dates: AttributeDates::Seconds,
            misnamed_dates: MisnamedDates::Note,
        }
    }
}

/// What becomes of an event's properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetadataSettings {
    /// The most keys that are sent, at most [`MAX_KEYS`](Self::MAX_KEYS); 0 sends all of them, and
    /// Intercom takes the first ten.
    pub max_keys: usize,
    /// Keys that are kept before others, after monetary amounts and rich links.
    pub priority: Vec<String>,
    /// Lists with elements.
    pub lists: ListRule,
    /// Lists and objects without anything in them.
    pub empty: Forbidden,
    /// Nulls.
    pub nulls: NullRule,
    /// Dates in keys that end in `_date`.
    pub dates: AttributeDates,
    /// Dates in other keys.
    pub misnamed_dates: MisnamedDates,
}

impl MetadataSettings {
    /// The most keys that Intercom keeps of an event.
    pub const MAX_KEYS: usize = 10;
}

impl Default for MetadataSettings {
    fn default() -> Self {
        Self {
            max_keys: 5,
            priority: Vec::new(),
            lists: ListRule::Flatten,
            empty: Forbidden::Drop,
            nulls: NullRule::Drop,
            dates: AttributeDates::Seconds,
            misnamed_dates: MisnamedDates::Note,
        }
    }
}

/// What becomes of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListRule {
    /// They are sent as they came.
    Keep,
    /// Every element is an entry of its own: `list[0]`.
    Flatten,
    /// They are left out.
    Drop,
    /// They are sent as JSON text.
    AsText,
}

/// What becomes of something that Intercom refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forbidden {
    /// It is sent all the same.
    Keep,
    /// It is left out.
    Drop,
    /// A value is sent as JSON text; in a name, an underscore stands for each refused character.
    AsText,
}

/// What becomes of nulls, which empty an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullRule {
    /// They are sent.
    Keep,
    /// They are left out.
    Drop,
}

/// What becomes of texts that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongTextRule {
    /// They are sent all the same.
    Keep,
    /// They are left out.
    Drop,
    /// The first 255 characters are sent.
    Cut,
}

/// What becomes of dates under a key that says that it holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeDates {
    /// Seconds since 1970.
    Seconds,
    /// As they came.
    AsSent,
}

/// What becomes of dates under other keys. Only ISO 8601 texts can be told from other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MisnamedDates {
    /// They are sent as texts and noted.
    Note,
    /// They are converted, and the key gets the ending `_at` or `_date`.
    Rename,
    /// Nothing.
    Ignore,
}
