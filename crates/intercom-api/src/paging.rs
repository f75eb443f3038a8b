//! Pages: the five ways the API continues a list, read from one borrowed view.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{BuildError, DecodeError};
use crate::operation::Operation;
use crate::request::Request;
use crate::response::Response;
use crate::version::ApiVersion;

/// How an operation continues a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paging {
    /// `pages.next.starting_after` goes into the body's `pagination`.
    BodyCursor,
    /// `pages.next.starting_after` goes into the query.
    QueryCursor,
    /// `pages.next` is a URL whose query replaces ours.
    NextUrl,
    /// The next page number goes into the query; `pages.total_pages` is the last.
    PageNumber,
    /// `scroll_param` goes into the query until a page is empty.
    Scroll,
    /// `next_cursor`, beside the entries, goes into the query as `cursor`.
    NextCursor,
    /// Everything comes at once.
    Single,
}

/// Where a list continues; opaque to callers, fit for storing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// A `starting_after` value.
    After(String),
    /// A next-page URL; only its query is used.
    Url(String),
    /// A page number, from 1.
    Page(u32),
    /// A `scroll_param`.
    Scroll(String),
}

/// An operation that answers with one page of a list.
pub trait Paged: Operation {
    /// One entry of the list.
    type Item: DeserializeOwned;
    /// How the list continues.
    const PAGING: Paging;
    /// The key of the entries in the answer.
    const ITEMS: &'static str;

    /// The request for the page at `cursor`.
    ///
    /// The default serves every kind that continues by query; [`Paging::BodyCursor`] operations
    /// write the cursor into their body.
    ///
    /// # Errors
    /// [`BuildError`] as for [`Operation::request`]; [`BuildError::Cursor`] for a cursor of
    /// another kind.
    fn request_at(&self, version: ApiVersion, cursor: &Cursor) -> Result<Request, BuildError> {
        let mut request = self.request(version)?;
        continue_by_query(&mut request, Self::NAME, Self::PAGING, cursor)?;
        Ok(request)
    }
}

fn continue_by_query(
    request: &mut Request,
    operation: &'static str,
    paging: Paging,
    cursor: &Cursor,
) -> Result<(), BuildError> {
    match (paging, cursor) {
        (Paging::QueryCursor, Cursor::After(after)) => {
            request.set_query("starting_after", after.as_str());
        }
        (Paging::NextCursor, Cursor::After(after)) => request.set_query("cursor", after.as_str()),
        (Paging::PageNumber | Paging::NextUrl, Cursor::Page(page)) => {
            request.set_query("page", page.to_string());
        }
        (Paging::Scroll, Cursor::Scroll(scroll)) => {
            request.set_query("scroll_param", scroll.as_str());
        }
        // Only the query of the URL is taken: the token must not follow it to another host.
        (Paging::NextUrl | Paging::PageNumber | Paging::QueryCursor, Cursor::Url(next)) => {
            let query = next.split_once('?').map_or("", |(_, query)| query);
            for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                request.set_query(name.into_owned(), value.into_owned());
            }
        }
        _ => return Err(BuildError::Cursor { operation }),
    }
    Ok(())
}

/// A page as received: entries are still text, so that a record that does not decode costs only
/// itself.
#[derive(Debug, Clone)]
pub struct PageView<'a> {
    /// The entries, each as the JSON text that was received.
    pub items: Vec<&'a RawValue>,
    /// Where the list continues; `None` on the last page.
    pub next: Option<Cursor>,
    /// How many entries the whole list has, when the API says so.
    pub total_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Next {
    Token { starting_after: Option<String> },
    Url(String),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Pages {
    #[serde(default)]
    next: Option<Next>,
    #[serde(default)]
    page: Option<u32>,
    #[serde(default)]
    total_pages: Option<u32>,
}

impl<'a> PageView<'a> {
    /// Reads the answer of a paged operation without decoding its entries.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not an object with a list under the operation's items
    /// key.
    pub fn read<O: Paged>(response: &'a Response) -> Result<Self, DecodeError> {
        let fail = |path: &str, error| DecodeError::new(O::NAME, path.to_owned(), error);
        let fields: std::collections::BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue> =
            serde_json::from_slice(&response.body).map_err(|error| fail(".", error))?;
        let Some(list) = fields.get(O::ITEMS) else {
            let missing = serde::de::Error::custom("the list of entries is missing");
            return Err(fail(O::ITEMS, missing));
        };
        let items: Option<Vec<&'a RawValue>> =
            serde_json::from_str(list.get()).map_err(|error| fail(O::ITEMS, error))?;
        let mut items = items.unwrap_or_default();
        items.retain(|item| item.get() != "null");
        let pages: Option<Pages> = match fields.get("pages") {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|error| fail("pages", error))?,
            None => None,
        };
        let total_count =
            fields.get("total_count").and_then(|raw| serde_json::from_str(raw.get()).ok());
        let beside = |key: &str| {
            let raw = fields.get(key)?;
            serde_json::from_str::<Option<String>>(raw.get()).ok().flatten()
        };
        let next = match O::PAGING {
            Paging::Single => None,
            // A scroll never says that it ends: an empty page does.
            Paging::Scroll if items.is_empty() => None,
            Paging::Scroll => beside("scroll_param").map(Cursor::Scroll),
            Paging::NextCursor => beside("next_cursor").map(Cursor::After),
            paging => pages.and_then(|pages| next_cursor(paging, pages)),
        };
        Ok(Self { items, next, total_count })
    }
}

/// What continues a list of this kind; an answer may hold more than its kind uses.
fn next_cursor(paging: Paging, pages: Pages) -> Option<Cursor> {
    match (paging, pages.next) {
        (
            Paging::BodyCursor | Paging::QueryCursor,
            Some(Next::Token { starting_after: Some(after) }),
        ) => Some(after).filter(|after| !after.is_empty()).map(Cursor::After),
        (Paging::NextUrl | Paging::PageNumber | Paging::QueryCursor, Some(Next::Url(url))) => {
            Some(url).filter(|url| !url.is_empty()).map(Cursor::Url)
        }
        (Paging::PageNumber, _) => {
            let (page, total) = (pages.page?, pages.total_pages?);
            (page < total).then(|| Cursor::Page(page.saturating_add(1)))
        }
        _ => None,
    }
}

/// The JSON text of one entry decoded into its type.
///
/// # Errors
/// [`DecodeError`] with the path inside the entry.
pub fn decode_item<O: Paged>(item: &RawValue) -> Result<O::Item, DecodeError> {
    let mut json = serde_json::Deserializer::from_str(item.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        DecodeError::new(O::NAME, path, error.into_inner())
    })
}
