//! Faults: refusals and damaged answers that a test asks for, reproducible from a seed.

pub(crate) mod answer;
pub(crate) mod change;
#[cfg(feature = "server")]
pub(crate) mod file;
mod nearest;

use std::str::FromStr;

use intercom_api::Request;
use serde_json::Value;

use crate::faults::answer::FaultAnswer;
use crate::faults::change::Changed;
use crate::invent::rng::Rng;
use crate::routes;

/// Which calls fail and how.
///
/// A call is shown to the faults in their order. The first that strikes decides the answer, and
/// those behind it do not see the call: three times 429 and then twice 503 are two faults. Only a
/// [`Change`](FaultAnswer::Change) leaves the answer to those behind it. Calls over the rate limit or without a valid
/// token are refused before any fault sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// The same seed and the same calls give the same faults.
    pub seed: u64,
    /// The faults in the order in which they see a call.
    pub list: Vec<Fault>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { seed: 1, list: Vec::new() }
    }
}

/// One way to fail.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The calls it is about; `None` means all, also those of unknown paths.
    pub route: Option<RouteName>,
    /// What they are answered.
    pub answer: FaultAnswer,
    /// How often it strikes.
    pub frequency: Frequency,
    /// So many of its calls are left alone first.
    pub after: u64,
}

impl Fault {
    /// A fault that strikes every call of every route.
    pub fn new(answer: FaultAnswer) -> Self {
        Self { route: None, answer, frequency: Frequency::Always, after: 0 }
    }
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Frequency {
    /// Every call.
    Always,
    /// The next so many calls.
    Count(u64),
    /// Each call with this probability.
    Probability(Probability),
}

/// A number from 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probability(f64);

impl Probability {
    /// The probability, unless the number lies outside.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A route of the API as [`Stats`](crate::Stats) name it, such as `GET /contacts/{id}`, or
/// `1.4 GET /users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteName(String);

impl RouteName {
    /// Every route of the simulator.
    pub fn all() -> impl Iterator<Item = Self> {
        routes::names().map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RouteName {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        match routes::names().any(|name| name == text) {
            true => Ok(Self(text.to_owned())),
            false => {
                let nearest = nearest::nearest(text, routes::names()).map(Self);
                Err(BadFault::UnknownRoute { nearest })
            }
        }
    }
}

/// Why something is no fault. What was given is not repeated: a path can hold an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFault {
    /// No route has the name.
    #[error("`route` is none of the simulator's; {}", advice(.nearest.as_ref()))]
    UnknownRoute {
        /// The route that was probably meant.
        nearest: Option<RouteName>,
    },
    /// The answer has another name than any there is.
    #[error(
        "`answer` must be a status from \"400\" to \"599\", \"stale-cursor\", \"html\", \
         \"truncated\", \"empty\", \"oversized\", \"silent\", \"late\", \"dripping\", \"reset\", \
         \"reset-in-body\", \"create\", \"update\", \"merge\" or \"delete\""
    )]
    UnknownAnswer,
    /// The answer has no such detail.
    #[error("`{0}` does not go with this `answer`; remove it")]
    Misplaced(&'static str),
    /// Answers of the status have no body.
    #[error("answers of this `status` have no body; choose another")]
    PageStatus,
    /// A detail lies outside what can be simulated.
    #[error("`{name}` must be a number from {from} to {to}")]
    OutOfRange {
        /// The detail.
        name: &'static str,
        /// The least.
        from: u64,
        /// The most.
        to: u64,
    },
    /// An answer cannot take that long, or that short.
    #[error("`seconds` must be a number from 0.001 to 86400")]
    Seconds,
    /// The probability is not one.
    #[error("`probability` must be a number from 0 to 1")]
    Probability,
    /// Two frequencies exclude each other.
    #[error("a fault has `count` or `probability`, not both; remove one")]
    TwoFrequencies,
}

impl BadFault {
    /// The key of the file that is wrong.
    #[cfg(feature = "server")]
    fn key(&self) -> &'static str {
        match self {
            Self::UnknownRoute { .. } => "route",
            Self::UnknownAnswer => "answer",
            Self::Misplaced(name) | Self::OutOfRange { name, .. } => name,
            Self::PageStatus => "status",
            Self::Seconds => "seconds",
            Self::Probability | Self::TwoFrequencies => "probability",
        }
    }
}

fn advice(nearest: Option<&RouteName>) -> String {
    match nearest {
        Some(route) => format!("did you mean \"{}\"?", route.as_str()),
        None => "write method and path with parameters in braces, such as \"GET /contacts/{id}\", \
                 or leave it out for every route"
            .to_owned(),
    }
}

/// The faults of a running simulator, with what they remember.
#[derive(Debug, Clone)]
pub(crate) struct FaultPlan(Vec<Armed>);

#[derive(Debug, Clone)]
struct Armed {
    fault: Fault,
    n_seen: u64,
    n_struck: u64,
    rng: Rng,
}

/// Keeps the numbers of faults apart from those of invented objects.
const STREAM: u64 = 0x6661_756c_7473;

impl FaultPlan {
    pub(crate) fn new(faults: &Faults) -> Self {
        let armed = (0..).zip(&faults.list).map(|(number, fault)| Armed {
            fault: fault.clone(),
            n_seen: 0,
            n_struck: 0,
            rng: Rng::new(faults.seed, STREAM, number),
        });
        Self(armed.collect())
    }

    /// What happens to a call of this route.
    pub(crate) fn strike(&mut self, route: &str, request: &Request) -> Strike {
        let mut strike = Strike::default();
        for armed in &mut self.0 {
            match armed.strike(route, request) {
                Some(FaultAnswer::Change(change)) => {
                    let chance = armed.rng.fork();
                    strike.changes.push(Changed { change, chance });
                }
                Some(answer) => {
                    strike.answer = Some(answer);
                    break;
                }
                None => {}
            }
        }
        strike
    }
}

/// What happens to a call.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    /// What changes in the workspace before the call.
    pub(crate) changes: Vec<Changed>,
    /// What the call is answered, unless every fault leaves it alone.
    pub(crate) answer: Option<FaultAnswer>,
}

impl Armed {
    fn strike(&mut self, route: &str, request: &Request) -> Option<FaultAnswer> {
        if self.fault.route.as_ref().is_some_and(|name| name.as_str() != route) {
            return None;
        }
        if self.fault.answer == FaultAnswer::StaleCursor && !has_cursor(request) {
            return None;
        }
        self.n_seen += 1;
        if self.n_seen <= self.fault.after {
            return None;
        }
        let strikes = match self.fault.frequency {
            Frequency::Always => true,
            Frequency::Count(count) => self.n_struck < count,
            Frequency::Probability(probability) => self.rng.fraction() < probability.get(),
        };
        self.n_struck += u64::from(strikes);
        strikes.then_some(self.fault.answer)
    }
}

/// Whether a call continues a walk.
fn has_cursor(request: &Request) -> bool {
    let in_query = |name: &str| request.query.iter().any(|(n, v)| n == name && !v.is_empty());
    let in_body = || {
        let body: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
        let cursor = body.get("pagination").unwrap_or(&body).get("starting_after")?;
        Some(!cursor.is_null())
    };
    let names = ["starting_after", "scroll_param", "cursor"];
    names.into_iter().any(in_query) || in_body().unwrap_or(false)
}
