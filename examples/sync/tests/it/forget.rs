//! `sync forget`, on SQLite and, where there is a server, on PostgreSQL.

use std::io::Write;

use crate::world::{AT, World};

#[test]
fn a_contact_is_forgotten_and_stays_so() {
    let world = World::new();
    let url = format!("sqlite://{}/forget.db", world.folder().display());
    forgets(&world, &url);
}

#[test]
fn a_contact_is_forgotten_and_stays_so_on_postgresql() {
    #[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
    let [server, required] = ["TEST_POSTGRES_URL", "REQUIRE_SERVICES"].map(std::env::var);
    let Ok(server) = server else {
        assert_ne!(required.as_deref(), Ok("1"), "TEST_POSTGRES_URL is not set");
        let line = b"skipped: PostgreSQL (TEST_POSTGRES_URL not set)\n";
        std::io::stderr().write_all(line).expect("standard error is open");
        return;
    };
    // A schema of its own stands for a database of its own.
    let schema = format!("forget_{}", std::process::id());
    let joint = if server.contains('?') { '&' } else { '?' };
    let made = std::process::Command::new("psql")
        .args([&server, "-qc", &format!("CREATE SCHEMA {schema}")])
        .status();
    assert!(made.is_ok_and(|status| status.success()), "psql makes a schema");
    let url = format!("{server}{joint}options=-c%20search_path%3D{schema}");
    forgets(&World::new(), &url);
}

fn forgets(world: &World, url: &str) {
    let run =
        |arguments: &[&str]| world.run(&[arguments, &["--database", url, "--now", AT]].concat());
    let first = run(&["run"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let customers = run(&["export", "--format", "jsonl"]).json();
    let busy = |customer: &&serde_json::Value| customer["intercom_convos_total"].as_u64() > Some(0);
    let customer = customers.iter().find(busy).expect("a customer who wrote");
    let email = customer["email"].as_str().expect("an address");
    let id = customer["intercom_contact_id"].as_str().expect("an id");

    let shown = run(&["forget", email]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains(id), "{shown:?}");
    assert!(shown.stderr.contains("nothing was erased"), "{shown:?}");
    assert_eq!(run(&["export", "--format", "jsonl"]).json().len(), customers.len());

    let erased = run(&["forget", email, "--yes"]);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert!(erased.stdout.contains("erased from contacts: 1"), "{erased:?}");
    assert!(erased.stdout.contains("erased from conversation_parts: "), "{erased:?}");
    assert!(!erased.stdout.lines().any(|line| line.ends_with(": 0")), "{erased:?}");
    let check_forgotten = |who: &str| {
        let again = run(&["forget", who]);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(again.stdout.starts_with("already forgotten: "), "{again:?}");
        assert_eq!(again.stdout.lines().count(), 1, "{again:?}");
        assert!(!format!("{again:?}").contains(who), "{again:?}");
    };
    for who in [email, &email.to_uppercase(), id] {
        check_forgotten(who);
    }
    let unknown = run(&["forget", "nobody@member.example"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("no contact has this id"), "{unknown:?}");

    for again in [&["run"][..], &["run", "--full"]] {
        let ended = run(again);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let left = run(&["export", "--format", "jsonl"]);
        assert_eq!(left.json().len(), customers.len() - 1, "{left:?}");
        assert!(!left.stdout.contains(email) && !left.stdout.contains(id), "{left:?}");
        check_forgotten(id);
    }
    let verified = run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let contacts = "✓ contacts: 60 in the workspace, 59 stored as they are\n    1 withheld, of people \
                    who were forgotten\n";
    assert!(verified.stdout.contains(contacts), "{verified:?}");
    if let Some(file) = url.strip_prefix("sqlite://") {
        // Free pages would keep what was deleted.
        let bytes = std::fs::read(file).expect("the file");
        let holds = bytes.windows(email.len()).any(|part| part == email.as_bytes());
        assert!(!holds, "the address is still in the file");
    }
}
