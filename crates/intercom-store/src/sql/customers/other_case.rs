//! Rows of the shared table whose e-mail others have written with capitals: ours are matched to them.

use std::collections::BTreeSet;

use super::Write;
use crate::Workspace;
use crate::dialect::{Dialect, Query, Reader, only_column};

/// Rows of the shared table that others have written under an e-mail with capitals.
#[derive(Default)]
pub(super) struct OtherCase {
    rows: Vec<OtherRow>,
    /// The customers that have a row under their own e-mail, too.
    have_own: BTreeSet<String>,
}

struct OtherRow {
    /// In lower case.
    email: String,
    key: String,
    /// Whether our columns have been written there.
    is_written: bool,
}

impl OtherCase {
    /// Looks for them by an index that has no other rows.
    pub(super) async fn read<D: Dialect>(
        write: &mut Write<D>,
        workspace: &Workspace,
        emails: &[&str],
    ) -> sqlx::Result<Self> {
        let condition = D::is_one_of(2);
        let sql = format!(
            "SELECT LOWER(email), email, COALESCE(intercom_contact_id, '') FROM unified_customers \
             WHERE workspace_id = $1 AND email <> LOWER(email) AND LOWER(email) {condition}"
        );
        let mut rows = Query::<D>::new(sql)
            .bind(&workspace.id)
            .bind(emails)
            .fetch(&mut write.transaction, "unified_customers", |row: &mut Reader<'_, D>| {
                let (email, key) = (row.next()?, row.next()?);
                Ok(OtherRow { email, key, is_written: !row.next::<String>()?.is_empty() })
            })
            .await?;
        if rows.is_empty() {
            return Ok(Self::default());
        }
        // Asked for in order, SQLite would go through the whole table by its key.
        rows.sort_by(|left, right| left.key.cmp(&right.key));
        let emails: Vec<&str> = rows.iter().map(|row| row.email.as_str()).collect();
        let sql = format!(
            "SELECT email FROM unified_customers WHERE workspace_id = $1 AND email {condition}"
        );
        let have_own: Vec<String> = Query::<D>::new(sql)
            .bind(&workspace.id)
            .bind(emails.as_slice())
            .fetch(&mut write.transaction, "unified_customers", only_column)
            .await?;
        Ok(Self { rows, have_own: have_own.into_iter().collect() })
    }

    /// Under which e-mail a customer is in the shared table: its own, unless only others have a row.
    pub(super) fn key<'a>(&'a self, email: &'a str) -> &'a str {
        if self.rows.is_empty() || self.have_own.contains(email) {
            return email;
        }
        let other = self.rows.iter().find(|row| row.email == email);
        other.map_or(email, |row| row.key.as_str())
    }

    /// Rows in which our columns are, and are to be no more: of customers that are cleared, and of
    /// those that have come to have a row under another e-mail.
    pub(super) fn left(&self, cleared: &[&str]) -> Vec<&str> {
        let is_left = |row: &&OtherRow| {
            row.is_written && (cleared.contains(&&*row.email) || self.key(&row.email) != row.key)
        };
        self.rows.iter().filter(is_left).map(|row| row.key.as_str()).collect()
    }

    /// The e-mails of all of them, as they stand there.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.key.as_str()).collect()
    }
}
