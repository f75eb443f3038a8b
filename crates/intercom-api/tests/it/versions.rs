//! Versions and their ranges.

use intercom_api::{ApiVersion, VersionRange};

#[test]
fn versions_are_read_as_they_are_written() {
    for version in ApiVersion::ALL {
        assert_eq!(version.as_str().parse(), Ok(version));
    }
    assert_eq!(" preview ".parse(), Ok(ApiVersion::Preview));
    for text in ["2.1", "2.17", "", "Unstable"] {
        assert!(text.parse::<ApiVersion>().is_err(), "{text}");
    }
}

#[test]
fn versions_compare_by_age() {
    assert!(ApiVersion::ALL.is_sorted());
    assert!(ApiVersion::V2_9 < ApiVersion::V2_10);
    let range = VersionRange::new(ApiVersion::V2_9, ApiVersion::V2_14);
    assert!(range.contains(ApiVersion::V2_10) && !range.contains(ApiVersion::V2_15));
    assert_eq!(range.to_string(), "2.9..2.14");
    assert!(!VersionRange::ALL.contains(ApiVersion::V1_4));
}
