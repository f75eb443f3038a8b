//! What a watch serves: `/metrics` for Prometheus, `/healthz` for whoever restarts it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::DateTime;
use intercom_client::Client;
use intercom_store::{RunOutcome, Store, StoreError, Stream};
use intercom_sync::{METRICS_MEDIA_TYPE, RunMetrics, read_up_to};
use tokio::net::TcpListener;

use crate::watching::Clock;

/// Runs that are looked through for the last success.
const LOOKED_THROUGH: u32 = 50;

/// What is looked at when somebody asks.
#[derive(Clone)]
pub(crate) struct Observed {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) client: Client,
    pub(crate) metrics: Arc<RunMetrics>,
    pub(crate) clock: Clock,
}

/// Answers until the program ends.
pub(crate) async fn serve(listener: TcpListener, observed: Observed) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .with_state(observed);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "The metrics are no longer served.");
    }
}

async fn metrics(State(observed): State<Observed>) -> Response {
    observed.metrics.set_usage(&observed.client.usage());
    match look(&observed).await {
        Ok(()) => {
            let kind = [(header::CONTENT_TYPE, METRICS_MEDIA_TYPE)];
            (kind, observed.metrics.encode()).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn health(State(observed): State<Observed>) -> Response {
    match observed.store.workspaces().await {
        Ok(_) => "ok\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response(),
    }
}

/// Takes over what the store knows: of several workspaces the sums, and the longest lag.
async fn look(observed: &Observed) -> Result<(), StoreError> {
    let Observed { store, metrics, clock, .. } = observed;
    let now = clock().timestamp();
    let mut sum = intercom_store::Backlog::default();
    let mut last_success = None;
    for workspace in store.workspaces().await? {
        let backlog = store.backlog(&workspace).await?;
        sum.n_quarantined += backlog.n_quarantined;
        sum.n_due += backlog.n_due;
        sum.n_claimed += backlog.n_claimed;
        sum.n_dead += backlog.n_dead;
        for stream in Stream::ALL {
            if let Some(at) = read_up_to(store.as_ref(), &workspace, stream).await? {
                metrics.set_lag(stream, now.saturating_sub(at).max(0));
            }
        }
        let runs = store.last_runs(&workspace, LOOKED_THROUGH).await?;
        let ends = runs.into_iter().filter_map(|run| run.end);
        let done = ends.filter(|end| end.outcome == RunOutcome::Done);
        last_success = last_success.max(done.map(|end| end.finished_at).max());
    }
    metrics.set_backlog(&sum);
    if let Some(at) = last_success.and_then(|at| DateTime::from_timestamp(at, 0)) {
        metrics.set_last_success(at);
    }
    Ok(())
}
