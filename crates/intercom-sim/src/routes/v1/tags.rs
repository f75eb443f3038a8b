//! Tags: list, create or rename, apply, delete.

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::contact_lists::company_not_found;
use crate::routes::v1::subject::{self, Who};
use crate::routes::v1::write::find_company;
use crate::routes::{Call, tags};

pub(super) use crate::routes::tags::delete;

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "tag.list");
        object.list("tags", call.workspace.tags.iter(), |out, (_, tag)| {
            json::object(out, |object| tag.render(object));
        });
    }))
}

pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    tags::write_to(
        call,
        |call, entry| find_company(call, entry).ok_or_else(company_not_found),
        |call, entry| subject::find_in(call, Who::Everybody, entry),
    )
}
