//! Tags.

use serde::{Serialize, Serializer};

use crate::attributes::Extra;
use crate::handle::ContactHandle;
use crate::id::TagId;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged};
use crate::v1::companies::CompanyHandle;
use crate::v1::person::{Participant, Subject};

/// `POST /tags` without users or companies: creates a tag, or renames the one of that `id`.
///
/// Source: intercom-go v2, README, "Tags"; intercom-java 2.x `Tag.create` and `Tag.update`.
#[derive(Clone, PartialEq, Serialize)]
pub struct CreateOrUpdateTag {
    /// `name`; the case of letters makes no difference.
    pub name: String,
    /// `id` of the tag to rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TagId>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CreateOrUpdateTag {
    /// With what has to be sent.
    pub fn new(name: String) -> Self {
        Self { name, id: None, extra: Extra::new() }
    }
}

operation! { CreateOrUpdateTag(Idempotent, Post, "/tags") -> Tag; body }
opaque_debug!(CreateOrUpdateTag { id });

/// Defines the four calls that put a tag on something or take it off, by the tag's name.
macro_rules! tagging {
    ($($(#[$doc:meta])* $name:ident: $field:ident of $handle:ty as $encode:literal,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize)]
        pub struct $name {
            /// `name` of the tag.
            pub name: String,
            /// Who or what; at most fifty at once are recommended.
            #[serde(serialize_with = $encode)]
            pub $field: Vec<$handle>,
            /// Further fields of the body.
            #[serde(flatten)]
            pub extra: Extra,
        }

        impl $name {
            /// With what has to be sent.
            pub fn new(name: String, $field: Vec<$handle>) -> Self {
                Self { name, $field, extra: Extra::new() }
            }
        }

        operation! { $name(Idempotent, Post, "/tags") -> Tag; body }
        opaque_debug!($name { $field });
    )+};
}

tagging! {
    /// `POST /tags` with users: tags users, and leads by Intercom's id; creates the tag if need be.
    ///
    /// Source: reference 1.0, "Tag or Untag Users, Companies & Leads"; intercom-java 2.x
    /// `Tag.tag`.
    TagUsers: users of ContactHandle as "people",
    /// `POST /tags` with users and `untag`: takes the tag off users, and leads by Intercom's id.
    ///
    /// Source: intercom-go v2, README, "Tagging Users/Companies"; intercom-java 2.x `Tag.tag`.
    UntagUsers: users of ContactHandle as "untagged_people",
    /// `POST /tags` with companies: tags companies; creates the tag if need be.
    ///
    /// Source: reference 1.0, "Tag or Untag Users, Companies & Leads"; intercom-java 2.x
    /// `Tag.tag`, which has the name as well.
    TagCompanies: companies of CompanyHandle as "companies",
    /// `POST /tags` with companies and `untag`: takes the tag off companies.
    ///
    /// Source: intercom-node 3.x `Tag.untagCompanies`; intercom-java 2.x `Tag.tag`.
    UntagCompanies: companies of CompanyHandle as "untagged_companies",
}

/// `DELETE /tags/{tag_id}`: deletes the tag and takes it off everything.
///
/// Source: intercom-go v2 `TagAPI.delete`, which reads no answer.
#[derive(Clone, PartialEq)]
pub struct DeleteTag {
    /// `tag_id`.
    pub tag_id: TagId,
}

impl DeleteTag {
    /// With what has to be sent.
    pub fn new(tag_id: TagId) -> Self {
        Self { tag_id }
    }
}

operation! { DeleteTag(Idempotent, Delete, "/tags/{tag_id}": tag_id) -> () }
opaque_debug!(DeleteTag { tag_id });

/// `GET /tags`: all tags at once.
///
/// Source: intercom-go v2 `TagAPI.list` and `tags.json`; intercom-java 2.x `Tag.list`.
#[derive(Clone, Default, PartialEq)]
pub struct ListTags;

operation! { ListTags(Read, Get, "/tags") -> TagList }
paged! { ListTags: Single, "tags" of Tag }
opaque_debug!(ListTags);

object! {
    /// A tag, on a conversation with who applied it and when; on a person only its id is sure.
    ///
    /// Source: reference 1.0, "Tag or Untag Users, Companies & Leads"; reference 1.4, "List
    /// Conversations", for who and when.
    pub struct Tag [id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: TagId,
        /// `name`.
        name: String,
        /// `applied_at`, unix seconds.
        applied_at: Timestamp,
        /// `applied_by`.
        applied_by: Participant,
    }
}

object! {
    /// All tags, or the tags of something.
    ///
    /// Source: reference 1.1, "User Model"; intercom-go v2 `TagList`.
    pub struct TagList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `tags`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        tags: Vec<Tag>,
    }
}

/// One who loses the tag.
#[derive(Serialize)]
struct Untagged<T: Serialize> {
    #[serde(flatten)]
    target: T,
    untag: bool,
}

impl<T: Serialize> Untagged<T> {
    fn new(target: T) -> Self {
        Self { target, untag: true }
    }
}

fn people<S: Serializer>(users: &[ContactHandle], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(users.iter().map(Subject))
}

fn untagged_people<S: Serializer>(
    users: &[ContactHandle],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(users.iter().map(Subject).map(Untagged::new))
}

fn companies<S: Serializer>(companies: &[CompanyHandle], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(companies)
}

fn untagged_companies<S: Serializer>(
    companies: &[CompanyHandle],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(companies.iter().map(Untagged::new))
}
