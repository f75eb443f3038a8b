//! A payment of the billing system: a charge, a payment intent or an invoice.

use intercom_revenue::{Dispute, Payment, PaymentStatus, Refund};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::fields::{Fields, Row};
use crate::oddity::Oddities;
use crate::scalar;
use crate::subscription::{currency, has_unknown_currency, spelling};
use crate::{Oddity, OddityCode};

/// Amounts by the names they have in charges, invoices and payment intents, in smallest units.
const AMOUNTS: [&str; 3] = ["amount", "amount_paid", "amount_received"];

/// How payments are read.
pub(crate) const PAYMENT: Row<Payment> = Row { read: payment, is_told };

/// Whether it says what was paid: one that came to nothing may have any amount.
fn is_told(row: &Fields<'_>, payment: &Payment, oddities: &[Oddity]) -> bool {
    let has_failed = matches!(payment.status, PaymentStatus::Failed | PaymentStatus::Canceled);
    let has_status = row.raw("status").or_else(|| row.raw("paid")).is_some();
    let is_odd = |names: &[&str]| oddities.iter().any(|oddity| names.contains(&oddity.name()));
    let has_amount = !is_odd(&AMOUNTS) && !has_unknown_currency(oddities);
    has_status && !is_odd(&["status", "paid"]) && (has_failed || has_amount)
}

fn payment(row: &Fields<'_>, oddities: &mut Oddities) -> Payment {
    let status = row.read("status", status, oddities).or_else(|| {
        let is_paid = row.read("paid", scalar::flag, oddities)?;
        Some(if is_paid { PaymentStatus::Paid } else { PaymentStatus::Pending })
    });
    let status = status.unwrap_or_default();
    let n_before = oddities.count();
    let currency = row.read("currency", currency, oddities);
    let is_in_money = oddities.count() == n_before;
    let amount = row.read_first(&AMOUNTS, scalar::decimal, oddities);
    Payment {
        id: row.read("id", scalar::text, oddities),
        status_spelling: spelling(row, status.as_str()),
        status,
        currency,
        // An amount of nobody knows what is none of the base currency.
        amount: amount.filter(|_| is_in_money),
        refund: refund(row, oddities),
        dispute: dispute(row, oddities),
        tax: row.read("tax", scalar::decimal, oddities),
        created_at: row.read_first(&["created", "created_at"], scalar::instant, oddities),
    }
}

fn status(value: Option<&Value>) -> Result<Option<PaymentStatus>, OddityCode> {
    Ok(scalar::text(value)?.map(|word| PaymentStatus::parse(&word)))
}

fn refund(row: &Fields<'_>, oddities: &mut Oddities) -> Refund {
    let part = row.read("amount_refunded", scalar::decimal, oddities);
    let is_whole = row.read("refunded", scalar::flag, oddities).unwrap_or(false);
    match part.filter(|part| *part > Decimal::ZERO) {
        _ if is_whole => Refund::Everything,
        Some(part) => Refund::Part(part),
        None => Refund::Nothing,
    }
}

/// The dispute, of which a row may know the outcome or only that there is one.
fn dispute(row: &Fields<'_>, oddities: &mut Oddities) -> Option<Dispute> {
    let object = row.object("dispute");
    let word = match &object {
        Some(dispute) => dispute.read("status", scalar::text, oddities),
        None => row.read("dispute_status", scalar::text, oddities),
    };
    let is_disputed = row.read("disputed", scalar::flag, oddities).unwrap_or(false);
    match word.as_deref() {
        Some("lost") => Some(Dispute::Lost),
        Some("won" | "warning_closed" | "prevented" | "charge_refunded") => Some(Dispute::Won),
        Some(_) => Some(Dispute::Open),
        None => (is_disputed || row.raw("dispute").is_some()).then_some(Dispute::Open),
    }
}
