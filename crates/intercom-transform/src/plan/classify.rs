//! What an answer that is not a success means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_api::{ApiError, Response};

use super::Progress;
use crate::outcome::{Failure, Outcome, Purpose};
use crate::rejection::Class;

/// Waits beyond this are not believed.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// The end of a plan whose call was refused.
pub(crate) fn refused(purpose: Purpose, response: &Response) -> Progress {
    let failure = failure(purpose, response);
    Progress::End(match response.status {
        429 => Outcome::Throttled { after: wait(response), failure },
        408 | 425 | 500.. => Outcome::Retryable { after: wait(response), failure },
        401 | 403 => Outcome::Aborted { class: Class::Configuration, failure },
        _ => Outcome::Aborted { class: Class::Instrumentation, failure },
    })
}

/// The end of a plan whose call failed in a way that passes.
pub(crate) fn retryable(purpose: Purpose, response: &Response) -> Progress {
    let (after, failure) = (wait(response), failure(purpose, response));
    Progress::End(Outcome::Retryable { after, failure })
}

fn failure(purpose: Purpose, response: &Response) -> Failure {
    Failure { purpose, error: ApiError::from_response(response), answer: response.body.clone() }
}

/// How long the API wants to be left alone: `Retry-After` in seconds or as a date, else the end of
/// the rate window. Dates are compared with the answer's own.
fn wait(response: &Response) -> Option<Duration> {
    let header = |name| response.headers.get(name).map(str::trim);
    let until = |at: DateTime<Utc>| (at - response.date()?).to_std().ok();
    let asked = header("Retry-After").and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => until(DateTime::parse_from_rfc2822(text).ok()?.to_utc()),
    });
    let window = || {
        let reset = header("X-RateLimit-Reset")?.parse().ok()?;
        until(DateTime::from_timestamp(reset, 0)?)
    };
    let is_limited = response.status == 429;
    asked.or_else(|| window().filter(|_| is_limited)).map(|wait| wait.min(MAX_WAIT))
}
