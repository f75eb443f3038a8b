//! The simulator behind HTTP, for programs in other processes: loopback only, no TLS.
//!
//! Requests become [`Request`]s and answers become HTTP again; nothing is decided here except
//! what only HTTP knows: the token, the version header, the length of a body. The paths under
//! `/__sim` are the simulator's own; they need no token and are not counted.

mod changes;
mod control;
mod courier;
mod host;
mod wire;

use std::convert::Infallible;
use std::future::{Future, IntoFuture};
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Response as HttpResponse};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::answer::Refusal;
use crate::reply::{Manner, Reply};
use crate::routes;
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

/// How long calls that have begun keep the server from stopping.
const DRAINED_WITHIN: Duration = Duration::from_secs(3);

/// Serves a workspace until `stop` is ready; calls that began are answered first, those that a fault
/// holds back without further delay. Nobody is waited for longer than three seconds: not for the
/// rest of a request, nor for a client that does not read its answer.
///
/// URLs in answers point to the host that a request names, or else to the listener's address.
///
/// # Errors
/// The listener's own.
pub async fn serve_until(
    listener: TcpListener,
    transport: SimTransport,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let origin = host::origin(&listener.local_addr()?.to_string());
    if let Some(origin) = &origin {
        transport.with(|simulator| simulator.origin.clone_from(origin));
    }
    let (stop_calls, stopping) = watch::channel(false);
    let mut drained = stopping.clone();
    let served = Served { transport, stopping };
    let router = Router::new().fallback(answer).with_state(served);
    let stop = async move {
        stop.await;
        // Without a receiver nobody is held back.
        let _told = stop_calls.send(true);
    };
    let service = router.into_make_service_with_connect_info::<Cut>();
    let serving = axum::serve(Wires(listener), service).with_graceful_shutdown(stop);
    tokio::select! {
        ended = serving.into_future() => ended,
        () = async {
            wire::stopped(&mut drained).await;
            tokio::time::sleep(DRAINED_WITHIN).await;
        } => {
            tracing::warn!("Calls that were under way have been given up.");
            Ok(())
        }
    }
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
    let reply = match read(body).await {
        Err(refusal) => prompt(refused(&refusal)),
        Ok(body) if path == control::ROOT || path.starts_with("/__sim/") => {
            match control::answer(&transport, (parts.method.as_str(), &path), &body).await {
                control::Answer::Whole(response) => prompt(response),
                control::Answer::Dump => return dump(transport),
            }
        }
        Ok(body) => call(&transport, &parts, body).await,
    };
    tracing::debug!(method = %parts.method, status = reply.response.status, "A request was answered.");
    send(reply, cut, stopping).await
}

/// A body, unless it is too large or breaks off.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            Refusal::new(400, "bad_request", "the body breaks off or is not well formed")
        })?;
        if whole.len() + piece.len() > MAX_BODY {
            return Err(Refusal::new(413, "payload_too_large", "the body is too large"));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
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
    let version = version(&parts.headers);
    let Some(method) = method(parts) else {
        let version = version.unwrap_or_default();
        return prompt(refused(&routes::missing(version, parts.uri.path())));
    };
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut request = Request::raw(method, Safety::Once, target, version.unwrap_or_default());
    if !body.is_empty() {
        let content_type = header(&parts.headers, "content-type").unwrap_or("application/json");
        request.set_body(content_type.to_owned(), body);
    }
    let Some(token) = token(&parts.headers) else {
        return transport.without_token().reply(&request).await;
    };
    let mut transport = transport.with_token(token);
    if let Some(origin) = host::asked(parts) {
        transport = transport.with_origin(origin);
    }
    match version {
        Some(_) => transport.reply(&request).await,
        None => transport.reply_to_unknown_version(&request).await,
    }
}

/// The version that a request asks for; `None` when there is no such version.
fn version(headers: &HeaderMap) -> Option<ApiVersion> {
    // A workspace has a configured version; here it is the newest stable one.
    let Some(given) = headers.get("intercom-version") else { return Some(ApiVersion::V2_16) };
    match given.to_str().ok()?.trim() {
        "Unstable" | "unstable" => Some(ApiVersion::Preview),
        // The whole line answers like its last version.
        "1.0" | "1.1" | "1.2" | "1.3" => Some(ApiVersion::V1_4),
        text => text.parse().ok(),
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

/// A refusal that no call of the API caused, so it has no number.
fn refused(refusal: &Refusal) -> Response {
    let mut response = Response::new(refusal.status, refusal.envelope("none"));
    if let Some((name, value)) = &refusal.header {
        response.headers.push(*name, value.clone());
    }
    response
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
