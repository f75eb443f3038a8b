//! Identify with 1.4: one request, with the companies in it.

use crate::company;
use crate::event::{Kind, Value};
use crate::note::NoteKind;
use crate::outcome::Purpose;
use crate::person::Person;
use crate::pick::{Expected, Skip, first};
use crate::plan::{Plan, Send, Target, Task, WRITE_USER};
use crate::planner::Planner;
use crate::rejection::{Call, Rejection};
use crate::settings::{NewSession, TraitSources, Typing};
use crate::write::{Object, push_compact, push_text};

pub(super) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let person = planner.person()?;
    if !person.is_known() {
        return Err(planner.missing_identity(Call::Identify));
    }
    planner.write_user_body(&person)?;
    let body = planner.take_body();
    let send = Send { purpose: Purpose::WriteUser, target: Target::Path(&WRITE_USER), body };
    let version = planner.version();
    let identity = person.identity();
    Ok(Plan::new(planner.settings, version, identity, vec![Task::Send(send)], planner.notes))
}

impl<'e> Planner<'e, '_> {
    fn write_user_body(&mut self, person: &Person<'e>) -> Result<(), Rejection> {
        let [own, of_context] = self.message.both();
        let phone = self.check.check(self.phone(Skip::identity(self.settings)), Expected::Id)?;
        let name = self.checked_name()?;
        let created_at =
            first([own.created_at, of_context.created_at], Skip::details(self.settings));
        let user_agent = self.check.check(self.message.context.user_agent, Expected::Text)?;

        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        self.check.write_id(&mut object, "user_id", person.id);
        object.optional("email", person.email);
        self.check.write_id(&mut object, "phone", phone);
        self.write_date(&mut object, "signed_up_at", created_at);
        object.optional("last_seen_user_agent", user_agent);
        self.write_name(&mut object, name);
        let written = self.write_user_attributes(&mut object);
        self.write_companies(&mut object);
        object.boolean("update_last_request_at", self.settings.update_last_request_at);
        let new_session = first([own.new_session, of_context.new_session], Skip::Falsy);
        if self.settings.new_session == NewSession::AsTold && new_session.is_some_and(is_true) {
            object.boolean("new_session", true);
        }
        object.close();
        *self.body = body;
        written
    }

    fn write_user_attributes(&mut self, object: &mut Object<'_>) -> Result<(), Rejection> {
        let lookup = self.lookup.clone();
        let keeps_session = self.settings.new_session == NewSession::Never;
        let is_reserved = |name: &str| match name {
            "userId" | "email" | "phone" | "name" | "createdAt" | "firstName" | "lastName"
            | "firstname" | "lastname" | "company" => true,
            "new_session" | "newSession" => !keeps_session,
            _ => name == lookup,
        };
        let own = self.message.traits;
        let of_context = self.message.context.traits;
        let sources = match self.settings.traits {
            TraitSources::Merged => [of_context, own],
            TraitSources::Single => [own.or(of_context), None],
        };
        self.start_person_attributes();
        self.write_more_attributes(object, "custom_attributes", sources, is_reserved)
    }

    /// The companies of the trait `company`, as entries of the user.
    fn write_companies(&mut self, object: &mut Object<'_>) {
        let [own, of_context] = self.message.both();
        let company = match self.settings.traits {
            TraitSources::Single if self.message.traits.is_some() => own.company,
            TraitSources::Single => of_context.company,
            TraitSources::Merged => own.company.or(of_context.company),
        };
        let Some(company) = company else { return };
        let is_checked = self.settings.typing == Typing::Checked;
        let listed = company.elements().filter(|_| is_checked);
        let single =
            Some(company).filter(|company| company.is_object() || is_checked && company.is_text());
        let out = object.field("companies");
        out.push(b'[');
        for company in listed.chain(single) {
            let has_id = company.get("id").is_some_and(Value::is_truthy);
            if !has_id && company::name_of(company).is_none() {
                self.notes.push(NoteKind::Unreadable, "company");
                continue;
            }
            if out.last() != Some(&b'[') {
                out.push(b',');
            }
            write_company(out, company);
        }
        out.push(b']');
    }
}

/// One company of a user: what is no field of it goes to its custom attributes, nested values as
/// JSON text.
fn write_company(out: &mut Vec<u8>, company: Value<'_>) {
    let mut entry = Object::open(out);
    let field = |name: &str| company.get(name).and_then(Value::present);
    match field("id").filter(|id| id.is_truthy()) {
        Some(id) => entry.value("company_id", id),
        None => {
            let name = company::name_of(company).unwrap_or_default();
            entry.text("company_id", &company::made_id(&name));
        }
    }
    let mut attributes = Object::open(entry.field("custom_attributes"));
    for field in company.fields() {
        let name = field.spelled();
        if matches!(&*name, "id" | "name" | "industry" | "remove") || field.value.is_null() {
            continue;
        }
        let out = attributes.spelled_field(name.as_bytes());
        if field.value.is_scalar() {
            out.extend_from_slice(field.value.source().as_bytes());
        } else {
            let mut json = Vec::new();
            push_compact(&mut json, field.value);
            push_text(out, &String::from_utf8_lossy(&json));
        }
    }
    attributes.close();
    if company.is_text() {
        entry.value("name", company);
    }
    entry.optional("name", field("name"));
    entry.optional("industry", field("industry"));
    entry.optional("remove", field("remove"));
    entry.close();
}

fn is_true(value: Value<'_>) -> bool {
    value.kind() == Kind::True || value.raw() == "true"
}
