//! What each subscription brings a month.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::policy::MONTHS_PER_YEAR;
use crate::rows::{currency_of_row, in_order, sum};
use crate::{
    Counted, Currency, Discount, DiscountDuration, DiscountRule, FlatPlan, Interval, NoteCode,
    PriceSource, PriceUnit, Ratio, RevenuePolicy, Spelling, Subscription, SubscriptionItem,
    SubscriptionStatus, UnknownIntervals, Usage,
};

/// One subscription as the figures see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionLine<'a> {
    /// The id in the billing system.
    pub id: Option<&'a str>,
    /// Where it is in its life.
    pub status: &'a SubscriptionStatus,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What the amount is in.
    pub currency: Currency,
    /// Exact smallest units a month; `None` when they do not fit.
    pub monthly: Option<Ratio>,
    /// Remarks, each once.
    pub notes: Vec<NoteCode>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Counts,
    /// It would count if its trial were over.
    Potential,
    /// It does not count.
    LeftOut,
    /// A later row with the same id stands for it.
    Replaced,
}

/// Every subscription, in a fixed order.
pub(crate) fn lines<'a>(
    rows: &'a [Subscription],
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Vec<SubscriptionLine<'a>> {
    in_order(rows, policy, |row| row.id.as_deref(), |row| row.period_ends_at)
        .map(
            |(row, is_replaced)| {
                if is_replaced {
                    replaced(row, policy)
                } else {
                    Reading::new(policy, now).line(row)
                }
            },
        )
        .collect()
}

/// The plan recorded on the customer, as if it were its only subscription.
pub(crate) fn flat_line<'a>(
    plan: &'a FlatPlan,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> SubscriptionLine<'a> {
    let currency = currency_of_row(plan.currency, policy);
    let amount = policy.plan_price_unit.in_minor_units(plan.price, currency);
    let row = Subscription {
        status: plan.status.clone(),
        currency: plan.currency,
        plan: Some(SubscriptionItem {
            amount: amount.ok(),
            interval: plan.interval.clone().unwrap_or(Interval::Month),
            ..SubscriptionItem::default()
        }),
        ..Subscription::default()
    };
    let line = Reading::new(policy, now).line(&row);
    let mut notes = line.notes;
    notes.push(NoteCode::FlatPrice);
    if amount == Err(NoteCode::FractionalMinorUnits) {
        notes.retain(|code| *code != NoteCode::Unpriceable);
        notes.push(NoteCode::FractionalMinorUnits);
    }
    notes.sort_unstable();
    // A row in a list that has no price adds nothing to the others; here there are no others.
    let is_left_out = UNKNOWN_FLAT.iter().any(|code| notes.contains(code));
    let is_unknown = is_left_out && line.monthly == Some(Ratio::ZERO);
    SubscriptionLine {
        id: None,
        status: &plan.status,
        verdict: line.verdict,
        currency: line.currency,
        monthly: line.monthly.filter(|_| !is_unknown || line.verdict == Verdict::LeftOut),
        notes,
    }
}

/// Why nobody can say what a plan brings a month.
const UNKNOWN_FLAT: [NoteCode; 2] = [NoteCode::UnknownInterval, NoteCode::FractionalMinorUnits];

impl PriceUnit {
    /// A price recorded on the customer, in smallest units.
    ///
    /// # Errors
    /// [`NoteCode::FractionalMinorUnits`] when it cannot be meant in smallest units,
    /// [`NoteCode::Overflow`] when it does not fit.
    pub fn in_minor_units(self, price: Decimal, currency: Currency) -> Result<Decimal, NoteCode> {
        match self {
            Self::Minor if !price.fract().is_zero() => Err(NoteCode::FractionalMinorUnits),
            Self::Minor => Ok(price),
            Self::Major => {
                let units = Decimal::from(10_u32.pow(currency.exponent()));
                price.checked_mul(units).ok_or(NoteCode::Overflow)
            }
        }
    }
}

fn replaced<'a>(row: &'a Subscription, policy: &RevenuePolicy) -> SubscriptionLine<'a> {
    SubscriptionLine {
        id: row.id.as_deref(),
        status: &row.status,
        verdict: Verdict::Replaced,
        currency: currency_of_row(row.currency, policy),
        monthly: Some(Ratio::ZERO),
        notes: vec![NoteCode::Duplicate],
    }
}

/// Why nothing was counted for a price that may well be paid.
const PRICELESS: [NoteCode; 5] = [
    NoteCode::UnknownInterval,
    NoteCode::Unpriceable,
    NoteCode::NegativeAmount,
    NoteCode::Overflow,
    NoteCode::Metered,
];

/// One subscription being read, and what was remarkable so far.
struct Reading<'p> {
    policy: &'p RevenuePolicy,
    now: DateTime<Utc>,
    notes: Vec<NoteCode>,
}

/// An exact amount a month, and how many invoices a month it is on.
#[derive(Clone, Copy)]
struct Priced {
    monthly: Ratio,
    per_month: Ratio,
}

impl<'p> Reading<'p> {
    fn new(policy: &'p RevenuePolicy, now: DateTime<Utc>) -> Self {
        Self { policy, now, notes: Vec::new() }
    }

    fn line<'a>(mut self, row: &'a Subscription) -> SubscriptionLine<'a> {
        let verdict = self.verdict(row);
        let currency = currency_of_row(row.currency, self.policy);
        let monthly = match verdict {
            Verdict::Counts | Verdict::Potential => self.monthly(row, currency),
            Verdict::LeftOut | Verdict::Replaced => Some(Ratio::ZERO),
        };
        let is_priced = !self.notes.iter().any(|code| PRICELESS.contains(code));
        if verdict == Verdict::Counts && monthly == Some(Ratio::ZERO) && is_priced {
            self.notes.push(NoteCode::Free);
        }
        self.notes.sort_unstable();
        self.notes.dedup();
        let (id, status) = (row.id.as_deref(), &row.status);
        SubscriptionLine { id, status, verdict, currency, monthly, notes: self.notes }
    }

    fn verdict(&mut self, row: &Subscription) -> Verdict {
        if self.policy.exact_spelling_only && row.status_spelling == Spelling::Loose {
            self.notes.push(NoteCode::LooseSpelling);
            return Verdict::LeftOut;
        }
        let (by_status, is_running) = self.by_status(&row.status);
        let counted = if is_running { by_status.min(self.by_plans(row)) } else { by_status };
        let end = row.cancels_at.or(row.period_ends_at);
        let counts = match counted {
            Counted::Never => false,
            Counted::UntilPeriodEnd => end.map_or(is_running, |end| end > self.now),
            Counted::Always => true,
        };
        if counts && row.period_ends_at.is_some_and(|end| end < self.now) {
            self.notes.push(NoteCode::StalePeriod);
        }
        if counts && counted == Counted::UntilPeriodEnd && !is_running {
            self.notes.push(NoteCode::PaidPeriod);
        }
        match row.status {
            _ if counts => Verdict::Counts,
            SubscriptionStatus::Trialing => Verdict::Potential,
            _ => Verdict::LeftOut,
        }
    }

    /// Whether the status counts, and whether it is one of a running subscription.
    fn by_status(&mut self, status: &SubscriptionStatus) -> (Counted, bool) {
        let policy = self.policy;
        match status {
            SubscriptionStatus::Active => (Counted::Always, true),
            SubscriptionStatus::Trialing => {
                self.notes.push(NoteCode::Trial);
                (policy.trialing, true)
            }
            SubscriptionStatus::PastDue => {
                self.notes.push(NoteCode::PastDue);
                (policy.past_due, true)
            }
            SubscriptionStatus::Unpaid => (policy.unpaid, false),
            SubscriptionStatus::Canceled => (policy.canceled, false),
            SubscriptionStatus::Incomplete | SubscriptionStatus::IncompleteExpired => {
                (policy.incomplete, false)
            }
            SubscriptionStatus::Paused => (policy.paused, false),
            SubscriptionStatus::Other(_) => {
                self.notes.push(NoteCode::UnknownStatus);
                (Counted::Never, false)
            }
        }
    }

    /// What limits a running subscription beside its status.
    fn by_plans(&mut self, row: &Subscription) -> Counted {
        let mut counted = Counted::Always;
        let lasts = |resumes_at: Option<DateTime<Utc>>| resumes_at.is_none_or(|at| at > self.now);
        if row.collection_pause.is_some_and(|pause| lasts(pause.resumes_at)) {
            self.notes.push(NoteCode::CollectionPaused);
            counted = counted.min(self.policy.collection_paused);
        }
        if row.cancel_at_period_end || row.cancels_at.is_some() {
            self.notes.push(NoteCode::ScheduledChurn);
            counted = counted.min(self.policy.cancel_scheduled);
        }
        counted
    }

    fn monthly(&mut self, row: &Subscription, currency: Currency) -> Option<Ratio> {
        let mut amounts = Vec::new();
        let mut per_month = Ratio::ZERO;
        let mut is_too_large = false;
        for item in prices(row, self.policy) {
            match self.priced(item, currency) {
                Ok(priced) => {
                    amounts.push(priced.monthly);
                    // Lines billed at different intervals share the invoices of the shortest one.
                    per_month = per_month.checked_max(priced.per_month).unwrap_or(per_month);
                }
                Err(code) => {
                    is_too_large |= code == NoteCode::Overflow;
                    self.notes.push(code);
                }
            }
        }
        if prices(row, self.policy).is_empty() {
            self.notes.push(NoteCode::Unpriceable);
        }
        let total = sum(&mut amounts);
        if total.is_none() {
            self.notes.push(NoteCode::Overflow);
        }
        let total = total.filter(|_| !(is_too_large && amounts.is_empty()))?;
        Some(self.reduced(Priced { monthly: total, per_month }, currency, &row.discounts))
    }

    fn priced(&mut self, item: &SubscriptionItem, currency: Currency) -> Result<Priced, NoteCode> {
        let policy = self.policy;
        if item.usage == Usage::Metered {
            if !policy.metered_counts {
                return Err(NoteCode::Metered);
            }
            self.notes.push(NoteCode::Metered);
        }
        let amount = Ratio::from_decimal(item.amount.ok_or(NoteCode::Unpriceable)?);
        if amount.numerator() < 0 && !policy.negative_prices_count {
            return Err(NoteCode::NegativeAmount);
        }
        let per_month = self.invoices_a_month(item)?;
        let quantity = match item.quantity {
            Some(quantity) if policy.multiply_quantity => quantity,
            Some(_) | None => 1,
        };
        let monthly = amount
            .checked_mul(Ratio::whole(i128::from(quantity)))
            .and_then(|amount| amount.checked_mul(per_month))
            .ok_or(NoteCode::Overflow)?;
        let monthly = self.reduced(Priced { monthly, per_month }, currency, &item.discounts);
        let monthly = self.without_tax(monthly, item).ok_or(NoteCode::Overflow)?;
        Ok(Priced { monthly, per_month })
    }

    fn invoices_a_month(&mut self, item: &SubscriptionItem) -> Result<Ratio, NoteCode> {
        let short = self.policy.short_intervals_known;
        let known = match &item.interval {
            Interval::Day => short.then_some(self.policy.day_factor),
            Interval::Week => short.then_some(self.policy.week_factor),
            Interval::Month => Some(Ratio::ONE),
            Interval::Year => Some(Ratio::new(1, MONTHS_PER_YEAR)),
            Interval::Other(_) => None,
        };
        let per_month = match (known, self.policy.unknown_intervals) {
            (Some(known), _) => known,
            (None, UnknownIntervals::LeaveOut) => return Err(NoteCode::UnknownInterval),
            (None, UnknownIntervals::AsMonth) => {
                self.notes.push(NoteCode::UnknownInterval);
                Ratio::ONE
            }
        };
        let count = item.interval_count.filter(|_| self.policy.divide_interval_count);
        let Some(count) = count else { return Ok(per_month) };
        let count = NonZeroU32::new(count).ok_or(NoteCode::UnknownInterval)?;
        per_month.checked_div(count).ok_or(NoteCode::Overflow)
    }

    fn reduced(&mut self, price: Priced, currency: Currency, discounts: &[Discount]) -> Ratio {
        let mut rest = price.monthly;
        for discount in discounts.iter().filter(|discount| discount.is_running(self.now)) {
            if !applies(discount.duration, self.policy.discounts) {
                self.notes.push(NoteCode::DiscountIgnored);
                continue;
            }
            match discount.reduce(rest, price.per_month, currency) {
                Some(reduced) => {
                    self.notes.push(NoteCode::Discounted);
                    rest = reduced;
                }
                None => self.notes.push(NoteCode::UnreadableDiscount),
            }
        }
        rest
    }

    fn without_tax(&mut self, monthly: Ratio, item: &SubscriptionItem) -> Option<Ratio> {
        let percent = item.included_tax_percent.filter(|&percent| percent > Decimal::ZERO);
        let Some(percent) = percent else { return Some(monthly) };
        self.notes.push(NoteCode::TaxIncluded);
        if !self.policy.deduct_included_tax {
            return Some(monthly);
        }
        let whole = Ratio::whole(100);
        let taxed = whole.checked_add(Ratio::from_decimal(percent))?;
        monthly.checked_mul(whole)?.checked_mul(taxed.reciprocal()?)
    }
}

fn prices<'a>(row: &'a Subscription, policy: &RevenuePolicy) -> &'a [SubscriptionItem] {
    let plan = row.plan.as_slice();
    match policy.prices {
        PriceSource::PlanOnly => plan,
        PriceSource::PlanElseItems if !plan.is_empty() => plan,
        PriceSource::ItemsElsePlan if row.items.is_empty() => plan,
        PriceSource::PlanElseItems | PriceSource::ItemsElsePlan => &row.items,
    }
}

fn applies(duration: DiscountDuration, rule: DiscountRule) -> bool {
    let least = match duration {
        DiscountDuration::Forever => DiscountRule::Forever,
        DiscountDuration::Repeating => DiscountRule::ForeverAndRepeating,
        DiscountDuration::Once => DiscountRule::All,
    };
    rule >= least
}
