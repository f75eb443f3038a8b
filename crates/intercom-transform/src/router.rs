//! Failures in the words of RudderStack, for logs and alerts that look for its texts.

use crate::event::{Tape, Value};
use crate::outcome::{Failure, Outcome, Purpose};
use crate::plan::read;
use crate::rejection::{Reason, Rejection};
use crate::settings::Destination;
use crate::write::{Object, push_compact, push_number, push_text};

/// What RudderStack's router says of an outcome; `None` when the event was delivered.
///
/// The text repeats what the API answered, which may hold personal data.
pub fn message(outcome: &Outcome, destination: Destination) -> Option<String> {
    worded(outcome, |failure| refusal(failure, destination))
}

/// What RudderStack's delivery says of a finished request or of users to delete; `None` when
/// everything was delivered.
///
/// The text repeats what the API answered, which may hold personal data.
pub fn delivery_message(outcome: &Outcome, destination: Destination) -> Option<String> {
    if let Outcome::Rejected(Rejection { reason: Reason::MissingToken { .. }, .. }) = outcome {
        return Some("The access token is not available".to_owned());
    }
    worded(outcome, |failure| match failure.purpose {
        Purpose::DeleteContact => failure.purpose.text().to_owned(),
        _ => delivery(failure, destination),
    })
}

fn worded(outcome: &Outcome, word: impl FnOnce(&Failure) -> String) -> Option<String> {
    match outcome {
        Outcome::Rejected(rejection) => Some(rejection.reason.to_string()),
        outcome => outcome.failure().map(word),
    }
}

fn refusal(failure: &Failure, destination: Destination) -> String {
    let is_oauth = destination == Destination::IntercomV2;
    let (text, status) = (failure.purpose.text(), failure.status());
    match failure.purpose {
        Purpose::DeleteContact => text.to_owned(),
        Purpose::FindContact | Purpose::WriteCompany if !is_oauth => {
            wrapped(failure, &format!("{text} due to : {}", errors(failure)))
        }
        Purpose::FindContact
        | Purpose::WriteCompany
        | Purpose::FindCompany
        | Purpose::Detach
        | Purpose::Attach
        | Purpose::Tag => match status {
            401 if is_oauth => unauthorized(failure, &format!("{text} due to")),
            400 | 401 | 404 => format!("{text} due to : {}", answer(failure)),
            _ => wrapped(failure, &format!("{text} due to : {}", answer(failure))),
        },
        _ => delivery(failure, destination),
    }
}

/// The text of a request that was sent after the event had been transformed.
fn delivery(failure: &Failure, destination: Destination) -> String {
    let (handler, destination) = match destination {
        Destination::Intercom => ("Intercom", "intercom"),
        Destination::IntercomV2 => ("Intercom V2", "intercom_v2"),
    };
    let status = failure.status();
    let answer = if status == 408 { String::new() } else { format!(". {}", answer(failure)) };
    format!(
        "[{handler} Response Handler] Request failed for destination {destination} with status: \
         {status}{answer}"
    )
}

/// A network error: the message and the answer, as JSON.
fn wrapped(failure: &Failure, message: &str) -> String {
    let mut out = Vec::new();
    let mut error = Object::open(&mut out);
    error.text("message", message);
    let mut response = Object::open(error.field("destinationResponse"));
    response.field("response").extend_from_slice(answer(failure).as_bytes());
    push_number(response.field("status"), failure.status().into());
    response.close();
    error.close();
    as_text(&out)
}

/// An invalid token: the answer is JSON within JSON.
fn unauthorized(failure: &Failure, message: &str) -> String {
    let mut out = Vec::new();
    let mut error = Object::open(&mut out);
    error.text("message", message);
    error.text("destinationResponse", &answer(failure));
    error.close();
    as_text(&out)
}

/// What the answer lists as errors, as JSON; `undefined` when it lists none.
fn errors(failure: &Failure) -> String {
    let mut tape = Tape::for_answer(&failure.answer);
    let answer = read(&failure.answer, &mut tape);
    let errors = answer.as_ref().and_then(|answer| answer.root().get("errors"));
    errors.map_or_else(|| "undefined".to_owned(), compact)
}

/// The answer as JSON; what is none is a string.
fn answer(failure: &Failure) -> String {
    let mut tape = Tape::for_answer(&failure.answer);
    match read(&failure.answer, &mut tape) {
        Some(answer) => compact(answer.root()),
        None => {
            let mut out = Vec::new();
            push_text(&mut out, &String::from_utf8_lossy(&failure.answer));
            as_text(&out)
        }
    }
}

fn compact(value: Value<'_>) -> String {
    let mut out = Vec::new();
    push_compact(&mut out, value);
    as_text(&out)
}

fn as_text(json: &[u8]) -> String {
    String::from_utf8_lossy(json).into_owned()
}
