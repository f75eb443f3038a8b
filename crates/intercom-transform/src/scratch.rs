//! What planning reuses from event to event, and what plans of one batch know of each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use bytes::{Bytes, BytesMut};
use intercom_api::ContactId;

use crate::attributes::Entries;
use crate::plan::{Identity, Plan};

/// Memory for planning; keep one for each thread.
///
/// It also holds what plans of a batch share: contacts that were looked up or written
/// ([`remember`](Self::remember)), and the seconds in which a user's events are. Events of one user
/// belong to one `Scratch`. [`begin_batch`](Self::begin_batch) forgets both, which bounds the memory.
///
/// An event that is planned again in a batch keeps its second if it has a `messageId`; without one
/// it counts as another event.
#[derive(Default)]
pub struct Scratch {
    pub(crate) body: Vec<u8>,
    pub(crate) bodies: Bodies,
    pub(crate) entries: Entries,
    pub(crate) batch: Batch,
}

/// Bodies that are ready to be sent. They share pieces of memory, which are used again once none of
/// a piece's bodies is left; a body therefore holds on to at most one piece.
#[derive(Default)]
pub(crate) struct Bodies {
    piece: BytesMut,
}

impl Bodies {
    const PIECE: usize = 16 * 1024;
    /// Longer ones have memory of their own.
    const MAX_SHARED: usize = 2 * 1024;

    pub(crate) fn keep(&mut self, body: &[u8]) -> Bytes {
        if body.len() > Self::MAX_SHARED {
            return Bytes::copy_from_slice(body);
        }
        if self.piece.capacity() == 0 {
            self.piece = BytesMut::with_capacity(Self::PIECE);
        }
        // Takes the whole piece again where it can, else a new one of the same size.
        self.piece.extend_from_slice(body);
        self.piece.split().freeze()
    }
}

/// What the plans of a batch know.
#[derive(Default)]
pub(crate) struct Batch {
    by_external_id: HashMap<Box<str>, ContactId>,
    by_email: HashMap<Box<str>, ContactId>,
    seconds: HashMap<u64, Taken, BuildHasherDefault<Hashed>>,
    /// Where the event was moved to that has a message id and was for a second.
    shifted: HashMap<u64, i64, BuildHasherDefault<Hashed>>,
}

/// The hash of a key that is one.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A second that an event has taken.
#[derive(Clone, Copy)]
struct Taken {
    /// The message id of the event.
    message: Option<u64>,
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
        self.batch.clear();
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
    /// Memory that an unusually large batch has taken is given back.
    fn clear(&mut self) {
        const MAX_KEPT: usize = 1 << 14;
        self.by_external_id.clear();
        self.by_external_id.shrink_to(MAX_KEPT);
        self.by_email.clear();
        self.by_email.shrink_to(MAX_KEPT);
        self.seconds.clear();
        self.seconds.shrink_to(MAX_KEPT);
        self.shifted.clear();
        self.shifted.shrink_to(MAX_KEPT);
    }

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
        let message = message_id.map(|id| hash(&id));
        let key = hash(&(user, event, at));
        let first = match self.seconds.entry(key) {
            Entry::Occupied(taken) => *taken.get(),
            Entry::Vacant(free) => {
                free.insert(Taken { message, next: at.saturating_add(1) });
                return at;
            }
        };
        if message.is_some() && first.message == message {
            return at;
        }
        let shifted = message.map(|message| hash(&(key, message)));
        if let Some(&second) = shifted.and_then(|shifted| self.shifted.get(&shifted)) {
            return second;
        }
        let mut second = first.next;
        while let Some(taken) = self.seconds.get(&hash(&(user, event, second))) {
            second = taken.next;
        }
        let next = second.saturating_add(1);
        self.seconds.insert(hash(&(user, event, second)), Taken { message, next });
        // Whoever asks for the same second again skips those that are known to be taken.
        self.seconds.insert(key, Taken { next, ..first });
        if let Some(shifted) = shifted {
            self.shifted.insert(shifted, second);
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
