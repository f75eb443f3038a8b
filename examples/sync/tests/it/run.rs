//! `sync run`.

use intercom_sim::{Fault, Faults, SimSettings};
use serde_json::json;

use crate::program::{command, run};
use crate::world::{AT, NOW, TOKEN, World};

#[test]
fn a_run_prints_the_metrics_and_the_log_entry_and_the_next_one_writes_nothing() {
    let world = World::new();
    let first = world.run(&["run", "--now", AT]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let metrics = &first.json()[0];
    let names: Vec<&str> = metrics.as_object().expect("an object").keys().map(|k| &**k).collect();
    assert_eq!(
        names,
        [
            "avg_quality_score",
            "contacts_synced",
            "errors",
            "new_contacts",
            "skipped_contacts",
            "sync_duration_seconds",
            "updated_contacts"
        ]
    );
    let synced = metrics["contacts_synced"].as_u64().expect("a number");
    assert!(synced > 0, "{metrics}");
    let entry = format!("Intercom sync completed\n- Synced: {synced} contacts\n- New: {synced}, ");
    assert!(first.stderr.contains(&entry), "{}", first.stderr);
    assert!(first.stderr.contains("contacts: 60 fetched in "), "{}", first.stderr);

    let second = world.run(&["run", "--now", AT]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.json()[0]["contacts_synced"], 0);
    assert!(!format!("{first:?}{second:?}").contains(TOKEN));
}

/// The shared rate limit has every call back: the next command waits for none.
#[test]
fn a_command_that_fails_keeps_no_call() {
    let world = World::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let dead = format!("http://{}", port.local_addr().expect("an address"));
    drop(port);
    for (n, arguments) in [&["check"][..], &["run"], &["run", "--full"], &["run", "--dry-run"]]
        .into_iter()
        .enumerate()
    {
        let database = format!("sqlite://{n}.db");
        let with_database = |arguments: &[&str]| {
            let mut command = world.command(arguments);
            command.env("DATABASE_URL", &database);
            command
        };
        let mut failing = with_database(arguments);
        failing.env("INTERCOM_API_BASE", &dead);
        let failed = run(failing);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(!failed.stderr.contains("rate budget"), "{failed:?}");
        let began_at = tokio::time::Instant::now();
        let checked = run(with_database(&["check"]));
        assert_eq!(checked.code, Some(0), "{checked:?}");
        assert!(began_at.elapsed().as_secs() < 10, "{arguments:?}: {:?}", began_at.elapsed());
        assert!(!checked.stderr.contains("rate budget"), "{checked:?}");
    }
}

#[test]
fn a_stream_the_token_may_not_read_is_named_and_makes_the_run_partial() {
    let scopes = ["read_and_list_users_and_companies", "read_tags", "read_admins"];
    let scopes = Some(scopes.iter().map(|scope| intercom_api::Scope::from(*scope)).collect());
    let world = World::with(SimSettings { scopes, ..SimSettings::default() });
    let ended = world.run(&["run", "--now", AT]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("left behind: conversations left out: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("Intercom sync completed in part"), "{}", ended.stderr);
    assert!(ended.json()[0]["errors"].as_u64() > Some(0));
}

#[test]
fn an_api_error_in_a_stream_is_named_and_the_rest_is_done() {
    let world = World::new();
    let fault = Fault {
        route: Some("GET /tags".parse().expect("a route")),
        ..Fault::new("500".parse().expect("a fault"))
    };
    world.sim.with(|sim| sim.set_faults(Faults { list: vec![fault], ..Faults::default() }));
    let ended = world.run(&["run", "--now", AT]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let named = "left behind: tags not read to the end: ListTags (GET /tags, 4 attempts)";
    assert!(ended.stderr.contains(named), "{}", ended.stderr);
    let metrics = &ended.json()[0];
    assert_eq!(metrics["errors"], 1, "{metrics}");
    assert!(metrics["new_contacts"].as_u64() > Some(40), "{metrics}");

    world.sim.with(|sim| sim.set_faults(Faults::default()));
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
}

#[test]
fn records_put_aside_are_named_up_to_a_number() {
    let world = World::new();
    let ids: Vec<String> =
        world.sim.with(|sim| sim.workspace().contact_ids().map(str::to_owned).collect());
    for id in &ids[..12] {
        let odd = json!({ "location": 5 });
        let updated = world.sim.with(|sim| sim.workspace_mut().update_contact(id, odd, NOW));
        updated.expect("the patch fits");
    }
    let ended = world.run(&["run", "--now", AT]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> =
        ended.stderr.lines().filter(|line| line.starts_with("left behind: ")).collect();
    let [named @ .., more] = lines.as_slice() else { panic!("{ended:?}") };
    assert_eq!(named.len(), 10, "{lines:?}");
    for line in named {
        let id = line.strip_prefix("left behind: contacts ").and_then(|rest| rest.split_once(": "));
        let (id, reason) = id.expect("an id and a reason");
        assert!(ids[..12].iter().any(|known| known == id), "{line}");
        assert!(reason.starts_with("mirrored but not projected: at `location`"), "{line}");
    }
    assert_eq!(*more, "left behind: contacts: and 2 more put aside, see `sync status`");
    let status = world.run(&["status"]).stdout;
    assert!(ids[..12].iter().all(|id| status.contains(id.as_str())), "{status}");

    // Later runs have no part in it, and still it is behind.
    for arguments in [&["run", "--now", AT][..], &["run", "--full", "--now", AT]] {
        let later = world.run(arguments);
        assert_eq!(later.code, Some(1), "{later:?}");
        assert_eq!(later.json()[0]["errors"], 0);
        let lines: Vec<&str> =
            later.stderr.lines().filter(|line| line.starts_with("left behind: ")).collect();
        let [named @ .., more] = lines.as_slice() else { panic!("{later:?}") };
        assert_eq!(named.len(), 5, "{lines:?}");
        let why = ", put aside by an earlier run: mirrored but not projected: at `location`";
        assert!(named.iter().all(|line| line.contains(why)), "{lines:?}");
        let rest = "left behind: 7 more put aside by earlier runs, see `sync status`";
        assert_eq!(*more, rest);
    }
    let others = world.run(&["run", "--now", AT, "--streams", "tags"]);
    assert_eq!(others.code, Some(0), "{others:?}");
}

#[test]
fn only_the_streams_asked_for_are_read() {
    let world = World::new();
    let ended = world.run(&["run", "--now", AT, "--streams", "tags,admins"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(world.sim.stats().calls("POST /contacts/search"), 0);
    assert_eq!(world.sim.stats().calls("GET /tags"), 1);
}

#[test]
fn a_dry_run_says_what_would_be_fetched_and_stores_nothing() {
    let world = World::new();
    let dry = world.run(&["run", "--dry-run", "--now", AT]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let contacts = &dry.json()[0];
    assert_eq!(
        (&contacts["stream"], &contacts["n_records"], &contacts["n_calls"]),
        (&"contacts".into(), &60.into(), &1.into())
    );
    assert!(dry.stderr.contains("nothing was written"), "{}", dry.stderr);
    let run = world.run(&["run", "--now", AT]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.json()[0]["new_contacts"].as_u64() > Some(0), "{run:?}");
}

#[test]
fn bad_arguments_end_with_2_before_any_call() {
    let world = World::new();
    for arguments in [
        &["run", "--streams", "nonsense"][..],
        &["run", "--api-base", "http://example.com"],
        &["run", "--region", "mars"],
        &["run", "--now", "yesterday"],
        &["run", "--lease-for", "0"],
        &["run", "--database", "mysql://here"],
        &["status", "--database", "mysql://here"],
        &["export", "--format", "csv", "--database", "here"],
        &["verify", "--database", "mysql://here"],
        &["movements", "--database", "mysql://here"],
        &["watch", "--database", "mysql://here"],
        &["nonsense"],
        &[],
    ] {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?} {ended:?}");
    }
    let without_token = run(command(world.folder(), &["run"]));
    assert_eq!(without_token.code, Some(2), "{without_token:?}");
    assert!(without_token.stderr.contains("set INTERCOM_ACCESS_TOKEN"), "{without_token:?}");
    let mut bad_zone = world.command(&["run"]);
    bad_zone.env("REPORT_TIMEZONE", "Mars/Olympus");
    assert_eq!(run(bad_zone).code, Some(2));
    assert_eq!(world.sim.stats().calls("GET /me"), 0);
}

#[test]
fn the_file_env_is_read_and_the_environment_outranks_it() {
    let world = World::new();
    let file = format!(
        "INTERCOM_API_KEY=from-the-file\nINTERCOM_API_BASE={}\nDATABASE_URL=sqlite://other.db\n",
        world.url
    );
    std::fs::write(world.folder().join(".env"), file).expect("written");
    let mut program = command(world.folder(), &["run", "--now", AT, "--streams", "tags"]);
    let ended = run(command(world.folder(), &["run", "--now", AT, "--streams", "tags"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(world.folder().join("other.db").exists());
    program.env("DATABASE_URL", "sqlite://third.db");
    let ended = run(program);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(world.folder().join("third.db").exists());
}

#[test]
fn contacts_without_a_usable_address_are_named_up_to_a_number() {
    let world = World::new();
    let ids: Vec<String> =
        world.sim.with(|sim| sim.workspace().contact_ids().map(str::to_owned).collect());
    for (n, id) in ids.iter().enumerate() {
        let email = match n {
            0..12 => json!(null),
            12 => json!("secret-no-address"),
            n => json!(format!("member{n}@member.example")),
        };
        let patch = json!({ "email": email });
        let updated = world.sim.with(|sim| sim.workspace_mut().update_contact(id, patch, NOW));
        updated.expect("the patch fits");
    }
    let ended = world.run(&["run", "--now", AT]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()[0]["skipped_contacts"], 13);
    let lines: Vec<&str> =
        ended.stderr.lines().filter(|line| line.starts_with("skipped: ")).collect();
    let [named @ .., more] = lines.as_slice() else { panic!("{ended:?}") };
    assert_eq!(named.len(), 10, "{lines:?}");
    for line in named {
        let rest = line.strip_prefix("skipped: contacts ").expect("a contact");
        let (id, reason) = rest.split_once(": ").expect("a reason");
        let n = ids.iter().position(|known| known == id).expect("one of them");
        let expected = if n == 12 { "not an e-mail address" } else { "no e-mail address" };
        assert!(n <= 12 && reason == expected, "{line}");
    }
    assert_eq!(*more, "skipped: contacts: and 3 more, see `sync status`");

    let words = world.run(&["status"]).stdout;
    assert!(words.contains("13 contacts without a usable e-mail address"), "{words}");
    assert!(words.contains("  and 3 more"), "{words}");
    let status = world.run(&["status", "--json"]).json().remove(0);
    let without = &status[0]["without_email"];
    assert_eq!(without["n"], 13, "{status}");
    let named = without["named"].as_array().expect("a list");
    assert!(named.iter().all(|it| ids[..13].iter().any(|id| it["id"] == **id)), "{status}");
    assert!(!format!("{ended:?}{words}{status}").contains("secret-no-address"));

    // What did not change is not told again by a run.
    let again = world.run(&["run", "--now", AT]);
    assert!(!again.stderr.contains("skipped: "), "{again:?}");
}

/// What is typed or stored may hold what clears a screen or turns a line around.
#[test]
fn no_message_steers_the_terminal() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let hostile = "\u{1b}[2J\u{202e}x";
    std::fs::write(world.folder().join("bad.toml"), "\"\u{202e}x\" = 1").expect("written");
    for arguments in [
        &["export", "--format", "csv", "--workspace", hostile][..],
        &["movements", "--workspace", hostile],
        &["explain", hostile],
        &["forget", hostile],
        &["status", "--settings", hostile],
        &["status", "--settings", "bad.toml"],
        &["status", "--database", hostile],
        &["run", "--timezone", hostile],
        &["run", "--streams", hostile],
        &["run", "--api-base", hostile],
        &[hostile],
    ] {
        let ended = world.run(arguments);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.is_empty() && !said.contains(['\u{1b}', '\u{202e}']), "{ended:?}");
    }
}
