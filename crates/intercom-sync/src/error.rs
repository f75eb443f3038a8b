//! Why a run stopped, ordered by how far it got.

use chrono::{DateTime, Utc};
use intercom_api::{DecodeError, JsonError};
use intercom_store::{StoreError, Stream};

/// A run that could not go on. What it had committed stays, and the next run continues there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The token does not say which workspace it belongs to.
    #[error("the workspace of this token is unknown: /me names no workspace")]
    UnknownWorkspace,
    /// The store holds nothing of the workspace.
    #[error("workspace {workspace} was never synchronised into this database")]
    NeverSynchronised {
        /// The workspace.
        workspace: String,
    },
    /// The token belongs to a workspace that the store does not know, and it knows others; nothing
    /// of it was stored. [`Newcomers`](crate::Newcomers) says when it is taken in all the same.
    #[error(
        "the token belongs to workspace {workspace}, and the database mirrors {}; nothing of \
         it was stored; use another token or database, or welcome newcomers (`sync run \
         --add-workspace`)", known.join(", ")
    )]
    OtherWorkspace {
        /// The workspace of the token.
        workspace: String,
        /// Those in the store, by id.
        known: Vec<String>,
    },
    /// Another process works on the workspace; nothing was fetched.
    #[error(
        "workspace {workspace} is being synchronised by {holder}, whose lease lasts until {}",
        until.format("%Y-%m-%d %H:%M:%S UTC")
    )]
    Held {
        /// The workspace.
        workspace: String,
        /// What the other process calls itself.
        holder: String,
        /// When its lease expires unless it is renewed, by the clock of the database.
        until: DateTime<Utc>,
    },
    /// This process was silent for so long that another took the workspace over.
    #[error("another process has taken over workspace {workspace}")]
    LeaseLost {
        /// The workspace.
        workspace: String,
    },
    /// The run was told to stop; the next one goes on at its last committed page.
    #[error("stopped on request")]
    Stopped,
    /// A stream could not be fetched.
    #[error("{stream} could not be fetched")]
    Fetch {
        /// The stream.
        stream: Stream,
        /// What the API or the network answered.
        #[source]
        source: intercom_client::Error,
    },
    /// The workspace could not be identified.
    #[error("the workspace could not be identified")]
    Identify(#[source] intercom_client::Error),
    /// A page does not have the shape of a page.
    #[error("a page of {stream} could not be read")]
    Page {
        /// The stream.
        stream: Stream,
        /// Where it differs.
        #[source]
        source: DecodeError,
    },
    /// What was projected from a contact cannot be read back.
    #[error("the stored profile of contact {contact_id} could not be read")]
    Profile {
        /// The contact.
        contact_id: String,
        /// Where it differs.
        #[source]
        source: JsonError,
    },
    /// The store refused or failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What to do about a token that the API refuses.
const CHECK_THE_TOKEN: &str = "check the access token in INTERCOM_ACCESS_TOKEN, which is read from \
                               the environment and then from the file .env: copy it anew from \
                               your app (Developer Hub, Authentication); tokens of other regions \
                               are refused, too: see INTERCOM_REGION";

impl SyncError {
    /// What to do about it, where somebody can; `None` when the error says so itself, or time alone
    /// helps.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Fetch { source, .. } | Self::Identify(source) if source.is_unauthorized() => {
                Some(CHECK_THE_TOKEN)
            }
            Self::Identify(source) if source.status().is_none() => Some(
                "see whether this machine reaches the API; HTTPS_PROXY and INTERCOM_API_BASE are \
                 obeyed",
            ),
            Self::Fetch { source, .. } | Self::Identify(source) if source.status() == Some(429) => {
                Some(
                    "other programs use up the rate limit of the workspace: run again in a minute, \
                     and see with `sync status` how much of it this database's share is",
                )
            }
            Self::Identify(source) if matches!(source.status(), Some(500..)) => Some(
                "the API is out of order: see https://www.intercomstatus.com, and run again later",
            ),
            Self::Held { .. } => Some(
                "wait until that run has ended, or stop it; when its process has died, its lease \
                 ends by itself",
            ),
            Self::UnknownWorkspace => Some("use the token of a workspace's own app"),
            Self::NeverSynchronised { .. } => Some("`sync run` reads it into the database"),
            Self::Fetch { .. }
            | Self::Identify(_)
            | Self::OtherWorkspace { .. }
            | Self::LeaseLost { .. }
            | Self::Stopped
            | Self::Page { .. }
            | Self::Profile { .. }
            | Self::Store(_) => None,
        }
    }

    /// The error, its causes, and what to do about it, in one line.
    pub(crate) fn told(&self) -> String {
        match self.remedy() {
            Some(remedy) => format!("{}; {remedy}", in_words(self)),
            None => in_words(self),
        }
    }

    /// Why one stream could not be read, when the others can be all the same; `None` when going on
    /// is senseless: the token is refused, the store fails, another process has the workspace.
    pub(crate) fn of_one_stream(&self) -> Option<String> {
        match self {
            Self::Fetch { source, .. } if source.is_unauthorized() => None,
            Self::Fetch { source, .. } => Some(in_words(source)),
            Self::Page { source, .. } => {
                Some(format!("a page cannot be read: {}", in_words(source)))
            }
            Self::UnknownWorkspace
            | Self::NeverSynchronised { .. }
            | Self::OtherWorkspace { .. }
            | Self::Held { .. }
            | Self::LeaseLost { .. }
            | Self::Stopped
            | Self::Identify(_)
            | Self::Profile { .. }
            | Self::Store(_) => None,
        }
    }
}

/// The error and its causes in one line; a cause that its effect already quotes is not repeated.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.ends_with(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = error.source();
    }
    words
}
