//! Types of messages, and the contacts attached to them.

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::{Call, required_id, required_text};
use crate::workspace::subscription::{SubscriptionType, TYPES};

pub(super) fn list(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &TYPES, |out, kind| json::object(out, |object| kind.render(object)));
    }))
}

/// What a contact chose: the types it opted out of, and those it opted in to.
pub(super) fn of_contact(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let chosen = call.workspace.subscriptions(slot).filter_map(|place| TYPES.get(place));
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", chosen, |out, kind| json::object(out, |object| kind.render(object)));
    }))
}

pub(super) fn attach(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let body = call.body()?;
    let (place, kind) = named(&required_id(&body, "id")?)?;
    if required_text(&body, "consent_type")? != kind.consent.as_str() {
        let message = format!("consent_type must be {} for this type", kind.consent.as_str());
        return Err(Refusal::invalid(message).field("consent_type"));
    }
    call.workspace.attach_subscription(slot, place);
    Ok(Answer::object(|object| kind.render(object)))
}

pub(super) fn detach(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let (place, kind) = named(call.parameter(1))?;
    if !call.workspace.detach_subscription(slot, place) {
        return Err(Refusal::not_found("Resource"));
    }
    Ok(Answer::object(|object| kind.render(object)))
}

fn named(id: &str) -> Result<(usize, &'static SubscriptionType), Refusal> {
    let place = SubscriptionType::find(id);
    let found = place.and_then(|place| Some((place, TYPES.get(place)?)));
    found.ok_or_else(|| Refusal::not_found("Resource"))
}
