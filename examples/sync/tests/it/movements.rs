//! `sync movements` and `sync settings`.

use serde_json::{Value, json};

use crate::program::Ended;
use crate::world::{AT, NOW, World};

/// Half an hour after the first run.
const LATER: &str = "2025-11-21T17:30:00Z";

/// A workspace after a run, whose customer then pays twice as much.
fn world() -> World {
    let world = World::new();
    let patch = |amount: u32| {
        let plan = json!({"amount": amount, "interval": "month", "currency": "usd"});
        let rows = json!([{"id": "sub_1", "status": "active", "plan": plan}]);
        let attributes = json!({"Stripe Subscriptions": rows});
        json!({"email": "ada@member.example", "custom_attributes": attributes})
    };
    let update = |patch: Value, now| {
        world.sim.with(|sim| {
            let workspace = sim.workspace_mut();
            let id = workspace.contact_ids().next().expect("a contact").to_owned();
            workspace.update_contact(&id, patch, now).expect("the patch fits");
        });
    };
    update(patch(10_000), NOW);
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    update(patch(20_000), NOW + 600);
    assert_eq!(world.run(&["run", "--now", LATER]).code, Some(0));
    world
}

/// The amount on the line of this name in the waterfall of dollars.
fn amount(shown: &Ended, name: &str) -> String {
    let dollars = shown.stdout.split_once("\nUSD\n").expect("dollars").1;
    let line = dollars.lines().find(|line| line.trim_start().starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {shown:?}")).trim_start();
    let rest = line.strip_prefix(name).expect("found by it");
    rest.split_whitespace().next().expect("an amount").to_owned()
}

#[test]
fn a_period_is_shown_as_a_waterfall_with_what_was_retained() {
    let world = world();
    let moved = |arguments: &[&str]| {
        let ended = world.run(&[&["movements", "--now", LATER], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    };
    let shown = moved(&["--from", "2025-11-21T17:00:01Z"]);
    for name in ["opening", "new", "reactivation", "contraction", "churn", "exchange rates"] {
        assert_eq!(amount(&shown, name), "0.00", "{name} {shown:?}");
    }
    assert_eq!(amount(&shown, "expansion"), "100.00", "{shown:?}");
    let (start, end) = (amount(&shown, "start"), amount(&shown, "end"));
    assert!(shown.stdout.contains("NRR ") && shown.stdout.contains("GRR 100.0 %"), "{shown:?}");

    // The same as one document, in which the lines add up.
    let report = moved(&["--from", "2025-11-21T17:00:01Z", "--json"]).json().remove(0);
    let waterfall = &report["by_currency"]["USD"];
    let minor = |line: &str| waterfall["lines"][line]["minor"].as_i64().expect("an amount");
    assert_eq!(minor("expansion"), 10_000, "{report}");
    assert_eq!(minor("start") + minor("expansion"), minor("end"), "{report}");
    assert_eq!(format!("{}.{:02}", minor("start") / 100, minor("start") % 100), start);
    assert_eq!(waterfall["gross_retention"], "1", "{report}");

    // Days are the workspace's: the 21st begins at five in the morning, UTC. What the first run found
    // was there before.
    let day = moved(&["--from", "2025-11-21", "--to", "2025-11-21"]);
    let period = "MRR from 2025-11-21 05:00 to 2025-11-22 05:00 (UTC)";
    assert!(day.stdout.contains(period), "{day:?}");
    assert_eq!((amount(&day, "opening"), amount(&day, "end")), (start, end));
    let utc = moved(&["--from", "2025-11-21", "--to", "2025-11-30", "--timezone", "UTC"]);
    let period = "MRR from 2025-11-21 00:00 to 2025-12-01 00:00 (UTC)";
    assert!(utc.stdout.contains(period), "{utc:?}");
    // From the first of the month until now.
    let period = "MRR from 2025-11-01 04:00 to 2025-11-21 17:30 (UTC)";
    assert!(moved(&[]).stdout.contains(period));
    let nothing = moved(&["--from", "2024-01-01", "--to", "2024-12-31"]);
    assert!(nothing.stdout.contains("nobody paid"), "{nothing:?}");
    assert_eq!(world.sim.stats().calls("GET /me"), 2, "it makes no call");
}

#[test]
fn periods_that_are_none_end_with_2() {
    let world = World::new();
    let none = world.run(&["movements"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.stderr.contains("`sync run` makes one"), "{none:?}");
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    for arguments in [
        ["--from", "2025-11-21", "--to", "2025-11-20"],
        ["--from", "2025-11-21T00:00:00Z", "--to", "2025-11-21T00:00:00Z"],
        ["--from", "yesterday", "--to", "2025-11-20"],
        ["--from", "2025-02-30", "--to", "2025-11-20"],
        ["--from", "2025-11-21", "--to", "999999-12-31"],
        ["--from", "-0044-03-15", "--to", "2025-11-20"],
    ] {
        let ended = world.run(&[&["movements"][..], &arguments].concat());
        assert_eq!(ended.code, Some(2), "{arguments:?} {ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}

#[test]
fn the_settings_are_listed_as_a_file_that_a_run_takes() {
    let world = World::new();
    let listed = world.run(&["settings"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for setting in ["match = ", "cancel_mentions = ", "[movements]", "high_value_above = [{ minor"]
    {
        assert!(listed.stdout.contains(setting), "{setting} in {listed:?}");
    }
    std::fs::write(world.folder().join("sync.toml"), &listed.stdout).expect("written");
    let first = world.run(&["run", "--now", AT]);
    assert_eq!(first.code, Some(0), "{first:?}");
    // It says what holds without it: nothing is computed again.
    let ended = world.run(&["run", "--now", LATER, "--settings", "sync.toml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()[0]["contacts_synced"], 0, "{ended:?}");

    let help = world.run(&["--help"]).stdout;
    let sample = help.split_once("holds what differs from the default:\n").expect("a sample").1;
    let (sample, _) = sample.split_once("`sync settings`").expect("its end");
    std::fs::write(world.folder().join("help.toml"), sample).expect("written");
    let ended = world.run(&["run", "--now", LATER, "--settings", "help.toml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
