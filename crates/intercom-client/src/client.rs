//! The client: one way to send, one to page, one to run multi-step work.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use serde::de::IgnoredAny;

use intercom_api::ext::{CutList, Members};
use intercom_api::{
    ApiVersion, ContactId, Cursor, DecodeError, Exchange, Method, Operation, Paged, Request,
    Response, Safety, Step, Success, decode_json,
};

use crate::call::{Calls, Failure};
use crate::download::Download;
use crate::error::{Call, Error};
#[cfg(feature = "http")]
use crate::http::{HttpSettings, HttpTransport, SettingsError};
use crate::pages::{Items, Page, Pages};
use crate::rate::RateStatus;
use crate::settings::ClientSettings;
use crate::transport::Transport;
use crate::usage::Usage;

/// The most redirects within the API that one download follows.
const MAX_HOPS: u32 = 5;

/// A client of one workspace.
///
/// Clones share the transport, the rate budget and the retry credit: make one client per token and
/// clone it.
#[derive(Clone)]
pub struct Client {
    // Shared by all clones and by the streams they hand out.
    calls: Arc<Calls>,
}

impl Client {
    /// A client that sends over `transport`.
    pub fn new(transport: Arc<dyn Transport>, settings: ClientSettings) -> Self {
        Self { calls: Arc::new(Calls::new(transport, settings)) }
    }

    /// A client that sends over HTTPS.
    ///
    /// # Errors
    /// [`SettingsError`] when a setting cannot work.
    #[cfg(feature = "http")]
    pub fn http(http: HttpSettings, settings: ClientSettings) -> Result<Self, SettingsError> {
        Ok(Self::new(Arc::new(HttpTransport::new(http)?), settings))
    }

    /// The version requests are built for.
    pub fn version(&self) -> ApiVersion {
        self.settings().version
    }

    /// What is known of the rate limit.
    pub fn rate(&self) -> RateStatus {
        self.calls.rate()
    }

    /// What this client and its clones have used of the API.
    pub fn usage(&self) -> Usage {
        self.calls.usage()
    }

    /// Waits until the [`RateLease`](crate::RateLease) knows what became of the calls that have
    /// ended, at most for `most`. A program that ends before that keeps calls from the others until
    /// they expire.
    pub async fn settle(&self, most: Duration) {
        self.calls.settle(most).await;
    }

    /// Sends one operation and decodes its answer.
    ///
    /// # Errors
    /// [`Error`]; its variants say how far the call got.
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let request = operation.request(self.version())?;
        let read = |answer: &Response| {
            refuse_page(O::NAME, &request, answer)?;
            O::decode(answer)
        };
        let (_, output) = self.answer(&request, read).await?;
        Ok(output)
    }

    /// Sends a request as it is. A bad status is an answer, returned once it is not worth
    /// retrying.
    ///
    /// # Errors
    /// [`Error::Deadline`], [`Error::NotSent`] or [`Error::MaybeSent`].
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        self.exchange(&request).await
    }

    /// Sends one operation and hands on the body of its answer as it comes: exports, recordings,
    /// attachments.
    ///
    /// A `GET` is followed where the API redirects it, elsewhere without the token. Attempts are
    /// repeated until the first part of the body is there; the deadline of a call ends there too.
    /// A success without a body is an empty file, as an export of nothing is.
    ///
    /// # Errors
    /// A redirect that is not followed is [`Error::Refused`], also where its address would be the
    /// answer to [`execute`](Self::execute); otherwise
    /// [`Error`]; its variants say how far the call got.
    pub async fn download<O: Operation>(&self, operation: &O) -> Result<Download, Error> {
        self.download_request(operation.request(self.version())?).await
    }

    /// Sends a request as it is, and hands on the body as [`download`](Self::download) does.
    ///
    /// # Errors
    /// [`Error`]; its variants say how far the call got.
    pub async fn download_request(&self, mut request: Request) -> Result<Download, Error> {
        request.success = Success::Body;
        let mut n_hops = 0;
        loop {
            let gave_up = match self.calls.open(&request).await {
                Ok(download) => return Ok(download),
                Err(gave_up) => gave_up,
            };
            let target = match &gave_up.failure {
                Failure::Refused(answer) if request.method == Method::Get => redirect(answer),
                _ => None,
            };
            let Some(target) = target.filter(|_| n_hops < MAX_HOPS) else {
                return Err(gave_up.into_error(&request));
            };
            let next = Request::raw(Method::Get, request.safety, target, request.version);
            (request.path, request.query) = (next.path, next.query);
            n_hops += 1;
        }
    }

    /// The pages of a list, fetched one after the other as they are asked for.
    pub fn pages<O: Paged + Send + 'static>(&self, operation: O) -> Pages<O> {
        Pages::new(self.clone(), operation, None)
    }

    /// The pages of a list from `cursor` on: [`Page::next`] of the last page that was used, as it
    /// was or stored as JSON.
    pub fn pages_from<O: Paged + Send + 'static>(&self, operation: O, cursor: Cursor) -> Pages<O> {
        Pages::new(self.clone(), operation, Some(cursor))
    }

    /// The entries of a list, decoded.
    pub fn items<O: Paged + Send + 'static>(&self, operation: O) -> Items<O> {
        Items::new(self.pages(operation))
    }

    /// The entries of a list from the page at `cursor` on, decoded.
    pub fn items_from<O: Paged + Send + 'static>(&self, operation: O, cursor: Cursor) -> Items<O> {
        Items::new(self.pages_from(operation, cursor))
    }

    /// The members of a list that a contact carries: its tags, companies or notes. A call is made
    /// only when the contact does not carry them all.
    ///
    /// Entries without an id are left out; what a contact carries never has any.
    pub fn members<L: CutList>(
        &self,
        contact_id: &ContactId,
        list: &L,
    ) -> impl Stream<Item = Result<L::Id, Error>> + Send + use<L>
    where
        L::Id: Send + 'static,
        L::Whole: Send + 'static,
    {
        match list.members(contact_id) {
            Members::Known(ids) => stream::iter(ids.into_iter().map(Ok)).left_stream(),
            Members::Listed(whole) => self
                .items(whole)
                .filter_map(|entry| ready(entry.map(L::id_of).transpose()))
                .right_stream(),
        }
    }

    /// Runs multi-step work to its end. After an error the work stands where it was: driving it
    /// again sends the same request.
    ///
    /// # Errors
    /// [`Error`]; a bad status is not one, it is an answer to the work.
    pub async fn drive<E: Exchange>(&self, exchange: &mut E) -> Result<E::Output, Error> {
        let limit = self.settings().max_steps;
        let mut n_sent = 0;
        loop {
            match exchange.next()? {
                Step::Done(output) => return Ok(output),
                Step::Send(request) if n_sent == limit => {
                    return Err(Error::TooManySteps { call: Call::new(&request, 0), limit });
                }
                Step::Send(request) => {
                    let response = self.exchange(&request).await?;
                    exchange.reply(response);
                    n_sent += 1;
                }
            }
        }
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        self.calls.settings()
    }

    pub(crate) async fn page<O: Paged>(&self, request: &Request) -> Result<Page<O>, Error> {
        let (response, outline) = self.answer(request, Page::<O>::outline).await?;
        Ok(Page::new(response, outline))
    }

    async fn answer<T>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> Result<(Response, T), Error> {
        self.calls.answer(request, read).await.map_err(|gave_up| gave_up.into_error(request))
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let has_json = request.safety == Safety::Read && request.method != Method::Head;
        let read = |answer: &Response| if has_json { check_complete(answer) } else { Ok(()) };
        let gave_up = match self.calls.answer(request, read).await {
            Ok((response, ())) => return Ok(response),
            Err(gave_up) => gave_up,
        };
        match gave_up.failure {
            Failure::Refused(response) | Failure::Unreadable(response, _) => Ok(response),
            Failure::Deadline | Failure::Transport(_) => Err(gave_up.into_error(request)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("version", &self.version())
            .field("rate", &self.rate())
            .finish_non_exhaustive()
    }
}

/// The path within the API that an answer leads to.
fn redirect(answer: &Response) -> Option<&str> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let target = answer.headers.get("Location").filter(|_| is_redirect)?;
    (target.starts_with('/') && !target.starts_with("//")).then_some(target)
}

/// Whether the answer is the page of a proxy, which operations without JSON would take for theirs.
fn refuse_page(
    operation: &'static str,
    request: &Request,
    answer: &Response,
) -> Result<(), DecodeError> {
    let kind = answer.headers.get("Content-Type").unwrap_or_default();
    let is_page = kind.starts_with("text/html") && answer.body.trim_ascii_start().starts_with(b"<");
    match is_page && !request.accept.starts_with("text/") {
        true => decode_json::<IgnoredAny>(operation, answer).map(drop),
        false => Ok(()),
    }
}

/// Whether JSON that should be there is missing or ends early. The error never leaves the client:
/// if retrying does not help, the answer is handed on as it came.
fn check_complete(response: &Response) -> Result<(), DecodeError> {
    let is_json = response.headers.get("Content-Type").is_none_or(|kind| kind.contains("json"));
    if response.status == 204 || !is_json {
        return Ok(());
    }
    match decode_json::<IgnoredAny>("send", response) {
        Err(error) if error.is_truncated() => Err(error),
        Err(_) | Ok(_) => Ok(()),
    }
}
