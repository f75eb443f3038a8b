//! Recorded answers, for plans that are driven without the API.

use std::io::BufRead;

use bytes::Bytes;
use intercom_api::{Headers, Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;

/// Recorded answers. Every event meets them anew.
///
/// A line of the file is one answer: `method`, `path` (with the query, if there is one), `status`
/// (200 when left out), `body`, `headers`, and `body_contains`, a text that the request's body must
/// hold. Requests of one event that match the same answers get them in order, and the last of them
/// again.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    list: Vec<Reply>,
}

#[derive(Debug, Clone)]
struct Reply {
    method: String,
    path: String,
    body_contains: Option<String>,
    response: Response,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    method: String,
    path: String,
    #[serde(default = "ok")]
    status: u16,
    body: Option<Box<RawValue>>,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body_contains: Option<String>,
}

fn ok() -> u16 {
    200
}

impl Replies {
    /// Reads answers, one JSON object a line; blank lines are skipped.
    ///
    /// # Errors
    /// [`Error::Reply`] names the line.
    pub fn read(input: impl BufRead) -> Result<Self, Error> {
        let mut list = Vec::new();
        for (number, line) in (1..).zip(input.lines()) {
            let line = line.map_err(|source| Error::Read { source })?;
            if line.trim().is_empty() {
                continue;
            }
            let recorded: Recorded = serde_json::from_str(&line)
                .map_err(|source| Error::Reply { line: number, source })?;
            list.push(recorded.into());
        }
        Ok(Self { list })
    }

    /// The answer to a request, of which `n_before` like it were answered before.
    pub(crate) fn answer(&self, request: &Request, n_before: usize) -> Option<Response> {
        let mut matching = self.list.iter().filter(|reply| reply.matches(request));
        let first = matching.next()?;
        let reply = [first].into_iter().chain(matching).take(n_before + 1).last()?;
        Some(reply.response.clone())
    }
}

impl Reply {
    fn matches(&self, request: &Request) -> bool {
        let holds = |text: &String| {
            let body = request.body.as_deref().unwrap_or_default();
            text.is_empty() || body.windows(text.len()).any(|part| part == text.as_bytes())
        };
        self.method.eq_ignore_ascii_case(request.method.as_str())
            && self.path == request.target()
            && self.body_contains.as_ref().is_none_or(holds)
    }
}

impl From<Recorded> for Reply {
    fn from(recorded: Recorded) -> Self {
        let body = recorded.body.map(|body| Bytes::from(body.get().to_owned()));
        let mut response = Response::new(recorded.status, body.unwrap_or_default());
        response.headers = recorded.headers.into_iter().collect::<Headers>();
        Self {
            method: recorded.method,
            path: recorded.path,
            body_contains: recorded.body_contains,
            response,
        }
    }
}
