//! What people are told: once, when it begins; a first load in one digest; a failure of runs.

use std::sync::Arc;
use std::time::Duration;

use intercom_api::Method;
use intercom_revenue::{Alert, AlertKind, Currency, Money, Movement, NewCustomer};
use intercom_sim::Simulator;
use intercom_store::{ALERT_QUEUE, DigestCause, EffectEnd, Notice, RunOutcome, Stream};
use intercom_sync::{Digest, explain};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::{CONTACTS, CONVERSATIONS, ME, Meddler};
use crate::world::World;

const EMAIL: &str = "ada@member.example";
const HOUR: i64 = 3_600;

impl World {
    /// What waits to be told, taken out of the outbox.
    pub(crate) async fn told(&self) -> Vec<Notice> {
        let workspace = self.workspace().await;
        let claim = self.store.claim_effects(&workspace, ALERT_QUEUE, 1_000, Duration::ZERO);
        let mut notices = Vec::new();
        for effect in claim.await.expect("effects") {
            notices.push(Notice::read(&effect).expect("a notice"));
            let finish = self.store.finish_effect(&workspace, effect.claim, &EffectEnd::Done);
            assert!(finish.await.expect("an answer"));
        }
        notices
    }

    /// The kinds told of one customer by one more run.
    async fn told_of_ada(&self) -> Vec<AlertKind> {
        self.advance(600);
        self.sync().await;
        let kinds = self.told().await.into_iter().map(|notice| match notice {
            Notice::Customer(notice) => notice.alert.kind(),
            other => panic!("{other:?}"),
        });
        kinds.collect()
    }

    async fn remembered(&self, email: &str) -> Vec<String> {
        let memory = self.store.alert_memory(&self.workspace().await, &[email], &[]).await;
        memory.expect("a memory").into_iter().map(|memory| memory.kind).collect()
    }
}

fn paying(amount: i64) -> Value {
    let plan = json!({"amount": amount, "interval": "month"});
    json!({"stripe_id": "cus_1", "Stripe Subscriptions": [{"status": "active", "plan": plan}]})
}

fn ada(email: &str, attributes: &Value) -> Value {
    json!({"role": "user", "email": email, "name": "Ada", "custom_attributes": attributes})
}

pub(crate) async fn a_first_load_is_told_in_one_digest(on: &Database) {
    let world = World::empty(on);
    for n in 1..=8 {
        let email = format!("m{n}@member.example");
        world.create_contact(ada(&email, &paying(60_000 + n)));
    }
    let late = world.create_contact(ada(EMAIL, &json!({"stripe_delinquent": true})));
    let report = world.sync().await;
    assert_eq!(report.alerts, []);
    let counted = Digest { cause: DigestCause::FirstLoad, n_conditions: 9 };
    assert_eq!(report.digest, Some(counted));
    let told = world.told().await;
    let [Notice::Digest(digest)] = told.as_slice() else { panic!("{told:?}") };
    let [high, delinquent] = digest.parts.as_slice() else { panic!("{digest:?}") };
    assert_eq!((high.kind, high.n_customers), (AlertKind::NewHighValueCustomer, 8));
    let top: Vec<&str> = high.top.iter().map(|entry| entry.email.as_str()).collect();
    let expected = [8, 7, 6, 5, 4].map(|n| format!("m{n}@member.example"));
    assert_eq!(top, expected);
    assert_eq!(high.top[0].mrr, Some(Money::new(60_008, Currency::USD)));
    assert_eq!((delinquent.kind, delinquent.n_customers), (AlertKind::PaymentDelinquent, 1));
    assert_eq!(delinquent.top[0].contact_id.as_ref(), Some(&late));

    // What the digest told is not told again.
    world.update_contact(&late, json!({"name": "Ada L."}));
    assert_eq!(world.told_of_ada().await, []);
}

pub(crate) async fn a_digest_has_the_words_of_mentions(on: &Database) {
    let world = World::empty(on);
    for n in 1..=7 {
        let email = format!("m{n}@member.example");
        let id = world.create_contact(ada(&email, &paying(10_000 + n)));
        world.begin_conversation(&id, "We want to cancel.");
    }
    world.sync().await;
    let told = world.told().await;
    let [Notice::Digest(digest)] = told.as_slice() else { panic!("{told:?}") };
    let [mentions] = digest.parts.as_slice() else { panic!("{digest:?}") };
    assert_eq!((mentions.n_customers, mentions.top.len()), (7, 5));
    let talks = world.records(Stream::Conversations);
    for entry in &mentions.top {
        let said = entry.said.as_ref().expect("what was said");
        assert_eq!(said.words, "want to cancel");
        assert!(talks[&said.conversation_id].contains(entry.contact_id.as_deref().unwrap_or("-")));
    }
}

pub(crate) async fn a_first_load_without_a_condition_tells_nothing(on: &Database) {
    let world = World::empty(on);
    world.create_contact(ada(EMAIL, &paying(10_000)));
    assert_eq!(world.sync().await.digest, None);
    assert_eq!(world.told().await, []);
}

pub(crate) async fn what_lasts_is_told_once_and_again_after_it_ended(on: &Database) {
    let world = World::empty(on);
    let id = world.create_contact(ada(EMAIL, &json!({"stripe_delinquent": false})));
    world.sync().await;
    let is_delinquent = |it: bool| {
        world.update_contact(&id, json!({"custom_attributes": {"stripe_delinquent": it}}));
    };
    is_delinquent(true);
    assert_eq!(world.told_of_ada().await, [AlertKind::PaymentDelinquent]);
    assert_eq!(world.remembered(EMAIL).await, ["payment_delinquent"]);
    world.update_contact(&id, json!({"name": "Ada L."}));
    assert_eq!(world.told_of_ada().await, []);
    is_delinquent(false);
    assert_eq!(world.told_of_ada().await, []);
    assert!(world.remembered(EMAIL).await.is_empty());
    is_delinquent(true);
    assert_eq!(world.told_of_ada().await, [AlertKind::PaymentDelinquent]);
}

pub(crate) async fn a_customer_of_high_value_is_told_with_what_it_pays(on: &Database) {
    let world = World::empty(on);
    world.sync().await;
    let id = world.create_contact(ada(EMAIL, &paying(50_001)));
    world.create_contact(ada("ben@member.example", &paying(50_000)));
    world.advance(600);
    world.sync().await;
    let told = world.told().await;
    let [Notice::Customer(notice)] = told.as_slice() else { panic!("{told:?}") };
    let mrr = Money::new(50_001, Currency::USD);
    assert_eq!(notice.alert, Alert::NewHighValueCustomer { mrr });
    assert_eq!((notice.email.as_str(), notice.name.as_deref()), (EMAIL, Some("Ada")));
    assert_eq!((notice.contact_id.as_ref(), notice.mrr), (Some(&id), Some(mrr)));
}

pub(crate) async fn another_e_mail_is_no_other_customer(on: &Database) {
    let world = World::empty(on);
    world.sync().await;
    let mut attributes = paying(60_000);
    attributes["stripe_delinquent"] = json!(true);
    let id = world.create_contact(ada(EMAIL, &attributes));
    assert_eq!(world.told_of_ada().await.len(), 2);
    // One e-mail that is met before the other, and one that is met after it.
    for email in ["aa@member.example", "zz@member.example"] {
        world.update_contact(&id, json!({"email": email}));
        assert_eq!(world.told_of_ada().await, []);
        assert_eq!(world.remembered(email).await.len(), 2);
        assert!(world.remembered(EMAIL).await.is_empty());
    }
    world.update_contact(&id, json!({"custom_attributes": {"stripe_delinquent": false}}));
    assert_eq!(world.told_of_ada().await, []);
    world.update_contact(&id, json!({"custom_attributes": {"stripe_delinquent": true}}));
    assert_eq!(world.told_of_ada().await, [AlertKind::PaymentDelinquent]);
}

pub(crate) async fn a_mention_follows_its_contact_to_another_customer(on: &Database) {
    let world = World::empty(on);
    let id = world.create_contact(ada(EMAIL, &json!({})));
    let zoe = world.create_contact(ada("zoe@member.example", &json!({})));
    world.sync().await;
    world.begin_conversation(&id, "We want to cancel.");
    assert_eq!(world.told_of_ada().await, [AlertKind::CancelMention]);
    // Once the contact speaks for the other customer, and once the one that is there does.
    world.update_contact(&id, json!({"email": "zoe@member.example"}));
    assert_eq!(world.told_of_ada().await, []);
    assert_eq!(world.remembered("zoe@member.example").await, ["cancel_mention"]);
    let other = world.create_contact(ada(EMAIL, &json!({})));
    assert_eq!(world.told_of_ada().await, []);
    world.update_contact(&id, json!({"email": EMAIL}));
    world.advance(1);
    world.update_contact(&other, json!({"name": "Ada L."}));
    assert_eq!(world.told_of_ada().await, []);
    assert_eq!(world.customer(EMAIL).await.expect("Ada").intercom_contact_id, other);
    assert_eq!(world.remembered(EMAIL).await, ["cancel_mention"]);
    assert!(world.remembered("zoe@member.example").await.is_empty());
    assert_eq!(world.customer("zoe@member.example").await.expect("Zoe").intercom_contact_id, zoe);
}

pub(crate) async fn who_exchange_their_addresses_pay_what_they_paid(on: &Database) {
    let world = World::empty(on);
    let zoe = "zoe@member.example";
    let first = world.create_contact(ada(EMAIL, &paying(10_000)));
    let mut attributes = paying(90_000);
    attributes["stripe_id"] = json!("cus_2");
    attributes["stripe_delinquent"] = json!(true);
    let second = world.create_contact(ada(zoe, &attributes));
    world.sync().await;
    world.told().await;
    world.update_contact(&first, json!({"email": zoe}));
    world.update_contact(&second, json!({"email": EMAIL}));
    world.advance(600);
    let report = world.sync().await;
    assert_eq!(report.alerts, []);
    assert_eq!((report.metrics.new_contacts, report.metrics.updated_contacts), (0, 2));
    let mrr = async |email| world.customer(email).await.and_then(|row| row.mrr);
    assert_eq!((mrr(EMAIL).await, mrr(zoe).await), (Some(90_000), Some(10_000)));

    // What changes on the way is told of the one that it is true of.
    world.update_contact(&first, ada(EMAIL, &paying(30_000)));
    world.update_contact(&second, json!({"email": zoe}));
    world.advance(600);
    let report = world.sync().await;
    let [alert] = report.alerts.as_slice() else { panic!("{:?}", report.alerts) };
    let Alert::LargeMrrChange { from, to, .. } = alert.alert else { panic!("{alert:?}") };
    assert_eq!((alert.email.as_str(), from.minor, to.minor), (EMAIL, 10_000, 30_000));
}

pub(crate) async fn who_takes_over_an_address_is_somebody_new(on: &Database) {
    let world = World::empty(on);
    let billed = |stripe_id: &str, amount, is_delinquent: bool| {
        let mut attributes = paying(amount);
        attributes["stripe_id"] = json!(stripe_id);
        attributes["stripe_delinquent"] = json!(is_delinquent);
        attributes
    };
    let zoe = "zoe@member.example";
    let first = world.create_contact(ada(EMAIL, &billed("cus_1", 60_000, true)));
    world.begin_conversation(&first, "We want to cancel.");
    let second = world.create_contact(ada(zoe, &billed("cus_2", 60_000, false)));
    world.sync().await;
    world.told().await;
    // One goes to an address that is met before the old one, the other to one that is met after it.
    world.update_contact(&first, json!({"email": "aa@member.example"}));
    world.update_contact(&second, json!({"email": "zz@member.example"}));
    let newcomer = world.create_contact(ada(EMAIL, &billed("cus_3", 90_000, true)));
    world.begin_conversation(&newcomer, "I want to cancel, too.");
    world.create_contact(ada(zoe, &billed("cus_4", 5_000, false)));
    world.advance(600);
    let report = world.sync().await;
    let mut told: Vec<_> = report.alerts.iter().map(|it| (&*it.email, it.alert.kind())).collect();
    told.sort();
    let mut all = [
        (EMAIL, AlertKind::NewHighValueCustomer),
        (EMAIL, AlertKind::CancelMention),
        (EMAIL, AlertKind::PaymentDelinquent),
    ];
    all.sort();
    assert_eq!(told, all);
    assert_eq!((report.metrics.new_contacts, report.metrics.updated_contacts), (2, 2));
    for email in [EMAIL, "aa@member.example"] {
        assert_eq!(world.remembered(email).await.len(), 3, "{email}");
    }
    let workspace = world.workspace().await;
    let told = explain(world.store.as_ref(), &workspace, &world.settings, zoe, world.now());
    let explained = told.await.expect("an explanation").expect("a customer");
    let movements: Vec<_> = explained.history.iter().map(|line| line.movement).collect();
    assert_eq!(movements, [Some(Movement::New), None], "the first load found the one before");
}

pub(crate) async fn a_payer_that_is_gone_is_told_once(on: &Database) {
    let mut world = World::empty(on);
    world.settings.max_missing_percent = 100;
    let payer = |name: &str, amount: i64| {
        let mut attributes = paying(amount);
        attributes["stripe_id"] = json!(format!("cus_{name}"));
        world.create_contact(ada(&format!("{name}@member.example"), &attributes))
    };
    let deleted = payer("deleted", 60_000);
    let archived = payer("archived", 50_000);
    let nameless = payer("nameless", 40_000);
    let moves = payer("moves", 30_000);
    let merged = payer("merged", 20_000);
    let free = payer("free", 0);
    let survivor = payer("survivor", 20_000);
    world.sync().await;
    world.told().await;

    world.advance(HOUR);
    world.call(Method::Delete, &format!("/contacts/{deleted}"));
    world.call(Method::Delete, &format!("/contacts/{free}"));
    world.call(Method::Post, &format!("/contacts/{archived}/archive"));
    world.update_contact(&nameless, json!({"email": null}));
    world.update_contact(&moves, json!({"email": "elsewhere@member.example"}));
    let now = world.sim.now();
    let merge = |sim: &mut Simulator| sim.workspace_mut().merge_contacts(&merged, &survivor, now);
    world.sim.with(merge).expect("both");
    let report = world.sync_whole().await;
    let mut lost: Vec<(&str, i64, i64, Movement)> = Vec::new();
    for alert in &report.alerts {
        let Alert::LargeMrrChange { from, to, movement } = alert.alert else { panic!("{alert:?}") };
        lost.push((alert.email.as_str(), from.minor, to.minor, movement));
    }
    lost.sort_unstable();
    let expected = [("archived", 50_000), ("deleted", 60_000), ("nameless", 40_000)];
    let expected = expected.map(|(name, from)| (format!("{name}@member.example"), from));
    let expected: Vec<_> =
        expected.iter().map(|(email, from)| (email.as_str(), *from, 0, Movement::Churn)).collect();
    assert_eq!(lost, expected);
    let told = world.told().await;
    assert_eq!(told.len(), 3);
    let names = |notice: &Notice| matches!(notice, Notice::Customer(it) if it.name.is_some());
    assert!(told.iter().all(names), "{told:?}");

    // Once, also when it comes back and is gone again without having changed.
    world.advance(HOUR);
    assert_eq!(world.sync_whole().await.alerts, []);
    // The account is still paid by another customer, until that one is gone, too.
    let colleague = |name: &str| {
        let mut attributes = paying(70_000);
        attributes["stripe_id"] = json!("cus_company");
        world.create_contact(ada(&format!("{name}@company.example"), &attributes))
    };
    let (first, second) = (colleague("first"), colleague("second"));
    world.sync().await;
    for (id, n_told) in [(&first, 0), (&second, 1)] {
        world.advance(HOUR);
        world.call(Method::Delete, &format!("/contacts/{id}"));
        assert_eq!(world.sync_whole().await.alerts.len(), n_told);
    }
    // By other rules nobody can tell.
    world.call(Method::Delete, &format!("/contacts/{moves}"));
    world.settings.revenue.past_due = intercom_revenue::Counted::Always;
    world.advance(HOUR);
    assert_eq!(world.sync_whole().await.alerts, []);
}

pub(crate) async fn another_currency_is_told_once(on: &Database) {
    let world = World::empty(on);
    let rows = |amounts: &[(&str, i64)]| {
        let row = |(currency, amount): &(&str, i64)| {
            let plan = json!({"amount": amount, "interval": "month", "currency": currency});
            json!({"id": format!("sub_{currency}"), "status": "active", "plan": plan})
        };
        json!({"Stripe Subscriptions": amounts.iter().map(row).collect::<Vec<_>>()})
    };
    let id = world.create_contact(ada(EMAIL, &rows(&[("usd", 60_000)])));
    world.sync().await;
    world.told().await;
    let told_of = async |amounts: &[(&str, i64)]| {
        world.update_contact(&id, json!({"custom_attributes": rows(amounts)}));
        world.advance(600);
        let report = world.sync().await;
        let told = report.alerts.into_iter().map(|alert| match alert.alert {
            Alert::LargeMrrChange { from, to, movement } => {
                (from.to_string(), to.to_string(), movement)
            }
            other => panic!("{other:?}"),
        });
        told.collect::<Vec<_>>()
    };
    let told = |from: &str, to: &str, movement| vec![(from.to_owned(), to.to_owned(), movement)];
    let changed = told("600.00 USD", "10.00 EUR", Movement::CurrencyChange);
    assert_eq!(told_of(&[("eur", 1_000)]).await, changed);
    assert_eq!(told_of(&[("eur", 1_000)]).await, []);

    // The currency of the row stays, whatever comes beside it, even the base currency; and what is
    // beside it is not lost in silence.
    assert_eq!(told_of(&[("chf", 90_000), ("eur", 1_000), ("usd", 500)]).await, []);
    let row = world.customer(EMAIL).await.expect("Ada");
    assert_eq!((row.mrr, row.currency), (Some(1_000), Some(Currency::EUR)));
    let lost = told("900.00 CHF", "0.00 CHF", Movement::Contraction);
    assert_eq!(told_of(&[("eur", 1_000), ("usd", 500)]).await, lost);
    let changed = told("10.00 EUR", "5.00 USD", Movement::CurrencyChange);
    assert_eq!(told_of(&[("usd", 500)]).await, changed);
}

pub(crate) async fn a_mention_moves_with_its_author(on: &Database) {
    let world = World::empty(on);
    let mut lead = ada(EMAIL, &json!({}));
    lead["role"] = json!("lead");
    world.create_contact(ada(EMAIL, &json!({})));
    let author = world.create_contact(lead);
    world.sync().await;
    world.begin_conversation(&author, "We want to cancel.");
    assert_eq!(world.told_of_ada().await, [AlertKind::CancelMention]);
    // To an address that is met before the old one, and to one that is met after it.
    for email in ["aa@member.example", "zz@member.example"] {
        world.update_contact(&author, json!({"email": email}));
        assert_eq!(world.told_of_ada().await, [], "{email}");
        assert_eq!(world.remembered(email).await, ["cancel_mention"]);
        assert!(world.remembered(EMAIL).await.is_empty());
        world.update_contact(&author, json!({"email": EMAIL}));
        assert_eq!(world.told_of_ada().await, []);
    }
}

pub(crate) async fn an_old_customer_that_begins_to_pay_is_not_new(on: &Database) {
    for (setting, expected) in [
        // Both have the contact's id, which the history is asked by.
        (NewCustomer::FirstPaid, &[AlertKind::NewHighValueCustomer][..]),
        (NewCustomer::FirstSeen, &[]),
    ] {
        let mut world = World::empty(on);
        world.settings.alerts.new_customer = setting;
        let email = format!("{setting:?}@member.example");
        let id = world.create_contact(ada(&email, &json!({})));
        world.sync().await;
        world.told().await;
        world.update_contact(&id, json!({"custom_attributes": paying(60_000)}));
        assert_eq!(world.told_of_ada().await, expected);
    }
}

pub(crate) async fn who_pays_again_does_not_pay_for_the_first_time(on: &Database) {
    let mut world = World::empty(on);
    world.settings.alerts.new_customer = NewCustomer::FirstPaid;
    let id = world.create_contact(ada(EMAIL, &json!({})));
    world.sync().await;
    let told_of = async |attributes: Value| {
        world.update_contact(&id, json!({"custom_attributes": attributes}));
        world.told_of_ada().await
    };
    assert_eq!(told_of(paying(60_000)).await, [AlertKind::NewHighValueCustomer]);
    let nothing = json!({"Stripe Subscriptions": []});
    assert_eq!(told_of(nothing).await, [AlertKind::LargeMrrChange]);
    assert_eq!(told_of(paying(60_000)).await, []);
}

pub(crate) async fn a_first_load_that_breaks_off_is_told_when_it_is_whole(on: &Database) {
    let mut world = World::empty(on);
    world.settings.per_page = 3;
    for n in 1..=8 {
        world.create_contact(ada(&format!("m{n}@member.example"), &paying(60_000 + n)));
    }
    let report = world.break_off(Meddler::silent_of_contacts_after(&world.sim, 1)).await;
    assert_eq!((report.metrics.contacts_synced, report.alerts.len()), (0, 0));
    assert_eq!(outcomes(&world).await, [RunOutcome::Partial]);
    world.advance(HOUR);
    let report = world.sync().await;
    assert_eq!((world.last_run().await.kind.as_str(), report.alerts.len()), ("first", 0));
    assert_eq!(report.metrics.new_contacts, 8);
    let told = world.told().await;
    let [Notice::Digest(digest)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(digest.parts[0].n_customers, 8);
}

/// The outcomes told since the last time.
async fn outcomes(world: &World) -> Vec<RunOutcome> {
    let outcomes = world.told().await.into_iter().map(|notice| match notice {
        Notice::Run(notice) => {
            assert!(!notice.detail.contains('@'), "{}", notice.detail);
            notice.outcome
        }
        other => panic!("{other:?}"),
    });
    outcomes.collect()
}

pub(crate) async fn a_failing_run_is_told_once_a_day(on: &Database) {
    let world = World::empty(on);
    world.create_contact(ada(EMAIL, &json!({})));
    world.sync().await;
    let fail = async |route| {
        world.advance(HOUR);
        let refused = Meddler::refusing(&world.sim, route, 401, "Access Token Invalid");
        world.run_over(refused).await.expect_err("the run fails");
        outcomes(&world).await
    };
    assert_eq!(fail(CONTACTS).await, [RunOutcome::Failed]);
    assert_eq!(fail(CONTACTS).await, []);
    assert_eq!(fail(ME).await, [RunOutcome::Failed], "another reason");
    world.advance(24 * HOUR);
    assert_eq!(fail(ME).await, [RunOutcome::Failed], "a reminder");
    world.advance(HOUR);
    world.sync().await;
    assert_eq!(outcomes(&world).await, []);
    assert_eq!(fail(ME).await, [RunOutcome::Failed], "it went well in between");
}

pub(crate) async fn a_partial_run_is_told_with_what_it_left_out(on: &Database) {
    let world = World::empty(on);
    world.sync().await;
    let message = "missing scope: read conversations";
    let limited = Meddler::refusing(&world.sim, CONVERSATIONS, 403, message);
    world.run_over(Arc::clone(&limited) as _).await.expect("the run ends");
    let told = world.told().await;
    let [Notice::Run(notice)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(notice.outcome, RunOutcome::Partial);
    assert!(notice.detail.starts_with("conversations left out: "), "{}", notice.detail);
    world.advance(HOUR);
    world.run_over(limited).await.expect("the run ends");
    assert_eq!(outcomes(&world).await, []);
}
