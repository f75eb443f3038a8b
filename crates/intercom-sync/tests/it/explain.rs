//! Where a customer's values come from.

use intercom_revenue::PriceUnit;
use intercom_sync::{departed, explain, no_customer};
use serde_json::json;

use crate::database::Database;
use crate::world::{NOW, World};

const DAY: i64 = 86_400;

pub(crate) async fn every_value_has_a_source(on: &Database) {
    let mut world = World::empty(on);
    world.settings.revenue.past_due = intercom_revenue::Counted::Always;
    let lead = json!({"role": "lead", "email": "ada@member.example", "id": "lead1"});
    world.create_contact(lead);
    let id = world.create_contact(json!({
        "id": "user1", "role": "user", "email": "Ada@Member.example",
        "location": {"country": "Peru"}, "last_seen_at": NOW - DAY,
        "custom_attributes": {
            "stripe_id": "cus_1", "stripe_plan": "Pro", "stripe_delinquent": "perhaps",
            "stripe_subscriptions": [
                {"id": "sub_1", "status": "active", "plan": {"amount": 299_000, "interval": "year"}},
                {"id": "sub_2", "status": "past_due", "plan": {"amount": 100, "interval": "month"}},
                {"id": "sub_3", "status": "canceled", "plan": {"amount": 1, "interval": "month"}},
                {"id": "sub_4", "status": "active", "plan": {"amount": 1, "interval": "decade"}},
            ],
            "Stripe Payments": [{"id": "pay_1", "amount": 500, "status": "succeeded"}],
        },
    }));
    world.begin_conversation(&id, "We want to cancel.");
    world.sync().await;
    let workspace = world.workspace().await;
    let asked = " ADA@member.example";
    let told = explain(world.store.as_ref(), &workspace, &world.settings, asked, world.now());
    let told = told.await.expect("an explanation").expect("a customer");
    let shown = told.to_string();
    for id in told.contacts.iter().map(|contact| contact.id.as_str()) {
        assert!(shown.contains(id), "{shown}");
    }
    let conversation = told.conversations[0].id.clone();
    let shown = shown
        .replace(&id, "[user]")
        .replace(told.contacts.iter().find(|it| !it.speaks).expect("a lead").id.as_str(), "[lead]")
        .replace(&conversation, "[conversation]");
    check(&shown);
    let debug = format!("{told:?} {told:#?}");
    assert!(!debug.contains("member.example"), "{debug}");
    let json = serde_json::to_value(&told).expect("JSON");
    assert_eq!(json["subscriptions"][3]["amount"], "74750/3");
    assert_eq!(json["policy"]["past_due"], "always");
    let column = |name: &str| {
        let columns = json["columns"].as_array().expect("columns");
        columns.iter().find(|line| line["column"] == name).cloned().expect("the column")
    };
    assert_eq!(column("mrr")["value"], "250.17 USD");
}

fn check(shown: &str) {
    insta::allow_duplicates! {
        insta::assert_snapshot!(shown, @r#"
        ada@member.example, written 2025-11-21 17:00:00 UTC
          [lead] Lead, updated 2025-11-21T17:00:00+00:00
          [user] User, updated 2025-11-21T17:00:00+00:00, speaks for the customer
        Columns
          intercom_contact_id    [user]  ← contact [user]: id
          intercom_contact_ids   [lead], [user]  ← the ids of 2 contacts
          external_id            –  ← contact [user]: external_id
          stripe_customer_id     cus_1  ← contact [user]: custom_attributes.stripe_id
          name                   ada  ← contact [user]: email, the part before the @
          location_country       Peru  ← contact [user]: location.country
          location_city          –  ← contact [user]: location.city
          signup_date            2025-11-21T17:00:00+00:00  ← contact [user]: created_at
          currency               USD  ← the rows that count, else the policy's base currency
          mrr                    250.17 USD  ← contact [user]: custom_attributes.stripe_subscriptions, of which more may be paid
          arr                    3002.00 USD  ← 12 × MRR
          ltv                    5.00 USD  ← contact [user]: custom_attributes.Stripe Payments
          plan_name              Pro  ← contact [user]: custom_attributes.stripe_plan
          plan_price             –  ← no attribute has a value
          subscription_status    –  ← no attribute has a value
          subscription_count     3  ← contact [user]: custom_attributes.stripe_subscriptions, of which more may be paid
          is_delinquent          –  ← contact [user]: custom_attributes.stripe_delinquent
          last_payment_amount    –  ← no attribute has a value
          last_payment_date      –  ← no attribute has a value
          last_seen_at           2025-11-20T17:00:00+00:00  ← contact [user]: last_seen_at
          days_since_seen        1  ← contact [user]: last_seen_at
          intercom_convos_total  1  ← conversations of 2 contacts
          intercom_convos_30d    1  ← conversations begun in 30 days of 2 contacts
          open_tickets           1  ← open conversations of 2 contacts
          mentioned_cancel       true  ← messages of 30 days of 2 contacts
          csat_score             –  ← ratings of 2 contacts
          first_response_seconds –  ← the mean of conversations of 2 contacts
          first_close_seconds    –  ← the mean of conversations of 2 contacts
          last_close_seconds     –  ← the mean of conversations of 2 contacts
          reopens                0  ← conversations opened again of 2 contacts
          quality_score          90  ← the sum of its factors
        Subscriptions: 4
          sub_4 active: counts, 0 smallest units USD a month [unknown_interval]
          sub_3 canceled: left out, 0 smallest units USD a month
          sub_2 past_due: counts, 100 smallest units USD a month [past_due]
          sub_1 active: counts, 74750/3 smallest units USD a month
        Payments: 1
          pay_1 succeeded: counts, 500 smallest units USD to date
        Quality
           20 of 20  has_stripe_customer
           20 of 20  has_active_subscription
           15 of 15  has_payments
           15 of 15  seen_recently
           10 of 10  has_location
           10 of 10  has_conversations
            0 of 10  has_csat
        Conversations
          [conversation] 2025-11-21T17:00:00+00:00 open, speaks of leaving: “want to cancel”
        Odd: custom_attributes.stripe_delinquent: wrong_type
        Odd: custom_attributes.stripe_subscriptions[3].plan.interval: unknown_interval
        Since 2025-11-21T17:00:00+00:00: MRR 250.17 USD (found by the first load)
        Policy: past_due = "always"
        "#);
    }
}

pub(crate) async fn what_is_written_is_told_from_what_would_be(on: &Database) {
    let mut world = World::empty(on);
    let asked = "ada@member.example";
    let rows = json!([{
        "id": "sub_1", "status": "past_due", "plan": {"amount": 10_000, "interval": "month"},
    }]);
    let attributes = json!({"Stripe Subscriptions": rows, "stripe_plan_price": 900});
    world.create_contact(json!({"email": asked, "custom_attributes": attributes}));
    world.sync().await;
    let workspace = world.workspace().await;
    let told = async |world: &World| {
        let told = explain(world.store.as_ref(), &workspace, &world.settings, asked, world.now());
        told.await.expect("an explanation").expect("a customer")
    };
    let same = told(&world).await;
    assert!(same.other_settings.is_nothing());
    assert!(same.columns.iter().all(|line| line.would_be.is_none()));
    assert!(!same.to_string().contains("other settings"), "{same}");

    world.settings.revenue.past_due = intercom_revenue::Counted::Always;
    world.settings.revenue.plan_price_unit = PriceUnit::Major;
    let other = told(&world).await;
    assert!(other.other_settings.customers && !other.other_settings.bodies);
    let shown = other.to_string();
    for line in [
        "written with other settings than these (the revenue policy or which contact speaks)",
        "mrr                    0.00 USD (a run writes 100.00 USD)",
        "plan_price             9.00 USD (a run writes 900.00 USD)",
        "sub_1 past_due: counts, 10000 smallest units USD a month",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let column = |name: &str| {
        let column = other.columns.iter().find(|line| line.column == name).expect("a column");
        serde_json::to_value(column).expect("JSON")
    };
    let mrr = column("mrr");
    assert_eq!(
        (&mrr["value"], &mrr["would_be"]["value"]),
        (&json!("0.00 USD"), &json!("100.00 USD"))
    );
    assert_eq!(column("name").get("would_be"), None);

    world.advance(600);
    world.sync().await;
    let written = told(&world).await;
    assert!(written.other_settings.is_nothing());
    assert!(written.to_string().contains("mrr                    100.00 USD  ←"), "{written}");
}

pub(crate) async fn a_merged_address_is_no_churn(on: &Database) {
    let mut world = World::empty(on);
    world.settings.max_missing_percent = 100;
    let (old, new) = ("ada@member.example", "lovelace@member.example");
    let plan = json!({"amount": 10_000, "interval": "month"});
    let pays = json!({"Stripe Subscriptions": [{"status": "active", "plan": plan}]});
    let contact = |email| json!({"email": email, "custom_attributes": pays});
    let (lead, user) = (world.create_contact(contact(old)), world.create_contact(contact(new)));
    world.sync().await;
    world.advance(600);
    let now = world.sim.now();
    world.sim.with(|sim| sim.workspace_mut().merge_contacts(&lead, &user, now)).expect("both");
    world.sync_whole().await;
    let workspace = world.workspace().await;
    let gone = departed(world.store.as_ref(), &workspace, &world.settings, old, world.now());
    let gone = gone.await.expect("an answer").expect("a history").to_string();
    let line = format!("contact {lead} spoke for it and was merged into contact {user}, which has");
    assert!(gone.contains(&line) && gone.contains(new), "{gone}");
    assert!(gone.contains(&format!("no MRR (merged into contact {user})")), "{gone}");
    assert!(!gone.contains("Churn"), "{gone}");
}

pub(crate) async fn an_account_that_pays_on_is_no_churn(on: &Database) {
    let world = World::empty(on);
    let (old, other) = ("ada@member.example", "lovelace@member.example");
    let plan = json!({"amount": 10_000, "interval": "month"});
    let pays = json!({"stripe_id": "cus_1",
        "Stripe Subscriptions": [{"status": "active", "plan": plan}]});
    let contact = |email| json!({"email": email, "custom_attributes": pays});
    let (gone, _) = (world.create_contact(contact(old)), world.create_contact(contact(other)));
    world.sync().await;
    world.advance(600);
    world.update_contact(&gone, json!({"email": null}));
    assert_eq!(world.sync().await.alerts, []);
    let workspace = world.workspace().await;
    let mut settings = world.settings.clone();
    for (is_merged, is_churn) in [(true, false), (false, true)] {
        settings.revenue.merge_shared_billing = is_merged;
        let told = departed(world.store.as_ref(), &workspace, &settings, old, world.now());
        let told = told.await.expect("an answer").expect("a history").to_string();
        let is_paid_on = told.contains("(another customer pays by the same billing account)");
        assert_eq!((told.contains("Churn"), is_paid_on), (is_churn, is_merged), "{told}");
    }
}

pub(crate) async fn who_is_no_customer_is_told(on: &Database) {
    let world = World::empty(on);
    let id = world.create_contact(json!({"email": "Ada At@Member"}));
    world.create_contact(json!({"email": "bob@member.example"}));
    world.sync().await;
    let workspace = world.workspace().await;
    let asked = async |who: &str| {
        no_customer(world.store.as_ref(), &workspace, who).await.expect("an answer")
    };
    for (who, why) in [
        (" ada at@member", "that is no e-mail address"),
        (id.as_str(), "without a usable e-mail address"),
    ] {
        let told = asked(who).await.expect("a contact");
        assert_eq!(told.contact_ids, [id.as_str()]);
        assert!(!format!("{told:?}").contains("ember"));
        assert!(told.to_string().contains(why), "{told}");
    }
    assert_eq!(asked("bob@member.example").await, None);
    assert_eq!(asked("nobody@member.example").await, None);
}

pub(crate) async fn a_row_in_another_currency_is_told_to_add_nothing(on: &Database) {
    let world = World::empty(on);
    let plan = |currency: &str| json!({"amount": 900, "interval": "month", "currency": currency});
    let row =
        |id: &str, currency: &str| json!({"id": id, "status": "active", "plan": plan(currency)});
    let rows = json!([row("sub_1", "usd"), row("sub_2", "eur")]);
    world.create_contact(json!({
        "email": "ada@member.example", "custom_attributes": {"Stripe Subscriptions": rows},
    }));
    world.sync().await;
    let workspace = world.workspace().await;
    let asked = "ada@member.example";
    let told = explain(world.store.as_ref(), &workspace, &world.settings, asked, world.now());
    let told = told.await.expect("an explanation").expect("a customer").to_string();
    for line in [
        "sub_1 active: counts, 900 smallest units USD a month",
        "sub_2 active: in another currency than the figures, adds nothing, 900 smallest units EUR",
        "Note: mixed_currency, the figures cover one of several currencies",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

pub(crate) async fn a_move_is_told_as_a_move(on: &Database) {
    let world = World::empty(on);
    let (old, new) = ("ada@member.example", "lovelace@member.example");
    let paying = |amount: i64| {
        let plan = json!({"amount": amount, "interval": "month"});
        json!({"Stripe Subscriptions": [{"status": "active", "plan": plan}]})
    };
    let id = world.create_contact(json!({"email": old, "custom_attributes": paying(10_000)}));
    world.sync().await;
    world.advance(600);
    let patch = json!({"email": new, "custom_attributes": paying(12_000)});
    world.update_contact(&id, patch);
    world.sync().await;
    let workspace = world.workspace().await;
    let told = explain(world.store.as_ref(), &workspace, &world.settings, new, world.now());
    let told = told.await.expect("an explanation").expect("a customer");
    assert_eq!(
        told.history[0].to_string(),
        "Since 2025-11-21T17:10:00+00:00: MRR 120.00 USD (Expansion) (moved from ada@member.example)"
    );
    let gone = departed(world.store.as_ref(), &workspace, &world.settings, old, world.now());
    let gone = gone.await.expect("an answer").expect("a history");
    assert_eq!(
        gone.history[0].to_string(),
        "Since 2025-11-21T17:10:00+00:00: no MRR (moved to lovelace@member.example)"
    );
    assert!(!format!("{told:?} {gone:?}").contains("member.example"));

    // Back to the address it had, where another has been meanwhile.
    world.create_contact(json!({"email": old, "custom_attributes": paying(500)}));
    world.advance(600);
    world.sync().await;
    world.advance(600);
    world.update_contact(&id, json!({"email": old}));
    world.sync().await;
    let told = explain(world.store.as_ref(), &workspace, &world.settings, old, world.now());
    let told = told.await.expect("an explanation").expect("a customer").to_string();
    let line = "MRR 120.00 USD (moved from lovelace@member.example)";
    assert!(told.contains(line), "{told}");
}

pub(crate) async fn what_steers_a_terminal_is_written_out(on: &Database) {
    let world = World::empty(on);
    let name = "Ada\u{202e}moc.elpmaxe@\u{2066}\u{200b}\u{feff}\u{e0041}\u{7}\u{61c}";
    world.create_contact(json!({"email": "ada@member.example", "name": name}));
    world.sync().await;
    let workspace = world.workspace().await;
    let told = explain(
        world.store.as_ref(),
        &workspace,
        &world.settings,
        "ada@member.example",
        world.now(),
    );
    let told = told.await.expect("an explanation").expect("a customer").to_string();
    let shown = r"Ada\u{202e}moc.elpmaxe@\u{2066}\u{200b}\u{feff}\u{e0041}";
    assert!(told.contains(&format!("{shown}\u{fffd}\\u{{61c}}")), "{told}");
}

pub(crate) async fn the_price_of_a_plan_is_shown_in_its_unit(on: &Database) {
    let mut world = World::empty(on);
    let attributes = json!({"stripe_plan_price": 29_900, "stripe_subscription_status": "active"});
    world.create_contact(json!({"email": "ada@member.example", "custom_attributes": attributes}));
    world.sync().await;
    let workspace = world.workspace().await;
    for (unit, expected) in
        [(PriceUnit::Minor, "29900 smallest units, 299.00 USD"), (PriceUnit::Major, "29900.00 USD")]
    {
        world.settings.revenue.plan_price_unit = unit;
        world.advance(600);
        world.sync().await;
        let (store, settings) = (world.store.as_ref(), &world.settings);
        let told = explain(store, &workspace, settings, "ada@member.example", world.now()).await;
        let told = told.expect("an explanation").expect("a customer");
        let line = told.columns.iter().find(|line| line.column == "plan_price");
        assert_eq!(line.and_then(|line| line.value.as_deref()), Some(expected));
    }
}

pub(crate) async fn a_customer_nobody_knows_is_not_explained(on: &Database) {
    let world = World::empty(on);
    world.sync().await;
    let workspace = world.workspace().await;
    let told =
        explain(world.store.as_ref(), &workspace, &world.settings, "x@y.example", world.now());
    assert_eq!(told.await.expect("an answer"), None);
}
