//! What each notice says.

use intercom_revenue::{Alert, AlertKind, Currency, Money, Movement};
use intercom_store::{
    CustomerNotice, DigestCause, DigestEntry, DigestNotice, DigestPart, Notice, RunNotice,
    RunOutcome, SaidWords, WorkspaceProfile,
};
use intercom_worker::message;

use crate::database::NOW;

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn ada(alert: Alert) -> Notice {
    Notice::Customer(CustomerNotice {
        email: "ada@member.example".into(),
        name: Some("Ada <!channel> Lovelace".into()),
        contact_id: Some("6500003149b6c129b3c90030".into()),
        mrr: Some(usd(29_900)),
        alert,
        said: None,
    })
}

fn change(from: i64, to: i64, movement: Movement) -> Notice {
    ada(Alert::LargeMrrChange { from: usd(from), to: usd(to), movement })
}

fn other_currency() -> Alert {
    let to = Money::new(1_000, Currency::EUR);
    Alert::LargeMrrChange { from: usd(60_000), to, movement: Movement::CurrencyChange }
}

fn entry(n: i64) -> DigestEntry {
    DigestEntry {
        email: format!("m{n}@member.example"),
        name: Some(format!("Member {n}")),
        contact_id: None,
        mrr: (n > 1).then(|| usd(60_000 + n)),
        said: None,
    }
}

fn said(words: &str) -> Option<SaidWords> {
    Some(SaidWords { words: words.into(), conversation_id: "215468".into() })
}

/// Every notice there is, by a name.
fn notices() -> Vec<(&'static str, Notice)> {
    let run = |outcome, detail: &str| {
        Notice::Run(RunNotice { outcome, started_at: NOW, detail: detail.into() })
    };
    let parts = vec![
        DigestPart {
            kind: AlertKind::NewHighValueCustomer,
            n_customers: 1_204,
            top: vec![entry(3), entry(2)],
        },
        DigestPart {
            kind: AlertKind::CancelMention,
            n_customers: 9,
            top: vec![
                DigestEntry { said: said("want to cancel"), ..entry(3) },
                entry(2),
                DigestEntry { said: said(&"churn ".repeat(99)), ..entry(1) },
            ],
        },
        DigestPart { kind: AlertKind::PaymentDelinquent, n_customers: 1, top: vec![entry(1)] },
    ];
    vec![
        ("high_value", ada(Alert::NewHighValueCustomer { mrr: usd(60_001) })),
        ("cancel_mention", ada(Alert::CancelMention)),
        ("delinquent", ada(Alert::PaymentDelinquent)),
        ("contraction", change(29_900, 9_900, Movement::Contraction)),
        ("expansion", change(10_000, 30_050, Movement::Expansion)),
        ("churn", change(29_900, 0, Movement::Churn)),
        ("other_currency", ada(other_currency())),
        ("digest", Notice::Digest(DigestNotice { cause: DigestCause::FirstLoad, parts })),
        ("failed", run(RunOutcome::Failed, "contacts could not be fetched: status 401")),
        ("partial", run(RunOutcome::Partial, "conversations left out: status 403")),
    ]
}

#[tokio::test]
async fn every_notice_says_what_whom_and_how_much() {
    let store = intercom_store::open("sqlite::memory:").await.expect("a store");
    let name = Some("Example Ltd".to_owned());
    let profile = WorkspaceProfile { id: "ab12".into(), name, ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.expect("a workspace");
    let app = "https://app.eu.intercom.com".parse().expect("a url");
    for (name, notice) in notices() {
        let json = message(&notice, &workspace, &app).to_json();
        insta::assert_json_snapshot!(name, json);
        // What travels through the outbox is the same when it arrives.
        let payload = notice.effect("key".into()).payload;
        assert_eq!(serde_json::from_str::<Notice>(&payload).expect("a notice"), notice);
        let shown = format!("{notice:?}");
        assert!(!shown.contains('@') && !shown.contains("Lovelace"), "{shown}");
    }
}

#[tokio::test]
async fn a_mention_shows_its_words_and_links_to_its_conversation() {
    let store = intercom_store::open("sqlite::memory:").await.expect("a store");
    let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.expect("a workspace");
    let app = "https://app.eu.intercom.com".parse().expect("a url");
    let Notice::Customer(notice) = ada(Alert::CancelMention) else { unreachable!() };
    let said = |words: &str| {
        let said = SaidWords { words: words.into(), conversation_id: "77/../1".into() };
        let notice = Notice::Customer(CustomerNotice { said: Some(said), ..notice.clone() });
        let shown = format!("{notice:?}");
        assert!(shown.contains("77/../1") && !shown.contains("cancel <"), "{shown}");
        let payload = notice.effect("key".into()).payload;
        assert_eq!(serde_json::from_str::<Notice>(&payload).expect("a notice"), notice);
        message(&notice, &workspace, &app).to_json()
    };
    let json = said("want to cancel <!channel> & go");
    assert_eq!(
        json["blocks"][1]["fields"][3]["text"],
        "Words: “want to cancel &lt;!channel&gt; &amp; go”"
    );
    assert_eq!(
        json["blocks"][2]["text"]["text"],
        "<https://app.eu.intercom.com/a/inbox/ab12/inbox/conversation/77%2F..%2F1\
         |Open the conversation>"
    );
    let profile = json["blocks"][3]["text"]["text"].as_str().expect("a link");
    assert!(profile.ends_with("/all-conversations|Open in Intercom>"), "{profile}");

    let long = said(&"é".repeat(300));
    let words = format!("Words: “{}…”", "é".repeat(120));
    assert_eq!(long["blocks"][1]["fields"][3]["text"], words);
}

#[test]
fn a_notice_of_an_earlier_version_has_no_words() {
    let mut json = serde_json::to_value(ada(Alert::CancelMention)).expect("a notice");
    assert_eq!(json.as_object_mut().and_then(|notice| notice.remove("said")), None);
    let notice: Notice = serde_json::from_value(json).expect("a notice");
    assert_eq!(notice, ada(Alert::CancelMention));
}

#[tokio::test]
async fn a_contact_id_stays_within_its_place_in_the_link() {
    let store = intercom_store::open("sqlite::memory:").await.expect("a store");
    let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.expect("a workspace");
    let Notice::Customer(mut notice) = ada(Alert::CancelMention) else { unreachable!() };
    notice.contact_id = Some("../../x|y>?z".into());
    let app = "https://app.intercom.com".parse().expect("a url");
    let json = message(&Notice::Customer(notice), &workspace, &app).to_json();
    let link = json["blocks"][2]["text"]["text"].as_str().expect("a link");
    let expected = "<https://app.intercom.com/a/apps/ab12/users/..%2F..%2Fx%7Cy%3E%3Fz\
                    /all-conversations|Open in Intercom>";
    assert_eq!(link, expected);
}

#[tokio::test]
async fn a_change_is_rounded_to_the_tenth_half_away_from_zero() {
    let store = intercom_store::open("sqlite::memory:").await.expect("a store");
    let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.expect("a workspace");
    let app = "https://app.intercom.com".parse().expect("a url");
    for (from, to, expected) in [
        (30_000, 50_000, "Change: +66.7 %"),
        (30_000, 10_000, "Change: −66.7 %"),
        (30_000, 45_100, "Change: +50.3 %"),
        (2_000, 3_001, "Change: +50.1 %"),
        (2_000, 999, "Change: −50.1 %"),
        (10_000, 15_004, "Change: +50.0 %"),
        (10_000, 0, "Change: −100.0 %"),
        (1, i64::MAX, "Change: +922337203685477580600.0 %"),
    ] {
        let notice = change(from, to, Movement::Expansion);
        let json = message(&notice, &workspace, &app).to_json();
        assert_eq!(json["blocks"][1]["fields"][3]["text"], expected, "{from} → {to}");
    }
}

/// A text that would mention, link, format and hide.
const HOSTILE: &str = "<!channel> <@U1> & <https://evil.example|pay> *b* _i_ ~s~ `c` &lt; \
                       :skull: <script>\u{202e}\u{200b}\u{1b}[2J\n> quote";

#[tokio::test]
async fn whatever_stands_in_a_notice_is_text() {
    let store = intercom_store::open("sqlite::memory:").await.expect("a store");
    let name = Some(HOSTILE.to_owned());
    let profile = WorkspaceProfile { id: "ab/<!here>|".into(), name, ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.expect("a workspace");
    let app = "https://app.intercom.com".parse().expect("a url");
    for (_, notice) in notices() {
        let notice = match notice {
            Notice::Customer(notice) => Notice::Customer(hostile_customer(notice)),
            Notice::Digest(notice) => {
                let parts = notice.parts.into_iter().map(hostile_part).collect();
                Notice::Digest(DigestNotice { parts, ..notice })
            }
            Notice::Run(notice) => Notice::Run(RunNotice { detail: HOSTILE.into(), ..notice }),
        };
        let json = message(&notice, &workspace, &app).to_json();
        assert_eq!(json["mrkdwn"], false);
        check_text(json["text"].as_str().expect("a text"));
        for block in json["blocks"].as_array().expect("blocks") {
            let of_block = (!block["text"].is_null()).then_some(&block["text"]);
            let fields = block["fields"].as_array().into_iter().flatten();
            of_block.into_iter().chain(fields).for_each(check_object);
        }
    }
}

fn hostile_customer(notice: CustomerNotice) -> CustomerNotice {
    CustomerNotice {
        email: format!("{HOSTILE}@member.example"),
        name: Some(HOSTILE.into()),
        contact_id: Some(HOSTILE.into()),
        said: hostile_words(),
        ..notice
    }
}

fn hostile_part(part: DigestPart) -> DigestPart {
    let hostile = |entry: DigestEntry| DigestEntry {
        email: format!("{HOSTILE}@member.example"),
        name: Some(HOSTILE.into()),
        contact_id: Some(HOSTILE.into()),
        said: hostile_words(),
        ..entry
    };
    DigestPart { top: part.top.into_iter().map(hostile).collect(), ..part }
}

fn hostile_words() -> Option<SaidWords> {
    Some(SaidWords { words: HOSTILE.into(), conversation_id: HOSTILE.into() })
}

/// A text object: plain, or one link of ours with a page of the app behind it.
fn check_object(object: &serde_json::Value) {
    let text = object["text"].as_str().expect("a text");
    if object["type"] == "plain_text" {
        assert_eq!(object["emoji"], false);
        return check_text(text);
    }
    let link = text.strip_prefix("<https://app.intercom.com/a/").expect("a page of the app");
    let (page, label) = link.split_once('|').expect("a label");
    assert!(page.is_ascii() && !page.contains(['<', ' ', '\n', '\u{1b}']), "{text}");
    assert!(label.starts_with("Open ") && label.ends_with('>'), "{text}");
    assert_eq!((text.matches('<').count(), text.matches('>').count()), (1, 1), "{text}");
}

fn check_text(text: &str) {
    let is_control = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(is_control), "{text:?}");
    assert!(!text.contains(['<', '>', '\u{202e}', '\u{200b}']), "{text:?}");
    let entities = ["&amp;", "&lt;", "&gt;"];
    let is_escape = |at: usize| entities.iter().any(|it| text[at..].starts_with(it));
    assert!(text.match_indices('&').all(|(at, _)| is_escape(at)), "{text:?}");
    if text.contains("quote") {
        assert!(text.contains("&lt;!channel&gt; &lt;@U1&gt; &amp; "), "{text:?}");
        assert!(text.contains("`c` &amp;lt; :skull:"), "{text:?}");
    }
}
