//! The fields that most searches name.

use crate::invent::{Progress, Stage};
use crate::search::facets::Facets;
use crate::search::fields::Column;
use crate::search::filter::{Searchable, Source};
use crate::workspace::Workspace;
use crate::workspace::catalogue::Model;
use crate::workspace::contact::Contact;
use crate::workspace::conversation::Conversation;

const OF_CONTACTS: &[Column] = &[
    Column::CreatedAt,
    Column::UpdatedAt,
    Column::Role,
    Column::OwnerId,
    Column::TagIds,
    Column::Email,
    Column::EmailDomain,
    Column::ExternalId,
    Column::Stored("name"),
    Column::Stored("phone"),
    Column::Stored("last_seen_at"),
    Column::Stored("signed_up_at"),
    Column::Stored("last_contacted_at"),
    Column::Stored("last_replied_at"),
    Column::Stored("location.country"),
    Column::Stored("location.region"),
    Column::Stored("location.city"),
    Column::Stored("browser"),
    Column::Stored("os"),
    Column::Stored("unsubscribed_from_emails"),
    Column::Stored("has_hard_bounced"),
];

const OF_CONVERSATIONS: &[Column] = &[
    Column::CreatedAt,
    Column::UpdatedAt,
    Column::State,
    Column::IsOpen,
    Column::AdminAssigneeId,
    Column::TeamAssigneeId,
    Column::TagIds,
    Column::Priority,
    Column::WaitingSince,
    Column::SnoozedUntil,
    Column::Stored("source.type"),
    Column::Stored("source.subject"),
    Column::Stored("source.body"),
    Column::Stored("source.delivered_as"),
    Column::Stored("read"),
    Column::Stored("conversation_rating.rating"),
    Column::Stored("conversation_rating.remark"),
];

impl Workspace {
    /// Reads the fields that most searches name, so that the first search for one takes no longer
    /// than the second. Searches find the same without it.
    pub fn prepare_searches(&mut self, now: i64, tell: &mut dyn FnMut(Progress)) {
        let columns = |columns: &[Column]| columns.iter().copied().map(Source::Column).collect();
        let attributes = self.attributes.iter().filter(|known| known.model == Model::Contact);
        let attributes: Vec<Source> =
            attributes.map(|known| Source::Attribute(known.name.clone())).collect();
        prepare::<Contact>(self, columns(OF_CONTACTS), now);
        tell(Progress { of: Stage::Searches, done: 1, total: 3 });
        prepare::<Contact>(self, attributes, now);
        tell(Progress { of: Stage::Searches, done: 2, total: 3 });
        prepare::<Conversation>(self, columns(OF_CONVERSATIONS), now);
        tell(Progress { of: Stage::Searches, done: 3, total: 3 });
    }
}

fn prepare<R: Searchable>(workspace: &mut Workspace, sources: Vec<Source>, now: i64) {
    Facets::lend::<R, ()>(workspace, |facets, workspace| {
        facets.prepare::<R>(sources, workspace, now);
    });
}
