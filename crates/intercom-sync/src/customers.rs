//! Customers: the contacts and conversations of one e-mail address, added up and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join;
use intercom_projection::{
    ContactFacts, Customer, Measured, SupportCounts, customer_in, primary_contact,
};
use intercom_revenue::{AlertState, Currency};
use intercom_store::{
    CustomerCandidate, CustomerRow, CustomerWrite, CustomersOutcome, DirtyCustomer, Mentioned,
    RunId, Store, Workspace,
};

use crate::accounts::Accounts;
use crate::alerting::{Judge, Raised, Remembered, row_state, tracked_state};
use crate::aside::aside;
use crate::error::SyncError;
use crate::kept::{Followed, keep_figures};
use crate::odd::OddFigures;
use crate::progress::Progress;
use crate::report::{CustomerAlert, Digest};
use crate::returning::returning;
use crate::run::RunKind;
use crate::settings::SyncSettings;

/// Customers computed and written at a time: a transaction writes a page of the database once,
/// however many of its rows change.
const CHUNK: u32 = 1_000;

/// What became of the customers of a run.
#[derive(Default)]
pub(crate) struct CustomersReport {
    pub(crate) n_new: u64,
    pub(crate) n_updated: u64,
    pub(crate) alerts: Vec<CustomerAlert>,
    /// What is told in one.
    pub(crate) digest: Option<Digest>,
}

/// What the customers of a run are computed with.
pub(crate) struct Refresher<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) workspace: &'a Workspace,
    pub(crate) settings: &'a Arc<SyncSettings>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) run: RunId,
    pub(crate) kind: RunKind,
    /// When rules changed by which customers are still to be computed (Unix seconds).
    pub(crate) restating_since: Option<i64>,
    pub(crate) now: DateTime<Utc>,
}

impl Refresher<'_> {
    /// Computes every customer that contacts or conversations have touched.
    pub(crate) async fn run(&self) -> Result<CustomersReport, SyncError> {
        let mut report = CustomersReport::default();
        let mut odd = OddFigures::default();
        let mut done = 0;
        // Customers may be touched behind the place that has been reached.
        loop {
            let Some(mut computed) = self.compute("").await? else { break };
            loop {
                let Computed { writes, alerts, moves, odd: found, last } = computed;
                odd.append(found);
                // The database writes one chunk while the next one is computed.
                let (written, next) = join(self.write(&writes), self.compute(&last)).await;
                let written = written?;
                report.alerts.extend(alerts);
                // Who has another address is not new, and not two that have changed.
                let n_new = written.n_inserted.saturating_sub(moves.n_in) + moves.n_taken;
                let n_changed = written.n_changed.saturating_sub(moves.n_taken) + moves.n_in;
                let n_updated = n_changed + written.n_cleared.saturating_sub(moves.n_out);
                report.n_new += n_new;
                report.n_updated += n_updated;
                self.store.count_customers(self.workspace, self.run, n_new + n_updated).await?;
                done += writes.len() as u64;
                self.progress.customers(done);
                match next? {
                    Some(next) => computed = next,
                    None => break,
                }
            }
        }
        odd.warn();
        let &Self { settings, run, kind, restating_since, now, .. } = self;
        let judge = Judge { settings, run, kind, restating_since, now };
        report.digest = judge.tell_first_load(self.store, self.workspace).await?;
        if let Some(since) = restating_since {
            let digest = judge.tell_restated(self.store, self.workspace, since).await?;
            report.digest = report.digest.or(digest);
            self.store.restated(self.workspace, since).await?;
        }
        Ok(report)
    }

    /// The next customers; `None` when none is to be computed behind the e-mail `after`.
    async fn compute(&self, after: &str) -> Result<Option<Computed>, SyncError> {
        let &Self { store, workspace, run, kind, restating_since, now, .. } = self;
        let dirty = store.dirty_customers(workspace, after, CHUNK).await?;
        let Some(last) = dirty.last() else { return Ok(None) };
        let last = last.email.clone();
        let emails: Vec<&str> = dirty.iter().map(|customer| customer.email.as_str()).collect();
        let found = Found::read(store, workspace, &emails, now).await?;
        let said = self.said(&found).await?;
        let settings = Arc::clone(self.settings);
        let mut known = aside(move || Known::try_from(found)).await?;
        known.is_restated = restating_since.is_some();
        // Nobody comes from another address in a first load, and to look reads the whole history.
        if kind != RunKind::First {
            known.follow(store, workspace, &settings).await?;
        }
        let rules = Arc::clone(&settings);
        let (mut known, moves, computed) = aside(move || {
            let moves = Moves::of(&known, &dirty);
            let computed = dirty.into_iter().map(|dirty| {
                let customer = known.compute(&dirty.email, &rules, now);
                (dirty, customer)
            });
            let computed: Vec<_> = computed.collect();
            (known, moves, computed)
        })
        .await;
        let mut accounts = Accounts::default();
        // Without what was before, nothing is told of it.
        if kind != RunKind::First && restating_since.is_none() {
            let before = &known.before;
            accounts = Accounts::read(store, workspace, &settings, before, &computed).await?;
            known.returning = returning(store, workspace, &settings, &known, &computed).await?;
        }
        let computed = aside(move || {
            let judge = Judge { settings: &settings, run, kind, restating_since, now };
            let Judged { writes, alerts, odd } = judged(&known, computed, &accounts, &said, &judge);
            Computed { writes, alerts, moves, odd, last }
        });
        Ok(Some(computed.await))
    }

    /// The words of those who may begin to speak of leaving, and who wrote them.
    async fn said(&self, found: &Found) -> Result<BTreeMap<String, Mentioned>, SyncError> {
        let is_there = |email: &str, row: &CustomerRow| {
            let mut contacts = found.candidates.iter().filter(|it| it.contact.email == email);
            contacts.any(|it| it.contact_id == row.intercom_contact_id)
        };
        let speaks = |email: &str| {
            let row = found.before.get(email).filter(|row| row.mentioned_cancel == Some(true));
            row.is_some_and(|row| is_there(email, row))
        };
        let began = found
            .support
            .iter()
            .filter(|(email, counts)| counts.n_cancel_mentions > 0 && !speaks(email));
        let emails: Vec<&str> = began.map(|(email, _)| email.as_str()).collect();
        let since = recent(self.now);
        Ok(self.store.cancel_words(self.workspace, &emails, since).await?)
    }

    async fn write(&self, writes: &[CustomerWrite]) -> Result<CustomersOutcome, SyncError> {
        Ok(self.store.commit_customers(self.workspace, writes, self.now.timestamp()).await?)
    }
}

/// Customers that are ready to be written.
struct Computed {
    writes: Vec<CustomerWrite>,
    alerts: Vec<CustomerAlert>,
    moves: Moves,
    odd: OddFigures,
    /// The last e-mail among them.
    last: String,
}

/// Customers whose contact has another address, not both of whose rows are to be counted.
struct Moves {
    /// New rows.
    n_in: u64,
    /// Rows that are cleared.
    n_out: u64,
    /// Rows that are another customer's now, who is new.
    n_taken: u64,
}

impl Moves {
    fn of(known: &Known, dirty: &[DirtyCustomer]) -> Self {
        let emails = || dirty.iter().map(|dirty| dirty.email.as_str());
        let is_new_row = |email: &&str| !known.before.contains_key(*email);
        let came = emails().filter(is_new_row).filter(|email| known.followed.came(email).is_some());
        let left = emails().filter(|email| known.followed.has_left(email));
        // Who left one address came to another: a row there is counted, new or changed.
        let (n_in, n_out) = (came.count() as u64, left.count() as u64);
        let n_taken = emails().filter(|email| known.is_taken(email)).count() as u64;
        Self { n_in, n_out, n_taken }
    }
}

/// The customers as they are now, and what is to be told of them.
struct Judged {
    writes: Vec<CustomerWrite>,
    alerts: Vec<CustomerAlert>,
    odd: OddFigures,
}

fn judged(
    known: &Known,
    computed: Vec<(DirtyCustomer, Option<Customer>)>,
    accounts: &Accounts,
    said: &BTreeMap<String, Mentioned>,
    judge: &Judge<'_>,
) -> Judged {
    let (mut alerts, mut odd) = (Vec::new(), OddFigures::default());
    let mut keys = BTreeSet::new();
    // What a first load finds is no restatement, whatever its rules have been.
    let is_restated = judge.restating_since.is_some() && judge.kind != RunKind::First;
    let writes = computed.into_iter().map(|(dirty, computed)| {
        let email = dirty.email.as_str();
        let mut raised = match (&computed, known.before.get(email)) {
            (Some(computed), _) => {
                odd.add(computed);
                let said = said.get(email);
                let before = known.state_before(email);
                judge.raise(computed, before.as_ref(), known, accounts, said)
            }
            (None, Some(row)) if !known.is_elsewhere(email) => judge.depart(email, row, accounts),
            (None, _) => Raised::default(),
        };
        // What changes for a billing account is told once, however many customers name it.
        raised.told.retain(|(_, effect)| keys.insert(effect.dedupe_key.clone()));
        let (told, effects): (Vec<_>, Vec<_>) = raised.told.into_iter().unzip();
        alerts.extend(told);
        let customer = computed.map(|computed| known.row(email, computed));
        CustomerWrite { dirty, customer, is_restated, effects, lasting: raised.lasting }
    });
    Judged { writes: writes.collect(), alerts, odd }
}

/// What the store holds about a chunk of customers: four queries, whatever its size.
struct Found {
    candidates: Vec<CustomerCandidate>,
    support: BTreeMap<String, intercom_store::SupportCounts>,
    before: BTreeMap<String, CustomerRow>,
    remembered: Remembered,
}

impl Found {
    async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        emails: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Self, SyncError> {
        let candidates = store.customer_candidates(workspace, emails).await?;
        let support = store.support_counts(workspace, emails, recent(now)).await?;
        let before = store.customers_by_emails(workspace, emails).await?;
        let ids: Vec<&str> = candidates.iter().map(|found| found.contact_id.as_str()).collect();
        let remembered = Remembered::read(store, workspace, emails, &ids).await?;
        Ok(Self { candidates, support, before, remembered })
    }
}

/// From when on conversations and mentions are recent.
pub(crate) fn recent(now: DateTime<Utc>) -> i64 {
    (now - TimeDelta::days(30)).timestamp()
}

/// What is known about a chunk of customers.
pub(crate) struct Known {
    /// By e-mail.
    pub(crate) contacts: BTreeMap<String, Vec<ContactFacts>>,
    /// By e-mail.
    support: BTreeMap<String, intercom_store::SupportCounts>,
    /// By e-mail.
    pub(crate) before: BTreeMap<String, CustomerRow>,
    pub(crate) remembered: Remembered,
    followed: Followed,
    /// The e-mails of those that begin to pay and have paid before.
    pub(crate) returning: BTreeSet<String>,
    /// Whether other rules have computed what was before.
    pub(crate) is_restated: bool,
}

impl TryFrom<Found> for Known {
    type Error = SyncError;

    fn try_from(found: Found) -> Result<Self, SyncError> {
        let Found { candidates, support, before, remembered } = found;
        let mut contacts: BTreeMap<String, Vec<ContactFacts>> = BTreeMap::new();
        for candidate in candidates {
            let facts = profile(&candidate)?;
            contacts.entry(candidate.contact.email).or_default().push(facts);
        }
        let followed = Followed::default();
        let returning = BTreeSet::new();
        let is_restated = false;
        Ok(Self { contacts, support, before, remembered, followed, returning, is_restated })
    }
}

impl Known {
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        emails: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Self, SyncError> {
        Found::read(store, workspace, emails, now).await?.try_into()
    }

    /// The same, with figures that follow their contact from another address.
    pub(crate) async fn with_figures(
        store: &dyn Store,
        workspace: &Workspace,
        settings: &SyncSettings,
        emails: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Self, SyncError> {
        let mut known = Self::read(store, workspace, emails, now).await?;
        known.follow(store, workspace, settings).await?;
        Ok(known)
    }

    async fn follow(
        &mut self,
        store: &dyn Store,
        workspace: &Workspace,
        settings: &SyncSettings,
    ) -> Result<(), SyncError> {
        let Self { contacts, before, .. } = &*self;
        self.followed = Followed::read(store, workspace, settings, contacts, before).await?;
        Ok(())
    }

    /// Whether the customer is another one than before, who has another address now.
    pub(crate) fn is_taken(&self, email: &str) -> bool {
        self.followed.is_taken(email)
    }

    /// Whether the customer that was under this address is, or is part of, a customer under another.
    fn is_elsewhere(&self, email: &str) -> bool {
        self.followed.has_left(email) || self.followed.is_merged(email)
    }

    /// What was known of a customer: of one whose contact came from another address, what was known
    /// there; nothing of one who took over an address.
    pub(crate) fn state_before(&self, email: &str) -> Option<AlertState> {
        let row = || self.before.get(email).filter(|_| !self.is_taken(email)).map(row_state);
        self.followed.came(email).map(tracked_state).or_else(row)
    }

    /// The billing account that a customer paid by.
    pub(crate) fn account_before(&self, email: &str) -> Option<&str> {
        let row = || self.before.get(email).filter(|_| !self.is_taken(email));
        match self.followed.came(email) {
            Some(state) => state.stripe_customer_id.as_deref(),
            None => row()?.stripe_customer_id.as_deref(),
        }
    }

    /// What the figures of a customer were in. Other rules choose anew.
    fn currency_before(&self, email: &str) -> Option<Currency> {
        let row = || self.before.get(email).filter(|_| !self.is_taken(email))?.currency;
        let came = self.followed.came(email).and_then(|state| state.currency);
        came.or_else(row).filter(|_| !self.is_restated)
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
        let before = self.currency_before(email);
        let mut customer = customer_in(primary, &support, &settings.revenue, before, now).ok()?;
        let is_told = primary.stripe.is_readable() && customer.mrr_doubts.is_empty();
        if !is_told && let Some(last) = self.followed.or(email, self.before.get(email)) {
            keep_figures(&mut customer, &primary.stripe, last, &settings.revenue);
        }
        Some(customer)
    }

    pub(crate) fn row(&self, email: &str, customer: Customer) -> CustomerRow {
        let flat = customer.last_payment_amount.or(customer.plan_price);
        let money = customer.mrr.or(customer.ltv).or(flat);
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
