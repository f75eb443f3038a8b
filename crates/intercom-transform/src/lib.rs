//! Customer-data events become plans of Intercom requests.
//!
//! An [`Event`] is a view over one JSON line in the Segment and RudderStack specification.
//! [`plan`](plan()) turns it into a [`Plan`]: the requests to send and the decisions between them.
//! Nothing here touches the network, a file or a clock, so a plan can be printed, compared and
//! snapshotted; sending it is someone else's work.
//!
//! ```
//! use intercom_api::{Exchange, Response, Step};
//! use intercom_transform::{Event, Outcome, Scratch, Settings, Tape, plan};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let line = br#"{"type":"identify","userId":"u1","traits":{"email":"jo@example.com","seats":3}}"#;
//! let (settings, mut tape, mut scratch) = (Settings::default(), Tape::default(), Scratch::new());
//!
//! let event = Event::parse(line, &mut tape)?;
//! let mut plan = plan(&event, &settings, &mut scratch)?;
//!
//! let Step::Send(search) = plan.next()? else { unreachable!() };
//! assert_eq!(search.target(), "/contacts/search");
//! plan.reply(Response::new(200, r#"{"total_count":1,"data":[{"id":"5ba6","external_id":"u1"}]}"#));
//!
//! let Step::Send(update) = plan.next()? else { unreachable!() };
//! assert_eq!(update.target(), "/contacts/5ba6");
//! let body = br#"{"external_id":"u1","email":"jo@example.com","custom_attributes":{"seats":3}}"#;
//! assert_eq!(update.body.as_deref(), Some(&body[..]));
//! plan.reply(Response::new(200, r#"{"id":"5ba6"}"#));
//!
//! assert!(matches!(plan.next()?, Step::Done(Outcome::Delivered)));
//! # Ok(())
//! # }
//! ```
//!
//! # How to drive a plan
//!
//! [`Plan`] implements `Exchange` of the API crate: `next()` yields the request to send, `reply()`
//! takes the answer, whatever its status; when `next()` yields `Done`, its [`Outcome`] says how it
//! went. `Client::drive` of the client crate does this; for a dry run, [`preview`](preview()) answers by itself.
//!
//! - Keep one [`Tape`] and one [`Scratch`] for each thread; both reuse their memory. The events of
//!   one user ([`Event::ordering_key`]) go through one `Scratch`, in order.
//! - [`Scratch::begin_batch`] before each batch, and [`Scratch::remember`] after each plan: then
//!   later plans of the batch do not look up what an earlier one found or created, and events of
//!   one user in the same second get seconds of their own.
//! - Put the time into [`Settings::now`]: track calls that do not say when the event was are sent
//!   with it, and refused without it, for Intercom takes no event without a time.
//! - Requests carry path, query, version and body. Who sends them adds the token,
//!   [`Settings::origin`] and [`Settings::user_agent`].
//! - [`Plan::notes`] says what was left out or changed; answers can add to it.
//! - [`Rejection`] says why there is no plan, with the path to the field. An event whose plan ends
//!   in [`Outcome::Retryable`] or [`Outcome::Throttled`] is planned and driven again from the start;
//!   every request may be repeated.
//!
//! # Modules
//!
//! [`event`], [`settings`], [`plan`](mod@plan), [`outcome`], [`note`], [`rejection`], [`scratch`]:
//! the types above. [`preview`](mod@preview): what a plan would send. [`router`]: failures in RudderStack's words.

mod attributes;
mod company;
mod contact;
mod date;
mod deletion;
pub mod event;
mod group;
mod identify;
mod lookup;
mod mapped;
mod message;
pub mod note;
mod one_time;
pub mod outcome;
mod person;
mod pick;
pub mod plan;
mod planner;
pub mod preview;
mod record;
pub mod rejection;
pub mod router;
pub mod scratch;
pub mod settings;
mod track;
mod write;

pub use event::{Event, Tape};
pub use note::{Note, NoteKind, Notes};
pub use outcome::{Failure, Outcome, Purpose};
pub use plan::Plan;
pub use preview::{Assumption, Preview, preview};
pub use rejection::{Call, Class, Reason, Rejection, Wording};
pub use scratch::Scratch;
pub use settings::Settings;

use message::Message;
use planner::Planner;
use settings::{Destination, Typing};

/// The attributes that the first release of MongoDB Compass set once and for all; for
/// [`Settings::one_time_attributes`]. They must exist in the workspace: versions 2 refuse the rest
/// of a contact together with an attribute that they do not know.
pub const ONE_TIME_ATTRIBUTES: [&str; 5] = [
    "last_known_version",
    "opened_tour",
    "opened_preferences",
    "sampled_collection",
    "used_googlemaps",
];

/// Plans the requests of one event.
///
/// # Errors
/// [`Rejection`] when the event cannot be delivered, whatever the API answers.
pub fn plan<'e>(
    event: &'e Event<'e>,
    settings: &Settings,
    scratch: &mut Scratch,
) -> Result<Plan, Rejection> {
    scratch.body.clear();
    let message = Message::read(event);
    let planner = Planner::new(event, &message, settings, scratch);
    if planner.message.status_code.is_some_and(event::Value::is_truthy) {
        return Err(Rejection::new("statusCode", Reason::AlreadyTransformed));
    }
    let kind = planner.message.kind.and_then(event::Value::to_plain).unwrap_or_default();
    if kind.is_empty() {
        return Err(Rejection::new("type", Reason::MissingType));
    }
    let kind = person::lower(&kind);
    let is_oauth = settings.destination == Destination::IntercomV2;
    let call = match &*kind {
        "identify" => identify::plan,
        "track" => track::plan,
        "group" => group::plan,
        "record" if takes_records(settings) => record::plan,
        "delete" => deletion::plan,
        _ => return Err(Rejection::new("type", Reason::UnsupportedType(kind.into_owned()))),
    };
    if !settings.has_token {
        return Err(Rejection::new("", Reason::MissingToken { is_oauth }));
    }
    planner.check_objects()?;
    call(planner)
}

/// Writes an event as it is, without white space between its parts. This is as much as any plan
/// costs, and what the benchmarks compare with.
pub fn echo(event: &Event<'_>, out: &mut Vec<u8>) {
    write::push_compact(out, event.root());
}

/// The destination `intercom` has no records.
fn takes_records(settings: &Settings) -> bool {
    !settings.is_v1()
        && (settings.typing == Typing::Checked || settings.destination == Destination::IntercomV2)
}
