//! Types of messages, and what contacts chose about them.

use serde_json::json;

use crate::support::{code, delete, get, ids, post, simulator};

#[test]
fn contacts_opt_in_and_out_of_types_of_messages() {
    let mut sim = simulator(1, 0);
    let contact = sim.workspace().contact_ids().next().expect("one contact").to_owned();
    let path = format!("/contacts/{contact}/subscriptions");
    let (_, types) = get(&mut sim, "/subscription_types");
    let consents: Vec<_> =
        types["data"].as_array().expect("a list").iter().map(|t| &t["consent_type"]).collect();
    assert_eq!(consents, ["opt_out", "opt_out", "opt_in", "opt_in"]);
    assert_eq!(get(&mut sim, &path).1["data"], json!([]), "nothing was chosen");
    let newsletter = json!({"id": "91", "consent_type": "opt_out"});
    for _ in 0..2 {
        let (status, kind) = post(&mut sim, &path, &newsletter);
        assert_eq!((status, &kind), (200, &types["data"][0]));
    }
    assert_eq!(post(&mut sim, &path, &json!({"id": 93, "consent_type": "opt_in"})).0, 200);
    assert_eq!(ids(&get(&mut sim, &path).1, "data"), ["91", "93"]);
    for (body, expected) in [
        (json!({"id": "91", "consent_type": "opt_in"}), (400, "parameter_invalid")),
        (json!({"id": "91"}), (400, "parameter_not_found")),
        (json!({"id": "1", "consent_type": "opt_in"}), (404, "not_found")),
    ] {
        let (status, answer) = post(&mut sim, &path, &body);
        assert_eq!((status, code(&answer)), expected, "{body}");
    }
    assert_eq!(delete(&mut sim, &format!("{path}/91")).1["id"], "91");
    assert_eq!(delete(&mut sim, &format!("{path}/91")).0, 404);
    assert_eq!(ids(&get(&mut sim, &path).1, "data"), ["93"]);
    assert_eq!(get(&mut sim, "/contacts/nobody/subscriptions").0, 404);
}
