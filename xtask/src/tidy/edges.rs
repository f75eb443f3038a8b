//! Which crate may use which, and which must stay pure.

use super::workspace::{Package, Workspace};

/// One crate's place in the design.
struct Place {
    name: &'static str,
    purity: Purity,
    may_use: &'static [&'static str],
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Purity {
    /// Computes: no sockets, files, clock, randomness, environment or async.
    Pure,
    /// Acts.
    Shell,
}

/// Binaries wire everything; they are not listed.
const PLACES: &[Place] = &[
    Place { name: "intercom-api", purity: Purity::Pure, may_use: &[] },
    Place { name: "intercom-webhook", purity: Purity::Pure, may_use: &["intercom-api"] },
    Place { name: "intercom-transform", purity: Purity::Pure, may_use: &["intercom-api"] },
    Place { name: "intercom-revenue", purity: Purity::Pure, may_use: &[] },
    Place { name: "intercom-engagement", purity: Purity::Pure, may_use: &[] },
    Place { name: "intercom-text", purity: Purity::Pure, may_use: &[] },
    Place {
        name: "intercom-projection",
        purity: Purity::Pure,
        may_use: &["intercom-api", "intercom-engagement", "intercom-revenue", "intercom-text"],
    },
    Place { name: "intercom-client", purity: Purity::Shell, may_use: &["intercom-api"] },
    Place {
        name: "intercom-sim",
        purity: Purity::Shell,
        may_use: &["intercom-api", "intercom-client", "intercom-webhook"],
    },
    Place { name: "intercom-throwaway", purity: Purity::Shell, may_use: &[] },
    Place {
        name: "intercom-store",
        purity: Purity::Shell,
        may_use: &["intercom-engagement", "intercom-revenue"],
    },
    Place {
        name: "intercom-sync",
        purity: Purity::Shell,
        may_use: &[
            "intercom-api",
            "intercom-client",
            "intercom-engagement",
            "intercom-projection",
            "intercom-revenue",
            "intercom-store",
            "intercom-text",
            "intercom-webhook",
        ],
    },
    Place {
        name: "intercom-deliver",
        purity: Purity::Shell,
        may_use: &["intercom-api", "intercom-client", "intercom-transform"],
    },
    Place { name: "intercom-outreach", purity: Purity::Shell, may_use: &["intercom-text"] },
    Place {
        name: "intercom-worker",
        purity: Purity::Shell,
        may_use: &["intercom-outreach", "intercom-revenue", "intercom-store"],
    },
    Place {
        name: "xtask",
        purity: Purity::Shell,
        may_use: &["intercom-api", "intercom-client", "intercom-transform"],
    },
];

/// What a pure crate must not reach through any dependency.
const IMPURE: &[&str] = &[
    "async-trait",
    "axum",
    "fastrand",
    "futures-core",
    "futures-util",
    "getrandom",
    "hyper",
    "iana-time-zone",
    "rand",
    "reqwest",
    "sqlx",
    "sqlx-core",
    "tempfile",
    "tokio",
];

/// What no crate at all may reach.
const BANNED: &[&str] = &["aws-lc-sys", "openssl-sys", "native-tls"];

/// Findings about dependencies.
pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, package) in &workspace.packages {
        check_folder(name, package, &mut findings);
        for banned in BANNED.iter().filter(|&&banned| package.reaches.contains(banned)) {
            findings.push(format!("{name}: reaches {banned}, which is banned"));
        }
        match PLACES.iter().find(|place| place.name == name) {
            Some(place) => check_place(place, package, &mut findings),
            None if package.folder.starts_with("examples/") => {}
            None => findings.push(format!("{name}: has no place in the table of crate edges")),
        }
    }
    findings
}

/// The crates that are pure, by folder.
pub(super) fn pure_folders(workspace: &Workspace) -> Vec<&str> {
    PLACES
        .iter()
        .filter(|place| place.purity == Purity::Pure)
        .filter_map(|place| workspace.packages.get(place.name))
        .map(|package| package.folder.as_str())
        .collect()
}

/// `(crate, is pure, crates it may use)` for comparing with the documents.
pub(super) fn table() -> impl Iterator<Item = (&'static str, bool, &'static [&'static str])> {
    PLACES
        .iter()
        .filter(|place| place.name != "xtask")
        .map(|place| (place.name, place.purity == Purity::Pure, place.may_use))
}

fn check_folder(name: &str, package: &Package, findings: &mut Vec<String>) {
    let folder_name = package.folder.rsplit('/').next().unwrap_or_default();
    if folder_name != name {
        findings.push(format!("{name}: its folder is called {}", package.folder));
    }
}

fn check_place(place: &Place, package: &Package, findings: &mut Vec<String>) {
    for used in &package.uses {
        if !place.may_use.contains(&used.as_str()) {
            findings.push(format!("{}: must not use {used}", place.name));
        }
    }
    if place.purity == Purity::Shell {
        return;
    }
    for impure in IMPURE.iter().filter(|&&impure| package.reaches.contains(impure)) {
        findings.push(format!("{}: is pure but reaches {impure}", place.name));
    }
}
