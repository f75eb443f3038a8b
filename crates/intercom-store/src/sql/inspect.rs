//! How things stand between runs.

mod lost;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{SqlStore, aside, during, runs};
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::{
    InspectStore, Lost, MISTRUSTED, PartsWait, RunId, StillAside, StoreError, Stream, Workspace,
};

#[async_trait]
impl<D: Dialect> InspectStore for SqlStore<D> {
    async fn check_writable(&self) -> Result<(), StoreError> {
        let tried = try_to_write(self).await;
        tried.map_err(|fault| fault.during("write", "*"))
    }

    async fn lost(&self, workspace: &Workspace) -> Result<Lost, StoreError> {
        lost::find(self, workspace).await.map_err(during("look for lost projections", workspace))
    }

    async fn restore(&self, workspace: &Workspace) -> Result<Lost, StoreError> {
        lost::restore(self, workspace).await.map_err(during("mark lost projections", workspace))
    }

    async fn lease_holder(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        holder(self, workspace, name).await.map_err(during("read a lease", workspace))
    }

    async fn parts_wait(&self, workspace: &Workspace) -> Result<PartsWait, StoreError> {
        parts_wait(self, workspace).await.map_err(during("read due parts", workspace))
    }

    async fn undate(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<u64, StoreError> {
        undate(self, workspace, stream, ids).await.map_err(during("mark what differs", workspace))
    }

    async fn conversations_of(
        &self,
        workspace: &Workspace,
        part_ids: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        conversations_of(self, workspace, part_ids)
            .await
            .map_err(during("read whose parts they are", workspace))
    }

    async fn count_customers(
        &self,
        workspace: &Workspace,
        run: RunId,
        n_customers: u64,
    ) -> Result<(), StoreError> {
        runs::count_customers(self, workspace, run, n_customers)
            .await
            .map_err(during("count what a run has written", workspace))
    }

    async fn still_aside(
        &self,
        workspace: &Workspace,
        streams: &[Stream],
        run: RunId,
        limit: u32,
    ) -> Result<StillAside, StoreError> {
        aside::still(self, workspace, streams, (run, limit))
            .await
            .map_err(during("read the quarantine", workspace))
    }

    async fn release_unmet(
        &self,
        workspace: &Workspace,
        stream: Stream,
        run: RunId,
    ) -> Result<u64, StoreError> {
        aside::release_unmet(self, workspace, stream, run)
            .await
            .map_err(during("clear the quarantine", workspace))
    }

    async fn mistrust(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<u64, StoreError> {
        mistrust(self, workspace, stream, ids)
            .await
            .map_err(during("mark damaged bodies", workspace))
    }
}

/// Changes no row, and is undone.
async fn try_to_write<D: Dialect>(store: &SqlStore<D>) -> Result<(), Fault> {
    let mut transaction = D::begin(&store.writer).await?;
    let query = Query::<D>::new("UPDATE workspaces SET name = name WHERE 1 = 0");
    query.execute(&mut transaction).await?;
    Ok(())
}

async fn holder<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    name: &str,
) -> Result<Option<String>, Fault> {
    let sql = format!(
        "SELECT holder FROM leases WHERE workspace_id = $1 AND name = $2 AND expires_at > {}",
        D::CLOCK
    );
    let query = Query::<D>::new(sql).bind(&workspace.id).bind(name);
    Ok(query.fetch_first(&mut *store.read().await?, "leases", only_column).await?)
}

async fn parts_wait<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<PartsWait, Fault> {
    let query = Query::<D>::new(
        "SELECT COUNT(*), MIN(c.updated_at), \
         EXISTS (SELECT 1 FROM parts_ledger WHERE workspace_id = $1) \
         FROM parts_due d LEFT JOIN conversations c \
         ON c.workspace_id = d.workspace_id AND c.id = d.conversation_id \
         WHERE d.workspace_id = $1",
    );
    let read = |row: &mut Reader<'_, D>| {
        let n_due = u64::try_from(row.next::<i64>()?).unwrap_or(0);
        Ok(PartsWait { n_due, due_since: row.next()?, is_begun: row.next()? })
    };
    let query = query.bind(&workspace.id);
    let found = query.fetch_first(&mut *store.read().await?, "parts_due", read).await?;
    Ok(found.unwrap_or_default())
}

async fn conversations_of<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    part_ids: &[&str],
) -> Result<BTreeMap<String, String>, Fault> {
    let sql = format!(
        "SELECT id, conversation_id FROM conversation_parts WHERE workspace_id = $1 AND id {}",
        D::is_one_of(2)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(part_ids)
        .fetch(&mut *store.read().await?, "conversation_parts", |row: &mut Reader<'_, D>| {
            Ok((row.next()?, row.next()?))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

async fn undate<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> Result<u64, Fault> {
    let mut write = store.write(workspace).await?;
    let sql = format!(
        "UPDATE {} SET updated_at = NULL WHERE workspace_id = $1 AND id {}",
        stream.name(),
        D::is_one_of(2)
    );
    let query = Query::<D>::new(sql).bind(&workspace.id).bind(ids);
    let n_marked = query.execute(&mut write.transaction).await?;
    store.commit(write).await?;
    Ok(n_marked)
}

async fn mistrust<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> Result<u64, Fault> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut write = store.write(workspace).await?;
    let sql = format!(
        "UPDATE {} SET content_hash = $2 WHERE workspace_id = $1 AND id {}",
        stream.name(),
        D::is_one_of(3)
    );
    let n_marked = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(MISTRUSTED.as_slice())
        .bind(ids)
        .execute(&mut write.transaction)
        .await?;
    store.commit(write).await?;
    Ok(n_marked)
}
