//! Exports of what messages did: one job at a time, its file as gzipped CSV.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::Call;
use crate::search::days::day_of;
use crate::workspace::conversation::Conversation;
use crate::workspace::misfit;

/// A job waits for so many seconds, and then works for as many.
const STEP: i64 = 5;
/// How long the file of a finished job can be fetched, in seconds.
const KEPT_FOR: i64 = 2 * 86_400;

/// A job that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    id: String,
    asked_at: i64,
    /// The first second, and the one after the last.
    span: (i64, i64),
    is_canceled: bool,
}

impl Export {
    /// The status at an instant, if the job finds something to export.
    fn status(&self, now: i64, has_rows: bool) -> &'static str {
        match now - self.asked_at {
            _ if self.is_canceled => "canceled",
            i64::MIN..STEP => "pending",
            STEP..=9 => "in_progress",
            _ if has_rows => "completed",
            _ => "no_data",
        }
    }

    /// When it was asked for.
    pub(crate) const fn asked_at(&self) -> i64 {
        self.asked_at
    }

    fn is_active(&self, now: i64) -> bool {
        !self.is_canceled && now < self.finished_at()
    }

    const fn finished_at(&self) -> i64 {
        self.asked_at + 2 * STEP
    }

    const fn expires_at(&self) -> i64 {
        self.finished_at() + KEPT_FOR
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let after = instant(&body, "created_at_after")?;
    let before = instant(&body, "created_at_before")?;
    let zone = call.workspace.timezone();
    // Days count whole, the first and the last included.
    let span = match (day_of(after, zone), day_of(before, zone)) {
        (Some((from, _)), Some((_, until))) if after <= before => (from, until),
        _ => return Err(Refusal::invalid("created_at_after must lie before created_at_before")),
    };
    if call.session.exports.iter().any(|export| export.is_active(call.now)) {
        let message = "Exceeded rate limit of 1 pending message data export jobs";
        return Err(Refusal::new(429, "rate_limit_exceeded", message));
    }
    let id = format!("export{:010}", call.workspace.next_number());
    let export = Export { id, asked_at: call.now, span, is_canceled: false };
    let answer = render(call, &export);
    call.session.exports.push(export);
    Ok(answer)
}

fn instant(body: &Map<String, Value>, name: &str) -> Result<i64, Refusal> {
    let given = body.get(name).ok_or_else(|| Refusal::missing(name))?;
    misfit::whole(given)
        .ok_or_else(|| Refusal::invalid(format!("{name} must be a unix timestamp")).field(name))
}

fn place(call: &Call<'_>) -> Result<usize, Refusal> {
    let id = call.parameter(0);
    let found = call.session.exports.iter().position(|export| export.id == id);
    found.ok_or_else(|| Refusal::new(404, "job_not_found", "Job Not Found"))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = place(call)?;
    Ok(render(call, &call.session.exports[place]))
}

pub(super) fn cancel(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = place(call)?;
    let export = &mut call.session.exports[place];
    export.is_canceled |= export.is_active(call.now);
    Ok(render(call, &call.session.exports[place]))
}

fn render(call: &Call<'_>, export: &Export) -> Answer {
    let status = export.status(call.now, rows(call, export).next().is_some());
    let is_there = status == "completed" && call.now < export.expires_at();
    let url = is_there.then(|| call.url(&format!("/download/content/data/{}", export.id)));
    let expires_at = is_there.then(|| export.expires_at().to_string());
    Answer::object(|object| {
        object.field("job_identifier", &export.id).field("status", status);
        object.field("download_url", &url.unwrap_or_default());
        object.field("download_expires_at", &expires_at.unwrap_or_default());
    })
}

/// The messages of teammates and campaigns in the span of a job.
fn rows<'c>(call: &'c Call<'_>, export: &Export) -> impl Iterator<Item = &'c Conversation> {
    let table = &call.workspace.conversations;
    let range = table.created().range(export.span.0, export.span.1);
    let created = table.created().slots(range).filter_map(|slot| table.get(slot));
    created.filter(|found| {
        let delivered_as = found.body.pick(&["source", "delivered_as"]);
        delivered_as.is_some_and(|how| how != "customer_initiated")
    })
}

/// The file of a finished job.
pub(super) fn download(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = place(call)?;
    let export = &call.session.exports[place];
    let status = export.status(call.now, true);
    if status != "completed" || call.now >= export.expires_at() {
        return Err(Refusal::new(404, "job_not_found", "Job Not Found"));
    }
    let mut csv = "receipt_id,received_at,user_id,content_id,content_type\n".to_owned();
    for row in rows(call, export) {
        let source = |name| match row.body.pick(&["source", name]) {
            Some(Value::String(text)) => text.replace([',', '"', '\n'], " "),
            _ => String::new(),
        };
        let user = row.contact_ids().next().unwrap_or_default();
        let cells = [&*row.id, &row.created_at.to_string(), user, &source("id"), &source("type")];
        csv.push_str(&cells.join(","));
        csv.push('\n');
    }
    Ok(Answer::file(packed(&csv)))
}

/// A text as a gzip file.
pub(super) fn packed(text: &str) -> Vec<u8> {
    let mut file = GzEncoder::new(Vec::new(), Compression::fast());
    file.write_all(text.as_bytes()).and_then(|()| file.finish()).expect("a vector takes everything")
}
