//! How MRR moved, as the history of customers tells it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use intercom_revenue::{Currency, NoteCode, Period, Ratio};
use intercom_sim::Simulator;
use intercom_store::SharedBilling;
use intercom_sync::{MrrReport, MrrWaterfall, waterfall};
use serde_json::{Value, json};

use crate::database::Database;
use crate::world::{NOW, World};

const DAY: i64 = 86_400;

fn paying(amount: i64) -> Value {
    billed(amount, "usd", None)
}

fn billed(amount: i64, currency: &str, account: Option<&str>) -> Value {
    let plan = json!({"amount": amount, "interval": "month", "currency": currency});
    let row = json!([{"id": "sub_1", "status": "active", "plan": plan}]);
    json!({"custom_attributes": {"Stripe Subscriptions": row, "stripe_id": account}})
}

fn person(world: &World, name: &str, mut fields: Value) -> String {
    fields["email"] = json!(format!("{name}@member.example"));
    world.create_contact(fields)
}

/// The movements from the day after the first run on.
async fn moved(world: &World) -> MrrReport {
    let at = |unix| DateTime::from_timestamp(unix, 0).expect("in range");
    let period = Period { starts_at: at(NOW + DAY), ends_at: at(NOW + 30 * DAY) };
    told(world, period).await
}

async fn told(world: &World, period: Period) -> MrrReport {
    let workspace = world.workspace().await;
    let told = waterfall(world.store.as_ref(), &workspace, &world.settings, period);
    told.await.expect("a waterfall")
}

fn dollars(report: &MrrReport) -> MrrWaterfall {
    report.by_currency[&Currency::USD]
}

async fn next_day(world: &World) {
    world.advance(2 * DAY);
    world.sync().await;
}

pub(crate) async fn a_month_of_movements(on: &Database) {
    let world = World::empty(on);
    let grows = person(&world, "grows", paying(10_000));
    let shrinks = person(&world, "shrinks", paying(10_000));
    let leaves = person(&world, "leaves", paying(10_000));
    let returns = person(&world, "returns", paying(10_000));
    person(&world, "stays", paying(10_000));
    world.sync().await;
    world.advance(600);
    world.update_contact(&returns, paying(0));
    world.sync().await;
    world.advance(DAY);

    world.update_contact(&grows, paying(15_000));
    world.update_contact(&shrinks, paying(4_000));
    world.update_contact(&leaves, json!({"email": null}));
    world.update_contact(&returns, paying(12_000));
    person(&world, "comes", paying(2_000));
    world.sync().await;
    next_day(&world).await;
    let report = moved(&world).await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(report, @r#"
        MRR from 2025-11-22 17:00 to 2025-12-21 17:00 (UTC)
        USD
          start                      400.00
          opening                      0.00
          new                         20.00  (1)
          reactivation               120.00  (1)
          expansion                   50.00  (1)
          contraction                -60.00  (1)
          churn                     -100.00  (1)
          currency change              0.00
          exchange rates               0.00
          end                        430.00
          NRR 72.5 %, GRR 60.0 % of 4 customers
        "#);
    }
    assert_eq!(dollars(&report).gross_retention, Some(Ratio::new(24, 40.try_into().expect("40"))));
    assert_eq!(report.n_left_out, 0);

    // Over everything, what the first run met was there before.
    let at = |unix| DateTime::from_timestamp(unix, 0).expect("in range");
    let period = Period { starts_at: at(0), ends_at: at(NOW + 1) };
    let lines = dollars(&told(&world, period).await).lines;
    assert_eq!((lines.opening.minor, lines.new.minor, lines.end.minor), (50_000, 0, 50_000));
}

pub(crate) async fn who_changes_the_address_is_neither_gone_nor_new(on: &Database) {
    let world = World::empty(on);
    let id = person(&world, "ada", paying(10_000));
    world.sync().await;
    world.advance(2 * DAY);
    let mut patch = paying(11_000);
    patch["email"] = json!("lovelace@member.example");
    world.update_contact(&id, patch);
    world.sync().await;
    let lines = dollars(&moved(&world).await).lines;
    assert_eq!(
        (lines.start.minor, lines.expansion.minor, lines.end.minor),
        (10_000, 1_000, 11_000)
    );
    assert_eq!((lines.new.minor, lines.churn.minor), (0, 0));
}

pub(crate) async fn who_exchange_their_addresses_are_neither_gone_nor_new(on: &Database) {
    let world = World::empty(on);
    let (ada, zoe) = ("ada@member.example", "zoe@member.example");
    let first = person(&world, "ada", billed(10_000, "usd", Some("cus_1")));
    let second = person(&world, "zoe", billed(90_000, "usd", Some("cus_2")));
    world.sync().await;
    world.advance(2 * DAY);
    let mut patch = billed(11_000, "usd", Some("cus_1"));
    patch["email"] = json!(zoe);
    world.update_contact(&first, patch);
    world.update_contact(&second, json!({"email": ada}));
    world.sync().await;
    next_day(&world).await;
    let lines = dollars(&moved(&world).await).lines;
    assert_eq!((lines.start.minor, lines.end.minor), (100_000, 101_000));
    assert_eq!((lines.expansion.minor, lines.contraction.minor), (1_000, 0));
    assert_eq!((lines.new.minor, lines.churn.minor), (0, 0));

    // Who takes the place of a customer that is gone does not keep it from being lost.
    world.update_contact(&second, json!({"email": null}));
    world.update_contact(&first, json!({"email": ada}));
    next_day(&world).await;
    let lines = dollars(&moved(&world).await).lines;
    assert_eq!((lines.churn.minor, lines.contraction.minor), (-90_000, 0));
    assert_eq!((lines.new.minor, lines.expansion.minor), (0, 1_000));
    assert_eq!(lines.end.minor, 11_000);
}

pub(crate) async fn a_shared_billing_account_moves_once(on: &Database) {
    let mut world = World::empty(on);
    let first = person(&world, "ada", billed(10_000, "usd", Some("cus_1")));
    let second = person(&world, "bob", billed(10_000, "usd", Some("cus_1")));
    world.sync().await;
    for id in [first, second] {
        world.advance(2 * DAY);
        world.update_contact(&id, billed(30_000, "usd", Some("cus_1")));
        world.sync().await;
    }
    let lines = dollars(&moved(&world).await).lines;
    assert_eq!((lines.start.minor, lines.expansion.minor), (10_000, 20_000));
    world.settings.revenue.merge_shared_billing = false;
    let lines = dollars(&moved(&world).await).lines;
    assert_eq!((lines.start.minor, lines.expansion.minor), (20_000, 40_000));
}

pub(crate) async fn retention_says_whom_it_leaves_out(on: &Database) {
    let world = World::empty(on);
    let first = person(&world, "ada", paying(10_000));
    world.sync().await;
    next_day(&world).await;
    world.update_contact(&first, billed(9_000, "eur", None));
    next_day(&world).await;
    let report = moved(&world).await;
    let told = report.to_string();
    let nobody = "NRR –, GRR –: the 1 customer of the start cannot be compared, in another currency \
                  or by other rules at the end";
    assert!(told.contains(nobody), "{told}");
    assert!(told.contains("NRR –, GRR –: nobody paid at the start"), "{told}");
    assert!(!told.contains("of 0"), "{told}");
    let compared = dollars(&report);
    assert_eq!((compared.n_customers_at_start, compared.n_incomparable), (0, 1));
}

pub(crate) async fn an_absurd_amount_hides_nobody_else(on: &Database) {
    let world = World::empty(on);
    let grows = person(&world, "grows", paying(10_000));
    person(&world, "absurd", paying(i64::MAX));
    world.sync().await;
    next_day(&world).await;
    world.update_contact(&grows, paying(15_000));
    next_day(&world).await;
    let report = moved(&world).await;
    let lines = dollars(&report).lines;
    assert_eq!((lines.start.minor, lines.end.minor), (10_000, 15_000));
    assert_eq!(report.n_left_out, 1);
    assert!(report.notes.contains(&NoteCode::Overflow), "{:?}", report.notes);
}

pub(crate) async fn what_is_paid_in_another_currency_is_named(on: &Database) {
    let mut world = World::empty(on);
    let both = |usd: i64, eur: i64| {
        let row = |id: &str, amount: i64, currency: &str| {
            let plan = json!({"amount": amount, "interval": "month", "currency": currency});
            json!({"id": id, "status": "active", "plan": plan})
        };
        let rows = json!([row("sub_1", usd, "usd"), row("sub_2", eur, "eur")]);
        json!({"custom_attributes": {"Stripe Subscriptions": rows}})
    };
    let first = person(&world, "ada", both(10_000, 5_000));
    person(&world, "bob", billed(700, "eur", None));
    world.sync().await;
    next_day(&world).await;
    world.update_contact(&first, both(10_000, 8_000));
    next_day(&world).await;
    let report = moved(&world).await;
    let euros = report.beside[&Currency::EUR];
    assert_eq!((euros.n_customers, euros.start.minor, euros.end.minor), (1, 5_000, 8_000));
    assert_eq!(report.notes, BTreeSet::from([NoteCode::MixedCurrency]));
    let told = report.to_string();
    let line = "not in it: 1 customer pays in EUR, too, 50.00 at the start and 80.00 at the end";
    assert!(told.contains(line), "{told}");
    assert_eq!(report.by_currency[&Currency::EUR].lines.end.minor, 700);

    // Converted figures are of all that is paid.
    let rates = BTreeMap::from([(Currency::EUR, Ratio::whole(1))]);
    world.settings.revenue.rates = rates;
    next_day(&world).await;
    let at = |unix| DateTime::from_timestamp(unix, 0).expect("in range");
    let now = world.sim.now();
    let later = Period { starts_at: at(now + 1), ends_at: at(now + DAY) };
    let report = self::told(&world, later).await;
    assert!(report.beside.is_empty(), "{report}");
    assert_eq!(dollars(&report).lines.end.minor, 18_700);
}

pub(crate) async fn nothing_paid_in_another_currency_is_not_named(on: &Database) {
    let world = World::empty(on);
    let row = |id: &str, amount: i64, currency: &str| {
        let plan = json!({"amount": amount, "interval": "month", "currency": currency});
        json!({"id": id, "status": "active", "plan": plan})
    };
    let billed = |rows: Value| json!({"custom_attributes": {"Stripe Subscriptions": rows}});
    let dollars_alone = || billed(json!([row("sub_1", 10_000, "usd")]));
    let ada = person(&world, "ada", dollars_alone());
    world.sync().await;
    next_day(&world).await;
    world.update_contact(
        &ada,
        billed(json!([row("sub_1", 10_000, "usd"), row("sub_2", 700, "eur")])),
    );
    next_day(&world).await;
    world.update_contact(&ada, dollars_alone());
    next_day(&world).await;
    let report = moved(&world).await;
    assert_eq!(dollars(&report).lines.end.minor, 10_000);
    assert!(!report.to_string().contains("EUR"), "{report}");
    assert!(report.beside.is_empty(), "{:?}", report.beside);
}

pub(crate) async fn rates_alone_are_a_line_of_their_own(on: &Database) {
    let mut world = World::empty(on);
    let rate = |numerator| {
        let rate = Ratio::new(numerator, 10.try_into().expect("10"));
        BTreeMap::from([(Currency::EUR, rate)])
    };
    world.settings.revenue.rates = rate(10);
    let id = person(&world, "ada", billed(10_000, "eur", None));
    world.sync().await;
    world.settings.revenue.rates = rate(16);
    next_day(&world).await;
    world.update_contact(&id, billed(20_000, "eur", None));
    next_day(&world).await;
    let report = moved(&world).await;
    let lines = dollars(&report).lines;
    assert_eq!((lines.exchange.minor, lines.expansion.minor), (6_000, 16_000));
    assert_eq!(lines.end.minor, 32_000);
    assert_eq!(dollars(&report).net_retention, Some(Ratio::whole(2)));
}

/// What the table sums up to, in cents of a dollar.
async fn total(world: &World) -> i64 {
    let workspace = world.workspace().await;
    let totals = world.store.mrr_totals(&workspace, SharedBilling::Once).await.expect("totals");
    totals.iter().map(|total| total.mrr.minor).sum()
}

pub(crate) async fn movements_lead_to_the_sum_of_the_table(on: &Database) {
    for (payer, other) in [("ada", "zoe"), ("zoe", "ada")] {
        let on = on.another().await;
        let world = World::empty(&on);
        person(&world, payer, billed(10_000, "usd", Some("cus_1")));
        let other = person(&world, other, json!({"custom_attributes": {"stripe_id": "cus_1"}}));
        person(&world, "bob", paying(7_000));
        world.sync().await;
        next_day(&world).await;
        let lines = dollars(&moved(&world).await).lines;
        assert_eq!((total(&world).await, lines.end.minor), (17_000, 17_000));
        world.update_contact(&other, json!({"custom_attributes": {"stripe_delinquent": true}}));
        next_day(&world).await;
        let lines = dollars(&moved(&world).await).lines;
        assert_eq!((total(&world).await, lines.end.minor), (17_000, 17_000));
        assert_eq!((lines.start.minor, lines.churn.minor), (17_000, 0));

        // The other shows another amount, which is the later one until the first one's changes.
        world.update_contact(&other, billed(4_000, "usd", Some("cus_1")));
        next_day(&world).await;
        let lines = dollars(&moved(&world).await).lines;
        assert_eq!((total(&world).await, lines.end.minor), (11_000, 11_000));
        assert_eq!((lines.contraction.minor, lines.churn.minor), (-6_000, 0));
        world.update_contact(&other, billed(4_000, "usd", Some("cus_2")));
        next_day(&world).await;
        let lines = dollars(&moved(&world).await).lines;
        assert_eq!((total(&world).await, lines.end.minor), (21_000, 21_000));
        assert_eq!((lines.new.minor, lines.churn.minor), (4_000, 0));
        on.remove().await;
    }
}

pub(crate) async fn who_is_merged_into_another_is_neither_gone_nor_new(on: &Database) {
    let world = World::empty(on);
    let old = person(&world, "ada", paying(30_000));
    let survivor = person(&world, "bob", json!({}));
    person(&world, "cyd", paying(10_000));
    world.sync().await;
    world.advance(2 * DAY);
    let now = world.sim.now();
    let merge = |sim: &mut Simulator| sim.workspace_mut().merge_contacts(&old, &survivor, now);
    world.sim.with(merge).expect("both");
    world.sync_whole().await;
    let report = moved(&world).await;
    let lines = dollars(&report).lines;
    assert_eq!((lines.start.minor, lines.end.minor), (40_000, total(&world).await));
    assert_eq!((lines.new.minor, lines.churn.minor, lines.contraction.minor), (0, 0, 0));
    assert_eq!(dollars(&report).net_retention, Some(Ratio::whole(1)));
}
