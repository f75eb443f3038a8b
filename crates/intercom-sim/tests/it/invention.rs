//! The invented workspace: the same seed gives the same bytes, and every later system finds
//! something to work on.

use std::collections::{BTreeMap, BTreeSet};

use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
use serde_json::Value;

use crate::support::NOW;

fn invent(contacts: u32, conversations: u32, seed: u64) -> Value {
    let invention = Invention { contacts, conversations, seed, now: NOW, timezone: chrono_tz::UTC };
    serde_json::from_slice(&Workspace::invent(&invention).dump()).expect("a dump is JSON")
}

fn list<'d>(dump: &'d Value, key: &str) -> &'d [Value] {
    dump[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let dump = |seed: u64| {
        let invention = Invention { seed, ..Invention::default() };
        Workspace::invent(&invention).dump()
    };
    assert!(dump(7) == dump(7));
    assert!(dump(7) != dump(8));
    let live = |seed: u64| {
        let invention = Invention { seed, now: NOW, ..Invention::default() };
        let mut sim = Simulator::new(Workspace::invent(&invention), SimSettings::default());
        sim.live(50, NOW + 10);
        sim.live(50, NOW + 20);
        sim.dump()
    };
    assert!(live(7) == live(7));
}

#[test]
fn any_size_can_be_invented() {
    for (contacts, conversations) in [(0, 0), (0, 5), (1, 0), (1, 1), (3, 40), (40, 3)] {
        let dump = invent(contacts, conversations, 1);
        assert_eq!(list(&dump, "contacts").len(), contacts as usize);
        assert_eq!(list(&dump, "conversations").len(), conversations as usize);
    }
}

#[test]
fn nothing_happens_later_than_now_or_before_its_cause() {
    let dump = invent(400, 1_000, 3);
    for object in list(&dump, "contacts").iter().chain(list(&dump, "conversations")) {
        let at = |name: &str| object[name].as_i64().expect("seconds");
        assert!(at("created_at") <= at("updated_at") && at("updated_at") <= NOW, "{object}");
        if let Some(seen_at) = object["last_seen_at"].as_i64() {
            assert!(at("created_at") <= seen_at && seen_at <= at("updated_at"), "{object}");
        }
        let parts = object["conversation_parts"]["conversation_parts"].as_array();
        let told: Vec<_> =
            parts.into_iter().flatten().filter_map(|part| part["created_at"].as_i64()).collect();
        assert!(told.is_sorted() && told.last().is_none_or(|last| *last <= at("updated_at")));
    }
}

#[test]
fn contacts_have_what_revenue_and_signals_look_for() {
    let dump = invent(1_000, 0, 5);
    let contacts = list(&dump, "contacts");
    let share = |rule: &dyn Fn(&Value) -> bool| {
        contacts.iter().filter(|contact| rule(contact)).count() * 100 / contacts.len()
    };
    let attribute = |contact: &Value, name: &str| contact["custom_attributes"][name].clone();
    assert!((1..=5).contains(&share(&|c| c["email"].is_null())), "at most 5 % lack an e-mail");
    assert!((10..40).contains(&share(&|c| c["role"] == "lead")));
    assert!(share(&|c| attribute(c, "Stripe Subscriptions").is_array()) > 30);
    assert!(share(&|c| attribute(c, "stripe_id").is_null()) > 30, "some pay nothing");
    for status in ["active", "trialing", "past_due", "canceled", "unpaid"] {
        let has = |c: &Value| attribute(c, "stripe_subscription_status") == status;
        assert!(contacts.iter().any(has), "{status}");
    }
    let subscriptions: Vec<Value> = contacts
        .iter()
        .filter_map(|c| attribute(c, "Stripe Subscriptions").as_array().cloned())
        .flatten()
        .collect();
    let any = |rule: &dyn Fn(&Value) -> bool| subscriptions.iter().any(rule);
    assert!(any(&|s| s["plan"]["interval"] == "year") && any(&|s| s["plan"]["interval"] == "week"));
    assert!(any(&|s| s["quantity"].as_i64() > Some(1)));
    assert!(any(&|s| s["plan"]["interval_count"] == 3));
    assert!(any(&|s| s["plan"]["currency"] == "eur"));
    let several = |c: &Value| attribute(c, "Stripe Subscriptions").as_array().map(Vec::len);
    assert!(contacts.iter().any(|c| several(c) > Some(1)));
    let number = |c: &Value, name: &str| attribute(c, name).as_i64().unwrap_or(0);
    assert!(share(&|c| number(c, "storage_percent") >= 80) >= 3);
    assert!(share(&|c| number(c, "projects_count") >= 20) >= 3);
    assert!(share(&|c| number(c, "days_since_last_login") >= 14) >= 10);
    let is_full =
        |c: &Value| attribute(c, "plan_type") == "team" && number(c, "teammates_count") >= 8;
    assert!(contacts.iter().any(is_full));
    let features = |c: &Value| attribute(c, "enterprise_features_tried").to_string();
    assert!(contacts.iter().any(|c| features(c).contains("sso_attempted")));
    assert!(share(&|c| attribute(c, "Employer").is_string()) > 50);
    assert!(share(&|c| attribute(c, "Registration Date").is_i64()) > 40);
    assert!(contacts.iter().any(|c| attribute(c, "Registration Date").is_string()));
}

#[test]
fn some_contacts_break_careless_code() {
    let dump = invent(1_000, 0, 5);
    let names: BTreeSet<&str> =
        list(&dump, "contacts").iter().filter_map(|contact| contact["name"].as_str()).collect();
    for hostile in ["<script>", "=cmd", "🦄", "שירה", "\"Quoted\""] {
        assert!(names.iter().any(|name| name.contains(hostile)), "{hostile}");
    }
    let mut by_email: BTreeMap<String, u32> = BTreeMap::new();
    for contact in list(&dump, "contacts") {
        if let Some(email) = contact["email"].as_str() {
            *by_email.entry(email.to_lowercase()).or_default() += 1;
        }
    }
    let twins = by_email.values().filter(|count| **count > 1).count();
    assert!((5..50).contains(&twins), "{twins} e-mails occur twice");
    let updated: Vec<_> = list(&dump, "contacts").iter().map(|c| &c["updated_at"]).collect();
    let ties = updated.iter().filter(|at| updated.iter().filter(|o| o == at).count() > 5).count();
    assert!(ties > 5, "a bulk edit touched many in one second");
}

#[test]
fn conversations_have_what_reports_and_alerts_look_for() {
    let dump = invent(300, 2_000, 5);
    let conversations = list(&dump, "conversations");
    let count = |rule: &dyn Fn(&Value) -> bool| conversations.iter().filter(|c| rule(c)).count();
    for channel in ["Phone", "Video Conference", "Email", "Chat"] {
        assert!(count(&|c| c["custom_attributes"]["Channel"] == channel) > 200, "{channel}");
    }
    assert!(count(&|c| c["custom_attributes"]["Channel"].is_null()) > 50);
    assert!(count(&|c| c["custom_attributes"]["Channel"] == "phone") > 5);
    assert!(count(&|c| c["state"] == "closed") > 1_200);
    assert!(count(&|c| c["state"] == "open") > 100 && count(&|c| c["state"] == "snoozed") > 50);
    let created = |days: i64| count(&|c| c["created_at"].as_i64() < Some(NOW - days * 86_400));
    assert!(created(300) > 100 && created(399) < 50, "spread over 400 days");
    for rating in 1..=5 {
        assert!(count(&|c| c["conversation_rating"]["rating"] == rating) > 5, "{rating} stars");
    }
    assert!(count(&|c| c["statistics"].is_null()) > 0);
    assert!(count(&|c| c["admin_assignee_id"].is_null()) > 20);
    assert!(count(&|c| c["contacts"]["contacts"] == serde_json::json!([])) > 0);
    assert!(count(&|c| c["tags"]["tags"].as_array().map(Vec::len) > Some(0)) > 100);
    let says = |entry: &Value| entry["body"].as_str().is_some_and(|body| body.contains("cancel"));
    assert!(count(&|c| c["source"]["author"]["type"] == "user" && says(&c["source"])) > 10);
    let parts: Vec<&Value> = conversations
        .iter()
        .filter_map(|c| c["conversation_parts"]["conversation_parts"].as_array())
        .flatten()
        .collect();
    let said_by = |kind: &str| {
        parts.iter().filter(|part| part["author"]["type"] == kind && says(part)).count()
    };
    let said = ["user", "lead", "admin"].map(said_by);
    assert!(said.iter().all(|count| *count > 2), "{said:?}");
}

#[test]
fn a_living_workspace_changes_what_it_is_asked_to() {
    let invention = Invention { now: NOW, ..Invention::default() };
    let mut sim = Simulator::new(Workspace::invent(&invention), SimSettings::default());
    sim.live(200, NOW + 100);
    let dump: Value = serde_json::from_slice(&sim.dump()).expect("a dump is JSON");
    let touched = |key: &str| {
        list(&dump, key).iter().filter(|object| object["updated_at"] == NOW + 100).count()
    };
    assert!(sim.workspace().n_contacts() > 200);
    assert!(touched("contacts") > 50 && touched("conversations") > 20);
}
