//! Facts from the official API descriptions become the generated part of `intercom-api`.

mod corrections;
pub(crate) mod description;
#[cfg(test)]
mod feature_tests;
pub(crate) mod import;
mod manifest;
mod merge;
mod naming;
pub(crate) mod overlay;
mod plan;
mod render;
mod rustfmt;
mod shape;
#[cfg(test)]
mod tests;
pub(crate) mod versions;
pub(crate) mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::Verdict;
use manifest::Manifest;
use overlay::Overlay;

/// Draws the facts from the descriptions in `dir` into `spec/manifest.toml`.
pub(crate) fn import(dir: &Path) -> anyhow::Result<()> {
    let manifest = import::manifest(dir)?;
    let path = library().join("spec/manifest.toml");
    write(&path, &manifest.to_string())?;
    println!(
        "{} schemas and {} operations in {}",
        manifest.schemas.len(),
        manifest.operations.len(),
        path.display()
    );
    Ok(())
}

/// Writes the generated files.
pub(crate) fn generate() -> anyhow::Result<()> {
    let wanted = render()?;
    for stale in present()?.difference(&wanted.keys().cloned().collect()) {
        let path = library().join(stale);
        std::fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
        println!("removed {}", stale.display());
    }
    for (name, source) in &wanted {
        let path = library().join(name);
        if std::fs::read_to_string(&path).is_ok_and(|present| present == *source) {
            continue;
        }
        write(&path, source)?;
        println!("wrote {}", name.display());
    }
    Ok(())
}

/// Compares the generated files with what would be written, and names those that differ.
pub(crate) fn check() -> anyhow::Result<Verdict> {
    let drifted = drift()?;
    for name in &drifted {
        println!("{}: differs from what `cargo xtask codegen` writes", name.display());
    }
    Ok(Verdict::of(drifted.is_empty()))
}

/// The generated files that differ from what would be written.
fn drift() -> anyhow::Result<Vec<PathBuf>> {
    let wanted = render()?;
    let names: BTreeSet<PathBuf> = present()?.into_iter().chain(wanted.keys().cloned()).collect();
    let differs = |name: &PathBuf| {
        let present = std::fs::read_to_string(library().join(name)).ok();
        present.as_ref() != wanted.get(name)
    };
    Ok(names.into_iter().filter(differs).collect())
}

/// Every generated file by its path below the library, formatted, and the package's manifest.
fn render() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let manifest = Manifest::parse(&read("spec/manifest.toml")?)?;
    let overlay = overlay()?;
    let mut files = files(manifest, &overlay)?;
    let package = render::package(&read("Cargo.toml")?, &overlay)?;
    files.insert(PathBuf::from("Cargo.toml"), package);
    Ok(files)
}

fn files(manifest: Manifest, overlay: &Overlay) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let manifest = corrections::apply(manifest, overlay)?;
    let plan = plan::plan(&manifest, overlay)?;
    let format = |(name, source): (PathBuf, String)| {
        let formatted = rustfmt::format(&source).with_context(|| format!("{}", name.display()))?;
        Ok((name, formatted))
    };
    render::files(&plan, overlay).into_iter().map(format).collect()
}

/// The corrections.
pub(crate) fn overlay() -> anyhow::Result<Overlay> {
    Overlay::parse(&read("spec/overlay.toml")?)
}

/// The generated files that exist.
fn present() -> anyhow::Result<BTreeSet<PathBuf>> {
    let folder = library().join("src/generated");
    let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(BTreeSet::new()) };
    entries.map(|entry| Ok(PathBuf::from("src/generated").join(entry?.file_name()))).collect()
}

fn library() -> PathBuf {
    crate::root().join("crates/intercom-api")
}

fn read(name: &str) -> anyhow::Result<String> {
    let path = library().join(name);
    std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("{}", path.display()))
}
