//! Decoding and re-encoding by the name of an operation, for conformance runs.

use serde::Serialize;
use serde_json::Value;

use crate::error::DecodeError;
use crate::operation::Operation;
use crate::paging::{PageView, Paged, decode_item};
use crate::response::Response;

pub use crate::generated::registry::OPERATIONS;

/// One operation of the official descriptions.
pub struct Entry {
    /// Its id there.
    pub id: &'static str,
    /// Decodes an answer and encodes it again.
    pub round_trip: fn(&Response) -> Result<Value, DecodeError>,
}

pub(crate) const fn entry<O>(id: &'static str) -> Entry
where
    O: Operation,
    O::Output: Serialize,
{
    Entry { id, round_trip: round_trip::<O> }
}

pub(crate) const fn paged<O>(id: &'static str) -> Entry
where
    O: Paged,
    O::Output: Serialize,
{
    Entry { id, round_trip: round_trip_paged::<O> }
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
