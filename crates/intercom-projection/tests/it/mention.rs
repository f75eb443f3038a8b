use intercom_projection::cancel_mention;
use proptest::prelude::*;

#[track_caller]
fn check(html: &str, expected: Option<&str>) {
    assert_eq!(cancel_mention(html), expected, "{html:?}");
}

#[test]
fn every_keyword_is_found() {
    for keyword in [
        "cancel",
        "cancellation",
        "cancelling",
        "churn",
        "leaving",
        "switching",
        "not renewing",
        "won't renew",
    ] {
        check(keyword, Some(keyword));
        check(&keyword.to_uppercase(), Some(keyword));
        check(&format!("<p>We ({keyword}), sorry.</p>"), Some(keyword));
        check(&format!("pre{keyword}"), None);
        check(&format!("{keyword}x"), None);
    }
}

#[test]
fn the_first_keyword_is_named() {
    check("leaving, so please cancel", Some("leaving"));
    check("our cancellation: cancel it", Some("cancellation"));
}

#[test]
fn words_have_boundaries() {
    check("cancelled", None);
    check("cancel_url", None);
    check("écancel", None);
    check("uncancel", None);
    check("cancel-anytime", Some("cancel"));
    check("cancel.", Some("cancel"));
}

#[test]
fn apostrophes_and_references_do_not_hide_a_keyword() {
    check("won\u{2019}t renew", Some("won't renew"));
    check("won&#39;t renew", Some("won't renew"));
    check("won&#x2019;t renew", Some("won't renew"));
    check("won&rsquo;t&nbsp;renew", Some("won't renew"));
    check("WON\u{2019}T\n  RENEW", Some("won't renew"));
    check("can&shy;cel", Some("cancel"));
    check("&#99;ancel", Some("cancel"));
}

#[test]
fn tags_do_not_hide_or_make_a_keyword() {
    check("can<b>cel</b>", Some("cancel"));
    check("<p>not</p><p>renewing</p>", Some("not renewing"));
    check("<p>can</p><p>cel</p>", None);
    check(r#"<a href="https://x.example/cancel">here</a>"#, None);
    check("1 < 2, cancel > all", Some("cancel"));
    check("cancel <unfinished", Some("cancel"));
    check("&lt;b&gt;cancel", Some("cancel"));
}

#[test]
fn strange_markup_is_read_to_the_end() {
    check("", None);
    check("<", None);
    check("&", None);
    check("&#x110000; &#; &unknownreference; cancel", Some("cancel"));
    check("<<<<>>> cancel", Some("cancel"));
    check("&amp;#39;", None);
}

proptest! {
    #[test]
    fn any_text_can_be_read(html in "(<|>|&|#|;|/|x2019|cancel|won|'|\u{2019}| |[a-z]|\u{df})*") {
        let mention = cancel_mention(&html);
        prop_assert!(mention.is_none_or(|keyword| !keyword.is_empty()));
    }

    #[test]
    fn a_keyword_is_found_wherever_it_stands(
        before in "[a-z ,.]{0,40}",
        after in "[a-z ,.]{0,40}",
    ) {
        let html = format!("<p>{before}</p><p>not renewing</p><p>{after}</p>");
        prop_assert!(cancel_mention(&html).is_some());
    }
}
