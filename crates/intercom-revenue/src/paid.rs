//! What each payment brought.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::recurring::Verdict;
use crate::rows::{currency_of_row, in_order};
use crate::{
    Currency, Dispute, NoteCode, Payment, PaymentStatus, Ratio, Refund, RevenuePolicy, Spelling,
};

/// One payment as the figures see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentLine<'a> {
    /// The id in the billing system.
    pub id: Option<&'a str>,
    /// How the attempt ended.
    pub status: &'a PaymentStatus,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What the amounts are in.
    pub currency: Currency,
    /// Exact smallest units in LTV; `None` when they do not fit.
    pub amount: Option<Ratio>,
    /// Exact smallest units less refunds, lost disputes and tax; `None` when they do not fit.
    pub net: Option<Ratio>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Remarks, each once.
    pub notes: Vec<NoteCode>,
}

/// What is deducted from a payment.
struct Deductions {
    refunds: bool,
    lost_disputes: bool,
    tax: bool,
}

/// Every payment, in a fixed order.
pub(crate) fn lines<'a>(
    rows: &'a [Payment],
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Vec<PaymentLine<'a>> {
    in_order(rows, policy, |row| row.id.as_deref(), |row| row.created_at)
        .map(|(row, is_replaced)| line(row, is_replaced, policy, now))
        .collect()
}

fn line<'a>(
    row: &'a Payment,
    is_replaced: bool,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> PaymentLine<'a> {
    let mut line = PaymentLine {
        id: row.id.as_deref(),
        status: &row.status,
        verdict: Verdict::LeftOut,
        currency: currency_of_row(row.currency, policy),
        amount: Some(Ratio::ZERO),
        net: Some(Ratio::ZERO),
        created_at: row.created_at,
        notes: Vec::new(),
    };
    if is_replaced {
        line.verdict = Verdict::Replaced;
        line.notes.push(NoteCode::Duplicate);
        return line;
    }
    if !counts(row, policy, &mut line.notes) {
        return line;
    }
    let Some(amount) = row.amount else {
        line.notes.push(NoteCode::Unpriceable);
        return line;
    };
    line.verdict = Verdict::Counts;
    let by_policy = Deductions {
        refunds: policy.deduct_refunds,
        lost_disputes: policy.deduct_lost_disputes,
        tax: policy.deduct_payment_tax,
    };
    line.amount = remaining(row, amount, &by_policy);
    let all = Deductions { refunds: true, lost_disputes: true, tax: true };
    line.net = remaining(row, amount, &all);
    remark(row, now, &mut line);
    line
}

fn counts(row: &Payment, policy: &RevenuePolicy, notes: &mut Vec<NoteCode>) -> bool {
    if policy.exact_spelling_only && row.status_spelling == Spelling::Loose {
        notes.push(NoteCode::LooseSpelling);
        return false;
    }
    match &row.status {
        PaymentStatus::Succeeded => true,
        PaymentStatus::Paid => policy.paid_counts,
        PaymentStatus::Pending
        | PaymentStatus::Processing
        | PaymentStatus::RequiresAction
        | PaymentStatus::RequiresConfirmation
        | PaymentStatus::RequiresPaymentMethod
        | PaymentStatus::RequiresCapture
        | PaymentStatus::Failed
        | PaymentStatus::Canceled => false,
        PaymentStatus::Other(_) => {
            notes.push(NoteCode::UnknownStatus);
            false
        }
    }
}

/// What is left of the payment; tax goes back in proportion to what is refunded.
fn remaining(row: &Payment, amount: Decimal, deductions: &Deductions) -> Option<Ratio> {
    if deductions.lost_disputes && row.dispute == Some(Dispute::Lost) {
        return Some(Ratio::ZERO);
    }
    let whole = Ratio::from_decimal(amount);
    let kept = match &row.refund {
        Refund::Everything if deductions.refunds => return Some(Ratio::ZERO),
        Refund::Part(part) if deductions.refunds => {
            whole.checked_sub(Ratio::from_decimal(part.abs()))?
        }
        Refund::Nothing | Refund::Part(_) | Refund::Everything => whole,
    };
    let tax = row.tax.filter(|tax| *tax > Decimal::ZERO && *tax <= amount);
    let Some(tax) = tax.filter(|_| deductions.tax) else { return Some(kept) };
    let untaxed = whole.checked_sub(Ratio::from_decimal(tax))?;
    kept.checked_mul(untaxed.checked_mul(whole.reciprocal()?)?)
}

fn remark(row: &Payment, now: DateTime<Utc>, line: &mut PaymentLine<'_>) {
    let notes = &mut line.notes;
    if row.created_at.is_some_and(|created| created > now) {
        notes.push(NoteCode::FutureDate);
    }
    if row.refund != Refund::Nothing {
        notes.push(NoteCode::Refunded);
    }
    match row.dispute {
        Some(Dispute::Open) => notes.push(NoteCode::OpenDispute),
        Some(Dispute::Lost) => notes.push(NoteCode::LostDispute),
        Some(Dispute::Won) | None => {}
    }
    if line.amount.is_none() || line.net.is_none() {
        notes.push(NoteCode::Overflow);
    }
    notes.sort_unstable();
}
