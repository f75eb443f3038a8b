//! Tagging a contact by the name of the tag.

use std::fmt;

use crate::error::{ApiError, BuildError, DecodeError};
use crate::generated::tags::{AttachTagToContact, CreateOrUpdateTag};
use crate::id::{ContactId, TagId};
use crate::operation::{Exchange, Operation, Step};
use crate::response::Response;
use crate::version::ApiVersion;

/// Tags a contact by the name of the tag: creates the tag or finds it, then attaches it.
///
/// Both steps may be repeated: a name is one tag, and a tag is attached once.
#[derive(Debug, Clone, PartialEq)]
pub struct TagContact {
    contact_id: ContactId,
    name: String,
    version: ApiVersion,
    progress: Progress,
}

#[derive(Debug, Clone, PartialEq)]
enum Progress {
    Finding,
    Attaching(TagId),
    Finished(Result<Tagged, TagContactError>),
}

/// The contact has the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The contact.
    pub contact_id: ContactId,
    /// The tag, created or found.
    pub tag_id: TagId,
}

/// A step of [`TagContact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagStep {
    /// Creating the tag, or finding the one of that name.
    FindTag,
    /// Attaching the tag to the contact.
    AttachTag,
}

impl fmt::Display for TagStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FindTag => "finding the tag",
            Self::AttachTag => "attaching the tag",
        })
    }
}

/// Why a contact was not tagged, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagContactError {
    /// The API refused a step.
    #[error("{contact_id}: {step} was refused")]
    Refused {
        /// The contact.
        contact_id: ContactId,
        /// The step.
        step: TagStep,
        /// What the API said.
        #[source]
        source: ApiError,
    },
    /// The answer to a step cannot be read; the step may have taken effect.
    #[error("{contact_id}: the answer to {step} cannot be read")]
    Unreadable {
        /// The contact.
        contact_id: ContactId,
        /// The step.
        step: TagStep,
        /// What does not fit.
        #[source]
        source: DecodeError,
    },
    /// The API answered with a tag that has no id.
    #[error("{contact_id}: the tag has no id")]
    NoTagId {
        /// The contact.
        contact_id: ContactId,
    },
}

impl TagContact {
    /// Gives the contact the tag called `name`.
    pub fn new(contact_id: ContactId, name: impl Into<String>, version: ApiVersion) -> Self {
        Self { contact_id, name: name.into(), version, progress: Progress::Finding }
    }

    fn after_finding(&self, response: &Response) -> Result<TagId, TagContactError> {
        let found = self.read::<CreateOrUpdateTag>(TagStep::FindTag, response)?;
        found.id.ok_or_else(|| TagContactError::NoTagId { contact_id: self.contact_id.clone() })
    }

    fn after_attaching(
        &self,
        tag_id: &TagId,
        response: &Response,
    ) -> Result<Tagged, TagContactError> {
        self.read::<AttachTagToContact>(TagStep::AttachTag, response)?;
        Ok(Tagged { contact_id: self.contact_id.clone(), tag_id: tag_id.clone() })
    }

    fn read<O: Operation>(
        &self,
        step: TagStep,
        response: &Response,
    ) -> Result<O::Output, TagContactError> {
        let contact_id = self.contact_id.clone();
        if !response.is_success() {
            let source = ApiError::from_response(response);
            return Err(TagContactError::Refused { contact_id, step, source });
        }
        O::decode(response).map_err(|source| TagContactError::Unreadable {
            contact_id,
            step,
            source,
        })
    }
}

impl Exchange for TagContact {
    type Output = Result<Tagged, TagContactError>;

    fn next(&mut self) -> Result<Step<Self::Output>, BuildError> {
        match &self.progress {
            Progress::Finding => {
                CreateOrUpdateTag::new(self.name.clone()).request(self.version).map(Step::Send)
            }
            Progress::Attaching(tag_id) => {
                let attach = AttachTagToContact::new(self.contact_id.clone(), tag_id.clone());
                attach.request(self.version).map(Step::Send)
            }
            Progress::Finished(outcome) => Ok(Step::Done(outcome.clone())),
        }
    }

    fn reply(&mut self, response: Response) {
        self.progress = match &self.progress {
            Progress::Finding => match self.after_finding(&response) {
                Ok(tag_id) => Progress::Attaching(tag_id),
                Err(error) => Progress::Finished(Err(error)),
            },
            Progress::Attaching(tag_id) => {
                Progress::Finished(self.after_attaching(tag_id, &response))
            }
            Progress::Finished(outcome) => Progress::Finished(outcome.clone()),
        };
    }
}
