//! What a contact brings along from another address, and revenue figures that stay while the billing
//! they are made of cannot be read.
//!
//! Such figures are those of the row, as long as its contact speaks for it, or another of the row's
//! contacts, or one that names the same billing account: who comes to the address of somebody who is
//! gone inherits nothing. A contact that comes from another address brings the figures along that it
//! had there, and leaves none behind. What is new of it is what differs from there.
//!
//! The same holds of a subscription that may well be paid for, and of which nobody can say what it
//! brings: one in a state that is none, for a period of no known length, without a price, or of an
//! amount that does not fit; as far as it can explain what is missing.

use std::collections::{BTreeMap, BTreeSet};

use intercom_projection::{ContactFacts, Customer, StripeFacts, primary_contact};
use intercom_revenue::{Fall, Money, RevenuePolicy, is_fall_doubtful, quality_score};
use intercom_store::{CustomerRow, Store, TrackedValues, Workspace};

use crate::error::SyncError;
use crate::settings::SyncSettings;

/// Customers for whom another contact speaks than in the row, or who have no row, and rows whose
/// contact is elsewhere.
#[derive(Default)]
pub(crate) struct Followed {
    /// The figures last written, by e-mail, where they are asked for; `None` where there are none.
    figures: BTreeMap<String, Option<CustomerRow>>,
    /// What was last known of contacts that came from another address and took the place of nobody
    /// who is still there, by the e-mail they came to; and of those who speak again where they spoke
    /// before.
    came: BTreeMap<String, TrackedValues>,
    /// Addresses without a contact, whose last one has another address.
    left: BTreeSet<String>,
    /// Addresses without a contact, whose last one was merged into one that is a customer.
    merged: BTreeSet<String>,
    /// Addresses without a contact, by whose billing account another customer pays.
    shared: BTreeSet<String>,
    /// Addresses at which somebody speaks of whom nothing was known, since the one who spoke there
    /// has another address.
    taken: BTreeSet<String>,
}

/// A customer whose contact is not the one of the row.
struct Speaker<'a> {
    email: &'a String,
    contact: &'a ContactFacts,
    /// The contact of the row.
    spoke: Option<&'a str>,
}

impl Followed {
    /// Looks for them where another contact speaks, or none; elsewhere nothing is asked.
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        settings: &SyncSettings,
        contacts: &BTreeMap<String, Vec<ContactFacts>>,
        before: &BTreeMap<String, CustomerRow>,
    ) -> Result<Self, SyncError> {
        let speakers = contacts.iter().filter_map(|(email, contacts)| {
            let contact = primary_contact(contacts, settings.match_rule)?;
            let spoke = before.get(email).map(|row| row.intercom_contact_id.as_str());
            (spoke != Some(contact.id.as_str())).then_some(Speaker { email, contact, spoke })
        });
        let speakers: Vec<Speaker<'_>> = speakers.collect();
        let empty = before.iter().filter(|(email, _)| !contacts.contains_key(*email));
        let empty: Vec<(&String, &str)> =
            empty.map(|(email, row)| (email, row.intercom_contact_id.as_str())).collect();
        if speakers.is_empty() && empty.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<&str> = speakers.iter().map(|it| it.contact.id.as_str()).collect();
        let states = store.last_states(workspace, &ids).await?;
        let spoke = speakers.iter().filter_map(|it| it.spoke);
        let earlier: Vec<&str> = spoke.chain(empty.iter().map(|(_, spoke)| *spoke)).collect();
        let addresses = store.addresses(workspace, &earlier).await?;

        let mut followed = Self::default();
        let (left, gone): (Vec<_>, Vec<_>) =
            empty.into_iter().partition(|(_, spoke)| addresses.contains_key(*spoke));
        followed.left.extend(left.into_iter().map(|(email, _)| email.clone()));
        followed.merged = merged(store, workspace, &gone).await?;
        if settings.revenue.merge_shared_billing {
            let rows = gone.iter().filter_map(|(email, _)| before.get_key_value(*email));
            followed.shared = shared(store, workspace, rows).await?;
        }
        for Speaker { email, contact, spoke } in speakers {
            let own = states.get(contact.id.as_str());
            let brought = own.filter(|(address, _)| address != email).map(|(_, state)| state);
            let has_left = |id| addresses.get(id).is_some_and(|address| address != email);
            if brought.is_none() && spoke.is_some_and(has_left) {
                match own {
                    Some((_, state)) => {
                        followed.came.insert(email.clone(), state.clone());
                    }
                    None => {
                        followed.taken.insert(email.clone());
                    }
                }
            }
            let is_there = |id| addresses.get(id).is_some_and(|address| address == email);
            if let Some(state) = brought.filter(|_| !spoke.is_some_and(is_there)) {
                followed.came.insert(email.clone(), state.clone());
            }
            let row_before = before.get(email).filter(|_| !spoke.is_some_and(has_left));
            let row_before = row_before.filter(|row| is_known(contact, row));
            let kept = brought.map(row).or_else(|| row_before.cloned());
            let kept = kept.or_else(|| own.map(|(_, state)| row(state)));
            followed.figures.insert(email.clone(), kept);
        }
        Ok(followed)
    }

    /// The figures to keep of a customer: those found, or those of its row.
    pub(crate) fn or<'a>(
        &'a self,
        email: &str,
        row: Option<&'a CustomerRow>,
    ) -> Option<&'a CustomerRow> {
        self.figures.get(email).map_or(row, Option::as_ref)
    }

    /// What was known, under another address, of the contact that came to this one.
    pub(crate) fn came(&self, email: &str) -> Option<&TrackedValues> {
        self.came.get(email)
    }

    /// Whether the customer under this address is another one than before, who is elsewhere.
    pub(crate) fn is_taken(&self, email: &str) -> bool {
        self.taken.contains(email)
    }

    /// Whether the customer that was under this address is under another.
    pub(crate) fn has_left(&self, email: &str) -> bool {
        self.left.contains(email)
    }

    /// Whether the customer that was under this address is part of another, or paid by the billing
    /// account of one.
    pub(crate) fn is_merged(&self, email: &str) -> bool {
        self.merged.contains(email) || self.shared.contains(email)
    }
}

/// The addresses whose contact was merged into one that is a customer.
async fn merged(
    store: &dyn Store,
    workspace: &Workspace,
    gone: &[(&String, &str)],
) -> Result<BTreeSet<String>, SyncError> {
    if gone.is_empty() {
        return Ok(BTreeSet::new());
    }
    let aliases = store.aliases(workspace).await?;
    let remaining = |spoke: &str| aliases.get(spoke).map(String::as_str);
    let ids: Vec<&str> = gone.iter().filter_map(|(_, spoke)| remaining(spoke)).collect();
    let addresses = store.addresses(workspace, &ids).await?;
    let is_there = |spoke| remaining(spoke).is_some_and(|id| addresses.contains_key(id));
    let merged = gone.iter().filter(|(_, spoke)| is_there(spoke));
    Ok(merged.map(|(email, _)| (*email).clone()).collect())
}

/// The addresses of rows by whose billing account another customer pays.
async fn shared<'a>(
    store: &dyn Store,
    workspace: &Workspace,
    rows: impl Iterator<Item = (&'a String, &'a CustomerRow)>,
) -> Result<BTreeSet<String>, SyncError> {
    let account = |row: &'a CustomerRow| {
        let pays = row.mrr.is_some_and(|minor| minor > 0);
        row.stripe_customer_id.as_deref().filter(|_| pays)
    };
    let billed: Vec<(&String, &str)> =
        rows.filter_map(|(email, row)| Some((email, account(row)?))).collect();
    if billed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let accounts: Vec<&str> = billed.iter().map(|(_, account)| *account).collect();
    let payers = store.payers(workspace, &accounts).await?;
    let paying: BTreeSet<&str> =
        payers.values().filter_map(|row| row.stripe_customer_id.as_deref()).collect();
    let shared = billed.into_iter().filter(|(_, account)| paying.contains(*account));
    Ok(shared.map(|(email, _)| email.clone()).collect())
}

/// Whether a contact is one of the customer's in the row, or pays by the same billing account.
fn is_known(contact: &ContactFacts, row: &CustomerRow) -> bool {
    let is_same_account =
        row.stripe_customer_id.is_some() && contact.stripe.customer_id == row.stripe_customer_id;
    is_same_account || row.intercom_contact_ids.iter().any(|id| id == contact.id.as_str())
}

/// The figures of a state, as the row had them; of the last payment history has none.
fn row(state: &TrackedValues) -> CustomerRow {
    CustomerRow {
        currency: state.currency,
        mrr: state.mrr,
        arr: state.arr,
        ltv: state.ltv,
        plan_price: state.plan_price,
        subscription_count: state.subscription_count,
        mrr_by_currency: state.mrr_by_currency.clone(),
        ..CustomerRow::default()
    }
}

/// Gives a customer the figures that were last written in place of those that are unknown: a list
/// that cannot be read ends no subscription.
///
/// Of a list with an entry that cannot be read, or that may bring more than nothing, the rest is known
/// to be there, so its figures are taken when they are higher than those last written. Lower ones
/// would look like money lost, unless it is known what was lost.
pub(crate) fn keep_figures(
    customer: &mut Customer,
    stripe: &StripeFacts,
    last: &CustomerRow,
    policy: &RevenuePolicy,
) {
    let StripeFacts { unreadable, unreadable_entries: entries, history, .. } = stripe;
    let n_unreadable = u32::try_from(entries.subscriptions.len()).unwrap_or(u32::MAX);
    let is_doubtful = n_unreadable > 0 || !customer.mrr_doubts.is_empty();
    let n_before = last.subscription_count.and_then(|count| u32::try_from(count).ok());
    let may_be_higher = |from: Money| {
        let fall = Fall { from, n_before, to: customer.mrr, n_unreadable };
        is_less(customer.mrr, from)
            && is_fall_doubtful(&fall, history, policy, customer.last_intercom_sync)
    };
    if unreadable.subscriptions || is_doubtful && last.mrr().is_some_and(may_be_higher) {
        customer.is_mrr_kept = true;
        customer.mrr = last.mrr();
        customer.arr = last.arr.zip(last.currency).map(|(minor, it)| Money::new(minor, it));
        customer.subscription_count = n_before;
        customer.mrr_by_currency.clone_from(&last.mrr_by_currency);
    }
    let is_short = |last: Money| !entries.payments.is_empty() && is_less(customer.ltv, last);
    if unreadable.payments || last.ltv().is_some_and(is_short) {
        customer.ltv = last.ltv();
    }
    one_currency(customer, last);
    let factors = &mut customer.quality_factors;
    if let Some(count) = customer.subscription_count {
        factors.has_active_subscription = count > 0;
    }
    factors.has_payments = customer.ltv.is_some_and(|ltv| ltv.minor > 0);
    customer.quality_score = quality_score(factors);
}

/// Whether a figure is less than the last one, or in another currency, in which nobody can tell.
fn is_less(figure: Option<Money>, last: Money) -> bool {
    figure.is_none_or(|figure| figure.currency != last.currency || figure.minor < last.minor)
}

/// A row has one currency: amounts in another one than its MRR stay as they were, too.
fn one_currency(customer: &mut Customer, last: &CustomerRow) {
    let Some(currency) = customer.mrr.or(customer.ltv).map(|money| money.currency) else { return };
    let fitting = |minor: Option<i64>| {
        let minor = minor.filter(|_| last.currency == Some(currency));
        minor.map(|minor| Money::new(minor, currency))
    };
    for (amount, minor) in [
        (&mut customer.ltv, last.ltv),
        (&mut customer.plan_price, last.plan_price),
        (&mut customer.last_payment_amount, last.last_payment_amount),
    ] {
        if amount.is_some_and(|money| money.currency != currency) {
            *amount = fitting(minor);
        }
    }
}
