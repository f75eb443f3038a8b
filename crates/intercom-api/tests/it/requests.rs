//! A snapshot of the request of every operation.

use std::fmt::Write;
use std::str::FromStr;

use intercom_api::companies::CreateOrUpdateCompany;
use intercom_api::tickets::{CreateTicket, CreateTicketAssignment, EnqueueTicket, UpdateTicket};
use intercom_api::{ApiVersion, BuildError, InvalidId, Operation, Request, Safety, VersionRange};
use serde_json::{Value, from_slice, from_str, json};

use crate::samples;

/// An operation with every parameter that a version knows.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) versions: VersionRange,
    safety: Safety,
    pub(crate) request: Box<dyn Fn(ApiVersion) -> Result<Request, BuildError>>,
    pub(crate) debug: Box<dyn Fn() -> String>,
}

/// A sample of an operation; `build` leaves out what a version does not know.
pub(crate) fn sample<O: Operation + std::fmt::Debug + 'static>(
    build: fn(ApiVersion) -> O,
) -> Sample {
    Sample {
        name: O::NAME,
        versions: O::VERSIONS,
        safety: O::SAFETY,
        request: Box::new(move |version| build(version).request(version)),
        debug: Box::new(move || format!("{:?}", build(O::VERSIONS.until))),
    }
}

/// A value for a parameter that only some versions know.
pub(crate) fn within<T>(version: ApiVersion, versions: VersionRange, value: T) -> Option<T> {
    versions.contains(version).then_some(value)
}

/// An id of any kind.
pub(crate) fn id<T: FromStr<Err = InvalidId>>(text: &str) -> T {
    text.parse().expect("a short text is an id")
}

/// The versions whose requests are shown.
const SHOWN: [ApiVersion; 5] = [
    ApiVersion::V2_10,
    ApiVersion::V2_11,
    ApiVersion::V2_14,
    ApiVersion::V2_16,
    ApiVersion::Preview,
];

/// The shown versions that know the operation, or its last.
pub(crate) fn shown(sample: &Sample) -> Vec<ApiVersion> {
    let known = SHOWN.into_iter().filter(|version| sample.versions.contains(*version));
    let known: Vec<_> = known.collect();
    if known.is_empty() { vec![sample.versions.until] } else { known }
}

/// Request line, media types other than JSON, and body.
fn text_of(sample: &Sample, version: ApiVersion) -> String {
    const JSON: &str = "application/json";
    let request = (sample.request)(version).expect("the sample fits its versions");
    assert_eq!(request.operation, sample.name);
    assert_eq!(request.version, version);
    let mut text = format!("  {} {}\n", request.method, request.target());
    if request.accept != JSON {
        text += &format!("  accept {}\n", request.accept);
    }
    if request.content_type != JSON {
        text += &format!("  {}\n", request.content_type);
    }
    for line in request.body.as_deref().map(String::from_utf8_lossy).iter().flat_map(|b| b.lines())
    {
        text += &format!("  {line}\n");
    }
    text
}

/// The requests of a sample; versions that send the same stand in one line.
fn write_requests(text: &mut String, sample: &Sample) {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for version in shown(sample) {
        let request = text_of(sample, version);
        match groups.last_mut() {
            Some((versions, same)) if *same == request => versions.push(version.as_str()),
            Some(_) | None => groups.push((vec![version.as_str()], request)),
        }
    }
    let safety = format!("{:?}", sample.safety).to_lowercase();
    writeln!(text, "{} {safety}", sample.name).expect("a string takes any text");
    let n_groups = groups.len();
    for (versions, request) in groups {
        let is_everywhere = n_groups == 1 && sample.versions == VersionRange::ALL;
        let versions = if is_everywhere { "always".to_owned() } else { versions.join(" ") };
        write!(text, " {versions}\n{request}").expect("a string takes any text");
    }
}

/// Compares the requests of a group with its snapshot.
pub(crate) fn assert_requests(group: &str, samples: &[Sample]) {
    let mut text = String::new();
    for sample in samples {
        write_requests(&mut text, sample);
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(group, text);
    });
}

#[test]
fn every_operation_builds_the_request_it_should() {
    for (group, samples) in samples::groups() {
        assert_requests(group, &samples);
    }
}

/// The id that the customer's own system gave, and whether the request may then be repeated.
const OWN_IDS: [(Option<&str>, Safety); 3] =
    [(Some("7"), Safety::Idempotent), (Some(""), Safety::Once), (None, Safety::Once)];

#[test]
fn a_company_without_an_id_of_the_customers_own_is_created_once() {
    for (given, safety) in OWN_IDS {
        let company_id = given.map(str::to_owned);
        let name = Some("Acme".to_owned());
        let company = CreateOrUpdateCompany { company_id, name, ..Default::default() };
        let request = company.request(ApiVersion::default()).expect("a request");
        assert_eq!(request.safety, safety, "{given:?}");
    }
}

#[cfg(feature = "custom_objects")]
#[test]
fn a_custom_object_without_an_id_of_the_customers_own_is_created_once() {
    use intercom_api::custom_objects::CreateOrUpdateCustomObjectInstance;

    for (given, safety) in OWN_IDS {
        let instance = CreateOrUpdateCustomObjectInstance {
            external_id: given.map(str::to_owned),
            ..CreateOrUpdateCustomObjectInstance::new("Order".to_owned())
        };
        let request = instance.request(ApiVersion::default()).expect("a request");
        assert_eq!(request.safety, safety, "{given:?}");
    }
}

/// Whichever way the version that an id comes from spells it.
#[test]
fn assignees_are_sent_as_each_request_wants_them() {
    let ticket_type = || id("42");
    let versions = [ApiVersion::V2_15, ApiVersion::V2_16];
    for (version, read) in versions.into_iter().flat_map(|v| [(v, "\"7\""), (v, "7")]) {
        let assignment = CreateTicketAssignment {
            admin_assignee_id: Some(from_str(read).expect("an id")),
            team_assignee_id: Some(from_str(read).expect("an id")),
            ..CreateTicketAssignment::default()
        };
        let mut create = CreateTicket::new(ticket_type(), Vec::new());
        create.assignment = Some(assignment.clone());
        let mut enqueue = EnqueueTicket::new(ticket_type(), Vec::new());
        enqueue.assignment = Some(assignment);
        for request in [create.request(version), enqueue.request(version)] {
            let body = body_of(request);
            let expected = json!({"admin_assignee_id": "7", "team_assignee_id": "7"});
            assert_eq!(body["assignment"], expected, "{version}");
        }
        let mut update = UpdateTicket::new(id("1"));
        update.admin_id = Some(from_str(read).expect("an id"));
        update.assignee_id = Some(from_str(read).expect("an id"));
        let body = body_of(update.request(version));
        assert_eq!(body, json!({"admin_id": 7, "assignee_id": "7"}), "{version}");
    }
}

fn body_of(request: Result<Request, BuildError>) -> Value {
    let body = request.expect("a request").body.expect("a body");
    from_slice(&body).expect("json")
}

#[test]
fn an_operation_is_refused_outside_its_versions() {
    for sample in samples::groups().into_iter().flat_map(|(_, samples)| samples) {
        for version in ApiVersion::ALL {
            let known = sample.versions.contains(version);
            match (sample.request)(version) {
                Ok(_) => assert!(known, "{} at {version}", sample.name),
                Err(BuildError::Version { .. }) => assert!(!known, "{} at {version}", sample.name),
                Err(error) => panic!("{} at {version}: {error}", sample.name),
            }
        }
    }
}

#[test]
fn a_parameter_is_refused_in_a_version_that_would_ignore_it() {
    use intercom_api::contacts::ListContacts;

    let list = ListContacts { include_merge_history: Some(true), ..ListContacts::default() };
    assert!(list.request(ApiVersion::V2_16).is_ok());
    let refused = list.request(ApiVersion::V2_14).expect_err("2.14 has no merge history");
    assert_eq!(
        refused.to_string(),
        "ListContacts: include_merge_history is not available in api version 2.14 (only in \
         2.16..Preview)"
    );
}

#[test]
fn metadata_is_sent_in_the_order_given() {
    use intercom_api::events::CreateEvent;
    use intercom_api::{ContactHandle, Metadata, Timestamp};

    let subject = ContactHandle::Email("jo@example.com".to_owned());
    let metadata = Metadata::from_iter([("zeta", "first"), ("alpha", "second")]);
    let event = CreateEvent {
        metadata: Some(metadata),
        ..CreateEvent::new("ordered".to_owned(), Timestamp::from_unix(1_700_000_000), subject)
    };
    let body = event.request(ApiVersion::V2_16).expect("a request").body.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("json");
    assert!(body.contains(r#"{"zeta":"first","alpha":"second"}"#), "{body}");
}
