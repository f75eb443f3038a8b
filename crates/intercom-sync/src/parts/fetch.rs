//! The call for one conversation with its parts, and how many such calls go out at once.

use std::time::Duration;

use bytes::Bytes;
use intercom_api::conversations::RetrieveConversation;
use intercom_api::{
    ApiVersion, BuildError, ConversationId, DecodeError, Operation, Request, Response, Safety,
    VersionRange, decode_json,
};
use serde::de::IgnoredAny;

/// The fewest calls at once: one that is slow holds up no other.
const FEWEST: usize = 4;

/// The most calls at once; each may bring 500 parts.
const MOST: usize = 128;

/// A call is expected to take at least this long: the one that was measured may have been lucky,
/// and those at the same time are slower.
const LEAST_LATENCY: Duration = Duration::from_millis(150);

/// One conversation with its parts as HTML, handed on as it comes.
pub(super) struct RetrieveParts(RetrieveConversation);

/// The answer, whose JSON is complete, and when the server gave it (Unix seconds).
pub(super) struct Answer {
    pub(super) body: Bytes,
    pub(super) given_at: Option<i64>,
}

impl RetrieveParts {
    pub(super) fn new(id: ConversationId) -> Self {
        // As plain text, nobody could tell where a quote begins.
        Self(RetrieveConversation::new(id))
    }
}

impl Operation for RetrieveParts {
    const NAME: &'static str = RetrieveConversation::NAME;
    const SAFETY: Safety = RetrieveConversation::SAFETY;
    const VERSIONS: VersionRange = RetrieveConversation::VERSIONS;
    type Output = Answer;

    fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {
        self.0.request(version)
    }

    /// A body that ends early is asked for again; one that is odd otherwise is kept as it came.
    fn decode(response: &Response) -> Result<Answer, DecodeError> {
        match decode_json::<IgnoredAny>(Self::NAME, response) {
            Err(error) if error.is_truncated() => Err(error),
            Ok(_) | Err(_) => {
                let given_at = response.date().map(|at| at.timestamp());
                Ok(Answer { body: response.body.clone(), given_at })
            }
        }
    }
}

/// How many calls have to be under way to use up windows of ten seconds with `limit` calls, when
/// one takes `latency`: twice as many as would do if all took equally long.
pub(crate) fn width(limit: Option<u32>, latency: Duration) -> usize {
    let Some(limit) = limit else { return MOST };
    let latency = latency.max(LEAST_LATENCY);
    let n_calls = f64::from(limit) / 10.0 * latency.as_secs_f64() * 2.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive number"
    )]
    let n_calls = n_calls.ceil().clamp(0.0, 1_000.0) as usize;
    n_calls.clamp(FEWEST, MOST)
}
