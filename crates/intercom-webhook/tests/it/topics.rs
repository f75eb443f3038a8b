//! Topics: every known one is read and written as the API spells it, others are kept.

use intercom_webhook::Topic;

#[test]
fn known_topics() {
    let spelled: Vec<&str> = Topic::KNOWN.iter().map(Topic::as_str).collect();
    insta::assert_snapshot!(spelled.join("\n"));
    for topic in Topic::KNOWN {
        assert_eq!(Topic::from(topic.as_str()), *topic);
        assert!(!matches!(Topic::from(topic.as_str()), Topic::Other(_)));
    }
}

#[test]
fn unknown_topics_are_kept_and_cut() {
    assert_eq!(Topic::from("content_stat.email").as_str(), "content_stat.email");
    assert_eq!(Topic::from("é".repeat(1000).as_str()).as_str(), "é".repeat(100));
}
