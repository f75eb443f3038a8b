//! Customers and the table they share with other writers.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use intercom_revenue::{Currency, Money, Ratio};
use intercom_store::{
    CurrencyTotal, CustomerRow, CustomerWrite, CustomersOutcome, DirtyCustomer, SharedBilling,
};

use crate::database::{Database, NOW, workspace};
use crate::projection::{fact, put_contact, put_conversation};

pub(crate) fn paying(mrr: i64) -> CustomerRow {
    CustomerRow {
        intercom_contact_id: "c1".into(),
        intercom_contact_ids: vec!["c1".into()],
        name: Some("Ada".into()),
        currency: Some(Currency::USD),
        mrr: Some(mrr),
        quality_score: Some(60),
        last_intercom_sync: Some(NOW),
        ..Default::default()
    }
}

impl Database {
    pub(crate) async fn dirty(&self) -> Vec<DirtyCustomer> {
        self.store.dirty_customers(&self.workspace, "", 100).await.expect("marks")
    }

    async fn dirty_emails(&self) -> Vec<String> {
        self.dirty().await.into_iter().map(|dirty| dirty.email).collect()
    }

    pub(crate) async fn write(
        &self,
        email: &str,
        customer: Option<CustomerRow>,
    ) -> CustomersOutcome {
        let mark = self.dirty().await.into_iter().find(|dirty| dirty.email == email);
        let dirty = mark.unwrap_or(DirtyCustomer { email: email.into(), mark: 0 });
        self.write_all(&[CustomerWrite {
            dirty,
            customer,
            effects: Vec::new(),
            is_restated: false,
            lasting: Vec::new(),
        }])
        .await
    }

    async fn write_all(&self, writes: &[CustomerWrite]) -> CustomersOutcome {
        let written = self.store.commit_customers(&self.workspace, writes, NOW).await;
        written.expect("the customers are written")
    }

    async fn customer(&self, email: &str) -> Option<CustomerRow> {
        let customers = self.store.customers_by_emails(&self.workspace, &[email]).await;
        customers.expect("customers").remove(email)
    }

    async fn shared(&self, column: &str, email: &str) -> Option<String> {
        let sql =
            format!("SELECT CAST({column} AS TEXT) FROM unified_customers WHERE email = '{email}'");
        self.texts(&sql).await.remove(0)
    }
}

pub(crate) async fn every_column_is_read_back(on: &Database) {
    let full = CustomerRow {
        intercom_contact_id: "c1".into(),
        intercom_contact_ids: vec!["c1".into(), "c\"2".into()],
        external_id: Some("u-1".into()),
        stripe_customer_id: Some("cus_1".into()),
        name: Some("Ada".into()),
        location_country: Some("GB".into()),
        location_city: Some("London".into()),
        signup_date: Some(NOW - 1),
        currency: Some(Currency::JPY),
        mrr: Some(i64::MAX),
        arr: Some(i64::MIN),
        ltv: Some(3),
        plan_name: Some("Pro".into()),
        plan_price: Some(4),
        subscription_status: Some("past_due".into()),
        subscription_count: Some(5),
        is_delinquent: Some(true),
        last_payment_amount: Some(6),
        last_payment_date: Some(7),
        last_seen_at: Some(8),
        days_since_seen: Some(9),
        intercom_convos_total: Some(10),
        intercom_convos_30d: Some(11),
        open_tickets: Some(12),
        mentioned_cancel: Some(false),
        csat_score: Some(4.25),
        first_response_seconds: Some(14),
        first_close_seconds: Some(15),
        last_close_seconds: Some(16),
        reopens: Some(17),
        quality_score: Some(13),
        last_intercom_sync: Some(NOW),
        mrr_by_currency: BTreeMap::from([
            (Currency::JPY, Ratio::new(1, NonZeroU32::MIN)),
            (Currency::EUR, Ratio::new(13, NonZeroU32::new(3).expect("not zero"))),
        ]),
        figures_change_at: Some(NOW + 1),
    };
    let bare = CustomerRow { intercom_contact_id: "c2".into(), ..Default::default() };
    on.write("ada@example.com", Some(full.clone())).await;
    on.write("bob@example.com", Some(bare.clone())).await;
    assert_eq!(on.customer("ada@example.com").await, Some(full));
    assert_eq!(on.customer("bob@example.com").await, Some(bare));
    assert_eq!(on.customer("eve@example.com").await, None);

    let exact = r#"{"EUR":"13/3","JPY":"1"}"#;
    let columns = [
        ("mrr_by_currency", exact),
        ("mrr", "9223372036854775807"),
        ("currency_exponent", "0"),
        ("name", "Ada"),
    ];
    for (column, expected) in columns {
        assert_eq!(on.shared(column, "ada@example.com").await.as_deref(), Some(expected));
    }
    let other = workspace(&*on.store, "zz99").await;
    let emails = ["ada@example.com"];
    assert!(on.store.customers_by_emails(&other, &emails).await.unwrap().is_empty());
}

pub(crate) async fn a_crash_after_projecting_loses_no_customer(on: &Database) {
    put_contact(on, "c1", Some("ada@example.com"), NOW).await;

    let reopened = intercom_store::open(&on.url).await.unwrap();
    let dirty = reopened.dirty_customers(&on.workspace, "", 10).await.unwrap();
    assert_eq!(dirty.len(), 1);
    let emails = [&*dirty[0].email];
    let candidates = reopened.customer_candidates(&on.workspace, &emails).await.unwrap();
    assert_eq!(candidates[0].contact_id, "c1");
    assert_eq!(candidates[0].contact.email, "ada@example.com");
    let write = CustomerWrite {
        dirty: dirty[0].clone(),
        customer: Some(paying(100)),
        effects: Vec::new(),
        is_restated: false,
        lasting: Vec::new(),
    };
    let outcome = on.write_all(std::slice::from_ref(&write)).await;
    assert_eq!(outcome, CustomersOutcome { n_inserted: 1, ..Default::default() });
    assert!(on.dirty().await.is_empty());

    // The program that is not sure whether it wrote may write again.
    let outcome = on.write_all(&[write]).await;
    assert_eq!(outcome, CustomersOutcome { n_unchanged: 1, ..Default::default() });
}

pub(crate) async fn a_mark_made_meanwhile_survives(on: &Database) {
    put_contact(on, "c1", Some("ada@example.com"), NOW).await;
    let read = on.dirty().await;
    put_contact(on, "c1", Some("ada@example.com"), NOW + 1).await;

    let writes = [CustomerWrite {
        dirty: read[0].clone(),
        customer: Some(paying(100)),
        effects: Vec::new(),
        is_restated: false,
        lasting: Vec::new(),
    }];
    on.write_all(&writes).await;
    assert_eq!(on.dirty_emails().await, ["ada@example.com"]);
    on.write("ada@example.com", Some(paying(100))).await;
    assert!(on.dirty().await.is_empty());
}

pub(crate) async fn a_new_email_marks_both_customers_and_empties_the_old_one(on: &Database) {
    put_contact(on, "c1", Some("old@example.com"), NOW).await;
    on.write("old@example.com", Some(paying(100))).await;
    put_contact(on, "c1", Some("new@example.com"), NOW + 1).await;
    assert_eq!(on.dirty_emails().await, ["new@example.com", "old@example.com"]);

    let emails = ["new@example.com", "old@example.com"];
    let candidates = on.store.customer_candidates(&on.workspace, &emails).await.unwrap();
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].contact.email, "new@example.com");
    on.write("new@example.com", Some(paying(100))).await;
    let outcome = on.write("old@example.com", None).await;
    assert_eq!(outcome, CustomersOutcome { n_cleared: 1, ..Default::default() });
    assert_eq!(on.shared("mrr", "old@example.com").await, None);
    assert_eq!(on.shared("intercom_contact_ids", "old@example.com").await, None);
    assert_eq!(on.customer("old@example.com").await, None);
    assert_eq!(on.shared("mrr", "new@example.com").await.as_deref(), Some("100"));

    put_contact(on, "c1", None, NOW + 2).await;
    assert_eq!(on.dirty_emails().await, ["new@example.com"]);
    let outcome = on.write("nobody@example.com", None).await;
    assert_eq!(outcome, CustomersOutcome::default());
    assert_eq!(on.number("SELECT COUNT(*) FROM unified_customers").await, 2);
}

pub(crate) async fn a_conversation_marks_the_customers_of_its_contacts(on: &Database) {
    put_contact(on, "c1", Some("ada@example.com"), NOW).await;
    put_contact(on, "c2", Some("bob@example.com"), NOW).await;
    put_contact(on, "c3", Some("eve@example.com"), NOW).await;
    for email in on.dirty_emails().await {
        on.write(&email, Some(paying(100))).await;
    }
    put_conversation(on, "v1", NOW, vec![fact("c1", NOW), fact("unknown", NOW)]).await;
    assert_eq!(on.dirty_emails().await, ["ada@example.com"]);
    on.write("ada@example.com", Some(paying(100))).await;

    // The conversation has moved from one contact to another: both have different counts.
    put_conversation(on, "v1", NOW + 1, vec![fact("c2", NOW)]).await;
    assert_eq!(on.dirty_emails().await, ["ada@example.com", "bob@example.com"]);
}

pub(crate) async fn all_customers_can_be_marked(on: &Database) {
    put_contact(on, "c1", Some("ada@example.com"), NOW).await;
    on.write("ada@example.com", Some(paying(100))).await;
    on.write("gone@example.com", Some(paying(100))).await;
    assert!(on.dirty().await.is_empty());
    assert_eq!(on.store.mark_all_customers(&on.workspace).await.unwrap(), 2);
    assert_eq!(on.dirty_emails().await, ["ada@example.com", "gone@example.com"]);
}

pub(crate) async fn columns_of_other_writers_are_kept(on: &Database) {
    on.write("ada@example.com", Some(paying(100))).await;
    on.execute("ALTER TABLE unified_customers ADD COLUMN crm_owner VARCHAR(20)").await;
    on.execute("UPDATE unified_customers SET crm_owner = 'carol'").await;

    on.write("ada@example.com", Some(paying(200))).await;
    assert_eq!(on.shared("mrr", "ada@example.com").await.as_deref(), Some("200"));
    assert_eq!(on.shared("crm_owner", "ada@example.com").await.as_deref(), Some("carol"));
    on.write("ada@example.com", None).await;
    assert_eq!(on.shared("mrr", "ada@example.com").await, None);
    assert_eq!(on.shared("crm_owner", "ada@example.com").await.as_deref(), Some("carol"));
}

pub(crate) async fn values_of_other_writers_are_not_emptied(on: &Database) {
    on.write("ada@example.com", Some(paying(100))).await;
    on.execute("UPDATE unified_customers SET mrr = 555, location_city = 'London'").await;

    // We never knew a city, and the revenue is no longer the one we wrote.
    on.write("ada@example.com", Some(CustomerRow { mrr: None, name: None, ..paying(0) })).await;
    assert_eq!(on.shared("mrr", "ada@example.com").await.as_deref(), Some("555"));
    assert_eq!(on.shared("location_city", "ada@example.com").await.as_deref(), Some("London"));
    assert_eq!(on.shared("name", "ada@example.com").await, None);

    on.write("ada@example.com", Some(paying(700))).await;
    assert_eq!(on.shared("mrr", "ada@example.com").await.as_deref(), Some("700"));
    on.write("ada@example.com", None).await;
    assert_eq!(on.shared("mrr", "ada@example.com").await, None);
    assert_eq!(on.shared("location_city", "ada@example.com").await.as_deref(), Some("London"));
}

pub(crate) async fn rows_of_other_writers_are_adopted_and_left(on: &Database) {
    on.execute(
        "INSERT INTO unified_customers (workspace_id, email, name, mrr) VALUES \
         ('ab12', 'ada@example.com', 'Ada from the CRM', 1), \
         ('ab12', 'eve@example.com', 'Eve from the CRM', 2)",
    )
    .await;
    let outcome = on.write("ada@example.com", Some(CustomerRow { mrr: None, ..paying(0) })).await;
    assert_eq!(outcome.n_inserted, 1);
    assert_eq!(on.shared("name", "ada@example.com").await.as_deref(), Some("Ada"));
    assert_eq!(on.shared("mrr", "ada@example.com").await.as_deref(), Some("1"));

    on.write("eve@example.com", None).await;
    assert_eq!(on.shared("name", "eve@example.com").await.as_deref(), Some("Eve from the CRM"));
    on.store.mark_all_customers(&on.workspace).await.unwrap();
    assert_eq!(on.dirty_emails().await, ["ada@example.com"]);
    assert_eq!(on.store.customer_totals(&on.workspace).await.unwrap().n_customers, 1);
}

pub(crate) async fn rows_of_others_with_capitals_are_matched(on: &Database) {
    let mixed = "Ada.B@Member.example";
    let ours = "ada.b@member.example";
    on.execute("ALTER TABLE unified_customers ADD COLUMN plan_of_others TEXT").await;
    on.execute(&format!(
        "INSERT INTO unified_customers (workspace_id, email, name, plan_of_others) \
         SELECT workspace_id, '{mixed}', 'Countess', 'gold' FROM workspaces"
    ))
    .await;
    let keys = async || on.texts("SELECT email FROM unified_customers ORDER BY email").await;
    let key = |key: &str| Some(key.to_owned());

    on.write(ours, Some(paying(100))).await;
    assert_eq!(keys().await, [key(mixed)]);
    assert_eq!(on.shared("mrr", mixed).await, key("100"));
    assert_eq!(on.shared("name", mixed).await, key("Ada"));
    assert_eq!(on.customer(ours).await.and_then(|row| row.mrr), Some(100));
    on.write(ours, Some(CustomerRow { name: None, ..paying(200) })).await;
    assert_eq!(on.shared("mrr", mixed).await, key("200"));
    assert_eq!(on.shared("name", mixed).await, None, "it was ours");
    assert_eq!(on.shared("plan_of_others", mixed).await, key("gold"));

    // Who is gone leaves nothing behind, and who comes back finds the row.
    on.write(ours, None).await;
    assert_eq!(on.shared("mrr", mixed).await, None);
    assert_eq!(on.shared("intercom_contact_id", mixed).await, None);
    assert_eq!(on.shared("plan_of_others", mixed).await, key("gold"));
    on.write(ours, Some(paying(300))).await;
    assert_eq!(keys().await, [key(mixed)]);

    // Once there is a row with our own e-mail, it is the customer's, and no amount counts twice.
    on.execute(&format!(
        "INSERT INTO unified_customers (workspace_id, email) SELECT workspace_id, '{ours}' \
         FROM workspaces"
    ))
    .await;
    on.write(ours, Some(paying(400))).await;
    assert_eq!(on.shared("mrr", mixed).await, None);
    assert_eq!(on.shared("mrr", ours).await, key("400"));
    assert_eq!(on.shared("plan_of_others", mixed).await, key("gold"));
}

pub(crate) async fn days_pass_in_rows_with_capitals(on: &Database) {
    let mixed = "Ada.B@Member.example";
    on.execute(&format!(
        "INSERT INTO unified_customers (workspace_id, email) SELECT workspace_id, '{mixed}' \
         FROM workspaces"
    ))
    .await;
    let seen = CustomerRow { last_seen_at: Some(NOW), days_since_seen: Some(0), ..paying(100) };
    on.store.pass_time(&on.workspace, NOW).await.expect("time passes");
    on.write("ada.b@member.example", Some(seen)).await;
    on.store.pass_time(&on.workspace, NOW + 3 * 86_400).await.expect("time passes");
    assert_eq!(on.shared("days_since_seen", mixed).await.as_deref(), Some("3"));
}

pub(crate) async fn a_failing_write_of_customers_leaves_the_marks(on: &Database) {
    put_contact(on, "c1", Some("ada@example.com"), NOW).await;
    let dirty = on.dirty().await;
    let writes = [CustomerWrite {
        dirty: dirty[0].clone(),
        customer: Some(paying(100)),
        effects: Vec::new(),
        is_restated: false,
        lasting: Vec::new(),
    }];
    on.execute("ALTER TABLE customer_history RENAME TO elsewhere").await;
    on.store.commit_customers(&on.workspace, &writes, NOW).await.unwrap_err();
    on.execute("ALTER TABLE elsewhere RENAME TO customer_history").await;
    assert_eq!(on.dirty().await, dirty);
    assert_eq!(on.number("SELECT COUNT(*) FROM unified_customers").await, 0);
    assert_eq!(on.write_all(&writes).await.n_inserted, 1);
}

pub(crate) async fn totals_and_ranks(on: &Database) {
    let empty = on.store.customer_totals(&on.workspace).await.unwrap();
    assert_eq!(empty, Default::default());
    assert!(on.store.top_customers(&on.workspace, 5).await.unwrap().is_empty());
    let empty = on.store.mrr_totals(&on.workspace, SharedBilling::Once).await.unwrap();
    assert_eq!(empty, []);

    let in_yen = CustomerRow { currency: Some(Currency::JPY), ..paying(90_000) };
    let free = CustomerRow { currency: None, mrr: None, quality_score: None, ..paying(0) };
    let customers = [
        ("ada@example.com", paying(100)),
        ("bob@example.com", paying(300)),
        ("cy@example.com", paying(300)),
        ("dan@example.com", in_yen),
        ("eve@example.com", free),
    ];
    for (email, customer) in customers {
        on.write(email, Some(customer)).await;
    }
    let totals = on.store.customer_totals(&on.workspace).await.unwrap();
    assert_eq!((totals.n_customers, totals.quality_sum), (5, 240));
    let expected = [
        CurrencyTotal { n_customers: 3, mrr: Money::new(700, Currency::USD) },
        CurrencyTotal { n_customers: 1, mrr: Money::new(90_000, Currency::JPY) },
    ];
    for shared in [SharedBilling::Once, SharedBilling::Each] {
        assert_eq!(on.store.mrr_totals(&on.workspace, shared).await.unwrap(), expected);
    }

    let top = on.store.top_customers(&on.workspace, 2).await.unwrap();
    assert_eq!(
        top.iter().map(|(email, _)| &**email).collect::<Vec<_>>(),
        ["bob@example.com", "cy@example.com"]
    );
    assert_eq!(top[0].1.mrr(), Some(Money::new(300, Currency::USD)));
}

pub(crate) async fn a_shared_account_counts_as_it_was_last_billed(on: &Database) {
    let shown = |mrr: Option<i64>, euros: i64| CustomerRow {
        stripe_customer_id: Some("cus_1".into()),
        mrr_by_currency: [(Currency::EUR, Ratio::whole(euros.into()))].into(),
        mrr,
        ..paying(0)
    };
    let (ada, bob, cy) = ("ada@example.com", "bob@example.com", "cy@example.com");
    let write = async |now: i64, is_restated: bool, rows: &[(&str, Option<CustomerRow>)]| {
        let writes = rows.iter().map(|(email, customer)| CustomerWrite {
            dirty: DirtyCustomer { email: (*email).to_owned(), mark: 0 },
            customer: customer.clone(),
            effects: Vec::new(),
            is_restated,
            lasting: Vec::new(),
        });
        let writes: Vec<_> = writes.collect();
        on.store.commit_customers(&on.workspace, &writes, now).await.unwrap();
        let totals = on.store.mrr_totals(&on.workspace, SharedBilling::Once).await.unwrap();
        totals.iter().map(|total| (total.n_customers, total.mrr.minor)).collect::<Vec<_>>()
    };
    // Seen at once, the one that pays most; one without MRR hides none.
    let first = [(ada, Some(shown(Some(100), 90))), (bob, Some(shown(Some(300), 270)))];
    assert_eq!(write(NOW, false, &first).await, [(1, 300)]);
    assert_eq!(write(NOW + 1, false, &[(cy, Some(shown(None, 0)))]).await, [(1, 300)]);
    assert_eq!(write(NOW + 2, false, &[(ada, Some(shown(Some(200), 180)))]).await, [(1, 200)]);
    // Neither rates nor rules nor other columns are a change of what is billed.
    let rates = [(ada, Some(shown(Some(220), 180))), (bob, Some(shown(Some(330), 270)))];
    assert_eq!(write(NOW + 3, false, &rates).await, [(1, 220)]);
    assert_eq!(write(NOW + 4, true, &[(bob, Some(shown(Some(340), 280)))]).await, [(1, 220)]);
    let overdue = CustomerRow { is_delinquent: Some(true), ..shown(Some(340), 280) };
    assert_eq!(write(NOW + 5, false, &[(bob, Some(overdue))]).await, [(1, 220)]);
    assert_eq!(write(NOW + 6, false, &[(ada, None)]).await, [(1, 340)]);
    // Who is said to pay nothing counts from when that was seen, and not again with every change.
    let nothing = CustomerRow { mrr_by_currency: BTreeMap::new(), ..shown(Some(0), 0) };
    assert_eq!(write(NOW + 7, false, &[(cy, Some(nothing.clone()))]).await, [(1, 0)]);
    assert_eq!(write(NOW + 8, false, &[(bob, Some(shown(Some(50), 40)))]).await, [(1, 50)]);
    let overdue = CustomerRow { is_delinquent: Some(true), ..nothing };
    assert_eq!(write(NOW + 9, false, &[(cy, Some(overdue))]).await, [(1, 50)]);
}
