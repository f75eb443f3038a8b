//! The columns of the matrix: every fault, and how a call ends that meets it.

use intercom_api::{Response, Safety};
use intercom_client::AnswerFault;

use super::cell::{End, Expected, Known};
use super::rows::Row;

/// A longer body than the clients of the matrix take.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// What a fault does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refused before it reaches the workspace, with a promise that it did not: anything may be
    /// repeated.
    Busy,
    /// Refused with this status before it reaches the workspace, which the caller cannot know.
    Failing(u16),
    /// Refused with this status, and would be again.
    Final(u16),
    /// The page of a proxy, as a success.
    Page,
    /// It takes effect, and there is no answer.
    Lost(AnswerFault),
    /// It takes effect, and the answer breaks behind its head, so that a refusal still stands.
    Broken(AnswerFault),
    /// It takes effect, and the answer is too long to be read, as it would be again.
    TooLarge,
    /// It takes effect, and of the answer's body so many halves are left.
    Damaged(usize),
    /// It takes effect and is answered.
    Harmless,
    /// A contact changes before it takes effect.
    Change,
}

/// A fault as the file of faults spells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) text: &'static str,
    pub(super) kind: Kind,
}

const fn fault(text: &'static str, kind: Kind) -> Fault {
    Fault { text, kind }
}

/// Every fault whose answer does not depend on the time it takes.
pub(super) const PROMPT: [Fault; 28] = [
    fault("answer = \"429\"", Kind::Busy),
    fault("answer = \"429\"\nheaders = false", Kind::Busy),
    fault("answer = \"429\"\nheaders = false\nretry_after = 0", Kind::Busy),
    fault("answer = \"408\"", Kind::Failing(408)),
    fault("answer = \"500\"", Kind::Failing(500)),
    fault("answer = \"502\"", Kind::Failing(502)),
    fault("answer = \"503\"", Kind::Failing(503)),
    fault("answer = \"504\"", Kind::Failing(504)),
    fault("answer = \"400\"", Kind::Final(400)),
    fault("answer = \"401\"", Kind::Final(401)),
    fault("answer = \"403\"", Kind::Final(403)),
    fault("answer = \"404\"", Kind::Final(404)),
    fault("answer = \"409\"", Kind::Final(409)),
    fault("answer = \"422\"", Kind::Final(422)),
    fault("answer = \"html\"", Kind::Failing(502)),
    fault("answer = \"html\"\nstatus = 403", Kind::Final(403)),
    fault("answer = \"html\"\nstatus = 200", Kind::Page),
    fault("answer = \"stale-cursor\"", Kind::Harmless),
    fault("answer = \"truncated\"", Kind::Damaged(1)),
    fault("answer = \"empty\"", Kind::Damaged(0)),
    fault("answer = \"oversized\"\nbytes = 262145", Kind::TooLarge),
    fault("answer = \"oversized\"\nbytes = 1", Kind::Harmless),
    fault("answer = \"reset\"", Kind::Lost(AnswerFault::Connection)),
    fault("answer = \"reset-in-body\"", Kind::Broken(AnswerFault::Body)),
    fault("answer = \"create\"", Kind::Change),
    fault("answer = \"update\"", Kind::Change),
    fault("answer = \"merge\"", Kind::Change),
    fault("answer = \"delete\"", Kind::Change),
];

/// The faults that take time, of a clock that the test moves.
pub(super) const SLOW: [Fault; 6] = [
    fault("answer = \"429\"\nretry_after = 5", Kind::Busy),
    fault("answer = \"silent\"", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"late\"", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"late\"\nseconds = 3.5", Kind::Harmless),
    fault("answer = \"dripping\"", Kind::Harmless),
    fault("answer = \"dripping\"\nseconds = 31", Kind::Broken(AnswerFault::Timeout)),
];

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Always,
    Once,
    /// Every other time, as the seed has it.
    Sometimes,
}

impl Frequency {
    pub(super) const ALL: [Self; 3] = [Self::Always, Self::Once, Self::Sometimes];

    /// A file with one fault that leaves so many calls of its route alone.
    pub(super) fn file(self, fault: Fault, route: &str, after: u32) -> String {
        let text = fault.text;
        let often = match self {
            Self::Always => "",
            Self::Once => "count = 1",
            Self::Sometimes => "probability = 0.5",
        };
        format!("seed = 3\n[[fault]]\nroute = \"{route}\"\n{text}\nafter = {after}\n{often}")
    }
}

/// How calls of a row may end that meet a fault.
pub(super) fn expected(
    row: &Row,
    known: &Known,
    fault: Fault,
    frequency: Frequency,
) -> Vec<Expected> {
    let (always, once) = (each_time(row, known, fault.kind), one_time(row, known, fault.kind));
    match frequency {
        Frequency::Always => vec![always],
        Frequency::Once => vec![once],
        Frequency::Sometimes => {
            let unmet = Expected::new(known.first.clone(), &known.after);
            vec![always, once, unmet]
        }
    }
}

/// How a call ends whose every attempt meets the fault.
fn each_time(row: &Row, known: &Known, kind: Kind) -> Expected {
    let (before, after) = (&known.before, &known.after);
    match kind {
        Kind::Busy => Expected::new(End::Refused(429), before),
        Kind::Failing(status) | Kind::Final(status) => Expected::new(End::Refused(status), before),
        Kind::Page => Expected::new(End::Unreadable, before),
        Kind::Lost(fault) => Expected::new(End::NoAnswer(fault), after),
        Kind::Broken(fault) => {
            let end = match (row.safety(), &known.second) {
                (Safety::Read | Safety::Idempotent, End::Refused(status)) => End::Refused(*status),
                _ => End::NoAnswer(fault),
            };
            Expected::new(end, after)
        }
        Kind::TooLarge => {
            let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX);
            Expected::new(End::NoAnswer(AnswerFault::BodyTooLarge { limit }), after)
        }
        // The second attempt of a read may be refused, which half a body does not hide.
        Kind::Damaged(halves) => {
            let end = readable(row, known, halves).unwrap_or(match (row.safety(), &known.second) {
                (Safety::Read, End::Refused(status)) => End::Refused(*status),
                _ => End::Unreadable,
            });
            Expected::new(end, after)
        }
        Kind::Harmless => Expected::new(known.first.clone(), after),
        Kind::Change => unreachable!("what changes is compared with the change by itself"),
    }
}

/// How a call ends whose first attempt meets the fault.
fn one_time(row: &Row, known: &Known, kind: Kind) -> Expected {
    let first = || Expected::new(known.first.clone(), &known.after);
    let second = || Expected::new(known.second.clone(), &known.after);
    let is_repeatable = match row.safety() {
        Safety::Read | Safety::Idempotent => true,
        Safety::Once => false,
    };
    match kind {
        Kind::Busy => first(),
        Kind::Failing(_) if is_repeatable => first(),
        Kind::Lost(_) | Kind::Broken(_) if is_repeatable => second(),
        Kind::Damaged(halves)
            if row.safety() == Safety::Read && readable(row, known, halves).is_none() =>
        {
            second()
        }
        Kind::Failing(_)
        | Kind::Final(_)
        | Kind::Page
        | Kind::Lost(_)
        | Kind::Broken(_)
        | Kind::TooLarge
        | Kind::Damaged(_)
        | Kind::Harmless
        | Kind::Change => each_time(row, known, kind),
    }
}

/// What is left of an answer, if that is an answer: some have no body.
fn readable(row: &Row, known: &Known, halves: usize) -> Option<End> {
    let body = known.body.slice(..known.body.len() * halves / 2);
    (row.read)(&Response::new(200, body)).map(|text| End::value(&text))
}
