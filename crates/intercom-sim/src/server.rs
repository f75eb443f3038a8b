//! The simulator behind HTTP, for programs in other processes: loopback only, no TLS.
//!
//! Requests become [`Request`]s and answers become HTTP again; nothing is decided here except
//! what only HTTP knows: the token, the version header, the length of a body. The paths under
//! `/__sim` are the simulator's own; they need no token and are not counted.

mod changes;
mod control;
mod courier;
mod wire;

use std::convert::Infallible;
use std::future::Future;
use std::io;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Response as HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::answer::Refusal;
use crate::reply::{Manner, Reply};
use crate::server::wire::{Cut, Stopping, Wires};
use crate::transport::SimTransport;
use crate::workspace::dump::Dumped;

pub use control::{OwnPath, own_paths};
pub use courier::{BadWebhookUrl, ProbeError, WebhookUrl, deliver, probe};

/// No body of the API comes near this.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Serves a workspace until the listener fails.
///
/// # Errors
/// The listener's own.
pub async fn serve(listener: TcpListener, transport: SimTransport) -> io::Result<()> {
    serve_until(listener, transport, std::future::pending()).await
}

/// Serves a workspace until `stop` is ready; calls that began are answered first, those that a fault
/// holds back without further delay.
///
/// # Errors
/// The listener's own.
pub async fn serve_until(
    listener: TcpListener,
    transport: SimTransport,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop_calls, stopping) = watch::channel(false);
    let served = Served { transport, stopping };
    let router = Router::new().fallback(answer).with_state(served);
    let stop = async move {
        stop.await;
        // Without a receiver nobody is held back.
        let _told = stop_calls.send(true);
    };
    let service = router.into_make_service_with_connect_info::<Cut>();
    axum::serve(Wires(listener), service).with_graceful_shutdown(stop).await
}

/// What every handler knows.
#[derive(Clone)]
struct Served {
    transport: SimTransport,
    stopping: Stopping,
}

async fn answer(
    State(Served { transport, stopping }): State<Served>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> HttpResponse<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if parts.method == "GET" && path == "/__sim/dump" {
        return dump(transport);
    }
    let reply = match to_bytes(body, MAX_BODY).await {
        Err(_) => prompt(refused(&Refusal::new(413, "payload_too_large", "the body is too large"))),
        Ok(body) if path == control::ROOT || path.starts_with("/__sim/") => {
            prompt(control::answer(&transport, (parts.method.as_str(), &path), &body))
        }
        Ok(body) => call(&transport, &parts, body).await,
    };
    tracing::debug!(method = %parts.method, status = reply.response.status, "A request was answered.");
    send(reply, cut, stopping).await
}

fn prompt(response: Response) -> Reply {
    Reply { response, manner: Manner::Prompt }
}

/// Sends an answer on its way, on which it may be held up or lost.
async fn send(reply: Reply, cut: Cut, mut stopping: Stopping) -> HttpResponse<Body> {
    let Reply { response, manner } = reply;
    match manner {
        Manner::Prompt => into_http(response, Body::from),
        Manner::Late(time) => {
            wire::pass(time, &mut stopping).await;
            into_http(response, Body::from)
        }
        Manner::Dripping(time) => into_http(response, |body| wire::dripping(body, time, stopping)),
        Manner::ResetInBody => into_http(response, |body| wire::half_of(&body, cut)),
        Manner::Silent => {
            wire::stopped(&mut stopping).await;
            cut.cut();
            into_http(response, Body::from)
        }
        Manner::Reset => {
            cut.cut();
            into_http(response, Body::from)
        }
    }
}

/// The whole workspace, which is written while it is sent.
fn dump(transport: SimTransport) -> HttpResponse<Body> {
    let begin = (transport, Dumped::default());
    let pieces = stream::unfold(begin, |(transport, mut dumped)| async {
        let piece = transport.with(|simulator| simulator.workspace().dump_piece(&mut dumped))?;
        Some((Ok::<_, Infallible>(piece), (transport, dumped)))
    });
    into_http(Response::new(200, Vec::new()), |_| Body::from_stream(pieces))
}

/// One call of the API.
async fn call(transport: &SimTransport, parts: &Parts, body: Bytes) -> Reply {
    let version = match header(&parts.headers, "intercom-version") {
        // A workspace has a configured version; here it is the newest stable one.
        None => Some(ApiVersion::V2_16),
        Some("Unstable" | "unstable") => Some(ApiVersion::Preview),
        // The whole line answers like its last version.
        Some("1.0" | "1.1" | "1.2" | "1.3") => Some(ApiVersion::V1_4),
        Some(text) => text.parse().ok(),
    };
    let Some(method) = method(parts) else { return prompt(not_here()) };
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut request = Request::raw(method, Safety::Once, target, version.unwrap_or_default());
    if !body.is_empty() {
        let content_type = header(&parts.headers, "content-type").unwrap_or("application/json");
        request.set_body(content_type.to_owned(), body);
    }
    let Some(token) = token(&parts.headers) else {
        return transport.without_token().reply(&request).await;
    };
    match version {
        Some(_) => transport.with_token(token).reply(&request).await,
        None => {
            let now = transport.now();
            prompt(transport.with(|simulator| simulator.handle_unknown_version(now)))
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Any token is taken, but there must be one.
fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header(headers, "authorization")?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn method(parts: &Parts) -> Option<Method> {
    const ALL: [Method; 6] =
        [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete];
    ALL.into_iter().find(|method| method.as_str() == parts.method.as_str())
}

fn not_here() -> Response {
    refused(&Refusal::not_found("Resource"))
}

/// A refusal that no call of the API caused, so it has no number.
fn refused(refusal: &Refusal) -> Response {
    Response::new(refusal.status, refusal.envelope("none"))
}

fn into_http(response: Response, body: impl FnOnce(Bytes) -> Body) -> HttpResponse<Body> {
    let mut builder = HttpResponse::builder().status(response.status);
    if response.headers.get("Content-Type").is_none() {
        builder = builder.header("Content-Type", "application/json; charset=utf-8");
    }
    for (name, value) in response.headers.iter() {
        builder = builder.header(name, value);
    }
    builder.body(body(response.body)).expect("the simulator's headers are plain ASCII")
}
