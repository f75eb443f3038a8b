//! The calls of a token, shared by every process that uses the store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use intercom_client::{BoxError, LeaseGrant, LeaseTurn, RateLease, RateLedger};
use intercom_store::{RateLedgerRow, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Digits of a token's digest that are shown.
const SHOWN: usize = 8;

/// Lends the calls of one token through a store, so that processes that share it use every call of
/// a window together and none is refused.
pub struct StoreCalls {
    store: Arc<dyn Store>,
    token_digest: String,
}

impl StoreCalls {
    /// The calls of a token. The store sees a digest of it only.
    pub fn new(store: Arc<dyn Store>, token: &SecretString) -> Self {
        let digest = Sha256::digest(token.expose_secret().as_bytes());
        let token_digest = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { store, token_digest }
    }
}

impl fmt::Debug for StoreCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreCalls").finish_non_exhaustive()
    }
}

#[async_trait]
impl RateLease for StoreCalls {
    async fn turn(&self, turn: &LeaseTurn) -> Result<LeaseGrant, BoxError> {
        let mut grant = None;
        let mut take_turn = |now, before: &str| {
            // A ledger that nobody can read is begun anew: the next answer fills it.
            let mut ledger: RateLedger = serde_json::from_str(before).unwrap_or_default();
            grant = Some(ledger.turn(now, turn));
            serde_json::to_string(&ledger).expect("a ledger holds only numbers")
        };
        self.store.change_rate_ledger(&self.token_digest, &mut take_turn).await?;
        grant.ok_or_else(|| "the store kept no ledger".into())
    }
}

/// How much of the rate limit of a token is used, as the processes that share it know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallBudget {
    /// The beginning of a digest of the token, to tell tokens apart.
    pub token: String,
    /// Calls a window; absent until an answer has told.
    pub limit: Option<u32>,
    /// Calls of the current window that are used or promised; absent until an answer has told.
    pub used: Option<u32>,
    /// Calls under way, or lent to a process.
    pub under_way: u32,
    /// Seconds until the window ends; absent when it has ended without another call.
    pub resets_in_seconds: Option<u64>,
    /// Seconds until calls may start again after a 429; absent when they may.
    pub closed_for_seconds: Option<u64>,
    /// Seconds since a call was last asked for or answered.
    pub idle_seconds: u64,
}

/// The budgets of every token that the processes on a store use, the last used first.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn call_budgets(store: &dyn Store) -> Result<Vec<CallBudget>, StoreError> {
    let rows = store.rate_ledgers().await?;
    Ok(rows.into_iter().map(budget).collect())
}

fn budget(row: RateLedgerRow) -> CallBudget {
    let RateLedgerRow { token_digest, ledger, changed_at, now } = row;
    let mut ledger: RateLedger = serde_json::from_str(&ledger).unwrap_or_default();
    let status = ledger.status(now);
    let whole = |left: Duration| left.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX);
    let used = status.limit.zip(status.remaining);
    CallBudget {
        token: token_digest.chars().take(SHOWN).collect(),
        limit: status.limit,
        used: used.map(|(limit, remaining)| limit.saturating_sub(remaining)),
        under_way: status.n_in_flight,
        resets_in_seconds: status.resets_in.map(whole),
        closed_for_seconds: status.closed_for.map(whole),
        idle_seconds: now.saturating_sub(changed_at).as_secs(),
    }
}
