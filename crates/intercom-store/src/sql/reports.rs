//! What reports read: sessions, names and counts, each with one statement.

use std::collections::BTreeMap;

use intercom_engagement::{Channel, Directory, MemberProfile, Session, Sessions, UnixSecond};

use super::SqlStore;
use crate::dialect::{Dialect, Query, Reader};
use crate::error::Fault;
use crate::{SupportCounts, Workspace};

pub(super) async fn support_counts<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    contact_ids: &[&str],
    since: i64,
) -> Result<BTreeMap<String, SupportCounts>, Fault> {
    let sql = format!(
        "SELECT contact_id, COUNT(*), COUNT(*) FILTER (WHERE created_at >= $2), \
         COUNT(*) FILTER (WHERE is_open), COUNT(rating), \
         CAST(COALESCE(SUM(rating), 0) AS BIGINT), \
         COUNT(*) FILTER (WHERE cancel_mentioned_at >= $2) \
         FROM facts WHERE workspace_id = $1 AND contact_id {} GROUP BY contact_id",
        D::is_one_of(3)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(since)
        .bind(contact_ids)
        .fetch(&mut *store.read().await?, "facts", |row| {
            let contact_id = row.next()?;
            let counts = SupportCounts {
                n_total: row.next()?,
                n_recent: row.next()?,
                n_open: row.next()?,
                n_ratings: row.next()?,
                rating_sum: row.next()?,
                n_cancel_mentions: row.next()?,
            };
            Ok((contact_id, counts))
        })
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
