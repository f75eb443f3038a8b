//! A row of the unified customers table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use intercom_api::ContactId;
use intercom_revenue::{
    AlertState, Currency, Money, Note, NoteCode, PriceUnit, QualityFactors, Rates, Ratio, Revenue,
    RevenuePolicy, SubscriptionStatus, next_change, quality_score, revenue_in,
};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::redact::opaque_debug;
use crate::{ContactFacts, Email, NoEmail, StripeFacts, SupportCounts};

/// What Intercom knows about a customer; the fields are the columns.
///
/// `Debug` shows the id, counts and score only: the rest is about a person.
#[derive(Clone, PartialEq, Serialize)]
pub struct Customer {
    /// The address that customers are matched by.
    pub email: Email,
    /// The contact this row was made of.
    pub intercom_contact_id: ContactId,
    /// The contact's id in the customer's own system.
    pub external_id: Option<String>,
    /// The id in the billing system.
    pub stripe_customer_id: Option<String>,
    /// The name, else the part of the address before the `@`.
    pub name: String,
    /// The country last seen in.
    pub location_country: Option<String>,
    /// The city last seen in.
    pub location_city: Option<String>,
    /// When the contact was created.
    pub signup_date: Option<DateTime<Utc>>,
    /// Monthly recurring revenue.
    pub mrr: Option<Money>,
    /// Annual recurring revenue.
    pub arr: Option<Money>,
    /// Revenue to date.
    pub ltv: Option<Money>,
    /// The name of the plan.
    pub plan_name: Option<String>,
    /// The price of the plan, its stored number taken in the policy's unit.
    pub plan_price: Option<Money>,
    /// The state of the subscription.
    pub subscription_status: Option<SubscriptionStatus>,
    /// How many subscriptions are active.
    pub subscription_count: Option<u32>,
    /// Whether a payment is overdue.
    pub is_delinquent: Option<bool>,
    /// The last charge.
    pub last_payment_amount: Option<Money>,
    /// When the last charge was made.
    pub last_payment_date: Option<DateTime<Utc>>,
    /// When the contact was last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// How many whole days ago that was; zero for the future.
    pub days_since_seen: Option<u32>,
    /// All conversations.
    pub intercom_convos_total: u32,
    /// Conversations begun in the last 30 days.
    pub intercom_convos_30d: u32,
    /// Open conversations.
    pub open_tickets: u32,
    /// Whether a message of the last 30 days speaks of leaving.
    pub mentioned_cancel: bool,
    /// The average rating of conversations, from 1 to 5.
    pub csat_score: Option<f64>,
    /// Mean seconds until the first reply to a customer's conversation.
    pub first_response_seconds: Option<u64>,
    /// Mean seconds until a conversation was first closed.
    pub first_close_seconds: Option<u64>,
    /// Mean seconds until a conversation was last closed.
    pub last_close_seconds: Option<u64>,
    /// How often conversations were opened again.
    pub reopens: Option<u64>,
    /// How complete this row is, from 0 to 100.
    pub quality_score: u8,
    /// What the score is made of.
    pub quality_factors: QualityFactors,
    /// When this row was made.
    pub last_intercom_sync: DateTime<Utc>,
    /// Why MRR may be too low.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub mrr_doubts: BTreeSet<NoteCode>,
    /// Whether MRR is the one last written, because of them or because billing cannot be read.
    #[serde(skip)]
    pub is_mrr_kept: bool,
    /// Currencies of subscriptions and payments that the exchange rates leave out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub without_rate: BTreeSet<Currency>,
    /// Exact monthly smallest units of every currency, before conversion.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// Remarks on the revenue figures.
    pub revenue_notes: Vec<Note>,
    /// The first instant at which the same contact may have other revenue figures.
    pub figures_change_at: Option<DateTime<Utc>>,
}

opaque_debug!(Customer, |it| {
    intercom_contact_id: it.intercom_contact_id,
    intercom_convos_total: it.intercom_convos_total,
    open_tickets: it.open_tickets,
    quality_score: it.quality_score,
    last_intercom_sync: it.last_intercom_sync,
});

/// Makes a customer of a contact and the counts of its conversations.
///
/// # Errors
/// [`NoEmail`] when there is no valid address to match the customer by.
pub fn customer(
    contact: &ContactFacts,
    support: &SupportCounts,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Result<Customer, NoEmail> {
    customer_in(contact, support, policy, None, now)
}

/// The same, of a customer whose figures have been in a currency before, as
/// [`revenue_in`](intercom_revenue::revenue_in) takes it.
///
/// # Errors
/// [`NoEmail`] when there is no valid address to match the customer by.
pub fn customer_in(
    contact: &ContactFacts,
    support: &SupportCounts,
    policy: &RevenuePolicy,
    before: Option<Currency>,
    now: DateTime<Utc>,
) -> Result<Customer, NoEmail> {
    let email = contact.email.clone()?;
    let stripe = &contact.stripe;
    let figures = revenue_in(&stripe.history, policy, before, now);
    let flat = FlatCurrency::of(stripe, &figures, policy);
    let mut notes: BTreeSet<Note> = figures.notes.iter().cloned().collect();
    let mut in_money = |column: &str, price: Option<Decimal>, unit: PriceUnit| {
        let minor = unit.in_minor_units(price?, flat.own);
        let is_whole = minor.is_ok_and(|minor| minor.fract().is_zero());
        let odd = (!is_whole).then(|| minor.err().unwrap_or(NoteCode::FractionalMinorUnits));
        if let Some(code) = odd {
            // Of a plan that stands in for subscriptions, it is said once.
            notes.remove(&Note { code, about: None });
            notes.insert(Note { code, about: Some(column.to_owned()) });
        }
        let exact = flat.rates.convert(Ratio::from_decimal(minor.ok()?), flat.own);
        if exact.is_none() {
            notes.insert(Note { code: NoteCode::NoRate, about: Some(column.to_owned()) });
        }
        Money::from_ratio(exact?, flat.rates.into, policy.rounding).ok()
    };
    let unreadable = stripe.unreadable_entries.iter().map(str::to_owned);
    let plan_price = in_money("plan_price", stripe.plan_price, policy.plan_price_unit);
    let last_payment_amount =
        in_money("last_payment_amount", stripe.last_charge_amount, PriceUnit::Minor);
    notes
        .extend(unreadable.map(|path| Note { code: NoteCode::UnreadableEntry, about: Some(path) }));
    let has_rate = |it: &Currency| *it == policy.base_currency || policy.rates.contains_key(it);
    let used = figures.mrr_by_currency.keys().chain(figures.ltv_by_currency.keys());
    let without_rate = used.filter(|it| !policy.rates.is_empty() && !has_rate(it)).copied();
    let without_rate = without_rate.collect();
    let quality_factors = quality_factors(contact, support, &figures, now);

    Ok(Customer {
        intercom_contact_id: contact.id.clone(),
        external_id: contact.external_id.clone(),
        stripe_customer_id: stripe.customer_id.clone(),
        name: contact.name.clone().unwrap_or_else(|| email.prefix().to_owned()),
        location_country: contact.country.clone(),
        location_city: contact.city.clone(),
        signup_date: contact.created_at,
        mrr: figures.mrr,
        arr: figures.arr,
        ltv: figures.ltv,
        plan_name: stripe.plan_name.clone(),
        plan_price,
        subscription_status: stripe.subscription_status.clone(),
        subscription_count: figures.subscription_count,
        is_delinquent: stripe.is_delinquent,
        last_payment_amount,
        last_payment_date: stripe.last_charge_at,
        last_seen_at: contact.last_seen_at,
        days_since_seen: contact.last_seen_at.map(|seen| whole_days(now - seen)),
        intercom_convos_total: support.n_conversations,
        intercom_convos_30d: support.n_last_30_days,
        open_tickets: support.n_open,
        mentioned_cancel: support.mentioned_cancel,
        csat_score: support.csat_score(),
        first_response_seconds: support.first_reply.mean(),
        first_close_seconds: support.first_close.mean(),
        last_close_seconds: support.last_close.mean(),
        reopens: support.reopens.total(),
        quality_score: quality_score(&quality_factors),
        quality_factors,
        last_intercom_sync: now,
        mrr_doubts: figures.mrr_doubts,
        is_mrr_kept: false,
        without_rate,
        mrr_by_currency: figures.mrr_by_currency,
        revenue_notes: notes.into_iter().collect(),
        figures_change_at: next_change(&stripe.history, now),
        email,
    })
}

impl Customer {
    /// The part of the row that alerts compare.
    #[must_use]
    pub fn alert_state(&self) -> AlertState {
        AlertState {
            mrr: self.mrr,
            ltv: self.ltv,
            mentioned_cancel: self.mentioned_cancel,
            is_delinquent: self.is_delinquent.unwrap_or(false),
            mrr_by_currency: self.mrr_by_currency.clone(),
        }
    }
}

/// What amounts on the contact itself are in, and what they are shown in.
struct FlatCurrency {
    own: Currency,
    /// Into the currency of the row, which has one for all of its amounts.
    rates: Rates,
}

impl FlatCurrency {
    /// Their currency is that of the plan where one is named, else the one the customer is billed
    /// in, if it is one, else that of the row.
    fn of(stripe: &StripeFacts, figures: &Revenue, policy: &RevenuePolicy) -> Self {
        let figures_in = figures.mrr.or(figures.ltv).map(|money| money.currency);
        let billed = [&figures.mrr_by_currency, &figures.ltv_by_currency];
        let billed = billed.into_iter().find(|amounts| !amounts.is_empty());
        let only = billed.filter(|amounts| amounts.len() == 1).and_then(|it| it.keys().next());
        let named = stripe.plan_currency.filter(|_| policy.separate_currencies);
        let own = named.or(only.copied()).or(figures_in).unwrap_or(policy.base_currency);
        let is_converted = policy.rates.contains_key(&own);
        let into = figures_in.unwrap_or(if is_converted { policy.base_currency } else { own });
        let is_base = into == policy.base_currency;
        let by_currency = if is_base { policy.rates.clone() } else { BTreeMap::new() };
        Self { own, rates: Rates { into, by_currency } }
    }
}

fn whole_days(elapsed: TimeDelta) -> u32 {
    u32::try_from(elapsed.num_days().max(0)).unwrap_or(u32::MAX)
}

fn quality_factors(
    contact: &ContactFacts,
    support: &SupportCounts,
    figures: &Revenue,
    now: DateTime<Utc>,
) -> QualityFactors {
    let status = contact.stripe.subscription_status.as_ref();
    let has_active_subscription = match figures.subscription_count {
        Some(count) => count > 0,
        None => status == Some(&SubscriptionStatus::Active),
    };
    QualityFactors {
        has_stripe_customer: contact.stripe.customer_id.is_some(),
        has_active_subscription,
        has_payments: figures.ltv.is_some_and(|ltv| ltv.minor > 0),
        seen_recently: contact.last_seen_at.is_some_and(|seen| now - seen <= TimeDelta::days(7)),
        has_location: contact.country.is_some() || contact.city.is_some(),
        has_conversations: support.n_conversations > 0,
        has_csat: support.n_ratings > 0,
    }
}
