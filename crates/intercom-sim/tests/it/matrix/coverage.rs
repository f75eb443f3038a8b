//! That no operation is missing from the matrix.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use intercom_sim::RouteName;

use super::rows;
use super::world::World;

/// The resource groups that the product reads or writes, now or as planned.
const GROUPS: [&str; 16] = [
    "admins",
    "companies",
    "contacts",
    "conversation_attributes",
    "conversations",
    "data_attributes",
    "events",
    "exports",
    "jobs",
    "messages",
    "notes",
    "segments",
    "tags",
    "teams",
    "ticket_types",
    "tickets",
];

/// Operations of these groups that the matrix leaves out, with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("CreateReportingExport", "reports are Intercom's own, the product measures for itself"),
    ("DownloadReportingExport", "reports are Intercom's own, the product measures for itself"),
    ("EnqueueTicket", "the product opens no tickets"),
    ("LinkConversationToTicket", "the product links nothing to tickets"),
    ("ListActivityLogEventTypes", "the product reads no log of teammates"),
    ("ListActivityLogs", "the product reads no log of teammates"),
    ("ListContactActivities", "of Preview only, and its list is like that of merges"),
    ("ListReportingDatasets", "reports are Intercom's own, the product measures for itself"),
    ("RedactConversationPart", "the product redacts nothing"),
    ("RedactConversationSource", "the product redacts nothing"),
    ("ReplyToTicketAsAdmin", "the product answers no tickets"),
    ("ReplyToTicketAsContact", "the product answers no tickets"),
    ("RetrieveReportingExport", "reports are Intercom's own, the product measures for itself"),
    ("SearchActivityLogs", "the product reads no log of teammates"),
    ("UnlinkConversationFromTicket", "the product links nothing to tickets"),
];

/// An operation as the generated code declares it.
struct Declared {
    name: String,
    group: String,
    /// Method and path, with empty braces for parameters.
    route: String,
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The sources in a folder and in those within, by the names of their files.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).expect("a folder of the workspace");
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            texts.push((name, std::fs::read_to_string(&path).expect("a source is text")));
        }
    }
    texts
}

/// Method and path without the names of parameters.
fn bare(method: &str, path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    format!("{} {}", method.to_uppercase(), segments.collect::<Vec<_>>().join("/"))
}

fn declared() -> Vec<Declared> {
    let mut found = Vec::new();
    for (group, text) in sources(&folder("../intercom-api/src/generated")) {
        for endpoint in text.split("const ENDPOINT: Endpoint = Endpoint {").skip(1) {
            let value = |name: &str, open: &str, close: char| {
                let (_, rest) = endpoint.split_once(name)?;
                let (_, rest) = rest.split_once(open)?;
                Some(rest.split_once(close)?.0.to_owned())
            };
            let name = value("operation:", "\"", '"').expect("an operation has a name");
            let method = value("method:", "Method::", ',').expect("a method");
            let path = value("route:", "\"", '"').expect("a route");
            found.push(Declared { name, group: group.clone(), route: bare(&method, &path) });
        }
    }
    assert!(found.len() > 250, "{} operations", found.len());
    found
}

#[test]
fn every_operation_that_the_simulator_answers_is_in_the_matrix() {
    let routes: BTreeSet<String> = RouteName::all()
        .filter_map(|route| {
            let (method, path) = route.as_str().split_once(' ')?;
            Some(bare(method, path))
        })
        .collect();
    let rows = rows::all(&World::new(None));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let is_covered = |name: &str| names.contains(name) || LEFT_OUT.iter().any(|(n, _)| *n == name);
    let missing: Vec<String> = declared()
        .into_iter()
        .filter(|operation| GROUPS.contains(&&*operation.group))
        .filter(|operation| routes.contains(&operation.route) && !is_covered(&operation.name))
        .map(|operation| format!("{} ({})", operation.name, operation.route))
        .collect();
    assert!(missing.is_empty(), "add them to tests/it/matrix/rows: {missing:#?}");
}

#[test]
fn every_operation_that_the_product_names_is_in_the_matrix() {
    let rows = rows::all(&World::new(None));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let crates = std::fs::read_dir(folder("..")).expect("the crates");
    let examples = std::fs::read_dir(folder("../../examples")).expect("the programs");
    let mut words = BTreeSet::new();
    for entry in crates.chain(examples) {
        let path = entry.expect("an entry").path();
        // These two hold every operation there is.
        let is_all = path.ends_with("intercom-api") || path.ends_with("intercom-sim");
        if is_all || !path.join("src").is_dir() {
            continue;
        }
        for (_, text) in sources(&path.join("src")) {
            let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.extend(
                parts.filter(|word| word.starts_with(char::is_uppercase)).map(str::to_owned),
            );
        }
    }
    let declared = declared();
    let used: Vec<&Declared> =
        declared.iter().filter(|operation| words.contains(&operation.name)).collect();
    assert!(used.iter().any(|operation| operation.name == "SearchContacts"), "the sync uses it");
    for operation in used {
        assert!(names.contains(&*operation.name), "{} is not in the matrix", operation.name);
    }
}
