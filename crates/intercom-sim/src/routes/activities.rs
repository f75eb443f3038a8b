//! The feed of what happened to contacts, in Preview: how merges and deletions are found without
//! webhooks.

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::Call;
use crate::search::PageLimits;
use crate::workspace::activity::Activity;
use crate::workspace::misfit;

const PAGE: PageLimits = PageLimits { default: 50, max: 150 };

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let per_page = per_page(call)?;
    let start = match call.query("starting_after") {
        None => 0,
        Some(cursor) => call.workspace.activities_after(cursor).ok_or_else(|| {
            Refusal::new(400, "client_error", "Invalid starting_after param")
                .field("starting_after")
        })?,
    };
    let all = &call.workspace.activities;
    let until = start.saturating_add(per_page).min(all.len());
    let page: Vec<(String, &Activity)> =
        (start..until).filter_map(|place| all.get(place).map(|a| (a.id(place), a))).collect();
    let next = page.last().filter(|_| until < all.len()).map(|(id, _)| id);
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &page, |out, (id, activity)| render(out, id, activity));
        object.object("pages", |pages| {
            pages.field("type", "pages").field("per_page", &per_page);
            match next {
                Some(after) => pages.object("next", |next| {
                    next.field("starting_after", after);
                }),
                None => pages.raw("next", b"null"),
            };
        });
    }))
}

/// Unlike other lists, this one takes what is too much for the most it gives.
fn per_page(call: &Call<'_>) -> Result<usize, Refusal> {
    let given = call.query("per_page").map(Value::from);
    match given.as_ref().and_then(misfit::whole) {
        Some(length) if usize::try_from(length).is_ok_and(|length| length > PAGE.max) => {
            Ok(PAGE.max)
        }
        _ => PAGE.length(given.as_ref()),
    }
}

fn render(out: &mut Vec<u8>, id: &str, activity: &Activity) {
    json::object(out, |entry| {
        entry.field("type", "contact_activity").field("id", id);
        entry.field("event_type", activity.kind.as_str());
        entry.field("contact_id", &*activity.contact_id);
        entry.field("external_id", &activity.external_id).field("role", activity.role.as_str());
        if let Some((source, target)) = &activity.merge {
            entry.field("merge_source_id", &**source).field("merge_target_id", &**target);
        }
        if let Some(reason) = activity.failure() {
            entry.field("failure_reason", reason);
        }
        entry.field("created_at", &activity.created_at);
    });
}
