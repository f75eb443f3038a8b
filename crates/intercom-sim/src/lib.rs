//! A simulated Intercom workspace: answers like the API, in memory or on a loopback server.

mod answer;
mod invent;
mod json;
mod rate;
mod routes;
mod search;
#[cfg(feature = "server")]
pub mod server;
mod simulator;
#[cfg(feature = "transport")]
mod transport;
mod workspace;

pub use invent::Invention;
pub use simulator::{DateMode, SimSettings, Simulator, Stats};
#[cfg(feature = "transport")]
pub use transport::{SimClock, SimTransport};
pub use workspace::Workspace;
pub use workspace::change::ChangeError;
pub use workspace::load::{LoadError, Problem};
pub use workspace::misfit::Misfit;
