//! The windows of a first load.

use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, execute_rows};
use crate::error::Fault;
use crate::{LoadWindow, PageWrite, Stream, Workspace};

pub(super) async fn of_stream<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
) -> Result<Vec<LoadWindow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT position, from_at, until_at, cursor, last_created_at, n_pages, completed_at \
         FROM load_windows WHERE workspace_id = $1 AND stream = $2 ORDER BY position",
    )
    .bind(&workspace.id)
    .bind(stream.name())
    .fetch(&mut *store.read().await?, "load_windows", |row| {
        let position = u32::try_from(row.next::<i64>()?);
        Ok(LoadWindow {
            position: position.map_err(|error| sqlx::Error::Decode(error.into()))?,
            from: row.next()?,
            until: row.next()?,
            cursor: row.next()?,
            last_created_at: row.next()?,
            n_pages: row.next()?,
            completed_at: row.next()?,
        })
    })
    .await?)
}

/// Forgets the windows of an earlier plan when the page says so, and writes those it brings.
pub(super) async fn write<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    page: &PageWrite,
) -> sqlx::Result<()> {
    if page.forgets_windows {
        Query::<D>::new("DELETE FROM load_windows WHERE workspace_id = $1 AND stream = $2")
            .bind(&workspace.id)
            .bind(stream.name())
            .execute(&mut write.transaction)
            .await?;
    }
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO load_windows (workspace_id, stream, position, from_at, until_at, cursor, \
         last_created_at, n_pages, completed_at)",
        &page.windows,
        "ON CONFLICT (workspace_id, stream, position) DO UPDATE SET \
         from_at = excluded.from_at, until_at = excluded.until_at, cursor = excluded.cursor, \
         last_created_at = excluded.last_created_at, n_pages = excluded.n_pages, \
         completed_at = excluded.completed_at",
        |row, window| {
            row.bind(&workspace.id)
                .bind(stream.name())
                .bind(i64::from(window.position))
                .bind(window.from)
                .bind(window.until)
                .bind(&window.cursor)
                .bind(window.last_created_at)
                .bind(window.n_pages)
                .bind(window.completed_at);
        },
    )
    .await?;
    Ok(())
}
