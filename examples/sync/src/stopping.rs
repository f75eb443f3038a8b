//! What ends a command from outside.

/// Ends with the first Ctrl-C or SIGTERM; a second Ctrl-C ends the program at once, which every
/// write is made for.
pub(crate) async fn asked() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
    tokio::spawn(async {
        interrupted().await;
        std::process::exit(1);
    });
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the process can still be ended from outside.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
