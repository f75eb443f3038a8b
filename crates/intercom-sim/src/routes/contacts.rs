//! Contacts: search, list, create, read, update, archive, delete.

use intercom_api::ApiVersion;
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::data_attributes::{self, Unknown};
use crate::routes::fields::{self, Takes};
use crate::routes::{Call, merging, pages};
use crate::search::cursor::SortUnit;
use crate::search::fields::{
    CONTACT_FIELDS, CONTACT_RULES_BY_DAY, CONTACT_RULES_BY_SECOND, Column,
};
use crate::search::filter::Source;
use crate::search::grammar::{Attributes, Grammar, Precision};
use crate::search::{Page, PageLimits, Search, Sort, read_cursor};
use crate::simulator::DateMode;
use crate::workspace::catalogue::Model;
use crate::workspace::contact::{Contact, Role};
use crate::workspace::misfit;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 50, max: 150 };

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let by_second =
        call.settings.date_mode == DateMode::Second || call.version == ApiVersion::Preview;
    let grammar = Grammar {
        fields: CONTACT_FIELDS,
        rules: if by_second { CONTACT_RULES_BY_SECOND } else { CONTACT_RULES_BY_DAY },
        precision: if by_second { Precision::Second } else { Precision::Day },
        attributes: Attributes::Custom(Model::Contact),
        version: call.version,
        workspace: call.workspace,
    };
    let search = Search::parse(&body, &grammar, PAGE, Column::CreatedAt)?;
    let page = search.page::<Contact>(call.workspace, call.now)?;
    Ok(answer(call, &page))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let per_page = call.query("per_page").map(Value::from);
    let cursor = call.query("starting_after").map(|c| read_cursor(c, SortUnit::Instant));
    let search = Search {
        filter: None,
        sort: Sort {
            source: Source::Column(Column::CreatedAt),
            unit: SortUnit::Instant,
            is_ascending: false,
        },
        per_page: PAGE.length(per_page.as_ref())?,
        cursor: cursor.transpose()?,
    };
    let page = search.page::<Contact>(call.workspace, call.now)?;
    Ok(answer(call, &page))
}

fn answer(call: &Call<'_>, page: &Page) -> Answer {
    Answer::object(|object| {
        object.field("type", "list");
        let contacts = page.slots.iter().filter_map(|slot| call.workspace.contacts.get(*slot));
        object.list("data", contacts, |out, contact| {
            call.workspace.render_contact(out, contact, call.version);
        });
        pages::by_cursor(object, page);
    })
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.parameter(0);
    let slot = call.workspace.find_contact(id).ok_or_else(|| merging::absent(call, id))?;
    render(call, slot)
}

pub(super) fn find_by_external_id(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let external_id = call.parameter(0);
    let found = call.workspace.contacts_by_external_id(external_id);
    let slot = call.workspace.first_active(found);
    let slot = slot.ok_or_else(|| merging::absent_external_id(call, external_id))?;
    render(call, slot)
}

fn render(call: &Call<'_>, slot: Slot) -> Result<Answer, Refusal> {
    let contact = call.workspace.contacts.get(slot).ok_or_else(|| Refusal::not_found("User"))?;
    Ok(Answer::ok(|out| call.workspace.render_contact(out, contact, call.version)))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let fields = writable(call, call.body()?)?;
    if !["email", "external_id", "role", "phone"].iter().any(|name| is_given(&fields, name)) {
        return Err(Refusal::missing("email, external_id or role"));
    }
    refuse_conflict(call, &fields, None)?;
    let slot = call.workspace.add_contact(fields, call.now)?;
    render(call, slot)
}

fn is_given(fields: &Map<String, Value>, name: &str) -> bool {
    !matches!(fields.get(name), None | Some(Value::Null))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let fields = writable(call, call.body()?)?;
    refuse_conflict(call, &fields, Some(slot))?;
    call.workspace.patch_contact(slot, fields, call.now)?;
    render(call, slot)
}

/// The fields of a body that clients may write; the rest is ignored, as the API does.
fn writable(call: &Call<'_>, mut body: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    const WRITABLE: &[&str] = &[
        "role",
        "external_id",
        "email",
        "phone",
        "name",
        "avatar",
        "signed_up_at",
        "last_seen_at",
        "owner_id",
        "unsubscribed_from_emails",
        "language_override",
        "custom_attributes",
    ];
    body.retain(|name, _| WRITABLE.contains(&name.as_str()));
    if let Some(attributes) = body.get("custom_attributes") {
        data_attributes::check(call.workspace, Model::Contact, attributes, Unknown::Refused)?;
    }
    checked(call, body)
}

/// What the fields of a person take.
const FIELDS: &[(&str, Takes)] = &[
    ("external_id", Takes::Text),
    ("email", Takes::Text),
    ("phone", Takes::Text),
    ("name", Takes::Text),
    ("signed_up_at", Takes::Instant),
    ("last_seen_at", Takes::Instant),
    ("owner_id", Takes::Whole),
    ("unsubscribed_from_emails", Takes::Flag),
    ("language_override", Takes::Text),
];

/// Fields of a person as they are stored: instants as numbers, the picture as an object.
pub(super) fn checked(
    call: &Call<'_>,
    mut body: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    fields::check(&mut body, FIELDS)?;
    if let Some(avatar) = body.get_mut("avatar").filter(|avatar| !avatar.is_null()) {
        let url = match avatar {
            Value::Object(fields) => fields.remove("image_url").unwrap_or_default(),
            _ => avatar.take(),
        };
        if !matches!(url, Value::String(_) | Value::Null) {
            let message = "avatar must be a string or an object with an image_url";
            return Err(Refusal::invalid(message).field("avatar"));
        }
        *avatar = serde_json::json!({"type": "avatar", "image_url": url});
    }
    let owner = body.get("owner_id").and_then(misfit::id);
    if owner.is_some_and(|owner| call.workspace.admin(&owner).is_none()) {
        return Err(Refusal::invalid("owner_id must be the id of an admin").field("owner_id"));
    }
    if let Some(role) = body.get("role")
        && !matches!(role.as_str(), Some("user" | "lead" | "contact" | "visitor"))
    {
        return Err(Refusal::invalid("role must be user or lead").field("role"));
    }
    if let Some(email) = body.get("email").and_then(Value::as_str)
        && !email.is_empty()
        && !email.contains('@')
    {
        return Err(Refusal::invalid("email is invalid").field("email"));
    }
    Ok(body)
}

/// External ids are unique; e-mails are unique among users, while leads may share one. What counts
/// is what the contact will be, so a lead with a user's e-mail cannot become a user.
fn refuse_conflict(
    call: &Call<'_>,
    fields: &Map<String, Value>,
    own: Option<Slot>,
) -> Result<(), Refusal> {
    let text = |name: &str| fields.get(name).and_then(misfit::id);
    let before = own.and_then(|slot| call.workspace.contacts.get(slot));
    let role = match (fields.get("role").and_then(Value::as_str), before) {
        (Some("user"), _) | (None, None) => Role::User,
        (Some(_), _) => Role::Lead,
        (None, Some(before)) => before.role,
    };
    // Users that share an e-mail since API 1.4 wrote it may still be changed otherwise.
    let becomes_user = before.is_some_and(|before| before.role != role);
    let email = match fields.contains_key("email") {
        true => text("email"),
        false => {
            before.filter(|_| becomes_user).and_then(|c| c.email.as_deref()).map(str::to_owned)
        }
    };
    let by_external_id = text("external_id").and_then(|external_id| {
        let mut others = call.workspace.contacts_by_external_id(&external_id);
        others.find(|slot| Some(*slot) != own)
    });
    let by_email = email.filter(|_| role == Role::User).and_then(|email| {
        let mut others = call.workspace.contacts_by_email(&email);
        others.find(|slot| {
            let other = call.workspace.contacts.get(*slot);
            Some(*slot) != own && other.is_some_and(|other| other.role == Role::User)
        })
    });
    let found = by_external_id.or(by_email).and_then(|slot| call.workspace.contacts.get(slot));
    let Some(Contact { id, is_archived, .. }) = found else { return Ok(()) };
    let kind = if *is_archived { "An archived contact" } else { "A contact" };
    let message = format!("{kind} matching those details already exists with id={id}");
    Err(Refusal::new(409, "conflict", message))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    // Archived contacts can be deleted too.
    let slot = call.workspace.contacts.find(call.parameter(0));
    let slot = slot.ok_or_else(|| Refusal::not_found("User"))?;
    let answer = receipt(call, slot, "deleted", true)?;
    call.workspace.delete_contact_at(slot, call.now);
    Ok(answer)
}

pub(super) fn archive(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    set_archived(call, slot, true);
    receipt(call, slot, "archived", true)
}

pub(super) fn unarchive(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.workspace.contacts.find(call.parameter(0));
    let slot = slot.ok_or_else(|| Refusal::not_found("User"))?;
    set_archived(call, slot, false);
    receipt(call, slot, "archived", false)
}

pub(super) fn set_archived(call: &mut Call<'_>, slot: Slot, is_archived: bool) {
    let now = call.now;
    call.workspace.contacts.change(slot, |contact| {
        contact.is_archived = is_archived;
        contact.updated_at = now;
    });
}

fn receipt(call: &Call<'_>, slot: Slot, outcome: &str, value: bool) -> Result<Answer, Refusal> {
    let contact = call.workspace.contacts.get(slot).ok_or_else(|| Refusal::not_found("User"))?;
    Ok(Answer::ok(|out| {
        json::object(out, |object| {
            object.field("type", "contact").field("id", &*contact.id);
            object.field("external_id", &contact.external_id).field(outcome, &value);
        });
    }))
}
