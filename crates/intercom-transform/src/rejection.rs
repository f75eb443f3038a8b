//! Why an event cannot become a plan, or why a plan ends without delivering it.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// An event that is refused, with the path to what is wrong in it.
///
/// The texts of the reasons are the ones that the system knows which this crate replaces.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The path to the field, such as `traits.email`; empty when the whole event is meant.
    pub path: String,
    /// What is wrong.
    pub reason: Reason,
}

/// Who has to act on a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Whoever sends the events: this one cannot be delivered as it is.
    Instrumentation,
    /// Whoever runs the delivery: token, rights or settings are wrong.
    Configuration,
}

/// A call of the customer-data specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[allow(missing_docs, reason = "the variants are the calls themselves")]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Identify,
    Track,
    Group,
    Record,
    Delete,
}

impl Call {
    /// The call's name as messages spell it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Identify => "Identify",
            Self::Track => "Track",
            Self::Group => "Group",
            Self::Record => "Record",
            Self::Delete => "Delete",
        }
    }
}

/// What is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The line is not UTF-8 from this byte on.
    #[error("the event is not valid utf-8 at byte {at}")]
    NotUtf8 {
        /// Bytes from the line's beginning.
        at: usize,
    },
    /// The line is not JSON from this byte on.
    #[error("the event is not valid json at byte {at}")]
    NotJson {
        /// Bytes from the line's beginning.
        at: usize,
    },
    /// The line ends too early.
    #[error("the json of the event ends too early")]
    Truncated,
    /// Objects and lists are nested deeper than 128 levels.
    #[error("the event is nested too deeply")]
    TooDeep,
    /// Half of a surrogate pair, which no text can hold.
    #[error("the event holds half of a surrogate pair")]
    LoneSurrogate,
    /// The line is longer than 4 GiB.
    #[error("the event is too long")]
    TooLong,
    /// The line is JSON, but not an object.
    #[error("the event is not a json object")]
    NotAnObject,
    /// The event has no type.
    #[error("message Type is not present. Aborting")]
    MissingType,
    /// The event's type is none that this crate handles.
    #[error("message type {0} is not supported")]
    UnsupportedType(String),
    /// There is no access token to send with.
    #[error("{}", missing_token(*.is_oauth))]
    MissingToken {
        /// Whether the token comes from an OAuth installation.
        is_oauth: bool,
    },
    /// Nothing says whom the event is about.
    #[error("{}", missing_identity(*.call, *.wording))]
    MissingIdentity {
        /// The call.
        call: Call,
        /// How the text is spelled.
        wording: Wording,
    },
    /// A track call without the name of the event.
    #[error("{}", missing_event_name(*.wording))]
    MissingEventName {
        /// How the text is spelled.
        wording: Wording,
    },
    /// A track call that does not say when the event was, which Intercom refuses.
    #[error("the event does not say when it was: Intercom takes none without a time")]
    MissingTime,
    /// A group call without the company's id.
    #[error("{}", missing_group_id(*.wording))]
    MissingGroupId {
        /// How the text is spelled.
        wording: Wording,
    },
    /// The look-up field has no value.
    #[error("Missing lookup field or lookup field value for searchContact")]
    MissingLookup,
    /// A record call with an action that does not exist.
    #[error("action {0} is not supported.")]
    UnsupportedAction(String),
    /// A field has a type that it cannot have.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the field holds when it is right.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
    },
    /// There are more keys than can be sent.
    #[error("more than {limit} keys")]
    TooManyKeys {
        /// The most that are sent.
        limit: usize,
    },
    /// There are more users to delete than one event may name.
    #[error("more than {limit} users to delete")]
    TooManyUsers {
        /// The most that are deleted.
        limit: usize,
    },
    /// The event is a finished request already.
    #[error("the event has been transformed before")]
    AlreadyTransformed,
    /// The users to delete are no list.
    #[error("userAttributes is not an array")]
    UserAttributes {
        /// What they are.
        found: &'static str,
    },
    /// The contact to change or delete does not exist.
    #[error("Contact is not present. Aborting.")]
    ContactMissing,
    /// The contact that stands in the way is another person.
    #[error(
        "identity_conflict: contact {contact_id} belongs to another user than the one of the event"
    )]
    IdentityConflict {
        /// The contact, as Intercom calls it.
        contact_id: String,
        /// The external id of the event; may be personal data.
        wanted: Option<String>,
        /// The external id of the contact; may be personal data.
        found: Option<String>,
    },
    /// The API accepted a company and did not say its id.
    #[error("Unable to create or update company")]
    CompanyWithoutId,
}

/// Which of the texts for the same fault is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wording {
    /// For requests of version 1.4.
    V1,
    /// For requests of the versions 2.
    V2,
    /// As the destination `intercom_v2` words it.
    IntercomV2,
}

fn missing_token(is_oauth: bool) -> &'static str {
    if is_oauth {
        "Failed to get access token for authentication. This might be a platform issue. Please \
         contact RudderStack support for assistance."
    } else {
        "Access Token is not present. Aborting"
    }
}

fn missing_identity(call: Call, wording: Wording) -> String {
    match (call, wording) {
        (Call::Identify, Wording::V1) => {
            "Either of `email` or `userId` is required for Identify call".to_owned()
        }
        (Call::Track, Wording::IntercomV2) => {
            "Either email or userId or id is required for Track call".to_owned()
        }
        _ => format!("Either email or userId is required for {} call", call.title()),
    }
}

fn missing_event_name(wording: Wording) -> &'static str {
    match wording {
        Wording::IntercomV2 => "Missing required value from \"event\"",
        Wording::V1 | Wording::V2 => "Event name is required for track call",
    }
}

fn missing_group_id(wording: Wording) -> &'static str {
    match wording {
        Wording::IntercomV2 => "Missing required value from \"groupId\"",
        Wording::V1 | Wording::V2 => "groupId is required for group call",
    }
}

impl Reason {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::Truncated => "truncated",
            Self::TooDeep => "too_deep",
            Self::LoneSurrogate => "lone_surrogate",
            Self::TooLong => "too_long",
            Self::NotAnObject => "not_an_object",
            Self::MissingType => "missing_type",
            Self::UnsupportedType(_) => "unsupported_type",
            Self::MissingToken { .. } => "missing_token",
            Self::MissingIdentity { .. } => "missing_identity",
            Self::MissingEventName { .. } => "missing_event_name",
            Self::MissingTime => "missing_time",
            Self::MissingGroupId { .. } => "missing_group_id",
            Self::MissingLookup => "missing_lookup",
            Self::UnsupportedAction(_) => "unsupported_action",
            Self::WrongType { .. } => "wrong_type",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::TooManyUsers { .. } => "too_many_users",
            Self::AlreadyTransformed => "already_transformed",
            Self::UserAttributes { .. } => "user_attributes",
            Self::ContactMissing => "contact_missing",
            Self::IdentityConflict { .. } => "identity_conflict",
            Self::CompanyWithoutId => "company_without_id",
        }
    }

    /// Who has to act.
    pub const fn class(&self) -> Class {
        match self {
            Self::MissingToken { .. } | Self::ContactMissing => Class::Configuration,
            _ => Class::Instrumentation,
        }
    }
}

impl Rejection {
    pub(crate) fn new(path: impl Into<String>, reason: Reason) -> Self {
        Self { path: path.into(), reason }
    }

    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// Who has to act.
    pub const fn class(&self) -> Class {
        self.reason.class()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return self.reason.fmt(f);
        }
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection").field("path", &self.path).field("code", &self.code()).finish()
    }
}

impl std::error::Error for Rejection {}

impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let conflict = match &self.reason {
            Reason::IdentityConflict { contact_id, wanted, found } => {
                Some((contact_id, wanted, found))
            }
            _ => None,
        };
        let n_fields = if conflict.is_some() { 7 } else { 4 };
        let mut out = serializer.serialize_struct("Rejection", n_fields)?;
        out.serialize_field("code", self.code())?;
        out.serialize_field("class", &self.class())?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("message", &self.reason.to_string())?;
        if let Some((contact_id, wanted, found)) = conflict {
            out.serialize_field("contact_id", contact_id)?;
            out.serialize_field("external_id_wanted", wanted)?;
            out.serialize_field("external_id_found", found)?;
        }
        out.end()
    }
}
