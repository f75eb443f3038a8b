//! The columns of a customer, each with where its value came from.

use std::collections::BTreeMap;

use intercom_projection::{ContactFacts, Customer};
use intercom_revenue::{Money, NoteCode, PriceUnit};
use intercom_store::CustomerRow;
use serde::Serialize;

use crate::explain::instant;

/// One column.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ColumnLine {
    /// Its name.
    pub column: &'static str,
    /// What the row holds, or would if it were written; amounts in major units. A price of a plan
    /// that the workspace stores in smallest units stands there, too, as it is stored.
    pub value: Option<String>,
    /// What a run would make of the stored contacts and conversations, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_be: Option<WouldBe>,
    /// Where it came from.
    pub source: String,
}

/// Another value than the one that is written.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct WouldBe {
    /// It; absent when the column would be empty.
    pub value: Option<String>,
}

/// What the sources of columns are told from.
pub(crate) struct Sources<'a> {
    pub(crate) speaker: &'a ContactFacts,
    pub(crate) origins: BTreeMap<&'static str, &'a str>,
    pub(crate) customer: &'a Customer,
    pub(crate) n_contacts: usize,
    pub(crate) plan_price_unit: PriceUnit,
}

impl Sources<'_> {
    fn field(&self, path: &str) -> String {
        format!("contact {}: {path}", self.speaker.id)
    }

    fn attribute(&self, column: &str) -> String {
        match self.origins.get(column) {
            Some(name) => self.field(&format!("custom_attributes.{name}")),
            None => "no attribute has a value".to_owned(),
        }
    }

    fn subscriptions(&self) -> String {
        let stripe = &self.speaker.stripe;
        let is_kept = self.customer.is_mrr_kept;
        let flat = self.customer.revenue_notes.iter().any(|note| note.code == NoteCode::FlatPrice);
        if !self.origins.contains_key("mrr") && stripe.unreadable.subscriptions {
            let plan = self.field("the price, state and currency of the plan");
            return kept(plan, stripe.unreadable.subscriptions, &[]);
        }
        if flat && !self.origins.contains_key("mrr") {
            let price = self.attribute("plan_price");
            return match (is_kept, self.customer.mrr) {
                (false, Some(_)) => format!("{price}, taken as a monthly price"),
                (true, _) => format!("{price}, {NOT_MONTHLY}: as last written"),
                (false, None) => format!("{price}, {NOT_MONTHLY}"),
            };
        }
        let entries = &stripe.unreadable_entries.subscriptions;
        let source = self.attribute("mrr");
        match (is_kept, entries.is_empty()) {
            (true, true) if !stripe.unreadable.subscriptions => {
                format!("{source}, of which more may be paid: {LEAST}")
            }
            (false, true) if !self.customer.mrr_doubts.is_empty() => {
                format!("{source}, of which more may be paid")
            }
            (false, false) => format!("{source}, but for {} that cannot be read", some(entries)),
            _ => kept(source, stripe.unreadable.subscriptions, entries),
        }
    }

    /// The price as it is stored, in the unit that it is taken to have.
    fn plan_price(&self, money: Option<String>) -> Option<String> {
        let is_minor = self.plan_price_unit == PriceUnit::Minor;
        match (money, self.speaker.stripe.plan_price) {
            (Some(money), Some(stored)) if is_minor => {
                Some(format!("{} smallest units, {money}", stored.normalize()))
            }
            (money, _) => money,
        }
    }

    fn payments(&self) -> String {
        let stripe = &self.speaker.stripe;
        let entries = &stripe.unreadable_entries.payments;
        kept(self.attribute("ltv"), stripe.unreadable.payments, entries)
    }

    fn conversations(&self, what: &str) -> String {
        match self.n_contacts {
            1 => format!("{what} of 1 contact"),
            n => format!("{what} of {n} contacts"),
        }
    }
}

fn kept(source: String, is_unreadable: bool, entries: &[String]) -> String {
    match (is_unreadable, entries.len()) {
        (true, _) => format!("{source}, which cannot be read: as last written"),
        (false, 0) => source,
        (false, 1) => format!("{source}, an entry of which cannot be read: {LEAST}"),
        (false, _) => format!("{source}, entries of which cannot be read: {LEAST}"),
    }
}

fn some(entries: &[String]) -> &'static str {
    if entries.len() == 1 { "an entry" } else { "entries" }
}

/// What is said of a plan's price that is for no known period, or in no known unit.
const NOT_MONTHLY: &str = "of which nobody can say what it brings a month";

/// What a figure is while an entry cannot be read.
const LEAST: &str = "not less than was last written";

/// Every column, in the order of the table: as it is written, if it is, and as a run would write it
/// where that is another value.
pub(crate) fn columns(
    written: Option<&CustomerRow>,
    row: &CustomerRow,
    from: &Sources<'_>,
) -> Vec<ColumnLine> {
    let computed = lines(row, from);
    let Some(written) = written else { return computed };
    let is_same_price = (written.plan_price, written.currency) == (row.plan_price, row.currency);
    let mut stored = lines(written, from);
    for (line, now) in stored.iter_mut().zip(computed) {
        if line.column == "plan_price" && !is_same_price {
            line.value = money(written, written.plan_price);
        }
        line.would_be = (line.value != now.value).then_some(WouldBe { value: now.value });
    }
    stored
}

fn lines(row: &CustomerRow, from: &Sources<'_>) -> Vec<ColumnLine> {
    [profile(row, from), revenue(row, from), activity(row, from)].concat()
}

fn line(column: &'static str, value: Option<String>, source: String) -> ColumnLine {
    ColumnLine { column, value, would_be: None, source }
}

fn money(row: &CustomerRow, minor: Option<i64>) -> Option<String> {
    minor.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency).to_string())
}

fn number(value: Option<i64>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn date(value: Option<i64>) -> Option<String> {
    value.and_then(instant).map(|at| at.to_rfc3339())
}

fn flag(value: Option<bool>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn profile(row: &CustomerRow, from: &Sources<'_>) -> Vec<ColumnLine> {
    let text = |value: &Option<String>| value.clone();
    let by_prefix = from.speaker.name.is_none();
    let name = if by_prefix { "email, the part before the @" } else { "name" };
    vec![
        line("intercom_contact_id", Some(row.intercom_contact_id.clone()), from.field("id")),
        line(
            "intercom_contact_ids",
            Some(row.intercom_contact_ids.join(", ")),
            from.conversations("the ids"),
        ),
        line("external_id", text(&row.external_id), from.field("external_id")),
        line(
            "stripe_customer_id",
            text(&row.stripe_customer_id),
            from.attribute("stripe_customer_id"),
        ),
        line("name", text(&row.name), from.field(name)),
        line("location_country", text(&row.location_country), from.field("location.country")),
        line("location_city", text(&row.location_city), from.field("location.city")),
        line("signup_date", date(row.signup_date), from.field("created_at")),
    ]
}

fn revenue(row: &CustomerRow, from: &Sources<'_>) -> Vec<ColumnLine> {
    let text = |value: &Option<String>| value.clone();
    let money = |minor: Option<i64>| money(row, minor);
    let attribute = |column| from.attribute(column);
    vec![
        line(
            "currency",
            row.currency.map(|currency| currency.to_string()),
            "the rows that count, else the policy's base currency".to_owned(),
        ),
        line("mrr", money(row.mrr), from.subscriptions()),
        line("arr", money(row.arr), "12 × MRR".to_owned()),
        line("ltv", money(row.ltv), from.payments()),
        line("plan_name", text(&row.plan_name), attribute("plan_name")),
        line("plan_price", from.plan_price(money(row.plan_price)), attribute("plan_price")),
        line(
            "subscription_status",
            text(&row.subscription_status),
            attribute("subscription_status"),
        ),
        line("subscription_count", number(row.subscription_count), from.subscriptions()),
        line("is_delinquent", flag(row.is_delinquent), attribute("is_delinquent")),
        line(
            "last_payment_amount",
            money(row.last_payment_amount),
            attribute("last_payment_amount"),
        ),
        line("last_payment_date", date(row.last_payment_date), attribute("last_payment_date")),
    ]
}

fn activity(row: &CustomerRow, from: &Sources<'_>) -> Vec<ColumnLine> {
    let talks = |what| from.conversations(what);
    vec![
        line("last_seen_at", date(row.last_seen_at), from.field("last_seen_at")),
        line("days_since_seen", number(row.days_since_seen), from.field("last_seen_at")),
        line("intercom_convos_total", number(row.intercom_convos_total), talks("conversations")),
        line(
            "intercom_convos_30d",
            number(row.intercom_convos_30d),
            talks("conversations begun in 30 days"),
        ),
        line("open_tickets", number(row.open_tickets), talks("open conversations")),
        line("mentioned_cancel", flag(row.mentioned_cancel), talks("messages of 30 days")),
        line("csat_score", row.csat_score.map(|score| format!("{score:.2}")), talks("ratings")),
        line(
            "first_response_seconds",
            number(row.first_response_seconds),
            talks("the mean of conversations"),
        ),
        line(
            "first_close_seconds",
            number(row.first_close_seconds),
            talks("the mean of conversations"),
        ),
        line(
            "last_close_seconds",
            number(row.last_close_seconds),
            talks("the mean of conversations"),
        ),
        line("reopens", number(row.reopens), talks("conversations opened again")),
        line("quality_score", number(row.quality_score), "the sum of its factors".to_owned()),
    ]
}
