//! People: users and leads.

use serde_json::{Map, Value};

use crate::json::Object;
use crate::workspace::body::{Body, Defaults};
use crate::workspace::misfit::{self, Misfit};
use crate::workspace::table::{Record, Slot};

/// Fields of a contact that are kept as text, with what they are sent as when absent.
pub(crate) const DEFAULTS: Defaults = Defaults(&[
    ("android_app_name", "null"),
    ("android_app_version", "null"),
    ("android_device", "null"),
    ("android_last_seen_at", "null"),
    ("android_os_version", "null"),
    ("android_sdk_version", "null"),
    ("avatar", "null"),
    ("browser", "null"),
    ("browser_language", "null"),
    ("browser_version", "null"),
    ("custom_attributes", "{}"),
    ("enabled_push_messaging", "null"),
    ("has_hard_bounced", "false"),
    ("ios_app_name", "null"),
    ("ios_app_version", "null"),
    ("ios_device", "null"),
    ("ios_last_seen_at", "null"),
    ("ios_os_version", "null"),
    ("ios_sdk_version", "null"),
    ("language_override", "null"),
    ("last_contacted_at", "null"),
    ("last_email_clicked_at", "null"),
    ("last_email_opened_at", "null"),
    ("last_replied_at", "null"),
    ("last_seen_at", "null"),
    (
        "location",
        r#"{"type":"location","country":null,"region":null,"city":null,"country_code":null,"continent_code":null}"#,
    ),
    ("marked_email_as_spam", "false"),
    ("name", "null"),
    ("os", "null"),
    ("phone", "null"),
    ("referrer", "null"),
    ("signed_up_at", "null"),
    ("social_profiles", r#"{"type":"list","data":[]}"#),
    ("unsubscribed_from_emails", "false"),
    ("utm_campaign", "null"),
    ("utm_content", "null"),
    ("utm_medium", "null"),
    ("utm_source", "null"),
    ("utm_term", "null"),
]);

/// Fields that are rendered from elsewhere and therefore never stored as text.
const DERIVED: &[&str] = &[
    "type",
    "id",
    "workspace_id",
    "email_domain",
    "tags",
    "companies",
    "notes",
    "opted_in_subscription_types",
    "opted_out_subscription_types",
];

/// The lists inside a contact show this many entries.
pub(crate) const LIST_PREVIEW: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Lead,
}

impl Role {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Lead => "lead",
        }
    }
}

/// A tag on something, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) tag: u32,
    pub(crate) applied_at: i64,
}

/// What is known of a contact's visits; only 1.4 shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Visits {
    pub(crate) n_sessions: u32,
    pub(crate) last_ip: Option<Box<str>>,
    pub(crate) user_agent: Option<Box<str>>,
}

/// A contact: the columns that searches and lists read, and the rest as text.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) id: Box<str>,
    pub(crate) role: Role,
    pub(crate) is_archived: bool,
    pub(crate) owner_id: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) email: Option<Box<str>>,
    pub(crate) external_id: Option<Box<str>>,
    pub(crate) tags: Vec<Applied>,
    pub(crate) companies: Vec<Slot>,
    pub(crate) n_notes: u32,
    /// Absent until a visit is written down.
    pub(crate) visits: Option<Box<Visits>>,
    pub(crate) body: Body,
}

impl Record for Contact {
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

    fn tags(&self) -> Vec<u32> {
        self.tags.iter().map(|applied| applied.tag).collect()
    }
}

impl Contact {
    /// A contact with an id and nothing else.
    pub(crate) fn blank(id: impl Into<Box<str>>, now: i64) -> Self {
        Self {
            id: id.into(),
            role: Role::User,
            is_archived: false,
            owner_id: None,
            created_at: now,
            updated_at: now,
            email: None,
            external_id: None,
            tags: Vec::new(),
            companies: Vec::new(),
            n_notes: 0,
            visits: None,
            body: Body::empty(),
        }
    }

    /// Takes over the fields of `patch`; custom attributes are merged, everything else replaced.
    pub(crate) fn apply(&mut self, mut patch: Map<String, Value>) -> Result<(), Misfit> {
        for name in DERIVED {
            patch.remove(*name);
        }
        if let Some(role) = patch.remove("role") {
            self.role = match role.as_str() {
                Some("user") => Role::User,
                // Two older names of a lead.
                Some("lead" | "contact" | "visitor") => Role::Lead,
                _ => return Err(Misfit::new("role", "user or lead")),
            };
        }
        if let Some(value) = patch.remove("created_at") {
            self.created_at = misfit::instant("created_at", &value)?.unwrap_or(self.created_at);
        }
        if let Some(value) = patch.remove("updated_at") {
            self.updated_at = misfit::instant("updated_at", &value)?.unwrap_or(self.updated_at);
        }
        if let Some(value) = patch.remove("owner_id") {
            self.owner_id = misfit::instant("owner_id", &value)?;
        }
        if let Some(value) = patch.remove("email") {
            self.email = misfit::text("email", value)?;
        }
        if let Some(value) = patch.remove("external_id") {
            self.external_id = misfit::text("external_id", value)?;
        }
        if let Some(value) = patch.remove("archived") {
            self.is_archived = value == Value::Bool(true);
        }
        if patch.is_empty() {
            return Ok(());
        }
        let mut fields = self.body.to_map();
        misfit::merge(&mut fields, patch);
        self.body = Body::from_map(fields, &DEFAULTS);
        Ok(())
    }

    /// The part of the e-mail address behind the `@`.
    pub(crate) fn email_domain(&self) -> Option<&str> {
        self.email.as_deref()?.rsplit_once('@').map(|(_, domain)| domain)
    }

    /// The name, when there is one.
    pub(crate) fn name(&self) -> Option<String> {
        match self.body.pick(&["name"]) {
            Some(Value::String(name)) => Some(name),
            _ => None,
        }
    }

    /// Writes the columns and the stored fields; lists are the caller's.
    pub(crate) fn render(&self, object: &mut Object<'_>, workspace_id: &str, owner_as_text: bool) {
        object.field("type", "contact").field("id", &*self.id).field("workspace_id", workspace_id);
        object.field("external_id", &self.external_id).field("role", self.role.as_str());
        object.field("email", &self.email).field("email_domain", &self.email_domain());
        if owner_as_text {
            object.field("owner_id", &self.owner_id.map(|id| id.to_string()));
        } else {
            object.field("owner_id", &self.owner_id);
        }
        object.field("created_at", &self.created_at).field("updated_at", &self.updated_at);
        self.body.render(object, &DEFAULTS);
    }
}

/// Writes one of the lists inside a contact: its first ten entries and where the rest is.
pub(crate) fn render_preview<'a>(
    object: &mut Object<'_>,
    name: &str,
    kind: &str,
    contact: &str,
    ids: impl ExactSizeIterator<Item = &'a str>,
) {
    let total = ids.len();
    object.object(name, |list| {
        list.field("type", "list").list("data", ids.take(LIST_PREVIEW), |out, id| {
            crate::json::object(out, |entry| {
                entry.field("type", kind).field("id", id);
                entry.field("url", &format!("/{name}/{id}"));
            });
        });
        list.field("url", &format!("/contacts/{contact}/{name}")).field("total_count", &total);
        list.field("has_more", &(total > LIST_PREVIEW));
    });
}
