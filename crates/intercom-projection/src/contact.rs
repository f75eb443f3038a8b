//! A contact as the rest of the toolkit sees it.

use chrono::{DateTime, Utc};
use intercom_api::contacts::{Contact, ContactRole};
use intercom_api::{Attributes, ContactId};
use intercom_engagement::MemberProfile;
use serde::{Deserialize, Serialize};

use crate::names::{AttributeNames, Reader};
use crate::oddity::{Oddities, Projected};
use crate::redact::opaque_debug;
use crate::scalar::{self, present};
use crate::stripe::{StripeFacts, stripe};
use crate::{Email, NoEmail, OddityCode};

/// What is known about a contact.
///
/// `Debug` shows the id and role only: the rest is personal, or what the workspace wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactFacts {
    /// The id.
    pub id: ContactId,
    /// The id in the customer's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// User or lead.
    pub role: Role,
    /// The address to match by, or why there is none.
    pub email: Result<Email, NoEmail>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The country last seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The city last seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// When the contact was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When the contact last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// When the contact was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The billing side.
    #[serde(default, skip_serializing_if = "StripeFacts::is_nothing")]
    pub stripe: StripeFacts,
    /// The coaching side.
    #[serde(default, skip_serializing_if = "MemberFacts::is_nothing")]
    pub member: MemberFacts,
}

opaque_debug!(ContactFacts, |it| { id: it.id, role: it.role, updated_at: it.updated_at });

/// User or lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Known by an id or address.
    User,
    /// Anyone else.
    Lead,
}

/// What is known about a contact who is coached.
///
/// `Debug` shows none of it: it is personal, or what the workspace wrote.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFacts {
    /// Name, address and client, as reports show them.
    pub profile: MemberProfile,
    /// When the member enrolled; a date is its first second in UTC.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// When the last session took place, as the workspace records it.
    pub last_session_at: Option<DateTime<Utc>>,
    /// How engaged the member is, as the workspace records it.
    pub engagement_status: Option<String>,
}

opaque_debug!(MemberFacts);

impl MemberFacts {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads a contact; `id` is what the caller knows it by.
#[must_use]
pub fn contact(
    id: &ContactId,
    contact: &Contact,
    names: &AttributeNames,
) -> Projected<ContactFacts> {
    let mut oddities = Oddities::default();
    let no_attributes = Attributes::default();
    let attributes = contact.custom_attributes.as_ref().unwrap_or(&no_attributes);
    let location = contact.location.as_ref();
    let facts = ContactFacts {
        id: id.clone(),
        external_id: text(contact.external_id.as_deref()),
        role: match contact.role {
            Some(ContactRole::User) => Role::User,
            Some(ContactRole::Lead | ContactRole::Other(_)) | None => Role::Lead,
        },
        email: email(contact.email.as_deref(), &mut oddities),
        name: text(contact.name.as_deref()),
        country: text(location.and_then(|location| location.country.as_deref())),
        city: text(location.and_then(|location| location.city.as_deref())),
        created_at: oddities.instant("created_at", contact.created_at),
        updated_at: oddities.instant("updated_at", contact.updated_at),
        last_seen_at: oddities.instant("last_seen_at", contact.last_seen_at),
        stripe: stripe(attributes, names, &mut oddities),
        member: member(contact, attributes, names, &mut oddities),
    };
    oddities.with(facts)
}

fn text(text: Option<&str>) -> Option<String> {
    text.and_then(present).map(str::to_owned)
}

fn email(address: Option<&str>, oddities: &mut Oddities) -> Result<Email, NoEmail> {
    let email = address.unwrap_or_default().parse();
    if email == Err(NoEmail::Invalid) {
        oddities.add(format_args!("email"), OddityCode::InvalidEmail);
    }
    email
}

fn member(
    contact: &Contact,
    attributes: &Attributes,
    names: &AttributeNames,
    oddities: &mut Oddities,
) -> MemberFacts {
    let mut reader = Reader { attributes, oddities };
    MemberFacts {
        profile: MemberProfile {
            name: text(contact.name.as_deref()),
            email: text(contact.email.as_deref()),
            client: reader.read(&names.employer, scalar::text),
        },
        enrolled_at: reader.read(&names.enrolled_at, scalar::instant),
        last_session_at: reader.read(&names.last_session_at, scalar::instant),
        engagement_status: reader.read(&names.engagement_status, scalar::text),
    }
}
