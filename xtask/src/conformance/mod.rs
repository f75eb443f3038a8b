//! Comparisons with answers known from elsewhere.

#[cfg(feature = "conformance")]
mod difference;
#[cfg(feature = "conformance")]
mod examples;
#[cfg(feature = "conformance")]
mod inputs;
#[cfg(feature = "conformance")]
mod openapi;
mod sdks;
#[cfg(feature = "conformance")]
mod transform;

use std::path::Path;

use crate::{Verdict, services_required};

#[cfg(feature = "conformance")]
pub(crate) use transform::{Arguments as Transform, run as transform};

/// Decodes and re-encodes the official response examples in `dir`.
pub(crate) fn openapi(dir: &Path) -> anyhow::Result<Verdict> {
    if !dir.is_dir() {
        println!("skipped: {} not found", dir.display());
        return Ok(Verdict::of(!services_required()));
    }
    check(dir)
}

/// Calls a simulator with the official SDKs.
pub(crate) fn sdks() -> anyhow::Result<Verdict> {
    sdks::run()
}

#[cfg(feature = "conformance")]
fn check(dir: &Path) -> anyhow::Result<Verdict> {
    openapi::check(dir)
}

#[cfg(not(feature = "conformance"))]
fn check(_dir: &Path) -> anyhow::Result<Verdict> {
    anyhow::bail!("built without the feature `conformance`")
}

/// The official response examples in `dir` as inputs of the fuzz target `decoding`.
#[cfg(feature = "conformance")]
pub(crate) fn inputs(dir: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    inputs::of(dir)
}

#[cfg(not(feature = "conformance"))]
pub(crate) fn inputs(_dir: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    anyhow::bail!("built without the feature `conformance`")
}
