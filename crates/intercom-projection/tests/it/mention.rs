use intercom_projection::{MentionRule, Strength, cancel_mention};
use proptest::prelude::*;

#[track_caller]
fn check_seed(html: &str, expected: Option<&str>) {
    let found = cancel_mention(html, MentionRule::Seed);
    assert_eq!(found.as_ref().map(|mention| mention.words.as_str()), expected, "{html:?}");
}

#[track_caller]
fn check(html: &str, expected: Option<(Strength, &str)>) {
    let found = cancel_mention(html, MentionRule::Context);
    let found = found.as_ref().map(|mention| (mention.strength, mention.words.as_str()));
    assert_eq!(found, expected, "{html:?}");
}

fn strong(html: &str, words: &str) {
    check(html, Some((Strength::Strong, words)));
}

fn weak(html: &str, words: &str) {
    check(html, Some((Strength::Weak, words)));
}

fn nothing(html: &str) {
    check(html, None);
}

#[test]
fn the_seed_finds_every_keyword_wherever_it_stands() {
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
        check_seed(keyword, Some(keyword));
        check_seed(&keyword.to_uppercase(), Some(&keyword.to_uppercase()));
        check_seed(&format!("<p>We ({keyword}), sorry.</p>"), Some(keyword));
        check_seed(&format!("pre{keyword}x"), Some(keyword));
    }
    check_seed("leaving, so please cancel", Some("leaving"));
    check_seed("our cancellation: cancel it", Some("cancellation"));
    check_seed("we cancelled our meeting", Some("cancel"));
    check_seed("stay", None);
}

#[test]
fn who_says_so_is_believed() {
    strong("We want to cancel.", "want to cancel");
    strong("How do I cancel?", "how do i cancel");
    strong("Please cancel my subscription today", "please cancel");
    strong("Cancel our plan", "cancel");
    strong("I cancelled my subscription", "cancelled");
    strong("We are thinking about cancelling", "thinking about cancelling");
    strong("We will not be renewing", "not be renewing");
    strong("they won\u{2019}t renew", "won't renew");
    strong("Hello. We don't plan to renew next year", "don't plan to renew");
    strong("this will churn", "churn");
    strong("please delete my account", "delete my account");
    strong("We would like to close our account.", "close our account");
    strong("I am leaving you for a competitor", "leaving you for a competitor");
    strong("We are switching to a competitor.", "switching to a competitor");
    strong("We moved to one of your competitors", "moved to one of your competitors");
    strong("Please cancel and refund the last invoice", "please cancel");
    strong("We will not renew our plan", "not renew");
}

#[test]
fn weak_words_need_a_context_or_another() {
    weak("Our cancellation of March: see the invoice", "cancellation");
    weak("we are leaving this service", "leaving");
    weak("Our team is switching to another vendor", "switching");
    weak("We are leaving. Switching next week!", "leaving … switching");
    nothing("cancelled");
    nothing("We are leaving at five");
    nothing("switching to dark");
    weak("We cannot renew our contract", "cannot renew");
    nothing("I cannot renew");
}

#[test]
fn what_else_is_cancelled_left_and_switched_is_none() {
    nothing("I need to cancel my session tomorrow");
    nothing("please cancel the meeting");
    nothing("my appointment was cancelled, my plan is the same");
    nothing("noise cancelling headphones for my account");
    nothing("I don't want to cancel my plan");
    nothing("we never cancel our subscription");
    nothing("I am leaving a comment on the invoice");
    nothing("switching tabs breaks the billing page");
    nothing("Will the plan renew?");
    nothing("close the window of my account");
    nothing("cancel_url of the account");
    nothing("unchurned");
    nothing("can you cancel the invoice? it is a duplicate");
    nothing("Please cancel my refund request for the plan");
    nothing("why can I not renew my plan?");
    nothing("Why was my subscription not renewed?");
    nothing("We are not switching to a competitor");
    nothing("We came from a competitor, switching from a competitor was easy");
    nothing("How do you compare to the competition?");
}

#[test]
fn an_address_is_not_said() {
    nothing("https://app.example.com/cancel-my-subscription is broken");
    nothing("see <b>https://app.example.com/cancel-my-subscription</b>, it is broken");
    nothing("It is broken (www.example.com/cancel-our-plan).");
    nothing("It is broken: app.example.com/our/plan/please-cancel");
    nothing("Why does cancel-my-plan@example.com not answer?");
    nothing("[our plan](https://app.example.com/please-cancel)");
    strong("https://app.example.com/plan: we want to cancel", "want to cancel");
    strong("please cancel/delete my account", "please cancel");
    strong("I want to cancel.Thanks", "want to cancel");
    strong("Want to cancel@once", "want to cancel");
    check_seed("https://app.example.com/cancel", Some("cancel"));
}

#[test]
fn a_plan_beside_an_appointment_is_still_left() {
    strong("cancel my subscription and the call", "cancel");
}

#[test]
fn apostrophes_and_references_do_not_hide_a_keyword() {
    for text in [
        "won\u{2019}t renew",
        "won&#39;t renew",
        "won&#x2019;t renew",
        "won&rsquo;t&nbsp;renew",
        "won\u{2019}t\n  renew",
    ] {
        check_seed(text, Some("won't renew"));
        strong(text, "won't renew");
    }
    check_seed("can&shy;cel", Some("cancel"));
    check_seed("&#99;ancel", Some("cancel"));
}

#[test]
fn tags_do_not_hide_or_make_a_keyword() {
    check_seed("can<b>cel</b>", Some("cancel"));
    check_seed("<p>not</p><p>renewing</p>", Some("not renewing"));
    check_seed("<p>can</p><p>cel</p>", None);
    check_seed(r#"<a href="https://x.example/cancel">here</a>"#, None);
    check_seed("1 < 2, cancel > all", Some("cancel"));
    check_seed("cancel <unfinished", Some("cancel"));
    check_seed("&lt;b&gt;cancel", Some("cancel"));
}

#[test]
fn strange_markup_is_read_to_the_end() {
    check_seed("", None);
    check_seed("<", None);
    check_seed("&", None);
    check_seed("&#x110000; &#; &unknownreference; cancel", Some("cancel"));
    check_seed("<<<<>>> cancel", Some("cancel"));
    check_seed("&amp;#39;", None);
    check_seed("<blockquote>cancel", None);
    check_seed("</blockquote>cancel", Some("cancel"));
}

proptest! {
    #[test]
    fn any_text_can_be_read(
        html in "(<|>|/?blockquote|&|#|;|/|x2019|cancel|want to|my plan|won|'|\n|On |wrote:|-----|\u{2019}| |[a-z]|\u{df}|\u{130})*",
    ) {
        for rule in [MentionRule::Context, MentionRule::Seed] {
            let mention = cancel_mention(&html, rule);
            prop_assert!(mention.is_none_or(|mention| !mention.words.is_empty()));
        }
    }

    #[test]
    fn a_keyword_is_found_wherever_it_stands(
        before in "[a-z ,.]{0,40}",
        after in "[a-z ,.]{0,40}",
    ) {
        let html = format!("<p>{before}</p><p>not renewing</p><p>{after}</p>");
        for rule in [MentionRule::Context, MentionRule::Seed] {
            prop_assert!(cancel_mention(&html, rule).is_some());
        }
    }
}
