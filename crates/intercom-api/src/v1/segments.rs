//! Segments.

use crate::id::SegmentId;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::person::Pages;

/// `GET /segments`: all segments at once.
///
/// Source: intercom-node, `segment.js`; intercom-go v2, README and `segments.json`; the 1.x
/// connector of Transposit for `include_count`.
#[derive(Clone, Default, PartialEq)]
pub struct ListSegments {
    /// `include_count`.
    pub include_count: Option<bool>,
}

operation! {
    ListSegments(Read, Get, "/segments") -> SegmentList;
    |call, request| { set_query(request, "include_count", call.include_count.as_ref()); }
}
paged! { ListSegments: Single, "segments" of Segment }
opaque_debug!(ListSegments);

/// `GET /segments/{segment_id}`.
///
/// Source: intercom-node, `segment.js`; intercom-go v2, README.
#[derive(Clone, PartialEq)]
pub struct RetrieveSegment {
    /// `segment_id`.
    pub segment_id: SegmentId,
}

impl RetrieveSegment {
    /// With what has to be sent.
    pub fn new(segment_id: SegmentId) -> Self {
        Self { segment_id }
    }
}

operation! { RetrieveSegment(Read, Get, "/segments/{segment_id}": segment_id) -> Segment }
opaque_debug!(RetrieveSegment { segment_id });

object! {
    /// A segment; inside of a person or company only its id is sent.
    ///
    /// Source: the 1.x connector of Transposit; reference 1.1, "User Model"; intercom-java 2.x,
    /// `company.json`.
    pub struct Segment [id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: SegmentId,
        /// `name`.
        name: String,
        /// `person_type`: `user`, or `lead` or `contact`.
        person_type: String,
        /// `count`, when asked for.
        count: i64,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
    }
}

object! {
    /// All segments, or the segments of something.
    ///
    /// Source: reference 1.1, "User Model"; intercom-go v2, `segments.json`.
    pub struct SegmentList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `segments`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        segments: Vec<Segment>,
        /// `pages`.
        pages: Pages,
    }
}
