//! The search builder: the shape of its JSON, and what it refuses.

use intercom_api::contacts::SearchContacts;
use intercom_api::search::{Operator, Query, QueryError, SearchRequest, SearchValue};
use intercom_api::{ApiVersion, BuildError, Operation};
use serde_json::json;

fn field(n: i64) -> Query {
    Query::field("updated_at", Operator::GreaterThan, n)
}

fn refused(query: Query) -> QueryError {
    let search = SearchContacts::new(SearchRequest::new(query));
    match search.request(ApiVersion::default()) {
        Err(BuildError::Query { operation: "SearchContacts", source }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_query_has_the_shape_of_the_api() {
    let query = Query::all([
        Query::any([Query::field("updated_at", Operator::Equals, 5), field(5)]),
        Query::field("role", Operator::In, vec!["user", "lead"]),
        Query::field("email", Operator::NotEquals, SearchValue::Null),
        Query::field("custom_attributes.vip", Operator::Equals, true),
    ]);
    let request = SearchRequest::new(query).ascending("updated_at").per_page(150);
    let encoded = serde_json::to_value(request).expect("json");
    let expected = json!({
        "query": {"operator": "AND", "value": [
            {"operator": "OR", "value": [
                {"field": "updated_at", "operator": "=", "value": 5},
                {"field": "updated_at", "operator": ">", "value": 5},
            ]},
            {"field": "role", "operator": "IN", "value": ["user", "lead"]},
            {"field": "email", "operator": "!=", "value": null},
            {"field": "custom_attributes.vip", "operator": "=", "value": true},
        ]},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": 150},
    });
    assert_eq!(encoded, expected);
}

#[test]
fn what_is_not_said_is_not_sent() {
    let encoded = serde_json::to_value(SearchRequest::new(field(5))).expect("json");
    let query = json!({"field": "updated_at", "operator": ">", "value": 5});
    assert_eq!(encoded, json!({"query": query}));
}

#[test]
fn groups_nest_two_deep() {
    let two = Query::all([Query::any([field(1)])]);
    assert_eq!(two.check(), Ok(()));
    assert_eq!(refused(Query::all([two])), QueryError::TooDeep(3));
}

#[test]
fn a_group_has_one_to_fifteen_filters() {
    let group = |n: i64| Query::any((0..n).map(field));
    assert_eq!(group(15).check(), Ok(()));
    assert_eq!(refused(group(16)), QueryError::TooManyFilters(16));
    assert_eq!(refused(group(0)), QueryError::EmptyGroup);
}

#[test]
fn lists_go_with_list_operators_only() {
    let list = Query::field("id", Operator::Equals, vec!["1"]);
    let scalar = Query::field("id", Operator::NotIn, "1");
    assert_eq!(refused(list).to_string(), "id: = takes one value");
    assert_eq!(refused(scalar).to_string(), "id: NIN takes a list of values");
    assert_eq!(refused(Query::field("", Operator::Equals, 1)), QueryError::EmptyField);
}

#[test]
fn a_page_has_1_to_150_results() {
    for (per_page, ok) in [(0, false), (1, true), (150, true), (151, false)] {
        let request = SearchRequest::new(field(1)).per_page(per_page);
        assert_eq!(request.check().is_ok(), ok, "{per_page}");
    }
}

#[test]
fn every_operator_is_read_as_it_is_written() {
    for operator in Operator::ALL {
        assert_eq!(Operator::parse(operator.as_str()), Some(operator));
    }
    assert_eq!(Operator::parse("LIKE"), None);
}
