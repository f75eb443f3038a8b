//! What happened to contacts, in order: the feed that reveals merges and deletions.

use crate::workspace::Workspace;
use crate::workspace::contact::{Contact, Role};

/// Why a merge is refused, in the words of the feed.
const FAILURE: &str = "Merge source_user cannot have role='user_role'";

/// What happened to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActivityKind {
    Created,
    RoleUpdated,
    Merged,
    MergeFailed,
    Deleted,
}

impl ActivityKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "contact.created",
            Self::RoleUpdated => "contact.role_updated",
            Self::Merged => "contact.merged",
            Self::MergeFailed => "contact.merge_failed",
            Self::Deleted => "contact.deleted",
        }
    }
}

/// An entry of the feed.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) kind: ActivityKind,
    pub(crate) contact_id: Box<str>,
    pub(crate) external_id: Option<Box<str>>,
    pub(crate) role: Role,
    /// The contact that was to be merged, and the one it was to be merged into.
    pub(crate) merge: Option<(Box<str>, Box<str>)>,
    pub(crate) created_at: i64,
}

impl Activity {
    fn about(kind: ActivityKind, contact: &Contact, created_at: i64) -> Self {
        let (contact_id, external_id) = (contact.id.clone(), contact.external_id.clone());
        Self { kind, contact_id, external_id, role: contact.role, merge: None, created_at }
    }

    /// The id of the entry at a place of the feed, which is its cursor too: milliseconds and the
    /// number of the entry.
    pub(crate) fn id(&self, place: usize) -> String {
        format!("{}.{:06x}", self.created_at.saturating_mul(1_000), place + 1)
    }

    /// Why a merge failed.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        (self.kind == ActivityKind::MergeFailed).then_some(FAILURE)
    }
}

impl Workspace {
    pub(crate) fn note_activity(&mut self, kind: ActivityKind, contact: &Contact, now: i64) {
        self.activities.push(Activity::about(kind, contact, now));
    }

    /// Writes down that a contact was merged into another, or was to be. A merge is told of the
    /// contact that remains, a failed one of the contact that was to go.
    pub(crate) fn note_merge(
        &mut self,
        kind: ActivityKind,
        (from, into): (&str, &str),
        told_of: &Contact,
        now: i64,
    ) {
        let merge = Some((from.into(), into.into()));
        self.activities.push(Activity { merge, ..Activity::about(kind, told_of, now) });
    }

    /// The place at which the feed goes on after a cursor; `None` when it is none of its own.
    pub(crate) fn activities_after(&self, cursor: &str) -> Option<usize> {
        let (_, number) = cursor.split_once('.')?;
        let next = usize::from_str_radix(number, 16).ok()?;
        let place = next.checked_sub(1)?;
        self.activities.get(place).filter(|last| last.id(place) == cursor).map(|_| next)
    }
}
