//! What customers' figures are made of, and what makes them move.

use async_trait::async_trait;

use crate::{
    CurrencyTotal, FactRow, ProjectionRules, RevenueHistoryRow, RulesChange, SharedBilling,
    StoreError, Workspace,
};

/// What a [`Store`](crate::Store) does with the rules, the date and the history of figures.
#[async_trait]
pub trait FiguresStore: Send + Sync {
    /// What the conversations of the given contacts say, latest first, each with its conversation.
    async fn facts(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
        limit: u32,
    ) -> Result<Vec<(String, FactRow)>, StoreError>;

    /// Notes the rules that tables are projected by. Where they differ from those noted before,
    /// every stored body is pending again, or every customer is marked. Unless they are the first,
    /// customers are being restated from `now` on (Unix seconds), until [`restated`](Self::restated).
    ///
    /// Processes with different rules on one store undo each other's work.
    async fn project_by(
        &self,
        workspace: &Workspace,
        rules: &ProjectionRules,
        now: i64,
    ) -> Result<RulesChange, StoreError>;

    /// Notes that customers have been computed by the rules that changed at `since`.
    async fn restated(&self, workspace: &Workspace, since: i64) -> Result<(), StoreError>;

    /// Brings what moves with the date up to `now`, once a day (UTC): days since customers were seen
    /// are counted in one statement, and customers of whom another figure moves are marked. Returns
    /// how many were marked; `None` when the day is the one of the last time.
    async fn pass_time(&self, workspace: &Workspace, now: i64) -> Result<Option<u64>, StoreError>;

    /// The monthly recurring revenue of all customers by currency, that of most customers first.
    async fn mrr_totals(
        &self,
        workspace: &Workspace,
        shared: SharedBilling,
    ) -> Result<Vec<CurrencyTotal>, StoreError>;

    /// The MRR of every customer until `until`, by e-mail and place in the history: up to `limit` rows
    /// behind `after`.
    async fn revenue_history(
        &self,
        workspace: &Workspace,
        until: i64,
        after: (&str, i64),
        limit: u32,
    ) -> Result<Vec<RevenueHistoryRow>, StoreError>;
}
