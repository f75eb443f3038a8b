//! Values that cannot be meant: what they cost, and what is said of them.

use intercom_sync::{RunReport, explain};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::layer::SubscriberExt;

use crate::database::Database;
use crate::spans::Capture;
use crate::world::{NOW, World};

pub(crate) const EMAIL: &str = "ada@member.example";

/// What a run says, and its report.
pub(crate) async fn listen(world: &World) -> (Vec<String>, RunReport) {
    let capture = Capture::default();
    let heard = tracing_subscriber::registry().with(capture.clone());
    let report = world.sync().with_subscriber(heard).await;
    (capture.said(), report)
}

fn billed(subscriptions: &Value, payments: &Value) -> Value {
    json!({"Stripe Subscriptions": subscriptions, "Stripe Payments": payments,
        "stripe_plan_price": 100, "stripe_subscription_status": "active"})
}

fn subscriptions(amount: i64) -> Value {
    let plan = json!({"amount": amount, "interval": "month", "currency": "eur"});
    json!([{"id": "sub_1", "status": "active", "plan": plan}])
}

fn payments(amount: i64) -> Value {
    let id = format!("pay_{amount}");
    json!([{"id": id, "amount": amount, "currency": "eur", "status": "succeeded"}])
}

pub(crate) async fn billing_that_cannot_be_read_keeps_the_figures(on: &Database) {
    let world = World::empty(on);
    let attributes = billed(&subscriptions(60_000), &payments(70_000));
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let before = world.customer(EMAIL).await.expect("a customer");
    assert_eq!((before.mrr, before.currency), (Some(60_000), "EUR".parse().ok()));
    let history = async || {
        let history = world.store.customer_history(&world.workspace().await, EMAIL).await;
        history.expect("history").len()
    };
    let n_states = history().await;

    let truncated = json!("[{\"status\": \"active\", \"secret");
    for (subscribed, paid, code) in [
        (truncated.clone(), truncated, "unreadable_json"),
        (json!(5), json!(true), "wrong_type"),
        (json!(["sub_1"]), json!({"data": [null]}), "wrong_type"),
    ] {
        world.advance(600);
        let attributes = billed(&subscribed, &paid);
        world.update_contact(&id, json!({"custom_attributes": attributes}));
        let (said, report) = listen(&world).await;
        assert_eq!(report.alerts, []);
        for field in ["custom_attributes.Stripe Subscriptions", "custom_attributes.Stripe Payments"]
        {
            let named = |text: &&String| {
                [id.as_str(), field, code, "cannot be read"].iter().all(|it| text.contains(it))
            };
            assert!(said.iter().any(|text| named(&text)), "{said:?}");
        }
        assert!(!said.iter().any(|text| text.contains("secret")), "{said:?}");
        let after = world.customer(EMAIL).await.expect("a customer");
        assert_eq!((after.mrr, after.arr, after.ltv), (before.mrr, before.arr, before.ltv));
        assert_eq!((after.currency, after.subscription_count), (before.currency, Some(1)));
        assert_eq!(after.mrr_by_currency, before.mrr_by_currency);
        assert_eq!((after.plan_price, after.quality_score), (Some(100), before.quality_score));
        // Days that pass and runs over everything take nothing away either.
        world.advance(2 * 86_400);
        assert_eq!(world.sync_whole().await.alerts, []);
        assert_eq!(world.customer(EMAIL).await.expect("a customer").mrr, before.mrr);
        assert_eq!(history().await, n_states);
    }
    let told = told_of_ada(&world).await;
    assert!(told.contains("cannot be read: as last written"), "{told}");
    assert!(told.contains("Subscriptions: recorded, and cannot be read"), "{told}");

    // What can be read counts while the rest cannot, and all of it as soon as it can.
    let attributes = billed(&subscriptions(65_000), &json!("[{"));
    world.update_contact(&id, json!({"custom_attributes": attributes}));
    world.advance(600);
    world.sync().await;
    let row = world.customer(EMAIL).await.expect("a customer");
    assert_eq!((row.mrr, row.ltv), (Some(65_000), Some(70_000)));
    let attributes = billed(&json!([]), &payments(80_000));
    world.update_contact(&id, json!({"custom_attributes": attributes}));
    world.advance(600);
    world.sync().await;
    let row = world.customer(EMAIL).await.expect("a customer");
    assert_eq!((row.mrr, row.ltv), (Some(0), Some(80_000)));
}

pub(crate) async fn an_entry_that_cannot_be_read_is_no_churn(on: &Database) {
    let world = World::empty(on);
    let priced = |id: &str, amount: i64| {
        let plan = json!({"amount": amount, "interval": "month"});
        json!({"id": id, "status": "active", "plan": plan})
    };
    let paid = |id: &str, amount| json!({"id": id, "amount": amount, "status": "succeeded"});
    let readable = (
        json!([priced("sub_1", 60_000), priced("sub_2", 40_000)]),
        json!([paid("pay_1", 70_000), paid("pay_2", 30_000)]),
    );
    let attributes = billed(&readable.0, &readable.1);
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let before = world.customer(EMAIL).await.expect("a customer");
    assert_eq!((before.mrr, before.ltv), (Some(100_000), Some(100_000)));

    let canceled = json!({"id": "sub_1", "status": "canceled", "plan": null});
    for entry in [
        json!("sub_2"),
        json!({"id": "sub_2", "status": "active", "plan": "plan_2"}),
        json!({"id": "sub_2", "status": "active", "plan": {"amount": "much", "interval": "month"}}),
        json!({"id": "sub_2", "status": {}, "plan": {"amount": 40_000, "interval": "month"}}),
        json!({"id": "sub_2"}),
    ] {
        world.advance(600);
        let attributes = billed(
            &json!([canceled, entry]),
            &json!([paid("pay_1", 70_000), {"id": "pay_2", "amount": [], "status": "succeeded"}]),
        );
        world.update_contact(&id, json!({"custom_attributes": attributes}));
        let (said, report) = listen(&world).await;
        assert_eq!(report.alerts, [], "{entry}");
        let after = world.customer(EMAIL).await.expect("a customer");
        assert_eq!((after.mrr, after.arr, after.ltv), (before.mrr, before.arr, before.ltv));
        assert_eq!(after.subscription_count, before.subscription_count, "{entry}");
        for path in
            ["custom_attributes.Stripe Subscriptions[1]", "custom_attributes.Stripe Payments[1]"]
        {
            let named = |text: &&String| [id.as_str(), path].iter().all(|it| text.contains(it));
            assert!(said.iter().any(|text| named(&text)), "{entry}: {said:?}");
            let told = told_of_ada(&world).await;
            let note = format!("Note: unreadable_entry {path}");
            assert!(told.contains(&note), "{told}");
            assert!(!told.contains("Churn"), "{told}");
        }
    }

    // What can be read counts as soon as it is more, and all of it once it can be read.
    let more = billed(&json!([priced("sub_1", 120_000), "sub_2"]), &readable.1);
    world.update_contact(&id, json!({"custom_attributes": more}));
    world.advance(600);
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(120_000));
    // Of what is over, the price does not matter.
    let over = json!({"id": "sub_2", "status": "canceled", "plan": "plan_2"});
    let less = billed(&json!([priced("sub_1", 60_000), over]), &readable.1);
    world.update_contact(&id, json!({"custom_attributes": less}));
    world.advance(600);
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(60_000));
}

pub(crate) async fn told_of_ada(world: &World) -> String {
    let workspace = world.workspace().await;
    let told = explain(world.store.as_ref(), &workspace, &world.settings, EMAIL, world.now());
    told.await.expect("an explanation").expect("a customer").to_string()
}

pub(crate) async fn billing_that_never_could_be_read_has_no_figures(on: &Database) {
    let world = World::empty(on);
    let attributes = billed(&json!("[{"), &json!(null));
    world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let row = world.customer(EMAIL).await.expect("a customer");
    assert_eq!((row.mrr, row.arr, row.ltv, row.subscription_count), (None, None, None, None));
}

pub(crate) async fn the_first_ten_records_with_odd_values_are_named(on: &Database) {
    let world = World::empty(on);
    let contact = |n: i64| {
        let attributes = json!({"stripe_delinquent": "perhaps-secret", "stripe_plan": [n]});
        let email = format!("n{n}@member.example");
        world.create_contact(json!({"email": email, "custom_attributes": attributes}))
    };
    let ids: Vec<String> = (0..13).map(contact).collect();
    world.create_contact(json!({"email": EMAIL, "last_seen_at": NOW}));
    let (said, _) = listen(&world).await;
    let warning = said.iter().find(|text| text.contains("cannot be meant"));
    let warning = warning.unwrap_or_else(|| panic!("{said:?}"));
    let n_named = ids.iter().filter(|id| warning.contains(id.as_str())).count();
    assert_eq!(n_named, 10, "{warning}");
    assert!(warning.contains("13") && warning.contains(" and 3 more"), "{warning}");
    let fields = "(custom_attributes.stripe_plan: wrong_type; \
                  custom_attributes.stripe_delinquent: wrong_type)";
    assert_eq!(warning.matches(fields).count(), 10, "{warning}");
    assert!(!said.iter().any(|text| text.contains("secret") || text.contains('@')), "{said:?}");
}

fn unreadable() -> Value {
    billed(&json!("[{"), &json!("[{"))
}

pub(crate) async fn mrr_of(world: &World, email: &str) -> Option<i64> {
    world.customer(email).await.and_then(|row| row.mrr)
}

/// The sum over the shared table, which others read.
async fn shared_mrr(on: &Database) -> i64 {
    on.number("SELECT COALESCE(SUM(mrr), 0) FROM unified_customers").await
}

pub(crate) async fn figures_follow_their_contact_to_another_address(on: &Database) {
    let world = World::empty(on);
    let attributes = billed(&subscriptions(60_000), &payments(70_000));
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let before = world.customer(EMAIL).await.expect("a customer");
    // Once to an address that is computed later than the old one, once to one that is earlier, and
    // back to where nothing is left.
    for (from, to) in [
        (EMAIL, "zoe@member.example"),
        ("zoe@member.example", "aaa@member.example"),
        ("aaa@member.example", EMAIL),
    ] {
        world.advance(600);
        let patch = json!({"email": to, "custom_attributes": unreadable()});
        world.update_contact(&id, patch);
        let report = world.sync().await;
        assert_eq!(report.alerts, [], "{to}");
        assert_eq!(world.customer(from).await, None, "{to}");
        let after = world.customer(to).await.expect("a customer");
        assert_eq!((after.mrr, after.arr, after.ltv), (before.mrr, before.arr, before.ltv));
        assert_eq!((after.currency, after.subscription_count), (before.currency, Some(1)));
        assert_eq!(after.mrr_by_currency, before.mrr_by_currency);
        assert_eq!(after.quality_score, before.quality_score);
        assert_eq!(shared_mrr(on).await, 60_000, "{to}");
    }
    let workspace = world.workspace().await;
    let told = explain(world.store.as_ref(), &workspace, &world.settings, EMAIL, world.now());
    let told = told.await.expect("an explanation").expect("a customer").to_string();
    assert!(told.contains("600.00"), "{told}");
}

pub(crate) async fn figures_that_left_with_their_contact_stay_with_nobody_else(on: &Database) {
    let world = World::empty(on);
    let pays = billed(&subscriptions(60_000), &payments(70_000));
    let first =
        world.create_contact(json!({"role": "user", "email": EMAIL, "custom_attributes": pays}));
    let second = world
        .create_contact(json!({"role": "lead", "email": EMAIL, "custom_attributes": unreadable()}));
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(60_000));

    // Who pays leaves, and of who stays nothing was ever known.
    world.advance(600);
    world.update_contact(&first, json!({"email": "zoe@member.example"}));
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, None);
    assert_eq!(mrr_of(&world, "zoe@member.example").await, Some(60_000));

    // Two that exchange their addresses exchange their figures.
    world.advance(600);
    let pays = billed(&subscriptions(5_000), &payments(5_000));
    world.update_contact(&second, json!({"custom_attributes": pays}));
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(5_000));
    world.advance(600);
    for (id, email) in [(&first, EMAIL), (&second, "zoe@member.example")] {
        world.update_contact(id, json!({"email": email, "custom_attributes": unreadable()}));
    }
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(60_000));
    assert_eq!(mrr_of(&world, "zoe@member.example").await, Some(5_000));
    assert_eq!(shared_mrr(on).await, 65_000);

    // Who comes to the address of a contact that is gone inherits nothing, unless by the same
    // billing account.
    for (account, expected) in [("cus_2", None), ("cus_1", Some(60_000))] {
        world.advance(600);
        let mut pays = billed(&subscriptions(60_000), &payments(70_000));
        pays["stripe_id"] = json!("cus_1");
        world.update_contact(&first, json!({"email": EMAIL, "custom_attributes": pays}));
        world.sync().await;
        assert_eq!(mrr_of(&world, EMAIL).await, Some(60_000));
        world.advance(600);
        let mut attributes = unreadable();
        attributes["stripe_id"] = json!(account);
        let newcomer = json!({"role": "user", "email": EMAIL, "custom_attributes": attributes});
        let newcomer = world.create_contact(newcomer);
        world.update_contact(&first, json!({"email": null}));
        let report = world.sync().await;
        assert_eq!(world.customer(EMAIL).await.expect("a customer").intercom_contact_id, newcomer);
        assert_eq!(mrr_of(&world, EMAIL).await, expected);
        assert_eq!(report.alerts.len(), usize::from(expected.is_none()), "{:?}", report.alerts);
        world.update_contact(&newcomer, json!({"email": null}));
        world.advance(600);
        world.sync().await;
    }
}

/// The contact has these subscriptions from here on: what the run said, and Ada's MRR.
async fn billed_with(world: &World, id: &str, rows: Value) -> (Vec<String>, Option<i64>) {
    world.advance(600);
    world.update_contact(id, json!({"custom_attributes": {"Stripe Subscriptions": rows}}));
    let (said, report) = listen(world).await;
    assert_eq!(report.alerts, []);
    (said, mrr_of(world, EMAIL).await)
}

pub(crate) fn is_named(said: &[String], parts: &[&str]) -> bool {
    said.iter().any(|text| parts.iter().all(|part| text.contains(part)))
}

pub(crate) async fn what_may_be_paid_all_the_same_is_no_churn(on: &Database) {
    let world = World::empty(on);
    let row = |status: &str, amount: Value, interval: &str| {
        let plan = json!({"amount": amount, "interval": interval});
        json!([{"id": "sub_1", "status": status, "plan": plan}])
    };
    let pays = json!({"Stripe Subscriptions": row("active", json!(60_000), "month")});
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": pays}));
    world.sync().await;
    let path = |field: &str| format!("custom_attributes.Stripe Subscriptions[0].{field}");
    for (rows, field, code) in [
        (row("running", json!(60_000), "month"), path("status"), "unknown_status"),
        (row("active", json!(60_000), "decade"), path("plan.interval"), "unknown_interval"),
        (row("active", json!("9".repeat(27)), "month"), "mrr".to_owned(), "overflow"),
        (row("active", json!(null), "month"), "sub_1".to_owned(), "unpriceable"),
    ] {
        let (said, mrr) = billed_with(&world, &id, rows).await;
        assert_eq!(mrr, Some(60_000), "{code}");
        assert!(is_named(&said, &[&id, &format!("{field}: {code}")]), "{said:?}");
        let told = told_of_ada(&world).await;
        assert!(!told.contains("Churn") && told.contains("sub_1"), "{told}");
        assert!(told.contains("may be paid: not less than was last written"), "{told}");
    }
    // What is known to bring more counts, and so does less once all of it can be said.
    let mut rows = row("active", json!(70_000), "month");
    rows.as_array_mut().expect("a list").push(json!({"id": "sub_2", "status": "running"}));
    assert_eq!(billed_with(&world, &id, rows).await.1, Some(70_000));
    let less = row("active", json!(40_000), "month");
    assert_eq!(billed_with(&world, &id, less).await.1, Some(40_000));
    // What is over says nothing by its price.
    world.update_contact(
        &id,
        json!({"custom_attributes": {
            "Stripe Subscriptions": row("canceled", json!(-1), "decade"),
        }}),
    );
    world.advance(600);
    let (said, _) = listen(&world).await;
    assert!(!is_named(&said, &["negative_amount"]), "{said:?}");
    assert_eq!(mrr_of(&world, EMAIL).await, Some(0));
}

pub(crate) async fn a_currency_that_is_none_is_not_the_base_currency(on: &Database) {
    let world = World::empty(on);
    let row = |currency: &str| {
        let plan = json!({"amount": 60_000, "interval": "month", "currency": currency});
        json!([{"id": "sub_1", "status": "active", "plan": plan}])
    };
    let id = world.create_contact(json!({"email": EMAIL}));
    world.sync().await;
    let (said, mrr) = billed_with(&world, &id, row("zzz")).await;
    assert_eq!(mrr, Some(0));
    let field = "custom_attributes.Stripe Subscriptions[0].plan.currency: unknown_currency";
    assert!(is_named(&said, &[&id, field]), "{said:?}");
    assert_eq!(billed_with(&world, &id, row("eur")).await.1, Some(60_000));
    assert_eq!(billed_with(&world, &id, row("zzz")).await.1, Some(60_000));

    let flat = json!({
        "stripe_plan_price": 900, "stripe_subscription_status": "active",
        "stripe_plan_currency": "zzz",
    });
    let flat = json!({"email": "flat@member.example", "custom_attributes": flat});
    let flat = world.create_contact(flat);
    world.advance(600);
    let (said, _) = listen(&world).await;
    assert!(is_named(&said, &[&flat, "stripe_plan_currency: unknown_currency"]), "{said:?}");
    assert_eq!(mrr_of(&world, "flat@member.example").await, None);
}

pub(crate) async fn a_plan_nobody_can_read_is_no_churn(on: &Database) {
    let world = World::empty(on);
    let plan = |name: &str, value: Value| {
        let mut attributes = json!({
            "stripe_plan_price": 60_000, "stripe_subscription_status": "active",
            "stripe_plan_currency": "eur", "stripe_plan_interval": "month", "stripe_plan": "Pro",
        });
        attributes[name] = value;
        json!({"email": EMAIL, "custom_attributes": attributes})
    };
    let id = world.create_contact(plan("stripe_plan", json!("Pro")));
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(60_000));
    for (name, value) in [
        ("stripe_subscription_status", json!("running")),
        ("stripe_plan_price", json!("much")),
        ("stripe_plan_price", json!(600.25)),
        ("stripe_plan_currency", json!("zzz")),
        ("stripe_plan_interval", json!("decade")),
    ] {
        world.advance(600);
        world.update_contact(&id, plan(name, value));
        let (said, report) = listen(&world).await;
        assert_eq!((report.alerts, mrr_of(&world, EMAIL).await), (vec![], Some(60_000)), "{name}");
        assert!(is_named(&said, &[&id]), "{name}: {said:?}");
    }
    world.advance(600);
    world.update_contact(&id, plan("stripe_subscription_status", json!("canceled")));
    world.sync().await;
    assert_eq!(mrr_of(&world, EMAIL).await, Some(0));
}

pub(crate) async fn prices_with_fractions_are_named(on: &Database) {
    let world = World::empty(on);
    let attributes = |price: Value, charge: Value| json!({"stripe_plan_price": price, "stripe_last_charge_amount": charge});
    let id = world.create_contact(json!({"email": EMAIL}));
    world.sync().await;
    for (price, charge, expected) in [
        (json!(299.00), json!("299.00"), (Some(299), Some(299))),
        (json!("2.99e2"), json!(2.99e2), (Some(299), Some(299))),
        (json!("299.5"), json!(299), (None, Some(299))),
        (json!(299), json!(299.25), (Some(299), None)),
    ] {
        world.advance(600);
        world.update_contact(&id, json!({"custom_attributes": attributes(price, charge)}));
        let (said, _) = listen(&world).await;
        let row = world.customer(EMAIL).await.expect("a customer");
        assert_eq!((row.plan_price, row.last_payment_amount), expected);
        // A row that has nothing but a price has a currency, too.
        assert_eq!(row.currency.map(|it| it.to_string()).as_deref(), Some("USD"));
        let odd = [("plan_price", expected.0), ("last_payment_amount", expected.1)];
        for (column, value) in odd {
            let name = format!("{column}: fractional_minor_units");
            assert_eq!(is_named(&said, &[&id, &name]), value.is_none(), "{said:?}");
        }
    }
}

pub(crate) async fn a_currency_without_a_rate_is_no_churn(on: &Database) {
    let mut world = World::empty(on);
    let rows = |codes: &[&str]| {
        let row = |code: &&str| {
            let plan = json!({"amount": 10_000, "interval": "month", "currency": code});
            json!({"id": code, "status": "active", "plan": plan})
        };
        json!({"Stripe Subscriptions": codes.iter().map(row).collect::<Vec<_>>()})
    };
    for (name, codes) in [("eur", &["eur"][..]), ("both", &["gbp", "eur"]), ("gbp", &["gbp"])] {
        let email = format!("{name}@member.example");
        world.create_contact(json!({"email": email, "custom_attributes": rows(codes)}));
    }
    // Who has only paid in it counts as well.
    let paid = json!({"Stripe Payments": payments(500)});
    world.create_contact(json!({"email": "paid@member.example", "custom_attributes": paid}));
    let rates = |world: &mut World, given: &[(&str, &str)]| {
        let parse = |(code, rate): &(&str, &str)| {
            (code.parse().expect("a currency"), rate.parse().expect("a rate"))
        };
        world.settings.revenue.rates = given.iter().map(parse).collect();
    };
    rates(&mut world, &[("EUR", "1.1"), ("GBP", "1.3")]);
    world.sync().await;
    let shown = async |world: &World, name: &str| {
        let row = world.customer(&format!("{name}@member.example")).await.expect("a customer");
        row.mrr().expect("an MRR").to_string()
    };
    assert_eq!(shown(&world, "both").await, "240.00 USD");
    let began = world.now();

    rates(&mut world, &[("GBP", "1.3")]);
    world.advance(600);
    let (said, report) = listen(&world).await;
    assert_eq!(report.alerts, []);
    assert!(is_named(&said, &["EUR", "3", "exchange rates leave out a currency"]), "{said:?}");
    assert_eq!(shown(&world, "eur").await, "100.00 EUR");
    assert_eq!(shown(&world, "both").await, "130.00 USD");
    assert_eq!(shown(&world, "gbp").await, "130.00 USD");
    let period = intercom_revenue::Period {
        starts_at: began + chrono::TimeDelta::seconds(1),
        ends_at: world.now() + chrono::TimeDelta::seconds(1),
    };
    let workspace = world.workspace().await;
    let told = intercom_sync::waterfall(world.store.as_ref(), &workspace, &world.settings, period);
    let told = told.await.expect("a waterfall");
    assert!(told.notes.contains(&intercom_revenue::NoteCode::NoRate), "{told}");
    for line in ["not converted: currencies that the exchange rates", "1 customer pays in EUR, too"]
    {
        assert!(told.to_string().contains(line), "{told}");
    }
    for waterfall in told.by_currency.values() {
        let lines = waterfall.lines;
        assert_eq!(
            (lines.churn.minor, lines.contraction.minor, lines.new.minor),
            (0, 0, 0),
            "{told}"
        );
    }
}
