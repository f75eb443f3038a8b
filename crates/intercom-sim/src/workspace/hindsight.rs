//! The workspace as the index of the searches knows it: as it was a while ago.
//!
//! What is new is not in the index yet, what changed is still in it as it was before, and what was
//! deleted is gone at once. A table keeps the versions before its changes for as long as the index
//! lags behind; for a search they take the place of the present ones.

use std::collections::BTreeMap;

use crate::workspace::Workspace;
use crate::workspace::company::Company;
use crate::workspace::contact::Contact;
use crate::workspace::conversation::Conversation;
use crate::workspace::table::{Record, Slot};
use crate::workspace::ticket::Ticket;

/// Versions of rows, `None` for a row that was not there.
pub(crate) type Versions<R> = Vec<(Slot, Option<R>)>;

/// What the rows of a table were before they changed.
#[derive(Debug, Clone)]
pub(crate) struct Hindsight<R> {
    /// Before changes whose instant is not known yet.
    undated: BTreeMap<Slot, Option<R>>,
    /// By the instant of the change, oldest first.
    dated: BTreeMap<Slot, Vec<(i64, Option<R>)>>,
    /// Up to when changes are dated.
    dated_at: i64,
}

impl<R> Default for Hindsight<R> {
    fn default() -> Self {
        Self { undated: BTreeMap::new(), dated: BTreeMap::new(), dated_at: i64::MIN }
    }
}

impl<R: Record> Hindsight<R> {
    /// Keeps a row that is about to change.
    pub(crate) fn keep(&mut self, slot: Slot, record: &R) {
        self.undated.entry(slot).or_insert_with(|| Some(record.clone()));
    }

    /// Takes note of a row that was not there before.
    pub(crate) fn keep_new(&mut self, slot: Slot) {
        self.undated.insert(slot, None);
    }

    /// Forgets a row that was deleted.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.undated.remove(&slot);
        self.dated.remove(&slot);
    }

    /// Dates the changes since the last time and forgets those of `until` and before. A row that
    /// says when it changed is believed, unless that lies ahead of `now`; so is a second change
    /// within the second that the row named already.
    pub(crate) fn date<'r>(&mut self, now: i64, until: i64, present: impl Fn(Slot) -> Option<&'r R>)
    where
        R: 'r,
    {
        for (slot, before) in std::mem::take(&mut self.undated) {
            let Some(after) = present(slot).map(Record::updated_at) else { continue };
            let is_told = after >= self.dated_at
                || before.as_ref().is_none_or(|before| before.updated_at() != after);
            let changed_at = if is_told { after.min(now) } else { now };
            self.dated.entry(slot).or_default().push((changed_at, before));
        }
        self.dated_at = now;
        self.dated.retain(|_, versions| {
            versions.retain(|(changed_at, _)| *changed_at > until);
            !versions.is_empty()
        });
    }

    /// The rows as they were before their first change after `until`.
    pub(crate) fn at(&self, until: i64) -> Versions<R> {
        let first = self.dated.iter().filter_map(|(slot, versions)| {
            let (_, version) = versions.iter().find(|(changed_at, _)| *changed_at > until)?;
            Some((*slot, version.clone()))
        });
        first.collect()
    }
}

/// What stands aside while a search sees the past.
pub(crate) enum Present {
    Contacts(Versions<Contact>),
    Conversations(Versions<Conversation>),
    Companies(Versions<Company>),
    Tickets(Versions<Ticket>),
}

impl Workspace {
    /// Begins to keep what rows were before they change.
    pub(crate) fn keep_versions(&mut self) {
        self.contacts.keep_versions();
        self.conversations.keep_versions();
        self.companies.keep_versions();
        self.tickets.keep_versions();
    }

    /// Dates what changed since the last time, and forgets what an index that lags by `lag`
    /// seconds has seen.
    pub(crate) fn date_changes(&mut self, now: i64, lag: u32) {
        let until = now.saturating_sub(lag.into());
        self.contacts.date_changes(now, until);
        self.conversations.date_changes(now, until);
        self.companies.date_changes(now, until);
        self.tickets.date_changes(now, until);
    }

    /// Puts what a search on this path looks at back to what it was at `until`; `None` for paths
    /// that no index answers.
    pub(crate) fn rewind(&mut self, path: &str, until: i64) -> Option<Present> {
        Some(match path {
            "/contacts/search" => {
                let past = self.contacts.versions_at(until);
                Present::Contacts(self.exchange_contacts(past))
            }
            "/conversations/search" => {
                let past = self.conversations.versions_at(until);
                Present::Conversations(self.conversations.exchange(past))
            }
            "/companies/search" => {
                let past = self.companies.versions_at(until);
                Present::Companies(self.companies.exchange(past))
            }
            "/tickets/search" => {
                let past = self.tickets.versions_at(until);
                Present::Tickets(self.tickets.exchange(past))
            }
            _ => return None,
        })
    }

    /// Puts everything back to what it is.
    pub(crate) fn restore(&mut self, present: Present) {
        match present {
            Present::Contacts(present) => drop(self.exchange_contacts(present)),
            Present::Conversations(present) => drop(self.conversations.exchange(present)),
            Present::Companies(present) => drop(self.companies.exchange(present)),
            Present::Tickets(present) => drop(self.tickets.exchange(present)),
        }
    }

    /// Exchanges contacts and keeps the look-ups by e-mail and external id in step.
    fn exchange_contacts(&mut self, versions: Versions<Contact>) -> Versions<Contact> {
        for (slot, version) in &versions {
            if let Some(contact) = self.contacts.get(*slot) {
                contact.email.iter().for_each(|text| self.emails.remove(text, *slot));
                contact.external_id.iter().for_each(|text| self.external_ids.remove(text, *slot));
            }
            if let Some(contact) = version {
                contact.email.iter().for_each(|text| self.emails.insert(text, *slot));
                contact.external_id.iter().for_each(|text| self.external_ids.insert(text, *slot));
            }
        }
        self.contacts.exchange(versions)
    }
}
