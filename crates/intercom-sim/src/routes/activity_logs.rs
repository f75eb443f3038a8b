//! The log of what teammates did: who joined, who logged in, who exported data.
//!
//! Nobody logs in to a simulated workspace. Each teammate joins when it is created and logs in once
//! a day; exports are logged when they are asked for.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json as text;
use crate::routes::Call;
use crate::routes::pages::NumberedPage;
use crate::search::PageLimits;
use crate::workspace::catalogue::Admin;
use crate::workspace::misfit;

const PAGE: PageLimits = PageLimits { default: 20, max: 50 };
const DAY: i64 = 86_400;
/// When the first teammate logs in, in seconds after midnight in UTC, and how far the others are
/// behind each other.
const FIRST_LOGIN: i64 = 8 * 3_600;
const BETWEEN_LOGINS: i64 = 421;

const JOINED: &str = "app_admin_join";
const LOGGED_IN: &str = "admin_login_success";
const EXPORTED: &str = "app_data_export";

/// An entry of the log.
struct Entry<'w> {
    admin: &'w Admin,
    /// The place of the teammate.
    place: usize,
    kind: &'static str,
    created_at: i64,
}

/// Which entries are asked for; the bounds are excluded.
struct Wanted {
    after: i64,
    before: i64,
    /// All kinds when there are none.
    kinds: Vec<String>,
}

impl Wanted {
    fn takes(&self, entry: &Entry<'_>) -> bool {
        let is_wanted = || self.kinds.iter().any(|kind| kind == entry.kind);
        (self.after + 1..self.before).contains(&entry.created_at)
            && (self.kinds.is_empty() || is_wanted())
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let given = |name: &str| call.query(name).map(Value::from);
    let wanted = Wanted {
        after: instant("created_at_after", given("created_at_after").as_ref())?
            .ok_or_else(|| Refusal::missing("created_at_after"))?,
        before: instant("created_at_before", given("created_at_before").as_ref())?
            .unwrap_or(i64::MAX),
        kinds: Vec::new(),
    };
    let mut path = format!("/admins/activity_logs?created_at_after={}", wanted.after);
    if wanted.before != i64::MAX {
        path.push_str(&format!("&created_at_before={}", wanted.before));
    }
    let all = entries(call, &wanted);
    let page = NumberedPage::asked(call, PAGE, all.len())?;
    Ok(answer(&all, page, &path))
}

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let wanted = Wanted {
        after: instant("created_at_after", body.get("created_at_after"))?
            .ok_or_else(|| Refusal::missing("created_at_after"))?,
        before: instant("created_at_before", body.get("created_at_before"))?.unwrap_or(i64::MAX),
        kinds: kinds(&body)?,
    };
    let all = entries(call, &wanted);
    let (page, per_page) = (body.get("page"), body.get("per_page"));
    let page = NumberedPage::of(call, PAGE, all.len(), (page, per_page))?;
    Ok(answer(&all, page, "/admins/activity_logs/search"))
}

fn kinds(body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    match body.get("event_types") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(kinds)) => {
            Ok(kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(_) => Err(Refusal::invalid("event_types must be a list").field("event_types")),
    }
}

fn instant(name: &str, given: Option<&Value>) -> Result<Option<i64>, Refusal> {
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(None) };
    let seconds = misfit::whole(given);
    seconds
        .map(Some)
        .ok_or_else(|| Refusal::invalid(format!("{name} must be a unix timestamp")).field(name))
}

/// The entries that are wanted, the latest first.
fn entries<'c>(call: &'c Call<'_>, wanted: &Wanted) -> Vec<Entry<'c>> {
    let founded_at = call.workspace.profile.created_at;
    let exports = call.session.exports.iter().map(super::exports::Export::asked_at);
    let mut all = Vec::new();
    let first = wanted.after.max(founded_at).div_euclid(DAY);
    let last = wanted.before.min(call.now + 1).div_euclid(DAY);
    for (place, admin) in call.workspace.admins.iter().enumerate() {
        let delay = FIRST_LOGIN + BETWEEN_LOGINS * i64::try_from(place).unwrap_or(0);
        all.push(Entry { admin, place, kind: JOINED, created_at: founded_at });
        let days = (first..=last).map(|day| day * DAY + delay);
        let logins = days.filter(|at| (founded_at..=call.now).contains(at));
        all.extend(logins.map(|created_at| Entry { admin, place, kind: LOGGED_IN, created_at }));
    }
    if let Some(admin) = call.workspace.admins.first() {
        all.extend(exports.map(|created_at| Entry { admin, place: 0, kind: EXPORTED, created_at }));
    }
    all.retain(|entry| wanted.takes(entry));
    all.sort_by_key(|entry| (Reverse(entry.created_at), entry.place, entry.kind));
    all
}

fn answer(all: &[Entry<'_>], page: NumberedPage<'_>, path: &str) -> Answer {
    Answer::object(|object| {
        object.field("type", "activity_log.list");
        page.render_pages(object, path);
        let shown = all.get(page.range()).unwrap_or_default();
        object.list("activity_logs", shown, |out, entry| render(out, entry));
    })
}

fn render(out: &mut Vec<u8>, entry: &Entry<'_>) {
    let name = entry.admin.text("name").unwrap_or_default();
    let description = match entry.kind {
        JOINED => format!("{name} joined the app."),
        EXPORTED => format!("{name} exported data."),
        _ => format!("{name} logged in."),
    };
    text::object(out, |object| {
        let kind = entry.kind.len();
        let id = format!("{:08x}-0000-4000-8000-{kind:04x}{:08x}", entry.created_at, entry.place);
        object.field("id", &id);
        object.field(
            "performed_by",
            &json!({
                "type": "admin", "id": *entry.admin.id, "email": entry.admin.text("email"),
                "ip": "127.0.0.1",
            }),
        );
        let metadata = match entry.kind {
            LOGGED_IN => json!({"sign_in_method": "password"}),
            _ => json!({}),
        };
        object.field("metadata", &metadata).field("created_at", &entry.created_at);
        object.field("activity_type", entry.kind).field("activity_description", &description);
    });
}

pub(super) fn kinds_of_entries(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "activity_log_event_type.list");
        object.field("event_types", &[LOGGED_IN, JOINED, EXPORTED]);
    }))
}
