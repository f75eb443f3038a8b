//! A subscription of the billing system, in the shapes its interfaces have had.

use chrono::{DateTime, Utc};
use intercom_revenue::{
    CollectionPause, Currency, Discount, DiscountDuration, Interval, Reduction, Spelling,
    Subscription, SubscriptionItem, SubscriptionStatus, Usage,
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::fields::{Fields, Row, entries};
use crate::oddity::Oddities;
use crate::scalar;
use crate::{Oddity, OddityCode};

/// Amounts by the names they have had, in smallest units.
const AMOUNTS: [&str; 4] = ["amount", "unit_amount", "amount_decimal", "unit_amount_decimal"];

/// What a price is made of beside its amount.
const OF_PRICES: [&str; 6] = ["plan", "price", "items", "quantity", "interval", "interval_count"];

/// How subscriptions are read.
pub(crate) const SUBSCRIPTION: Row<Subscription> = Row { read: subscription, is_told };

/// Whether it says what it brings: one that is over may have any price.
fn is_told(row: &Fields<'_>, subscription: &Subscription, oddities: &[Oddity]) -> bool {
    let is_over = is_over(&subscription.status);
    // What was read is told, however strange: a policy says what becomes of it.
    let unread = || oddities.iter().filter(|oddity| !STRANGE.contains(&oddity.code));
    let is_odd = |names: &[&str]| unread().any(|oddity| names.contains(&oddity.name()));
    let is_priced = !is_odd(&AMOUNTS) && !is_odd(&OF_PRICES) && !has_unknown_currency(oddities);
    row.raw("status").is_some() && !is_odd(&["status"]) && (is_over || is_priced)
}

/// What is remarked on values that were read.
const STRANGE: [OddityCode; 3] =
    [OddityCode::UnknownStatus, OddityCode::UnknownInterval, OddityCode::NegativeAmount];

/// Whether nothing is paid any more, whatever the price.
pub(crate) fn is_over(status: &SubscriptionStatus) -> bool {
    match status {
        SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired => true,
        SubscriptionStatus::Active
        | SubscriptionStatus::Trialing
        | SubscriptionStatus::PastDue
        | SubscriptionStatus::Unpaid
        | SubscriptionStatus::Incomplete
        | SubscriptionStatus::Paused
        | SubscriptionStatus::Other(_) => false,
    }
}

/// Whether the currency of a price is none; that of a coupon says nothing about the price.
pub(crate) fn has_unknown_currency(oddities: &[Oddity]) -> bool {
    let is_price = |oddity: &Oddity| !oddity.field.ends_with("coupon.currency");
    oddities.iter().any(|it| it.code == OddityCode::UnknownCurrency && is_price(it))
}

fn subscription(row: &Fields<'_>, oddities: &mut Oddities) -> Subscription {
    let n_before = oddities.count();
    let lines = row.objects("items", oddities).unwrap_or_default();
    let tax = default_tax(row, oddities);
    // Without a plan and without lines, the row itself says what is paid.
    let has_plan = row.object("plan").is_some() || lines.is_empty();
    let plan = has_plan.then(|| item(row, tax, oddities));
    let own_currency = row.read("currency", currency, oddities);
    let status = row.read("status", status, oddities).unwrap_or_default();
    let mut subscription = Subscription {
        id: row.read("id", scalar::text, oddities),
        status_spelling: spelling(row, status.as_str()),
        status,
        currency: own_currency.or_else(|| {
            let mut prices =
                lines.iter().chain([row]).map(price).filter(|price| !price.is_same(row));
            prices.find_map(|price| price.read("currency", currency, oddities))
        }),
        period_ends_at: period_end(row, &lines, oddities),
        cancel_at_period_end: row
            .read("cancel_at_period_end", scalar::flag, oddities)
            .unwrap_or(false),
        cancels_at: row.read("cancel_at", scalar::instant, oddities),
        collection_pause: collection_pause(row, oddities),
        discounts: discounts(row, oddities),
        plan,
        items: lines
            .iter()
            .map(|line| SubscriptionItem {
                discounts: line_discounts(line, oddities),
                ..item(line, tax, oddities)
            })
            .collect(),
    };
    // An amount of nobody knows what is none of the base currency.
    if has_unknown_currency(oddities.after(n_before)) {
        let items = subscription.plan.iter_mut().chain(&mut subscription.items);
        items.for_each(|item| item.amount = None);
    }
    remark(row, &lines, &subscription, oddities);
    subscription
}

/// Remarks on values of a subscription that is not over, by which it brings nothing, or nobody can
/// say what.
fn remark(
    row: &Fields<'_>,
    lines: &[Fields<'_>],
    subscription: &Subscription,
    oddities: &mut Oddities,
) {
    if is_over(&subscription.status) {
        return;
    }
    if matches!(&subscription.status, SubscriptionStatus::Other(word) if !word.is_empty()) {
        row.remark("status", OddityCode::UnknownStatus, oddities);
    }
    let plan = subscription.plan.iter().map(|item| (row, item));
    for (line, item) in plan.chain(lines.iter().zip(&subscription.items)) {
        let Some(amount) = item.amount else { continue };
        let price = price(line);
        if matches!(item.interval, Interval::Other(_)) {
            let period = price.object("recurring").unwrap_or_else(|| price.clone());
            period.remark("interval", OddityCode::UnknownInterval, oddities);
        }
        if amount < Decimal::ZERO
            && let Some(key) = AMOUNTS.into_iter().find(|key| price.raw(key).is_some())
        {
            price.remark(key, OddityCode::NegativeAmount, oddities);
        }
    }
}

/// How the source spells its status, of which `word` is the defined spelling.
pub(crate) fn spelling(row: &Fields<'_>, word: &str) -> Spelling {
    match row.raw("status").and_then(Value::as_str) {
        Some(written) if written != word => Spelling::Loose,
        Some(_) | None => Spelling::Exact,
    }
}

pub(crate) fn currency(value: Option<&Value>) -> Result<Option<Currency>, OddityCode> {
    let Some(code) = scalar::text(value)? else { return Ok(None) };
    let currency: Option<Currency> = code.parse().ok();
    let currency = currency.filter(|currency| currency.circulates());
    currency.map(Some).ok_or(OddityCode::UnknownCurrency)
}

pub(crate) fn status(value: Option<&Value>) -> Result<Option<SubscriptionStatus>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| SubscriptionStatus::parse(&word)))
}

pub(crate) fn interval(value: Option<&Value>) -> Result<Option<Interval>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| Interval::parse(&word)))
}

/// The end of the paid period, which later interfaces keep with the lines: the last one.
fn period_end(
    row: &Fields<'_>,
    lines: &[Fields<'_>],
    oddities: &mut Oddities,
) -> Option<DateTime<Utc>> {
    let mut end =
        |fields: &Fields<'_>| fields.read("current_period_end", scalar::instant, oddities);
    end(row).or_else(|| lines.iter().filter_map(end).max())
}

/// What is paid for in a line: its price, else its plan, else the line itself.
fn price<'a>(line: &Fields<'a>) -> Fields<'a> {
    line.object("price").or_else(|| line.object("plan")).unwrap_or_else(|| line.clone())
}

/// What a line costs, before the discounts of the line.
fn item(
    line: &Fields<'_>,
    default_tax: Option<Decimal>,
    oddities: &mut Oddities,
) -> SubscriptionItem {
    let price = price(line);
    let period = price.object("recurring").unwrap_or_else(|| price.clone());
    let own_tax = included_tax(line, "tax_rates", oddities);
    let is_untaxed = price.raw("tax_behavior").and_then(Value::as_str) == Some("exclusive");
    let amount = price.read_first(&AMOUNTS, scalar::decimal, oddities);
    if amount.is_none() && price.is_same(line) {
        // The id of a price, for one, is no price.
        line.expect_object("price", oddities);
        line.expect_object("plan", oddities);
    }
    SubscriptionItem {
        amount,
        quantity: line.read("quantity", scalar::count, oddities),
        interval: period.read("interval", interval, oddities).unwrap_or_default(),
        interval_count: period.read("interval_count", small_count, oddities),
        usage: match period.raw("usage_type").and_then(Value::as_str) {
            Some("metered") => Usage::Metered,
            Some(_) | None => Usage::Licensed,
        },
        included_tax_percent: own_tax.or(default_tax).filter(|_| !is_untaxed),
        discounts: Vec::new(),
    }
}

/// The sum of the rates that are within the price; `None` when the field names no rate.
fn included_tax(row: &Fields<'_>, key: &str, oddities: &mut Oddities) -> Option<Decimal> {
    let rates = row.objects(key, oddities).filter(|rates| !rates.is_empty())?;
    let mut total = Decimal::ZERO;
    for rate in &rates {
        let is_included = rate.read("inclusive", scalar::flag, oddities).unwrap_or(false);
        let percent = rate.read("percentage", scalar::decimal, oddities);
        total = total.saturating_add(percent.filter(|_| is_included).unwrap_or_default());
    }
    Some(total).filter(|total| !total.is_zero())
}

/// The tax within the prices of a subscription whose lines name none of their own.
fn default_tax(row: &Fields<'_>, oddities: &mut Oddities) -> Option<Decimal> {
    included_tax(row, "default_tax_rates", oddities).or_else(|| {
        let behavior = price(row).raw("tax_behavior").and_then(Value::as_str);
        let percent = row.read("tax_percent", scalar::decimal, oddities)?;
        (behavior == Some("inclusive")).then_some(percent)
    })
}

fn collection_pause(row: &Fields<'_>, oddities: &mut Oddities) -> Option<CollectionPause> {
    match row.raw("pause_collection")? {
        Value::Object(_) => Some(CollectionPause {
            resumes_at: row
                .object("pause_collection")
                .and_then(|pause| pause.read("resumes_at", scalar::instant, oddities)),
        }),
        Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Some(CollectionPause::default())
        }
        Value::Bool(false) | Value::Null => None,
    }
}

/// The discounts of a subscription: a list, or the single one of older interfaces.
fn discounts(row: &Fields<'_>, oddities: &mut Oddities) -> Vec<Discount> {
    let list = line_discounts(row, oddities);
    if list.is_empty() {
        row.object("discount").iter().map(|fields| discount(fields, oddities)).collect()
    } else {
        list
    }
}

/// The list of discounts; one that is only an id is known to exist, not what it deducts.
fn line_discounts(row: &Fields<'_>, oddities: &mut Oddities) -> Vec<Discount> {
    let list = row.raw("discounts").and_then(entries).unwrap_or_default();
    let entries = list.iter().enumerate().filter(|(_, value)| !value.is_null());
    entries
        .map(|(index, value)| match row.entry("discounts", index, value) {
            Some(fields) => discount(&fields, oddities),
            None => Discount {
                reduction: Reduction::Unreadable,
                duration: DiscountDuration::Forever,
                ends_at: None,
            },
        })
        .collect()
}

fn discount(fields: &Fields<'_>, oddities: &mut Oddities) -> Discount {
    let source = fields.object("source").and_then(|source| source.object("coupon"));
    let coupon = fields.object("coupon").or(source).unwrap_or_else(|| fields.clone());
    let percent = coupon.read("percent_off", scalar::decimal, oddities);
    let amount = coupon.read("amount_off", scalar::decimal, oddities);
    let ends_at = fields.read("end", scalar::instant, oddities);
    let word = coupon.read("duration", scalar::text, oddities);
    Discount {
        reduction: match (percent, amount) {
            (Some(percent), _) => Reduction::Percent(percent),
            (None, Some(minor)) => {
                Reduction::Amount { minor, currency: coupon.read("currency", currency, oddities) }
            }
            (None, None) => Reduction::Unreadable,
        },
        duration: match word.as_deref() {
            Some("once") => DiscountDuration::Once,
            Some("repeating") => DiscountDuration::Repeating,
            Some("forever") => DiscountDuration::Forever,
            // What has an end does not last forever.
            Some(_) | None if ends_at.is_some() => DiscountDuration::Repeating,
            Some(_) | None => DiscountDuration::Forever,
        },
        ends_at,
    }
}

fn small_count(value: Option<&Value>) -> Result<Option<u32>, OddityCode> {
    let count = scalar::count(value)?;
    count.map(u32::try_from).transpose().map_err(|_| OddityCode::NotACount)
}
