//! Customers: what we wrote, the table we share with others, and their history.

mod currency;
mod other_case;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(super) use self::currency::{by_currency, parse_currency, read_by_currency, read_currency};
use self::other_case::OtherCase;
use super::{SqlStore, Write, alerts, history, marks, outbox};
use crate::dialect::{Dialect, Query, Reader, RowBinder, execute_rows, only_column};
use crate::error::Fault;
use crate::{
    AlertMark, CustomerCandidate, CustomerContact, CustomerRow, CustomerTotals, CustomerWrite,
    CustomersOutcome, DirtyCustomer, Effect, Workspace,
};

/// Our columns, in the order of [`bind_columns`] and [`read_columns`].
const COLUMNS: [&str; 34] = [
    "intercom_contact_id",
    "intercom_contact_ids",
    "external_id",
    "stripe_customer_id",
    "name",
    "location_country",
    "location_city",
    "signup_date",
    "currency",
    "currency_exponent",
    "mrr",
    "arr",
    "ltv",
    "plan_name",
    "plan_price",
    "subscription_status",
    "subscription_count",
    "is_delinquent",
    "last_payment_amount",
    "last_payment_date",
    "last_seen_at",
    "days_since_seen",
    "intercom_convos_total",
    "intercom_convos_30d",
    "open_tickets",
    "mentioned_cancel",
    "csat_score",
    "first_response_seconds",
    "first_close_seconds",
    "last_close_seconds",
    "reopens",
    "quality_score",
    "last_intercom_sync",
    "mrr_by_currency",
];

/// What only our own table has beside them.
const FIGURES_CHANGE_AT: &str = "figures_change_at";

/// Everything of our own table.
static OWN_LIST: LazyLock<String> =
    LazyLock::new(|| format!("{}, {FIGURES_CHANGE_AT}", COLUMNS.join(", ")));

static COLUMN_LIST: LazyLock<String> = LazyLock::new(|| COLUMNS.join(", "));

/// Whether a column of the shared table holds what we last wrote there. Our e-mails are in lower case.
fn is_ours(column: &str) -> String {
    format!(
        "unified_customers.{column} IS NOT DISTINCT FROM (SELECT ours.{column} \
         FROM intercom_customers ours WHERE ours.workspace_id = unified_customers.workspace_id \
         AND ours.email = LOWER(unified_customers.email))"
    )
}

/// A value of ours overwrites; the absence of one empties only what is ours.
static MERGE: LazyLock<String> = LazyLock::new(|| {
    let assignments = COLUMNS.map(|column| {
        format!(
            "{column} = CASE WHEN excluded.{column} IS NOT NULL THEN excluded.{column} \
             WHEN {} THEN NULL ELSE unified_customers.{column} END",
            is_ours(column)
        )
    });
    format!("ON CONFLICT (workspace_id, email) DO UPDATE SET {}", assignments.join(", "))
});

static EMPTY: LazyLock<String> = LazyLock::new(|| {
    let assignments = COLUMNS.map(|column| {
        format!(
            "{column} = CASE WHEN {} THEN NULL ELSE unified_customers.{column} END",
            is_ours(column)
        )
    });
    format!("UPDATE unified_customers SET {}", assignments.join(", "))
});

static REPLACE: LazyLock<String> = LazyLock::new(|| {
    let columns = COLUMNS.into_iter().chain([FIGURES_CHANGE_AT]);
    let assignments: Vec<String> =
        columns.map(|column| format!("{column} = excluded.{column}")).collect();
    format!("ON CONFLICT (workspace_id, email) DO UPDATE SET {}", assignments.join(", "))
});

pub(super) async fn candidates<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    emails: &[&str],
) -> Result<Vec<CustomerCandidate>, Fault> {
    let sql = format!(
        "SELECT contact_id, email, role_rank, updated_at, profile FROM customer_contacts \
         WHERE workspace_id = $1 AND email {} ORDER BY email, contact_id",
        D::is_one_of(2)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(emails)
        .fetch(&mut *store.read().await?, "customer_contacts", |row| {
            Ok(CustomerCandidate {
                contact_id: row.next()?,
                contact: CustomerContact {
                    email: row.next()?,
                    role_rank: row.next()?,
                    updated_at: row.next()?,
                    profile: row.next()?,
                },
            })
        })
        .await?)
}

pub(super) async fn by_emails<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    emails: &[&str],
) -> Result<BTreeMap<String, CustomerRow>, Fault> {
    Ok(read_by_emails::<D>(&mut *store.read().await?, workspace, emails).await?)
}

pub(super) async fn top<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    limit: u32,
) -> Result<Vec<(String, CustomerRow)>, Fault> {
    let sql = format!(
        "SELECT email, {} FROM intercom_customers WHERE workspace_id = $1 AND mrr IS NOT NULL \
         AND currency = (SELECT currency FROM intercom_customers \
         WHERE workspace_id = $1 AND mrr IS NOT NULL AND currency IS NOT NULL \
         GROUP BY currency ORDER BY COUNT(*) DESC, currency LIMIT 1) \
         ORDER BY mrr DESC, email LIMIT $2",
        *OWN_LIST
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(i64::from(limit))
        .fetch(&mut *store.read().await?, "intercom_customers", |row| {
            Ok((row.next()?, read_columns(row)?))
        })
        .await?)
}

pub(super) async fn after<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, CustomerRow)>, Fault> {
    // Others add customers that have none of our columns; when figures move is not shared.
    let columns = COLUMNS.map(|column| match column {
        "intercom_contact_id" => "COALESCE(intercom_contact_id, '')",
        "intercom_contact_ids" => "COALESCE(intercom_contact_ids, '[]')",
        column => column,
    });
    let sql = format!(
        "SELECT email, {}, CAST(NULL AS BIGINT) FROM unified_customers \
         WHERE workspace_id = $1 AND email > $2 \
         ORDER BY email LIMIT $3",
        columns.join(", ")
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(after)
        .bind(i64::from(limit))
        .fetch(&mut *store.read().await?, "unified_customers", |row| {
            Ok((row.next()?, read_columns(row)?))
        })
        .await?)
}

/// The customers for whom a condition lasts, those that pay in the most common currency first.
pub(super) async fn top_alerted<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
    kind: &str,
    since: i64,
    limit: u32,
) -> sqlx::Result<Vec<(String, CustomerRow)>> {
    let columns = COLUMNS.into_iter().chain([FIGURES_CHANGE_AT]);
    let columns: Vec<String> = columns.map(|column| format!("ours.{column}")).collect();
    let columns = columns.join(", ");
    let sql = format!(
        "SELECT ours.email, {columns} FROM alert_state JOIN intercom_customers ours \
         ON ours.workspace_id = alert_state.workspace_id AND ours.email = alert_state.subject \
         WHERE alert_state.workspace_id = $1 AND alert_state.kind = $2 \
         AND alert_state.since >= $3 ORDER BY \
         CASE WHEN ours.currency = (SELECT currency FROM intercom_customers \
         WHERE workspace_id = $1 AND mrr IS NOT NULL AND currency IS NOT NULL \
         GROUP BY currency ORDER BY COUNT(*) DESC, currency LIMIT 1) THEN 0 ELSE 1 END, \
         COALESCE(ours.mrr, 0) DESC, ours.email LIMIT $4"
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(kind)
        .bind(since)
        .bind(i64::from(limit))
        .fetch(connection, "intercom_customers", |row| Ok((row.next()?, read_columns(row)?)))
        .await
}

pub(super) async fn totals<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<CustomerTotals, Fault> {
    let (n_customers, quality_sum) = Query::<D>::new(
        "SELECT COUNT(*), CAST(COALESCE(SUM(quality_score), 0) AS BIGINT) \
         FROM intercom_customers WHERE workspace_id = $1",
    )
    .bind(&workspace.id)
    .fetch_first(&mut *store.read().await?, "intercom_customers", |row| {
        Ok((row.next()?, row.next()?))
    })
    .await?
    .unwrap_or_default();
    Ok(CustomerTotals { n_customers, quality_sum })
}

pub(super) async fn commit<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    writes: &[CustomerWrite],
    now: i64,
) -> Result<CustomersOutcome, Fault> {
    let writes: BTreeMap<&str, &CustomerWrite> =
        writes.iter().map(|write| (&*write.dirty.email, write)).collect();
    let emails: Vec<&str> = writes.keys().copied().collect();
    let dirty: Vec<&DirtyCustomer> = writes.values().map(|write| &write.dirty).collect();
    let written: Vec<(&str, &CustomerRow)> = writes
        .iter()
        .filter_map(|(&email, write)| Some((email, write.customer.as_ref()?)))
        .collect();

    // The effects are written with the customers that cause them.
    let has_effects = writes.values().any(|write| !write.effects.is_empty());
    let mut write = match has_effects {
        true => store.write_durably(workspace).await?,
        false => store.write(workspace).await?,
    };
    let before = read_by_emails::<D>(&mut write.transaction, workspace, &emails).await?;
    let cleared: Vec<&str> = before
        .keys()
        .map(String::as_str)
        .filter(|email| writes.get(email).is_some_and(|write| write.customer.is_none()))
        .collect();

    let others = OtherCase::read(&mut write, workspace, &emails).await?;
    // Before what we last wrote is replaced by what we write.
    by_keys(&mut write, workspace, &EMPTY, &others.left(&cleared)).await?;
    upsert(&mut write, workspace, &written, &others).await?;
    empty(&mut write, workspace, &cleared).await?;
    let restated = writes.iter().filter(|(_, write)| write.is_restated);
    let restated = restated.map(|(&email, _)| email).collect();
    let changes = history::changes(&before, &written, &cleared, &restated);
    history::append(&mut write, workspace, &changes, now).await?;
    let effects: Vec<&Effect> = writes.values().flat_map(|write| &write.effects).collect();
    outbox::insert(&mut write, workspace, &effects).await?;
    let lasting: Vec<&AlertMark> = writes.values().flat_map(|write| &write.lasting).collect();
    alerts::mark(&mut write, workspace, &lasting).await?;
    marks::clear(&mut write, workspace, &dirty).await?;
    store.commit(write).await?;
    Ok(count(&before, &written, cleared.len() as u64))
}

fn count(
    before: &BTreeMap<String, CustomerRow>,
    written: &[(&str, &CustomerRow)],
    n_cleared: u64,
) -> CustomersOutcome {
    let mut outcome = CustomersOutcome { n_cleared, ..Default::default() };
    for &(email, row) in written {
        match before.get(email) {
            None => outcome.n_inserted += 1,
            Some(before) => {
                let (last_intercom_sync, figures_change_at) =
                    (row.last_intercom_sync, row.figures_change_at);
                let same = CustomerRow { last_intercom_sync, figures_change_at, ..before.clone() };
                if *row == same {
                    outcome.n_unchanged += 1;
                } else {
                    outcome.n_changed += 1;
                }
            }
        }
    }
    outcome
}

/// The shared table first: the merge compares with what we wrote the last time.
async fn upsert<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    rows: &[(&str, &CustomerRow)],
    others: &OtherCase,
) -> sqlx::Result<()> {
    let tables = [
        ("unified_customers", &*COLUMN_LIST, &MERGE),
        ("intercom_customers", &*OWN_LIST, &REPLACE),
    ];
    for (table, columns, tail) in tables {
        let head = format!("INSERT INTO {table} (workspace_id, email, {columns})");
        execute_rows::<D, _>(
            &mut write.transaction,
            &head,
            rows,
            tail,
            |row, (email, customer)| {
                let is_own = table == "intercom_customers";
                let key = if is_own { *email } else { others.key(email) };
                row.bind(&workspace.id).bind(key);
                bind_columns(row, customer);
                if is_own {
                    row.bind(customer.figures_change_at);
                }
            },
        )
        .await?;
    }
    Ok(())
}

async fn empty<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    emails: &[&str],
) -> sqlx::Result<()> {
    for statement in [EMPTY.as_str(), "DELETE FROM intercom_customers"] {
        by_keys(write, workspace, statement, emails).await?;
    }
    Ok(())
}

/// Runs a statement on the rows with these keys.
async fn by_keys<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    statement: &str,
    keys: &[&str],
) -> sqlx::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let condition = D::is_one_of(2);
    Query::<D>::new(format!("{statement} WHERE workspace_id = $1 AND email {condition}"))
        .bind(&workspace.id)
        .bind(keys)
        .execute(&mut write.transaction)
        .await?;
    Ok(())
}

/// Takes out customers: as rows when the shared table has only our columns, else our columns.
pub(super) async fn erase<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    emails: &[&str],
) -> sqlx::Result<u64> {
    if emails.is_empty() {
        return Ok(0);
    }
    let n_columns: Option<i64> = Query::<D>::new(D::SHARED_COLUMNS)
        .fetch_first(&mut write.transaction, "unified_customers", only_column)
        .await?;
    let n_before = read_by_emails::<D>(&mut write.transaction, workspace, emails).await?.len();
    let others = OtherCase::read(write, workspace, emails).await?;
    // Workspace and e-mail stand before ours.
    if n_columns == i64::try_from(COLUMNS.len() + 2).ok() {
        let keys: Vec<&str> = emails.iter().copied().chain(others.keys()).collect();
        by_keys(write, workspace, "DELETE FROM unified_customers", &keys).await?;
    }
    by_keys(write, workspace, &EMPTY, &others.left(emails)).await?;
    empty(write, workspace, emails).await?;
    Ok(n_before as u64)
}

async fn read_by_emails<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
    emails: &[&str],
) -> sqlx::Result<BTreeMap<String, CustomerRow>> {
    let sql = format!(
        "SELECT email, {} FROM intercom_customers WHERE workspace_id = $1 AND email {}",
        *OWN_LIST,
        D::is_one_of(2)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(emails)
        .fetch(connection, "intercom_customers", |row| Ok((row.next()?, read_columns(row)?)))
        .await?;
    Ok(rows.into_iter().collect())
}

fn bind_columns<D: Dialect>(row: &mut RowBinder<D>, customer: &CustomerRow) {
    let currency = customer.currency;
    row.bind(&customer.intercom_contact_id)
        .bind(Some(serde_json::json!(customer.intercom_contact_ids).to_string()))
        .bind(&customer.external_id)
        .bind(&customer.stripe_customer_id)
        .bind(&customer.name)
        .bind(&customer.location_country)
        .bind(&customer.location_city)
        .bind(customer.signup_date)
        .bind(currency.map(|currency| currency.to_string()))
        .bind(currency.map(|currency| i64::from(currency.exponent())))
        .bind(customer.mrr)
        .bind(customer.arr)
        .bind(customer.ltv)
        .bind(&customer.plan_name)
        .bind(customer.plan_price)
        .bind(&customer.subscription_status)
        .bind(customer.subscription_count)
        .bind(customer.is_delinquent)
        .bind(customer.last_payment_amount)
        .bind(customer.last_payment_date)
        .bind(customer.last_seen_at)
        .bind(customer.days_since_seen)
        .bind(customer.intercom_convos_total)
        .bind(customer.intercom_convos_30d)
        .bind(customer.open_tickets)
        .bind(customer.mentioned_cancel)
        .bind(customer.csat_score)
        .bind(customer.first_response_seconds)
        .bind(customer.first_close_seconds)
        .bind(customer.last_close_seconds)
        .bind(customer.reopens)
        .bind(customer.quality_score)
        .bind(customer.last_intercom_sync)
        .bind(by_currency(&customer.mrr_by_currency));
}

fn read_columns<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<CustomerRow> {
    Ok(CustomerRow {
        intercom_contact_id: row.next()?,
        intercom_contact_ids: serde_json::from_str(&row.next::<String>()?)
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        external_id: row.next()?,
        stripe_customer_id: row.next()?,
        name: row.next()?,
        location_country: row.next()?,
        location_city: row.next()?,
        signup_date: row.next()?,
        currency: read_currency(row)?,
        mrr: row.next()?,
        arr: row.next()?,
        ltv: row.next()?,
        plan_name: row.next()?,
        plan_price: row.next()?,
        subscription_status: row.next()?,
        subscription_count: row.next()?,
        is_delinquent: row.next()?,
        last_payment_amount: row.next()?,
        last_payment_date: row.next()?,
        last_seen_at: row.next()?,
        days_since_seen: row.next()?,
        intercom_convos_total: row.next()?,
        intercom_convos_30d: row.next()?,
        open_tickets: row.next()?,
        mentioned_cancel: row.next()?,
        csat_score: row.next()?,
        first_response_seconds: row.next()?,
        first_close_seconds: row.next()?,
        last_close_seconds: row.next()?,
        reopens: row.next()?,
        quality_score: row.next()?,
        last_intercom_sync: row.next()?,
        mrr_by_currency: read_by_currency(row)?,
        figures_change_at: row.next()?,
    })
}
