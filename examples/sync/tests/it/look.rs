//! `sync check`, `status`, `verify` and `export`.

use intercom_sim::{Fault, Faults, SimSettings};
use serde_json::{Value, json};

use crate::program::{Ended, run};
use crate::world::{AT, NOW, TOKEN, World};

#[test]
fn a_check_looks_at_everything_a_run_needs() {
    let world = World::new();
    let ended = world.run(&["check", "--now", AT]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in
        ["✓ database: ", "✓ token: ", "✓ zone: America/New_York", "✓ contacts: readable, 60"]
    {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("compared by whole days"), "{}", ended.stdout);
}

#[test]
fn a_terminal_is_written_to_in_colour() {
    let world = World::new();
    let Ok(output) = world.run_in_a_terminal("run") else {
        println!("skipped: `script`, which makes a terminal, was not found");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("\u{1b}["), "{shown}");
}

/// Each bar is full when its stream is read; where no total was announced there is none before.
#[test]
fn no_bar_is_empty_for_want_of_a_total() {
    let world = World::new();
    let Ok(output) = world.run_in_a_terminal("run --streams data_attributes,tags,contacts") else {
        println!("skipped: `script`, which makes a terminal, was not found");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let frames = |step: &str| -> Vec<String> {
        let name = format!(" {step} ");
        let frames =
            shown.split(&name).skip(1).map(|text| text.chars().take(80).collect::<String>());
        frames.filter(|frame| frame.starts_with([' ', '█', '░'])).collect()
    };
    for (step, has_a_bar) in
        [("tags", true), ("data_attributes", true), ("projected", false), ("customers", false)]
    {
        let frames = frames(step);
        assert!(frames.iter().all(|frame| !frame.contains('░')), "{step}: {frames:?}");
        let last = frames.last().expect("a frame");
        assert_eq!(last.contains('█'), has_a_bar, "{step}: {last:?}");
    }
    assert!(frames("contacts").last().is_some_and(|last| last.contains('█')), "{shown:?}");
}

/// Conversations are read and their parts are not: how old the oldest of them is says nothing.
#[test]
fn the_status_counts_what_parts_wait_for() {
    let world = World::new();
    let ended = world.run(&["run", "--now", AT, "--streams", "conversations"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let status = world.run(&["status", "--now", "2025-11-23T17:00:00Z"]).stdout;
    let line = |stream: &str| {
        let mut lines = status.lines().map(str::trim).filter(|line| line.starts_with(stream));
        lines.next().unwrap_or_else(|| panic!("{status}"))
    };
    let parts = line("conversation_parts");
    assert!(parts.ends_with("0 rows, those of 200 conversations yet to be read"), "{parts}");
    assert!(line("conversations ").ends_with(" rows, 2 d behind"), "{status}");
    assert!(line("contacts").ends_with("never read"), "{status}");
}

/// Nobody knows a speed in the first second.
#[test]
fn a_bar_shows_no_speed_before_there_is_one() {
    let world = World::new();
    let Ok(output) = world.run_in_a_terminal("run --streams tags") else {
        println!("skipped: `script`, which makes a terminal, was not found");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains(" tags "), "{shown}");
    assert!(!shown.contains("/s") && !shown.contains(" left"), "{shown}");
}

#[test]
fn a_check_tells_seconds_from_days() {
    let date_mode = intercom_sim::DateMode::Second;
    let world = World::with(SimSettings { date_mode, ..SimSettings::default() });
    let ended = world.run(&["check", "--now", AT]);
    assert!(ended.stdout.contains("compared by the second"), "{}", ended.stdout);
}

#[test]
fn a_check_names_the_scope_a_stream_lacks_and_attributes_that_nobody_has() {
    let scopes = ["read_and_list_users_and_companies", "read_tags", "read_admins"];
    let scopes = Some(scopes.iter().map(|scope| intercom_api::Scope::from(*scope)).collect());
    let world = World::with(SimSettings { scopes, ..SimSettings::default() });
    let file = world.folder().join("sync.toml");
    std::fs::write(&file, "[attributes]\nplan_name = \"No such plan\"\n").expect("written");
    let ended = world.run(&["check", "--json", "--settings", "sync.toml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let found = ended.json().remove(0);
    let of = |subject: &str| -> Value {
        let all = found.as_array().expect("a list");
        all.iter().find(|finding| finding["subject"] == subject).cloned().unwrap_or_default()
    };
    assert_eq!(of("conversations")["state"], "bad", "{found}");
    assert!(of("conversations")["remedy"].to_string().contains("ermission"), "{found}");
    assert_eq!(of("contacts")["state"], "good", "{found}");
}

#[test]
fn a_refused_token_is_named_with_what_to_do() {
    let ended = {
        let world = World::new();
        // Nobody answers at this port any more.
        let url = world.url.clone();
        drop(world);
        let other = World::new();
        let mut program = other.command(&["check"]);
        program.env("INTERCOM_API_BASE", url);
        run(program)
    };
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("✗ token: "), "{}", ended.stdout);
    assert!(!ended.stdout.contains(TOKEN));
}

#[test]
fn a_token_that_is_refused_ends_a_run_with_what_to_do() {
    let fault = Fault::new("401".parse().expect("a fault"));
    let world = World::new();
    world.sim.with(|sim| sim.set_faults(Faults { list: vec![fault], ..Faults::default() }));
    let ended = world.run(&["run", "--now", AT]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let remedy = "→ check the access token in INTERCOM_ACCESS_TOKEN";
    assert!(ended.stderr.contains(remedy), "{}", ended.stderr);
    let check = world.run(&["check"]);
    assert!(check.stdout.contains(remedy), "{check:?}");
}

#[test]
fn a_database_that_is_none_is_told_as_what_it_is() {
    let world = World::new();
    std::fs::write(world.folder().join("notes.txt"), "no database at all").expect("written");
    let check = world.run(&["check", "--database", "sqlite://notes.txt"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.stdout.contains("→ something else is stored there"), "{}", check.stdout);
    let run = world.run(&["run", "--database", "sqlite://notes.txt"]);
    assert!(run.stderr.contains("→ something else is stored there"), "{}", run.stderr);
    let check = world.run(&["check", "--database", "mysql://here"]);
    assert!(check.stdout.contains("→ name the database as sqlite://FILE"), "{}", check.stdout);
}

#[test]
fn a_run_that_was_killed_is_interrupted() {
    let latency = std::time::Duration::from_millis(500);
    let world = World::with(SimSettings { latency, ..SimSettings::default() });
    let mut run = world.command(&["run", "--lease-for", "1"]).spawn().expect("the program starts");
    let outcome = || {
        let status = world.run(&["status", "--json"]);
        // The run may not have made the database yet.
        let status = (status.code == Some(0)).then(|| status.json().remove(0))?;
        status[0]["runs"][0]["outcome"].as_str().map(str::to_owned)
    };
    let until = |expected: &str| {
        // To ask takes a program of its own, which is a pause.
        let is_told = (0..2_000).any(|_| outcome().as_deref() == Some(expected));
        assert!(is_told, "{expected}: {:?}", outcome());
    };
    until("running");
    // As `kill -9` does.
    run.kill().expect("it runs");
    run.wait().expect("it has ended");
    until("interrupted");
}

#[test]
fn bad_settings_are_told_by_every_command() {
    let world = World::new();
    std::fs::write(world.folder().join("bad.toml"), "max_missing_percent = 500").expect("written");
    let future = "[movements]\nobserved_since = '2999-01-01T00:00:00Z'";
    std::fs::write(world.folder().join("future.toml"), future).expect("written");
    for command in [&["status"][..], &["export", "--format", "csv"], &["forget", "somebody"]] {
        let ended = world.run(&[command, &["--settings", "bad.toml"]].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("max_missing_percent: more than 100"), "{}", ended.stderr);
        let ended = world.run(&[command, &["--settings", "future.toml"]].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let why = "movements.observed_since: 2999-01-01T00:00:00Z is in the future";
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        let ended = world.run(&[command, &["--settings", "none.toml"]].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
}

/// Where standard error leads nowhere, the work is done.
#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_words_nobody_can_hear_goes_on() {
    let world = World::new();
    let nowhere = std::fs::File::options().write(true).open("/dev/full").expect("a device");
    let mut command = world.command(&["run", "--now", AT]);
    let ended = command.stderr(nowhere).status().expect("the program starts");
    assert_eq!(ended.code(), Some(0));
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
}

#[test]
fn a_database_that_cannot_be_used_is_a_finding_and_ends_a_run() {
    let world = World::new();
    let url = format!("sqlite://{}/none/intercom.db", world.folder().display());
    let check = world.run(&["check", "--database", &url]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.stdout.contains("✗ database: "), "{}", check.stdout);
    assert!(check.stdout.contains("✓ token: "), "{}", check.stdout);
    let run = world.run(&["run", "--database", &url]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("the database cannot be used"), "{}", run.stderr);
}

/// A limit on the size of files stands for a full disk: what SQLite puts beside the file has no room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_when_the_database_is_opened() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT, "--streams", "tags"]).code, Some(0));
    for command in ["run", "status", "check", "verify"] {
        let ended = run(world.command_without_room(&[command]));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains("intercom.db: its disk is full"), "{ended:?}");
        assert!(told.contains("→ make room on the disk of the database"), "{ended:?}");
    }
}

#[test]
fn the_status_shows_runs_rows_and_lag() {
    let world = World::new();
    assert_eq!(world.run(&["check"]).code, Some(0), "it makes the database");
    let empty = world.run(&["status"]);
    assert!(empty.stdout.contains("`sync run` makes one"), "{empty:?}");
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let ended = world.run(&["status", "--json", "--now", "2025-11-21T18:00:00Z"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let status = &ended.json()[0][0];
    assert_eq!(status["runs"][0]["outcome"], "done", "{status}");
    assert_eq!(status["runs"][0]["kind"], "first", "{status}");
    assert_eq!(status["rows"]["records"]["contacts"], 60, "{status}");
    // The watermark stays five minutes behind the run.
    assert_eq!(status["lag_seconds"]["conversations"], 3_900, "{status}");
    assert_eq!(status["lag_seconds"]["conversation_parts"], 3_900, "{status}");
    let words = world.run(&["status"]).stdout;
    assert!(words.contains("contacts") && words.contains("60 rows"), "{words}");
    assert!(!words.contains("never read"), "{words}");
    // What the processes on the database know of the token's rate limit.
    let budget = &status["calls"][0];
    assert_eq!((&budget["limit"], &budget["under_way"]), (&json!(1_667), &json!(0)), "{status}");
    assert!(budget["used"].as_u64().is_some_and(|used| used <= 1_667), "{status}");
    assert_eq!(status["calls"].as_array().map(Vec::len), Some(1), "{status}");
    assert!(words.contains("of 1667 of this window used"), "{words}");
    assert!(!words.contains(TOKEN), "{words}");
}

#[test]
fn a_mistyped_path_makes_no_database() {
    let world = World::new();
    for command in
        [&["status"][..], &["verify"], &["export", "--format", "csv"], &["forget", "somebody"]]
    {
        let ended = world.run(&[command, &["--database", "sqlite://mistyped.db"]].concat());
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("there is no database mistyped.db"), "{}", ended.stderr);
        assert!(ended.stderr.contains("→ `sync run` makes one"), "{}", ended.stderr);
    }
    assert!(!world.folder().join("mistyped.db").exists());
}

/// A backup of the one file holds everything.
#[test]
fn a_run_that_has_ended_leaves_no_log_beside_the_database() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let beside = std::fs::read_dir(world.folder()).expect("the folder");
    let names = beside.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let names: Vec<String> = names.filter(|name| name.starts_with("intercom.db")).collect();
    assert_eq!(names, ["intercom.db"]);
}

/// Whoever has read enough closes the pipe, as `head` does: that is no error, and what was to be done
/// is done.
#[test]
fn a_closed_standard_output_ends_quietly() {
    let world = World::new();
    let closed = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = world.command(&[arguments, &["--now", AT]].concat());
        let ended: Ended = command.stdout(writer).output().expect("the program starts").into();
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        assert!(!ended.stderr.contains("error"), "{arguments:?} {ended:?}");
        ended
    };
    closed(&["check"]);
    closed(&["run", "--dry-run"]);
    // The log entry follows the metrics.
    assert!(closed(&["run"]).stderr.contains("Intercom sync completed"));
    let customers = world.run(&["export", "--format", "jsonl"]).json();
    let email = customers[0]["email"].as_str().expect("an address");
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["verify", "--streams", "tags"],
        &["explain", email],
        &["movements"],
        &["settings"],
        &["export", "--format", "csv"],
        &["export", "--format", "jsonl"],
        &["forget", email],
    ] {
        closed(arguments);
    }
    closed(&["forget", email, "--yes"]);
    let left = world.run(&["export", "--format", "jsonl"]).json();
    assert_eq!(left.len(), customers.len() - 1, "what was to be erased is");
}

/// Another reason is one to know.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_cannot_be_written_is_told() {
    let world = World::new();
    for arguments in [&["settings"][..], &["check"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = world.command(arguments).stdout(full).output().expect("it starts");
        let ended = Ended::from(output);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("standard output cannot be written"), "{ended:?}");
    }
}

#[test]
fn customers_are_exported_in_order_with_the_same_columns() {
    let world = World::new();
    let run = world.run(&["run", "--now", AT]);
    let n = run.json()[0]["new_contacts"].as_u64().expect("a number");
    let lines = world.run(&["export", "--format", "jsonl"]).json();
    assert_eq!(lines.len() as u64, n);
    let emails: Vec<&str> = lines.iter().map(|line| line["email"].as_str().unwrap()).collect();
    assert!(emails.is_sorted(), "{emails:?}");
    for column in [
        "intercom_contact_ids",
        "mrr_by_currency",
        "first_response_seconds",
        "first_close_seconds",
        "last_close_seconds",
        "reopens",
    ] {
        assert!(lines.iter().any(|line| !line[column].is_null()), "{column}");
    }
    let paying = lines.iter().find(|line| line["mrr"].is_string()).expect("somebody pays");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let (mrr, currency) = (text(&paying["mrr"]), text(&paying["currency"]));
    assert_eq!(paying["mrr_by_currency"][&currency], mrr, "{paying}");
    assert!(paying["mrr_by_currency"].is_object(), "{paying}");
    let ids = paying["intercom_contact_ids"].as_array().expect("a list");
    assert!(ids.contains(&paying["intercom_contact_id"]), "{paying}");
    let csv = world.run(&["export", "--format", "csv"]);
    assert_eq!(csv.code, Some(0), "{csv:?}");
    let header = csv.stdout.lines().next().expect("a line of names");
    assert!(
        header.starts_with("email,name,intercom_contact_id,intercom_contact_ids,external_id,"),
        "{header}"
    );
    assert_eq!(csv.stdout.lines().count() as u64, n + 1);
    let mut rows = csv::Reader::from_reader(csv.stdout.as_bytes());
    let header = rows.headers().expect("a line of names").clone();
    let place = |name: &str| header.iter().position(|it| it == name).expect("the column");
    let mut rows = rows.records().map(|row| row.expect("a row"));
    let row = rows.find(|row| row[0] == text(&paying["email"])).expect("the customer");
    let ids: Vec<&str> = ids.iter().filter_map(|id| id.as_str()).collect();
    assert_eq!(row[place("intercom_contact_ids")], ids.join(", "));
    assert_eq!(row[place("mrr_by_currency")], format!("{mrr} {currency}"));
}

#[test]
fn no_exported_cell_is_a_formula() {
    let world = World::new();
    let names = [
        ("=1+1", "'=1+1"),
        ("\"+1", "'\"+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\u{ff1d}1+1", "'\u{ff1d}1+1"),
        ("\u{ff0b}1", "'\u{ff0b}1"),
        ("\u{ff0d}1", "'\u{ff0d}1"),
        ("\u{ff20}SUM(A1)", "'\u{ff20}SUM(A1)"),
        (";=1+1", ";'=1+1"),
        ("Ada; \"=1+1;x", "Ada;' \"=1+1;x"),
        ("Ada\t@SUM(A1)", "Ada\t'@SUM(A1)"),
        ("Ada\n=1+1", "Ada\n'=1+1"),
        ("\u{feff}=1+1", "'\u{feff}=1+1"),
        ("\u{200b}+1", "'\u{200b}+1"),
        ("\u{202e}-1", "'\u{202e}-1"),
        ("\u{2066} \u{200d}@SUM(A1)", "'\u{2066} \u{200d}@SUM(A1)"),
        ("\u{1}=1+1", "'\u{1}=1+1"),
        ("Ada;\u{feff}=1+1", "Ada;'\u{feff}=1+1"),
        ("\u{feff}Ada=1", "\u{feff}Ada=1"),
        ("Ada-Zoe = a+b; c-d", "Ada-Zoe = a+b; c-d"),
    ];
    for (n, (name, _)) in names.iter().enumerate() {
        let contact = json!({ "email": format!("formula{n:02}@member.example"), "name": name });
        let created = world.sim.with(|sim| sim.workspace_mut().create_contact(contact, NOW));
        created.expect("the fields fit");
    }
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let written = world.run(&["export", "--format", "csv"]);
    let mut csv = csv::Reader::from_reader(written.stdout.as_bytes());
    let cells = csv.records().map(|record| record.expect("a record"));
    let shown: Vec<String> =
        cells.filter(|it| it[0].starts_with("formula")).map(|it| it[1].to_owned()).collect();
    let expected: Vec<&str> = names.iter().map(|(_, cell)| *cell).collect();
    assert_eq!(shown, expected);
    // JSON has no formulas.
    let lines = world.run(&["export", "--format", "jsonl"]).json();
    assert!(lines.iter().any(|line| line["name"] == ";=1+1"));
}

#[test]
fn a_customer_is_explained_value_by_value() {
    let world = World::new();
    let nobody = json!({ "email": "ada at@member" });
    let created = world.sim.with(|sim| sim.workspace_mut().create_contact(nobody, NOW));
    let nobody = created.expect("the fields fit");
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let customers = world.run(&["export", "--format", "jsonl"]).json();
    let email = customers[0]["email"].as_str().expect("an address");
    let explained = world.run(&["explain", email, "--now", AT]);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    assert!(explained.stdout.contains("mrr"), "{explained:?}");
    assert_eq!(world.run(&["explain", "nobody@example.com"]).code, Some(1));
    let told = world.run(&["explain", "Ada at@member"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let words = format!("known of contact {nobody}, which is no customer");
    assert!(told.stdout.contains(&words), "{told:?}");
}

#[test]
fn what_was_a_customer_by_another_address_is_told_and_not_exported() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let before = world.run(&["export", "--format", "jsonl"]).json();
    let text = |name: &str| before[0][name].as_str().expect("a text").to_owned();
    let (old, id) = (text("email"), text("intercom_contact_id"));
    let patch = json!({ "email": "elsewhere@member.example" });
    world
        .sim
        .with(|sim| sim.workspace_mut().update_contact(&id, patch, NOW + 60))
        .expect("the contact exists");
    let later = "2025-11-21T18:00:00Z";
    assert_eq!(world.run(&["run", "--now", later]).code, Some(0));

    let after = world.run(&["export", "--format", "jsonl"]).json();
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|line| line["email"] != *old), "its row holds nothing of ours");
    let told = world.run(&["explain", &old, "--now", later]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let now = format!("contact {id} spoke for it and has the address elsewhere@member.example");
    for words in ["no contact has this e-mail address any more", &now, "Since 2025-11-21T17:00:00"]
    {
        assert!(told.stdout.contains(words), "{told:?}");
    }
}
