//! Effects: at least once, never by two at a time, and never reported by who was given up.

use std::collections::BTreeSet;
use std::time::Duration;

use intercom_store::{
    ClaimedEffect, CustomerWrite, DirtyCustomer, Effect, EffectEnd, SweepOutcome, SweepRules,
};

use crate::customers::paying;
use crate::database::{Database, NOW};

const MINUTE: Duration = Duration::from_secs(60);
const RULES: SweepRules = SweepRules { max_attempts: 3, remember_for: Duration::from_secs(3_600) };

fn effect(key: &str) -> Effect {
    Effect {
        kind: "alert".into(),
        queue: "chat".into(),
        dedupe_key: key.into(),
        payload: format!(r#"{{"about":"{key}"}}"#),
        after: Duration::ZERO,
    }
}

impl Database {
    async fn enqueue(&self, keys: &[&str]) -> u64 {
        let effects: Vec<Effect> = keys.iter().map(|key| effect(key)).collect();
        let effects: Vec<&Effect> = effects.iter().collect();
        self.store.enqueue(&self.workspace, &effects).await.expect("the effects are written")
    }

    async fn claim(&self, limit: u32) -> Vec<ClaimedEffect> {
        let claimed = self.store.claim_effects(&self.workspace, "chat", limit, MINUTE).await;
        claimed.expect("effects are claimed")
    }

    async fn claim_one(&self) -> ClaimedEffect {
        self.claim(1).await.pop().expect("an effect is due")
    }

    async fn finish(&self, effect: &ClaimedEffect, end: &EffectEnd) -> bool {
        self.store.finish_effect(&self.workspace, effect.claim, end).await.expect("an answer")
    }

    async fn sweep(&self) -> SweepOutcome {
        self.store.sweep_effects(&self.workspace, RULES).await.expect("the sweep ends")
    }

    /// What two minutes do to effects.
    async fn pass_two_minutes(&self) {
        self.execute("UPDATE outbox SET due_at = due_at - 120000").await;
        self.execute("UPDATE outbox SET lease_until = lease_until - 120000").await;
    }
}

pub(crate) async fn an_effect_is_written_once_per_key(on: &Database) {
    assert_eq!(on.enqueue(&["a", "b"]).await, 2);
    assert_eq!(on.enqueue(&["b", "c"]).await, 1);
    let other = Effect { kind: "task".into(), ..effect("b") };
    assert_eq!(on.store.enqueue(&on.workspace, &[&other]).await.unwrap(), 1);
    let claimed = on.claim(10).await;
    let keys: Vec<&str> = claimed.iter().map(|it| it.dedupe_key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c", "b"]);
    assert_eq!(claimed[0].payload, r#"{"about":"a"}"#);
    assert_eq!((claimed[3].kind.as_str(), claimed[3].attempts), ("task", 1));
    assert_eq!(on.enqueue(&[]).await, 0);
}

pub(crate) async fn a_claimed_effect_is_nobody_elses(on: &Database) {
    on.enqueue(&["a"]).await;
    let elsewhere = on.store.claim_effects(&on.workspace, "tasks", 10, MINUTE).await.unwrap();
    assert_eq!(elsewhere, []);
    let claimed = on.claim_one().await;
    assert_eq!(on.claim(10).await, []);
    assert!(on.finish(&claimed, &EffectEnd::Done).await);
    assert!(!on.finish(&claimed, &EffectEnd::Done).await, "it ended once");
    assert_eq!(on.claim(10).await, []);
}

pub(crate) async fn many_workers_claim_every_effect_once(on: &Database) {
    let keys: Vec<String> = (0..60).map(|number| format!("key {number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    on.enqueue(&keys).await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        let store = intercom_store::open(&on.url).await.expect("the database opens");
        let workspace = on.workspace.clone();
        workers.push(tokio::spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let some = store.claim_effects(&workspace, "chat", 7, MINUTE).await.unwrap();
                if some.is_empty() {
                    return claimed;
                }
                claimed.extend(some.into_iter().map(|effect| effect.dedupe_key));
            }
        }));
    }
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    // A worker that sees only locked rows stops early.
    claimed.extend(on.claim(60).await.into_iter().map(|effect| effect.dedupe_key));
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.iter().map(String::as_str).collect::<BTreeSet<_>>().len(), 60);
}

pub(crate) async fn an_effect_that_rests_is_not_due(on: &Database) {
    let later = Effect { after: MINUTE, ..effect("later") };
    on.store.enqueue(&on.workspace, &[&later]).await.unwrap();
    assert_eq!(on.claim(10).await, []);
    on.pass_two_minutes().await;
    assert_eq!(on.claim(10).await.len(), 1);
}

pub(crate) async fn a_retry_is_due_after_its_rest(on: &Database) {
    on.enqueue(&["a"]).await;
    let first = on.claim_one().await;
    let retry = EffectEnd::Retry { after: MINUTE, reason: "busy".into() };
    assert!(on.finish(&first, &retry).await);
    assert_eq!(on.claim(10).await, []);
    on.pass_two_minutes().await;
    let second = on.claim_one().await;
    assert_eq!(second.attempts, 2);
    assert!(second.claim > first.claim);
}

pub(crate) async fn nothing_of_a_queue_that_rests_is_due(on: &Database) {
    let depth = async || on.store.queue_depth(&on.workspace, "chat").await.unwrap();
    on.enqueue(&["a", "b"]).await;
    let rests = EffectEnd::QueueRests { after: MINUTE, reason: "not now".into() };
    assert!(on.finish(&on.claim_one().await, &rests).await);
    let (later, elsewhere) = (effect("c"), Effect { queue: "mail".into(), ..effect("d") });
    on.store.enqueue(&on.workspace, &[&later, &elsewhere]).await.unwrap();
    assert_eq!(on.claim(10).await, []);
    let waiting = depth().await;
    assert_eq!((waiting.n_due, waiting.n_resting, waiting.next_due_in), (0, 3, waiting.rests_for));
    let rests_for = waiting.rests_for.unwrap().as_secs();
    assert!((50..=60).contains(&rests_for), "{rests_for}");
    let mail = on.store.claim_effects(&on.workspace, "mail", 10, MINUTE).await.unwrap();
    assert_eq!(mail.len(), 1, "another queue does not rest");
    on.pass_two_minutes().await;
    assert_eq!((depth().await.n_due, depth().await.rests_for), (3, None));
    let keys: Vec<String> = on.claim(10).await.into_iter().map(|it| it.dedupe_key).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}

pub(crate) async fn what_a_dead_worker_claimed_is_due_again(on: &Database) {
    on.enqueue(&["a", "b"]).await;
    let claimed = on.claim(2).await;
    assert!(on.finish(&claimed[0], &EffectEnd::Done).await);
    assert_eq!(on.sweep().await, SweepOutcome::default());
    on.pass_two_minutes().await;
    assert_eq!(on.sweep().await, SweepOutcome { n_due_again: 1, ..Default::default() });
    assert_eq!(on.claim_one().await.dedupe_key, "b");
}

pub(crate) async fn who_was_given_up_does_not_report(on: &Database) {
    on.enqueue(&["a"]).await;
    let slow = on.claim_one().await;
    on.pass_two_minutes().await;
    on.sweep().await;
    assert!(!on.finish(&slow, &EffectEnd::Done).await, "the effect waits for another");
    let heir = on.claim_one().await;
    assert!(!on.finish(&slow, &EffectEnd::Dead { reason: "no".into() }).await);
    assert!(on.finish(&heir, &EffectEnd::Done).await);
}

pub(crate) async fn the_last_attempt_of_a_dead_worker_makes_a_dead_effect(on: &Database) {
    on.enqueue(&["a"]).await;
    for attempt in 1..=RULES.max_attempts {
        assert_eq!(on.claim_one().await.attempts, i64::from(attempt));
        on.pass_two_minutes().await;
        let expected = match attempt < RULES.max_attempts {
            true => SweepOutcome { n_due_again: 1, ..Default::default() },
            false => SweepOutcome { n_dead: 1, ..Default::default() },
        };
        assert_eq!(on.sweep().await, expected);
    }
    assert_eq!(on.claim(10).await, []);
    let dead = on.store.dead_effects(&on.workspace).await.unwrap();
    let [dead] = dead.as_slice() else { panic!("{} dead effects", dead.len()) };
    assert_eq!((dead.dedupe_key.as_str(), dead.attempts), ("a", 3));
    assert_eq!(dead.reason.as_deref(), Some("its worker vanished"));
}

pub(crate) async fn a_dead_effect_can_be_revived(on: &Database) {
    on.enqueue(&["a"]).await;
    let claimed = on.claim_one().await;
    let dead = EffectEnd::Dead { reason: "no such channel".into() };
    assert!(on.finish(&claimed, &dead).await);
    let effects = on.store.dead_effects(&on.workspace).await.unwrap();
    assert_eq!(effects[0].reason.as_deref(), Some("no such channel"));
    let revive = || on.store.revive_effect(&on.workspace, effects[0].effect_id);
    assert!(revive().await.unwrap());
    assert!(!revive().await.unwrap());
    assert_eq!(on.store.dead_effects(&on.workspace).await.unwrap(), []);
    let again = on.claim_one().await;
    assert_eq!(again.attempts, 1);
    assert!(!on.finish(&claimed, &EffectEnd::Done).await);
    assert!(on.finish(&again, &EffectEnd::Done).await);
}

pub(crate) async fn what_happened_is_remembered_for_a_while(on: &Database) {
    on.enqueue(&["a"]).await;
    assert!(on.finish(&on.claim_one().await, &EffectEnd::Done).await);
    assert_eq!(on.sweep().await, SweepOutcome::default());
    assert_eq!(on.enqueue(&["a"]).await, 0);
    on.execute("UPDATE outbox SET finished_at = finished_at - 3600000").await;
    assert_eq!(on.sweep().await, SweepOutcome { n_forgotten: 1, ..Default::default() });
    assert_eq!(on.enqueue(&["a"]).await, 1);
}

pub(crate) async fn effects_are_written_with_the_customer_or_not_at_all(on: &Database) {
    let write = |email: &str| CustomerWrite {
        dirty: DirtyCustomer { email: email.into(), mark: 0 },
        customer: Some(paying(100)),
        effects: vec![effect(email)],
        is_restated: false,
        lasting: Vec::new(),
    };
    let commit = async |email| {
        let writes = [write(email)];
        on.store.commit_customers(&on.workspace, &writes, NOW).await
    };
    commit("ada@example.com").await.unwrap();
    on.execute("ALTER TABLE dirty_customers RENAME TO elsewhere").await;
    commit("ben@example.com").await.unwrap_err();
    on.execute("ALTER TABLE elsewhere RENAME TO dirty_customers").await;
    let claimed = on.claim(10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].dedupe_key, "ada@example.com");
}
