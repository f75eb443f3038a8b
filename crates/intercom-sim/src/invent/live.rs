//! Changes to a workspace that lives: sign-ups, tags, answers, closings, plan changes.

use serde_json::{Map, Value, json};

use crate::invent::rng::Rng;
use crate::invent::{Stream, words};
use crate::routes::conversation_actions::{Author, NewPart};
use crate::simulator::Simulator;
use crate::workspace::Workspace;
use crate::workspace::conversation::State;
use crate::workspace::table::Slot;

impl Simulator {
    /// Applies `n` invented changes at `now`; which ones follows from how many there were before.
    pub fn live(&mut self, n: u32, now: i64) {
        for _ in 0..n {
            change(self.workspace_mut(), now);
            self.notice(now);
        }
    }
}

fn change(workspace: &mut Workspace, now: i64) {
    let mut rng = Rng::new(0x11fe, Stream::Live as u64, workspace.n_changes);
    workspace.n_changes += 1;
    match rng.below(100) {
        0..15 => sign_up(workspace, &mut rng, now),
        15..35 => tag(workspace, &mut rng, now),
        35..55 => usage(workspace, &mut rng, now),
        55..65 => plan(workspace, &mut rng, now),
        65..85 => answer(workspace, &mut rng, now),
        _ => close(workspace, &mut rng, now),
    }
}

fn sign_up(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let (first, last) = (rng.pick(words::FIRST_NAMES), rng.pick(words::LAST_NAMES));
    let number = workspace.next_number();
    let email = format!("{}.{}.{number}@example.com", first.to_lowercase(), last.to_lowercase());
    let fields = json!({
        "role": "user", "name": format!("{first} {last}"), "email": email,
        "external_id": format!("ext-{number}"), "signed_up_at": now, "last_seen_at": now,
        "custom_attributes": {"Employer": rng.pick(words::EMPLOYERS), "plan_type": "free"},
    });
    if let Value::Object(fields) = fields {
        // The fields above have the right types.
        let _added = workspace.add_contact(fields, now);
    }
}

/// Any contact that is listed.
fn contact(workspace: &Workspace, rng: &mut Rng) -> Option<Slot> {
    let index = workspace.contacts.created();
    let place = usize::try_from(rng.below(u64::try_from(index.len()).ok()?)).ok()?;
    index.slots(place..place + 1).next()
}

fn tag(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let name = rng.pick(words::TAGS);
    let tag = workspace.tags.named(name);
    if let Some(slot) = contact(workspace, rng) {
        workspace.tag_contact(slot, tag, now);
    }
}

fn patch(workspace: &mut Workspace, rng: &mut Rng, attributes: Value, now: i64) {
    let Some(slot) = contact(workspace, rng) else { return };
    let mut fields = Map::new();
    fields.insert("custom_attributes".to_owned(), attributes);
    fields.insert("last_seen_at".to_owned(), now.into());
    // Neither field has a column whose type could be missed.
    let _patched = workspace.patch_contact(slot, fields, now);
}

fn usage(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let percent = rng.between(60, 100);
    let attributes = json!({
        "teammates_count": rng.between(4, 10), "storage_percent": percent,
        "projects_count": rng.between(5, 40), "days_since_last_login": 0,
    });
    patch(workspace, rng, attributes, now);
}

fn plan(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let status = rng.weighted(&[(60, "active"), (20, "past_due"), (20, "canceled")]);
    let amount = rng.pick(&[2_900, 9_900, 29_900, 59_900]);
    let subscription = json!([{
        "id": format!("sub_{:08x}", rng.next() & 0xffff_ffff), "status": status,
        "plan": {"amount": amount, "currency": "usd", "interval": "month", "nickname": "Pro Plan"},
        "quantity": 1, "created": now, "current_period_start": now,
        "current_period_end": now + 30 * 86_400,
    }]);
    let attributes = json!({
        "stripe_subscription_status": status, "stripe_delinquent": status == "past_due",
        "stripe_plan": "Pro Plan", "stripe_plan_price": amount,
        "Stripe Subscriptions": subscription,
    });
    patch(workspace, rng, attributes, now);
}

/// A conversation in one of the states, looked for from a random place on.
fn conversation(workspace: &Workspace, rng: &mut Rng, states: &[State]) -> Option<Slot> {
    let index = workspace.conversations.updated();
    let place = usize::try_from(rng.below(u64::try_from(index.len()).ok()?)).ok()?;
    let mut slots = index.slots(place..index.len()).chain(index.slots(0..place));
    slots.find(|slot| {
        let found = workspace.conversations.get(*slot);
        found.is_some_and(|conversation| states.contains(&conversation.state))
    })
}

fn answer(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let any = [State::Open, State::Closed, State::Snoozed];
    let Some(slot) = conversation(workspace, rng, &any) else { return };
    let Some(found) = workspace.conversations.get(slot) else { return };
    let contact = found.contact_ids().next().and_then(|id| {
        let id = workspace.canonical(id);
        let contact = workspace.contacts.get(workspace.contacts.find(id)?)?;
        Some(Author::Contact { id: id.to_owned(), role: contact.role.as_str() })
    });
    let Some(author) = contact else { return };
    let part_type = if found.state == State::Open { "comment" } else { "open" };
    let body = if rng.percent(10) { words::FAREWELLS } else { words::FOLLOW_UPS };
    let body = Some((rng.pick(body)).to_owned());
    workspace.add_part(slot, &NewPart { part_type, body, author, assigned_to: None }, now);
}

fn close(workspace: &mut Workspace, rng: &mut Rng, now: i64) {
    let Some(slot) = conversation(workspace, rng, &[State::Open, State::Snoozed]) else { return };
    let Some(admin) = workspace.admins.first().map(|admin| admin.id.to_string()) else { return };
    let author = Author::Admin(admin);
    let part = NewPart { part_type: "close", body: None, author, assigned_to: None };
    workspace.add_part(slot, &part, now);
}
