//! Companies, also inside of users and leads.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Number;

use crate::attributes::{Attributes, Extra};
use crate::id::{CompanyId, Id, SegmentId, TagId, WorkspaceId};
use crate::lenient::TextOr;
use crate::operation::Safety;
use crate::redact::opaque_debug;
use crate::request::Request;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::person::{Pages, Person};
use crate::v1::segments::SegmentList;
use crate::v1::tags::TagList;
use crate::v1::users::UserList;

/// A company by one of the three things that identify it.
///
/// `Debug` shows Intercom's id only.
///
/// Source: reference 1.0, "View a Company"; intercom-java 2.x `Tag.tag` for tagging by name.
#[derive(Clone, PartialEq, Eq)]
pub enum CompanyHandle {
    /// Intercom's id.
    Id(CompanyId),
    /// The `company_id`: what the customer's own system calls the company.
    CompanyId(String),
    /// The name.
    Name(String),
}

impl CompanyHandle {
    fn entry(&self) -> (&'static str, &str) {
        match self {
            Self::Id(id) => ("id", id.as_str()),
            Self::CompanyId(id) => ("company_id", id),
            Self::Name(name) => ("name", name),
        }
    }
}

impl std::fmt::Debug for CompanyHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "Id({id})"),
            Self::CompanyId(_) => f.write_str("CompanyId(..)"),
            Self::Name(_) => f.write_str("Name(..)"),
        }
    }
}

impl Serialize for CompanyHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = self.entry();
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, value)?;
        map.end()
    }
}

/// `POST /companies`: creates the company or updates the one of that `company_id`.
///
/// Source: reference 1.3, "Company Model", for the fields; intercom-go v2 `requestCompany` and
/// intercom-java 2.x `CompanyWithStringPlan` for what is sent, the plan as a name among it; the
/// legacy event transformation for spend with a fraction.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct CreateOrUpdateCompany {
    /// `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<CompanyId>,
    /// `company_id`: what the customer's own system calls the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<Id>,
    /// `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `plan`, its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// `monthly_spend`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_spend: Option<Number>,
    /// `size`: how many work there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `website`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// `industry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// `remote_created_at`, unix seconds: when the customer's own system knew it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_created_at: Option<Timestamp>,
    /// `custom_attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Attributes>,
    /// Further fields of the body: unknown ones, and null for one to be cleared.
    #[serde(flatten)]
    pub extra: Extra,
}

operation! {
    CreateOrUpdateCompany(Idempotent, Post, "/companies") -> Company;
    |call, request| {
        if call.id.is_none() && call.company_id.is_none() {
            request.safety = Safety::Once;
        }
        request.set_json(call)?;
    }
}
opaque_debug!(CreateOrUpdateCompany { id });

/// `GET /companies/{company_id}` with Intercom's id, or `GET /companies` with the customer's own or
/// the name; all three answer with one company.
///
/// Source: reference 1.0, "View a Company"; intercom-go v2 `CompanyAPI.find`.
#[derive(Clone, PartialEq)]
pub struct RetrieveCompany {
    /// Which company.
    pub company: CompanyHandle,
}

impl RetrieveCompany {
    /// With what has to be sent.
    pub fn new(company: CompanyHandle) -> Self {
        Self { company }
    }
}

operation! { @implement RetrieveCompany Read Company |call, version| {
    if let CompanyHandle::Id(id) = &call.company {
        let endpoint = operation!(@endpoint Get "/companies/{company_id}");
        return Request::new(&endpoint, version, &[id]);
    }
    let endpoint = operation!(@endpoint Get "/companies");
    let mut request = Request::new(&endpoint, version, &[])?;
    let (name, value) = call.company.entry();
    request.set_query(name, value);
    Ok(request)
}}
opaque_debug!(RetrieveCompany { company });

/// `GET /companies`: the companies that have users.
///
/// Source: reference 1.0, "List by Tag or Segment", which excludes both at once; intercom-go v2,
/// README, "List".
#[derive(Clone, Default, PartialEq)]
pub struct ListCompanies {
    /// `tag_id`.
    pub tag_id: Option<TagId>,
    /// `segment_id`.
    pub segment_id: Option<SegmentId>,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`: at most 60, 50 by default.
    pub per_page: Option<i64>,
}

operation! {
    ListCompanies(Read, Get, "/companies") -> CompanyList;
    |call, request| {
        set_query(request, "tag_id", call.tag_id.as_ref());
        set_query(request, "segment_id", call.segment_id.as_ref());
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListCompanies: NextUrl, "companies" of Company }
opaque_debug!(ListCompanies);

/// `GET /companies/scroll`: all companies, a hundred at a time, until a page is empty.
///
/// Source: intercom-go v2 `CompanyAPI.scroll`; intercom-java 2.x `ScrollableCompanyCollection`.
#[derive(Clone, Default, PartialEq)]
pub struct ScrollCompanies {
    /// `scroll_param` of the page before; none to begin.
    pub scroll_param: Option<String>,
}

operation! {
    ScrollCompanies(Once, Get, "/companies/scroll") -> CompanyList;
    |call, request| { set_query(request, "scroll_param", call.scroll_param.as_ref()); }
}
paged! { ScrollCompanies: Scroll, "companies" of Company }
opaque_debug!(ScrollCompanies);

/// `GET /companies/{company_id}/users`: the users and leads of a company, by Intercom's id of it.
///
/// Source: reference 1.4, "List Company Users".
#[derive(Clone, PartialEq)]
pub struct ListCompanyUsers {
    /// Intercom's id of the company.
    pub company_id: CompanyId,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`: at most 60, 50 by default.
    pub per_page: Option<i64>,
}

impl ListCompanyUsers {
    /// With what has to be sent.
    pub fn new(company_id: CompanyId) -> Self {
        Self { company_id, page: None, per_page: None }
    }
}

operation! {
    ListCompanyUsers(Read, Get, "/companies/{company_id}/users": company_id) -> UserList;
    |call, request| {
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListCompanyUsers: NextUrl, "users" of Person }
opaque_debug!(ListCompanyUsers { company_id });

/// `GET /companies` with a `type`: the users and leads of a company, by the customer's own id.
///
/// Source: reference 1.4, "List Company Users", whose table and sample send the type `user`; its
/// text and intercom-java 2.x say `users`.
#[derive(Clone, PartialEq)]
pub struct ListUsersByCompanyId {
    /// `company_id`: what the customer's own system calls the company.
    pub company_id: Id,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`: at most 60, 50 by default.
    pub per_page: Option<i64>,
}

impl ListUsersByCompanyId {
    /// With what has to be sent.
    pub fn new(company_id: Id) -> Self {
        Self { company_id, page: None, per_page: None }
    }
}

operation! {
    ListUsersByCompanyId(Read, Get, "/companies") -> UserList;
    |call, request| {
        set_query(request, "company_id", Some(&call.company_id));
        request.set_query("type", "user");
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListUsersByCompanyId: NextUrl, "users" of Person }
opaque_debug!(ListUsersByCompanyId);

object! {
    /// A company that a user or lead is attached to or detached from, created or updated with it.
    ///
    /// Source: reference 1.1, "Create or Update User"; intercom-go v2 `UserCompany` and README for
    /// `remove`; intercom-java 2.x `CompanyWithStringPlan`; the legacy event transformation for
    /// industry and for numbers as ids.
    pub struct UserCompany [id] {
        /// `id`: Intercom's.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: CompanyId,
        /// `company_id`: what the customer's own system calls the company.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        company_id: Id,
        /// `name`.
        name: String,
        /// `plan`, its name.
        plan: String,
        /// `monthly_spend`.
        monthly_spend: Number,
        /// `size`.
        size: i64,
        /// `website`.
        website: String,
        /// `industry`.
        industry: String,
        /// `remote_created_at`, unix seconds.
        remote_created_at: Timestamp,
        /// `custom_attributes`.
        custom_attributes: Attributes,
        /// `remove`: detaches the person from the company.
        remove: bool,
    }
}

object! {
    /// A company. Inside of a person only its ids and name are sent.
    ///
    /// Source: reference 1.3, "Company Model"; intercom-java 2.x, `company.json`. The plan is a
    /// name in the model's sample, an object in "View a Company" and in intercom-java; the spend is
    /// a whole number in intercom-go v2, a fraction in intercom-java.
    pub struct Company [id, app_id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`: Intercom's.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: CompanyId,
        /// `company_id`: what the customer's own system calls the company.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        company_id: Id,
        /// `app_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        app_id: WorkspaceId,
        /// `name`.
        name: String,
        /// `plan`.
        plan: TextOr<Plan>,
        /// `size`.
        size: i64,
        /// `website`.
        website: String,
        /// `industry`.
        industry: String,
        /// `monthly_spend`.
        monthly_spend: Number,
        /// `session_count`.
        session_count: i64,
        /// `user_count`.
        user_count: i64,
        /// `created_at`, unix seconds: when Intercom first knew the company.
        created_at: Timestamp,
        /// `remote_created_at`, unix seconds: when the customer's own system knew it first.
        remote_created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `last_request_at`, unix seconds.
        last_request_at: Timestamp,
        /// `tags`.
        tags: TagList,
        /// `segments`.
        segments: SegmentList,
        /// `custom_attributes`.
        custom_attributes: Attributes,
    }
}

object! {
    /// The plan of a company.
    ///
    /// Source: reference 1.0, "View a Company"; intercom-java 2.x, `company.json`.
    pub struct Plan [id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `name`.
        name: String,
    }
}

object! {
    /// A page of companies, or the companies of a person.
    ///
    /// Source: reference 1.3, "Company Model"; reference 1.1, "User Model".
    pub struct CompanyList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `companies`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        companies: Vec<Company>,
        /// `total_count`.
        total_count: i64,
        /// `pages`.
        pages: Pages,
        /// `scroll_param`, of a scroll.
        scroll_param: String,
    }
}
