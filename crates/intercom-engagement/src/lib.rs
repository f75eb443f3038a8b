//! Coaching sessions and the reports on them.
//!
//! A session is a closed conversation in one of four [`Channel`]s. Sessions are kept in columns,
//! 16 bytes each with ids stored once ([`Sessions`]), so that a report over millions of them is one
//! pass and a sort. A report is a function of sessions, names ([`Directory`]), parameters and `now`;
//! it borrows its texts and serialises to the documented JSON. Days are elapsed days of 24 hours
//! with their fraction: no calendar and no time zone is involved.
//!
//! ```
//! use chrono::DateTime;
//! use intercom_engagement::{
//!     Bucket, CaseloadParams, Channel, Directory, Session, Sessions, UnixSecond, caseload,
//! };
//!
//! let at = UnixSecond::new(1_766_000_000).expect("after 1970");
//! let mut sessions = Sessions::default();
//! sessions.push(&Session {
//!     member: "6500003149b6c129b3c90030",
//!     coach: Some("900002"),
//!     channel: Channel::Phone,
//!     at,
//!     updated_at: at,
//! })?;
//!
//! let now = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");
//! let directory = Directory::default();
//! let report = caseload(&sessions, &directory, &CaseloadParams::default(), now);
//! assert_eq!(report.summary.get(Bucket::UpTo7), 1);
//! # Ok::<(), intercom_engagement::EngagementError>(())
//! ```
//!
//! | module | concept |
//! |---|---|
//! | `channel` | the media of a session |
//! | `sessions` | sessions in columns |
//! | `directory` | names for ids |
//! | `lookback`, `bucket` | windows and classes of elapsed time |
//! | `caseload` | the caseload report |
//! | `table` | reports as rows and columns |
//! | `redact` | `Debug` without personal data |

mod bucket;
mod caseload;
mod channel;
mod directory;
mod error;
mod lookback;
mod redact;
mod sessions;
mod table;

pub use bucket::{Bucket, BucketCounts};
pub use caseload::{
    CaseloadMember, CaseloadParams, CaseloadReport, CaseloadSession, Rules, caseload,
};
pub use channel::{Channel, ChannelSet};
pub use directory::{Directory, MemberProfile};
pub use error::EngagementError;
pub use lookback::LookbackDays;
pub use sessions::{Session, Sessions, UnixSecond};
pub use table::{Cell, Table};
