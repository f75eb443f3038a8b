//! What an error says, and the exit code that it makes.

use std::process::ExitCode;

/// A setting that cannot work; the command was not begun.
#[derive(Debug)]
pub struct BadSetting;

impl std::fmt::Display for BadSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bad settings")
    }
}

/// Settings that cannot work are bad arguments.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_setting = error.downcast_ref::<BadSetting>().is_some();
    if is_setting { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// The error and its causes; a cause that only repeats the end of what was said is left out.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let own = BadSetting.to_string();
    let chain = std::iter::successors(Some(error), |error| error.source());
    let causes = chain.map(ToString::to_string).filter(|cause| *cause != own);
    causes.fold(String::new(), |said, cause| match said.ends_with(&cause) {
        true => said,
        false if said.is_empty() => cause,
        false => format!("{said}: {cause}"),
    })
}
