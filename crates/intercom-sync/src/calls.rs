//! The calls of a token, shared by every process that uses the store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use intercom_client::{BoxError, LeaseGrant, LeaseTurn, RateLease, RateLedger};
use intercom_store::Store;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

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
