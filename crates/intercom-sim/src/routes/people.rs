//! The workspace and its teammates, teams and segments; finished jobs.

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::Call;

pub(super) fn me(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let profile = &call.workspace.profile;
    let admin = call.workspace.admins.first();
    Ok(Answer::object(|object| {
        object.field("type", "admin").field("id", &admin.map(|admin| &*admin.id));
        for name in ["name", "email", "job_title", "away_mode_enabled", "away_mode_reassign"] {
            object.field(name, &admin.and_then(|admin| admin.fields.get(name)));
        }
        for name in ["has_inbox_seat", "team_ids"] {
            object.field(name, &admin.and_then(|admin| admin.fields.get(name)));
        }
        object.field("email_verified", &true);
        object.raw("avatar", br#"{"type":"avatar","image_url":null}"#);
        object.object("app", |app| {
            app.field("type", "app").field("id_code", &*profile.id_code);
            app.field("name", &*profile.name).field("region", &*profile.region);
            app.field("timezone", profile.timezone.name());
            app.field("created_at", &profile.created_at);
            app.field("secure", &false).field("identity_verification", &false);
        });
    }))
}

pub(super) fn admins(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "admin.list");
        object.list("admins", &call.workspace.admins, |out, admin| {
            json::value(out, &admin.fields);
        });
    }))
}

pub(super) fn admin(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let admin = call.workspace.admin(call.parameter(0));
    let admin = admin.ok_or_else(|| Refusal::new(404, "admin_not_found", "Admin not found"))?;
    Ok(Answer::ok(|out| json::value(out, &admin.fields)))
}

pub(super) fn teams(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "team.list");
        object.list("teams", &call.workspace.teams, |out, team| {
            json::object(out, |object| team.render(object));
        });
    }))
}

pub(super) fn team(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let team = call.workspace.team(call.parameter(0));
    let team = team.ok_or_else(|| Refusal::new(404, "team_not_found", "Team not found"))?;
    Ok(Answer::object(|object| team.render(object)))
}

pub(super) fn segments(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    // Company segments are not simulated; asking for them answers an empty list.
    let segments = match call.query("type") {
        Some("company") => &[],
        _ => call.workspace.segments.as_slice(),
    };
    let counts = call.query("include_count") == Some("true");
    Ok(Answer::object(|object| {
        object.field("type", "segment.list");
        object.list("segments", segments, |out, segment| {
            json::object(out, |object| {
                segment.render(object);
                if counts {
                    let all = call.workspace.contacts.iter().map(|(_, contact)| contact);
                    let members = all.filter(|contact| {
                        !contact.is_archived
                            && call.workspace.belongs(contact, segment.membership, call.now)
                    });
                    object.field("count", &members.count());
                }
            });
        });
    }))
}

pub(super) fn segment(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.parameter(0);
    let segment = call.workspace.segments.iter().find(|segment| &*segment.id == id);
    let segment = segment.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::object(|object| segment.render(object)))
}

pub(super) fn job(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.parameter(0);
    let known = id.parse::<u64>().is_ok_and(|id| (1..=call.session.last_job).contains(&id));
    if !known {
        return Err(Refusal::new(404, "job_not_found", "Job Not Found"));
    }
    Ok(Answer::object(|object| {
        object.field("type", "job").field("id", id).field("status", "success");
        object.field("resource_type", "company").field("resource_id", &Value::Null);
    }))
}
