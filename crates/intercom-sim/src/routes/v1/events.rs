//! Events, which 1.4 lists and summarises like 2.x.

use crate::answer::{Answer, Refusal};
use crate::routes::Call;
use crate::routes::events::submit;
use crate::workspace::misfit;

pub(super) use crate::routes::events::list;

/// Writes down an event, which happens at the time of the call unless it says when. The legacy
/// event transformation calls the instant `created`.
pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let given =
        ["created_at", "created"].into_iter().find_map(|name| Some((name, body.get(name)?)));
    let created_at = match given.filter(|(_, at)| !at.is_null()) {
        None => call.now,
        Some((name, at)) => {
            let message = format!("{name} must be a unix timestamp");
            misfit::whole(at).ok_or_else(|| Refusal::invalid(message).field(name))?
        }
    };
    submit(call, &body, created_at)
}
