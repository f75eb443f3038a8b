//! Phone calls: list, read, find by conversation, recordings and transcripts.
//!
//! Calls are not stored: every fortieth conversation came in by phone, and its call follows from
//! it.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::pages::NumberedPage;
use crate::routes::{Call, conversations};
use crate::search::PageLimits;
use crate::workspace::conversation::Conversation;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 25, max: 25 };
const MAX_IDS: usize = 20;
const EVERY: usize = 40;
/// How long a call rings and how long it lasts, in seconds.
const RINGS_FOR: i64 = 6;
const LASTS_FOR: i64 = 240;

/// A call: the conversation it began.
struct Phoned<'w> {
    id: String,
    conversation: &'w Conversation,
}

impl<'w> Phoned<'w> {
    fn at(call: &'w Call<'_>, slot: Slot) -> Option<Self> {
        let conversation = call.workspace.conversations.get(slot)?;
        let is_call = (slot as usize).is_multiple_of(EVERY) && !conversation.is_archived;
        is_call.then(|| Self { id: (u64::from(slot) + 1).to_string(), conversation })
    }

    fn find(call: &'w Call<'_>, what: &str) -> Result<Self, Refusal> {
        let number = call.parameter(0).parse::<Slot>().ok();
        let slot = number.and_then(|number| number.checked_sub(1));
        slot.and_then(|slot| Self::at(call, slot))
            .ok_or_else(|| Refusal::new(404, "not_found", format!("{what}Not Found")))
    }

    fn render(&self, call: &Call<'_>, object: &mut Object<'_>) {
        let Self { id, conversation } = self;
        let begun_at = conversation.created_at;
        let contact_id = conversation.contact_ids().next().map(|id| call.workspace.canonical(id));
        let slot = contact_id.and_then(|id| call.workspace.contacts.find(id));
        let contact = slot.and_then(|slot| call.workspace.contacts.get(slot));
        let url = |what: &str| call.url(&format!("/calls/{id}/{what}"));
        object.field("type", "call").field("id", id);
        object.field("conversation_id", &*conversation.id);
        object.field("admin_id", &conversation.admin_assignee_id.map(|id| id.to_string()));
        object.field("contact_id", &contact_id).field("state", "completed");
        object.field("initiated_at", &begun_at).field("answered_at", &(begun_at + RINGS_FOR));
        let ended_at = begun_at + RINGS_FOR + LASTS_FOR;
        object.field("ended_at", &ended_at).field("created_at", &begun_at);
        object.field("updated_at", &ended_at).field("recording_url", &url("recording"));
        object.field("transcription_url", &url("transcript")).field("call_type", "phone");
        object.field("direction", "inbound").field("ended_reason", "answered");
        object.field("phone", &contact.and_then(|contact| contact.body.pick(&["phone"])));
    }

    /// What was said, from the conversation's first message.
    fn transcript(&self) -> Vec<(i64, &'static str, String)> {
        let mut source = json!({"body": self.conversation.body.pick(&["source", "body"])});
        conversations::plain_body(&mut source);
        let question = source["body"].as_str().unwrap_or_default().replace('\n', " ");
        vec![
            (RINGS_FOR, "Teammate 1", "Hello, how can I help?".to_owned()),
            (RINGS_FOR + 4, "User", question),
        ]
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slots = (0..call.workspace.conversations.n_slots()).rev();
    let all: Vec<Phoned<'_>> = slots
        .filter(|slot| (*slot as usize).is_multiple_of(EVERY))
        .filter_map(|slot| Phoned::at(call, slot))
        .collect();
    let page = NumberedPage::asked(call, PAGE, all.len())?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", all.get(page.range()).unwrap_or_default(), |out, phoned| {
            json::object(out, |object| phoned.render(call, object));
        });
        page.render(object, "/calls");
    }))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let phoned = Phoned::find(call, "")?;
    Ok(Answer::object(|object| phoned.render(call, object)))
}

/// Leads to the recording, which does not exist: nobody spoke.
pub(super) fn recording(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let phoned = Phoned::find(call, "Recording ")?;
    let signed = format!("/recordings/{}.mp3?expires={}", phoned.id, call.now + 3_600);
    Ok(Answer::redirect(call.url(&signed)))
}

pub(super) fn transcript(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let phoned = Phoned::find(call, "")?;
    let lines = phoned.transcript().into_iter().map(|(at, speaker, words)| {
        format!("[00:{:02}:{:02}] {speaker}: \"{words}\"\n", at / 60, at % 60)
    });
    Ok(Answer::text(lines.collect::<String>()))
}

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let ids = body.get("conversation_ids").and_then(Value::as_array);
    let ids = ids.filter(|ids| (1..=MAX_IDS).contains(&ids.len())).ok_or_else(|| {
        let message = format!("A list of up to {MAX_IDS} conversation IDs is required");
        Refusal::new(400, "conversation_id_limit_exceeded", message)
    })?;
    let slots = ids.iter().filter_map(misfit::id);
    let slots = slots.filter_map(|id| call.workspace.conversations.find(&id));
    let found: Vec<Phoned<'_>> = slots.filter_map(|slot| Phoned::at(call, slot)).collect();
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &found, |out, phoned| {
            json::object(out, |object| {
                phoned.render(call, object);
                object.list("transcript", phoned.transcript(), |out, (at, speaker, words)| {
                    json::value(out, &json!({"at": at, "speaker": speaker, "text": words}));
                });
                object.field("transcript_status", "completed");
            });
        });
    }))
}
