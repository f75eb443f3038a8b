//! What customers' figures are made of, and what makes them move.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{
    CurrencyTotal, CustomerHistoryRow, CustomerRow, FactRow, Mentioned, ProjectionRules,
    RevenueHistoryRow, RulesChange, SharedBilling, StoreError, TrackedValues, WithoutAddress,
    Workspace,
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

    /// The last words of leaving in conversations of the given customers, by e-mail, with their
    /// author, as far as they were written at `since` or later.
    async fn cancel_words(
        &self,
        workspace: &Workspace,
        emails: &[&str],
        since: i64,
    ) -> Result<BTreeMap<String, Mentioned>, StoreError>;

    /// The contacts that stand for no customer because they have no usable e-mail address: how many
    /// there are, and the first ones by id.
    async fn without_address(
        &self,
        workspace: &Workspace,
        limit: u32,
    ) -> Result<(i64, Vec<WithoutAddress>), StoreError>;

    /// By which address each of the given contacts is a customer, or one of those who are.
    async fn addresses(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// The customers that pay by one of the given billing accounts and whose address a contact has.
    async fn payers(
        &self,
        workspace: &Workspace,
        accounts: &[&str],
    ) -> Result<BTreeMap<String, CustomerRow>, StoreError>;

    /// The last state of a customer for which each of the given contacts spoke, with the address.
    async fn last_states(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<BTreeMap<String, (String, TrackedValues)>, StoreError>;

    /// Every state of a customer for which one of the given contacts spoke, with the address, in the
    /// order of the changes.
    async fn contact_history(
        &self,
        workspace: &Workspace,
        contact_ids: &[&str],
    ) -> Result<Vec<(String, CustomerHistoryRow)>, StoreError>;

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

    /// The rules noted last, and since when customers are being restated by them (Unix seconds), if
    /// they are; `None` before the first.
    async fn noted_rules(
        &self,
        workspace: &Workspace,
    ) -> Result<Option<(ProjectionRules, Option<i64>)>, StoreError>;

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
