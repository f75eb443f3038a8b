//! Conversation parts: fetched when something has changed, kept when the API forgets.

use std::sync::Arc;

use intercom_api::{ApiVersion, Method, Request, Safety};
use intercom_store::{PartsState, RunOutcome, StoredPart, Stream};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::World;

const RETRIEVE: &str = "RetrieveConversation";
const ROUTE: &str = "GET /conversations/{id}";

impl World {
    /// A workspace that is read with the parts of its conversations, an hour after its last change.
    pub(crate) fn with_parts(on: &Database) -> Self {
        let mut world = Self::new(on);
        world.settings.streams = vec![Stream::Contacts, Stream::Conversations, Stream::Parts];
        world.advance(3_600);
        world
    }

    fn n_fetches(&self) -> u64 {
        self.sim.stats().calls(ROUTE)
    }

    pub(crate) fn conversation_ids(&self) -> Vec<String> {
        self.sim.with(|sim| sim.workspace().conversation_ids().map(str::to_owned).collect())
    }

    async fn stored_parts(&self, id: &str) -> Vec<StoredPart> {
        let parts = self.store.parts(&self.workspace().await, &[id]).await;
        parts.expect("parts").remove(id).unwrap_or_default()
    }

    async fn state(&self, id: &str) -> Option<PartsState> {
        let ledger = self.store.parts_ledger(&self.workspace().await, &[id]).await;
        ledger.expect("the ledger").get(id).map(|entry| entry.state)
    }

    /// An admin answers in a conversation.
    pub(crate) fn answer(&self, id: &str, text: &str) {
        let admin = self.records(Stream::Admins).into_keys().next().expect("an admin");
        let reply =
            json!({"message_type": "comment", "type": "admin", "admin_id": admin, "body": text});
        self.send(&format!("/conversations/{id}/reply"), &reply);
    }

    pub(crate) fn send(&self, target: &str, body: &Value) {
        let mut request = Request::raw(Method::Post, Safety::Once, target, ApiVersion::V2_16);
        request.set_json(body).expect("JSON");
        let now = self.sim.now();
        let answer = self.sim.with(|sim| sim.handle(&request, now));
        assert_eq!(answer.status, 200, "{target}");
    }

    pub(crate) async fn check_parts(&self) {
        let (shown, stored) = (self.records(Stream::Parts), self.stored(Stream::Parts).await);
        let differing: Vec<_> =
            shown.keys().filter(|id| shown.get(*id) != stored.get(*id)).collect();
        assert!(differing.is_empty(), "{} of {} parts differ", differing.len(), shown.len());
    }
}

pub(crate) async fn every_part_is_mirrored_byte_for_byte(on: &Database) {
    let world = World::with_parts(on);
    let report = world.sync().await;
    assert!(report.is_complete());
    world.check_parts().await;
    let parts = report.stream(Stream::Parts).expect("parts are pulled");
    assert_eq!(parts.n_inserted, world.records(Stream::Parts).len() as u64);
    assert_eq!(parts.n_pages, world.n_fetches());
    assert!(parts.n_inserted > 500, "{}", parts.n_inserted);
}

pub(crate) async fn only_conversations_that_changed_are_fetched_again(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let n_fetches = world.n_fetches();
    world.advance(3_600);
    assert_eq!(world.sync().await.n_written(), 0);
    assert_eq!(world.n_fetches(), n_fetches);

    let ids = world.conversation_ids();
    world.answer(&ids[3], "you are welcome");
    world.advance(3_600);
    let report = world.sync().await;
    assert_eq!(world.n_fetches(), n_fetches + 1);
    assert_eq!(report.stream(Stream::Parts).map(|parts| parts.n_inserted), Some(1));
    world.check_parts().await;

    // A change that the answer has shown already costs a comparison when the search shows it.
    world.advance(86_400);
    assert_eq!(world.sync_whole().await.stream(Stream::Parts).map(|parts| parts.n_pages), Some(0));
}

pub(crate) async fn conversations_alone_fetch_no_parts(on: &Database) {
    let mut world = World::with_parts(on);
    let all = std::mem::replace(&mut world.settings.streams, vec![Stream::Conversations]);
    assert!(world.sync().await.is_complete());
    assert_eq!(world.n_fetches(), 0);
    world.settings.streams = all;
    world.sync().await;
    world.check_parts().await;
}

/// A reply in the second of the answer does not move the conversation's `updated_at`.
pub(crate) async fn a_change_in_the_second_of_the_answer_is_found(on: &Database) {
    let world = World::with_parts(on);
    let id = world.conversation_ids()[3].clone();
    world.sync().await;
    world.answer(&id, "first");
    world.sync().await;
    world.answer(&id, "second, within the same second");
    world.advance(3_600);
    world.sync().await;
    world.check_parts().await;
    let n_fetches = world.n_fetches();
    world.advance(3_600);
    world.sync().await;
    assert_eq!(world.n_fetches(), n_fetches);
}

pub(crate) async fn a_run_that_is_cut_off_fetches_nothing_twice(on: &Database) {
    let world = World::with_parts(on);
    let n_conversations = world.conversation_ids().len() as u64;
    let silent = Meddler::silent_after(&world.sim, 60);
    world.break_off(silent).await;
    let counts = world.store.parts_counts(&world.workspace().await).await.expect("the ledger");
    assert!((1..n_conversations).contains(&counts.n_due), "{counts:?}");
    let report = world.sync().await;
    let n_fetched = report.stream(Stream::Parts).map(|parts| parts.n_pages);
    assert_eq!(n_fetched, Some(counts.n_due));
    world.check_parts().await;
}

pub(crate) async fn what_the_api_forgets_is_kept_and_marked(on: &Database) {
    let world = World::with_parts(on);
    let id = world.conversation_ids()[3].clone();
    world.answer(&id, "my card is 4111");
    world.advance(3_600);
    world.sync().await;
    let before = world.stored_parts(&id).await;
    let last = before.last().expect("a part");
    let (kind, part) = ("conversation_part", &last.id);
    let redaction = json!({"type": kind, "conversation_id": id, "conversation_part_id": part});
    world.send("/conversations/redact", &redaction);
    world.advance(3_600);
    world.sync().await;
    let after = world.stored_parts(&id).await;
    assert_eq!((after.len(), &after[after.len() - 1].body), (before.len(), &last.body));
    assert!(after.last().expect("a part").redacted_at.is_some());
    let redacted = |part: &&StoredPart| part.redacted_at.is_some();
    assert_eq!(after.iter().filter(redacted).count(), 1);
}

pub(crate) async fn a_conversation_that_is_gone_leaves_a_tombstone(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let id = world.conversation_ids()[3].clone();
    world.answer(&id, "goodbye");
    world.advance(3_600);
    // The search still shows what is deleted before its parts are asked for.
    let forgetful = Meddler::refusing(&world.sim, RETRIEVE, 404, "Resource Not Found");
    let report = world.run_over(forgetful).await.expect("the run ends");
    assert_eq!(report.stream(Stream::Parts).map(|parts| parts.n_gone), Some(1));
    let stones = world.store.tombstones(&world.workspace().await).await.expect("tombstones");
    let stones: Vec<_> = stones.iter().map(|stone| (stone.stream, stone.id.as_str())).collect();
    assert_eq!(stones, [(Stream::Conversations, id.as_str())]);
    assert_eq!(world.state(&id).await, Some(PartsState::Gone));
    assert!(world.stored_parts(&id).await.is_empty());
}

pub(crate) async fn an_api_that_knows_no_conversation_buries_none(on: &Database) {
    let world = World::with_parts(on);
    let forgetful = Meddler::refusing(&world.sim, RETRIEVE, 404, "Resource Not Found");
    let report = world.run_over(forgetful).await.expect("the run ends");
    let parts = report.stream(Stream::Parts).expect("parts are pulled");
    assert_eq!((parts.n_gone, report.is_complete()), (0, false));
    assert!(parts.kept_because.as_deref().is_some_and(|why| why.contains("more than 5 %")));
    assert!(world.sync().await.is_complete());
    world.check_parts().await;
}

pub(crate) async fn an_answer_nobody_can_read_is_put_aside_and_named(on: &Database) {
    let world = World::with_parts(on);
    let id = world.conversation_ids()[3].clone();
    let odd = id.clone();
    let meddler = Meddler::rewriting(&world.sim, RETRIEVE, move |conversation| {
        if conversation["id"] == odd.as_str() {
            conversation["conversation_parts"] = json!("none");
        }
    });
    let report = world.run_over(meddler).await.expect("the run ends");
    assert!(!report.is_complete());
    let left_behind = report.stream(Stream::Parts).and_then(|parts| parts.left_behind.clone());
    assert!(left_behind.is_some_and(|text| text.contains(&id)));
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!(end.outcome, RunOutcome::Partial);
    assert!(end.detail.is_some_and(|detail| detail.contains(&id)));
    let rows = world.store.quarantined(&world.workspace().await).await.expect("the quarantine");
    let named: Vec<_> = rows.iter().map(|row| (row.stream, row.record_id.as_deref())).collect();
    assert_eq!(named, [(Stream::Parts, Some(id.as_str()))]);
    assert_eq!(world.state(&id).await, Some(PartsState::Failed));

    world.advance(60);
    assert!(world.sync().await.is_complete());
    world.check_parts().await;
    let rows = world.store.quarantined(&world.workspace().await).await.expect("the quarantine");
    assert!(rows.is_empty());
}

pub(crate) async fn a_part_nobody_can_read_costs_only_itself(on: &Database) {
    let world = World::with_parts(on);
    let meddler = Meddler::rewriting(&world.sim, RETRIEVE, |conversation| {
        let parts = conversation["conversation_parts"]["conversation_parts"].as_array_mut();
        if let Some(part) = parts.expect("a list").first_mut() {
            part["created_at"] = json!("yesterday");
        }
    });
    let report = world.run_over(meddler).await.expect("the run ends");
    let parts = report.stream(Stream::Parts).expect("parts are pulled");
    let n_read = parts.n_fetched - parts.n_quarantined;
    assert!(parts.n_quarantined > 0 && n_read == parts.n_inserted, "{parts:?}");
    assert_eq!(parts.n_fetched, world.records(Stream::Parts).len() as u64);

    // It is asked for until it can be read.
    world.advance(60);
    let report = world.sync().await;
    assert!(report.is_complete(), "{report:?}");
    world.check_parts().await;
    let rows = world.store.quarantined(&world.workspace().await).await.expect("the quarantine");
    assert!(rows.is_empty());
}

pub(crate) async fn more_than_the_api_shows_is_flagged(on: &Database) {
    let world = World::with_parts(on);
    let id = world.conversation_ids()[3].clone();
    let part = |n: i64| {
        json!({"id": format!("9{n:05}"), "part_type": "comment", "body": "x",
               "created_at": crate::world::NOW - 1_000 + n})
    };
    let parts: Vec<Value> = (0..600).map(part).collect();
    let patch = json!({
        "conversation_parts": {"conversation_parts": parts},
        "statistics": {"count_conversation_parts": 600},
    });
    let now = world.sim.now();
    let updated = world.sim.with(|sim| sim.workspace_mut().update_conversation(&id, patch, now));
    updated.expect("the patch fits");
    world.advance(3_600);
    let report = world.sync().await;
    assert_eq!(report.stream(Stream::Parts).map(|parts| parts.n_truncated), Some(1));
    assert!(report.is_complete());
    assert_eq!(world.state(&id).await, Some(PartsState::Truncated));
    assert_eq!(world.stored_parts(&id).await.len(), 500);

    // What leaves the answer because there is something newer stays in the mirror.
    world.answer(&id, "one more");
    world.advance(3_600);
    world.sync().await;
    let stored = world.stored_parts(&id).await;
    assert_eq!((stored.len(), stored.iter().any(|part| part.deleted_at.is_some())), (501, false));
}

pub(crate) async fn an_api_that_is_out_of_order_ends_the_stream(on: &Database) {
    let world = World::with_parts(on);
    let broken = Meddler::refusing(&world.sim, RETRIEVE, 500, "Internal Server Error");
    let report = world.break_off(broken).await;
    let parts = report.stream(Stream::Parts).expect("parts are pulled");
    assert!(parts.broke_off_because.as_deref().is_some_and(|why| why.contains("500")), "{parts:?}");
    // Not every conversation was asked for.
    assert!(parts.n_pages < 20, "{parts:?}");
    assert!(report.metrics.new_contacts > 0, "the customers do not wait for parts");
    let refused = Meddler::refusing(&world.sim, RETRIEVE, 403, "no access");
    let report = world.run_over(refused).await.expect("the run ends");
    let parts = report.stream(Stream::Parts).expect("parts are pulled");
    assert!(parts.skipped_because.is_some());
    world.run_over(Arc::new(world.sim.clone())).await.expect("the run ends");
    world.check_parts().await;
}
