//! Customers: the contacts and conversations of one e-mail address, added up and compared.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use intercom_projection::{
    ContactFacts, Customer, Measured, SupportCounts, customer, primary_contact,
};
use intercom_store::{CustomerCandidate, CustomerRow, CustomerWrite, RunId, Store, Workspace};

use crate::alerting::{Judge, Raised, Remembered};
use crate::error::SyncError;
use crate::progress::Progress;
use crate::report::CustomerAlert;
use crate::run::RunKind;
use crate::settings::SyncSettings;

/// Customers computed and written at a time.
const CHUNK: u32 = 500;

/// What became of the customers of a run.
#[derive(Default)]
pub(crate) struct CustomersReport {
    pub(crate) n_new: u64,
    pub(crate) n_updated: u64,
    pub(crate) alerts: Vec<CustomerAlert>,
}

/// Computes every customer that contacts or conversations have touched.
pub(crate) async fn refresh(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    progress: &dyn Progress,
    (run, kind): (RunId, RunKind),
    now: DateTime<Utc>,
) -> Result<CustomersReport, SyncError> {
    let judge = Judge { settings, run, kind, now };
    let mut report = CustomersReport::default();
    let mut done = 0;
    loop {
        let dirty = store.dirty_customers(workspace, CHUNK).await?;
        if dirty.is_empty() {
            judge.tell_first_load(store, workspace).await?;
            return Ok(report);
        }
        done += dirty.len() as u64;
        let emails: Vec<&str> = dirty.iter().map(|customer| customer.email.as_str()).collect();
        let known = Known::read(store, workspace, &emails, now).await?;
        let mut writes = Vec::with_capacity(dirty.len());
        let mut alerts = Vec::new();
        for dirty in dirty {
            let computed = known.compute(&dirty.email, settings, now);
            let raised = computed.as_ref().map_or_else(Raised::default, |computed| {
                let row = known.before.get(&dirty.email);
                judge.raise(&dirty.email, row, computed, &known.remembered)
            });
            alerts.extend(raised.alerts);
            let customer = computed.map(|computed| known.row(&dirty.email, computed));
            let Raised { effects, lasting, .. } = raised;
            writes.push(CustomerWrite { dirty, customer, effects, lasting });
        }
        let outcome = store.commit_customers(workspace, &writes, now.timestamp()).await?;
        report.alerts.extend(alerts);
        report.n_new += outcome.n_inserted;
        report.n_updated += outcome.n_changed + outcome.n_cleared;
        progress.customers(done);
    }
}

/// What the store knows about a chunk of customers: four queries, whatever its size.
pub(crate) struct Known {
    /// By e-mail.
    pub(crate) contacts: BTreeMap<String, Vec<ContactFacts>>,
    /// By e-mail.
    support: BTreeMap<String, intercom_store::SupportCounts>,
    /// By e-mail.
    pub(crate) before: BTreeMap<String, CustomerRow>,
    remembered: Remembered,
}

impl Known {
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        emails: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Self, SyncError> {
        let found = store.customer_candidates(workspace, emails).await?;
        let since = (now - TimeDelta::days(30)).timestamp();
        let support = store.support_counts(workspace, emails, since).await?;
        let before = store.customers_by_emails(workspace, emails).await?;
        let ids: Vec<&str> = found.iter().map(|found| found.contact_id.as_str()).collect();
        let remembered = Remembered::read(store, workspace, emails, &ids).await?;
        let mut contacts: BTreeMap<String, Vec<ContactFacts>> = BTreeMap::new();
        for candidate in found {
            let facts = profile(&candidate)?;
            contacts.entry(candidate.contact.email).or_default().push(facts);
        }
        Ok(Self { contacts, support, before, remembered })
    }

    pub(crate) fn contacts(&self, email: &str) -> &[ContactFacts] {
        self.contacts.get(email).map_or(&[], Vec::as_slice)
    }

    /// The customer as its contacts say; `None` when none is left.
    pub(crate) fn compute(
        &self,
        email: &str,
        settings: &SyncSettings,
        now: DateTime<Utc>,
    ) -> Option<Customer> {
        let contacts = self.contacts(email);
        let primary = primary_contact(contacts, settings.match_rule)?;
        let support = self.support.get(email).map_or_else(SupportCounts::default, counted);
        customer(primary, &support, &settings.revenue, now).ok()
    }

    pub(crate) fn row(&self, email: &str, customer: Customer) -> CustomerRow {
        let money = customer.mrr.or(customer.ltv).or(customer.last_payment_amount);
        let minor = |amount: Option<intercom_revenue::Money>| amount.map(|amount| amount.minor);
        let unix = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
        let contact_ids = self.contacts(email).iter().map(|contact| contact.id.as_str().to_owned());
        CustomerRow {
            intercom_contact_id: customer.intercom_contact_id.as_str().to_owned(),
            intercom_contact_ids: contact_ids.collect(),
            external_id: customer.external_id,
            stripe_customer_id: customer.stripe_customer_id,
            name: Some(customer.name),
            location_country: customer.location_country,
            location_city: customer.location_city,
            signup_date: unix(customer.signup_date),
            currency: money.map(|money| money.currency),
            mrr: minor(customer.mrr),
            arr: minor(customer.arr),
            ltv: minor(customer.ltv),
            plan_name: customer.plan_name,
            plan_price: minor(customer.plan_price),
            subscription_status: customer.subscription_status.map(|status| status.to_string()),
            subscription_count: customer.subscription_count.map(i64::from),
            is_delinquent: customer.is_delinquent,
            last_payment_amount: minor(customer.last_payment_amount),
            last_payment_date: unix(customer.last_payment_date),
            last_seen_at: unix(customer.last_seen_at),
            days_since_seen: customer.days_since_seen.map(i64::from),
            intercom_convos_total: Some(customer.intercom_convos_total.into()),
            intercom_convos_30d: Some(customer.intercom_convos_30d.into()),
            open_tickets: Some(customer.open_tickets.into()),
            mentioned_cancel: Some(customer.mentioned_cancel),
            csat_score: customer.csat_score,
            first_response_seconds: whole(customer.first_response_seconds),
            first_close_seconds: whole(customer.first_close_seconds),
            last_close_seconds: whole(customer.last_close_seconds),
            reopens: whole(customer.reopens),
            quality_score: Some(customer.quality_score.into()),
            last_intercom_sync: Some(customer.last_intercom_sync.timestamp()),
            mrr_by_currency: customer.mrr_by_currency,
            figures_change_at: unix(customer.figures_change_at),
        }
    }
}

/// What was projected from the contact; stopping beats computing a customer without it.
fn profile(candidate: &CustomerCandidate) -> Result<ContactFacts, SyncError> {
    serde_json::from_str(&candidate.contact.profile).map_err(|error| SyncError::Profile {
        contact_id: candidate.contact_id.clone(),
        source: error.into(),
    })
}

fn counted(counts: &intercom_store::SupportCounts) -> SupportCounts {
    let whole = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
    let sum = |sum: i64| u64::try_from(sum).unwrap_or(0);
    let measured = |n: i64, total: i64| Measured { n: whole(n), sum: sum(total) };
    SupportCounts {
        n_conversations: whole(counts.n_total),
        n_last_30_days: whole(counts.n_recent),
        n_open: whole(counts.n_open),
        n_ratings: whole(counts.n_ratings),
        sum_of_ratings: sum(counts.rating_sum),
        mentioned_cancel: counts.n_cancel_mentions > 0,
        first_reply: measured(counts.n_replied, counts.first_reply_sum),
        first_close: measured(counts.n_closed, counts.first_close_sum),
        last_close: measured(counts.n_last_closed, counts.last_close_sum),
        reopens: measured(counts.n_with_reopens, counts.reopen_sum),
    }
}

fn whole(seconds: Option<u64>) -> Option<i64> {
    seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
}
