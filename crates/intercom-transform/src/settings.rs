//! How events become requests. Every rule that goes beyond the system this crate replaces is a
//! setting of its own.

mod attributes;
mod profile;

use intercom_api::ApiVersion;
use serde::{Deserialize, Serialize};

pub use attributes::{
    AttributeDates, AttributeSettings, Forbidden, ListRule, LongTextRule, MetadataSettings,
    MisnamedDates, NullRule,
};

/// How events become requests.
///
/// [`Settings::default`] is what this crate recommends; [`Settings::rudderstack`] does what
/// RudderStack's destination does, without its defects. A settings file holds the fields that
/// differ from the default, by the names and in the spelling that serde gives them here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whose rules hold where the two destinations of that name differ.
    pub destination: Destination,
    /// The version that requests are built for: 1.4 writes users, later ones contacts.
    #[serde(with = "version_text")]
    pub version: ApiVersion,
    /// Where the workspace's data is kept.
    pub region: Region,
    /// Which calls go to the region.
    pub region_rule: RegionRule,
    /// What requests name as their sender; `None` leaves it to whoever sends them.
    pub user_agent: Option<String>,
    /// Whether there is a token to send with; without one, every event is refused.
    pub has_token: bool,
    /// The field contacts are looked up by, where the event names none.
    pub lookup_field: String,
    /// Whether an event without a user id is sent with its anonymous id.
    pub send_anonymous_id: bool,
    /// What 1.4 is told about the user's last request: whether the event counts as one.
    pub update_last_request_at: bool,
    /// Whether an identify of 1.4 that says so begins a session.
    pub new_session: NewSession,
    /// Which of the contacts found is the user.
    pub matching: Matching,
    /// What becomes of a contact that exists although it was not found.
    pub conflicts: Conflicts,
    /// What becomes of a contact that exists and is archived.
    pub archived: Archived,
    /// Whose e-mail address, or other look-up field, finds the contact of a group call.
    pub group_email: GroupEmail,
    /// Whether a company is looked up or written first.
    pub group_order: GroupOrder,
    /// Which of the two places for traits counts.
    pub traits: TraitSources,
    /// Whether `false` and `0` are values.
    pub zeros: Zeros,
    /// Whether the first second of 1970 is a date.
    pub epoch: Epoch,
    /// What is sent for numbers that are absent or cannot be read.
    pub absent_numbers: AbsentNumbers,
    /// What becomes of an event whose user does not exist.
    pub unknown_users: UnknownUsers,
    /// What an identify does with the user's company, in versions 2.
    pub identify_company: IdentifyCompany,
    /// What becomes of an identify that leaves a company which does not exist.
    pub missing_companies: MissingCompanies,
    /// Whether look-ups are shared within a batch.
    pub lookups: Lookups,
    /// What becomes of events of one user and name in the same second.
    pub same_second: SameSecond,
    /// What becomes of an event that does not say when it was.
    pub undated_events: UndatedEvents,
    /// The time by the clock of whoever plans, in seconds since 1970. No file of settings holds it.
    #[serde(skip)]
    pub now: Option<i64>,
    /// In which order flat keys are sent.
    pub key_order: KeyOrder,
    /// Whether a look-up by another field is joined by one by external id.
    pub lookup_external_id: LookupExternalId,
    /// Whether an external id of the context stands in for a missing e-mail address.
    pub external_id_as_email: Fallback,
    /// Whether an empty text hides a value further down.
    pub empty_texts: EmptyTexts,
    /// Whether standard fields are checked for their types.
    pub typing: Typing,
    /// When an event that lacks something is refused.
    pub validation: Validation,
    /// How a group call ends that was delivered.
    pub group_outcome: GroupOutcome,
    /// How a user is deleted.
    pub deletion: Deletion,
    /// How events are called.
    pub event_names: EventNames,
    /// The attributes that an event of the same name sets once and for all; see
    /// [`ONE_TIME_ATTRIBUTES`](crate::ONE_TIME_ATTRIBUTES).
    pub one_time_attributes: Vec<String>,
    /// What becomes of custom attributes.
    pub attributes: AttributeSettings,
    /// What becomes of an event's properties.
    pub metadata: MetadataSettings,
}

/// One of the two destinations that carry Intercom's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// An access token; API 1.4 or 2.
    #[default]
    Intercom,
    /// An OAuth installation; API 2 only; also takes records.
    IntercomV2,
}

/// Where a workspace's data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// The United States.
    #[default]
    #[serde(alias = "US")]
    Us,
    /// The European Union.
    #[serde(alias = "EU", alias = "Europe")]
    Eu,
    /// Australia.
    #[serde(alias = "AU", alias = "Australia")]
    Au,
}

impl Region {
    /// Scheme and host of the region's API.
    pub const fn origin(self) -> &'static str {
        match self {
            Self::Us => "https://api.intercom.io",
            Self::Eu => "https://api.eu.intercom.io",
            Self::Au => "https://api.au.intercom.io",
        }
    }
}

/// Which calls go to the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionRule {
    /// All of them.
    #[default]
    EveryCall,
    /// Those of versions 2; the ones of 1.4 go to the United States.
    Version2,
}

/// Whether an identify of 1.4 can begin a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewSession {
    /// When the trait `new_session` or `newSession` is true.
    #[default]
    AsTold,
    /// Never; the traits are attributes like others.
    Never,
}

/// Which of the contacts found is the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// The one with this external id; else the only one with this e-mail address, unless it is
    /// another user's.
    #[default]
    Exact,
    /// The first.
    First,
}

/// What becomes of a contact that exists although it was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflicts {
    /// It is read, and updated when it is the user's.
    #[default]
    Resolve,
    /// The event is to be tried again later.
    Retry,
}

/// What becomes of a contact that exists and is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archived {
    /// It is restored and updated.
    #[default]
    Unarchive,
    /// The event is given up.
    Abort,
}

/// Whose e-mail address, or other look-up field, finds the contact of a group call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupEmail {
    /// The user's, from `context.traits`; the company's, from `traits`, only where nothing names
    /// a user.
    #[default]
    UserFirst,
    /// The company's, from `traits`, then the user's.
    CompanyFirst,
}

/// What a group call does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupOrder {
    /// Write the company, so that it is there even if the user is not found.
    #[default]
    CompanyFirst,
    /// Look the contact up.
    ContactFirst,
}

/// Which of the two places for traits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraitSources {
    /// Both: of a name that is in both, the one of the message.
    #[default]
    Merged,
    /// One, as the destination and the version have it.
    Single,
}

/// Whether `false` and `0` are values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// They are sent.
    #[default]
    Keep,
    /// In the standard fields of a person they count as absent.
    Drop,
}

/// Whether the first second of 1970 is a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Epoch {
    /// It is sent like any other.
    #[default]
    Keep,
    /// It counts as absent, as in the destination `intercom`.
    Drop,
}

/// What is sent for numbers that are absent or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentNumbers {
    /// Nothing.
    #[default]
    Omit,
    /// `null`, which empties the company's field.
    Null,
}

/// What becomes of an event whose user does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownUsers {
    /// The user is created, then the event is sent again.
    #[default]
    Create,
    /// The event is given up.
    Abort,
}

/// What an identify does with the user's company, in versions 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifyCompany {
    /// Writes it and attaches the contact to it.
    #[default]
    Attach,
    /// Nothing, unless the contact is to be removed from it.
    Ignore,
}

/// What becomes of an identify that leaves a company which does not exist, or in which the contact
/// is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingCompanies {
    /// There is nothing to leave; the contact is written.
    #[default]
    Skip,
    /// The event is given up.
    Abort,
}

/// Whether look-ups are shared within a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookups {
    /// What one plan found or created, later plans of the batch know.
    #[default]
    Shared,
    /// Every plan looks up for itself.
    Single,
}

/// What becomes of events of one user and name in the same second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSecond {
    /// Later ones move to the next second that is free; Intercom would keep one of them.
    #[default]
    Shift,
    /// They are sent as they are.
    Keep,
}

/// What becomes of an event that does not say when it was: Intercom refuses events without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndatedEvents {
    /// It is taken to have been at [`Settings::now`], which is noted; without that it is refused.
    /// Sent again with another `now` it is another event.
    #[default]
    Now,
    /// It is refused.
    Refuse,
    /// It is sent without a time.
    AsSent,
}

/// In which order flat keys are sent. Intercom keeps the first ten of an event's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrder {
    /// As they came.
    #[default]
    AsSent,
    /// As JavaScript lists the keys of an object: whole numbers first, from the smallest on.
    NumbersFirst,
}

/// Whether a look-up by another field is joined by one by external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupExternalId {
    /// Always, by the user id of the event.
    #[default]
    Always,
    /// Unless the look-up field is `external_id`, which then must be a trait of its own.
    UnlessNamed,
    /// Never.
    Never,
}

/// Whether one value stands in for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// It does not.
    #[default]
    Off,
    /// It does.
    On,
}

/// Whether an empty text hides a value further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyTexts {
    /// It counts as absent.
    #[default]
    Skip,
    /// It is the value.
    Stop,
}

/// Whether standard fields are checked for their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typing {
    /// An event with an object where a text belongs is refused; ids and names are sent as texts.
    #[default]
    Checked,
    /// Values are sent as they came.
    AsSent,
}

/// When an event that lacks something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// Before the first call.
    #[default]
    First,
    /// After the look-up, as the destination `intercom` does.
    AfterLookup,
}

/// How a group call ends that was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupOutcome {
    /// As delivered.
    #[default]
    Delivered,
    /// As suppressed: its requests have been made, and whoever passes requests on must not repeat
    /// them.
    Suppressed,
}

/// How a user is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// The contact is deleted; Intercom may keep what it said.
    #[default]
    Contact,
    /// A request to delete all data of the person.
    Request,
}

/// How events are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventNames {
    /// `event`; without one, action and resource, as in `sampled_collection`.
    #[default]
    EventElseAction,
    /// `event` only.
    EventOnly,
}

impl Settings {
    /// Whether users are written, not contacts.
    pub(crate) fn is_v1(&self) -> bool {
        self.destination == Destination::Intercom && self.version < ApiVersion::V2_7
    }

    /// Scheme and host that a request of this version goes to.
    pub fn origin(&self, version: ApiVersion) -> &'static str {
        if self.region_rule == RegionRule::Version2 && version < ApiVersion::V2_7 {
            return Region::Us.origin();
        }
        self.region.origin()
    }
}

mod version_text {
    use intercom_api::ApiVersion;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        version: &ApiVersion,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(version.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ApiVersion, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
