//! Whether MRR that is lower than before may be so because of rows of which nobody can say what they
//! bring, or because something is over.
//!
//! A row in a state that nobody defines explains what it would bring if it were active, as far as
//! that is all that is missing, and no more than there was before. A row that counts and whose price
//! nobody knows may have brought any amount. Neither explains anything once there are fewer
//! subscriptions than before, and those that are over were worth what is missing. A price below zero
//! never explains anything: a credit is no MRR.

use chrono::{DateTime, Utc};

use crate::exchange::convert;
use crate::{
    BillingHistory, Currency, Money, NoteCode, Ratio, RevenuePolicy, Spelling, Subscription,
    SubscriptionLine, SubscriptionStatus, UnknownIntervals, Verdict, recurring,
};

/// MRR that is lower than before, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fall {
    /// What it was.
    pub from: Money,
    /// How many subscriptions counted then, if that is known.
    pub n_before: Option<u32>,
    /// What the rows say.
    pub to: Option<Money>,
    /// How many entries of the list cannot be read.
    pub n_unreadable: u32,
}

/// Why a row that counts brings nothing, or nothing that is known. By policy some of it counts.
pub(crate) fn is_price_unknown(
    line: &SubscriptionLine<'_>,
    code: NoteCode,
    policy: &RevenuePolicy,
) -> bool {
    let is_unknown = match code {
        NoteCode::UnknownInterval => policy.unknown_intervals == UnknownIntervals::LeaveOut,
        NoteCode::Unpriceable | NoteCode::Overflow | NoteCode::FractionalMinorUnits => true,
        _ => false,
    };
    is_unknown && line.verdict == Verdict::Counts
}

/// Whether a row has no price but one below zero, by a policy that does not count it.
pub(crate) fn is_credit(line: &SubscriptionLine<'_>) -> bool {
    line.notes.contains(&NoteCode::NegativeAmount) && line.monthly == Some(Ratio::ZERO)
}

/// Whether what is missing may be paid all the same.
#[must_use]
pub fn is_fall_doubtful(
    fall: &Fall,
    history: &BillingHistory,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> bool {
    let Some(rows) = &history.subscriptions else { return true };
    let lines = recurring::lines(rows, policy, now);
    let is_strange = |line: &&SubscriptionLine<'_>| line.notes.contains(&NoteCode::UnknownStatus);
    let has_no_price = |line: &&SubscriptionLine<'_>| {
        line.notes.iter().any(|&code| is_price_unknown(line, code, policy))
    };
    let n_strange = lines.iter().filter(is_strange).count();
    let n_priceless = lines.iter().filter(has_no_price).count();
    let n_unreadable = usize::try_from(fall.n_unreadable).unwrap_or(usize::MAX);
    let Some(missing) = missing(fall) else { return true };

    // Entries that are no rows at all may be subscriptions, too.
    let n_no_rows = n_unreadable.saturating_sub(n_strange + n_priceless);
    let is_counted =
        |line: &&SubscriptionLine<'_>| line.verdict == Verdict::Counts && !is_credit(line);
    let n_counted = lines.iter().filter(is_counted).count();
    let n_possible = n_counted + n_strange + n_no_rows;
    let is_fewer = fall.n_before.is_some_and(|before| n_possible < before as usize);
    let if_active = |row: &Subscription| as_active(row, fall.from.currency, policy, now);
    let is_over = |row: &&Subscription| !matches!(row.status, SubscriptionStatus::Other(_));
    if is_fewer {
        let lost = rows.iter().filter(is_over).filter(|row| !counts(row, policy, now));
        let lost = lost.filter_map(if_active).try_fold(Ratio::ZERO, Ratio::checked_add);
        if lost.is_some_and(|lost| is_at_least(lost, missing)) {
            return false;
        }
    }
    if n_priceless > 0 || n_unreadable > 0 || fall.to.is_none() {
        return true;
    }
    // What it was is rounded.
    let before = Ratio::whole(i128::from(fall.from.minor) + 1);
    let mut strange = Ratio::ZERO;
    for row in rows.iter().filter(|row| !is_over(row)) {
        let Some(amount) = if_active(row) else { return true };
        if is_at_least(before, amount) {
            strange = strange.checked_add(amount).unwrap_or(strange);
        }
    }
    is_at_least(strange, missing)
}

/// How much is missing, less than a rounding; `None` when the currencies cannot be compared.
fn missing(fall: &Fall) -> Option<Ratio> {
    let from = i128::from(fall.from.minor);
    let to = match fall.to {
        Some(to) if to.currency == fall.from.currency => to.minor.into(),
        Some(to) if to.minor == 0 => 0,
        Some(_) => return None,
        None => 0,
    };
    Some(Ratio::whole(from - to - 1))
}

fn counts(row: &Subscription, policy: &RevenuePolicy, now: DateTime<Utc>) -> bool {
    let lines = recurring::lines(std::slice::from_ref(row), policy, now);
    lines.iter().any(|line| line.verdict != Verdict::LeftOut)
}

/// What a row would bring if it were active, a month where nobody knows the interval; `None` when
/// nobody can say.
fn as_active(
    row: &Subscription,
    into: Currency,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Option<Ratio> {
    let policy = RevenuePolicy { unknown_intervals: UnknownIntervals::AsMonth, ..policy.clone() };
    let mut row = Subscription { status: SubscriptionStatus::Active, ..row.clone() };
    row.status_spelling = Spelling::Exact;
    (row.cancel_at_period_end, row.cancels_at) = (false, None);
    let lines = recurring::lines(std::slice::from_ref(&row), &policy, now);
    let line = lines.first()?;
    let is_known = !line.notes.iter().any(|&code| is_price_unknown(line, code, &policy));
    let is_same = line.currency == into || into == policy.base_currency;
    let monthly = line.monthly.filter(|_| is_known && is_same)?;
    convert(monthly, line.currency, into, &policy.rates)
}

fn is_at_least(amount: Ratio, other: Ratio) -> bool {
    amount.checked_max(other) == Some(amount)
}
