//! A transport that spoils what the simulator answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use intercom_api::{Request, Response};
use intercom_client::{AnswerFault, Transport, TransportError};
use intercom_sim::SimTransport;
use serde_json::Value;
use serde_json::value::RawValue;

/// The operations of a run, as requests name them.
pub(crate) const ME: &str = "RetrieveMe";
pub(crate) const CONTACTS: &str = "SearchContacts";
pub(crate) const CONVERSATIONS: &str = "SearchConversations";

/// What becomes of an answer; the number counts the requests from 1.
type Meddle = dyn Fn(u32, &Request, Response) -> Result<Response, TransportError> + Send + Sync;

pub(crate) struct Meddler {
    inner: SimTransport,
    n_sent: AtomicU32,
    meddle: Box<Meddle>,
}

impl Meddler {
    pub(crate) fn new(
        inner: &SimTransport,
        meddle: impl Fn(u32, &Request, Response) -> Result<Response, TransportError>
        + Send
        + Sync
        + 'static,
    ) -> Arc<Self> {
        let (inner, n_sent) = (inner.clone(), AtomicU32::new(0));
        Arc::new(Self { inner, n_sent, meddle: Box::new(meddle) })
    }

    /// Answers nothing after so many requests.
    pub(crate) fn silent_after(inner: &SimTransport, n_answered: u32) -> Arc<Self> {
        Self::new(inner, move |number, _, response| match number <= n_answered {
            true => Ok(response),
            false => Err(lost()),
        })
    }

    /// Answers so many searches for contacts, and no more of them.
    pub(crate) fn silent_of_contacts_after(inner: &SimTransport, n_answered: u32) -> Arc<Self> {
        let n_searches = AtomicU32::new(0);
        Self::new(inner, move |_, request, response| {
            let is_search = request.operation == CONTACTS;
            match is_search && n_searches.fetch_add(1, Ordering::Relaxed) >= n_answered {
                true => Err(lost()),
                false => Ok(response),
            }
        })
    }

    /// Rewrites the JSON that one operation answers.
    pub(crate) fn rewriting(
        inner: &SimTransport,
        operation: &'static str,
        rewrite: impl Fn(&mut Value) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::new(inner, move |_, request, mut response| {
            if request.operation == operation {
                let mut body = serde_json::from_slice(&response.body).expect("answers are JSON");
                rewrite(&mut body);
                response.body = body.to_string().into();
            }
            Ok(response)
        })
    }

    /// Names other next pages than one list does; the entries stay as they are, byte for byte.
    pub(crate) fn leading(
        inner: &SimTransport,
        operation: &'static str,
        lead: impl Fn(&mut Value) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::new(inner, move |_, request, mut response| {
            if request.operation == operation {
                let page = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>;
                let mut page = page(&response.body).expect("answers are JSON objects");
                let mut pages: Value = serde_json::from_str(page["pages"].get()).expect("JSON");
                lead(&mut pages["next"]);
                let pages = serde_json::value::to_raw_value(&pages).expect("JSON");
                page.insert("pages".to_owned(), pages);
                response.body = serde_json::to_vec(&page).expect("JSON").into();
            }
            Ok(response)
        })
    }

    /// Answers with another `Date`, or none.
    pub(crate) fn dating(inner: &SimTransport, date: Option<&'static str>) -> Arc<Self> {
        Self::new(inner, move |_, _, mut response| {
            let others = response.headers.iter().filter(|(name, _)| *name != "Date");
            response.headers = others.chain(date.map(|date| ("Date", date))).collect();
            Ok(response)
        })
    }

    /// Answers one operation with a refusal.
    pub(crate) fn refusing(
        inner: &SimTransport,
        operation: &'static str,
        status: u16,
        message: &'static str,
    ) -> Arc<Self> {
        Self::new(inner, move |_, request, response| match request.operation == operation {
            true => Ok(refusal(status, message)),
            false => Ok(response),
        })
    }

    pub(crate) fn n_sent(&self) -> u32 {
        self.n_sent.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Transport for Meddler {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let number = self.n_sent.fetch_add(1, Ordering::Relaxed) + 1;
        let response = self.inner.send(request).await?;
        (self.meddle)(number, request, response)
    }
}

/// A transport to a server that does not sort as it is asked to.
pub(crate) struct Unsorted(pub(crate) Arc<dyn Transport>);

#[async_trait]
impl Transport for Unsorted {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut request = request.clone();
        if let Some(body) = &request.body {
            let mut search: Value = serde_json::from_slice(body).expect("requests are JSON");
            search.as_object_mut().expect("a search").remove("sort");
            request.body = Some(search.to_string().into());
        }
        self.0.send(&request).await
    }
}

/// Whether a search goes on from a cursor.
pub(crate) fn goes_on(request: &Request) -> bool {
    starting_after(request).is_some()
}

/// The cursor that a search goes on from.
pub(crate) fn starting_after(request: &Request) -> Option<String> {
    let body: Value = serde_json::from_slice(request.body.as_ref()?).ok()?;
    Some(body["pagination"]["starting_after"].as_str()?.to_owned())
}

/// No answer, although the request may have arrived.
pub(crate) fn lost() -> TransportError {
    TransportError::maybe_sent(AnswerFault::Connection, std::io::Error::other("reset by peer"))
}

pub(crate) fn refusal(status: u16, message: &str) -> Response {
    let errors = serde_json::json!([{"code": "refused", "message": message}]);
    let body = serde_json::json!({"type": "error.list", "request_id": "r-1", "errors": errors});
    Response::new(status, body.to_string())
}
