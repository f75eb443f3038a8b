//! Contacts and what hangs on them.

use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, delete, get, ids, post, put, simulator};

fn create(sim: &mut Simulator, fields: &Value) -> String {
    let (status, body) = post(sim, "/contacts", fields);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_new_contact_has_every_field() {
    let mut sim = simulator(0, 0);
    let id = create(
        &mut sim,
        &json!({"email": "Ada@example.com", "name": "Ada <b>", "owner_id": 814860}),
    );
    let (_, body) = get(&mut sim, &format!("/contacts/{id}"));
    let text = serde_json::to_string_pretty(&body).expect("JSON").replace(&id, "[id]");
    insta::assert_snapshot!(text);
}

#[test]
fn a_second_user_with_the_same_details_is_a_conflict_that_names_the_first() {
    let mut sim = simulator(0, 0);
    let first = create(&mut sim, &json!({"email": "a@example.com", "external_id": "e1"}));
    for fields in [
        json!({"email": "A@EXAMPLE.COM"}),
        json!({"external_id": "e1"}),
        json!({"role": "lead", "external_id": "e1"}),
    ] {
        let (status, body) = post(&mut sim, "/contacts", &fields);
        assert_eq!((status, code(&body)), (409, "conflict"), "{fields}");
        let message = body["errors"][0]["message"].as_str().expect("a message");
        assert_eq!(
            message,
            format!("A contact matching those details already exists with id={first}")
        );
    }
    // Leads may share an e-mail, and a contact does not conflict with itself.
    let lead = create(&mut sim, &json!({"role": "lead", "email": "a@example.com"}));
    let path = format!("/contacts/{first}");
    assert_eq!(put(&mut sim, &path, &json!({"email": "a@example.com"})).0, 200);
    assert_eq!(put(&mut sim, &format!("/contacts/{lead}"), &json!({"external_id": "e1"})).0, 409);

    assert_eq!(post(&mut sim, &format!("{path}/archive"), &json!({})).0, 200);
    let (status, body) = post(&mut sim, "/contacts", &json!({"external_id": "e1"}));
    assert_eq!(status, 409);
    let message = body["errors"][0]["message"].as_str().expect("a message");
    assert!(message.starts_with("An archived contact") && message.ends_with(&first), "{message}");
}

#[test]
fn archived_and_deleted_contacts_are_gone() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com", "external_id": "e1"}));
    let path = format!("/contacts/{id}");
    let query = json!({"query": {"field": "external_id", "operator": "=", "value": "e1"}});
    let (status, body) = post(&mut sim, &format!("{path}/archive"), &json!({}));
    assert_eq!((status, &body["archived"]), (200, &json!(true)));
    assert_eq!(get(&mut sim, &path).0, 404);
    assert_eq!(get(&mut sim, "/contacts/find_by_external_id/e1").0, 404);
    assert_eq!(post(&mut sim, "/contacts/search", &query).1["total_count"], 0);
    assert_eq!(get(&mut sim, "/contacts").1["total_count"], 0);

    let (status, body) = post(&mut sim, &format!("{path}/unarchive"), &json!({}));
    assert_eq!((status, &body["archived"]), (200, &json!(false)));
    assert_eq!(get(&mut sim, &path).0, 200);
    assert_eq!(get(&mut sim, "/contacts/find_by_external_id/e1").1["id"], *id);
    assert_eq!(post(&mut sim, "/contacts/search", &query).1["total_count"], 1);

    let (status, body) = delete(&mut sim, &path);
    assert_eq!((status, &body["deleted"]), (200, &json!(true)));
    let (status, body) = get(&mut sim, &path);
    assert_eq!((status, code(&body)), (404, "not_found"));
    assert_eq!(body["errors"][0]["message"], "User Not Found");
    create(&mut sim, &json!({"email": "a@example.com", "external_id": "e1"}));
}

#[test]
fn updates_merge_attributes_and_refuse_unknown_ones() {
    let mut sim = simulator(1, 0);
    let id = sim.workspace().contact_ids().next().expect("one contact").to_owned();
    let path = format!("/contacts/{id}");
    let attributes = |attributes: Value| json!({"custom_attributes": attributes});
    let session = attributes(json!({"Last Coaching Session": NOW, "Engagement Status": "Engaged"}));
    let (status, body) = put(&mut sim, &path, &session);
    assert_eq!(status, 200);
    assert_eq!(body["custom_attributes"]["Last Coaching Session"], NOW);
    assert_eq!(body["updated_at"], NOW);
    let (_, body) = put(&mut sim, &path, &attributes(json!({"Employer": "Acme"})));
    assert_eq!(body["custom_attributes"]["Engagement Status"], "Engaged");
    assert_eq!(body["custom_attributes"]["Employer"], "Acme");
    for refused in [
        json!({"nobody_defined_this": 1}),
        json!({"Last Coaching Session": "soon"}),
        json!({"stripe_delinquent": "maybe"}),
        json!({"Employer": {"name": "Acme"}}),
        json!({"integrations_enabled": [{"name": "slack"}]}),
        json!([1]),
    ] {
        let (status, body) = put(&mut sim, &path, &attributes(refused.clone()));
        assert_eq!((status, code(&body)), (400, "parameter_invalid"), "{refused}");
    }
    let (_, body) = put(&mut sim, &path, &json!({"id": "other", "updated_at": 1, "unheard": true}));
    assert_eq!(body["id"], *id);
    assert_eq!(body["updated_at"], NOW);
    assert!(body.get("unheard").is_none());
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut sim = simulator(0, 0);
    for (fields, expected) in [
        (json!({}), "parameter_not_found"),
        (json!({"name": "Nobody"}), "parameter_not_found"),
        (json!({"email": "not-an-address"}), "parameter_invalid"),
        (json!({"role": "owner"}), "parameter_invalid"),
        (json!({"email": ["a@example.com"]}), "parameter_invalid"),
        (json!({"role": "user", "signed_up_at": "today"}), "parameter_invalid"),
    ] {
        let (status, body) = post(&mut sim, "/contacts", &fields);
        assert_eq!((status, code(&body)), (400, expected), "{fields}");
    }
    assert_eq!(sim.workspace().n_contacts(), 0);
}

#[test]
fn tags_are_put_on_and_taken_off() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    let path = format!("/contacts/{id}/tags");
    let (status, tag) = post(&mut sim, &path, &json!({"id": "7003"}));
    assert_eq!(
        (status, &tag["name"], &tag["applied_at"]),
        (200, &json!("Newsletter"), &json!(NOW))
    );
    assert_eq!(post(&mut sim, &path, &json!({"id": "7003"})).0, 200);
    assert_eq!(get(&mut sim, &path).1["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(post(&mut sim, &path, &json!({"id": "1"})).0, 404);
    assert_eq!(post(&mut sim, &path, &json!({})).0, 400);
    assert_eq!(delete(&mut sim, &format!("{path}/7003")).0, 200);
    assert_eq!(delete(&mut sim, &format!("{path}/7003")).0, 404);
    assert_eq!(get(&mut sim, "/contacts/nobody/tags").0, 404);
}

#[test]
fn lists_inside_a_contact_show_ten_entries_and_where_the_rest_is() {
    let mut sim = simulator(200, 0);
    let tagged = sim.workspace().contact_ids().nth(10).expect("200 contacts").to_owned();
    let (_, body) = get(&mut sim, &format!("/contacts/{tagged}"));
    let list = &body["tags"];
    assert_eq!(list["data"].as_array().map(Vec::len), Some(10));
    assert_eq!((&list["total_count"], &list["has_more"]), (&json!(14), &json!(true)));
    let url = list["url"].as_str().expect("a url").to_owned();
    assert_eq!(get(&mut sim, &url).1["data"].as_array().map(Vec::len), Some(14));

    let member = sim.workspace().contact_ids().nth(11).expect("200 contacts").to_owned();
    let (_, body) = get(&mut sim, &format!("/contacts/{member}"));
    assert_eq!(body["companies"]["total_count"], 12);
    assert_eq!(body["companies"]["has_more"], true);
    let url = format!("/contacts/{member}/companies?per_page=5");
    let (_, page) = get(&mut sim, &url);
    assert_eq!(page["pages"]["total_pages"], 3);
    let next = page["pages"]["next"].as_str().expect("a url");
    let (_, query) = next.split_once('?').expect("a query");
    let (_, second) = get(&mut sim, &format!("/contacts/{member}/companies?{query}"));
    assert_eq!(ids(&second, "data").len(), 5);
    assert_ne!(ids(&second, "data"), ids(&page, "data"));
}

#[test]
fn notes_are_written_and_read_back() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    let path = format!("/contacts/{id}/notes");
    let (status, note) = post(&mut sim, &path, &json!({"body": "Hello", "admin_id": "814861"}));
    assert_eq!((status, &note["author"]["name"]), (200, &json!("Ben Okafor")));
    let note_id = note["id"].as_str().expect("an id").to_owned();
    assert_eq!(get(&mut sim, &format!("/notes/{note_id}")).1["body"], "Hello");
    assert_eq!(ids(&get(&mut sim, &path).1, "data"), [note_id.as_str()]);
    let (_, contact) = get(&mut sim, &format!("/contacts/{id}"));
    assert_eq!(contact["notes"]["data"][0]["id"], *note_id);
    assert_eq!(post(&mut sim, &path, &json!({"body": ""})).0, 400);
    assert_eq!(post(&mut sim, &path, &json!({"body": "x", "admin_id": "1"})).0, 404);
    assert_eq!(get(&mut sim, "/notes/1").0, 404);
}

#[test]
fn segments_follow_from_rules() {
    let mut sim = simulator(0, 0);
    let fields = json!({"role": "user", "last_seen_at": NOW, "email": "a@example.com"});
    let id = create(&mut sim, &fields);
    let (_, own) = get(&mut sim, &format!("/contacts/{id}/segments"));
    let names: Vec<_> =
        own["data"].as_array().expect("a list").iter().map(|s| s["name"].clone()).collect();
    assert_eq!(names, ["All users", "New", "Active"]);
    let segment = ids(&own, "data").remove(2);
    let query = json!({"query": {"field": "segment_id", "operator": "=", "value": segment}});
    assert_eq!(post(&mut sim, "/contacts/search", &query).1["total_count"], 1);
    assert_eq!(get(&mut sim, &format!("/segments/{segment}")).1["name"], "Active");
    let (_, all) = get(&mut sim, "/segments?include_count=true");
    assert_eq!(all["segments"][2]["count"], 1);
    assert_eq!(get(&mut sim, "/segments/none").0, 404);
}

#[test]
fn a_field_of_another_type_is_refused_by_its_name_and_nothing_is_written() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com", "name": "Ada"}));
    let path = format!("/contacts/{id}");
    for (name, value) in [
        ("name", json!([1])),
        ("phone", json!(true)),
        ("email", json!({"a": 1})),
        ("external_id", json!(false)),
        ("unsubscribed_from_emails", json!("maybe")),
        ("unsubscribed_from_emails", json!(1)),
        ("avatar", json!(5)),
        ("avatar", json!({"image_url": 5})),
        ("language_override", json!({"a": 1})),
        ("last_seen_at", json!("yesterday")),
        ("owner_id", json!("me")),
        ("owner_id", json!(99_999_999)),
        ("role", json!("owner")),
    ] {
        for target in ["/contacts", &*path] {
            let mut fields = json!({"role": "lead"});
            fields[name] = value.clone();
            let (status, body) = match target == path {
                true => put(&mut sim, target, &fields),
                false => post(&mut sim, target, &fields),
            };
            assert_eq!((status, code(&body)), (400, "parameter_invalid"), "{target} {fields}");
            assert_eq!(body["errors"][0]["field"], name, "{target} {fields}");
        }
    }
    assert_eq!(sim.workspace().n_contacts(), 1);
    let (_, body) = get(&mut sim, &path);
    assert_eq!((&body["name"], &body["role"]), (&json!("Ada"), &json!("user")));
}

#[test]
fn numbers_and_flags_may_be_texts_and_null_clears() {
    let mut sim = simulator(0, 0);
    let written = json!({
        "role": "user", "phone": 491_555, "owner_id": "814860", "signed_up_at": "1700000000",
        "unsubscribed_from_emails": "true", "avatar": "https://example.com/a.png", "name": "Ada",
    });
    let path = format!("/contacts/{}", create(&mut sim, &written));
    let (_, body) = get(&mut sim, &path);
    assert_eq!((&body["phone"], &body["owner_id"]), (&json!("491555"), &json!("814860")));
    assert_eq!(body["unsubscribed_from_emails"], true);
    assert_eq!((&body["signed_up_at"], &body["name"]), (&json!(1_700_000_000), &json!("Ada")));
    let avatar = json!({"type": "avatar", "image_url": "https://example.com/a.png"});
    assert_eq!(body["avatar"], avatar);
    assert_eq!(put(&mut sim, &path, &json!({"avatar": avatar})).1["avatar"], avatar);

    let names = ["phone", "owner_id", "signed_up_at", "unsubscribed_from_emails", "avatar", "name"];
    let nulls = names.map(|name| (name.to_owned(), Value::Null));
    let (status, body) = put(&mut sim, &path, &nulls.into_iter().collect());
    assert_eq!((status, &body["unsubscribed_from_emails"]), (200, &json!(false)));
    for name in ["phone", "owner_id", "signed_up_at", "avatar", "name"] {
        assert_eq!(body[name], Value::Null, "{name}");
    }
}

#[test]
fn a_lead_with_the_e_mail_of_a_user_stays_a_lead() {
    let mut sim = simulator(0, 0);
    let user = create(&mut sim, &json!({"email": "a@example.com"}));
    let lead = create(&mut sim, &json!({"role": "lead", "email": "a@example.com"}));
    let path = format!("/contacts/{lead}");
    for fields in [json!({"role": "user"}), json!({"role": "user", "email": "A@example.com"})] {
        let (status, body) = put(&mut sim, &path, &fields);
        assert_eq!((status, code(&body)), (409, "conflict"), "{fields}");
        let message = body["errors"][0]["message"].as_str().expect("a message");
        assert!(message.ends_with(&user), "{message}");
    }
    assert_eq!(get(&mut sim, &path).1["role"], "lead");
    let (status, body) = put(&mut sim, &path, &json!({"role": "user", "email": "b@example.com"}));
    assert_eq!((status, &body["role"]), (200, &json!("user")));
    // The way back is open, and then the address may be shared again.
    let back = json!({"role": "lead", "email": "a@example.com"});
    let (status, body) = put(&mut sim, &path, &back);
    assert_eq!((status, &body["role"]), (200, &json!("lead")));
}
