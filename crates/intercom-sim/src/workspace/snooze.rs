//! Snoozed conversations open again by themselves when their time has come.

use serde_json::{Map, json};

use crate::workspace::Workspace;
use crate::workspace::conversation::State;
use crate::workspace::packed::Packed;
use crate::workspace::table::Slot;

impl Workspace {
    /// Opens the conversations that are snoozed until `now` or earlier, each at its own second. Every
    /// call does so first; of a large data set from long ago that is better done before.
    pub fn wake(&mut self, now: i64) {
        while let Some(slot) = self.conversations.first_due(now) {
            self.unsnooze(slot, now);
        }
    }

    /// When so many conversations will have opened, all of them counted that are due; `None` when
    /// there are fewer.
    #[cfg(feature = "server")]
    pub(crate) fn wakes_at(&self, n_opened: usize) -> Option<i64> {
        self.conversations.due_at(n_opened.saturating_sub(1))
    }

    fn unsnooze(&mut self, slot: Slot, now: i64) {
        let id = self.next_number().to_string();
        let email = format!("operator+{}@intercom.io", self.profile.id_code);
        self.conversations.change(slot, |conversation| {
            let at = conversation.snoozed_until.map_or(now, i64::from);
            let author = json!({"type": "bot", "id": "0", "name": "Operator", "email": email});
            let mut part = Map::new();
            part.insert("id".to_owned(), id.into());
            part.insert("part_type".to_owned(), "unsnoozed".into());
            part.insert("created_at".to_owned(), at.into());
            part.insert("author".to_owned(), author);
            let mut parts = conversation.parts();
            parts.push(part);
            conversation.parts = Packed::of(&parts);
            conversation.state = State::Open;
            conversation.snoozed_until = None;
            conversation.updated_at = conversation.updated_at.max(at);
            conversation.change_statistics(|figures| figures.count_conversation_parts += 1);
        });
    }
}
