//! The workspace: its clock, its faults, what happens in it, and everything it ever was.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use fastrand::Rng;
use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use intercom_client::{HttpSettings, HttpTransport, Origin, Proxy, Timeouts, Transport};
use serde_json::{Value, json};

use super::history::Journal;
use super::mirror::{Fate, Workspace};
use crate::simulator::Simulator;

/// Records of one stream that vanish in one scenario: a walk that misses more than 5 %, and more
/// than ten, takes nothing for gone.
const MOST_REMOVALS: usize = 8;

/// A simulated workspace and what is known about its past.
pub(super) struct World {
    simulator: Simulator,
    transport: HttpTransport,
    pub(super) journal: Journal,
    /// Contacts that are archived now.
    pub(super) archived: BTreeSet<String>,
    /// Contacts that were archived at some time, or are.
    pub(super) returned: BTreeSet<String>,
    n_contacts_removed: usize,
    n_conversations_removed: usize,
    contacts: Vec<String>,
    conversations: Vec<String>,
    companies: Vec<String>,
    tags: Vec<String>,
    n_edits: u64,
}

impl World {
    pub(super) async fn start(program: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let simulator = Simulator::start(program, options)?;
        let mut settings = HttpSettings::new("soak".into());
        settings.origin = Origin::parse(&simulator.url).context("the simulator's address")?;
        settings.proxy = Proxy::None;
        settings.timeouts = Timeouts { attempt: Duration::from_secs(60), ..Timeouts::default() };
        let mut world = Self {
            transport: HttpTransport::new(settings).context("the client's settings")?,
            simulator,
            journal: Journal::default(),
            archived: BTreeSet::new(),
            returned: BTreeSet::new(),
            n_contacts_removed: 0,
            n_conversations_removed: 0,
            contacts: Vec::new(),
            conversations: Vec::new(),
            companies: Vec::new(),
            tags: Vec::new(),
            n_edits: 0,
        };
        world.observe().await?;
        Ok(world)
    }

    pub(super) fn url(&self) -> &str {
        &self.simulator.url
    }

    /// How often the workspace was changed.
    pub(super) fn n_edits(&self) -> u64 {
        self.n_edits
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Response> {
        let mut request = Request::raw(method, Safety::Once, path, ApiVersion::V2_16);
        if !body.is_null() {
            request.set_json(body)?;
        }
        self.transport.send(&request).await.with_context(|| format!("{method} {path}"))
    }

    /// What one of the simulator's own paths answers; `None` when it refuses.
    async fn own(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let answer = self.call(method, &format!("/__sim/{path}"), body).await?;
        match answer.status {
            200 => Ok(Some(serde_json::from_slice(&answer.body)?)),
            _ => Ok(None),
        }
    }

    async fn expect(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.own(method, path, body).await?;
        answer.with_context(|| format!("the simulator refuses {method} {path}"))
    }

    /// Unix seconds.
    pub(super) async fn now(&self) -> anyhow::Result<i64> {
        let clock = self.expect(Method::Get, "clock", &Value::Null).await?;
        clock["now"].as_i64().context("the clock shows no time")
    }

    pub(super) async fn advance(&mut self, seconds: u64) -> anyhow::Result<()> {
        self.expect(Method::Post, "clock", &json!({"advance": seconds})).await?;
        Ok(())
    }

    /// Replaces the faults by those of a text; an empty one ends them.
    pub(super) async fn set_faults(&self, toml: &str) -> anyhow::Result<()> {
        self.expect(Method::Post, "faults", &json!({"toml": toml})).await.map(drop)
    }

    pub(super) async fn dump(&self) -> anyhow::Result<Value> {
        self.expect(Method::Get, "dump", &Value::Null).await
    }

    /// The workspace as it is.
    pub(super) async fn read(&self) -> anyhow::Result<Workspace> {
        Ok(Workspace::read(self.dump().await?, &self.archived))
    }

    /// Learns what there is, and notes every contact in the journal.
    pub(super) async fn observe(&mut self) -> anyhow::Result<()> {
        let workspace = self.read().await?;
        let ids = |list: &str| -> Vec<String> {
            workspace.lists.get(list).into_iter().flatten().map(|(id, _)| id.clone()).collect()
        };
        self.contacts = ids("contacts");
        self.conversations = ids("conversations");
        self.companies = ids("companies");
        self.tags = ids("tags");
        workspace.contacts().values().for_each(|contact| self.journal.note(contact));
        Ok(())
    }

    /// What the API says of a record.
    pub(super) async fn fate(&self, stream: &str, id: &str) -> anyhow::Result<Fate> {
        let answer = self.call(Method::Get, &format!("/{stream}/{id}"), &Value::Null).await?;
        Ok(match answer.status {
            404 => Fate::Gone,
            410 => {
                let link = answer.headers.get("Link").context("410 without a link")?;
                let target = link.split(['<', '>']).nth(1).unwrap_or_default();
                Fate::MergedInto(target.rsplit('/').next().unwrap_or_default().to_owned())
            }
            200 => Fate::Here,
            status => anyhow::bail!("{stream} {id} is answered with {status}"),
        })
    }

    /// One change of the workspace, of any kind. What the simulator refuses, such as a change of
    /// something that has just vanished, does not happen.
    pub(super) async fn edit(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        self.n_edits += 1;
        match rng.u8(0..100) {
            0..30 => self.change_contact(rng).await,
            30..36 => self.change_together(rng).await,
            36..48 => {
                self.own(Method::Post, "live", &json!({"n": 1})).await?;
                self.observe().await
            }
            48..54 => self.create_contact(rng).await,
            54..58 => self.remove_contact(rng).await,
            58..62 => self.archive(rng).await,
            62..64 => self.remove_conversation(rng).await,
            64..84 => self.talk(rng).await,
            84..92 => self.label(rng).await,
            _ => self.change_company(rng).await,
        }
    }

    async fn change_contact(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let Some(id) = rng.choice(&self.contacts).cloned() else { return Ok(()) };
        let patch = match rng.u8(0..8) {
            0 => json!({"name": format!("Renamed {}", rng.u16(..))}),
            1 => json!({"email": format!("moved.{}@example.com", rng.u16(..))}),
            2 => json!({"custom_attributes": {"plan_price": rng.u32(1_000..90_000)}}),
            // An attribute that changes its type.
            3 => json!({"custom_attributes": {"plan_price": format!("{}.00", rng.u16(..))}}),
            4 => json!({"custom_attributes": {"stripe_delinquent": rng.bool()}}),
            5 => json!({"last_seen_at": self.now().await?}),
            _ => json!({"custom_attributes": {"round": rng.u8(0..4)}}),
        };
        let changed = self.own(Method::Post, &format!("contacts/{id}"), &patch).await?;
        changed.iter().for_each(|contact| self.journal.note(contact));
        Ok(())
    }

    /// Several contacts within a second.
    async fn change_together(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let round = json!({"custom_attributes": {"together": rng.u16(..)}});
        for _ in 0..rng.usize(2..12) {
            let Some(id) = rng.choice(&self.contacts).cloned() else { return Ok(()) };
            let changed = self.own(Method::Post, &format!("contacts/{id}"), &round).await?;
            changed.iter().for_each(|contact| self.journal.note(contact));
        }
        Ok(())
    }

    async fn create_contact(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let email = format!("soak.{}@example.com", self.n_edits);
        let role = if rng.bool() { "user" } else { "lead" };
        let attributes = json!({"round": rng.u8(0..4)});
        let fields = json!({"role": role, "email": email, "custom_attributes": attributes});
        if let Some(contact) = self.own(Method::Post, "contacts", &fields).await? {
            self.journal.note(&contact);
            self.contacts.extend(contact["id"].as_str().map(str::to_owned));
        }
        Ok(())
    }

    /// Merges it into another one or deletes it.
    async fn remove_contact(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let (from, into) =
            (rng.choice(&self.contacts).cloned(), rng.choice(&self.contacts).cloned());
        let (Some(from), Some(into)) = (from, into) else { return Ok(()) };
        if self.n_contacts_removed >= MOST_REMOVALS || from == into {
            return Ok(());
        }
        self.n_contacts_removed += 1;
        match rng.bool() {
            true => {
                let into = json!({"into": into});
                self.own(Method::Post, &format!("contacts/{from}/merge"), &into).await?;
            }
            false => {
                self.own(Method::Delete, &format!("contacts/{from}"), &Value::Null).await?;
            }
        }
        self.observe().await
    }

    async fn archive(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let back = rng.choice(self.archived.iter()).cloned();
        if let Some(id) = back.filter(|_| rng.bool()) {
            let path = format!("contacts/{id}/unarchive");
            ensure!(self.own(Method::Post, &path, &json!({})).await?.is_some(), "{path}");
            self.archived.remove(&id);
        } else if let Some(id) = rng.choice(&self.contacts).cloned()
            && self.n_contacts_removed < MOST_REMOVALS
        {
            self.n_contacts_removed += 1;
            let path = format!("contacts/{id}/archive");
            if self.own(Method::Post, &path, &json!({})).await?.is_some() {
                self.archived.insert(id.clone());
                self.returned.insert(id);
            }
        }
        self.observe().await
    }

    async fn remove_conversation(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        if self.n_conversations_removed < MOST_REMOVALS
            && let Some(id) = rng.choice(&self.conversations).cloned()
        {
            self.n_conversations_removed += 1;
            self.own(Method::Delete, &format!("conversations/{id}"), &Value::Null).await?;
            self.conversations.retain(|other| *other != id);
        }
        Ok(())
    }

    async fn talk(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        if rng.u8(0..6) == 0 {
            let Some(contact) = rng.choice(&self.contacts).cloned() else { return Ok(()) };
            let words = ["Hello", "How do I cancel my subscription?", "Thanks"];
            let begun = json!({"contact_id": contact, "body": words[rng.usize(..words.len())]});
            if let Some(begun) = self.own(Method::Post, "conversations", &begun).await? {
                self.conversations.extend(begun["id"].as_str().map(str::to_owned));
            }
            return Ok(());
        }
        let Some(id) = rng.choice(&self.conversations).cloned() else { return Ok(()) };
        let (what, body) = match rng.u8(0..6) {
            0 => ("/close", json!({})),
            1 => ("/open", json!({})),
            2 => ("/reply", json!({"body": format!("Answer {}", rng.u16(..)), "from": "admin"})),
            3 => ("", json!({"priority": if rng.bool() { "priority" } else { "not_priority" }})),
            _ => ("/reply", json!({"body": format!("Question {}", rng.u16(..))})),
        };
        self.own(Method::Post, &format!("conversations/{id}{what}"), &body).await.map(drop)
    }

    async fn label(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let name = json!({"name": format!("Soaked {}", rng.u8(0..5))});
        if rng.u8(0..8) == 0
            && let Some(tag) = rng.choice(&self.tags).cloned()
        {
            self.own(Method::Delete, &format!("tags/{tag}"), &Value::Null).await?;
            self.tags.retain(|other| *other != tag);
            return Ok(());
        }
        let (kind, ids) = match rng.bool() {
            true => ("contacts", &self.contacts),
            false => ("conversations", &self.conversations),
        };
        let Some(id) = rng.choice(ids).cloned() else { return Ok(()) };
        self.own(Method::Post, &format!("{kind}/{id}/tags"), &name).await.map(drop)
    }

    async fn change_company(&mut self, rng: &mut Rng) -> anyhow::Result<()> {
        let key = format!("soaked-{}", rng.u8(0..5));
        let company = json!({"company_id": key, "name": key, "size": rng.u16(1..900)});
        match rng.u8(0..4) {
            0 => self.own(Method::Post, "companies", &company).await.map(drop),
            1 => {
                let Some(id) = rng.choice(&self.companies).cloned() else { return Ok(()) };
                self.companies.retain(|other| *other != id);
                self.own(Method::Delete, &format!("companies/{id}"), &Value::Null).await.map(drop)
            }
            _ => {
                let Some(id) = rng.choice(&self.contacts).cloned() else { return Ok(()) };
                let path = format!("contacts/{id}/companies");
                self.own(Method::Post, &path, &company).await.map(drop)
            }
        }
    }
}
