//! Stored bodies into domain values: whatever the current projection has not seen.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join;
use intercom_api::admins::Admin;
use intercom_api::contacts::Contact;
use intercom_api::conversations::{Conversation, ConversationPart};
use intercom_api::{ContactId, JsonError};
use intercom_projection::{
    ContactFacts, ConversationFacts, MemberFacts, Oddity, PROJECTION_VERSION, Role, contact,
    conversation,
};
use intercom_store::{
    ContentHash, CustomerContact, FactRow, MemberRow, PageWrite, PendingBody, PendingPlace,
    ProjectedAdmin, ProjectedContact, ProjectedConversation, ProjectionWrite, Quarantined, RunId,
    SessionRow, Store, StoredPart, Stream, UnreadableBody, Workspace,
};
use serde::de::DeserializeOwned;

use crate::aside::aside;
use crate::error::SyncError;
use crate::odd::OddRecords;
use crate::progress::Progress;
use crate::report::{Skipped, StreamReport};
use crate::settings::SyncSettings;

/// Bodies projected and written at a time: a transaction writes a page of the database once, however
/// many of its rows change.
const CHUNK: u32 = 1_000;

/// Conversations whose parts are in memory at a time; each has up to 500.
const PARTS_CHUNK: usize = 50;

/// What every stream of a run is projected with.
pub(crate) struct Projector<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) workspace: &'a Workspace,
    pub(crate) settings: &'a Arc<SyncSettings>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) run: RunId,
    /// Unix seconds.
    pub(crate) observed_at: i64,
}

/// What projecting found.
#[derive(Default)]
pub(crate) struct Projected {
    /// Contacts that stand for no customer.
    pub(crate) skipped: Skipped,
    done: u64,
}

impl Projector<'_> {
    /// Projects every pending body of the streams; those put aside are counted in their report.
    pub(crate) async fn run(&self, streams: &mut [StreamReport]) -> Result<Projected, SyncError> {
        let mut projected = Projected::default();
        for report in streams {
            self.stream(report, &mut projected).await?;
        }
        Ok(projected)
    }

    /// Bodies that are put aside are counted in the report of the stream.
    async fn stream(
        &self,
        report: &mut StreamReport,
        projected: &mut Projected,
    ) -> Result<(), SyncError> {
        let stream = report.stream;
        if !stream.is_projected() {
            return Ok(());
        }
        let mut odd = OddRecords::default();
        // Bodies may arrive behind the place that has been reached.
        loop {
            let mut n_written = 0;
            let mut next = self.read(stream, None).await?;
            while let Some(mut chunk) = next.take() {
                projected.skipped.append(mem::take(&mut chunk.skipped));
                projected.done += chunk.n_bodies;
                odd.append(mem::take(&mut chunk.odd));
                let place = chunk.last.clone();
                // The database writes one chunk while the next one is read.
                let (written, read) =
                    join(self.write(report, chunk), self.read(stream, Some(&place))).await;
                n_written += written?;
                self.progress.projected(stream, projected.done);
                next = read?;
            }
            if n_written == 0 {
                // What is left is being written by somebody else; it stays pending.
                break;
            }
        }
        odd.warn(stream);
        Ok(())
    }

    /// Reads and projects the next bodies; `None` when nothing behind the place is pending.
    async fn read(
        &self,
        stream: Stream,
        after: Option<&PendingPlace>,
    ) -> Result<Option<Chunk>, SyncError> {
        let version = i64::from(PROJECTION_VERSION);
        let mut bodies = self.store.pending(self.workspace, stream, version, after, CHUNK).await?;
        let Some(last) = bodies.last() else { return Ok(None) };
        let mut chunk = Chunk::new(version, last.place(), bodies.len() as u64);
        if stream != Stream::Conversations {
            return Ok(Some(self.project(chunk, stream, bodies, BTreeMap::new()).await));
        }
        while !bodies.is_empty() {
            let rest = bodies.split_off(bodies.len().min(PARTS_CHUNK));
            let some = mem::replace(&mut bodies, rest);
            let ids: Vec<&str> = some.iter().map(|body| body.id.as_str()).collect();
            let parts = self.store.parts(self.workspace, &ids).await?;
            chunk = self.project(chunk, stream, some, parts).await;
        }
        Ok(Some(chunk))
    }

    /// Adds bodies to a chunk, beside the threads that wait for the database.
    async fn project(
        &self,
        mut chunk: Chunk,
        stream: Stream,
        bodies: Vec<PendingBody>,
        mut parts: BTreeMap<String, Vec<StoredPart>>,
    ) -> Chunk {
        let settings = Arc::clone(self.settings);
        aside(move || {
            for body in bodies {
                let parts = readable(&parts.remove(&body.id).unwrap_or_default());
                chunk.add(stream, &body, &parts, &settings);
            }
            chunk
        })
        .await
    }

    /// Returns how many bodies are written.
    async fn write(&self, report: &mut StreamReport, chunk: Chunk) -> Result<u64, SyncError> {
        self.put_aside(report, chunk.put_aside).await?;
        let outcome = self.store.commit_projection(self.workspace, &chunk.write).await?;
        Ok(outcome.n_written)
    }

    async fn put_aside(
        &self,
        report: &mut StreamReport,
        quarantined: Vec<Quarantined>,
    ) -> Result<(), SyncError> {
        let stream = report.stream;
        if !quarantined.is_empty() {
            for entry in &quarantined {
                report.put_aside(entry);
                let id = entry.record_id.as_deref().unwrap_or_default();
                tracing::warn!(%stream, id, reason = %entry.reason, "a record is put aside");
            }
            let (run, observed_at) = (Some(self.run), self.observed_at);
            let page = PageWrite { quarantined, observed_at, run, ..PageWrite::default() };
            self.store.commit_page(self.workspace, stream, &page).await?;
        }
        Ok(())
    }
}

/// The parts that are still to be read in the workspace. One that does not decode says nothing; it
/// is kept as it is.
fn readable(parts: &[StoredPart]) -> Vec<ConversationPart> {
    let is_there = |part: &&StoredPart| part.redacted_at.is_none() && part.deleted_at.is_none();
    let read = |part: &StoredPart| serde_json::from_slice(&part.body).ok();
    parts.iter().filter(is_there).filter_map(read).collect()
}

/// The results of some bodies, and the bodies that have none.
struct Chunk {
    /// The last of the bodies.
    last: PendingPlace,
    n_bodies: u64,
    write: ProjectionWrite,
    put_aside: Vec<Quarantined>,
    skipped: Skipped,
    odd: OddRecords,
}

impl Chunk {
    fn new(version: i64, last: PendingPlace, n_bodies: u64) -> Self {
        let write = ProjectionWrite { version, ..ProjectionWrite::default() };
        let odd = OddRecords::default();
        let skipped = Skipped::default();
        Self { last, n_bodies, write, put_aside: Vec::new(), skipped, odd }
    }

    /// Values that cannot be meant are left out, and the record goes on without them.
    fn note(&mut self, stream: Stream, pending: &PendingBody, oddities: &[Oddity]) {
        self.odd.add(&pending.id, oddities);
        for oddity in oddities {
            tracing::debug!(%stream, id = pending.id, %oddity, "a value is odd");
        }
    }

    /// A body that does not decode is put aside; what was projected from an earlier one stays.
    fn add(
        &mut self,
        stream: Stream,
        pending: &PendingBody,
        parts: &[ConversationPart],
        settings: &SyncSettings,
    ) {
        let (id, hash) = (pending.id.clone(), pending.hash);
        let read = match stream {
            Stream::Admins => decode::<Admin>(pending).map(|admin| {
                let Admin { name, email, .. } = admin;
                self.write.admins.push(ProjectedAdmin { id, hash, name, email });
            }),
            Stream::Contacts => decode::<Contact>(pending).and_then(|decoded| {
                let known_as = ContactId::new(pending.id.as_str()).map_err(|e| e.to_string())?;
                let read = contact(&known_as, &decoded, &settings.attributes);
                self.note(stream, pending, &read.oddities);
                if !read.value.stripe.is_readable() {
                    let stripe = &read.value.stripe;
                    self.odd.add_billing(&id, stripe, &read.oddities, &settings.attributes);
                }
                if let Err(reason) = &read.value.email {
                    self.skipped.add(&id, *reason);
                }
                let row = contact_row(id, hash, read.value);
                self.write.contacts.push(row);
                Ok(())
            }),
            Stream::Conversations => decode::<Conversation>(pending).map(|decoded| {
                let rule = settings.cancel_mentions;
                let read = conversation(&decoded, parts, &settings.attributes, rule);
                self.note(stream, pending, &read.oddities);
                self.write.conversations.push(conversation_row(id, hash, &read.value));
            }),
            Stream::Parts
            | Stream::Companies
            | Stream::Teams
            | Stream::Tags
            | Stream::Segments
            | Stream::DataAttributes => Ok(()),
        };
        if let Err(reason) = read {
            self.put_aside.push(quarantined(pending, &reason));
            self.write.unreadable.push(UnreadableBody { stream, id: pending.id.clone(), hash });
        }
    }
}

/// The body, or why there is none: the path and the kind of misfit, never a value.
fn decode<T: DeserializeOwned>(pending: &PendingBody) -> Result<T, String> {
    // To follow the path costs as much as to decode, so only those that fail are followed.
    if let Ok(decoded) = serde_json::from_slice(&pending.body) {
        return Ok(decoded);
    }
    let mut json = serde_json::Deserializer::from_slice(&pending.body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        format!("at `{path}` {}", JsonError::from(error.into_inner()))
    })
}

fn quarantined(pending: &PendingBody, reason: &str) -> Quarantined {
    Quarantined {
        record_id: Some(pending.id.clone()),
        reason: format!("mirrored but not projected: {reason}"),
        hash: pending.hash,
        body: Bytes::clone(&pending.body),
    }
}

fn contact_row(id: String, hash: ContentHash, mut facts: ContactFacts) -> ProjectedContact {
    let unix = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.timestamp());
    // What the contact is as a member is in a table of its own.
    let MemberFacts { profile, enrolled_at, .. } = mem::take(&mut facts.member);
    let member = MemberRow {
        external_id: facts.external_id.clone(),
        name: profile.name,
        email: profile.email,
        role: Some(role_name(facts.role).to_owned()),
        client: profile.client,
        registered_on: enrolled_at.map(|at| at.date_naive()),
        created_at: unix(facts.created_at),
        last_seen_at: unix(facts.last_seen_at),
    };
    let customer = facts.email.as_ref().ok().map(|email| CustomerContact {
        email: email.as_str().to_owned(),
        role_rank: i64::from(facts.role != Role::User),
        updated_at: unix(facts.updated_at).unwrap_or(0),
        profile: serde_json::to_string(&facts).expect("facts hold only text, numbers and lists"),
    });
    ProjectedContact { id, hash, member: Some(member), customer }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Lead => "lead",
    }
}

fn conversation_row(
    id: String,
    hash: ContentHash,
    facts: &ConversationFacts<'_>,
) -> ProjectedConversation {
    let sessions = facts.session.as_ref().map(|session| SessionRow {
        position: 0,
        contact_id: session.member.to_owned(),
        coach_id: session.coach.map(str::to_owned),
        channel: session.channel,
        source: facts.source.map(str::to_owned),
        session_at: session.at,
        updated_at: session.updated_at,
    });
    let created_at = facts.support.created_at.map_or(0, |at| at.timestamp());
    let mention = facts.support.cancel_mention.as_ref();
    // A mention is its author's; without one that takes part, everybody's.
    let author = mention.and_then(|it| it.contact_id.as_deref());
    let author = author.filter(|author| facts.contact_ids.contains(author));
    let rows = facts.contact_ids.iter().map(|&contact_id| {
        let mention = mention.filter(|_| author.is_none_or(|author| author == contact_id));
        FactRow {
            contact_id: contact_id.to_owned(),
            created_at,
            updated_at: facts.updated_at.map_or(created_at, |at| at.timestamp()),
            is_open: facts.support.is_open,
            rating: facts.support.rating.map(|rating| i64::from(rating.get())),
            cancel_mentioned_at: mention.and_then(|it| it.written_at).map(|at| at.timestamp()),
            cancel_words: mention.map(|it| it.mention.words.clone()),
            first_reply_for: facts.support.first_reply_for.map(i64::from),
            first_close_for: facts.support.first_close_for.map(i64::from),
            last_close_for: facts.support.last_close_for.map(i64::from),
            n_reopens: facts.support.n_reopens.map(i64::from),
        }
    });
    ProjectedConversation {
        id,
        hash,
        sessions: sessions.into_iter().collect(),
        facts: rows.collect(),
    }
}
