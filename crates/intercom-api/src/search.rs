//! The search grammar of contacts, conversations and tickets.
//!
//! A query is one filter or a group of filters joined by `AND` or `OR`. The API takes at most two
//! levels of groups and fifteen filters a group, and answers a broken rule with an unhelpful
//! error: [`Query::check`] refuses it before it is sent.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::error::BuildError;
use crate::id::Id;
use crate::paging::Cursor;
use crate::timestamp::Timestamp;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`; on a contact's date the whole day in the workspace's zone.
    Equals,
    /// `!=`.
    NotEquals,
    /// `IN`.
    In,
    /// `NIN`.
    NotIn,
    /// `>`; on a contact's date from the start of the *next* day.
    GreaterThan,
    /// `<`; on a contact's date before the start of that day.
    LessThan,
    /// `>=`; not for a contact's dates.
    AtLeast,
    /// `<=`; not for a contact's dates.
    AtMost,
    /// `~`.
    Contains,
    /// `!~`.
    NotContains,
    /// `^`.
    StartsWith,
    /// `$`.
    EndsWith,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 12] = [
        Self::Equals,
        Self::NotEquals,
        Self::In,
        Self::NotIn,
        Self::GreaterThan,
        Self::LessThan,
        Self::AtLeast,
        Self::AtMost,
        Self::Contains,
        Self::NotContains,
        Self::StartsWith,
        Self::EndsWith,
    ];

    /// The operator as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::In => "IN",
            Self::NotIn => "NIN",
            Self::GreaterThan => ">",
            Self::LessThan => "<",
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Contains => "~",
            Self::NotContains => "!~",
            Self::StartsWith => "^",
            Self::EndsWith => "$",
        }
    }

    /// The operator of a spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str() == text)
    }
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SearchValue {
    /// No value: matches fields that are not set.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number, also unix seconds.
    Int(i64),
    /// A text.
    Text(String),
    /// A list, for [`Operator::In`] and [`Operator::NotIn`].
    List(Vec<SearchValue>),
}

impl From<bool> for SearchValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for SearchValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for SearchValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for SearchValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Timestamp> for SearchValue {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_unix())
    }
}

impl From<&Id> for SearchValue {
    fn from(value: &Id) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl<V: Into<Self>> From<Vec<V>> for SearchValue {
    fn from(values: Vec<V>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

/// A search query.
///
/// ```
/// use intercom_api::search::{Query, Operator};
///
/// let changed = Query::any([
///     Query::field("updated_at", Operator::Equals, 1_700_000_000),
///     Query::field("updated_at", Operator::GreaterThan, 1_700_000_000),
/// ]);
/// let query = Query::all([changed, Query::field("role", Operator::Equals, "user")]);
/// assert!(query.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// One comparison.
    Field {
        /// The field, such as `updated_at` or `custom_attributes.plan`.
        field: String,
        /// How it is compared.
        operator: Operator,
        /// With what.
        value: SearchValue,
    },
    /// Every part holds.
    And(Vec<Query>),
    /// At least one part holds.
    Or(Vec<Query>),
}

/// A query that the API would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A group without filters.
    #[error("a group of filters is empty")]
    EmptyGroup,
    /// More than fifteen filters in a group.
    #[error("a group has {0} filters; the api takes at most 15")]
    TooManyFilters(usize),
    /// Groups nested more than two deep.
    #[error("groups are nested {0} deep; the api takes at most 2")]
    TooDeep(usize),
    /// A filter without a field name.
    #[error("a filter has no field name")]
    EmptyField,
    /// A list where the operator takes one value, or one value where it takes a list.
    #[error("{field}: {operator} takes {expected}", operator = operator.as_str())]
    ValueShape {
        /// The field.
        field: String,
        /// The operator.
        operator: Operator,
        /// What the operator takes.
        expected: &'static str,
    },
    /// More results asked for on a page than the API gives.
    #[error("{0} results a page; the api gives 1 to 150")]
    PageSize(u32),
}

impl Query {
    /// The API's limit of filters in one group.
    pub const MAX_FILTERS: usize = 15;
    /// The API's limit of nested groups.
    pub const MAX_DEPTH: usize = 2;

    /// One comparison.
    pub fn field(
        field: impl Into<String>,
        operator: Operator,
        value: impl Into<SearchValue>,
    ) -> Self {
        Self::Field { field: field.into(), operator, value: value.into() }
    }

    /// Every part holds.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::And(parts.into_iter().collect())
    }

    /// At least one part holds.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::Or(parts.into_iter().collect())
    }

    /// Checks the rules that the API enforces.
    ///
    /// # Errors
    /// [`QueryError`] names the rule that is broken.
    pub fn check(&self) -> Result<(), QueryError> {
        self.check_at(1)
    }

    fn check_at(&self, depth: usize) -> Result<(), QueryError> {
        match self {
            Self::Field { field, operator, value } => check_filter(field, *operator, value),
            Self::And(parts) | Self::Or(parts) => {
                if depth > Self::MAX_DEPTH {
                    return Err(QueryError::TooDeep(depth));
                }
                if parts.is_empty() {
                    return Err(QueryError::EmptyGroup);
                }
                if parts.len() > Self::MAX_FILTERS {
                    return Err(QueryError::TooManyFilters(parts.len()));
                }
                parts.iter().try_for_each(|part| part.check_at(depth + 1))
            }
        }
    }
}

fn check_filter(field: &str, operator: Operator, value: &SearchValue) -> Result<(), QueryError> {
    if field.is_empty() {
        return Err(QueryError::EmptyField);
    }
    let wants_list = matches!(operator, Operator::In | Operator::NotIn);
    let is_list = matches!(value, SearchValue::List(_));
    if wants_list == is_list {
        return Ok(());
    }
    let expected = if wants_list { "a list of values" } else { "one value" };
    Err(QueryError::ValueShape { field: field.to_owned(), operator, expected })
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Field { field, operator, value } => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("field", field)?;
                map.serialize_entry("operator", operator.as_str())?;
                map.serialize_entry("value", value)?;
                map.end()
            }
            Self::And(parts) => group(serializer, "AND", parts),
            Self::Or(parts) => group(serializer, "OR", parts),
        }
    }
}

fn group<S: Serializer>(serializer: S, operator: &str, parts: &[Query]) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("operator", operator)?;
    map.serialize_entry("value", parts)?;
    map.end()
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first: the API's default, in which changing rows jump behind the reader.
    Descending,
}

/// The order of the results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sort {
    /// The field to sort by.
    pub field: String,
    /// Its direction.
    pub order: SortOrder,
}

/// Which page of the results, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SearchPage {
    /// Results a page, 1 to 150; the API's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_page: Option<u32>,
    /// The cursor the previous page ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_after: Option<String>,
}

impl SearchPage {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The body of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchRequest {
    /// What to look for.
    pub query: Query,
    /// The order; always give one when the result is paged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// Which page.
    #[serde(skip_serializing_if = "SearchPage::is_default")]
    pub pagination: SearchPage,
}

impl SearchRequest {
    /// The most results the API gives on a page.
    pub const MAX_PER_PAGE: u32 = 150;

    /// A search in the API's default order and page length.
    pub fn new(query: Query) -> Self {
        Self { query, sort: None, pagination: SearchPage::default() }
    }

    /// Sorted by `field`, smallest first.
    #[must_use]
    pub fn ascending(mut self, field: impl Into<String>) -> Self {
        self.sort = Some(Sort { field: field.into(), order: SortOrder::Ascending });
        self
    }

    /// With `per_page` results a page.
    #[must_use]
    pub fn per_page(mut self, per_page: u32) -> Self {
        self.pagination.per_page = Some(per_page);
        self
    }

    /// The same search, continued at a cursor.
    ///
    /// # Errors
    /// [`BuildError::Cursor`] for a cursor of another kind than [`Cursor::After`].
    pub fn after(&self, operation: &'static str, cursor: &Cursor) -> Result<Self, BuildError> {
        let Cursor::After(after) = cursor else {
            return Err(BuildError::Cursor { operation });
        };
        let mut next = self.clone();
        next.pagination.starting_after = Some(after.clone());
        Ok(next)
    }

    /// Checks the rules that the API enforces.
    ///
    /// # Errors
    /// [`QueryError`] names the rule that is broken.
    pub fn check(&self) -> Result<(), QueryError> {
        match self.pagination.per_page {
            Some(n) if !(1..=Self::MAX_PER_PAGE).contains(&n) => Err(QueryError::PageSize(n)),
            Some(_) | None => self.query.check(),
        }
    }
}

impl From<Value> for SearchValue {
    /// Numbers that are not whole and objects become text; the API takes neither.
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Text(number.to_string()), Self::Int)
            }
            Value::String(text) => Self::Text(text),
            Value::Array(values) => Self::List(values.into_iter().map(Into::into).collect()),
            Value::Object(_) => Self::Text(value.to_string()),
        }
    }
}
