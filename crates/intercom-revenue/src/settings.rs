//! A policy as somebody writes it down: a preset, and what differs from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::{
    AlertThresholds, ArrBasis, Counted, Currency, DiscountRule, Money, MovementPolicy, Preset,
    PriceSource, PriceUnit, Ratio, RevenuePolicy, Rounding, UnknownIntervals,
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
    /// No money is kept in a currency with this code.
    #[error("{name}: {currency} is no currency of ISO 4217; write a code such as USD or EUR")]
    NoCurrency {
        /// The field.
        name: &'static str,
        /// The code.
        currency: Currency,
    },
    /// One currency has several limits.
    #[error("{name} names {currency} twice, in capitals or not; keep one of the amounts")]
    CurrencyTwice {
        /// The field.
        name: &'static str,
        /// The currency.
        currency: Currency,
    },
    /// A limit below zero, which everybody would exceed.
    #[error("{name}: {minor} {currency} is below zero; write an amount in smallest units")]
    NegativeLimit {
        /// The field.
        name: &'static str,
        /// The amount in smallest units.
        minor: i64,
        /// The currency.
        currency: Currency,
    },
    /// Who is gone for some days would be retained and new at once.
    #[error(
        "most_gap_days: {most} is less than least_gap_days, {least}; raise it, lower the other, or \
         leave one out"
    )]
    Gaps {
        /// The fewest days of a gap.
        least: u32,
        /// The most.
        most: u32,
    },
}

/// Declares the settings: every field of [`RevenuePolicy`] once, each optional.
macro_rules! settings {
    ($($(#[$meta:meta])* $field:ident: $kind:ty,)+) => {
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
                $(#[$meta])*
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
    #[serde(deserialize_with = "each_once")]
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

impl AlertThresholds {
    /// The same, if it can be meant.
    ///
    /// # Errors
    /// [`SettingsError`] when it cannot.
    pub fn checked(self) -> Result<Self, SettingsError> {
        let name = "high_value_above";
        let mut seen = BTreeSet::new();
        for &Money { minor, currency } in &self.high_value_above {
            circulating(name, currency)?;
            if minor < 0 {
                return Err(SettingsError::NegativeLimit { name, minor, currency });
            }
            if !seen.insert(currency) {
                return Err(SettingsError::CurrencyTwice { name, currency });
            }
        }
        Ok(self)
    }
}

impl MovementPolicy {
    /// The same, if it can be meant.
    ///
    /// # Errors
    /// [`SettingsError::Gaps`] when it cannot.
    pub fn checked(self) -> Result<Self, SettingsError> {
        let least = self.least_gap_days;
        match self.most_gap_days {
            Some(most) if most < least => Err(SettingsError::Gaps { least, most }),
            Some(_) | None => Ok(self),
        }
    }
}

fn circulating(name: &'static str, currency: Currency) -> Result<(), SettingsError> {
    match currency.circulates() {
        true => Ok(()),
        false => Err(SettingsError::NoCurrency { name, currency }),
    }
}

/// Rates by currency, each once however it is spelt.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<Currency, Ratio>>, D::Error> {
    struct Each;
    impl<'de> Visitor<'de> for Each {
        type Value = BTreeMap<Currency, Ratio>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a rate for each currency")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut rates = BTreeMap::new();
            while let Some((currency, rate)) = map.next_entry()? {
                if rates.insert(currency, rate).is_some() {
                    let twice = SettingsError::CurrencyTwice { name: "rates", currency };
                    return Err(serde::de::Error::custom(twice));
                }
            }
            Ok(rates)
        }
    }
    deserializer.deserialize_map(Each).map(Some)
}

fn checked(policy: RevenuePolicy) -> Result<RevenuePolicy, SettingsError> {
    circulating("base_currency", policy.base_currency)?;
    policy.rates.keys().try_for_each(|&currency| circulating("rates", currency))?;
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
