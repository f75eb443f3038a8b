//! Tickets and their types.

use intercom_api::ApiVersion;
use serde_json::{Map, Value, json};

use crate::json::{self, Object};
use crate::workspace::Workspace;
use crate::workspace::catalogue::DataType;
use crate::workspace::contact::Applied;
use crate::workspace::table::{Record, Slot};

/// Where a ticket stands: name, label inside, label for the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketState {
    Submitted,
    InProgress,
    WaitingOnCustomer,
    Resolved,
}

impl TicketState {
    pub(crate) const ALL: [Self; 4] =
        [Self::Submitted, Self::InProgress, Self::WaitingOnCustomer, Self::Resolved];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::InProgress => "in_progress",
            Self::WaitingOnCustomer => "waiting_on_customer",
            Self::Resolved => "resolved",
        }
    }

    const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Submitted => ("Submitted", "Submitted"),
            Self::InProgress => ("In progress", "In progress"),
            Self::WaitingOnCustomer => ("Waiting on customer", "Waiting on you"),
            Self::Resolved => ("Resolved", "Resolved"),
        }
    }

    /// The id of the state in a type of tickets: every type has states of its own.
    pub(crate) fn id(self, kind: &TicketType) -> String {
        let position = Self::ALL.iter().position(|state| *state == self).unwrap_or(0);
        (kind.id * 10 + u32::try_from(position).unwrap_or(0)).to_string()
    }

    fn render(self, object: &mut Object<'_>, kind: &TicketType) {
        let (internal, external) = self.labels();
        object.field("type", "ticket_state").field("id", &self.id(kind));
        object.field("category", self.as_str());
        object.field("internal_label", internal).field("external_label", external);
    }
}

/// An attribute of a type of tickets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TicketAttribute {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    pub(crate) data_type: DataType,
}

/// A type of tickets.
#[derive(Debug, Clone)]
pub(crate) struct TicketType {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    /// The category as objects spell it; searches have words of their own.
    pub(crate) category: &'static str,
    /// The category as searches spell it.
    pub(crate) search_category: &'static str,
    pub(crate) attributes: Vec<TicketAttribute>,
}

/// The types that every workspace has, one of each category.
pub(crate) fn types() -> Vec<TicketType> {
    let kinds = [
        (501, "Bug report", "Customer", "request"),
        (502, "Chore", "Back-office", "task"),
        (503, "Incident", "Tracker", "tracker"),
    ];
    let attributes = [
        ("_default_title_", DataType::String),
        ("_default_description_", DataType::String),
        ("Affected people", DataType::Integer),
        ("Hours lost", DataType::Float),
        ("Blocking", DataType::Boolean),
        ("Noticed at", DataType::Date),
    ];
    kinds
        .into_iter()
        .map(|(id, name, category, search_category)| TicketType {
            id,
            name,
            category,
            search_category,
            attributes: (id * 10..)
                .zip(attributes)
                .map(|(id, (name, data_type))| TicketAttribute { id, name, data_type })
                .collect(),
        })
        .collect()
}

/// A ticket.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) id: Box<str>,
    /// The place of its type.
    pub(crate) kind: usize,
    pub(crate) state: TicketState,
    pub(crate) is_open: bool,
    pub(crate) is_shared: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) snoozed_until: Option<i64>,
    pub(crate) admin_assignee_id: Option<i64>,
    pub(crate) team_assignee_id: Option<i64>,
    pub(crate) contact_ids: Vec<Box<str>>,
    /// By the names of its type's attributes.
    pub(crate) attributes: Map<String, Value>,
    /// The parts, oldest first.
    pub(crate) parts: Vec<Value>,
    pub(crate) tags: Vec<Applied>,
    /// The conversations that are linked to it.
    pub(crate) linked: Vec<Slot>,
}

impl Record for Ticket {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn is_listed(&self) -> bool {
        true
    }
}

impl Workspace {
    pub(crate) fn render_ticket_type(&self, object: &mut Object<'_>, kind: &TicketType) {
        object.field("type", "ticket_type").field("id", &kind.id.to_string());
        object.field("name", kind.name).field("description", kind.name).field("icon", "🎟️");
        object.field("workspace_id", &*self.profile.id_code).field("archived", &false);
        object.field("category", kind.category).field("is_internal", &false);
        let since = self.profile.created_at;
        object.field("created_at", &since).field("updated_at", &since);
        object.object("ticket_type_attributes", |list| {
            list.field("type", "list");
            list.list("data", (0_u32..).zip(&kind.attributes), |out, (order, attribute)| {
                json::object(out, |object| {
                    object.field("type", "ticket_type_attribute");
                    object.field("id", &attribute.id.to_string());
                    object.field("workspace_id", &*self.profile.id_code);
                    object.field("name", attribute.name).field("description", "");
                    let data_type = match attribute.data_type {
                        DataType::Float => "decimal",
                        DataType::Date => "datetime",
                        other => other.as_str(),
                    };
                    object.field("data_type", data_type).raw("input_options", b"null");
                    object.field("order", &order).field("ticket_type_id", &kind.id);
                    object.field("required_to_create", &false);
                    object.field("required_to_create_for_contacts", &false);
                    object.field("visible_on_create", &true).field("visible_to_contacts", &true);
                    object.field("default", &attribute.name.starts_with("_default_"));
                    object.field("archived", &false);
                    object.field("created_at", &since).field("updated_at", &since);
                });
            });
        });
        object.object("ticket_states", |list| {
            list.field("type", "list");
            list.list("data", TicketState::ALL, |out, state| {
                json::object(out, |object| state.render(object, kind));
            });
        });
    }

    pub(crate) fn render_ticket(&self, out: &mut Vec<u8>, ticket: &Ticket, version: ApiVersion) {
        let Some(kind) = self.ticket_types.get(ticket.kind) else { return };
        json::object(out, |object| {
            object.field("type", "ticket").field("id", &*ticket.id);
            object.field("ticket_id", &*ticket.id).field("category", kind.category);
            object.field("ticket_attributes", &ticket.attributes);
            if version < ApiVersion::V2_12 {
                let (internal, external) = ticket.state.labels();
                object.field("ticket_state", ticket.state.as_str());
                object.field("ticket_state_internal_label", internal);
                object.field("ticket_state_external_label", external);
            } else {
                object.object("ticket_state", |state| ticket.state.render(state, kind));
            }
            object.object("ticket_type", |object| self.render_ticket_type(object, kind));
            object.object("contacts", |contacts| {
                contacts.field("type", "contact.list");
                contacts.list("contacts", &ticket.contact_ids, |out, id| {
                    json::object(out, |contact| self.render_contact_reference(contact, id));
                });
            });
            object.field("admin_assignee_id", &ticket.admin_assignee_id.unwrap_or(0));
            object.field("team_assignee_id", &ticket.team_assignee_id.unwrap_or(0));
            object.field("created_at", &ticket.created_at);
            object.field("updated_at", &ticket.updated_at);
            object.field("open", &ticket.is_open).field("snoozed_until", &ticket.snoozed_until);
            object.field("is_shared", &ticket.is_shared);
            object.field(
                "linked_objects",
                &json!({"type": "list", "data": [], "total_count": 0, "has_more": false}),
            );
            object.object("ticket_parts", |parts| {
                parts.field("type", "ticket_part.list").field("ticket_parts", &ticket.parts);
                parts.field("total_count", &ticket.parts.len());
            });
        });
    }
}
