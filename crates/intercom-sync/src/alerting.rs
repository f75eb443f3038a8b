//! What is told of customers and runs: once, when it begins.
//!
//! A condition that lasts is remembered with the customer's row and forgotten when it ends. What a
//! first load finds is remembered and told in one digest; so is what changed rules make of customers. A change of MRR is an edge by nature:
//! it is told when it is seen, and the next observation starts from the figure it led to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use intercom_projection::{ContactFacts, Customer};
use intercom_revenue::{Alert, AlertKind, AlertState, Before, FirstLoad, Money, conditions, edges};
use intercom_store::{
    AlertMark, AlertMemory, CustomerNotice, CustomerRow, DigestCause, DigestEntry, DigestNotice,
    DigestPart, Effect, Mentioned, Notice, RunId, RunNotice, RunOutcome, SaidWords, Store,
    TrackedValues, WORKSPACE_SUBJECT, Workspace,
};

use crate::accounts::Accounts;
use crate::customers::{Known, recent};
use crate::error::SyncError;
use crate::report::{CustomerAlert, Digest};
use crate::run::RunKind;
use crate::settings::SyncSettings;

/// Customers of each kind that a digest names.
const DIGEST_TOP: u32 = 5;

/// How long the same failure of runs goes without a reminder.
const REMIND_AFTER: TimeDelta = TimeDelta::hours(24);

/// What every customer of a run is judged with.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) settings: &'a SyncSettings,
    pub(crate) run: RunId,
    pub(crate) kind: RunKind,
    /// When rules changed by which customers are still to be computed (Unix seconds).
    pub(crate) restating_since: Option<i64>,
    pub(crate) now: DateTime<Utc>,
}

/// What lasts of the customers of a chunk.
pub(crate) struct Remembered {
    by_subject: BTreeMap<String, Vec<AlertMemory>>,
    /// The same by the contact that spoke for the customer, to be found under another e-mail.
    by_contact: BTreeMap<String, Vec<AlertMemory>>,
}

/// Whom a notice is about.
struct About<'a> {
    name: Option<&'a str>,
    contact_id: &'a str,
    mrr: Option<Money>,
    said: Option<&'a SaidWords>,
    /// The billing account that customers are taken together by.
    account: Option<&'a str>,
}

/// What follows from a customer's change.
#[derive(Default)]
pub(crate) struct Raised {
    /// With the work for those who tell people.
    pub(crate) told: Vec<(CustomerAlert, Effect)>,
    pub(crate) lasting: Vec<AlertMark>,
}

impl Remembered {
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        emails: &[&str],
        contact_ids: &[&str],
    ) -> Result<Self, SyncError> {
        let mut remembered = Self { by_subject: BTreeMap::new(), by_contact: BTreeMap::new() };
        for memory in store.alert_memory(workspace, emails, contact_ids).await? {
            if let Some(contact_id) = &memory.contact_id {
                let known = remembered.by_contact.entry(contact_id.clone()).or_default();
                known.push(memory.clone());
            }
            remembered.by_subject.entry(memory.subject.clone()).or_default().push(memory);
        }
        Ok(remembered)
    }

    /// What is remembered of a customer, and what its contacts bring along from another e-mail.
    fn of(&self, email: &str, contacts: &[ContactFacts]) -> Vec<&AlertMemory> {
        let own = self.by_subject.get(email).into_iter().flatten();
        let brought = contacts.iter().filter_map(|it| self.by_contact.get(it.id.as_str()));
        let brought = brought.flatten().filter(|memory| memory.subject != email);
        own.chain(brought).collect()
    }
}

impl Judge<'_> {
    /// What is to be told of a customer, and what is to be remembered or forgotten; `before` is what
    /// was known of it.
    pub(crate) fn raise(
        &self,
        current: &Customer,
        before: Option<&AlertState>,
        known: &Known,
        accounts: &Accounts,
        said: Option<&Mentioned>,
    ) -> Raised {
        let email = current.email.as_str();
        let contact_id = current.intercom_contact_id.as_str();
        let state = current.alert_state();
        let thresholds = &self.settings.alerts;
        let still: BTreeSet<AlertKind> = conditions(&state, thresholds);
        let is_taken = known.is_taken(email);
        let is_returning = known.returning.contains(email);
        let contacts = known.contacts(email);
        let account = known.account_before(email).or(current.stripe_customer_id.as_deref());
        let mut known = known.remembered.of(email, contacts);
        // What lasts for the one who was here goes along to another address.
        known.retain(|memory| {
            let is_here = |id: &str| contacts.iter().any(|contact| contact.id.as_str() == id);
            let is_anothers = memory.contact_id.as_deref().is_some_and(|id| !is_here(id));
            !(is_taken && memory.subject == email && is_anothers)
        });
        // A contact that does not speak here may have left something behind that lasts there.
        known.retain(|memory| {
            let is_own =
                memory.subject == email || memory.contact_id.as_deref() == Some(contact_id);
            is_own || AlertKind::from_name(&memory.kind).is_some_and(|kind| still.contains(&kind))
        });
        let kinds = known.iter().filter_map(|memory| AlertKind::from_name(&memory.kind)).collect();
        let before = match (self.kind, self.restating_since, before) {
            (RunKind::First, _, _) => Before::FirstLoad,
            // What the other rules and what the records have changed cannot be told apart.
            (RunKind::Incremental | RunKind::Full, Some(_), _) => Before::OtherRules,
            (RunKind::Incremental | RunKind::Full, None, None) => Before::NotSeen,
            (RunKind::Incremental | RunKind::Full, None, Some(state)) => Before::Seen(state),
        };
        let edges = edges(before, &state, &kinds, thresholds);
        let moved = known.iter().filter(|memory| memory.subject != email);
        let carried = moved.clone().filter_map(|memory| {
            let lasts = still.contains(&AlertKind::from_name(&memory.kind)?);
            let subject = email.to_owned();
            lasts.then(|| AlertMark::Began(AlertMemory { subject, ..(*memory).clone() }))
        });
        let left = moved.clone().map(|memory| ended(&memory.subject, &memory.kind));
        let own_ends = edges.ended.iter().map(|kind| ended(email, kind.name()));
        // A mention is its author's, who may go to another address without the others.
        let author = said.map_or(contact_id, |said| said.contact_id.as_str());
        let begins = edges.began.iter().map(|&kind| {
            let of = if kind == AlertKind::CancelMention { author } else { contact_id };
            AlertMark::Began(AlertMemory {
                subject: email.to_owned(),
                kind: kind.name().to_owned(),
                contact_id: Some(of.to_owned()),
                since: self.now.timestamp(),
                value: state.mrr.map(|mrr| format!("{} {}", mrr.currency, mrr.amount())),
            })
        });
        let lasting = left.chain(own_ends).chain(carried).chain(begins).collect();
        let mut found = match before {
            Before::Seen(before) => {
                let elsewhere = accounts.elsewhere(email, account, before);
                self.of_account(edges.alerts, before, &state, elsewhere)
            }
            Before::FirstLoad | Before::OtherRules | Before::NotSeen => edges.alerts,
        };
        if is_returning {
            found.retain(|alert| alert.kind() != AlertKind::NewHighValueCustomer);
        }
        let about = About {
            name: Some(&current.name),
            contact_id,
            mrr: current.mrr,
            said: said.map(|said| &said.said),
            account,
        };
        Raised { told: self.told(email, found, &about), lasting }
    }

    /// What is to be told of a customer that is gone, with the row that is left: it was deleted,
    /// archived, or lost its address. What lasts is remembered, should it come back.
    pub(crate) fn depart(&self, email: &str, row: &CustomerRow, accounts: &Accounts) -> Raised {
        // As above, what other rules have changed cannot be told apart.
        if self.kind == RunKind::First || self.restating_since.is_some() {
            return Raised::default();
        }
        let (before, gone) = (row_state(row), AlertState::default());
        let found = intercom_revenue::alerts(Before::Seen(&before), &gone, &self.settings.alerts);
        let account = row.stripe_customer_id.as_deref();
        let elsewhere = accounts.elsewhere(email, account, &before);
        let found = self.of_account(found, &before, &gone, elsewhere);
        let about = About {
            name: row.name.as_deref(),
            contact_id: &row.intercom_contact_id,
            mrr: None,
            said: None,
            account,
        };
        Raised { told: self.told(email, found, &about), lasting: Vec::new() }
    }

    /// The alerts with a fall of MRR that is the account's: none where another customer pays by it
    /// as much as before.
    fn of_account(
        &self,
        mut alerts: Vec<Alert>,
        before: &AlertState,
        current: &AlertState,
        elsewhere: Option<&AlertState>,
    ) -> Vec<Alert> {
        let Some(elsewhere) = elsewhere else { return alerts };
        let Some(paid) = elsewhere.mrr else { return alerts };
        let is_less =
            |mrr: Money, than: Money| mrr.currency == than.currency && mrr.minor < than.minor;
        let is_fall = current.mrr.is_none_or(|mrr| {
            is_less(mrr, paid) && before.mrr.is_some_and(|before| is_less(mrr, before))
        });
        let is_change = |alert: &Alert| alert.kind() == AlertKind::LargeMrrChange;
        if is_fall && alerts.iter().any(is_change) {
            alerts.retain(|alert| !is_change(alert));
            let mrr_by_currency = elsewhere.mrr_by_currency.clone();
            let state = AlertState { mrr: Some(paid), mrr_by_currency, ..current.clone() };
            let thresholds = &self.settings.alerts;
            let found = intercom_revenue::alerts(Before::Seen(before), &state, thresholds);
            alerts.extend(found.into_iter().filter(is_change));
        }
        alerts
    }

    fn told(
        &self,
        email: &str,
        alerts: Vec<Alert>,
        about: &About<'_>,
    ) -> Vec<(CustomerAlert, Effect)> {
        let alerts =
            alerts.into_iter().map(|alert| CustomerAlert { email: email.to_owned(), alert });
        alerts.map(|alert| (alert.clone(), self.effect(&alert, about))).collect()
    }

    /// The alert as work for those who tell people.
    fn effect(&self, alert: &CustomerAlert, about: &About<'_>) -> Effect {
        let CustomerAlert { email, alert } = alert;
        let account = about.account.filter(|_| self.settings.revenue.merge_shared_billing);
        let of = match (alert, account) {
            (Alert::LargeMrrChange { from, to, .. }, Some(account)) => {
                let (from, to) = (from.minor, to.minor);
                format!("{} of account {account} from {from} to {to}", alert.kind().name())
            }
            _ => format!("{} {email}", alert.kind().name()),
        };
        let key = format!("run {} {of}", self.run.0);
        let notice = Notice::Customer(CustomerNotice {
            email: email.clone(),
            name: about.name.map(str::to_owned),
            contact_id: Some(about.contact_id.to_owned()),
            mrr: about.mrr,
            alert: alert.clone(),
            said: about.said.filter(|_| alert.kind() == AlertKind::CancelMention).cloned(),
        });
        notice.effect(key)
    }

    /// Tells in one digest what a silent first load has found, however many runs it took.
    pub(crate) async fn tell_first_load(
        &self,
        store: &dyn Store,
        workspace: &Workspace,
    ) -> Result<Option<Digest>, SyncError> {
        let is_silent = self.settings.alerts.first_load == FirstLoad::Silent;
        if self.kind != RunKind::First || !is_silent {
            return Ok(None);
        }
        let (cause, key) = (DigestCause::FirstLoad, "first load".to_owned());
        self.tell_lasting(store, workspace, i64::MIN, cause, key).await
    }

    /// Tells in one digest of what has begun since the rules changed, however many runs it took.
    pub(crate) async fn tell_restated(
        &self,
        store: &dyn Store,
        workspace: &Workspace,
        since: i64,
    ) -> Result<Option<Digest>, SyncError> {
        if self.kind == RunKind::First {
            return Ok(None);
        }
        let key = format!("rules changed at {since}");
        self.tell_lasting(store, workspace, since, DigestCause::ChangedRules, key).await
    }

    /// One digest of what began at `since` or later and lasts, if anything does and no digest with
    /// the key has been told.
    async fn tell_lasting(
        &self,
        store: &dyn Store,
        workspace: &Workspace,
        since: i64,
        cause: DigestCause,
        key: String,
    ) -> Result<Option<Digest>, SyncError> {
        let mut alerted = store.alerted_customers(workspace, since, DIGEST_TOP).await?;
        let mentions = alerted.get(AlertKind::CancelMention.name());
        let speaking: Vec<&str> =
            mentions.iter().flat_map(|it| &it.top).map(|(email, _)| email.as_str()).collect();
        let mut said = store.cancel_words(workspace, &speaking, recent(self.now)).await?;
        let parts: Vec<DigestPart> = AlertKind::ALL
            .into_iter()
            .filter_map(|kind| {
                let found = alerted.remove(kind.name())?;
                let top = found.top.into_iter().map(|(email, row)| {
                    let is_mention = kind == AlertKind::CancelMention;
                    let said = if is_mention { said.remove(&email) } else { None };
                    let said = said.map(|said| said.said);
                    DigestEntry { said, ..entry(email, row) }
                });
                Some(DigestPart { kind, n_customers: found.n_customers, top: top.collect() })
            })
            .collect();
        if parts.is_empty() {
            return Ok(None);
        }
        let n_conditions = parts.iter().map(|part| part.n_customers).sum();
        let effect = Notice::Digest(DigestNotice { cause, parts }).effect(key);
        let n_written = store.note_alerts(workspace, &[], &[&effect]).await?;
        Ok((n_written > 0).then_some(Digest { cause, n_conditions }))
    }
}

/// How a run ended, for those who are to be told.
pub(crate) struct Ending<'a> {
    pub(crate) outcome: RunOutcome,
    /// Without personal data.
    pub(crate) detail: Option<&'a str>,
    pub(crate) started_at: DateTime<Utc>,
}

/// Tells that a run failed or was partial: when that begins, when the reason changes, and once a
/// day while it lasts. A run that did everything ends it.
pub(crate) async fn tell_ending(
    store: &dyn Store,
    workspace: &Workspace,
    ending: &Ending<'_>,
) -> Result<(), SyncError> {
    let known = store.alert_memory(workspace, &[WORKSPACE_SUBJECT], &[]).await?;
    let detail = ending.detail.unwrap_or("records were put aside");
    let kind = ending.outcome.name();
    let fingerprint = fingerprint(detail);
    let is_told = known.iter().any(|memory| {
        let since = DateTime::from_timestamp(memory.since, 0).unwrap_or_default();
        let is_same = memory.kind == kind && memory.value.as_ref() == Some(&fingerprint);
        is_same && ending.started_at - since < REMIND_AFTER
    });
    if is_told {
        return Ok(());
    }
    let mut marks: Vec<AlertMark> =
        known.iter().map(|memory| ended(&memory.subject, &memory.kind)).collect();
    let mut effects = Vec::new();
    if ending.outcome != RunOutcome::Done {
        let started_at = ending.started_at.timestamp();
        marks.push(AlertMark::Began(AlertMemory {
            subject: WORKSPACE_SUBJECT.to_owned(),
            kind: kind.to_owned(),
            contact_id: None,
            since: started_at,
            value: Some(fingerprint),
        }));
        let (outcome, detail) = (ending.outcome, detail.to_owned());
        let notice = Notice::Run(RunNotice { outcome, started_at, detail });
        effects.push(notice.effect(format!("run at {started_at} {kind}")));
    }
    if marks.is_empty() {
        return Ok(());
    }
    let (marks, effects): (Vec<_>, Vec<_>) = (marks.iter().collect(), effects.iter().collect());
    store.note_alerts(workspace, &marks, &effects).await?;
    Ok(())
}

/// Tells of a run that could not find out which workspace it is for, when the store has only one.
pub(crate) async fn tell_unidentified(
    store: &dyn Store,
    ending: &Ending<'_>,
) -> Result<(), SyncError> {
    let known = store.workspaces().await?;
    let [workspace] = known.as_slice() else { return Ok(()) };
    tell_ending(store, workspace, ending).await
}

/// The reason without what differs from run to run: counts, instants, the ids of requests.
fn fingerprint(detail: &str) -> String {
    let lasting = |word: &&str| !word.contains(|c: char| c.is_ascii_digit());
    detail.split_whitespace().filter(lasting).collect::<Vec<_>>().join(" ")
}

fn ended(subject: &str, kind: &str) -> AlertMark {
    AlertMark::Ended { subject: subject.to_owned(), kind: kind.to_owned() }
}

fn entry(email: String, row: CustomerRow) -> DigestEntry {
    let mrr = row.mrr();
    let contact_id = Some(row.intercom_contact_id);
    DigestEntry { email, name: row.name, contact_id, mrr, said: None }
}

/// The part of a row that alerts compare.
pub(crate) fn row_state(row: &CustomerRow) -> AlertState {
    tracked_state(&TrackedValues::from(row))
}

/// The part of a state that alerts compare.
pub(crate) fn tracked_state(state: &TrackedValues) -> AlertState {
    let money = |minor: Option<i64>| Some(Money::new(minor?, state.currency?));
    AlertState {
        mrr: money(state.mrr),
        ltv: money(state.ltv),
        mentioned_cancel: state.mentioned_cancel.unwrap_or(false),
        is_delinquent: state.is_delinquent.unwrap_or(false),
        mrr_by_currency: state.mrr_by_currency.clone(),
    }
}
