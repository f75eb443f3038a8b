//! Counts of users, companies and conversations, gone in 2.0.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attributes::Extra;
use crate::id::AdminId;
use crate::redact::opaque_debug;
use crate::v1::call::{object, operation, set_query};

/// `GET /counts`: how many users, leads, companies, tags and segments there are.
///
/// Source: the undated reference, "App Total Count Model"; intercom-java 2.x `Counts.appTotals`.
#[derive(Clone, Default, PartialEq)]
pub struct RetrieveAppCounts;

operation! { RetrieveAppCounts(Read, Get, "/counts") -> AppCounts }
opaque_debug!(RetrieveAppCounts);

/// What [`RetrieveCounts`] counts.
///
/// Source: intercom-node, `counts.js`; references 1.1 to 1.3, "Counts".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Conversations: open, closed, assigned, unassigned.
    Conversations,
    /// Open and closed conversations of each admin.
    ConversationsByAdmin,
    /// Users and leads of each tag.
    UsersByTag,
    /// Users and leads of each segment.
    UsersBySegment,
    /// Companies of each tag.
    CompaniesByTag,
    /// Companies of each segment.
    CompaniesBySegment,
    /// Users of each company.
    CompaniesByUser,
}

impl Counted {
    fn parameters(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Conversations => ("conversation", None),
            Self::ConversationsByAdmin => ("conversation", Some("admin")),
            Self::UsersByTag => ("user", Some("tag")),
            Self::UsersBySegment => ("user", Some("segment")),
            Self::CompaniesByTag => ("company", Some("tag")),
            Self::CompaniesBySegment => ("company", Some("segment")),
            Self::CompaniesByUser => ("company", Some("user")),
        }
    }
}

/// `GET /counts` of one kind.
///
/// Source: intercom-node, `counts.js`; reference 1.2, "Company User/Segment/Tag Count Model", for
/// pages.
#[derive(Clone, PartialEq)]
pub struct RetrieveCounts {
    /// What is counted.
    pub counted: Counted,
    /// `page`, from 1; of companies.
    pub page: Option<i64>,
    /// `per_page`; of companies.
    pub per_page: Option<i64>,
}

impl RetrieveCounts {
    /// With what has to be sent.
    pub fn new(counted: Counted) -> Self {
        Self { counted, page: None, per_page: None }
    }
}

operation! {
    RetrieveCounts(Read, Get, "/counts") -> Counts;
    |call, request| {
        let (kind, count) = call.counted.parameters();
        request.set_query("type", kind);
        set_query(request, "count", count.as_ref());
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
opaque_debug!(RetrieveCounts { counted });

object! {
    /// How many there are of everything; archived tags and segments are among them.
    ///
    /// Source: the undated reference, "App Total Count Model".
    pub struct AppCounts {
        /// `type`: `count.hash`.
        #[serde(rename = "type")]
        kind: String,
        /// `company`.
        company: Total,
        /// `user`.
        user: Total,
        /// `lead`.
        lead: Total,
        /// `tag`.
        tag: Total,
        /// `segment`.
        segment: Total,
    }
}

object! {
    /// How many there are.
    ///
    /// Source: the undated reference, "App Total Count Model".
    pub struct Total {
        /// `count`.
        count: i64,
    }
}

object! {
    /// Counts of one kind; the others are absent.
    ///
    /// Source: reference 1.1 and 1.2, "Counts". Of companies by tag, `pages` stands inside of
    /// another `pages`, so it is left as it comes.
    pub struct Counts {
        /// `type`: `count`.
        #[serde(rename = "type")]
        kind: String,
        /// `conversation`.
        conversation: ConversationCounts,
        /// `user`.
        user: NamedCounts,
        /// `company`.
        company: NamedCounts,
        /// `pages`.
        pages: Value,
    }
}

object! {
    /// Counts of conversations; open ones include snoozed ones.
    ///
    /// Source: reference 1.3, "Conversation Count Model", and 1.1, "Admin Conversations Count
    /// Model".
    pub struct ConversationCounts {
        /// `open`.
        open: i64,
        /// `closed`.
        closed: i64,
        /// `assigned`.
        assigned: i64,
        /// `unassigned`.
        unassigned: i64,
        /// `admin`, when counted by admin.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        admin: Vec<AdminCounts>,
    }
}

object! {
    /// The conversations of one admin.
    ///
    /// Source: reference 1.1, "Admin Conversations Count Model".
    pub struct AdminCounts [id] {
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: AdminId,
        /// `name`.
        name: String,
        /// `open`.
        open: i64,
        /// `closed`.
        closed: i64,
    }
}

object! {
    /// Counts by name.
    ///
    /// Source: reference 1.2, "Company User/Segment/Tag Count Model" and "User Segment/Tag Count
    /// Model".
    pub struct NamedCounts {
        /// `tag`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        tag: Vec<NamedCount>,
        /// `segment`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        segment: Vec<NamedCount>,
        /// `user`; the names are those of companies.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        user: Vec<NamedCount>,
    }
}

/// One count, as an object whose key is the name of a tag, segment or company.
///
/// Source: reference 1.2, "Company User/Segment/Tag Count Model"; intercom-java 2.x
/// `CountItemDeserializer`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NamedCount(pub Extra);

opaque_debug!(NamedCount);

impl NamedCount {
    /// The name and the count; `None` when there is no number.
    pub fn entry(&self) -> Option<(&str, i64)> {
        self.0.iter().find_map(|(name, count)| Some((name.as_str(), count.as_i64()?)))
    }

    /// What the customer's own system calls the company.
    pub fn remote_company_id(&self) -> Option<&str> {
        self.0.get("remote_company_id")?.as_str()
    }
}
