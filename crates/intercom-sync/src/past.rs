//! How a customer changed, with the addresses that its contact had before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use intercom_revenue::{Money, Movement, movement};
use intercom_store::{CustomerHistoryRow, Store, TrackedValues, Workspace};
use serde::Serialize;

use crate::error::SyncError;
use crate::explain::{instant, printable};
use crate::movements::first_load;
use crate::settings::SyncSettings;

/// A state of the customer.
///
/// `Debug` does not show the addresses.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// When it was observed.
    pub observed_at: Option<DateTime<Utc>>,
    /// Monthly recurring revenue from then on.
    pub mrr: Option<Money>,
    /// How MRR moved to it, if it moved.
    pub movement: Option<Movement>,
    /// Whether other rules have computed it than the state before: that is no movement.
    pub is_restated: bool,
    /// Whether any contact had the address from then on.
    pub is_present: bool,
    /// The address from which the contact came that speaks from then on: the movement is from what
    /// the customer paid there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// The address to which the contact went that spoke before, when nobody took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// The contact into which the one was merged that spoke before, when nobody took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// Whether another customer pays by the billing account of this one, which is gone: the account
    /// pays on.
    pub is_paid_on: bool,
    /// Whether the first load found it: it was there before, and is no movement.
    pub is_first_sight: bool,
}

impl fmt::Debug for HistoryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryLine")
            .field("observed_at", &self.observed_at)
            .field("mrr", &self.mrr)
            .field("movement", &self.movement)
            .field("is_restated", &self.is_restated)
            .field("is_present", &self.is_present)
            .field("merged_into", &self.merged_into)
            .field("is_paid_on", &self.is_paid_on)
            .field("is_first_sight", &self.is_first_sight)
            .finish_non_exhaustive()
    }
}

/// The states of one address, and those of its contacts under any address.
pub(crate) struct History {
    email: String,
    pub(crate) states: Vec<CustomerHistoryRow>,
    of_contacts: Vec<(String, CustomerHistoryRow)>,
    /// The contacts that are left of those that were merged, by the id of the one that is not.
    aliases: BTreeMap<String, String>,
    /// When observing began.
    observed_since: Option<DateTime<Utc>>,
    /// Whether another customer pays by the billing account of the last one, who is gone.
    is_paid_on: bool,
}

/// What is known of an address from earlier; observing began with the first load, if nothing else is
/// said.
pub(crate) async fn history(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    email: &str,
) -> Result<History, SyncError> {
    let states = store.customer_history(workspace, email).await?;
    let contacts: BTreeSet<&str> = states.iter().filter_map(contact).collect();
    let contacts: Vec<&str> = contacts.into_iter().collect();
    let of_contacts = match contacts.is_empty() {
        true => Vec::new(),
        false => store.contact_history(workspace, &contacts).await?,
    };
    let observed_since = match settings.movements.observed_since {
        Some(since) => Some(since),
        None => first_load(store, workspace).await?,
    };
    let is_gone = states.last().is_some_and(|last| last.state.is_none());
    let aliases = if is_gone { store.aliases(workspace).await? } else { BTreeMap::new() };
    let paid = states.iter().rev().find_map(|row| row.state.as_ref());
    let account =
        paid.filter(|state| state.mrr > Some(0)).and_then(|it| it.stripe_customer_id.as_deref());
    let is_paid_on = match account {
        Some(account) if is_gone && settings.revenue.merge_shared_billing => {
            !store.payers(workspace, &[account]).await?.is_empty()
        }
        Some(_) | None => false,
    };
    let email = email.to_owned();
    Ok(History { email, states, of_contacts, aliases, observed_since, is_paid_on })
}

fn contact(row: &CustomerHistoryRow) -> Option<&str> {
    row.state.as_ref()?.intercom_contact_id.as_deref()
}

fn mrr(state: &TrackedValues) -> Option<Money> {
    Some(Money::new(state.mrr?, state.currency?))
}

fn ltv(state: &TrackedValues) -> Option<Money> {
    Some(Money::new(state.ltv?, state.currency?))
}

impl History {
    /// The contact into which one was merged.
    pub(crate) fn remaining(&self, contact_id: &str) -> Option<&str> {
        self.aliases.get(contact_id).map(String::as_str)
    }

    /// The states as lines, latest first.
    pub(crate) fn lines(&self) -> Vec<HistoryLine> {
        let mut paid = None;
        let mut before: Option<&CustomerHistoryRow> = None;
        let mut lines: Vec<HistoryLine> = Vec::with_capacity(self.states.len());
        for row in &self.states {
            let came = self.came(before, row);
            let is_taken = came.is_none() && self.is_taken(before, row);
            let from = match came {
                Some((_, state)) => Some(state),
                None => before.filter(|_| !is_taken).and_then(|row| row.state.as_ref()),
            };
            if came.is_some() || is_taken {
                paid = came.and_then(|(_, state)| ltv(state)).filter(|money| money.minor > 0);
            }
            let (mrr_before, state) = (from.and_then(mrr), row.state.as_ref());
            let next = state.and_then(mrr);
            let moved_to = self.went(before, row);
            let merged_into = self.merged_into(before, row).filter(|_| moved_to.is_none());
            let is_first_sight = before.is_none() && came.is_none() && self.was_there(row);
            let is_paid_on = self.is_paid_on && state.is_none() && self.is_last(row);
            let is_elsewhere = moved_to.is_some() || merged_into.is_some() || is_paid_on;
            let is_movement = !row.is_restated && !is_first_sight && !is_elsewhere;
            lines.push(HistoryLine {
                observed_at: instant(row.observed_at),
                mrr: next,
                movement: movement(mrr_before, next, paid).filter(|_| is_movement),
                is_restated: row.is_restated,
                is_present: state.is_some(),
                moved_from: came.map(|(email, _)| email.to_owned()),
                moved_to: moved_to.map(str::to_owned),
                merged_into: merged_into.map(str::to_owned),
                is_paid_on,
                is_first_sight,
            });
            let earned = state.and_then(ltv).or(mrr_before);
            paid = earned.filter(|money| money.minor > 0).or(paid);
            before = Some(row);
        }
        lines.reverse();
        lines
    }

    /// The last state, under another address, of the contact that begins to speak with this row.
    fn came(
        &self,
        before: Option<&CustomerHistoryRow>,
        row: &CustomerHistoryRow,
    ) -> Option<(&str, &TrackedValues)> {
        let speaker = contact(row).filter(|it| before.and_then(contact) != Some(it))?;
        let of_speaker = self.of_contacts.iter().filter(|(_, it)| contact(it) == Some(speaker));
        let mut earlier = of_speaker.filter(|(_, it)| it.observed_at < row.observed_at);
        let (email, last) = earlier.next_back()?;
        Some((email.as_str(), last.state.as_ref()?)).filter(|(email, _)| *email != self.email)
    }

    /// Whether another contact speaks with this row, and the one before has another address.
    fn is_taken(&self, before: Option<&CustomerHistoryRow>, row: &CustomerHistoryRow) -> bool {
        let is_another = contact(row).is_some_and(|it| before.and_then(contact) != Some(it));
        is_another && self.elsewhere(before, row).is_some()
    }

    /// The address to which the customer went that is gone with this row.
    fn went(&self, before: Option<&CustomerHistoryRow>, row: &CustomerHistoryRow) -> Option<&str> {
        self.elsewhere(before, row).filter(|_| row.state.is_none())
    }

    /// The contact of which the customer is part that is gone with the last row.
    fn merged_into(
        &self,
        before: Option<&CustomerHistoryRow>,
        row: &CustomerHistoryRow,
    ) -> Option<&str> {
        let is_last = self.is_last(row);
        let spoke = before.and_then(contact).filter(|_| is_last && row.state.is_none())?;
        self.aliases.get(spoke).map(String::as_str)
    }

    fn is_last(&self, row: &CustomerHistoryRow) -> bool {
        self.states.last().is_some_and(|last| std::ptr::eq(last, row))
    }

    /// Whether what was first seen was there before.
    fn was_there(&self, row: &CustomerHistoryRow) -> bool {
        let observed_at = instant(row.observed_at);
        self.observed_since.zip(observed_at).is_some_and(|(since, at)| at <= since)
    }

    /// The address that the contact of the row before had with this row.
    fn elsewhere(
        &self,
        before: Option<&CustomerHistoryRow>,
        row: &CustomerHistoryRow,
    ) -> Option<&str> {
        let spoke = before.and_then(contact)?;
        let mut elsewhere = self.of_contacts.iter().filter(|(email, it)| {
            *email != self.email && contact(it) == Some(spoke) && it.observed_at == row.observed_at
        });
        elsewhere.next().map(|(email, _)| email.as_str())
    }
}

impl fmt::Display for HistoryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.observed_at.map_or("–".to_owned(), |at| at.to_rfc3339());
        let mrr = self.mrr.map_or("no MRR".to_owned(), |mrr| format!("MRR {mrr}"));
        write!(f, "Since {at}: {mrr}")?;
        if let Some(movement) = self.movement {
            write!(f, " ({movement:?})")?;
        }
        if self.is_first_sight {
            write!(f, " (found by the first load)")?;
        }
        if self.is_restated {
            write!(f, " (by other rules)")?;
        }
        if let Some(from) = &self.moved_from {
            write!(f, " (moved from {})", printable(from))?;
        }
        if let Some(to) = &self.moved_to {
            write!(f, " (moved to {})", printable(to))?;
        }
        if let Some(into) = &self.merged_into {
            write!(f, " (merged into contact {})", printable(into))?;
        }
        if self.is_paid_on {
            write!(f, " (another customer pays by the same billing account)")?;
        }
        Ok(())
    }
}
