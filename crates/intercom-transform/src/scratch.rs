//! What planning reuses from event to event, and what plans of one batch know of each other.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use intercom_api::ContactId;

use crate::attributes::Entries;
use crate::plan::{Identity, Plan};

/// Memory for planning; keep one for each thread.
///
/// It also holds what plans of a batch share: contacts that were looked up or written
/// ([`remember`](Self::remember)), and the seconds in which a user's events are. Events of one user
/// belong to one `Scratch`. [`begin_batch`](Self::begin_batch) forgets both, which bounds the memory.
#[derive(Default)]
pub struct Scratch {
    pub(crate) body: Vec<u8>,
    pub(crate) entries: Entries,
    pub(crate) batch: Batch,
}

/// What the plans of a batch know.
#[derive(Default)]
pub(crate) struct Batch {
    by_external_id: HashMap<Box<str>, ContactId>,
    by_email: HashMap<Box<str>, ContactId>,
    seconds: HashMap<u64, Taken>,
    /// The second in which an event of this message id was sent.
    sent: HashMap<u64, i64>,
}

/// A second that an event has taken.
#[derive(Clone, Copy)]
struct Taken {
    /// The first second behind it that was free when it was last asked for.
    next: i64,
}

impl Scratch {
    /// Memory that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what earlier plans found and when earlier events were.
    pub fn begin_batch(&mut self) {
        self.batch = Batch::default();
    }

    /// Learns which contact a driven plan found or wrote; later plans of the batch do not look it up.
    pub fn remember(&mut self, plan: &Plan) {
        let Identity { external_id, email } = plan.identity();
        if plan.has_deleted() {
            self.batch.forget(external_id.as_deref(), email.as_deref());
        }
        let Some(contact) = plan.contact_id() else { return };
        if let Some(external_id) = external_id {
            self.batch.by_external_id.insert(external_id.clone(), contact.clone());
        }
        if let Some(email) = email {
            self.batch.by_email.insert(email.clone(), contact.clone());
        }
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("n_contacts", &self.batch.by_external_id.len())
            .field("n_seconds", &self.batch.seconds.len())
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// The contact of a user. An e-mail address counts only for events that name no user: with
    /// another user's id it would find another person.
    pub(crate) fn contact(
        &self,
        external_id: Option<&str>,
        email: Option<&str>,
    ) -> Option<&ContactId> {
        match external_id {
            Some(external_id) => self.by_external_id.get(external_id),
            None => self.by_email.get(email?),
        }
    }

    fn forget(&mut self, external_id: Option<&str>, email: Option<&str>) {
        if let Some(external_id) = external_id {
            self.by_external_id.remove(external_id);
        }
        if let Some(email) = email {
            self.by_email.remove(email);
        }
    }

    /// The first second from `at` on in which the user has no event of this name. An event whose
    /// message id was seen before stays where it was, so that sending it again changes nothing.
    pub(crate) fn free_second(
        &mut self,
        user: &str,
        event: &str,
        message_id: Option<&str>,
        at: i64,
    ) -> i64 {
        let message = message_id.map(|id| hash(&(user, event, id, at)));
        if let Some(&second) = message.and_then(|message| self.sent.get(&message)) {
            return second;
        }
        let mut second = at;
        while let Some(taken) = self.seconds.get(&hash(&(user, event, second))) {
            second = taken.next;
        }
        let next = second.saturating_add(1);
        self.seconds.insert(hash(&(user, event, second)), Taken { next });
        // Whoever asks for the same second again skips those that are known to be taken.
        self.seconds.insert(hash(&(user, event, at)), Taken { next });
        if let Some(message) = message {
            self.sent.insert(message, second);
        }
        second
    }
}

/// 64 bits for a key: two keys that share them would only be a second apart for no reason.
fn hash(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
