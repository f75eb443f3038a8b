//! What the compiler does not check: crate edges, purity, names, lengths, documents.

mod documents;
mod edges;
mod sources;
mod workspace;

use crate::Verdict;
use workspace::Workspace;

/// Runs every check and prints each finding on a line of its own.
pub(crate) fn run() -> anyhow::Result<Verdict> {
    let workspace = Workspace::read()?;
    let mut findings = edges::check(&workspace);
    findings.extend(sources::check(&workspace)?);
    findings.extend(documents::check(&workspace)?);
    for finding in &findings {
        println!("{finding}");
    }
    println!(
        "tidy: {} packages, {} files, {} findings",
        workspace.packages.len(),
        workspace.files.len(),
        findings.len()
    );
    Ok(Verdict::of(findings.is_empty()))
}
