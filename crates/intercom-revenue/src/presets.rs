//! Policies named after whose definitions they follow.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::{Counted, DiscountRule, PriceSource, Ratio, RevenuePolicy, UnknownIntervals};

/// A policy by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// [`RevenuePolicy::default`].
    #[default]
    Default,
    /// [`RevenuePolicy::seed`].
    Seed,
    /// [`RevenuePolicy::best_practice`].
    BestPractice,
    /// [`RevenuePolicy::stripe`].
    Stripe,
    /// [`RevenuePolicy::profitwell`].
    Profitwell,
    /// [`RevenuePolicy::recurly`].
    Recurly,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 6] = [
        Self::Default,
        Self::Seed,
        Self::BestPractice,
        Self::Stripe,
        Self::Profitwell,
        Self::Recurly,
    ];

    /// The policy of that name.
    #[must_use]
    pub fn policy(self) -> RevenuePolicy {
        match self {
            Self::Default => RevenuePolicy::default(),
            Self::Seed => RevenuePolicy::seed(),
            Self::BestPractice => RevenuePolicy::best_practice(),
            Self::Stripe => RevenuePolicy::stripe(),
            Self::Profitwell => RevenuePolicy::profitwell(),
            Self::Recurly => RevenuePolicy::recurly(),
        }
    }
}

impl RevenuePolicy {
    /// The formula to the letter: `plan.amount` of rows spelt `active`, divided by 12 for a year,
    /// and the `amount` of rows spelt `succeeded`, whatever else the row says.
    #[must_use]
    pub fn seed() -> Self {
        Self {
            separate_currencies: false,
            prices: PriceSource::PlanOnly,
            multiply_quantity: false,
            divide_interval_count: false,
            short_intervals_known: false,
            unknown_intervals: UnknownIntervals::AsMonth,
            metered_counts: true,
            negative_prices_count: true,
            flat_price_counts: false,
            exact_spelling_only: true,
            paid_counts: false,
            negative_totals_count: true,
            merge_duplicates: false,
            merge_shared_billing: false,
            ..Self::default()
        }
    }

    /// What most vendors agree on: prices net of lasting discounts and tax, payments net of refunds
    /// and lost disputes; open invoices count, paused collection and free plans do not.
    #[must_use]
    pub fn best_practice() -> Self {
        Self {
            discounts: DiscountRule::Forever,
            deduct_included_tax: true,
            past_due: Counted::Always,
            collection_paused: Counted::Never,
            cancel_scheduled: Counted::UntilPeriodEnd,
            free_subscriptions_count: false,
            deduct_refunds: true,
            deduct_lost_disputes: true,
            ..Self::default()
        }
    }

    /// Stripe Billing: active and past due; a cancellation counts when it is made, not when the
    /// period ends; paused collection is no reason to leave out.
    #[must_use]
    pub fn stripe() -> Self {
        Self {
            collection_paused: Counted::Always,
            cancel_scheduled: Counted::Never,
            ..Self::best_practice()
        }
    }

    /// `ProfitWell`: what the next renewal will collect, so every discount is deducted; what is paid
    /// for counts to the end of its period, and on hold counts as nothing.
    #[must_use]
    pub fn profitwell() -> Self {
        Self {
            discounts: DiscountRule::All,
            canceled: Counted::UntilPeriodEnd,
            unpaid: Counted::UntilPeriodEnd,
            ..Self::best_practice()
        }
    }

    /// Recurly: a month is 30 days, invoiced charges count to the end of their period, and negative
    /// recurring charges reduce the sum.
    #[must_use]
    pub fn recurly() -> Self {
        const DAYS_PER_WEEK: NonZeroU32 = NonZeroU32::new(7).expect("7 is not zero");
        Self {
            week_factor: Ratio::new(30, DAYS_PER_WEEK),
            day_factor: Ratio::whole(30),
            discounts: DiscountRule::All,
            negative_prices_count: true,
            canceled: Counted::UntilPeriodEnd,
            unpaid: Counted::UntilPeriodEnd,
            paused: Counted::UntilPeriodEnd,
            collection_paused: Counted::UntilPeriodEnd,
            ..Self::best_practice()
        }
    }
}
