//! Faults: refusals and damaged answers that a test asks for, reproducible from a seed.

#[cfg(feature = "server")]
pub(crate) mod file;

use std::str::FromStr;

use crate::answer::Refusal;
use crate::invent::rng::Rng;
use crate::routes;

/// Which calls fail and how.
///
/// A call is shown to the faults in their order. The first that strikes decides the answer, and
/// those behind it do not see the call: three times 429 and then twice 503 are two faults. Calls
/// over the rate limit or without a valid token are refused before any fault sees them.
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

/// What a struck call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultAnswer {
    /// A refusal; the call does not reach the workspace.
    Refused(ErrorStatus),
    /// The first half of the body of the real answer; the call takes effect.
    Truncated,
    /// The real answer without its body; the call takes effect.
    Empty,
}

impl FromStr for FaultAnswer {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        match text {
            "truncated" => Ok(Self::Truncated),
            "empty" => Ok(Self::Empty),
            _ => text
                .parse()
                .ok()
                .and_then(ErrorStatus::new)
                .map(Self::Refused)
                .ok_or(BadFault::UnknownAnswer),
        }
    }
}

/// A status from 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorStatus(u16);

impl ErrorStatus {
    /// The status, unless it is no refusal.
    pub fn new(status: u16) -> Option<Self> {
        (400..=599).contains(&status).then_some(Self(status))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// The refusal in the words of the API. A 429 names the limit, so it is not made here.
    pub(crate) fn refusal(self) -> Refusal {
        let (code, message) = match self.0 {
            401 => ("unauthorized", "Access Token Invalid"),
            403 => ("forbidden", "Forbidden"),
            404 => ("not_found", "Resource Not Found"),
            408 | 504 => ("timeout", "The request timed out"),
            409 => ("conflict", "Conflict"),
            503 => ("service_unavailable", "Service Unavailable"),
            500.. => ("server_error", "Something went wrong"),
            _ => ("bad_request", "Bad Request"),
        };
        Refusal::new(self.0, code, message)
    }
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

/// A route of the API as [`Stats`](crate::Stats) name it, such as `GET /contacts/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteName(String);

impl RouteName {
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
            false => Err(BadFault::UnknownRoute),
        }
    }
}

/// Why something is no fault. What was given is not repeated: a path can hold an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFault {
    /// No route has the name.
    #[error(
        "`route` is none of the simulator's; write method and path with parameters in braces, \
         such as \"GET /contacts/{{id}}\", or leave it out for every route"
    )]
    UnknownRoute,
    /// The answer is neither a status nor a kind of damage.
    #[error("`answer` must be \"truncated\", \"empty\" or a status from \"400\" to \"599\"")]
    UnknownAnswer,
    /// The probability is not one.
    #[error("`probability` must be a number from 0 to 1")]
    Probability,
    /// Two frequencies exclude each other.
    #[error("a fault has `count` or `probability`, not both; remove one")]
    TwoFrequencies,
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

    /// What a call of this route is answered, unless every fault leaves it alone.
    pub(crate) fn strike(&mut self, route: &str) -> Option<FaultAnswer> {
        self.0.iter_mut().find_map(|armed| armed.strike(route))
    }
}

impl Armed {
    fn strike(&mut self, route: &str) -> Option<FaultAnswer> {
        if self.fault.route.as_ref().is_some_and(|name| name.as_str() != route) {
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
