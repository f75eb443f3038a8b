//! Companies and who belongs to them.

use serde_json::{Map, Value};

use crate::json::Object;
use crate::workspace::body::{Body, Defaults};
use crate::workspace::misfit::{self, Misfit};
use crate::workspace::table::{Record, Slot};

/// Fields of a company that are kept as text, with what they are sent as when absent.
pub(crate) const DEFAULTS: Defaults = Defaults(&[
    ("custom_attributes", "{}"),
    ("industry", "null"),
    ("last_request_at", "null"),
    ("monthly_spend", "0"),
    ("plan", "{}"),
    ("remote_created_at", "null"),
    ("session_count", "0"),
    ("size", "null"),
    ("website", "null"),
]);

const DERIVED: &[&str] = &["type", "id", "app_id", "user_count", "tags", "segments", "notes"];

/// A company.
#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) id: Box<str>,
    pub(crate) company_id: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) tags: Vec<u32>,
    /// Its contacts, in the order they were attached.
    pub(crate) members: Vec<Slot>,
    pub(crate) body: Body,
}

impl Record for Company {
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

    fn tags(&self) -> Vec<u32> {
        self.tags.clone()
    }
}

impl Company {
    /// A company with an id and nothing else.
    pub(crate) fn blank(id: impl Into<Box<str>>, now: i64) -> Self {
        Self {
            id: id.into(),
            company_id: None,
            name: None,
            created_at: now,
            updated_at: now,
            tags: Vec::new(),
            members: Vec::new(),
            body: Body::empty(),
        }
    }

    /// Takes over the fields of `patch`; custom attributes are merged, everything else replaced.
    pub(crate) fn apply(&mut self, mut patch: Map<String, Value>) -> Result<(), Misfit> {
        for name in DERIVED {
            patch.remove(*name);
        }
        if let Some(value) = patch.remove("company_id") {
            self.company_id = misfit::text("company_id", value)?;
        }
        if let Some(value) = patch.remove("name") {
            self.name = misfit::text("name", value)?;
        }
        if let Some(value) = patch.remove("created_at") {
            self.created_at = misfit::instant("created_at", &value)?.unwrap_or(self.created_at);
        }
        if let Some(value) = patch.remove("updated_at") {
            self.updated_at = misfit::instant("updated_at", &value)?.unwrap_or(self.updated_at);
        }
        if let Some(Value::String(plan)) = patch.get("plan") {
            let plan = serde_json::json!({"type": "plan", "id": "1", "name": plan});
            patch.insert("plan".to_owned(), plan);
        }
        if let Some(spend) = patch.get("monthly_spend").and_then(Value::as_f64) {
            // Fractions are cut off and the value saturates.
            #[expect(clippy::cast_possible_truncation, reason = "clamped to 32 bits")]
            let whole = spend.trunc().clamp(0.0, f64::from(i32::MAX)) as i64;
            patch.insert("monthly_spend".to_owned(), whole.into());
        }
        if patch.is_empty() {
            return Ok(());
        }
        let mut fields = self.body.to_map();
        misfit::merge(&mut fields, patch);
        self.body = Body::from_map(fields, &DEFAULTS);
        Ok(())
    }

    /// Writes the columns and the stored fields; tags and segments are the caller's.
    pub(crate) fn render(&self, object: &mut Object<'_>, workspace_id: &str) {
        object.field("type", "company").field("company_id", &self.company_id);
        object.field("id", &*self.id).field("app_id", workspace_id).field("name", &self.name);
        object.field("created_at", &self.created_at).field("updated_at", &self.updated_at);
        object.field("user_count", &self.members.len());
        self.body.render(object, &DEFAULTS);
    }
}
