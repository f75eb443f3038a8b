//! How contacts, conversations, tickets and companies are read by a search.

use std::borrow::Cow;

use serde_json::Value;

use crate::search::fields::Column;
use crate::search::filter::{Found, Searchable, Source};
use crate::workspace::Workspace;
use crate::workspace::body::Body;
use crate::workspace::company::Company;
use crate::workspace::contact::Contact;
use crate::workspace::conversation::{Conversation, Figures, State};
use crate::workspace::misfit;
use crate::workspace::table::{Record, Slot, Table};
use crate::workspace::ticket::Ticket;

/// Flags that are absent from a body are false.
const FLAGS: &[&str] = &[
    "unsubscribed_from_emails",
    "marked_email_as_spam",
    "has_hard_bounced",
    "read",
    "ai_agent_participated",
];

fn stored(body: &Body, path: &str) -> Found<'static> {
    let steps: Vec<&str> = path.split('.').collect();
    match body.pick(&steps) {
        None if FLAGS.contains(&path) => Found::Bool(false),
        found => found.into(),
    }
}

fn attribute(body: &Body, name: &str) -> Found<'static> {
    body.pick(&["custom_attributes", name]).into()
}

impl Searchable for Contact {
    fn table(workspace: &Workspace) -> &Table<Self> {
        &workspace.contacts
    }

    fn table_mut(workspace: &mut Workspace) -> &mut Table<Self> {
        &mut workspace.contacts
    }

    fn look_up(workspace: &Workspace, column: Column, text: &str) -> Option<Vec<Slot>> {
        match column {
            Column::Id => Some(workspace.contacts.find(text).into_iter().collect()),
            Column::Email => Some(workspace.contacts_by_email(text).collect()),
            Column::ExternalId => Some(workspace.contacts_by_external_id(text).collect()),
            _ => None,
        }
    }

    fn read<'a>(&'a self, source: &Source, workspace: &'a Workspace, now: i64) -> Found<'a> {
        let column = match source {
            Source::Attribute(name) => return attribute(&self.body, name),
            Source::Column(column) => column,
        };
        match *column {
            Column::Id => Found::Text(Cow::Borrowed(&self.id)),
            Column::CreatedAt => Found::Whole(self.created_at()),
            Column::UpdatedAt => Found::Whole(self.updated_at()),
            Column::Role => Found::Text(Cow::Borrowed(self.role.as_str())),
            Column::Email => self.email.as_deref().into(),
            Column::EmailDomain => self.email_domain().into(),
            Column::ExternalId => self.external_id.as_deref().into(),
            Column::OwnerId => self.owner_id.into(),
            Column::TagIds => Found::Texts(
                self.tags
                    .iter()
                    .filter_map(|applied| workspace.tags.get(applied.tag))
                    .map(|tag| Cow::Borrowed(&*tag.id))
                    .collect(),
            ),
            Column::SegmentIds => Found::Texts(
                workspace
                    .segments
                    .iter()
                    .filter(|segment| workspace.belongs(self, segment.membership, now))
                    .map(|segment| Cow::Borrowed(&*segment.id))
                    .collect(),
            ),
            Column::Stored(path) => stored(&self.body, path),
            Column::ContactIds
            | Column::AdminAssigneeId
            | Column::TeamAssigneeId
            | Column::TeammateIds
            | Column::IsOpen
            | Column::State
            | Column::WaitingSince
            | Column::SnoozedUntil
            | Column::Priority
            | Column::Name
            | Column::CompanyId
            | Column::UserCount
            | Column::TicketTypeId
            | Column::Category
            | Column::Figure(_) => Found::Missing,
        }
    }
}

impl Searchable for Conversation {
    fn table(workspace: &Workspace) -> &Table<Self> {
        &workspace.conversations
    }

    fn table_mut(workspace: &mut Workspace) -> &mut Table<Self> {
        &mut workspace.conversations
    }

    fn look_up(workspace: &Workspace, column: Column, text: &str) -> Option<Vec<Slot>> {
        match column {
            Column::Id => Some(workspace.conversations.find(text).into_iter().collect()),
            Column::ContactIds => Some(workspace.conversations_with(text)),
            _ => None,
        }
    }

    fn read<'a>(&'a self, source: &Source, workspace: &'a Workspace, _now: i64) -> Found<'a> {
        let column = match source {
            Source::Attribute(name) => return attribute(&self.body, name),
            Source::Column(column) => column,
        };
        match *column {
            Column::Id => Found::Text(Cow::Borrowed(&self.id)),
            Column::CreatedAt => Found::Whole(self.created_at()),
            Column::UpdatedAt => Found::Whole(self.updated_at()),
            Column::TagIds => Found::Texts(
                self.tags
                    .iter()
                    .filter_map(|applied| workspace.tags.get(applied.tag))
                    .map(|tag| Cow::Borrowed(&*tag.id))
                    .collect(),
            ),
            Column::ContactIds => {
                let ids = self.contact_ids().map(|id| Cow::Borrowed(workspace.canonical(id)));
                Found::Texts(ids.collect())
            }
            Column::AdminAssigneeId => self.admin_assignee_id.into(),
            Column::TeamAssigneeId => self.team_assignee_id.into(),
            Column::TeammateIds => {
                let teammates = self.body.pick(&["teammates"]).unwrap_or_default();
                // The API spells the list in one of two ways.
                let lists = [teammates.get("teammates"), teammates.get("admins")];
                let entries = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
                let ids = entries.filter_map(|entry| misfit::id(entry.get("id")?));
                Found::Texts(ids.map(Cow::Owned).collect())
            }
            Column::IsOpen => Found::Bool(self.state != State::Closed),
            Column::State => Found::Text(Cow::Borrowed(self.state.as_str())),
            Column::WaitingSince => self.waiting_since.map(i64::from).into(),
            Column::SnoozedUntil => self.snoozed_until.map(i64::from).into(),
            Column::Priority => {
                let priority = if self.is_priority { "priority" } else { "not_priority" };
                Found::Text(Cow::Borrowed(priority))
            }
            Column::Figure(name) => self.figure(name).into(),
            Column::Stored(path) => stored(&self.body, path),
            Column::Role
            | Column::Email
            | Column::EmailDomain
            | Column::ExternalId
            | Column::OwnerId
            | Column::Name
            | Column::CompanyId
            | Column::UserCount
            | Column::TicketTypeId
            | Column::Category
            | Column::SegmentIds => Found::Missing,
        }
    }
}

impl Searchable for Ticket {
    fn table(workspace: &Workspace) -> &Table<Self> {
        &workspace.tickets
    }

    fn table_mut(workspace: &mut Workspace) -> &mut Table<Self> {
        &mut workspace.tickets
    }

    fn look_up(workspace: &Workspace, column: Column, text: &str) -> Option<Vec<Slot>> {
        (column == Column::Id).then(|| workspace.tickets.find(text).into_iter().collect())
    }

    fn read<'a>(&'a self, source: &Source, workspace: &'a Workspace, _now: i64) -> Found<'a> {
        let kind = workspace.ticket_types.get(self.kind);
        let attribute = |name: &str| self.attributes.get(name).cloned().into();
        let column = match source {
            Source::Attribute(name) => return attribute(name),
            Source::Column(column) => column,
        };
        match *column {
            Column::Id => Found::Text(Cow::Borrowed(&self.id)),
            Column::CreatedAt => Found::Whole(self.created_at()),
            Column::UpdatedAt => Found::Whole(self.updated_at()),
            Column::SnoozedUntil => self.snoozed_until.into(),
            Column::AdminAssigneeId => self.admin_assignee_id.into(),
            Column::TeamAssigneeId => self.team_assignee_id.into(),
            Column::TeammateIds => {
                let assignee = self.admin_assignee_id.map(|id| Cow::Owned(id.to_string()));
                Found::Texts(assignee.into_iter().collect())
            }
            Column::ContactIds => {
                Found::Texts(self.contact_ids.iter().map(|id| Cow::Borrowed(&**id)).collect())
            }
            Column::IsOpen => Found::Bool(self.is_open),
            Column::State => Found::Text(Cow::Borrowed(self.state.as_str())),
            Column::TicketTypeId => kind.map(|kind| i64::from(kind.id)).into(),
            Column::Category => kind.map(|kind| kind.search_category).into(),
            Column::Stored(name) => attribute(name),
            _ => Found::Missing,
        }
    }
}

impl Searchable for Company {
    fn table(workspace: &Workspace) -> &Table<Self> {
        &workspace.companies
    }

    fn table_mut(workspace: &mut Workspace) -> &mut Table<Self> {
        &mut workspace.companies
    }

    fn look_up(workspace: &Workspace, column: Column, text: &str) -> Option<Vec<Slot>> {
        (column == Column::Id).then(|| workspace.companies.find(text).into_iter().collect())
    }

    fn read<'a>(&'a self, source: &Source, workspace: &'a Workspace, _now: i64) -> Found<'a> {
        let column = match source {
            Source::Attribute(name) => return attribute(&self.body, name),
            Source::Column(column) => column,
        };
        match *column {
            Column::Id => Found::Text(Cow::Borrowed(&self.id)),
            Column::CreatedAt => Found::Whole(self.created_at()),
            Column::UpdatedAt => Found::Whole(self.updated_at()),
            Column::CompanyId => self.company_id.as_deref().into(),
            Column::Name => self.name.as_deref().into(),
            Column::UserCount => i64::try_from(self.members.len()).ok().into(),
            Column::TagIds => {
                let tags = self.tags.iter().filter_map(|place| workspace.tags.get(*place));
                Found::Texts(tags.map(|tag| Cow::Borrowed(&*tag.id)).collect())
            }
            Column::Stored(path @ ("monthly_spend" | "session_count")) => {
                self.body.pick(&[path]).or(Some(Value::from(0))).into()
            }
            Column::Stored(path) => stored(&self.body, path),
            _ => Found::Missing,
        }
    }
}

impl Conversation {
    /// A figure of the statistics by its name.
    fn figure(&self, name: &str) -> Option<i64> {
        let known = match &self.figures {
            Figures::None => return None,
            Figures::Odd(text) => return crate::json::pick(text, &[name])?.as_i64(),
            Figures::Known(known) => known,
        };
        let seconds = |figure: Option<u32>| figure.map(i64::from);
        match name {
            "time_to_assignment" => seconds(known.time_to_assignment),
            "time_to_admin_reply" => seconds(known.time_to_admin_reply),
            "time_to_first_close" => seconds(known.time_to_first_close),
            "time_to_last_close" => seconds(known.time_to_last_close),
            "median_time_to_reply" => seconds(known.median_time_to_reply),
            "first_contact_reply_at" => seconds(known.first_contact_reply_at),
            "first_assignment_at" => seconds(known.first_assignment_at),
            "first_admin_reply_at" => seconds(known.first_admin_reply_at),
            "first_close_at" => seconds(known.first_close_at),
            "last_assignment_at" => seconds(known.last_assignment_at),
            "last_assignment_admin_reply_at" => seconds(known.last_assignment_admin_reply_at),
            "last_contact_reply_at" => seconds(known.last_contact_reply_at),
            "last_admin_reply_at" => seconds(known.last_admin_reply_at),
            "last_close_at" => seconds(known.last_close_at),
            "last_closed_by_id" => known.last_closed_by_id,
            "count_reopens" => Some(known.count_reopens.into()),
            "count_assignments" => Some(known.count_assignments.into()),
            "count_conversation_parts" => Some(known.count_conversation_parts.into()),
            _ => None,
        }
    }
}
