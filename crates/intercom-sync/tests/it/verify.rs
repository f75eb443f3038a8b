//! The store against the workspace, and repairs of parts.

use std::sync::Arc;
use std::time::Duration;

use intercom_client::{Client, ClientSettings, RetryPolicy, Transport};
use intercom_store::{ConversationParts, FetchedParts, FoundParts, PartsWrite, Stream};
use intercom_sync::{Silent, StreamComparison, Sync};
use serde_json::json;

use crate::database::Database;
use crate::meddler::{CONTACTS, Meddler};
use crate::world::World;

const RETRIEVE: &str = "RetrieveConversation";

impl World {
    pub(crate) fn sync_over(&self, transport: Arc<dyn Transport>) -> Sync {
        let retry = RetryPolicy { base_delay: Duration::ZERO, ..RetryPolicy::default() };
        let client = Client::new(transport, ClientSettings { retry, ..ClientSettings::default() });
        Sync::new(client, Arc::clone(&self.store), self.settings.clone())
    }

    async fn verified_parts(&self) -> StreamComparison {
        let sync = self.sync_over(Arc::new(self.sim.clone()));
        sync.verify_parts(&Silent).await.expect("a comparison")
    }

    /// Stores a conversation as if the API had shown only some of its parts.
    async fn lose_parts(&self, id: &str, keep: usize) -> Vec<String> {
        let workspace = self.workspace().await;
        let parts = self.store.parts(&workspace, &[id]).await.expect("parts").remove(id);
        let parts = parts.expect("stored parts");
        let lost: Vec<String> = parts[keep..].iter().map(|part| part.id.clone()).collect();
        let ledger = self.store.parts_ledger(&workspace, &[id]).await.expect("a ledger");
        // Those that are kept say what the last one says.
        let last = parts.last().expect("a part");
        let hashes = self.store.stored(&workspace, Stream::Parts, &[&last.id]).await;
        let hash = hashes.expect("hashes")[&last.id].hash;
        let part = |part: &intercom_store::StoredPart| intercom_store::Part {
            id: part.id.clone(),
            created_at: part.created_at,
            hash,
            body: last.body.clone(),
            ..intercom_store::Part::default()
        };
        let fetched = FetchedParts {
            updated_at: ledger[id].updated_at,
            n_counted: ledger[id].n_counted,
            is_whole: true,
            parts: parts[..keep].iter().map(part).collect(),
            quarantined: Vec::new(),
        };
        let found = ConversationParts {
            conversation_id: id.to_owned(),
            mark: 0,
            is_settled: false,
            found: FoundParts::Fetched(fetched),
        };
        let write = PartsWrite { conversations: vec![found], observed_at: 1, run: None };
        self.store.commit_parts(&workspace, &write).await.expect("written");
        lost.iter().map(|part| format!("{id}/{part}")).collect()
    }
}

/// A conversation with at least two parts.
async fn long_conversation(world: &World) -> String {
    let workspace = world.workspace().await;
    let ids = world.conversation_ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let parts = world.store.parts(&workspace, &ids).await.expect("parts");
    let long = parts.into_iter().find(|(_, parts)| parts.len() > 1);
    long.expect("a conversation of several parts").0
}

pub(crate) async fn parts_are_verified_and_repaired(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let equal = world.verified_parts().await;
    assert!(equal.is_equal(), "{equal:?}");
    let n_parts = world.records(Stream::Parts).len() as u64;
    assert_eq!((equal.n_walked, equal.n_equal), (n_parts, n_parts));

    let id = long_conversation(&world).await;
    let lost = world.lose_parts(&id, 1).await;
    let n_lost = lost.len() as u64;
    // One is stored otherwise, the others are taken for gone.
    let differs = world.verified_parts().await;
    assert_eq!(differs.different.n, 1 + n_lost, "{differs:?}");
    assert!(differs.different.first.contains(&lost[0]), "{differs:?}");
    assert_eq!(differs.n_equal, n_parts - 1 - n_lost);

    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let before = sync.repair_parts(world.now(), &Silent).await.expect("a comparison");
    assert_eq!(before, differs);
    assert!(world.verified_parts().await.is_equal());
    world.check_parts().await;
    // What was repaired is projected by the next run.
    assert!(world.sync().await.is_complete());
}

pub(crate) async fn what_was_never_read_is_missing(on: &Database) {
    let world = World::new(on);
    let refused = Meddler::refusing(&world.sim, CONTACTS, 400, "parameter_invalid");
    world.break_off(refused).await;
    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let compared = sync.verify(&Silent).await.expect("comparisons");
    let of = |stream| compared.iter().find(|it| it.stream == stream).expect("a comparison");
    let contacts = of(Stream::Contacts);
    let n_contacts = world.contact_ids().len() as u64;
    assert_eq!((contacts.missing.n, contacts.pending.n), (n_contacts, 0), "{contacts:?}");
    assert!(of(Stream::Conversations).is_equal());

    // What the runs have read to its end is theirs again.
    world.sync().await;
    world.advance(3_600);
    world.update_contact(&world.contact_ids()[0], json!({"name": "Changed"}));
    let compared = sync.verify(&Silent).await.expect("comparisons");
    let contacts = compared.iter().find(|it| it.stream == Stream::Contacts).expect("contacts");
    assert_eq!((contacts.pending.n, contacts.missing.n), (1, 0), "{contacts:?}");
}

pub(crate) async fn parts_that_change_later_are_pending(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let id = long_conversation(&world).await;
    world.advance(3_600);
    world.answer(&id, "one more");
    let pending = world.verified_parts().await;
    assert!(pending.is_equal() && pending.pending.n == 1, "{pending:?}");
    // An answer in the second of a change does not settle it.
    world.advance(3_600);
    world.sync().await;
    assert_eq!(world.verified_parts().await.pending.n, 0);
}

/// Nothing has changed in them: their answer was bad, and is.
pub(crate) async fn conversations_whose_answer_is_bad_are_unreadable(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let id = long_conversation(&world).await;
    world.advance(3_600);
    world.answer(&id, "one more");
    world.advance(3_600);
    let odd = id.clone();
    let bad = Meddler::rewriting(&world.sim, RETRIEVE, move |answer| {
        if answer["id"] == odd {
            answer["conversation_parts"] = json!(null);
        }
    });
    world.break_off(bad.clone()).await;
    let compared = world.sync_over(bad).verify_parts(&Silent).await.expect("a comparison");
    assert_eq!((compared.pending.n, compared.n_unreadable), (0, 1), "{compared:?}");
    assert_eq!(compared.unreadable, [id]);
    assert!(!compared.is_equal());
    // Once it can be read, the next run reads it.
    let pending = world.verified_parts().await;
    assert!(pending.is_equal() && pending.pending.n > 0, "{pending:?}");
    assert!(world.sync().await.is_complete());
    let equal = world.verified_parts().await;
    assert!(equal.is_equal() && equal.pending.n == 0, "{equal:?}");
}

pub(crate) async fn what_the_api_does_not_answer_is_not_compared_and_named(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let broken = Meddler::refusing(&world.sim, RETRIEVE, 500, "Internal Server Error");
    let parts = world.sync_over(broken).verify_parts(&Silent).await.expect("a comparison");
    assert!(parts.skipped_because.as_deref().is_some_and(|why| why.contains("500")), "{parts:?}");
    let revoked = Meddler::refusing(&world.sim, RETRIEVE, 401, "Access Token Invalid");
    world.sync_over(revoked).verify_parts(&Silent).await.expect_err("the token is refused");

    let broken = Meddler::refusing(&world.sim, "ListContacts", 500, "Internal Server Error");
    let compared = world.sync_over(broken).verify(&Silent).await.expect("comparisons");
    for stream in &compared {
        assert_eq!(stream.skipped_because.is_some(), stream.stream == Stream::Contacts);
        assert_eq!(stream.is_equal(), stream.stream != Stream::Contacts, "{stream:?}");
    }
}

/// Bodies that the disk has lost, or mixed up: no column shows it.
pub(crate) async fn damaged_bodies_are_named_and_mended(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    let ids = world.contact_ids();
    let talk = world.conversation_ids()[0].clone();
    on.execute(&format!(
        "UPDATE contact_bodies SET body = \
         (SELECT other.body FROM contact_bodies other WHERE other.id = '{}') WHERE id = '{}'",
        ids[0], ids[1]
    ))
    .await;
    on.execute(&format!("DELETE FROM contact_bodies WHERE id = '{}'", ids[2])).await;
    on.execute(&format!("DELETE FROM conversation_bodies WHERE id = '{talk}'")).await;
    let n_changes = on.number("SELECT COUNT(*) FROM attribute_history").await;

    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let check_named = |compared: &[StreamComparison]| {
        for of_stream in compared {
            let mut named = of_stream.damaged.first.clone();
            named.sort();
            let mut expected = match of_stream.stream {
                Stream::Contacts => ids[1..3].to_vec(),
                Stream::Conversations => vec![talk.clone()],
                _ => Vec::new(),
            };
            expected.sort();
            assert_eq!(named, expected, "{of_stream:?}");
            let n_damaged = expected.len() as u64;
            assert_eq!(of_stream.n_equal + n_damaged, of_stream.n_walked, "{of_stream:?}");
            assert_eq!(of_stream.is_equal(), n_damaged == 0, "{of_stream:?}");
        }
    };
    check_named(&sync.verify(&Silent).await.expect("comparisons"));
    // A run over everything trusts the digests.
    world.advance(3_600);
    assert_eq!(world.sync_whole().await.n_written(), 0);

    check_named(&sync.verify_before_repair(&Silent).await.expect("comparisons"));
    world.advance(3_600);
    let mended = world.sync_whole().await;
    assert_eq!((mended.n_written(), mended.is_complete()), (3, true));
    let compared = sync.verify(&Silent).await.expect("comparisons");
    assert!(compared.iter().all(StreamComparison::is_equal), "{compared:?}");
    world.check_exact_mirror().await;
    let n_added = on.number("SELECT COUNT(*) FROM attribute_history").await - n_changes;
    assert_eq!(n_added, 0, "what is stored anew has not changed");
}

/// A record whose stored twin says that it changed later is left alone by every run, because an index
/// may lag; a repair takes it as the API returns it.
pub(crate) async fn what_claims_to_be_older_is_mended(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    let ids = world.contact_ids();
    on.execute(&format!(
        "UPDATE contacts SET updated_at = updated_at + 86400, content_hash = \
         (SELECT other.content_hash FROM contacts other WHERE other.id = '{}') WHERE id = '{}'",
        ids[0], ids[1]
    ))
    .await;
    world.advance(3_600);
    assert_eq!(world.sync_whole().await.n_written(), 0);
    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let compared = sync.verify_before_repair(&Silent).await.expect("comparisons");
    let contacts = compared.iter().find(|of_stream| of_stream.stream == Stream::Contacts);
    assert_eq!(contacts.map(|contacts| &contacts.different.first), Some(&ids[1..2].to_vec()));
    world.advance(3_600);
    assert_eq!(world.sync_whole().await.n_written(), 1);
    let compared = sync.verify(&Silent).await.expect("comparisons");
    assert!(compared.iter().all(StreamComparison::is_equal), "{compared:?}");
    world.check_exact_mirror().await;
}

pub(crate) async fn damaged_parts_are_mended(on: &Database) {
    let world = World::with_parts(on);
    world.sync().await;
    let id = long_conversation(&world).await;
    let workspace = world.workspace().await;
    let parts = world.store.parts(&workspace, &[&id]).await.expect("parts").remove(&id);
    let parts: Vec<String> = parts.expect("parts").into_iter().map(|part| part.id).collect();
    let damage = async || {
        on.execute(&format!(
            "UPDATE conversation_part_bodies SET body = (SELECT other.body \
             FROM conversation_part_bodies other WHERE other.id = '{}') WHERE id = '{}'",
            parts[1], parts[0]
        ))
        .await;
        let lost = format!("DELETE FROM conversation_part_bodies WHERE id = '{}'", parts[1]);
        on.execute(&lost).await;
    };
    let check_damaged = |compared: &StreamComparison| {
        let mut named = compared.damaged.first.clone();
        named.sort();
        let mut expected: Vec<String> =
            parts[..2].iter().map(|part| format!("{id}/{part}")).collect();
        expected.sort();
        assert_eq!(named, expected);
        assert_eq!((compared.different.n, compared.missing.n, compared.is_equal()), (0, 0, false));
    };
    damage().await;
    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let before = sync.repair_parts(world.now(), &Silent).await.expect("a comparison");
    check_damaged(&before);
    assert!(world.verified_parts().await.is_equal());
    world.check_parts().await;

    // Without a call for each conversation, too: only that with the damage is asked for.
    damage().await;
    let compared = sync.verify(&Silent).await.expect("comparisons");
    let of_parts = compared.iter().find(|it| it.stream == Stream::Parts).expect("parts are named");
    check_damaged(of_parts);
    let meddler = Meddler::silent_after(&world.sim, 2);
    let sync = world.sync_over(meddler.clone());
    check_damaged(&sync.repair_damaged_parts(world.now(), &Silent).await.expect("a comparison"));
    assert_eq!(meddler.n_sent(), 2, "`/me` and one conversation");
    world.check_parts().await;
    let sync = world.sync_over(Arc::new(world.sim.clone()));
    let compared = sync.verify(&Silent).await.expect("comparisons");
    assert!(compared.iter().all(|it| it.stream != Stream::Parts), "{compared:?}");
}
