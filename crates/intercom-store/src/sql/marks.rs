//! Customers to compute again.

use std::collections::BTreeSet;

use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, execute_rows, only_column};
use crate::error::Fault;
use crate::{DirtyCustomer, Workspace};

pub(super) async fn dirty<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    after: &str,
    limit: u32,
) -> Result<Vec<DirtyCustomer>, Fault> {
    Ok(Query::<D>::new(
        "SELECT email, mark FROM dirty_customers WHERE workspace_id = $1 AND email > $2 \
         ORDER BY email LIMIT $3",
    )
    .bind(&workspace.id)
    .bind(after)
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

/// The customers that the given contacts stand for at this point of the transaction.
pub(super) async fn emails_of_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> sqlx::Result<Vec<String>> {
    let sql = format!(
        "SELECT email FROM customer_contacts WHERE workspace_id = $1 AND contact_id {}",
        D::is_one_of(2)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(contact_ids)
        .fetch(&mut write.transaction, "customer_contacts", only_column)
        .await
}

/// Marks customers by their e-mails.
pub(super) async fn mark<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    emails: &BTreeSet<&str>,
) -> sqlx::Result<()> {
    let emails: Vec<&str> = emails.iter().copied().collect();
    let change_number = write.change_number;
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO dirty_customers (workspace_id, email, mark)",
        &emails,
        "ON CONFLICT (workspace_id, email) DO UPDATE SET mark = excluded.mark",
        |row, email| {
            row.bind(&workspace.id).bind(*email).bind(change_number);
        },
    )
    .await?;
    Ok(())
}

/// Marks the customers that the given contacts stand for at this point of the transaction.
pub(super) async fn mark_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> sqlx::Result<()> {
    if contact_ids.is_empty() {
        return Ok(());
    }
    let emails = emails_of_contacts(write, workspace, contact_ids).await?;
    mark(write, workspace, &emails.iter().map(String::as_str).collect()).await
}

/// Clears the marks that are still the ones that were read, all by one query: a mark that was made
/// since then is larger than each of them.
pub(super) async fn clear<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    read: &[&DirtyCustomer],
) -> sqlx::Result<()> {
    let Some(newest) = read.iter().map(|dirty| dirty.mark).max() else { return Ok(()) };
    let emails: Vec<&str> = read.iter().map(|dirty| dirty.email.as_str()).collect();
    let sql = format!(
        "DELETE FROM dirty_customers WHERE workspace_id = $1 AND mark <= $2 AND email {}",
        D::is_one_of(3)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(newest)
        .bind(emails.as_slice())
        .execute(&mut write.transaction)
        .await?;
    Ok(())
}
