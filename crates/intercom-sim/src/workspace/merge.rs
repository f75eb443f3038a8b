//! Merging a contact into another, and what is known of the one that is gone.

use serde_json::Value;

use crate::workspace::Workspace;
use crate::workspace::activity::ActivityKind;
use crate::workspace::body::Body;
use crate::workspace::change::{ChangeError, unknown};
use crate::workspace::contact::{Contact, DEFAULTS, Role};
use crate::workspace::journal::{Event, Subject};
use crate::workspace::table::Slot;

/// A contact that was merged into another.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    /// The contact that remains.
    pub(crate) into: Box<str>,
    pub(crate) role: Role,
    pub(crate) external_id: Option<Box<str>>,
    pub(crate) merged_at: i64,
}

impl Workspace {
    /// Merges the contact `from` into `into`, which takes over what it lacks: fields, attributes,
    /// tags, companies, notes, events and conversations. `from` is gone afterwards. A contact
    /// merged into itself stays as it is. Roles are not checked.
    ///
    /// # Errors
    /// [`ChangeError::Unknown`] when there is no such contact.
    pub fn merge_contacts(&mut self, from: &str, into: &str, now: i64) -> Result<(), ChangeError> {
        let find = |id| self.contacts.find(id).ok_or_else(|| unknown("contact", id));
        let (source, target) = (find(from)?, find(into)?);
        let Some(lost) = self.contacts.get(source).filter(|_| source != target).cloned() else {
            return Ok(());
        };
        let events = self.events.remove(&source).unwrap_or_default();
        let chosen = self.subscriptions.remove(&source).unwrap_or_default();
        self.drop_contact(source);
        self.change_contact(target, |contact| take_over(contact, &lost, now));
        for company in &lost.companies {
            self.attach_company(target, *company, now);
        }
        if lost.n_notes > 0 {
            let notes = self.notes.iter_mut();
            notes
                .filter(|note| note.subject == Subject::Contact(source))
                .for_each(|note| note.subject = Subject::Contact(target));
        }
        self.take_over_events(target, events);
        if !chosen.is_empty() {
            self.subscriptions.entry(target).or_default().extend(chosen);
        }
        for earlier in self.merged.values_mut().filter(|merged| &*merged.into == from) {
            earlier.into = into.into();
        }
        let merged = Merged {
            into: into.into(),
            role: lost.role,
            external_id: lost.external_id,
            merged_at: now,
        };
        self.merged.insert(from.into(), merged);
        if let Some(kept) = self.contacts.get(target).cloned() {
            self.note_merge(ActivityKind::Merged, (from, into), &kept, now);
        }
        Ok(())
    }

    fn take_over_events(&mut self, target: Slot, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let known = self.events.entry(target).or_default();
        for event in events {
            let is_same = |k: &Event| k.name == event.name && k.created_at == event.created_at;
            if !known.iter().any(is_same) {
                known.push(event);
            }
        }
    }

    /// The id of the contact that an id stands for: the one it was merged into, or itself.
    pub(crate) fn canonical<'a>(&'a self, id: &'a str) -> &'a str {
        self.merged.get(id).map_or(id, |merged| &merged.into)
    }

    /// The contacts that were merged into another, the latest first, with their ids.
    pub(crate) fn merged_into(&self, id: &str) -> Vec<(&str, &Merged)> {
        let all = self.merged.iter().map(|(from, merged)| (&**from, merged));
        let mut found: Vec<_> = all.filter(|(_, merged)| &*merged.into == id).collect();
        found.sort_by_key(|(from, merged)| (std::cmp::Reverse(merged.merged_at), *from));
        found
    }
}

fn take_over(contact: &mut Contact, lost: &Contact, now: i64) {
    contact.updated_at = now;
    contact.n_notes += lost.n_notes;
    if contact.email.is_none() {
        contact.email.clone_from(&lost.email);
    }
    if contact.visits.is_none() {
        contact.visits.clone_from(&lost.visits);
    }
    for applied in &lost.tags {
        if !contact.tags.iter().any(|own| own.tag == applied.tag) {
            contact.tags.push(*applied);
        }
    }
    let mut fields = contact.body.to_map();
    for (name, value) in lost.body.to_map() {
        match (fields.get_mut(&name), value) {
            (Some(Value::Object(own)), Value::Object(attributes))
                if name == "custom_attributes" =>
            {
                for (name, value) in attributes {
                    own.entry(name).or_insert(value);
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                fields.insert(name, value);
            }
        }
    }
    contact.body = Body::from_map(fields, &DEFAULTS);
}
