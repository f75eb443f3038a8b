//! Path segments and queries: nothing a caller passes changes where a request goes.

use intercom_api::companies::FindCompanies;
use intercom_api::contacts::{RetrieveContact, RetrieveContactByExternalId};
use intercom_api::{ApiVersion, BuildError, ContactId, Operation};
use percent_encoding::percent_decode_str;
use proptest::prelude::{ProptestConfig, any, proptest};

fn path(id: &str) -> Result<String, BuildError> {
    let contact = RetrieveContactByExternalId::new(id.to_owned());
    contact.request(ApiVersion::default()).map(|request| request.path.into_owned())
}

#[test]
fn a_segment_is_encoded() {
    for (id, segment) in [
        ("a/b", "a%2Fb"),
        ("../admins", "..%2Fadmins"),
        ("jo@example.com", "jo%40example.com"),
        ("naïve ?#%", "na%C3%AFve%20%3F%23%25"),
        ("~._-", "~._-"),
    ] {
        let expected = format!("/contacts/find_by_external_id/{segment}");
        assert_eq!(path(id).expect("a path"), expected);
    }
}

#[test]
fn a_segment_that_would_be_resolved_away_is_refused() {
    for id in ["", ".", ".."] {
        assert!(matches!(path(id), Err(BuildError::PathSegment { .. })), "{id}");
    }
    let dots = ContactId::new("..").expect("two dots are an id");
    let refused = RetrieveContact::new(dots).request(ApiVersion::default());
    assert!(matches!(refused, Err(BuildError::PathSegment { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_id_comes_back_out_of_the_path(id in any::<String>()) {
        match path(&id) {
            Ok(path) => {
                let (_, segment) = path.rsplit_once('/').expect("a path has a slash");
                let decoded = percent_decode_str(segment).decode_utf8().expect("utf-8");
                assert_eq!(decoded, id);
                assert!(segment.is_ascii());
            }
            Err(_) => assert!(["", ".", ".."].contains(&id.as_str())),
        }
    }

    #[test]
    fn any_query_can_be_written(tag in "\\PC{1,99}", page in any::<i64>()) {
        let find = FindCompanies {
            tag_id: Some(tag.parse().expect("at most 512 bytes")),
            page: Some(page),
            ..FindCompanies::default()
        };
        let target = find.request(ApiVersion::default()).expect("a request").target();
        let (_, query) = target.split_once('?').expect("a query");
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        assert_eq!(pairs[0].1, tag);
        assert_eq!(pairs[1].1, page.to_string());
    }
}
