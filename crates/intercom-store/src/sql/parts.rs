//! Conversation parts: what is due, what came, and the ledger, in one transaction.

mod plan;

use std::collections::BTreeMap;

use async_trait::async_trait;

use self::plan::{Known, Plan, plan};
use super::{SqlStore, Write, during, pages};
use crate::dialect::{Dialect, Query, Reader, execute_rows};
use crate::error::Fault;
use crate::{
    ConversationParts, DueParts, FoundParts, PartsCounts, PartsLedger, PartsOutcome, PartsState,
    PartsStore, PartsWrite, StoreError, StoredPart, Stream, Workspace,
};

#[async_trait]
impl<D: Dialect> PartsStore for SqlStore<D> {
    async fn due_parts(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DueParts>, StoreError> {
        due(self, workspace, after, limit).await.map_err(during("read due parts", workspace))
    }

    async fn commit_parts(
        &self,
        workspace: &Workspace,
        write: &PartsWrite,
    ) -> Result<PartsOutcome, StoreError> {
        commit(self, workspace, write).await.map_err(during("write parts", workspace))
    }

    async fn parts(
        &self,
        workspace: &Workspace,
        conversation_ids: &[&str],
    ) -> Result<BTreeMap<String, Vec<StoredPart>>, StoreError> {
        of_conversations(self, workspace, conversation_ids)
            .await
            .map_err(during("read parts", workspace))
    }

    async fn parts_ledger(
        &self,
        workspace: &Workspace,
        conversation_ids: &[&str],
    ) -> Result<BTreeMap<String, PartsLedger>, StoreError> {
        ledger(self, workspace, conversation_ids)
            .await
            .map_err(during("read the ledger of parts", workspace))
    }

    async fn parts_counts(&self, workspace: &Workspace) -> Result<PartsCounts, StoreError> {
        counts(self, workspace).await.map_err(during("count parts", workspace))
    }
}

/// Makes the parts of conversations due whose rows this transaction writes.
pub(super) async fn mark<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
) -> sqlx::Result<()> {
    let mark = write.change_number;
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO parts_due (workspace_id, conversation_id, mark)",
        conversation_ids,
        "ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET mark = excluded.mark",
        |row, id| {
            row.bind(&workspace.id).bind(*id).bind(mark);
        },
    )
    .await?;
    Ok(())
}

pub(super) async fn due<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    after: &str,
    limit: u32,
) -> Result<Vec<DueParts>, Fault> {
    let mut connection = store.read().await?;
    let sql = "SELECT d.conversation_id, d.mark, c.updated_at, b.body, \
               l.state, l.reason, l.updated_at, l.n_counted, l.n_fetched, l.fetched_at \
               FROM (SELECT conversation_id, mark FROM parts_due \
               WHERE workspace_id = $1 AND conversation_id > $2 \
               ORDER BY conversation_id LIMIT $3) d \
               JOIN conversations c ON c.workspace_id = $1 AND c.id = d.conversation_id \
               JOIN conversation_bodies b ON b.workspace_id = $1 AND b.id = d.conversation_id \
               LEFT JOIN parts_ledger l ON l.workspace_id = $1 \
               AND l.conversation_id = d.conversation_id \
               ORDER BY d.conversation_id";
    let read = |row: &mut Reader<'_, D>| {
        Ok(DueParts {
            conversation_id: row.next()?,
            mark: row.next()?,
            updated_at: row.next()?,
            body: row.next::<Vec<u8>>()?.into(),
            ledger: match row.next::<Option<String>>()? {
                Some(state) => Some(read_ledger(row, &state)?),
                None => None,
            },
        })
    };
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(after)
        .bind(i64::from(limit))
        .fetch(&mut connection, "parts_due", read)
        .await?)
}

fn read_ledger<D: Dialect>(row: &mut Reader<'_, D>, state: &str) -> sqlx::Result<PartsLedger> {
    let state = PartsState::from_name(state);
    Ok(PartsLedger {
        state: state.ok_or_else(|| sqlx::Error::Decode("an unknown state".into()))?,
        reason: row.next()?,
        updated_at: row.next()?,
        n_counted: row.next()?,
        n_fetched: row.next()?,
        fetched_at: row.next()?,
    })
}

pub(super) async fn ledger<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
) -> Result<BTreeMap<String, PartsLedger>, Fault> {
    let sql = format!(
        "SELECT conversation_id, state, reason, updated_at, n_counted, n_fetched, fetched_at \
         FROM parts_ledger WHERE workspace_id = $1 AND conversation_id {}",
        D::is_one_of(2)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(conversation_ids)
        .fetch(&mut *store.read().await?, "parts_ledger", |row: &mut Reader<'_, D>| {
            let (id, state): (String, String) = (row.next()?, row.next()?);
            Ok((id, read_ledger(row, &state)?))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn counts<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<PartsCounts, Fault> {
    let mut connection = store.read().await?;
    let states = Query::<D>::new(
        "SELECT state, COUNT(*) FROM parts_ledger WHERE workspace_id = $1 GROUP BY state",
    )
    .bind(&workspace.id)
    .fetch(&mut connection, "parts_ledger", |row: &mut Reader<'_, D>| {
        let state = PartsState::from_name(&row.next::<String>()?);
        let state = state.ok_or_else(|| sqlx::Error::Decode("an unknown state".into()))?;
        Ok((state, u64::try_from(row.next::<i64>()?).unwrap_or(0)))
    })
    .await?;
    let n_due = Query::<D>::new("SELECT COUNT(*) FROM parts_due WHERE workspace_id = $1")
        .bind(&workspace.id)
        .fetch_first(&mut connection, "parts_due", crate::dialect::only_column::<D, i64>)
        .await?;
    let n_due = u64::try_from(n_due.unwrap_or(0)).unwrap_or(0);
    Ok(PartsCounts { by_state: states.into_iter().collect(), n_due })
}

/// In the order they were written; ids are numbers, so of two of a second the shorter comes first.
pub(super) async fn of_conversations<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
) -> Result<BTreeMap<String, Vec<StoredPart>>, Fault> {
    let sql = format!(
        "SELECT p.id, p.conversation_id, p.created_at, p.part_type, p.author_type, p.author_id, \
         p.redacted_at, p.deleted_at, b.body FROM conversation_parts p \
         JOIN conversation_part_bodies b ON b.workspace_id = p.workspace_id AND b.id = p.id \
         WHERE p.workspace_id = $1 AND p.conversation_id {} \
         ORDER BY p.conversation_id, p.created_at, LENGTH(p.id), p.id",
        D::is_one_of(2)
    );
    let read = |row: &mut Reader<'_, D>| {
        let (id, conversation_id): (String, String) = (row.next()?, row.next()?);
        let part = StoredPart {
            id,
            created_at: row.next()?,
            part_type: row.next()?,
            author_type: row.next()?,
            author_id: row.next()?,
            redacted_at: row.next()?,
            deleted_at: row.next()?,
            body: row.next::<Vec<u8>>()?.into(),
        };
        Ok((conversation_id, part))
    };
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(conversation_ids)
        .fetch(&mut *store.read().await?, "conversation_parts", read)
        .await?;
    let mut parts = BTreeMap::<String, Vec<StoredPart>>::new();
    for (conversation_id, part) in rows {
        parts.entry(conversation_id).or_default().push(part);
    }
    Ok(parts)
}

pub(super) async fn commit<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    results: &PartsWrite,
) -> Result<PartsOutcome, Fault> {
    let mut write = store.write(workspace).await?;
    let ids: Vec<&str> =
        results.conversations.iter().map(|it| it.conversation_id.as_str()).collect();
    let stored =
        pages::read_stored::<D>(&mut write.transaction, workspace, Stream::Conversations, &ids)
            .await?;
    // One that was buried meanwhile has no parts.
    let conversations: Vec<&ConversationParts> = results
        .conversations
        .iter()
        .filter(|it| stored.contains_key(&it.conversation_id))
        .collect();
    let part_ids: Vec<&str> = conversations
        .iter()
        .filter_map(|it| match &it.found {
            FoundParts::Fetched(fetched) => Some(fetched.parts.iter().map(|part| &*part.id)),
            FoundParts::Unchanged | FoundParts::Failed { .. } => None,
        })
        .flatten()
        .collect();
    let known = read_known(&mut write, workspace, &ids, &part_ids).await?;
    let plan = plan(&conversations, &known, results.observed_at);

    write_parts(&mut write, workspace, &plan, results.observed_at).await?;
    set_instants(&mut write, workspace, &plan, results.observed_at).await?;
    write_ledger(&mut write, workspace, &plan.ledger).await?;
    release(&mut write, workspace, &conversations).await?;
    pages::quarantine_entries(
        &mut write,
        workspace,
        Stream::Parts,
        &plan.quarantined,
        (results.observed_at, results.run),
    )
    .await?;
    project_again(&mut write, workspace, &plan).await?;
    clear_marks(&mut write, workspace, &conversations).await?;
    if let Some(run) = results.run {
        super::runs::count(&mut write, workspace, run, &plan::counts(results, plan.outcome))
            .await?;
    }
    store.commit(write).await?;
    Ok(plan.outcome)
}

/// What is stored of the given conversations, and of the given parts wherever they are.
async fn read_known<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
    part_ids: &[&str],
) -> sqlx::Result<BTreeMap<String, Known>> {
    let mut known = BTreeMap::new();
    for (column, ids) in [("id", part_ids), ("conversation_id", conversation_ids)] {
        let sql = format!(
            "SELECT id, conversation_id, content_hash, created_at, redacted_at IS NOT NULL, \
             deleted_at IS NOT NULL FROM conversation_parts WHERE workspace_id = $1 AND {column} {}",
            D::is_one_of(2)
        );
        let read = |row: &mut Reader<'_, D>| {
            let id: String = row.next()?;
            let part = Known {
                conversation_id: row.next()?,
                hash: row.next()?,
                created_at: row.next()?,
                is_redacted: row.next()?,
                is_deleted: row.next()?,
            };
            Ok((id, part))
        };
        let rows = Query::<D>::new(sql)
            .bind(&workspace.id)
            .bind(ids)
            .fetch(&mut write.transaction, "conversation_parts", read)
            .await?;
        known.extend(rows);
    }
    Ok(known)
}

async fn write_parts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    plan: &Plan<'_>,
    observed_at: i64,
) -> sqlx::Result<()> {
    let change_number = write.change_number;
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO conversation_parts (workspace_id, id, conversation_id, created_at, \
         updated_at, part_type, author_type, author_id, content_hash, change_number, \
         first_seen_at, observed_at, redacted_at)",
        &plan.written,
        "ON CONFLICT (workspace_id, id) DO UPDATE SET \
         conversation_id = excluded.conversation_id, created_at = excluded.created_at, \
         updated_at = excluded.updated_at, part_type = excluded.part_type, \
         author_type = excluded.author_type, author_id = excluded.author_id, \
         content_hash = excluded.content_hash, change_number = excluded.change_number, \
         observed_at = excluded.observed_at, redacted_at = excluded.redacted_at, \
         deleted_at = NULL",
        |row, (conversation_id, part)| {
            row.bind(&workspace.id)
                .bind(&part.id)
                .bind(*conversation_id)
                .bind(part.created_at)
                .bind(part.updated_at)
                .bind(&part.part_type)
                .bind(&part.author_type)
                .bind(&part.author_id)
                .bind(part.hash.as_slice())
                .bind(change_number)
                .bind(observed_at)
                .bind(observed_at)
                .bind(part.is_redacted.then_some(observed_at));
        },
    )
    .await?;
    let bodies: Vec<(&str, &[u8])> =
        plan.written.iter().map(|(_, part)| (&*part.id, &*part.body)).collect();
    pages::write_bodies(write, workspace, Stream::Parts, &bodies).await
}

async fn set_instants<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    plan: &Plan<'_>,
    observed_at: i64,
) -> sqlx::Result<()> {
    for (column, ids) in [("redacted_at", &plan.redacted), ("deleted_at", &plan.deleted)] {
        if ids.is_empty() {
            continue;
        }
        let sql = format!(
            "UPDATE conversation_parts SET {column} = $1, observed_at = $1, change_number = $2 \
             WHERE workspace_id = $3 AND id {}",
            D::is_one_of(4)
        );
        Query::<D>::new(sql)
            .bind(observed_at)
            .bind(write.change_number)
            .bind(&workspace.id)
            .bind(ids.as_slice())
            .execute(&mut write.transaction)
            .await?;
    }
    Ok(())
}

/// A failure keeps what the last success has told.
async fn write_ledger<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    entries: &[(&str, PartsLedger)],
) -> sqlx::Result<()> {
    let (failed, told): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(_, entry)| entry.state == PartsState::Failed);
    let head = "INSERT INTO parts_ledger (workspace_id, conversation_id, state, reason, \
                updated_at, n_counted, n_fetched, fetched_at)";
    let all = "ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET state = excluded.state, \
               reason = excluded.reason, updated_at = excluded.updated_at, \
               n_counted = excluded.n_counted, n_fetched = excluded.n_fetched, \
               fetched_at = excluded.fetched_at";
    let some = "ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET \
                state = excluded.state, reason = excluded.reason";
    for (entries, tail) in [(told, all), (failed, some)] {
        execute_rows::<D, _>(&mut write.transaction, head, &entries, tail, |row, (id, entry)| {
            row.bind(&workspace.id)
                .bind(*id)
                .bind(entry.state.name())
                .bind(&entry.reason)
                .bind(entry.updated_at)
                .bind(entry.n_counted)
                .bind(entry.n_fetched)
                .bind(entry.fetched_at);
        })
        .await?;
    }
    Ok(())
}

/// Notes that the conversations are gone.
pub(super) async fn note_gone<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
    now: i64,
) -> sqlx::Result<()> {
    let gone = PartsLedger {
        state: PartsState::Gone,
        reason: None,
        updated_at: None,
        n_counted: None,
        n_fetched: 0,
        fetched_at: now,
    };
    let entries: Vec<(&str, PartsLedger)> =
        conversation_ids.iter().map(|id| (*id, gone.clone())).collect();
    write_ledger(write, workspace, &entries).await
}

/// An answer that can be read whole releases what was put aside of its conversation.
async fn release<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversations: &[&ConversationParts],
) -> sqlx::Result<()> {
    let readable: Vec<&str> = conversations
        .iter()
        .filter(|it| match &it.found {
            FoundParts::Fetched(fetched) => fetched.quarantined.is_empty(),
            FoundParts::Unchanged | FoundParts::Failed { .. } => false,
        })
        .map(|it| it.conversation_id.as_str())
        .collect();
    if readable.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 AND record_id {}",
        D::is_one_of(3)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(Stream::Parts.name())
        .bind(readable.as_slice())
        .execute(&mut write.transaction)
        .await?;
    Ok(())
}

/// What a conversation says depends on its parts.
async fn project_again<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    plan: &Plan<'_>,
) -> sqlx::Result<()> {
    if plan.changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = plan.changed.iter().copied().collect();
    let sql = format!(
        "UPDATE conversations SET projected_version = 0 \
         WHERE workspace_id = $1 AND projected_version <> 0 AND id {}",
        D::is_one_of(2)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(ids.as_slice())
        .execute(&mut write.transaction)
        .await?;
    Ok(())
}

async fn clear_marks<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversations: &[&ConversationParts],
) -> sqlx::Result<()> {
    // One by one: SQLite compares a list of several columns with every row of the table.
    for settled in conversations.iter().filter(|it| it.is_settled) {
        Query::<D>::new(
            "DELETE FROM parts_due WHERE workspace_id = $1 AND conversation_id = $2 AND mark = $3",
        )
        .bind(&workspace.id)
        .bind(&settled.conversation_id)
        .bind(settled.mark)
        .execute(&mut write.transaction)
        .await?;
    }
    Ok(())
}
