//! A user or lead as 1.4 shows it.

use serde_json::{Map, Value};

use crate::json::{self, Object};
use crate::routes::Call;
use crate::routes::v1::subject::lead_user_id;
use crate::workspace::contact::{Contact, Role};
use crate::workspace::table::Slot;

/// Leads without a name go by a colour and a thing.
const COLOURS: [&str; 8] =
    ["Amber", "Blue", "Coral", "Green", "Indigo", "Olive", "Silver", "Violet"];
const THINGS: [&str; 8] =
    ["Anchor", "Bicycle", "Compass", "Guitar", "Kettle", "Lantern", "Notebook", "Umbrella"];

/// Fields that are the same in 2.x, with what they hold when they are absent.
const SAME: [(&str, Value); 8] = [
    ("unsubscribed_from_emails", Value::Bool(false)),
    ("has_hard_bounced", Value::Bool(false)),
    ("referrer", Value::Null),
    ("utm_campaign", Value::Null),
    ("utm_content", Value::Null),
    ("utm_medium", Value::Null),
    ("utm_source", Value::Null),
    ("utm_term", Value::Null),
];

/// How 1.4 calls what a person is.
pub(super) const fn kind(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Lead => "contact",
    }
}

/// Appends a person.
pub(super) fn render(call: &Call<'_>, out: &mut Vec<u8>, slot: Slot) {
    let Some(contact) = call.workspace.contacts.get(slot) else {
        return out.extend_from_slice(b"null");
    };
    let fields = contact.body.to_map();
    json::object(out, |object| {
        write_identity(object, contact, &fields);
        object.field("app_id", &*call.workspace.profile.id_code);
        object.field("owner_id", &contact.owner_id.map(|id| id.to_string()));
        write_instants(object, contact, &fields);
        let visits = contact.visits.as_deref();
        object.field("last_seen_ip", &visits.and_then(|visits| visits.last_ip.as_deref()));
        object.field("user_agent_data", &visits.and_then(|visits| visits.user_agent.as_deref()));
        object.field("session_count", &visits.map_or(0, |visits| visits.n_sessions));
        for (name, default) in &SAME {
            object.field(name, fields.get(*name).unwrap_or(default));
        }
        object.field("do_not_track", &Value::Null);
        write_location(object, fields.get("location"));
        write_social_profiles(object, fields.get("social_profiles"));
        write_lists(object, call, contact);
        let none = Value::Object(Map::new());
        object.field("custom_attributes", fields.get("custom_attributes").unwrap_or(&none));
    });
}

fn write_identity(object: &mut Object<'_>, contact: &Contact, fields: &Map<String, Value>) {
    object.field("type", kind(contact.role)).field("id", &*contact.id);
    match (contact.role, &contact.external_id) {
        (Role::Lead, None) => object.field("user_id", &lead_user_id(&contact.id)),
        (_, external_id) => object.field("user_id", external_id),
    };
    object.field("anonymous", &(contact.role == Role::Lead)).field("email", &contact.email);
    object.field("phone", &fields.get("phone")).field("name", &fields.get("name"));
    let is_nameless = contact.role == Role::Lead && contact.name().is_none();
    object.field("pseudonym", &is_nameless.then(|| pseudonym(&contact.id)));
    object.object("avatar", |avatar| {
        let url = fields.get("avatar").and_then(|avatar| avatar.get("image_url"));
        avatar.field("type", "avatar").field("image_url", &url);
    });
}

fn pseudonym(id: &str) -> String {
    let sum = id.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{} {}", COLOURS[sum % 8], THINGS[sum / 8 % 8])
}

fn write_instants(object: &mut Object<'_>, contact: &Contact, fields: &Map<String, Value>) {
    let signed_up_at = fields.get("signed_up_at");
    object.field("created_at", &contact.created_at).field("signed_up_at", &signed_up_at);
    object.field("remote_created_at", &signed_up_at).field("updated_at", &contact.updated_at);
    object.field("last_request_at", &fields.get("last_seen_at"));
}

fn write_location(object: &mut Object<'_>, location: Option<&Value>) {
    let of = |name: &str| location.and_then(|location| location.get(name));
    object.object("location_data", |data| {
        data.field("type", "location_data").field("city_name", &of("city"));
        data.field("continent_code", &of("continent_code"));
        data.field("country_code", &of("country_code")).field("country_name", &of("country"));
        data.field("region_name", &of("region"));
        for name in ["latitude", "longitude", "postal_code", "timezone"] {
            data.field(name, &Value::Null);
        }
    });
}

fn write_social_profiles(object: &mut Object<'_>, profiles: Option<&Value>) {
    let list = profiles.and_then(|profiles| profiles.get("data")).and_then(Value::as_array);
    object.object("social_profiles", |profiles| {
        profiles.field("type", "social_profile.list");
        profiles.list("social_profiles", list.into_iter().flatten(), |out, profile| {
            json::object(out, |object| {
                object.field("type", "social_profile");
                for name in ["name", "id", "username", "url"] {
                    object.field(name, &profile.get(name));
                }
            });
        });
    });
}

fn write_lists(object: &mut Object<'_>, call: &Call<'_>, contact: &Contact) {
    let workspace = &*call.workspace;
    object.object("companies", |list| {
        let companies = contact.companies.iter().filter_map(|slot| workspace.companies.get(*slot));
        list.field("type", "company.list").list("companies", companies, |out, company| {
            json::object(out, |object| {
                object.field("type", "company").field("company_id", &company.company_id);
                object.field("id", &*company.id).field("name", &company.name);
            });
        });
    });
    object.object("segments", |list| {
        let segments = workspace.segments.iter();
        let own = segments.filter(|s| workspace.belongs(contact, s.membership, call.now));
        list.field("type", "segment.list").list("segments", own, |out, segment| {
            json::object(out, |object| {
                object.field("type", "segment").field("id", &*segment.id);
            });
        });
    });
    object.object("tags", |list| {
        let tags = contact.tags.iter().filter_map(|applied| workspace.tags.get(applied.tag));
        list.field("type", "tag.list").list("tags", tags, |out, tag| {
            json::object(out, |object| tag.render(object));
        });
    });
}
