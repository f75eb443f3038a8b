//! Whether a sync can work: token, workspace, zone, scopes, dates, attributes.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use intercom_api::contacts::{Contact, ListContacts, SearchContacts};
use intercom_api::conversations::ListConversations;
use intercom_api::data_attributes::{DataAttributeModel, ListDataAttributes};
use intercom_api::{Operator, Query, SearchRequest, Timestamp};
use intercom_client::Client;
use intercom_projection::Names;
use intercom_store::{Census, Stream};
use serde::Serialize;

use crate::error::{SyncError, in_words};
use crate::identify;
use crate::missing::n_allowed;
use crate::preview::Asker;
use crate::run::{Extent, Sync};
use crate::settings::{Newcomers, SyncSettings};

/// Contacts that are looked at for attributes.
const SAMPLE: i64 = 50;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `token` or `contacts`.
    pub subject: String,
    /// How it is.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// A sync works, but something stays empty or unknown.
    Lacking,
    /// A sync fails, or leaves something behind.
    Bad,
}

impl Finding {
    /// Something that is as it should be.
    pub fn good(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), state: State::Good, detail: detail.into(), remedy: None }
    }

    /// Something that is not, and what to do about it.
    pub fn not_good(
        state: State,
        subject: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { subject: subject.into(), state, detail: detail.into(), remedy }
    }
}

impl Sync {
    /// Looks at everything a sync needs from the API, with about a dozen calls that read, and at
    /// whether the store knows the workspace. Nothing is written.
    ///
    /// # Errors
    /// [`SyncError::Store`]; what the API answers is a finding.
    pub async fn check(&self) -> Result<Vec<Finding>, SyncError> {
        let mut findings = Vec::new();
        let client = self.client();
        match identify::profile(client).await {
            Ok(profile) => {
                findings.push(Finding::good("token", "the API accepts it"));
                let name = profile.name.as_deref().unwrap_or("without a name");
                findings.push(self.workspace_finding(&profile.id, name).await?);
                findings.push(self.zone_finding(profile.timezone.as_deref()));
                let stored = self.stored(&profile.id).await?;
                findings.extend(self.stream_findings(&stored).await);
            }
            Err(error) => {
                findings.push(refused_token(&error));
                return Ok(findings);
            }
        }
        findings.push(dates(client).await);
        findings.extend(self.attribute_findings().await);
        Ok(findings)
    }

    async fn workspace_finding(&self, id: &str, name: &str) -> Result<Finding, SyncError> {
        let known = self.store().workspaces().await?;
        let told = format!("{id} ({name})");
        if known.is_empty() {
            let detail = format!("{told}, which the database does not hold yet");
            return Ok(Finding::good("workspace", detail));
        }
        if known.iter().any(|known| known.id() == id) {
            return Ok(Finding::good("workspace", told));
        }
        let others: Vec<&str> = known.iter().map(intercom_store::Workspace::id).collect();
        let detail = format!("{told}; the database holds {}", others.join(", "));
        let (state, remedy) = match self.settings().newcomers {
            Newcomers::Welcome => (
                State::Lacking,
                "if the token is the one you mean, go on: workspaces are kept apart; otherwise \
                 use another token or database",
            ),
            Newcomers::FirstOnly => (
                State::Bad,
                "use another token or database; if both workspaces are to be kept in this one, \
                 welcome newcomers (`sync run --add-workspace`)",
            ),
        };
        Ok(Finding::not_good(state, "workspace", detail, remedy))
    }

    fn zone_finding(&self, told: Option<&str>) -> Finding {
        match (self.settings().timezone, told.map(str::parse::<Tz>)) {
            (Some(zone), _) => Finding::good("zone", format!("{zone}, as set")),
            (None, Some(Ok(zone))) => Finding::good("zone", format!("{zone}, the workspace's")),
            (None, Some(Err(_)) | None) => {
                let told = told.unwrap_or("none");
                Finding::not_good(
                    State::Lacking,
                    "zone",
                    format!("the API tells {told}; days are those of UTC"),
                    "set REPORT_TIMEZONE, such as America/New_York",
                )
            }
        }
    }

    /// How many records of each stream are stored that a list should show; none of a workspace that
    /// is not known.
    async fn stored(&self, id: &str) -> Result<BTreeMap<Stream, i64>, SyncError> {
        let known = self.store().workspaces().await?;
        let Some(workspace) = known.iter().find(|known| known.id() == id) else {
            return Ok(BTreeMap::new());
        };
        let Census { mut records, n_archived, .. } = self.store().census(workspace).await?;
        records.entry(Stream::Contacts).and_modify(|n| *n -= n_archived);
        Ok(records)
    }

    /// A call a stream, as the token may or may not make it.
    async fn stream_findings(&self, stored: &BTreeMap<Stream, i64>) -> Vec<Finding> {
        let (client, store, settings) = (self.client(), self.store(), self.settings());
        let asker = Asker { client, store, workspace: None, settings, extent: Extent::Changed };
        let mut findings = Vec::new();
        for &stream in &settings.streams {
            findings.push(match asker.preview(stream).await {
                Ok(preview) => match preview.missing_scope {
                    None if preview.skipped_because.is_none() => {
                        let n_stored = stored.get(&stream).copied().unwrap_or(0);
                        readable(stream, preview.n_records, n_stored.unsigned_abs(), settings)
                    }
                    scope => {
                        let remedy = match scope {
                            Some(scope) => format!(
                                "give the app the permission {scope} (Developer Hub, \
                                 Authentication) or leave the stream out with --streams"
                            ),
                            None => "leave the stream out with --streams".to_owned(),
                        };
                        let detail = preview.skipped_because.unwrap_or_default();
                        Finding::not_good(State::Bad, stream.name(), detail, remedy)
                    }
                },
                Err(error) => unreadable(stream, &error),
            });
        }
        findings
    }

    /// Which of the attributes that are read the workspace has.
    async fn attribute_findings(&self) -> Vec<Finding> {
        let known = match Known::ask(self.client()).await {
            Ok(known) => known,
            Err(error) => {
                let detail = in_words(&error);
                let remedy = "let the token read data attributes to see which are missing";
                return vec![Finding::not_good(State::Lacking, "attributes", detail, remedy)];
            }
        };
        let names = &self.settings().attributes;
        let mut findings = Vec::new();
        let mut read = BTreeSet::new();
        let of_contacts = names.of_contacts();
        let missing = known.missing(&of_contacts, &known.contacts, &mut read);
        let mut absent = missing;
        absent.extend(known.missing(
            &names.of_conversations(),
            &known.conversations,
            &mut BTreeSet::new(),
        ));
        if absent.is_empty() {
            findings.push(Finding::good("attributes", "the workspace has all that are read"));
        }
        for (setting, names) in absent {
            findings.push(Finding::not_good(
                State::Lacking,
                format!("attribute {setting}"),
                format!("the workspace has none of {names}; what is read from it stays empty"),
                format!("if it has another name, set attributes.{setting} in the settings file"),
            ));
        }
        let unread: Vec<&str> =
            known.custom.iter().filter(|name| !read.contains(*name)).map(|n| &**n).collect();
        if !unread.is_empty() {
            let detail = format!(
                "{} more of contacts are mirrored and not interpreted: {}",
                unread.len(),
                first(&unread)
            );
            findings.push(Finding::good("attributes", detail));
        }
        findings
    }
}

/// The attributes of a workspace, by name.
#[derive(Default)]
struct Known {
    contacts: BTreeSet<String>,
    conversations: BTreeSet<String>,
    /// Those of contacts that somebody made.
    custom: BTreeSet<String>,
}

impl Known {
    /// As listed, and as some contacts have them: an integration can write attributes that no list
    /// names.
    async fn ask(client: &Client) -> Result<Self, intercom_client::Error> {
        let mut known = Self::default();
        for attribute in
            client.execute(&ListDataAttributes::default()).await?.data.unwrap_or_default()
        {
            let Some(name) = attribute.name else { continue };
            match attribute.model {
                Some(DataAttributeModel::Contact) => {
                    if attribute.custom == Some(true) {
                        known.custom.insert(name.clone());
                    }
                    known.contacts.insert(name);
                }
                Some(DataAttributeModel::Conversation) => {
                    known.conversations.insert(name);
                }
                Some(DataAttributeModel::Company | DataAttributeModel::Other(_)) | None => {}
            }
        }
        // A token that may not read these has been told so.
        let list = ListContacts { per_page: Some(SAMPLE), ..ListContacts::default() };
        if let Ok(contacts) = client.execute(&list).await {
            for contact in contacts.data.unwrap_or_default() {
                let attributes = contact.custom_attributes.unwrap_or_default();
                known.contacts.extend(attributes.0.into_keys());
            }
        }
        let list = ListConversations { per_page: Some(SAMPLE), ..ListConversations::default() };
        if let Ok(conversations) = client.execute(&list).await {
            for conversation in conversations.conversations.unwrap_or_default() {
                let attributes = conversation.custom_attributes.unwrap_or_default();
                known.conversations.extend(attributes.0.into_keys());
            }
        }
        Ok(known)
    }

    /// The settings none of whose names the workspace has.
    fn missing(
        &self,
        settings: &[(&'static str, &Names)],
        among: &BTreeSet<String>,
        read: &mut BTreeSet<String>,
    ) -> Vec<(&'static str, String)> {
        let mut missing = Vec::new();
        for (setting, names) in settings {
            let present: Vec<&str> = names.iter().filter(|name| among.contains(*name)).collect();
            read.extend(present.iter().map(|name| (*name).to_owned()));
            if present.is_empty() {
                let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                missing.push((*setting, names.join(", ")));
            }
        }
        missing
    }
}

/// Whether searches compare the dates of contacts by days or seconds: a contact is searched for by
/// a second at which it did not change.
async fn dates(client: &Client) -> Finding {
    let subject = "dates";
    let probed = probe(client).await;
    let found = match probed {
        Ok(found) => found,
        Err(error) => {
            let remedy = "nothing: a sync works with either, and finds changes both ways";
            return Finding::not_good(State::Lacking, subject, in_words(&error), remedy);
        }
    };
    match found {
        Precision::Day => Finding::good(
            subject,
            "contacts are compared by whole days, so today's come again with every run",
        ),
        Precision::Second => Finding::good(subject, "contacts are compared by the second"),
        Precision::Unclear => {
            Finding::good(subject, "not known: no contact is found by its own date")
        }
    }
}

/// How finely dates are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precision {
    Day,
    Second,
    Unclear,
}

async fn probe(client: &Client) -> Result<Precision, intercom_client::Error> {
    let latest =
        SearchRequest::new(Query::field("created_at", Operator::GreaterThan, 0)).per_page(1);
    let found = client.execute(&SearchContacts::new(latest)).await?;
    let contact = found.data.into_iter().flatten().next();
    let Some(Contact { id: Some(id), updated_at: Some(at), .. }) = contact else {
        return Ok(Precision::Unclear);
    };
    let is_found = async |seconds: i64| {
        let at = Timestamp::from_unix(at.as_unix() + seconds);
        let query = Query::all([
            Query::field("id", Operator::Equals, id.as_str()),
            Query::field("updated_at", Operator::Equals, at),
        ]);
        let search = SearchContacts::new(SearchRequest::new(query).per_page(1));
        let answer = client.execute(&search).await?;
        Ok::<_, intercom_client::Error>(answer.data.is_some_and(|found| !found.is_empty()))
    };
    if !is_found(0).await? {
        return Ok(Precision::Unclear);
    }
    // One of the two is on the same day, whatever the zone.
    Ok(if is_found(1).await? || is_found(-1).await? { Precision::Day } else { Precision::Second })
}

fn refused_token(error: &SyncError) -> Finding {
    let detail = in_words(error);
    let remedy = error.remedy().unwrap_or("try again later; a run would end here");
    Finding::not_good(State::Bad, "token", detail, remedy)
}

/// How many records the token can read, beside how many are stored.
fn readable(stream: Stream, n_listed: u64, n_stored: u64, settings: &SyncSettings) -> Finding {
    let is_counted_alike = match stream {
        Stream::Contacts
        | Stream::Conversations
        | Stream::Teams
        | Stream::Tags
        | Stream::Segments
        | Stream::DataAttributes => true,
        // The list that is counted leaves out companies without people; who left as a teammate
        // stays in the store; of parts, the conversations are counted.
        Stream::Companies | Stream::Admins | Stream::Parts => false,
    };
    if !is_counted_alike || n_stored == 0 {
        return Finding::good(stream.name(), format!("readable, {n_listed}"));
    }
    let n_fewer = n_stored.saturating_sub(n_listed);
    let allowed = n_allowed(usize::try_from(n_stored).unwrap_or(usize::MAX), settings);
    if n_fewer <= allowed as u64 {
        let detail = format!("readable, {n_listed}, and {n_stored} stored");
        return Finding::good(stream.name(), detail);
    }
    let percent = settings.max_missing_percent;
    let detail = format!(
        "readable, {n_listed}, but {n_stored} stored: {n_fewer} of them would be missing, more than \
         {percent} %, and `sync run --full` would take none for gone"
    );
    let remedy = "if they are not gone from Intercom, give the app the permissions to see them \
                  (Developer Hub, Authentication); if they are, raise max_missing_percent in the \
                  settings file for one `sync run --full`";
    Finding::not_good(State::Bad, stream.name(), detail, remedy)
}

/// A fault of one stream costs a run no more than that stream.
fn unreadable(stream: Stream, error: &SyncError) -> Finding {
    let remedy = match (error.of_one_stream(), stream) {
        (Some(_), Stream::Contacts) => {
            "try again later; a run would leave contacts behind, and customers would wait for them"
                .to_owned()
        }
        (Some(_), stream) => {
            format!("try again later; a run would leave {stream} behind and read the others")
        }
        (None, _) => error.remedy().unwrap_or("try again later; a run would end here").to_owned(),
    };
    Finding::not_good(State::Bad, stream.name(), in_words(error), remedy)
}

/// The first few names.
fn first(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
