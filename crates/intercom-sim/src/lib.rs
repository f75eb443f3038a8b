//! A simulated Intercom workspace: answers like the API, in memory or on a loopback server.
//!
//! Nobody tests an integration against their customers. A [`Workspace`] is invented from a seed or
//! loaded from files, a [`Simulator`] answers requests about it the way the API does: its search
//! grammar, its day-wise dates, cursors, page limits, rate windows, error envelope and conflicts,
//! reads and writes.
//!
//! [`Simulator::handle`] is a function of the request and of `now`: no clock, no network, no
//! randomness, so a test decides what time it is and the same calls give the same bytes. Clocks and
//! sockets are added around it, each behind a feature:
//!
//! - `transport`: [`SimTransport`], the transport of `intercom-client` into this process.
//! - `server`: [`server::serve`] and the program `intercom-sim`, for everything else.
//!
//! ```
//! use intercom_api::{ApiVersion, Endpoint, Method, Operator, Query, Request, Safety, SearchRequest};
//! use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
//!
//! let now = 1_763_744_400;
//! let workspace = Workspace::invent(&Invention { contacts: 100, seed: 7, now, ..Invention::default() });
//! let mut simulator = Simulator::new(workspace, SimSettings::default());
//!
//! let endpoint = Endpoint {
//!     operation: "SearchContacts",
//!     safety: Safety::Read,
//!     method: Method::Post,
//!     route: "/contacts/search",
//! };
//! let mut request = Request::new(&endpoint, ApiVersion::V2_16, &[])?;
//! request.set_json(&SearchRequest::new(Query::field("role", Operator::Equals, "user")))?;
//! let response = simulator.handle(&request, now);
//!
//! assert_eq!(response.status, 200);
//! assert_eq!(response.headers.get("X-RateLimit-Remaining"), Some("1666"));
//! assert_eq!(simulator.stats().calls("POST /contacts/search"), 1);
//! # Ok::<(), intercom_api::BuildError>(())
//! ```
//!
//! # Faults
//!
//! [`SimSettings::faults`] makes calls fail on purpose. The program reads them from the file after
//! `--faults`; `intercom-sim --help` shows one. The same seed and the same calls give the same
//! faults.
//!
//! A fault in the file is a table `[[fault]]` with an `answer`, and optionally the `route` it is
//! about, how many of its calls it leaves alone first (`after`), and how often it strikes (`count`
//! or `probability`; always without them):
//!
//! | `answer` | what happens | further keys |
//! |---|---|---|
//! | `"429"` | the rate limit is reached | `headers = false`, `retry_after` |
//! | `"400"` to `"599"` | the API refuses with this status | |
//! | `"stale-cursor"` | the API does not know the cursor any more | |
//! | `"html"` | a proxy answers with its page, 502 | `status` |
//! | `"truncated"` | half of the body, as if it were all | |
//! | `"empty"` | no body | |
//! | `"oversized"` | blanks behind the body, a byte above 32 MiB | `bytes` |
//! | `"silent"` | no answer ever | |
//! | `"late"` | the answer comes after 45 seconds | `seconds` |
//! | `"dripping"` | the body comes in pieces for 20 seconds | `seconds` |
//! | `"reset"` | the connection breaks before the answer | |
//! | `"reset-in-body"` | the connection breaks in the middle of the body | |
//! | `"create"`, `"update"`, `"merge"`, `"delete"` | a contact changes right before the answer | |
//!
//! Refusals and pages do not reach the workspace; everything else takes effect there, whether its
//! answer arrives or not.
//!
//! ```
//! use intercom_sim::{Fault, FaultAnswer, Faults, Frequency, SimSettings};
//!
//! let busy = Fault {
//!     route: Some("POST /contacts/search".parse()?),
//!     frequency: Frequency::Count(3),
//!     ..Fault::new("429".parse()?)
//! };
//! let faults = Faults { seed: 7, list: vec![busy, Fault::new(FaultAnswer::Truncated)] };
//! let settings = SimSettings { faults, ..SimSettings::default() };
//! # let _ = settings;
//! # Ok::<(), intercom_sim::BadFault>(())
//! ```
//!
//! # Webhooks
//!
//! [`Simulator::subscribe`] turns what changes into signed notifications, whoever changes it.
//! [`Simulator::take_notifications`] hands out those that are due, and [`Simulator::conclude`] tells
//! what the receiver made of them, from which Intercom's rules follow: one retry after a minute, an
//! end after 410, a pause after 429 or too many errors. No socket takes part; the program delivers
//! them to the URL after `--webhook`.
//!
//! ```
//! use intercom_sim::{Invention, Outcome, SimSettings, Simulator, Workspace};
//! use serde_json::json;
//!
//! let now = 1_763_744_400;
//! let workspace = Workspace::invent(&Invention { now, ..Invention::default() });
//! let mut simulator = Simulator::new(workspace, SimSettings::default());
//! simulator.subscribe("the app's client secret".to_owned().into());
//!
//! let id = simulator.workspace_mut().create_contact(json!({"role": "user"}), now)?;
//! let notifications = simulator.take_notifications(now);
//! assert_eq!(notifications[0].topic.as_str(), "contact.user.created");
//!
//! simulator.conclude(&notifications[0].id, Outcome::of_status(500), now);
//! assert!(simulator.take_notifications(now + 59).is_empty());
//! assert_eq!(simulator.take_notifications(now + 60)[0].attempt, 2);
//! # let _ = id;
//! # Ok::<(), intercom_sim::ChangeError>(())
//! ```
//!
//! # API 1.4
//!
//! Calls of the legacy API 1.4 (on the server also of 1.0 to 1.3, which are answered like 1.4) work
//! on the same workspace: what one line writes, the other reads. Statistics and faults name these
//! routes with the version in front, such as `1.4 GET /users`. A route of one line is refused in the
//! other. Bulk jobs take effect as the clock passes, four seconds after their request.
//!
//! ```
//! use intercom_api::{ApiVersion, Endpoint, Method, Request, Safety};
//! use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
//! use serde_json::json;
//!
//! let now = 1_763_744_400;
//! let workspace = Workspace::invent(&Invention { now, ..Invention::default() });
//! let mut simulator = Simulator::new(workspace, SimSettings::default());
//!
//! let endpoint = Endpoint {
//!     operation: "CreateOrUpdateUser",
//!     safety: Safety::Idempotent,
//!     method: Method::Post,
//!     route: "/users",
//! };
//! let mut request = Request::new(&endpoint, ApiVersion::V1_4, &[])?;
//! request.set_json(&json!({"user_id": "u1", "companies": [{"company_id": "g1"}]}))?;
//! assert_eq!(simulator.handle(&request, now).status, 200);
//! assert_eq!(simulator.stats().calls("1.4 POST /users"), 1);
//! # Ok::<(), intercom_api::BuildError>(())
//! ```
//!
//! # Map
//!
//! | module | |
//! |---|---|
//! | `workspace` | the data: rows of a few columns and compact JSON text, ordered indexes, rendering, loading |
//! | `invent` | invented data and invented changes, from a generator of its own |
//! | `search` | fields and operators as a table, the grammar, filters, cursors, pages |
//! | `routes` | one function per route of the API, those of 1.4 in a folder of their own |
//! | `simulator` | what surrounds a route: versions, rate windows, headers, statistics |
//! | `stats` | how often each route was called and what it answered |
//! | `parallel` | work on all processors |
//! | `rate` | the budgets of apps and workspace |
//! | `faults` | refusals, damaged or lost answers and changes on purpose, from code or a file |
//! | `reply` | an answer and how it travels |
//! | `webhooks` | what changed as signed notifications, and the rules of their delivery |
//! | `transport`, `server` | the two ways in |
//!
//! What the live API leaves open, the simulator decides: a page length above the limit is refused,
//! but taken for the most by the feed of activities, refused calls do not count towards the rate
//! limit unless [`SimSettings::refused_calls`] says otherwise, writes are seen by searches at once
//! unless [`SimSettings::index_lag`] does, a user may be made a lead again, a text attribute takes a
//! number as it is, `!=` and `NIN` find what has no value, events of the future are taken, `>` in conversation searches leaves the second itself
//! out, and contacts sort by creation, conversations by last change, when a search does not say how.
//!
//! What a workspace cannot do by itself is invented or left out: the feed of activities begins with
//! the simulator, every teammate logs in once a day, every fortieth conversation came in by phone,
//! and one segment depends on the first tag, which therefore cannot be deleted. A contact that is
//! deleted is gone at once; there is no time in which it could be restored. The facts about the
//! API, each with the test that proves it or the reason why none does, are a table beside the
//! tests, `facts.tsv`.

/// The code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

mod answer;
mod faults;
mod invent;
mod json;
mod parallel;
mod rate;
mod reply;
mod routes;
mod search;
#[cfg(feature = "server")]
pub mod server;
mod simulator;
mod stats;
#[cfg(feature = "transport")]
mod transport;
mod webhooks;
mod workspace;

pub use faults::answer::{ErrorStatus, FaultAnswer, PageStatus, TooManyRequests};
pub use faults::change::Change;
#[cfg(feature = "server")]
pub use faults::file::{FaultsError, FaultsProblem};
pub use faults::{BadFault, Fault, Faults, Frequency, Probability, RouteName};
pub use invent::{Invention, Progress, Stage};
pub use rate::{AppName, Apps, RateHeaders, RefusedCalls};
pub use reply::{Manner, Reply};
pub use simulator::{DateMode, Plan, SimSettings, Simulator};
pub use stats::Stats;
#[cfg(feature = "transport")]
pub use transport::{ClockError, Patience, SimClock, SimTransport};
pub use webhooks::{Notification, Outcome, WebhookState, WebhookStats};
pub use workspace::Workspace;
pub use workspace::change::ChangeError;
pub use workspace::load::{LoadError, Problem};
pub use workspace::misfit::Misfit;
