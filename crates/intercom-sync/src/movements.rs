//! How MRR moved over a period, from the history of customers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use intercom_revenue::{
    Currency, Lines, Money, MovementPolicy, NoteCode, Observation, Period, Rates, Ratio, Rounding,
    StepCounts, Waterfall, waterfalls,
};
use intercom_store::{Store, Workspace};
use serde::Serialize;

use crate::error::SyncError;
use crate::odd::has_rate;
use crate::run::FIRST_RUN;
use crate::settings::SyncSettings;
use crate::timelines::{Amounts, Timeline, Timelines};

/// Rows of history read at a time.
const CHUNK: u32 = 5_000;

/// The largest MRR of a customer that is added up, in smallest units: a million of them fit.
const MOST_MRR: u64 = i64::MAX as u64 / 1_000_000;

/// MRR from the start of a period to its end, and how much of it was retained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MrrReport {
    /// The period.
    pub period: Period,
    /// By currency; converted amounts have one.
    pub by_currency: BTreeMap<Currency, MrrWaterfall>,
    /// What customers pay beside it, in currencies that their figures are not in.
    pub beside: BTreeMap<Currency, MrrBeside>,
    /// Customers whose amounts do not fit.
    pub n_left_out: u64,
    /// Why they, or some of their amounts, were left out.
    pub notes: BTreeSet<NoteCode>,
}

/// MRR of customers who pay in several currencies, in one that their figures are not in: it is in no
/// waterfall, as it is not in the customer's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MrrBeside {
    /// How many pay it, or did at the start or within the period.
    pub n_customers: u64,
    /// At the start of the period.
    pub start: Money,
    /// At its end.
    pub end: Money,
}

/// MRR of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MrrWaterfall {
    /// Start, movements, end; they add up.
    pub lines: Lines<Money>,
    /// How many steps are in each line.
    pub counts: StepCounts,
    /// Customers who paid at the start, as far as retention compares them.
    pub n_customers_at_start: u64,
    /// Others who paid at the start: retention leaves them out, because what they pay at the end is in
    /// another currency, or there is something by one of two sets of rules only.
    pub n_incomparable: u64,
    /// Net revenue retention: `1` is all; absent when nobody paid at the start.
    pub net_retention: Option<Ratio>,
    /// Gross revenue retention, never above one.
    pub gross_retention: Option<Ratio>,
}

/// A line of a waterfall, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedLine {
    /// What the amount is, in words.
    pub name: &'static str,
    /// How much; what left is below zero.
    pub amount: Money,
    /// How many steps made it, where steps are counted.
    pub n_steps: Option<u64>,
}

impl MrrWaterfall {
    /// The lines from the start to the end, which all before it add up to.
    #[must_use]
    pub fn named_lines(&self) -> [NamedLine; 11] {
        let Self { lines, counts, .. } = self;
        [
            ("start", lines.start, None),
            ("opening", lines.opening, None),
            ("new", lines.new, Some(counts.n_new)),
            ("reactivation", lines.reactivation, Some(counts.n_reactivations)),
            ("expansion", lines.expansion, Some(counts.n_expansions)),
            ("contraction", lines.contraction, Some(counts.n_contractions)),
            ("churn", lines.churn, Some(counts.n_churned)),
            ("currency change", lines.currency_change, None),
            ("exchange rates", lines.exchange, None),
            ("other rules", lines.restated, None),
            ("end", lines.end, None),
        ]
        .map(|(name, amount, n_steps)| NamedLine { name, amount, n_steps })
    }

    /// Net and gross revenue retention in percent, to the tenth, half a tenth away from zero; `–`
    /// where nobody paid at the start.
    #[must_use]
    pub fn retention_in_percent(&self) -> [(&'static str, String); 2] {
        let in_percent = |ratio: Option<Ratio>| ratio.map_or_else(|| "–".to_owned(), percent);
        [("NRR", in_percent(self.net_retention)), ("GRR", in_percent(self.gross_retention))]
    }

    /// Retention in words, and of whom.
    fn retention(&self) -> String {
        let customers = |n: u64| if n == 1 { "customer" } else { "customers" };
        let [(net_name, net), (gross_name, gross)] = self.retention_in_percent();
        let figures = format!("{net_name} {net}, {gross_name} {gross}");
        let (n, n_others) = (self.n_customers_at_start, self.n_incomparable);
        let why = "in another currency or by other rules";
        match (n, n_others) {
            (0, 0) => format!("{figures}: nobody paid at the start"),
            (0, _) => {
                let others = customers(n_others);
                format!(
                    "{figures}: the {n_others} {others} of the start cannot be compared, {why} at \
                     the end"
                )
            }
            (_, 0) => format!("{figures} of {n} {}", customers(n)),
            (_, _) => {
                format!("{figures} of {n} {}, without {n_others} {why} at the end", customers(n))
            }
        }
    }
}

/// Tells how MRR moved over a period, as the history of customers shows it.
///
/// A customer is whom a row of the table stands for, with these exceptions: who changes the e-mail
/// address, even for one that another customer had, is neither gone nor new, nor is who is merged into
/// another; and a billing account is one customer, when the policy says so, whoever of those that name
/// it is billed: at every instant it counts once, as [`SharedBilling::Once`] counts. MRR that only
/// exchange rates have changed is a line of its own, and so is what other rules made of the same
/// records. What the first load found was there before, and is no movement.
///
/// [`SharedBilling::Once`]: intercom_store::SharedBilling::Once
///
/// # Errors
/// [`SyncError::Store`].
pub async fn waterfall(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    period: Period,
) -> Result<MrrReport, SyncError> {
    let mut policy = settings.movements;
    if policy.observed_since.is_none() {
        policy.observed_since = first_load(store, workspace).await?;
    }
    let revenue = &settings.revenue;
    let rates = (!revenue.rates.is_empty())
        .then(|| Rates { into: revenue.base_currency, by_currency: revenue.rates.clone() });
    let mut timelines = Timelines::new(rates);
    let (mut email, mut number) = (String::new(), 0);
    loop {
        let until = period.ends_at.timestamp();
        let rows = store.revenue_history(workspace, until, (&email, number), CHUNK).await?;
        let Some(last) = rows.last() else { break };
        (email, number) = (last.email.clone(), last.change_number);
        rows.into_iter().for_each(|row| timelines.add(row));
    }
    let aliases = store.aliases(workspace).await?;
    let customers = timelines.customers(settings.revenue.merge_shared_billing, &aliases);
    let mut report = report(&customers, period, &policy, settings.revenue.rounding);
    let in_use = report.by_currency.keys().chain(report.beside.keys());
    if in_use.copied().any(|currency| !has_rate(currency, revenue)) {
        report.notes.insert(NoteCode::NoRate);
    }
    Ok(report)
}

/// When the last run began that found everything new.
pub(crate) async fn first_load(
    store: &dyn Store,
    workspace: &Workspace,
) -> Result<Option<DateTime<Utc>>, SyncError> {
    let runs = store.last_runs(workspace, u32::MAX).await?;
    let first = runs.iter().find(|run| run.kind == FIRST_RUN);
    Ok(first.and_then(|run| DateTime::from_timestamp(run.started_at, 0)))
}

fn report(
    customers: &[Timeline],
    period: Period,
    policy: &MovementPolicy,
    rounding: Rounding,
) -> MrrReport {
    let (fitting, too_large): (Vec<_>, Vec<_>) =
        customers.iter().map(|it| &*it.observations).partition(|it| can_be_added(it));
    let all = waterfalls(fitting, period, policy, None);
    let mut report = MrrReport {
        period,
        by_currency: BTreeMap::new(),
        beside: beside(customers, period, rounding),
        n_left_out: all.n_left_out + too_large.len() as u64,
        notes: all.notes,
    };
    if !too_large.is_empty() {
        report.notes.insert(NoteCode::Overflow);
    }
    if !report.beside.is_empty() {
        report.notes.insert(NoteCode::MixedCurrency);
    }
    for (currency, waterfall) in all.by_currency {
        match in_money(&waterfall, currency, rounding) {
            Some(waterfall) => {
                report.by_currency.insert(currency, waterfall);
            }
            None => {
                report.notes.insert(NoteCode::Overflow);
            }
        }
    }
    report
}

/// What customers pay in currencies that their figures are not in, by currency.
fn beside(
    customers: &[Timeline],
    period: Period,
    rounding: Rounding,
) -> BTreeMap<Currency, MrrBeside> {
    let mut all: BTreeMap<Currency, MrrBeside> = BTreeMap::new();
    for Timeline { beside, .. } in customers {
        let n_before = beside.partition_point(|(at, _)| *at < period.starts_at);
        let n_known = beside.partition_point(|(at, _)| *at < period.ends_at);
        // The state at the start, and those within the period.
        let states = &beside[n_before.saturating_sub(1)..n_known.max(n_before)];
        let currencies: BTreeSet<Currency> =
            states.iter().flat_map(|(_, amounts)| amounts.keys().copied()).collect();
        for currency in currencies {
            let zero = Money::zero(currency);
            let amount = |state: Option<&(DateTime<Utc>, Amounts)>| {
                let exact = state.and_then(|(_, amounts)| amounts.get(&currency));
                exact.and_then(|&exact| Money::from_ratio(exact, currency, rounding).ok())
            };
            let start = amount(states.first().filter(|(at, _)| *at < period.starts_at));
            let sum =
                all.entry(currency).or_insert(MrrBeside { n_customers: 0, start: zero, end: zero });
            let end = amount(states.last());
            sum.n_customers += 1;
            // What does not fit stays out of the sum.
            sum.start = sum.start.checked_add(start.unwrap_or(zero)).unwrap_or(sum.start);
            sum.end = sum.end.checked_add(end.unwrap_or(zero)).unwrap_or(sum.end);
        }
    }
    // What came and went within the period, or is less than a smallest unit, says nothing.
    all.retain(|_, sum| sum.start.minor != 0 || sum.end.minor != 0);
    all
}

/// One absurd amount is not to hide what the others pay.
fn can_be_added(observations: &[Observation]) -> bool {
    let mrr = observations.iter().filter_map(|observation| observation.mrr);
    mrr.map(|mrr| mrr.minor.unsigned_abs()).all(|minor| minor <= MOST_MRR)
}

fn in_money(waterfall: &Waterfall, currency: Currency, rounding: Rounding) -> Option<MrrWaterfall> {
    Some(MrrWaterfall {
        lines: waterfall.in_money(currency, rounding).ok()?,
        counts: waterfall.counts,
        n_customers_at_start: waterfall.cohort.n_customers,
        n_incomparable: waterfall.cohort.n_incomparable,
        net_retention: waterfall.net_retention(),
        gross_retention: waterfall.gross_retention(),
    })
}

impl fmt::Display for MrrReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.period.starts_at, self.period.ends_at);
        let day = "%Y-%m-%d %H:%M";
        write!(f, "MRR from {} to {} (UTC)", from.format(day), to.format(day))?;
        if self.by_currency.is_empty() {
            f.write_str("\nnobody paid")?;
        }
        for (currency, waterfall) in &self.by_currency {
            write!(f, "\n{currency}")?;
            for NamedLine { name, amount, n_steps } in waterfall.named_lines() {
                // Hardly any period has one.
                if name == "other rules" && amount.minor == 0 {
                    continue;
                }
                write!(f, "\n  {name:<16} {:>16}", amount.amount().to_string())?;
                if let Some(n) = n_steps.filter(|n| *n > 0) {
                    write!(f, "  ({n})")?;
                }
            }
            write!(f, "\n  {}", waterfall.retention())?;
        }
        for (currency, MrrBeside { n_customers, start, end }) in &self.beside {
            let customers = if *n_customers == 1 { "customer pays" } else { "customers pay" };
            write!(
                f,
                "\nnot in it: {n_customers} {customers} in {currency}, too, {} at the start and {} \
                 at the end",
                start.amount(),
                end.amount()
            )?;
        }
        if self.notes.contains(&NoteCode::NoRate) {
            f.write_str("\nnot converted: currencies that the exchange rates leave out")?;
        }
        match self.n_left_out {
            0 => Ok(()),
            1 => f.write_str("\n1 customer left out: its amounts do not fit"),
            n => write!(f, "\n{n} customers left out: their amounts do not fit"),
        }
    }
}

/// To the tenth of a percent, half a tenth away from zero.
fn percent(ratio: Ratio) -> String {
    let tenths =
        ratio.checked_mul(Ratio::whole(1_000)).map(|ratio| ratio.round(Rounding::HalfAwayFromZero));
    tenths.map_or("–".to_owned(), |tenths| format!("{}.{} %", tenths / 10, (tenths % 10).abs()))
}
