//! Customers to compute again.

use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, execute_rows};
use crate::error::Fault;
use crate::{DirtyCustomer, Workspace};

pub(super) async fn dirty<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    limit: u32,
) -> Result<Vec<DirtyCustomer>, Fault> {
    Ok(Query::<D>::new(
        "SELECT email, mark FROM dirty_customers WHERE workspace_id = $1 ORDER BY email LIMIT $2",
    )
    .bind(&workspace.id)
    .bind(i64::from(limit))
    .fetch(&mut *store.read().await?, "dirty_customers", |row| {
        Ok(DirtyCustomer { email: row.next()?, mark: row.next()? })
    })
    .await?)
}

pub(super) async fn mark_all<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<u64, Fault> {
    let mut write = store.write(workspace).await?;
    let n_marked = mark_every(&mut write, workspace).await?;
    store.commit(write).await?;
    Ok(n_marked)
}

/// Marks every customer, and every e-mail that a contact has.
pub(super) async fn mark_every<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
) -> sqlx::Result<u64> {
    Query::<D>::new(
        "INSERT INTO dirty_customers (workspace_id, email, mark) \
         SELECT workspace_id, email, $2 FROM customer_contacts WHERE workspace_id = $1 \
         UNION SELECT workspace_id, email, $2 FROM intercom_customers WHERE workspace_id = $1 \
         ON CONFLICT (workspace_id, email) DO UPDATE SET mark = excluded.mark",
    )
    .bind(&workspace.id)
    .bind(write.change_number)
    .execute(&mut write.transaction)
    .await
}

/// Marks the customers that the given contacts stand for at this point of the transaction.
pub(super) async fn mark_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> sqlx::Result<u64> {
    if contact_ids.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "INSERT INTO dirty_customers (workspace_id, email, mark) \
         SELECT DISTINCT workspace_id, email, $2 FROM customer_contacts \
         WHERE workspace_id = $1 AND contact_id {} \
         ON CONFLICT (workspace_id, email) DO UPDATE SET mark = excluded.mark",
        D::is_one_of(3)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(write.change_number)
        .bind(contact_ids)
        .execute(&mut write.transaction)
        .await
}

/// Clears the marks that are still the ones that were read.
pub(super) async fn clear<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    read: &[&DirtyCustomer],
) -> sqlx::Result<()> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "DELETE FROM dirty_customers WHERE (workspace_id, email, mark) IN (",
        read,
        ")",
        |row, dirty| {
            row.bind(&workspace.id).bind(&dirty.email).bind(dirty.mark);
        },
    )
    .await?;
    Ok(())
}
