//! How MRR moved over a period, from the history of customers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::DateTime;
use intercom_revenue::{
    Currency, Lines, Money, MovementPolicy, NoteCode, Observation, Period, Ratio, Rounding,
    StepCounts, Waterfall, waterfalls,
};
use intercom_store::{RevenueHistoryRow, RevenueState, Store, Workspace};
use serde::Serialize;

use crate::error::SyncError;
use crate::run::FIRST_RUN;
use crate::settings::SyncSettings;

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
    /// Customers whose amounts do not fit.
    pub n_left_out: u64,
    /// Why they were left out.
    pub notes: BTreeSet<NoteCode>,
}

/// MRR of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MrrWaterfall {
    /// Start, movements, end; they add up.
    pub lines: Lines<Money>,
    /// How many steps are in each line.
    pub counts: StepCounts,
    /// Customers who paid at the start.
    pub n_customers_at_start: u64,
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

    /// Net and gross revenue retention in percent, to the tenth; `–` where nobody paid at the start.
    #[must_use]
    pub fn retention_in_percent(&self) -> [(&'static str, String); 2] {
        let in_percent = |ratio: Option<Ratio>| ratio.map_or_else(|| "–".to_owned(), percent);
        [("NRR", in_percent(self.net_retention)), ("GRR", in_percent(self.gross_retention))]
    }
}

/// Tells how MRR moved over a period, as the history of customers shows it.
///
/// A customer is whom a row of the table stands for, with two exceptions: who changes the e-mail
/// address is neither gone nor new, and customers of one billing account count once when the policy
/// says so, with the figures that were observed last. MRR that only exchange rates have changed is a
/// line of its own, and so is what other rules made of the same records. What the first load found
/// was there before, and is no movement.
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
    let mut timelines = Timelines::default();
    let (mut email, mut number) = (String::new(), 0);
    loop {
        let until = period.ends_at.timestamp();
        let rows = store.revenue_history(workspace, until, (&email, number), CHUNK).await?;
        let Some(last) = rows.last() else { break };
        (email, number) = (last.email.clone(), last.change_number);
        rows.into_iter().for_each(|row| timelines.add(row));
    }
    let customers = timelines.customers(settings.revenue.merge_shared_billing);
    Ok(report(&customers, period, &policy, settings.revenue.rounding))
}

/// When the last run began that found everything new.
async fn first_load(
    store: &dyn Store,
    workspace: &Workspace,
) -> Result<Option<DateTime<chrono::Utc>>, SyncError> {
    let runs = store.last_runs(workspace, u32::MAX).await?;
    let first = runs.iter().find(|run| run.kind == FIRST_RUN);
    Ok(first.and_then(|run| DateTime::from_timestamp(run.started_at, 0)))
}

fn report(
    customers: &[Vec<Observation>],
    period: Period,
    policy: &MovementPolicy,
    rounding: Rounding,
) -> MrrReport {
    let (fitting, too_large): (Vec<_>, Vec<_>) =
        customers.iter().map(Vec::as_slice).partition(|observations| can_be_added(observations));
    let all = waterfalls(fitting, period, policy, None);
    let mut report = MrrReport {
        period,
        by_currency: BTreeMap::new(),
        n_left_out: all.n_left_out + too_large.len() as u64,
        notes: all.notes,
    };
    if !too_large.is_empty() {
        report.notes.insert(NoteCode::Overflow);
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
        net_retention: waterfall.net_retention(),
        gross_retention: waterfall.gross_retention(),
    })
}

/// One state of one row of the table.
struct Moment {
    observed_at: i64,
    change_number: i64,
    state: Option<RevenueState>,
    is_restated: bool,
}

/// The history by e-mail, and what joins e-mails to customers.
#[derive(Default)]
struct Timelines {
    emails: Vec<Vec<Moment>>,
    last_email: String,
    /// Billing accounts, each with the rows that had it.
    billing: BTreeMap<String, BTreeSet<usize>>,
    /// Contacts that stopped speaking for a row when its customer went, with the instant.
    left: BTreeMap<(i64, String), usize>,
    /// Contacts that began to speak for a row when its customer came.
    came: BTreeMap<(i64, String), usize>,
}

impl Timelines {
    /// Rows come by e-mail, in the order of the changes.
    fn add(&mut self, row: RevenueHistoryRow) {
        if self.emails.is_empty() || self.last_email != row.email {
            self.last_email = row.email;
            self.emails.push(Vec::new());
        }
        let index = self.emails.len() - 1;
        let moments = &mut self.emails[index];
        let before = moments.last().and_then(|moment| moment.state.as_ref());
        let contact = |state: Option<&RevenueState>| state?.intercom_contact_id.clone();
        match (before, &row.state) {
            (Some(_), None) => {
                let key = contact(before).map(|contact| (row.observed_at, contact));
                self.left.extend(key.map(|key| (key, index)));
            }
            (None, Some(state)) => {
                let key = contact(Some(state)).map(|contact| (row.observed_at, contact));
                self.came.extend(key.map(|key| (key, index)));
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if let Some(id) = row.state.as_ref().and_then(|state| state.stripe_customer_id.clone()) {
            self.billing.entry(id).or_default().insert(index);
        }
        let RevenueHistoryRow { observed_at, change_number, state, is_restated, .. } = row;
        moments.push(Moment { observed_at, change_number, state, is_restated });
    }

    /// The observations of every customer.
    fn customers(self, merge_shared_billing: bool) -> Vec<Vec<Observation>> {
        let mut groups = Groups((0..self.emails.len()).collect());
        for (key, &old) in &self.left {
            if let Some(&new) = self.came.get(key) {
                groups.join(old, new);
            }
        }
        for rows in self.billing.values().filter(|_| merge_shared_billing) {
            for pair in rows.iter().collect::<Vec<_>>().windows(2) {
                groups.join(*pair[0], *pair[1]);
            }
        }
        let mut members: BTreeMap<usize, Vec<Vec<Moment>>> = BTreeMap::new();
        for (index, moments) in self.emails.into_iter().enumerate() {
            members.entry(groups.root(index)).or_default().push(moments);
        }
        members.into_values().map(observations).collect()
    }
}

/// Which rows belong together: every row points to another of its group, and one to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left] = right;
    }
}

/// One customer's observations: at every instant the state, among its rows, that was observed last.
fn observations(rows: Vec<Vec<Moment>>) -> Vec<Observation> {
    let n_rows = rows.len();
    let mut moments: Vec<(usize, Moment)> = rows
        .into_iter()
        .enumerate()
        .flat_map(|(row, moments)| moments.into_iter().map(move |moment| (row, moment)))
        .collect();
    moments.sort_by_key(|(row, moment)| (moment.observed_at, moment.change_number, *row));
    let mut current: Vec<Option<((i64, i64), RevenueState)>> = vec![None; n_rows];
    let mut before: Option<RevenueState> = None;
    let mut is_restated = false;
    let mut observations = Vec::with_capacity(moments.len());
    let mut moments = moments.into_iter().peekable();
    while let Some((row, moment)) = moments.next() {
        let at = (moment.observed_at, moment.change_number);
        current[row] = moment.state.map(|state| (at, state));
        is_restated |= moment.is_restated;
        if moments.peek().is_some_and(|(_, next)| next.observed_at == moment.observed_at) {
            continue;
        }
        let Some(observed_at) = DateTime::from_timestamp(moment.observed_at, 0) else { continue };
        let latest = current.iter().flatten().max_by_key(|(at, _)| *at).map(|(_, state)| state);
        observations.push(Observation {
            observed_at,
            mrr: latest.and_then(|state| state.mrr),
            ltv: latest.and_then(|state| state.ltv),
            only_rates_moved: before.as_ref().zip(latest).is_some_and(only_rates_moved),
            is_restated,
        });
        is_restated = false;
        before = latest.cloned();
    }
    observations
}

fn only_rates_moved((before, after): (&RevenueState, &RevenueState)) -> bool {
    let is_known = !after.mrr_by_currency.is_empty();
    is_known && before.mrr_by_currency == after.mrr_by_currency && before.mrr != after.mrr
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
            let [net, gross] = waterfall.retention_in_percent();
            write!(f, "\n  {} {}, {} {}", net.0, net.1, gross.0, gross.1)?;
            match waterfall.n_customers_at_start {
                1 => f.write_str(" of 1 customer")?,
                n => write!(f, " of {n} customers")?,
            }
        }
        match self.n_left_out {
            0 => Ok(()),
            1 => f.write_str("\n1 customer left out: its amounts do not fit"),
            n => write!(f, "\n{n} customers left out: their amounts do not fit"),
        }
    }
}

/// To the tenth of a percent.
fn percent(ratio: Ratio) -> String {
    let tenths =
        ratio.checked_mul(Ratio::whole(1_000)).map(|ratio| ratio.round(Rounding::HalfAwayFromZero));
    tenths.map_or("–".to_owned(), |tenths| format!("{}.{} %", tenths / 10, (tenths % 10).abs()))
}
