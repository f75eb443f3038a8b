//! The choices that vendors make differently, as named settings.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::{Currency, Ratio, Rounding};

pub(crate) const MONTHS_PER_YEAR: NonZeroU32 = NonZeroU32::new(12).expect("12 is not zero");

/// How revenue is computed where definitions differ.
///
/// [`RevenuePolicy::default`] is the plain formula with quantity, interval count and the currency's
/// decimals respected; the other presets are named after whose definitions they follow. Read from a
/// file through [`RevenueSettings`](crate::RevenueSettings).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevenuePolicy {
    /// The currency of rows that name none, of converted figures, and the preferred one of a
    /// customer who uses several and used none of them before.
    pub base_currency: Currency,
    /// Rows keep their own currency; otherwise every row is read as base currency.
    pub separate_currencies: bool,
    /// Major units of base currency for one major unit of another. With any rate here, figures are
    /// in base currency; with none, amounts stay what they are.
    pub rates: BTreeMap<Currency, Ratio>,
    /// Where the price of a subscription is looked for.
    pub prices: PriceSource,
    /// A price counts once per piece.
    pub multiply_quantity: bool,
    /// A price is spread over `interval_count` intervals.
    pub divide_interval_count: bool,
    /// Weeks and days have a length; otherwise months and years alone are known intervals.
    pub short_intervals_known: bool,
    /// Weekly prices in a month.
    pub week_factor: Ratio,
    /// Daily prices in a month.
    pub day_factor: Ratio,
    /// What becomes of a price whose interval is unknown.
    pub unknown_intervals: UnknownIntervals,
    /// Which discounts are deducted.
    pub discounts: DiscountRule,
    /// Tax that a price contains is deducted.
    pub deduct_included_tax: bool,
    /// Prices per piece used count as if they were for one piece.
    pub metered_counts: bool,
    /// Subscription prices below zero count.
    pub negative_prices_count: bool,
    /// The plan's price on the customer stands in for a list of subscriptions that was never
    /// recorded.
    pub flat_price_counts: bool,
    /// What the plan's price on the customer is counted in.
    pub plan_price_unit: PriceUnit,
    /// Trials count.
    pub trialing: Counted,
    /// Subscriptions with an open invoice count.
    pub past_due: Counted,
    /// Subscriptions that nobody tries to collect for any more count.
    pub unpaid: Counted,
    /// Subscriptions that are over count.
    pub canceled: Counted,
    /// Subscriptions whose first payment is missing count.
    pub incomplete: Counted,
    /// Subscriptions in the state `paused` count.
    pub paused: Counted,
    /// Running subscriptions for which nothing is collected for a while count.
    pub collection_paused: Counted,
    /// Running subscriptions that are set to end count.
    pub cancel_scheduled: Counted,
    /// A status counts only when spelt letter by letter.
    pub exact_spelling_only: bool,
    /// Subscriptions without a price above zero are among those counted.
    pub free_subscriptions_count: bool,
    /// The word of invoices, `paid`, means the same as `succeeded`.
    pub paid_counts: bool,
    /// Refunds are deducted from the payment in LTV.
    pub deduct_refunds: bool,
    /// Payments lost to an objection are deducted from LTV.
    pub deduct_lost_disputes: bool,
    /// Tax within a payment, if known, is deducted from LTV.
    pub deduct_payment_tax: bool,
    /// LTV may fall below zero.
    pub negative_totals_count: bool,
    /// Rows with the same id count once; the one with the latest date stays.
    pub merge_duplicates: bool,
    /// Totals over customers count a billing account once, however many customers share it.
    pub merge_shared_billing: bool,
    /// What ARR is twelve times of.
    pub arr_basis: ArrBasis,
    /// How the figures become whole smallest units.
    pub rounding: Rounding,
}

/// Whether, and for how long, a subscription in some state counts towards MRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Not at all.
    Never,
    /// Until the paid period ends; where its end is unknown, only a running one counts.
    UntilPeriodEnd,
    /// As long as it is in that state.
    Always,
}

/// Where the price of a subscription is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// On the subscription itself, nowhere else.
    PlanOnly,
    /// On the subscription itself; among its lines when there is none.
    PlanElseItems,
    /// Among its lines; on the subscription itself when there are none.
    ItemsElsePlan,
}

/// What becomes of a price whose interval is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownIntervals {
    /// It is left out.
    LeaveOut,
    /// It counts as if it were monthly.
    AsMonth,
}

/// Which discounts are deducted from MRR; one that has ended never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscountRule {
    /// None: MRR at list prices.
    Ignore,
    /// Those that last forever.
    Forever,
    /// Those, and those that last some months.
    ForeverAndRepeating,
    /// All, also for a single invoice: MRR is what the next invoice will say.
    All,
}

/// What a price on a customer is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceUnit {
    /// Smallest units: 29900 is 299 dollars.
    Minor,
    /// Major units: 299 is 299 dollars.
    Major,
}

/// What ARR is twelve times of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrBasis {
    /// The exact MRR: a yearly price of 2990.00 has an ARR of 2990.00.
    Exact,
    /// The rounded MRR: the columns multiply, and that price has an ARR of 2990.04.
    RoundedMrr,
}

/// The plain formula, with quantity, interval count and currency respected.
///
/// List prices of active subscriptions and face amounts of payments. Rows that have no such amount
/// are left out with a note: unknown intervals, tiered, metered and negative prices, repeated ids.
impl Default for RevenuePolicy {
    fn default() -> Self {
        Self {
            base_currency: Currency::USD,
            separate_currencies: true,
            rates: BTreeMap::new(),
            prices: PriceSource::PlanElseItems,
            multiply_quantity: true,
            divide_interval_count: true,
            short_intervals_known: true,
            week_factor: Ratio::new(52, MONTHS_PER_YEAR),
            day_factor: Ratio::new(365, MONTHS_PER_YEAR),
            unknown_intervals: UnknownIntervals::LeaveOut,
            discounts: DiscountRule::Ignore,
            deduct_included_tax: false,
            metered_counts: false,
            negative_prices_count: false,
            flat_price_counts: true,
            plan_price_unit: PriceUnit::Minor,
            trialing: Counted::Never,
            past_due: Counted::Never,
            unpaid: Counted::Never,
            canceled: Counted::Never,
            incomplete: Counted::Never,
            paused: Counted::Never,
            collection_paused: Counted::Always,
            cancel_scheduled: Counted::Always,
            exact_spelling_only: false,
            free_subscriptions_count: true,
            paid_counts: true,
            deduct_refunds: false,
            deduct_lost_disputes: false,
            deduct_payment_tax: false,
            negative_totals_count: false,
            merge_duplicates: true,
            merge_shared_billing: true,
            arr_basis: ArrBasis::Exact,
            rounding: Rounding::HalfAwayFromZero,
        }
    }
}
