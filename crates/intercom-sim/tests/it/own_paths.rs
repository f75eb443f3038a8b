//! The simulator's own paths: the workspace changes without a call of the API.

use intercom_sim::server::own_paths;
use serde_json::{Value, json};

use crate::server::{Served, TOKEN, call, serve};
use crate::support::code;

async fn own(served: &Served, line: &str, body: &Value) -> (u16, Value) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let line = format!("{method} /__sim/{path}");
    let (status, _, answer) = call(served.port, &line, "", &text).await;
    (status, answer)
}

/// What one of the paths answers, which is a success.
async fn done(served: &Served, line: &str, body: Value) -> Value {
    let (status, answer) = own(served, line, &body).await;
    assert_eq!(status, 200, "{line} {body}: {answer}");
    answer
}

/// What the API shows.
async fn seen(served: &Served, target: &str) -> (u16, Value) {
    let (status, _, body) = call(served.port, &format!("GET {target}"), TOKEN, "").await;
    (status, body)
}

fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

#[tokio::test]
async fn contacts_are_archived_merged_tagged_and_join_companies() {
    let served = serve().await;
    let fields = json!({"role": "user", "email": "ada@example.com", "custom_attributes": {"a": 1}});
    let ada = done(&served, "POST contacts", fields).await;
    assert_eq!(ada["custom_attributes"]["a"], 1);
    let path = format!("contacts/{}", id(&ada));
    let shown = format!("/contacts/{}", id(&ada));

    let archived = done(&served, &format!("POST {path}/archive"), Value::Null).await;
    assert_eq!((id(&archived), seen(&served, &shown).await.0), (id(&ada), 404));
    done(&served, &format!("POST {path}/unarchive"), Value::Null).await;
    assert_eq!(seen(&served, &shown).await.0, 200);

    let tagged = done(&served, &format!("POST {path}/tags"), json!({"name": "VIP"})).await;
    assert_eq!(tagged["tags"]["total_count"], 1);
    let (_, tags) = seen(&served, &format!("{shown}/tags")).await;
    assert_eq!(tags["data"][0]["name"], "VIP");
    let company = json!({"company_id": "acme", "name": "Acme", "custom_attributes": {"b": true}});
    let member = done(&served, &format!("POST {path}/companies"), company).await;
    assert_eq!(member["companies"]["total_count"], 1);
    let (_, companies) = seen(&served, &format!("{shown}/companies")).await;
    assert_eq!(companies["data"][0]["company_id"], "acme");

    // A user becomes part of another one, which the API refuses.
    let into = done(&served, "POST contacts", json!({"role": "user"})).await;
    let kept = done(&served, &format!("POST {path}/merge"), json!({"into": id(&into)})).await;
    assert_eq!((id(&kept), &kept["email"]), (id(&into), &json!("ada@example.com")));
    assert_eq!(seen(&served, &shown).await.0, 410);
    assert_eq!(own(&served, &format!("POST {path}/archive"), &Value::Null).await.0, 404);
}

#[tokio::test]
async fn conversations_begin_are_answered_closed_tagged_and_deleted() {
    let served = serve().await;
    let ada = done(&served, "POST contacts", json!({"role": "user"})).await;
    let begun = json!({"contact_id": id(&ada), "body": "Hello"});
    let talk = done(&served, "POST conversations", begun).await;
    assert_eq!((&talk["state"], &talk["source"]["body"]), (&json!("open"), &json!("<p>Hello</p>")));
    let path = format!("conversations/{}", id(&talk));
    let last = |talk: &Value| {
        let part = talk["conversation_parts"]["conversation_parts"].as_array();
        let part = part.and_then(|parts| parts.last()).cloned().unwrap_or_default();
        (part["part_type"].clone(), part["author"]["type"].clone(), part["body"].clone())
    };

    let reply = json!({"body": "Hi", "from": "admin"});
    let talk = done(&served, &format!("POST {path}/reply"), reply).await;
    assert_eq!(last(&talk), (json!("comment"), json!("admin"), json!("<p>Hi</p>")));
    let talk = done(&served, &format!("POST {path}/close"), Value::Null).await;
    assert_eq!((&talk["state"], last(&talk).0), (&json!("closed"), json!("close")));
    let talk = done(&served, &format!("POST {path}/reply"), json!({"body": "Wait"})).await;
    assert_eq!(last(&talk), (json!("open"), json!("user"), json!("<p>Wait</p>")));
    assert_eq!(talk["state"], "open", "a contact's answer opens it again");
    done(&served, &format!("POST {path}/close"), Value::Null).await;
    assert_eq!(done(&served, &format!("POST {path}/open"), Value::Null).await["state"], "open");
    let tagged = done(&served, &format!("POST {path}/tags"), json!({"name": "VIP"})).await;
    assert_eq!(tagged["tags"]["tags"][0]["name"], "VIP");
    let urgent = done(&served, &format!("POST {path}"), json!({"priority": "high"})).await;
    assert_eq!(urgent["priority"], "high");
    let (_, shown) = seen(&served, &format!("/{path}")).await;
    assert_eq!(shown["priority"], "high");
    done(&served, &format!("DELETE {path}"), Value::Null).await;
    assert_eq!(seen(&served, &format!("/{path}")).await.0, 404);
}

#[tokio::test]
async fn companies_and_tags_come_and_go() {
    let served = serve().await;
    let company = done(&served, "POST companies", json!({"company_id": "acme", "size": 3})).await;
    let again =
        done(&served, "POST companies", json!({"company_id": "acme", "plan": "Gold"})).await;
    assert_eq!((id(&again), &again["size"]), (id(&company), &json!(3)));
    let tag = done(&served, "POST tags", json!({"name": "Nobody's"})).await;
    assert_eq!(id(&done(&served, "POST tags", json!({"name": "Nobody's"})).await), id(&tag));
    for (kind, object) in [("companies", &company), ("tags", &tag)] {
        let path = format!("{kind}/{}", id(object));
        assert_eq!(seen(&served, &format!("/{path}")).await.0, 200);
        done(&served, &format!("DELETE {path}"), Value::Null).await;
        assert_eq!(seen(&served, &format!("/{path}")).await.0, 404);
        assert_eq!(own(&served, &format!("DELETE {path}"), &Value::Null).await.0, 404);
    }
}

#[tokio::test]
async fn what_changes_is_notified_and_not_counted() {
    let served = serve().await;
    served.transport.with(|sim| sim.subscribe("s3cret".to_owned().into()));
    let ada = done(&served, "POST contacts", json!({"role": "user"})).await;
    done(&served, &format!("POST contacts/{}/tags", id(&ada)), json!({"name": "VIP"})).await;
    let talk = json!({"contact_id": id(&ada), "body": "Hello"});
    let talk = done(&served, "POST conversations", talk).await;
    done(&served, &format!("POST conversations/{}/close", id(&talk)), Value::Null).await;
    done(&served, &format!("DELETE contacts/{}", id(&ada)), Value::Null).await;
    let stats = done(&served, "GET webhooks", Value::Null).await;
    for topic in [
        "contact.user.created",
        "contact.user.tag.created",
        "conversation.user.created",
        "conversation.admin.closed",
        "contact.deleted",
    ] {
        assert_eq!(stats["topics"][topic], 1, "{topic}: {stats}");
    }
    assert_eq!(done(&served, "GET stats", Value::Null).await["requests"], 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let served = serve().await;
    let ada = done(&served, "POST contacts", json!({"role": "user"})).await;
    let talk = json!({"contact_id": id(&ada), "body": "Hello"});
    let talk = done(&served, "POST conversations", talk).await;
    let (ada, talk) = (format!("contacts/{}", id(&ada)), format!("conversations/{}", id(&talk)));
    let before = done(&served, "GET dump", Value::Null).await;
    for (line, body, expected) in [
        (format!("POST {ada}/merge"), json!({}), (400, "parameter_not_found")),
        (format!("POST {ada}/merge"), json!({"into": "none"}), (404, "not_found")),
        (format!("POST {ada}/tags"), json!({}), (400, "parameter_not_found")),
        ("POST contacts/none/tags".to_owned(), json!({"name": "lost"}), (404, "not_found")),
        ("POST contacts/none/companies".to_owned(), json!({"name": "lost"}), (404, "not_found")),
        (format!("POST {ada}/companies"), json!({}), (400, "bad_request")),
        ("POST conversations".to_owned(), json!({"body": "x"}), (400, "parameter_not_found")),
        (
            "POST conversations".to_owned(),
            json!({"contact_id": "none", "body": "x"}),
            (404, "not_found"),
        ),
        (format!("POST {talk}/reply"), json!({"from": "admin"}), (400, "parameter_not_found")),
        (
            format!("POST {talk}/reply"),
            json!({"from": "bot", "body": "x"}),
            (400, "parameter_invalid"),
        ),
        (format!("POST {talk}/close"), json!({"admin_id": "none"}), (404, "admin_not_found")),
        ("POST conversations/none/close".to_owned(), json!({}), (404, "not_found")),
        ("POST companies".to_owned(), json!({"size": 1}), (400, "bad_request")),
        ("POST tags".to_owned(), json!({"name": ""}), (400, "parameter_not_found")),
        ("POST tags".to_owned(), json!(["VIP"]), (400, "bad_request")),
    ] {
        let (status, answer) = own(&served, &line, &body).await;
        assert_eq!((status, code(&answer)), expected, "{line} {body}: {answer}");
    }
    assert_eq!(done(&served, "GET dump", Value::Null).await, before);
}

#[tokio::test]
async fn an_unknown_path_is_answered_with_those_that_exist() {
    let served = serve().await;
    let names: Vec<&str> = own_paths().iter().map(|path| path.name).collect();
    let listed = |answer: &Value| -> Vec<String> {
        let paths = answer["paths"].as_array().expect("a list").iter();
        paths.filter_map(|path| path["path"].as_str().map(str::to_owned)).collect()
    };
    for line in ["GET /__sim/nothing", "POST /__sim/contacts//archive"] {
        let (status, _, answer) = call(served.port, line, "", "").await;
        assert_eq!((status, code(&answer)), (404, "not_found"), "{line}");
        assert_eq!(listed(&answer), names, "{line}");
    }
    for line in ["GET /__sim", "GET /__sim/"] {
        let (status, _, answer) = call(served.port, line, "", "").await;
        assert_eq!((status, listed(&answer)), (200, names.iter().map(|n| (*n).into()).collect()));
    }
    // What only begins with the same letters is a path of the API.
    let (status, _, answer) = call(served.port, "GET /__simple", TOKEN, "").await;
    assert_eq!((status, &answer["paths"]), (404, &Value::Null));
}

#[tokio::test]
async fn faults_begin_and_end() {
    let served = serve().await;
    let busy = json!({"toml": "[[fault]]\nroute = \"GET /me\"\nanswer = \"503\""});
    assert_eq!(done(&served, "POST faults", busy).await, json!({"faults": 1}));
    assert_eq!(seen(&served, "/me").await.0, 503);
    for wrong in [json!({}), json!({"toml": "[[fault]]\nanswer = \"sometimes\""})] {
        assert_eq!(own(&served, "POST faults", &wrong).await.0, 400);
        assert_eq!(seen(&served, "/me").await.0, 503, "what is refused replaces nothing");
    }
    done(&served, "POST faults", json!({"toml": ""})).await;
    assert_eq!(seen(&served, "/me").await.0, 200);
}
