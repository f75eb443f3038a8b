//! Exports of data sets that reports are made of: at most five jobs at a time.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::routes::Call;
use crate::routes::exports::packed;
use crate::workspace::conversation::{Conversation, Figures, State};
use crate::workspace::misfit;
use intercom_api::ApiVersion;

/// A job waits for so many seconds, and then works for as many.
const STEP: i64 = 5;
/// How long the file of a finished job can be fetched, in seconds.
const KEPT_FOR: i64 = 2 * 86_400;
const MAX_PENDING: usize = 5;
/// Before it, conversations without an answer of their contact were left out.
const COMPLETE_SINCE: ApiVersion = ApiVersion::V2_16;

/// A column of a data set.
struct Attribute {
    id: &'static str,
    name: &'static str,
    data_type: &'static str,
    read: fn(&Conversation) -> Value,
}

const DATASET: &str = "conversation";

const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        id: "conversation_id",
        name: "Conversation ID",
        data_type: "string",
        read: |found| Value::from(&*found.id),
    },
    Attribute {
        id: "conversation_started_at",
        name: "Conversation started at",
        data_type: "datetime",
        read: |found| found.created_at.into(),
    },
    Attribute {
        id: "conversation_state",
        name: "Conversation state",
        data_type: "string",
        read: |found| match found.state {
            State::Open => "open".into(),
            State::Closed => "closed".into(),
            State::Snoozed => "snoozed".into(),
        },
    },
    Attribute {
        id: "teammate_assigned_id",
        name: "Teammate assigned",
        data_type: "integer",
        read: |found| found.admin_assignee_id.into(),
    },
    Attribute {
        id: "time_to_first_response",
        name: "Time to first response",
        data_type: "integer",
        read: |found| match &found.figures {
            Figures::Known(known) => known.time_to_admin_reply.into(),
            Figures::None | Figures::Odd(_) => Value::Null,
        },
    },
];

/// A job that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct ReportExport {
    id: String,
    asked_at: i64,
    /// The first second, and the last.
    span: (i64, i64),
    /// The places of the columns.
    attributes: Vec<usize>,
    with_unanswered: bool,
}

impl ReportExport {
    fn is_pending(&self, now: i64) -> bool {
        now < self.asked_at + 2 * STEP
    }

    fn status(&self, now: i64) -> &'static str {
        match now - self.asked_at {
            i64::MIN..STEP => "pending",
            STEP..=9 => "in_progress",
            _ => "complete",
        }
    }
}

pub(super) fn datasets(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    let attributes: Vec<Value> = ATTRIBUTES
        .iter()
        .map(|attribute| {
            json!({
                "id": attribute.id, "qualified_id": format!("{DATASET}.{}", attribute.id),
                "name": attribute.name, "data_type": attribute.data_type,
            })
        })
        .collect();
    let dataset = json!({
        "id": DATASET, "name": "Conversation", "description": "A row for each conversation",
        "default_time_attribute_id": "conversation_started_at", "attributes": attributes,
    });
    Ok(Answer::object(|object| {
        object.field("type", "list").field("data", &[dataset]);
    }))
}

pub(super) fn enqueue(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let dataset = required(&body, "dataset_id")?.as_str().unwrap_or_default();
    if dataset != DATASET {
        return Err(bad_request(format!("{dataset} is not a valid dataset_id")));
    }
    let attributes = attributes(required(&body, "attribute_ids")?)?;
    let (from, until) = (seconds(&body, "start_time")?, seconds(&body, "end_time")?);
    if from > until {
        return Err(bad_request("'start_time' must be before 'end_time'"));
    }
    let pending = call.session.reports.iter().filter(|job| job.is_pending(call.now));
    if pending.count() >= MAX_PENDING {
        let message =
            format!("Exceeded rate limit of {MAX_PENDING} pending reporting dataset export jobs");
        return Err(Refusal::new(429, "rate_limit_exceeded", message));
    }
    let job = ReportExport {
        id: format!("report{:010}", call.workspace.next_number()),
        asked_at: call.now,
        span: (from, until),
        attributes,
        with_unanswered: call.version >= COMPLETE_SINCE,
    };
    let answer = render(call, &job);
    call.session.reports.push(job);
    Ok(answer)
}

fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "bad_request", message)
}

fn required<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b Value, Refusal> {
    let given = body.get(name).filter(|given| !given.is_null());
    given.ok_or_else(|| bad_request(format!("'{name}' is a required parameter")))
}

fn seconds(body: &Map<String, Value>, name: &str) -> Result<i64, Refusal> {
    misfit::whole(required(body, name)?)
        .ok_or_else(|| bad_request(format!("'{name}' must be of type Integer")))
}

fn attributes(given: &Value) -> Result<Vec<usize>, Refusal> {
    let Value::Array(ids) = given else {
        return Err(bad_request("'attribute_ids' must be of type Array"));
    };
    if ids.is_empty() {
        return Err(bad_request("'attribute_ids' must not be empty"));
    }
    ids.iter()
        .map(|id| {
            let id = id.as_str().unwrap_or_default();
            let name = id.strip_prefix("conversation.").unwrap_or(id);
            let known = ATTRIBUTES.iter().position(|attribute| attribute.id == name);
            known.ok_or_else(|| {
                bad_request(format!("attribute_ids invalid for {DATASET} dataset: {id}"))
            })
        })
        .collect()
}

fn place(call: &Call<'_>) -> Result<usize, Refusal> {
    let id = call.parameter(0);
    let found = call.session.reports.iter().position(|job| job.id == id);
    found.ok_or_else(|| {
        Refusal::new(404, "not_found", format!("Export job not found for identifier: {id}"))
    })
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = place(call)?;
    Ok(render(call, &call.session.reports[place]))
}

fn render(call: &Call<'_>, job: &ReportExport) -> Answer {
    let expires_at = job.asked_at + 2 * STEP + KEPT_FOR;
    let is_there = !job.is_pending(call.now) && call.now < expires_at;
    let url = is_there.then(|| call.url(&format!("/download/reporting_data/{}", job.id)));
    let expires_at = is_there.then(|| expires_at.to_string());
    Answer::object(|object| {
        object.field("job_identifier", &job.id).field("status", job.status(call.now));
        object.field("download_url", &url.unwrap_or_default());
        object.field("download_expires_at", &expires_at.unwrap_or_default());
    })
}

pub(super) fn download(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let job = &call.session.reports[place(call)?];
    if job.is_pending(call.now) {
        let message = format!("Export job not found for identifier: {}", job.id);
        return Err(Refusal::new(404, "not_found", message));
    }
    let names: Vec<&str> = job.attributes.iter().map(|place| ATTRIBUTES[*place].id).collect();
    let mut csv = names.join(",") + "\n";
    let table = &call.workspace.conversations;
    let (from, until) = job.span;
    let created = table.created();
    let rows = created.slots(created.range(from, until.saturating_add(1)));
    for row in rows.filter_map(|slot| table.get(slot)) {
        if job.with_unanswered || row.body.pick(&["first_contact_reply"]).is_some() {
            let cells = job.attributes.iter().map(|place| cell(&(ATTRIBUTES[*place].read)(row)));
            csv.push_str(&cells.collect::<Vec<_>>().join(","));
            csv.push('\n');
        }
    }
    Ok(Answer::file(packed(&csv)))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
