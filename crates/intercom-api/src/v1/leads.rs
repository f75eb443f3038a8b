//! Leads, which 1.x calls contacts.

use serde::Serialize;

use crate::attributes::{Attributes, Extra};
use crate::handle::ContactHandle;
use crate::id::{ContactId, SegmentId, TagId};
use crate::operation::Safety;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::companies::UserCompany;
use crate::v1::person::{Avatar, Pages, Person, UniqueHandle};

/// What can be written about a lead.
///
/// Source: reference 1.2, "Update Lead", and the undated "Leads Object"; intercom-java 2.x
/// `ContactUpdate` for avatar, session and last request.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct LeadFields {
    /// `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `phone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `avatar`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Avatar>,
    /// `last_request_at`, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_request_at: Option<Timestamp>,
    /// `update_last_request_at`: the lead was seen when the request arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_last_request_at: Option<bool>,
    /// `new_session`: adds one to the lead's sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_session: Option<bool>,
    /// `last_seen_ip`, from which the location is derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_ip: Option<String>,
    /// `last_seen_user_agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_user_agent: Option<String>,
    /// `unsubscribed_from_emails`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribed_from_emails: Option<bool>,
    /// `companies` to attach the lead to, or to detach it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<UserCompany>>,
    /// `custom_attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Attributes>,
    /// Further fields of the body: unknown ones, and null for one to be cleared.
    #[serde(flatten)]
    pub extra: Extra,
}

opaque_debug!(LeadFields);

/// `POST /contacts` without an id: creates a lead, a second one when repeated.
///
/// Source: reference 1.4, "Create Lead".
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct CreateLead {
    /// What is known of the lead.
    #[serde(flatten)]
    pub fields: LeadFields,
}

operation! { CreateLead(Once, Post, "/contacts") -> Person; body }
opaque_debug!(CreateLead);

/// `POST /contacts` with an id: updates a lead, and creates none.
///
/// May be repeated unless it counts a session.
///
/// Source: reference 1.2, "Update Lead"; intercom-go v2, README, "Contacts".
#[derive(Clone, PartialEq, Serialize)]
pub struct UpdateLead {
    /// Which lead.
    #[serde(flatten)]
    pub lead: UniqueHandle,
    /// What changes.
    #[serde(flatten)]
    pub fields: LeadFields,
}

impl UpdateLead {
    /// With what has to be sent.
    pub fn new(lead: UniqueHandle) -> Self {
        Self { lead, fields: LeadFields::default() }
    }
}

operation! {
    UpdateLead(Idempotent, Post, "/contacts") -> Person;
    |call, request| {
        if call.fields.new_session == Some(true) {
            request.safety = Safety::Once;
        }
        request.set_json(call)?;
    }
}
opaque_debug!(UpdateLead { lead });

/// `GET /contacts` with a `user_id`, or `GET /contacts/{lead_id}` with Intercom's id.
///
/// The leads who share an e-mail address are a list: [`ListLeads::email`].
///
/// Source: reference 1.4, "View a Lead".
#[derive(Clone, PartialEq)]
pub struct RetrieveLead {
    /// Which lead.
    pub lead: UniqueHandle,
}

impl RetrieveLead {
    /// With what has to be sent.
    pub fn new(lead: UniqueHandle) -> Self {
        Self { lead }
    }
}

operation! { RetrieveLead(Read, Get, "/contacts" or "/contacts/{lead_id}" by lead) -> Person }
opaque_debug!(RetrieveLead { lead });

/// `GET /contacts`: leads, the latest first.
///
/// Source: reference 1.4, "List Leads", which names the parameters of the list of users less the
/// sorting; intercom-go v2 `contactListParams`; intercom-java 2.x `Contact.listByEmail`.
#[derive(Clone, Default, PartialEq)]
pub struct ListLeads {
    /// `email`.
    pub email: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
    /// `tag_id`.
    pub tag_id: Option<TagId>,
    /// `segment_id`.
    pub segment_id: Option<SegmentId>,
    /// `created_since`, in days before today.
    pub created_since: Option<i64>,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`: at most 60, 50 by default.
    pub per_page: Option<i64>,
}

operation! {
    ListLeads(Read, Get, "/contacts") -> LeadList;
    |call, request| {
        set_query(request, "email", call.email.as_ref());
        set_query(request, "phone", call.phone.as_ref());
        set_query(request, "tag_id", call.tag_id.as_ref());
        set_query(request, "segment_id", call.segment_id.as_ref());
        set_query(request, "created_since", call.created_since.as_ref());
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListLeads: NextUrl, "contacts" of Person }
opaque_debug!(ListLeads);

/// `GET /contacts/scroll`: all leads, a hundred at a time, until a page is empty.
///
/// Source: reference 1.0, "Scroll over all leads"; intercom-go v2 and intercom-java 2.x for the
/// key `contacts`: the reference's text has it too, its sample answer says `users`.
#[derive(Clone, Default, PartialEq)]
pub struct ScrollLeads {
    /// `scroll_param` of the page before; none to begin.
    pub scroll_param: Option<String>,
}

operation! {
    ScrollLeads(Once, Get, "/contacts/scroll") -> LeadList;
    |call, request| { set_query(request, "scroll_param", call.scroll_param.as_ref()); }
}
paged! { ScrollLeads: Scroll, "contacts" of Person }
opaque_debug!(ScrollLeads);

/// `DELETE /contacts/{lead_id}`: archives the lead, and answers with it.
///
/// Source: intercom-go v2 `ContactAPI.delete`; intercom-java 2.x `Contact.delete`.
#[derive(Clone, PartialEq)]
pub struct DeleteLead {
    /// `lead_id`: Intercom's id.
    pub lead_id: ContactId,
}

impl DeleteLead {
    /// With what has to be sent.
    pub fn new(lead_id: ContactId) -> Self {
        Self { lead_id }
    }
}

operation! { DeleteLead(Idempotent, Delete, "/contacts/{lead_id}": lead_id) -> Person }
opaque_debug!(DeleteLead { lead_id });

/// `POST /contacts/convert`: makes a user of a lead, or merges the lead into an existing user.
///
/// Answers with the user. The lead's identifiers are gone; its e-mail address stays unless the
/// user exists.
///
/// Source: reference 1.4, "Convert a Lead"; intercom-java 2.x `ContactConvert`.
#[derive(Clone, PartialEq, Serialize)]
pub struct ConvertLead {
    /// Which lead.
    #[serde(rename = "contact")]
    pub lead: UniqueHandle,
    /// Which user, existing or not.
    #[serde(serialize_with = "crate::handle::as_subject")]
    pub user: ContactHandle,
}

impl ConvertLead {
    /// With what has to be sent.
    pub fn new(lead: UniqueHandle, user: ContactHandle) -> Self {
        Self { lead, user }
    }
}

operation! { ConvertLead(Once, Post, "/contacts/convert") -> Person; body }
opaque_debug!(ConvertLead { lead, user });

object! {
    /// A page of leads.
    ///
    /// Source: reference 1.4, "List Leads"; see [`ScrollLeads`] for a scroll.
    pub struct LeadList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `contacts`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        contacts: Vec<Person>,
        /// `total_count`.
        total_count: i64,
        /// `limited`.
        limited: bool,
        /// `pages`.
        pages: Pages,
        /// `scroll_param`, of a scroll.
        scroll_param: String,
    }
}
