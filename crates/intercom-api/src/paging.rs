//! Pages: the ways the API continues a list, and a page read without decoding its entries.
//!
//! # What a walk over a list sees
//!
//! A list changes while it is read, and every kind keeps another promise:
//!
//! - Cursors ([`Paging::BodyCursor`], [`Paging::QueryCursor`], [`Paging::NextCursor`]) name the last
//!   entry that was read. Sorted ascending by the time of the last change, nothing is lost: an
//!   entry that changes moves to the end and comes again, one that is created stands at the end,
//!   and one that is deleted moves nobody. Sorted descending, an entry that changes jumps to the
//!   part already read.
//! - [`Paging::PageNumber`], and [`Paging::NextUrl`] with a page number in its query, count entries
//!   from the start. What is there throughout is seen as long as nothing in front of the place
//!   reached goes away; an entry deleted there, or moved from there to the end, lets the first
//!   entry of the next page slip through. One that is inserted there shifts others back, and they
//!   come again.
//! - [`Paging::Scroll`] reads what was there when it began, in no particular order. Each call moves
//!   it on, so one whose answer is lost is not repeated: the scroll has to be begun again.
//! - [`Paging::Single`] answers everything at once.

mod view;

use serde::de::DeserializeOwned;

use crate::error::{BuildError, DecodeError};
use crate::operation::{Operation, decode};
use crate::request::Request;
use crate::version::ApiVersion;

pub use view::PageView;

/// How an operation continues a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paging {
    /// `pages.next.starting_after` goes into the body's `pagination`.
    BodyCursor,
    /// `pages.next.starting_after` goes into the query.
    QueryCursor,
    /// `pages.next` is a URL whose query replaces what it repeats of ours.
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
        (Paging::QueryCursor | Paging::PageNumber | Paging::NextUrl, Cursor::After(after)) => {
            request.set_query("starting_after", after.as_str());
        }
        (Paging::NextCursor, Cursor::After(after)) => request.set_query("cursor", after.as_str()),
        (Paging::PageNumber | Paging::NextUrl, Cursor::Page(page)) => {
            request.set_query("page", page.to_string());
        }
        (Paging::Scroll, Cursor::Scroll(scroll)) => {
            request.set_query("scroll_param", scroll.as_str());
        }
        (Paging::NextUrl | Paging::PageNumber | Paging::QueryCursor, Cursor::Url(next))
            if has_query(next) =>
        {
            follow_url(request, next);
        }
        _ => return Err(BuildError::Cursor { operation }),
    }
    Ok(())
}

/// The pairs of a URL's query; no other part of a URL is ever used.
fn query_pairs(url: &str) -> url::form_urlencoded::Parse<'_> {
    let without_fragment = url.split_once('#').map_or(url, |(start, _)| start);
    let query = without_fragment.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes())
}

fn has_query(url: &str) -> bool {
    query_pairs(url).next().is_some()
}

/// Only the query of the URL is taken: the token must not follow it to another host.
fn follow_url(request: &mut Request, url: &str) {
    let pairs: Vec<_> = query_pairs(url).collect();
    request.query.retain(|(name, _)| !pairs.iter().any(|(theirs, _)| theirs == name));
    let pairs = pairs.into_iter().map(|(name, value)| (name.into_owned().into(), value.into()));
    request.query.extend(pairs);
}

/// The JSON text of one entry decoded into its type.
///
/// # Errors
/// [`DecodeError`] with the path inside the entry.
pub fn decode_item<O: Paged>(item: &str) -> Result<O::Item, DecodeError> {
    decode(O::NAME, item.as_bytes())
}
