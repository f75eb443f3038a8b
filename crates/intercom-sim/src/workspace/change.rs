//! Changing a workspace: what the API does on request, and what tests do directly.

use serde_json::{Map, Value};

use crate::workspace::Workspace;
use crate::workspace::activity::ActivityKind;
use crate::workspace::catalogue::{DataAttribute, DataType, Model};
use crate::workspace::contact::{Applied, Contact};
use crate::workspace::conversation::Conversation;
use crate::workspace::misfit::Misfit;
use crate::workspace::table::{Slot, compare_ids};
use crate::workspace::ticket::Ticket;

/// A change that a workspace cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such object.
    #[error("there is no {kind} with the id {id:?}")]
    Unknown {
        /// The kind of object.
        kind: &'static str,
        /// The id.
        id: String,
    },
    /// The patch is not an object.
    #[error("a patch is a JSON object")]
    Patch,
    /// A field cannot hold the value.
    #[error(transparent)]
    Field(#[from] Misfit),
}

impl Workspace {
    /// Creates a contact and returns its id. Nothing is checked against other contacts.
    ///
    /// # Errors
    /// [`ChangeError`] when a field holds something it cannot.
    pub fn create_contact(&mut self, fields: Value, now: i64) -> Result<String, ChangeError> {
        let slot = self.add_contact(object(fields)?, now)?;
        let contact = self.contacts.get(slot);
        Ok(contact.map_or_else(String::new, |contact| contact.id.to_string()))
    }

    /// Replaces fields of a contact; custom attributes are merged by name. `updated_at` becomes
    /// `now` unless the patch sets it.
    ///
    /// # Errors
    /// [`ChangeError`] when there is no such contact or a field cannot hold its value.
    pub fn update_contact(&mut self, id: &str, patch: Value, now: i64) -> Result<(), ChangeError> {
        let slot = self.contacts.find(id).ok_or_else(|| unknown("contact", id))?;
        let patch = object(patch)?;
        self.define_attributes(Model::Contact, &patch, now);
        Ok(self.patch_contact(slot, patch, now)?)
    }

    /// Deletes a contact for good.
    ///
    /// # Errors
    /// [`ChangeError::Unknown`] when there is no such contact.
    pub fn delete_contact(&mut self, id: &str) -> Result<(), ChangeError> {
        let slot = self.contacts.find(id).ok_or_else(|| unknown("contact", id))?;
        let told_at = self.activities.last().map(|last| last.created_at);
        let changed_at = self.contacts.get(slot).map(|contact| contact.updated_at);
        self.delete_contact_at(slot, told_at.max(changed_at).unwrap_or_default());
        Ok(())
    }

    /// Replaces fields of a conversation; custom attributes are merged by name. `updated_at`
    /// becomes `now` unless the patch sets it.
    ///
    /// # Errors
    /// [`ChangeError`] when there is no such conversation or a field cannot hold its value.
    pub fn update_conversation(
        &mut self,
        id: &str,
        patch: Value,
        now: i64,
    ) -> Result<(), ChangeError> {
        let slot = self.conversations.find(id).ok_or_else(|| unknown("conversation", id))?;
        let patch = object(patch)?;
        self.define_attributes(Model::Conversation, &patch, now);
        let changed = self.conversations.change(slot, |conversation| {
            conversation.updated_at = now;
            conversation.apply(patch)
        });
        changed.unwrap_or(Ok(()))?;
        Ok(())
    }

    /// Adds a contact whose attributes need not be defined yet.
    pub(crate) fn add_contact(
        &mut self,
        fields: Map<String, Value>,
        now: i64,
    ) -> Result<Slot, Misfit> {
        let mut contact = Contact::blank(self.next_contact_id(now), now);
        contact.apply(fields)?;
        let (email, external_id) = (contact.email.clone(), contact.external_id.clone());
        self.note_activity(ActivityKind::Created, &contact, now);
        let slot = self.contacts.push(contact);
        email.iter().for_each(|text| self.emails.insert(text, slot));
        external_id.iter().for_each(|text| self.external_ids.insert(text, slot));
        Ok(slot)
    }

    /// Changes a contact and keeps the look-ups by e-mail and external id in step.
    pub(crate) fn change_contact<T>(
        &mut self,
        slot: Slot,
        change: impl FnOnce(&mut Contact) -> T,
    ) -> Option<T> {
        let keys = |contact: &Contact| (contact.email.clone(), contact.external_id.clone());
        let before = self.contacts.get(slot).map(keys)?;
        let result = self.contacts.change(slot, change);
        let after = self.contacts.get(slot).map(keys)?;
        if before != after {
            before.0.iter().for_each(|text| self.emails.remove(text, slot));
            before.1.iter().for_each(|text| self.external_ids.remove(text, slot));
            after.0.iter().for_each(|text| self.emails.insert(text, slot));
            after.1.iter().for_each(|text| self.external_ids.insert(text, slot));
        }
        result
    }

    pub(crate) fn patch_contact(
        &mut self,
        slot: Slot,
        patch: Map<String, Value>,
        now: i64,
    ) -> Result<(), Misfit> {
        let change = |contact: &mut Contact| {
            contact.updated_at = now;
            contact.apply(patch)
        };
        let role = self.contacts.get(slot).map(|contact| contact.role);
        let changed = self.change_contact(slot, change).unwrap_or(Ok(()));
        if let Some(after) = self.contacts.get(slot).filter(|after| Some(after.role) != role) {
            let after = after.clone();
            self.note_activity(ActivityKind::RoleUpdated, &after, now);
        }
        changed
    }

    /// Deletes a contact for good, which the feed of activities tells.
    pub(crate) fn delete_contact_at(&mut self, slot: Slot, now: i64) {
        if let Some(contact) = self.contacts.get(slot).cloned() {
            self.note_activity(ActivityKind::Deleted, &contact, now);
        }
        self.drop_contact(slot);
    }

    pub(crate) fn drop_contact(&mut self, slot: Slot) {
        let Some(contact) = self.contacts.remove(slot) else { return };
        contact.email.iter().for_each(|text| self.emails.remove(text, slot));
        contact.external_id.iter().for_each(|text| self.external_ids.remove(text, slot));
        for company in contact.companies {
            self.companies.change(company, |company| company.members.retain(|m| *m != slot));
        }
        self.events.remove(&slot);
        self.subscriptions.remove(&slot);
    }

    /// Adds a conversation with the next id.
    pub(crate) fn add_conversation(
        &mut self,
        now: i64,
        fill: impl FnOnce(&mut Conversation),
    ) -> Slot {
        let id = next_id(self.conversations.last_id(), "200000000000001");
        let mut conversation = Conversation::blank(id, now);
        fill(&mut conversation);
        self.conversations.push(conversation)
    }

    /// Adds a ticket with the next id.
    pub(crate) fn add_ticket(&mut self, create: impl FnOnce(Box<str>) -> Ticket) -> Slot {
        let id = next_id(self.tickets.last_id(), "601");
        self.tickets.push(create(id.into()))
    }

    /// Tags a contact; a second time changes nothing.
    pub(crate) fn tag_contact(&mut self, slot: Slot, tag: u32, now: i64) {
        self.contacts.change(slot, |contact| {
            if !contact.tags.iter().any(|applied| applied.tag == tag) {
                contact.tags.push(Applied { tag, applied_at: now });
                contact.updated_at = now;
            }
        });
    }

    /// Takes a tag off a contact; `false` when it was not there.
    pub(crate) fn untag_contact(&mut self, slot: Slot, tag: u32, now: i64) -> bool {
        let untagged = self.contacts.change(slot, |contact| {
            let before = contact.tags.len();
            contact.tags.retain(|applied| applied.tag != tag);
            let was_there = contact.tags.len() < before;
            if was_there {
                contact.updated_at = now;
            }
            was_there
        });
        untagged.unwrap_or(false)
    }

    /// Makes a contact a member of a company; a second time changes nothing.
    pub(crate) fn attach_company(&mut self, slot: Slot, company: Slot, now: i64) {
        let attached = self.contacts.change(slot, |contact| {
            let is_new = !contact.companies.contains(&company);
            if is_new {
                contact.companies.push(company);
                contact.updated_at = now;
            }
            is_new
        });
        if attached == Some(true) {
            self.companies.change(company, |company| company.members.push(slot));
        }
    }

    /// Ends a membership; `false` when there was none.
    pub(crate) fn detach_company(&mut self, slot: Slot, company: Slot, now: i64) -> bool {
        let detached = self.contacts.change(slot, |contact| {
            let before = contact.companies.len();
            contact.companies.retain(|known| *known != company);
            let was_member = contact.companies.len() < before;
            if was_member {
                contact.updated_at = now;
            }
            was_member
        });
        self.companies.change(company, |company| company.members.retain(|m| *m != slot));
        detached.unwrap_or(false)
    }

    /// Defines the custom attributes of a patch that nobody defined yet.
    pub(crate) fn define_attributes(&mut self, model: Model, patch: &Map<String, Value>, now: i64) {
        let Some(Value::Object(attributes)) = patch.get("custom_attributes") else { return };
        for (name, value) in attributes {
            if let Some(data_type) = DataType::infer(name, value) {
                self.define_attribute(model, name, data_type, now);
            }
        }
    }

    /// Defines an attribute unless it exists, and returns its place.
    pub(crate) fn define_attribute(
        &mut self,
        model: Model,
        name: &str,
        data_type: DataType,
        now: i64,
    ) -> usize {
        let known = self.attributes.iter().position(|a| a.model == model && &*a.name == name);
        if let Some(place) = known {
            return place;
        }
        self.attributes.push(DataAttribute {
            id: u32::try_from(self.attributes.len()).unwrap_or(u32::MAX).saturating_add(18_001),
            model,
            name: name.into(),
            data_type,
            description: "".into(),
            options: Vec::new(),
            is_archived: false,
            messenger_writable: false,
            created_at: now,
            updated_at: now,
        });
        self.attributes.len() - 1
    }

    /// An id in the form of the API's own: seconds, a number of the workspace, a count.
    fn next_contact_id(&self, now: i64) -> String {
        object_id(now, self.contacts.last_id(), self.contacts.n_slots())
    }

    /// The id of the next company.
    pub(crate) fn next_company_id(&self, now: i64) -> String {
        object_id(now, self.companies.last_id(), self.companies.n_slots())
    }
}

/// 24 hexadecimal digits that begin with the seconds and follow `last`.
fn object_id(now: i64, last: Option<&str>, count: u32) -> String {
    let seconds = u32::try_from(now.max(0)).unwrap_or(u32::MAX);
    let id = format!("{seconds:08x}{MACHINE:010x}{:06x}", count & 0xff_ffff);
    match last {
        Some(last) if compare_ids(last, &id).is_ge() => following(last, 16),
        Some(_) | None => id,
    }
}

/// The part of an object id that is the same in the whole workspace.
pub(crate) const MACHINE: u64 = 0x1b_b69f_9f21;

/// The decimal id after `last`, or the first one.
fn next_id(last: Option<&str>, first: &str) -> String {
    last.map_or_else(|| first.to_owned(), |last| following(last, 10))
}

/// An id that follows `last` in the order of ids: the next number of the same length, or a longer
/// text.
fn following(last: &str, radix: u32) -> String {
    let width = last.len();
    let next = u128::from_str_radix(last, radix).ok().and_then(|number| number.checked_add(1));
    let next = next.map(|next| match radix {
        16 => format!("{next:0width$x}"),
        _ => format!("{next:0width$}"),
    });
    next.filter(|next| compare_ids(last, next).is_lt()).unwrap_or_else(|| format!("{last}0"))
}

fn object(value: Value) -> Result<Map<String, Value>, ChangeError> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(ChangeError::Patch),
    }
}

pub(super) fn unknown(kind: &'static str, id: &str) -> ChangeError {
    ChangeError::Unknown { kind, id: id.to_owned() }
}
