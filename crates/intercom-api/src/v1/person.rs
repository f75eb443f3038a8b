//! Users and leads, which have the same shape, and what is inside them.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Number;

use crate::attributes::Attributes;
use crate::handle::ContactHandle;
use crate::id::{AdminId, ContactId, Id, WorkspaceId};
use crate::timestamp::Timestamp;
use crate::v1::call::object;
use crate::v1::companies::CompanyList;
use crate::v1::segments::SegmentList;
use crate::v1::tags::TagList;

/// A user or lead by something that only one of them can have; an e-mail address may be shared.
///
/// `Debug` shows Intercom's id, never an id of the customer's own.
///
/// Source: reference 1.4, "View a Lead"; changelog 1.1 for the e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub enum UniqueHandle {
    /// Intercom's id.
    Id(ContactId),
    /// The `user_id`: what the customer's own system calls a user, an invented UUID for a lead.
    UserId(String),
}

impl From<UniqueHandle> for ContactHandle {
    fn from(handle: UniqueHandle) -> Self {
        match handle {
            UniqueHandle::Id(id) => Self::Id(id),
            UniqueHandle::UserId(id) => Self::UserId(id),
        }
    }
}

impl fmt::Debug for UniqueHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ContactHandle::from(self.clone()).fmt(f)
    }
}

impl Serialize for UniqueHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Subject(&ContactHandle::from(self.clone())).serialize(serializer)
    }
}

/// A person as most bodies spell it: Intercom's id is called `id`.
pub(super) struct Subject<'a>(pub(super) &'a ContactHandle);

impl Serialize for Subject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::handle::as_subject(self.0, serializer)
    }
}

object! {
    /// A user or a lead: `kind` is `user` or `contact`, the fields are the same.
    ///
    /// Source: reference 1.1, "User Model", and 1.4, "Create Lead"; changelog 1.1 for
    /// `do_not_track` and `has_hard_bounced`; intercom-go v2 `User` and `Contact`.
    pub struct Person [kind, id, app_id, owner_id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: ContactId,
        /// `user_id`, the customer's own; invented by Intercom for a lead.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        user_id: Id,
        /// `anonymous`: true of a lead.
        anonymous: bool,
        /// `email`.
        email: String,
        /// `phone`.
        phone: String,
        /// `name`.
        name: String,
        /// `pseudonym`, invented by Intercom.
        pseudonym: String,
        /// `avatar`.
        avatar: Avatar,
        /// `app_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        app_id: WorkspaceId,
        /// `owner_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        owner_id: AdminId,
        /// `created_at`, unix seconds: when Intercom first knew the person.
        created_at: Timestamp,
        /// `signed_up_at`, unix seconds: when the person signed up with the customer.
        signed_up_at: Timestamp,
        /// `remote_created_at`, unix seconds: an older name of `signed_up_at`; answers have both.
        remote_created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `last_request_at`, unix seconds.
        last_request_at: Timestamp,
        /// `last_seen_ip`.
        last_seen_ip: String,
        /// `user_agent_data`.
        user_agent_data: String,
        /// `session_count`.
        session_count: i64,
        /// `unsubscribed_from_emails`.
        unsubscribed_from_emails: bool,
        /// `has_hard_bounced`.
        has_hard_bounced: bool,
        /// `do_not_track`.
        do_not_track: bool,
        /// `referrer`.
        referrer: String,
        /// `utm_campaign`.
        utm_campaign: String,
        /// `utm_content`.
        utm_content: String,
        /// `utm_medium`.
        utm_medium: String,
        /// `utm_source`.
        utm_source: String,
        /// `utm_term`.
        utm_term: String,
        /// `location_data`.
        location_data: LocationData,
        /// `social_profiles`.
        social_profiles: SocialProfileList,
        /// `companies`.
        companies: CompanyList,
        /// `segments`.
        segments: SegmentList,
        /// `tags`.
        tags: TagList,
        /// `custom_attributes`.
        custom_attributes: Attributes,
    }
}

object! {
    /// The picture of a person or admin.
    ///
    /// Source: reference 1.1, "User Model"; intercom-java 2.x, `admins.json`, for admins, where
    /// `type` is absent.
    pub struct Avatar {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `image_url`.
        image_url: String,
    }
}

object! {
    /// Where a person was last seen.
    ///
    /// Source: reference 1.1, "User Model"; intercom-go v2 `LocationData`. The coordinates are
    /// numbers in intercom-java 2.x, `user.json`, null in the reference 1.1 and absent in 1.4.
    pub struct LocationData {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `city_name`.
        city_name: String,
        /// `continent_code`.
        continent_code: String,
        /// `country_code`, three letters.
        country_code: String,
        /// `country_name`.
        country_name: String,
        /// `latitude`.
        latitude: Number,
        /// `longitude`.
        longitude: Number,
        /// `postal_code`.
        postal_code: String,
        /// `region_name`.
        region_name: String,
        /// `timezone`.
        timezone: String,
    }
}

object! {
    /// The social profiles of a person.
    ///
    /// Source: reference 1.1, "User Model".
    pub struct SocialProfileList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `social_profiles`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        social_profiles: Vec<SocialProfile>,
    }
}

object! {
    /// A profile on a social network.
    ///
    /// Source: reference 1.1, "User Model"; intercom-go v2 `SocialProfile`.
    pub struct SocialProfile {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `name` of the network; networks are spelled in either case.
        name: String,
        /// `id` on the network.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `username`.
        username: String,
        /// `url`.
        url: String,
    }
}

object! {
    /// Someone in a conversation, note or message, or the object they are assigned to.
    ///
    /// `kind` is `user`, `lead`, `contact`, `admin`, `team`, `bot`, or `nobody_admin`, which has no
    /// id.
    ///
    /// Source: reference 1.4, "List Conversations" and "Snoozing a conversation"; reference 1.4,
    /// "List Notes for a User", for name and e-mail address.
    pub struct Participant [kind, id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `name`.
        name: String,
        /// `email`.
        email: String,
    }
}

object! {
    /// Where a list goes on; `{}` for a list that is complete.
    ///
    /// Source: reference 1.2, "List Users", and 1.4, "List Leads"; intercom-java 2.x,
    /// `events.json`, for `since`.
    pub struct Pages {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `next`: the URL of the next page.
        next: String,
        /// `since`: the URL of what will have happened since; of events only.
        since: String,
        /// `page`, from 1.
        page: i64,
        /// `per_page`.
        per_page: i64,
        /// `total_pages`.
        total_pages: i64,
    }
}
