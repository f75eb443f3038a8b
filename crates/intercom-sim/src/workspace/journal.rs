//! What is written down about contacts and companies: notes and events.

use crate::workspace::packed::Packed;
use crate::workspace::table::Slot;

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Contact(Slot),
    Company(Slot),
}

/// A note.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) id: u32,
    pub(crate) subject: Subject,
    pub(crate) author_id: Option<Box<str>>,
    pub(crate) body: Box<str>,
    pub(crate) created_at: i64,
}

/// Something a contact did.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) name: Box<str>,
    pub(crate) created_at: i64,
    pub(crate) metadata: Packed,
}

/// Keys of an event's metadata that are kept; the rest is dropped in the order of sending.
pub(crate) const MAX_METADATA: usize = 10;
/// Events older than this are not listed; summaries count them forever.
pub(crate) const LISTED_FOR: i64 = 90 * 86_400;
