//! Tickets and their types: search, create, read, update, delete.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json as text;
use crate::routes::{Call, pages, required_id};
use crate::search::fields::{Column, INBOX_RULES, TICKET_FIELDS};
use crate::search::grammar::{Attributes, Grammar, Precision};
use crate::search::{PageLimits, Search};
use crate::workspace::misfit;
use crate::workspace::table::Slot;
use crate::workspace::ticket::{Ticket, TicketState, TicketType};

const PAGE: PageLimits = PageLimits { default: 20, max: 150 };

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let grammar = Grammar {
        fields: TICKET_FIELDS,
        rules: INBOX_RULES,
        precision: Precision::Second,
        attributes: Attributes::Ticket,
        version: call.version,
        workspace: call.workspace,
    };
    let search = Search::parse(&body, &grammar, PAGE, Column::UpdatedAt)?;
    let page = search.page::<Ticket>(call.workspace, call.now)?;
    Ok(Answer::object(|object| {
        object.field("type", "ticket.list");
        let tickets = page.slots.iter().filter_map(|slot| call.workspace.tickets.get(*slot));
        object.list("tickets", tickets, |out, ticket| {
            call.workspace.render_ticket(out, ticket, call.version);
        });
        pages::by_cursor(object, &page);
    }))
}

pub(super) fn types(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &call.workspace.ticket_types, |out, kind| {
            text::object(out, |object| call.workspace.render_ticket_type(object, kind));
        });
    }))
}

pub(super) fn show_type(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, kind) = type_named(call, call.parameter(0))?;
    Ok(Answer::object(|object| call.workspace.render_ticket_type(object, kind)))
}

fn type_named<'c>(call: &'c Call<'_>, id: &str) -> Result<(usize, &'c TicketType), Refusal> {
    let mut all = call.workspace.ticket_types.iter().enumerate();
    let found = all.find(|(_, kind)| kind.id.to_string() == id);
    found.ok_or_else(|| Refusal::not_found("Resource"))
}

pub(super) fn named(call: &Call<'_>) -> Result<Slot, Refusal> {
    let found = call.workspace.tickets.find(call.parameter(0));
    found.ok_or_else(|| Refusal::new(404, "ticket_not_found", "Ticket not found"))
}

fn render(call: &Call<'_>, slot: Slot) -> Result<Answer, Refusal> {
    let ticket = call.workspace.tickets.get(slot);
    let ticket = ticket.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::ok(|out| call.workspace.render_ticket(out, ticket, call.version)))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    render(call, slot)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let (kind, definition) = type_named(call, &required_id(&body, "ticket_type_id")?)?;
    let attributes = attributes(&body, definition)?;
    let Some(Value::Array(entries)) = body.get("contacts") else {
        return Err(Refusal::missing("contacts"));
    };
    let contact_ids: Vec<Box<str>> =
        entries.iter().map(|entry| contact_id(call, entry)).collect::<Result<_, _>>()?;
    if contact_ids.is_empty() {
        return Err(Refusal::missing("contacts"));
    }
    let now = call.now;
    let part = part(call, "ticket_state_updated_by_admin", TicketState::Submitted, None);
    let slot = call.workspace.add_ticket(|id| Ticket {
        id,
        kind,
        state: TicketState::Submitted,
        is_open: true,
        is_shared: false,
        created_at: now,
        updated_at: now,
        snoozed_until: None,
        admin_assignee_id: None,
        team_assignee_id: None,
        contact_ids,
        attributes,
        parts: vec![part],
        tags: Vec::new(),
        linked: Vec::new(),
    });
    render(call, slot)
}

/// The contact that an entry names by id, external id or e-mail.
fn contact_id(call: &Call<'_>, entry: &Value) -> Result<Box<str>, Refusal> {
    let workspace = &*call.workspace;
    let given = |name: &str| entry.get(name).and_then(misfit::id);
    let slot = if let Some(id) = given("id") {
        workspace.find_contact(&id)
    } else if let Some(external_id) = given("external_id") {
        workspace.first_active(workspace.contacts_by_external_id(&external_id))
    } else if let Some(email) = given("email") {
        workspace.first_active(workspace.contacts_by_email(&email))
    } else {
        return Err(Refusal::missing("contacts"));
    };
    let contact = slot.and_then(|slot| workspace.contacts.get(slot));
    contact.map(|contact| contact.id.clone()).ok_or_else(|| Refusal::not_found("User"))
}

fn attributes(
    body: &Map<String, Value>,
    definition: &TicketType,
) -> Result<Map<String, Value>, Refusal> {
    let given = match body.get("ticket_attributes") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return Err(Refusal::invalid("ticket_attributes must be an object")),
    };
    for (name, value) in &given {
        let known = definition.attributes.iter().find(|known| known.name == name);
        let Some(known) = known else {
            let message = format!("Ticket attribute '{name}' does not exist");
            return Err(Refusal::invalid(message).field(name.as_str()));
        };
        if !known.data_type.accepts(value) {
            let message =
                format!("Ticket attribute '{name}' must be of type {}", known.data_type.as_str());
            return Err(Refusal::invalid(message).field(name.as_str()));
        }
    }
    Ok(given)
}

/// What happened to a ticket, as one of its parts.
fn part(call: &mut Call<'_>, kind: &str, state: TicketState, before: Option<TicketState>) -> Value {
    let admin = call.workspace.admins.first();
    let author = json!({
        "type": "admin", "id": admin.map(|admin| &*admin.id),
        "name": admin.and_then(|admin| admin.text("name")),
        "email": admin.and_then(|admin| admin.text("email")),
    });
    json!({
        "type": "ticket_part", "id": call.workspace.next_number().to_string(), "part_type": kind,
        "ticket_state": state.as_str(), "previous_ticket_state": before.unwrap_or(state).as_str(),
        "created_at": call.now, "updated_at": call.now, "author": author,
        "attachments": [], "redacted": false,
    })
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let body = call.body()?;
    let ticket = call.workspace.tickets.get(slot);
    let ticket = ticket.ok_or_else(|| Refusal::not_found("Resource"))?;
    let before = ticket.state;
    let definition = call.workspace.ticket_types.get(ticket.kind);
    let definition = definition.ok_or_else(|| Refusal::not_found("Resource"))?;
    let attributes = attributes(&body, definition)?;
    let state = wanted_state(&body, definition)?;
    let assignee = assignee(call, &body)?;
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    let (is_open, is_shared) = (flag("open"), flag("is_shared"));
    let snoozed_until = body.get("snoozed_until").and_then(misfit::whole);
    let changed = state.unwrap_or(before);
    let mut parts: Vec<Value> = state
        .map(|state| part(call, "ticket_state_updated_by_admin", state, Some(before)))
        .into_iter()
        .collect();
    if let Some(assignee) = &assignee {
        let mut assigned = part(call, "assignment", changed, None);
        assigned["assigned_to"] = json!({"type": assignee.kind, "id": assignee.id.to_string()});
        parts.push(assigned);
    }
    for (name, value) in &attributes {
        let mut updated = part(call, "ticket_attribute_updated_by_admin", changed, None);
        let attribute = json!({"type": "attribute", "id": name, "label": name});
        let label = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = json!({"type": "value", "id": null, "label": label});
        updated["updated_attribute_data"] = json!({"attribute": attribute, "value": value});
        parts.push(updated);
    }
    let now = call.now;
    call.workspace.tickets.change(slot, |ticket| {
        ticket.updated_at = now;
        ticket.attributes.extend(attributes);
        ticket.state = state.unwrap_or(ticket.state);
        ticket.is_open = is_open.unwrap_or(ticket.is_open);
        ticket.is_shared = is_shared.unwrap_or(ticket.is_shared);
        ticket.snoozed_until = snoozed_until.or(ticket.snoozed_until);
        match assignee {
            Some(Assignee { kind: "team", id }) => ticket.team_assignee_id = Some(id),
            Some(Assignee { id, .. }) => ticket.admin_assignee_id = Some(id),
            None => {}
        }
        ticket.parts.extend(parts);
    });
    render(call, slot)
}

/// The state that a body asks for: by id, or by name up to 2.11.
fn wanted_state(
    body: &Map<String, Value>,
    definition: &TicketType,
) -> Result<Option<TicketState>, Refusal> {
    let asked = body.get("ticket_state_id").or_else(|| body.get("state")).and_then(misfit::id);
    let Some(asked) = asked else { return Ok(None) };
    let mut all = TicketState::ALL.into_iter();
    let found = all.find(|state| state.as_str() == asked || state.id(definition) == asked);
    found.map(Some).ok_or_else(|| {
        let message = "the ticket's type has no such state";
        Refusal::new(400, "ticket_state_id_invalid", message).field("ticket_state_id")
    })
}

/// An admin or a team.
struct Assignee {
    kind: &'static str,
    id: i64,
}

fn assignee(call: &Call<'_>, body: &Map<String, Value>) -> Result<Option<Assignee>, Refusal> {
    let given = body.get("assignment").and_then(|assignment| assignment.get("assignee_id"));
    let Some(id) = given.or_else(|| body.get("assignee_id")).and_then(misfit::id) else {
        return Ok(None);
    };
    let kind = if call.workspace.admin(&id).is_some() {
        Some("admin")
    } else {
        call.workspace.team(&id).map(|_| "team")
    };
    let known = kind.and_then(|kind| Some(Assignee { kind, id: id.parse().ok()? }));
    known.map(Some).ok_or_else(|| Refusal::new(404, "assignee_not_found", "Assignee not found"))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    call.workspace.tickets.remove(slot);
    Ok(Answer::object(|object| {
        object.field("id", call.parameter(0)).field("object", "ticket").field("deleted", &true);
    }))
}
