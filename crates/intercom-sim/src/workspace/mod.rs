//! The data of a workspace.
//!
//! Contacts, conversations and companies live in [`table::Table`]s: a few columns that searches
//! and lists read, and the rest as JSON text. Everything else is small and kept as plain structs.

pub(crate) mod activity;
pub(crate) mod body;
pub(crate) mod catalogue;
pub(crate) mod change;
pub(crate) mod company;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod dump;
pub(crate) mod happening;
pub(crate) mod hindsight;
pub(crate) mod journal;
pub(crate) mod load;
pub(crate) mod merge;
pub(crate) mod misfit;
pub(crate) mod ordered;
pub(crate) mod packed;
pub(crate) mod packing;
mod phrases;
pub(crate) mod render;
mod snooze;
pub(crate) mod subscription;
pub(crate) mod table;
pub(crate) mod ticket;

use std::collections::{BTreeMap, BTreeSet};

use activity::Activity;
use catalogue::{Admin, DataAttribute, DataType, Membership, Model, Profile, Segment, Tags, Team};
use chrono_tz::Tz;
use company::Company;
use contact::{Contact, Role};
use conversation::Conversation;
use happening::Happening;
use journal::{Event, Note};
use merge::Merged;
use table::{DuplicateId, Slot, Table, TextIndex};
use ticket::{Ticket, TicketType};

/// A workspace: contacts, conversations, companies and what belongs to them.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub(crate) profile: Profile,
    pub(crate) contacts: Table<Contact>,
    pub(crate) conversations: Table<Conversation>,
    pub(crate) companies: Table<Company>,
    pub(crate) tickets: Table<Ticket>,
    pub(crate) ticket_types: Vec<TicketType>,
    pub(crate) admins: Vec<Admin>,
    pub(crate) teams: Vec<Team>,
    pub(crate) tags: Tags,
    pub(crate) segments: Vec<Segment>,
    pub(crate) attributes: Vec<DataAttribute>,
    pub(crate) notes: Vec<Note>,
    pub(crate) events: BTreeMap<Slot, Vec<Event>>,
    /// Contacts that are gone because they were merged, by their ids.
    pub(crate) merged: BTreeMap<Box<str>, Merged>,
    /// What happened to contacts while the workspace was used, in order.
    pub(crate) activities: Vec<Activity>,
    /// The types of messages that contacts chose something about, by their places.
    pub(crate) subscriptions: BTreeMap<Slot, BTreeSet<usize>>,
    /// What happened since somebody asked last; `None` while nobody wants to know.
    happenings: Option<Vec<Happening>>,
    emails: TextIndex,
    external_ids: TextIndex,
    /// The last id given to a part, message, note or event.
    last_number: u64,
    /// How many invented changes were made to the workspace while it ran.
    pub(crate) n_changes: u64,
}

/// What a workspace begins with.
pub(crate) struct Parts {
    pub(crate) profile: Profile,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) companies: Vec<Company>,
    pub(crate) admins: Vec<Admin>,
    pub(crate) teams: Vec<Team>,
    pub(crate) tags: Tags,
    pub(crate) attributes: Vec<DataAttribute>,
    pub(crate) last_number: u64,
}

impl Workspace {
    pub(crate) fn assemble(parts: Parts) -> Result<Self, DuplicateId> {
        let contacts = Table::new(parts.contacts)?;
        let text_index = |text: fn(&Contact) -> Option<&str>| {
            TextIndex::new(contacts.iter().filter_map(|(slot, c)| Some((text(c)?, slot))))
        };
        let emails = text_index(|contact| contact.email.as_deref());
        let external_ids = text_index(|contact| contact.external_id.as_deref());
        Ok(Self {
            segments: segments(parts.profile.created_at, &parts.tags),
            profile: parts.profile,
            conversations: Table::new(parts.conversations)?,
            companies: Table::new(parts.companies)?,
            tickets: Table::new(Vec::new())?,
            ticket_types: ticket::types(),
            contacts,
            admins: parts.admins,
            teams: parts.teams,
            tags: parts.tags,
            attributes: parts.attributes,
            notes: Vec::new(),
            events: BTreeMap::new(),
            merged: BTreeMap::new(),
            activities: Vec::new(),
            subscriptions: BTreeMap::new(),
            happenings: None,
            emails,
            external_ids,
            last_number: parts.last_number,
            n_changes: 0,
        })
    }

    /// The zone whose midnights cut the days of contact searches.
    pub fn timezone(&self) -> Tz {
        self.profile.timezone
    }

    /// Puts the workspace into another zone.
    pub fn set_timezone(&mut self, timezone: Tz) {
        self.profile.timezone = timezone;
    }

    /// The number of contacts that are neither archived nor deleted.
    pub fn n_contacts(&self) -> usize {
        self.contacts.created().len()
    }

    /// The number of conversations.
    pub fn n_conversations(&self) -> usize {
        self.conversations.created().len()
    }

    /// Ids of all contacts that lists show, oldest first.
    pub fn contact_ids(&self) -> impl Iterator<Item = &str> {
        let slots = self.contacts.created().slots(0..self.contacts.created().len());
        slots.filter_map(|slot| self.contacts.get(slot)).map(|contact| &*contact.id)
    }

    /// Ids of all conversations, oldest first.
    pub fn conversation_ids(&self) -> impl Iterator<Item = &str> {
        let slots = self.conversations.created().slots(0..self.conversations.created().len());
        slots.filter_map(|slot| self.conversations.get(slot)).map(|found| &*found.id)
    }

    /// The slot of a contact that is not archived.
    pub(crate) fn find_contact(&self, id: &str) -> Option<Slot> {
        let slot = self.contacts.find(id)?;
        self.contacts.get(slot).filter(|contact| !contact.is_archived).map(|_| slot)
    }

    /// The first of some contacts that is not archived.
    pub(crate) fn first_active(&self, mut slots: impl Iterator<Item = Slot>) -> Option<Slot> {
        slots.find(|slot| self.contacts.get(*slot).is_some_and(|contact| !contact.is_archived))
    }

    /// Contacts with this e-mail, archived ones included, in id order.
    pub(crate) fn contacts_by_email(&self, email: &str) -> impl Iterator<Item = Slot> {
        self.emails.candidates(email).filter(move |slot| {
            let contact = self.contacts.get(*slot);
            let known = contact.and_then(|contact| contact.email.as_deref());
            known.is_some_and(|known| known.eq_ignore_ascii_case(email))
        })
    }

    /// Contacts with this external id, archived ones included.
    pub(crate) fn contacts_by_external_id(&self, external_id: &str) -> impl Iterator<Item = Slot> {
        self.external_ids.candidates(external_id).filter(move |slot| {
            let contact = self.contacts.get(*slot);
            contact.and_then(|contact| contact.external_id.as_deref()) == Some(external_id)
        })
    }

    /// Conversations among which are all that a contact takes part in, in id order.
    pub(crate) fn conversations_with(&self, id: &str) -> Vec<Slot> {
        let earlier = self.merged_into(id).into_iter().map(|(from, _)| from);
        let ids = earlier.chain([id]);
        let mut slots: Vec<Slot> = ids.flat_map(|id| self.conversations.linked_to(id)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// What searches read besides the rows they test: it differs when tags were deleted or
    /// contacts merged.
    pub(crate) fn surroundings(&self) -> (usize, usize) {
        (self.tags.n_deleted(), self.merged.len())
    }

    pub(crate) fn admin(&self, id: &str) -> Option<&Admin> {
        self.admins.iter().find(|admin| &*admin.id == id)
    }

    pub(crate) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| &*team.id == id)
    }

    /// The definition of an attribute that is not archived.
    pub(crate) fn attribute(&self, model: Model, name: &str) -> Option<&DataAttribute> {
        self.attributes
            .iter()
            .find(|known| known.model == model && &*known.name == name && !known.is_archived)
    }

    /// Whether a contact belongs to a segment.
    pub(crate) fn belongs(&self, contact: &Contact, membership: Membership, now: i64) -> bool {
        let seen_at = || contact.body.pick(&["last_seen_at"]).and_then(|value| value.as_i64());
        let since = |days: i64| now - days * 86_400;
        match membership {
            Membership::Users => contact.role == Role::User,
            Membership::Leads => contact.role == Role::Lead,
            Membership::CreatedFor(days) => contact.created_at >= since(days),
            Membership::SeenFor(days) => seen_at().is_some_and(|at| at >= since(days)),
            Membership::UnseenFor(days) => {
                contact.role == Role::User && seen_at().is_none_or(|at| at < since(days))
            }
            Membership::Tagged(place) => contact.tags.iter().any(|applied| applied.tag == place),
        }
    }

    /// An id for a part, message, note or event.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// The segments that every workspace has: those of roles and dates, and one that depends on the
/// first tag.
fn segments(created_at: i64, tags: &Tags) -> Vec<Segment> {
    let mut rules = vec![
        ("All users", Membership::Users),
        ("All leads", Membership::Leads),
        ("New", Membership::CreatedFor(30)),
        ("Active", Membership::SeenFor(30)),
        ("Slipping away", Membership::UnseenFor(60)),
    ];
    rules.extend(tags.iter().next().map(|(place, _)| ("Tagged", Membership::Tagged(place))));
    (1_u32..)
        .zip(rules)
        .map(|(number, (name, membership))| Segment {
            id: format!("{created_at:08x}5e6{number:013x}").into(),
            name: name.into(),
            membership,
            created_at,
        })
        .collect()
}

/// The attributes that reports and signals write exist in every workspace, as an administrator
/// would have created them.
pub(crate) const WRITTEN_ATTRIBUTES: &[(Model, &str, DataType)] = &[
    (Model::Contact, "Engagement Status", DataType::String),
    (Model::Contact, "Last Coaching Call", DataType::Integer),
    (Model::Contact, "Last Coaching Session", DataType::Integer),
    (Model::Conversation, "Channel", DataType::String),
];
