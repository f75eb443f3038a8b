//! Facts from the official API descriptions become the generated part of `intercom-api`.

use std::path::Path;

use crate::Verdict;

/// Draws the facts from the descriptions in `dir` into `spec/manifest.toml`.
pub(crate) fn import(_dir: &Path) -> anyhow::Result<()> {
    anyhow::bail!("not written yet")
}

/// Writes the generated files.
pub(crate) fn generate() -> anyhow::Result<()> {
    anyhow::bail!("not written yet")
}

/// Compares the generated files with what would be written.
pub(crate) fn check() -> anyhow::Result<Verdict> {
    anyhow::bail!("not written yet")
}
