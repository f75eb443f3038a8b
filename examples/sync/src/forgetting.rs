//! `sync forget`: what is known of a person is shown, and erased when that is confirmed.

use anyhow::bail;
use chrono::{DateTime, Utc};
use program::{Environment, complain, say};

use crate::arguments::{Common, Forget};
use crate::wiring::{self, Verdict};

pub(crate) async fn run(
    common: &Common,
    arguments: &Forget,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let store = wiring::open_existing(common, &environment).await?;
    let store = store.as_ref();
    let workspace = wiring::workspace(store, arguments.workspace.as_deref()).await?;
    let contact = arguments.contact.trim();
    let who = store.personal(&workspace, contact).await?;
    if who.contact_ids.is_empty() {
        if intercom_sync::was_forgotten(store, &workspace, contact).await? {
            say("already forgotten: nothing of this person is stored, and no run brings it back")?;
            return match arguments.yes {
                true => Ok(told(store.scrub(&workspace).await?)),
                false => Ok(Verdict::Done),
            };
        }
        bail!("no contact has this id, external id or e-mail address; `sync run --full` first?");
    }
    say(&format!("contacts: {}", who.contact_ids.join(", ")))?;
    say(&format!("e-mail addresses: {}", who.emails.len()))?;
    say(&format!("conversations, each with all its parts: {}", who.conversation_ids.len()))?;
    if !arguments.yes {
        complain("nothing was erased; the same command with --yes erases it for good");
        return Ok(Verdict::Done);
    }
    let erasure = intercom_sync::forget(store, &workspace, &who, now).await?;
    for (table, n) in erasure.erased.into_iter().filter(|(_, n)| *n > 0) {
        say(&format!("erased from {table}: {n}"))?;
    }
    say("a later run does not bring it back; Intercom itself still has the contact")?;
    Ok(told(erasure.is_scrubbed))
}

/// Says so when something has to be done again.
fn told(is_scrubbed: bool) -> Verdict {
    if is_scrubbed {
        return Verdict::Done;
    }
    complain(
        "the files of the database may still hold what was erased: another program reads them, or \
         their disk is full. The same command overwrites it when it is given again",
    );
    Verdict::LeftBehind
}
