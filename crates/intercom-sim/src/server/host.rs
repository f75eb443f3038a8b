//! Where a request was sent to, for the URLs in its answer.

use axum::http::header::HOST;
use axum::http::request::Parts;
use url::Url;

/// The scheme, host and port that a request asks: those of its target, or of its `Host` header.
/// `None` when there is neither, or nothing that could be a host.
pub(super) fn asked(parts: &Parts) -> Option<String> {
    match parts.uri.authority() {
        Some(authority) => origin(authority.as_str()),
        None => origin(parts.headers.get(HOST)?.to_str().ok()?),
    }
}

/// The origin of a host and port, unless the text is something else.
pub(super) fn origin(host: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let origin = format!("http://{host}");
    let is_host = host.bytes().all(is_plain) && Url::parse(&origin).is_ok();
    is_host.then_some(origin)
}
