//! At least once, oldest first, and nothing lost: over a Slack on this machine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use intercom_outreach::fake::{FakeAnswer, FakeSlack};
use intercom_outreach::{Answer, HttpTransport, Post, Slack, Transport, TransportError};
use intercom_revenue::{Alert, Currency, Money, Movement};
use intercom_store::{
    ALERT_QUEUE, CustomerNotice, Effect, Notice, RunNotice, RunOutcome, SaidWords,
};
use intercom_worker::{
    Channels, DispatchSettings, Dispatched, dispatch_once, dispatch_until_empty,
};

use crate::database::{Database, NOW};

const REFUSED: FakeAnswer = FakeAnswer::Refused(503, "");

fn settings() -> DispatchSettings {
    DispatchSettings { max_attempts: 3, ..DispatchSettings::default() }
}

/// A notice with a headline that tells it from others: failed or partial runs, and alerts.
fn failed() -> Notice {
    run(RunOutcome::Failed)
}

fn partial() -> Notice {
    run(RunOutcome::Partial)
}

fn run(outcome: RunOutcome) -> Notice {
    Notice::Run(RunNotice { outcome, started_at: NOW, detail: "contacts left out".into() })
}

fn overdue(n: i64) -> Notice {
    Notice::Customer(CustomerNotice {
        email: format!("m{n}@member.example"),
        name: None,
        contact_id: None,
        mrr: Some(Money::new(n, Currency::USD)),
        alert: Alert::PaymentDelinquent,
        said: None,
    })
}

fn channels(fake: &FakeSlack) -> Channels {
    Channels { alerts: Slack::new(fake.url()).expect("an address") }
}

impl Database {
    async fn enqueue(&self, notices: &[Notice]) {
        let effects: Vec<Effect> =
            notices.iter().enumerate().map(|(n, it)| it.effect(format!("notice {n}"))).collect();
        let effects: Vec<&Effect> = effects.iter().collect();
        let written = self.store.enqueue(&self.workspace, &effects).await;
        assert_eq!(written.expect("written"), notices.len() as u64);
    }

    async fn dispatch(&self, channels: &Channels) -> Dispatched {
        let told = dispatch_once(&*self.store, &self.workspace, channels, &settings()).await;
        told.expect("the pass ends")
    }

    /// What a day does to effects.
    async fn pass_a_day(&self) {
        self.execute("UPDATE outbox SET due_at = due_at - 86400000").await;
        self.execute("UPDATE outbox SET lease_until = lease_until - 86400000").await;
    }
}

async fn fake() -> FakeSlack {
    FakeSlack::start().await.expect("a port")
}

pub(crate) async fn notices_are_told_in_order_and_once(on: &Database) {
    let (fake, notices) = (fake().await, [failed(), overdue(1), partial()]);
    on.enqueue(&notices).await;
    let channels = channels(&fake);
    let told = on.dispatch(&channels).await;
    assert_eq!((told.n_told, told.n_messages, told.waiting.n_waiting()), (3, 3, 0));
    assert_eq!(on.dispatch(&channels).await, Dispatched::default());
    let expected = ["Intercom sync failed", "A payment is overdue", "Intercom sync was partial"];
    assert_eq!(fake.headlines(), expected);
    let received = fake.received();
    for (first, second) in received.iter().zip(&received[1..]) {
        assert!(second.at - first.at >= Duration::from_millis(990), "one a second");
    }
}

/// Sends, and never comes back: what a program does that dies before it has noted the answer.
struct Killed(HttpTransport);

#[async_trait::async_trait]
impl Transport for Killed {
    async fn post(&self, post: &Post) -> Result<Answer, TransportError> {
        self.0.post(post).await?;
        std::future::pending().await
    }
}

pub(crate) async fn a_program_that_dies_after_sending_tells_again(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed()]).await;
    let transport = HttpTransport::to(&fake.url(), Duration::from_secs(10)).expect("an address");
    let killed = Channels { alerts: Slack::over(Arc::new(Killed(transport)), fake.url()) };
    let pass = async { on.dispatch(&killed).await };
    let arrived = async {
        while fake.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        told = pass => panic!("{told:?}"),
        () = arrived => {}
    }
    // Its claim still holds.
    let channels = channels(&fake);
    assert_eq!(on.dispatch(&channels).await.waiting.n_claimed, 1);
    assert_eq!(fake.received().len(), 1);
    on.pass_a_day().await;
    let told = on.dispatch(&channels).await;
    assert_eq!((told.n_told, told.waiting.n_waiting()), (1, 0));
    assert_eq!(fake.received().len(), 2, "at least once");
}

pub(crate) async fn a_program_that_dies_before_sending_loses_nothing(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed(), partial()]).await;
    let lease_for = Duration::from_secs(60);
    let claim = on.store.claim_effects(&on.workspace, ALERT_QUEUE, 1, lease_for);
    assert_eq!(claim.await.expect("claimed").len(), 1);
    let channels = channels(&fake);
    assert_eq!(on.dispatch(&channels).await.n_told, 1);
    on.pass_a_day().await;
    assert_eq!(on.dispatch(&channels).await.n_told, 1);
    assert_eq!(fake.headlines(), ["Intercom sync was partial", "Intercom sync failed"]);
}

pub(crate) async fn trouble_puts_off_and_the_limit_makes_dead(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed(), partial()]).await;
    let channels = channels(&fake);
    for attempt in 1..=3 {
        fake.answer(&[REFUSED]);
        let told = on.dispatch(&channels).await;
        let expected = if attempt < 3 { (1, 0) } else { (0, 1) };
        assert_eq!((told.n_put_off, told.n_dead), expected);
        let reason = told.stopped_because.expect("a reason");
        assert_eq!(reason, "slack is unavailable: status 503");
        assert_eq!(told.waiting.n_due, 1, "the next is not even tried");
        let rest = told.waiting.next_due_in.map(|rest| rest.as_secs());
        // 30 seconds, then a minute; a dead notice rests no more.
        assert_eq!(rest.map(|rest| rest / 29), [Some(1), Some(2), None][attempt - 1]);
        if attempt < 3 {
            on.execute("UPDATE outbox SET due_at = due_at - 3600000 WHERE attempts > 0").await;
        }
    }
    let dead = on.store.dead_effects(&on.workspace).await.expect("dead effects");
    assert_eq!((dead.len(), dead[0].attempts), (1, 3));
    assert_eq!(dead[0].reason.as_deref(), Some("slack is unavailable: status 503"));
    let told = on.dispatch(&channels).await;
    assert_eq!((told.n_told, told.waiting.n_dead), (1, 1));
    let revived = on.store.revive_effect(&on.workspace, dead[0].effect_id).await;
    assert!(revived.expect("an answer"));
    assert_eq!(on.dispatch(&channels).await.n_told, 1);
}

pub(crate) async fn a_refused_message_is_dead_at_once_and_the_next_is_told(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed(), partial()]).await;
    fake.answer(&[FakeAnswer::Refused(400, "invalid_payload")]);
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_dead, told.n_told, told.stopped_because), (1, 1, None));
    let dead = on.store.dead_effects(&on.workspace).await.expect("dead effects");
    let reason = dead[0].reason.as_deref();
    assert_eq!(reason, Some("slack refuses the message: status 400, invalid_payload"));
}

pub(crate) async fn a_gone_channel_stops_the_pass_and_kills_nothing(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed(), partial()]).await;
    fake.answer(&[FakeAnswer::Refused(404, "no_service")]);
    let channels = channels(&fake);
    let (settings, patience) = (settings(), Duration::from_secs(3_600));
    let told =
        dispatch_until_empty(&*on.store, &on.workspace, &channels, &settings, patience).await;
    let told = told.expect("patience does not help");
    assert_eq!((told.n_dead, told.n_put_off, told.waiting.n_waiting()), (0, 1, 2));
    let expected = "0 alerts told in 0 messages, 2 wait; \
                    slack refuses the webhook: status 404, no_service";
    assert_eq!(told.to_string(), expected);
}

pub(crate) async fn a_wait_is_obeyed_and_kills_nothing(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed()]).await;
    on.execute("UPDATE outbox SET attempts = 40").await;
    fake.answer(&[FakeAnswer::Throttled(90)]);
    let channels = channels(&fake);
    let told = on.dispatch(&channels).await;
    assert_eq!((told.n_put_off, told.waiting.n_resting), (1, 1));
    let rest = told.waiting.next_due_in.expect("it rests").as_secs();
    assert!((80..=90).contains(&rest), "{rest}");
    on.pass_a_day().await;
    assert_eq!(on.dispatch(&channels).await.n_told, 0, "the wait is not over");
    assert_eq!(fake.received().len(), 1);
}

pub(crate) async fn the_whole_queue_rests_when_the_channel_asks_for_it(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed(), overdue(1)]).await;
    fake.answer(&[FakeAnswer::Throttled(90), FakeAnswer::Taken]);
    assert_eq!(on.dispatch(&channels(&fake)).await.n_put_off, 1);
    // Another process, which knows of the wait from nowhere else, and what has come since.
    let later = partial().effect("later".into());
    on.store.enqueue(&on.workspace, &[&later]).await.expect("written");
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_told, told.waiting.n_resting, fake.received().len()), (0, 3, 1));
    let rests_for = told.waiting.rests_for.expect("it rests").as_secs();
    assert!((80..=90).contains(&rests_for), "{rests_for}");
    on.pass_a_day().await;
    assert_eq!(on.dispatch(&channels(&fake)).await.n_told, 3);
    let expected = ["Intercom sync failed", "A payment is overdue", "Intercom sync was partial"];
    assert_eq!(fake.headlines(), expected, "in the order they came");
}

/// The lines of a message.
fn lines(message: &serde_json::Value) -> Vec<String> {
    let blocks = message["blocks"].as_array().expect("blocks");
    let texts = blocks[1..].iter().filter_map(|block| block["text"]["text"].as_str());
    texts.flat_map(str::lines).map(str::to_owned).collect()
}

fn moved(n: i64, from: i64, to: i64) -> Notice {
    let movement = match to {
        0 => Movement::Churn,
        _ if to < from => Movement::Contraction,
        _ => Movement::Expansion,
    };
    let usd = |minor| Money::new(minor, Currency::USD);
    let Notice::Customer(notice) = overdue(n) else { unreachable!() };
    let alert = Alert::LargeMrrChange { from: usd(from), to: usd(to), movement };
    Notice::Customer(CustomerNotice { alert, mrr: Some(usd(to)), ..notice })
}

pub(crate) async fn very_many_are_told_in_one_message(on: &Database) {
    let fake = fake().await;
    let mut notices: Vec<Notice> = (1..=18).map(overdue).collect();
    notices.extend([moved(90, 100, 900), moved(91, 5_000, 0), moved(92, 7_000, 0), failed()]);
    notices.push(moved(93, 9_000, 1_000));
    on.enqueue(&notices).await;
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_told, told.n_messages, told.waiting.n_waiting()), (23, 2, 0));
    assert_eq!(fake.headlines(), ["Intercom sync failed", "22 alerts at once"]);
    let lines = lines(&fake.received()[1].message);
    insta::allow_duplicates! {
        insta::assert_snapshot!(lines[..10].join("\n"), @r"
        Lost customers: 2
        • m92@member.example · USD 70.00 → USD 0.00
        • m91@member.example · USD 50.00 → USD 0.00
        Customers who pay much less: 1
        • m93@member.example · USD 90.00 → USD 10.00
        Customers who pay much more: 1
        • m90@member.example · USD 1.00 → USD 9.00
        Overdue payments: 18
        • m18@member.example · USD 0.18
        • m17@member.example · USD 0.17
        ");
    }
    assert_eq!(lines.len(), 4 + 22, "nobody is left out");
}

pub(crate) async fn everybody_is_named_in_as_many_messages_as_it_takes(on: &Database) {
    let fake = fake().await;
    let notices: Vec<Notice> = (1..=120).map(overdue).collect();
    on.enqueue(&notices).await;
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_told, told.n_messages), (120, 3));
    assert_eq!(fake.headlines()[2], "120 alerts at once, 3 of 3");
    let received = fake.received();
    let named: BTreeSet<String> =
        received.iter().flat_map(|it| lines(&it.message)).filter(|it| it.contains('@')).collect();
    assert_eq!(named.len(), 120);
}

pub(crate) async fn above_a_number_the_rest_is_counted_with_where_to_see_it(on: &Database) {
    let fake = fake().await;
    let mut notices: Vec<Notice> = (1..=80).map(overdue).collect();
    notices.extend((81..=100).map(|n| moved(n, n, 0)));
    on.enqueue(&notices).await;
    let see_rest = Some("The table of customers lists them.".to_owned());
    let settings = DispatchSettings { max_named: 60, see_rest, ..settings() };
    let told = dispatch_once(&*on.store, &on.workspace, &channels(&fake), &settings).await;
    let told = told.expect("the pass ends");
    assert_eq!((told.n_told, told.n_messages), (100, 3));
    let received = fake.received();
    assert_eq!(
        lines(&received[0].message)[..2],
        ["Lost customers: 20", "• m100@member.example · USD 1.00 → USD 0.00"]
    );
    let rest = [
        "40 alerts of smaller amounts:",
        "Overdue payments: 40",
        "The table of customers lists them.",
    ];
    assert_eq!(lines(&received[2].message), rest);
}

pub(crate) async fn names_of_any_length_leave_nobody_out(on: &Database) {
    let fake = fake().await;
    let long = |n| {
        let Notice::Customer(notice) = overdue(n) else { unreachable!() };
        let words = "&".repeat(500);
        let said = Some(SaidWords { words, conversation_id: "1".into() });
        let (name, alert) = (Some("<&>".repeat(400)), Alert::CancelMention);
        Notice::Customer(CustomerNotice { name, alert, said, ..notice })
    };
    on.enqueue(&(1..=50).map(long).collect::<Vec<_>>()).await;
    assert_eq!(on.dispatch(&channels(&fake)).await.n_messages, 1);
    let message = &fake.received()[0].message;
    let n_named = lines(message).iter().filter(|line| line.contains("@member")).count();
    assert_eq!(n_named, 50);
    assert!(message["blocks"].as_array().expect("blocks").len() <= 50);
}

pub(crate) async fn what_stands_in_a_later_message_waits_when_an_earlier_one_does(on: &Database) {
    let fake = fake().await;
    on.enqueue(&(1..=120).map(overdue).collect::<Vec<_>>()).await;
    fake.answer(&[FakeAnswer::Taken, FakeAnswer::Throttled(90), FakeAnswer::Taken]);
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_told, told.n_put_off, told.waiting.n_resting), (50, 70, 70));
    assert_eq!(fake.received().len(), 2);
    on.pass_a_day().await;
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_told, told.waiting.n_waiting()), (70, 0));
}

pub(crate) async fn what_cannot_be_read_is_dead(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed()]).await;
    on.execute("UPDATE outbox SET payload = '{\"about\":\"weather\"}'").await;
    let told = on.dispatch(&channels(&fake)).await;
    assert_eq!((told.n_dead, told.waiting.n_dead, fake.received().len()), (1, 1, 0));
}

pub(crate) async fn until_empty_waits_as_long_as_patience_lasts(on: &Database) {
    let fake = fake().await;
    on.enqueue(&[failed()]).await;
    let channels = channels(&fake);
    let until_empty = async |patience| {
        let (settings, patience) = (settings(), Duration::from_secs(patience));
        let told = dispatch_until_empty(&*on.store, &on.workspace, &channels, &settings, patience);
        told.await.expect("it ends")
    };
    fake.answer(&[FakeAnswer::Throttled(2), FakeAnswer::Taken]);
    let told = until_empty(60).await;
    assert_eq!((told.n_told, told.n_put_off, told.stopped_because), (1, 1, None));

    on.execute("DELETE FROM outbox").await;
    on.enqueue(&[failed()]).await;
    fake.answer(&[FakeAnswer::Throttled(60)]);
    let told = until_empty(5).await;
    assert_eq!((told.n_told, told.waiting.n_resting), (0, 1));
}
