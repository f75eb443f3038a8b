//! What reports read: sessions, names and counts, each with one statement.

use std::collections::BTreeMap;

use intercom_engagement::{Channel, Directory, MemberProfile, Session, Sessions, UnixSecond};

use super::SqlStore;
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::{FactRow, Mentioned, SaidWords, SupportCounts, WithoutAddress, Workspace};

/// What facts say about how quickly a customer was helped.
const MEASURES: [&str; 4] = ["first_reply_for", "first_close_for", "last_close_for", "n_reopens"];

/// A conversation with several contacts of one customer has a row for each of them.
pub(super) async fn support_counts<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    emails: &[&str],
    since: i64,
) -> Result<BTreeMap<String, SupportCounts>, Fault> {
    let sums = MEASURES
        .map(|column| format!("COUNT({column}), CAST(COALESCE(SUM({column}), 0) AS BIGINT)"));
    let each = "created_at, is_open, rating, first_reply_for, first_close_for, last_close_for, \
                n_reopens";
    let sql = format!(
        "SELECT email, COUNT(*), COUNT(*) FILTER (WHERE created_at >= $2), \
         COUNT(*) FILTER (WHERE is_open), COUNT(rating), \
         CAST(COALESCE(SUM(rating), 0) AS BIGINT), \
         COUNT(*) FILTER (WHERE mentioned_at >= $2), {sums} \
         FROM (SELECT c.email, f.conversation_id, {of_fact}, \
         MAX(f.cancel_mentioned_at) AS mentioned_at FROM customer_contacts c \
         JOIN facts f ON f.workspace_id = c.workspace_id AND f.contact_id = c.contact_id \
         WHERE c.workspace_id = $1 AND c.email {emails} \
         GROUP BY c.email, f.conversation_id, {of_fact}) conversations GROUP BY email",
        sums = sums.join(", "),
        of_fact =
            each.split(", ").map(|column| format!("f.{column}")).collect::<Vec<_>>().join(", "),
        emails = D::is_one_of(3)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(since)
        .bind(emails)
        .fetch(&mut *store.read().await?, "facts", |row| {
            let email = row.next()?;
            let counts = SupportCounts {
                n_total: row.next()?,
                n_recent: row.next()?,
                n_open: row.next()?,
                n_ratings: row.next()?,
                rating_sum: row.next()?,
                n_cancel_mentions: row.next()?,
                n_replied: row.next()?,
                first_reply_sum: row.next()?,
                n_closed: row.next()?,
                first_close_sum: row.next()?,
                n_last_closed: row.next()?,
                last_close_sum: row.next()?,
                n_with_reopens: row.next()?,
                reopen_sum: row.next()?,
            };
            Ok((email, counts))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn facts<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
    limit: u32,
) -> Result<Vec<(String, FactRow)>, Fault> {
    let sql = format!(
        "SELECT conversation_id, contact_id, created_at, updated_at, is_open, rating, \
         cancel_mentioned_at, cancel_words, {} FROM facts \
         WHERE workspace_id = $1 AND contact_id {} \
         ORDER BY created_at DESC, conversation_id, contact_id LIMIT $2",
        MEASURES.join(", "),
        D::is_one_of(3)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(i64::from(limit))
        .bind(contact_ids)
        .fetch(&mut *store.read().await?, "facts", |row| {
            let conversation_id = row.next()?;
            let fact = FactRow {
                contact_id: row.next()?,
                created_at: row.next()?,
                updated_at: row.next()?,
                is_open: row.next()?,
                rating: row.next()?,
                cancel_mentioned_at: row.next()?,
                cancel_words: row.next()?,
                first_reply_for: row.next()?,
                first_close_for: row.next()?,
                last_close_for: row.next()?,
                n_reopens: row.next()?,
            };
            Ok((conversation_id, fact))
        })
        .await?)
}

/// Later words come behind earlier ones, so that they stay.
pub(super) async fn cancel_words<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    emails: &[&str],
    since: i64,
) -> Result<BTreeMap<String, Mentioned>, Fault> {
    if emails.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT c.email, f.contact_id, f.conversation_id, f.cancel_words FROM customer_contacts c \
         JOIN facts f ON f.workspace_id = c.workspace_id AND f.contact_id = c.contact_id \
         WHERE c.workspace_id = $1 AND c.email {} AND f.cancel_mentioned_at >= $2 \
         AND f.cancel_words IS NOT NULL \
         ORDER BY f.cancel_mentioned_at, f.conversation_id, c.email, f.contact_id",
        D::is_one_of(3)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(since)
        .bind(emails)
        .fetch(&mut *store.read().await?, "facts", |row| {
            let email: String = row.next()?;
            let contact_id = row.next()?;
            let conversation_id = row.next()?;
            let said = SaidWords { conversation_id, words: row.next()? };
            Ok((email, Mentioned { contact_id, said }))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn without_address<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    limit: u32,
) -> Result<(i64, Vec<WithoutAddress>), Fault> {
    let from = "FROM members m WHERE m.workspace_id = $1 AND NOT EXISTS (\
                SELECT 1 FROM customer_contacts c \
                WHERE c.workspace_id = m.workspace_id AND c.contact_id = m.contact_id)";
    let mut connection = store.read().await?;
    let n = Query::<D>::new(format!("SELECT COUNT(*) {from}"))
        .bind(&workspace.id)
        .fetch_first(&mut connection, "members", only_column)
        .await?;
    let sql = format!("SELECT m.contact_id, m.email {from} ORDER BY m.contact_id LIMIT $2");
    let first = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(i64::from(limit))
        .fetch(&mut connection, "members", |row: &mut Reader<'_, D>| {
            let contact_id = row.next()?;
            let is_malformed = row.next::<Option<String>>()?.is_some();
            Ok(WithoutAddress { contact_id, is_malformed })
        })
        .await?;
    Ok((n.unwrap_or(0), first))
}

pub(super) async fn addresses<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
) -> Result<BTreeMap<String, String>, Fault> {
    let sql = format!(
        "SELECT contact_id, email FROM customer_contacts WHERE workspace_id = $1 AND contact_id {}",
        D::is_one_of(2)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(contact_ids)
        .fetch(&mut *store.read().await?, "customer_contacts", |row| Ok((row.next()?, row.next()?)))
        .await?;
    Ok(rows.into_iter().collect())
}

/// A session with texts of its own, on its way into columns.
struct OwnedSession {
    member: String,
    coach: Option<String>,
    channel: Channel,
    at: UnixSecond,
    updated_at: UnixSecond,
}

pub(super) async fn sessions<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Sessions, Fault> {
    let rows = Query::<D>::new(
        "SELECT conversation_id, contact_id, coach_id, channel, session_at, updated_at \
         FROM sessions WHERE workspace_id = $1 AND position = 0 \
         ORDER BY session_at, conversation_id",
    )
    .bind(&workspace.id)
    .fetch(&mut *store.read().await?, "sessions", read_session)
    .await?;
    let mut sessions = Sessions::default();
    for row in rows {
        sessions.push(&Session {
            member: &row.member,
            coach: row.coach.as_deref(),
            channel: row.channel,
            at: row.at,
            updated_at: row.updated_at,
        })?;
    }
    Ok(sessions)
}

fn read_session<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<OwnedSession> {
    row.next::<String>()?;
    Ok(OwnedSession {
        member: row.next()?,
        coach: row.next()?,
        channel: Channel::from_name(&row.next::<String>()?)
            .ok_or_else(|| sqlx::Error::Decode("an unknown channel".into()))?,
        at: read_second(row)?,
        updated_at: read_second(row)?,
    })
}

fn read_second<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<UnixSecond> {
    UnixSecond::new(row.next()?)
        .ok_or_else(|| sqlx::Error::Decode("an instant outside 1970 to 2106".into()))
}

pub(super) async fn directory<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Directory, Fault> {
    let mut connection = store.read().await?;
    let members = Query::<D>::new(
        "SELECT contact_id, name, email, client FROM members WHERE workspace_id = $1",
    )
    .bind(&workspace.id)
    .fetch(&mut connection, "members", |row| {
        let id: String = row.next()?;
        Ok((id, MemberProfile { name: row.next()?, email: row.next()?, client: row.next()? }))
    })
    .await?;
    let coaches = Query::<D>::new(
        "SELECT admin_id, name FROM coaches WHERE workspace_id = $1 AND name IS NOT NULL",
    )
    .bind(&workspace.id)
    .fetch(&mut connection, "coaches", |row| Ok((row.next::<String>()?, row.next::<String>()?)))
    .await?;
    Ok(Directory { members: members.into_iter().collect(), coaches: coaches.into_iter().collect() })
}
