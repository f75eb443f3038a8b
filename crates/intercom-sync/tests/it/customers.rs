//! What a customer is made of: the cases of the customer table's specification, and what follows
//! from contacts that change.

use std::sync::Arc;
use std::time::Duration;

use intercom_revenue::{Alert, Currency, Money, RevenuePolicy};
use intercom_store::{CustomerRow, Notice, SharedBilling, Stream};
use intercom_sync::RunReport;
use serde_json::{Value, json};

use crate::database::Database;
use crate::world::{NOW, World};

const EMAIL: &str = "ada@member.example";
const DAY: i64 = 86_400;

fn monthly(amount: i64) -> Value {
    json!({"status": "active", "quantity": 1, "plan": {"amount": amount, "interval": "month"}})
}

fn yearly(amount: i64) -> Value {
    json!({"status": "active", "quantity": 1, "plan": {"amount": amount, "interval": "year"}})
}

fn subscribed(subscriptions: &[Value]) -> Value {
    json!({"Stripe Subscriptions": subscriptions})
}

fn ada(attributes: &Value) -> Value {
    json!({
        "role": "user", "email": "Ada@Member.example", "name": "Ada", "custom_attributes": attributes,
    })
}

/// A workspace with one contact, after a first run.
async fn world_with(on: &Database, attributes: &Value) -> (World, String) {
    let world = World::empty(on);
    let id = world.create_contact(ada(attributes));
    world.sync().await;
    (world, id)
}

async fn customer(world: &World, email: &str) -> CustomerRow {
    world.customer(email).await.expect("a customer")
}

async fn sync_later(world: &World) -> RunReport {
    world.advance(600);
    world.sync().await
}

pub(crate) async fn new_contact_with_stripe_data(on: &Database) {
    let (world, id) = world_with(
        on,
        &json!({
            "stripe_id": "cus_1", "stripe_plan": "Pro Plan", "stripe_plan_price": 29_900,
            "stripe_subscription_status": "active", "stripe_delinquent": false,
            "stripe_last_charge_amount": 29_900, "stripe_last_charge_at": NOW - DAY,
            "Stripe Subscriptions": [monthly(29_900)],
            "Stripe Payments": [
                {"amount": 29_900, "created": NOW - 40 * DAY, "status": "succeeded"},
                {"amount": 29_900, "created": NOW - DAY, "status": "succeeded"},
                {"amount": 29_900, "created": NOW - DAY, "status": "failed"},
            ],
        }),
    )
    .await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.intercom_contact_id.as_str(), row.name.as_deref()), (&*id, Some("Ada")));
    assert_eq!((row.mrr, row.arr, row.ltv), (Some(29_900), Some(358_800), Some(59_800)));
    assert_eq!((row.currency, row.subscription_count), (Some(Currency::USD), Some(1)));
    assert_eq!((row.plan_name.as_deref(), row.plan_price), (Some("Pro Plan"), Some(29_900)));
    assert_eq!(row.subscription_status.as_deref(), Some("active"));
    assert_eq!(
        (row.stripe_customer_id.as_deref(), row.is_delinquent),
        (Some("cus_1"), Some(false))
    );
    assert_eq!(row.last_payment_amount, Some(29_900));
    assert_eq!(row.last_payment_date, Some(NOW - DAY));
    assert_eq!(row.last_intercom_sync, Some(NOW));
}

pub(crate) async fn existing_contact_update(on: &Database) {
    let (world, id) = world_with(on, &subscribed(&[monthly(10_000)])).await;
    let before = customer(&world, EMAIL).await;
    // Another writer of the shared table keeps its value where Intercom has none.
    let foreign = "UPDATE unified_customers SET location_city = 'Elsewhere'";
    on.execute(foreign).await;
    world.advance(600);
    world.update_contact(&id, json!({"name": "Ada L.", "location": {"country": "Peru"}}));
    let report = world.sync().await;
    assert_eq!((report.metrics.new_contacts, report.metrics.updated_contacts), (0, 1));
    let after = customer(&world, EMAIL).await;
    let expected = CustomerRow {
        name: Some("Ada L.".into()),
        location_country: Some("Peru".into()),
        quality_score: after.quality_score,
        last_intercom_sync: Some(NOW + 600),
        ..before
    };
    assert_eq!(after, expected);
    let kept = "SELECT COUNT(*) FROM unified_customers \
                WHERE location_city = 'Elsewhere' AND location_country = 'Peru'";
    assert_eq!(on.number(kept).await, 1);
}

pub(crate) async fn multiple_subscriptions(on: &Database) {
    let canceled = json!({"status": "canceled", "plan": {"amount": 1, "interval": "month"}});
    let all = [monthly(29_900), monthly(9_900), canceled];
    let (world, _) = world_with(on, &subscribed(&all)).await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.mrr, row.subscription_count), (Some(39_800), Some(2)));
}

pub(crate) async fn annual_subscription(on: &Database) {
    let (world, _) = world_with(on, &subscribed(&[yearly(120_000)])).await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.mrr, row.arr), (Some(10_000), Some(120_000)));
}

pub(crate) async fn no_stripe_data(on: &Database) {
    let (world, _) = world_with(on, &json!({})).await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.mrr, row.arr, row.ltv, row.currency), (None, None, None, None));
    assert_eq!((row.plan_name, row.plan_price, row.subscription_status), (None, None, None));
    assert_eq!((row.subscription_count, row.is_delinquent), (None, None));
    assert_eq!((row.last_payment_amount, row.last_payment_date), (None, None));
}

fn raised(report: &RunReport) -> Vec<(&str, &Alert)> {
    report.alerts.iter().map(|alert| (alert.email.as_str(), &alert.alert)).collect()
}

pub(crate) async fn cancel_mention(on: &Database) {
    let (world, id) = world_with(on, &json!({})).await;
    assert_eq!(customer(&world, EMAIL).await.mentioned_cancel, Some(false));
    world.begin_conversation(&id, "We want to cancel.");
    let report = sync_later(&world).await;
    assert_eq!(raised(&report), [(EMAIL, &Alert::CancelMention)]);
    let told = world.told().await;
    let [Notice::Customer(notice)] = told.as_slice() else { panic!("{told:?}") };
    let said = notice.said.as_ref().expect("what was said");
    let (talk, _) = world.records(Stream::Conversations).pop_first().expect("a conversation");
    assert_eq!((said.words.as_str(), &said.conversation_id), ("want to cancel", &talk));
    let row = customer(&world, EMAIL).await;
    assert_eq!(row.mentioned_cancel, Some(true));
    assert_eq!((row.intercom_convos_total, row.intercom_convos_30d), (Some(1), Some(1)));
    assert_eq!(row.open_tickets, Some(1));

    // After 30 days it is no longer recent, although nothing happened to anybody.
    world.advance(31 * DAY);
    assert_eq!(raised(&world.sync().await), []);
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.mentioned_cancel, row.intercom_convos_30d), (Some(false), Some(0)));
}

pub(crate) async fn a_mention_in_a_reply_counts_unless_an_admin_wrote_it(on: &Database) {
    let mut world = World::empty(on);
    world.settings.streams = vec![Stream::Contacts, Stream::Conversations, Stream::Parts];
    let id = world.create_contact(ada(&json!({})));
    world.begin_conversation(&id, "Hello");
    let (talk, _) = world.records(Stream::Conversations).pop_first().expect("a conversation");
    let mentioned = async || {
        world.advance(3_600);
        world.sync().await;
        customer(&world, EMAIL).await.mentioned_cancel
    };
    world.answer(&talk, "Do you want to cancel your plan?");
    assert_eq!(mentioned().await, Some(false));
    let reply = |body: &str| {
        let reply = json!({
            "message_type": "comment", "type": "user", "intercom_user_id": id, "body": body,
        });
        world.send(&format!("/conversations/{talk}/reply"), &reply);
    };
    // Only the mark-up tells that the customer quotes the admin.
    reply("<p>No, thanks.</p><blockquote>Do you want to cancel your plan?</blockquote>");
    assert_eq!(mentioned().await, Some(false));
    reply("<p>We <b>want</b> to can<i>cel</i>.</p><blockquote>cancel your plan?</blockquote>");
    assert_eq!(mentioned().await, Some(true));
    let facts = world.store.facts(&world.workspace().await, &[&id], 9).await.expect("facts");
    assert_eq!(facts[0].1.cancel_words.as_deref(), Some("want to cancel"));
}

pub(crate) async fn delinquent_payment(on: &Database) {
    let (world, id) = world_with(on, &json!({"stripe_delinquent": false})).await;
    world.update_contact(&id, json!({"custom_attributes": {"stripe_delinquent": true}}));
    let report = sync_later(&world).await;
    assert_eq!(raised(&report), [(EMAIL, &Alert::PaymentDelinquent)]);
    assert_eq!(customer(&world, EMAIL).await.is_delinquent, Some(true));
}

async fn total_mrr(world: &World) -> Vec<(i64, Money)> {
    let totals = world.store.mrr_totals(&world.workspace().await, SharedBilling::Once).await;
    totals.expect("totals").iter().map(|total| (total.n_customers, total.mrr)).collect()
}

pub(crate) async fn an_e_mail_change_moves_the_customer(on: &Database) {
    let (world, id) = world_with(on, &subscribed(&[monthly(10_000)])).await;
    world.update_contact(&id, json!({"email": "lovelace@member.example"}));
    let report = sync_later(&world).await;
    // The customer has changed; nobody is new.
    assert_eq!((report.metrics.new_contacts, report.metrics.updated_contacts), (0, 1));
    assert_eq!(report.metrics.contacts_synced, 1);
    assert_eq!(world.customer(EMAIL).await, None);
    assert_eq!(customer(&world, "lovelace@member.example").await.mrr, Some(10_000));
    assert_eq!(total_mrr(&world).await, [(1, Money::new(10_000, Currency::USD))]);
    let shared = "SELECT COALESCE(SUM(mrr), 0) FROM unified_customers";
    assert_eq!(on.number(shared).await, 10_000);
}

pub(crate) async fn users_speak_before_leads_then_the_most_recent(on: &Database) {
    let world = World::empty(on);
    let contact = |role: &str, amount, updated_at| {
        let attributes = subscribed(&[monthly(amount)]);
        world.create_contact(json!({
            "role": role, "email": EMAIL, "custom_attributes": attributes, "updated_at": updated_at,
        }))
    };
    let older = contact("user", 10_000, NOW - 50);
    let newer = contact("user", 20_000, NOW - 40);
    let lead = contact("lead", 30_000, NOW - 30);
    world.sync().await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((&row.intercom_contact_id, row.mrr), (&newer, Some(20_000)));
    let mut all = [older.clone(), newer, lead];
    all.sort();
    assert_eq!(row.intercom_contact_ids, all);
    assert_eq!(total_mrr(&world).await, [(1, Money::new(20_000, Currency::USD))]);

    world.update_contact(&older, json!({"name": "Ada"}));
    sync_later(&world).await;
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.intercom_contact_id, row.mrr), (older, Some(10_000)));
}

pub(crate) async fn a_shared_billing_account_counts_once_in_totals(on: &Database) {
    let world = World::empty(on);
    let colleague = |email: &str, stripe_id: &str, amount| {
        let mut attributes = subscribed(&[monthly(amount)]);
        attributes["stripe_id"] = json!(stripe_id);
        world.create_contact(
            json!({"role": "user", "email": email, "custom_attributes": attributes}),
        )
    };
    let ada = colleague("ada@member.example", "cus_1", 10_000);
    colleague("ben@member.example", "cus_1", 10_000);
    colleague("cyd@member.example", "cus_2", 500);
    world.sync().await;
    assert_eq!(total_mrr(&world).await, [(2, Money::new(10_500, Currency::USD))]);
    // Each of them shows what the account pays; the one whose contact changed last counts.
    let mut attributes = subscribed(&[monthly(30_000)]);
    attributes["stripe_id"] = json!("cus_1");
    world.advance(DAY);
    world.update_contact(&ada, json!({"custom_attributes": attributes}));
    sync_later(&world).await;
    assert_eq!(customer(&world, "ben@member.example").await.mrr, Some(10_000));
    assert_eq!(total_mrr(&world).await, [(2, Money::new(30_500, Currency::USD))]);
    let each = world.store.mrr_totals(&world.workspace().await, SharedBilling::Each).await;
    assert_eq!(each.expect("totals")[0].mrr, Money::new(40_500, Currency::USD));
}

pub(crate) async fn days_pass_for_customers_nothing_happened_to(on: &Database) {
    let world = World::empty(on);
    world.create_contact(json!({"email": EMAIL, "last_seen_at": NOW - DAY}));
    world.sync().await;
    assert_eq!(customer(&world, EMAIL).await.days_since_seen, Some(1));
    world.advance(2 * DAY);
    let report = world.sync().await;
    assert_eq!((report.n_written(), report.metrics.contacts_synced), (0, 0));
    let row = customer(&world, EMAIL).await;
    assert_eq!((row.days_since_seen, row.last_intercom_sync), (Some(3), Some(NOW)));
    let shared = "SELECT days_since_seen FROM unified_customers";
    assert_eq!(on.number(shared).await, 3);

    // A week after the last visit the score falls, which is not a matter of days alone.
    world.advance(6 * DAY);
    let report = world.sync().await;
    assert_eq!((report.n_written(), report.metrics.updated_contacts), (0, 1));
    let later = customer(&world, EMAIL).await;
    assert_eq!(later.quality_score, row.quality_score.map(|score| score - 15));
}

pub(crate) async fn figures_that_end_with_a_period_end_when_it_does(on: &Database) {
    let mut world = World::empty(on);
    world.settings.revenue = RevenuePolicy::best_practice();
    let ending = json!({
        "status": "active", "plan": {"amount": 10_000, "interval": "month"},
        "cancel_at_period_end": true, "current_period_end": NOW + 3 * DAY,
    });
    world.create_contact(ada(&subscribed(&[ending])));
    world.sync().await;
    assert_eq!(customer(&world, EMAIL).await.mrr, Some(10_000));
    world.advance(2 * DAY);
    assert_eq!(world.sync().await.metrics.contacts_synced, 0);
    world.advance(2 * DAY);
    assert_eq!(world.sync().await.metrics.updated_contacts, 1);
    assert_eq!(customer(&world, EMAIL).await.mrr, Some(0));
}

pub(crate) async fn a_group_conversation_of_one_customer_counts_once(on: &Database) {
    let world = World::empty(on);
    let first = world.create_contact(ada(&json!({})));
    let second = world.create_contact(json!({"role": "lead", "email": EMAIL}));
    world.begin_conversation(&first, "Hello");
    let (id, body) = world.records(Stream::Conversations).pop_first().expect("a conversation");
    let mut body: Value = serde_json::from_str(&body).expect("JSON");
    let guest = json!({"type": "contact", "id": second});
    body["contacts"]["contacts"].as_array_mut().expect("a list").push(guest);
    let patch = json!({"contacts": body["contacts"].take()});
    let now = world.sim.now();
    world
        .sim
        .with(|sim| sim.workspace_mut().update_conversation(&id, patch, now))
        .expect("the conversation exists");
    world.sync().await;
    let row = customer(&world, EMAIL).await;
    assert_eq!(row.intercom_contact_ids.len(), 2);
    assert_eq!((row.intercom_convos_total, row.open_tickets), (Some(1), Some(1)));
}

pub(crate) async fn a_large_change_is_reported_once(on: &Database) {
    let (world, id) = world_with(on, &subscribed(&[monthly(10_000)])).await;
    let dear = subscribed(&[monthly(30_000)]);
    world.update_contact(&id, json!({"custom_attributes": dear}));
    let report = sync_later(&world).await;
    let [(EMAIL, Alert::LargeMrrChange { from, to, .. })] = raised(&report)[..] else {
        panic!("{:?}", report.alerts)
    };
    assert_eq!((from.minor, to.minor), (10_000, 30_000));
    world.update_contact(&id, json!({"name": "Ada L."}));
    assert_eq!(raised(&sync_later(&world).await), []);
}

pub(crate) async fn an_alert_outlives_the_run_that_fails_after_it(on: &Database) {
    let (world, id) = world_with(on, &subscribed(&[monthly(10_000)])).await;
    let dear = subscribed(&[monthly(30_000)]);
    world.update_contact(&id, json!({"custom_attributes": dear}));
    world.advance(600);
    on.execute("ALTER TABLE bucket_history RENAME TO elsewhere").await;
    world.run_over(Arc::new(world.sim.clone())).await.expect_err("the run fails at its end");
    on.execute("ALTER TABLE elsewhere RENAME TO bucket_history").await;
    assert_eq!(raised(&sync_later(&world).await), []);

    let workspace = world.workspace().await;
    let claim = world.store.claim_effects(&workspace, "alerts", 10, Duration::ZERO);
    let effects = claim.await.expect("effects");
    let payloads = effects.iter().map(|effect| serde_json::from_str(&effect.payload));
    let payloads = payloads.collect::<Result<Vec<Value>, _>>().expect("JSON");
    let [change, failure] = payloads.as_slice() else { panic!("{} effects", payloads.len()) };
    assert_eq!((&change["about"], &change["email"]), (&json!("customer"), &json!(EMAIL)));
    assert_eq!(change["alert"]["kind"], "large_mrr_change");
    assert_eq!(failure["about"], "run", "that the run failed is told too");
}
