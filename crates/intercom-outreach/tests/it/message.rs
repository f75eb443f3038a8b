//! What a message looks like, whatever it is made of.

use intercom_outreach::Message;
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

fn page() -> Url {
    "https://app.intercom.com/a/apps/ab12/users/49?x=1&y=a|b".parse().expect("a url")
}

#[test]
fn a_message_is_blocks_of_plain_text() {
    let message = Message::new("A payment is overdue")
        .fact("Customer", "Ada & Söhne <ltd>")
        .fact("MRR", "USD 299.00")
        .lines(vec!["one".into(), "two".into()])
        .link("Open in Intercom", page());
    insta::assert_json_snapshot!(message.to_json());
}

#[test]
fn a_name_mentions_nobody_links_nowhere_and_formats_nothing() {
    let name = "<!channel> <@U1> <https://evil.example|pay here> *bold* `x` :skull:\n\u{202e}gnp\
                \u{200b}\u{feff}\u{2060}\u{ad}\u{7f}\u{200d}x";
    let json = Message::new(name).fact("Customer", name).lines(vec![name.into()]).to_json();
    for text in texts(&json) {
        let is_unseen = |c: char| c.is_control() || intercom_text::is_hidden(c);
        assert!(!text.contains(['<', '>']) && !text.contains(is_unseen), "{text}");
        assert!(text.contains(r"\u{202e}gnp\u{200b}\u{feff}\u{2060}\u{ad} \u{200d}x"), "{text}");
        assert!(text.contains("&lt;!channel&gt;"), "{text}");
    }
    assert_eq!(json["mrkdwn"], false);
    assert!(!json.to_string().contains("\"mrkdwn\",\"verbatim\""), "{json}");
    assert!(!json.to_string().contains("\"emoji\":true"), "{json}");
}

#[test]
fn what_finds_no_room_is_counted() {
    let lines: Vec<String> = (0..1_000).map(|n| format!("customer number {n}")).collect();
    let json = Message::new("Many").lines(lines).to_json();
    let text = json["blocks"][1]["text"]["text"].as_str().expect("a text");
    let n_shown = text.lines().count() - 1;
    assert!(text.ends_with(&format!("… and {} more", 1_000 - n_shown)), "{text}");

    let many = (0..60).fold(Message::new("Many"), |all, n| all.lines(vec![n.to_string()]));
    let json = many.to_json();
    assert_eq!(json["blocks"].as_array().map(Vec::len), Some(50));
    assert_eq!(json["blocks"][49]["text"]["text"], "… and 12 more");
}

#[test]
fn a_message_shows_nobody() {
    let message = Message::new("Ada").fact("E-mail", "ada@member.example");
    assert_eq!(format!("{message:?}"), "Message { n_parts: 1, .. }");
}

/// Every text of a message, wherever it stands.
fn texts(json: &Value) -> Vec<&str> {
    match json {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => {
            let named = fields.iter().filter(|(name, _)| *name != "type");
            named.flat_map(|(_, value)| texts(value)).collect()
        }
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn no_text_exceeds_a_limit(
        headline in ".{0,400}",
        facts in prop::collection::vec("[&<>a-zé\n]{0,2500}", 0..15),
        lines in prop::collection::vec(".{0,300}", 0..40),
    ) {
        let message = facts.iter().fold(Message::new(headline), |all, fact| all.fact("It", fact));
        let json = message.lines(lines).to_json();
        let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        prop_assert!((1..=3_000).contains(&length(&json["text"])));
        let blocks = json["blocks"].as_array().expect("blocks");
        prop_assert!(blocks.len() <= 50);
        prop_assert!((1..=150).contains(&length(&blocks[0]["text"]["text"])));
        for block in &blocks[1..] {
            if let Some(fields) = block["fields"].as_array() {
                prop_assert!((1..=10).contains(&fields.len()));
                let fits = |field: &Value| (1..=2_000).contains(&length(&field["text"]));
                prop_assert!(fields.iter().all(fits));
            } else {
                prop_assert!((1..=3_000).contains(&length(&block["text"]["text"])));
            }
        }
        for text in texts(&json) {
            prop_assert!(!text.contains(['<', '>']));
            let entities = ["&amp;", "&lt;", "&gt;"];
            let is_whole = |at: usize| entities.iter().any(|it| text[at..].starts_with(it));
            prop_assert!(text.match_indices('&').all(|(at, _)| is_whole(at)), "{text}");
        }
    }
}
