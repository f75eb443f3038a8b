//! Revenue figures that stay while the billing they are made of cannot be read.
//!
//! They are those of the row, as long as its contact speaks for it. A contact that comes from another
//! address brings the figures along that it had there, and leaves none behind.

use std::collections::BTreeMap;

use intercom_projection::{ContactFacts, Customer, Unreadable, primary_contact};
use intercom_revenue::{Money, quality_score};
use intercom_store::{CustomerRow, Store, TrackedValues, Workspace};

use crate::error::SyncError;
use crate::settings::SyncSettings;

/// The figures last written, of customers for whom another contact speaks than in the row, or who
/// have no row: by e-mail, `None` where there are none to keep.
#[derive(Default)]
pub(crate) struct Followed(BTreeMap<String, Option<CustomerRow>>);

impl Followed {
    /// Looks for them where billing cannot be read; elsewhere nothing is asked.
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        settings: &SyncSettings,
        contacts: &BTreeMap<String, Vec<ContactFacts>>,
        before: &BTreeMap<String, CustomerRow>,
    ) -> Result<Self, SyncError> {
        let speakers = contacts.iter().filter_map(|(email, contacts)| {
            let speaker = primary_contact(contacts, settings.match_rule)?;
            let spoke = before.get(email).map(|row| row.intercom_contact_id.as_str());
            let is_new = spoke != Some(speaker.id.as_str());
            let is_asked = is_new && !speaker.stripe.unreadable.is_nothing();
            is_asked.then_some((email, speaker.id.as_str(), spoke))
        });
        let speakers: Vec<(&String, &str, Option<&str>)> = speakers.collect();
        if speakers.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<&str> = speakers.iter().map(|(_, speaker, _)| *speaker).collect();
        let states = store.last_states(workspace, &ids).await?;
        let earlier: Vec<&str> = speakers.iter().filter_map(|(_, _, spoke)| *spoke).collect();
        let addresses = store.addresses(workspace, &earlier).await?;
        let followed = speakers.into_iter().map(|(email, speaker, spoke)| {
            let own = states.get(speaker);
            let brought = own.filter(|(address, _)| address != email).map(|(_, state)| row(state));
            let has_left = |id| addresses.get(id).is_some_and(|address| address != email);
            let row_before = before.get(email).filter(|_| !spoke.is_some_and(has_left));
            let kept = brought.or_else(|| row_before.cloned());
            (email.clone(), kept.or_else(|| own.map(|(_, state)| row(state))))
        });
        Ok(Self(followed.collect()))
    }

    /// The figures to keep of a customer: those found, or those of its row.
    pub(crate) fn or<'a>(
        &'a self,
        email: &str,
        row: Option<&'a CustomerRow>,
    ) -> Option<&'a CustomerRow> {
        self.0.get(email).map_or(row, Option::as_ref)
    }
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
pub(crate) fn keep_figures(customer: &mut Customer, unreadable: Unreadable, last: &CustomerRow) {
    if unreadable.subscriptions {
        customer.mrr = last.mrr();
        customer.arr = last.arr.zip(last.currency).map(|(minor, it)| Money::new(minor, it));
        customer.subscription_count =
            last.subscription_count.and_then(|count| u32::try_from(count).ok());
        customer.mrr_by_currency.clone_from(&last.mrr_by_currency);
    }
    if unreadable.payments {
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
