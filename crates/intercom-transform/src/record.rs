//! Record: a row of a table that is a contact.

use crate::event::{Kind, Value};
use crate::person::lower;
use crate::pick::kind_words;
use crate::plan::{Action, Find, Identity, Missing, Plan, Query, Task, WriteContact};
use crate::planner::Planner;
use crate::rejection::{Reason, Rejection};
use crate::settings::{Typing, Validation};
use crate::write::{Object, push_text};

pub(crate) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    let identifiers = planner.message.identifiers.filter(|all| all.is_object());
    let first = identifiers.and_then(|all| all.fields().find(|one| one.value.is_truthy()));
    let Some(first) = first else {
        return Err(Rejection::new("identifiers", Reason::MissingLookup));
    };
    let identity = planner.record_identity(identifiers)?;
    let mut query = Query::open(planner.body, 1);
    match first.value.as_text() {
        // Intercom keeps addresses in lower case.
        Some(email) if settings.typing == Typing::Checked && first.is("email") => {
            push_text(query.field("email"), &lower(&email));
        }
        _ => {
            query.field(&first.name()).extend_from_slice(first.value.source().as_bytes());
        }
    }
    query.close();
    let mut find = Find::new(planner.take_body(), 1);
    let name = planner.message.action.and_then(Value::to_plain);
    let name = name.unwrap_or("undefined".into()).to_lowercase();
    let action = match &*name {
        "insert" => Action::Upsert,
        "update" => Action::UpdateOnly,
        "delete" => Action::Delete,
        _ => {
            let refused = Rejection::new("action", Reason::UnsupportedAction(name));
            if settings.validation == Validation::First {
                return Err(refused);
            }
            let tasks = vec![Task::Find(find), Task::Refuse(Box::new(refused))];
            return Ok(Plan::new(settings, planner.version(), identity, tasks, planner.notes));
        }
    };
    if action != Action::Upsert {
        find.missing = Missing::Refuse(Box::new(Reason::ContactMissing));
    }
    let create = planner.record_body(identifiers)?;
    let update = planner.record_body(None)?;
    let tasks = vec![Task::Find(find), Task::Write(WriteContact::new(action, create, update))];
    Ok(Plan::new(settings, planner.version(), identity, tasks, planner.notes))
}

impl<'e> Planner<'e, '_> {
    fn record_identity(&self, identifiers: Option<Value<'e>>) -> Result<Identity, Rejection> {
        let is_checked = self.settings.typing == Typing::Checked;
        let mut identity = Identity::default();
        for field in identifiers.into_iter().flat_map(Value::fields) {
            if is_checked && !field.value.is_scalar() {
                let found = kind_words(field.value.kind());
                let reason = Reason::WrongType { expected: "a text or a number", found };
                return Err(Rejection::new(format!("identifiers.{}", field.name()), reason));
            }
            let plain = field.value.to_plain();
            match &*field.name() {
                "external_id" => identity.external_id = plain.map(Into::into),
                "email" => identity.email = plain.map(|email| lower(&email).into()),
                _ => {}
            }
        }
        Ok(identity)
    }

    /// The row as a body: fields as they are, without nulls, and whatever else identifies it.
    fn record_body(&mut self, identifiers: Option<Value<'e>>) -> Result<bytes::Bytes, Rejection> {
        let fields = self.message.record_fields;
        if let Some(wrong) = fields.filter(|fields| !fields.is_object())
            && self.settings.typing == Typing::Checked
        {
            let found = kind_words(wrong.kind());
            let reason = Reason::WrongType { expected: "an object", found };
            return Err(Rejection::new("fields", reason));
        }
        let mut object = Object::open(self.body);
        for source in [identifiers, fields].into_iter().flatten() {
            for field in source.fields().filter(|field| field.value.kind() != Kind::Null) {
                object
                    .spelled_field(field.spelled().as_bytes())
                    .extend_from_slice(field.value.source().as_bytes());
            }
        }
        object.close();
        Ok(self.take_body())
    }
}
