//! Identifiers: one newtype per kind of object, lenient about how the API spells them.
//!
//! The same id arrives as a JSON string from one endpoint and as a number from another, and
//! versions disagree on `owner_id` and the assignee ids. Ids compare by their text; the spelling
//! they arrived in is kept, so that a decoded object encodes as it came.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::parameter::Parameter;

/// An id is empty, or longer than 512 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id must have 1 to 512 bytes, not {0}")]
pub struct InvalidId(usize);

/// How an id is encoded in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Text,
    Number,
    /// Nobody has said; a text unless the API wants a number.
    Unsaid,
}

impl Spelling {
    /// A number where the API wants one.
    pub(crate) fn number_if(wanted: bool) -> Self {
        if wanted { Self::Number } else { Self::Text }
    }
}

/// An identifier of any kind of object; never empty.
#[derive(Clone)]
pub struct Id {
    text: Box<str>,
    spelling: Spelling,
}

impl Id {
    const MAX_BYTES: usize = 512;

    /// An id from its text.
    ///
    /// # Errors
    /// [`InvalidId`] when the text is empty or longer than 512 bytes.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, InvalidId> {
        let text = text.into();
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(InvalidId(text.len()));
        }
        Ok(Self { text, spelling: Spelling::Unsaid })
    }

    /// An id that is encoded as a JSON number.
    pub fn number(value: i64) -> Self {
        Self { text: value.to_string().into(), spelling: Spelling::Number }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same id, encoded as a JSON string.
    #[must_use]
    pub fn spelled_as_text(self) -> Self {
        Self { spelling: Spelling::Text, ..self }
    }

    /// The same id, encoded as a JSON number if it is one.
    #[must_use]
    pub fn spelled_as_number(self) -> Self {
        let spelling =
            if self.text.parse::<i64>().is_ok() { Spelling::Number } else { self.spelling };
        Self { spelling, ..self }
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.spelling, self.text.parse::<i64>()) {
            (Spelling::Number, Ok(number)) => serializer.serialize_i64(number),
            (Spelling::Number, Err(_)) | (Spelling::Text | Spelling::Unsaid, _) => {
                serializer.serialize_str(&self.text)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: a non-empty string or an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                Id::new(text).map(Id::spelled_as_text).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Id, E> {
                Ok(Id::number(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                match i64::try_from(number) {
                    Ok(number) => Ok(Id::number(number)),
                    Err(_) => Id::new(number.to_string()).map_err(E::custom),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Ids whose spelling a request decides.
pub(crate) trait Respell: Clone + Serialize {
    /// The same ids in another spelling; a number only where the text is one.
    #[must_use]
    fn respelled(self, spelling: Spelling) -> Self;

    /// The same ids as numbers, those that an answer spelled as it did.
    #[must_use]
    fn numbers_unless_read(self) -> Self;
}

impl Respell for Id {
    fn respelled(self, spelling: Spelling) -> Self {
        match spelling {
            Spelling::Text => self.spelled_as_text(),
            Spelling::Number => self.spelled_as_number(),
            Spelling::Unsaid => self,
        }
    }

    fn numbers_unless_read(self) -> Self {
        if self.spelling == Spelling::Unsaid { self.spelled_as_number() } else { self }
    }
}

impl<T: Respell> Respell for Option<T> {
    fn respelled(self, spelling: Spelling) -> Self {
        self.map(|ids| ids.respelled(spelling))
    }

    fn numbers_unless_read(self) -> Self {
        self.map(T::numbers_unless_read)
    }
}

impl<T: Respell> Respell for Vec<T> {
    fn respelled(self, spelling: Spelling) -> Self {
        self.into_iter().map(|id| id.respelled(spelling)).collect()
    }

    fn numbers_unless_read(self) -> Self {
        self.into_iter().map(T::numbers_unless_read).collect()
    }
}

/// Writes ids as JSON strings.
pub(crate) fn as_text<T: Respell, S: Serializer>(
    ids: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ids.clone().respelled(Spelling::Text).serialize(serializer)
}

/// Writes ids as JSON numbers, those that are none as strings.
pub(crate) fn as_number<T: Respell, S: Serializer>(
    ids: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ids.clone().respelled(Spelling::Number).serialize(serializer)
}

/// Writes ids of an object that both requests and answers hold: as numbers, or as they were read.
pub(crate) fn as_number_unless_read<T: Respell, S: Serializer>(
    ids: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ids.clone().numbers_unless_read().serialize(serializer)
}

/// What can be made of an id: itself, or a newtype of it.
pub(crate) trait OfId {
    fn of(id: Id) -> Self;
}

impl OfId for Id {
    fn of(id: Id) -> Self {
        id
    }
}

/// Reads an id of an answer; an empty text is no id, and no reason to refuse the answer.
pub(crate) fn unless_empty<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: OfId,
{
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Option<Id>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id: a string or an integer")
        }

        fn visit_none<E: de::Error>(self) -> Result<Option<Id>, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<Id>, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Option<Id>, D::Error> {
            inner.deserialize_any(self)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<Id>, E> {
            if text.is_empty() {
                return Ok(None);
            }
            Id::deserialize(text.into_deserializer()).map(Some)
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<Id>, E> {
            Id::deserialize(number.into_deserializer()).map(Some)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<Id>, E> {
            Id::deserialize(number.into_deserializer()).map(Some)
        }
    }

    Ok(deserializer.deserialize_option(Visitor)?.map(T::of))
}

/// Something that fills one segment of a path.
pub trait PathSegment {
    /// The text of the segment, before percent-encoding.
    fn segment(&self) -> Cow<'_, str>;
}

impl Parameter for Id {
    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl PathSegment for Id {
    fn segment(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }
}

impl PathSegment for str {
    fn segment(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl PathSegment for String {
    fn segment(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl PathSegment for i64 {
    fn segment(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl $name {
            /// The id from its text.
            ///
            /// # Errors
            /// [`InvalidId`] when the text is empty or longer than 512 bytes.
            pub fn new(text: impl Into<Box<str>>) -> Result<Self, InvalidId> {
                Id::new(text).map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Parameter for $name {
            fn text(&self) -> String {
                self.as_str().to_owned()
            }
        }

        impl PathSegment for $name {
            fn segment(&self) -> Cow<'_, str> {
                Cow::Borrowed(self.as_str())
            }
        }

        impl OfId for $name {
            fn of(id: Id) -> Self {
                Self(id)
            }
        }

        impl Respell for $name {
            fn respelled(self, spelling: Spelling) -> Self {
                Self(self.0.respelled(spelling))
            }

            fn numbers_unless_read(self) -> Self {
                Self(self.0.numbers_unless_read())
            }
        }
    )+};
}

ids! {
    /// An admin (teammate); a number in text. One that is no number is sent as a text also where
    /// a version wants a number, as `owner_id` up to 2.15, and is refused by the API.
    AdminId,
    /// An article of the help centre.
    ArticleId,
    /// An audience that content is shown to.
    AudienceId,
    /// A reason for being away, as admins choose it.
    AwayStatusReasonId,
    /// A brand of the workspace.
    BrandId,
    /// A phone or video call.
    CallId,
    /// A collection of articles, or before 2.10 a section of one.
    CollectionId,
    /// A company as Intercom numbers it, not the `company_id` of the customer's own system.
    CompanyId,
    /// A contact (user, lead or visitor): 24 hexadecimal digits.
    ContactId,
    /// A source that content is imported from.
    ContentImportSourceId,
    /// A snippet of content.
    ContentSnippetId,
    /// An attribute of conversations.
    ConversationAttributeId,
    /// A conversation; a number in text.
    ConversationId,
    /// A data connector.
    DataConnectorId,
    /// An external page that content was imported from.
    ExternalPageId,
    /// A folder of content.
    FolderId,
    /// A help centre.
    HelpCenterId,
    /// An article for teammates only.
    InternalArticleId,
    /// A background job or an export.
    JobId,
    /// A macro.
    MacroId,
    /// A news item.
    NewsItemId,
    /// A feed of news items.
    NewsfeedId,
    /// A note on a contact or company.
    NoteId,
    /// A schedule of office hours.
    OfficeHoursScheduleId,
    /// A segment of contacts or companies.
    SegmentId,
    /// A subscription type that contacts opt into.
    SubscriptionTypeId,
    /// A tag.
    TagId,
    /// A team of admins.
    TeamId,
    /// A ticket.
    TicketId,
    /// A state that tickets can be in.
    TicketStateId,
    /// An attribute of a ticket type.
    TicketTypeAttributeId,
    /// A type of tickets.
    TicketTypeId,
    /// A workspace, also called an app (`app_id`).
    WorkspaceId,
}
