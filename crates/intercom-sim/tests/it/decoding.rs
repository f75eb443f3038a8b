//! What the simulator answers is read by the types that the descriptions generate.

use intercom_api::registry::OPERATIONS;
use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, get, post, read, request, simulator};

/// Sends a request and reads the answer as the operation's types do.
fn check(
    sim: &mut Simulator,
    version: ApiVersion,
    operation: &str,
    (method, path, body): (Method, &str, Option<&Value>),
) -> Value {
    let mut request = request(method, path, body);
    request.version = version;
    let response = sim.handle(&request, NOW);
    assert_eq!(response.status, 200, "{version} {path}: {}", read(&response).1);
    let mut all = OPERATIONS.iter().filter(|entry| entry.id == operation);
    let decode = all.find_map(|entry| entry.round_trip).expect("a known operation");
    decode(&response).unwrap_or_else(|error| panic!("{version} {path}: {error}"));
    read(&response).1
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

fn versions(since: ApiVersion) -> impl Iterator<Item = ApiVersion> {
    ApiVersion::ALL.into_iter().filter(move |version| *version >= since)
}

#[test]
fn lists_and_searches_decode_in_every_version() {
    let mut sim = simulator(30, 30);
    let everything = json!({"query": {"field": "created_at", "operator": ">", "value": 0}});
    for version in versions(ApiVersion::V2_7) {
        for (operation, path) in [
            ("ListContacts", "/contacts"),
            ("listConversations", "/conversations"),
            ("listAdmins", "/admins"),
            ("listTeams", "/teams"),
            ("listTags", "/tags"),
            ("listSegments", "/segments"),
            ("lisDataAttributes", "/data_attributes"),
        ] {
            check(&mut sim, version, operation, (Method::Get, path, None));
        }
        let body = Some(&everything);
        check(&mut sim, version, "SearchContacts", (Method::Post, "/contacts/search", body));
        let path = "/conversations/search";
        check(&mut sim, version, "searchConversations", (Method::Post, path, body));
        check(&mut sim, version, "listAllCompanies", (Method::Post, "/companies/list", None));
    }
    let preview = ApiVersion::Preview;
    let search = (Method::Post, "/companies/search", Some(&everything));
    check(&mut sim, preview, "searchCompanies", search);
}

#[test]
fn single_objects_and_what_hangs_on_them_decode() {
    let mut sim = simulator(30, 30);
    let version = ApiVersion::V2_16;
    let (_, contacts) = get(&mut sim, "/contacts");
    let contact = format!("/contacts/{}", id(&contacts["data"][0]));
    let (_, conversations) = get(&mut sim, "/conversations");
    let conversation = format!("/conversations/{}", id(&conversations["conversations"][0]));
    let (_, companies) = post(&mut sim, "/companies/list", &json!({}));
    let company = format!("/companies/{}", id(&companies["data"][0]));
    for (operation, path) in [
        ("ShowContact", contact.clone()),
        ("listTagsForAContact", format!("{contact}/tags")),
        ("listNotes", format!("{contact}/notes")),
        ("listCompaniesForAContact", format!("{contact}/companies")),
        ("listSegmentsForAContact", format!("{contact}/segments")),
        ("ListContactMergeHistory", format!("{contact}/merge_history")),
        ("retrieveConversation", conversation),
        ("RetrieveACompanyById", company.clone()),
        ("ListAttachedContacts", format!("{company}/contacts")),
        ("listDeletedConversationIds", "/conversations/deleted".to_owned()),
    ] {
        if operation == "ListContactMergeHistory" && contacts["data"][0]["role"] != "user" {
            continue;
        }
        check(&mut sim, version, operation, (Method::Get, &path, None));
    }
}

#[test]
fn tickets_decode_in_every_version() {
    let mut sim = simulator(1, 0);
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let fields = json!({"ticket_type_id": "501", "contacts": [{"id": contact}]});
    let everything = json!({"query": {"field": "open", "operator": "=", "value": true}});
    for version in versions(ApiVersion::V2_10) {
        let create = (Method::Post, "/tickets", Some(&fields));
        let ticket = check(&mut sim, version, "createTicket", create);
        let path = format!("/tickets/{}", id(&ticket));
        check(&mut sim, version, "getTicket", (Method::Get, &path, None));
        let search = (Method::Post, "/tickets/search", Some(&everything));
        check(&mut sim, version, "searchTickets", search);
        check(&mut sim, version, "listTicketTypes", (Method::Get, "/ticket_types", None));
    }
}

#[test]
fn merges_blocks_and_exports_decode() {
    let mut sim = simulator(0, 0);
    let version = ApiVersion::V2_16;
    let lead = json!({"role": "lead", "email": "a@example.com"});
    let user = json!({"role": "user", "email": "a@example.com"});
    let create = |fields| (Method::Post, "/contacts", Some(fields));
    let lead = check(&mut sim, version, "CreateContact", create(&lead));
    let user = check(&mut sim, version, "CreateContact", create(&user));
    let body = json!({"from": id(&lead), "into": id(&user)});
    let path = "/contacts/merge?include_merge_history=true";
    check(&mut sim, version, "MergeContact", (Method::Post, path, Some(&body)));
    let path = format!("/contacts/{}/merge_history", id(&user));
    check(&mut sim, version, "ListContactMergeHistory", (Method::Get, &path, None));
    for (operation, action) in [
        ("BlockContact", "block"),
        ("ArchiveContact", "archive"),
        ("UnarchiveContact", "unarchive"),
    ] {
        let path = format!("/contacts/{}/{action}", id(&user));
        check(&mut sim, version, operation, (Method::Post, &path, None));
    }
    let span = json!({"created_at_after": NOW - 60, "created_at_before": NOW});
    let export = (Method::Post, "/export/content/data", Some(&span));
    let job = check(&mut sim, version, "createDataExport", export);
    let job = job["job_identifier"].as_str().expect("an id");
    let path = format!("/export/content/data/{job}");
    check(&mut sim, version, "getDataExport", (Method::Get, &path, None));
    let path = format!("/export/cancel/{job}");
    check(&mut sim, version, "cancelDataExport", (Method::Post, &path, None));
}

#[test]
fn conversations_that_contacts_join_and_leave_decode() {
    let mut sim = simulator(2, 1);
    let (_, conversations) = get(&mut sim, "/conversations");
    let conversation = &conversations["conversations"][0];
    let path = format!("/conversations/{}/customers", id(conversation));
    let here = id(&conversation["contacts"]["contacts"][0]);
    let other = sim.workspace().contact_ids().find(|id| *id != here);
    let other = other.expect("another contact").to_owned();
    let body = json!({"customer": {"intercom_user_id": other}});
    let attach = (Method::Post, &*path, Some(&body));
    let version = ApiVersion::V2_16;
    check(&mut sim, version, "attachContactToConversation", attach);
    let (_, me) = get(&mut sim, "/me");
    let body = json!({"admin_id": id(&me)});
    let detach = (Method::Delete, &*format!("{path}/{other}"), Some(&body));
    check(&mut sim, version, "detachContactFromConversation", detach);
}

#[test]
fn feeds_logs_calls_and_reports_decode() {
    let mut sim = simulator(300, 60);
    let (version, preview) = (ApiVersion::V2_16, ApiVersion::Preview);
    let companies = (Method::Post, "/companies/list", None);
    let companies = check(&mut sim, version, "listAllCompanies", companies);
    assert!(companies["pages"]["next"].is_string());
    let fields = json!({"role": "lead", "email": "a@example.com"});
    for _ in 0..2 {
        check(&mut sim, version, "CreateContact", (Method::Post, "/contacts", Some(&fields)));
    }
    let path = "/contacts/activities?per_page=1";
    check(&mut sim, preview, "ListContactActivities", (Method::Get, path, None));
    // The next page is a URL.
    let path = "/admins/activity_logs?created_at_after=0";
    let logs = check(&mut sim, version, "listActivityLogs", (Method::Get, path, None));
    assert!(logs["pages"]["next"].is_string());
    let path = "/admins/activity_log_event_types";
    check(&mut sim, version, "listActivityLogEventTypes", (Method::Get, path, None));
    let body = json!({"created_at_after": 0});
    let search = (Method::Post, "/admins/activity_logs/search", Some(&body));
    check(&mut sim, version, "searchActivityLogs", search);
    let calls = check(&mut sim, version, "listCalls", (Method::Get, "/calls", None));
    let path = format!("/calls/{}", id(&calls["data"][0]));
    check(&mut sim, version, "showCall", (Method::Get, &path, None));
    let body = json!({"conversation_ids": [calls["data"][0]["conversation_id"]]});
    let search = (Method::Post, "/calls/search", Some(&body));
    check(&mut sim, version, "listCallsWithTranscripts", search);
    let path = "/export/reporting_data/get_datasets";
    check(&mut sim, version, "get_export_reporting_data_get_datasets", (Method::Get, path, None));
    let body = json!({
        "dataset_id": "conversation", "attribute_ids": ["conversation_id"], "start_time": 0,
        "end_time": NOW,
    });
    let enqueue = (Method::Post, "/export/reporting_data/enqueue", Some(&body));
    let job = check(&mut sim, version, "post_export_reporting_data_enqueue", enqueue);
    let job = job["job_identifier"].as_str().expect("an id");
    let path = format!("/export/reporting_data/{job}");
    check(&mut sim, version, "get_export_reporting_data", (Method::Get, &path, None));
}

#[test]
fn subscriptions_redactions_and_what_happens_to_tickets_decode() {
    let mut sim = simulator(2, 2);
    let version = ApiVersion::V2_16;
    let (_, contacts) = get(&mut sim, "/contacts");
    let contact = id(&contacts["data"][0]);
    check(&mut sim, version, "listSubscriptionTypes", (Method::Get, "/subscription_types", None));
    let path = format!("/contacts/{contact}/subscriptions");
    let body = json!({"id": "93", "consent_type": "opt_in"});
    let attach = (Method::Post, &*path, Some(&body));
    check(&mut sim, version, "attachSubscriptionTypeToContact", attach);
    check(&mut sim, version, "listSubscriptionsForAContact", (Method::Get, &path, None));
    let detach = format!("{path}/93");
    let detach = (Method::Delete, &*detach, None);
    check(&mut sim, version, "detachSubscriptionTypeToContact", detach);
    let begin = json!({"from": {"type": "user", "id": contact}, "body": "Hi"});
    let (_, message) = post(&mut sim, "/conversations", &begin);
    let body = json!({
        "type": "source", "conversation_id": message["conversation_id"],
        "source_id": message["id"],
    });
    let redact = (Method::Post, "/conversations/redact", Some(&body));
    let conversation = check(&mut sim, version, "redactConversation", redact);
    let create = |kind: &str| json!({"ticket_type_id": kind, "contacts": [{"id": contact}]});
    let enqueue = create("501");
    let enqueue = (Method::Post, "/tickets/enqueue", Some(&enqueue));
    check(&mut sim, version, "enqueueCreateTicket", enqueue);
    let (_, ticket) = post(&mut sim, "/tickets", &create("503"));
    let path = format!("/tickets/{}", id(&ticket));
    let change = json!({"assignee_id": "814860", "ticket_attributes": {"Blocking": true}});
    check(&mut sim, version, "updateTicket", (Method::Put, &path, Some(&change)));
    let body = json!({"type": "admin", "admin_id": "814860", "message_type": "note", "body": "x"});
    let target = format!("{path}/reply");
    check(&mut sim, version, "replyTicket", (Method::Post, &target, Some(&body)));
    let tag = json!({"id": "7003", "admin_id": "814860"});
    let target = format!("{path}/tags");
    check(&mut sim, version, "attachTagToTicket", (Method::Post, &target, Some(&tag)));
    let target = format!("{target}/7003");
    check(&mut sim, version, "detachTagFromTicket", (Method::Delete, &target, Some(&tag)));
    let body = json!({"conversation_id": id(&conversation)});
    let target = format!("{path}/linked_conversations");
    check(&mut sim, version, "linkConversationToTicket", (Method::Post, &target, Some(&body)));
    let target = format!("{target}/{}", id(&conversation));
    check(&mut sim, version, "unlinkConversationFromTicket", (Method::Delete, &target, None));
}
