//! Links in documents, and claims that a program can check.

use std::collections::BTreeSet;
use std::path::Path;

use super::edges;
use super::workspace::Workspace;
use crate::root;

/// What a document must not tell: where it was made.
const PRIVATE_WORDS: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Findings about Markdown files.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let documents = workspace.files.iter().filter(|f| f.extension().is_some_and(|e| e == "md"));
    for file in documents {
        let text = std::fs::read_to_string(root().join(file))?;
        check_links(file, &text, &mut findings);
        check_paths(file, &text, &mut findings);
        check_packages(file, &text, workspace, &mut findings);
        check_tests(file, &text, workspace, &mut findings);
        for word in PRIVATE_WORDS.iter().filter(|word| text.contains(**word)) {
            findings.push(format!("{}: says {word}", file.display()));
        }
    }
    for (name, package) in &workspace.packages {
        check_facts(name, &package.folder, &mut findings)?;
    }
    check_crate_table(&mut findings)?;
    Ok(findings)
}

fn check_links(file: &Path, text: &str, findings: &mut Vec<String>) {
    for target in prose(text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let folder = file.parent().unwrap_or(Path::new(""));
        let linked = if path.is_empty() { file.to_path_buf() } else { folder.join(path) };
        let found = root().join(&linked);
        if !found.exists() {
            findings.push(format!("{}: links to {target}, which is missing", file.display()));
            continue;
        }
        let has_anchor = || {
            let document = std::fs::read_to_string(&found).unwrap_or_default();
            document.lines().filter_map(heading).any(|slug| slug == anchor)
        };
        if !anchor.is_empty() && !has_anchor() {
            findings.push(format!("{}: no heading #{anchor} in {path}", file.display()));
        }
    }
}

/// The text without fenced code, whose brackets are not links.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The anchor of a heading line.
fn heading(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let slug = title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect();
    Some(slug)
}

/// Paths in backticks must exist.
fn check_paths(file: &Path, text: &str, findings: &mut Vec<String>) {
    let quoted = prose(text);
    for path in quoted.split('`').skip(1).step_by(2) {
        let is_path = ["crates/", "examples/", "xtask/"].iter().any(|p| path.starts_with(p));
        let is_plain = !path.contains(['*', '{', ' ', '…']);
        if is_path && is_plain && !root().join(path).exists() {
            findings.push(format!("{}: names {path}, which is missing", file.display()));
        }
    }
}

/// `-p NAME` in commands must be a package.
fn check_packages(file: &Path, text: &str, workspace: &Workspace, findings: &mut Vec<String>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| pair[0] == "-p" || pair[0] == "--package");
    for pair in named {
        let name = pair[1].trim_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        let is_name = name.starts_with("intercom-") || workspace.packages.contains_key(name);
        if !is_name || !workspace.packages.contains_key(name) {
            findings.push(format!("{}: -p {name} is not a package", file.display()));
        }
    }
}

/// `package::module::test` in backticks must be a test of the package.
fn check_tests(file: &Path, text: &str, workspace: &Workspace, findings: &mut Vec<String>) {
    let quoted = prose(text);
    for name in quoted.split('`').skip(1).step_by(2) {
        let mut parts = name.split("::");
        let Some(package) = parts.next().and_then(|package| workspace.packages.get(package)) else {
            continue;
        };
        let mut modules: Vec<&str> = parts.collect();
        let Some(test) = modules.pop().filter(|_| !modules.is_empty()) else { continue };
        if !has_test(&package.folder, &modules, test) {
            findings.push(format!("{}: names the test {name}, which is missing", file.display()));
        }
    }
}

/// The tests that a table of facts names, in its last column as `module::test`, must exist.
fn check_facts(name: &str, folder: &str, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let table = Path::new(folder).join("tests/it/facts.tsv");
    if !root().join(&table).exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(root().join(&table))?;
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')) {
        let proof = line.rsplit('\t').next().unwrap_or_default();
        let tests = proof.split(' ').filter(|_| !proof.starts_with("none: "));
        for named in tests {
            let mut modules: Vec<&str> = named.split("::").collect();
            let test = modules.pop().unwrap_or_default();
            if modules.is_empty() || !has_test(folder, &modules, test) {
                let table = table.display();
                findings.push(format!("{table}:{number}: {name} has no test {named}"));
            }
        }
    }
    Ok(())
}

/// Whether a package has a test of this name in a module of its test binary.
fn has_test(folder: &str, modules: &[&str], test: &str) -> bool {
    let module = root().join(folder).join("tests/it").join(modules.join("/"));
    [module.with_extension("rs"), module.join("mod.rs")].iter().any(|path| {
        let source = std::fs::read_to_string(path).unwrap_or_default();
        source.contains(&format!("fn {test}("))
    })
}

/// The crate table of `ARCHITECTURE.md` says what the checked table says.
fn check_crate_table(findings: &mut Vec<String>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    for (name, is_pure, may_use) in edges::table() {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let Some(row) = row else {
            findings.push(format!("ARCHITECTURE.md: no row for {name} in the crate table"));
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let kind = if is_pure { "pure" } else { "shell" };
        let says_kind = cells.get(2).is_some_and(|cell| cell.starts_with(kind));
        let said: BTreeSet<String> = cells
            .get(4)
            .map(|cell| cell.split('`').skip(1).step_by(2).map(|n| format!("intercom-{n}")))
            .into_iter()
            .flatten()
            .collect();
        let allowed: BTreeSet<String> = may_use.iter().map(|&n| n.to_owned()).collect();
        if !says_kind || said != allowed {
            findings.push(format!("ARCHITECTURE.md: the row of {name} differs from the checks"));
        }
    }
    Ok(())
}
