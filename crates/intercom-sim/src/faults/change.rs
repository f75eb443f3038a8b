//! What changes in the workspace while somebody walks through its lists.

use serde_json::{Value, json};

use crate::invent::rng::Rng;
use crate::workspace::Workspace;
use crate::workspace::contact::Role;
use crate::workspace::table::Slot;

/// A change to a contact that the seed picks, right before a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A user signs up.
    Create,
    /// A contact is seen, so that its `updated_at` moves.
    Update,
    /// A lead becomes part of a user and is gone; without a lead, another user does.
    Merge,
    /// A contact is deleted.
    Delete,
}

/// A change that is about to happen.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) change: Change,
    pub(crate) chance: Rng,
}

impl Changed {
    /// Changes the workspace; one without contacts stays as it is, unless one is created.
    pub(crate) fn apply(mut self, workspace: &mut Workspace, now: i64) {
        match self.change {
            Change::Create => create(workspace, &mut self.chance, now),
            Change::Update => {
                let Some(slot) = contact(workspace, &mut self.chance, |_| true) else { return };
                if let Value::Object(patch) = json!({"last_seen_at": now}) {
                    // The field has no column whose type could be missed.
                    let _patched = workspace.patch_contact(slot, patch, now);
                }
            }
            Change::Merge => merge(workspace, &mut self.chance, now),
            Change::Delete => {
                let slot = contact(workspace, &mut self.chance, |_| true);
                slot.into_iter().for_each(|slot| workspace.delete_contact_at(slot, now));
            }
        }
    }
}

fn create(workspace: &mut Workspace, chance: &mut Rng, now: i64) {
    let number = chance.next() & 0xffff_ffff;
    let fields = json!({
        "role": "user", "email": format!("walk-{number:08x}@example.com"),
        "external_id": format!("walk-{number:08x}"), "name": "Sam Between",
    });
    if let Value::Object(fields) = fields {
        // The fields above have the right types.
        let _added = workspace.add_contact(fields, now);
    }
}

fn merge(workspace: &mut Workspace, chance: &mut Rng, now: i64) {
    let role = |slot: Slot| workspace.contacts.get(slot).map(|contact| contact.role);
    let from = contact(workspace, chance, |slot| role(slot) == Some(Role::Lead))
        .or_else(|| contact(workspace, chance, |_| true));
    let Some(from) = from else { return };
    let is_other_user = |slot: Slot| slot != from && role(slot) == Some(Role::User);
    let Some(into) = contact(workspace, chance, is_other_user) else { return };
    let id = |slot: Slot| workspace.contacts.get(slot).map(|contact| contact.id.clone());
    if let (Some(from), Some(into)) = (id(from), id(into)) {
        // Both are there.
        let _merged = workspace.merge_contacts(&from, &into, now);
    }
}

/// A listed contact that fits, looked for from a random place on.
fn contact(workspace: &Workspace, chance: &mut Rng, fits: impl Fn(Slot) -> bool) -> Option<Slot> {
    let index = workspace.contacts.created();
    let place = chance.place(index.len());
    index.slots(place..index.len()).chain(index.slots(0..place)).find(|slot| fits(*slot))
}
