//! How the work of a plan ended.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use intercom_api::{ApiError, Scope, required_scope};
use serde::Serialize;

use crate::plan::call_of;
use crate::rejection::{Class, Rejection};

/// How the work of a plan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was accepted.
    Delivered,
    /// Everything was accepted; whoever passes the plan's requests on must not repeat them.
    Suppressed,
    /// A call failed in a way that passes: try the event again.
    Retryable {
        /// How long to wait, when the API said so.
        after: Option<Duration>,
        /// The call and the answer.
        failure: Failure,
    },
    /// The rate limit is used up: try the event again.
    Throttled {
        /// How long to wait, when the API said so.
        after: Option<Duration>,
        /// The call and the answer.
        failure: Failure,
    },
    /// A call was refused, and would be again.
    Aborted {
        /// Who has to act.
        class: Class,
        /// The call and the answer.
        failure: Failure,
    },
    /// The answers showed that the event cannot be delivered.
    Rejected(Rejection),
}

impl Outcome {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Suppressed => "suppressed",
            Self::Retryable { .. } => "retryable",
            Self::Throttled { .. } => "throttled",
            Self::Aborted { .. } => "aborted",
            Self::Rejected(_) => "rejected",
        }
    }

    /// Whether everything was accepted.
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered | Self::Suppressed)
    }

    /// The call that failed and its answer.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Retryable { failure, .. }
            | Self::Throttled { failure, .. }
            | Self::Aborted { failure, .. } => Some(failure),
            Self::Delivered | Self::Suppressed | Self::Rejected(_) => None,
        }
    }
}

/// A call of a plan, named for what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Looking the contact up.
    FindContact,
    /// Reading the contact that a conflict named.
    ReadContact,
    /// Restoring an archived contact.
    Unarchive,
    /// Creating the contact.
    CreateContact,
    /// Updating the contact.
    UpdateContact,
    /// Deleting the contact.
    DeleteContact,
    /// Creating or updating a user of 1.4.
    WriteUser,
    /// Creating or updating the company.
    WriteCompany,
    /// Looking the company up that the contact is to leave.
    FindCompany,
    /// Removing the contact from the company.
    Detach,
    /// Attaching the contact or user to the company.
    Attach,
    /// Tagging the company.
    Tag,
    /// Sending the event.
    SendEvent,
    /// Setting a one-time attribute.
    SetAttribute,
}

impl Purpose {
    /// What the call does, in words that follow "to".
    pub const fn action(self) -> &'static str {
        match self {
            Self::FindContact => "search contacts",
            Self::ReadContact => "read contacts",
            Self::Unarchive => "unarchive contacts",
            Self::CreateContact => "create contacts",
            Self::UpdateContact | Self::SetAttribute => "update contacts",
            Self::DeleteContact => "delete contacts",
            Self::WriteUser => "write users",
            Self::WriteCompany => "write companies",
            Self::FindCompany => "read companies",
            Self::Detach => "detach contacts from companies",
            Self::Attach => "attach contacts to companies",
            Self::Tag => "tag companies",
            Self::SendEvent => "send events",
        }
    }

    /// The call in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::FindContact => "Unable to search contact",
            Self::ReadContact => "Unable to read contact",
            Self::Unarchive => "Unable to unarchive contact",
            Self::CreateContact => "Unable to create contact",
            Self::UpdateContact => "Unable to update contact",
            Self::DeleteContact => "User deletion request failed",
            Self::WriteUser => "Unable to create or update user",
            Self::WriteCompany => "Unable to Create or Update Company",
            Self::FindCompany => "Unable to get company id",
            Self::Detach => "Unable to detach contact and company",
            Self::Attach => "Unable to attach Contact or User to Company",
            Self::Tag => "Unable to Add or Update the Tag to Company",
            Self::SendEvent => "Unable to send event",
            Self::SetAttribute => "Unable to set attribute",
        }
    }
}

/// A call that was refused.
///
/// `Display` and `Debug` mask what the API repeats of the event; [`answer`](Self::answer) holds all.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the call was for.
    pub purpose: Purpose,
    /// What the API said.
    pub error: ApiError,
    /// The body of the answer, which may hold personal data.
    pub answer: Bytes,
}

impl Failure {
    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        self.error.status
    }

    /// Of a 403: the scope that calls of this kind ask for by what Intercom publishes. The error's
    /// own [`missing_scope`](ApiError::missing_scope), where the API names one, knows better.
    pub fn presumed_scope(&self) -> Option<Scope> {
        let (method, route) = call_of(self.purpose)?;
        required_scope(method, route).filter(|_| self.status() == 403)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} due to : {}", self.purpose.text(), self.error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("purpose", &self.purpose)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
