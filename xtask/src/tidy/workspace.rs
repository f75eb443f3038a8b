//! What the checks look at: packages from `cargo metadata`, files from `git ls-files`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::root;

/// A package of this workspace.
pub(super) struct Package {
    /// Its folder, relative to the root.
    pub(super) folder: String,
    /// Workspace packages among its normal dependencies.
    pub(super) uses: BTreeSet<String>,
    /// Every package that its normal dependencies reach.
    pub(super) reaches: BTreeSet<String>,
}

/// The workspace as it stands.
pub(super) struct Workspace {
    /// The packages by name.
    pub(super) packages: BTreeMap<String, Package>,
    /// Tracked and new files that are not ignored, relative to the root.
    pub(super) files: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetaPackage>,
    workspace_members: BTreeSet<String>,
}

#[derive(Deserialize)]
struct MetaPackage {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Workspace {
    /// Reads packages and files.
    pub(super) fn read() -> anyhow::Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--format-version", "1", "--no-deps", "--locked"]);
        let metadata: Metadata = serde_json::from_slice(&output(&mut cargo)?)?;
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = String::from_utf8(output(&mut git)?)?;
        let files = listed
            .split_terminator('\0')
            .map(PathBuf::from)
            .filter(|file| root().join(file).exists())
            .collect();
        Ok(Self { packages: packages(&metadata)?, files })
    }
}

fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(root()).output().with_context(|| name.clone())?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}

fn packages(metadata: &Metadata) -> anyhow::Result<BTreeMap<String, Package>> {
    let is_member = |package: &&MetaPackage| metadata.workspace_members.contains(&package.id);
    metadata
        .packages
        .iter()
        .filter(is_member)
        .map(|package| {
            let manifest = package.manifest_path.strip_prefix(root())?;
            let folder = manifest.parent().context("a manifest has a folder")?;
            let uses = package
                .dependencies
                .iter()
                .filter(|d| d.kind.is_none() && d.path.is_some())
                .map(|d| d.name.clone())
                .collect();
            let package_of = Package {
                folder: folder.to_string_lossy().into_owned(),
                uses,
                reaches: reachable(&package.name)?,
            };
            Ok((package.name.clone(), package_of))
        })
        .collect()
}

/// Asks `cargo tree`: the graph of `cargo metadata` also holds optional dependencies that no
/// feature switches on.
fn reachable(package: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let listed = String::from_utf8(output(cargo.args(["--package", package]))?)?;
    let names = listed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    Ok(names.filter(|name| name != package).collect())
}
