//! The searchable fields and the operators each kind of field takes, as data.
//!
//! The official lists differ by version only in `owner_id`, which is a text in 2.16 alone,
//! `formatted_phone`, which appeared there, and the assignees of tickets, which are numbers in
//! Preview. Two fields are spelled as the API spells them: `andoid_sdk_version` and
//! `conversation_rating.admin_d`.

use intercom_api::{ApiVersion, Operator, VersionRange};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text that is matched word by word.
    Words,
    Integer,
    Float,
    Boolean,
    /// An instant.
    Instant,
    /// An attribute that holds a date.
    Day,
    /// The id of a tag on the object.
    TagId,
}

/// Where a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Id,
    CreatedAt,
    UpdatedAt,
    Role,
    Email,
    EmailDomain,
    ExternalId,
    OwnerId,
    TagIds,
    SegmentIds,
    ContactIds,
    AdminAssigneeId,
    TeamAssigneeId,
    TeammateIds,
    IsOpen,
    State,
    WaitingSince,
    SnoozedUntil,
    Priority,
    Name,
    CompanyId,
    UserCount,
    TicketTypeId,
    Category,
    /// A figure of a conversation's statistics.
    Figure(&'static str),
    /// A stored field: its path, separated by dots.
    Stored(&'static str),
}

/// A searchable field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) column: Column,
    pub(crate) versions: VersionRange,
}

const fn field(name: &'static str, kind: Kind, column: Column) -> Field {
    Field { name, kind, column, versions: VersionRange::ALL }
}

/// A stored field whose path is its name.
const fn stored(name: &'static str, kind: Kind) -> Field {
    field(name, kind, Column::Stored(name))
}

const fn figure(name: &'static str, key: &'static str, kind: Kind) -> Field {
    field(name, kind, Column::Figure(key))
}

/// Fields of `POST /contacts/search`, besides `custom_attributes.{name}`.
pub(crate) const CONTACT_FIELDS: &[Field] = &[
    field("id", Kind::Text, Column::Id),
    field("role", Kind::Text, Column::Role),
    stored("name", Kind::Text),
    field("avatar", Kind::Text, Column::Stored("avatar.image_url")),
    Field {
        versions: VersionRange::new(ApiVersion::V2_7, ApiVersion::V2_15),
        ..field("owner_id", Kind::Integer, Column::OwnerId)
    },
    Field {
        versions: VersionRange::new(ApiVersion::V2_16, ApiVersion::V2_16),
        ..field("owner_id", Kind::Text, Column::OwnerId)
    },
    Field {
        versions: VersionRange::since(ApiVersion::Preview),
        ..field("owner_id", Kind::Integer, Column::OwnerId)
    },
    field("email", Kind::Text, Column::Email),
    field("email_domain", Kind::Text, Column::EmailDomain),
    stored("phone", Kind::Text),
    Field {
        versions: VersionRange::since(ApiVersion::V2_16),
        ..field("formatted_phone", Kind::Text, Column::Stored("phone"))
    },
    field("external_id", Kind::Text, Column::ExternalId),
    field("created_at", Kind::Instant, Column::CreatedAt),
    stored("signed_up_at", Kind::Instant),
    field("updated_at", Kind::Instant, Column::UpdatedAt),
    stored("last_seen_at", Kind::Instant),
    stored("last_contacted_at", Kind::Instant),
    stored("last_replied_at", Kind::Instant),
    stored("last_email_opened_at", Kind::Instant),
    stored("last_email_clicked_at", Kind::Instant),
    stored("language_override", Kind::Text),
    stored("browser", Kind::Text),
    stored("browser_language", Kind::Text),
    stored("os", Kind::Text),
    stored("location.country", Kind::Text),
    stored("location.region", Kind::Text),
    stored("location.city", Kind::Text),
    stored("unsubscribed_from_emails", Kind::Boolean),
    stored("marked_email_as_spam", Kind::Boolean),
    stored("has_hard_bounced", Kind::Boolean),
    stored("ios_last_seen_at", Kind::Instant),
    stored("ios_app_version", Kind::Text),
    stored("ios_device", Kind::Text),
    stored("ios_app_device", Kind::Text),
    stored("ios_os_version", Kind::Text),
    stored("ios_app_name", Kind::Text),
    stored("ios_sdk_version", Kind::Text),
    stored("android_last_seen_at", Kind::Instant),
    stored("android_app_version", Kind::Text),
    stored("android_device", Kind::Text),
    stored("android_app_name", Kind::Text),
    field("andoid_sdk_version", Kind::Text, Column::Stored("android_sdk_version")),
    field("segment_id", Kind::Text, Column::SegmentIds),
    field("tag_id", Kind::TagId, Column::TagIds),
];

/// Fields of `POST /conversations/search`.
pub(crate) const CONVERSATION_FIELDS: &[Field] = &[
    field("id", Kind::Text, Column::Id),
    field("created_at", Kind::Instant, Column::CreatedAt),
    field("updated_at", Kind::Instant, Column::UpdatedAt),
    stored("source.type", Kind::Text),
    stored("source.id", Kind::Text),
    stored("source.delivered_as", Kind::Text),
    stored("source.subject", Kind::Words),
    stored("source.body", Kind::Words),
    stored("source.author.id", Kind::Text),
    stored("source.author.type", Kind::Text),
    stored("source.author.name", Kind::Text),
    stored("source.author.email", Kind::Text),
    stored("source.url", Kind::Text),
    field("contact_ids", Kind::Text, Column::ContactIds),
    field("teammate_ids", Kind::Text, Column::TeammateIds),
    field("admin_assignee_id", Kind::Integer, Column::AdminAssigneeId),
    field("team_assignee_id", Kind::Integer, Column::TeamAssigneeId),
    field("channel_initiated", Kind::Text, Column::Stored("source.type")),
    field("open", Kind::Boolean, Column::IsOpen),
    stored("read", Kind::Boolean),
    field("state", Kind::Text, Column::State),
    field("waiting_since", Kind::Instant, Column::WaitingSince),
    field("snoozed_until", Kind::Instant, Column::SnoozedUntil),
    field("tag_ids", Kind::Text, Column::TagIds),
    field("priority", Kind::Text, Column::Priority),
    figure("statistics.time_to_assignment", "time_to_assignment", Kind::Integer),
    figure("statistics.time_to_admin_reply", "time_to_admin_reply", Kind::Integer),
    figure("statistics.time_to_first_close", "time_to_first_close", Kind::Integer),
    figure("statistics.time_to_last_close", "time_to_last_close", Kind::Integer),
    figure("statistics.median_time_to_reply", "median_time_to_reply", Kind::Integer),
    figure("statistics.first_contact_reply_at", "first_contact_reply_at", Kind::Instant),
    figure("statistics.first_assignment_at", "first_assignment_at", Kind::Instant),
    figure("statistics.first_admin_reply_at", "first_admin_reply_at", Kind::Instant),
    figure("statistics.first_close_at", "first_close_at", Kind::Instant),
    figure("statistics.last_assignment_at", "last_assignment_at", Kind::Instant),
    figure(
        "statistics.last_assignment_admin_reply_at",
        "last_assignment_admin_reply_at",
        Kind::Instant,
    ),
    figure("statistics.last_contact_reply_at", "last_contact_reply_at", Kind::Instant),
    figure("statistics.last_admin_reply_at", "last_admin_reply_at", Kind::Instant),
    figure("statistics.last_close_at", "last_close_at", Kind::Instant),
    figure("statistics.last_closed_by_id", "last_closed_by_id", Kind::Text),
    figure("statistics.count_reopens", "count_reopens", Kind::Integer),
    figure("statistics.count_assignments", "count_assignments", Kind::Integer),
    figure("statistics.count_conversation_parts", "count_conversation_parts", Kind::Integer),
    field(
        "conversation_rating.requested_at",
        Kind::Instant,
        Column::Stored("conversation_rating.created_at"),
    ),
    field(
        "conversation_rating.replied_at",
        Kind::Instant,
        Column::Stored("conversation_rating.updated_at"),
    ),
    field("conversation_rating.score", Kind::Integer, Column::Stored("conversation_rating.rating")),
    stored("conversation_rating.remark", Kind::Words),
    field(
        "conversation_rating.contact_id",
        Kind::Text,
        Column::Stored("conversation_rating.contact.id"),
    ),
    field(
        "conversation_rating.admin_d",
        Kind::Text,
        Column::Stored("conversation_rating.teammate.id"),
    ),
    stored("ai_agent_participated", Kind::Boolean),
    stored("ai_agent.resolution_state", Kind::Text),
    stored("ai_agent.last_answer_type", Kind::Text),
    stored("ai_agent.rating", Kind::Integer),
    stored("ai_agent.rating_remark", Kind::Words),
    stored("ai_agent.source_type", Kind::Text),
    stored("ai_agent.source_title", Kind::Text),
];

/// Fields of `POST /tickets/search`, besides `ticket_attribute.{id}`.
pub(crate) const TICKET_FIELDS: &[Field] = &[
    field("id", Kind::Text, Column::Id),
    field("created_at", Kind::Instant, Column::CreatedAt),
    field("updated_at", Kind::Instant, Column::UpdatedAt),
    field("title", Kind::Text, Column::Stored("_default_title_")),
    field("description", Kind::Text, Column::Stored("_default_description_")),
    field("category", Kind::Text, Column::Category),
    field("ticket_type_id", Kind::Text, Column::TicketTypeId),
    field("contact_ids", Kind::Text, Column::ContactIds),
    field("teammate_ids", Kind::Text, Column::TeammateIds),
    Field {
        versions: VersionRange::new(ApiVersion::V2_10, ApiVersion::V2_16),
        ..field("admin_assignee_id", Kind::Text, Column::AdminAssigneeId)
    },
    Field {
        versions: VersionRange::since(ApiVersion::Preview),
        ..field("admin_assignee_id", Kind::Integer, Column::AdminAssigneeId)
    },
    Field {
        versions: VersionRange::new(ApiVersion::V2_10, ApiVersion::V2_16),
        ..field("team_assignee_id", Kind::Text, Column::TeamAssigneeId)
    },
    Field {
        versions: VersionRange::since(ApiVersion::Preview),
        ..field("team_assignee_id", Kind::Integer, Column::TeamAssigneeId)
    },
    field("open", Kind::Boolean, Column::IsOpen),
    field("state", Kind::Text, Column::State),
    field("snoozed_until", Kind::Instant, Column::SnoozedUntil),
];

/// Fields of `POST /companies/search`, besides `custom_attributes.{name}`.
pub(crate) const COMPANY_FIELDS: &[Field] = &[
    field("company_id", Kind::Text, Column::CompanyId),
    field("name", Kind::Text, Column::Name),
    field("created_at", Kind::Instant, Column::CreatedAt),
    field("updated_at", Kind::Instant, Column::UpdatedAt),
    stored("remote_created_at", Kind::Instant),
    stored("last_request_at", Kind::Instant),
    stored("monthly_spend", Kind::Integer),
    stored("session_count", Kind::Integer),
    field("user_count", Kind::Integer, Column::UserCount),
    field("tag_id", Kind::TagId, Column::TagIds),
];

/// Which kinds of fields take an operator.
pub(crate) type OperatorRules = &'static [(Operator, &'static [Kind])];

const ALL: &[Kind] = &[
    Kind::Text,
    Kind::Words,
    Kind::Integer,
    Kind::Float,
    Kind::Boolean,
    Kind::Instant,
    Kind::Day,
    Kind::TagId,
];
const NOT_DATES: &[Kind] =
    &[Kind::Text, Kind::Words, Kind::Integer, Kind::Float, Kind::Boolean, Kind::TagId];
const SCALARS: &[Kind] = &[Kind::Text, Kind::Words, Kind::Integer, Kind::Float, Kind::Boolean];
const ORDERED: &[Kind] = &[Kind::Integer, Kind::Float, Kind::Instant, Kind::Day];
const NUMBERS: &[Kind] = &[Kind::Integer, Kind::Float];
const NUMBERS_AND_INSTANTS: &[Kind] = &[Kind::Integer, Kind::Float, Kind::Instant];
const TEXTS: &[Kind] = &[Kind::Text, Kind::Words];

/// Contacts where dates are matched by whole days: 2.7 to 2.16.
pub(crate) const CONTACT_RULES_BY_DAY: OperatorRules = &[
    (Operator::Equals, ALL),
    (Operator::NotEquals, NOT_DATES),
    (Operator::In, SCALARS),
    (Operator::NotIn, SCALARS),
    (Operator::GreaterThan, ORDERED),
    (Operator::LessThan, ORDERED),
    (Operator::AtLeast, NUMBERS),
    (Operator::AtMost, NUMBERS),
    (Operator::Contains, TEXTS),
    (Operator::NotContains, TEXTS),
    (Operator::StartsWith, TEXTS),
    (Operator::EndsWith, TEXTS),
];

/// Contacts where instants are matched by the second: Preview.
pub(crate) const CONTACT_RULES_BY_SECOND: OperatorRules = &[
    (Operator::Equals, ALL),
    (Operator::NotEquals, NOT_DATES),
    (Operator::In, SCALARS),
    (Operator::NotIn, SCALARS),
    (Operator::GreaterThan, ORDERED),
    (Operator::LessThan, ORDERED),
    (Operator::AtLeast, NUMBERS_AND_INSTANTS),
    (Operator::AtMost, NUMBERS_AND_INSTANTS),
    (Operator::Contains, TEXTS),
    (Operator::NotContains, TEXTS),
    (Operator::StartsWith, TEXTS),
    (Operator::EndsWith, TEXTS),
];

/// Conversations and tickets: the documented list lacks `>=` and `<=`, which the API takes in practice.
pub(crate) const INBOX_RULES: OperatorRules = &[
    (Operator::Equals, ALL),
    (Operator::NotEquals, ALL),
    (Operator::In, ALL),
    (Operator::NotIn, ALL),
    (Operator::GreaterThan, ORDERED),
    (Operator::LessThan, ORDERED),
    (Operator::AtLeast, ORDERED),
    (Operator::AtMost, ORDERED),
    (Operator::Contains, TEXTS),
    (Operator::NotContains, TEXTS),
    (Operator::StartsWith, TEXTS),
    (Operator::EndsWith, TEXTS),
];

/// Companies: `>=` and `<=` are not listed, and dates take `!=`.
pub(crate) const COMPANY_RULES: OperatorRules = &[
    (Operator::Equals, ALL),
    (Operator::NotEquals, ALL),
    (Operator::In, SCALARS),
    (Operator::NotIn, SCALARS),
    (Operator::GreaterThan, ORDERED),
    (Operator::LessThan, ORDERED),
    (Operator::Contains, TEXTS),
    (Operator::NotContains, TEXTS),
    (Operator::StartsWith, TEXTS),
    (Operator::EndsWith, TEXTS),
];
