//! How MRR got from the start of a period to its end, and how much of it was retained.

mod customer;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use self::customer::Customer;
use crate::timeline::states;
use crate::{Currency, Money, MoneyError, Movement, NoteCode, Observation, Rates, Ratio, Rounding};

/// From an instant to just before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first instant in it.
    pub starts_at: DateTime<Utc>,
    /// The first instant after it.
    pub ends_at: DateTime<Utc>,
}

/// How movements are told apart where definitions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MovementPolicy {
    /// Which steps of a customer count.
    pub steps: Steps,
    /// Who is gone for fewer days than this was never gone.
    pub least_gap_days: u32,
    /// Who returns after more days than this is new; `None` never forgets.
    pub most_gap_days: Option<u32>,
    /// Who leaves and returns within the period is retained.
    pub returns_are_retained: bool,
    /// When observing began: MRR first seen up to then was there before, and is no movement.
    #[serde(deserialize_with = "instant")]
    pub observed_since: Option<DateTime<Utc>>,
}

/// Which steps of a customer count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// Every one: who signs up and leaves within the period is new and churned.
    #[default]
    Every,
    /// From the start of the period to its end: who comes and goes in between is neither.
    Net,
}

/// An instant in RFC 3339, or none.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let read = DateTime::parse_from_rfc3339(&text).map_err(|_| {
        serde::de::Error::custom(format!(
            "{text:?} is no instant; write one with its zone, such as \"2026-01-01T00:00:00Z\""
        ))
    });
    read.map(|at| Some(at.to_utc()))
}

/// Stripe's: every step counts, any gap is one, nobody is forgotten.
impl Default for MovementPolicy {
    fn default() -> Self {
        Self {
            steps: Steps::Every,
            least_gap_days: 0,
            most_gap_days: None,
            returns_are_retained: true,
            observed_since: None,
        }
    }
}

impl MovementPolicy {
    /// `ProfitWell`: who comes and goes within the period is ignored.
    #[must_use]
    pub fn profitwell() -> Self {
        Self { steps: Steps::Net, ..Self::default() }
    }

    /// Recurly: a reactivation takes a gap of a month.
    #[must_use]
    pub fn recurly() -> Self {
        Self { least_gap_days: 30, ..Self::default() }
    }

    /// Maxio: who returns after more than 90 days is new.
    #[must_use]
    pub fn maxio() -> Self {
        Self { most_gap_days: Some(90), ..Self::default() }
    }
}

/// Rates that put every currency into one: movements are measured at the rates of the start, and
/// what the rates did to the sum is [`Lines::exchange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The rates at the start of the period.
    pub at_start: Rates,
    /// The rates at its end, into the same currency.
    pub at_end: BTreeMap<Currency, Ratio>,
}

/// The waterfall of every currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waterfalls {
    /// Exact smallest units of each currency; only one currency when amounts are converted.
    pub by_currency: BTreeMap<Currency, Waterfall>,
    /// Customers who are in none: without a rate, or with amounts that do not fit.
    pub n_left_out: u64,
    /// Why customers were left out.
    pub notes: BTreeSet<NoteCode>,
}

/// MRR of one currency over a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waterfall {
    /// Exact smallest units.
    pub lines: Lines<Ratio>,
    /// How many steps are in each line.
    pub counts: StepCounts,
    /// The customers who paid at the start.
    pub cohort: Cohort,
}

/// Start, what was added and taken away, end; the lines before `end` add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lines<Amount> {
    /// At the start of the period.
    pub start: Amount,
    /// There before observing began, seen first in this period.
    pub opening: Amount,
    /// By customers who had never paid.
    pub new: Amount,
    /// By customers who had paid before.
    pub reactivation: Amount,
    /// More of the same customers.
    pub expansion: Amount,
    /// Less of the same customers; not above zero.
    pub contraction: Amount,
    /// Nothing left of a customer; not above zero.
    pub churn: Amount,
    /// Of customers who changed their currency: what left this one, and what came.
    pub currency_change: Amount,
    /// What changed rates did to the MRR at the end.
    pub exchange: Amount,
    /// What other rules made of the same records.
    pub restated: Amount,
    /// At the end of the period.
    pub end: Amount,
}

/// How many steps are in each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepCounts {
    /// First payments.
    pub n_new: u64,
    /// Returns.
    pub n_reactivations: u64,
    /// Steps up.
    pub n_expansions: u64,
    /// Steps down.
    pub n_contractions: u64,
    /// Departures.
    pub n_churned: u64,
}

/// The customers who paid at the start, in amounts that can be compared.
///
/// Who changes the currency is not among them, unless amounts are converted; rates and rules are
/// those of the start throughout. Nor is who pays only by the rules of before or after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cohort {
    /// How many there are.
    pub n_customers: u64,
    /// How many of them pay nothing at the end.
    pub n_lost: u64,
    /// How many others paid at the start and cannot be compared.
    pub n_incomparable: u64,
    /// What they paid at the start.
    pub start: Ratio,
    /// What they pay at the end.
    pub end: Ratio,
    /// The same, but nobody for more than at the start.
    pub kept: Ratio,
}

/// Adds up the movements of customers, each given by its observations in any order.
///
/// With `exchange`, everything is in one currency; without, every currency has its own waterfall.
#[must_use]
pub fn waterfalls<'a>(
    customers: impl IntoIterator<Item = &'a [Observation]>,
    period: Period,
    policy: &MovementPolicy,
    exchange: Option<&Exchange>,
) -> Waterfalls {
    let mut all = Waterfalls::default();
    for observations in customers {
        let customer = Customer { states: states(observations, policy), period, policy, exchange };
        match customer.add_to(&all.by_currency) {
            Ok(changed) => all.by_currency.extend(changed),
            Err(code) => {
                all.n_left_out += 1;
                all.notes.insert(code);
            }
        }
    }
    all
}

impl Waterfall {
    /// Net revenue retention: the cohort's MRR at the end by its MRR at the start; `None` when that
    /// is zero.
    #[must_use]
    pub fn net_retention(&self) -> Option<Ratio> {
        quotient(self.cohort.end, self.cohort.start)
    }

    /// Gross revenue retention: the same without growth, never above one.
    #[must_use]
    pub fn gross_retention(&self) -> Option<Ratio> {
        quotient(self.cohort.kept, self.cohort.start)
    }

    /// The share of the cohort's customers who were lost; `None` when there were none.
    #[must_use]
    pub fn customer_churn(&self) -> Option<Ratio> {
        let Cohort { n_lost, n_customers, .. } = self.cohort;
        quotient(Ratio::whole(n_lost.into()), Ratio::whole(n_customers.into()))
    }

    /// New, returning and expanding MRR by contracting and churning MRR; `None` when nothing was
    /// lost.
    #[must_use]
    pub fn quick_ratio(&self) -> Option<Ratio> {
        let Lines { new, reactivation, expansion, contraction, churn, .. } = self.lines;
        let gained = new.checked_add(reactivation)?.checked_add(expansion)?;
        let lost = Ratio::ZERO.checked_sub(contraction.checked_add(churn)?)?;
        quotient(gained, lost)
    }

    /// The lines in whole smallest units, which still add up: sums are rounded, lines are their
    /// differences.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when a line does not fit.
    pub fn in_money(
        &self,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Lines<Money>, MoneyError> {
        let mut exact = Ratio::ZERO;
        let mut whole = Money::zero(currency);
        let mut line = |amount: Ratio| {
            exact = exact.checked_add(amount).ok_or(MoneyError::Overflow)?;
            let sum = Money::from_ratio(exact, currency, rounding)?;
            let line = sum.checked_sub(whole)?;
            whole = sum;
            Ok(line)
        };
        let lines = &self.lines;
        Ok(Lines {
            start: line(lines.start)?,
            opening: line(lines.opening)?,
            new: line(lines.new)?,
            reactivation: line(lines.reactivation)?,
            expansion: line(lines.expansion)?,
            contraction: line(lines.contraction)?,
            churn: line(lines.churn)?,
            currency_change: line(lines.currency_change)?,
            exchange: line(lines.exchange)?,
            restated: line(lines.restated)?,
            end: whole,
        })
    }

    fn add(&mut self, kind: Kind, amount: Ratio) -> Result<(), NoteCode> {
        let line = match kind {
            Kind::Start => &mut self.lines.start,
            Kind::Opening => &mut self.lines.opening,
            Kind::Restated => &mut self.lines.restated,
            Kind::End => &mut self.lines.end,
            Kind::Moved(movement) => self.movement_line(movement),
        };
        *line = line.checked_add(amount).ok_or(NoteCode::Overflow)?;
        Ok(())
    }

    fn movement_line(&mut self, movement: Movement) -> &mut Ratio {
        let Self { lines, counts, .. } = self;
        let (line, count) = match movement {
            Movement::New => (&mut lines.new, &mut counts.n_new),
            Movement::Reactivation => (&mut lines.reactivation, &mut counts.n_reactivations),
            Movement::Expansion => (&mut lines.expansion, &mut counts.n_expansions),
            Movement::Contraction => (&mut lines.contraction, &mut counts.n_contractions),
            Movement::Churn => (&mut lines.churn, &mut counts.n_churned),
            Movement::CurrencyChange => return &mut lines.currency_change,
            Movement::Exchange => return &mut lines.exchange,
        };
        *count += 1;
        line
    }

    fn add_to_cohort(&mut self, start: Ratio, end: Ratio) -> Result<(), NoteCode> {
        let cohort = &mut self.cohort;
        let add = |sum: Ratio, amount: Ratio| sum.checked_add(amount).ok_or(NoteCode::Overflow);
        let larger = start.checked_max(end).ok_or(NoteCode::Overflow)?;
        cohort.n_customers += 1;
        cohort.n_lost += u64::from(end == Ratio::ZERO);
        cohort.start = add(cohort.start, start)?;
        cohort.end = add(cohort.end, end)?;
        cohort.kept = add(cohort.kept, if larger == end { start } else { end })?;
        Ok(())
    }
}

pub(crate) fn quotient(numerator: Ratio, denominator: Ratio) -> Option<Ratio> {
    numerator.checked_mul(denominator.reciprocal()?)
}

/// A line of a waterfall that one amount belongs to.
#[derive(Clone, Copy)]
enum Kind {
    Start,
    Opening,
    Moved(Movement),
    Restated,
    End,
}
