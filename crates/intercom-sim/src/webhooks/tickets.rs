//! What happened to tickets, from what they were and what they are.

use intercom_webhook::Topic;
use serde_json::{Value, json};

use crate::webhooks::item::{self, View};
use crate::workspace::table::Slot;
use crate::workspace::ticket::Ticket;

pub(super) fn of_ticket(
    view: View<'_>,
    slot: Slot,
    before: Option<&Ticket>,
    happened: &mut Vec<(Topic, Value)>,
) {
    // A deleted ticket has no topic.
    let Some(after) = view.workspace.tickets.get(slot) else { return };
    let Some(before) = before else {
        happened.push((Topic::TicketCreated, item::ticket(view, after)));
        return;
    };
    let mut with_part = |topic: Topic, part: &Value| {
        happened.push((topic, json!({"ticket": item::ticket(view, after), "ticket_part": part})));
    };
    for part in after.parts.iter().skip(before.parts.len()) {
        if let Some(topic) = part_topic(part) {
            with_part(topic, part);
        }
    }
    if before.is_open && !after.is_open {
        happened.push((Topic::TicketClosed, item::ticket(view, after)));
    }
}

fn part_topic(part: &Value) -> Option<Topic> {
    let by_admin = part["author"]["type"] == "admin";
    Some(match part["part_type"].as_str()? {
        "note" => Topic::TicketNoteCreated,
        "comment" | "quick_reply" if by_admin => Topic::TicketAdminReplied,
        "comment" => Topic::TicketContactReplied,
        "assignment" if part["assigned_to"]["type"] == "team" => Topic::TicketTeamAssigned,
        "assignment" => Topic::TicketAdminAssigned,
        "ticket_attribute_updated_by_admin" => Topic::TicketAttributeUpdated,
        "ticket_state_updated_by_admin" => Topic::TicketStateUpdated,
        _ => return None,
    })
}
