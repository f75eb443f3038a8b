//! Every group of `intercom-api` compiles by itself, without a warning.

use std::process::Command;

use anyhow::Context;

use crate::{Verdict, codegen, root};

/// A choice of features, and what of the library is compiled with them.
struct Selection {
    features: String,
    targets: &'static str,
}

/// Checks the library without a group, with each one, with the default ones and with all.
///
/// The flag that denies warnings goes to the library alone, so that its dependencies are compiled
/// once.
pub(crate) fn run() -> anyhow::Result<Verdict> {
    let selections = selections(&codegen::overlay()?.emit);
    let mut refused = Vec::new();
    for selection in &selections {
        if !compiles(selection)? {
            refused.push(selection.features.as_str());
        }
    }
    for features in &refused {
        println!("intercom-api does not compile cleanly with the features \"{features}\"");
    }
    println!("features: {} selections, {} findings", selections.len(), refused.len());
    Ok(Verdict::of(refused.is_empty()))
}

fn selections(groups: &[String]) -> Vec<Selection> {
    let library = |features: &str| Selection { features: features.to_owned(), targets: "--lib" };
    let everything =
        |features: &str| Selection { features: features.to_owned(), targets: "--all-targets" };
    let mut selections = vec![library(""), library("preview"), library("v1")];
    selections.extend(groups.iter().map(|group| library(group)));
    selections.extend([everything("default"), everything("full"), everything("full,preview")]);
    selections
}

fn compiles(selection: &Selection) -> anyhow::Result<bool> {
    let mut cargo = Command::new("cargo");
    cargo.args(["clippy", "--quiet", "--locked", "--package", "intercom-api", selection.targets]);
    cargo.args(["--no-default-features", "--features", &selection.features]);
    let status = cargo.args(["--", "-D", "warnings"]).current_dir(root()).status();
    Ok(status.context("cargo could not be started")?.success())
}
