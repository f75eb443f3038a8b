//! `sync verify`, as somebody sees it.

use serde_json::json;

use crate::world::{AT, World};

#[test]
fn a_store_is_verified_and_repaired() {
    let world = World::new();
    assert_eq!(world.run(&["check"]).code, Some(0), "it makes the database");
    let never = world.run(&["verify"]);
    assert_eq!(never.code, Some(1));
    assert!(never.stderr.contains("never synchronised"), "{never:?}");
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let equal = world.run(&["verify", "--now", AT]);
    assert_eq!(equal.code, Some(0), "{equal:?}");
    assert!(equal.stdout.contains("✓ contacts: 60 in the workspace, 60 stored"), "{equal:?}");

    // A contact is deleted behind the back of an incremental run.
    let customers = world.run(&["export", "--format", "jsonl"]).json();
    let id = customers[0]["intercom_contact_id"].as_str().expect("an id");
    world.sim.with(|simulator| simulator.workspace_mut().delete_contact(id)).expect("deleted");
    let differs = world.run(&["verify", "--now", AT, "--json"]);
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert_eq!(differs.json()[0][0]["extra"], json!({ "n": 1, "first": [id] }), "{differs:?}");

    let repaired = world.run(&["verify", "--repair", "--now", AT]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert_eq!(world.run(&["verify", "--now", AT]).code, Some(0));
}

#[test]
fn what_others_have_deleted_is_made_again() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let export = || world.run(&["export", "--format", "jsonl"]).stdout;
    let customers = export();
    let file = world.folder().join("intercom.db");
    let delete = |table: &str| {
        let database = rusqlite::Connection::open(&file).expect("the database opens");
        database.execute(&format!("DELETE FROM {table}"), ()).expect("rows are deleted");
    };
    delete("unified_customers");
    let verified = world.run(&["verify", "--now", AT]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    let told = "though their bodies are there: the rows of 0 contacts and 5";
    assert!(verified.stderr.contains(told), "{}", verified.stderr);
    delete("members");
    assert_eq!(world.run(&["verify", "--repair", "--now", AT]).code, Some(0));
    assert_eq!(world.run(&["verify", "--now", AT]).code, Some(0));
    assert_eq!(export(), customers);
}

#[test]
fn parts_are_verified_on_request() {
    let world = World::new();
    assert_eq!(world.run(&["run", "--now", AT]).code, Some(0));
    let all = world.run(&["verify", "--json", "--now", AT]);
    assert!(
        !all.stdout.contains("conversation_parts"),
        "a call for each conversation only on request: {all:?}"
    );
    let parts = world.run(&["verify", "--streams", "tags,conversation_parts", "--now", AT]);
    assert_eq!(parts.code, Some(0), "{parts:?}");
    assert!(parts.stdout.contains("✓ tags: "), "{parts:?}");
    assert!(parts.stdout.contains("✓ conversation_parts: "), "{parts:?}");
    let repaired = world.run(&["verify", "--parts", "--streams", "tags", "--repair", "--now", AT]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(repaired.stdout.contains("stored as they are"), "{repaired:?}");
}
