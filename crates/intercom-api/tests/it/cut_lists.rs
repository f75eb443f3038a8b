//! Lists inside a contact: complete, or to be listed.

use intercom_api::contacts::RetrieveContact;
use intercom_api::ext::{CutList, Members};
use intercom_api::{ApiVersion, ContactId, Operation, Response};
use serde_json::{Value, json};

fn ids(n_ids: usize) -> Value {
    (0..n_ids).map(|n| json!({ "id": n.to_string(), "type": "x", "url": "/x" })).collect()
}

/// How many members are known, or where the rest is, for each of the three lists.
fn look(list: &Value) -> [Result<usize, String>; 3] {
    let body = json!({ "tags": list, "companies": list, "notes": list });
    let contact =
        RetrieveContact::decode(&Response::new(200, body.to_string())).expect("a contact");
    let id = ContactId::new("5ba6").expect("an id");
    [
        tell(contact.tags.expect("tags").members(&id)),
        tell(contact.companies.expect("companies").members(&id)),
        tell(contact.notes.expect("notes").members(&id)),
    ]
}

fn tell<I, O: Operation>(members: Members<I, O>) -> Result<usize, String> {
    match members {
        Members::Known(ids) => Ok(ids.len()),
        Members::Listed(list) => Err(list.request(ApiVersion::V2_16).expect("a request").target()),
    }
}

#[test]
fn a_complete_list_needs_no_call() {
    for (n_ids, rest) in [
        (3, json!({ "has_more": false, "total_count": 3 })),
        (10, json!({ "has_more": false })),
        (0, json!({ "total_count": 0 })),
        (2, json!({ "total_count": -1 })),
        (1, json!({})),
    ] {
        let mut list = rest;
        list["data"] = ids(n_ids);
        assert_eq!(look(&list), [Ok(n_ids), Ok(n_ids), Ok(n_ids)], "{list}");
    }
    assert_eq!(look(&json!({ "data": null })), [Ok(0), Ok(0), Ok(0)]);
}

#[test]
fn a_cut_list_is_listed() {
    for list in [
        json!({ "data": ids(10), "has_more": true, "total_count": 11 }),
        json!({ "data": ids(10), "has_more": true }),
        json!({ "data": ids(10), "has_more": false, "total_count": 11 }),
        json!({ "data": null, "total_count": 1 }),
        json!({ "data": [{ "id": "1" }, { "type": "x" }], "has_more": false }),
    ] {
        let expected = [
            "/contacts/5ba6/tags",
            "/contacts/5ba6/companies?per_page=50",
            "/contacts/5ba6/notes?per_page=50",
        ];
        assert_eq!(look(&list), expected.map(|target| Err(target.to_owned())), "{list}");
    }
}
