//! What the Stripe integration leaves in a contact's custom attributes.

use std::borrow::Cow;
use std::slice;

use chrono::{DateTime, Utc};
use intercom_api::Attributes;
use intercom_revenue::{
    BillingHistory, Currency, Interval, Payment, PaymentStatus, Subscription, SubscriptionItem,
    SubscriptionStatus,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::OddityCode;
use crate::names::{AttributeNames, Names, Reader};
use crate::oddity::Oddities;
use crate::redact::opaque_debug;
use crate::scalar::{self, Scalar};

/// The billing side of a contact.
///
/// `Debug` counts the rows: values of attributes are whatever the workspace wrote.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeFacts {
    /// The id in the billing system.
    pub customer_id: Option<String>,
    /// The name of the plan.
    pub plan_name: Option<String>,
    /// The price of the plan, as it is stored: workspaces differ in its unit.
    pub plan_price: Option<Decimal>,
    /// The state of the subscription, if it is one the billing system defines.
    pub subscription_status: Option<SubscriptionStatus>,
    /// Whether a payment is overdue.
    pub is_delinquent: Option<bool>,
    /// The last charge, in smallest units.
    pub last_charge_amount: Option<Decimal>,
    /// When the last charge was made.
    pub last_charge_at: Option<DateTime<Utc>>,
    /// Subscriptions and payments, each `None` when the attribute is absent or unreadable.
    pub history: BillingHistory,
}

opaque_debug!(StripeFacts, |it| {
    n_subscriptions: it.history.subscriptions.as_ref().map(Vec::len),
    n_payments: it.history.payments.as_ref().map(Vec::len),
});

pub(crate) fn stripe(
    attributes: &Attributes,
    names: &AttributeNames,
    oddities: &mut Oddities,
) -> StripeFacts {
    let mut reader = Reader { attributes, oddities };
    StripeFacts {
        customer_id: reader.read(&names.stripe_customer_id, scalar::text),
        plan_name: reader.read(&names.plan_name, scalar::text),
        plan_price: reader.read(&names.plan_price, scalar::decimal),
        subscription_status: reader.read(&names.subscription_status, defined_status),
        is_delinquent: reader.read(&names.is_delinquent, scalar::flag),
        last_charge_amount: reader.read(&names.last_charge_amount, scalar::decimal),
        last_charge_at: reader.read(&names.last_charge_at, scalar::instant),
        history: BillingHistory {
            subscriptions: rows(&mut reader, &names.subscriptions, subscription),
            payments: rows(&mut reader, &names.payments, payment),
        },
    }
}

fn rows<T>(
    reader: &mut Reader<'_>,
    names: &Names,
    row: fn(&Fields<'_>, &mut Oddities) -> T,
) -> Option<Vec<T>> {
    let found = names.find(reader.attributes)?;
    let path = found.path();
    let list = unwrapped(found.value, &path, reader.oddities)?;
    let objects = objects(&list, &path, reader.oddities)?;
    Some(objects.iter().map(|fields| row(fields, reader.oddities)).collect())
}

/// The value itself, or what a text says in JSON.
fn unwrapped<'a>(value: &'a Value, path: &str, oddities: &mut Oddities) -> Option<Cow<'a, Value>> {
    let Value::String(text) = value else { return Some(Cow::Borrowed(value)) };
    let parsed = serde_json::from_str(text).ok();
    let code = match parsed {
        Some(_) => OddityCode::JsonInText,
        None => OddityCode::UnreadableJson,
    };
    oddities.add(format_args!("{path}"), code);
    parsed.map(Cow::Owned)
}

/// The objects of an array or of a list object's `data`; anything else in it is left out.
fn objects<'a>(list: &'a Value, path: &str, oddities: &mut Oddities) -> Option<Vec<Fields<'a>>> {
    let Some(items) = list.as_array().or_else(|| list.get("data")?.as_array()) else {
        oddities.add(format_args!("{path}"), OddityCode::WrongType);
        return None;
    };
    let mut objects = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.as_object() {
            Some(object) => objects.push(Fields { path: format!("{path}[{index}]"), object }),
            None => oddities.add(format_args!("{path}[{index}]"), OddityCode::WrongType),
        }
    }
    Some(objects)
}

/// An object and where it was found.
struct Fields<'a> {
    path: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn read<T>(&self, key: &str, read: Scalar<T>, oddities: &mut Oddities) -> Option<T> {
        oddities.accept(format_args!("{}.{key}", self.path), read(self.object.get(key)))
    }

    fn object(&self, key: &str) -> Option<Fields<'a>> {
        let object = self.object.get(key)?.as_object()?;
        Some(Fields { path: format!("{}.{key}", self.path), object })
    }

    fn objects(&self, key: &str, oddities: &mut Oddities) -> Option<Vec<Fields<'a>>> {
        let list = self.object.get(key).filter(|value| !value.is_null())?;
        objects(list, &format!("{}.{key}", self.path), oddities)
    }
}

fn subscription(row: &Fields<'_>, oddities: &mut Oddities) -> Subscription {
    let lines = match row.object("plan") {
        Some(_) => Vec::new(),
        None => row.objects("items", oddities).unwrap_or_default(),
    };
    let lines = if lines.is_empty() { slice::from_ref(row) } else { lines.as_slice() };
    let currency = row.read("currency", currency, oddities);
    Subscription {
        id: row.read("id", scalar::text, oddities),
        status: row.read("status", status, oddities).unwrap_or_default(),
        currency: currency.or_else(|| {
            lines.iter().find_map(|line| price(line).read("currency", self::currency, oddities))
        }),
        period_ends_at: row.read("current_period_end", scalar::instant, oddities),
        items: lines.iter().map(|line| item(line, oddities)).collect(),
    }
}

/// What is paid for in a line: its price, else its plan, else the line itself.
fn price<'a>(line: &Fields<'a>) -> Fields<'a> {
    let price = line.object("price").or_else(|| line.object("plan"));
    price.unwrap_or_else(|| Fields { path: line.path.clone(), object: line.object })
}

fn item(line: &Fields<'_>, oddities: &mut Oddities) -> SubscriptionItem {
    let price = price(line);
    let period = price.object("recurring").unwrap_or_else(|| self::price(line));
    let amount = ["amount", "unit_amount", "amount_decimal", "unit_amount_decimal"]
        .into_iter()
        .find_map(|key| price.read(key, scalar::decimal, oddities));
    SubscriptionItem {
        amount,
        quantity: line.read("quantity", scalar::count, oddities),
        interval: period.read("interval", interval, oddities).unwrap_or_default(),
        interval_count: period.read("interval_count", small_count, oddities),
    }
}

fn payment(row: &Fields<'_>, oddities: &mut Oddities) -> Payment {
    Payment {
        id: row.read("id", scalar::text, oddities),
        status: row.read("status", payment_status, oddities).unwrap_or_default(),
        currency: row.read("currency", currency, oddities),
        amount: row.read("amount", scalar::decimal, oddities),
        created_at: row.read("created", scalar::instant, oddities),
    }
}

fn defined_status(value: Option<&Value>) -> Result<Option<SubscriptionStatus>, OddityCode> {
    match status(value)? {
        Some(SubscriptionStatus::Other(_)) => Err(OddityCode::UnknownStatus),
        status => Ok(status),
    }
}

fn status(value: Option<&Value>) -> Result<Option<SubscriptionStatus>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| SubscriptionStatus::parse(&word)))
}

fn payment_status(value: Option<&Value>) -> Result<Option<PaymentStatus>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| PaymentStatus::parse(&word)))
}

fn interval(value: Option<&Value>) -> Result<Option<Interval>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| Interval::parse(&word)))
}

fn currency(value: Option<&Value>) -> Result<Option<Currency>, OddityCode> {
    let code = scalar::text(value)?;
    code.map(|code| code.parse()).transpose().map_err(|_| OddityCode::UnknownCurrency)
}

fn small_count(value: Option<&Value>) -> Result<Option<u32>, OddityCode> {
    let count = scalar::count(value)?;
    count.map(u32::try_from).transpose().map_err(|_| OddityCode::NotACount)
}
