use chrono::{DateTime, TimeDelta, Utc};
use intercom_api::ContactId;
use intercom_projection::{
    ContactFacts, MatchRule, Measured, MemberFacts, NoEmail, Role, StripeFacts, SupportCounts,
    Unreadable, UnreadableEntries, customer, primary_contact,
};
use intercom_revenue::{
    BillingHistory, Currency, Interval, Money, Payment, PaymentStatus, PriceUnit, RevenuePolicy,
    Subscription, SubscriptionItem, SubscriptionStatus,
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

fn contact(id: &str) -> ContactFacts {
    ContactFacts {
        id: ContactId::new(id).expect("not empty"),
        external_id: None,
        role: Role::User,
        email: "omar.uddin@member.example".parse(),
        name: Some("Omar Uddin".to_owned()),
        country: None,
        city: None,
        created_at: None,
        updated_at: Some(NOW),
        last_seen_at: None,
        stripe: StripeFacts::default(),
        member: MemberFacts::default(),
    }
}

fn billed() -> ContactFacts {
    let yearly = Subscription {
        status: SubscriptionStatus::Active,
        items: vec![SubscriptionItem {
            amount: Some(299_000.into()),
            interval: Interval::Year,
            ..Default::default()
        }],
        ..Default::default()
    };
    let paid = Payment {
        status: PaymentStatus::Succeeded,
        amount: Some(299_000.into()),
        ..Default::default()
    };
    ContactFacts {
        external_id: Some("ext-49".to_owned()),
        country: Some("Ireland".to_owned()),
        city: Some("Dublin".to_owned()),
        created_at: Some(NOW - TimeDelta::days(400)),
        last_seen_at: Some(NOW - TimeDelta::hours(71)),
        stripe: StripeFacts {
            customer_id: Some("cus_49".to_owned()),
            plan_name: Some("Pro Plan".to_owned()),
            plan_price: Some(299_000.into()),
            plan_currency: None,
            subscription_status: Some(SubscriptionStatus::Active),
            is_delinquent: Some(false),
            last_charge_amount: Some(299_000.into()),
            last_charge_at: Some(NOW - TimeDelta::days(35)),
            history: BillingHistory {
                subscriptions: Some(vec![yearly]),
                payments: Some(vec![paid]),
                flat_plan: None,
            },
            unreadable: Unreadable::default(),
            unreadable_entries: UnreadableEntries::default(),
        },
        ..contact("6500003149b6c129b3c90030")
    }
}

fn counts() -> SupportCounts {
    SupportCounts {
        n_conversations: 7,
        n_last_30_days: 2,
        n_open: 1,
        n_ratings: 3,
        sum_of_ratings: 14,
        mentioned_cancel: true,
        first_reply: Measured { n: 2, sum: 121 },
        reopens: Measured { n: 3, sum: 4 },
        ..SupportCounts::default()
    }
}

#[test]
fn a_customer_has_every_column() {
    let customer = customer(&billed(), &counts(), &RevenuePolicy::default(), NOW);
    insta::assert_json_snapshot!(customer.expect("a valid address"));
}

#[test]
fn without_billing_the_revenue_is_unknown() {
    let contact = contact("1");
    let customer = customer(&contact, &SupportCounts::default(), &RevenuePolicy::default(), NOW)
        .expect("a valid address");
    assert_eq!((customer.mrr, customer.arr, customer.ltv), (None, None, None));
    assert_eq!(customer.subscription_count, None);
    assert_eq!(customer.is_delinquent, None);
    assert_eq!(customer.csat_score, None);
    assert_eq!(customer.quality_score, 0);
}

#[test]
fn without_a_valid_address_there_is_no_customer() {
    for why in [NoEmail::Missing, NoEmail::Invalid] {
        let contact = ContactFacts { email: Err(why), ..billed() };
        assert_eq!(customer(&contact, &counts(), &RevenuePolicy::default(), NOW), Err(why));
    }
}

#[test]
fn the_address_stands_in_for_a_missing_name() {
    let contact = ContactFacts { name: None, ..contact("1") };
    let customer = customer(&contact, &counts(), &RevenuePolicy::default(), NOW);
    assert_eq!(customer.map(|customer| customer.name), Ok("omar.uddin".to_owned()));
}

#[test]
fn days_since_seen_are_whole() {
    let check = |ago: TimeDelta, expected: u32| {
        let contact = ContactFacts { last_seen_at: Some(NOW - ago), ..contact("1") };
        let customer = customer(&contact, &counts(), &RevenuePolicy::default(), NOW);
        assert_eq!(customer.map(|customer| customer.days_since_seen), Ok(Some(expected)));
    };
    check(TimeDelta::zero(), 0);
    check(TimeDelta::seconds(86_399), 0);
    check(TimeDelta::seconds(86_400), 1);
    check(TimeDelta::days(7) + TimeDelta::hours(23), 7);
    check(TimeDelta::days(-3), 0);
}

#[test]
fn recent_activity_is_worth_its_points_for_seven_days() {
    let check = |ago: TimeDelta, expected: u8| {
        let contact = ContactFacts { last_seen_at: Some(NOW - ago), ..contact("1") };
        let support = SupportCounts::default();
        let customer = customer(&contact, &support, &RevenuePolicy::default(), NOW);
        assert_eq!(customer.map(|customer| customer.quality_score), Ok(expected));
    };
    check(TimeDelta::days(7), 15);
    check(TimeDelta::days(7) + TimeDelta::seconds(1), 0);
}

#[test]
fn the_last_charge_is_in_the_currency_of_the_bills() {
    let mut contact = billed();
    for row in contact.stripe.history.subscriptions.iter_mut().flatten() {
        row.currency = Some(Currency::JPY);
    }
    let customer = customer(&contact, &counts(), &RevenuePolicy::default(), NOW);
    let amount = customer.expect("a valid address").last_payment_amount;
    assert_eq!(amount, Some(Money::new(299_000, Currency::JPY)));
    assert_eq!(amount.map(|money| money.to_string()).as_deref(), Some("299000 JPY"));
}

#[test]
fn the_price_of_the_plan_is_in_the_unit_of_the_policy() {
    let shown = |policy: &RevenuePolicy| {
        let customer = customer(&billed(), &counts(), policy, NOW).expect("a valid address");
        customer.plan_price.map(|price| price.to_string())
    };
    let in_major = RevenuePolicy { plan_price_unit: PriceUnit::Major, ..RevenuePolicy::default() };
    assert_eq!(shown(&RevenuePolicy::default()).as_deref(), Some("2990.00 USD"));
    assert_eq!(shown(&in_major).as_deref(), Some("299000.00 USD"));
}

#[test]
fn one_contact_speaks_for_an_address() {
    let at = |id: &str, role, updated_at: i64| ContactFacts {
        role,
        updated_at: DateTime::from_timestamp(updated_at, 0),
        ..contact(id)
    };
    #[track_caller]
    fn check(contacts: &[ContactFacts], users_first: &str, latest: &str) {
        let id = |rule| primary_contact(contacts, rule).map(|contact| contact.id.as_str());
        assert_eq!(id(MatchRule::UsersFirst), Some(users_first));
        assert_eq!(id(MatchRule::Seed), Some(latest));
    }
    check(&[at("a", Role::User, 1), at("b", Role::User, 2)], "b", "b");
    check(&[at("a", Role::User, 1), at("b", Role::Lead, 2)], "a", "b");
    check(&[at("b", Role::Lead, 2), at("a", Role::User, 1)], "a", "b");
    check(&[at("b", Role::User, 1), at("a", Role::User, 1)], "a", "a");
    let undated = ContactFacts { updated_at: None, ..contact("a") };
    check(&[undated, at("b", Role::User, 1)], "b", "b");
    assert_eq!(primary_contact([], MatchRule::default()), None);
}
