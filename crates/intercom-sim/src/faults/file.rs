//! Faults from a TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::faults::answer::{FaultAnswer, PageStatus, TooManyRequests};
use crate::faults::{BadFault, Fault, Faults, Frequency, Probability, RouteName};
use crate::rate::RateHeaders;
use crate::reply::Manner;

/// A file of faults that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The file cannot be read.
    #[error("cannot read the faults in {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file does not describe faults.
    #[error("{}, {problem}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: FaultsProblem,
    },
}

/// What is wrong with a text that should describe faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct FaultsProblem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, in one line.
    pub message: String,
}

impl Faults {
    /// Loads faults from a TOML file. The crate's documentation lists the answers.
    ///
    /// ```toml
    /// seed = 1
    ///
    /// [[fault]]
    /// route = "POST /contacts/search"
    /// answer = "429"
    /// count = 3
    /// after = 10
    ///
    /// [[fault]]
    /// answer = "truncated"
    /// probability = 0.05
    /// ```
    ///
    /// # Errors
    /// [`FaultsError`] names the file and the line.
    pub fn load(file: &Path) -> Result<Self, FaultsError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| FaultsError::Read { file: file.to_owned(), source })?;
        text.parse().map_err(|problem| FaultsError::Invalid { file: file.to_owned(), problem })
    }
}

impl FromStr for Faults {
    type Err = FaultsProblem;

    fn from_str(text: &str) -> Result<Self, FaultsProblem> {
        let problem = |at: usize, message: &str| FaultsProblem {
            line: 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(),
            message: message.lines().collect::<Vec<_>>().join("; "),
        };
        let document: Document = toml::from_str(text)
            .map_err(|error| problem(error.span().map_or(0, |span| span.start), error.message()))?;
        let entries = document.fault.into_iter().enumerate().map(|(number, entry)| {
            let at = entry.span().start;
            Fault::try_from(entry.into_inner()).map_err(|bad| {
                let at = Places::of(text, number, bad.key()).unwrap_or(at);
                problem(at, &bad.to_string())
            })
        });
        let seed = document.seed.unwrap_or(Self::default().seed);
        Ok(Self { seed, list: entries.collect::<Result<_, _>>()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    seed: Option<u64>,
    #[serde(default)]
    fault: Vec<Spanned<Entry>>,
}

/// Where the keys of the entries stand.
#[derive(Deserialize)]
struct Places {
    fault: Vec<BTreeMap<String, Spanned<IgnoredAny>>>,
}

impl Places {
    /// The place of a key's value in an entry.
    fn of(text: &str, entry: usize, key: &str) -> Option<usize> {
        let places: Self = toml::from_str(text).ok()?;
        places.fault.get(entry)?.get(key).map(|value| value.span().start)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    route: Option<String>,
    answer: String,
    count: Option<u64>,
    probability: Option<f64>,
    #[serde(default)]
    after: u64,
    seconds: Option<f64>,
    bytes: Option<u64>,
    status: Option<u64>,
    headers: Option<bool>,
    retry_after: Option<u64>,
}

/// The shortest and the longest time that an answer can take, in seconds.
const SECONDS: (f64, f64) = (0.001, 86_400.0);
/// The largest body.
const MAX_BYTES: u64 = 1 << 28;

impl Entry {
    /// The answer with its details; details that it does not have are refused.
    fn answer(&mut self) -> Result<FaultAnswer, BadFault> {
        let answer = match FaultAnswer::from_str(&self.answer)? {
            FaultAnswer::Delivered(Manner::Late(usual)) => {
                FaultAnswer::Delivered(Manner::Late(self.duration()?.unwrap_or(usual)))
            }
            FaultAnswer::Delivered(Manner::Dripping(usual)) => {
                FaultAnswer::Delivered(Manner::Dripping(self.duration()?.unwrap_or(usual)))
            }
            FaultAnswer::Oversized(usual) => {
                let bytes = within("bytes", self.bytes.take(), 1, MAX_BYTES)?;
                FaultAnswer::Oversized(bytes.unwrap_or(usual))
            }
            FaultAnswer::Html(usual) => {
                let status = within("status", self.status.take(), 200, 599)?;
                let status = status.map(|status| {
                    let status = u16::try_from(status).ok().and_then(PageStatus::new);
                    status.ok_or(BadFault::PageStatus)
                });
                FaultAnswer::Html(status.transpose()?.unwrap_or(usual))
            }
            FaultAnswer::TooManyRequests(_) => {
                let retry_after =
                    within("retry_after", self.retry_after.take(), 0, u64::from(u32::MAX))?;
                let headers = match self.headers.take() {
                    Some(false) => RateHeaders::Absent,
                    Some(true) | None => RateHeaders::Sent,
                };
                FaultAnswer::TooManyRequests(TooManyRequests { headers, retry_after })
            }
            other => other,
        };
        let misplaced = [
            ("seconds", self.seconds.is_some()),
            ("bytes", self.bytes.is_some()),
            ("status", self.status.is_some()),
            ("headers", self.headers.is_some()),
            ("retry_after", self.retry_after.is_some()),
        ];
        match misplaced.into_iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(BadFault::Misplaced(name)),
            None => Ok(answer),
        }
    }

    fn duration(&mut self) -> Result<Option<Duration>, BadFault> {
        let Some(seconds) = self.seconds.take() else { return Ok(None) };
        match (SECONDS.0..=SECONDS.1).contains(&seconds) {
            true => Ok(Some(Duration::from_secs_f64(seconds))),
            false => Err(BadFault::Seconds),
        }
    }
}

fn within(
    name: &'static str,
    value: Option<u64>,
    from: u64,
    to: u64,
) -> Result<Option<u32>, BadFault> {
    let out_of_range = BadFault::OutOfRange { name, from, to };
    let Some(value) = value else { return Ok(None) };
    match u32::try_from(value) {
        Ok(fitting) if (from..=to).contains(&value) => Ok(Some(fitting)),
        Ok(_) | Err(_) => Err(out_of_range),
    }
}

impl TryFrom<Entry> for Fault {
    type Error = BadFault;

    fn try_from(mut entry: Entry) -> Result<Self, BadFault> {
        let route = entry.route.as_deref().map(RouteName::from_str).transpose()?;
        let answer = entry.answer()?;
        let frequency = match (entry.count, entry.probability) {
            (Some(_), Some(_)) => return Err(BadFault::TwoFrequencies),
            (Some(count), None) => Frequency::Count(count),
            (None, Some(value)) => {
                Frequency::Probability(Probability::new(value).ok_or(BadFault::Probability)?)
            }
            (None, None) => Frequency::Always,
        };
        Ok(Self { route, answer, frequency, after: entry.after })
    }
}
