//! Conversations with their parts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::Object;
use crate::workspace::body::{Body, Defaults};
use crate::workspace::contact::Applied;
use crate::workspace::misfit::{self, Misfit};
use crate::workspace::packed::Packed;
use crate::workspace::table::Record;

/// Fields of a conversation that are kept as text, with what they are sent as when absent.
pub(crate) const DEFAULTS: Defaults = Defaults(&[
    ("ai_agent", "null"),
    ("ai_agent_participated", "false"),
    ("company", "null"),
    ("conversation_rating", "null"),
    ("custom_attributes", "{}"),
    ("first_contact_reply", "null"),
    ("linked_objects", r#"{"type":"list","data":[],"total_count":0,"has_more":false}"#),
    ("read", "false"),
    ("sla_applied", "null"),
    ("source", "null"),
    ("teammates", "null"),
    ("ticket", "null"),
    ("title", "null"),
    ("topics", "{}"),
]);

const DERIVED: &[&str] = &["type", "id", "open", "tags", "contacts", "conversation_parts"];

/// The API answers at most this many parts of a conversation, the most recent ones.
pub(crate) const MAX_PARTS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Closed,
    Snoozed,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Snoozed => "snoozed",
        }
    }
}

/// The figures the API keeps about a conversation; durations and instants in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[rustfmt::skip]
pub(crate) struct Statistics {
    #[serde(skip_deserializing, rename = "type")]
    pub(crate) kind: StatisticsKind,
    pub(crate) time_to_assignment: Option<u32>,
    pub(crate) time_to_admin_reply: Option<u32>,
    pub(crate) time_to_first_close: Option<u32>,
    pub(crate) time_to_last_close: Option<u32>,
    pub(crate) median_time_to_reply: Option<u32>,
    pub(crate) first_contact_reply_at: Option<u32>,
    pub(crate) first_assignment_at: Option<u32>,
    pub(crate) first_admin_reply_at: Option<u32>,
    pub(crate) first_close_at: Option<u32>,
    pub(crate) last_assignment_at: Option<u32>,
    pub(crate) last_assignment_admin_reply_at: Option<u32>,
    pub(crate) last_contact_reply_at: Option<u32>,
    pub(crate) last_admin_reply_at: Option<u32>,
    pub(crate) last_close_at: Option<u32>,
    #[serde(serialize_with = "as_text")]
    pub(crate) last_closed_by_id: Option<i64>,
    pub(crate) count_reopens: u32,
    pub(crate) count_assignments: u32,
    pub(crate) count_conversation_parts: u32,
    pub(crate) handling_time: Option<u32>,
}

/// The object type of the statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) enum StatisticsKind {
    #[default]
    #[serde(rename = "conversation_statistics")]
    Only,
}

/// What the statistics of a conversation are.
#[derive(Debug, Clone)]
pub(crate) enum Figures {
    /// There are none: sent as null.
    None,
    /// Figures of the usual names and types.
    Known(Box<Statistics>),
    /// Something else, kept as it came.
    Odd(Box<[u8]>),
}

/// A conversation: the columns that searches and lists read, and the rest as text.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: Box<str>,
    pub(crate) state: State,
    pub(crate) is_priority: bool,
    /// Left out of lists and searches: its contact was blocked.
    pub(crate) is_archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) waiting_since: Option<u32>,
    pub(crate) snoozed_until: Option<u32>,
    pub(crate) admin_assignee_id: Option<i64>,
    pub(crate) team_assignee_id: Option<i64>,
    /// The ids of its contacts, separated by commas: they may name contacts that do not exist.
    pub(crate) contacts: Box<str>,
    pub(crate) tags: Vec<Applied>,
    pub(crate) figures: Figures,
    pub(crate) body: Body,
    /// The parts, oldest first, as a list without the fields that have defaults.
    pub(crate) parts: Packed,
}

impl Record for Conversation {
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
        !self.is_archived
    }

    fn links(&self) -> &str {
        &self.contacts
    }

    fn tags(&self) -> Vec<u32> {
        self.tags.iter().map(|applied| applied.tag).collect()
    }

    fn due_at(&self) -> Option<i64> {
        self.snoozed_until.filter(|_| self.state == State::Snoozed).map(i64::from)
    }
}

impl Conversation {
    /// An open conversation with an id and nothing else.
    pub(crate) fn blank(id: impl Into<Box<str>>, now: i64) -> Self {
        Self {
            id: id.into(),
            state: State::Open,
            is_priority: false,
            is_archived: false,
            created_at: now,
            updated_at: now,
            waiting_since: None,
            snoozed_until: None,
            admin_assignee_id: None,
            team_assignee_id: None,
            contacts: "".into(),
            tags: Vec::new(),
            figures: Figures::None,
            body: Body::empty(),
            parts: Packed::of::<[Value]>(&[]),
        }
    }

    /// The ids of its contacts.
    pub(crate) fn contact_ids(&self) -> impl Iterator<Item = &str> {
        self.contacts.split(',').filter(|id| !id.is_empty())
    }

    /// Takes over the fields of `patch`; custom attributes are merged, everything else replaced.
    pub(crate) fn apply(&mut self, mut patch: Map<String, Value>) -> Result<(), Misfit> {
        self.apply_state(&mut patch)?;
        self.apply_lists(&mut patch)?;
        for name in DERIVED {
            patch.remove(*name);
        }
        if let Some(value) = patch.remove("created_at") {
            self.created_at = misfit::instant("created_at", &value)?.unwrap_or(self.created_at);
        }
        if let Some(value) = patch.remove("updated_at") {
            self.updated_at = misfit::instant("updated_at", &value)?.unwrap_or(self.updated_at);
        }
        if let Some(value) = patch.remove("waiting_since") {
            self.waiting_since = seconds("waiting_since", &value)?;
        }
        if let Some(value) = patch.remove("snoozed_until") {
            self.snoozed_until = seconds("snoozed_until", &value)?;
        }
        if let Some(value) = patch.remove("admin_assignee_id") {
            self.admin_assignee_id = misfit::instant("admin_assignee_id", &value)?;
        }
        if let Some(value) = patch.remove("team_assignee_id") {
            self.team_assignee_id = misfit::instant("team_assignee_id", &value)?;
        }
        if let Some(value) = patch.remove("statistics") {
            self.figures = figures(&value);
        }
        if patch.is_empty() {
            return Ok(());
        }
        let mut fields = self.body.to_map();
        misfit::merge(&mut fields, patch);
        self.body = Body::from_map(fields, &DEFAULTS);
        Ok(())
    }

    fn apply_state(&mut self, patch: &mut Map<String, Value>) -> Result<(), Misfit> {
        if let Some(state) = patch.remove("state") {
            self.state = match state.as_str() {
                Some("open") => State::Open,
                Some("closed") => State::Closed,
                Some("snoozed") => State::Snoozed,
                _ => return Err(Misfit::new("state", "open, closed or snoozed")),
            };
        } else if let Some(open) = patch.get("open").and_then(Value::as_bool) {
            self.state = if open { State::Open } else { State::Closed };
        }
        if let Some(priority) = patch.remove("priority") {
            let unset = matches!(priority.as_str(), None | Some("not_priority" | "none"));
            self.is_priority = !unset;
        }
        Ok(())
    }

    fn apply_lists(&mut self, patch: &mut Map<String, Value>) -> Result<(), Misfit> {
        if let Some(contacts) = patch.remove("contacts") {
            let entries = contacts.get("contacts").and_then(Value::as_array);
            let ids = entries.into_iter().flatten().filter_map(|entry| misfit::id(&entry["id"]));
            self.contacts = ids.collect::<Vec<_>>().join(",").into();
        }
        if let Some(parts) = patch.remove("conversation_parts") {
            let Some(parts @ Value::Array(_)) = parts.get("conversation_parts") else {
                return Err(Misfit::new("conversation_parts", "an object with a list of parts"));
            };
            self.parts = Packed::of(parts);
        }
        Ok(())
    }

    /// Writes the columns and the stored fields; contacts, tags and parts are the caller's.
    pub(crate) fn render(&self, object: &mut Object<'_>, names_levels: bool) {
        object.field("type", "conversation").field("id", &*self.id);
        object.field("created_at", &self.created_at).field("updated_at", &self.updated_at);
        object.field("waiting_since", &self.waiting_since);
        object.field("snoozed_until", &self.snoozed_until);
        object.field("admin_assignee_id", &self.admin_assignee_id);
        object.field("team_assignee_id", &self.team_assignee_id);
        object.field("open", &(self.state != State::Closed)).field("state", self.state.as_str());
        let priority = match (names_levels, self.is_priority) {
            (true, true) => "high",
            (true, false) => "none",
            (false, true) => "priority",
            (false, false) => "not_priority",
        };
        object.field("priority", priority);
        match &self.figures {
            Figures::None => object.raw("statistics", b"null"),
            Figures::Known(known) => object.field("statistics", known),
            Figures::Odd(text) => object.raw("statistics", text),
        };
        self.body.render(object, &DEFAULTS);
    }

    /// The parts, oldest first, without the fields that have defaults.
    pub(crate) fn parts(&self) -> Vec<Map<String, Value>> {
        self.parts.to_maps()
    }

    /// Changes the statistics; they begin when the first figure is written.
    pub(crate) fn change_statistics(&mut self, change: impl FnOnce(&mut Statistics)) {
        let mut known = match std::mem::replace(&mut self.figures, Figures::None) {
            Figures::Known(known) => known,
            Figures::None | Figures::Odd(_) => Box::default(),
        };
        change(&mut known);
        self.figures = Figures::Known(known);
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn as_text<S: serde::Serializer>(id: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|id| id.to_string()).serialize(serializer)
}

fn seconds(field: &'static str, value: &Value) -> Result<Option<u32>, Misfit> {
    let seconds = misfit::instant(field, value)?;
    seconds
        .map(|seconds| u32::try_from(seconds).map_err(|_| Misfit::new(field, "unix seconds")))
        .transpose()
}

fn figures(value: &Value) -> Figures {
    if value.is_null() {
        return Figures::None;
    }
    let mut fields = value.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("type");
        if let Some(closed_by) = fields.get_mut("last_closed_by_id") {
            *closed_by = misfit::whole(closed_by).map_or(Value::Null, Value::from);
        }
    }
    match serde_json::from_value(fields) {
        Ok(known) => Figures::Known(known),
        Err(_) => Figures::Odd(value.to_string().into_bytes().into()),
    }
}
