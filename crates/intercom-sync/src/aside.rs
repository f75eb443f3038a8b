//! Work that only computes, beside the threads that wait for the network and the database.

use std::future::pending;
use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Computes on a thread of its own; a panic there is one here.
pub(crate) async fn aside<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(compute).await {
        Ok(computed) => computed,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is ending, and with it whoever waits.
            Err(_) => pending().await,
        },
    }
}
