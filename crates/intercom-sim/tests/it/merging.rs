//! Contacts that conflict, come back, are merged or blocked.

use intercom_api::{ApiError, ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, delete, get, ids, post, put, request, send_in, simulator};

fn create(sim: &mut Simulator, fields: &Value) -> String {
    let (status, body) = post(sim, "/contacts", fields);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

/// A lead and a user with the same e-mail.
fn twins(sim: &mut Simulator) -> (String, String) {
    let lead = create(sim, &json!({"role": "lead", "email": "Twin@example.com"}));
    let user = create(sim, &json!({"email": "twin@example.com", "external_id": "u1"}));
    (lead, user)
}

fn merge(sim: &mut Simulator, version: ApiVersion, body: &Value) -> (u16, Value) {
    send_in(sim, version, Method::Post, "/contacts/merge", Some(body))
}

#[test]
fn an_archived_twin_is_named_by_the_conflict_and_can_be_unarchived() {
    let mut sim = simulator(0, 0);
    let fields = json!({"email": "a@example.com", "external_id": "e1"});
    let id = create(&mut sim, &fields);
    assert_eq!(post(&mut sim, &format!("/contacts/{id}/archive"), &json!({})).0, 200);
    let again = sim.handle(&request(Method::Post, "/contacts", Some(&fields)), NOW);
    let conflict = ApiError::from_response(&again).conflict().expect("the contact in the way");
    assert_eq!((conflict.existing.as_str(), conflict.is_archived), (&*id, true));
    assert_eq!(put(&mut sim, &format!("/contacts/{id}"), &json!({"name": "x"})).0, 404);
    assert_eq!(post(&mut sim, &format!("/contacts/{id}/unarchive"), &json!({})).0, 200);
    assert_eq!(put(&mut sim, &format!("/contacts/{id}"), &json!({"name": "x"})).0, 200);
    let again = sim.handle(&request(Method::Post, "/contacts", Some(&fields)), NOW);
    let conflict = ApiError::from_response(&again).conflict().expect("the contact in the way");
    assert_eq!((conflict.existing.as_str(), conflict.is_archived), (&*id, false));
}

#[test]
fn a_deleted_contact_cannot_be_unarchived() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    assert_eq!(delete(&mut sim, &format!("/contacts/{id}")).0, 200);
    assert_eq!(post(&mut sim, &format!("/contacts/{id}/unarchive"), &json!({})).0, 404);
    assert_eq!(delete(&mut sim, &format!("/contacts/{id}")).0, 404);
}

#[test]
fn only_a_lead_is_merged_and_only_into_a_user() {
    let mut sim = simulator(0, 0);
    let (lead, user) = twins(&mut sim);
    let other = create(&mut sim, &json!({"email": "other@example.com"}));
    for version in [ApiVersion::V2_7, ApiVersion::V2_15, ApiVersion::V2_16] {
        for (body, expected) in [
            (json!({"from": user, "into": lead}), (400, "invalid_merge")),
            (json!({"from": user, "into": other}), (400, "invalid_merge")),
            (json!({"from": lead, "into": lead}), (400, "invalid_merge")),
            (json!({"from": "none", "into": user}), (404, "not_found")),
            (json!({"from": lead, "into": "none"}), (404, "not_found")),
            (json!({"from": lead}), (400, "parameter_not_found")),
            (json!({}), (400, "parameter_not_found")),
        ] {
            let (status, answer) = merge(&mut sim, version, &body);
            assert_eq!((status, code(&answer)), expected, "{version} {body}");
        }
    }
    assert_eq!(sim.workspace().n_contacts(), 3);
}

#[test]
fn since_2_16_contacts_that_share_nothing_are_merged_on_demand_only() {
    let mut sim = simulator(0, 0);
    let lead = create(&mut sim, &json!({"role": "lead", "phone": "+15550100"}));
    let user = create(&mut sim, &json!({"email": "a@example.com"}));
    let mut body = json!({"from": lead, "into": user});
    let (status, answer) = merge(&mut sim, ApiVersion::V2_16, &body);
    assert_eq!((status, code(&answer)), (400, "invalid_merge"));
    body["skip_duplicate_validation"] = true.into();
    let (status, answer) = merge(&mut sim, ApiVersion::V2_16, &body);
    assert_eq!((status, &answer["id"], &answer["phone"]), (200, &json!(user), &json!("+15550100")));

    let caller = create(&mut sim, &json!({"role": "lead", "phone": "+15550100"}));
    let body = json!({"from": caller, "into": user});
    assert_eq!(merge(&mut sim, ApiVersion::V2_16, &body).0, 200, "they share their phone");
    let stranger = create(&mut sim, &json!({"role": "lead", "email": "b@example.com"}));
    let body = json!({"from": stranger, "into": user});
    assert_eq!(merge(&mut sim, ApiVersion::V2_15, &body).0, 200, "nobody checks before");
}

#[test]
fn a_merged_contact_is_not_found_until_2_15_and_gone_with_a_link_since_2_16() {
    let mut sim = simulator(0, 0);
    let lead = json!({"role": "lead", "email": "a@example.com", "external_id": "lead-1"});
    let lead = create(&mut sim, &lead);
    let user = create(&mut sim, &json!({"email": "a@example.com"}));
    assert_eq!(merge(&mut sim, ApiVersion::V2_16, &json!({"from": lead, "into": user})).0, 200);
    for path in [format!("/contacts/{lead}"), "/contacts/find_by_external_id/lead-1".to_owned()] {
        let mut show = request(Method::Get, &path, None);
        for version in ApiVersion::ALL.into_iter().filter(|v| *v >= ApiVersion::V2_7) {
            show.version = version;
            let response = sim.handle(&show, NOW);
            let error = ApiError::from_response(&response);
            let survivor = error.surviving_contact();
            if version < ApiVersion::V2_16 {
                assert_eq!((response.status, response.headers.get("Link")), (404, None));
                assert_eq!(survivor, None, "{version}");
            } else {
                assert_eq!(response.status, 410, "{version}");
                let link = format!("</contacts/{user}>; rel=\"canonical\"");
                assert_eq!(response.headers.get("Link"), Some(&*link));
                assert_eq!(survivor.expect("a contact").as_str(), user);
                let body: Value = serde_json::from_slice(&response.body).expect("JSON");
                assert_eq!(code(&body), "contact_merged");
            }
        }
    }
    // What else names the contact does not find it, whatever the version.
    assert_eq!(put(&mut sim, &format!("/contacts/{lead}"), &json!({"name": "x"})).0, 404);
    // When the contact that remained is deleted, nothing is left to lead to.
    assert_eq!(delete(&mut sim, &format!("/contacts/{user}")).0, 200);
    assert_eq!(get(&mut sim, &format!("/contacts/{lead}")).0, 404);
}

#[test]
fn merged_and_archived_contacts_leave_lists_and_searches() {
    let mut sim = simulator(0, 0);
    let (lead, user) = twins(&mut sim);
    let archived = create(&mut sim, &json!({"email": "c@example.com"}));
    assert_eq!(merge(&mut sim, ApiVersion::V2_16, &json!({"from": lead, "into": user})).0, 200);
    assert_eq!(post(&mut sim, &format!("/contacts/{archived}/archive"), &json!({})).0, 200);
    assert_eq!(ids(&get(&mut sim, "/contacts").1, "data"), [user.as_str()]);
    for query in [
        json!({"field": "updated_at", "operator": "=", "value": NOW}),
        json!({"field": "id", "operator": "IN", "value": [lead, user, archived]}),
        json!({"field": "email", "operator": "=", "value": "twin@example.com"}),
    ] {
        let (_, found) = post(&mut sim, "/contacts/search", &json!({"query": query}));
        assert_eq!(ids(&found, "data"), [user.as_str()], "{query}");
    }
}

#[test]
fn the_remaining_contact_takes_over_what_hung_on_the_other() {
    let mut sim = simulator(0, 0);
    let (lead, user) = twins(&mut sim);
    let attributes = |pairs: Value| json!({"custom_attributes": pairs});
    let of_lead = attributes(json!({"Engagement Status": "Cold", "Last Coaching Session": 5}));
    put(&mut sim, &format!("/contacts/{lead}"), &of_lead);
    let of_user = attributes(json!({"Engagement Status": "Warm"}));
    put(&mut sim, &format!("/contacts/{user}"), &of_user);
    let (_, tag) = post(&mut sim, "/tags", &json!({"name": "From lead", "users": [{"id": lead}]}));
    let (_, company) = post(&mut sim, "/companies", &json!({"company_id": "c1", "name": "Acme"}));
    let member = json!({"id": company["id"]});
    assert_eq!(post(&mut sim, &format!("/contacts/{lead}/companies"), &member).0, 200);
    assert_eq!(post(&mut sim, &format!("/contacts/{lead}/notes"), &json!({"body": "hi"})).0, 200);
    let event = json!({"event_name": "asked", "created_at": NOW, "id": lead});
    assert_eq!(post(&mut sim, "/events", &event).0, 202);
    let message = json!({"from": {"type": "lead", "id": lead}, "body": "Hello"});
    let (_, message) = post(&mut sim, "/conversations", &message);
    let conversation = message["conversation_id"].as_str().expect("an id").to_owned();

    let (status, merged) = merge(&mut sim, ApiVersion::V2_16, &json!({"from": lead, "into": user}));
    assert_eq!(status, 200);
    let kept = &merged["custom_attributes"];
    assert_eq!(kept, &json!({"Engagement Status": "Warm", "Last Coaching Session": 5}));
    assert_eq!(ids(&merged["tags"], "data"), [tag["id"].as_str().expect("an id")]);
    assert_eq!(ids(&merged["companies"], "data"), [company["id"].as_str().expect("an id")]);
    assert_eq!(merged["notes"]["total_count"], 1);
    let (_, events) = get(&mut sim, "/events?type=user&user_id=u1");
    assert_eq!(events["events"][0]["event_name"], "asked");
    let (_, shown) = get(&mut sim, &format!("/conversations/{conversation}"));
    assert_eq!(shown["contacts"]["contacts"][0]["id"], *user);
    for (contact, n_found) in [(&user, 1), (&lead, 0)] {
        let query = json!({"field": "contact_ids", "operator": "=", "value": contact});
        let (_, found) = post(&mut sim, "/conversations/search", &json!({"query": query}));
        assert_eq!(found["total_count"], n_found);
    }
}

#[test]
fn a_user_tells_what_was_merged_into_it_since_2_16() {
    let mut sim = simulator(0, 0);
    let user = create(&mut sim, &json!({"email": "a@example.com"}));
    let mut leads = Vec::new();
    for _ in 0..3 {
        let lead = create(&mut sim, &json!({"role": "lead", "email": "a@example.com"}));
        let body = json!({"from": lead, "into": user});
        let target = "/contacts/merge?include_merge_history=true";
        let (_, merged) = post(&mut sim, target, &body);
        leads.push(lead);
        assert_eq!(merged["merge_history"].as_array().map(Vec::len), Some(leads.len()));
    }
    let path = format!("/contacts/{user}/merge_history");
    let (_, first) = get(&mut sim, &format!("{path}?per_page=2"));
    assert_eq!(
        (first["data"].as_array().map(Vec::len), &first["has_more"]),
        (Some(2), &json!(true))
    );
    assert_eq!(first["data"][0]["source_contact_role"], "lead");
    assert_eq!(first["data"][0]["merged_at"], NOW);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let (_, rest) = get(&mut sim, &format!("{path}?per_page=2&cursor={cursor}"));
    assert_eq!(
        (rest["data"].as_array().map(Vec::len), &rest["has_more"]),
        (Some(1), &json!(false))
    );
    assert_eq!(get(&mut sim, &format!("{path}?cursor=x")).0, 400);
    let (status, answer) = send_in(&mut sim, ApiVersion::V2_15, Method::Get, &path, None);
    assert_eq!((status, code(&answer)), (400, "intercom_version_invalid"));
    let lead = create(&mut sim, &json!({"role": "lead"}));
    assert_eq!(get(&mut sim, &format!("/contacts/{lead}/merge_history")).0, 404);
}

#[test]
fn blocking_a_contact_archives_its_conversations() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    let message = json!({"from": {"type": "user", "id": id}, "body": "Spam"});
    assert_eq!(post(&mut sim, "/conversations", &message).0, 200);
    assert_eq!(get(&mut sim, "/conversations").1["total_count"], 1);
    let path = format!("/contacts/{id}/block");
    let (status, answer) = send_in(&mut sim, ApiVersion::V2_12, Method::Post, &path, None);
    assert_eq!((status, code(&answer)), (400, "intercom_version_invalid"));
    let (status, answer) = post(&mut sim, &path, &json!({}));
    assert_eq!((status, &answer["blocked"]), (200, &json!(true)));
    assert_eq!(get(&mut sim, "/conversations").1["total_count"], 0);
    let query = json!({"field": "contact_ids", "operator": "=", "value": id});
    let (_, found) = post(&mut sim, "/conversations/search", &json!({"query": query}));
    assert_eq!(found["total_count"], 0);
}
