//! The official table of searchable fields, and the operators of each kind of field.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, post, put, send_in, simulator};

/// A row of the table.
struct Row {
    route: &'static str,
    field: &'static str,
    kind: &'static str,
    from: ApiVersion,
    to: ApiVersion,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("search_fields.tsv").lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [route, field, kind, from, to] = columns[..] else { panic!("{line}") };
        let version = |text: &str| text.parse().expect("a version");
        Row { route, field, kind, from: version(from), to: version(to) }
    });
    rows.collect()
}

fn versions() -> impl Iterator<Item = ApiVersion> {
    ApiVersion::ALL.into_iter().filter(|version| *version >= ApiVersion::V2_7)
}

/// The status and code of a search with one filter.
fn ask(
    sim: &mut Simulator,
    version: ApiVersion,
    route: &str,
    (field, operator, value): (&str, &str, &Value),
) -> (u16, String) {
    let body = json!({"query": {"field": field, "operator": operator, "value": value}});
    let (status, answer) = send_in(sim, version, Method::Post, route, Some(&body));
    (status, code(&answer).to_owned())
}

fn value(kind: &str) -> Value {
    match kind {
        "String" => json!("x"),
        "Integer" => json!(7),
        "Boolean" => json!(true),
        "Date" => json!(NOW),
        _ => panic!("{kind} is no kind"),
    }
}

#[test]
fn every_listed_field_is_searchable_in_its_versions_and_no_other() {
    let rows = rows();
    assert_eq!(rows.len(), 126, "the table is complete");
    let mut sim = simulator(3, 3);
    for version in versions() {
        for row in &rows {
            let here = |other: &&Row| {
                (other.from..=other.to).contains(&version)
                    && (other.route, other.field) == (row.route, row.field)
            };
            let has_route = match row.route {
                "/companies/search" => version == ApiVersion::Preview,
                "/tickets/search" => version >= ApiVersion::V2_10,
                _ => true,
            };
            let holds = rows.iter().find(here).map_or("String", |row| row.kind);
            let found = ask(&mut sim, version, row.route, (row.field, "=", &value(holds)));
            let expected = match (has_route, rows.iter().any(|other| here(&other))) {
                (false, _) => (400, "intercom_version_invalid"),
                (true, false) => (400, "invalid_field"),
                (true, true) => (200, ""),
            };
            assert_eq!((found.0, &*found.1), expected, "{version} {} {}", row.route, row.field);
        }
    }
}

/// Whether an operator can be used with a kind of field.
fn takes(route: &str, version: ApiVersion, field: &str, kind: &str, operator: &str) -> bool {
    let is_preview = version == ApiVersion::Preview;
    let is_inbox = matches!(route, "/conversations/search" | "/tickets/search");
    let is_date = kind == "Date";
    let is_tag = field == "tag_id";
    match operator {
        "=" => true,
        "!=" => !(is_date && route == "/contacts/search"),
        "IN" | "NIN" => is_inbox || !(is_date || is_tag),
        ">" | "<" => is_date || kind == "Integer",
        ">=" | "<=" => match route {
            "/companies/search" => false,
            "/contacts/search" => kind == "Integer" || (is_date && is_preview),
            _ => is_date || kind == "Integer",
        },
        _ => kind == "String" && !is_tag,
    }
}

#[test]
fn every_operator_takes_the_kinds_that_the_table_gives_it() {
    const OPERATORS: [&str; 12] =
        ["=", "!=", "IN", "NIN", ">", "<", ">=", "<=", "~", "!~", "^", "$"];
    let mut sim = simulator(3, 3);
    for version in [ApiVersion::V2_10, ApiVersion::V2_16, ApiVersion::Preview] {
        for row in rows().iter().filter(|row| (row.from..=row.to).contains(&version)) {
            for operator in OPERATORS {
                let one = value(row.kind);
                let given = if operator.contains("IN") { json!([one]) } else { one };
                let found = ask(&mut sim, version, row.route, (row.field, operator, &given));
                let expected = match takes(row.route, version, row.field, row.kind, operator) {
                    true => (200, ""),
                    false => (400, "parameter_invalid"),
                };
                let case = format!("{version} {} {} {operator}", row.route, row.field);
                assert_eq!((found.0, &*found.1), expected, "{case}");
            }
        }
    }
}

#[test]
fn a_value_of_another_type_is_refused() {
    let mut sim = simulator(3, 3);
    for row in rows().iter().filter(|row| row.to == ApiVersion::Preview) {
        let wrong = match row.kind {
            "String" => json!(true),
            _ => json!("neither"),
        };
        for wrong in [wrong, json!({"a": 1}), json!([1])] {
            let found = ask(&mut sim, ApiVersion::Preview, row.route, (row.field, "=", &wrong));
            let expected = (400, "parameter_invalid".to_owned());
            assert_eq!(found, expected, "{} {} {wrong}", row.route, row.field);
        }
    }
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let mut sim = simulator(30, 30);
    let mut cursors = Vec::new();
    let query = json!({"field": "created_at", "operator": ">", "value": 0});
    let routes = ["/contacts/search", "/conversations/search"];
    for route in routes {
        let body = json!({"query": query, "pagination": {"per_page": 5}});
        let (_, page) = post(&mut sim, route, &body);
        cursors.push(page["pages"]["next"]["starting_after"].clone());
    }
    for (own, route) in routes.into_iter().enumerate() {
        for (number, cursor) in cursors.iter().enumerate() {
            let body = json!({"query": query, "pagination": {"starting_after": cursor}});
            let (status, answer) = post(&mut sim, route, &body);
            let expected = if own == number { (200, "") } else { (400, "client_error") };
            assert_eq!((status, code(&answer)), expected, "{route}");
        }
    }
    let foreign = cursors[1].as_str().expect("a cursor");
    let target = format!("/contacts?starting_after={foreign}");
    assert_eq!(get(&mut sim, &target).0, 400);
}

/// A ticket about a contact that exists.
fn create_ticket(sim: &mut Simulator, attributes: &Value) -> Value {
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let body = json!({
        "ticket_type_id": "501", "contacts": [{"id": contact}], "ticket_attributes": attributes,
    });
    let (status, ticket) = post(sim, "/tickets", &body);
    assert_eq!(status, 200, "{ticket}");
    ticket
}

#[test]
fn tickets_are_found_by_fields_and_by_attributes_of_their_type() {
    let mut sim = simulator(2, 0);
    let noticed = json!({
        "_default_title_": "Export hangs", "_default_description_": "Since noon",
        "Affected people": 12, "Hours lost": 2.5, "Blocking": true, "Noticed at": NOW - 60,
    });
    let ticket = create_ticket(&mut sim, &noticed);
    create_ticket(&mut sim, &json!({"_default_title_": "Other"}));
    let (_, types) = get(&mut sim, "/ticket_types");
    let kind = types["data"][0].clone();
    assert_eq!(ticket["ticket_type"]["id"], kind["id"]);
    let attributes = kind["ticket_type_attributes"]["data"].as_array().expect("a list").clone();
    let attribute = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute["name"] == name);
        format!("ticket_attribute.{}", found.expect("it is defined")["id"].as_str().expect("an id"))
    };
    for (field, operator, value, n_found) in [
        ("title".to_owned(), "~", json!("export"), 1),
        ("description".to_owned(), "=", json!("Since noon"), 1),
        ("category".to_owned(), "=", json!("request"), 2),
        ("category".to_owned(), "=", json!("task"), 0),
        ("ticket_type_id".to_owned(), "=", json!("501"), 2),
        ("state".to_owned(), "=", json!("submitted"), 2),
        ("open".to_owned(), "=", json!(false), 0),
        ("created_at".to_owned(), ">=", json!(NOW), 2),
        ("updated_at".to_owned(), ">", json!(NOW), 0),
        (attribute("Affected people"), ">", json!(11), 1),
        (attribute("Hours lost"), "<", json!(3), 1),
        (attribute("Blocking"), "=", json!(true), 1),
        (attribute("Noticed at"), "=", json!(NOW - 60), 1),
        (attribute("_default_title_"), "^", json!("Oth"), 1),
    ] {
        let body = json!({"query": {"field": field, "operator": operator, "value": value}});
        let (status, found) = post(&mut sim, "/tickets/search", &body);
        assert_eq!((status, &found["total_count"]), (200, &json!(n_found)), "{field} {operator}");
        assert_eq!(found["type"], "ticket.list");
    }
    let unknown = json!({"query": {"field": "ticket_attribute.1", "operator": "=", "value": 1}});
    assert_eq!(code(&post(&mut sim, "/tickets/search", &unknown).1), "invalid_field");
}

#[test]
fn a_ticket_is_read_changed_and_deleted() {
    let mut sim = simulator(1, 0);
    let ticket = create_ticket(&mut sim, &json!({}));
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let show = |sim: &mut Simulator, version| send_in(sim, version, Method::Get, &path, None).1;
    assert_eq!(show(&mut sim, ApiVersion::V2_11)["ticket_state"], "submitted");
    assert_eq!(show(&mut sim, ApiVersion::V2_12)["ticket_state"]["category"], "submitted");
    let (_, admins) = get(&mut sim, "/admins");
    let admin = &admins["admins"][0]["id"];
    let state = &ticket["ticket_type"]["ticket_states"]["data"][3]["id"];
    let change = json!({"ticket_state_id": state, "open": false, "assignee_id": admin});
    let (status, changed) = put(&mut sim, &path, &change);
    assert_eq!((status, &changed["ticket_state"]["category"]), (200, &json!("resolved")));
    assert_eq!(
        (&changed["open"], &changed["ticket_parts"]["total_count"]),
        (&json!(false), &json!(3))
    );
    assert_eq!(changed["admin_assignee_id"].to_string(), admin.as_str().expect("an id"));
    for (change, expected) in [
        (json!({"ticket_state_id": "1"}), (400, "ticket_state_id_invalid")),
        (json!({"assignee_id": "1"}), (404, "assignee_not_found")),
        (json!({"ticket_attributes": {"Nobody": 1}}), (400, "parameter_invalid")),
        (json!({"ticket_attributes": {"Blocking": "maybe"}}), (400, "parameter_invalid")),
    ] {
        let (status, answer) = put(&mut sim, &path, &change);
        assert_eq!((status, code(&answer)), expected, "{change}");
    }
    for (fields, expected) in [
        (json!({}), (400, "parameter_not_found")),
        (json!({"ticket_type_id": 501}), (400, "parameter_not_found")),
        (json!({"ticket_type_id": 501, "contacts": [{"id": "none"}]}), (404, "not_found")),
        (json!({"ticket_type_id": 1, "contacts": []}), (404, "not_found")),
    ] {
        let (status, answer) = post(&mut sim, "/tickets", &fields);
        assert_eq!((status, code(&answer)), expected, "{fields}");
    }
    assert_eq!(send_in(&mut sim, ApiVersion::V2_16, Method::Delete, &path, None).0, 200);
    let (status, answer) = get(&mut sim, &path);
    assert_eq!((status, code(&answer)), (404, "ticket_not_found"));
}

#[test]
fn companies_are_searched_in_preview() {
    let mut sim = simulator(40, 0);
    for (id, spend) in [("c1", 10), ("c2", 20)] {
        let fields = json!({"company_id": id, "name": "Acme Search", "monthly_spend": spend});
        assert_eq!(post(&mut sim, "/companies", &fields).0, 200);
    }
    let mut search = |query: Value| {
        let body = json!({"query": query, "sort": {"field": "created_at", "order": "ascending"}});
        let preview = ApiVersion::Preview;
        send_in(&mut sim, preview, Method::Post, "/companies/search", Some(&body)).1
    };
    let name = json!({"field": "name", "operator": "=", "value": "Acme Search"});
    assert_eq!(search(name.clone())["total_count"], 2);
    let spend = json!({"field": "monthly_spend", "operator": ">", "value": 15});
    let both = search(json!({"operator": "AND", "value": [name, spend]}));
    assert_eq!((&both["total_count"], &both["data"][0]["company_id"]), (&json!(1), &json!("c2")));
    let new = json!({"field": "updated_at", "operator": ">", "value": NOW - 1});
    assert_eq!(search(new)["total_count"], 2);
    let alone = json!({"field": "user_count", "operator": "=", "value": 0});
    assert!(search(alone)["total_count"].as_i64() >= Some(2));
}
