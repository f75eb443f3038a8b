//! The rules that projected tables are made by, and the date that some of their columns move with.

use std::collections::BTreeMap;

use async_trait::async_trait;
use intercom_revenue::Money;

use super::{SqlStore, Write, customers, during, history, marks, reports};
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::store::Store;
use crate::{
    CurrencyTotal, CustomerHistoryRow, CustomerRow, FactRow, FiguresStore, Mentioned,
    ProjectionRules, RevenueHistoryRow, RulesChange, SharedBilling, StoreError, Stream,
    TrackedValues, WithoutAddress, Workspace,
};

const DAY: i64 = 86_400;

/// How far back recent conversations and mentions reach.
const RECENT: i64 = 30 * DAY;

/// How long ago a customer who counts as active was seen at most.
const ACTIVE: i64 = 7 * DAY;

#[async_trait]
impl<D: Dialect> FiguresStore for SqlStore<D> {
    async fn facts(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
        limit: u32,
    ) -> Result<Vec<(String, FactRow)>, StoreError> {
        reports::facts(self, workspace, contact_ids, limit)
            .await
            .map_err(during("read conversations", workspace))
    }

    async fn cancel_words(
        &self,
        workspace: &Workspace,
        emails: &[&str],
        since: i64,
    ) -> Result<BTreeMap<String, Mentioned>, StoreError> {
        reports::cancel_words(self, workspace, emails, since)
            .await
            .map_err(during("read mentions of leaving", workspace))
    }

    async fn without_address(
        &self,
        workspace: &Workspace,
        limit: u32,
    ) -> Result<(i64, Vec<WithoutAddress>), StoreError> {
        reports::without_address(self, workspace, limit)
            .await
            .map_err(during("look for contacts without an address", workspace))
    }

    async fn addresses(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        reports::addresses(self, workspace, contact_ids)
            .await
            .map_err(during("read addresses", workspace))
    }

    async fn payers(
        &self,
        workspace: &Workspace,
        accounts: &[&str],
    ) -> Result<BTreeMap<String, CustomerRow>, StoreError> {
        let emails = payers(self, workspace, accounts)
            .await
            .map_err(during("look for who pays", workspace))?;
        let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
        self.customers_by_emails(workspace, &emails).await
    }

    async fn last_states(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<BTreeMap<String, (String, TrackedValues)>, StoreError> {
        history::last_states(self, workspace, contact_ids)
            .await
            .map_err(during("read the history of contacts", workspace))
    }

    async fn contact_history(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<Vec<(String, CustomerHistoryRow)>, StoreError> {
        history::of_contacts(self, workspace, contact_ids)
            .await
            .map_err(during("read the history of contacts", workspace))
    }

    async fn project_by(
        &self,
        workspace: &Workspace,
        by: &ProjectionRules,
        now: i64,
    ) -> Result<RulesChange, StoreError> {
        project_by(self, workspace, by, now).await.map_err(during("note the rules", workspace))
    }

    async fn noted_rules(
        &self,
        workspace: &Workspace,
    ) -> Result<Option<(ProjectionRules, Option<i64>)>, StoreError> {
        let noted = async || Ok(noted::<D>(&mut *self.read().await?, workspace).await?);
        noted().await.map_err(during("read the rules", workspace))
    }

    async fn restated(&self, workspace: &Workspace, since: i64) -> Result<(), StoreError> {
        restated(self, workspace, since).await.map_err(during("note the rules", workspace))
    }

    async fn pass_time(&self, workspace: &Workspace, now: i64) -> Result<Option<u64>, StoreError> {
        pass_time(self, workspace, now).await.map_err(during("pass time", workspace))
    }

    async fn mrr_totals(
        &self,
        workspace: &Workspace,
        shared: SharedBilling,
    ) -> Result<Vec<CurrencyTotal>, StoreError> {
        mrr_totals(self, workspace, shared).await.map_err(during("add up MRR", workspace))
    }

    async fn revenue_history(
        &self,
        workspace: &Workspace,
        until: i64,
        after: (&str, i64),
        limit: u32,
    ) -> Result<Vec<RevenueHistoryRow>, StoreError> {
        history::of_revenue(self, workspace, until, after, limit)
            .await
            .map_err(during("read the history of revenue", workspace))
    }
}

async fn mrr_totals<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    shared: SharedBilling,
) -> Result<Vec<CurrencyTotal>, Fault> {
    let counted = match shared {
        SharedBilling::Each => {
            "SELECT currency, mrr, 1 AS place FROM intercom_customers \
             WHERE workspace_id = $1 AND currency IS NOT NULL AND mrr IS NOT NULL"
        }
        SharedBilling::Once => {
            "SELECT ours.currency, ours.mrr, ROW_NUMBER() OVER (PARTITION BY \
             CASE WHEN ours.stripe_customer_id IS NULL THEN ours.email END, \
             ours.stripe_customer_id \
             ORDER BY COALESCE(billed.billed_at, 0) DESC, ours.mrr DESC, ours.currency DESC, \
             ours.email) AS place \
             FROM intercom_customers ours LEFT JOIN (\
             SELECT email, MAX(CASE WHEN is_alike = 0 THEN observed_at END) AS billed_at FROM (\
             SELECT email, observed_at, CASE WHEN is_restated THEN 1 \
             WHEN stripe_customer_id = LAG(stripe_customer_id) OVER by_email \
             AND COALESCE(mrr_by_currency, CAST(mrr AS TEXT), '') = \
             LAG(COALESCE(mrr_by_currency, CAST(mrr AS TEXT), '')) OVER by_email THEN 1 \
             ELSE 0 END AS is_alike FROM customer_history WHERE workspace_id = $1 AND email IN (\
             SELECT email FROM intercom_customers WHERE workspace_id = $1 \
             AND stripe_customer_id IN (SELECT stripe_customer_id FROM intercom_customers \
             WHERE workspace_id = $1 AND stripe_customer_id IS NOT NULL \
             GROUP BY stripe_customer_id HAVING COUNT(*) > 1)) \
             WINDOW by_email AS (PARTITION BY email ORDER BY change_number)) states \
             GROUP BY email) billed ON billed.email = ours.email \
             WHERE ours.workspace_id = $1 AND ours.currency IS NOT NULL AND ours.mrr IS NOT NULL"
        }
    };
    let sql = format!(
        "SELECT currency, COUNT(*), CAST(SUM(mrr) AS BIGINT) FROM ({counted}) counted \
         WHERE place = 1 GROUP BY currency ORDER BY COUNT(*) DESC, currency"
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .fetch(&mut *store.read().await?, "intercom_customers", |row: &mut Reader<'_, D>| {
            let currency = customers::parse_currency(&row.next::<String>()?)?;
            let n_customers = row.next()?;
            Ok(CurrencyTotal { n_customers, mrr: Money::new(row.next()?, currency) })
        })
        .await?)
}

/// Goes through all customers that pay.
async fn payers<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    accounts: &[&str],
) -> Result<Vec<String>, Fault> {
    let sql = format!(
        "SELECT ours.email FROM intercom_customers ours \
         WHERE ours.workspace_id = $1 AND ours.mrr > 0 AND ours.stripe_customer_id {} \
         AND EXISTS (SELECT 1 FROM customer_contacts c \
         WHERE c.workspace_id = ours.workspace_id AND c.email = ours.email)",
        D::is_one_of(2)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(accounts)
        .fetch(&mut *store.read().await?, "intercom_customers", only_column)
        .await?)
}

async fn project_by<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    rules: &ProjectionRules,
    now: i64,
) -> Result<RulesChange, Fault> {
    // Nearly always nothing has changed, and reading needs no writer.
    if let Some((noted, restating_since)) = noted::<D>(&mut *store.read().await?, workspace).await?
        && noted == *rules
    {
        return Ok(RulesChange { restating_since, ..RulesChange::default() });
    }
    let mut write = store.write(workspace).await?;
    let noted = noted::<D>(&mut write.transaction, workspace).await?;
    // The first rules restate nothing. What is being restated goes on from its own beginning.
    let restating_since = noted.as_ref().and_then(|(noted, since)| {
        let is_same = noted.bodies == rules.bodies && noted.customers == rules.customers;
        since.or((!is_same).then_some(now))
    });
    let noted = noted.map(|(rules, _)| rules).unwrap_or_default();
    let change = RulesChange {
        bodies: noted.bodies != rules.bodies,
        customers: noted.customers != rules.customers || noted.rates != rules.rates,
        restating_since,
    };
    if change.bodies {
        for stream in Stream::ALL.into_iter().filter(|stream| stream.is_projected()) {
            let table = stream.name();
            Query::<D>::new(format!(
                "UPDATE {table} SET projected_version = 0 \
                 WHERE workspace_id = $1 AND projected_version <> 0"
            ))
            .bind(&workspace.id)
            .execute(&mut write.transaction)
            .await?;
        }
    }
    if change.customers {
        marks::mark_every(&mut write, workspace).await?;
    }
    Query::<D>::new(
        "INSERT INTO projection_state (workspace_id, body_rules, customer_rules, exchange_rates, \
         restating_since) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id) DO UPDATE SET \
         body_rules = excluded.body_rules, customer_rules = excluded.customer_rules, \
         exchange_rates = excluded.exchange_rates, \
         restating_since = excluded.restating_since",
    )
    .bind(&workspace.id)
    .bind(&rules.bodies)
    .bind(&rules.customers)
    .bind(&rules.rates)
    .bind(restating_since)
    .execute(&mut write.transaction)
    .await?;
    store.commit(write).await?;
    Ok(change)
}

async fn noted<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
) -> sqlx::Result<Option<(ProjectionRules, Option<i64>)>> {
    Query::<D>::new(
        "SELECT COALESCE(body_rules, ''), COALESCE(customer_rules, ''), \
         COALESCE(exchange_rates, ''), restating_since FROM projection_state WHERE workspace_id = $1",
    )
    .bind(&workspace.id)
    .fetch_first(connection, "projection_state", |row| {
        let (bodies, customers, rates) = (row.next()?, row.next()?, row.next()?);
        let rules = ProjectionRules { bodies, customers, rates };
        Ok((rules, row.next()?))
    })
    .await
}

async fn restated<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    since: i64,
) -> Result<(), Fault> {
    let mut write = store.write(workspace).await?;
    Query::<D>::new(
        "UPDATE projection_state SET restating_since = NULL \
         WHERE workspace_id = $1 AND restating_since = $2",
    )
    .bind(&workspace.id)
    .bind(since)
    .execute(&mut write.transaction)
    .await?;
    Ok(store.commit(write).await?)
}

async fn pass_time<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    now: i64,
) -> Result<Option<u64>, Fault> {
    let mut write = store.write(workspace).await?;
    let before =
        Query::<D>::new("SELECT refreshed_at FROM projection_state WHERE workspace_id = $1")
            .bind(&workspace.id)
            .fetch_first(&mut write.transaction, "projection_state", |row| {
                row.next::<Option<i64>>()
            })
            .await?
            .flatten();
    if before.is_some_and(|before| before.div_euclid(DAY) >= now.div_euclid(DAY)) {
        return Ok(None);
    }
    let mut n_marked = 0;
    if let Some(before) = before {
        count_days(&mut write, workspace, now).await?;
        n_marked = mark_moved(&mut write, workspace, before, now).await?;
    }
    Query::<D>::new(
        "INSERT INTO projection_state (workspace_id, refreshed_at) VALUES ($1, $2) \
         ON CONFLICT (workspace_id) DO UPDATE SET refreshed_at = excluded.refreshed_at",
    )
    .bind(&workspace.id)
    .bind(now)
    .execute(&mut write.transaction)
    .await?;
    store.commit(write).await?;
    Ok(Some(n_marked))
}

/// Days since customers were seen, first where the shared table still holds our value.
async fn count_days<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    now: i64,
) -> sqlx::Result<()> {
    let days = "CASE WHEN ours.last_seen_at > $2 THEN 0 ELSE ($2 - ours.last_seen_at) / 86400 END";
    let own = days.replace("ours.", "");
    for sql in [
        format!(
            "UPDATE unified_customers SET days_since_seen = {days} FROM intercom_customers ours \
             WHERE unified_customers.workspace_id = $1 AND ours.workspace_id = $1 \
             AND ours.email = LOWER(unified_customers.email) AND ours.last_seen_at IS NOT NULL \
             AND unified_customers.days_since_seen = ours.days_since_seen \
             AND ours.days_since_seen <> {days}"
        ),
        format!(
            "UPDATE intercom_customers SET days_since_seen = {own} \
             WHERE workspace_id = $1 AND last_seen_at IS NOT NULL AND days_since_seen <> {own}"
        ),
    ] {
        Query::<D>::new(sql).bind(&workspace.id).bind(now).execute(&mut write.transaction).await?;
    }
    Ok(())
}

/// Marks customers of whom something has ceased to be recent since `before`, or whose figures may
/// be others than before.
async fn mark_moved<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    before: i64,
    now: i64,
) -> sqlx::Result<u64> {
    let aged = |column: &str| format!("({column} >= $4 AND {column} <= $5)");
    let sql = format!(
        "INSERT INTO dirty_customers (workspace_id, email, mark) \
         SELECT workspace_id, email, $2 FROM intercom_customers WHERE workspace_id = $1 \
         AND (figures_change_at <= $3 OR (last_seen_at >= $6 AND last_seen_at <= $7)) \
         UNION SELECT c.workspace_id, c.email, $2 FROM facts f JOIN customer_contacts c \
         ON c.workspace_id = f.workspace_id AND c.contact_id = f.contact_id \
         WHERE f.workspace_id = $1 AND ({} OR {}) \
         ON CONFLICT (workspace_id, email) DO UPDATE SET mark = excluded.mark",
        aged("f.created_at"),
        aged("f.cancel_mentioned_at")
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(write.change_number)
        .bind(now)
        .bind(before.saturating_sub(RECENT))
        .bind(now.saturating_sub(RECENT))
        .bind(before.saturating_sub(ACTIVE))
        .bind(now.saturating_sub(ACTIVE))
        .execute(&mut write.transaction)
        .await
}
