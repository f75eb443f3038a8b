//! Projections that somebody has deleted: other programs write to the database, too.

use crate::dialect::{Dialect, Query, only_column};
use crate::error::Fault;
use crate::sql::SqlStore;
use crate::{Lost, Workspace};

/// A contact always has a row among the members, unless its body could not be read.
const CONTACTS: &str = "workspace_id = $1 AND projected_version <> 0 AND archived_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM members m \
     WHERE m.workspace_id = $1 AND m.contact_id = contacts.id) \
     AND NOT EXISTS (SELECT 1 FROM quarantine q \
     WHERE q.workspace_id = $1 AND q.stream = 'contacts' AND q.record_id = contacts.id)";

/// A customer has a row of ours and one in the shared table, there perhaps with capitals in its
/// e-mail. Those that wait to be computed are not lost.
const CUSTOMERS: &str = "FROM (SELECT email FROM intercom_customers WHERE workspace_id = $1 \
     UNION SELECT email FROM customer_contacts WHERE workspace_id = $1) known \
     WHERE NOT EXISTS (SELECT 1 FROM dirty_customers d \
     WHERE d.workspace_id = $1 AND d.email = known.email) \
     AND (NOT EXISTS (SELECT 1 FROM intercom_customers ours \
     WHERE ours.workspace_id = $1 AND ours.email = known.email) \
     OR (NOT EXISTS (SELECT 1 FROM unified_customers shared \
     WHERE shared.workspace_id = $1 AND shared.email = known.email) \
     AND NOT EXISTS (SELECT 1 FROM unified_customers shared \
     WHERE shared.workspace_id = $1 AND shared.email <> LOWER(shared.email) \
     AND LOWER(shared.email) = known.email)))";

pub(super) async fn find<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Lost, Fault> {
    let mut connection = store.read().await?;
    let mut counts = [0; 2];
    let contacts = format!("SELECT COUNT(*) FROM contacts WHERE {CONTACTS}");
    let customers = format!("SELECT COUNT(*) {CUSTOMERS}");
    for (count, sql) in counts.iter_mut().zip([contacts, customers]) {
        let query = Query::<D>::new(sql).bind(&workspace.id);
        let found: Option<i64> =
            query.fetch_first(&mut connection, "contacts", only_column).await?;
        *count = u64::try_from(found.unwrap_or(0)).unwrap_or(0);
    }
    let [n_contacts, n_customers] = counts;
    Ok(Lost { n_contacts, n_customers })
}

pub(super) async fn restore<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Lost, Fault> {
    let mut write = store.write(workspace).await?;
    let sql = format!("UPDATE contacts SET projected_version = 0 WHERE {CONTACTS}");
    let query = Query::<D>::new(sql).bind(&workspace.id);
    let n_contacts = query.execute(&mut write.transaction).await?;
    let sql = format!(
        "INSERT INTO dirty_customers (workspace_id, email, mark) SELECT $1, known.email, $2 \
         {CUSTOMERS}"
    );
    let query = Query::<D>::new(sql).bind(&workspace.id).bind(write.change_number);
    let n_customers = query.execute(&mut write.transaction).await?;
    store.commit(write).await?;
    Ok(Lost { n_contacts, n_customers })
}
