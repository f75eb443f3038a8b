//! History: appended, and read back in order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use intercom_revenue::Money;

use super::customers::{by_currency, read_by_currency, read_currency};
use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, Reader, execute_rows};
use crate::error::Fault;
use crate::{
    AttributeHistoryRow, BucketHistoryRow, CustomerHistoryRow, CustomerRow, RevenueHistoryRow,
    RevenueState, TrackedValues, Workspace,
};

/// A customer whose tracked values have changed.
pub(super) struct Change<'w> {
    email: &'w str,
    /// `None` when it is gone.
    state: Option<TrackedValues>,
    is_restated: bool,
}

/// The changes that writing and clearing make to what is tracked.
pub(super) fn changes<'w>(
    before: &BTreeMap<String, CustomerRow>,
    written: &[(&'w str, &CustomerRow)],
    cleared: &[&'w str],
    restated: &BTreeSet<&str>,
) -> Vec<Change<'w>> {
    let changed = written.iter().filter_map(|&(email, row)| {
        let state = TrackedValues::from(row);
        let before = before.get(email);
        let is_same = before.is_some_and(|row| TrackedValues::from(row) == state);
        // Rules make no customers: one that is not in the store is there because it came.
        let is_restated = before.is_some() && restated.contains(email);
        (!is_same).then_some(Change { email, state: Some(state), is_restated })
    });
    let gone = cleared.iter().map(|&email| Change { email, state: None, is_restated: false });
    changed.chain(gone).collect()
}

pub(super) async fn append<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    changes: &[Change<'_>],
    now: i64,
) -> sqlx::Result<u64> {
    let change_number = write.change_number;
    let absent = TrackedValues::default();
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO customer_history (workspace_id, email, change_number, observed_at, \
         is_present, currency, currency_exponent, mrr, arr, ltv, plan_name, plan_price, \
         subscription_status, subscription_count, is_delinquent, mentioned_cancel, \
         mrr_by_currency, intercom_contact_id, stripe_customer_id, is_restated)",
        changes,
        "",
        |row, change| {
            let values = change.state.as_ref().unwrap_or(&absent);
            row.bind(&workspace.id)
                .bind(change.email)
                .bind(change_number)
                .bind(now)
                .bind(change.state.is_some())
                .bind(values.currency.map(|currency| currency.to_string()))
                .bind(values.currency.map(|currency| i64::from(currency.exponent())))
                .bind(values.mrr)
                .bind(values.arr)
                .bind(values.ltv)
                .bind(&values.plan_name)
                .bind(values.plan_price)
                .bind(&values.subscription_status)
                .bind(values.subscription_count)
                .bind(values.is_delinquent)
                .bind(values.mentioned_cancel)
                .bind(by_currency(&values.mrr_by_currency))
                .bind(&values.intercom_contact_id)
                .bind(&values.stripe_customer_id)
                .bind(change.is_restated);
        },
    )
    .await
}

pub(super) async fn of_customer<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    email: &str,
) -> Result<Vec<CustomerHistoryRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT email, observed_at, is_present, currency, currency_exponent, mrr, arr, ltv, \
         plan_name, plan_price, subscription_status, subscription_count, is_delinquent, \
         mentioned_cancel, mrr_by_currency, intercom_contact_id, stripe_customer_id, is_restated \
         FROM customer_history WHERE workspace_id = $1 AND email = $2 \
         ORDER BY change_number",
    )
    .bind(&workspace.id)
    .bind(email)
    .fetch(&mut *store.read().await?, "customer_history", read_customer)
    .await?)
}

pub(super) async fn last_states<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> Result<BTreeMap<String, (String, TrackedValues)>, Fault> {
    let rows = of_contacts(store, workspace, contact_ids).await?;
    let states = rows.into_iter().filter_map(|(email, row)| {
        let state = row.state?;
        Some((state.intercom_contact_id.clone()?, (email, state)))
    });
    Ok(states.collect())
}

pub(super) async fn of_contacts<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> Result<Vec<(String, CustomerHistoryRow)>, Fault> {
    // A row of a customer that went has no contact.
    let sql = format!(
        "SELECT email, observed_at, is_present, currency, currency_exponent, mrr, arr, ltv, \
         plan_name, plan_price, subscription_status, subscription_count, is_delinquent, \
         mentioned_cancel, mrr_by_currency, intercom_contact_id, stripe_customer_id, is_restated \
         FROM customer_history WHERE workspace_id = $1 AND intercom_contact_id {} \
         ORDER BY change_number, email",
        D::is_one_of(2)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(contact_ids)
        .fetch(&mut *store.read().await?, "customer_history", read_with_email)
        .await?)
}

fn read_customer<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<CustomerHistoryRow> {
    read_with_email(row).map(|(_, row)| row)
}

fn read_with_email<D: Dialect>(
    row: &mut Reader<'_, D>,
) -> sqlx::Result<(String, CustomerHistoryRow)> {
    let email = row.next()?;
    let observed_at = row.next()?;
    let is_present: bool = row.next()?;
    let values = TrackedValues {
        currency: read_currency(row)?,
        mrr: row.next()?,
        arr: row.next()?,
        ltv: row.next()?,
        plan_name: row.next()?,
        plan_price: row.next()?,
        subscription_status: row.next()?,
        subscription_count: row.next()?,
        is_delinquent: row.next()?,
        mentioned_cancel: row.next()?,
        mrr_by_currency: read_by_currency(row)?,
        intercom_contact_id: row.next()?,
        stripe_customer_id: row.next()?,
    };
    let state = is_present.then_some(values);
    Ok((email, CustomerHistoryRow { observed_at, state, is_restated: row.next()? }))
}

pub(super) async fn of_revenue<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    until: i64,
    after: (&str, i64),
    limit: u32,
) -> Result<Vec<RevenueHistoryRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT email, change_number, observed_at, is_present, currency, currency_exponent, mrr, \
         ltv, mrr_by_currency, intercom_contact_id, stripe_customer_id, is_restated \
         FROM customer_history \
         WHERE workspace_id = $1 AND (email, change_number) > ($2, $3) AND observed_at < $4 \
         ORDER BY email, change_number LIMIT $5",
    )
    .bind(&workspace.id)
    .bind(after.0)
    .bind(after.1)
    .bind(until)
    .bind(i64::from(limit))
    .fetch(&mut *store.read().await?, "customer_history", read_revenue)
    .await?)
}

fn read_revenue<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<RevenueHistoryRow> {
    let (email, change_number, observed_at) = (row.next()?, row.next()?, row.next()?);
    let is_present: bool = row.next()?;
    let currency = read_currency(row)?;
    let money = |minor: Option<i64>| Some(Money::new(minor?, currency?));
    let state = RevenueState {
        mrr: money(row.next()?),
        ltv: money(row.next()?),
        mrr_by_currency: read_by_currency(row)?,
        intercom_contact_id: row.next()?,
        stripe_customer_id: row.next()?,
    };
    let state = is_present.then_some(state);
    Ok(RevenueHistoryRow { email, change_number, observed_at, state, is_restated: row.next()? })
}

pub(super) async fn of_attributes<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_id: &str,
) -> Result<Vec<AttributeHistoryRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT attribute, old_value, new_value, observed_at FROM attribute_history \
         WHERE workspace_id = $1 AND contact_id = $2 ORDER BY change_number, attribute",
    )
    .bind(&workspace.id)
    .bind(contact_id)
    .fetch(&mut *store.read().await?, "attribute_history", |row| {
        Ok(AttributeHistoryRow {
            attribute: row.next()?,
            old: row.next()?,
            new: row.next()?,
            observed_at: row.next()?,
        })
    })
    .await?)
}

pub(super) async fn record_buckets<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    report: &str,
    day: NaiveDate,
    buckets: &[(&str, i64)],
    now: i64,
) -> Result<(), Fault> {
    let day = day.to_string();
    let mut write = store.write(workspace).await?;
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO bucket_history (workspace_id, report, day, bucket, n_members, observed_at)",
        buckets,
        "ON CONFLICT (workspace_id, report, day, bucket) DO UPDATE SET \
         n_members = excluded.n_members, observed_at = excluded.observed_at",
        |row, (bucket, n_members)| {
            row.bind(&workspace.id)
                .bind(report)
                .bind(&day)
                .bind(*bucket)
                .bind(*n_members)
                .bind(now);
        },
    )
    .await?;
    Ok(store.commit(write).await?)
}

pub(super) async fn buckets<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    report: &str,
    from: NaiveDate,
) -> Result<Vec<BucketHistoryRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT day, bucket, n_members FROM bucket_history \
         WHERE workspace_id = $1 AND report = $2 AND day >= $3 ORDER BY day, bucket",
    )
    .bind(&workspace.id)
    .bind(report)
    .bind(&from.to_string())
    .fetch(&mut *store.read().await?, "bucket_history", |row: &mut Reader<'_, D>| {
        let day = row.next::<String>()?.parse::<NaiveDate>();
        Ok(BucketHistoryRow {
            day: day.map_err(|error| sqlx::Error::Decode(error.into()))?,
            bucket: row.next()?,
            n_members: row.next()?,
        })
    })
    .await?)
}
