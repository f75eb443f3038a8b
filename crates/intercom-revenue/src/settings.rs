//! A policy as somebody writes it down: a preset, and what differs from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    ArrBasis, Counted, Currency, DiscountRule, Preset, PriceSource, PriceUnit, Ratio,
    RevenuePolicy, Rounding, UnknownIntervals,
};

/// Why settings are no policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A factor or rate has to be above zero.
    #[error("{name} must be above zero, not {value}")]
    NotPositive {
        /// The field, and the currency if it has several.
        name: String,
        /// What it is set to.
        value: Ratio,
    },
    /// The base currency has a rate into itself.
    #[error("rates are into {0}, which therefore has none")]
    RateOfBaseCurrency(Currency),
}

/// Declares the settings: every field of [`RevenuePolicy`] once, each optional.
macro_rules! settings {
    ($($field:ident: $kind:ty,)+) => {
        /// The settings of [`RevenuePolicy`]: a preset and the fields that differ from it.
        ///
        /// Words are in snake case, ratios are texts such as `"52/12"` or `"1.0835"`, currencies
        /// are three letters. A name that is not a field is refused.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RevenueSettings {
            /// What everything is that is not named here.
            pub preset: Preset,
            $(
                #[doc = concat!("Sets [`RevenuePolicy::", stringify!($field), "`].")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )+
        }

        /// Every field as it is, so that nothing is left to a preset.
        impl From<&RevenuePolicy> for RevenueSettings {
            fn from(policy: &RevenuePolicy) -> Self {
                Self { preset: Preset::Default, $($field: Some(policy.$field.clone()),)+ }
            }
        }

        impl RevenueSettings {
            /// The policy that is meant.
            ///
            /// # Errors
            /// [`SettingsError`] when a number cannot be meant.
            pub fn policy(self) -> Result<RevenuePolicy, SettingsError> {
                let preset = self.preset.policy();
                checked(RevenuePolicy { $($field: self.$field.unwrap_or(preset.$field),)+ })
            }
        }
    };
}

settings! {
    base_currency: Currency,
    separate_currencies: bool,
    rates: BTreeMap<Currency, Ratio>,
    prices: PriceSource,
    multiply_quantity: bool,
    divide_interval_count: bool,
    short_intervals_known: bool,
    week_factor: Ratio,
    day_factor: Ratio,
    unknown_intervals: UnknownIntervals,
    discounts: DiscountRule,
    deduct_included_tax: bool,
    metered_counts: bool,
    negative_prices_count: bool,
    flat_price_counts: bool,
    plan_price_unit: PriceUnit,
    trialing: Counted,
    past_due: Counted,
    unpaid: Counted,
    canceled: Counted,
    incomplete: Counted,
    paused: Counted,
    collection_paused: Counted,
    cancel_scheduled: Counted,
    exact_spelling_only: bool,
    free_subscriptions_count: bool,
    paid_counts: bool,
    deduct_refunds: bool,
    deduct_lost_disputes: bool,
    deduct_payment_tax: bool,
    negative_totals_count: bool,
    merge_duplicates: bool,
    merge_shared_billing: bool,
    arr_basis: ArrBasis,
    rounding: Rounding,
}

fn checked(policy: RevenuePolicy) -> Result<RevenuePolicy, SettingsError> {
    let factors = [("week_factor", policy.week_factor), ("day_factor", policy.day_factor)];
    let factors = factors.map(|(name, value)| (name.to_owned(), value)).into_iter();
    let rates = policy.rates.iter().map(|(currency, &rate)| (format!("rates.{currency}"), rate));
    if let Some((name, value)) = factors.chain(rates).find(|(_, value)| value.numerator() <= 0) {
        return Err(SettingsError::NotPositive { name, value });
    }
    if policy.rates.contains_key(&policy.base_currency) {
        return Err(SettingsError::RateOfBaseCurrency(policy.base_currency));
    }
    Ok(policy)
}
