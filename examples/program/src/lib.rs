//! What the programs of this folder share: where settings come from, what they say, how they end.
//!
//! | module | concept |
//! |---|---|
//! | `arguments` | the command line, and what is said of a bad one |
//! | `environment` | the environment, and the file `.env` behind it |
//! | `ending` | what an error says, and the exit code that it makes |
//! | `speech` | standard output and standard error |

mod arguments;
mod ending;
mod environment;
mod speech;

pub use arguments::parse;
pub use ending::{BadSetting, causes, exit_code};
pub use environment::Environment;
pub use speech::{Unwritten, complain, say, say_json};
