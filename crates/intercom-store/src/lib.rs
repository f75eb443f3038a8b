//! The stored mirror of a workspace: SQLite beside the program, or PostgreSQL shared by many.
//!
//! The store keeps three layers. *As received*: every record's JSON byte for byte, with a narrow row
//! beside it, written page by page together with the bookmark that says where to go on. *Projected*:
//! members, sessions, facts and customers, written from bodies that changed. *History*: what was
//! true earlier, which nobody can fetch again. A crash between two layers loses nothing: a changed
//! body stays pending until it is projected, and a touched customer stays marked until it is
//! written.
//!
//! Every statement is written once, in the SQL that both databases share; a dialect supplies the few
//! things that differ. The store knows nothing of HTTP and never looks into a body.
//!
//! ```
//! use intercom_store::{PageWrite, Record, Stream, WorkspaceProfile};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let store = intercom_store::open("sqlite::memory:").await?;
//! let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
//! let workspace = store.ensure_workspace(&profile, 1_766_000_000).await?;
//!
//! let page = PageWrite {
//!     records: vec![Record {
//!         id: "6500003149b6c129b3c90030".into(),
//!         updated_at: Some(1_765_999_000),
//!         hash: *b"0123456789abcdef",
//!         body: br#"{"type":"contact"}"#.as_slice().into(),
//!         ..Default::default()
//!     }],
//!     observed_at: 1_766_000_000,
//!     ..Default::default()
//! };
//! let first = store.commit_page(&workspace, Stream::Contacts, &page).await?;
//! let second = store.commit_page(&workspace, Stream::Contacts, &page).await?;
//! assert_eq!((first.n_inserted, second.n_unchanged), (1, 1));
//!
//! let pending = store.pending(&workspace, Stream::Contacts, 1, None, 100).await?;
//! assert_eq!(pending.len(), 1);
//! # Ok::<(), intercom_store::StoreError>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Connections to SQLite wait for each other less where the environment of the build has
//! `LIBSQLITE3_FLAGS="-USQLITE_ENABLE_MEMORY_MANAGEMENT -DSQLITE_DEFAULT_MEMSTATUS=0"`, which a
//! workspace can set under `[env]` in `.cargo/config.toml`.
//!
//! | module | concept |
//! |---|---|
//! | `store` | what a store does |
//! | `mirror` | records as received, pages, bookmarks |
//! | `parts` | conversation parts and how completely they are stored |
//! | `gone`, `notification` | records that the API knows no more; what notifications tell of them |
//! | `forget` | erasing what is known of a person |
//! | `projection` | pending bodies and what they say |
//! | `customer` | customers and the support activity in them |
//! | `figures` | what figures are made of, and what makes them move |
//! | `history`, `run` | earlier states; what runs did |
//! | `census` | how much there is, and what waits |
//! | `alert`, `notice` | what lasts, so that it is told once; what is told |
//! | `lease`, `outbox` | who works on what; effects on the world outside |
//! | `error` | why the store did not answer |
//! | `redact` | `Debug` without personal data |
//! | `dialect` | what the statements need of a database |
//! | `schema` | the embedded migrations |
//! | `sql` | the statements |

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!("intercom-store needs the feature `sqlite`, the feature `postgres`, or both");

mod alert;
mod census;
mod customer;
mod dialect;
mod error;
mod figures;
mod forget;
mod gone;
mod history;
mod inspect;
mod lease;
mod load;
mod mirror;
mod notice;
mod notification;
mod outbox;
mod parts;
mod projection;
mod redact;
mod run;
mod schema;
mod sql;
mod store;

use std::sync::Arc;

pub use alert::{
    AlertMark, AlertMemory, AlertStore, AlertedCustomers, QueueDepth, WORKSPACE_SUBJECT,
};
pub use census::{Backlog, Census};
pub use customer::{
    CurrencyTotal, CustomerCandidate, CustomerRow, CustomerTotals, CustomerWrite, CustomersOutcome,
    DirtyCustomer, SharedBilling, SupportCounts, WithoutAddress,
};
pub use error::{Cause, Location, StoreError};
pub use figures::FiguresStore;
pub use forget::{Erased, ForgetStore, Forgotten, Personal};
pub use gone::{Fate, Gone, Tombstone};
pub use history::{
    AttributeHistoryRow, BucketHistoryRow, CustomerHistoryRow, RevenueHistoryRow, RevenueState,
    TrackedValues,
};
pub use inspect::{AsideEntry, InspectStore, Lost, PartsWait, StillAside};
pub use lease::{Lease, LeaseOutcome, RateLedgerRow};
pub use load::LoadWindow;
pub use mirror::{
    AttributeChange, Bookmark, ContentHash, MISTRUSTED, PageOutcome, PageWrite, Quarantined,
    QuarantinedRow, Record, Stored, Stream, Workspace, WorkspaceProfile,
};
pub use notice::{
    ALERT_QUEUE, CustomerNotice, DigestCause, DigestEntry, DigestNotice, DigestPart, Mentioned,
    Notice, RunNotice, SaidWords,
};
pub use notification::{
    MirrorNotification, NotificationOutcome, NotificationStore, NotifiedChange,
};
pub use outbox::{Claim, ClaimedEffect, DeadEffect, Effect, EffectEnd, SweepOutcome, SweepRules};
pub use parts::{
    ConversationParts, DueParts, FetchedParts, FoundParts, Part, PartsCounts, PartsLedger,
    PartsOutcome, PartsState, PartsStore, PartsWrite, StoredPart,
};
pub use projection::{
    CustomerContact, FactRow, MemberRow, PendingBody, PendingPlace, ProjectedAdmin,
    ProjectedContact, ProjectedConversation, ProjectionOutcome, ProjectionRules, ProjectionWrite,
    RulesChange, SessionRow, UnreadableBody,
};
pub use run::{RunCounts, RunEnd, RunId, RunOutcome, RunRow};
pub use store::{LedgerChange, Store};

/// Opens a database and brings its schema up to date.
///
/// `sqlite://intercom.db` is a file, created when missing; `sqlite::memory:` is a private database
/// that lives as long as the store; `postgres://user@host/name` is a database on a server.
///
/// # Errors
/// [`StoreError::InvalidUrl`], and what a look at the database shows before anything is written to
/// it: [`StoreError::NotADatabase`], [`StoreError::Unusable`], [`StoreError::Newer`],
/// [`StoreError::CannotOpen`]; then [`StoreError::Migration`]; at any point
/// [`StoreError::NoRoom`].
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        #[cfg(feature = "sqlite")]
        Some("sqlite") => {
            let pools = dialect::sqlite::open(url).await?;
            let dialect::sqlite::Pools { writer, durable, readers } = pools;
            Ok(Arc::new(sql::SqlStore::<dialect::sqlite::Sqlite> { writer, durable, readers }))
        }
        #[cfg(feature = "postgres")]
        Some("postgres" | "postgresql") => {
            let pool = dialect::postgres::open(url).await?;
            let (writer, durable) = (pool.clone(), pool.clone());
            Ok(Arc::new(sql::SqlStore::<sqlx::Postgres> { writer, durable, readers: pool }))
        }
        _ => Err(StoreError::InvalidUrl {
            reason: "it begins with none of the schemes built in (`sqlite:`, `postgres:`)",
        }),
    }
}
