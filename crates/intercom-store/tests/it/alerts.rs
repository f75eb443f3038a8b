//! What lasts is remembered with the customer it is about, and what waits to be told is counted.

use std::slice;
use std::time::Duration;

use intercom_revenue::{Alert, AlertKind};
use intercom_store::{
    ALERT_QUEUE, AlertMark, AlertMemory, CustomerNotice, CustomerRow, CustomerWrite, DigestCause,
    DigestEntry, DigestNotice, DigestPart, DirtyCustomer, EffectEnd, Notice, Personal, QueueDepth,
    RunNotice, RunOutcome, SaidWords, WORKSPACE_SUBJECT,
};

use crate::customers::paying;
use crate::database::{Database, NOW, workspace};

fn memory(subject: &str, kind: &str, contact_id: &str) -> AlertMemory {
    AlertMemory {
        subject: subject.into(),
        kind: kind.into(),
        contact_id: Some(contact_id.into()),
        since: NOW,
        value: Some("USD 600.00".into()),
    }
}

fn ended(subject: &str, kind: &str) -> AlertMark {
    AlertMark::Ended { subject: subject.into(), kind: kind.into() }
}

fn notice(detail: &str) -> Notice {
    let detail = detail.into();
    Notice::Run(RunNotice { outcome: RunOutcome::Failed, started_at: NOW, detail })
}

impl Database {
    async fn remember(&self, marks: &[AlertMark]) {
        let marks: Vec<&AlertMark> = marks.iter().collect();
        self.store.note_alerts(&self.workspace, &marks, &[]).await.unwrap();
    }

    async fn remembered(&self, subjects: &[&str], contact_ids: &[&str]) -> Vec<AlertMemory> {
        self.store.alert_memory(&self.workspace, subjects, contact_ids).await.unwrap()
    }
}

pub(crate) async fn what_lasts_is_found_by_subject_and_by_contact(on: &Database) {
    let (ada, ben) = (memory("ada@x.example", "a", "c1"), memory("ben@x.example", "b", "c2"));
    on.remember(&[AlertMark::Began(ada.clone()), AlertMark::Began(ben.clone())]).await;
    assert_eq!(on.remembered(&["ada@x.example"], &[]).await, slice::from_ref(&ada));
    assert_eq!(on.remembered(&[], &["c2"]).await, slice::from_ref(&ben));
    assert_eq!(on.remembered(&["ada@x.example"], &["c1", "c2"]).await, [ada, ben]);
    let elsewhere = workspace(&*on.store, "other").await;
    let found = on.store.alert_memory(&elsewhere, &["ada@x.example"], &["c2"]).await;
    assert_eq!(found.unwrap(), []);
}

pub(crate) async fn what_ended_is_forgotten_and_can_begin_elsewhere(on: &Database) {
    let old = memory("old@x.example", "a", "c1");
    on.remember(&[AlertMark::Began(old.clone())]).await;
    let new = AlertMemory { subject: "new@x.example".into(), ..old };
    on.remember(&[AlertMark::Began(new.clone()), ended("old@x.example", "a")]).await;
    assert_eq!(on.remembered(&["old@x.example"], &["c1"]).await, slice::from_ref(&new));
    let later = AlertMemory { since: NOW + 1, value: None, ..new };
    on.remember(&[AlertMark::Began(later.clone())]).await;
    assert_eq!(on.remembered(&["new@x.example"], &[]).await, [later]);
    on.remember(&[ended("new@x.example", "a"), ended("nobody", "a")]).await;
    assert_eq!(on.remembered(&["new@x.example"], &["c1"]).await, []);
}

pub(crate) async fn a_forgotten_person_leaves_no_alert(on: &Database) {
    let (ada, ben) = (memory("ada@x.example", "a", "c1"), memory("ben@x.example", "b", "c2"));
    // Under an address that the person no longer has.
    let old = memory("old@x.example", "a", "c1");
    let marks = [ada, old, ben.clone()].map(AlertMark::Began);
    let cases = [("ada@x.example", "v1"), ("ben@x.example", "v2"), ("cy@x.example", "v1")];
    let effects = cases.map(|(email, conversation_id)| {
        let conversation_id = conversation_id.into();
        let notice = CustomerNotice {
            email: email.into(),
            name: None,
            contact_id: None,
            mrr: None,
            alert: Alert::CancelMention,
            said: Some(SaidWords { words: "want to cancel".into(), conversation_id }),
        };
        Notice::Customer(notice).effect(email.into())
    });
    let (marks, effects): (Vec<_>, Vec<_>) = (marks.iter().collect(), effects.iter().collect());
    on.store.note_alerts(&on.workspace, &marks, &effects).await.unwrap();
    let who = Personal {
        contact_ids: vec!["c1".into()],
        // Somebody else took part in it, whose words may be about the person.
        conversation_ids: vec!["v1".into()],
        emails: vec!["ada@x.example".into()],
    };
    let erased = on.store.forget(&on.workspace, &who, &[], NOW).await.unwrap();
    assert_eq!((erased["alert_state"], erased["outbox"]), (2, 2));
    let subjects = ["ada@x.example", "old@x.example", "ben@x.example"];
    assert_eq!(on.remembered(&subjects, &["c1"]).await, [ben]);
    assert_eq!(on.store.queue_depth(&on.workspace, ALERT_QUEUE).await.unwrap().n_due, 1);
}

pub(crate) async fn a_digest_loses_only_the_lines_about_a_forgotten_person(on: &Database) {
    let entry = |email: &str, contact_id: &str| DigestEntry {
        email: email.into(),
        name: Some(format!("Name of {email}")),
        contact_id: Some(contact_id.into()),
        mrr: None,
        said: Some(SaidWords {
            words: format!("Words of {email}"),
            conversation_id: format!("talk of {contact_id}"),
        }),
    };
    let part = |kind, n_customers, top| DigestPart { kind, n_customers, top };
    let digest = |parts| Notice::Digest(DigestNotice { cause: DigestCause::ChangedRules, parts });
    let (ada, ben) = (entry("ada@x.example", "c1"), entry("ben@x.example", "c2"));
    // Under an e-mail that the person had before, too.
    let old = entry("old@x.example", "c1");
    let both = digest(vec![
        part(AlertKind::NewHighValueCustomer, 7, vec![ada.clone(), ben.clone(), old]),
        part(AlertKind::PaymentDelinquent, 1, vec![ada.clone()]),
    ]);
    let alone = digest(vec![part(AlertKind::CancelMention, 1, vec![ada])]);
    let effects = [both.effect("first load".into()), alone.effect("alone".into())];
    on.store.enqueue(&on.workspace, &[&effects[0], &effects[1]]).await.unwrap();
    let who = Personal {
        contact_ids: vec!["c1".into()],
        conversation_ids: Vec::new(),
        emails: vec!["ada@x.example".into()],
    };
    let erased = on.store.forget(&on.workspace, &who, &[], NOW).await.unwrap();
    assert_eq!(erased["outbox"], 2);
    let claim = on.store.claim_effects(&on.workspace, ALERT_QUEUE, 9, Duration::ZERO);
    let left: Vec<_> = claim.await.unwrap().iter().map(Notice::read).collect();
    let rest = digest(vec![part(AlertKind::NewHighValueCustomer, 5, vec![ben])]);
    assert_eq!(left, [Some(rest)]);
}

pub(crate) async fn what_lasts_is_written_with_the_customer_or_not_at_all(on: &Database) {
    let write = |email: &str| CustomerWrite {
        dirty: DirtyCustomer { email: email.into(), mark: 0 },
        customer: Some(paying(60_000)),
        effects: Vec::new(),
        is_restated: false,
        lasting: vec![AlertMark::Began(memory(email, "a", "c1"))],
    };
    let commit = async |email| {
        let writes = [write(email)];
        on.store.commit_customers(&on.workspace, &writes, NOW).await
    };
    commit("ada@x.example").await.unwrap();
    on.execute("ALTER TABLE dirty_customers RENAME TO elsewhere").await;
    commit("ben@x.example").await.unwrap_err();
    on.execute("ALTER TABLE elsewhere RENAME TO dirty_customers").await;
    assert_eq!(on.remembered(&[], &["c1"]).await, [memory("ada@x.example", "a", "c1")]);
}

pub(crate) async fn those_it_lasts_for_are_counted_and_ranked(on: &Database) {
    for (email, mrr) in [("ada", 100), ("ben", 300), ("cid", 200)] {
        on.write(email, Some(paying(mrr))).await;
    }
    on.write("dora", Some(CustomerRow::default())).await;
    let all = ["ada", "ben", "cid", "dora", "gone"].map(|email| memory(email, "a", email));
    let marks: Vec<AlertMark> = all.into_iter().map(AlertMark::Began).collect();
    on.remember(&marks).await;
    on.remember(&[AlertMark::Began(memory("cid", "b", "cid"))]).await;
    on.remember(&[AlertMark::Began(memory(WORKSPACE_SUBJECT, "failed", ""))]).await;

    let alerted = async |since| on.store.alerted_customers(&on.workspace, since, 3).await.unwrap();
    assert_eq!(alerted(i64::MAX).await.len(), 0);
    let alerted = alerted(i64::MIN).await;
    let emails = |kind: &str| -> Vec<&str> {
        alerted[kind].top.iter().map(|(email, _)| email.as_str()).collect()
    };
    assert_eq!(alerted.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((alerted["a"].n_customers, emails("a")), (4, vec!["ben", "cid", "ada"]));
    assert_eq!((alerted["b"].n_customers, emails("b")), (1, vec!["cid"]));
    assert_eq!(alerted["a"].top[0].1.mrr, Some(300));
}

pub(crate) async fn what_waits_is_counted(on: &Database) {
    let depth = async || on.store.queue_depth(&on.workspace, ALERT_QUEUE).await.unwrap();
    assert_eq!(depth().await, QueueDepth::default());
    let effects = ["a", "b", "c", "d", "e"].map(|key| notice(key).effect(key.into()));
    let effects: Vec<_> = effects.iter().collect();
    assert_eq!(on.store.note_alerts(&on.workspace, &[], &effects).await.unwrap(), 5);
    assert_eq!(on.store.note_alerts(&on.workspace, &[], &effects).await.unwrap(), 0);

    let lease_for = Duration::from_secs(60);
    let claim = on.store.claim_effects(&on.workspace, ALERT_QUEUE, 4, lease_for);
    let claimed = claim.await.unwrap();
    assert_eq!(Notice::read(&claimed[0]), Some(notice("a")));
    let rest = |seconds| EffectEnd::Retry {
        after: Duration::from_secs(seconds),
        reason: "not yet".into(),
    };
    let dead = EffectEnd::Dead { reason: "no such channel".into() };
    for (effect, end) in claimed.iter().zip([rest(600), rest(60), dead]) {
        assert!(on.store.finish_effect(&on.workspace, effect.claim, &end).await.unwrap());
    }
    let waiting = depth().await;
    let next = waiting.next_due_in.unwrap().as_secs();
    assert!((50..=60).contains(&next), "{next}");
    let expected = QueueDepth {
        n_due: 1,
        n_resting: 2,
        n_claimed: 1,
        n_dead: 1,
        next_due_in: waiting.next_due_in,
        rests_for: None,
        next_given_up_in: waiting.next_given_up_in,
    };
    let given_up_in = waiting.next_given_up_in.unwrap().as_secs();
    assert!((50..=60).contains(&given_up_in), "{given_up_in}");
    assert_eq!((waiting, waiting.n_waiting()), (expected, 4));
    let done = on.store.finish_effect(&on.workspace, claimed[3].claim, &EffectEnd::Done).await;
    assert!(done.unwrap());
    assert_eq!((depth().await.n_claimed, depth().await.next_given_up_in), (0, None));
}
