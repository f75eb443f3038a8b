//! Stripe attributes as Intercom's Stripe integration leaves them on a contact.

use crate::invent::DAY;
use crate::invent::rng::Rng;
use crate::workspace::packed::Packed;
use crate::workspace::packing::{self, Object};

#[derive(Debug, Clone, Copy)]
struct Plan {
    id: &'static str,
    name: &'static str,
    /// Minor units per period and seat.
    amount: i64,
    interval: &'static str,
    interval_count: i64,
}

const PLANS: &[(u64, Plan)] = &[
    (30, plan("starter-m", "Starter", 2_900, "month", 1)),
    (25, plan("team-m", "Team", 9_900, "month", 1)),
    (15, plan("pro-m", "Pro Plan", 29_900, "month", 1)),
    (10, plan("team-y", "Team yearly", 99_000, "year", 1)),
    (8, plan("pro-y", "Pro yearly", 299_000, "year", 1)),
    (5, plan("business-m", "Business", 59_900, "month", 1)),
    (3, plan("team-q", "Team quarterly", 27_000, "month", 3)),
    (2, plan("lite-w", "Lite weekly", 900, "week", 1)),
    (2, plan("free", "Free", 0, "month", 1)),
];

const fn plan(
    id: &'static str,
    name: &'static str,
    amount: i64,
    interval: &'static str,
    interval_count: i64,
) -> Plan {
    Plan { id, name, amount, interval, interval_count }
}

impl Plan {
    fn days(&self) -> i64 {
        let days = match self.interval {
            "year" => 365,
            "week" => 7,
            _ => 30,
        };
        days * self.interval_count
    }
}

struct Subscription {
    id: u64,
    status: &'static str,
    plan: Plan,
    quantity: i64,
    created_at: i64,
}

/// How the two nested lists are spelled.
#[derive(Clone, Copy)]
enum Spelling {
    List,
    Absent,
    Null,
    Text,
    Wrapped,
}

/// Writes what a customer who signed up at `since` pays.
pub(super) fn write(attributes: &mut Object<'_>, rng: &mut Rng, since: i64, now: i64) {
    let customer = rng.next() & 0xffff_ffff_ffff;
    let currency = rng.weighted(&[(94, "usd"), (4, "eur"), (2, "jpy")]);
    let mut subscriptions = vec![subscription(rng, since, now)];
    if rng.percent(10) {
        subscriptions.push(subscription(rng, since, now));
    }
    let first = &subscriptions[0];
    let payments = payments(rng, first, now);
    let charged = payments.iter().rev().find(|payment| payment.2 == "succeeded");
    attributes.field("stripe_id", &format!("cus_{customer:012x}"));
    attributes.field("stripe_plan", first.plan.name);
    attributes.field("stripe_plan_price", &first.plan.amount);
    attributes.field("stripe_subscription_status", first.status);
    let is_delinquent = matches!(first.status, "past_due" | "unpaid");
    attributes.field("stripe_delinquent", &is_delinquent);
    attributes.field("stripe_last_charge_amount", &charged.map(|payment| payment.1));
    attributes.field("stripe_last_charge_at", &charged.map(|payment| payment.0));
    let spelling = rng.weighted(&[
        (87, Spelling::List),
        (10, Spelling::Absent),
        (1, Spelling::Null),
        (1, Spelling::Text),
        (1, Spelling::Wrapped),
    ]);
    let mut text = Vec::new();
    packing::list(&mut text, &subscriptions, |out, subscription| {
        write_subscription(out, subscription, currency, now);
    });
    spell(attributes, spelling, "Stripe Subscriptions", &text);
    text.clear();
    packing::list(&mut text, (0_u32..).zip(&payments), |out, (number, (at, amount, status))| {
        packing::object(out, |payment| {
            payment.field("id", &format!("py_{customer:012x}{number:02}"));
            payment.field("amount", amount).field("currency", currency);
            payment.field("created", at).field("status", *status);
        });
    });
    spell(attributes, spelling, "Stripe Payments", &text);
}

fn spell(attributes: &mut Object<'_>, spelling: Spelling, name: &str, list: &[u8]) {
    match spelling {
        Spelling::List => attributes.packed(name, list),
        Spelling::Absent => attributes,
        Spelling::Null => attributes.field(name, &None::<bool>),
        Spelling::Text => {
            let text = Packed::copied(list).to_text();
            attributes.field(name, &*String::from_utf8_lossy(&text))
        }
        Spelling::Wrapped => attributes.object(name, |wrapper| {
            wrapper.field("type", "list").packed("data", list);
        }),
    };
}

fn subscription(rng: &mut Rng, since: i64, now: i64) -> Subscription {
    let plan = rng.weighted(PLANS);
    let status = rng.weighted(&[
        (72, "active"),
        (8, "trialing"),
        (6, "past_due"),
        (11, "canceled"),
        (2, "unpaid"),
        (1, "incomplete"),
    ]);
    let quantity = if plan.id.starts_with("team") { rng.between(1, 25) } else { 1 };
    let begins = if status == "trialing" { since.max(now - 14 * DAY) } else { since };
    let created_at = rng.between(begins, now.max(begins));
    Subscription { id: rng.next() & 0xffff_ffff, status, plan, quantity, created_at }
}

fn write_subscription(out: &mut Vec<u8>, subscription: &Subscription, currency: &str, now: i64) {
    let Subscription { id, status, plan, quantity, created_at } = subscription;
    let period = plan.days() * DAY;
    let n_periods = (now - created_at) / period;
    let start = created_at + n_periods * period;
    packing::object(out, |object| {
        object.field("id", &format!("sub_{id:08x}")).field("status", *status);
        object.object("plan", |fields| {
            fields.field("id", plan.id).field("nickname", plan.name);
            fields.field("amount", &plan.amount).field("currency", currency);
            fields.field("interval", plan.interval);
            if plan.interval_count != 1 {
                fields.field("interval_count", &plan.interval_count);
            }
        });
        object.field("quantity", quantity).field("created", created_at);
        object.field("current_period_start", &start);
        object.field("current_period_end", &(start + period));
        if *status == "canceled" {
            object.field("canceled_at", &start);
        } else if id % 16 == 0 {
            object.field("cancel_at_period_end", &true);
        }
    });
}

/// The last twelve payments, oldest first: instant, minor units, status.
fn payments(rng: &mut Rng, of: &Subscription, now: i64) -> Vec<(i64, i64, &'static str)> {
    if matches!(of.status, "trialing" | "incomplete") || of.plan.amount == 0 {
        return Vec::new();
    }
    let period = of.plan.days() * DAY;
    let n_periods = (now - of.created_at) / period;
    let first = (n_periods - 11).max(0);
    let mut payments: Vec<_> = (first..=n_periods)
        .map(|number| {
            let status = rng.weighted(&[(96, "succeeded"), (3, "failed"), (1, "refunded")]);
            (of.created_at + number * period, of.plan.amount * of.quantity, status)
        })
        .collect();
    if matches!(of.status, "past_due" | "unpaid")
        && let Some(last) = payments.last_mut()
    {
        last.2 = "failed";
    }
    payments
}
