//! A snapshot of the request of every operation.

use std::fmt::Write;

use intercom_api::{ApiVersion, BuildError, Operation, Request, VersionRange};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::samples;

/// An operation with every parameter that a version knows.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) versions: VersionRange,
    pub(crate) request: Box<dyn Fn(ApiVersion) -> Result<Request, BuildError>>,
    pub(crate) debug: Box<dyn Fn() -> String>,
    others: &'static [ApiVersion],
}

/// A sample that is encoded the same way in every version.
pub(crate) fn sample<O: Operation + std::fmt::Debug + 'static>(
    build: fn(ApiVersion) -> O,
) -> Sample {
    Sample {
        name: O::NAME,
        versions: O::VERSIONS,
        request: Box::new(move |version| build(version).request(version)),
        debug: Box::new(move || format!("{:?}", build(O::VERSIONS.until))),
        others: &[],
    }
}

/// A sample that versions encode differently.
pub(crate) fn varying<O: Operation + std::fmt::Debug + 'static>(
    build: fn(ApiVersion) -> O,
) -> Sample {
    const OTHERS: [ApiVersion; 3] = [ApiVersion::V2_10, ApiVersion::V2_11, ApiVersion::V2_14];
    Sample { others: &OTHERS, ..sample(build) }
}

/// A value for a parameter that only some versions know.
pub(crate) fn within<T>(version: ApiVersion, versions: VersionRange, value: T) -> Option<T> {
    versions.contains(version).then_some(value)
}

/// An id of any kind.
pub(crate) fn id<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(json!(text)).expect("a short text is an id")
}

/// The default version, or the newest that knows the operation.
pub(crate) fn version_of(sample: &Sample) -> ApiVersion {
    let default = ApiVersion::default();
    if sample.versions.contains(default) { default } else { sample.versions.until }
}

fn write_request(text: &mut String, sample: &Sample, version: ApiVersion) {
    let request = (sample.request)(version).expect("the sample fits its versions");
    assert_eq!(request.operation, sample.name);
    assert_eq!(request.version, version);
    let body = request
        .body
        .as_deref()
        .map_or("", |body| std::str::from_utf8(body).expect("a body is json"));
    let safety = format!("{:?}", request.safety).to_lowercase();
    writeln!(text, "{} {version} {safety}", sample.name).expect("a string takes any text");
    writeln!(text, "  {} {}", request.method, request.target()).expect("a string takes any text");
    if !body.is_empty() {
        writeln!(text, "  {body}").expect("a string takes any text");
    }
}

/// Compares the requests of a group with its snapshot.
pub(crate) fn assert_requests(group: &str, samples: &[Sample]) {
    let mut text = String::new();
    for sample in samples {
        write_request(&mut text, sample, version_of(sample));
        for version in sample.others.iter().filter(|v| sample.versions.contains(**v)) {
            write_request(&mut text, sample, *version);
        }
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
