//! What a call writes about a person, its companies among it.

use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::routes::contact_lists::{company_not_found, refuse_above_limit};
use crate::routes::data_attributes::{self, Unknown};
use crate::routes::{Call, companies, contacts};
use crate::workspace::catalogue::Model;
use crate::workspace::contact::Contact;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

/// Fields of a body that mean the same as in 2.x.
const SAME: [&str; 7] = [
    "email",
    "phone",
    "name",
    "avatar",
    "owner_id",
    "unsubscribed_from_emails",
    "custom_attributes",
];

/// A checked body.
pub(super) struct Patch {
    /// As 2.x calls them.
    fields: Map<String, Value>,
    is_new_session: bool,
    last_ip: Option<Box<str>>,
    user_agent: Option<Box<str>>,
    companies: Vec<Membership>,
}

struct Membership {
    named: Map<String, Value>,
    fields: Map<String, Value>,
    is_removed: bool,
}

impl Patch {
    /// Checks a body.
    pub(super) fn read(call: &Call<'_>, body: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for name in SAME {
            if let Some(value) = body.get(name) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(at) = body.get("signed_up_at").or_else(|| body.get("remote_created_at")) {
            fields.insert("signed_up_at".to_owned(), at.clone());
        }
        if is_true(body.get("update_last_request_at")) {
            fields.insert("last_seen_at".to_owned(), call.now.into());
        }
        if let Some(at) = body.get("last_request_at") {
            fields.insert("last_seen_at".to_owned(), at.clone());
        }
        check_attributes(call, Model::Contact, &mut fields)?;
        let text = |name: &'static str| match body.get(name) {
            None => Ok(None),
            Some(value) => misfit::text(name, value.clone()),
        };
        Ok(Self {
            fields: contacts::checked(call, fields)?,
            is_new_session: is_true(body.get("new_session")),
            last_ip: text("last_seen_ip")?,
            user_agent: text("last_seen_user_agent")?,
            companies: memberships(call, body.get("companies"))?,
        })
    }

    /// Adds a field as 2.x calls it.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// Writes it to a contact, or to one that is created for it.
    pub(super) fn write(self, call: &mut Call<'_>, known: Option<Slot>) -> Result<Slot, Refusal> {
        let fields = self.fields.clone();
        let slot = match known {
            Some(slot) => {
                call.workspace.patch_contact(slot, fields, call.now)?;
                slot
            }
            None => call.workspace.add_contact(fields, call.now)?,
        };
        call.workspace.define_attributes(Model::Contact, &self.fields, call.now);
        let (is_new_session, last_ip, user_agent) =
            (self.is_new_session, self.last_ip, self.user_agent);
        if is_new_session || last_ip.is_some() || user_agent.is_some() {
            call.workspace.contacts.change(slot, |contact: &mut Contact| {
                let visits = contact.visits.get_or_insert_default();
                visits.n_sessions += u32::from(is_new_session);
                visits.last_ip = last_ip.or_else(|| visits.last_ip.take());
                visits.user_agent = user_agent.or_else(|| visits.user_agent.take());
            });
        }
        for membership in self.companies {
            membership.write(call, slot)?;
        }
        Ok(slot)
    }
}

fn is_true(flag: Option<&Value>) -> bool {
    flag.is_some_and(|flag| *flag == Value::Bool(true) || *flag == "true")
}

/// Checks custom attributes; null says nothing about one that is not defined.
fn check_attributes(
    call: &Call<'_>,
    model: Model,
    fields: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    if fields.get("custom_attributes").is_some_and(Value::is_null) {
        fields.remove("custom_attributes");
    }
    let Some(attributes) = fields.get_mut("custom_attributes") else { return Ok(()) };
    if let Some(attributes) = attributes.as_object_mut() {
        attributes.retain(|name, value| {
            !value.is_null() || call.workspace.attribute(model, name).is_some()
        });
    }
    data_attributes::check(call.workspace, model, attributes, Unknown::Defined)
}

fn memberships(call: &Call<'_>, list: Option<&Value>) -> Result<Vec<Membership>, Refusal> {
    let entries = match list {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Refusal::invalid("companies must be a list").field("companies")),
    };
    entries
        .iter()
        .map(|entry| {
            let named = entry.as_object().cloned();
            let named = named.ok_or_else(|| Refusal::invalid("a company must be an object"))?;
            if !["id", "company_id", "name"].iter().any(|name| named.contains_key(*name)) {
                let message = "bad 'company_id' and 'name' parameters";
                return Err(Refusal::new(400, "bad_request", message));
            }
            let is_removed = is_true(named.get("remove"));
            if named.contains_key("id") && find_company(call, &named).is_none() && !is_removed {
                return Err(company_not_found());
            }
            let fields = company_fields(call, named.clone())?;
            Ok(Membership { named, fields, is_removed })
        })
        .collect()
}

/// The fields of a company that a body writes.
pub(super) fn company_fields(
    call: &Call<'_>,
    mut body: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    check_attributes(call, Model::Company, &mut body)?;
    companies::writable(call, body, Unknown::Defined)
}

/// Updates or creates a company, and defines its attributes.
pub(super) fn write_company(
    call: &mut Call<'_>,
    known: Option<Slot>,
    fields: &Map<String, Value>,
) -> Result<Slot, Refusal> {
    let slot = companies::write(call, known, fields.clone())?;
    call.workspace.define_attributes(Model::Company, fields, call.now);
    Ok(slot)
}

/// The company that an object names by its ids or, without any, by its name.
pub(super) fn find_company(call: &Call<'_>, fields: &Map<String, Value>) -> Option<Slot> {
    let text = |name: &str| fields.get(name).and_then(misfit::id);
    if let Some(id) = text("id") {
        return call.workspace.companies.find(&id);
    }
    match text("company_id") {
        Some(company_id) => companies::by_company_id(call, &company_id),
        None => companies::by_name(call, &text("name")?),
    }
}

impl Membership {
    fn write(self, call: &mut Call<'_>, contact: Slot) -> Result<(), Refusal> {
        let known = find_company(call, &self.named);
        let company = match (known, self.is_removed) {
            (Some(company), true) => {
                call.workspace.detach_company(contact, company, call.now);
                return Ok(());
            }
            (None, true) => return Ok(()),
            // Naming a company changes nothing about it.
            (Some(company), false) if self.fields.keys().all(|name| name == "company_id") => {
                company
            }
            (known, false) => write_company(call, known, &self.fields)?,
        };
        let own = call.workspace.contacts.get(contact).map(|contact| &contact.companies);
        if own.is_some_and(|own| !own.contains(&company)) {
            refuse_above_limit(own.map_or(0, Vec::len) + 1)?;
            call.workspace.attach_company(contact, company, call.now);
        }
        Ok(())
    }
}
