//! The edge cases of revenue, one row each: what is recorded, and the figure by every policy.
//!
//! An expectation is a figure, then the codes of its notes. A row without an expectation of its own
//! for best practice expects what it expects by default.

mod changes;
mod payments;
mod prices;
mod states;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use intercom_revenue::{
    BillingHistory, Interval, Money, Payment, PaymentStatus, Preset, Revenue, RevenuePolicy,
    Subscription, SubscriptionItem, SubscriptionStatus, revenue,
};
use rust_decimal::Decimal;

pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

/// A row about what one customer's billing is worth.
pub(crate) struct Row {
    number: u8,
    history: BillingHistory,
    figure: &'static str,
    expected: Vec<(Preset, &'static str, &'static str)>,
}

impl Row {
    fn of(number: u8, history: BillingHistory, figure: &'static str) -> Self {
        Self { number, history, figure, expected: Vec::new() }
    }

    fn mrr(number: u8, subscriptions: Vec<Subscription>) -> Self {
        let subscriptions = Some(subscriptions);
        Self::of(number, BillingHistory { subscriptions, ..Default::default() }, "mrr")
    }

    fn ltv(number: u8, payments: Vec<Payment>) -> Self {
        let payments = Some(payments);
        Self::of(number, BillingHistory { payments, ..Default::default() }, "ltv")
    }

    fn seed(self, expected: &'static str) -> Self {
        self.by(Preset::Seed, expected)
    }

    fn default(self, expected: &'static str) -> Self {
        self.by(Preset::Default, expected)
    }

    fn best(self, expected: &'static str) -> Self {
        self.by(Preset::BestPractice, expected)
    }

    fn by(self, preset: Preset, expected: &'static str) -> Self {
        let figure = self.figure;
        self.also(preset, figure, expected)
    }

    /// Another figure of the same row.
    fn also(mut self, preset: Preset, figure: &'static str, expected: &'static str) -> Self {
        self.expected.push((preset, figure, expected));
        self
    }

    #[track_caller]
    fn check(&self) {
        let presets: Vec<Preset> = self.expected.iter().map(|&(preset, ..)| preset).collect();
        assert!(presets.contains(&Preset::Seed), "row {} by the letter", self.number);
        assert!(presets.contains(&Preset::Default), "row {} by default", self.number);
        for &(preset, figure, expected) in &self.expected {
            let actual = shown(&self.history, &preset.policy(), figure);
            assert_eq!(actual, expected, "row {}, {preset:?}, {figure}", self.number);
        }
        if !presets.contains(&Preset::BestPractice) {
            let default = shown(&self.history, &RevenuePolicy::default(), self.figure);
            let best = shown(&self.history, &RevenuePolicy::best_practice(), self.figure);
            assert_eq!(best, default, "row {}, best practice", self.number);
        }
    }
}

pub(crate) fn shown(history: &BillingHistory, policy: &RevenuePolicy, figure: &str) -> String {
    let figures = revenue(history, policy, NOW);
    let mut words = vec![one_figure(&figures, figure)];
    words.extend(figures.notes.iter().map(|note| code(&note.code)));
    words.dedup();
    words.join(" ")
}

fn one_figure(figures: &Revenue, figure: &str) -> String {
    let money = |money: Option<Money>| money.map_or_else(|| "-".to_owned(), |m| m.to_string());
    match figure {
        "mrr" => money(figures.mrr),
        "arr" => money(figures.arr),
        "ltv" => money(figures.ltv),
        "net" => money(figures.net_to_date),
        "potential" => money(figures.potential_mrr),
        "last payment" => money(figures.last_payment.map(|payment| payment.amount)),
        "exact mrr" => format!("{:?}", figures.mrr_by_currency),
        "exact ltv" => format!("{:?}", figures.ltv_by_currency),
        "count" => {
            format!("{:?}/{:?}", figures.paid_subscription_count, figures.subscription_count)
                .replace("Some(", "")
                .replace(')', "")
        }
        _ => panic!("no figure is called {figure}"),
    }
}

fn code(code: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(code).expect("serialisable");
    json.trim_matches('"').to_owned()
}

pub(crate) fn price(amount: impl Into<Decimal>, interval: &str) -> SubscriptionItem {
    let (amount, interval) = (Some(amount.into()), Interval::parse(interval));
    SubscriptionItem { amount, interval, ..Default::default() }
}

pub(crate) fn active(plan: SubscriptionItem) -> Subscription {
    Subscription { status: SubscriptionStatus::Active, plan: Some(plan), ..Default::default() }
}

pub(crate) fn monthly(amount: impl Into<Decimal>) -> Subscription {
    active(price(amount, "month"))
}

pub(crate) fn in_status(status: &str) -> Subscription {
    Subscription { status: SubscriptionStatus::parse(status), ..monthly(5_000) }
}

pub(crate) fn succeeded(amount: impl Into<Decimal>) -> Payment {
    Payment { status: PaymentStatus::Succeeded, amount: Some(amount.into()), ..Default::default() }
}

fn days(days: i64) -> Option<DateTime<Utc>> {
    Some(NOW + TimeDelta::days(days))
}

fn billing_rows() -> Vec<Row> {
    [prices::rows(), states::rows(), payments::rows()].into_iter().flatten().collect()
}

#[test]
fn every_row_of_billing() {
    for row in billing_rows() {
        row.check();
    }
}

#[test]
fn no_row_is_missing() {
    let billing = billing_rows().into_iter().map(|row| row.number);
    let numbers: BTreeSet<u8> = billing.chain(changes::numbers()).collect();
    let all: BTreeSet<u8> = (1..=68).collect();
    assert_eq!(numbers, all);
}
