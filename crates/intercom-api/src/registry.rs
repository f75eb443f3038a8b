//! Decoding and re-encoding by the name of an operation, for conformance runs.

use serde::Serialize;
use serde_json::Value;

use crate::error::DecodeError;
use crate::operation::Operation;
use crate::paging::{PageView, Paged, decode_item};
use crate::response::Response;
use crate::version::VersionRange;

pub use crate::generated::registry::OPERATIONS;

/// Decodes an answer and encodes it again.
pub type RoundTrip = fn(&Response) -> Result<Value, DecodeError>;

/// One operation of the official descriptions.
pub struct Entry {
    /// Its id there; several operations may share one.
    pub id: &'static str,
    /// The name of the operation.
    pub name: &'static str,
    /// The versions that have it.
    pub versions: VersionRange,
    /// `None` for answers that are not JSON.
    pub round_trip: Option<RoundTrip>,
}

const fn of<O: Operation>(id: &'static str, round_trip: Option<RoundTrip>) -> Entry {
    Entry { id, name: O::NAME, versions: O::VERSIONS, round_trip }
}

pub(crate) const fn entry<O>(id: &'static str) -> Entry
where
    O: Operation,
    O::Output: Serialize,
{
    of::<O>(id, Some(round_trip::<O>))
}

pub(crate) const fn paged<O>(id: &'static str) -> Entry
where
    O: Paged,
    O::Output: Serialize,
{
    of::<O>(id, Some(round_trip_paged::<O>))
}

pub(crate) const fn other<O: Operation>(id: &'static str) -> Entry {
    of::<O>(id, None)
}

fn round_trip<O>(response: &Response) -> Result<Value, DecodeError>
where
    O: Operation,
    O::Output: Serialize,
{
    serde_json::to_value(O::decode(response)?)
        .map_err(|error| DecodeError::new(O::NAME, ".".to_owned(), error))
}

/// Also reads the answer as a page, each of its entries by itself.
fn round_trip_paged<O>(response: &Response) -> Result<Value, DecodeError>
where
    O: Paged,
    O::Output: Serialize,
{
    for item in PageView::read::<O>(response)?.items {
        decode_item::<O>(item)?;
    }
    round_trip::<O>(response)
}
