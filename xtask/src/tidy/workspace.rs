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
    /// Every package that its normal dependencies reach, default features and all.
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
    resolve: Resolve,
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

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Workspace {
    /// Reads packages and files.
    pub(super) fn read() -> anyhow::Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--format-version", "1", "--locked"]);
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
    let names: BTreeMap<&str, &str> =
        metadata.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
    let edges: BTreeMap<&str, Vec<&str>> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = |d: &&NodeDependency| d.dep_kinds.iter().any(|k| k.kind.is_none());
            let targets = node.deps.iter().filter(normal).map(|d| d.pkg.as_str()).collect();
            (node.id.as_str(), targets)
        })
        .collect();
    let members = metadata.packages.iter().filter(|p| metadata.workspace_members.contains(&p.id));
    members
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
                reaches: reachable(&package.id, &edges, &names),
            };
            Ok((package.name.clone(), package_of))
        })
        .collect()
}

fn reachable(
    start: &str,
    edges: &BTreeMap<&str, Vec<&str>>,
    names: &BTreeMap<&str, &str>,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        for &target in edges.get(id).into_iter().flatten() {
            if seen.insert(target) {
                open.push(target);
            }
        }
    }
    seen.into_iter().filter_map(|id| names.get(id)).map(|&name| name.to_owned()).collect()
}
