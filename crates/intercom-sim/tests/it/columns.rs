//! A search over the columns of all rows finds what a look at each row finds, whatever changed in
//! between.
//!
//! A query that names ids is answered from those rows themselves. So each query is asked twice:
//! plainly, and for the ids of the workspace in groups, and both must agree, in order and number.

use std::sync::LazyLock;

use intercom_api::Method;
use intercom_sim::Simulator;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{NOW, delete, get, ids, post, request, simulator};

/// More rows of each kind than are looked at one by one, and none of them looked at so far.
static FRESH: LazyLock<Simulator> = LazyLock::new(|| simulator(560, 600));

const DAY: i64 = 86_400;

/// What is searched.
struct Kind {
    path: &'static str,
    is_of_contacts: bool,
    orders: &'static [&'static str],
    comparisons: Vec<Value>,
}

fn is(field: &str, operator: &str, value: &Value) -> Value {
    json!({"field": field, "operator": operator, "value": value})
}

fn contacts(sim: &mut Simulator) -> Kind {
    let mut comparisons = vec![
        is("role", "=", &json!("user")),
        is("role", "!=", &json!("user")),
        is("name", "~", &json!("an")),
        is("name", "=", &Value::Null),
        is("email", "~", &json!("er.")),
        is("email", "!=", &Value::Null),
        is("email", "$", &json!("EXAMPLE.ORG")),
        is("email_domain", "=", &json!("member.example")),
        is("owner_id", "=", &json!("814863")),
        is("external_id", "IN", &json!(["ext-3", "ext-300", "ext-none"])),
        is("external_id", "!=", &json!("ext-3")),
        is("tag_id", "=", &json!("7003")),
        is("tag_id", "!=", &json!("7003")),
        is("phone", "^", &json!("+15551")),
        is("phone", "=", &json!("+15550000000")),
        is("phone", "NIN", &json!(["+15550000000", "+15550000001"])),
        is("last_seen_at", ">", &json!(NOW - 20 * DAY)),
        is("signed_up_at", "<", &json!(NOW - 500 * DAY)),
        is("created_at", "<", &json!(NOW - 90 * DAY)),
        is("updated_at", ">", &json!(NOW - 60 * DAY)),
        is("location.city", "IN", &json!(["Oslo", "Lagos", "Dublin"])),
        is("browser", "NIN", &json!(["chrome", "edge"])),
        is("unsubscribed_from_emails", "=", &json!(true)),
        is("custom_attributes.plan_type", "=", &json!("team")),
        is("custom_attributes.plan_type", "!=", &json!("team")),
        is("custom_attributes.storage_percent", ">", &json!(60)),
        is("custom_attributes.storage_used_mb", "<=", &json!(400)),
        is("custom_attributes.stripe_id", "!=", &Value::Null),
        is("custom_attributes.stripe_id", "$", &json!("7")),
        is("custom_attributes.last_active_date", "^", &json!("2025-11")),
        is("custom_attributes.integrations_enabled", "~", &json!("slack")),
        is("custom_attributes.Registration Date", ">", &json!(NOW - 300 * DAY)),
    ];
    let (_, segments) = get(sim, "/segments");
    for id in ids(&segments, "segments") {
        comparisons.push(is("segment_id", "=", &json!(id)));
        comparisons.push(is("segment_id", "!=", &json!(id)));
    }
    let orders = &["created_at", "updated_at", "last_seen_at", "name", "email", "role"];
    Kind { path: "/contacts/search", is_of_contacts: true, orders, comparisons }
}

fn conversations(sim: &mut Simulator) -> Kind {
    let talkative: Vec<String> =
        sim.workspace().contact_ids().step_by(7).take(40).map(str::to_owned).collect();
    let comparisons = vec![
        is("state", "=", &json!("open")),
        is("state", "!=", &json!("closed")),
        is("open", "=", &json!(true)),
        is("read", "=", &json!(false)),
        is("admin_assignee_id", "=", &json!(814_863)),
        is("admin_assignee_id", "!=", &json!(814_863)),
        is("team_assignee_id", "IN", &json!([2_101, 2_102])),
        is("teammate_ids", "=", &json!("814865")),
        is("tag_ids", "=", &json!("7003")),
        is("contact_ids", "IN", &json!(talkative)),
        is("contact_ids", "NIN", &json!(talkative)),
        is("priority", "=", &json!("priority")),
        is("waiting_since", ">", &json!(NOW - 5 * DAY)),
        is("snoozed_until", "<", &json!(NOW + 3 * DAY)),
        is("created_at", ">", &json!(NOW - 100 * DAY)),
        is("updated_at", "<", &json!(NOW - DAY)),
        is("source.type", "=", &json!("email")),
        is("source.body", "~", &json!("cancel")),
        is("source.author.email", "~", &json!("example.org")),
        is("source.author.name", "!=", &Value::Null),
        is("conversation_rating.score", "<", &json!(3)),
        is("statistics.time_to_admin_reply", ">", &json!(30_000)),
        is("statistics.last_close_at", ">", &json!(NOW - 30 * DAY)),
        is("statistics.count_reopens", "=", &json!(1)),
    ];
    let orders =
        &["updated_at", "created_at", "waiting_since", "statistics.time_to_admin_reply", "state"];
    Kind { path: "/conversations/search", is_of_contacts: false, orders, comparisons }
}

/// What is read of a page.
#[derive(Deserialize)]
struct Page {
    #[serde(alias = "conversations")]
    data: Vec<Entry>,
    total_count: u64,
    pages: Pages,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    starting_after: String,
}

/// All ids that a search finds, page by page; the count must stay the same.
fn walk(sim: &mut Simulator, kind: &Kind, query: &Value, sort: &Value, length: u64) -> Vec<String> {
    let mut body = json!({"query": query, "sort": sort, "pagination": {"per_page": length}});
    let (mut found, mut totals) = (Vec::new(), Vec::new());
    loop {
        let answer = sim.handle(&request(Method::Post, kind.path, Some(&body)), NOW);
        assert_eq!(answer.status, 200, "{query}");
        let page: Page = serde_json::from_slice(&answer.body).expect("a page of ids");
        found.extend(page.data.into_iter().map(|entry| entry.id));
        totals.push(page.total_count);
        match page.pages.next {
            Some(next) => body["pagination"]["starting_after"] = next.starting_after.into(),
            None => break,
        }
    }
    let n_found = u64::try_from(found.len()).expect("it fits");
    assert!(totals.iter().all(|total| *total == n_found), "{query}: {totals:?}, not {n_found:?}");
    found
}

fn agree(sim: &mut Simulator, kind: &Kind, query: &Value, sort: &Value, length: u64) {
    let found = walk(sim, kind, query, sort, length);
    let known: Vec<String> = match kind.is_of_contacts {
        true => sim.workspace().contact_ids().map(str::to_owned).collect(),
        false => sim.workspace().conversation_ids().map(str::to_owned).collect(),
    };
    let mut n_expected = 0;
    for group in known.chunks(400) {
        let one_by_one =
            json!({"operator": "AND", "value": [is("id", "IN", &json!(group)), query]});
        let expected = walk(sim, kind, &one_by_one, sort, 150);
        let own: Vec<_> = found.iter().filter(|id| group.contains(id)).collect();
        assert!(own.iter().copied().eq(&expected), "{query} by {sort}: {own:?}, not {expected:?}");
        n_expected += expected.len();
    }
    assert_eq!(found.len(), n_expected, "{query} finds what is not listed");
}

/// Changes that searches must follow.
fn change(sim: &mut Simulator, kind: u8, place: usize) {
    let known: Vec<String> = sim.workspace().contact_ids().map(str::to_owned).collect();
    let (one, other) = (&known[place % known.len()], &known[(place * 31 + 1) % known.len()]);
    let workspace = sim.workspace_mut();
    match kind {
        0 => sim.live(25, NOW),
        1 => {
            let patch = json!({
                "role": "lead", "owner_id": 814_863, "name": "Somebody Else", "phone": null,
                "updated_at": NOW - 70 * DAY, "last_seen_at": NOW - 90 * DAY,
                "custom_attributes": {"plan_type": 7, "storage_percent": "full", "Employer": null},
            });
            workspace.update_contact(one, patch, NOW).expect("the patch fits");
        }
        2 => workspace.delete_contact(one).expect("it is there"),
        3 => workspace.merge_contacts(one, other, NOW).expect("both are there"),
        4 => assert_eq!(post(sim, &format!("/contacts/{one}/archive"), &json!({})).0, 200),
        5 => {
            let first = sim.workspace().conversation_ids().nth(place % 600).map(str::to_owned);
            let id = first.expect("there are more");
            let patch = json!({
                "state": "snoozed", "snoozed_until": NOW + DAY, "admin_assignee_id": 814_863,
                "contacts": {"contacts": [{"id": one}, {"id": other}]}, "priority": "priority",
            });
            sim.workspace_mut().update_conversation(&id, patch, NOW).expect("the patch fits");
        }
        6 => {
            let fields = json!({"role": "user", "email": format!("new-{place}@example.org")});
            workspace.create_contact(fields, NOW).expect("the fields fit");
        }
        _ => {
            let id = 7_001 + place % 14;
            delete(sim, &format!("/tags/{id}"));
        }
    }
}

/// One comparison, or a few that are joined.
fn query(kind: &Kind, places: &[prop::sample::Index], joined_by: Option<&str>) -> Value {
    let mut leaves: Vec<Value> =
        places.iter().map(|place| place.get(&kind.comparisons).clone()).collect();
    match joined_by {
        None => leaves.swap_remove(0),
        Some(operator) => json!({"operator": operator, "value": leaves}),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn columns_and_rows_agree_whatever_changes(
        steps in prop::collection::vec(
            (
                prop::collection::vec(any::<prop::sample::Index>(), 1..4),
                prop::sample::select(vec![None, Some("AND"), Some("OR")]),
                any::<prop::sample::Index>(),
                any::<bool>(),
                70_u64..150,
                prop::collection::vec((0_u8..8, 0_usize..5_000), 0..4),
            ),
            1..3,
        ),
    ) {
        let mut sim = FRESH.clone();
        let kinds = [contacts(&mut sim), conversations(&mut sim)];
        for (places, joined_by, order, is_ascending, length, changes) in steps {
            for kind in &kinds {
                let query = query(kind, &places, joined_by);
                let order_name = if is_ascending { "ascending" } else { "descending" };
                let sort = json!({"field": order.get(kind.orders), "order": order_name});
                agree(&mut sim, kind, &query, &sort, length);
                // What was found is remembered, and follows what changes.
                changes.iter().for_each(|(change_kind, place)| change(&mut sim, *change_kind, *place));
                agree(&mut sim, kind, &query, &sort, length);
            }
        }
    }
}

#[test]
fn every_comparison_agrees_with_the_rows_in_both_directions() {
    let mut sim = FRESH.clone();
    for kind in [contacts(&mut sim), conversations(&mut sim)] {
        for (number, comparison) in kind.comparisons.iter().enumerate() {
            let order = kind.orders[number % kind.orders.len()];
            let direction = if number.is_multiple_of(2) { "ascending" } else { "descending" };
            agree(&mut sim, &kind, comparison, &json!({"field": order, "order": direction}), 120);
        }
    }
}
