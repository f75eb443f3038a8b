//! Admins, among whom 1.4 lists teams.

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::Call;
use crate::workspace::catalogue::Admin;

const FIELDS: [&str; 6] =
    ["name", "email", "job_title", "away_mode_enabled", "away_mode_reassign", "team_ids"];

fn render(object: &mut Object<'_>, admin: &Admin) {
    object.field("type", "admin").field("id", &*admin.id);
    for name in FIELDS {
        object.field(name, &admin.fields.get(name));
    }
    let avatar = admin.fields.get("avatar").and_then(|avatar| avatar.get("image_url"));
    object.object("avatar", |object| {
        object.field("image_url", &avatar);
    });
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut entries: Vec<Vec<u8>> = Vec::new();
    for admin in &call.workspace.admins {
        entries.push(json::object_text(|object| render(object, admin)));
    }
    for team in &call.workspace.teams {
        entries.push(json::object_text(|object| {
            object.field("type", "team").field("id", &*team.id).field("name", &*team.name);
            object.field("admin_ids", &team.admin_ids);
        }));
    }
    Ok(Answer::object(|object| {
        object.field("type", "admin.list");
        object.list("admins", &entries, |out, entry| out.extend_from_slice(entry));
    }))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let admin = call.workspace.admin(call.parameter(0));
    let admin = admin.ok_or_else(|| Refusal::new(404, "admin_not_found", "Admin not found"))?;
    Ok(Answer::object(|object| render(object, admin)))
}

/// The admin whose token it is: the first one.
pub(super) fn me(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let admin = call.workspace.admins.first();
    let admin = admin.ok_or_else(|| Refusal::new(404, "admin_not_found", "Admin not found"))?;
    let profile = &call.workspace.profile;
    Ok(Answer::object(|object| {
        render(object, admin);
        object.field("email_verified", &true);
        object.object("app", |app| {
            app.field("type", "app").field("id_code", &*profile.id_code);
            app.field("name", &*profile.name).field("region", &*profile.region);
            app.field("created_at", &profile.created_at).field("identity_verification", &false);
        });
    }))
}
