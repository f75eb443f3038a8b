//! What takes contacts out of sight for good: merging and blocking.

use intercom_api::ApiVersion;
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::{Call, required_id};
use crate::search::PageLimits;
use crate::workspace::activity::ActivityKind;
use crate::workspace::contact::{Contact, Role};
use crate::workspace::merge::Merged;

const PAGE: PageLimits = PageLimits { default: 50, max: 150 };

/// The version from which merges are refused unless the contacts are alike, and traced after.
const TRACED_SINCE: ApiVersion = ApiVersion::V2_16;

pub(super) fn merge(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let (from, into) = (required_id(&body, "from")?, required_id(&body, "into")?);
    let lead = named(call, &from)?;
    let user = named(call, &into)?;
    let refusal = if lead.role != Role::Lead || user.role != Role::User {
        Some("only a lead can be merged, and only into a user")
    } else if call.version >= TRACED_SINCE && !skips_check(&body) && !is_duplicate(lead, user) {
        Some("the contacts share neither their e-mail nor their phone")
    } else {
        None
    };
    if let Some(message) = refusal {
        let lead = lead.clone();
        call.workspace.note_merge(ActivityKind::MergeFailed, (&from, &into), &lead, call.now);
        return Err(invalid_merge(message));
    }
    let merged = call.workspace.merge_contacts(&from, &into, call.now);
    merged.map_err(|_| Refusal::not_found("User"))?;
    let with_history =
        call.version >= TRACED_SINCE && call.query("include_merge_history") == Some("true");
    let contact = named(call, &into)?;
    let mut out = Vec::new();
    call.workspace.render_contact(&mut out, contact, call.version);
    if !with_history {
        return Ok(Answer::json(out));
    }
    Ok(Answer::object(|object| {
        object.splice(&out);
        let merged = call.workspace.merged_into(&into);
        object.list("merge_history", merged, |out, (from, merged)| render(out, from, merged));
    }))
}

fn render(out: &mut Vec<u8>, from: &str, merged: &Merged) {
    json::object(out, |entry| {
        entry.field("type", "merge_history").field("source_contact_id", from);
        entry.field("source_contact_role", merged.role.as_str());
        entry.field("merged_at", &merged.merged_at);
    });
}

fn named<'c>(call: &'c Call<'_>, id: &str) -> Result<&'c Contact, Refusal> {
    let slot = call.workspace.find_contact(id);
    let contact = slot.and_then(|slot| call.workspace.contacts.get(slot));
    contact.ok_or_else(|| Refusal::not_found("User"))
}

fn invalid_merge(message: &str) -> Refusal {
    Refusal::new(400, "invalid_merge", message)
}

fn skips_check(body: &Map<String, Value>) -> bool {
    body.get("skip_duplicate_validation") == Some(&Value::Bool(true))
}

fn is_duplicate(lead: &Contact, user: &Contact) -> bool {
    let shares_email = match (&lead.email, &user.email) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        _ => false,
    };
    let phone = |contact: &Contact| contact.body.pick(&["phone"]);
    shares_email || phone(lead).is_some_and(|own| Some(own) == phone(user))
}

/// The answer about a contact that is not there: where it went, from 2.16 on.
pub(super) fn absent(call: &Call<'_>, id: &str) -> Refusal {
    let merged = call.workspace.merged.get(id).filter(|_| call.version >= TRACED_SINCE);
    let Some(target) = merged.filter(|m| call.workspace.find_contact(&m.into).is_some()) else {
        return Refusal::not_found("User");
    };
    let message = "the contact was merged; the Link header leads to the one that remains";
    Refusal {
        header: Some(("Link", format!("</contacts/{}>; rel=\"canonical\"", target.into))),
        ..Refusal::new(410, "contact_merged", message)
    }
}

/// The same about a contact that is looked for by its external id.
pub(super) fn absent_external_id(call: &Call<'_>, external_id: &str) -> Refusal {
    let mut all = call.workspace.merged.iter();
    let found = all.find(|(_, merged)| merged.external_id.as_deref() == Some(external_id));
    found.map_or_else(|| Refusal::not_found("User"), |(from, _)| absent(call, from))
}

/// The contacts that were merged into a user, a page at a time.
pub(super) fn history(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let contact = named(call, call.parameter(0))?;
    if contact.role != Role::User {
        return Err(Refusal::not_found("User"));
    }
    let per_page = PAGE.length(call.query("per_page").map(Value::from).as_ref())?;
    let start = match call.query("cursor") {
        None => 0,
        Some(cursor) => cursor.parse::<usize>().map_err(|_| {
            Refusal::new(400, "client_error", "Invalid cursor param").field("cursor")
        })?,
    };
    let mut merged = call.workspace.merged_into(&contact.id);
    if call.query("order") == Some("asc") {
        merged.reverse();
    }
    let until = start.saturating_add(per_page);
    let next = (until < merged.len()).then(|| until.to_string());
    let write = |object: &mut Object<'_>| {
        object.field("type", "list");
        let page = merged.iter().skip(start).take(per_page);
        object.list("data", page, |out, (from, merged)| render(out, from, merged));
        object.field("next_cursor", &next).field("has_more", &next.is_some());
    };
    Ok(Answer::object(write))
}

/// Blocks a contact: it stays, its conversations leave lists and searches.
pub(super) fn block(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = named(call, call.parameter(0))?.id.clone();
    let workspace = &mut *call.workspace;
    let all = workspace.conversations.iter();
    let own = all.filter(|(_, found)| found.contact_ids().any(|c| workspace.canonical(c) == &*id));
    for slot in own.map(|(slot, _)| slot).collect::<Vec<_>>() {
        workspace.conversations.change(slot, |found| found.is_archived = true);
    }
    let contact = named(call, &id)?;
    Ok(Answer::object(|object| {
        object.field("type", "contact").field("id", &*contact.id);
        object.field("external_id", &contact.external_id).field("blocked", &true);
    }))
}
