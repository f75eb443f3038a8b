//! Billing accounts that several customers name: where one of them pays less, what the account pays is
//! what the others pay.

use std::collections::BTreeMap;

use intercom_projection::Customer;
use intercom_revenue::AlertState;
use intercom_store::{CustomerRow, DirtyCustomer, Store, Workspace};

use crate::alerting::row_state;
use crate::error::SyncError;
use crate::settings::SyncSettings;

/// What is paid by the accounts of customers that pay less than before, once the customers of a
/// chunk are written.
#[derive(Default)]
pub(crate) struct Accounts {
    /// By account, then by e-mail.
    paid: BTreeMap<String, BTreeMap<String, AlertState>>,
}

impl Accounts {
    /// Asks only when somebody pays less, and only where accounts are taken together.
    pub(crate) async fn read(
        store: &dyn Store,
        workspace: &Workspace,
        settings: &SyncSettings,
        before: &BTreeMap<String, CustomerRow>,
        computed: &[(DirtyCustomer, Option<Customer>)],
    ) -> Result<Self, SyncError> {
        if !settings.revenue.merge_shared_billing {
            return Ok(Self::default());
        }
        let falling = computed.iter().filter_map(|(dirty, customer)| {
            let row = before.get(&dirty.email)?;
            let mrr = row.mrr()?;
            let now = customer.as_ref().and_then(|customer| customer.mrr);
            let is_less =
                now.is_none_or(|now| now.currency != mrr.currency || now.minor < mrr.minor);
            row.stripe_customer_id.as_deref().filter(|_| mrr.minor > 0 && is_less)
        });
        let accounts: Vec<&str> = falling.collect();
        if accounts.is_empty() {
            return Ok(Self::default());
        }
        let mut paid: BTreeMap<String, BTreeMap<String, AlertState>> =
            accounts.iter().map(|&account| (account.to_owned(), BTreeMap::new())).collect();
        for (email, row) in store.payers(workspace, &accounts).await? {
            let account = row.stripe_customer_id.as_ref().and_then(|id| paid.get_mut(id));
            if let Some(account) = account {
                account.insert(email, row_state(&row));
            }
        }
        for (dirty, customer) in computed {
            for account in paid.values_mut() {
                account.remove(&dirty.email);
            }
            let Some(customer) = customer else { continue };
            let account = customer.stripe_customer_id.as_ref().and_then(|id| paid.get_mut(id));
            if let Some(account) = account {
                account.insert(dirty.email.clone(), customer.alert_state());
            }
        }
        Ok(Self { paid })
    }

    /// The most that another customer than the one with the e-mail pays by its account, in the
    /// currency of what was paid `before`.
    pub(crate) fn elsewhere(
        &self,
        email: &str,
        account: Option<&str>,
        before: &AlertState,
    ) -> Option<&AlertState> {
        let currency = before.mrr?.currency;
        let others = self.paid.get(account?)?.iter().filter(|(other, _)| *other != email);
        let paid = others.filter_map(|(_, state)| {
            let mrr = state.mrr.filter(|mrr| mrr.currency == currency)?;
            Some((mrr.minor, state))
        });
        paid.max_by_key(|(minor, _)| *minor).map(|(_, state)| state)
    }
}
