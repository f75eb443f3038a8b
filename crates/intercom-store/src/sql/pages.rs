//! Records as received: one page, its bookmark and its history in one transaction.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::runs::whole;
use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, Reader, RowBinder, execute_rows};
use crate::error::Fault;
use crate::{
    AttributeChange, Bookmark, ContentHash, PageOutcome, PageWrite, Quarantined, QuarantinedRow,
    Record, RunCounts, RunId, Stored, Stream, Workspace,
};

/// Bytes of bodies in one statement, unless a single body is larger.
const BODY_BYTES_PER_STATEMENT: usize = 8 << 20;

pub(super) async fn bookmark<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
) -> Result<Option<Bookmark>, Fault> {
    Ok(Query::<D>::new(
        "SELECT query, watermark, next_watermark, cursor, last_updated_at, n_pages \
         FROM bookmarks \
         WHERE workspace_id = $1 AND stream = $2",
    )
    .bind(&workspace.id)
    .bind(stream.name())
    .fetch_first(&mut *store.read().await?, "bookmarks", |row| {
        Ok(Bookmark {
            query: row.next()?,
            watermark: row.next()?,
            next_watermark: row.next()?,
            cursor: row.next()?,
            last_updated_at: row.next()?,
            n_pages: row.next()?,
        })
    })
    .await?)
}

pub(super) async fn stored<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> Result<BTreeMap<String, Stored>, Fault> {
    Ok(read_stored::<D>(&mut *store.read().await?, workspace, stream, ids).await?)
}

pub(super) async fn bodies<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> Result<BTreeMap<String, Bytes>, Fault> {
    let table = stream.bodies_table();
    let sql =
        format!("SELECT id, body FROM {table} WHERE workspace_id = $1 AND id {}", D::is_one_of(2));
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(ids)
        .fetch(&mut *store.read().await?, table, |row: &mut Reader<'_, D>| {
            Ok((row.next()?, row.next::<Vec<u8>>()?.into()))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn quarantined<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Vec<QuarantinedRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT stream, record_id, reason, body, first_seen_at, last_seen_at, n_seen \
         FROM quarantine WHERE workspace_id = $1 \
         ORDER BY stream, first_seen_at, content_hash",
    )
    .bind(&workspace.id)
    .fetch(&mut *store.read().await?, "quarantine", read_quarantined)
    .await?)
}

fn read_quarantined<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<QuarantinedRow> {
    let name: String = row.next()?;
    let stream = Stream::ALL.into_iter().find(|stream| stream.name() == name);
    Ok(QuarantinedRow {
        stream: stream.ok_or_else(|| sqlx::Error::Decode("an unknown stream".into()))?,
        record_id: row.next()?,
        reason: row.next()?,
        body: row.next::<Vec<u8>>()?.into(),
        first_seen_at: row.next()?,
        last_seen_at: row.next()?,
        n_seen: row.next()?,
    })
}

pub(super) async fn commit<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    page: &PageWrite,
) -> Result<PageOutcome, Fault> {
    let mut records = latest_of_each_id(&page.records);
    let ids: Vec<&str> = records.keys().copied().collect();
    let mut write = store.write(workspace).await?;
    let stored = read_stored::<D>(&mut write.transaction, workspace, stream, &ids).await?;
    let is_here = |id: &&&str| stored.get(**id).is_some_and(|stored| !stored.is_archived);
    let absent: Vec<&str> = ids.iter().filter(|id| !is_here(id)).copied().collect();
    let buried = super::gone::buried(&mut write, workspace, stream, &absent).await?;
    let n_before = records.len();
    records.retain(|id, record| match buried.get(*id) {
        Some(buried_at) => !super::gone::is_echo(*buried_at, record.updated_at, page.observed_at),
        None => true,
    });
    let n_echoes = (n_before - records.len()) as u64;
    let back: Vec<&str> = absent
        .into_iter()
        .filter(|id| records.contains_key(id) && buried.contains_key(*id))
        .collect();
    let (mut outcome, records) = to_write(&records, &stored);
    outcome.n_stale += n_echoes;

    write_records(&mut write, workspace, stream, page, &records).await?;
    if stream == Stream::Conversations {
        let ids: Vec<&str> = records.iter().map(|record| &*record.id).collect();
        super::parts::mark(&mut write, workspace, &ids).await?;
    }
    append_changes(&mut write, workspace, page, &records).await?;
    release(&mut write, workspace, stream, &ids).await?;
    super::gone::unbury(&mut write, workspace, stream, &back).await?;
    let put_aside: Vec<&Quarantined> = page.quarantined.iter().collect();
    let received = (page.observed_at, page.run);
    quarantine_entries(&mut write, workspace, stream, &put_aside, received).await?;
    release_entries(&mut write, workspace, stream, &page.released).await?;
    if let Some(bookmark) = &page.bookmark {
        write_bookmark(&mut write, workspace, stream, bookmark, page.observed_at).await?;
    }
    super::windows::write(&mut write, workspace, stream, page).await?;
    if let Some(run) = page.run {
        super::runs::count(&mut write, workspace, run, &counts(page, outcome)).await?;
    }
    store.commit(write).await?;
    Ok(outcome)
}

fn counts(page: &PageWrite, outcome: PageOutcome) -> RunCounts {
    let n_quarantined = page.quarantined.len() as u64;
    RunCounts {
        n_fetched: whole(page.records.len() as u64 + n_quarantined),
        n_inserted: whole(outcome.n_inserted),
        n_changed: whole(outcome.n_changed),
        n_quarantined: whole(n_quarantined),
        ..RunCounts::default()
    }
}

/// A walk over a moving set can meet a record twice in one page.
fn latest_of_each_id(records: &[Record]) -> BTreeMap<&str, &Record> {
    let mut latest = BTreeMap::<&str, &Record>::new();
    for record in records {
        let kept = latest.entry(&record.id).or_insert(record);
        if kept.updated_at <= record.updated_at {
            *kept = record;
        }
    }
    latest
}

pub(super) async fn read_stored<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> sqlx::Result<BTreeMap<String, Stored>> {
    let is_archived = if stream == Stream::Contacts { "archived_at IS NOT NULL" } else { "1 = 0" };
    let sql = format!(
        "SELECT id, content_hash, updated_at, {is_archived} FROM {} WHERE workspace_id = $1 AND id {}",
        stream.name(),
        D::is_one_of(2)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(ids)
        .fetch(connection, stream.name(), |row| {
            let id = row.next()?;
            let (hash, updated_at, is_archived) = (row.next()?, row.next()?, row.next()?);
            Ok((id, Stored { hash, updated_at, is_archived }))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

fn to_write<'r>(
    records: &BTreeMap<&str, &'r Record>,
    stored: &BTreeMap<String, Stored>,
) -> (PageOutcome, Vec<&'r Record>) {
    let mut outcome = PageOutcome::default();
    let mut written = Vec::new();
    for (&id, &record) in records {
        match stored.get(id) {
            None => {
                outcome.n_inserted += 1;
                written.push(record);
            }
            Some(stored) if stored.hash == record.hash && !stored.is_archived => {
                outcome.n_unchanged += 1;
            }
            Some(stored)
                if record.updated_at.is_some() && record.updated_at < stored.updated_at =>
            {
                outcome.n_stale += 1;
            }
            Some(_) => {
                outcome.n_changed += 1;
                written.push(record);
            }
        }
    }
    (outcome, written)
}

async fn write_records<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    page: &PageWrite,
    records: &[&Record],
) -> sqlx::Result<()> {
    let head = format!(
        "INSERT INTO {} (workspace_id, id, created_at, updated_at, content_hash, change_number, \
         first_seen_at, observed_at)",
        stream.name()
    );
    let again = match stream {
        Stream::Contacts => ", projected_version = 0, archived_at = NULL",
        _ if stream.is_projected() => ", projected_version = 0",
        _ => "",
    };
    let tail = format!(
        "ON CONFLICT (workspace_id, id) DO UPDATE SET \
         created_at = excluded.created_at, updated_at = excluded.updated_at, \
         content_hash = excluded.content_hash, change_number = excluded.change_number, \
         observed_at = excluded.observed_at{again}"
    );
    let change_number = write.change_number;
    execute_rows::<D, _>(&mut write.transaction, &head, records, &tail, |row, record| {
        row.bind(&workspace.id)
            .bind(&record.id)
            .bind(record.created_at)
            .bind(record.updated_at)
            .bind(record.hash.as_slice())
            .bind(change_number)
            .bind(page.observed_at)
            .bind(page.observed_at);
    })
    .await?;

    let bodies: Vec<(&str, &[u8])> =
        records.iter().map(|record| (&*record.id, &*record.body)).collect();
    write_bodies(write, workspace, stream, &bodies).await
}

/// Writes bodies by id over those that are stored.
pub(super) async fn write_bodies<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    bodies: &[(&str, &[u8])],
) -> sqlx::Result<()> {
    let head = format!("INSERT INTO {} (workspace_id, id, body)", stream.bodies_table());
    let tail = "ON CONFLICT (workspace_id, id) DO UPDATE SET body = excluded.body";
    for bodies in chunks_by_size(bodies) {
        execute_rows::<D, _>(&mut write.transaction, &head, bodies, tail, |row, (id, body)| {
            row.bind(&workspace.id).bind(*id).bind(*body);
        })
        .await?;
    }
    Ok(())
}

/// Runs of bodies that are small enough for one statement.
fn chunks_by_size<'c, 'b>(mut bodies: &'c [(&'b str, &'b [u8])]) -> Vec<&'c [(&'b str, &'b [u8])]> {
    let mut chunks = Vec::new();
    while !bodies.is_empty() {
        let mut size = 0;
        let fitting = bodies
            .iter()
            .take_while(|(_, body)| {
                size += body.len();
                size <= BODY_BYTES_PER_STATEMENT
            })
            .count();
        let (chunk, rest) = bodies.split_at(fitting.max(1));
        chunks.push(chunk);
        bodies = rest;
    }
    chunks
}

async fn append_changes<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    page: &PageWrite,
    records: &[&Record],
) -> sqlx::Result<u64> {
    let changes: Vec<(&str, &AttributeChange)> = records
        .iter()
        .flat_map(|record| record.attribute_changes.iter().map(|change| (&*record.id, change)))
        .collect();
    let change_number = write.change_number;
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO attribute_history (workspace_id, contact_id, attribute, change_number, \
         observed_at, old_value, new_value, run_id)",
        &changes,
        "ON CONFLICT DO NOTHING",
        |row, (contact_id, change)| {
            row.bind(&workspace.id)
                .bind(*contact_id)
                .bind(&change.attribute)
                .bind(change_number)
                .bind(page.observed_at)
                .bind(&change.old)
                .bind(&change.new)
                .bind(page.run.map(|run| run.0));
        },
    )
    .await
}

/// A record that can be read again leaves the quarantine.
///
/// A body that was stored earlier and put aside since, because nobody could project it, is no more
/// readable for being received again.
async fn release<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> sqlx::Result<u64> {
    let sql = format!(
        "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 AND record_id {} \
         AND NOT EXISTS (SELECT 1 FROM {} r WHERE r.workspace_id = $1 \
         AND r.id = quarantine.record_id AND r.content_hash = quarantine.content_hash \
         AND r.change_number < $4)",
        D::is_one_of(3),
        stream.name()
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(stream.name())
        .bind(ids)
        .bind(write.change_number)
        .execute(&mut write.transaction)
        .await
}

/// Entries leave the quarantine, also those that show no id.
async fn release_entries<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    released: &[ContentHash],
) -> sqlx::Result<()> {
    // One by one: SQLite compares a list of several columns with every row of the table.
    for hash in released {
        Query::<D>::new(
            "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 AND content_hash = $3",
        )
        .bind(&workspace.id)
        .bind(stream.name())
        .bind(hash.as_slice())
        .execute(&mut write.transaction)
        .await?;
    }
    Ok(())
}

/// A body that was put aside because nobody could project it leaves the quarantine when somebody
/// can.
pub(super) async fn release_projected<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 AND record_id {} \
         AND EXISTS (SELECT 1 FROM {} r WHERE r.workspace_id = $1 \
         AND r.id = quarantine.record_id AND r.content_hash = quarantine.content_hash)",
        D::is_one_of(3),
        stream.name()
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(stream.name())
        .bind(ids)
        .execute(&mut write.transaction)
        .await?;
    Ok(())
}

/// Puts entries aside, with the instant at which they were received and the run that received them.
pub(super) async fn quarantine_entries<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    entries: &[&Quarantined],
    (observed_at, run): (i64, Option<RunId>),
) -> sqlx::Result<u64> {
    let distinct: BTreeMap<ContentHash, &Quarantined> =
        entries.iter().map(|entry| (entry.hash, *entry)).collect();
    let entries: Vec<&Quarantined> = distinct.into_values().collect();
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO quarantine (workspace_id, stream, content_hash, record_id, reason, body, \
         first_seen_at, last_seen_at, n_seen, run_id)",
        &entries,
        "ON CONFLICT (workspace_id, stream, content_hash) DO UPDATE SET \
         reason = excluded.reason, last_seen_at = excluded.last_seen_at, \
         n_seen = quarantine.n_seen + 1, run_id = excluded.run_id",
        |row: &mut RowBinder<D>, entry| {
            row.bind(&workspace.id)
                .bind(stream.name())
                .bind(entry.hash.as_slice())
                .bind(&entry.record_id)
                .bind(&entry.reason)
                .bind(&*entry.body)
                .bind(observed_at)
                .bind(observed_at)
                .bind(1)
                .bind(run.map(|run| run.0));
        },
    )
    .await
}

async fn write_bookmark<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    bookmark: &Bookmark,
    now: i64,
) -> sqlx::Result<u64> {
    Query::<D>::new(
        "INSERT INTO bookmarks (workspace_id, stream, watermark, next_watermark, query, cursor, \
         n_pages, updated_at, last_updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (workspace_id, stream) DO UPDATE SET \
         watermark = excluded.watermark, next_watermark = excluded.next_watermark, \
         query = excluded.query, cursor = excluded.cursor, n_pages = excluded.n_pages, \
         updated_at = excluded.updated_at, last_updated_at = excluded.last_updated_at",
    )
    .bind(&workspace.id)
    .bind(stream.name())
    .bind(bookmark.watermark)
    .bind(bookmark.next_watermark)
    .bind(&bookmark.query)
    .bind(&bookmark.cursor)
    .bind(bookmark.n_pages)
    .bind(now)
    .bind(bookmark.last_updated_at)
    .execute(&mut write.transaction)
    .await
}
