//! The signals that end the program.

/// Waits for Ctrl-C or for what `kill` sends. Another one after that ends the process at once,
/// whatever is still under way.
pub(crate) async fn first() {
    let mut signals = Signals::listen();
    signals.next().await;
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
}

/// The exit code of a program that a signal ends.
const INTERRUPTED: i32 = 130;

#[cfg(unix)]
struct Signals {
    /// Without a handler the process is still ended by the signal itself.
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).ok();
        Self { interrupt, terminate: signal(SignalKind::terminate()).ok() }
    }

    async fn next(&mut self) {
        let Self { interrupt, terminate } = self;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the process can still be ended from outside.
            std::future::pending::<()>().await;
        }
    }
}
