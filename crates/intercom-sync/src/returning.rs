//! Who pays again: of customers that begin to pay, those that did long before.

use std::collections::{BTreeMap, BTreeSet};

use intercom_projection::Customer;
use intercom_revenue::NewCustomer;
use intercom_store::{DirtyCustomer, Store, Workspace};

use crate::customers::Known;
use crate::error::SyncError;
use crate::settings::SyncSettings;

/// The e-mails of customers that begin to pay and have paid before, by the history of those who speak
/// for them. It is asked only where who pays for the first time is new.
pub(crate) async fn returning(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    known: &Known,
    computed: &[(DirtyCustomer, Option<Customer>)],
) -> Result<BTreeSet<String>, SyncError> {
    if settings.alerts.new_customer != NewCustomer::FirstPaid {
        return Ok(BTreeSet::new());
    }
    let begins = computed.iter().filter_map(|(dirty, customer)| {
        let customer = customer.as_ref()?;
        let before = known.state_before(&dirty.email)?;
        let is_paying = |mrr: Option<intercom_revenue::Money>| mrr.is_some_and(|it| it.minor > 0);
        let begins = is_paying(customer.mrr) && !is_paying(before.mrr);
        begins.then_some((customer.intercom_contact_id.as_str(), dirty.email.as_str()))
    });
    let begins: BTreeMap<&str, &str> = begins.collect();
    if begins.is_empty() {
        return Ok(BTreeSet::new());
    }
    let contact_ids: Vec<&str> = begins.keys().copied().collect();
    let history = store.contact_history(workspace, &contact_ids).await?;
    let paid = history.into_iter().filter_map(|(_, row)| {
        let state = row.state.filter(|state| state.mrr.is_some_and(|mrr| mrr > 0))?;
        begins.get(state.intercom_contact_id.as_deref()?).map(|&email| email.to_owned())
    });
    Ok(paid.collect())
}
