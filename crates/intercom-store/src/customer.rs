//! Customers, and the support activity that goes into them.

use std::collections::BTreeMap;

use intercom_revenue::{Currency, Money, Ratio};

use crate::redact::opaque_debug;
use crate::{AlertMark, Effect};

/// A customer whose contacts or conversations have changed since it was last written.
///
/// `Debug` shows the mark only: the key is an e-mail address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirtyCustomer {
    /// The key.
    pub email: String,
    /// Given back with the customer; a later mark keeps the customer dirty.
    pub mark: i64,
}

opaque_debug!(DirtyCustomer, |it| { mark: it.mark });

/// A contact that stands for no customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutAddress {
    /// Its id.
    pub contact_id: String,
    /// Whether there is something where the address should be, which is none.
    pub is_malformed: bool,
}

/// A contact with its id, as found by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerCandidate {
    /// The id of the contact.
    pub contact_id: String,
    /// What it says about the customer.
    pub contact: crate::CustomerContact,
}

/// The conversations of one customer, each counted once however many of the customer's contacts take
/// part in it. Sums of seconds are over the conversations that the count before them says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SupportCounts {
    /// All of them.
    pub n_total: i64,
    /// Those that began since the given instant.
    pub n_recent: i64,
    /// Those that are open.
    pub n_open: i64,
    /// Those that were rated.
    pub n_ratings: i64,
    /// The sum of their ratings.
    pub rating_sum: i64,
    /// Those in which the customer mentioned leaving since the given instant.
    pub n_cancel_mentions: i64,
    /// Those whose first reply was measured.
    pub n_replied: i64,
    /// Seconds until the first reply, summed up.
    pub first_reply_sum: i64,
    /// Those whose first closing was measured.
    pub n_closed: i64,
    /// Seconds until the first closing, summed up.
    pub first_close_sum: i64,
    /// Those whose last closing was measured.
    pub n_last_closed: i64,
    /// Seconds until the last closing, summed up.
    pub last_close_sum: i64,
    /// Those whose reopenings were counted.
    pub n_with_reopens: i64,
    /// The reopenings, summed up.
    pub reopen_sum: i64,
}

/// What is written about the customer with an e-mail.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerWrite {
    /// The key, and the mark that was read with it.
    pub dirty: DirtyCustomer,
    /// The customer; `None` when no contact has the e-mail any more, which empties our columns.
    pub customer: Option<CustomerRow>,
    /// Whether other rules than before have computed it: what differs from the row before is no
    /// change of the customer.
    pub is_restated: bool,
    /// What follows from the change, written with it.
    pub effects: Vec<Effect>,
    /// What begins to last for the customer or ends, written with it.
    pub lasting: Vec<AlertMark>,
}

/// Our columns of a customer. Dates are Unix seconds, amounts whole smallest units of `currency`.
///
/// `Debug` shows the id, counts and score only: the rest is about a person.
#[derive(Clone, Default, PartialEq)]
pub struct CustomerRow {
    /// The contact that speaks for the customer.
    pub intercom_contact_id: String,
    /// Every contact with this e-mail.
    pub intercom_contact_ids: Vec<String>,
    /// The id the contact has in the customer's own system.
    pub external_id: Option<String>,
    /// The customer in Stripe.
    pub stripe_customer_id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The country.
    pub location_country: Option<String>,
    /// The city.
    pub location_city: Option<String>,
    /// When the customer signed up.
    pub signup_date: Option<i64>,
    /// What the amounts are in.
    pub currency: Option<Currency>,
    /// Monthly recurring revenue.
    pub mrr: Option<i64>,
    /// Annual recurring revenue.
    pub arr: Option<i64>,
    /// Revenue to date.
    pub ltv: Option<i64>,
    /// The name of the plan.
    pub plan_name: Option<String>,
    /// The price of the plan.
    pub plan_price: Option<i64>,
    /// The status of the subscription, as Stripe names it.
    pub subscription_status: Option<String>,
    /// How many subscriptions count.
    pub subscription_count: Option<i64>,
    /// Whether the last payment is overdue.
    pub is_delinquent: Option<bool>,
    /// The last payment.
    pub last_payment_amount: Option<i64>,
    /// When it was made.
    pub last_payment_date: Option<i64>,
    /// When the customer was last seen.
    pub last_seen_at: Option<i64>,
    /// Whole days since then.
    pub days_since_seen: Option<i64>,
    /// How many conversations there have been.
    pub intercom_convos_total: Option<i64>,
    /// How many of them began in the last 30 days.
    pub intercom_convos_30d: Option<i64>,
    /// How many are open.
    pub open_tickets: Option<i64>,
    /// Whether a recent conversation mentions leaving.
    pub mentioned_cancel: Option<bool>,
    /// The average rating, 1 to 5.
    pub csat_score: Option<f64>,
    /// Mean seconds until the first reply of those who help.
    pub first_response_seconds: Option<i64>,
    /// Mean seconds until a conversation was closed for the first time.
    pub first_close_seconds: Option<i64>,
    /// Mean seconds until a conversation was closed for the last time.
    pub last_close_seconds: Option<i64>,
    /// How often conversations were opened again.
    pub reopens: Option<i64>,
    /// How complete the record is, 0 to 100.
    pub quality_score: Option<i64>,
    /// Exact monthly smallest units of every currency, before conversion; empty without MRR.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// The first instant at which the same rows may bring other figures. Ours alone: the shared
    /// table does not have it.
    pub figures_change_at: Option<i64>,
    /// When this was computed.
    pub last_intercom_sync: Option<i64>,
}

opaque_debug!(CustomerRow, |it| {
    intercom_contact_id: it.intercom_contact_id,
    n_contacts: it.intercom_contact_ids.len(),
    intercom_convos_total: it.intercom_convos_total,
    open_tickets: it.open_tickets,
    quality_score: it.quality_score,
    last_intercom_sync: it.last_intercom_sync,
});

impl CustomerRow {
    /// Monthly recurring revenue with its currency.
    #[must_use]
    pub fn mrr(&self) -> Option<Money> {
        self.money(self.mrr)
    }

    /// Revenue to date with its currency.
    #[must_use]
    pub fn ltv(&self) -> Option<Money> {
        self.money(self.ltv)
    }

    fn money(&self, minor: Option<i64>) -> Option<Money> {
        Some(Money::new(minor?, self.currency?))
    }
}

/// What became of written customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomersOutcome {
    /// Did not exist before.
    pub n_inserted: u64,
    /// Differ from before, not counting the time of the synchronisation.
    pub n_changed: u64,
    /// Are as before.
    pub n_unchanged: u64,
    /// Lost their last contact; our columns are empty.
    pub n_cleared: u64,
}

/// All customers of a workspace, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerTotals {
    /// How many there are.
    pub n_customers: i64,
    /// The sum of their quality scores.
    pub quality_sum: i64,
}

/// How the MRR of customers that name the same Stripe customer is added up: each of them shows the
/// whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedBilling {
    /// A billing account counts once, as the customer with MRR shows it whose billing was last seen to
    /// change; of those seen at once, the one that pays most. Other rules and rates are no change.
    Once,
    /// Every customer counts.
    Each,
}

/// What customers pay in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyTotal {
    /// How many customers count.
    pub n_customers: i64,
    /// Their monthly recurring revenue.
    pub mrr: Money,
}
