//! Faults from a TOML file.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use crate::faults::{BadFault, Fault, FaultAnswer, Faults, Frequency, Probability, RouteName};

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
    /// Loads faults from a TOML file.
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
        let entries = document.fault.into_iter().map(|entry| {
            let at = entry.span().start;
            Fault::try_from(entry.into_inner()).map_err(|bad| problem(at, &bad.to_string()))
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    route: Option<String>,
    answer: String,
    count: Option<u64>,
    probability: Option<f64>,
    #[serde(default)]
    after: u64,
}

impl TryFrom<Entry> for Fault {
    type Error = BadFault;

    fn try_from(entry: Entry) -> Result<Self, BadFault> {
        let route = entry.route.as_deref().map(RouteName::from_str).transpose()?;
        let answer = FaultAnswer::from_str(&entry.answer)?;
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
