//! Rows of a warehouse: their traits are fields of Intercom already, and the first external id of
//! the context says which field identifies them.

use std::borrow::Cow;

use crate::contact::is_reserved;
use crate::event::Value;
use crate::outcome::Purpose;
use crate::person::lower;
use crate::pick::{Skip, first};
use crate::plan::{
    Find, Identity, Plan, Send, SendEvent, Target, Task, WRITE_USER, WriteCompany, WriteContact,
};
use crate::planner::Planner;
use crate::rejection::{Call, Reason, Rejection};
use crate::settings::{GroupOutcome, Typing};
use crate::write::{Object, escaped};

/// One row.
#[derive(Clone)]
struct Row<'e> {
    fields: Option<Value<'e>>,
    /// The field that identifies the row, with its value.
    identifier: Option<(Cow<'e, str>, Value<'e>)>,
}

pub(crate) fn identify(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    let row = planner.row();
    let user = row.get("external_id").or_else(|| row.get("user_id"));
    let email = row.get("email");
    if user.is_none() && email.is_none() {
        return Err(planner.missing_identity(Call::Identify));
    }
    let identity = Identity {
        external_id: user.and_then(Value::to_plain).map(Into::into),
        email: email.and_then(Value::to_plain).map(|email| lower(&email).into()),
    };
    let mut tasks = Vec::with_capacity(2);
    if settings.is_v1() {
        planner.write_row_user(&row)?;
        let body = planner.take_body();
        let purpose = Purpose::WriteUser;
        tasks.push(Task::Send(Send { purpose, target: Target::Path(&WRITE_USER), body }));
    } else {
        tasks.extend(planner.find_row(user, email).map(Task::Find));
        planner.write_row_contact(&row, user)?;
        tasks.push(Task::Write(WriteContact::upsert(planner.take_body())));
    }
    Ok(Plan::new(settings, planner.version(), identity, tasks, planner.notes))
}

pub(crate) fn track(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let row = planner.row();
    let wording = planner.wording();
    if row.get("event_name").is_none() {
        return Err(Rejection::new("traits.event_name", Reason::MissingEventName { wording }));
    }
    let known = ["user_id", "email", "id"].iter().any(|name| row.get(name).is_some());
    if !known {
        return Err(planner.missing_identity(Call::Track));
    }
    let is_v1 = planner.settings.is_v1();
    let time_name = if is_v1 { "created" } else { "created_at" };
    let at = if planner.settings.typing == Typing::Checked && row.get(time_name).is_none() {
        let message = planner.message;
        planner.event_time([None, message.timestamp, message.original_timestamp])?
    } else {
        None
    };
    let mut body = std::mem::take(planner.body);
    let mut object = Object::open(&mut body);
    row.write(&mut object, |name| name == "metadata");
    if let Some(at) = at {
        object.number(time_name, at);
    }
    let written = match row.get("metadata") {
        Some(metadata) => planner.write_metadata(&mut object, metadata),
        None => Ok(()),
    };
    object.close();
    *planner.body = body;
    written?;
    let tasks = vec![Task::Event(SendEvent::new(planner.take_body()))];
    Ok(Plan::new(planner.settings, planner.version(), Identity::default(), tasks, planner.notes))
}

pub(crate) fn group(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    let row = planner.row();
    let id = row.get("company_id").or(planner.message.group_id).filter(|id| id.is_truthy());
    let Some(id) = id else {
        let wording = planner.wording();
        return Err(Rejection::new("traits.company_id", Reason::MissingGroupId { wording }));
    };
    let mut body = std::mem::take(planner.body);
    let mut object = Object::open(&mut body);
    planner.check.write_id(&mut object, "company_id", Some(id));
    row.write(&mut object, |name| matches!(name, "company_id" | "custom_attributes"));
    let attributes = [row.get("custom_attributes"), None];
    let written = planner.write_attributes(&mut object, "custom_attributes", attributes, |_| false);
    object.close();
    *planner.body = body;
    written?;
    let tasks = vec![Task::Company(WriteCompany { body: planner.take_body() })];
    let (version, notes) = (planner.version(), planner.notes);
    let mut plan = Plan::new(settings, version, Identity::default(), tasks, notes);
    if settings.group_outcome == GroupOutcome::Suppressed {
        plan.suppress();
    }
    Ok(plan)
}

impl<'e> Row<'e> {
    /// A field's value, the identifier's before that of the traits.
    fn get(&self, name: &str) -> Option<Value<'e>> {
        let named = self.identifier.as_ref().filter(|(field, _)| field == name);
        let value = named.map(|(_, id)| *id).or_else(|| self.fields?.get(name));
        first([value.and_then(Value::present)], Skip::Empty)
    }

    /// Writes the fields as they are, except those that are left out and nulls.
    fn write(&self, object: &mut Object<'_>, is_left_out: impl Fn(&str) -> bool) {
        for field in self.fields.into_iter().flat_map(Value::fields) {
            let is_identifier = self.identifier.as_ref().is_some_and(|(name, _)| field.is(name));
            if !field.value.is_null() && !is_identifier && !is_left_out(&field.name()) {
                let out = object.spelled_field(field.spelled().as_bytes());
                out.extend_from_slice(field.value.source().as_bytes());
            }
        }
        if let Some((name, id)) = self.identifier.as_ref().filter(|(name, _)| !is_left_out(name)) {
            let out = object.spelled_field(escaped(name).as_bytes());
            out.extend_from_slice(id.source().as_bytes());
        }
    }
}

impl<'e> Planner<'e, '_> {
    /// Whether the event is a row of a warehouse.
    pub(crate) fn is_row(&self) -> bool {
        self.message.context.mapped_to_destination.is_some_and(Value::is_truthy)
    }

    fn row(&self) -> Row<'e> {
        let identifier = || {
            let first = self.message.context.external_id?.elements().next()?;
            let name = first.get("identifierType")?.as_text().filter(|name| !name.is_empty())?;
            Some((name, first.get("id")?.present()?))
        };
        Row {
            fields: self.message.traits.or(self.message.context.traits),
            identifier: identifier(),
        }
    }

    /// Looks the row's contact up by what identifies it. Where values are sent as they came, the
    /// event's own user id counts too.
    fn find_row(&self, user: Option<Value<'e>>, email: Option<Value<'e>>) -> Option<Find> {
        let is_original = self.settings.typing == Typing::AsSent;
        let by_event = self.user_id(Skip::Empty).filter(|_| is_original && email.is_some());
        let email = email.and_then(Value::to_plain).map(|email| lower(&email).into_owned());
        let user = by_event.or(user).and_then(Value::to_plain);
        let fields = [("email", email.as_deref()), ("external_id", user.as_deref())];
        let lookups: Vec<(&str, &str)> =
            fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect();
        (!lookups.is_empty()).then(|| Find::by_texts(&lookups))
    }

    fn write_row_contact(
        &mut self,
        row: &Row<'e>,
        user: Option<Value<'e>>,
    ) -> Result<(), Rejection> {
        // A contact has no field `user_id`.
        let keeps_user_id = self.settings.typing == Typing::AsSent;
        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        self.check.write_id(&mut object, "external_id", user);
        row.write(&mut object, |name| match name {
            "external_id" | "custom_attributes" => true,
            "user_id" => !keeps_user_id,
            _ => false,
        });
        let attributes = [row.get("custom_attributes"), None];
        let lookup = self.lookup.clone();
        let is_left_out = |name: &str| is_reserved(name) || name == lookup;
        let written =
            self.write_attributes(&mut object, "custom_attributes", attributes, is_left_out);
        object.close();
        *self.body = body;
        written
    }

    fn write_row_user(&mut self, row: &Row<'e>) -> Result<(), Rejection> {
        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        row.write(&mut object, |name| {
            matches!(name, "custom_attributes" | "update_last_request_at")
        });
        let attributes = [row.get("custom_attributes"), None];
        let written =
            self.write_attributes(&mut object, "custom_attributes", attributes, |_| false);
        object.boolean("update_last_request_at", self.settings.update_last_request_at);
        object.close();
        *self.body = body;
        written
    }
}
