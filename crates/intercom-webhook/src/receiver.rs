//! What arrives at the endpoint, and what is refused.

use chrono::{DateTime, TimeDelta, Utc};
use intercom_api::{Method, Timestamp, WorkspaceId};
use secrecy::{ExposeSecret, SecretString};

use crate::notification::{Notification, NotificationError};
use crate::signature::{self, SignatureError};
use crate::topic::Topic;

/// What a [`Receiver`] accepts.
///
/// `Debug` does not show the secrets.
#[derive(Debug, Clone)]
pub struct ReceiverSettings {
    /// The app's client secrets. More than one is for the time in which a secret is replaced.
    pub secrets: Vec<SecretString>,
    /// The workspace the notifications have to be from; any when it is `None`.
    pub app_id: Option<WorkspaceId>,
    /// The longest body accepted, in bytes.
    pub max_body_bytes: usize,
    /// How old the signed time of a notification may be. Three hours let through what the sender
    /// held back after a 429, which it does for two hours at most. `None` accepts any age.
    pub max_age_for: Option<TimeDelta>,
    /// How far ahead of our clock the signed time may be.
    pub max_ahead_for: TimeDelta,
}

impl ReceiverSettings {
    /// One secret, any workspace, bodies up to 4 MiB, up to three hours old and five minutes ahead.
    pub fn new(secret: SecretString) -> Self {
        Self {
            secrets: vec![secret],
            app_id: None,
            max_body_bytes: 4 * 1024 * 1024,
            max_age_for: Some(TimeDelta::hours(3)),
            max_ahead_for: TimeDelta::minutes(5),
        }
    }
}

/// A setting that would accept nothing or everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No secret: nothing could be verified.
    #[error("there is no webhook secret")]
    NoSecret,
    /// An empty secret, which anybody can sign with.
    #[error("a webhook secret is empty")]
    EmptySecret,
    /// A limit of zero bytes.
    #[error("max_body_bytes is zero")]
    ZeroBody,
}

/// What an HTTP server received.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The request's method.
    pub method: Method,
    /// The value of [`SIGNATURE_HEADER`](crate::SIGNATURE_HEADER), if it was there.
    pub signature: Option<&'a [u8]>,
    /// The body, byte for byte as it came.
    pub body: &'a [u8],
}

/// What an accepted delivery is.
#[derive(Debug, Clone)]
pub enum Received {
    /// The sender asks whether the endpoint is there, as it does before it saves the URL. It is
    /// not signed. Reply with 200.
    Probe,
    /// The sender tests the subscription. Reply with 200.
    Ping(Notification),
    /// Something happened.
    Notification(Notification),
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Neither `POST` nor `HEAD`.
    #[error("the method is {0}; notifications come by POST")]
    Method(Method),
    /// The body is longer than the settings allow.
    #[error("the body has {length} bytes, more than {limit}")]
    TooLarge {
        /// How long it is.
        length: usize,
        /// The setting.
        limit: usize,
    },
    /// The signature is missing or proves nothing.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The body is signed, but no notification.
    #[error(transparent)]
    Unreadable(#[from] NotificationError),
    /// The notification is from another workspace.
    #[error("the notification is from another workspace")]
    OtherWorkspace,
    /// The notification has no time of its own to judge its age by.
    #[error("the notification has no time")]
    NoTime,
    /// The signed time is too long ago: perhaps a recorded notification, sent again.
    #[error("the notification of {created_at} is too old")]
    TooOld {
        /// Its signed time.
        created_at: Timestamp,
    },
    /// The signed time is too far ahead of our clock.
    #[error("the notification of {created_at} is ahead of the clock")]
    Ahead {
        /// Its signed time.
        created_at: Timestamp,
    },
}

impl Rejection {
    /// The status to reply with: never 410, which would end the subscription, nor 429, which would
    /// slow it down.
    pub fn status(&self) -> u16 {
        match self {
            Self::Method(_) => 405,
            Self::TooLarge { .. } => 413,
            Self::Signature(_) => 401,
            Self::OtherWorkspace => 403,
            Self::Unreadable(_) | Self::NoTime | Self::TooOld { .. } | Self::Ahead { .. } => 400,
        }
    }
}

/// Accepts deliveries of one subscription.
#[derive(Debug, Clone)]
pub struct Receiver {
    settings: ReceiverSettings,
}

impl Receiver {
    /// A receiver with settings that can work.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(settings: ReceiverSettings) -> Result<Self, SettingsError> {
        if settings.secrets.is_empty() {
            return Err(SettingsError::NoSecret);
        }
        if settings.secrets.iter().any(|secret| secret.expose_secret().trim().is_empty()) {
            return Err(SettingsError::EmptySecret);
        }
        if settings.max_body_bytes == 0 {
            return Err(SettingsError::ZeroBody);
        }
        Ok(Self { settings })
    }

    /// Verifies a delivery and reads it. Nothing is parsed before its signature is verified.
    ///
    /// # Errors
    /// [`Rejection`]; its [`status`](Rejection::status) is what to reply.
    pub fn receive(
        &self,
        delivery: &Delivery<'_>,
        now: DateTime<Utc>,
    ) -> Result<Received, Rejection> {
        match delivery.method {
            Method::Head => return Ok(Received::Probe),
            Method::Post => {}
            other => return Err(Rejection::Method(other)),
        }
        let (length, limit) = (delivery.body.len(), self.settings.max_body_bytes);
        if length > limit {
            return Err(Rejection::TooLarge { length, limit });
        }
        signature::verify(&self.settings.secrets, delivery.signature, delivery.body)?;
        let notification = Notification::read(delivery.body)?;
        self.check_workspace(&notification)?;
        self.check_age(&notification, now)?;
        Ok(match notification.topic {
            Topic::Ping => Received::Ping(notification),
            _ => Received::Notification(notification),
        })
    }

    fn check_workspace(&self, notification: &Notification) -> Result<(), Rejection> {
        match &self.settings.app_id {
            Some(wanted) if notification.app_id.as_ref() != Some(wanted) => {
                Err(Rejection::OtherWorkspace)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_age(&self, notification: &Notification, now: DateTime<Utc>) -> Result<(), Rejection> {
        let Some(max_age_for) = self.settings.max_age_for else { return Ok(()) };
        let created_at = notification.created_at.ok_or(Rejection::NoTime)?;
        let age_for = now.timestamp().saturating_sub(created_at.as_unix());
        if age_for > max_age_for.num_seconds() {
            return Err(Rejection::TooOld { created_at });
        }
        if age_for.saturating_neg() > self.settings.max_ahead_for.num_seconds() {
            return Err(Rejection::Ahead { created_at });
        }
        Ok(())
    }
}
