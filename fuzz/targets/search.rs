//! A query that passes the check is sent as the JSON the API takes, within its limits; one that
//! does not is refused, and never panics.

#![no_main]

use intercom_api::contacts::SearchContacts;
use intercom_api::search::{Operator, Query, SearchRequest, SearchValue};
use intercom_api::{ApiVersion, Operation};
use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Debug)]
struct Search(SearchRequest);

impl<'a> Arbitrary<'a> for Search {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut search = SearchRequest::new(query(bytes, 4)?);
        if bytes.arbitrary()? {
            search = search.ascending(bytes.arbitrary::<String>()?);
        }
        if bytes.arbitrary()? {
            search = search.per_page(bytes.arbitrary()?);
        }
        Ok(Self(search))
    }
}

fn query(bytes: &mut Unstructured<'_>, depth: u8) -> arbitrary::Result<Query> {
    let n_parts = bytes.int_in_range(0..=17)?;
    let parts = |bytes: &mut Unstructured<'_>| -> arbitrary::Result<Vec<Query>> {
        (0..n_parts).map(|_| query(bytes, depth - 1)).collect()
    };
    Ok(match bytes.int_in_range(0..=2)? {
        0 if depth > 0 => Query::And(parts(bytes)?),
        1 if depth > 0 => Query::Or(parts(bytes)?),
        _ => Query::Field {
            field: bytes.arbitrary()?,
            operator: *bytes.choose(&Operator::ALL)?,
            value: value(bytes, 2)?,
        },
    })
}

fn value(bytes: &mut Unstructured<'_>, depth: u8) -> arbitrary::Result<SearchValue> {
    Ok(match bytes.int_in_range(0..=4)? {
        0 => SearchValue::Bool(bytes.arbitrary()?),
        1 => SearchValue::Int(bytes.arbitrary()?),
        2 => SearchValue::Text(bytes.arbitrary()?),
        3 if depth > 0 => {
            let n_values: u8 = bytes.int_in_range(0..=4)?;
            let values = (0..n_values).map(|_| value(bytes, depth - 1));
            SearchValue::List(values.collect::<arbitrary::Result<_>>()?)
        }
        _ => SearchValue::Null,
    })
}

fuzz_target!(|search: Search| {
    let is_valid = search.0.query.check().is_ok();
    let Ok(request) = SearchContacts::new(search.0).request(ApiVersion::V2_16) else { return };
    assert!(is_valid, "a query that fails the check was built");
    let body = request.body.expect("a search has a body");
    let body: Value = serde_json::from_slice(&body).expect("the body is json");
    check_groups(&body["query"], 0);
});

fn check_groups(query: &Value, depth: usize) {
    let Some(parts) = query["value"].as_array().filter(|_| query.get("field").is_none()) else {
        assert!(query["field"].as_str().is_some_and(|field| !field.is_empty()));
        return;
    };
    assert!(depth < 2, "groups are nested too deep");
    assert!((1..=15).contains(&parts.len()), "a group has {} filters", parts.len());
    for part in parts {
        check_groups(part, depth + 1);
    }
}
