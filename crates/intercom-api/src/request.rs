//! A request as data: it can be built, printed, compared and sent by anyone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::error::BuildError;
use crate::id::PathSegment;
use crate::operation::Safety;
use crate::parameter::Parameter;
use crate::response::Response;
use crate::version::ApiVersion;

/// Everything but RFC 3986 unreserved characters is encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const JSON: &str = "application/json";

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the HTTP methods themselves")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method in upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is fixed about an operation's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The operation's name, for messages and logs.
    pub operation: &'static str,
    /// Whether the request may be repeated.
    pub safety: Safety,
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces: `/contacts/{contact_id}`.
    pub route: &'static str,
}

/// One request to the API: relative to a base URL, without credentials.
///
/// `Debug` shows method and route only: filled paths, queries and bodies hold personal data.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The operation's name, for messages and logs.
    pub operation: Cow<'static, str>,
    /// Whether the request may be repeated.
    pub safety: Safety,
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces, for messages and logs.
    pub route: Cow<'static, str>,
    /// The filled and percent-encoded path; starts with `/`.
    pub path: Cow<'static, str>,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The version the request was built for, sent as `Intercom-Version`.
    pub version: ApiVersion,
    /// The body, encoded once.
    pub body: Option<Bytes>,
    /// The media type of the body, sent as `Content-Type` when there is one.
    pub content_type: Cow<'static, str>,
    /// The media type of the answer wanted, sent as `Accept`.
    pub accept: Cow<'static, str>,
    /// What a successful answer is.
    pub success: Success,
}

/// What a successful answer to a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Success {
    /// A status of 2xx.
    #[default]
    Body,
    /// Also a redirect, which is not followed: its address is the answer.
    Redirect,
}

impl Request {
    /// A request to `endpoint`, its path parameters filled in order.
    ///
    /// # Errors
    /// [`BuildError::PathSegment`] when a parameter is empty, `.` or `..`;
    /// [`BuildError::PathArity`] when there are more or fewer parameters than the route names.
    pub fn new(
        endpoint: &Endpoint,
        version: ApiVersion,
        parameters: &[&dyn PathSegment],
    ) -> Result<Self, BuildError> {
        let path = fill(endpoint, parameters)?;
        Ok(Self {
            operation: Cow::Borrowed(endpoint.operation),
            safety: endpoint.safety,
            method: endpoint.method,
            route: Cow::Borrowed(endpoint.route),
            path: path.into(),
            query: Vec::new(),
            version,
            body: None,
            content_type: Cow::Borrowed(JSON),
            accept: Cow::Borrowed(JSON),
            success: Success::Body,
        })
    }

    /// A request outside the known operations. `target` is the path, filled and percent-encoded,
    /// with or without a query; messages and logs call the request `Raw` and show no path.
    ///
    /// ```
    /// use intercom_api::{ApiVersion, Method, Request, Safety};
    ///
    /// let target = "/contacts/5ba6/merge_history?per_page=2";
    /// let request = Request::raw(Method::Get, Safety::Read, target, ApiVersion::V2_16);
    /// assert_eq!(request.target(), target);
    /// ```
    pub fn raw(
        method: Method,
        safety: Safety,
        target: impl Into<String>,
        version: ApiVersion,
    ) -> Self {
        let mut path: String = target.into();
        let mut query = Vec::new();
        if let Some(start) = path.find('?') {
            let pairs = url::form_urlencoded::parse(&path.as_bytes()[start + 1..]);
            query = pairs.map(|(name, value)| (name.into_owned().into(), value.into())).collect();
            path.truncate(start);
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        Self {
            operation: Cow::Borrowed("Raw"),
            safety,
            method,
            route: Cow::Borrowed("/…"),
            path: path.into(),
            query,
            version,
            body: None,
            content_type: Cow::Borrowed(JSON),
            accept: Cow::Borrowed(JSON),
            success: Success::Body,
        }
    }

    /// Sets a query parameter, replacing one of the same name.
    pub fn set_query(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.query.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, existing)) => *existing = value,
            None => self.query.push((name, value)),
        }
    }

    /// Sets a query parameter that is given.
    pub(crate) fn set_parameter<T: Parameter>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.set_query(name, value.text());
        }
    }

    /// Sets the body to the JSON encoding of `body`.
    ///
    /// # Errors
    /// [`BuildError::Body`] when the value cannot be written as JSON.
    pub fn set_json<T: Serialize + ?Sized>(&mut self, body: &T) -> Result<(), BuildError> {
        let encoded = serde_json::to_vec(body).map_err(|source| BuildError::Body {
            operation: self.operation.clone(),
            source: source.into(),
        })?;
        self.set_body(JSON, encoded);
        Ok(())
    }

    /// Sets the body to `bytes` of a media type, which must be visible ASCII.
    pub fn set_body(
        &mut self,
        content_type: impl Into<Cow<'static, str>>,
        bytes: impl Into<Bytes>,
    ) {
        self.content_type = content_type.into();
        self.body = Some(bytes.into());
    }

    /// Sets the body to the JSON encoding of `body`, with fields that always have the same value.
    ///
    /// # Errors
    /// [`BuildError::Body`] when the value cannot be written as JSON.
    pub(crate) fn set_json_with<T: Serialize + ?Sized>(
        &mut self,
        constants: &[(&str, &str)],
        body: &T,
    ) -> Result<(), BuildError> {
        #[derive(Serialize)]
        struct WithConstants<'a, T: ?Sized> {
            #[serde(flatten)]
            constants: BTreeMap<&'a str, &'a str>,
            #[serde(flatten)]
            body: &'a T,
        }

        let constants = constants.iter().copied().collect();
        self.set_json(&WithConstants { constants, body })
    }

    /// Whether an answer is what the request asked for, as far as its status tells.
    pub fn is_answered_by(&self, response: &Response) -> bool {
        let is_redirect = (300..400).contains(&response.status);
        response.is_success() || (self.success == Success::Redirect && is_redirect)
    }

    /// Path and encoded query: what stands in the request line.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone().into_owned();
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.query.iter())
            .finish();
        format!("{}?{query}", self.path)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("route", &self.route)
            .field("version", &self.version)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

fn fill(endpoint: &Endpoint, parameters: &[&dyn PathSegment]) -> Result<String, BuildError> {
    let operation = || Cow::Borrowed(endpoint.operation);
    let arity = || BuildError::PathArity { operation: operation(), given: parameters.len() };
    let mut path = String::with_capacity(endpoint.route.len() + 24);
    let (mut remaining, mut rest) = (parameters.iter(), endpoint.route);
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        // A parameter is a whole segment; one of the official names has braces of its own.
        rest = after.find('/').and_then(|end| after.get(end..)).unwrap_or_default();
        let segment = remaining.next().ok_or_else(arity)?.segment();
        // `.` and `..` would be resolved away and address another resource.
        if matches!(segment.as_ref(), "" | "." | "..") {
            return Err(BuildError::PathSegment { operation: operation() });
        }
        // Most ids have nothing to encode.
        if segment.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            path.push_str(&segment);
        } else {
            path.extend(utf8_percent_encode(&segment, SEGMENT));
        }
    }
    path.push_str(rest);
    if remaining.next().is_some() {
        return Err(arity());
    }
    Ok(path)
}
